//! `cargo xtask setup`: the telephones and servers of other makers that the tests call.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

/// Programs that the end-to-end tests run, and the Debian packages that have them.
const PROGRAMS: &[(&str, &str)] = &[
    ("sipp", "sip-tester"),
    ("baresip", "baresip-core"),
    ("ip", "iproute2"),
    ("nft", "nftables"),
    ("sysctl", "procps"),
    ("unshare", "util-linux"),
    ("strace", "strace"),
    ("chromium", "chromium"),
];

/// Without these fonts a page in Chinese shows boxes; the file that tells whether they are there, and the package.
const FONTS: (&str, &str) = ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk");

/// Where the Asterisk of the tests is unpacked, and the script that does it.
const ASTERISK: &str = "target/peers/asterisk";
const GET_ASTERISK: &str = "tests/peers/get-asterisk.sh";

/// Installs what is missing; says nothing where nothing is.
///
/// # Errors
/// When something cannot be installed; the error says what to run by hand.
pub fn run(root: &Path) -> Result<()> {
    let mut missing: Vec<&str> =
        PROGRAMS.iter().filter(|(program, _)| found(program).is_none()).map(|(_, package)| *package).collect();
    let (font, package) = FONTS;
    if !Path::new(font).is_file() {
        missing.push(package);
    }
    if !missing.is_empty() {
        install(&missing)?;
    }
    if let Some((program, package)) = PROGRAMS.iter().find(|(program, _)| found(program).is_none()) {
        bail!("`{package}` is installed, but there is no `{program}` on the path");
    }
    asterisk(root)
}

/// The file that a program's name stands for, as a shell would find it.
fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn install(packages: &[&str]) -> Result<()> {
    let by_hand = by_hand(packages);
    if found("apt-get").is_none() {
        bail!(
            "the tests need {}, and this system has no apt-get. Install them in its own way (their programs are {}) and \
             run `cargo xtask setup` again",
            packages.join(" and "),
            PROGRAMS.iter().map(|(program, _)| *program).collect::<Vec<_>>().join(" and ")
        );
    }
    let Some(rights) = rights() else {
        bail!("the tests need {}, which only root can install. Run\n    {by_hand}", packages.join(" and "));
    };
    println!("    installing {} (once)", packages.join(" and "));
    let apt = |arguments: &[&str]| {
        let words: Vec<&str> = rights.iter().chain(&APT).chain(arguments).copied().collect();
        output(Command::new(words[0]).args(&words[1..]))
    };
    let arguments: Vec<&str> = INSTALL.iter().chain(packages).copied().collect();
    if !lists_are_there() {
        apt(&["update"]).with_context(|| format!("cannot fetch the package lists. Run\n    {by_hand}"))?;
    }
    if apt(&arguments).is_err() {
        // Lists that are too old name packages that the mirror has replaced.
        apt(&["update"])
            .and_then(|_| apt(&arguments))
            .with_context(|| format!("cannot install. Run\n    {by_hand}"))?;
    }
    Ok(())
}

const APT: [&str; 5] = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-oDPkg::Lock::Timeout=120"];
const INSTALL: [&str; 3] = ["install", "-y", "--no-install-recommends"];

/// What a person would type.
fn by_hand(packages: &[&str]) -> String {
    format!("sudo apt-get update && sudo apt-get {} {}", INSTALL.join(" "), packages.join(" "))
}

/// What to put before a command that needs root; nothing where there is no way without a password.
fn rights() -> Option<Vec<&'static str>> {
    let prints = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if prints("id", &["-u"]).as_deref() == Some("0") {
        Some(Vec::new())
    } else {
        prints("sudo", &["-n", "true"]).map(|_| vec!["sudo", "-n"])
    }
}

/// Whether apt knows any package; a clean container does not.
fn lists_are_there() -> bool {
    let Ok(lists) = fs::read_dir("/var/lib/apt/lists") else { return false };
    lists.flatten().any(|list| list.file_name().to_string_lossy().contains("_Packages"))
}

/// Unpacks an Asterisk, and a TURN server beside it, into the target folder. The script returns at once where it is complete.
fn asterisk(root: &Path) -> Result<()> {
    if !root.join(ASTERISK).join(".complete").is_file() {
        println!("    unpacking an Asterisk and a coturn into {ASTERISK} (once, 90 MB to fetch; nothing is installed)");
    }
    output(Command::new("bash").arg(GET_ASTERISK).arg(ASTERISK).current_dir(root))
        .with_context(|| format!("cannot get an Asterisk; look what\n    bash {GET_ASTERISK} {ASTERISK}\nsays"))?;
    Ok(())
}

/// Runs a command and keeps what it prints for the error.
fn output(command: &mut Command) -> Result<Output> {
    let shown = format!("{command:?}");
    let output = command.output().with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<&str> = said.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        bail!("{shown} ended with {}:\n{tail}", output.status);
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(found("sh").is_some_and(|file| file.ends_with("sh")));
        assert_eq!(found("no-such-program-anywhere"), None);
    }

    #[test]
    fn what_to_run_by_hand_is_a_whole_command() {
        let typed = by_hand(&["sip-tester", "baresip-core"]);
        assert!(typed.ends_with("sudo apt-get install -y --no-install-recommends sip-tester baresip-core"), "{typed}");
    }

    #[test]
    fn a_command_that_fails_is_quoted_with_what_it_said() {
        let problem = output(Command::new("sh").args(["-c", "echo no mirror; exit 3"])).unwrap_err().to_string();
        assert!(problem.contains("no mirror") && problem.contains("exit status: 3"), "{problem}");
    }
}
