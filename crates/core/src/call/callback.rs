//! A callback, agent first: the agent's phone rings, then the customer is dialled, then both talk.
//!
//! The agent hears meanwhile whom we call (the whisper), then that it rings there, or what the network plays. The
//! customer hears none of it.

mod legs;
mod notice;
mod wishes;

use nohold_model::{AttemptId, CallResult, IdSource, LegId, Millis, PlaybackId, Spoken, Timestamp};

use super::feature::{age, one_moment, prompt};
use super::talk::{EarlyHolds, Opening, Pair, Talk};
use super::{Audio, Command, Effects, Gone, HangUp, Input, Promise, Shown, World};
use crate::directory::{Directory, Queue};
use crate::entry::Business;
use crate::fact::{CallEnd, Dated, Dropped, Fact};
use crate::transaction::{Answer, CallbackOrder};

/// A callback.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Callback {
    order: CallbackOrder,
    ids: IdSource,
    began: Timestamp,
    agent_leg: LegId,
    /// The agent is still on the line.
    agent_there: bool,
    /// What the agent hears.
    hears: Hears,
    early_holds: EarlyHolds,
    phase: Phase,
}

/// What the agent hears before the customer is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Hears {
    /// The whisper.
    whisper: Option<PlaybackId>,
    /// A word in between, because the store takes its time.
    word: Option<PlaybackId>,
    /// The tone of the customer's phone.
    ringback: Option<PlaybackId>,
}

/// So long after its attempt began a customer is dialled at the latest. Whoever reads after a crash that an attempt had begun
/// reckons until when the customer's phone may ring, and does not know when it was dialled.
const LATEST_DIAL: Millis = Millis::seconds(15);

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// The agent's phone rings.
    Agent {
        until: Timestamp,
    },
    /// The agent has answered; the attempt is being committed.
    Committing {
        attempt: AttemptId,
        /// What the attempt will say of when it began.
        since: Timestamp,
        /// The store takes its time, and the agent will be told after the whisper.
        slow: bool,
    },
    /// The customer's phone rings.
    Customer {
        attempt: AttemptId,
        leg: LegId,
        until: Timestamp,
        /// The phone has said that it rings.
        rings: bool,
        /// The two, once the network plays something.
        pair: Option<Pair>,
    },
    /// The customer has answered, and hears that what follows is recorded.
    Notice {
        attempt: AttemptId,
        leg: LegId,
        notice: PlaybackId,
        /// Nobody has put us on hold meanwhile.
        heard: bool,
    },
    Talking {
        attempt: AttemptId,
        talk: Box<Talk>,
    },
    Over,
}

/// A callback commits one promise in its life: the attempt.
const ATTEMPT_PROMISE: u32 = 1;

/// One input's time, surroundings and effects.
struct Turn<'a, 'b> {
    at: Timestamp,
    world: World<'a>,
    effects: &'b mut Effects,
}

impl Callback {
    pub(super) fn begin(
        order: CallbackOrder,
        mut ids: IdSource,
        at: Timestamp,
        world: World<'_>,
        effects: &mut Effects,
    ) -> Callback {
        let agent_leg = ids.next(at);
        let ring_for = world.directory.site.ring_agent_for;
        let until = at + ring_for;
        let mut callback = Callback {
            began: order.began.unwrap_or(at),
            order,
            ids,
            agent_leg,
            agent_there: true,
            hears: Hears::default(),
            early_holds: EarlyHolds::default(),
            phase: Phase::Agent { until },
        };
        match world.directory.agents.get(&callback.order.agent) {
            Some(profile) => effects.media(Command::Dial {
                leg: agent_leg,
                to: world.directory.dial_agent(profile, Shown::Number(callback.order.number.clone())),
                ring_for,
            }),
            None => callback.drop_it(Dropped::Unreachable, &mut Turn { at, world, effects }),
        }
        callback
    }

