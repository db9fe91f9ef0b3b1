//! The address that an agent's page opens with what is known of a call: a customer's page in another program.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use nohold_model::QueueKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Directory;

/// The longest address as it is written, in characters.
const LONGEST: usize = 1_000;

/// The names that may stand between braces.
pub const NAMES: [&str; 9] = ["number", "call", "agent", "queue", "service", "called", "name", "contact", "entry"];

/// The addresses, of the whole site and of queues.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pops {
    /// Where a queue has none of its own.
    pub of_site: Option<Pop>,
    /// Those of queues.
    pub of_queues: BTreeMap<QueueKey, Pop>,
}

/// An address with variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pop {
    /// How it is written: `https://crm.example/?number={number}`.
    address: String,
    /// When it opens.
    pub opens: Opens,
}

/// When an address opens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Opens {
    /// When the agent clicks.
    #[default]
    OnClick,
    /// When the phone rings, in a new tab.
    AtRinging,
}

/// Why an address may not be written like this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadPop {
    /// Another scheme, or none.
    #[error("an address begins with https:// or http:// and the name of a server")]
    Scheme,
    /// A brace where none may be.
    #[error("a variable may not stand in the server's name")]
    Server,
    /// A brace without its other half.
    #[error("a variable stands between braces, as in {{number}}, and one of the two is missing")]
    Brace,
    /// Nobody knows this variable.
    #[error("there is no variable `{0}`: known are {known}", known = NAMES.join(", "))]
    Unknown(String),
    /// A space, a control character, or something that no address holds.
    #[error("there is a space or a character that may not stand in an address: write it with a percent sign")]
    Character,
    /// Its length.
    #[error("an address has {LONGEST} characters at most")]
    TooLong,
}

/// What is known of a call, by the names of variables. What is not known is nothing.
pub type Variables = BTreeMap<&'static str, String>;

impl Pop {
    /// Reads an address.
    ///
    /// # Errors
    /// [`BadPop`], with what is wrong first.
    pub fn new(address: &str, opens: Opens) -> Result<Pop, BadPop> {
        if address.chars().count() > LONGEST {
            return Err(BadPop::TooLong);
        }
        let rest =
            address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).ok_or(BadPop::Scheme)?;
        let server = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if server.contains(['{', '}']) {
            return Err(BadPop::Server);
        }
        if server.is_empty() || server.contains(['@', '\\']) {
            return Err(BadPop::Scheme);
        }
        let unfit =
            |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '|');
        if address.contains(unfit) {
            return Err(BadPop::Character);
        }
        pieces(address)?;
        Ok(Pop { address: address.to_owned(), opens })
    }

    /// The address with what is known in it. Values are encoded (RFC 3986 §2.1): they cannot be more than values.
    #[must_use]
    pub fn filled(&self, variables: &Variables) -> String {
        let mut filled = String::new();
        for piece in pieces(&self.address).unwrap_or_default() {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Variable(name) => encode(variables.get(name).map_or("", String::as_str), &mut filled),
            }
        }
        filled
    }
}

enum Piece<'a> {
    Text(&'a str),
    Variable(&'static str),
}

fn pieces(address: &str) -> Result<Vec<Piece<'_>>, BadPop> {
    let mut pieces = Vec::new();
    let mut rest = address;
    while let Some((text, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}').ok_or(BadPop::Brace)?;
        let known = NAMES.into_iter().find(|known| *known == name);
        if text.contains('}') {
            return Err(BadPop::Brace);
        }
        pieces.push(Piece::Text(text));
        pieces.push(Piece::Variable(known.ok_or_else(|| BadPop::Unknown(name.chars().take(40).collect()))?));
        rest = after;
    }
    if rest.contains('}') {
        return Err(BadPop::Brace);
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// Everything but the unreserved characters of RFC 3986 §2.3 is written with percent signs.
fn encode(value: &str, to: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

impl Directory {
    /// The address for a call of this queue, or of none.
    #[must_use]
    pub fn pop(&self, queue: Option<&QueueKey>) -> Option<&Pop> {
        queue.and_then(|queue| self.pops.of_queues.get(queue)).or(self.pops.of_site.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_so_that_they_stay_values() {
        let pop = Pop::new("https://crm.example/c?n={number}&q={queue}&w={name}", Opens::OnClick).unwrap();
        let known = [("number", "+4930123"), ("name", "A&b=c #/ü")];
        let variables = known.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        assert_eq!(pop.filled(&variables), "https://crm.example/c?n=%2B4930123&q=&w=A%26b%3Dc%20%23%2F%C3%BC");
    }

    #[test]
    fn an_address_is_of_the_web_and_its_server_is_fixed() {
        for (address, why) in [
            ("javascript:alert(1)", BadPop::Scheme),
            ("//crm.example", BadPop::Scheme),
            ("https://", BadPop::Scheme),
            ("https://user@crm.example/", BadPop::Scheme),
            ("https://{number}.example/", BadPop::Server),
            ("https://crm.example/{number", BadPop::Brace),
            ("https://crm.example/number}", BadPop::Brace),
            ("https://crm.example/{password}", BadPop::Unknown("password".to_owned())),
            ("https://crm.example/a b", BadPop::Character),
            ("https://crm.example/\"onload", BadPop::Character),
        ] {
            assert_eq!(Pop::new(address, Opens::OnClick), Err(why), "{address}");
        }
        assert_eq!(
            Pop::new(&format!("https://crm.example/{}", "x".repeat(1_000)), Opens::OnClick),
            Err(BadPop::TooLong)
        );
        assert!(Pop::new("http://127.0.0.1:8000/#/{contact}", Opens::AtRinging).is_ok());
    }
}
