//! Challenges for phones and trunks that come to us, and the proof of their answers.

use super::{Algorithm, Computed, Ha1, Parameters, quoted, same};
use crate::uri::Uri;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many nonces in use are remembered; beyond it an answer is told to be stale, which costs one more round trip.
const MAX_NONCES: usize = 65_536;
/// How far behind the highest `nc` a late one is still taken.
const WINDOW: u32 = 64;

/// Issues nonces and checks what comes back.
pub struct Challenger {
    realm: String,
    algorithms: Vec<Algorithm>,
    life: Duration,
    secret: [u8; 32],
    begin: Instant,
    uses: Mutex<HashMap<String, Uses>>,
}

/// The request that an `Authorization` value came with.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its Request-URI.
    pub uri: &'a str,
    /// Its body.
    pub body: &'a [u8],
    /// Where it came from: transport and host, not the port, which changes with each stream and each NAT.
    pub source: &'a str,
}

/// What an `Authorization` value proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The password of this user is known to whoever sent it.
    Proven {
        /// The user name, decoded.
        user: String,
    },
    /// The nonce is too old, was used before, or is none that was given to this source: challenge again with `stale=true`.
    Stale,
    /// The password is right, for a request to somebody else (RFC 7616 §3.4.6). No failed attempt; refuse.
    Elsewhere,
    /// Wrong, or not to be understood. A failed attempt, to be counted against its source.
    Refused {
        /// The user name that was tried, if one could be read.
        user: Option<String>,
    },
    /// Meant for another realm: an answer to somebody else's challenge. No failed attempt; challenge.
    Foreign,
}

/// Which counts of one nonce have been used.
struct Uses {
    issued: Duration,
    highest: u32,
    /// Bit n: `highest - n` was used.
    seen: u64,
}

