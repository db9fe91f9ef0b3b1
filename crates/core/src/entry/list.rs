//! The order of the missed-call list.

use std::cmp::Reverse;

use nohold_model::{EntryId, Timestamp};

use super::{Entry, Section};

/// What an entry is sorted by: requests by priority and the end of their promise, then people we cut off, messages
/// and missed calls, in each of these the latest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    section: Section,
    priority: Reverse<u8>,
    promised: Timestamp,
    last: Reverse<Timestamp>,
    id: EntryId,
}

/// The sort key of an entry: the smallest stands on top.
#[must_use]
pub fn order(entry: &Entry) -> Line {
    Line {
        section: entry.section(),
        priority: Reverse(entry.priority),
        promised: entry.request.as_ref().map_or(Timestamp::NEVER, |request| request.promise.to),
        last: Reverse(entry.last),
        id: entry.id,
    }
}
