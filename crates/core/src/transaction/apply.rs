//! What a fact changes in the rows.

use nohold_model::{AgentKey, AttemptId, CallId, CallResult, EntryId, Millis, OfferId, PhoneNumber, Timestamp};

use super::gather::Trace;
use super::{Answer, CallRow, Hold, MOST_FLOWS, Read, RingsRow, Rows, Working};
use crate::agent::{AfterOffer, Follows, Input, OfferEnd};
use crate::entry::{self, Actor, Agreement, Business, CameTo, Change, Entry, Target, Tried, may_ring_until};
use crate::fact::{Arrival, Dated, Doing, Dropped, Fact};

impl<R: Rows> Working<'_, R> {
    /// Makes a fact true. Facts are applied as they come: one that no longer fits changes nothing. In the history a
    /// fact stands before what follows from it.
    pub(super) fn apply(&mut self, dated: &Dated) -> Read<()> {
        let Dated { at, fact } = dated;
        let at = *at;
        if !is_told_where_it_happens(fact) {
            self.note(at, fact.clone());
        }
        match fact {
            Fact::CallArrived(arrival) => self.arrived(at, arrival)?,
            Fact::DirectBegan { .. }
            | Fact::DirectAnswered { .. }
            | Fact::DirectOver { .. }
            | Fact::FarRings { .. }
            | Fact::PhoneRung { .. }
            | Fact::PhoneAnswered { .. }
            | Fact::PhoneFailed { .. } => self.apply_direct(at, fact)?,
            Fact::FlowEntered { call, flow, .. } => self.edit_call(*call, |row| {
                row.doing = Doing::InFlow;
                if row.flows.len() == MOST_FLOWS {
                    row.flows.remove(0);
                }
                row.flows.push(flow.clone());
            })?,
            Fact::Queued(waiting) => self.queued(at, waiting)?,
            Fact::LeftQueue { call, why } => self.left_queue(at, *call, *why)?,
            Fact::OfferRinging { offer } => self.offer_ringing(at, *offer)?,
            Fact::OfferEnded { offer, end, after } => self.offer_ended(at, *offer, *end, *after)?,
            Fact::Connected { call, agent } => self.connected(at, *call, agent)?,
            Fact::Held { call, agent, held, by } => {
                self.edit_call(*call, |row| {
                    row.held = *held;
                    row.held_by = by.iter().filter(|_| *held).cloned().collect();
                })?;
                self.agent_input(agent, at, &Input::Hold(*call, *held), &Actor::System)?;
            }
            Fact::RecordingBegan { .. }
            | Fact::RecordingPaused { .. }
            | Fact::RecordingResumed { .. }
            | Fact::TreatedAsCustomer { .. }
            | Fact::HandedOver { .. }
            | Fact::ConsultBegan { .. }
            | Fact::ConsultAnswered { .. }
            | Fact::ConsultChanged { .. }
            | Fact::ConsultEnded { .. }
            | Fact::ConsultCompleted { .. } => self.apply_handing(at, fact)?,
            Fact::AgentFreed { call, agent, wrap_up } => self.agent_freed(at, *call, agent, *wrap_up)?,
            Fact::RequestMade(request) => self.request_recorded(at, request)?,
            Fact::MessageLeft { .. } | Fact::Missed { .. } | Fact::CutOff { .. } => self.apply_gathered(at, fact)?,
            Fact::Served { call, number, service, .. } => {
                self.served(at, *call, number, &Business::Service(service.clone()))?;
            }
            Fact::AttemptBegan { .. }
            | Fact::AttemptAnswered { .. }
            | Fact::AttemptEnded { .. }
            | Fact::CallbackTalked { .. }
            | Fact::CallbackDropped { .. } => self.apply_attempt(at, fact)?,
            Fact::Transferred { call, ring_for, .. } => self.edit_call(*call, |row| {
                row.doing = Doing::Transferring;
                row.rings = Some(RingsRow { since: at, until: Some(at + *ring_for) });
            })?,
            Fact::TransferAnswered { call } => self.other_phone_answered(at, *call)?,
            Fact::TransferFailed { call } => self.transfer_failed(at, *call)?,
            Fact::CallEnded { call, .. } => self.call_ended(at, *call)?,
            // To be counted, and nothing else.
            Fact::NumberRefused { .. } => {}
            // These are written by transactions themselves, beside the change they tell of.
            Fact::OfferMade { .. }
            | Fact::AgentChanged { .. }
            | Fact::EntryGathered { .. }
            | Fact::EntryChanged { .. }
            | Fact::NoteSaved { .. } => {}
        }
        Ok(())
    }

    /// Makes a fact true that stands on the missed-call list.
    fn apply_gathered(&mut self, at: Timestamp, fact: &Fact) -> Read<()> {
        if let Fact::MessageLeft { entry, call, message, number, target, .. } = fact {
            let trace = Trace { entry: *entry, call: *call, number: number.as_ref(), target };
            self.gather(at, &trace, |entry| entry.messages.push(*message))?;
            self.edit_call(*call, |row| row.doing = Doing::MessageSaved)?;
        }
        if let Fact::Missed { entry, call, number, target, left_at, waited, short } = fact {
            let trace = Trace { entry: *entry, call: *call, number: number.as_ref(), target };
            self.gather(at, &trace, |entry| entry.missed.add(left_at.clone(), *waited, *short))?;
        }
        if let Fact::CutOff { entry, call, number, target, .. } = fact {
            let trace = Trace { entry: *entry, call: *call, number: number.as_ref(), target };
            self.gather(at, &trace, |entry| entry.cut_off = entry.cut_off.saturating_add(1))?;
        }
        Ok(())
    }

    /// Makes a fact true about an attempt to reach a customer.
    fn apply_attempt(&mut self, at: Timestamp, fact: &Fact) -> Read<()> {
        if let Fact::AttemptBegan { attempt, entry, call, number } = fact {
            self.attempt_began(at, *attempt, *entry, *call, number)?;
        }
        if let Fact::AttemptAnswered { attempt, entry, .. } = fact {
            self.by_system(*entry, at, &Change::Answered { attempt: *attempt })?;
        }
        if let Fact::AttemptEnded { attempt, entry, result, sent } = fact {
            self.attempt_ended(at, *attempt, *entry, *result, *sent)?;
        }
        if let Fact::CallbackTalked { attempt, entry, talked, broken, agent_lost } = fact {
            // A record may come late; the agent's time for the outcome begins when everybody can see it.
            let at = at.max(self.at);
            self.talk_ended(at, *attempt, *entry, *talked, *broken)?;
            if *agent_lost {
                // Whoever is quickest goes on; the agent who comes back may be that.
                let _ = self.entry_change(*entry, at, &Change::Release, &Actor::System)?;
            }
        }
        if let Fact::CallbackDropped { entry, call, why } = fact {
            self.call_dropped(at, *entry, *call, *why)?;
        }
        Ok(())
    }

    fn agent_freed(&mut self, at: Timestamp, call: CallId, agent: &AgentKey, wrap_up: Millis) -> Read<()> {
        let row = self.call(call)?;
        let follows = self.let_go(at, row.as_ref(), agent, wrap_up)?;
        self.let_customer_go(row.as_ref(), agent)?;
        self.edit_call(call, |row| {
            if row.agent.take_if(|held| held == agent).is_some() {
                (row.held, row.recording) = (false, None);
                row.held_by.clear();
            }
            if let Some(caller) = &mut row.caller {
                caller.agent.take_if(|held| held == agent);
            }
        })?;
        self.agent_input(agent, at, &Input::Free(call, follows), &Actor::System)?;
        Ok(())
    }

    /// Makes the fact true that a call waits for, or answers why not.
    pub(super) fn promise(&mut self, dated: &Dated) -> Read<Answer> {
        if let Fact::RequestMade(request) = &dated.fact {
            return self.request_promised(dated.at, request);
        }
        if let Fact::AttemptBegan { attempt, entry, call, number } = &dated.fact {
            if let Some(refusal) = self.may_begin_attempt(*attempt, *entry, *call, number)? {
                return Ok(Answer::Refused(refusal));
            }
            self.apply(dated)?;
            return Ok(Answer::Attempt(*attempt));
        }
        if let Fact::Transferred { .. } = &dated.fact {
            return self.transfer(dated);
        }
        if let Fact::HandedOver { call, by, to, .. } = &dated.fact {
            return self.handing_promised(dated, *call, by, to);
        }
        if let Fact::ConsultBegan { call, by, to, .. } = &dated.fact {
            return self.consult_promised(dated, *call, by, to);
        }
        if let Fact::DirectBegan { call, number, .. } = &dated.fact {
            return self.direct_promised(dated, *call, number.as_ref());
        }
        if let Fact::PhoneRung { call, extension, .. } = &dated.fact {
            return self.phone_promised(dated, *call, extension);
        }
        self.apply(dated)?;
        let Fact::CallArrived(arrival) = &dated.fact else { return Ok(Answer::Done) };
        if arrival.colleague.is_some() {
            return self.begun(arrival.call);
        }
        Ok(if self.comes_back(dated.at, arrival)? { Answer::Returning } else { Answer::Done })
    }

    /// Whether the caller rings in soon after we have tried in vain to reach them (AT-14), whatever has become of the
    /// entry: for this service, or for a campaign that showed the number they dial now.
    fn comes_back(&self, at: Timestamp, arrival: &Arrival) -> Read<bool> {
        let (Some(number), Some(service)) = (&arrival.number, &arrival.service) else { return Ok(false) };
        let tries = self.tries_since(number, at - self.directory.site.returning_within)?;
        Ok(tries.iter().filter(|tried| tried.came_to != CameTo::Conversation).any(|tried| match &tried.business {
            Some(Business::Service(tried)) => tried == service,
            Some(Business::Campaign(campaign)) => {
                let shown = self.directory.caller_id(&Target::Campaign(campaign.clone()));
                shown.is_some() && shown == arrival.called
            }
            None => false,
        }))
    }

    fn arrived(&mut self, at: Timestamp, arrival: &Arrival) -> Read<()> {
        let caller = match &arrival.colleague {
            Some(extension) => Some(self.caller_row(at, arrival.call, extension)?),
            None => None,
        };
        self.put_call(CallRow {
            number: arrival.number.clone(),
            service: arrival.service.clone(),
            called: arrival.called.clone(),
            caller,
            ..CallRow::new(arrival.call, at, Doing::InFlow)
        });
        Ok(())
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

    fn connected(&mut self, at: Timestamp, call: CallId, agent: &AgentKey) -> Read<()> {
        self.agent_input(agent, at, &Input::Connected(call), &Actor::System)?;
        self.hold_customer(call)?;
        self.edit_call(call, |row| {
            row.doing = Doing::Talking;
            row.connected = Some(at);
            row.rings = None;
        })
    }

    pub(super) fn by_system(&mut self, entry: EntryId, at: Timestamp, change: &Change) -> Read<()> {
        // A refusal means that the entry has moved on meanwhile; the fact about the call is true all the same.
        let _ = self.entry_change(entry, at, change, &Actor::System)?;
        Ok(())
    }

    /// What is open about this customer in this line of business is settled. Where several requests wait behind one
    /// number, of several people or matters, nobody knows which of them this was: they stay for a person to close.
    /// What the agent has chosen to keep open stays, too.
    fn served(&mut self, at: Timestamp, call: CallId, number: &PhoneNumber, business: &Business) -> Read<()> {
        let row = self.call(call)?;
        let since = row.as_ref().and_then(|row| row.connected);
        let kept = row.map(|row| row.keep_open).unwrap_or_default();
        let mut open = self.open_entries(number)?;
        // What was agreed upon in this very conversation is not done by its end.
        let agreed = |entry: &Entry| since.is_some_and(|since| entry.last > since);
        // A record may come late: what the customer has left behind since then was not settled by this call.
        open.retain(|entry| entry.last <= at && entry.target.business(self.directory).as_ref() == Some(business));
        let several = open.iter().filter(|entry| entry.request.is_some()).count() > 1;
        for entry in &open {
            let agreement = entry.agreement.clone().filter(|agreement| agreement.call == call && !agreement.kept_open);
            // Who is called back in this very call is settled by the outcome, not by this.
            if let Some(agreement) = agreement.filter(|_| !several && entry.call().is_none()) {
                let agreement = Some(Agreement { served: true, ..agreement });
                self.put_entry(Entry { agreement, ..entry.clone() });
            }
        }
        open.retain(|entry| !kept.contains(&entry.id) && !agreed(entry));
        for entry in open.iter().filter(|entry| !(several && entry.request.is_some())) {
            self.by_system(entry.id, at, &Change::Served)?;
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
        self.put_tried(Tried {
            attempt,
            number: number.clone(),
            entry: Some(entry),
            business: self.entry(entry)?.and_then(|entry| entry.target.business(self.directory)),
            began: at,
            // Should nobody hear how it ends.
            not_before: may_ring_until(at, &self.directory.site),
            came_to: CameTo::Nothing,
        });
        for old in self.holds(number)?.into_iter().filter(|hold| hold.until.is_some_and(|until| until <= at)) {
            self.remove_hold(number, old.call);
        }
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
        let Some(tried) = entry.attempts.iter().find(|one| one.id == attempt) else { return Ok(()) };
        if result == CallResult::Interrupted && sent {
            // The phone out there may go on ringing: nobody dials the number before that has ended.
            let until = may_ring_until(tried.began, &self.directory.site);
            self.put_hold(Hold { number: number.clone(), call: tried.call, dialled: true, until: Some(until.max(at)) });
        } else {
            self.remove_hold(&number, tried.call);
        }
        if tried.ended != Some((at, result)) {
            // Word of it has come before.
            return Ok(());
        }
        if sent {
            let not_before = entry.not_before;
            self.edit_tried(&number, attempt, tried.began, |tried| tried.not_before = not_before)?;
        } else {
            self.remove_tried(&number, attempt);
        }
        Ok(())
    }

    /// A callback ends before anything was sent: an attempt that was committed all the same is none.
    pub(super) fn call_dropped(&mut self, at: Timestamp, entry: EntryId, call: CallId, why: Dropped) -> Read<()> {
        let row = self.entry(entry)?;
        let attempt = row.as_ref().and_then(|row| row.attempts.last()).filter(|one| one.call == call);
        let going_on = attempt.filter(|one| one.ended.is_none()).map(|one| one.id);
        self.by_system(entry, at, &Change::CallDropped { call, why: Some(why) })?;
        if let (Some(attempt), Some(number)) = (going_on, row.and_then(|row| row.number)) {
            self.remove_tried(&number, attempt);
        }
        Ok(())
    }

    /// The conversation of a callback is over. Others keep the gap after it; who talked may call again at once.
    pub(super) fn talk_ended(
        &mut self,
        at: Timestamp,
        attempt: AttemptId,
        entry: EntryId,
        talked: Millis,
        broken: bool,
    ) -> Read<()> {
        let talking = self.entry(entry)?.map(|entry| entry.state);
        self.by_system(entry, at, &Change::TalkEnded { attempt, talked, broken })?;
        let Some(entry) = self.entry(entry)? else { return Ok(()) };
        if let Some(call) = entry.attempts.iter().find(|one| one.id == attempt).map(|one| one.call) {
            if let Some(entry::State::Talking { agent, .. }) = talking {
                // While the call still is the callback: what the agent writes is the outcome of the entry.
                self.note_begins(call, &agent)?;
            }
            // The customer may go on without the agent, like any other caller.
            self.edit_call(call, |row| row.callback = None)?;
        }
        let began = entry.attempts.iter().find(|one| one.id == attempt).map(|one| one.began);
        let (Some(number), Some(began)) = (&entry.number, began) else { return Ok(()) };
        let not_before = at + self.directory.site.retry_plan.gap_after(CallResult::Answered);
        self.edit_tried(number, attempt, began, |tried| {
            tried.came_to = if broken { CameTo::BrokenLine } else { CameTo::Conversation };
            tried.not_before = not_before;
        })
    }

    /// What looked like a conversation was none: the number remembers an attempt in vain.
    pub(super) fn last_try_came_to_nothing(&mut self, entry: EntryId) -> Read<()> {
        let Some(entry) = self.entry(entry)? else { return Ok(()) };
        let (Some(number), Some(last)) = (&entry.number, entry.attempts.last()) else { return Ok(()) };
        let not_before = entry.not_before;
        self.edit_tried(number, last.id, last.began, |tried| {
            tried.came_to = CameTo::Nothing;
            tried.not_before = not_before;
        })
    }

    pub(super) fn edit_tried(
        &mut self,
        number: &PhoneNumber,
        attempt: AttemptId,
        began: Timestamp,
        edit: impl FnOnce(&mut Tried),
    ) -> Read<()> {
        let mut tries = self.tries_since(number, began)?;
        if let Some(mut tried) = tries.iter().position(|one| one.attempt == attempt).map(|at| tries.swap_remove(at)) {
            edit(&mut tried);
            self.put_tried(tried);
        }
        Ok(())
    }

    /// Another phone than an agent's for an offer has answered.
    pub(super) fn other_phone_answered(&mut self, at: Timestamp, call: CallId) -> Read<()> {
        self.hold_customer(call)?;
        self.edit_call(call, |row| {
            row.doing = Doing::Talking;
            row.connected = Some(at);
            row.rings = None;
        })
    }

    fn transfer_failed(&mut self, at: Timestamp, call: CallId) -> Read<()> {
        self.withdraw_offers(at, call)?;
        let row = self.call(call)?;
        if let Some(number) = row.as_ref().and_then(|row| row.dialled.as_ref()) {
            self.remove_hold(number, call);
        }
        if let Some(agent) = row.and_then(|row| row.agent) {
            self.agent_input(&agent, at, &Input::Free(call, Follows::NOTHING), &Actor::System)?;
        }
        self.edit_call(call, |row| {
            row.doing = Doing::InFlow;
            (row.dialled, row.rings, row.agent) = (None, None, None);
        })
    }

    fn call_ended(&mut self, at: Timestamp, call: CallId) -> Read<()> {
        self.withdraw_offers(at, call)?;
        if self.waiting(call)?.is_some() {
            self.remove_waiting(call);
        }
        if let Some(row) = self.call(call)? {
            self.free_agents(at, &row)?;
            self.gap_begins_now(at, &row)?;
            self.hand_dial_over(at, &row)?;
            let consulted = row.consult.as_ref().and_then(|consult| consult.to.number());
            for number in row.number.iter().chain(&row.dialled).chain(consulted) {
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

/// Facts that are noted by what makes them true, because not every wish for one does.
fn is_told_where_it_happens(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::RequestMade(_)
            | Fact::Queued(_)
            | Fact::OfferEnded { .. }
            | Fact::OfferMade { .. }
            | Fact::AgentChanged { .. }
            | Fact::EntryGathered { .. }
            | Fact::EntryChanged { .. }
            | Fact::NoteSaved { .. }
    )
}
