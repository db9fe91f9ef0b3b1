use super::*;

fn settings() -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        data: folder.path().join("data"),
        data_is_chosen: false,
        sip: "127.0.0.1:0".parse().unwrap(),
        public_address: None,
        local_networks: Vec::new(),
        sip_trace: false,
        rtp_ports: 42_000..=42_010,
        browser_port: None,
        page_waits_for: std::time::Duration::from_secs(30),
        relays: Vec::new(),
        http: "127.0.0.1:0".parse().unwrap(),
        https: false,
        certificate: None,
        behind_proxy: Vec::new(),
        most_connections: 3_000,
        most_connections_from_one: 300,
        recordings: folder.path().join("recordings"),
    };
    (folder, settings)
}

fn verdict(findings: &[Finding], what: &str) -> Option<Verdict> {
    findings.iter().find(|finding| finding.what == what).map(|finding| finding.verdict)
}

#[test]
fn a_busy_port_is_bad_and_the_mend_is_told() {
    let (_folder, mut settings) = settings();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    settings.http = taken.local_addr().unwrap();
    let findings = look(&settings);
    assert_eq!(verdict(&findings, "HTTP"), Some(Verdict::Bad), "{findings:?}");
    assert_eq!(verdict(&findings, "SIP"), Some(Verdict::Good), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.seen.contains("--http")));
}

#[test]
fn a_server_that_runs_here_has_its_ports_and_that_is_no_fault() {
    let (_folder, settings) = settings();
    let _running = DataFolder::open(&settings.data).unwrap();
    std::fs::write(settings.data.join("nohold.db"), "").unwrap();
    let findings = look(&settings);
    assert_eq!(verdict(&findings, "SIP"), None);
    assert!(findings.iter().all(|finding| finding.verdict != Verdict::Bad), "{findings:?}");
}

#[test]
fn a_folder_that_is_not_there_is_not_made_and_bad_only_where_it_was_chosen() {
    let (_folder, mut settings) = settings();
    let findings = look(&settings);
    assert_eq!(verdict(&findings, "data folder"), Some(Verdict::Good), "{findings:?}");
    settings.data_is_chosen = true;
    let findings = look(&settings);
    assert_eq!(verdict(&findings, "data folder"), Some(Verdict::Bad), "{findings:?}");
    assert!(findings[0].seen.contains("there is no installation in"), "{findings:?}");
    assert!(!settings.data.exists());
}

#[test]
fn one_port_for_two_things_is_named_as_that() {
    let (_folder, mut settings) = settings();
    (settings.sip, settings.http) = ("0.0.0.0:5060".parse().unwrap(), "127.0.0.1:5060".parse().unwrap());
    let findings = look(&settings);
    assert!(
        findings.iter().any(|finding| finding.what == "ports" && finding.seen.contains("--sip and --http")),
        "{findings:?}"
    );
    assert_eq!(verdict(&findings, "HTTP"), None, "it is told once");
    settings.sip = "127.0.0.1:42004".parse().unwrap();
    assert!(look(&settings).iter().any(|finding| finding.seen.contains("--rtp-ports")), "{findings:?}");
}

#[test]
fn recordings_need_a_folder_that_can_be_written() {
    let (folder, mut settings) = settings();
    assert_eq!(verdict(&look(&settings), "recordings"), Some(Verdict::Good));
    std::fs::write(folder.path().join("file"), "").unwrap();
    settings.recordings = folder.path().join("file").join("below");
    assert_eq!(verdict(&look(&settings), "recordings"), Some(Verdict::Bad));
    assert!(!folder.path().join("recordings").exists(), "nothing is made");
}

#[test]
fn a_file_is_no_data_folder_and_proc_takes_no_recordings() {
    let (_folder, mut settings) = settings();
    std::fs::write(&settings.data, "").unwrap();
    settings.recordings = "/proc/recordings".into();
    let findings = look(&settings);
    assert!(findings[0].verdict == Verdict::Bad && findings[0].seen.contains("it is a file"), "{findings:?}");
    assert_eq!(verdict(&findings, "recordings"), Some(Verdict::Bad), "{findings:?}");
}

