//! The servers that are measured: Nohold and a peer, each set up for the same calls.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use crate::asterisk;
use crate::nohold;
use crate::process::Process;

/// Ports for audio: enough for 5,000 legs of a server that takes every other one.
pub const AUDIO_PORTS: (u16, u16) = (40_000, 49_999);
/// The agents of the call centre: 2000 and those that follow.
pub const FIRST_AGENT: u32 = 2_000;
/// Where callers come from; the servers know this address as the carrier's.
pub const CALLERS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Where the agents' phones are.
pub const AGENTS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// A server that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// This one.
    #[value(skip)]
    Nohold,
    /// Asterisk 22 with `app_queue`.
    Asterisk,
}

impl Kind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Nohold => "Nohold",
            Kind::Asterisk => "Asterisk",
        }
    }
}

/// What a server is set up with.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// How many agents there are; each has a phone.
    pub agents: u32,
    /// Where the carrier is.
    pub callers: SocketAddrV4,
    /// Where all agents' phones are.
    pub phones: SocketAddrV4,
}

/// A server that runs.
pub struct System {
    /// Which.
    pub kind: Kind,
    /// Its process.
    pub process: Process,
    /// Where it takes SIP over UDP.
    pub sip: SocketAddrV4,
    /// Where it answers the API; the peer has none.
    pub http: Option<SocketAddrV4>,
    /// What it writes; gone with it.
    pub folder: Folder,
}

impl System {
    /// Starts a server in a folder of its own.
    ///
    /// # Errors
    /// When it is not there, or is not ready in time; with what it said.
    pub fn start(kind: Kind, set_up: &SetUp) -> Result<Self> {
        match kind {
            Kind::Nohold => nohold::start(set_up),
            Kind::Asterisk => asterisk::start(set_up),
        }
    }

    /// The number that a caller dials to wait in the queue.
    pub const fn queue(&self) -> &'static str {
        match self.kind {
            Kind::Nohold => nohold::QUEUE_NUMBER,
            Kind::Asterisk => asterisk::QUEUE_NUMBER,
        }
    }

    /// The number that answers, says one second of something, and hangs up.
    pub const fn announcement(&self) -> &'static str {
        match self.kind {
            Kind::Nohold => nohold::ANNOUNCEMENT_NUMBER,
            Kind::Asterisk => asterisk::ANNOUNCEMENT_NUMBER,
        }
    }

    /// Its version, in its own words.
    pub fn version(kind: Kind) -> Result<String> {
        match kind {
            Kind::Nohold => nohold::version(),
            Kind::Asterisk => asterisk::version(),
        }
    }
}

/// The names of the agents.
pub fn agents(count: u32) -> impl Iterator<Item = String> {
    (FIRST_AGENT..FIRST_AGENT + count).map(|agent| agent.to_string())
}

/// The password of an agent's phone.
pub fn password(agent: &str) -> String {
    format!("secret-of-{agent}")
}

/// The number of a caller: each has one of their own, and the order of the numbers is the order of arrival.
pub fn caller(number: u64) -> String {
    format!("+86138{:08}", number % 100_000_000)
}

/// The number in what a phone shows of a caller.
pub fn caller_shown(shown: &str) -> Option<u64> {
    let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
    // With the country's digits or without.
    let at = digits.len().checked_sub(8).filter(|at| digits[..*at].ends_with("138"))?;
    digits[at..].parse().ok()
}

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.to_owned(), Path::to_path_buf)
}

/// The folder of whatever was built together with this program.
///
/// # Errors
/// When that cannot be told.
pub fn built() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    own.parent().map(Path::to_path_buf).context("this program is in no folder")
}

/// A folder on the disk of the repository, which goes with the value.
pub struct Folder(PathBuf);

impl Folder {
    /// A new, empty one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(name: &str) -> Result<Self> {
        let path = root().join(format!("target/bench/{name}-{}", std::process::id()));
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| format!("cannot empty {}", path.display()))?;
        }
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Folder(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it, with the folders above.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<PathBuf> {
        let file = self.0.join(name);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is below `target` and does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A port of this machine that is free for UDP and TCP.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<SocketAddrV4> {
    for _ in 0..100 {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = socket.local_addr()?.port();
        let is_audio = (AUDIO_PORTS.0..=AUDIO_PORTS.1).contains(&port);
        if !is_audio && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
        }
    }
    bail!("no port is free for UDP and TCP at once")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_known_by_what_the_phone_shows() {
        for number in [0, 7, 138, 13_800, 99_999_999] {
            assert_eq!(caller_shown(&caller(number)), Some(number));
            assert_eq!(caller_shown(&caller(number).replace("+86", "0086")), Some(number));
        }
        assert_eq!(caller_shown("anonymous"), None);
    }
}
