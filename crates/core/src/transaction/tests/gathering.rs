use nohold_model::{GroupKey, Millis, ServiceKey};

use crate::entry::{Actor, Change, CloseReason, LeftAt, Section, State, Target};
use crate::fact::{Dated, Doing, Fact, RequestMade};
use crate::fixture::{
    Works, agent, at, by, call, customer, entry, group_b, message, queue, queue_600, renewals, request, supervisor,
};
use crate::transaction::{Answer, Noun, Refusal, Transaction};

/// Call `n` comes in, waits 20 s in queue 600 and is given up.
fn give_up(works: &mut Works, n: u32, number: Option<nohold_model::PhoneNumber>, short: bool) {
    works.arrive(n, number.clone());
    works.pass(Millis::seconds(20));
    works.record(missed(n, number, short));
    works.record(Fact::CallEnded { call: call(n), how: crate::fact::CallEnd::Missed });
}

fn missed(n: u32, number: Option<nohold_model::PhoneNumber>, short: bool) -> Fact {
    let (left_at, waited) = (LeftAt::Queue(queue("600")), Millis::seconds(20));
    Fact::Missed { entry: entry(n), call: call(n), number, target: queue_600(), left_at, waited, short }
}

fn served(n: u32) -> Fact {
    let service = ServiceKey::new("support").unwrap();
    Fact::Served { call: call(n), number: customer(1), service, agent: agent("2000") }
}

#[test]
fn five_missed_calls_of_one_number_are_one_line() {
    let mut works = Works::new();
    (1..=5).for_each(|n| give_up(&mut works, n, Some(customer(1)), n == 2));
    give_up(&mut works, 6, Some(customer(2)), true);
    assert_eq!(works.tables.entries.len(), 2);
    let line = works.entry(1);
    assert_eq!((line.count(), line.missed.short, line.is_short()), (5, 1, false));
    assert_eq!((line.place, line.last), (at(0), at(100)), "the place is the first arrival");
    assert!(works.entry(6).is_short());
}

#[test]
fn callers_without_a_number_are_never_taken_for_one_another() {
    let mut works = Works::new();
    give_up(&mut works, 1, None, false);
    give_up(&mut works, 2, None, false);
    assert_eq!(works.tables.entries.len(), 2);
    assert_eq!(works.call_back(1, 50, "2000"), Answer::Refused(Refusal::NoNumber));
}

#[test]
fn a_missed_call_that_becomes_a_request_keeps_its_id_and_its_place() {
    let mut works = Works::new();
    give_up(&mut works, 1, Some(customer(1)), false);
    works.pass(Millis::minutes(5));
    works.wait(2, &customer(1));
    let now = works.now;
    let made = Answer::Requested { entry: entry(1), promise: request(2, &customer(1), group_b(), now).promise };
    assert_eq!(works.ask(2, &customer(1), group_b()), made);
    let told = |fact: &Fact| matches!(fact, Fact::RequestMade(made) if made.entry == entry(1));
    assert!(works.tables.facts.iter().any(|dated| told(&dated.fact)), "its history tells of the request");
    let line = works.entry(1);
    assert_eq!((line.section(), line.count(), line.place, line.due), (Section::Requests, 2, at(0), now));
    assert_eq!(line.target, group_b());
    let asked = line.request.as_ref().unwrap();
    assert_eq!((asked.consent.key.unwrap().as_char(), asked.consent.prompts.len()), ('2', 1));
    assert_eq!((asked.consent.at, &asked.consent.number), (now, &customer(1)));
}

#[test]
fn who_asks_twice_has_one_request_unless_it_is_another_matter() {
    let mut works = Works::new();
    for n in 1..=4 {
        works.wait(n, &customer(1));
    }
    works.ask(1, &customer(1), queue_600());
    let before = works.tables.clone();
    let first = works.entry(1).request.as_ref().unwrap().promise;
    // Also for a group of the same service: it is one line of business.
    assert_eq!(works.ask(2, &customer(1), group_b()), Answer::AlreadyOpen { entry: entry(1), promise: first });
    assert_eq!(works.tables, before, "nothing is added");
    assert!(matches!(works.ask(3, &customer(1), renewals()), Answer::Requested { .. }), "the campaign is another");
    let other = RequestMade { another_matter: true, ..request(4, &customer(1), queue_600(), works.now) };
    assert!(matches!(works.promise(Fact::RequestMade(Box::new(other))), Answer::Requested { .. }));
    assert_eq!([1, 3, 4].map(|n| works.entry(n).matter), [0, 0, 1]);
}

