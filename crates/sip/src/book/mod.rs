//! What is to be found again after a restart: written down as it changes, and nobody waits for a store that is slow.

mod dialog;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use nohold_app::ports::{Ledger, NotKept, StoreFailed};
use tokio::sync::{Notify, oneshot};

use crate::tasks::Tasks;

pub(crate) use dialog::{DialogLine, Kept, Stands};

/// The page of dialogs that live.
pub(crate) const DIALOGS: &str = "dialogs";
/// The page of phones that are registered.
pub(crate) const BINDINGS: &str = "bindings";

/// An INVITE, an answer or its ACK waits so long until it is written down what it leads to; then it leaves all the same.
const PATIENCE: Duration = Duration::from_millis(100);
/// So many lines are handed to the store at once.
const AT_ONCE: usize = 256;
/// More lines than this do not wait for the store; what comes beyond is not written down.
const MOST_WAITING: usize = 65_536;
/// After a failure the store is left alone for this long, then for twice as long each time it fails again.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// It is never left alone for longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// The book of one run of the engine. Clones are the same book.
#[derive(Clone)]
pub(crate) struct Book {
    inner: Arc<Inner>,
}

struct Inner {
    /// Nothing is kept without one.
    ledger: Option<Arc<dyn Ledger>>,
    /// Tells what this run wrote from what was left behind.
    run: u64,
    waiting: Mutex<BTreeMap<(&'static str, String), Waiting>>,
    /// Lines are with the store.
    writing: AtomicBool,
    wake: Notify,
    /// Ends a pause: the engine goes away and cannot wait.
    hurry: Notify,
}

/// The last word on one line that the store has not heard yet.
struct Waiting {
    /// None strikes it.
    line: Option<String>,
    written: Vec<oneshot::Sender<()>>,
}

/// What the store has not kept: page, name, and the line unless it was to be struck.
type Refused = (&'static str, String, Option<String>);

impl Book {
    /// Begins the task that writes; without a ledger all is forgotten.
    pub(crate) fn open(ledger: Option<Arc<dyn Ledger>>, run: u64, tasks: &Tasks) -> Book {
        let inner = Inner {
            ledger,
            run,
            waiting: Mutex::default(),
            writing: AtomicBool::new(false),
            wake: Notify::new(),
            hurry: Notify::new(),
        };
        let book = Book { inner: Arc::new(inner) };
        if let Some(ledger) = book.inner.ledger.clone() {
            tasks.spawn("book", book.clone().write_down(ledger));
        }
        book
    }

    /// The number of this run.
    pub(crate) fn run(&self) -> u64 {
        self.inner.run
    }

    /// Writes a line, some time soon.
    pub(crate) fn put(&self, page: &'static str, name: &str, line: String) {
        self.note(page, name, Some(line), None);
    }

    /// Strikes a line, some time soon.
    pub(crate) fn strike(&self, page: &'static str, name: &str) {
        self.note(page, name, None, None);
    }

    /// Writes a line and waits until it is durable, but not for long.
    pub(crate) fn put_first(&self, page: &'static str, name: &str, line: String) -> BoxFuture<'static, ()> {
        if self.inner.ledger.is_none() {
            return Box::pin(std::future::ready(()));
        }
        let (written, wait) = oneshot::channel();
        self.note(page, name, Some(line), Some(written));
        Box::pin(async move {
            if tokio::time::timeout(PATIENCE, wait).await.is_err() {
                tracing::debug!("a message of a call leaves before the store has it");
            }
        })
    }

    /// What stands on a page.
    pub(crate) async fn page(&self, page: &'static str) -> Result<Vec<(String, String)>, StoreFailed> {
        match &self.inner.ledger {
            Some(ledger) => ledger.page(page).await,
            None => Ok(Vec::new()),
        }
    }

    /// Waits until the store has all that was said so far, but not longer than this.
    pub(crate) async fn settle(&self, longest: Duration) {
        self.inner.hurry.notify_one();
        let settled = async {
            while !self.waiting().is_empty() || self.inner.writing.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if self.inner.ledger.is_some() && tokio::time::timeout(longest, settled).await.is_err() {
            tracing::warn!("the store has not taken all that the telephony wanted kept");
        }
    }

    fn note(&self, page: &'static str, name: &str, line: Option<String>, written: Option<oneshot::Sender<()>>) {
        if self.inner.ledger.is_none() {
            return;
        }
        let mut waiting = self.waiting();
        let key = (page, name.to_owned());
        if waiting.len() >= MOST_WAITING && !waiting.contains_key(&key) {
            tracing::debug!("the store is far behind: a line is not kept");
            return;
        }
        let one = waiting.entry(key).or_insert(Waiting { line: None, written: Vec::new() });
        one.line = line;
        one.written.extend(written);
        drop(waiting);
        self.inner.wake.notify_one();
    }

    async fn write_down(self, ledger: Arc<dyn Ledger>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let batch: Vec<_> = {
                let mut waiting = self.waiting();
                // Under the lock: whoever sees no line waiting sees this.
                self.inner.writing.store(!waiting.is_empty(), Ordering::SeqCst);
                std::iter::from_fn(|| waiting.pop_first()).take(AT_ONCE).collect()
            };
            if batch.is_empty() {
                self.inner.wake.notified().await;
                continue;
            }
            let asked = batch.into_iter().map(|((page, name), waiting)| ask(&*ledger, page, name, waiting));
            let refused: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
            let Some((_, problem)) = refused.first() else {
                pause = FIRST_PAUSE;
                continue;
            };
            if pause == FIRST_PAUSE {
                tracing::warn!(%problem, "the telephony cannot keep what it wants to find again after a restart, and tries again");
            }
            self.put_back(refused.into_iter().map(|(line, _)| line));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.inner.hurry.notified() => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What the store has refused waits again, unless there is a newer word on it.
    fn put_back(&self, refused: impl Iterator<Item = Refused>) {
        let mut waiting = self.waiting();
        for (page, name, line) in refused {
            let full = waiting.len() >= MOST_WAITING;
            match waiting.entry((page, name)) {
                Entry::Vacant(free) if !full => {
                    free.insert(Waiting { line, written: Vec::new() });
                }
                Entry::Vacant(_) => tracing::debug!("the store is far behind: a line is not kept"),
                Entry::Occupied(_) => {}
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<(&'static str, String), Waiting>> {
        self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the store to keep one line; gives back what it refused, and why.
fn ask(
    ledger: &dyn Ledger,
    page: &'static str,
    name: String,
    Waiting { line, written }: Waiting,
) -> impl Future<Output = Option<(Refused, NotKept)>> + use<> {
    let kept = match line.clone() {
        Some(line) => ledger.write(page, name.clone(), line),
        None => ledger.strike(page, name.clone()),
    };
    async move {
        let kept = kept.await;
        for one in written {
            // Whoever waited may have lost patience; and nobody waits for the next attempt.
            let _ = one.send(());
        }
        kept.err().map(|problem| ((page, name, line), problem))
    }
}

/// One line as `name value`, line by line.
pub(crate) struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    /// Reads what was written.
    pub(crate) fn read(text: &'a str) -> Self {
        Fields(text.lines().filter_map(|line| line.split_once(' ')).collect())
    }

    /// The first value with this name.
    pub(crate) fn first(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// All values with this name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| *found == name).map(|(_, value)| *value)
    }

    /// A value that can be read as something.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.first(name)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nohold_app::ports::{Keeping, Reading};
    use std::time::Instant;

    /// A store that never answers.
    struct Stalled;

    impl Ledger for Stalled {
        fn write(&self, _: &'static str, _: String, _: String) -> Keeping<()> {
            Box::pin(std::future::pending())
        }
        fn strike(&self, _: &'static str, _: String) -> Keeping<()> {
            Box::pin(std::future::pending())
        }
        fn page(&self, _: &'static str) -> Reading<Vec<(String, String)>> {
            Box::pin(std::future::pending())
        }
    }

    #[derive(Default)]
    struct Listed(Arc<Mutex<Vec<String>>>);

    impl Ledger for Listed {
        fn write(&self, page: &'static str, name: String, line: String) -> Keeping<()> {
            self.0.lock().unwrap().push(format!("{page} {name} {line}"));
            Box::pin(std::future::ready(Ok(())))
        }
        fn strike(&self, page: &'static str, name: String) -> Keeping<()> {
            self.0.lock().unwrap().push(format!("{page} {name}"));
            Box::pin(std::future::ready(Ok(())))
        }
        fn page(&self, _: &'static str) -> Reading<Vec<(String, String)>> {
            Box::pin(std::future::ready(Ok(Vec::new())))
        }
    }

    #[tokio::test]
    async fn a_store_that_stalls_holds_up_nobody_for_long() {
        let tasks = Tasks::default();
        let book = Book::open(Some(Arc::new(Stalled)), 1, &tasks);
        let begun = Instant::now();
        for _ in 0..3 {
            book.put_first(DIALOGS, "a", "x".into()).await;
        }
        let elapsed = begun.elapsed();
        assert!(elapsed >= PATIENCE && elapsed < Duration::from_secs(3), "{elapsed:?}");
    }

    #[tokio::test]
    async fn the_last_word_on_a_line_is_written_and_a_first_word_is_waited_for() {
        let listed = Listed::default();
        let seen = Arc::clone(&listed.0);
        let tasks = Tasks::default();
        let book = Book::open(Some(Arc::new(listed)), 1, &tasks);
        book.put(DIALOGS, "a", "old".into());
        book.put(DIALOGS, "a", "new".into());
        book.strike(DIALOGS, "b");
        book.put_first(DIALOGS, "c", "x".into()).await;
        assert_eq!(*seen.lock().unwrap(), ["dialogs a new", "dialogs b", "dialogs c x"]);
    }

    /// A store that refuses so many times before it keeps anything; each refusal waits until it is let through.
    struct Failing {
        listed: Listed,
        left: Mutex<usize>,
        asked: Arc<Notify>,
        refuse: Arc<tokio::sync::Semaphore>,
    }

    impl Failing {
        fn new(times: usize, let_through: usize) -> Failing {
            let refuse = Arc::new(tokio::sync::Semaphore::new(let_through));
            Failing { listed: Listed::default(), left: Mutex::new(times), asked: Arc::default(), refuse }
        }

        fn refuses(&self) -> Option<Keeping<()>> {
            let mut left = self.left.lock().unwrap();
            *left = left.checked_sub(1)?;
            self.asked.notify_one();
            let refuse = Arc::clone(&self.refuse);
            Some(Box::pin(async move {
                refuse.acquire().await.unwrap().forget();
                Err(NotKept::Store(StoreFailed))
            }))
        }
    }

    impl Ledger for Failing {
        fn write(&self, page: &'static str, name: String, line: String) -> Keeping<()> {
            self.refuses().unwrap_or_else(|| self.listed.write(page, name, line))
        }
        fn strike(&self, page: &'static str, name: String) -> Keeping<()> {
            self.refuses().unwrap_or_else(|| self.listed.strike(page, name))
        }
        fn page(&self, page: &'static str) -> Reading<Vec<(String, String)>> {
            self.listed.page(page)
        }
    }

    async fn until(seen: &Mutex<Vec<String>>, wanted: &[&str]) {
        let there = async {
            while *seen.lock().unwrap() != wanted {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let there = tokio::time::timeout(Duration::from_secs(10), there).await;
        assert!(there.is_ok(), "{:?}", seen.lock().unwrap());
    }

    #[tokio::test]
    async fn what_the_store_refuses_is_tried_again_after_a_pause_that_grows() {
        let failing = Failing::new(4, 4);
        let seen = Arc::clone(&failing.listed.0);
        let tasks = Tasks::default();
        let book = Book::open(Some(Arc::new(failing)), 1, &tasks);
        let begun = Instant::now();
        book.put(DIALOGS, "a", "x".into());
        book.strike(DIALOGS, "b");
        until(&seen, &["dialogs a x", "dialogs b"]).await;
        assert!(begun.elapsed() >= FIRST_PAUSE * 3, "{:?}", begun.elapsed());
        book.settle(Duration::from_secs(10)).await;
        assert_eq!(seen.lock().unwrap().len(), 2, "and once only");
    }

    #[tokio::test]
    async fn a_newer_word_is_not_replaced_by_what_the_store_refused() {
        let failing = Failing::new(2, 0);
        let (seen, asked, refuse) =
            (Arc::clone(&failing.listed.0), Arc::clone(&failing.asked), Arc::clone(&failing.refuse));
        let tasks = Tasks::default();
        let book = Book::open(Some(Arc::new(failing)), 1, &tasks);
        book.put(DIALOGS, "a", "old".into());
        book.put(DIALOGS, "b", "old".into());
        asked.notified().await;
        // Both lines are with the store.
        book.put(DIALOGS, "a", "new".into());
        book.strike(DIALOGS, "b");
        refuse.add_permits(2);
        until(&seen, &["dialogs a new", "dialogs b"]).await;
    }
}
