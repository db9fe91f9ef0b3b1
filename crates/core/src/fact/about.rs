//! Whom and what a fact is about: a history is looked up by it.

use nohold_model::{AgentKey, CallId, EntryId, PhoneNumber};

use super::Fact;
use crate::entry::{Actor, Change};

impl Fact {
    /// The entry that it names. A message, a missed call or a call that was cut off names the entry it would make, as does a
    /// request until it is committed; where it was gathered into another, [`Fact::EntryGathered`] names that one.
    #[must_use]
    pub fn entry(&self) -> Option<EntryId> {
        match self {
            Fact::RequestMade(request) => Some(request.entry),
            Fact::MessageLeft { entry, .. }
            | Fact::Missed { entry, .. }
            | Fact::CutOff { entry, .. }
            | Fact::AttemptBegan { entry, .. }
            | Fact::AttemptAnswered { entry, .. }
            | Fact::AttemptEnded { entry, .. }
            | Fact::CallbackTalked { entry, .. }
            | Fact::CallbackDropped { entry, .. }
            | Fact::EntryGathered { entry, .. }
            | Fact::EntryChanged { entry, .. } => Some(*entry),
            Fact::RecordingBegan { entry, .. } => *entry,
            Fact::NoteSaved { .. } => None,
            Fact::CallArrived(_)
            | Fact::DirectBegan { .. }
            | Fact::DirectAnswered { .. }
            | Fact::FarRings { .. }
            | Fact::DirectOver { .. }
            | Fact::PhoneRung { .. }
            | Fact::PhoneAnswered { .. }
            | Fact::PhoneFailed { .. }
            | Fact::FlowEntered { .. }
            | Fact::Queued(_)
            | Fact::LeftQueue { .. }
            | Fact::OfferMade { .. }
            | Fact::OfferRinging { .. }
            | Fact::OfferEnded { .. }
            | Fact::Connected { .. }
            | Fact::Held { .. }
            | Fact::AgentFreed { .. }
            | Fact::NumberRefused { .. }
            | Fact::Served { .. }
            | Fact::Transferred { .. }
            | Fact::TransferAnswered { .. }
            | Fact::TransferFailed { .. }
            | Fact::RecordingPaused { .. }
            | Fact::RecordingResumed { .. }
            | Fact::TreatedAsCustomer { .. }
            | Fact::HandedOver { .. }
            | Fact::ConsultBegan { .. }
            | Fact::ConsultAnswered { .. }
            | Fact::ConsultChanged { .. }
            | Fact::ConsultEnded { .. }
            | Fact::ConsultCompleted { .. }
            | Fact::CallEnded { .. }
            | Fact::AgentChanged { .. } => None,
        }
    }

