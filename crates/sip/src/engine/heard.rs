//! What the media plane tells: most of it is for the calls, and some for whoever runs the server.

use std::sync::{Mutex, PoisonError};

use nohold_core::call::Input;
use nohold_media::MediaEvent;
use nohold_model::Timestamp;
use tokio::sync::mpsc;

use super::{Engine, now};
use crate::leg::Order;

impl Engine {
    /// Passes it on, until the plane ends.
    pub(super) async fn hear(self, mut events: mpsc::UnboundedReceiver<MediaEvent>) {
        while let Some(event) = events.recv().await {
            self.inner.recordings.hear(&event, now());
            let (leg, input) = match event {
                MediaEvent::Digit { leg, digit } => (leg, Input::Digit(leg, digit)),
                MediaEvent::Played { leg, playback } => {
                    self.legs().played(leg, playback);
                    (leg, Input::Played(leg, playback))
                }
                MediaEvent::PlayFailed { leg, playback } => {
                    self.legs().played(leg, playback);
                    (leg, Input::PlayFailed(leg, playback))
                }
                MediaEvent::Recorded { leg, message, speech, ended } => {
                    self.legs().note(leg, |state| state.recording = None);
                    (leg, Input::Recorded { leg, message, speech, ended })
                }
                MediaEvent::RecordFailed { leg, message } => {
                    self.legs().note(leg, |state| state.recording = None);
                    (leg, Input::RecordFailed { leg, message })
                }
                MediaEvent::Lost { leg } => {
                    self.legs().order(leg, Order::Lost);
                    continue;
                }
                MediaEvent::CallRecorded { .. } | MediaEvent::CallRecordFailed { .. } => continue,
            };
            self.tell(leg, input);
        }
    }
}

/// What became of the last recordings of conversations.
#[derive(Debug, Default)]
pub(crate) struct Recordings {
    failing_since: Mutex<Option<Timestamp>>,
}

impl Recordings {
    /// Hears what the media plane tells.
    pub(crate) fn hear(&self, event: &MediaEvent, at: Timestamp) {
        let mut since = self.failing_since.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            MediaEvent::CallRecordFailed { .. } => {
                since.get_or_insert(at);
            }
            MediaEvent::CallRecorded { .. } => *since = None,
            MediaEvent::Digit { .. }
            | MediaEvent::Played { .. }
            | MediaEvent::PlayFailed { .. }
            | MediaEvent::Recorded { .. }
            | MediaEvent::RecordFailed { .. }
            | MediaEvent::Lost { .. } => {}
        }
    }

    /// Since when none could be kept; nothing where the last one was.
    pub(crate) fn failing_since(&self) -> Option<Timestamp> {
        *self.failing_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use nohold_model::{IdSource, Millis, RecordingId};

    use super::*;

    #[test]
    fn the_first_failure_counts_until_one_is_kept_again() {
        let recordings = Recordings::default();
        let recording: RecordingId = IdSource::new(7).next(Timestamp::EPOCH);
        let at = |minutes| Timestamp::EPOCH + Millis::minutes(minutes);
        let kept = MediaEvent::CallRecorded { recording, length: Millis::seconds(9) };
        let failed = MediaEvent::CallRecordFailed { recording };
        assert_eq!(recordings.failing_since(), None);
        for (event, minute, expected) in
            [(&failed, 1, Some(at(1))), (&failed, 2, Some(at(1))), (&kept, 3, None), (&failed, 4, Some(at(4)))]
        {
            recordings.hear(event, at(minute));
            assert_eq!(recordings.failing_since(), expected, "minute {minute}");
        }
    }
}
