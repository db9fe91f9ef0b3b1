//! A transaction happens whole, or not at all, and in order.

use std::sync::Arc;

use nohold_core::fact::{CallEnd, Dated, Fact};
use nohold_core::transaction::{Answer, Refusal, Transaction};

use crate::Examined;
use crate::house::{House, MORNING, arrived, call, request, reserve, waiting};

pub async fn a_refused_transaction_writes_nothing<S: Examined>(store: S) {
    let house = House::open(store).await;
    house.wait(1).await;
    house.commit(reserve(1, 1, "2000")).await;
    let (facts, before) = (house.store.history().await, house.store.routing_snapshot(true).await.unwrap());
    assert_eq!(house.commit(reserve(2, 1, "2001")).await, Answer::Refused(Refusal::AlreadyOffered));
    assert_eq!(house.commit(reserve(3, 9, "2001")).await, Answer::Refused(Refusal::CallerGone));
    assert_eq!(house.store.history().await, facts);
    let after = house.store.routing_snapshot(true).await.unwrap().snapshot;
    assert_eq!((after.agents, after.offers), (before.snapshot.agents, before.snapshot.offers));
}

pub async fn records_stand_though_the_promise_beside_them_is_refused<S: Examined>(store: S) {
    let house = House::open(store).await;
    house.wait(1).await;
    house.ask(1, 1).await;
    let Transaction::Call { promise, .. } = request(2, 1) else { unreachable!() };
    let records = vec![Dated { at: MORNING, fact: arrived(2) }];
    let answer = house.commit(Transaction::Call { records, promise }).await;
    assert!(matches!(answer, Answer::AlreadyOpen { .. }), "{answer:?}");
    assert_eq!(house.store.live_calls().await.unwrap(), [call(1), call(2)]);
}

pub async fn facts_keep_their_order<S: Examined>(store: S) {
    let house = House::open(store).await;
    let begin = house.store.history().await.len();
    let mut told = Vec::new();
    for n in 1..=50 {
        let facts = [arrived(n), Fact::Queued(waiting(n))];
        told.extend(facts.iter().cloned());
        let records = facts.into_iter().map(|fact| Dated { at: MORNING, fact }).collect();
        house.commit(Transaction::Call { records, promise: None }).await;
    }
    let history: Vec<Fact> = house.store.history().await.into_iter().skip(begin).map(|dated| dated.fact).collect();
    assert_eq!(history, told);
}

pub async fn nothing_happens_before_the_transaction_is_awaited<S: Examined>(store: S) {
    let house = House::open(store).await;
    house.wait(1).await;
    let ended = Fact::CallEnded { call: call(1), how: CallEnd::Missed };
    let records = vec![Dated { at: MORNING, fact: ended }];
    let end = Transaction::Call { records, promise: None };
    drop(house.store.transact(Arc::clone(&house.directory), MORNING, end));
    assert_eq!(house.store.live_calls().await.unwrap(), [call(1)]);
}
