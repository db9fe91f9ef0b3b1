//! What the store is asked before the call goes on, and what it answers: one thing at a time.

use nohold_flow::{Input as FlowInput, NumberRefusal, Promise as Told, RequestAnswer, TransferFailure};

use super::{Awaited, Awaiting, Inbound, Turn, Unkept};
use crate::call::{Gone, Promise, outlook};
use crate::directory::Forbidden;
use crate::entry::Window;
use crate::fact::{Dated, Doing, Fact};
use crate::routing::Class;
use crate::transaction::{Answer, Refusal};

/// What is asked as soon as the store has answered what is on its way: an agent's wish was, and the agent was lost meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Next {
    fact: Box<Fact>,
    what: Awaiting,
}

impl Inbound {
    /// Asks the store for something that must be true before the call goes on.
    pub(super) fn ask(&mut self, fact: Fact, what: Awaiting, turn: &mut Turn<'_, '_>) {
        if self.promise.is_some() {
            self.next_promise = Some(Next { fact: Box::new(fact), what });
            return;
        }
        self.promises += 1;
        self.promise = Some(Awaited { number: self.promises, what });
        turn.effects.promise = Some(Promise { number: self.promises, fact: Dated { at: turn.at, fact } });
    }

    fn ask_next(&mut self, turn: &mut Turn<'_, '_>) {
        if self.promise.is_none()
            && let Some(Next { fact, what }) = self.next_promise.take()
        {
            self.ask(*fact, what, turn);
        }
    }

    /// Whether the store has something to answer.
    pub(super) fn awaits_the_store(&self) -> bool {
        self.promise.is_some() || self.next_promise.is_some()
    }

    fn awaited(&self) -> impl Iterator<Item = &Awaiting> {
        let now = self.promise.iter().map(|awaited| &awaited.what);
        now.chain(self.next_promise.iter().map(|next| &next.what))
    }

    /// A hang-up right after the key keeps the request: its commit decides how the call ends.
    pub(super) fn is_promised_something(&self) -> bool {
        self.awaited().any(|what| match what {
            Awaiting::Arrival | Awaiting::Request(_) | Awaiting::Message(_) => true,
            Awaiting::Transfer(_) | Awaiting::Phone | Awaiting::HandOver(_) | Awaiting::Consult { .. } => false,
        })
    }

    pub(super) fn committed(&mut self, number: u32, answer: &Answer, turn: &mut Turn<'_, '_>) {
        if let Answer::LineFull(queue) = answer {
            self.line_is_full(queue, turn);
            return;
        }
        let Some(awaited) = self.promise.take_if(|awaited| awaited.number == number) else { return };
        match awaited.what {
            Awaiting::Arrival if *answer == Answer::Done => self.take(turn),
            Awaiting::Arrival if *answer == Answer::Returning => {
                self.class = Class::Returning;
                self.take(turn);
            }
            Awaiting::Arrival => {
                let (Some(colleague), Answer::Begun { agent }) = (&mut self.colleague, answer) else {
                    self.refuse(turn);
                    return;
                };
                colleague.agent.clone_from(agent);
                self.take(turn);
            }
            Awaiting::Phone => self.phone_answer(answer, turn),
            Awaiting::Request(_) => self.request_answer(answer, turn),
            Awaiting::Message(_) => {
                self.account.message = true;
                self.recording = None;
                self.tell_flow(FlowInput::MessageKept, turn);
            }
            Awaiting::Transfer(wanted) => self.transfer_answer(*wanted, answer, turn),
            Awaiting::HandOver(handing) => self.hand_over_answer(*handing, answer, turn),
            Awaiting::Consult { wish } => self.consult_answer(wish, answer, turn),
        }
        self.ask_next(turn);
        self.end_if_gone(turn);
    }

    fn request_answer(&mut self, answer: &Answer, turn: &mut Turn<'_, '_>) {
        let answer = match answer {
            Answer::Requested { promise, .. } => {
                // The commit has taken the caller out of the line and freed whoever was being rung.
                self.stand = None;
                self.stop_ringing(turn);
                self.account.requested = true;
                FlowInput::Requested(RequestAnswer::Made { promise: told(*promise, turn) })
            }
            Answer::AlreadyOpen { promise, .. } => {
                self.account.requested = true;
                FlowInput::Requested(RequestAnswer::AlreadyOpen { promise: told(*promise, turn) })
            }
            Answer::OverLimit => self.request_refused(NumberRefusal::OverLimit, turn),
            Answer::Refused(Refusal::Dial(Forbidden::Number(why))) => self.request_refused(why.class(), turn),
            Answer::Refused(Refusal::Dial(Forbidden::Hour(_))) => self.request_refused(NumberRefusal::NotAllowed, turn),
            Answer::Done
            | Answer::Returning
            | Answer::LineFull(_)
            | Answer::Attempt(_)
            | Answer::Reserved(_)
            | Answer::Begun { .. }
            | Answer::Rung { .. }
            | Answer::CallBack(_)
            | Answer::DialOut(_)
            | Answer::Refused(_) => FlowInput::NotSaved,
        };
        if !self.take_waiting_answer(turn) {
            self.tell_flow(answer, turn);
        }
    }

    fn request_refused(&self, why: NumberRefusal, turn: &mut Turn<'_, '_>) -> FlowInput {
        self.number_refused(why, turn);
        FlowInput::Requested(RequestAnswer::Refused(why))
    }

    pub(super) fn store_failed(&mut self, number: u32, turn: &mut Turn<'_, '_>) {
        let Some(awaited) = self.promise.take_if(|awaited| awaited.number == number) else { return };
        match awaited.what {
            Awaiting::Arrival => {
                self.refuse(turn);
                return;
            }
            Awaiting::Request(fact) if !self.there => {
                // Nobody waits for an answer any more, so the wish is recorded as soon as the store is back.
                self.account.requested = true;
                turn.effects.record(turn.at, *fact);
            }
            Awaiting::Message(fact) if !self.there || self.recording.is_some_and(|recording| recording.hung_up) => {
                self.account.message = true;
                self.recording = None;
                turn.effects.record(turn.at, *fact);
            }
            Awaiting::Request(_) if self.take_waiting_answer(turn) => {}
            Awaiting::Request(_) => {
                self.account.unkept = Some(Unkept::NotSaved(Doing::InFlow));
                self.tell_flow(FlowInput::NotSaved, turn);
            }
            Awaiting::Message(_) => {
                self.account.unkept = Some(Unkept::NotSaved(Doing::LeavingMessage));
                self.discard(turn);
                self.tell_flow(FlowInput::NotSaved, turn);
            }
            Awaiting::Transfer(_) => self.transfer_failed(TransferFailure::Failed, turn),
            Awaiting::Phone => self.phone_failed(Gone::Failed, turn),
            Awaiting::HandOver(handing) => self.hand_over_failed(&handing, turn),
            Awaiting::Consult { wish } => self.consult_not_saved(wish, turn),
        }
        self.ask_next(turn);
        self.end_if_gone(turn);
    }

    /// Tells the flow, where somebody still listens to what it says.
    fn tell_flow(&mut self, input: FlowInput, turn: &mut Turn<'_, '_>) {
        if self.there {
            self.step(input, turn);
        }
    }
}

/// A window as the flow tells it.
fn told(window: Window, turn: &Turn<'_, '_>) -> Told {
    outlook::told(window, turn.at, turn.world)
}
