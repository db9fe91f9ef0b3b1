//! The validator: every kind of problem names the node and the mend.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use nohold_flow::validate::{KnownFlow, MOST_NODES};
use nohold_flow::{Document, Entry, References, Severity, validate};
use nohold_model::{FlowKey, Language, PromptKey};

use crate::menu::{flow, flow_with};
use crate::shipped::references;

fn problems(json: &str, references: &References) -> String {
    let line = |problem: &nohold_flow::Problem| {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let node = problem.node.as_ref().map_or("-", |node| node.as_str());
        let field = problem.field.as_deref().unwrap_or("-");
        format!("{severity} {:?} {node} {field}\n  {}\n  {}\n", problem.code, problem.message, problem.mend)
    };
    validate(&Document::parse(json).unwrap(), references).iter().map(line).collect()
}

fn check(json: &str, expected: &Expect) {
    check_with(json, &references(), expected);
}

fn check_with(json: &str, references: &References, expected: &Expect) {
    expected.assert_eq(&problems(json, references));
}

fn key(text: &str) -> FlowKey {
    FlowKey::new(text).unwrap()
}

const MAIN: &str = r#""kind":{"type":"main","internal_number":"700"}"#;

#[test]
fn starts() {
    check(
        &format!(r#"{{"key":"f","name":"F",{MAIN},"nodes":{{}}}}"#),
        &expect![[r#"
        error MissingStart - nodes
          the flow has no start
          add a node of the type `start` and connect its exit `next`
    "#]],
    );
    check(
        &flow(r#""a":{"action":{"type":"start"},"exits":{"next":"end"}}"#),
        &expect![[r#"
        error SeveralStarts start action.type
          `start` is a second start: the flow begins at `a`
          remove `start` or `a`
        warning UnreachableNode start -
          no way leads to `start`
          connect an exit or a branch to `start`, or remove it
    "#]],
    );
}

#[test]
fn too_many_nodes() {
    let nodes: Vec<String> = (0..MOST_NODES)
        .map(|n| {
            let (id, next) = (format!("a{n}"), format!("a{}", n + 1));
            let (id, next) = (if n == 0 { "a" } else { &id }, if n + 1 == MOST_NODES { "end" } else { &next });
            format!(r#""{id}":{{"action":{{"type":"condition"}},"exits":{{"next":"{next}"}}}}"#)
        })
        .collect();
    check(
        &flow(&nodes.join(",")),
        &expect![[r#"
        error TooManyNodes - nodes
          the flow has 502 nodes, and may have 500
          move a part of it into a sub-flow
    "#]],
    );
}

#[test]
fn targets() {
    check(
        &flow_with(
            r#""fallback":{"target":"gone","by_cause":{"no_target":"lost"}},"#,
            r#""a":{"action":{"type":"condition"},"branches":[{"condition":{"equals":"1"},"target":"nowhere"}],
                "exits":{"next":"missing"}}"#,
        ),
        &expect![[r#"
            error UnknownTarget - fallback.target
              the fallback leads to `gone`, which does not exist
              add a node `gone`, or choose another target
            error UnknownTarget - fallback.by_cause
              the fallback leads to `lost`, which does not exist
              add a node `lost`, or choose another target
            error UnknownTarget a exits.next
              `exits.next` of `a` leads to `missing`, which does not exist
              add a node `missing`, or choose another target
            error UnknownTarget a branches.0
              `branches.0` of `a` leads to `nowhere`, which does not exist
              add a node `nowhere`, or choose another target
            warning UnreachableNode end -
              no way leads to `end`
              connect an exit or a branch to `end`, or remove it
        "#]],
    );
    check(
        &flow(r#""a":{"action":{"type":"queue"}}"#),
        &expect![[r#"
        warning UnreachableNode end -
          no way leads to `end`
          connect an exit or a branch to `end`, or remove it
    "#]],
    );
}

#[test]
fn ends() {
    check(
        &flow(
            r#""a":{"action":{"type":"collect","prompts":[{"prompt":"hello"}]},"exits":{"next":"b"},
                "branches":[{"condition":{"equals":"1"},"target":"end"}]},
            "b":{"action":{"type":"play","prompts":[{"prompt":"hello"}]},"exits":{"next":"c"}},
            "c":{"action":{"type":"play","prompts":[{"prompt":"hello"}]},"exits":{"next":"b"}}"#,
        ),
        &expect![[r#"
            error NoEnd b -
              from `b` no way leads to the end of the call
              connect an exit or a branch to a queue, a callback request, a message, a transfer, a return or a hang-up
        "#]],
    );
}

#[test]
fn circles() {
    let circle = |set: &str| {
        flow(&format!(
            r#""a":{{"action":{{"type":"condition"}},"exits":{{"next":"b"}},
                "branches":[{{"condition":{{"equals":"1"}},"target":"end"}}]}},
            "b":{{"action":{{{set}}},"exits":{{"next":"a"}}}}"#
        ))
    };
    check(
        &circle(r#""type":"language","language":"en""#),
        &expect![[r#"
        error LoopNeverWaits a -
          `a`, `b` may go in circles without waiting for the caller
          lead one of their exits to a node that says or collects something, or ends
    "#]],
    );
    check(
        &circle(r#""type":"set_variable","variable":"inputcode","value":"1""#),
        &expect![[r#"
        warning LoopNeverWaits a -
          `a`, `b` may go in circles without waiting for the caller
          lead one of their exits to a node that says or collects something, or ends
    "#]],
    );
}

#[test]
fn references_that_do_not_exist() {
    check(
        &flow(
            r#""a":{"action":{"type":"hours","calendar":"moon"},"exits":{"open":"b","closed":"c"}},
            "b":{"action":{"type":"play","prompts":[{"prompt":"nothing"}]},"exits":{"next":"d"}},
            "c":{"action":{"type":"queue","queue":"900"}},
            "d":{"action":{"type":"sub_flow","flow":"gone"},"exits":{"next":"e"}},
            "e":{"action":{"type":"transfer","to":{"extension":"9"}},"exits":{"failed":"g"}},
            "g":{"action":{"type":"message","object":{"kind":"service","service":"s"}},"exits":{"next":"h"}},
            "h":{"action":{"type":"message","object":{"kind":"service","service":"support","group":"x"}},
                "exits":{"next":"i"}},
            "i":{"action":{"type":"message","object":{"kind":"campaign","campaign":"x"},
                "wording":{"message_saved":"gone"}},"exits":{"next":"end"}}"#,
        ),
        &expect![[r#"
            error UnknownReference a action.calendar
              `a` names the calendar `moon`, which does not exist
              choose a calendar that exists, or add `moon`
            error UnknownReference b action.prompts
              `b` names the prompt `nothing`, which does not exist
              choose a prompt that exists, or add `nothing`
            error UnknownReference c action.queue
              `c` names the queue `900`, which does not exist
              choose a queue that exists, or add `900`
            error UnknownReference d action.flow
              `d` names the flow `gone`, which does not exist
              choose a flow that exists, or add `gone`
            error UnknownReference e action.to
              `e` names the extension `9`, which does not exist
              choose a extension that exists, or add `9`
            error UnknownReference g action.object.service
              `g` names the service `s`, which does not exist
              choose a service that exists, or add `s`
            error UnknownReference h action.object.group
              `h` names the group of `support` `x`, which does not exist
              choose a group of `support` that exists, or add `x`
            error UnknownReference i action.object.campaign
              `i` names the campaign `x`, which does not exist
              choose a campaign that exists, or add `x`
            error UnknownReference i action.wording
              `i` names the prompt `gone`, which does not exist
              choose a prompt that exists, or add `gone`
        "#]],
    );
}

#[test]
fn sub_flows() {
    let runs = flow(r#""a":{"action":{"type":"sub_flow","flow":"s"},"exits":{"next":"end"}}"#);
    let mut known = references();
    let sub = |sub_flows: &[&str]| KnownFlow {
        sub_flows: sub_flows.iter().map(|flow| key(flow)).collect(),
        ..KnownFlow::default()
    };
    known.flows.insert(key("s"), sub(&["t"]));
    known.flows.insert(key("t"), sub(&["f"]));
    check_with(
        &runs,
        &known,
        &expect![[r#"
        error MainUsedAsSubFlow - kind
          this is a main flow, and `t` runs it as a sub-flow
          make it a sub-flow, or take it out of `t`
        error SubFlowCycle a action.flow
          `a` leads back to this flow: `s` → `t` → `f`
          let `a` run another flow, or take the way back out
    "#]],
    );
    known.flows.insert(key("s"), KnownFlow { internal_number: Some("701".into()), ..KnownFlow::default() });
    known.flows.remove(&key("t"));
    check_with(
        &runs,
        &known,
        &expect![[r#"
        error MainUsedAsSubFlow a action.flow
          `a` runs `s`, which is a main flow
          choose a sub-flow, or make `s` one
    "#]],
    );
    check(
        &flow(r#""a":{"action":{"type":"return"}}"#),
        &expect![[r#"
        error ReturnInMainFlow a action.type
          `a` returns, but a main flow has nowhere to return to
          end the call in another way, or make the flow a sub-flow
        warning UnreachableNode end -
          no way leads to `end`
          connect an exit or a branch to `end`, or remove it
    "#]],
    );
}

#[test]
fn branches() {
    check(
        &flow(
            r#""a":{"action":{"type":"collect","prompts":[{"prompt":"hello"}],"max_digits":2,"end_key":"*"},"branches":[
                {"condition":{"equals":"1"},"target":"end"},
                {"condition":{"one_of":["1"]},"target":"end"},
                {"condition":{"exists":true},"target":"end"},
                {"condition":{"exists":true},"target":"end"},
                {"source":"language","condition":{"one_of":[]},"target":"end"}]}"#,
        ),
        &expect![[r#"
            error BranchNeverMatches a branches.1
              branch 2 of `a` is never taken: an earlier one takes all that it would match
              remove it, change what it asks, or move it up
            error BranchNeverMatches a branches.3
              branch 4 of `a` is never taken: an earlier one takes all that it would match
              remove it, change what it asks, or move it up
            error BranchNeverMatches a branches.4
              branch 5 of `a` is never taken: it has nothing to match
              give it something to match, or remove it
        "#]],
    );
    check(
        &flow(
            r#""a":{"action":{"type":"collect","prompts":[{"prompt":"hello"}],"max_digits":2,"end_key":"*"},"branches":[
                {"condition":{"equals":"123"},"target":"end"},
                {"condition":{"one_of":["12","a"]},"target":"end"},
                {"condition":{"equals":"1*"},"target":"end"},
                {"condition":{"begins_with":"123"},"target":"end"},
                {"condition":{"matches":"1XX"},"target":"end"},
                {"condition":{"matches":"1."},"target":"end"}]}"#,
        ),
        &expect![[r#"
            error ImpossibleDigits a branches.0.condition
              branch 1 of `a` waits for what cannot be collected: `123` has 3 digits
              change the condition, or the digits that `a` collects (1 to 2)
            error ImpossibleDigits a branches.1.condition
              branch 2 of `a` waits for what cannot be collected: `a` is not a key
              change the condition, or the digits that `a` collects (1 to 2)
            error ImpossibleDigits a branches.2.condition
              branch 3 of `a` waits for what cannot be collected: `*` ends the entry
              change the condition, or the digits that `a` collects (1 to 2)
            error ImpossibleDigits a branches.3.condition
              branch 4 of `a` waits for what cannot be collected: `123` is longer than 2 digits
              change the condition, or the digits that `a` collects (1 to 2)
            error ImpossibleDigits a branches.4.condition
              branch 5 of `a` waits for what cannot be collected: the pattern asks for at least 3 digits
              change the condition, or the digits that `a` collects (1 to 2)
        "#]],
    );
}

#[test]
fn exits() {
    check(
        &flow(
            r#""a":{"action":{"type":"hours"},"exits":{"open":"b","next":"end"},
                "branches":[{"condition":{"equals":"1"},"target":"end"}]},
            "b":{"action":{"type":"condition"},"branches":[{"condition":{"equals":"1"},"target":"c"}]},
            "c":{"action":{"type":"transfer","to":{"number":"100"}}},
            "d":{"action":{"type":"callback"}}"#,
        ),
        &expect![[r#"
            error BranchesNotUsed a branches
              `a` is of the type `hours`, which never looks at branches
              remove the branches, or put a node of the type `condition` behind one of its exits
            error ExitNotOfType a exits.next
              `a` is of the type `hours`, which has no exit `next`
              remove it; the exits of this type: `open`, `closed`, `failed`
            warning UnconnectedExit a exits.closed
              the exit `closed` of `a` is not connected: the flow goes to its fallback (no target)
              connect it to the node that comes next
            warning UnconnectedExit b exits.next
              the exit `next` of `b` is not connected: the flow goes to its fallback (nothing matched)
              connect it to the node that comes next
            warning UnconnectedExit c exits.failed
              the exit `failed` of `c` is not connected: the flow goes to its fallback (transfer failed)
              connect it to the node that comes next
            warning UnreachableNode d -
              no way leads to `d`
              connect an exit or a branch to `d`, or remove it
            warning UnconnectedExit d exits.no_number
              the exit `no_number` of `d` is not connected: the flow goes to its fallback (too many loops)
              connect it to the node that comes next
            warning UnconnectedExit d exits.refused
              the exit `refused` of `d` is not connected: the flow goes to its fallback (no target)
              connect it to the node that comes next
        "#]],
    );
}

#[test]
fn objects() {
    let callback = flow(r#""a":{"action":{"type":"callback"},"exits":{"no_number":"end","refused":"end"}}"#);
    let known = |entry| {
        let mut known = references();
        known.flows.insert(key("f"), KnownFlow { entered_from: BTreeSet::from([entry]), ..KnownFlow::default() });
        known
    };
    check_with(&callback, &known(Entry::Queue), &expect![[""]]);
    check_with(
        &callback,
        &known(Entry::Number),
        &expect![[r#"
        error ObjectNeedsQueue a action.object
          callers come to this flow without a queue, and `a` is for nobody then
          choose a campaign, or a service with one of its groups
    "#]],
    );
    check_with(
        &callback,
        &known(Entry::Transfer),
        &expect![[r#"
        warning ObjectNeedsQueue a action.object
          callers may be transferred here without a queue, and `a` is for nobody then
          choose a campaign, or a service with one of its groups
    "#]],
    );
    let sub = callback.replace(r#"{"type":"main","internal_number":"700"}"#, r#"{"type":"sub"}"#);
    let mut by_main = references();
    let main = KnownFlow {
        sub_flows: [key("f")].into(),
        entered_from: [Entry::Number].into(),
        internal_number: Some("705".into()),
    };
    by_main.flows.insert(key("main"), main);
    check_with(
        &sub,
        &by_main,
        &expect![[r#"
        error ObjectNeedsQueue a action.object
          callers come to this flow without a queue, and `a` is for nobody then
          choose a campaign, or a service with one of its groups
    "#]],
    );
    check(
        &flow(
            r#""a":{"action":{"type":"callback","object":{"kind":"service","service":"support"},"confirm_number":true,
                "other_number_key":"1"},"exits":{"no_number":"end","refused":"end"}}"#,
        ),
        &expect![[r#"
            error GroupNotChosen a action.object.group
              `a` is for the service `support`, and no group is chosen
              choose one of its groups: `support-a`, `support-b`
            error KeyTakenTwice a action.other_number_key
              in `a` the key 1 agrees to the number, and cannot also ask for another
              choose another key, for example 2
        "#]],
    );
}

#[test]
fn ranges() {
    check(
        &flow_with(
            r#""limits":{"tries":0,"failed_inputs":101,"visits":501},"#,
            r#""a":{"action":{"type":"collect","prompts":[{"prompt":"hello"}],"min_digits":3,"max_digits":2,"tries":11,
                "first_timeout_ms":100,"between_timeout_ms":70000},"exits":{"next":"b"}},
            "b":{"action":{"type":"collect_number","tries":0,"first_timeout_ms":0},"exits":{"next":"c"}},
            "c":{"action":{"type":"transfer","to":{"extension":"2000"},"ring_ms":1},"exits":{"failed":"d"}},
            "d":{"action":{"type":"message","max_ms":1,"silence_ms":1},"exits":{"next":"e"}},
            "e":{"action":{"type":"callback","object":{"kind":"campaign","campaign":"renewals"},"tries":99},
                "exits":{"refused":"g","no_number":"end"}},
            "g":{"action":{"type":"queue","queue":"600","priority":10}}"#,
        ),
        &expect![[r#"
            error OutOfRange - limits.tries
              `limits.tries` of the flow is 0
              set it to 1 to 10
            error OutOfRange - limits.failed_inputs
              `limits.failed_inputs` of the flow is 101
              set it to 1 to 100
            error OutOfRange - limits.visits
              `limits.visits` of the flow is 501
              set it to 1 to 500
            error OutOfRange a action.min_digits
              `action.min_digits` of `a` is 3
              set it to 1 to 2
            error OutOfRange a action.first_timeout_ms
              `action.first_timeout_ms` of `a` is 100
              set it to 500 to 60000
            error OutOfRange a action.between_timeout_ms
              `action.between_timeout_ms` of `a` is 70000
              set it to 500 to 60000
            error OutOfRange a action.tries
              `action.tries` of `a` is 11
              set it to 1 to 10
            error OutOfRange b action.tries
              `action.tries` of `b` is 0
              set it to 1 to 10
            error OutOfRange b action.first_timeout_ms
              `action.first_timeout_ms` of `b` is 0
              set it to 500 to 60000
            error OutOfRange c action.ring_ms
              `action.ring_ms` of `c` is 1
              set it to 5000 to 120000
            error OutOfRange d action.max_ms
              `action.max_ms` of `d` is 1
              set it to 10000 to 600000
            error OutOfRange d action.silence_ms
              `action.silence_ms` of `d` is 1
              set it to 1000 to 60000
            error OutOfRange e action.tries
              `action.tries` of `e` is 99
              set it to 1 to 10
            error OutOfRange g action.priority
              `action.priority` of `g` is 10
              set it to 0 to 9
        "#]],
    );
}

#[test]
fn speech() {
    let mut known = references();
    known.prompts.insert(PromptKey::new("hello").unwrap(), [Language::English].into());
    check_with(
        &flow_with(
            r#""wording":{"number_ask":"hello","say_wait":"lost"},"#,
            r#""a":{"action":{"type":"play","prompts":[]},"exits":{"next":"b"}},
            "b":{"action":{"type":"collect","prompts":[]},"exits":{"next":"c"}},
            "c":{"action":{"type":"hang_up","last_words":[{"prompt":"hello"},{"digits":"${Number}"}]}}"#,
        ),
        &known,
        &expect![[r#"
            error UnknownReference - wording
              the flow names the prompt `lost`, which does not exist
              choose a prompt that exists, or add `lost`
            error EmptySpeech a action.prompts
              `a` says nothing
              choose a prompt, or remove the node
            error BrokenTemplate c action.last_words
              `${Number}` in `c` does not name a variable
              write `${name}`, with a name of a-z, 0-9 and `_`
            warning PromptMissingLanguage - wording
              the prompt `hello` of the flow is missing in: zh
              record or upload `hello` in: zh
            warning EmptySpeech b action.prompts
              `b` collects digits without a word
              choose a prompt that says what to press
            warning PromptMissingLanguage c action.last_words
              the prompt `hello` of `c` is missing in: zh
              record or upload `hello` in: zh
            warning UnreachableNode end -
              no way leads to `end`
              connect an exit or a branch to `end`, or remove it
        "#]],
    );
}

#[test]
fn internal_numbers() {
    let with =
        |number: &str| flow(r#""a":{"action":{"type":"queue"},"exits":{"failed":"end"}}"#).replace("700", number);
    let mut known = references();
    known.flows.insert(key("other"), KnownFlow { internal_number: Some("701".into()), ..KnownFlow::default() });
    known.flows.insert(key("user"), KnownFlow { sub_flows: [key("f")].into(), ..KnownFlow::default() });
    check_with(
        &with("7x"),
        &known,
        &expect![[r#"
        error MainUsedAsSubFlow - kind
          this is a main flow, and `user` runs it as a sub-flow
          make it a sub-flow, or take it out of `user`
        error InternalNumberInvalid - kind.internal_number
          `7x` is not an internal number
          give the main flow an internal number of 2 to 8 digits, for example `700`
    "#]],
    );
    check_with(
        &with("701"),
        &known,
        &expect![[r#"
        error MainUsedAsSubFlow - kind
          this is a main flow, and `user` runs it as a sub-flow
          make it a sub-flow, or take it out of `user`
        error InternalNumberTaken - kind.internal_number
          the internal number 701 belongs to the flow `other`
          choose another number
    "#]],
    );
    check(
        &with("2000"),
        &expect![[r#"
        error InternalNumberTaken - kind.internal_number
          the internal number 2000 belongs to the extension `2000`
          choose another number
    "#]],
    );
    check(
        &with(""),
        &expect![[r#"
        error InternalNumberInvalid - kind.internal_number
          `` is not an internal number
          give the main flow an internal number of 2 to 8 digits, for example `700`
    "#]],
    );
}

#[test]
fn variables() {
    check(
        &flow(
            r#""a":{"action":{"type":"set_variable","variable":"x","value":"${y}"},"exits":{"next":"b"}},
            "b":{"action":{"type":"condition"},"exits":{"next":"c"},"branches":[
                {"source":"x","condition":{"exists":true},"target":"c"},
                {"source":"z","condition":{"exists":true},"target":"c"}]},
            "c":{"action":{"type":"callback","number":"w","object":{"kind":"campaign","campaign":"renewals"}},
                "exits":{"refused":"end","no_number":"end"}}"#,
        ),
        &expect![[r#"
            warning VariableNeverSet a action.value
              `a` reads the variable `y`, which no node sets
              set `y` before, or read another variable
            warning VariableNeverSet b branches.1.source
              `b` reads the variable `z`, which no node sets
              set `z` before, or read another variable
            warning VariableNeverSet c action.number
              `c` reads the variable `w`, which no node sets
              set `w` before, or read another variable
        "#]],
    );
}
