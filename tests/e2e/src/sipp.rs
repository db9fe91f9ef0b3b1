//! SIPp: many calls after a script.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::folder::Folder;
use crate::peers::{free_port, free_ports, program, root};
use crate::process::Process;

/// A run of SIPp, to be set up and started.
pub struct Sipp {
    scenario: PathBuf,
    arguments: Vec<String>,
    address: SocketAddr,
    calls: u32,
    limit: Duration,
}

/// What became of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Calls that went as the scenario says.
    pub successful: u64,
    /// Calls that did not.
    pub failed: u64,
}

/// A SIPp that runs.
pub struct Running {
    process: Process,
    folder: Folder,
    limit: Duration,
    /// Where it listens for SIP.
    pub address: SocketAddr,
}

impl Sipp {
    /// A run of `tests/e2e/sipp/<name>.xml`: one call over UDP, given up after 20 s.
    ///
    /// # Errors
    /// When there is no such scenario, or no free port.
    pub fn scenario(name: &str) -> Result<Self> {
        let scenario = root().join(format!("tests/e2e/sipp/{name}.xml"));
        if !scenario.is_file() {
            bail!("there is no scenario {}", scenario.display());
        }
        Ok(Sipp { scenario, arguments: Vec::new(), address: free_port()?, calls: 1, limit: Duration::from_secs(20) })
    }

    /// At this address, for SIP and audio, instead of 127.0.0.1.
    #[must_use]
    pub fn at(mut self, address: IpAddr) -> Self {
        self.address.set_ip(address);
        self
    }

    /// At this port for SIP, which another run may have had before.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// Where it will listen for SIP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// So many calls, begun at this rate a second.
    #[must_use]
    pub fn calls(mut self, calls: u32, rate: u32) -> Self {
        self.calls = calls;
        self.with(&["-r", &rate.to_string()])
    }

    /// Over one TCP connection.
    #[must_use]
    pub fn tcp(self) -> Self {
        self.with(&["-t", "t1"])
    }

    /// The user part that is called, `[service]` in the scenario.
    #[must_use]
    pub fn service(self, number: &str) -> Self {
        self.with(&["-s", number])
    }

    /// A word of the scenario, `[name]`.
    #[must_use]
    pub fn word(self, name: &str, value: &str) -> Self {
        self.with(&["-key", name, value])
    }

    /// User and password for MD5 digest: `[authentication]` in the scenario.
    #[must_use]
    pub fn password(self, user: &str, password: &str) -> Self {
        self.with(&["-au", user, "-ap", password])
    }

    /// Further arguments of SIPp.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// How long all calls together may take.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Calls this address and waits until all calls are over.
    ///
    /// # Errors
    /// When SIPp is missing, cannot start, or does not end in time.
    pub async fn call(self, target: SocketAddr) -> Result<Counts> {
        self.start(Some(target))?.finish().await
    }

    /// Starts SIPp as the called side.
    ///
    /// # Errors
    /// When SIPp is missing or cannot start.
    pub fn listen(self) -> Result<Running> {
        self.start(None)
    }

    /// Starts SIPp as the calling side, without waiting for its end.
    ///
    /// # Errors
    /// When SIPp is missing or cannot start.
    pub fn start(self, target: Option<SocketAddr>) -> Result<Running> {
        let sipp = program("sipp")?;
        let folder = Folder::new("sipp")?;
        let seconds = self.limit.as_secs().max(1);
        let mut arguments: Vec<String> = Vec::new();
        let mut say = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
        let (ip, port) = (self.address.ip().to_string(), self.address.port().to_string());
        say(&["-nostdin", "-i", &ip, "-p", &port, "-mi", &ip, "-mp", &free_ports(4)?.to_string()]);
        say(&["-sf", &self.scenario.display().to_string(), "-m", &self.calls.to_string()]);
        say(&["-timeout", &format!("{seconds}s"), "-timeout_error"]);
        say(&["-trace_stat", "-stf", "stat.csv", "-trace_err", "-error_file", "errors.log"]);
        arguments.extend(self.arguments);
        arguments.extend(target.map(|target| target.to_string()));
        let process = Process::start("SIPp", &sipp, &arguments, folder.path())?;
        // Its own time limit does not hold while it plays a file.
        let limit = self.limit + Duration::from_secs(5);
        Ok(Running { process, folder, limit, address: self.address })
    }
}

impl Running {
    /// Waits until all calls are over.
    ///
    /// # Errors
    /// When SIPp does not end in time, or ends without having counted.
    pub async fn finish(mut self) -> Result<Counts> {
        let status = self.process.wait(self.limit).await?;
        // 0: all well, 1: calls failed, 97: its time limit; else it could not run.
        if !matches!(status.code(), Some(0 | 1 | 97)) {
            bail!("SIPp ended with {status}:\n{}{}", self.process.output(), self.errors());
        }
        let file = self.folder.path().join("stat.csv");
        let table =
            fs::read_to_string(&file).with_context(|| format!("SIPp left no statistics:\n{}", self.errors()))?;
        let counts = read_counts(&table).context("SIPp's statistics cannot be read")?;
        if counts.failed > 0 {
            eprintln!(
                "SIPp: {} of {} calls failed\n{}",
                counts.failed,
                counts.failed + counts.successful,
                self.errors()
            );
        }
        Ok(counts)
    }

    /// What SIPp found wrong with messages it got.
    pub fn errors(&self) -> String {
        fs::read_to_string(self.folder.path().join("errors.log")).unwrap_or_default()
    }
}

/// The totals in the last line of SIPp's statistics.
fn read_counts(table: &str) -> Option<Counts> {
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next()?.split(';').collect();
    let values: Vec<&str> = lines.next_back()?.split(';').collect();
    let value = |name: &str| {
        let column = names.iter().position(|found| *found == name)?;
        values.get(column)?.parse().ok()
    };
    Some(Counts { successful: value("SuccessfulCall(C)")?, failed: value("FailedCall(C)")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_read_from_the_last_line() {
        let table =
            "StartTime;SuccessfulCall(P);SuccessfulCall(C);FailedCall(P);FailedCall(C);\nx;1;1;0;0;\ny;2;3;1;1;\n";
        assert_eq!(read_counts(table), Some(Counts { successful: 3, failed: 1 }));
        assert_eq!(read_counts("StartTime;\n"), None);
    }

    #[test]
    fn a_scenario_that_is_not_there_is_named() {
        let problem = Sipp::scenario("no-such").err().unwrap().to_string();
        assert!(problem.contains("tests/e2e/sipp/no-such.xml"), "{problem}");
    }
}
