//! Music on hold, composed and synthesised here, so that nobody else has rights in it.
//!
//! Sixteen bars in G major at 80 beats a minute: soft chords, a plucked figure over them, and a melody in the second
//! half, all between 300 Hz and 3.4 kHz, where a telephone can sound them. Whatever rings past the end goes on at the
//! beginning, so the piece is a loop without a seam.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::sound::{RATE, Sound, as_float, count};

const BEAT_S: f64 = 0.75;
const BEATS: u16 = 64;
const LEVEL: f64 = -22.0;

/// One chord a bar, as semitones above middle C; all notes lie above D4 (294 Hz).
const CHORDS: [[u8; 4]; 16] = [
    [7, 11, 14, 19], // G
    [4, 7, 11, 16],  // E minor
    [4, 7, 12, 16],  // C
    [6, 9, 14, 18],  // D
    [7, 11, 14, 19], // G
    [6, 11, 14, 18], // B minor
    [4, 7, 12, 16],  // C
    [6, 9, 14, 18],  // D
    [4, 7, 11, 14],  // E minor 7
    [4, 9, 12, 16],  // A minor
    [6, 9, 12, 14],  // D 7
    [7, 11, 14, 18], // G major 7
    [4, 7, 12, 16],  // C
    [7, 11, 14, 16], // G 6
    [4, 9, 12, 16],  // A minor
    [6, 9, 12, 14],  // D 7
];

/// The melody of the second half: the beat, the semitone above middle C, and how hard it is plucked.
const MELODY: [(f64, u8, f64); 26] = [
    (32.0, 23, 0.9),
    (33.5, 21, 0.7),
    (34.0, 19, 0.8),
    (35.5, 16, 0.6),
    (36.0, 21, 0.9),
    (37.5, 19, 0.7),
    (38.0, 16, 0.8),
    (40.0, 18, 0.9),
    (41.5, 21, 0.7),
    (42.0, 24, 0.8),
    (43.5, 21, 0.6),
    (44.0, 23, 0.9),
    (46.0, 19, 0.7),
    (48.0, 28, 0.8),
    (49.5, 26, 0.7),
    (50.0, 24, 0.8),
    (51.5, 23, 0.6),
    (52.0, 26, 0.8),
    (53.5, 23, 0.7),
    (54.0, 19, 0.8),
    (56.0, 21, 0.9),
    (57.5, 23, 0.7),
    (58.0, 24, 0.8),
    (59.5, 21, 0.6),
    (60.0, 18, 0.9),
    (62.0, 14, 0.7),
];

/// Composes it.
///
/// # Errors
/// When the file cannot be written.
pub fn run(root: &Path) -> Result<()> {
    let folder = root.join("prompts").join("music");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join("default.wav");
    compose().write(&path)?;
    println!("music on hold in {}", path.display());
    Ok(())
}

fn compose() -> Sound {
    let mut ring = Ring { samples: vec![0.0; count(f64::from(BEATS) * BEAT_S * RATE)] };
    for (bar, chord) in (0_u32..).zip(CHORDS) {
        let start = f64::from(bar) * 4.0;
        for note in chord {
            ring.pad(start, note);
        }
        // Up and down the chord in quavers; every fourth bar rests on its second half, and the octave changes.
        let octave = if bar % 8 >= 4 { 12 } else { 0 };
        let figure: &[usize] = if bar % 4 == 3 { &[0, 2, 3, 2] } else { &[0, 1, 2, 3, 2, 1, 2, 3] };
        for (step, voice) in (0_u32..).zip(figure) {
            let strength = if step == 0 { 0.55 } else { 0.4 };
            ring.pluck(start + f64::from(step) * 0.5, chord[*voice] + octave, strength);
        }
    }
    for (beat, note, strength) in MELODY {
        ring.pluck(beat, note, strength);
    }
    let mut music = Sound { rate: RATE, samples: ring.samples };
    music.cut_below(280.0);
    music.cut_above(2_800.0);
    music.level(LEVEL);
    music
}

fn hertz(note: u8) -> f64 {
    261.625_565 * 2_f64.powf(f64::from(note) / 12.0)
}

/// A loop: what goes past its end comes in at its beginning.
struct Ring {
    samples: Vec<f64>,
}

impl Ring {
    fn add(&mut self, beat: f64, sound: impl Iterator<Item = f64>) {
        let start = count(beat * BEAT_S * RATE);
        let length = self.samples.len();
        for (n, sample) in sound.enumerate() {
            self.samples[(start + n) % length] += sample;
        }
    }

    /// A soft tone that swells over a bar and fades into the next one: two sines a little apart, and a touch of octave.
    fn pad(&mut self, beat: f64, note: u8) {
        let pitch = hertz(note);
        let bar_s = 4.0 * BEAT_S;
        let length = count(bar_s * 1.4 * RATE);
        let sample = move |n: usize| {
            let s = as_float(n) / RATE;
            let swell = (s / 0.9).min(1.0) * ((bar_s * 1.4 - s) / (bar_s * 0.4)).clamp(0.0, 1.0);
            let tone = (TAU * pitch * 0.998 * s).sin() + (TAU * pitch * 1.002 * s).sin();
            (tone + 0.4 * (TAU * pitch * 2.0 * s).sin()) * swell * 0.06
        };
        self.add(beat, (0..length).map(sample));
    }

    /// A plucked string (Karplus and Strong 1983): a burst of noise in a delay line that dulls and fades.
    fn pluck(&mut self, beat: f64, note: u8, strength: f64) {
        let period = RATE / hertz(note) - 0.5;
        let delay = count(period);
        // An all-pass filter tunes what whole samples cannot.
        let fraction = period - as_float(delay);
        let tuning = (1.0 - fraction) / (1.0 + fraction);
        let mut chance = Chance(u64::from(note) * 7_919 + as_u64(beat));
        let mut line: Vec<f64> = (0..delay).map(|_| chance.next()).collect();
        // A soft finger: the burst is dulled before it sounds.
        let burst = line.clone();
        for n in 0..delay {
            line[n] = f64::midpoint(burst[n], burst[(n + delay - 1) % delay]);
        }
        let (mut at, mut before, mut tuned_in, mut tuned_out) = (0, 0.0, 0.0, 0.0);
        let length = count(2.2 * RATE);
        let sound = (0..length).map(move |n| {
            let out = line[at];
            let dulled = f64::midpoint(out, before) * 0.996;
            before = out;
            let tuned = tuning * dulled + tuned_in - tuning * tuned_out;
            tuned_in = dulled;
            tuned_out = tuned;
            line[at] = tuned;
            at = (at + 1) % delay;
            let end = as_float(length - n) / as_float(length);
            out * strength * end * (as_float(n) / 24.0).min(1.0)
        });
        self.add(beat, sound);
    }
}

fn as_u64(beat: f64) -> u64 {
    u64::try_from(count(beat * 16.0)).unwrap_or(0)
}

/// Noise that is the same on every machine (a linear congruential generator, Knuth's constants).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bits = u32::try_from(self.0 >> 32).unwrap_or(0);
        f64::from(bits) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::sound::rms;

    #[test]
    fn the_music_is_loud_enough_and_loops_without_a_jump() {
        let music = compose();
        let level = 20.0 * rms(&music.samples).log10();
        assert!((-25.0..-19.0).contains(&level), "{level} dBFS");
        let steps = music.samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let usual = steps.fold(0.0, f64::max);
        let seam = (music.samples[0] - music.samples[music.samples.len() - 1]).abs();
        assert!(seam < usual / 2.0, "the seam jumps by {seam}, elsewhere it is at most {usual}");
    }
}
