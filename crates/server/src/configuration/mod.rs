//! What is configured: by keys and as one document, checked before it is kept, and handed to what runs.
//!
//! | module | does |
//! | --- | --- |
//! | `kind` | the tables, and which keys they have |
//! | `strict` | JSON in which nothing stands twice |
//! | `secrets` | takes passwords out of bodies |
//! | `plan` | what a change would do, or why it may not be |
//! | `whole` | all things as one document, and back |
//! | `effective` | what is kept, as the rules and the engine read it |
//! | `change` | carries plans out |
//! | `outside` | what agents change by themselves |
//! | `things`, `transfer` | the routes |
//!
//! [`import`], [`export`], [`Effective::of`] and [`plan()`] do no I/O; the command line uses them as well.

mod change;
mod effective;
mod kind;
mod loopback;
mod outside;
mod plan;
mod schemas;
mod secrets;
mod strict;
mod things;
mod transfer;
mod whole;

use utoipa_axum::router::OpenApiRouter;

use crate::state::Api;

pub use effective::{Applied, Effective, NotApplied};
pub use kind::Kind;
pub use loopback::{NAME_THE_CARRIER, OwnSip, is_this_server, leads_back, trunks_that_lead_back};
pub use plan::{Around, Plan, Refused, Standing, plan};
pub use secrets::{NO_STORED_PASSWORD, Reference, Seal, no_references};
pub use strict::parse;
pub use whole::{Import, export, import};

pub(crate) use change::Configuring;
pub(crate) use outside::work_outside;
pub(crate) use schemas::insert as insert_schemas;

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    things::routes(api).merge(transfer::routes(api))
}
