//! Trunks with which we register, and that ask who we are.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use nohold_core::call::{Gone, Input};
use nohold_model::TrunkKey;
use nohold_sip::Credentials;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::board::{Board, SOON, trunk_at};

/// A carrier by hand, which challenges everything once.
struct Carrier {
    socket: UdpSocket,
}

struct Heard {
    text: String,
    from: SocketAddr,
}

impl Carrier {
    async fn new(last: u8) -> Carrier {
        Carrier { socket: UdpSocket::bind((std::net::Ipv4Addr::new(127, 0, 2, last), 0)).await.unwrap() }
    }

    async fn hear(&self, method: &str) -> Heard {
        loop {
            let mut buffer = vec![0; 8_192];
            let (length, from) = timeout(SOON, self.socket.recv_from(&mut buffer)).await.unwrap().unwrap();
            let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
            if text.starts_with(method) {
                return Heard { text, from };
            }
        }
    }

    async fn answer(&self, heard: &Heard, status: &str, headers: &str) {
        let echoed: String = heard
            .text
            .lines()
            .filter(|line| ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)))
            .map(|line| format!("{line}\r\n"))
            .collect();
        let to = heard.text.lines().find(|line| line.starts_with("To:")).unwrap();
        let text = format!("SIP/2.0 {status}\r\n{echoed}{to};tag=c\r\n{headers}Content-Length: 0\r\n\r\n");
        self.socket.send_to(text.as_bytes(), heard.from).await.unwrap();
    }
}

fn value<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

async fn board(carrier: &Carrier, change: impl FnOnce(&mut nohold_sip::Trunk)) -> Board {
    let mut trunk = trunk_at(carrier.socket.local_addr().unwrap());
    trunk.credentials = Some(Credentials { user: "site".into(), password: "of the site".into() });
    change(&mut trunk);
    Board::with(BTreeMap::from([(TrunkKey::new("carrier").unwrap(), trunk)]), SOON).await
}

#[tokio::test]
async fn we_register_answer_the_challenge_and_come_again_before_it_ends() {
    let carrier = Carrier::new(1).await;
    let board = board(&carrier, |trunk| trunk.register = Some(3_600)).await;
    let first = carrier.hear("REGISTER").await;
    assert!(value(&first.text, "To").contains("sip:site@127.0.2.1"), "{}", first.text);
    assert_eq!(value(&first.text, "Expires"), "3600");
    assert!(value(&first.text, "Contact").contains(&board.address().to_string()), "{}", first.text);
    let challenge = "WWW-Authenticate: Digest realm=\"c\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256\r\n\
        WWW-Authenticate: Digest realm=\"c\", nonce=\"n1\", qop=\"auth\", algorithm=MD5\r\n";
    carrier.answer(&first, "401 Unauthorized", challenge).await;
    let second = carrier.hear("REGISTER").await;
    let authorization = value(&second.text, "Authorization");
    assert!(
        authorization.contains("username=\"site\"") && authorization.contains("algorithm=SHA-256"),
        "{authorization}"
    );
    assert_eq!(value(&first.text, "Call-ID"), value(&second.text, "Call-ID"));
    // Granted for a short time only: it is renewed well before.
    carrier.answer(&second, "200 OK", "Expires: 7\r\n").await;
    let begun = std::time::Instant::now();
    let again = carrier.hear("REGISTER").await;
    assert_eq!(value(&again.text, "Call-ID"), value(&first.text, "Call-ID"));
    assert!(begun.elapsed().as_secs() >= 1, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_registration_that_is_too_brief_is_asked_for_again_as_the_trunk_wants_it() {
    let carrier = Carrier::new(2).await;
    let _board = board(&carrier, |trunk| trunk.register = Some(60)).await;
    let first = carrier.hear("REGISTER").await;
    carrier.answer(&first, "423 Interval Too Brief", "Min-Expires: 1800\r\n").await;
    let second = carrier.hear("REGISTER").await;
    assert_eq!(value(&second.text, "Expires"), "1800");
}

#[tokio::test]
async fn a_call_that_is_challenged_by_a_proxy_is_sent_again_with_the_answer() {
    let carrier = Carrier::new(3).await;
    let mut board = board(&carrier, |trunk| trunk.assert_identity = true).await;
    let leg = board.dial("13800138000", &[("carrier", "+862161230000")]);
    let first = carrier.hear("INVITE").await;
    let port = board.address().port();
    assert!(value(&first.text, "From").contains(&format!("sip:site@127.0.0.1:{port}>")), "{}", first.text);
    assert!(value(&first.text, "P-Asserted-Identity").contains("+862161230000"), "{}", first.text);
    let challenge = "Proxy-Authenticate: Digest realm=\"c\", nonce=\"n\", qop=\"auth,auth-int\", algorithm=SHA-256\r\n";
    carrier.answer(&first, "407 Proxy Authentication Required", challenge).await;
    let second = carrier.hear("INVITE").await;
    let authorization = value(&second.text, "Proxy-Authorization");
    assert!(authorization.contains("algorithm=SHA-256") && authorization.contains("qop=auth,"), "{authorization}");
    carrier.answer(&second, "404 Not Found", "Reason: Q.850;cause=1\r\n").await;
    assert_eq!(board.gone(leg).await, Gone::Unallocated);
}

#[tokio::test]
async fn a_wrong_password_is_not_tried_for_ever() {
    let carrier = Carrier::new(4).await;
    let mut board = board(&carrier, |_| {}).await;
    let leg = board.dial("13800138000", &[("carrier", "+862161230000")]);
    for _ in 0..2 {
        let invite = carrier.hear("INVITE").await;
        carrier.answer(&invite, "401 Unauthorized", "WWW-Authenticate: Digest realm=\"c\", nonce=\"n\"\r\n").await;
    }
    let ended = board.on(leg).await;
    assert!(matches!(ended, Input::Gone(_, Gone::Failed)), "{ended:?}");
}

#[tokio::test]
async fn we_ask_a_trunk_whether_it_is_there() {
    let carrier = Carrier::new(5).await;
    let _board = board(&carrier, |trunk| trunk.ask_every = Some(std::time::Duration::from_secs(1))).await;
    for _ in 0..2 {
        let options = carrier.hear("OPTIONS").await;
        carrier.answer(&options, "200 OK", "").await;
    }
}
