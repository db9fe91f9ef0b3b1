//! A file of the folder of recordings as an answer: whole or in part (RFC 9110 §14), handed over piece by piece.
//!
//! Whoever listens costs a file, a piece of it in memory and a turn, and one person has few turns. One who does not read
//! what was sent loses the connection, and the turn with it.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::failure::Failure;

/// So many listen at once.
const AT_ONCE: usize = 64;

/// So many answers one user is given at once. A player that seeks has two for a moment, and people have several windows.
const AT_ONCE_OF_ONE: usize = 6;

/// Who cannot be served for so long is told to come again.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many bytes are read and handed to the connection at once.
const PIECE: u64 = 64 * 1024;

/// The turns of those who want the same of the server.
#[derive(Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    each: Mutex<BTreeMap<String, Arc<Semaphore>>>,
    of_one: usize,
    /// What is said to whom none comes in time.
    busy: &'static str,
}

/// It is over when this is dropped: all was handed to the connection, or nobody listens any more.
pub(super) struct Turn {
    _own: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Turns {
    /// Of those who listen.
    pub(super) fn to_listen() -> Self {
        let busy = "as many recordings as the server serves at once are being listened to: close some and try again";
        Turns::new(AT_ONCE, AT_ONCE_OF_ONE, busy)
    }

    /// So many at once, so many of them of one user.
    pub(super) fn new(at_once: usize, of_one: usize, busy: &'static str) -> Self {
        Turns { all: Arc::new(Semaphore::new(at_once)), each: Mutex::default(), of_one, busy }
    }

    /// Waits for a turn of this user.
    ///
    /// # Errors
    /// When none comes in time.
    pub(super) async fn take(&self, user: &str) -> Result<Turn, Failure> {
        let own = self.of(user);
        let taken = async {
            // The own one first: who waits for that keeps none from the others.
            let own = own.acquire_owned().await.ok()?;
            let of_all = self.all.clone().acquire_owned().await.ok()?;
            Some(Turn { _own: own, _of_all: of_all })
        };
        let taken = tokio::time::timeout(PATIENCE, taken).await.ok().flatten();
        taken.ok_or_else(|| Failure::unavailable("busy", self.busy))
    }

    fn of(&self, user: &str) -> Arc<Semaphore> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever has a turn or waits for one has a share of it.
        each.retain(|_, turns| Arc::strong_count(turns) > 1);
        each.entry(user.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.of_one))).clone()
    }
}

/// What is asked for of a file.
#[derive(Debug)]
pub(super) struct Asked {
    range: Option<String>,
    /// The range is meant only where the file is still the one with this validator (RFC 9110 §13.1.5).
    if_range: Option<String>,
}

impl Asked {
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        // A range has a meaning for GET alone (RFC 9110 §14.2).
        let range = text(header::RANGE).filter(|_| method == Method::GET);
        // A value that is no text is no validator of ours.
        let if_range = headers.contains_key(header::IF_RANGE).then(|| text(header::IF_RANGE).unwrap_or_default());
        Asked { range, if_range }
    }
}

/// A part of a file that is about to be sent.
pub(super) struct Opened {
    file: File,
    from: u64,
    to: u64,
    whole: u64,
    /// It was asked for a range, and gets one.
    in_part: bool,
    tag: String,
}

/// What there is to answer.
pub(super) enum Found {
    /// These bytes.
    Bytes(Opened),
    /// None: the file has so many, and none of them is in the range.
    NoneOf(u64),
}

/// Opens a file for what is asked of it. Blocks.
///
/// # Errors
/// When it is not there or cannot be read.
pub(super) fn open(path: &Path, asked: &Asked) -> Result<Found, Failure> {
    let Kept { mut file, whole, tag } = kept(path)?;
    let unchanged = asked.if_range.as_ref().is_none_or(|known| *known == tag);
    let (from, to, in_part) = match wanted(asked.range.as_deref().filter(|_| unchanged), whole) {
        Wanted::All => (0, whole, false),
        Wanted::Part { from, to } => (from, to, true),
        Wanted::Nothing => return Ok(Found::NoneOf(whole)),
    };
    file.seek(SeekFrom::Start(from)).map_err(unreadable)?;
    Ok(Found::Bytes(Opened { file, from, to, whole, in_part, tag }))
}

/// A file as it lies there.
pub(super) struct Kept {
    pub(super) file: File,
    /// Its length, in bytes.
    pub(super) whole: u64,
    /// Its validator (RFC 9110 §8.8.3).
    pub(super) tag: String,
}

/// Opens a file. Blocks.
///
/// # Errors
/// When it is not there or cannot be read.
pub(super) fn kept(path: &Path) -> Result<Kept, Failure> {
    let file = File::open(path).map_err(|problem| {
        if problem.kind() != io::ErrorKind::NotFound {
            tracing::error!(%problem, "a recording cannot be opened");
        }
        Failure::not_found("this recording is not there: it is not finished yet, or not kept any more")
    })?;
    let about = file.metadata().map_err(unreadable)?;
    Ok(Kept { file, whole: about.len(), tag: tag(&about) })
}

