//! A store that stands still: the caller is told that it takes a moment, and nothing else changes.

use nohold_model::PlaybackId;

use super::{Awaiting, Command, Inbound, Turn};
use crate::call::Audio;
use crate::call::feature::one_moment;

/// A word in between, and what was heard before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Interlude {
    playback: PlaybackId,
    then: Option<Audio>,
}

impl Inbound {
    /// The store has not answered yet. Who is not answered hears the own phone, and nothing of ours.
    pub(super) fn store_is_slow(&mut self, promise: u32, turn: &mut Turn<'_, '_>) {
        let waits = self.promise.as_ref().is_some_and(|awaited| match awaited.what {
            // Who is handed over, or waits, talks with an agent meanwhile.
            Awaiting::Arrival | Awaiting::HandOver(_) | Awaiting::Consult { .. } => false,
            Awaiting::Request(_) | Awaiting::Message(_) | Awaiting::Transfer(_) | Awaiting::Phone => {
                awaited.number == promise
            }
        });
        let hears_words = self.playing.is_some() && self.background.is_none();
        if !waits || !self.there || !self.answered || hears_words {
            return;
        }
        let then = self.background.take();
        let playback = self.ids.next(turn.at);
        self.playing = Some(playback);
        self.interlude = Some(Interlude { playback, then });
        let audio = one_moment(self.language);
        turn.effects.media(Command::Play { leg: self.leg, playback, audio });
    }

    /// Whether this was the word in between. What was heard before it goes on.
    pub(super) fn interlude_is_over(&mut self, playback: PlaybackId, turn: &mut Turn<'_, '_>) -> bool {
        let Some(over) = self.interlude.take_if(|interlude| interlude.playback == playback) else { return false };
        self.playing = None;
        if let Some(audio) = over.then {
            self.play_on(audio, turn);
        }
        true
    }

    /// Something that plays until it is stopped or replaced.
    pub(super) fn play_on(&mut self, audio: Audio, turn: &mut Turn<'_, '_>) {
        let playback: PlaybackId = self.ids.next(turn.at);
        self.interlude = None;
        self.playing = Some(playback);
        self.background = Some(audio.clone());
        turn.effects.media(Command::Play { leg: self.leg, playback, audio });
    }
}
