//! How loud a recording is along its way, for whoever draws it: counted from the file when it is asked for, and remembered.
//!
//! Nothing is kept beside the recordings ([0007](../../../../docs/decisions/0007-waveforms-are-counted-when-asked-for.md)).

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hound::{SampleFormat, WavReader};
use nohold_app::ports::Role;
use nohold_model::{EntryId, MessageId, RecordingId};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Seat;
use super::file::{Kept, Turns, kept, unreadable};
use crate::access::{Need, Scope, guarded};
use crate::body::{Asked, Named};
use crate::etag;
use crate::failure::{Failure, FailureBody};
use crate::state::Api;

/// So many points are made where nothing is said.
const POINTS: usize = 800;

/// Fewer show nothing, and no screen has room for more.
const LEAST_POINTS: usize = 50;
const MOST_POINTS: usize = 2_000;

/// So many files are read at once for this. An hour of a conversation is 115 MB, and calls need the machine more.
const AT_ONCE: usize = 2;

/// So many of them for one user, so that nobody who looks at many keeps the others waiting.
const AT_ONCE_OF_ONE: usize = 1;

/// So many answers are remembered. The largest have 16 kB.
const REMEMBERED: usize = 128;

/// So many bytes are read at once: whole samples of all channels, one or two of 16 bits.
const PIECE: usize = 64 * 1024;

/// What is answered about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Of {
    file: String,
    /// The validator of the file: another one in its place is another file.
    tag: String,
    points: usize,
}

/// What was answered of late, and the turns of those who want more.
#[derive(Debug)]
pub(super) struct Known {
    turns: Turns,
    /// The one that was asked for last stands last.
    answers: Mutex<VecDeque<(Of, Bytes)>>,
}

impl Default for Known {
    fn default() -> Self {
        let busy = "other recordings are being looked through: try again in a moment";
        Known { turns: Turns::new(AT_ONCE, AT_ONCE_OF_ONE, busy), answers: Mutex::default() }
    }
}

impl Known {
    fn of(&self, wanted: &Of) -> Option<Bytes> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let at = answers.iter().position(|(of, _)| of == wanted)?;
        let found = answers.remove(at)?;
        let bytes = found.1.clone();
        answers.push_back(found);
        Some(bytes)
    }

    fn remember(&self, of: Of, bytes: Bytes) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|(known, _)| *known != of);
        if answers.len() >= REMEMBERED {
            answers.pop_front();
        }
        answers.push_back((of, bytes));
    }
}

/// How it is to be drawn.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Drawn {
    /// In so many points, 50 to 2,000; 800 where nothing is said.
    points: Option<usize>,
}

/// The same of a message.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DrawnOf {
    /// The entry of the message; needed where it is closed.
    #[param(value_type = Option<String>)]
    entry: Option<EntryId>,
    /// In so many points, 50 to 2,000; 800 where nothing is said.
    points: Option<usize>,
}

/// How loud a recording is along its way.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PeaksShown {
    /// How long it lasts, in milliseconds.
    length: u64,
    /// Of a message the one who speaks; of a conversation first the agent, then the customer.
    channels: Vec<ChannelShown>,
}

/// How loud one side is.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ChannelShown {
    /// The loudest sample of each part, of parts of the same length: 0 for silence, 255 for as loud as can be.
    #[schema(value_type = Vec<u32>)]
    peaks: Vec<u8>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    // Whoever may hear it may see it. It leaves no line of the audit: no word can be got from a waveform, and a page draws
    // whatever it shows; who then listens opens the audio, and that leaves one.
    let see = Need::look(Role::Agent, Scope::Read);
    let of_messages = OpenApiRouter::new().routes(guarded(api, see, routes!(message_peaks)));
    of_messages.routes(guarded(api, see, routes!(conversation_peaks)))
}

/// The waveform of a recorded message
#[utoipa::path(
    get, path = "/api/messages/{id}/peaks", tag = "desk", params(("id" = String, Path), DrawnOf),
    responses(
        (status = 200, body = PeaksShown),
        (status = 304, description = "it is still what `If-None-Match` names"),
        (status = 409, description = "the file is damaged or breaks off: `broken_recording`", body = FailureBody),
    )
)]
async fn message_peaks(
    seat: Seat,
    Named(id): Named<MessageId>,
    Asked(DrawnOf { entry, points }): Asked<DrawnOf>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let points = checked(points)?;
    seat.may_hear(id, entry).await?;
    seat.draw(format!("{id}.wav"), points, &headers).await
}

