//! Who sits at a conversation, who hears whom, and what the others hear meanwhile.
//!
//! Nothing in here says what has to be done. A change is noted, and [`Room::settle`] compares what is heard with what
//! should be: so no order of holds, consults and hang-ups leaves somebody in silence or with two sounds at once.

use nohold_model::{BridgeId, IdSource, LegId, PlaybackId, Timestamp};

use super::Pair;
use crate::call::{Audio, Command, Effects};

/// A conversation's seats: the agent's, the customer's, and of whoever is consulted.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::call) struct Room {
    agent: Seat,
    customer: Seat,
    target: Option<Seat>,
    with: With,
    joined: Option<Joined>,
}

/// Who is together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::call) enum With {
    /// The agent and the customer.
    Customer,
    /// The agent waits for whoever is being reached, the customer for the agent.
    Nobody {
        /// The phone there rings, and the agent hears the tone.
        rings: bool,
    },
    /// The agent and whoever is consulted.
    Target,
    /// All three.
    All,
}

#[derive(Debug, Clone, PartialEq)]
struct Seat {
    leg: LegId,
    /// By its own key or from the desk it has put the others on hold.
    holds: bool,
    /// In a conference it is on hold alone.
    aside: bool,
    /// Nobody is there any more.
    gone: bool,
    hears: Option<(PlaybackId, Tone)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Music,
    Ringback,
}

/// Legs that hear each other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Joined {
    bridge: BridgeId,
    legs: Vec<LegId>,
}

impl Seat {
    fn of(leg: LegId) -> Seat {
        Seat { leg, holds: false, aside: false, gone: false, hears: None }
    }

    fn takes_part(&self) -> bool {
        !self.holds && !self.aside && !self.gone
    }
}

impl Room {
    /// Agent and customer, who may hear each other already.
    pub(super) fn of(agent: LegId, customer: LegId, pair: Option<Pair>) -> Room {
        let mut room = Room {
            agent: Seat::of(agent),
            customer: Seat::of(customer),
            target: None,
            with: With::Customer,
            joined: None,
        };
        if let Some(pair) = pair {
            room.joined = (!pair.is_held()).then(|| Joined { bridge: pair.bridge, legs: vec![agent, customer] });
            for side in [pair.a, pair.b] {
                if let Some(seat) = room.seat(side.leg) {
                    seat.holds = side.holds;
                    seat.hears = side.music.map(|playback| (playback, Tone::Music));
                }
            }
        }
        room
    }

    pub(super) fn agent_leg(&self) -> LegId {
        self.agent.leg
    }

    pub(super) fn customer_leg(&self) -> LegId {
        self.customer.leg
    }

    /// The bridge that is there now.
    pub(super) fn bridge(&self) -> Option<BridgeId> {
        self.joined.as_ref().map(|joined| joined.bridge)
    }

    /// Whether agent and customer do not hear each other.
    pub(super) fn is_held(&self) -> bool {
        let both = |joined: &Joined| joined.legs.contains(&self.agent.leg) && joined.legs.contains(&self.customer.leg);
        !self.joined.as_ref().is_some_and(both)
    }

    pub(super) fn with(&self) -> With {
        self.with
    }

    /// Whom the agent's keys reach.
    pub(super) fn heard_by_agent(&self) -> Vec<LegId> {
        let legs = self.joined.iter().flat_map(|joined| joined.legs.iter().copied());
        legs.filter(|leg| *leg != self.agent.leg).collect()
    }

    /// Somebody else is there, or is being reached.
    pub(in crate::call) fn invite(&mut self, target: LegId) {
        self.target = Some(Seat::of(target));
        self.agent.holds = false;
        self.turn_to(With::Nobody { rings: false });
    }

    /// The agent turns to somebody else.
    pub(in crate::call) fn turn_to(&mut self, with: With) {
        self.with = with;
        self.customer.aside = false;
        if let Some(target) = &mut self.target {
            target.aside = false;
        }
    }

    /// Whoever was consulted is out: the agent and the customer are together again.
    pub(in crate::call) fn dismiss(&mut self) {
        self.target = None;
        self.turn_to(With::Customer);
    }

    /// The agent leaves, and whoever was consulted takes the place; nothing where there is nobody.
    pub(super) fn succeed(&mut self) {
        if let Some(target) = self.target.take() {
            self.agent = target;
        }
        self.turn_to(With::Customer);
    }

    /// In a conference one of the others is on hold alone.
    pub(in crate::call) fn set_aside(&mut self, leg: LegId, aside: bool) {
        if let Some(seat) = self.seat(leg) {
            seat.aside = aside;
        }
    }

    /// Whether a phone, or the desk for it, holds the others.
    pub(super) fn holds(&self, leg: LegId) -> bool {
        let seats = [Some(&self.agent), Some(&self.customer), self.target.as_ref()];
        seats.into_iter().flatten().any(|seat| seat.leg == leg && seat.holds)
    }

    /// A phone, or the desk for it, holds the others or takes them back.
    pub(super) fn set_holds(&mut self, leg: LegId, holds: bool) {
        if let Some(seat) = self.seat(leg) {
            seat.holds = holds;
        }
    }

