//! Passwords: what is asked of them, and how they are kept (argon2id, RFC 9106).

use std::sync::Arc;

use argon2::{Argon2, Params, PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

use crate::failure::Failure;
use crate::state::PasswordCost;

/// The fewest characters of a new password.
const SHORTEST: usize = 10;

/// The most, so that nobody makes us work on a book.
const LONGEST: usize = 256;

/// So many are worked on at a time: each takes memory and a processor.
const AT_A_TIME: usize = 2;

/// So many wait for that; others are told to come again.
const WAITING: usize = 64;

/// Works on passwords, a few at a time.
#[derive(Debug)]
pub(crate) struct Passwords {
    cost: PasswordCost,
    working: Semaphore,
    admitted: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost) -> Self {
        Passwords { cost, working: Semaphore::new(AT_A_TIME), admitted: Arc::new(Semaphore::new(WAITING)) }
    }

    /// The hash of a password, in the PHC string format.
    ///
    /// # Errors
    /// When too many others wait, or the settings are impossible.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Failure> {
        self.work(move |argon| {
            let mut salt = [0u8; 16];
            getrandom::fill(&mut salt).ok()?;
            Some(argon.hash_password_with_salt(password.as_bytes(), &salt).ok()?.to_string())
        })
        .await
    }

    /// Whether it is the password with this hash. Without a hash it is not, which takes as long to say.
    ///
    /// # Errors
    /// When too many others wait.
    pub(crate) async fn fits(&self, hash: Option<String>, password: String) -> Result<bool, Failure> {
        self.work(move |argon| match hash {
            Some(hash) => Some(argon.verify_password(password.as_bytes(), hash.as_str()).is_ok()),
            None => argon.hash_password_with_salt(password.as_bytes(), &[0u8; 16]).ok().map(|_| false),
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'_>) -> Option<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = || Failure::unavailable("busy", "too many people sign in at this moment: try again");
        let _admitted = self.admitted.try_acquire().map_err(|_| busy())?;
        let _working = self.working.acquire().await.map_err(|_| Failure::internal())?;
        let cost = self.cost;
        let done = tokio::task::spawn_blocking(move || {
            let params = Params::new(cost.memory_kib, cost.passes, 1, None).ok()?;
            work(&Argon2::from(params))
        });
        done.await.ok().flatten().ok_or_else(|| {
            tracing::error!("a password could not be worked on");
            Failure::internal()
        })
    }
}

/// Whether a password may be chosen by the user with this name.
///
/// # Errors
/// What is wrong with it; never the password.
pub(super) fn check(field: &str, name: &str, password: &str) -> Result<(), Failure> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        let message = format!("a password has {SHORTEST} to {LONGEST} characters");
        return Err(Failure::invalid(field, message));
    }
    let lower = password.to_lowercase();
    let first = password.chars().next();
    let is_one_character = password.chars().all(|c| Some(c) == first);
    if is_one_character || is_repeated(name, &lower) || is_common(&lower) {
        return Err(Failure::invalid(field, "this is guessed at the first try: choose another password"));
    }
    Ok(())
}

/// Whether the password is the name, once or several times, whatever stands between.
fn is_repeated(name: &str, password: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (name, password) = (letters(name), letters(password));
    !name.is_empty() && !password.is_empty() && password.replace(&name, "").is_empty()
}

/// Whether it is one of the commonest, also with the usual signs before or behind it and the usual ones instead of letters.
fn is_common(password: &str) -> bool {
    let plain: String = password
        .chars()
        .map(|c| match c {
            '@' => 'a',
            '$' => 's',
            '0' => 'o',
            '3' => 'e',
            other => other,
        })
        .collect();
    let bare =
        |text: &str| COMMON.contains(&text) || COMMON.contains(&text.trim_matches(|c: char| !c.is_alphanumeric()));
    bare(password) || bare(&plain) || COMMON_WORDS.iter().any(|word| is_word_with_digits(word, password, &plain))
}

