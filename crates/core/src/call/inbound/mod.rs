//! A call that came in: what the caller hears, the place in line, the agents who are rung, the conversation.
//!
//! Three things go on side by side and are kept apart: the *treatment* (what the caller hears and may press), the
//! *stand* in a line, and the *ringing* at agents' phones. While a menu plays the caller may still stand in line and
//! an agent may already be rung.

mod deadlines;
mod ending;
mod flow;
mod line;
mod offers;
mod surroundings;
mod transfer;

use std::collections::{BTreeMap, BTreeSet};

use nohold_flow::{Run, Visit};
use nohold_model::{
    AgentKey, CallId, IdSource, Language, LegId, MessageId, Millis, OfferId, PhoneNumber, PlaybackId, QueueKey,
    ServiceKey, Timestamp,
};

use super::talk::Talk;
use super::{Command, Effects, Gone, HangUp, Input, LegState, NewCall, Promise, World};
use crate::agent::AfterOffer;
use crate::directory::{InboundNumber, InboundTarget};
use crate::fact::{Arrival, Dated, Doing, Fact};
use crate::routing::Class;

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
    number: Option<PhoneNumber>,
    called: PhoneNumber,
    service: ServiceKey,
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
    /// When the caller last came to stand in a line.
    stood_since: Option<Timestamp>,
    /// When the caller first came to stand in a line.
    first_stood: Option<Timestamp>,
    /// How often the caller was sent to a queue since the last real wait.
    hops: u32,
    ringing: Vec<Ringing>,
    /// Offers that have ended here: a late word about them means nothing.
    over_offers: BTreeSet<OfferId>,
    playing: Option<PlaybackId>,
    recording: Option<Recording>,
    promise: Option<Awaited>,
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
    Talking(Talk),
    /// Being connected to another phone.
    Transferring(Transfer),
    /// In conversation with another phone.
    Transferred(Transfer),
    /// The call is over, or waits only for a commit.
    Over,
}

/// When the waiting caller hears what next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Music {
    /// The queue's hours end, and it does not serve to the end.
    closes_at: Option<Timestamp>,
    /// The callback key is announced.
    key_at: Option<Timestamp>,
    /// Place and wait are announced.
    place_at: Option<Timestamp>,
    /// Something is being announced; after it the music goes on.
    announcing: bool,
}

/// A caller's stand in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stand {
    queue: QueueKey,
    stay: u32,
    priority: u8,
    entered: Timestamp,
    connectable: bool,
}

/// Where "keep waiting" leads.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CameFrom {
    queue: QueueKey,
    priority: u8,
    /// The queue would not have the caller: closed, full or without agents.
    refused: bool,
}

/// An agent's phone that rings for this caller.
#[derive(Debug, Clone, PartialEq)]
struct Ringing {
    offer: OfferId,
    agent: AgentKey,
    leg: LegId,
    until: Timestamp,
    after: AfterOffer,
    /// The phone has said that it rings.
    rings: bool,
    /// The agent has answered while a promise was on its way; what commits first wins.
    answered: bool,
}

/// An agent and a caller on the way to each other.
#[derive(Debug, Clone, PartialEq)]
struct Connecting {
    agent: AgentKey,
    agent_leg: LegId,
    /// What the caller still hears.
    to_caller: Option<PlaybackId>,
    /// What the agent still hears.
    to_agent: Option<PlaybackId>,
}

/// Another phone.
#[derive(Debug, Clone, PartialEq)]
struct Transfer {
    /// The leg, once it is dialled; an agent's phone rings as an offer.
    leg: Option<LegId>,
    until: Timestamp,
    since: Timestamp,
    /// The flow that goes on where the transfer fails.
    run: Option<Box<Run>>,
}

/// A message on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Recording {
    message: MessageId,
    speech: Millis,
    done: bool,
    /// A hang-up ended it: nobody waits to hear what became of it.
    hung_up: bool,
    /// The recording that was cut by a hang-up is given up if the engine says nothing by then.
    give_up_at: Option<Timestamp>,
}

/// A promise whose commit is awaited.
#[derive(Debug, Clone, PartialEq)]
struct Awaited {
    number: u32,
    what: Awaiting,
}

/// What hangs on the commit.
#[derive(Debug, Clone, PartialEq)]
enum Awaiting {
    /// The arrival: before it the call is not answered.
    Arrival,
    /// A callback request; the fact, in case it has to be recorded without the caller.
    Request(Box<Fact>),
    /// A message.
    Message(Box<Fact>),
    /// A transfer.
    Transfer(Box<transfer::Wanted>),
}

