//! What is said, put together.

use nohold_model::{PhoneNumber, PromptKey, Spoken};

use super::walk::Turn;
use super::{Promise, Run, WaitToSay};
use crate::Builtin;
use crate::node::{SayWait, Speech};

impl Run {
    /// What a node says, with the variables filled in.
    pub(super) fn speech(&self, speeches: &[Speech]) -> Vec<Spoken> {
        let spoken = |speech: &Speech| match speech {
            Speech::Prompt(key) => Some(Spoken::Prompt(key.clone())),
            Speech::Digits(template) => {
                Some(template.render(&self.variables)).filter(|digits| !digits.is_empty()).map(Spoken::Digits)
            }
            Speech::Number(template) => template.render(&self.variables).trim().parse().ok().map(Spoken::Number),
        };
        speeches.iter().filter_map(spoken).collect()
    }

    /// Built-in prompts in the wording of the node or the document.
    pub(super) fn words(&self, prompts: &[Builtin], turn: &Turn<'_>) -> Vec<Spoken> {
        let place = self.place(turn);
        let wordings = [place.and_then(|(_, node)| node.wording()), place.map(|(document, _)| &document.wording)];
        prompts.iter().filter_map(|prompt| prompt.spoken(wordings)).collect()
    }

    pub(super) fn wait_in_words(&self, say: &SayWait, turn: &Turn<'_>) -> Vec<Spoken> {
        let mut words = Vec::new();
        if let Some(position) = turn.around.position().filter(|_| say.position) {
            words.extend(self.words(&[Builtin::SayPosition], turn));
            words.push(Spoken::Position(position));
        }
        if let Some(wait) = turn.around.wait().filter(|_| say.wait) {
            words.extend(self.words(&[Builtin::SayWait], turn));
            words.push(wait.into());
        }
        words
    }
}

impl From<WaitToSay> for Spoken {
    fn from(wait: WaitToSay) -> Spoken {
        match wait {
            WaitToSay::Under { minutes } => Spoken::WaitUnder { minutes },
            WaitToSay::Between { from_minutes, to_minutes } => Spoken::WaitBetween { from_minutes, to_minutes },
        }
    }
}

impl From<Promise> for Spoken {
    fn from(promise: Promise) -> Spoken {
        match promise {
            Promise::Soon => Spoken::Soon,
            Promise::Within { minutes } => Spoken::SoonBy { minutes },
            Promise::Between { from_minutes, to_minutes } => Spoken::WaitBetween { from_minutes, to_minutes },
            Promise::Window { from, to, zone } => Spoken::Window { from, to, zone },
        }
    }
}

/// The last four digits of a number, by which a caller knows it without having it read out whole.
pub(super) fn last_four(number: &PhoneNumber) -> Spoken {
    Spoken::Digits(number.last_four().to_owned())
}

/// The prompt that this is, if it is one.
pub(super) fn prompt(spoken: Spoken) -> Option<PromptKey> {
    match spoken {
        Spoken::Prompt(key) => Some(key),
        Spoken::Digits(_)
        | Spoken::Number(_)
        | Spoken::Position(_)
        | Spoken::WaitUnder { .. }
        | Spoken::WaitBetween { .. }
        | Spoken::Soon
        | Spoken::SoonBy { .. }
        | Spoken::Window { .. }
        | Spoken::Tone
        | Spoken::AgentNumber(_) => None,
    }
}
