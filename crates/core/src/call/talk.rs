//! Two who hear each other, and the conversation between an agent and a customer.

use std::collections::BTreeSet;

use nohold_model::{AgentKey, BridgeId, CallId, EntryId, IdSource, LegId, Millis, PlaybackId, Timestamp};

use super::{Audio, Command, Effects};
use crate::fact::Fact;

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
    pub(super) agent_leg: LegId,
    pub(super) customer_leg: LegId,
    since: Timestamp,
    pair: Pair,
    entry: Option<EntryId>,
    recorded: bool,
}

impl Talk {
    /// Joins the two, where they do not hear each other already, and says so.
    pub(super) fn begin(opening: Opening, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) -> Talk {
        let Opening { call, agent, agent_leg, customer_leg, pair, entry, recorded } = opening;
        let pair = pair.unwrap_or_else(|| Pair::join(agent_leg, customer_leg, at, ids, effects));
        effects.record(at, Fact::Connected { call, agent: agent.clone() });
        let talk = Talk { call, agent, agent_leg, customer_leg, since: at, pair, entry, recorded };
        talk.record(at, ids, effects);
        talk
    }

    /// Records the bridge that is there now. A recording ends with its bridge.
    fn record(&self, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) {
        if self.recorded {
            let recording = ids.next(at);
            effects.media(Command::RecordCall { bridge: self.pair.bridge, recording });
            let (call, entry, agent) = (self.call, self.entry, self.agent.clone());
            effects.record(at, Fact::RecordingBegan { call, entry, agent, recording });
        }
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
        let held = self.pair.hold(by, hold, at, ids, effects);
        if held == Some(false) {
            self.record(at, ids, effects);
        }
        held
    }

    /// The agent's side is gone, and the customer stays on the line.
    pub(super) fn part(&self, effects: &mut Effects) {
        self.pair.part(self.customer_leg, effects);
    }

    /// How long they have talked.
    pub(super) fn length(&self, at: Timestamp) -> Millis {
        at.since(self.since)
    }
}
