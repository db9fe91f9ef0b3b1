//! Two who hear each other, and the conversation between an agent and a customer.

mod room;

use std::collections::BTreeSet;

use nohold_model::{
    AgentKey, BridgeId, CallId, Digit, EntryId, IdSource, LegId, Millis, PlaybackId, RecordingId, Timestamp,
};

use super::{Audio, Command, Effects, Gone};
use crate::fact::{Destination, Fact};

pub(super) use room::{Room, With};

/// Two legs that hear each other, unless one of them holds the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    bridge: BridgeId,
    a: Side,
    b: Side,
}

#[derive(Debug, Clone, PartialEq)]
struct Side {
    leg: LegId,
    /// It has put the other side on hold.
    holds: bool,
    /// What it hears while the other side holds it.
    music: Option<PlaybackId>,
}

impl Side {
    fn of(leg: LegId) -> Side {
        Side { leg, holds: false, music: None }
    }
}

impl Pair {
    /// Lets the two hear each other.
    pub(super) fn join(a: LegId, b: LegId, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) -> Pair {
        let bridge = ids.next(at);
        effects.media(Command::Bridge { bridge, a, b });
        Pair { bridge, a: Side::of(a), b: Side::of(b) }
    }

    /// Whether one of them holds the other.
    pub(super) fn is_held(&self) -> bool {
        self.a.holds || self.b.holds
    }

    /// Whether the one on this leg holds the other.
    pub(super) fn holds(&self, leg: LegId) -> bool {
        [&self.a, &self.b].into_iter().any(|side| side.leg == leg && side.holds)
    }

    /// One side puts the other on hold, or takes it back. Whether the conversation is on hold now, where that has
    /// changed.
    pub(super) fn hold(
        &mut self,
        by: LegId,
        hold: bool,
        at: Timestamp,
        ids: &mut IdSource,
        effects: &mut Effects,
    ) -> Option<bool> {
        let was_held = self.is_held();
        let (own, other) = match by {
            leg if leg == self.a.leg => (&mut self.a, &mut self.b),
            leg if leg == self.b.leg => (&mut self.b, &mut self.a),
            _ => return None,
        };
        if std::mem::replace(&mut own.holds, hold) == hold {
            return None;
        }
        if hold {
            if !was_held {
                effects.media(Command::Unbridge { bridge: self.bridge });
            }
            let playback = ids.next(at);
            other.music = Some(playback);
            effects.media(Command::Play { leg: other.leg, playback, audio: Audio::Music(None) });
        } else {
            if let Some(playback) = other.music.take() {
                effects.media(Command::Stop { leg: other.leg, playback });
            }
            if !self.is_held() {
                // A new bridge: to an engine the old one, repeated, would be nothing new.
                self.bridge = ids.next(at);
                effects.media(Command::Bridge { bridge: self.bridge, a: self.a.leg, b: self.b.leg });
            }
        }
        let held = self.is_held();
        (held != was_held).then_some(held)
    }

    /// The other side is gone, and this one stays on the line.
    pub(super) fn part(&self, stays: LegId, effects: &mut Effects) {
        if !self.is_held() {
            effects.media(Command::Unbridge { bridge: self.bridge });
        }
        let music = [&self.a, &self.b].into_iter().find(|side| side.leg == stays).and_then(|side| side.music);
        if let Some(playback) = music {
            effects.media(Command::Stop { leg: stays, playback });
        }
    }
}

/// Phones that have put us on hold before there was anybody to hold: the conversation begins on hold then.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct EarlyHolds(BTreeSet<LegId>);

impl EarlyHolds {
    /// The key of a phone was pressed.
    pub(super) fn note(&mut self, leg: LegId, hold: bool) {
        if hold {
            self.0.insert(leg);
        } else {
            self.0.remove(&leg);
        }
    }

    /// Whether this phone holds.
    pub(super) fn has(&self, leg: LegId) -> bool {
        self.0.contains(&leg)
    }

    /// The phones that hold, now that a conversation begins.
    pub(super) fn take(&mut self) -> BTreeSet<LegId> {
        std::mem::take(&mut self.0)
    }
}

