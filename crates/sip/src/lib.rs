//! The embedded telephony engine: SIP signalling on top of the media plane.

mod addresses;
#[cfg_attr(not(test), allow(dead_code, reason = "the legs and the registrar stand on it"))]
mod digest;
#[cfg_attr(not(test), allow(dead_code, reason = "the legs and the registrar stand on it"))]
mod edge;
#[cfg_attr(not(test), allow(dead_code, reason = "the legs and the registrar stand on it"))]
mod tasks;
mod trace;
#[cfg_attr(not(test), allow(dead_code, reason = "the legs and the registrar stand on it"))]
mod uri;

pub use addresses::{Addresses, Network, ParseNetworkError, Transport};
pub use edge::{Counters, EdgeSettings, LIBRARY_LOG_DIRECTIVE, Limits, Rate, StartError};
pub use trace::{Direction, TraceSink, masked};
