//! How a call ends, and how it is accounted for (I-9): nobody leaves without a word in the books.

use nohold_flow::WaitsFor;
use nohold_model::{AgentKey, LegId, Millis};

use super::adopt::CalledBack;
use super::{Account, Command, Inbound, Treatment, Turn};
use crate::call::talk::Talk;
use crate::call::{Gone, HangUp};
use crate::entry::{LeftAt, Target};
use crate::fact::{CallEnd, Doing, Fact, LeftQueue};
use crate::routing::Class;

/// After a hang-up in a recording the engine has this long to say what it has.
const LAST_OF_RECORDING: Millis = Millis::seconds(10);

impl Inbound {
    /// The caller has hung up, or was lost.
    pub(super) fn caller_gone(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        if !std::mem::replace(&mut self.there, false) {
            return;
        }
        self.lost = why.broke();
        self.playing = None;
        let recording = self.recording.as_mut().filter(|recording| !recording.done).map(|recording| {
            // What was said so far is a message; the engine is about to hand it over.
            recording.give_up_at = Some(turn.at + LAST_OF_RECORDING);
        });
        if recording.is_some() || self.is_promised_something() {
            // Nobody is rung meanwhile for a caller who has gone.
            self.leave_line(self.why_gone(), turn);
            return;
        }
        self.end_caller_gone(turn);
    }

    fn why_gone(&self) -> LeftQueue {
        if self.lost { LeftQueue::CutOff } else { LeftQueue::HungUp }
    }

    fn end_caller_gone(&mut self, turn: &mut Turn<'_, '_>) {
        let (left_at, doing) = (self.left_at(), self.doing());
        self.keep_path();
        self.leave_line(self.why_gone(), turn);
        match std::mem::replace(&mut self.treatment, Treatment::Over) {
            Treatment::Talking(talk) => {
                if talk.left.is_none() {
                    self.hang_up(talk.agent_leg(), turn);
                }
                self.end_consult(&talk, turn);
                self.end_talk(&talk, self.lost, turn);
                self.end_talked(turn);
            }
            Treatment::Connecting(connecting) => {
                self.hang_up(connecting.agent_leg, turn);
                self.end_called_back(Millis::ZERO, true, false, turn);
                self.free(&connecting.agent, Millis::ZERO, turn);
                self.end_gone(left_at, doing, turn);
            }
            Treatment::Transferring(transfer) => {
                if let Some(leg) = transfer.leg {
                    self.hang_up(leg, turn);
                }
                self.stop_ringing(turn);
                self.end_gone(left_at, doing, turn);
            }
            Treatment::Transferred(transfer) => {
                if let Some(leg) = transfer.leg {
                    self.hang_up(leg, turn);
                }
                self.note_served_by(&transfer, turn);
                self.end_talked(turn);
            }
            Treatment::Phone(phone) => {
                if let Some(leg) = phone.dialled() {
                    self.hang_up(leg, turn);
                }
                self.end_phone(&phone, true, turn);
                if phone.is_talking() {
                    self.end_talked(turn);
                } else {
                    self.end_gone(left_at, doing, turn);
                }
            }
            Treatment::Arriving | Treatment::Flow(_) | Treatment::Music(_) | Treatment::LastWords | Treatment::Over => {
                self.end_gone(left_at, doing, turn);
            }
        }
    }

    /// A caller without a conversation has gone: by a hang-up a missed call, otherwise cut off by us.
    fn end_gone(&mut self, left_at: LeftAt, doing: Doing, turn: &mut Turn<'_, '_>) {
        // Who had lost an agent and waits no longer has given up what broke through our fault.
        if (self.lost || self.class == Class::Recovered) && !self.account.has_something() {
            self.cut_off(doing, turn);
        } else {
            self.end_unserved(left_at, turn);
        }
    }

    fn end_talked(&mut self, turn: &mut Turn<'_, '_>) {
        if self.lost {
            self.cut_off(Doing::Talking, turn);
        } else {
            self.end(CallEnd::Served, turn);
        }
    }

    fn hang_up(&self, leg: LegId, turn: &mut Turn<'_, '_>) {
        turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
    }

