//! The recording of a conversation.

use std::path::PathBuf;
use std::sync::Arc;

use nohold_model::{BridgeId, Millis, RecordingId};
use nohold_telephony::recording::Tape;
use nohold_telephony::{FRAME_MS, FRAME_SAMPLES};

use crate::ear::Ear;
use crate::mix::Mix;
use crate::thread::Surroundings;
use crate::words::MediaEvent;

/// Samples of both sides that are handed to the writing thread together: 400 ms.
const BATCH: usize = 2 * 20 * FRAME_SAMPLES;

/// Both sides of a bridge on their way to a file; of a conference the first leg and all others together. The thread of the bridge's first leg takes both, each through a jitter
/// buffer of its own, so they stay together to within a few tens of milliseconds.
pub(crate) struct Conversation {
    pub(crate) recording: RecordingId,
    pub(crate) bridge: BridgeId,
    /// The bridge's first leg, and all others.
    sides: [Mix; 2],
    tape: Tape,
    batch: Vec<i16>,
    ticks: u64,
}

impl Conversation {
    pub(crate) fn begin(
        recording: RecordingId,
        bridge: BridgeId,
        ears: Vec<Arc<Ear>>,
        path: PathBuf,
        around: &Surroundings,
    ) -> Self {
        let events = Arc::clone(&around.events);
        let tape = around.recorder.begin(path, 2, move |error| {
            tracing::error!(%recording, %error, "a conversation cannot be recorded");
            events(MediaEvent::CallRecordFailed { recording });
        });
        let mut ears = ears.into_iter();
        let first = ears.next().into_iter().collect();
        let sides = [Mix::listening(first), Mix::listening(ears.collect())];
        Conversation { recording, bridge, sides, tape, batch: Vec::with_capacity(BATCH), ticks: 0 }
    }

    /// Takes what was said in the last 20 ms; false when the disk does not take it, which has been told.
    pub(crate) fn tick(&mut self) -> bool {
        let [left, right] = self.sides.each_mut().map(|side| side.sum().unwrap_or([0; FRAME_SAMPLES]));
        self.batch.extend(left.into_iter().zip(right).flat_map(|(left, right)| [left, right]));
        self.ticks += 1;
        self.batch.len() < BATCH || self.tape.write(std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH)))
    }

    /// Keeps it, and tells so once it is on the disk.
    pub(crate) fn end(mut self, around: &Surroundings) {
        let (recording, length) = (self.recording, Millis::new(self.ticks * u64::from(FRAME_MS)));
        if !self.batch.is_empty() && !self.tape.write(std::mem::take(&mut self.batch)) {
            return;
        }
        let events = Arc::clone(&around.events);
        self.tape.finish(move || events(MediaEvent::CallRecorded { recording, length }));
    }
}
