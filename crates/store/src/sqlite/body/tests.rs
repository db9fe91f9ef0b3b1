//! What a released program has written is read for ever.

use std::collections::{BTreeMap, BTreeSet};

use nohold_app::ports::PassKind;
use nohold_core::agent::Agent;
use nohold_core::entry::{Entry, Tried};
use nohold_core::fact::Fact;
use nohold_core::note::CallNote;
use nohold_core::routing::{Offer, Waiting};
use nohold_core::transaction::{CallRow, Hold};
use serde::Serialize;
use serde_json::Value;

use super::super::accounts::UserBody;
use super::*;

/// Bodies of each table in form 1. It may grow, when a row gets a case that did not exist; nothing in it is changed.
const FORM_1: &str = include_str!("../../../goldens/form-1.json");

/// Each kind of fact.
const KINDS: [&str; 40] = [
    "call_arrived",
    "direct_began",
    "direct_answered",
    "phone_rung",
    "phone_answered",
    "phone_failed",
    "flow_entered",
    "queued",
    "left_queue",
    "offer_made",
    "offer_ringing",
    "offer_ended",
    "connected",
    "held",
    "agent_freed",
    "request_made",
    "number_refused",
    "message_left",
    "missed",
    "cut_off",
    "served",
    "attempt_began",
    "attempt_answered",
    "attempt_ended",
    "callback_talked",
    "callback_dropped",
    "transferred",
    "transfer_answered",
    "transfer_failed",
    "call_ended",
    "recording_paused",
    "recording_resumed",
    "treated_as_customer",
    "handed_over",
    "consult_began",
    "consult_answered",
    "consult_changed",
    "consult_ended",
    "consult_completed",
    "note_saved",
];

/// Facts that transactions write by themselves.
const KINDS_OF_TRANSACTIONS: [&str; 3] = ["agent_changed", "entry_gathered", "entry_changed"];

#[test]
fn rows_of_form_1_are_read() {
    let goldens: BTreeMap<String, Vec<Value>> = serde_json::from_str(FORM_1).unwrap();
    let of = |table: &str| goldens.get(table).unwrap_or_else(|| panic!("no goldens of {table}"));
    reads::<Agent>("agents", of("agents"));
    reads::<CallRow>("calls", of("calls"));
    reads::<Waiting>("waiting", of("waiting"));
    reads::<Offer>("offers", of("offers"));
    reads::<Entry>("entries", of("entries"));
    reads::<CallNote>("notes", of("notes"));
    reads::<Hold>("holds", of("holds"));
    reads::<Tried>("tries", of("tries"));
    reads::<Fact>("facts", of("facts"));
    reads::<UserBody>("users", of("users"));
    reads::<PassKind>("passes", of("passes"));
    let kinds: BTreeSet<&str> =
        of("facts").iter().filter_map(Value::as_object).flat_map(|fact| fact.keys().map(String::as_str)).collect();
    assert_eq!(kinds, KINDS.into_iter().chain(KINDS_OF_TRANSACTIONS).collect());
}

#[test]
fn an_unknown_form_is_refused_and_a_damaged_row_is_not_quoted() {
    let unknown = read::<Hold>("holds", 2, "{}").unwrap_err().to_string();
    assert!(unknown.contains("form 2"), "{unknown}");
    let damaged = read::<Hold>("holds", FORM, "{\"number\": \"13800138000\"}").unwrap_err().to_string();
    assert!(damaged.contains("`holds`") && !damaged.contains("138"), "{damaged}");
}

/// Each row is read, and nothing of it is lost.
fn reads<T: DeserializeOwned + Serialize>(table: &'static str, rows: &[Value]) {
    assert!(!rows.is_empty(), "no goldens of {table}");
    for row in rows {
        let found: T = read(table, 1, &row.to_string()).unwrap_or_else(|problem| panic!("{problem}: {row}"));
        let again = serde_json::to_value(&found).unwrap();
        assert!(contains(&again, row), "{table}: {again} does not have all of {row}");
    }
}

/// Whether all that stands in the old value stands in the new one too; a new field may stand beside it.
fn contains(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            old.iter().all(|(key, old)| new.get(key).is_some_and(|new| contains(new, old)))
        }
        (Value::Array(new), Value::Array(old)) => {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| contains(new, old))
        }
        (new, old) => new == old,
    }
}
