//! Phones that register, and those that may not.

use std::time::Duration;

use nohold_core::call::{Gone, HangUp, Input};
use nohold_model::ExtensionKey;
use nohold_phone::{Phone, Transport};
use nohold_sip::{Account, Algorithm, Lines};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::board::{Board, REALM, SOON};

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
    board.engine.configure(Lines::default());
    assert_eq!(names(&board), Vec::<String>::new());
}

/// The algorithms by which somebody is asked who registers without a password.
async fn asked_by(board: &Board, user: &str) -> Vec<&'static str> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (us, me) = (board.address(), socket.local_addr().unwrap());
    let port = me.port();
    let request = format!(
        "REGISTER sip:{us} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK-{port}\r\nFrom: <sip:{user}@{us}>;tag=a\r\n\
         To: <sip:{user}@{us}>\r\nCall-ID: {port}\r\nCSeq: 1 REGISTER\r\nContact: <sip:{user}@{me}>\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    socket.send_to(request.as_bytes(), us).await.unwrap();
    let mut buffer = [0; 4_096];
    let length = timeout(SOON, socket.recv(&mut buffer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&buffer[..length]);
    let challenges = answer.lines().filter(|line| line.starts_with("WWW-Authenticate"));
    challenges.map(|line| if line.contains("algorithm=SHA-256") { "SHA-256" } else { "MD5" }).collect()
}

#[tokio::test]
async fn a_phone_is_asked_by_no_algorithm_but_those_of_its_account() {
    let board = Board::new().await;
    assert_eq!(asked_by(&board, "1000").await, ["SHA-256", "MD5"]);
    let account = |user: &str| (ExtensionKey::new(user).unwrap(), Account::new(user, REALM, "secret"));
    let [old, new] = [("1000", Algorithm::Md5), ("1001", Algorithm::Sha256)].map(|(user, algorithm)| {
        let (key, account) = account(user);
        (key, account.only(algorithm))
    });
    board.engine.configure(Lines { extensions: [old, new].into(), ..Lines::default() });
    assert_eq!(asked_by(&board, "1000").await, ["MD5"]);
    assert_eq!(asked_by(&board, "1001").await, ["SHA-256"]);
    assert_eq!(asked_by(&board, "9999").await, ["MD5"], "nobody");
    let phone = Phone::start(board.settings("1001").password("secret")).await.unwrap();
    phone.register(Duration::from_secs(60)).await.unwrap();
}
