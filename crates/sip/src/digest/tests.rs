use super::answer::with_cnonce;
use super::*;
use std::time::{Duration, Instant};

const RFC_2617: &str = r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;

const BOTH: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Md5];
const LIFE: Duration = Duration::from_secs(300);

const SOURCE: &str = "UDP 192.0.2.1";

fn asked(method: &str) -> Asked<'_> {
    Asked { method, uri: "sip:h", body: b"", source: SOURCE }
}

fn challenger() -> Challenger {
    Challenger::new("nohold", &BOTH, LIFE).expect("random numbers")
}

fn stored(user: &str, algorithm: Algorithm) -> Option<Ha1> {
    let password = match user {
        "100" => "secret",
        "j\u{fc}rgen \"the\" \\ caller" => "p\u{e4}ss",
        _ => return None,
    };
    Some(Ha1::new(algorithm, user, "nohold", password))
}

/// The response that the parameters of an Authorization value must have.
fn response(value: &str, ha1: &Ha1, method: &str) -> (String, String) {
    let p = Parameters::parse(value).expect("a digest");
    let computed = Computed {
        algorithm: Algorithm::of(&p).expect("an algorithm"),
        nonce: p.once("nonce").expect("a nonce"),
        quality: p.once("qop").map(|q| (q, p.once("nc").expect("nc"), p.once("cnonce").expect("cnonce"))),
        method,
        uri: p.once("uri").expect("a uri"),
        body: b"",
    };
    (computed.response(ha1.hex()), p.once("response").expect("a response").to_owned())
}

