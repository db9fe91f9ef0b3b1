//! A phone of ours calls the public network. Its caller is answered when the far end has answered, and hears before
//! that what the network plays.
//!
//! A call to the emergency services asks nobody: it is dialled at once, and written into the books while it rings.
//!
//! An agent may also dial from the desk: then the agent's own phone is rung first, by a call that is in the books already.

mod from_desk;
mod legs;
mod wishes;

use nohold_model::{
    AgentKey, CallId, CallResult, ExtensionKey, IdSource, LegId, Millis, PhoneNumber, PlaybackId, Timestamp,
};

use super::feature::words;
use super::talk::{EarlyHolds, Pair};
use super::{Audio, Command, DialTo, Effects, Gone, HangUp, Input, NewCall, Promise, World};
use crate::entry::Target;
use crate::fact::{CallEnd, Dated, Doing, Ender, Fact};
use crate::numbers::EmergencyNumber;
use crate::transaction::Answer;

use from_desk::FromDesk;

/// A phone of the public network rings this long for a colleague of ours; most networks give up before.
pub(crate) const RING_OUTSIDE: Millis = Millis::seconds(60);
/// The emergency services ring as long as they need.
const RING_EMERGENCY: Millis = Millis::minutes(5);
/// After this the books are asked again for a call that goes on without them.
const ASK_AGAIN_AFTER: Millis = Millis::seconds(2);
/// A last announcement is over after this, whatever the engine says.
const LONGEST_WORDS: Millis = Millis::seconds(15);

/// Whom a phone of ours calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outside {
    /// The emergency services.
    Emergency(EmergencyNumber),
    /// A number of the public network.
    Number(PhoneNumber),
}

/// A call to the public network.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Direct {
    call: CallId,
    ids: IdSource,
    /// The caller's leg.
    leg: LegId,
    /// The caller is on the line.
    there: bool,
    began: Timestamp,
    /// Since when the caller is answered.
    answered: Option<Timestamp>,
    extension: ExtensionKey,
    to: Outside,
    /// The leg to the public network.
    far: LegId,
    /// The agent who calls, where this call holds the agent.
    agent: Option<AgentKey>,
    /// It was dialled from the desk, so the caller's leg is one that we have dialled.
    from_desk: Option<FromDesk>,
    /// The agent was lost through our fault in the middle of the conversation.
    cut_off: Option<Target>,
    /// What came of dialling, where nobody has answered.
    result: Option<CallResult>,
    /// Who has hung up: after they talked, or the caller while it rang.
    ended_by: Option<Ender>,
    early_holds: EarlyHolds,
    phase: Phase,
    books: Books,
    promises: u32,
}

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// The own phone of an agent who has dialled from the desk rings.
    OwnPhone {
        until: Timestamp,
    },
    /// The store is asked.
    Asking,
    /// It rings there.
    Ringing {
        until: Timestamp,
        /// The caller has been told that it rings.
        rings: bool,
        /// The two, once the network plays something.
        pair: Option<Pair>,
    },
    Talking(Pair),
    /// An announcement why not; then the call is refused.
    LastWords {
        playback: PlaybackId,
        until: Timestamp,
        how: HangUp,
    },
    Over,
}

/// Whether the call is in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Books {
    /// Not, and it never will be: it was refused.
    Never,
    /// The store is being asked.
    Asked,
    /// It has failed, and is asked again then, because the call goes on without it.
    Again(Timestamp),
    Written,
}

/// One input's time, surroundings and effects.
struct Turn<'a, 'b> {
    at: Timestamp,
    world: World<'a>,
    effects: &'b mut Effects,
}

impl Direct {
    pub(super) fn begin(
        new: &NewCall,
        (extension, to): (ExtensionKey, Outside),
        at: Timestamp,
        world: World<'_>,
        effects: &mut Effects,
    ) -> Direct {
        let mut ids = IdSource::new(new.seed);
        let far = ids.next(at);
        let mut call = Direct {
            call: new.id,
            ids,
            leg: new.leg,
            there: true,
            began: at,
            answered: None,
            extension,
            to,
            far,
            agent: None,
            from_desk: None,
            cut_off: None,
            result: None,
            ended_by: None,
            early_holds: EarlyHolds::default(),
            phase: Phase::Asking,
            books: Books::Never,
            promises: 0,
        };
        let mut turn = Turn { at, world, effects };
        match &call.to {
            Outside::Emergency(number) => {
                let to = world.directory.dial_emergency(number);
                call.dial(to, RING_EMERGENCY, &mut turn);
                call.ask(&mut turn);
            }
            Outside::Number(number)
                if world.directory.may_call_outside(&call.extension, number)
                    && world.directory.may_show_own(&call.extension) =>
            {
                call.ask(&mut turn);
            }
            Outside::Number(_) => call.refuse_in_words(HangUp::Forbidden, &mut turn),
        }
        call
    }

