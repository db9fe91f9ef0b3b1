//! The one place where a telephony engine is plugged in: what it is given, and what the rest of the program asks of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nohold_app::ports::{HiddenText, Ledger, PagePhones, Telephony, TelephonyEvent};
use nohold_core::call::{Command, LegState};
use nohold_core::configuration::{self, Configuration, Digest, Network};
use nohold_model::{Country, ExtensionKey, LegId, Timestamp};
use nohold_server::configuration::Seal;
use nohold_sip::{
    Account, Addresses, Algorithm, BrowserSettings, Credentials, EdgeSettings, Ha1, Lines, PageSettings, TraceSink,
    Transport,
};
use nohold_telephony::prompts::PromptLibrary;
use nohold_telephony::tone::Plan;
use thiserror::Error;
use tokio::sync::mpsc::UnboundedSender;

/// What an engine needs to know.
pub struct Settings {
    /// Where phones and trunks reach us, over UDP and TCP.
    pub sip: SocketAddr,
    /// Ports for audio.
    pub rtp_ports: RangeInclusive<u16>,
    /// The address by which the outside reaches us, where it is another.
    pub public_address: Option<IpAddr>,
    /// Networks that reach us without that.
    pub local_networks: Vec<Network>,
    /// Whether each message is shown.
    pub sip_trace: bool,
    /// Where recordings are written.
    pub recordings: PathBuf,
    /// What callers hear.
    pub prompts: PromptLibrary,
    /// The UDP port of all browsers; none chooses one among the ports for audio.
    pub browser_port: Option<u16>,
    /// A call whose page is lost waits so long for it.
    pub page_waits_for: Duration,
    /// Phones and trunks.
    pub lines: Lines,
    /// Only this machine is listened to at first.
    pub this_machine_only: bool,
    /// Where phones and dialogs are written down, to be found again after a restart; without one they are not.
    pub ledger: Option<Arc<dyn Ledger>>,
}

/// A port cannot be had.
#[derive(Debug, Error)]
pub enum PortRefused {
    /// Somebody has it.
    #[error("{transport} port {address} is busy: another program listens there; stop it, or choose another with --sip")]
    Busy {
        /// UDP or TCP.
        transport: &'static str,
        /// Where.
        address: SocketAddr,
    },
    /// The address is not this machine's.
    #[error("{0} is not an address of this machine: use one that is, or 0.0.0.0 for all of them, with --sip")]
    NotOurs(IpAddr),
    /// The system keeps it.
    #[error("this user may not listen at {0}: use a port from 1024 on with --sip, or grant the right to")]
    Forbidden(SocketAddr),
    /// Something else.
    #[error("cannot listen at {0}: {1}: choose another address with --sip")]
    Other(SocketAddr, io::Error),
}

/// The engine that is built in. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    engine: nohold_sip::Engine,
}

/// The realm of all passwords (RFC 3261 §22.1). It never changes: what is stored of a password serves for one realm.
const REALM: &str = "nohold";
/// A trunk that has not answered an INVITE in any way within this is passed over for the next.
const TRUNK_SILENT_AFTER: Duration = Duration::from_secs(4);

impl Engine {
    /// Starts an engine, which tells what happens through `events`.
    ///
    /// # Errors
    /// When it cannot have its ports, or something that it needs is missing.
    pub async fn start(settings: Settings, events: UnboundedSender<TelephonyEvent>) -> anyhow::Result<Self> {
        may_listen(settings.sip)?;
        let prompts = settings.prompts.clone();
        for problem in prompts.check() {
            tracing::warn!(%problem, "a prompt cannot be used");
        }
        let engine = nohold_sip::Engine::start(settings.for_engine(), prompts, events).await?;
        Ok(Engine { engine })
    }

