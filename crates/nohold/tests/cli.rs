//! The program as people meet it: what it says, and with which status it ends.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenario/support.toml");

/// A folder of this test alone, empty.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn nohold(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nohold")).args(arguments).env_remove("RUST_LOG").output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Checks a configuration of this text.
fn check(test: &str, file: &str, text: &str) -> Output {
    let path = folder(test).join(file);
    fs::write(&path, text).unwrap();
    nohold(&["check", "--scenario", path.to_str().unwrap()])
}

/// Serves the shipped scenario from this data folder, at a port that the kernel chooses, until it is ready.
fn serve(data: &Path, more: &[&str]) -> Output {
    let data = data.to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nohold"));
    command
        .args(["serve", "--scenario", SHIPPED, "--data", data, "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0"])
        .args(more);
    until_ready(&mut command)
}

/// Runs a server until it says that it is ready, and then asks it to end; one that cannot start ends by itself.
fn until_ready(command: &mut Command) -> Output {
    let piped = command.env_remove("RUST_LOG").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut errors = child.stderr.take().unwrap();
    let stderr = std::thread::spawn(move || {
        let mut said = Vec::new();
        errors.read_to_end(&mut said).unwrap();
        said
    });
    let mut stdout = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        stdout.extend_from_slice(line.as_bytes());
        stdout.push(b'\n');
        if line.starts_with("ready: ") {
            assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        }
    }
    Output { status: child.wait().unwrap(), stdout, stderr: stderr.join().unwrap() }
}

#[test]
fn a_server_that_is_told_to_end_does_so_in_order() {
    let output = serve(&folder("ends"), &[]);
    assert!(out(&output).contains("ready: sip udp/tcp 127.0.0.1:"), "{}{}", out(&output), err(&output));
    assert!(output.status.success(), "{:?} {}", output.status, err(&output));
}

