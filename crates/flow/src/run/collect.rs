//! Play and collect digits (放音收号).

use nohold_model::{Digit, Timestamp};
use serde::{Deserialize, Serialize};

use super::walk::{Next, Otherwise, Turn};
use super::{Consent, Input, Keys, Run, Waiting};
use crate::node::{Collect, Node, NodeAction, Speech};
use crate::{Cause, Exit};

/// Keys that one entry may have, whatever the document says.
const MOST_DIGITS: u8 = 32;

/// A menu in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Collecting {
    pub(super) digits: Keys,
    speaking: bool,
    pub(super) deadline: Option<Timestamp>,
    tries_left: u8,
}

impl Collecting {
    /// Takes a key, and says whether the entry is complete with it.
    fn is_complete_with(&mut self, digit: Digit, collect: &Collect) -> bool {
        if collect.end_key == Some(digit) {
            return true;
        }
        self.digits.push(digit);
        self.digits.as_str().len() >= usize::from(collect.max_digits.clamp(1, MOST_DIGITS))
    }
}

impl Run {
    /// Enters the node. What was typed ahead counts as pressed now.
    pub(super) fn collect(&mut self, collect: &Collect, turn: &mut Turn<'_>) -> Next {
        let tries_left = collect.tries.unwrap_or(self.limits(turn).tries).max(1);
        let state = Collecting { digits: Keys::default(), speaking: false, deadline: None, tries_left };
        let typed = std::mem::take(&mut self.typed_ahead);
        if !collect.barge_in || typed.is_empty() {
            return self.menu(&collect.prompts, state, collect, turn);
        }
        self.press_all(state, &typed, collect, turn)
    }

    pub(super) fn collecting(&mut self, mut state: Collecting, input: &Input, turn: &mut Turn<'_>) -> Next {
        let Some((_, Node { action: NodeAction::Collect(collect), .. })) = self.place(turn) else {
            return Next::BuiltIn;
        };
        match input {
            Input::Played if state.speaking => {
                state.speaking = false;
                state.deadline = Some(turn.at() + collect.first_timeout_ms);
                Next::Wait(Waiting::Collecting(state))
            }
            Input::PlayFailed if state.speaking => self.exit(Exit::Failed, Otherwise::Fall(Cause::PromptFailed), turn),
            Input::Digit(digit) if collect.barge_in || !state.speaking => {
                turn.hush(&mut state.speaking);
                if state.is_complete_with(*digit, collect) {
                    return self.collected(state, collect, turn);
                }
                state.deadline = Some(turn.at() + collect.between_timeout_ms);
                Next::Wait(Waiting::Collecting(state))
            }
            Input::Tick if state.deadline.is_some_and(|deadline| turn.at() >= deadline) => {
                self.collected(state, collect, turn)
            }
            Input::Played
            | Input::PlayFailed
            | Input::Digit(_)
            | Input::Tick
            | Input::Requested(_)
            | Input::Recorded { .. }
            | Input::MessageKept
            | Input::NotSaved
            | Input::TransferFailed(_) => Next::Wait(Waiting::Collecting(state)),
        }
    }

    fn menu(&mut self, speeches: &[Speech], mut state: Collecting, collect: &Collect, turn: &mut Turn<'_>) -> Next {
        let words = self.speech(speeches);
        state.speaking = !words.is_empty();
        state.deadline = words.is_empty().then(|| turn.at() + collect.first_timeout_ms);
        state.digits = Keys::default();
        if state.speaking {
            turn.play(words);
        }
        Next::Wait(Waiting::Collecting(state))
    }

    fn press_all(&mut self, mut state: Collecting, typed: &str, collect: &Collect, turn: &mut Turn<'_>) -> Next {
        let mut keys = typed.chars().filter_map(|c| Digit::new(c).ok());
        while let Some(key) = keys.next() {
            if state.is_complete_with(key, collect) {
                // What is left is for the next menu, unless this entry fails.
                self.typed_ahead = keys.map(Digit::as_char).collect();
                return self.collected(state, collect, turn);
            }
        }
        state.deadline = Some(turn.at() + collect.between_timeout_ms);
        Next::Wait(Waiting::Collecting(state))
    }

    /// The entry is complete: the branches decide whether it is one that is offered.
    fn collected(&mut self, state: Collecting, collect: &Collect, turn: &mut Turn<'_>) -> Next {
        self.variables.insert(collect.into.clone(), state.digits.as_str().to_owned());
        if state.digits.as_str().is_empty() {
            return self.failed_input(Exit::NoInput, state, collect, turn);
        }
        if state.digits.as_str().len() < usize::from(collect.min_digits) {
            return self.failed_input(Exit::NoMatch, state, collect, turn);
        }
        let takes_anything = self.place(turn).is_some_and(|(_, node)| node.branches.is_empty());
        let target = self.way_on(turn);
        if target.is_none() && !takes_anything {
            return self.failed_input(Exit::NoMatch, state, collect, turn);
        }
        self.failed_inputs = 0;
        let heard = self.speech(&collect.prompts).into_iter().filter_map(super::speech::prompt);
        self.consent = Consent { heard: heard.collect(), keys: state.digits };
        target.map_or(Next::Fall(Cause::NoTarget), Next::To)
    }

    fn failed_input(&mut self, exit: Exit, mut state: Collecting, collect: &Collect, turn: &mut Turn<'_>) -> Next {
        self.typed_ahead.clear();
        self.failed_inputs = self.failed_inputs.saturating_add(1);
        if self.failed_inputs >= self.limits(turn).failed_inputs {
            return Next::Fall(Cause::TooManyLoops);
        }
        state.tries_left = state.tries_left.saturating_sub(1);
        if state.tries_left == 0 {
            return self.exit(exit, Otherwise::Fall(Cause::TooManyLoops), turn);
        }
        let words: Vec<Speech> = collect.again.iter().chain(&collect.prompts).cloned().collect();
        self.menu(&words, state, collect, turn)
    }
}
