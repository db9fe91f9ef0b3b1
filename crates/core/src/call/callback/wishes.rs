//! What the desk wishes of a callback, and the callback whose customer goes on as a caller.

use super::{Callback, Phase, Turn};
use crate::call::inbound::adopt::{CalledBack, Taken, TakenIn};
use crate::call::wish::press;
use crate::call::{Heard, Wanted, Wish, WishAnswer};
use crate::directory::Directory;
use crate::fact::CallEnd;
use crate::transaction::Refusal;

impl Callback {
    pub(super) fn wish(&mut self, wish: &Wish, turn: &mut Turn<'_, '_>) {
        let answer = if wish.agent == self.order.agent && self.agent_there {
            self.answer_wish(&wish.what, turn)
        } else {
            WishAnswer::Refused(Refusal::NoConversation)
        };
        turn.effects.hear(Heard { wish: wish.number, answer });
    }

    fn answer_wish(&mut self, wanted: &Wanted, turn: &mut Turn<'_, '_>) -> WishAnswer {
        match (&mut self.phase, wanted) {
            // A machine at the far end may want keys before it counts as answered.
            (Phase::Customer { leg, pair: Some(_), .. }, Wanted::Press(digits)) => {
                press(*leg, digits, turn.effects);
                WishAnswer::Granted
            }
            (Phase::Talking { talk, .. }, Wanted::Press(digits)) if talk.press(digits, turn.effects) => {
                WishAnswer::Granted
            }
            (Phase::Talking { .. }, Wanted::Hold(hold)) => {
                self.held_by(self.agent_leg, *hold, turn);
                WishAnswer::Granted
            }
            (Phase::Talking { talk, .. }, Wanted::PauseRecording(pause)) => {
                if talk.pause(*pause, turn.at, &mut self.ids, turn.effects) {
                    WishAnswer::Granted
                } else {
                    WishAnswer::Refused(Refusal::NotRecorded)
                }
            }
            (Phase::Talking { .. }, Wanted::Press(_)) => WishAnswer::Refused(Refusal::OnHold),
            (Phase::Talking { .. }, _) => WishAnswer::Refused(Refusal::NoConsult),
            (_, _) => WishAnswer::Refused(Refusal::NoConversation),
        }
    }

    /// Whether the customer could wait in a line, should the agent be lost now.
    pub(in crate::call) fn has_a_line(&self, directory: &Directory) -> bool {
        self.order.queue.as_ref().is_some_and(|queue| directory.queue(queue).is_some())
    }

    /// Whether this is the agent's leg.
    pub(in crate::call) fn is_agent(&self, leg: nohold_model::LegId) -> bool {
        self.agent_there && leg == self.agent_leg
    }

    /// The customer goes on as a caller.
    pub(in crate::call) fn taken(&self, directory: &Directory) -> Option<Taken> {
        let order = &self.order;
        let (attempt, leg, stage) = match &self.phase {
            Phase::Talking { attempt, talk } => (*attempt, talk.customer_leg(), TakenIn::Talk(talk.clone())),
            Phase::Notice { attempt, leg, notice, .. } => {
                let (agent, agent_leg) = (order.agent.clone(), self.agent_leg);
                (*attempt, *leg, TakenIn::Notice { agent, agent_leg, notice: *notice })
            }
            Phase::Agent { .. } | Phase::Committing { .. } | Phase::Customer { .. } | Phase::Over => return None,
        };
        Some(Taken {
            id: order.call,
            ids: self.ids.clone(),
            leg,
            number: order.number.clone(),
            shown: Some(order.caller_id.clone()),
            service: order.target.service(directory),
            whose: Some(order.target.clone()),
            queue: order.queue.clone().filter(|queue| directory.queue(queue).is_some()),
            language: order.language,
            began: self.began,
            promises: super::ATTEMPT_PROMISE,
            as_placed: CallEnd::Callback,
            called_back: Some(CalledBack { entry: order.entry, attempt }),
            stage,
        })
    }
}
