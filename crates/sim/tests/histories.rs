//! The simulator itself: it is deterministic, it sees what is interesting, and it catches what it should.
#![allow(clippy::expect_used)]

use nohold_sim::faults::Fault;
use nohold_sim::reach::Reach;
use nohold_sim::world::{Plan, Report, run};

const STEPS: u32 = 2_000;

fn history(seed: u64, fault: Option<Fault>) -> Report {
    run(Plan { seed, steps: STEPS, fault }).expect("the scenario is set up")
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let (one, two) = (history(5, None), history(5, None));
    assert_eq!(one.history, two.history);
    assert_eq!(one.reach, two.reach);
    assert_ne!(one.history, history(6, None).history);
}

#[test]
fn every_planted_fault_is_caught() {
    for fault in Fault::ALL {
        let mut others = std::collections::BTreeSet::new();
        let caught = (1..=80).filter_map(|seed| history(seed, Some(fault)).violation).any(|(_, violation)| {
            others.insert(violation.invariant);
            violation.invariant == fault.breaks()
        });
        assert!(caught, "{} broke {others:?} in 80 histories, not {}", fault.name(), fault.breaks());
    }
}

#[test]
fn histories_without_a_fault_hold_and_see_what_is_interesting() {
    let mut reach = Reach::default();
    for seed in 1_000..1_030 {
        let report = history(seed, None);
        assert_eq!(report.violation, None, "seed {seed}");
        reach.add(&report.reach);
    }
    // Thirty histories are few: each thing at least once.
    assert_eq!(reach.unseen(u64::from(STEPS)), [], "{reach}");
}
