//! The numbers that calls of ours are using (I-7).

use nohold_model::{AgentKey, CallId, CallResult, PhoneNumber, Timestamp};

use super::{CallRow, Hold, Read, Rows, Working};
use crate::entry::CameTo;

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
