//! Whatever happens in whatever order: no panic, one end, nobody left behind.
//!
//! The stage itself looks at every step: no command for a leg that is gone, one promise at a time, nothing after the
//! end, deadlines that move, repeated and foreign words that change nothing.

use std::collections::BTreeMap;
use std::fmt;

use expect_test::expect;
use nohold_core::directory::{
    AtClosing, Directory, InboundTarget, OverflowReason, OverflowTarget, Strategy as Ringing,
};
use nohold_core::fact::{CallEnd, Fact};
use nohold_model::Millis;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

use crate::stage::Stage;
use crate::stage::house::{add_flow, key, unanswered, with_queue, works_outside};

/// What may happen, likely things more than once.
const ACTIONS: &[&str] = &[
    "caller presses 1",
    "caller presses 2",
    "caller presses 3",
    "caller presses 9",
    "caller presses 13900139000#",
    "caller presses #",
    "caller presses 7",
    "caller hears it",
    "caller hears it",
    "caller hears it",
    "caller hears it",
    "caller hears nothing",
    "newest rings",
    "newest answers",
    "newest answers",
    "newest answers",
    "newest answers",
    "newest hears it",
    "newest hangs up",
    "newest does not answer",
    "caller hangs up",
    "caller is lost",
    "caller speaks 1 s and falls silent",
    "caller speaks 9 s and presses #",
    "caller speaks 5 s until the hang-up",
    "agent 2000 is free",
    "agent 2001 is free",
    "agent 2002 is free",
    "agent 2001 is free",
    "agent 2000 rings",
    "agent 2000 answers",
    "agent 2001 answers",
    "agent 2002 answers",
    "agent 2000 hangs up",
    "agent 2001 hangs up",
    "agent 2001 is lost",
    "agent 2001 declines",
    "agent 2002 is unreachable",
    "agent 2000 hears it",
    "agent 2001 hears it",
    "agent 2000 holds",
    "agent 2000 resumes",
    "agent 2000 ends it",
    "agent 2001 ends it",
    "phone 3000 answers",
    "phone 3000 hangs up",
    "phone 3000 is lost",
    "phone 3000 is busy",
    "outside answers",
    "outside does not answer",
    "customer rings",
    "customer plays something",
    "newest plays something",
    "newest presses hold",
    "newest presses resume",
    "caller presses hold",
    "caller presses resume",
    "outside answers",
    "outside plays something",
    "outside hangs up",
    "customer answers",
    "customer answers",
    "customer is busy",
    "customer hangs up",
    "customer is lost",
    "stranger answers",
    "stranger hangs up",
    "stranger hears it",
    "store holds",
    "store holds",
    "store is slow",
    "store is slow",
    "store works",
    "store works",
    "store fails",
    "store commits",
    "store commits",
    "engine restarts",
    "agent 2000 wants to transfer to agent 2001",
    "agent 2000 wants to transfer to phone 3000",
    "agent 2000 wants to transfer to queue 600",
    "agent 2000 wants to transfer to flow queue-overflow",
    "agent 2000 wants to transfer to +8613900139001",
    "agent 2001 wants to transfer to agent 2000",
    "agent 2001 wants to transfer to +8613900139001",
    "agent 2000 wants to consult agent 2001",
    "agent 2000 wants to consult agent 2001",
    "agent 2000 wants to consult agent 2001",
    "agent 2000 wants to consult phone 3000",
    "agent 2000 wants to consult queue 600",
    "agent 2000 wants to consult +8613900139001",
    "agent 2001 wants to consult agent 2002",
    "agent 2000 wants to complete",
    "agent 2001 wants to complete",
    "agent 2000 wants to cancel",
    "agent 2000 wants to swap",
    "agent 2000 vanishes",
    "agent 2000 wants a conference",
    "agent 2000 wants a conference",
    "agent 2000 wants to hold the customer",
    "agent 2000 wants back the customer",
    "agent 2000 wants to hold the target",
    "agent 2000 wants keys 12",
    "agent 2001 wants keys 12",
    "agent 2000 wants no recording",
    "agent 2000 wants recording",
    "agent 2000 is lost",
    "agent 2000 presses hold",
    "agent 2000 presses resume",
    "agent 2000 answers",
    "newest answers",
    "newest answers",
    "newest is busy",
    "agent 2001 presses 1",
    "agent 2001 presses 1",
];

