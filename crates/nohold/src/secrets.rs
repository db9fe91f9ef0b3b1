//! The passwords of SIP accounts: those that a configuration names are fetched from where they stand, those that were drawn
//! are kept in a file for whoever sets up the phones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nohold_core::configuration::Password;
use nohold_server::configuration::Reference;
use serde_json::Value;

use crate::data;
use crate::document::Read;

/// The file of drawn passwords in the data folder.
const FILE: &str = "passwords.toml";

/// Letters and digits that nobody takes for another, all of which a phone's keypad can enter.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// 100 bits, as 20 letters of five bits each.
const DRAWN_LETTERS: usize = 20;

/// Finds a password that a configuration in this folder only names the place of.
///
/// # Errors
/// When it is not there; the error names the place, never the password.
pub fn resolve(reference: Reference<'_>, folder: &Path) -> Result<String, String> {
    let text = match reference {
        Reference::Environment(name) => std::env::var(name)
            .map_err(|_| format!("the password should stand in the environment variable {name}: set it"))?,
        Reference::File(name) => {
            let path = folder.join(name);
            let text = fs::read_to_string(&path).map_err(|problem| {
                format!("the password should stand in {} ({problem}): see that it may be read", path.display())
            })?;
            text.lines().next().unwrap_or_default().to_owned()
        }
    };
    if text.is_empty() {
        return Err("the password is empty where it should stand: write one there".into());
    }
    Ok(text)
}

/// The whole document, with passwords in the place of the environment variables and files that it names.
///
/// # Errors
/// When one is not where it should be; the error names the account and the place, never the password.
pub fn resolved(read: &Read) -> anyhow::Result<Value> {
    let mut whole = read.whole.clone();
    let mut put = |pointer: &[&str], password: &Password| -> anyhow::Result<()> {
        let reference = match password {
            Password::Environment(name) => Reference::Environment(name),
            Password::File(name) => Reference::File(name),
            Password::Inline(_) | Password::Generate | Password::Stored => return Ok(()),
        };
        let text =
            resolve(reference, &read.folder).map_err(|problem| anyhow::anyhow!("{}: {problem}", pointer.join(".")))?;
        let place = pointer.iter().try_fold(&mut whole, |place, name| place.get_mut(*name));
        if let Some(place) = place {
            *place = Value::String(text);
        }
        Ok(())
    };
    for (key, extension) in &read.configuration.extensions {
        put(&["extensions", key.as_str(), "password"], &extension.password)?;
    }
    for (key, trunk) in &read.configuration.trunks {
        if let Some(password) = &trunk.password {
            put(&["trunks", key.as_str(), "password"], password)?;
        }
        if let Some(password) = &trunk.inbound.password {
            put(&["trunks", key.as_str(), "inbound", "password"], password)?;
        }
    }
    Ok(whole)
}

/// Draws a password for each of these accounts of a document, and writes it where the document has none of its own.
///
/// # Errors
/// When the system gives no random numbers.
pub fn draw_for(whole: &mut Value, accounts: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut drawn = BTreeMap::new();
    for account in accounts {
        let Some((table, key)) = account.split_once('.') else { continue };
        let inbound = key.strip_suffix(".inbound").filter(|_| table == "trunks");
        let thing = whole.get_mut(table).and_then(|table| table.get_mut(inbound.unwrap_or(key)));
        let holder = if inbound.is_some() { thing.and_then(|trunk| trunk.get_mut("inbound")) } else { thing };
        if let Some(place) = holder.and_then(|holder| holder.get_mut("password")) {
            let password = draw()?;
            *place = Value::String(password.clone());
            drawn.insert(account.clone(), password);
        }
    }
    Ok(drawn)
}

/// Adds passwords that were drawn to the file for whoever sets up the phones; its path, where there were any.
///
/// # Errors
/// When the file cannot be read or written.
pub fn keep_drawn(data: &Path, drawn: &BTreeMap<String, String>) -> anyhow::Result<Option<PathBuf>> {
    if drawn.is_empty() {
        return Ok(None);
    }
    let file = data.join(FILE);
    let mut kept = kept(&file)?;
    kept.extend(drawn.iter().map(owned));
    write(&file, &kept)?;
    Ok(Some(file))
}

/// Takes passwords out of the file that hold no more: their accounts have others now, or are gone. Without a word of what is
/// right, a wrong one would be tried on phone after phone.
///
/// `holds` says whether an account has this password.
///
/// # Errors
/// When the file cannot be read or written.
pub fn forget_stale(data: &Path, holds: impl Fn(&str, &str) -> bool) -> anyhow::Result<()> {
    let file = data.join(FILE);
    let kept = kept(&file)?;
    let good: BTreeMap<String, String> =
        kept.iter().filter(|(account, password)| holds(account, password)).map(owned).collect();
    if good.len() == kept.len() {
        return Ok(());
    }
    tracing::info!(forgotten = kept.len() - good.len(), "passwords that hold no more are taken out of {FILE}");
    write(&file, &good)
}

/// The file of drawn passwords as it is, to be put back where a change does not come about.
#[derive(Debug)]
pub struct Before {
    file: PathBuf,
    kept: BTreeMap<String, String>,
}

impl Before {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(data: &Path) -> anyhow::Result<Self> {
        let file = data.join(FILE);
        Ok(Before { kept: kept(&file)?, file })
    }

    /// Puts it back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_back(&self) -> anyhow::Result<()> {
        if self.kept.is_empty() {
            return match fs::remove_file(&self.file) {
                Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => Err(problem.into()),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        write(&self.file, &self.kept)
    }
}

fn owned((account, password): (&String, &String)) -> (String, String) {
    (account.clone(), password.clone())
}

fn kept(file: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    match fs::read_to_string(file) {
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(problem) => Err(problem).with_context(|| format!("cannot read {}", file.display())),
        // The parser's own words would show the line, and the password in it.
        Ok(text) => toml::from_str(&text)
            .map_err(|_| anyhow::anyhow!("{} is not as it was written: mend it or remove it", file.display())),
    }
}

fn write(file: &Path, kept: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let mut text =
        "# Passwords of SIP accounts, drawn by nohold. Whoever reads this can make calls. One that is changed goes \
        from here.\n"
            .to_owned();
    for (account, password) in kept {
        // Accounts are keys and passwords are letters and digits: nothing here needs to be escaped.
        writeln!(text, "\"{account}\" = \"{password}\"")?;
    }
    data::write_private(file, &text).with_context(|| format!("cannot write {}", file.display()))
}

/// A new password.
///
/// # Errors
/// When the system gives no random numbers.
pub fn draw() -> anyhow::Result<String> {
    let mut bytes = [0u8; DRAWN_LETTERS];
    getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}
