//! Telephone numbers in their international form, and what their digits tell.
//!
//! The numbering plans are those of Google's libphonenumber, bundled at build time: nothing is looked up at run time.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber as Parsed, PhoneNumberFormat, PhoneNumberType, Region,
    ValidationError,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A telephone number in the form of ITU-T E.164: `+`, the country calling code, the national number.
///
/// Written and stored as `+8613800138000`. There is no `Display`, and `Debug` shows the masked form, so that a number
/// does not slip into a log; take [`as_str`](PhoneNumber::as_str) where the digits are wanted.
///
/// A value of this type need not be assigned, nor fit its country's plan: plans change, and what was once stored must
/// be read again. [`is_valid`](PhoneNumber::is_valid) asks the plan.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(Arc<str>);

/// A country or territory with a numbering plan, by its two letters of ISO 3166-1 (`CN`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// What kind of line a number belongs to, by its country's numbering plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// A mobile telephone.
    Mobile,
    /// A line at a place.
    Fixed,
    /// One of both: the plan does not tell them apart (North America).
    FixedOrMobile,
    /// Free for who calls.
    TollFree,
    /// Dearer than a usual call.
    Premium,
    /// Caller and called share the cost, such as China's 400 and Germany's 0180.
    Shared,
    /// Follows a person to any line, at a price of its own.
    Personal,
    /// Internet telephony without a place.
    Voip,
    /// A pager.
    Pager,
    /// A company's number for all its places.
    Uan,
    /// Access to a voicemail box.
    Voicemail,
    /// The plan knows no such number.
    Unknown,
}

/// Why a text is not a [`PhoneNumber`].
///
/// The text itself is left out: errors are logged, phone numbers are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidNumber {
    /// Not `+` and digits.
    #[error("not an international number: write `+`, the country code and the number, 7 to 15 digits, no spaces")]
    NotInternational,
    /// No digits that could be a number.
    #[error("not a telephone number: digits are expected")]
    NotANumber,
    /// No country has this calling code.
    #[error("no country has this calling code: check the digits after `+`")]
    UnknownCallingCode,
    /// Shorter than any number of its country.
    #[error("too short for a number of its country: check whether digits are missing")]
    TooShort,
    /// Good only within its area.
    #[error("a number without its area code: add the area code")]
    WithoutAreaCode,
    /// Longer than any number of its country.
    #[error("too long for a number of its country: check whether digits are too many")]
    TooLong,
    /// A length that no number of its country has.
    #[error("no number of its country has this many digits: check them")]
    WrongLength,
}

/// Why a text is not a [`Country`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a country with telephone numbers: use the two letters of ISO 3166, for example `CN`")]
pub struct UnknownCountry(String);