#[test]
fn only_even_ports_are_looked_at_and_counted_and_an_address_of_others_is_told_once() {
    let (_folder, mut settings) = settings();
    // The kernel chooses: an even port that is taken, or the odd one beside it.
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() & !1;
    let odd = UdpSocket::bind(("127.0.0.1", taken + 1));
    settings.rtp_ports = taken..=taken + 3;
    if odd.is_ok() && UdpSocket::bind(("127.0.0.1", taken)).is_ok() {
        let finding = audio_ports(&settings).unwrap();
        assert!(!finding.seen.contains(&format!("such as {}", taken + 1)), "{finding}");
    }
    let even = UdpSocket::bind(("127.0.0.1", taken));
    if even.is_ok() {
        assert_eq!(audio_ports(&settings).unwrap().verdict, Verdict::Doubtful);
    }
    settings.rtp_ports = 42_000..=42_010;
    assert!(audio_ports(&settings).is_none_or(|finding| !finding.seen.contains("11 legs")));
    settings.sip = "192.0.2.1:5060".parse().unwrap();
    assert_eq!(audio_ports(&settings), None);
}

#[test]
fn a_wide_network_of_proxies_is_told() {
    let (_folder, mut settings) = settings();
    settings.behind_proxy = vec!["10.0.0.0/8".parse().unwrap()];
    assert_eq!(verdict(&look(&settings), "proxies"), Some(Verdict::Doubtful));
}

#[test]
fn a_certificate_that_cannot_be_used_is_bad_and_one_of_our_own_making_is_doubtful_for_the_network() {
    let (folder, mut settings) = settings();
    assert_eq!(verdict(&look(&settings), "certificate"), Some(Verdict::Good));
    settings.http = "0.0.0.0:0".parse().unwrap();
    assert_eq!(verdict(&look(&settings), "certificate"), Some(Verdict::Doubtful));
    let at = |name: &str| folder.path().join(name);
    settings.certificate = Some(nohold_server::Files { certificate: at("calls.pem"), key: at("calls.key") });
    let findings = look(&settings);
    assert_eq!(verdict(&findings, "certificate"), Some(Verdict::Bad), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.seen.contains("calls.pem")));
}

#[tokio::test]
async fn an_empty_database_is_not_called_sound() {
    let (_folder, settings) = settings();
    std::fs::create_dir(&settings.data).unwrap();
    std::fs::write(settings.data.join("nohold.db"), "").unwrap();
    let found = database(&settings, false).await.unwrap();
    assert!(!found.is_current && found.finding.verdict == Verdict::Doubtful, "{}", found.finding);
}

#[tokio::test]
async fn a_database_is_sound_damaged_or_another_programs() {
    let (_folder, settings) = settings();
    assert!(database(&settings, false).await.is_none());
    std::fs::create_dir(&settings.data).unwrap();
    nohold_store::SqliteStore::open(&settings.data).await.unwrap().close().await;
    let found = database(&settings, true).await.unwrap();
    assert!(found.is_current);
    let found = found.finding;
    assert!(found.verdict == Verdict::Good && found.seen.contains("in use by a server"), "{found}");
    std::fs::write(settings.data.join("nohold.db"), "no database, but some text that is long enough").unwrap();
    let found = database(&settings, false).await.unwrap();
    assert!(!found.is_current);
    let found = found.finding;
    assert!(found.verdict == Verdict::Bad && found.seen.contains("not a database of Nohold"), "{found}");
}

#[test]
fn an_address_that_the_internet_cannot_reach_is_doubtful() {
    let (_folder, mut settings) = settings();
    settings.sip = "10.1.2.3:5060".parse().unwrap();
    assert_eq!(address(&settings).verdict, Verdict::Doubtful);
    settings.public_address = Some("192.168.0.1".parse().unwrap());
    assert_eq!(address(&settings).verdict, Verdict::Doubtful);
    settings.public_address = Some("203.0.113.7".parse().unwrap());
    assert_eq!(address(&settings).verdict, Verdict::Good);
    settings.sip = "127.0.0.1:5060".parse().unwrap();
    let told = address(&settings);
    assert!(told.verdict == Verdict::Doubtful && told.seen.contains("nobody outside reaches"), "{told}");
}
