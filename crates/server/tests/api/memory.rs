//! A store in memory with the ports that the server needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::ready;
use nohold_app::ports::{
    Accounts, AllKept, Answers, Archive, ClosedQuery, Configured, GivenAnswer, Image, Keeping, Kept, NotKept, Page,
    Pass, Place, Reading, Reconfiguration, StoreFailed, Told, User,
};
use nohold_core::entry::Entry;
use nohold_model::{EntryId, Millis, Timestamp};

#[derive(Default)]
pub struct Memory {
    rows: Mutex<Rows>,
    image: Image,
    /// It answers nothing any more.
    pub failing: std::sync::atomic::AtomicBool,
}

#[derive(Default)]
struct Rows {
    users: BTreeMap<String, User>,
    passes: BTreeMap<[u8; 32], Pass>,
    kept: AllKept,
    versions: BTreeMap<Place, Vec<Kept>>,
    answers: BTreeMap<(String, String), GivenAnswer>,
}

impl Memory {
    fn read<T: Send + 'static>(&self, look: impl FnOnce(&mut Rows) -> T) -> Reading<T> {
        if self.failing.load(std::sync::atomic::Ordering::SeqCst) {
            return ready(Err(StoreFailed)).boxed();
        }
        ready(Ok(look(&mut self.rows.lock().unwrap()))).boxed()
    }

    fn keep<T: Send + 'static>(&self, change: impl FnOnce(&mut Rows) -> Result<T, NotKept>) -> Keeping<T> {
        if self.failing.load(std::sync::atomic::Ordering::SeqCst) {
            return ready(Err(NotKept::Store(StoreFailed))).boxed();
        }
        ready(change(&mut self.rows.lock().unwrap())).boxed()
    }
}

impl Accounts for Memory {
    fn users(&self) -> Reading<Vec<User>> {
        self.read(|rows| rows.users.values().cloned().collect())
    }

    fn user(&self, name: &str) -> Reading<Option<User>> {
        self.read(|rows| rows.users.get(name).cloned())
    }

    fn keep_user(&self, user: User) -> Keeping<()> {
        self.keep(|rows| {
            match rows.users.get(&user.name) {
                Some(_) if user.version == 0 => return Err(NotKept::Taken),
                Some(known) if known.version + 1 != user.version => return Err(NotKept::Changed),
                None if user.version != 0 => return Err(NotKept::Gone),
                _ => {}
            }
            rows.users.insert(user.name.clone(), user);
            Ok(())
        })
    }

    fn keep_first_user(&self, user: User) -> Keeping<()> {
        self.keep(|rows| {
            if !rows.users.is_empty() {
                return Err(NotKept::Taken);
            }
            rows.users.insert(user.name.clone(), user);
            Ok(())
        })
    }

    fn remove_user(&self, name: &str) -> Keeping<()> {
        self.keep(|rows| {
            rows.passes.retain(|_, pass| pass.user != name);
            rows.users.remove(name).map(drop).ok_or(NotKept::Gone)
        })
    }

    fn keep_pass(&self, pass: Pass) -> Keeping<()> {
        self.keep(|rows| {
            rows.passes.insert(pass.hash, pass);
            Ok(())
        })
    }

    fn pass(&self, hash: [u8; 32], at: Timestamp) -> Reading<Option<(Pass, User)>> {
        self.read(|rows| {
            let pass = rows.passes.get(&hash).filter(|pass| pass.expires > at)?;
            Some((pass.clone(), rows.users.get(&pass.user)?.clone()))
        })
    }

    fn passes(&self, user: &str, at: Timestamp) -> Reading<Vec<Pass>> {
        self.read(|rows| {
            let of_user = rows.passes.values().filter(|pass| pass.user == user && pass.expires > at);
            let mut passes: Vec<Pass> = of_user.cloned().collect();
            passes.sort_by_key(|pass| pass.made);
            passes
        })
    }

    fn end_pass(&self, hash: [u8; 32]) -> Keeping<()> {
        self.keep(|rows| rows.passes.remove(&hash).map(drop).ok_or(NotKept::Gone))
    }

    fn end_passes(&self, user: &str, but: Option<[u8; 32]>) -> Keeping<()> {
        self.keep(|rows| {
            rows.passes.retain(|hash, pass| pass.user != user || Some(*hash) == but);
            Ok(())
        })
    }
}

impl Configured for Memory {
    fn configured(&self) -> Reading<AllKept> {
        self.read(|rows| rows.kept.clone())
    }

    fn reconfigure(&self, change: Reconfiguration) -> Keeping<u64> {
        self.keep(|rows| {
            if rows.kept.revision != change.revision {
                return Err(NotKept::Changed);
            }
            for (place, body) in change.things {
                let versions = rows.versions.entry(place.clone()).or_default();
                let version = versions.first().map_or(1, |newest| newest.version + 1);
                let kept = Kept { version, at: change.at, by: change.by.clone(), body };
                versions.insert(0, kept.clone());
                match kept.body {
                    Some(_) => drop(rows.kept.things.insert(place, kept)),
                    None => drop(rows.kept.things.remove(&place)),
                }
            }
            for (account, secret) in change.secrets {
                match secret {
                    Some(secret) => drop(rows.kept.secrets.insert(account, secret)),
                    None => drop(rows.kept.secrets.remove(&account)),
                }
            }
            rows.kept.revision += 1;
            Ok(rows.kept.revision)
        })
    }

    fn versions(&self, place: Place) -> Reading<Vec<Kept>> {
        self.read(|rows| rows.versions.get(&place).cloned().unwrap_or_default())
    }
}

impl Answers for Memory {
    fn take_key(&self, user: &str, key: &str, wish: [u8; 32], at: Timestamp) -> Keeping<Option<GivenAnswer>> {
        self.keep(|rows| {
            let place = (user.to_owned(), key.to_owned());
            if let Some(given) = rows.answers.get(&place) {
                let age = at.since(given.at);
                if age < Millis::hours(24) && (given.status != 0 || age < Millis::minutes(1)) {
                    return Ok(Some(given.clone()));
                }
            }
            rows.answers.insert(place, GivenAnswer { wish, status: 0, body: Vec::new(), at });
            Ok(None)
        })
    }

    fn answer_key(&self, user: &str, key: &str, answer: GivenAnswer) -> Keeping<()> {
        self.keep(|rows| {
            let place = (user.to_owned(), key.to_owned());
            if answer.status == 0 {
                rows.answers.remove(&place);
            } else {
                rows.answers.insert(place, answer);
            }
            Ok(())
        })
    }
}

impl Archive for Memory {
    fn image(&self) -> &Image {
        &self.image
    }

    fn entry(&self, _: EntryId) -> Reading<Option<Entry>> {
        self.read(|_| None)
    }

    fn closed_entries(&self, _: ClosedQuery) -> Reading<Page<Entry>> {
        self.read(|_| Page { items: Vec::new(), next: None })
    }

    fn entry_history(&self, _: EntryId) -> Reading<Vec<Told>> {
        self.read(|_| Vec::new())
    }
}

/// The same store behind each port.
pub fn ports(memory: &Arc<Memory>) -> (Arc<dyn Accounts>, Arc<dyn Configured>, Arc<dyn Answers>, Arc<dyn Archive>) {
    (memory.clone(), memory.clone(), memory.clone(), memory.clone())
}

/// Scopes by their words.
pub fn scopes(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
