//! Conversations that agents hand over, and agents and numbers that they call beside them.

use nohold_model::{AgentKey, CallId, ExtensionKey, LegId, Millis, PhoneNumber, QueueKey, Timestamp};

use super::{Answer, ConsultRow, DialOutOrder, Hold, Noun, Read, RecordingNow, Refusal, RingsRow, Rows, Working};
use crate::agent::{Agent, Engagement, Follows, Input};
use crate::call::handing;
use crate::entry::{Actor, Business, Target, may_ring_until};
use crate::fact::{Dated, Destination, Doing, Fact, Together};

impl<R: Rows> Working<'_, R> {
    /// Makes a fact true about what agents do with their conversations.
    #[expect(clippy::wildcard_enum_match_arm, reason = "`apply`, which names every fact, sends only these here")]
    pub(super) fn apply_handing(&mut self, at: Timestamp, fact: &Fact) -> Read<()> {
        match fact {
            Fact::RecordingBegan { call, .. } | Fact::RecordingResumed { call, .. } => {
                self.edit_call(*call, |row| row.recording = Some(RecordingNow::On))
            }
            Fact::RecordingPaused { call, .. } => {
                self.edit_call(*call, |row| row.recording = Some(RecordingNow::Paused))
            }
            Fact::TreatedAsCustomer { call, agent, number, service, whose } => self.edit_call(*call, |row| {
                row.agent = Some(agent.clone());
                row.number = Some(number.clone());
                row.service.clone_from(service);
                row.whose.clone_from(whose);
                (row.caller, row.dialled) = (None, None);
            }),
            Fact::HandedOver { call, by, to, wrap_up, .. } => self.handed_over(at, *call, by, to, *wrap_up),
            Fact::ConsultBegan { call, by, to, agent, ring_for, .. } => {
                let rings = RingsRow { since: at, until: Some(at + *ring_for) };
                self.consult_began(at, *call, by, to, agent.as_ref(), rings)
            }
            Fact::ConsultAnswered { call } => self.consult_answered(at, *call),
            Fact::ConsultChanged { call, with } => self.edit_call(*call, |row| {
                if let Some(consult) = &mut row.consult {
                    consult.with = *with;
                }
            }),
            Fact::ConsultEnded { call, .. } => self.consult_ended(at, *call),
            Fact::ConsultCompleted { call, .. } => self.consult_completed(at, *call),
            _ => Ok(()),
        }
    }

    /// An agent wants to hand the customer over.
    pub(super) fn handing_promised(
        &mut self,
        dated: &Dated,
        call: CallId,
        by: &AgentKey,
        to: &Destination,
    ) -> Read<Answer> {
        if !self.talks_in(by, call)? {
            return Ok(Answer::Refused(Refusal::NoConversation));
        }
        if let Some(refusal) = self.may_be_rung(call, to)? {
            return Ok(Answer::Refused(refusal));
        }
        self.apply(dated)?;
        Ok(match to {
            Destination::Extension(_) => Answer::Rung { agent: self.call(call)?.and_then(|row| row.agent) },
            Destination::Number(_) | Destination::Queue(_) | Destination::Flow(_) => Answer::Done,
        })
    }

    /// An agent wants to call somebody beside the customer. Of a queue the one is meant who has been free for longest.
    pub(super) fn consult_promised(
        &mut self,
        dated: &Dated,
        call: CallId,
        by: &AgentKey,
        to: &Destination,
    ) -> Read<Answer> {
        if !self.talks_in(by, call)? {
            return Ok(Answer::Refused(Refusal::NoConversation));
        }
        if let Some(refusal) = self.may_be_rung(call, to)? {
            return Ok(Answer::Refused(refusal));
        }
        let agent = match to {
            Destination::Queue(queue) => match self.free_in(queue)? {
                Some(agent) => Some(agent),
                None => return Ok(Answer::Refused(Refusal::NobodyFree)),
            },
            Destination::Extension(extension) => match self.directory.agent_of(extension).map(|one| one.key.clone()) {
                Some(agent) if self.agent(&agent)?.is_some_and(|one| one.is_signed_in()) => Some(agent),
                Some(_) | None => None,
            },
            Destination::Number(_) | Destination::Flow(_) => None,
        };
        let mut dated = dated.clone();
        if let Fact::ConsultBegan { agent: known, .. } = &mut dated.fact {
            known.clone_from(&agent);
        }
        self.apply(&dated)?;
        Ok(Answer::Rung { agent })
    }

    /// Whether the agent is in conversation in this call.
    fn talks_in(&self, agent: &AgentKey, call: CallId) -> Read<bool> {
        let engagement = self.agent(agent)?.and_then(|agent| agent.engagement);
        let talks = matches!(engagement, Some(Engagement::Talking { call: held_by, .. }) if held_by == call);
        Ok(talks && self.call(call)?.is_some())
    }

    /// Why it may not be rung there, if anything speaks against it: somebody else has whoever is meant, or the number (I-7).
    fn may_be_rung(&self, call: CallId, to: &Destination) -> Read<Option<Refusal>> {
        Ok(match to {
            Destination::Extension(extension) => {
                let engaged = match self.directory.agent_of(extension) {
                    Some(profile) => self.agent(&profile.key)?.is_some_and(|agent| agent.engagement.is_some()),
                    None => false,
                };
                engaged.then_some(Refusal::Engaged)
            }
            Destination::Number(number) => self.is_in_use(number, call)?.then_some(Refusal::NumberInUse),
            Destination::Queue(_) | Destination::Flow(_) => None,
        })
    }

    /// The agent of a queue who has been free for longest.
    fn free_in(&self, queue: &QueueKey) -> Read<Option<AgentKey>> {
        let Some(queue) = self.directory.queue(queue) else { return Ok(None) };
        let mut free: Vec<Agent> = Vec::new();
        for profile in self.directory.members(queue) {
            free.extend(self.agent(&profile.key)?.filter(|agent| agent.may_be_offered(self.at)));
        }
        Ok(free.into_iter().min_by_key(|agent| (agent.idle_since, agent.key.clone())).map(|agent| agent.key))
    }

    fn handed_over(
        &mut self,
        at: Timestamp,
        call: CallId,
        by: &AgentKey,
        to: &Destination,
        wrap_up: Millis,
    ) -> Read<()> {
        self.edit_call(call, |row| {
            row.held = false;
            row.held_by.clear();
            row.recording = None;
            row.rings = Some(RingsRow { since: at, until: None });
        })?;
        self.apply(&Dated { at, fact: Fact::AgentFreed { call, agent: by.clone(), wrap_up } })?;
        match to {
            Destination::Extension(extension) => self.phone_rung(at, call, extension)?,
            Destination::Number(number) => {
                self.put_hold(Hold { number: number.clone(), call, dialled: true, until: None });
                self.edit_call(call, |row| {
                    row.doing = Doing::Transferring;
                    row.dialled = Some(number.clone());
                })?;
            }
            Destination::Queue(_) | Destination::Flow(_) => self.edit_call(call, |row| {
                row.doing = Doing::InFlow;
                row.rings = None;
            })?,
        }
        Ok(())
    }

    fn consult_began(
        &mut self,
        at: Timestamp,
        call: CallId,
        by: &AgentKey,
        to: &Destination,
        agent: Option<&AgentKey>,
        rings: RingsRow,
    ) -> Read<()> {
        if let Some(agent) = agent {
            self.agent_input(agent, at, &Input::Rung(call), &Actor::System)?;
        }
        if let Destination::Number(number) = to {
            self.put_hold(Hold { number: number.clone(), call, dialled: true, until: None });
        }
        let (by, to, agent) = (by.clone(), to.clone(), agent.cloned());
        let row = ConsultRow { by, to, agent, rings, answered: None, with: Together::Target };
        self.edit_call(call, |call| call.consult = Some(row))
    }

    fn consult_answered(&mut self, at: Timestamp, call: CallId) -> Read<()> {
        let consult = self.call(call)?.and_then(|row| row.consult);
        if let Some(agent) = consult.and_then(|consult| consult.agent) {
            self.agent_input(&agent, at, &Input::Connected(call), &Actor::System)?;
        }
        self.edit_call(call, |row| {
            if let Some(consult) = &mut row.consult {
                consult.answered = Some(at);
            }
        })
    }

    fn consult_ended(&mut self, at: Timestamp, call: CallId) -> Read<()> {
        let Some(consult) = self.call(call)?.and_then(|row| row.consult) else { return Ok(()) };
        if let Some(agent) = &consult.agent {
            self.agent_input(agent, at, &Input::Free(call, Follows::NOTHING), &Actor::System)?;
        }
        if let Destination::Number(number) = &consult.to {
            self.remove_hold(number, call);
        }
        self.edit_call(call, |row| row.consult = None)
    }

    fn consult_completed(&mut self, at: Timestamp, call: CallId) -> Read<()> {
        self.edit_call(call, |row| {
            let Some(consult) = row.consult.take() else { return };
            row.held = false;
            row.held_by.clear();
            row.recording = None;
            row.agent = consult.agent;
            if let Destination::Number(number) = consult.to {
                row.dialled = Some(number);
            }
            if consult.answered.is_some() {
                row.doing = Doing::Talking;
                row.connected = Some(at);
            } else {
                row.doing = Doing::Transferring;
                row.rings = Some(consult.rings);
            }
        })
    }

    /// Our side dies with somebody being consulted: the phone out there may go on ringing.
    pub(super) fn recover_consult(&mut self, call: CallId) -> Read<()> {
        let Some(consult) = self.call(call)?.and_then(|row| row.consult) else { return Ok(()) };
        if let (Destination::Number(number), None) = (&consult.to, consult.answered) {
            let until = may_ring_until(self.at, &self.directory.site).max(consult.rings.until.unwrap_or(self.at));
            self.put_hold(Hold { number: number.clone(), call, dialled: true, until: Some(until) });
        }
        Ok(())
    }

    /// An agent dials a number from the desk.
    pub(super) fn dial_out(
        &mut self,
        agent: &AgentKey,
        number: &PhoneNumber,
        business: Option<&Business>,
        (call, leg): (CallId, LegId),
    ) -> Read<Answer> {
        let refused = |why| Ok(Answer::Refused(why));
        let Some(profile) = self.directory.agents.get(agent) else { return refused(Refusal::NotFound(Noun::Agent)) };
        let extension: ExtensionKey = profile.extension.clone();
        if let Err(why) = handing::may_call(self.directory, Some(&extension), number) {
            return refused(why);
        }
        let whose = business.map(|business| match business {
            Business::Service(service) => Target::WholeService(service.clone()),
            Business::Campaign(campaign) => Target::Campaign(campaign.clone()),
        });
        let caller_id = match &whose {
            None if !self.directory.may_show_own(&extension) => return refused(Refusal::NotOwned),
            None => None,
            Some(whose) if !whose.is_known(self.directory) => return refused(Refusal::NotFound(Noun::Target)),
            Some(whose) if !self.directory.is_in_one(agent, whose.groups(self.directory)) => {
                return refused(Refusal::OtherBusiness);
            }
            Some(whose) => match self.directory.caller_id(whose) {
                Some(caller_id) => Some(caller_id),
                None => return refused(Refusal::NoCallerId),
            },
        };
        if self.is_in_use(number, call)? {
            return refused(Refusal::NumberInUse);
        }
        if let Some(whose) = &whose {
            // A customer is never one of our own numbers, which the call would come back to.
            if let Err(why) = self.directory.may_be_called_back(number) {
                return refused(Refusal::Dial(why.into()));
            }
            if let Some(why) = self.may_dial_for(whose, number)? {
                return refused(why);
            }
        }
        if !self.agent(agent)?.is_some_and(|one| one.is_signed_in() && one.engagement.is_none()) {
            return refused(Refusal::AgentState);
        }
        let began = self.at;
        let fact = Fact::DirectBegan { call, leg, extension: extension.clone(), number: Some(number.clone()) };
        self.apply(&Dated { at: began, fact })?;
        let service = whose.as_ref().and_then(|whose| whose.service(self.directory));
        self.edit_call(call, |row| row.service = service)?;
        if let Some(whose) = &whose {
            self.hand_dial_begins(call, number, whose)?;
        }
        let (agent, number) = (agent.clone(), number.clone());
        Ok(Answer::DialOut(Box::new(DialOutOrder { call, leg, agent, extension, number, caller_id, whose, began })))
    }
}
