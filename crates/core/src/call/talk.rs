//! A conversation between an agent and a customer.

use nohold_model::{AgentKey, BridgeId, CallId, IdSource, LegId, Millis, PlaybackId, Timestamp};

use super::{Audio, Command, Effects};
use crate::fact::Fact;

/// Who talks with whom.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Talk {
    pub(super) bridge: BridgeId,
    pub(super) agent: AgentKey,
    pub(super) agent_leg: LegId,
    pub(super) customer_leg: LegId,
    pub(super) since: Timestamp,
    /// What the customer hears while on hold.
    music: Option<PlaybackId>,
}

impl Talk {
    /// Joins the two, and says so.
    pub(super) fn begin(
        call: CallId,
        agent: AgentKey,
        (agent_leg, customer_leg): (LegId, LegId),
        at: Timestamp,
        ids: &mut IdSource,
        effects: &mut Effects,
    ) -> Talk {
        let bridge = ids.next(at);
        effects.media(Command::Bridge { bridge, a: agent_leg, b: customer_leg });
        effects.record(at, Fact::Connected { call, agent: agent.clone() });
        Talk { bridge, agent, agent_leg, customer_leg, since: at, music: None }
    }

    /// Puts the customer on hold, or takes them back.
    pub(super) fn hold(&mut self, call: CallId, hold: bool, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) {
        match (hold, self.music) {
            (true, None) => {
                let playback = ids.next(at);
                self.music = Some(playback);
                effects.media(Command::Unbridge { bridge: self.bridge });
                effects.media(Command::Play { leg: self.customer_leg, playback, audio: Audio::Music(None) });
            }
            (false, Some(playback)) => {
                self.music = None;
                // A new bridge: to an engine the old one, repeated, would be nothing new.
                self.bridge = ids.next(at);
                effects.media(Command::Stop { leg: self.customer_leg, playback });
                effects.media(Command::Bridge { bridge: self.bridge, a: self.agent_leg, b: self.customer_leg });
            }
            (true, Some(_)) | (false, None) => return,
        }
        effects.record(at, Fact::Held { call, agent: self.agent.clone(), held: hold });
    }

    /// The agent's side is gone, and the customer stays on the line.
    pub(super) fn part(&self, effects: &mut Effects) {
        effects.media(match self.music {
            Some(playback) => Command::Stop { leg: self.customer_leg, playback },
            None => Command::Unbridge { bridge: self.bridge },
        });
    }

    /// How long they have talked.
    pub(super) fn length(&self, at: Timestamp) -> Millis {
        at.since(self.since)
    }
}
