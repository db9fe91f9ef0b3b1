//! Holding: the desk's wish, or the key of a phone.

use nohold_model::{AgentKey, LegId};

use super::wishes::refused;
use super::{Inbound, Treatment, Turn};
use crate::call::WishAnswer;
use crate::transaction::Refusal;

impl Inbound {
    /// An agent holds the other side from the desk. Whoever is only consulted has nobody to hold: the conversation is
    /// that of the agent who consults.
    pub(super) fn agent_holds(&mut self, agent: &AgentKey, hold: bool, turn: &mut Turn<'_, '_>) -> WishAnswer {
        let is_caller = self.is_made_by(agent);
        let leg = match &self.treatment {
            Treatment::Talking(talk) if talk.agent == *agent && talk.left.is_none() => talk.agent_leg(),
            Treatment::Talking(_) | Treatment::Transferred(_) if is_caller => self.leg,
            Treatment::Phone(phone) if phone.is_talking() && is_caller => self.leg,
            Treatment::Phone(phone) if phone.is_talking() && phone.agent.as_ref() == Some(agent) => phone.leg,
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Phone(_)
            | Treatment::Over => return refused(Refusal::NoConversation),
        };
        self.held_by(leg, hold, turn);
        WishAnswer::Granted
    }

    /// The key of a phone. Before there is a conversation it is kept for its beginning.
    pub(super) fn phone_holds(&mut self, leg: LegId, hold: bool, turn: &mut Turn<'_, '_>) {
        let talking = match &self.treatment {
            Treatment::Talking(_) | Treatment::Transferred(_) => true,
            Treatment::Phone(phone) => phone.is_talking(),
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Transferring(_)
            | Treatment::Over => false,
        };
        if talking {
            self.held_by(leg, hold, turn);
        } else if self.legs().contains(&leg) {
            self.early_holds.note(leg, hold);
            if let (Treatment::Connecting(connecting), true) = (&mut self.treatment, leg == self.leg && hold) {
                // The rest of what the caller should hear before is heard by nobody.
                connecting.recorded = false;
            }
        }
    }

    /// A conversation has begun, perhaps on hold.
    pub(super) fn hold_from_the_start(&mut self, turn: &mut Turn<'_, '_>) {
        for leg in self.early_holds.take() {
            self.held_by(leg, true, turn);
        }
    }

    /// The party on this leg holds the other one, or takes it back. All agents of the conversation are *held* then.
    pub(super) fn held_by(&mut self, leg: LegId, hold: bool, turn: &mut Turn<'_, '_>) {
        let holders = self.holders();
        let changed = match &mut self.treatment {
            Treatment::Talking(talk) => talk.hold(leg, hold, turn.at, &mut self.ids, turn.effects),
            Treatment::Phone(phone) => phone.hold(leg, hold, turn.at, &mut self.ids, turn.effects),
            Treatment::Transferred(transfer) => {
                transfer.pair.as_mut().and_then(|pair| pair.hold(leg, hold, turn.at, &mut self.ids, turn.effects))
            }
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Transferring(_)
            | Treatment::Over => None,
        };
        let now = self.holders();
        // Where both hold, one of them may take the other back, and nobody hears anybody yet.
        let still_held = (!holders.is_empty() && !now.is_empty() && holders != now).then_some(true);
        self.note_held(changed.or(still_held), turn);
    }

    /// The agents who hold the others.
    pub(super) fn holders(&self) -> Vec<AgentKey> {
        let caller = self.colleague.as_ref().and_then(|colleague| colleague.agent.clone());
        let (of_caller, of_called) = match &self.treatment {
            Treatment::Talking(talk) => {
                (talk.holds(self.leg), Some(talk.agent.clone()).filter(|_| talk.holds(talk.agent_leg())))
            }
            Treatment::Phone(phone) => (phone.holds(self.leg), phone.agent.clone().filter(|_| phone.holds(phone.leg))),
            Treatment::Transferred(transfer) => {
                let holds = |leg| transfer.pair.as_ref().is_some_and(|pair| pair.holds(leg));
                let agent = transfer.agent.as_ref().map(|(agent, _)| agent.clone());
                (holds(self.leg), agent.filter(|_| transfer.leg.is_some_and(holds)))
            }
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Transferring(_)
            | Treatment::Over => (false, None),
        };
        caller.filter(|_| of_caller).into_iter().chain(of_called).collect()
    }
}
