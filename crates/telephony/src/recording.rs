//! Recordings: WAV files, 8 kHz, 16 bits, written by threads of their own so that nobody who has audio waits for a disk.
//!
//! A recording grows under a name that ends in `.part`. When it is finished it is brought to the disk (fsync) and
//! renamed, so that a crash never leaves half a recording under the final name.

mod lane;
mod rescue;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use thiserror::Error;

pub use nohold_flow::RecordingEnd;

use lane::{Job, Lane};

/// Threads that write: bringing a file to the disk takes milliseconds, and several at a time share one write of the
/// disk's journal.
const LANES: usize = 4;

/// How many samples may wait before one thread (16 MB): half a minute of thirty conversations.
const MOST_WAITING: usize = 8_000_000;

/// What the name of an unfinished recording ends in.
const PART: &str = "part";

/// Why a recording came to nothing.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// The file cannot be written.
    #[error("cannot write the recording {}: look whether its folder is writable and the disk has room", .path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: hound::Error,
    },
    /// More audio waits to be written than is allowed.
    #[error("the disk is too slow for the recording {}: record less, or to a faster disk", .path.display())]
    TooSlow {
        /// The file.
        path: PathBuf,
    },
}

type Failed = Box<dyn FnOnce(RecordingError) + Send>;

/// Called once, by whoever finds first that the recording has failed; taken out when it was finished.
type FailedOnce = Arc<Mutex<Option<Failed>>>;

/// The threads that write recordings. Clones are the same; when the last one goes, the threads end.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<Inner>,
}

struct Inner {
    lanes: Vec<Arc<Lane>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    numbers: AtomicU64,
}

/// A recording that goes on. One that is dropped is abandoned: of a message nothing stays, of a conversation what had come to
/// the disk by then.
pub struct Tape {
    lane: Arc<Lane>,
    number: u64,
    path: PathBuf,
    failed: FailedOnce,
    finished: bool,
}

/// Makes the folder of recordings where it is not there, and looks after what a crash has left unfinished in it: a
/// conversation, which has two channels, is kept as far as it came; a message is not, because its caller was told nothing.
///
/// # Errors
/// When the folder cannot be made, read or written.
pub fn prepare(folder: &Path) -> io::Result<()> {
    make(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".wav.part")
            && let Err(error) = look_after(&path)
        {
            // One old file is no reason not to answer calls.
            tracing::error!(%error, file = %path.display(), "an unfinished recording cannot be looked after");
        }
    }
    Ok(())
}

/// Makes the folder where it is not there.
fn make(folder: &Path) -> io::Result<()> {
    if !folder.is_dir() {
        // What callers say is for nobody else on this machine. A folder that somebody made keeps the rights they gave it.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    Ok(())
}

/// Keeps what there is of an unfinished conversation; an unfinished message is removed.
fn look_after(part: &Path) -> io::Result<()> {
    if rescue::rescue(part)? { Ok(()) } else { std::fs::remove_file(part) }
}

impl Recorder {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> io::Result<Recorder> {
        Self::with(LANES, MOST_WAITING)
    }

    fn with(count: usize, most_waiting: usize) -> io::Result<Recorder> {
        let (mut lanes, mut threads) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for number in 0..count {
            let lane = Arc::new(Lane::new(most_waiting));
            lanes.push(Arc::clone(&lane));
            threads.push(std::thread::Builder::new().name(format!("recorder-{number}")).spawn(move || lane.run())?);
        }
        Ok(Recorder { inner: Arc::new(Inner { lanes, threads: Mutex::new(threads), numbers: AtomicU64::new(0) }) })
    }

    /// Begins a recording that will lie at `path`, with one channel or two. `failed` is called at most once, in any
    /// thread, and must not wait; a recording for which it was called is over. Of one with two channels, a conversation, what
    /// had come to the disk by then is kept.
    pub fn begin(&self, path: PathBuf, channels: u16, failed: impl FnOnce(RecordingError) + Send + 'static) -> Tape {
        let failed: FailedOnce = Arc::new(Mutex::new(Some(Box::new(failed))));
        let number = self.inner.numbers.fetch_add(1, Ordering::Relaxed);
        let lane = self.lane(&path);
        lane.put(Job::Begin { number, path: path.clone(), channels, failed: Arc::clone(&failed) });
        Tape { lane, number, path, failed, finished: false }
    }

    /// Throws a recording away, finished or not.
    pub fn discard(&self, path: PathBuf) {
        self.lane(&path).put(Job::Discard { path });
    }

    /// Waits until all that was begun and finished is on the disk. Nothing may be begun afterwards.
    pub fn shut_down(&self) {
        for lane in &self.inner.lanes {
            lane.close();
        }
        let threads = std::mem::take(&mut *self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // One that has panicked has said so; there is nothing left to wait for.
            let _ = thread.join();
        }
    }

    /// All jobs for one path go the same way, so that they keep their order.
    fn lane(&self, path: &Path) -> Arc<Lane> {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % self.inner.lanes.len() as u64).unwrap_or(0);
        Arc::clone(&self.inner.lanes[index])
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for lane in &self.lanes {
            lane.close();
        }
    }
}

impl Tape {
    /// Adds samples at 8 kHz, with two channels left and right in turn. Never waits. False when the recording is over,
    /// because it has failed.
    pub fn write(&mut self, samples: Vec<i16>) -> bool {
        if !self.lane.put_samples(self.number, samples) {
            fail(&self.failed, RecordingError::TooSlow { path: self.path.clone() });
        }
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Ends the recording; `kept` is called once it is on the disk under its name, and must not wait. If that fails,
    /// what was given to [`Recorder::begin`] is called instead.
    pub fn finish(mut self, kept: impl FnOnce() + Send + 'static) {
        self.finished = true;
        self.lane.put(Job::Finish { number: self.number, kept: Box::new(kept) });
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        if !self.finished {
            self.lane.put(Job::Abandon { number: self.number });
        }
    }
}

fn fail(failed: &FailedOnce, error: RecordingError) {
    let call = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(call) = call {
        call(error);
    }
}

#[cfg(test)]
mod tests;
