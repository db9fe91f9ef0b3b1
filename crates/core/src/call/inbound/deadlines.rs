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
        let treatment = if self.there { self.treatment_deadline(world) } else { None };
        ringing.chain(recording).chain(treatment).min()
    }

    /// When the caller is to hear something else. Nothing is due for a caller who has gone.
    fn treatment_deadline(&self, world: World<'_>) -> Option<Timestamp> {
        match &self.treatment {
            Treatment::Flow(run) => run.deadline(),
            Treatment::Music(music) => {
                let leaves = self.stand.as_ref().and_then(|stand| match world.directory.queue(&stand.queue) {
                    Some(queue) if queue.overflow.contains_key(&OverflowReason::Timeout) => {
                        Some(stand.entered + queue.longest_wait)
                    }
                    // Without an overflow for it the longest wait leads nowhere, and nobody is woken for it.
                    Some(_) => None,
                    // The queue was deleted: nobody waits there any more.
                    None => Some(stand.entered),
                });
                let announcements = [music.key_at, music.place_at].into_iter().flatten().filter(|_| !music.announcing);
                leaves.into_iter().chain(music.closes_at).chain(announcements).min()
            }
            // Before the commit nothing rings that could ring too long, and an agent's phone has an end of its own.
            Treatment::Transferring(transfer) => transfer.leg.map(|_| transfer.until),
            Treatment::Phone(phone) => phone.rings_until(),
            Treatment::Talking(talk) => Self::consult_deadline(talk),
            Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Transferred(_)
            | Treatment::Over => None,
        }
    }

    pub(super) fn tick(&mut self, turn: &mut Turn<'_, '_>) {
        self.tick_ringing(turn);
        if self.recording.is_some_and(|recording| recording.give_up_at.is_some_and(|until| turn.at >= until)) {
            // The engine has said nothing: what it may have is not a message that anybody knows of.
            self.discard(turn);
            self.end_if_gone(turn);
        }
        if !self.there {
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
            Treatment::Phone(_) => self.tick_phone(turn),
            Treatment::Talking(_) => self.tick_consult(turn),
            Treatment::Flow(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Transferred(_)
            | Treatment::Over => {}
        }
    }
}
