//! How often and how soon a number may be tried, across entries and services.

use nohold_model::{CallResult, Millis, PhoneNumber, ServiceKey};

use crate::directory::Extension;
use crate::entry::{self, Actor, Business, Change, Outcome, State, Target, Window};
use crate::fact::{Arrival, CallEnd, Destination, Fact};
use crate::fixture::{
    Works, agent, at, attempt, by, call, customer, entry, group_b, leg, our_number, queue_600, renewals, supervisor,
};
use crate::hours::Moment;
use crate::transaction::{Answer, Refusal, Rows as _, Transaction};

/// Entry 1 asks Support for customer 1, entry 2 the campaign for the same number.
fn two_services() -> Works {
    let mut works = Works::new();
    ask(&mut works, 1, &customer(1), queue_600());
    ask(&mut works, 2, &customer(1), renewals());
    works
}

fn ask(works: &mut Works, n: u32, number: &PhoneNumber, target: Target) {
    works.wait(n, number);
    assert!(matches!(works.ask(n, number, target), Answer::Requested { .. }));
    works.record(Fact::CallEnded { call: call(n), how: CallEnd::Requested });
}

/// The n-th attempt, of an entry by an agent.
fn begin(works: &mut Works, n: u32, of_entry: u32, key: &str) {
    let begun = works.call_back(of_entry, 100 + n, key);
    assert!(matches!(begun, Answer::CallBack(_)), "{begun:?}");
    let number = works.entry(of_entry).number.clone().unwrap();
    assert_eq!(works.dial(n, of_entry, 100 + n, &number), Answer::Attempt(attempt(n)));
}

fn end(works: &mut Works, n: u32, of_entry: u32, key: &str, result: CallResult, sent: bool) {
    works.record(Fact::AttemptEnded { attempt: attempt(n), entry: entry(of_entry), result, sent });
    end_call(works, n, key);
}

fn end_call(works: &mut Works, n: u32, key: &str) {
    works.record(Fact::AgentFreed { call: call(100 + n), agent: agent(key), wrap_up: Millis::ZERO });
    works.record(Fact::CallEnded { call: call(100 + n), how: CallEnd::Callback });
}

fn in_vain(works: &mut Works, n: u32, of_entry: u32, key: &str) {
    begin(works, n, of_entry, key);
    end(works, n, of_entry, key, CallResult::NoAnswer, true);
}

fn talk(works: &mut Works, n: u32, of_entry: u32, key: &str, broken: bool) {
    begin(works, n, of_entry, key);
    works.record(Fact::AttemptAnswered { attempt: attempt(n), entry: entry(of_entry), call: call(100 + n) });
    works.record(Fact::Connected { call: call(100 + n), agent: agent(key) });
    let talked = Millis::seconds(if broken { 3 } else { 90 });
    works.record(Fact::CallbackTalked {
        attempt: attempt(n),
        entry: entry(of_entry),
        talked,
        broken,
        agent_lost: false,
    });
    end_call(works, n, key);
}

fn keep() -> Change {
    Change::Outcome(Outcome::Keep { disposition: None, note: String::new() })
}

fn soon(works: &Works, wait: Millis) -> Answer {
    let until = Moment::new(works.now + wait, &works.directory.site.zone);
    Answer::Refused(Refusal::Entry(entry::Refusal::TooSoon { until }))
}

fn often(works: &Works, attempts: u32, until: nohold_model::Timestamp) -> Answer {
    let until = Moment::new(until, &works.directory.site.zone);
    Answer::Refused(Refusal::Entry(entry::Refusal::TooOften { attempts, until, may_be_allowed: true }))
}

/// Customer 1 rings in.
fn rings_in(works: &mut Works, n: u32, called: PhoneNumber) -> Answer {
    let service = ServiceKey::new("support").unwrap();
    let arrival = Arrival {
        call: call(n),
        leg: leg(n),
        number: Some(customer(1)),
        called: Some(called),
        service: Some(service),
        colleague: None,
    };
    let answer = works.promise(Fact::CallArrived(arrival));
    works.record(Fact::CallEnded { call: call(n), how: CallEnd::EndedByFlow });
    answer
}

#[test]
fn the_gap_after_an_attempt_holds_for_every_service_that_wants_the_number() {
    let mut works = two_services();
    in_vain(&mut works, 1, 1, "2000");
    works.pass(Millis::seconds(1));
    let until = Millis::seconds(599);
    assert_eq!(works.call_back(2, 12, "2003"), soon(&works, until));
    works.pass(until);
    begin(&mut works, 2, 2, "2003");
    end(&mut works, 2, 2, "2003", CallResult::Machine, true);
    works.pass(Millis::minutes(10));
    assert_eq!(works.call_back(1, 13, "2000"), soon(&works, Millis::minutes(5)), "a machine answered");
}

