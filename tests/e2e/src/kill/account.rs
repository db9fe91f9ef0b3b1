//! What the far ends count: the dialogs of a phone, as its messages on the wire tell them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use nohold_phone::{Message, Phone};
use tokio::time::Instant;

/// One dialog of a phone, or what would have become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    /// Its Call-ID.
    pub call_id: String,
    /// The number that was called.
    pub number: String,
    /// Whether the phone was called; it called otherwise.
    pub came_in: bool,
    /// When its INVITE went over the wire.
    pub began: Instant,
    /// When it was answered (200).
    pub answered: Option<Instant>,
    /// When the other side cancelled.
    pub cancelled: Option<Instant>,
    /// When it was over: BYE of either side, or a final answer that refuses.
    pub ended: Option<Instant>,
    /// Whether the other side ended it.
    pub by_them: bool,
}

/// All dialogs that a phone has had.
#[must_use]
pub fn dialogs(phone: &Phone) -> Vec<Dialog> {
    of(&phone.messages())
}

fn of(messages: &[Message]) -> Vec<Dialog> {
    let mut all: BTreeMap<&str, Dialog> = BTreeMap::new();
    for message in messages {
        let Message { at, came_in, call_id, method, status, user } = message;
        if method == "INVITE" && status.is_none() {
            all.entry(call_id).or_insert_with(|| Dialog {
                call_id: call_id.clone(),
                number: user.clone(),
                came_in: *came_in,
                began: *at,
                answered: None,
                cancelled: None,
                ended: None,
                by_them: false,
            });
        }
        let Some(dialog) = all.get_mut(call_id.as_str()) else { continue };
        let over = match (method.as_str(), status) {
            ("INVITE", Some(200..300)) => {
                dialog.answered.get_or_insert(*at);
                false
            }
            // A challenge is answered by another INVITE of the same dialog.
            ("INVITE", Some(401 | 407)) => false,
            ("INVITE", Some(300..)) => dialog.answered.is_none(),
            ("CANCEL", None) if *came_in => {
                dialog.cancelled.get_or_insert(*at);
                false
            }
            ("BYE", None) => true,
            _ => false,
        };
        if over && dialog.ended.is_none() {
            dialog.ended = Some(*at);
            dialog.by_them = (*came_in && method == "BYE") || dialog.cancelled.is_some();
        }
    }
    let mut all: Vec<Dialog> = all.into_values().collect();
    all.sort_by_key(|dialog| dialog.began);
    all
}

/// Two dialogs that were alive at once.
#[must_use]
pub fn overlap(dialogs: &[Dialog]) -> Option<(&Dialog, &Dialog)> {
    dialogs.iter().enumerate().find_map(|(index, first)| {
        let second = dialogs[index + 1..].iter().find(|second| first.ended.is_none_or(|ended| ended > second.began));
        second.map(|second| (first, second))
    })
}

/// The messages of a phone in words, with their times since a moment.
#[must_use]
pub fn told(name: &str, phone: &Phone, since: Instant) -> String {
    let mut text = format!("{name}:\n");
    for message in phone.messages() {
        let at = message.at.saturating_duration_since(since);
        let before = since.saturating_duration_since(message.at);
        let (sign, at) = if before > Duration::ZERO { ('-', before) } else { ('+', at) };
        // Writing into a text cannot fail.
        let _ = writeln!(text, "  {sign}{:7.3} s  {message}", at.as_secs_f64());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(at: Instant, ms: u64, came_in: bool, call: &str, method: &str, status: Option<u16>) -> Message {
        Message {
            at: at + Duration::from_millis(ms),
            came_in,
            call_id: call.to_owned(),
            method: method.to_owned(),
            status,
            user: "100".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_dialog_ends_with_a_bye_or_a_refusal_and_not_with_a_cancel_alone() {
        let now = Instant::now();
        let all = of(&[
            message(now, 0, true, "a", "INVITE", None),
            message(now, 1, false, "a", "INVITE", Some(180)),
            message(now, 2, false, "a", "INVITE", Some(200)),
            message(now, 3, true, "b", "INVITE", None),
            message(now, 4, true, "b", "CANCEL", None),
            message(now, 5, false, "b", "CANCEL", Some(200)),
            message(now, 6, false, "b", "INVITE", Some(487)),
            message(now, 7, true, "c", "INVITE", None),
            message(now, 8, true, "c", "CANCEL", None),
            message(now, 9, false, "c", "CANCEL", Some(481)),
            message(now, 10, true, "a", "BYE", None),
        ]);
        let ended: Vec<Option<u128>> =
            all.iter().map(|dialog| dialog.ended.map(|at| at.duration_since(now).as_millis())).collect();
        assert_eq!(ended, [Some(10), Some(6), None]);
        assert!(all.iter().all(|dialog| dialog.by_them == dialog.ended.is_some()));
        let (first, second) = overlap(&all).unwrap();
        assert_eq!((first.call_id.as_str(), second.call_id.as_str()), ("a", "b"));
        assert_eq!(overlap(&all[..1]), None);
        assert_eq!(overlap(&all[1..2]), None);
    }
}
