use nohold_model::{GroupKey, Millis};
use proptest::prelude::*;
use proptest::strategy::Strategy as Drawn;

use super::*;
use crate::agent::{self, AfterOffer, Input};
use crate::directory::Strategy;
use crate::fixture::{a_queue, agent, at, available, call, directory, offer, queue, waiting};

/// Who is offered whose call: `2000→1`.
fn offers(snapshot: &Snapshot, directory: &Directory) -> String {
    let number = |call: CallId| (0..100).find(|n| crate::fixture::call(*n) == call).unwrap();
    let pairs = assign(snapshot, directory, at(600));
    pairs.iter().map(|pair| format!("{}→{}", pair.agent, number(pair.call))).collect::<Vec<_>>().join(" ")
}

fn snapshot(callers: impl IntoIterator<Item = Waiting>, agents: impl IntoIterator<Item = Agent>) -> Snapshot {
    Snapshot { waiting: callers.into_iter().collect(), agents: agents.into_iter().collect(), ..Snapshot::default() }
}

fn strategy(strategy: Strategy) -> Directory {
    let mut directory = directory();
    directory.queues.get_mut(&queue("600")).unwrap().strategy = strategy;
    directory
}

/// The directory with queue 700 beside 600, served by the same groups.
fn two_queues() -> Directory {
    let mut directory = directory();
    directory.queues.insert(queue("700"), a_queue("700", &["support-a", "support-b"]));
    directory
}

fn in_700(n: u32) -> Waiting {
    Waiting { queue: queue("700"), ..waiting(n) }
}

fn rings(n: u32, key: &str) -> Offer {
    Offer {
        id: offer(n),
        call: call(n),
        stay: 1,
        queue: Some(queue("600")),
        agent: agent(key),
        made: at(500),
        ring_until: at(700),
        ended: None,
    }
}

#[test]
fn the_agent_who_has_been_free_the_longest_gets_the_caller_who_came_first() {
    let agents = [available("2000", at(30)), available("2001", at(10)), available("2002", at(20))];
    assert_eq!(offers(&snapshot([waiting(2), waiting(1)], agents), &directory()), "2001→1 2002→2");
}

#[test]
fn an_agent_who_is_still_on_the_phone_with_a_star_code_is_offered_nothing() {
    let agents = [available("2000", at(10)), available("2001", at(20))];
    let mut at_work = snapshot([waiting(1)], agents);
    at_work.busy_phones.insert(agent("2000"));
    assert_eq!(offers(&at_work, &directory()), "2001→1");
    at_work.busy_phones.clear();
    assert_eq!(offers(&at_work, &directory()), "2000→1");
}

#[test]
fn an_agent_who_waits_in_the_line_gets_the_next_caller_and_not_the_own_call() {
    let own = || Waiting { caller: Some(agent("2000")), ..waiting(1) };
    let lone = snapshot([own(), waiting(2)], [available("2000", at(0))]);
    let two = snapshot([own(), waiting(2)], [available("2000", at(0)), available("2001", at(10))]);
    for strategy_of in [Strategy::LongestIdle, Strategy::RoundRobin] {
        assert_eq!(offers(&lone, &strategy(strategy_of)), "2000→2");
        assert_eq!(offers(&two, &strategy(strategy_of)), "2001→1 2000→2");
    }
    assert_eq!(offers(&two, &strategy(Strategy::RingAll)), "2001→1 2000→2");
}

#[test]
fn round_robin_goes_on_behind_the_agent_who_was_rung_last() {
    let directory = strategy(Strategy::RoundRobin);
    let agents = || ["2000", "2001", "2002"].map(|key| available(key, at(0)));
    let mut snapshot = snapshot([waiting(1), waiting(2)], agents());
    assert_eq!(offers(&snapshot, &directory), "2000→1 2001→2");
    snapshot.memory = BTreeMap::from([(queue("600"), agent("2001"))]);
    assert_eq!(offers(&snapshot, &directory), "2002→1 2000→2");
    // Who was rung last is away: it goes on behind that place all the same.
    snapshot.agents.remove(1);
    assert_eq!(offers(&snapshot, &directory), "2002→1 2000→2");
}

#[test]
fn ring_all_rings_everybody_for_the_first_and_who_gets_free_joins() {
    let directory = strategy(Strategy::RingAll);
    let mut snapshot = snapshot([waiting(2), waiting(1)], ["2000", "2001"].map(|key| available(key, at(0))));
    assert_eq!(offers(&snapshot, &directory), "2000→1 2001→1");
    // 2000 is being rung for caller 1; 2002 gets free while caller 2 waits behind.
    snapshot.offers = vec![rings(1, "2000")];
    snapshot.agents = vec![available("2002", at(0))];
    assert_eq!(offers(&snapshot, &directory), "2002→1");
}

