//! Facts: what is now true. They are stored, numbered, and shown; applying one changes the rows of the store.

mod about;
mod dated;
mod words;

pub use nohold_flow::NumberRefusal;
use nohold_model::{
    AgentKey, AttemptId, CallId, CallResult, EntryId, ExtensionKey, FlowKey, LegId, MessageId, Millis, OfferId,
    PhoneNumber, QueueKey, RecordingId, ServiceKey, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::agent::{AfterOffer, AgentState, OfferEnd};
use crate::call::Gone;
use crate::entry::{self, Actor, Consent, LeftAt, Target, Window};
use crate::note::Written;
use crate::routing::Waiting;

/// The reason why an agent is signed out whose phone was in a page that has gone.
pub const PAGE_LOST: &str = "page_lost";

pub use dated::Dated;
pub use words::{CallEnd, Destination, Doing, Dropped, Ender, LeftQueue, Together};

/// What is now true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A call came in and was taken.
    CallArrived(Arrival),
    /// A phone of ours calls the public network. For the emergency services the call does not wait for the store.
    DirectBegan {
        /// The call.
        call: CallId,
        /// The caller's leg.
        leg: LegId,
        /// The phone that calls.
        extension: ExtensionKey,
        /// Whom; none for the emergency services.
        number: Option<PhoneNumber>,
    },
    /// The far end of a call to the public network has answered.
    DirectAnswered {
        /// The call.
        call: CallId,
    },
    /// Whom a call to the public network, or a callback, dials is rung.
    FarRings {
        /// The call.
        call: CallId,
    },
    /// A call to the public network is over.
    DirectOver {
        /// The call.
        call: CallId,
        /// What came of dialling; nothing, where nobody was dialled, because the own phone did not answer.
        result: Option<CallResult>,
        /// Who has hung up, where nothing broke: either side after they had talked, or the caller while it rang.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_by: Option<Ender>,
    },
    /// A phone of ours is about to be rung, because its own number was dialled.
    PhoneRung {
        /// The call.
        call: CallId,
        /// The phone.
        extension: ExtensionKey,
        /// The leg that will ring there.
        leg: LegId,
    },
    /// The phone that was rung has answered.
    PhoneAnswered {
        /// The call.
        call: CallId,
    },
    /// The phone will not be answered: whoever called goes on to where the phone says, or hears why not.
    PhoneFailed {
        /// The call.
        call: CallId,
        /// The phone.
        extension: ExtensionKey,
        /// Why.
        why: Gone,
    },
    /// A flow began to treat the caller.
    FlowEntered {
        /// The call.
        call: CallId,
        /// The flow.
        flow: FlowKey,
        /// Its version, which this call keeps.
        version: u32,
    },
    /// A caller stands in line; also each later change of how.
    Queued(Waiting),
    /// A caller left the line. Offers that were being made for the call end as withdrawn.
    LeftQueue {
        /// The call.
        call: CallId,
        /// Why.
        why: LeftQueue,
    },
    /// A call was offered to an agent.
    OfferMade {
        /// The offer.
        offer: OfferId,
        /// The call.
        call: CallId,
        /// The agent.
        agent: AgentKey,
    },
    /// The agent's phone rings.
    OfferRinging {
        /// The offer.
        offer: OfferId,
    },
    /// An offer ended.
    OfferEnded {
        /// The offer.
        offer: OfferId,
        /// How.
        end: OfferEnd,
        /// What follows for the agent.
        after: AfterOffer,
    },
    /// Agent and caller hear each other.
    Connected {
        /// The call.
        call: CallId,
        /// The agent.
        agent: AgentKey,
    },
    /// One side was put on hold, or taken back.
    Held {
        /// The call.
        call: CallId,
        /// The agent.
        agent: AgentKey,
        /// On hold.
        held: bool,
        /// The agents who hold the others; nobody, where somebody is consulted meanwhile, or a phone holds that is no agent's.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        by: Vec<AgentKey>,
    },
    /// What agent and customer say is recorded from here on, until one of them holds the other or the conversation ends.
    RecordingBegan {
        /// The call.
        call: CallId,
        /// The entry that is called back.
        entry: Option<EntryId>,
        /// The agent.
        agent: AgentKey,
        /// The recording.
        recording: RecordingId,
    },
    /// The agent has paused the recording: what is said from here on is in no file.
    RecordingPaused {
        /// The call.
        call: CallId,
        /// The agent.
        agent: AgentKey,
    },
    /// The agent lets the recording go on.
    RecordingResumed {
        /// The call.
        call: CallId,
        /// The agent.
        agent: AgentKey,
    },
    /// The call lets the agent go.
    AgentFreed {
        /// The call.
        call: CallId,
        /// The agent.
        agent: AgentKey,
        /// The wrap-up that follows; none when zero.
        wrap_up: Millis,
    },
    /// A caller asked to be called back.
    RequestMade(Box<RequestMade>),
    /// A number that a caller wanted to be called on may not be called. It is counted by the class of its reason; the
    /// number itself stands nowhere.
    NumberRefused {
        /// The call.
        call: CallId,
        /// The class.
        why: NumberRefusal,
    },
    /// A caller left a message.
    MessageLeft {
        /// The entry it makes where there is no open one.
        entry: EntryId,
        /// The call.
        call: CallId,
        /// The message.
        message: MessageId,
        /// From which number.
        number: Option<PhoneNumber>,
        /// For whom.
        target: Target,
        /// How much speech there is in it.
        speech: Millis,
    },
    /// A caller left unserved without asking for anything.
    Missed {
        /// The entry it makes where there is no open one.
        entry: EntryId,
        /// The call.
        call: CallId,
        /// From which number.
        number: Option<PhoneNumber>,
        /// Whose missed call it is.
        target: Target,
        /// Where the caller gave up.
        left_at: LeftAt,
        /// How long the caller had waited: since the arrival, or since somebody talked with them last.
        waited: Millis,
        /// It is under the queue's threshold.
        short: bool,
    },
    /// A call ended because our side failed.
    CutOff {
        /// The entry it makes where there is no open one.
        entry: EntryId,
        /// The call.
        call: CallId,
        /// From which number.
        number: Option<PhoneNumber>,
        /// Whose customer it is.
        target: Target,
        /// What the customer was doing.
        doing: Doing,
    },
    /// The customer talked with an agent for long enough to be served.
    Served {
        /// The call.
        call: CallId,
        /// The customer.
        number: PhoneNumber,
        /// The service.
        service: ServiceKey,
        /// The agent.
        agent: AgentKey,
    },
    /// An attempt to reach a customer is about to be sent.
    AttemptBegan {
        /// The attempt.
        attempt: AttemptId,
        /// Of this entry,
        entry: EntryId,
        /// in this call,
        call: CallId,
        /// to this number.
        number: PhoneNumber,
    },
    /// The customer of an attempt answered.
    AttemptAnswered {
        /// The attempt.
        attempt: AttemptId,
        /// Its entry.
        entry: EntryId,
        /// The call.
        call: CallId,
    },
    /// An attempt ended without a conversation.
    AttemptEnded {
        /// The attempt.
        attempt: AttemptId,
        /// Its entry.
        entry: EntryId,
        /// How.
        result: CallResult,
        /// Whether the customer's phone may have rung.
        sent: bool,
    },
    /// The conversation of a callback ended.
    CallbackTalked {
        /// The attempt.
        attempt: AttemptId,
        /// Its entry.
        entry: EntryId,
        /// How long.
        talked: Millis,
        /// It broke before it was a conversation.
        broken: bool,
        /// The agent's line broke: nobody is there to say what came of it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        agent_lost: bool,
    },
    /// A callback ended before the customer was dialled.
    CallbackDropped {
        /// The entry.
        entry: EntryId,
        /// The call.
        call: CallId,
        /// Why.
        why: Dropped,
    },
    /// A call went on to a phone outside the line.
    Transferred {
        /// The call.
        call: CallId,
        /// Where to.
        to: Destination,
        /// The leg that will ring there.
        leg: LegId,
        /// The offer that it becomes where the phone is an agent's.
        offer: OfferId,
        /// It may ring this long.
        ring_for: Millis,
    },
    /// The other phone of a transfer has answered.
    TransferAnswered {
        /// The call.
        call: CallId,
    },
    /// Nobody answered a transfer.
    TransferFailed {
        /// The call.
        call: CallId,
    },
    /// Whom a phone of ours has called is treated like a caller from now on: the agent may have somebody else go on.
    TreatedAsCustomer {
        /// The call.
        call: CallId,
        /// The agent who has called.
        agent: AgentKey,
        /// Whom.
        number: PhoneNumber,
        /// For which service.
        service: Option<ServiceKey>,
        /// On whose list the customer would stand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        whose: Option<Target>,
    },
    /// An agent hands the customer over, and is let go.
    HandedOver {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentKey,
        /// Where to.
        to: Destination,
        /// The leg that will ring there, where it is a phone.
        leg: LegId,
        /// The wrap-up that follows for the agent; none when zero.
        wrap_up: Millis,
    },
    /// An agent calls somebody while the customer waits.
    ConsultBegan {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentKey,
        /// Whom.
        to: Destination,
        /// The leg that will ring there.
        leg: LegId,
        /// The agent whose phone it is, where the call holds that agent.
        agent: Option<AgentKey>,
        /// It may ring this long.
        ring_for: Millis,
    },
    /// Whoever is consulted has answered.
    ConsultAnswered {
        /// The call.
        call: CallId,
    },
    /// The agent talks with others of the call than before.
    ConsultChanged {
        /// The call.
        call: CallId,
        /// With whom.
        with: Together,
    },
    /// Whoever was consulted is out, or has never answered; the agent and the customer go on.
    ConsultEnded {
        /// The call.
        call: CallId,
        /// Why, where it was not the agent's wish.
        why: Option<Gone>,
    },
    /// The agent leaves the customer with whoever was consulted.
    ConsultCompleted {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentKey,
    },
    /// A call is over and accounted for (I-9).
    CallEnded {
        /// The call.
        call: CallId,
        /// How.
        how: CallEnd,
    },
    /// An agent's state changed, or only its reason or what the agent chose for after the call.
    AgentChanged {
        /// Who.
        agent: AgentKey,
        /// What it was.
        from: AgentState,
        /// What it is.
        to: AgentState,
        /// Of a break: its reason. Of a sign-out: [`PAGE_LOST`], where nobody wished it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Who did it.
        by: Actor,
    },
    /// An agent has written down what came of a call, or corrected it.
    NoteSaved {
        /// What is written, and about what.
        kept: Box<NoteKept>,
        /// Who did it.
        by: Actor,
    },
    /// An entry of the missed-call list was made or gathered something.
    EntryGathered {
        /// The entry.
        entry: EntryId,
        /// From which call.
        call: Option<CallId>,
    },
    /// Something was done with an entry.
    EntryChanged {
        /// The entry.
        entry: EntryId,
        /// What.
        change: entry::Change,
        /// Who did it.
        by: Actor,
    },
}

