//! Collect a number, say it back, have it confirmed; shared by the node of that name and by callback requests.

use nohold_model::{Digit, Millis, PhoneNumber, Spoken, Timestamp};
use serde::{Deserialize, Serialize};

use super::walk::{Next, Otherwise, Turn};
use super::{Action, Input, Keys, Run, Waiting};
use crate::node::{Node, NodeAction, key};
use crate::{Builtin, Cause, Exit};

/// Keys after which a number is complete in any case; E.164 has 15 digits, and a carrier prefix may come before.
const MOST_DIGITS: usize = 24;

/// A number being keyed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Keying {
    digits: Keys,
    /// The number that was understood and is to be confirmed.
    understood: Option<PhoneNumber>,
    speaking: bool,
    pub(super) deadline: Option<Timestamp>,
    pub(super) tries_left: u8,
}

/// How long to wait for keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) first: Millis,
    pub(super) between: Millis,
}

/// What came of an input.
pub(super) enum Keyed {
    Still(Keying),
    /// Confirmed.
    Number {
        number: PhoneNumber,
        tries_left: u8,
    },
    /// The tries are used up.
    GivenUp,
    /// The tries are used up, the last one on a number that may not be called.
    Refused,
    PromptFailed,
}

impl Keying {
    /// Asks for a number.
    pub(super) fn ask(words: Vec<Spoken>, tries_left: u8, turn: &mut Turn<'_>) -> Keying {
        turn.play(words);
        Keying { digits: Keys::default(), understood: None, speaking: true, deadline: None, tries_left }
    }
}

impl Run {
    /// The node "collect a number".
    pub(super) fn collecting_number(&mut self, state: Keying, input: &Input, turn: &mut Turn<'_>) -> Next {
        let Some((_, Node { action: NodeAction::CollectNumber(collect), .. })) = self.place(turn) else {
            return Next::BuiltIn;
        };
        let patience = Patience { first: collect.first_timeout_ms, between: collect.between_timeout_ms };
        match self.keying(state, input, patience, turn) {
            Keyed::Still(state) => Next::Wait(Waiting::Number(state)),
            Keyed::Number { number, .. } => {
                self.failed_inputs = 0;
                self.variables.insert(collect.into.clone(), number.as_str().to_owned());
                Next::Onward
            }
            Keyed::GivenUp => self.part(Builtin::NumberGivenUp, Exit::NoNumber, TOO_MANY, turn),
            Keyed::Refused => self.part(Builtin::NumberNotCalled, Exit::NoNumber, TOO_MANY, turn),
            Keyed::PromptFailed => self.exit(Exit::Failed, Otherwise::Fall(Cause::PromptFailed), turn),
        }
    }

    /// Says a last prompt of a dialogue, then leaves the node.
    pub(super) fn part(&self, words: Builtin, exit: Exit, otherwise: Otherwise, turn: &mut Turn<'_>) -> Next {
        turn.play(self.words(&[words], turn));
        Next::Wait(Waiting::Parting { exit, otherwise })
    }

    /// One input while a number is keyed in.
    pub(super) fn keying(
        &mut self,
        mut state: Keying,
        input: &Input,
        patience: Patience,
        turn: &mut Turn<'_>,
    ) -> Keyed {
        match input {
            Input::Played if state.speaking => {
                state.speaking = false;
                state.deadline = Some(turn.at() + patience.first);
                Keyed::Still(state)
            }
            Input::PlayFailed if state.speaking => Keyed::PromptFailed,
            Input::Digit(digit) => {
                turn.hush(&mut state.speaking);
                match state.understood.take() {
                    Some(number) => self.answer(state, number, *digit, turn),
                    None => self.press_number(state, *digit, patience, turn),
                }
            }
            Input::Tick if state.deadline.is_some_and(|deadline| turn.at() >= deadline) => {
                match state.understood.take() {
                    Some(number) => self.confirm_again(state, number, turn),
                    None => self.number_complete(state, turn),
                }
            }
            Input::Played
            | Input::PlayFailed
            | Input::Tick
            | Input::Requested(_)
            | Input::Recorded { .. }
            | Input::MessageKept
            | Input::NotSaved
            | Input::TransferFailed(_) => Keyed::Still(state),
        }
    }

    fn press_number(&mut self, mut state: Keying, digit: Digit, patience: Patience, turn: &mut Turn<'_>) -> Keyed {
        if digit == Digit::HASH {
            return self.number_complete(state, turn);
        }
        state.digits.push(digit);
        if state.digits.as_str().len() >= MOST_DIGITS {
            return self.number_complete(state, turn);
        }
        state.deadline = Some(turn.at() + patience.between);
        Keyed::Still(state)
    }

    fn number_complete(&mut self, state: Keying, turn: &mut Turn<'_>) -> Keyed {
        if state.digits.as_str().is_empty() {
            return self.ask_again(state, &[Builtin::NumberAsk], Keyed::GivenUp, turn);
        }
        match turn.around.check_number(state.digits.as_str()) {
            Ok(number) => self.confirm(state, number, turn),
            Err(why) => {
                turn.act(Action::NumberRefused(why));
                self.ask_again(state, &[Builtin::NumberNotCalled, Builtin::NumberAsk], Keyed::Refused, turn)
            }
        }
    }

    fn answer(&mut self, state: Keying, number: PhoneNumber, digit: Digit, turn: &mut Turn<'_>) -> Keyed {
        if digit == key('1') {
            return Keyed::Number { number, tries_left: state.tries_left.saturating_sub(1) };
        }
        if digit == key('2') {
            return self.ask_again(state, &[Builtin::NumberAsk], Keyed::GivenUp, turn);
        }
        self.confirm_again(state, number, turn)
    }

    /// Says the number back as it was keyed: the caller knows it so.
    fn confirm(&mut self, mut state: Keying, number: PhoneNumber, turn: &mut Turn<'_>) -> Keyed {
        let mut words = self.words(&[Builtin::NumberHeard], turn);
        words.push(Spoken::Digits(state.digits.as_str().to_owned()));
        words.extend(self.words(&[Builtin::NumberConfirm], turn));
        turn.play(words);
        state.understood = Some(number);
        state.speaking = true;
        state.deadline = None;
        Keyed::Still(state)
    }

    fn confirm_again(&mut self, mut state: Keying, number: PhoneNumber, turn: &mut Turn<'_>) -> Keyed {
        state.tries_left = state.tries_left.saturating_sub(1);
        if state.tries_left == 0 { Keyed::GivenUp } else { self.confirm(state, number, turn) }
    }

    fn ask_again(&mut self, state: Keying, words: &[Builtin], at_the_end: Keyed, turn: &mut Turn<'_>) -> Keyed {
        let tries_left = state.tries_left.saturating_sub(1);
        if tries_left == 0 {
            return at_the_end;
        }
        let words = self.words(words, turn);
        Keyed::Still(Keying::ask(words, tries_left, turn))
    }
}

/// What an unconnected `no_number` does.
pub(super) const TOO_MANY: Otherwise = Otherwise::Fall(Cause::TooManyLoops);
