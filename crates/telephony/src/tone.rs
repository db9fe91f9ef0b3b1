//! Tones: made for callers, and recognised by tests, phones and whoever wants to know whether audio came through.

mod detect;

use std::f64::consts::TAU;

use nohold_model::Digit;

use crate::SAMPLE_RATE;
use crate::clip::Clip;

pub use detect::{Heard, Strongest, listen, strongest};

/// How loud tones are, as the greatest sample of one frequency alone (-15 dB below full scale).
const PEAK: f64 = 5_800.0;

/// Tones rise and fall over so many samples (5 ms), so that they do not click.
const EDGE: usize = 40;

/// Where call progress tones are from (ITU-T E.180, supplement 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plan {
    /// China: 450 Hz.
    China,
    /// Most of Europe, and where nothing else is known: 425 Hz.
    #[default]
    Generic,
    /// North America: 440 and 480 Hz, busy 480 and 620 Hz.
    NorthAmerica,
}

impl Plan {
    /// What a caller hears while the other side rings: one period, to be played over and over.
    #[must_use]
    pub fn ringback(self) -> Clip {
        match self {
            Plan::China | Plan::Generic => cadence(self.single(), 1_000, 4_000),
            Plan::NorthAmerica => cadence(&[440.0, 480.0], 2_000, 4_000),
        }
    }

    /// What a caller hears when the other side is busy: one period, to be played over and over.
    #[must_use]
    pub fn busy(self) -> Clip {
        match self {
            Plan::China => cadence(self.single(), 350, 350),
            Plan::Generic => cadence(self.single(), 500, 500),
            Plan::NorthAmerica => cadence(&[480.0, 620.0], 500, 500),
        }
    }

    fn single(self) -> &'static [f64] {
        match self {
            Plan::China => &[450.0],
            Plan::Generic | Plan::NorthAmerica => &[425.0],
        }
    }
}

/// A tone of these frequencies (Hz) together, for so many milliseconds.
#[must_use]
pub fn tone(frequencies: &[f64], millis: u32) -> Clip {
    Clip::new(samples(frequencies, millis))
}

/// The tone after which a message is recorded, and which warns before its end: 1,000 Hz for 300 ms.
#[must_use]
pub fn record_beep() -> Clip {
    tone(&[1_000.0], 300)
}

/// The note A, 440 Hz, for so many milliseconds.
#[must_use]
pub fn a440(millis: u32) -> Clip {
    tone(&[440.0], millis)
}

/// The two frequencies of a key (ITU-T Q.23) for 100 ms.
#[must_use]
pub fn keypad(digit: Digit) -> Clip {
    let (low, high) = match digit.as_char() {
        '1' => (697.0, 1_209.0),
        '2' => (697.0, 1_336.0),
        '3' => (697.0, 1_477.0),
        '4' => (770.0, 1_209.0),
        '5' => (770.0, 1_336.0),
        '6' => (770.0, 1_477.0),
        '7' => (852.0, 1_209.0),
        '8' => (852.0, 1_336.0),
        '9' => (852.0, 1_477.0),
        '*' => (941.0, 1_209.0),
        '0' => (941.0, 1_336.0),
        // The last key there is is `#`.
        _ => (941.0, 1_477.0),
    };
    tone(&[low, high], 100)
}

fn cadence(frequencies: &[f64], on_ms: u32, off_ms: u32) -> Clip {
    let mut samples = samples(frequencies, on_ms);
    samples.resize(samples.len() + length(off_ms), 0);
    Clip::new(samples)
}

fn length(millis: u32) -> usize {
    millis as usize * SAMPLE_RATE as usize / 1_000
}

fn samples(frequencies: &[f64], millis: u32) -> Vec<i16> {
    let length = length(millis);
    (0..length)
        .map(|n| {
            let at = n as f64 / f64::from(SAMPLE_RATE);
            let sum: f64 = frequencies.iter().map(|frequency| (TAU * frequency * at).sin()).sum();
            let edge = n.min(length - 1 - n).min(EDGE) as f64 / EDGE as f64;
            // `as` saturates, which is what more tones than fit together deserve.
            (PEAK * sum * edge).round() as i16
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(samples: &[i16]) -> Heard {
        listen(samples).remove(0)
    }

    #[test]
    fn tones_have_the_frequency_that_was_asked_for() {
        for frequency in [440.0, 700.0, 1_000.0] {
            let clip = tone(&[frequency], 400);
            assert_eq!(clip.length_ms(), 400);
            for heard in listen(clip.samples()) {
                assert!(heard.is(frequency), "{frequency}: {heard:?}");
            }
        }
    }

    #[test]
    fn ringback_is_a_tone_and_then_silence() {
        for (plan, frequency, on) in [(Plan::China, 450.0, 5), (Plan::Generic, 425.0, 5)] {
            let heard = listen(plan.ringback().samples());
            assert_eq!(heard.len(), 25);
            assert!(heard[..on].iter().all(|heard| heard.is(frequency)), "{heard:?}");
            assert!(heard[on..].iter().all(|heard| *heard == Heard::Silence), "{heard:?}");
        }
    }

    #[test]
    fn north_american_ringback_has_two_frequencies() {
        let clip = Plan::NorthAmerica.ringback();
        assert_eq!(clip.length_ms(), 6_000);
        let window = &clip.samples()[1_600..3_200];
        for frequency in [440.0, 480.0] {
            let found = strongest(window, [frequency]).unwrap();
            assert!((0.4..0.6).contains(&found.share), "{found:?}");
        }
    }

    #[test]
    fn busy_beats_in_the_cadence_of_the_plan() {
        for (plan, millis) in [(Plan::China, 700), (Plan::Generic, 1_000), (Plan::NorthAmerica, 1_000)] {
            assert_eq!(plan.busy().length_ms(), millis);
        }
    }

    #[test]
    fn every_key_has_two_frequencies_of_its_own() {
        let mut seen = Vec::new();
        for key in "0123456789*#".chars() {
            let clip = keypad(Digit::new(key).unwrap());
            let low = strongest(clip.samples(), [697.0, 770.0, 852.0, 941.0]).unwrap();
            let high = strongest(clip.samples(), [1_209.0, 1_336.0, 1_477.0]).unwrap();
            assert!(low.share > 0.3 && high.share > 0.3, "{key}: {low:?} {high:?}");
            let pair = (low.frequency as u32, high.frequency as u32);
            assert!(!seen.contains(&pair), "{key}");
            seen.push(pair);
        }
    }

    #[test]
    fn no_tone_is_silence() {
        assert_eq!(heard(&[0; 1_600]), Heard::Silence);
    }
}