    /// Nobody is on this leg any more: it is told nothing.
    pub(super) fn note_gone(&mut self, leg: LegId) {
        if let Some(seat) = self.seat(leg) {
            seat.gone = true;
            seat.hears = None;
        }
    }

    fn seat(&mut self, leg: LegId) -> Option<&mut Seat> {
        [&mut self.agent, &mut self.customer].into_iter().chain(self.target.as_mut()).find(|seat| seat.leg == leg)
    }

    /// Who should hear each other.
    fn together(&self) -> Vec<LegId> {
        let (agent, customer, target) = (Some(&self.agent), Some(&self.customer), self.target.as_ref());
        let seats = match self.with {
            With::Nobody { .. } => [None, None, None],
            With::Customer => [agent, customer, None],
            With::Target => [agent, target, None],
            With::All => [agent, customer, target],
        };
        let legs: Vec<LegId> =
            seats.into_iter().flatten().filter(|seat| seat.takes_part()).map(|seat| seat.leg).collect();
        if legs.len() < 2 { Vec::new() } else { legs }
    }

    /// What each seat should hear instead: who waits for the others hears music.
    fn tones(&self) -> [Option<Tone>; 3] {
        let together = self.together();
        let waits = |seat: &Seat| !together.contains(&seat.leg);
        let music = |waits: bool| waits.then_some(Tone::Music);
        // Who holds both others, or is held by nobody, needs no music.
        let agent_is_held = match self.with {
            With::Customer => self.customer.holds,
            With::Target => self.target.as_ref().is_some_and(|target| target.holds),
            With::All => waits(&self.agent) && !self.agent.holds,
            With::Nobody { .. } => false,
        };
        let agent = match self.with {
            With::Nobody { rings: true } => Some(Tone::Ringback),
            With::Nobody { rings: false } => None,
            With::Customer | With::Target | With::All => music(agent_is_held),
        };
        let customer = match self.with {
            With::Customer => music(self.agent.holds),
            With::Nobody { .. } | With::Target => music(true),
            With::All => music(waits(&self.customer)),
        };
        let target = match self.with {
            // It only rings there.
            With::Nobody { .. } => None,
            With::Customer => music(true),
            With::Target => music(self.agent.holds),
            With::All => music(self.target.as_ref().is_some_and(waits)),
        };
        [agent, customer, target]
    }

    /// Lets everybody hear what they should.
    pub(super) fn settle(&mut self, at: Timestamp, ids: &mut IdSource, effects: &mut Effects) {
        let wanted = self.together();
        let same = self.joined.as_ref().map_or(wanted.is_empty(), |joined| joined.legs == wanted);
        if !same && let Some(Joined { bridge, .. }) = self.joined.take() {
            effects.media(Command::Unbridge { bridge });
        }
        let tones = self.tones();
        let seats = [Some(&mut self.agent), Some(&mut self.customer), self.target.as_mut()];
        for (seat, tone) in seats.into_iter().zip(tones) {
            let Some(seat) = seat.filter(|seat| !seat.gone && seat.hears.map(|(_, tone)| tone) != tone) else {
                continue;
            };
            let leg = seat.leg;
            match (tone, seat.hears.take()) {
                (Some(tone), _) => {
                    let playback = ids.next(at);
                    let audio = match tone {
                        Tone::Music => Audio::Music(None),
                        Tone::Ringback => Audio::Ringback,
                    };
                    seat.hears = Some((playback, tone));
                    effects.media(Command::Play { leg, playback, audio });
                }
                (None, Some((playback, _))) => effects.media(Command::Stop { leg, playback }),
                (None, None) => {}
            }
        }
        if !same && !wanted.is_empty() {
            // A new bridge: to an engine the old one, repeated, would be nothing new.
            let bridge = ids.next(at);
            match *wanted.as_slice() {
                [a, b] => effects.media(Command::Bridge { bridge, a, b }),
                _ => effects.media(Command::Conference { bridge, legs: wanted.clone() }),
            }
            self.joined = Some(Joined { bridge, legs: wanted });
        }
    }

    /// All others are gone, and this leg stays on the line.
    pub(super) fn part(&mut self, stays: LegId, effects: &mut Effects) {
        if let Some(Joined { bridge, .. }) = self.joined.take() {
            effects.media(Command::Unbridge { bridge });
        }
        if let Some(seat) = self.seat(stays).filter(|seat| !seat.gone)
            && let Some((playback, _)) = seat.hears.take()
        {
            effects.media(Command::Stop { leg: stays, playback });
        }
    }

    /// The agent and the customer as two who hear each other, where the other one is no agent any more.
    pub(super) fn into_pair(self, at: Timestamp, ids: &mut IdSource) -> Pair {
        let side = |seat: &Seat| super::Side {
            leg: seat.leg,
            holds: seat.holds,
            music: seat.hears.map(|(playback, _)| playback),
        };
        let bridge = self.joined.as_ref().map_or_else(|| ids.next(at), |joined| joined.bridge);
        Pair { bridge, a: side(&self.customer), b: side(&self.agent) }
    }
}
