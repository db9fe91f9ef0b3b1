//! All legs of the engine and how they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use nohold_core::call::{Gone, LegState};
use nohold_model::{LegId, MessageId, PlaybackId};
use tokio::sync::mpsc;

use crate::leg::{Order, Orders};

/// A leg that is gone is remembered this long, for whoever has not heard of it.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The legs.
#[derive(Default)]
pub(crate) struct Legs {
    legs: BTreeMap<LegId, Leg>,
    /// Those that are gone, in the order in which they went.
    gone: std::collections::VecDeque<(Instant, LegId)>,
    /// The engine goes away.
    leaving: bool,
}

/// Why a leg was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoLeg {
    /// It is there already.
    There,
    /// The engine goes away and takes no new one.
    Leaving,
}

struct Leg {
    orders: mpsc::UnboundedSender<Order>,
    state: State,
}

/// How a leg stands.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) came_in: bool,
    pub(crate) answered: bool,
    /// Its caller hears something before the answer.
    pub(crate) early: bool,
    /// The media plane knows its far end.
    pub(crate) connected: bool,
    pub(crate) playing: Option<PlaybackId>,
    pub(crate) recording: Option<MessageId>,
    /// The far end takes keys as telephone events (RFC 4733).
    pub(crate) events: bool,
    /// The far end has sent keys by INFO.
    pub(crate) keys_by_info: bool,
    pub(crate) gone: Option<Gone>,
}

impl Legs {
    /// A leg that came in.
    pub(crate) fn add_incoming(&mut self, leg: LegId) -> Result<Orders, NoLeg> {
        self.add(leg, State { came_in: true, ..State::default() })
    }

    /// A leg that we dial.
    pub(crate) fn add_dialled(&mut self, leg: LegId) -> Result<Orders, NoLeg> {
        self.add(leg, State::default())
    }

    fn add(&mut self, leg: LegId, state: State) -> Result<Orders, NoLeg> {
        self.forget_old();
        if self.legs.contains_key(&leg) {
            return Err(NoLeg::There);
        }
        if self.leaving {
            return Err(NoLeg::Leaving);
        }
        let (sender, orders) = mpsc::unbounded_channel();
        self.legs.insert(leg, Leg { orders: sender, state });
        Ok(orders)
    }

    fn forget_old(&mut self) {
        while let Some((since, leg)) = self.gone.front().copied()
            && since.elapsed() > REMEMBERED
        {
            self.gone.pop_front();
            self.legs.remove(&leg);
        }
    }

    /// Legs that are not gone.
    pub(crate) fn count(&self) -> usize {
        self.legs.len() - self.gone.len()
    }

    /// Gives a leg an order; nothing happens where it is gone.
    pub(crate) fn order(&self, leg: LegId, order: Order) {
        if let Some(leg) = self.legs.get(&leg) {
            // A leg that has just ended listens no more.
            let _ = leg.orders.send(order);
        }
    }

    /// The engine goes away: all legs end, and no new one is added.
    pub(crate) fn leave(&mut self) {
        self.leaving = true;
        for leg in self.legs.keys() {
            self.order(*leg, Order::Leave);
        }
    }

    /// Changes how a leg stands.
    pub(crate) fn note(&mut self, leg: LegId, change: impl FnOnce(&mut State)) {
        if let Some(leg) = self.legs.get_mut(&leg) {
            change(&mut leg.state);
        }
    }

    /// Whether a leg is there and stands like that.
    pub(crate) fn is(&self, leg: LegId, question: impl FnOnce(&State) -> bool) -> bool {
        self.legs.get(&leg).is_some_and(|leg| question(&leg.state))
    }

    /// A playing is over.
    pub(crate) fn played(&mut self, leg: LegId, playback: PlaybackId) {
        self.note(leg, |state| {
            state.playing.take_if(|playing| *playing == playback);
        });
    }

    /// Whether a leg's caller is to hear something before the answer for the first time.
    pub(crate) fn begin_early(&mut self, leg: LegId) -> bool {
        let Some(Leg { state, .. }) = self.legs.get_mut(&leg) else { return false };
        let begins = state.came_in && !state.answered && !state.early && state.gone.is_none();
        state.early |= begins;
        begins
    }

    /// A leg is gone.
    pub(crate) fn gone(&mut self, leg: LegId, why: Gone) {
        if let Some(one) = self.legs.get_mut(&leg)
            && one.state.gone.is_none()
        {
            one.state.gone = Some(why);
            one.state.playing = None;
            self.gone.push_back((Instant::now(), leg));
        }
        self.forget_old();
    }

    /// How these legs stand, of those that we know.
    pub(crate) fn states(&self, legs: &BTreeSet<LegId>) -> BTreeMap<LegId, LegState> {
        let known = legs.iter().filter_map(|id| Some((*id, &self.legs.get(id)?.state)));
        known
            .map(|(id, state)| {
                let state = LegState {
                    answered: state.answered,
                    gone: state.gone,
                    playing: state.playing,
                    recording: state.recording,
                };
                (id, state)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use nohold_model::{IdSource, Timestamp};

    use super::*;

    fn leg() -> LegId {
        IdSource::new(1).next(Timestamp::EPOCH)
    }

    #[test]
    fn a_leg_that_is_gone_is_remembered_with_its_reason() {
        let mut legs = Legs::default();
        let _orders = legs.add_dialled(leg()).unwrap();
        legs.gone(leg(), Gone::Busy);
        legs.gone(leg(), Gone::Lost);
        assert_eq!(legs.count(), 0);
        assert_eq!(legs.states(&BTreeSet::from([leg()]))[&leg()].gone, Some(Gone::Busy));
        assert_eq!(legs.add_dialled(leg()).err(), Some(NoLeg::There), "a repeated dial is not a new one");
    }

    #[test]
    fn early_media_begins_once_and_never_after_the_answer() {
        let mut legs = Legs::default();
        let _orders = legs.add_incoming(leg()).unwrap();
        assert!(legs.begin_early(leg()));
        assert!(!legs.begin_early(leg()));
        let mut answered = Legs::default();
        let _orders = answered.add_incoming(leg()).unwrap();
        answered.note(leg(), |state| state.answered = true);
        assert!(!answered.begin_early(leg()));
        let mut dialled = Legs::default();
        let _orders = dialled.add_dialled(leg()).unwrap();
        assert!(!dialled.begin_early(leg()), "what we dial hears nothing of us before it answers");
    }

    #[test]
    fn only_the_playing_that_is_over_is_over() {
        let mut legs = Legs::default();
        let _orders = legs.add_incoming(leg()).unwrap();
        let (one, other) = (IdSource::new(2).next(Timestamp::EPOCH), IdSource::new(3).next(Timestamp::EPOCH));
        legs.note(leg(), |state| state.playing = Some(one));
        legs.played(leg(), other);
        assert!(legs.is(leg(), |state| state.playing == Some(one)));
        legs.played(leg(), one);
        assert!(legs.is(leg(), |state| state.playing.is_none()));
    }
}
