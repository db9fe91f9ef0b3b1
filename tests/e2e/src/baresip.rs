//! baresip: a softphone of other makers, controlled over TCP (its module `ctrl_tcp`).

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nohold_phone::{Codec, SAMPLE_RATE, sine};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::ear::Hears;
use crate::folder::Folder;
use crate::nat::within;
use crate::peers::{free_port, free_ports, program};
use crate::process::Process;

const START_LIMIT: Duration = Duration::from_secs(15);
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// What it sends lasts this long; after it, silence.
const TONE_SECONDS: usize = 60;
/// The bytes before the samples in the WAV files that it writes.
const WAV_HEADER: usize = 44;
/// A netstring that is longer than this is not from baresip.
const LONGEST_MESSAGE: usize = 1 << 20;

/// How a baresip is set up.
pub struct Settings {
    user: String,
    server: Option<SocketAddr>,
    account: String,
    password: Option<String>,
    tone: f64,
    codec: Codec,
    answers: bool,
    place: Option<(&'static str, IpAddr)>,
}

impl Settings {
    /// A phone of this user that knows no server, sends 440 Hz in µ-law and does not answer by itself.
    pub fn new(user: &str) -> Self {
        let (server, account, password) = (None, user.to_owned(), None);
        let (tone, codec, answers, place) = (440.0, Codec::Pcmu, false, None);
        Settings { user: user.to_owned(), server, account, password, tone, codec, answers, place }
    }

    /// In a network namespace, at this address of it.
    #[must_use]
    pub fn within(mut self, namespace: &'static str, address: IpAddr) -> Self {
        self.place = Some((namespace, address));
        self
    }

    /// Proves to be this user with this password where it is asked for it (MD5 only), without registering.
    #[must_use]
    pub fn proving(mut self, account: &str, password: &str) -> Self {
        self.account = account.to_owned();
        self.password = Some(password.to_owned());
        self
    }

    /// Registers there, with this password where it is asked for one (MD5 only).
    #[must_use]
    pub fn register(mut self, server: SocketAddr, password: &str) -> Self {
        self.server = Some(server);
        self.password = Some(password.to_owned());
        self
    }

    /// Sends this tone, in Hz.
    #[must_use]
    pub fn tone(mut self, frequency: f64) -> Self {
        self.tone = frequency;
        self
    }

    /// Speaks this codec only.
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Answers calls by itself.
    #[must_use]
    pub fn answering(mut self) -> Self {
        self.answers = true;
        self
    }

    fn account(&self, sip: SocketAddr) -> String {
        let mode = if self.answers { "auto" } else { "manual" };
        let at = self.server.unwrap_or(sip);
        let mut line = format!("<sip:{}@{at}>;audio_codecs={};answermode={mode}", self.user, self.codec.name());
        line += if self.server.is_some() { ";regint=60" } else { ";regint=0" };
        if let Some(password) = &self.password {
            line += &format!(";auth_user={};auth_pass={password}", self.account);
        }
        line + "\n"
    }
}

/// A running baresip.
pub struct Baresip {
    process: Process,
    control: TcpStream,
    pending: Vec<u8>,
    events: Vec<Value>,
    folder: Folder,
    user: String,
    /// Where it listens for SIP.
    pub sip: SocketAddr,
}

impl Baresip {
    /// Starts it and waits until it takes commands.
    ///
    /// # Errors
    /// When it is missing, cannot start, or is not ready in time.
    pub async fn start(settings: Settings) -> Result<Self> {
        let program = program("baresip")?;
        let folder = Folder::new("baresip")?;
        let (mut sip, mut control) = (free_port()?, free_port()?);
        if let Some((_, address)) = settings.place {
            sip.set_ip(address);
            control.set_ip(address);
        }
        let low = free_ports(20)?;
        let config = include_str!("../baresip/config")
            .replace("{{sip}}", &sip.to_string())
            .replace("{{address}}", &sip.ip().to_string())
            .replace("{{control}}", &control.to_string())
            .replace("{{rtp}}", &format!("{low}-{}", low + 19));
        folder.write("config", &config)?;
        folder.write("accounts", &settings.account(sip))?;
        folder.write("contacts", "")?;
        write_tone(&folder, settings.tone)?;
        let (program, mut arguments) = match settings.place {
            Some((namespace, _)) => within(namespace, &program),
            None => (program, Vec::new()),
        };
        arguments.extend(["-f".to_owned(), folder.path().display().to_string()]);
        let mut process = Process::start("baresip", &program, &arguments, folder.path())?;
        process.wait_line("baresip is ready", START_LIMIT).await?;
        let stream = TcpStream::connect(control).await;
        let control = stream.with_context(|| format!("baresip takes no commands:\n{}", process.output()))?;
        let user = settings.user;
        Ok(Baresip { process, control, pending: Vec::new(), events: Vec::new(), folder, user, sip })
    }