/// What the caller has got so far; it decides how the call is accounted for (I-9).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Account {
    talked: bool,
    requested: bool,
    message: bool,
    /// What the caller wished last and has not got.
    unkept: Option<Unkept>,
}

/// A wish that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unkept {
    /// The message was empty.
    Empty,
    /// The store could not keep the request or the message.
    NotSaved(Doing),
}

impl Inbound {
    pub(super) fn arrive(
        new: NewCall,
        number: &InboundNumber,
        at: Timestamp,
        world: World<'_>,
        effects: &mut Effects,
    ) -> Inbound {
        let mut call = Inbound {
            id: new.id,
            ids: IdSource::new(new.seed),
            leg: new.leg,
            there: true,
            lost: false,
            number: new.number,
            called: number.number.clone(),
            service: number.service.clone(),
            language: number.language.unwrap_or(world.directory.site.language),
            arrived: at,
            class: Class::Ordinary,
            after_hours: false,
            treatment: Treatment::Arriving,
            stand: None,
            came_from: None,
            stays: 0,
            stood_since: None,
            first_stood: None,
            hops: 0,
            ringing: Vec::new(),
            over_offers: BTreeSet::new(),
            playing: None,
            recording: None,
            promise: None,
            promises: 0,
            account: Account::default(),
            path: Vec::new(),
        };
        let fact = Fact::CallArrived(Arrival {
            call: call.id,
            leg: call.leg,
            number: call.number.clone(),
            called: Some(call.called.clone()),
            service: call.service.clone(),
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
        turn.effects.media(Command::Answer { leg: self.leg });
        // A number that was deleted this very moment has no target any more; its caller may leave a message.
        let Some(number) = turn.world.directory.numbers.get(&self.called) else {
            self.leave_message(turn);
            return;
        };
        let open = self.own_calendar(number, turn).is_none_or(|open| open);
        let target = match &number.when_closed {
            Some(closed) if !open => {
                self.after_hours = true;
                closed
            }
            Some(_) | None => &number.target,
        };
        self.lead_to(target, turn);
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
        let service = || directory.services.get(&self.service)?.calendar.as_ref();
        directory.is_open(number.calendar.as_ref().or_else(service)?, turn.at)
    }

    fn lead_to(&mut self, target: &InboundTarget, turn: &mut Turn<'_, '_>) {
        match target {
            InboundTarget::Flow(flow) => self.enter_flow(flow, nohold_flow::Entry::Number, None, turn),
            InboundTarget::Queue(queue) => self.enter_queue(queue, 0, turn),
            InboundTarget::Extension(extension) => self.transfer_to_extension(extension, None, None, turn),
        }
    }

    pub(super) fn handle(&mut self, at: Timestamp, input: &Input, world: World<'_>, effects: &mut Effects) {
        let mut turn = Turn { at, world, effects };
        let turn = &mut turn;
        match input {
            Input::Tick => self.tick(turn),
            Input::Ringing(leg) => self.agent_rings(*leg, turn),
            // A caller in our hands hears music meanwhile, not what the network plays.
            Input::EarlyMedia(_) => {}
            Input::Answered(leg) => self.leg_answered(*leg, turn),
            Input::Gone(leg, why) if *leg == self.leg => self.caller_gone(*why, turn),
            Input::Gone(leg, why) => self.other_leg_gone(*leg, *why, turn),
            Input::Digit(leg, digit) if *leg == self.leg && self.there => self.digit(*digit, turn),
            Input::Digit(..) => {}
            Input::Played(leg, playback) => self.played(*leg, *playback, true, turn),
            Input::PlayFailed(leg, playback) => self.played(*leg, *playback, false, turn),
            Input::Recorded { message, speech, ended, .. } => self.recorded(*message, *speech, *ended, turn),
            Input::Offered(offer) => self.offered(offer, turn),
            Input::Hold(hold) => {
                if let Treatment::Talking(talk) = &mut self.treatment {
                    talk.hold(self.id, *hold, at, &mut self.ids, turn.effects);
                }
            }
            Input::HangUp => self.agent_hangs_up(turn),
            Input::Committed { promise, answer } => self.committed(*promise, answer, turn),
            Input::StoreFailed { promise } => self.store_failed(*promise, turn),
        }
    }

    fn leg_answered(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        if self.ringing.iter().any(|ringing| ringing.leg == leg) {
            self.agent_answered(leg, turn);
        } else {
            self.transfer_answered(leg, turn);
        }
    }

    fn other_leg_gone(&mut self, leg: LegId, why: Gone, turn: &mut Turn<'_, '_>) {
        if self.ringing.iter().any(|ringing| ringing.leg == leg) {
            self.ring_failed(leg, why.offer_end(), turn);
            return;
        }
        match &self.treatment {
            Treatment::Connecting(connecting) if connecting.agent_leg == leg => self.agent_lost(why, turn),
            Treatment::Talking(talk) if talk.agent_leg == leg => self.agent_lost(why, turn),
            Treatment::Transferring(transfer) | Treatment::Transferred(transfer) if transfer.leg == Some(leg) => {
                self.transfer_gone(why, turn);
            }
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Over => {}
        }
    }

    /// Asks the store for something that must be true before the call goes on.
    fn ask(&mut self, fact: Fact, what: Awaiting, turn: &mut Turn<'_, '_>) {
        self.promises += 1;
        self.promise = Some(Awaited { number: self.promises, what });
        turn.effects.promise = Some(Promise { number: self.promises, fact: Dated { at: turn.at, fact } });
    }

    /// Whether the call is over: nobody is held, nothing awaited.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.treatment, Treatment::Over | Treatment::Arriving)
            && self.promise.is_none()
            && self.recording.is_none()
    }

    pub(super) fn waits_in(&self) -> Option<&QueueKey> {
        self.stand.as_ref().map(|stand| &stand.queue)
    }

    pub(super) fn agents(&self) -> BTreeSet<AgentKey> {
        let mut agents: BTreeSet<AgentKey> = self.ringing.iter().map(|ringing| ringing.agent.clone()).collect();
        match &self.treatment {
            Treatment::Connecting(connecting) => agents.extend([connecting.agent.clone()]),
            Treatment::Talking(talk) => agents.extend([talk.agent.clone()]),
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Over => {}
        }
        agents
    }

    pub(super) fn legs(&self) -> BTreeSet<LegId> {
        let mut legs: BTreeSet<LegId> = self.ringing.iter().map(|ringing| ringing.leg).collect();
        legs.extend(self.there.then_some(self.leg));
        legs.extend(self.agent_leg());
        match &self.treatment {
            Treatment::Transferring(transfer) | Treatment::Transferred(transfer) => legs.extend(transfer.leg),
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Over => {}
        }
        legs
    }

    /// What must have happened unheard.
    pub(super) fn reconcile(&self, legs: &BTreeMap<LegId, LegState>) -> Vec<Input> {
        let mut inputs = Vec::new();
        for leg in self.legs() {
            match legs.get(&leg) {
                None => inputs.push(Input::Gone(leg, Gone::Lost)),
                Some(LegState { gone: Some(why), .. }) => inputs.push(Input::Gone(leg, *why)),
                Some(state) if state.answered && leg != self.leg && !self.has_answered(leg) => {
                    inputs.push(Input::Answered(leg));
                }
                Some(_) => {}
            }
        }
        if let (Some(playback), Some(state)) = (self.playing, legs.get(&self.leg))
            && state.playing != Some(playback)
        {
            inputs.push(Input::Played(self.leg, playback));
        }
        if let Treatment::Connecting(Connecting { agent_leg, to_agent: Some(playback), .. }) = &self.treatment
            && legs.get(agent_leg).is_some_and(|state| state.playing != Some(*playback))
        {
            inputs.push(Input::Played(*agent_leg, *playback));
        }
        inputs
    }

    fn has_answered(&self, leg: LegId) -> bool {
        let transferred = matches!(&self.treatment, Treatment::Transferred(transfer) if transfer.leg == Some(leg));
        let ringing = self.ringing.iter().any(|ringing| ringing.leg == leg && ringing.answered);
        transferred || ringing || self.agent_leg() == Some(leg)
    }

    fn agent_leg(&self) -> Option<LegId> {
        match &self.treatment {
            Treatment::Connecting(connecting) => Some(connecting.agent_leg),
            Treatment::Talking(talk) => Some(talk.agent_leg),
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Over => None,
        }
    }
}

/// One input's time, surroundings and effects, passed along while it is worked on.
struct Turn<'a, 'b> {
    at: Timestamp,
    world: World<'a>,
    effects: &'b mut Effects,
}