#[test]
fn the_gap_begins_when_a_customer_who_was_handed_over_hangs_up() {
    let mut works = two_services();
    begin(&mut works, 1, 1, "2000");
    works.record(Fact::AttemptAnswered { attempt: attempt(1), entry: entry(1), call: call(101) });
    works.record(Fact::Connected { call: call(101), agent: agent("2000") });
    works.pass(Millis::seconds(30));
    works.record(Fact::AgentFreed { call: call(101), agent: agent("2000"), wrap_up: Millis::ZERO });
    let talked = Millis::seconds(30);
    works.record(Fact::CallbackTalked {
        attempt: attempt(1),
        entry: entry(1),
        talked,
        broken: false,
        agent_lost: false,
    });
    // The customer talks on with a colleague for a quarter of an hour.
    works.pass(Millis::minutes(15));
    works.record(Fact::CallEnded { call: call(101), how: CallEnd::Callback });
    works.pass(Millis::seconds(1));
    assert_eq!(works.call_back(2, 12, "2003"), soon(&works, Millis::seconds(599)));
}

#[test]
fn the_refusal_says_until_when_by_the_clock() {
    let mut works = two_services();
    in_vain(&mut works, 1, 1, "2000");
    let Answer::Refused(refusal) = works.call_back(2, 12, "2003") else { panic!("not refused") };
    assert_eq!(
        refusal.to_string(),
        "this customer was called a moment ago: try again from 2026-03-02 10:10 (Asia/Shanghai) on"
    );
}

#[test]
fn the_gap_is_asked_again_when_the_agents_phone_has_answered() {
    let mut works = two_services();
    assert!(matches!(works.call_back(2, 12, "2003"), Answer::CallBack(_)));
    in_vain(&mut works, 1, 1, "2000");
    works.pass(Millis::seconds(1));
    assert_eq!(works.dial(2, 2, 12, &customer(1)), soon(&works, Millis::seconds(599)));
}

#[test]
fn three_attempts_in_a_day_are_enough_whoever_makes_them_and_however_often_agents_reopen() {
    let mut works = two_services();
    for (n, of_entry, key) in [(1, 1, "2000"), (2, 2, "2003"), (3, 1, "2000")] {
        in_vain(&mut works, n, of_entry, key);
        works.pass(Millis::minutes(10));
    }
    let tomorrow = at(0) + Millis::hours(24);
    assert_eq!(works.call_back(2, 14, "2003"), often(&works, 3, tomorrow));
    assert_eq!(works.change(1, keep(), by("2000")), Answer::Done);
    assert_eq!(works.call_back(1, 14, "2000"), often(&works, 3, tomorrow));
    // The first of the three is a day old.
    works.now = tomorrow;
    assert!(matches!(works.call_back(1, 14, "2000"), Answer::CallBack(_)));
}

#[test]
fn a_supervisor_allows_more_attempts_for_an_entry_and_that_is_logged_but_the_gap_stays() {
    let mut works = two_services();
    works.directory.site.retry_plan.max_attempts = 1;
    in_vain(&mut works, 1, 2, "2003");
    let more = || Change::AllowMoreAttempts;
    assert_eq!(works.change(1, more(), by("2000")), Answer::Refused(Refusal::Entry(entry::Refusal::NotAllowed)));
    assert_eq!(works.change(1, more(), supervisor()), Answer::Done);
    let logged = works.tables.facts.iter().any(|dated| {
        matches!(&dated.fact, Fact::EntryChanged { change: Change::AllowMoreAttempts, by, .. } if *by == supervisor())
    });
    assert!(logged, "{:?}", works.tables.facts);
    assert_eq!(works.call_back(1, 12, "2000"), soon(&works, Millis::minutes(10)));
    works.pass(Millis::minutes(10));
    in_vain(&mut works, 2, 1, "2000");
    works.pass(Millis::minutes(10));
    assert_eq!(works.entry(1).counted_attempts(), 1);
    assert_eq!(works.change(1, Change::Reopen, by("2000")), Answer::Done);
    assert_eq!(
        works.call_back(1, 13, "2000"),
        often(&works, 1, at(600) + Millis::hours(24)),
        "once more, not for ever"
    );
}

