//! How one trunk writes numbers, and how they become one form.

use std::collections::BTreeSet;

use nohold_model::{Country, InvalidNumber, PhoneNumber};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::EmergencyNumber;

/// How the numbers of one trunk are written. The country's own prefixes (international, national) are known; what a
/// carrier or an office adds to them stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberRules {
    /// The country in which the trunk ends.
    pub country: Country,
    /// The area code without the national prefix, for numbers that come without one: `10` for Beijing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_code: Option<String>,
    /// Digits that a person dials first to leave the office, such as `9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_line: Option<String>,
    /// International prefixes of the carrier, beside `+` and the country's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub international_prefixes: Vec<String>,
    /// What else is to be rewritten, tried in this order before all others; the first that fits is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite: Vec<PrefixRule>,
    /// How many digits internal numbers (extensions, flows) have.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub internal_lengths: BTreeSet<u8>,
    /// Domains that are ours: an internal number that names another one (`phone-context`, RFC 3966 §5.1.5) is not meant
    /// for us.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub domains: BTreeSet<String>,
    /// How numbers are sent to the trunk.
    #[serde(default)]
    pub send: DialFormat,
}

/// Rewrites numbers that begin in a certain way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrefixRule {
    /// What the number begins with.
    pub begins: String,
    /// How many digits it has in all; any number, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u8>,
    /// What stands in place of the beginning; may be empty.
    pub becomes: String,
}

/// How a trunk wants numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DialFormat {
    /// `+8613800138000`.
    #[default]
    Plus,
    /// `8613800138000`.
    Digits,
    /// As dialled in the trunk's country: `13800138000`, `01012345678`, and `00` before the country code of others.
    National,
    /// The same, with `0` before mobile numbers: `013800138000`.
    NationalZeroMobile,
}

/// What somebody at an extension dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialled {
    /// The emergency services.
    Emergency(EmergencyNumber),
    /// An internal number, by its length.
    Internal(String),
    /// A number of the public network.
    Number(PhoneNumber),
}

/// Why a text is not a number that can be called. It holds no digits of the number, so that it may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberProblem {
    /// There is nothing.
    #[error("there is no number")]
    Empty,
    /// The caller's number was withheld, or the network does not know it.
    #[error("the number was withheld or is unknown")]
    Withheld,
    /// Other characters than digits and separators.
    #[error("`{0}` is not part of a telephone number: use digits")]
    Character(char),
    /// A service code with `*` or `#`.
    #[error("service codes with `*` or `#` are not numbers")]
    ServiceCode,
    /// A number of the emergency services.
    #[error("it is an emergency number")]
    Emergency,
    /// A number inside the house.
    #[error("it is an internal number")]
    Internal,
    /// An internal number of another house.
    #[error("it is an internal number of another domain: list the domain if it is ours")]
    ForeignContext,
    /// A short number of a carrier or service, such as 10086.
    #[error("it is a short service number")]
    Short,
    /// Not a number of any country's plan, by its form.
    #[error(transparent)]
    Form(#[from] InvalidNumber),
    /// A number that its country's plan does not know, though a person keyed it.
    #[error("no such number exists in its country's numbering plan: check the digits")]
    NotInPlan,
}

/// What is wrong with [`NumberRules`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidRules {
    /// A prefix that is not made of digits.
    #[error("{field} `{text}`: use digits only")]
    NotDigits {
        /// The field.
        field: &'static str,
        /// What stands there.
        text: String,
    },
    /// Internal numbers of an unlikely length.
    #[error("internal numbers of {0} digits: use 2 to 6")]
    InternalLength(u8),
}

/// No plan has more digits than this with every prefix before it (E.164 allows 15).
const MOST_DIGITS: usize = 24;

impl NumberRules {
    /// The rules of a trunk in a country that writes numbers as the country does, with internal numbers of three and
    /// four digits.
    #[must_use]
    pub fn of_country(country: Country) -> Self {
        NumberRules {
            country,
            area_code: None,
            outside_line: None,
            international_prefixes: Vec::new(),
            rewrite: Vec::new(),
            internal_lengths: BTreeSet::from([3, 4]),
            domains: BTreeSet::new(),
            send: DialFormat::Plus,
        }
    }