impl PhoneNumber {
    /// The number that somebody in `country` means by `text`: with or without the country code, the international
    /// prefix or the national one, and with the usual separators.
    ///
    /// The result has a length that numbers of its country have; whether the plan knows it is not asked.
    ///
    /// # Errors
    /// When the text can be no number, or is one only within an area.
    pub fn parse(text: &str, country: Country) -> Result<Self, InvalidNumber> {
        let parsed = PHONE_NUMBER_UTIL.parse(text, Some(country.region())).map_err(from_parse_error)?;
        match PHONE_NUMBER_UTIL.is_possible_number_with_reason(&parsed) {
            Ok(NumberLengthType::IsPossible) => {}
            Ok(NumberLengthType::IsPossibleLocalOnly) => return Err(InvalidNumber::WithoutAreaCode),
            Err(ValidationError::InvalidCountryCode) => return Err(InvalidNumber::UnknownCallingCode),
            Err(ValidationError::TooShort) => return Err(InvalidNumber::TooShort),
            Err(ValidationError::InvalidLength) => return Err(InvalidNumber::WrongLength),
            Err(ValidationError::TooLong) => return Err(InvalidNumber::TooLong),
        }
        let number: PhoneNumber =
            PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164).parse().map_err(|_| InvalidNumber::TooShort)?;
        // Some nonsense (a row of zeros) is read as another number each time: that is nobody's.
        let again = number.parsed().map(|again| PHONE_NUMBER_UTIL.format(&again, PhoneNumberFormat::E164).into_owned());
        if again.as_deref() == Some(number.as_str()) { Ok(number) } else { Err(InvalidNumber::NotANumber) }
    }

    /// The whole number, `+` and digits: `+8613800138000`. Personal data: keep it out of logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits without the `+`: `8613800138000`.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// The national number, without the country code: `13800138000`.
    ///
    /// The whole digits, where no country has such a code.
    #[must_use]
    pub fn national(&self) -> &str {
        let digits = self.digits();
        let code = self.parsed().map_or(0, |parsed| parsed.country_code.to_string().len());
        digits.get(code..).unwrap_or(digits)
    }

    /// The digits to dial within the number's own country, with the national prefix where the country wants one:
    /// `13800138000`, `01012345678`.
    #[must_use]
    pub fn as_dialled_at_home(&self) -> String {
        self.parsed().map_or_else(
            || self.digits().to_owned(),
            |parsed| {
                let national = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::National);
                national.chars().filter(char::is_ascii_digit).collect()
            },
        )
    }

    /// The last four digits, which are read to a caller as a confirmation.
    #[must_use]
    pub fn last_four(&self) -> &str {
        let digits = self.digits();
        &digits[digits.len().saturating_sub(4)..]
    }

    /// The national number with its middle hidden (号码脱敏), for whoever may not see it: `138****8000`.
    ///
    /// The first three and last four digits stay, fewer of a short number: at least three are always hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        let national = self.national();
        let tail = national.len().saturating_sub(3).min(4);
        let head = national.len().saturating_sub(3 + tail).min(3);
        let hidden = national.len() - head - tail;
        format!("{}{}{}", &national[..head], "*".repeat(hidden), &national[head + hidden..])
    }

    /// What kind of line it is.
    #[must_use]
    pub fn kind(&self) -> NumberKind {
        self.parsed().map_or(NumberKind::Unknown, |parsed| kind_of(PHONE_NUMBER_UTIL.get_number_type(&parsed)))
    }

    /// The country it belongs to; nothing for satellite and other networks of no country, and for numbers that their
    /// country's plan does not know where several countries share one calling code.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        let region = PHONE_NUMBER_UTIL.get_region_for_number(&self.parsed()?)?;
        Country::new(region.as_region_str().as_str()).ok()
    }

    /// Whether the plan of its country knows such a number. It may still not be assigned to anybody.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.parsed().is_some_and(|parsed| PHONE_NUMBER_UTIL.is_valid_number(&parsed))
    }

    /// Whether its first digits stand for an area, as those of a fixed line do, and of mobiles in a few countries.
    #[must_use]
    pub fn tells_area(&self) -> bool {
        self.parsed().is_some_and(|parsed| PHONE_NUMBER_UTIL.is_number_geographical(&parsed))
    }

    fn parsed(&self) -> Option<Parsed> {
        PHONE_NUMBER_UTIL.parse(&self.0, None).ok()
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidNumber;

    /// Reads the international form, `+` and 7 to 15 digits, and no other; [`PhoneNumber::parse`] reads what people
    /// and trunks write.
    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let digits = text.strip_prefix('+').ok_or(InvalidNumber::NotInternational)?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if plain && (7..=15).contains(&digits.len()) {
            let number = PhoneNumber(text.into());
            // A number has one form: `+86 0138…` is not another customer than `+86 138…`.
            let canonical =
                number.parsed().is_none_or(|parsed| PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164) == text);
            if canonical { Ok(number) } else { Err(InvalidNumber::NotInternational) }
        } else {
            Err(InvalidNumber::NotInternational)
        }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for PhoneNumber {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "PhoneNumber".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$" })
    }
}

