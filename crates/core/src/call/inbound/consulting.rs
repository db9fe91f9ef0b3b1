//! An agent calls somebody while the customer waits (咨询转): talks with them, leaves the customer with them, comes back, or
//! brings all three together.
//!
//! Who hangs up when: the customer, and the call is over for all. Whoever was called, and agent and customer go on. The
//! agent, and the customer goes on with whoever was called, also while it only rings there; an agent who is lost through
//! our fault has handed nothing over, so the customer goes back to the line.

use nohold_model::{AgentKey, LegId};

use super::phone::Phone;
use super::wishes::refused;
use super::{Awaiting, Command, Inbound, Transfer, Treatment, Turn, handing};
use crate::call::talk::{Consult, Room, Stage, Succession, Talk, With};
use crate::call::{DialTo, Gone, HangUp, Heard, Party, WishAnswer};
use crate::fact::{Destination, Fact, Together};
use crate::transaction::{Answer, Refusal};

impl Inbound {
    pub(super) fn wants_to_consult(
        &mut self,
        to: &Destination,
        wish: u64,
        turn: &mut Turn<'_, '_>,
    ) -> Result<(), Refusal> {
        let Treatment::Talking(talk) = &mut self.treatment else { return Err(Refusal::NoConversation) };
        if talk.consult.is_some() {
            return Err(Refusal::ConsultGoesOn);
        }
        if self.promise.is_some() {
            return Err(Refusal::InTheMiddle);
        }
        if let Destination::Flow(_) = to {
            return Err(Refusal::NobodyThere);
        }
        let by = talk.agent.clone();
        handing::may_go_to(turn.world.directory, &by, self.number.as_ref(), to)?;
        let leg = self.ids.next(turn.at);
        talk.consult = Some(Consult { to: to.clone(), leg, agent: None, stage: Stage::Asking });
        let ring_for = handing::ring_for(turn.world.directory, to);
        let fact = Fact::ConsultBegan { call: self.id, by, to: to.clone(), leg, agent: None, ring_for };
        self.ask(fact, Awaiting::Consult { wish }, turn);
        Ok(())
    }

    /// The store has said whether whoever is meant may be rung.
    pub(super) fn consult_answer(&mut self, wish: u64, answer: &Answer, turn: &mut Turn<'_, '_>) {
        let heard = match (self.asking(), answer) {
            (Some(talk), Answer::Refused(why)) => {
                talk.consult = None;
                refused(why.clone())
            }
            (Some(_), Answer::Rung { agent }) => {
                self.ring_consulted(agent.clone(), turn);
                WishAnswer::Granted
            }
            (Some(_), _) => {
                self.ring_consulted(None, turn);
                WishAnswer::Granted
            }
            (None, answer) => {
                // The agent was lost meanwhile; the end of a call frees everybody by itself.
                if !matches!(answer, Answer::Refused(_)) && self.treatment != Treatment::Over {
                    turn.effects.record(turn.at, Fact::ConsultEnded { call: self.id, why: None });
                }
                self.take_waiting_answer(turn);
                refused(Refusal::NoConversation)
            }
        };
        turn.effects.hear(Heard { wish, answer: heard });
    }

    pub(super) fn consult_not_saved(&mut self, wish: u64, turn: &mut Turn<'_, '_>) {
        if let Some(talk) = self.asking() {
            talk.consult = None;
        } else {
            self.take_waiting_answer(turn);
        }
        turn.effects.hear(Heard { wish, answer: WishAnswer::NotSaved });
    }

    /// The conversation whose agent waits for the store's word.
    fn asking(&mut self) -> Option<&mut Talk> {
        let Treatment::Talking(talk) = &mut self.treatment else { return None };
        talk.consult.as_ref().is_some_and(|one| one.stage == Stage::Asking).then_some(talk)
    }