/// The waveform of a recorded conversation
#[utoipa::path(
    get, path = "/api/recordings/{id}/peaks", tag = "desk", params(("id" = String, Path), Drawn),
    responses(
        (status = 200, body = PeaksShown),
        (status = 304, description = "it is still what `If-None-Match` names"),
        (status = 409, description = "the file is damaged or breaks off: `broken_recording`", body = FailureBody),
    )
)]
async fn conversation_peaks(
    seat: Seat,
    Named(id): Named<RecordingId>,
    Asked(Drawn { points }): Asked<Drawn>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let points = checked(points)?;
    seat.may_hear_conversation(id).await?;
    seat.draw(format!("{id}.wav"), points, &headers).await
}

fn checked(points: Option<usize>) -> Result<usize, Failure> {
    match points.unwrap_or(POINTS) {
        points @ LEAST_POINTS..=MOST_POINTS => Ok(points),
        _ => Err(Failure::invalid("points", format!("a waveform has {LEAST_POINTS} to {MOST_POINTS} points"))),
    }
}

impl Seat {
    /// Answers with the waveform of a file of the folder of recordings.
    async fn draw(&self, file: String, points: usize, headers: &HeaderMap) -> Result<Response, Failure> {
        let path = self.recorded_at(&file)?;
        let tag = of_the_disk(path.clone(), |path| Ok(kept(path)?.tag)).await?;
        if etag::is_known(headers, &tag) {
            return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
        }
        let known = &self.desk.peaks;
        let of = Of { file, tag, points };
        if let Some(bytes) = known.of(&of) {
            return Ok(answer(&of.tag, bytes));
        }
        let turn = known.turns.take(&self.caller.user.name).await?;
        // Somebody who had the turn before may have wanted the same.
        if let Some(bytes) = known.of(&of) {
            return Ok(answer(&of.tag, bytes));
        }
        let (tag, peaks) = of_the_disk(path, move |path| {
            // Also when nobody waits for it any more, others have to until it is over.
            let _turn = turn;
            let Kept { file, tag, .. } = kept(path)?;
            Ok((tag, count(file, points).map_err(refused)?))
        })
        .await?;
        let bytes = Bytes::from(serde_json::to_vec(&peaks).map_err(|_| Failure::internal())?);
        known.remember(Of { tag: tag.clone(), ..of }, bytes.clone());
        Ok(answer(&tag, bytes))
    }
}

/// Work that waits for the disk.
async fn of_the_disk<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce(&Path) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(move || work(&path)).await.map_err(|_| Failure::internal())?
}

fn answer(tag: &str, bytes: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::ETAG, tag)], bytes).into_response()
}

