//! The benchmarks with tiny numbers: that they work, what they count, and in which order callers are served. No times are
//! looked at, so that a busy machine fails nothing.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn all_measures_work_and_count_right() {
    let program = Path::new(env!("CARGO_BIN_EXE_nohold-bench"));
    let server = program.with_file_name("nohold");
    assert!(server.is_file(), "there is no {}; run `cargo build --package nohold`", server.display());
    let file = std::env::temp_dir().join(format!("nohold-bench-smoke-{}.json", std::process::id()));
    let output = Command::new(program).arg("--smoke").arg("--json").arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let _ = std::fs::remove_file(&file);
    let figures = |measure: &str| all["figures"][measure]["nohold"].clone();

    let waiting = figures("waiting");
    for step in waiting["steps"].as_array().unwrap() {
        assert_eq!(step["up"], step["callers"], "{said}");
        assert!(step["heard"]["audible"].as_u64().unwrap() > 0, "{said}");
        assert_eq!(step["heard"]["strangers"], 0, "{said}");
    }
    let route = figures("route");
    assert_eq!(route["offers"], all["figures"]["route"]["plan"]["offers"], "{said}");
    assert_eq!((&route["out_of_order"], &route["offered_twice"], &route["unknown"]), (&0.into(), &0.into(), &0.into()));
    let calls = figures("calls");
    assert_eq!((&calls["begun"], &calls["recorded"]), (&calls["answered"], &calls["answered"]), "{said}");
    let requests = figures("requests");
    assert!(requests["confirmed"].as_u64().unwrap() > 0, "{said}");
    assert_eq!((&requests["found"], &requests["failed"]), (&requests["confirmed"], &0.into()), "{said}");
    let pages = figures("pages");
    assert_eq!((&pages["missing"], &pages["reloads"], &pages["wait"]["count"]), (&0.into(), &0.into(), &15.into()));
}