impl Challenger {
    /// For one realm. `algorithms` are offered in this order, the strongest should come first (RFC 7616 §3.7); a nonce
    /// serves for `life`. An error: the system gives no random numbers.
    pub fn new(realm: &str, algorithms: &[Algorithm], life: Duration) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self {
            realm: realm.to_owned(),
            algorithms: algorithms.to_vec(),
            life,
            secret,
            begin: Instant::now(),
            uses: Mutex::default(),
        })
    }

    /// For whom passwords are asked.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The values of the challenge with these algorithms, one header field each. Its nonce serves whoever comes from this
    /// source alone; it serves for all methods, since most phones use the nonce of their registration for their calls.
    pub fn challenge(&self, now: Instant, stale: bool, algorithms: &[Algorithm], source: &str) -> Vec<String> {
        let nonce = self.nonce(now.saturating_duration_since(self.begin), source);
        let stale = if stale { ", stale=true" } else { "" };
        let realm = quoted(&self.realm);
        let value = |a: &Algorithm| {
            format!("Digest realm={realm}, nonce=\"{nonce}\", qop=\"auth\", algorithm={}{stale}", a.token())
        };
        self.algorithms.iter().filter(|known| algorithms.contains(known)).map(value).collect()
    }

    /// Checks one `Authorization` value. `ha1` gives what is stored for a user.
    ///
    /// Each count of a nonce serves once, so a value that has arrived serves no second time; one that was held back on its
    /// way serves for its own target and from its own source.
    pub fn verify(
        &self,
        now: Instant,
        value: &str,
        request: &Asked<'_>,
        ha1: impl Fn(&str, Algorithm) -> Option<Ha1>,
    ) -> Proof {
        let Some(parameters) = Parameters::parse(value) else {
            return Proof::Refused { user: None };
        };
        if parameters.once("realm") != Some(&self.realm) {
            return Proof::Foreign;
        }
        let Some(user) = user_name(&parameters) else {
            return Proof::Refused { user: None };
        };
        // An answer to no challenge of ours to this source proves nothing, not even that somebody guesses: packets of a
        // forged source must not lock out who really is there. And it is told nothing: whether its password would have
        // been right is for those to know who can be counted.
        let nonce = parameters.once("nonce").unwrap_or_default();
        if self.issued(nonce, request.source).is_none() {
            return Proof::Stale;
        }
        let Some(count) = self.right(&parameters, &user, (request.method, request.body), ha1) else {
            return Proof::Refused { user: Some(user) };
        };
        if !parameters.once("uri").is_some_and(|uri| names_the_same(uri, request.uri)) {
            return Proof::Elsewhere;
        }
        if self.first_use(now, nonce, count, request.source) { Proof::Proven { user } } else { Proof::Stale }
    }

    /// `Some` if the response is right, with the `nc` that it has (0 without `qop`).
    fn right(
        &self,
        parameters: &Parameters,
        user: &str,
        (method, body): (&str, &[u8]),
        ha1: impl Fn(&str, Algorithm) -> Option<Ha1>,
    ) -> Option<u32> {
        let algorithm = Algorithm::of(parameters).filter(|a| self.algorithms.contains(a))?;
        let (nonce, uri) = (parameters.once("nonce")?, parameters.once("uri")?);
        let (quality, count) = match parameters.once("qop") {
            None => (None, 0),
            Some(qop) if ["auth", "auth-int"].iter().any(|q| q.eq_ignore_ascii_case(qop)) => {
                let (nc, cnonce) = (parameters.once("nc")?, parameters.once("cnonce")?);
                let count = u32::from_str_radix(nc, 16).ok().filter(|&n| n > 0 && nc.len() <= 8)?;
                (Some((qop, nc, cnonce)), count)
            }
            Some(_) => return None,
        };
        // A user who is not there costs as much time as one who is.
        let stored = ha1(user, algorithm).filter(|h| h.algorithm == algorithm);
        let known = stored.is_some();
        let ha1 = stored.unwrap_or_else(|| Ha1::new(algorithm, user, &self.realm, "-"));
        let response = Computed { algorithm, nonce, quality, method, uri, body }.response(ha1.hex());
        (same(&response, parameters.once("response")?) && known).then_some(count)
    }

    /// Whether the nonce is ours and fresh, and this count of it has not been used.
    fn first_use(&self, now: Instant, nonce: &str, count: u32, source: &str) -> bool {
        let now = now.saturating_duration_since(self.begin);
        let Some(issued) = self.issued(nonce, source) else { return false };
        if now.saturating_sub(issued) > self.life {
            return false;
        }
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = uses.get_mut(nonce) {
            return known.first(count);
        }
        if uses.len() >= MAX_NONCES {
            uses.retain(|_, u| now.saturating_sub(u.issued) <= self.life);
        }
        if uses.len() >= MAX_NONCES {
            return false;
        }
        uses.insert(nonce.to_owned(), Uses { issued, highest: count, seen: 1 });
        true
    }

    /// The time of issue, a random part, and a seal over both: nothing is stored until a nonce has been answered rightly.
    fn nonce(&self, at: Duration, source: &str) -> String {
        let mut random = [0; 12];
        // Without random numbers two nonces of one millisecond are the same, and the second answer is told to be stale.
        getrandom::fill(&mut random).ok();
        let body = format!("{:012x}{}", at.as_millis(), HEXLOWER.encode(&random));
        let seal = self.seal(&body, source);
        body + &seal
    }

    fn issued(&self, nonce: &str, source: &str) -> Option<Duration> {
        let (body, seal) = nonce.split_at_checked(36)?;
        let ours = same(&self.seal(body, source), seal);
        ours.then(|| u64::from_str_radix(&body[..12], 16).ok().map(Duration::from_millis)).flatten()
    }

    fn seal(&self, body: &str, source: &str) -> String {
        // The secret on both sides, so that no seal can be drawn out to one for a longer text.
        let hash = Sha256::new().chain_update(self.secret).chain_update(body).chain_update(source);
        let hash = hash.chain_update(self.secret).finalize();
        HEXLOWER.encode(&hash[..16])
    }
}

impl Uses {
    fn first(&mut self, count: u32) -> bool {
        if count == 0 {
            return false; // Without qop a nonce serves once.
        }
        if count > self.highest {
            let ahead = count - self.highest;
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if behind >= WINDOW || self.seen & (1 << behind) != 0 {
            return false;
        }
        self.seen |= 1 << behind;
        true
    }
}

/// Whether the `uri` of a digest means the Request-URI. Ports, parameters and letter case do not count, since phones write
/// them in one place and leave them out in the other; nor does a user part that is missing in the digest, where SIPp and
/// other simple clients write nothing but the server.
fn names_the_same(digest: &str, request: &str) -> bool {
    if digest == request {
        return true;
    }
    let (Ok(digest), Ok(request)) = (digest.parse::<Uri>(), request.parse::<Uri>()) else { return false };
    let user = digest.user();
    digest.host().eq_ignore_ascii_case(request.host()) && (user.is_none() || user == request.user())
}

/// `username`, or `username*` in the form of RFC 5987 that RFC 7616 §3.4 allows.
pub(super) fn user_name(parameters: &Parameters) -> Option<String> {
    if let Some(user) = parameters.once("username") {
        return Some(user.to_owned());
    }
    let extended = parameters.once("username*")?;
    let encoded = extended.get(..7).filter(|p| p.eq_ignore_ascii_case("utf-8''")).map(|_| &extended[7..])?;
    crate::uri::unescaped(encoded)
}
