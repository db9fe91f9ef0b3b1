//! The voices: programs that speak a text into a WAV file.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::sound::Sound;

/// A voice, by the language that it speaks.
#[derive(Debug, Clone, Copy)]
pub enum Voice {
    /// Flite's `slt`.
    English,
    /// eSpeak NG's Mandarin. Its voice `cmn` reads the characters as pinyin and the pinyin as English words; the one
    /// that takes Latin letters for pinyin reads both characters and `read` texts rightly.
    Chinese,
}

impl Voice {
    /// The voices.
    pub const ALL: [Voice; 2] = [Voice::English, Voice::Chinese];

    /// The code of its language.
    pub const fn language(self) -> &'static str {
        match self {
            Voice::English => "en",
            Voice::Chinese => "zh",
        }
    }

    /// By how many decibels it has to be lifted above 2 kHz to be clear on a telephone. Flite's *s* lies higher than a
    /// telephone hears, and little of it is left; eSpeak's is sharp enough.
    pub const fn dullness_db(self) -> f64 {
        match self {
            Voice::English => 6.0,
            Voice::Chinese => 0.0,
        }
    }

    /// Speaks a text; `scratch` is a file that may be overwritten.
    ///
    /// # Errors
    /// When the program is missing or fails, or the file is not as it should be.
    pub fn speak(self, text: &str, scratch: &Path) -> Result<Sound> {
        let file = scratch.as_os_str();
        match self {
            Voice::English => {
                let pace = OsStr::new("duration_stretch=1.05");
                let arguments = ["-voice".as_ref(), "slt".as_ref(), "--setf".as_ref(), pace, "-t".as_ref()];
                run(Command::new("flite").args(arguments).args([text.as_ref(), "-o".as_ref(), file]))?;
            }
            Voice::Chinese => {
                let arguments = ["-v", "cmn-latn-pinyin", "-s", "150", "-w"];
                run(Command::new("espeak-ng").args(arguments).args([file, text.as_ref()]))?;
            }
        }
        let bytes = fs::read(scratch).with_context(|| format!("cannot read {}", scratch.display()))?;
        read_pcm(&bytes).with_context(|| format!("what was spoken for `{text}` cannot be read"))
    }
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot run {program}; install it with `apt-get install flite espeak-ng`"))?;
    if !output.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// A mono WAV file of 16-bit PCM with its header of 44 bytes, which is what both programs write.
fn read_pcm(bytes: &[u8]) -> Result<Sound> {
    ensure!(bytes.len() > 44 && &bytes[..4] == b"RIFF" && &bytes[36..40] == b"data", "it is no plain WAV file");
    ensure!(bytes[20..24] == [1, 0, 1, 0] && bytes[34] == 16, "it is not mono 16-bit PCM");
    let rate = u32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]);
    let sample = |pair: &[u8]| f64::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0;
    Ok(Sound { rate: f64::from(rate), samples: bytes[44..].chunks_exact(2).map(sample).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(channels: u8, audio: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0".to_vec();
        file.extend([channels, 0, 0x80, 0x3E, 0, 0, 0, 0x7D, 0, 0, 2, 0, 16, 0]);
        file.extend(b"data\0\0\0\0");
        file.extend(audio);
        file
    }

    #[test]
    fn what_a_voice_writes_is_read_and_nothing_else() {
        let sound = read_pcm(&wav(1, &[0, 0x40, 0, 0xC0])).unwrap();
        assert_eq!(sound.samples, [0.5, -0.5]);
        assert!((sound.rate - 16_000.0).abs() < 0.5);
        assert!(read_pcm(&wav(2, &[0; 4])).is_err());
        assert!(read_pcm(b"RIFF").is_err());
    }

    #[test]
    fn a_program_that_is_missing_is_named_with_what_to_do() {
        let problem = format!("{:#}", run(&mut Command::new("no-such-voice")).unwrap_err());
        assert!(problem.contains("cannot run no-such-voice; install it"), "{problem}");
    }
}
