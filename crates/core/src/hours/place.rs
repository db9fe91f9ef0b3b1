//! Where a customer is, as far as the number tells: the time zones that the customer may live in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use nohold_model::{Country, PhoneNumber};

use super::Zone;

/// The time zones a customer may live in.
///
/// The area code tells it where numbers have one (libphonenumber's map of prefixes to zones); a mobile telephone of a
/// country without such codes may be anywhere in it, so all zones of the country count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    zones: Vec<Zone>,
    known_by: KnownBy,
}

/// What told the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownBy {
    /// The area code.
    Area,
    /// The country of the number.
    Country,
    /// Nothing did: it is the site's.
    Site,
}

static ZONES_OF_COUNTRIES: LazyLock<BTreeMap<Country, Vec<Zone>>> = LazyLock::new(|| {
    let mut zones: BTreeMap<Country, Vec<Zone>> = BTreeMap::new();
    for zone in Zone::all() {
        if let Some(country) = zone.country() {
            zones.entry(country).or_default().push(zone);
        }
    }
    zones
});

impl Place {
    /// The place of a number; `site` where the number tells none.
    #[must_use]
    pub fn of(number: &PhoneNumber, site: &Zone) -> Self {
        if number.tells_area()
            && let Some(zones) = zones_of_prefix(number)
        {
            return Place { zones, known_by: KnownBy::Area };
        }
        let of_country = number.country().and_then(|country| ZONES_OF_COUNTRIES.get(&country));
        match of_country.filter(|zones| !zones.is_empty()) {
            Some(zones) => Place { zones: zones.clone(), known_by: KnownBy::Country },
            None => Place::at(site),
        }
    }

    /// The site's own place.
    #[must_use]
    pub fn at(site: &Zone) -> Self {
        Place { zones: vec![site.clone()], known_by: KnownBy::Site }
    }

    /// The zones, at least one.
    #[must_use]
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// What told it.
    #[must_use]
    pub fn known_by(&self) -> KnownBy {
        self.known_by
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMED: usize = 3;
        for (index, zone) in self.zones.iter().take(NAMED).enumerate() {
            write!(f, "{}{zone}", if index == 0 { "" } else { ", " })?;
        }
        match self.zones.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The zones of the longest prefix that libphonenumber's map knows.
fn zones_of_prefix(number: &PhoneNumber) -> Option<Vec<Zone>> {
    let parsed = namba::parse(number.as_str()).ok()?;
    let names = namba::TimeZones::for_number(&parsed)?;
    // A name that our list of zones lacks would make the window too wide if it were left out.
    let zones: Option<Vec<Zone>> = names.iter().map(|name| Zone::new(name).ok()).collect();
    zones.filter(|zones| !zones.is_empty())
}
