//! Faults that can be planted, each of a kind that programs like this really have. The simulator is worth what it
//! catches: a test plants every one of them and demands that an invariant breaks.

use std::str::FromStr;

use fastrand::Rng;
use nohold_core::agent::{Agent, Engagement, OfferEnd};
use nohold_core::entry::{CloseReason, State};
use nohold_core::fact::{Dated, Fact};
use nohold_core::note::Written;
use nohold_core::tables::Tables;
use nohold_core::transaction::{Answer, Outcome, Transaction, Write};
use nohold_model::Timestamp;

/// A fault that is planted in the store's way of deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Now and then the end of a conversation does not free the agent.
    AgentNotFreed,
    /// An agent who is being rung is offered a second call, and both are accepted.
    OfferedTwice,
    /// A caller who comes back from the menu gets a new place.
    PlaceLost,
    /// A request that is closed is closed once more, as something else.
    ClosedTwice,
    /// The answer to an offer that was taken back is taken all the same.
    StaleAnswer,
    /// A caller who gives up is not listed.
    MissedNotListed,
    /// A number in use is dialled all the same.
    NumberInUseIgnored,
    /// The number of a caller in conversation is dialled all the same: only numbers that we have dialled are held.
    CallerNotHeld,
    /// The number of a caller is held from the conversation on, and not while the announcement is heard.
    CallerHeldLate,
    /// The caller is thanked, and the request is not written.
    ThankedWithoutRequest,
    /// The caller who came last is served first.
    LastComeFirstServed,
    /// The attempts of a customer are not counted.
    AttemptsNotCounted,
    /// Whoever wants a number dials it as soon as it is free.
    GapIgnored,
    /// A customer who rings in after our attempt stands in line like everybody else.
    ReturningForgotten,
    /// An agent who did not take an offer is never offered another.
    PausedForEver,
    /// A claim does not run out.
    ClaimedForEver,
    /// An agent who has handed the customer over is not let go.
    KeptAfterTransfer,
    /// Whoever was consulted is not let go.
    ConsultedForgotten,
    /// What was typed is gone when the call lets the agent go.
    NoteLost,
    /// The next call is offered to an agent who has not written the note that the queue asks for.
    WrittenLater,
    /// A caller joins a line that is full already.
    LineNotCounted,
    /// What waits for a number that was just tried otherwise stands there as due.
    DueTooEarly,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 22] = [
        Fault::AgentNotFreed,
        Fault::OfferedTwice,
        Fault::PlaceLost,
        Fault::ClosedTwice,
        Fault::StaleAnswer,
        Fault::MissedNotListed,
        Fault::NumberInUseIgnored,
        Fault::CallerNotHeld,
        Fault::CallerHeldLate,
        Fault::ThankedWithoutRequest,
        Fault::LastComeFirstServed,
        Fault::AttemptsNotCounted,
        Fault::GapIgnored,
        Fault::ReturningForgotten,
        Fault::PausedForEver,
        Fault::ClaimedForEver,
        Fault::KeptAfterTransfer,
        Fault::ConsultedForgotten,
        Fault::NoteLost,
        Fault::WrittenLater,
        Fault::LineNotCounted,
        Fault::DueTooEarly,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Fault::AgentNotFreed => "agent-not-freed",
            Fault::OfferedTwice => "offered-twice",
            Fault::PlaceLost => "place-lost",
            Fault::ClosedTwice => "closed-twice",
            Fault::StaleAnswer => "stale-answer",
            Fault::MissedNotListed => "missed-not-listed",
            Fault::NumberInUseIgnored => "number-in-use-ignored",
            Fault::CallerNotHeld => "caller-not-held",
            Fault::CallerHeldLate => "caller-held-late",
            Fault::ThankedWithoutRequest => "thanked-without-request",
            Fault::LastComeFirstServed => "last-come-first-served",
            Fault::AttemptsNotCounted => "attempts-not-counted",
            Fault::GapIgnored => "gap-ignored",
            Fault::ReturningForgotten => "returning-forgotten",
            Fault::PausedForEver => "paused-for-ever",
            Fault::ClaimedForEver => "claimed-for-ever",
            Fault::KeptAfterTransfer => "kept-after-transfer",
            Fault::ConsultedForgotten => "consulted-forgotten",
            Fault::NoteLost => "note-lost",
            Fault::WrittenLater => "written-later",
            Fault::LineNotCounted => "line-not-counted",
            Fault::DueTooEarly => "due-too-early",
        }
    }

    /// The invariant that it breaks, as a violation names it. A fault can break others besides.
    #[must_use]
    pub const fn breaks(self) -> &'static str {
        match self {
            Fault::OfferedTwice => "I-1",
            Fault::StaleAnswer | Fault::AgentNotFreed | Fault::KeptAfterTransfer | Fault::ConsultedForgotten => "I-2",
            Fault::PausedForEver => "I-4",
            Fault::PlaceLost | Fault::LastComeFirstServed | Fault::ReturningForgotten | Fault::LineNotCounted => "I-5",
            Fault::NumberInUseIgnored | Fault::CallerNotHeld | Fault::CallerHeldLate => "I-7",
            Fault::ClosedTwice | Fault::ThankedWithoutRequest | Fault::ClaimedForEver | Fault::DueTooEarly => "I-8",
            Fault::MissedNotListed => "I-9",
            Fault::AttemptsNotCounted | Fault::GapIgnored => "I-10",
            Fault::NoteLost | Fault::WrittenLater => "note",
        }
    }

    /// Spoils what a call wants to commit.
    pub(crate) fn corrupt(self, mut transaction: Transaction, tables: &Tables, rng: &mut Rng) -> Transaction {
        match &mut transaction {
            Transaction::Call { records, .. } => self.corrupt_records(records, rng),
            Transaction::Reserve { assignment, .. } => match self {
                Fault::OfferedTwice => {
                    let rung = tables.all_live_offers().find(|offer| offer.call != assignment.call);
                    if let Some(offer) = rung {
                        assignment.agent = offer.agent.clone();
                    }
                }
                Fault::LastComeFirstServed => {
                    let line = tables.waiting.values();
                    let last = line
                        .filter(|row| row.queue == assignment.queue && row.connectable)
                        .max_by_key(|row| nohold_core::routing::turn(row));
                    if let Some(last) = last {
                        assignment.call = last.call;
                        assignment.stay = last.stay;
                    }
                }
                Fault::AgentNotFreed
                | Fault::PlaceLost
                | Fault::ClosedTwice
                | Fault::StaleAnswer
                | Fault::MissedNotListed
                | Fault::NumberInUseIgnored
                | Fault::CallerNotHeld
                | Fault::CallerHeldLate
                | Fault::ThankedWithoutRequest
                | Fault::AttemptsNotCounted
                | Fault::GapIgnored
                | Fault::ReturningForgotten
                | Fault::PausedForEver
                | Fault::ClaimedForEver
                | Fault::KeptAfterTransfer
                | Fault::ConsultedForgotten
                | Fault::NoteLost
                | Fault::WrittenLater
                | Fault::LineNotCounted
                | Fault::DueTooEarly => {}
            },
            Transaction::Agent { .. }
            | Transaction::DialOut { .. }
            | Transaction::Entry { .. }
            | Transaction::CallBack { .. }
            | Transaction::Note { .. }
            | Transaction::KeepOpen { .. }
            | Transaction::Request(_)
            | Transaction::FollowUp { .. }
            | Transaction::TakeBackFollowUp { .. }
            | Transaction::Recover { .. } => {}
        }
        transaction
    }

    fn corrupt_records(self, records: &mut Vec<Dated>, rng: &mut Rng) {
        match self {
            Fault::AgentNotFreed if rng.u8(0..10) == 0 => {
                records.retain(|record| !matches!(record.fact, Fact::AgentFreed { .. }));
            }
            Fault::MissedNotListed if rng.u8(0..10) == 0 => {
                records.retain(|record| !matches!(record.fact, Fact::Missed { .. }));
            }
            Fault::PlaceLost => {
                for record in records {
                    if let Fact::Queued(waiting) = &mut record.fact
                        && waiting.stay > 1
                    {
                        waiting.place = record.at;
                    }
                }
            }
            Fault::AgentNotFreed
            | Fault::OfferedTwice
            | Fault::ClosedTwice
            | Fault::StaleAnswer
            | Fault::MissedNotListed
            | Fault::NumberInUseIgnored
            | Fault::CallerNotHeld
            | Fault::CallerHeldLate
            | Fault::ThankedWithoutRequest
            | Fault::LastComeFirstServed
            | Fault::AttemptsNotCounted
            | Fault::GapIgnored
            | Fault::ReturningForgotten
            | Fault::PausedForEver
            | Fault::ClaimedForEver
            | Fault::KeptAfterTransfer
            | Fault::NoteLost
            | Fault::WrittenLater
            | Fault::LineNotCounted
            | Fault::DueTooEarly => {}
            Fault::ConsultedForgotten => records.retain(|record| !matches!(record.fact, Fact::ConsultEnded { .. })),
        }
    }

    /// Spoils what the rules have decided.
    pub(crate) fn corrupt_outcome(
        self,
        outcome: &mut Outcome,
        transaction: &Transaction,
        tables: &Tables,
        at: Timestamp,
        rng: &mut Rng,
    ) {
        match self {
            Fault::OfferedTwice => offer_to_the_busy(outcome, transaction, tables, at),
            Fault::ClosedTwice => close_again(outcome, tables, at, rng),
            Fault::StaleAnswer => take_stale_answer(outcome, at),
            Fault::ThankedWithoutRequest if matches!(outcome.answer, Answer::Requested { .. }) => {
                outcome.writes.retain(|write| !matches!(write, Write::Entry(_)));
            }
            Fault::NumberInUseIgnored => outcome.writes.retain(|write| !matches!(write, Write::Hold(_))),
            Fault::CallerNotHeld => outcome.writes.retain(|write| !holds_a_caller(write)),
            Fault::CallerHeldLate => {
                let bridged = outcome.facts.iter().any(|dated| matches!(dated.fact, Fact::Connected { .. }));
                outcome.writes.retain(|write| bridged || !holds_a_caller(write));
            }
            Fault::AttemptsNotCounted => {
                outcome.writes.retain(|write| !matches!(write, Write::Tried(_)));
                outcome.writes.iter_mut().for_each(count_no_attempt);
            }
            Fault::GapIgnored => outcome.writes.iter_mut().for_each(forget_the_gap),
            Fault::DueTooEarly => outcome.writes.iter_mut().for_each(|write| be_due(write, at)),
            Fault::ReturningForgotten if outcome.answer == Answer::Returning => outcome.answer = Answer::Done,
            Fault::PausedForEver => {
                for write in &mut outcome.writes {
                    if let Write::Agent(agent) = write
                        && agent.retry_at > at
                    {
                        agent.retry_at = Timestamp::NEVER;
                    }
                }
            }
            Fault::ClaimedForEver => {
                for write in &mut outcome.writes {
                    if let Write::Entry(entry) = write
                        && let State::Claimed { until, .. } = &mut entry.state
                    {
                        *until = Timestamp::NEVER;
                    }
                }
            }
            Fault::KeptAfterTransfer => keep_who_hands_over(outcome),
            Fault::LineNotCounted => join_the_full_line(outcome, transaction),
            Fault::NoteLost if !matches!(transaction, Transaction::Note { .. }) => {
                for write in &mut outcome.writes {
                    if let Write::Note(note) = write {
                        note.written = Written::default();
                    }
                }
            }
            Fault::WrittenLater => {
                for write in &mut outcome.writes {
                    if let Write::Agent(agent) = write
                        && agent.must_write()
                    {
                        (agent.wrap_up, agent.wrap_up_of) = (None, None);
                    }
                }
            }
            Fault::ReturningForgotten | Fault::NoteLost => {}
            Fault::ConsultedForgotten
            | Fault::AgentNotFreed
            | Fault::PlaceLost
            | Fault::MissedNotListed
            | Fault::ThankedWithoutRequest
            | Fault::LastComeFirstServed => {}
        }
    }
}

