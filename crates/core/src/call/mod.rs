//! One state machine per call.
//!
//! A [`Call`] is driven by [`Call::handle`], which is total: every input in every phase does something sensible, late
//! and repeated ones do nothing. A failure of the telephony or the store is an input like any other.

mod acceptance;
mod callback;
mod direct;
mod effects;
mod feature;
mod inbound;
mod outlook;
mod talk;
mod wish;

use std::collections::{BTreeMap, BTreeSet};

use nohold_flow::RecordingEnd;
use nohold_model::{
    AgentKey, CallId, CallResult, Digit, ExtensionKey, IdSource, LegId, MessageId, Millis, PhoneNumber, PlaybackId,
    QueueKey, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::agent::OfferEnd;
use crate::directory::{Directory, InboundNumber, InboundTarget, StarCode};
use crate::fact::Dropped;
use crate::routing::Offer;
use crate::transaction::{Answer, CallbackOrder, DialOutOrder};

pub(crate) use direct::RING_OUTSIDE;
pub(crate) use inbound::handing;

pub use direct::Outside;
pub use effects::{Audio, Command, DialTo, Effects, HangUp, Promise, Route, Shown};
pub use feature::{FEATURE_PROMISE, PROMPTS};
pub(crate) use outlook::no_sooner;
pub use outlook::{Line, Lines, Promised, agreed, promise};
pub use wish::{Heard, Party, Wanted, Wish, WishAnswer};

use acceptance::Acceptances;
use callback::Callback;
use direct::Direct;
use feature::Feature;
use inbound::Inbound;

/// A call and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    id: CallId,
    story: Story,
    /// The last wish of the desk that was heard.
    last_wish: u64,
    /// Phones outside of the house that have not accepted the call.
    acceptances: Acceptances,
    /// Phones that are not heard at the moment, and may come back.
    away: BTreeSet<LegId>,
}

/// What kind of call it is.
#[derive(Debug, Clone, PartialEq)]
enum Story {
    Inbound(Box<Inbound>),
    Callback(Box<Callback>),
    Direct(Box<Direct>),
    Feature(Feature),
}

/// What a call may look at besides itself.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// What is configured.
    pub directory: &'a Directory,
    /// How long the lines are.
    pub lines: &'a Lines,
}

/// A call that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// The id it will have.
    pub id: CallId,
    /// The caller's leg.
    pub leg: LegId,
    /// The caller's number, where it is usable.
    pub number: Option<PhoneNumber>,
    /// Chance for its ids.
    pub seed: u64,
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A deadline is reached.
    Tick,
    /// A leg that we dialled rings.
    Ringing(LegId),
    /// A leg that we dialled is not answered, and the far end plays something before it is.
    EarlyMedia(LegId),
    /// A leg that we dialled has answered.
    Answered(LegId),
    /// A leg is gone.
    Gone(LegId, Gone),
    /// A key was pressed.
    Digit(LegId, Digit),
    /// A playing has come to its end.
    Played(LegId, PlaybackId),
    /// A playing could not be done.
    PlayFailed(LegId, PlaybackId),
    /// A message was recorded.
    Recorded {
        /// On this leg.
        leg: LegId,
        /// The message.
        message: MessageId,
        /// How much speech is in it.
        speech: Millis,
        /// What ended it.
        ended: RecordingEnd,
    },
    /// A message could not be recorded; nothing of it is kept.
    RecordFailed {
        /// On this leg.
        leg: LegId,
        /// The message.
        message: MessageId,
    },
    /// An agent is reserved for this caller.
    Offered(Offer),
    /// The phone on this leg has put us on hold by its own key (`true`), or taken us back: for who is on the line that is
    /// the same as a hold from the desk. Before the conversation it is kept for its beginning.
    PhoneHold(LegId, bool),
    /// The phone on this leg is not heard any more (`true`), or is heard again. While it may come back the call stands; whoever
    /// hangs up meanwhile has lost it through our fault.
    PhoneAway(LegId, bool),
    /// This agent ends the call.
    HangUp(AgentKey),
    /// Something is wished of an agent's conversation.
    Wish(Wish),
    /// The store has done, or refused, what a promise asked for.
    Committed {
        /// The number of the promise.
        promise: u32,
        /// Its answer.
        answer: Answer,
    },
    /// The store could not do what a promise asked for, and has not.
    StoreFailed {
        /// The number of the promise.
        promise: u32,
    },
    /// The store has not answered for longer than people should hear nothing. Nobody knows yet what becomes of the promise:
    /// its answer comes all the same, and until then this is said again now and then.
    StoreSlow {
        /// The number of the promise.
        promise: u32,
    },
}

