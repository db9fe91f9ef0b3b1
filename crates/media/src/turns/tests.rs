use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use nohold_model::{IdSource, Timestamp};

use super::*;
use crate::ear::Ear;
use crate::way::Way;

/// Legs that are in no thread.
fn legs(count: usize) -> Vec<Leg> {
    let ids = &mut IdSource::new(1);
    let leg = |id| Leg::new(id, Way::None, Arc::new(Ear::new()), Arc::default(), [7; 10], Instant::now());
    (0..count).map(|_| leg(ids.next(Timestamp::EPOCH))).collect()
}

fn of_each_turn(turns: &mut Turns) -> [usize; TURNS] {
    std::array::from_fn(|turn| turns.of_mut(turn).count())
}

#[test]
fn a_tick_is_divided_without_a_rest() {
    assert_eq!(TURN * u32::try_from(TURNS).unwrap(), Duration::from_millis(20));
}

#[test]
fn legs_spread_over_the_turns_also_after_many_have_gone() {
    let mut turns = Turns::default();
    let legs = legs(1_000);
    let ids: Vec<LegId> = legs.iter().map(|leg| leg.id).collect();
    for leg in legs {
        turns.add(leg).unwrap();
    }
    assert_eq!(of_each_turn(&mut turns), [1_000 / TURNS; TURNS]);

    // Those that stay have all the same turn.
    let stays: HashSet<LegId> = turns.of_mut(1).map(|leg| leg.id).collect();
    for id in ids.iter().filter(|id| !stays.contains(id)) {
        turns.remove(*id).unwrap();
    }
    for leg in self::legs(2_000).into_iter().skip(1_000).take(stays.len()) {
        turns.add(leg).unwrap();
    }
    let most = of_each_turn(&mut turns).into_iter().enumerate().filter(|(turn, _)| *turn != 1).map(|(_, legs)| legs);
    assert_eq!(most.clone().sum::<usize>(), stays.len(), "who comes goes where nobody is");
    assert!(most.clone().max().unwrap() - most.min().unwrap() <= 1);
}

#[test]
fn a_turn_that_nobody_has_is_idle() {
    let mut turns = Turns::default();
    assert!((0..TURNS).all(|turn| turns.is_idle(turn)));
    let leg = legs(1).remove(0);
    let id = leg.id;
    turns.add(leg).unwrap();
    assert_eq!((0..TURNS).filter(|turn| !turns.is_idle(*turn)).collect::<Vec<_>>(), [0]);
    assert!(turns.remove(id).is_some());
    assert!((0..TURNS).all(|turn| turns.is_idle(turn)));
}

#[test]
fn what_is_told_late_of_a_place_is_not_taken_for_the_leg_after_it() {
    let mut turns = Turns::default();
    let mut legs = legs(2).into_iter();
    let (first, second) = (legs.next().unwrap(), legs.next().unwrap());
    let (id, next) = (first.id, second.id);
    let before = turns.add(first).unwrap();
    assert_eq!(turns.at_mut(before).map(|leg| leg.id), Some(id));
    turns.remove(id);
    let after = turns.add(second).unwrap();
    assert!(turns.at_mut(before).is_none());
    assert_eq!(turns.at_mut(after).map(|leg| leg.id), Some(next));
    assert_eq!(Place::from_u64(after.to_u64()), after);
}