/// Why a file has no waveform.
#[derive(Debug, Error)]
enum NoPeaks {
    /// Its head is none of a WAV file.
    #[error("this recording is damaged: listen to what there is of it, or take it from a backup")]
    Head(#[source] hound::Error),
    /// Something that was never recorded here.
    #[error("this is no recording of a telephone, which has one or two channels of 16 bits: take it from a backup")]
    Foreign,
    /// It ends before its end.
    #[error("this recording breaks off before its end: listen to what there is of it, or take it from a backup")]
    BreaksOff,
    /// The disk does not give it.
    #[error("this recording cannot be read: look at the server's disk")]
    Disk(#[source] io::Error),
}

impl From<io::Error> for NoPeaks {
    fn from(problem: io::Error) -> Self {
        if problem.kind() == io::ErrorKind::UnexpectedEof { NoPeaks::BreaksOff } else { NoPeaks::Disk(problem) }
    }
}

fn refused(problem: NoPeaks) -> Failure {
    match problem {
        NoPeaks::Disk(problem) => unreadable(problem),
        broken => {
            tracing::warn!(problem = %broken, "a recording has no waveform");
            Failure::conflict("broken_recording", broken.to_string())
        }
    }
}

/// The waveform of a WAV file (16-bit samples, one or two channels), read piece by piece. Blocks.
fn count(file: File, points: usize) -> Result<PeaksShown, NoPeaks> {
    let reader = WavReader::new(BufReader::with_capacity(PIECE, file)).map_err(|problem| match problem {
        // What the system has not said is hound's word for a file that is too short.
        hound::Error::IoError(problem) if problem.raw_os_error().is_none() => NoPeaks::BreaksOff,
        hound::Error::IoError(problem) => NoPeaks::Disk(problem),
        other => NoPeaks::Head(other),
    })?;
    let spec = reader.spec();
    let telephone = spec.bits_per_sample == 16 && spec.sample_format == SampleFormat::Int && spec.sample_rate > 0;
    if !telephone || !(1..=2).contains(&spec.channels) {
        return Err(NoPeaks::Foreign);
    }
    let frames = u64::from(reader.duration());
    let mut line = Line::new(usize::from(spec.channels), frames, points);
    let mut input = reader.into_inner();
    let width = usize::from(spec.channels) * 2;
    let mut piece = vec![0; PIECE];
    let mut left = frames * width as u64;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let piece = &mut piece[..length];
        input.read_exact(piece)?;
        for frame in piece.chunks_exact(width) {
            line.take(frame);
        }
        left -= length as u64;
    }
    let length = frames * 1_000 / u64::from(spec.sample_rate);
    Ok(PeaksShown { length, channels: line.channels() })
}

/// The loudest sample of each part, while the file goes by.
struct Line {
    /// Of each channel each point; none where no sample falls.
    loudest: Vec<Vec<Option<u16>>>,
    frames: u64,
    points: u64,
    frame: u64,
    point: usize,
    /// With this frame the next point begins.
    until: u64,
}

impl Line {
    fn new(channels: usize, frames: u64, points: usize) -> Self {
        let loudest = vec![vec![None; points]; channels];
        let mut line = Line { loudest, frames, points: points as u64, frame: 0, point: 0, until: 0 };
        line.until = line.end_of(0);
        line
    }

    /// The first frame behind a point.
    fn end_of(&self, point: usize) -> u64 {
        ((point as u64 + 1) * self.frames).div_ceil(self.points)
    }

    fn take(&mut self, frame: &[u8]) {
        if self.frame >= self.until {
            let point = self.frame * self.points / self.frames.max(1);
            self.point = usize::try_from(point).unwrap_or(usize::MAX);
            self.until = self.end_of(self.point);
        }
        for (channel, sample) in self.loudest.iter_mut().zip(frame.chunks_exact(2)) {
            let loud = i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs();
            if let Some(known) = channel.get_mut(self.point) {
                *known = Some(known.map_or(loud, |known| known.max(loud)));
            }
        }
        self.frame += 1;
    }

    /// Where there are more points than samples, a point without one is as loud as the one before.
    fn channels(self) -> Vec<ChannelShown> {
        let shown = |channel: Vec<Option<u16>>| {
            let mut before = 0;
            let peaks = channel.into_iter().map(|point| {
                before = point.unwrap_or(before);
                // Rounded up, so that silence alone is 0.
                u8::try_from((u32::from(before) * 255).div_ceil(32_768)).unwrap_or(u8::MAX)
            });
            ChannelShown { peaks: peaks.collect() }
        };
        self.loudest.into_iter().map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use hound::{WavSpec, WavWriter};
    use proptest::prelude::*;

    use super::*;

    fn spec(channels: u16, bits_per_sample: u16) -> WavSpec {
        WavSpec { channels, sample_rate: 8_000, bits_per_sample, sample_format: SampleFormat::Int }
    }

    fn wav(channels: u16, samples: &[i16]) -> Vec<u8> {
        let mut bytes = io::Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec(channels, 16)).unwrap();
        samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn counted(bytes: &[u8], points: usize) -> Result<PeaksShown, NoPeaks> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        count(file, points)
    }

