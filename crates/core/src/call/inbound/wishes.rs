//! What people at the desk wish of the conversation.

use nohold_model::{AgentKey, Digit};

use super::{Inbound, Treatment, Turn};
use crate::call::wish::press;
use crate::call::{Effects, Heard, Wanted, Wish, WishAnswer, World};
use crate::transaction::Refusal;
use nohold_model::Timestamp;

impl Inbound {
    pub(in crate::call) fn wish(&mut self, at: Timestamp, wish: &Wish, world: World<'_>, effects: &mut Effects) {
        let mut turn = Turn { at, world, effects };
        // Without an answer here it comes with that of the store.
        if let Some(answer) = self.answer_wish(wish, &mut turn) {
            turn.effects.hear(Heard { wish: wish.number, answer });
        }
    }

    fn answer_wish(&mut self, wish: &Wish, turn: &mut Turn<'_, '_>) -> Option<WishAnswer> {
        if let Wanted::Press(digits) = &wish.what {
            return Some(self.press(&wish.agent, digits, turn));
        }
        if let Wanted::Hold(hold) = wish.what {
            return Some(self.agent_holds(&wish.agent, hold, turn));
        }
        if wish.what.needs_a_customer() {
            self.phone_becomes_talk(&wish.agent, turn);
        }
        let Treatment::Talking(talk) = &mut self.treatment else { return Some(refused(Refusal::NoConversation)) };
        if talk.agent != wish.agent || talk.left.is_some() {
            return Some(refused(Refusal::NoConversation));
        }
        match &wish.what {
            Wanted::PauseRecording(pause) => Some(if talk.pause(*pause, turn.at, &mut self.ids, turn.effects) {
                WishAnswer::Granted
            } else {
                refused(Refusal::NotRecorded)
            }),
            Wanted::Transfer(to) => self.wants_to_hand_over(to, wish.number, turn).err().map(refused),
            Wanted::Consult(to) => self.wants_to_consult(to, wish.number, turn).err().map(refused),
            Wanted::Complete => Some(answered(self.wants_to_complete(turn))),
            Wanted::Cancel => Some(answered(self.wants_to_cancel(turn))),
            Wanted::Swap => Some(answered(self.wants_to_swap(turn))),
            Wanted::Conference => Some(answered(self.wants_a_conference(turn))),
            Wanted::HoldOne { who, hold } => Some(answered(self.wants_to_hold_one(*who, *hold, turn))),
            Wanted::Press(_) | Wanted::Hold(_) => None,
        }
    }

    /// Keys that the agent presses at the desk go to whoever hears the agent.
    fn press(&self, agent: &AgentKey, digits: &[Digit], turn: &mut Turn<'_, '_>) -> WishAnswer {
        let is_caller = self.is_made_by(agent);
        let pressed = match &self.treatment {
            Treatment::Talking(talk) if talk.agent == *agent => talk.press(digits, turn.effects),
            Treatment::Talking(talk) if is_caller && talk.left.is_none() => {
                press(talk.agent_leg(), digits, turn.effects);
                true
            }
            Treatment::Phone(phone) if phone.is_talking() && (is_caller || phone.agent.as_ref() == Some(agent)) => {
                press(if is_caller { phone.leg } else { self.leg }, digits, turn.effects);
                true
            }
            Treatment::Transferred(other) if is_caller => other.leg.is_some_and(|leg| {
                press(leg, digits, turn.effects);
                true
            }),
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Phone(_)
            | Treatment::Over => false,
        };
        if pressed { WishAnswer::Granted } else { refused(Refusal::NoConversation) }
    }
}

pub(super) fn refused(why: Refusal) -> WishAnswer {
    WishAnswer::Refused(why)
}

fn answered(done: Result<(), Refusal>) -> WishAnswer {
    done.map_or_else(refused, |()| WishAnswer::Granted)
}
