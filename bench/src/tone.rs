//! One second of a tone, in the form that each server reads without turning it into another: G.711 A-law.

/// Samples in a second.
const RATE: u32 = 8_000;

/// A-law, one byte a sample: 500 Hz, so that 16 samples repeat.
pub fn alaw() -> Vec<u8> {
    // One period of a sine at about -10 dBFS, by the codes of G.711.
    const PERIOD: [u8; 16] =
        [0xd5, 0xa2, 0xbc, 0xb1, 0xb6, 0xb1, 0xbc, 0xa2, 0xd5, 0x22, 0x3c, 0x31, 0x36, 0x31, 0x3c, 0x22];
    PERIOD.iter().copied().cycle().take(RATE as usize).collect()
}

/// The same as a WAV file (format 6).
pub fn wav() -> Vec<u8> {
    let samples = alaw();
    let length = u32::try_from(samples.len()).unwrap_or(0);
    let mut file = Vec::from(*b"RIFF");
    let mut put = |bytes: &[u8]| file.extend_from_slice(bytes);
    put(&(length + 50).to_le_bytes());
    put(b"WAVEfmt ");
    put(&18_u32.to_le_bytes());
    put(&[6, 0, 1, 0]);
    put(&RATE.to_le_bytes());
    put(&RATE.to_le_bytes());
    put(&[1, 0, 8, 0, 0, 0]);
    put(b"fact");
    put(&4_u32.to_le_bytes());
    put(&length.to_le_bytes());
    put(b"data");
    put(&length.to_le_bytes());
    put(&samples);
    file
}

/// The samples of a WAV file.
pub fn samples(wav: &[u8]) -> Option<&[u8]> {
    let at = wav.windows(4).position(|it| it == b"data")?;
    wav.get(at + 8..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_one_second() {
        let file = wav();
        assert_eq!(samples(&file), Some(alaw().as_slice()));
        assert_eq!((file.len(), alaw().len()), (8_058, 8_000));
    }
}