    /// Whether the rules can be followed.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn check(&self) -> Result<(), InvalidRules> {
        let prefixes = self.international_prefixes.iter().map(|text| ("international_prefixes", text));
        let begins = self.rewrite.iter().map(|rule| ("rewrite.begins", &rule.begins));
        let becomes =
            self.rewrite.iter().filter(|rule| !rule.becomes.is_empty()).map(|rule| ("rewrite.becomes", &rule.becomes));
        let single = self.area_code.iter().map(|text| ("area_code", text));
        let outside = self.outside_line.iter().map(|text| ("outside_line", text));
        for (field, text) in prefixes.chain(begins).chain(becomes).chain(single).chain(outside) {
            let digits = if field.starts_with("rewrite") { text.strip_prefix('+').unwrap_or(text) } else { text };
            let plus_alone = digits.is_empty() && !text.is_empty();
            if !(plus_alone || !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())) {
                return Err(InvalidRules::NotDigits { field, text: text.clone() });
            }
        }
        self.internal_lengths
            .iter()
            .find(|length| !(2..=6).contains(*length))
            .map_or(Ok(()), |length| Err(InvalidRules::InternalLength(*length)))
    }

    /// The one form of a number that the trunk wrote: the user part of a SIP or tel URI, or the whole URI.
    ///
    /// # Errors
    /// Why it is not a number of the public network.
    pub fn normalise(&self, raw: &str) -> Result<PhoneNumber, NumberProblem> {
        let (digits, context) = dialable(raw)?;
        self.check_special(&digits, context.as_ref())?;
        self.in_context(&digits, context.as_ref())
    }

    /// The one form of a number that a person keyed in: like [`normalise`](NumberRules::normalise), but it must also
    /// be one that its country's plan knows, since a mistyped number would be called in vain.
    ///
    /// # Errors
    /// Why it is not such a number.
    pub fn normalise_keyed(&self, keyed: &str) -> Result<PhoneNumber, NumberProblem> {
        let number = self.normalise(keyed)?;
        if number.is_valid() { Ok(number) } else { Err(NumberProblem::NotInPlan) }
    }

    /// What somebody at an extension meant, with or without the digits for an outside line.
    ///
    /// # Errors
    /// Why it can be dialled neither inside nor outside.
    pub fn dialled(&self, raw: &str) -> Result<Dialled, NumberProblem> {
        let (digits, context) = dialled_there(raw)?;
        let context = context.as_ref();
        let outside = self.outside_line.as_deref().and_then(|prefix| digits.strip_prefix(prefix));
        for digits in [Some(digits.as_str()), outside].into_iter().flatten() {
            if let Some(emergency) = EmergencyNumber::of(digits, self.country) {
                return Ok(Dialled::Emergency(emergency));
            }
        }
        if self.is_internal(&digits) && !self.is_foreign(context) {
            return Ok(Dialled::Internal(digits));
        }
        let whole = || {
            self.check_special(&digits, context)?;
            self.in_context(&digits, context)
        };
        let Some(outside) = outside else { return whole().map(Dialled::Number) };
        let cut = self.check_special(outside, context).and_then(|()| self.in_context(outside, context));
        let is_valid = |number: &Result<PhoneNumber, NumberProblem>| number.as_ref().is_ok_and(PhoneNumber::is_valid);
        // A number that itself begins with the digits for the outside line, dialled without them: 917 555 0100.
        let whole = if is_valid(&cut) { None } else { Some(whole()).filter(is_valid) };
        whole.unwrap_or(cut).map(Dialled::Number)
    }

    /// The digits that somebody at an extension has dialled, where they can be a number inside the house: their context
    /// names no other place.
    pub(crate) fn inside(&self, raw: &str) -> Option<String> {
        let (digits, context) = dialled_there(raw).ok()?;
        (!self.is_foreign(context.as_ref())).then_some(digits)
    }

    /// The digits of a number as the trunk wants them.
    #[must_use]
    pub fn sent(&self, number: &PhoneNumber) -> String {
        let at_home = number.country() == Some(self.country);
        match self.send {
            DialFormat::Plus => number.as_str().to_owned(),
            DialFormat::Digits => number.digits().to_owned(),
            DialFormat::National | DialFormat::NationalZeroMobile if !at_home => {
                let prefix = self.international_prefixes.first().map_or("00", String::as_str);
                format!("{prefix}{}", number.digits())
            }
            DialFormat::National => number.as_dialled_at_home(),
            DialFormat::NationalZeroMobile => {
                let digits = number.as_dialled_at_home();
                let bare = number.kind() == nohold_model::NumberKind::Mobile && !digits.starts_with('0');
                if bare { format!("0{digits}") } else { digits }
            }
        }
    }

    fn check_special(&self, digits: &str, context: Option<&Context>) -> Result<(), NumberProblem> {
        if EmergencyNumber::of(digits, self.country).is_some() {
            return Err(NumberProblem::Emergency);
        }
        if matches!(context, Some(Context::Prefix(_))) {
            // What is short in its context is a whole number of the public network.
            return Ok(());
        }
        if self.is_internal(digits) && self.is_foreign(context) {
            return Err(NumberProblem::ForeignContext);
        }
        if self.is_internal(digits) {
            return Err(NumberProblem::Internal);
        }
        // Shorter than any number with a subscriber's digits, and longer than the internal ones: 95588, 12315.
        if digits.len() < 6 && !digits.starts_with('+') {
            return Err(NumberProblem::Short);
        }
        Ok(())
    }

    fn is_internal(&self, digits: &str) -> bool {
        u8::try_from(digits.len()).is_ok_and(|length| self.internal_lengths.contains(&length))
            && !digits.starts_with('+')
    }

    /// Whether the context is another place than our house: a domain that is not ours, or the public network.
    fn is_foreign(&self, context: Option<&Context>) -> bool {
        match context {
            Some(Context::Domain(domain)) => !self.domains.iter().any(|ours| ours.eq_ignore_ascii_case(domain)),
            Some(Context::Prefix(_)) => true,
            None => false,
        }
    }

    /// The number that the digits are in their context. A number of the public network means the same in every domain.
    fn in_context(&self, digits: &str, context: Option<&Context>) -> Result<PhoneNumber, NumberProblem> {
        let Some(Context::Prefix(prefix)) = context.filter(|_| !digits.starts_with('+')) else {
            return self.to_number(digits);
        };
        // The prefix says where the number is dialled, which may be narrower than what has to stand before it: 863-1234
        // in +1-914-555 is +1-914-863-1234.
        let beginnings = (1..=prefix.len()).rev().filter_map(|length| prefix.get(..length));
        let mut numbers =
            beginnings.filter_map(|beginning| PhoneNumber::parse(&format!("+{beginning}{digits}"), self.country).ok());
        match numbers.find(PhoneNumber::is_valid) {
            Some(number) => Ok(number),
            None => Ok(PhoneNumber::parse(&format!("+{prefix}{digits}"), self.country)?),
        }
    }

    fn to_number(&self, digits: &str) -> Result<PhoneNumber, NumberProblem> {
        let rewritten = self.rewrite.iter().find_map(|rule| rule.apply(digits));
        let digits = rewritten.as_deref().unwrap_or(digits);
        let international = self.international_prefixes.iter().find_map(|prefix| digits.strip_prefix(prefix.as_str()));
        if let Some(rest) = international
            && let Ok(number) = PhoneNumber::parse(&format!("+{rest}"), self.country)
        {
            return Ok(number);
        }
        let plain = PhoneNumber::parse(digits, self.country);
        if !plain.as_ref().is_ok_and(PhoneNumber::is_valid)
            && let Some(local) = self.within_area(digits)
        {
            return Ok(local);
        }
        Ok(plain?)
    }

    /// The number that the digits are within the area of the trunk, when the plan knows it.
    fn within_area(&self, digits: &str) -> Option<PhoneNumber> {
        let area = self.area_code.as_deref().filter(|_| !digits.starts_with('+'))?;
        let code = self.country.calling_code()?;
        PhoneNumber::parse(&format!("+{code}{area}{digits}"), self.country).ok().filter(PhoneNumber::is_valid)
    }
}

