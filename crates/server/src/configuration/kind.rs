//! The tables of the configuration, and which keys they have.

use nohold_app::ports::Place;
use nohold_model::{
    AgentKey, CalendarKey, CampaignKey, DispositionKey, ExtensionKey, FlowKey, GroupKey, PhoneNumber, QueueKey,
    ServiceKey, TrunkKey,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::desk::USER_PREFIX;

/// A table of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What holds for the whole installation; there is one.
    Site,
    /// Calls to the public network; there is one.
    Outbound,
    /// What the codes that begin with `*` do; there is one.
    StarCodes,
    /// Numbers that are never called; there is one.
    Blocked,
    /// Calendars of business hours.
    Calendars,
    /// Inbound services.
    Services,
    /// Outbound campaigns.
    Campaigns,
    /// Agent groups.
    Groups,
    /// Agents.
    Agents,
    /// Phones of ours.
    Extensions,
    /// Queues.
    Queues,
    /// Trunks.
    Trunks,
    /// Inbound numbers.
    Numbers,
    /// IVR flows.
    Flows,
    /// What outcomes may be called.
    Dispositions,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 15] = [
        Kind::Site,
        Kind::Outbound,
        Kind::StarCodes,
        Kind::Blocked,
        Kind::Calendars,
        Kind::Services,
        Kind::Campaigns,
        Kind::Groups,
        Kind::Agents,
        Kind::Extensions,
        Kind::Queues,
        Kind::Trunks,
        Kind::Numbers,
        Kind::Flows,
        Kind::Dispositions,
    ];

    /// Its word in documents and addresses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Site => "site",
            Kind::Outbound => "outbound",
            Kind::StarCodes => "star_codes",
            Kind::Blocked => "blocked",
            Kind::Calendars => "calendars",
            Kind::Services => "services",
            Kind::Campaigns => "campaigns",
            Kind::Groups => "groups",
            Kind::Agents => "agents",
            Kind::Extensions => "extensions",
            Kind::Queues => "queues",
            Kind::Trunks => "trunks",
            Kind::Numbers => "numbers",
            Kind::Flows => "flows",
            Kind::Dispositions => "dispositions",
        }
    }

    /// The table with this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// There is one thing of it, without a key.
    #[must_use]
    pub const fn is_single(self) -> bool {
        matches!(self, Kind::Site | Kind::Outbound | Kind::StarCodes | Kind::Blocked)
    }

    /// The place of what there is only one of.
    #[must_use]
    pub fn single(self) -> Place {
        Place { kind: self.word().to_owned(), key: String::new() }
    }

    /// The place of the thing with this key.
    ///
    /// # Errors
    /// What a key of this kind looks like, where this is none.
    pub fn place(self, key: &str) -> Result<Place, String> {
        let place = Place { kind: self.word().to_owned(), key: key.to_owned() };
        match self {
            Kind::Site | Kind::Outbound | Kind::StarCodes | Kind::Blocked => {
                return if key.is_empty() { Ok(place) } else { Err(format!("`{}` has no keys", self.word())) };
            }
            Kind::Calendars => read::<CalendarKey>(key)?,
            Kind::Dispositions => read::<DispositionKey>(key)?,
            Kind::Services => read::<ServiceKey>(key)?,
            Kind::Campaigns => read::<CampaignKey>(key)?,
            Kind::Groups => read::<GroupKey>(key)?,
            Kind::Agents => {
                // The history names users who are no agents in this way.
                if key.starts_with(USER_PREFIX) {
                    return Err(format!("an agent cannot have a key that begins with `{USER_PREFIX}`: choose another"));
                }
                read::<AgentKey>(key)?;
            }
            Kind::Extensions => read::<ExtensionKey>(key)?,
            Kind::Queues => read::<QueueKey>(key)?,
            Kind::Trunks => {
                // The secret of the one would be taken for the other's: their accounts are `trunks.KEY.inbound`.
                if key.ends_with(".inbound") {
                    return Err("a trunk cannot have a key that ends with `.inbound`: choose another".to_owned());
                }
                read::<TrunkKey>(key)?
            }
            Kind::Numbers => read::<PhoneNumber>(key)?,
            Kind::Flows => read::<FlowKey>(key)?,
        }
        Ok(place)
    }
}

/// Whether the text is a key of this type, in the one form that it has.
fn read<K: DeserializeOwned + Serialize>(text: &str) -> Result<(), String> {
    let key: K = serde_json::from_value(Value::String(text.to_owned())).map_err(|problem| problem.to_string())?;
    match serde_json::to_value(key) {
        Ok(Value::String(written)) if written == text => Ok(()),
        Ok(Value::String(written)) => Err(format!("write it as `{written}`")),
        _ => Err("this is not a key".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_key_of_its_kind() {
        assert!(Kind::Queues.place("600").is_ok());
        assert!(Kind::Numbers.place("+862161230001").is_ok());
        assert!(Kind::Site.place("").is_ok());
        for (kind, key) in [
            (Kind::Queues, ""),
            (Kind::Queues, "../x"),
            (Kind::Queues, "Support"),
            (Kind::Queues, "a/b"),
            (Kind::Numbers, "862161230001"),
            (Kind::Numbers, "600"),
            (Kind::Site, "a"),
            (Kind::Trunks, "carrier.inbound"),
        ] {
            assert!(kind.place(key).is_err(), "{kind:?} {key}");
        }
    }

    #[test]
    fn a_word_leads_back_to_its_kind() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.word()), Some(kind));
        }
        assert_eq!(Kind::of("Site"), None);
    }
}
