//! What the audit is told of contacts. Their numbers are masked where the line is written.

use nohold_app::ports::{Contact, ContactNote};
use serde_json::{Value, json};

/// A contact, with the number of its notes.
pub(super) fn contact(contact: &Contact) -> Value {
    let known = &contact.known;
    json!({
        "version": contact.version, "name": known.name, "numbers": known.numbers, "company": known.company,
        "email": known.email, "language": known.language, "zone": known.zone, "tags": known.tags,
        "notes": known.notes.len(),
    })
}

/// A contact that goes: nothing else remembers it, and its notes go with it.
pub(super) fn whole(gone: &Contact) -> Value {
    let mut told = contact(gone);
    if let Some(fields) = told.as_object_mut() {
        fields.insert("notes".to_owned(), gone.known.notes.iter().rev().map(note).collect());
    }
    told
}

/// A contact on which something is noted.
pub(super) fn noted(contact: &Contact) -> Value {
    let known = &contact.known;
    json!({ "version": contact.version, "notes": known.notes.len(), "last": known.notes.last().map(note) })
}

fn note(note: &ContactNote) -> Value {
    json!({ "at": note.at, "by": note.by, "text": note.text })
}
