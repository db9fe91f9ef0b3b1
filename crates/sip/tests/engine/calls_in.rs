//! Calls that come in: from whom, how they are answered, how they are refused.

use std::collections::BTreeMap;
use std::time::Duration;

use nohold_app::ports::{Source, Telephony as _, TelephonyEvent};
use nohold_core::call::{Audio, Command, Gone, HangUp, Input};
use nohold_model::{ExtensionKey, Language, PromptKey, Spoken, TrunkKey};
use nohold_phone::{Dialling, Party, Phone, PhoneSettings};

use crate::board::{Board, SOON, trunk};

#[tokio::test]
async fn a_phone_of_ours_calls_hears_itself_and_hangs_up() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    let mut call = phone.dial("*43").await.unwrap();
    let new = board.new_call().await;
    assert_eq!(new.source, Source::Extension(ExtensionKey::new("1000").unwrap()));
    assert_eq!(new.to, "*43");
    assert!(new.caller.from.is_some_and(|from| from.contains("sip:1000@")));
    board.answer(new.leg);
    board.play(new.leg, Audio::Echo);
    call.wait_answered(SOON).await.unwrap();
    call.play_tone(440.0);
    call.wait_tone(440.0, SOON).await.unwrap();
    call.hang_up().await.unwrap();
    assert_eq!(board.gone(new.leg).await, Gone::HungUp);
}

#[tokio::test]
async fn a_call_without_the_password_does_not_come_in() {
    let mut board = Board::new().await;
    let phone = Phone::start(board.settings("1000").password("wrong")).await.unwrap();
    let call = phone.dial("600").await.unwrap();
    let end = call.wait_ended(SOON).await.unwrap();
    assert_eq!(end.status, Some(403));
    assert!(board.events.try_recv().is_err());
}

#[tokio::test]
async fn a_trunk_is_known_by_its_address_and_believed_about_its_callers() {
    let carrier = Phone::start(PhoneSettings::new("carrier").at("127.0.0.9".parse().unwrap())).await.unwrap();
    let key = TrunkKey::new("carrier").unwrap();
    let mut board = Board::with(BTreeMap::from([(key.clone(), trunk(&carrier))]), SOON).await;
    let to = format!("sip:+862161230000@{}", board.address());
    // The host of the trunk is looked up when the engine starts.
    let call = loop {
        let dialling = Dialling::to(&to)
            .from("anonymous")
            .header("P-Asserted-Identity", "<sip:+8613800138000@carrier.example>")
            .header("Privacy", "id");
        let call = carrier.dial_as(dialling).await.unwrap();
        if let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(1), board.events.recv()).await {
            let TelephonyEvent::NewCall { leg, source, caller, to } = event else { panic!("{event:?}") };
            assert_eq!(source, Source::Trunk(key.clone()));
            assert_eq!(caller.asserted.as_deref(), Some("<sip:+8613800138000@carrier.example>"));
            assert_eq!(caller.privacy, nohold_core::numbers::Privacy::Withheld);
            assert_eq!(to, "+862161230000");
            board.hang_up(leg, HangUp::Unavailable);
            break call;
        }
    };
    assert_eq!(call.wait_ended(SOON).await.unwrap().status, Some(503));
}

#[tokio::test]
async fn a_trunk_may_prove_itself_by_a_password() {
    let stranger = Phone::start(PhoneSettings::new("pbx").password("of the pbx")).await.unwrap();
    let mut pbx = trunk(&stranger);
    pbx.host = "127.0.0.77".into();
    pbx.inbound = Some(nohold_sip::Account::new("pbx", crate::board::REALM, "of the pbx"));
    let key = TrunkKey::new("pbx").unwrap();
    let mut board = Board::with(BTreeMap::from([(key.clone(), pbx)]), SOON).await;
    let _call = stranger.dial(&format!("sip:600@{}", board.address())).await.unwrap();
    assert_eq!(board.new_call().await.source, Source::Trunk(key));
}

#[tokio::test]
async fn refusals_have_the_status_that_says_why() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    for (how, status) in [
        (HangUp::Busy, 486),
        (HangUp::Unavailable, 503),
        (HangUp::Unknown, 404),
        (HangUp::NoAnswer, 480),
        (HangUp::Forbidden, 403),
    ] {
        let call = phone.dial("600").await.unwrap();
        let new = board.new_call().await;
        board.hang_up(new.leg, how);
        assert_eq!(call.wait_ended(SOON).await.unwrap().status, Some(status));
        board.gone(new.leg).await;
    }
}

#[tokio::test]
async fn a_caller_who_gives_up_before_the_answer_is_gone() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    let mut call = phone.dial("600").await.unwrap();
    let new = board.new_call().await;
    board.engine.execute(Command::Ring { leg: new.leg });
    call.wait_ringing(SOON).await.unwrap();
    call.hang_up().await.unwrap();
    assert_eq!(board.gone(new.leg).await, Gone::HungUp);
}

#[tokio::test]
async fn what_is_played_before_the_answer_is_heard_before_the_answer() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    let call = phone.dial("600").await.unwrap();
    let new = board.new_call().await;
    board.play(new.leg, Audio::Ringback);
    call.wait_tone(425.0, SOON).await.unwrap();
    assert_eq!(call.state(), nohold_phone::CallState::EarlyMedia);
    board.answer(new.leg);
    call.wait_answered(SOON).await.unwrap();
    board.hang_up(new.leg, HangUp::Normal);
    let end = call.wait_ended(SOON).await.unwrap();
    assert_eq!(end.by, Party::Them);
}

#[tokio::test]
async fn a_prompt_is_played_to_its_end_and_music_until_it_is_stopped() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    let call = phone.dial("600").await.unwrap();
    let new = board.new_call().await;
    board.answer(new.leg);
    let what = vec![Spoken::Prompt(PromptKey::new("message-saved").unwrap()), Spoken::Number(12)];
    let playback = board.play(new.leg, Audio::Spoken { language: Language::English, what });
    call.wait_speech(SOON).await.unwrap();
    assert_eq!(board.on(new.leg).await, Input::Played(new.leg, playback));
    let music = board.play(new.leg, Audio::Music(None));
    call.wait_speech(SOON).await.unwrap();
    board.engine.execute(Command::Stop { leg: new.leg, playback: music });
    call.wait_silence(SOON).await.unwrap();
}

#[tokio::test]
async fn a_prompt_that_is_not_there_is_an_input_and_no_silence_for_ever() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    let _call = phone.dial("600").await.unwrap();
    let new = board.new_call().await;
    board.answer(new.leg);
    let what = vec![Spoken::Prompt(PromptKey::new("nobody-has-recorded-this").unwrap())];
    let playback = board.play(new.leg, Audio::Spoken { language: Language::Chinese, what });
    assert_eq!(board.on(new.leg).await, Input::PlayFailed(new.leg, playback));
}

#[tokio::test]
async fn keys_come_once_each_by_both_ways() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    let call = phone.dial("600").await.unwrap();
    let new = board.new_call().await;
    board.answer(new.leg);
    call.wait_answered(SOON).await.unwrap();
    call.press_events("12#").await.unwrap();
    call.press_info("9*").await.unwrap();
    let mut keys = String::new();
    while keys.len() < 5 {
        if let Input::Digit(_, digit) = board.on(new.leg).await {
            keys.push_str(&digit.to_string());
        }
    }
    assert_eq!(keys, "12#9*");
    call.press_events("0").await.unwrap();
    let Input::Digit(_, last) = board.on(new.leg).await else { panic!("something else than a key") };
    assert_eq!(last.to_string(), "0");
}
