use nohold_model::{ExtensionKey, Millis};

use crate::agent::{AfterOffer, AgentState, Input, Mode, OfferEnd};
use crate::directory::Strategy;
use crate::fact::{Dated, Destination, Doing, Fact, LeftQueue};
use crate::fixture::{Works, agent, by, call, customer, leg, number, offer, queue, queue_600, waiting};
use crate::routing::{Class, Waiting};
use crate::transaction::{Answer, Noun, Refusal, Transaction};

fn ended(n: u32, end: OfferEnd) -> Fact {
    Fact::OfferEnded { offer: offer(n), end, after: AfterOffer::default() }
}

#[test]
fn of_two_callers_one_gets_the_agent_and_of_two_agents_one_gets_the_caller() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.wait(2, &customer(2));
    assert!(matches!(works.reserve(1, 1, "2000"), Answer::Reserved(_)));
    assert_eq!(works.reserve(2, 2, "2000"), Answer::Refused(Refusal::AgentState));
    assert_eq!(works.reserve(3, 1, "2001"), Answer::Refused(Refusal::AlreadyOffered));
    assert_eq!(works.tables.offers.len(), 1);
    assert_eq!(works.tables.memory[&queue("600")], agent("2000"));
}

#[test]
fn in_a_queue_that_rings_all_one_caller_gets_many_agents_and_one_answer_frees_the_others() {
    let mut works = Works::new();
    works.directory.queues.get_mut(&queue("600")).unwrap().strategy = Strategy::RingAll;
    works.wait(1, &customer(1));
    for (n, key) in [(1, "2000"), (2, "2001"), (3, "2002")] {
        assert!(matches!(works.reserve(n, 1, key), Answer::Reserved(_)), "{key}");
    }
    works.record(ended(2, OfferEnd::Accepted));
    works.record(Fact::LeftQueue { call: call(1), why: LeftQueue::Answered });
    assert_eq!(works.agent("2001").state(), AgentState::Talking);
    for key in ["2000", "2002"] {
        assert!(works.agent(key).may_be_offered(works.now), "{key}");
    }
    assert!(works.tables.offers.values().all(|offer| offer.ended.is_some()));
}

#[test]
fn nobody_is_reserved_for_a_caller_who_has_left_or_stands_there_for_another_time() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.record(Fact::Queued(Waiting { stay: 2, ..waiting(1) }));
    assert_eq!(works.reserve(1, 1, "2000"), Answer::Refused(Refusal::CallerGone), "an earlier stay");
    works.record(Fact::Queued(Waiting { connectable: false, ..waiting(1) }));
    assert_eq!(works.reserve(1, 1, "2000"), Answer::Refused(Refusal::CallerGone), "keying a number");
    works.record(Fact::LeftQueue { call: call(1), why: LeftQueue::HungUp });
    assert_eq!(works.reserve(1, 1, "2000"), Answer::Refused(Refusal::CallerGone), "gone");
    works.directory.queues.clear();
    assert_eq!(works.reserve(1, 1, "2000"), Answer::Refused(Refusal::NotFound(Noun::Queue)));
}

#[test]
fn a_caller_who_begins_to_key_a_number_lets_the_ringing_agent_go() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    works.told();
    works.record(Fact::Queued(Waiting { connectable: false, stay: 2, ..waiting(1) }));
    assert_eq!(works.told(), "Queued OfferEnded:Withdrawn 2000:Available");
}

#[test]
fn a_request_takes_the_caller_out_of_line_and_frees_the_ringing_agent_in_one_commit() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    works.record(Fact::OfferRinging { offer: offer(1) });
    works.told();
    assert!(matches!(works.ask(1, &customer(1), queue_600()), Answer::Requested { .. }));
    assert!(works.tables.waiting.is_empty());
    assert_eq!(works.agent("2000").state(), AgentState::Available);
    assert_eq!(works.tables.calls[&call(1)].doing, Doing::Finished);
    assert_eq!(works.told(), "RequestMade EntryGathered LeftQueue OfferEnded:Withdrawn 2000:Available");
    // What commits first wins: the answer of the agent's phone comes too late.
    works.record(ended(1, OfferEnd::Accepted));
    assert_eq!((works.agent("2000").state(), works.told()), (AgentState::Available, String::new()));
}

