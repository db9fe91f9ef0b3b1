//! The world outside: callers, agents' phones, customers' phones, and an engine between them and us that is late,
//! repeats itself, mixes things up and loses some.

mod engine;
mod habits;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use nohold_app::ports::{CallerHeaders, Clock, Source, TelephonyEvent};
use nohold_core::call::{Audio, DialTo, Gone, Input};
use nohold_flow::{Builtin, RecordingEnd};
use nohold_model::{
    BridgeId, Digit, ExtensionKey, LegId, MessageId, Millis, PhoneNumber, PlaybackId, Spoken, Timestamp, TrunkKey,
};
use tokio::sync::mpsc;

use crate::clock::VirtualClock;
use crate::reach::Reach;

/// The number of the police.
pub const EMERGENCY: &str = "110";

/// The phones and the engine. Clones are the same.
#[derive(Clone)]
pub struct Phones {
    clock: VirtualClock,
    state: Arc<Mutex<State>>,
}

/// Everything outside.
pub struct State {
    rng: Rng,
    legs: BTreeMap<LegId, Leg>,
    /// What will happen, by time.
    plans: BTreeMap<(Timestamp, u64), Plan>,
    planned: u64,
    /// Until when what has been told so far is on its way, at most.
    told_until: Timestamp,
    /// Where events go; nothing while the process is down.
    events: Option<mpsc::UnboundedSender<TelephonyEvent>>,
    bridges: BTreeMap<BridgeId, (LegId, LegId)>,
    /// Numbers that were dialled and have not stopped ringing or talking, as the far end counts.
    pub dialled: BTreeMap<PhoneNumber, BTreeSet<LegId>>,
    /// Dials that nobody has looked at yet.
    pub fresh_dials: Vec<(PhoneNumber, LegId, usize)>,
    /// When customers' legs have stopped ringing or talking, as the far end has it.
    pub gone: BTreeMap<LegId, Timestamp>,
    /// Callers who were thanked for a request, by their legs.
    pub thanked: BTreeSet<LegId>,
    /// Callers who were answered.
    pub answered: BTreeSet<LegId>,
    /// Phones outside at which nobody had pressed 1 when they were connected with somebody.
    pub unaccepted: BTreeSet<LegId>,
    /// Legs that may be answered before they are in the books: star codes, which never are, and emergency calls.
    bookless: BTreeMap<LegId, &'static str>,
    /// Emergency calls of which the process knows and that it has not dialled yet.
    pub emergencies: u32,
    /// What was seen.
    pub reach: Reach,
}

#[derive(Debug, Clone)]
struct Leg {
    party: Party,
    answered: bool,
    gone: Option<Gone>,
    playing: Option<PlaybackId>,
    recording: Option<MessageId>,
    dialled_at: Timestamp,
    ring_for: Millis,
    /// The engine that knew this leg has died.
    orphan: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Party {
    Caller,
    Extension(ExtensionKey),
    Customer(PhoneNumber),
    /// A number outside at which an agent works; some are mailboxes.
    AgentOutside {
        /// The 1 was pressed.
        accepted: bool,
    },
    Emergency,
}

/// Something that will happen outside.
#[derive(Debug, Clone)]
enum Plan {
    Tell(TelephonyEvent),
    Ring(LegId),
    Answer(LegId),
    Go(LegId, Gone),
    EarlyMedia(LegId),
    Hold(LegId, bool),
    /// The phone is not heard any more, or again.
    Away(LegId, bool),
    Press(LegId, Digit),
    EndOfPlaying(LegId, PlaybackId),
    EndOfRecording(LegId, MessageId),
}

impl Phones {
    /// Phones of a world with this chance.
    #[must_use]
    pub fn new(clock: VirtualClock, seed: u64) -> Self {
        let state = State {
            rng: Rng::with_seed(seed),
            legs: BTreeMap::new(),
            plans: BTreeMap::new(),
            planned: 0,
            told_until: Timestamp::EPOCH,
            events: None,
            bridges: BTreeMap::new(),
            dialled: BTreeMap::new(),
            fresh_dials: Vec::new(),
            gone: BTreeMap::new(),
            thanked: BTreeSet::new(),
            answered: BTreeSet::new(),
            unaccepted: BTreeSet::new(),
            bookless: BTreeMap::new(),
            emergencies: 0,
            reach: Reach::default(),
        };
        Phones { clock, state: Arc::new(Mutex::new(state)) }
    }

