//! How the commands of this program reach a server that runs from the same data folder.
//!
//! A server writes down where its API is, and a token that it has drawn for this run. Whoever may read the data folder may
//! do everything with the installation anyway, so the file lets them do it through the server, which has the database.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nohold_client::Client;
use serde::{Deserialize, Serialize};

use crate::data::write_private;

/// The file in the data folder.
const FILE: &str = "control.json";

/// The file, while the server runs; it is removed when this is dropped.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Written {
    http: SocketAddr,
    token: String,
}

impl Control {
    /// Writes the file.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn write(data: &Path, http: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let path = data.join(FILE);
        let text = serde_json::to_string(&Written { http: reachable(http), token: token.to_owned() })?;
        write_private(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Control { path })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // One that stays behind names a token that no server knows any more.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what a server has left that could not do it itself.
pub fn forget(data: &Path) {
    let _ = fs::remove_file(data.join(FILE));
}

/// The running server of this data folder.
///
/// # Errors
/// When the file is not there, or is not as a server writes it.
pub fn running(data: &Path) -> anyhow::Result<Client> {
    let path = data.join(FILE);
    let text = fs::read_to_string(&path).with_context(|| {
        format!(
            "a server runs from {}, and does not say where ({} is missing): is it still starting?",
            data.display(),
            FILE
        )
    })?;
    let written: Written = serde_json::from_str(&text).with_context(|| {
        format!("{} is not as a server writes it: stop the server and start it again", path.display())
    })?;
    Ok(Client::new(written.http).with_token(&written.token))
}

/// The address by which this machine reaches a server that listens there.
#[must_use]
pub fn reachable(listens: SocketAddr) -> SocketAddr {
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listens.port())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_file_is_for_its_owner_alone_and_goes_with_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let control = Control::write(folder.path(), "0.0.0.0:8080".parse().unwrap(), "nh_secret").unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(running(folder.path()).unwrap().server(), "127.0.0.1:8080".parse().unwrap());
        drop(control);
        let problem = format!("{:#}", running(folder.path()).err().unwrap());
        assert!(problem.contains("control.json is missing"), "{problem}");
    }
}
