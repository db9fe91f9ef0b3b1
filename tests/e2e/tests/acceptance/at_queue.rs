//! Waiting in queue 600: the menu after the longest wait, the old place, the callback key, the agent's number.

use std::time::Duration;

use nohold_e2e::ear::{Ear, hears_speech, hears_tone};
use nohold_e2e::house::{AT_HOME, CUSTOMER, House, SOON, SUPPORT, Wishes, star};
use nohold_e2e::people::{self, AGENTS_TONE, CUSTOMERS_TONE};
use nohold_e2e::sipp::Counts;
use nohold_phone::{Behaviour, Party};
use tokio::time::Instant;

/// "Agent 2000 is at your service."
const AT_YOUR_SERVICE: [&str; 6] = ["agent-before", "digit-2", "digit-0", "digit-0", "digit-0", "agent-after"];

/// "Call from queue 600. The caller has waited less than one minute."
const WHISPER: [&str; 8] =
    ["whisper", "digit-6", "digit-0", "digit-0", "whisper-waited", "less-than", "number-1", "unit-minute"];

fn menu_soon() -> Wishes {
    Wishes { longest_wait: "5s", ..Wishes::default() }
}

#[tokio::test]
async fn at_01_the_menu_goes_on_while_an_agent_is_rung_and_is_cut_off_at_the_answer() {
    let house = House::open(menu_soon()).await.unwrap();
    let (agent, na) = (house.agent("2000").await.unwrap(), house.phone("3000").await.unwrap());
    na.behave(Behaviour::answers_after(Duration::ZERO));
    let mut busy = agent.dial("3000").await.unwrap();
    busy.wait_answered(SOON).await.unwrap();
    let caller = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    let mut ear = Ear::new("en");
    let began = ear.hears_begin(&caller, "queue-menu", SOON).await.unwrap();
    assert!(began >= Duration::from_millis(4_800), "the longest wait is five seconds, the menu came after {began:?}");
    let free = Instant::now();
    busy.hang_up().await.unwrap();
    let offer = agent.next_call(SOON).await.unwrap();
    assert!(free.elapsed() < Duration::from_secs(1), "an agent who is free is rung within a second");
    assert!(offer.caller().ends_with(AT_HOME), "{}", offer.caller());
    offer.ring().unwrap();
    // The menu goes on for at least another second.
    let so_far = ear.heard_of(&caller, "queue-menu").unwrap().unwrap().from_start;
    let end = Instant::now() + SOON;
    while ear.heard_of(&caller, "queue-menu").unwrap().unwrap().from_start < so_far + 15 {
        assert!(Instant::now() < end, "the menu stands still while the agent is rung");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let at_work = offer.answer().await.unwrap();
    ear.hears_all(&caller, &AT_YOUR_SERVICE, SOON).await.unwrap();
    assert!(!ear.heard_of(&caller, "queue-menu").unwrap().unwrap().whole, "the menu is cut off");
    at_work.play_tone(AGENTS_TONE);
    hears_tone(&caller, AGENTS_TONE, SOON).await.unwrap();
    at_work.wait_tone(CUSTOMERS_TONE, SOON).await.unwrap();
}

#[tokio::test]
async fn at_01_a_2_that_is_committed_before_the_answer_cancels_the_ringing() {
    let house = House::open(menu_soon()).await.unwrap();
    let agent = house.phone("2000").await.unwrap();
    let mut caller = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&caller, "queue-menu", SOON).await.unwrap();
    star(&agent, "*10").await.unwrap();
    let offer = agent.next_call(SOON).await.unwrap();
    offer.ring().unwrap();
    caller.press("2").await.unwrap();
    assert_eq!(offer.wait_ended(SOON).await.unwrap().by, Party::Them);
    ear.hears(&caller, "callback-thanks", SOON).await.unwrap();
    // The caller stands in the line no more, though the agent is free again.
    assert!(agent.next_call(Duration::from_secs(2)).await.is_err(), "the caller is no candidate after 2");
}

#[tokio::test]
async fn at_01_after_3_the_caller_is_no_candidate() {
    let house = House::open(menu_soon()).await.unwrap();
    let agent = house.phone("2000").await.unwrap();
    let mut caller = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&caller, "queue-menu", SOON).await.unwrap();
    caller.press("3").await.unwrap();
    ear.hears_begin(&caller, "message-greeting", SOON).await.unwrap();
    star(&agent, "*10").await.unwrap();
    assert!(agent.next_call(Duration::from_secs(2)).await.is_err(), "nobody is connected while recording");
}

#[tokio::test]
async fn at_02_1_keeps_the_place_and_the_menu_comes_after_another_longest_wait() {
    let house = House::open(Wishes { longest_wait: "5s", ..Wishes::default() }).await.unwrap();
    let mut first = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&first, "queue-menu", SOON).await.unwrap();
    // Another one comes after the first, but before the first presses 1.
    let second = house.calls("+8613900139000", SUPPORT).await.unwrap();
    second.wait_answered(SOON).await.unwrap();
    first.press("1").await.unwrap();
    ear.skip(&first).unwrap();
    let pressed = ear.position();
    let again = ear.hears_begin(&first, "queue-menu", SOON).await.unwrap();
    let waited = again.saturating_sub(pressed);
    assert!((4_500..7_500).contains(&waited.as_millis()), "the menu came again after {waited:?}");
    first.press("1").await.unwrap();
    let mut agent = people::agent(&house, "2000").await.unwrap();
    let from = agent.wait_incoming(SOON).await.unwrap();
    assert!(from.contains(AT_HOME), "who came first is served first, not {from}");
    agent.answer().await.unwrap();
    hears_tone(&first, AGENTS_TONE, SOON).await.unwrap();
    hears_tone(&agent, CUSTOMERS_TONE, SOON).await.unwrap();
    agent.hang_up().await.unwrap();
    let from = agent.wait_incoming(SOON).await.unwrap();
    assert!(from.contains("13900139000"), "{from}");
}

