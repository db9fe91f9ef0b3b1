//! An ear that knows our prompts: which of them was heard, when, and whether to its end.
//!
//! What a phone has heard is compared with the recordings in `prompts/`, by normalised correlation of the samples. The
//! way between the server and a phone changes neither pitch nor length, so a prompt that was played is found to the
//! sample, also after a change of the codec; another one with the same first words is told apart by its rest.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nohold_phone::{Call, SAMPLE_RATE, Sound, sound_of, tone_of};
use tokio::time::{Instant, sleep};

use crate::peers::root;

/// The samples in which a tone is looked for: 200 ms.
const WINDOW: usize = 1_600;
/// What is compared at a time: 50 ms.
const BLOCK: usize = 400;
/// The part of a prompt by which it is looked for begins within this many samples from its start.
const ANCHOR_WITHIN: usize = 3_200;
/// Every so manieth sample of the anchor is compared first.
const STRIDE: usize = 10;
/// The correlation from which a first look is followed by a second one, and from which blocks are the same sound.
const LIKELY: f64 = 0.7;
const SAME: f64 = 0.9;
/// A block that is quieter than this (RMS of 16 bits) says nothing.
const AUDIBLE: f64 = 200.0;
/// The share of a prompt's audible blocks that must have been heard: the network may lose some.
const WHOLE: f64 = 0.9;
/// A prompt has begun when so many of its audible blocks were heard from the start.
const BEGUN: usize = 8;
/// How often it is listened again.
const EVERY: Duration = Duration::from_millis(100);

/// Somebody who hears: what has come so far, at 8 kHz, from the first sample on.
pub trait Hears {
    /// The samples so far.
    ///
    /// # Errors
    /// When nothing can be told.
    fn heard_so_far(&self) -> Result<Vec<i16>>;

    /// What is known of the call, for error messages.
    fn story(&self) -> String {
        String::new()
    }
}

/// Waits until the last 200 ms that somebody heard are a tone of this frequency in Hz, ± 2 Hz.
///
/// # Errors
/// When they are not in time; says what was heard.
pub async fn hears_tone(who: &impl Hears, frequency: f64, limit: Duration) -> Result<()> {
    hears_last(who, &format!("a tone of {frequency} Hz"), limit, |samples| {
        tone_of(samples).is_some_and(|tone| (tone - frequency).abs() <= 2.0)
    })
    .await
}

/// Waits until the last 200 ms that somebody heard are neither silence nor a single tone: speech, music.
///
/// # Errors
/// When they are not in time; says what was heard.
pub async fn hears_speech(who: &impl Hears, limit: Duration) -> Result<()> {
    hears_last(who, "speech or music", limit, |samples| sound_of(samples) == Sound::Other).await
}

async fn hears_last(who: &impl Hears, what: &str, limit: Duration, wished: impl Fn(&[i16]) -> bool) -> Result<()> {
    let end = Instant::now() + limit;
    loop {
        let heard = who.heard_so_far()?;
        let last = &heard[heard.len().saturating_sub(WINDOW)..];
        if last.len() == WINDOW && wished(last) {
            return Ok(());
        }
        if Instant::now() >= end {
            let (sound, samples) = (sound_of(last), heard.len());
            bail!("waited {limit:?} for {what}, heard {sound:?} at last ({samples} samples)\n{}", who.story());
        }
        sleep(EVERY).await;
    }
}

/// For how long a tone of this frequency in Hz, ± 2 Hz, is in a recording, of windows of 200 ms.
#[must_use]
pub fn length_of_tone(samples: &[i16], frequency: f64) -> Duration {
    let windows = samples.chunks_exact(WINDOW);
    let same = windows.filter(|window| tone_of(window).is_some_and(|tone| (tone - frequency).abs() <= 2.0));
    Duration::from_millis(200) * u32::try_from(same.count()).unwrap_or(u32::MAX)
}

impl Hears for Call {
    fn heard_so_far(&self) -> Result<Vec<i16>> {
        Ok(self.recording())
    }

    fn story(&self) -> String {
        self.log()
    }
}

/// A prompt of the server.
pub struct Prompt {
    key: String,
    samples: Vec<i16>,
    /// Where its anchor begins.
    anchor: usize,
}