    /// The agent's side of a conversation has gone, or is ended by the agent.
    pub(super) fn agent_lost(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        if self.is_being_handed_over()
            && let Treatment::Talking(talk) = &mut self.treatment
        {
            // The store's word decides whether the customer has somewhere to go.
            talk.leave(why, turn.at, &mut self.ids, turn.effects);
            return;
        }
        if !why.broke() && self.has_consulted() {
            self.leave_with_consulted(turn);
            return;
        }
        match std::mem::replace(&mut self.treatment, Treatment::Over) {
            Treatment::Talking(mut talk) if why.broke() => {
                talk.part(turn.effects);
                self.end_consult(&talk, turn);
                self.told |= talk.is_recorded();
                self.end_called_back(talk.length(turn.at), true, true, turn);
                self.free(&talk.agent, Millis::ZERO, turn);
                self.class = Class::Recovered;
                self.account.talked = false;
                self.alone_since = turn.at;
                self.back_to_line(turn);
            }
            Treatment::Talking(talk) => {
                self.end_talk(&talk, false, turn);
                turn.effects.media(Command::HangUp { leg: self.leg, how: HangUp::Normal });
                self.there = false;
                self.end(CallEnd::Served, turn);
            }
            Treatment::Connecting(connecting) => {
                // Caller and agent never heard each other: back to the place in line. Whoever hung up on the caller has
                // the usual wrap-up, lest the same caller rings there again at once.
                let wrap_up = if why.broke() { Millis::ZERO } else { self.wrap_up(turn) };
                self.end_called_back(Millis::ZERO, true, why.broke(), turn);
                self.free(&connecting.agent, wrap_up, turn);
                self.stop_playing(turn);
                if why.broke() {
                    self.class = Class::Recovered;
                }
                self.back_to_line(turn);
            }
            other @ (Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Phone(_)
            | Treatment::Over) => self.treatment = other,
        }
    }

    /// A caller who lost the agent goes back to the line; after a fault of ours before all others (I-5).
    fn back_to_line(&mut self, turn: &mut Turn<'_, '_>) {
        if self.came_from.is_some() {
            self.keep_waiting(turn);
        } else {
            turn.effects.media(Command::HangUp { leg: self.leg, how: HangUp::Normal });
            self.there = false;
            self.cut_off(Doing::Talking, turn);
        }
    }

    /// An agent ends the call as far as it is theirs: who has just handed it over ends nothing of whom it is with now.
    pub(super) fn agent_hangs_up(&mut self, agent: &AgentKey, turn: &mut Turn<'_, '_>) {
        let calls = self.colleague.as_ref().and_then(|colleague| colleague.agent.as_ref());
        if self.there && calls.is_some_and(|calls| calls == agent || self.works_here(agent)) {
            // Of two agents in a call either may end it.
            self.hang_up(self.leg, turn);
            self.caller_gone(Gone::HungUp, turn);
            return;
        }
        if self.consulted_hangs_up(agent, turn) || !self.works_here(agent) {
            return;
        }
        let leg = match &self.treatment {
            Treatment::Talking(talk) if talk.left.is_none() => talk.agent_leg(),
            Treatment::Connecting(connecting) => connecting.agent_leg,
            Treatment::Phone(phone) => {
                self.hang_up(phone.leg, turn);
                self.phone_gone(Gone::Refused, turn);
                return;
            }
            Treatment::Transferring(transfer) => {
                if let Some(leg) = transfer.leg {
                    self.hang_up(leg, turn);
                }
                self.transfer_gone(Gone::Refused, turn);
                return;
            }
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Transferred(_)
            | Treatment::Talking(_)
            | Treatment::Over => return,
        };
        self.hang_up(leg, turn);
        self.agent_lost(Gone::HungUp, turn);
    }

    /// Whether the caller is with this agent now, or the agent's phone rings for them.
    fn works_here(&self, agent: &AgentKey) -> bool {
        match &self.treatment {
            Treatment::Talking(talk) => talk.agent == *agent,
            Treatment::Connecting(connecting) => connecting.agent == *agent,
            Treatment::Phone(phone) => phone.agent.as_ref() == Some(agent),
            Treatment::Transferring(transfer) => transfer.agent.as_ref().is_some_and(|(rung, _)| rung == agent),
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Transferred(_)
            | Treatment::Over => false,
        }
    }

    /// The conversation is over for its agent, who is free.
    pub(super) fn end_talk(&mut self, talk: &Talk, broken: bool, turn: &mut Turn<'_, '_>) {
        self.end_of_talk(talk, broken, turn);
        self.free(&talk.agent, self.wrap_up(turn), turn);
    }

    /// Whoever was served is off the missed-call list, and a callback has come to its end.
    pub(super) fn end_of_talk(&mut self, talk: &Talk, broken: bool, turn: &mut Turn<'_, '_>) {
        let site = &turn.world.directory.site;
        let talked = talk.length(turn.at);
        // What looked like a conversation and broke at once is none for a callback.
        let served = talked >= site.served_after && !(broken && self.called_back.is_some());
        if let (true, Some(number), Some(service)) = (served, self.number.clone(), self.service.clone()) {
            let fact = Fact::Served { call: self.id, number, service, agent: talk.agent.clone() };
            turn.effects.record(turn.at, fact);
        }
        self.end_called_back(talked, broken, false, turn);
    }

    /// The callback that this call is has come to its end: its agent writes the outcome, whoever goes on.
    /// Where the agent is the one whose line broke, anybody may: while the customer waits again nobody can call them.
    fn end_called_back(&mut self, talked: Millis, broken: bool, agent_lost: bool, turn: &mut Turn<'_, '_>) {
        if let Some(CalledBack { entry, attempt }) = self.called_back.take() {
            turn.effects.record(turn.at, Fact::CallbackTalked { attempt, entry, talked, broken, agent_lost });
        }
    }

