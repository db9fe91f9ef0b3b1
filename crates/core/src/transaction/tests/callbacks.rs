use nohold_model::{CallResult, Millis, PhoneNumber};

use crate::agent::AgentState;
use crate::directory::Forbidden;
use crate::entry::{self, Actor, Change, Outcome, State};
use crate::fact::{CallEnd, Dropped, Fact};
use crate::fixture::{
    Works, agent, attempt, by, call, customer, entry, group_b, offer, our_number, queue_600, renewals, supervisor,
};
use crate::numbers::DialRefusal;
use crate::transaction::{Answer, Refusal, Transaction};

fn moment(at: nohold_model::Timestamp) -> crate::hours::Moment {
    crate::hours::Moment::new(at, &crate::fixture::site().zone)
}

/// Entry 1 is a request of customer 1 to Support.
fn asked() -> Works {
    let mut works = Works::new();
    ask(&mut works, 1, &customer(1), queue_600());
    works.told();
    works
}

fn ask(works: &mut Works, n: u32, number: &PhoneNumber, target: entry::Target) {
    works.wait(n, number);
    assert!(matches!(works.ask(n, number, target), Answer::Requested { .. }));
    works.record(Fact::CallEnded { call: call(n), how: CallEnd::Requested });
}

fn ended(n: u32, result: CallResult, sent: bool) -> Fact {
    Fact::AttemptEnded { attempt: attempt(n), entry: entry(1), result, sent }
}

fn end_call(works: &mut Works, n: u32, key: &str) {
    works.record(Fact::AgentFreed { call: call(n), agent: agent(key), wrap_up: Millis::ZERO });
    works.record(Fact::CallEnded { call: call(n), how: CallEnd::Callback });
}

#[test]
fn call_back_claims_the_entry_and_reserves_the_agent_together() {
    let mut works = asked();
    let Answer::CallBack(order) = works.call_back(1, 11, "2000") else { panic!("refused") };
    assert_eq!((order.number, order.caller_id, order.entry), (customer(1), our_number(), entry(1)));
    assert_eq!(works.entry(1).holder(), Some(&agent("2000")));
    assert_eq!(works.agent("2000").state(), AgentState::Reserved);
    assert_eq!(works.call_back(1, 12, "2001"), Answer::Refused(Refusal::Entry(entry::Refusal::HeldBy(agent("2000")))));
    assert_eq!(works.agent("2001").state(), AgentState::Available);
}

#[test]
fn a_callback_from_claim_to_outcome() {
    let mut works = asked();
    works.change(1, Change::Claim { agent: agent("2000") }, by("2000"));
    assert_eq!(works.agent("2000").state(), AgentState::Available, "a claim reserves the entry, not the agent");
    works.call_back(1, 11, "2000");
    assert_eq!(works.dial(1, 1, 11, &customer(1)), Answer::Attempt(attempt(1)));
    works.record(Fact::AttemptAnswered { attempt: attempt(1), entry: entry(1), call: call(11) });
    works.record(Fact::Connected { call: call(11), agent: agent("2000") });
    assert_eq!(works.agent("2000").state(), AgentState::Talking);
    works.pass(Millis::seconds(90));
    let talked = Millis::seconds(90);
    works.record(Fact::CallbackTalked {
        attempt: attempt(1),
        entry: entry(1),
        talked,
        broken: false,
        agent_lost: false,
    });
    end_call(&mut works, 11, "2000");
    let outcome = Outcome::Close { reason: entry::CloseReason::Done, disposition: None, note: "sent papers".into() };
    assert_eq!(works.change(1, Change::Outcome(outcome), by("2000")), Answer::Done);
    assert!(!works.entry(1).is_open());
    assert!(works.tables.holds.is_empty() && works.tables.calls.is_empty());
    assert_eq!(
        works.told(),
        "Entry:Claim 2000:Reserved Entry:CallBegan AttemptBegan Entry:AttemptBegan AttemptAnswered Entry:Answered \
         Connected 2000:Talking CallbackTalked Entry:TalkEnded AgentFreed 2000:Available CallEnded Entry:Outcome NoteSaved"
    );
}

