//! The command line.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Parser, Subcommand, ValueEnum};
use nohold_app::ports::HiddenText;
use nohold_core::configuration::{InvalidNetwork, Network};

/// A call-centre server whose callers need not hold the line: they ask to be called back, and are.
#[derive(Debug, Parser)]
#[command(name = "nohold", version, after_help = HELP)]
pub struct Cli {
    /// What holds for all commands.
    #[command(flatten)]
    pub common: Common,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for all commands.
#[derive(Debug, Default, Args)]
pub struct Common {
    /// The settings: addresses, ports, folders. By default `nohold.toml` in this folder, where there is one.
    #[arg(long, value_name = "FILE", global = true, env = "NOHOLD_CONFIG")]
    pub config: Option<PathBuf>,

    /// The folder in which the server keeps what must survive it [default: nohold-data].
    #[arg(long, value_name = "FOLDER", global = true, env = "NOHOLD_DATA")]
    pub data: Option<PathBuf>,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until it is stopped (Ctrl-C or SIGTERM).
    Serve(Serve),
    /// Play a call centre on this machine: telephones that call, agents who answer, a power cut, a callback.
    Demo(Demo),
    /// Say what is wrong with a configuration, or with this machine and its settings; status 1 if something is.
    Check(Check),
    /// State what should be configured: what the file says is added or changed. Never touches requests, calls or
    /// recordings. Works beside a running server.
    Import(Import),
    /// Write all that is configured, as `import` reads it; passwords stay where they are.
    Export(Export),
    /// Manage who may sign in. Works beside a running server.
    #[command(subcommand)]
    User(UserCommand),
    /// Print all settings of `nohold.toml` with their defaults.
    Settings,
}

const HELP: &str = "\
First steps:
  nohold demo                see it all happen, with telephones that call
  nohold serve --sample      run the shipped call centre on this machine
  nohold serve               run an empty one, and print the link that sets it up
  nohold check FILE          see whether a configuration is sound

The log goes to stderr; the environment variable RUST_LOG says how much of it
(for example RUST_LOG=debug; debug shows telephone numbers).";

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Fill an empty installation with this configuration (TOML, or JSON by its ending `.json`). Where something is
    /// configured already, this changes nothing: use `nohold import`.
    #[arg(long, value_name = "FILE", conflicts_with = "sample")]
    pub scenario: Option<PathBuf>,

    /// Fill an empty installation with the shipped call centre: queue 600, its agents, phones and flows.
    #[arg(long)]
    pub sample: bool,

    /// Where it is reached.
    #[command(flatten)]
    pub net: Net,
}

/// Addresses, ports and folders; each may stand in `nohold.toml` too.
#[derive(Debug, Default, Args)]
pub struct Net {
    /// Where phones and trunks reach us by SIP, over UDP and TCP [default: 127.0.0.1:5060, this machine alone;
    /// 0.0.0.0:5060 is for the network].
    #[arg(long, value_name = "ADDR:PORT", env = "NOHOLD_SIP", value_parser = address)]
    pub sip: Option<SocketAddr>,

    /// Where browsers and programs reach the API [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR:PORT", env = "NOHOLD_HTTP", value_parser = address)]
    pub http: Option<SocketAddr>,

    /// Browsers come by HTTPS, through a proxy that adds it: cookies are sent by HTTPS only.
    #[arg(long, env = "NOHOLD_HTTPS")]
    pub https: bool,

    /// The certificate of the server's own HTTPS, as PEM, with those that lead to its authority. Renewed files are taken over
    /// while the server runs [default: one that the server makes, of which browsers warn].
    #[arg(long, value_name = "FILE", env = "NOHOLD_CERTIFICATE")]
    pub certificate: Option<PathBuf>,

    /// The private key of that certificate, as PEM.
    #[arg(long, value_name = "FILE", env = "NOHOLD_CERTIFICATE_KEY")]
    pub certificate_key: Option<PathBuf>,

    /// A proxy in front of the API, by its address; may be given several times. It alone is believed about who asks and
    /// whether by HTTPS (`X-Forwarded-For`, `X-Forwarded-Proto`). A network may be named as well: then every machine in it is
    /// believed.
    #[arg(long, value_name = "NETWORK", env = "NOHOLD_BEHIND_PROXY", value_delimiter = ',', value_parser = network)]
    pub behind_proxy: Vec<Network>,

