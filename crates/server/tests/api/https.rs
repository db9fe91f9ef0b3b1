//! HTTPS on the API's own port, with the certificate of the site or with one of our making.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nohold_app::ports::Role;
use nohold_server::access::fingerprint;
use nohold_server::{Connections, Files, Origin, Tls};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::{agree, connect};
use super::house::House;

/// An address of this machine that is treated as another machine's here.
const ELSEWHERE: &str = "127.0.0.9";

const PASSWORD: &str = "correct horse battery";

/// Makes a certificate for the loopback addresses in this folder.
fn made(folder: &Path) -> (Tls, String) {
    let tls = Tls::self_signed(folder, vec!["127.0.0.1".into(), "localhost".into()], SystemTime::now()).unwrap();
    let text = std::fs::read_to_string(tls.certificate_file()).unwrap();
    (tls, text)
}

/// A door with this certificate, at which everybody is somebody from elsewhere.
fn strict(tls: Tls) -> Connections {
    Connections { tls: Some(tls), plain: Vec::new(), ..Connections::default() }
}

/// A certificate of the site's own, in files that can be renewed.
struct Own {
    files: Files,
    folder: TempDir,
}

impl Own {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let files = Files { certificate: at("calls.pem"), key: at("calls.key") };
        Own { files, folder }
    }

    /// Puts a fresh pair into the files; the certificate.
    fn renew(&self, name: &str) -> String {
        let fresh: PathBuf = self.folder.path().join(name);
        let (_, certificate) = made(&fresh);
        std::fs::copy(fresh.join("key.pem"), &self.files.key).unwrap();
        std::fs::copy(fresh.join("certificate.pem"), &self.files.certificate).unwrap();
        certificate
    }
}

#[tokio::test]
async fn one_port_speaks_https_with_everybody_and_plain_http_with_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, certificate) = made(folder.path());
    let shown = tls.about(SystemTime::now());
    let house = House::with_door(|_| {}, Connections { tls: Some(tls), ..Connections::default() }).await;
    house.person("anna", Role::Administrator, None).await;
    let anna = house.signed_in("anna").await;
    house.ask("GET", "/api/health").send().await.expect(200);
    let status = house.ask("GET", "/api/status").trusting(&certificate).page(&anna).send().await.expect(200);
    assert_eq!(status.json()["certificate"]["self_signed"], true);
    assert_eq!(status.json()["certificate"]["fingerprint"], shown.fingerprint.as_str());
    assert!(!status.headers.contains_key("strict-transport-security"), "nobody could go on who is warned");
    // A page that came by HTTPS changes things, and one that says that it came in the clear is another's.
    let sign_out = || house.ask("DELETE", "/api/session").trusting(&certificate).header("cookie", &anna);
    let plain = format!("http://{}", house.address);
    sign_out().header("origin", &plain).send().await.refused(403, "other_origin");
    house.ask("DELETE", "/api/session").trusting(&certificate).page(&anna).send().await.expect(204);
}

#[tokio::test]
async fn a_sign_in_by_https_gives_a_cookie_for_https_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, certificate) = made(folder.path());
    let door = Connections { tls: Some(tls), ..Connections::default() };
    let house = House::with_door(|parts| parts.setup_token = Some(fingerprint("of-the-terminal")), door).await;
    let first = json!({ "token": "of-the-terminal", "name": "anna", "password": PASSWORD });
    house.ask("POST", "/api/setup").json(&first).send().await.expect(200);
    let wish = json!({ "name": "anna", "password": PASSWORD });
    let by_https = house.ask("POST", "/api/session").trusting(&certificate).json(&wish).send().await;
    assert!(by_https.headers["set-cookie"].to_str().unwrap().contains("; Secure"));
    let plain = house.ask("POST", "/api/session").json(&wish).send().await;
    let set = plain.headers["set-cookie"].to_str().unwrap();
    assert!(
        set.contains("HttpOnly") && !set.contains("; Secure"),
        "on this machine a browser may come without HTTPS: {set}"
    );
}

#[tokio::test]
async fn whoever_comes_from_elsewhere_in_the_clear_is_sent_to_https_but_a_proxy_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, certificate) = made(folder.path());
    let door = Connections { proxies: vec!["127.0.0.8".parse().unwrap()], ..strict(tls) };
    let house = House::with_door(|_| {}, door).await;
    for method in ["GET", "POST"] {
        let answer = house.ask(method, "/list?tab=done").from(ELSEWHERE).send().await.expect(308);
        assert_eq!(answer.headers["location"], format!("https://{}/list?tab=done", house.address).as_str());
        assert_eq!(answer.headers["cache-control"], "no-store", "HTTPS may be given up one day");
    }
    house.ask("GET", "/api/health").from(ELSEWHERE).trusting(&certificate).send().await.expect(200);
    house.ask("GET", "/api/health").from("127.0.0.8").send().await.expect(200);
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_bad_one_is_not() {
    let own = Own::new();
    let first = own.renew("first");
    let tls = Tls::own(own.files.clone()).unwrap();
    assert_eq!(tls.origin(), Origin::Own);
    let house = House::with_door(|_| {}, strict(tls.clone())).await;
    house.person("anna", Role::Administrator, None).await;
    let anna = house.signed_in("anna").await;
    let status = |certificate: &str| house.ask("GET", "/api/status").trusting(certificate).page(&anna).send();
    let answer = status(&first).await.expect(200);
    assert_eq!(answer.headers["strict-transport-security"], "max-age=2592000");
    // Who is connected stays so.
    let stays = agree(connect(house.address, None).await, &first).await;
    let mut stays = stays.unwrap();
    let second = own.renew("second");
    tls.look(SystemTime::now());
    assert!(agree(connect(house.address, None).await, &first).await.is_err(), "the old one is not shown any more");
    assert!(status(&second).await.expect(200).json()["certificate"].get("problem").is_none());
    stays.write_all(b"GET /api/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut said = String::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stays.read_to_string(&mut said)).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200"), "{read:?}: {said}");

    std::fs::write(&own.files.key, "no key").unwrap();
    tls.look(SystemTime::now());
    let problem = status(&second).await.expect(200).json()["certificate"]["problem"].clone();
    assert!(problem.as_str().unwrap().contains("the one before it holds"), "{problem}");
}
