//! The embedded telephony engine: SIP signalling on top of the media plane.

mod access;
mod addresses;
mod book;
mod calling;
mod client;
mod complaints;
mod digest;
mod edge;
mod engine;
mod farewell;
mod flow;
mod incoming;
mod leg;
mod legs;
mod listener;
mod name_addr;
mod pages;
mod queues;
mod registrar;
mod sdp;
mod seats;
mod settings;
mod sorting;
mod tasks;
mod trace;
mod trunks;
mod uri;

pub use addresses::{Addresses, Transport};
pub use digest::{Algorithm, Ha1};
pub use edge::{Counters, EdgeSettings, LIBRARY_LOG_DIRECTIVE, Limits, Rate};
pub use engine::{Engine, StartError};
pub use nohold_browser::{LIBRARY_LOG_DIRECTIVES as BROWSER_LOG_DIRECTIVES, Settings as BrowserSettings};
pub use pages::{PAGE_WAITS_FOR, PageSettings};
pub use settings::{
    Account, CALLS_PER_EXTENSION, Credentials, LONGEST_REGISTRATION, Lines, SHORTEST_SESSION, Settings, Trunk,
};
pub use trace::{Direction, TraceSink, masked};