    pub(super) fn handle(&mut self, at: Timestamp, input: &Input, world: World<'_>, effects: &mut Effects) {
        let mut turn = Turn { at, world, effects };
        match input {
            Input::Tick => self.tick(&mut turn),
            Input::Answered(leg) => self.answered(*leg, &mut turn),
            Input::Gone(leg, why) if *leg == self.agent_leg => self.agent_gone(*why, &mut turn),
            Input::Gone(leg, why) => self.customer_gone(*leg, *why, &mut turn),
            Input::Ringing(leg) => self.customer_rings(*leg, &mut turn),
            Input::EarlyMedia(leg) => self.network_plays(*leg, &mut turn),
            Input::Played(leg, playback) => self.played(*leg, *playback, true, &mut turn),
            Input::PlayFailed(leg, playback) => self.played(*leg, *playback, false, &mut turn),
            Input::PhoneHold(leg, hold) if matches!(self.phase, Phase::Talking { .. }) => {
                self.held_by(*leg, *hold, &mut turn);
            }
            Input::PhoneHold(leg, hold) if self.legs().contains(leg) => self.holds_early(*leg, *hold),
            Input::HangUp(agent) if *agent == self.order.agent && self.agent_there && !self.is_over() => {
                self.hang_up(self.agent_leg, &mut turn);
                self.agent_gone(Gone::HungUp, &mut turn);
            }
            Input::Committed { promise: ATTEMPT_PROMISE, answer } => self.committed(answer, &mut turn),
            Input::StoreFailed { promise: ATTEMPT_PROMISE } => self.not_begun(Dropped::NotSaved, &mut turn),
            Input::StoreSlow { promise: ATTEMPT_PROMISE } => self.store_is_slow(&mut turn),
            Input::Wish(wish) => self.wish(wish, &mut turn),
            Input::HangUp(_)
            | Input::PhoneHold(..)
            | Input::PhoneAway(..)
            | Input::Digit(..)
            | Input::Recorded { .. }
            | Input::RecordFailed { .. }
            | Input::Offered(_)
            | Input::Committed { .. }
            | Input::StoreFailed { .. }
            | Input::StoreSlow { .. } => {}
        }
    }

    fn hang_up(&self, leg: LegId, turn: &mut Turn<'_, '_>) {
        turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
    }

    fn answered(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        match self.phase.clone() {
            Phase::Agent { .. } if leg == self.agent_leg => {
                let attempt = self.ids.next(turn.at);
                let fact = Fact::AttemptBegan {
                    attempt,
                    entry: self.order.entry,
                    call: self.order.call,
                    number: self.order.number.clone(),
                };
                self.phase = Phase::Committing { attempt, since: turn.at, slow: false };
                let fact = Dated { at: turn.at, fact };
                turn.effects.promise = Some(Promise { number: ATTEMPT_PROMISE, fact });
                self.whisper(turn);
            }
            Phase::Customer { attempt, leg: customer, pair, .. } if leg == customer => {
                let (entry, call) = (self.order.entry, self.order.call);
                self.silence(turn);
                turn.effects.record(turn.at, Fact::AttemptAnswered { attempt, entry, call });
                match self.notice(turn.world.directory) {
                    Some(notice) => self.tell_of_recording(attempt, customer, pair.as_ref(), notice, turn),
                    None => self.talk(attempt, customer, pair, false, turn),
                }
            }
            Phase::Agent { .. }
            | Phase::Committing { .. }
            | Phase::Customer { .. }
            | Phase::Notice { .. }
            | Phase::Talking { .. }
            | Phase::Over => {}
        }
    }

    /// The two talk.
    fn talk(
        &mut self,
        attempt: AttemptId,
        customer_leg: LegId,
        pair: Option<Pair>,
        recorded: bool,
        turn: &mut Turn<'_, '_>,
    ) {
        let opening = Opening {
            call: self.order.call,
            agent: self.order.agent.clone(),
            agent_leg: self.agent_leg,
            customer_leg,
            pair,
            entry: Some(self.order.entry),
            recorded,
        };
        let talk = Talk::begin(opening, turn.at, &mut self.ids, turn.effects);
        self.phase = Phase::Talking { attempt, talk: Box::new(talk) };
        for leg in self.early_holds.take() {
            self.held_by(leg, true, turn);
        }
    }

