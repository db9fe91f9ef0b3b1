use nohold_model::Millis;

use super::*;
use crate::entry::{Actor, CameTo, Change};
use crate::fixture::{Works, at, attempt, call, customer, entry, offer, queue_600};

#[test]
fn an_entry_is_found_by_its_number_while_it_is_open_and_not_afterwards() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.ask(1, &customer(1), queue_600());
    assert_eq!(works.tables.open_entries(&customer(1)), Ok(vec![entry(1)]));
    assert_eq!(works.tables.open_entries(&customer(2)), Ok(Vec::new()));
    assert_eq!(works.tables.open_requests().count(), 1);
    works.change(1, Change::Cancel, Actor::Customer);
    assert!(!works.entry(1).is_open());
    assert_eq!(works.tables.open_entries(&customer(1)), Ok(Vec::new()));
    assert_eq!(works.tables.open_requests().count(), 0);
}

#[test]
fn an_entry_that_gets_another_number_is_found_by_that_one_alone() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.ask(1, &customer(1), queue_600());
    let moved = Entry { number: Some(customer(2)), ..works.entry(1).clone() };
    works.tables.put(Write::Entry(Box::new(moved)));
    assert_eq!(works.tables.open_entries(&customer(1)), Ok(Vec::new()));
    assert_eq!(works.tables.open_entries(&customer(2)), Ok(vec![entry(1)]));
}

#[test]
fn an_offer_is_live_until_it_ends() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    assert_eq!(works.tables.live_offers(call(1)), Ok(vec![offer(1)]));
    assert_eq!(works.tables.snapshot().offers.len(), 1);
    works.recover(1);
    assert_eq!(works.tables.live_offers(call(1)), Ok(Vec::new()));
    assert!(works.tables.snapshot().offers.is_empty());
}

#[test]
fn an_attempt_is_found_by_its_number_until_it_is_gone_or_old() {
    let mut tables = Tables::default();
    let tried = |n: u32, began: i64| Tried {
        attempt: attempt(n),
        number: customer(1),
        entry: Some(entry(1)),
        business: None,
        began: at(began),
        not_before: at(began + 600),
        came_to: CameTo::Nothing,
    };
    for (n, began) in [(1, 0), (2, 100), (3, 200)] {
        tables.put(Write::Tried(tried(n, began)));
    }
    let found = |tables: &Tables, since: i64| {
        let tries = tables.tries_since(&customer(1), at(since)).unwrap();
        tries.into_iter().map(|tried| tried.attempt).collect::<Vec<_>>()
    };
    assert_eq!(found(&tables, 0), [attempt(1), attempt(2), attempt(3)]);
    assert_eq!(found(&tables, 100), [attempt(2), attempt(3)]);
    assert_eq!(tables.tries_since(&customer(2), at(0)), Ok(Vec::new()));
    tables.put(Write::TriedGone(customer(1), attempt(2)));
    tables.forget_tries_before(at(1));
    assert_eq!(found(&tables, 0), [attempt(3)]);
    tables.put(Write::TriedGone(customer(1), attempt(3)));
    assert_eq!(tables, Tables::default());
}

#[test]
fn what_is_old_is_forgotten_and_what_is_open_stays() {
    let mut works = Works::new();
    for n in [1, 2] {
        works.wait(n, &customer(n));
        works.ask(n, &customer(n), queue_600());
        works.pass(Millis::hours(30));
    }
    works.wait(3, &customer(3));
    works.reserve(3, 3, "2000");
    works.tables.forget_before(at(0) + Millis::hours(30));
    let then = at(-1);
    let counted = [1, 2].map(|n| works.tables.requests_since(&customer(n), then).unwrap());
    assert_eq!(counted, [0, 1]);
    assert_eq!(works.tables.entries.len(), 2);
    assert_eq!(works.tables.live_offers(call(3)), Ok(vec![offer(3)]));
    assert!(works.tables.facts.iter().all(|fact| fact.at >= at(0) + Millis::hours(30)));
}
