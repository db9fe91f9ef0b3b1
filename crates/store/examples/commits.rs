//! Measures how many callback requests a store on SQLite commits in a second, with 64 who ask at the same time.
//!
//! `cargo run --release -p nohold-store --example commits [folder]`. Without a folder it takes the system's temporary one;
//! give it one on the disk that matters.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use futures::future::join_all;
use nohold_app::ports::{Archive as _, Store as _};
use nohold_core::configuration::{Configuration, Surroundings};
use nohold_core::directory::Directory;
use nohold_core::entry::{Consent, Target, Window};
use nohold_core::fact::{Arrival, CallEnd, Dated, Fact, RequestMade};
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{CallId, IdSource, Language, Millis, QueueKey, ServiceKey, Timestamp};
use nohold_store::SqliteStore;

const SUBMITTERS: u64 = 64;
const LENGTH: Duration = Duration::from_secs(10);
const START: Timestamp = Timestamp::from_millis(1_772_416_800_000);

const CONFIGURATION: &str = r#"{
    "site": { "zone": "Asia/Shanghai", "country": "CN" },
    "services": { "support": { "groups": ["all"], "caller_id": "+862161230001" } },
    "groups": { "all": { "agents": ["2000"] } },
    "agents": { "2000": {} },
    "extensions": { "2000": { "password": { "generate": true } } },
    "queues": { "600": { "service": "support", "overflow": { "timeout": "message" } } },
    "trunks": { "carrier": { "host": "127.0.0.1", "numbers": ["+862161230001"] } }
}"#;

fn main() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = std::env::args_os().nth(1).map_or(scratch.path().to_owned(), PathBuf::from);
    let configuration: Configuration = serde_json::from_str(CONFIGURATION).unwrap();
    let directory = Arc::new(configuration.directory(&Surroundings::default()).unwrap());
    let store = block_on(SqliteStore::open(&folder)).unwrap();
    let before = store.image().view(|_, revision| revision.0);
    let begun = Instant::now();
    let submitters = (0..SUBMITTERS).map(|n| submit(&store, &directory, begun, n));
    let mut waits: Vec<Duration> = block_on(join_all(submitters)).into_iter().flatten().collect();
    let seconds = begun.elapsed().as_secs_f64();
    let commits = store.image().view(|_, revision| revision.0) - before;
    block_on(store.close());
    waits.sort_unstable();
    let at = |part: usize| waits[(waits.len() - 1) * part / 100];
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    let (requests, commits) = (waits.len() as f64 / seconds, commits as f64 / seconds);
    println!("{requests:.0} requests/s in {commits:.0} commits/s, {SUBMITTERS} at a time");
    println!("a request waits {:?} (median), {:?} (99 of 100), {:?} (worst)", at(50), at(99), at(100));
}

/// One caller after another asks to be called back; how long each of them waited for the word.
async fn submit(store: &SqliteStore, directory: &Arc<Directory>, begun: Instant, n: u64) -> Vec<Duration> {
    let mut waits = Vec::new();
    for caller in 0.. {
        let at = START + Millis::from_secs_f64(begun.elapsed().as_secs_f64());
        if begun.elapsed() > LENGTH {
            break;
        }
        let mut ids = IdSource::new(n << 32 | caller);
        let call: CallId = ids.next(at);
        let arrived = arrival(&mut ids, call, n * 100_000 + caller, at);
        commit(store, directory, at, Transaction::Call { records: vec![arrived.clone()], promise: None }).await;
        let Fact::CallArrived(Arrival { number: Some(number), .. }) = arrived.fact else { unreachable!() };
        let queue = QueueKey::new("600").unwrap();
        let made = Fact::RequestMade(Box::new(RequestMade {
            entry: ids.next(at),
            call: Some(call),
            number: number.clone(),
            target: Target::Queue(queue.clone()),
            assigned: None,
            another_matter: false,
            place: at,
            promise: Window { from: at, to: at + Millis::minutes(15) },
            consent: Consent { at, number, prompts: Vec::new(), key: None },
            called: None,
            queue: Some(queue),
            path: Vec::new(),
            language: Language::Chinese,
        }));
        let asked = Instant::now();
        let promise = Some(Dated { at, fact: made });
        let answer = commit(store, directory, at, Transaction::Call { records: Vec::new(), promise }).await;
        assert!(matches!(answer, Answer::Requested { .. }), "{answer:?}");
        waits.push(asked.elapsed());
        let ended = Dated { at, fact: Fact::CallEnded { call, how: CallEnd::Requested } };
        commit(store, directory, at, Transaction::Call { records: vec![ended], promise: None }).await;
    }
    waits
}

fn arrival(ids: &mut IdSource, call: CallId, customer: u64, at: Timestamp) -> Dated {
    let number = Some(format!("+86138{customer:08}").parse().unwrap());
    let service = Some(ServiceKey::new("support").unwrap());
    let arrival = Arrival { call, leg: ids.next(at), number, called: None, service, colleague: None };
    Dated { at, fact: Fact::CallArrived(arrival) }
}

async fn commit(store: &SqliteStore, directory: &Arc<Directory>, at: Timestamp, transaction: Transaction) -> Answer {
    store.transact(Arc::clone(directory), at, transaction).await.unwrap()
}