    /// Everything outside.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new process listens.
    pub fn listen(&self) -> mpsc::UnboundedReceiver<TelephonyEvent> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.state().events = Some(sender);
        receiver
    }

    /// The process dies, and its engine with it: phones that ring go on ringing, those that talk hear nothing more.
    pub fn die(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        state.events = None;
        state.bridges.clear();
        let state = &mut *state;
        for (id, leg) in &mut state.legs {
            if leg.gone.is_some() || leg.orphan {
                continue;
            }
            leg.orphan = true;
            // A dialogue that stands is ended when we are back; a phone that rings stops by itself.
            let stops = if leg.answered { now } else { leg.dialled_at + leg.ring_for };
            state.planned += 1;
            state.plans.insert((stops, state.planned), Plan::Go(*id, Gone::Lost));
        }
    }

    /// Somebody calls.
    pub fn call_in(&self, leg: LegId, from: Option<PhoneNumber>, to: &PhoneNumber, carrier: TrunkKey) {
        let now = self.clock.now();
        let mut state = self.state();
        if state.events.is_none() {
            // Nobody is there: the carrier says so to the caller.
            return;
        }
        state.comes_in(leg, Party::Caller, 240.0, now);
        let event = TelephonyEvent::NewCall {
            leg,
            source: Source::Trunk(carrier),
            caller: CallerHeaders { from: from.map(|number| number.as_str().to_owned()), ..CallerHeaders::default() },
            to: to.as_str().to_owned(),
        };
        state.tell_soon(now, event, true);
    }

    /// A phone of ours dials something.
    pub fn call_from(&self, leg: LegId, from: &ExtensionKey, to: &str) {
        let now = self.clock.now();
        let mut state = self.state();
        if state.events.is_none() {
            return;
        }
        state.comes_in(leg, Party::Extension(from.clone()), 60.0, now);
        if to == EMERGENCY {
            state.bookless.insert(leg, "emergency calls answered");
        } else if to.starts_with('*') && !to.starts_with("*77") {
            state.bookless.insert(leg, "star codes answered");
        }
        let event = TelephonyEvent::NewCall {
            leg,
            source: Source::Extension(from.clone()),
            caller: CallerHeaders::default(),
            to: to.to_owned(),
        };
        state.tell_soon(now, event, true);
    }

    /// When the next thing happens outside.
    #[must_use]
    pub fn next_plan(&self) -> Option<Timestamp> {
        self.state().plans.keys().next().map(|(at, _)| *at)
    }

    /// Lets one due thing happen; whether there was one.
    pub fn happen(&self) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let Some(entry) = state.plans.first_entry().filter(|entry| entry.key().0 <= now) else { return false };
        let plan = entry.remove();
        state.happen(plan, now);
        true
    }

    /// Everybody hangs up as soon as they can: the day is over.
    pub fn everybody_leaves(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        let here: Vec<LegId> = state.legs.iter().filter(|(_, leg)| leg.gone.is_none()).map(|(id, _)| *id).collect();
        for leg in here {
            let at = now + Millis::new(state.rng.u64(0..20_000));
            state.plan(at, Plan::Go(leg, Gone::HungUp));
        }
    }
}

impl Leg {
    fn new(party: Party, now: Timestamp, ring_for: Millis) -> Self {
        Leg {
            party,
            answered: false,
            gone: None,
            playing: None,
            recording: None,
            dialled_at: now,
            ring_for,
            orphan: false,
        }
    }
}

impl State {
    fn plan(&mut self, at: Timestamp, plan: Plan) {
        self.planned += 1;
        self.plans.insert((at, self.planned), plan);
    }