    /// The store has committed the attempt, or refuses it: the number is in use, or the window has closed.
    fn committed(&mut self, answer: &Answer, turn: &mut Turn<'_, '_>) {
        let Phase::Committing { attempt, since, .. } = self.phase else { return };
        if !matches!(answer, Answer::Attempt(_)) {
            let why = if let Answer::Refused(refusal) = answer { refusal.dropped() } else { Dropped::Refused };
            self.not_begun(why, turn);
            return;
        }
        let order = &self.order;
        let allowed = turn.world.directory.may_dial(&order.number, &order.target, turn.at, order.beyond_window).is_ok();
        if !self.agent_there || !allowed || turn.at.since(since) > LATEST_DIAL {
            if self.agent_there {
                // The store stood still: meanwhile the dialling window has closed, or it is too late to keep the gap.
                self.hang_up(self.agent_leg, turn);
            }
            // Certainly not sent: it counts for nothing.
            self.attempt_over(attempt, CallResult::Interrupted, false, turn);
            return;
        }
        let leg = self.ids.next(turn.at);
        let ring_for = turn.world.directory.site.ring_customer_for;
        turn.effects.media(Command::Dial {
            leg,
            to: turn.world.directory.dial_outside(&self.order.number, Some(&self.order.caller_id)),
            ring_for,
        });
        self.phase = Phase::Customer { attempt, leg, until: turn.at + ring_for, rings: false, pair: None };
    }

    /// The agent hears whom we call, while the attempt is committed and the customer dialled: neither waits for it.
    fn whisper(&mut self, turn: &mut Turn<'_, '_>) {
        let digits = self.order.number.digits();
        let last_four = digits.get(digits.len().saturating_sub(4)..).unwrap_or(digits).to_owned();
        let directory = turn.world.directory;
        let mut what: Vec<Spoken> = prompt("whisper-callback").map(Spoken::Prompt).into_iter().collect();
        what.push(Spoken::Digits(last_four));
        let queue = self.order.queue.as_ref().and_then(|queue| directory.queue(queue));
        let named = queue
            .and_then(|queue| Some([Spoken::Prompt(queue.whisper.clone()?), Spoken::Digits(queue.number.clone()?)]));
        what.extend(named.into_iter().flatten());
        what.extend(self.order.asked.map(|asked| age("whisper-asked", asked, turn.at)).into_iter().flatten());
        let language = directory.language_of(&self.order.agent);
        self.hears.whisper = Some(self.play(Audio::Spoken { language, what }, turn));
    }

    fn play(&mut self, audio: Audio, turn: &mut Turn<'_, '_>) -> PlaybackId {
        let playback = self.ids.next(turn.at);
        turn.effects.media(Command::Play { leg: self.agent_leg, playback, audio });
        playback
    }

    /// Nothing of ours is heard by the agent any more: the customer is there, or the network speaks.
    fn silence(&mut self, turn: &mut Turn<'_, '_>) {
        let hears = std::mem::take(&mut self.hears);
        if let Some(playback) = hears.whisper.or(hears.word).or(hears.ringback) {
            turn.effects.media(Command::Stop { leg: self.agent_leg, playback });
        }
    }

    /// The customer's phone rings, and the agent hears the tone, after the whisper.
    fn customer_rings(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        if let Phase::Customer { leg: customer, rings, .. } = &mut self.phase
            && *customer == leg
        {
            if !std::mem::replace(rings, true) {
                turn.effects.record(turn.at, Fact::FarRings { call: self.order.call });
            }
            self.ringback(turn);
        }
    }

    fn ringback(&mut self, turn: &mut Turn<'_, '_>) {
        let rings = matches!(&self.phase, Phase::Customer { rings: true, pair: None, .. });
        if rings && self.hears == Hears::default() {
            self.hears.ringback = Some(self.play(Audio::Ringback, turn));
        }
    }