fn holds_a_caller(write: &Write) -> bool {
    matches!(write, Write::Hold(hold) if !hold.dialled)
}

fn count_no_attempt(write: &mut Write) {
    if let Write::Entry(entry) = write {
        for attempt in &mut entry.attempts {
            attempt.counted = false;
        }
        if matches!(entry.state, State::Closed { reason: CloseReason::Unreachable, .. }) {
            entry.state = State::Waiting;
        }
    }
}

fn be_due(write: &mut Write, at: Timestamp) {
    if let Write::Entry(entry) = write
        && entry.state == State::Waiting
        && (entry.held.is_some_and(|held| held.until == entry.due) || entry.not_before == entry.due)
    {
        entry.due = entry.due.min(at);
    }
}

fn forget_the_gap(write: &mut Write) {
    match write {
        Write::Entry(entry) => entry.not_before = Timestamp::EPOCH,
        Write::Tried(tried) => tried.not_before = Timestamp::EPOCH,
        _ => {}
    }
}

/// Reserves an agent who is taken.
fn offer_to_the_busy(outcome: &mut Outcome, transaction: &Transaction, tables: &Tables, at: Timestamp) {
    let Transaction::Reserve { assignment, offer } = transaction else { return };
    if !matches!(outcome.answer, Answer::Refused(_)) || !tables.waiting.contains_key(&assignment.call) {
        return;
    }
    let Some(agent) = tables.agents.get(&assignment.agent) else { return };
    let made = nohold_core::routing::Offer {
        id: *offer,
        call: assignment.call,
        stay: assignment.stay,
        queue: Some(assignment.queue.clone()),
        agent: assignment.agent.clone(),
        made: at,
        ring_until: at + nohold_model::Millis::seconds(20),
        ended: None,
    };
    let engagement = Some(Engagement::Offered { offer: *offer, call: assignment.call, ringing: false });
    outcome.writes = vec![
        Write::Offer(made.clone()),
        Write::Agent(Agent { engagement, version: agent.version + 1, ..agent.clone() }),
    ];
    outcome.answer = Answer::Reserved(made);
}

