//! The machine on which it was measured.

use std::fs;
use std::process::Command;

use serde::Serialize;

/// What matters of a machine.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The model of its processor.
    pub processor: String,
    /// How many of them the system has.
    pub cores: usize,
    /// Memory, in MB.
    pub memory_mb: u64,
    /// The kernel.
    pub kernel: String,
    /// How busy it was before the first measure: runnable tasks over 1, 5 and 15 minutes.
    pub load_before: String,
    /// The same after the last.
    pub load_after: String,
    /// The commit that was built, as far as git knows.
    pub commit: String,
    /// With what it was built.
    pub rustc: String,
}

impl Machine {
    /// Looks at this one.
    pub fn look() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let total = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
        let total: u64 = total.trim().trim_end_matches(" kB").parse().unwrap_or(0);
        Machine {
            processor: field(&info, "model name").unwrap_or("unknown").to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mb: total / 1_024,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            load_before: load(),
            load_after: String::new(),
            commit: said("git", &["describe", "--always", "--dirty"]),
            rustc: said("rustc", &["--version"]),
        }
    }

    /// Looks once more at how busy it is.
    pub fn look_again(&mut self) {
        self.load_after = load();
    }
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

/// What a program says; nothing where it is not there.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(crate::system::root()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
