//! The contract of all stores: one suite, run on each of them.
//!
//! A new store adds a line at the end of this file. Its constructor gives an empty store.
#![allow(clippy::unwrap_used)]

mod accounts;
mod answers;
mod audit;
mod configured;
mod house;
mod lists;
mod races;
mod shown;
mod sqlite;
mod tries;
mod whole;

use std::future::{Future, ready};

use nohold_app::ports::{Accounts, Answers, Archive, Audit, Configured, Ledger, Store};
use nohold_core::fact::Dated;
use nohold_store::MemoryStore;

/// A store whose history a test can read.
pub trait Examined: Store {
    /// What has become true, in the order of the commits.
    fn history(&self) -> impl Future<Output = Vec<Dated>>;
}

/// A store that keeps what it was given, and has all ports.
pub trait Keeper: Examined + Archive + Audit + Accounts + Configured + Answers + Ledger {
    /// The process dies, and another one opens the store.
    fn reopen(self) -> impl Future<Output = Self>;
}

impl Examined for MemoryStore {
    fn history(&self) -> impl Future<Output = Vec<Dated>> {
        ready(MemoryStore::history(self))
    }
}

macro_rules! contract {
    (rules of $store:ident, $new:expr) => {
        mod $store {
            use super::*;

            contract! { @rules $new;
                races::one_agent_is_reserved_for_one_caller_at_a_time
                races::one_caller_is_offered_to_one_agent_at_a_time
                races::one_agent_claims_an_entry
                races::of_those_who_have_seen_the_same_version_one_is_heard
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
    (all ports of $store:ident, $new:expr) => {
        mod $store {
            use super::*;

            contract! { @rules $new;
                accounts::a_user_is_added_once_and_changed_by_who_has_seen_the_last_version
                accounts::there_is_one_first_user
                accounts::somebody_is_always_left_who_can_administer
                accounts::a_pass_holds_until_it_expires_or_is_ended
                accounts::a_label_is_given_once_for_each_user
                accounts::a_user_who_is_removed_takes_all_passes_along
                audit::lines_come_in_pages_newest_first_and_by_what_is_asked_for
                audit::a_line_is_written_again_with_what_came_of_it
                configured::a_change_is_made_for_a_revision_and_happens_whole
                configured::every_version_of_a_thing_can_be_had_again
                configured::passwords_are_kept_and_not_shown
                answers::an_answer_is_given_again_for_a_day
                answers::a_wish_that_came_to_nothing_may_be_made_again
                answers::what_an_engine_writes_down_is_found_again
                shown::the_image_shows_what_is_committed_and_tells_of_each_commit
                shown::the_same_rows_are_shown_after_a_restart
                shown::an_entry_can_be_had_long_after_it_was_closed
                shown::closed_entries_come_in_pages
                shown::calls_that_are_over_are_found_in_pages_however_they_are_asked_for
                shown::the_history_of_an_entry_has_the_calls_that_made_it
                shown::an_agents_day_has_the_own_facts_and_calls_of_it
                shown::rules_hold_after_a_restart
            }
        }
    };
    (@rules $new:expr; $($module:ident::$rule:ident)*) => {
        $(#[test] fn $rule() { futures::executor::block_on(async { super::$module::$rule($new).await }) })*
    };
}

contract!(rules of memory, MemoryStore::new());
contract!(rules of sqlite_rules, sqlite::Folder::open().await);
contract!(all ports of sqlite_ports, sqlite::Folder::open().await);
