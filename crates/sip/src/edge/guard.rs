//! Limits by source: how many requests, how many failed authentications; and which INVITEs were let in already.
//!
//! **Rate.** Each source address has a bucket for requests outside dialogs and a larger one for all else. Trusted
//! sources (trunks) have none.
//!
//! **Failed authentications** are counted by source *address and user name*. Too many within a minute, and REGISTERs and
//! INVITEs of that user from that address are dropped for a while; other users behind the same address are not touched.
//! Too many from one address over all its users (somebody tries names), and those of all its users are dropped. Neither
//! rule touches a *flow* (address and port) that has authenticated as the same user within the last hour: a phone that
//! works goes on working, whatever its neighbour behind the same NAT does. Each lock ends by itself, so one who has
//! mended a password gets in again without anybody's help.

use super::Rate;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many sources, pairs or flows each table holds. What is idle is forgotten first.
const MAX_ENTRIES: usize = 16_384;
/// How many INVITEs are known in each half of a minute: more than a machine can take.
const MOST_ADMITTED: usize = 131_072;
/// How long a failed authentication counts.
const FAILURE_WINDOW: Duration = Duration::from_secs(60);
/// How long a flow that has authenticated is known.
const PROVEN_FOR: Duration = Duration::from_secs(3_600);
/// How long a retransmission of an INVITE may come (64*T1, RFC 3261 §17.1.1.2).
const ADMITTED_FOR: Duration = Duration::from_secs(32);

/// The limits, as far as they concern a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) outside_dialogs: Rate,
    pub(super) within_dialogs: Rate,
    pub(super) failures_per_user: u32,
    pub(super) failures_per_source: u32,
    pub(super) lock: Duration,
}

/// Which bucket a message takes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A request that belongs to no dialog.
    Outside,
    /// A request that claims a dialog, CANCEL, ACK, a response.
    Within,
}

/// The memory of all sources.
pub(super) struct Guard {
    rules: Rules,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    buckets: HashMap<IpAddr, [Bucket; 2]>,
    /// Stands in for sources that the full table has no room for.
    crowd: Option<[Bucket; 2]>,
    failures: HashMap<(IpAddr, Option<String>), Failures>,
    proven: HashMap<(SocketAddr, String), Instant>,
    admitted: Admitted,
}

/// INVITEs that were let in, in two halves that take turns: forgetting the older half costs nothing, however many there are.
#[derive(Default)]
struct Admitted {
    young: HashMap<u64, Instant>,
    old: HashMap<u64, Instant>,
    turned: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    since: Instant,
    locked_until: Option<Instant>,
}

