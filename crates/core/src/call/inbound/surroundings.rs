//! What a flow may ask about its call.

use nohold_flow::{Document, NumberRefusal, Surroundings, WaitToSay};
use nohold_model::{CalendarKey, FlowKey, PhoneNumber, Timestamp};

use super::Inbound;
use crate::call::{World, outlook};

/// A call as its flow sees it.
pub(super) struct Around<'a> {
    pub(super) call: &'a Inbound,
    pub(super) at: Timestamp,
    pub(super) world: World<'a>,
}

impl Surroundings for Around<'_> {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn document(&self, flow: &FlowKey, version: u32) -> Option<&Document> {
        self.world.directory.flows.get(flow)?.get(&version).map(AsRef::as_ref)
    }

    fn latest(&self, flow: &FlowKey) -> Option<u32> {
        self.world.directory.latest_flow(flow).map(|(version, _)| version)
    }

    fn is_open(&self, calendar: Option<&CalendarKey>) -> Option<bool> {
        let directory = self.world.directory;
        let queue = || self.call.came_from.as_ref().and_then(|from| directory.queue(&from.queue));
        let own = || match queue() {
            Some(queue) => directory.queue_calendar(queue),
            None => {
                let service = self.call.service.as_ref().and_then(|key| directory.services.get(key));
                service.and_then(|service| service.calendar.as_ref())
            }
        };
        match calendar.or_else(own) {
            Some(calendar) => directory.is_open(calendar, self.at),
            // A call without a calendar is always inside its hours.
            None => Some(true),
        }
    }

    fn caller_number(&self) -> Option<Result<PhoneNumber, NumberRefusal>> {
        let number = self.call.number.as_ref()?;
        let may = self.world.directory.may_be_called_back(number);
        Some(may.map(|()| number.clone()).map_err(|why| why.class()))
    }

    fn check_number(&self, keyed: &str) -> Result<PhoneNumber, NumberRefusal> {
        self.world.directory.keyed_number(keyed)
    }

    fn wait(&self) -> Option<WaitToSay> {
        let queue = self.world.directory.queue(&self.call.came_from.as_ref()?.queue)?;
        outlook::wait(self.call.id, queue, self.world)
    }

    fn position(&self) -> Option<u32> {
        let stand = self.call.stand.as_ref()?;
        self.world.lines.of(&stand.queue).position(self.call.id)
    }

    fn may_keep_waiting(&self) -> bool {
        self.call.may_keep_waiting(self.at, self.world.directory)
    }

    fn came_from_queue(&self) -> bool {
        self.call.came_from.is_some()
    }
}
