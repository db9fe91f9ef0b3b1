//! Prompts (提示音): those that are shipped, and an administrator's own.
//!
//! The shipped ones are embedded in the program, with music on hold, every word of the [`say`] grammar and
//! what each built-in dialogue says. A folder may replace each of them and add others:
//!
//! ```text
//! <folder>/en/queue-menu.wav      in English
//! <folder>/zh/queue-menu.wav      in Chinese
//! <folder>/music/default.wav      music on hold
//! ```
//!
//! A prompt that a language lacks is looked for in the other one: words in the wrong language still tell more than
//! silence. A file that cannot be read is reported and passed over; the shipped prompt is played in its place.

mod notice;
mod wav;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use nohold_model::{Language, PromptKey, Spoken, Timestamp};
use rust_embed::RustEmbed;
use thiserror::Error;

pub use self::notice::Notice;
pub use self::wav::{MOST_SECONDS, WavError};
use crate::clip::Clip;
use crate::say::{self, Pause, Token};
use crate::{FRAME_SAMPLES, SAMPLE_RATE};

/// No file that is longer in bytes is read: [`MOST_SECONDS`] of 16-bit audio and room for what else stands in it.
const MOST_BYTES: u64 = MOST_SECONDS as u64 * SAMPLE_RATE as u64 * 2 + 65_536;

/// Samples that are kept decoded, 64 MB with their two encodings. All that is shipped takes a third of it.
const MOST_CACHED_SAMPLES: usize = 16 * 1024 * 1024;

/// Files looked at by [`PromptLibrary::check`].
const MOST_CHECKED: usize = 10_000;

const MUSIC: &str = "music";
const DEFAULT_MUSIC: &str = "default";
const LANGUAGES: [Language; 2] = [Language::English, Language::Chinese];

#[derive(RustEmbed)]
#[folder = "../../prompts/"]
#[include = "*.wav"]
struct Shipped;

/// All prompts that can be played. Clones share one cache.
///
/// The first call for a prompt reads and decodes its file, a few milliseconds for a long one; later calls take a lock
/// and copy a pointer.
#[derive(Clone)]
pub struct PromptLibrary {
    shared: Arc<Shared>,
}

struct Shared {
    folder: Option<PathBuf>,
    cache: Mutex<Cache>,
    pauses: [OnceLock<Clip>; 2],
    tone: OnceLock<Clip>,
}

/// A prompt that a sentence needs and that cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "there is no prompt `{key}`: record it as `{language}/{key}.wav` in the folder of prompts, or choose another prompt",
    language = language.code()
)]
pub struct MissingPrompt {
    /// The prompt.
    pub key: PromptKey,
    /// The language in which it was to be spoken.
    pub language: Language,
}

/// A file in the folder of prompts that cannot be used.
#[derive(Debug, Error)]
#[error("the prompt `{path}` cannot be used: {problem}", path = path.display())]
pub struct PromptProblem {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, and what to do.
    pub problem: FileProblem,
}

/// What is wrong with a file.
#[derive(Debug, Error)]
pub enum FileProblem {
    /// It is no telephone audio.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// It is too large to be a prompt.
    #[error("it has {0} bytes, and {MOST_BYTES} are the most: cut it to {MOST_SECONDS} s or less")]
    TooLarge(u64),
    /// It cannot be read.
    #[error("it cannot be read ({0}): check that it is a file and that Nohold may read it")]
    Unreadable(std::io::Error),
    /// Its name is not a key.
    #[error("{0}; rename it")]
    Name(nohold_model::InvalidKey),
    /// Its name does not end in `.wav`.
    #[error("it is not named as a WAV file: convert it with `sox IN -r 8000 -c 1 -b 16 OUT.wav`")]
    NotWav,
    /// The folder has more files than are looked at.
    #[error("the folder has more than {MOST_CHECKED} files: remove those that are not played")]
    TooMany,
}

/// Where a clip belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shelf {
    Words(Language),
    Music,
}

impl Shelf {
    const ALL: [Shelf; 3] = [Shelf::Words(Language::English), Shelf::Words(Language::Chinese), Shelf::Music];

    const fn folder(self) -> &'static str {
        match self {
            Shelf::Words(language) => language.code(),
            Shelf::Music => MUSIC,
        }
    }
}

impl PromptLibrary {
    /// The shipped prompts alone.
    #[must_use]
    pub fn shipped() -> Self {
        PromptLibrary::over(None)
    }

    /// The shipped prompts, and before them those in a folder, which need not exist yet.
    #[must_use]
    pub fn with_folder(folder: PathBuf) -> Self {
        PromptLibrary::over(Some(folder))
    }

    fn over(folder: Option<PathBuf>) -> Self {
        let shared = Shared { folder, cache: Mutex::default(), pauses: Default::default(), tone: OnceLock::new() };
        PromptLibrary { shared: Arc::new(shared) }
    }