/// Why a leg is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// Somebody hung up.
    HungUp,
    /// Busy.
    Busy,
    /// Refused.
    Refused,
    /// It rang for the whole ring time, or the far end gave up ringing.
    NoAnswer,
    /// There is no such phone, or it is not registered.
    Unreachable,
    /// The number is not in use.
    Unallocated,
    /// The phone is switched off.
    SwitchedOff,
    /// The network could not set it up.
    Failed,
    /// The connection was lost: no media, or our side failed.
    Lost,
    /// The agent's page was lost in the middle of the call, with its audio, and did not come back in time: nobody hung up.
    PhoneLost,
}

/// A leg as the telephony engine knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LegState {
    /// It was answered.
    pub answered: bool,
    /// It is gone, and why; the engine remembers that for a while.
    pub gone: Option<Gone>,
    /// What is playing there.
    pub playing: Option<PlaybackId>,
    /// What is being recorded there.
    pub recording: Option<MessageId>,
}

impl Gone {
    /// Whether a conversation broke off: nobody has hung up, so nobody may be dropped for it (I-5).
    #[must_use]
    pub const fn broke(self) -> bool {
        matches!(self, Gone::Lost | Gone::PhoneLost)
    }

    /// The call result (呼叫结果) of an attempt that ended like this.
    #[must_use]
    pub const fn result(self) -> CallResult {
        match self {
            Gone::Busy => CallResult::Busy,
            Gone::Refused => CallResult::Refused,
            Gone::NoAnswer | Gone::HungUp => CallResult::NoAnswer,
            Gone::Unallocated => CallResult::Unallocated,
            Gone::SwitchedOff => CallResult::SwitchedOff,
            Gone::Unreachable | Gone::Failed => CallResult::Failed,
            Gone::Lost | Gone::PhoneLost => CallResult::Interrupted,
        }
    }

    /// Why a callback is dropped whose agent was gone like this before the answer.
    pub(crate) const fn dropped(self) -> Dropped {
        match self {
            Gone::NoAnswer => Dropped::NoAnswer,
            Gone::Busy | Gone::Refused => Dropped::Declined,
            Gone::Unreachable | Gone::Unallocated | Gone::SwitchedOff => Dropped::Unreachable,
            Gone::HungUp => Dropped::HungUp,
            Gone::Failed | Gone::Lost | Gone::PhoneLost => Dropped::Interrupted,
        }
    }

    /// What somebody hears who called a phone that is gone like this before the answer.
    pub(crate) const fn passed_on(self) -> HangUp {
        match self {
            Gone::Busy | Gone::Refused => HangUp::Busy,
            Gone::NoAnswer | Gone::HungUp | Gone::Unreachable | Gone::SwitchedOff => HangUp::NoAnswer,
            Gone::Unallocated => HangUp::Unknown,
            Gone::Failed | Gone::Lost | Gone::PhoneLost => HangUp::Unavailable,
        }
    }

    /// How an agent offer ended whose phone was gone like this before the answer.
    #[must_use]
    pub const fn offer_end(self) -> OfferEnd {
        match self {
            Gone::Busy | Gone::Refused | Gone::HungUp => OfferEnd::Declined,
            Gone::NoAnswer => OfferEnd::NoAnswer,
            Gone::Unreachable | Gone::Unallocated | Gone::SwitchedOff | Gone::Failed | Gone::PhoneLost => {
                OfferEnd::Unreachable
            }
            // Our own fault: the agent stays in rotation.
            Gone::Lost => OfferEnd::Interrupted,
        }
    }
}

impl Call {
    /// A call has come in on one of our numbers, and is taken.
    pub fn arrive(new: NewCall, number: &InboundNumber, at: Timestamp, world: World<'_>) -> (Call, Effects) {
        let mut effects = Effects::default();
        let id = new.id;
        let inbound = Inbound::arrive(new, number, at, world, &mut effects);
        Call::new(id, Story::Inbound(Box::new(inbound)), effects)
    }