impl Country {
    /// The country with these two letters, in upper case.
    ///
    /// # Errors
    /// When no country with a numbering plan has them.
    pub fn new(letters: &str) -> Result<Self, UnknownCountry> {
        let unknown = || UnknownCountry(letters.chars().take(16).collect());
        let bytes: [u8; 2] = letters.as_bytes().try_into().map_err(|_| unknown())?;
        let country = Country(bytes);
        if bytes.iter().all(u8::is_ascii_uppercase) && country.calling_code().is_some() {
            Ok(country)
        } else {
            Err(unknown())
        }
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Two ASCII letters by construction, so this never falls back.
        str::from_utf8(&self.0).unwrap_or("")
    }

    /// The calling code, such as 86; several countries may share one (1, 7, 44, 39).
    #[must_use]
    pub fn calling_code(&self) -> Option<u16> {
        let code = PHONE_NUMBER_UTIL.get_country_code_for_region(self.region())?;
        u16::try_from(code).ok().filter(|code| *code > 0)
    }

    fn region(self) -> Region {
        self.as_str().parse().unwrap_or(Region::World)
    }
}

impl FromStr for Country {
    type Err = UnknownCountry;
    fn from_str(text: &str) -> Result<Self, UnknownCountry> {
        Country::new(text)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Country::new(&Cow::<'de, str>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Country {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Country".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]{2}$" })
    }
}

fn from_parse_error(error: ParseError) -> InvalidNumber {
    match error {
        ParseError::InvalidCountryCode => InvalidNumber::UnknownCallingCode,
        ParseError::NotANumber(_) => InvalidNumber::NotANumber,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => InvalidNumber::TooShort,
        ParseError::TooLongNsn => InvalidNumber::TooLong,
    }
}

fn kind_of(kind: PhoneNumberType) -> NumberKind {
    match kind {
        PhoneNumberType::FixedLine => NumberKind::Fixed,
        PhoneNumberType::Mobile => NumberKind::Mobile,
        PhoneNumberType::FixedLineOrMobile => NumberKind::FixedOrMobile,
        PhoneNumberType::TollFree => NumberKind::TollFree,
        PhoneNumberType::PremiumRate => NumberKind::Premium,
        PhoneNumberType::SharedCost => NumberKind::Shared,
        PhoneNumberType::VoIP => NumberKind::Voip,
        PhoneNumberType::PersonalNumber => NumberKind::Personal,
        PhoneNumberType::Pager => NumberKind::Pager,
        PhoneNumberType::UAN => NumberKind::Uan,
        PhoneNumberType::VoiceMail => NumberKind::Voicemail,
        PhoneNumberType::Unknown => NumberKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn in_country(country: &str, text: &str) -> Result<PhoneNumber, InvalidNumber> {
        PhoneNumber::parse(text, Country::new(country).unwrap())
    }

    #[test]
    fn all_ways_to_write_a_chinese_mobile_are_one_customer() {
        for text in ["13800138000", "013800138000", "+86 138 0013 8000", "0086-138-0013-8000", "8613800138000"] {
            assert_eq!(in_country("CN", text).unwrap().as_str(), "+8613800138000", "{text}");
        }
    }

    #[test]
    fn numbers_of_other_plans_come_out_right() {
        for (country, text, want, kind, home) in [
            ("CN", "010-12345678", "+861012345678", NumberKind::Fixed, "CN"),
            ("CN", "400 800 1234", "+864008001234", NumberKind::Shared, "CN"),
            ("GB", "07400 123456", "+447400123456", NumberKind::Mobile, "GB"),
            ("GB", "020 7946 0958", "+442079460958", NumberKind::Fixed, "GB"),
            ("GB", "0909 879 0000", "+449098790000", NumberKind::Premium, "GB"),
            ("US", "1 (212) 555-0123", "+12125550123", NumberKind::FixedOrMobile, "US"),
            ("US", "011 86 13800138000", "+8613800138000", NumberKind::Mobile, "CN"),
            ("US", "613 555 0123", "+16135550123", NumberKind::FixedOrMobile, "CA"),
            ("US", "900 555 1234", "+19005551234", NumberKind::Premium, "US"),
            ("DE", "0151 12345678", "+4915112345678", NumberKind::Mobile, "DE"),
            ("DE", "0900 1 234567", "+499001234567", NumberKind::Premium, "DE"),
            ("IT", "06 12345678", "+390612345678", NumberKind::Fixed, "IT"),
            ("HK", "5123 4567", "+85251234567", NumberKind::Mobile, "HK"),
        ] {
            let number = in_country(country, text).unwrap();
            assert_eq!(number.as_str(), want, "{text}");
            assert_eq!(number.kind(), kind, "{text}");
            assert_eq!(number.country().map(|c| c.to_string()).as_deref(), Some(home), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_the_reason() {
        for (country, text, want) in [
            ("CN", "", InvalidNumber::NotANumber),
            ("CN", "anonymous", InvalidNumber::NotANumber),
            ("CN", "+999123456789", InvalidNumber::UnknownCallingCode),
            ("CN", "110", InvalidNumber::TooShort),
            ("US", "911", InvalidNumber::TooShort),
            ("US", "555 0123", InvalidNumber::WithoutAreaCode),
            ("CN", "1380013800013800", InvalidNumber::TooLong),
        ] {
            assert_eq!(in_country(country, text), Err(want), "{text}");
        }
    }

    #[test]
    fn a_masked_number_hides_at_least_three_digits() {
        for (number, want) in [
            ("+8613800138000", "138****8000"),
            ("+12125550123", "212***0123"),
            ("+85251234567", "5***4567"),
            ("+4930123", "***23"),
            ("+9991234567", "999***4567"),
        ] {
            assert_eq!(number.parse::<PhoneNumber>().unwrap().masked(), want);
        }
    }

    #[test]
    fn debug_does_not_show_the_number() {
        let number: PhoneNumber = "+8613800138000".parse().unwrap();
        assert_eq!(format!("{number:?}"), "138****8000");
        assert_eq!(number.last_four(), "8000");
    }

    #[test]
    fn json_holds_the_international_form_and_no_other() {
        let number: PhoneNumber = serde_json::from_str("\"+8613800138000\"").unwrap();
        assert_eq!(serde_json::to_string(&number).unwrap(), "\"+8613800138000\"");
        for bad in ["\"13800138000\"", "\"+86 138\"", "\"+0138001380\"", "\"+123456\"", "\"+1234567890123456\"", "7"] {
            assert!(serde_json::from_str::<PhoneNumber>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn at_home_a_number_is_dialled_with_its_national_prefix() {
        for (number, want) in [
            ("+8613800138000", "13800138000"),
            ("+861012345678", "01012345678"),
            ("+442079460958", "02079460958"),
            ("+4930123456", "030123456"),
            ("+12125550123", "2125550123"),
        ] {
            assert_eq!(number.parse::<PhoneNumber>().unwrap().as_dialled_at_home(), want);
        }
    }

    #[test]
    fn a_country_is_two_letters_that_have_a_plan() {
        assert_eq!(Country::new("CN").unwrap().calling_code(), Some(86));
        assert_eq!(Country::new("US").unwrap().calling_code(), Some(1));
        for bad in ["cn", "ZZ", "CHN", "", "00"] {
            assert!(Country::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_has_one_form() {
        assert!("+8613800138000".parse::<PhoneNumber>().is_ok());
        assert!("+86013800138000".parse::<PhoneNumber>().is_err(), "with a trunk prefix it would be another customer");
    }

    proptest! {
        #[test]
        fn any_text_is_answered_without_a_panic(text in "\\PC{0,24}") {
            for country in ["CN", "US", "DE", "AR", "IT"] {
                if let Ok(number) = in_country(country, &text) {
                    // What was understood once is understood again as the same.
                    prop_assert_eq!(in_country(country, number.as_str()), Ok(number.clone()));
                    prop_assert_eq!(number.masked().len(), number.national().len());
                }
            }
        }

        #[test]
        fn every_international_number_answers_all_questions(digits in "[1-9][0-9]{6,14}") {
            // What is not written in the one form of its number is refused.
            let Ok(number) = format!("+{digits}").parse::<PhoneNumber>() else { return Ok(()) };
            let _ = (number.kind(), number.country(), number.is_valid(), number.tells_area());
            prop_assert!(number.masked().contains("***"));
            prop_assert!(number.digits().ends_with(number.national()));
        }
    }
}
