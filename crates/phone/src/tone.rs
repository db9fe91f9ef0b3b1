//! Which tone is heard. A Goertzel filter looks for the strongest frequency, then the peak is narrowed down.

use std::f64::consts::TAU;

/// Samples a second of all audio here.
pub const SAMPLE_RATE: u32 = 8_000;

/// Below this root mean square, of 32,768, a sound is silence: about -56 dBFS, above the noise of G.711.
const SILENCE: f64 = 50.0;
/// The share of the energy that one frequency must carry to be called a tone.
const TONE_SHARE: f64 = 0.85;
const LOWEST_HZ: f64 = 100.0;
const HIGHEST_HZ: f64 = 3_800.0;

/// What kind of sound some audio is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sound {
    /// No audio came.
    Nothing,
    /// Audio came, and it is silent.
    Silence,
    /// A single tone of this frequency in Hz.
    Tone(f64),
    /// Speech, music, noise, or several tones.
    Other,
}

/// What kind of sound these samples are. With 200 ms of a clean tone the frequency is right within 1 Hz.
pub fn sound_of(samples: &[i16]) -> Sound {
    if samples.is_empty() {
        return Sound::Nothing;
    }
    let samples: Vec<f64> = samples.iter().map(|sample| f64::from(*sample)).collect();
    let energy: f64 = samples.iter().map(|sample| sample * sample).sum();
    if (energy / length(&samples)).sqrt() < SILENCE {
        return Sound::Silence;
    }
    let frequency = strongest(&samples);
    let share = 2.0 * power(&samples, frequency) / (length(&samples) * energy);
    if share >= TONE_SHARE { Sound::Tone(frequency) } else { Sound::Other }
}

/// The frequency in Hz of a single tone; nothing where the samples are another sound.
pub fn tone_of(samples: &[i16]) -> Option<f64> {
    match sound_of(samples) {
        Sound::Tone(frequency) => Some(frequency),
        Sound::Nothing | Sound::Silence | Sound::Other => None,
    }
}

/// So many samples of a tone in Hz, at about a third of full scale, from a zero crossing on.
pub fn sine(frequency: f64, count: usize) -> Vec<i16> {
    (0..u32::try_from(count).unwrap_or(u32::MAX)).map(|n| sine_at(frequency, f64::from(n))).collect()
}

/// One sample of a tone, `n` samples after a zero crossing.
#[expect(clippy::cast_possible_truncation, reason = "the amplitude is 12,000")]
pub(crate) fn sine_at(frequency: f64, n: f64) -> i16 {
    ((TAU * frequency * n / f64::from(SAMPLE_RATE)).sin() * 12_000.0) as i16
}

fn length(samples: &[f64]) -> f64 {
    f64::from(u32::try_from(samples.len()).unwrap_or(u32::MAX))
}

/// A coarse look over the telephone band, then a search around the best.
fn strongest(samples: &[f64]) -> f64 {
    // Half a bin: between two steps a tone still shows with 80 % of its power.
    let step = f64::from(SAMPLE_RATE) / length(samples) / 2.0;
    let step = step.max(1.0);
    let (mut best, mut most) = (LOWEST_HZ, 0.0);
    let mut frequency = LOWEST_HZ;
    while frequency <= HIGHEST_HZ {
        let power = power(samples, frequency);
        if power > most {
            (best, most) = (frequency, power);
        }
        frequency += step;
    }
    let (mut low, mut high) = (best - step, best + step);
    while high - low > 0.05 {
        let third = (high - low) / 3.0;
        if power(samples, low + third) < power(samples, high - third) {
            low += third;
        } else {
            high -= third;
        }
    }
    f64::midpoint(low, high)
}

/// The squared magnitude of one frequency (Goertzel).
fn power(samples: &[f64], frequency: f64) -> f64 {
    let k = 2.0 * (TAU * frequency / f64::from(SAMPLE_RATE)).cos();
    let (mut a, mut b) = (0.0, 0.0);
    for sample in samples {
        (a, b) = (sample + k * a - b, a);
    }
    a * a + b * b - k * a * b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_are_measured_within_one_hertz() {
        for wanted in [200.0, 440.0, 697.3, 1_004.0, 2_999.9] {
            let heard = tone_of(&sine(wanted, 1_600)).unwrap();
            assert!((heard - wanted).abs() < 1.0, "{wanted} was measured as {heard}");
        }
    }

    #[test]
    fn silence_noise_and_two_tones_are_no_tone() {
        assert_eq!(sound_of(&[]), Sound::Nothing);
        assert_eq!(sound_of(&[8; 1_600]), Sound::Silence);
        let mut seed = 1_u32;
        let noise: Vec<i16> = (0..1_600)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                i16::try_from(seed >> 18).unwrap() - 8_192
            })
            .collect();
        assert_eq!(sound_of(&noise), Sound::Other);
        let both: Vec<i16> = sine(440.0, 1_600).iter().zip(sine(700.0, 1_600)).map(|(a, b)| a / 2 + b / 2).collect();
        assert_eq!(sound_of(&both), Sound::Other);
    }
}
