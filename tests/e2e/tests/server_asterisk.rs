//! The server and Asterisk 22: as a phone, and as a trunk with which we register.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::net::SocketAddr;
use std::time::Duration;

use nohold_e2e::asterisk::{Account, Asterisk, Digest, Settings};
use nohold_e2e::house::{House, SOON, SUPPORT, Wishes, password, trunk_at};
use nohold_e2e::tone_of;

/// A number outside at which Asterisk answers with 440 Hz, and one at which it is busy.
const ANSWERS: &str = "13800138440";
const BUSY: &str = "13800138486";

/// Extensions that are asked by SHA-256.
fn modern() -> Wishes {
    let more = format!("[extensions.3001]\npassword = \"{}\"\ndigest = \"sha256\"\n", password("3001"));
    Wishes { more, ..Wishes::default() }
}

/// The account of an extension, whose calls Asterisk answers with 440 Hz.
fn account(house: &House, extension: &str, digest: Digest) -> Account {
    let name = format!("phone-{extension}");
    Account::new(&name, extension, &password(extension), house.address()).digest(digest).registered_for("tone440")
}

/// An Asterisk that has an account for us, and a house that has it as its trunk and registers there.
async fn trunk(digest: Digest) -> (Asterisk, House) {
    let asterisk = Asterisk::start(Settings::new().user("nohold", "secret of the trunk", digest)).await.unwrap();
    let house = House::open(Wishes { trunk: Some(registering(asterisk.sip)), ..Wishes::default() }).await.unwrap();
    let registered = |said: &str| said.contains(&format!("sip:nohold@{}", house.address()));
    asterisk.wait_said("pjsip show contacts", SOON, registered).await.unwrap();
    (asterisk, house)
}

fn registering(at: SocketAddr) -> String {
    format!("{}user = \"nohold\"\npassword = \"secret of the trunk\"\nregister = true", trunk_at(at))
}

#[tokio::test]
async fn asterisk_is_a_phone_by_md5_and_by_sha_256() {
    let house = House::open(modern()).await.unwrap();
    let accounts = [account(&house, "3000", Digest::Md5), account(&house, "3001", Digest::Sha256)];
    let settings = accounts.iter().fold(Settings::new(), |settings, account| settings.account(account));
    let asterisk = Asterisk::start(settings).await.unwrap();
    let li = house.phone("2000").await.unwrap();
    for extension in ["3000", "3001"] {
        asterisk.wait_registered(&format!("phone-{extension}"), SOON).await.unwrap();
        let mut call = li.dial(extension).await.unwrap();
        call.wait_tone(440.0, SOON).await.unwrap();
        call.hang_up().await.unwrap();
    }
}

#[tokio::test]
async fn asterisk_hears_itself_in_the_echo_test_with_session_timers() {
    let house = House::open(modern()).await.unwrap();
    let account = account(&house, "3001", Digest::Sha256).with_session_timers();
    let asterisk = Asterisk::start(Settings::new().account(&account)).await.unwrap();
    asterisk.wait_registered("phone-3001", SOON).await.unwrap();
    asterisk.call("phone-3001", "*43", "listen440").await.unwrap();
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    // What is heard before is the server's word.
    let is_echo = |heard: &[i16]| {
        let last = heard.len().checked_sub(1_600).map(|from| &heard[from..]);
        last.and_then(tone_of).is_some_and(|tone| (tone - 440.0).abs() <= 2.0)
    };
    while !asterisk.heard().is_ok_and(|heard| is_echo(&heard)) {
        assert!(tokio::time::Instant::now() < end, "no echo: {:?}\n{}", asterisk.heard().err(), asterisk.output());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let said = house.server.output();
    let agreed = said.split("SIP/2.0 200").skip(1).any(|answer| {
        answer.lines().take_while(|line| !line.trim().is_empty()).any(|line| line.contains("Session-Expires:"))
    });
    assert!(agreed, "{said}");
}

#[tokio::test]
async fn calls_go_out_by_asterisk_as_a_trunk_that_asks_by_md5() {
    let (_asterisk, house) = trunk(Digest::Md5).await;
    let li = house.phone("2000").await.unwrap();
    let mut call = li.dial(ANSWERS).await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    call.wait_tone(440.0, SOON).await.unwrap();
    call.hang_up().await.unwrap();
    let busy = li.dial(BUSY).await.unwrap();
    assert_eq!(busy.wait_ended(SOON).await.unwrap().status, Some(486), "{}", busy.log());
}

#[tokio::test]
async fn calls_come_in_and_go_out_by_asterisk_as_a_trunk_that_asks_by_sha_256() {
    let (asterisk, house) = trunk(Digest::Sha256).await;
    let agent = house.agent("2000").await.unwrap();
    // A caller of the line, who sends 440 Hz.
    asterisk.call("nohold", SUPPORT, "listen440").await.unwrap();
    let mut at_work = agent.next_call(SOON).await.unwrap().answer().await.unwrap();
    at_work.play_tone(700.0);
    at_work.wait_tone(440.0, SOON).await.unwrap();
    // The length of what Asterisk is to hear.
    tokio::time::sleep(Duration::from_secs(1)).await;
    at_work.hang_up().await.unwrap();
    asterisk.wait_said("core show channels count", SOON, |said| said.contains("0 active calls")).await.unwrap();
    let heard = asterisk.heard().unwrap();
    let tones = heard.chunks_exact(1_600).filter_map(tone_of).filter(|tone| (tone - 700.0).abs() <= 2.0).count();
    assert!(tones >= 3, "{} samples", heard.len());
    let call = agent.dial(ANSWERS).await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    call.wait_tone(440.0, SOON).await.unwrap();
}