    /// Where phones and trunks reach it.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.engine.addresses().udp.first().copied()
    }

    /// Phones in browsers.
    #[must_use]
    pub fn page_phones(&self) -> Arc<dyn PagePhones> {
        Arc::new(self.engine.clone())
    }

    /// Replaces phones and trunks; calls that are up go on.
    pub fn configure(&self, lines: Lines) {
        self.engine.configure(lines);
    }

    /// Whether only this machine is listened to.
    pub fn this_machine_only(&self, only: bool) {
        self.engine.set_this_machine_only(only);
    }

    /// Since when no conversation could be recorded; nothing where the last one was kept.
    pub fn recordings_failing_since(&self) -> Option<Timestamp> {
        self.engine.recordings_failing_since()
    }

    /// What the edge of SIP has counted since the start, by name.
    pub fn counted(&self) -> Vec<(&'static str, u64)> {
        self.engine.counters().named()
    }

    /// Ends what still goes on: every call is hung up.
    pub async fn stop(&self) {
        self.engine.shut_down().await;
    }
}

impl Telephony for Engine {
    fn execute(&self, command: Command) {
        self.engine.execute(command);
    }

    fn inventory(&self, legs: &BTreeSet<LegId>) -> impl Future<Output = BTreeMap<LegId, LegState>> + Send + 'static {
        self.engine.inventory(legs)
    }

    fn without_a_page(&self) -> BTreeSet<ExtensionKey> {
        self.engine.without_a_page()
    }

    fn pages_away(&self) -> BTreeSet<ExtensionKey> {
        self.engine.pages_away()
    }

    fn reachable(&self) -> Option<BTreeSet<ExtensionKey>> {
        self.engine.reachable()
    }
}

impl Settings {
    /// The same in the engine's words.
    fn for_engine(self) -> nohold_sip::Settings {
        let addresses = Addresses {
            udp: vec![self.sip],
            tcp: vec![self.sip],
            public: self.public_address,
            local_networks: self.local_networks.clone(),
        };
        let trace = self.sip_trace.then(|| TraceSink::new(crate::say::aside));
        let bind = self.sip.ip();
        nohold_sip::Settings {
            edge: EdgeSettings {
                addresses,
                trace,
                this_machine_only: self.this_machine_only,
                ..EdgeSettings::default()
            },
            media: nohold_media::Settings {
                bind,
                ports: self.rtp_ports.clone(),
                ..nohold_media::Settings::new(self.recordings.clone())
            },
            realm: REALM.into(),
            lines: self.lines,
            trunk_silent_after: TRUNK_SILENT_AFTER,
            shortest_session: nohold_sip::SHORTEST_SESSION,
            longest_registration: nohold_sip::LONGEST_REGISTRATION,
            calls_per_extension: nohold_sip::CALLS_PER_EXTENSION,
            ledger: self.ledger,
            pages: Some(PageSettings {
                exchange: BrowserSettings {
                    forgotten_after: self.page_waits_for,
                    ..BrowserSettings::new(bind, browser_ports(self.browser_port, self.rtp_ports))
                },
                waits_for: self.page_waits_for,
            }),
        }
    }
}

/// How passwords are kept by which phones and trunks prove themselves to us: as digests for our realm (HA1 of RFC 7616
/// §3.4.2), one for each algorithm, with the user name behind them.
pub const SEAL: Seal = Seal {
    seal: |user, password| {
        let [md5, sha256] =
            [Algorithm::Md5, Algorithm::Sha256].map(|algorithm| Ha1::new(algorithm, user, REALM, password));
        HiddenText(format!("ha1:{}:{}:{user}", md5.hex(), sha256.hex()))
    },
    is_of: |sealed, user| account(user, sealed).is_some(),
};

/// The account of this user; none where what was sealed is another's.
fn account(user: &str, sealed: &HiddenText) -> Option<Account> {
    let mut parts = sealed.0.splitn(4, ':');
    let (form, md5, sha256, whose) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let secrets = vec![Ha1::from_hex(Algorithm::Sha256, sha256)?, Ha1::from_hex(Algorithm::Md5, md5)?];
    (form == "ha1" && whose == user).then(|| Account { user: user.to_owned(), secrets })
}

const fn algorithm(digest: Digest) -> Algorithm {
    match digest {
        Digest::Md5 => Algorithm::Md5,
        Digest::Sha256 => Algorithm::Sha256,
    }
}