/// How the call begins.
const BEGINNINGS: &[&str] = &[
    "caller rings",
    "caller rings",
    "caller rings withheld",
    "caller rings on +862161230001",
    "caller rings on +862161230002",
    "caller rings on +862161230003",
    "caller rings returning",
    "agent 2000 calls back",
    "agent 2000 calls back",
    "agent 2000 dials +8613900139000",
    "agent 2000 dials +8613900139000 for support",
    "agent 2000 calls 2001",
    "agent 2000 calls 2001",
    "agent 2000 calls 3000",
    "agent 2000 calls 600",
    "phone 3000 calls 799",
    "agent 2000 calls 13900139000",
    "agent 2000 calls 13900139000",
    "agent 2000 calls 110",
    "phone 3001 calls 13900139000",
    "agent 2000 calls *11",
    "phone 3000 calls *43",
];

/// When it begins: in the morning, a minute before closing, in the evening.
const SECONDS: &[u64] = &[0, 7 * 3_600 + 3_540, 9 * 3_600];

#[derive(Clone)]
struct Script {
    house: Directory,
    beginning: &'static str,
    start: u64,
    steps: Vec<(&'static str, u64)>,
}

/// What differs from case to case, in few enough lines to read.
impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = self.house.queues.values().next();
        f.debug_struct("Script")
            .field("queue", &queue)
            .field("start", &self.start)
            .field("beginning", &self.beginning)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

fn scripts() -> impl Strategy<Value = Script> {
    let pause = prop_oneof![4 => Just(0_u64), 3 => 1_u64..2_000, 1 => 1_u64..40_000];
    let step = (proptest::sample::select(ACTIONS), pause);
    let steps = proptest::collection::vec(step, 1..80);
    (houses(), proptest::sample::select(BEGINNINGS), proptest::sample::select(SECONDS), steps)
        .prop_map(|(house, beginning, start, steps)| Script { house, beginning, start, steps })
}

/// Houses of all kinds.
fn houses() -> impl Strategy<Value = Directory> {
    (0_u8..14, 0_u8..10, any::<(bool, bool, bool)>(), 0_u64..60).prop_map(|(full, timeout, flags, wait)| {
        let (close, announce, ring_all) = flags;
        let mut house = with_queue(|queue| {
            queue.longest_wait = Millis::seconds(wait);
            queue.max_length = if full < 8 { 0 } else { 10 };
            queue.calendar = close.then(|| key("office"));
            queue.at_closing = if close { AtClosing::Overflow } else { AtClosing::Serve };
            queue.announce_agent = announce;
            queue.whisper = announce.then(|| key("whisper-600"));
            queue.announce_every = announce.then_some(Millis::ZERO);
            queue.recording_notice = announce.then(|| key("recording-notice"));
            queue.strategy = if ring_all { Ringing::RingAll } else { Ringing::LongestIdle };
            queue.overflow.insert(OverflowReason::Full, target(full));
            queue.overflow.insert(OverflowReason::Timeout, target(timeout));
        });
        add_flow(&mut house, "test", nodes());
        add_flow(&mut house, "bye", bye());
        unanswered(&mut house, "2001", InboundTarget::Extension(key("3000")));
        if full % 2 == 0 {
            works_outside(&mut house, "2001");
        }
        unanswered(&mut house, "3000", InboundTarget::Queue(key("600")));
        house
    })
}

fn target(n: u8) -> OverflowTarget {
    match n {
        0 => OverflowTarget::Extension(key("2001")),
        1 => OverflowTarget::Queue(key("600")),
        2 => OverflowTarget::Group(key("support-b")),
        3 => OverflowTarget::Announcement(key("all-busy")),
        4 => OverflowTarget::Message,
        5 | 6 => OverflowTarget::Flow(key("test")),
        7 => OverflowTarget::Flow(key("bye")),
        _ => OverflowTarget::Flow(key("queue-overflow")),
    }
}

/// Tries an agent, a phone, then a number, then the queue.
fn nodes() -> serde_json::Value {
    let transfer = |to: serde_json::Value, failed: &str| json!({ "action": { "type": "transfer", "to": to, "ring_ms": 9000 }, "exits": { "failed": failed } });
    json!({
        "start": { "action": { "type": "start" }, "exits": { "next": "agent" } },
        "agent": transfer(json!({ "extension": "2001" }), "phone"),
        "phone": transfer(json!({ "extension": "3000" }), "number"),
        "number": transfer(json!({ "number": "13900139000" }), "queue"),
        "queue": { "action": { "type": "queue", "queue": "600" } }
    })
}

/// Ends the call with a word.
fn bye() -> serde_json::Value {
    json!({
        "start": { "action": { "type": "start" }, "exits": { "next": "bye" } },
        "bye": { "action": { "type": "hang_up", "last_words": [{ "prompt": "goodbye" }] } }
    })
}

fn play(script: &Script) -> Stage {
    let mut stage = Stage::lenient(script.house.clone());
    stage.pass_to(stage.at + Millis::seconds(script.start));
    stage.play("agent 2000 is free");
    stage.play(script.beginning);
    for (action, pause) in &script.steps {
        stage.pass_to(stage.at + Millis::new(*pause));
        stage.play(action);
    }
    stage.everybody_leaves();
    stage
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_call_ends_once_and_leaves_nobody_behind(script in scripts()) {
        let stage = play(&script);
        let Some(call) = &stage.call else { return Ok(()) };
        let text = &stage.text;
        prop_assert!(call.is_over(), "not over\n{text}");
        prop_assert!(call.legs().is_empty() && call.agents().is_empty() && call.waits_in().is_none(), "{text}");
        prop_assert_eq!(stage.watch.ended, u32::from(stage.began), "ends\n{}", text);
        prop_assert!(stage.watch.wished.is_empty(), "a wish was never answered\n{text}");
        let tables = &stage.tables;
        prop_assert!(tables.calls.is_empty() && tables.waiting.is_empty(), "rows are left\n{text}");
        for agent in tables.agents.values() {
            prop_assert!(agent.call().is_none(), "{} is held\n{text}", agent.key);
        }
        prop_assert!(tables.offers.values().all(|offer| offer.ended.is_some()), "an offer never ended\n{text}");
        let unserved = |fact: &Fact| {
            matches!(fact, Fact::CallEnded { how: CallEnd::Missed | CallEnd::CutOff | CallEnd::Message, .. })
        };
        // Colleagues stand on no list, whatever becomes of them.
        let from_outside = script.beginning.starts_with("caller");
        if from_outside && stage.facts.iter().any(unserved) {
            prop_assert!(!tables.entries.is_empty(), "nobody will call this customer\n{text}");
        }
    }
}

#[test]
fn chance_comes_to_every_kind_of_end_and_fact() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..2_500 {
        let script = scripts().new_tree(&mut runner).unwrap().current();
        for fact in play(&script).facts {
            let name = match &fact {
                Fact::CallEnded { how, .. } => format!("call ended: {how:?}"),
                other => format!("{other:?}").split([' ', '(']).next().unwrap().to_owned(),
            };
            *seen.entry(name).or_default() += 1;
        }
    }
    let names: Vec<String> = seen.into_iter().filter(|(_, count)| *count >= 5).map(|(name, _)| name).collect();
    expect![[r#"
        AgentFreed
        AttemptAnswered
        AttemptEnded
        CallbackDropped
        CallbackTalked
        Connected
        ConsultAnswered
        ConsultCompleted
        ConsultEnded
        CutOff
        DirectAnswered
        DirectOver
        FarRings
        FlowEntered
        Held
        LeftQueue
        Missed
        OfferEnded
        OfferRinging
        PhoneAnswered
        PhoneFailed
        Queued
        Served
        TransferAnswered
        TransferFailed
        TreatedAsCustomer
        call ended: Callback
        call ended: CutOff
        call ended: Direct
        call ended: EndedByFlow
        call ended: Message
        call ended: Missed
        call ended: Requested
        call ended: Served"#]]
    .assert_eq(&names.join("\n"));
}