    /// The call that it names. What becomes of an offer or of an attempt names only that.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        match self {
            Fact::CallArrived(arrival) => Some(arrival.call),
            Fact::Queued(waiting) => Some(waiting.call),
            Fact::RequestMade(request) => request.call,
            Fact::DirectBegan { call, .. }
            | Fact::DirectAnswered { call }
            | Fact::FarRings { call }
            | Fact::DirectOver { call, .. }
            | Fact::PhoneRung { call, .. }
            | Fact::PhoneAnswered { call }
            | Fact::PhoneFailed { call, .. }
            | Fact::FlowEntered { call, .. }
            | Fact::LeftQueue { call, .. }
            | Fact::OfferMade { call, .. }
            | Fact::Connected { call, .. }
            | Fact::Held { call, .. }
            | Fact::RecordingBegan { call, .. }
            | Fact::AgentFreed { call, .. }
            | Fact::NumberRefused { call, .. }
            | Fact::MessageLeft { call, .. }
            | Fact::Missed { call, .. }
            | Fact::CutOff { call, .. }
            | Fact::Served { call, .. }
            | Fact::AttemptBegan { call, .. }
            | Fact::AttemptAnswered { call, .. }
            | Fact::CallbackDropped { call, .. }
            | Fact::Transferred { call, .. }
            | Fact::TransferAnswered { call }
            | Fact::TransferFailed { call }
            | Fact::RecordingPaused { call, .. }
            | Fact::RecordingResumed { call, .. }
            | Fact::TreatedAsCustomer { call, .. }
            | Fact::HandedOver { call, .. }
            | Fact::ConsultBegan { call, .. }
            | Fact::ConsultAnswered { call }
            | Fact::ConsultChanged { call, .. }
            | Fact::ConsultEnded { call, .. }
            | Fact::ConsultCompleted { call, .. }
            | Fact::CallEnded { call, .. } => Some(*call),
            Fact::NoteSaved { kept, .. } => Some(kept.call),
            Fact::EntryGathered { call, .. } => *call,
            Fact::EntryChanged { change, .. } => change.call(),
            Fact::OfferRinging { .. }
            | Fact::OfferEnded { .. }
            | Fact::AttemptEnded { .. }
            | Fact::CallbackTalked { .. }
            | Fact::AgentChanged { .. } => None,
        }
    }

    /// The agent whom it names; of a change of an entry, the agent who made it, else the one whom it concerns,
    /// else the supervisor who made it.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentKey> {
        match self {
            Fact::OfferMade { agent, .. }
            | Fact::Connected { agent, .. }
            | Fact::Held { agent, .. }
            | Fact::RecordingBegan { agent, .. }
            | Fact::AgentFreed { agent, .. }
            | Fact::Served { agent, .. }
            | Fact::RecordingPaused { agent, .. }
            | Fact::RecordingResumed { agent, .. }
            | Fact::TreatedAsCustomer { agent, .. }
            | Fact::AgentChanged { agent, .. } => Some(agent),
            Fact::HandedOver { by, .. } | Fact::ConsultCompleted { by, .. } => Some(by),
            // So that the one who was called finds whose call it was; the other one has the call's whole history.
            Fact::ConsultBegan { by, agent, .. } => Some(agent.as_ref().unwrap_or(by)),
            Fact::Queued(waiting) => waiting.caller.as_ref(),
            Fact::NoteSaved { kept, .. } => Some(&kept.agent),
            Fact::EntryChanged { change, by, .. } => match by {
                Actor::Agent(agent) => Some(agent),
                Actor::Supervisor(supervisor) => change.agent().or(Some(supervisor)),
                Actor::Customer | Actor::System => change.agent(),
            },
            Fact::CallArrived(_)
            | Fact::DirectBegan { .. }
            | Fact::DirectAnswered { .. }
            | Fact::FarRings { .. }
            | Fact::DirectOver { .. }
            | Fact::PhoneRung { .. }
            | Fact::PhoneAnswered { .. }
            | Fact::PhoneFailed { .. }
            | Fact::FlowEntered { .. }
            | Fact::LeftQueue { .. }
            | Fact::OfferRinging { .. }
            | Fact::OfferEnded { .. }
            | Fact::RequestMade(_)
            | Fact::NumberRefused { .. }
            | Fact::MessageLeft { .. }
            | Fact::Missed { .. }
            | Fact::CutOff { .. }
            | Fact::AttemptBegan { .. }
            | Fact::AttemptAnswered { .. }
            | Fact::AttemptEnded { .. }
            | Fact::CallbackTalked { .. }
            | Fact::CallbackDropped { .. }
            | Fact::Transferred { .. }
            | Fact::TransferAnswered { .. }
            | Fact::TransferFailed { .. }
            | Fact::ConsultAnswered { .. }
            | Fact::ConsultChanged { .. }
            | Fact::ConsultEnded { .. }
            | Fact::CallEnded { .. }
            | Fact::EntryGathered { .. } => None,
        }
    }

    /// The number outside that it names: a customer's, or one that a phone of ours dialled.
    #[must_use]
    pub fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Fact::CallArrived(arrival) => arrival.number.as_ref(),
            Fact::RequestMade(request) => Some(&request.number),
            Fact::NoteSaved { kept, .. } => kept.number.as_ref(),
            Fact::DirectBegan { number, .. }
            | Fact::MessageLeft { number, .. }
            | Fact::Missed { number, .. }
            | Fact::CutOff { number, .. } => number.as_ref(),
            Fact::Served { number, .. } | Fact::AttemptBegan { number, .. } => Some(number),
            Fact::TreatedAsCustomer { number, .. } => Some(number),
            Fact::Transferred { to, .. } | Fact::HandedOver { to, .. } | Fact::ConsultBegan { to, .. } => to.number(),
            Fact::DirectAnswered { .. }
            | Fact::FarRings { .. }
            | Fact::DirectOver { .. }
            | Fact::PhoneRung { .. }
            | Fact::PhoneAnswered { .. }
            | Fact::PhoneFailed { .. }
            | Fact::FlowEntered { .. }
            | Fact::Queued(_)
            | Fact::LeftQueue { .. }
            | Fact::OfferMade { .. }
            | Fact::OfferRinging { .. }
            | Fact::OfferEnded { .. }
            | Fact::Connected { .. }
            | Fact::Held { .. }
            | Fact::RecordingBegan { .. }
            | Fact::AgentFreed { .. }
            | Fact::NumberRefused { .. }
            | Fact::AttemptAnswered { .. }
            | Fact::AttemptEnded { .. }
            | Fact::CallbackTalked { .. }
            | Fact::CallbackDropped { .. }
            | Fact::TransferAnswered { .. }
            | Fact::TransferFailed { .. }
            | Fact::RecordingPaused { .. }
            | Fact::RecordingResumed { .. }
            | Fact::ConsultAnswered { .. }
            | Fact::ConsultChanged { .. }
            | Fact::ConsultEnded { .. }
            | Fact::ConsultCompleted { .. }
            | Fact::CallEnded { .. }
            | Fact::AgentChanged { .. }
            | Fact::EntryGathered { .. }
            | Fact::EntryChanged { .. } => None,
        }
    }
}

