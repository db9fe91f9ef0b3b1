//! The order of the missed-call list.

use std::cmp::Reverse;

use nohold_model::{EntryId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Entry, Section};

/// What an entry is sorted by: requests by priority and due time, then people we cut off, then messages and missed
/// calls together, the latest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    part: Part,
    priority: Reverse<u8>,
    due: (Timestamp, Timestamp),
    last: Reverse<Timestamp>,
    id: EntryId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Part {
    Requests,
    CutOff,
    Others,
}

/// The sort key of an entry: the smallest stands on top.
#[must_use]
pub fn order(entry: &Entry) -> Line {
    let part = match entry.section() {
        Section::Requests => Part::Requests,
        Section::CutOff => Part::CutOff,
        Section::Messages | Section::Missed => Part::Others,
    };
    Line {
        part,
        priority: Reverse(entry.priority),
        // Of requests that are due alike, the one whose promise ends first.
        due: entry
            .request
            .as_ref()
            .map_or((Timestamp::NEVER, Timestamp::NEVER), |request| (entry.due, request.promise.to)),
        last: Reverse(entry.last),
        id: entry.id,
    }
}