#[test]
fn an_agent_whose_line_broke_holds_the_request_no_longer() {
    let mut works = asked();
    works.call_back(1, 11, "2000");
    assert_eq!(works.dial(1, 1, 11, &customer(1)), Answer::Attempt(attempt(1)));
    works.record(Fact::AttemptAnswered { attempt: attempt(1), entry: entry(1), call: call(11) });
    works.record(Fact::Connected { call: call(11), agent: agent("2000") });
    works.pass(Millis::seconds(36));
    let talked = Millis::seconds(36);
    works.record(Fact::CallbackTalked { attempt: attempt(1), entry: entry(1), talked, broken: true, agent_lost: true });
    assert_eq!(
        (&works.entry(1).state, works.entry(1).due),
        (&State::Waiting, works.now),
        "due at once, for whoever is there"
    );
    assert_eq!(
        works.call_back(1, 12, "2001"),
        Answer::Refused(Refusal::NumberInUse),
        "while the customer is on the line"
    );
    end_call(&mut works, 11, "2000");
    assert!(matches!(works.call_back(1, 12, "2001"), Answer::CallBack(_)), "another calls back at once");
}

#[test]
fn the_agents_phone_does_not_answer_and_nothing_is_counted() {
    let mut works = asked();
    works.call_back(1, 11, "2000");
    works.record(Fact::CallbackDropped { entry: entry(1), call: call(11), why: Dropped::NoAnswer });
    end_call(&mut works, 11, "2000");
    assert_eq!((&works.entry(1).state, works.entry(1).counted_attempts()), (&State::Waiting, 0));
    let of_entry = |fact: &Fact| match fact {
        Fact::EntryChanged { change: Change::CallDropped { why, .. }, .. } => *why,
        _ => None,
    };
    let why = works.tables.facts.iter().find_map(|dated| of_entry(&dated.fact));
    assert_eq!(why, Some(Dropped::NoAnswer), "the entry's history tells why");
    assert!(matches!(works.call_back(1, 12, "2001"), Answer::CallBack(_)), "another may call at once");
}

#[test]
fn what_speaks_against_a_dial_is_said_and_nothing_happens() {
    let mut works = asked();
    // A busy agent.
    works.wait(5, &customer(5));
    works.reserve(5, 5, "2001");
    assert_eq!(works.call_back(1, 11, "2001"), Answer::Refused(Refusal::AgentState));
    // A number blocked since it asked.
    works.directory.blocked.numbers.insert(customer(1));
    let blocked = Refusal::Dial(Forbidden::Number(DialRefusal::Blocked));
    assert_eq!(works.call_back(1, 11, "2000"), Answer::Refused(blocked));
    works.directory.blocked.numbers.clear();
    // No caller ID that a trunk of ours owns.
    let trunks = std::mem::take(&mut works.directory.trunks);
    assert_eq!(works.call_back(1, 11, "2000"), Answer::Refused(Refusal::NoCallerId));
    works.directory.trunks = trunks;
    // Too soon, and too often.
    works.call_back(1, 11, "2000");
    works.dial(1, 1, 11, &customer(1));
    works.record(ended(1, CallResult::Busy, true));
    end_call(&mut works, 11, "2000");
    let until = moment(works.now + Millis::minutes(10));
    let soon = Refusal::Entry(entry::Refusal::TooSoon { until });
    assert_eq!(works.call_back(1, 12, "2000"), Answer::Refused(soon));
    works.pass(Millis::minutes(10));
    works.directory.site.retry_plan.max_attempts = 1;
    let until = moment(crate::fixture::at(0) + Millis::hours(24));
    let often = Refusal::Entry(entry::Refusal::TooOften { attempts: 1, until, may_be_allowed: true });
    assert_eq!(works.call_back(1, 12, "2000"), Answer::Refused(often));
}

#[test]
fn a_disposition_is_one_of_those_that_are_listed_for_who_has_asked() {
    let mut works = asked();
    let key = |text: &str| nohold_model::DispositionKey::new(text).unwrap();
    let close = |given: Option<&str>| {
        let (reason, note) = (entry::CloseReason::Done, String::new());
        Change::Outcome(Outcome::Close { reason, disposition: given.map(key), note })
    };
    let service = works.directory.queues.values().next().unwrap().service.clone();
    works.directory.dispositions.of_services.insert(service, vec![key("solved"), key("sold")]);
    works.change(1, Change::Claim { agent: agent("2000") }, by("2000"));
    let Answer::Refused(refusal) = works.change(1, close(Some("forgotten")), by("2000")) else { panic!("not refused") };
    assert_eq!(refusal.to_string(), "this disposition may not be given here: choose one of `solved`, `sold`");
    works
        .directory
        .dispositions
        .of_queues
        .insert(works.directory.queues.keys().next().unwrap().clone(), vec![key("sold")]);
    assert!(matches!(works.change(1, close(Some("solved")), by("2000")), Answer::Refused(_)), "the queue's count more");
    assert_eq!(works.change(1, close(Some("sold")), by("2000")), Answer::Done);
}

