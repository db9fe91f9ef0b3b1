//! Being connected to another phone: an extension, or a number of the public network.

use nohold_flow::{Input as FlowInput, Run, TransferFailure, TransferTo};
use nohold_model::{ExtensionKey, LegId, Millis, PhoneNumber};

use super::phone::Phone;
use super::{Awaiting, Command, Inbound, Transfer, Treatment, Turn};
use crate::agent::OfferEnd;
use crate::call::talk::Pair;
use crate::call::{Gone, HangUp};
use crate::entry::Target;
use crate::fact::{CallEnd, Destination, Doing, Fact, LeftQueue};
use crate::transaction::Answer;

/// A transfer rings this long where nobody said how long.
const RING_FOR: Millis = Millis::seconds(25);

/// What was asked for while its commit is awaited.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    to: Destination,
    leg: LegId,
    ring_for: Millis,
    /// The caller ID that a number of the public network sees, where the service has one.
    caller_id: Option<PhoneNumber>,
}

impl Inbound {
    /// A flow transfers the caller.
    pub(super) fn transfer(&mut self, to: &TransferTo, ring_for: Millis, turn: &mut Turn<'_, '_>) {
        match to {
            TransferTo::Extension(extension) => {
                self.transfer_to_extension(extension, Some(ring_for), self.run(), turn);
            }
            TransferTo::Number(number) => match turn.world.directory.dialled_by_flow(&number.0) {
                Ok(number) => {
                    let service = self.service.clone().map(Target::WholeService);
                    let caller_id = service.and_then(|service| turn.world.directory.caller_id(&service));
                    self.ask_to_transfer(Destination::Number(number), Some(ring_for), caller_id, self.run(), turn);
                }
                Err(_) => self.step(FlowInput::TransferFailed(TransferFailure::Refused), turn),
            },
        }
    }

    fn run(&self) -> Option<Box<Run>> {
        match &self.treatment {
            Treatment::Flow(run) => Some(run.clone()),
            Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Phone(_)
            | Treatment::Over => None,
        }
    }

    /// To a phone of ours; where it is an agent's who is free, the agent is reserved like for any call. Else it rings as
    /// by its own number, but for an agent who is engaged.
    pub(super) fn transfer_to_extension(
        &mut self,
        extension: &ExtensionKey,
        ring_for: Option<Millis>,
        run: Option<Box<Run>>,
        turn: &mut Turn<'_, '_>,
    ) {
        let to = Destination::Extension(extension.clone());
        self.ask_to_transfer(to, ring_for, None, run, turn);
    }

    fn ask_to_transfer(
        &mut self,
        to: Destination,
        ring_for: Option<Millis>,
        caller_id: Option<PhoneNumber>,
        run: Option<Box<Run>>,
        turn: &mut Turn<'_, '_>,
    ) {
        let leg = self.ids.next(turn.at);
        let ring_for = ring_for.unwrap_or(RING_FOR);
        self.treatment = Treatment::Transferring(Transfer { run, ..Transfer::new(None, turn.at + ring_for) });
        let fact = Fact::Transferred { call: self.id, to: to.clone(), leg, offer: self.ids.next(turn.at), ring_for };
        self.ask(fact, Awaiting::Transfer(Box::new(Wanted { to, leg, ring_for, caller_id })), turn);
    }

    /// The store has said whether the other phone may be rung.
    pub(super) fn transfer_answer(&mut self, wanted: Wanted, answer: &Answer, turn: &mut Turn<'_, '_>) {
        if !self.there || !matches!(self.treatment, Treatment::Transferring(_)) {
            // The end of the call frees what was reserved.
            return;
        }
        match answer {
            Answer::Reserved(offer) => {
                self.play_music(None, turn);
                self.ring(offer, turn);
            }
            Answer::Done | Answer::Rung { .. } => {
                let to = match &wanted.to {
                    Destination::Extension(extension) => {
                        let directory = turn.world.directory;
                        directory.dial_extension(extension, self.shown(directory))
                    }
                    Destination::Number(number) => turn.world.directory.dial_outside(number, wanted.caller_id.as_ref()),
                    // Queues and flows are entered, not rung.
                    Destination::Queue(_) | Destination::Flow(_) => {
                        self.transfer_failed(TransferFailure::Failed, turn);
                        return;
                    }
                };
                if let Treatment::Transferring(transfer) = &mut self.treatment {
                    transfer.leg = Some(wanted.leg);
                    if let Destination::Extension(extension) = &wanted.to {
                        let profile = turn.world.directory.agent_of(extension);
                        transfer.whose = profile.map(|profile| profile.key.clone());
                    }
                    if let (Answer::Rung { agent: Some(agent) }, Destination::Extension(extension)) =
                        (answer, &wanted.to)
                    {
                        transfer.agent = Some((agent.clone(), extension.clone()));
                    }
                    transfer.until = turn.at + wanted.ring_for;
                }
                self.play_music(None, turn);
                turn.effects.media(Command::Dial { leg: wanted.leg, to, ring_for: wanted.ring_for });
            }
            Answer::Refused(_)
            | Answer::Returning
            | Answer::Requested { .. }
            | Answer::AlreadyOpen { .. }
            | Answer::LineFull(_)
            | Answer::OverLimit
            | Answer::Attempt(_)
            | Answer::Begun { .. }
            | Answer::CallBack(_)
            | Answer::DialOut(_) => self.transfer_failed(TransferFailure::Busy, turn),
        }
    }

