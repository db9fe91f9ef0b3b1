//! What a run may ask about the world around it.

use nohold_model::{CalendarKey, FlowKey, PhoneNumber, Timestamp};

use super::words::{NumberRefusal, WaitToSay};
use crate::Document;

/// What a run may ask about the world, at the moment of the input. Answers come from what is known already: none of
/// them waits for anything.
pub trait Surroundings {
    /// The time of the input.
    fn at(&self) -> Timestamp;
    /// The content of a version of a flow.
    fn document(&self, flow: &FlowKey, version: u32) -> Option<&Document>;
    /// The version of a flow that is published now; none if there is none.
    fn latest(&self, flow: &FlowKey) -> Option<u32>;
    /// Whether it is open by this calendar, or by the call's own; none if there is no such calendar.
    fn is_open(&self, calendar: Option<&CalendarKey>) -> Option<bool>;
    /// The caller's number, none where it was withheld or cannot be read; or why it may not be called back.
    fn caller_number(&self) -> Option<Result<PhoneNumber, NumberRefusal>>;
    /// The number that was meant by these keyed digits.
    ///
    /// # Errors
    /// When it may not be called back.
    fn check_number(&self, keyed: &str) -> Result<PhoneNumber, NumberRefusal>;
    /// The expected wait, as far as it may be said.
    fn wait(&self) -> Option<WaitToSay>;
    /// The position in line, counted from one.
    fn position(&self) -> Option<u32>;
    /// Whether the caller came from a queue that is still open for waiting.
    fn may_keep_waiting(&self) -> bool;
    /// Whether the caller came from a queue at all, open or not: then an object may be left to that queue.
    fn came_from_queue(&self) -> bool;
}