#[test]
fn the_shipped_scenario_is_sound() {
    let output = nohold(&["check", "--scenario", SHIPPED]);
    assert!(output.status.success(), "{}{}", out(&output), err(&output));
    assert!(out(&output).ends_with("support.toml: sound\n"), "{}", out(&output));
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_name_that_was_meant() {
    let text = "[site]\nzone = \"Asia/Shanghai\"\ncountry = \"CN\"\nlangauge = \"zh\"\n";
    let output = check("unknown-key", "a.toml", text);
    let said = err(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("line 4") && said.contains("unknown field `langauge`"), "{said}");
    assert!(said.contains("did you mean `language`?"), "{said}");
    let output = check("unknown-key-json", "a.json", "{\"site\": {\n\"zone\": \"Asia/Shanghai\", \"county\": \"CN\"}}");
    assert!(err(&output).contains("line 2") && err(&output).contains("did you mean `country`?"), "{}", err(&output));
}

#[test]
fn wrong_forms_are_told_with_their_field_in_plain_words() {
    let site = "[site]\nzone = \"Asia/Shanghai\"\ncountry = \"CN\"\n";
    for (n, (text, wanted)) in [
        ("site = 7\n", "site: a number without quotes stands here, and a table of fields is expected"),
        ("[site]\nzone = \"Asia/Shanghai\"\n", "the field `country` is missing"),
        ("[site]\nzone = 8\ncountry = \"CN\"\n", "site.zone: "),
        (
            "[services.a]\ngroups = \"one\"\n",
            "services.a.groups: a text stands here, and a list in brackets is expected",
        ),
        (
            "[queues.600]\nservice = \"a\"\nmax_length = \"ten\"\n",
            "queues.600.max_length: a text stands here, and a whole number",
        ),
        ("[queues.600]\nservice = \"a\"\nmax_length = -1\n", "queues.600.max_length: the number -1 stands here"),
        (
            "[queues.600]\nservice = \"a\"\nlongest_wait = 60\n",
            "queues.600.longest_wait: a number without quotes stands here",
        ),
        (
            "[queues.600]\nservice = \"a\"\nstrategy = \"random\"\n",
            "queues.600.strategy: `random` is not one of the words",
        ),
        (
            "[trunks.c]\nhost = \"192.0.2.1\"\nport = 70000\n",
            "trunks.c.port: the number 70000 stands here, and a whole number from 0 to 65535",
        ),
        (
            "[trunks.c]\nhost = \"192.0.2.1\"\nregister = \"yes\"\n",
            "trunks.c.register: a text stands here, and `true` or `false` is expected",
        ),
        ("[trunks.c]\nhost = \"192.0.2.1\"\ninbound.addresses = [\"carrier\"]\n", "is not an address or a network"),
        ("[extensions.2000]\npassword = 4711\n", "a password of digits needs quotes around it"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = if text.contains("site") { text.to_owned() } else { format!("{site}{text}") };
        let output = check(&format!("wrong-{n}"), "a.toml", &text);
        let said = err(&output);
        assert!(said.contains(wanted) && !said.contains("4711"), "`{wanted}` is missing in:\n{said}");
    }
}

#[test]
fn a_list_or_nothing_in_place_of_an_object_is_named() {
    let site = r#""site": { "zone": "Asia/Shanghai", "country": "CN" }"#;
    for (n, (more, wanted)) in [
        (r#""groups": { "a": [] }"#, "groups.a: a list stands here, and an object is expected"),
        (r#""outbound": []"#, "outbound: a list stands here, and an object is expected"),
        (r#""star_codes": null"#, "star_codes: nothing (null) stands here, and an object is expected"),
    ]
    .into_iter()
    .enumerate()
    {
        let output = check(&format!("no-object-{n}"), "a.json", &format!("{{ {site}, {more} }}"));
        let said = out(&output);
        assert!(!output.status.success() && said.contains(wanted), "`{wanted}` is missing in:\n{said}{}", err(&output));
    }
}

#[test]
fn a_trunk_that_leads_back_to_this_server_is_warned_of_in_a_file_too() {
    let path = folder("leads-back").join("a.toml");
    let checked = |host: &str| {
        let text = format!(
            "[site]\nzone = \"Asia/Shanghai\"\ncountry = \"CN\"\n\
             [trunks.back]\nhost = \"{host}\"\nnumbers = [\"+862161230001\"]\n"
        );
        fs::write(&path, text).unwrap();
        let own = ["--sip", "0.0.0.0:5060", "--public-address", "203.0.113.7"];
        nohold(&[&["check", "--scenario", path.to_str().unwrap()][..], &own].concat())
    };
    for host in ["0.0.0.0", "127.0.0.1", "203.0.113.7"] {
        let output = checked(host);
        let said = out(&output);
        assert!(output.status.success(), "a warning keeps nothing from being used: {said}");
        assert!(said.contains("warning: trunks.back.host: ") && said.contains("is this server itself"), "{said}");
        assert!(said.contains("can be used; warnings: "), "{said}");
    }
    assert!(!out(&checked("203.0.113.8")).contains("this server itself"));
}

#[test]
fn a_text_that_deceives_and_a_door_that_stands_open_are_named() {
    let text = "[site]\nzone = \"Asia/Shanghai\"\ncountry = \"CN\"\n[groups.a]\nname = \"A\\u202E\"\n\
        [trunks.c]\nhost = \"192.0.2.1\"\ninbound.addresses = [\"0.0.0.0/0\"]\n";
    let said = out(&check("texts", "a.toml", text));
    assert!(said.contains("error: groups.a.name: ") && said.contains("U+202E"), "{said}");
    assert!(said.contains("warning: trunks.c.inbound.addresses: whoever calls from anywhere in 0.0.0.0/0"), "{said}");
}

#[test]
fn all_problems_are_printed_in_plain_words() {
    let text = r#"
        flows.menu = { file = "menu.json" }
        [site]
        zone = "Asia/Shanghai"
        country = "CN"
        [services.support]
        groups = ["nobody"]
        [extensions.110]
        password = { generate = true }
    "#;
    let output = check("problems", "a.toml", text);
    let said = out(&output);
    assert_eq!(output.status.code(), Some(1));
    for wanted in [
        "error: extensions.110.number: 110 is an emergency number in CN",
        "error: flows.menu: cannot read",
        "error: services.support.groups: there is no group `nobody`",
        "warning: services.support.caller_id",
        "cannot be used; errors: 3, warnings: 1",
    ] {
        assert!(said.contains(wanted), "`{wanted}` is missing in:\n{said}");
    }
    assert_eq!(said.matches("flows.menu").count(), 1, "{said}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = nohold(&["check", "--scenario", "/nowhere/a.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("cannot read /nowhere/a.toml"), "{}", err(&output));
}

#[test]
fn wrong_arguments_say_what_to_write() {
    for (wrong, says) in [
        ("--rtp-ports=80-90", "below 1024"),
        ("--rtp-ports=30000-20000", "write 20000-30000"),
        ("--sip=5060", "127.0.0.1:5060"),
        ("--public-address=foo", "203.0.113.7"),
    ] {
        let output = nohold(&["serve", wrong]);
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains(says), "{}", err(&output));
    }
    assert!(out(&nohold(&["--help"])).contains("First steps"));
}

#[test]
fn a_word_without_quotes_is_told_to_be_put_in_them() {
    for (n, word) in ["Asia/Shanghai", "true-ish", "now"].iter().enumerate() {
        let output = check(&format!("unquoted-{n}"), "a.toml", &format!("[site]\ncountry = \"CN\"\nzone = {word}\n"));
        let said = err(&output);
        assert!(said.contains("put text in quotes") && said.contains("line 3 column 8"), "{word}: {said}");
    }
}

#[test]
fn a_misspelt_variable_is_refused_by_every_command() {
    let here = folder("misspelt");
    for command in [
        &["serve"][..],
        &["check"],
        &["import", SHIPPED],
        &["export"],
        &["user", "list"],
        &["user", "add", "ann", "--role", "agent"],
        &["settings"],
        &["demo", "--once"],
    ] {
        let mut process = Command::new(env!("CARGO_BIN_EXE_nohold"));
        let output = process.args(command).current_dir(&here).env("NOHOLD_DATTA", here.join("other")).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(err(&output).contains("did you mean NOHOLD_DATA?"), "{command:?}: {}", err(&output));
    }
    assert!(!here.join("nohold-data").exists());
}

#[test]
fn the_demo_refuses_what_it_would_not_heed() {
    for flags in [&["--https"][..], &["--sip-trace"], &["--behind-proxy", "127.0.0.1"], &["--recordings", "/tmp/x"]] {
        let output = nohold(&[&["demo", "--once"], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(err(&output).contains("unexpected argument"), "{}", err(&output));
    }
    for arguments in [
        &["demo", "--once", "--data", "/tmp/x"][..],
        &["--data", "/tmp/x", "demo", "--once"],
        &["demo", "--config", "/tmp/x"],
    ] {
        let output = nohold(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(err(&output).contains("settings of its own"), "{}", err(&output));
    }
}

#[test]
fn a_start_that_fails_leaves_no_installation_behind_and_fills_none() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = taken.local_addr().unwrap().to_string();
    let data = folder("failed-start").join("data");
    let file = folder("failed-start-file").join("file");
    fs::write(&file, "").unwrap();
    let (data_is, below) = (data.to_str().unwrap(), file.join("below"));
    let sample = |more: &[&str]| nohold(&[&["serve", "--sample", "--data", data_is][..], more].concat());
    for flags in [
        &["--sip", &busy, "--http", "127.0.0.1:0"][..],
        &["--sip", "127.0.0.1:0", "--http", &busy],
        &["--sip", "127.0.0.1:0", "--http", "127.0.0.1:0", "--recordings", below.to_str().unwrap()],
    ] {
        let output = sample(flags);
        assert_eq!(output.status.code(), Some(1), "{flags:?}: {}", out(&output));
        assert!(!data.exists(), "{flags:?}: {}", err(&output));
    }
    // One that is there and empty stays empty.
    let empty = until_ready(Command::new(env!("CARGO_BIN_EXE_nohold")).args([
        "serve",
        "--data",
        data_is,
        "--sip",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
    ]));
    assert!(empty.status.success(), "{}", err(&empty));
    assert_eq!(sample(&["--sip", &busy, "--http", "127.0.0.1:0"]).status.code(), Some(1));
    assert!(!data.join("passwords.toml").exists());
    let filled = until_ready(Command::new(env!("CARGO_BIN_EXE_nohold")).args([
        "serve",
        "--sample",
        "--data",
        data_is,
        "--sip",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
    ]));
    let said = out(&filled);
    assert!(said.contains("passwords: ") && !said.contains("configured already"), "{said}{}", err(&filled));
}

#[test]
fn one_port_for_sip_and_http_is_named_as_that() {
    let data = folder("one-port").join("data");
    let output =
        nohold(&["serve", "--data", data.to_str().unwrap(), "--sip", "0.0.0.0:5060", "--http", "127.0.0.1:5060"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("--sip and --http both mean port 5060"), "{}", err(&output));
    assert!(!data.exists());
}

#[test]
fn passwords_are_drawn_once_for_their_owner_alone_and_never_printed() {
    let data = folder("passwords");
    let first = serve(&data, &[]);
    let file = data.join("passwords.toml");
    assert!(out(&first).contains(&format!("passwords: {}", file.display())), "{}", err(&first));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let drawn = fs::read_to_string(&file).unwrap();
    let passwords: Vec<&str> = drawn
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(_, password)| password.trim_matches('"'))
        .collect();
    assert_eq!(passwords.len(), 4, "{drawn}");
    assert!(passwords.iter().all(|password| password.len() == 20), "{drawn}");
    assert!((1..4).all(|n| passwords[n] != passwords[0]), "{drawn}");
    let second = serve(&data, &[]);
    assert_eq!(fs::read_to_string(&file).unwrap(), drawn);
    for output in [first, second] {
        let said = out(&output) + &err(&output);
        assert!(passwords.iter().all(|password| !said.contains(password)), "{said}");
    }
}

#[test]
fn passwords_come_from_the_environment_and_from_files_or_are_missed_by_name() {
    let here = folder("secrets");
    let text = r#"
        [site]
        zone = "Asia/Shanghai"
        country = "CN"
        [extensions.2000]
        password = { file = "2000.secret" }
        [extensions.2001]
        password = { env = "NOHOLD_TEST_2001" }
    "#;
    fs::write(here.join("a.toml"), text).unwrap();
    let run = |set: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nohold"));
        command.args(["serve", "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0", "--scenario"]).arg(here.join("a.toml"));
        command.arg("--data").arg(here.join("data")).env_remove("NOHOLD_TEST_2001");
        if set {
            command.env("NOHOLD_TEST_2001", "from the environment");
        }
        until_ready(&mut command)
    };
    assert!(err(&run(true)).contains("extensions.2000.password: the password should stand in"), "{}", err(&run(true)));
    fs::write(here.join("2000.secret"), "from a file\n").unwrap();
    assert!(err(&run(false)).contains("environment variable NOHOLD_TEST_2001: set it"), "{}", err(&run(false)));
    let output = run(true);
    assert!(out(&output).contains("ready: "), "{}", err(&output));
    let said = out(&output) + &err(&output);
    assert!(!said.contains("from a file") && !said.contains("from the environment"), "{said}");
}

#[test]
fn a_data_folder_in_use_is_left_alone() {
    let data = folder("in-use");
    let lock = fs::File::create(data.join("lock")).unwrap();
    lock.try_lock().unwrap();
    let output = serve(&data, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("in use by another nohold"), "{}", err(&output));
    assert!(!data.join("passwords.toml").exists());
    drop(lock);
    assert!(!err(&serve(&data, &[])).contains("in use"));
}

#[test]
fn a_data_folder_that_cannot_be_is_named() {
    let here = folder("no-folder");
    fs::write(here.join("file"), "").unwrap();
    let output = serve(&here.join("file"), &[]);
    assert!(err(&output).contains("cannot use the data folder"), "{}", err(&output));
}

#[test]
fn a_busy_port_is_named() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = serve(&folder("busy"), &["--recordings", folder("busy-recordings").to_str().unwrap()]);
    assert!(!err(&output).contains("busy"), "{}", err(&output));
    let data = folder("busy");
    let output = nohold(&[
        "serve",
        "--scenario",
        SHIPPED,
        "--data",
        data.to_str().unwrap(),
        "--sip",
        &address,
        "--http",
        "127.0.0.1:0",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains(&format!("UDP port {address} is busy")), "{}", err(&output));
}
