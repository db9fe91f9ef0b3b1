//! I-11: a screen that has applied what it was sent shows exactly what its viewer may see.
//!
//! The store is an image with the real rules before it. Random people work on it; after every few commits each screen takes
//! what changed for it, as text, into a model of a client, and is compared with a fresh snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use nohold_app::desk::{Asked, CallbackWish, Desk, NotDone};
use nohold_app::ports::{Archive, ClosedQuery, Commit, Image, Page, Reading, Revision, Told};
use nohold_core::agent::{Input, Mode};
use nohold_core::configuration::{Configuration, Surroundings};
use nohold_core::directory::Directory;
use nohold_core::entry::{Actor, Change, CloseReason, Consent, Entry, LeftAt, Outcome, Target, Window};
use nohold_core::fact::{Arrival, CallEnd, Dated, Doing, Fact, RequestMade};
use nohold_core::routing::{Assignment, Class, Waiting};
use nohold_core::transaction::Transaction;
use nohold_core::viewing::{Role, Viewer};
use nohold_model::{
    AgentKey, AttemptId, CallId, CallResult, CampaignKey, EntryId, GroupKey, IdSource, Language, LegId, Millis,
    PhoneNumber, QueueKey, ServiceKey, Timestamp,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::message::{self, Head};
use super::screen::Screen;
use crate::board::{Board, Position};

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
const MORNING: Timestamp = Timestamp::from_millis(1_772_416_800_000);

/// The rules on an image, and nothing kept.
#[derive(Clone)]
struct Works {
    image: Image,
    directory: Arc<Mutex<Arc<Directory>>>,
    now: Arc<Mutex<Timestamp>>,
}

fn configured() -> Arc<Directory> {
    let configuration: Configuration = serde_json::from_str(CONFIGURATION).unwrap();
    Arc::new(configuration.directory(&Surroundings::default()).unwrap().with_queues_of_groups())
}

impl Works {
    fn new() -> Self {
        Works {
            image: Image::default(),
            directory: Arc::new(Mutex::new(configured())),
            now: Arc::new(Mutex::new(MORNING)),
        }
    }

    fn at(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn run(&self, transaction: &Transaction) {
        let (at, directory) = (self.at(), self.directory.lock().unwrap().clone());
        let (outcome, revision) =
            self.image.view(|tables, revision| (tables.outcome(&directory, at, transaction), Revision(revision.0 + 1)));
        self.image.apply([Commit { revision, at, outcome }]);
    }

    fn record(&self, fact: Fact) {
        let records = vec![Dated { at: self.at(), fact }];
        self.run(&Transaction::Call { records, promise: None });
    }

    fn board(&self) -> Board {
        let now = self.clone();
        Board::new(self, Arc::new(self.clone()), Arc::new(move || now.at()))
    }
}

impl Archive for Works {
    fn image(&self) -> &Image {
        &self.image
    }
    fn entry(&self, _: EntryId) -> Reading<Option<Entry>> {
        unreachable!("nobody reads one entry here")
    }
    fn closed_entries(&self, _: ClosedQuery) -> Reading<Page<Entry>> {
        unreachable!("nobody reads closed entries here")
    }
    fn entry_history(&self, _: EntryId) -> Reading<Vec<Told>> {
        unreachable!("nobody reads a history here")
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
    fn change_entry(&self, _: EntryId, _: Change, _: Actor) -> BoxFuture<'static, Result<(), NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn call_back(&self, _: EntryId, _: AgentKey, _: bool, _: Actor) -> BoxFuture<'static, Result<CallId, NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn request_callback(&self, _: CallbackWish) -> BoxFuture<'static, Result<Asked, NotDone>> {
        unreachable!("wishes go to the rules at once here")
    }
    fn hold(&self, _: CallId, _: bool) -> Result<(), NotDone> {
        unreachable!("wishes go to the rules at once here")
    }
    fn hang_up(&self, _: CallId) -> Result<(), NotDone> {
        unreachable!("wishes go to the rules at once here")
    }
}

/// What a client keeps of what it was sent.
#[derive(Debug, Clone, PartialEq, Default)]
struct Client(BTreeMap<String, BTreeMap<String, Value>>, usize);

impl Client {
    fn keep(&mut self, kind: &str, mut row: Value) {
        let id = row.get("id").or_else(|| row.get("key")).unwrap().as_str().unwrap().to_owned();
        // A word for the moment, no part of what is shown.
        row.as_object_mut().unwrap().remove("sounds");
        self.0.entry(kind.to_owned()).or_default().insert(id, row);
    }

    fn drop(&mut self, kind: &str, change: &Value) {
        let known = self.0.get_mut(kind).and_then(|rows| rows.remove(change["id"].as_str().unwrap()));
        assert!(known.is_some(), "what goes must have been there: {change}");
        self.0.retain(|_, rows| !rows.is_empty());
    }

    fn hear(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap();
        if message["type"] == "snapshot" {
            *self = Client::default();
            for (kind, rows) in [
                ("entry", &message["entries"]["items"]),
                ("agent", &message["agents"]),
                ("queue", &message["queues"]),
                ("call", &message["calls"]),
                ("reminder", &message["reminders"]),
            ] {
                rows.as_array().unwrap().iter().for_each(|row| self.keep(kind, row.clone()));
            }
            self.1 = message["entries"]["total"].as_u64().unwrap().try_into().unwrap();
            return;
        }
        for change in message["changes"].as_array().unwrap() {
            match change["type"].as_str().unwrap() {
                "entry_gone" => self.drop("entry", change),
                "call_gone" => self.drop("call", change),
                "reminder_withdrawn" => self.drop("reminder", change),
                kind => self.keep(kind, change[kind].clone()),
            }
        }
        self.1 = message["total"].as_u64().unwrap().try_into().unwrap();
    }

    fn count(&self, kind: &str) -> usize {
        self.0.get(kind).map_or(0, BTreeMap::len)
    }
}

/// Somebody who looks, and what they have been told.
struct Watcher {
    viewer: Viewer,
    screen: Screen,
    position: Position,
    client: Client,
}

fn head() -> Head {
    Head { kind: "", seq: 0, cursor: String::new(), at: MORNING }
}

fn snapshot_text(screen: &Screen, rows: &crate::board::Rows) -> String {
    let head = Head { kind: "snapshot", ..head() };
    message::snapshot(&head, "somebody", screen.viewer(), &screen.snapshot(rows)).unwrap()
}

impl Watcher {
    fn new(viewer: Viewer, board: &Board) -> Self {
        board.look(|rows, position| {
            let screen = Screen::new(viewer.clone(), rows, usize::MAX);
            let mut client = Client::default();
            client.hear(&snapshot_text(&screen, rows));
            Watcher { viewer: viewer.clone(), screen, position, client }
        })
    }

    /// Takes what has changed; sometimes by a new connection that goes on from the old one's place.
    fn catch_up(&mut self, board: &Board, reconnects: bool) {
        board.look(|rows, position| {
            let step = rows.since(self.position.step).filter(|_| position.generation == self.position.generation);
            if reconnects {
                self.screen = Screen::new(self.viewer.clone(), rows, usize::MAX);
            }
            let text = match step {
                Some(step) => {
                    let items = self.screen.changes(rows, &step);
                    if reconnects {
                        self.screen = Screen::new(self.viewer.clone(), rows, usize::MAX);
                    }
                    message::changes(&head(), self.screen.total(), &items).unwrap()
                }
                None => {
                    self.screen = Screen::new(self.viewer.clone(), rows, usize::MAX);
                    snapshot_text(&self.screen, rows)
                }
            };
            self.client.hear(&text);
            self.position = position;
        });
    }

    fn must_show_what_may_be_seen(&self, board: &Board) {
        let fresh = Watcher::new(self.viewer.clone(), board);
        assert_eq!(self.client, fresh.client, "{:?}", self.viewer);
    }
}

fn everybody() -> Vec<Viewer> {
    let viewer = |role, agent: Option<&str>, groups: Option<&[&str]>| Viewer {
        role,
        agent: agent.map(agent_key),
        groups: groups.map(|groups| groups.iter().map(|key| GroupKey::new(key).unwrap()).collect::<BTreeSet<_>>()),
    };
    let mut all: Vec<Viewer> =
        ["2000", "2001", "2002", "2003"].iter().map(|key| viewer(Role::Agent, Some(key), None)).collect();
    all.push(viewer(Role::Agent, None, None));
    all.push(viewer(Role::Supervisor, None, Some(&["a"])));
    all.push(viewer(Role::Supervisor, Some("2003"), Some(&["b"])));
    all.push(viewer(Role::Supervisor, None, None));
    all.push(viewer(Role::Administrator, None, None));
    all
}

fn agent_key(key: &str) -> AgentKey {
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
type Event = (u8, u8, u8, u8);

fn happen(works: &Works, (what, who, whom, how): Event) {
    let agent = agent_key(["2000", "2001", "2002", "2003"][usize::from(who % 4)]);
    let by = if how % 3 == 0 { Actor::Supervisor(agent.clone()) } else { Actor::Agent(agent.clone()) };
    let at = works.at();
    let (call, number, target) = (call_id(whom % 12), customer(whom), target(how));
    let entries: Vec<(EntryId, Option<PhoneNumber>, Option<CallId>)> = works
        .image
        .view(|tables, _| tables.entries.values().map(|one| (one.id, one.number.clone(), one.call())).collect());
    let chosen = (!entries.is_empty()).then(|| entries[usize::from(whom) % entries.len()].clone());
    let entry_id =
        IdSource::new(u64::from(what) << 24 | u64::from(who) << 16 | u64::from(whom) << 8 | u64::from(how)).next(at);
    let on_entry = |change| {
        if let Some((entry, ..)) = &chosen {
            works.run(&Transaction::Entry { entry: *entry, change, by: by.clone() });
        }
    };
    match what % 20 {
        0 => works.run(&Transaction::Agent { agent, input: Input::SignIn, by }),
        1 => works.run(&Transaction::Agent { agent, input: Input::SignOut, by }),
        2 => works.run(&Transaction::Agent { agent, input: Input::Choose(Mode::Break("tea".into())), by }),
        3 => works.run(&Transaction::Agent { agent, input: Input::Choose(Mode::Available), by }),
        4 => {
            let service = Some(ServiceKey::new("support").unwrap());
            let (leg, called) = (leg_id(whom), None);
            works.record(Fact::CallArrived(Arrival {
                call,
                leg,
                number: Some(number),
                called,
                service,
                colleague: None,
            }));
        }
        5 => works.record(Fact::Queued(Waiting {
            call,
            queue: QueueKey::new(if how % 2 == 0 { "600" } else { "601" }).unwrap(),
            stay: 1,
            class: Class::Ordinary,
            priority: how % 2,
            place: at,
            entered: at,
            connectable: how % 5 != 0,
            caller: None,
        })),
        6 => {
            let queue = QueueKey::new(if how % 2 == 0 { "600" } else { "601" }).unwrap();
            let assignment = Assignment { call, stay: 1, queue, agent };
            works.run(&Transaction::Reserve {
                assignment,
                offer: IdSource::new(9).next(at + Millis::new(u64::from(how))),
            });
        }
        7 => works.record(Fact::Connected { call, agent }),
        8 | 9 => {
            let made = RequestMade {
                entry: entry_id,
                call: (how % 2 == 0).then_some(call),
                number: number.clone(),
                target,
                another_matter: how % 7 == 0,
                place: at,
                promise: Window { from: at, to: at + Millis::minutes(15) },
                consent: Consent { at, number, prompts: Vec::new(), key: None },
                called: None,
                queue: None,
                path: Vec::new(),
                language: Language::English,
            };
            works.run(&Transaction::Request(Box::new(made)));
        }
        10 => works.record(Fact::Missed {
            entry: entry_id,
            call,
            number: (how % 4 != 0).then_some(number),
            target,
            left_at: LeftAt::Menu,
            waited: Millis::seconds(3),
            short: how % 2 == 0,
        }),
        11 => works.record(Fact::CutOff { entry: entry_id, call, number: Some(number), target, doing: Doing::Waiting }),
        12 => works.record(Fact::CallEnded { call, how: CallEnd::Missed }),
        13 => on_entry(Change::Claim { agent: agent.clone() }),
        14 => on_entry(Change::Release),
        15 => {
            let note = "as agreed".to_owned();
            on_entry(Change::Outcome(Outcome::Close { reason: CloseReason::Done, disposition: None, note }));
        }
        16 => on_entry(if how % 2 == 0 { Change::Reopen } else { Change::Acknowledge }),
        17 => on_entry(Change::Reassign {
            target: (how % 2 == 0).then_some(target),
            agent: (how % 3 == 0).then_some(agent),
        }),
        18 => {
            if let Some((entry, Some(number), held)) = chosen {
                let (call, attempt) = (held.unwrap_or(call_id(200 + who % 4)), attempt_id(whom));
                let began = Transaction::CallBack { entry, agent, call, beyond_window: true, by };
                works.run(&began);
                works.record(Fact::AttemptBegan { attempt, entry, call, number });
                let result = if how % 2 == 0 { CallResult::Unallocated } else { CallResult::Busy };
                works.record(Fact::AttemptEnded { attempt, entry, result, sent: true });
                works.record(Fact::CallEnded { call, how: CallEnd::Callback });
            }
        }
        _ => {
            let length = if how % 8 == 0 { Millis::hours(25) } else { Millis::minutes(u64::from(how % 16)) };
            *works.now.lock().unwrap() = at + length;
        }
    }
}

fn play(events: &[Event]) -> BTreeMap<&'static str, usize> {
    let works = Works::new();
    let board = works.board();
    let mut watchers: Vec<Watcher> = everybody().into_iter().map(|viewer| Watcher::new(viewer, &board)).collect();
    let mut reached = BTreeMap::new();
    for event in events {
        happen(&works, *event);
        if event.3 == 77 {
            // Somebody publishes a configuration.
            *works.directory.lock().unwrap() = configured();
        }
        for (n, watcher) in watchers.iter_mut().enumerate() {
            // Not everybody takes every step.
            if !(usize::from(event.2) + n).is_multiple_of(3) {
                watcher.catch_up(&board, event.3 % 16 == 5);
                watcher.must_show_what_may_be_seen(&board);
                for kind in ["entry", "call", "reminder"] {
                    *reached.entry(kind).or_default() += watcher.client.count(kind);
                }
            }
        }
    }
    for watcher in &mut watchers {
        watcher.catch_up(&board, false);
        watcher.must_show_what_may_be_seen(&board);
    }
    reached
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_screen_that_has_applied_what_it_was_sent_shows_what_its_viewer_may_see(
        events in prop::collection::vec(any::<Event>(), 1..120)
    ) {
        play(&events);
    }
}

#[test]
fn random_days_are_days_on_which_something_is_to_be_seen() {
    let mut chance = 1_u64;
    let mut next = || {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        chance.to_be_bytes()[0]
    };
    let events: Vec<Event> = (0..600).map(|_| (next(), next(), next(), next())).collect();
    let reached = play(&events);
    for kind in ["entry", "call", "reminder"] {
        assert!(reached.get(kind).is_some_and(|count| *count > 500), "{kind}: {reached:?}");
    }
}

#[test]
fn whoever_is_too_far_behind_is_shown_everything() {
    let works = Works::new();
    let board = works.board();
    let mut watcher = Watcher::new(everybody().remove(7), &board);
    for n in 0..5_000_u32 {
        let mode = if n % 2 == 0 { Mode::NotReady } else { Mode::Available };
        let input = if n == 0 { Input::SignIn } else { Input::Choose(mode) };
        works.run(&Transaction::Agent { agent: agent_key("2000"), input, by: Actor::System });
        board.look(|_, _| ());
    }
    board.look(|rows, _| assert!(rows.since(watcher.position.step).is_none()));
    watcher.catch_up(&board, false);
    watcher.must_show_what_may_be_seen(&board);
}

#[test]
fn a_long_list_is_cut_and_its_total_told() {
    let works = Works::new();
    let board = works.board();
    for n in 0..6 {
        happen(&works, (8, 0, n, 3));
    }
    let (cut, total) = board.look(|rows, _| {
        let screen = Screen::new(everybody().remove(8), rows, 4);
        let all: Value = serde_json::from_str(&snapshot_text(&screen, rows)).unwrap();
        (all["entries"]["items"].as_array().unwrap().len(), all["entries"]["total"].clone())
    });
    assert_eq!((cut, total), (4, json!(6)));
}
