//! How often and how soon a number may be tried: by number, whichever entries and services want it.
//!
//! The rule protects a person's phone, so it is not an entry's: two services cannot ring a number twice as often as
//! one. What it weighs:
//!
//! - The gap after an attempt holds for everybody. After a conversation, and after a line that broke, whoever talked
//!   may call again at once, because that was agreed or is expected; other lines of business keep the gap.
//! - So many attempts in a day are enough, [`RetryPlan::max_attempts`] within [`RetryPlan::within`]. They are attempts
//!   in vain: a conversation shows that the customer wants to talk, and what was tried before it is forgotten.
//! - A customer who asks anew wants to be called, so attempts before the request do not stand against it.
//! - A customer who rings in and talks with an agent frees the number by that alone of nothing: after [`Site::served_after`] the
//!   entry closes as served (AT-14), and in less they were perhaps not served, so it waits on as it did.
//! - An agent who keeps or reopens an entry changes nothing in this. A supervisor may allow more attempts for an entry,
//!   which stands in its history; the gap stays even then.

use nohold_model::{AttemptId, EntryId, Millis, PhoneNumber, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Business, Entry, Refusal, Request, Window};
use crate::directory::{RetryPlan, Site};
use crate::hours::Moment;

/// An attempt as its number remembers it. One that was certainly never sent is forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The attempt.
    pub attempt: AttemptId,
    /// The number.
    pub number: PhoneNumber,
    /// The entry for which it was made; none for one by hand.
    pub entry: Option<EntryId>,
    /// The line of business that called; nothing where the configuration no longer knows it.
    pub business: Option<Business>,
    /// When it was committed, before anything was sent.
    pub began: Timestamp,
    /// Nobody tries the number before this.
    pub not_before: Timestamp,
    /// What came of it.
    pub came_to: CameTo,
}

/// What came of an attempt, for those who want to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameTo {
    /// Nobody was talked with, at least not yet.
    Nothing,
    /// The line broke before it was a conversation.
    BrokenLine,
    /// A conversation.
    Conversation,
}

/// Whether a number may be tried now, after these attempts of whomever: for an entry, or by hand for none.
///
/// # Errors
/// [`Refusal::TooSoon`] or [`Refusal::TooOften`], each with its end.
pub(crate) fn may_try(
    entry: Option<&Entry>,
    business: Option<&Business>,
    tries: &[Tried],
    site: &Site,
    at: Timestamp,
) -> Result<(), Refusal> {
    if let Some(until) = gap_ends(business, tries).filter(|until| at < *until) {
        return Err(Refusal::TooSoon { until: Moment::new(until, &site.zone) });
    }
    match enough_until(entry, tries, &site.retry_plan, at) {
        Some(until) => {
            let (attempts, until) = (site.retry_plan.max_attempts, Moment::new(until, &site.zone));
            Err(Refusal::TooOften { attempts, until, may_be_allowed: entry.is_some() })
        }
        None => Ok(()),
    }
}

/// How an entry waits whose number nobody may try any more for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Nobody tries the number before this.
    pub until: Timestamp,
    /// When it was due before it was held, and is again should more attempts be allowed sooner.
    pub due: Timestamp,
    /// What its customer was told before it was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Window>,
}

/// The entry as it stands in line after these attempts at its number, by hand or for whichever entry: not due before the
/// number may be tried again, so that nobody is sent to a customer whom they may not call. Nothing, where it stands right.
///
/// `ended` says that an attempt has just come to its end: then what was promised moves, too, as it does after an attempt
/// of its own; otherwise only what was promised for now. A promise that is being made in this very moment, and a time that
/// was agreed upon, stay as they are told.
pub(crate) fn hold_back(
    entry: &Entry,
    business: Option<&Business>,
    tries: &[Tried],
    site: &Site,
    at: Timestamp,
    ended: bool,
) -> Option<Entry> {
    let mut next = entry.clone();
    // Where the due time was set otherwise since, it is that which holds.
    let held = next.held.take().filter(|held| held.until == entry.due && at < entry.due);
    let until = enough_until(Some(entry), tries, &site.retry_plan, at);
    if let Some(held) = held.filter(|held| until != Some(held.until)) {
        next.due = held.due.max(at);
        if let Some(request) = &mut next.request {
            request.promise = held.promise.filter(|promise| at < promise.to).unwrap_or_else(|| retry(site, next.due));
        }
    }
    next.not_before = gap_ends(business, tries).map_or(entry.not_before, |until| entry.not_before.max(until));
    next.held = until.map(|until| {
        let promise = next.request.as_ref().map(|request| request.promise);
        held.map_or(Held { until, due: next.due, promise }, |held| Held { until, ..held })
    });
    let earliest = until.map_or(next.not_before, |until| next.not_before.max(until));
    if next.due < earliest && at < earliest {
        next.due = earliest;
        let is_told_now = |request: &Request| request.asked == at || at < request.promise.from;
        if let Some(request) = next.request.as_mut().filter(|request| ended || !is_told_now(request)) {
            request.promise = retry(site, earliest);
        }
    }
    (next != *entry).then_some(next)
}

fn retry(site: &Site, due: Timestamp) -> Window {
    let promise = site.promise.retry(due);
    Window { from: promise.from, to: promise.to }
}

/// When the last gap ends, for this line of business.
pub(crate) fn gap_ends(business: Option<&Business>, tries: &[Tried]) -> Option<Timestamp> {
    let holds = |tried: &&Tried| match tried.came_to {
        CameTo::Nothing => true,
        CameTo::BrokenLine | CameTo::Conversation => tried.business.as_ref() != business,
    };
    tries.iter().filter(holds).map(|tried| tried.not_before).max()
}

/// Until when no more attempts are made, where there have been enough.
fn enough_until(entry: Option<&Entry>, tries: &[Tried], plan: &RetryPlan, at: Timestamp) -> Option<Timestamp> {
    let talked = tries.iter().filter(|tried| tried.came_to == CameTo::Conversation).map(|tried| tried.began).max();
    let asked = entry.and_then(|entry| entry.request.as_ref()).map(|request| request.asked);
    // What began in the very moment of a supervisor's word was there before it.
    let allowed = entry.and_then(|entry| entry.more_attempts_from).map(|at| at + Millis::new(1));
    let from = [talked, asked, allowed].into_iter().flatten().max().unwrap_or(Timestamp::EPOCH);
    let mut in_vain: Vec<Timestamp> = tries
        .iter()
        .filter(|tried| tried.came_to != CameTo::Conversation && tried.began >= from && at < tried.began + plan.within)
        .map(|tried| tried.began)
        .collect();
    in_vain.sort_unstable();
    let most = usize::try_from(plan.max_attempts).unwrap_or(usize::MAX);
    let must_be_forgotten = in_vain.len().checked_sub(most)?;
    // Where no attempt is allowed at all there is no end to name but that of the period.
    Some(in_vain.get(must_be_forgotten).map_or(at + plan.within, |began| *began + plan.within))
}
