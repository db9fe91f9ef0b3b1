//! A phone that is rung by its own number. The caller hears that it rings, is answered when it is, and otherwise goes
//! on to where the phone says.

use nohold_model::{AgentKey, ExtensionKey, IdSource, LegId, Millis, Timestamp};

use super::{Awaiting, Command, Inbound, Treatment, Turn};
use crate::call::talk::{Opening, Pair, Talk};
use crate::call::{Audio, Effects, Gone, HangUp};
use crate::fact::{CallEnd, Doing, Fact};
use crate::transaction::Answer;

/// So many phones are rung for one caller, one after the other: phones may name each other in a circle.
const MOST_PHONES: u32 = 4;

/// The phone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Phone {
    extension: ExtensionKey,
    pub(super) leg: LegId,
    /// The agent whose phone it is, where this call holds the agent.
    pub(super) agent: Option<AgentKey>,
    stage: Stage,
    /// The caller has been told that it rings.
    rings: bool,
    /// The two, as soon as they hear each other: before the answer, what the phone plays is early media.
    pair: Option<Pair>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The store is asked whether it may be rung.
    Asking,
    Ringing {
        until: Timestamp,
    },
    Talking {
        since: Timestamp,
    },
}

impl Phone {
    /// A phone that is rung already; `rings` where the caller has been told so.
    pub(super) fn ringing(
        extension: ExtensionKey,
        leg: LegId,
        agent: Option<AgentKey>,
        until: Timestamp,
        rings: bool,
    ) -> Phone {
        Phone { extension, leg, agent, stage: Stage::Ringing { until }, rings, pair: None }
    }

    /// A phone that was rung by other means, and is answered.
    pub(super) fn talking(extension: ExtensionKey, leg: LegId, agent: AgentKey, pair: Pair, since: Timestamp) -> Phone {
        let (agent, pair) = (Some(agent), Some(pair));
        Phone { extension, leg, agent, stage: Stage::Talking { since }, rings: true, pair }
    }

    /// The two who talk, and since when.
    pub(super) fn conversation(&self) -> Option<(Pair, Timestamp)> {
        match self.stage {
            Stage::Talking { since } => Some((self.pair.clone()?, since)),
            Stage::Asking | Stage::Ringing { .. } => None,
        }
    }

    /// The leg, where there is one already.
    pub(super) fn dialled(&self) -> Option<LegId> {
        (self.stage != Stage::Asking).then_some(self.leg)
    }

    pub(super) fn is_talking(&self) -> bool {
        matches!(self.stage, Stage::Talking { .. })
    }

    /// When the phone has rung for long enough.
    pub(super) fn rings_until(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Ringing { until } => Some(until),
            Stage::Asking | Stage::Talking { .. } => None,
        }
    }

    /// Whether the one on this leg holds the other.
    pub(super) fn holds(&self, leg: LegId) -> bool {
        self.pair.as_ref().is_some_and(|pair| pair.holds(leg))
    }

    pub(super) fn hold(
        &mut self,
        by: LegId,
        hold: bool,
        at: Timestamp,
        ids: &mut IdSource,
        effects: &mut Effects,
    ) -> Option<bool> {
        let talking = self.is_talking();
        self.pair.as_mut().filter(|_| talking)?.hold(by, hold, at, ids, effects)
    }
}

impl Inbound {
    /// Whether it is this agent who calls, and this call holds the agent.
    pub(super) fn is_made_by(&self, agent: &AgentKey) -> bool {
        self.colleague.as_ref().is_some_and(|colleague| colleague.agent.as_ref() == Some(agent))
    }

    /// Rings a phone, once the store has agreed.
    pub(super) fn ring_phone(&mut self, extension: &ExtensionKey, turn: &mut Turn<'_, '_>) {
        self.phones += 1;
        let own = self.colleague.as_ref().is_some_and(|colleague| colleague.extension == *extension);
        if own || self.phones > MOST_PHONES {
            self.go_on_from(extension, Gone::Busy, turn);
            return;
        }
        let leg = self.ids.next(turn.at);
        let (extension, stage) = (extension.clone(), Stage::Asking);
        let fact = Fact::PhoneRung { call: self.id, extension: extension.clone(), leg };
        self.treatment = Treatment::Phone(Phone { extension, leg, agent: None, stage, rings: false, pair: None });
        self.ask(fact, Awaiting::Phone, turn);
    }

    /// The store has said whether the phone may be rung.
    pub(super) fn phone_answer(&mut self, answer: &Answer, turn: &mut Turn<'_, '_>) {
        let directory = turn.world.directory;
        let shows = self.shown(directory);
        let by_colleague = self.colleague.is_some();
        let comes_back = self.rings_back();
        let Treatment::Phone(phone) = &mut self.treatment else {
            // The end of the call frees what was taken.
            return;
        };
        let Some(agent) = rung(answer).filter(|agent| agent.is_some() || !comes_back) else {
            // Engaged; or the agent who has handed the customer over has signed out.
            self.phone_failed(Gone::Busy, turn);
            return;
        };
        let ring_for = directory.rings_for(&phone.extension, by_colleague);
        phone.agent = agent;
        phone.stage = Stage::Ringing { until: turn.at + ring_for };
        let to = directory.dial_extension(&phone.extension, shows);
        turn.effects.media(Command::Dial { leg: phone.leg, to, ring_for });
    }

