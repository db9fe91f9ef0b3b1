//! Takes passwords out of bodies: what is kept and shown of them is `{ "stored": true }`.

use std::collections::BTreeMap;

use nohold_app::ports::{AllKept, HiddenText, Place};
use serde_json::{Value, json};

use super::Kind;
use super::plan::Around;
use crate::failure::Failure;

/// Letters and digits that nobody takes for another, all of which a phone's keypad can enter.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// 100 bits, as 20 letters of five bits each.
const GENERATED_LETTERS: usize = 20;

/// The longest password of a SIP account, in characters.
const LONGEST: usize = 128;

/// How the message begins that tells of a password which should be stored and is not.
pub const NO_STORED_PASSWORD: &str = "there is no stored password for this account";

/// A password that stands elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// In an environment variable.
    Environment(&'a str),
    /// In a file.
    File(&'a str),
}

/// Finds no password elsewhere: for HTTP, whose callers must not read the server's environment and files.
///
/// # Errors
/// Always, with what to do instead.
pub fn no_references(_: Reference<'_>) -> Result<String, String> {
    Err("`env` and `file` are for files of configuration: send the password itself, or `generate`".to_owned())
}

/// In what form the passwords of accounts are kept by which others prove themselves to us: one that serves to check them and
/// not to read them.
#[derive(Debug, Clone, Copy)]
pub struct Seal {
    /// Seals the password of this user; the same always comes out the same.
    pub seal: fn(user: &str, password: &str) -> HiddenText,
    /// Whether what was sealed is of this user.
    pub is_of: fn(sealed: &HiddenText, user: &str) -> bool,
}

/// What became of the passwords of a body.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Passwords that change; none for those that are forgotten.
    pub(super) secrets: BTreeMap<String, Option<HiddenText>>,
    /// Those of them that were drawn, by account.
    pub(super) generated: BTreeMap<String, HiddenText>,
    /// Where a password was drawn that only its peer can give us.
    pub(super) foreign: Vec<String>,
    /// What is wrong: the path in the body, and why.
    pub(super) problems: Vec<(String, String)>,
}

/// An account that a thing may have.
pub(super) struct Account {
    /// Where the password stands in the body.
    path: &'static [&'static str],
    /// Its name among the secrets.
    pub(super) name: String,
    /// By it others prove themselves to us, so that the password is sealed; where their user name stands in the body,
    /// unless it is the thing's key.
    checked: Option<Option<&'static [&'static str]>>,
}

/// The accounts that a thing may have.
pub(super) fn accounts(place: &Place) -> Vec<Account> {
    let account = |path, name, checked| Account { path, name, checked };
    match Kind::of(&place.kind) {
        Some(Kind::Extensions) => vec![account(&["password"], format!("extensions.{}", place.key), Some(None))],
        Some(Kind::Trunks) => vec![
            // We prove ourselves by it, to a realm that we do not know beforehand: that needs the password itself.
            account(&["password"], format!("trunks.{}", place.key), None),
            account(
                &["inbound", "password"],
                format!("trunks.{}.inbound", place.key),
                Some(Some(&["inbound", "user"])),
            ),
        ],
        _ => Vec::new(),
    }
}

/// Takes the passwords out of a body.
///
/// # Errors
/// When the system gives no random numbers.
pub(super) fn take(place: &Place, body: &mut Value, kept: &AllKept, around: &Around<'_>) -> Result<Taken, Failure> {
    let mut taken = Taken::default();
    for Account { path, name: account, checked } in accounts(place) {
        let user = checked.map(|at| user(place, body, at));
        let sealed = |text: String| match &user {
            Some(user) => (around.seal.seal)(user, &text),
            None => HiddenText(text),
        };
        let known = kept.secrets.get(&account);
        let slot = path.iter().try_fold(&mut *body, |value, name| value.get_mut(*name)).filter(|slot| !slot.is_null());
        let Some(slot) = slot else {
            if known.is_some() {
                taken.secrets.insert(account, None);
            }
            continue;
        };
        match means(slot, around.resolve) {
            // What is no form of a password is refused with the rest of the body.
            None => continue,
            Some(Meant::Stored) if known.is_none() && !around.generate_missing => {
                let mend = format!("{NO_STORED_PASSWORD}: send one, or `{{ \"generate\": true }}`");
                taken.problems.push((path.join("."), mend));
            }
            Some(Meant::Stored) if known.is_none() => {
                if checked.is_none() {
                    taken.foreign.push(path.join("."));
                }
                let drawn = draw()?;
                taken.generated.insert(account.clone(), HiddenText(drawn.clone()));
                taken.secrets.insert(account, Some(sealed(drawn)));
            }
            Some(Meant::Generate) if around.redraw || known.is_none() => {
                let drawn = draw()?;
                taken.generated.insert(account.clone(), HiddenText(drawn.clone()));
                taken.secrets.insert(account, Some(sealed(drawn)));
            }
            Some(Meant::Stored | Meant::Generate) => {
                let other = user.as_ref().zip(known).is_some_and(|(user, known)| !(around.seal.is_of)(known, user));
                if other {
                    let mend = "the stored password is of another user name: send it again";
                    taken.problems.push((path.join("."), mend.to_owned()));
                }
            }
            Some(Meant::Text(Ok(text))) if (1..=LONGEST).contains(&text.chars().count()) => {
                let text = sealed(text);
                if known.is_none_or(|known| *known != text) {
                    taken.secrets.insert(account, Some(text));
                }
            }
            Some(Meant::Text(Ok(_))) => {
                taken.problems.push((path.join("."), format!("a password here has 1 to {LONGEST} characters")));
            }
            Some(Meant::Text(Err(problem))) => taken.problems.push((path.join("."), problem)),
        }
        *slot = json!({ "stored": true });
    }
    Ok(taken)
}

