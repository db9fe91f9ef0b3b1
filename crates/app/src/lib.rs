//! What drives the rules: ports to the outside and the loops between them.
//!
//! A [`Node`] is one running Nohold. It knows no SIP, no SQL and no HTTP: those are behind the [`ports`]. It runs on any
//! executor that can spawn a future; the simulator drives it step by step on virtual time.
//!
//! | module | does |
//! | --- | --- |
//! | [`ports`] | what a node needs from the outside |
//! | `node` | begins and ends calls, hands events to them |
//! | `own_phones` | takes calls of our own phones: what was dialled, star codes |
//! | `call_task` | drives one call: input, rules, effects |
//! | `patience` | says how long a store is waited for |
//! | `books` | keeps what a call has to commit, in order, until the store has it |
//! | `router` | brings waiting callers and free agents together |
//! | [`desk`] | what agents and supervisors do |
//! | `conversation` | what they wish of conversations: hand over, consult, press keys, dial out |
//! | `housekeeping` | what happens because time passes |
//! | `recovery` | accounts for calls that died with the process |

mod books;
mod call_task;
mod conversation;
pub mod desk;
mod housekeeping;
mod node;
mod own_phones;
mod patience;
pub mod ports;
mod recovery;
mod router;

pub use node::{LiveCall, Node, Settings};
