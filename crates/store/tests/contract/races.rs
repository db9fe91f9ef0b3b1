//! What two want at the same time, one gets.

use nohold_core::entry::{Actor, Change};
use nohold_core::transaction::{Answer, Refusal, Transaction};

use crate::Examined;
use crate::house::{AGENTS, House, agent, call_back, entry, request, reserve};

/// How often the claim is raced for: once may end well by luck.
const ROUNDS: u32 = 20;

pub async fn one_agent_is_reserved_for_one_caller_at_a_time<S: Examined>(store: S) {
    let house = House::open(store).await;
    for n in 1..=8 {
        house.wait(n).await;
    }
    let answers = house.race((1..=8).map(|n| reserve(n, n, "2000")).collect());
    let won = answers.iter().filter(|answer| matches!(answer, Answer::Reserved(_))).count();
    assert_eq!(won, 1, "{answers:?}");
    assert!(
        answers.iter().filter(|answer| **answer == Answer::Refused(Refusal::AgentState)).count() == 7,
        "{answers:?}"
    );
    let overview = house.store.routing_snapshot(true).await.unwrap();
    assert_eq!(overview.snapshot.offers.len(), 1);
}

pub async fn one_caller_is_offered_to_one_agent_at_a_time<S: Examined>(store: S) {
    let house = House::open(store).await;
    house.wait(1).await;
    let wishes = AGENTS.iter().zip(1..).map(|(key, n)| reserve(n, 1, key)).collect();
    let answers = house.race(wishes);
    let refused = answers.iter().filter(|answer| **answer == Answer::Refused(Refusal::AlreadyOffered)).count();
    assert_eq!(refused, AGENTS.len() - 1, "{answers:?}");
    assert_eq!(house.store.routing_snapshot(true).await.unwrap().snapshot.offers.len(), 1);
}

pub async fn one_agent_claims_an_entry<S: Examined>(store: S) {
    let house = House::open(store).await;
    for n in 1..=ROUNDS {
        house.wait(n).await;
        assert!(matches!(house.ask(n, n).await, Answer::Requested { .. }));
        let claim = |key: &&str| {
            let by = Actor::Agent(agent(key));
            Transaction::Entry { entry: entry(n), change: Change::Claim { agent: agent(key) }, seen: None, by }
        };
        let answers = house.race(AGENTS.iter().map(claim).collect());
        assert_eq!(answers.iter().filter(|answer| **answer == Answer::Done).count(), 1, "{answers:?}");
    }
}

pub async fn of_those_who_have_seen_the_same_version_one_is_heard<S: Examined>(store: S) {
    let house = House::open(store).await;
    for n in 1..=ROUNDS {
        house.wait(n).await;
        assert!(matches!(house.ask(n, n).await, Answer::Requested { .. }));
        let urge = |seen| Transaction::Entry {
            entry: entry(n),
            change: Change::Prioritise { priority: 9 },
            seen: Some(seen),
            by: Actor::Supervisor(agent("sue")),
        };
        let counted = |answers: Vec<Answer>, wanted: Answer| answers.iter().filter(|one| **one == wanted).count();
        // Entries count from 0 or 1 on, as the rules like; one of these is the version there is.
        let answers = house.race((0..=2).flat_map(|seen| vec![urge(seen); 4]).collect());
        let heard = counted(answers.clone(), Answer::Done);
        assert!((1..=3).contains(&heard), "{answers:?}");
        assert_eq!(counted(answers, Answer::Refused(Refusal::Changed)), 12 - heard);
    }
}

pub async fn one_number_has_one_open_request<S: Examined>(store: S) {
    let house = House::open(store).await;
    for n in 1..=8 {
        house.wait(n).await;
    }
    let answers = house.race((1..=8).map(|n| request(n, 1)).collect());
    let made = answers.iter().filter(|answer| matches!(answer, Answer::Requested { .. })).count();
    let known = answers.iter().filter(|answer| matches!(answer, Answer::AlreadyOpen { .. })).count();
    assert_eq!((made, known), (1, 7), "{answers:?}");
    assert_eq!(house.store.routing_snapshot(true).await.unwrap().requests.map(|open| open.count()), Some(1));
}

pub async fn one_agent_calls_an_entry_back<S: Examined>(store: S) {
    let house = House::open(store).await;
    house.wait(1).await;
    house.ask(1, 1).await;
    let answers = house.race(AGENTS.iter().zip(100..).map(|(key, n)| call_back(n, 1, key)).collect());
    let won = answers.iter().filter(|answer| matches!(answer, Answer::CallBack(_))).count();
    assert_eq!(won, 1, "{answers:?}");
}