#[test]
fn rfc_2617_section_3_5() {
    let ha1 = Ha1::new(Algorithm::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");
    let (ours, theirs) = response(RFC_2617, &ha1, "GET");
    assert_eq!(ours, theirs);
}

#[test]
fn rfc_7616_section_3_9_1_is_answered_with_the_stronger_challenge() {
    let challenge = |algorithm: &str| {
        format!(
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
        )
    };
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    let request = ("GET", "/dir/index.html", b"" as &[u8]);
    for (offered, algorithm, expected) in [
        (vec!["MD5"], Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (vec!["MD5", "SHA-256"], Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        (
            vec!["SHA-512-256", "SHA-256"],
            Algorithm::Sha256,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let texts: Vec<String> = offered.iter().map(|a| challenge(a)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let answered = with_cnonce(&texts, "Mufasa", "Circle of Life", request, cnonce).expect("answered");
        assert_eq!(answered.algorithm, algorithm);
        assert!(answered.value.contains(expected), "{}", answered.value);
        assert!(answered.value.contains("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""));
    }
}

#[test]
fn every_kind_of_challenge_is_answered_and_proven() {
    let cases = [
        (r#"Digest realm="a", nonce="n""#, "algorithm=MD5", false),
        (r#"Digest realm="a", nonce="n", algorithm=md5, qop="auth""#, "qop=auth,", true),
        (r#"Digest realm="a", nonce="n", qop="auth,auth-int""#, "qop=auth,", true),
        (r#"Digest realm="a", nonce="n", qop="auth-int""#, "qop=auth-int,", true),
        (r#"DIGEST nonce="n",realm="a" , algorithm=SHA-256,qop=auth"#, "algorithm=SHA-256", true),
        (r#"Digest realm="a", nonce="n", algorithm=SHA256, qop="auth""#, "algorithm=SHA-256", true),
    ];
    for (challenge, mark, counted) in cases {
        let answered = answer(&[challenge], "100", "secret", "BYE", "sip:h", b"body").expect(challenge);
        assert!(answered.value.contains(mark), "{challenge} gave {}", answered.value);
        assert_eq!(answered.value.contains("nc=00000001"), counted, "{challenge}");
    }
    for challenge in [
        "Basic realm=\"a\"",
        r#"Digest realm="a", nonce="n", algorithm=MD5-sess"#,
        r#"Digest realm="a", nonce="n", qop="other""#,
        r#"Digest realm="a", nonce="n", algorithm=MD5, algorithm=SHA-256"#,
        r#"Digest realm="a"#,
    ] {
        assert_eq!(answer(&[challenge], "100", "secret", "BYE", "sip:h", b""), None, "{challenge}");
    }
}

#[test]
fn auth_int_covers_the_body() {
    let challenge = r#"Digest realm="a", nonce="n", qop="auth-int""#;
    let of =
        |body: &[u8]| with_cnonce(&[challenge], "100", "secret", ("INVITE", "sip:h", body), "c").expect("answered");
    assert_ne!(of(b"one").value, of(b"two").value);
}

fn answered_by_phone(challenger: &Challenger, now: Instant, user: &str, password: &str) -> String {
    let challenges = challenger.challenge(now, false, &BOTH, SOURCE);
    let challenges: Vec<&str> = challenges.iter().map(String::as_str).collect();
    answer(&challenges, user, password, "REGISTER", "sip:h", b"").expect("answered").value
}

#[test]
fn a_right_answer_proves_its_user_once() {
    let challenger = challenger();
    let now = Instant::now();
    for user in ["100", "j\u{fc}rgen \"the\" \\ caller"] {
        let password = if user == "100" { "secret" } else { "p\u{e4}ss" };
        let value = answered_by_phone(&challenger, now, user, password);
        let proof = || challenger.verify(now, &value, &asked("REGISTER"), stored);
        assert_eq!(proof(), Proof::Proven { user: user.to_owned() });
        assert_eq!(proof(), Proof::Stale, "the same count again");
    }
}

#[test]
fn what_is_wrong_is_refused() {
    let challenger = challenger();
    let now = Instant::now();
    let right = answered_by_phone(&challenger, now, "100", "secret");
    let verify = |value: &str, method: &str| challenger.verify(now, value, &asked(method), stored);
    let refused = |user: &str| Proof::Refused { user: Some(user.to_owned()) };
    assert_eq!(verify(&answered_by_phone(&challenger, now, "100", "Secret"), "REGISTER"), refused("100"));
    assert_eq!(verify(&answered_by_phone(&challenger, now, "999", "-"), "REGISTER"), refused("999"), "no such user");
    assert_eq!(verify(&right, "INVITE"), refused("100"), "another method");
    assert_eq!(verify(&right.replace("realm=\"nohold\"", "realm=\"other\""), "REGISTER"), Proof::Foreign);
    assert_eq!(verify("Digest nonsense", "REGISTER"), Proof::Refused { user: None });
    assert_eq!(verify(&right.replace("algorithm=SHA-256", "algorithm=MD5"), "REGISTER"), refused("100"));
    assert_eq!(verify(&right, "REGISTER"), Proof::Proven { user: "100".to_owned() }, "none of these used it up");
}

#[test]
fn phones_that_know_only_md5_answer_the_second_challenge() {
    let challenger = challenger();
    let now = Instant::now();
    let offered = challenger.challenge(now, false, &BOTH, SOURCE);
    assert!(offered.iter().all(|challenge| challenge.contains(&quoted(challenger.realm()))), "{offered:?}");
    assert!(offered[0].contains("SHA-256") && offered[1].contains("MD5"), "{offered:?}");
    let value = answer(&[&offered[1]], "100", "secret", "REGISTER", "sip:h", b"").expect("answered").value;
    assert_eq!(challenger.verify(now, &value, &asked("REGISTER"), stored), Proof::Proven { user: "100".into() });
}

fn counted(challenge: &str, nc: &str) -> String {
    let p = Parameters::parse(challenge).expect("a digest");
    let algorithm = Algorithm::of(&p).expect("an algorithm");
    let nonce = p.once("nonce").expect("a nonce");
    let computed =
        Computed { algorithm, nonce, quality: Some(("auth", nc, "c")), method: "REGISTER", uri: "sip:h", body: b"" };
    let response = computed.response(Ha1::new(algorithm, "100", "nohold", "secret").hex());
    format!(
        "Digest username=\"100\", realm=\"nohold\", nonce=\"{nonce}\", uri=\"sip:h\", qop=auth, nc={nc}, cnonce=\"c\", algorithm={}, response=\"{response}\"",
        algorithm.token()
    )
}

#[test]
fn the_counts_1_to_256_of_one_nonce_serve_once_each() {
    let challenger = challenger();
    let now = Instant::now();
    let challenge = challenger.challenge(now, false, &BOTH, SOURCE).remove(1);
    let verify = |value: &str| challenger.verify(now, value, &asked("REGISTER"), stored);
    let proven = Proof::Proven { user: "100".to_owned() };
    for n in 1..=256u32 {
        assert_eq!(verify(&counted(&challenge, &format!("{n:08x}"))), proven, "nc {n}");
    }
    for (nc, expected) in [
        ("00000100", Proof::Stale),
        ("00000001", Proof::Stale),
        ("000000f0", Proof::Stale),
        ("00000102", proven.clone()),
        ("00000101", proven.clone()), // Late, and within the window.
        ("00000101", Proof::Stale),
        ("000001ff", proven.clone()),
        ("00000102", Proof::Stale),
        ("00000000", Proof::Refused { user: Some("100".into()) }),
        ("0000000001", Proof::Refused { user: Some("100".into()) }),
        ("ff", Proof::Stale),
    ] {
        assert_eq!(verify(&counted(&challenge, nc)), expected, "nc {nc}");
    }
    let fresh = challenger.challenge(now, false, &BOTH, SOURCE).remove(0);
    assert_eq!(verify(&counted(&fresh, "ff")), proven, "short and in lower case");
}

#[test]
fn a_nonce_that_is_old_or_not_ours_is_stale() {
    let ours = challenger();
    let now = Instant::now();
    let value = answered_by_phone(&ours, now, "100", "secret");
    let later = now + LIFE + Duration::from_secs(1);
    assert_eq!(ours.verify(later, &value, &asked("REGISTER"), stored), Proof::Stale);
    assert!(ours.challenge(later, true, &BOTH, SOURCE).iter().all(|c| c.ends_with("stale=true")));
    let theirs = challenger();
    assert_eq!(theirs.verify(now, &value, &asked("REGISTER"), stored), Proof::Stale, "from before a restart");
    let made_up = counted(r#"Digest realm="nohold", nonce="abc""#, "00000001");
    assert_eq!(ours.verify(now, &made_up, &asked("REGISTER"), stored), Proof::Stale);
}

#[test]
fn without_qop_a_nonce_serves_once() {
    let challenger = challenger();
    let now = Instant::now();
    let bare = challenger.challenge(now, false, &BOTH, SOURCE).remove(1).replace("qop=\"auth\", ", "");
    let value = answer(&[&bare], "100", "secret", "REGISTER", "sip:h", b"").expect("answered").value;
    assert_eq!(challenger.verify(now, &value, &asked("REGISTER"), stored), Proof::Proven { user: "100".into() });
    assert_eq!(challenger.verify(now, &value, &asked("REGISTER"), stored), Proof::Stale);
}

#[test]
fn a_user_name_in_the_extended_form_is_read() {
    let parameters = Parameters::parse("Digest username*=UTF-8''j%C3%BCrgen").expect("a digest");
    let challenger = challenger();
    assert_eq!(parameters.once("username*"), Some("UTF-8''j%C3%BCrgen"));
    let now = Instant::now();
    let challenge = challenger.challenge(now, false, &BOTH, SOURCE).remove(0);
    let nonce = challenge.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a nonce");
    let value = format!("Digest username*=UTF-8''j%C3%BCrgen, realm=\"nohold\", nonce=\"{nonce}\"");
    let proof = challenger.verify(now, &value, &asked("REGISTER"), stored);
    assert_eq!(proof, Proof::Refused { user: Some("j\u{fc}rgen".to_owned()) });
}

#[test]
fn an_answer_to_no_challenge_of_ours_is_no_failed_guess() {
    let value = "Digest username=\"100\", realm=\"nohold\", nonce=\"x\", uri=\"sip:h\", response=\"0\"";
    assert_eq!(challenger().verify(Instant::now(), value, &asked("REGISTER"), stored), Proof::Stale);
}

#[test]
fn a_secret_is_not_shown_by_accident() {
    let ha1 = Ha1::new(Algorithm::Md5, "100", "nohold", "secret");
    assert!(!format!("{ha1:?}").contains(ha1.hex()));
    assert_eq!(Ha1::from_hex(Algorithm::Md5, ha1.hex()), Some(ha1.clone()));
    assert_eq!(Ha1::from_hex(Algorithm::Sha256, ha1.hex()), None);
}

#[test]
fn a_nonce_serves_nobody_who_comes_from_elsewhere() {
    let challenger = challenger();
    let now = Instant::now();
    let elsewhere = Asked { source: "UDP 192.0.2.2", ..asked("REGISTER") };
    let (right, wrong) =
        (answered_by_phone(&challenger, now, "100", "secret"), answered_by_phone(&challenger, now, "100", "Secret"));
    for value in [&right, &wrong] {
        assert_eq!(challenger.verify(now, value, &elsewhere, stored), Proof::Stale, "it is not told which is right");
    }
    assert_eq!(challenger.verify(now, &right, &asked("REGISTER"), stored), Proof::Proven { user: "100".into() });
}

#[test]
fn a_digest_serves_for_its_own_target_in_all_spellings_of_it() {
    let challenger = challenger();
    let now = Instant::now();
    let proof = |digest: &str, request: &str| {
        let challenges = challenger.challenge(now, false, &BOTH, SOURCE);
        let challenges: Vec<&str> = challenges.iter().map(String::as_str).collect();
        let value = answer(&challenges, "100", "secret", "INVITE", digest, b"").expect("answered").value;
        challenger.verify(now, &value, &Asked { uri: request, ..asked("INVITE") }, stored)
    };
    for (digest, request) in [
        ("sip:600@h", "sip:600@h"),
        ("sip:600@H", "sip:600@h:5060;transport=udp"),
        ("sip:600@h:5060", "sip:600@h;user=phone"),
        // SIPp.
        ("sip:h:5060", "sip:600@h:5060"),
    ] {
        assert_eq!(proof(digest, request), Proof::Proven { user: "100".into() }, "{digest} for {request}");
    }
    for (digest, request) in [("sip:600@h", "sip:00900123@h"), ("sip:600@other", "sip:600@h"), ("600", "sip:600@h")] {
        assert_eq!(proof(digest, request), Proof::Elsewhere, "{digest} for {request}");
    }
}
