//! The scenario in small, and rows in memory, for the tests of the rules.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{
    AgentKey, AttemptId, CalendarKey, CallId, CampaignKey, Country, Digit, EntryId, ExtensionKey, GroupKey, IdSource,
    Language, LegId, MessageId, Millis, OfferId, PhoneNumber, PromptKey, QueueKey, ServiceKey, Timestamp, TrunkKey,
};

use crate::agent::{self, Agent};
use crate::directory::{
    AgentProfile, AtClosing, Campaign, Directory, Group, Queue, RetryPlan, Ringing, Service, Site, StarCode, Strategy,
    Trunk,
};
use crate::entry::{Actor, Change, Consent, Entry, Target, Tried, Window};
use crate::fact::{Arrival, Dated, Fact, RequestMade};
use crate::hours::{Calendar, CalendarDefinition, DiallingWindow, Weekday, Zone};
use crate::note::CallNote;
use crate::numbers::{BlockList, NumberRules, OutboundRules, RequestLimit};
use crate::routing::{Assignment, Class, Offer, Waiting};
use crate::tables::Tables;
use crate::transaction::{Answer, CallRow, Hold, NotLoaded, Outcome, Read, Rows, Transaction, Write, run};
use crate::wait::PromisePolicy;

/// Monday, 10:00 in Shanghai.
const MORNING: i64 = 1_772_416_800;

/// So many seconds after Monday morning.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis((MORNING + seconds) * 1_000)
}

macro_rules! ids {
    ($($name:ident: $id:ty;)*) => {$(
        /// The n-th of its kind; they sort by `n`.
        pub(crate) fn $name(n: u32) -> $id {
            IdSource::new(7).next(Timestamp::from_millis(n.into()))
        }
    )*};
}

ids! {
    call: CallId;
    offer: OfferId;
    entry: EntryId;
    attempt: AttemptId;
    message: MessageId;
    leg: LegId;
}

pub(crate) fn agent(key: &str) -> AgentKey {
    AgentKey::new(key).unwrap()
}

pub(crate) fn queue(key: &str) -> QueueKey {
    QueueKey::new(key).unwrap()
}

fn group(key: &str) -> GroupKey {
    GroupKey::new(key).unwrap()
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    text.parse().unwrap()
}

/// A customer's number.
pub(crate) fn customer(n: u32) -> PhoneNumber {
    number(&format!("+8613800138{n:03}"))
}

/// The number of the service, which the trunk owns.
pub(crate) fn our_number() -> PhoneNumber {
    number("+862161230001")
}

pub(crate) fn by(key: &str) -> Actor {
    Actor::Agent(agent(key))
}

pub(crate) fn supervisor() -> Actor {
    Actor::Supervisor(agent("1000"))
}

pub(crate) fn queue_600() -> Target {
    Target::Queue(queue("600"))
}

pub(crate) fn group_b() -> Target {
    Target::Service(ServiceKey::new("support").unwrap(), group("support-b"))
}

pub(crate) fn renewals() -> Target {
    Target::Campaign(CampaignKey::new("renewals").unwrap())
}

/// Queue 600 of Support, which the groups A (2000, 2001) and B (2002) serve, and the campaign Renewals (2003).
pub(crate) fn directory() -> Directory {
    let office = CalendarKey::new("office").unwrap();
    let service = Service {
        key: ServiceKey::new("support").unwrap(),
        name: "Support".into(),
        groups: vec![group("support-a"), group("support-b")],
        calendar: Some(office.clone()),
        caller_id: Some(our_number()),
    };
    let campaign = Campaign {
        key: CampaignKey::new("renewals").unwrap(),
        name: "Renewals".into(),
        groups: vec![group("renewals")],
        calendar: None,
        caller_id: Some(number("+862161230002")),
    };
    let groups = [("support-a", &["2000", "2001"][..]), ("support-b", &["2002"]), ("renewals", &["2003"])].map(
        |(key, agents)| {
            let agents = agents.iter().map(|key| agent(key)).collect();
            (group(key), Group { key: group(key), name: key.into(), agents })
        },
    );
    let trunk = Trunk {
        key: TrunkKey::new("carrier-1").unwrap(),
        numbering: NumberRules::of_country(china()),
        numbers: BTreeSet::from([our_number(), number("+862161230002")]),
    };
    Directory {
        site: site(),
        services: BTreeMap::from([(service.key.clone(), service)]),
        campaigns: BTreeMap::from([(campaign.key.clone(), campaign)]),
        groups: BTreeMap::from(groups),
        agents: ["2000", "2001", "2002", "2003"].map(|key| (agent(key), profile(key))).into(),
        queues: BTreeMap::from([(queue("600"), a_queue("600", &["support-a", "support-b"]))]),
        extensions: BTreeMap::new(),
        star_codes: StarCode::defaults(),
        outbound: vec![trunk.key.clone()],
        trunks: BTreeMap::from([(trunk.key.clone(), trunk)]),
        numbers: BTreeMap::new(),
        calendars: BTreeMap::from([(office.clone(), office_hours(office))]),
        flows: BTreeMap::new(),
        blocked: BlockList { numbers: BTreeSet::from([customer(666)]), prefixes: BTreeSet::new() },
        dispositions: crate::directory::Dispositions::default(),
        pops: crate::directory::Pops::default(),
    }
}

