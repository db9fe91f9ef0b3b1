//! What an agent and the customer of a call agree upon: a call at a time.

use nohold_model::{Millis, ServiceKey, Timestamp};

use crate::agent::{AfterOffer, OfferEnd};
use crate::entry::{self, Actor, Change, CloseReason, Outcome, State, Target, Window};
use crate::fact::{CallEnd, Fact, LeftQueue, RequestMade};
use crate::fixture::{
    Works, agent, attempt, by, call, customer, entry, group_b, offer, queue_600, request, supervisor,
};
use crate::transaction::{Answer, Refusal, Transaction};

/// Customer 1 has asked for a call, entry 5, and rings in again: agent 2000 talks with them in call 1.
pub(super) fn asked_and_talking(target: Target) -> Works {
    let mut works = Works::new();
    works.wait(5, &customer(1));
    assert!(matches!(works.ask(5, &customer(1), target), Answer::Requested { .. }));
    works.record(Fact::CallEnded { call: call(5), how: CallEnd::Requested });
    works.pass(Millis::minutes(1));
    talk(&mut works);
    works
}

pub(super) fn talk(works: &mut Works) {
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    works.record(Fact::OfferEnded { offer: offer(1), end: OfferEnd::Accepted, after: AfterOffer::default() });
    works.record(Fact::LeftQueue { call: call(1), why: LeftQueue::Answered });
    works.record(Fact::Connected { call: call(1), agent: agent("2000") });
    works.told();
}

pub(super) fn served(works: &mut Works) {
    works.pass(Millis::seconds(40));
    let service = ServiceKey::new("support").unwrap();
    works.record(Fact::Served { call: call(1), number: customer(1), service, agent: agent("2000") });
}

fn agreed(works: &Works) -> Window {
    let from = works.now + Millis::hours(2);
    Window { from, to: from + Millis::minutes(15) }
}

/// Agent 2000 agrees upon a call in two hours, for themselves or for their group.
pub(super) fn agree(works: &mut Works, of_call: u32, for_me: bool) -> Answer {
    agree_by(works, of_call, for_me, by("2000"))
}

pub(super) fn agree_by(works: &mut Works, of_call: u32, for_me: bool, by: Actor) -> Answer {
    let made = RequestMade {
        call: None,
        promise: agreed(works),
        assigned: for_me.then(|| agent("2000")),
        path: vec!["desk/ada".into()],
        ..request(9, &customer(1), queue_600(), works.now)
    };
    works.run(&Transaction::FollowUp { call: call(of_call), made: Box::new(made), by })
}

pub(super) fn due(works: &Works, n: u32) -> (Timestamp, Option<Window>) {
    let entry = works.entry(n);
    (entry.due, entry.request.as_ref().map(|request| request.promise))
}

#[test]
fn an_open_request_is_moved_to_the_time_that_was_agreed_upon_and_given_to_whoever_has() {
    let mut works = asked_and_talking(queue_600());
    let window = agreed(&works);
    let (asked, place) = (works.entry(5).request.clone().unwrap().asked, works.entry(5).place);
    assert_eq!(agree(&mut works, 1, true), Answer::AlreadyOpen { entry: entry(5), promise: window });
    assert_eq!(due(&works, 5), (window.from, Some(window)));
    let moved = works.entry(5).clone();
    let request = moved.request.unwrap();
    assert_eq!((moved.assigned, request.agreed_in), (Some(agent("2000")), Some(call(1))));
    assert_eq!((request.asked, moved.place), (asked, place), "the wish is the same");
    assert_eq!(works.told(), "Entry:FollowUp", "whole, in one commit");
    served(&mut works);
    assert_eq!(works.entry(5).state, State::Waiting, "what was agreed upon is not done by the end of the call");
    assert_eq!(due(&works, 5), (window.from, Some(window)));
}

#[test]
fn for_the_group_nobody_is_chosen_but_whom_a_supervisor_has() {
    let mut works = asked_and_talking(queue_600());
    agree(&mut works, 1, true);
    assert!(matches!(agree(&mut works, 1, false), Answer::AlreadyOpen { .. }), "they think better of it");
    assert_eq!(works.entry(5).assigned, None);
    works.change(5, Change::Reassign { target: None, agent: Some(agent("2002")) }, supervisor());
    agree(&mut works, 1, false);
    assert_eq!(works.entry(5).assigned, Some(agent("2002")));
    // A request for another group goes to the groups of the call.
    let mut works = asked_and_talking(group_b());
    agree(&mut works, 1, true);
    assert_eq!(works.entry(5).target, group_b());
    agree(&mut works, 1, false);
    assert_eq!(works.entry(5).target, queue_600());
}

#[test]
fn a_claim_falls_by_it_and_who_is_dialling_already_goes_on() {
    let mut works = asked_and_talking(queue_600());
    works.change(5, Change::Claim { agent: agent("2001") }, by("2001"));
    assert!(matches!(agree(&mut works, 1, true), Answer::AlreadyOpen { .. }));
    assert_eq!(works.entry(5).holder(), None);
    let mut works = Works::new();
    works.wait(5, &customer(1));
    works.ask(5, &customer(1), queue_600());
    works.record(Fact::CallEnded { call: call(5), how: CallEnd::Requested });
    works.call_back(5, 11, "2001");
    talk(&mut works);
    assert_eq!(agree(&mut works, 1, true), Answer::Refused(Refusal::Entry(entry::Refusal::InCall)));
}