fn close_again(outcome: &mut Outcome, tables: &Tables, at: Timestamp, rng: &mut Rng) {
    let closed = |entry: &&nohold_core::entry::Entry| !entry.is_open();
    if rng.u8(0..20) == 0
        && let Some(entry) = tables.entries.values().find(closed)
    {
        let mut entry = entry.clone();
        entry.state = State::Closed { reason: CloseReason::Expired, at };
        outcome.writes.push(Write::Entry(Box::new(entry)));
    }
}

/// The agent who hands the customer over stays as before.
fn keep_who_hands_over(outcome: &mut Outcome) {
    let handed_over = outcome.facts.iter().find_map(|dated| match &dated.fact {
        Fact::HandedOver { by, .. } => Some(by.clone()),
        _ => None,
    });
    if let Some(by) = handed_over {
        outcome.writes.retain(|write| !matches!(write, Write::Agent(agent) if agent.key == by));
    }
}

/// Whoever was turned away joins the line all the same.
fn join_the_full_line(outcome: &mut Outcome, transaction: &Transaction) {
    let (Answer::LineFull(full), Transaction::Call { records, .. }) = (&outcome.answer, transaction) else { return };
    let turned_away = records.iter().rev().find_map(|dated| match &dated.fact {
        Fact::Queued(waiting) if waiting.queue == *full => Some(waiting.clone()),
        _ => None,
    });
    if let Some(waiting) = turned_away {
        outcome.writes.push(Write::Waiting(waiting));
        outcome.answer = Answer::Done;
    }
}

/// An offer that is taken back is accepted after all.
fn take_stale_answer(outcome: &mut Outcome, at: Timestamp) {
    let mut taken = Vec::new();
    for write in &mut outcome.writes {
        if let Write::Offer(offer) = write
            && matches!(offer.ended, Some((_, OfferEnd::Withdrawn)))
        {
            offer.ended = Some((at, OfferEnd::Accepted));
            taken.push((offer.agent.clone(), offer.call));
        }
    }
    for write in &mut outcome.writes {
        if let Write::Agent(agent) = write
            && let Some((_, call)) = taken.iter().find(|(key, _)| *key == agent.key)
        {
            agent.engagement = Some(Engagement::Talking { call: *call, held: false });
        }
    }
}

impl FromStr for Fault {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Fault::ALL.into_iter().find(|fault| fault.name() == text).ok_or_else(|| {
            let names = Fault::ALL.map(Fault::name).join(", ");
            format!("there is no fault `{text}`: use one of {names}")
        })
    }
}