    /// The UDP ports for audio. Each leg of a call takes an even one, so the default has room for 5000 legs [default:
    /// 20000-29999].
    #[arg(long, value_name = "LOW-HIGH", env = "NOHOLD_RTP_PORTS", value_parser = ports)]
    pub rtp_ports: Option<RangeInclusive<u16>>,

    /// The UDP port of the audio of all browsers [default: the first odd one that is free among those for audio].
    #[arg(long, value_name = "PORT", env = "NOHOLD_BROWSER_PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub browser_port: Option<u16>,

    /// A call whose page is lost waits so many seconds for it to come back [default: 30].
    #[arg(long, value_name = "SECONDS", env = "NOHOLD_PAGE_WAITS_FOR", value_parser = clap::value_parser!(u32).range(1..=300))]
    pub page_waits_for: Option<u32>,

    /// A TURN server (RFC 8656) for pages that cannot reach us by UDP, such as turn:turn.example:3478?transport=tcp; may be
    /// given several times.
    #[arg(long, value_name = "URL", env = "NOHOLD_TURN", value_delimiter = ',')]
    pub turn: Vec<String>,

    /// The user name for the TURN server.
    #[arg(long, value_name = "NAME", env = "NOHOLD_TURN_USER")]
    pub turn_user: Option<String>,

    /// The password for the TURN server. All agents' pages get it, so it must open nothing else.
    #[arg(long, value_name = "PASSWORD", env = "NOHOLD_TURN_PASSWORD", hide_env_values = true, value_parser = hidden)]
    pub turn_password: Option<HiddenText>,

    /// The address by which the outside reaches us, where it is another than --sip has (behind a NAT).
    #[arg(long, value_name = "IP", env = "NOHOLD_PUBLIC_ADDRESS", value_parser = ip)]
    pub public_address: Option<IpAddr>,

    /// A network that reaches us without that NAT, such as 10.0.0.0/8; may be given several times [default: the private
    /// ones].
    #[arg(long, value_name = "NETWORK", env = "NOHOLD_LOCAL_NETWORKS", value_delimiter = ',', value_parser = network)]
    pub local_network: Vec<Network>,

    /// Show each SIP message, with numbers masked.
    #[arg(long, env = "NOHOLD_SIP_TRACE")]
    pub sip_trace: bool,

    /// Where recordings and messages are kept [default: `recordings` in the data folder].
    #[arg(long, value_name = "FOLDER", env = "NOHOLD_RECORDINGS")]
    pub recordings: Option<PathBuf>,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// End after the story; status 0 only if every step was really seen and heard.
    #[arg(long)]
    pub once: bool,

    /// The language that callers hear.
    #[arg(long, value_enum, default_value = "en")]
    pub language: SpokenLanguage,

    /// Where phones and trunks reach it by SIP [default: 127.0.0.1:5060 where that is free].
    #[arg(long, value_name = "ADDR:PORT", env = "NOHOLD_SIP", value_parser = address)]
    pub sip: Option<SocketAddr>,

    /// Where browsers and programs reach the API [default: 127.0.0.1:8080 where that is free].
    #[arg(long, value_name = "ADDR:PORT", env = "NOHOLD_HTTP", value_parser = address)]
    pub http: Option<SocketAddr>,

    /// The UDP ports for audio [default: 20000-29999].
    #[arg(long, value_name = "LOW-HIGH", env = "NOHOLD_RTP_PORTS", value_parser = ports)]
    pub rtp_ports: Option<RangeInclusive<u16>>,
}

/// Refuses flags that hold for all commands but the demo, which has an installation of its own that it removes.
///
/// # Errors
/// The flag. Variables of the environment are for the others and no matter of the demo.
pub fn refuse_for_demo(matches: &ArgMatches) -> anyhow::Result<()> {
    let all = std::iter::successors(Some(matches), |matches| matches.subcommand().map(|(_, below)| below));
    for matches in all {
        for flag in ["data", "config"] {
            if matches.value_source(flag) == Some(ValueSource::CommandLine) {
                anyhow::bail!(
                    "the demo plays in a folder and with settings of its own, and removes them: leave --{flag} out, or use \
                     `nohold serve --sample` for an installation that stays"
                );
            }
        }
    }
    Ok(())
}

