//! The passwords of SIP accounts, from wherever they stand; those that are to be generated are drawn once and kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nohold_core::configuration::{Configuration, Password, Secret};
use nohold_model::{ExtensionKey, TrunkKey};

use crate::data;

/// Passwords, found.
#[derive(Debug, Default)]
pub struct Secrets {
    /// Of the accounts of our phones.
    pub extensions: BTreeMap<ExtensionKey, Secret>,
    /// With which we answer a trunk's challenges.
    pub trunks: BTreeMap<TrunkKey, Secret>,
    /// With which a trunk answers ours.
    pub inbound: BTreeMap<TrunkKey, Secret>,
    /// The file of the generated ones, where there are any.
    pub generated: Option<PathBuf>,
}

/// The file of generated passwords in the data folder.
const FILE: &str = "passwords.toml";

/// Letters and digits that nobody takes for another, all of which a phone's keypad can enter.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// 100 bits, as 20 letters of five bits each.
const GENERATED_LETTERS: usize = 20;

/// Finds all passwords of a configuration.
///
/// # Errors
/// When one is not where it should be; the error names the account and the place, never the password.
pub fn find(configuration: &Configuration, folder: &Path, data: &Path) -> anyhow::Result<Secrets> {
    let mut keeper = Keeper::open(data.join(FILE), folder)?;
    let mut secrets = Secrets::default();
    for (key, extension) in &configuration.extensions {
        let secret = keeper.find(&format!("extensions.{key}"), &extension.password)?;
        secrets.extensions.insert(key.clone(), secret);
    }
    for (key, trunk) in &configuration.trunks {
        if let Some(password) = &trunk.password {
            secrets.trunks.insert(key.clone(), keeper.find(&format!("trunks.{key}"), password)?);
        }
        if let Some(password) = &trunk.inbound.password {
            secrets.inbound.insert(key.clone(), keeper.find(&format!("trunks.{key}.inbound"), password)?);
        }
    }
    secrets.generated = keeper.close()?;
    Ok(secrets)
}

/// Keeps generated passwords in a file.
struct Keeper<'a> {
    file: PathBuf,
    folder: &'a Path,
    kept: BTreeMap<String, String>,
    drawn: bool,
    used: bool,
}

impl<'a> Keeper<'a> {
    fn open(file: PathBuf, folder: &'a Path) -> anyhow::Result<Self> {
        let kept = match fs::read_to_string(&file) {
            Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(problem) => return Err(problem).with_context(|| format!("cannot read {}", file.display())),
            // The parser's own words would show the line, and the password in it.
            Ok(text) => toml::from_str(&text).map_err(|_| {
                anyhow::anyhow!(
                    "{} is not as it was written: mend it, or remove it to draw new passwords",
                    file.display()
                )
            })?,
        };
        Ok(Keeper { file, folder, kept, drawn: false, used: false })
    }

    fn find(&mut self, account: &str, password: &Password) -> anyhow::Result<Secret> {
        let text = match password {
            Password::Inline(secret) => return Ok(secret.clone()),
            Password::Environment(name) => std::env::var(name).with_context(|| {
                format!("the password of {account} should stand in the environment variable {name}: set it")
            })?,
            Password::File(name) => {
                let path = self.folder.join(name);
                let text = fs::read_to_string(&path).with_context(|| {
                    format!("the password of {account} should stand in {}: see that it may be read", path.display())
                })?;
                text.lines().next().unwrap_or_default().to_owned()
            }
            Password::Generate => self.generated(account)?,
            Password::Stored => bail!(
                "the password of {account} is `stored`, and there is no store to find it in: write it otherwise, for \
                 example as `{{ generate = true }}`"
            ),
        };
        if text.is_empty() {
            bail!("the password of {account} is empty where it should stand: write one there");
        }
        Ok(Secret::new(text))
    }

    fn generated(&mut self, account: &str) -> anyhow::Result<String> {
        self.used = true;
        if let Some(known) = self.kept.get(account) {
            return Ok(known.clone());
        }
        let drawn = draw()?;
        self.drawn = true;
        self.kept.insert(account.to_owned(), drawn.clone());
        Ok(drawn)
    }

    fn close(self) -> anyhow::Result<Option<PathBuf>> {
        if self.drawn {
            let mut text =
                "# Passwords of SIP accounts, drawn by nohold. Whoever reads this can make calls.\n".to_owned();
            for (account, password) in &self.kept {
                // Accounts are keys and passwords are letters and digits: nothing here needs to be escaped.
                writeln!(text, "\"{account}\" = \"{password}\"")?;
            }
            data::write_private(&self.file, &text).with_context(|| format!("cannot write {}", self.file.display()))?;
        }
        Ok(self.used.then_some(self.file))
    }
}

fn draw() -> anyhow::Result<String> {
    let mut bytes = [0u8; GENERATED_LETTERS];
    getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}
