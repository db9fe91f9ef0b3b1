//! Agents who are rung for this caller.

use nohold_model::{LegId, Spoken};

use super::{Command, Connecting, Inbound, Ringing, Treatment, Turn};
use crate::agent::{AfterOffer, OfferEnd};
use crate::call::feature::age;
use crate::call::talk::{Opening, Talk};
use crate::call::{Audio, HangUp, Shown};
use crate::directory::Directory;
use crate::fact::{Fact, LeftQueue};
use crate::routing::Offer;

impl Inbound {
    /// The store has reserved an agent: ring, if the caller is still as the offer thought.
    pub(super) fn offered(&mut self, offer: &Offer, turn: &mut Turn<'_, '_>) {
        let known =
            self.over_offers.contains(&offer.id) || self.ringing.iter().any(|ringing| ringing.offer == offer.id);
        // The offer of a transfer comes with the answer to its promise, which may still be on its way.
        if known || offer.queue.is_none() {
            return;
        }
        let fits = self.stand.as_ref().is_some_and(|stand| {
            stand.connectable && stand.stay == offer.stay && Some(&stand.queue) == offer.queue.as_ref()
        });
        if fits && turn.at < offer.ring_until {
            self.ring(offer, turn);
        } else {
            self.over_offers.insert(offer.id);
            let fact = Fact::OfferEnded { offer: offer.id, end: OfferEnd::Withdrawn, after: AfterOffer::default() };
            turn.effects.record(turn.at, fact);
        }
    }

    /// The agent's phone rings.
    pub(super) fn ring(&mut self, offer: &Offer, turn: &mut Turn<'_, '_>) {
        let directory = turn.world.directory;
        let queue = offer.queue.as_ref().and_then(|queue| directory.queue(queue));
        let after = AfterOffer {
            pause: queue.map_or_else(Default::default, |queue| directory.ringing(queue, &offer.agent).retry_pause),
            forgiving: directory.forgives(offer.queue.as_ref()),
        };
        let leg: LegId = self.ids.next(turn.at);
        self.ringing.push(Ringing {
            offer: offer.id,
            agent: offer.agent.clone(),
            leg,
            until: offer.ring_until,
            after,
            rings: false,
            answered: false,
        });
        match directory.agents.get(&offer.agent) {
            Some(profile) => turn.effects.media(Command::Dial {
                leg,
                to: directory.dial_agent(profile, self.shown(directory)),
                ring_for: offer.ring_until.since(turn.at),
            }),
            // The agent was deleted between the reservation and now.
            None => self.ring_failed(leg, OfferEnd::Unreachable, turn),
        }
    }

    /// What a phone shows of this caller.
    pub(super) fn shown(&self, directory: &Directory) -> Shown {
        if let Some(colleague) = &self.colleague {
            return directory.shown_colleague(&colleague.extension);
        }
        self.number.clone().map_or(Shown::Nothing, Shown::Number)
    }

    pub(super) fn agent_rings(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        if let Some(ringing) = self.ringing.iter_mut().find(|ringing| ringing.leg == leg && !ringing.rings) {
            ringing.rings = true;
            turn.effects.record(turn.at, Fact::OfferRinging { offer: ringing.offer });
        }
    }

    /// The phone of an agent will not be answered.
    pub(super) fn ring_failed(&mut self, leg: LegId, end: OfferEnd, turn: &mut Turn<'_, '_>) {
        let Some(index) = self.ringing.iter().position(|ringing| ringing.leg == leg) else { return };
        let ringing = self.ringing.remove(index);
        self.over_offers.insert(ringing.offer);
        turn.effects.record(turn.at, Fact::OfferEnded { offer: ringing.offer, end, after: ringing.after });
        if matches!(self.treatment, Treatment::Transferring(_)) {
            // The caller's line is silent meanwhile, so this phone was the transfer's.
            self.transfer_failed(end.into(), turn);
        }
    }

    /// Phones that have rung for their whole ring time.
    pub(super) fn tick_ringing(&mut self, turn: &mut Turn<'_, '_>) {
        let due: Vec<LegId> = self
            .ringing
            .iter()
            .filter(|ringing| turn.at >= ringing.until && !ringing.answered)
            .map(|one| one.leg)
            .collect();
        for leg in due {
            turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
            self.ring_failed(leg, OfferEnd::NoAnswer, turn);
        }
    }

