//! The settings of this server: addresses, ports and folders, from flags, the environment, a file, and defaults.
//!
//! Flags and environment variables are read by the command line ([`crate::cli`]); this module reads the file and says
//! which of them counts. What a call centre is (queues, agents, flows) is not in here: that stands in the database.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use nohold_app::ports::HiddenText;
use nohold_core::configuration::Network;
use nohold_server::configuration::OwnSip;
use nohold_server::{Files, Relay};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use crate::cli::{self, Common, Net};

/// The settings with their defaults, as a file that explains them.
pub const EXPLAINED: &str = include_str!("../nohold.toml");

/// The file that is read where no other is named; it need not be there.
const USUAL_FILE: &str = "nohold.toml";

/// The data folder where none is chosen.
const USUAL_FOLDER: &str = "nohold-data";

/// A call whose page is lost waits so many seconds for it, where nothing else is said.
const PAGE_WAITS_FOR: u32 = 30;

/// All settings, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder for what must survive the server.
    pub data: PathBuf,
    /// It is another than the usual one, so somebody has chosen it.
    pub data_is_chosen: bool,
    /// Where phones and trunks reach us, over UDP and TCP.
    pub sip: SocketAddr,
    /// The address by which the outside reaches us, where it is another.
    pub public_address: Option<IpAddr>,
    /// Networks that reach us without a NAT; none means the private ones.
    pub local_networks: Vec<Network>,
    /// Whether each SIP message is shown.
    pub sip_trace: bool,
    /// UDP ports for audio.
    pub rtp_ports: RangeInclusive<u16>,
    /// The UDP port of the audio of all browsers; none chooses one among `rtp_ports`.
    pub browser_port: Option<u16>,
    /// A call whose page is lost waits so long for it.
    pub page_waits_for: Duration,
    /// TURN servers that pages are told.
    pub relays: Vec<Relay>,
    /// Where browsers and programs reach the API.
    pub http: SocketAddr,
    /// Browsers come by HTTPS.
    pub https: bool,
    /// The certificate of the server's own HTTPS, and its key; without them the server makes one.
    pub certificate: Option<Files>,
    /// Proxies that are believed about who asks.
    pub behind_proxy: Vec<Network>,
    /// So many connections to the API at once.
    pub most_connections: usize,
    /// So many of them from one address.
    pub most_connections_from_one: usize,
    /// Where recordings and messages are kept.
    pub recordings: PathBuf,
}

/// Why there are no settings.
#[derive(Debug, Error)]
pub enum Unusable {
    /// The file cannot be read.
    #[error("cannot read the settings {}: {problem}: see that the file is there, or name another with --config", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        problem: std::io::Error,
    },
    /// A certificate without a key, or a key without a certificate.
    #[error(
        "a certificate and its key belong together: name both, with --certificate and --certificate-key, or neither"
    )]
    HalfACertificate,
    /// What stands in it.
    #[error("the settings {} cannot be used: {problem}\n`nohold settings` prints all there are, with their defaults", path.display())]
    Text {
        /// Which.
        path: PathBuf,
        /// What is wrong, with line and column.
        problem: String,
    },
}

