//! What state an agent is in: a total function from state and input to the next state.
//!
//! An agent is held by at most one thing at a time (I-1); that is the shape of [`Agent::engagement`], not a check.

mod after_offer;
mod input;
mod wrap_up;

use nohold_model::{AgentKey, CallId, EntryId, OfferId, Timestamp};
use serde::{Deserialize, Serialize};

pub use after_offer::AfterOffer;
pub use input::Input;
pub use wrap_up::{Follows, LONGEST_TYPING, MayWrapUp, TYPING_KEEPS, WrapUp};

/// One agent (坐席) at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Who it is.
    pub key: AgentKey,
    /// What the agent is when nothing engages them.
    pub mode: Mode,
    /// What holds the agent.
    pub engagement: Option<Engagement>,
    /// Until when the agent is in wrap-up (话后整理); where it is mandatory, until when it should be over.
    pub wrap_up: Option<Timestamp>,
    /// Of which call, and how it ends; rows of the first days do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap_up_of: Option<WrapUp>,
    /// A wrap-up that the agent may still take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_wrap_up: Option<MayWrapUp>,
    /// The agent wants a wrap-up after the present conversation, where the queue leaves it to them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wants_wrap_up: bool,
    /// The mode that the agent chose to have once the present call and its wrap-up are over.
    pub after: Option<Mode>,
    /// The agent is not signed in, or will not be after this, because the page that was their phone was away for too long.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub page_lost: bool,
    /// No offers before this time: the pause after an offer that failed.
    pub retry_at: Timestamp,
    /// Since when the agent has been free for a call (longest idle). An offer that came to nothing begins nothing anew.
    pub idle_since: Timestamp,
    /// Since when the agent has been in the state that [`Agent::state`] tells.
    pub since: Timestamp,
    /// Counts the changes, so that a stale answer is recognised.
    pub version: u64,
}

/// What an agent is when nothing engages them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Not signed in (未签入).
    SignedOut,
    /// Ready for the next call (空闲).
    Available,
    /// Signed in, takes no calls (示忙).
    NotReady,
    /// On a break (小休), with its reason.
    Break(String),
    /// Did not take an offer in time (无应答): out of rotation until cleared.
    NoAnswer,
}

/// What holds an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engagement {
    /// An agent offer (派话) that is not answered yet.
    Offered {
        /// The offer.
        offer: OfferId,
        /// The call that is offered.
        call: CallId,
        /// The agent's phone has said that it rings.
        ringing: bool,
    },
    /// A direct call rings the agent's phone. It is no offer: nothing follows where it is not answered.
    Rung {
        /// The call.
        call: CallId,
    },
    /// A callback that this agent has begun, until the customer is there.
    Dialling {
        /// The callback's call.
        call: CallId,
        /// The entry that is being called back.
        entry: EntryId,
    },
    /// A conversation, from the agent's answer to its end; also a call that the agent makes, from the dialling on.
    Talking {
        /// The call.
        call: CallId,
        /// The other side is on hold.
        held: bool,
    },
}

/// The agent states (坐席状态) that people see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// 未签入
    NotSignedIn,
    /// 空闲
    Available,
    /// 示忙
    NotReady,
    /// 小休
    Break,
    /// 预占
    Reserved,
    /// 振铃
    Ringing,
    /// 通话中
    Talking,
    /// 保持
    Held,
    /// 话后整理
    WrapUp,
    /// 无应答
    NoAnswer,
}

/// How an agent offer ended; each ends exactly once (I-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferEnd {
    /// The agent answered and gets the call.
    Accepted,
    /// It rang for the whole ring time.
    NoAnswer,
    /// The agent refused it.
    Declined,
    /// The agent's phone could not be reached.
    Unreachable,
    /// Taken back: the caller left or was given to somebody else.
    Withdrawn,
    /// Our side died meanwhile.
    Interrupted,
}

impl Agent {
    /// An agent who has never signed in.
    #[must_use]
    pub fn new(key: AgentKey) -> Self {
        Agent {
            key,
            mode: Mode::SignedOut,
            engagement: None,
            wrap_up: None,
            wrap_up_of: None,
            may_wrap_up: None,
            wants_wrap_up: false,
            after: None,
            page_lost: false,
            retry_at: Timestamp::EPOCH,
            idle_since: Timestamp::EPOCH,
            since: Timestamp::EPOCH,
            version: 0,
        }
    }

    /// The state that people see.
    #[must_use]
    pub fn state(&self) -> AgentState {
        match (&self.engagement, self.wrap_up, &self.mode) {
            (Some(Engagement::Offered { ringing: false, .. } | Engagement::Dialling { .. }), _, _) => {
                AgentState::Reserved
            }
            (Some(Engagement::Offered { ringing: true, .. } | Engagement::Rung { .. }), _, _) => AgentState::Ringing,
            (Some(Engagement::Talking { held: false, .. }), _, _) => AgentState::Talking,
            (Some(Engagement::Talking { held: true, .. }), _, _) => AgentState::Held,
            (None, Some(_), _) => AgentState::WrapUp,
            (None, None, Mode::SignedOut) => AgentState::NotSignedIn,
            (None, None, Mode::Available) => AgentState::Available,
            (None, None, Mode::NotReady) => AgentState::NotReady,
            (None, None, Mode::Break(_)) => AgentState::Break,
            (None, None, Mode::NoAnswer) => AgentState::NoAnswer,
        }
    }

