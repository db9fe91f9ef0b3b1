//! The data folder: what must survive the server. One server at a time has it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nohold_telephony::prompts::PromptLibrary;
use thiserror::Error;

/// What callers hear: the shipped prompts, and before them an administrator's own in the data folder.
#[must_use]
pub fn prompts(data: &Path) -> PromptLibrary {
    PromptLibrary::with_folder(data.join("prompts"))
}

/// The data folder of this server, until it is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// Holds the lock; the system gives it back when the process ends, however it does.
    _lock: File,
}

/// Why the data folder cannot be used.
#[derive(Debug, Error)]
pub enum Unusable {
    /// Another server has it.
    #[error("the data folder {} is in use by another nohold: stop that one, or choose another with --data", .0.display())]
    InUse(PathBuf),
    /// Nothing is there.
    #[error(
        "there is no installation in {}: `nohold serve` makes one; if there should be one, name its folder with --data",
        .0.display()
    )]
    Nowhere(PathBuf),
    /// Something else is there.
    #[error("cannot use the data folder {}: it is a file, and a folder is needed: name one with --data", .0.display())]
    NoFolder(PathBuf),
    /// The system refuses.
    #[error("cannot use the data folder {}: {problem}: choose another with --data, or make this one writable", path.display())]
    Refused {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: std::io::Error,
    },
}

impl DataFolder {
    /// Opens the folder, which is made when it is not there, for its owner alone.
    ///
    /// # Errors
    /// When another server has it, or it can be neither made nor written.
    pub fn open(path: &Path) -> Result<Self, Unusable> {
        let refused = |problem| Unusable::Refused { path: path.to_owned(), problem };
        is_no_file(path)?;
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(refused)?;
        let mut options = OpenOptions::new();
        let lock =
            options.create(true).truncate(false).write(true).mode(0o600).open(path.join("lock")).map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => Ok(DataFolder { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Unusable::InUse(path.to_owned())),
            Err(TryLockError::Error(problem)) => Err(refused(problem)),
        }
    }

    /// The same for a folder that has an installation; nothing is made.
    ///
    /// # Errors
    /// As [`DataFolder::open`]; [`Unusable::Nowhere`] where there is none.
    pub fn open_existing(path: &Path) -> Result<Self, Unusable> {
        is_no_file(path)?;
        if nohold_store::sqlite::is_there(path) {
            DataFolder::open(path)
        } else {
            Err(Unusable::Nowhere(path.to_owned()))
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn is_no_file(path: &Path) -> Result<(), Unusable> {
    if path.exists() && !path.is_dir() { Err(Unusable::NoFolder(path.to_owned())) } else { Ok(()) }
}

/// Writes a file that people have named, whole or not at all: what stood there before stays where that is not possible. It is
/// for whom that was for.
///
/// # Errors
/// When the system refuses.
pub fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    // Where a link leads is meant, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&path).ok();
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        // A pipe or a terminal holds nothing that could be lost.
        return fs::write(&path, text);
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = || {
        let mut file = OpenOptions::new().create_new(true).write(true).open(&beside)?;
        if let Some(before) = before {
            file.set_permissions(before.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    };
    written().inspect_err(|_| drop(fs::remove_file(&beside)))
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
/// When the system refuses.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let beside = path.with_extension("new");
    // What an earlier try has left may belong to everybody.
    match fs::remove_file(&beside) {
        Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => return Err(problem),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // The name, too, must be on the disk.
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