    /// An agent calls back: the store has claimed the entry and reserved the agent.
    pub fn call_back(order: CallbackOrder, seed: u64, at: Timestamp, world: World<'_>) -> (Call, Effects) {
        let mut effects = Effects::default();
        let id = order.call;
        let callback = Callback::begin(order, IdSource::new(seed), at, world, &mut effects);
        Call::new(id, Story::Callback(Box::new(callback)), effects)
    }

    /// A phone of ours calls an internal number: a colleague's phone, a queue or a flow.
    pub fn from_colleague(
        new: NewCall,
        extension: ExtensionKey,
        target: InboundTarget,
        at: Timestamp,
        world: World<'_>,
    ) -> (Call, Effects) {
        let mut effects = Effects::default();
        let id = new.id;
        let inbound = Inbound::from_colleague(new, (extension, target), at, world, &mut effects);
        Call::new(id, Story::Inbound(Box::new(inbound)), effects)
    }

    /// A phone of ours calls the public network.
    pub fn outside(
        new: &NewCall,
        extension: ExtensionKey,
        to: Outside,
        at: Timestamp,
        world: World<'_>,
    ) -> (Call, Effects) {
        let mut effects = Effects::default();
        let direct = Direct::begin(new, (extension, to), at, world, &mut effects);
        Call::new(new.id, Story::Direct(Box::new(direct)), effects)
    }

    /// An agent dials from the desk: the store has agreed and holds the agent, whose own phone is rung first.
    pub fn dial_out(order: DialOutOrder, seed: u64, at: Timestamp, world: World<'_>) -> (Call, Effects) {
        let mut effects = Effects::default();
        let id = order.call;
        let direct = Direct::from_desk(order, seed, at, world, &mut effects);
        Call::new(id, Story::Direct(Box::new(direct)), effects)
    }

    /// A phone of ours has dialled a star code. What the code does is committed first: the answer comes as that of the
    /// promise [`FEATURE_PROMISE`].
    pub fn feature(
        new: &NewCall,
        extension: &ExtensionKey,
        code: StarCode,
        at: Timestamp,
        world: World<'_>,
    ) -> (Call, Effects) {
        let mut effects = Effects::default();
        let feature = Feature::begin(new, extension, code, at, world, &mut effects);
        Call::new(new.id, Story::Feature(feature), effects)
    }

    /// Takes an input and says what follows.
    pub fn handle(&mut self, at: Timestamp, input: &Input, world: World<'_>) -> Effects {
        let mut effects = Effects::default();
        if let Input::Wish(wish) = input {
            if wish.number <= self.last_wish {
                return effects;
            }
            self.last_wish = wish.number;
        }
        for input in self.acceptances.hear(at, input, &mut effects) {
            let lost = self.lost_by_then(&input, &mut effects);
            for input in lost.iter().chain([&input]) {
                self.adopt(at, input, world, &mut effects);
                match &mut self.story {
                    Story::Inbound(inbound) => inbound.handle(at, input, world, &mut effects),
                    Story::Callback(callback) => callback.handle(at, input, world, &mut effects),
                    Story::Direct(direct) => direct.handle(at, input, world, &mut effects),
                    Story::Feature(feature) => feature.handle(at, input, &mut effects),
                }
            }
        }
        if let Input::Gone(leg, _) = input {
            // What was meant for them while they were on the line.
            effects.spare(*leg);
        }
        self.acceptances.watch(&effects);
        effects
    }

    /// The agent's phone, where the other side has hung up on one that was away: they had lost the agent, nobody has ended
    /// a conversation.
    fn lost_by_then(&mut self, input: &Input, effects: &mut Effects) -> Option<Input> {
        if let Input::PhoneAway(leg, away) = input {
            if *away {
                self.away.insert(*leg);
            } else {
                self.away.remove(leg);
            }
        }
        let Input::Gone(leg, _) = input else { return None };
        self.away.remove(leg);
        let agent = match &self.story {
            Story::Inbound(inbound) => inbound.agent_facing(*leg),
            Story::Callback(callback) => callback.agent_facing(*leg),
            Story::Direct(direct) => direct.agent_facing(*leg),
            Story::Feature(_) => None,
        }?;
        self.away.remove(&agent).then(|| {
            effects.media(Command::HangUp { leg: agent, how: HangUp::Normal });
            Input::Gone(agent, Gone::PhoneLost)
        })
    }