/// Phones and trunks of a configuration, with the passwords of their accounts; a phone without one is not reachable.
#[must_use]
pub fn lines(configuration: &Configuration, secrets: &BTreeMap<String, HiddenText>) -> Lines {
    let extensions = configuration.extensions.iter().filter_map(|(key, extension)| {
        let sealed = secrets.get(&format!("extensions.{key}"))?;
        Some((key.clone(), account(key.as_str(), sealed)?.only(algorithm(extension.digest))))
    });
    let trunks = configuration.trunks.iter().map(|(key, trunk)| {
        let credentials = trunk.user.as_ref().map(|user| Credentials {
            user: user.clone(),
            password: secrets.get(&format!("trunks.{key}")).map(|secret| secret.0.clone()).unwrap_or_default(),
        });
        let inbound = trunk.inbound.user.as_ref().zip(secrets.get(&format!("trunks.{key}.inbound")));
        let line = nohold_sip::Trunk {
            host: trunk.host.trim_matches(['[', ']']).to_owned(),
            port: Some(trunk.port),
            transport: match trunk.transport {
                configuration::Transport::Udp => Transport::Udp,
                configuration::Transport::Tcp => Transport::Tcp,
            },
            credentials,
            register: trunk.register.then(|| seconds(trunk.register_expiry)),
            from: trunk.inbound.addresses.clone(),
            from_host: trunk.inbound.addresses.is_empty() && trunk.inbound.user.is_none(),
            inbound: inbound
                .and_then(|(user, sealed)| Some(account(user, sealed)?.only(algorithm(trunk.inbound.digest)))),
            trusted_identity: true,
            assert_identity: false,
            ask_every: match trunk.options_every {
                configuration::Period::After(length) => Some(Duration::from_secs(seconds(length).into())),
                configuration::Period::Never => None,
            },
            most_calls: trunk.most_calls.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
        };
        (key.clone(), line)
    });
    let site = &configuration.site;
    Lines {
        extensions: extensions.collect(),
        trunks: trunks.collect(),
        tones: tones(site.country),
        home: Some(site.numbering.country.unwrap_or(site.country)),
        most_calls: site.most_calls.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
    }
}

/// Whether the account has this password: `extensions.2000`, `trunks.carrier` or `trunks.carrier.inbound`.
#[must_use]
pub fn is_password_of(
    name: &str,
    password: &str,
    configuration: &Configuration,
    secrets: &BTreeMap<String, HiddenText>,
) -> bool {
    let Some(secret) = secrets.get(name) else { return false };
    let sealed = |user: &str| (SEAL.seal)(user, password) == *secret;
    match name.split_once('.') {
        Some(("extensions", extension)) => sealed(extension),
        Some(("trunks", trunk)) => match trunk.strip_suffix(".inbound") {
            Some(trunk) => {
                let mut trunks = configuration.trunks.iter();
                let user =
                    trunks.find(|(key, _)| key.as_str() == trunk).and_then(|(_, trunk)| trunk.inbound.user.as_ref());
                user.is_some_and(|user| sealed(user))
            }
            None => secret.0 == password,
        },
        Some(_) | None => false,
    }
}

/// How the tones of a country sound.
fn tones(country: Country) -> Plan {
    match country.as_str() {
        "CN" => Plan::China,
        "US" | "CA" => Plan::NorthAmerica,
        _ => Plan::Generic,
    }
}

fn seconds(length: configuration::Length) -> u32 {
    u32::try_from(length.0.as_millis() / 1_000).unwrap_or(u32::MAX).max(1)
}

/// Whether the address can be had for SIP, over UDP and TCP. Between this look and the engine's own somebody may take
/// it; then the engine's error is less friendly, and that is all.
pub fn may_listen(address: SocketAddr) -> Result<(), PortRefused> {
    UdpSocket::bind(address).map_err(|problem| refused("UDP", address, problem))?;
    TcpListener::bind(address).map_err(|problem| refused("TCP", address, problem))?;
    Ok(())
}

/// The ports of which browsers get one. Legs take even ones of those for audio, and browsers an odd one: who lets those
/// through a firewall has let browsers through.
fn browser_ports(chosen: Option<u16>, rtp_ports: RangeInclusive<u16>) -> RangeInclusive<u16> {
    match chosen {
        Some(port) => port..=port,
        None if rtp_ports.start() == rtp_ports.end() => 0..=0,
        None => rtp_ports,
    }
}

