//! Answers to a digest challenge (RFC 2617 §3.2.2, MD5 with `auth`): enough for the phones of the load.

use md5::{Digest as _, Md5};

fn hash(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The `Authorization` header that answers a challenge; nothing for one that asks for something else.
pub fn answer(challenge: &str, user: &str, password: &str, method: &str, uri: &str) -> Option<String> {
    let parameters = challenge.strip_prefix("Digest ")?;
    let algorithm = parameter(parameters, "algorithm").unwrap_or("MD5");
    let asks_for_auth = parameter(parameters, "qop")?.split(',').any(|qop| qop.trim() == "auth");
    if !algorithm.eq_ignore_ascii_case("MD5") || !asks_for_auth {
        return None;
    }
    let (realm, nonce) = (parameter(parameters, "realm")?, parameter(parameters, "nonce")?);
    Some(respond(&Login { user, password, realm }, nonce, "0a4f113b", method, uri))
}

struct Login<'a> {
    user: &'a str,
    password: &'a str,
    realm: &'a str,
}

fn respond(login: &Login<'_>, nonce: &str, own: &str, method: &str, uri: &str) -> String {
    let Login { user, password, realm } = login;
    let (who, what) = (hash(&format!("{user}:{realm}:{password}")), hash(&format!("{method}:{uri}")));
    let response = hash(&format!("{who}:{nonce}:00000001:{own}:auth:{what}"));
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", \
         algorithm=MD5, qop=auth, nc=00000001, cnonce=\"{own}\""
    )
}

/// A parameter of a challenge, without its quotes.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = parameters;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        if key.trim_matches([' ', ',']).eq_ignore_ascii_case(name) {
            return Some(value.trim());
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_2617_comes_out() {
        let login = Login { user: "Mufasa", password: "Circle Of Life", realm: "testrealm@host.com" };
        let header = respond(&login, "dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b", "GET", "/dir/index.html");
        assert!(header.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{header}");
    }

    #[test]
    fn challenges_are_read_with_their_quotes_and_commas() {
        let challenge = "Digest realm=\"no,hold\", nonce=\"x=1\", algorithm=MD5, qop=\"auth,auth-int\"";
        let header = answer(challenge, "2000", "secret", "REGISTER", "sip:127.0.0.1").unwrap();
        assert!(header.contains("realm=\"no,hold\"") && header.contains("nonce=\"x=1\""), "{header}");
        assert_eq!(
            answer("Digest realm=\"a\", nonce=\"b\", algorithm=SHA-256, qop=\"auth\"", "a", "b", "c", "d"),
            None
        );
    }
}