/// How a conversation begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Opening {
    pub(super) call: CallId,
    pub(super) agent: AgentKey,
    pub(super) agent_leg: LegId,
    pub(super) customer_leg: LegId,
    /// The two, where they hear each other already.
    pub(super) pair: Option<Pair>,
    /// The entry that is called back.
    pub(super) entry: Option<EntryId>,
    /// It is recorded: the customer has heard that it will be.
    pub(super) recorded: bool,
}

/// Who talks with whom.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Talk {
    call: CallId,
    pub(super) agent: AgentKey,
    since: Timestamp,
    room: Room,
    entry: Option<EntryId>,
    recorded: bool,
    /// The agent has paused the recording.
    paused: bool,
    /// The recording of the bridge that is there now.
    recording: Option<RecordingId>,
    /// Somebody whom the agent consults.
    pub(super) consult: Option<Consult>,
    /// The agent's leg is gone, while the store is asked whether the customer may be handed over.
    pub(super) left: Option<Gone>,
}

/// Somebody whom the agent consults (咨询转), or has brought into a conference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Consult {
    pub(super) to: Destination,
    pub(super) leg: LegId,
    /// The agent whose phone it is, where this call holds that agent.
    pub(super) agent: Option<AgentKey>,
    pub(super) stage: Stage,
}

/// How far a consultation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The store is asked.
    Asking,
    /// It rings there.
    Ringing {
        /// For so long.
        until: Timestamp,
    },
    /// It was answered.
    Talking,
}

impl Consult {
    /// The leg, where there is one already.
    pub(super) fn dialled(&self) -> Option<LegId> {
        (self.stage != Stage::Asking).then_some(self.leg)
    }
}

impl Talk {
    /// Joins the two, where they do not hear each other already, and says so.
    pub(super) fn begin(opening: Opening, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) -> Talk {
        let Opening { call, agent, agent_leg, customer_leg, pair, entry, recorded } = opening;
        effects.record(at, Fact::Connected { call, agent: agent.clone() });
        let room = Room::of(agent_leg, customer_leg, pair);
        let mut talk = Talk::with_room(call, agent, room, at);
        talk.entry = entry;
        talk.recorded = recorded;
        talk.settle(at, ids, effects);
        talk.record(at, ids, effects);
        talk
    }

    /// A conversation that goes on already, by the rules of another kind of call.
    pub(super) fn go_on(opening: Opening, since: Timestamp) -> Talk {
        let Opening { call, agent, agent_leg, customer_leg, pair, entry, recorded } = opening;
        let mut talk = Talk::with_room(call, agent, Room::of(agent_leg, customer_leg, pair), since);
        talk.entry = entry;
        talk.recorded = recorded;
        talk
    }

    fn with_room(call: CallId, agent: AgentKey, room: Room, since: Timestamp) -> Talk {
        Talk {
            call,
            agent,
            since,
            room,
            entry: None,
            recorded: false,
            paused: false,
            recording: None,
            consult: None,
            left: None,
        }
    }

    pub(super) fn agent_leg(&self) -> LegId {
        self.room.agent_leg()
    }

    pub(super) fn customer_leg(&self) -> LegId {
        self.room.customer_leg()
    }

    /// The legs that the conversation has, but for the customer's.
    pub(super) fn legs(&self) -> impl Iterator<Item = LegId> {
        let agent = self.left.is_none().then(|| self.agent_leg());
        agent.into_iter().chain(self.consult.as_ref().and_then(Consult::dialled))
    }

    /// The agents whom the conversation has.
    pub(super) fn agents(&self) -> impl Iterator<Item = AgentKey> {
        let consulted = self.consult.as_ref().and_then(|consult| consult.agent.clone());
        [Some(self.agent.clone()), consulted].into_iter().flatten()
    }

    pub(super) fn with(&self) -> With {
        self.room.with()
    }

    pub(super) fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// Lets everybody hear what they should. A recording ends with its bridge, and a new bridge has a new one.
    pub(super) fn settle(&mut self, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) {
        let before = self.room.bridge();
        self.room.settle(at, ids, effects);
        if self.room.bridge() != before {
            self.recording = None;
            self.record(at, ids, effects);
        }
    }

    /// Records the bridge that is there now. What the agent and somebody else say without the customer is not recorded.
    fn record(&mut self, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) {
        let Some(bridge) = self.room.bridge().filter(|_| self.recorded && !self.paused && !self.room.is_held()) else {
            return;
        };
        if self.recording.is_some() {
            return;
        }
        let recording = ids.next(at);
        self.recording = Some(recording);
        effects.media(Command::RecordCall { bridge, recording });
        let (call, entry, agent) = (self.call, self.entry, self.agent.clone());
        effects.record(at, Fact::RecordingBegan { call, entry, agent, recording });
    }

