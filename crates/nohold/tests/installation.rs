//! An installation as its operator meets it: the first start, users, import and export, beside a server and without one.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nohold_client::Client;
use serde_json::{Value, json};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenario/support.toml");

/// A data folder of this test alone, which is not there yet.
struct Installation {
    _folder: tempfile::TempDir,
    data: PathBuf,
}

impl Installation {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Installation { data: folder.path().join("data"), _folder: folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nohold"));
        // A folder of its own, so that no settings file of somebody else is found.
        command.args(arguments).arg("--data").arg(&self.data).env_remove("RUST_LOG").current_dir(self._folder.path());
        command
    }

    /// Runs a command that must go well; what it says.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must not go well; what it says.
    fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Whether a server has the data folder.
    fn refused_because_in_use(&self) -> bool {
        let lock = fs::File::options().write(true).open(self.data.join("lock")).unwrap();
        lock.try_lock().is_err()
    }

    /// Gives a command its standard input.
    fn given(&self, arguments: &[&str], input: &str) -> Output {
        let piped = Stdio::piped;
        let mut child = self.command(arguments).stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn serve(&self, more: &[&str]) -> Server {
        let mut arguments = vec!["serve", "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0"];
        arguments.extend(more);
        let mut child = self.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = Vec::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while let Some(Ok(line)) = lines.next() {
            said.push(line.clone());
            if let Some((_, http)) = line.strip_prefix("ready: ").and_then(|ready| ready.split_once("api http://")) {
                return Server {
                    child,
                    said,
                    http: http.split(' ').next().unwrap().parse().unwrap(),
                    _lines: Box::new(lines),
                };
            }
        }
        child.wait().unwrap();
        panic!("the server did not start: {said:?}");
    }
}

/// A running server, which is told to end when it is dropped.
struct Server {
    child: Child,
    said: Vec<String>,
    http: std::net::SocketAddr,
    /// Its output stays open.
    _lines: Box<dyn std::any::Any>,
}

impl Server {
    fn stop(mut self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answered<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// What a browser gets at this address.
fn page(server: std::net::SocketAddr, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(server).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn configured(installation: &Installation) -> Value {
    serde_json::from_str(&installation.says(&["export"])).unwrap()
}

/// The lines of an import that tell of a change.
fn changes(said: &str) -> Vec<&str> {
    said.lines().filter(|line| ["added:", "changed:", "removed:"].iter().any(|word| line.starts_with(word))).collect()
}

fn link(data: &Path) -> PathBuf {
    data.join("setup-link")
}

#[test]
fn an_empty_installation_is_set_up_once_by_its_link() {
    let installation = Installation::new();
    let server = installation.serve(&[]);
    assert!(
        server.said.iter().any(|line| line.contains("no phone and no trunk of another machine")),
        "{:?}",
        server.said
    );
    let file = link(&installation.data);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let written = fs::read_to_string(&file).unwrap();
    let (_, token) = written.trim().split_once('#').unwrap();
    assert!(server.said.iter().all(|line| !line.contains(token)), "{:?}", server.said);
    let shown = page(server.http, "/setup");
    assert!(shown.starts_with("HTTP/1.1 200") && shown.contains("script-src 'self'"), "{shown}");
    assert!(page(server.http, "/setup.js").contains("/api/setup"));
    let set_up = |token: &str, name: &str| {
        let body = json!({ "token": token, "name": name, "password": "correct horse battery" });
        answered(async { Client::new(server.http).begin_session("/api/setup", &body).await.map(drop) })
    };
    assert!(set_up("not the token", "eve").is_err());
    set_up(token, "root").unwrap();
    assert!(set_up(token, "eve").is_err(), "a link serves once");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while file.exists() {
        assert!(std::time::Instant::now() < until, "the link stays behind");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    server.stop();
    let again = installation.serve(&[]);
    assert!(again.said.iter().all(|line| !line.contains("set up")), "{:?}", again.said);
    assert!(!link(&installation.data).exists());
}

#[test]
fn users_are_managed_beside_a_server_and_without_one() {
    let installation = Installation::new();
    let server = installation.serve(&["--sample"]);
    let said = installation.says(&["user", "add", "ann", "--role", "agent", "--agent", "2000"]);
    let password = said.split("is ").nth(1).unwrap().split(':').next().unwrap().to_owned();
    answered(async { Client::new(server.http).sign_in("ann", &password).await }).unwrap();
    assert!(installation.refuses(&["user", "add", "ann", "--role", "agent"]).contains("taken"));
    assert!(installation.refuses(&["user", "add", "bo", "--role", "agent", "--agent", "9999"]).contains("9999"));
    server.stop();
    assert_eq!(installation.says(&["user", "list"]), "ann: agent, agent 2000\n");
    let output = installation.given(&["user", "password", "ann", "--password-stdin"], "a much longer password\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("ended: 1 sign-ins, 0 tokens\n"), "{output:?}");
    let server = installation.serve(&["--sample"]);
    let sign_in = |password: &'static str| answered(async { Client::new(server.http).sign_in("ann", password).await });
    sign_in("a much longer password").unwrap();
    installation.says(&["user", "remove", "ann"]);
    assert!(sign_in("a much longer password").is_err());
    installation.says(&["user", "add", "eva", "--role", "administrator"]);
    server.stop();
    // The rule holds without a server, too.
    assert!(installation.refuses(&["user", "remove", "eva"]).contains("last administrator who can sign in"));
}

#[test]
fn what_is_imported_is_exported_and_a_second_import_changes_nothing() {
    let installation = Installation::new();
    installation.serve(&[]).stop();
    let dry = installation.says(&["import", SHIPPED, "--dry-run"]);
    assert!(dry.contains("would be added: queues.600"), "{dry}");
    assert_eq!(configured(&installation).get("queues"), None, "a dry run changes nothing");
    let said = installation.says(&["import", SHIPPED]);
    assert!(said.contains("added: queues.600") && said.contains("passwords.toml"), "{said}");
    let passwords = fs::read_to_string(installation.data.join("passwords.toml")).unwrap();
    assert_eq!(passwords.matches("extensions.").count(), 4, "{passwords}");
    let exported = configured(&installation);
    assert_eq!(exported["extensions"]["2000"]["password"], json!({ "stored": true }));
    let again = installation.says(&["import", SHIPPED]);
    assert!(changes(&again).is_empty() && !again.contains("drawn"), "{again}");
    assert_eq!(fs::read_to_string(installation.data.join("passwords.toml")).unwrap(), passwords);
    let file = installation.data.join("exported.json");
    fs::write(&file, exported.to_string()).unwrap();
    let back = installation.says(&["import", file.to_str().unwrap()]);
    assert!(changes(&back).is_empty(), "{back}");
}

#[test]
fn an_import_into_a_running_server_holds_at_once_and_a_wrong_one_changes_nothing() {
    let installation = Installation::new();
    let server = installation.serve(&["--sample"]);
    let mut wanted = configured(&installation);
    wanted["queues"]["600"]["longest_wait"] = json!("45s");
    wanted["queues"]["600"]["service"] = json!("nobody");
    let file = installation.data.join("wanted.json");
    fs::write(&file, wanted.to_string()).unwrap();
    let problem = installation.refuses(&["import", file.to_str().unwrap()]);
    assert!(problem.contains("queues.600.service") && problem.contains("nobody"), "{problem}");
    assert_eq!(configured(&installation)["queues"]["600"]["longest_wait"], "60s");
    wanted["queues"]["600"]["service"] = json!("support");
    fs::write(&file, wanted.to_string()).unwrap();
    let said = installation.says(&["import", file.to_str().unwrap()]);
    assert!(said.contains("changed: queues.600"), "{said}");
    assert_eq!(configured(&installation)["queues"]["600"]["longest_wait"], "45s");
    // What stands in the file no more is only named, and goes with --prune.
    wanted["campaigns"].as_object_mut().unwrap().remove("renewals");
    fs::write(&file, wanted.to_string()).unwrap();
    assert!(installation.says(&["import", file.to_str().unwrap()]).contains("kept: campaigns.renewals"));
    assert!(installation.says(&["import", file.to_str().unwrap(), "--prune"]).contains("removed: campaigns.renewals"));
    server.stop();
    assert_eq!(configured(&installation)["campaigns"].get("renewals"), None);
}

#[test]
fn a_slip_in_the_data_folder_makes_no_installation() {
    let installation = Installation::new();
    for command in [
        &["export"] as &[&str],
        &["import", SHIPPED, "--dry-run"],
        &["user", "list"],
        &["user", "add", "ann", "--role", "agent"],
        &["user", "remove", "ann"],
    ] {
        let said = installation.refuses(command);
        assert!(said.contains("there is no installation in") && said.contains("nohold serve"), "{command:?}: {said}");
        assert!(!installation.data.exists(), "{command:?} made one");
    }
    let check = installation.command(&["check", "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0"]).output().unwrap();
    assert_eq!(check.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&check.stdout).contains("there is no installation in"), "{check:?}");
    assert!(!installation.data.exists(), "check made one");
}

#[test]
fn an_installation_is_checked_beside_its_server_and_without_it() {
    let installation = Installation::new();
    let check = || installation.command(&["check", "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0"]).output().unwrap();
    let server = installation.serve(&["--sample"]);
    for running in [true, false] {
        let output = check();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}");
        assert_eq!(said.contains("in use by a server"), running, "{said}");
        // Nobody is at the shipped carrier's address.
        for wanted in ["database: sound", "recordings: ", "trunk: carrier: "] {
            assert!(said.contains(wanted), "`{wanted}` is missing in:\n{said}");
        }
        if running {
            let kill = Command::new("kill").arg(server.child.id().to_string()).status().unwrap();
            assert!(kill.success());
            while installation.refused_because_in_use() {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        }
    }
}

#[test]
fn an_export_can_be_brought_into_an_empty_installation() {
    let installation = Installation::new();
    installation.says(&["import", SHIPPED]);
    let file = installation._folder.path().join("exported.toml");
    installation.says(&["export", file.to_str().unwrap()]);
    let elsewhere = Installation::new();
    let refused = elsewhere.refuses(&["import", file.to_str().unwrap()]);
    for wanted in
        ["passwords are missing", "extensions.2000.password", "extensions.2003.password", "--generate-missing"]
    {
        assert!(refused.contains(wanted), "`{wanted}` is missing in:\n{refused}");
    }
    let said = elsewhere.says(&["import", file.to_str().unwrap(), "--generate-missing"]);
    let passwords = elsewhere.data.join("passwords.toml");
    assert!(said.contains(passwords.to_str().unwrap()), "{said}");
    assert_eq!(fs::metadata(&passwords).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&passwords).unwrap().matches("extensions.").count(), 4);
    assert_eq!(configured(&elsewhere), configured(&installation));
}

#[test]
fn an_export_writes_over_nothing_by_mistake() {
    let installation = Installation::new();
    installation.says(&["import", SHIPPED]);
    let file = installation.data.join("out.json");
    let name = file.to_str().unwrap();
    installation.says(&["export", name]);
    assert!(installation.refuses(&["export", name]).contains("--force"));
    installation.says(&["export", name, "--force"]);
}

#[test]
fn a_refused_import_leaves_no_installation_behind() {
    let installation = Installation::new();
    let file = installation._folder.path().join("wrong.toml");
    let text = "[site]\nzone = \"Asia/Shanghai\"\ncountry = \"CN\"\n[queues.600]\nservice = \"nobody\"\n";
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let said = installation.refuses(&["import", file]);
    assert!(said.contains("queues.600.service") && said.contains("nobody"), "{said}");
    assert!(!installation.data.exists());
    installation.refuses(&["serve", "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0", "--scenario", file]);
    assert!(!installation.data.exists());
}

#[test]
fn nobody_who_listens_keeps_nothing_from_being_done_and_no_drawn_password_is_lost() {
    let installation = Installation::new();
    let deaf = |arguments: &[&str]| {
        // Nobody has the other end.
        let (read, write) = std::io::pipe().unwrap();
        drop(read);
        installation
            .command(arguments)
            .stdout(write)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap()
    };
    let output = deaf(&["import", SHIPPED]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let passwords = fs::read_to_string(installation.data.join("passwords.toml")).unwrap();
    assert_eq!(passwords.matches("extensions.").count(), 4, "{passwords}");
    assert!(configured(&installation)["queues"].get("600").is_some());
    assert!(deaf(&["settings"]).status.success());
    let output = deaf(&["user", "add", "ann", "--role", "agent"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("nohold user password ann"), "{said}");
}

#[test]
fn passwords_that_are_told_are_those_that_hold() {
    let installation = Installation::new();
    installation.says(&["import", SHIPPED]);
    let passwords = fs::read_to_string(installation.data.join("passwords.toml")).unwrap();
    // A document with the very passwords that were written down changes nothing.
    let mut same = configured(&installation);
    for line in passwords.lines().filter(|line| !line.starts_with('#')) {
        let (account, password) = line.split_once(" = ").unwrap();
        let (table, key) = account.trim_matches('"').split_once('.').unwrap();
        same[table][key]["password"] = json!(password.trim_matches('"'));
    }
    let file = installation._folder.path().join("same.json");
    fs::write(&file, same.to_string()).unwrap();
    let said = installation.says(&["import", file.to_str().unwrap()]);
    assert!(changes(&said).is_empty(), "{said}");
}

#[test]
fn nobody_to_list_and_no_folder_to_write_into_are_told() {
    let installation = Installation::new();
    installation.says(&["import", SHIPPED]);
    assert!(installation.says(&["user", "list"]).contains("nohold user add"));
    let file = installation._folder.path().join("nowhere").join("out.json");
    let said = installation.refuses(&["export", file.to_str().unwrap()]);
    assert!(said.contains("nowhere: make it first"), "{said}");
}

#[test]
fn a_name_that_nobody_can_have_leads_to_nobody_else() {
    let installation = Installation::new();
    installation.says(&["import", SHIPPED]);
    let root = &["user", "add", "root", "--role", "administrator", "--password-stdin"];
    let output = installation.given(root, "a much longer password\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    installation.says(&["user", "add", "spare", "--role", "administrator"]);
    let server = installation.serve(&[]);
    for name in ["x/../root", "./root", "root?", "root#", "root/", "", "..", "%72oot", "r oot"] {
        assert!(installation.refuses(&["user", "password", name]).contains("nobody can be called"), "{name}");
        assert!(installation.refuses(&["user", "remove", name]).contains("nobody can be called"), "{name}");
    }
    answered(async { Client::new(server.http).sign_in("root", "a much longer password").await }).unwrap();
    for name in [".", "..", "-", "_x", "@"] {
        let said = installation.refuses(&["user", "add", name, "--role", "agent"]);
        assert!(said.contains("begins with a letter or a digit"), "{said}");
    }
    assert_eq!(installation.says(&["user", "list"]), "root: administrator\nspare: administrator\n");
}

/// The accounts of the file of drawn passwords, with those.
fn drawn(installation: &Installation) -> std::collections::BTreeMap<String, String> {
    let text = fs::read_to_string(installation.data.join("passwords.toml")).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once(" = "));
    lines
        .map(|(account, password)| (account.trim_matches('"').to_owned(), password.trim_matches('"').to_owned()))
        .collect()
}

#[test]
fn a_password_that_holds_no_more_does_not_stay_in_the_file_of_drawn_ones() {
    let installation = Installation::new();
    installation.says(&["import", SHIPPED]);
    let first = drawn(&installation);
    assert_eq!(first.len(), 4);
    let file = installation._folder.path().join("changed.json");
    let import = |extension: &str, password: Value| {
        let mut whole = configured(&installation);
        whole["extensions"][extension]["password"] = password;
        fs::write(&file, whole.to_string()).unwrap();
        installation.says(&["import", file.to_str().unwrap()]);
    };
    let accounts = |of: &[&str]| {
        let of = of.iter().map(|key| format!("extensions.{key}"));
        of.map(|account| (account.clone(), first[&account].clone())).collect::<std::collections::BTreeMap<_, _>>()
    };
    import("2000", json!("chosen by somebody"));
    assert_eq!(drawn(&installation), accounts(&["2001", "2002", "2003"]), "without a server");
    let server = installation.serve(&[]);
    import("2001", json!("chosen by somebody"));
    assert_eq!(drawn(&installation), accounts(&["2002", "2003"]), "beside a server");
    installation
        .given(&["user", "add", "root", "--role", "administrator", "--password-stdin"], "a much longer password\n");
    let set = async |extension: &str, body: Value| {
        let mut root = Client::new(server.http);
        root.sign_in("root", "a much longer password").await?;
        root.put(&format!("/api/configuration/extensions/{extension}"), &body).await
    };
    let answer = answered(set("2002", json!({ "password": { "generate": true } })));
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(drawn(&installation), accounts(&["2003"]), "by the API");
    server.stop();
    // A refused import leaves the file as it was, though it had drawn passwords.
    let mut wrong = configured(&installation);
    wrong["extensions"]["2009"] = json!({ "password": { "generate": true } });
    wrong["queues"]["600"]["service"] = json!("nobody");
    fs::write(&file, wrong.to_string()).unwrap();
    installation.refuses(&["import", file.to_str().unwrap()]);
    assert_eq!(drawn(&installation), accounts(&["2003"]));
}

#[test]
fn a_check_names_a_prompt_that_has_gone_and_one_that_cannot_be_played() {
    let installation = Installation::new();
    let shelf = installation.data.join("prompts").join("music");
    fs::create_dir_all(&shelf).unwrap();
    let prompts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../prompts/music");
    let mut shipped = fs::read_dir(prompts).unwrap().map(|entry| entry.unwrap().path());
    let shipped = shipped.find(|path| path.extension().is_some_and(|ending| ending == "wav")).unwrap();
    fs::copy(shipped, shelf.join("our-own.wav")).unwrap();
    installation.says(&["import", SHIPPED]);
    let file = installation._folder.path().join("own.json");
    let mut whole = configured(&installation);
    whole["queues"]["600"]["music"] = json!("our-own");
    fs::write(&file, whole.to_string()).unwrap();
    installation.says(&["import", file.to_str().unwrap()]);
    let check = || {
        let output =
            installation.command(&["check", "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0"]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (_, said) = check();
    assert!(!said.contains("our-own"), "{said}");
    fs::write(shelf.join("another.wav"), "this is no sound").unwrap();
    let (_, said) = check();
    assert!(said.lines().any(|line| line.starts_with("warning") && line.contains("another.wav")), "{said}");
    fs::remove_file(shelf.join("our-own.wav")).unwrap();
    let (status, said) = check();
    let named = |line: &str| line.starts_with("error") && line.contains("queues.600") && line.contains("our-own");
    assert!(status == Some(1) && said.lines().any(named), "{said}");
}

#[test]
fn a_server_starts_although_the_commands_cannot_be_told_where_it_is() {
    let installation = Installation::new();
    installation.says(&["import", SHIPPED]);
    // As a full disk does: the file cannot be written.
    let in_the_way = installation.data.join("control.new");
    fs::create_dir(&in_the_way).unwrap();
    let server = installation.serve(&[]);
    let said = installation.refuses(&["user", "list"]);
    assert!(said.contains("make room on the disk"), "{said}");
    fs::remove_dir(&in_the_way).unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !installation.command(&["user", "list"]).output().unwrap().status.success() {
        assert!(std::time::Instant::now() < until, "it is not tried again");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    server.stop();
}

#[test]
fn an_export_that_finds_no_room_leaves_what_was_there() {
    let installation = Installation::new();
    installation.says(&["import", SHIPPED]);
    // The server has the database, so that the command writes nothing but the export.
    let _server = installation.serve(&[]);
    let folder = installation._folder.path();
    let (old, new) = (folder.join("old.json"), folder.join("new.json"));
    fs::write(&old, "what was there").unwrap();
    for (file, flags) in [(&old, " --force"), (&new, "")] {
        let program = env!("CARGO_BIN_EXE_nohold");
        // No file may grow; the signal that says so is passed over, and the write fails as on a full disk.
        let line = format!(
            "trap '' XFSZ; ulimit -f 0; exec {program} export {}{flags} --data {}",
            file.display(),
            installation.data.display()
        );
        let output =
            Command::new("sh").args(["-c", &line]).current_dir(folder).env_remove("RUST_LOG").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }
    assert_eq!(fs::read_to_string(&old).unwrap(), "what was there");
    let names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.contains("new.json") || name.starts_with(".old")), "{names:?}");
    fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).unwrap();
    installation.says(&["export", old.to_str().unwrap(), "--force"]);
    assert_eq!(fs::metadata(&old).unwrap().permissions().mode() & 0o777, 0o640, "it is for whom it was for");
    assert!(fs::read_to_string(&old).unwrap().starts_with('{'));
}
