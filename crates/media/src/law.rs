//! From one law of G.711 to the other.

use std::sync::OnceLock;

use nohold_telephony::FRAME_SAMPLES;
use nohold_telephony::codec::Codec;
use nohold_telephony::speech::level_db;

use crate::ear::Frame;

type Table = [u8; 256];

/// Rewrites a frame; one that is written so already stays as it is.
pub(crate) fn rewrite(frame: &mut Frame, from: Codec, to: Codec) {
    let table = match (from, to) {
        (Codec::Pcma, Codec::Pcmu) => {
            static TABLE: OnceLock<Table> = OnceLock::new();
            TABLE.get_or_init(|| make(from, to))
        }
        (Codec::Pcmu, Codec::Pcma) => {
            static TABLE: OnceLock<Table> = OnceLock::new();
            TABLE.get_or_init(|| make(from, to))
        }
        (Codec::Pcma, Codec::Pcma) | (Codec::Pcmu, Codec::Pcmu) => return,
    };
    for byte in frame {
        *byte = table[usize::from(*byte)];
    }
}

/// How loud a frame is, in dB below full scale.
pub(crate) fn level(frame: &Frame, codec: Codec) -> i8 {
    let mut samples = [0; FRAME_SAMPLES];
    codec.decode(frame, &mut samples);
    // From -100 to 0.
    level_db(&samples).round() as i8
}

fn make(from: Codec, to: Codec) -> Table {
    let (mut bytes, mut samples) = ([0; 256], [0; 256]);
    for (value, byte) in (0_u8..=255).zip(&mut bytes) {
        *byte = value;
    }
    from.decode(&bytes, &mut samples);
    to.encode(&samples, &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_sounds_the_same_in_the_other_law() {
        for (from, to) in [(Codec::Pcma, Codec::Pcmu), (Codec::Pcmu, Codec::Pcma)] {
            let samples: Vec<i16> = (0..160).map(|n| (n - 80) * 400).collect();
            let (mut frame, mut heard) = ([0; 160], [0; 160]);
            from.encode(&samples, &mut frame);
            rewrite(&mut frame, from, to);
            to.decode(&frame, &mut heard);
            for (sample, heard) in samples.iter().zip(heard) {
                let step = (i32::from(*sample).abs() / 8).max(32);
                assert!((i32::from(*sample) - i32::from(heard)).abs() <= step, "{sample} became {heard}");
            }
        }
    }

    #[test]
    fn a_frame_in_the_same_law_is_left_alone() {
        let mut frame = [0; 160];
        for (byte, value) in frame.iter_mut().zip(0..) {
            *byte = value;
        }
        let before = frame;
        rewrite(&mut frame, Codec::Pcmu, Codec::Pcmu);
        assert_eq!(frame, before);
    }
}