    /// The reason of the break that the agent is on while nothing holds them.
    #[must_use]
    pub fn break_reason(&self) -> Option<&str> {
        match &self.mode {
            Mode::Break(reason) => Some(reason),
            Mode::SignedOut | Mode::Available | Mode::NotReady | Mode::NoAnswer => None,
        }
    }

    /// Whether an offer may be made to this agent at `at`.
    #[must_use]
    pub fn may_be_offered(&self, at: Timestamp) -> bool {
        self.state() == AgentState::Available && at >= self.retry_at
    }

    /// Whether the agent has begun to work: everything but *not signed in*.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.mode != Mode::SignedOut || self.engagement.is_some()
    }

    /// The call that holds the agent.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        match self.engagement {
            Some(
                Engagement::Offered { call, .. }
                | Engagement::Rung { call }
                | Engagement::Dialling { call, .. }
                | Engagement::Talking { call, .. },
            ) => Some(call),
            None => None,
        }
    }

    /// The offer that holds the agent.
    #[must_use]
    pub fn offer(&self) -> Option<OfferId> {
        match self.engagement {
            Some(Engagement::Offered { offer, .. }) => Some(offer),
            Some(Engagement::Rung { .. } | Engagement::Dialling { .. } | Engagement::Talking { .. }) | None => None,
        }
    }

    /// Whether a direct call may take hold of the agent: in any mode, where nothing else has.
    fn may_be_called(&self) -> bool {
        self.mode != Mode::SignedOut && self.engagement.is_none()
    }
}

/// The agent after `input`, or nothing when the input means nothing to the agent as they are.
///
/// Total: an input that comes late, twice or for another call is refused by `None` and does no harm.
#[must_use]
pub fn next(agent: &Agent, at: Timestamp, input: &Input) -> Option<Agent> {
    let mut next = agent.clone();
    let accepted = match input {
        Input::SignIn => sign_in(&mut next, at),
        Input::SignOut => choose(&mut next, &Mode::SignedOut),
        Input::PageLost => {
            // Who had ended work anyway is told nothing of a page.
            let is_why = agent.page_lost || !is_so(agent, input);
            choose(&mut next, &Mode::SignedOut);
            next.page_lost = is_why;
            true
        }
        Input::Choose(mode) => *mode != Mode::NoAnswer && agent.is_signed_in() && choose(&mut next, mode),
        Input::Clear => agent.mode == Mode::NoAnswer && choose(&mut next, &Mode::Available),
        Input::EndWrapUp => wrap_up::end(&mut next),
        Input::TakeWrapUp => wrap_up::take(&mut next, at),
        Input::StayInWrapUp => wrap_up::stay(&mut next, at),
        Input::Tick => agent.wrap_up_ends().is_some_and(|until| at >= until) && wrap_up::end(&mut next),
        Input::Offer(offer, call) => {
            next.engagement = Some(Engagement::Offered { offer: *offer, call: *call, ringing: false });
            agent.may_be_offered(at)
        }
        Input::Ringing(offer) => match &mut next.engagement {
            Some(Engagement::Offered { offer: held, ringing, .. }) if held == offer => {
                !std::mem::replace(ringing, true)
            }
            Some(
                Engagement::Offered { .. }
                | Engagement::Rung { .. }
                | Engagement::Dialling { .. }
                | Engagement::Talking { .. },
            )
            | None => false,
        },
        Input::OfferEnded(offer, end, after) => {
            agent.offer() == Some(*offer) && offer_ended(&mut next, at, *end, *after)
        }
        Input::Dial(call, entry) => {
            // The agent's own wish: it may begin in any mode, and ends a wrap-up in which nothing has to be written.
            (next.wrap_up, next.wrap_up_of) = (None, None);
            next.engagement = Some(Engagement::Dialling { call: *call, entry: *entry });
            agent.is_signed_in() && agent.engagement.is_none() && !agent.must_write()
        }
        Input::Rung(call) => {
            next.engagement = Some(Engagement::Rung { call: *call });
            agent.may_be_called()
        }
        Input::Calls(call) => {
            next.engagement = Some(Engagement::Talking { call: *call, held: false });
            agent.may_be_called()
        }
        Input::Connected(call) => connected(&mut next, *call),
        Input::Hold(call, hold) => held(&mut next, *call, *hold),
        Input::Free(call, follows) => free(&mut next, at, *call, *follows),
        Input::Typed(call) => wrap_up::typed(&mut next, at, *call),
        Input::Noted(call) => wrap_up::noted(&mut next, *call),
    };
    if !accepted || next == *agent {
        return None;
    }
    if next.state() != agent.state() {
        next.since = at;
        // A call, a wrap-up, a break ends here. A ring that came to nothing does not send the agent to the end of the
        // row of idle agents.
        let was_rung = matches!(agent.engagement, Some(Engagement::Offered { .. } | Engagement::Rung { .. }));
        if next.state() == AgentState::Available && !was_rung {
            next.idle_since = at;
        }
    }
    next.version += 1;
    Some(next)
}

