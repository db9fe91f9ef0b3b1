//! The callback request (要求回呼): number, request, thanks.

use nohold_model::{Digit, Millis, PhoneNumber, Timestamp};
use serde::{Deserialize, Serialize};

use super::number::{Keyed, Keying, Patience, TOO_MANY};
use super::speech::last_four;
use super::walk::{Next, Otherwise, Turn};
use super::{Action, Consent, Input, Promise, RequestAnswer, Run, Waiting, WaitsFor};
use crate::node::{Callback, Node, NodeAction, key, number_between_timeout, number_first_timeout};
use crate::{Builtin, Cause, Exit};

/// How long to wait for a key after an offer.
const OFFER_TIME: Millis = Millis::seconds(5);

/// Where the dialogue is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallbackStep {
    /// The caller's own number is to be agreed to.
    Confirming(Offer),
    Keying(Keying),
    /// The request is with the store.
    Requesting {
        number: PhoneNumber,
        another_matter: bool,
        tries_left: u8,
    },
    /// A request is open already; another matter is offered.
    AlreadyOpen(Offer),
    /// The caller hears the end of it; then the call ends.
    Farewell,
}

/// One question with a key for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offer {
    number: PhoneNumber,
    speaking: bool,
    deadline: Option<Timestamp>,
    tries_left: u8,
}

impl CallbackStep {
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self {
            CallbackStep::Confirming(offer) | CallbackStep::AlreadyOpen(offer) => offer.deadline,
            CallbackStep::Keying(keying) => keying.deadline,
            CallbackStep::Requesting { .. } | CallbackStep::Farewell => None,
        }
    }

    pub(super) fn waits_for(&self) -> WaitsFor {
        match self {
            CallbackStep::Confirming(_) | CallbackStep::Keying(_) => WaitsFor::Keying,
            CallbackStep::Requesting { .. } => WaitsFor::Request,
            CallbackStep::AlreadyOpen(_) | CallbackStep::Farewell => WaitsFor::Farewell,
        }
    }
}

impl Offer {
    fn new(number: PhoneNumber, tries_left: u8) -> Offer {
        Offer { number, speaking: true, deadline: None, tries_left }
    }

    fn is_due(&self, turn: &Turn<'_>) -> bool {
        self.deadline.is_some_and(|deadline| turn.at() >= deadline)
    }

    fn said(mut self, turn: &Turn<'_>) -> Offer {
        self.speaking = false;
        self.deadline = Some(turn.at() + OFFER_TIME);
        self
    }
}

impl Run {
    /// Enters the node.
    pub(super) fn call_back(&mut self, callback: &Callback, turn: &mut Turn<'_>) -> Next {
        if callback.object.is_queue() && !turn.around.came_from_queue() {
            return self.exit(Exit::Failed, Otherwise::Fall(Cause::NoTarget), turn);
        }
        let tries = callback.tries.max(1);
        let given = callback.number.as_ref().and_then(|name| self.variables.get(name)).filter(|text| !text.is_empty());
        if let Some(number) = given.cloned() {
            // What a collected number holds is in its one form already; what came from elsewhere is read like keys.
            return match number.parse().or_else(|_| turn.around.check_number(&number)) {
                Ok(number) => self.request(callback, number, false, tries, turn),
                Err(why) => {
                    turn.act(Action::NumberRefused(why));
                    self.ask_number(&[Builtin::NumberNotCalled, Builtin::NumberAsk], tries, turn)
                }
            };
        }
        match turn.around.caller_number() {
            Some(Ok(number)) if callback.confirm_number => self.confirm_own_number(Offer::new(number, tries), turn),
            Some(Ok(number)) => self.request(callback, number, false, tries, turn),
            Some(Err(why)) => {
                turn.act(Action::NumberRefused(why));
                self.ask_number(&[Builtin::NumberNotCalled, Builtin::NumberAsk], tries, turn)
            }
            None => self.ask_number(&[Builtin::NumberAsk], tries, turn),
        }
    }

