//! Wrap-up (话后整理): the time after a call in which an agent writes down what came of it.
//!
//! It comes in four modes, as the queue says ([`WrapUpMode`]). One that is mandatory has no end by time: it ends when the
//! note of its call is saved, or when a supervisor ends it.

use nohold_model::{CallId, Millis, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Agent, Engagement, settle};
use crate::directory::WrapUpMode;

/// While an agent types, a wrap-up does not end before this.
pub const TYPING_KEEPS: Millis = Millis::seconds(30);

/// Neither typing nor a wish puts off the end for longer than this after the wrap-up began.
pub const LONGEST_TYPING: Millis = Millis::minutes(15);

/// Of which call an agent is in wrap-up. When it ends stands in [`Agent::wrap_up`]; where it is mandatory that is only the
/// time it should take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrapUp {
    /// The call.
    pub call: CallId,
    /// Since when.
    pub began: Timestamp,
    /// It ends when the note of the call is saved, not by time.
    pub mandatory: bool,
}

/// A wrap-up that the agent may take: the queue leaves it to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MayWrapUp {
    /// The call.
    pub call: CallId,
    /// Until when it may be taken.
    pub until: Timestamp,
    /// How long it lasts then.
    pub length: Millis,
}

/// What wrap-up follows a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follows {
    /// How.
    pub mode: WrapUpMode,
    /// How long; nothing follows where it is zero.
    pub length: Millis,
}

impl Follows {
    /// None.
    pub const NOTHING: Follows = Follows { mode: WrapUpMode::None, length: Millis::ZERO };

    /// One that ends by time.
    #[must_use]
    pub const fn timed(length: Millis) -> Self {
        Follows { mode: WrapUpMode::Timed, length }
    }
}

impl Agent {
    /// Whether the agent is in a wrap-up that ends only when the note of its call is saved.
    #[must_use]
    pub fn must_write(&self) -> bool {
        self.wrap_up.is_some() && self.wrap_up_of.is_some_and(|of| of.mandatory)
    }

    /// When the wrap-up ends by time.
    #[must_use]
    pub fn wrap_up_ends(&self) -> Option<Timestamp> {
        self.wrap_up.filter(|_| !self.must_write())
    }
}

/// A call has let the agent go.
pub(super) fn follow(agent: &mut Agent, at: Timestamp, call: CallId, follows: Follows) {
    let wanted = std::mem::take(&mut agent.wants_wrap_up);
    agent.may_wrap_up = None;
    let Follows { mode, length } = follows;
    if length == Millis::ZERO {
        return;
    }
    match mode {
        WrapUpMode::None => {}
        WrapUpMode::Mandatory => begin(agent, at, call, length, true),
        // A call in between does not free an agent of what is to be written about the one before.
        WrapUpMode::Timed if !agent.must_write() => begin(agent, at, call, length, false),
        WrapUpMode::Optional if wanted && !agent.must_write() => begin(agent, at, call, length, false),
        WrapUpMode::Optional => agent.may_wrap_up = Some(MayWrapUp { call, until: at + length, length }),
        WrapUpMode::Timed => {}
    }
}

fn begin(agent: &mut Agent, at: Timestamp, call: CallId, length: Millis, mandatory: bool) {
    agent.wrap_up = Some(at + length);
    agent.wrap_up_of = Some(WrapUp { call, began: at, mandatory });
}

/// The agent wants a wrap-up: after the conversation that goes on, or after the one that has just ended.
pub(super) fn take(agent: &mut Agent, at: Timestamp) -> bool {
    match (&agent.engagement, agent.may_wrap_up) {
        (Some(Engagement::Talking { .. }), _) => {
            agent.wants_wrap_up = true;
            true
        }
        (None, Some(may)) if agent.wrap_up.is_none() && at < may.until && agent.is_signed_in() => {
            agent.may_wrap_up = None;
            begin(agent, at, may.call, may.length, false);
            true
        }
        (Some(Engagement::Offered { .. } | Engagement::Rung { .. } | Engagement::Dialling { .. }) | None, _) => false,
    }
}

/// The agent types the note of this call: the time does not run out meanwhile.
pub(super) fn typed(agent: &mut Agent, at: Timestamp, call: CallId) -> bool {
    let (Some(until), Some(of)) = (agent.wrap_up, agent.wrap_up_of) else { return false };
    if of.call != call || of.mandatory {
        return false;
    }
    let later = (at + TYPING_KEEPS).min(of.began + LONGEST_TYPING);
    agent.wrap_up = Some(until.max(later));
    later > until
}

/// The agent needs longer: the time of the queue does not end the wrap-up, only that after which nobody is waited for.
pub(super) fn stay(agent: &mut Agent, at: Timestamp) -> bool {
    let (Some(until), Some(of)) = (agent.wrap_up, agent.wrap_up_of) else { return false };
    let longest = of.began + LONGEST_TYPING;
    if of.mandatory || at >= longest || longest <= until {
        // One that is mandatory has no end by time.
        return false;
    }
    agent.wrap_up = Some(longest);
    true
}

/// The note of this call is saved.
pub(super) fn noted(agent: &mut Agent, call: CallId) -> bool {
    agent.may_wrap_up.take_if(|may| may.call == call);
    if agent.wrap_up_of.is_some_and(|of| of.call == call) { end(agent) } else { false }
}

/// The wrap-up is over, or is not wanted any more.
pub(super) fn end(agent: &mut Agent) -> bool {
    let was = agent.wrap_up.is_some() || agent.wants_wrap_up;
    agent.wrap_up = None;
    agent.wrap_up_of = None;
    agent.wants_wrap_up = false;
    settle(agent);
    was
}
