//! What a callback has in hand, and what must have happened where the engine was not heard for a while.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{AgentKey, LegId, PlaybackId, Timestamp};

use super::{Callback, Phase};
use crate::call::{Gone, Input, LegState};

impl Callback {
    /// The agent's leg, where this is that of the customer whom the agent talks with.
    pub(in crate::call) fn agent_facing(&self, leg: LegId) -> Option<LegId> {
        matches!(&self.phase, Phase::Talking { talk, .. } if talk.customer_leg() == leg).then_some(self.agent_leg)
    }

    pub(in crate::call) fn next_deadline(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Agent { until } | Phase::Customer { until, .. } => Some(*until),
            Phase::Committing { .. } | Phase::Notice { .. } | Phase::Talking { .. } | Phase::Over => None,
        }
    }

    pub(in crate::call) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    pub(in crate::call) fn agents(&self) -> BTreeSet<AgentKey> {
        (!self.is_over()).then(|| self.order.agent.clone()).into_iter().collect()
    }

    pub(in crate::call) fn legs(&self) -> BTreeSet<LegId> {
        let agent = (self.agent_there && !self.is_over()).then_some(self.agent_leg);
        let customer = match &self.phase {
            Phase::Customer { leg, .. } | Phase::Notice { leg, .. } => Some(*leg),
            Phase::Talking { talk, .. } => Some(talk.customer_leg()),
            Phase::Agent { .. } | Phase::Committing { .. } | Phase::Over => None,
        };
        agent.into_iter().chain(customer).collect()
    }

    pub(in crate::call) fn reconcile(&self, legs: &BTreeMap<LegId, LegState>) -> Vec<Input> {
        let waits_for_answer = |leg: LegId| match &self.phase {
            Phase::Agent { .. } => leg == self.agent_leg,
            Phase::Customer { leg: customer, .. } => leg == *customer,
            Phase::Committing { .. } | Phase::Notice { .. } | Phase::Talking { .. } | Phase::Over => false,
        };
        let of_leg = |leg: LegId| match legs.get(&leg) {
            None => Some(Input::Gone(leg, Gone::Lost)),
            Some(LegState { gone: Some(why), .. }) => Some(Input::Gone(leg, *why)),
            Some(state) if state.answered && waits_for_answer(leg) => Some(Input::Answered(leg)),
            Some(_) => None,
        };
        let whisper_is_over = |whisper: &PlaybackId| {
            legs.get(&self.agent_leg).is_some_and(|state| state.gone.is_none() && state.playing != Some(*whisper))
        };
        let whisper = self.hears.whisper.or(self.hears.word).filter(whisper_is_over).filter(|_| self.agent_there);
        let whispered = whisper.map(|playback| Input::Played(self.agent_leg, playback));
        let told = match self.phase {
            Phase::Notice { leg, notice, .. } => legs
                .get(&leg)
                .filter(|state| state.gone.is_none() && state.playing != Some(notice))
                // Whether it was heard nobody knows, and nobody is recorded who was not told.
                .map(|_| Input::PlayFailed(leg, notice)),
            Phase::Agent { .. }
            | Phase::Committing { .. }
            | Phase::Customer { .. }
            | Phase::Talking { .. }
            | Phase::Over => None,
        };
        self.legs().into_iter().filter_map(of_leg).chain(whispered).chain(told).collect()
    }
}
