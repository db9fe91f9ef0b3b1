//! A store that is an image with the real rules before it, and random people who work on it.

use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use nohold_app::desk::{Asked, CallbackWish, Desk, NotDone};
use nohold_app::ports::{
    Archive, ClosedEntries, ClosedQuery, Commit, Condition, Image, Page, Reading, Recorded, RecordedQuery, Revision,
    Told,
};
use nohold_core::agent::{Input, Mode};
use nohold_core::call::Wanted;
use nohold_core::configuration::{Configuration, Surroundings};
use nohold_core::directory::Directory;
use nohold_core::entry::{Actor, Business, Change, CloseReason, Consent, Entry, LeftAt, Outcome, Target, Window};
use nohold_core::fact::{Arrival, CallEnd, Dated, Doing, Fact, RequestMade};
use nohold_core::note::Wish;
use nohold_core::routing::{Assignment, Class, Waiting};
use nohold_core::transaction::Transaction;
use nohold_core::wait::Interval;
use nohold_model::{
    AgentKey, AttemptId, CallId, CallResult, CampaignKey, EntryId, GroupKey, IdSource, Language, LegId, Millis,
    PhoneNumber, QueueKey, RecordingId, ServiceKey, Timestamp,
};

use crate::board::Board;

const CONFIGURATION: &str = r#"{
    "site": { "zone": "Asia/Shanghai", "country": "CN" },
    "services": { "support": { "groups": ["a", "b"], "caller_id": "+862161230001" } },
    "campaigns": { "renewals": { "groups": ["r"], "caller_id": "+862161230001" } },
    "groups": { "a": { "agents": ["2000", "2001"] }, "b": { "agents": ["2001", "2002"] }, "r": { "agents": ["2003"] } },
    "agents": { "2000": {}, "2001": {}, "2002": {}, "2003": {} },
    "extensions": {
        "2000": { "password": { "generate": true } }, "2001": { "password": { "generate": true } },
        "2002": { "password": { "generate": true } }, "2003": { "password": { "generate": true } }
    },
    "queues": {
        "600": { "service": "support", "overflow": { "timeout": "message" } },
        "601": { "service": "support", "groups": ["b"], "overflow": { "timeout": "message" } }
    },
    "trunks": { "carrier": { "host": "127.0.0.1", "numbers": ["+862161230001"] } }
}"#;

/// Monday, 10:00 in Shanghai.
pub(super) const MORNING: Timestamp = Timestamp::from_millis(1_772_416_800_000);

/// The rules on an image, and nothing kept.
#[derive(Clone)]
pub(super) struct Works {
    image: Image,
    pub(super) directory: Arc<Mutex<Arc<Directory>>>,
    now: Arc<Mutex<Timestamp>>,
}

pub(super) fn configured() -> Arc<Directory> {
    let configuration: Configuration = serde_json::from_str(CONFIGURATION).unwrap();
    Arc::new(configuration.directory(&Surroundings::default()).unwrap().with_queues_of_groups())
}

impl Works {
    pub(super) fn new() -> Self {
        Works {
            image: Image::default(),
            directory: Arc::new(Mutex::new(configured())),
            now: Arc::new(Mutex::new(MORNING)),
        }
    }

