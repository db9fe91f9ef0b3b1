//! Emergency numbers: always dialled from an extension, never called back.

use std::fmt;

use nohold_model::Country;

/// A number of the emergency services of a country, as it is dialled there: `110`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmergencyNumber(String);

/// Numbers that libphonenumber's list of emergency numbers lacks.
const ADDED: &[(&str, &[&str])] = &[("CN", &["122"])];

impl EmergencyNumber {
    /// The emergency number that these digits are in a country, if they are one; separators are passed over.
    #[must_use]
    pub fn of(text: &str, country: Country) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
        // None is longer than five digits (France's 11x, Australia's 000, the 5-digit codes of a few islands).
        if !(2..=5).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let added =
            ADDED.iter().any(|(letters, numbers)| *letters == country.as_str() && numbers.contains(&digits.as_str()));
        (added || is_listed(&digits, country)).then_some(EmergencyNumber(digits))
    }

    /// The digits to dial.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text is a number of the emergency services of a country.
#[must_use]
pub fn is_emergency(text: &str, country: Country) -> bool {
    EmergencyNumber::of(text, country).is_some()
}

impl fmt::Display for EmergencyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmergencyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_listed(digits: &str, country: Country) -> bool {
    let Ok(region) = namba::Region::new(country.as_str()) else {
        return false;
    };
    namba::ShortNumber::parse(region, digits).is_ok_and(|short| short.emergency_match() == namba::EmergencyMatch::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_country_has_its_own_emergency_numbers() {
        for (country, numbers, others) in [
            ("CN", &["110", "119", "120", "122", "1-1-0"][..], &["911", "10086", "12315", "1100"][..]),
            ("US", &["911"][..], &["999", "411", "9110"][..]),
            ("GB", &["999", "112"][..], &["101", "111"][..]),
            ("DE", &["110", "112"][..], &["115", "1120"][..]),
            ("AU", &["000", "112"][..], &["0000"][..]),
            ("HK", &["999"][..], &["1999"][..]),
        ] {
            let country = Country::new(country).unwrap();
            for number in numbers {
                assert!(is_emergency(number, country), "{country} {number}");
            }
            for number in others {
                assert!(!is_emergency(number, country), "{country} {number}");
            }
        }
    }

    #[test]
    fn an_emergency_number_is_dialled_without_separators() {
        let number = EmergencyNumber::of("1-1 0", Country::new("CN").unwrap()).unwrap();
        assert_eq!(number.as_str(), "110");
    }
}
