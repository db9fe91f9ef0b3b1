//! I-10, and the part of I-5 that speaks of returning customers, told anew from the text: nothing in here asks the
//! rules of the core. What was tried is taken from the history, what rang from the phones outside.

use std::collections::{BTreeMap, BTreeSet};

use nohold_core::directory::Directory;
use nohold_core::entry::{Actor, Business, Change};
use nohold_core::fact::{Arrival, Dated, Fact};
use nohold_core::tables::Tables;
use nohold_model::{AttemptId, CallId, CallResult, EntryId, LegId, Millis, PhoneNumber, Timestamp};

use crate::scenario;

/// A hang-up takes this long to reach the far end.
const HANG_UP: Millis = Millis::new(100);
/// Between the beginning of an attempt and its dial the store may stand still for so long.
const BETWEEN_COMMIT_AND_DIAL: Millis = Millis::seconds(15);
/// After a machine has answered.
const GAP_AFTER_MACHINE: Millis = Millis::minutes(15);
/// After its ring time nobody knows whether an interrupted attempt still rings, for so long.
const MARGIN_AFTER_INTERRUPTION: Millis = Millis::seconds(30);

/// All attempts that the history tells of, by number.
#[derive(Debug, Default)]
pub struct Attempts {
    seen: BTreeMap<PhoneNumber, Vec<Seen>>,
    numbers: BTreeMap<AttemptId, PhoneNumber>,
    /// When each entry's customer has asked last.
    asked: BTreeMap<EntryId, Timestamp>,
    /// The request whose entry is about to be told.
    asking: Option<(Option<CallId>, Timestamp)>,
    /// When a supervisor has allowed an entry more attempts.
    allowed: BTreeMap<EntryId, Timestamp>,
    /// The same before a time was agreed upon in a call, as that may be taken back.
    allowed_before: BTreeMap<(EntryId, CallId), Option<Timestamp>>,
    /// Callbacks that a supervisor has let out at any hour.
    beyond_window: BTreeSet<CallId>,
}

#[derive(Debug)]
struct Seen {
    /// For which attempt at which entry; none where an agent dials by hand.
    attempt: Option<(AttemptId, EntryId)>,
    call: CallId,
    business: Option<Business>,
    began: Timestamp,
    dialled: Option<(Timestamp, LegId)>,
    ended: Option<Ended>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    NeverSent,
    InVain(CallResult),
    BrokenLine,
    Conversation,
}

impl Attempts {
    /// Reads on in the history.
    pub(super) fn read(&mut self, dated: &Dated, before: &Tables, directory: &Directory) {
        match &dated.fact {
            Fact::AttemptBegan { attempt, entry, call, number } => {
                let business = before.entries.get(entry).and_then(|entry| entry.target.business(directory));
                let (of, call, began) = (Some((*attempt, *entry)), *call, dated.at);
                let seen = Seen { attempt: of, call, business, began, dialled: None, ended: None };
                self.seen.entry(number.clone()).or_default().push(seen);
                self.numbers.insert(*attempt, number.clone());
            }
            Fact::RequestMade(made) => self.asking = Some((made.call, dated.at)),
            Fact::EntryGathered { entry, call } => {
                if let Some((_, at)) = self.asking.take_if(|(asking, _)| asking == call) {
                    self.asked.insert(*entry, at);
                }
            }
            Fact::EntryChanged { entry, change, by } => self.changed(*entry, change, by, dated.at),
            Fact::DirectOver { call, result: Some(result), .. } if *result != CallResult::Answered => {
                self.end_by_hand(*call, Ended::InVain(*result));
            }
            Fact::CallEnded { call, .. } => {
                let connected = before.calls.get(call).and_then(|row| row.connected);
                let how = match connected.map(|since| dated.at.since(since) < directory.site.broken_within) {
                    None => Ended::NeverSent,
                    Some(true) => Ended::BrokenLine,
                    Some(false) => Ended::Conversation,
                };
                self.end_by_hand(*call, how);
            }
            _ => {}
        }
    }

    /// An agent begins to dial a customer by hand, for a line of business.
    pub(super) fn is_dialled_by_hand(
        &mut self,
        call: CallId,
        number: &PhoneNumber,
        business: &Business,
        began: Timestamp,
    ) {
        let business = Some(business.clone());
        let seen = Seen { attempt: None, call, business, began, dialled: None, ended: None };
        self.seen.entry(number.clone()).or_default().push(seen);
    }

