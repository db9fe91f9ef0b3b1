//! How a call ends, and how it is accounted for (I-9): nobody leaves without a word in the books.

use nohold_flow::{Input as FlowInput, NumberRefusal, Promise as Told, RequestAnswer};
use nohold_model::{LegId, Millis};

use super::{Awaited, Awaiting, Command, Inbound, Treatment, Turn};
use crate::call::{Gone, HangUp, outlook};
use crate::entry::{LeftAt, Target, Window};
use crate::fact::{CallEnd, Doing, Fact, LeftQueue};
use crate::routing::Class;
use crate::transaction::Answer;

/// After a hang-up in a recording the engine has this long to say what it has.
const LAST_OF_RECORDING: Millis = Millis::seconds(10);

impl Inbound {
    /// The caller has hung up, or was lost.
    pub(super) fn caller_gone(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        if !self.there {
            return;
        }
        self.there = false;
        self.playing = None;
        if let Some(recording) = self.recording.as_mut().filter(|recording| !recording.done) {
            // What was said so far is a message; the engine is about to hand it over.
            recording.give_up_at = Some(turn.at + LAST_OF_RECORDING);
            return;
        }
        if let Some(Awaited { what: Awaiting::Arrival | Awaiting::Request(_) | Awaiting::Message(_), .. }) = &self.promise {
            // A hang-up right after the key keeps the request: its commit decides how the call ends.
            return;
        }
        self.end_caller_gone(why, turn);
    }

    fn end_caller_gone(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        let left_at = self.left_at();
        match std::mem::replace(&mut self.treatment, Treatment::Over) {
            Treatment::Talking(talk) => {
                self.hang_up(Some(talk.agent_leg), turn);
                self.end_talk(talk, turn);
                let end = if why == Gone::Lost { CallEnd::CutOff } else { CallEnd::Served };
                self.end_talked(end, turn);
            }
            Treatment::Connecting(connecting) => {
                self.hang_up(Some(connecting.agent_leg), turn);
                self.free(&connecting.agent, Millis::ZERO, turn);
                self.end_unserved(left_at, turn);
            }
            Treatment::Transferring(transfer) => {
                self.hang_up(transfer.leg, turn);
                self.leave_line(LeftQueue::HungUp, turn);
                self.stop_ringing(turn);
                self.end_unserved(left_at, turn);
            }
            Treatment::Transferred(transfer) => {
                self.hang_up(transfer.leg, turn);
                self.end(CallEnd::Served, turn);
            }
            treatment @ (Treatment::Arriving | Treatment::Flow(_) | Treatment::Music(_) | Treatment::LastWords | Treatment::Over) => {
                self.treatment = treatment;
                self.keep_path();
                self.leave_line(LeftQueue::HungUp, turn);
                self.end_unserved(left_at, turn);
            }
        }
    }

    fn hang_up(&self, leg: Option<LegId>, turn: &mut Turn<'_, '_>) {
        if let Some(leg) = leg {
            turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
        }
    }

