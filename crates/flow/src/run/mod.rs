//! The interpreter: one caller's way through a flow.
//!
//! A [`Run`] is a value. [`Run::start`] and [`Run::step`] take what happened and the [`Surroundings`], and return
//! [`Action`]s. A step is total: every input in every state, what does not fit is ignored; the work of one step is
//! bounded by the limit of visits, and a run that is over stays over.

mod callback;
mod collect;
mod message;
mod number;
mod speech;
mod surroundings;
mod walk;
mod words;

use std::collections::BTreeMap;
use std::fmt;

use nohold_model::{FlowKey, Language, Timestamp};
use serde::{Deserialize, Serialize};

pub use surroundings::Surroundings;
pub use words::{
    Action, Begin, Consent, Dial, Input, Keys, NumberRefusal, Promise, RecordingEnd, RequestAnswer, TransferFailure,
    TransferTo, Visit, WaitToSay, WaitsFor,
};

use crate::{Cause, Exit, VariableName};
use callback::CallbackStep;
use collect::Collecting;
use message::MessageStep;
use number::Keying;
use walk::{Next, Otherwise, Turn};

/// A running call's state in a flow. Its `Debug` says where it is, not what the caller keyed: numbers are personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The versions of the flow and of all that it can reach, as they were when the call came in.
    pinned: BTreeMap<FlowKey, u32>,
    /// Where the run is: the main flow first, then the sub-flows that are open.
    stack: Vec<Visit>,
    variables: BTreeMap<VariableName, String>,
    waiting: Waiting,
    consent: Consent,
    /// Keys pressed during words that a key cuts short; the next menu takes them.
    typed_ahead: String,
    /// Failed inputs since the last accepted one.
    failed_inputs: u16,
    /// All visits of the run.
    visits: u32,
    /// Whether the flow's fallback was taken already: a second failure gets the built-in one.
    fallen: bool,
    causes: Vec<Cause>,
    path: Vec<Visit>,
}

/// The state of the node that the run waits in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Waiting {
    Over,
    /// Words of a node that go on by themselves.
    Saying,
    Collecting(Collecting),
    Number(Keying),
    Callback(CallbackStep),
    Message {
        /// The dialogue of the built-in fallback, which has no node.
        built_in: bool,
        step: MessageStep,
    },
    Transfer {
        /// When an answer that has not come counts as a failure.
        give_up_at: Timestamp,
    },
    /// A dialogue ends with these words, and the node is left by this exit.
    Parting {
        exit: Exit,
        otherwise: Otherwise,
    },
    /// The same for the built-in fallback: then the call ends.
    LastWords {
        busy: bool,
    },
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("pinned", &self.pinned)
            .field("stack", &self.stack)
            .field("waits_for", &self.waits_for())
            .finish_non_exhaustive()
    }
}

impl Run {
    /// Begins a run at the flow's start.
    #[must_use]
    pub fn start(begin: Begin, around: &dyn Surroundings) -> (Run, Vec<Action>) {
        let mut run = Run {
            pinned: walk::pin(&begin, around),
            stack: Vec::new(),
            variables: begin.variables,
            waiting: Waiting::Over,
            consent: Consent::default(),
            typed_ahead: String::new(),
            failed_inputs: 0,
            visits: 0,
            fallen: false,
            causes: Vec::new(),
            path: Vec::new(),
        };
        run.variables.insert(VariableName::entered_from(), begin.entered_from.as_str().to_owned());
        run.variables.insert(VariableName::language(), begin.language.code().to_owned());
        let mut turn = Turn::new(around);
        let next = run.open(&begin.flow, &turn).unwrap_or(Next::Fall(Cause::NoTarget));
        run.walk(next, &mut turn);
        (run, turn.actions)
    }

    /// Begins the built-in message dialogue, for a caller whom no flow treats; after it the call ends.
    #[must_use]
    pub fn leave_message(language: Language, around: &dyn Surroundings) -> (Run, Vec<Action>) {
        let mut run = Run {
            pinned: BTreeMap::new(),
            stack: Vec::new(),
            variables: BTreeMap::from([(VariableName::language(), language.code().to_owned())]),
            waiting: Waiting::Over,
            consent: Consent::default(),
            typed_ahead: String::new(),
            failed_inputs: 0,
            visits: 0,
            fallen: true,
            causes: Vec::new(),
            path: Vec::new(),
        };
        let mut turn = Turn::new(around);
        let next = run.take_message(true, &mut turn);
        run.walk(next, &mut turn);
        (run, turn.actions)
    }

