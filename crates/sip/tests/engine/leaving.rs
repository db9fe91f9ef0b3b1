//! Whatever becomes of a call, nothing of it stays behind.

use std::time::Duration;

use nohold_app::ports::{Telephony as _, TelephonyEvent};
use nohold_core::call::{Command, Gone, HangUp, Input};
use nohold_phone::{Behaviour, Party};

use crate::board::{Board, SOON};

#[tokio::test]
async fn no_leg_and_no_dialog_is_left_of_calls_that_came_in() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    // Refused, given up while it rings, hung up by us, hung up by them.
    let call = phone.dial("600").await.unwrap();
    let leg = board.new_call().await.leg;
    board.hang_up(leg, HangUp::Busy);
    call.wait_ended(SOON).await.unwrap();
    let mut call = phone.dial("600").await.unwrap();
    let leg = board.new_call().await.leg;
    board.engine.execute(Command::Ring { leg });
    call.wait_ringing(SOON).await.unwrap();
    call.hang_up().await.unwrap();
    for ours in [true, false] {
        let mut call = phone.dial("600").await.unwrap();
        let leg = board.new_call().await.leg;
        board.answer(leg);
        call.wait_answered(SOON).await.unwrap();
        assert_eq!(board.engine.load(), (1, 1, 1));
        if ours {
            board.hang_up(leg, HangUp::Normal);
            call.wait_ended(SOON).await.unwrap();
        } else {
            call.hang_up().await.unwrap();
        }
    }
    board.empty().await;
}

#[tokio::test]
async fn no_leg_and_no_dialog_is_left_of_calls_that_we_made() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    phone.behave(Behaviour::declines(486));
    let leg = board.ring("1000");
    assert_eq!(board.gone(leg).await, Gone::Busy);
    phone.behave(Behaviour::never_answers());
    let leg = board.ring("1000");
    board.wait(Input::Ringing(leg)).await;
    board.hang_up(leg, HangUp::Normal);
    assert_eq!(board.gone(leg).await, Gone::HungUp);
    phone.behave(None);
    for ours in [true, false] {
        let leg = board.ring("1000");
        let mut call = phone.next_call(SOON).await.unwrap().answer().await.unwrap();
        board.wait(Input::Answered(leg)).await;
        if ours {
            board.hang_up(leg, HangUp::Normal);
            call.wait_ended(SOON).await.unwrap();
        } else {
            call.hang_up().await.unwrap();
        }
    }
    let unreachable = board.ring("1003");
    assert_eq!(board.gone(unreachable).await, Gone::Unreachable);
    board.empty().await;
}

#[tokio::test]
async fn a_command_that_is_repeated_or_late_does_nothing() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    let call = phone.dial("600").await.unwrap();
    let leg = board.new_call().await.leg;
    board.answer(leg);
    board.answer(leg);
    call.wait_answered(SOON).await.unwrap();
    board.hang_up(leg, HangUp::Normal);
    board.hang_up(leg, HangUp::Normal);
    assert_eq!(board.gone(leg).await, Gone::HungUp);
    board.answer(leg);
    board.engine.execute(Command::Ring { leg });
    let nobody = board.leg();
    board.hang_up(nobody, HangUp::Normal);
    board.bridge(leg, nobody);
    board.empty().await;
    // The engine still takes calls.
    let _call = phone.dial("600").await.unwrap();
    board.new_call().await;
}

#[tokio::test]
async fn a_phone_that_vanishes_without_a_word_is_lost_and_its_leg_ends() {
    let mut board = Board::set_up(|settings| settings.media.silence_after = Duration::from_secs(1)).await;
    let phone = board.phone("1000").await;
    let call = phone.dial("600").await.unwrap();
    let leg = board.new_call().await.leg;
    board.answer(leg);
    call.wait_answered(SOON).await.unwrap();
    // It talks for longer than the limit, and nothing happens: the time itself is what is measured.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(board.events.try_recv().is_err());
    phone.vanish();
    call.forget();
    assert_eq!(board.gone(leg).await, Gone::Lost);
    assert_eq!(board.engine.load().0, 0);
}

#[tokio::test]
async fn when_there_is_no_port_for_its_audio_a_call_is_refused_and_told_to_come_again() {
    let mut board = Board::set_up(|settings| settings.media.max_legs = 1).await;
    let phone = board.phone("1000").await;
    let _first = phone.dial("600").await.unwrap();
    board.new_call().await;
    let second = phone.dial("600").await.unwrap();
    assert_eq!(second.wait_ended(SOON).await.unwrap().status, Some(503));
    let leg = board.ring("1000");
    assert_eq!(board.gone(leg).await, Gone::Unreachable);
}

#[tokio::test]
async fn an_engine_that_shuts_down_says_goodbye_and_calls_its_legs_lost() {
    let mut board = Board::new().await;
    let (talker, waiter, callee) = (board.phone("1000").await, board.phone("1001").await, board.phone("1002").await);
    let talking = talker.dial("600").await.unwrap();
    let answered = board.new_call().await.leg;
    board.answer(answered);
    talking.wait_answered(SOON).await.unwrap();
    let waiting = waiter.dial("600").await.unwrap();
    let unanswered = board.new_call().await.leg;
    let dialled = board.ring("1002");
    let ringing = callee.next_call(SOON).await.unwrap();
    ringing.ring().unwrap();
    board.wait(Input::Ringing(dialled)).await;

    board.engine.shut_down().await;
    for end in [talking.wait_ended(SOON).await, waiting.wait_ended(SOON).await, ringing.wait_ended(SOON).await] {
        assert_eq!(end.unwrap().by, Party::Them);
    }
    assert_eq!(waiting.wait_ended(SOON).await.unwrap().status, Some(503));
    let mut ends = Vec::new();
    while let Ok(event) = board.events.try_recv() {
        if let TelephonyEvent::OnLeg(_, Input::Gone(leg, why)) = event {
            ends.push((leg, why));
        }
    }
    ends.sort_by_key(|(leg, _)| *leg);
    let mut wanted = [answered, unanswered, dialled].map(|leg| (leg, Gone::Lost));
    wanted.sort_by_key(|(leg, _)| *leg);
    assert_eq!(ends, wanted);
}

#[tokio::test]
async fn an_engine_that_shuts_down_dials_nobody_any_more() {
    let mut board = Board::new().await;
    let (talker, callee) = (board.phone("1000").await, board.phone("1001").await);
    let call = talker.dial("600").await.unwrap();
    let leg = board.new_call().await.leg;
    board.answer(leg);
    call.wait_answered(SOON).await.unwrap();
    let engine = board.engine.clone();
    tokio::join!(engine.shut_down(), async {
        // Now it is known to have begun.
        assert_eq!(board.gone(leg).await, Gone::Lost);
        let during = board.ring("1001");
        assert_eq!(board.on(during).await, Input::Gone(during, Gone::Lost));
    });
    let after = board.ring("1001");
    assert_eq!(board.on(after).await, Input::Gone(after, Gone::Lost));
    // It is over: whatever it sent has arrived.
    assert!(callee.next_call(Duration::from_millis(200)).await.is_err());
}