/// The file.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data: Option<PathBuf>,
    sip: Sip,
    rtp: Rtp,
    browser: Browser,
    http: Http,
    recordings: Recordings,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sip {
    #[serde(deserialize_with = "socket_address")]
    listen: Option<SocketAddr>,
    #[serde(deserialize_with = "ip_address")]
    public_address: Option<IpAddr>,
    local_networks: Vec<Network>,
    trace: bool,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rtp {
    #[serde(deserialize_with = "ports")]
    ports: Option<RangeInclusive<u16>>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Browser {
    port: Option<NonZeroU16>,
    #[serde(deserialize_with = "seconds")]
    waits_for: Option<u32>,
    turn: Vec<String>,
    turn_user: Option<String>,
    #[serde(deserialize_with = "hidden_text")]
    turn_password: Option<HiddenText>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Http {
    #[serde(deserialize_with = "socket_address")]
    listen: Option<SocketAddr>,
    https: bool,
    certificate: Option<PathBuf>,
    certificate_key: Option<PathBuf>,
    behind_proxy: Vec<Network>,
    #[serde(deserialize_with = "connections")]
    most_connections: Option<usize>,
    #[serde(deserialize_with = "connections")]
    most_connections_from_one: Option<usize>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Recordings {
    folder: Option<PathBuf>,
}

impl Settings {
    /// The settings of a command that talks to the network.
    ///
    /// # Errors
    /// When the file cannot be used, in words that say what to do.
    pub fn find(common: &Common, net: &Net) -> Result<Self, Unusable> {
        let file = File::find(common.config.as_deref())?;
        let data = data(common, file.data);
        let data_is_chosen = data != Path::new(USUAL_FOLDER);
        let own = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let local = if net.local_network.is_empty() { file.sip.local_networks } else { net.local_network.clone() };
        let proxies = if net.behind_proxy.is_empty() { file.http.behind_proxy } else { net.behind_proxy.clone() };
        let usual = nohold_server::Connections::default();
        let waits_for = net.page_waits_for.or(file.browser.waits_for).unwrap_or(PAGE_WAITS_FOR);
        let waits_for = Duration::from_secs(waits_for.into());
        let recordings = net.recordings.clone().or(file.recordings.folder);
        let certificate = both(
            net.certificate.clone().or(file.http.certificate),
            net.certificate_key.clone().or(file.http.certificate_key),
        )?;
        Ok(Settings {
            sip: net.sip.or(file.sip.listen).unwrap_or_else(|| own(5060)),
            public_address: net.public_address.or(file.sip.public_address),
            local_networks: local,
            sip_trace: net.sip_trace || file.sip.trace,
            rtp_ports: net.rtp_ports.clone().or(file.rtp.ports).unwrap_or(20_000..=29_999),
            browser_port: net.browser_port.or(file.browser.port.map(NonZeroU16::get)),
            page_waits_for: waits_for,
            relays: relays(net, file.browser),
            http: net.http.or(file.http.listen).unwrap_or_else(|| own(8080)),
            https: net.https || file.http.https,
            certificate,
            behind_proxy: proxies,
            most_connections: file.http.most_connections.unwrap_or(usual.most),
            most_connections_from_one: file.http.most_connections_from_one.unwrap_or(usual.most_from_one),
            recordings: recordings.unwrap_or_else(|| data.join("recordings")),
            data_is_chosen,
            data,
        })
    }

    /// What is wrong where SIP and the API should have one port, in words that say what to do.
    #[must_use]
    pub fn port_meant_twice(&self) -> Option<String> {
        // Port 0 means any that is free.
        let (sip, http) = (self.sip, self.http);
        let meet = |one: IpAddr, other: IpAddr| one == other || one.is_unspecified() || other.is_unspecified();
        (sip.port() != 0 && sip.port() == http.port() && meet(sip.ip(), http.ip())).then(|| {
            format!(
                "--sip and --http both mean port {}, and SIP is listened for over TCP as well: give one of them another port",
                sip.port()
            )
        })
    }

    /// The data folder, for a command that needs nothing else.
    ///
    /// # Errors
    /// As [`Settings::find`].
    pub fn data_folder(common: &Common) -> Result<PathBuf, Unusable> {
        Ok(data(common, File::find(common.config.as_deref())?.data))
    }

    /// Where this server takes SIP.
    #[must_use]
    pub const fn own_sip(&self) -> OwnSip {
        OwnSip { at: self.sip, public: self.public_address }
    }
}

/// A certificate with its key; one of them alone is of no use.
fn both(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<Files>, Unusable> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(Files { certificate, key })),
        (Some(_), None) | (None, Some(_)) => Err(Unusable::HalfACertificate),
    }
}

/// The TURN servers that pages are told: those of the flags, or those of the file.
fn relays(net: &Net, file: Browser) -> Vec<Relay> {
    let urls = if net.turn.is_empty() { file.turn } else { net.turn.clone() };
    if urls.is_empty() {
        return Vec::new();
    }
    let user = net.turn_user.clone().or(file.turn_user);
    let password = net.turn_password.clone().or(file.turn_password);
    vec![Relay { urls, user, password }]
}

fn data(common: &Common, file: Option<PathBuf>) -> PathBuf {
    common.data.clone().or(file).unwrap_or_else(|| PathBuf::from(USUAL_FOLDER))
}

impl File {
    fn find(named: Option<&Path>) -> Result<Self, Unusable> {
        let path = named.unwrap_or(Path::new(USUAL_FILE));
        match fs::read_to_string(path) {
            Ok(text) => File::parse(&text).map_err(|problem| Unusable::Text { path: path.to_owned(), problem }),
            Err(problem) if named.is_none() && problem.kind() == ErrorKind::NotFound => Ok(File::default()),
            Err(problem) => Err(Unusable::File { path: path.to_owned(), problem }),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        crate::document::toml_of(text)
    }
}

/// A text that stands for something else; what else stands here is told with what is expected.
fn parsed<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D, mend: &'static str) -> Result<Option<T>, D::Error> {
    struct Text(&'static str);
    impl Visitor<'_> for Text {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }
    let text = deserializer.deserialize_str(Text(mend))?;
    text.parse().map(Some).map_err(|_| serde::de::Error::custom(format!("write {}", mend.trim_end_matches(','))))
}

fn socket_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    parsed(deserializer, "an address and a port in quotes, such as \"127.0.0.1:5060\",")
}

fn ip_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    parsed(deserializer, "an address in quotes, such as \"192.0.2.1\",")
}

fn connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let count = usize::deserialize(deserializer)?;
    if !(10..=100_000).contains(&count) {
        return Err(serde::de::Error::custom(format!("{count} is out of range: set it to 10 to 100000")));
    }
    Ok(Some(count))
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let seconds = u32::deserialize(deserializer)?;
    if !(1..=300).contains(&seconds) {
        return Err(serde::de::Error::custom(format!("{seconds} is out of range: set it to 1 to 300")));
    }
    Ok(Some(seconds))
}