    fn end_by_hand(&mut self, call: CallId, how: Ended) {
        let of_call = |seen: &&mut Seen| seen.attempt.is_none() && seen.call == call && seen.ended.is_none();
        if let Some(seen) = self.seen.values_mut().flatten().find(of_call) {
            seen.ended = Some(how);
        }
    }

    fn changed(&mut self, entry: EntryId, change: &Change, by: &Actor, at: Timestamp) {
        match change {
            Change::AttemptEnded { attempt, sent: false, .. } => self.end(*attempt, Ended::NeverSent),
            Change::AttemptEnded { attempt, result, sent: true } => self.end(*attempt, Ended::InVain(*result)),
            Change::TalkEnded { attempt, broken: true, .. } => self.end(*attempt, Ended::BrokenLine),
            Change::TalkEnded { attempt, broken: false, .. } => self.end(*attempt, Ended::Conversation),
            Change::CallDropped { call, .. } => {
                let of_call = |seen: &&mut Seen| seen.attempt.is_some() && seen.call == *call && seen.ended.is_none();
                for seen in self.seen.values_mut().flatten().filter(of_call) {
                    seen.ended = Some(Ended::NeverSent);
                }
            }
            Change::CallBegan { call, beyond_window: true, .. } if matches!(by, Actor::Supervisor(_)) => {
                self.beyond_window.insert(*call);
            }
            Change::AllowMoreAttempts if matches!(by, Actor::Supervisor(_)) => {
                self.allowed.insert(entry, at);
            }
            Change::FollowUp(agreed) => {
                let before = self.allowed.insert(entry, at);
                self.allowed_before.entry((entry, agreed.call)).or_insert(before);
            }
            Change::FollowUpTakenBack { call, .. } => match self.allowed_before.remove(&(entry, *call)) {
                Some(Some(before)) => drop(self.allowed.insert(entry, before)),
                Some(None) => drop(self.allowed.remove(&entry)),
                None => {}
            },
            _ => {}
        }
    }

    fn end(&mut self, attempt: AttemptId, how: Ended) {
        let seen = self.numbers.get(&attempt).and_then(|number| self.seen.get_mut(number));
        if let Some(seen) =
            seen.and_then(|seen| seen.iter_mut().find(|seen| seen.attempt.is_some_and(|(of, _)| of == attempt)))
        {
            seen.ended = Some(how);
        }
    }

    /// Whether this caller rings in within the time of the site after we have tried in vain to reach them: for the
    /// service that they call, or for a campaign whose number they call.
    pub(super) fn is_returning(&self, arrival: &Arrival, at: Timestamp, directory: &Directory) -> bool {
        let tried = arrival.number.as_ref().and_then(|number| self.seen.get(number));
        tried.into_iter().flatten().any(|seen| {
            let in_vain = !matches!(seen.ended, Some(Ended::NeverSent | Ended::Conversation));
            let concerns = match &seen.business {
                Some(Business::Service(service)) => Some(service) == arrival.service.as_ref(),
                Some(Business::Campaign(campaign)) => {
                    let shown = directory.campaigns.get(campaign).and_then(|campaign| campaign.caller_id.as_ref());
                    shown.is_some() && shown == arrival.called.as_ref()
                }
                None => false,
            };
            in_vain && concerns && at <= seen.began + directory.site.returning_within
        })
    }

    /// A customer's phone begins to ring for an attempt at an entry, and this is what speaks against it. `gone` says when the
    /// legs of earlier dials have stopped, as the far end has it.
    pub(crate) fn dialled(
        &mut self,
        number: &PhoneNumber,
        leg: LegId,
        now: Timestamp,
        gone: &BTreeMap<LegId, Timestamp>,
        directory: &Directory,
    ) -> Option<String> {
        if directory.blocked.numbers.contains(number) {
            return Some("on the block list".to_owned());
        }
        let seen = self.seen.entry(number.clone()).or_default();
        let is_next =
            |one: &Seen| one.attempt.is_some() && one.dialled.is_none() && one.ended != Some(Ended::NeverSent);
        let Some(place) = seen.iter().rposition(is_next) else {
            return Some("without an attempt in the books".to_owned());
        };
        let mine = seen.get_mut(place)?;
        mine.dialled = Some((now, leg));
        let mine = self.seen.get(number)?.get(place)?;
        let beyond = self.beyond_window.contains(&mine.call);
        let may_ring = |at| scenario::may_ring(at, matches!(mine.business, Some(Business::Service(_))));
        if !beyond && !may_ring(now) && !may_ring(now - BETWEEN_COMMIT_AND_DIAL - BETWEEN_COMMIT_AND_DIAL) {
            return Some("outside the dialling window".to_owned());
        }
        self.comes_too_soon(number, place, now, gone, directory)
    }

