//! Looks at this machine with a server's eyes: can it have its ports, will others find it, is there room.

mod browsers;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::time::{Duration, SystemTime};

use nohold_server::{About, Tls};
use nohold_store::sqlite::Examined;

use crate::data::{DataFolder, Unusable};
use crate::settings::Settings;
use crate::telephony::may_listen;
use crate::{cli, proxies};

/// With less than this free, a busy day's messages and the database have no room.
const LITTLE_ROOM: u64 = 1024 * 1024 * 1024;
/// Looking through a database takes no longer.
const LONGEST_LOOK: Duration = Duration::from_secs(30);
/// How many of the audio ports are tried.
const PORTS_TRIED: usize = 64;

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
    pub fn good(what: &'static str, seen: impl Into<String>) -> Self {
        Finding { verdict: Verdict::Good, what, seen: seen.into() }
    }

    pub fn doubtful(what: &'static str, seen: impl Into<String>) -> Self {
        Finding { verdict: Verdict::Doubtful, what, seen: seen.into() }
    }

    pub fn bad(what: &'static str, seen: impl Into<String>) -> Self {
        Finding { verdict: Verdict::Bad, what, seen: seen.into() }
    }
}

/// All that can be seen without a server. One that runs here has its ports and its folder: then only the rest is looked at.
pub fn look(settings: &Settings) -> Vec<Finding> {
    let folder = DataFolder::open_existing(&settings.data);
    let running = matches!(folder, Err(Unusable::InUse(_)));
    let mut findings = vec![data_folder(settings, &folder)];
    let shared = settings.port_meant_twice();
    findings.extend(shared.as_ref().map(|problem| Finding::bad("ports", problem.clone())));
    if !running {
        findings.push(sip_port(settings.sip));
        // What is wrong with a port that both should have was told.
        findings.extend(shared.is_none().then(|| http_port(settings.http)));
        findings.extend(audio_ports(settings));
        findings.extend(browsers::port(settings));
    }
    findings.extend(
        proxies::doubts(&settings.behind_proxy).into_iter().map(|problem| Finding::doubtful("proxies", problem)),
    );
    findings.push(certificate(settings));
    findings.push(address(settings));
    findings.push(recordings(&settings.recordings));
    let own_disk = !settings.recordings.starts_with(&settings.data);
    findings.extend(room("disk", &settings.data));
    findings.extend(own_disk.then(|| room("disk of recordings", &settings.recordings)).flatten());
    findings
}

fn data_folder(settings: &Settings, folder: &Result<DataFolder, Unusable>) -> Finding {
    const WHAT: &str = "data folder";
    let path = settings.data.display();
    match folder {
        Ok(_) => Finding::good(WHAT, path.to_string()),
        Err(Unusable::InUse(_)) => Finding::good(WHAT, format!("{path}: a server runs here and has its ports")),
        Err(Unusable::Nowhere(_)) if !settings.data_is_chosen => match may_write(&settings.data) {
            Ok(()) => Finding::good(WHAT, format!("{path}: there is no installation yet; `nohold serve` makes one")),
            Err(problem) => Finding::bad(
                WHAT,
                format!("`nohold serve` could not make {path}: {problem}: choose another with --data"),
            ),
        },
        Err(problem) => Finding::bad(WHAT, problem.to_string()),
    }
}

/// What was seen of the database.
#[derive(Debug)]
pub struct Database {
    /// For people.
    pub finding: Finding,
    /// What is configured can be read from it without bringing it to another version.
    pub is_current: bool,
}

/// What the database says, which stays as it is.
pub async fn database(settings: &Settings, running: bool) -> Option<Database> {
    const WHAT: &str = "database";
    if !nohold_store::sqlite::is_there(&settings.data) {
        return None;
    }
    let of = |finding| Some(Database { finding, is_current: false });
    let in_use = if running { ", in use by a server" } else { "" };
    let Ok(examined) = tokio::time::timeout(LONGEST_LOOK, nohold_store::sqlite::examine(&settings.data)).await else {
        let seconds = LONGEST_LOOK.as_secs();
        return of(Finding::doubtful(
            WHAT,
            format!("it is so large that looking for damage takes longer than {seconds} s"),
        ));
    };
    match examined {
        Err(problem) => of(Finding::bad(WHAT, problem.to_string())),
        Ok(Examined { faults, .. }) if !faults.is_empty() => {
            of(Finding::bad(WHAT, format!("damaged: {}: put a backup in its place", faults.join("; "))))
        }
        Ok(Examined { version: 0, .. }) => of(Finding::doubtful(
            WHAT,
            "it is empty: the next start makes a new installation of it; where there should be one, put a backup in its place",
        )),
        Ok(Examined { version, known, .. }) if version < known => of(Finding::good(
            WHAT,
            format!(
                "sound, of version {version}{in_use}; the next start brings it to {known}, after a backup beside it"
            ),
        )),
        Ok(Examined { version, .. }) => Some(Database {
            finding: Finding::good(WHAT, format!("sound, of version {version}{in_use}")),
            is_current: true,
        }),
    }
}

/// Whether recordings can be written there.
fn recordings(folder: &Path) -> Finding {
    match may_write(folder) {
        Ok(()) => Finding::good("recordings", format!("{} can be written", folder.display())),
        Err(problem) => Finding::bad(
            "recordings",
            format!(
                "{} cannot be written: {problem}: make it writable, or choose another with --recordings",
                folder.display()
            ),
        ),
    }
}

