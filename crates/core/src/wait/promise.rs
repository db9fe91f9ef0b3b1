//! The promise (承诺回呼时段): the window that is told to a customer who asks to be called back.

use nohold_model::{Millis, Spoken, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Correction, LineAhead};
use crate::hours::{Calendar, HORIZON_DAYS, OpenSpan, Zone};

/// The numbers of the promise rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PromisePolicy {
    /// No promise is shorter.
    pub shortest: Millis,
    /// So many times the predicted wait.
    pub times_wait: f64,
    /// The share of the agents' time that callbacks surely get.
    pub share: f64,
    /// What a callback costs beside the handling time: preview and ringing.
    pub overhead: Millis,
    /// The end of a promise is rounded up to a multiple of this on the clock.
    pub step: Millis,
    /// The length of the windows that are promised in a later opening.
    pub window: Millis,
    /// The window of a retry.
    pub retry_window: Millis,
}

/// What a promise is made from.
#[derive(Debug, Clone, Copy)]
pub struct PromiseRequest<'a> {
    /// When the customer asks.
    pub at: Timestamp,
    /// The line before the customer, with the agents signed in now.
    pub line: LineAhead,
    /// What the queue's waits of the past taught.
    pub correction: Correction,
    /// Open requests of the same line.
    pub pending: u32,
    /// The hours in which customers are called back; always, where there are none.
    pub calendar: Option<&'a Calendar>,
    /// How many agents the line usually has: the capacity of an opening to come. Zero counts as one.
    pub usual_agents: u32,
    /// The ends of the promises already given to open requests of the line, in any order.
    pub promised: &'a [Timestamp],
}

/// A promised window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// Where the window begins.
    pub from: Timestamp,
    /// Where it ends: the callback is due by then.
    pub to: Timestamp,
    /// What it is made from, which decides the words.
    pub basis: Basis,
}

/// What a promise is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The line as it is: "soon", "within thirty minutes".
    Line,
    /// The calendar and its capacity: "between nine and eleven tomorrow".
    Calendar,
}

/// Rests of an opening shorter than this are no window of their own.
const LEAST_WINDOW: Millis = Millis::minutes(30);

impl Default for PromisePolicy {
    fn default() -> Self {
        PromisePolicy {
            shortest: Millis::minutes(15),
            times_wait: 1.5,
            share: 0.3,
            overhead: Millis::seconds(30),
            step: Millis::minutes(5),
            window: Millis::hours(2),
            retry_window: Millis::minutes(10),
        }
    }
}

impl PromisePolicy {
    /// The promise for who asks now.
    ///
    /// From the line, when agents are signed in and it ends before the line of business closes; from the calendar
    /// otherwise: the first window of an opening that still has room. Nothing when the calendar does not open within
    /// [`HORIZON_DAYS`].
    #[must_use]
    pub fn promise(&self, request: &PromiseRequest<'_>) -> Option<Promise> {
        let now = request.at;
        let open = request.calendar.is_none_or(|calendar| calendar.is_open(now));
        let closing = request.calendar.and_then(|calendar| calendar.next_closing(now));
        if let Some(length) = self.length(&request.line, request.correction, request.pending).filter(|_| open) {
            let to = self.round_up(now + length);
            if closing.is_none_or(|closing| to <= closing) {
                return Some(Promise { from: now, to, basis: Basis::Line });
            }
        }
        // Without agents nobody knows when the line moves: leave them the length of a window to sign in. Where agents
        // are here but the day is too short, the next opening it is.
        let earliest = match closing {
            Some(closing) if open && request.line.agents > 0 => closing,
            Some(_) | None if open => now + self.window,
            Some(_) | None => now,
        };
        self.by_calendar(request, earliest)
    }

    /// The length of a promise from the line, before rounding: `max(shortest, 1.5·QL_m, (pending + 1)·(AHT + 30 s) /
    /// (0.3·n))`. Nothing without agents or handling time.
    #[must_use]
    pub fn length(&self, line: &LineAhead, correction: Correction, pending: u32) -> Option<Millis> {
        let wait = line.estimate()?.corrected(correction).mean_s() * self.times_wait;
        let work = (f64::from(pending) + 1.0) / self.per_second(line.agents, line.aht)?;
        Some(self.shortest.max(Millis::from_secs_f64(wait)).max(Millis::from_secs_f64(work)))
    }

    /// How many callbacks surely fit into an hour.
    #[must_use]
    pub fn per_hour(&self, agents: u32, aht: Millis) -> f64 {
        self.per_second(agents, aht).unwrap_or(0.0) * 3_600.0
    }

