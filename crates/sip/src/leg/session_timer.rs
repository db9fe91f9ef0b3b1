//! Session timers (RFC 4028): a call whose far end has vanished without a word ends all the same.
//!
//! We never ask for one, because a leg without audio is noticed by itself; we keep the one that the other side asks for.

use std::time::{Duration, Instant};

/// The shortest interval that we accept, in seconds (RFC 4028 §4).
pub const SHORTEST: u32 = 90;
/// A longer one is kept as if it were this: a day is as good as never.
const LONGEST: u32 = 86_400;

/// Who keeps the session alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// We do.
    Us,
    /// The other side does.
    Them,
}

/// A session that ends unless it is refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimer {
    /// The interval, in seconds.
    pub interval: u32,
    /// Who refreshes.
    pub refresher: Refresher,
    /// When the session was refreshed last.
    refreshed: Instant,
}

/// What a request says of session timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// `Session-Expires`: the interval and its `refresher`, as the role in that transaction (`true` = uac).
    pub expires: Option<(u32, Option<bool>)>,
    /// `Supported` or `Require` has `timer`.
    pub supported: bool,
}

/// The interval is too short: 422 with `Min-SE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooShort;

impl Asked {
    /// Reads `Session-Expires` and the option tags of `Supported` and `Require`.
    #[must_use]
    pub fn read<'a>(session_expires: Option<&str>, tags: impl Iterator<Item = &'a str>) -> Self {
        let mut tags = tags.flat_map(|value| value.split(','));
        Asked {
            expires: session_expires.and_then(expires),
            supported: tags.any(|tag| tag.trim().eq_ignore_ascii_case("timer")),
        }
    }
}

fn expires(value: &str) -> Option<(u32, Option<bool>)> {
    let mut parts = value.split(';');
    let seconds = parts.next()?.trim().parse().ok()?;
    let refresher = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("refresher").then(|| value.trim().eq_ignore_ascii_case("uac"))
    });
    Some((seconds, refresher))
}

impl SessionTimer {
    /// What follows from a request that we answer: the timer to keep, if any.
    ///
    /// # Errors
    /// [`TooShort`] asks for a 422, where the other side knows what that means.
    pub fn answered(asked: Asked, shortest: u32, now: Instant) -> Result<Option<SessionTimer>, TooShort> {
        let Some((seconds, uac)) = asked.expires else { return Ok(None) };
        if seconds < shortest && asked.supported {
            return Err(TooShort);
        }
        // Who does not know session timers cannot refresh (RFC 4028 §9).
        let refresher = match (asked.supported, uac) {
            (true, Some(true) | None) => Refresher::Them,
            (true, Some(false)) | (false, _) => Refresher::Us,
        };
        Ok(Some(SessionTimer { interval: seconds.clamp(shortest, LONGEST), refresher, refreshed: now }))
    }

    /// What follows from the 2xx to a request of ours.
    #[must_use]
    pub fn agreed(answer: Asked, shortest: u32, now: Instant) -> Option<SessionTimer> {
        let (seconds, uac) = answer.expires?;
        let refresher = if uac == Some(false) { Refresher::Them } else { Refresher::Us };
        Some(SessionTimer { interval: seconds.clamp(shortest, LONGEST), refresher, refreshed: now })
    }

    /// The session was refreshed.
    pub fn refresh(&mut self, now: Instant) {
        self.refreshed = now;
    }

    /// When something is to be done: a refresh by us, or the end because none came.
    #[must_use]
    pub fn due(&self) -> Instant {
        let interval = Duration::from_secs(self.interval.into());
        self.refreshed
            + match self.refresher {
                Refresher::Us => interval / 2,
                // RFC 4028 §10: min(32 s, a third) before the end.
                Refresher::Them => interval - (interval / 3).min(Duration::from_secs(32)),
            }
    }

    /// `Session-Expires` in a 2xx of ours.
    #[must_use]
    pub fn header(&self) -> String {
        let refresher = match self.refresher {
            Refresher::Us => "uas",
            Refresher::Them => "uac",
        };
        format!("{};refresher={refresher}", self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(expires: &str, tags: &str) -> Result<Option<SessionTimer>, TooShort> {
        SessionTimer::answered(Asked::read(Some(expires), [tags].into_iter()), SHORTEST, Instant::now())
    }

    fn seconds_until_due(timer: SessionTimer) -> u64 {
        (timer.due() - timer.refreshed).as_secs()
    }

    #[test]
    fn nobody_asks_and_there_is_no_timer() {
        let asked = Asked::read(None, ["timer, replaces"].into_iter());
        assert_eq!(SessionTimer::answered(asked, SHORTEST, Instant::now()), Ok(None));
    }

    #[test]
    fn the_caller_refreshes_where_it_can_and_does_not_say_otherwise() {
        let timer = answered("1800", "replaces, timer").unwrap().unwrap();
        assert_eq!((timer.refresher, timer.header().as_str()), (Refresher::Them, "1800;refresher=uac"));
        assert_eq!(seconds_until_due(timer), 1_768);
        let timer = answered("90; refresher=UAS", "timer").unwrap().unwrap();
        assert_eq!((timer.refresher, timer.header().as_str()), (Refresher::Us, "90;refresher=uas"));
        assert_eq!(seconds_until_due(timer), 45);
    }

    #[test]
    fn a_proxy_may_ask_for_a_caller_that_knows_nothing_of_it() {
        let timer = answered("60;refresher=uac", "").unwrap().unwrap();
        assert_eq!((timer.interval, timer.refresher), (SHORTEST, Refresher::Us));
    }

    #[test]
    fn too_short_is_refused() {
        assert_eq!(answered("89", "timer"), Err(TooShort));
        assert!(answered("90", "timer").unwrap().is_some());
        assert_eq!(seconds_until_due(answered("90", "timer").unwrap().unwrap()), 60);
    }

    #[test]
    fn nonsense_is_no_timer() {
        for text in ["", "soon", "-1", "99999999999999"] {
            assert_eq!(answered(text, "timer"), Ok(None), "{text}");
        }
        assert_eq!(answered("4000000000", "timer").unwrap().unwrap().interval, LONGEST);
    }

    #[test]
    fn the_answer_to_our_request_says_who_refreshes() {
        let agreed = |text: &str| {
            SessionTimer::agreed(Asked::read(Some(text), [].into_iter()), SHORTEST, Instant::now()).unwrap()
        };
        assert_eq!(agreed("600;refresher=uas").refresher, Refresher::Them);
        assert_eq!(agreed("600;refresher=uac").refresher, Refresher::Us);
        assert_eq!(agreed("600").refresher, Refresher::Us);
    }
}
