//! Services, campaigns and inbound numbers.

use nohold_model::{CalendarKey, DispositionKey, GroupKey, PhoneNumber};

use super::Check;

impl Check<'_> {
    pub(super) fn business(&mut self) {
        let written = self.written;
        for (key, service) in &written.services {
            let path = format!("services.{key}");
            self.dispositions(&path, service.dispositions.as_deref());
            self.line_of_business(&path, &service.groups, service.calendar.as_ref(), service.caller_id.as_ref());
        }
        for (key, campaign) in &written.campaigns {
            let path = format!("campaigns.{key}");
            self.dispositions(&path, campaign.dispositions.as_deref());
            self.line_of_business(&path, &campaign.groups, campaign.calendar.as_ref(), campaign.caller_id.as_ref());
        }
    }

    /// Those that may be given: each is configured, and there is one at least.
    pub(super) fn dispositions(&mut self, path: &str, listed: Option<&[DispositionKey]>) {
        let Some(listed) = listed else { return };
        let path = format!("{path}.dispositions");
        for key in listed.iter().filter(|key| !self.written.dispositions.contains_key(*key)) {
            self.unknown(&path, "disposition", key);
        }
        self.doubles(&path, listed);
        if listed.is_empty() {
            self.problems.error(path, "no disposition may be given here", "list some, or leave the list out");
        }
    }

    fn line_of_business(
        &mut self,
        path: &str,
        groups: &[GroupKey],
        calendar: Option<&CalendarKey>,
        caller_id: Option<&PhoneNumber>,
    ) {
        let at_groups = format!("{path}.groups");
        for group in groups {
            self.group(&at_groups, group);
        }
        self.doubles(&at_groups, groups);
        if groups.is_empty() {
            self.problems.error(at_groups, "no group works for it, so nobody would call back", "name a group");
        }
        self.calendar(&format!("{path}.calendar"), calendar);
        let at_caller_id = format!("{path}.caller_id");
        match caller_id {
            Some(number) if !self.owned(number) => self.problems.error(
                at_caller_id,
                format!("no trunk by which we call out owns {}", number.as_str()),
                "choose a number that stands in `numbers` of such a trunk, or add it there",
            ),
            Some(_) => {}
            None => self.problems.warn(
                at_caller_id,
                "it has no caller ID, so its customers cannot be called back",
                "choose a number that a trunk owns",
            ),
        }
    }

    pub(super) fn inbound_numbers(&mut self) {
        let written = self.written;
        for (number, inbound) in &written.numbers {
            let path = format!("numbers.{}", number.as_str());
            self.service(&format!("{path}.service"), &inbound.service);
            self.calendar(&format!("{path}.calendar"), inbound.calendar.as_ref());
            self.target(&format!("{path}.target"), &inbound.target);
            if let Some(target) = &inbound.when_closed {
                self.target(&format!("{path}.when_closed"), target);
                let service = written.services.get(&inbound.service);
                if inbound.calendar.is_none() && service.is_some_and(|service| service.calendar.is_none()) {
                    self.problems.warn(
                        format!("{path}.when_closed"),
                        "neither the number nor its service has a calendar, so it is never closed",
                        "give one of them a calendar",
                    );
                }
            }
            if !written.trunks.values().any(|trunk| trunk.numbers.contains(number)) {
                self.problems.warn(
                    path,
                    "no trunk owns this number, so it cannot be shown when we call",
                    "add it to `numbers` of the trunk by which its calls come",
                );
            }
        }
    }
}
