//! Whether, and with which number shown, a customer may be dialled.

use nohold_flow::NumberRefusal;
use nohold_model::{AgentKey, ExtensionKey, GroupKey, Language, PhoneNumber, ServiceKey, Timestamp};
use thiserror::Error;

use super::{AgentProfile, Directory, InboundTarget, Queue, Trunk};
use crate::call::{DialTo, Route, Shown};
use crate::entry::Target;
use crate::hours::{Calendar, DiallingRefused};
use crate::numbers::{DialRefusal, Dialled, Dialler, EmergencyNumber};

/// Why a customer is not dialled, exactly; for staff.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Forbidden {
    /// Not this number.
    #[error(transparent)]
    Number(#[from] DialRefusal),
    /// Not at this hour.
    #[error(transparent)]
    Hour(#[from] DiallingRefused),
}

impl Directory {
    /// Whether the customer of an entry may be dialled now: the number by the outbound rules and the block list, the
    /// hour by the dialling window at the customer's place and the hours of the line of business (I-10).
    ///
    /// # Errors
    /// The first reason against it. `beyond_window` sets the hour aside, never the number.
    pub fn may_dial(
        &self,
        number: &PhoneNumber,
        target: &Target,
        at: Timestamp,
        beyond_window: bool,
    ) -> Result<(), Forbidden> {
        self.may_be_called_back(number)?;
        if !beyond_window {
            self.may_dial_at(number, target, at)?;
        }
        Ok(())
    }

    /// Whether the hour is one at which the customer of an entry may be dialled.
    ///
    /// # Errors
    /// What forbids it, and until when.
    pub fn may_dial_at(&self, number: &PhoneNumber, target: &Target, at: Timestamp) -> Result<(), DiallingRefused> {
        self.site.dialling_window.may_dial(at, number, self.calendar_of(target), &self.site.zone)
    }

    /// Whether a number may be the target of a callback at all.
    ///
    /// # Errors
    /// Why not.
    pub fn may_be_called_back(&self, number: &PhoneNumber) -> Result<(), DialRefusal> {
        if self.is_ours(number) {
            return Err(DialRefusal::Internal);
        }
        self.may_be_dialled(number)
    }

    /// Whether a number of the public network leads back to us: a trunk owns it, or it is answered here.
    fn is_ours(&self, number: &PhoneNumber) -> bool {
        self.numbers.contains_key(number) || self.trunks.values().any(|trunk| trunk.numbers.contains(number))
    }

    fn may_be_dialled(&self, number: &PhoneNumber) -> Result<(), DialRefusal> {
        self.site.outbound.check_number(number, &self.blocked)
    }

    /// The number that a caller has keyed in, where it may be called back.
    ///
    /// # Errors
    /// A class of reasons; the caller hears the same words for all of them (AT-17).
    pub fn keyed_number(&self, keyed: &str) -> Result<PhoneNumber, NumberRefusal> {
        let number = self.site.numbers.normalise_keyed(keyed).map_err(|_| NumberRefusal::Impossible)?;
        match self.may_be_called_back(&number) {
            Ok(()) => Ok(number),
            Err(why) => Err(why.class()),
        }
    }

    /// The number that a flow transfers to.
    ///
    /// # Errors
    /// Why it may not be dialled.
    pub fn dialled_by_flow(&self, number: &str) -> Result<PhoneNumber, DialRefusal> {
        let number = self.site.numbers.normalise(number)?;
        self.may_be_dialled(&number)?;
        Ok(number)
    }

    /// The number (外显号码) that a customer of this target sees: the line of business has chosen it, and one of our
    /// trunks owns it.
    #[must_use]
    pub fn caller_id(&self, target: &Target) -> Option<PhoneNumber> {
        let chosen = match target {
            Target::Campaign(campaign) => self.campaigns.get(campaign)?.caller_id.as_ref()?,
            Target::Service(service, _) | Target::WholeService(service) => {
                self.services.get(service)?.caller_id.as_ref()?
            }
            Target::Queue(queue) => self.services.get(&self.queue(queue)?.service)?.caller_id.as_ref()?,
        };
        self.outbound_trunks().any(|trunk| trunk.numbers.contains(chosen)).then(|| chosen.clone())
    }

    fn outbound_trunks(&self) -> impl Iterator<Item = &Trunk> {
        self.outbound.iter().filter_map(|key| self.trunks.get(key))
    }

    /// How a number of the public network is dialled. With a caller ID only by trunks that own it; without one each
    /// trunk shows its first number.
    #[must_use]
    pub fn dial_outside(&self, number: &PhoneNumber, caller_id: Option<&PhoneNumber>) -> DialTo {
        let fits = |trunk: &&Trunk| caller_id.is_none_or(|chosen| trunk.numbers.contains(chosen));
        let routes = self.outbound_trunks().filter(fits).map(|trunk| Route {
            trunk: trunk.key.clone(),
            dial: trunk.numbering.sent(number),
            shows: caller_id.or_else(|| trunk.numbers.first()).map(|shown| trunk.numbering.sent(shown)),
        });
        DialTo::Outside { number: Some(number.clone()), routes: routes.collect() }
    }

    /// Whether this phone of ours may call that number of the public network: by its own right, the outbound rules and
    /// the block list.
    #[must_use]
    pub fn may_call_outside(&self, extension: &ExtensionKey, number: &PhoneNumber) -> bool {
        let has_right = self.extensions.get(extension).is_some_and(|extension| extension.may_call_outside);
        let dialled = Dialled::Number(number.clone());
        has_right && self.site.outbound.check(&dialled, Dialler::Extension, &self.blocked).is_ok()
    }

    /// Whether the number that was chosen for a phone of ours may be shown: a trunk by which we call out owns it. Where
    /// none was chosen each trunk shows its own.
    #[must_use]
    pub fn may_show_own(&self, extension: &ExtensionKey) -> bool {
        let chosen = self.extensions.get(extension).and_then(|extension| extension.caller_id.as_ref());
        chosen.is_none_or(|chosen| self.outbound_trunks().any(|trunk| trunk.numbers.contains(chosen)))
    }

    /// How a phone of ours dials a number of the public network. As [`Directory::dial_outside`], with the number that was
    /// chosen for the phone.
    #[must_use]
    pub fn dial_from(&self, extension: &ExtensionKey, number: &PhoneNumber) -> DialTo {
        let chosen = self.extensions.get(extension).and_then(|extension| extension.caller_id.as_ref());
        self.dial_outside(number, chosen)
    }

    /// What a phone of ours shows of a colleague who calls.
    #[must_use]
    pub fn shown_colleague(&self, extension: &ExtensionKey) -> Shown {
        self.extensions.get(extension).map_or(Shown::Nothing, |extension| Shown::Colleague {
            number: extension.number.clone(),
            name: extension.name.clone(),
        })
    }

    /// How the emergency services are dialled: by every trunk until one takes the call.
    #[must_use]
    pub fn dial_emergency(&self, number: &EmergencyNumber) -> DialTo {
        let routes = self.outbound_trunks().map(|trunk| Route {
            trunk: trunk.key.clone(),
            dial: number.as_str().to_owned(),
            shows: trunk.numbers.first().map(|shown| trunk.numbering.sent(shown)),
        });
        DialTo::Outside { number: None, routes: routes.collect() }
    }

    /// How an agent is dialled who works at a number outside; nothing for those who work at a phone of ours.
    fn dial_outside_agent(&self, agent: &AgentProfile) -> Option<DialTo> {
        let number = &agent.outside.as_ref().filter(|outside| outside.used)?.number;
        let routes = match (self.may_be_dialled(number), self.dial_outside(number, None)) {
            (Ok(()), DialTo::Outside { routes, .. }) => routes,
            _ => Vec::new(),
        };
        Some(DialTo::AgentOutside { number: number.clone(), routes, language: self.language_of(&agent.key) })
    }

    /// How a phone of ours is dialled, or the number outside at which its agent works instead.
    #[must_use]
    pub fn dial_extension(&self, extension: &ExtensionKey, shows: Shown) -> DialTo {
        if let Some(outside) = self.agent_of(extension).and_then(|agent| self.dial_outside_agent(agent)) {
            return outside;
        }
        DialTo::Extension { extension: extension.clone(), shows, auto_answer: false }
    }

    /// The language in which an agent is spoken to.
    #[must_use]
    pub fn language_of(&self, agent: &AgentKey) -> Language {
        self.agents.get(agent).and_then(|profile| profile.language).unwrap_or(self.site.language)
    }

    /// The language in which the person at a phone of ours is spoken to.
    #[must_use]
    pub fn language_at(&self, extension: &ExtensionKey) -> Language {
        self.agent_of(extension).and_then(|profile| profile.language).unwrap_or(self.site.language)
    }

    /// How an agent's phone is dialled for work: it may answer by itself.
    #[must_use]
    pub fn dial_agent(&self, agent: &AgentProfile, shows: Shown) -> DialTo {
        if let Some(outside) = self.dial_outside_agent(agent) {
            return outside;
        }
        let auto_answer = self.extensions.get(&agent.extension).is_some_and(|extension| extension.auto_answer);
        DialTo::Extension { extension: agent.extension.clone(), shows, auto_answer }
    }

    /// The hours in which customers of this target are called; always, where there are none.
    #[must_use]
    pub fn calendar_of(&self, target: &Target) -> Option<&Calendar> {
        let service = |key| self.services.get(key).and_then(|service| service.calendar.as_ref());
        let key = match target {
            Target::Campaign(campaign) => self.campaigns.get(campaign)?.calendar.as_ref(),
            Target::Service(key, _) | Target::WholeService(key) => service(key),
            Target::Queue(queue) => self.queue_calendar(self.queue(queue)?),
        };
        self.calendars.get(key?)
    }

    /// A queue whose agents serve this target: what its line is like tells when a request will be called.
    #[must_use]
    pub fn queue_for(&self, target: &Target) -> Option<&Queue> {
        match target {
            Target::Queue(queue) => self.queue(queue),
            Target::Service(_, group) => self.queue(&Directory::queue_of_group(group)?),
            Target::WholeService(service) => self.queues.values().find(|queue| queue.service == *service),
            Target::Campaign(campaign) => {
                let group = self.campaigns.get(campaign)?.groups.first()?;
                self.queue(&Directory::queue_of_group(group)?)
            }
        }
    }

    /// The service for which a colleague calls who has dialled this: the queue's, and for a flow, which belongs to none,
    /// the first one. Nobody's where it is a phone.
    #[must_use]
    pub fn service_of(&self, target: &InboundTarget) -> Option<ServiceKey> {
        match target {
            InboundTarget::Queue(queue) => Some(self.queue(queue)?.service.clone()),
            InboundTarget::Flow(_) => self.services.keys().next().cloned(),
            InboundTarget::Extension(_) => None,
        }
    }

    /// A line of business for which this agent works: the first service, else the first campaign.
    #[must_use]
    pub fn works_for(&self, agent: &AgentKey) -> Option<Target> {
        let serves = |groups: &[GroupKey]| self.is_in_one(agent, groups);
        let service = self.services.values().find(|service| serves(&service.groups));
        let campaign = || self.campaigns.values().find(|campaign| serves(&campaign.groups));
        service
            .map(|service| Target::WholeService(service.key.clone()))
            .or_else(|| campaign().map(|campaign| Target::Campaign(campaign.key.clone())))
    }

    /// Whether the agent is in one of these groups.
    #[must_use]
    pub fn is_in_one(&self, agent: &AgentKey, groups: &[GroupKey]) -> bool {
        groups.iter().filter_map(|group| self.groups.get(group)).any(|group| group.agents.contains(agent))
    }

    /// The agent whose phone this is.
    #[must_use]
    pub fn agent_of(&self, extension: &ExtensionKey) -> Option<&AgentProfile> {
        self.agents.values().find(|agent| agent.extension == *extension)
    }
}