    /// Tells the process, late, twice or never.
    fn tell_soon(&mut self, now: Timestamp, event: TelephonyEvent, surely: bool) {
        let late = match self.rng.u8(0..100) {
            0..80 => self.rng.u64(0..5),
            80..97 => self.rng.u64(5..80),
            _ => {
                self.reach.count("events delayed");
                self.rng.u64(80..900)
            }
        };
        if !surely && self.rng.u8(0..100) == 0 {
            self.reach.count("events lost");
            return;
        }
        if !surely && self.rng.u8(0..50) == 0 {
            self.reach.count("events repeated");
            let later = late + self.rng.u64(0..2_000);
            self.plan(now + Millis::new(later), Plan::Tell(event.clone()));
        }
        let at = now + Millis::new(late);
        if at < self.told_until {
            self.reach.count("events overtaken");
        }
        self.told_until = self.told_until.max(at);
        self.plan(at, Plan::Tell(event));
    }

    fn tell_of(&mut self, now: Timestamp, leg: LegId, input: Input, surely: bool) {
        if self.legs.get(&leg).is_some_and(|leg| !leg.orphan) {
            self.tell_soon(now, TelephonyEvent::OnLeg(leg, input), surely);
        }
    }

    fn is_there(&self, leg: LegId) -> bool {
        self.legs.get(&leg).is_some_and(|leg| leg.gone.is_none())
    }