#[test]
fn a_new_request_of_the_customer_is_not_held_up_by_what_was_tried_before() {
    let mut works = two_services();
    works.directory.site.retry_plan.max_attempts = 1;
    in_vain(&mut works, 1, 1, "2000");
    assert!(!works.entry(1).is_open());
    works.pass(Millis::minutes(11));
    ask(&mut works, 3, &customer(1), queue_600());
    assert!(matches!(works.call_back(3, 13, "2000"), Answer::CallBack(_)));
}

#[test]
fn what_was_never_sent_keeps_nobody_waiting() {
    let mut works = two_services();
    begin(&mut works, 1, 1, "2000");
    end(&mut works, 1, 1, "2000", CallResult::Interrupted, false);
    assert_eq!(works.tables.tries_since(&customer(1), at(0)), Ok(Vec::new()));
    assert!(matches!(works.call_back(2, 12, "2003"), Answer::CallBack(_)));
}

#[test]
fn after_a_broken_line_its_own_service_calls_at_once_and_others_keep_the_gap() {
    let mut works = two_services();
    talk(&mut works, 1, 1, "2000", true);
    assert_eq!(works.call_back(2, 12, "2003"), soon(&works, Millis::minutes(10)));
    assert!(matches!(works.call_back(1, 13, "2000"), Answer::CallBack(_)));
}

#[test]
fn after_a_conversation_what_was_agreed_comes_next_and_earlier_attempts_are_forgotten() {
    let mut works = two_services();
    works.directory.site.retry_plan.max_attempts = 2;
    in_vain(&mut works, 1, 1, "2000");
    works.pass(Millis::minutes(10));
    talk(&mut works, 2, 1, "2000", false);
    assert_eq!(works.change(1, keep(), by("2000")), Answer::Done);
    assert_eq!(works.call_back(2, 12, "2003"), soon(&works, Millis::minutes(10)));
    in_vain(&mut works, 3, 1, "2000");
    works.pass(Millis::minutes(10));
    in_vain(&mut works, 4, 2, "2003");
}

#[test]
fn a_process_that_dies_in_a_conversation_leaves_a_broken_line() {
    let mut works = two_services();
    begin(&mut works, 1, 1, "2000");
    works.record(Fact::AttemptAnswered { attempt: attempt(1), entry: entry(1), call: call(101) });
    works.record(Fact::Connected { call: call(101), agent: agent("2000") });
    works.pass(Millis::minutes(2));
    works.recover(101);
    assert_eq!(works.call_back(2, 12, "2003"), soon(&works, Millis::minutes(10)));
    assert!(matches!(works.call_back(1, 13, "2001"), Answer::CallBack(_)));
}

#[test]
fn who_rings_in_after_our_last_attempt_comes_back_though_the_entry_is_closed() {
    let mut works = two_services();
    works.directory.site.retry_plan.max_attempts = 1;
    assert_eq!(rings_in(&mut works, 20, our_number()), Answer::Done, "not tried yet");
    in_vain(&mut works, 1, 1, "2000");
    assert!(matches!(works.entry(1).state, State::Closed { reason: entry::CloseReason::Unreachable, .. }));
    works.pass(Millis::hours(2));
    assert_eq!(rings_in(&mut works, 21, our_number()), Answer::Returning);
    works.pass(Millis::new(1));
    assert_eq!(rings_in(&mut works, 22, our_number()), Answer::Done, "two hours are over");
}

#[test]
fn who_was_not_tried_in_truth_or_was_talked_with_does_not_come_back() {
    let mut works = two_services();
    begin(&mut works, 1, 1, "2000");
    end(&mut works, 1, 1, "2000", CallResult::Interrupted, false);
    assert_eq!(rings_in(&mut works, 21, our_number()), Answer::Done, "never sent");
    talk(&mut works, 2, 1, "2000", false);
    assert_eq!(rings_in(&mut works, 22, our_number()), Answer::Done, "they were reached");
}

#[test]
fn a_machine_that_answered_is_an_attempt_in_vain_once_the_agent_says_so() {
    let mut works = two_services();
    let machine = || {
        let (result, disposition) = (CallResult::Machine, None);
        Change::Outcome(Outcome::NotReached { result, disposition, note: String::new() })
    };
    let nothing = Answer::Refused(Refusal::Entry(entry::Refusal::NothingToSay));
    assert_eq!(works.change(1, machine(), by("2000")), nothing, "nobody has called yet");
    for n in 1..=2 {
        // One speaks for a while, the other says a word.
        talk(&mut works, n, 1, "2000", n == 2);
        assert_eq!(works.change(1, machine(), by("2000")), Answer::Done);
        assert!(matches!(works.entry(1).state, entry::State::Waiting));
        let after = works.directory.site.retry_plan.gap_after(CallResult::Machine);
        assert_eq!(
            works.call_back(1, 200 + n, "2000"),
            soon(&works, after),
            "fifteen minutes, for whoever talked, too"
        );
        assert_eq!(works.call_back(2, 210 + n, "2003"), soon(&works, after), "and for everybody else");
        works.pass(after);
    }
    talk(&mut works, 3, 1, "2000", false);
    assert_eq!(works.change(1, machine(), by("2000")), Answer::Done);
    let closed = entry::State::Closed { reason: entry::CloseReason::Unreachable, at: works.now };
    assert_eq!(works.entry(1).state, closed, "three attempts are enough");
    assert_eq!(works.entry(1).counted_attempts(), 3);
}