    #[test]
    fn each_side_is_as_loud_as_its_loudest_sample_in_each_part() {
        // Two seconds: the agent speaks in the first, the customer, as loud as can be, in the second.
        let frame = |n: u32| if n < 8_000 { [if n % 100 == 7 { 1_000 } else { 0 }, 0] } else { [0, i16::MIN] };
        let samples: Vec<i16> = (0..16_000).flat_map(frame).collect();
        let shown = counted(&wav(2, &samples), 100).unwrap();
        assert_eq!((shown.length, shown.channels.len()), (2_000, 2));
        let [agent, customer] = [&shown.channels[0].peaks, &shown.channels[1].peaks];
        assert_eq!((&agent[..50], &agent[50..]), (&[8; 50][..], &[0; 50][..]));
        assert_eq!((&customer[..50], &customer[50..]), (&[0; 50][..], &[255; 50][..]));
    }

    #[test]
    fn a_recording_that_is_shorter_than_the_line_fills_it_and_an_empty_one_is_silent() {
        let shown = counted(&wav(1, &[i16::MAX, 0, i16::MAX]), 50).unwrap();
        let peaks = &shown.channels[0].peaks;
        assert_eq!((peaks.len(), shown.length), (50, 0));
        assert_eq!((&peaks[..16], &peaks[16..33], &peaks[33..]), (&[255; 16][..], &[0; 17][..], &[255; 17][..]));
        assert_eq!(counted(&wav(1, &[]), 50).unwrap().channels[0].peaks, [0; 50]);
    }

    #[test]
    fn a_file_that_breaks_off_or_is_something_else_is_refused_with_what_to_do() {
        let whole = wav(2, &[5; 40_000]);
        for length in (0..64).chain([1_000, whole.len() - 1]) {
            let problem = counted(&whole[..length], 50).unwrap_err();
            assert!(matches!(problem, NoPeaks::BreaksOff), "{length}: {problem:?}");
        }
        assert!(matches!(counted(b"RIFF of a message", 50), Err(NoPeaks::Head(_) | NoPeaks::BreaksOff)));
        assert!(matches!(counted(&wav(3, &[5; 300]), 50), Err(NoPeaks::Foreign)));
        let failure = refused(counted(&whole[..1_000], 50).unwrap_err());
        assert_eq!((failure.body.code.as_str(), failure.status), ("broken_recording", StatusCode::CONFLICT));
    }

    proptest! {
        #[test]
        fn no_file_does_harm(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), headed in any::<bool>(), points in 50_usize..=200) {
            if headed {
                bytes.splice(..0, wav(2, &[])[..40].to_vec());
            }
            let _ = counted(&bytes, points);
        }

        #[test]
        fn every_sample_counts_once(samples in proptest::collection::vec(any::<i16>(), 1..500), points in 50_usize..=200) {
            let shown = counted(&wav(1, &samples), points).unwrap();
            let peaks = &shown.channels[0].peaks;
            prop_assert_eq!(peaks.len(), points);
            for (at, sample) in samples.iter().enumerate() {
                let loud = u8::try_from((u32::from(sample.unsigned_abs()) * 255).div_ceil(32_768)).unwrap();
                prop_assert!(peaks[at * points / samples.len()] >= loud);
            }
            let loudest = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            let top = u8::try_from((u32::from(loudest) * 255).div_ceil(32_768)).unwrap();
            prop_assert_eq!(*peaks.iter().max().unwrap(), top);
        }
    }

    #[test]
    fn so_many_answers_are_remembered_and_those_that_are_asked_for_stay_longest() {
        let known = Known::default();
        let of = |n: usize| Of { file: format!("{n}.wav"), tag: "\"1\"".to_owned(), points: 50 };
        for n in 0..REMEMBERED {
            known.remember(of(n), Bytes::from(n.to_string()));
        }
        assert_eq!(known.of(&of(0)).unwrap(), "0");
        known.remember(of(REMEMBERED), Bytes::from("new"));
        assert!(known.of(&of(0)).is_some() && known.of(&of(1)).is_none() && known.of(&of(2)).is_some());
        assert!(known.of(&Of { tag: "\"2\"".to_owned(), ..of(0) }).is_none(), "another file in its place");
        assert_eq!(known.answers.lock().unwrap().len(), REMEMBERED);
    }
}
