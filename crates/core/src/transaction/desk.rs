//! What agents, supervisors and timers wish, decided on the rows.

use nohold_model::{AgentKey, AttemptId, CallId, EntryId, Millis, OfferId, PhoneNumber};

use super::{Answer, CallRow, CallbackOrder, CallbackRow, Hold, Noun, Read, Refusal, Rows, Working};
use crate::agent::{self, Agent, Input};
use crate::directory::{Forbidden, Strategy};
use crate::entry::{self, Actor, Change, Entry, Request, Target};
use crate::fact::{Dated, Destination, Doing, Fact};
use crate::hours::DiallingRefused;
use crate::routing::{Assignment, Offer};

impl<R: Rows> Working<'_, R> {
    /// Reserves an agent for a caller, where both still are as the assignment thought.
    pub(super) fn reserve(&mut self, wanted: &Assignment, id: OfferId) -> Read<Answer> {
        let Some(queue) = self.directory.queue(&wanted.queue) else {
            return Ok(Answer::Refused(Refusal::NotFound(Noun::Queue)));
        };
        let there = self
            .waiting(wanted.call)?
            .filter(|row| row.queue == wanted.queue && row.stay == wanted.stay && row.connectable);
        let Some(waiting) = there else { return Ok(Answer::Refused(Refusal::CallerGone)) };
        if waiting.caller.as_ref() == Some(&wanted.agent) {
            return Ok(Answer::Refused(Refusal::AgentState));
        }
        let ring_all = queue.strategy == Strategy::RingAll;
        if !ring_all && !self.live_offers(wanted.call)?.is_empty() {
            return Ok(Answer::Refused(Refusal::AlreadyOffered));
        }
        let offer = Offer {
            id,
            call: wanted.call,
            stay: wanted.stay,
            queue: Some(wanted.queue.clone()),
            agent: wanted.agent.clone(),
            made: self.at,
            ring_until: self.at + self.directory.ringing(queue, &wanted.agent).ring_for,
            ended: None,
        };
        if !self.make_offer(offer.clone())? {
            return Ok(Answer::Refused(Refusal::AgentState));
        }
        self.remember(wanted.queue.clone(), wanted.agent.clone());
        Ok(Answer::Reserved(offer))
    }

    /// An agent's state is changed by the agent, a supervisor or a timer.
    pub(super) fn agent_wish(&mut self, agent: &AgentKey, input: &Input, by: &Actor) -> Read<Answer> {
        if !self.directory.agents.contains_key(agent) {
            return Ok(Answer::Refused(Refusal::NotFound(Noun::Agent)));
        }
        if let (Input::EndWrapUp, Actor::Agent(_)) = (input, by)
            && self.agent(agent)?.is_some_and(|agent| agent.must_write())
        {
            return Ok(Answer::Refused(Refusal::WriteFirst));
        }
        let done = input.is_wish()
            && (self.agent_input(agent, self.at, input, by)?
                || agent::is_so(&self.agent(agent)?.unwrap_or_else(|| Agent::new(agent.clone())), input));
        Ok(if done { Answer::Done } else { Answer::Refused(Refusal::AgentState) })
    }

    /// An entry is worked on without a call.
    pub(super) fn entry_wish(&mut self, id: EntryId, change: &Change, by: &Actor) -> Read<Answer> {
        if !change.is_wish(by) {
            return Ok(Answer::Refused(Refusal::Entry(entry::Refusal::NotAllowed)));
        }
        let Some(entry) = self.entry(id)? else { return Ok(Answer::Refused(Refusal::NotFound(Noun::Entry))) };
        if !self.may_work_on(&entry, by) {
            return Ok(Answer::Refused(Refusal::Entry(entry::Refusal::OtherGroups)));
        }
        if let Some(other) = self.would_double(&entry, change)? {
            return Ok(Answer::Refused(Refusal::OpenElsewhere(other)));
        }
        if let Err(refusal) = self.can_be_kept(&entry, change).and_then(|()| self.may_be_called(&entry, change)) {
            return Ok(Answer::Refused(Refusal::Entry(refusal)));
        }
        Ok(match self.entry_change(id, self.at, change, by)? {
            Ok(()) => {
                if let Change::Outcome(entry::Outcome::NotReached { .. }) = change {
                    self.last_try_came_to_nothing(id)?;
                }
                if let Change::Outcome(outcome) = change {
                    self.outcome_noted(&entry, outcome, by)?;
                }
                Answer::Done
            }
            Err(refusal) => Answer::Refused(Refusal::Entry(refusal)),
        })
    }

    /// Why whoever has seen this version may not go on, where the entry is another by now.
    pub(super) fn as_seen(&self, id: EntryId, seen: Option<u64>) -> Read<Option<Refusal>> {
        let Some(seen) = seen else { return Ok(None) };
        Ok(self.entry(id)?.is_some_and(|entry| entry.version != seen).then_some(Refusal::Changed))
    }

    /// Whether this actor may work on the entry: an agent of its groups, one to whom a supervisor has given it, one who
    /// has it in hand although the groups have changed; supervisors on all.
    pub(super) fn may_work_on(&self, entry: &Entry, by: &Actor) -> bool {
        match by {
            Actor::Agent(agent) => {
                entry.assigned.as_ref() == Some(agent)
                    || entry.holder() == Some(agent)
                    || entry.target.agents(self.directory).contains(agent)
            }
            Actor::Supervisor(_) | Actor::System | Actor::Customer => true,
        }
    }

    /// A date for the customer must hold a moment at which the customer may be dialled.
    fn can_be_kept(&self, entry: &Entry, change: &Change) -> Result<(), entry::Refusal> {
        let (Change::Outcome(entry::Outcome::Postpone { window, .. }), Some(number)) = (change, &entry.number) else {
            return Ok(());
        };
        let from = window.from.max(self.at);
        match self.directory.may_dial_at(number, &entry.target, from) {
            Err(refused) if refused.until.as_ref().is_none_or(|until| until.at >= window.to) => {
                Err(entry::Refusal::NotThen { because: refused.because.to_string(), until: refused.until })
            }
            Err(_) | Ok(()) => Ok(()),
        }
    }

    /// Where dispositions are configured, the one that is given must be among them, and among those that are listed for
    /// whoever has asked.
    fn may_be_called(&self, entry: &Entry, change: &Change) -> Result<(), entry::Refusal> {
        let Change::Outcome(outcome) = change else { return Ok(()) };
        let instead = outcome.disposition().and_then(|given| self.directory.dispositions_instead_of(given, entry));
        match instead {
            Some(instead) => {
                let words: Vec<String> = instead.iter().map(|key| format!("`{key}`")).collect();
                Err(entry::Refusal::NoSuchDisposition { listed: words.join(", ") })
            }
            None => Ok(()),
        }
    }

    /// The open entry beside which this change would put a second one (I-7).
    fn would_double(&self, entry: &Entry, change: &Change) -> Read<Option<EntryId>> {
        let target: &Target = match change {
            Change::Reopen | Change::TakeBackServed => &entry.target,
            Change::Reassign { target: Some(target), .. } => target,
            Change::Claim { .. }
            | Change::Release
            | Change::Tick
            | Change::CallBegan { .. }
            | Change::CallDropped { .. }
            | Change::AttemptBegan { .. }
            | Change::AttemptEnded { .. }
            | Change::Answered { .. }
            | Change::TalkEnded { .. }
            | Change::Outcome(_)
            | Change::Served
            | Change::FollowUp(_)
            | Change::FollowUpTakenBack { .. }
            | Change::Cancel
            | Change::Prioritise { .. }
            | Change::AllowMoreAttempts
            | Change::Acknowledge
            | Change::Heard { .. }
            | Change::Reassign { target: None, .. } => return Ok(None),
        };
        let Some(number) = &entry.number else { return Ok(None) };
        let other = self
            .open_in(number, target)?
            .into_iter()
            .find(|other| other.id != entry.id && other.matter == entry.matter);
        Ok(other.map(|other| other.id))
    }

    /// Claims the entry, reserves the agent and begins the callback's call, all or nothing.
    pub(super) fn call_back(
        &mut self,
        id: EntryId,
        agent: &AgentKey,
        call: CallId,
        beyond_window: bool,
        by: &Actor,
    ) -> Read<Answer> {
        let Some(entry) = self.entry(id)? else { return Ok(Answer::Refused(Refusal::NotFound(Noun::Entry))) };
        let Some(number) = entry.number.clone() else { return Ok(Answer::Refused(Refusal::NoNumber)) };
        if beyond_window && !matches!(by, Actor::Supervisor(_)) {
            return Ok(Answer::Refused(Refusal::Entry(entry::Refusal::NotAllowed)));
        }
        if !self.may_work_on(&entry, by) {
            return Ok(Answer::Refused(Refusal::Entry(entry::Refusal::OtherGroups)));
        }
        if let Some(refusal) = self.may_dial(&entry, &number, call, beyond_window)? {
            return Ok(Answer::Refused(refusal));
        }
        let Some(caller_id) = self.directory.caller_id(&entry.target) else {
            return Ok(Answer::Refused(Refusal::NoCallerId));
        };
        // Whether the entry allows it is asked before anything is changed, so that a refusal leaves no half.
        let change = Change::CallBegan { agent: agent.clone(), call, beyond_window };
        if let Err(refusal) = entry::change(&entry, &self.directory.site, self.at, by, &change) {
            return Ok(Answer::Refused(Refusal::Entry(refusal)));
        }
        if self.agent(agent)?.is_some_and(|agent| agent.must_write()) {
            return Ok(Answer::Refused(Refusal::WriteFirst));
        }
        if !self.agent_input(agent, self.at, &Input::Dial(call, id), by)? {
            return Ok(Answer::Refused(Refusal::AgentState));
        }
        if let Err(refusal) = self.entry_change(id, self.at, &change, by)? {
            return Ok(Answer::Refused(Refusal::Entry(refusal)));
        }
        let service = entry.target.service(self.directory);
        let queue = match (&entry.request, &entry.target) {
            (Some(Request { queue: Some(queue), .. }), _) | (_, Target::Queue(queue)) => Some(queue.clone()),
            (_, Target::Campaign(_) | Target::Service(..) | Target::WholeService(_)) => None,
        };
        self.put_call(CallRow {
            number: Some(number.clone()),
            service,
            queue: queue.clone(),
            agent: Some(agent.clone()),
            callback: Some(CallbackRow { entry: id, attempt: None, beyond_window }),
            whose: Some(entry.target.clone()),
            ..CallRow::new(call, self.at, Doing::Transferring)
        });
        Ok(Answer::CallBack(CallbackOrder {
            call,
            entry: id,
            agent: agent.clone(),
            number,
            caller_id,
            asked: entry.request.as_ref().map(|request| request.asked),
            language: entry.request.as_ref().map_or(self.directory.site.language, |request| request.language),
            target: entry.target,
            queue,
            beyond_window,
            began: Some(self.at),
        }))
    }

    /// Why the attempt of a callback must not begin now, if anything speaks against it.
    pub(super) fn may_begin_attempt(
        &self,
        attempt: AttemptId,
        id: EntryId,
        call: CallId,
        number: &PhoneNumber,
    ) -> Read<Option<Refusal>> {
        let Some(entry) = self.entry(id)? else { return Ok(Some(Refusal::NotFound(Noun::Entry))) };
        if entry.number.as_ref() != Some(number) {
            return Ok(Some(Refusal::Entry(entry::Refusal::Stale)));
        }
        let change = Change::AttemptBegan { attempt, call };
        if let Err(refusal) = entry::change(&entry, &self.directory.site, self.at, &Actor::System, &change) {
            return Ok(Some(Refusal::Entry(refusal)));
        }
        let beyond_window =
            self.call(call)?.and_then(|row| row.callback).is_some_and(|callback| callback.beyond_window);
        self.may_dial(&entry, number, call, beyond_window)
    }

    /// Why the number must not be dialled for this entry now (I-7, I-10), if anything speaks against it.
    fn may_dial(
        &self,
        entry: &Entry,
        number: &PhoneNumber,
        call: CallId,
        beyond_window: bool,
    ) -> Read<Option<Refusal>> {
        if self.is_in_use(number, call)? {
            return Ok(Some(Refusal::NumberInUse));
        }
        if let Err(forbidden) = self.directory.may_dial(number, &entry.target, self.at, beyond_window) {
            return Ok(Some(Refusal::Dial(forbidden)));
        }
        self.may_try(Some(entry), &entry.target, number)
    }

    /// Why the number must not be dialled by hand for a line of business now (AT-30), if anything speaks against it: the
    /// hours of a customer, the gap and the limit are those of an entry, so that the desk is no way round them.
    pub(super) fn may_dial_for(&self, whose: &Target, number: &PhoneNumber) -> Read<Option<Refusal>> {
        if let Err(refused) = self.directory.may_dial_at(number, whose, self.at) {
            let refused = DiallingRefused { may_be_overridden: false, ..refused };
            return Ok(Some(Refusal::Dial(Forbidden::Hour(refused))));
        }
        // What the customer has asked for, and what a supervisor has allowed, stands with the open entry.
        let open = self.open_in(number, whose)?;
        self.may_try(open.first(), whose, number)
    }

    fn may_try(&self, entry: Option<&Entry>, target: &Target, number: &PhoneNumber) -> Read<Option<Refusal>> {
        let site = &self.directory.site;
        let tries = self.tries_since(number, self.at - site.retry_plan.remembered())?;
        let business = target.business(self.directory);
        Ok(entry::may_try(entry, business.as_ref(), &tries, site, self.at).err().map(Refusal::Entry))
    }

    /// A call wants to go on to another phone: an agent's phone reserves the agent, a number of the public network is
    /// taken into use.
    pub(super) fn transfer(&mut self, dated: &Dated) -> Read<Answer> {
        let Fact::Transferred { call, to, offer, ring_for, .. } = &dated.fact else { return Ok(Answer::Done) };
        if self.call(*call)?.is_none() {
            return Ok(Answer::Refused(Refusal::NotFound(Noun::Call)));
        }
        match to {
            Destination::Number(number) => {
                if self.is_in_use(number, *call)? {
                    return Ok(Answer::Refused(Refusal::NumberInUse));
                }
                self.apply(dated)?;
                self.put_hold(Hold { number: number.clone(), call: *call, dialled: true, until: None });
                self.edit_call(*call, |row| row.dialled = Some(number.clone()))?;
                Ok(Answer::Done)
            }
            Destination::Extension(extension) => match self.directory.agent_of(extension) {
                None => {
                    self.apply(dated)?;
                    Ok(Answer::Done)
                }
                Some(agent) => self.transfer_to_agent(dated, &agent.key.clone(), *call, *offer, *ring_for),
            },
            // Queues and flows are entered, not rung.
            Destination::Queue(_) | Destination::Flow(_) => Ok(Answer::Refused(Refusal::NotFound(Noun::Phone))),
        }
    }

    fn transfer_to_agent(
        &mut self,
        dated: &Dated,
        agent: &AgentKey,
        call: CallId,
        id: OfferId,
        ring_for: Millis,
    ) -> Read<Answer> {
        let state = self.agent(agent)?;
        if state.as_ref().is_some_and(|agent| agent.engagement.is_some()) {
            return Ok(Answer::Refused(Refusal::AgentState));
        }
        self.apply(dated)?;
        if !state.is_some_and(|agent| agent.may_be_offered(self.at)) {
            // The phone is meant, not the work: it rings as by its own number, and nothing follows where nobody answers.
            let rung = self.agent_input(agent, self.at, &Input::Rung(call), &Actor::System)?;
            let agent = Some(agent.clone()).filter(|_| rung);
            self.edit_call(call, |row| row.agent.clone_from(&agent))?;
            return Ok(Answer::Rung { agent });
        }
        let offer = Offer {
            id,
            call,
            stay: 0,
            queue: None,
            agent: agent.clone(),
            made: self.at,
            ring_until: self.at + ring_for,
            ended: None,
        };
        self.make_offer(offer.clone())?;
        Ok(Answer::Reserved(offer))
    }

    /// Reserves the agent of an offer; whether the agent is there for it.
    fn make_offer(&mut self, offer: Offer) -> Read<bool> {
        if !self.agent(&offer.agent)?.is_some_and(|agent| agent.may_be_offered(self.at)) {
            return Ok(false);
        }
        self.note(self.at, Fact::OfferMade { offer: offer.id, call: offer.call, agent: offer.agent.clone() });
        let reserved = self.agent_input(&offer.agent, self.at, &Input::Offer(offer.id, offer.call), &Actor::System)?;
        self.put_offer(offer);
        Ok(reserved)
    }
}
