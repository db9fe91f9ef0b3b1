//! What every commit must keep true.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use nohold_core::agent::OfferEnd;
use nohold_core::directory::Directory;
use nohold_core::entry::{self, Business, Change, Entry, State};
use nohold_core::fact::{CallEnd, Dated, Fact};
use nohold_core::note::CallNote;
use nohold_core::routing::{Class, Offer, Waiting};
use nohold_core::tables::Tables;
use nohold_core::transaction::{Answer, Outcome, Refusal, Transaction, Write};
use nohold_model::{AgentKey, CallId, EntryId, LegId, Millis, OfferId, Timestamp};

use super::Violation;
use super::attempts::Attempts;
use super::conversations::Conversations;

/// A row that has changed less than this ago may not have been seen by whoever decided.
const UNSEEN: Millis = Millis::seconds(1);

/// Watches every commit.
#[derive(Debug, Default)]
pub struct Commits {
    /// What did not hold.
    pub violations: Vec<Violation>,
    /// How each call was accounted for.
    pub ended: BTreeMap<CallId, CallEnd>,
    /// Calls that were written into the books.
    pub arrived: BTreeSet<CallId>,
    /// The calls by their callers' legs.
    pub callers: BTreeMap<LegId, CallId>,
    /// Calls that our own phones have made.
    pub colleagues: BTreeSet<CallId>,
    /// Those of them that went to the public network at once.
    pub direct: BTreeSet<CallId>,
    /// Those of them that were dialled at the desk for a line of business; whether that is a service.
    pub for_business: BTreeMap<CallId, bool>,
    /// Legs that our people have chosen to dial: by a transfer or a consultation.
    pub by_people: BTreeSet<LegId>,
    /// Calls whose request stands, and where.
    pub requests: BTreeMap<CallId, EntryId>,
    /// Calls with which something was left behind: a missed call, a message, a cut-off call.
    pub gathered: BTreeSet<CallId>,
    /// Attempts to reach customers.
    pub attempts: Attempts,
    /// Callers with whom somebody of ours talks, or is about to.
    conversations: Conversations,
    /// Until when each agent is left alone after an offer that failed.
    pub pauses: BTreeMap<AgentKey, Timestamp>,
    /// Calls of customers who ring in after our attempt.
    returning: BTreeSet<CallId>,
    /// When each call's place in a line was written last.
    places_changed: BTreeMap<CallId, Timestamp>,
    /// When each call's offers were written last: before that, whoever looked saw them as they were.
    offers_changed: BTreeMap<CallId, Timestamp>,
}

impl Commits {
    pub(crate) fn watch(
        &mut self,
        before: &Tables,
        directory: &Directory,
        now: Timestamp,
        transaction: &Transaction,
        outcome: &Outcome,
    ) {
        for write in &outcome.writes {
            match write {
                Write::Offer(offer) => self.offer(before, directory, now, offer, outcome),
                Write::Entry(entry) => {
                    self.entry(before, directory, entry, outcome);
                    self.claim(before, directory, now, entry);
                }
                Write::Waiting(waiting) => {
                    let arrived = before.calls.get(&waiting.call).map(|call| call.began);
                    if arrived.is_some_and(|arrived| arrived != waiting.place) {
                        self.broken("I-5", format!("{} has a place that is not its arrival", waiting.call));
                    }
                    self.class(waiting);
                    self.length(before, directory, waiting, outcome);
                }
                Write::Note(note) => self.note(before, note, transaction, outcome),
                Write::Agent(_)
                | Write::Call(_)
                | Write::CallGone(_)
                | Write::WaitingGone(_)
                | Write::Hold(_)
                | Write::HoldGone(..)
                | Write::Memory(..)
                | Write::RequestCounted(..)
                | Write::Tried(_)
                | Write::TriedGone(..) => {}
            }
        }
        if let (Transaction::DialOut { call, number, business: Some(business), .. }, Answer::DialOut(_)) =
            (transaction, &outcome.answer)
        {
            self.for_business.insert(*call, matches!(business, Business::Service(_)));
            self.attempts.is_dialled_by_hand(*call, number, business, now);
        }
        for dated in &outcome.facts {
            self.attempts.read(dated, before, directory);
            if let Some(what) = self.conversations.read(&dated.fact, before) {
                self.broken("I-7", what);
            }
            if let Fact::CallArrived(arrival) = &dated.fact
                && self.attempts.is_returning(arrival, dated.at, directory)
            {
                self.returning.insert(arrival.call);
            }
            self.fact(&dated.fact, outcome);
        }
        self.due(before, now, transaction, &outcome.answer);
        if matches!(outcome.answer, Answer::Refused(_)) && !matches!(transaction, Transaction::Call { .. }) {
            let wrote = !outcome.writes.is_empty();
            if wrote {
                self.broken("I-8", format!("a refused transaction has written something: {transaction:?}"));
            }
        }
        for write in &outcome.writes {
            match write {
                Write::Waiting(waiting) => drop(self.places_changed.insert(waiting.call, now)),
                Write::WaitingGone(call) => drop(self.places_changed.remove(call)),
                Write::Offer(offer) => drop(self.offers_changed.insert(offer.call, now)),
                _ => {}
            }
        }
    }

