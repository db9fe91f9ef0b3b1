//! The stage of the demo: a server of its own, telephones, and people at their desks.

use std::fs::{self, DirBuilder};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nohold_client::Client;
use nohold_phone::{Call, Dialling, Phone, PhoneSettings};
use nohold_telephony::prompts::PromptLibrary;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::cli::Demo;
use crate::{control, document, environment, secrets};

/// Nothing that the story waits for takes longer.
pub const SOON: Duration = Duration::from_secs(15);
/// How long a start may take.
const START: Duration = Duration::from_secs(30);
/// What the server says, in the stage's folder.
const LOG: &str = "server.log";
/// The number that leads to queue 600.
pub const SUPPORT: &str = "+862161230001";
/// So long a caller waits before the menu comes.
const LONGEST_WAIT: &str = "6s";

/// The stage. The server ends with it, and its folder is removed.
pub struct Stage {
    folder: Folder,
    server: Child,
    program: PathBuf,
    /// Where the server takes SIP.
    pub sip: SocketAddr,
    /// Where it answers the API.
    pub http: SocketAddr,
    rtp: String,
    /// The carrier: callers call through it, and whom we call is reached by it.
    pub carrier: Phone,
    /// The administrator of this run.
    pub administrator: Client,
    /// The password of everybody and of every phone in this run.
    pub password: String,
}

/// A folder that is removed when it is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Stage {
    /// Starts the server and the carrier.
    ///
    /// # Errors
    /// When the server does not start; with what it said.
    pub async fn open(arguments: &Demo) -> Result<Self> {
        let password = secrets::draw()?;
        let folder =
            Folder(std::path::absolute(std::env::temp_dir())?.join(format!("nohold-demo-{}", secrets::draw()?)));
        DirBuilder::new()
            .mode(0o700)
            .create(&folder.0)
            .with_context(|| format!("cannot make {}", folder.0.display()))?;
        // An address of its own, so that the server tells the carrier's calls from those of the phones.
        let carrier = Phone::start(PhoneSettings::new("carrier").at(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)))).await?;
        let scenario = folder.0.join("demo.json");
        fs::write(&scenario, serde_json::to_vec(&call_centre(carrier.address(), arguments, &password)?)?)?;
        let sip = arguments.sip.map_or_else(|| usual_or_free(5060, true), Ok)?;
        let http = arguments.http.map_or_else(|| usual_or_free(8080, false), Ok)?;
        let ports = arguments.rtp_ports.clone().unwrap_or(20_000..=29_999);
        let rtp = format!("{}-{}", ports.start(), ports.end());
        let program = std::env::current_exe().context("cannot tell where this program is")?;
        let server = start(&program, &folder.0, sip, http, &rtp).await?;
        let administrator = control::running(&folder.0.join("data"))?;
        Ok(Stage { folder, server, program, sip, http, rtp, carrier, administrator, password })
    }

    /// Kills the server as a power cut would, and starts it again.
    ///
    /// # Errors
    /// When it does not start again.
    pub async fn pull_the_plug(&mut self) -> Result<()> {
        self.server.kill().await.context("cannot kill the server")?;
        self.server = start(&self.program, &self.folder.0, self.sip, self.http, &self.rtp).await?;
        self.administrator = control::running(&self.folder.0.join("data"))?;
        Ok(())
    }

    /// Waits until the server ends by itself, which it should not.
    pub async fn server_ends(&mut self) {
        let _ = self.server.wait().await;
    }

    /// The phone of an extension, registered.
    ///
    /// # Errors
    /// When it cannot register.
    pub async fn phone(&self, extension: &str) -> Result<Phone> {
        let settings = PhoneSettings::new(extension).password(&self.password).server(self.sip);
        let phone = Phone::start(settings).await?;
        phone.register(Duration::from_secs(300)).await.with_context(|| format!("phone {extension} cannot register"))?;
        Ok(phone)
    }

    /// Somebody who signs in at the API.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn person(&self, name: &str, role: &str, agent: Option<&str>) -> Result<Client> {
        let body = json!({ "name": name, "password": self.password, "role": role, "agent": agent });
        self.administrator.post("/api/users", &body).await?;
        let mut person = Client::new(self.http);
        person.sign_in(name, &self.password).await?;
        Ok(person)
    }

    /// A customer calls the support number.
    ///
    /// # Errors
    /// When the call cannot be begun.
    pub async fn customer_calls(&self, from: &str) -> Result<Call> {
        let uri = format!("sip:{SUPPORT}@{}", self.sip);
        Ok(self.carrier.dial_as(Dialling::to(&uri).from(from)).await?)
    }

    /// Ends the server in order.
    pub async fn close(mut self) {
        if let Some(id) =
            self.server.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            let _ = tokio::time::timeout(Duration::from_secs(10), self.server.wait()).await;
        }
    }
}

