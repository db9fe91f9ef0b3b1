//! What an agent and the customer have agreed upon is taken back.

use nohold_model::{Millis, ServiceKey};

use super::follow_up::{agree, agree_by, asked_and_talking, called_back, due, hang_up, served, talk};
use crate::entry::{self, Actor, Change, CloseReason, Entry, Outcome, State};
use crate::fact::{CallEnd, Fact, LeftQueue};
use crate::fixture::{Works, agent, by, call, customer, entry, group_b, queue, queue_600, supervisor};
use crate::transaction::{Answer, Refusal, Transaction};

fn take_back(works: &mut Works, of_call: u32, n: u32, by: Actor) -> Answer {
    works.run(&Transaction::TakeBackFollowUp { call: call(of_call), entry: entry(n), by })
}

fn refused(why: entry::Refusal) -> Answer {
    Answer::Refused(Refusal::Entry(why))
}

/// The entry without what counts its changes.
fn as_it_is(works: &Works, n: u32) -> Entry {
    Entry { version: 0, waiting_since: None, ..works.entry(n).clone() }
}

#[test]
fn a_request_that_was_moved_stands_as_it_stood_and_the_call_settles_it_after_all() {
    for target in [queue_600(), group_b()] {
        let mut works = asked_and_talking(target.clone());
        works.change(5, Change::Reassign { target: None, agent: Some(agent("2002")) }, supervisor());
        works.told();
        let before = as_it_is(&works, 5);
        agree(&mut works, 1, true);
        works.pass(Millis::seconds(10));
        agree(&mut works, 1, false);
        assert_ne!(as_it_is(&works, 5), before);
        works.told();
        assert_eq!(take_back(&mut works, 1, 5, by("2000")), Answer::Done, "both times together: {target:?}");
        assert_eq!(as_it_is(&works, 5), before);
        assert_eq!(works.told(), "Entry:FollowUpTakenBack");
        assert!(matches!(take_back(&mut works, 1, 5, by("2000")), Answer::Refused(_)), "once");
        served(&mut works);
        let closed = State::Closed { reason: CloseReason::Served, at: works.now };
        assert_eq!(works.entry(5).state, closed);
    }
}

#[test]
fn who_has_chosen_to_keep_it_open_before_still_has() {
    let mut works = asked_and_talking(queue_600());
    let keep = Transaction::KeepOpen { call: call(1), entry: entry(5), keep: true, by: by("2000") };
    assert_eq!(works.run(&keep), Answer::Done);
    agree(&mut works, 1, true);
    take_back(&mut works, 1, 5, by("2000"));
    served(&mut works);
    assert_eq!(works.entry(5).state, State::Waiting);
}

#[test]
fn who_chooses_to_keep_it_open_after_the_agreement_has_it_open_whenever_that_is_taken_back() {
    for after_the_end in [false, true] {
        let mut works = asked_and_talking(queue_600());
        agree(&mut works, 1, true);
        let keep = |keep| Transaction::KeepOpen { call: call(1), entry: entry(5), keep, by: by("2000") };
        assert_eq!(works.run(&keep(false)), Answer::Done);
        assert_eq!(works.run(&keep(true)), Answer::Done);
        if after_the_end {
            served(&mut works);
        }
        assert_eq!(take_back(&mut works, 1, 5, by("2000")), Answer::Done);
        if !after_the_end {
            served(&mut works);
        }
        assert_eq!(works.entry(5).state, State::Waiting, "after the end: {after_the_end}");
    }
}

#[test]
fn a_callback_is_settled_by_its_outcome_though_what_was_agreed_upon_in_it_is_taken_back_in_the_wrap_up() {
    let mut works = called_back();
    agree(&mut works, 11, true);
    let service = ServiceKey::new("support").unwrap();
    works.record(Fact::Served { call: call(11), number: customer(1), service, agent: agent("2000") });
    hang_up(&mut works);
    assert_eq!(take_back(&mut works, 11, 5, by("2000")), Answer::Done);
    assert!(matches!(works.entry(5).state, State::Noting { .. }), "{:?}", works.entry(5).state);
}

