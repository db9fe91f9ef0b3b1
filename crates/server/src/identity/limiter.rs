//! How often somebody may guess.
//!
//! Guesses are counted by the name together with the address, and by the address. A third, slower count goes by the name
//! alone, against somebody who has many addresses. Where the name has signed in from the address before, the first count
//! is the only one, so that a stranger's guesses, also those of one in the same office, keep nobody from their work. Whoever has signed in already and gives their password once more
//! is counted by that sign-in and nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use nohold_model::{Millis, Timestamp};

use crate::came::From;
use crate::failure::Failure;

/// So many counts are remembered.
const MOST: usize = 30_000;

/// So many addresses are remembered from which one name has signed in; a new one takes the place of the oldest.
const MOST_PLACES: usize = 16;

/// How many tries may be made at once, and how long one takes to come back.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    at_once: u64,
    every: Millis,
}

/// For one name from one address.
const BY_PAIR: Allowance = Allowance { at_once: 10, every: Millis::seconds(30) };

/// For one address, whatever names that are new to it are tried: an office may be behind it.
const BY_ADDRESS: Allowance = Allowance { at_once: 50, every: Millis::seconds(5) };

/// For one name, from all addresses that are new to it: 2,400 guesses a day.
const BY_NAME: Allowance = Allowance { at_once: 100, every: Millis::seconds(36) };

/// For one who has signed in and gives the password once more.
const BY_SESSION: Allowance = Allowance { at_once: 10, every: Millis::seconds(30) };

/// What tries are counted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Counted {
    Pair(String, From),
    Address(From),
    Name(String),
    Session([u8; 32]),
}

/// Who tries.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trying<'a> {
    /// Somebody who wants to sign in with this name.
    Name(&'a str, From),
    /// Somebody who wants to set the server up.
    SettingUp(From),
    /// Somebody who has signed in, by SHA-256 of the secret.
    Session([u8; 32]),
}

/// Counts tries: a leaking bucket for each count, kept as the time at which it will be empty.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    buckets: BTreeMap<Counted, Timestamp>,
    /// Where names have signed in from. Only a right password makes an entry, so there are no more than there are users.
    places: BTreeMap<String, VecDeque<From>>,
}

impl Limiter {
    /// Counts a try before it is made.
    ///
    /// # Errors
    /// When there were too many (429), with the time after which the next one is heard.
    pub(crate) fn try_now(&self, who: Trying<'_>, now: Timestamp) -> Result<(), Failure> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = known.counted(who);
        for (who, allowance) in &counted {
            let full = allowance.every.times(allowance.at_once - 1);
            let wait = known.buckets.get(who).map_or(Millis::new(0), |empty_at| empty_at.since(now + full));
            if wait > Millis::new(0) {
                let failure = Failure::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_tries",
                    "there were too many tries: wait a while and try again",
                );
                return Err(failure.retry_after(wait.as_millis().div_ceil(1000)));
            }
        }
        let buckets = &mut known.buckets;
        for (who, allowance) in counted {
            let empty_at = buckets.get(&who).copied().unwrap_or(now).max(now);
            if buckets.len() >= MOST && !buckets.contains_key(&who) {
                make_room(buckets, now);
            }
            buckets.insert(who, empty_at + allowance.every);
        }
        Ok(())
    }

    /// The try was right: what was counted for this name from there is forgotten, the other counts get this one back.
    pub(crate) fn was_right(&self, who: Trying<'_>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (counted, allowance) in known.counted(who) {
            match counted {
                Counted::Pair(..) | Counted::Session(_) => drop(known.buckets.remove(&counted)),
                Counted::Address(_) | Counted::Name(_) => {
                    if let Some(empty_at) = known.buckets.get_mut(&counted) {
                        *empty_at = *empty_at - allowance.every;
                    }
                }
            }
        }
        if let Trying::Name(name, from) = who {
            known.remember(name, from);
        }
    }

    /// Somebody with this name works from there: they have signed in, maybe before the server was started.
    pub(crate) fn works_from(&self, name: &str, from: From) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remember(name, from);
    }
}

impl Known {
    fn counted(&self, who: Trying<'_>) -> Vec<(Counted, Allowance)> {
        match who {
            Trying::Session(session) => vec![(Counted::Session(session), BY_SESSION)],
            Trying::SettingUp(from) => vec![(Counted::Address(from), BY_ADDRESS)],
            Trying::Name(name, from) => {
                let pair = (Counted::Pair(name.to_owned(), from), BY_PAIR);
                let at_home = self.places.get(name).is_some_and(|places| places.contains(&from));
                if at_home {
                    return vec![pair];
                }
                vec![pair, (Counted::Address(from), BY_ADDRESS), (Counted::Name(name.to_owned()), BY_NAME)]
            }
        }
    }

    fn remember(&mut self, name: &str, from: From) {
        match self.places.get_mut(name) {
            Some(places) if places.contains(&from) => {}
            Some(places) => {
                places.push_back(from);
                if places.len() > MOST_PLACES {
                    places.pop_front();
                }
            }
            None => drop(self.places.insert(name.to_owned(), VecDeque::from([from]))),
        }
    }
}

