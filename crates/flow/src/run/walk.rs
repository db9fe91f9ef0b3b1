//! From node to node: entering, leaving, falling.

use std::collections::BTreeMap;

use nohold_model::{FlowKey, Millis, Spoken, Timestamp};
use serde::{Deserialize, Serialize};

use super::number::Keying;
use super::{Action, Begin, Dial, Input, Run, Surroundings, TransferTo, Visit, Waiting};
use crate::branch::first_match;
use crate::document::Limits;
use crate::node::{Node, NodeAction, Queue, SubFlow, Transfer, TransferTarget};
use crate::{Builtin, Cause, Document, Exit, NodeId, VariableName};

/// Sub-flows within sub-flows; deeper counts as a loop.
const MOST_FRAMES: usize = 10;
/// Flows that one run can reach; further ones are not pinned and count as missing.
const MOST_FLOWS: usize = 100;
/// Visits of a whole run; beyond them it is a loop, even if every visit waited.
const MOST_VISITS: u32 = 2_000;
/// Visits that are kept for the history.
const MOST_PATH: usize = 200;
/// Causes that are kept for the history.
const MOST_CAUSES: usize = 20;
/// Keys that are kept for the next menu.
const MOST_TYPED_AHEAD: usize = 32;
/// How much longer than its own limit a transfer or recording may take before its answer counts as lost.
pub(super) const PATIENCE: Millis = Millis::seconds(30);

/// One step: what may be asked, and what is wanted so far.
pub(super) struct Turn<'a> {
    pub(super) around: &'a dyn Surroundings,
    pub(super) actions: Vec<Action>,
}

/// How it goes on.
pub(super) enum Next {
    Wait(Waiting),
    To(NodeId),
    /// By the first matching branch, else the exit `next`.
    Onward,
    Fall(Cause),
    /// The built-in fallback.
    BuiltIn,
    /// Back to the old place if there is one, else the call ends.
    End,
    HangUp,
    Over,
}

/// What an exit does that is not connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Otherwise {
    Fall(Cause),
    BuiltIn,
    /// Back to the old place if there is one, else the call ends.
    End,
    HangUp,
}

impl<'a> Turn<'a> {
    pub(super) fn new(around: &'a dyn Surroundings) -> Self {
        Turn { around, actions: Vec::new() }
    }

    pub(super) fn at(&self) -> Timestamp {
        self.around.at()
    }

    pub(super) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(super) fn play(&mut self, words: Vec<Spoken>) {
        self.act(Action::Play(words));
    }

    /// Stops the words if there are any.
    pub(super) fn hush(&mut self, speaking: &mut bool) {
        if std::mem::take(speaking) {
            self.act(Action::StopPlaying);
        }
    }

    pub(super) fn hang_up(&mut self, busy: bool) -> Next {
        self.act(Action::HangUp { busy });
        Next::Over
    }

    fn keep_waiting(&mut self) -> Option<Next> {
        self.around.may_keep_waiting().then(|| {
            self.act(Action::KeepWaiting);
            Next::Over
        })
    }
}

/// The versions of the flow and of everything that it can reach.
pub(super) fn pin(begin: &Begin, around: &dyn Surroundings) -> BTreeMap<FlowKey, u32> {
    let mut pinned = BTreeMap::from([(begin.flow.clone(), begin.version)]);
    let mut unread = vec![(begin.flow.clone(), begin.version)];
    while let Some((flow, version)) = unread.pop() {
        let Some(document) = around.document(&flow, version) else { continue };
        for (_, sub) in document.sub_flows() {
            if pinned.contains_key(sub) || pinned.len() >= MOST_FLOWS {
                continue;
            }
            if let Some(version) = around.latest(sub) {
                pinned.insert(sub.clone(), version);
                unread.push((sub.clone(), version));
            }
        }
    }
    pinned
}