    /// The URI under which it can be called directly.
    pub fn uri(&self) -> String {
        format!("sip:{}@{}", self.user, self.sip)
    }

    /// What it has said so far.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Waits until it is registered.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn wait_registered(&mut self, limit: Duration) -> Result<()> {
        // Its event may come before we are connected to its control port; its log is there from the start.
        self.process.wait_line("} 200 OK", limit).await.map(drop)
    }

    /// Dials a SIP URI, or a number at its server.
    ///
    /// # Errors
    /// When it refuses the command.
    pub async fn dial(&mut self, to: &str) -> Result<()> {
        self.command("dial", to).await.map(drop)
    }

    /// Waits until a call comes in, and says from whom.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn wait_incoming(&mut self, limit: Duration) -> Result<String> {
        let event = self.wait_event("CALL_INCOMING", limit).await?;
        Ok(event["peeruri"].as_str().unwrap_or_default().to_owned())
    }

    /// Answers the call that comes in.
    ///
    /// # Errors
    /// When it refuses the command.
    pub async fn answer(&mut self) -> Result<()> {
        self.command("accept", "").await.map(drop)
    }

    /// Waits until a call is connected.
    ///
    /// # Errors
    /// When none is in time.
    pub async fn wait_established(&mut self, limit: Duration) -> Result<()> {
        self.wait_event("CALL_ESTABLISHED", limit).await.map(drop)
    }

    /// Presses keys, as telephone events.
    ///
    /// # Errors
    /// When it refuses the command, which it does without a call.
    pub async fn press(&mut self, keys: &str) -> Result<()> {
        self.command("sndcode", keys).await.map(drop)
    }

    /// Holds the call.
    ///
    /// # Errors
    /// When it refuses the command, which it does without a call.
    pub async fn hold(&mut self) -> Result<()> {
        self.command("hold", "").await.map(drop)
    }

    /// Takes the held call back.
    ///
    /// # Errors
    /// When it refuses the command, which it does without a call.
    pub async fn resume(&mut self) -> Result<()> {
        self.command("resume", "").await.map(drop)
    }

    /// Hangs up, or declines what comes in.
    ///
    /// # Errors
    /// When it refuses the command.
    pub async fn hang_up(&mut self) -> Result<()> {
        self.command("hangup", "").await.map(drop)
    }

    /// Waits until the call is over, and says why, in baresip's words.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn wait_closed(&mut self, limit: Duration) -> Result<String> {
        let event = self.wait_event("CALL_CLOSED", limit).await?;
        Ok(event["param"].as_str().unwrap_or_default().to_owned())
    }

    /// What it heard in its last call, at 8 kHz. Complete once the call is over.
    ///
    /// # Errors
    /// When it has recorded nothing.
    pub fn heard(&self) -> Result<Vec<i16>> {
        let file = self.recording().with_context(|| format!("baresip recorded nothing:\n{}", self.output()))?;
        let mut reader = hound::WavReader::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(reader.samples().collect::<Result<_, _>>()?)
    }

    /// What was heard in the call that goes on, or the last one, so far: the header of its file is complete only once the
    /// call is over.
    fn heard_until_now(&self) -> Result<Vec<i16>> {
        let Some(file) = self.recording() else { return Ok(Vec::new()) };
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let samples = bytes.get(WAV_HEADER..).unwrap_or_default();
        Ok(samples.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect())
    }

    fn recording(&self) -> Option<PathBuf> {
        let files = fs::read_dir(self.folder.path()).ok()?.flatten();
        let heard = files.filter(|file| {
            let name = file.file_name();
            name.to_string_lossy().starts_with("dump") && name.to_string_lossy().ends_with("dec.wav")
        });
        heard.max_by_key(|file| file.metadata().and_then(|about| about.modified()).ok()).map(|file| file.path())
    }

    /// One command of its menu; returns what it says to it.
    ///
    /// # Errors
    /// When it refuses the command or does not answer within 5 s.
    pub async fn command(&mut self, name: &str, argument: &str) -> Result<String> {
        let text = json!({ "command": name, "params": argument, "token": name }).to_string();
        self.control.write_all(format!("{}:{text},", text.len()).as_bytes()).await?;
        let end = Instant::now() + ANSWER_LIMIT;
        loop {
            let message = self.next_message(end).await.with_context(|| format!("baresip's answer to `{name}`"))?;
            if message["response"].as_bool() != Some(true) {
                self.events.push(message);
                continue;
            }
            let said = message["data"].as_str().unwrap_or_default().to_owned();
            if message["ok"].as_bool() != Some(true) {
                bail!("baresip refuses `{name} {argument}`: {said}\n{}", self.output());
            }
            return Ok(said);
        }
    }

    /// Waits for an event of this type, also one that came before; each is given out once.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn wait_event(&mut self, kind: &str, limit: Duration) -> Result<Value> {
        let end = Instant::now() + limit;
        loop {
            if let Some(index) = self.events.iter().position(|event| event["type"].as_str() == Some(kind)) {
                let event = self.events.remove(index);
                // What came before it is past, but for calls that nobody has looked at yet.
                let mut before = 0..index;
                self.events.retain(|event| before.next().is_none() || event["type"] == "CALL_INCOMING");
                return Ok(event);
            }
            match self.next_message(end).await {
                Ok(message) => self.events.push(message),
                Err(error) => {
                    let seen: Vec<&str> = self.events.iter().filter_map(|event| event["type"].as_str()).collect();
                    let said = self.output();
                    return Err(
                        error.context(format!("waited {limit:?} for {kind}, saw {seen:?}; baresip said:\n{said}"))
                    );
                }
            }
        }
    }

    /// The next netstring.
    async fn next_message(&mut self, end: Instant) -> Result<Value> {
        loop {
            if let Some(message) = take_netstring(&mut self.pending)? {
                return serde_json::from_slice(&message).context("baresip sent no JSON");
            }
            let read =
                timeout_at(end, self.control.read_buf(&mut self.pending)).await.context("nothing came in time")?;
            if read? == 0 {
                bail!("baresip has closed its control connection");
            }
        }
    }
}