    /// All phones that ring for this caller fall silent. The fact that goes with it frees the agents.
    pub(super) fn stop_ringing(&mut self, turn: &mut Turn<'_, '_>) {
        for ringing in std::mem::take(&mut self.ringing) {
            turn.effects.media(Command::HangUp { leg: ringing.leg, how: HangUp::Normal });
            self.over_offers.insert(ringing.offer);
        }
    }

    /// An agent has answered. While a promise is on its way the answer waits: what commits first wins.
    pub(super) fn agent_answered(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        if self.awaits_the_store() {
            for ringing in self.ringing.iter_mut().filter(|ringing| ringing.leg == leg) {
                ringing.answered = true;
            }
            return;
        }
        let Some(index) = self.ringing.iter().position(|ringing| ringing.leg == leg) else { return };
        let ringing = self.ringing.remove(index);
        self.over_offers.insert(ringing.offer);
        self.stop_playing(turn);
        self.keep_path();
        let accepted = Fact::OfferEnded { offer: ringing.offer, end: OfferEnd::Accepted, after: AfterOffer::default() };
        turn.effects.record(turn.at, accepted);
        self.leave_line(LeftQueue::Answered, turn);
        self.stop_ringing(turn);
        self.connect(ringing, turn);
    }

    /// A promise has failed or changed nothing: an agent who answered meanwhile gets the caller now.
    pub(super) fn take_waiting_answer(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        let answered = self.ringing.iter().find(|ringing| ringing.answered);
        let Some(leg) = answered.map(|ringing| ringing.leg) else { return false };
        self.agent_answered(leg, turn);
        true
    }

    /// The notice and the announcement to the caller and the whisper of queue and wait to the agent, then the conversation.
    fn connect(&mut self, ringing: Ringing, turn: &mut Turn<'_, '_>) {
        let directory = turn.world.directory;
        let queue = self.came_from.as_ref().and_then(|from| directory.queue(&from.queue));
        let number = directory.agents.get(&ringing.agent).map(|profile| profile.number.clone());
        // Nobody is told twice.
        let notice = queue.and_then(|queue| queue.recording_notice.clone()).filter(|_| !self.told);
        // Who holds hears nothing of it.
        let recorded = self.told || (notice.is_some() && !self.early_holds.has(self.leg));
        let announced = number.filter(|_| queue.is_some_and(|queue| queue.announce_agent));
        let said: Vec<Spoken> =
            notice.map(Spoken::Prompt).into_iter().chain(announced.map(Spoken::AgentNumber)).collect();
        let to_caller = if said.is_empty() {
            None
        } else {
            self.say(said, turn);
            self.playing
        };
        let whisper = queue.and_then(|queue| Some((queue, queue.whisper.clone()?)));
        let to_agent = whisper.map(|(queue, prompt)| {
            let playback = self.ids.next(turn.at);
            let mut what = vec![Spoken::Prompt(prompt)];
            what.extend(queue.number.clone().map(Spoken::Digits));
            what.extend(age("whisper-waited", self.alone_since, turn.at));
            // It is the agent who listens, whatever language the caller speaks.
            let audio = Audio::Spoken { language: directory.language_of(&ringing.agent), what };
            turn.effects.media(Command::Play { leg: ringing.leg, playback, audio });
            playback
        });
        let connecting = Connecting { agent: ringing.agent, agent_leg: ringing.leg, to_caller, recorded, to_agent };
        self.join_when_heard(connecting, turn);
    }

    /// Joins caller and agent once both have heard what they should hear.
    pub(super) fn join_when_heard(&mut self, connecting: Connecting, turn: &mut Turn<'_, '_>) {
        if connecting.to_caller.is_some() || connecting.to_agent.is_some() {
            self.treatment = Treatment::Connecting(connecting);
            return;
        }
        self.playing = None;
        self.account.talks();
        let opening = Opening {
            call: self.id,
            agent: connecting.agent,
            agent_leg: connecting.agent_leg,
            customer_leg: self.leg,
            pair: None,
            entry: None,
            recorded: connecting.recorded,
        };
        let talk = Talk::begin(opening, turn.at, &mut self.ids, turn.effects);
        self.treatment = Treatment::Talking(Box::new(talk));
        self.hold_from_the_start(turn);
    }
}
