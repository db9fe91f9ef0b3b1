//! Contacts, as people and programs read and write them.

use nohold_app::ports::Contact;
use nohold_model::{ContactId, Language, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A customer whom people know by name. Times are milliseconds since 1970 (UTC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ContactShown {
    /// Its id.
    #[schema(value_type = String)]
    pub(crate) id: ContactId,
    /// Counts the changes.
    pub(crate) version: u64,
    /// The name.
    pub(crate) name: String,
    /// The numbers as E.164, the most used first; masked for who may not see them.
    pub(crate) numbers: Vec<String>,
    /// The company.
    pub(crate) company: String,
    /// The e-mail address.
    pub(crate) email: String,
    /// The language.
    #[schema(value_type = Option<String>)]
    pub(crate) language: Option<Language>,
    /// The time zone, by its IANA name.
    pub(crate) zone: Option<String>,
    /// Words to find them by.
    pub(crate) tags: Vec<String>,
    /// What people have noted, newest first.
    pub(crate) notes: Vec<ContactNoteShown>,
    /// Since when they are known.
    #[schema(value_type = i64)]
    pub(crate) made: Timestamp,
    /// When it was changed last.
    #[schema(value_type = i64)]
    pub(crate) changed: Timestamp,
}

/// A note on a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ContactNoteShown {
    /// When.
    #[schema(value_type = i64)]
    at: Timestamp,
    /// By which user.
    by: String,
    /// What.
    text: String,
}

/// What is known of a contact.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactGiven {
    /// The name.
    pub(crate) name: String,
    /// The numbers, as E.164 or as people write numbers where the site is; one that was shown masked stays as it is.
    #[serde(default)]
    pub(crate) numbers: Vec<String>,
    /// The company.
    #[serde(default)]
    pub(crate) company: String,
    /// The e-mail address.
    #[serde(default)]
    pub(crate) email: String,
    /// The language: `en` or `zh`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) language: Option<Language>,
    /// The time zone, by its IANA name.
    #[serde(default)]
    pub(crate) zone: Option<String>,
    /// Words to find them by.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
}

impl ContactShown {
    /// A contact; its numbers are masked where the answer leaves.
    pub(crate) fn new(contact: &Contact) -> Self {
        let known = contact.known.clone();
        let notes =
            known.notes.into_iter().rev().map(|note| ContactNoteShown { at: note.at, by: note.by, text: note.text });
        ContactShown {
            id: contact.id,
            version: contact.version,
            name: known.name,
            numbers: known.numbers.iter().map(|number| number.as_str().to_owned()).collect(),
            company: known.company,
            email: known.email,
            language: known.language,
            zone: known.zone,
            tags: known.tags,
            notes: notes.collect(),
            made: known.made,
            changed: known.changed,
        }
    }
}
