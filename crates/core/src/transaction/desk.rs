//! What agents, supervisors and timers wish, decided on the rows.

use nohold_model::{AgentKey, CallId, EntryId, OfferId, PhoneNumber};

use super::{Answer, CallRow, CallbackOrder, CallbackRow, Hold, Noun, Read, Refusal, Rows, Working};
use crate::agent::Input;
use crate::directory::Strategy;
use crate::entry::{self, Actor, Change, Entry, Target};
use crate::fact::{Dated, Destination, Doing, Fact};
use crate::routing::{Assignment, Offer};

impl<R: Rows> Working<'_, R> {
    /// Reserves an agent for a caller, where both still are as the assignment thought.
    pub(super) fn reserve(&mut self, wanted: &Assignment, id: OfferId) -> Read<Answer> {
        let Some(queue) = self.directory.queue(&wanted.queue) else {
            return Ok(Answer::Refused(Refusal::NotFound(Noun::Queue)));
        };
        let there = self
            .waiting(wanted.call)?
            .is_some_and(|row| row.queue == wanted.queue && row.stay == wanted.stay && row.connectable);
        if !there {
            return Ok(Answer::Refused(Refusal::CallerGone));
        }
        let ring_all = queue.strategy == Strategy::RingAll;
        if !ring_all && !self.live_offers(wanted.call)?.is_empty() {
            return Ok(Answer::Refused(Refusal::AlreadyOffered));
        }
        let input = Input::Offer(id, wanted.call);
        if !self.agent_input(&wanted.agent, self.at, &input, &Actor::System)? {
            return Ok(Answer::Refused(Refusal::AgentState));
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
        self.put_offer(offer.clone());
        self.remember(wanted.queue.clone(), wanted.agent.clone());
        self.note(self.at, Fact::OfferMade { offer: id, call: wanted.call, agent: wanted.agent.clone() });
        Ok(Answer::Reserved(offer))
    }

    /// An agent's state is changed by the agent, a supervisor or a timer.
    pub(super) fn agent_wish(&mut self, agent: &AgentKey, input: &Input, by: &Actor) -> Read<Answer> {
        if !self.directory.agents.contains_key(agent) {
            return Ok(Answer::Refused(Refusal::NotFound(Noun::Agent)));
        }
        let done = self.agent_input(agent, self.at, input, by)?;
        Ok(if done { Answer::Done } else { Answer::Refused(Refusal::AgentState) })
    }

    /// An entry is worked on without a call.
    pub(super) fn entry_wish(&mut self, id: EntryId, change: &Change, by: &Actor) -> Read<Answer> {
        let Some(entry) = self.entry(id)? else { return Ok(Answer::Refused(Refusal::NotFound(Noun::Entry))) };
        if let Some(other) = self.would_double(&entry, change)? {
            return Ok(Answer::Refused(Refusal::OpenElsewhere(other)));
        }
        Ok(match self.entry_change(id, self.at, change, by)? {
            Ok(()) => Answer::Done,
            Err(refusal) => Answer::Refused(Refusal::Entry(refusal)),
        })
    }

    /// The open entry beside which this change would put a second one (I-7).
    fn would_double(&self, entry: &Entry, change: &Change) -> Read<Option<EntryId>> {
        let target: &Target = match change {
            Change::Reopen => &entry.target,
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
            | Change::Reassign { target: None, .. } => return Ok(None),
        };
        let Some(number) = &entry.number else { return Ok(None) };
        let other = self.open_in(number, target)?.into_iter().find(|other| other.id != entry.id && other.matter == entry.matter);
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
        if let Some(refusal) = self.may_dial(&entry, &number, call, beyond_window)? {
            return Ok(Answer::Refused(refusal));
        }
        let Some(caller_id) = self.directory.caller_id(&entry.target) else {
            return Ok(Answer::Refused(Refusal::NoCallerId));
        };
        // Whether the entry allows it is asked before anything is changed, so that a refusal leaves no half.
        let change = Change::CallBegan { agent: agent.clone(), call };
        if let Err(refusal) = entry::change(&entry, &self.directory.site, self.at, by, &change) {
            return Ok(Answer::Refused(Refusal::Entry(refusal)));
        }
        if !self.agent_input(agent, self.at, &Input::Dial(call, id), by)? {
            return Ok(Answer::Refused(Refusal::AgentState));
        }
        if let Err(refusal) = self.entry_change(id, self.at, &change, by)? {
            return Ok(Answer::Refused(Refusal::Entry(refusal)));
        }
        let service = entry.target.service(self.directory);
        let queue = entry.request.as_ref().and_then(|request| request.queue.clone());
        self.put_call(CallRow {
            id: call,
            number: Some(number.clone()),
            service,
            queue: queue.clone(),
            began: self.at,
            doing: Doing::Transferring,
            connected: None,
            agent: Some(agent.clone()),
            dialled: None,
            callback: Some(CallbackRow { entry: id, attempt: None, beyond_window }),
        });
        Ok(Answer::CallBack(CallbackOrder {
            call,
            entry: id,
            agent: agent.clone(),
            number,
            caller_id,
            target: entry.target,
            queue,
        }))
    }

    /// Why the attempt of a callback must not begin now, if anything speaks against it.
    pub(super) fn may_begin_attempt(
        &self,
        id: EntryId,
        call: CallId,
        number: &PhoneNumber,
    ) -> Read<Option<Refusal>> {
        let Some(entry) = self.entry(id)? else { return Ok(Some(Refusal::NotFound(Noun::Entry))) };
        if entry.call() != Some(call) || entry.number.as_ref() != Some(number) {
            return Ok(Some(Refusal::Entry(entry::Refusal::Stale)));
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
        Ok(self.directory.may_dial(number, &entry.target, self.at, beyond_window).err().map(Refusal::Dial))
    }

    /// Whether another call of ours dials the number, talks with it, or may still be ringing it.
    fn is_in_use(&self, number: &PhoneNumber, call: CallId) -> Read<bool> {
        let holds = self.holds(number)?;
        Ok(holds.iter().any(|hold| hold.call != call && hold.until.is_none_or(|until| until > self.at)))
    }

    /// A call wants to go on to another phone: an agent's phone reserves the agent, a number of the public network is
    /// taken into use.
    pub(super) fn transfer(&mut self, dated: &Dated) -> Read<Answer> {
        let Fact::Transferred { call, to, offer, ring_for, .. } = &dated.fact else { return Ok(Answer::Done) };
        let answer = match to {
            Destination::Number(number) => {
                if self.is_in_use(number, *call)? {
                    return Ok(Answer::Refused(Refusal::NumberInUse));
                }
                self.put_hold(Hold { number: number.clone(), call: *call, dialled: true, until: None });
                self.edit_call(*call, |row| row.dialled = Some(number.clone()))?;
                Answer::Done
            }
            Destination::Extension(extension) => match self.directory.agent_of(extension) {
                None => Answer::Done,
                Some(agent) => {
                    let agent = agent.key.clone();
                    if !self.agent_input(&agent, self.at, &Input::Offer(*offer, *call), &Actor::System)? {
                        return Ok(Answer::Refused(Refusal::AgentState));
                    }
                    let offer = Offer {
                        id: *offer,
                        call: *call,
                        stay: 0,
                        queue: None,
                        agent,
                        made: self.at,
                        ring_until: self.at + *ring_for,
                        ended: None,
                    };
                    self.put_offer(offer.clone());
                    Answer::Reserved(offer)
                }
            },
        };
        self.apply(dated)?;
        Ok(answer)
    }
}