fn china() -> Country {
    Country::new("CN").unwrap()
}

/// Every day from 07:00 to 23:00: wider than the dialling window.
fn office_hours(key: CalendarKey) -> Calendar {
    let weekly = Weekday::ALL.map(|day| (day, vec!["07:00-23:00".parse().unwrap()])).into();
    let (closures, make_up_days) = (Vec::new(), Vec::new());
    let zone = "Asia/Shanghai".to_owned();
    Calendar::new(CalendarDefinition { key, name: "Office".into(), zone, weekly, closures, make_up_days }).unwrap()
}

pub(crate) fn site() -> Site {
    Site {
        zone: Zone::new("Asia/Shanghai").unwrap(),
        numbers: NumberRules::of_country(china()),
        language: Language::Chinese,
        dialling_window: DiallingWindow::MANUAL,
        outbound: OutboundRules::of_country(china()),
        retry_plan: RetryPlan::default(),
        request_limit: RequestLimit { per_number_per_day: 3 },
        promise: PromisePolicy::default(),
        claim_for: Millis::minutes(5),
        ring_customer_for: Millis::seconds(40),
        ring_agent_for: Millis::seconds(20),
        broken_within: Millis::seconds(30),
        served_after: Millis::seconds(20),
        returning_within: Millis::hours(2),
        expire_after: Some(Millis::hours(48)),
        remind_again_after: Some(Millis::minutes(10)),
        escalate_after: Some(Millis::minutes(20)),
        break_reasons: Vec::new(),
    }
}

fn profile(key: &str) -> AgentProfile {
    AgentProfile {
        key: agent(key),
        name: key.into(),
        number: key.into(),
        extension: ExtensionKey::new(key).unwrap(),
        ringing: None,
        priorities: BTreeMap::new(),
        language: None,
        outside: None,
    }
}

pub(crate) fn a_queue(key: &str, groups: &[&str]) -> Queue {
    Queue {
        key: queue(key),
        name: key.into(),
        number: None,
        service: ServiceKey::new("support").unwrap(),
        groups: groups.iter().map(|key| group(key)).collect(),
        strategy: Strategy::LongestIdle,
        longest_wait: Millis::seconds(60),
        max_length: 50,
        ringing: Ringing { ring_for: Millis::seconds(15), retry_pause: Millis::seconds(10) },
        wrap_up: Millis::seconds(30),
        wrap_up_mode: crate::directory::WrapUpMode::Timed,
        callback_key: None,
        announce_every: None,
        announce_agent: false,
        whisper: None,
        recording_notice: None,
        calendar: None,
        at_closing: AtClosing::Serve,
        join_empty: true,
        handling_time: Millis::seconds(300),
        patience: Millis::seconds(240),
        short_abandon: Millis::seconds(5),
        music: None,
        overflow: BTreeMap::new(),
    }
}

/// An agent who has been available since then.
pub(crate) fn available(key: &str, since: Timestamp) -> Agent {
    agent::next(&Agent::new(agent(key)), since, &agent::Input::SignIn).unwrap()
}

/// The stand of call `n` in queue 600: the place is the n-th second.
pub(crate) fn waiting(n: u32) -> Waiting {
    Waiting {
        call: call(n),
        queue: queue("600"),
        stay: 1,
        class: Class::Ordinary,
        priority: 0,
        place: at(n.into()),
        entered: at(n.into()),
        connectable: true,
        caller: None,
        declined: BTreeSet::new(),
    }
}

