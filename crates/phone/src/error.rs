//! What can go wrong for a phone, told so that a failed test needs no second run.

use std::io;
use std::time::Duration;

use crate::line::End;

/// Why a phone could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// Something did not happen in time; `seen` is what happened meanwhile.
    #[error("waited {after:?} for {waited_for}, which did not come; what happened:\n{seen}")]
    Timeout {
        /// What was waited for.
        waited_for: String,
        /// How long.
        after: Duration,
        /// The events of the call or phone, one a line, and what was heard at the end.
        seen: String,
    },
    /// The call ended while something else was waited for.
    #[error("the call ended ({end}) before {waited_for} came; what happened:\n{seen}")]
    Ended {
        /// What was waited for.
        waited_for: String,
        /// How the call ended.
        end: End,
        /// The events of the call, one a line.
        seen: String,
    },
    /// The other side refused a request.
    #[error("{request} was refused: {status} {reason}")]
    Refused {
        /// The method.
        request: &'static str,
        /// The status code, 300 to 699.
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// A request got no final response within the limit of the phone.
    #[error("{request} got no final response within {after:?}; look whether the other side is up")]
    Unanswered {
        /// The method.
        request: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// The phone cannot be set up or used like this.
    #[error("{0}")]
    Usage(String),
    /// A socket of the phone failed.
    #[error("cannot open a socket on {address}: {source}")]
    Socket {
        /// Where it should have been opened.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// A sound file cannot be read or written.
    #[error("sound file {path}: {what}")]
    SoundFile {
        /// The file.
        path: String,
        /// What is wrong, and what to do.
        what: String,
    },
    /// The SIP library reports a failure.
    #[error("{doing} failed: {what}")]
    Sip {
        /// What the phone was doing.
        doing: &'static str,
        /// What the library says.
        what: String,
    },
}

impl PhoneError {
    /// A failure of the SIP library.
    pub(crate) fn sip(doing: &'static str) -> impl FnOnce(rsipstack::Error) -> Self {
        move |error| PhoneError::Sip { doing, what: error.to_string() }
    }
}