#[test]
fn where_none_are_listed_a_disposition_is_one_of_those_that_are_configured() {
    let mut works = asked();
    let key = |text: &str| nohold_model::DispositionKey::new(text).unwrap();
    let keep = |given: &str| Change::Outcome(Outcome::Keep { disposition: Some(key(given)), note: String::new() });
    works.change(1, Change::Claim { agent: agent("2000") }, by("2000"));
    works.directory.dispositions.names.insert(key("sold"), "Sold".into());
    let Answer::Refused(refusal) = works.change(1, keep("sould"), by("2000")) else { panic!("not refused") };
    assert_eq!(refusal.to_string(), "this disposition may not be given here: choose one of `sold`");
    assert_eq!(works.change(1, keep("sold"), by("2000")), Answer::Done);
    works.change(1, Change::Claim { agent: agent("2000") }, by("2000"));
    works.directory.dispositions.names.clear();
    assert_eq!(works.change(1, keep("sould"), by("2000")), Answer::Done, "none is configured");
}

#[test]
fn of_two_who_have_seen_the_same_version_one_is_heard() {
    let mut works = asked();
    let seen = works.tables.entries[&entry(1)].version;
    let urge = |priority, seen| Transaction::Entry {
        entry: entry(1),
        change: Change::Prioritise { priority },
        seen: Some(seen),
        by: supervisor(),
    };
    assert_eq!(works.run(&urge(7, seen)), Answer::Done);
    assert_eq!(works.run(&urge(9, seen)), Answer::Refused(Refusal::Changed));
    let call_back = |seen| Transaction::CallBack {
        entry: entry(1),
        agent: agent("2000"),
        call: call(11),
        beyond_window: false,
        seen: Some(seen),
        by: by("2000"),
    };
    assert_eq!(works.run(&call_back(seen)), Answer::Refused(Refusal::Changed));
    assert_eq!(works.tables.entries[&entry(1)].priority, 7, "what was refused has changed nothing");
    assert!(matches!(works.run(&call_back(seen + 1)), Answer::CallBack(_)));
}

#[test]
fn outside_the_dialling_window_only_a_supervisor_lets_a_call_out_and_that_is_logged() {
    let mut works = asked();
    // 21:30 in Shanghai; the office is open until 23:00.
    works.pass(Millis::minutes(690));
    assert!(matches!(works.call_back(1, 11, "2000"), Answer::Refused(Refusal::Dial(Forbidden::Hour(_)))));
    let beyond = |by| Transaction::CallBack {
        entry: entry(1),
        agent: agent("2000"),
        call: call(11),
        beyond_window: true,
        seen: None,
        by,
    };
    let not_allowed = Answer::Refused(Refusal::Entry(entry::Refusal::NotAllowed));
    assert_eq!(works.run(&beyond(by("2000"))), not_allowed);
    assert_eq!(works.run(&beyond(Actor::System)), not_allowed);
    assert!(matches!(works.run(&beyond(supervisor())), Answer::CallBack(_)));
    let logged = works.tables.facts.iter().any(|dated| {
        matches!(&dated.fact, Fact::EntryChanged { change: Change::CallBegan { beyond_window: true, .. }, by, .. }
            if *by == supervisor())
    });
    assert!(logged, "{:?}", works.tables.facts);
    assert_eq!(works.dial(1, 1, 11, &customer(1)), Answer::Attempt(attempt(1)), "the word holds for the attempt");
}

#[test]
fn the_window_that_closes_while_the_agents_phone_rings_stops_the_attempt() {
    let mut works = asked();
    works.pass(Millis::minutes(659));
    assert!(matches!(works.call_back(1, 11, "2000"), Answer::CallBack(_)));
    works.pass(Millis::minutes(1));
    assert!(matches!(works.dial(1, 1, 11, &customer(1)), Answer::Refused(Refusal::Dial(Forbidden::Hour(_)))));
    assert!(works.tables.holds.is_empty());
}

#[test]
fn a_number_is_dialled_by_one_call_at_a_time_across_services_and_campaigns() {
    let mut works = asked();
    ask(&mut works, 2, &customer(1), renewals());
    works.call_back(1, 11, "2000");
    works.call_back(2, 12, "2003");
    assert_eq!(works.dial(1, 1, 11, &customer(1)), Answer::Attempt(attempt(1)));
    assert_eq!(works.dial(2, 2, 12, &customer(1)), Answer::Refused(Refusal::NumberInUse));
    assert_eq!(works.dial(3, 1, 11, &customer(1)), Answer::Refused(Refusal::Entry(entry::Refusal::Stale)), "once");
    works.record(ended(1, CallResult::NoAnswer, true));
    works.pass(Millis::minutes(10));
    assert_eq!(works.dial(2, 2, 12, &customer(1)), Answer::Attempt(attempt(2)));
}

