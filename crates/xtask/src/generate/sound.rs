//! Sound on its way to a telephone: resampled, filtered, trimmed, levelled, written as G.711.

use std::f64::consts::{PI, TAU};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use audio_codec::Encoder;
use audio_codec::pcma::PcmaEncoder;

/// Samples a second on a telephone.
pub const RATE: f64 = 8_000.0;

/// No sample may go beyond this (−1.5 dBFS): what is louder would be clipped on its way.
pub const CEILING: f64 = 0.84;

/// Mono samples between −1 and 1.
#[derive(Debug, Clone)]
pub struct Sound {
    /// Samples a second.
    pub rate: f64,
    /// The samples.
    pub samples: Vec<f64>,
}

impl Sound {
    /// The same at 8 kHz, without what lies above 3.7 kHz: a windowed sinc (Blackman, 32 zero crossings a side).
    #[must_use]
    pub fn at_telephone_rate(&self) -> Sound {
        const CROSSINGS: f64 = 32.0;
        let step = self.rate / RATE;
        let cutoff = 2.0 * 3_700.0 / self.rate;
        let reach = CROSSINGS / cutoff;
        let length = count(as_float(self.samples.len()) / step);
        let sample = |n: usize| {
            let centre = as_float(n) * step;
            let first = count((centre - reach).max(0.0).ceil());
            let last = count(centre + reach).min(self.samples.len().saturating_sub(1));
            let tap = |i: usize| {
                let distance = as_float(i) - centre;
                self.samples[i] * cutoff * sinc(distance * cutoff) * blackman(distance / reach)
            };
            (first..=last).map(tap).sum()
        };
        Sound { rate: RATE, samples: (0..length).map(sample).collect() }
    }

    /// Without what lies below `hertz`, by 12 dB an octave. Run around twice, so that a loop stays one.
    pub fn cut_below(&mut self, hertz: f64) {
        self.filter(&Biquad::high_pass(hertz, self.rate));
    }

    /// Without what lies above `hertz`, by 12 dB an octave.
    pub fn cut_above(&mut self, hertz: f64) {
        self.filter(&Biquad::low_pass(hertz, self.rate));
    }

    /// Lifts what lies above `hertz` by so many decibels, as a telephone's transmitter does (ITU-T P.830, annex D): it
    /// is what makes an *s* an *s* on a line.
    pub fn lift_above(&mut self, hertz: f64, decibels: f64) {
        self.filter(&Biquad::high_shelf(hertz, self.rate, decibels));
    }

    fn filter(&mut self, filter: &Biquad) {
        let mut state = [0.0; 4];
        // The first round only brings the filter to where the end of the sound leaves it.
        for sample in &self.samples {
            filter.step(*sample, &mut state);
        }
        for sample in &mut self.samples {
            *sample = filter.step(*sample, &mut state);
        }
    }

    /// Cuts off both ends what is less than a part of the loudest, but for a breath, and lets the cuts fade.
    pub fn trim(&mut self, part: f64) {
        let frame = count(self.rate * 0.005);
        let loudest = self.samples.chunks(frame).map(rms).fold(0.0, f64::max);
        let is_speech = |samples: &[f64]| rms(samples) > loudest * part;
        let first = self.samples.chunks(frame).position(is_speech).unwrap_or(0) * frame;
        let quiet_at_end = self.samples.rchunks(frame).position(is_speech).unwrap_or(0) * frame;
        let end = self.samples.len().saturating_sub(quiet_at_end) + 10 * frame;
        self.samples.truncate(end);
        let length = self.samples.len();
        self.samples.drain(..first.saturating_sub(6 * frame).min(length));
        let length = self.samples.len();
        let fade = (2 * frame).min(length / 2);
        for n in 0..fade {
            let gain = as_float(n) / as_float(fade);
            self.samples[n] *= gain;
            self.samples[length - 1 - n] *= gain;
        }
    }

    /// Brings what is heard (frames within 30 dB of the loudest) to a level in dBFS RMS, as far as the ceiling lets it.
    pub fn level(&mut self, dbfs: f64) {
        let frames: Vec<f64> = self.samples.chunks(160).map(rms).collect();
        let loudest = frames.iter().copied().fold(0.0, f64::max);
        let heard: Vec<f64> = frames.into_iter().filter(|frame| *frame > loudest * 0.0316).collect();
        let level = rms(&heard);
        let peak = self.samples.iter().fold(0.0, |peak: f64, sample| peak.max(sample.abs()));
        if level > 0.0 && peak > 0.0 {
            let gain = (10_f64.powf(dbfs / 20.0) / level).min(CEILING / peak);
            self.samples.iter_mut().for_each(|sample| *sample *= gain);
        }
    }

