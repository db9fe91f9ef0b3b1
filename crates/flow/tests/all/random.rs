//! Chance: random inputs on random documents, valid or not.

use std::collections::BTreeMap;

use nohold_flow::{
    Action, Begin, Document, Entry, Input, NumberRefusal, Promise, RecordingEnd, RequestAnswer, Run, TransferFailure,
    WaitToSay, validate,
};
use nohold_model::{Digit, FlowKey, Language, Millis};
use proptest::prelude::*;
use proptest::sample::select;

use crate::shipped::{AFTER_HOURS, QUEUE_OVERFLOW, references};
use crate::world::World;

/// No step may want more than a flow can say: what silent nodes do in the most visits, twice, and a little.
const MOST_ACTIONS: usize = 1_100;

fn action() -> impl Strategy<Value = String> {
    let fixed = [
        r#""type":"start""#,
        r#""type":"play","prompts":[{"prompt":"hello"}],"barge_in":true"#,
        r#""type":"play","prompts":[{"digits":"${x}"}]"#,
        r#""type":"collect","prompts":[{"prompt":"hello"}],"max_digits":2"#,
        r#""type":"collect","prompts":[],"max_digits":0,"min_digits":9,"barge_in":false,"tries":1"#,
        r#""type":"collect_number","tries":0"#,
        r#""type":"set_variable","variable":"x","value":"${x}${inputcode}1${""#,
        r#""type":"condition""#,
        r#""type":"language","language":"zh""#,
        r#""type":"hours""#,
        r#""type":"say_wait""#,
        r#""type":"queue""#,
        r#""type":"queue","queue":"600""#,
        r#""type":"callback""#,
        r#""type":"callback","object":{"kind":"service","service":"support"},"confirm_number":true"#,
        r#""type":"callback","number":"x","tries":1"#,
        r#""type":"message""#,
        r#""type":"message","max_ms":0,"silence_ms":0"#,
        r#""type":"transfer","to":{"number":"${x}"}"#,
        r#""type":"transfer","to":{"extension":"2000"}"#,
        r#""type":"sub_flow","flow":"f1""#,
        r#""type":"sub_flow","flow":"f0""#,
        r#""type":"return""#,
        r#""type":"hang_up""#,
        r#""type":"hang_up","last_words":[{"prompt":"hello"}]"#,
    ];
    select(fixed.to_vec()).prop_map(str::to_owned)
}

fn target() -> impl Strategy<Value = String> {
    (0_u8..8).prop_map(|n| format!("n{n}"))
}