    /// The agent's side of a conversation has gone, or is ended by the agent.
    pub(super) fn agent_lost(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        match std::mem::replace(&mut self.treatment, Treatment::Over) {
            Treatment::Talking(talk) if why == Gone::Lost => {
                self.free(&talk.agent, Millis::ZERO, turn);
                self.stop_playing(turn);
                self.class = Class::Recovered;
                self.account.talked = false;
                self.back_to_line(turn);
            }
            Treatment::Talking(talk) => {
                self.end_talk(talk, turn);
                turn.effects.media(Command::HangUp { leg: self.leg, how: HangUp::Normal });
                self.there = false;
                self.end_talked(CallEnd::Served, turn);
            }
            Treatment::Connecting(connecting) => {
                // Caller and agent never heard each other: back to the place in line.
                self.free(&connecting.agent, Millis::ZERO, turn);
                self.stop_playing(turn);
                if why == Gone::Lost {
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

    pub(super) fn agent_hangs_up(&mut self, turn: &mut Turn<'_, '_>) {
        let leg = match &self.treatment {
            Treatment::Talking(talk) => talk.agent_leg,
            Treatment::Connecting(connecting) => connecting.agent_leg,
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Over => return,
        };
        turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
        self.agent_lost(Gone::HungUp, turn);
    }

    /// The conversation is over: the agent is free, and whoever was served is off the missed-call list.
    fn end_talk(&mut self, talk: crate::call::talk::Talk, turn: &mut Turn<'_, '_>) {
        let directory = turn.world.directory;
        let wrap_up = self
            .came_from
            .as_ref()
            .and_then(|from| directory.queue(&from.queue))
            .map_or(Millis::ZERO, |queue| queue.wrap_up);
        if talk.length(turn.at) >= directory.site.served_after
            && let Some(number) = self.number.clone()
        {
            let fact = Fact::Served { call: self.id, number, service: self.service.clone(), agent: talk.agent.clone() };
            turn.effects.record(turn.at, fact);
        }
        self.free(&talk.agent, wrap_up, turn);
    }

    fn end_talked(&mut self, end: CallEnd, turn: &mut Turn<'_, '_>) {
        if end == CallEnd::CutOff {
            self.cut_off(Doing::Talking, turn);
        } else {
            self.end(end, turn);
        }
    }

    fn free(&self, agent: &nohold_model::AgentKey, wrap_up: Millis, turn: &mut Turn<'_, '_>) {
        turn.effects.record(turn.at, Fact::AgentFreed { call: self.id, agent: agent.clone(), wrap_up });
    }

    fn cut_off(&mut self, doing: Doing, turn: &mut Turn<'_, '_>) {
        let fact = Fact::CutOff {
            entry: self.ids.next(turn.at),
            call: self.id,
            number: self.number.clone(),
            target: self.target(&nohold_flow::Object::Queue {}),
            doing,
        };
        turn.effects.record(turn.at, fact);
        self.close(CallEnd::CutOff, turn);
    }

    /// The caller leaves: with a request or a message that counts, else as a missed call.
    pub(super) fn end_unserved(&mut self, left_at: LeftAt, turn: &mut Turn<'_, '_>) {
        if self.account.requested || self.account.message {
            self.end(CallEnd::Missed, turn);
            return;
        }
        let directory = turn.world.directory;
        let waited = turn.at.since(self.arrived);
        let queue = self.came_from.as_ref().and_then(|from| directory.queue(&from.queue));
        let short = matches!(left_at, LeftAt::Queue(_)) && queue.is_some_and(|queue| waited < queue.short_abandon);
        let target = match &self.came_from {
            Some(from) => Target::Queue(from.queue.clone()),
            None => Target::WholeService(self.service.clone()),
        };
        let fact = Fact::Missed {
            entry: self.ids.next(turn.at),
            call: self.id,
            number: self.number.clone(),
            target,
            left_at,
            waited,
            short,
        };
        turn.effects.record(turn.at, fact);
        self.close(CallEnd::Missed, turn);
    }

    /// The end, with what the caller has got; `otherwise` where that is nothing.
    pub(super) fn end(&mut self, otherwise: CallEnd, turn: &mut Turn<'_, '_>) {
        let how = if self.account.talked {
            CallEnd::Served
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
        self.stop_ringing(turn);
        self.stand = None;
        turn.effects.record(turn.at, Fact::CallEnded { call: self.id, how });
    }

    // --- the answers of the store ---

    pub(super) fn committed(&mut self, number: u32, answer: &Answer, turn: &mut Turn<'_, '_>) {
        let Some(awaited) = self.promise.take_if(|awaited| awaited.number == number) else { return };
        match (awaited.what, answer) {
            (Awaiting::Arrival, Answer::Done) => self.take(turn),
            (Awaiting::Arrival, _) => self.refuse(turn),
            (Awaiting::Request(_), Answer::Requested { promise, .. }) => {
                // The commit has taken the caller out of the line and freed whoever was being rung.
                self.stand = None;
                self.stop_ringing(turn);
                self.account.requested = true;
                let promise = told(*promise, turn);
                self.step(FlowInput::Requested(RequestAnswer::Made { promise }), turn);
            }
            (Awaiting::Request(_), Answer::AlreadyOpen { promise, .. }) => {
                self.account.requested = true;
                if self.take_waiting_answer(turn) {
                    return;
                }
                let promise = told(*promise, turn);
                self.step(FlowInput::Requested(RequestAnswer::AlreadyOpen { promise }), turn);
            }
            (Awaiting::Request(_), Answer::OverLimit) => {
                if self.take_waiting_answer(turn) {
                    return;
                }
                self.step(FlowInput::Requested(RequestAnswer::Refused(NumberRefusal::OverLimit)), turn);
            }
            (Awaiting::Message(_), Answer::Done) => {
                self.account.message = true;
                self.recording = None;
                self.step(FlowInput::MessageKept, turn);
            }
            (Awaiting::Transfer(wanted), answer) => self.transfer_answer(*wanted, answer, turn),
            (Awaiting::Request(_) | Awaiting::Message(_), _) => self.step(FlowInput::NotSaved, turn),
        }
        self.end_if_gone(turn);
    }

    pub(super) fn store_failed(&mut self, number: u32, turn: &mut Turn<'_, '_>) {
        let Some(awaited) = self.promise.take_if(|awaited| awaited.number == number) else { return };
        match awaited.what {
            Awaiting::Arrival => {
                self.refuse(turn);
                return;
            }
            Awaiting::Request(fact) if !self.there => {
                // Nobody waits for an answer any more, so the wish is recorded as soon as the store is back.
                self.account.requested = true;
                turn.effects.record(turn.at, *fact);
            }
            Awaiting::Message(fact) if !self.there => {
                self.account.message = true;
                self.recording = None;
                turn.effects.record(turn.at, *fact);
            }
            Awaiting::Request(_) if self.take_waiting_answer(turn) => {}
            Awaiting::Request(_) => self.step(FlowInput::NotSaved, turn),
            Awaiting::Message(_) => {
                self.step(FlowInput::NotSaved, turn);
                self.recording = None;
            }
            Awaiting::Transfer(wanted) => self.transfer_not_saved(*wanted, turn),
        }
        self.end_if_gone(turn);
    }

    /// A caller who has gone, and for whom nothing is awaited any more.
    pub(super) fn end_if_gone(&mut self, turn: &mut Turn<'_, '_>) {
        let waits = self.promise.is_some() || self.recording.is_some_and(|recording| !recording.done);
        if !self.there && !waits && self.treatment != Treatment::Over {
            self.end_caller_gone(Gone::HungUp, turn);
        }
    }
}

/// A window as the flow tells it.
fn told(window: Window, turn: &Turn<'_, '_>) -> Told {
    outlook::told(window, turn.at, turn.world)
}