/// Where a prompt was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The sample at which it begins; negative where its start was not heard.
    pub start: isize,
    /// How many of its audible blocks were heard in a row from the start.
    pub from_start: usize,
    /// Whether it was heard to its end.
    pub whole: bool,
}

impl Prompt {
    /// Reads `prompts/<language>/<key>.wav`.
    ///
    /// # Errors
    /// When there is no such file, or it has another form.
    pub fn read(language: &str, key: &str) -> Result<Prompt> {
        let path = root().join(format!("prompts/{language}/{key}.wav"));
        let bytes = fs::read(&path).with_context(|| format!("there is no prompt {}", path.display()))?;
        let samples = a_law_of(&bytes).with_context(|| format!("{} is no A-law WAV file", path.display()))?;
        let last = samples.len().saturating_sub(BLOCK).min(ANCHOR_WITHIN);
        let loudest = (0..=last).step_by(STRIDE).max_by_key(|from| energy(block(&samples, *from)));
        Ok(Prompt { key: key.to_owned(), samples, anchor: loudest.unwrap_or(0) })
    }

    /// How long it is, in samples.
    #[must_use]
    pub fn length(&self) -> usize {
        self.samples.len()
    }

    /// The first place at or after the sample `from` where it was heard, as a whole or in part.
    #[must_use]
    pub fn find(&self, heard: &[i16], from: usize) -> Option<Found> {
        let anchor = block(&self.samples, self.anchor);
        let sparse: Vec<i64> = anchor.iter().step_by(STRIDE).map(|sample| i64::from(*sample)).collect();
        let sparse_energy: i64 = sparse.iter().map(|sample| sample * sample).sum();
        let last = heard.len().checked_sub(anchor.len())?;
        for at in from..=last {
            let here = &heard[at..at + anchor.len()];
            let (mut dot, mut own) = (0, 0);
            for (a, b) in sparse.iter().zip(here.iter().step_by(STRIDE)) {
                let b = i64::from(*b);
                dot += a * b;
                own += b * b;
            }
            if ratio(dot, sparse_energy, own) > LIKELY && correlation(anchor, here) > SAME {
                let start = at.cast_signed() - self.anchor.cast_signed();
                let found = self.compare(heard, start);
                // A syllable alone is met by chance.
                if found.whole || found.from_start >= BEGUN {
                    return Some(found);
                }
            }
        }
        None
    }

    /// How much of it was heard where it begins at this sample.
    fn compare(&self, heard: &[i16], start: isize) -> Found {
        let (mut audible, mut same, mut from_start, mut unbroken) = (0_usize, 0_usize, 0, true);
        for from in (0..self.samples.len()).step_by(BLOCK) {
            let own = block(&self.samples, from);
            if rms(own) < AUDIBLE || own.len() < BLOCK {
                continue;
            }
            audible += 1;
            let at = usize::try_from(start + from.cast_signed()).ok();
            let there = at.and_then(|at| heard.get(at..at + own.len()));
            if there.is_some_and(|there| correlation(own, there) > SAME) {
                same += 1;
                from_start += usize::from(unbroken);
            } else {
                unbroken = false;
            }
        }
        let share = if audible == 0 { 0.0 } else { to_f64(same) / to_f64(audible) };
        Found { start, from_start, whole: share >= WHOLE }
    }
}

/// Listens to one call, prompt after prompt, in the order in which they come.
pub struct Ear {
    language: String,
    /// What is before this sample has been listened to.
    at: usize,
}

impl Ear {
    /// An ear for this language, at the start of the call.
    #[must_use]
    pub fn new(language: &str) -> Self {
        Ear { language: language.to_owned(), at: 0 }
    }

    /// Passes over all that has been heard until now.
    ///
    /// # Errors
    /// When nothing can be told.
    pub fn skip(&mut self, who: &impl Hears) -> Result<()> {
        self.at = who.heard_so_far()?.len();
        Ok(())
    }