#[test]
fn nobody_joins_a_ringing_while_a_caller_of_another_queue_has_no_phone_ringing() {
    let mut directory = two_queues();
    directory.queues.get_mut(&queue("600")).unwrap().strategy = Strategy::RingAll;
    let mut snapshot = snapshot([waiting(1), in_700(2)], [available("2001", at(0))]);
    snapshot.offers = vec![rings(1, "2000")];
    assert_eq!(offers(&snapshot, &directory), "2001→2");
}

#[test]
fn a_caller_for_whom_a_phone_rings_is_not_given_a_second_agent() {
    let mut snapshot = snapshot([waiting(1)], [available("2001", at(0))]);
    snapshot.offers = vec![rings(1, "2000")];
    assert_eq!(offers(&snapshot, &directory()), "");
}

#[test]
fn class_comes_before_priority_and_priority_before_place() {
    let callers = [
        waiting(1),
        Waiting { priority: 5, ..waiting(2) },
        Waiting { class: Class::Returning, ..waiting(3) },
        Waiting { class: Class::CalledBack, ..waiting(4) },
        Waiting { class: Class::Recovered, ..waiting(5) },
    ];
    let mut turns: Vec<_> = callers.iter().collect();
    turns.sort_by_key(|caller| turn(caller));
    assert_eq!(turns.iter().map(|caller| caller.call).collect::<Vec<_>>(), [5, 4, 3, 2, 1].map(call));
}

#[test]
fn an_agent_who_serves_two_queues_takes_the_queue_of_the_better_priority_first() {
    let mut directory = two_queues();
    let both = || snapshot([waiting(1), in_700(2)], [available("2000", at(0))]);
    assert_eq!(offers(&both(), &directory), "2000→1", "without priorities the longest place decides");
    let profile = directory.agents.get_mut(&agent("2000")).unwrap();
    profile.priorities = BTreeMap::from([(queue("600"), 2), (queue("700"), 1)]);
    assert_eq!(offers(&both(), &directory), "2000→2");
    // Agents for whom the queue comes first are rung before those who only help out.
    let helped = snapshot([waiting(1)], [available("2000", at(0)), available("2001", at(300))]);
    assert_eq!(offers(&helped, &directory), "2001→1");
}

#[test]
fn who_is_keying_a_number_or_recording_is_passed_over_and_keeps_the_place() {
    let keying = Waiting { connectable: false, ..waiting(1) };
    assert_eq!(offers(&snapshot([keying, waiting(2)], [available("2000", at(0))]), &directory()), "2000→2");
    assert_eq!(offers(&snapshot([waiting(1), waiting(2)], [available("2000", at(0))]), &directory()), "2000→1");
}

#[test]
fn agents_on_break_in_wrap_up_in_the_retry_pause_or_without_an_answer_are_left_alone() {
    let is_rung = |inputs: &[Input]| {
        let free =
            inputs.iter().fold(available("2000", at(0)), |agent, input| agent::next(&agent, at(595), input).unwrap());
        !offers(&snapshot([waiting(1)], [free]), &directory()).is_empty()
    };
    let ended =
        |end, pause| Input::OfferEnded(offer(1), end, AfterOffer { pause: Millis::seconds(pause), forgiving: true });
    let offered = Input::Offer(offer(1), call(9));
    let accepted = ended(OfferEnd::Accepted, 0);
    let free = |wrap_up| Input::Free(call(9), crate::agent::Follows::timed(Millis::seconds(wrap_up)));
    assert!(is_rung(&[]));
    assert!(!is_rung(&[Input::Choose(agent::Mode::Break("lunch".into()))]));
    assert!(!is_rung(&[offered.clone(), ended(OfferEnd::Declined, 6)]));
    assert!(is_rung(&[offered.clone(), ended(OfferEnd::Declined, 5)]));
    assert!(!is_rung(&[offered.clone(), ended(OfferEnd::Unreachable, 0)]));
    assert!(!is_rung(&[offered.clone(), accepted.clone()]));
    assert!(!is_rung(&[offered.clone(), accepted.clone(), free(30)]));
    assert!(is_rung(&[offered, accepted, free(0)]));
}

#[test]
fn agents_of_other_groups_and_queues_nobody_knows_are_left_out() {
    let stray = Waiting { queue: queue("999"), ..waiting(2) };
    assert_eq!(offers(&snapshot([waiting(1), stray], [available("2003", at(0))]), &directory()), "");
}

