//! What the desk wishes of a call to the public network, and the call whose far end goes on as a caller.

use nohold_model::{AgentKey, Timestamp};

use super::{Books, Direct, Outside, Phase, Turn};
use crate::call::inbound::adopt::{Taken, TakenIn};
use crate::call::talk::{Opening, Talk};
use crate::call::wish::press;
use crate::call::{Effects, Heard, Wanted, Wish, WishAnswer};
use crate::directory::Directory;
use crate::fact::{CallEnd, Fact};
use crate::transaction::Refusal;

impl Direct {
    pub(super) fn wish(&mut self, wish: &Wish, turn: &mut Turn<'_, '_>) {
        let own = self.agent.as_ref() == Some(&wish.agent) && self.there;
        let heard = own && matches!(self.phase, Phase::Talking(_) | Phase::Ringing { pair: Some(_), .. });
        let answer = match (&self.phase, &wish.what) {
            (_, Wanted::Press(digits)) if heard => {
                press(self.far, digits, turn.effects);
                WishAnswer::Granted
            }
            (Phase::Talking(_), Wanted::Hold(hold)) if own => {
                self.held_by(self.leg, *hold, turn);
                WishAnswer::Granted
            }
            (Phase::Talking(_), Wanted::PauseRecording(_)) if own => WishAnswer::Refused(Refusal::NotRecorded),
            (Phase::Talking(_), Wanted::Transfer(_) | Wanted::Consult(_)) => {
                // With the emergency services, or before the books know of the call.
                WishAnswer::Refused(Refusal::NoConversation)
            }
            (Phase::Talking(_), _) if own => WishAnswer::Refused(Refusal::NoConsult),
            (_, _) => WishAnswer::Refused(Refusal::NoConversation),
        };
        turn.effects.hear(Heard { wish: wish.number, answer });
    }

    /// Whoever was called goes on as a caller, and the agent as one who talks with a customer.
    pub(in crate::call) fn taken(
        &self,
        by: &AgentKey,
        at: Timestamp,
        directory: &Directory,
        effects: &mut Effects,
    ) -> Option<Taken> {
        let (Phase::Talking(pair), Outside::Number(number), Books::Written) = (&self.phase, &self.to, self.books)
        else {
            return None;
        };
        let agent = self.agent.clone().filter(|agent| agent == by && self.there)?;
        let whose = self.from_desk.as_ref().and_then(|from_desk| from_desk.whose.clone());
        let service = whose.as_ref().and_then(|whose| whose.service(directory));
        // Somebody must look after who is lost on the way.
        let whose = whose.or_else(|| directory.works_for(by));
        let fact = Fact::TreatedAsCustomer {
            call: self.call,
            agent: agent.clone(),
            number: number.clone(),
            service: service.clone(),
            whose: whose.clone(),
        };
        effects.record(at, fact);
        let opening = Opening {
            call: self.call,
            agent,
            agent_leg: self.leg,
            customer_leg: self.far,
            pair: Some(pair.clone()),
            entry: None,
            recorded: false,
        };
        let talk = Talk::go_on(opening, self.answered.unwrap_or(at));
        Some(Taken {
            id: self.call,
            ids: self.ids.clone(),
            leg: self.far,
            number: number.clone(),
            shown: self.from_desk.as_ref().and_then(|from_desk| from_desk.caller_id.clone()),
            service,
            whose,
            queue: None,
            language: directory.site.language,
            began: self.began,
            promises: self.promises,
            as_placed: CallEnd::Direct,
            called_back: None,
            stage: TakenIn::Talk(Box::new(talk)),
        })
    }
}