    pub(super) fn calling_back(&mut self, step: CallbackStep, input: Input, turn: &mut Turn<'_>) -> Next {
        let Some((_, Node { action: NodeAction::Callback(callback), .. })) = self.place(turn) else {
            return Next::BuiltIn;
        };
        match step {
            CallbackStep::Confirming(offer) => self.confirming(callback, offer, &input, turn),
            CallbackStep::Keying(state) => self.keying_callback(callback, state, &input, turn),
            CallbackStep::Requesting { number, another_matter, tries_left } => match input {
                Input::Requested(answer) => self.answered(answer, number, another_matter, tries_left, turn),
                Input::NotSaved => self.part(Builtin::CallbackNotNoted, Exit::Failed, Otherwise::BuiltIn, turn),
                Input::Played
                | Input::PlayFailed
                | Input::Digit(_)
                | Input::Tick
                | Input::Recorded { .. }
                | Input::MessageKept
                | Input::TransferFailed(_) => wait(CallbackStep::Requesting { number, another_matter, tries_left }),
            },
            CallbackStep::AlreadyOpen(offer) => self.already_open(callback, offer, &input, turn),
            CallbackStep::Farewell => match input {
                Input::Played | Input::PlayFailed => turn.hang_up(false),
                Input::Digit(_)
                | Input::Tick
                | Input::Requested(_)
                | Input::Recorded { .. }
                | Input::MessageKept
                | Input::NotSaved
                | Input::TransferFailed(_) => wait(CallbackStep::Farewell),
            },
        }
    }

    fn request(
        &mut self,
        callback: &Callback,
        number: PhoneNumber,
        another_matter: bool,
        tries_left: u8,
        turn: &mut Turn<'_>,
    ) -> Next {
        turn.act(Action::Request {
            object: callback.object.clone(),
            number: number.clone(),
            another_matter,
            consent: self.consent.clone(),
        });
        wait(CallbackStep::Requesting { number, another_matter, tries_left })
    }

    fn answered(
        &mut self,
        answer: RequestAnswer,
        number: PhoneNumber,
        another_matter: bool,
        tries_left: u8,
        turn: &mut Turn<'_>,
    ) -> Next {
        match answer {
            RequestAnswer::Made { promise } => {
                let mut words = self.words(&[Builtin::CallbackThanks], turn);
                words.extend([last_four(&number), promise.into()]);
                words.extend(self.words(&[Builtin::CallbackHangUpNow], turn));
                turn.play(words);
                wait(CallbackStep::Farewell)
            }
            RequestAnswer::AlreadyOpen { promise } if another_matter => {
                self.say_open(promise, Builtin::CallbackHangUpNow, turn);
                wait(CallbackStep::Farewell)
            }
            RequestAnswer::AlreadyOpen { promise } => {
                self.say_open(promise, Builtin::CallbackAnotherMatter, turn);
                wait(CallbackStep::AlreadyOpen(Offer::new(number, tries_left)))
            }
            RequestAnswer::Refused(_) if tries_left == 0 => {
                self.part(Builtin::NumberNotCalled, Exit::Refused, NOWHERE, turn)
            }
            RequestAnswer::Refused(_) => {
                self.ask_number(&[Builtin::NumberNotCalled, Builtin::NumberAsk], tries_left, turn)
            }
        }
    }

    fn say_open(&self, promise: Promise, then: Builtin, turn: &mut Turn<'_>) {
        let mut words = self.words(&[Builtin::CallbackAlreadyOpen], turn);
        words.push(promise.into());
        words.extend(self.words(&[then], turn));
        turn.play(words);
    }

    fn already_open(&mut self, callback: &Callback, mut offer: Offer, input: &Input, turn: &mut Turn<'_>) -> Next {
        match input {
            Input::Played | Input::PlayFailed if offer.speaking => wait(CallbackStep::AlreadyOpen(offer.said(turn))),
            Input::Digit(digit) if *digit == callback.another_matter_key => {
                turn.hush(&mut offer.speaking);
                self.agreed(Builtin::CallbackAnotherMatter, *digit, turn);
                self.request(callback, offer.number, true, offer.tries_left, turn)
            }
            Input::Tick if offer.is_due(turn) => {
                turn.play(self.words(&[Builtin::CallbackHangUpNow], turn));
                wait(CallbackStep::Farewell)
            }
            Input::Played
            | Input::PlayFailed
            | Input::Digit(_)
            | Input::Tick
            | Input::Requested(_)
            | Input::Recorded { .. }
            | Input::MessageKept
            | Input::NotSaved
            | Input::TransferFailed(_) => wait(CallbackStep::AlreadyOpen(offer)),
        }
    }

