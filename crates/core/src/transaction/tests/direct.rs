use nohold_model::{ExtensionKey, Millis, PhoneNumber};

use crate::agent::{AgentState, Input, Mode};
use crate::call::Gone;
use crate::fact::{Arrival, CallEnd, Doing, Fact};
use crate::fixture::{Works, agent, by, call, customer, entry, leg, offer, queue, queue_600, waiting};
use crate::routing::Waiting;
use crate::transaction::{Answer, Refusal, Transaction};

fn phone(key: &str) -> ExtensionKey {
    ExtensionKey::new(key).unwrap()
}

fn calls_outside(works: &mut Works, n: u32, key: &str, number: Option<PhoneNumber>) -> Answer {
    works.promise(Fact::DirectBegan { call: call(n), leg: leg(n), extension: phone(key), number })
}

fn calls_inside(works: &mut Works, n: u32, key: &str) -> Answer {
    let colleague = Some(phone(key));
    works.promise(Fact::CallArrived(Arrival {
        call: call(n),
        leg: leg(n),
        number: None,
        called: None,
        service: None,
        colleague,
    }))
}

fn rings(works: &mut Works, n: u32, key: &str) -> Answer {
    works.promise(Fact::PhoneRung { call: call(n), extension: phone(key), leg: leg(n + 500) })
}

fn state(works: &Works, key: &str) -> AgentState {
    works.agent(key).state()
}

fn wishes(works: &mut Works, key: &str, input: Input) {
    assert_eq!(works.run(&Transaction::Agent { agent: agent(key), input, by: by(key) }), Answer::Done);
}

fn begun(key: Option<&str>) -> Answer {
    Answer::Begun { agent: key.map(agent) }
}

#[test]
fn an_agent_who_calls_outside_is_talking_and_is_offered_nothing() {
    let mut works = Works::new();
    assert_eq!(calls_outside(&mut works, 1, "2000", Some(customer(1))), begun(Some("2000")));
    assert_eq!(state(&works, "2000"), AgentState::Talking);
    works.wait(2, &customer(2));
    assert_eq!(works.reserve(1, 2, "2000"), Answer::Refused(Refusal::AgentState));
    works.record(Fact::CallEnded { call: call(1), how: CallEnd::Direct });
    assert_eq!(state(&works, "2000"), AgentState::Available);
    assert!(works.tables.calls.len() == 1 && works.tables.holds.is_empty());
}

#[test]
fn it_is_known_until_when_a_phone_rings_for_a_colleague_and_for_a_customer() {
    let mut works = Works::new();
    calls_inside(&mut works, 1, "2000");
    rings(&mut works, 1, "2001");
    works.arrive(2, Some(customer(2)));
    rings(&mut works, 2, "2002");
    let rung_for = |n| {
        let row = works.tables.calls[&call(n)].rings.unwrap();
        row.until.unwrap().since(row.since)
    };
    assert_eq!((rung_for(1), rung_for(2)), (Millis::seconds(60), Millis::seconds(25)));
}

#[test]
fn a_number_that_a_phone_of_ours_calls_is_called_by_nobody_else() {
    let mut works = Works::new();
    works.arrive(9, Some(customer(1)));
    works.ask(9, &customer(1), queue_600());
    works.record(Fact::CallEnded { call: call(9), how: CallEnd::Requested });
    assert_eq!(calls_outside(&mut works, 1, "2000", Some(customer(1))), begun(Some("2000")));
    assert_eq!(calls_outside(&mut works, 2, "2001", Some(customer(1))), Answer::Refused(Refusal::NumberInUse));
    assert_eq!(state(&works, "2001"), AgentState::Available);
    assert_eq!(works.call_back(9, 3, "2001"), Answer::Refused(Refusal::NumberInUse));
    // The emergency services may be called by as many as need them.
    assert_eq!(calls_outside(&mut works, 4, "2001", None), begun(Some("2001")));
    assert_eq!(calls_outside(&mut works, 5, "2002", None), begun(Some("2002")));
    works.record(Fact::CallEnded { call: call(1), how: CallEnd::Direct });
    assert!(matches!(works.call_back(9, 3, "2000"), Answer::CallBack(_)));
}

#[test]
fn what_an_agent_does_besides_something_else_changes_no_state() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    let before = works.agent("2000").clone();
    assert_eq!(calls_outside(&mut works, 2, "2000", Some(customer(2))), begun(None));
    assert_eq!(calls_inside(&mut works, 3, "2000"), begun(None));
    works.record(Fact::CallEnded { call: call(2), how: CallEnd::Direct });
    works.record(Fact::CallEnded { call: call(3), how: CallEnd::Missed });
    assert_eq!(*works.agent("2000"), before);
}