impl Guard {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, tables: Mutex::default() }
    }

    /// Takes one token of the source; `false` if there is none left.
    pub(super) fn admit(&self, now: Instant, source: IpAddr, class: Class) -> bool {
        let source = block_of(source);
        let rates = [self.rules.outside_dialogs, self.rules.within_dialogs];
        let full = rates.map(|rate| Bucket { tokens: f64::from(rate.burst), filled: now });
        let mut tables = self.lock();
        if tables.buckets.len() >= MAX_ENTRIES && !tables.buckets.contains_key(&source) {
            // A bucket that would be full again is the same as none.
            tables
                .buckets
                .retain(|_, both| both.iter().zip(rates).any(|(b, rate)| b.level(now, rate) < f64::from(rate.burst)));
        }
        let tables = &mut *tables;
        let both = if tables.buckets.len() >= MAX_ENTRIES && !tables.buckets.contains_key(&source) {
            tables.crowd.get_or_insert(full)
        } else {
            tables.buckets.entry(source).or_insert(full)
        };
        let at = usize::from(class == Class::Within);
        both[at].take(now, rates[at])
    }

    /// Whether REGISTERs and INVITEs of this user over this flow are dropped now.
    pub(super) fn is_locked(&self, now: Instant, from: SocketAddr, user: &str) -> bool {
        let tables = self.lock();
        let source = block_of(from.ip());
        let locked = |key: &(IpAddr, Option<String>)| {
            tables.failures.get(key).and_then(|f| f.locked_until).is_some_and(|until| now < until)
        };
        if !locked(&(source, None)) && !locked(&(source, Some(user.to_owned()))) {
            return false;
        }
        let proven = tables.proven.get(&(from, user.to_owned()));
        proven.is_none_or(|at| now.saturating_duration_since(*at) > PROVEN_FOR)
    }

    /// Notes that credentials were wrong.
    pub(super) fn failed(&self, now: Instant, from: SocketAddr, user: &str) {
        let source = block_of(from.ip());
        let mut tables = self.lock();
        if tables.failures.len() + 2 > MAX_ENTRIES {
            tables.failures.retain(|_, f| f.is_live(now));
        }
        let room = tables.failures.len() + 2 <= MAX_ENTRIES;
        for (key, most) in [
            ((source, Some(user.to_owned())), self.rules.failures_per_user),
            ((source, None), self.rules.failures_per_source),
        ] {
            if room || tables.failures.contains_key(&key) {
                let new = Failures { count: 0, since: now, locked_until: None };
                tables.failures.entry(key).or_insert(new).add(now, most, self.rules.lock);
            }
        }
    }

    /// Notes that a flow has proven whose it is.
    pub(super) fn succeeded(&self, now: Instant, from: SocketAddr, user: &str) {
        let mut tables = self.lock();
        tables.failures.remove(&(block_of(from.ip()), Some(user.to_owned())));
        let fresh = |at: &Instant| now.saturating_duration_since(*at) <= PROVEN_FOR;
        if tables.proven.len() >= MAX_ENTRIES {
            tables.proven.retain(|_, at| fresh(at));
        }
        if tables.proven.len() < MAX_ENTRIES {
            tables.proven.insert((from, user.to_owned()), now);
        }
    }

    /// Whether anybody has authenticated over this flow within the last hour.
    pub(super) fn is_proven(&self, now: Instant, from: SocketAddr) -> bool {
        let tables = self.lock();
        tables.proven.iter().any(|((flow, _), at)| *flow == from && now.saturating_duration_since(*at) <= PROVEN_FOR)
    }

    /// Notes that an INVITE was handed on, so that its retransmissions are as well.
    pub(super) fn note_admitted(&self, now: Instant, invite: u64) {
        let admitted = &mut self.lock().admitted;
        if admitted.turned.is_none_or(|turned| now.saturating_duration_since(turned) > ADMITTED_FOR) {
            admitted.old = std::mem::take(&mut admitted.young);
            admitted.turned = Some(now);
        }
        if admitted.young.len() < MOST_ADMITTED {
            admitted.young.insert(invite, now);
        }
    }

    /// Whether this INVITE was handed on before.
    pub(super) fn was_admitted(&self, now: Instant, invite: u64) -> bool {
        let admitted = &self.lock().admitted;
        let at = admitted.young.get(&invite).or_else(|| admitted.old.get(&invite));
        at.is_some_and(|at| now.saturating_duration_since(*at) <= ADMITTED_FOR)
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn level(&self, now: Instant, rate: Rate) -> f64 {
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * f64::from(rate.per_second);
        (self.tokens + gained).min(f64::from(rate.burst))
    }

    fn take(&mut self, now: Instant, rate: Rate) -> bool {
        let level = self.level(now, rate);
        let enough = level >= 1.0;
        *self = Self { tokens: if enough { level - 1.0 } else { level }, filled: now };
        enough
    }
}

impl Failures {
    fn is_live(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) <= FAILURE_WINDOW
            || self.locked_until.is_some_and(|until| now < until)
    }

    fn add(&mut self, now: Instant, most: u32, lock: Duration) {
        if !self.is_live(now) || self.locked_until.is_some_and(|until| now >= until) {
            *self = Self { count: 0, since: now, locked_until: None };
        }
        self.count = self.count.saturating_add(1);
        if self.count >= most && self.locked_until.is_none() {
            self.locked_until = Some(now + lock);
        }
    }
}

