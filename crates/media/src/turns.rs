//! The legs of one thread, and in which part of the 20 ms each has its turn.
//!
//! Legs that were all served in one go would be sent one long burst: whoever comes last in it has their packet early after a
//! quick tick and late after a slow one, and one thread that lost the processor for a moment is late for all of them.
//! In turns, each with a time of its own, nothing of that reaches further than a part.

use std::collections::HashMap;
use std::time::Duration;

use nohold_model::LegId;
use nohold_telephony::FRAME_MS;

use crate::leg::Leg;

/// Into how many parts the time of a tick is divided.
pub(crate) const TURNS: usize = 5;

/// The time from turn to turn.
pub(crate) const TURN: Duration = Duration::from_millis(FRAME_MS as u64 / TURNS as u64);

/// A leg's place, which names its generation: what the system tells late of a socket is not taken for the leg that has the
/// place after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    number: u32,
    generation: u32,
}

impl Place {
    /// As a number that the system can keep for us.
    pub(crate) fn to_u64(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.number)
    }

    pub(crate) fn from_u64(number: u64) -> Self {
        let low = number & u64::from(u32::MAX);
        // Both halves have 32 bits, so neither is out of range.
        Place { number: low.try_into().unwrap_or(u32::MAX), generation: (number >> 32).try_into().unwrap_or(u32::MAX) }
    }
}

#[derive(Default)]
struct Slot {
    generation: u32,
    leg: Option<Box<Leg>>,
}

/// The legs of a thread. Slot `n` has turn `n % TURNS`.
#[derive(Default)]
pub(crate) struct Turns {
    slots: Vec<Slot>,
    free: [Vec<u32>; TURNS],
    by_leg: HashMap<LegId, u32>,
}

impl Turns {
    /// How many legs there are.
    pub(crate) fn len(&self) -> usize {
        self.by_leg.len()
    }

    /// Whether nobody has this turn.
    pub(crate) fn is_idle(&self, turn: usize) -> bool {
        let slots = self.slots.len() / TURNS;
        self.free.get(turn).is_none_or(|free| free.len() == slots)
    }

    /// Takes a leg in, at the turn that has the fewest.
    pub(crate) fn add(&mut self, leg: Leg) -> Option<Place> {
        if self.free.iter().all(Vec::is_empty) {
            self.widen();
        }
        let number = self.free.iter_mut().rev().max_by_key(|free| free.len())?.pop()?;
        let slot = self.slots.get_mut(number as usize)?;
        self.by_leg.insert(leg.id, number);
        slot.leg = Some(Box::new(leg));
        Some(Place { number, generation: slot.generation })
    }

    fn widen(&mut self) {
        for free in &mut self.free {
            free.extend(u32::try_from(self.slots.len()));
            self.slots.push(Slot::default());
        }
    }

    /// Gives a leg out of its place.
    pub(crate) fn remove(&mut self, leg: LegId) -> Option<Box<Leg>> {
        let number = self.by_leg.remove(&leg)?;
        let slot = self.slots.get_mut(number as usize)?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.get_mut(number as usize % TURNS)?.push(number);
        slot.leg.take()
    }

    pub(crate) fn get_mut(&mut self, leg: LegId) -> Option<&mut Leg> {
        let number = *self.by_leg.get(&leg)?;
        self.slots.get_mut(number as usize)?.leg.as_deref_mut()
    }

    /// The leg in a place, unless another has it by now.
    pub(crate) fn at_mut(&mut self, place: Place) -> Option<&mut Leg> {
        let slot = self.slots.get_mut(place.number as usize)?;
        slot.leg.as_deref_mut().filter(|_| slot.generation == place.generation)
    }

    pub(crate) fn ids(&self) -> Vec<LegId> {
        self.by_leg.keys().copied().collect()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Leg> {
        self.slots.iter_mut().filter_map(|slot| slot.leg.as_deref_mut())
    }

    /// Those who have this turn.
    pub(crate) fn of_mut(&mut self, turn: usize) -> impl Iterator<Item = &mut Leg> {
        self.slots.iter_mut().skip(turn).step_by(TURNS).filter_map(|slot| slot.leg.as_deref_mut())
    }
}

#[cfg(test)]
mod tests;
