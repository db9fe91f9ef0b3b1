//! Asterisk 22: a phone, a trunk, or a small PBX. It knows digest with SHA-256, which SIPp and baresip do not.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::ear::Hears;
use crate::folder::Folder;
use crate::peers::{asterisk_run, free_port, free_ports};
use crate::process::Process;

const START_LIMIT: Duration = Duration::from_secs(30);
const COMMAND_LIMIT: Duration = Duration::from_secs(10);
const RTP_PORTS: u16 = 60;
/// The bytes before the samples in the WAV files that Asterisk writes.
const WAV_HEADER: usize = 44;

/// A digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// MD5 alone.
    Md5,
    /// SHA-256 alone.
    Sha256,
    /// SHA-256 and MD5, as its challenges say it.
    Both,
}

impl Digest {
    fn words(self) -> &'static str {
        match self {
            Digest::Md5 => "MD5",
            Digest::Sha256 => "SHA-256",
            Digest::Both => "SHA-256,MD5",
        }
    }
}

/// An account that Asterisk has at a server: as a phone of it, or as a trunk to it.
#[derive(Debug, Clone)]
pub struct Account {
    /// How commands name it.
    pub name: String,
    /// User name at the server.
    pub user: String,
    /// Password at the server.
    pub password: String,
    /// Challenges that it answers.
    pub digest: Digest,
    /// Where the server is.
    pub server: SocketAddr,
    /// Over TCP instead of UDP.
    pub tcp: bool,
    /// Whether it registers; the server's calls then go to this number of the dial plan.
    pub register_for: Option<String>,
    /// Whether it insists on session timers (RFC 4028).
    pub session_timers: bool,
}

impl Account {
    /// An account with the server over UDP that does not register and wants no session timers.
    pub fn new(name: &str, user: &str, password: &str, server: SocketAddr) -> Self {
        Account {
            name: name.to_owned(),
            user: user.to_owned(),
            password: password.to_owned(),
            digest: Digest::Md5,
            server,
            tcp: false,
            register_for: None,
            session_timers: false,
        }
    }

    /// Answers challenges with this algorithm.
    #[must_use]
    pub fn digest(mut self, digest: Digest) -> Self {
        self.digest = digest;
        self
    }

    /// Registers; the server's calls go to this number of the dial plan (`tests/e2e/asterisk/extensions.conf`).
    #[must_use]
    pub fn registered_for(mut self, number: &str) -> Self {
        self.register_for = Some(number.to_owned());
        self
    }

    /// Insists on session timers (RFC 4028).
    #[must_use]
    pub fn with_session_timers(mut self) -> Self {
        self.session_timers = true;
        self
    }

    fn config(&self) -> String {
        let server = if self.tcp { format!("{};transport=tcp", self.server) } else { self.server.to_string() };
        let mut text = include_str!("../asterisk/account.conf").to_owned();
        if self.register_for.is_some() {
            text += include_str!("../asterisk/registration.conf");
        }
        // A semicolon begins a comment there.
        text.replace("{{name}}", &self.name)
            .replace("{{user}}", &self.user)
            .replace("{{password}}", &self.password)
            .replace("{{algorithms}}", self.digest.words())
            .replace("{{server}}", &server.replace(';', "\\;"))
            .replace("{{transport}}", if self.tcp { "tcp" } else { "udp" })
            .replace("{{timers}}", if self.session_timers { "always" } else { "no" })
            .replace("{{contact_user}}", self.register_for.as_deref().unwrap_or_default())
    }
}

/// What a new Asterisk is set up with.
#[derive(Debug, Default)]
pub struct Settings {
    accounts: String,
    users: String,
}

impl Settings {
    /// An Asterisk that anybody may call, without users and accounts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives it an account at a server.
    #[must_use]
    pub fn account(mut self, account: &Account) -> Self {
        self.accounts += &account.config();
        self
    }

    /// Gives it a user of its own, who registers with this password, challenged with this algorithm. Users reach each
    /// other as `user-<name>`.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str, digest: Digest) -> Self {
        self.users += &include_str!("../asterisk/user.conf")
            .replace("{{name}}", name)
            .replace("{{password}}", password)
            .replace("{{algorithms}}", digest.words());
        self
    }
}

/// A running Asterisk.
pub struct Asterisk {
    process: Process,
    script: PathBuf,
    folder: Folder,
    /// Where it takes SIP, UDP and TCP.
    pub sip: SocketAddr,
}

impl Hears for Asterisk {
    fn heard_so_far(&self) -> Result<Vec<i16>> {
        // Until the first call is joined there is nothing.
        Ok(self.heard().unwrap_or_default())
    }

    fn story(&self) -> String {
        self.output()
    }
}