fn make_room(buckets: &mut BTreeMap<Counted, Timestamp>, now: Timestamp) {
    buckets.retain(|_, empty_at| *empty_at > now);
    if buckets.len() < MOST {
        return;
    }
    // Those that have tried least; a tenth at once, so that a flood does not make us look through all of them each time.
    let mut ends: Vec<Timestamp> = buckets.values().copied().collect();
    let (_, least, _) = ends.select_nth_unstable(MOST / 10);
    let least = *least;
    let mut places = MOST / 10;
    buckets.retain(|_, empty_at| {
        let goes = *empty_at <= least && places > 0;
        places -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn from(last: u8) -> From {
        From::of(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)))
    }

    fn name(name: &str, last: u8) -> Trying<'_> {
        Trying::Name(name, from(last))
    }

    #[test]
    fn a_name_may_be_tried_ten_times_from_an_address_and_then_every_half_minute() {
        let limiter = Limiter::default();
        for _ in 0..10 {
            limiter.try_now(name("anna", 1), NOW).unwrap();
        }
        let refusal = limiter.try_now(name("anna", 1), NOW).unwrap_err();
        assert_eq!((refusal.status.as_u16(), refusal.retry_after), (429, Some(30)));
        limiter.try_now(name("bert", 1), NOW).unwrap();
        limiter.try_now(name("anna", 2), NOW).expect("a stranger's guesses are no matter of hers");
        limiter.try_now(name("anna", 1), NOW + Millis::seconds(30)).unwrap();
        limiter.try_now(name("anna", 1), NOW + Millis::seconds(31)).unwrap_err();
    }

    #[test]
    fn an_address_may_try_fifty_names() {
        let limiter = Limiter::default();
        for n in 0..50 {
            limiter.try_now(name(&format!("name-{n}"), 1), NOW).unwrap();
        }
        limiter.try_now(name("another", 1), NOW).unwrap_err();
        limiter.try_now(Trying::SettingUp(from(1)), NOW).unwrap_err();
        limiter.try_now(name("another", 2), NOW).unwrap();
    }

    #[test]
    fn who_has_signed_in_from_an_office_still_can_when_somebody_guesses_there() {
        let limiter = Limiter::default();
        limiter.try_now(name("anna", 1), NOW).unwrap();
        limiter.was_right(name("anna", 1));
        while limiter.try_now(name("stranger", 1), NOW).is_ok()
            || limiter.try_now(Trying::SettingUp(from(1)), NOW).is_ok()
        {}
        for n in 0..100 {
            let _ = limiter.try_now(name(&format!("stranger-{n}"), 1), NOW);
        }
        limiter.try_now(name("bert", 1), NOW).expect_err("he has never been here");
        for _ in 0..10 {
            limiter.try_now(name("anna", 1), NOW).expect("she has");
        }
        limiter.try_now(name("anna", 1), NOW).expect_err("her name is guessed at no oftener than before");
    }

    #[test]
    fn many_addresses_guess_slowly_and_lock_nobody_out_who_has_signed_in_from_there() {
        let limiter = Limiter::default();
        limiter.try_now(name("anna", 250), NOW).unwrap();
        limiter.was_right(name("anna", 250));
        limiter.works_from("anna", from(251));
        for n in 0..100 {
            limiter.try_now(name("anna", n), NOW).unwrap();
        }
        let refusal = limiter.try_now(name("anna", 101), NOW).unwrap_err();
        assert_eq!(refusal.retry_after, Some(36));
        limiter.try_now(name("anna", 250), NOW).expect("she signed in from there");
        limiter.try_now(name("anna", 251), NOW).expect("she works there");
        limiter.try_now(name("bert", 101), NOW).unwrap();
    }

    #[test]
    fn who_has_signed_in_is_counted_alone() {
        let limiter = Limiter::default();
        for _ in 0..10 {
            limiter.try_now(name("anna", 1), NOW).unwrap();
        }
        let session = Trying::Session([1; 32]);
        for _ in 0..10 {
            limiter.try_now(session, NOW).unwrap();
        }
        limiter.try_now(session, NOW).unwrap_err();
        limiter.try_now(Trying::Session([2; 32]), NOW).unwrap();
        limiter.was_right(session);
        limiter.try_now(session, NOW).unwrap();
    }

    #[test]
    fn a_right_password_gives_the_tries_back() {
        let limiter = Limiter::default();
        for _ in 0..200 {
            limiter.try_now(name("anna", 1), NOW).unwrap();
            limiter.was_right(name("anna", 1));
        }
    }

    #[test]
    fn a_flood_of_names_does_not_fill_the_memory() {
        let limiter = Limiter::default();
        for n in 0..u32::try_from(MOST).unwrap() / 2 {
            let address = From::of(IpAddr::V4(Ipv4Addr::from_bits(n)));
            let _ = limiter.try_now(Trying::Name(&n.to_string(), address), NOW);
        }
        assert!(limiter.known.lock().unwrap().buckets.len() <= MOST + 2);
    }

    #[test]
    fn all_addresses_of_one_line_are_one() {
        assert_eq!(From::of("2001:db8::1".parse().unwrap()), From::of("2001:db8::ffff:2".parse().unwrap()));
        assert_ne!(From::of("2001:db8::1".parse().unwrap()), From::of("2001:db8:0:1::1".parse().unwrap()));
        assert_eq!(From::of("::ffff:192.0.2.1".parse().unwrap()), from(1));
    }

    #[test]
    fn places_are_few() {
        let limiter = Limiter::default();
        for n in 0..=255 {
            limiter.works_from("anna", from(n));
        }
        assert_eq!(limiter.known.lock().unwrap().places["anna"].len(), MOST_PLACES);
    }
}