/// A word, and nothing else but digits and signs behind it.
fn is_word_with_digits(word: &str, password: &str, plain: &str) -> bool {
    let rest = plain.starts_with(word).then(|| password.get(word.len()..)).flatten();
    rest.is_some_and(|rest| !rest.chars().any(char::is_alphabetic))
}

/// Those of ten characters and more that stand in every list of what is tried first.
const COMMON: &[&str] = &[
    "0123456789",
    "01234567890",
    "0987654321",
    "1122334455",
    "1234554321",
    "1234567890",
    "12345678900",
    "12345678901",
    "123456789012",
    "1234567891",
    "12345678910",
    "1234567899",
    "123456789a",
    "1234512345",
    "123123123123",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "1qazxsw23edc",
    "9876543210",
    "9999999998",
    "a123456789",
    "aa12345678",
    "aa123456789",
    "abc1234567",
    "abc123456789",
    "abcd123456",
    "abcd1234567",
    "abcde12345",
    "abcdefghij",
    "asdfghjkl1",
    "asdfghjkl;",
    "asdfghjklqwertyuiop",
    "iloveyou123",
    "letmeinnow",
    "passwordpassword",
    "q1w2e3r4t5",
    "q1w2e3r4t5y6",
    "qazwsxedc123",
    "qazwsxedcrfv",
    "qwer123456",
    "qwerasdfzxcv",
    "qwertyqwerty",
    "qwertyuiop",
    "qwertyuiop123",
    "qwertyuiop[]",
    "woaini1314",
    "woaini520520",
    "woaini5201314",
    "zaq12wsxcde3",
    "zxcvbnm123",
    "zxcvbnmasdfghjkl",
];

/// With digits behind them they are as common.
const COMMON_WORDS: &[&str] = &[
    "admin",
    "administrator",
    "callcenter",
    "callcentre",
    "changeit",
    "changeme",
    "iloveyou",
    "letmein",
    "nohold",
    "operator",
    "password",
    "qwerty",
    "supervisor",
    "welcome",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_hash_and_no_other() {
        let passwords = Passwords::new(PasswordCost { memory_kib: 64, passes: 1 });
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert!(passwords.fits(Some(hash.clone()), "correct horse".into()).await.unwrap());
        assert!(!passwords.fits(Some(hash.clone()), "Correct horse".into()).await.unwrap());
        assert!(!passwords.fits(None, "correct horse".into()).await.unwrap());
        assert!(!passwords.fits(Some("nonsense".into()), "correct horse".into()).await.unwrap());
        assert_ne!(passwords.hash("correct horse".into()).await.unwrap(), hash);
    }

    #[tokio::test]
    async fn the_usual_cost_is_possible() {
        let hash = Passwords::new(PasswordCost::default()).hash("correct horse".into()).await.unwrap();
        assert!(hash.contains("m=19456,t=2"), "{hash}");
    }

    #[test]
    fn what_is_guessed_at_once_is_refused() {
        assert!(check("password", "anna", "nine char").is_err());
        assert!(check("password", "anna@example", "Anna@Example").is_err());
        assert!(check("password", "anna", "aaaaaaaaaaaa").is_err());
        assert!(check("password", "anna", &"long".repeat(100)).is_err());
        for common in [
            "password123",
            "Password123!",
            "P@ssw0rd123",
            "passw0rd2024",
            "1234567890",
            "QWERTYUIOP",
            "admin12345",
            "welcome2026!",
            "nohold123456",
            "password----",
            "!1234567890!",
        ] {
            assert!(check("password", "bert", common).is_err(), "{common}");
        }
        for (name, repeated) in
            [("anna", "annaannaanna"), ("anna", "Anna-Anna-Anna"), ("anna.b", "anna.banna.b"), ("ab", "ababababab")]
        {
            assert!(check("password", name, repeated).is_err(), "{repeated}");
        }
        for good in
            ["correct horse", "password of a poet", "annas horse eats", "welcome to 4 horses", "k3vq9x2mwp7tz4bd"]
        {
            assert!(check("password", "anna", good).is_ok(), "{good}");
        }
        assert!(check("password", "anna", "一二三四五六七八九十").is_ok());
    }
}