#[test]
fn who_was_tried_by_a_campaign_comes_back_on_the_number_that_it_showed() {
    let mut works = two_services();
    in_vain(&mut works, 1, 2, "2003");
    assert_eq!(rings_in(&mut works, 21, our_number()), Answer::Done);
    let shown = works.directory.caller_id(&renewals()).unwrap();
    assert_eq!(rings_in(&mut works, 22, shown), Answer::Returning);
}

#[test]
fn an_agent_works_on_the_entries_of_the_own_groups_and_a_supervisor_on_all() {
    let mut works = Works::new();
    ask(&mut works, 1, &customer(1), group_b());
    let others = Answer::Refused(Refusal::Entry(entry::Refusal::OtherGroups));
    let close = || {
        let reason = entry::CloseReason::Done;
        Change::Outcome(Outcome::Close { reason, disposition: None, note: String::new() })
    };
    let claim = |key| Change::Claim { agent: agent(key) };
    assert_eq!(works.change(1, claim("2000"), by("2000")), others);
    assert_eq!(works.change(1, close(), by("2000")), others);
    assert_eq!(works.change(1, keep(), by("2000")), others);
    assert_eq!(works.change(1, Change::Cancel, by("2000")), others);
    assert_eq!(works.call_back(1, 11, "2000"), others);
    assert_eq!(works.change(1, claim("2002"), by("2002")), Answer::Done);
    assert_eq!(works.change(1, Change::Release, by("2000")), others);
    // Who has it in hand when the groups change may still lay it down.
    works.directory.groups.clear();
    assert_eq!(works.change(1, Change::Release, by("2002")), Answer::Done);
    assert_eq!(works.change(1, claim("2002"), by("2002")), others);
    // A supervisor on all, and whom a supervisor has given it to.
    assert_eq!(works.change(1, claim("1000"), supervisor()), Answer::Done);
    let given = Change::Reassign { target: None, agent: Some(agent("2000")) };
    assert_eq!(works.change(1, given, supervisor()), Answer::Done);
    assert!(matches!(works.call_back(1, 12, "2000"), Answer::CallBack(_)));
    assert_eq!(
        works.change(1, Change::Cancel, Actor::Customer),
        Answer::Refused(Refusal::Entry(entry::Refusal::InCall))
    );
}

#[test]
fn a_date_at_which_nobody_may_be_dialled_is_refused_with_the_next_possible_one() {
    let mut works = two_services();
    let postpone = |from: i64, to: i64| {
        let window = Window { from: at(from), to: at(to) };
        Change::Outcome(Outcome::Postpone { window, disposition: None, note: String::new() })
    };
    // It is 10:00; customers are dialled until 21:00 and again from 08:00 on.
    let hour = 3_600;
    let Answer::Refused(refusal) = works.change(1, postpone(12 * hour, 13 * hour), by("2000")) else {
        panic!("not refused")
    };
    assert_eq!(
        refusal.to_string(),
        "it is outside 08:00-21:00 at the customer's place (Asia/Shanghai) at that time: choose a time from \
         2026-03-03 08:00 (Asia/Shanghai) on"
    );
    assert_eq!(works.change(1, postpone(12 * hour, 23 * hour), by("2000")), Answer::Done, "it holds an allowed hour");
    assert_eq!(works.change(1, postpone(22 * hour, 23 * hour), by("2000")), Answer::Done);
    let past = Answer::Refused(Refusal::Entry(entry::Refusal::NotInTheFuture));
    assert_eq!(works.change(1, postpone(-2 * hour, -hour), by("2000")), past);
}

/// An agent dials customer 1 by hand for Support.
fn by_hand(works: &mut Works, n: u32, key: &str) -> Answer {
    by_hand_at(works, n, key, customer(1))
}