    /// What an agent has typed is changed by nobody else, and a note that the queue asks for is done only by a person.
    fn note(&mut self, before: &Tables, note: &CallNote, transaction: &Transaction, outcome: &Outcome) {
        let saved = |dated: &Dated| match &dated.fact {
            Fact::NoteSaved { kept, .. } => kept.call == note.call && kept.agent == note.agent,
            _ => false,
        };
        if matches!(transaction, Transaction::Note { .. }) || outcome.facts.iter().any(saved) {
            return;
        }
        let known = before.notes.get(&(note.call, note.agent.clone()));
        let (written, done) = known.map_or_else(Default::default, |known| (known.written.clone(), known.done));
        if note.written != written || note.done != done {
            self.broken("note", format!("the note of {} on {} was changed by nobody", note.agent, note.call));
        }
        let ends_now = note.ended.is_some() && known.is_none_or(|known| known.ended.is_none());
        let written_by = outcome.writes.iter().find_map(|write| match write {
            Write::Agent(agent) if agent.key == note.agent => Some(agent),
            _ => None,
        });
        let goes_on = written_by.is_some_and(|agent| agent.is_signed_in() && !agent.must_write());
        if note.required && note.done.is_none() && ends_now && goes_on {
            self.broken("note", format!("{} goes on without the note on {}", note.agent, note.call));
        }
    }

    pub(crate) fn broken(&mut self, invariant: &'static str, what: String) {
        self.violations.push(Violation { invariant, what });
    }

    fn fact(&mut self, fact: &Fact, outcome: &Outcome) {
        match fact {
            Fact::CallArrived(arrival) => {
                self.arrived.insert(arrival.call);
                self.callers.insert(arrival.leg, arrival.call);
                if arrival.colleague.is_some() {
                    self.colleagues.insert(arrival.call);
                }
            }
            Fact::DirectBegan { call, leg, .. } => {
                self.arrived.insert(*call);
                self.callers.insert(*leg, *call);
                self.colleagues.insert(*call);
                self.direct.insert(*call);
            }
            Fact::HandedOver { leg, .. } | Fact::ConsultBegan { leg, .. } => {
                self.by_people.insert(*leg);
            }
            Fact::CallEnded { call, how } => {
                if let Some(before) = self.ended.insert(*call, *how) {
                    self.broken("I-9", format!("{call} ended twice, as {before:?} and as {how:?}"));
                }
                // A colleague stands on no list.
                let listed = self.gathered.contains(call) || self.colleagues.contains(call);
                if matches!(how, CallEnd::Missed | CallEnd::Message | CallEnd::CutOff) && !listed {
                    self.broken("I-9", format!("{call} ended as {how:?} and stands on no list"));
                }
            }
            Fact::RequestMade(made) => {
                if let (Some(call), Answer::Requested { entry, .. }) = (made.call, &outcome.answer) {
                    self.requests.insert(call, *entry);
                }
            }
            Fact::EntryGathered { call: Some(call), .. } => {
                self.gathered.insert(*call);
            }
            _ => {}
        }
    }