    pub(super) fn handle(&mut self, at: Timestamp, input: &Input, world: World<'_>, effects: &mut Effects) {
        let mut turn = Turn { at, world, effects };
        let turn = &mut turn;
        match input {
            Input::Tick => self.tick(turn),
            Input::Ringing(leg) if *leg == self.far => self.rings(turn),
            Input::EarlyMedia(leg) if *leg == self.far => self.network_plays(turn),
            Input::Answered(leg) if *leg == self.far => self.far_answers(turn),
            Input::Answered(leg) if *leg == self.leg => self.own_phone_answers(turn),
            Input::Gone(leg, why) if *leg == self.leg => self.caller_gone(*why, turn),
            Input::Gone(leg, why) if *leg == self.far => self.far_gone(*why, turn),
            Input::Played(leg, playback) | Input::PlayFailed(leg, playback) if *leg == self.leg => {
                match self.phase {
                    Phase::LastWords { playback: last, how, .. } if last == *playback => self.refuse(how, turn),
                    Phase::OwnPhone { .. }
                    | Phase::Asking
                    | Phase::Ringing { .. }
                    | Phase::Talking(_)
                    | Phase::LastWords { .. }
                    | Phase::Over => {}
                }
            }
            Input::PhoneHold(leg, hold) if matches!(self.phase, Phase::Talking(_)) => self.held_by(*leg, *hold, turn),
            Input::PhoneHold(leg, hold) if self.legs().contains(leg) => self.early_holds.note(*leg, *hold),
            Input::HangUp(agent) if self.agent.as_ref() == Some(agent) && self.there && self.phase != Phase::Over => {
                turn.effects.media(Command::HangUp { leg: self.leg, how: HangUp::Normal });
                self.caller_gone(Gone::HungUp, turn);
            }
            Input::Wish(wish) => self.wish(wish, turn),
            Input::Committed { promise, answer } if self.awaits(*promise) => self.committed(answer, turn),
            Input::StoreFailed { promise } if self.awaits(*promise) => self.store_failed(turn),
            Input::Ringing(_)
            | Input::EarlyMedia(_)
            | Input::Answered(_)
            | Input::Gone(..)
            | Input::Played(..)
            | Input::PlayFailed(..)
            | Input::PhoneHold(..)
            | Input::PhoneAway(..)
            | Input::Digit(..)
            | Input::Recorded { .. }
            | Input::RecordFailed { .. }
            | Input::Offered(_)
            | Input::HangUp(_)
            | Input::Committed { .. }
            | Input::StoreFailed { .. }
            // Who waits for it is not answered yet, or talks with the emergency services.
            | Input::StoreSlow { .. } => {}
        }
    }

    // --- the books ---

    fn fact(&self) -> Fact {
        let number = match &self.to {
            Outside::Emergency(_) => None,
            Outside::Number(number) => Some(number.clone()),
        };
        Fact::DirectBegan { call: self.call, leg: self.leg, extension: self.extension.clone(), number }
    }

    fn ask(&mut self, turn: &mut Turn<'_, '_>) {
        self.promises += 1;
        self.books = Books::Asked;
        let fact = Dated { at: self.began, fact: self.fact() };
        turn.effects.promise = Some(Promise { number: self.promises, fact });
    }

    fn awaits(&self, promise: u32) -> bool {
        self.books == Books::Asked && promise == self.promises
    }

    fn committed(&mut self, answer: &Answer, turn: &mut Turn<'_, '_>) {
        let Answer::Begun { agent } = answer else {
            // Another call of ours dials the number, or talks with it.
            self.books = Books::Never;
            if self.phase == Phase::Asking {
                self.refuse_in_words(HangUp::Busy, turn);
            }
            return;
        };
        self.books = Books::Written;
        self.agent.clone_from(agent);
        match (&self.phase, &self.to) {
            (Phase::Over, _) => {
                self.note_answered(turn);
                self.close(turn);
            }
            (Phase::Asking, Outside::Number(number)) => {
                let to = turn.world.directory.dial_from(&self.extension, number);
                self.dial(to, RING_OUTSIDE, turn);
            }
            (Phase::Talking(pair), _) => {
                let held = pair.is_held();
                self.note_answered(turn);
                if held {
                    self.note_held(true, turn);
                }
            }
            (Phase::OwnPhone { .. } | Phase::Asking | Phase::Ringing { .. } | Phase::LastWords { .. }, _) => {}
        }
    }

