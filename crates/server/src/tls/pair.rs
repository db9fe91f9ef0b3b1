//! A certificate with its key, read from their texts.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::{Files, UnusableCertificate};

/// The longest file that is read. A chain has some kilobytes.
const LONGEST: u64 = 1024 * 1024;

/// What stands in the two files.
#[derive(PartialEq, Eq)]
pub(super) struct Texts {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// A certificate that can be used.
pub(super) struct Pair {
    /// What connections are answered with.
    pub(super) config: Arc<ServerConfig>,
    /// SHA-256 of it, as browsers show it.
    pub(super) fingerprint: String,
    /// Names and addresses that it is for.
    pub(super) names: Vec<String>,
    /// When it ends.
    pub(super) until: SystemTime,
}

impl Texts {
    pub(super) fn new(certificate: String, key: String) -> Self {
        Texts { certificate: certificate.into_bytes(), key: key.into_bytes() }
    }

    pub(super) fn read(files: &Files) -> Result<Self, UnusableCertificate> {
        Ok(Texts { certificate: read("certificate", &files.certificate)?, key: read("key", &files.key)? })
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, UnusableCertificate> {
    let about = || {
        let length = fs::metadata(path)?.len();
        if length > LONGEST {
            return Err(std::io::Error::other(format!("it has {length} bytes, which is too much for one")));
        }
        fs::read(path)
    };
    about().map_err(|problem| UnusableCertificate::Unreadable { what, path: path.to_owned(), problem })
}

impl Pair {
    /// The certificate that stands in these texts, which come from these files.
    pub(super) fn of(texts: &Texts, files: &Files) -> Result<Self, UnusableCertificate> {
        let form = |what: &'static str, path: &Path, problem: String| UnusableCertificate::Form {
            what,
            path: path.to_owned(),
            problem,
        };
        let of_certificate = |problem: String| form("certificate", &files.certificate, problem);
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&texts.certificate)
            .collect::<Result<_, _>>()
            .map_err(|problem| of_certificate(problem.to_string()))?;
        let first = chain.first().ok_or_else(|| of_certificate("there is none in it".to_owned()))?;
        let (names, until) = read_certificate(first).map_err(|problem| of_certificate(problem.to_string()))?;
        let fingerprint = fingerprint(first);
        let key = PrivateKeyDer::from_pem_slice(&texts.key)
            .map_err(|problem| form("private key", &files.key, problem.to_string()))?;
        let config =
            config(chain, key).map_err(|problem| UnusableCertificate::Pair { files: files.clone(), problem })?;
        Ok(Pair { config: Arc::new(config), fingerprint, names, until })
    }
}

fn config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<ServerConfig, rustls::Error> {
    // Named here, so that nothing depends on which provider another library has installed.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// SHA-256 of a certificate, in the form in which browsers show it.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = Sha256::digest(certificate.as_ref());
    hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// Whom it is for (RFC 5280 §4.2.1.6), and until when.
fn read_certificate(der: &CertificateDer<'_>) -> x509_cert::der::Result<(Vec<String>, SystemTime)> {
    let certificate = Certificate::from_der(der.as_ref())?;
    let body = certificate.tbs_certificate();
    let names = match body.get_extension::<SubjectAltName>()? {
        Some((_, SubjectAltName(names))) => names.iter().filter_map(name).collect(),
        None => Vec::new(),
    };
    let until: Duration = body.validity().not_after.to_unix_duration();
    Ok((names, SystemTime::UNIX_EPOCH + until))
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).ok().map(|bytes| std::net::IpAddr::from(bytes).to_string());
            v4.or_else(|| <[u8; 16]>::try_from(bytes).ok().map(|bytes| std::net::IpAddr::from(bytes).to_string()))
        }
        _ => None,
    }
}