impl Asterisk {
    /// Starts it and waits until it is up.
    ///
    /// # Errors
    /// When it is missing, cannot start, or is not up in time; with all that it said.
    pub async fn start(settings: Settings) -> Result<Self> {
        let script = asterisk_run()?;
        let folder = Folder::new("asterisk")?;
        let sip = free_port()?;
        let low = free_ports(RTP_PORTS)?;
        std::fs::create_dir(folder.path().join("conf"))?;
        let pjsip = format!("{}{}{}", include_str!("../asterisk/pjsip.conf"), settings.users, settings.accounts);
        for (name, text) in [
            ("asterisk.conf", include_str!("../asterisk/asterisk.conf")),
            ("modules.conf", include_str!("../asterisk/modules.conf")),
            ("logger.conf", include_str!("../asterisk/logger.conf")),
            ("indications.conf", include_str!("../asterisk/indications.conf")),
            ("rtp.conf", include_str!("../asterisk/rtp.conf")),
            ("extensions.conf", include_str!("../asterisk/extensions.conf")),
            ("pjsip.conf", &pjsip),
        ] {
            let text = text
                .replace("{{sip}}", &sip.to_string())
                .replace("{{folder}}", &folder.path().display().to_string())
                .replace("{{rtp_low}}", &low.to_string())
                .replace("{{rtp_high}}", &(low + RTP_PORTS - 1).to_string());
            folder.write(&format!("conf/{name}"), &text)?;
        }
        let arguments = ["conf".to_owned(), "run".to_owned()];
        let mut process = Process::start("Asterisk", &script, &arguments, folder.path())?;
        process.wait_line("Asterisk Ready", START_LIMIT).await?;
        Ok(Asterisk { process, script, folder, sip })
    }

    /// What it has said so far.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// One command of its console; returns what it prints.
    ///
    /// # Errors
    /// When the console cannot be reached or does not answer within 10 s.
    pub async fn command(&self, command: &str) -> Result<String> {
        let mut call = Command::new(&self.script);
        call.args(["--cli", "run", command]).current_dir(self.folder.path()).kill_on_drop(true);
        let output = timeout(COMMAND_LIMIT, call.output()).await;
        let output = output.with_context(|| format!("Asterisk does not answer `{command}`"))??;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            bail!("Asterisk's console: `{command}` failed: {said}\n{}", self.output());
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // It is content with itself all the same.
        if said.contains("No such command") {
            bail!("Asterisk knows no command `{command}`; is its module in tests/e2e/asterisk/modules.conf?");
        }
        Ok(said)
    }

    /// Lets an account call a number at its server, and joins the call with a number of the dial plan.
    ///
    /// # Errors
    /// As [`Asterisk::command`].
    pub async fn call(&self, account: &str, number: &str, then: &str) -> Result<()> {
        self.command(&format!("channel originate PJSIP/{number}@{account} extension {then}@in")).await.map(drop)
    }

    /// What was heard by a call that was joined with `listen440`, at 8 kHz, so far.
    ///
    /// # Errors
    /// When there was none.
    pub fn heard(&self) -> Result<Vec<i16>> {
        let file = self.folder.path().join("heard.wav");
        // Its header is complete only once the call is over.
        let bytes =
            std::fs::read(&file).with_context(|| format!("cannot read {}:\n{}", file.display(), self.output()))?;
        let samples = bytes.get(WAV_HEADER..).unwrap_or_default();
        Ok(samples.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect())
    }

    /// Presses a key (`0` to `9`) in all calls that were joined with `listen440`.
    ///
    /// # Errors
    /// As [`Asterisk::command`].
    pub async fn press(&self, key: u8) -> Result<()> {
        let said = self.command("core show channels concise").await?;
        for channel in said.lines().filter_map(|line| line.split('!').next()).filter(|name| name.starts_with("PJSIP/"))
        {
            self.command(&format!("channel redirect {channel} in,press{key},1")).await?;
        }
        Ok(())
    }

    /// Ends all its calls.
    ///
    /// # Errors
    /// As [`Asterisk::command`].
    pub async fn hang_up_all(&self) -> Result<()> {
        self.command("channel request hangup all").await.map(drop)
    }

    /// How many calls it has now.
    ///
    /// # Errors
    /// As [`Asterisk::command`], and when it does not say.
    pub async fn calls(&self) -> Result<u32> {
        let said = self.command("core show channels count").await?;
        let count = said.lines().find(|line| line.contains("active call")).and_then(|line| line.split(' ').next());
        count.and_then(|count| count.parse().ok()).with_context(|| format!("Asterisk does not count its calls: {said}"))
    }

    /// Waits until an account is registered.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn wait_registered(&self, account: &str, limit: Duration) -> Result<()> {
        let name = format!("registration-{account}");
        self.wait_said("pjsip show registrations", limit, |said| {
            said.lines().any(|line| line.contains(&name) && line.contains("Registered"))
        })
        .await
    }

    /// Asks again until the answer is as wished.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn wait_said(&self, command: &str, limit: Duration, wished: impl Fn(&str) -> bool) -> Result<()> {
        let end = Instant::now() + limit;
        loop {
            let said = self.command(command).await?;
            if wished(&said) {
                return Ok(());
            }
            if Instant::now() > end {
                bail!("waited {limit:?}, and to `{command}` Asterisk still says:\n{said}\nIts log:\n{}", self.output());
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits for a line of its log that contains `mark`, also one that was said before.
    ///
    /// # Errors
    /// When it does not come in time.
    pub async fn wait_line(&mut self, mark: &str, limit: Duration) -> Result<String> {
        self.process.wait_line(mark, limit).await
    }
}