#[test]
fn an_agents_phone_is_rung_in_any_mode_and_never_taken_out_of_rotation() {
    for mode in [Mode::Available, Mode::NotReady, Mode::Break("tea".into())] {
        let mut works = Works::new();
        if mode != Mode::Available {
            wishes(&mut works, "2001", Input::Choose(mode.clone()));
        }
        let idle_since = works.agent("2001").idle_since;
        calls_inside(&mut works, 1, "2000");
        assert_eq!(rings(&mut works, 1, "2001"), Answer::Rung { agent: Some(agent("2001")) });
        assert_eq!(state(&works, "2001"), AgentState::Ringing);
        assert_eq!(rings(&mut works, 1, "2001"), Answer::Refused(Refusal::AgentState));
        works.record(Fact::PhoneFailed { call: call(1), extension: phone("2001"), why: Gone::NoAnswer });
        assert_eq!(works.agent("2001").mode, mode);
        assert_eq!(works.agent("2001").engagement, None);
        assert_eq!(works.agent("2001").idle_since, idle_since);
    }
}

#[test]
fn an_agent_who_is_not_signed_in_is_rung_without_a_state() {
    let mut works = Works::new();
    wishes(&mut works, "2001", Input::SignOut);
    calls_inside(&mut works, 1, "2000");
    assert_eq!(rings(&mut works, 1, "2001"), Answer::Rung { agent: None });
    works.record(Fact::PhoneAnswered { call: call(1) });
    assert_eq!(state(&works, "2001"), AgentState::NotSignedIn);
}

#[test]
fn a_wrap_up_goes_on_after_a_direct_call_and_no_other_follows() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2001");
    let after = crate::agent::AfterOffer::default();
    works.record(Fact::OfferEnded { offer: offer(1), end: crate::agent::OfferEnd::Accepted, after });
    works.record(Fact::AgentFreed { call: call(1), agent: agent("2001"), wrap_up: Millis::seconds(30) });
    works.pass(Millis::seconds(10));
    calls_inside(&mut works, 2, "2000");
    rings(&mut works, 2, "2001");
    works.record(Fact::PhoneAnswered { call: call(2) });
    assert_eq!(state(&works, "2001"), AgentState::Talking);
    works.record(Fact::AgentFreed { call: call(2), agent: agent("2001"), wrap_up: Millis::ZERO });
    assert_eq!(state(&works, "2001"), AgentState::WrapUp);
    assert_eq!(state(&works, "2000"), AgentState::Talking);
    works.record(Fact::CallEnded { call: call(2), how: CallEnd::Served });
    assert_eq!(state(&works, "2000"), AgentState::Available);
    works.pass(Millis::seconds(20));
    wishes(&mut works, "2001", Input::Tick);
    assert_eq!(state(&works, "2001"), AgentState::Available);
}

#[test]
fn nobody_is_offered_the_own_call() {
    let mut works = Works::new();
    calls_inside(&mut works, 1, "2001");
    works.record(Fact::Queued(Waiting { caller: Some(agent("2000")), ..waiting(1) }));
    // The agent is free: the call was made besides something that has ended.
    assert_eq!(works.reserve(1, 1, "2000"), Answer::Refused(Refusal::AgentState));
    assert!(matches!(works.reserve(2, 1, "2002"), Answer::Reserved(_)));
    assert_eq!(works.tables.waiting[&call(1)].queue, queue("600"));
}

#[test]
fn a_dead_direct_call_frees_everybody_and_stands_on_no_list() {
    let mut works = Works::new();
    calls_inside(&mut works, 1, "2000");
    rings(&mut works, 1, "2001");
    works.record(Fact::PhoneAnswered { call: call(1) });
    assert_eq!(works.tables.calls[&call(1)].doing, Doing::Talking);
    assert_eq!(works.recover(1), Answer::Done);
    for key in ["2000", "2001"] {
        assert_eq!(state(&works, key), AgentState::Available, "{key}");
    }
    assert!(works.tables.calls.is_empty() && works.tables.entries.is_empty());
}

#[test]
fn a_phone_that_may_go_on_ringing_after_our_death_is_left_alone() {
    let mut works = Works::new();
    works.arrive(9, Some(customer(1)));
    works.ask(9, &customer(1), queue_600());
    works.record(Fact::CallEnded { call: call(9), how: CallEnd::Requested });
    calls_outside(&mut works, 1, "2000", Some(customer(1)));
    assert_eq!(works.recover(1), Answer::Done);
    assert_eq!(state(&works, "2000"), AgentState::Available);
    assert_eq!(works.call_back(9, 2, "2000"), Answer::Refused(Refusal::NumberInUse));
    works.pass(Millis::seconds(89));
    assert_eq!(works.call_back(9, 2, "2000"), Answer::Refused(Refusal::NumberInUse));
    works.pass(Millis::seconds(1));
    assert!(matches!(works.call_back(9, 2, "2000"), Answer::CallBack(_)));
    assert!(works.tables.entries.contains_key(&entry(9)));
}