    /// Somebody whom we have called goes on as a caller, where the agent wants to have somebody else go on, or is lost.
    fn adopt(&mut self, at: Timestamp, input: &Input, world: World<'_>, effects: &mut Effects) {
        let taken = match (&self.story, input) {
            (Story::Callback(callback), Input::Wish(wish)) if wish.what.needs_a_customer() => {
                callback.taken(world.directory)
            }
            (Story::Callback(callback), Input::Gone(leg, why))
                if why.broke() && callback.is_agent(*leg) && callback.has_a_line(world.directory) =>
            {
                callback.taken(world.directory)
            }
            (Story::Direct(direct), Input::Wish(wish)) if wish.what.needs_a_customer() => {
                direct.taken(&wish.agent, at, world.directory, effects)
            }
            (Story::Inbound(_) | Story::Callback(_) | Story::Direct(_) | Story::Feature(_), _) => None,
        };
        if let Some(taken) = taken {
            self.story = Story::Inbound(Box::new(Inbound::adopt(taken)));
        }
    }

    fn new(id: CallId, story: Story, effects: Effects) -> (Call, Effects) {
        let mut acceptances = Acceptances::new(id.seed());
        acceptances.watch(&effects);
        (Call { id, story, last_wish: 0, acceptances, away: BTreeSet::new() }, effects)
    }

    /// When [`Input::Tick`] is due next.
    #[must_use]
    pub fn next_deadline(&self, world: World<'_>) -> Option<Timestamp> {
        let next = match &self.story {
            Story::Inbound(inbound) => inbound.next_deadline(world),
            Story::Callback(callback) => callback.next_deadline(),
            Story::Direct(direct) => direct.next_deadline(),
            Story::Feature(feature) => feature.next_deadline(),
        };
        next.into_iter().chain(self.acceptances.next_deadline()).min()
    }

    /// What must have happened unheard, given the legs that the engine really has: after its restart, or when an
    /// event was lost.
    #[must_use]
    pub fn reconcile(&self, legs: &BTreeMap<LegId, LegState>) -> Vec<Input> {
        let mut missed = match &self.story {
            Story::Inbound(inbound) => inbound.reconcile(legs),
            Story::Callback(callback) => callback.reconcile(legs),
            Story::Direct(direct) => direct.reconcile(legs),
            Story::Feature(feature) => feature.reconcile(legs),
        };
        missed.extend(self.acceptances.reconcile(legs));
        missed
    }

    /// The id of the call.
    #[must_use]
    pub fn id(&self) -> CallId {
        self.id
    }

    /// Whether the call is over: it holds nobody (I-3) and waits for nothing.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match &self.story {
            Story::Inbound(inbound) => inbound.is_over(),
            Story::Callback(callback) => callback.is_over(),
            Story::Direct(direct) => direct.is_over(),
            Story::Feature(feature) => feature.is_over(),
        }
    }

    /// The legs that the call has now.
    #[must_use]
    pub fn legs(&self) -> BTreeSet<LegId> {
        match &self.story {
            Story::Inbound(inbound) => inbound.legs(),
            Story::Callback(callback) => callback.legs(),
            Story::Direct(direct) => direct.legs(),
            Story::Feature(feature) => feature.legs(),
        }
    }

    /// The queue in whose line the caller stands now, may the caller be connected or not.
    #[must_use]
    pub fn waits_in(&self) -> Option<&QueueKey> {
        match &self.story {
            Story::Inbound(inbound) => inbound.waits_in(),
            Story::Callback(_) | Story::Direct(_) | Story::Feature(_) => None,
        }
    }

    /// The agents whom the call has in hand, by an offer, a dial or a conversation.
    #[must_use]
    pub fn agents(&self) -> BTreeSet<nohold_model::AgentKey> {
        match &self.story {
            Story::Inbound(inbound) => inbound.agents(),
            Story::Callback(callback) => callback.agents(),
            Story::Direct(direct) => direct.agents(),
            Story::Feature(_) => BTreeSet::new(),
        }
    }
}
