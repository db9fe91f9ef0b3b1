//! The Contacts of a REGISTER, each URI kept to the letter: requests to the phone carry it as it wrote it.

use super::bindings::{Change, Wish};
use crate::name_addr::{address, split};

/// More Contacts than this in one request are refused.
const MOST: usize = 16;

/// What the Contact values of a request and its `Expires` ask; nothing where they cannot be read (400).
#[must_use]
pub(super) fn change<'a>(values: impl Iterator<Item = &'a str>, expires: Option<&str>) -> Option<Change> {
    let expires = expires.map(seconds);
    let mut wishes = Vec::new();
    let mut star = false;
    for one in values.flat_map(|value| split(value, ',')) {
        let one = one.trim();
        if one == "*" {
            star = true;
            continue;
        }
        let (uri, parameters) = address(one)?;
        let own = split(parameters, ';').into_iter().find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("expires").then(|| seconds(value))
        });
        wishes.push(Wish { contact: uri.to_owned(), expires: own.or(expires) });
    }
    match (star, wishes.is_empty()) {
        // RFC 3261 §10.3 step 6: alone, and with zero.
        (true, true) => (expires == Some(0)).then_some(Change::RemoveAll),
        (true, false) => None,
        (false, true) => Some(Change::Ask),
        (false, false) => (wishes.len() <= MOST).then_some(Change::Set(wishes)),
    }
}

/// A number that cannot be read counts as the usual time (RFC 3261 §10.2.1.1).
fn seconds(value: &str) -> u32 {
    let value = value.trim().trim_matches('"');
    let too_large = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().unwrap_or(if too_large { u32::MAX } else { super::bindings::USUAL })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str], expires: Option<&str>) -> Option<Vec<(String, Option<u32>)>> {
        match change(values.iter().copied(), expires)? {
            Change::Set(wishes) => Some(wishes.into_iter().map(|wish| (wish.contact, wish.expires)).collect()),
            Change::Ask => Some(Vec::new()),
            Change::RemoveAll => Some(vec![("*".into(), Some(0))]),
        }
    }

    fn one(contact: &str, expires: Option<u32>) -> Option<Vec<(String, Option<u32>)>> {
        Some(vec![(contact.into(), expires)])
    }

    #[test]
    fn contacts_are_kept_to_the_letter() {
        let odd = "sip:a%40b;tgrp=x@192.0.2.1:5062;transport=tcp?x=%20";
        assert_eq!(read(&[&format!("\"Li, \\\"<\" <{odd}>;expires=300;q=0.5")], Some("60")), one(odd, Some(300)));
        assert_eq!(read(&["sip:a@h;expires=5"], None), one("sip:a@h", Some(5)));
        assert_eq!(read(&["<sip:a@h;expires=5>"], None), one("sip:a@h;expires=5", None));
    }

    #[test]
    fn several_stand_in_one_line_or_in_several() {
        let both = Some(vec![("sip:a@h".into(), Some(60)), ("sip:b@h,x".into(), Some(9))]);
        assert_eq!(read(&["<sip:a@h>, <sip:b@h,x>;expires=9"], Some("60")), both);
        assert_eq!(read(&["<sip:a@h>", "<sip:b@h,x>;expires=9"], Some("60")), both);
        let many: Vec<String> = (0..=MOST).map(|n| format!("<sip:{n}@h>")).collect();
        assert_eq!(read(&[&many.join(",")], None), None);
    }

    #[test]
    fn a_star_stands_alone_and_with_zero() {
        assert_eq!(read(&["*"], Some("0")), Some(vec![("*".into(), Some(0))]));
        assert_eq!(read(&["*"], Some("60")), None);
        assert_eq!(read(&["*"], None), None);
        assert_eq!(read(&["*", "<sip:a@h>"], Some("0")), None);
    }

    #[test]
    fn no_contact_is_a_question() {
        assert_eq!(read(&[], None), Some(Vec::new()));
    }

    #[test]
    fn what_cannot_be_read_is_refused_or_taken_as_usual() {
        assert_eq!(read(&["<sip:a@h"], None), None);
        assert_eq!(read(&["<>"], None), None);
        assert_eq!(read(&["\"sip:a@h"], None), None);
        assert_eq!(read(&["<sip:a@h>;expires=soon"], None), one("sip:a@h", Some(super::super::bindings::USUAL)));
        assert_eq!(read(&["<sip:a@h>;expires=99999999999"], None), one("sip:a@h", Some(u32::MAX)));
    }
}
