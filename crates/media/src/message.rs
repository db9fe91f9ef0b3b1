//! A message that is being recorded from a leg.

use std::sync::Arc;

use nohold_model::{Digit, LegId, MessageId, Millis};
use nohold_telephony::codec::Codec;
use nohold_telephony::recording::{RecordingEnd, Tape};
use nohold_telephony::speech::SpeechMeter;
use nohold_telephony::{FRAME_MS, FRAME_SAMPLES};

use crate::ear::{Ear, Frame, Listener};
use crate::playing::copy;
use crate::thread::Surroundings;
use crate::words::{MediaEvent, RecordSpec};

/// Samples that are handed to the writing thread together: 400 ms.
const BATCH: usize = 20 * FRAME_SAMPLES;

/// What is said into one message.
pub(crate) struct Message {
    pub(crate) id: MessageId,
    leg: LegId,
    spec: RecordSpec,
    listener: Listener,
    tape: Tape,
    batch: Vec<i16>,
    meter: SpeechMeter,
    ticks: u64,
    /// The next frame of the warning, while it is heard.
    warning: Option<usize>,
}

/// What became of a message in a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It goes on.
    Going,
    /// It has come to its end.
    Ended(RecordingEnd),
    /// The disk does not take it; that has been told.
    Failed,
}

impl Message {
    pub(crate) fn begin(leg: LegId, id: MessageId, spec: RecordSpec, ear: &Arc<Ear>, around: &Surroundings) -> Self {
        let events = Arc::clone(&around.events);
        let tape = around.recorder.begin(around.message_path(id), 1, move |error| {
            tracing::error!(message = %id, %error, "a message cannot be recorded");
            events(MediaEvent::RecordFailed { leg, message: id });
        });
        Message {
            id,
            leg,
            spec,
            listener: Listener::new(Arc::clone(ear), false),
            tape,
            batch: Vec::with_capacity(BATCH),
            meter: SpeechMeter::new(),
            ticks: 0,
            warning: None,
        }
    }

    /// Takes what was said in the last 20 ms.
    pub(crate) fn tick(&mut self) -> Progress {
        let (mut frame, mut samples): (Frame, _) = ([0; FRAME_SAMPLES], [0; FRAME_SAMPLES]);
        if let Some(codec) = self.listener.hear(&mut frame) {
            codec.decode(&frame, &mut samples);
        }
        self.meter.frame(&samples);
        self.batch.extend_from_slice(&samples);
        self.ticks += 1;
        if self.batch.len() >= BATCH && !self.tape.write(std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH)))
        {
            return Progress::Failed;
        }
        let length = Millis::new(self.ticks * u64::from(FRAME_MS));
        if self.warns_at(length) {
            self.warning = Some(0);
        }
        if length >= self.spec.longest {
            Progress::Ended(RecordingEnd::Limit)
        } else if self.meter.silence() >= self.spec.silence {
            Progress::Ended(RecordingEnd::Silence)
        } else {
            Progress::Going
        }
    }

    /// Whether this key ends it.
    pub(crate) fn is_ended_by(&self, digit: Digit) -> bool {
        digit == self.spec.end_key
    }

    /// Writes the next frame of the warning before the limit, while there is one.
    pub(crate) fn warning(&mut self, codec: Codec, around: &Surroundings, into: &mut Frame) -> bool {
        let Some(frame) = self.warning else {
            return false;
        };
        let heard = copy(&around.beep, codec, frame, into);
        self.warning = heard.then_some(frame + 1);
        heard
    }

    /// Keeps it, and tells so once it is on the disk.
    pub(crate) fn end(mut self, ended: RecordingEnd, around: &Surroundings) {
        let (leg, message, speech) = (self.leg, self.id, self.meter.speech());
        if !self.batch.is_empty() && !self.tape.write(std::mem::take(&mut self.batch)) {
            return;
        }
        let events = Arc::clone(&around.events);
        self.tape.finish(move || events(MediaEvent::Recorded { leg, message, speech, ended }));
    }

    fn warns_at(&self, length: Millis) -> bool {
        self.spec.warn_before.is_some_and(|before| {
            let at = self.spec.longest.as_millis().saturating_sub(before.as_millis());
            // In the tick in which that moment is reached, and only when some of the message lies before it.
            at > 0 && (at..at + u64::from(FRAME_MS)).contains(&length.as_millis())
        })
    }
}
