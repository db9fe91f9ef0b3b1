//! Looks at this machine with a server's eyes: can it have its ports, will others find it, is there room.

use std::fmt;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;

use crate::data::DataFolder;
use crate::settings::Settings;
use crate::telephony::may_listen;

/// With less than this free, a busy day's messages and the database have no room.
const LITTLE_ROOM: u64 = 1024 * 1024 * 1024;
/// How many of the audio ports are tried.
const PORTS_TRIED: u16 = 64;

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it stands.
    pub verdict: Verdict,
    /// What was looked at.
    pub what: &'static str,
    /// What was seen, and what to do about it.
    pub seen: String,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, but perhaps not as it was meant.
    Doubtful,
    /// The server cannot start, or will not work.
    Bad,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Good => "ok",
            Verdict::Doubtful => "warning",
            Verdict::Bad => "error",
        };
        write!(f, "{verdict:8} {}: {}", self.what, self.seen)
    }
}

impl Finding {
    fn good(what: &'static str, seen: impl Into<String>) -> Self {
        Finding { verdict: Verdict::Good, what, seen: seen.into() }
    }

    fn doubtful(what: &'static str, seen: impl Into<String>) -> Self {
        Finding { verdict: Verdict::Doubtful, what, seen: seen.into() }
    }

    fn bad(what: &'static str, seen: impl Into<String>) -> Self {
        Finding { verdict: Verdict::Bad, what, seen: seen.into() }
    }
}

/// All that can be seen without a server. One that runs here has its ports and its folder: then only the rest is looked at.
pub fn look(settings: &Settings) -> Vec<Finding> {
    let folder = DataFolder::open(&settings.data);
    let running = matches!(folder, Err(crate::data::Unusable::InUse(_)));
    let mut findings = vec![match &folder {
        Ok(_) => Finding::good("data folder", settings.data.display().to_string()),
        Err(_) if running => {
            Finding::good("data folder", format!("{}: a server runs here and has its ports", settings.data.display()))
        }
        Err(problem) => Finding::bad("data folder", problem.to_string()),
    }];
    if !running {
        findings.push(sip_port(settings.sip));
        findings.push(http_port(settings.http));
        findings.push(audio_ports(settings));
    }
    findings.push(address(settings));
    findings.extend(room(&settings.data));
    findings
}

fn sip_port(address: SocketAddr) -> Finding {
    match may_listen(address) {
        Ok(()) => Finding::good("SIP", format!("UDP and TCP {address} can be had")),
        Err(problem) => Finding::bad("SIP", problem.to_string()),
    }
}

fn http_port(address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::good("HTTP", format!("TCP {address} can be had")),
        Err(problem) => Finding::bad(
            "HTTP",
            format!(
                "cannot listen at {address}: {problem}: stop the program that has it, or choose another with --http"
            ),
        ),
    }
}

fn audio_ports(settings: &Settings) -> Finding {
    let ports = settings.rtp_ports.clone();
    let (low, high) = (*ports.start(), *ports.end());
    let taken: Vec<u16> = ports
        .step_by(usize::from(((high - low) / PORTS_TRIED).max(1)))
        .filter(|port| UdpSocket::bind((settings.sip.ip(), *port)).is_err())
        .collect();
    let many = u32::from(high - low) + 1;
    match taken.first() {
        None => Finding::good("audio ports", format!("UDP {low}-{high}: room for {many} legs")),
        Some(port) => Finding::doubtful(
            "audio ports",
            format!(
                "some of UDP {low}-{high} are in use, such as {port}: the server passes them over; choose others with --rtp-ports"
            ),
        ),
    }
}

