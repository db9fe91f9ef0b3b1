//! Accounting for a call that our side has dropped by dying (I-9).

use nohold_model::{CallId, CallResult, EntryId, Millis};

use super::{Answer, CallRow, CallbackRow, CallerRow, Hold, Noun, Read, Refusal, Rows, Working};
use crate::agent::{AfterOffer, OfferEnd};
use crate::entry::{Actor, Change, State, Target, may_ring_until};
use crate::fact::{CallEnd, Dated, Doing, Dropped, Fact, LeftQueue};

impl<R: Rows> Working<'_, R> {
    /// Ends a call that nobody drives any more: whoever waited or talked is listed as cut off, agents are free again,
    /// an attempt is interrupted.
    pub(super) fn recover(&mut self, call: CallId, entry: EntryId) -> Read<Answer> {
        let Some(row) = self.call(call)? else { return Ok(Answer::Refused(Refusal::NotFound(Noun::Call))) };
        for offer in self.live_offers(call)? {
            self.offer_ended(self.at, offer.id, OfferEnd::Interrupted, AfterOffer::default())?;
        }
        if self.waiting(call)?.is_some() {
            self.apply(&Dated { at: self.at, fact: Fact::LeftQueue { call, why: LeftQueue::CutOff } })?;
        }
        if let (Some(number), Doing::Transferring) = (&row.dialled, row.doing) {
            // The phone out there may go on ringing as well.
            let until = match row.caller {
                Some(_) => self.may_ring_by_hand_until(),
                None => may_ring_until(self.at, &self.directory.site),
            };
            self.put_hold(Hold { number: number.clone(), call, dialled: true, until: Some(until) });
            // Nobody knows whether the INVITE has left, so it counts as sent. Who has answered already, and is on the way to
            // somebody else, was reached.
            if row.by_hand.is_some() && row.connected.is_none() {
                let fact = Fact::DirectOver { call, result: Some(CallResult::Interrupted), ended_by: None };
                self.apply(&Dated { at: self.at, fact })?;
            }
        }
        self.recover_consult(call)?;
        let end = match &row.callback {
            Some(callback) => self.recover_callback(&row, callback)?,
            None => self.recover_inbound(&row, entry)?,
        };
        // There is no wrap-up: nobody knows what was heard.
        self.free_agents(self.at, &row)?;
        self.apply(&Dated { at: self.at, fact: Fact::CallEnded { call, how: end } })?;
        Ok(Answer::Done)
    }

    fn recover_inbound(&mut self, row: &CallRow, entry: EntryId) -> Read<CallEnd> {
        match row.doing {
            Doing::Finished => return Ok(CallEnd::Requested),
            Doing::MessageSaved => return Ok(CallEnd::Message),
            Doing::InFlow | Doing::Waiting | Doing::LeavingMessage | Doing::Talking | Doing::Transferring => {}
        }
        if let Some(caller) = &row.caller {
            return self.recover_direct(row, caller, entry);
        }
        let target = match (&row.queue, &row.whose, &row.service) {
            (Some(queue), _, _) => Target::Queue(queue.clone()),
            (None, Some(whose), _) => whose.clone(),
            (None, None, Some(service)) => Target::WholeService(service.clone()),
            (None, None, None) => return Ok(CallEnd::CutOff),
        };
        let fact = Fact::CutOff { entry, call: row.id, number: row.number.clone(), target, doing: row.doing };
        self.apply(&Dated { at: self.at, fact })?;
        Ok(CallEnd::CutOff)
    }

    /// A colleague stands on no list: the history of the call tells it. Whom they have called outside and talk with does.
    fn recover_direct(&mut self, row: &CallRow, caller: &CallerRow, entry: EntryId) -> Read<CallEnd> {
        let of_agent = || self.directory.works_for(caller.agent.as_ref()?);
        let whose = row.whose.clone().or_else(|| row.service.clone().map(Target::WholeService)).or_else(of_agent);
        if let (Doing::Talking, Some(number), Some(target)) = (row.doing, &row.dialled, whose) {
            let (number, doing) = (Some(number.clone()), row.doing);
            let fact = Fact::CutOff { entry, call: row.id, number, target, doing };
            self.apply(&Dated { at: self.at, fact })?;
        }
        Ok(CallEnd::CutOff)
    }

    fn recover_callback(&mut self, row: &CallRow, callback: &CallbackRow) -> Read<CallEnd> {
        let state = self.entry(callback.entry)?.map(|entry| entry.state);
        let of_this_call = |call: CallId| call == row.id;
        match (state, callback.attempt) {
            (Some(State::Attempting { call, .. }), Some(attempt)) if of_this_call(call) => {
                // Nobody knows whether the INVITE has left, so it counts as sent.
                self.attempt_ended(self.at, attempt, callback.entry, CallResult::Interrupted, true)?;
            }
            (Some(State::Talking { call, .. }), Some(attempt)) if of_this_call(call) => {
                let talked = row.connected.map_or(Millis::ZERO, |since| self.at.since(since));
                self.talk_ended(self.at, attempt, callback.entry, talked, true)?;
                // Back to the list at once: a person decides what comes next.
                let _ = self.entry_change(callback.entry, self.at, &Change::Release, &Actor::System)?;
            }
            (Some(_) | None, _) => {
                self.call_dropped(self.at, callback.entry, row.id, Dropped::Interrupted)?;
            }
        }
        Ok(CallEnd::Callback)
    }
}
