use nohold_model::{CallResult, Millis};

use crate::agent::{AgentState, OfferEnd};
use crate::entry::{Section, State};
use crate::fact::{CallEnd, Destination, Fact, LeftQueue};
use crate::fixture::{Works, agent, attempt, call, customer, entry, leg, number, offer, queue_600, renewals};
use crate::transaction::{Answer, Noun, Refusal};

/// Entry 1 is being called back by 2000 in call 11.
fn calling() -> Works {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.ask(1, &customer(1), queue_600());
    works.record(Fact::CallEnded { call: call(1), how: CallEnd::Requested });
    works.call_back(1, 11, "2000");
    works
}

fn talking_inbound() -> Works {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    works.record(Fact::OfferEnded { offer: offer(1), end: OfferEnd::Accepted, after: Default::default() });
    works.record(Fact::LeftQueue { call: call(1), why: LeftQueue::Answered });
    works.record(Fact::Connected { call: call(1), agent: agent("2000") });
    works
}

fn nobody_is_held(works: &Works) {
    assert!(works.tables.calls.is_empty() && works.tables.waiting.is_empty());
    assert!(works.tables.offers.values().all(|offer| offer.ended.is_some()));
    assert!(works.tables.agents.values().all(|agent| agent.state() == AgentState::Available));
}

#[test]
fn a_waiting_caller_is_cut_off_and_the_ringing_agent_free() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.reserve(1, 1, "2000");
    works.told();
    assert_eq!(works.recover(1), Answer::Done);
    nobody_is_held(&works);
    assert_eq!(works.entry(901).section(), Section::CutOff);
    assert_eq!(works.told(), "OfferEnded:Interrupted 2000:Available LeftQueue CutOff EntryGathered CallEnded");
    // Once only.
    assert_eq!(works.recover(1), Answer::Refused(Refusal::NotFound(Noun::Call)));
    assert_eq!(works.entry(901).cut_off, 1);
}

#[test]
fn a_conversation_is_cut_off_and_its_number_is_free() {
    let mut works = talking_inbound();
    works.recover(1);
    nobody_is_held(&works);
    assert!(works.tables.holds.is_empty());
    assert_eq!(works.entry(901).section(), Section::CutOff);
}

#[test]
fn a_customer_of_a_campaign_who_was_handed_over_stands_on_its_list() {
    let mut works = Works::new();
    works.arrive(1, Some(customer(1)));
    let (message, speech) = (crate::fixture::message(1), Millis::seconds(9));
    let (number, target) = (Some(customer(1)), renewals());
    works.record(Fact::MessageLeft { entry: entry(1), call: call(1), message, number, target, speech });
    works.record(Fact::CallEnded { call: call(1), how: CallEnd::Message });
    works.call_back(1, 11, "2003");
    let (attempt, of_entry, call) = (attempt(1), entry(1), call(11));
    assert_eq!(works.dial(1, 1, 11, &customer(1)), Answer::Attempt(attempt));
    works.record(Fact::AttemptAnswered { attempt, entry: of_entry, call });
    works.record(Fact::Connected { call, agent: agent("2003") });
    works.pass(Millis::seconds(60));
    let (by, to, wrap_up) = (agent("2003"), Destination::Number(customer(2)), Millis::ZERO);
    works.record(Fact::HandedOver { call, by, to, leg: leg(20), wrap_up });
    works.record(Fact::CallbackTalked {
        attempt,
        entry: of_entry,
        talked: Millis::seconds(60),
        broken: false,
        agent_lost: false,
    });
    works.record(Fact::TransferAnswered { call });
    works.recover(11);
    let listed = works.entry(1);
    assert_eq!((listed.section(), &listed.target), (Section::CutOff, &renewals()));
    assert!(works.tables.calls.is_empty());
}

#[test]
fn a_caller_whose_request_stands_is_not_cut_off() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.ask(1, &customer(1), queue_600());
    works.recover(1);
    nobody_is_held(&works);
    assert_eq!((works.entry(1).cut_off, works.tables.entries.len()), (0, 1));
}

#[test]
fn a_caller_whose_message_is_saved_is_not_cut_off() {
    let mut works = Works::new();
    works.arrive(1, Some(customer(1)));
    let (message, speech) = (crate::fixture::message(1), Millis::seconds(9));
    let (entry, call, number, target) = (entry(1), call(1), Some(customer(1)), queue_600());
    works.record(Fact::MessageLeft { entry, call, message, number, target, speech });
    works.recover(1);
    assert_eq!(works.entry(1).section(), Section::Messages);
    assert_eq!(
        works.tables.facts.last().map(|dated| &dated.fact),
        Some(&Fact::CallEnded { call, how: CallEnd::Message })
    );
}

#[test]
fn a_callback_whose_agent_was_being_rung_counts_for_nothing() {
    let mut works = calling();
    works.recover(11);
    nobody_is_held(&works);
    assert_eq!((&works.entry(1).state, works.entry(1).attempts.len()), (&State::Waiting, 0));
}

#[test]
fn an_attempt_is_interrupted_and_its_number_held_until_the_phone_must_be_silent() {
    let mut works = calling();
    works.dial(1, 1, 11, &customer(1));
    works.pass(Millis::seconds(20));
    works.recover(11);
    nobody_is_held(&works);
    assert_eq!(works.entry(1).attempts[0].ended.map(|(_, result)| result), Some(CallResult::Interrupted));
    // Begun 20 s ago: it may ring for 40 s, and 30 s more are left.
    works.pass(Millis::seconds(49));
    assert!(matches!(works.call_back(1, 12, "2001"), Answer::Refused(Refusal::NumberInUse)));
    works.pass(Millis::seconds(1));
    assert!(matches!(works.call_back(1, 12, "2001"), Answer::CallBack(_)));
    assert_eq!(works.dial(2, 1, 12, &customer(1)), Answer::Attempt(attempt(2)));
}

#[test]
fn a_callback_that_was_answered_goes_back_to_the_list_also_after_the_last_attempt() {
    for most in [1, 3] {
        let mut works = calling();
        works.directory.site.retry_plan.max_attempts = most;
        works.dial(1, 1, 11, &customer(1));
        works.record(Fact::AttemptAnswered { attempt: attempt(1), entry: entry(1), call: call(11) });
        works.record(Fact::Connected { call: call(11), agent: agent("2000") });
        works.pass(Millis::minutes(5));
        works.recover(11);
        nobody_is_held(&works);
        assert_eq!(works.entry(1).state, State::Waiting);
        assert_eq!(works.entry(1).attempts[0].talked, Millis::minutes(5));
    }
}

#[test]
fn a_transfer_that_may_still_ring_holds_its_number() {
    let mut works = Works::new();
    let branch = number("+862161239999");
    let transferred = |n: u32| Fact::Transferred {
        call: call(n),
        to: Destination::Number(branch.clone()),
        leg: leg(n),
        offer: offer(n),
        ring_for: Millis::seconds(20),
    };
    works.arrive(1, Some(customer(1)));
    works.arrive(2, Some(customer(2)));
    works.promise(transferred(1));
    works.recover(1);
    assert_eq!(works.promise(transferred(2)), Answer::Refused(Refusal::NumberInUse));
    works.pass(Millis::seconds(70));
    assert_eq!(works.promise(transferred(2)), Answer::Done);
}

#[test]
fn a_wrap_up_does_not_follow_what_nobody_has_heard() {
    let mut works = talking_inbound();
    works.recover(1);
    assert_eq!(works.agent("2000").wrap_up, None);
}