/// Whether others can answer to the address that we tell them.
fn address(settings: &Settings) -> Finding {
    const WHAT: &str = "address";
    let listen = settings.sip.ip();
    match settings.public_address {
        _ if listen.is_loopback() => {
            Finding::good(WHAT, "phones and trunks on this machine only; --sip 0.0.0.0:5060 is for the network")
        }
        Some(public) if is_private(public) => Finding::doubtful(
            WHAT,
            format!(
                "{public} is called public, and it is not: the internet has no way to it; leave it out inside one network"
            ),
        ),
        Some(public) => {
            Finding::good(WHAT, format!("others are told {public}; that address must lead to this machine"))
        }
        None if is_private(outward(listen)) => Finding::doubtful(
            WHAT,
            format!(
                "others are told {}, which the internet has no way to: for a carrier outside give the address of your router with --public-address",
                outward(listen)
            ),
        ),
        None => Finding::good(WHAT, format!("others are told {}", outward(listen))),
    }
}

/// The address that this machine sends from, where it listens at all of them.
fn outward(listen: IpAddr) -> IpAddr {
    if !listen.is_unspecified() {
        return listen;
    }
    // Nothing is sent: connecting a datagram socket only asks the system for the way. RFC 5737 gives the address to nobody.
    let asked = UdpSocket::bind((listen, 0)).and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    asked.map_or(listen, |address| address.ip())
}

/// RFC 1918, RFC 6598, RFC 3927 and their like in IPv6 (RFC 4193, RFC 4291).
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_loopback() || address.is_link_local() || shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

fn room(data: &Path) -> Option<Finding> {
    let there = data.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let known = rustix::fs::statvfs(there).ok()?;
    let free = known.f_bavail.saturating_mul(known.f_frsize);
    let megabytes = free / 1024 / 1024;
    Some(if free == 0 {
        Finding::bad("disk", format!("{} is full: nothing can be kept; make room", there.display()))
    } else if free < LITTLE_ROOM {
        Finding::doubtful("disk", format!("{megabytes} MB free: make room before calls are recorded"))
    } else {
        Finding::good("disk", format!("{megabytes} MB free"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> (tempfile::TempDir, Settings) {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            data: folder.path().join("data"),
            sip: "127.0.0.1:0".parse().unwrap(),
            public_address: None,
            local_networks: Vec::new(),
            sip_trace: false,
            rtp_ports: 42_000..=42_010,
            http: "127.0.0.1:0".parse().unwrap(),
            https: false,
            behind_proxy: Vec::new(),
            most_connections: 3_000,
            most_connections_from_one: 300,
            recordings: folder.path().join("recordings"),
        };
        (folder, settings)
    }

    fn verdict(findings: &[Finding], what: &str) -> Option<Verdict> {
        findings.iter().find(|finding| finding.what == what).map(|finding| finding.verdict)
    }

    #[test]
    fn a_busy_port_is_bad_and_the_mend_is_told() {
        let (_folder, mut settings) = settings();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        settings.http = taken.local_addr().unwrap();
        let findings = look(&settings);
        assert_eq!(verdict(&findings, "HTTP"), Some(Verdict::Bad), "{findings:?}");
        assert_eq!(verdict(&findings, "SIP"), Some(Verdict::Good), "{findings:?}");
        assert!(findings.iter().any(|finding| finding.seen.contains("--http")));
    }

    #[test]
    fn a_server_that_runs_here_has_its_ports_and_that_is_no_fault() {
        let (_folder, settings) = settings();
        let _running = DataFolder::open(&settings.data).unwrap();
        let findings = look(&settings);
        assert_eq!(verdict(&findings, "SIP"), None);
        assert!(findings.iter().all(|finding| finding.verdict != Verdict::Bad), "{findings:?}");
    }

    #[test]
    fn an_address_that_the_internet_cannot_reach_is_doubtful() {
        let (_folder, mut settings) = settings();
        settings.sip = "10.1.2.3:5060".parse().unwrap();
        assert_eq!(address(&settings).verdict, Verdict::Doubtful);
        settings.public_address = Some("192.168.0.1".parse().unwrap());
        assert_eq!(address(&settings).verdict, Verdict::Doubtful);
        settings.public_address = Some("203.0.113.7".parse().unwrap());
        assert_eq!(address(&settings).verdict, Verdict::Good);
    }
}
