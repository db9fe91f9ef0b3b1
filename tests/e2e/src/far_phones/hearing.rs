//! What a far phone hears, in numbers.

use std::f64::consts::TAU;
use std::time::Duration;

use anyhow::{Result, ensure};
use nohold_phone::{Call, SAMPLE_RATE, Sound, sound_of};
use serde_json::{Value, json};

/// One look takes so long, and begins when it is asked for: what came before does not count.
const LOOK: Duration = Duration::from_secs(1);
/// A look has windows of 200 ms, in which a tone is known within 1 Hz.
const WINDOW: usize = 1_600;
/// A tone that wanders further than this within a look is no tone, in Hz.
const WANDERS: f64 = 4.0;
const FULL_SCALE: f64 = 32_768.0;
/// What is quieter than a single bit is said to be this loud, in dBFS.
const QUIETEST: f64 = -96.0;

/// Listens for a second.
///
/// The answer has `sound` (`nothing`, `silence`, `tone` or `other`: speech, music, several tones), `hz` of a tone, `loud` in
/// dBFS of all together, `seconds` of audio that came, and `levels` in dBFS of a sine at each frequency of `at`.
pub(super) async fn listen(call: &Call, at: &[f64]) -> Result<Value> {
    let before = call.recording().len();
    tokio::time::sleep(LOOK).await;
    let samples = call.recording().split_off(before);
    let over = matches!(call.state(), nohold_phone::CallState::Ended(_));
    ensure!(!over || !samples.is_empty(), "the call is over\n{}", call.log());
    Ok(describe(&samples, at))
}

fn describe(samples: &[i16], at: &[f64]) -> Value {
    let sounds: Vec<Sound> = samples.chunks_exact(WINDOW).map(sound_of).collect();
    let tones: Vec<f64> = sounds
        .iter()
        .filter_map(|sound| match sound {
            Sound::Tone(hz) => Some(*hz),
            Sound::Nothing | Sound::Silence | Sound::Other => None,
        })
        .collect();
    let (low, high) = tones.iter().fold((f64::MAX, f64::MIN), |(low, high), hz| (low.min(*hz), high.max(*hz)));
    let (sound, hz) = if sounds.is_empty() {
        ("nothing", None)
    } else if sounds.iter().all(|sound| *sound == Sound::Silence) {
        ("silence", None)
    } else if tones.len() == sounds.len() && high - low <= WANDERS {
        ("tone", Some(f64::midpoint(low, high)))
    } else {
        ("other", None)
    };
    let square = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / count(samples.len()).max(1.0);
    let levels: Vec<f64> = at.iter().map(|hz| level_at(samples, *hz)).collect();
    let seconds = count(samples.len()) / f64::from(SAMPLE_RATE);
    json!({ "sound": sound, "hz": hz, "loud": decibels(square.sqrt()), "seconds": seconds, "levels": levels })
}

/// How loud a sine of this frequency is in it, by its amplitude, over the windows.
fn level_at(samples: &[i16], hz: f64) -> f64 {
    let windows = samples.chunks_exact(WINDOW);
    let many = count(windows.len()).max(1.0);
    let square = windows.map(|window| amplitude(window, hz).powi(2)).sum::<f64>() / many;
    decibels(square.sqrt())
}

/// The amplitude of one frequency (a discrete Fourier transform of that bin alone).
fn amplitude(window: &[i16], hz: f64) -> f64 {
    let step = TAU * hz / f64::from(SAMPLE_RATE);
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in window.iter().enumerate() {
        let (sin, cos) = (step * count(n)).sin_cos();
        re += f64::from(*sample) * cos;
        im += f64::from(*sample) * sin;
    }
    2.0 * re.hypot(im) / count(window.len())
}

fn decibels(amplitude: f64) -> f64 {
    (20.0 * (amplitude / FULL_SCALE).log10()).max(QUIETEST)
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use nohold_phone::sine;

    use super::*;

    #[test]
    fn a_tone_is_told_with_its_frequency_and_loudness() {
        let heard = describe(&sine(440.0, 8_000), &[440.0, 700.0]);
        assert_eq!(heard["sound"], "tone");
        assert!((heard["hz"].as_f64().unwrap() - 440.0).abs() < 1.0, "{heard}");
        // An amplitude of 12,000 is 8.7 dB below full scale.
        assert!((heard["levels"][0].as_f64().unwrap() + 8.7).abs() < 0.2, "{heard}");
        assert!(heard["levels"][1].as_f64().unwrap() < -40.0, "{heard}");
    }

    #[test]
    fn two_tones_are_told_apart_by_their_levels() {
        let both: Vec<i16> = sine(440.0, 8_000).iter().zip(sine(700.0, 8_000)).map(|(a, b)| a / 2 + b / 2).collect();
        let heard = describe(&both, &[440.0, 700.0, 1_000.0]);
        assert_eq!((&heard["sound"], &heard["hz"]), (&json!("other"), &Value::Null));
        let levels: Vec<f64> = (0..3).map(|n| heard["levels"][n].as_f64().unwrap()).collect();
        assert!(levels[0] > -16.0 && levels[1] > -16.0 && levels[2] < -40.0, "{heard}");
    }

    #[test]
    fn silence_no_audio_and_a_tone_that_changes_are_no_tone() {
        assert_eq!(describe(&[], &[])["sound"], "nothing");
        assert_eq!(describe(&[0; 8_000], &[])["sound"], "silence");
        let changes = [sine(440.0, 4_800), sine(700.0, 3_200)].concat();
        assert_eq!(describe(&changes, &[])["sound"], "other");
    }
}
