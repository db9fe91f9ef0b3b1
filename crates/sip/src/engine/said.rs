//! What legs are given to hear: playings and keys.

use nohold_core::call::{Audio, Input};
use nohold_media::Source;
use nohold_model::{Digit, LegId, PlaybackId};

use super::{Engine, now};
use crate::leg::Order;

impl Engine {
    pub(super) fn play(&self, leg: LegId, playback: PlaybackId, audio: &Audio) {
        let source = match audio {
            Audio::Spoken { language, what } => match self.inner.prompts.sentence(*language, what, now()) {
                Ok(clips) => Source::Once(clips),
                Err(error) => {
                    tracing::warn!(%error, "a caller does not hear what was meant");
                    self.tell(leg, Input::PlayFailed(leg, playback));
                    return;
                }
            },
            Audio::Music(prompt) => Source::Loop(self.inner.prompts.music(prompt.as_ref())),
            Audio::Ringback => Source::Loop(self.lines().tones.ringback()),
            Audio::Echo => Source::Echo,
        };
        self.before_answer(leg);
        self.legs().note(leg, |state| state.playing = Some(playback));
        self.inner.plane.play(leg, playback, source);
    }

    /// What is heard on a leg that came in and is not answered is early media.
    pub(super) fn before_answer(&self, leg: LegId) {
        if self.legs().begin_early(leg) {
            self.legs().order(leg, Order::Progress);
        }
    }

    /// As telephone events (RFC 4733) where the far end takes them; by INFO where it has shown that it knows that; else as
    /// tones in the audio.
    pub(super) fn press(&self, leg: LegId, digits: Vec<Digit>) {
        let by_info = self.legs().is(leg, |state| state.keys_by_info && !state.events);
        if by_info {
            digits.into_iter().for_each(|digit| self.legs().order(leg, Order::Key(digit)));
        } else {
            self.inner.plane.send_digits(leg, digits);
        }
    }
}
