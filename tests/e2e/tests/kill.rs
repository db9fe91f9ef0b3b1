//! The server dies at moments of chance; `cargo xtask kill` does it far more often.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::process::{Command, Output};

use nohold_e2e::kill::{self, Disk, Phase, Plan};

/// As many as every commit has to pass.
const RUNS: u64 = 10;
/// They wait more than they work.
const AT_ONCE: usize = 3;

#[test]
fn at_15_kill_9_at_any_moment_after_the_key_loses_nothing_and_dials_nobody_twice() {
    let summary = kill::many(1, RUNS, AT_ONCE, |line| println!("{line}"));
    println!("{summary}");
    assert_eq!(summary.problems(), Vec::<String>::new());
    assert_eq!(summary.reports.len() as u64, RUNS);
}

#[tokio::test]
async fn a_disk_that_loses_what_it_has_taken_is_found_out() {
    let is_thanked = |plan: &Plan| plan.phase == Phase::Noted && plan.rings_in.is_none();
    let plan = (1..).map(Plan::of).find(is_thanked).unwrap();
    let fault = kill::run(plan, Disk::Forgetful).await.unwrap_err();
    assert!(fault.story.contains("the request is gone"), "{}", fault.story);
}

fn program(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kill")).args(words).output().unwrap()
}

#[test]
fn the_program_says_how_it_is_used_and_refuses_what_it_cannot_do() {
    for help in ["--help", "-h"] {
        let asked = program(&[help]);
        assert_eq!(asked.status.code(), Some(0), "{asked:?}");
        assert!(String::from_utf8_lossy(&asked.stdout).contains("usage: kill RUNS FIRST_SEED AT_ONCE"), "{asked:?}");
    }
    for (words, wanted) in [
        (&[][..], "say three numbers, not 0"),
        (&["--runs", "1"], "say three numbers, not 2"),
        (&["many", "1", "1"], "`many` is no number that may stand for RUNS"),
        (&["1", "-1", "1"], "`-1` is no number that may stand for FIRST_SEED"),
        (&["0", "1", "1"], "with no run nothing is tried"),
        (&["1", "1", "33"], "write 1 to 32 for AT_ONCE"),
    ] {
        let refused = program(words);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains(wanted) && said.contains("usage: kill"), "{words:?}: {said}");
    }
}
