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
