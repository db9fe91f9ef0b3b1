//! A certificate that we make ourselves.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use x509_cert::der::pem::{LineEnding, encode_string};

use super::pair::{Pair, Texts};
use super::{Files, UnusableCertificate};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// So long one holds: the longest that all browsers take.
const HOLDS: Duration = DAY.saturating_mul(825);

/// So long before its end it is replaced.
const RENEWED_BEFORE_ITS_END: Duration = DAY.saturating_mul(30);

/// Where ours stands in this folder.
pub(super) fn files(folder: &Path) -> Files {
    Files { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") }
}

/// Whether it has to be replaced.
pub(super) fn ends_soon(pair: &Pair, now: SystemTime) -> bool {
    now + RENEWED_BEFORE_ITS_END >= pair.until
}

/// Makes one for these names, and keeps it in the folder where that is possible.
pub(super) fn make(folder: &Path, names: &[String], now: SystemTime) -> Result<(Pair, Texts), UnusableCertificate> {
    let texts = draw(names, now)?;
    let files = files(folder);
    let pair = Pair::of(&Texts::new(texts.0.clone(), texts.1.clone()), &files)?;
    if let Err(problem) = keep(folder, &files, &texts) {
        tracing::warn!(
            %problem,
            folder = %folder.display(),
            "the certificate that was made cannot be kept, and browsers will warn of another one after the next start: make \
             room on the disk, or see that the folder can be written"
        );
    }
    Ok((pair, Texts::new(texts.0, texts.1)))
}

/// A certificate and its key, as PEM.
fn draw(names: &[String], now: SystemTime) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let fits: Vec<String> = names.iter().filter(|name| can_be_named(name)).cloned().collect();
    let mut params = CertificateParams::new(fits)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Nohold");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Clocks of others may be behind ours.
    let from = rcgen::date_time_ymd(1970, 1, 1) + since_1970.saturating_sub(DAY);
    params.not_before = from;
    params.not_after = from + HOLDS;
    let certificate = params.self_signed(&key)?;
    let pem = |label: &str, der: &[u8]| {
        encode_string(label, LineEnding::LF, der).map_err(|_| rcgen::Error::CouldNotParseCertificate)
    };
    Ok((pem("CERTIFICATE", certificate.der())?, pem("PRIVATE KEY", key.serialized_der())?))
}

/// Whether a certificate can name it: an address, or a host name of letters, digits and hyphens (RFC 1123 §2.1).
fn can_be_named(name: &str) -> bool {
    let part = |part: &str| {
        (1..=63).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.parse::<std::net::IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(part))
}

/// The key first: a crash between the two leaves a pair that does not fit, and another one is made in its place.
fn keep(folder: &Path, files: &Files, (certificate, key): &(String, String)) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    write(&files.key, key, 0o600)?;
    write(&files.certificate, certificate, 0o644)?;
    fs::File::open(folder)?.sync_all()
}

/// Writes a file whole or not at all.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let beside = path.with_extension("new");
    // What an earlier try has left may belong to everybody.
    match fs::remove_file(&beside) {
        Err(problem) if problem.kind() != io::ErrorKind::NotFound => return Err(problem),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(mode).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
