//! A call that came in, from outside or from a colleague: what the caller hears, the place in line, the agents who are rung, the conversation.
//!
//! Three things go on side by side and are kept apart: the *treatment* (what the caller hears and may press), the
//! *stand* in a line, and the *ringing* at agents' phones. While a menu plays the caller may still stand in line and
//! an agent may already be rung.

pub(super) mod adopt;
mod consulting;
mod deadlines;
mod ending;
mod flow;
pub(crate) mod handing;
mod holding;
mod legs;
mod line;
mod offers;
mod parts;
mod patience;
mod phone;
mod promise;
mod surroundings;
mod transfer;
mod wishes;

use std::collections::BTreeSet;

use nohold_flow::{Run, Visit};
use nohold_model::{
    CallId, ExtensionKey, IdSource, Language, LegId, OfferId, PhoneNumber, PlaybackId, ServiceKey, Timestamp,
};

use super::talk::{EarlyHolds, Talk};
use super::{Audio, Command, Effects, Gone, HangUp, Input, NewCall, World};
use crate::directory::{InboundNumber, InboundTarget};
use crate::entry::Target;
use crate::fact::{Arrival, CallEnd, Fact};
use crate::routing::Class;

use adopt::CalledBack;
use handing::Handed;
use parts::{
    Account, Awaited, Awaiting, CameFrom, Colleague, Connecting, Music, Origin, Recording, Ringing, Stand, Transfer,
    Unkept,
};
use patience::Interlude;
use phone::Phone;
use promise::Next;

/// An inbound call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Inbound {
    id: CallId,
    ids: IdSource,
    leg: LegId,
    /// The caller is still on the line.
    there: bool,
    /// The caller did not hang up, but was lost through our fault.
    lost: bool,
    /// The leg is answered. Before that its caller hears the tone of the own phone, or early media.
    answered: bool,
    number: Option<PhoneNumber>,
    /// Who calls, where it is a phone of ours.
    colleague: Option<Colleague>,
    /// The inbound number that was dialled; a colleague dials an internal one.
    called: Option<PhoneNumber>,
    /// None while a colleague only rings a phone.
    service: Option<ServiceKey>,
    /// Whose customer it is, where we have called.
    whose: Option<Target>,
    /// How a call that we have placed ends, where nothing else becomes of it.
    as_placed: Option<CallEnd>,
    /// The callback that it is, for as long as its own agent has the customer.
    called_back: Option<CalledBack>,
    /// Who has handed the customer over, until somebody answers.
    handed: Option<Handed>,
    /// The customer has heard that conversations of this call are recorded.
    told: bool,
    language: Language,
    arrived: Timestamp,
    class: Class,
    after_hours: bool,
    treatment: Treatment,
    /// The place in the line of a queue, while there is one.
    stand: Option<Stand>,
    /// The queue that the caller was in last.
    came_from: Option<CameFrom>,
    stays: u32,
    /// Since when nobody has talked with the caller: since the arrival, or the end of the last conversation.
    alone_since: Timestamp,
    /// When the caller last came to stand in a line.
    stood_since: Option<Timestamp>,
    /// When the caller first came to stand in a line.
    first_stood: Option<Timestamp>,
    /// How often the caller was sent to a queue since the last real wait.
    hops: u32,
    /// How many phones were rung by their own numbers, one after the other.
    phones: u32,
    ringing: Vec<Ringing>,
    /// Offers that have ended here: a late word about them means nothing.
    over_offers: BTreeSet<OfferId>,
    playing: Option<PlaybackId>,
    /// What plays without an end, where it does: music, or the tone of another phone.
    background: Option<Audio>,
    /// A word in between, because the store takes its time.
    interlude: Option<Interlude>,
    early_holds: EarlyHolds,
    recording: Option<Recording>,
    promise: Option<Awaited>,
    /// What is asked after that.
    next_promise: Option<Next>,
    promises: u32,
    account: Account,
    /// The path through the menus.
    path: Vec<Visit>,
}

/// What the caller hears, and what keys and time do.
#[derive(Debug, Clone, PartialEq)]
enum Treatment {
    /// Nothing yet: the arrival is being committed.
    Arriving,
    /// A flow treats the caller.
    Flow(Box<Run>),
    /// Waiting with music and announcements.
    Music(Music),
    /// A last announcement; then the call ends.
    LastWords,
    /// An agent has answered; one or both hear something before they are joined.
    Connecting(Connecting),
    /// In conversation with an agent.
    Talking(Box<Talk>),
    /// Being connected to another phone.
    Transferring(Transfer),
    /// In conversation with another phone.
    Transferred(Transfer),
    /// A phone is rung by its own number, then the conversation with it.
    Phone(Phone),
    /// The call is over, or waits only for a commit.
    Over,
}