/// One customer's line: an IPv4 address, or the /64 of an IPv6 address.
fn block_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(Rules {
            outside_dialogs: Rate { per_second: 2, burst: 4 },
            within_dialogs: Rate { per_second: 20, burst: 40 },
            failures_per_user: 3,
            failures_per_source: 6,
            lock: Duration::from_secs(60),
        })
    }

    fn flow(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_source_gets_its_burst_and_then_its_rate() {
        let (guard, now) = (guard(), Instant::now());
        let (one, two) = (flow("192.0.2.1:1").ip(), flow("192.0.2.2:1").ip());
        let granted = |at, ip| (0..10).filter(|_| guard.admit(at, ip, Class::Outside)).count();
        assert_eq!(granted(now, one), 4);
        assert_eq!(granted(now, two), 4, "another source has its own");
        assert_eq!(granted(after(now, 1), one), 2);
        assert_eq!(granted(after(now, 100), one), 4, "it does not save up more than a burst");
        assert!(guard.admit(after(now, 100), one, Class::Within), "dialogs have a bucket of their own");
    }

    #[test]
    fn addresses_of_one_ipv6_line_share_a_bucket() {
        let (guard, now) = (guard(), Instant::now());
        let granted =
            (1..=10u32).filter(|n| guard.admit(now, flow(&format!("[2001:db8::{n}]:1")).ip(), Class::Outside));
        assert_eq!(granted.count(), 4);
    }

    #[test]
    fn a_flood_of_forged_sources_stays_bounded() {
        let (guard, now) = (guard(), Instant::now());
        let many = u32::try_from(MAX_ENTRIES).expect("fits") + 1_000;
        for n in 0..many {
            guard.admit(now, IpAddr::V4(n.into()), Class::Outside);
        }
        assert!(guard.lock().buckets.len() <= MAX_ENTRIES);
        assert!(!guard.admit(now, flow("203.0.113.1:1").ip(), Class::Outside), "the rest shares one bucket");
        assert!(guard.admit(after(now, 60), flow("203.0.113.1:1").ip(), Class::Outside), "and gets room again");
    }

    #[test]
    fn failures_lock_the_user_and_not_the_neighbour() {
        let (guard, now) = (guard(), Instant::now());
        let (attacker, phone) = (flow("192.0.2.1:4000"), flow("192.0.2.1:5060"));
        for _ in 0..3 {
            assert!(!guard.is_locked(now, attacker, "100"));
            guard.failed(now, attacker, "100");
        }
        assert!(guard.is_locked(now, attacker, "100"));
        assert!(guard.is_locked(now, phone, "100"), "the same name from the same address");
        assert!(!guard.is_locked(now, phone, "200"), "another user");
        assert!(!guard.is_locked(now, flow("192.0.2.2:5060"), "100"), "another address");
        assert!(!guard.is_locked(after(now, 61), attacker, "100"), "a lock ends by itself");
    }

    #[test]
    fn a_phone_that_works_is_never_locked_by_its_neighbour() {
        let (guard, now) = (guard(), Instant::now());
        let (attacker, phone) = (flow("192.0.2.1:4000"), flow("192.0.2.1:5060"));
        guard.succeeded(now, phone, "100");
        for n in 0..20 {
            guard.failed(now, attacker, "100");
            guard.failed(now, attacker, &format!("user{n}"));
        }
        assert!(!guard.is_locked(now, phone, "100"));
        assert!(guard.is_locked(now, attacker, "100"));
        assert!(guard.is_locked(now, attacker, "300"), "who tries names is locked for all of them");
        assert!(!guard.is_locked(after(now, 61), phone, "300"));
        assert!(guard.is_proven(now, phone) && !guard.is_proven(now, attacker));
    }

    #[test]
    fn failures_long_ago_do_not_count() {
        let (guard, now) = (guard(), Instant::now());
        let from = flow("192.0.2.1:4000");
        for n in 0..10 {
            guard.failed(after(now, n * 45), from, "100");
            guard.succeeded(after(now, n * 45), flow("192.0.2.1:9"), "100");
            assert!(!guard.is_locked(after(now, n * 45), from, "100"));
        }
    }

    #[test]
    fn an_invite_that_was_let_in_is_known_for_as_long_as_it_may_be_repeated() {
        let (guard, now) = (guard(), Instant::now());
        guard.note_admitted(now, 7);
        assert!(guard.was_admitted(after(now, 31), 7));
        assert!(!guard.was_admitted(after(now, 33), 7));
        assert!(!guard.was_admitted(now, 8));
        guard.note_admitted(after(now, 31), 9);
        guard.note_admitted(after(now, 34), 10);
        assert!(guard.was_admitted(after(now, 62), 9), "it stands in the older half now");
        assert!(!guard.was_admitted(after(now, 64), 9));
    }
}
