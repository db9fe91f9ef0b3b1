//! Day-one telephony on the real program: phones call each other, the outside, queues and flows.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use nohold_e2e::ear::Ear;
use nohold_e2e::house::{CLOSED, CUSTOMER, DIRECT, House, SOON, SUPPORT, Wishes, star};
use nohold_phone::{Behaviour, Call, CallState};

/// Waits until two calls hear each other's tone.
async fn hear_each_other(a: &Call, b: &Call) {
    a.play_tone(440.0);
    b.play_tone(700.0);
    b.wait_tone(440.0, SOON).await.unwrap();
    a.wait_tone(700.0, SOON).await.unwrap();
}

#[tokio::test]
async fn colleagues_call_each_other() {
    let house = House::open(Wishes::default()).await.unwrap();
    let (li, na) = (house.phone("2000").await.unwrap(), house.phone("3000").await.unwrap());
    let mut call = li.dial("3000").await.unwrap();
    let incoming = na.next_call(SOON).await.unwrap();
    assert_eq!((incoming.caller().as_str(), incoming.caller_name().as_deref()), ("2000", Some("Desk 2000")));
    incoming.ring().unwrap();
    assert_eq!(call.wait_ringing(SOON).await.unwrap(), CallState::Ringing);
    let answered = incoming.answer().await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    hear_each_other(&call, &answered).await;
    call.hold().await.unwrap();
    answered.wait_speech(SOON).await.unwrap();
    call.resume().await.unwrap();
    answered.wait_tone(440.0, SOON).await.unwrap();
    call.hang_up().await.unwrap();
    answered.wait_ended(SOON).await.unwrap();
}

#[tokio::test]
async fn a_colleague_who_is_busy_or_not_there_is_said_so() {
    let house = House::open(Wishes::default()).await.unwrap();
    let li = house.phone("2000").await.unwrap();
    let call = li.dial("3000").await.unwrap();
    assert_eq!(call.wait_ended(SOON).await.unwrap().status, Some(480), "nobody is registered there");
    let na = house.phone("3000").await.unwrap();
    na.behave(Behaviour::declines(486));
    let call = li.dial("3000").await.unwrap();
    assert_eq!(call.wait_ended(SOON).await.unwrap().status, Some(486));
    let call = li.dial("3999").await.unwrap();
    assert_eq!(call.wait_ended(SOON).await.unwrap().status, Some(404));
}

#[tokio::test]
async fn outside_by_right_with_a_number_of_ours_shown() {
    let house = House::open(Wishes::default()).await.unwrap();
    let li = house.phone("2000").await.unwrap();
    let call = li.dial("13800138000").await.unwrap();
    let incoming = house.carrier.next_call(SOON).await.unwrap();
    assert_eq!((incoming.called().as_str(), incoming.caller().as_str()), (CUSTOMER, SUPPORT));
    let answered = incoming.answer().await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    hear_each_other(&call, &answered).await;
    // Extension 3000 has no such right, and hears so.
    let na = house.phone("3000").await.unwrap();
    let refused = na.dial("13800138001").await.unwrap();
    refused.wait_speech(SOON).await.unwrap();
    assert_eq!(refused.wait_ended(SOON).await.unwrap().status, Some(403));
    assert!(house.carrier.next_call(Duration::from_millis(300)).await.is_err(), "nothing went out");
}

#[tokio::test]
async fn emergency_numbers_go_out_from_every_phone() {
    let house = House::open(Wishes::default()).await.unwrap();
    let na = house.phone("3000").await.unwrap();
    let call = na.dial("110").await.unwrap();
    let incoming = house.carrier.next_call(SOON).await.unwrap();
    assert_eq!(incoming.called(), "110");
    let answered = incoming.answer().await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    hear_each_other(&call, &answered).await;
}

#[tokio::test]
async fn a_caller_waits_with_music_and_is_given_to_the_agent_who_signs_in() {
    let house = House::open(Wishes::default()).await.unwrap();
    let agent = house.phone("2000").await.unwrap();
    let mut caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    caller.wait_speech(SOON).await.unwrap();
    star(&agent, "*10").await.unwrap();
    let offer = agent.next_call(SOON).await.unwrap();
    // As everybody in the country of the site writes it.
    assert_eq!(offer.caller(), "13800138000");
    assert!(!offer.asks_for_auto_answer());
    let at_work = offer.answer().await.unwrap();
    // The agent hears a whisper and the caller the agent's number; then both hear each other.
    hear_each_other(&caller, &at_work).await;
    caller.hang_up().await.unwrap();
    let at_work = at_work;
    at_work.wait_ended(SOON).await.unwrap();
}

#[tokio::test]
async fn an_agent_phone_that_may_answer_by_itself_is_asked_to() {
    let house = House::open(Wishes::default()).await.unwrap();
    let agent = house.agent("2001").await.unwrap();
    let _caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    assert!(agent.next_call(SOON).await.unwrap().asks_for_auto_answer());
}

#[tokio::test]
async fn an_agent_on_a_direct_call_gets_no_caller_before_it_ends() {
    let house = House::open(Wishes::default()).await.unwrap();
    let (agent, na) = (house.agent("2000").await.unwrap(), house.phone("3000").await.unwrap());
    na.behave(Behaviour::answers_after(Duration::ZERO));
    let mut call = agent.dial("3000").await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    let caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    assert!(agent.next_call(Duration::from_secs(2)).await.is_err(), "the agent is talking");
    call.hang_up().await.unwrap();
    agent.next_call(SOON).await.unwrap();
}