#[test]
fn a_new_one_is_withdrawn_but_for_what_the_customer_has_left_behind_since() {
    let mut works = Works::new();
    talk(&mut works);
    agree(&mut works, 1, true);
    assert_eq!(take_back(&mut works, 1, 9, by("2000")), Answer::Done);
    assert_eq!(works.entry(9).state, State::Closed { reason: CloseReason::Cancelled, at: works.now });

    let mut works = Works::new();
    talk(&mut works);
    agree(&mut works, 1, true);
    give_up(&mut works, 3);
    assert_eq!(take_back(&mut works, 1, 9, by("2000")), Answer::Done);
    let left = works.entry(9);
    assert_eq!((&left.state, left.section(), left.due), (&State::Waiting, entry::Section::Missed, works.now));
    assert_eq!(left.assigned, None);
}

/// The customer rings in once more and gives up.
fn give_up(works: &mut Works, n: u32) {
    works.wait(n, &customer(1));
    works.pass(Millis::seconds(30));
    works.record(Fact::LeftQueue { call: call(n), why: LeftQueue::HungUp });
    works.record(Fact::Missed {
        entry: entry(n),
        call: call(n),
        number: Some(customer(1)),
        target: queue_600(),
        left_at: entry::LeftAt::Queue(queue("600")),
        waited: Millis::seconds(30),
        short: false,
    });
    works.record(Fact::CallEnded { call: call(n), how: CallEnd::Missed });
}

#[test]
fn a_missed_call_that_became_a_request_is_one_again_and_counts_what_came_since() {
    let mut works = Works::new();
    give_up(&mut works, 2);
    works.pass(Millis::minutes(1));
    talk(&mut works);
    let before = works.entry(2).clone();
    agree(&mut works, 1, true);
    assert_eq!(works.entry(2).section(), entry::Section::Requests);
    give_up(&mut works, 3);
    assert_eq!(take_back(&mut works, 1, 2, by("2000")), Answer::Done);
    let after = works.entry(2);
    assert_eq!((after.section(), after.missed.count), (entry::Section::Missed, before.missed.count + 1));
    assert_eq!((after.place, after.due, after.last), (before.place, before.due, works.now));
}

#[test]
fn in_a_callback_the_outcome_settles_it_again() {
    for before_the_end in [true, false] {
        let mut works = called_back();
        let promise = due(&works, 5).1;
        if !before_the_end {
            hang_up(&mut works);
        }
        agree(&mut works, 11, true);
        assert_ne!(due(&works, 5).1, promise);
        assert_eq!(take_back(&mut works, 11, 5, by("2000")), Answer::Done);
        assert_eq!(due(&works, 5).1, promise);
        if before_the_end {
            hang_up(&mut works);
        }
        let done = Outcome::Close { reason: CloseReason::Done, disposition: None, note: String::new() };
        assert_eq!(works.change(5, Change::Outcome(done), by("2000")), Answer::Done);
        assert!(!works.entry(5).is_open(), "{before_the_end}");
    }
}

#[test]
fn what_others_have_made_of_it_since_is_not_undone() {
    let mut works = asked_and_talking(queue_600());
    agree(&mut works, 1, false);
    assert_eq!(take_back(&mut works, 7, 5, by("2000")), refused(entry::Refusal::NotAgreedNow), "in another call");
    works.change(5, Change::Claim { agent: agent("2001") }, by("2001"));
    assert_eq!(take_back(&mut works, 1, 5, by("2000")), refused(entry::Refusal::HeldBy(agent("2001"))));
    works.change(5, Change::Release, by("2001"));
    assert_eq!(take_back(&mut works, 1, 5, by("2000")), Answer::Done, "who gives a claim back has done nothing");

    let mut works = asked_and_talking(queue_600());
    agree(&mut works, 1, true);
    works.change(5, Change::Reassign { target: None, agent: Some(agent("2002")) }, supervisor());
    assert_eq!(take_back(&mut works, 1, 5, by("2000")), refused(entry::Refusal::NotAgreedNow));
    assert_eq!(works.entry(5).assigned, Some(agent("2002")));
}