    pub(super) fn transfer_answered(&mut self, leg: LegId, turn: &mut Turn<'_, '_>) {
        let Treatment::Transferring(transfer) = &self.treatment else { return };
        if transfer.leg != Some(leg) {
            return;
        }
        let mut transfer = Transfer { run: None, ..transfer.clone() };
        self.stop_playing(turn);
        self.leave_line(LeftQueue::Answered, turn);
        self.account.talked = true;
        self.handed = None;
        let pair = Pair::join(self.leg, leg, turn.at, &mut self.ids, turn.effects);
        if let Some((agent, extension)) = transfer.agent.take() {
            // From here on it is what a call to the agent's own number is.
            turn.effects.record(turn.at, Fact::PhoneAnswered { call: self.id });
            self.treatment = Treatment::Phone(Phone::talking(extension, leg, agent, pair, turn.at));
            self.hold_from_the_start(turn);
            return;
        }
        (transfer.pair, transfer.since) = (Some(pair), Some(turn.at));
        turn.effects.record(turn.at, Fact::TransferAnswered { call: self.id });
        self.treatment = Treatment::Transferred(transfer);
        self.hold_from_the_start(turn);
    }

    /// The other phone is gone: before the answer the flow goes on, after it the call is over.
    pub(super) fn transfer_gone(&mut self, why: Gone, turn: &mut Turn<'_, '_>) {
        match &self.treatment {
            Treatment::Transferring(_) => self.transfer_failed(failure(why), turn),
            Treatment::Transferred(transfer) => {
                turn.effects.media(Command::HangUp { leg: self.leg, how: HangUp::Normal });
                self.there = false;
                if why.broke() {
                    self.cut_off(Doing::Talking, turn);
                } else {
                    self.note_served_by(transfer, turn);
                    self.end(CallEnd::Served, turn);
                }
            }
            Treatment::Flow(_)
            | Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Phone(_)
            | Treatment::Over => {}
        }
    }

    /// An agent's phone serves whoever talks with it for long enough, also while the agent is not signed in (AT-14).
    pub(super) fn note_served_by(&self, transfer: &Transfer, turn: &mut Turn<'_, '_>) {
        if let (Some(agent), Some(since)) = (&transfer.whose, transfer.since)
            && let (Some(number), Some(service)) = (&self.number, &self.service)
            && turn.at.since(since) >= turn.world.directory.site.served_after
        {
            let (number, service, agent) = (number.clone(), service.clone(), agent.clone());
            turn.effects.record(turn.at, Fact::Served { call: self.id, number, service, agent });
        }
    }

    pub(super) fn transfer_failed(&mut self, why: TransferFailure, turn: &mut Turn<'_, '_>) {
        let Treatment::Transferring(transfer) = &mut self.treatment else { return };
        let run = transfer.run.take();
        self.stop_playing(turn);
        turn.effects.record(turn.at, Fact::TransferFailed { call: self.id });
        match run {
            Some(run) => {
                self.treatment = Treatment::Flow(run);
                self.step(FlowInput::TransferFailed(why), turn);
            }
            None if self.comes_back(Gone::NoAnswer, turn) => {}
            // An overflow or a number leads to a phone that nobody takes: a message is what is left.
            None => self.leave_message(turn),
        }
    }

    pub(super) fn tick_transfer(&mut self, turn: &mut Turn<'_, '_>) {
        let Treatment::Transferring(transfer) = &self.treatment else { return };
        if turn.at < transfer.until || self.promise.is_some() || !self.ringing.is_empty() {
            return;
        }
        if let Some(leg) = transfer.leg {
            turn.effects.media(Command::HangUp { leg, how: HangUp::Normal });
        }
        self.transfer_failed(TransferFailure::NoAnswer, turn);
    }
}

fn failure(why: Gone) -> TransferFailure {
    match why {
        Gone::Busy => TransferFailure::Busy,
        Gone::Refused => TransferFailure::Refused,
        Gone::NoAnswer | Gone::HungUp => TransferFailure::NoAnswer,
        Gone::Unreachable | Gone::Unallocated | Gone::SwitchedOff => TransferFailure::Unreachable,
        Gone::Failed | Gone::Lost | Gone::PhoneLost => TransferFailure::Failed,
    }
}

impl From<OfferEnd> for TransferFailure {
    fn from(end: OfferEnd) -> Self {
        match end {
            OfferEnd::NoAnswer => TransferFailure::NoAnswer,
            OfferEnd::Declined => TransferFailure::Refused,
            OfferEnd::Unreachable => TransferFailure::Unreachable,
            OfferEnd::Accepted | OfferEnd::Withdrawn | OfferEnd::Interrupted => TransferFailure::Failed,
        }
    }
}