#[tokio::test]
async fn after_the_longest_wait_the_menu_comes_and_2_is_thanked_for() {
    let house = House::open(Wishes { longest_wait: "5s", ..Wishes::default() }).await.unwrap();
    let caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    Ear::new("en").hears_begin(&caller, "queue-menu", SOON).await.unwrap();
    caller.press("2").await.unwrap();
    // Thanks, the last digits, the promise, "you may hang up now"; then we end the call.
    let end = caller.wait_ended(Duration::from_secs(40)).await.unwrap();
    assert_eq!(end.by, nohold_phone::Party::Them, "{}", caller.log());
    let spoken = caller.recording().len() / 8_000;
    assert!(spoken > 8, "only {spoken} s were heard");
}

#[tokio::test]
async fn after_hours_3_leaves_a_message_that_is_kept() {
    let house = House::open(Wishes::default()).await.unwrap();
    let caller = house.calls(CUSTOMER, CLOSED).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    caller.wait_speech(SOON).await.unwrap();
    caller.press("3").await.unwrap();
    Ear::new("en").hears_begin(&caller, "message-greeting", SOON).await.unwrap();
    // The end key cuts the greeting short; the tone follows.
    caller.press("#").await.unwrap();
    caller.wait_heard("the tone", SOON, |heard| heard.tone().is_some()).await.unwrap();
    caller.wait_silence(SOON).await.unwrap();
    caller.play_tone(600.0);
    // The length of the message.
    tokio::time::sleep(Duration::from_secs(4)).await;
    caller.press("#").await.unwrap();
    caller.wait_ended(Duration::from_secs(20)).await.unwrap();
    let recordings = house.server.data().join("recordings");
    let files: Vec<_> = std::fs::read_dir(&recordings).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}\n{}", house.server.output()) };
    let samples = nohold_phone::read_wav(file).unwrap();
    assert!(samples.len() > 3 * 8_000, "{} samples", samples.len());
    let tone = nohold_phone::tone_of(&samples[samples.len() / 2..samples.len() / 2 + 1_600]);
    assert!(tone.is_some_and(|tone| (tone - 600.0).abs() <= 2.0), "{tone:?}");
}

#[tokio::test]
async fn a_direct_number_rings_its_phone_and_goes_on_to_the_queue() {
    let house = House::open(Wishes::default()).await.unwrap();
    let phone = house.phone("2002").await.unwrap();
    let mut caller = house.calls(CUSTOMER, DIRECT).await.unwrap();
    let incoming = phone.next_call(SOON).await.unwrap();
    incoming.ring().unwrap();
    assert_eq!(caller.wait_ringing(SOON).await.unwrap(), CallState::Ringing, "the caller pays nothing yet");
    // Nobody answers for two seconds.
    caller.wait_answered(SOON).await.unwrap();
    caller.wait_speech(SOON).await.unwrap();
    caller.hang_up().await.unwrap();
}

#[tokio::test]
async fn echo_and_a_flow_are_tried_by_star_codes() {
    let house = House::open(Wishes::default()).await.unwrap();
    let phone = house.phone("3000").await.unwrap();
    let mut echo = phone.dial("*43").await.unwrap();
    echo.wait_answered(SOON).await.unwrap();
    echo.play_tone(520.0);
    echo.wait_tone(520.0, Duration::from_secs(20)).await.unwrap();
    echo.hang_up().await.unwrap();
    let flow = phone.dial("*77700").await.unwrap();
    flow.wait_answered(SOON).await.unwrap();
    flow.wait_speech(SOON).await.unwrap();
}

#[tokio::test]
async fn star_codes_move_an_agent_in_and_out_of_the_line() {
    let house = House::open(Wishes::default()).await.unwrap();
    let agent = house.agent("2000").await.unwrap();
    star(&agent, "*13").await.unwrap();
    let caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    assert!(agent.next_call(Duration::from_millis(1_500)).await.is_err(), "not ready");
    star(&agent, "*14").await.unwrap();
    agent.next_call(SOON).await.unwrap().decline(603).unwrap();
    star(&agent, "*11").await.unwrap();
    let no_agent = house.phone("3000").await.unwrap();
    star(&no_agent, "*10").await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_killed_starts_again_and_takes_calls() {
    let mut house = House::open(Wishes::default()).await.unwrap();
    let caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    house.server.kill().await.unwrap();
    house.server.start_again().await.unwrap();
    let again = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    again.wait_answered(SOON).await.unwrap();
}

#[tokio::test]
async fn the_trace_shows_calls_with_masked_numbers_and_no_password() {
    let house = House::open(Wishes::default()).await.unwrap();
    let li = house.phone("2000").await.unwrap();
    let _call = li.dial("13800138000").await.unwrap();
    let _incoming = house.carrier.next_call(SOON).await.unwrap();
    let output = house.server.output();
    assert!(output.contains("INVITE sip:138****8000@") || output.contains("138****8000"), "{output}");
    assert!(!output.contains("13800138000"), "a whole number is in the trace");
    assert!(
        !output.contains("response=\"") || output.contains("response=\"…"),
        "an answer to a challenge is in the trace"
    );
}