    /// How long before its end a promise goes before live callers: `max(60 s, 3·AHT/n) + 0.25·window`. No agents
    /// count as one.
    #[must_use]
    pub fn margin(&self, window: Millis, line: &LineAhead) -> Millis {
        let three_calls = line.aht.as_secs_f64() * 3.0 / f64::from(line.agents.max(1));
        Millis::seconds(60).max(Millis::from_secs_f64(three_calls)) + Millis::from_secs_f64(window.as_secs_f64() / 4.0)
    }

    /// The window of a retry that falls due at a moment. It is fresh: the first promise was kept or broken already.
    #[must_use]
    pub fn retry(&self, due: Timestamp) -> Promise {
        Promise { from: due, to: due + self.retry_window, basis: Basis::Line }
    }

    fn by_calendar(&self, request: &PromiseRequest<'_>, earliest: Timestamp) -> Option<Promise> {
        let rate = self.per_second(request.usual_agents.max(1), request.line.aht).unwrap_or(1.0);
        // In order once: a long line is asked about for each of many windows.
        let mut promised: Vec<Timestamp> = request.promised.iter().copied().filter(|due| *due > earliest).collect();
        promised.sort_unstable();
        let mut room = 0.0;
        for window in self.windows(request.calendar, earliest) {
            room += (window.to.since(window.from).as_secs_f64() * rate).floor().max(1.0);
            let before = promised.partition_point(|due| *due <= window.to);
            if to_f64(before) < room {
                return Some(Promise { from: window.from, to: window.to, basis: Basis::Calendar });
            }
        }
        None
    }

    /// The windows of the openings from a moment on: one after the other from the opening, the last one cut at the
    /// closing.
    fn windows(&self, calendar: Option<&Calendar>, earliest: Timestamp) -> impl Iterator<Item = OpenSpan> {
        let horizon = earliest + Millis::hours(24).times(HORIZON_DAYS);
        let mut next = earliest;
        std::iter::from_fn(move || {
            for _ in 0..HORIZON_DAYS {
                let opening = calendar.map_or(Some(next), |calendar| calendar.next_opening(next))?;
                let from = if opening == earliest { Self::round_up_to(opening, LEAST_WINDOW) } else { opening };
                if from > horizon {
                    return None;
                }
                let closing = calendar.and_then(|calendar| calendar.next_closing(opening));
                let mut to = from + self.window.max(LEAST_WINDOW);
                if let Some(closing) = closing {
                    if closing.since(to) < LEAST_WINDOW {
                        to = closing;
                    }
                    if to.since(from) < LEAST_WINDOW && closing.since(opening) >= LEAST_WINDOW {
                        next = closing;
                        continue;
                    }
                }
                next = to.max(opening);
                if from < to {
                    return Some(OpenSpan { from, to });
                }
            }
            None
        })
    }

    fn per_second(&self, agents: u32, aht: Millis) -> Option<f64> {
        let rate = self.share * f64::from(agents) / (aht + self.overhead).as_secs_f64();
        (rate.is_finite() && rate > 0.0).then_some(rate)
    }

    /// The next moment at which a promise may end.
    pub(crate) fn round_up(&self, at: Timestamp) -> Timestamp {
        Self::round_up_to(at, self.step)
    }

    /// The next full minute: nothing smaller is spoken.
    pub(crate) fn full_minute(at: Timestamp) -> Timestamp {
        Self::round_up_to(at, Millis::minutes(1))
    }

    /// Zones are whole quarters of an hour from UTC: what is round in UTC is a whole quarter or better everywhere.
    fn round_up_to(at: Timestamp, step: Millis) -> Timestamp {
        let step = i64::try_from(step.as_millis()).unwrap_or(1).max(1);
        let over = at.as_millis().rem_euclid(step);
        if over == 0 { at } else { Timestamp::from_millis(at.as_millis().saturating_add(step - over)) }
    }
}

impl Promise {
    /// How long the window is.
    #[must_use]
    pub fn window(&self) -> Millis {
        self.to.since(self.from)
    }

    /// What is said to the customer; hours of the clock are those of `zone`.
    #[must_use]
    pub fn spoken(&self, zone: &Zone) -> Spoken {
        match self.basis {
            Basis::Line => {
                let minutes = self.window().as_millis().div_ceil(60_000);
                Spoken::SoonBy { minutes: u32::try_from(minutes).unwrap_or(u32::MAX).max(1) }
            }
            Basis::Calendar => Spoken::Window { from: self.from, to: self.to, zone: zone.name().to_owned() },
        }
    }
}

fn to_f64(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}