    fn confirm_own_number(&mut self, mut offer: Offer, turn: &mut Turn<'_>) -> Next {
        let mut words = self.words(&[Builtin::CallbackConfirm], turn);
        words.push(last_four(&offer.number));
        words.extend(self.words(&[Builtin::CallbackConfirmKeys], turn));
        turn.play(words);
        offer.speaking = true;
        offer.deadline = None;
        wait(CallbackStep::Confirming(offer))
    }

    fn confirming(&mut self, callback: &Callback, mut offer: Offer, input: &Input, turn: &mut Turn<'_>) -> Next {
        match input {
            Input::Played if offer.speaking => wait(CallbackStep::Confirming(offer.said(turn))),
            Input::PlayFailed if offer.speaking => self.exit(Exit::Failed, Otherwise::Fall(Cause::PromptFailed), turn),
            Input::Digit(digit) => {
                turn.hush(&mut offer.speaking);
                if *digit == key('1') {
                    self.agreed(Builtin::CallbackConfirmKeys, *digit, turn);
                    self.request(callback, offer.number, false, callback.tries.max(1), turn)
                } else if *digit == callback.other_number_key {
                    self.ask_number(&[Builtin::NumberAsk], callback.tries.max(1), turn)
                } else {
                    self.confirm_own_number_again(offer, turn)
                }
            }
            Input::Tick if offer.is_due(turn) => self.confirm_own_number_again(offer, turn),
            Input::Played
            | Input::PlayFailed
            | Input::Tick
            | Input::Requested(_)
            | Input::Recorded { .. }
            | Input::MessageKept
            | Input::NotSaved
            | Input::TransferFailed(_) => wait(CallbackStep::Confirming(offer)),
        }
    }

    fn confirm_own_number_again(&mut self, mut offer: Offer, turn: &mut Turn<'_>) -> Next {
        offer.tries_left = offer.tries_left.saturating_sub(1);
        if offer.tries_left == 0 {
            return self.part(Builtin::NumberGivenUp, Exit::NoNumber, TOO_MANY, turn);
        }
        self.confirm_own_number(offer, turn)
    }

    fn ask_number(&mut self, words: &[Builtin], tries: u8, turn: &mut Turn<'_>) -> Next {
        let words = self.words(words, turn);
        wait(CallbackStep::Keying(Keying::ask(words, tries, turn)))
    }

    fn keying_callback(&mut self, callback: &Callback, state: Keying, input: &Input, turn: &mut Turn<'_>) -> Next {
        let patience = Patience { first: number_first_timeout(), between: number_between_timeout() };
        match self.keying(state, input, patience, turn) {
            Keyed::Still(state) => wait(CallbackStep::Keying(state)),
            Keyed::Number { number, tries_left } => {
                self.agreed(Builtin::NumberConfirm, key('1'), turn);
                self.request(callback, number, false, tries_left, turn)
            }
            Keyed::GivenUp => self.part(Builtin::NumberGivenUp, Exit::NoNumber, TOO_MANY, turn),
            Keyed::Refused => self.part(Builtin::NumberNotCalled, Exit::Refused, NOWHERE, turn),
            Keyed::PromptFailed => self.exit(Exit::Failed, Otherwise::Fall(Cause::PromptFailed), turn),
        }
    }

    /// A confirmation inside the dialogue is part of the consent, after the menu that led here.
    fn agreed(&mut self, heard: Builtin, pressed: Digit, turn: &Turn<'_>) {
        let prompts = self.words(&[heard], turn).into_iter().filter_map(super::speech::prompt);
        let mut consent: Consent = std::mem::take(&mut self.consent);
        consent.heard.extend(prompts);
        consent.keys.push(pressed);
        self.consent = consent;
    }
}

fn wait(step: CallbackStep) -> Next {
    Next::Wait(Waiting::Callback(step))
}

/// What an unconnected `refused` does.
const NOWHERE: Otherwise = Otherwise::Fall(Cause::NoTarget);