    fn ring_consulted(&mut self, agent: Option<AgentKey>, turn: &mut Turn<'_, '_>) {
        let shown_outside = self.shown_outside(turn.world.directory);
        let Treatment::Talking(talk) = &mut self.treatment else { return };
        let directory = turn.world.directory;
        let own = directory.agents.get(&talk.agent).map(|profile| profile.extension.clone());
        let Some(consult) = &mut talk.consult else { return };
        let (leg, ring_for) = (consult.leg, handing::ring_for(directory, &consult.to));
        let shows = own.map_or(crate::call::Shown::Nothing, |own| directory.shown_colleague(&own));
        let to = match (&consult.to, &agent) {
            (Destination::Number(number), _) => directory.dial_outside(number, shown_outside.as_ref()),
            (Destination::Extension(extension), _) => directory.dial_extension(extension, shows),
            (Destination::Queue(_) | Destination::Flow(_), agent) => {
                match agent.as_ref().and_then(|agent| directory.agents.get(agent)) {
                    Some(profile) => directory.dial_agent(profile, shows),
                    // Deleted this moment: nobody there.
                    None => DialTo::Outside { number: None, routes: Vec::new() },
                }
            }
        };
        consult.agent = agent;
        consult.stage = Stage::Ringing { until: turn.at + ring_for };
        let held = talk.arrange(|room| room.invite(leg), turn.at, &mut self.ids, turn.effects);
        turn.effects.media(Command::Dial { leg, to, ring_for });
        self.note_held(held, turn);
    }

    /// Agent and customer are apart, or together again.
    pub(super) fn note_held(&mut self, changed: Option<bool>, turn: &mut Turn<'_, '_>) {
        let Some(held) = changed else { return };
        let mut agents = self.agents();
        if let Treatment::Talking(talk) = &self.treatment
            && let Some(consulted) = talk.consult.as_ref().and_then(|consult| consult.agent.as_ref())
        {
            agents.remove(consulted);
        }
        let by = self.holders();
        for agent in agents {
            turn.effects.record(turn.at, Fact::Held { call: self.id, agent, held, by: by.clone() });
        }
    }

    /// The conversation in which somebody is consulted on this leg.
    fn consulted_on(&mut self, leg: LegId) -> Option<(&mut Talk, Stage)> {
        let Treatment::Talking(talk) = &mut self.treatment else { return None };
        let stage = talk.consult.as_ref().filter(|one| one.dialled() == Some(leg))?.stage;
        Some((talk, stage))
    }

    pub(super) fn consulted_rings(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        let Some((talk, Stage::Ringing { .. })) = self.consulted_on(leg) else { return };
        if let With::Nobody { rings: false } = talk.with() {
            self.arrange(With::Nobody { rings: true }, turn);
        }
    }

    /// The network plays something before the answer: the agent hears it.
    pub(super) fn consulted_plays(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        let Some((talk, Stage::Ringing { .. })) = self.consulted_on(leg) else { return };
        if let With::Nobody { .. } = talk.with() {
            self.arrange(With::Target, turn);
        }
    }

    pub(super) fn consulted_answers(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        let Some((talk, Stage::Ringing { .. })) = self.consulted_on(leg) else { return };
        if let Some(consult) = &mut talk.consult {
            consult.stage = Stage::Talking;
        }
        turn.effects.record(turn.at, Fact::ConsultAnswered { call: self.id });
        self.arrange(With::Target, turn);
    }

    fn arrange(&mut self, with: With, turn: &mut Turn<'_, '_>) {
        let Treatment::Talking(talk) = &mut self.treatment else { return };
        let held = talk.arrange(|room| room.turn_to(with), turn.at, &mut self.ids, turn.effects);
        self.note_held(held, turn);
    }

    /// Whoever was consulted is gone: the agent and the customer go on. Whether it was one of them.
    pub(super) fn consulted_gone(&mut self, leg: LegId, why: Gone, turn: &mut Turn<'_, '_>) -> bool {
        let there = self.consulted_on(leg).is_some();
        if there {
            self.consult_ends(Some(why), turn);
        }
        there
    }