#[test]
fn without_an_open_request_it_is_a_new_one() {
    let mut works = Works::new();
    talk(&mut works);
    let window = agreed(&works);
    works.pass(Millis::seconds(1));
    let later = agreed(&works);
    assert_eq!(agree(&mut works, 1, true), Answer::Requested { entry: entry(9), promise: later });
    assert!(window.from < later.from);
    let made = works.entry(9).request.as_ref().unwrap();
    assert_eq!((made.agreed_in, made.path.as_slice()), (Some(call(1)), &["desk/ada".to_owned()][..]));
    served(&mut works);
    assert!(works.entry(9).is_open());
}

/// Agent 2000 calls entry 5 back in call 11, and they talk.
pub(super) fn called_back() -> Works {
    let mut works = Works::new();
    works.wait(5, &customer(1));
    works.ask(5, &customer(1), queue_600());
    works.record(Fact::CallEnded { call: call(5), how: CallEnd::Requested });
    works.call_back(5, 11, "2000");
    works.dial(1, 5, 11, &customer(1));
    works.record(Fact::AttemptAnswered { attempt: attempt(1), entry: entry(5), call: call(11) });
    works.record(Fact::Connected { call: call(11), agent: agent("2000") });
    works.pass(Millis::seconds(40));
    works
}

pub(super) fn hang_up(works: &mut Works) {
    let talked = Millis::seconds(40);
    let (attempt, entry) = (attempt(1), entry(5));
    works.record(Fact::CallbackTalked { attempt, entry, talked, broken: false, agent_lost: false });
    works.record(Fact::AgentFreed { call: call(11), agent: agent("2000"), wrap_up: Millis::seconds(30) });
    works.record(Fact::CallEnded { call: call(11), how: CallEnd::Callback });
}

#[test]
fn what_is_agreed_upon_in_a_callback_outlives_its_outcome_and_keeps_its_time() {
    let outcomes = [
        Outcome::Close { reason: CloseReason::Done, disposition: None, note: String::new() },
        Outcome::Keep { disposition: None, note: String::new() },
    ];
    for outcome in outcomes {
        for before_the_end in [true, false] {
            let mut works = called_back();
            if !before_the_end {
                hang_up(&mut works);
            }
            let window = agreed(&works);
            assert_eq!(agree(&mut works, 11, true), Answer::Requested { entry: entry(5), promise: window });
            if before_the_end {
                hang_up(&mut works);
            }
            assert_eq!(works.change(5, Change::Outcome(outcome.clone()), by("2000")), Answer::Done);
            assert_eq!(works.entry(5).state, State::Waiting, "{outcome:?} {before_the_end}");
            assert_eq!(due(&works, 5), (window.from, Some(window)), "{outcome:?} {before_the_end}");
        }
    }
    // Nobody says what came of it.
    let mut works = called_back();
    let window = agreed(&works);
    agree(&mut works, 11, true);
    hang_up(&mut works);
    works.pass(Millis::minutes(6));
    assert_eq!(works.change(5, Change::Tick, Actor::System), Answer::Done);
    assert_eq!((&works.entry(5).state, works.entry(5).due), (&State::Waiting, window.from));
}

#[test]
fn a_supervisor_who_talks_agrees_as_well() {
    let mut works = asked_and_talking(group_b());
    let window = agreed(&works);
    let answer = agree_by(&mut works, 1, false, supervisor());
    assert_eq!(answer, Answer::AlreadyOpen { entry: entry(5), promise: window });
    assert_eq!(works.entry(5).target, group_b(), "they may work on all");
}

#[test]
fn who_must_not_be_called_is_not_though_a_time_was_agreed_upon_and_who_was_served_still_is() {
    for (reason, stays) in [(CloseReason::Refused, false), (CloseReason::Cancelled, false), (CloseReason::Done, true)] {
        let mut works = Works::new();
        works.wait(5, &customer(1));
        works.ask(5, &customer(1), queue_600());
        works.record(Fact::CallEnded { call: call(5), how: CallEnd::Requested });
        assert!(matches!(works.call_back(5, 11, "2000"), Answer::CallBack(_)));
        assert_eq!(works.dial(1, 5, 11, &customer(1)), Answer::Attempt(attempt(1)));
        works.record(Fact::AttemptAnswered { attempt: attempt(1), entry: entry(5), call: call(11) });
        works.record(Fact::Connected { call: call(11), agent: agent("2000") });
        works.pass(Millis::seconds(60));
        let talked = Millis::seconds(60);
        let (broken, agent_lost) = (false, false);
        works.record(Fact::CallbackTalked { attempt: attempt(1), entry: entry(5), talked, broken, agent_lost });
        assert!(matches!(agree(&mut works, 11, true), Answer::AlreadyOpen { .. } | Answer::Requested { .. }));
        let close = Outcome::Close { reason, disposition: None, note: String::new() };
        assert_eq!(works.change(5, Change::Outcome(close), by("2000")), Answer::Done);
        assert_eq!(works.entry(5).is_open(), stays, "{reason:?}");
    }
}
