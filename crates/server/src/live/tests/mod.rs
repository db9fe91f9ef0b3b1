//! I-11: a screen that has applied what it was sent shows exactly what its viewer may see.
//!
//! Random people work; after every few commits each screen takes what changed for it, as text, into a model of a client, and
//! is compared with a fresh snapshot.

mod world;

use std::collections::{BTreeMap, BTreeSet};

use nohold_core::agent::{Input, Mode};
use nohold_core::entry::Actor;
use nohold_core::transaction::Transaction;
use nohold_core::viewing::{Permission, Role, Viewer};
use nohold_model::GroupKey;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::message::{self, Head};
use super::screen::Screen;
use crate::board::{Board, Position};
use world::{Event, MORNING, Works, agent_key, configured, happen};

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
    message::snapshot(&head, "somebody", screen.viewer(), &screen.snapshot(rows), None).unwrap()
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
        may: Permission::of_role(role),
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
fn the_past_of_a_long_line_is_forgotten_sooner_than_that_of_a_short_one() {
    let works = Works::new();
    let board = works.board();
    for n in 0..12 {
        happen(&works, (4, 0, n, 0));
        happen(&works, (5, 0, n, 0));
    }
    let begin = board.look(|rows, position| {
        let row = rows.queues.values().map(|row| row.json.get().len()).max();
        assert!(row > Some(1_200), "a hundred bytes for each who waits: {row:?}");
        position.step
    });
    let mut steps = 0;
    while board.look(|rows, _| rows.since(begin).is_some()) {
        steps += 1;
        assert!(steps < 4_096, "each step holds the row of a queue in which twelve wait");
        // An agent of the queue comes or goes, which changes its row.
        happen(&works, (u8::from(steps % 2 == 0), 0, 0, 0));
    }
    assert!(steps > 500, "{steps} steps are few for whoever was away for a moment");
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