    /// The network plays something before the answer: the agent hears it, and chooses the result by it (AT-12).
    fn network_plays(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        if !matches!(&self.phase, Phase::Customer { leg: customer, pair: None, .. } if *customer == leg) {
            return;
        }
        self.silence(turn);
        let joined = Pair::join(self.agent_leg, leg, turn.at, &mut self.ids, turn.effects);
        if let Phase::Customer { pair, .. } = &mut self.phase {
            *pair = Some(joined);
        }
    }

    fn played(&mut self, leg: LegId, playback: PlaybackId, well: bool, turn: &mut Turn<'_, '_>) {
        if let Phase::Notice { attempt, leg: customer, notice, heard } = self.phase
            && (customer, notice) == (leg, playback)
        {
            // Nobody is recorded who was not told.
            self.silence(turn);
            self.talk(attempt, customer, None, well && heard, turn);
            return;
        }
        if leg != self.agent_leg {
            return;
        }
        let whispered = self.hears.whisper.take_if(|whisper| *whisper == playback).is_some();
        if whispered || self.hears.word.take_if(|word| *word == playback).is_some() {
            self.ringback(turn);
            self.say_it_takes_a_moment(turn);
        }
    }

    /// The store has not answered yet: the agent is told so, after the whisper.
    fn store_is_slow(&mut self, turn: &mut Turn<'_, '_>) {
        if let (true, Phase::Committing { slow, .. }) = (self.hears.word.is_none(), &mut self.phase) {
            *slow = true;
            self.say_it_takes_a_moment(turn);
        }
    }

    fn say_it_takes_a_moment(&mut self, turn: &mut Turn<'_, '_>) {
        if self.agent_there
            && self.hears == Hears::default()
            && let Phase::Committing { slow, .. } = &mut self.phase
            && std::mem::take(slow)
        {
            let audio = one_moment(turn.world.directory.language_of(&self.order.agent));
            self.hears.word = Some(self.play(audio, turn));
        }
    }

    fn held_by(&mut self, leg: LegId, hold: bool, turn: &mut Turn<'_, '_>) {
        let Phase::Talking { talk, .. } = &mut self.phase else { return };
        if let Some(held) = talk.hold(leg, hold, turn.at, &mut self.ids, turn.effects) {
            let (call, agent) = (self.order.call, self.order.agent.clone());
            let by = Some(agent.clone()).filter(|_| talk.holds(self.agent_leg)).into_iter().collect();
            turn.effects.record(turn.at, Fact::Held { call, agent, held, by });
        }
    }

    fn not_begun(&mut self, why: Dropped, turn: &mut Turn<'_, '_>) {
        if matches!(self.phase, Phase::Committing { .. }) {
            if self.agent_there {
                self.hang_up(self.agent_leg, turn);
            }
            self.drop_it(why, turn);
        }
    }

    /// The callback ends before an attempt: the claim is released and nothing counted.
    fn drop_it(&mut self, why: Dropped, turn: &mut Turn<'_, '_>) {
        let (entry, call) = (self.order.entry, self.order.call);
        turn.effects.record(turn.at, Fact::CallbackDropped { entry, call, why });
        self.over(Millis::ZERO, turn);
    }

    fn agent_gone(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        if !std::mem::replace(&mut self.agent_there, false) {
            return;
        }
        match self.phase.clone() {
            Phase::Agent { .. } => self.drop_it(why.dropped(), turn),
            // What the store says decides whether there is an attempt to end.
            Phase::Committing { .. } | Phase::Over => {}
            Phase::Customer { attempt, leg, .. } => {
                self.hang_up(leg, turn);
                self.attempt_over(attempt, CallResult::Interrupted, true, turn);
            }
            Phase::Notice { attempt, leg, .. } => {
                self.hang_up(leg, turn);
                self.talk_over(attempt, Millis::ZERO, why, why.broke(), turn);
            }
            Phase::Talking { attempt, talk } => {
                self.hang_up(talk.customer_leg(), turn);
                self.talk_over(attempt, talk.length(turn.at), why, why.broke(), turn);
            }
        }
    }

