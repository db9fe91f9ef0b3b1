//! The server as an operator runs it: a program of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nohold_client::Client;
use serde_json::Value;

use crate::disk::SmallDisk;
use crate::folder::Folder;
use crate::nat::within;
use crate::peers::{free_port, free_ports};
use crate::process::Process;

/// How long a start may take, on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(20);
/// Ports for the audio of one server: a hundred legs.
const RTP_PORTS: u16 = 100;

/// A running server on ports of its own.
pub struct Server {
    process: Process,
    launch: Launch,
    /// Where it takes SIP, UDP and TCP.
    pub sip: SocketAddr,
    /// Where it answers the API.
    pub http: SocketAddr,
    data: Folder,
    disk: Option<SmallDisk>,
    seen: PathBuf,
}

/// Where in the network the server runs.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its own address.
    pub address: IpAddr,
    /// The address by which phones reach it, where it is another.
    pub public: Option<IpAddr>,
    /// The network namespace; the test's own, where there is none.
    pub namespace: Option<&'static str>,
    /// Its data folder is a disk of its own with so many bytes.
    pub disk: Option<u64>,
}

impl Default for Place {
    fn default() -> Self {
        Place { address: IpAddr::V4(Ipv4Addr::LOCALHOST), public: None, namespace: None, disk: None }
    }
}

/// How the server is started, kept so that it can be started again.
struct Launch {
    program: PathBuf,
    arguments: Vec<String>,
}

impl Server {
    /// Starts the server with this scenario and further flags, in a data folder of its own, and waits until it takes
    /// calls.
    ///
    /// # Errors
    /// When it is not built, ends, or is not ready in time; with all that it said.
    pub async fn start(scenario: &Path, flags: &[&str]) -> Result<Self> {
        Self::start_at(&Place::default(), scenario, flags).await
    }

    /// Starts the server at a place in the network.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_at(place: &Place, scenario: &Path, flags: &[&str]) -> Result<Self> {
        let public = place.public.map(|address| ["--public-address".to_owned(), address.to_string()]);
        let flags = flags.iter().map(|flag| (*flag).to_owned()).chain(public.into_iter().flatten());
        Self::launch(&program()?, place, scenario, flags).await
    }

    /// Starts another program that takes the same flags.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_program(program: &Path, scenario: &Path, flags: &[&str]) -> Result<Self> {
        let flags = flags.iter().map(|flag| (*flag).to_owned());
        Self::launch(program, &Place::default(), scenario, flags).await
    }

    async fn launch(
        program: &Path,
        place: &Place,
        scenario: &Path,
        flags: impl Iterator<Item = String>,
    ) -> Result<Self> {
        let data = Folder::new("server")?;
        let (mut sip, mut http) = (free_port()?, free_port()?);
        sip.set_ip(place.address);
        http.set_ip(place.address);
        let low = free_ports(RTP_PORTS)?;
        let disk = match place.disk {
            Some(bytes) => Some(SmallDisk::at(data.path(), bytes).await?),
            None => None,
        };
        let (program, mut arguments) = match (place.namespace, &disk) {
            (Some(namespace), _) => within(namespace, program),
            (None, Some(disk)) => disk.within(program)?,
            (None, None) => (program.to_owned(), Vec::new()),
        };
        arguments.push("serve".to_owned());
        let mut say = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
        say("--scenario", scenario.display().to_string());
        say("--data", data.path().display().to_string());
        say("--sip", sip.to_string());
        say("--http", http.to_string());
        say("--rtp-ports", format!("{low}-{}", low + RTP_PORTS - 1));
        arguments.extend(flags);
        let launch = Launch { program, arguments };
        let process = launch.start(&data).await?;
        sip.set_ip(place.public.unwrap_or(place.address));
        let seen = disk.as_ref().map_or_else(|| Ok(data.path().to_owned()), SmallDisk::path)?;
        Ok(Server { process, launch, sip, http, data, disk, seen })
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.seen
    }

    /// The small disk on which its data folder is, where it was wished for.
    pub fn disk(&self) -> Option<&SmallDisk> {
        self.disk.as_ref()
    }

    /// Whoever may read its data folder, at its API: an administrator for as long as this server runs.
    ///
    /// # Errors
    /// When the server has not written down how to reach it.
    pub fn administrator(&self) -> Result<Client> {
        let path = self.data().join("control.json");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let control: Value = serde_json::from_str(&text)?;
        let token = control["token"].as_str().with_context(|| format!("there is no token in {}", path.display()))?;
        Ok(self.client()?.with_token(token))
    }

    /// Somebody at its API who has not said yet who they are. Who comes from elsewhere is answered by HTTPS alone, and
    /// trusts the certificate that the server has made for itself.
    ///
    /// # Errors
    /// When the server has made none.
    pub fn client(&self) -> Result<Client> {
        if self.http.ip().is_loopback() {
            return Ok(Client::new(self.http));
        }
        let path = self.data().join("tls/certificate.pem");
        let made = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Client::trusting(self.http, &made)?)
    }

    /// Its process id; nothing when it has ended.
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// The memory that it has in use now (`VmRSS`), in kB.
    ///
    /// # Errors
    /// When it has ended, or the system does not say.
    pub fn memory_kb(&self) -> Result<u64> {
        let id = self.id().context("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let digits = line.and_then(|line| line.split_whitespace().next()).context("the system does not say")?;
        Ok(digits.parse()?)
    }

    /// What it has said so far, on both outputs.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Waits for a line that contains `mark`, also one that was said before.
    ///
    /// # Errors
    /// When it ends first, or the line does not come in time.
    pub async fn wait_line(&mut self, mark: &str, limit: Duration) -> Result<String> {
        self.process.wait_line(mark, limit).await
    }

    /// Kills it at once (SIGKILL), as a power cut would.
    ///
    /// # Errors
    /// When the system cannot.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.process.terminate(limit).await
    }

    /// Starts it again as [`Server::start_again`] does, and kills it after this time, ready or not.
    ///
    /// # Errors
    /// When it cannot be started or killed.
    pub async fn start_and_kill(&mut self, after: Duration) -> Result<()> {
        self.process = self.launch.begin(&self.data)?;
        tokio::time::sleep(after).await;
        self.process.kill().await
    }

    /// Starts it again with the same flags and data folder, after [`Server::kill`] or [`Server::terminate`].
    ///
    /// # Errors
    /// When it still runs, or as [`Server::start`].
    pub async fn start_again(&mut self) -> Result<()> {
        if self.process.id().is_some() {
            bail!("the server still runs; kill or terminate it first");
        }
        self.process = self.launch.start(&self.data).await?;
        Ok(())
    }
}

