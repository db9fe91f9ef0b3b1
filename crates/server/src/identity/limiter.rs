//! How often somebody may guess.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use nohold_model::{Millis, Timestamp};

use super::From;
use crate::failure::Failure;
use axum::http::StatusCode;

/// So many names and addresses are remembered.
const MOST: usize = 10_000;

/// How many tries may be made at once, and how long one takes to come back.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    at_once: u64,
    every: Millis,
}

/// For one name, wherever it is tried from.
const BY_NAME: Allowance = Allowance { at_once: 10, every: Millis::seconds(30) };

/// For one address, whatever names it tries: an office may be behind it.
const BY_ADDRESS: Allowance = Allowance { at_once: 50, every: Millis::seconds(5) };

/// What tries are counted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Counted {
    Name(String),
    Address(From),
}

/// Counts tries: a leaking bucket for each name and each address, kept as the time at which it will be empty.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    buckets: Mutex<BTreeMap<Counted, Timestamp>>,
}

impl Limiter {
    /// Counts a try before it is made.
    ///
    /// # Errors
    /// When there were too many (429), with the time after which the next one is heard.
    pub(crate) fn try_now(&self, name: Option<&str>, address: From, now: Timestamp) -> Result<(), Failure> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name.map(|name| (Counted::Name(name.to_owned()), BY_NAME));
        let counted: Vec<_> = name.into_iter().chain([(Counted::Address(address), BY_ADDRESS)]).collect();
        for (who, allowance) in &counted {
            let full = allowance.every.times(allowance.at_once - 1);
            let wait = buckets.get(who).map_or(Millis::new(0), |empty_at| empty_at.since(now + full));
            if wait > Millis::new(0) {
                let failure = Failure::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_tries",
                    "there were too many tries: wait a while and try again",
                );
                return Err(failure.retry_after(wait.as_millis().div_ceil(1000)));
            }
        }
        for (who, allowance) in counted {
            let empty_at = buckets.get(&who).copied().unwrap_or(now).max(now);
            if buckets.len() >= MOST && !buckets.contains_key(&who) {
                make_room(&mut buckets, now);
            }
            buckets.insert(who, empty_at + allowance.every);
        }
        Ok(())
    }

    /// The try was right: the name's tries are forgotten, and the address gets this one back.
    pub(crate) fn was_right(&self, name: &str, address: From) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.remove(&Counted::Name(name.to_owned()));
        if let Some(empty_at) = buckets.get_mut(&Counted::Address(address)) {
            *empty_at = *empty_at - BY_ADDRESS.every;
        }
    }
}

fn make_room(buckets: &mut BTreeMap<Counted, Timestamp>, now: Timestamp) {
    buckets.retain(|_, empty_at| *empty_at > now);
    if buckets.len() >= MOST
        && let Some(least) = buckets.iter().min_by_key(|(_, empty_at)| **empty_at).map(|(who, _)| who.clone())
    {
        buckets.remove(&least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn from(last: u8) -> From {
        From::of(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)))
    }

    #[test]
    fn a_name_may_be_tried_ten_times_and_then_every_half_minute() {
        let limiter = Limiter::default();
        for n in 0..10 {
            limiter.try_now(Some("anna"), from(n), NOW).unwrap();
        }
        let refusal = limiter.try_now(Some("anna"), from(99), NOW).unwrap_err();
        assert_eq!((refusal.status.as_u16(), refusal.retry_after), (429, Some(30)));
        limiter.try_now(Some("bert"), from(99), NOW).unwrap();
        limiter.try_now(Some("anna"), from(99), NOW + Millis::seconds(30)).unwrap();
        limiter.try_now(Some("anna"), from(99), NOW + Millis::seconds(31)).unwrap_err();
    }

    #[test]
    fn an_address_may_try_fifty_names() {
        let limiter = Limiter::default();
        for n in 0..50 {
            limiter.try_now(Some(&format!("name-{n}")), from(1), NOW).unwrap();
        }
        limiter.try_now(Some("another"), from(1), NOW).unwrap_err();
        limiter.try_now(Some("another"), from(2), NOW).unwrap();
    }

    #[test]
    fn a_right_try_is_not_counted() {
        let limiter = Limiter::default();
        for _ in 0..200 {
            limiter.try_now(Some("anna"), from(1), NOW).unwrap();
            limiter.was_right("anna", from(1));
        }
    }

    #[test]
    fn a_flood_of_names_does_not_fill_the_memory() {
        let limiter = Limiter::default();
        for n in 0..u32::try_from(MOST).unwrap() + 500 {
            let address = From::of(IpAddr::V4(Ipv4Addr::from_bits(n)));
            let _ = limiter.try_now(Some(&n.to_string()), address, NOW);
        }
        assert!(limiter.buckets.lock().unwrap().len() <= MOST + 1);
    }

    #[test]
    fn all_addresses_of_one_line_are_one() {
        assert_eq!(From::of("2001:db8::1".parse().unwrap()), From::of("2001:db8::ffff:2".parse().unwrap()));
        assert_ne!(From::of("2001:db8::1".parse().unwrap()), From::of("2001:db8:0:1::1".parse().unwrap()));
        assert_eq!(From::of("::ffff:192.0.2.1".parse().unwrap()), from(1));
    }
}