/// The request that call `n` of a customer makes.
pub(crate) fn request(n: u32, number: &PhoneNumber, target: Target, now: Timestamp) -> RequestMade {
    RequestMade {
        entry: entry(n),
        call: Some(call(n)),
        number: number.clone(),
        target,
        assigned: None,
        another_matter: false,
        place: at(n.into()),
        promise: Window { from: now, to: now + Millis::minutes(15) },
        consent: Consent {
            at: now,
            number: number.clone(),
            prompts: vec![PromptKey::new("queue-menu").unwrap()],
            key: Some(Digit::new('2').unwrap()),
        },
        called: Some(our_number()),
        queue: Some(queue("600")),
        path: vec!["queue-overflow/menu".into()],
        language: Language::Chinese,
    }
}

/// Rows as a store has them at first: none is there before it was asked for.
struct Loading<'a> {
    tables: &'a Tables,
    loaded: BTreeSet<NotLoaded>,
}

impl Loading<'_> {
    fn read<T>(&self, name: NotLoaded, row: Read<T>) -> Read<T> {
        if self.loaded.contains(&name) { row } else { Err(name) }
    }
}

impl Rows for Loading<'_> {
    fn agent(&self, key: &AgentKey) -> Read<Option<Agent>> {
        self.read(NotLoaded::Agent(key.clone()), self.tables.agent(key))
    }
    fn call(&self, id: CallId) -> Read<Option<CallRow>> {
        self.read(NotLoaded::Call(id), self.tables.call(id))
    }
    fn waiting(&self, id: CallId) -> Read<Option<Waiting>> {
        self.read(NotLoaded::Waiting(id), self.tables.waiting(id))
    }
    fn line(&self, queue: &QueueKey) -> BTreeSet<CallId> {
        self.tables.line(queue)
    }
    fn offer(&self, id: OfferId) -> Read<Option<Offer>> {
        self.read(NotLoaded::Offer(id), self.tables.offer(id))
    }
    fn live_offers(&self, call: CallId) -> Read<Vec<OfferId>> {
        self.read(NotLoaded::OffersOf(call), self.tables.live_offers(call))
    }
    fn entry(&self, id: EntryId) -> Read<Option<Entry>> {
        self.read(NotLoaded::Entry(id), self.tables.entry(id))
    }
    fn open_entries(&self, number: &PhoneNumber) -> Read<Vec<EntryId>> {
        self.read(NotLoaded::OpenEntries(number.clone()), self.tables.open_entries(number))
    }
    fn holds(&self, number: &PhoneNumber) -> Read<Vec<Hold>> {
        self.read(NotLoaded::Holds(number.clone()), self.tables.holds(number))
    }
    fn note(&self, call: CallId, agent: &AgentKey) -> Read<Option<CallNote>> {
        self.read(NotLoaded::Note(call, agent.clone()), self.tables.note(call, agent))
    }
    fn requests_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<u32> {
        let name = NotLoaded::Requests(number.clone(), since);
        self.read(name, self.tables.requests_since(number, since))
    }
    fn tries_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<Vec<Tried>> {
        self.read(NotLoaded::Tries(number.clone(), since), self.tables.tries_since(number, since))
    }
}

/// A site at work: its directory and its rows, what has become true among them.
pub(crate) struct Works {
    pub(crate) directory: Directory,
    pub(crate) tables: Tables,
    pub(crate) now: Timestamp,
}

impl Works {
    /// Agents 2000 to 2003 are available, nobody calls yet.
    pub(crate) fn new() -> Works {
        let directory = directory();
        let mut tables = Tables::default();
        for key in directory.agents.keys() {
            tables.put(Write::Agent(available(key.as_str(), at(-60))));
        }
        Works { directory, tables, now: at(0) }
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, length: Millis) {
        self.now += length;
    }

    /// Runs a transaction, in the way of a store: what is missing is loaded, then it runs anew.
    pub(crate) fn run(&mut self, transaction: &Transaction) -> Answer {
        let outcome = self.try_run(transaction);
        if matches!(outcome.answer, Answer::Refused(_)) && !matches!(transaction, Transaction::Call { .. }) {
            assert!(outcome.writes.is_empty() && outcome.facts.is_empty(), "refused, yet written: {outcome:?}");
        }
        self.tables.write(&outcome);
        outcome.answer
    }

