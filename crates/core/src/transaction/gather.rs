//! How what callers leave behind is gathered into one open entry per number and line of business (I-7).

use nohold_model::{EntryId, Millis, PhoneNumber, Timestamp};

use super::{Answer, Read, Rows, Working};
use crate::entry::{Business, Entry, Request, Target};
use crate::fact::{Fact, RequestMade};

/// The time in which the requests of one number are counted.
const LIMIT_PERIOD: Millis = Millis::hours(24);

impl<R: Rows> Working<'_, R> {
    /// Adds a request to the open entry of its number, or makes one.
    pub(super) fn gather_request(&mut self, at: Timestamp, made: &RequestMade) -> Read<Answer> {
        let open = self.open_in(&made.number, &made.target)?;
        let asked_before = open.iter().find_map(|entry| entry.request.as_ref().map(|request| (entry, request)));
        if let (Some((entry, request)), false) = (asked_before, made.another_matter) {
            return Ok(Answer::AlreadyOpen { entry: entry.id, promise: request.promise });
        }
        let made_before = self.requests_since(&made.number, at - LIMIT_PERIOD)?;
        if self.directory.site.request_limit.check(made_before).is_err() {
            return Ok(Answer::OverLimit);
        }
        let mut entry = match open.iter().find(|entry| entry.request.is_none()) {
            Some(entry) => entry.clone(),
            None => {
                let mut entry = Entry::new(made.entry, Some(made.number.clone()), made.target.clone(), at);
                entry.matter = open.iter().map(|entry| entry.matter.saturating_add(1)).max().unwrap_or(0);
                entry.place = made.place;
                entry
            }
        };
        entry.target = made.target.clone();
        entry.place = entry.place.min(made.place);
        entry.due = made.promise.from.max(entry.not_before);
        entry.last = at;
        entry.version += 1;
        entry.request = Some(Request {
            call: Some(made.call),
            asked: at,
            promise: made.promise,
            consent: made.consent.clone(),
            called: made.called.clone(),
            queue: made.queue.clone(),
            path: made.path.clone(),
            language: made.language,
        });
        let answer = Answer::Requested { entry: entry.id, promise: made.promise };
        self.note(at, Fact::EntryGathered { entry: entry.id, call: Some(made.call) });
        self.put_entry(entry);
        self.count_request(made.number.clone(), at);
        Ok(answer)
    }

    /// Adds a message, a missed call or a call that we cut off to the open entry of its number, or makes one.
    pub(super) fn gather(&mut self, at: Timestamp, fact: &Fact) -> Read<()> {
        let (id, call, number, target) = match fact {
            Fact::MessageLeft { entry, call, number, target, .. }
            | Fact::Missed { entry, call, number, target, .. }
            | Fact::CutOff { entry, call, number, target, .. } => (*entry, *call, number, target),
            _ => return Ok(()),
        };
        let mut entry = self.entry_to_add_to(id, at, number.as_ref(), target)?;
        match fact {
            Fact::MessageLeft { message, .. } => entry.messages.push(*message),
            Fact::Missed { left_at, waited, short, .. } => {
                entry.missed.count = entry.missed.count.saturating_add(1);
                entry.missed.short = entry.missed.short.saturating_add(u32::from(*short));
                entry.missed.left_at = Some(left_at.clone());
                entry.missed.waited = *waited;
            }
            Fact::CutOff { .. } => entry.cut_off = entry.cut_off.saturating_add(1),
            _ => return Ok(()),
        }
        entry.last = entry.last.max(at);
        entry.version += 1;
        self.note(at, Fact::EntryGathered { entry: entry.id, call: Some(call) });
        self.put_entry(entry);
        Ok(())
    }

    fn entry_to_add_to(
        &self,
        id: EntryId,
        at: Timestamp,
        number: Option<&PhoneNumber>,
        target: &Target,
    ) -> Read<Entry> {
        let open = match number {
            Some(number) => self.open_in(number, target)?.into_iter().next(),
            // Without a number nobody knows whether it is the same person.
            None => None,
        };
        Ok(open.unwrap_or_else(|| Entry::new(id, number.cloned(), target.clone(), at)))
    }

    /// The open entries of a number in the line of business of a target, the first matter first.
    pub(super) fn open_in(&self, number: &PhoneNumber, target: &Target) -> Read<Vec<Entry>> {
        let business: Option<Business> = target.business(self.directory);
        let mut open = self.open_entries(number)?;
        open.retain(|entry| entry.target.business(self.directory) == business);
        open.sort_by_key(|entry| (entry.matter, entry.id));
        Ok(open)
    }
}