    /// Whoever was consulted ends their own part, or will not answer: the agent and the customer go on. Whether it was
    /// this agent.
    pub(super) fn consulted_hangs_up(&mut self, agent: &AgentKey, turn: &mut Turn<'_, '_>) -> bool {
        let Treatment::Talking(talk) = &self.treatment else { return false };
        let consulted = talk.consult.as_ref().filter(|one| one.agent.as_ref() == Some(agent));
        let Some((leg, stage)) = consulted.and_then(|one| Some((one.dialled()?, one.stage))) else { return false };
        turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
        self.consult_ends(Some(if stage == Stage::Talking { Gone::HungUp } else { Gone::Refused }), turn);
        true
    }

    fn consult_ends(&mut self, why: Option<Gone>, turn: &mut Turn<'_, '_>) {
        let Treatment::Talking(talk) = &mut self.treatment else { return };
        talk.consult = None;
        let held = talk.arrange(Room::dismiss, turn.at, &mut self.ids, turn.effects);
        turn.effects.record(turn.at, Fact::ConsultEnded { call: self.id, why });
        self.note_held(held, turn);
    }

    /// The conversation with a consultation that can be worked on, and how far that has come.
    fn consultation(&mut self) -> Result<(LegId, Stage, &mut Talk), Refusal> {
        let Treatment::Talking(talk) = &mut self.treatment else { return Err(Refusal::NoConversation) };
        let Some(Consult { leg, stage, .. }) = talk.consult.clone() else { return Err(Refusal::NoConsult) };
        if stage == Stage::Asking { Err(Refusal::InTheMiddle) } else { Ok((leg, stage, talk)) }
    }

    fn answered_consultation(&mut self) -> Result<(LegId, &mut Talk), Refusal> {
        match self.consultation()? {
            (leg, Stage::Talking, talk) => Ok((leg, talk)),
            (_, Stage::Asking | Stage::Ringing { .. }, _) => Err(Refusal::NotAnswered),
        }
    }

    pub(super) fn wants_to_cancel(&mut self, turn: &mut Turn<'_, '_>) -> Result<(), Refusal> {
        let (leg, ..) = self.consultation()?;
        turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
        self.consult_ends(None, turn);
        Ok(())
    }

    pub(super) fn wants_to_swap(&mut self, turn: &mut Turn<'_, '_>) -> Result<(), Refusal> {
        let (_, talk) = self.answered_consultation()?;
        let (with, together) = match talk.with() {
            With::Target => (With::Customer, Together::Customer),
            With::Customer | With::Nobody { .. } | With::All => (With::Target, Together::Target),
        };
        turn.effects.record(turn.at, Fact::ConsultChanged { call: self.id, with: together });
        self.arrange(with, turn);
        Ok(())
    }

    pub(super) fn wants_a_conference(&mut self, turn: &mut Turn<'_, '_>) -> Result<(), Refusal> {
        let (_, talk) = self.answered_consultation()?;
        if talk.with() != With::All {
            turn.effects.record(turn.at, Fact::ConsultChanged { call: self.id, with: Together::All });
            self.arrange(With::All, turn);
        }
        Ok(())
    }

    pub(super) fn wants_to_hold_one(&mut self, who: Party, hold: bool, turn: &mut Turn<'_, '_>) -> Result<(), Refusal> {
        let (target, talk) = self.answered_consultation()?;
        if talk.with() != With::All {
            return Err(Refusal::NoConference);
        }
        let leg = match who {
            Party::Customer => talk.customer_leg(),
            Party::Target => target,
        };
        let Treatment::Talking(talk) = &mut self.treatment else { return Err(Refusal::NoConversation) };
        let held = talk.arrange(|room| room.set_aside(leg, hold), turn.at, &mut self.ids, turn.effects);
        self.note_held(held, turn);
        Ok(())
    }