/// A language that callers hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SpokenLanguage {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl SpokenLanguage {
    /// Its code.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            SpokenLanguage::En => "en",
            SpokenLanguage::Zh => "zh",
        }
    }
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration to look at (TOML, or JSON by its ending `.json`). Without one, this machine and the settings are
    /// looked at: data folder, database, ports, addresses, recordings, disk, and what is configured: prompts, trunks.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// The same, as `serve` has it.
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    pub scenario: Option<PathBuf>,

    /// Where the server would be reached.
    #[command(flatten)]
    pub net: Net,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The configuration (TOML, or JSON by its ending `.json`).
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Remove what is configured and not in the file.
    #[arg(long)]
    pub prune: bool,

    /// Only say what would be done; there must be an installation.
    #[arg(long)]
    pub dry_run: bool,

    /// Draw new passwords for the accounts whose passwords are neither in the file nor stored, as after an export from
    /// elsewhere; they are written to `passwords.toml` in the data folder.
    #[arg(long)]
    pub generate_missing: bool,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// Where to write it (JSON). By default to standard output.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Write over a file that is there.
    #[arg(long, requires = "file")]
    pub force: bool,
}

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Who may sign in.
    List,
    /// Add somebody; the password is drawn and shown once.
    Add {
        /// The name to sign in with.
        name: String,
        /// What they may do.
        #[arg(long)]
        role: UserRole,
        /// The agent who they are, where they take calls.
        #[arg(long, value_name = "KEY")]
        agent: Option<String>,
        /// For supervisors: a group that they look after; may be given several times [default: all].
        #[arg(long = "group", value_name = "KEY")]
        groups: Vec<String>,
        /// Read the password from the first line of standard input instead.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give somebody a new password, which is drawn and shown once; all their sign-ins and tokens end.
    Password {
        /// Whom.
        name: String,
        /// Read the password from the first line of standard input instead.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Remove somebody; all their sign-ins and tokens end.
    Remove {
        /// Whom.
        name: String,
    },
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UserRole {
    /// Works on the own groups' entries.
    Agent,
    /// Sees and works on all that supervised groups do.
    Supervisor,
    /// Configures everything.
    Administrator,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an address and a port, as in 127.0.0.1:5060 or 0.0.0.0:5060".into())
}

/// A secret, which `Debug` does not show.
#[expect(clippy::unnecessary_wraps, reason = "the command line wants it so")]
fn hidden(text: &str) -> Result<HiddenText, String> {
    Ok(HiddenText(text.to_owned()))
}

fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "write an address in numbers and no port, as in 203.0.113.7 or 2001:db8::7".into())
}

fn network(text: &str) -> Result<Network, String> {
    text.parse().map_err(|error: InvalidNetwork| error.to_string())
}

/// A range of ports, both ends included.
///
/// # Errors
/// What is wrong with it and what to write instead.
pub fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    const MEND: &str = "write the lowest and the highest port, as in 20000-29999";
    let (low, high) = text.split_once('-').ok_or(MEND)?;
    let (low, high): (u16, u16) = (low.parse().map_err(|_| MEND)?, high.parse().map_err(|_| MEND)?);
    if high < low {
        return Err(format!("the lowest port comes first: write {high}-{low}"));
    }
    if low < 1024 {
        return Err("ports below 1024 belong to the system: begin at 1024 or above".into());
    }
    let ports = low..=high;
    if legs(&ports) < 2 {
        return Err(
            "a call has two legs, and each takes an even port: write a range with two even ports at least".into()
        );
    }
    Ok(ports)
}

/// How many legs have room: each takes an even port.
#[must_use]
pub fn legs(ports: &RangeInclusive<u16>) -> usize {
    even(ports).count()
}

/// The ports that legs take. The odd ones between are left for RTCP (RFC 3550 §11).
pub fn even(ports: &RangeInclusive<u16>) -> impl Iterator<Item = u16> {
    let (low, high) = (*ports.start(), *ports.end());
    (low..=high).filter(|port| port % 2 == 0)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_range_of_ports_is_two_numbers_in_order() {
        assert_eq!(ports("20000-20009"), Ok(20_000..=20_009));
        assert_eq!((legs(&(20_000..=20_009)), legs(&(20_001..=20_004)), legs(&(65_533..=65_535))), (5, 2, 1));
        for bad in [
            "20000",
            "a-b",
            "20000-19999",
            "20000-20000",
            "20000-20001",
            "20001-20003",
            "80-90",
            "20000-70000",
            "-",
            "",
        ] {
            assert!(ports(bad).is_err(), "{bad}");
        }
    }
}
