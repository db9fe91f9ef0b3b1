//! Numbers of customers for who may not see them whole (号码脱敏).
//!
//! A number is hidden where an answer leaves, and not where it is put together: so a field that is added tomorrow, or a fact
//! of the history, cannot be forgotten. What is looked for is a number as we write all of them (E.164 with its `+`), wherever
//! in the text it stands, also in what people have written. Numbers of the house are nobody's secret and stay.

use std::borrow::Cow;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use nohold_core::directory::Directory;
use nohold_model::PhoneNumber;

use crate::failure::Failure;
use crate::state::Api;

/// E.164 has fifteen digits at most; what is longer is no number.
const MOST_DIGITS: usize = 15;

/// A shorter row of digits behind a `+` is no number that anybody could call.
const LEAST_DIGITS: usize = 7;

/// A number as somebody may see it who sees none whole, unless it is one of the house.
pub(crate) fn shown(number: &PhoneNumber, directory: Option<&Directory>) -> String {
    let of_the_house = directory.is_some_and(|directory| directory.is_of_the_house(number));
    if of_the_house { number.as_str().to_owned() } else { number.masked() }
}

/// The text with the middle of each number hidden. A text of JSON stays one.
pub(crate) fn hidden<'a>(text: &'a str, directory: Option<&Directory>) -> Cow<'a, str> {
    let mut hidden = String::new();
    let mut taken = 0;
    for (at, _) in text.match_indices('+') {
        let digits = text.get(at + 1..).unwrap_or_default();
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        if at < taken || !(LEAST_DIGITS..=MOST_DIGITS).contains(&length) {
            continue;
        }
        let end = at + 1 + length;
        let Some(number) = text.get(at..end).and_then(|number| number.parse::<PhoneNumber>().ok()) else { continue };
        hidden.push_str(text.get(taken..at).unwrap_or_default());
        hidden.push_str(&shown(&number, directory));
        taken = end;
    }
    if taken == 0 {
        return Cow::Borrowed(text);
    }
    hidden.push_str(text.get(taken..).unwrap_or_default());
    Cow::Owned(hidden)
}

/// The answer as it goes to somebody who sees no numbers whole. What is no JSON (audio, a table) is left to whoever made it.
pub(crate) async fn hidden_in(api: &Api, response: Response) -> Response {
    let is_json = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/json");
    if !response.headers().get(header::CONTENT_TYPE).is_some_and(is_json) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It was made in memory and is there whole.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return Failure::internal().into_response() };
    let Ok(text) = std::str::from_utf8(&bytes) else { return Failure::internal().into_response() };
    let directory = api.desk().map(|desk| desk.desk.directory());
    let body = match hidden(text, directory.as_deref()) {
        Cow::Borrowed(_) => Body::from(bytes),
        Cow::Owned(text) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Body::from(text)
        }
    };
    Response::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_in_a_text_loses_its_middle_and_nothing_else_changes() {
        for (text, expected) in [
            (r#"{"number":"+8613800138001"}"#, r#"{"number":"138****8001"}"#),
            (r#"["+8613800138001","+8613800138002"]"#, r#"["138****8001","138****8002"]"#),
            ("call +8613800138001 again, not +86 138", "call 138****8001 again, not +86 138"),
            ("+8613800138001", "138****8001"),
            ("++8613800138001+8613800138002", "+138****8001138****8002"),
            ("1e+12, 10:00:00+08:00, a+b", "1e+12, 10:00:00+08:00, a+b"),
            ("+1234567890123456789", "+1234567890123456789"),
            ("回呼+8613800138001。", "回呼138****8001。"),
            ("", ""),
        ] {
            assert_eq!(hidden(text, None), expected);
        }
    }
}