    /// The moment in the call up to which it has listened.
    #[must_use]
    pub fn position(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.at).unwrap_or(u64::MAX) * 1_000 / u64::from(SAMPLE_RATE))
    }

    /// Waits until a prompt has been heard to its end, and says when in the call it began.
    ///
    /// # Errors
    /// When it is not in time; with the prompts that were heard instead.
    pub async fn hears(&mut self, who: &impl Hears, key: &str, limit: Duration) -> Result<Duration> {
        self.wait(who, key, limit, |found| found.whole).await
    }

    /// Waits until a prompt has begun, which the caller may cut short, and says when in the call it did.
    ///
    /// # Errors
    /// When it does not in time; with the prompts that were heard instead.
    pub async fn hears_begin(&mut self, who: &impl Hears, key: &str, limit: Duration) -> Result<Duration> {
        self.wait(who, key, limit, |_| true).await
    }

    /// Waits until these prompts have been heard, one after the other.
    ///
    /// # Errors
    /// When one is not in time; with what was heard instead.
    pub async fn hears_all(&mut self, who: &impl Hears, keys: &[&str], limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        for key in keys {
            self.hears(who, key, end.saturating_duration_since(Instant::now())).await?;
        }
        Ok(())
    }

    /// Whether a prompt has been heard, at least its first words, since this ear stood where it stands.
    ///
    /// # Errors
    /// When the prompt cannot be read, or nothing can be told.
    pub fn has_heard(&self, who: &impl Hears, key: &str) -> Result<bool> {
        Ok(Prompt::read(&self.language, key)?.find(&who.heard_so_far()?, self.at).is_some())
    }

    /// How much of a prompt has been heard from the start of the call on.
    ///
    /// # Errors
    /// When the prompt cannot be read, or nothing can be told.
    pub fn heard_of(&self, who: &impl Hears, key: &str) -> Result<Option<Found>> {
        Ok(Prompt::read(&self.language, key)?.find(&who.heard_so_far()?, 0))
    }

    async fn wait(
        &mut self,
        who: &impl Hears,
        key: &str,
        limit: Duration,
        enough: impl Fn(Found) -> bool,
    ) -> Result<Duration> {
        let prompt = Prompt::read(&self.language, key)?;
        let end = Instant::now() + limit;
        let mut from = self.at;
        loop {
            let heard = who.heard_so_far()?;
            while let Some(found) = prompt.find(&heard, from) {
                let start = usize::try_from(found.start).unwrap_or(0);
                if enough(found) {
                    // The next prompt may follow at once; of one that goes on no more than its start is known.
                    let length = if found.whole { prompt.length() - BLOCK } else { BLOCK };
                    self.at = start + length;
                    return Ok(Duration::from_millis(u64::try_from(start)? * 1_000 / u64::from(SAMPLE_RATE)));
                }
                // It may still be going on; where it is over, it was another prompt or was cut short.
                if start + prompt.length() + BLOCK > heard.len() {
                    break;
                }
                from = start + prompt.anchor + 1;
            }
            if Instant::now() >= end {
                let instead = transcript(&self.language, &heard, self.at)?;
                bail!("waited {limit:?} for the prompt {}; heard since then:\n{instead}\n{}", prompt.key, who.story());
            }
            if prompt.find(&heard, from).is_none() {
                from = from.max(heard.len().saturating_sub(prompt.length() + BLOCK));
            }
            sleep(EVERY).await;
        }
    }
}

/// The prompts that are in a recording from this sample on, one a line, for error messages.
fn transcript(language: &str, heard: &[i16], from: usize) -> Result<String> {
    let mut said = Vec::new();
    for file in fs::read_dir(root().join("prompts").join(language))?.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        let Some(key) = name.strip_suffix(".wav") else { continue };
        let (prompt, mut at) = (Prompt::read(language, key)?, from);
        while let Some(found) = prompt.find(heard, at) {
            at = usize::try_from(found.start).unwrap_or(0) + prompt.anchor + 1;
            said.push((found.start, key.to_owned(), found.whole));
        }
    }
    said.sort();
    let mut text = String::new();
    for (start, key, whole) in said {
        let rest = if whole { "" } else { " (not all of it)" };
        let _ = writeln!(text, "    {} ms: {key}{rest}", start * 1_000 / 8_000);
    }
    let _ = writeln!(text, "    {} ms: the end of what was heard", heard.len() * 1_000 / 8_000);
    Ok(text)
}

/// `BLOCK` samples from here on, or what is left.
fn block(samples: &[i16], from: usize) -> &[i16] {
    &samples[from.min(samples.len())..(from + BLOCK).min(samples.len())]
}

fn energy(samples: &[i16]) -> i64 {
    samples.iter().map(|sample| i64::from(*sample) * i64::from(*sample)).sum()
}

