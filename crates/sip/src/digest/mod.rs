//! Digest authentication (RFC 2617, RFC 7616) on raw header values: [`Challenger`] for those who come to us, [`answer`]
//! for those who ask us.

mod answer;
mod challenger;

#[cfg_attr(not(test), allow(unused_imports, reason = "the legs and the registrar stand on it"))]
pub(crate) use answer::answer;
pub(crate) use answer::strongest;
#[cfg_attr(not(test), allow(unused_imports, reason = "the legs and the registrar stand on it"))]
pub(crate) use challenger::{Asked, Challenger, Proof};

use constant_time_eq::constant_time_eq;
use data_encoding::HEXLOWER;
use md5::Md5;
use sha2::{Digest, Sha256};
use std::fmt;

/// A hash of digest authentication; the later one is the stronger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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

    /// Reads a token; without one MD5 is meant (RFC 2617 §3.2.1). `SHA256` is how the library spells it.
    fn parse(token: Option<&str>) -> Option<Self> {
        match token?.to_ascii_uppercase().as_str() {
            "MD5" => Some(Self::Md5),
            "SHA-256" | "SHA256" => Some(Self::Sha256),
            _ => None,
        }
    }

    fn of(parameters: &Parameters) -> Option<Self> {
        match parameters.get("algorithm") {
            Found::Absent => Some(Self::Md5),
            Found::Once(token) => Self::parse(Some(token)),
            Found::Twice => None,
        }
    }

    fn hash(self, text: &[u8]) -> String {
        match self {
            Self::Md5 => HEXLOWER.encode(&Md5::digest(text)),
            Self::Sha256 => HEXLOWER.encode(&Sha256::digest(text)),
        }
    }
}

/// The user name of credentials, for counting before anything is proven.
pub(crate) fn user_of(value: &str) -> Option<String> {
    challenger::user_name(&Parameters::parse(value)?)
}

/// H(user:realm:password): the only form of a password that is kept. It serves for one realm and one algorithm.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    algorithm: Algorithm,
    hex: String,
}

impl Ha1 {
    /// From the password, which may then be forgotten.
    pub fn new(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> Self {
        Self { algorithm, hex: algorithm.hash(format!("{user}:{realm}:{password}").as_bytes()) }
    }

    /// From what [`Ha1::hex`] gave; `None` if it is no hash of this algorithm.
    pub fn from_hex(algorithm: Algorithm, hex: &str) -> Option<Self> {
        let length = match algorithm {
            Algorithm::Md5 => 32,
            Algorithm::Sha256 => 64,
        };
        let fits = hex.len() == length && hex.bytes().all(|b| b.is_ascii_hexdigit());
        fits.then(|| Self { algorithm, hex: hex.to_ascii_lowercase() })
    }

    /// For which algorithm it serves.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hash in hexadecimal, to be stored. It is a secret: whoever has it can answer challenges of the realm.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ha1({}, …)", self.algorithm.token())
    }
}

/// The parameters of one `Digest` header value.
struct Parameters(Vec<(String, String)>);

/// What a value has of a parameter.
enum Found<'a> {
    Absent,
    Once(&'a str),
    /// Given more than once: nobody can say which was meant.
    Twice,
}

/// More parameters than any challenge has.
const MAX_PARAMETERS: usize = 32;

impl Parameters {
    /// Reads a header value with the scheme `Digest`; quotes and their escapes are resolved.
    fn parse(value: &str) -> Option<Self> {
        let (scheme, mut rest) = value.trim().split_once(char::is_whitespace)?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let mut found = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',', '\r', '\n']);
            if rest.is_empty() {
                return Some(Self(found));
            }
            if found.len() == MAX_PARAMETERS {
                return None;
            }
            let (name, after) = rest.split_once('=')?;
            let (value, next) = one_value(after.trim_start())?;
            found.push((name.trim().to_ascii_lowercase(), value));
            rest = next;
        }
    }

    fn get(&self, name: &str) -> Found<'_> {
        let mut hits = self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        match (hits.next(), hits.next()) {
            (None, _) => Found::Absent,
            (Some(value), None) => Found::Once(value),
            (Some(_), Some(_)) => Found::Twice,
        }
    }

    fn once(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Found::Once(value) => Some(value),
            Found::Absent | Found::Twice => None,
        }
    }
}

fn one_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return Some((text[..end].trim().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    loop {
        match characters.next()? {
            (at, '"') => return Some((value, &quoted[at + 1..])),
            (_, '\\') => value.push(characters.next()?.1),
            (_, c) => value.push(c),
        }
    }
}

/// `text` as a quoted-string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What a response hash is computed from, besides HA1.
struct Computed<'a> {
    algorithm: Algorithm,
    nonce: &'a str,
    /// `auth` or `auth-int` with the text of `nc` and `cnonce`, to the letter; `None` for RFC 2069.
    quality: Option<(&'a str, &'a str, &'a str)>,
    method: &'a str,
    uri: &'a str,
    body: &'a [u8],
}

impl Computed<'_> {
    fn response(&self, ha1: &str) -> String {
        let hash = |text: String| self.algorithm.hash(text.as_bytes());
        let (method, uri, nonce) = (self.method, self.uri, self.nonce);
        let ha2 = match self.quality {
            Some((qop, ..)) if qop.eq_ignore_ascii_case("auth-int") => {
                hash(format!("{method}:{uri}:{}", self.algorithm.hash(self.body)))
            }
            _ => hash(format!("{method}:{uri}")),
        };
        match self.quality {
            Some((qop, nc, cnonce)) => hash(format!("{ha1}:{nonce}:{nc}:{cnonce}:{qop}:{ha2}")),
            None => hash(format!("{ha1}:{nonce}:{ha2}")),
        }
    }
}

fn same(ours: &str, claimed: &str) -> bool {
    constant_time_eq(ours.as_bytes(), claimed.to_ascii_lowercase().as_bytes())
}

#[cfg(test)]
mod tests;
