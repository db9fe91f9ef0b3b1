//! Whether a number may be dialled.

use std::collections::BTreeSet;

use nohold_flow::NumberRefusal;
use nohold_model::{Country, NumberKind, PhoneNumber};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Dialled, EmergencyNumber, NumberProblem, Unusable};

/// Which numbers may be dialled: by default those of the own country, nothing premium, special or internal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundRules {
    /// Countries whose numbers may be dialled.
    pub countries: BTreeSet<Country>,
    /// Whether premium-rate numbers may be.
    #[serde(default)]
    pub allow_premium: bool,
    /// Whether special numbers may be: shared cost, personal, company-wide, pagers, voicemail access.
    #[serde(default)]
    pub allow_special: bool,
}

/// Who wants to dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialler {
    /// A person at an extension who dialled the digits.
    Extension,
    /// An entry of the missed-call list, a campaign, a transfer by a flow: the number came from outside.
    Entry,
}

/// Numbers that are never called, and never served where the list is used for that too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockList {
    /// Single numbers.
    #[serde(default)]
    pub numbers: BTreeSet<PhoneNumber>,
    /// Beginnings of numbers in the international form: `+8617`.
    #[serde(default)]
    pub prefixes: BTreeSet<String>,
}

/// How many callback requests one number may make in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestLimit {
    /// The most requests of one number in 24 hours; zero lets none in.
    pub per_number_per_day: u32,
}

/// Why a number is not dialled, exactly; for staff.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DialRefusal {
    /// It is not a number.
    #[error(transparent)]
    Number(#[from] NumberProblem),
    /// An emergency number as a callback target.
    #[error("emergency numbers are dialled from extensions only")]
    Emergency,
    /// An internal number as a callback target, or one of the public network that leads back to us.
    #[error("internal numbers are no customers")]
    Internal,
    /// A premium-rate number.
    #[error("premium-rate numbers are not allowed by the outbound rules")]
    Premium,
    /// A special number.
    #[error("special numbers (shared cost, personal, company-wide, pagers) are not allowed by the outbound rules")]
    Special,
    /// A number of a country that is not allowed.
    #[error("numbers of {0} are not allowed by the outbound rules: add the country there")]
    Country(Country),
    /// A number of no country, or one whose country cannot be told.
    #[error("the number belongs to no country's numbering plan")]
    NoCountry,
    /// The block list has it.
    #[error("the number is on the block list")]
    Blocked,
    /// It made too many requests.
    #[error("the number has made {made} requests in 24 hours, the limit is {limit}")]
    TooMany {
        /// How many it has made.
        made: u32,
        /// How many are allowed.
        limit: u32,
    },
}

/// What is wrong with a [`BlockList`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("prefix `{0}` of the block list: write `+` and the first digits, country code first, for example `+8617`")]
pub struct InvalidBlockList(String);

/// What a caller hears of any refusal: "we cannot call this number". One sentence for all reasons, so that nobody
/// learns from it who is blocked (AT-17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CannotCall;

impl OutboundRules {
    /// The default: numbers of one country, nothing premium or special.
    #[must_use]
    pub fn of_country(country: Country) -> Self {
        OutboundRules { countries: BTreeSet::from([country]), allow_premium: false, allow_special: false }
    }

    /// Whether what was dialled may go out. Emergency numbers from an extension always do; what is blocked never
    /// does.
    ///
    /// # Errors
    /// The exact reason.
    pub fn check(&self, dialled: &Dialled, who: Dialler, blocked: &BlockList) -> Result<(), DialRefusal> {
        match (dialled, who) {
            (Dialled::Emergency(_) | Dialled::Internal(_), Dialler::Extension) => Ok(()),
            (Dialled::Emergency(_), Dialler::Entry) => Err(DialRefusal::Emergency),
            (Dialled::Internal(_), Dialler::Entry) => Err(DialRefusal::Internal),
            (Dialled::Number(number), Dialler::Extension | Dialler::Entry) => self.check_number(number, blocked),
        }
    }