fn held(next: &mut Agent, call: CallId, hold: bool) -> bool {
    match &mut next.engagement {
        Some(Engagement::Talking { call: held_by, held }) if *held_by == call => std::mem::replace(held, hold) != hold,
        Some(
            Engagement::Offered { .. }
            | Engagement::Rung { .. }
            | Engagement::Dialling { .. }
            | Engagement::Talking { .. },
        )
        | None => false,
    }
}

/// Whether the agent is already as this wish would have them: then it is granted, and nothing changes.
#[must_use]
pub fn is_so(agent: &Agent, wish: &Input) -> bool {
    let at_rest = agent.engagement.is_none() && agent.wrap_up.is_none();
    let will_be = agent.after.as_ref().unwrap_or(&agent.mode);
    match wish {
        Input::SignIn => agent.is_signed_in(),
        Input::SignOut | Input::PageLost => *will_be == Mode::SignedOut,
        Input::Choose(mode) => agent.is_signed_in() && will_be == mode,
        Input::Clear => at_rest && agent.mode == Mode::Available,
        Input::EndWrapUp => agent.is_signed_in() && at_rest,
        Input::TakeWrapUp => agent.wants_wrap_up || agent.wrap_up.is_some(),
        Input::StayInWrapUp => agent.wrap_up.is_some(),
        Input::Tick
        | Input::Offer(..)
        | Input::Ringing(_)
        | Input::OfferEnded(..)
        | Input::Dial(..)
        | Input::Rung(_)
        | Input::Calls(_)
        | Input::Connected(_)
        | Input::Hold(..)
        | Input::Free(..)
        | Input::Typed(_)
        | Input::Noted(_) => false,
    }
}

fn sign_in(agent: &mut Agent, at: Timestamp) -> bool {
    agent.page_lost = false;
    if agent.mode == Mode::SignedOut {
        agent.mode = Mode::Available;
        agent.retry_at = at;
        agent.after = None;
        true
    } else {
        // A sign-out that waits for the end of a call is taken back by signing in.
        agent.after.take_if(|after| *after == Mode::SignedOut).is_some()
    }
}

fn choose(agent: &mut Agent, mode: &Mode) -> bool {
    agent.page_lost = false;
    if agent.engagement.is_some() || agent.wrap_up.is_some() {
        agent.after = Some(mode.clone());
    } else {
        agent.mode = mode.clone();
        agent.after = None;
    }
    true
}

/// Nothing engages the agent any more: what they chose for afterwards comes true.
fn settle(agent: &mut Agent) {
    if agent.engagement.is_none()
        && agent.wrap_up.is_none()
        && let Some(mode) = agent.after.take()
    {
        agent.mode = mode;
    }
}

fn offer_ended(agent: &mut Agent, at: Timestamp, end: OfferEnd, after: AfterOffer) -> bool {
    let Some(call) = agent.call() else { return false };
    agent.engagement = None;
    match end {
        OfferEnd::Accepted => {
            agent.engagement = Some(Engagement::Talking { call, held: false });
            return true;
        }
        OfferEnd::NoAnswer if !after.forgiving => out_of_rotation(agent),
        OfferEnd::Unreachable => out_of_rotation(agent),
        OfferEnd::NoAnswer | OfferEnd::Declined | OfferEnd::Interrupted => agent.retry_at = at + after.pause,
        OfferEnd::Withdrawn => {}
    }
    settle(agent);
    true
}

/// *No answer*, unless the agent has meanwhile chosen not to take calls anyway.
fn out_of_rotation(agent: &mut Agent) {
    agent.mode = Mode::NoAnswer;
    agent.after.take_if(|after| *after == Mode::Available);
}

fn connected(agent: &mut Agent, call: CallId) -> bool {
    match agent.engagement {
        Some(Engagement::Dialling { call: held_by, .. } | Engagement::Rung { call: held_by }) if held_by == call => {
            agent.engagement = Some(Engagement::Talking { call, held: false });
            if agent.mode == Mode::NoAnswer {
                agent.mode = Mode::Available;
            }
            true
        }
        Some(
            Engagement::Offered { .. }
            | Engagement::Rung { .. }
            | Engagement::Dialling { .. }
            | Engagement::Talking { .. },
        )
        | None => false,
    }
}

fn free(agent: &mut Agent, at: Timestamp, call: CallId, follows: Follows) -> bool {
    // An offer is no call yet: it ends by its own word (I-6).
    if agent.call() != Some(call) || agent.offer().is_some() {
        return false;
    }
    agent.engagement = None;
    wrap_up::follow(agent, at, call, follows);
    settle(agent);
    true
}

#[cfg(test)]
mod tests;
