//! What happens to an agent.

use nohold_model::{CallId, EntryId, OfferId};

use super::{AfterOffer, Follows, Mode, OfferEnd};

/// What happens to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The agent begins to work.
    SignIn,
    /// The agent ends work; with a call in hand, after it.
    SignOut,
    /// The page that was the agent's phone is gone, and nothing else rings for them: as if they had ended work.
    PageLost,
    /// The agent chooses a mode; with a call in hand, for after it.
    Choose(Mode),
    /// The agent, or a supervisor, clears *no answer*.
    Clear,
    /// The agent ends the wrap-up early.
    EndWrapUp,
    /// The agent takes the wrap-up that the queue leaves to them, or wants one after the present conversation.
    TakeWrapUp,
    /// The agent needs longer for the wrap-up than its time.
    StayInWrapUp,
    /// Time has passed: a wrap-up may be over.
    Tick,
    /// A call is offered.
    Offer(OfferId, CallId),
    /// The agent's phone rings for the offer.
    Ringing(OfferId),
    /// The offer ended; with what follows from it.
    OfferEnded(OfferId, OfferEnd, AfterOffer),
    /// The agent begins a callback.
    Dial(CallId, EntryId),
    /// A direct call rings the agent's phone.
    Rung(CallId),
    /// The agent makes a direct call.
    Calls(CallId),
    /// The customer of the agent's callback is there, or the agent has answered a direct call.
    Connected(CallId),
    /// The other side was put on hold (`true`) or taken back.
    Hold(CallId, bool),
    /// The call lets the agent go, and this follows. Where nothing does, a wrap-up in which the call came goes on.
    Free(CallId, Follows),
    /// The agent types the note of this call.
    Typed(CallId),
    /// The note of this call is saved.
    Noted(CallId),
}

impl Input {
    /// Whether a person or a timer may wish this by itself. What a call does to an agent comes from the call alone.
    #[must_use]
    pub fn is_wish(&self) -> bool {
        match self {
            Input::SignIn
            | Input::SignOut
            | Input::PageLost
            | Input::Choose(_)
            | Input::Clear
            | Input::EndWrapUp
            | Input::TakeWrapUp
            | Input::StayInWrapUp
            | Input::Tick => true,
            Input::Offer(..)
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
}
