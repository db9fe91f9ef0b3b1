//! Cursors that tell nothing, and hold for whoever got them and for what they asked.
//!
//! The place where a page ends can be that of a row which its reader may not see. So a cursor is encrypted, with a key that is
//! drawn at each start: after a restart a list begins anew.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// The longest cursor, in bytes.
const LONGEST: usize = 4_000;

/// What a cursor is of: a list, whoever asks, and what they ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Of(Vec<u8>);

impl Of {
    /// The list with this name, asked by this user with this filter.
    pub(crate) fn new(list: &'static str, user: &str, filter: &impl Serialize) -> Self {
        // A filter is made of texts and numbers, which can always be written.
        Of(serde_json::to_vec(&(list, user, filter)).unwrap_or_default())
    }
}

/// Seals and opens them.
pub(crate) struct Cursors {
    /// None where the system gives no random numbers.
    key: Option<RandomizedNonceKey>,
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors(…)")
    }
}

impl Default for Cursors {
    fn default() -> Self {
        let mut secret = [0u8; 32];
        let drawn = getrandom::fill(&mut secret).is_ok();
        Cursors { key: drawn.then(|| RandomizedNonceKey::new(&AES_256_GCM, &secret).ok()).flatten() }
    }
}

impl Cursors {
    /// A cursor for this place.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(crate) fn seal(&self, of: &Of, place: &impl Serialize) -> Result<String, Failure> {
        let key = self.key.as_ref().ok_or_else(Failure::internal)?;
        let mut sealed = serde_json::to_vec(place).map_err(|_| Failure::internal())?;
        let nonce = key.seal_in_place_append_tag(Aad::from(&of.0), &mut sealed).map_err(|_| Failure::internal())?;
        Ok(HEXLOWER.encode(&[&nonce.as_ref()[..], &sealed].concat()))
    }

    /// The place of a cursor that was sealed for this.
    ///
    /// # Errors
    /// 422, where it was not, or before the last start.
    pub(crate) fn open<T: DeserializeOwned>(&self, of: &Of, cursor: &str) -> Result<T, Failure> {
        let wrong = || {
            Failure::invalid(
                "after",
                "this is no cursor of this list, or one from before a restart: begin with the first page",
            )
        };
        let key = self.key.as_ref().ok_or_else(Failure::internal)?;
        let mut bytes = bytes(cursor).filter(|bytes| bytes.len() > NONCE_LEN).ok_or_else(wrong)?;
        let mut sealed = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| wrong())?;
        let place = key.open_in_place(nonce, Aad::from(&of.0), &mut sealed).map_err(|_| wrong())?;
        serde_json::from_slice(place).map_err(|_| wrong())
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    (text.len() <= LONGEST * 2).then(|| HEXLOWER.decode(text.as_bytes()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_holds_for_whoever_got_it_and_for_what_they_asked() {
        let cursors = Cursors::default();
        let of = |user: &str, filter: &str| Of::new("closed", user, &filter);
        let cursor = cursors.seal(&of("ada", "done"), &"a secret place").unwrap();
        assert_eq!(cursors.open::<String>(&of("ada", "done"), &cursor).unwrap(), "a secret place");
        for of in [of("bob", "done"), of("ada", "served"), Of::new("audit", "ada", &"done")] {
            assert_eq!(cursors.open::<String>(&of, &cursor).unwrap_err().body.code, "invalid");
        }
        assert!(Cursors::default().open::<String>(&of("ada", "done"), &cursor).is_err(), "each start has a key");
        assert_ne!(
            cursors.seal(&of("ada", "done"), &"a secret place").unwrap(),
            cursor,
            "two of one place cannot be told"
        );
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let cursors = Cursors::default();
        let of = Of::new("closed", "ada", &());
        let cursor = cursors.seal(&of, &7).unwrap();
        let mut flipped = cursor.clone();
        let last = if flipped.pop() == Some('0') { '1' } else { '0' };
        flipped.push(last);
        let long = "00".repeat(LONGEST + 1);
        for wrong in ["", "0", "what?", "é0", &cursor[..cursor.len() - 2], &flipped, &long] {
            assert!(cursors.open::<u32>(&of, wrong).is_err(), "{wrong}");
        }
    }
}