    /// A prompt in a language, or in the other one where it has none.
    #[must_use]
    pub fn clip(&self, key: &PromptKey, language: Language) -> Option<Clip> {
        self.named(key.as_str(), language)
    }

    /// Music on hold (等待音乐): the piece of this key, or the default one where there is none. Made to be played over
    /// and over.
    #[must_use]
    pub fn music(&self, key: Option<&PromptKey>) -> Clip {
        if let Some(key) = key {
            match self.on_shelf(Shelf::Music, key.as_str()) {
                Some(clip) => return clip,
                None => tracing::warn!(%key, "there is no such music on hold; the default is played"),
            }
        }
        self.on_shelf(Shelf::Music, DEFAULT_MUSIC).unwrap_or_else(|| silence(1_000))
    }

    /// A sentence as the clips to play one after the other, spoken at a moment.
    ///
    /// # Errors
    /// When one of its prompts does not exist in any language: a sentence with a hole may say the wrong thing, so
    /// nothing of it is given out.
    pub fn sentence(&self, language: Language, sentence: &[Spoken], at: Timestamp) -> Result<Vec<Clip>, MissingPrompt> {
        say::tokens(language, sentence, at).iter().map(|token| self.token(language, token)).collect()
    }

    fn token(&self, language: Language, token: &Token) -> Result<Clip, MissingPrompt> {
        match token {
            Token::Prompt(key) => self.clip(key, language).ok_or_else(|| MissingPrompt { key: key.clone(), language }),
            Token::Word(word) => {
                // Not from the other language, as prompts are: a word of it would not fit into the sentence.
                let name = word.to_string();
                match (self.on_shelf(Shelf::Words(language), &name), PromptKey::new(&name)) {
                    (Some(clip), _) => Ok(clip),
                    (None, Ok(key)) => Err(MissingPrompt { key, language }),
                    (None, Err(_)) => Ok(silence(Pause::Short.length_ms())),
                }
            }
            Token::Pause(pause) => {
                let slot = match pause {
                    Pause::Short => 0,
                    Pause::Long => 1,
                };
                Ok(self.shared.pauses[slot].get_or_init(|| silence(pause.length_ms())).clone())
            }
            Token::Tone => Ok(self.shared.tone.get_or_init(tone).clone()),
        }
    }

    /// Every prompt that can be named, with the languages in which it can be played; music counts in all of them.
    #[must_use]
    pub fn catalogue(&self) -> BTreeMap<PromptKey, BTreeSet<Language>> {
        let mut catalogue: BTreeMap<PromptKey, BTreeSet<Language>> = BTreeMap::new();
        let mut add = |name: &str, languages: &[Language]| {
            if let Ok(key) = PromptKey::new(name) {
                catalogue.entry(key).or_default().extend(languages);
            }
        };
        for language in LANGUAGES {
            shipped_in(language).iter().for_each(|name| add(name, &[language]));
        }
        for shelf in Shelf::ALL {
            let Some(folder) = self.shared.folder.as_ref().map(|folder| folder.join(shelf.folder())) else { continue };
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for path in entries.flatten().take(MOST_CHECKED).map(|entry| entry.path()) {
                let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".wav"));
                match (name, shelf) {
                    (Some(name), Shelf::Words(language)) => add(name, &[language]),
                    (Some(name), Shelf::Music) => add(name, &LANGUAGES),
                    (None, _) => {}
                }
            }
        }
        catalogue
    }

    /// Forgets what was decoded, so that files that have changed are read again. What is being played plays on.
    pub fn refresh(&self) {
        *self.cache() = Cache::default();
    }

    /// Every file of the folder that cannot be used, each with what to do about it. Reads all of them.
    #[must_use]
    pub fn check(&self) -> Vec<PromptProblem> {
        let mut problems = Vec::new();
        let mut seen = 0;
        for shelf in Shelf::ALL {
            let Some(folder) = self.shared.folder.as_ref().map(|folder| folder.join(shelf.folder())) else { continue };
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for path in entries.flatten().map(|entry| entry.path()) {
                seen += 1;
                if seen > MOST_CHECKED {
                    problems.push(PromptProblem { path: folder, problem: FileProblem::TooMany });
                    return problems;
                }
                if let Some(problem) = check_file(&path) {
                    problems.push(PromptProblem { path, problem });
                }
            }
        }
        problems.sort_by(|one, other| one.path.cmp(&other.path));
        problems
    }

    fn named(&self, name: &str, language: Language) -> Option<Clip> {
        let others = LANGUAGES.into_iter().filter(|other| *other != language);
        std::iter::once(language).chain(others).find_map(|language| self.on_shelf(Shelf::Words(language), name))
    }

    fn on_shelf(&self, shelf: Shelf, name: &str) -> Option<Clip> {
        if let Some(clip) = self.cache().get(shelf, name) {
            return Some(clip);
        }
        // Read without the lock: two callers may decode the same file, and nobody waits for a disk.
        let clip = self.own(shelf, name).or_else(|| shipped(shelf, name))?;
        self.cache().put(shelf, name, &clip);
        Some(clip)
    }

    /// An administrator's own clip. A key has neither `/` nor a leading `.`, so it cannot lead out of the folder.
    fn own(&self, shelf: Shelf, name: &str) -> Option<Clip> {
        PromptKey::new(name).ok()?;
        let path = self.shared.folder.as_ref()?.join(shelf.folder()).join(format!("{name}.wav"));
        match read(&path) {
            Ok(clip) => clip,
            Err(problem) => {
                let problem = PromptProblem { path, problem };
                tracing::warn!("{problem}; the shipped prompt of this name is played, if there is one");
                None
            }
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PromptLibrary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromptLibrary").field("folder", &self.shared.folder).finish_non_exhaustive()
    }
}

