//! Nohold's HTTP API: who may do what, and everything that people and programs look at and change.
//!
//! [`router`] makes of an [`Api`] the routes below `/api/`, and [`serve`] answers them on a socket. The crate knows the
//! world by the ports of the app alone: no SQL, no SIP.
//!
//! | module | does |
//! | --- | --- |
//! | `state` | what the routes work on |
//! | `access` | who somebody is, and whether a route is for them; written down once, enforced and documented |
//! | `failure` | the one form of all refusals |
//! | `body`, `words` | what a request brings, read strictly; what parsers say, in words for people |
//! | `came`, `request`, `patience` | from where a request comes; a name and an answer for each; how long a wish waits |
//! | `etag` | versions: whoever changes something says what they have seen |
//! | `repeat` | wishes with an idempotency key are carried out once |
//! | `identity` | signing in, passwords, users, tokens, the first start |
//! | `setup_page` | the page that the set-up link leads to |
//! | `console` | the page in the browser, which the program carries inside it |
//! | `configuration` | what is configured, by keys and as one document |
//! | `board` | the rows that people look at now, kept beside the store |
//! | `desk` | the missed-call list, agents, queues, calls: what people see and do |
//! | `phone` | the phone in the browser: its connection, answering, hanging up, dialling, the echo test |
//! | `contacts` | customers whom people know by name, one by one and in files |
//! | `masking` | numbers of customers for who may not see them whole |
//! | `table`, `sealed` | tables as text; cursors that tell nothing |
//! | `live` | the same as it changes, over a WebSocket |
//! | `serve`, `tls` | the socket, by HTTPS and by plain HTTP; the certificate |
//! | `audit` | who has asked for what |
//! | `system` | whether the server is alive and well |
//! | `routes`, `openapi` | all routes; the document that describes them |
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod access;
mod audit;
mod board;
mod body;
mod came;
pub mod configuration;
mod console;
mod contacts;
mod desk;
mod etag;
pub mod failure;
mod identity;
mod live;
mod masking;
mod openapi;
mod patience;
mod phone;
mod repeat;
mod request;
mod routes;
mod sealed;
mod serve;
mod setup_page;
mod state;
mod system;
mod table;
mod tls;
mod words;

pub use body::{Asked, Given, Named};
pub use desk::DeskParts;
pub use phone::{PhoneParts, Relay};
pub use routes::router;
pub use serve::{Connections, serve};
pub use state::{Api, Now, Parts, PasswordCost, Spawn};
pub use tls::{About, Files, Origin, Tls, UnusableCertificate};
pub use words::{json_words_and_place, of_json, plain};
