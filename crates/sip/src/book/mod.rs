//! What is to be found again after a restart: written down as it changes, and nobody waits for a store that is slow.

mod dialog;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use nohold_app::ports::{Ledger, StoreFailed};
use tokio::sync::{Notify, oneshot};

use crate::tasks::Tasks;

pub(crate) use dialog::{DialogLine, Kept, Stands};

/// The page of dialogs that live.
pub(crate) const DIALOGS: &str = "dialogs";
/// The page of phones that are registered.
pub(crate) const BINDINGS: &str = "bindings";

/// An INVITE waits so long until it is written down that it may ring somewhere; then it leaves all the same.
const PATIENCE: Duration = Duration::from_millis(100);
/// So many lines are handed to the store at once.
const AT_ONCE: usize = 256;
/// More lines than this do not wait for the store; what comes beyond is not written down.
const MOST_WAITING: usize = 65_536;

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
}

/// The last word on one line that the store has not heard yet.
struct Waiting {
    /// None strikes it.
    line: Option<String>,
    written: Vec<oneshot::Sender<()>>,
}

impl Book {
    /// Begins the task that writes; without a ledger all is forgotten.
    pub(crate) fn open(ledger: Option<Arc<dyn Ledger>>, run: u64, tasks: &Tasks) -> Book {
        let inner =
            Inner { ledger, run, waiting: Mutex::default(), writing: AtomicBool::new(false), wake: Notify::new() };
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
                tracing::debug!("a call is dialled before the store has it");
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
        if waiting.len() >= MOST_WAITING {
            tracing::debug!("the store is far behind: a line is not kept");
            return;
        }
        let one = waiting.entry((page, name.to_owned())).or_insert(Waiting { line: None, written: Vec::new() });
        one.line = line;
        one.written.extend(written);
        drop(waiting);
        self.inner.wake.notify_one();
    }

    async fn write_down(self, ledger: Arc<dyn Ledger>) {
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
            let written = batch.into_iter().map(|((page, name), Waiting { line, written })| {
                let kept = match line {
                    Some(line) => ledger.write(page, name, line),
                    None => ledger.strike(page, name),
                };
                async move {
                    let kept = kept.await;
                    for one in written {
                        // Whoever waited may have lost patience.
                        let _ = one.send(());
                    }
                    kept.err()
                }
            });
            if let Some(problem) = join_all(written).await.into_iter().flatten().next() {
                tracing::warn!(%problem, "the telephony cannot keep what it wants to find again after a restart");
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<(&'static str, String), Waiting>> {
        self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner)
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
}