/// The names of the prompts that are shipped in a language.
#[must_use]
pub fn shipped_in(language: Language) -> Vec<String> {
    let folder = format!("{}/", language.code());
    let name = |path: &str| Some(path.strip_prefix(&folder)?.strip_suffix(".wav")?.to_owned());
    Shipped::iter().filter_map(|path| name(&path)).collect()
}

fn shipped(shelf: Shelf, name: &str) -> Option<Clip> {
    let path = format!("{}/{name}.wav", shelf.folder());
    let file = Shipped::get(&path)?;
    match wav::decode(&file.data) {
        Ok(samples) => Some(Clip::new(samples)),
        Err(problem) => {
            tracing::error!(path, %problem, "a shipped prompt is broken");
            None
        }
    }
}

/// A file as a clip; nothing where there is no file.
fn read(path: &Path) -> Result<Option<Clip>, FileProblem> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileProblem::Unreadable(error)),
    };
    let length = file.metadata().map_err(FileProblem::Unreadable)?.len();
    if length > MOST_BYTES {
        return Err(FileProblem::TooLarge(length));
    }
    // The file may grow while it is read.
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(FileProblem::Unreadable)?;
    Ok(Some(Clip::new(wav::decode(&bytes)?)))
}

fn check_file(path: &Path) -> Option<FileProblem> {
    if path.extension().is_none_or(|extension| extension != "wav") {
        return Some(FileProblem::NotWav);
    }
    let name = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    if let Err(problem) = PromptKey::new(&name) {
        return Some(FileProblem::Name(problem));
    }
    read(path).err()
}

fn silence(length_ms: u32) -> Clip {
    Clip::new(vec![0; (SAMPLE_RATE / 1_000 * length_ms) as usize])
}

/// The tone before a recording: 1 kHz for 400 ms at −15 dBFS RMS, with soft ends so that it does not click.
fn tone() -> Clip {
    const SAMPLES: u32 = 20 * FRAME_SAMPLES as u32;
    const FADE: f64 = 80.0;
    let sample = |n: u32| {
        let edge = f64::from(n.min(SAMPLES - n)) / FADE;
        let wave = (std::f64::consts::TAU * 1_000.0 * f64::from(n) / f64::from(SAMPLE_RATE)).sin();
        #[expect(clippy::cast_possible_truncation, reason = "far below the range of a sample")]
        let value = (wave * 8_240.0 * edge.min(1.0)) as i16;
        value
    };
    Clip::new((0..SAMPLES).map(sample).collect())
}

/// What was decoded lately; what was not asked for the longest goes first.
#[derive(Default)]
struct Cache {
    clips: BTreeMap<Shelf, BTreeMap<String, Cached>>,
    samples: usize,
    asked: u64,
}

struct Cached {
    clip: Clip,
    asked: u64,
}

impl Cache {
    fn get(&mut self, shelf: Shelf, name: &str) -> Option<Clip> {
        self.asked += 1;
        let cached = self.clips.get_mut(&shelf)?.get_mut(name)?;
        cached.asked = self.asked;
        Some(cached.clip.clone())
    }

    fn put(&mut self, shelf: Shelf, name: &str, clip: &Clip) {
        let cached = Cached { clip: clip.clone(), asked: self.asked };
        self.samples += clip.samples().len();
        if let Some(old) = self.clips.entry(shelf).or_default().insert(name.to_owned(), cached) {
            self.samples -= old.clip.samples().len();
        }
        while self.samples > MOST_CACHED_SAMPLES && self.drop_oldest() {}
    }

    fn drop_oldest(&mut self) -> bool {
        let all = self.clips.iter().flat_map(|(shelf, clips)| clips.iter().map(|(name, it)| (it.asked, *shelf, name)));
        let Some((_, shelf, name)) = all.min() else { return false };
        let name = name.clone();
        let Some(gone) = self.clips.get_mut(&shelf).and_then(|clips| clips.remove(&name)) else { return false };
        self.samples -= gone.clip.samples().len();
        true
    }
}

#[cfg(test)]
pub(crate) mod tests;