    pub(super) fn at(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    pub(super) fn run(&self, transaction: &Transaction) {
        let (at, directory) = (self.at(), self.directory.lock().unwrap().clone());
        let (outcome, revision) =
            self.image.view(|tables, revision| (tables.outcome(&directory, at, transaction), Revision(revision.0 + 1)));
        self.image.apply([Commit { revision, at, outcome }]);
    }

    fn pass(&self, length: Millis) {
        let mut now = self.now.lock().unwrap();
        *now += length;
    }

    fn record(&self, fact: Fact) {
        let records = vec![Dated { at: self.at(), fact }];
        self.run(&Transaction::Call { records, promise: None });
    }

    pub(super) fn board(&self) -> Board {
        let now = self.clone();
        Board::new(self, Arc::new(self.clone()), Arc::new(move || now.at()))
    }
}

impl Archive for Works {
    fn image(&self) -> &Image {
        &self.image
    }
    fn condition(&self) -> Condition {
        Condition::Well
    }
    fn entry(&self, _: EntryId) -> Reading<Option<Entry>> {
        unreachable!("nobody reads one entry here")
    }
    fn closed_entries(&self, _: ClosedQuery) -> Reading<ClosedEntries> {
        unreachable!("nobody reads closed entries here")
    }
    fn entry_history(&self, _: EntryId) -> Reading<Vec<Told>> {
        unreachable!("nobody reads a history here")
    }
    fn call_record(&self, _: CallId) -> Reading<Option<nohold_core::record::Record>> {
        unreachable!("nobody reads a call here")
    }
    fn call_records_of(&self, _: Vec<CallId>) -> Reading<Vec<nohold_core::record::Record>> {
        unreachable!("nobody reads calls here")
    }
    fn call_records(&self, _: nohold_app::ports::HistoryQuery) -> Reading<Page<nohold_core::record::Record>> {
        unreachable!("nobody reads the history here")
    }
    fn agent_day(&self, _: AgentKey, _: Timestamp, _: Timestamp) -> Reading<nohold_app::ports::AgentDay> {
        unreachable!("nobody looks at a day here")
    }
    fn recorded(&self, _: RecordingId) -> Reading<Option<Recorded>> {
        unreachable!("nobody listens here")
    }
    fn recordings(&self, _: RecordedQuery) -> Reading<Page<Recorded>> {
        unreachable!("nobody listens here")
    }
}

impl Desk for Works {
    fn directory(&self) -> Arc<Directory> {
        self.directory.lock().unwrap().clone()
    }
    fn now(&self) -> Timestamp {
        self.at()
    }
    fn change_agent(&self, _: AgentKey, _: Input, _: Actor) -> BoxFuture<'static, Result<(), NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn change_entry(&self, _: EntryId, _: Change, _: Option<u64>, _: Actor) -> BoxFuture<'static, Result<(), NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn note(&self, _: CallId, _: AgentKey, _: Wish, _: Actor) -> BoxFuture<'static, Result<(), NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn keep_open(&self, _: CallId, _: EntryId, _: bool, _: Actor) -> BoxFuture<'static, Result<(), NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn call_back(
        &self,
        _: EntryId,
        _: AgentKey,
        _: bool,
        _: Option<u64>,
        _: Actor,
    ) -> BoxFuture<'static, Result<CallId, NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn request_callback(&self, _: CallbackWish) -> BoxFuture<'static, Result<Asked, NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn follow_up(&self, _: CallId, _: CallbackWish, _: Actor) -> BoxFuture<'static, Result<Asked, NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn take_back_follow_up(&self, _: CallId, _: EntryId, _: Actor) -> BoxFuture<'static, Result<(), NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn hang_up(&self, _: CallId, _: AgentKey) -> Result<(), NotDone> {
        unreachable!("wishes go to the rules at once here")
    }
    fn call_of(&self, _: LegId) -> Option<CallId> {
        unreachable!("nobody has a phone here")
    }
    fn wish_of_call(&self, _: CallId, _: AgentKey, _: Wanted) -> BoxFuture<'static, Result<(), NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn dial_out(
        &self,
        _: AgentKey,
        _: PhoneNumber,
        _: Option<Business>,
    ) -> BoxFuture<'static, Result<CallId, NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn expected_wait(&self, _: &QueueKey) -> Option<Interval> {
        unreachable!("nobody waits here")
    }
}

pub(super) fn agent_key(key: &str) -> AgentKey {
    AgentKey::new(key).unwrap()
}

fn customer(n: u8) -> PhoneNumber {
    format!("+86138001380{:02}", n % 6).parse().unwrap()
}

macro_rules! ids {
    ($($name:ident: $id:ty;)*) => {$(
        /// The n-th of its kind.
        fn $name(n: u8) -> $id {
            IdSource::new(7).next(Timestamp::from_millis(i64::from(n) + 1))
        }
    )*};
}

ids! {
    call_id: CallId;
    leg_id: LegId;
    attempt_id: AttemptId;
}

fn target(n: u8) -> Target {
    let support = || ServiceKey::new("support").unwrap();
    match n % 5 {
        0 => Target::Queue(QueueKey::new("600").unwrap()),
        1 => Target::Queue(QueueKey::new("601").unwrap()),
        2 => Target::Service(support(), GroupKey::new("b").unwrap()),
        3 => Target::Campaign(CampaignKey::new("renewals").unwrap()),
        _ => Target::WholeService(support()),
    }
}

/// One random thing that happens: what, and to whom.
pub(super) type Event = (u8, u8, u8, u8);

pub(super) fn happen(works: &Works, event: Event) {
    let (what, who, _, how) = event;
    let agent = agent_key(["2000", "2001", "2002", "2003"][usize::from(who % 4)]);
    let by = if how % 3 == 0 { Actor::Supervisor(agent.clone()) } else { Actor::Agent(agent.clone()) };
    match what % 20 {
        0 => works.run(&Transaction::Agent { agent, input: Input::SignIn, by }),
        1 => works.run(&Transaction::Agent { agent, input: Input::SignOut, by }),
        2 => works.run(&Transaction::Agent { agent, input: Input::Choose(Mode::Break("tea".into())), by }),
        3 => works.run(&Transaction::Agent { agent, input: Input::Choose(Mode::Available), by }),
        4..=7 | 12 => on_a_call(works, event, agent),
        8..=11 => leaves_something(works, event),
        13..=18 => on_an_entry(works, event, agent, by),
        _ => {
            let length = if how % 8 == 0 { Millis::hours(25) } else { Millis::minutes(u64::from(how % 16)) };
            works.pass(length);
        }
    }
}