    fn store_failed(&mut self, turn: &mut Turn<'_, '_>) {
        self.books = Books::Never;
        match (&self.phase, &self.to) {
            (Phase::Asking, _) => self.refuse_in_words(HangUp::Unavailable, turn),
            (Phase::Over, Outside::Emergency(_)) => self.write_afterwards(turn),
            (Phase::Over, Outside::Number(_)) => {}
            (Phase::OwnPhone { .. } | Phase::Ringing { .. } | Phase::Talking(_) | Phase::LastWords { .. }, _) => {
                self.books = Books::Again(turn.at + ASK_AGAIN_AFTER);
            }
        }
    }

    /// The call is over and was never in the books: now it is, as soon as the store is back.
    fn write_afterwards(&mut self, turn: &mut Turn<'_, '_>) {
        turn.effects.record(self.began, self.fact());
        self.note_answered(turn);
        self.close(turn);
    }

    fn note_answered(&self, turn: &mut Turn<'_, '_>) {
        if let Some(at) = self.answered {
            turn.effects.record(at, Fact::DirectAnswered { call: self.call });
        }
    }

    fn note_held(&self, held: bool, turn: &mut Turn<'_, '_>) {
        if let Some(agent) = self.agent.clone() {
            let holds = matches!(&self.phase, Phase::Talking(pair) if pair.holds(self.leg));
            let by = Some(agent.clone()).filter(|_| holds).into_iter().collect();
            turn.effects.record(turn.at, Fact::Held { call: self.call, agent, held, by });
        }
    }

    /// The last record of a call that is in the books.
    fn close(&mut self, turn: &mut Turn<'_, '_>) {
        self.books = Books::Written;
        self.note_served(turn);
        let result = self.answered.map_or(self.result, |_| Some(CallResult::Answered));
        let over = Fact::DirectOver { call: self.call, result, ended_by: self.ended_by };
        turn.effects.record(turn.at, over);
        if let Some(agent) = self.agent.take() {
            turn.effects.record(turn.at, Fact::AgentFreed { call: self.call, agent, wrap_up: Millis::ZERO });
        }
        let how = match (self.cut_off.take(), &self.to) {
            (Some(target), Outside::Number(number)) => {
                let (entry, number) = (self.ids.next(turn.at), Some(number.clone()));
                let fact = Fact::CutOff { entry, call: self.call, number, target, doing: Doing::Talking };
                turn.effects.record(turn.at, fact);
                CallEnd::CutOff
            }
            (Some(_) | None, _) => CallEnd::Direct,
        };
        turn.effects.record(turn.at, Fact::CallEnded { call: self.call, how });
    }

    // --- the call ---

    fn dial(&mut self, to: DialTo, ring_for: Millis, turn: &mut Turn<'_, '_>) {
        turn.effects.media(Command::Dial { leg: self.far, to, ring_for });
        self.phase = Phase::Ringing { until: turn.at + ring_for, rings: false, pair: None };
    }

    fn rings(&mut self, turn: &mut Turn<'_, '_>) {
        // Who hears the network needs no tone of the own phone.
        if let Phase::Ringing { rings, pair: None, .. } = &mut self.phase
            && !std::mem::replace(rings, true)
        {
            match &mut self.from_desk {
                Some(from_desk) => {
                    let playback = self.ids.next(turn.at);
                    from_desk.tone = Some(playback);
                    turn.effects.media(Command::Play { leg: self.leg, playback, audio: Audio::Ringback });
                }
                None => turn.effects.media(Command::Ring { leg: self.leg }),
            }
            if self.books == Books::Written {
                turn.effects.record(turn.at, Fact::FarRings { call: self.call });
            }
        }
    }

    fn network_plays(&mut self, turn: &mut Turn<'_, '_>) {
        if let Phase::Ringing { pair: None, .. } = &self.phase {
            self.end_tone(turn);
        }
        if let Phase::Ringing { pair: pair @ None, .. } = &mut self.phase {
            *pair = Some(Pair::join(self.leg, self.far, turn.at, &mut self.ids, turn.effects));
        }
    }

    fn far_answers(&mut self, turn: &mut Turn<'_, '_>) {
        let Phase::Ringing { pair, .. } = &mut self.phase else { return };
        let pair = pair.take();
        self.end_tone(turn);
        if self.from_desk.is_none() {
            turn.effects.media(Command::Answer { leg: self.leg });
        }
        self.answered = Some(turn.at);
        let pair = pair.unwrap_or_else(|| Pair::join(self.leg, self.far, turn.at, &mut self.ids, turn.effects));
        self.phase = Phase::Talking(pair);
        if self.books == Books::Written {
            self.note_answered(turn);
        }
        for leg in self.early_holds.take() {
            self.held_by(leg, true, turn);
        }
    }