fn hidden_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HiddenText>, D::Error> {
    String::deserialize(deserializer).map(|text| Some(HiddenText(text)))
}

fn ports<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RangeInclusive<u16>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    cli::ports(&text).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str, net: &Net) -> Settings {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("nohold.toml");
        fs::write(&config, text).unwrap();
        Settings::find(&Common { config: Some(config), data: None }, net).unwrap()
    }

    #[test]
    fn the_explained_file_holds_the_defaults() {
        assert_eq!(settings(EXPLAINED, &Net::default()), settings("", &Net::default()));
    }

    #[test]
    fn a_flag_counts_more_than_the_file_and_the_file_more_than_the_default() {
        let text = "data = \"/srv/nohold\"\n[sip]\nlisten = \"0.0.0.0:5070\"\n[http]\nlisten = \"0.0.0.0:80\"\n";
        let net = Net { http: Some("127.0.0.1:9000".parse().unwrap()), ..Net::default() };
        let found = settings(text, &net);
        assert_eq!(found.sip, "0.0.0.0:5070".parse().unwrap());
        assert_eq!(found.http, "127.0.0.1:9000".parse().unwrap());
        assert_eq!(found.recordings, Path::new("/srv/nohold/recordings"));
        assert_eq!(found.rtp_ports, 20_000..=29_999);
    }

    #[test]
    fn an_unknown_setting_is_refused_with_its_place_and_the_one_that_was_meant() {
        let problem = File::parse("[sip]\nlisten = \"127.0.0.1:5060\"\ntrase = true\n").unwrap_err();
        assert!(problem.contains("line 3"), "{problem}");
        assert!(problem.contains("did you mean `trace`?"), "{problem}");
    }

    #[test]
    fn wrong_settings_are_told_in_plain_words_with_their_field() {
        for (text, wanted) in [
            (
                "[sip]\nlisten = 5060\n",
                "sip.listen: a number without quotes stands here, and an address and a port in quotes",
            ),
            (
                "[sip]\nlisten = \"5060\"\n",
                "sip.listen: write an address and a port in quotes, such as \"127.0.0.1:5060\"",
            ),
            ("[sip]\nlisten = true\n", "sip.listen: `true` or `false` stands here"),
            (
                "[sip]\npublic_address = \"nowhere\"\n",
                "sip.public_address: write an address in quotes, such as \"192.0.2.1\"",
            ),
            ("[sip]\npublic_address = 7\n", "sip.public_address: a number without quotes stands here"),
            (
                "[sip]\nlocal_networks = \"10.0.0.0/8\"\n",
                "sip.local_networks: a text stands here, and a list in brackets is expected",
            ),
            ("[sip]\nlocal_networks = [\"10.0.0.1/8\"]\n", "did you mean `10.0.0.0/8`?"),
            ("[sip]\ntrace = \"yes\"\n", "sip.trace: a text stands here, and `true` or `false` is expected"),
            (
                "[rtp]\nports = 20000\n",
                "rtp.ports: a number without quotes stands here, and a text in quotes is expected",
            ),
            (
                "[http]\nhttps = 1\n",
                "http.https: a number without quotes stands here, and `true` or `false` is expected",
            ),
            ("[http]\nmost_connections = 3\n", "http.most_connections: 3 is out of range: set it to 10 to 100000"),
            (
                "[http]\nmost_connections = \"many\"\n",
                "http.most_connections: a text stands here, and a whole number from 0 on is expected",
            ),
            ("data = 7\n", "data: a number without quotes stands here, and a path in quotes is expected"),
            ("sip = 5060\n", "sip: a number without quotes stands here, and a table of fields is expected"),
        ] {
            let problem = File::parse(text).unwrap_err();
            assert!(problem.contains(wanted) && problem.contains("at line"), "{text}{problem}");
        }
    }

    #[test]
    fn ports_the_wrong_way_round_are_named_as_that() {
        let problem = File::parse("[rtp]\nports = \"30000-20000\"\n").unwrap_err();
        assert!(problem.contains("20000-30000"), "{problem}");
    }

    #[test]
    fn a_turn_server_is_one_with_its_name_and_password_which_is_not_shown() {
        let text = "[browser]\nport = 3479\nwaits_for = 7\nturn = [\"turn:192.0.2.1\"]\nturn_user = \"pages\"\n";
        let net = Net { turn_password: Some(HiddenText("s3cret".into())), ..Net::default() };
        let found = settings(text, &net);
        assert_eq!((found.browser_port, found.page_waits_for), (Some(3_479), Duration::from_secs(7)));
        let relay = Relay {
            urls: vec!["turn:192.0.2.1".into()],
            user: Some("pages".into()),
            password: Some(HiddenText("s3cret".into())),
        };
        assert!(!format!("{relay:?}").contains("s3cret"));
        assert_eq!(found.relays, [relay]);
        assert_eq!(settings("[browser]\nturn_user = \"pages\"\n", &Net::default()).relays, []);
        let problem = File::parse("[browser]\nwaits_for = 0\n").unwrap_err();
        assert!(problem.contains("browser.waits_for: 0 is out of range: set it to 1 to 300"), "{problem}");
    }

    #[test]
    fn a_certificate_has_a_key() {
        let text = "[http]\ncertificate = \"/etc/calls.pem\"\n";
        let key = Net { certificate_key: Some("/etc/calls.key".into()), ..Net::default() };
        let files = Files { certificate: "/etc/calls.pem".into(), key: "/etc/calls.key".into() };
        assert_eq!(settings(text, &key).certificate, Some(files));
        assert!(both(Some("/etc/calls.pem".into()), None).unwrap_err().to_string().contains("--certificate-key"));
    }
}
