//! Versions as entity tags (RFC 9110 §8.8.3): whoever changes something says which version they have seen.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::failure::Failure;

/// The tag of a version.
pub(crate) fn of(version: u64) -> HeaderValue {
    // Quotes around digits are always a valid value.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Checks `If-Match` and `If-None-Match` against what is there now; none is nothing.
///
/// # Errors
/// 412, when it is not what whoever asks has seen.
pub(crate) fn must_match(headers: &HeaderMap, now: Option<u64>) -> Result<(), Failure> {
    let tag = now.map(of);
    let names = |name: header::HeaderName| -> Option<bool> {
        let mut lines = headers.get_all(name).into_iter().peekable();
        lines.peek()?;
        let mut tags = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).map(str::trim);
        Some(tags.any(|one| tag.as_ref().is_some_and(|tag| one == "*" || one.as_bytes() == tag.as_bytes())))
    };
    if names(header::IF_MATCH) == Some(false) {
        return Err(changed("somebody has changed this since you looked: look again, then repeat it"));
    }
    if names(header::IF_NONE_MATCH) == Some(true) {
        return Err(changed("this is there already: look at it, and name its version in `If-Match` to change it"));
    }
    Ok(())
}

/// Whether whoever asks has what this tag stands for (`If-None-Match`, RFC 9110 §13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn changed(message: &str) -> Failure {
    Failure::new(StatusCode::PRECONDITION_FAILED, "changed", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(name: header::HeaderName, value: &str, now: Option<u64>) -> bool {
        must_match(&HeaderMap::from_iter([(name, value.parse().unwrap())]), now).is_ok()
    }

    #[test]
    fn what_is_known_is_named_by_its_tag_strong_or_weak() {
        let known =
            |value: &str| is_known(&HeaderMap::from_iter([(header::IF_NONE_MATCH, value.parse().unwrap())]), "\"a-1\"");
        assert!(known("\"a-1\"") && known("\"b\", W/\"a-1\"") && known("*"));
        assert!(!known("\"a\"") && !known("a-1") && !is_known(&HeaderMap::new(), "\"a-1\""));
    }

    #[test]
    fn a_tag_must_be_the_one_that_holds() {
        assert!(fits(header::IF_MATCH, "\"3\"", Some(3)));
        assert!(fits(header::IF_MATCH, "\"2\", \"3\"", Some(3)));
        assert!(!fits(header::IF_MATCH, "\"2\"", Some(3)));
        assert!(!fits(header::IF_MATCH, "3", Some(3)));
        assert!(fits(header::IF_MATCH, "*", Some(3)));
        assert!(!fits(header::IF_MATCH, "*", None));
        assert!(fits(header::IF_NONE_MATCH, "*", None));
        assert!(!fits(header::IF_NONE_MATCH, "*", Some(1)));
        assert!(must_match(&HeaderMap::new(), Some(1)).is_ok());
    }
}
