//! What an agent has done with a day, as the facts tell it.

use std::collections::BTreeMap;

use nohold_model::{Millis, Timestamp};

use crate::agent::AgentState;
use crate::fact::{Dated, Fact};

/// How long an agent was in each state of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workday {
    /// When the agent signed in first.
    pub signed_in_at: Option<Timestamp>,
    /// Signed in, in whatever state.
    pub signed_in: Millis,
    /// By state; *not signed in* is none of them.
    pub states: BTreeMap<AgentState, Millis>,
    /// On break, by reason; one whose reason is not known stands under an empty one.
    pub breaks: BTreeMap<String, Millis>,
}

/// The state in which the agent is at some moment, with the reason of a break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: AgentState,
    /// The reason, of a break.
    pub reason: Option<String>,
}

impl Workday {
    /// The part of a day from `from` until `until`: `before` is how the agent stood when it began, `facts` are those of the
    /// agent in it, oldest first.
    #[must_use]
    pub fn tell(from: Timestamp, until: Timestamp, before: Standing, facts: &[Dated]) -> Self {
        let mut day = Workday::default();
        let (mut since, mut stood) = (from, before);
        if stood.state != AgentState::NotSignedIn {
            day.signed_in_at = Some(from);
        }
        for Dated { at, fact } in facts {
            let Fact::AgentChanged { to, reason, .. } = fact else { continue };
            let at = (*at).max(since).min(until);
            day.add(&stood, at.since(since));
            since = at;
            stood = Standing { state: *to, reason: reason.clone() };
            if *to != AgentState::NotSignedIn {
                day.signed_in_at.get_or_insert(at);
            }
        }
        day.add(&stood, until.since(since));
        day
    }

    fn add(&mut self, stood: &Standing, length: Millis) {
        if stood.state == AgentState::NotSignedIn || length == Millis::ZERO {
            return;
        }
        self.signed_in = self.signed_in + length;
        let of_state = self.states.entry(stood.state).or_default();
        *of_state = *of_state + length;
        if stood.state == AgentState::Break {
            let of_reason = self.breaks.entry(stood.reason.clone().unwrap_or_default()).or_default();
            *of_reason = *of_reason + length;
        }
    }

    /// How long the agent was in this state.
    #[must_use]
    pub fn in_state(&self, state: AgentState) -> Millis {
        self.states.get(&state).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{Input, Mode};
    use crate::entry::Actor;
    use crate::fixture::{Works, agent, at};
    use crate::transaction::Transaction;

    /// What these inputs make of agent 2000, each at its second.
    fn lived(inputs: &[(i64, Input)]) -> Vec<Dated> {
        let mut works = Works::new();
        works.tables.agents.clear();
        works.tables.facts.clear();
        for (second, input) in inputs {
            let (agent, by) = (agent("2000"), Actor::System);
            let wish = Transaction::Agent { agent, input: input.clone(), by };
            works.tables.commit(&works.directory, at(*second), &wish);
        }
        works.tables.facts
    }

    fn away() -> Standing {
        Standing { state: AgentState::NotSignedIn, reason: None }
    }

    #[test]
    fn a_day_is_told_by_states_and_breaks_by_their_reasons() {
        let rest = |reason: &str| Input::Choose(Mode::Break(reason.into()));
        let facts = lived(&[
            (10, Input::SignIn),
            (40, rest("lunch")),
            (100, rest("training")),
            (130, Input::Choose(Mode::Available)),
            (150, Input::SignOut),
            (500, Input::SignIn),
        ]);
        let day = Workday::tell(at(0), at(510), away(), &facts);
        assert_eq!((day.signed_in_at, day.signed_in), (Some(at(10)), Millis::seconds(150)));
        assert_eq!(day.in_state(AgentState::Available), Millis::seconds(60));
        let breaks = [("lunch", 60), ("training", 30)];
        let expected = breaks.map(|(reason, seconds)| (reason.to_owned(), Millis::seconds(seconds)));
        assert_eq!(day.breaks, BTreeMap::from(expected));
        assert!(!day.states.contains_key(&AgentState::NotSignedIn));
        let all = day.states.values().fold(Millis::ZERO, |all, one| all + *one);
        assert_eq!(all, day.signed_in, "each moment is in one state");
    }

    #[test]
    fn who_stood_somewhere_at_midnight_goes_on_there() {
        let before = Standing { state: AgentState::Break, reason: Some("night".into()) };
        let day = Workday::tell(at(0), at(60), before.clone(), &[]);
        assert_eq!((day.signed_in_at, day.breaks["night"]), (Some(at(0)), Millis::minutes(1)));
        let early = lived(&[(5, Input::SignIn)]);
        let day = Workday::tell(at(20), at(80), before, &early);
        assert_eq!(day.signed_in, Millis::minutes(1), "what is told of before the day is in it from its beginning");
        assert_eq!(Workday::tell(at(0), at(60), away(), &[]), Workday::default());
    }
}
