//! Somebody whom we have called goes on as a caller: the conversation of a callback, or of a call to the public network,
//! from which an agent consults or hands over, or whose agent is lost.

use std::collections::BTreeSet;

use nohold_model::{
    AgentKey, AttemptId, CallId, EntryId, IdSource, Language, LegId, PhoneNumber, PlaybackId, QueueKey, ServiceKey,
    Timestamp,
};

use super::{Account, CameFrom, Connecting, Inbound, Treatment, Turn};
use crate::call::talk::{EarlyHolds, Opening, Talk};
use crate::entry::Target;
use crate::fact::CallEnd;
use crate::routing::Class;

/// The call as it is.
pub(in crate::call) struct Taken {
    pub(in crate::call) id: CallId,
    pub(in crate::call) ids: IdSource,
    /// Of whoever was called.
    pub(in crate::call) leg: LegId,
    pub(in crate::call) number: PhoneNumber,
    /// What they were shown.
    pub(in crate::call) shown: Option<PhoneNumber>,
    pub(in crate::call) service: Option<ServiceKey>,
    pub(in crate::call) whose: Option<Target>,
    pub(in crate::call) queue: Option<QueueKey>,
    pub(in crate::call) language: Language,
    pub(in crate::call) began: Timestamp,
    pub(in crate::call) promises: u32,
    /// How it ends, where nothing else becomes of it.
    pub(in crate::call) as_placed: CallEnd,
    pub(in crate::call) called_back: Option<CalledBack>,
    pub(in crate::call) stage: TakenIn,
}

/// How far the call has come.
pub(in crate::call) enum TakenIn {
    /// The customer hears that what follows is recorded.
    Notice { agent: AgentKey, agent_leg: LegId, notice: PlaybackId },
    /// They talk.
    Talk(Box<Talk>),
}

/// The callback that a call is, for as long as its own agent has the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::call) struct CalledBack {
    pub(in crate::call) entry: EntryId,
    pub(in crate::call) attempt: AttemptId,
}

impl Inbound {
    pub(in crate::call) fn adopt(taken: Taken) -> Inbound {
        let (treatment, playing) = match taken.stage {
            TakenIn::Talk(talk) => (Treatment::Talking(talk), None),
            TakenIn::Notice { agent, agent_leg, notice } => {
                let to_caller = Some(notice);
                let connecting = Connecting { agent, agent_leg, to_caller, recorded: true, to_agent: None };
                (Treatment::Connecting(connecting), Some(notice))
            }
        };
        Inbound {
            id: taken.id,
            ids: taken.ids,
            leg: taken.leg,
            there: true,
            lost: false,
            answered: true,
            number: Some(taken.number),
            colleague: None,
            called: taken.shown,
            service: taken.service,
            whose: taken.whose,
            as_placed: Some(taken.as_placed),
            called_back: taken.called_back,
            handed: None,
            told: false,
            language: taken.language,
            arrived: taken.began,
            class: Class::CalledBack,
            after_hours: false,
            treatment,
            stand: None,
            came_from: taken.queue.map(|queue| CameFrom { queue, priority: 0, refused: false }),
            stays: 0,
            alone_since: taken.began,
            stood_since: None,
            first_stood: None,
            hops: 0,
            phones: 0,
            ringing: Vec::new(),
            over_offers: BTreeSet::new(),
            playing,
            background: None,
            interlude: None,
            early_holds: EarlyHolds::default(),
            recording: None,
            promise: None,
            next_promise: None,
            promises: taken.promises,
            account: Account::in_conversation(),
            path: Vec::new(),
        }
    }

    /// A customer who talks with an agent at a phone that was rung by its own number is a customer like any other.
    pub(super) fn phone_becomes_talk(&mut self, agent: &AgentKey, turn: &Turn<'_, '_>) {
        let Treatment::Phone(phone) = &mut self.treatment else { return };
        if phone.agent.as_ref() != Some(agent) {
            return;
        }
        let Some((pair, since)) = phone.conversation() else { return };
        let opening = Opening {
            call: self.id,
            agent: agent.clone(),
            agent_leg: phone.leg,
            customer_leg: self.leg,
            pair: Some(pair),
            entry: None,
            recorded: false,
        };
        let _ = turn;
        self.treatment = Treatment::Talking(Box::new(Talk::go_on(opening, since)));
    }
}
