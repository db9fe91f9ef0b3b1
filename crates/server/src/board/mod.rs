//! The board: the rows that people look at now, kept beside the store, with their texts written once.
//!
//! It follows the store's commits, each of which changes a few rows. Whoever looks sees at least what was committed before:
//! a look takes over what the store has committed meanwhile. So the store's own rows are never locked by readers.

mod note;
mod rows;
mod shown;
mod work;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use nohold_app::desk::Desk;
use nohold_app::ports::{Archive, ClosedPlace, ClosedQuery, Image, Revision};
use nohold_core::entry::{CloseReason, Entry, State};
use nohold_core::viewing::SHOWN_UNREACHABLE_FOR;
use nohold_model::Timestamp;
use tokio::sync::watch;

pub(crate) use note::{NoteShown, WrittenShown};
pub(crate) use rows::{Changed, EntryRow, LiveRow, Rows, Shared, Step};
pub(crate) use shown::{EntryShown, ReminderShown, StateShown, TargetShown, WindowShown};
pub(crate) use work::{AgentShown, CallShown, QueueShown};

use crate::state::Now;

/// The board.
pub(crate) struct Board {
    image: Image,
    desk: Arc<dyn Desk>,
    now: Now,
    inner: Mutex<Inner>,
    moved: watch::Sender<Position>,
}

/// How far the board has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Position {
    /// Counts the times that all rows were made anew: the configuration has changed, or too much had happened.
    pub(crate) generation: u64,
    /// The last step.
    pub(crate) step: u64,
    /// The last commit in it.
    pub(crate) revision: Revision,
}

struct Inner {
    rows: Rows,
    generation: u64,
    revision: Revision,
}

impl Board {
    /// A board of the rows that this archive shows.
    pub(crate) fn new(archive: &dyn Archive, desk: Arc<dyn Desk>, now: Now) -> Self {
        let image = archive.image().clone();
        let inner = fresh(&image, &*desk, 0, 0, now());
        let moved = watch::Sender::new(inner.position());
        Board { image, desk, now, inner: Mutex::new(inner), moved }
    }

    /// Looks at the rows, as they are after everything that was committed before.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Rows, Position) -> T) -> T {
        let mut inner = self.lock();
        let moved = self.advance(&mut inner);
        let position = inner.position();
        let seen = look(&inner.rows, position);
        drop(inner);
        if moved {
            self.moved.send_replace(position);
        }
        seen
    }

    /// Adds what closed as unreachable a while ago and still reminds: after a restart the store does not have it in memory.
    async fn remember(&self, archive: &dyn Archive) {
        let mut query = ClosedQuery { reason: Some(CloseReason::Unreachable), limit: 200, ..ClosedQuery::default() };
        loop {
            let page = match archive.closed_entries(query.clone()).await {
                Ok(page) => page,
                Err(problem) => {
                    tracing::warn!(%problem, "who could not be reached before the start is not told again");
                    return;
                }
            };
            let now = (self.now)();
            let remind = page.items.last().is_some_and(|last| reminder_of(last, now));
            let moved = {
                let mut inner = self.lock();
                self.advance(&mut inner);
                if inner.rows.add_missing(page.items.iter(), now) {
                    // Nobody could be told of these step by step: everybody looks anew.
                    inner.rows.number += 1;
                    inner.generation += 1;
                }
                inner.position()
            };
            self.moved.send_replace(moved);
            match page.items.last().filter(|_| page.more).and_then(ClosedPlace::of) {
                Some(last) if remind => query.after = Some(last),
                Some(_) | None => return,
            }
        }
    }

    /// Tells of each move.
    pub(crate) fn moves(&self) -> watch::Receiver<Position> {
        self.moved.subscribe()
    }

    fn advance(&self, inner: &mut Inner) -> bool {
        let now = (self.now)();
        let same = Arc::ptr_eq(&inner.rows.directory, &self.desk.directory());
        let Some(commits) = self.image.commits_after(inner.revision).ok().filter(|_| same) else {
            let mut new = fresh(&self.image, &*self.desk, inner.generation + 1, inner.rows.number + 1, now);
            // The store forgets what is closed sooner than it ceases to remind.
            let closed = inner.rows.entries.values().map(|row| &row.row.entry).filter(|entry| !entry.is_open());
            new.rows.add_missing(closed, now);
            *inner = new;
            return true;
        };
        if let Some(last) = commits.last() {
            inner.revision = last.revision;
        }
        inner.rows.advance(&commits, now)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn position(&self) -> Position {
        Position { generation: self.generation, step: self.rows.number, revision: self.revision }
    }
}

/// Whether a closed entry is young enough to remind, acknowledged or not.
fn reminder_of(entry: &Entry, now: Timestamp) -> bool {
    matches!(entry.state, State::Closed { at, .. } if now.since(at) < SHOWN_UNREACHABLE_FOR)
}

fn fresh(image: &Image, desk: &dyn Desk, generation: u64, step: u64, now: Timestamp) -> Inner {
    let directory = desk.directory();
    let (rows, revision) = image.view(|tables, revision| (Rows::new(tables, directory, step, now), revision));
    Inner { rows, generation, revision }
}

/// Follows the commits until the board is gone. What has no commit (a new configuration, a reminder that ends by itself) is
/// seen within a second.
pub(crate) async fn follow(board: Weak<Board>, archive: Arc<dyn Archive>) {
    if let Some(board) = board.upgrade() {
        board.remember(&*archive).await;
    }
    drop(archive);
    let Some(mut revisions) = board.upgrade().map(|board| board.image.revisions()) else { return };
    let mut seconds = tokio::time::interval(std::time::Duration::from_secs(1));
    seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            changed = revisions.changed() => if changed.is_err() { return },
            _ = seconds.tick() => {}
        }
        match board.upgrade() {
            Some(board) => board.look(|_, _| ()),
            None => return,
        }
    }
}
