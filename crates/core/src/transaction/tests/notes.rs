//! What is written about calls, the wrap-up in its modes, and entries that stay open.

use nohold_model::{DispositionKey, Millis, PhoneNumber};

use crate::agent::{AfterOffer, AgentState, Input, OfferEnd};
use crate::directory::WrapUpMode;
use crate::entry::{self, Actor, Change, CloseReason, State};
use crate::fact::{CallEnd, Fact, LeftQueue};
use crate::fixture::{Works, agent, at, by, call, customer, entry, offer, queue, queue_600, supervisor};
use crate::note::{CallNote, Wish, Written};
use crate::transaction::{Answer, Noun, Refusal, Transaction};

fn works(mode: WrapUpMode) -> Works {
    let mut works = Works::new();
    if let Some(queue) = works.directory.queues.get_mut(&queue("600")) {
        queue.wrap_up_mode = mode;
    }
    let sold = DispositionKey::new("sold").unwrap();
    works.directory.dispositions.names.insert(sold, "Sold".to_owned());
    works
}

/// Agent 2000 talks with the customer in call 1.
fn talking(works: &mut Works, number: &PhoneNumber) {
    works.wait(1, number);
    works.reserve(1, 1, "2000");
    works.record(Fact::OfferEnded { offer: offer(1), end: OfferEnd::Accepted, after: AfterOffer::default() });
    works.record(Fact::LeftQueue { call: call(1), why: LeftQueue::Answered });
    works.record(Fact::Connected { call: call(1), agent: agent("2000") });
}

fn let_go(works: &mut Works) {
    works.record(Fact::AgentFreed { call: call(1), agent: agent("2000"), wrap_up: Millis::seconds(30) });
    works.record(Fact::CallEnded { call: call(1), how: CallEnd::Served });
}

fn written(disposition: Option<&str>, note: &str) -> Written {
    let disposition = disposition.map(|key| DispositionKey::new(key).unwrap());
    Written { disposition, note: note.to_owned(), tags: Vec::new() }
}

fn note(works: &mut Works, wish: Wish, by: Actor) -> Answer {
    works.run(&Transaction::Note { call: call(1), agent: agent("2000"), wish: Box::new(wish), by })
}

fn kept(works: &Works) -> &CallNote {
    &works.tables.notes[&(call(1), agent("2000"))]
}

fn wish(works: &mut Works, input: Input, by: Actor) -> Answer {
    works.run(&Transaction::Agent { agent: agent("2000"), input, by })
}

#[test]
fn a_mandatory_wrap_up_ends_when_a_disposition_is_saved_and_in_no_other_way_of_the_agents() {
    let mut works = works(WrapUpMode::Mandatory);
    talking(&mut works, &customer(1));
    let_go(&mut works);
    let of_agent = by("2000");
    assert_eq!(works.agent("2000").state(), AgentState::WrapUp);
    works.pass(Millis::hours(9));
    assert_eq!(wish(&mut works, Input::Tick, Actor::System), Answer::Refused(Refusal::AgentState));
    assert_eq!(wish(&mut works, Input::EndWrapUp, of_agent.clone()), Answer::Refused(Refusal::WriteFirst));
    works.wait(7, &customer(7));
    works.ask(7, &customer(7), queue_600());
    assert_eq!(works.call_back(7, 8, "2000"), Answer::Refused(Refusal::WriteFirst), "nor by a callback");
    assert_eq!(
        note(&mut works, Wish::Save(written(None, "words")), of_agent.clone()),
        Answer::Refused(Refusal::WriteFirst)
    );
    assert_eq!(note(&mut works, Wish::Discard, of_agent.clone()), Answer::Refused(Refusal::WriteFirst));
    let unknown = note(&mut works, Wish::Save(written(Some("bought"), "")), of_agent.clone());
    assert!(matches!(unknown, Answer::Refused(Refusal::Entry(entry::Refusal::NoSuchDisposition { .. }))));
    assert_eq!(note(&mut works, Wish::Save(written(Some("sold"), "two")), of_agent), Answer::Done);
    assert_eq!((works.agent("2000").state(), kept(&works).is_open()), (AgentState::Available, false));
    assert_eq!(kept(&works).written.note, "two");
}

#[test]
fn a_supervisor_ends_a_mandatory_wrap_up_and_the_note_stands_until_it_is_written() {
    let mut works = works(WrapUpMode::Mandatory);
    talking(&mut works, &customer(1));
    let_go(&mut works);
    assert_eq!(wish(&mut works, Input::EndWrapUp, supervisor()), Answer::Done);
    assert_eq!((works.agent("2000").state(), kept(&works).is_open()), (AgentState::Available, true));
    assert_eq!(note(&mut works, Wish::Save(written(Some("sold"), "")), by("2001")), not_allowed());
    assert_eq!(note(&mut works, Wish::Discard, supervisor()), Answer::Done);
    assert!(!kept(&works).is_open());
}

fn not_allowed() -> Answer {
    Answer::Refused(Refusal::Entry(entry::Refusal::NotAllowed))
}

#[test]
fn a_wrap_up_goes_on_while_something_is_typed_but_not_for_ever() {
    let mut works = works(WrapUpMode::Timed);
    talking(&mut works, &customer(1));
    assert_eq!(note(&mut works, Wish::Type(written(None, "asks for")), by("2000")), Answer::Done, "while they talk");
    let_go(&mut works);
    let mut typed = 0;
    while works.agent("2000").state() == AgentState::WrapUp {
        works.pass(Millis::seconds(20));
        let _ = wish(&mut works, Input::Tick, Actor::System);
        note(&mut works, Wish::Type(written(None, "asks for a price")), by("2000"));
        typed += 1;
    }
    assert_eq!(typed, 45, "a quarter of an hour");
    assert!(kept(&works).is_open(), "what is typed stays");
    assert_eq!(kept(&works).written.note, "asks for a price");
}