#[test]
fn nobody_is_dialled_who_is_in_a_conversation_with_us() {
    let mut works = asked();
    works.wait(5, &customer(1));
    works.reserve(5, 5, "2001");
    let accepted = crate::agent::OfferEnd::Accepted;
    works.record(Fact::OfferEnded { offer: offer(5), end: accepted, after: Default::default() });
    works.record(Fact::Connected { call: call(5), agent: agent("2001") });
    assert_eq!(works.call_back(1, 11, "2000"), Answer::Refused(Refusal::NumberInUse));
    // Also when the conversation is with a phone outside the line.
    works.record(Fact::CallEnded { call: call(5), how: CallEnd::Served });
    works.arrive(6, Some(customer(1)));
    works.record(Fact::TransferAnswered { call: call(6) });
    assert_eq!(works.call_back(1, 11, "2000"), Answer::Refused(Refusal::NumberInUse));
    works.record(Fact::CallEnded { call: call(6), how: CallEnd::Served });
    assert!(matches!(works.call_back(1, 11, "2000"), Answer::CallBack(_)));
}

#[test]
fn after_the_last_attempt_the_phone_out_there_may_still_ring() {
    let mut works = asked();
    works.directory.site.retry_plan.max_attempts = 1;
    ask(&mut works, 2, &customer(1), renewals());
    works.call_back(1, 11, "2000");
    works.dial(1, 1, 11, &customer(1));
    works.record(ended(1, CallResult::Interrupted, true));
    end_call(&mut works, 11, "2000");
    assert!(!works.entry(1).is_open());
    works.directory.site.retry_plan.max_attempts = 2;
    works.pass(Millis::seconds(69));
    assert_eq!(works.call_back(2, 12, "2003"), Answer::Refused(Refusal::NumberInUse));
    works.pass(Millis::seconds(1));
    assert!(matches!(works.call_back(2, 12, "2003"), Answer::CallBack(_)));
    // The hold that is over is cleared away by the next attempt.
    works.dial(2, 2, 12, &customer(1));
    assert_eq!(works.tables.holds.len(), 1);
}

#[test]
fn a_customer_who_is_served_while_we_dial_stays_for_the_outcome_of_the_dial() {
    let mut works = asked();
    works.call_back(1, 11, "2000");
    works.dial(1, 1, 11, &customer(1));
    let service = group_b().service(&works.directory).unwrap();
    works.record(Fact::Served { call: call(9), number: customer(1), service, agent: agent("2001") });
    assert!(matches!(works.entry(1).state, State::Attempting { .. }));
}

#[test]
fn who_asks_again_right_after_the_callback_has_a_new_wish() {
    let mut works = asked();
    works.call_back(1, 11, "2000");
    works.dial(1, 1, 11, &customer(1));
    works.record(Fact::AttemptAnswered { attempt: attempt(1), entry: entry(1), call: call(11) });
    let talked = Millis::seconds(90);
    works.record(Fact::CallbackTalked {
        attempt: attempt(1),
        entry: entry(1),
        talked,
        broken: false,
        agent_lost: false,
    });
    end_call(&mut works, 11, "2000");
    works.pass(Millis::seconds(10));
    ask(&mut works, 2, &customer(1), queue_600());
    let done = Outcome::Close { reason: entry::CloseReason::Done, disposition: None, note: String::new() };
    assert_eq!(works.change(1, Change::Outcome(done), by("2000")), Answer::Done);
    let open = works.entry(1);
    assert_eq!((&open.state, open.request.as_ref().unwrap().call), (&State::Waiting, Some(call(2))));
}

#[test]
fn a_missed_call_is_called_back_for_its_queue() {
    let mut works = Works::new();
    works.arrive(1, Some(customer(1)));
    works.record(Fact::Missed {
        entry: entry(1),
        call: call(1),
        number: Some(customer(1)),
        target: queue_600(),
        left_at: entry::LeftAt::Menu,
        waited: Millis::seconds(9),
        short: false,
    });
    let Answer::CallBack(order) = works.call_back(1, 11, "2000") else { panic!("refused") };
    assert_eq!(order.queue, Some(crate::fixture::queue("600")), "whose wrap-up follows");
}