#[tokio::test]
async fn at_05_a_caller_who_hangs_up_in_the_line_is_offered_to_nobody() {
    let house = House::open(Wishes::default()).await.unwrap();
    let calls = people::customer_at_sipp(&house, "call", SUPPORT).unwrap().calls(5, 5);
    assert_eq!(calls.call(house.address()).await.unwrap(), Counts { successful: 5, failed: 0 });
    let mut agent = people::agent(&house, "2000").await.unwrap();
    assert!(agent.wait_incoming(Duration::from_secs(1)).await.is_err());
}

#[tokio::test]
async fn at_23_the_callback_key_is_announced_and_leads_to_the_menu_and_other_keys_do_nothing() {
    let queue = "callback_key = { digit = \"2\", announce_every = \"10s\" }";
    let house = House::open(Wishes { queue, ..Wishes::default() }).await.unwrap();
    let mut caller = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    let mut ear = Ear::new("en");
    let first = ear.hears(&caller, "callback-key", 2 * SOON).await.unwrap();
    ear.hears(&caller, "digit-2", SOON).await.unwrap();
    // Keys that are not offered do nothing, and the music goes on until it is said again.
    caller.press("7").await.unwrap();
    hears_speech(&caller, SOON).await.unwrap();
    let second = ear.hears(&caller, "callback-key", 2 * SOON).await.unwrap();
    assert!((9_500..14_000).contains(&second.saturating_sub(first).as_millis()), "{first:?} and {second:?}");
    assert!(ear.heard_of(&caller, "queue-menu").unwrap().is_none(), "7 leads nowhere");
    ear.skip(&caller).unwrap();
    let pressed = ear.position();
    caller.press("2").await.unwrap();
    let menu = ear.hears_begin(&caller, "queue-menu", SOON).await.unwrap();
    assert!(menu.saturating_sub(pressed) < Duration::from_secs(1), "{pressed:?}, {menu:?}");
    // As after the longest wait, the caller stays a candidate.
    let mut agent = people::agent(&house, "2000").await.unwrap();
    agent.wait_incoming(SOON).await.unwrap();
    agent.answer().await.unwrap();
    hears_tone(&caller, AGENTS_TONE, SOON).await.unwrap();
    hears_tone(&agent, CUSTOMERS_TONE, SOON).await.unwrap();
}

#[tokio::test]
async fn at_28_the_caller_hears_the_agents_number_and_the_agent_queue_and_wait_before_they_talk() {
    let house = House::open(Wishes::default()).await.unwrap();
    let agent = people::agent_at_asterisk(&house, "2000").await.unwrap();
    let caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    caller.play_tone(520.0);
    let mut ear = Ear::new("en");
    ear.hears_all(&caller, &AT_YOUR_SERVICE, SOON).await.unwrap();
    let mut agents_ear = Ear::new("en");
    agents_ear.hears_all(&agent, &WHISPER, SOON).await.unwrap();
    let whispered = agents_ear.position();
    // Asterisk sends 440 Hz from the answer on; the caller hears it once both have heard their words.
    caller.wait_tone(440.0, SOON).await.unwrap();
    hears_tone(&agent, 520.0, SOON).await.unwrap();
    let heard = agent.heard().unwrap();
    let before = &heard[..usize::try_from(whispered.as_millis() * 8).unwrap().min(heard.len())];
    assert_eq!(nohold_e2e::ear::length_of_tone(before, 520.0), Duration::ZERO, "the caller was heard in the whisper");
    let words = caller.recording();
    let before = &words[..usize::try_from(ear.position().as_millis() * 8).unwrap().min(words.len())];
    assert_eq!(nohold_e2e::ear::length_of_tone(before, 440.0), Duration::ZERO, "the agent was heard in the words");
}

#[tokio::test]
async fn at_05_of_callers_who_come_at_once_a_line_takes_as_many_as_it_may_and_the_others_are_missed_calls() {
    let number = "+862161230041";
    let more = format!(
        "[queues.601]\nname = \"Small\"\nnumber = \"601\"\nservice = \"support\"\ngroups = [\"support-a\"]\njoin_empty = true\n\
         max_length = 2\n[queues.601.overflow]\nfull = \"busy\"\n\
         [numbers.\"{number}\"]\nservice = \"support\"\ntarget = {{ queue = \"601\" }}\n"
    );
    let house = House::open(Wishes { more, ..Wishes::default() }).await.unwrap();
    let desk = nohold_e2e::desk::Desk::agent(&house, "2000").await.unwrap();
    let mut calls = Vec::new();
    for n in 0..12 {
        calls.push(house.calls(&format!("+861390013900{n:02}"), number).await.unwrap());
    }
    let turned_away = |page: &serde_json::Value| {
        let entries = page["items"].as_array().into_iter().flatten();
        entries.filter(|entry| entry["missed"]["left_at"] == serde_json::json!({ "overflow": "601" })).count()
    };
    let page = desk.reads("/api/entries?short=true&limit=50", |page| turned_away(page) >= 10).await.unwrap();
    assert_eq!(turned_away(&page), 10, "{page:#}");
    let queues = desk.person.get("/api/queues").await.unwrap();
    let line = queues["items"].as_array().unwrap().iter().find(|queue| queue["key"] == "601").unwrap();
    assert_eq!(line["length"], 2, "{queues:#}");
}
