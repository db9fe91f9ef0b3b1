//! A piece of audio that many legs hear: decoded once, encoded once for each codec, shared as frames.

use std::sync::{Arc, OnceLock};

use crate::codec::Codec;
use crate::{FRAME_SAMPLES, SAMPLE_RATE};

/// Immutable audio at 8 kHz, mono, in whole frames. Clones share it.
#[derive(Debug, Clone)]
pub struct Clip {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    samples: Vec<i16>,
    encoded: [OnceLock<Vec<u8>>; Codec::ALL.len()],
}

impl Clip {
    /// A clip of these samples at 8 kHz; the last frame is filled up with silence.
    #[must_use]
    pub fn new(mut samples: Vec<i16>) -> Self {
        samples.resize(samples.len().next_multiple_of(FRAME_SAMPLES), 0);
        Clip { shared: Arc::new(Shared { samples, encoded: Default::default() }) }
    }

    /// Its samples.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.shared.samples
    }

    /// How many frames it has.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.shared.samples.len() / FRAME_SAMPLES
    }

    /// How long it lasts, in milliseconds.
    #[must_use]
    pub fn length_ms(&self) -> u64 {
        self.shared.samples.len() as u64 * 1_000 / u64::from(SAMPLE_RATE)
    }

    /// One frame as the codec writes it; nothing past the end. The first call for a codec encodes the whole clip.
    #[must_use]
    pub fn frame(&self, codec: Codec, index: usize) -> Option<&[u8]> {
        let slot = match codec {
            Codec::Pcma => 0,
            Codec::Pcmu => 1,
        };
        let bytes = self.shared.encoded[slot].get_or_init(|| {
            let mut bytes = vec![codec.silence(); self.shared.samples.len()];
            codec.encode(&self.shared.samples, &mut bytes);
            bytes
        });
        bytes.chunks_exact(FRAME_SAMPLES).nth(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_has_whole_frames() {
        let clip = Clip::new(vec![1_000; 200]);
        assert_eq!((clip.frames(), clip.length_ms()), (2, 40));
        for codec in Codec::ALL {
            let second = clip.frame(codec, 1).unwrap();
            assert_eq!(second.len(), FRAME_SAMPLES);
            assert_eq!(second[100], codec.silence());
            assert!(clip.frame(codec, 2).is_none());
        }
    }

    #[test]
    fn clones_share_what_was_encoded() {
        let clip = Clip::new(vec![7; 160]);
        let other = clip.clone();
        let (one, two) = (clip.frame(Codec::Pcma, 0).unwrap(), other.frame(Codec::Pcma, 0).unwrap());
        assert!(std::ptr::eq(one, two));
    }
}