#[test]
fn an_optional_wrap_up_is_taken_before_or_after_the_end_of_the_call() {
    let mut before = works(WrapUpMode::Optional);
    talking(&mut before, &customer(1));
    assert_eq!(wish(&mut before, Input::TakeWrapUp, by("2000")), Answer::Done);
    let_go(&mut before);
    assert_eq!(before.agent("2000").state(), AgentState::WrapUp);
    let mut after = works(WrapUpMode::Optional);
    talking(&mut after, &customer(1));
    let_go(&mut after);
    assert_eq!(after.agent("2000").state(), AgentState::Available);
    after.pass(Millis::seconds(29));
    assert_eq!(wish(&mut after, Input::TakeWrapUp, by("2000")), Answer::Done);
    assert_eq!(after.agent("2000").state(), AgentState::WrapUp);
    after.pass(Millis::seconds(30));
    assert_eq!(wish(&mut after, Input::Tick, Actor::System), Answer::Done);
    assert_eq!(wish(&mut after, Input::TakeWrapUp, by("2000")), Answer::Refused(Refusal::AgentState), "too late");
}

#[test]
fn without_a_wrap_up_a_note_may_be_written_and_a_note_nobody_has_touched_is_nothing_to_do() {
    let mut works = works(WrapUpMode::None);
    talking(&mut works, &customer(1));
    let_go(&mut works);
    assert_eq!(works.agent("2000").state(), AgentState::Available);
    assert!(!kept(&works).is_open());
    assert_eq!(note(&mut works, Wish::Type(written(None, "x")), by("2000")), Answer::Done);
    assert!(kept(&works).is_open());
    assert_eq!(note(&mut works, Wish::Save(written(None, "x")), by("2000")), Answer::Done);
    assert_eq!(note(&mut works, Wish::Type(written(None, "y")), by("2000")), Answer::Refused(Refusal::NoteDone));
    assert_eq!(note(&mut works, Wish::Save(written(None, "z")), by("2000")), Answer::Done, "it is corrected");
    let elsewhere = Transaction::Note {
        call: call(1),
        agent: agent("2001"),
        wish: Box::new(Wish::Type(written(None, "x"))),
        by: by("2001"),
    };
    assert_eq!(works.run(&elsewhere), Answer::Refused(Refusal::NotFound(Noun::Note)), "they have not talked");
}

fn served(works: &mut Works) {
    let service = nohold_model::ServiceKey::new("support").unwrap();
    works.record(Fact::Served { call: call(1), number: customer(1), service, agent: agent("2000") });
}

#[test]
fn a_request_that_the_agent_keeps_open_is_not_settled_by_the_call() {
    let mut works = works(WrapUpMode::Timed);
    works.wait(5, &customer(1));
    works.ask(5, &customer(1), queue_600());
    talking(&mut works, &customer(1));
    let keep = |keep, by| Transaction::KeepOpen { call: call(1), entry: entry(5), keep, by };
    assert_eq!(works.run(&keep(true, by("2001"))), not_allowed(), "it is not their call");
    assert_eq!(works.run(&keep(true, by("2000"))), Answer::Done);
    let other = Transaction::KeepOpen { call: call(1), entry: entry(6), keep: true, by: by("2000") };
    assert_eq!(works.run(&other), Answer::Refused(Refusal::NotFound(Noun::Entry)));
    served(&mut works);
    assert_eq!(works.entry(5).state, State::Waiting);
    assert_eq!(works.run(&keep(false, by("2000"))), Answer::Done);
    served(&mut works);
    assert!(matches!(works.entry(5).state, State::Closed { reason: CloseReason::Served, .. }));
}

#[test]
fn a_close_as_served_is_taken_back_for_a_day_and_nothing_is_lost() {
    let mut works = works(WrapUpMode::Timed);
    works.wait(5, &customer(1));
    works.ask(5, &customer(1), queue_600());
    let before = works.entry(5).clone();
    assert_eq!(
        works.change(5, Change::TakeBackServed, by("2000")),
        Answer::Refused(Refusal::Entry(entry::Refusal::Open))
    );
    talking(&mut works, &customer(1));
    served(&mut works);
    works.pass(Millis::hours(24));
    let mut late = Works { directory: works.directory.clone(), tables: works.tables.clone(), now: works.now };
    assert_eq!(works.change(5, Change::TakeBackServed, by("2000")), Answer::Done);
    let back = works.entry(5);
    assert_eq!((back.due, back.place, back.earlier_attempts), (before.due, before.place, before.earlier_attempts));
    assert!(back.is_open());
    late.pass(Millis::seconds(1));
    let refused = late.change(5, Change::TakeBackServed, by("2000"));
    assert_eq!(refused, Answer::Refused(Refusal::Entry(entry::Refusal::NotServedNow)));
    assert!(at(0) < late.now);
}

#[test]
fn what_was_agreed_upon_in_the_conversation_is_not_done_by_its_end() {
    let mut works = works(WrapUpMode::Timed);
    talking(&mut works, &customer(1));
    works.pass(Millis::seconds(20));
    works.ask(5, &customer(1), queue_600());
    works.pass(Millis::seconds(10));
    served(&mut works);
    assert_eq!(works.entry(5).state, State::Waiting);
}
