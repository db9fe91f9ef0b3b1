//! The command line.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use nohold_core::configuration::{InvalidNetwork, Network};

/// A call-centre server whose callers need not hold the line: they ask to be called back, and are.
#[derive(Debug, Parser)]
#[command(name = "nohold", version, after_help = HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until it is stopped (Ctrl-C or SIGTERM).
    Serve(Serve),
    /// Say what is wrong with a configuration, and how to mend it; status 1 if something is.
    Check(Check),
}

const HELP: &str = "\
First steps:
  nohold check --scenario scenario/support.toml    see that a configuration is sound
  nohold serve --scenario scenario/support.toml    run it on this machine

The log goes to stderr; the environment variable RUST_LOG says how much of it
(for example RUST_LOG=debug; debug shows telephone numbers).";

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration: queues, agents, phones, trunks (TOML, or JSON by its ending `.json`).
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,

    /// The folder in which the server keeps what must survive it; made when it is not there. One server at a time.
    #[arg(long, value_name = "FOLDER", default_value = "nohold-data")]
    pub data: PathBuf,

    /// Where phones and trunks reach us by SIP, over UDP and TCP. The default is for this machine alone;
    /// 0.0.0.0:5060 is for the network.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:5060")]
    pub sip: SocketAddr,

    /// The UDP ports for audio, one for each leg of a call.
    #[arg(long, value_name = "LOW-HIGH", default_value = "20000-29999", value_parser = ports)]
    pub rtp_ports: RangeInclusive<u16>,

    /// The address by which the outside reaches us, where it is another than --sip has (behind a NAT).
    #[arg(long, value_name = "IP")]
    pub public_address: Option<IpAddr>,

    /// A network that reaches us without that NAT, such as 10.0.0.0/8; may be given several times. By default the
    /// private ones.
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    pub local_network: Vec<Network>,

    /// Show each SIP message, with numbers masked.
    #[arg(long)]
    pub sip_trace: bool,

    /// Where recordings and messages are kept. By default `recordings` in the data folder.
    #[arg(long, value_name = "FOLDER")]
    pub recordings: Option<PathBuf>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration to look at (TOML, or JSON by its ending `.json`).
    #[arg(long, value_name = "FILE")]
    pub scenario: PathBuf,
}

fn network(text: &str) -> Result<Network, String> {
    text.parse().map_err(|error: InvalidNetwork| error.to_string())
}

/// A range of ports, both ends included.
fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    const MEND: &str = "write the lowest and the highest port, as in 20000-29999";
    let (low, high) = text.split_once('-').ok_or(MEND)?;
    let (low, high): (u16, u16) = (low.parse().map_err(|_| MEND)?, high.parse().map_err(|_| MEND)?);
    if low < 1024 {
        return Err("ports below 1024 belong to the system: begin at 1024 or above".into());
    }
    if high.checked_sub(low).is_none_or(|width| width < 1) {
        return Err("a call needs two ports at least: let the second number be larger than the first".into());
    }
    Ok(low..=high)
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
        for bad in ["20000", "a-b", "20000-19999", "20000-20000", "80-90", "20000-70000", "-", ""] {
            assert!(ports(bad).is_err(), "{bad}");
        }
    }
}