#[test]
fn a_number_makes_so_many_requests_a_day() {
    let mut works = Works::new();
    let ask = |works: &mut Works, n: u32| {
        works.wait(n, &customer(1));
        let answer = works.ask(n, &customer(1), queue_600());
        works.change(n, Change::Cancel, Actor::Customer);
        answer
    };
    assert!((1..=3).all(|n| matches!(ask(&mut works, n), Answer::Requested { .. })));
    assert_eq!(ask(&mut works, 4), Answer::OverLimit);
    assert!(works.tables.waiting.contains_key(&call(4)), "the caller stays in line");
    works.pass(Millis::hours(24) + Millis::new(1));
    assert!(matches!(ask(&mut works, 5), Answer::Requested { .. }));
}

#[test]
fn a_wish_that_is_recorded_too_late_to_be_refused_is_at_least_a_missed_call() {
    let mut works = Works::new();
    works.directory.site.request_limit.per_number_per_day = 0;
    works.arrive(1, Some(customer(1)));
    works.record(Fact::RequestMade(Box::new(request(1, &customer(1), queue_600(), works.now))));
    let line = works.entry(1);
    assert_eq!((line.section(), line.count()), (Section::Missed, 1));
}

#[test]
fn a_message_and_a_call_that_we_cut_off_stand_in_the_line_of_their_number() {
    let mut works = Works::new();
    give_up(&mut works, 1, Some(customer(1)), false);
    works.arrive(2, Some(customer(1)));
    works.record(Fact::MessageLeft {
        entry: entry(2),
        call: call(2),
        message: message(1),
        number: Some(customer(1)),
        target: queue_600(),
        speech: Millis::seconds(9),
    });
    assert_eq!((works.entry(1).section(), works.entry(1).count()), (Section::Messages, 2));
    let (number, target, doing) =
        (Some(customer(1)), Target::WholeService(group_b().service(&works.directory).unwrap()), Doing::Waiting);
    works.record(Fact::CutOff { entry: entry(3), call: call(3), number, target, doing });
    assert_eq!((works.entry(1).section(), works.entry(1).count()), (Section::CutOff, 3));
}

#[test]
fn a_served_customer_leaves_the_list_of_the_service_but_not_that_of_the_campaign() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.wait(2, &customer(1));
    works.ask(1, &customer(1), group_b());
    works.ask(2, &customer(1), renewals());
    works.record(served(3));
    assert!(matches!(works.entry(1).state, State::Closed { reason: CloseReason::Served, .. }));
    assert_eq!(works.entry(2).state, State::Waiting);
    // An ordinary missed call closes as well.
    give_up(&mut works, 4, Some(customer(1)), false);
    works.record(served(5));
    assert!(!works.entry(4).is_open());
    assert_eq!(works.change(4, Change::Reopen, by("2000")), Answer::Done, "it can be undone");
}

#[test]
fn of_several_people_behind_one_number_nobody_knows_who_was_served() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.wait(2, &customer(1));
    works.ask(1, &customer(1), queue_600());
    let other = RequestMade { another_matter: true, ..request(2, &customer(1), queue_600(), works.now) };
    works.promise(Fact::RequestMade(Box::new(other)));
    works.record(served(3));
    assert!(works.entry(1).is_open() && works.entry(2).is_open());
}

#[test]
fn an_entry_is_not_reopened_or_moved_beside_an_open_one() {
    let mut works = Works::new();
    give_up(&mut works, 1, Some(customer(1)), false);
    works.change(1, Change::Cancel, Actor::Customer);
    give_up(&mut works, 2, Some(customer(1)), false);
    assert_eq!(works.change(1, Change::Reopen, by("2000")), Answer::Refused(Refusal::OpenElsewhere(entry(2))));
    works.wait(3, &customer(1));
    works.ask(3, &customer(1), renewals());
    let into_support = Change::Reassign { target: Some(group_b()), agent: None };
    assert_eq!(works.change(3, into_support, supervisor()), Answer::Refused(Refusal::OpenElsewhere(entry(2))));
    let within = Change::Reassign { target: Some(group_b()), agent: Some(agent("2002")) };
    assert_eq!(works.change(2, within, supervisor()), Answer::Done);
    assert_eq!((&works.entry(2).target, &works.entry(2).assigned), (&group_b(), &Some(agent("2002"))));
}