    /// I-6: an offer ends once. I-5: it is made to the first in turn. I-1: to an agent who has no other.
    fn offer(&mut self, before: &Tables, directory: &Directory, now: Timestamp, offer: &Offer, outcome: &Outcome) {
        if let (Some((ended, OfferEnd::NoAnswer | OfferEnd::Declined)), Some(queue)) = (offer.ended, &offer.queue) {
            let own = directory.agents.get(&offer.agent).and_then(|agent| agent.ringing);
            let ringing = own.or_else(|| Some(directory.queues.get(queue)?.ringing));
            let pause = ringing.map_or(Millis::ZERO, |ringing| ringing.retry_pause);
            self.pauses.insert(offer.agent.clone(), ended + pause);
        }
        match before.offers.get(&offer.id) {
            Some(known) if known.ended.is_some() && known.ended != offer.ended => {
                self.broken("I-6", format!("{} ended as {:?} and again as {:?}", offer.id, known.ended, offer.ended));
            }
            Some(_) => {}
            None if offer.ended.is_none() => {
                // One that ends in the same commit makes room for this one.
                let ends_now = |id: OfferId| {
                    let ended =
                        |write: &Write| matches!(write, Write::Offer(one) if one.id == id && one.ended.is_some());
                    outcome.writes.iter().any(ended)
                };
                let other = before.all_live_offers().find(|other| other.agent == offer.agent && !ends_now(other.id));
                if let Some(other) = other {
                    self.broken("I-1", format!("{} is offered {} and {}", offer.agent, other.call, offer.call));
                }
                self.turn(before, directory, now, offer);
            }
            None => {}
        }
    }

    fn turn(&mut self, before: &Tables, directory: &Directory, now: Timestamp, offer: &Offer) {
        let Some(queue) = offer.queue.as_ref() else { return };
        let Some(mine) = before.waiting.get(&offer.call) else { return };
        if mine.caller.as_ref() == Some(&offer.agent) {
            self.broken("I-1", format!("{} is offered the own {}", offer.agent, offer.call));
        }
        let joins_ringing = before.all_live_offers().any(|other| other.call == offer.call);
        if joins_ringing || directory.queue(queue).is_none() {
            return;
        }
        let seen = |changed: Option<&Timestamp>| changed.is_none_or(|changed| now.since(*changed) >= UNSEEN);
        let passed_over = before.waiting.values().find(|row| {
            row.queue == *queue
                && row.connectable
                && comes_before(row, mine)
                && seen(self.places_changed.get(&row.call))
                // Nobody is offered the own call.
                && row.caller.as_ref() != Some(&offer.agent)
                // Not being rung, and not a moment ago: the offer was still there when somebody looked.
                && !before.all_live_offers().any(|other| other.call == row.call)
                && seen(self.offers_changed.get(&row.call))
        });
        if let Some(row) = passed_over {
            self.broken("I-5", format!("{} was offered in {queue} although {} is before it", offer.call, row.call));
        }
    }

    /// I-5: who rings in after our attempt is *returning*, and nobody else is.
    fn class(&mut self, waiting: &Waiting) {
        let returning = self.returning.contains(&waiting.call);
        let fits = match waiting.class {
            Class::Recovered | Class::CalledBack => true,
            Class::Returning => returning,
            Class::Ordinary => !returning,
        };
        if !fits {
            let whether = if returning { "comes" } else { "does not come" };
            self.broken("I-5", format!("{} {whether} back and stands as {:?}", waiting.call, waiting.class));
        }
    }

    /// I-5: a newcomer stands in no line that had its maximum length before; who stood in it before, whom we have lost, whom we
    /// have called and whom somebody has talked with is let in.
    fn length(&mut self, before: &Tables, directory: &Directory, waiting: &Waiting, outcome: &Outcome) {
        let known = before.calls.get(&waiting.call);
        let stood_there = known.is_some_and(|call| call.stood.is_some() && call.queue.as_ref() == Some(&waiting.queue));
        let was_served = known.is_some_and(|call| call.connected.is_some());
        if stood_there || was_served || waiting.class.is_let_in() || before.waiting.contains_key(&waiting.call) {
            return;
        }
        let Some(queue) = directory.queue(&waiting.queue) else { return };
        let leaves = |call: CallId| outcome.writes.contains(&Write::WaitingGone(call));
        let line = before.waiting.values().filter(|other| other.queue == waiting.queue && !leaves(other.call));
        let length = u32::try_from(line.count()).unwrap_or(u32::MAX);
        if length >= queue.max_length {
            let (call, most) = (waiting.call, queue.max_length);
            self.broken("I-5", format!("{call} joins a line of {length}, where {most} may stand"));
        }
    }

    /// I-8: what stands on the list as due may be called, as far as attempts go.
    fn due(&mut self, before: &Tables, now: Timestamp, transaction: &Transaction, answer: &Answer) {
        let Transaction::CallBack { entry, .. } = transaction else { return };
        let Answer::Refused(Refusal::Entry(
            why @ (entry::Refusal::TooSoon { .. } | entry::Refusal::TooOften { .. } | entry::Refusal::NoAttemptsLeft),
        )) = answer
        else {
            return;
        };
        let due = |entry: &&Entry| entry.state == State::Waiting && entry.due <= now;
        if let Some(entry) = before.entries.get(entry).filter(due) {
            self.broken("I-8", format!("{} is due and may not be called: {why:?}", entry.id));
        }
    }

