//! The contract of all stores: one suite, run on each of them.
//!
//! A new store adds a line at the end of this file. Its constructor gives an empty store.
#![allow(clippy::unwrap_used)]

mod house;
mod lists;
mod races;
mod tries;
mod whole;

use std::future::{Future, ready};

use nohold_app::ports::Store;
use nohold_core::fact::Dated;
use nohold_store::MemoryStore;

/// A store whose history a test can read.
pub trait Examined: Store {
    /// What has become true, in the order of the commits.
    fn history(&self) -> impl Future<Output = Vec<Dated>>;
}

impl Examined for MemoryStore {
    fn history(&self) -> impl Future<Output = Vec<Dated>> {
        ready(MemoryStore::history(self))
    }
}

macro_rules! contract {
    ($store:ident, $new:expr) => {
        mod $store {
            use super::*;

            contract! { @rules $new;
                races::one_agent_is_reserved_for_one_caller_at_a_time
                races::one_caller_is_offered_to_one_agent_at_a_time
                races::one_agent_claims_an_entry
                races::one_number_has_one_open_request
                races::one_agent_calls_an_entry_back
                tries::a_number_remembers_its_attempts_and_forgets_those_that_were_never_sent
                whole::a_refused_transaction_writes_nothing
                whole::records_stand_though_the_promise_beside_them_is_refused
                whole::facts_keep_their_order
                whole::nothing_happens_before_the_transaction_is_awaited
                lists::live_calls_are_those_that_have_not_ended
                lists::the_overview_shows_who_waits_and_who_could_take_a_call
                lists::what_is_due_is_named_when_its_time_has_come
            }
        }
    };
    (@rules $new:expr; $($module:ident::$rule:ident)*) => {
        $(#[test] fn $rule() { futures::executor::block_on(super::$module::$rule($new)) })*
    };
}

contract!(memory, MemoryStore::new());
