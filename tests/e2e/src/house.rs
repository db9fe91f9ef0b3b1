//! The call centre of the end-to-end tests: the server with queue 600, its agents' phones, and a carrier.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use nohold_phone::{Call, Dialling, Phone, PhoneSettings};
use serde_json::json;

use crate::folder::Folder;
use crate::server::{Place, Server};

/// Nothing that a test waits for takes longer, on a busy machine.
pub const SOON: Duration = Duration::from_secs(10);
/// The number that leads to queue 600.
pub const SUPPORT: &str = "+862161230001";
/// The number that leads to a flow outside its hours, which it always is.
pub const CLOSED: &str = "+862161230003";
/// The number that rings extension 2002, and queue 600 where nobody answers there.
pub const DIRECT: &str = "+862161230004";
/// A customer.
pub const CUSTOMER: &str = "+8613800138000";
/// How that number is written in the country of the site.
pub const AT_HOME: &str = "13800138000";

/// By this name and password calls from other addresses prove that they are the carrier's.
pub const CARRIERS_USER: &str = "carrier";
/// The password to it.
pub const CARRIERS_PASSWORD: &str = "secret-of-the-carrier";

/// The server and what is outside of it.
pub struct House {
    /// The server.
    pub server: Server,
    /// The carrier: callers call through it, and whom we call is reached by it.
    pub carrier: Phone,
    _scenario: Folder,
}

/// What a test wants otherwise.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// How long a caller waits before the menu comes.
    pub longest_wait: &'static str,
    /// Where in the network the server runs.
    pub place: Place,
    /// The groups whose agents serve queue 600.
    pub groups: &'static str,
    /// More lines of queue 600.
    pub queue: &'static str,
    /// Whether caller and agent hear some words about each other before they talk.
    pub words: bool,
    /// More lines of the site.
    pub site: &'static str,
    /// More lines of the service.
    pub service: &'static str,
    /// The flow that begins then, or at the callback key: one of the shipped ones or of `more`.
    pub menu: &'static str,
    /// Flows that `more` names by their files.
    pub files: Vec<(&'static str, String)>,
    /// Where the trunk is, and how we prove ourselves there: the lines of the document. By default at the carrier's phone.
    pub trunk: Option<String>,
    /// More of the document.
    pub more: String,
}

impl Default for Wishes {
    fn default() -> Self {
        Wishes {
            longest_wait: "60s",
            place: Place::default(),
            groups: "[\"support-a\", \"support-b\"]",
            queue: "",
            words: true,
            site: "",
            service: "",
            menu: "queue-overflow",
            files: Vec::new(),
            trunk: None,
            more: String::new(),
        }
    }
}

impl Wishes {
    /// A line with the callback key 2, which is pressed instead of waiting, and customers who may be dialled day and
    /// night.
    #[must_use]
    pub fn with_callback_key() -> Self {
        Wishes {
            queue: "callback_key = { digit = \"2\" }",
            site: "dialling_window = \"00:00-24:00\"",
            ..Wishes::default()
        }
    }
}

impl House {
    /// Opens the house.
    ///
    /// # Errors
    /// When the server does not start; with all that it said.
    pub async fn open(wishes: Wishes) -> Result<House> {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        // An address of its own for each carrier, so that the server tells its calls from those of the phones.
        let process = u8::try_from(std::process::id() % 200).unwrap_or(0);
        let address = Ipv4Addr::new(127, 1, process, NEXT.fetch_add(1, Ordering::Relaxed));
        let carrier = Phone::start(PhoneSettings::new("carrier").at(IpAddr::V4(address))).await?;
        let scenario = Folder::new("scenario")?;
        let flows = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenario/flows");
        let text = document(&carrier, flows, &wishes);
        for (name, text) in &wishes.files {
            scenario.write(name, text)?;
        }
        let path = scenario.write("house.toml", &text)?;
        let server = Server::start_at(&wishes.place, &path, &["--sip-trace"]).await?;
        Ok(House { server, carrier, _scenario: scenario })
    }

    /// Makes the first user, before whom only this machine is listened to.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn set_up(&self) -> Result<()> {
        let root = json!({ "name": "root", "password": "a password of the tests", "role": "administrator" });
        self.server.administrator()?.post("/api/users", &root).await?;
        Ok(())
    }

    /// The phone of an extension, registered.
    ///
    /// # Errors
    /// When it cannot register.
    pub async fn phone(&self, extension: &str) -> Result<Phone> {
        let phone = Phone::start(self.settings(extension)).await?;
        phone.register(Duration::from_secs(120)).await?;
        Ok(phone)
    }

    /// How the phone of an extension is set up.
    #[must_use]
    pub fn settings(&self, extension: &str) -> PhoneSettings {
        PhoneSettings::new(extension).password(&password(extension)).server(self.server.sip)
    }

    /// The phone of an agent, who has signed in by the star code and heard so.
    ///
    /// # Errors
    /// When that does not go well.
    pub async fn agent(&self, extension: &str) -> Result<Phone> {
        let phone = self.phone(extension).await?;
        star(&phone, "*10").await?;
        Ok(phone)
    }

    /// A customer calls one of our numbers.
    ///
    /// # Errors
    /// When the call cannot be begun.
    pub async fn calls(&self, from: &str, to: &str) -> Result<Call> {
        let uri = format!("sip:{to}@{}", self.server.sip);
        Ok(self.carrier.dial_as(Dialling::to(&uri).from(from)).await?)
    }

    /// Where the server takes SIP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.sip
    }
}