/// The shipped call centre, as the demo needs it: open day and night, and with a carrier on this machine.
fn call_centre(carrier: SocketAddr, arguments: &Demo, password: &str) -> Result<Value> {
    let mut whole = document::shipped(&PromptLibrary::shipped())?.whole;
    let mut put = |pointer: &str, value: Value| {
        if let Some((parent, name)) = pointer.rsplit_once('/')
            && let Some(parent) = whole.pointer_mut(parent).and_then(Value::as_object_mut)
        {
            parent.insert(name.to_owned(), value);
        }
    };
    put("/site/language", json!(arguments.language.word()));
    put("/site/dialling_window", json!("00:00-24:00"));
    put("/calendars/office/closures", json!([]));
    for day in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] {
        put(&format!("/calendars/office/weekly/{day}"), json!(["00:00-24:00"]));
    }
    for extension in ["2000", "2001", "2002", "2003"] {
        put(&format!("/extensions/{extension}/password"), json!(password));
    }
    put("/queues/600/longest_wait", json!(LONGEST_WAIT));
    put("/queues/600/wrap_up", json!("2s"));
    put("/trunks/carrier/host", json!(carrier.ip().to_string()));
    put("/trunks/carrier/port", json!(carrier.port()));
    Ok(whole)
}

/// The usual port of this machine where it is free, so that an own phone finds it; else one that is.
fn usual_or_free(usual: u16, udp: bool) -> Result<SocketAddr> {
    let free = |port| -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        if udp {
            UdpSocket::bind(address)?;
        }
        Ok(address)
    };
    free(usual).or_else(|_| free(0)).context("no port is free on 127.0.0.1")
}

async fn start(program: &Path, folder: &Path, sip: SocketAddr, http: SocketAddr, rtp: &str) -> Result<Child> {
    let data = folder.join("data");
    // What a killed server has left says nothing of the one that starts now.
    control::forget(&data);
    let log = || fs::OpenOptions::new().create(true).append(true).open(folder.join(LOG));
    let mut command = Command::new(program);
    // Settings of another installation, in the environment or in a file of this folder, are no matter of the stage.
    for setting in environment::ours() {
        command.env_remove(setting);
    }
    let mut server = command
        .current_dir(folder)
        .arg("serve")
        .arg("--scenario")
        .arg(folder.join("demo.json"))
        .arg("--data")
        .arg(&data)
        .args(["--sip", &sip.to_string(), "--http", &http.to_string(), "--rtp-ports", rtp])
        .stdin(Stdio::null())
        .stdout(log()?)
        .stderr(log()?)
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the server")?;
    let ready = async {
        while control::running(&data).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let started = tokio::select! {
        ready = tokio::time::timeout(START, ready) => ready.is_ok(),
        _ = server.wait() => false,
    };
    if !started {
        bail!("the server did not start:\n{}", fs::read_to_string(folder.join(LOG)).unwrap_or_default());
    }
    Ok(server)
}