    /// Writes it as a WAV file in G.711 A-law, which is half as large as PCM and loses nothing on an A-law line.
    ///
    /// # Errors
    /// When it is not at 8 kHz, or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        ensure!((self.rate - RATE).abs() < 0.5, "{} would not be at 8 kHz", path.display());
        let samples: Vec<i16> = self.samples.iter().map(|sample| whole(*sample)).collect();
        let mut audio = PcmaEncoder::new().encode(&samples);
        let length = u32::try_from(audio.len()).context("the sound is too long for a WAV file")?;
        if audio.len() % 2 == 1 {
            audio.push(0);
        }
        let mut file = b"RIFF".to_vec();
        file.extend((50 + u32::try_from(audio.len())?).to_le_bytes());
        // Format 6 (A-law), one channel, 8000 samples and bytes a second, a byte a sample, 8 bits, no more to say.
        file.extend(b"WAVEfmt \x12\0\0\0\x06\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0\0\0fact\x04\0\0\0");
        file.extend(length.to_le_bytes());
        file.extend(b"data");
        file.extend(length.to_le_bytes());
        file.extend(audio);
        fs::write(path, file).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A filter of second order (Robert Bristow-Johnson's cookbook, Butterworth).
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

impl Biquad {
    fn low_pass(hertz: f64, rate: f64) -> Self {
        let cos = (TAU * hertz / rate).cos();
        Biquad::new(hertz, rate, [(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0])
    }

    fn high_pass(hertz: f64, rate: f64) -> Self {
        let cos = (TAU * hertz / rate).cos();
        Biquad::new(hertz, rate, [f64::midpoint(1.0, cos), -(1.0 + cos), f64::midpoint(1.0, cos)])
    }

    fn high_shelf(hertz: f64, rate: f64, decibels: f64) -> Self {
        let (sin, cos) = (TAU * hertz / rate).sin_cos();
        let gain = 10_f64.powf(decibels / 40.0);
        let slope = gain.sqrt() * sin * std::f64::consts::SQRT_2;
        let (up, down) = (gain + 1.0, gain - 1.0);
        let whole = up - down * cos + slope;
        let b = [gain * (up + down * cos + slope), -2.0 * gain * (down + up * cos), gain * (up + down * cos - slope)];
        let a = [2.0 * (down - up * cos), up - down * cos - slope];
        Biquad { b: b.map(|b| b / whole), a: a.map(|a| a / whole) }
    }

    fn new(hertz: f64, rate: f64, b: [f64; 3]) -> Self {
        let (sin, cos) = (TAU * hertz / rate).sin_cos();
        let alpha = sin / std::f64::consts::SQRT_2;
        let whole = 1.0 + alpha;
        Biquad { b: b.map(|b| b / whole), a: [-2.0 * cos / whole, (1.0 - alpha) / whole] }
    }

    fn step(&self, x: f64, state: &mut [f64; 4]) -> f64 {
        let [x1, x2, y1, y2] = *state;
        let y = self.b[0] * x + self.b[1] * x1 + self.b[2] * x2 - self.a[0] * y1 - self.a[1] * y2;
        *state = [x, x1, y, y1];
        y
    }
}

/// The root of the mean square.
pub fn rms(samples: &[f64]) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    (samples.iter().map(|sample| sample * sample).sum::<f64>() / as_float(samples.len())).sqrt()
}

/// A count as a number to calculate with; sounds are far shorter than 2^52 samples.
#[expect(clippy::cast_precision_loss, reason = "sounds are far shorter than 2^52 samples")]
pub fn as_float(count: usize) -> f64 {
    count as f64
}

/// A number that is not negative, without what is behind its point.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, as is wanted here")]
pub fn count(number: f64) -> usize {
    number as usize
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, as is wanted here")]
fn whole(sample: f64) -> i16 {
    (sample * 32_767.0).round() as i16
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// The Blackman window over −1 to 1.
fn blackman(x: f64) -> f64 {
    if x.abs() >= 1.0 { 0.0 } else { 0.42 + 0.5 * (PI * x).cos() + 0.08 * (TAU * x).cos() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64, rate: f64) -> Sound {
        let samples = (0..count(rate)).map(|n| (TAU * hertz * as_float(n) / rate).sin() * 0.5).collect();
        Sound { rate, samples }
    }

    #[test]
    fn resampling_keeps_the_telephone_band_and_lets_nothing_alias() {
        for rate in [16_000.0, 22_050.0] {
            let kept = tone(1_000.0, rate).at_telephone_rate();
            assert!((rms(&kept.samples) - 0.3535).abs() < 0.005, "{}", rms(&kept.samples));
            let gone = tone(5_000.0, rate).at_telephone_rate();
            assert!(rms(&gone.samples[100..7_900]) < 0.001, "{}", rms(&gone.samples[100..7_900]));
        }
    }

    #[test]
    fn what_lies_above_is_lifted_and_the_rest_is_left() {
        for (hertz, expected) in [(200.0, 0.3535), (3_700.0, 0.3535 * 1.995)] {
            let mut sound = tone(hertz, RATE);
            sound.lift_above(2_000.0, 6.0);
            assert!((rms(&sound.samples) - expected).abs() < 0.02, "{hertz} Hz: {}", rms(&sound.samples));
        }
    }

    #[test]
    fn silence_is_cut_off_but_for_a_breath() {
        let mut sound = tone(1_000.0, RATE);
        sound.samples.splice(0..0, [0.0; 4_000]);
        sound.samples.extend([0.0; 4_000]);
        sound.trim(0.015);
        assert!((8_600..8_700).contains(&sound.samples.len()), "{}", sound.samples.len());
    }

    #[test]
    fn the_level_is_reached_unless_it_would_clip() {
        let mut sound = tone(1_000.0, RATE);
        sound.level(-20.0);
        assert!((rms(&sound.samples) - 0.1).abs() < 0.001);
        sound.level(0.0);
        assert!(sound.samples.iter().all(|sample| sample.abs() <= CEILING + 1e-9));
    }
}