impl PrefixRule {
    fn apply(&self, digits: &str) -> Option<String> {
        let rest = digits.strip_prefix(self.begins.as_str())?;
        let count = digits.bytes().filter(u8::is_ascii_digit).count();
        let fits = self.digits.is_none_or(|wanted| usize::from(wanted) == count);
        fits.then(|| format!("{}{rest}", self.becomes))
    }
}

/// Where a local number is one (RFC 3966 §5.1.5).
enum Context {
    /// Among the numbers that begin with these digits, country code first.
    Prefix(String),
    /// In a domain.
    Domain(String),
}

/// The digits of what a SIP or tel URI, a header or a person wrote, with a `+` before them where there was one, and the
/// context it gives for them.
fn dialable(raw: &str) -> Result<(String, Option<Context>), NumberProblem> {
    let (user, context) = user_and_context(raw.trim());
    Ok((digits(&user)?, context))
}

/// The same of what somebody at an extension wrote.
fn dialled_there(raw: &str) -> Result<(String, Option<Context>), NumberProblem> {
    let (user, context) = user_and_context(raw.trim());
    Ok((digits(without_end_key(&user))?, context))
}

/// What somebody at an extension wrote, without its dress: digits, or a code that begins with `*`.
pub(crate) fn user_part(raw: &str) -> String {
    without_end_key(&user_and_context(raw.trim()).0).to_owned()
}

