//! HTTPS by the server itself, with a certificate of the site's own or with one that we have made.
//!
//! Browsers give a page the microphone only where it came by HTTPS or from the machine itself, so agents elsewhere need it.
//! A certificate that is renewed in its files is taken over while the server runs. One that cannot be used changes nothing: the
//! one before it holds, and the log and the status say so.

mod made;
mod pair;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use thiserror::Error;

use pair::{Pair, Texts};

/// So often it is looked whether a certificate was renewed, or has to be.
const LOOK_EACH: Duration = Duration::from_secs(10);

/// An own certificate that ends within this is doubtful: whoever renews it has most likely stopped doing so.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Where certificate and key stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate, and behind it those that lead to its authority, as PEM (RFC 7468).
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum UnusableCertificate {
    /// A file cannot be read.
    #[error("cannot read the {what} {}: {problem}: see that it is there and that this user may read it", path.display())]
    Unreadable {
        /// `certificate` or `key`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        problem: std::io::Error,
    },
    /// It holds nothing of the kind.
    #[error("{} holds no {what} that can be used: {problem}: it has to be PEM, as certification authorities hand it out", path.display())]
    Form {
        /// What it should hold.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// Certificate and key are not of each other, or of a kind that is not supported.
    #[error(
        "the certificate {} and the key {} cannot be used together: {problem}: name the two that were made for each other",
        files.certificate.display(), files.key.display()
    )]
    Pair {
        /// The two.
        files: Files,
        /// Why not.
        problem: rustls::Error,
    },
    /// None could be made.
    #[error("a certificate could not be made: {0}")]
    Made(#[from] rcgen::Error),
}

/// Where a certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The site has it from somebody whom browsers trust, or has made it.
    Own,
    /// We have made it, and nobody vouches for it: browsers warn.
    SelfSigned,
}

/// What there is to say of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Where it comes from.
    pub origin: Origin,
    /// SHA-256 of it, as browsers show it: `AB:CD:…`. By it people can tell that a warning speaks of this server.
    pub fingerprint: String,
    /// Names and addresses that it is for.
    pub names: Vec<String>,
    /// When it ends.
    pub until: SystemTime,
    /// What is wrong with it, or with the one that should have taken its place.
    pub problem: Option<String>,
}

/// What TLS connections are answered with. Clones are the same.
#[derive(Clone)]
pub struct Tls {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    held: Mutex<Held>,
}

enum Source {
    Own(Files),
    SelfSigned { folder: PathBuf, names: Vec<String> },
}

/// The certificate that holds.
struct Held {
    pair: Pair,
    texts: Texts,
    refused: Option<Refused>,
}

/// What stands in the files instead, and cannot be used.
struct Refused {
    /// Nothing where they cannot be read.
    texts: Option<Texts>,
    problem: String,
    /// It stands in the log.
    told: bool,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("about", &self.about(SystemTime::now())).finish_non_exhaustive()
    }
}

impl Tls {
    /// HTTPS with a certificate of the site's own.
    ///
    /// # Errors
    /// [`UnusableCertificate`] says which file, and what is wrong with it.
    pub fn own(files: Files) -> Result<Self, UnusableCertificate> {
        let texts = Texts::read(&files)?;
        let pair = Pair::of(&texts, &files)?;
        Ok(Tls::new(Source::Own(files), pair, texts))
    }

    /// HTTPS with a certificate that we make for these names and addresses. It is kept in `folder`, so that a browser that was
    /// told to go on with it once is not asked again; where it cannot be kept there (the disk is full), it holds until the end
    /// of this run, which the log says. Names that no certificate can have are left out.
    ///
    /// # Errors
    /// When none can be made.
    pub fn self_signed(folder: &Path, names: Vec<String>, now: SystemTime) -> Result<Self, UnusableCertificate> {
        let files = made::files(folder);
        let kept = Texts::read(&files).and_then(|texts| Ok((Pair::of(&texts, &files)?, texts)));
        let (pair, texts) = match kept {
            Ok((pair, texts)) if !made::ends_soon(&pair, now) => (pair, texts),
            Ok(_) | Err(_) => made::make(folder, &names, now)?,
        };
        Ok(Tls::new(Source::SelfSigned { folder: folder.to_owned(), names }, pair, texts))
    }

