//! When a call wants to be woken, and what it does then.

use nohold_flow::Input as FlowInput;
use nohold_model::Timestamp;

use super::{Inbound, Treatment, Turn};
use crate::call::World;
use crate::directory::OverflowReason;

impl Inbound {
    /// When a tick is due next.
    pub(in crate::call) fn next_deadline(&self, world: World<'_>) -> Option<Timestamp> {
        let ringing = self.ringing.iter().filter(|ringing| !ringing.answered).map(|ringing| ringing.until);
        let recording = self.recording.and_then(|recording| recording.give_up_at);
        let treatment = match &self.treatment {
            Treatment::Flow(run) => run.deadline(),
            Treatment::Music(music) => {
                let queue = self.stand.as_ref().and_then(|stand| world.directory.queue(&stand.queue));
                // Without an overflow for it the longest wait leads nowhere, and nobody is woken for it.
                let longest = queue
                    .zip(self.stand.as_ref())
                    .filter(|(queue, _)| queue.overflow.contains_key(&OverflowReason::Timeout))
                    .map(|(queue, stand)| stand.entered + queue.longest_wait);
                let announcements = [music.key_at, music.place_at].into_iter().flatten().filter(|_| !music.announcing);
                longest.into_iter().chain(music.closes_at).chain(announcements).min()
            }
            // Before the commit nothing rings that could ring too long.
            Treatment::Transferring(transfer) => self.promise.is_none().then_some(transfer.until),
            Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferred(_)
            | Treatment::Over => None,
        };
        ringing.chain(recording).chain(treatment).min()
    }

    pub(super) fn tick(&mut self, turn: &mut Turn<'_, '_>) {
        self.tick_ringing(turn);
        if self.recording.is_some_and(|recording| recording.give_up_at.is_some_and(|until| turn.at >= until)) {
            // The engine has nothing to hand over.
            self.recording = None;
            self.end_if_gone(turn);
            return;
        }
        match &self.treatment {
            Treatment::Flow(run) if run.deadline().is_some_and(|due| turn.at >= due) => {
                self.step(FlowInput::Tick, turn);
            }
            Treatment::Music(music) => {
                let music = *music;
                self.tick_in_line(music, turn);
            }
            Treatment::Transferring(_) => self.tick_transfer(turn),
            Treatment::Flow(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferred(_)
            | Treatment::Over => {}
        }
    }
}
