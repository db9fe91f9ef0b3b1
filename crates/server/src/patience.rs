//! How long a wish waits for a store that stands still.
//!
//! A store answers when it knows what has become of a wish; what hangs in its commit stays without an answer and may still
//! happen. Nobody who asks by HTTP waits for that for ever: after [`LONGEST`] without a word of the store they are told that
//! it is not known yet, and the wish goes on without them. What takes long for other reasons (a large import, many who sign
//! in) is waited for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nohold_app::ports::{
    Accounts, AllKept, Answers, Brought, Configured, Contact, ContactQuery, Contacts, Duplicates, Ended, Ending,
    GivenAnswer, Keeping, Kept, Merge, Page, Pass, Place, Reading, Reconfiguration, Told, User,
};
use nohold_model::{ContactId, PhoneNumber, Timestamp};
use tokio::time::Instant;

/// So long a store may say nothing.
pub(crate) const LONGEST: Duration = Duration::from_secs(5);

/// How often somebody who waits looks whether the store is silent.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The wishes that a store has not answered yet. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unanswered {
    wishes: Arc<Mutex<Wishes>>,
}

#[derive(Debug, Default)]
struct Wishes {
    next: u64,
    since: BTreeMap<u64, Instant>,
}

/// One of them, until it is dropped.
struct Wish {
    number: u64,
    of: Unanswered,
}

