//! An agent hands the customer over (盲转): to a phone, a number, a queue or a flow. The agent is let go in the same commit
//! that reserves whoever is rung. Where nobody answers there, the customer comes back: to the agent, else to the queue,
//! else to where the phone says.

use nohold_flow::Kind;
use nohold_model::{AgentKey, ExtensionKey, LegId, Millis, PhoneNumber};

use super::phone::Phone;
use super::wishes::refused;
use super::{Awaiting, Command, Inbound, Transfer, Treatment, Turn};
use crate::call::talk::Talk;
use crate::call::{Gone, Heard, WishAnswer};
use crate::directory::{Directory, Forbidden};
use crate::entry::Target;
use crate::fact::{Destination, Fact};
use crate::numbers::{Dialled, Dialler};
use crate::transaction::{Answer, Noun, Refusal};

/// A phone of ours rings this long for a customer who is handed over, unless it says otherwise.
const RING_PHONE: Millis = Millis::seconds(25);
/// And a phone of the public network.
const RING_NUMBER: Millis = Millis::seconds(45);

/// What was asked for while its commit is awaited.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Handing {
    to: Destination,
    leg: LegId,
    wish: u64,
}

/// Who has handed the customer over, for as long as nobody has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Handed {
    by: AgentKey,
    /// The phone that was meant, where it was one of ours.
    meant: Option<ExtensionKey>,
    /// It is the agent who is rung now.
    comes_back: bool,
}

/// Whether this agent may have the customer of this number go there.
pub(super) fn may_go_to(
    directory: &Directory,
    agent: &AgentKey,
    customer: Option<&PhoneNumber>,
    to: &Destination,
) -> Result<(), Refusal> {
    let own = directory.agents.get(agent).map(|profile| &profile.extension);
    match to {
        Destination::Extension(extension) if Some(extension) == own => Err(Refusal::OwnPhone),
        Destination::Extension(extension) if directory.extensions.contains_key(extension) => Ok(()),
        Destination::Extension(_) => Err(Refusal::NotFound(Noun::Phone)),
        Destination::Queue(queue) if directory.queue(queue).is_some() => Ok(()),
        Destination::Queue(_) => Err(Refusal::NotFound(Noun::Queue)),
        Destination::Flow(flow) => match directory.latest_flow(flow) {
            Some((_, document)) if matches!(document.kind, Kind::Main { .. }) => Ok(()),
            Some(_) | None => Err(Refusal::NotFound(Noun::Flow)),
        },
        Destination::Number(number) if Some(number) == customer => Err(Refusal::NumberInUse),
        Destination::Number(number) => may_call(directory, own, number),
    }
}

/// Whether this phone may call that number: by its own right, the outbound rules and the block list.
pub(crate) fn may_call(
    directory: &Directory,
    phone: Option<&ExtensionKey>,
    number: &PhoneNumber,
) -> Result<(), Refusal> {
    let phone = phone.and_then(|key| directory.extensions.get(key));
    if !phone.is_some_and(|phone| phone.may_call_outside) {
        return Err(Refusal::NoRight);
    }
    let dialled = Dialled::Number(number.clone());
    let checked = directory.site.outbound.check(&dialled, Dialler::Extension, &directory.blocked);
    checked.map_err(|why| Refusal::Dial(Forbidden::Number(why)))
}

/// How long it may ring there.
pub(super) fn ring_for(directory: &Directory, to: &Destination) -> Millis {
    match to {
        Destination::Extension(extension) => directory.rings_for(extension, false),
        Destination::Number(_) => RING_NUMBER,
        Destination::Queue(_) | Destination::Flow(_) => RING_PHONE,
    }
}

impl Inbound {
    /// The caller ID that a phone of the public network sees when this call goes there.
    pub(super) fn shown_outside(&self, directory: &Directory) -> Option<PhoneNumber> {
        let whose = self.whose.clone().or_else(|| self.service.clone().map(Target::WholeService));
        whose.and_then(|whose| directory.caller_id(&whose))
    }

    pub(super) fn wants_to_hand_over(
        &mut self,
        to: &Destination,
        wish: u64,
        turn: &mut Turn<'_, '_>,
    ) -> Result<(), Refusal> {
        let Treatment::Talking(talk) = &self.treatment else { return Err(Refusal::NoConversation) };
        if talk.consult.is_some() {
            return Err(Refusal::ConsultGoesOn);
        }
        if self.promise.is_some() {
            return Err(Refusal::InTheMiddle);
        }
        let by = talk.agent.clone();
        may_go_to(turn.world.directory, &by, self.number.as_ref(), to)?;
        let (leg, wrap_up) = (self.ids.next(turn.at), self.wrap_up(turn));
        let fact = Fact::HandedOver { call: self.id, by, to: to.clone(), leg, wrap_up };
        self.ask(fact, Awaiting::HandOver(Box::new(Handing { to: to.clone(), leg, wish })), turn);
        Ok(())
    }

