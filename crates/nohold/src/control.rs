//! How the commands of this program reach a server that runs from the same data folder.
//!
//! A server writes down where its API is, and a token that it has drawn for this run. Whoever may read the data folder may
//! do everything with the installation anyway, so the file lets them do it through the server, which has the database.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use nohold_client::Client;
use serde::{Deserialize, Serialize};

use crate::data::write_private;

/// The file in the data folder.
const FILE: &str = "control.json";

/// How often it is tried again where the file cannot be written.
const TRY_EVERY: Duration = Duration::from_secs(3);

/// The file, while the server runs; it is removed when this is dropped.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    text: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    http: SocketAddr,
    token: String,
}

impl Control {
    /// What is to be written.
    ///
    /// # Errors
    /// Never, unless the address has no text.
    pub fn new(data: &Path, http: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let text = serde_json::to_string(&Written { http: reachable(http), token: token.to_owned() })?;
        Ok(Control { path: data.join(FILE), text })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn write(&self) -> anyhow::Result<()> {
        write_private(&self.path, &self.text).with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Writes the file where that is possible; whether it was. Calls come first: a full disk keeps no server from starting.
    pub fn is_written(&self) -> bool {
        let written = self.write();
        if let Err(problem) = &written {
            tracing::warn!(
                problem = format!("{problem:#}"),
                "the commands of nohold cannot reach this server, which runs all the same: make room on the disk, or see \
                 that the data folder can be written; it is tried again"
            );
        }
        written.is_ok()
    }

    /// Tries it again until it is written.
    pub async fn write_later(&self) {
        while self.write().is_err() {
            tokio::time::sleep(TRY_EVERY).await;
        }
        tracing::info!("the commands of nohold reach this server now");
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
            "a server runs from {}, and does not say where ({} is missing): either it is still starting, then try again, or \
             it could not write that file, as its log says: make room on the disk, and it will",
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
        let control = Control::new(folder.path(), "0.0.0.0:8080".parse().unwrap(), "nh_secret").unwrap();
        control.write().unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(running(folder.path()).unwrap().server(), "127.0.0.1:8080".parse().unwrap());
        drop(control);
        let problem = format!("{:#}", running(folder.path()).err().unwrap());
        assert!(problem.contains("control.json is missing"), "{problem}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_cannot_be_written_is_tried_again_until_it_can() {
        let folder = tempfile::tempdir().unwrap();
        // A folder stands where the file is first written to.
        let in_the_way = folder.path().join("control.new");
        fs::create_dir(&in_the_way).unwrap();
        let control = Control::new(folder.path(), "127.0.0.1:8080".parse().unwrap(), "nh_secret").unwrap();
        let tried = tokio::time::timeout(TRY_EVERY * 5, control.write_later()).await;
        assert!(tried.is_err() && !control.is_written());
        let problem = format!("{:#}", running(folder.path()).err().unwrap());
        assert!(problem.contains("make room on the disk"), "{problem}");
        let there = async {
            tokio::time::sleep(TRY_EVERY * 2).await;
            fs::remove_dir(&in_the_way).unwrap();
        };
        tokio::time::timeout(TRY_EVERY * 9, async { tokio::join!(control.write_later(), there) }).await.unwrap();
        running(folder.path()).unwrap();
    }
}
