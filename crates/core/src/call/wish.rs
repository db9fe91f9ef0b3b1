//! What people at the desk wish of a conversation, and what becomes of it.

use nohold_model::{AgentKey, Digit, LegId};

use crate::fact::Destination;
use crate::transaction::Refusal;

/// A wish of somebody at the desk about the conversation of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Its number. Those of one call grow, so that a wish that is heard twice is carried out once.
    pub number: u64,
    /// The agent whose conversation it is.
    pub agent: AgentKey,
    /// What.
    pub what: Wanted,
}

/// What is wished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Press keys towards whoever hears the agent.
    Press(Vec<Digit>),
    /// Put the other side on hold (`true`), or take it back.
    Hold(bool),
    /// Record nothing for a while (`true`), or go on with it. What is said meanwhile is in no file.
    PauseRecording(bool),
    /// Hand the customer over at once (盲转).
    Transfer(Destination),
    /// Call somebody while the customer hears music (咨询转).
    Consult(Destination),
    /// Leave the customer with whoever was called: out of a consultation, while it still rings there, or out of a
    /// conference.
    Complete,
    /// Whoever was called is out: back to the customer alone.
    Cancel,
    /// Talk with the other one of the two: the one who was heard hears music.
    Swap,
    /// All three hear each other.
    Conference,
    /// One of a conference is on hold alone, or is taken back.
    HoldOne {
        /// Who.
        who: Party,
        /// On hold.
        hold: bool,
    },
}

/// Somebody in a conversation besides the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The customer.
    Customer,
    /// Whoever was called by the agent.
    Target,
}

/// What has become of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The number of the wish.
    pub wish: u64,
    /// How it was answered.
    pub answer: WishAnswer,
}

/// How a wish was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WishAnswer {
    /// It is done, or under way.
    Granted,
    /// It is not done, and nothing has changed.
    Refused(Refusal),
    /// The store could not keep it, and nothing has changed.
    NotSaved,
}

impl Wanted {
    /// Whether it needs the other side of the conversation to be treated like a caller: who is handed over, or waits, may
    /// have to go on without this agent.
    pub(super) fn needs_a_customer(&self) -> bool {
        match self {
            Wanted::Transfer(_) | Wanted::Consult(_) => true,
            Wanted::Press(_)
            | Wanted::Hold(_)
            | Wanted::PauseRecording(_)
            | Wanted::Complete
            | Wanted::Cancel
            | Wanted::Swap
            | Wanted::Conference
            | Wanted::HoldOne { .. } => false,
        }
    }
}

/// Presses keys towards one leg.
pub(super) fn press(leg: LegId, digits: &[Digit], effects: &mut super::Effects) {
    effects.media(super::Command::Press { leg, digits: digits.to_vec() });
}