    fn new(source: Source, pair: Pair, texts: Texts) -> Self {
        Tls { inner: Arc::new(Inner { source, held: Mutex::new(Held { pair, texts, refused: None }) }) }
    }

    /// Where the certificate comes from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self.inner.source {
            Source::Own(_) => Origin::Own,
            Source::SelfSigned { .. } => Origin::SelfSigned,
        }
    }

    /// The file with the certificate that holds, for programs of this machine that want to know it.
    #[must_use]
    pub fn certificate_file(&self) -> PathBuf {
        match &self.inner.source {
            Source::Own(files) => files.certificate.clone(),
            Source::SelfSigned { folder, .. } => made::files(folder).certificate,
        }
    }

    /// What there is to say of the certificate that holds.
    #[must_use]
    pub fn about(&self, now: SystemTime) -> About {
        let held = self.held();
        let Pair { fingerprint, names, until, .. } = &held.pair;
        let left = until.duration_since(now).ok();
        let problem = match (&held.refused, left) {
            (Some(refused), _) => Some(format!("{}; the one before it holds", refused.problem)),
            (None, None) => Some("it has ended, and browsers refuse it: renew it".to_owned()),
            (None, Some(left)) if self.origin() == Origin::Own && left < ENDS_SOON => {
                Some(format!("it ends in {} days: renew it", left.as_secs() / (24 * 60 * 60)))
            }
            (None, Some(_)) => None,
        };
        About { origin: self.origin(), fingerprint: fingerprint.clone(), names: names.clone(), until: *until, problem }
    }

    /// Looks whether the certificate was renewed, or has to be, and takes the new one over. Reads files.
    pub fn look(&self, now: SystemTime) {
        match &self.inner.source {
            Source::Own(files) => self.look_at(files),
            Source::SelfSigned { folder, names } => {
                if !made::ends_soon(&self.held().pair, now) {
                    return;
                }
                match made::make(folder, names, now) {
                    Ok((pair, texts)) => {
                        tracing::info!(
                            fingerprint = pair.fingerprint,
                            "the certificate would have ended soon, and a new one was made: browsers warn of it once more"
                        );
                        *self.held() = Held { pair, texts, refused: None };
                    }
                    Err(problem) => tracing::warn!(%problem, "the certificate ends soon"),
                }
            }
        }
    }

    fn look_at(&self, files: &Files) {
        let (texts, found) = match Texts::read(files) {
            Ok(texts) if texts == self.held().texts => {
                self.held().refused = None;
                return;
            }
            Ok(texts) => match Pair::of(&texts, files) {
                Ok(pair) => {
                    tracing::info!(fingerprint = pair.fingerprint, "the certificate was renewed and is taken over");
                    *self.held() = Held { pair, texts, refused: None };
                    return;
                }
                Err(problem) => (Some(texts), problem),
            },
            Err(problem) => (None, problem),
        };
        let problem = found.to_string();
        let mut held = self.held();
        // Between the renewals of the two files they do not fit: the log tells it when it lasts until the next look.
        let told = match &held.refused {
            Some(before) if before.texts == texts => {
                if !before.told {
                    tracing::warn!(problem, "the certificate was changed and cannot be used: the one before it holds");
                }
                true
            }
            Some(_) | None => false,
        };
        held.refused = Some(Refused { texts, problem, told });
    }

    /// Looks every few seconds, for as long as it is let.
    pub async fn watch(self) {
        loop {
            tokio::time::sleep(LOOK_EACH).await;
            let of = self.clone();
            // A look that panicked has changed nothing.
            let _ = tokio::task::spawn_blocking(move || of.look(SystemTime::now())).await;
        }
    }

    /// What a new connection is answered with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.held().pair.config)
    }

    /// What is kept is changed whole, so what a panic leaves behind is sound.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.inner.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
