//! Whom a call has, and on which legs.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{AgentKey, LegId, QueueKey};

use super::{Connecting, Inbound, Treatment};
use crate::call::{Gone, Input, LegState};

impl Inbound {
    /// The leg of the agent whom the caller on this one talks with.
    pub(in crate::call) fn agent_facing(&self, leg: LegId) -> Option<LegId> {
        if leg != self.leg {
            None
        } else if let Treatment::Talking(talk) = &self.treatment {
            talk.left.is_none().then(|| talk.agent_leg())
        } else if let Treatment::Phone(phone) = &self.treatment {
            phone.is_talking().then_some(phone.leg)
        } else {
            None
        }
    }

    pub(in crate::call) fn waits_in(&self) -> Option<&QueueKey> {
        self.stand.as_ref().map(|stand| &stand.queue)
    }

    pub(in crate::call) fn agents(&self) -> BTreeSet<AgentKey> {
        let mut agents: BTreeSet<AgentKey> = self.ringing.iter().map(|ringing| ringing.agent.clone()).collect();
        match &self.treatment {
            Treatment::Connecting(connecting) => agents.extend([connecting.agent.clone()]),
            Treatment::Talking(talk) => agents.extend(talk.agents()),
            Treatment::Phone(phone) => agents.extend(phone.agent.clone()),
            Treatment::Transferring(transfer) => agents.extend(transfer.agent.iter().map(|(agent, _)| agent.clone())),
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Transferred(_)
            | Treatment::Over => {}
        }
        agents
            .extend(self.colleague.iter().filter(|_| !self.is_over()).filter_map(|colleague| colleague.agent.clone()));
        agents
    }

    pub(in crate::call) fn legs(&self) -> BTreeSet<LegId> {
        let mut legs: BTreeSet<LegId> = self.ringing.iter().map(|ringing| ringing.leg).collect();
        legs.extend(self.there.then_some(self.leg));
        legs.extend(self.agent_leg());
        match &self.treatment {
            Treatment::Transferring(transfer) | Treatment::Transferred(transfer) => legs.extend(transfer.leg),
            Treatment::Phone(phone) => legs.extend(phone.dialled()),
            Treatment::Talking(talk) => legs.extend(talk.legs()),
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Over => {}
        }
        legs
    }

    /// What must have happened unheard.
    pub(in crate::call) fn reconcile(&self, legs: &BTreeMap<LegId, LegState>) -> Vec<Input> {
        let mut inputs = Vec::new();
        for leg in self.legs() {
            match legs.get(&leg) {
                None => inputs.push(Input::Gone(leg, Gone::Lost)),
                Some(LegState { gone: Some(why), .. }) => inputs.push(Input::Gone(leg, *why)),
                Some(state) if state.answered && leg != self.leg && !self.has_answered(leg) => {
                    inputs.push(Input::Answered(leg));
                }
                Some(_) => {}
            }
        }
        if let (Some(playback), Some(state)) = (self.playing, legs.get(&self.leg))
            && state.playing != Some(playback)
        {
            // Whether it was heard nobody knows. Nobody is recorded who was not told.
            let told = matches!(self.treatment, Treatment::Connecting(_));
            inputs.push(if told { Input::PlayFailed } else { Input::Played }(self.leg, playback));
        }
        if let Treatment::Connecting(Connecting { agent_leg, to_agent: Some(playback), .. }) = &self.treatment
            && legs.get(agent_leg).is_some_and(|state| state.playing != Some(*playback))
        {
            inputs.push(Input::Played(*agent_leg, *playback));
        }
        inputs
    }

    fn has_answered(&self, leg: LegId) -> bool {
        let transferred = matches!(&self.treatment, Treatment::Transferred(transfer) if transfer.leg == Some(leg));
        let ringing = self.ringing.iter().any(|ringing| ringing.leg == leg && ringing.answered);
        let phone = matches!(&self.treatment, Treatment::Phone(phone) if phone.leg == leg && phone.is_talking());
        let consulted = matches!(&self.treatment, Treatment::Talking(talk) if talk.has_answered(leg));
        transferred || phone || ringing || consulted || self.agent_leg() == Some(leg)
    }

    fn agent_leg(&self) -> Option<LegId> {
        match &self.treatment {
            Treatment::Connecting(connecting) => Some(connecting.agent_leg),
            Treatment::Talking(talk) => talk.left.is_none().then(|| talk.agent_leg()),
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Phone(_)
            | Treatment::Over => None,
        }
    }
}
