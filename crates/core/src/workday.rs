//! What an agent has done with a day, as the facts tell it.

use std::collections::BTreeMap;

use nohold_model::{AgentKey, Millis, Timestamp};

use crate::agent::{AgentState, OfferEnd};
use crate::fact::{Dated, Fact};
use crate::record::{Direction, Party, Record};

/// How long an agent was in each state of a day, and what became of the calls that were offered.
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
    /// Offers that rang for the whole ring time.
    pub unanswered: usize,
    /// Offers that the agent refused.
    pub declined: usize,
    /// How the agent stands at the end of it, and since when: not before its beginning.
    pub standing: Option<(Standing, Timestamp)>,
}

/// The calls of an agent's day, each counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls of others that the agent answered, also for a colleague who asked or handed over.
    pub taken: usize,
    /// Calls that the agent made, to the outside or to a colleague.
    pub made: usize,
    /// Callbacks in which this agent had the customer dialled.
    pub callbacks: usize,
    /// Promises that hung on one of these callbacks and were kept.
    pub kept: usize,
    /// Promises that hung on one of these callbacks, and the customer was dialled too late.
    pub late: usize,
}

impl Tally {
    /// Counts these calls of this agent.
    #[must_use]
    pub fn of<'a>(agent: &AgentKey, calls: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut tally = Tally::default();
        for call in calls {
            tally.count(agent, call);
        }
        tally
    }

    fn count(&mut self, agent: &AgentKey, call: &Record) {
        let made = call.is_made_by(agent);
        match call.direction {
            Direction::Callback if made => {
                // Who never had the customer dialled has called nobody back.
                if call.dialled.is_some() {
                    self.callbacks += 1;
                }
                match call.kept_promise() {
                    Some(true) => self.kept += 1,
                    Some(false) => self.late += 1,
                    None => {}
                }
            }
            Direction::Out | Direction::Internal if made => self.made += 1,
            Direction::In | Direction::Callback | Direction::Out | Direction::Internal => {
                let own = call.legs.iter().filter(|leg| matches!(&leg.party, Party::Agent(one) if one == agent));
                if own.clone().any(|leg| leg.answered.is_some()) {
                    self.taken += 1;
                }
            }
        }
    }
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
        let (mut since, mut begun, mut stood) = (from, from, before);
        if stood.state != AgentState::NotSignedIn {
            day.signed_in_at = Some(from);
        }
        for Dated { at, fact } in facts {
            if let Fact::OfferEnded { end, .. } = fact {
                day.ended(*end);
            }
            let Fact::AgentChanged { to, reason, .. } = fact else { continue };
            let at = (*at).max(since).min(until);
            day.add(&stood, at.since(since));
            if stood.state != *to || stood.reason != *reason {
                begun = at;
            }
            since = at;
            stood = Standing { state: *to, reason: reason.clone() };
            if *to != AgentState::NotSignedIn {
                day.signed_in_at.get_or_insert(at);
            }
        }
        day.add(&stood, until.since(since));
        day.standing = Some((stood, begun));
        day
    }

    fn ended(&mut self, end: OfferEnd) {
        match end {
            OfferEnd::NoAnswer => self.unanswered += 1,
            OfferEnd::Declined => self.declined += 1,
            OfferEnd::Accepted | OfferEnd::Unreachable | OfferEnd::Withdrawn | OfferEnd::Interrupted => {}
        }
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
    use nohold_model::ExtensionKey;

    use super::*;
    use crate::agent::{AfterOffer, Input, Mode};
    use crate::entry::{Actor, Change, Window};
    use crate::fact::{Arrival, CallEnd};
    use crate::fixture::{Works, agent, at, attempt, call, customer, entry, leg, offer};
    use crate::hours::Zone;
    use crate::record::tell;
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
        let nothing = Workday { standing: Some((away(), at(0))), ..Workday::default() };
        assert_eq!(Workday::tell(at(0), at(60), away(), &[]), nothing);
    }

    #[test]
    fn a_day_has_as_many_hours_as_the_clocks_of_the_site_give_it() {
        let zone = Zone::new("Europe/Berlin").unwrap();
        let before = Standing { state: AgentState::Available, reason: None };
        for (noon, hours) in [
            // 29 March, 25 October and 2 March of 2026, each at 10:00 UTC.
            (1_774_778_400_000, 23),
            (1_792_922_400_000, 25),
            (1_772_445_600_000, 24),
        ] {
            let (from, until) = zone.day(Timestamp::from_millis(noon));
            let day = Workday::tell(from, until, before.clone(), &[]);
            assert_eq!(day.signed_in, Millis::hours(hours));
        }
    }

    #[test]
    fn offers_that_rang_out_and_those_that_were_refused_are_counted_apart() {
        let ended = |n: u32, end| {
            let (offer, after) = (offer(n), AfterOffer::default());
            Dated { at: at(n.into()), fact: Fact::OfferEnded { offer, end, after } }
        };
        let facts = [
            ended(1, OfferEnd::NoAnswer),
            ended(2, OfferEnd::Declined),
            ended(3, OfferEnd::Withdrawn),
            ended(4, OfferEnd::Accepted),
            ended(5, OfferEnd::NoAnswer),
        ];
        let day = Workday::tell(at(0), at(60), away(), &facts);
        assert_eq!((day.unanswered, day.declined), (2, 1));
    }

    #[test]
    fn the_present_state_runs_since_it_began_though_not_since_before_midnight() {
        let before = Standing { state: AgentState::Break, reason: Some("night".into()) };
        let day = Workday::tell(at(20), at(80), before.clone(), &[]);
        assert_eq!(day.standing, Some((before, at(20))));
        let facts = lived(&[(10, Input::SignIn), (40, Input::Choose(Mode::NotReady))]);
        let day = Workday::tell(at(0), at(60), away(), &facts);
        assert_eq!(day.standing, Some((Standing { state: AgentState::NotReady, reason: None }, at(40))));
    }

    fn told(n: u32, facts: &[(i64, Fact)]) -> Record {
        let facts: Vec<Dated> = facts.iter().map(|(at_, fact)| Dated { at: at(*at_), fact: fact.clone() }).collect();
        let owner = |phone: &ExtensionKey| Some(agent(phone.as_str()));
        tell(call(n), &facts, owner).unwrap()
    }

    fn callback(n: u32, dialled: bool) -> Record {
        let change = Change::CallBegan { agent: agent("2000"), call: call(n), beyond_window: false };
        let mut facts = vec![(0, Fact::EntryChanged { entry: entry(n), change, by: Actor::Agent(agent("2000")) })];
        if dialled {
            let (attempt, number) = (attempt(n), customer(1));
            facts.push((5, Fact::AttemptBegan { attempt, entry: entry(n), call: call(n), number }));
        }
        facts.push((60, Fact::CallEnded { call: call(n), how: CallEnd::Callback }));
        told(n, &facts)
    }

    #[test]
    fn calls_are_taken_made_or_called_back_and_a_promise_is_kept_or_late() {
        let arrived = |n: u32, colleague: Option<&str>| {
            let colleague = colleague.map(|key| ExtensionKey::new(key).unwrap());
            let (number, called, service) = (Some(customer(1)), None, None);
            (0, Fact::CallArrived(Arrival { call: call(n), leg: leg(n), number, called, service, colleague }))
        };
        let connected = |n: u32, key: &str| (5, Fact::Connected { call: call(n), agent: agent(key) });
        let ended = |n: u32, how| (60, Fact::CallEnded { call: call(n), how });
        let by_me = [arrived(2, Some("2000")), connected(2, "2001"), ended(2, CallEnd::Direct)];
        let to_me = [arrived(3, Some("2001")), connected(3, "2000"), ended(3, CallEnd::Direct)];
        let mut in_time = callback(4, true);
        in_time.promise = Some(Window { from: at(0), to: at(5) });
        let mut late = callback(5, true);
        late.promise = Some(Window { from: at(0), to: at(4) });
        let calls = [
            told(1, &[arrived(1, None), connected(1, "2000"), ended(1, CallEnd::Served)]),
            told(2, &by_me),
            told(3, &to_me),
            in_time,
            late,
            callback(6, true),
            callback(7, false),
        ];
        let mine = Tally::of(&agent("2000"), &calls);
        assert_eq!(mine, Tally { taken: 2, made: 1, callbacks: 3, kept: 1, late: 1 });
        let theirs = Tally::of(&agent("2001"), &calls);
        assert_eq!(theirs, Tally { taken: 1, made: 1, ..Tally::default() }, "a promise is whose callback it hung on");
        assert_eq!(Tally::of(&agent("2002"), &calls), Tally::default());
    }
}
