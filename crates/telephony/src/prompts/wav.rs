//! Telephone audio in WAV files: 8 kHz, mono, as 16-bit PCM or G.711.
//!
//! The recordings of a telephone world are often G.711, which common WAV readers refuse, so the container (RIFF) is
//! walked here. Chunks that are not audio are passed over.

use thiserror::Error;

use crate::SAMPLE_RATE;
use crate::codec::Codec;

/// No prompt is longer, in seconds.
pub const MOST_SECONDS: u32 = 600;

const CONVERT: &str = "convert it with `sox IN -r 8000 -c 1 -b 16 OUT.wav`";
const PCM: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xFFFE;

/// Why a file is not audio that can be played.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WavError {
    /// The container is missing.
    #[error("it is not a WAV file: {CONVERT}")]
    NotWav,
    /// The container ends too early or lacks a part.
    #[error("it is a broken WAV file ({0}): export it anew")]
    Broken(&'static str),
    /// Another sampling rate.
    #[error("it has {0} samples a second, and a telephone has 8000: {CONVERT}")]
    Rate(u32),
    /// Not mono.
    #[error("it has {0} channels, and a telephone has one: {CONVERT}")]
    Channels(u16),
    /// Another way of writing samples.
    #[error("its encoding (format {format}, {bits} bits) is neither 16-bit PCM nor G.711: {CONVERT}")]
    Encoding {
        /// The format's number in the registry of WAV formats (RFC 2361).
        format: u16,
        /// Bits for each sample.
        bits: u16,
    },
    /// There is nothing in it.
    #[error("it has no audio in it: record it anew")]
    Empty,
    /// It is too long.
    #[error("it lasts more than {MOST_SECONDS} s: cut it")]
    TooLong,
}

struct Format {
    encoding: Encoding,
}

enum Encoding {
    Pcm16,
    G711(Codec),
}

/// The samples of a WAV file.
///
/// # Errors
/// When it is broken, too long, or not telephone audio.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<i16>, WavError> {
    let mut rest = match (bytes.get(..4), bytes.get(8..12)) {
        (Some(b"RIFF"), Some(b"WAVE")) => bytes.get(12..).unwrap_or_default(),
        _ => return Err(WavError::NotWav),
    };
    let mut format = None;
    while let Some((id, body, after)) = chunk(rest) {
        match id {
            b"fmt " => format = Some(read_format(body)?),
            b"data" => {
                let format = format.ok_or(WavError::Broken("its audio comes before its format"))?;
                return samples(&format, body);
            }
            _ => {}
        }
        rest = after;
    }
    Err(WavError::Broken(if format.is_some() { "it has no audio chunk" } else { "it has no format chunk" }))
}

/// The next chunk: its name, what it holds, and what comes after it. A last chunk may be cut off, or have the length
/// that a program writes which did not know it beforehand.
fn chunk(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (id, length) = (bytes.get(..4)?, word(bytes, 4)?);
    let body = bytes.get(8..)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(body.len());
    let padded = length.saturating_add(length % 2).min(body.len());
    Some((id, &body[..length], &body[padded..]))
}

fn read_format(body: &[u8]) -> Result<Format, WavError> {
    let cut = WavError::Broken("its format chunk is cut off");
    let half = |at| half_word(body, at).ok_or(cut.clone());
    let (channels, bits) = (half(2)?, half(14)?);
    let rate = word(body, 4).ok_or(cut.clone())?;
    let format = match half(0)? {
        // The true format is the first part of a longer identifier.
        EXTENSIBLE => half(24)?,
        plain => plain,
    };
    let encoding = match (format, bits) {
        (PCM, 16) => Encoding::Pcm16,
        (A_LAW, 8) => Encoding::G711(Codec::Pcma),
        (MU_LAW, 8) => Encoding::G711(Codec::Pcmu),
        (format, bits) => return Err(WavError::Encoding { format, bits }),
    };
    if channels != 1 {
        return Err(WavError::Channels(channels));
    }
    if rate != SAMPLE_RATE {
        return Err(WavError::Rate(rate));
    }
    Ok(Format { encoding })
}

fn samples(format: &Format, body: &[u8]) -> Result<Vec<i16>, WavError> {
    let samples: Vec<i16> = match format.encoding {
        Encoding::Pcm16 => body.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect(),
        Encoding::G711(codec) => {
            let mut samples = vec![0; body.len()];
            codec.decode(body, &mut samples);
            samples
        }
    };
    if samples.is_empty() {
        return Err(WavError::Empty);
    }
    if samples.len() > (MOST_SECONDS * SAMPLE_RATE) as usize {
        return Err(WavError::TooLong);
    }
    Ok(samples)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

fn half_word(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(two.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(format: u16, channels: u16, rate: u32, bits: u16, audio: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        file.extend(format.to_le_bytes());
        file.extend(channels.to_le_bytes());
        file.extend(rate.to_le_bytes());
        file.extend([0; 6]);
        file.extend(bits.to_le_bytes());
        file.extend(b"data");
        file.extend(u32::try_from(audio.len()).unwrap().to_le_bytes());
        file.extend(audio);
        file
    }

    #[test]
    fn pcm_and_both_laws_are_read_past_other_chunks() {
        assert_eq!(decode(&wav(1, 1, 8_000, 16, &[1, 0, 0xFF, 0xFF])), Ok(vec![1, -1]));
        assert_eq!(decode(&wav(7, 1, 8_000, 8, &[0xFF, 0xFF])), Ok(vec![0, 0]));
        let loudest = decode(&wav(6, 1, 8_000, 8, &[0xAA])).unwrap();
        assert!(loudest[0] > 30_000, "{loudest:?}");
    }

    #[test]
    fn what_is_not_telephone_audio_is_refused_with_a_way_to_mend_it() {
        let refused = |file: &[u8]| decode(file).unwrap_err().to_string();
        assert!(refused(&wav(1, 1, 44_100, 16, &[0, 0])).contains("44100 samples a second"));
        assert!(refused(&wav(1, 2, 8_000, 16, &[0, 0])).contains("2 channels"));
        assert!(refused(&wav(3, 1, 8_000, 32, &[0, 0, 0, 0])).contains("neither 16-bit PCM nor G.711"));
        assert!(refused(b"ID3 an MP3 file").contains("sox"));
        assert_eq!(decode(&wav(1, 1, 8_000, 16, &[])), Err(WavError::Empty));
        assert_eq!(decode(&[0; 3]), Err(WavError::NotWav));
    }

    #[test]
    fn a_file_cut_off_anywhere_does_no_harm() {
        let whole = wav(1, 1, 8_000, 16, &[5; 64]);
        for length in 0..whole.len() {
            let cut = decode(&whole[..length]);
            assert!(cut.is_err() || length > whole.len() - 64, "{length}: {cut:?}");
        }
    }

    #[test]
    fn audio_that_is_too_long_is_refused() {
        let long = vec![0xFF; (MOST_SECONDS * SAMPLE_RATE) as usize + 1];
        assert_eq!(decode(&wav(7, 1, 8_000, 8, &long)), Err(WavError::TooLong));
    }
}