#[test]
fn an_offer_ends_once_and_the_agent_is_freed_once() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    works.told();
    works.record(ended(1, OfferEnd::NoAnswer));
    works.record(ended(1, OfferEnd::Declined));
    assert_eq!(works.told(), "OfferEnded:NoAnswer 2000:NoAnswer");
    assert_eq!(works.tables.offers[&offer(1)].ended.map(|(_, end)| end), Some(OfferEnd::NoAnswer));
}

#[test]
fn who_declines_a_caller_is_remembered_while_the_caller_stands_in_that_line() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    works.record(ended(1, OfferEnd::Declined));
    let declined = |works: &Works| works.tables.waiting[&call(1)].declined.clone();
    assert_eq!(declined(&works), [agent("2000")].into());
    works.record(Fact::Queued(Waiting { connectable: false, ..waiting(1) }));
    assert_eq!(declined(&works), [agent("2000")].into(), "the caller was in a menu meanwhile");
    works.record(Fact::Queued(Waiting { stay: 2, ..waiting(1) }));
    assert!(declined(&works).is_empty(), "another queue");
}

#[test]
fn an_ended_call_holds_nobody() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    works.record(ended(1, OfferEnd::Accepted));
    works.record(Fact::LeftQueue { call: call(1), why: LeftQueue::Answered });
    works.record(Fact::Connected { call: call(1), agent: agent("2000") });
    assert_eq!(works.tables.holds.len(), 1, "the customer is in a conversation");
    works.record(Fact::CallEnded { call: call(1), how: crate::fact::CallEnd::Served });
    assert!(works.tables.holds.is_empty() && works.tables.calls.is_empty());
    assert_eq!(works.agent("2000").state(), AgentState::Available);
}

#[test]
fn nobody_dials_a_caller_who_hears_who_takes_the_call() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    works.record(Fact::OfferRinging { offer: offer(1) });
    let dials = |works: &mut Works, n: u32, key: &str| {
        let extension = ExtensionKey::new(key).unwrap();
        let number = Some(customer(1));
        let answer = works.promise(Fact::DirectBegan { call: call(n), leg: leg(n), extension, number });
        works.record(Fact::CallEnded { call: call(n), how: crate::fact::CallEnd::Direct });
        answer
    };
    let in_use = Answer::Refused(Refusal::NumberInUse);
    assert_ne!(dials(&mut works, 2, "2001"), in_use, "who waits is in no conversation");
    works.record(ended(1, OfferEnd::Accepted));
    works.record(Fact::LeftQueue { call: call(1), why: LeftQueue::Answered });
    assert_eq!(dials(&mut works, 3, "2001"), in_use, "the announcement is heard");
    // The agent hangs up before anything was said, and the caller waits again.
    works.record(Fact::AgentFreed { call: call(1), agent: agent("2000"), wrap_up: Millis::ZERO });
    works.record(Fact::Queued(waiting(1)));
    assert_ne!(dials(&mut works, 4, "2001"), in_use, "in line again");
    works.reserve(2, 1, "2001");
    works.record(ended(2, OfferEnd::Accepted));
    works.record(Fact::LeftQueue { call: call(1), why: LeftQueue::Answered });
    assert_eq!(dials(&mut works, 5, "2000"), in_use, "the next announcement is heard");
    works.record(Fact::CallEnded { call: call(1), how: crate::fact::CallEnd::Missed });
    assert!(works.tables.holds.is_empty());
    assert_ne!(dials(&mut works, 6, "2000"), in_use, "the caller has hung up");
}

#[test]
fn a_wrap_up_follows_a_conversation_and_what_was_chosen_for_afterwards_is_told() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    works.record(ended(1, OfferEnd::Accepted));
    works.told();
    let wish = |input| Transaction::Agent { agent: agent("2000"), input, by: by("2000") };
    assert_eq!(works.run(&wish(Input::Choose(Mode::NotReady))), Answer::Done);
    assert_eq!(works.told(), "2000:Talking");
    works.record(Fact::AgentFreed { call: call(1), agent: agent("2000"), wrap_up: Millis::seconds(30) });
    assert_eq!(works.run(&wish(Input::Tick)), Answer::Refused(Refusal::AgentState));
    works.pass(Millis::seconds(30));
    assert_eq!(works.run(&wish(Input::Tick)), Answer::Done);
    assert_eq!(works.told(), "AgentFreed 2000:WrapUp 2000:NotReady");
}

#[test]
fn an_agent_nobody_has_configured_does_not_work_here() {
    let mut works = Works::new();
    let sign_in = Transaction::Agent { agent: agent("9999"), input: Input::SignIn, by: by("9999") };
    assert_eq!(works.run(&sign_in), Answer::Refused(Refusal::NotFound(Noun::Agent)));
}

