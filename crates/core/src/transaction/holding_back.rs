//! Entries whose number was tried: they stand in line where they may be called.

use std::collections::BTreeMap;

use nohold_model::PhoneNumber;

use super::{Read, Rows, Working};
use crate::entry::{self, State};

impl<R: Rows> Working<'_, R> {
    /// Entries that wait for their turn are not due before their number may be tried. It looks at the entries that this
    /// transaction has changed, and at all of a number that was tried, or that a call of ours begins or ends to use.
    pub(super) fn hold_back(&mut self) -> Read<()> {
        for (number, ended) in self.numbers_touched() {
            // What comes of a call that still uses the number is known at its end.
            if self.holds(&number)?.iter().any(|hold| hold.dialled && hold.until.is_none()) {
                continue;
            }
            let site = &self.directory.site;
            let tries = self.tries_since(&number, self.at - site.retry_plan.remembered())?;
            if tries.is_empty() && !ended {
                continue;
            }
            for entry in self.open_entries(&number)? {
                let changed_here = self.changed_entries().any(|changed| changed.id == entry.id);
                if entry.state != State::Waiting || !(ended || changed_here) {
                    continue;
                }
                let business = entry.target.business(self.directory);
                if let Some(mut next) = entry::hold_back(&entry, business.as_ref(), &tries, site, self.at, ended) {
                    next.version += u64::from(!changed_here);
                    self.put_entry(next);
                }
            }
        }
        Ok(())
    }

    /// The numbers of entries that wait and were changed, and whether an attempt at them, or their use by a call, is another now.
    fn numbers_touched(&self) -> BTreeMap<PhoneNumber, bool> {
        let ended = self.numbers_tried().map(|number| (number.clone(), true));
        let mut touched: BTreeMap<PhoneNumber, bool> = ended.collect();
        let waiting = self.changed_entries().filter(|entry| entry.state == State::Waiting);
        for number in waiting.filter_map(|entry| entry.number.clone()) {
            touched.entry(number).or_insert(false);
        }
        touched
    }
}
