//! IVR flows (IVR 流程): the document that an administrator draws, its validator, and the interpreter that treats a
//! caller by it.
//!
//! Pure: the interpreter is a function of what happened and of what it may ask its [`Surroundings`]; it returns
//! [`Action`]s, wishes to the outside. A [`Document`] is meaning first; where its boxes sit is apart from it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`document`], [`node`], [`branch`], [`object`] | what can be drawn |
//! | [`builtin`] | the prompts of the dialogues that nobody has to draw |
//! | [`schema`] | the JSON Schema of the document |
//! | [`mod@validate`] | what is wrong with a document, where, and how to mend it |
//! | [`run`] | a running call's way through the flow |
#![cfg_attr(not(test), warn(clippy::wildcard_enum_match_arm))]

pub mod branch;
pub mod builtin;
pub mod document;
pub mod names;
pub mod node;
pub mod object;
pub mod run;
pub mod schema;
pub mod template;
pub mod validate;

pub use builtin::{Builtin, Wording};
pub use document::{Cause, Document, Entry, Kind, ParseError};
pub use names::{InvalidName, NodeId, VariableName};
pub use node::{Exit, Node, NodeAction};
pub use object::Object;
pub use run::{
    Action, Begin, Consent, Dial, Input, Keys, NumberRefusal, Promise, RecordingEnd, RequestAnswer, Run, Surroundings,
    TransferFailure, TransferTo, Visit, WaitToSay, WaitsFor,
};
pub use template::Template;
pub use validate::{Problem, ProblemCode, References, Severity, validate};
