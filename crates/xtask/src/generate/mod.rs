//! `cargo xtask gen`: files that are made from others and committed, because making them needs more than Rust.

mod music;
mod prompts;
mod sound;
mod texts;
mod voice;

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;

/// What to make anew.
#[derive(Subcommand)]
pub enum What {
    /// Speak every text of prompts/en.toml and prompts/zh.toml; needs flite and espeak-ng (`apt-get install flite espeak-ng`)
    Prompts(prompts::Options),
    /// Compose the music on hold, prompts/music/default.wav
    Music,
}

/// Makes it.
///
/// # Errors
/// When a program that is needed is missing, or a file cannot be read or written.
pub fn run(root: &Path, what: &What) -> Result<()> {
    match what {
        What::Prompts(options) => prompts::run(root, options),
        What::Music => music::run(root),
    }
}