fn transferred(works: &mut Works, n: u32, to: Destination) -> Answer {
    let ring_for = Millis::seconds(20);
    works.promise(Fact::Transferred { call: call(n), to, leg: leg(n), offer: offer(n), ring_for })
}

#[test]
fn a_transfer_reserves_the_agent_of_the_phone_and_takes_a_number_into_use() {
    let mut works = Works::new();
    let extension = Destination::Extension(ExtensionKey::new("2000").unwrap());
    for n in [1, 2, 3, 4] {
        works.arrive(n, None);
    }
    assert!(matches!(transferred(&mut works, 1, extension.clone()), Answer::Reserved(_)));
    assert_eq!(transferred(&mut works, 2, extension), Answer::Refused(Refusal::AgentState));
    let branch = Destination::Number(number("+862161239999"));
    assert_eq!(transferred(&mut works, 3, branch.clone()), Answer::Done);
    assert_eq!(transferred(&mut works, 4, branch.clone()), Answer::Refused(Refusal::NumberInUse));
    works.record(Fact::TransferFailed { call: call(3) });
    assert_eq!(transferred(&mut works, 4, branch.clone()), Answer::Done);
    // A call that has ended meanwhile reserves nobody and nothing.
    assert_eq!(transferred(&mut works, 9, branch), Answer::Refused(Refusal::NotFound(Noun::Call)));
}

#[test]
fn a_line_takes_as_many_as_it_may_whoever_comes_in_the_same_moment() {
    let mut works = Works::new();
    works.directory.queues.get_mut(&queue("600")).unwrap().max_length = 2;
    let queued = |works: &mut Works, waiting: Waiting| {
        let records = vec![Dated { at: works.now, fact: Fact::Queued(waiting) }];
        works.run(&Transaction::Call { records, promise: None })
    };
    for n in 1..=12 {
        works.arrive(n, Some(customer(n)));
    }
    let answers: Vec<Answer> = (1..=12).map(|n| queued(&mut works, waiting(n))).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == Answer::Done).count(), 2);
    assert_eq!(answers.iter().filter(|answer| **answer == Answer::LineFull(queue("600"))).count(), 10);
    assert_eq!(works.tables.waiting.len(), 2);
    // Who stands there may change; who was there before comes back to it; whom we have lost is let in.
    assert_eq!(queued(&mut works, Waiting { connectable: false, stay: 2, ..waiting(1) }), Answer::Done);
    works.record(Fact::LeftQueue { call: call(1), why: LeftQueue::Chose });
    assert_eq!(queued(&mut works, waiting(3)), Answer::Done, "there is room again");
    assert_eq!(queued(&mut works, waiting(1)), Answer::Done);
    assert_eq!(queued(&mut works, Waiting { class: Class::Recovered, ..waiting(4) }), Answer::Done);
    assert_eq!(queued(&mut works, waiting(5)), Answer::LineFull(queue("600")));
    // Whom an agent has talked with and sends on is not turned away by a length.
    works.record(Fact::Connected { call: call(6), agent: agent("2001") });
    assert_eq!(queued(&mut works, waiting(6)), Answer::Done);
}

#[test]
fn who_is_sent_on_after_a_conversation_waits_from_then_on() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    let came = works.now;
    let stood = |works: &Works| works.tables.calls[&call(1)].stood;
    let leaves = Fact::LeftQueue { call: call(1), why: LeftQueue::Overflow };
    works.pass(Millis::seconds(20));
    works.record(leaves.clone());
    works.record(Fact::Queued(Waiting { stay: 2, ..waiting(1) }));
    assert_eq!(stood(&works), Some(came), "who comes back from a menu has waited all the while");
    works.record(Fact::LeftQueue { call: call(1), why: LeftQueue::Answered });
    works.record(Fact::Connected { call: call(1), agent: agent("2000") });
    works.pass(Millis::minutes(3));
    works.record(Fact::AgentFreed { call: call(1), agent: agent("2000"), wrap_up: Millis::ZERO });
    works.record(Fact::Queued(Waiting { stay: 3, ..waiting(1) }));
    let sent_on = works.now;
    assert_eq!(stood(&works), Some(sent_on));
    works.pass(Millis::seconds(5));
    works.record(leaves);
    works.record(Fact::Queued(Waiting { stay: 4, ..waiting(1) }));
    assert_eq!(stood(&works), Some(sent_on));
}