    pub(super) fn wrap_up(&self, turn: &Turn<'_, '_>) -> Millis {
        let directory = turn.world.directory;
        let queue = self.came_from.as_ref().and_then(|from| directory.queue(&from.queue));
        let queue = queue.or_else(|| directory.queue_for(self.whose.as_ref()?));
        queue.map_or(Millis::ZERO, |queue| queue.wrap_up)
    }

    fn free(&self, agent: &AgentKey, wrap_up: Millis, turn: &mut Turn<'_, '_>) {
        turn.effects.record(turn.at, Fact::AgentFreed { call: self.id, agent: agent.clone(), wrap_up });
    }

    pub(super) fn cut_off(&mut self, doing: Doing, turn: &mut Turn<'_, '_>) {
        if let Some(target) = self.listed_for() {
            let (entry, number) = (self.ids.next(turn.at), self.number.clone());
            turn.effects.record(turn.at, Fact::CutOff { entry, call: self.id, number, target, doing });
        }
        self.close(CallEnd::CutOff, turn);
    }

    /// On whose list a caller stands who left with nothing. A colleague stands on none: the call's history tells it.
    fn listed_for(&self) -> Option<Target> {
        self.target(&nohold_flow::Object::Queue {}).filter(|_| self.colleague.is_none())
    }

    /// The caller leaves: with a request or a message that counts, else as a missed call.
    pub(super) fn end_unserved(&mut self, left_at: LeftAt, turn: &mut Turn<'_, '_>) {
        if self.account.has_something() {
            self.end(CallEnd::Missed, turn);
            return;
        }
        let directory = turn.world.directory;
        let waited = turn.at.since(self.alone_since);
        let queue = self.came_from.as_ref().and_then(|from| directory.queue(&from.queue));
        // From the first entry into a line: a caller who has heard a greeting before has not waited yet.
        let in_line = self.first_stood.map_or(Millis::ZERO, |since| turn.at.since(since));
        let short = matches!(left_at, LeftAt::Queue(_)) && queue.is_some_and(|queue| in_line < queue.short_abandon);
        if let Some(target) = self.listed_for() {
            let (entry, number) = (self.ids.next(turn.at), self.number.clone());
            let fact = Fact::Missed { entry, call: self.id, number, target, left_at, waited, short };
            turn.effects.record(turn.at, fact);
        }
        self.close(CallEnd::Missed, turn);
    }

    /// The end, with what the caller has got; `otherwise` where that is nothing.
    pub(super) fn end(&mut self, otherwise: CallEnd, turn: &mut Turn<'_, '_>) {
        let how = if self.account.talked {
            self.as_placed.unwrap_or(CallEnd::Served)
        } else if self.account.requested {
            CallEnd::Requested
        } else if self.account.message {
            CallEnd::Message
        } else {
            otherwise
        };
        self.close(how, turn);
    }

    fn close(&mut self, how: CallEnd, turn: &mut Turn<'_, '_>) {
        self.treatment = Treatment::Over;
        self.playing = None;
        self.recording = None;
        self.next_promise = None;
        self.stop_ringing(turn);
        self.stand = None;
        if let Some(agent) = self.colleague.as_mut().and_then(|colleague| colleague.agent.take()) {
            self.free(&agent, Millis::ZERO, turn);
        }
        turn.effects.record(turn.at, Fact::CallEnded { call: self.id, how });
    }

    /// What the caller is doing, should our side fail now.
    fn doing(&self) -> Doing {
        match &self.treatment {
            Treatment::Flow(run) if run.waits_for() == WaitsFor::Message => Doing::LeavingMessage,
            Treatment::Arriving | Treatment::Flow(_) | Treatment::LastWords | Treatment::Over => Doing::InFlow,
            Treatment::Music(_) | Treatment::Connecting(_) => Doing::Waiting,
            Treatment::Transferring(_) => Doing::Transferring,
            Treatment::Phone(phone) if !phone.is_talking() => Doing::Transferring,
            Treatment::Talking(_) | Treatment::Transferred(_) | Treatment::Phone(_) => Doing::Talking,
        }
    }

    /// A caller who has gone, and for whom nothing is awaited any more.
    pub(super) fn end_if_gone(&mut self, turn: &mut Turn<'_, '_>) {
        let waits = self.awaits_the_store() || self.recording.is_some_and(|recording| !recording.done);
        if !self.there && !waits && self.treatment != Treatment::Over {
            self.end_caller_gone(turn);
        }
    }
}

impl Account {
    /// The caller leaves something behind: a request or a message.
    pub(super) fn has_something(self) -> bool {
        self.requested || self.message
    }
}
