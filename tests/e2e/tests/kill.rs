//! The server dies at moments of chance; `cargo xtask kill` does it far more often.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

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