#[test]
fn every_change_of_an_entry_stands_in_the_history() {
    let mut works = Works::new();
    give_up(&mut works, 1, Some(customer(1)), false);
    works.told();
    works.change(1, Change::Claim { agent: agent("2000") }, by("2000"));
    works.change(1, Change::Claim { agent: agent("2001") }, by("2001"));
    works.change(1, Change::Release, by("2000"));
    works.change(1, Change::Prioritise { priority: 2 }, supervisor());
    works.change(1, Change::Cancel, Actor::Customer);
    assert_eq!(works.told(), "Entry:Claim Entry:Release Entry:Prioritise Entry:Cancel");
}

#[test]
fn a_conversation_that_is_recorded_late_does_not_close_what_the_customer_asked_for_since() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.pass(Millis::minutes(1));
    works.ask(1, &customer(1), group_b());
    let earlier = Dated { at: works.now - Millis::seconds(30), fact: served(3) };
    assert_eq!(works.run(&Transaction::Call { records: vec![earlier], promise: None }), Answer::Done);
    assert!(works.entry(1).is_open(), "the caller was thanked after that conversation");
    works.record(served(4));
    assert!(!works.entry(1).is_open());
}

#[test]
fn who_may_not_be_called_is_not_promised_a_callback() {
    let mut works = Works::new();
    works.wait(1, &customer(666));
    assert!(matches!(works.ask(1, &customer(666), group_b()), Answer::Refused(Refusal::Dial(_))));
    assert!(works.tables.entries.is_empty());
}

#[test]
fn nobody_wishes_what_only_a_call_can_do() {
    let mut works = Works::new();
    give_up(&mut works, 1, Some(customer(1)), false);
    let (agent, call) = (agent("2000"), call(9));
    let not_allowed = Answer::Refused(Refusal::Entry(crate::entry::Refusal::NotAllowed));
    let began = Change::CallBegan { agent, call, beyond_window: false };
    assert_eq!(works.change(1, began, by("2000")), not_allowed);
    assert_eq!(works.change(1, Change::Served, supervisor()), not_allowed);
    assert_eq!(works.change(1, Change::Reopen, Actor::Customer), not_allowed);
}

#[test]
fn an_agent_does_not_cancel_what_another_has_claimed() {
    let mut works = Works::new();
    give_up(&mut works, 1, Some(customer(1)), false);
    works.change(1, Change::Claim { agent: agent("2000") }, by("2000"));
    let held = Answer::Refused(Refusal::Entry(crate::entry::Refusal::HeldBy(agent("2000"))));
    assert_eq!(works.change(1, Change::Cancel, by("2001")), held);
    assert_eq!(works.change(1, Change::Cancel, Actor::Customer), Answer::Done);
}

#[test]
fn a_request_that_was_made_in_another_way_keeps_the_rules_of_every_request() {
    let mut works = Works::new();
    let mut ask = |n: u32, of: u32, target: Target| {
        let made = RequestMade { call: None, ..request(n, &customer(of), target, at(0)) };
        works.run(&Transaction::Request(Box::new(made)))
    };
    let asked = |n| move |answer: &Answer| matches!(answer, Answer::Requested { entry: made, .. } if *made == entry(n));
    assert!(asked(1)(&ask(1, 1, queue_600())));
    assert!(matches!(ask(2, 1, group_b()), Answer::AlreadyOpen { entry: open, .. } if open == entry(1)));
    assert!(asked(3)(&ask(3, 1, renewals())), "another line of business");
    let unknown = Target::Service(ServiceKey::new("support").unwrap(), GroupKey::new("renewals").unwrap());
    assert_eq!(ask(4, 2, unknown), Answer::Refused(Refusal::NotFound(Noun::Target)), "a group of another service");
    assert!(matches!(ask(5, 666, queue_600()), Answer::Refused(Refusal::Dial(_))), "on the block list");
    assert_eq!(works.entry(1).request.as_ref().unwrap().call, None);
    works.directory.site.request_limit.per_number_per_day = 2;
    let made = RequestMade { call: None, another_matter: true, ..request(6, &customer(1), queue_600(), works.now) };
    let refused = works.run(&Transaction::Request(Box::new(made)));
    assert!(matches!(&refused, Answer::Refused(Refusal::Dial(why)) if why.to_string().contains("2 requests")));
}
