//! What a call to the public network has in hand, and what must have happened where the engine was not heard for a while.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{AgentKey, LegId, Timestamp};

use super::{Books, Direct, Phase};
use crate::call::{Gone, Input, LegState};

impl Direct {
    /// The caller's leg, where this is that of whom the caller talks with.
    pub(in crate::call) fn agent_facing(&self, leg: LegId) -> Option<LegId> {
        (leg == self.far && matches!(self.phase, Phase::Talking(_))).then_some(self.leg)
    }

    pub(in crate::call) fn next_deadline(&self) -> Option<Timestamp> {
        let phase = match &self.phase {
            Phase::OwnPhone { until } | Phase::Ringing { until, .. } | Phase::LastWords { until, .. } => Some(*until),
            Phase::Asking | Phase::Talking(_) | Phase::Over => None,
        };
        let books = match self.books {
            Books::Again(due) => Some(due),
            Books::Never | Books::Asked | Books::Written => None,
        };
        phase.into_iter().chain(books).min()
    }

    pub(in crate::call) fn is_over(&self) -> bool {
        self.phase == Phase::Over && self.books != Books::Asked
    }

    pub(in crate::call) fn agents(&self) -> BTreeSet<AgentKey> {
        self.agent.iter().cloned().collect()
    }

    pub(in crate::call) fn legs(&self) -> BTreeSet<LegId> {
        let own = (self.there && self.phase != Phase::Over).then_some(self.leg);
        let far = matches!(self.phase, Phase::Ringing { .. } | Phase::Talking(_)).then_some(self.far);
        own.into_iter().chain(far).collect()
    }

    pub(in crate::call) fn reconcile(&self, legs: &BTreeMap<LegId, LegState>) -> Vec<Input> {
        let mut inputs = Vec::new();
        for leg in self.legs() {
            match legs.get(&leg) {
                None => inputs.push(Input::Gone(leg, Gone::Lost)),
                Some(LegState { gone: Some(why), .. }) => inputs.push(Input::Gone(leg, *why)),
                Some(state) if leg == self.far && state.answered && self.answered.is_none() => {
                    inputs.push(Input::Answered(leg));
                }
                Some(state) if matches!(self.phase, Phase::OwnPhone { .. }) && state.answered => {
                    inputs.push(Input::Answered(leg));
                }
                Some(state) => {
                    if let Phase::LastWords { playback, .. } = self.phase
                        && state.playing != Some(playback)
                    {
                        inputs.push(Input::Played(leg, playback));
                    }
                }
            }
        }
        inputs
    }
}