impl Hears for Baresip {
    fn heard_so_far(&self) -> Result<Vec<i16>> {
        self.heard_until_now()
    }

    fn story(&self) -> String {
        self.output()
    }
}

/// Takes a whole `length:text,` from the front.
fn take_netstring(pending: &mut Vec<u8>) -> Result<Option<Vec<u8>>> {
    let Some(colon) = pending.iter().position(|byte| *byte == b':') else { return Ok(None) };
    let length = std::str::from_utf8(&pending[..colon]).ok().and_then(|digits| digits.parse::<usize>().ok());
    let Some(length) = length.filter(|length| *length <= LONGEST_MESSAGE) else { bail!("baresip sent no netstring") };
    let end = colon + 1 + length;
    if pending.len() <= end {
        return Ok(None);
    }
    let message = pending[colon + 1..end].to_vec();
    pending.drain(..=end);
    Ok(Some(message))
}

fn write_tone(folder: &Folder, frequency: f64) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(folder.path().join("tone.wav"), spec)?;
    for sample in sine(frequency, TONE_SECONDS * SAMPLE_RATE as usize) {
        writer.write_sample(sample)?;
    }
    Ok(writer.finalize()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netstrings_are_taken_one_by_one() {
        let mut pending = b"2:{},3:[1]".to_vec();
        assert_eq!(take_netstring(&mut pending).unwrap().unwrap(), b"{}");
        assert!(take_netstring(&mut pending).unwrap().is_none());
        pending.push(b',');
        assert_eq!(take_netstring(&mut pending).unwrap().unwrap(), b"[1]");
        assert!(pending.is_empty());
        assert!(take_netstring(&mut b"x:y,".to_vec()).is_err());
    }
}
