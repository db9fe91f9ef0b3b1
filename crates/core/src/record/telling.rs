//! What the facts of a call tell of it.

use std::collections::BTreeMap;

use nohold_model::{AgentKey, CallId, CallResult, ExtensionKey, Millis, OfferId, PhoneNumber, Timestamp};

use super::{Direction, Leg, LegEnd, MOST_PARTS, Party, Record, RecordEnd, RecordingOf, Stay};
use crate::call::Gone;
use crate::entry::Change;
use crate::fact::{CallEnd, Dated, Destination, Dropped, Ender, Fact, LeftQueue};

/// What became of a call that is over, by the facts that name it, oldest first; nothing where they tell neither its beginning
/// nor its end. `agent_of` says whose phone one of ours is.
#[must_use]
pub fn tell(call: CallId, facts: &[Dated], agent_of: impl Fn(&ExtensionKey) -> Option<AgentKey>) -> Option<Record> {
    let first = facts.first()?;
    let mut telling = Telling {
        record: empty(call, first.at),
        began: false,
        ended: false,
        offers: BTreeMap::new(),
        consulted: None,
        rung: None,
        talking: None,
        holding: None,
        agent_of: &agent_of,
    };
    for dated in facts {
        telling.hear(dated);
    }
    let Telling { mut record, began, ended, .. } = telling;
    if !(began && ended) {
        return None;
    }
    for stay in record.stays.iter_mut().filter(|stay| stay.to.is_none()) {
        stay.to = Some(record.ended);
    }
    record.waited = record
        .stays
        .iter()
        .map(|stay| stay.to.unwrap_or(record.ended).since(stay.from))
        .fold(Millis::ZERO, |all, one| all + one);
    Some(record)
}

fn empty(call: CallId, at: Timestamp) -> Record {
    Record {
        call,
        began: at,
        ended: at,
        direction: Direction::In,
        end: RecordEnd::Missed,
        result: None,
        number: None,
        called: None,
        service: None,
        queue: None,
        extension: None,
        agents: Vec::new(),
        legs: Vec::new(),
        stays: Vec::new(),
        flows: Vec::new(),
        path: Vec::new(),
        waited: Millis::ZERO,
        talked: Millis::ZERO,
        held: Millis::ZERO,
        entry: None,
        recordings: Vec::new(),
        messages: Vec::new(),
        ended_by: None,
        promise: None,
        dialled: None,
        disposition: None,
        note: String::new(),
    }
}

/// A record in the middle of its telling.
struct Telling<'a> {
    record: Record,
    began: bool,
    ended: bool,
    offers: BTreeMap<OfferId, AgentKey>,
    /// Whoever is consulted.
    consulted: Option<Party>,
    /// The phone that a call rings by its own number, or to which it was handed over.
    rung: Option<Party>,
    talking: Option<Timestamp>,
    holding: Option<Timestamp>,
    agent_of: &'a dyn Fn(&ExtensionKey) -> Option<AgentKey>,
}

