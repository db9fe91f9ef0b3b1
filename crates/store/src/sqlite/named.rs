//! What a fact names, so that the history of an entry, a call, an agent or a number can be found.

use nohold_core::fact::{Destination, Fact};
use nohold_core::routing::Offer;
use nohold_model::{AgentKey, CallId, EntryId, OfferId, PhoneNumber};

/// What a fact names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
        match fact {
            Fact::CallArrived(it) => Named { call: Some(it.call), number: it.number.clone(), ..Named::default() },
            Fact::DirectBegan { call, number, .. } => {
                Named { call: Some(*call), number: number.clone(), ..Named::default() }
            }
            Fact::DirectAnswered { call }
            | Fact::PhoneRung { call, .. }
            | Fact::PhoneAnswered { call }
            | Fact::PhoneFailed { call, .. }
            | Fact::FlowEntered { call, .. }
            | Fact::LeftQueue { call, .. }
            | Fact::NumberRefused { call, .. }
            | Fact::TransferAnswered { call }
            | Fact::TransferFailed { call }
            | Fact::CallEnded { call, .. } => Named::call(*call),
            Fact::Queued(waiting) => Named::call(waiting.call),
            Fact::OfferMade { call, agent, .. }
            | Fact::Connected { call, agent }
            | Fact::Held { call, agent, .. }
            | Fact::AgentFreed { call, agent, .. } => Named::with_agent(*call, agent),
            Fact::OfferRinging { offer: id } | Fact::OfferEnded { offer: id, .. } => {
                offer(*id).map(|offer| Named::with_agent(offer.call, &offer.agent)).unwrap_or_default()
            }
            Fact::RequestMade(it) => {
                Named { entry: Some(it.entry), call: it.call, agent: None, number: Some(it.number.clone()) }
            }
            Fact::MessageLeft { entry, call, number, .. }
            | Fact::Missed { entry, call, number, .. }
            | Fact::CutOff { entry, call, number, .. } => Named::left(*entry, *call, number.as_ref()),
            Fact::Served { call, number, agent, .. } => {
                Named { number: Some(number.clone()), ..Named::with_agent(*call, agent) }
            }
            Fact::AttemptBegan { entry, call, number, .. } => Named::left(*entry, *call, Some(number)),
            Fact::AttemptAnswered { entry, call, .. } | Fact::CallbackDropped { entry, call, .. } => {
                Named::left(*entry, *call, None)
            }
            Fact::AttemptEnded { entry, .. }
            | Fact::CallbackTalked { entry, .. }
            | Fact::EntryChanged { entry, .. } => Named { entry: Some(*entry), ..Named::default() },
            Fact::EntryGathered { entry, call } => Named { entry: Some(*entry), call: *call, ..Named::default() },
            Fact::Transferred { call, to, .. } => match to {
                Destination::Number(number) => Named { number: Some(number.clone()), ..Named::call(*call) },
                Destination::Extension(_) => Named::call(*call),
            },
            Fact::AgentChanged { agent, .. } => Named { agent: Some(agent.clone()), ..Named::default() },
        }
    }

    fn call(call: CallId) -> Named {
        Named { call: Some(call), ..Named::default() }
    }

    fn with_agent(call: CallId, agent: &AgentKey) -> Named {
        Named { call: Some(call), agent: Some(agent.clone()), ..Named::default() }
    }

    fn left(entry: EntryId, call: CallId, number: Option<&PhoneNumber>) -> Named {
        Named { entry: Some(entry), call: Some(call), agent: None, number: number.cloned() }
    }
}