impl Launch {
    fn begin(&self, data: &Folder) -> Result<Process> {
        Process::start("the server", &self.program, &self.arguments, data.path())
    }

    async fn start(&self, data: &Folder) -> Result<Process> {
        let mut process = self.begin(data)?;
        process.wait_line("ready: sip", START_LIMIT).await?;
        Ok(process)
    }
}

/// The server's program, which stands beside the folder of the test's own program.
pub(crate) fn program() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where the test's program is")?;
    // Tests stand a folder below it, programs beside it.
    let programs: Vec<PathBuf> = own.ancestors().skip(1).take(2).map(|folder| folder.join("nohold")).collect();
    let found = programs.iter().find(|program| program.is_file()).cloned();
    found.with_context(|| format!("there is no {}; run `cargo build --package nohold`", programs[0].display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::peers::root;

    fn stand_in(name: &str) -> PathBuf {
        root().join("tests/e2e/stand-ins").join(name)
    }

    #[tokio::test]
    async fn a_server_that_is_ready_can_be_killed_and_started_again() {
        let program = stand_in("ready.sh");
        let mut server = Server::start_program(&program, Path::new("scenario.json"), &["--sip-trace"]).await.unwrap();
        assert!(server.output().contains(&format!("udp/tcp {}", server.sip)), "{}", server.output());
        assert!(server.start_again().await.is_err());
        server.kill().await.unwrap();
        server.start_again().await.unwrap();
        assert_eq!(fs::read_to_string(server.data().join("runs")).unwrap().lines().count(), 2);
        assert!(!server.terminate(Duration::from_secs(5)).await.unwrap().success());
    }

    #[tokio::test]
    async fn a_server_that_cannot_start_is_quoted() {
        let program = stand_in("busy.sh");
        let problem = Server::start_program(&program, Path::new("x.json"), &[]).await.err().unwrap().to_string();
        assert!(problem.contains("the port is in use"), "{problem}");
    }
}
