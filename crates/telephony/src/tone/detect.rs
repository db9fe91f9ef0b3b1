//! Which tone is heard, by the algorithm of Goertzel.

use std::f64::consts::TAU;

use crate::SAMPLE_RATE;

/// Samples that are looked at together: 200 ms, which tells tones apart that are 5 Hz from each other.
const WINDOW: usize = 1_600;

/// What is weaker on the average of its squares is silence (-50 dB below full scale): the hiss of G.711 is far below.
const SILENCE: f64 = 100.0 * 100.0;

/// A tone has at least so much of the energy.
const LEAST_SHARE: f64 = 0.8;

/// A tone is right within so many Hz.
const TOLERANCE: f64 = 5.0;

/// What is heard in 200 ms. Silence and a wrong tone are different failures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Heard {
    /// Nothing, or next to nothing.
    Silence,
    /// One tone, of this frequency (Hz), to within 1 Hz.
    Tone(f64),
    /// Something else: several tones, speech, music, noise.
    Mixture(Strongest),
}

impl Heard {
    /// Whether it is the tone of this frequency, to within 5 Hz.
    #[must_use]
    pub fn is(self, frequency: f64) -> bool {
        matches!(self, Heard::Tone(heard) if (heard - frequency).abs() <= TOLERANCE)
    }
}

/// The strongest of some frequencies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strongest {
    /// In Hz.
    pub frequency: f64,
    /// How much of the energy it has, from 0 to 1.
    pub share: f64,
}

/// What is heard in each whole window of 200 ms.
#[must_use]
pub fn listen(samples: &[i16]) -> Vec<Heard> {
    samples.chunks_exact(WINDOW).map(window).collect()
}

/// The strongest of the candidates (Hz) in these samples; nothing when there are no candidates or no samples, or all
/// samples are zero.
#[must_use]
pub fn strongest(samples: &[i16], candidates: impl IntoIterator<Item = f64>) -> Option<Strongest> {
    let energy = energy(samples);
    if energy == 0.0 {
        return None;
    }
    candidates
        .into_iter()
        .map(|frequency| Strongest { frequency, share: (power(samples, frequency) / energy).min(1.0) })
        .max_by(|a, b| a.share.total_cmp(&b.share))
}

fn window(samples: &[i16]) -> Heard {
    if energy(samples) / (samples.len() as f64) < SILENCE {
        return Heard::Silence;
    }
    // First the whole band in steps in which no tone is missed, then 1 Hz exactly.
    let rough = strongest(samples, (40..680).map(|step| f64::from(step) * 5.0));
    let exact = rough.and_then(|rough| strongest(samples, (-5..=5).map(|step| rough.frequency + f64::from(step))));
    match exact {
        Some(exact) if exact.share >= LEAST_SHARE => Heard::Tone(exact.frequency),
        Some(exact) => Heard::Mixture(exact),
        None => Heard::Silence,
    }
}

fn energy(samples: &[i16]) -> f64 {
    samples.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum()
}

/// The energy at one frequency; that of a pure tone is all its energy.
fn power(samples: &[i16], frequency: f64) -> f64 {
    let coefficient = 2.0 * (TAU * frequency / f64::from(SAMPLE_RATE)).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in samples {
        let next = f64::from(*sample) + coefficient * one - two;
        (one, two) = (next, one);
    }
    let squared = one * one + two * two - coefficient * one * two;
    2.0 * squared / samples.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Codec;
    use crate::tone::tone;

    #[test]
    fn a_tone_is_found_to_within_two_hertz_after_either_law() {
        for codec in Codec::ALL {
            for frequency in [303.0, 440.0, 697.0, 1_000.0, 1_633.0, 3_300.0] {
                let clip = tone(&[frequency], 200);
                let (mut bytes, mut samples) = (vec![0; 1_600], vec![0; 1_600]);
                codec.encode(clip.samples(), &mut bytes);
                codec.decode(&bytes, &mut samples);
                let heard = listen(&samples);
                let near = matches!(heard[..], [Heard::Tone(heard)] if (heard - frequency).abs() <= 2.0);
                assert!(near, "{codec:?} {frequency}: {heard:?}");
            }
        }
    }

    #[test]
    fn two_tones_are_a_mixture_and_neither_of_them() {
        let heard = listen(tone(&[440.0, 1_000.0], 200).samples());
        assert!(matches!(heard[..], [Heard::Mixture(_)]), "{heard:?}");
        assert!(!heard[0].is(440.0) && !heard[0].is(1_000.0));
    }

    #[test]
    fn a_wrong_tone_is_not_silence() {
        let heard = listen(tone(&[700.0], 200).samples());
        assert!(heard[0] != Heard::Silence && !heard[0].is(440.0) && heard[0].is(700.0));
    }

    #[test]
    fn less_than_a_window_says_nothing() {
        assert!(listen(&[5_000; 1_599]).is_empty());
        assert_eq!(strongest(&[], [440.0]), None);
        assert_eq!(strongest(&[1, 2, 3], []), None);
    }
}