    /// The store has said whether the customer may go there.
    pub(super) fn hand_over_answer(&mut self, handing: Handing, answer: &Answer, turn: &mut Turn<'_, '_>) {
        let wish = handing.wish;
        let heard = match (&self.treatment, answer) {
            (Treatment::Talking(_), Answer::Refused(why)) => {
                self.stays_with_agent(turn);
                refused(why.clone())
            }
            (Treatment::Talking(_), Answer::Rung { agent }) => {
                self.hand_over(handing, agent.clone(), turn);
                WishAnswer::Granted
            }
            (Treatment::Talking(_), _) => {
                self.hand_over(handing, None, turn);
                WishAnswer::Granted
            }
            // The end of the call frees what was reserved.
            (_, _) => refused(Refusal::CallerGone),
        };
        turn.effects.hear(Heard { wish, answer: heard });
    }

    pub(super) fn hand_over_failed(&mut self, handing: &Handing, turn: &mut Turn<'_, '_>) {
        turn.effects.hear(Heard { wish: handing.wish, answer: WishAnswer::NotSaved });
        self.stays_with_agent(turn);
    }

    /// The customer is not handed over. An agent who has gone meanwhile is gone now.
    fn stays_with_agent(&mut self, turn: &mut Turn<'_, '_>) {
        let Treatment::Talking(talk) = &mut self.treatment else { return };
        if let Some(why) = talk.left.take() {
            self.agent_lost(why, turn);
        }
    }

    /// Whether the store is being asked for it.
    pub(super) fn is_being_handed_over(&self) -> bool {
        self.promise.as_ref().is_some_and(|awaited| matches!(awaited.what, Awaiting::HandOver(_)))
    }

    fn hand_over(&mut self, handing: Handing, agent: Option<AgentKey>, turn: &mut Turn<'_, '_>) {
        let Some(mut talk) = self.take_talk() else { return };
        talk.part(turn.effects);
        if talk.left.is_none() {
            turn.effects.media(Command::HangUp { leg: talk.agent_leg(), how: crate::call::HangUp::Normal });
        }
        // The store has let the agent go already.
        self.end_of_talk(&talk, false, turn);
        let Handing { to, leg, .. } = handing;
        self.goes_on_without(&talk, turn);
        let directory = turn.world.directory;
        let ring_for = ring_for(directory, &to);
        let until = turn.at + ring_for;
        match to {
            Destination::Extension(extension) => {
                self.await_answer(talk.agent, Some(extension.clone()));
                self.play_music(None, turn);
                let to = directory.dial_extension(&extension, self.shown(directory));
                self.treatment = Treatment::Phone(Phone::ringing(extension, leg, agent, until, false));
                turn.effects.media(Command::Dial { leg, to, ring_for });
            }
            Destination::Number(number) => {
                self.await_answer(talk.agent, None);
                self.play_music(None, turn);
                let to = directory.dial_outside(&number, self.shown_outside(directory).as_ref());
                self.treatment = Treatment::Transferring(Transfer::new(Some(leg), until));
                turn.effects.media(Command::Dial { leg, to, ring_for });
            }
            Destination::Queue(queue) => {
                let priority = self.came_from.as_ref().map_or(0, |from| from.priority);
                self.enter_queue(&queue, priority, turn);
            }
            Destination::Flow(flow) => self.enter_flow(&flow, nohold_flow::Entry::Transfer, None, turn),
        }
    }

    /// The conversation, which is the treatment no more.
    pub(super) fn take_talk(&mut self) -> Option<Box<Talk>> {
        if !matches!(self.treatment, Treatment::Talking(_)) {
            return None;
        }
        let Treatment::Talking(talk) = std::mem::replace(&mut self.treatment, Treatment::Over) else { return None };
        Some(talk)
    }

    /// The customer goes on without the agent of this conversation: whoever hangs up before somebody else answers is
    /// a missed call.
    pub(super) fn goes_on_without(&mut self, talk: &Talk, turn: &Turn<'_, '_>) {
        self.told |= talk.is_recorded();
        self.account.talked = false;
        self.alone_since = turn.at;
        (self.phones, self.hops) = (0, 0);
    }

    /// Somebody else is being rung; where nobody answers, the customer comes back to the agent.
    pub(super) fn await_answer(&mut self, by: AgentKey, meant: Option<ExtensionKey>) {
        self.handed = Some(Handed { by, meant, comes_back: false });
    }

    /// Nobody has answered a customer who was handed over. Whether there was one.
    pub(super) fn comes_back(&mut self, why: Gone, turn: &mut Turn<'_, '_>) -> bool {
        let Some(handed) = self.handed.take() else { return false };
        let directory = turn.world.directory;
        let own = directory.agents.get(&handed.by).map(|profile| profile.extension.clone());
        let from_queue = self.came_from.as_ref().is_some_and(|from| directory.queue(&from.queue).is_some());
        match own.filter(|_| !handed.comes_back) {
            Some(own) => {
                self.handed = Some(Handed { comes_back: true, ..handed });
                self.play_music(None, turn);
                self.ring_phone(&own, turn);
            }
            None if from_queue => self.keep_waiting(turn),
            None => match handed.meant {
                Some(meant) => self.go_on_from(&meant, why, turn),
                None => self.leave_message(turn),
            },
        }
        true
    }

    /// Whether it is the agent who has handed the customer over that is rung.
    pub(super) fn rings_back(&self) -> bool {
        self.handed.as_ref().is_some_and(|handed| handed.comes_back)
    }
}