impl Telling<'_> {
    fn hear(&mut self, Dated { at, fact }: &Dated) {
        let at = *at;
        if !self.ended {
            // What is written about a call comes after its end.
            self.record.ended = self.record.ended.max(at);
        }
        match fact {
            Fact::CallArrived(_) | Fact::DirectBegan { .. } => self.began(at, fact),
            Fact::Queued(_) | Fact::LeftQueue { .. } => self.in_line(at, fact),
            Fact::OfferMade { .. } | Fact::OfferEnded { .. } | Fact::Connected { .. } => self.offered(at, fact),
            Fact::PhoneRung { .. } | Fact::Transferred { .. } => self.other_phone_rings(at, fact),
            Fact::PhoneAnswered { .. } | Fact::TransferAnswered { .. } => self.other_phone_answers(at),
            Fact::PhoneFailed { why, .. } => self.other_phone_fails(at, *why),
            Fact::TransferFailed { .. } => self.other_phone_fails(at, Gone::NoAnswer),
            Fact::DirectAnswered { .. } => {
                self.record.result = Some(CallResult::Answered);
                self.answered(Some(&Party::Customer), at);
                self.talk(at);
            }
            Fact::DirectOver { result, ended_by, .. } => self.direct_over(at, *result, *ended_by),
            Fact::HandedOver { .. } | Fact::TreatedAsCustomer { .. } => self.handed(at, fact),
            Fact::ConsultBegan { .. }
            | Fact::ConsultAnswered { .. }
            | Fact::ConsultEnded { .. }
            | Fact::ConsultCompleted { .. } => self.consulted(at, fact),
            Fact::Held { held, .. } => self.held(at, *held),
            Fact::AgentFreed { agent, .. } => self.freed(at, agent),
            Fact::EntryChanged { .. }
            | Fact::AttemptBegan { .. }
            | Fact::AttemptAnswered { .. }
            | Fact::CallbackDropped { .. } => self.called_back(at, fact),
            Fact::FlowEntered { .. }
            | Fact::RecordingBegan { .. }
            | Fact::RequestMade(_)
            | Fact::MessageLeft { .. }
            | Fact::EntryGathered { .. }
            | Fact::NoteSaved { .. } => self.left_behind(at, fact),
            Fact::CallEnded { how, .. } => self.over(at, *how),
            Fact::OfferRinging { .. }
            | Fact::FarRings { .. }
            | Fact::RecordingPaused { .. }
            | Fact::RecordingResumed { .. }
            | Fact::NumberRefused { .. }
            | Fact::Missed { .. }
            | Fact::CutOff { .. }
            | Fact::Served { .. }
            | Fact::AttemptEnded { .. }
            | Fact::CallbackTalked { .. }
            | Fact::ConsultChanged { .. }
            | Fact::AgentChanged { .. } => {}
        }
    }

    /// What came of a call that a phone of ours has dialled.
    fn direct_over(&mut self, at: Timestamp, result: Option<CallResult>, ended_by: Option<Ender>) {
        self.record.result = result;
        self.record.ended_by = ended_by;
        let why = match result {
            None | Some(CallResult::Answered | CallResult::Machine) => return,
            Some(CallResult::NoAnswer) => LegEnd::NoAnswer,
            Some(CallResult::Busy | CallResult::Refused) => LegEnd::Declined,
            Some(CallResult::Unallocated | CallResult::SwitchedOff | CallResult::Failed) => LegEnd::Unreachable,
            Some(CallResult::Interrupted) => LegEnd::Withdrawn,
        };
        self.let_go(Some(&Party::Customer), at, Some(why));
    }

    /// What a call leaves behind: the path through flows, recordings, messages, an entry.
    fn left_behind(&mut self, at: Timestamp, fact: &Fact) {
        let record = &mut self.record;
        if let Fact::FlowEntered { flow, .. } = fact
            && record.flows.len() < MOST_PARTS
        {
            record.flows.push(flow.clone());
        }
        if let Fact::RecordingBegan { agent, recording, .. } = fact
            && record.recordings.len() < MOST_PARTS
        {
            record.recordings.push(RecordingOf { recording: *recording, agent: agent.clone(), at });
        }
        if let Fact::RequestMade(request) = fact {
            record.number = record.number.take().or_else(|| Some(request.number.clone()));
            record.path.clone_from(&request.path);
        }
        if let Fact::MessageLeft { message, .. } = fact
            && record.messages.len() < MOST_PARTS
        {
            record.messages.push(*message);
        }
        if let Fact::NoteSaved { kept, .. } = fact {
            record.note_down(&kept.written);
        }
        if let Fact::EntryGathered { entry, .. } = fact {
            record.entry = Some(*entry);
        }
    }

    /// The way of a callback.
    fn called_back(&mut self, at: Timestamp, fact: &Fact) {
        if let Fact::EntryChanged { entry, change: Change::CallBegan { agent, .. }, .. } = fact {
            self.began = true;
            self.record.direction = Direction::Callback;
            self.record.entry = Some(*entry);
            self.part_of(agent);
            self.leg(Party::Agent(agent.clone()), at);
        }
        if let Fact::AttemptBegan { number, .. } = fact {
            let agent = self.record.agents.first().cloned().map(Party::Agent);
            self.answered(agent.as_ref(), at);
            self.record.number = Some(number.clone());
            self.record.dialled = Some(at);
            self.leg(Party::Customer, at);
        }
        if let Fact::AttemptAnswered { .. } = fact {
            self.record.result = Some(CallResult::Answered);
            self.answered(Some(&Party::Customer), at);
        }
        if let Fact::CallbackDropped { why, .. } = fact {
            let end = match why {
                Dropped::NoAnswer => LegEnd::NoAnswer,
                Dropped::Declined => LegEnd::Declined,
                Dropped::Unreachable => LegEnd::Unreachable,
                Dropped::Interrupted | Dropped::NotSaved => LegEnd::Interrupted,
                Dropped::HungUp
                | Dropped::NumberInUse
                | Dropped::Hour
                | Dropped::NotCallable
                | Dropped::TriedEnough
                | Dropped::Refused => LegEnd::Withdrawn,
            };
            self.let_go(None, at, Some(end));
        }
    }

    fn began(&mut self, at: Timestamp, fact: &Fact) {
        self.began = true;
        self.record.began = at;
        if let Fact::CallArrived(arrival) = fact {
            self.record.number.clone_from(&arrival.number);
            self.record.called.clone_from(&arrival.called);
            self.record.service.clone_from(&arrival.service);
            if let Some(extension) = &arrival.colleague {
                self.record.direction = Direction::Internal;
                self.calls(at, extension);
            } else {
                self.leg(Party::Customer, at);
            }
            // The arrival is committed before the call is answered, and people count from it.
            self.answered(None, at);
        }
        if let Fact::DirectBegan { extension, number, .. } = fact {
            self.record.direction = Direction::Out;
            self.record.number.clone_from(number);
            self.record.dialled = Some(at);
            self.calls(at, extension);
            self.answered(None, at);
            self.leg(Party::Customer, at);
        }
    }

    /// A phone of ours calls.
    fn calls(&mut self, at: Timestamp, extension: &ExtensionKey) {
        self.record.extension = Some(extension.clone());
        let party = self.party_at(extension);
        if let Party::Agent(agent) = &party {
            let agent = agent.clone();
            self.part_of(&agent);
        }
        self.leg(party, at);
    }

    fn in_line(&mut self, at: Timestamp, fact: &Fact) {
        if let Fact::Queued(waiting) = fact {
            self.record.queue = Some(waiting.queue.clone());
            let open = self.record.stays.last_mut().filter(|stay| stay.to.is_none());
            match open {
                Some(stay) if stay.queue == waiting.queue => return,
                Some(stay) => (stay.to, stay.why) = (Some(at), Some(LeftQueue::Overflow)),
                None => {}
            }
            if self.record.stays.len() < MOST_PARTS {
                self.record.stays.push(Stay { queue: waiting.queue.clone(), from: at, to: None, why: None });
            }
        }
        if let Fact::LeftQueue { why, .. } = fact
            && let Some(stay) = self.record.stays.last_mut().filter(|stay| stay.to.is_none())
        {
            (stay.to, stay.why) = (Some(at), Some(*why));
        }
    }

    fn offered(&mut self, at: Timestamp, fact: &Fact) {
        if let Fact::OfferMade { offer, agent, .. } = fact {
            self.offers.insert(*offer, agent.clone());
            self.leg(Party::Agent(agent.clone()), at);
        }
        if let Fact::OfferEnded { offer, end, .. } = fact
            && let Some(agent) = self.offers.get(offer).cloned()
        {
            let party = Party::Agent(agent);
            match LegEnd::of(*end) {
                None => self.answered(Some(&party), at),
                why @ Some(_) => self.let_go(Some(&party), at, why),
            }
        }
        if let Fact::Connected { agent, .. } = fact {
            let party = Party::Agent(agent.clone());
            if !self.has_open(&party) {
                self.leg(party.clone(), at);
            }
            self.answered(Some(&party), at);
            self.part_of(agent);
            self.talk(at);
        }
    }

    fn other_phone_rings(&mut self, at: Timestamp, fact: &Fact) {
        if let Fact::PhoneRung { extension, .. } = fact {
            self.rung = Some(self.party_at(extension));
        }
        if let Fact::Transferred { to, .. } = fact {
            self.rung = self.party_of(to);
        }
        if let Some(party) = self.rung.clone() {
            self.leg(party, at);
        }
    }

    fn other_phone_answers(&mut self, at: Timestamp) {
        let party = self.rung.clone();
        self.answered(party.as_ref(), at);
        if let Some(Party::Agent(agent)) = &party {
            self.part_of(agent);
        }
        self.talk(at);
    }

    fn other_phone_fails(&mut self, at: Timestamp, why: Gone) {
        let end = match why {
            Gone::NoAnswer => LegEnd::NoAnswer,
            Gone::Busy | Gone::Refused => LegEnd::Declined,
            Gone::HungUp => LegEnd::Withdrawn,
            Gone::Lost | Gone::PhoneLost => LegEnd::Interrupted,
            Gone::Unreachable | Gone::Unallocated | Gone::SwitchedOff | Gone::Failed => LegEnd::Unreachable,
        };
        let party = self.rung.take();
        self.let_go(party.as_ref(), at, Some(end));
    }

    fn handed(&mut self, at: Timestamp, fact: &Fact) {
        if let Fact::TreatedAsCustomer { agent, number, service, .. } = fact {
            self.record.number = Some(number.clone());
            self.record.service.clone_from(service);
            self.part_of(agent);
        }
        if let Fact::HandedOver { by, to, .. } = fact {
            self.freed(at, by);
            self.rung = self.party_of(to);
            if let Some(party) = self.rung.clone() {
                self.leg(party, at);
            }
        }
    }

    fn consulted(&mut self, at: Timestamp, fact: &Fact) {
        if let Fact::ConsultBegan { to, agent, .. } = fact {
            let party = agent.clone().map(Party::Agent).or_else(|| self.party_of(to));
            self.consulted.clone_from(&party);
            if let Some(party) = party {
                self.leg(party, at);
            }
        }
        if let Fact::ConsultAnswered { .. } = fact {
            let party = self.consulted.clone();
            self.answered(party.as_ref(), at);
            if let Some(Party::Agent(agent)) = &party {
                self.part_of(agent);
            }
        }
        if let Fact::ConsultEnded { .. } = fact {
            let party = self.consulted.take();
            self.let_go(party.as_ref(), at, Some(LegEnd::NoAnswer));
        }
        if let Fact::ConsultCompleted { by, .. } = fact {
            // Whoever was consulted goes on with the customer; who had the customer leaves.
            self.held(at, false);
            self.rung = self.consulted.take();
            self.let_go(Some(&Party::Agent(by.clone())), at, None);
        }
    }

    fn held(&mut self, at: Timestamp, held: bool) {
        match (held, self.holding) {
            (true, None) => self.holding = Some(at),
            (false, Some(since)) => {
                self.record.held = self.record.held + at.since(since);
                self.holding = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    fn talk(&mut self, at: Timestamp) {
        self.talking.get_or_insert(at);
    }

    fn silent(&mut self, at: Timestamp) {
        self.held(at, false);
        if let Some(since) = self.talking.take() {
            self.record.talked = self.record.talked + at.since(since);
        }
    }

    /// The agent is let go; the customer may go on with whoever was consulted.
    fn freed(&mut self, at: Timestamp, agent: &AgentKey) {
        let party = Party::Agent(agent.clone());
        self.let_go(Some(&party), at, None);
        let others = self.record.legs.iter().any(|leg| {
            leg.ended.is_none() && leg.answered.is_some() && leg.party != Party::Customer && leg.party != party
        });
        if !others {
            self.silent(at);
        }
    }

    fn over(&mut self, at: Timestamp, how: CallEnd) {
        self.ended = true;
        self.record.ended = at;
        let talked = self.talking.is_some() || self.record.talked > Millis::ZERO;
        self.silent(at);
        for leg in self.record.legs.iter_mut().filter(|leg| leg.ended.is_none()) {
            leg.ended = Some(at);
        }
        self.record.end = match how {
            CallEnd::Served => RecordEnd::Talked,
            CallEnd::Requested => RecordEnd::Requested,
            CallEnd::Message => RecordEnd::Message,
            CallEnd::Missed => RecordEnd::Missed,
            CallEnd::EndedByFlow => RecordEnd::EndedByFlow,
            CallEnd::CutOff => RecordEnd::CutOff,
            CallEnd::Callback | CallEnd::Direct if talked => RecordEnd::Talked,
            CallEnd::Callback | CallEnd::Direct if self.record.dialled.is_some() => RecordEnd::NotReached,
            CallEnd::Callback | CallEnd::Direct => RecordEnd::NotDialled,
        };
    }

    /// The agent made the call, or talked in it.
    fn part_of(&mut self, agent: &AgentKey) {
        if !self.record.agents.contains(agent) {
            self.record.agents.push(agent.clone());
        }
    }

    fn leg(&mut self, party: Party, at: Timestamp) {
        if self.record.legs.len() < MOST_PARTS {
            self.record.legs.push(Leg { party, began: at, answered: None, ended: None, why: None });
        }
    }

    fn has_open(&self, party: &Party) -> bool {
        self.record.legs.iter().any(|leg| leg.party == *party && leg.ended.is_none())
    }

    /// The last connection of this party (of anybody, where none is named) was answered.
    fn answered(&mut self, party: Option<&Party>, at: Timestamp) {
        if let Some(leg) = self.open(party) {
            leg.answered.get_or_insert(at);
        }
    }

    fn let_go(&mut self, party: Option<&Party>, at: Timestamp, why: Option<LegEnd>) {
        if let Some(leg) = self.open(party) {
            leg.ended = Some(at);
            leg.why = why.filter(|_| leg.answered.is_none());
        }
    }

    fn open(&mut self, party: Option<&Party>) -> Option<&mut Leg> {
        let mut legs = self.record.legs.iter_mut().rev();
        legs.find(|leg| leg.ended.is_none() && party.is_none_or(|party| leg.party == *party))
    }

    fn party_at(&self, extension: &ExtensionKey) -> Party {
        (self.agent_of)(extension).map_or_else(|| Party::Extension(extension.clone()), Party::Agent)
    }

    fn party_of(&self, to: &Destination) -> Option<Party> {
        match to {
            Destination::Extension(extension) => Some(self.party_at(extension)),
            Destination::Number(number) => Some(self.outside(number)),
            Destination::Queue(_) | Destination::Flow(_) => None,
        }
    }

    fn outside(&self, number: &PhoneNumber) -> Party {
        if self.record.number.as_ref() == Some(number) { Party::Customer } else { Party::Number(number.clone()) }
    }
}