/// Dials a star code and listens to its confirmation until the server hangs up.
///
/// # Errors
/// When it is not answered, nothing is said, or it does not end.
pub async fn star(phone: &Phone, code: &str) -> Result<()> {
    let call = phone.dial(code).await?;
    call.wait_answered(SOON).await.with_context(|| format!("{code} is not answered"))?;
    call.wait_speech(SOON).await.with_context(|| format!("{code} says nothing"))?;
    call.wait_ended(SOON).await.with_context(|| format!("{code} does not end"))?;
    Ok(())
}

/// The password of an extension.
#[must_use]
pub fn password(extension: &str) -> String {
    format!("secret-of-{extension}")
}

/// The lines that name a trunk's address.
#[must_use]
pub fn trunk_at(address: SocketAddr) -> String {
    format!("host = \"{}\"\nport = {}\n", address.ip(), address.port())
}

fn extensions() -> String {
    let extension = |key: &str, more: &str| {
        format!("[extensions.{key}]\nname = \"Desk {key}\"\npassword = \"{}\"\n{more}\n", password(key))
    };
    [
        extension("2000", "may_call_outside = true"),
        extension("2001", "may_call_outside = true\nauto_answer = true"),
        extension("2002", "unanswered = { ring_for = \"2s\", target = { queue = \"600\" } }"),
        extension("2003", ""),
        extension("2004", ""),
        extension("3000", ""),
    ]
    .concat()
}

/// Who works here, for whom.
fn business(wishes: &Wishes) -> String {
    let service = wishes.service;
    format!(
        r#"
[services.support]
name = "Support"
groups = ["support-a", "support-b"]
caller_id = "{SUPPORT}"
{service}

[groups.support-a]
name = "A"
agents = ["2000", "2001"]
[groups.support-b]
name = "B"
agents = ["2002", "2003"]
[groups.renewals]
name = "Renewals"
agents = ["2004"]

[campaigns.renewals]
name = "Renewals"
groups = ["renewals"]
caller_id = "{DIRECT}"

[agents]
2000 = {{}}
2001 = {{}}
2002 = {{}}
2003 = {{}}
2004 = {{}}

"#
    )
}

fn document(carrier: &Phone, flows: &str, wishes: &Wishes) -> String {
    let (business, extensions) = (business(wishes), extensions());
    let Wishes { longest_wait, groups, queue, site, menu, trunk, more, .. } = wishes;
    let words = if wishes.words { "announce_agent = true\nwhisper = \"whisper\"" } else { "" };
    let trunk = trunk.clone().unwrap_or_else(|| {
        let address = carrier.address();
        let proof = format!("user = \"{CARRIERS_USER}\", password = \"{CARRIERS_PASSWORD}\"");
        trunk_at(address) + &format!("inbound = {{ addresses = [\"{}\"], {proof} }}", address.ip())
    });
    format!(
        r#"
[site]
zone = "Asia/Shanghai"
country = "CN"
language = "en"
{site}

# The after-hours flow asks it; it is never open, so that the flow does what it is for.
[calendars.office]
name = "Never open"
[calendars.office.weekly]

{business}
{extensions}
[queues.600]
name = "Support"
number = "600"
service = "support"
groups = {groups}
longest_wait = "{longest_wait}"
wrap_up = "1s"
{words}
join_empty = true
{queue}
[queues.600.overflow]
timeout = {{ flow = "{menu}" }}
key = {{ flow = "{menu}" }}

[flows]
queue-overflow = {{ file = "{flows}/queue-overflow.json" }}
after-hours = {{ file = "{flows}/after-hours.json" }}

[trunks.carrier]
{trunk}
numbers = ["{SUPPORT}", "{CLOSED}", "{DIRECT}"]
options_every = "never"

[numbers."{SUPPORT}"]
service = "support"
target = {{ queue = "600" }}

[numbers."{CLOSED}"]
service = "support"
calendar = "office"
target = {{ queue = "600" }}
when_closed = {{ flow = "after-hours" }}

[numbers."{DIRECT}"]
service = "support"
target = {{ extension = "2002" }}
{more}
"#
    )
}
