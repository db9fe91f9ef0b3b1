//! The values of From, To and Contact, cut up without changing a letter (RFC 3261 §20.10, §25.1).

use crate::uri::Uri;

/// The URI of a From, To or single Contact; nothing where it cannot be read.
#[must_use]
pub(crate) fn uri(value: &str) -> Option<Uri> {
    address(split(value, ',').first()?)?.0.parse().ok()
}

/// The URI of a name-addr or addr-spec, and the parameters of the header field after it.
#[must_use]
pub(crate) fn address(value: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => {
                let (uri, rest) = value[at + 1..].split_once('>')?;
                return (!uri.is_empty()).then_some((uri, rest.trim_start().strip_prefix(';').unwrap_or("")));
            }
            _ => {}
        }
    }
    // Without brackets all parameters are the header's (RFC 3261 §20.10).
    let (uri, parameters) = value.split_once(';').unwrap_or((value, ""));
    let uri = uri.trim();
    (!uri.is_empty() && !quoted).then_some((uri, parameters))
}

/// A name as it may stand between quotes (RFC 3261 §25.1): without what would end the quotes or the line, or turn the
/// reading direction round; nothing where nothing is left.
#[must_use]
pub(crate) fn shown_name(name: &str) -> Option<String> {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String =
        name.chars().filter(|c| !c.is_control() && !turns(*c) && !matches!(c, '"' | '\\')).take(64).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// Parts between separators that stand neither in quotes nor in brackets.
#[must_use]
pub(crate) fn split(value: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begin, mut quoted, mut escaped, mut bracketed) = (0, false, false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => bracketed = true,
            '>' if !quoted => bracketed = false,
            c if c == separator && !quoted && !bracketed => {
                parts.push(&value[begin..at]);
                begin = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&value[begin..]);
    parts.into_iter().filter(|part| !part.trim().is_empty()).collect()
}

#[cfg(test)]
mod shown {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes_or_its_line() {
        assert_eq!(shown_name("Li \u{540d}\u{5b57}").as_deref(), Some("Li \u{540d}\u{5b57}"));
        assert_eq!(shown_name("a\"\r\nX-Evil: 1\u{202e}\0\\").as_deref(), Some("aX-Evil: 1"));
        assert_eq!(shown_name("\r\n\""), None);
        assert_eq!(shown_name(&"n".repeat(500)).map(|name| name.len()), Some(64));
    }
}