fn by_hand_at(works: &mut Works, n: u32, key: &str, number: PhoneNumber) -> Answer {
    let phone = works.directory.agents[&agent(key)].extension.clone();
    let extension = Extension {
        key: phone.clone(),
        number: key.into(),
        name: key.into(),
        may_call_outside: true,
        caller_id: None,
        auto_answer: false,
        unanswered: None,
    };
    works.directory.extensions.insert(phone, extension);
    let business = Some(Business::Service(ServiceKey::new("support").unwrap()));
    let (agent, call, leg) = (agent(key), call(100 + n), leg(100 + n));
    works.run(&Transaction::DialOut { agent, number, business, call, leg })
}

fn by_hand_in_vain(works: &mut Works, n: u32, key: &str, result: CallResult) {
    let begun = by_hand(works, n, key);
    assert!(matches!(begun, Answer::DialOut(_)), "{begun:?}");
    works.record(Fact::DirectOver { call: call(100 + n), result: Some(result), ended_by: None });
    end_by_hand(works, n, key);
}

/// As often as a number may be tried.
fn try_in_vain_by_hand(works: &mut Works) {
    for n in 1..=3 {
        by_hand_in_vain(works, n, "2000", CallResult::NoAnswer);
        works.pass(Millis::minutes(10));
    }
}

fn end_by_hand(works: &mut Works, n: u32, key: &str) {
    works.record(Fact::AgentFreed { call: call(100 + n), agent: agent(key), wrap_up: Millis::ZERO });
    works.record(Fact::CallEnded { call: call(100 + n), how: CallEnd::Direct });
}

#[test]
fn who_dials_by_hand_for_a_service_keeps_the_gap_and_the_limit_of_entries() {
    let mut works = Works::new();
    by_hand_in_vain(&mut works, 1, "2000", CallResult::Busy);
    works.pass(Millis::seconds(1));
    assert_eq!(by_hand(&mut works, 2, "2000"), soon(&works, Millis::seconds(599)));
    works.pass(Millis::minutes(10));
    by_hand_in_vain(&mut works, 2, "2000", CallResult::NoAnswer);
    works.pass(Millis::minutes(10));
    by_hand_in_vain(&mut works, 3, "2000", CallResult::NoAnswer);
    works.pass(Millis::minutes(10));
    let Answer::Refused(Refusal::Entry(refused)) = by_hand(&mut works, 4, "2000") else { panic!("a fourth attempt") };
    assert!(matches!(refused, entry::Refusal::TooOften { attempts: 3, may_be_allowed: false, .. }), "{refused:?}");
    assert!(!refused.to_string().contains("supervisor"), "no supervisor can allow it: {refused}");
}

#[test]
fn an_attempt_by_hand_counts_for_entries_of_all_services_and_one_for_an_entry_counts_by_hand() {
    let mut works = two_services();
    by_hand_in_vain(&mut works, 1, "2000", CallResult::NoAnswer);
    assert_eq!(works.call_back(2, 12, "2003"), soon(&works, Millis::minutes(10)));
    works.pass(Millis::minutes(10));
    in_vain(&mut works, 2, 2, "2003");
    assert_eq!(by_hand(&mut works, 3, "2000"), soon(&works, Millis::minutes(10)));
}

#[test]
fn who_was_talked_with_by_hand_may_be_called_again_at_once_by_that_service_alone() {
    let mut works = two_services();
    assert!(matches!(by_hand(&mut works, 1, "2000"), Answer::DialOut(_)));
    works.record(Fact::DirectAnswered { call: call(101) });
    works.pass(Millis::minutes(2));
    end_by_hand(&mut works, 1, "2000");
    assert_eq!(works.call_back(2, 12, "2003"), soon(&works, Millis::minutes(10)));
    assert!(matches!(by_hand(&mut works, 2, "2000"), Answer::DialOut(_)));
}

#[test]
fn a_customer_who_was_never_dialled_because_the_own_phone_did_not_answer_was_not_tried() {
    let mut works = Works::new();
    assert!(matches!(by_hand(&mut works, 1, "2000"), Answer::DialOut(_)));
    end_by_hand(&mut works, 1, "2000");
    assert!(matches!(by_hand(&mut works, 2, "2000"), Answer::DialOut(_)));
}

#[test]
fn a_crash_forgets_no_attempt_by_hand() {
    let mut works = Works::new();
    assert!(matches!(by_hand(&mut works, 1, "2000"), Answer::DialOut(_)));
    works.run(&Transaction::Recover { call: call(101), entry: entry(9) });
    // The phone out there may ring for 90 s.
    works.pass(Millis::seconds(1));
    let refused = by_hand(&mut works, 2, "2000");
    assert!(matches!(refused, Answer::Refused(_)), "{refused:?}");
    works.pass(Millis::seconds(90));
    assert!(matches!(by_hand(&mut works, 2, "2000"), Answer::DialOut(_)));
}