/// A call comes in, waits, is offered, is answered, ends.
fn on_a_call(works: &Works, (what, _, whom, how): Event, agent: AgentKey) {
    let (at, call) = (works.at(), call_id(whom % 12));
    let queue = QueueKey::new(if how % 2 == 0 { "600" } else { "601" }).unwrap();
    match what % 20 {
        4 => works.record(Fact::CallArrived(Arrival {
            call,
            leg: leg_id(whom),
            number: Some(customer(whom)),
            called: None,
            service: Some(ServiceKey::new("support").unwrap()),
            colleague: None,
        })),
        5 => works.record(Fact::Queued(Waiting {
            call,
            queue,
            stay: 1,
            class: Class::Ordinary,
            priority: how % 2,
            place: at,
            entered: at,
            connectable: how % 5 != 0,
            caller: None,
            declined: std::collections::BTreeSet::new(),
        })),
        6 => {
            let offer = IdSource::new(9).next(at + Millis::new(u64::from(how)));
            works.run(&Transaction::Reserve { assignment: Assignment { call, stay: 1, queue, agent }, offer });
        }
        7 => works.record(Fact::Connected { call, agent }),
        _ => works.record(Fact::CallEnded { call, how: CallEnd::Missed }),
    }
}

/// A caller leaves a request, a missed call, or is cut off.
fn leaves_something(works: &Works, (what, who, whom, how): Event) {
    let (at, call, number, target) = (works.at(), call_id(whom % 12), customer(whom), target(how));
    let seed = [what, who, whom, how].iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte));
    let entry = IdSource::new(seed).next(at);
    match what % 20 {
        10 => works.record(Fact::Missed {
            entry,
            call,
            number: (how % 4 != 0).then_some(number),
            target,
            left_at: LeftAt::Menu,
            waited: Millis::seconds(3),
            short: how % 2 == 0,
        }),
        11 => works.record(Fact::CutOff { entry, call, number: Some(number), target, doing: Doing::Waiting }),
        _ => works.run(&Transaction::Request(Box::new(RequestMade {
            entry,
            call: (how % 2 == 0).then_some(call),
            number: number.clone(),
            target,
            assigned: None,
            another_matter: how % 7 == 0,
            place: at,
            promise: Window { from: at, to: at + Millis::minutes(15) },
            consent: Consent { at, number, prompts: Vec::new(), key: None },
            called: None,
            queue: None,
            path: Vec::new(),
            language: Language::English,
        }))),
    }
}

/// Somebody works on an entry, if there is one.
fn on_an_entry(works: &Works, (what, who, whom, how): Event, agent: AgentKey, by: Actor) {
    let entries: Vec<(EntryId, Option<PhoneNumber>, Option<CallId>)> = works
        .image
        .view(|tables, _| tables.entries.values().map(|one| (one.id, one.number.clone(), one.call())).collect());
    if entries.is_empty() {
        return;
    }
    let (entry, number, held) = entries[usize::from(whom) % entries.len()].clone();
    let change = match what % 20 {
        13 => Change::Claim { agent },
        14 => Change::Release,
        15 => {
            let note = "as agreed".to_owned();
            Change::Outcome(Outcome::Close { reason: CloseReason::Done, disposition: None, note })
        }
        16 if how % 2 == 0 => Change::Reopen,
        16 => Change::Acknowledge,
        17 => Change::Reassign { target: (how % 2 == 0).then(|| target(how)), agent: (how % 3 == 0).then_some(agent) },
        _ => {
            let Some(number) = number else { return };
            let (call, attempt) = (held.unwrap_or(call_id(200 + who % 4)), attempt_id(whom));
            works.run(&Transaction::CallBack { entry, agent, call, beyond_window: true, seen: None, by });
            works.record(Fact::AttemptBegan { attempt, entry, call, number });
            let result = if how % 2 == 0 { CallResult::Unallocated } else { CallResult::Busy };
            works.record(Fact::AttemptEnded { attempt, entry, result, sent: true });
            works.record(Fact::CallEnded { call, how: CallEnd::Callback });
            return;
        }
    };
    works.run(&Transaction::Entry { entry, change, seen: None, by });
}
