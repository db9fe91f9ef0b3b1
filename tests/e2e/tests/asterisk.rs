//! Asterisk, our phone and baresip: digest with both algorithms, tones, keys.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail like tests")]

use std::time::Duration;

use nohold_e2e::asterisk::{Account, Asterisk, Digest, Settings};
use nohold_e2e::baresip;
use nohold_e2e::sipp::{Counts, Sipp};
use nohold_phone::{CallState, Party, Phone, PhoneError, PhoneSettings, Transport};

const LIMIT: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);

async fn phone(user: &str, password: &str, asterisk: &Asterisk) -> Phone {
    Phone::start(PhoneSettings::new(user).password(password).server(asterisk.sip)).await.unwrap()
}

#[tokio::test]
async fn phones_register_with_each_algorithm_and_a_wrong_password_is_refused() {
    let users = Settings::new().user("anna", "secret", Digest::Md5).user("bert", "secret", Digest::Sha256).user(
        "carl",
        "secret",
        Digest::Both,
    );
    let asterisk = Asterisk::start(users).await.unwrap();
    for user in ["anna", "bert", "carl"] {
        let phone = phone(user, "secret", &asterisk).await;
        phone.register(MINUTE).await.unwrap();
        let listed = asterisk.command("pjsip show contacts").await.unwrap();
        assert!(listed.contains(&format!("sip:{user}@{}", phone.address())), "{listed}");
        phone.unregister().await.unwrap();
        let listed = asterisk.command("pjsip show contacts").await.unwrap();
        assert!(!listed.contains(&format!("sip:{user}@")), "{listed}");
        let wrong = self::phone(user, "wrong", &asterisk).await;
        let problem = wrong.register(MINUTE).await.unwrap_err();
        assert!(matches!(problem, PhoneError::Refused { status: 401 | 403, .. }), "{problem}");
    }
    let settings = PhoneSettings::new("bert").password("secret").server(asterisk.sip).transport(Transport::Tcp);
    let tcp = Phone::start(settings).await.unwrap();
    tcp.register(MINUTE).await.unwrap();
    let call = tcp.dial("milliwatt").await.unwrap();
    call.wait_tone(1_004.0, LIMIT).await.unwrap();
    let sipp =
        Sipp::scenario("register").unwrap().word("caller", "anna").word("expires", "60").password("anna", "secret");
    assert_eq!(sipp.call(asterisk.sip).await.unwrap(), Counts { successful: 1, failed: 0 });
    let sipp = Sipp::scenario("call_auth").unwrap().service("echo").word("caller", "anna").password("anna", "secret");
    assert_eq!(sipp.call(asterisk.sip).await.unwrap(), Counts { successful: 1, failed: 0 });
}

#[tokio::test]
async fn the_dial_plan_is_heard() {
    let mut asterisk = Asterisk::start(Settings::new().user("bert", "secret", Digest::Sha256)).await.unwrap();
    let phone = phone("bert", "secret", &asterisk).await;
    let echo = phone.dial("echo").await.unwrap();
    echo.play_tone(440.0);
    echo.wait_tone(440.0, LIMIT).await.unwrap();
    let early = phone.dial("early").await.unwrap();
    early.wait_tone(440.0, LIMIT).await.unwrap();
    assert_eq!(early.state(), CallState::EarlyMedia);
    let busy = phone.dial("busy").await.unwrap().wait_ended(LIMIT).await.unwrap();
    assert_eq!((busy.by, busy.status), (Party::Them, Some(486)), "{busy}");
    let bye = phone.dial("bye").await.unwrap();
    let ring = phone.dial("ring").await.unwrap();
    ring.wait_ringing(LIMIT).await.unwrap();
    let keys = phone.dial("keys").await.unwrap();
    keys.wait_answered(LIMIT).await.unwrap();
    keys.press("12*3").await.unwrap();
    asterisk.wait_line("keys read: 12*3", LIMIT).await.unwrap();
    bye.wait_answered(LIMIT).await.unwrap();
    assert_eq!(bye.wait_ended(LIMIT).await.unwrap().by, Party::Them);
    asterisk.hang_up_all().await.unwrap();
    echo.wait_ended(LIMIT).await.unwrap();
    asterisk.wait_said("core show channels count", LIMIT, |said| said.contains("0 active calls")).await.unwrap();
    assert_eq!(asterisk.calls().await.unwrap(), 0);
}

#[tokio::test]
async fn asterisk_is_a_trunk_and_a_phone_of_another_and_joins_users() {
    let office = Settings::new().user("trunk", "secret", Digest::Sha256).user("bert", "secret", Digest::Md5);
    let office = Asterisk::start(office).await.unwrap();
    let account =
        Account::new("office", "trunk", "secret", office.sip).digest(Digest::Sha256).registered_for("tone440");
    let phone = phone("bert", "secret", &office).await;
    let direct = Account::new("direct", "carrier", "none", phone.address());
    let outside = Asterisk::start(Settings::new().account(&account).account(&direct)).await.unwrap();
    outside.wait_registered("office", LIMIT).await.unwrap();

    // The office calls the account, as it would call a phone.
    phone.register(MINUTE).await.unwrap();
    let call = phone.dial("user-trunk").await.unwrap();
    call.wait_tone(440.0, LIMIT).await.unwrap();
    drop(call);
    // The outside calls a phone directly, as a carrier does.
    outside.call("direct", "600", "milliwatt").await.unwrap();
    let incoming = phone.next_call(LIMIT).await;
    let incoming = incoming.unwrap_or_else(|problem| panic!("{problem}\n{}", outside.output()));
    assert_eq!((incoming.called().as_str(), incoming.caller().as_str()), ("600", "carrier"));
    let call = incoming.answer().await.unwrap();
    call.wait_tone(1_004.0, LIMIT).await.unwrap();
    drop(call);
    assert!(outside.command("no such thing").await.is_err());
    // The outside calls a user of the office through it, with its password.
    outside.call("office", "user-bert", "tone440").await.unwrap();
    let call = phone.next_call(LIMIT).await.unwrap().answer().await.unwrap();
    call.wait_tone(440.0, LIMIT).await.unwrap();
}

#[tokio::test]
async fn baresip_registers_and_is_called_through_asterisk() {
    let users = Settings::new().user("anna", "secret", Digest::Md5).user("bert", "secret", Digest::Sha256);
    let asterisk = Asterisk::start(users).await.unwrap();
    let settings = baresip::Settings::new("anna").register(asterisk.sip, "secret").tone(700.0).answering();
    let mut baresip = baresip::Baresip::start(settings).await.unwrap();
    baresip.wait_registered(LIMIT).await.unwrap();
    let phone = phone("bert", "secret", &asterisk).await;
    let mut call = phone.dial("user-anna").await.unwrap();
    call.wait_tone(700.0, LIMIT).await.unwrap();
    call.hang_up().await.unwrap();
    baresip.wait_closed(LIMIT).await.unwrap();
}