    /// The phone rings: the caller's own phone makes the tone, or we do where the caller is answered already.
    pub(super) fn phone_rings(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        let Treatment::Phone(phone) = &mut self.treatment else { return };
        // Who hears the other phone already needs no tone.
        let in_vain = phone.leg != leg || phone.rings_until().is_none() || phone.pair.is_some();
        if in_vain || std::mem::replace(&mut phone.rings, true) {
            return;
        }
        if self.answered {
            self.play_on(Audio::Ringback, turn);
        } else {
            turn.effects.media(Command::Ring { leg: self.leg });
        }
    }

    /// The phone plays something before it is answered: the caller hears that.
    pub(super) fn phone_plays(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        let Treatment::Phone(phone) = &self.treatment else { return };
        if phone.leg != leg || phone.rings_until().is_none() || phone.pair.is_some() {
            return;
        }
        self.stop_playing(turn);
        let Treatment::Phone(phone) = &mut self.treatment else { return };
        phone.pair = Some(Pair::join(self.leg, leg, turn.at, &mut self.ids, turn.effects));
    }

    pub(super) fn phone_answered(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        if !matches!(&self.treatment, Treatment::Phone(phone) if phone.leg == leg && phone.rings_until().is_some()) {
            return;
        }
        self.stop_playing(turn);
        self.answer(turn);
        self.account.talks();
        let was_handed_over = self.handed.take().is_some();
        let Treatment::Phone(phone) = &mut self.treatment else { return };
        if let (true, Some(agent)) = (was_handed_over, phone.agent.clone()) {
            let opening = Opening {
                call: self.id,
                agent,
                agent_leg: leg,
                customer_leg: self.leg,
                pair: phone.pair.take(),
                entry: None,
                recorded: self.told,
            };
            let talk = Talk::begin(opening, turn.at, &mut self.ids, turn.effects);
            self.treatment = Treatment::Talking(Box::new(talk));
            self.hold_from_the_start(turn);
            return;
        }
        if phone.pair.is_none() {
            phone.pair = Some(Pair::join(self.leg, leg, turn.at, &mut self.ids, turn.effects));
        }
        phone.stage = Stage::Talking { since: turn.at };
        turn.effects.record(turn.at, Fact::PhoneAnswered { call: self.id });
        self.hold_from_the_start(turn);
    }

    /// The phone is gone: before its answer the caller goes on, after it the call is over.
    pub(super) fn phone_gone(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        let Treatment::Phone(phone) = &self.treatment else { return };
        if !phone.is_talking() {
            self.phone_failed(why, turn);
            return;
        }
        let phone = phone.clone();
        turn.effects.media(Command::HangUp { leg: self.leg, how: HangUp::Normal });
        self.there = false;
        self.end_phone(&phone, !why.broke(), turn);
        if why.broke() {
            self.cut_off(Doing::Talking, turn);
        } else {
            self.end(CallEnd::Served, turn);
        }
    }

    /// The conversation is over, or never was: its agent is free, and whoever talked long enough is served.
    pub(super) fn end_phone(&mut self, phone: &Phone, well: bool, turn: &mut Turn<'_, '_>) {
        let served_after = turn.world.directory.site.served_after;
        let Some(agent) = phone.agent.clone() else { return };
        if let (Stage::Talking { since }, Some(number), Some(service)) = (phone.stage, &self.number, &self.service)
            && well
            && turn.at.since(since) >= served_after
        {
            let (number, service) = (number.clone(), service.clone());
            turn.effects.record(turn.at, Fact::Served { call: self.id, number, service, agent: agent.clone() });
        }
        turn.effects.record(turn.at, Fact::AgentFreed { call: self.id, agent, wrap_up: Millis::ZERO });
    }

    /// Nobody will answer the phone.
    pub(super) fn phone_failed(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        let Treatment::Phone(phone) = &self.treatment else { return };
        let phone = phone.clone();
        if let Some(pair) = &phone.pair {
            pair.part(self.leg, turn.effects);
        }
        self.stop_playing(turn);
        let fact = Fact::PhoneFailed { call: self.id, extension: phone.extension.clone(), why };
        turn.effects.record(turn.at, fact);
        self.go_on_from(&phone.extension, why, turn);
    }

    /// To where the phone says for callers whom nobody answers. Where it says nothing, a caller from outside may leave a
    /// message, and a colleague hears why.
    pub(super) fn go_on_from(&mut self, extension: &ExtensionKey, why: Gone, turn: &mut Turn<'_, '_>) {
        if self.comes_back(why, turn) {
            return;
        }
        let known = turn.world.directory.extensions.get(extension).and_then(|known| known.unanswered.as_ref());
        match known {
            Some(unanswered) if self.phones <= MOST_PHONES => self.lead_to(&unanswered.target, turn),
            Some(_) | None if self.colleague.is_none() => self.leave_message(turn),
            Some(_) | None => {
                let left_at = self.left_at();
                turn.effects.media(Command::HangUp { leg: self.leg, how: why.passed_on() });
                self.there = false;
                self.end_unserved(left_at, turn);
            }
        }
    }

    pub(super) fn tick_phone(&mut self, turn: &mut Turn<'_, '_>) {
        let Treatment::Phone(phone) = &self.treatment else { return };
        if phone.rings_until().is_some_and(|until| turn.at >= until) {
            turn.effects.media(Command::HangUp { leg: phone.leg, how: HangUp::Normal });
            self.phone_failed(Gone::NoAnswer, turn);
        }
    }
}

/// The agent whose phone may be rung now, where the call holds one; nothing where it may not.
fn rung(answer: &Answer) -> Option<Option<AgentKey>> {
    let Answer::Rung { agent } = answer else { return None };
    Some(agent.clone())
}
