//! What a node asks for: live calls, the overview, what is due.

use std::sync::Arc;

use nohold_app::ports::Due;
use nohold_core::agent;
use nohold_core::call::Promised;
use nohold_core::entry::{Actor, Change, Target};
use nohold_core::fact::{CallEnd, Fact};
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::Millis;

use crate::Examined;
use crate::house::{AGENTS, House, MORNING, agent, call, entry, offer, queue, reserve};

pub async fn live_calls_are_those_that_have_not_ended<S: Examined>(store: S) {
    let house = House::open(store).await;
    for n in 1..=3 {
        house.wait(n).await;
    }
    house.record(Fact::CallEnded { call: call(2), how: CallEnd::Missed }).await;
    assert_eq!(house.store.live_calls().await.unwrap(), [call(1), call(3)]);
    let recover = Transaction::Recover { call: call(1), entry: entry(1) };
    assert_eq!(house.commit(recover).await, Answer::Done);
    assert_eq!(house.store.live_calls().await.unwrap(), [call(3)]);
}

pub async fn the_overview_shows_who_waits_and_who_could_take_a_call<S: Examined>(store: S) {
    let house = House::open(store).await;
    for n in 1..=2 {
        house.wait(n).await;
    }
    house.commit(reserve(1, 1, "2000")).await;
    let sign_out = agent::Input::SignOut;
    house.commit(Transaction::Agent { agent: agent("2003"), input: sign_out, by: Actor::System }).await;
    house.ask(2, 2).await;
    let overview = house.store.routing_snapshot(true).await.unwrap();
    let waiting: Vec<_> = overview.snapshot.waiting.iter().map(|row| row.call).collect();
    assert_eq!(waiting, [call(1)], "who asked for a callback does not wait in line");
    let agents: Vec<_> = overview.snapshot.agents.iter().map(|row| row.key.as_str().to_owned()).collect();
    assert_eq!(agents, AGENTS[..3]);
    let offers: Vec<_> = overview.snapshot.offers.iter().map(|row| (row.call, row.agent.clone())).collect();
    assert_eq!(offers, [(call(1), agent("2000"))]);
    let promised = MORNING + Millis::minutes(15);
    assert_eq!(overview.requests, Some(Promised::of([(Target::Queue(queue()), promised)])));
    assert_eq!(house.store.routing_snapshot(false).await.unwrap().requests, None);
}

pub async fn what_is_due_is_named_when_its_time_has_come<S: Examined>(store: S) {
    let house = House::open(store).await;
    house.wait(1).await;
    house.ask(1, 1).await;
    let change = Change::Claim { agent: agent("2000") };
    house.commit(Transaction::Entry { entry: entry(1), change, seen: None, by: Actor::Agent(agent("2000")) }).await;
    let due = async |after: Millis| house.store.due(Arc::clone(&house.directory), MORNING + after).await.unwrap();
    let claim_for = house.directory.site.claim_for;
    let nothing = Due { agents: Vec::new(), entries: Vec::new(), calls: vec![call(1)] };
    assert_eq!(due(Millis::ZERO).await, nothing);
    assert_eq!(due(claim_for).await, Due { entries: vec![entry(1)], ..nothing.clone() });
    // A wrap-up of ten seconds.
    house.wait(2).await;
    house.commit(reserve(2, 2, "2001")).await;
    let after = agent::AfterOffer::default();
    house.record(Fact::OfferEnded { offer: offer(2), end: agent::OfferEnd::Accepted, after }).await;
    house.record(Fact::Connected { call: call(2), agent: agent("2001") }).await;
    let freed = Fact::AgentFreed { call: call(2), agent: agent("2001"), wrap_up: Millis::seconds(10) };
    house.record(freed).await;
    assert_eq!(due(Millis::new(9_999)).await.agents, []);
    assert_eq!(due(Millis::seconds(10)).await.agents, [agent("2001")]);
}