    /// The same for a dial by hand for a line of business.
    pub(crate) fn dialled_by_hand(
        &mut self,
        number: &PhoneNumber,
        (call, leg): (CallId, LegId),
        now: Timestamp,
        gone: &BTreeMap<LegId, Timestamp>,
        directory: &Directory,
    ) -> Option<String> {
        let seen = self.seen.get_mut(number)?;
        let place = seen.iter().rposition(|one| one.attempt.is_none() && one.call == call)?;
        seen.get_mut(place)?.dialled = Some((now, leg));
        self.comes_too_soon(number, place, now, gone, directory)
    }

    fn comes_too_soon(
        &self,
        number: &PhoneNumber,
        place: usize,
        now: Timestamp,
        gone: &BTreeMap<LegId, Timestamp>,
        directory: &Directory,
    ) -> Option<String> {
        let seen = self.seen.get(number)?;
        let mine = seen.get(place)?;
        let mut earlier = seen.get(..place)?.iter();
        if let Some(other) = earlier.find(|other| is_too_soon_after(other, mine, now, gone, directory)) {
            return Some(match other.attempt {
                Some((attempt, entry)) => format!("too soon after {attempt} of {entry}"),
                None => format!("too soon after a dial by hand in {}", other.call),
            });
        }
        self.is_one_too_many(seen, mine, now, directory).then(|| "above the limit of attempts".to_owned())
    }

    fn is_one_too_many(&self, seen: &[Seen], mine: &Seen, now: Timestamp, directory: &Directory) -> bool {
        let plan = &directory.site.retry_plan;
        let talked = seen.iter().rfind(|one| one.ended == Some(Ended::Conversation)).map(|one| one.began);
        // What was tried in the moment of a supervisor's word is what the word is about.
        let allowed = mine.attempt.and_then(|(_, entry)| self.allowed.get(&entry)).map(|at| *at + Millis::new(1));
        let asked = mine.attempt.and_then(|(_, entry)| self.asked.get(&entry)).copied();
        let fresh_from = [talked, asked, allowed];
        let fresh_from = fresh_from.into_iter().flatten().max().unwrap_or(Timestamp::EPOCH);
        let rang = seen.iter().filter(|one| {
            let in_vain = one.ended != Some(Ended::Conversation);
            in_vain && one.dialled.is_some() && one.began >= fresh_from && now < one.began + plan.within
        });
        rang.count() > usize::try_from(plan.max_attempts).unwrap_or(usize::MAX)
    }
}

/// "Never within 10 minutes of the last (15 when a machine answered; after a broken line at once, after an interrupted
/// attempt from ring time + 30 s on)."
fn is_too_soon_after(
    other: &Seen,
    mine: &Seen,
    now: Timestamp,
    gone: &BTreeMap<LegId, Timestamp>,
    directory: &Directory,
) -> bool {
    let Some((began, leg)) = other.dialled else { return false };
    // It still rings: that is I-7's to say.
    let Some(gone) = gone.get(&leg).copied() else { return false };
    let site = &directory.site;
    let from = match other.ended {
        None => return true,
        Some(Ended::NeverSent) => return false,
        Some(Ended::BrokenLine | Ended::Conversation) if other.business == mine.business => return false,
        Some(Ended::InVain(CallResult::Interrupted)) => {
            began + site.ring_customer_for + MARGIN_AFTER_INTERRUPTION - BETWEEN_COMMIT_AND_DIAL
        }
        Some(Ended::InVain(CallResult::Machine)) => gone + GAP_AFTER_MACHINE - HANG_UP,
        Some(Ended::InVain(_) | Ended::BrokenLine | Ended::Conversation) => gone + site.retry_plan.gap - HANG_UP,
    };
    now < from
}