/// Some phones send the `#` that ends the dialling.
fn without_end_key(user: &str) -> &str {
    user.trim().trim_end_matches('#')
}

fn digits(user: &str) -> Result<String, NumberProblem> {
    if user.is_empty() {
        return Err(NumberProblem::Empty);
    }
    const UNKNOWN: [&str; 6] = ["anonymous", "unavailable", "restricted", "unknown", "private", "withheld"];
    if UNKNOWN.iter().any(|word| user.eq_ignore_ascii_case(word)) {
        return Err(NumberProblem::Withheld);
    }
    let mut digits = String::with_capacity(user.len());
    for c in user.chars() {
        match c {
            '0'..='9' => digits.push(c),
            // Keyed on a Chinese keyboard.
            '０'..='９' => digits.extend(char::from_digit(u32::from(c) - u32::from('０'), 10)),
            '+' | '＋' if digits.is_empty() => digits.push('+'),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{2010}'..='\u{2013}' => {}
            '*' | '#' => return Err(NumberProblem::ServiceCode),
            other => return Err(NumberProblem::Character(other)),
        }
    }
    match digits.trim_start_matches('+').len() {
        0 => Err(NumberProblem::Empty),
        length if length > MOST_DIGITS => Err(NumberProblem::Form(InvalidNumber::TooLong)),
        _ => Ok(digits),
    }
}

/// The user part of a URI in whatever dress: `"Li" <sip:+86138…@host;user=phone>`, `tel:+86-138…;cpc=ordinary`. What is no URI is
/// taken as it is: its escapes, if it had any, were resolved by whoever cut it out of one.
fn user_and_context(raw: &str) -> (String, Option<Context>) {
    let inside = match (raw.rfind('<'), raw.rfind('>')) {
        (Some(open), Some(close)) if open < close => &raw[open + 1..close],
        _ => raw,
    };
    let lower = inside.get(..5).unwrap_or(inside).to_ascii_lowercase();
    let scheme = ["sips:", "sip:", "tel:"].into_iter().find(|scheme| lower.starts_with(scheme)).unwrap_or("");
    let rest = &inside[scheme.len()..];
    let user = rest.split('@').next().unwrap_or(rest);
    let mut parts = user.split(';');
    let user = parts.next().unwrap_or(user);
    let context = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("phone-context").then(|| context(value.trim()))
    });
    (if scheme.is_empty() { user.to_owned() } else { unescaped(user) }, context)
}

/// The escapes of a part of a URI, resolved once (RFC 3261 §19.1.4): `%252B` is `%2B`, and no `+`. One that is broken stays as it
/// is, and makes no number.
fn unescaped(text: &str) -> String {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (bytes, mut at) = (text.as_bytes(), 0);
    let mut out = Vec::with_capacity(bytes.len());
    while let Some(byte) = bytes.get(at) {
        match (*byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high * 16 + low);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn context(value: &str) -> Context {
    let value = unescaped(value);
    match value.strip_prefix('+') {
        Some(prefix) => Context::Prefix(prefix.chars().filter(char::is_ascii_digit).take(MOST_DIGITS).collect()),
        None => Context::Domain(value),
    }
}
