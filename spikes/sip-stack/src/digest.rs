//! Digest of RFC 2617 and RFC 7616 on the raw header value: what the prototype uses where the
//! library's own verifier or client cannot be used.

use md5::Md5;
use sha2::{Digest, Sha256};

/// The two algorithms that phones and trunks use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// RFC 2617.
    Md5,
    /// RFC 7616.
    Sha256,
}

impl Algorithm {
    /// The token as RFC 7616 spells it.
    pub fn token(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn parse(token: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256].into_iter().find(|a| a.token().eq_ignore_ascii_case(token))
    }

    fn hash(self, text: &str) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect();
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
        }
    }

    /// H(user:realm:password), the only form of a password that is stored.
    pub fn ha1(self, user: &str, realm: &str, password: &str) -> String {
        self.hash(&format!("{user}:{realm}:{password}"))
    }
}

/// The parameters of one `Digest` header value, in their order, quotes removed.
pub fn parameters(value: &str) -> Option<Vec<(String, String)>> {
    let (scheme, mut rest) = value.trim().split_once(char::is_whitespace)?;
    if !scheme.eq_ignore_ascii_case("digest") {
        return None;
    }
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',', '\r', '\n']);
        if rest.is_empty() {
            return Some(found);
        }
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = if let Some(quoted) = after.strip_prefix('"') {
            let mut text = String::new();
            let mut characters = quoted.char_indices();
            let end = loop {
                match characters.next()? {
                    (at, '"') => break at + 1,
                    (_, '\\') => text.push(characters.next()?.1),
                    (_, c) => text.push(c),
                }
            };
            (text, &quoted[end..])
        } else {
            let end = after.find(',').unwrap_or(after.len());
            (after[..end].trim().to_owned(), &after[end..])
        };
        found.push((name.trim().to_ascii_lowercase(), value));
        rest = next;
    }
}

fn get<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut hits = parameters.iter().filter(|(n, _)| n == name);
    let first = hits.next()?;
    hits.next().is_none().then_some(first.1.as_str())
}

/// The expected `response` for the parameters of an Authorization header.
pub fn response(parameters: &[(String, String)], ha1: &str, method: &str) -> Option<String> {
    let algorithm = get(parameters, "algorithm").map_or(Some(Algorithm::Md5), Algorithm::parse)?;
    let (nonce, uri) = (get(parameters, "nonce")?, get(parameters, "uri")?);
    let ha2 = algorithm.hash(&format!("{method}:{uri}"));
    Some(match get(parameters, "qop") {
        None => algorithm.hash(&format!("{ha1}:{nonce}:{ha2}")),
        Some("auth") => {
            let (nc, cnonce) = (get(parameters, "nc")?, get(parameters, "cnonce")?);
            algorithm.hash(&format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"))
        }
        Some(_) => return None,
    })
}

/// Whether an Authorization header value proves the password of `user`.
pub fn verify(value: &str, user: &str, ha1: impl Fn(Algorithm) -> String, method: &str) -> bool {
    let Some(p) = parameters(value) else {
        return false;
    };
    let algorithm = get(&p, "algorithm").map_or(Some(Algorithm::Md5), Algorithm::parse);
    let (Some(algorithm), Some(claimed)) = (algorithm, get(&p, "response")) else {
        return false;
    };
    get(&p, "username") == Some(user)
        && response(&p, &ha1(algorithm), method).is_some_and(|r| r.eq_ignore_ascii_case(claimed))
}

/// Answers the first challenge that we understand: an Authorization header value.
pub fn answer(challenges: &[&str], user: &str, password: &str, method: &str, uri: &str) -> Option<String> {
    challenges.iter().find_map(|challenge| {
        let c = parameters(challenge)?;
        let algorithm = get(&c, "algorithm").map_or(Some(Algorithm::Md5), Algorithm::parse)?;
        let (realm, nonce) = (get(&c, "realm")?, get(&c, "nonce")?);
        let mut p = vec![
            ("algorithm".into(), algorithm.token().into()),
            ("nonce".into(), nonce.to_owned()),
            ("uri".into(), uri.to_owned()),
        ];
        let qop = get(&c, "qop").is_some_and(|q| q.split(',').any(|q| q.trim() == "auth"));
        if qop {
            p.push(("qop".into(), "auth".into()));
            p.push(("nc".into(), "00000001".into()));
            p.push(("cnonce".into(), "0a4f113b".into()));
        }
        let response = response(&p, &algorithm.ha1(user, realm, password), method)?;
        let mut text = format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", algorithm={}",
            algorithm.token()
        );
        if qop {
            text += ", qop=auth, nc=00000001, cnonce=\"0a4f113b\"";
        }
        if let Some(opaque) = get(&c, "opaque") {
            text += &format!(", opaque=\"{opaque}\"");
        }
        Some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(value: &str, user: &str, realm: &str, password: &str) -> bool {
        verify(value, user, |a| a.ha1(user, realm, password), "GET")
    }

    #[test]
    fn rfc_2617_section_3_5() {
        assert!(vector(
            r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
            "Mufasa",
            "testrealm@host.com",
            "Circle Of Life"
        ));
    }

    const RFC_7616: &str = r#"Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=ALG, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="RSP", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;

    #[test]
    fn rfc_7616_section_3_9_1() {
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let value = RFC_7616.replace("ALG", algorithm).replace("RSP", response);
            let ok = vector(&value, "Mufasa", "http-auth@example.org", "Circle of Life");
            assert!(ok, "{algorithm}");
            let wrong = vector(&value, "Mufasa", "http-auth@example.org", "circle of life");
            assert!(!wrong, "{algorithm} with a wrong password");
        }
    }
}
