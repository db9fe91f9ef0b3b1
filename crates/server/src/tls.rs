//! HTTPS by the server itself: a certificate of the site's own, or one that nobody has signed but we.
//!
//! Browsers give a page the microphone only where the page came by HTTPS or from the machine itself, so agents elsewhere need
//! it. One port serves both: a connection whose first byte begins a TLS handshake (RFC 8446 §5.1) is one, everything else is plain
//! HTTP, which this machine's own programs may speak and which others are sent from to HTTPS.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// So often it is looked whether a certificate was renewed.
const LOOK_EACH: Duration = Duration::from_secs(60);
/// A certificate of our own making holds so many years.
const YEARS: i32 = 10;

/// Why there is no HTTPS.
#[derive(Debug, Error)]
pub enum Unusable {
    /// A file cannot be read, or holds nothing of the kind.
    #[error("{} holds no {what} that can be used: {problem}; it has to be PEM", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// Why not.
        problem: rustls::pki_types::pem::Error,
    },
    /// Certificate and key are not of each other, or of a kind that is not supported.
    #[error("certificate {} and key {} cannot be used together: {problem}", certificate.display(), key.display())]
    Pair {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// Why not.
        problem: rustls::Error,
    },
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Made(#[from] rcgen::Error),
    /// It could not be written.
    #[error("cannot write {}: {problem}", path.display())]
    Written {
        /// Where.
        path: PathBuf,
        /// Why not.
        problem: std::io::Error,
    },
}

/// Where certificate and key stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate with those that lead to the authority, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// What TLS connections are answered with; renewed files are taken over within a minute.
pub struct Tls {
    files: Files,
    self_signed: bool,
    now: Mutex<Now>,
}

struct Now {
    config: Arc<ServerConfig>,
    changed: [Option<SystemTime>; 2],
    looked: Instant,
}

impl Tls {
    /// HTTPS with a certificate of the site's own.
    ///
    /// # Errors
    /// [`Unusable`] says which file, and what is wrong with it.
    pub fn with(files: Files) -> Result<Self, Unusable> {
        Tls::load(files, false)
    }

    /// HTTPS with a certificate that we have made ourselves, for these names and addresses. It is kept in `folder`, so that a browser
    /// that was told to trust it once is not asked again.
    ///
    /// # Errors
    /// When it can be neither read nor made.
    pub fn self_signed(folder: &Path, names: Vec<String>) -> Result<Self, Unusable> {
        let files = Files { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
        if !files.certificate.is_file() || !files.key.is_file() {
            make(folder, &files, names)?;
        }
        Tls::load(files, true)
    }

    fn load(files: Files, self_signed: bool) -> Result<Self, Unusable> {
        let (changed, config) = (files.changed(), files.config()?);
        let now = Now { config, changed, looked: Instant::now() };
        Ok(Tls { files, self_signed, now: Mutex::new(now) })
    }

    /// Whether browsers will warn of it.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.self_signed
    }

    /// SHA-256 of the certificate, as browsers show it: by it people can tell that the warning speaks of this server.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn fingerprint(&self) -> Result<String, Unusable> {
        let certificate = self.files.certificates()?.into_iter().next();
        let bytes = Sha256::digest(certificate.as_deref().unwrap_or_default());
        Ok(bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"))
    }

    /// What a new connection is answered with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.looked.elapsed() >= LOOK_EACH {
            now.looked = Instant::now();
            let changed = self.files.changed();
            if changed != now.changed {
                match self.files.config() {
                    Ok(config) => (now.config, now.changed) = (config, changed),
                    // Half of a renewal: the old one holds until the other half is there.
                    Err(problem) => tracing::warn!(%problem, "the certificate was changed and cannot be used"),
                }
            }
        }
        Arc::clone(&now.config)
    }
}

impl Files {
    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| path.metadata().and_then(|file| file.modified()).ok())
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Unusable> {
        let path = &self.certificate;
        let unusable = |problem| Unusable::File { path: path.clone(), what: "certificate", problem };
        let all: Vec<_> =
            CertificateDer::pem_file_iter(path).map_err(unusable)?.collect::<Result<_, _>>().map_err(unusable)?;
        if all.is_empty() { Err(unusable(rustls::pki_types::pem::Error::NoItemsFound)) } else { Ok(all) }
    }

    fn config(&self) -> Result<Arc<ServerConfig>, Unusable> {
        let certificates = self.certificates()?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|problem| Unusable::File { path: self.key.clone(), what: "private key", problem })?;
        let pair =
            |problem| Unusable::Pair { certificate: self.certificate.clone(), key: self.key.clone(), problem };
        // Named here, so that nothing depends on which provider another library has installed.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(pair)?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn make(folder: &Path, files: &Files, names: Vec<String>) -> Result<(), Unusable> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(rcgen::DnType::CommonName, "Nohold");
    let year = year(SystemTime::now());
    params.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + YEARS, 1, 1);
    let certificate = params.self_signed(&key)?;
    let written = |path: &Path, text: &str| {
        private(folder, path, text).map_err(|problem| Unusable::Written { path: path.to_owned(), problem })
    };
    written(&files.key, &key.serialize_pem())?;
    written(&files.certificate, &certificate.pem())
}

/// For nobody else on this machine to read.
fn private(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn year(at: SystemTime) -> i32 {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
    // The mean year of the Gregorian calendar; a day more or less changes nothing here.
    1970 + i32::try_from(seconds / 31_556_952).unwrap_or_default()
}
