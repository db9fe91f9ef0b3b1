//! Passwords in a configuration: where they stand, and a type that never shows them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// A text that is never shown: `Debug` hides it, and it cannot be serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret with this text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Secret(text)
    }

    /// The text, for whoever has to prove or check it. Keep it out of logs.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where the password of a SIP account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    /// In the document itself: `password = "…"`. Whoever can read the document can then make calls.
    Inline(Secret),
    /// In an environment variable of the server: `password = { env = "NOHOLD_2000" }`.
    Environment(String),
    /// In a file, whose first line it is: `password = { file = "secrets/2000" }`, relative to the document.
    File(String),
    /// Drawn at the first start and kept in the data folder: `password = { generate = true }`.
    Generate,
    /// In the store, as it was: `password = { stored = true }`. What a store shows of an account has this form.
    Stored,
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Reads the five forms. Its errors never hold what was written: it may be the password.
struct Written;

const FORMS: &[&str] = &["env", "file", "generate", "stored"];

impl<'de> Visitor<'de> for Written {
    type Value = Password;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a password in quotes, `{ env = \"NAME\" }`, `{ file = \"path\" }`, `{ generate = true }` or \
             `{ stored = true }`",
        )
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Password, E> {
        Ok(Password::Inline(Secret::new(text.to_owned())))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Password, E> {
        Err(E::custom("a password of digits needs quotes around it"))
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Password, E> {
        Err(E::custom("a password of digits needs quotes around it"))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Password, E> {
        Err(E::custom("a password of digits needs quotes around it"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Password, A::Error> {
        use serde::de::Error as _;
        let Some(form) = map.next_key::<String>()? else {
            return Err(A::Error::custom("an empty table is no password: use `env`, `file`, `generate` or `stored`"));
        };
        // serde would repeat what was written: it may be the password.
        let text = |_| A::Error::custom("`env` and `file` want a name in quotes");
        let flag = |_| A::Error::custom("`generate` and `stored` can only be true: write the password otherwise");
        let password = match form.as_str() {
            "env" => Password::Environment(map.next_value().map_err(text)?),
            "file" => Password::File(map.next_value().map_err(text)?),
            "generate" if map.next_value().map_err(flag)? => Password::Generate,
            "stored" if map.next_value().map_err(flag)? => Password::Stored,
            "generate" | "stored" => return Err(flag(A::Error::custom("false"))),
            other => return Err(A::Error::unknown_field(other, FORMS)),
        };
        if map.next_key::<String>()?.is_some() {
            return Err(A::Error::custom(
                "a password stands in one place only: use one of `env`, `file`, `generate`, `stored`",
            ));
        }
        Ok(password)
    }
}

impl JsonSchema for Password {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Password".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let form = |name: &str, value: Schema| {
            json_schema!({
                "type": "object", "properties": { (name): value }, "required": [name], "additionalProperties": false
            })
        };
        json_schema!({ "anyOf": [
            { "type": "string", "minLength": 1 },
            form("generate", json_schema!({ "const": true })),
            form("stored", json_schema!({ "const": true })),
            form("env", json_schema!({ "type": "string" })),
            form("file", json_schema!({ "type": "string" })),
        ] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Password, String> {
        serde_json::from_str(json).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_password_stands_in_the_document_the_environment_a_file_or_nowhere_yet() {
        assert_eq!(read(r#""s3cret""#), Ok(Password::Inline(Secret::new("s3cret".into()))));
        assert_eq!(read(r#"{"env": "NAME"}"#), Ok(Password::Environment("NAME".into())));
        assert_eq!(read(r#"{"file": "a/b"}"#), Ok(Password::File("a/b".into())));
        assert_eq!(read(r#"{"generate": true}"#), Ok(Password::Generate));
        assert_eq!(read(r#"{"stored": true}"#), Ok(Password::Stored));
    }

    #[test]
    fn what_is_no_password_is_refused_and_not_repeated() {
        for bad in [
            "4711",
            "-4711",
            "4711.5",
            r#"{"generate": false}"#,
            r#"{"stored": false}"#,
            r#"{"stored": "4711"}"#,
            "{}",
            r#"{"env": "A", "file": "b"}"#,
            r#"{"plain": "x"}"#,
            "true",
        ] {
            let problem = read(bad).unwrap_err();
            assert!(!problem.contains("4711"), "{problem}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert!(!format!("{:?}", Password::Inline(Secret::new("s3cret".into()))).contains("s3cret"));
    }
}
