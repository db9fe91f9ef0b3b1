//! What facts name, for the history to be found by.

use nohold_core::fact::Fact;
use nohold_core::routing::Offer;
use nohold_model::{AgentKey, CallId, EntryId, OfferId, PhoneNumber};

/// What a fact names.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Named {
    /// The entry.
    pub entry: Option<EntryId>,
    /// The call.
    pub call: Option<CallId>,
    /// The agent.
    pub agent: Option<AgentKey>,
    /// The customer's number.
    pub number: Option<PhoneNumber>,
}

impl Named {
    /// What this fact names; a fact that names an offer also means the offer's call and agent.
    pub fn by(fact: &Fact, offer: impl Fn(OfferId) -> Option<Offer>) -> Named {
        let offer = match fact {
            Fact::OfferRinging { offer: id } | Fact::OfferEnded { offer: id, .. } => offer(*id),
            _ => None,
        };
        Named {
            entry: fact.entry(),
            call: fact.call().or(offer.as_ref().map(|offer| offer.call)),
            agent: fact.agent().cloned().or(offer.map(|offer| offer.agent)),
            number: fact.number().cloned(),
        }
    }
}
