//! Every prompt, spoken from its text.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::texts;
use super::voice::Voice;

/// How loud speech is, in dBFS RMS over what is heard.
const LEVEL: f64 = -20.0;

/// Which prompts to speak.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// Only prompts whose key begins so; without it, all, and files without a text are deleted
    #[arg(long, value_name = "PREFIX")]
    only: Option<String>,
}

/// Speaks them.
///
/// # Errors
/// When a text cannot be read or spoken, or a file cannot be written.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let scratch = root.join("target").join("prompt.wav");
    for voice in Voice::ALL {
        let language = voice.language();
        let folder = root.join("prompts").join(language);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let texts = texts::read(root, language)?;
        let mut spoken = 0;
        for (key, text) in &texts {
            if options.only.as_ref().is_some_and(|only| !key.starts_with(only.as_str())) {
                continue;
            }
            let mut spoken_text = voice.speak(text.to_read(), &scratch)?;
            spoken_text.trim(0.015);
            let mut sound = spoken_text.at_telephone_rate();
            sound.cut_below(150.0);
            sound.lift_above(2_000.0, voice.dullness_db());
            // Much of an *s* lies above what a telephone carries: less is cut off here than at the voice's own rate.
            sound.trim(0.01);
            sound.level(LEVEL);
            ensure!(!sound.samples.is_empty(), "nothing was spoken for `{key}` in {language}");
            sound.write(&folder.join(key).with_extension("wav"))?;
            spoken += 1;
        }
        if options.only.is_none() {
            delete_others(&folder, texts.keys().map(String::as_str).collect())?;
        }
        println!("{spoken} prompts in {}", folder.display());
    }
    Ok(())
}

fn delete_others(folder: &Path, keys: BTreeSet<&str>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let has_text = path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| keys.contains(stem));
        if !has_text && path.extension().is_some_and(|extension| extension == "wav") {
            fs::remove_file(&path).with_context(|| format!("cannot delete {}", path.display()))?;
        }
    }
    Ok(())
}
