//! Contacts: customers whom people know by name.

use std::collections::BTreeMap;

use nohold_model::{ContactId, Language, Millis, PhoneNumber, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Keeping, Page, Reading, Told};

/// So long after a merge the two contacts can be taken apart again.
pub const MERGE_UNDONE_WITHIN: Millis = Millis::hours(24 * 30);

/// A customer whom people know by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Counts the changes, from 0.
    pub version: u64,
    /// What is known.
    pub known: Known,
}

/// The most numbers of one contact.
pub const MOST_NUMBERS: usize = 20;

/// The most tags of one contact.
pub const MOST_TAGS: usize = 30;

/// The most notes of one contact.
pub const MOST_NOTES: usize = 500;

/// What is known of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The name.
    pub name: String,
    /// The numbers, the most used first. A number belongs to one contact.
    pub numbers: Vec<PhoneNumber>,
    /// The company, empty where it is not known.
    pub company: String,
    /// The e-mail address, empty where it is not known.
    pub email: String,
    /// The language they speak.
    pub language: Option<Language>,
    /// The time zone they live in, by its IANA name.
    pub zone: Option<String>,
    /// Words to find them by.
    pub tags: Vec<String>,
    /// What people have noted, oldest first.
    pub notes: Vec<ContactNote>,
    /// Since when they are known.
    pub made: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
}

/// A note on a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactNote {
    /// When.
    pub at: Timestamp,
    /// By which user.
    pub by: String,
    /// What.
    pub text: String,
}

/// Which contacts are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactQuery {
    /// A part of a name, company, e-mail address or tag, or digits of a number in any writing; all where there is nothing.
    pub text: String,
    /// The cursor of the page before. It tells the name that the page ended with, so it is not for people.
    pub after: Option<String>,
    /// So many at most.
    pub limit: usize,
}

/// Two contacts that are one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The one that stays, and the version that was seen.
    pub into: (ContactId, u64),
    /// The one that goes over, and the version that was seen.
    pub from: (ContactId, u64),
    /// When.
    pub at: Timestamp,
}

/// What becomes of who comes from a file and is known already by a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// What is known stays as it is.
    Skip,
    /// What is not known yet is added.
    Merge,
}

/// What has become, or would become, of contacts from a file; each by its position among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brought {
    /// New ones.
    pub made: Vec<usize>,
    /// Those that were added to what was known.
    pub merged: Vec<usize>,
    /// Those that were left out, because they are known.
    pub skipped: Vec<usize>,
    /// Those whose numbers belong to several contacts, or whose contact would have too much: they are left out.
    pub unclear: Vec<usize>,
}

/// Contacts.
pub trait Contacts: Send + Sync + 'static {
    /// One contact; none where it was merged into another.
    fn contact(&self, id: ContactId) -> Reading<Option<Contact>>;
    /// Whose number this is.
    fn contact_of(&self, number: &PhoneNumber) -> Reading<Option<Contact>>;
    /// The names of those whose numbers these are; a number that nobody knows has none.
    fn names_of(&self, numbers: Vec<PhoneNumber>) -> Reading<BTreeMap<PhoneNumber, String>>;
    /// Contacts by name.
    fn contacts(&self, query: ContactQuery) -> Reading<Page<Contact>>;
    /// Adds a contact whose `version` is 0, or changes the one that still has the version before (`version - 1`). Refused as
    /// [`NotKept::Taken`](super::NotKept::Taken) where a number belongs to another one.
    fn keep_contact(&self, contact: Contact) -> Keeping<()>;
    /// Removes a contact that still has this version.
    fn remove_contact(&self, id: ContactId, version: u64) -> Keeping<()>;
    /// Merges two: numbers, notes and tags go over, and what the one that stays does not know.
    fn merge_contacts(&self, merge: Merge) -> Keeping<Contact>;
    /// Takes a contact that was merged apart again, within [`MERGE_UNDONE_WITHIN`]: its numbers and notes go back.
    fn part_contact(&self, id: ContactId, at: Timestamp) -> Keeping<Contact>;
    /// Takes over contacts from a file, all together or none. Where `only_look` says so, nothing is written.
    fn bring_contacts(&self, contacts: Vec<Contact>, duplicates: Duplicates, only_look: bool) -> Keeping<Brought>;
    /// What is told of the last calls with a number, newest call first.
    fn calls_with(&self, number: &PhoneNumber, most: usize) -> Reading<Vec<Vec<Told>>>;
}