    fn held_by(&mut self, leg: LegId, hold: bool, turn: &mut Turn<'_, '_>) {
        let Phase::Talking(pair) = &mut self.phase else { return };
        let changed = pair.hold(leg, hold, turn.at, &mut self.ids, turn.effects);
        if let Some(held) = changed {
            self.note_held(held, turn);
        }
    }

    fn caller_gone(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        if !std::mem::replace(&mut self.there, false) {
            return;
        }
        if why.broke() && matches!(self.phase, Phase::Talking(_)) {
            // Whoever was called stands on the list of those for whom the agent works.
            let whose = self.from_desk.as_ref().and_then(|from_desk| from_desk.whose.clone());
            let of_agent = || turn.world.directory.works_for(self.agent.as_ref()?);
            self.cut_off = whose.or_else(of_agent);
        }
        if matches!(self.phase, Phase::Ringing { .. } | Phase::Talking(_)) && !why.broke() {
            self.ended_by = Some(Ender::Caller);
        }
        if matches!(self.phase, Phase::Ringing { .. } | Phase::Talking(_)) {
            turn.effects.media(Command::HangUp { leg: self.far, how: HangUp::Normal });
        }
        if matches!(self.phase, Phase::Ringing { .. }) {
            self.result = Some(CallResult::Interrupted);
        }
        self.over(turn);
    }

    fn far_gone(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        match self.phase {
            Phase::Ringing { .. } => self.result = Some(why.result()),
            Phase::Talking(_) if !why.broke() => self.ended_by = Some(Ender::Called),
            Phase::Talking(_) | Phase::OwnPhone { .. } | Phase::Asking | Phase::LastWords { .. } | Phase::Over => {}
        }
        match self.phase {
            // Who has heard the network say why needs no words of ours.
            Phase::Ringing { pair: Some(_), .. } => self.refuse(why.passed_on(), turn),
            Phase::Ringing { pair: None, .. } => self.refuse_in_words(why.passed_on(), turn),
            Phase::Talking(_) => self.refuse(HangUp::Normal, turn),
            Phase::OwnPhone { .. } | Phase::Asking | Phase::LastWords { .. } | Phase::Over => {}
        }
    }

    /// The call comes to nothing, and its caller hears why before the own phone shows it.
    fn refuse_in_words(&mut self, how: HangUp, turn: &mut Turn<'_, '_>) {
        let key = match how {
            HangUp::Forbidden => "number-not-called",
            HangUp::Busy => "line-busy",
            HangUp::NoAnswer => "no-answer",
            HangUp::Unknown => "not-in-service",
            HangUp::Unavailable => "no-line",
            HangUp::Normal => return self.refuse(how, turn),
        };
        if !self.there || matches!(self.to, Outside::Emergency(_)) {
            // Whoever needs help tries again at once, and listens to no words.
            return self.refuse(how, turn);
        }
        let playback = self.ids.next(turn.at);
        let audio = words(key, turn.world.directory.language_at(&self.extension));
        turn.effects.media(Command::Play { leg: self.leg, playback, audio });
        self.phase = Phase::LastWords { playback, until: turn.at + LONGEST_WORDS, how };
    }

    /// Ends the caller's leg, and with it the call.
    fn refuse(&mut self, how: HangUp, turn: &mut Turn<'_, '_>) {
        if std::mem::take(&mut self.there) {
            turn.effects.media(Command::HangUp { leg: self.leg, how });
        }
        self.over(turn);
    }

    fn over(&mut self, turn: &mut Turn<'_, '_>) {
        self.phase = Phase::Over;
        match (self.books, &self.to) {
            (Books::Written, _) => self.close(turn),
            (Books::Again(_), Outside::Emergency(_)) => self.write_afterwards(turn),
            // The store's answer decides what there is to close.
            (Books::Asked | Books::Never | Books::Again(_), _) => {}
        }
    }

    fn tick(&mut self, turn: &mut Turn<'_, '_>) {
        if matches!(self.books, Books::Again(due) if turn.at >= due) {
            self.ask(turn);
        }
        match self.phase {
            Phase::Ringing { until, .. } if turn.at >= until => {
                turn.effects.media(Command::HangUp { leg: self.far, how: HangUp::Normal });
                self.result = Some(CallResult::NoAnswer);
                self.refuse_in_words(HangUp::NoAnswer, turn);
            }
            Phase::LastWords { until, how, .. } if turn.at >= until => self.refuse(how, turn),
            Phase::OwnPhone { until } if turn.at >= until => self.refuse(HangUp::Normal, turn),
            Phase::OwnPhone { .. }
            | Phase::Asking
            | Phase::Ringing { .. }
            | Phase::Talking(_)
            | Phase::LastWords { .. }
            | Phase::Over => {}
        }
    }
}