    fn happen(&mut self, plan: Plan, now: Timestamp) {
        match plan {
            Plan::Tell(event) => {
                if let Some(events) = &self.events {
                    self.emergencies +=
                        u32::from(matches!(&event, TelephonyEvent::NewCall { to, .. } if to == EMERGENCY));
                    // The receiver lives as long as the process does.
                    let _ = events.send(event);
                }
            }
            Plan::Ring(leg) if self.is_there(leg) => self.tell_of(now, leg, Input::Ringing(leg), false),
            Plan::Answer(leg) if self.is_there(leg) => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.answered = true;
                }
                self.tell_of(now, leg, Input::Answered(leg), false);
            }
            Plan::Go(leg, why) if self.is_there(leg) => self.go(leg, why, now),
            Plan::EarlyMedia(leg) if self.legs.get(&leg).is_some_and(|leg| leg.gone.is_none() && !leg.answered) => {
                self.tell_of(now, leg, Input::EarlyMedia(leg), false);
            }
            Plan::Hold(leg, hold) if self.is_there(leg) => {
                self.reach.count("hold keys pressed");
                self.tell_of(now, leg, Input::PhoneHold(leg, hold), false);
            }
            Plan::Away(leg, away) if self.is_there(leg) => {
                self.reach.count("phones away");
                self.tell_of(now, leg, Input::PhoneAway(leg, away), false);
            }
            Plan::Press(leg, digit) if self.is_there(leg) => {
                if let Some(one) = self.legs.get_mut(&leg)
                    && one.party == (Party::AgentOutside { accepted: false })
                    && one.answered
                    && digit.as_char() == '1'
                {
                    one.party = Party::AgentOutside { accepted: true };
                    self.reach.count("calls accepted outside");
                }
                self.tell_of(now, leg, Input::Digit(leg, digit), false);
            }
            Plan::EndOfPlaying(leg, playback) => {
                if let Some(one) = self.legs.get_mut(&leg).filter(|one| one.playing == Some(playback)) {
                    one.playing = None;
                    let failed = self.rng.u8(0..200) == 0;
                    let input = if failed { Input::PlayFailed(leg, playback) } else { Input::Played(leg, playback) };
                    self.tell_of(now, leg, input, false);
                }
            }
            Plan::EndOfRecording(leg, message) => {
                if let Some(one) = self.legs.get_mut(&leg).filter(|one| one.recording == Some(message)) {
                    one.recording = None;
                    let speech = Millis::new(self.rng.u64(0..20_000));
                    let ended = RecordingEnd::Silence;
                    self.tell_of(now, leg, Input::Recorded { leg, message, speech, ended }, true);
                }
            }
            Plan::Ring(_)
            | Plan::Answer(_)
            | Plan::EarlyMedia(_)
            | Plan::Hold(..)
            | Plan::Away(..)
            | Plan::Go(..)
            | Plan::Press(..) => {}
        }
    }

    /// A leg is gone, whoever ended it.
    fn go(&mut self, id: LegId, why: Gone, now: Timestamp) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.gone = Some(why);
        leg.playing = None;
        let recording = leg.recording.take();
        if let Party::Customer(number) = &leg.party {
            self.gone.insert(id, now);
            if let Some(legs) = self.dialled.get_mut(number) {
                legs.remove(&id);
            }
        }
        if let Some(message) = recording {
            let speech = Millis::new(self.rng.u64(0..20_000));
            let ended = RecordingEnd::HungUp;
            self.tell_of(now, id, Input::Recorded { leg: id, message, speech, ended }, true);
        }
        self.tell_of(now, id, Input::Gone(id, why), false);
    }

    fn dial(&mut self, id: LegId, to: DialTo, ring_for: Millis, now: Timestamp) {
        if self.legs.contains_key(&id) {
            return;
        }
        match to {
            DialTo::Extension { extension, .. } => {
                let busy = self
                    .legs
                    .values()
                    .any(|leg| leg.party == Party::Extension(extension.clone()) && leg.gone.is_none() && !leg.orphan);
                self.legs.insert(id, Leg::new(Party::Extension(extension), now, ring_for));
                let chance = if busy { 95 } else { self.rng.u8(0..100) };
                self.answer_like_an_agent(id, chance, now);
            }
            DialTo::AgentOutside { .. } => {
                self.reach.count("agents dialled outside");
                self.legs.insert(id, Leg::new(Party::AgentOutside { accepted: false }, now, ring_for));
                let chance = self.rng.u8(0..100);
                self.answer_like_an_agent(id, chance, now);
            }
            DialTo::Outside { number: None, .. } => {
                self.emergencies = self.emergencies.saturating_sub(1);
                self.reach.count("emergency calls dialled");
                self.legs.insert(id, Leg::new(Party::Emergency, now, ring_for));
                self.answer_like_a_customer(id, now);
            }
            DialTo::Outside { number: Some(number), .. } => {
                let legs = self.dialled.entry(number.clone()).or_default();
                let others = legs.len();
                legs.insert(id);
                self.fresh_dials.push((number.clone(), id, others));
                self.legs.insert(id, Leg::new(Party::Customer(number), now, ring_for));
                self.answer_like_a_customer(id, now);
            }
        }
    }

    /// These hear each other from now on.
    fn connects(&mut self, legs: &[LegId]) {
        let mailbox =
            |leg: &&LegId| self.legs.get(leg).is_some_and(|leg| leg.party == (Party::AgentOutside { accepted: false }));
        let mailboxes: Vec<LegId> = legs.iter().filter(mailbox).copied().collect();
        self.unaccepted.extend(mailboxes);
    }

    fn play(&mut self, leg: LegId, playback: PlaybackId, audio: &Audio, now: Timestamp) {
        if let Audio::Spoken { what, .. } = audio {
            let thanks = Builtin::CallbackThanks.default_key();
            if what.iter().any(|one| matches!(one, Spoken::Prompt(key) if key.as_str() == thanks)) {
                self.thanked.insert(leg);
            }
            if what.iter().any(|one| matches!(one, Spoken::Prompt(key) if key.as_str() == "call-accept")) {
                self.accepts_or_not(leg, now);
            }
            if what.iter().any(|one| matches!(one, Spoken::Prompt(key) if key.as_str() == "one-moment")) {
                self.reach.count("told that it takes a moment");
            }
        }
        if *audio == Audio::Echo {
            self.reach.count("echo tests");
        }
        let Some(one) = self.legs.get_mut(&leg).filter(|one| one.gone.is_none()) else { return };
        one.playing = Some(playback);
        if matches!(audio, Audio::Spoken { .. }) {
            let ends = now + Millis::new(self.rng.u64(300..9_000));
            self.plan(ends, Plan::EndOfPlaying(leg, playback));
        }
    }
}