fn node() -> impl Strategy<Value = String> {
    let exit = select(vec![
        "next",
        "open",
        "closed",
        "no_input",
        "no_match",
        "no_number",
        "refused",
        "empty",
        "failed",
        "next",
        "next",
    ]);
    let exits = prop::collection::btree_map(exit, target(), 0..6);
    let condition = select(vec![
        r#"{"equals":"1"}"#,
        r#"{"not_equals":"1"}"#,
        r#"{"exists":false}"#,
        r#"{"less_than":5}"#,
        r#"{"matches":"1."}"#,
    ]);
    let branches = prop::collection::vec((condition, target()), 0..3);
    (action(), exits, branches).prop_map(|(action, exits, branches)| {
        let exits: Vec<String> = exits.iter().map(|(exit, target)| format!(r#""{exit}":"{target}""#)).collect();
        let branches: Vec<String> = branches
            .iter()
            .map(|(condition, target)| format!(r#"{{"condition":{condition},"target":"{target}"}}"#))
            .collect();
        format!(r#"{{"action":{{{action}}},"exits":{{{}}},"branches":[{}]}}"#, exits.join(","), branches.join(","))
    })
}

fn document(key: &'static str) -> impl Strategy<Value = String> {
    let fallback = prop::option::of(target());
    let limit = select(vec![0_u16, 1, 50, 60_000]);
    (prop::collection::vec(node(), 1..7), fallback, limit, any::<bool>()).prop_map(
        move |(nodes, fallback, limit, sub)| {
            let nodes: Vec<String> = nodes.iter().enumerate().map(|(n, node)| format!(r#""n{n}":{node}"#)).collect();
            let kind = if sub { r#"{"type":"sub"}"# } else { r#"{"type":"main","internal_number":"x"}"# };
            let fallback = fallback.map_or(String::new(), |target| format!(r#""target":"{target}""#));
            format!(
                r#"{{"key":"{key}","name":"","kind":{kind},"fallback":{{{fallback}}},
                "limits":{{"visits":{limit},"failed_inputs":{limit},"tries":{}}},
                "nodes":{{"begin":{{"action":{{"type":"start"}},"exits":{{"next":"n0"}}}},{}}}}}"#,
                limit % 7,
                nodes.join(",")
            )
        },
    )
}

fn input() -> impl Strategy<Value = Input> {
    let promise = Promise::Within { minutes: 5 };
    let recorded = |speech, ended| Input::Recorded { speech_ms: Millis::new(speech), ended };
    let others = vec![
        Input::PlayFailed,
        Input::NotSaved,
        Input::MessageKept,
        Input::Requested(RequestAnswer::Made { promise: promise.clone() }),
        Input::Requested(RequestAnswer::AlreadyOpen { promise }),
        Input::Requested(RequestAnswer::Refused(NumberRefusal::Blocked)),
        recorded(0, RecordingEnd::Silence),
        recorded(9_000, RecordingEnd::Key),
        recorded(9_000, RecordingEnd::HungUp),
        Input::TransferFailed(TransferFailure::Busy),
    ];
    let digit = select("0123456789*#1122##07".chars().collect::<Vec<_>>())
        .prop_map(|key| Input::Digit(Digit::new(key).unwrap()));
    prop_oneof![4 => Just(Input::Played), 4 => digit, 3 => Just(Input::Tick), 3 => select(others)]
}

fn world() -> impl Strategy<Value = World> {
    let switches = (any::<bool>(), any::<bool>(), prop::option::of(any::<bool>()), any::<bool>());
    switches.prop_map(|(may_keep_waiting, caller, open, came_from_queue)| World {
        may_keep_waiting,
        came_from_queue,
        open,
        caller: caller.then(|| "+442079460123".to_owned()),
        position: caller.then_some(2),
        wait: open.map(|_| WaitToSay::Under { minutes: 5 }),
        ..World::default()
    })
}

fn begin(flow: &str) -> Begin {
    Begin {
        flow: FlowKey::new(flow).unwrap(),
        version: 1,
        entered_from: Entry::Queue,
        language: Language::English,
        variables: BTreeMap::new(),
    }
}

fn ends_the_run(action: &Action) -> bool {
    matches!(action, Action::EnterQueue { .. } | Action::KeepWaiting | Action::HangUp { .. })
}

/// What the run has asked for and not been told the end of.
#[derive(Debug, Default)]
struct Outstanding {
    playing: bool,
    requested: bool,
    recording: bool,
    keeping: bool,
}

impl Outstanding {
    fn input(&mut self, input: &Input) {
        match input {
            Input::Played | Input::PlayFailed => self.playing = false,
            Input::Requested(_) => self.requested = false,
            Input::Recorded { .. } => self.recording = false,
            Input::MessageKept => self.keeping = false,
            Input::NotSaved => (self.requested, self.recording, self.keeping) = (false, false, false),
            Input::Digit(_) | Input::Tick | Input::TransferFailed(_) => {}
        }
    }

    fn fits(&self, input: &Input) -> bool {
        match input {
            Input::Played | Input::PlayFailed => self.playing,
            Input::Requested(_) => self.requested,
            Input::Recorded { .. } => self.recording,
            Input::MessageKept => self.keeping,
            Input::NotSaved => self.requested || self.recording || self.keeping,
            Input::Digit(_) | Input::Tick | Input::TransferFailed(_) => true,
        }
    }

    fn actions(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::Play(words) => {
                    assert!(!words.is_empty(), "nothing is said");
                    self.playing = true;
                }
                Action::StopPlaying => self.playing = false,
                Action::Request { .. } => self.requested = true,
                Action::Record { .. } => self.recording = true,
                Action::KeepMessage { .. } => (self.recording, self.keeping) = (false, true),
                Action::DropMessage
                | Action::NumberRefused(_)
                | Action::EnterQueue { .. }
                | Action::KeepWaiting
                | Action::Transfer { .. }
                | Action::SetLanguage(_)
                | Action::HangUp { .. } => {}
            }
        }
    }

    fn anything(&self) -> bool {
        self.playing || self.requested || self.recording || self.keeping
    }
}

/// Drives a run and checks what always holds. With `plausible`, only inputs that the outside could send.
fn drive(mut world: World, flow: &str, inputs: Vec<Input>, plausible: bool) -> Result<(), TestCaseError> {
    let (mut run, actions) = Run::start(begin(flow), &world);
    let mut outstanding = Outstanding::default();
    outstanding.actions(&actions);
    prop_assert!(actions.len() <= MOST_ACTIONS);
    for input in inputs {
        if plausible && !outstanding.fits(&input) {
            continue;
        }
        if input == Input::Tick {
            world.at = run.deadline().unwrap_or(world.at + Millis::new(700));
        }
        let was_over = run.is_over();
        outstanding.input(&input);
        let silent_end = matches!(
            &input,
            Input::Recorded { ended: RecordingEnd::HungUp, .. } | Input::MessageKept | Input::NotSaved
        );
        let actions = run.step(input, &world);
        outstanding.actions(&actions);
        prop_assert!(actions.len() <= MOST_ACTIONS, "{} actions in one step", actions.len());
        prop_assert!(!was_over || (run.is_over() && actions.is_empty()), "an over run did {actions:?}");
        let ending = actions.iter().position(ends_the_run);
        prop_assert!(ending.is_none_or(|n| n + 1 == actions.len() && run.is_over()), "{actions:?}");
        prop_assert!(!run.is_over() || was_over || ending.is_some() || silent_end, "over without a word");
        if plausible && !run.is_over() {
            prop_assert!(run.deadline().is_some() || outstanding.anything(), "waits for nothing: {run:?}");
        }
        let stored = serde_json::to_string(&run).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Run>(&stored).unwrap(), &run);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_input_on_any_document_is_harmless(
        world in world(), f0 in document("f0"), f1 in document("f1"),
        inputs in prop::collection::vec(input(), 0..60), plausible: bool,
    ) {
        let mut world = world;
        world.publish(1, &f0);
        world.publish(1, &f1);
        drive(world, "f0", inputs, plausible)?;
    }

    #[test]
    fn any_input_on_the_shipped_flows_is_harmless(
        world in world(), inputs in prop::collection::vec(input(), 0..60), after_hours: bool,
    ) {
        let mut world = world;
        world.publish(1, QUEUE_OVERFLOW);
        world.publish(1, AFTER_HOURS);
        drive(world, if after_hours { "after-hours" } else { "queue-overflow" }, inputs, true)?;
    }

    #[test]
    fn any_document_can_be_validated_and_stored(json in document("f0")) {
        let document = Document::parse(&json).unwrap();
        for problem in validate(&document, &references()) {
            prop_assert!(!problem.message.is_empty() && !problem.mend.is_empty());
        }
        prop_assert_eq!(Document::parse(&serde_json::to_string(&document).unwrap()).unwrap(), document);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,200}") {
        let _ = Document::parse(&text);
    }
}
