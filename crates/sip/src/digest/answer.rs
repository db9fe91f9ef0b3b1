//! Our answer to the challenge of a trunk or registrar.

use super::{Algorithm, Computed, Ha1, Parameters, quoted};
use data_encoding::HEXLOWER;

/// An answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The value for `Authorization` after a 401, for `Proxy-Authorization` after a 407. A secret: not to be logged.
    pub value: String,
    /// Which of the challenges was answered, by its place in the list.
    pub challenge: usize,
    /// The algorithm it asked for.
    pub algorithm: Algorithm,
    /// Whether it said that only the nonce was out of date, so that another try with the same password makes sense.
    pub stale: bool,
}

/// Answers the strongest of the challenges that we understand: SHA-256 before MD5, `auth` before `auth-int` before none.
///
/// `challenges` are whole values of `WWW-Authenticate` or `Proxy-Authenticate`. `uri` must be the Request-URI as it is
/// sent. Each answer has a client nonce of its own, so `nc` is always 1. `None`: nothing among them that we can answer, or
/// the system has no random numbers.
pub fn answer(
    challenges: &[&str],
    user: &str,
    password: &str,
    method: &str,
    uri: &str,
    body: &[u8],
) -> Option<Answered> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).ok()?;
    with_cnonce(challenges, user, password, (method, uri, body), &HEXLOWER.encode(&random))
}

/// The place of the strongest challenge, with what of it is in use.
pub(crate) fn strongest(challenges: &[&str]) -> Option<Chosen> {
    let all = challenges.iter().enumerate().filter_map(|(at, challenge)| Chosen::read(at, challenge));
    // Of equals the first: `max_by_key` would take the last.
    all.reduce(|best, next| if next.strength() > best.strength() { next } else { best })
}

/// A challenge that we can answer.
pub(crate) struct Chosen {
    /// Its place in the list.
    pub(crate) at: usize,
    /// The hash.
    pub(crate) algorithm: Algorithm,
    /// What is protected; `None` for RFC 2069.
    pub(crate) qop: Option<&'static str>,
    /// Only the nonce was out of date.
    pub(crate) stale: bool,
    /// Whom the password is for.
    pub(crate) realm: String,
    /// The server's nonce.
    pub(crate) nonce: String,
    /// To be given back.
    pub(crate) opaque: Option<String>,
}

impl Chosen {
    fn read(at: usize, challenge: &str) -> Option<Self> {
        let parameters = Parameters::parse(challenge)?;
        let algorithm = Algorithm::of(&parameters)?;
        let qop = match parameters.once("qop") {
            None => None,
            Some(list) => {
                let offered = |q: &str| list.split(',').any(|o| o.trim().eq_ignore_ascii_case(q));
                Some(["auth", "auth-int"].into_iter().find(|q| offered(q))?)
            }
        };
        Some(Self {
            at,
            algorithm,
            qop,
            stale: parameters.once("stale").is_some_and(|s| s.eq_ignore_ascii_case("true")),
            realm: parameters.once("realm")?.to_owned(),
            nonce: parameters.once("nonce")?.to_owned(),
            opaque: parameters.once("opaque").map(str::to_owned),
        })
    }

    /// The same challenge as the library reads it: one `qop`, and SHA-256 without its hyphen.
    pub(crate) fn for_library(&self) -> String {
        let algorithm = match self.algorithm {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA256",
        };
        let mut value =
            format!("Digest realm={}, nonce={}, algorithm={algorithm}", quoted(&self.realm), quoted(&self.nonce));
        if let Some(qop) = self.qop {
            value += &format!(", qop=\"{qop}\"");
        }
        if let Some(opaque) = &self.opaque {
            value += &format!(", opaque={}", quoted(opaque));
        }
        if self.stale {
            value += ", stale=true";
        }
        value
    }

    fn strength(&self) -> (Algorithm, u8) {
        let qop = match self.qop {
            Some("auth") => 2,
            Some(_) => 1,
            None => 0,
        };
        (self.algorithm, qop)
    }
}

pub(super) fn with_cnonce(
    challenges: &[&str],
    user: &str,
    password: &str,
    (method, uri, body): (&str, &str, &[u8]),
    cnonce: &str,
) -> Option<Answered> {
    let chosen = strongest(challenges)?;
    let algorithm = chosen.algorithm;
    let quality = chosen.qop.map(|qop| (qop, "00000001", cnonce));
    let ha1 = Ha1::new(algorithm, user, &chosen.realm, password);
    let response = Computed { algorithm, nonce: &chosen.nonce, quality, method, uri, body }.response(ha1.hex());
    let mut value = format!(
        "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\", algorithm={}",
        quoted(user),
        quoted(&chosen.realm),
        quoted(&chosen.nonce),
        quoted(uri),
        algorithm.token()
    );
    if let Some((qop, nc, cnonce)) = quality {
        value += &format!(", qop={qop}, nc={nc}, cnonce={}", quoted(cnonce));
    }
    if let Some(opaque) = &chosen.opaque {
        value += &format!(", opaque={}", quoted(opaque));
    }
    Some(Answered { value, challenge: chosen.at, algorithm, stale: chosen.stale })
}
