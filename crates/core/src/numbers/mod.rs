//! What a number is, and whether it may be called.
//!
//! [`NumberRules`] make one customer of the many ways in which trunks and people write a number; [`OutboundRules`],
//! the [`BlockList`] and the [`RequestLimit`] say which numbers may be dialled; [`callback_number`] finds the one to
//! call back. Every refusal has an exact reason for staff; a caller hears one sentence for all ([`CannotCall`]).

mod callback;
mod emergency;
mod outbound;
mod rules;

pub use callback::{CallerIdRefused, Privacy, Unusable, callback_number, caller_id};
pub use emergency::{EmergencyNumber, is_emergency};
pub use outbound::{BlockList, CannotCall, DialRefusal, Dialler, InvalidBlockList, OutboundRules, RequestLimit};
pub(crate) use rules::user_part;
pub use rules::{DialFormat, Dialled, InvalidRules, NumberProblem, NumberRules, PrefixRule};

#[cfg(test)]
mod tests;