#[test]
fn a_supervisor_who_allows_more_attempts_for_an_entry_allows_them_by_hand_too() {
    let mut works = two_services();
    try_in_vain_by_hand(&mut works);
    let Answer::Refused(Refusal::Entry(refused)) = by_hand(&mut works, 4, "2000") else { panic!("a fourth attempt") };
    assert!(matches!(refused, entry::Refusal::TooOften { may_be_allowed: true, .. }), "{refused:?}");
    assert_eq!(works.change(1, Change::AllowMoreAttempts, supervisor()), Answer::Done);
    assert!(matches!(by_hand(&mut works, 5, "2000"), Answer::DialOut(_)));
}

#[test]
fn who_was_dialled_by_hand_in_vain_and_rings_in_comes_back() {
    let mut works = two_services();
    by_hand_in_vain(&mut works, 1, "2000", CallResult::Busy);
    assert_eq!(rings_in(&mut works, 20, our_number()), Answer::Returning);
}

#[test]
fn whom_an_agent_talks_with_by_hand_when_the_process_dies_stands_on_the_list() {
    let mut works = Works::new();
    let begun = by_hand(&mut works, 1, "2000");
    assert!(matches!(begun, Answer::DialOut(_)), "{begun:?}");
    works.record(Fact::DirectAnswered { call: call(101) });
    works.pass(Millis::minutes(2));
    works.recover(101);
    let entries: Vec<_> = works.tables.entries.values().collect();
    let [entry] = entries.as_slice() else { panic!("one entry: {entries:?}") };
    assert_eq!((entry.cut_off, entry.number.as_ref()), (1, Some(&customer(1))));
    assert_eq!(works.tables.agents[&agent("2000")].state(), crate::agent::AgentState::Available);
}

#[test]
fn an_entry_whose_number_was_tried_by_hand_is_due_when_it_may_be_called() {
    let mut works = two_services();
    by_hand_in_vain(&mut works, 1, "2000", CallResult::NoAnswer);
    let again = works.now + Millis::minutes(10);
    for n in 1..=2 {
        let entry = works.entry(n);
        assert_eq!((entry.due, entry.not_before, entry.held.map(|held| held.until)), (again, again, None), "entry {n}");
        assert_eq!(entry.request.as_ref().map(|request| request.promise.from), Some(again), "entry {n}");
    }
    works.pass(Millis::minutes(10));
    assert!(matches!(works.call_back(1, 11, "2000"), Answer::CallBack(_)), "it is due");
}

#[test]
fn an_entry_whose_number_was_tried_as_often_as_it_may_be_is_due_when_that_ends() {
    let mut works = two_services();
    let first = works.now;
    in_vain(&mut works, 1, 1, "2000");
    works.pass(Millis::minutes(10));
    by_hand_in_vain(&mut works, 2, "2000", CallResult::NoAnswer);
    works.pass(Millis::minutes(10));
    by_hand_in_vain(&mut works, 3, "2000", CallResult::Busy);
    let until = first + Millis::hours(24);
    for n in 1..=2 {
        let entry = works.entry(n);
        assert_eq!((entry.due, entry.held.map(|held| held.until)), (until, Some(until)), "entry {n}: {entry:?}");
        assert_eq!(entry.state, State::Waiting, "it is not forgotten");
    }
    works.pass(Millis::minutes(10));
    assert_eq!(works.call_back(2, 12, "2003"), often(&works, 3, until));

    // Who allows more wants it to be done now.
    assert_eq!(works.change(2, Change::AllowMoreAttempts, supervisor()), Answer::Done);
    let allowed = works.entry(2);
    assert_eq!((allowed.due, allowed.held), (works.now, None));
    assert_eq!(works.entry(1).due, until, "the other one was not allowed");
    let before = works.entry(1).version;
    begin(&mut works, 14, 2, "2003");
    end(&mut works, 14, 2, "2003", CallResult::Interrupted, false);
    assert_eq!((works.entry(1).version, works.entry(1).due), (before, until), "an attempt that was none moves nothing");
}

#[test]
fn who_reopens_an_entry_that_is_unreachable_finds_it_where_it_may_be_called() {
    let mut works = two_services();
    let first = works.now;
    for n in 1..=3 {
        in_vain(&mut works, n, 1, "2000");
        works.pass(Millis::minutes(10));
    }
    assert!(!works.entry(1).is_open());
    assert_eq!(works.change(1, Change::Reopen, by("2000")), Answer::Done);
    assert_eq!(works.entry(1).due, first + Millis::hours(24));
}

