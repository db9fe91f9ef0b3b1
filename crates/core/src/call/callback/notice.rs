//! What the customer is told before a conversation that is recorded.

use nohold_model::{AttemptId, LegId, PromptKey, Spoken};

use super::{Callback, Phase, Turn};
use crate::call::talk::Pair;
use crate::call::{Audio, Command};
use crate::directory::Directory;

impl Callback {
    /// What the customer hears before the conversation, where that is recorded.
    pub(super) fn notice(&self, directory: &Directory) -> Option<PromptKey> {
        self.queue(directory)?.recording_notice.clone()
    }

    pub(super) fn tell_of_recording(
        &mut self,
        attempt: AttemptId,
        leg: LegId,
        pair: Option<&Pair>,
        notice: PromptKey,
        turn: &mut Turn<'_, '_>,
    ) {
        if let Some(pair) = pair {
            pair.part(leg, turn.effects);
        }
        // The agent hears the same, and knows that the customer is there and what is going on.
        let language = turn.world.directory.language_of(&self.order.agent);
        let to_agent = Audio::Spoken { language, what: vec![Spoken::Prompt(notice.clone())] };
        self.hears.word = Some(self.play(to_agent, turn));
        let audio = Audio::Spoken { language: self.order.language, what: vec![Spoken::Prompt(notice)] };
        let notice = self.ids.next(turn.at);
        turn.effects.media(Command::Play { leg, playback: notice, audio });
        self.phase = Phase::Notice { attempt, leg, notice, heard: !self.early_holds.has(leg) };
    }

    /// A phone holds before there is a conversation, which will begin on hold then.
    pub(super) fn holds_early(&mut self, leg: LegId, hold: bool) {
        self.early_holds.note(leg, hold);
        if let Phase::Notice { leg: customer, heard, .. } = &mut self.phase {
            *heard &= !(hold && leg == *customer);
        }
    }
}