/// The user name of an account by which others prove themselves.
fn user(place: &Place, body: &Value, at: Option<&[&str]>) -> String {
    let Some(at) = at else { return place.key.clone() };
    let found = at.iter().try_fold(body, |value, name| value.get(*name));
    found.and_then(Value::as_str).unwrap_or_default().to_owned()
}

enum Meant {
    Stored,
    Generate,
    Text(Result<String, String>),
}

fn means(slot: &Value, resolve: &dyn Fn(Reference<'_>) -> Result<String, String>) -> Option<Meant> {
    if let Value::String(text) = slot {
        return Some(Meant::Text(Ok(text.clone())));
    }
    let table = slot.as_object().filter(|table| table.len() == 1)?;
    let (form, value) = table.iter().next()?;
    match (form.as_str(), value) {
        ("stored", Value::Bool(true)) => Some(Meant::Stored),
        ("generate", Value::Bool(true)) => Some(Meant::Generate),
        ("env", Value::String(name)) => Some(Meant::Text(resolve(Reference::Environment(name)))),
        ("file", Value::String(name)) => Some(Meant::Text(resolve(Reference::File(name)))),
        _ => None,
    }
}

fn draw() -> Result<String, Failure> {
    let mut bytes = [0u8; GENERATED_LETTERS];
    getrandom::fill(&mut bytes).map_err(|problem| {
        tracing::error!(%problem, "the system gives no random numbers");
        Failure::internal()
    })?;
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 32)).copied().map_or('a', char::from);
    Ok(bytes.into_iter().map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunk() -> Place {
        Kind::Trunks.place("carrier").unwrap()
    }

    fn kept() -> AllKept {
        let secrets = BTreeMap::from([("trunks.carrier".to_owned(), HiddenText("known".into()))]);
        AllKept { secrets, ..AllKept::default() }
    }

    fn taken(body: &mut Value, redraw: bool) -> Taken {
        take(&trunk(), body, &kept(), &around(redraw)).unwrap()
    }

    fn around(redraw: bool) -> Around<'static> {
        let seal = Seal {
            seal: |user, password| HiddenText(format!("{user}:{password}")),
            is_of: |sealed, user| sealed.0.split(':').next() == Some(user),
        };
        let at = nohold_model::Timestamp::EPOCH;
        Around { prompts: None, resolve: &no_references, seal, redraw, generate_missing: false, at, by: "test" }
    }

    #[test]
    fn a_password_is_taken_out_and_the_body_says_that_it_is_stored() {
        let mut body = json!({ "host": "a", "password": "one", "inbound": { "user": "u", "password": "two" } });
        let taken = taken(&mut body, true);
        let stored = json!({ "stored": true });
        assert_eq!(body, json!({ "host": "a", "password": stored, "inbound": { "user": "u", "password": stored } }));
        assert_eq!(taken.secrets["trunks.carrier"], Some(HiddenText("one".into())));
        assert_eq!(taken.secrets["trunks.carrier.inbound"], Some(HiddenText("u:two".into())), "it is sealed");
        assert!(taken.generated.is_empty() && taken.problems.is_empty());
    }

    #[test]
    fn a_generated_password_is_drawn_anew_when_somebody_wants_it_and_else_once() {
        let mut body = json!({ "password": { "generate": true } });
        let drawn = taken(&mut body.clone(), true);
        assert_eq!(drawn.generated["trunks.carrier"].0.len(), 20);
        assert_eq!(drawn.secrets["trunks.carrier"].as_ref(), drawn.generated.get("trunks.carrier"));
        assert!(taken(&mut body, false).secrets.is_empty());
        assert_eq!(body, json!({ "password": { "stored": true } }));
    }

    #[test]
    fn what_was_known_changes_nothing_and_what_is_left_out_is_forgotten() {
        assert!(taken(&mut json!({ "password": "known" }), true).secrets.is_empty());
        assert!(taken(&mut json!({ "password": { "stored": true } }), true).secrets.is_empty());
        assert_eq!(taken(&mut json!({}), true).secrets["trunks.carrier"], None);
    }

    #[test]
    fn a_sealed_password_does_not_go_over_to_another_user() {
        let secrets = BTreeMap::from([("trunks.carrier.inbound".to_owned(), HiddenText("u:two".into()))]);
        let kept = AllKept { secrets, ..AllKept::default() };
        let problems = |user: &str| {
            let mut body = json!({ "inbound": { "user": user, "password": { "stored": true } } });
            take(&trunk(), &mut body, &kept, &around(false)).unwrap().problems.len()
        };
        assert_eq!((problems("u"), problems("other")), (0, 1));
    }

    #[test]
    fn a_password_that_is_nowhere_is_told() {
        for (body, at) in [
            (json!({ "password": "x", "inbound": { "password": { "stored": true } } }), "inbound.password"),
            (json!({ "password": { "env": "HOME" } }), "password"),
            (json!({ "password": { "file": "/etc/passwd" } }), "password"),
            (json!({ "password": "" }), "password"),
        ] {
            let taken = taken(&mut body.clone(), true);
            assert_eq!(taken.problems.len(), 1, "{body}");
            assert_eq!(taken.problems[0].0, at);
        }
    }
}
