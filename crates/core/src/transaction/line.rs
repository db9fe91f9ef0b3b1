//! Standing in the line of a queue.

use nohold_model::{CallId, Timestamp};

use super::{CallRow, Read, Rows, Working};
use crate::fact::{Doing, Fact, LeftQueue};
use crate::routing::Waiting;

impl<R: Rows> Working<'_, R> {
    /// A caller comes to stand in a line, or stands in it otherwise than before.
    pub(super) fn queued(&mut self, at: Timestamp, waiting: &Waiting) -> Read<()> {
        let Some(call) = self.call(waiting.call)? else { return Ok(()) };
        if !self.has_room_for(waiting, &call)? {
            self.no_room_in(&waiting.queue);
            return Ok(());
        }
        self.note(at, Fact::Queued(waiting.clone()));
        self.edit_call(waiting.call, |row| {
            row.doing = Doing::Waiting;
            row.queue = Some(waiting.queue.clone());
            // Who was talked with and is sent on waits from then on.
            row.stood.take_if(|stood| row.connected.is_some_and(|talked| talked >= *stood));
            row.stood.get_or_insert(at);
            (row.left_line, row.rings) = (None, None);
        })?;
        if !waiting.connectable {
            self.withdraw_offers(at, waiting.call)?;
        }
        let mut waiting = waiting.clone();
        if let Some(before) = self.waiting(waiting.call)?.filter(|before| before.stay == waiting.stay) {
            // Who has declined this caller has done so, whatever the caller did in between.
            waiting.declined = before.declined;
        }
        self.put_waiting(waiting);
        Ok(())
    }

    /// Whether the line takes the caller. Its length is looked at here, where callers who come in the same moment stand one
    /// behind the other; who stood in this line before comes back to it, and whom we have lost or called is let in, and
    /// whom somebody has talked with in this call and sends on: nobody who was served is turned away by a length.
    fn has_room_for(&self, waiting: &Waiting, call: &CallRow) -> Read<bool> {
        let comes_back = call.stood.is_some() && call.queue.as_ref() == Some(&waiting.queue);
        let is_let_in = waiting.class.is_let_in() || call.connected.is_some();
        if comes_back || is_let_in || self.waiting(waiting.call)?.is_some() {
            return Ok(true);
        }
        let queue = self.directory.queue(&waiting.queue);
        Ok(queue.is_none_or(|queue| self.line_length(&queue.key) < queue.max_length))
    }

    /// A caller stands in a line no more.
    pub(super) fn left_queue(&mut self, at: Timestamp, call: CallId, why: LeftQueue) -> Read<()> {
        if self.waiting(call)?.is_some() {
            self.remove_waiting(call);
            self.edit_call(call, |row| row.left_line = Some(at))?;
        }
        self.withdraw_offers(at, call)?;
        let doing = match why {
            LeftQueue::Answered => Doing::Talking,
            LeftQueue::Chose | LeftQueue::Overflow => Doing::InFlow,
            LeftQueue::HungUp | LeftQueue::CutOff => return Ok(()),
        };
        self.edit_call(call, |row| row.doing = doing)
    }
}
