//! A server as a process of its own, and what the system says of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;

/// The tick in which Linux tells processor times, on each machine that we run on (`USER_HZ`), in milliseconds.
const TICK_MS: u64 = 10;
/// How long an end in order may take.
const END_LIMIT: Duration = Duration::from_secs(20);

/// A program that runs; it is killed with whoever measures it.
pub struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

/// What a process has in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Pages in memory, shared ones whole (RSS), in kB.
    pub rss_kb: u64,
    /// Pages in memory, shared ones divided (PSS), in kB.
    pub pss_kb: u64,
    /// Pages of its own that are no file's, in kB: what calls cost.
    pub anonymous_kb: u64,
}

impl Process {
    /// Starts a program, whose words go to a file.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &'static str, program: &Path, arguments: &[String], folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        // The kernel kills it when whoever measures dies, also by `kill -9`.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).args(arguments).current_dir(folder);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Process { name, child, log })
    }

    /// Waits until it has said so.
    ///
    /// # Errors
    /// When it ends first, or does not say it in time; with what it has said.
    pub fn wait_for(&mut self, mark: &str, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        loop {
            let said = fs::read_to_string(&self.log).unwrap_or_default();
            if said.contains(mark) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} has ended ({status}) before it said {mark:?}:\n{said}", self.name);
            }
            if Instant::now() > end {
                bail!("{} has not said {mark:?} within {limit:?}:\n{said}", self.name);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn is_alive(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// The processor time that it has used, user and system, of all its threads.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(&self.child.id().to_string())
    }

    /// What it has in memory now.
    ///
    /// # Errors
    /// When it has ended, or the system does not say.
    pub fn memory(&self) -> Result<Memory> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        Ok(Memory { rss_kb: kb(&text, "Rss:")?, pss_kb: kb(&text, "Pss:")?, anonymous_kb: kb(&text, "Anonymous:")? })
    }

    /// The last lines of what it has said.
    pub fn last_words(&self) -> String {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// When it does not in time; then it is killed.
    pub fn end(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM)?;
        }
        let end = Instant::now() + END_LIMIT;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > end {
                self.kill();
                bail!("{} has not ended within {END_LIMIT:?}", self.name);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Kills it.
    pub fn kill(&mut self) {
        // One that has ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The processor time that we have used ourselves.
///
/// # Errors
/// When the system does not say.
pub fn own_cpu() -> Result<Duration> {
    cpu_of("self")
}

fn cpu_of(process: &str) -> Result<Duration> {
    let path = format!("/proc/{process}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let ticks = ticks(&text).with_context(|| format!("{path} is not as it should be"))?;
    Ok(Duration::from_millis(ticks * TICK_MS))
}

/// User and system time of a line of `/proc/PID/stat` (fields 14 and 15), in ticks of the kernel's clock.
fn ticks(line: &str) -> Option<u64> {
    // The name of the program stands in parentheses and may have any sign in it.
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn kb(text: &str, key: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let digits = line.and_then(|line| line.split_whitespace().next());
    Ok(digits.with_context(|| format!("the system does not say {key}"))?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_a_process_are_read_whatever_it_is_called() {
        let line = "77 (a b) c) S 1 77 77 0 -1 4194560 1 0 0 0 120 30 0 0 20 0 5 0 1 2 3";
        assert_eq!(ticks(line), Some(150));
        assert!(own_cpu().is_ok());
    }

    #[test]
    fn a_process_can_be_watched_and_ended() {
        let folder = std::env::temp_dir();
        let script = ["-c".to_owned(), "echo up; while :; do sleep 0.05; done".to_owned()];
        let mut process = Process::start("bench-test-shell", Path::new("sh"), &script, &folder).unwrap();
        process.wait_for("up", Duration::from_secs(10)).unwrap();
        assert!(process.is_alive().unwrap() && process.memory().unwrap().rss_kb > 0);
        process.end().unwrap();
        assert!(!process.is_alive().unwrap());
        let _ = fs::remove_file(folder.join("bench-test-shell.log"));
    }

    #[test]
    fn a_process_that_ends_too_soon_is_quoted() {
        let script = ["-c".to_owned(), "echo the port is busy; exit 3".to_owned()];
        let mut process = Process::start("bench-test-busy", Path::new("sh"), &script, &std::env::temp_dir()).unwrap();
        let problem = process.wait_for("ready", Duration::from_secs(10)).unwrap_err().to_string();
        assert!(problem.contains("exit status: 3") && problem.contains("the port is busy"), "{problem}");
        let _ = fs::remove_file(std::env::temp_dir().join("bench-test-busy.log"));
    }
}
