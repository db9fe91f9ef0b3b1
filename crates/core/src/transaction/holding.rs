//! The numbers that calls of ours are using (I-7).

use nohold_model::{AgentKey, AttemptId, CallId, CallResult, IdSource, Millis, PhoneNumber, Timestamp};

use super::{ByHandRow, CallRow, Hold, Read, Rows, Working};
use crate::call::RING_OUTSIDE;
use crate::entry::{CameTo, Target, Tried, may_ring_until};

impl<R: Rows> Working<'_, R> {
    /// Whether another call of ours dials the number, talks with it, or may still be ringing it.
    pub(super) fn is_in_use(&self, number: &PhoneNumber, call: CallId) -> Read<bool> {
        let holds = self.holds(number)?;
        Ok(holds.iter().any(|hold| hold.call != call && hold.until.is_none_or(|until| until > self.at)))
    }

    /// The customer of this call is in a conversation, or about to hear who takes the call: nobody dials the number
    /// meanwhile (I-7).
    pub(super) fn hold_customer(&mut self, call: CallId) -> Read<()> {
        if let Some(number) = self.call(call)?.and_then(|row| row.number) {
            let dialled = self.holds(&number)?.iter().any(|hold| hold.call == call && hold.dialled);
            self.put_hold(Hold { number, call, dialled, until: None });
        }
        Ok(())
    }

    /// The agent who had accepted the call is gone before anybody heard them: the caller is in no conversation.
    pub(super) fn let_customer_go(&mut self, row: Option<&CallRow>, agent: &AgentKey) -> Read<()> {
        let Some(row) = row.filter(|row| row.connected.is_none() && row.agent.as_ref() == Some(agent)) else {
            return Ok(());
        };
        let Some(number) = &row.number else { return Ok(()) };
        if self.holds(number)?.iter().any(|hold| hold.call == row.id && !hold.dialled) {
            self.remove_hold(number, row.id);
        }
        Ok(())
    }

    /// An agent begins to dial a customer by hand for a line of business: from here on the number remembers the attempt. It
    /// is written before anything is sent, so that a crash forgets none.
    pub(super) fn hand_dial_begins(&mut self, call: CallId, number: &PhoneNumber, whose: &Target) -> Read<()> {
        let attempt: AttemptId = IdSource::new(call.seed()).next(self.at);
        self.put_tried(Tried {
            attempt,
            number: number.clone(),
            entry: None,
            business: whose.business(self.directory),
            began: self.at,
            // Should nobody hear how it ends.
            not_before: self.may_ring_by_hand_until(),
            came_to: CameTo::Nothing,
        });
        let by_hand = ByHandRow { attempt, number: number.clone(), result: None };
        self.edit_call(call, |row| row.by_hand = Some(by_hand))
    }

    /// Until when a phone may ring that is dialled by hand now.
    pub(super) fn may_ring_by_hand_until(&self) -> Timestamp {
        may_ring_until(self.at, &self.directory.site).max(self.at + RING_OUTSIDE + Millis::seconds(30))
    }

    /// A call in which a customer was dialled by hand is over: others keep the gap after it, as after any other attempt. Who
    /// was never dialled, because the own phone did not answer, was not tried.
    pub(super) fn hand_dial_over(&mut self, at: Timestamp, row: &CallRow) -> Read<()> {
        let Some(ByHandRow { attempt, number, result }) = &row.by_hand else { return Ok(()) };
        let site = &self.directory.site;
        let gap = |result| at + site.retry_plan.gap_after(result);
        let (came_to, not_before) = match (row.connected, result) {
            (Some(since), _) if at.since(since) < site.broken_within => (CameTo::BrokenLine, gap(CallResult::Answered)),
            (Some(_), _) => (CameTo::Conversation, gap(CallResult::Answered)),
            (None, Some(CallResult::Interrupted)) => (CameTo::Nothing, self.may_ring_by_hand_until()),
            (None, Some(result)) => (CameTo::Nothing, gap(*result)),
            (None, None) => {
                self.remove_tried(number, *attempt);
                return Ok(());
            }
        };
        self.edit_tried(number, *attempt, attempt.made_at(), |tried| {
            (tried.came_to, tried.not_before) = (came_to, not_before);
        })
    }

    /// Whom we had dialled may have talked on with others after the agent: the gap begins when the phone is hung up.
    pub(super) fn gap_begins_now(&mut self, at: Timestamp, row: &CallRow) -> Read<()> {
        let Some(number) = &row.number else { return Ok(()) };
        if !self.holds(number)?.iter().any(|hold| hold.call == row.id && hold.dialled) {
            return Ok(());
        }
        let not_before = at + self.directory.site.retry_plan.gap_after(CallResult::Answered);
        // Nobody else has dialled the number since this call began (I-7).
        for mut tried in self.tries_since(number, row.began)? {
            if tried.came_to != CameTo::Nothing && tried.not_before < not_before {
                tried.not_before = not_before;
                self.put_tried(tried);
            }
        }
        Ok(())
    }
}
