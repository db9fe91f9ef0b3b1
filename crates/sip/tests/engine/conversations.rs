//! Two phones that talk through the engine.

use std::time::Duration;

use nohold_app::ports::Telephony as _;
use nohold_core::call::{Audio, Command, Gone, HangUp, Input};
use nohold_model::LegId;
use nohold_phone::{Call, Codec, Phone};

use crate::board::{Board, SOON};

struct Pair {
    board: Board,
    _phones: [Phone; 2],
    caller: Call,
    called: Call,
    legs: (LegId, LegId),
}

/// 1000 calls and is connected with 1001.
async fn pair(codecs: [&[Codec]; 2]) -> Pair {
    let mut board = Board::new().await;
    let mut phones = Vec::new();
    for (user, codecs) in ["1000", "1001"].into_iter().zip(codecs) {
        let phone = Phone::start(board.settings(user).codecs(codecs)).await.unwrap();
        phone.register(Duration::from_secs(120)).await.unwrap();
        phones.push(phone);
    }
    let called = phones.pop().unwrap();
    let caller = phones.pop().unwrap();
    let call = caller.dial("1001").await.unwrap();
    let a = board.new_call().await.leg;
    let b = board.ring("1001");
    let answered = called.next_call(SOON).await.unwrap().answer().await.unwrap();
    board.wait(Input::Answered(b)).await;
    board.answer(a);
    board.bridge(a, b);
    call.wait_answered(SOON).await.unwrap();
    Pair { board, _phones: [caller, called], caller: call, called: answered, legs: (a, b) }
}

#[tokio::test]
async fn two_phones_hear_each_other_also_with_unlike_codecs() {
    for codecs in [[&[Codec::Pcma][..], &[Codec::Pcma][..]], [&[Codec::Pcma][..], &[Codec::Pcmu][..]]] {
        let pair = pair(codecs).await;
        pair.caller.play_tone(440.0);
        pair.called.play_tone(700.0);
        pair.called.wait_tone(440.0, SOON).await.unwrap();
        pair.caller.wait_tone(700.0, SOON).await.unwrap();
    }
}

#[tokio::test]
async fn hold_and_back_is_music_and_back_without_a_jump_in_the_stream() {
    let mut pair = pair([&[Codec::Pcma], &[Codec::Pcma]]).await;
    pair.caller.play_tone(440.0);
    pair.called.wait_tone(440.0, SOON).await.unwrap();
    pair.caller.hold().await.unwrap();
    pair.board.wait(Input::PhoneHold(pair.legs.0, true)).await;
    let music = pair.board.play(pair.legs.1, Audio::Music(None));
    pair.called.wait_speech(SOON).await.unwrap();
    pair.caller.resume().await.unwrap();
    pair.board.wait(Input::PhoneHold(pair.legs.0, false)).await;
    pair.board.engine.execute(Command::Stop { leg: pair.legs.1, playback: music });
    let heard = pair.called.wait_tone(440.0, SOON).await.unwrap();
    assert_eq!((heard.ssrc_changes, heard.timestamp_jumps), (0, 0), "{heard:?}");
}

#[tokio::test]
async fn keys_pressed_in_a_conversation_reach_the_other_phone() {
    let pair = pair([&[Codec::Pcma], &[Codec::Pcmu]]).await;
    pair.caller.press_events("5#").await.unwrap();
    pair.called.wait_digits("5#", SOON).await.unwrap();
}

#[tokio::test]
async fn a_bridge_that_ends_leaves_both_in_silence_and_on_the_line() {
    let mut pair = pair([&[Codec::Pcma], &[Codec::Pcma]]).await;
    pair.caller.play_tone(440.0);
    pair.called.wait_tone(440.0, SOON).await.unwrap();
    let bridge = pair.board.bridge(pair.legs.0, pair.legs.1);
    pair.board.engine.execute(Command::Unbridge { bridge });
    pair.called.wait_silence(SOON).await.unwrap();
    let states = pair.board.engine.inventory(&[pair.legs.0, pair.legs.1].into_iter().collect()).await;
    assert!(states.values().all(|state| state.answered && state.gone.is_none()), "{states:?}");
}

#[tokio::test]
async fn whoever_hangs_up_the_other_leg_is_ours_to_end() {
    let mut pair = pair([&[Codec::Pcma], &[Codec::Pcma]]).await;
    pair.called.hang_up().await.unwrap();
    assert_eq!(pair.board.gone(pair.legs.1).await, Gone::HungUp);
    pair.board.hang_up(pair.legs.0, HangUp::Normal);
    pair.caller.wait_ended(SOON).await.unwrap();
    assert_eq!(pair.board.gone(pair.legs.0).await, Gone::HungUp);
}

#[tokio::test]
async fn an_engine_that_shuts_down_says_goodbye_to_everybody() {
    let pair = pair([&[Codec::Pcma], &[Codec::Pcma]]).await;
    let engine = pair.board.engine.clone();
    let (down, first, second) =
        tokio::join!(engine.shut_down(), pair.caller.wait_ended(SOON), pair.called.wait_ended(SOON));
    let () = down;
    first.unwrap();
    second.unwrap();
}
