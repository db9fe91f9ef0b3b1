//! A NAT of the tests' own, made of network namespaces, so that nothing of the machine's network is touched.
//!
//! ```text
//!   test, server, colleagues          router                    whoever stands behind the NAT
//!   203.0.113.1  ── wan ──  203.0.113.2 | 192.168.77.1  ── lan ──  192.168.77.2   (namespace `behind`)
//! ```
//!
//! From the outside nothing new gets through by UDP, unless all is forwarded to the one behind it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The namespace behind the NAT.
pub const BEHIND: &str = "behind";
/// The address outside, at which the test runs.
pub const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
/// The address by which the outside sees whoever is behind the NAT.
pub const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 2));
/// The address behind the NAT.
pub const PRIVATE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 77, 2));

/// Set in the process that runs a test alone.
const ALONE: &str = "NOHOLD_E2E_ALONE";
const ROUTER: &str = "router";

/// Runs the test of this name again in a process that has a network and mounts of its own, which end with it. Says
/// whether this is that process: then the test goes on; otherwise it is over.
///
/// # Errors
/// When it fails there, or the rights to make namespaces (root) are missing.
pub fn alone(test: &str) -> Result<bool> {
    if std::env::var_os(ALONE).is_some() {
        return Ok(true);
    }
    let own = std::env::current_exe().context("cannot tell where the test's program is")?;
    let mut again = Command::new("unshare");
    again.args(["--net", "--mount", "--"]).arg(own).args(["--exact", test, "--nocapture"]).env(ALONE, "1");
    let output = again.output().context("cannot start `unshare`; it is in the package util-linux")?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        bail!("in a network of its own (which only root can make) the test fails:\n{said}");
    }
    if !said.contains("1 passed") {
        bail!("there is no test {test} to be run alone:\n{said}");
    }
    Ok(false)
}

/// Makes the NAT. With `forwarding`, what comes to its public address goes on to the one behind it, as an operator sets
/// up a router for a server; otherwise only answers get in, and TCP, by which the test controls the phone.
///
/// # Errors
/// When a command fails; `ip` and `nft` are needed, which `cargo xtask setup` installs.
pub fn make(forwarding: bool) -> Result<()> {
    // A place for the names that is this process's own.
    run("mkdir", &["-p", "/run/netns"])?;
    run("mount", &["-t", "tmpfs", "tmpfs", "/run/netns"])?;
    for line in [
        "link set lo up".to_owned(),
        format!("netns add {ROUTER}"),
        format!("netns add {BEHIND}"),
        format!("link add wan type veth peer name wan netns {ROUTER}"),
        format!("-n {ROUTER} link add lan type veth peer name lan netns {BEHIND}"),
        format!("address add {OUTSIDE}/24 dev wan"),
        format!("-n {ROUTER} address add {PUBLIC}/24 dev wan"),
        format!("-n {ROUTER} address add 192.168.77.1/24 dev lan"),
        format!("-n {BEHIND} address add {PRIVATE}/24 dev lan"),
        "link set wan up".to_owned(),
        format!("-n {ROUTER} link set wan up"),
        format!("-n {ROUTER} link set lan up"),
        format!("-n {BEHIND} link set lan up"),
        format!("-n {BEHIND} link set lo up"),
        format!("-n {BEHIND} route add default via 192.168.77.1"),
        format!("route add 192.168.77.0/24 via {PUBLIC}"),
    ] {
        run("ip", &line.split(' ').collect::<Vec<_>>())?;
    }
    let within = ["netns", "exec", ROUTER];
    run("ip", &[&within[..], &["sysctl", "-qw", "net.ipv4.ip_forward=1"]].concat())?;
    let forward =
        if forwarding { format!("iifname \"wan\" ip daddr {PUBLIC} dnat to {PRIVATE}") } else { String::new() };
    let let_in = if forwarding { format!("ip daddr {PRIVATE} accept") } else { "tcp flags syn accept".into() };
    let rules = format!(
        "table ip nat {{\n\
           chain before {{\n type nat hook prerouting priority dstnat\n {forward}\n }}\n\
           chain after {{\n type nat hook postrouting priority srcnat\n oifname \"wan\" masquerade random\n }}\n\
           chain through {{\n type filter hook forward priority filter; policy drop\n ct state established,related accept\n\
             iifname \"lan\" accept\n {let_in}\n }}\n\
         }}\n"
    );
    let file = std::env::temp_dir().join(format!("nohold-nat-{}.nft", std::process::id()));
    std::fs::write(&file, rules)?;
    let loaded = run("ip", &[&within[..], &["nft", "-f", &file.to_string_lossy()]].concat());
    std::fs::remove_file(&file)?;
    loaded
}

/// The command that runs a program in a namespace, with its first arguments.
#[must_use]
pub fn within(namespace: &str, program: &Path) -> (std::path::PathBuf, Vec<String>) {
    let words = ["netns", "exec", namespace].map(str::to_owned).into_iter();
    (Path::new("ip").to_owned(), words.chain([program.display().to_string()]).collect())
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("there is no `{program}`; run `cargo xtask setup`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("`{program} {}` failed: {said}", arguments.join(" "));
    }
    Ok(())
}