fn any_snapshot() -> impl Drawn<Value = (Snapshot, Directory)> {
    let caller = (0_u32..12, 0_u8..3, any::<bool>(), any::<bool>(), any::<bool>(), 0_u8..4);
    let agents = prop::collection::vec((any::<bool>(), 0_i64..60, 0_u8..3, 0_u8..3), 6);
    let strategies = prop::collection::vec(0_usize..3, 2);
    (prop::collection::vec(caller, 0..12), agents, strategies, prop::option::of(0_usize..6)).prop_map(
        |(callers, agents, strategies, last)| {
            let mut directory = two_queues();
            let key = |n: usize| agent(&format!("200{n}"));
            let group = GroupKey::new("support-a").unwrap();
            directory.groups.get_mut(&group).unwrap().agents = (0..6).map(key).collect();
            for (name, strategy) in ["600", "700"].into_iter().zip(strategies) {
                directory.queues.get_mut(&queue(name)).unwrap().strategy =
                    [Strategy::LongestIdle, Strategy::RoundRobin, Strategy::RingAll][strategy];
            }
            let profile = directory.agents[&agent("2000")].clone();
            let mut snapshot = Snapshot::default();
            for (n, (free, since, six, seven)) in agents.into_iter().enumerate() {
                let priorities = BTreeMap::from([(queue("600"), six), (queue("700"), seven)]);
                let one = crate::directory::AgentProfile { key: key(n), priorities, ..profile.clone() };
                directory.agents.insert(key(n), one);
                if free {
                    snapshot.agents.push(available(key(n).as_str(), at(since)));
                }
            }
            for (n, (place, priority, connectable, rung, seven, class)) in callers.into_iter().enumerate() {
                let n = u32::try_from(n).unwrap();
                let class =
                    [Class::Recovered, Class::CalledBack, Class::Returning, Class::Ordinary][usize::from(class)];
                let name = if seven { "700" } else { "600" };
                let place = at(place.into());
                snapshot.waiting.push(Waiting {
                    queue: queue(name),
                    priority,
                    place,
                    connectable,
                    class,
                    ..waiting(n)
                });
                if rung {
                    snapshot.offers.push(rings(n, "2009"));
                }
            }
            snapshot.memory.extend(last.map(|last| (queue("600"), key(last))));
            (snapshot, directory)
        },
    )
}

proptest! {
    #[test]
    fn agents_get_one_caller_each_and_nobody_is_passed_over((snapshot, directory) in any_snapshot()) {
        let pairs = assign(&snapshot, &directory, at(600));
        let agents: BTreeSet<_> = pairs.iter().map(|pair| &pair.agent).collect();
        prop_assert_eq!(agents.len(), pairs.len(), "an agent is named twice: {:?}", pairs);
        let is_rung = |call| snapshot.offers.iter().any(|offer| offer.call == call);
        let gets_one = |call| pairs.iter().any(|pair| pair.call == call);
        for pair in &pairs {
            let mine = snapshot.waiting.iter().find(|caller| caller.call == pair.call).unwrap();
            prop_assert!(mine.connectable && mine.queue == pair.queue);
            let ring_all = directory.queue(&mine.queue).unwrap().strategy == Strategy::RingAll;
            prop_assert!(ring_all || !is_rung(mine.call), "a second agent for one caller");
            for other in snapshot.waiting.iter().filter(|other| other.queue == mine.queue && other.connectable) {
                let earlier = turn(other) < turn(mine) && (ring_all || !is_rung(other.call));
                prop_assert!(!earlier || gets_one(other.call), "{} is passed over for {}", other.call, mine.call);
            }
        }
        // I-4: who is left without a ringing phone is left for want of an agent (all serve both queues here).
        let left = snapshot.waiting.iter().find(|caller| {
            let behind_a_ringing = directory.queue(&caller.queue).unwrap().strategy == Strategy::RingAll
                && snapshot.waiting.iter().any(|other| {
                    other.queue == caller.queue && other.connectable && (is_rung(other.call) || gets_one(other.call))
                });
            caller.connectable && !is_rung(caller.call) && !gets_one(caller.call) && !behind_a_ringing
        });
        prop_assert!(left.is_none() || pairs.len() == snapshot.agents.len(), "{:?} waits while somebody is free", left);
    }
}

#[test]
fn who_has_declined_a_caller_comes_last_for_that_caller_alone() {
    let declined = || Waiting { declined: BTreeSet::from([agent("2000")]), ..waiting(1) };
    let both = || [available("2000", at(10)), available("2001", at(20))];
    assert_eq!(offers(&snapshot([waiting(1)], both()), &directory()), "2000→1");
    assert_eq!(offers(&snapshot([declined()], both()), &directory()), "2001→1", "somebody else is free");
    let alone = available("2000", at(10));
    assert_eq!(
        offers(&snapshot([declined()], [alone]), &directory()),
        "2000→1",
        "nobody else is, and the pause is over"
    );
    assert_eq!(
        offers(&snapshot([declined(), waiting(2)], both()), &directory()),
        "2001→1 2000→2",
        "for others as before"
    );
}