#[test]
fn what_is_agreed_for_later_than_the_limit_stays_as_agreed() {
    let mut works = two_services();
    let window = Window { from: works.now + Millis::hours(48), to: works.now + Millis::hours(49) };
    let postpone = Change::Outcome(Outcome::Postpone { window, disposition: None, note: String::new() });
    assert_eq!(works.change(2, postpone, by("2003")), Answer::Done);
    try_in_vain_by_hand(&mut works);
    let entry = works.entry(2);
    assert_eq!((entry.due, entry.request.as_ref().map(|request| request.promise)), (window.from, Some(window)));
    assert_eq!(works.change(2, Change::AllowMoreAttempts, supervisor()), Answer::Done);
    assert_eq!(works.entry(2).due, window.from);
}

#[test]
fn what_was_agreed_for_a_time_before_the_limit_ends_is_due_then_where_more_attempts_are_allowed() {
    let mut works = two_services();
    let window = Window { from: works.now + Millis::hours(22), to: works.now + Millis::hours(23) };
    let postpone = Change::Outcome(Outcome::Postpone { window, disposition: None, note: String::new() });
    assert_eq!(works.change(2, postpone, by("2003")), Answer::Done);
    let until = works.now + Millis::hours(24);
    try_in_vain_by_hand(&mut works);
    let promise = |works: &Works| works.entry(2).request.as_ref().map(|request| request.promise);
    assert_eq!((works.entry(2).due, promise(&works).map(|promise| promise.from)), (until, Some(until)));
    assert_eq!(works.change(2, Change::AllowMoreAttempts, supervisor()), Answer::Done);
    assert_eq!((works.entry(2).due, promise(&works), works.entry(2).held), (window.from, Some(window), None));
}

#[test]
fn who_asks_anew_while_the_number_is_held_is_called_as_told_then() {
    let mut works = two_services();
    try_in_vain_by_hand(&mut works);
    assert!(works.entry(1).is_held(works.now));
    works.wait(31, &customer(1));
    let told = works.ask(31, &customer(1), queue_600());
    let Answer::Requested { entry: id, promise } = told else { panic!("{told:?}") };
    let asked = works.entry(1);
    assert_eq!((id, asked.request.as_ref().map(|request| request.promise)), (asked.id, Some(promise)));
    assert_eq!((asked.held, asked.due), (None, promise.from.max(asked.not_before)));
    assert!(works.entry(2).is_held(works.now), "another line of business was not asked");
    works.pass(Millis::minutes(30));
    assert!(matches!(works.call_back(1, 41, "2000"), Answer::CallBack(_)));
}

#[test]
fn one_of_our_own_numbers_is_no_customer_to_dial_for_a_service() {
    let mut works = Works::new();
    let begun = by_hand_at(&mut works, 1, "2000", our_number());
    let Answer::Refused(Refusal::Dial(_)) = begun else { panic!("not refused: {begun:?}") };
}

#[test]
fn who_was_reached_by_hand_and_is_on_the_way_to_somebody_else_when_the_process_dies_was_reached() {
    let mut works = Works::new();
    assert!(matches!(by_hand(&mut works, 1, "2000"), Answer::DialOut(_)));
    works.record(Fact::DirectAnswered { call: call(101) });
    works.pass(Millis::minutes(2));
    let number = customer(1);
    let service = ServiceKey::new("support").unwrap();
    let whose = Some(Target::WholeService(service.clone()));
    let of_customer =
        Fact::TreatedAsCustomer { call: call(101), agent: agent("2000"), number, service: Some(service), whose };
    works.record(of_customer);
    let (by, to) = (agent("2000"), Destination::Number(customer(2)));
    works.record(Fact::HandedOver { call: call(101), by, to, leg: leg(9), wrap_up: Millis::ZERO });
    works.recover(101);
    assert_eq!(rings_in(&mut works, 20, our_number()), Answer::Done, "a conversation is no attempt in vain");
    let interrupted = |dated: &crate::fact::Dated| matches!(dated.fact, Fact::DirectOver { .. });
    assert!(!works.tables.facts.iter().any(interrupted));
}

