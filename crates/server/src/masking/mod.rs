//! Numbers of customers for who may not see them whole (号码脱敏).
//!
//! A number is hidden where an answer leaves, and not where it is put together: so a field that is added tomorrow, or a fact
//! of the history, cannot be forgotten. What is looked for is a number as we write all of them (E.164 with its `+`) and as
//! people write them ([`spelling`]), wherever in a text it stands. Numbers of the house are nobody's secret and stay.

mod spelling;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use nohold_core::directory::Directory;
use nohold_model::{AgentKey, PhoneNumber};
use serde_json::Value;

use self::spelling::{Found, Known};
use crate::failure::Failure;
use crate::state::Api;

/// A number as somebody may see it who sees none whole, unless it is one of the house.
pub(crate) fn shown(number: &PhoneNumber, directory: Option<&Directory>) -> String {
    let of_the_house = directory.is_some_and(|directory| directory.is_of_the_house(number));
    if of_the_house { number.as_str().to_owned() } else { number.masked() }
}

/// Texts that belong together, with the middle of each number hidden: the cells of a line, say. `known` are numbers that they
/// speak of, so that these are found without their area, too; numbers that stand whole in one of the texts are known as well.
pub(crate) fn hidden_in_all<'a>(
    texts: impl IntoIterator<Item = String>,
    known: impl IntoIterator<Item = &'a PhoneNumber>,
    directory: Option<&Directory>,
) -> Vec<String> {
    let texts: Vec<String> = texts.into_iter().collect();
    let mut spoken_of = Known::default();
    known.into_iter().for_each(|number| spoken_of.add(number));
    texts.iter().for_each(|text| add_whole(text, &mut spoken_of));
    texts.into_iter().map(|text| hidden(&text, directory, &spoken_of).into_owned()).collect()
}

/// What machines say to machines: it has to come as it went, and has nothing of a customer. What a cursor means is known to us alone.
const OF_MACHINES: [&str; 8] = ["cursor", "next", "sdp", "secret", "credential", "username", "urls", "candidates"];

/// What somebody has typed about a call stands below this name, beside the `agent` who has.
const WRITTEN: &str = "written";

/// The texts of a JSON with the middle of each number hidden. Values that are no texts (times, counts) stay, and so does what
/// `reader` has written: they go on with it, and have seen it.
pub(crate) fn hidden_in_json<'a>(
    json: &'a str,
    directory: Option<&Directory>,
    reader: Option<&AgentKey>,
) -> Cow<'a, str> {
    if !json.contains(|one: char| one.is_ascii_digit() || !one.is_ascii()) {
        return Cow::Borrowed(json);
    }
    let mut known = Known::default();
    add_whole(json, &mut known);
    let mut shown = String::new();
    let mut taken = 0;
    let mut name = "";
    let mut scene = Scene::default();
    for at in texts_of(json) {
        scene.go_on(json, &at);
        let text = json.get(at.clone()).unwrap_or_default();
        let is_name = json.get(at.end + 1..).is_some_and(|rest| rest.trim_start().starts_with(':'));
        if is_name {
            name = text;
            scene.named(text, reader.is_some());
        } else if name == "agent" && reader.is_some_and(|reader| reader.as_str() == text) {
            scene.is_of_reader();
        }
        if scene.own_words.is_none() && (is_name || !OF_MACHINES.contains(&name)) {
            let new = hidden_in_text(text, directory, &known);
            if let Cow::Owned(new) = new {
                shown.push_str(json.get(taken..at.start).unwrap_or_default());
                shown.push_str(&new);
                taken = at.end;
            }
        }
    }
    if taken == 0 {
        return Cow::Borrowed(json);
    }
    shown.push_str(json.get(taken..).unwrap_or_default());
    Cow::Owned(shown)
}

/// Where in a JSON we are.
#[derive(Default)]
struct Scene {
    /// Up to where we have looked.
    seen: usize,
    /// For each object that we are in: whether it is of the reader.
    objects: Vec<bool>,
    /// What the reader has written begins: the number of objects around it.
    own_words: Option<usize>,
}

