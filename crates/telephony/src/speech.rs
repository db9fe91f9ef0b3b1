//! When somebody speaks: by the energy of frames over a floor that follows the noise of the line.

use std::collections::VecDeque;

use nohold_model::Millis;

use crate::{FRAME_MS, FRAME_SAMPLES};

/// Speech is so far above the floor.
const ABOVE_FLOOR_DB: f64 = 9.0;

/// What is weaker is never speech (dB below full scale): a very quiet talker has about -45.
const WEAKEST_DB: f64 = -50.0;

/// The floor is never taken to be higher, so that loud speech without a pause, or a tone, is not taken for noise.
const HIGHEST_FLOOR_DB: f64 = -40.0;

/// The floor of a line that sends digital silence.
const LOWEST_FLOOR_DB: f64 = -70.0;

/// Frames in a part of the window in which the floor is looked for, and parts in it: 3 s, within which speech pauses.
const PART: u32 = 50;
const PARTS: usize = 3;

/// So many loud frames (60 ms) in a row begin speech: a click does not.
const BEGINS: u32 = 3;

/// So many quiet frames (200 ms) in a row end it: the pause within a word does not.
const ENDS: u32 = 10;

/// Listens to one talker, frame by frame of 20 ms.
#[derive(Debug)]
pub struct SpeechMeter {
    /// The weakest frame of each part of the window, the present part last.
    weakest: VecDeque<f64>,
    in_part: u32,
    loud: u32,
    quiet: u32,
    speaking: bool,
    spoken: u64,
    silent: u64,
}

impl Default for SpeechMeter {
    fn default() -> Self {
        Self::new()
    }
}

impl SpeechMeter {
    /// A meter that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        let weakest = VecDeque::from([LOWEST_FLOOR_DB]);
        SpeechMeter { weakest, in_part: 0, loud: 0, quiet: 0, speaking: false, spoken: 0, silent: 0 }
    }

    /// Takes the next frame of 20 ms.
    pub fn frame(&mut self, samples: &[i16; FRAME_SAMPLES]) {
        let level = level_db(samples);
        let floor = self.weakest.iter().copied().fold(HIGHEST_FLOOR_DB, f64::min).max(LOWEST_FLOOR_DB);
        self.note(level);
        if level >= (floor + ABOVE_FLOOR_DB).max(WEAKEST_DB) {
            self.loud_frame();
        } else {
            self.quiet_frame();
        }
    }

    /// How much speech there has been, with the short pauses in it.
    #[must_use]
    pub fn speech(&self) -> Millis {
        Millis::new(self.spoken * u64::from(FRAME_MS))
    }

    /// For how long nobody has spoken: since the last speech, or since the beginning.
    #[must_use]
    pub fn silence(&self) -> Millis {
        Millis::new(self.silent * u64::from(FRAME_MS))
    }

    fn note(&mut self, level: f64) {
        if self.in_part >= PART {
            self.in_part = 0;
            if self.weakest.len() >= PARTS {
                self.weakest.pop_front();
            }
            self.weakest.push_back(level);
        }
        self.in_part += 1;
        if let Some(weakest) = self.weakest.back_mut() {
            *weakest = weakest.min(level);
        }
    }

    fn loud_frame(&mut self) {
        self.loud += 1;
        if self.speaking {
            // The pause that has just ended was one within the speech.
            self.spoken += u64::from(self.quiet) + 1;
        } else if self.loud >= BEGINS {
            self.speaking = true;
            self.spoken += u64::from(self.loud);
        } else {
            self.silent += 1;
            return;
        }
        (self.quiet, self.silent) = (0, 0);
    }

    fn quiet_frame(&mut self) {
        self.loud = 0;
        self.silent += 1;
        self.quiet += 1;
        if self.quiet >= ENDS {
            self.speaking = false;
        }
    }
}

/// The mean power of a frame in dB below full scale; -100 for nothing at all.
#[must_use]
pub fn level_db(samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum();
    let mean = energy / samples.len().max(1) as f64 / (32_768.0 * 32_768.0);
    10.0 * mean.max(1e-10).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of a tone whose greatest sample is `peak`.
    fn tone(meter: &mut SpeechMeter, millis: u32, peak: f64) {
        for _ in 0..millis / FRAME_MS {
            let mut frame = [0; FRAME_SAMPLES];
            for (n, sample) in frame.iter_mut().enumerate() {
                *sample = (peak * (n as f64 * 0.55).sin()) as i16;
            }
            meter.frame(&frame);
        }
    }

    /// Frames of even noise that is the same in every run.
    fn noise(meter: &mut SpeechMeter, millis: u32, peak: i64) {
        let mut state = 1_u64;
        for _ in 0..millis / FRAME_MS {
            let frame = std::array::from_fn(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 33) as i64 % (2 * peak + 1) - peak) as i16
            });
            meter.frame(&frame);
        }
    }

    #[test]
    fn speech_and_silence_are_measured() {
        let mut meter = SpeechMeter::new();
        tone(&mut meter, 500, 0.0);
        assert_eq!((meter.speech(), meter.silence()), (Millis::ZERO, Millis::new(500)));
        tone(&mut meter, 1_000, 8_000.0);
        assert_eq!((meter.speech(), meter.silence()), (Millis::new(1_000), Millis::ZERO));
        tone(&mut meter, 700, 0.0);
        assert_eq!((meter.speech(), meter.silence()), (Millis::new(1_000), Millis::new(700)));
    }

    #[test]
    fn a_pause_within_a_word_is_speech_and_one_between_sentences_is_not() {
        let mut meter = SpeechMeter::new();
        for pause in [100, 1_000, 0] {
            tone(&mut meter, 400, 8_000.0);
            tone(&mut meter, pause, 0.0);
        }
        assert_eq!(meter.speech(), Millis::new(1_300));
    }

    #[test]
    fn a_click_is_no_speech() {
        let mut meter = SpeechMeter::new();
        for _ in 0..5 {
            tone(&mut meter, 40, 20_000.0);
            tone(&mut meter, 400, 0.0);
        }
        assert_eq!(meter.speech(), Millis::ZERO);
        assert_eq!(meter.silence(), Millis::new(5 * 440));
    }

    #[test]
    fn the_noise_of_a_line_becomes_silence_and_speech_above_it_is_heard() {
        let mut meter = SpeechMeter::new();
        noise(&mut meter, 8_000, 450);
        assert!(meter.silence() >= Millis::seconds(4), "{meter:?}");
        let before = meter.speech();
        tone(&mut meter, 600, 6_000.0);
        noise(&mut meter, 2_000, 450);
        assert_eq!(meter.speech().as_millis() - before.as_millis(), 600);
        assert_eq!(meter.silence(), Millis::new(2_000));
    }

    #[test]
    fn a_long_tone_stays_speech() {
        let mut meter = SpeechMeter::new();
        tone(&mut meter, 30_000, 8_000.0);
        assert_eq!(meter.speech(), Millis::new(30_000));
    }
}