impl Unanswered {
    /// Done once some wish has been without an answer for [`LONGEST`] while somebody waited here.
    pub(crate) async fn too_long(&self) {
        let begun = Instant::now();
        loop {
            let oldest = self.wishes.lock().unwrap_or_else(PoisonError::into_inner).since.values().next().copied();
            match oldest.map(|since| since.max(begun) + LONGEST) {
                Some(end) if end <= Instant::now() => return,
                // It may be answered meanwhile, and another become the oldest.
                Some(_) | None => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    fn wish(&self) -> Wish {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        let number = wishes.next;
        wishes.next += 1;
        wishes.since.insert(number, Instant::now());
        Wish { number, of: self.clone() }
    }
}

impl Drop for Wish {
    fn drop(&mut self) {
        self.of.wishes.lock().unwrap_or_else(PoisonError::into_inner).since.remove(&self.number);
    }
}

/// A port whose wishes are counted until they are answered.
pub(crate) struct Watched<T: ?Sized> {
    port: Arc<T>,
    unanswered: Unanswered,
}

impl<T: ?Sized> Watched<T> {
    pub(crate) fn new(port: Arc<T>, unanswered: &Unanswered) -> Self {
        Watched { port, unanswered: unanswered.clone() }
    }

    fn counted<A: 'static>(&self, answer: Keeping<A>) -> Keeping<A> {
        let unanswered = self.unanswered.clone();
        Box::pin(async move {
            let _wish = unanswered.wish();
            answer.await
        })
    }
}

impl<T: Accounts + ?Sized> Accounts for Watched<T> {
    fn users(&self) -> Reading<Vec<User>> {
        self.port.users()
    }
    fn user(&self, name: &str) -> Reading<Option<User>> {
        self.port.user(name)
    }
    fn keep_user(&self, user: User) -> Keeping<()> {
        self.counted(self.port.keep_user(user))
    }
    fn keep_first_user(&self, user: User) -> Keeping<()> {
        self.counted(self.port.keep_first_user(user))
    }
    fn reset_user(&self, user: User, ending: Ending) -> Keeping<Ended> {
        self.counted(self.port.reset_user(user, ending))
    }
    fn remove_user(&self, name: &str) -> Keeping<()> {
        self.counted(self.port.remove_user(name))
    }
    fn keep_pass(&self, pass: Pass) -> Keeping<()> {
        self.counted(self.port.keep_pass(pass))
    }
    fn pass(&self, hash: [u8; 32], at: Timestamp) -> Reading<Option<(Pass, User)>> {
        self.port.pass(hash, at)
    }
    fn passes(&self, user: &str, at: Timestamp) -> Reading<Vec<Pass>> {
        self.port.passes(user, at)
    }
    fn move_pass(&self, hash: [u8; 32], expires: Timestamp) -> Keeping<()> {
        self.counted(self.port.move_pass(hash, expires))
    }
    fn end_pass(&self, hash: [u8; 32]) -> Keeping<()> {
        self.counted(self.port.end_pass(hash))
    }
    fn end_passes(&self, user: &str, but: Option<[u8; 32]>) -> Keeping<()> {
        self.counted(self.port.end_passes(user, but))
    }
}

impl<T: Configured + ?Sized> Configured for Watched<T> {
    fn configured(&self) -> Reading<AllKept> {
        self.port.configured()
    }
    fn reconfigure(&self, change: Reconfiguration) -> Keeping<u64> {
        self.counted(self.port.reconfigure(change))
    }
    fn versions(&self, place: Place) -> Reading<Vec<Kept>> {
        self.port.versions(place)
    }
}

impl<T: Contacts + ?Sized> Contacts for Watched<T> {
    fn contact(&self, id: ContactId) -> Reading<Option<Contact>> {
        self.port.contact(id)
    }
    fn contact_of(&self, number: &PhoneNumber) -> Reading<Option<Contact>> {
        self.port.contact_of(number)
    }
    fn names_of(&self, numbers: Vec<PhoneNumber>) -> Reading<BTreeMap<PhoneNumber, String>> {
        self.port.names_of(numbers)
    }
    fn contacts(&self, query: ContactQuery) -> Reading<Page<Contact>> {
        self.port.contacts(query)
    }
    fn keep_contact(&self, contact: Contact) -> Keeping<()> {
        self.counted(self.port.keep_contact(contact))
    }
    fn remove_contact(&self, id: ContactId, version: u64) -> Keeping<()> {
        self.counted(self.port.remove_contact(id, version))
    }
    fn merge_contacts(&self, merge: Merge) -> Keeping<Contact> {
        self.counted(self.port.merge_contacts(merge))
    }
    fn part_contact(&self, id: ContactId, at: Timestamp) -> Keeping<Contact> {
        self.counted(self.port.part_contact(id, at))
    }
    fn bring_contacts(&self, contacts: Vec<Contact>, duplicates: Duplicates, only_look: bool) -> Keeping<Brought> {
        self.counted(self.port.bring_contacts(contacts, duplicates, only_look))
    }
    fn calls_with(&self, number: &PhoneNumber, most: usize) -> Reading<Vec<Vec<Told>>> {
        self.port.calls_with(number, most)
    }
}

impl<T: Answers + ?Sized> Answers for Watched<T> {
    fn take_key(&self, user: &str, key: &str, wish: [u8; 32], at: Timestamp) -> Keeping<Option<GivenAnswer>> {
        self.counted(self.port.take_key(user, key, wish, at))
    }
    fn answer_key(&self, user: &str, key: &str, answer: GivenAnswer) -> Keeping<()> {
        self.counted(self.port.answer_key(user, key, answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_store_is_silent_when_one_wish_has_no_answer_for_so_long() {
        let unanswered = Unanswered::default();
        let silent = async || tokio::time::timeout(LONGEST * 2, unanswered.too_long()).await.is_ok();
        assert!(!silent().await, "nothing is wished for");
        let old = unanswered.wish();
        let begun = Instant::now();
        assert!(silent().await);
        assert!(begun.elapsed() >= LONGEST);
        let begun = Instant::now();
        assert!(silent().await && begun.elapsed() >= LONGEST, "whoever comes later has the same patience");
        drop(old);
        let many = async {
            for _ in 0..20 {
                let _wish = unanswered.wish();
                tokio::time::sleep(LONGEST / 2).await;
            }
        };
        tokio::select! {
            () = unanswered.too_long() => panic!("each of them was answered in time"),
            () = many => {}
        }
    }
}
