//! What a fact changes in the rows.

use nohold_model::{AgentKey, AttemptId, CallId, CallResult, EntryId, OfferId, PhoneNumber, Timestamp};

use super::{Answer, CallRow, Hold, Read, Rows, Working};
use crate::agent::{AfterOffer, Input, OfferEnd};
use crate::entry::{Actor, Business, Change};
use crate::fact::{Arrival, Dated, Doing, Fact, LeftQueue};
use crate::routing::Waiting;

impl<R: Rows> Working<'_, R> {
    /// Makes a fact true. Facts are applied as they come: one that no longer fits changes nothing.
    pub(super) fn apply(&mut self, dated: &Dated) -> Read<()> {
        let Dated { at, fact } = dated;
        let at = *at;
        match fact {
            Fact::CallArrived(arrival) => self.arrived(at, arrival),
            Fact::FlowEntered { call, .. } => self.edit_call(*call, |row| row.doing = Doing::InFlow)?,
            Fact::Queued(waiting) => self.queued(waiting)?,
            Fact::LeftQueue { call, why } => self.left_queue(at, *call, *why)?,
            Fact::OfferRinging { offer } => self.offer_ringing(at, *offer)?,
            Fact::OfferEnded { offer, end, after } => self.offer_ended(at, *offer, *end, *after)?,
            Fact::Connected { call, agent } => self.connected(at, *call, agent)?,
            Fact::Held { call, agent, held } => {
                self.agent_input(agent, at, &Input::Hold(*call, *held), &Actor::System)?;
            }
            Fact::AgentFreed { call, agent, wrap_up } => {
                self.edit_call(*call, |row| row.agent = None)?;
                self.agent_input(agent, at, &Input::Free(*call, *wrap_up), &Actor::System)?;
            }
            Fact::RequestMade(request) => {
                self.gather_request(at, request)?;
            }
            Fact::MessageLeft { .. } | Fact::Missed { .. } | Fact::CutOff { .. } => self.gather(at, fact)?,
            Fact::Served { number, service, .. } => self.served(at, number, &Business::Service(service.clone()))?,
            Fact::AttemptBegan { attempt, entry, call, number } => {
                self.attempt_began(at, *attempt, *entry, *call, number)?;
            }
            Fact::AttemptAnswered { attempt, entry, .. } => {
                self.by_system(*entry, at, &Change::Answered { attempt: *attempt })?;
            }
            Fact::AttemptEnded { attempt, entry, result, sent } => {
                self.attempt_ended(at, *attempt, *entry, *result, *sent)?;
            }
            Fact::CallbackTalked { attempt, entry, talked, broken } => {
                let change = Change::TalkEnded { attempt: *attempt, talked: *talked, broken: *broken };
                self.by_system(*entry, at, &change)?;
            }
            Fact::CallbackDropped { entry, call } => {
                self.by_system(*entry, at, &Change::CallDropped { call: *call })?;
            }
            Fact::Transferred { call, .. } => self.edit_call(*call, |row| row.doing = Doing::Transferring)?,
            Fact::TransferAnswered { call } => self.edit_call(*call, |row| {
                row.doing = Doing::Talking;
                row.connected = Some(at);
            })?,
            Fact::TransferFailed { call } => self.transfer_failed(*call)?,
            Fact::CallEnded { call, .. } => self.call_ended(at, *call)?,
            // These are written by transactions themselves, beside the change they tell of.
            Fact::OfferMade { .. } | Fact::AgentChanged { .. } | Fact::EntryGathered { .. } | Fact::EntryChanged { .. } => {
                return Ok(());
            }
        }
        self.note(at, fact.clone());
        Ok(())
    }

    /// Makes the fact true that a call waits for, or answers why not.
    pub(super) fn promise(&mut self, dated: &Dated) -> Read<Answer> {
        match &dated.fact {
            Fact::RequestMade(request) => {
                let answer = self.gather_request(dated.at, request)?;
                if matches!(answer, Answer::Requested { .. }) {
                    self.left_queue(dated.at, request.call, LeftQueue::Chose)?;
                    self.edit_call(request.call, |row| row.doing = Doing::Finished)?;
                    self.note(dated.at, dated.fact.clone());
                }
                Ok(answer)
            }
            Fact::AttemptBegan { attempt, entry, call, number } => {
                if let Some(refusal) = self.may_begin_attempt(*entry, *call, number)? {
                    return Ok(Answer::Refused(refusal));
                }
                self.apply(dated)?;
                Ok(Answer::Attempt(*attempt))
            }
            Fact::Transferred { .. } => self.transfer(dated),
            _ => {
                self.apply(dated)?;
                Ok(Answer::Done)
            }
        }
    }

    fn arrived(&mut self, at: Timestamp, arrival: &Arrival) {
        self.put_call(CallRow {
            id: arrival.call,
            number: arrival.number.clone(),
            service: Some(arrival.service.clone()),
            queue: None,
            began: at,
            doing: Doing::InFlow,
            connected: None,
            agent: None,
            dialled: None,
            callback: None,
        });
    }

    fn queued(&mut self, waiting: &Waiting) -> Read<()> {
        if self.call(waiting.call)?.is_none() {
            return Ok(());
        }
        self.edit_call(waiting.call, |row| {
            row.doing = Doing::Waiting;
            row.queue = Some(waiting.queue.clone());
        })?;
        if !waiting.connectable {
            self.withdraw_offers(self.at, waiting.call)?;
        }
        self.put_waiting(waiting.clone());
        Ok(())
    }

    pub(super) fn left_queue(&mut self, at: Timestamp, call: CallId, why: LeftQueue) -> Read<()> {
        if self.waiting(call)?.is_some() {
            self.remove_waiting(call);
        }
        self.withdraw_offers(at, call)?;
        let doing = match why {
            LeftQueue::Answered => Doing::Talking,
            LeftQueue::Chose | LeftQueue::Overflow => Doing::InFlow,
            LeftQueue::HungUp | LeftQueue::CutOff => return Ok(()),
        };
        self.edit_call(call, |row| row.doing = doing)
    }

    /// Ends what is being offered for a call: those agents are free again.
    pub(super) fn withdraw_offers(&mut self, at: Timestamp, call: CallId) -> Read<()> {
        for offer in self.live_offers(call)? {
            self.offer_ended(at, offer.id, OfferEnd::Withdrawn, AfterOffer::default())?;
        }
        Ok(())
    }

    fn offer_ringing(&mut self, at: Timestamp, id: OfferId) -> Read<()> {
        if let Some(offer) = self.offer(id)? {
            self.agent_input(&offer.agent, at, &Input::Ringing(id), &Actor::System)?;
        }
        Ok(())
    }

    pub(super) fn offer_ended(&mut self, at: Timestamp, id: OfferId, end: OfferEnd, after: AfterOffer) -> Read<()> {
        let Some(mut offer) = self.offer(id)?.filter(|offer| offer.ended.is_none()) else { return Ok(()) };
        self.agent_input(&offer.agent, at, &Input::OfferEnded(id, end, after), &Actor::System)?;
        if end == OfferEnd::Accepted {
            self.edit_call(offer.call, |row| row.agent = Some(offer.agent.clone()))?;
        }
        offer.ended = Some((at, end));
        self.put_offer(offer);
        Ok(())
    }

    fn connected(&mut self, at: Timestamp, call: CallId, agent: &AgentKey) -> Read<()> {
        self.agent_input(agent, at, &Input::Connected(call), &Actor::System)?;
        if let Some(number) = self.call(call)?.and_then(|row| row.number) {
            let dialled = self.holds(&number)?.iter().any(|hold| hold.call == call && hold.dialled);
            self.put_hold(Hold { number, call, dialled, until: None });
        }
        self.edit_call(call, |row| {
            row.doing = Doing::Talking;
            row.connected = Some(at);
        })
    }

    fn by_system(&mut self, entry: EntryId, at: Timestamp, change: &Change) -> Read<()> {
        // A refusal means that the entry has moved on meanwhile; the fact about the call is true all the same.
        let _ = self.entry_change(entry, at, change, &Actor::System)?;
        Ok(())
    }

    fn served(&mut self, at: Timestamp, number: &PhoneNumber, business: &Business) -> Read<()> {
        for entry in self.open_entries(number)? {
            if entry.target.business(self.directory).as_ref() == Some(business) {
                self.by_system(entry.id, at, &Change::Served)?;
            }
        }
        Ok(())
    }

    fn attempt_began(
        &mut self,
        at: Timestamp,
        attempt: AttemptId,
        entry: EntryId,
        call: CallId,
        number: &PhoneNumber,
    ) -> Read<()> {
        self.by_system(entry, at, &Change::AttemptBegan { attempt, call })?;
        self.put_hold(Hold { number: number.clone(), call, dialled: true, until: None });
        self.edit_call(call, |row| {
            row.doing = Doing::Transferring;
            if let Some(callback) = &mut row.callback {
                callback.attempt = Some(attempt);
            }
        })
    }

    pub(super) fn attempt_ended(
        &mut self,
        at: Timestamp,
        attempt: AttemptId,
        entry: EntryId,
        result: CallResult,
        sent: bool,
    ) -> Read<()> {
        self.by_system(entry, at, &Change::AttemptEnded { attempt, result, sent })?;
        let Some(entry) = self.entry(entry)? else { return Ok(()) };
        let Some(number) = entry.number.clone() else { return Ok(()) };
        let Some(call) = entry.attempts.iter().find(|one| one.id == attempt).map(|one| one.call) else { return Ok(()) };
        if result == CallResult::Interrupted && sent {
            // The phone out there may go on ringing: nobody dials the number before that has ended.
            self.put_hold(Hold { number, call, dialled: true, until: Some(entry.not_before.max(at)) });
        } else {
            self.remove_hold(&number, call);
        }
        Ok(())
    }

    fn transfer_failed(&mut self, call: CallId) -> Read<()> {
        self.withdraw_offers(self.at, call)?;
        if let Some(number) = self.call(call)?.and_then(|row| row.dialled) {
            self.remove_hold(&number, call);
        }
        self.edit_call(call, |row| {
            row.doing = Doing::InFlow;
            row.dialled = None;
        })
    }

    fn call_ended(&mut self, at: Timestamp, call: CallId) -> Read<()> {
        self.withdraw_offers(at, call)?;
        if self.waiting(call)?.is_some() {
            self.remove_waiting(call);
        }
        if let Some(row) = self.call(call)? {
            for number in [&row.number, &row.dialled].into_iter().flatten() {
                // A hold with an end outlives its call: the phone out there may still be ringing.
                if self.holds(number)?.iter().any(|hold| hold.call == call && hold.until.is_none()) {
                    self.remove_hold(number, call);
                }
            }
            self.remove_call(call);
        }
        Ok(())
    }
}
