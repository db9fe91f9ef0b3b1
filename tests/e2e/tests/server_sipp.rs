//! The server and SIPp: as a phone that proves its password, as a carrier, as a phone behind a NAT.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use nohold_e2e::house::{CUSTOMER, DIRECT, House, SOON, SUPPORT, Wishes, password};
use nohold_e2e::sipp::{Counts, Sipp};
use nohold_phone::{Behaviour, Party};

/// Memory of the server may grow so much by a few hundred calls, in kB.
const GROWTH_KB: u64 = 24_000;

fn all(calls: u64) -> Counts {
    Counts { successful: calls, failed: 0 }
}

/// The end of what the server has said.
fn last_words(house: &House) -> String {
    let said = house.server.output();
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(200)..].join("\n")
}

/// SIPp as the phone of an extension.
fn phone(scenario: &str, extension: &str) -> Sipp {
    Sipp::scenario(scenario).unwrap().word("caller", extension).password(extension, &password(extension))
}

/// SIPp at the carrier's address: a customer who calls this number.
fn customer(house: &House, scenario: &str, number: &str) -> Sipp {
    Sipp::scenario(scenario).unwrap().at(house.carrier.address().ip()).word("caller", CUSTOMER).service(number)
}

#[tokio::test]
async fn sipp_asks_registers_and_calls_with_its_password() {
    let house = House::open(Wishes::default()).await.unwrap();
    let na = house.phone("3000").await.unwrap();
    na.behave(Behaviour::answers_after(Duration::ZERO));
    let options = Sipp::scenario("options").unwrap().word("caller", "2000").service("anybody");
    assert_eq!(options.call(house.address()).await.unwrap(), all(1));
    for sipp in [phone("register", "2000").word("expires", "60"), phone("call_auth", "2000").service("3000")] {
        assert_eq!(sipp.call(house.address()).await.unwrap(), all(1));
    }
    let tcp = phone("call_auth", "2000").service("3000").tcp();
    assert_eq!(tcp.call(house.address()).await.unwrap(), all(1));
    let past = na.past_calls();
    assert!(past.len() == 2 && past.iter().all(|call| call.answered && call.caller == "2000"), "{past:?}");
    // Who does not know the password gets neither.
    for scenario in ["register", "call_auth"] {
        let wrong = Sipp::scenario(scenario).unwrap().word("caller", "2000").word("expires", "60").service("3000");
        let wrong = wrong.password("2000", "wrong").limit(Duration::from_secs(4));
        assert_eq!(wrong.call(house.address()).await.unwrap(), Counts { successful: 0, failed: 1 });
    }
}

#[tokio::test]
async fn a_star_code_says_its_word_to_sipp_and_hangs_up() {
    let house = House::open(Wishes::default()).await.unwrap();
    let sipp = phone("called_bye_auth", "2000").service("*10");
    assert_eq!(sipp.call(house.address()).await.unwrap(), all(1));
}

#[tokio::test]
async fn sipp_gives_up_while_the_phone_rings() {
    let house = House::open(Wishes::default()).await.unwrap();
    let phone = house.phone("2002").await.unwrap();
    let sipp = customer(&house, "cancel", DIRECT).start(Some(house.address())).unwrap();
    let incoming = phone.next_call(SOON).await.unwrap();
    incoming.ring().unwrap();
    assert_eq!(sipp.finish().await.unwrap(), all(1));
    assert_eq!(incoming.wait_ended(SOON).await.unwrap().by, Party::Them);
}

#[tokio::test]
async fn sipp_holds_and_presses_a_key_by_info_in_the_line() {
    let house = House::open(Wishes::default()).await.unwrap();
    assert_eq!(customer(&house, "reinvite", SUPPORT).call(house.address()).await.unwrap(), all(1));
}

#[tokio::test]
async fn sipp_waits_too_long_presses_2_and_is_thanked_and_hung_up_on() {
    let house = House::open(Wishes { longest_wait: "5s", ..Wishes::default() }).await.unwrap();
    let sipp = customer(&house, "wait_key_2", SUPPORT).limit(Duration::from_secs(45));
    assert_eq!(sipp.call(house.address()).await.unwrap(), all(1));
}

#[tokio::test]
async fn calls_go_well_where_one_message_in_twenty_is_lost() {
    let house = House::open(Wishes::default()).await.unwrap();
    let sipp = customer(&house, "call", SUPPORT).calls(50, 25).with(&["-lost", "5"]).limit(Duration::from_secs(45));
    assert_eq!(sipp.call(house.address()).await.unwrap(), all(50));
}

#[tokio::test]
async fn a_crowd_is_answered_and_leaves_nothing_behind() {
    let house = House::open(Wishes::default()).await.unwrap();
    let crowd = |calls| customer(&house, "call", SUPPORT).calls(calls, 20).call(house.address());
    assert_eq!(crowd(20).await.unwrap(), all(20));
    let before = house.server.memory_kb().unwrap();
    // More than the server has ports for at once: what does not go leaves none for those who come.
    let counts = crowd(200).await.unwrap_or_else(|problem| panic!("{problem}\n{}", last_words(&house)));
    assert_eq!(counts, all(200));
    let grown = house.server.memory_kb().unwrap().saturating_sub(before);
    assert!(grown < GROWTH_KB, "the server has grown from {before} kB by {grown} kB");
    let caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    caller.wait_speech(SOON).await.unwrap();
}

#[tokio::test]
async fn a_phone_that_names_an_address_nobody_reaches_is_called_and_heard() {
    let house = House::open(Wishes::default()).await.unwrap();
    let register = phone("nat_register", "3000").word("expires", "60");
    let port = register.address().port();
    assert_eq!(register.call(house.address()).await.unwrap(), all(1));
    let sipp = Sipp::scenario("nat_answer").unwrap().port(port).with(&["-rtp_echo"]).listen().unwrap();
    let li = house.phone("2000").await.unwrap();
    let mut call = li.dial("3000").await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    call.play_tone(440.0);
    call.wait_tone(440.0, SOON).await.unwrap();
    call.hang_up().await.unwrap();
    assert_eq!(sipp.finish().await.unwrap(), all(1));
}
