//! What must hold at every step of every call.

use std::collections::BTreeSet;

use nohold_core::call::{Command, Effects};
use nohold_core::fact::Fact;
use nohold_model::LegId;

/// What was seen so far of one call.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// Legs that exist no more: we have hung up, or the engine has said so.
    over: BTreeSet<LegId>,
    dialled: BTreeSet<LegId>,
    /// A promise is on its way.
    pub promised: bool,
    /// How often the call has ended.
    pub ended: u32,
    /// Wishes that were made and answered.
    pub wished: BTreeSet<u64>,
}

impl Watch {
    pub fn gone(&mut self, leg: LegId) {
        self.over.insert(leg);
    }

    pub fn is_gone(&self, leg: LegId) -> bool {
        self.over.contains(&leg)
    }

    /// Looks at what one input led to.
    pub fn look(&mut self, effects: &Effects) {
        for command in &effects.media {
            for leg in legs(command) {
                assert!(!self.over.contains(&leg), "{command:?} for a leg that is gone");
            }
            match command {
                Command::HangUp { leg, .. } => drop(self.over.insert(*leg)),
                Command::Dial { leg, .. } => assert!(self.dialled.insert(*leg), "{leg} is dialled twice"),
                _ => {}
            }
        }
        for heard in &effects.heard {
            assert!(self.wished.remove(&heard.wish), "{heard:?} to nobody's wish, or twice");
        }
        if effects.promise.is_some() {
            assert!(!self.promised, "a promise while another one is on its way");
            self.promised = true;
        }
        for record in &effects.records {
            let makes_an_entry = matches!(record.fact, Fact::Missed { .. } | Fact::CutOff { .. });
            assert!(self.ended == 0, "{:?} after the end", record.fact);
            self.ended += u32::from(matches!(record.fact, Fact::CallEnded { .. }));
            assert!(!makes_an_entry || effects.records.iter().any(|one| matches!(one.fact, Fact::CallEnded { .. })));
        }
    }
}

fn legs(command: &Command) -> Vec<LegId> {
    match command {
        Command::Ring { leg }
        | Command::Answer { leg }
        | Command::Dial { leg, .. }
        | Command::HangUp { leg, .. }
        | Command::Play { leg, .. }
        | Command::Stop { leg, .. }
        | Command::Record { leg, .. } => vec![*leg],
        Command::Bridge { a, b, .. } => vec![*a, *b],
        Command::Conference { legs, .. } => legs.clone(),
        Command::Press { leg, .. } => vec![*leg],
        Command::Discard { .. }
        | Command::Unbridge { .. }
        | Command::RecordCall { .. }
        | Command::StopRecording { .. } => Vec::new(),
    }
}