#[test]
fn what_the_customer_was_told_since_is_not_undone() {
    let mut works = Works::new();
    talk(&mut works);
    agree(&mut works, 1, true);
    let promise = due(&works, 9).1;
    works.wait(4, &customer(1));
    let told = works.ask(4, &customer(1), queue_600());
    assert_eq!(Some(told), promise.map(|promise| Answer::AlreadyOpen { entry: entry(9), promise }));
    assert_eq!(take_back(&mut works, 1, 9, by("2000")), refused(entry::Refusal::NotAgreedNow));
    assert_eq!(due(&works, 9).1, promise);
}

#[test]
fn whom_the_conversation_has_served_is_not_called_again_though_it_is_taken_back_after_its_end() {
    let mut works = asked_and_talking(queue_600());
    agree(&mut works, 1, true);
    served(&mut works);
    assert_eq!(works.entry(5).state, State::Waiting);
    works.told();
    assert_eq!(take_back(&mut works, 1, 5, by("2000")), Answer::Done);
    assert_eq!(works.told(), "Entry:FollowUpTakenBack Entry:Served", "its history says both");
    assert_eq!(works.entry(5).state, State::Closed { reason: CloseReason::Served, at: works.now });
    // Who has called again since wants something.
    let mut works = asked_and_talking(queue_600());
    agree(&mut works, 1, true);
    served(&mut works);
    works.record(Fact::CallEnded { call: call(1), how: CallEnd::Served });
    give_up(&mut works, 3);
    assert_eq!(take_back(&mut works, 1, 5, by("2000")), Answer::Done);
    assert_eq!(works.entry(5).state, State::Waiting);
}

#[test]
fn nobody_takes_back_what_a_colleague_has_agreed_upon_later_in_the_same_call() {
    let mut works = asked_and_talking(queue_600());
    agree(&mut works, 1, true);
    served(&mut works);
    works.pass(Millis::minutes(1));
    let first = as_it_is(&works, 5);
    let later = agree_by(&mut works, 1, true, by("2001"));
    let moved = as_it_is(&works, 5);
    assert_eq!(moved.request.as_ref().unwrap().agreed_by, Some(agent("2001")), "{later:?}");
    assert_eq!(take_back(&mut works, 1, 5, by("2000")), refused(entry::Refusal::NotAgreedNow));
    assert_eq!(as_it_is(&works, 5), moved);
    // Who has agreed thinks better of it: what the colleague of before has agreed upon stands.
    assert_eq!(take_back(&mut works, 1, 5, by("2001")), Answer::Done);
    assert_eq!(as_it_is(&works, 5), first);
    assert_eq!(take_back(&mut works, 1, 5, by("2000")), Answer::Done);
    assert_eq!(works.entry(5).state, State::Closed { reason: CloseReason::Served, at: works.now }, "served meanwhile");
}

#[test]
fn what_is_agreed_upon_stays_open_though_the_agent_lets_the_call_settle_it() {
    let mut works = asked_and_talking(queue_600());
    agree(&mut works, 1, true);
    let settle = Transaction::KeepOpen { call: call(1), entry: entry(5), keep: false, by: by("2000") };
    assert_eq!(works.run(&settle), Answer::Done);
    served(&mut works);
    assert_eq!(works.entry(5).state, State::Waiting);
    assert_eq!(take_back(&mut works, 1, 5, by("2000")), Answer::Done);
    assert!(matches!(works.entry(5).state, State::Closed { .. }));
}

#[test]
fn a_postponement_is_no_agreement_any_more() {
    let mut works = asked_and_talking(queue_600());
    agree(&mut works, 1, true);
    let from = works.now + Millis::hours(5);
    let window = entry::Window { from, to: from + Millis::hours(1) };
    let postpone = Outcome::Postpone { window, disposition: None, note: String::new() };
    works.change(5, Change::Outcome(postpone), supervisor());
    let request = works.entry(5).request.clone().unwrap();
    assert_eq!((request.promise, request.agreed_in, request.agreed_by), (window, None, None));
}

#[test]
fn what_is_agreed_upon_does_not_count_against_what_the_customer_may_ask_for() {
    let mut works = Works::new();
    talk(&mut works);
    for _ in 0..8 {
        agree(&mut works, 1, true);
        assert_eq!(take_back(&mut works, 1, 9, by("2000")), Answer::Done);
        works.tables.entries.clear();
    }
    works.wait(4, &customer(1));
    assert!(matches!(works.ask(4, &customer(1), queue_600()), Answer::Requested { .. }));
}