fn refused(transport: &'static str, address: SocketAddr, problem: io::Error) -> PortRefused {
    match problem.kind() {
        io::ErrorKind::AddrInUse => PortRefused::Busy { transport, address },
        io::ErrorKind::AddrNotAvailable => PortRefused::NotOurs(address.ip()),
        io::ErrorKind::PermissionDenied => PortRefused::Forbidden(address),
        _ => PortRefused::Other(address, problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_rules_say_is_shipped_in_both_languages() {
        let catalogue = PromptLibrary::shipped().catalogue();
        for key in nohold_core::call::PROMPTS {
            let languages = catalogue.get(&nohold_model::PromptKey::new(key).unwrap());
            assert_eq!(languages.map(std::collections::BTreeSet::len), Some(2), "{key}");
        }
    }

    #[test]
    fn a_password_is_kept_as_digests_that_serve_its_user_alone() {
        let sealed = (SEAL.seal)("2000", "s3cret:word");
        assert!(!sealed.0.contains("s3cret"), "it can be read");
        assert_eq!(account("2000", &sealed), Some(Account::new("2000", REALM, "s3cret:word")));
        assert!((SEAL.is_of)(&sealed, "2000") && !(SEAL.is_of)(&sealed, "2001"));
        assert_eq!(account("2000", &HiddenText("s3cret".into())), None);
    }

    #[test]
    fn the_password_that_holds_is_told_from_one_that_held() {
        let text =
            "[site]\nzone = \"UTC\"\ncountry = \"US\"\n[trunks.c]\nhost = \"192.0.2.1\"\ninbound.user = \"they\"\n";
        let configuration: Configuration = toml::from_str(text).unwrap();
        let secrets = BTreeMap::from([
            ("extensions.2000".to_owned(), (SEAL.seal)("2000", "new")),
            ("trunks.c".to_owned(), HiddenText("ours".into())),
            ("trunks.c.inbound".to_owned(), (SEAL.seal)("they", "theirs")),
        ]);
        for (name, password, holds) in [
            ("extensions.2000", "new", true),
            ("extensions.2000", "old", false),
            ("extensions.2001", "new", false),
            ("trunks.c", "ours", true),
            ("trunks.c", "theirs", false),
            ("trunks.c.inbound", "theirs", true),
            ("trunks.c.inbound", "ours", false),
            ("trunks.d.inbound", "theirs", false),
            ("nonsense", "new", false),
        ] {
            assert_eq!(is_password_of(name, password, &configuration, &secrets), holds, "{name} {password}");
        }
    }

    #[test]
    fn the_place_and_the_limits_are_those_of_the_configuration_that_holds() {
        let of = |country: &str, more: &str| {
            let text = format!("[site]\nzone = \"UTC\"\ncountry = \"{country}\"\n{more}");
            lines(&toml::from_str(&text).unwrap(), &BTreeMap::new())
        };
        let trunk = "most_calls = 30\n[trunks.carrier]\nhost = \"192.0.2.1\"\nmost_calls = 4\n";
        let (china, america) = (of("CN", ""), of("US", trunk));
        assert_eq!(
            (china.tones, china.home.map(|home| home.as_str().to_owned())),
            (Plan::China, Some("CN".to_owned()))
        );
        assert_eq!((america.tones, america.most_calls), (Plan::NorthAmerica, Some(30)));
        assert_eq!(america.trunks.values().next().and_then(|trunk| trunk.most_calls), Some(4));
        assert_eq!(china.most_calls, None);
    }

    #[test]
    fn a_busy_port_and_a_foreign_address_are_named() {
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let problem = may_listen(address).unwrap_err().to_string();
        assert!(problem.contains(&format!("UDP port {address} is busy")), "{problem}");
        // RFC 5737 gives this address to nobody.
        let problem = may_listen("192.0.2.1:5060".parse().unwrap()).unwrap_err().to_string();
        assert!(problem.contains("192.0.2.1 is not an address of this machine"), "{problem}");
    }
}