impl Inbound {
    /// A call has come in on one of our numbers.
    pub(super) fn arrive(
        new: NewCall,
        number: &InboundNumber,
        at: Timestamp,
        world: World<'_>,
        effects: &mut Effects,
    ) -> Inbound {
        let from = Origin {
            colleague: None,
            called: Some(number.number.clone()),
            service: Some(number.service.clone()),
            language: number.language.unwrap_or(world.directory.site.language),
        };
        Inbound::begin(new, from, at, world, effects)
    }

    /// A phone of ours has dialled an internal number.
    pub(super) fn from_colleague(
        new: NewCall,
        (extension, target): (ExtensionKey, InboundTarget),
        at: Timestamp,
        world: World<'_>,
        effects: &mut Effects,
    ) -> Inbound {
        let from = Origin {
            service: world.directory.service_of(&target),
            colleague: Some(Colleague { extension, target, agent: None }),
            called: None,
            language: world.directory.site.language,
        };
        Inbound::begin(NewCall { number: None, ..new }, from, at, world, effects)
    }

    fn begin(new: NewCall, from: Origin, at: Timestamp, world: World<'_>, effects: &mut Effects) -> Inbound {
        let mut call = Inbound {
            id: new.id,
            ids: IdSource::new(new.seed),
            leg: new.leg,
            there: true,
            lost: false,
            answered: false,
            number: new.number,
            colleague: from.colleague,
            called: from.called,
            service: from.service,
            whose: None,
            as_placed: None,
            called_back: None,
            handed: None,
            told: false,
            language: from.language,
            arrived: at,
            class: Class::Ordinary,
            after_hours: false,
            treatment: Treatment::Arriving,
            stand: None,
            came_from: None,
            stays: 0,
            alone_since: at,
            stood_since: None,
            first_stood: None,
            hops: 0,
            phones: 0,
            ringing: Vec::new(),
            over_offers: BTreeSet::new(),
            playing: None,
            background: None,
            interlude: None,
            early_holds: EarlyHolds::default(),
            recording: None,
            promise: None,
            next_promise: None,
            promises: 0,
            account: Account::default(),
            path: Vec::new(),
        };
        let fact = Fact::CallArrived(Arrival {
            call: call.id,
            leg: call.leg,
            number: call.number.clone(),
            called: call.called.clone(),
            service: call.service.clone(),
            colleague: call.colleague.as_ref().map(|colleague| colleague.extension.clone()),
        });
        let mut turn = Turn { at, world, effects };
        call.ask(fact, Awaiting::Arrival, &mut turn);
        call
    }

    /// The call is in the books, so it may be answered: from now on its caller is accounted for, whatever happens.
    fn take(&mut self, turn: &mut Turn<'_, '_>) {
        if !self.there {
            // The end of the call is about to account for the caller.
            return;
        }
        match self.dialled(turn) {
            Some(target) => self.lead_to(&target, turn),
            // A number that was deleted this very moment has no target any more; its caller may leave a message.
            None => self.leave_message(turn),
        }
    }

    /// Where the number that was dialled leads now.
    fn dialled(&mut self, turn: &Turn<'_, '_>) -> Option<InboundTarget> {
        if let Some(colleague) = &self.colleague {
            return Some(colleague.target.clone());
        }
        let number = turn.world.directory.numbers.get(self.called.as_ref()?)?;
        let open = self.own_calendar(number, turn).is_none_or(|open| open);
        match &number.when_closed {
            Some(closed) if !open => {
                self.after_hours = true;
                Some(closed.clone())
            }
            Some(_) | None => Some(number.target.clone()),
        }
    }

    /// Answers the caller, where that has not been done: from now on somebody of ours speaks, and the caller pays.
    fn answer(&mut self, turn: &mut Turn<'_, '_>) {
        if !std::mem::replace(&mut self.answered, true) {
            turn.effects.media(Command::Answer { leg: self.leg });
        }
    }

    /// The store cannot keep the call, so it is refused, and tried elsewhere by whoever sent it.
    fn refuse(&mut self, turn: &mut Turn<'_, '_>) {
        if std::mem::take(&mut self.there) {
            turn.effects.media(Command::HangUp { leg: self.leg, how: HangUp::Unavailable });
        }
    }