/// A note that was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteKept {
    /// The call.
    pub call: CallId,
    /// Whose note it is.
    pub agent: AgentKey,
    /// The customer's number, where it is known.
    pub number: Option<PhoneNumber>,
    /// What is written.
    pub written: Written,
}

/// A call that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The call.
    pub call: CallId,
    /// The caller's leg.
    pub leg: LegId,
    /// The caller's number, where it is usable.
    pub number: Option<PhoneNumber>,
    /// The number that was dialled; none where a colleague dialled an internal one.
    pub called: Option<PhoneNumber>,
    /// The service; none where a colleague dialled a phone.
    pub service: Option<ServiceKey>,
    /// The phone of ours that calls, where it was a colleague. A colleague who leaves unserved stands on no list: this
    /// history tells it.
    pub colleague: Option<ExtensionKey>,
}

/// A callback request as the caller made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestMade {
    /// The entry it makes where there is no open one.
    pub entry: EntryId,
    /// The call in which the caller asked; none for one asked in another way.
    pub call: Option<CallId>,
    /// For which number.
    pub number: PhoneNumber,
    /// Who should call.
    pub target: Target,
    /// The agent who has agreed to call, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<AgentKey>,
    /// The caller said that it is another person or matter.
    pub another_matter: bool,
    /// The place in line that the caller had.
    pub place: Timestamp,
    /// The window that will be told.
    pub promise: Window,
    /// The consent.
    pub consent: Consent,
    /// The number that was dialled.
    pub called: Option<PhoneNumber>,
    /// The queue the caller came from.
    pub queue: Option<QueueKey>,
    /// The path through the menu.
    pub path: Vec<String>,
    /// The language of the call.
    pub language: nohold_model::Language,
}
