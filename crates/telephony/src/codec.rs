//! The codecs of a leg: G.711 with both laws (ITU-T G.711, RFC 3551).

use audio_codec::pcma::{PcmaDecoder, PcmaEncoder};
use audio_codec::pcmu::{PcmuDecoder, PcmuEncoder};
use audio_codec::{Decoder, Encoder};

/// How a leg's audio is written on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// G.711 A-law, static payload type 8.
    Pcma,
    /// G.711 µ-law, static payload type 0.
    Pcmu,
}

impl Codec {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

    /// The static payload type (RFC 3551 §6).
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Codec::Pcma => 8,
            Codec::Pcmu => 0,
        }
    }

    /// The encoding name in SDP (RFC 3551 §6).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Codec::Pcma => "PCMA",
            Codec::Pcmu => "PCMU",
        }
    }

    /// The byte that is silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Codec::Pcma => 0xD5,
            Codec::Pcmu => 0xFF,
        }
    }

    /// Samples as bytes, one each; writes as many as both slices have room for and says how many.
    pub fn encode(self, samples: &[i16], bytes: &mut [u8]) -> usize {
        let length = samples.len().min(bytes.len());
        let (samples, bytes) = (&samples[..length], &mut bytes[..length]);
        let written = match self {
            Codec::Pcma => PcmaEncoder::new().encode_into(samples, bytes),
            Codec::Pcmu => PcmuEncoder::new().encode_into(samples, bytes),
        };
        written.unwrap_or(0)
    }

    /// Bytes as samples, one each; writes as many as both slices have room for and says how many.
    pub fn decode(self, bytes: &[u8], samples: &mut [i16]) -> usize {
        let length = bytes.len().min(samples.len());
        let (bytes, samples) = (&bytes[..length], &mut samples[..length]);
        let written = match self {
            Codec::Pcma => PcmaDecoder::new().decode_into(bytes, samples),
            Codec::Pcmu => PcmuDecoder::new().decode_into(bytes, samples),
        };
        written.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_comes_back_nearly_the_same() {
        let samples: Vec<i16> = (-32_000..32_000).step_by(997).collect();
        for codec in Codec::ALL {
            let (mut bytes, mut back) = (vec![0; samples.len()], vec![0; samples.len()]);
            assert_eq!(codec.encode(&samples, &mut bytes), samples.len());
            assert_eq!(codec.decode(&bytes, &mut back), samples.len());
            for (sample, heard) in samples.iter().zip(&back) {
                let step = (i32::from(*sample).abs() / 16).max(16);
                assert!((i32::from(*sample) - i32::from(*heard)).abs() <= step, "{codec:?}: {sample} became {heard}");
            }
        }
    }

    #[test]
    fn silence_decodes_to_nearly_nothing() {
        for codec in Codec::ALL {
            let mut sample = [1_000];
            codec.decode(&[codec.silence()], &mut sample);
            assert!(sample[0].abs() <= 8, "{codec:?}: {}", sample[0]);
        }
    }

    #[test]
    fn slices_of_unlike_length_do_no_harm() {
        assert_eq!(Codec::Pcma.encode(&[0; 10], &mut [0; 3]), 3);
        assert_eq!(Codec::Pcmu.decode(&[0; 2], &mut [0; 5]), 2);
    }
}