fn rms(samples: &[i16]) -> f64 {
    (wide(energy(samples)) / to_f64(samples.len().max(1))).sqrt()
}

fn correlation(a: &[i16], b: &[i16]) -> f64 {
    let dot = a.iter().zip(b).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
    ratio(dot, energy(a), energy(b))
}

fn ratio(dot: i64, one: i64, other: i64) -> f64 {
    if dot <= 0 || one == 0 || other == 0 { 0.0 } else { wide(dot) / (wide(one) * wide(other)).sqrt() }
}

#[expect(clippy::cast_precision_loss, reason = "sums of a few seconds of sound need no last digit")]
fn wide(sum: i64) -> f64 {
    sum as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts of blocks are small")]
fn to_f64(count: usize) -> f64 {
    count as f64
}

/// The samples of a WAV file of A-law (format 6), one channel at 8 kHz.
fn a_law_of(file: &[u8]) -> Option<Vec<i16>> {
    let (head, mut rest) = file.split_at_checked(12)?;
    if !head.starts_with(b"RIFF") || !head.ends_with(b"WAVE") {
        return None;
    }
    let mut is_a_law = false;
    while let Some((chunk, body)) = rest.split_at_checked(8) {
        let (name, size) = chunk.split_at(4);
        let size = usize::try_from(u32::from_le_bytes(size.try_into().ok()?)).ok()?;
        let body_here = body.get(..size)?;
        match name {
            b"fmt " => is_a_law = body_here.starts_with(&[6, 0, 1, 0, 0x40, 0x1f, 0, 0]),
            b"data" => return is_a_law.then(|| body_here.iter().map(|byte| from_a_law(*byte)).collect()),
            _ => {}
        }
        // Chunks begin at even places.
        rest = body.get(size + size % 2..).unwrap_or_default();
    }
    None
}

/// ITU-T G.711, A-law to 16 bits.
fn from_a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = (byte >> 4 & 7, i16::from(byte & 15) << 4);
    let size = match exponent {
        0 => mantissa + 8,
        _ => (mantissa + 0x108) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(length: usize) -> Vec<i16> {
        vec![8; length]
    }

    #[test]
    fn a_prompt_is_found_where_it_was_said_and_one_with_the_same_start_is_not() {
        let menu = Prompt::read("en", "queue-menu").unwrap();
        let other = Prompt::read("en", "queue-menu-without-callback").unwrap();
        let heard = [silence(1_234), menu.samples.clone(), silence(500)].concat();
        let found = menu.find(&heard, 0).unwrap();
        assert!(found.start == 1_234 && found.whole, "{found:?}");
        assert!(other.find(&heard, 0).is_none_or(|found| !found.whole));
        assert!(Prompt::read("en", "callback-thanks").unwrap().find(&heard, 0).is_none());
    }

    #[test]
    fn a_prompt_that_was_cut_short_has_begun_and_no_more() {
        let menu = Prompt::read("zh", "queue-menu").unwrap();
        let heard = [silence(300), menu.samples[..8_000].to_vec(), silence(60_000)].concat();
        let found = menu.find(&heard, 0).unwrap();
        assert!(found.start == 300 && !found.whole && found.from_start >= BEGUN, "{found:?}");
    }

    #[test]
    fn another_loudness_and_some_noise_do_not_hide_it() {
        let thanks = Prompt::read("en", "callback-thanks").unwrap();
        let noise = |n: usize| i16::try_from(n * 7_919 % 97).unwrap() - 48;
        let quiet = thanks.samples.iter().enumerate().map(|(n, sample)| sample / 2 + noise(n));
        let heard: Vec<i16> = silence(77).into_iter().chain(quiet).collect();
        assert!(thanks.find(&heard, 0).is_some_and(|found| found.start == 77 && found.whole));
    }

    #[test]
    fn every_digit_is_told_from_every_other() {
        let digits: Vec<Prompt> = (0..10).map(|n| Prompt::read("en", &format!("digit-{n}")).unwrap()).collect();
        for spoken in &digits {
            let heard = [silence(160), spoken.samples.clone(), silence(160)].concat();
            for digit in &digits {
                let found = digit.find(&heard, 0).is_some_and(|found| found.whole);
                assert_eq!(found, digit.key == spoken.key, "{} in {}", digit.key, spoken.key);
            }
        }
    }
}
