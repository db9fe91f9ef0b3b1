//! Where the peers are, and ports for them.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

const SETUP: &str = "run `cargo xtask setup`";

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or_else(|| here.to_owned(), Path::to_path_buf)
}

/// A program on the path.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.with_context(|| format!("there is no `{name}`; {SETUP}"))
}

/// The script that starts the Asterisk of the tests.
pub(crate) fn asterisk_run() -> Result<PathBuf> {
    let home = root().join("target/peers/asterisk");
    let script = home.join("bin/asterisk-run");
    if !home.join(".complete").is_file() || !script.is_file() {
        bail!("there is no Asterisk in target/peers; {SETUP}");
    }
    Ok(script)
}

/// An even port of 127.0.0.1 that is free now for UDP and TCP, and is given out once in this process: baresip takes the
/// odd one after it for TLS. It lies below those that
/// the system hands out by itself, so that no socket of others comes between.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<SocketAddr> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    for _ in 0..500 {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 30_200 + chance() % 1_250 * 2));
        let is_free = UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok();
        if is_free && GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(address.port()) {
            return Ok(address);
        }
    }
    bail!("no port is free for UDP and TCP at once")
}

/// The lowest of `count` ports in a row, an even one, all free now for UDP. They lie below those that the system hands
/// out by itself, so that sockets of others do not come between.
///
/// # Errors
/// When no such row is free.
pub fn free_ports(count: u16) -> Result<u16> {
    for _ in 0..500 {
        let low = 10_000 + (chance() % 10_000) * 2;
        let all: Result<Vec<UdpSocket>, _> =
            (low..low + count).map(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port))).collect();
        if all.is_ok() {
            return Ok(low);
        }
    }
    bail!("no {count} ports in a row are free")
}

/// A number that differs from call to call and from process to process.
fn chance() -> u16 {
    let [high, low, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    u16::from_be_bytes([high, low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_ports_are_free_and_even() {
        let low = free_ports(100).unwrap();
        assert!(low.is_multiple_of(2) && UdpSocket::bind((Ipv4Addr::LOCALHOST, low + 99)).is_ok());
    }

    #[test]
    fn a_program_that_is_missing_is_named_with_the_way_to_get_it() {
        let problem = program("no-such-program").unwrap_err().to_string();
        assert!(problem.contains("no-such-program") && problem.contains("cargo xtask setup"), "{problem}");
    }
}
