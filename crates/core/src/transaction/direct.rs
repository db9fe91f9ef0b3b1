//! Calls that phones of ours make, and phones that are rung by their own number.

use nohold_model::{CallId, ExtensionKey, PhoneNumber, Timestamp};

use super::{Answer, CallRow, CallerRow, Hold, Noun, Read, Refusal, RingsRow, Rows, Working};
use crate::agent::{Follows, Input};
use crate::entry::Actor;
use crate::fact::{Dated, Doing, Fact};

impl<R: Rows> Working<'_, R> {
    /// Makes a fact true about a call of a phone of ours, or about a phone that is rung by its own number.
    pub(super) fn apply_direct(&mut self, at: Timestamp, fact: &Fact) -> Read<()> {
        if let Fact::DirectBegan { call, extension, number, .. } = fact {
            self.direct_began(at, *call, extension, number.as_ref())?;
        }
        if let Fact::DirectAnswered { call } = fact {
            self.other_phone_answered(at, *call)?;
        }
        if let Fact::FarRings { call } = fact {
            self.edit_call(*call, |row| row.far_rings = row.connected.is_none() && row.doing != Doing::Talking)?;
        }
        if let Fact::DirectOver { call, result, .. } = fact {
            self.edit_call(*call, |row| {
                row.far_rings = false;
                if let Some(by_hand) = &mut row.by_hand {
                    by_hand.result = *result;
                }
            })?;
        }
        if let Fact::PhoneRung { call, extension, .. } = fact {
            self.phone_rung(at, *call, extension)?;
        }
        if let Fact::PhoneAnswered { call } = fact {
            self.phone_answered(at, *call)?;
        }
        if let Fact::PhoneFailed { call, .. } = fact {
            self.phone_failed(at, *call)?;
        }
        Ok(())
    }

    /// The row of who calls from a phone of ours. An agent whom nothing else holds is held by the call; what an agent
    /// does besides something else is part of that.
    pub(super) fn caller_row(&mut self, at: Timestamp, call: CallId, extension: &ExtensionKey) -> Read<CallerRow> {
        let agent = self.directory.agent_of(extension).map(|agent| agent.key.clone());
        let held = match &agent {
            Some(agent) => self.agent_input(agent, at, &Input::Calls(call), &Actor::System)?,
            None => false,
        };
        Ok(CallerRow { extension: extension.clone(), agent: agent.filter(|_| held) })
    }

    /// What a call of a phone of ours is told once it is in the books.
    pub(super) fn begun(&self, call: CallId) -> Read<Answer> {
        Ok(Answer::Begun { agent: self.call(call)?.and_then(|row| row.caller).and_then(|caller| caller.agent) })
    }

    /// A phone of ours wants to call a number of the public network: one that another call of ours does not use (I-7).
    pub(super) fn direct_promised(
        &mut self,
        dated: &Dated,
        call: CallId,
        number: Option<&PhoneNumber>,
    ) -> Read<Answer> {
        if let Some(number) = number
            && self.is_in_use(number, call)?
        {
            return Ok(Answer::Refused(Refusal::NumberInUse));
        }
        self.apply(dated)?;
        self.begun(call)
    }

    fn direct_began(
        &mut self,
        at: Timestamp,
        call: CallId,
        extension: &ExtensionKey,
        number: Option<&PhoneNumber>,
    ) -> Read<()> {
        let caller = self.caller_row(at, call, extension)?;
        if let Some(number) = number {
            self.put_hold(Hold { number: number.clone(), call, dialled: true, until: None });
        }
        self.put_call(CallRow {
            caller: Some(caller),
            dialled: number.cloned(),
            ..CallRow::new(call, at, Doing::Transferring)
        });
        Ok(())
    }

    /// A call wants to ring a phone by its own number. An agent's phone is rung in any mode, but not while something
    /// else holds the agent.
    pub(super) fn phone_promised(&mut self, dated: &Dated, call: CallId, extension: &ExtensionKey) -> Read<Answer> {
        if self.call(call)?.is_none() {
            return Ok(Answer::Refused(Refusal::NotFound(Noun::Call)));
        }
        if let Some(profile) = self.directory.agent_of(extension)
            && self.agent(&profile.key)?.is_some_and(|agent| agent.engagement.is_some())
        {
            return Ok(Answer::Refused(Refusal::AgentState));
        }
        self.apply(dated)?;
        Ok(Answer::Rung { agent: self.call(call)?.and_then(|row| row.agent) })
    }

    pub(super) fn phone_rung(&mut self, at: Timestamp, call: CallId, extension: &ExtensionKey) -> Read<()> {
        let agent = self.directory.agent_of(extension).map(|agent| agent.key.clone());
        let rung = match &agent {
            Some(agent) => self.agent_input(agent, at, &Input::Rung(call), &Actor::System)?,
            None => false,
        };
        let by_colleague = self.call(call)?.is_some_and(|row| row.caller.is_some());
        let until = Some(at + self.directory.rings_for(extension, by_colleague));
        self.edit_call(call, |row| {
            row.doing = Doing::Transferring;
            row.agent = agent.filter(|_| rung);
            row.rings = Some(RingsRow { since: at, until });
        })
    }

    fn phone_answered(&mut self, at: Timestamp, call: CallId) -> Read<()> {
        if let Some(agent) = self.call(call)?.and_then(|row| row.agent) {
            self.agent_input(&agent, at, &Input::Connected(call), &Actor::System)?;
        }
        self.other_phone_answered(at, call)
    }

    fn phone_failed(&mut self, at: Timestamp, call: CallId) -> Read<()> {
        if let Some(agent) = self.call(call)?.and_then(|row| row.agent) {
            self.agent_input(&agent, at, &Input::Free(call, Follows::NOTHING), &Actor::System)?;
        }
        self.edit_call(call, |row| {
            row.doing = Doing::InFlow;
            (row.agent, row.rings) = (None, None);
        })
    }

    /// Lets all agents go whom a call has.
    pub(super) fn free_agents(&mut self, at: Timestamp, row: &CallRow) -> Read<()> {
        let caller = row.caller.as_ref().and_then(|caller| caller.agent.as_ref());
        let consulted = row.consult.as_ref().and_then(|consult| consult.agent.as_ref());
        for agent in row.agent.iter().chain(caller).chain(consulted) {
            self.agent_input(agent, at, &Input::Free(row.id, Follows::NOTHING), &Actor::System)?;
        }
        Ok(())
    }
}