    /// Tells the run what happened, and returns what it wants done, in this order.
    pub fn step(&mut self, input: Input, around: &dyn Surroundings) -> Vec<Action> {
        let mut turn = Turn::new(around);
        let waiting = std::mem::replace(&mut self.waiting, Waiting::Over);
        let next = match waiting {
            Waiting::Over => Next::Over,
            Waiting::Saying => self.saying(&input, &mut turn),
            Waiting::Collecting(state) => self.collecting(state, &input, &mut turn),
            Waiting::Number(state) => self.collecting_number(state, &input, &mut turn),
            Waiting::Callback(state) => self.calling_back(state, input, &mut turn),
            Waiting::Message { built_in, step } => self.taking_message(built_in, step, &input, &mut turn),
            Waiting::Transfer { give_up_at } => self.transferring(give_up_at, &input, &turn),
            Waiting::Parting { exit, otherwise } => match input {
                Input::Played | Input::PlayFailed => self.exit(exit, otherwise, &turn),
                Input::Digit(_)
                | Input::Tick
                | Input::Requested(_)
                | Input::Recorded { .. }
                | Input::MessageKept
                | Input::NotSaved
                | Input::TransferFailed(_) => Next::Wait(Waiting::Parting { exit, otherwise }),
            },
            Waiting::LastWords { busy } => match input {
                Input::Played | Input::PlayFailed => turn.hang_up(busy),
                Input::Digit(_)
                | Input::Tick
                | Input::Requested(_)
                | Input::Recorded { .. }
                | Input::MessageKept
                | Input::NotSaved
                | Input::TransferFailed(_) => Next::Wait(Waiting::LastWords { busy }),
            },
        };
        self.walk(next, &mut turn);
        turn.actions
    }

    /// When the run wants an [`Input::Tick`], if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.waiting {
            Waiting::Over | Waiting::Saying | Waiting::Parting { .. } | Waiting::LastWords { .. } => None,
            Waiting::Collecting(state) => state.deadline,
            Waiting::Number(state) => state.deadline,
            Waiting::Callback(state) => state.deadline(),
            Waiting::Message { step, .. } => step.deadline(),
            Waiting::Transfer { give_up_at } => Some(*give_up_at),
        }
    }

    /// What the run waits for.
    #[must_use]
    pub fn waits_for(&self) -> WaitsFor {
        match &self.waiting {
            Waiting::Over => WaitsFor::Nothing,
            Waiting::Saying | Waiting::Parting { .. } => WaitsFor::Menu,
            Waiting::Collecting(state) if state.digits.as_str().is_empty() => WaitsFor::Menu,
            Waiting::Collecting(_) | Waiting::Number(_) => WaitsFor::Keying,
            Waiting::Callback(state) => state.waits_for(),
            Waiting::Message { .. } => WaitsFor::Message,
            Waiting::Transfer { .. } => WaitsFor::Transfer,
            Waiting::LastWords { .. } => WaitsFor::LastWords,
        }
    }

    /// Whether the caller is keying a number or leaving a message, so that nobody may be connected.
    #[must_use]
    pub fn is_busy_with_caller(&self) -> bool {
        matches!(self.waits_for(), WaitsFor::Keying | WaitsFor::Message)
    }

    /// Whether nothing will come out of the run any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.waiting == Waiting::Over
    }

    /// The nodes that were visited, in order: the path through the menu. Of a long run, the beginning.
    #[must_use]
    pub fn path(&self) -> &[Visit] {
        &self.path
    }

    /// Where the run is, or was when it ended; none if there was no flow to begin with.
    #[must_use]
    pub fn here(&self) -> Option<&Visit> {
        self.stack.last()
    }

    /// Why the flow could not go on, each time that it could not.
    #[must_use]
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// Attached data (随路数据) as it is now.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<VariableName, String> {
        &self.variables
    }

    /// The versions that the run keeps: of the flow it began with, and of all sub-flows it can reach.
    #[must_use]
    pub fn pinned(&self) -> &BTreeMap<FlowKey, u32> {
        &self.pinned
    }
}