    /// I-8: a claim without a call holds for the time of the site and no longer.
    fn claim(&mut self, before: &Tables, directory: &Directory, now: Timestamp, entry: &Entry) {
        let new = before.entries.get(&entry.id).is_none_or(|known| known.state != entry.state);
        if let State::Claimed { until, call: None, .. } | State::Noting { until, .. } = &entry.state
            && new
            && *until > now + directory.site.claim_for
        {
            self.broken("I-8", format!("{} is held until {until:?}, longer than a claim lasts", entry.id));
        }
    }

    /// I-7: one open entry per number, line of business and matter. I-8: states follow each other as they may.
    fn entry(&mut self, before: &Tables, directory: &Directory, entry: &Entry, outcome: &Outcome) {
        if let Some(known) = before.entries.get(&entry.id) {
            if !may_follow(&known.state, &entry.state) {
                self.broken("I-8", format!("{} went from {:?} to {:?}", entry.id, known.state, entry.state));
            }
            if entry.place > known.place {
                self.broken("I-8", format!("{} has lost its place", entry.id));
            }
            if let Some(request) = &known.request
                && entry.request.is_none()
                && !(request.agreed_in.is_some() && is_taken_back(entry.id, outcome))
            {
                self.broken("I-8", format!("{} has lost its request", entry.id));
            }
        }
        if entry.is_open() && entry.number.is_some() {
            let closed_now = |id: EntryId| {
                outcome.writes.iter().any(|write| matches!(write, Write::Entry(one) if one.id == id && !one.is_open()))
            };
            let twin = before.entries.values().find(|other| {
                other.is_open()
                    && !closed_now(other.id)
                    && other.id != entry.id
                    && other.number == entry.number
                    && other.matter == entry.matter
                    && other.target.business(directory) == entry.target.business(directory)
            });
            if let Some(twin) = twin {
                self.broken(
                    "I-7",
                    format!("two entries are open for the same number and business: {} and {}", entry.id, twin.id),
                );
            }
        }
    }
}

/// I-5: by class, then by priority, then by place; those of the same millisecond stand side by side.
fn comes_before(one: &Waiting, other: &Waiting) -> bool {
    let rank = |class| match class {
        Class::Recovered => 1,
        Class::CalledBack => 2,
        Class::Returning => 3,
        Class::Ordinary => 4,
    };
    match rank(one.class).cmp(&rank(other.class)) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal if one.priority != other.priority => one.priority > other.priority,
        Ordering::Equal => one.place < other.place,
    }
}

/// waiting → claimed → attempting → talking → noting → closed, and back to waiting from each.
fn may_follow(from: &State, to: &State) -> bool {
    use State::{Attempting, Claimed, Closed, Noting, Talking, Waiting};
    match (from, to) {
        (Waiting, Waiting | Claimed { .. } | Closed { .. }) => true,
        (Claimed { .. }, Waiting | Claimed { .. } | Attempting { .. } | Closed { .. }) => true,
        // While the store stood still a whole conversation may have passed.
        (Attempting { .. }, Attempting { .. } | Waiting | Talking { .. } | Noting { .. } | Closed { .. }) => true,
        // A restart ends a conversation and its noting in one commit.
        (Talking { .. }, Talking { .. } | Noting { .. } | Waiting | Closed { .. }) => true,
        (Noting { .. }, Noting { .. } | Waiting | Claimed { .. } | Closed { .. }) => true,
        (Closed { reason: before, at: then }, Closed { reason, at }) => before == reason && then == at,
        (Closed { .. }, Waiting) => true,
        (Waiting, Attempting { .. } | Talking { .. } | Noting { .. })
        | (Claimed { .. }, Talking { .. } | Noting { .. })
        | (Attempting { .. }, Claimed { .. })
        | (Talking { .. }, Claimed { .. } | Attempting { .. })
        | (Noting { .. }, Attempting { .. } | Talking { .. })
        | (Closed { .. }, Claimed { .. } | Attempting { .. } | Talking { .. } | Noting { .. }) => false,
    }
}

/// Whether an agent says that what they had agreed upon is not so. The customer has not asked for it.
fn is_taken_back(id: EntryId, outcome: &Outcome) -> bool {
    outcome.facts.iter().any(|dated| {
        matches!(&dated.fact, Fact::EntryChanged { entry, change: Change::FollowUpTakenBack { .. }, .. } if *entry == id)
    })
}
