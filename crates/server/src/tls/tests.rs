//! Certificates that are read, made and renewed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

/// A certificate for this name and its key, as PEM.
fn drawn(name: &str, until: SystemTime) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + until.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let pem = |label: &str, der: &[u8]| {
        x509_cert::der::pem::encode_string(label, x509_cert::der::pem::LineEnding::LF, der).unwrap()
    };
    (pem("CERTIFICATE", params.self_signed(&key).unwrap().der()), pem("PRIVATE KEY", key.serialized_der()))
}

struct Site {
    folder: TempDir,
    files: Files,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let files = Files { certificate: at("calls.pem"), key: at("calls.key") };
        Site { folder, files }
    }

    fn with(name: &str) -> Self {
        let site = Site::new();
        let (certificate, key) = drawn(name, now() + 90 * DAY);
        site.write(&certificate, &key);
        site
    }

    fn write(&self, certificate: &str, key: &str) {
        fs::write(&self.files.certificate, certificate).unwrap();
        fs::write(&self.files.key, key).unwrap();
    }

    fn refused(&self) -> String {
        Tls::own(self.files.clone()).unwrap_err().to_string()
    }
}

#[test]
fn a_certificate_of_our_own_making_is_made_once_and_its_key_is_for_us_alone() {
    let folder = tempfile::tempdir().unwrap();
    let tls = folder.path().join("tls");
    let names = || vec!["calls.example".to_owned(), "192.0.2.1".to_owned(), "::1".to_owned(), "no name".to_owned()];
    let first = Tls::self_signed(&tls, names(), now()).unwrap().about(now());
    assert_eq!(first.origin, Origin::SelfSigned);
    assert_eq!(first.names, ["calls.example", "192.0.2.1", "::1"], "what no certificate can have is left out");
    assert_eq!((first.fingerprint.len(), first.problem), (95, None));
    let again = Tls::self_signed(&tls, Vec::new(), now() + DAY).unwrap();
    assert_eq!(again.about(now()).fingerprint, first.fingerprint, "who was told to go on with it is not asked again");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&tls), mode(&tls.join("key.pem"))), (0o700, 0o600));
    assert!(fs::read_to_string(again.certificate_file()).unwrap().starts_with("-----BEGIN CERTIFICATE-----\n"));
}

#[test]
fn a_certificate_of_our_own_making_is_renewed_before_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls::self_signed(folder.path(), vec!["localhost".into()], now()).unwrap();
    let first = tls.about(now());
    let late = first.until - 31 * DAY;
    tls.look(late);
    assert_eq!(tls.about(late), first);
    let late = first.until - 29 * DAY;
    tls.look(late);
    let second = tls.about(late);
    assert!(second.until > first.until && second.fingerprint != first.fingerprint);
    assert_eq!(second.names, ["localhost"]);
    let kept = Tls::self_signed(folder.path(), Vec::new(), late).unwrap();
    assert_eq!(kept.about(late).fingerprint, second.fingerprint);
    let restarted = Tls::self_signed(folder.path(), Vec::new(), second.until).unwrap();
    assert_ne!(restarted.about(late).fingerprint, second.fingerprint, "a start looks, too");
}

#[test]
fn half_a_pair_of_our_own_making_is_replaced_and_a_folder_that_cannot_be_written_keeps_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let first = Tls::self_signed(folder.path(), Vec::new(), now()).unwrap().about(now());
    fs::write(folder.path().join("key.pem"), drawn("other", now() + DAY).1).unwrap();
    let second = Tls::self_signed(folder.path(), Vec::new(), now()).unwrap().about(now());
    assert_ne!(first.fingerprint, second.fingerprint);
    let nowhere = folder.path().join("key.pem").join("below");
    Tls::self_signed(&nowhere, Vec::new(), now()).unwrap();
}

#[test]
fn a_renewed_pair_is_taken_over_and_a_bad_one_is_not() {
    let site = Site::with("one.example");
    let tls = Tls::own(site.files.clone()).unwrap();
    let first = tls.about(now());
    assert_eq!(
        (first.origin, first.names.as_slice(), &first.problem),
        (Origin::Own, &["one.example".to_owned()][..], &None)
    );
    // Half of a renewal: the key is still the old one's.
    let (certificate, key) = drawn("two.example", now() + 90 * DAY);
    fs::write(&site.files.certificate, &certificate).unwrap();
    tls.look(now());
    let between = tls.about(now());
    assert_eq!(between.fingerprint, first.fingerprint, "the one before it holds");
    assert!(between.problem.unwrap().contains("cannot be used together"));
    fs::write(&site.files.key, &key).unwrap();
    tls.look(now());
    let second = tls.about(now());
    assert_eq!((second.names.as_slice(), &second.problem), (&["two.example".to_owned()][..], &None));
    // It goes, and comes back as it was.
    fs::remove_file(&site.files.key).unwrap();
    tls.look(now());
    assert!(tls.about(now()).problem.unwrap().contains("cannot read the key"));
    fs::write(&site.files.key, &key).unwrap();
    tls.look(now());
    assert_eq!(tls.about(now()), second);
}

#[test]
fn a_pair_that_cannot_be_used_is_told_with_its_file() {
    let site = Site::new();
    assert!(site.refused().contains("cannot read the certificate") && site.refused().contains("calls.pem"));
    let (certificate, key) = drawn("one.example", now() + DAY);
    site.write("", &key);
    assert!(site.refused().contains("holds no certificate"), "{}", site.refused());
    site.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key);
    assert!(site.refused().contains("holds no certificate"), "{}", site.refused());
    site.write(&certificate, "secret words");
    let refused = site.refused();
    assert!(refused.contains("holds no private key") && !refused.contains("secret words"), "{refused}");
    site.write(&certificate, &drawn("two.example", now() + DAY).1);
    assert!(site.refused().contains("cannot be used together"), "{}", site.refused());
    site.write(&"x".repeat(2 * 1024 * 1024), &key);
    assert!(site.refused().contains("too much"), "{}", site.refused());
    assert!(site.folder.path().is_dir());
}

#[test]
fn an_own_certificate_that_ends_soon_is_doubtful_and_one_that_has_ended_holds() {
    let site = Site::with("one.example");
    let tls = Tls::own(site.files.clone()).unwrap();
    let until = tls.about(now()).until;
    assert_eq!(tls.about(until - 15 * DAY).problem, None);
    assert_eq!(tls.about(until - 3 * DAY).problem.as_deref(), Some("it ends in 3 days: renew it"));
    tls.look(until + DAY);
    assert!(tls.about(until + DAY).problem.unwrap().contains("has ended"));
    assert!(!format!("{tls:?}").contains("PRIVATE"));
}
