//! Why a transaction changes nothing.

use nohold_model::EntryId;

use crate::directory::Forbidden;
use crate::entry;
use crate::fact::Dropped;

/// Why a transaction changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(Noun),
    /// The entry is not as whoever wants it has seen it.
    #[error("the entry has changed since you looked: look again, then repeat it")]
    Changed,
    /// The entry does not allow it.
    #[error(transparent)]
    Entry(entry::Refusal),
    /// There is an open entry for this number and line of business already; that one is meant.
    #[error("this customer has an open entry already: work on that one")]
    OpenElsewhere(EntryId),
    /// The agent cannot do that in the present state.
    #[error("not possible in the agent's present state")]
    AgentState,
    /// The queue asks for an outcome before anything else.
    #[error("this queue asks what came of each call: choose a disposition and save it first")]
    WriteFirst,
    /// The note was saved already.
    #[error("this note is saved already: save it again to correct it")]
    NoteDone,
    /// The caller is not waiting there any more.
    #[error("the caller is no longer waiting there")]
    CallerGone,
    /// Somebody else is being rung for this caller.
    #[error("another agent is being rung for this caller")]
    AlreadyOffered,
    /// The entry has no number that could be called.
    #[error("the caller's number was withheld: there is nothing to call")]
    NoNumber,
    /// A call to this number is going on.
    #[error("this number is in another call of ours: wait until that has ended")]
    NumberInUse,
    /// The number may not be dialled, or not now.
    #[error(transparent)]
    Dial(Forbidden),
    /// The line of business has no caller ID that could be shown.
    #[error("no number is configured that this customer may see: choose a caller ID for the service or campaign")]
    NoCallerId,
    /// The number that was chosen for the agent's phone is owned by no trunk by which we call out.
    #[error(
        "the number that this phone shows belongs to no trunk: choose the number of a service, or ask an administrator for \
         another one"
    )]
    NotOwned,
    /// The agent works for another line of business.
    #[error("this agent does not work for that service or campaign: choose another number to show")]
    OtherBusiness,
    /// The agent's phone has no right to call the public network.
    #[error("this phone may not call outside: ask an administrator for the right")]
    NoRight,
    /// A call cannot go to the phone of the agent who has it.
    #[error("this is your own phone: choose somebody else")]
    OwnPhone,
    /// Whoever should be rung is engaged.
    #[error("whoever you want to reach is engaged: try later, or choose somebody else")]
    Engaged,
    /// Nobody of the queue is free to be consulted.
    #[error("nobody of this queue is free now: try later, or choose somebody else")]
    NobodyFree,
    /// Nobody could be consulted there.
    #[error("nobody can be asked there: hand the customer over instead")]
    NobodyThere,
    /// The agent is in no conversation in which this could be done.
    #[error("there is no conversation of this agent in which that could be done")]
    NoConversation,
    /// Nobody is consulted.
    #[error("nobody is being consulted")]
    NoConsult,
    /// Somebody is consulted already.
    #[error("somebody is being consulted already: end that first")]
    ConsultGoesOn,
    /// Whoever is consulted has not answered yet.
    #[error("whoever you call has not answered yet")]
    NotAnswered,
    /// There are no three who hear each other.
    #[error("there is no conference: bring all three together first")]
    NoConference,
    /// Nobody hears the agent now.
    #[error("nobody hears you now: take the other side back first")]
    OnHold,
    /// The conversation is not one that is recorded.
    #[error("this conversation is not recorded")]
    NotRecorded,
    /// Something of the call is being written into the books.
    #[error("something else is being done with this call: try again in a moment")]
    InTheMiddle,
}

impl Refusal {
    /// Why a callback is dropped whose attempt was refused like this.
    pub(crate) fn dropped(&self) -> Dropped {
        match self {
            Refusal::NumberInUse => Dropped::NumberInUse,
            Refusal::Dial(Forbidden::Hour(_)) => Dropped::Hour,
            Refusal::Dial(Forbidden::Number(_)) => Dropped::NotCallable,
            Refusal::Entry(
                entry::Refusal::TooSoon { .. } | entry::Refusal::TooOften { .. } | entry::Refusal::NoAttemptsLeft,
            ) => Dropped::TriedEnough,
            Refusal::Entry(_)
            | Refusal::NotFound(_)
            | Refusal::Changed
            | Refusal::OpenElsewhere(_)
            | Refusal::AgentState
            | Refusal::WriteFirst
            | Refusal::NoteDone
            | Refusal::CallerGone
            | Refusal::AlreadyOffered
            | Refusal::NoNumber
            | Refusal::NoCallerId
            | Refusal::NotOwned
            | Refusal::OtherBusiness
            | Refusal::NoRight
            | Refusal::OwnPhone
            | Refusal::Engaged
            | Refusal::NobodyFree
            | Refusal::NobodyThere
            | Refusal::NoConversation
            | Refusal::NoConsult
            | Refusal::ConsultGoesOn
            | Refusal::NotAnswered
            | Refusal::NoConference
            | Refusal::OnHold
            | Refusal::NotRecorded
            | Refusal::InTheMiddle => Dropped::Refused,
        }
    }
}

/// What was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// An agent.
    Agent,
    /// A call.
    Call,
    /// An entry of the missed-call list.
    Entry,
    /// A note of a call.
    Note,
    /// A queue.
    Queue,
    /// Who should call a customer back.
    Target,
    /// A phone of ours.
    Phone,
    /// A main flow.
    Flow,
}

impl std::fmt::Display for Noun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Noun::Agent => "agent",
            Noun::Call => "call",
            Noun::Entry => "entry",
            Noun::Note => "conversation of this agent to write about",
            Noun::Queue => "queue",
            Noun::Target => "service with this group, campaign or queue",
            Noun::Phone => "phone",
            Noun::Flow => "flow with a number",
        })
    }
}