    fn try_run(&self, transaction: &Transaction) -> Outcome {
        let mut rows = Loading { tables: &self.tables, loaded: BTreeSet::new() };
        let outcome = loop {
            match run(&rows, &self.directory, self.now, transaction) {
                Ok(outcome) => break outcome,
                Err(name) => assert!(rows.loaded.insert(name.clone()), "{name:?} is asked for twice"),
            }
        };
        assert_eq!(run(&self.tables, &self.directory, self.now, transaction).as_ref(), Ok(&outcome));
        outcome
    }

    pub(crate) fn record(&mut self, fact: Fact) {
        let records = vec![Dated { at: self.now, fact }];
        assert_eq!(self.run(&Transaction::Call { records, promise: None }), Answer::Done);
    }

    pub(crate) fn promise(&mut self, fact: Fact) -> Answer {
        let promise = Some(Dated { at: self.now, fact });
        self.run(&Transaction::Call { records: Vec::new(), promise })
    }

    /// A call comes in.
    pub(crate) fn arrive(&mut self, n: u32, number: Option<PhoneNumber>) {
        let service = Some(ServiceKey::new("support").unwrap());
        let called = Some(our_number());
        self.record(Fact::CallArrived(Arrival {
            call: call(n),
            leg: leg(n),
            number,
            called,
            service,
            colleague: None,
        }));
    }

    /// Call `n` of a customer waits in queue 600.
    pub(crate) fn wait(&mut self, n: u32, number: &PhoneNumber) {
        self.arrive(n, Some(number.clone()));
        self.record(Fact::Queued(waiting(n)));
    }

    /// Agent for call: the n-th offer.
    pub(crate) fn reserve(&mut self, n: u32, of_call: u32, key: &str) -> Answer {
        let assignment = Assignment { call: call(of_call), stay: 1, queue: queue("600"), agent: agent(key) };
        self.run(&Transaction::Reserve { assignment, offer: offer(n) })
    }

    /// Call `n` asks for a callback.
    pub(crate) fn ask(&mut self, n: u32, number: &PhoneNumber, target: Target) -> Answer {
        let made = request(n, number, target, self.now);
        self.promise(Fact::RequestMade(Box::new(made)))
    }

    pub(crate) fn change(&mut self, n: u32, change: Change, by: Actor) -> Answer {
        self.run(&Transaction::Entry { entry: entry(n), change, seen: None, by })
    }

    pub(crate) fn call_back(&mut self, n: u32, of_call: u32, key: &str) -> Answer {
        self.run(&Transaction::CallBack {
            entry: entry(n),
            agent: agent(key),
            call: call(of_call),
            beyond_window: false,
            seen: None,
            by: by(key),
        })
    }

    pub(crate) fn dial(&mut self, n: u32, of_entry: u32, of_call: u32, number: &PhoneNumber) -> Answer {
        let (attempt, entry, call, number) = (attempt(n), entry(of_entry), call(of_call), number.clone());
        self.promise(Fact::AttemptBegan { attempt, entry, call, number })
    }

    pub(crate) fn recover(&mut self, n: u32) -> Answer {
        self.run(&Transaction::Recover { call: call(n), entry: entry(900 + n) })
    }

    pub(crate) fn entry(&self, n: u32) -> &Entry {
        &self.tables.entries[&entry(n)]
    }

    pub(crate) fn agent(&self, key: &str) -> &Agent {
        &self.tables.agents[&agent(key)]
    }

    /// What has become true since the last time, by name.
    pub(crate) fn told(&mut self) -> String {
        let names = std::mem::take(&mut self.tables.facts).into_iter().map(|dated| name(&dated.fact));
        names.collect::<Vec<_>>().join(" ")
    }
}

fn name(fact: &Fact) -> String {
    let text = match fact {
        Fact::AgentChanged { agent, to, .. } => format!("{agent}:{to:?}"),
        Fact::EntryChanged { change, .. } => format!("Entry:{change:?}"),
        Fact::OfferEnded { end, .. } => format!("OfferEnded:{end:?}"),
        other => format!("{other:?}"),
    };
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == ':').collect()
}
