//! Phones that register, and those that may not.

use std::time::Duration;

use nohold_core::call::{Gone, HangUp, Input};
use nohold_phone::{Phone, Transport};

use crate::board::{Board, SOON};

fn names(board: &Board) -> Vec<String> {
    board.engine.registered().into_iter().map(|key| key.to_string()).collect()
}

#[tokio::test]
async fn a_phone_registers_and_leaves() {
    let board = Board::new().await;
    let phone = board.phone("1000").await;
    assert_eq!(names(&board), ["1000"]);
    phone.unregister().await.unwrap();
    assert_eq!(names(&board), Vec::<String>::new());
}

#[tokio::test]
async fn a_wrong_password_and_a_strange_user_are_refused() {
    let board = Board::new().await;
    for (user, password) in [("1000", "wrong"), ("9999", "secret of 9999")] {
        let phone = Phone::start(board.settings(user).password(password)).await.unwrap();
        assert!(phone.register(Duration::from_secs(60)).await.is_err(), "{user}");
    }
    assert_eq!(names(&board), Vec::<String>::new());
}

#[tokio::test]
async fn a_phone_registers_over_tcp_and_is_called_over_the_connection_that_it_opened() {
    let mut board = Board::new().await;
    let tcp = board.engine.addresses().tcp[0];
    let phone = Phone::start(board.settings("1000").server(tcp).transport(Transport::Tcp)).await.unwrap();
    phone.register(Duration::from_secs(120)).await.unwrap();
    let leg = board.ring("1000");
    let incoming = phone.next_call(SOON).await.unwrap();
    incoming.decline(486).unwrap();
    assert_eq!(board.gone(leg).await, Gone::Busy);
    let leg = board.ring("1000");
    let call = phone.next_call(SOON).await.unwrap().answer().await.unwrap();
    board.wait(Input::Answered(leg)).await;
    board.hang_up(leg, HangUp::Normal);
    call.wait_ended(SOON).await.unwrap();
}

#[tokio::test]
async fn a_deleted_extension_has_no_phone_any_more() {
    let board = Board::new().await;
    let _phone = board.phone("1000").await;
    board.engine.configure(nohold_sip::Lines::default());
    assert_eq!(names(&board), Vec::<String>::new());
}