#[test]
fn who_keeps_what_may_not_be_called_today_moves_the_promise_with_it() {
    let mut works = two_services();
    let first = works.now;
    for n in 1..=2 {
        in_vain(&mut works, n, 1, "2000");
        works.pass(Millis::minutes(10));
    }
    talk(&mut works, 3, 1, "2000", true);
    works.pass(Millis::seconds(5));
    assert_eq!(works.change(1, keep(), by("2000")), Answer::Done);
    let kept = works.entry(1);
    let until = first + Millis::hours(24);
    assert_eq!((kept.due, kept.request.as_ref().map(|request| request.promise.from)), (until, Some(until)));
}

#[test]
fn nothing_is_agreed_for_a_time_at_which_the_number_may_not_be_tried() {
    let mut works = two_services();
    try_in_vain_by_hand(&mut works);
    let from = works.now + Millis::hours(2);
    let window = Window { from, to: from + Millis::minutes(15) };
    let postpone = Change::Outcome(Outcome::Postpone { window, disposition: None, note: String::new() });
    let until = works.entry(1).held.unwrap().until;
    assert_eq!(works.change(1, postpone, by("2000")), often(&works, 3, until));
}

/// What customer 1 is promised, whom an agent has tried in vain by hand a minute ago.
fn promised_a_minute_later(works: &mut Works) -> Window {
    by_hand_in_vain(works, 1, "2000", CallResult::NoAnswer);
    works.pass(Millis::minutes(1));
    works.wait(31, &customer(1));
    let told = works.ask(31, &customer(1), queue_600());
    let Answer::Requested { entry: id, promise } = told else { panic!("{told:?}") };
    let entry = works.entry(31);
    assert_eq!((id, entry.request.as_ref().map(|request| request.promise)), (entry.id, Some(promise)));
    let noted = works.tables.facts.iter().find_map(|dated| match &dated.fact {
        Fact::RequestMade(made) => Some(made.promise),
        _ => None,
    });
    assert_eq!((noted, entry.due), (Some(promise), promise.from), "it is told, written down and due as promised");
    promise
}

#[test]
fn nobody_is_promised_a_time_before_their_number_may_be_tried() {
    let mut works = Works::new();
    works.directory.site.retry_plan.gap = Millis::minutes(30);
    let again = works.now + Millis::minutes(30);
    let promise = promised_a_minute_later(&mut works);
    assert_eq!((promise.from, promise.to), (again, again + Millis::minutes(15)));
    works.pass(Millis::minutes(28));
    assert_eq!(works.call_back(31, 41, "2000"), soon(&works, Millis::minutes(1)));
    works.pass(Millis::minutes(1));
    assert!(matches!(works.call_back(31, 41, "2000"), Answer::CallBack(_)), "what was promised is possible");
}

#[test]
fn of_a_promise_that_lasts_long_enough_only_the_beginning_waits_for_the_gap() {
    let mut works = Works::new();
    works.directory.site.retry_plan.gap = Millis::minutes(6);
    let asks = works.now + Millis::minutes(1);
    let promise = promised_a_minute_later(&mut works);
    assert_eq!((promise.from, promise.to), (asks + Millis::minutes(5), asks + Millis::minutes(15)));
}

#[test]
fn a_gap_that_ends_when_nobody_may_be_called_leads_to_the_next_hours() {
    let mut works = Works::new();
    works.directory.site.retry_plan.gap = Millis::hours(15);
    let promise = promised_a_minute_later(&mut works);
    let zone = &works.directory.site.zone;
    let hours = [zone.written(promise.from), zone.written(promise.to)];
    assert_eq!(hours, ["2026-03-03 08:00:00+08:00", "2026-03-03 10:00:00+08:00"]);
}

#[test]
fn a_short_talk_in_a_call_of_the_customers_leaves_what_is_held_as_it_is_and_a_long_one_settles_it() {
    let mut works = two_services();
    try_in_vain_by_hand(&mut works);
    let (held, due) = (works.entry(1).held, works.entry(1).due);
    assert!(works.entry(1).is_held(works.now));
    for (n, seconds) in [(31, 19), (32, 20)] {
        works.wait(n, &customer(1));
        works.record(Fact::Connected { call: call(n), agent: agent("2000") });
        works.pass(Millis::seconds(seconds));
        if Millis::seconds(seconds) >= works.directory.site.served_after {
            let service = ServiceKey::new("support").unwrap();
            let (number, agent) = (customer(1), agent("2000"));
            works.record(Fact::Served { call: call(n), number, service, agent });
        }
        works.record(Fact::AgentFreed { call: call(n), agent: agent("2000"), wrap_up: Millis::ZERO });
        works.record(Fact::CallEnded { call: call(n), how: CallEnd::Served });
        let entry = works.entry(1);
        assert_eq!((entry.held, entry.due, entry.is_open()), (held, due, seconds < 20), "{seconds} s");
    }
}