/// Whether this user may write in the folder, or make it; nothing is left behind.
///
/// # Errors
/// What keeps the user from it.
pub fn may_write(folder: &Path) -> std::io::Result<()> {
    let there = nearest(folder);
    if !there.is_dir() {
        return Err(std::io::Error::other(format!("{} is no folder", there.display())));
    }
    // Rights alone do not tell: the disk may be mounted for reading, or the user may be root. A nameless file leaves
    // nothing behind.
    let made = rustix::fs::open(
        there,
        rustix::fs::OFlags::TMPFILE | rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::from_raw_mode(0o600),
    );
    match made {
        Ok(_) => Ok(()),
        // Not every file system has them.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR) => {
            let tried = there.join(format!(".nohold-check-{}", std::process::id()));
            std::fs::create_dir(&tried)?;
            std::fs::remove_dir(&tried)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// The folder, or the nearest one above it that is there.
fn nearest(folder: &Path) -> &Path {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    if there.as_os_str().is_empty() { Path::new(".") } else { there }
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

/// Whether browsers are answered by HTTPS, and with what.
fn certificate(settings: &Settings) -> Finding {
    const WHAT: &str = "certificate";
    let Some(files) = &settings.certificate else {
        return if settings.http.ip().is_loopback() || !settings.behind_proxy.is_empty() {
            Finding::good(WHAT, "the server makes one itself for HTTPS")
        } else {
            Finding::doubtful(
                WHAT,
                "the server makes one itself, and browsers warn of it once: compare the fingerprint that it shows at its start, or \
                 name one of your own with --certificate and --certificate-key",
            )
        };
    };
    let now = SystemTime::now();
    match Tls::own(files.clone()).map(|tls| tls.about(now)) {
        Ok(About { problem: Some(problem), .. }) => {
            Finding::doubtful(WHAT, format!("{}: {problem}", files.certificate.display()))
        }
        Ok(About { names, .. }) => {
            Finding::good(WHAT, format!("{} is for {}", files.certificate.display(), names.join(", ")))
        }
        Err(problem) => Finding::bad(WHAT, problem.to_string()),
    }
}

/// What is seen of the audio ports; nothing where the address itself cannot be had, which is told of the port for SIP.
fn audio_ports(settings: &Settings) -> Option<Finding> {
    const WHAT: &str = "audio ports";
    let (ports, ip) = (&settings.rtp_ports, settings.sip.ip());
    if cli::even(ports).any(|port| port == settings.sip.port()) {
        let port = settings.sip.port();
        return Some(Finding::doubtful(
            WHAT,
            format!("port {port} of --sip is one of them: choose others with --rtp-ports, or another with --sip"),
        ));
    }
    UdpSocket::bind((ip, 0)).ok()?;
    let (low, high, legs) = (*ports.start(), *ports.end(), cli::legs(ports));
    let busy =
        |port: &u16| UdpSocket::bind((ip, *port)).is_err_and(|problem| problem.kind() == std::io::ErrorKind::AddrInUse);
    let taken = cli::even(ports).step_by((legs / PORTS_TRIED).max(1)).find(busy);
    Some(match taken {
        None => Finding::good(WHAT, format!("UDP {low}-{high}: room for {legs} legs")),
        Some(port) => Finding::doubtful(
            WHAT,
            format!(
                "some of UDP {low}-{high} are in use, such as {port}: the server passes them over; choose others with --rtp-ports"
            ),
        ),
    })
}

/// Whether others can answer to the address that we tell them.
fn address(settings: &Settings) -> Finding {
    const WHAT: &str = "address";
    let listen = settings.sip.ip();
    match settings.public_address {
        Some(public) if listen.is_loopback() => Finding::doubtful(
            WHAT,
            format!(
                "others are told {public}, and nobody outside reaches {listen}: leave --public-address out on this machine only; \
                 --sip 0.0.0.0:5060 is for the network"
            ),
        ),
        None if listen.is_loopback() => {
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

/// The names and addresses by which browsers may reach this machine, for a certificate.
pub fn names(settings: &Settings) -> Vec<String> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut names = vec![host.trim().to_owned(), "localhost".to_owned()];
    let addresses = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
        settings.http.ip(),
        outward(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
    ];
    for address in addresses.into_iter().chain(settings.public_address).filter(|address| !address.is_unspecified()) {
        let name = address.to_canonical().to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
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

fn room(what: &'static str, data: &Path) -> Option<Finding> {
    let there = nearest(data);
    let known = rustix::fs::statvfs(there).ok()?;
    if known.f_blocks == 0 {
        // It is no disk, and what is wrong with that was told.
        return None;
    }
    let free = known.f_bavail.saturating_mul(known.f_frsize);
    let megabytes = free / 1024 / 1024;
    Some(if free == 0 {
        Finding::bad(what, format!("{} is full: nothing can be kept; make room", there.display()))
    } else if free < LITTLE_ROOM {
        Finding::doubtful(what, format!("{megabytes} MB free: make room before calls are recorded"))
    } else {
        Finding::good(what, format!("{megabytes} MB free"))
    })
}

#[cfg(test)]
mod tests;
