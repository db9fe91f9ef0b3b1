//! One thread that writes recordings, and the jobs that wait for it.

use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use hound::{SampleFormat, WavSpec, WavWriter};

use super::{FailedOnce, PART, RecordingError, fail};
use crate::SAMPLE_RATE;

pub(super) enum Job {
    Begin { number: u64, path: PathBuf, channels: u16, failed: FailedOnce },
    Samples { number: u64, samples: Vec<i16> },
    Finish { number: u64, kept: Box<dyn FnOnce() + Send> },
    Abandon { number: u64 },
    Discard { path: PathBuf },
}

/// The jobs of one thread. Audio is refused when too much of it waits; what ends a recording never is.
pub(super) struct Lane {
    queue: Mutex<Queue>,
    arrived: Condvar,
    most_waiting: usize,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    samples: usize,
    closed: bool,
}

/// A recording that is being written.
struct Open {
    writer: WavWriter<BufWriter<File>>,
    path: PathBuf,
    part: PathBuf,
    failed: FailedOnce,
}

impl Lane {
    pub(super) fn new(most_waiting: usize) -> Self {
        Lane { queue: Mutex::default(), arrived: Condvar::new(), most_waiting }
    }

    pub(super) fn put(&self, job: Job) {
        self.queue().jobs.push_back(job);
        self.arrived.notify_one();
    }

    /// False when too much audio waits already.
    pub(super) fn put_samples(&self, number: u64, samples: Vec<i16>) -> bool {
        let mut queue = self.queue();
        if queue.samples + samples.len() > self.most_waiting {
            return false;
        }
        queue.samples += samples.len();
        queue.jobs.push_back(Job::Samples { number, samples });
        drop(queue);
        self.arrived.notify_one();
        true
    }

    /// Lets the thread end when it has done what waits.
    pub(super) fn close(&self) {
        self.queue().closed = true;
        self.arrived.notify_one();
    }

    pub(super) fn run(&self) {
        let mut open = HashMap::new();
        while let Some(job) = self.next() {
            // What is told of a recording is other people's code, and all recordings of the lane depend on it.
            if catch_unwind(AssertUnwindSafe(|| work(&mut open, job))).is_err() {
                tracing::error!("what was told of a recording has panicked; the others go on");
            }
        }
        for (_, tape) in open {
            break_off(tape);
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                if let Job::Samples { samples, .. } = &job {
                    queue.samples = queue.samples.saturating_sub(samples.len());
                }
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn work(open: &mut HashMap<u64, Open>, job: Job) {
    match job {
        Job::Begin { number, path, channels, failed } => match begin(&path, channels) {
            Ok((writer, part)) => {
                open.insert(number, Open { writer, path, part, failed });
            }
            Err(source) => fail(&failed, RecordingError::Disk { path, source }),
        },
        Job::Samples { number, samples } => {
            let written = open.get_mut(&number).map(|tape| write(&mut tape.writer, &samples));
            if let Some(Err(source)) = written
                && let Some(tape) = open.remove(&number)
            {
                fail(&tape.failed, RecordingError::Disk { path: tape.path.clone(), source });
                break_off(tape);
            }
        }
        Job::Finish { number, kept } => {
            if let Some(tape) = open.remove(&number) {
                finish(tape, kept);
            }
        }
        Job::Abandon { number } => {
            if let Some(tape) = open.remove(&number) {
                break_off(tape);
            }
        }
        Job::Discard { path } => {
            let number = open.iter().find(|(_, tape)| tape.path == path).map(|(number, _)| *number);
            if let Some(tape) = number.and_then(|number| open.remove(&number)) {
                throw_away(tape);
            }
            remove(&path);
        }
    }
}

fn begin(path: &Path, channels: u16) -> hound::Result<(WavWriter<BufWriter<File>>, PathBuf)> {
    let mut part = path.to_path_buf().into_os_string();
    part.push(".");
    part.push(PART);
    let part = PathBuf::from(part);
    // Voices are nobody's business but the site's. An unfinished recording of the same name is somebody else's.
    let open = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
    let file = match open() {
        // Somebody has removed the folder.
        Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                super::make(folder)?;
            }
            open()?
        }
        other => other?,
    };
    let spec = WavSpec { channels, sample_rate: SAMPLE_RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
    match WavWriter::new(BufWriter::new(file), spec) {
        Ok(writer) => Ok((writer, part)),
        Err(error) => {
            remove(&part);
            Err(error)
        }
    }
}

fn write(writer: &mut WavWriter<BufWriter<File>>, samples: &[i16]) -> hound::Result<()> {
    samples.iter().try_for_each(|sample| writer.write_sample(*sample))
}

fn finish(tape: Open, kept: Box<dyn FnOnce() + Send>) {
    let Some(call) = tape.failed.lock().unwrap_or_else(PoisonError::into_inner).take() else {
        // Whoever was told that the disk is too slow must not hear of a success as well.
        break_off(tape);
        return;
    };
    let Open { writer, path, part, .. } = tape;
    match writer.finalize().and_then(|()| Ok(keep(&part, &path)?)) {
        Ok(()) => kept(),
        Err(source) => {
            keep_what_there_is(&part);
            call(RecordingError::Disk { path, source });
        }
    }
}

/// The disk takes no more, or not quickly enough, or nobody says more: what it has of a conversation is kept.
fn break_off(tape: Open) {
    let Open { writer, part, .. } = tape;
    // Its last words do not fit either.
    drop(writer);
    keep_what_there_is(&part);
}

fn keep_what_there_is(part: &Path) {
    if let Err(error) = super::look_after(part) {
        tracing::error!(%error, file = %part.display(), "what was recorded cannot be kept");
    }
}

/// Brings the file to the disk and then under its name, and the name to the disk.
pub(super) fn keep(part: &Path, path: &Path) -> std::io::Result<()> {
    File::open(part)?.sync_all()?;
    std::fs::rename(part, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn throw_away(tape: Open) {
    let Open { writer, part, .. } = tape;
    drop(writer);
    remove(&part);
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove a recording");
    }
}