    /// Whether a number of the public network may be dialled, by whomever: a customer's as well.
    ///
    /// # Errors
    /// The exact reason.
    pub fn check_number(&self, number: &PhoneNumber, blocked: &BlockList) -> Result<(), DialRefusal> {
        if blocked.contains(number) {
            return Err(DialRefusal::Blocked);
        }
        if let Some(service) = behind_area_code(number) {
            match service {
                BehindAreaCode::Emergency => return Err(DialRefusal::Emergency),
                BehindAreaCode::Premium if !self.allow_premium => return Err(DialRefusal::Premium),
                BehindAreaCode::Premium => {}
                BehindAreaCode::Short => return Err(DialRefusal::Number(NumberProblem::Short)),
            }
        }
        match number.kind() {
            NumberKind::Premium if !self.allow_premium => return Err(DialRefusal::Premium),
            NumberKind::Shared | NumberKind::Personal | NumberKind::Pager | NumberKind::Uan | NumberKind::Voicemail
                if !self.allow_special =>
            {
                return Err(DialRefusal::Special);
            }
            NumberKind::Premium
            | NumberKind::Shared
            | NumberKind::Personal
            | NumberKind::Pager
            | NumberKind::Uan
            | NumberKind::Voicemail
            | NumberKind::Mobile
            | NumberKind::Fixed
            | NumberKind::FixedOrMobile
            | NumberKind::TollFree
            | NumberKind::Voip
            | NumberKind::Unknown => {}
        }
        match number.country() {
            Some(country) if self.countries.contains(&country) => Ok(()),
            Some(country) => Err(DialRefusal::Country(country)),
            None => Err(DialRefusal::NoCountry),
        }
    }
}

/// What looks like a line at a place and is none.
enum BehindAreaCode {
    Emergency,
    Premium,
    Short,
}

/// A service number that is written with an area code. In mainland China services are reached behind any area code
/// (010-168…, 010-95588), and no subscriber's number begins with 0, 1 or 9.
fn behind_area_code(number: &PhoneNumber) -> Option<BehindAreaCode> {
    let country = number.country().filter(|country| country.as_str() == "CN")?;
    if !matches!(number.kind(), NumberKind::Fixed | NumberKind::FixedOrMobile | NumberKind::Unknown) {
        return None;
    }
    let national = number.national();
    let area = if national.starts_with("10") || national.starts_with('2') { 2 } else { 3 };
    let subscriber = national.get(area..)?;
    if EmergencyNumber::of(subscriber, country).is_some() {
        return Some(BehindAreaCode::Emergency);
    }
    match subscriber.as_bytes() {
        [b'1', b'6', ..] => Some(BehindAreaCode::Premium),
        [b'0' | b'1' | b'9', ..] => Some(BehindAreaCode::Short),
        _ => None,
    }
}

impl BlockList {
    /// Checks what an administrator wrote.
    ///
    /// # Errors
    /// The first prefix that is not the beginning of an international number: it would block nothing, or everybody.
    pub fn check(&self) -> Result<(), InvalidBlockList> {
        let is_beginning = |prefix: &str| {
            prefix.strip_prefix('+').is_some_and(|digits| {
                (1..=15).contains(&digits.len())
                    && digits.bytes().all(|b| b.is_ascii_digit())
                    && !digits.starts_with('0')
            })
        };
        match self.prefixes.iter().find(|prefix| !is_beginning(prefix)) {
            Some(prefix) => Err(InvalidBlockList(prefix.chars().take(32).collect())),
            None => Ok(()),
        }
    }

    /// Whether the list has the number or its beginning.
    #[must_use]
    pub fn contains(&self, number: &PhoneNumber) -> bool {
        self.numbers.contains(number)
            || self.prefixes.iter().any(|prefix| !prefix.is_empty() && number.as_str().starts_with(prefix.as_str()))
    }
}

impl Default for RequestLimit {
    fn default() -> Self {
        RequestLimit { per_number_per_day: 5 }
    }
}

impl DialRefusal {
    /// The class of reasons, which is counted.
    #[must_use]
    pub fn class(&self) -> NumberRefusal {
        match self {
            DialRefusal::Blocked => NumberRefusal::Blocked,
            DialRefusal::TooMany { .. } => NumberRefusal::OverLimit,
            DialRefusal::Number(_)
            | DialRefusal::Emergency
            | DialRefusal::Internal
            | DialRefusal::Premium
            | DialRefusal::Special
            | DialRefusal::Country(_)
            | DialRefusal::NoCountry => NumberRefusal::NotAllowed,
        }
    }
}

impl RequestLimit {
    /// Whether a number that has made so many requests in the last 24 hours may make another.
    ///
    /// # Errors
    /// [`DialRefusal::TooMany`] when it may not.
    pub fn check(self, made: u32) -> Result<(), DialRefusal> {
        let limit = self.per_number_per_day;
        if made < limit { Ok(()) } else { Err(DialRefusal::TooMany { made, limit }) }
    }
}

impl From<DialRefusal> for CannotCall {
    fn from(_: DialRefusal) -> Self {
        CannotCall
    }
}

impl From<NumberProblem> for CannotCall {
    fn from(_: NumberProblem) -> Self {
        CannotCall
    }
}

impl From<Unusable> for CannotCall {
    fn from(_: Unusable) -> Self {
        CannotCall
    }
}
