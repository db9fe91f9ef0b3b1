//! Whom the client trusts by HTTPS: the certificate that it was given, and nobody else.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// Why a certificate cannot be trusted.
#[derive(Debug, Error)]
pub enum BadCertificate {
    /// It cannot be read.
    #[error("this is no certificate that can be trusted: {0}: give one as PEM")]
    Form(String),
    /// TLS cannot be spoken at all.
    #[error("this program cannot speak TLS: {0}: report it")]
    Tls(#[from] rustls::Error),
}

/// Trusts these certificates alone.
pub(crate) fn only(text: &str) -> Result<ClientConfig, BadCertificate> {
    let bad = |problem: &dyn std::error::Error| BadCertificate::Form(problem.to_string());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        roots.add(certificate.map_err(|problem| bad(&problem))?).map_err(|problem| bad(&problem))?;
    }
    if roots.is_empty() {
        return Err(BadCertificate::Form("there is none in the text".to_owned()));
    }
    config(roots)
}

/// Trusts nobody: a client that speaks plain HTTP stays with it.
pub(crate) fn nobody() -> Result<ClientConfig, BadCertificate> {
    config(RootCertStore::empty())
}

fn config(roots: RootCertStore) -> Result<ClientConfig, BadCertificate> {
    // Named here, so that nothing depends on which provider another library has installed.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_certificate_is_refused() {
        for text in ["", "a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(only(text).unwrap_err().to_string().contains("as PEM"), "{text}");
        }
    }
}