    /// Whether the number's own calendar, or else its service's, is open; nothing when there is none.
    fn own_calendar(&self, number: &InboundNumber, turn: &Turn<'_, '_>) -> Option<bool> {
        let directory = turn.world.directory;
        let service = || directory.services.get(self.service.as_ref()?)?.calendar.as_ref();
        directory.is_open(number.calendar.as_ref().or_else(service)?, turn.at)
    }

    fn lead_to(&mut self, target: &InboundTarget, turn: &mut Turn<'_, '_>) {
        if self.service.is_none() {
            self.service = turn.world.directory.service_of(target);
        }
        match target {
            InboundTarget::Flow(flow) => self.enter_flow(flow, nohold_flow::Entry::Number, None, turn),
            InboundTarget::Queue(queue) => self.enter_queue(queue, 0, turn),
            InboundTarget::Extension(extension) => self.ring_phone(extension, turn),
        }
    }

    pub(super) fn handle(&mut self, at: Timestamp, input: &Input, world: World<'_>, effects: &mut Effects) {
        let mut turn = Turn { at, world, effects };
        let turn = &mut turn;
        match input {
            Input::Tick => self.tick(turn),
            Input::Ringing(leg) => {
                self.agent_rings(*leg, turn);
                self.phone_rings(*leg, turn);
                self.consulted_rings(*leg, turn);
            }
            // In a transfer the caller hears music, not what the network plays.
            Input::EarlyMedia(leg) => {
                self.phone_plays(*leg, turn);
                self.consulted_plays(*leg, turn);
            }
            Input::Answered(leg) => self.leg_answered(*leg, turn),
            Input::Gone(leg, why) if *leg == self.leg => self.caller_gone(*why, turn),
            Input::Gone(leg, why) => self.other_leg_gone(*leg, *why, turn),
            Input::Digit(leg, digit) if *leg == self.leg && self.there => self.digit(*digit, turn),
            Input::Digit(..) => {}
            Input::Played(leg, playback) => self.played(*leg, *playback, true, turn),
            Input::PlayFailed(leg, playback) => self.played(*leg, *playback, false, turn),
            Input::Recorded { message, speech, ended, .. } => self.recorded(*message, *speech, *ended, turn),
            Input::RecordFailed { message, .. } => self.record_failed(*message, turn),
            Input::Offered(offer) => self.offered(offer, turn),
            Input::PhoneHold(leg, hold) => self.phone_holds(*leg, *hold, turn),
            // What comes of it is told as a phone that has gone.
            Input::PhoneAway(..) => {}
            Input::HangUp(agent) => self.agent_hangs_up(agent, turn),
            Input::Wish(wish) => self.wish(at, wish, world, turn.effects),
            Input::Committed { promise, answer } => self.committed(*promise, answer, turn),
            Input::StoreFailed { promise } => self.store_failed(*promise, turn),
            Input::StoreSlow { promise } => self.store_is_slow(*promise, turn),
        }
    }

    fn leg_answered(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        if self.ringing.iter().any(|ringing| ringing.leg == leg) {
            self.agent_answered(leg, turn);
        } else {
            self.phone_answered(leg, turn);
            self.transfer_answered(leg, turn);
            self.consulted_answers(leg, turn);
        }
    }

    fn other_leg_gone(&mut self, leg: LegId, why: Gone, turn: &mut Turn<'_, '_>) {
        if self.ringing.iter().any(|ringing| ringing.leg == leg) {
            self.ring_failed(leg, why.offer_end(), turn);
            return;
        }
        if self.consulted_gone(leg, why, turn) {
            return;
        }
        match &self.treatment {
            Treatment::Connecting(connecting) if connecting.agent_leg == leg => self.agent_lost(why, turn),
            Treatment::Talking(talk) if talk.agent_leg() == leg && talk.left.is_none() => self.agent_lost(why, turn),
            Treatment::Transferring(transfer) | Treatment::Transferred(transfer) if transfer.leg == Some(leg) => {
                self.transfer_gone(why, turn);
            }
            Treatment::Phone(phone) if phone.leg == leg => self.phone_gone(why, turn),
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Phone(_)
            | Treatment::Over => {}
        }
    }

    /// Whether the call is over: nobody is held, nothing awaited.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.treatment, Treatment::Over | Treatment::Arriving)
            && !self.awaits_the_store()
            && self.recording.is_none()
    }
}

/// One input's time, surroundings and effects, passed along while it is worked on.
struct Turn<'a, 'b> {
    at: Timestamp,
    world: World<'a>,
    effects: &'b mut Effects,
}
