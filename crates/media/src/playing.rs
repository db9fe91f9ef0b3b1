//! What a leg is played.

use std::sync::Arc;

use nohold_model::PlaybackId;
use nohold_telephony::clip::Clip;
use nohold_telephony::codec::Codec;

use crate::counters::Level;
use crate::ear::{Ear, Frame, Listener};
use crate::law;
use crate::words::Source;

/// A playing that goes on. Clips are shared, so all it has of its own is where it is.
pub(crate) struct Playing {
    pub(crate) playback: PlaybackId,
    audio: Audio,
}

enum Audio {
    Once { clips: Vec<Clip>, clip: usize, frame: usize },
    Loop { clip: Clip, frame: usize },
    Echo(Listener),
}

/// What a playing gives for a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Played {
    /// The frame was written.
    Frame,
    /// There is nothing to hear in this tick.
    Silence,
    /// It is over.
    End,
}

impl Playing {
    /// Nothing when there is nothing in the loop.
    pub(crate) fn new(playback: PlaybackId, source: Source, ear: &Arc<Ear>) -> Option<Self> {
        let audio = match source {
            Source::Once(clips) => Audio::Once { clips, clip: 0, frame: 0 },
            Source::Loop(clip) if clip.frames() == 0 => return None,
            Source::Loop(clip) => Audio::Loop { clip, frame: 0 },
            Source::Echo => Audio::Echo(Listener::new(Arc::clone(ear), false)),
        };
        Some(Playing { playback, audio })
    }

    /// Writes the next frame.
    pub(crate) fn next(&mut self, codec: Codec, into: &mut Frame, echo: &Level) -> Played {
        match &mut self.audio {
            Audio::Once { clips, clip, frame } => loop {
                let Some(current) = clips.get(*clip) else {
                    return Played::End;
                };
                if copy(current, codec, *frame, into) {
                    *frame += 1;
                    return Played::Frame;
                }
                (*clip, *frame) = (*clip + 1, 0);
            },
            Audio::Loop { clip, frame } => {
                let there = copy(clip, codec, *frame, into);
                *frame = if *frame + 1 < clip.frames() { *frame + 1 } else { 0 };
                if there { Played::Frame } else { Played::Silence }
            }
            Audio::Echo(listener) => match listener.hear(into) {
                Some(from) => {
                    law::rewrite(into, from, codec);
                    echo.frame(law::level(into, codec));
                    Played::Frame
                }
                None => Played::Silence,
            },
        }
    }
}

/// Copies one frame of a clip; false when it is past the end.
pub(crate) fn copy(clip: &Clip, codec: Codec, frame: usize, into: &mut Frame) -> bool {
    match clip.frame(codec, frame) {
        Some(bytes) if bytes.len() == into.len() => {
            into.copy_from_slice(bytes);
            true
        }
        Some(_) | None => false,
    }
}

/// Encodes a clip for every codec, which the first use would do otherwise.
pub(crate) fn encode(clip: &Clip) {
    for codec in Codec::ALL {
        let _ = clip.frame(codec, 0);
    }
}