    /// The agent pauses the recording, or lets it go on. Whether the conversation is one that is recorded.
    pub(super) fn pause(&mut self, pause: bool, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) -> bool {
        if !self.recorded {
            return false;
        }
        if std::mem::replace(&mut self.paused, pause) == pause {
            return true;
        }
        let (call, agent) = (self.call, self.agent.clone());
        if pause {
            effects.record(at, Fact::RecordingPaused { call, agent });
            if let Some(recording) = self.recording.take() {
                effects.media(Command::StopRecording { recording });
            }
        } else {
            effects.record(at, Fact::RecordingResumed { call, agent });
            self.record(at, ids, effects);
        }
        true
    }

    /// Presses keys towards whoever hears the agent.
    pub(super) fn press(&self, digits: &[Digit], effects: &mut Effects) -> bool {
        let legs = self.room.heard_by_agent();
        for leg in &legs {
            effects.media(Command::Press { leg: *leg, digits: digits.to_vec() });
        }
        !legs.is_empty()
    }

    /// Changes who hears whom, and lets it be heard. Whether agent and customer are apart now, where that has changed.
    pub(super) fn arrange(
        &mut self,
        change: impl FnOnce(&mut Room),
        at: Timestamp,
        ids: &mut IdSource,
        effects: &mut Effects,
    ) -> Option<bool> {
        let was_held = self.room.is_held();
        change(&mut self.room);
        self.settle(at, ids, effects);
        let held = self.room.is_held();
        (held != was_held).then_some(held)
    }

    /// One side puts the others on hold, or takes them back. Whether the conversation is on hold now, where that has
    /// changed.
    pub(super) fn hold(
        &mut self,
        by: LegId,
        hold: bool,
        at: Timestamp,
        ids: &mut IdSource,
        effects: &mut Effects,
    ) -> Option<bool> {
        self.arrange(|room| room.set_holds(by, hold), at, ids, effects)
    }

    pub(super) fn is_held(&self) -> bool {
        self.room.is_held()
    }

    /// Whether the one on this leg holds the others.
    pub(super) fn holds(&self, leg: LegId) -> bool {
        self.room.holds(leg)
    }

    /// Whether somebody is consulted on this leg, and has answered.
    pub(super) fn has_answered(&self, leg: LegId) -> bool {
        self.consult.as_ref().is_some_and(|consult| consult.leg == leg && consult.stage == Stage::Talking)
    }

    /// The agent's leg is gone, and the customer stays for now.
    pub(super) fn leave(&mut self, why: Gone, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) {
        let agent = self.agent_leg();
        self.left = Some(why);
        self.room.note_gone(agent);
        self.settle(at, ids, effects);
    }

    /// The agent's side is gone, and the customer stays on the line.
    pub(super) fn part(&mut self, effects: &mut Effects) {
        let stays = self.room.customer_leg();
        self.room.part(stays, effects);
    }

    /// Whoever was consulted takes the agent's place in the room. As two who hear each other, where no agent of ours is
    /// among them.
    pub(super) fn succeed(mut self, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) -> Succession {
        let consulted = self.consult.take().and_then(|consult| consult.agent);
        let agent = self.room.agent_leg();
        self.room.note_gone(agent);
        self.room.succeed();
        match consulted {
            Some(agent) => {
                let mut talk = Talk::with_room(self.call, agent.clone(), self.room, at);
                talk.recorded = self.recorded;
                effects.record(at, Fact::Connected { call: self.call, agent });
                talk.settle(at, ids, effects);
                talk.record(at, ids, effects);
                Succession::Agent(Box::new(talk))
            }
            None => {
                self.room.settle(at, ids, effects);
                Succession::Other(self.room.into_pair(at, ids))
            }
        }
    }

    /// How long they have talked.
    pub(super) fn length(&self, at: Timestamp) -> Millis {
        at.since(self.since)
    }
}

/// Who goes on with the customer.
pub(super) enum Succession {
    /// An agent of ours.
    Agent(Box<Talk>),
    /// Another phone.
    Other(Pair),
}
