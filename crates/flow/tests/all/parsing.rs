//! Reading documents: what is not understood is named.

use expect_test::{Expect, expect, expect_file};
use nohold_flow::{Builtin, Document};
use nohold_model::PromptKey;

use crate::menu::flow;

fn check(json: &str, expected: &Expect) {
    expected.assert_eq(&Document::parse(json).unwrap_err().to_string());
}

#[test]
fn unknown_fields_and_wrong_values_are_named() {
    check(
        &flow(r#""a":{"action":{"type":"play","promts":[]}}"#),
        &expect!["not a flow document: unknown field `promts`, expected `prompts` or `barge_in` at line 4 column 50"],
    );
    check(
        &flow(r#""a":{"action":{"type":"say"}}"#),
        &expect![
            "not a flow document: unknown variant `say`, expected one of `start`, `play`, `collect`, `collect_number`, `set_variable`, `condition`, `language`, `hours`, `say_wait`, `queue`, `callback`, `message`, `transfer`, `sub_flow`, `return`, `hang_up` at line 4 column 35"
        ],
    );
    check(
        &flow(r#""a":{"action":{"type":"start"},"exit":{}}"#),
        &expect![
            "not a flow document: unknown field `exit`, expected one of `name`, `action`, `exits`, `branches` at line 4 column 45"
        ],
    );
    check(
        &flow(r#""a":{"action":{"type":"start"},"exits":{"onwards":"end"}}"#),
        &expect![
            "not a flow document: unknown variant `onwards`, expected one of `next`, `open`, `closed`, `no_input`, `no_match`, `no_number`, `refused`, `empty`, `failed` at line 4 column 57"
        ],
    );
    check(
        &flow(r#""Main menu":{"action":{"type":"start"}}"#),
        &expect![
            "not a flow document: `Main menu` is not the name of a node: use 1 to 64 of a-z, 0-9 and `_`, `-`, `.`, beginning with a letter or digit (for example `menu`) at line 4 column 19"
        ],
    );
    check(
        &flow(r#""a":{"action":{"type":"queue","queue":"Queue 600"}}"#),
        &expect![
            "not a flow document: `Queue 600` is not a key: use 1 to 64 of a-z, 0-9, `_`, `-` and `.`, beginning with a letter or digit (for example `600`) at line 4 column 59"
        ],
    );
    check(
        &flow(r#""a":{"action":{"type":"callback","object":{"kind":"queue","group":"x"}}}"#),
        &expect!["not a flow document: unknown field `group`, there are no fields at line 4 column 80"],
    );
    check(
        &flow(r#""a":{"action":{"type":"collect","prompts":[],"end_key":"x"}}"#),
        &expect!["not a flow document: `x` is not a key of the telephone: use 0 to 9, `*` or `#` at line 4 column 68"],
    );
    check(
        &flow(r#""end":{"action":{"type":"start"}}"#),
        &expect!["not a flow document: there are two nodes `end`: give one of them another id at line 4 column 42"],
    );
    check(
        r#"{"key":"f","name":"F","kind":{"type":"sub","internal_number":"7"},"nodes":{}}"#,
        &expect!["not a flow document: unknown field `internal_number`, there are no fields at line 1 column 65"],
    );
    check(
        r#"{"key":"f","name":"F","nodes":{}}"#,
        &expect!["not a flow document: missing field `kind` at line 1 column 33"],
    );
}

#[test]
fn deep_nesting_is_refused() {
    let deep = "[".repeat(10_000_000);
    let problem = Document::parse(&flow(&format!(r#""a":{{"action":{{"type":"play","prompts":{deep}"#))).unwrap_err();
    assert!(problem.to_string().contains("recursion limit"), "{problem}");
    let problem = Document::parse(&deep).unwrap_err();
    assert!(problem.to_string().contains("line 1"), "{problem}");
    let unknown = format!(r#"{{"surprise":{deep}"#);
    assert!(Document::parse(&unknown).unwrap_err().to_string().contains("surprise"));
}

#[test]
fn the_schema_file_is_the_schema() {
    let schema = serde_json::to_string_pretty(&nohold_flow::schema::schema()).unwrap();
    expect_file!["../../flow.schema.json"].assert_eq(&(schema + "\n"));
}

#[test]
fn every_built_in_prompt_says_what_it_means() {
    for prompt in Builtin::ALL {
        assert!(PromptKey::new(prompt.default_key()).is_ok() && !prompt.meaning().is_empty());
    }
}
