//! The dialling window (可呼时段): the hours of a customer's day in which the customer's phone may ring.

use std::borrow::Cow;

use nohold_model::{PhoneNumber, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::clock::days;
use super::{Calendar, DaySpan, HORIZON_DAYS, MinuteOfDay, Moment, OpenSpan, Place, Zone};

/// The hours in which a customer may be dialled, at the customer's place. Written `08:00-21:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DaySpan", into = "DaySpan")]
pub struct DiallingWindow(DaySpan);

impl JsonSchema for DiallingWindow {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "DiallingWindow".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["08:00-21:00"] })
    }
}

/// Why a customer is not dialled now.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{because}: {}", advice(until.as_ref(), *may_be_overridden))]
pub struct DiallingRefused {
    /// What forbids it.
    pub because: RefusedBecause,
    /// The first moment when it is allowed; nothing when none comes within a year.
    pub until: Option<Moment>,
    /// A supervisor may set the hour aside: for a call back of an entry, never for a number dialled by hand.
    pub may_be_overridden: bool,
}

fn advice(until: Option<&Moment>, may_be_overridden: bool) -> String {
    match until {
        Some(until) if may_be_overridden => format!("dial from {until} on, or let a supervisor override it"),
        Some(until) => format!("dial from {until} on"),
        None => "no hour fits within a year".to_owned(),
    }
}

/// What forbids a dial at this hour.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RefusedBecause {
    /// The hour, at the customer's place.
    #[error("it is outside {window} at the customer's place ({place})")]
    OutsideWindow {
        /// The hours in which customers are dialled.
        window: DaySpan,
        /// The customer's place.
        place: Place,
    },
    /// The service is closed.
    #[error("the service is closed")]
    ServiceClosed,
}

impl DiallingWindow {
    /// When people dial by hand: 08:00 to 21:00.
    pub const MANUAL: DiallingWindow = DiallingWindow::hours(8, 21);
    /// When the system dials by itself: 09:00 to 20:00.
    pub const AUTOMATIC: DiallingWindow = DiallingWindow::hours(9, 20);

    /// A window within one day; nothing when it would run over midnight.
    #[must_use]
    pub fn new(from: MinuteOfDay, to: MinuteOfDay) -> Option<Self> {
        DaySpan::new(from, to).filter(|span| !span.crosses_midnight()).map(DiallingWindow)
    }

    /// Its hours.
    #[must_use]
    pub const fn span(self) -> DaySpan {
        self.0
    }

    /// Whether a customer may be dialled at a moment: inside the window in every zone that the number may belong to,
    /// and while the service is open, where it has hours.
    ///
    /// # Errors
    /// What forbids it, and until when.
    pub fn may_dial(
        self,
        at: Timestamp,
        number: &PhoneNumber,
        service: Option<&Calendar>,
        site: &Zone,
    ) -> Result<(), DiallingRefused> {
        self.may_dial_at_place(at, &Place::of(number, site), service)
    }

    /// The same for a place that is known already: finding it costs more than the rest.
    ///
    /// # Errors
    /// What forbids it, and until when.
    pub fn may_dial_at_place(
        self,
        at: Timestamp,
        place: &Place,
        service: Option<&Calendar>,
    ) -> Result<(), DiallingRefused> {
        let because = if service.is_some_and(|calendar| !calendar.is_open(at)) {
            RefusedBecause::ServiceClosed
        } else if place.zones().iter().any(|zone| self.next_in(zone, at) != Some(at)) {
            RefusedBecause::OutsideWindow { window: self.0, place: place.clone() }
        } else {
            return Ok(());
        };
        let zone = place.zones().first();
        let until = self.next_allowed(at, place, service).zip(zone).map(|(until, zone)| Moment::new(until, zone));
        Err(DiallingRefused { because, until, may_be_overridden: true })
    }

    /// The first moment at or after `at` when the customer may be dialled; nothing when none comes within a year.
    #[must_use]
    pub fn next_allowed(self, at: Timestamp, place: &Place, service: Option<&Calendar>) -> Option<Timestamp> {
        let horizon = at + days(HORIZON_DAYS);
        let mut candidate = at;
        while candidate <= horizon {
            let mut later = candidate;
            for zone in place.zones() {
                later = later.max(self.next_in(zone, candidate)?);
            }
            if let Some(calendar) = service {
                later = later.max(calendar.next_opening(candidate)?);
            }
            if later == candidate {
                return Some(candidate);
            }
            candidate = later;
        }
        None
    }

    /// The first moment at or after `at` inside the window in one zone.
    fn next_in(self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        let today = zone.date(at);
        let (from, to) = self.0.minutes();
        // A year has days without the window only where a zone skipped a whole day: five days hold one that has it.
        std::iter::successors(Some(today.previous()), |date| Some(date.next()))
            .take(6)
            .map(|date| OpenSpan { from: zone.first(date, from), to: zone.last(date, to) })
            .find(|span| span.from < span.to && span.to > at)
            .map(|span| span.from.max(at))
    }

    const fn hours(from: u16, to: u16) -> Self {
        DiallingWindow(DaySpan::known(MinuteOfDay::hour(from), MinuteOfDay::hour(to)))
    }
}

impl TryFrom<DaySpan> for DiallingWindow {
    type Error = WindowOverMidnight;
    fn try_from(span: DaySpan) -> Result<Self, WindowOverMidnight> {
        DiallingWindow::new(span.from(), span.to()).ok_or(WindowOverMidnight(span))
    }
}

impl From<DiallingWindow> for DaySpan {
    fn from(window: DiallingWindow) -> Self {
        window.0
    }
}

/// A dialling window that would let phones ring at midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("dialling window {0} runs over midnight: let it end at 24:00 at the latest")]
pub struct WindowOverMidnight(DaySpan);