impl Scene {
    /// Goes on to this text.
    fn go_on(&mut self, json: &str, text: &Range<usize>) {
        for byte in json.as_bytes().get(self.seen..text.start).unwrap_or_default() {
            match byte {
                b'{' => self.objects.push(false),
                b'}' => drop(self.objects.pop()),
                _ => {}
            }
        }
        self.seen = text.end;
        self.own_words.take_if(|around| self.objects.len() <= *around);
    }

    fn named(&mut self, name: &str, is_read: bool) {
        if is_read && name == WRITTEN && self.objects.last() == Some(&true) {
            self.own_words.get_or_insert(self.objects.len());
        }
    }

    fn is_of_reader(&mut self) {
        if let Some(object) = self.objects.last_mut() {
            *object = true;
        }
    }
}

/// What stands between the quotes of a text of JSON, hidden, with its escapes.
fn hidden_in_text<'a>(text: &'a str, directory: Option<&Directory>, known: &Known) -> Cow<'a, str> {
    if !text.contains('\\') {
        return hidden(text, directory, known);
    }
    let Ok(meant) = serde_json::from_str::<String>(&format!("\"{text}\"")) else { return Cow::Borrowed(text) };
    match hidden(&meant, directory, known) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(new) => {
            let quoted = Value::String(new).to_string();
            Cow::Owned(quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned())
        }
    }
}

/// Where the texts of a JSON stand, without their quotes.
fn texts_of(json: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut bytes = json.bytes().enumerate();
    std::iter::from_fn(move || {
        let (opened, _) = bytes.by_ref().find(|(_, byte)| *byte == b'"')?;
        loop {
            match bytes.next()? {
                (_, b'\\') => drop(bytes.next()),
                (closed, b'"') => return Some(opened + 1..closed),
                _ => {}
            }
        }
    })
}

/// Remembers the numbers that stand in the text as we write them.
fn add_whole(text: &str, known: &mut Known) {
    for (at, _) in text.match_indices('+') {
        let digits = text.get(at + 1..).unwrap_or_default();
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        if let Some(Ok(number)) = text.get(at..at + 1 + length).map(str::parse::<PhoneNumber>) {
            known.add(&number);
        }
    }
}

fn hidden<'a>(text: &'a str, directory: Option<&Directory>, known: &Known) -> Cow<'a, str> {
    let home = directory.map(|directory| directory.site.numbers.country);
    let is_of_the_house = |number: &PhoneNumber| directory.is_some_and(|directory| directory.is_of_the_house(number));
    let mut shown = String::new();
    let mut taken = 0;
    for Found { at, number } in spelling::numbers_in(text, home, known) {
        if !is_of_the_house(&number) {
            shown.push_str(text.get(taken..at.start).unwrap_or_default());
            shown.push_str(&number.masked());
            taken = at.end;
        }
    }
    if taken == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(text.get(taken..).unwrap_or_default());
    Cow::Owned(shown)
}

/// A text that somebody gives back who was shown it without the middle of its numbers: what was hidden `before` is there again.
pub(crate) fn given_back(given: &str, before: &str, known: &[PhoneNumber], directory: &Directory) -> String {
    let mut spoken_of = Known::default();
    known.iter().for_each(|number| spoken_of.add(number));
    add_whole(before, &mut spoken_of);
    let mut back = String::new();
    let mut rest = given;
    for Found { at, number } in spelling::numbers_in(before, Some(directory.site.numbers.country), &spoken_of) {
        if let Some((start, end)) = rest.split_once(&number.masked()) {
            back.push_str(start);
            back.push_str(before.get(at).unwrap_or_default());
            rest = end;
        }
    }
    back.push_str(rest);
    back
}

/// The answer as it goes to somebody who sees no numbers whole. What is no JSON (audio, a table) is left to whoever made it.
pub(crate) async fn hidden_in(api: &Api, reader: Option<&AgentKey>, response: Response) -> Response {
    let is_json = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/json");
    if !response.headers().get(header::CONTENT_TYPE).is_some_and(is_json) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It was made in memory and is there whole.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return Failure::internal().into_response() };
    let Ok(text) = std::str::from_utf8(&bytes) else { return Failure::internal().into_response() };
    let directory = api.desk().map(|desk| desk.desk.directory());
    let body = match hidden_in_json(text, directory.as_deref(), reader) {
        Cow::Borrowed(_) => Body::from(bytes),
        Cow::Owned(text) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Body::from(text)
        }
    };
    Response::from_parts(parts, body)
}