    fn customer_gone(&mut self, leg: LegId, why: Gone, turn: &mut Turn<'_, '_>) {
        match self.phase.clone() {
            Phase::Customer { attempt, leg: customer, .. } if leg == customer => {
                self.hang_up(self.agent_leg, turn);
                self.attempt_over(attempt, why.result(), true, turn);
            }
            Phase::Notice { attempt, leg: customer, .. } if leg == customer => {
                self.hang_up(self.agent_leg, turn);
                self.talk_over(attempt, Millis::ZERO, why, false, turn);
            }
            Phase::Talking { attempt, talk } if leg == talk.customer_leg() => {
                self.hang_up(self.agent_leg, turn);
                self.talk_over(attempt, talk.length(turn.at), why, false, turn);
            }
            Phase::Agent { .. }
            | Phase::Committing { .. }
            | Phase::Customer { .. }
            | Phase::Notice { .. }
            | Phase::Talking { .. }
            | Phase::Over => {}
        }
    }

    fn tick(&mut self, turn: &mut Turn<'_, '_>) {
        match self.phase.clone() {
            Phase::Agent { until } if turn.at >= until => {
                self.hang_up(self.agent_leg, turn);
                self.drop_it(Dropped::NoAnswer, turn);
            }
            Phase::Customer { attempt, leg, until, .. } if turn.at >= until => {
                self.hang_up(leg, turn);
                self.hang_up(self.agent_leg, turn);
                self.attempt_over(attempt, CallResult::NoAnswer, true, turn);
            }
            Phase::Agent { .. }
            | Phase::Committing { .. }
            | Phase::Customer { .. }
            | Phase::Notice { .. }
            | Phase::Talking { .. }
            | Phase::Over => {}
        }
    }

    fn attempt_over(&mut self, attempt: AttemptId, result: CallResult, sent: bool, turn: &mut Turn<'_, '_>) {
        let entry = self.order.entry;
        turn.effects.record(turn.at, Fact::AttemptEnded { attempt, entry, result, sent });
        // Nobody was talked with, so there is nothing to write.
        self.over(Millis::ZERO, turn);
    }

    fn talk_over(&mut self, attempt: AttemptId, talked: Millis, why: Gone, agent_lost: bool, turn: &mut Turn<'_, '_>) {
        let site = &turn.world.directory.site;
        let broken = talked < site.broken_within || why.broke();
        let business = self.order.target.business(turn.world.directory);
        if let (false, true, Some(Business::Service(service))) = (broken, talked >= site.served_after, business) {
            // Before the end of the conversation, so that the entry called back is closed by its outcome, not by this.
            let (call, number) = (self.order.call, self.order.number.clone());
            let agent = self.order.agent.clone();
            turn.effects.record(turn.at, Fact::Served { call, number, service, agent });
        }
        let entry = self.order.entry;
        turn.effects.record(turn.at, Fact::CallbackTalked { attempt, entry, talked, broken, agent_lost });
        // Whose phone is gone writes nothing now.
        let wrap_up = if agent_lost { Millis::ZERO } else { self.wrap_up(turn) };
        self.over(wrap_up, turn);
    }

    fn wrap_up(&self, turn: &Turn<'_, '_>) -> Millis {
        self.queue(turn.world.directory).map_or(Millis::ZERO, |queue| queue.wrap_up)
    }

    /// The queue by whose ways this call is treated. An entry that never was in a queue is worked on like the target's own.
    fn queue<'d>(&self, directory: &'d Directory) -> Option<&'d Queue> {
        let queue = self.order.queue.as_ref().and_then(|queue| directory.queue(queue));
        queue.or_else(|| directory.queue_for(&self.order.target))
    }

    fn over(&mut self, wrap_up: Millis, turn: &mut Turn<'_, '_>) {
        self.phase = Phase::Over;
        let (call, agent) = (self.order.call, self.order.agent.clone());
        turn.effects.record(turn.at, Fact::AgentFreed { call, agent, wrap_up });
        turn.effects.record(turn.at, Fact::CallEnded { call, how: CallEnd::Callback });
    }
}