    pub(super) fn wants_to_complete(&mut self, turn: &mut Turn<'_, '_>) -> Result<(), Refusal> {
        let (_, _, talk) = self.consultation()?;
        let leg = talk.agent_leg();
        turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
        self.leave_with_consulted(turn);
        Ok(())
    }

    /// Whether the agent of this conversation has somebody to whom the customer can be left.
    pub(super) fn has_consulted(&mut self) -> bool {
        self.consultation().is_ok()
    }

    /// The agent's leg is gone, or ended: the customer goes on with whoever was consulted.
    pub(super) fn leave_with_consulted(&mut self, turn: &mut Turn<'_, '_>) {
        let Some(mut talk) = self.take_talk() else { return };
        let Some(consult) = talk.consult.clone() else {
            self.treatment = Treatment::Talking(talk);
            return;
        };
        turn.effects.record(turn.at, Fact::ConsultCompleted { call: self.id, by: talk.agent.clone() });
        self.end_talk(&talk, false, turn);
        self.goes_on_without(&talk, turn);
        match consult.stage {
            Stage::Talking => {
                self.account.talks();
                self.treatment = match (*talk).succeed(turn.at, &mut self.ids, turn.effects) {
                    Succession::Agent(talk) => Treatment::Talking(talk),
                    Succession::Other(pair) => {
                        let (leg, until) = (Some(consult.leg), turn.at);
                        Treatment::Transferred(Transfer { pair: Some(pair), ..Transfer::new(leg, until) })
                    }
                };
                let held = matches!(&self.treatment, Treatment::Talking(talk) if talk.is_held());
                self.note_held(held.then_some(true), turn);
            }
            Stage::Ringing { until } => {
                talk.part(turn.effects);
                self.rings_on(&talk, consult, until, turn);
            }
            Stage::Asking => {}
        }
    }

    /// It still rings where the customer shall go.
    fn rings_on(&mut self, talk: &Talk, consult: Consult, until: nohold_model::Timestamp, turn: &mut Turn<'_, '_>) {
        let agents = &turn.world.directory.agents;
        let Consult { to, leg, agent, .. } = consult;
        let extension = match to {
            Destination::Extension(extension) => Some(extension),
            Destination::Queue(_) => {
                agent.as_ref().and_then(|agent| agents.get(agent)).map(|profile| profile.extension.clone())
            }
            Destination::Number(_) | Destination::Flow(_) => None,
        };
        self.await_answer(talk.agent.clone(), extension.clone());
        match extension {
            Some(extension) => {
                self.play_on(crate::call::Audio::Ringback, turn);
                self.treatment = Treatment::Phone(Phone::ringing(extension, leg, agent, until, true));
            }
            None => {
                self.play_music(None, turn);
                self.treatment = Treatment::Transferring(Transfer::new(Some(leg), until));
            }
        }
    }

    /// Whoever is consulted is let go, because the conversation ends.
    pub(super) fn end_consult(&mut self, talk: &Talk, turn: &mut Turn<'_, '_>) {
        if let Some(leg) = talk.consult.as_ref().and_then(Consult::dialled) {
            turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
            turn.effects.record(turn.at, Fact::ConsultEnded { call: self.id, why: None });
        }
    }

    /// Until when it may ring where somebody is called.
    pub(super) fn consult_deadline(talk: &Talk) -> Option<nohold_model::Timestamp> {
        match talk.consult.as_ref()?.stage {
            Stage::Ringing { until } => Some(until),
            Stage::Asking | Stage::Talking => None,
        }
    }

    pub(super) fn tick_consult(&mut self, turn: &mut Turn<'_, '_>) {
        let Treatment::Talking(talk) = &self.treatment else { return };
        let due = Self::consult_deadline(talk).is_some_and(|until| turn.at >= until);
        if let (true, Some(leg)) = (due, talk.consult.as_ref().and_then(Consult::dialled)) {
            turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
            self.consult_ends(Some(Gone::NoAnswer), turn);
        }
    }
}
