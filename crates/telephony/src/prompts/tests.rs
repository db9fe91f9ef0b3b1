use std::collections::{BTreeMap, BTreeSet};

use nohold_flow::Builtin;
use nohold_model::Millis;

use super::*;
use crate::codec::Codec;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What each prompt of a language says, from the file that stands beside the audio.
pub(crate) fn texts(language: Language) -> BTreeMap<String, String> {
    let path = format!("{ROOT}/prompts/{}.toml", language.code());
    let table: toml::Table = fs::read_to_string(path).unwrap().parse().unwrap();
    let text = |value: &toml::Value| value.get("text").unwrap_or(value).as_str().unwrap().to_owned();
    table.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

fn key(text: &str) -> PromptKey {
    PromptKey::new(text).unwrap()
}

fn set<T: ToString>(all: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    all.into_iter().map(|one| one.to_string()).collect()
}

/// The prompts that the shipped flows play.
fn of_flows() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for entry in fs::read_dir(format!("{ROOT}/scenario/flows")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        keys.extend(text.split("\"prompt\": \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    assert!(keys.contains("queue-menu") && keys.contains("after-hours-menu"), "{keys:?}");
    keys
}

fn rms(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (sum / f64::from(u32::try_from(samples.len()).unwrap().max(1))).sqrt() / 32_768.0
}

fn dbfs(level: f64) -> f64 {
    20.0 * level.max(1e-9).log10()
}

#[test]
fn what_is_played_has_a_text_and_what_has_a_text_is_played() {
    for language in LANGUAGES {
        let mut wanted = of_flows();
        wanted.extend(set(Builtin::ALL.iter().map(|builtin| builtin.default_key())));
        wanted.extend(set(Notice::ALL.iter().map(|notice| notice.key())));
        wanted.extend(set(say::words(language)));
        let texts: BTreeSet<String> = texts(language).into_keys().collect();
        let without_text: Vec<_> = wanted.difference(&texts).collect();
        let never_played: Vec<_> = texts.difference(&wanted).collect();
        assert!(without_text.is_empty() && never_played.is_empty(), "{language:?}: {without_text:?} {never_played:?}");
    }
}

#[test]
fn every_text_has_a_file_and_every_file_a_text() {
    for language in LANGUAGES {
        assert_eq!(set(shipped_in(language)), texts(language).into_keys().collect(), "{language:?}");
    }
}

#[test]
fn every_shipped_prompt_is_clear_speech() {
    let library = PromptLibrary::shipped();
    for language in LANGUAGES {
        for (name, text) in texts(language) {
            assert!(!text.trim().is_empty(), "{language:?} {name}");
            // Not through the cache: a file that is broken in one language must not be mended by the other.
            let clip = shipped(Shelf::Words(language), &name).unwrap_or_else(|| panic!("{language:?} {name}"));
            assert_eq!(library.clip(&key(&name), language).unwrap().samples(), clip.samples());
            let frames: Vec<f64> = clip.samples().chunks(FRAME_SAMPLES).map(rms).collect();
            let loudest = frames.iter().copied().fold(0.0, f64::max);
            let heard: Vec<f64> = frames.iter().copied().filter(|frame| *frame > loudest * 0.0316).collect();
            let level = (heard.iter().map(|frame| frame * frame).sum::<f64>() / heard.len() as f64).sqrt();
            assert!((-23.0..=-17.0).contains(&dbfs(level)), "{language:?} {name}: {} dBFS", dbfs(level));
            let peak = clip.samples().iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!(peak < 29_200, "{language:?} {name} is near to clipping: {peak}");
            let is_quiet = |frame: &&f64| dbfs(**frame) < -52.0;
            let quiet = (frames.iter().take_while(is_quiet).count(), frames.iter().rev().take_while(is_quiet).count());
            // A quarter of a second, because an *s* or *th* at an end lies mostly above the telephone's band and is faint.
            assert!(quiet.0 <= 10 && quiet.1 <= 12, "{language:?} {name} has frames of silence at its ends: {quiet:?}");
            assert!((200..12_000).contains(&clip.length_ms()), "{language:?} {name}: {} ms", clip.length_ms());
        }
    }
}

/// The energy of each hertz-wide part of one block, as pairs of hertz and energy.
fn spectrum(block: &[i16]) -> Vec<(f64, f64)> {
    let length = f64::from(u32::try_from(block.len()).unwrap());
    let energy = |bin: u32| {
        let step = std::f64::consts::TAU * f64::from(bin) / length;
        let parts = block.iter().zip(0_u32..).fold((0.0, 0.0), |(re, im), (sample, n)| {
            let window = 0.5 - 0.5 * (std::f64::consts::TAU * f64::from(n) / length).cos();
            let (sin, cos) = (step * f64::from(n)).sin_cos();
            (re + f64::from(*sample) * window * cos, im + f64::from(*sample) * window * sin)
        });
        (f64::from(bin) * f64::from(SAMPLE_RATE) / length, parts.0.powi(2) + parts.1.powi(2))
    };
    (0..u32::try_from(block.len()).unwrap() / 2).map(energy).collect()
}

#[test]
fn the_music_on_hold_is_fit_for_a_telephone_and_for_a_long_wait() {
    let music = PromptLibrary::shipped().music(None);
    assert!((30_000..=60_000).contains(&music.length_ms()), "{} ms", music.length_ms());
    let level = dbfs(rms(music.samples()));
    assert!((-24.0..=-20.0).contains(&level), "{level} dBFS");
    assert!(music.samples().iter().all(|sample| sample.unsigned_abs() < 29_200));
    // Whole frames, so that nothing is filled up with silence where the end meets the beginning.
    let step = |pair: &[i16]| (i32::from(pair[1]) - i32::from(pair[0])).unsigned_abs();
    let greatest = music.samples().windows(2).map(step).max().unwrap();
    let seam = step(&[*music.samples().last().unwrap(), music.samples()[0]]);
    assert!(seam < greatest / 2, "the loop jumps by {seam}, and by {greatest} at most within");

    let (mut within, mut all, mut centroids) = (0.0, 0.0, Vec::new());
    for block in music.samples().chunks_exact(512).step_by(8) {
        let spectrum = spectrum(block);
        let energy: f64 = spectrum.iter().map(|(_, energy)| energy).sum();
        within += spectrum.iter().filter(|(hz, _)| (250.0..3_400.0).contains(hz)).map(|(_, it)| it).sum::<f64>();
        all += energy;
        centroids.push(spectrum.iter().map(|(hz, energy)| hz * energy).sum::<f64>() / energy);
    }
    assert!(within / all > 0.95, "only {} of the energy is where a telephone can sound it", within / all);
    let (low, high) = centroids.iter().fold((f64::MAX, 0.0_f64), |(low, high), it| (low.min(*it), high.max(*it)));
    assert!(high / low > 1.3, "one colour all the way: {low} to {high} Hz");
}

#[test]
fn a_sentence_is_clips_one_after_the_other() {
    let library = PromptLibrary::shipped();
    let at = Timestamp::EPOCH;
    let sentence = [Spoken::Prompt(key("message-greeting")), Spoken::Tone];
    let clips = library.sentence(Language::English, &sentence, at).unwrap();
    let greeting = library.clip(&key("message-greeting"), Language::English).unwrap();
    assert_eq!(clips.len(), 3);
    assert_eq!(clips[0].samples(), greeting.samples());
    assert_eq!(clips[1].length_ms(), 300);
    assert!(clips[1].samples().iter().all(|sample| *sample == 0));
    assert_eq!(clips[2].length_ms(), 400);
    assert!((-16.5..-14.5).contains(&dbfs(rms(clips[2].samples()))), "{}", dbfs(rms(clips[2].samples())));
    assert!(library.sentence(Language::Chinese, &[], at).unwrap().is_empty());
}

#[test]
fn repeated_clips_are_shared_with_their_encodings() {
    let library = PromptLibrary::shipped();
    let of = |sentence: &[Spoken]| library.sentence(Language::Chinese, sentence, Timestamp::EPOCH).unwrap();
    let one = of(&[Spoken::Digits("5".into()), Spoken::Tone]);
    let other = of(&[Spoken::Digits("5".into()), Spoken::Tone]);
    for (one, other) in one.iter().zip(&other) {
        assert!(std::ptr::eq(one.frame(Codec::Pcma, 0).unwrap(), other.frame(Codec::Pcma, 0).unwrap()));
    }
}

#[test]
fn a_missing_prompt_is_named_with_what_to_do() {
    let sentence = [Spoken::Prompt(key("welcome")), Spoken::Soon];
    let missing = PromptLibrary::shipped().sentence(Language::Chinese, &sentence, Timestamp::EPOCH).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "there is no prompt `welcome`: record it as `zh/welcome.wav` in the folder of prompts, or choose another prompt"
    );
}

/// A folder of an administrator's own prompts, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nohold-prompts-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        for shelf in Shelf::ALL {
            fs::create_dir_all(path.join(shelf.folder())).unwrap();
        }
        Folder(path)
    }

    fn put(&self, file: &str, samples: &[i16]) {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(self.0.join(file), spec).unwrap();
        samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
        writer.finalize().unwrap();
    }

    fn library(&self) -> PromptLibrary {
        PromptLibrary::with_folder(self.0.clone())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_own_prompt_goes_before_the_shipped_one_and_may_be_new() {
    let folder = Folder::new("own");
    folder.put("en/queue-menu.wav", &[1; 160]);
    folder.put("zh/welcome.wav", &[2; 160]);
    folder.put("music/harp.wav", &[3; 160]);
    folder.put("zh/digit-5.wav", &[4; 160]);
    let library = folder.library();
    assert_eq!(library.clip(&key("queue-menu"), Language::English).unwrap().samples(), [1; 160]);
    // In the language that lacks it, the other one's is better than nothing.
    assert_eq!(library.clip(&key("welcome"), Language::English).unwrap().samples(), [2; 160]);
    assert_eq!(library.music(Some(&key("harp"))).samples(), [3; 160]);
    assert_eq!(library.music(Some(&key("no-such"))).samples(), library.music(None).samples());
    let five = library.sentence(Language::Chinese, &[Spoken::Digits("5".into())], Timestamp::EPOCH).unwrap();
    assert_eq!(five[0].samples(), [4; 160]);
    assert!(library.check().is_empty());
}

#[test]
fn a_broken_file_is_reported_and_stops_no_other() {
    let folder = Folder::new("broken");
    folder.put("en/fine.wav", &[7; 160]);
    fs::write(folder.0.join("en/queue-menu.wav"), b"not audio").unwrap();
    fs::write(folder.0.join("zh/Welcome Message.wav"), b"").unwrap();
    fs::write(folder.0.join("zh/song.mp3"), b"").unwrap();
    fs::create_dir(folder.0.join("music/default.wav")).unwrap();
    let library = folder.library();
    let problems: Vec<String> = library.check().iter().map(ToString::to_string).collect();
    let says = |file: &str, what: &str| problems.iter().any(|it| it.contains(file) && it.contains(what));
    assert_eq!(problems.len(), 4, "{problems:#?}");
    assert!(says("en/queue-menu.wav", "it is not a WAV file: convert it with `sox"), "{problems:#?}");
    assert!(says("zh/Welcome Message.wav", "is not a key"), "{problems:#?}");
    assert!(says("zh/song.mp3", "convert it"), "{problems:#?}");
    assert!(says("music/default.wav", "it cannot be read"), "{problems:#?}");
    // The shipped ones stand in.
    let shipped = PromptLibrary::shipped();
    let menu = |library: &PromptLibrary| library.clip(&key("queue-menu"), Language::English).unwrap();
    assert_eq!(menu(&library).samples(), menu(&shipped).samples());
    assert_eq!(library.music(None).samples(), shipped.music(None).samples());
    assert_eq!(library.clip(&key("fine"), Language::Chinese).unwrap().samples(), [7; 160]);
}

#[test]
fn a_changed_file_is_read_after_a_refresh() {
    let folder = Folder::new("changed");
    folder.put("en/hello.wav", &[1; 160]);
    let library = folder.library();
    let heard = || library.clip(&key("hello"), Language::English).unwrap().samples()[0];
    assert_eq!(heard(), 1);
    folder.put("en/hello.wav", &[2; 160]);
    assert_eq!(heard(), 1);
    library.refresh();
    assert_eq!(heard(), 2);
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let folder = Folder::new("traversal");
    folder.put("secret.wav", &[9; 160]);
    folder.put("en/fine.wav", &[7; 160]);
    let library = folder.library();
    for name in ["../secret", "../en/fine", "/etc/passwd", "..", "en/fine", ""] {
        assert!(library.on_shelf(Shelf::Words(Language::English), name).is_none(), "{name}");
        assert!(PromptKey::new(name).is_err(), "{name}");
    }
    assert!(library.on_shelf(Shelf::Words(Language::English), "fine").is_some());
}

#[test]
fn the_cache_keeps_what_was_asked_for_last() {
    let mut cache = Cache::default();
    let shelf = Shelf::Words(Language::English);
    let clip = Clip::new(vec![0; MOST_CACHED_SAMPLES / 4 - FRAME_SAMPLES]);
    for name in ["a", "b", "c", "d"] {
        assert!(cache.get(shelf, name).is_none());
        cache.put(shelf, name, &clip);
    }
    assert!(cache.get(shelf, "a").is_some());
    assert!(cache.get(Shelf::Music, "e").is_none());
    cache.put(Shelf::Music, "e", &clip);
    assert!(cache.get(shelf, "b").is_none(), "it was not asked for the longest");
    assert!(cache.get(shelf, "a").is_some() && cache.get(Shelf::Music, "e").is_some());
    assert!(cache.samples <= MOST_CACHED_SAMPLES);
}

#[test]
fn all_that_is_shipped_fits_the_cache() {
    let library = PromptLibrary::shipped();
    for language in LANGUAGES {
        for name in shipped_in(language) {
            assert!(library.clip(&key(&name), language).is_some(), "{name}");
        }
    }
    let samples = library.cache().samples;
    assert!(samples < MOST_CACHED_SAMPLES / 2, "{samples}");
    let length = Millis::new(samples as u64 / u64::from(SAMPLE_RATE / 1_000));
    assert!(length > Millis::minutes(5), "{length:?}");
}
