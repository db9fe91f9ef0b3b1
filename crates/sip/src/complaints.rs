//! Says in the log who has failed to prove a password, and does not let a flood of them fill it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::trace::mask_numbers;

/// One address is named again after this.
const SAME_AFTER: Duration = Duration::from_secs(10);
/// So many addresses are named within [`SAME_AFTER`].
const MOST: usize = 20;
/// As much of an account's name as is shown, in characters.
const LONGEST: usize = 40;

/// The addresses that were named a short while ago.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    at: BTreeMap<IpAddr, Instant>,
    unsaid: u64,
}

impl Complaints {
    /// Somebody at this address has failed with this account.
    pub(crate) fn failed(&self, address: IpAddr, account: &str) {
        if let Some(unsaid) = self.to_say(Instant::now(), address) {
            let account = shown(account);
            tracing::warn!(%address, account, unsaid, "SIP authentication failed: wrong password, or no such account");
        }
    }

    /// How many were not said since the last line, where this one is said.
    fn to_say(&self, now: Instant, address: IpAddr) -> Option<u64> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.at.retain(|_, at| now.saturating_duration_since(*at) < SAME_AFTER);
        if said.at.contains_key(&address) || said.at.len() >= MOST {
            said.unsaid += 1;
            return None;
        }
        said.at.insert(address, now);
        Some(std::mem::take(&mut said.unsaid))
    }
}

/// A name as the log may have it: what looks like a telephone number is masked, and no peer writes lines of their own.
fn shown(account: &str) -> String {
    let plain: String = account.chars().filter(|c| c.is_ascii_graphic()).take(LONGEST).collect();
    mask_numbers(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_named_once_in_a_while_and_a_flood_is_counted() {
        let complaints = Complaints::default();
        let now = Instant::now();
        let address = |n: u8| IpAddr::from([192, 0, 2, n]);
        assert_eq!(complaints.to_say(now, address(1)), Some(0));
        assert_eq!(complaints.to_say(now, address(1)), None);
        assert_eq!(complaints.to_say(now, address(2)), Some(1));
        assert_eq!((3..200).filter_map(|n| complaints.to_say(now, address(n))).count(), MOST - 2);
        assert_eq!(complaints.to_say(now + SAME_AFTER, address(1)), Some(179));
    }

    #[test]
    fn a_name_is_masked_as_a_number_is_and_breaks_no_line() {
        assert_eq!(shown("2000"), "2000");
        assert_eq!(shown("+8613800138000"), "+861****8000");
        assert_eq!(shown("an\r\nna \u{202e}x"), "annax");
        assert_eq!(shown(&"x".repeat(500)).len(), LONGEST);
    }
}