/// The disk does not give what it has.
pub(super) fn unreadable(problem: io::Error) -> Failure {
    tracing::error!(%problem, "a recording cannot be read");
    Failure::internal()
}

/// Tells one file from another in its place.
fn tag(about: &Metadata) -> String {
    let changed = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("\"{:x}-{:x}\"", about.len(), changed.as_nanos())
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part { from: u64, to: u64 },
    Nothing,
}

/// The bytes that a range asks for (RFC 9110 §14.2): one range; what is no range is passed over.
fn wanted(range: Option<&str>, whole: u64) -> Wanted {
    let Some(spec) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else { return Wanted::All };
    let Some((from, to)) = spec.split_once('-').filter(|_| !spec.contains(',')) else { return Wanted::All };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (from, to) = match (from.trim().is_empty(), to.trim().is_empty()) {
        (true, true) => return Wanted::All,
        (true, false) => match number(to) {
            Some(last) => (whole.saturating_sub(last), whole),
            None => return Wanted::All,
        },
        (false, open) => {
            let end = if open { Some(whole) } else { number(to).map(|to| to.saturating_add(1).min(whole)) };
            match (number(from), end) {
                (Some(from), Some(end)) => (from, end),
                _ => return Wanted::All,
            }
        }
    };
    if from < to && from < whole { Wanted::Part { from, to } } else { Wanted::Nothing }
}

/// The answer; the turn goes with it.
///
/// # Errors
/// When the headers cannot be made.
pub(super) fn answer(found: Found, turn: Turn) -> Result<Response, Failure> {
    let opened = match found {
        Found::Bytes(opened) => opened,
        Found::NoneOf(whole) => return none_of(whole),
    };
    let Opened { file, from, to, whole, in_part, tag } = opened;
    let mut answer = Response::builder()
        .header(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"))
        .header(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"))
        .header(header::CONTENT_LENGTH, to - from)
        .header(header::ETAG, &tag);
    if in_part {
        answer = answer.status(StatusCode::PARTIAL_CONTENT);
        answer = answer.header(header::CONTENT_RANGE, format!("bytes {from}-{}/{whole}", to.saturating_sub(1)));
    }
    answer.body(Body::from_stream(pieces(file, to - from, turn))).map_err(|_| Failure::internal())
}

fn none_of(whole: u64) -> Result<Response, Failure> {
    let message = format!("the recording has {whole} bytes, none of them in this range");
    let mut answer = Failure::new(StatusCode::RANGE_NOT_SATISFIABLE, "no_such_range", message).into_response();
    let range = HeaderValue::from_str(&format!("bytes */{whole}")).map_err(|_| Failure::internal())?;
    answer.headers_mut().insert(header::CONTENT_RANGE, range);
    Ok(answer)
}

/// So many bytes of the file from where it stands, each piece read when the connection has room for it.
fn pieces(file: File, left: u64, turn: Turn) -> impl stream::Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold((file, left, turn), |(file, left, turn)| async move {
        if left == 0 {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || piece(file, left)).await;
        let (file, bytes) = read.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())).inspect_err(|problem| {
            // What was promised cannot be kept: the connection breaks off, so that nobody takes a part for the whole.
            tracing::error!(%problem, "a recording cannot be read to its end");
        })?;
        let left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(Some((bytes, (file, left, turn))))
    })
}

fn piece(mut file: File, left: u64) -> io::Result<(File, Bytes)> {
    let mut bytes = Vec::new();
    (&mut file).take(left.min(PIECE)).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((file, bytes.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood_and_what_is_none_is_passed_over() {
        let part = |from, to| Wanted::Part { from, to };
        for (range, expected) in [
            (None, Wanted::All),
            (Some("bytes=0-9"), part(0, 10)),
            (Some("bytes=90-"), part(90, 100)),
            (Some("bytes=90-900"), part(90, 100)),
            (Some("bytes=-10"), part(90, 100)),
            (Some("bytes=-1000"), part(0, 100)),
            (Some("bytes=100-"), Wanted::Nothing),
            (Some("bytes=9-3"), Wanted::Nothing),
            (Some("bytes=-0"), Wanted::Nothing),
            (Some("bytes=0-1,5-6"), Wanted::All),
            (Some("bytes=a-b"), Wanted::All),
            (Some("seconds=1-2"), Wanted::All),
        ] {
            assert_eq!(wanted(range, 100), expected, "{range:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_takes_the_turns_of_the_others() {
        let turns = Turns::to_listen();
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE_OF_ONE {
            taken.push(turns.take("ann").await.unwrap());
        }
        assert_eq!(turns.take("ann").await.err().unwrap().body.code, "busy");
        let others = turns.take("bob").await.unwrap();
        drop(taken.pop());
        let again = turns.take("ann").await.unwrap();
        drop((taken, others, again));
        let _last = turns.take("cid").await.unwrap();
        assert_eq!(turns.each.lock().unwrap().len(), 1, "who listens no more is forgotten");
    }
}