impl Change {
    /// The call that it names.
    fn call(&self) -> Option<CallId> {
        match self {
            Change::CallBegan { call, .. } | Change::CallDropped { call, .. } | Change::AttemptBegan { call, .. } => {
                Some(*call)
            }
            Change::FollowUp(agreed) => Some(agreed.call),
            Change::FollowUpTakenBack { call, .. } => Some(*call),
            Change::Claim { .. }
            | Change::Release
            | Change::Tick
            | Change::AttemptEnded { .. }
            | Change::Answered { .. }
            | Change::TalkEnded { .. }
            | Change::Outcome(_)
            | Change::Served
            | Change::Cancel
            | Change::Prioritise { .. }
            | Change::Reassign { .. }
            | Change::Reopen
            | Change::TakeBackServed
            | Change::AllowMoreAttempts
            | Change::Acknowledge
            | Change::Heard { .. } => None,
        }
    }

    /// The agent whom it concerns.
    fn agent(&self) -> Option<&AgentKey> {
        match self {
            Change::Claim { agent } | Change::CallBegan { agent, .. } => Some(agent),
            Change::Reassign { agent, .. } => agent.as_ref(),
            Change::FollowUp(agreed) => agreed.assigned.as_ref(),
            Change::FollowUpTakenBack { .. }
            | Change::Release
            | Change::Tick
            | Change::CallDropped { .. }
            | Change::AttemptBegan { .. }
            | Change::AttemptEnded { .. }
            | Change::Answered { .. }
            | Change::TalkEnded { .. }
            | Change::Outcome(_)
            | Change::Served
            | Change::Cancel
            | Change::Prioritise { .. }
            | Change::Reopen
            | Change::TakeBackServed
            | Change::AllowMoreAttempts
            | Change::Acknowledge
            | Change::Heard { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use nohold_model::Millis;

    use super::*;
    use crate::fact::Destination;
    use crate::fixture::{agent, call, entry, leg, number, offer};

    #[test]
    fn a_claim_by_a_supervisor_is_found_under_the_agent_who_got_it() {
        let changed = |change: Change, by| Fact::EntryChanged { entry: entry(1), change, by };
        let claim = Change::Claim { agent: agent("anna") };
        let by_anna = changed(claim.clone(), Actor::Agent(agent("anna")));
        assert_eq!((by_anna.agent(), by_anna.entry()), (Some(&agent("anna")), Some(entry(1))));
        let by_bob = changed(claim, Actor::Supervisor(agent("bob")));
        assert_eq!(by_bob.agent(), Some(&agent("anna")));
        let prioritised = changed(Change::Prioritise { priority: 3 }, Actor::Supervisor(agent("bob")));
        assert_eq!((prioritised.agent(), prioritised.call()), (Some(&agent("bob")), None));
    }

    #[test]
    fn a_transfer_is_found_under_the_number_it_goes_to() {
        let customer = number("+4930123456");
        let to = Destination::Number(customer.clone());
        let ring_for = Millis::seconds(20);
        let fact = Fact::Transferred { call: call(1), to, leg: leg(1), offer: offer(1), ring_for };
        assert_eq!((fact.number(), fact.call(), fact.entry()), (Some(&customer), Some(call(1)), None));
    }
}