impl Run {
    /// Goes on until something has to be waited for.
    pub(super) fn walk(&mut self, mut next: Next, turn: &mut Turn<'_>) {
        let mut visits = 0;
        loop {
            next = match next {
                Next::Wait(waiting) => {
                    self.waiting = waiting;
                    return;
                }
                Next::Over => {
                    self.waiting = Waiting::Over;
                    return;
                }
                Next::To(node) => {
                    visits += 1;
                    self.visits = self.visits.saturating_add(1);
                    if visits > self.limits(turn).visits || self.visits > MOST_VISITS {
                        Next::Fall(Cause::TooManyLoops)
                    } else {
                        self.enter(node, turn)
                    }
                }
                Next::Onward => self.onward(turn),
                Next::Fall(cause) => {
                    let had_fallen = self.fallen;
                    let next = self.fall(cause, turn);
                    if self.fallen && !had_fallen {
                        visits = 0;
                    }
                    next
                }
                Next::BuiltIn => self.built_in_fallback(turn),
                Next::End => turn.keep_waiting().unwrap_or(Next::HangUp),
                Next::HangUp => turn.hang_up(false),
            };
        }
    }

    /// The document and the node where the run is.
    pub(super) fn place<'a>(&self, turn: &Turn<'a>) -> Option<(&'a Document, &'a Node)> {
        let visit = self.stack.last()?;
        let document = self.document(&visit.flow, turn)?;
        Some((document, document.nodes.get(&visit.node)?))
    }

    pub(super) fn limits(&self, turn: &Turn<'_>) -> Limits {
        let document = self.stack.last().and_then(|visit| self.document(&visit.flow, turn));
        let limits = document.map(|document| document.limits.clone()).unwrap_or_default();
        Limits {
            tries: limits.tries.max(1),
            failed_inputs: limits.failed_inputs.max(1),
            visits: limits.visits.clamp(1, Limits::MOST_VISITS),
        }
    }

    fn document<'a>(&self, flow: &FlowKey, turn: &Turn<'a>) -> Option<&'a Document> {
        turn.around.document(flow, *self.pinned.get(flow)?)
    }

    /// Opens a flow at its start; none when there is no such flow or it has no start.
    pub(super) fn open(&mut self, flow: &FlowKey, turn: &Turn<'_>) -> Option<Next> {
        let start = self.document(flow, turn)?.start()?.clone();
        self.stack.push(Visit { flow: flow.clone(), node: start.clone() });
        Some(Next::To(start))
    }

    fn enter(&mut self, id: NodeId, turn: &mut Turn<'_>) -> Next {
        let Some(visit) = self.stack.last_mut() else { return Next::BuiltIn };
        let came_from = std::mem::replace(&mut visit.node, id);
        let visit = visit.clone();
        let Some((_, node)) = self.place(turn) else {
            if let Some(visit) = self.stack.last_mut() {
                visit.node = came_from;
            }
            return Next::Fall(Cause::NoTarget);
        };
        if self.path.len() < MOST_PATH {
            self.path.push(visit);
        }
        self.perform(&node.action, turn)
    }

    fn perform(&mut self, action: &NodeAction, turn: &mut Turn<'_>) -> Next {
        match action {
            NodeAction::Start(_) | NodeAction::Condition(_) => Next::Onward,
            NodeAction::Play(play) => Self::say(self.speech(&play.prompts), turn),
            NodeAction::Collect(collect) => self.collect(collect, turn),
            NodeAction::CollectNumber(collect) => {
                let words = self.words(&[Builtin::NumberAsk], turn);
                Next::Wait(Waiting::Number(Keying::ask(words, collect.tries.max(1), turn)))
            }
            NodeAction::SetVariable(set) => {
                let value = set.value.render(&self.variables);
                self.variables.insert(set.variable.clone(), value);
                Next::Onward
            }
            NodeAction::Language(set) => {
                self.variables.insert(VariableName::language(), set.language.code().to_owned());
                turn.act(Action::SetLanguage(set.language));
                Next::Onward
            }
            NodeAction::Hours(hours) => match turn.around.is_open(hours.calendar.as_ref()) {
                Some(true) => self.exit(Exit::Open, Otherwise::Fall(Cause::NoTarget), turn),
                Some(false) => self.exit(Exit::Closed, Otherwise::Fall(Cause::NoTarget), turn),
                None => self.exit(Exit::Failed, Otherwise::Fall(Cause::NothingMatched), turn),
            },
            NodeAction::SayWait(say) => Self::say(self.wait_in_words(say, turn), turn),
            NodeAction::Queue(queue) => self.queue(queue, turn),
            NodeAction::Callback(callback) => self.call_back(callback, turn),
            NodeAction::Message(_) => self.take_message(false, turn),
            NodeAction::Transfer(transfer) => self.transfer(transfer, turn),
            NodeAction::SubFlow(sub) => self.sub_flow(sub, turn),
            NodeAction::Return(_) if self.stack.len() > 1 => {
                self.stack.pop();
                Next::Onward
            }
            NodeAction::Return(_) => Next::Fall(Cause::NoTarget),
            NodeAction::HangUp(hang_up) => match self.speech(&hang_up.last_words) {
                words if words.is_empty() => turn.hang_up(hang_up.busy),
                words => {
                    turn.play(words);
                    Next::Wait(Waiting::LastWords { busy: hang_up.busy })
                }
            },
        }
    }

    fn queue(&self, queue: &Queue, turn: &mut Turn<'_>) -> Next {
        if let Some(key) = &queue.queue {
            turn.act(Action::EnterQueue { queue: key.clone(), priority: queue.priority });
            return Next::Over;
        }
        turn.keep_waiting().unwrap_or_else(|| self.exit(Exit::Failed, Otherwise::Fall(Cause::NoTarget), turn))
    }

    fn sub_flow(&mut self, sub: &SubFlow, turn: &Turn<'_>) -> Next {
        if self.stack.len() >= MOST_FRAMES {
            return Next::Fall(Cause::TooManyLoops);
        }
        let opened = self.open(&sub.flow, turn);
        opened.unwrap_or_else(|| self.exit(Exit::Failed, Otherwise::Fall(Cause::NoTarget), turn))
    }

    fn say(words: Vec<Spoken>, turn: &mut Turn<'_>) -> Next {
        if words.is_empty() {
            return Next::Onward;
        }
        turn.play(words);
        Next::Wait(Waiting::Saying)
    }

    /// The end of a node's words, or a key that cuts them short.
    pub(super) fn saying(&mut self, input: &Input, turn: &mut Turn<'_>) -> Next {
        match input {
            Input::Played => Next::Onward,
            Input::PlayFailed => self.exit(Exit::Failed, Otherwise::Fall(Cause::PromptFailed), turn),
            Input::Digit(digit) => match self.place(turn).map(|(_, node)| &node.action) {
                Some(NodeAction::Play(play)) if play.barge_in => {
                    turn.act(Action::StopPlaying);
                    if self.typed_ahead.len() < MOST_TYPED_AHEAD {
                        self.typed_ahead.push(digit.as_char());
                    }
                    Next::Onward
                }
                Some(_) | None => Next::Wait(Waiting::Saying),
            },
            Input::Tick
            | Input::Requested(_)
            | Input::Recorded { .. }
            | Input::MessageKept
            | Input::NotSaved
            | Input::TransferFailed(_) => Next::Wait(Waiting::Saying),
        }
    }

    fn transfer(&mut self, transfer: &Transfer, turn: &mut Turn<'_>) -> Next {
        let to = match &transfer.to {
            TransferTarget::Extension(extension) => TransferTo::Extension(extension.clone()),
            TransferTarget::Number(number) => {
                TransferTo::Number(Dial(number.render(&self.variables).trim().to_owned()))
            }
        };
        if to == TransferTo::Number(Dial(String::new())) {
            return self.exit(Exit::Failed, Otherwise::Fall(Cause::TransferFailed), turn);
        }
        turn.act(Action::Transfer { to, ring_ms: transfer.ring_ms });
        Next::Wait(Waiting::Transfer { give_up_at: turn.at() + transfer.ring_ms + PATIENCE })
    }

    pub(super) fn transferring(&mut self, give_up_at: Timestamp, input: &Input, turn: &Turn<'_>) -> Next {
        match input {
            Input::TransferFailed(_) => self.exit(Exit::Failed, Otherwise::Fall(Cause::TransferFailed), turn),
            Input::Tick if turn.at() >= give_up_at => {
                self.exit(Exit::Failed, Otherwise::Fall(Cause::TransferFailed), turn)
            }
            Input::Tick
            | Input::Played
            | Input::PlayFailed
            | Input::Digit(_)
            | Input::Requested(_)
            | Input::Recorded { .. }
            | Input::MessageKept
            | Input::NotSaved => Next::Wait(Waiting::Transfer { give_up_at }),
        }
    }

    /// Leaves the node by an exit with a default of its own.
    pub(super) fn exit(&self, exit: Exit, otherwise: Otherwise, turn: &Turn<'_>) -> Next {
        match (self.place(turn).and_then(|(_, node)| node.exits.get(&exit)), otherwise) {
            (Some(target), _) => Next::To(target.clone()),
            (None, Otherwise::Fall(cause)) => Next::Fall(cause),
            (None, Otherwise::BuiltIn) => Next::BuiltIn,
            (None, Otherwise::End) => Next::End,
            (None, Otherwise::HangUp) => Next::HangUp,
        }
    }

    /// Leaves the node by its branches or its exit `next`, if one of them leads on.
    pub(super) fn way_on(&self, turn: &Turn<'_>) -> Option<NodeId> {
        let (_, node) = self.place(turn)?;
        let branch = first_match(&node.branches, &self.variables).map(|branch| &branch.target);
        branch.or_else(|| node.exits.get(&Exit::Next)).cloned()
    }

    fn onward(&mut self, turn: &Turn<'_>) -> Next {
        match self.way_on(turn) {
            Some(target) => Next::To(target),
            None if self.place(turn).is_some_and(|(_, node)| !node.branches.is_empty()) => {
                Next::Fall(Cause::NothingMatched)
            }
            None => Next::Fall(Cause::NoTarget),
        }
    }

    /// The fallback: the flow's own, else the exit `failed` of the node that runs it, else its fallback, and so on;
    /// else, or the second time, the built-in one.
    fn fall(&mut self, cause: Cause, turn: &Turn<'_>) -> Next {
        if self.causes.len() < MOST_CAUSES {
            self.causes.push(cause);
        }
        self.typed_ahead.clear();
        let mut depth = self.stack.len();
        while !self.fallen && depth > 0 {
            let frame = self.stack.get(depth - 1);
            let document = frame.and_then(|frame| self.document(&frame.flow, turn));
            let own = document.and_then(|document| document.fallback.target(cause));
            if let Some(target) =
                own.filter(|target| document.is_some_and(|document| document.nodes.contains_key(*target)))
            {
                self.stack.truncate(depth);
                self.fallen = true;
                self.failed_inputs = 0;
                return Next::To(target.clone());
            }
            depth -= 1;
            if depth > 0 {
                self.stack.truncate(depth);
                if let Some(target) = self.place(turn).and_then(|(_, node)| node.exits.get(&Exit::Failed)) {
                    return Next::To(target.clone());
                }
            }
        }
        Next::BuiltIn
    }

    /// Nobody is hung up on before this: back to the old place, else a message.
    fn built_in_fallback(&mut self, turn: &mut Turn<'_>) -> Next {
        match turn.keep_waiting() {
            Some(over) => over,
            None => self.take_message(true, turn),
        }
    }
}
