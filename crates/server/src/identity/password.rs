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
    let first = password.chars().next();
    if password.to_lowercase() == name || password.chars().all(|c| Some(c) == first) {
        return Err(Failure::invalid(field, "this is guessed at the first try: choose another password"));
    }
    Ok(())
}

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
        assert!(check("password", "anna", "correct horse").is_ok());
        assert!(check("password", "anna", "一二三四五六七八九十").is_ok());
    }
}
