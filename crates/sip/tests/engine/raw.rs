//! What phones of a library would not send: by a socket and text, nothing shared with the engine.

use std::net::SocketAddr;
use std::time::Duration;

use nohold_app::ports::Telephony as _;
use nohold_core::call::{Audio, Command, Gone, HangUp, Input};
use nohold_model::LegId;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::board::{Board, SOON, trunk_at};

/// A carrier that speaks SIP by hand; the engine knows it by its address.
struct Peer {
    socket: UdpSocket,
    board: Board,
    to_tag: String,
    cseq: u32,
}

impl Peer {
    async fn new(last: u8) -> Peer {
        Peer::with(last, |_| {}).await
    }

    async fn with(last: u8, change: impl FnOnce(&mut nohold_sip::Settings)) -> Peer {
        let socket = UdpSocket::bind((std::net::Ipv4Addr::new(127, 0, 1, last), 0)).await.unwrap();
        let trunk = trunk_at(socket.local_addr().unwrap());
        let trunks = [(nohold_model::TrunkKey::new("raw").unwrap(), trunk)].into();
        let board = Board::set_up(|settings| {
            settings.lines.trunks = trunks;
            settings.trunk_silent_after = SOON;
            change(settings);
        })
        .await;
        Peer { socket, board, to_tag: String::new(), cseq: 0 }
    }

    fn me(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn sdp(&self, direction: &str) -> String {
        let ip = self.me().ip();
        format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
        )
    }

    async fn send(&mut self, method: &str, headers: &str, body: &str) {
        if method != "ACK" {
            self.cseq += 1;
        }
        let (me, cseq, length, tag) = (self.me(), self.cseq, body.len(), &self.to_tag);
        let sdp = if body.starts_with("v=0") { "Content-Type: application/sdp\r\n" } else { "" };
        let text = format!(
            "{method} sip:600@nohold SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{method}{cseq};rport\r\nMax-Forwards: 70\r\nFrom: <sip:raw@{me}>;tag=raw\r\nTo: <sip:600@nohold>{tag}\r\nCall-ID: raw-{me}\r\nCSeq: {cseq} {method}\r\nContact: <sip:raw@{me}>\r\n{headers}{sdp}Content-Length: {length}\r\n\r\n{body}"
        );
        self.socket.send_to(text.as_bytes(), self.board.address()).await.unwrap();
    }

    /// The next message that begins like this.
    async fn expect(&mut self, begins: &str) -> String {
        let mut seen = Vec::new();
        loop {
            let mut buffer = vec![0; 8_192];
            match timeout(SOON, self.socket.recv_from(&mut buffer)).await {
                Ok(received) => {
                    let text = String::from_utf8(buffer[..received.unwrap().0].to_vec()).unwrap();
                    if text.starts_with(begins) {
                        return text;
                    }
                    seen.push(text);
                }
                Err(_) => panic!("no {begins}, but {seen:#?}"),
            }
        }
    }

    /// Sends a request and waits for its final response.
    async fn ask(&mut self, method: &str, headers: &str, body: &str) -> String {
        self.send(method, headers, body).await;
        let cseq = format!("CSeq: {} {method}", self.cseq);
        loop {
            let response = self.expect("SIP/2.0").await;
            if response.contains(&cseq) && !response.starts_with("SIP/2.0 1") {
                return response;
            }
        }
    }

    async fn answer(&self, request: &str, status: &str, body: &str) {
        let lines = request.lines().take_while(|line| !line.is_empty());
        let echoed = lines
            .filter(|line| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)));
        let echoed: String = echoed.map(|line| format!("{line}\r\n")).collect();
        let sdp = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let (me, length) = (self.me(), body.len());
        let text = format!(
            "SIP/2.0 {status}\r\n{echoed}Contact: <sip:raw@{me}>\r\n{sdp}Content-Length: {length}\r\n\r\n{body}"
        );
        self.socket.send_to(text.as_bytes(), self.board.address()).await.unwrap();
    }

    /// Calls, is answered, and acknowledges.
    async fn call(&mut self, headers: &str, body: &str, answer_in_ack: &str) -> (LegId, String) {
        self.send("INVITE", headers, body).await;
        let leg = self.board.new_call().await.leg;
        self.board.answer(leg);
        let ok = self.expect("SIP/2.0 200").await;
        self.to_tag = format!(";tag={}", header(&ok, "To").split(";tag=").nth(1).unwrap());
        self.send("ACK", "", answer_in_ack).await;
        (leg, ok)
    }
}

fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let found =
        text.lines().find_map(|line| line.split_once(':').filter(|(found, _)| found.eq_ignore_ascii_case(name)));
    found.unwrap_or_else(|| panic!("no {name} in {text}")).1.trim()
}

#[tokio::test]
async fn who_waits_for_our_offer_gets_it_and_answers_in_the_ack() {
    let mut peer = Peer::new(1).await;
    let media = UdpSocket::bind((peer.me().ip(), 0)).await.unwrap();
    let answer = peer.sdp("sendrecv").replace("audio 9 ", &format!("audio {} ", media.local_addr().unwrap().port()));
    let (leg, ok) = peer.call("", "", &answer).await;
    assert!(ok.contains("m=audio") && ok.contains("PCMA/8000") && ok.contains("PCMU/8000"), "{ok}");
    peer.board.play(leg, Audio::Music(None));
    let mut packet = [0; 1_500];
    let (length, _) = timeout(SOON, media.recv_from(&mut packet)).await.unwrap().unwrap();
    assert_eq!((length, packet[1] & 0x7f), (172, 8), "A-law, as the ACK chose");
}

#[tokio::test]
async fn an_ack_without_the_answer_ends_the_call() {
    let mut peer = Peer::new(2).await;
    let (leg, _) = peer.call("", "", "").await;
    peer.expect("BYE").await;
    assert_eq!(peer.board.gone(leg).await, Gone::Failed);
}

#[tokio::test]
async fn a_session_timer_that_is_asked_for_is_kept() {
    let mut peer = Peer::new(3).await;
    let body = peer.sdp("sendrecv");
    let (leg, ok) = peer.call("Supported: timer\r\nSession-Expires: 2;refresher=uac\r\n", &body, "").await;
    assert_eq!(header(&ok, "Session-Expires"), "2;refresher=uac");
    assert_eq!(header(&ok, "Require"), "timer");
    // The first refresh keeps the session; then none comes, and it ends. The pause itself is what is measured: a refresh
    // before the end moves the end.
    tokio::time::sleep(Duration::from_millis(800)).await;
    let refreshed = peer.ask("INVITE", "Supported: timer\r\nSession-Expires: 2;refresher=uac\r\n", &body).await;
    assert!(refreshed.starts_with("SIP/2.0 200"), "{refreshed}");
    peer.send("ACK", "", "").await;
    let begun = std::time::Instant::now();
    peer.expect("BYE").await;
    assert!(begun.elapsed() > Duration::from_secs(1), "it ended before its time: {:?}", begun.elapsed());
    assert_eq!(peer.board.gone(leg).await, Gone::Lost);
}

#[tokio::test]
async fn a_session_timer_that_is_ours_to_refresh_is_refreshed() {
    let mut peer = Peer::new(4).await;
    let body = peer.sdp("sendrecv");
    let (_, ok) = peer.call("Supported: timer\r\nSession-Expires: 2;refresher=uas\r\n", &body, "").await;
    assert_eq!(header(&ok, "Session-Expires"), "2;refresher=uas");
    for _ in 0..2 {
        let refresh = peer.expect("INVITE").await;
        assert!(header(&refresh, "Session-Expires").ends_with("refresher=uac"), "{refresh}");
        let session_expires = "200 OK\r\nSession-Expires: 2;refresher=uac";
        peer.answer(&refresh, session_expires, &body).await;
        peer.expect("ACK").await;
    }
}

#[tokio::test]
async fn a_session_timer_that_is_too_short_is_refused_with_what_would_do() {
    let mut peer = Peer::new(5).await;
    let body = peer.sdp("sendrecv");
    let refused = peer.ask("INVITE", "Supported: timer\r\nSession-Expires: 1\r\n", &body).await;
    assert!(refused.starts_with("SIP/2.0 422"), "{refused}");
    assert_eq!(header(&refused, "Min-SE"), "2");
}

#[tokio::test]
async fn descriptions_that_we_cannot_use_are_refused_with_the_right_status() {
    let mut peer = Peer::new(6).await;
    let good = peer.sdp("sendrecv");
    let table = [
        (good.replace("RTP/AVP 8 101", "RTP/AVP 18"), "", "488"),
        ("v=0\r\nnonsense\r\n".to_owned(), "", "400"),
        ("<xml/>".to_owned(), "Content-Type: application/xml\r\n", "415"),
        (good, "Require: 100rel\r\n", "420"),
    ];
    for (body, headers, status) in table {
        let response = peer.ask("INVITE", headers, &body).await;
        assert!(response.starts_with(&format!("SIP/2.0 {status}")), "{status}: {response}");
        peer.send("ACK", "", "").await;
    }
}

#[tokio::test]
async fn every_request_in_a_dialog_is_answered() {
    let mut peer = Peer::new(7).await;
    let body = peer.sdp("sendrecv");
    let (leg, _) = peer.call("", &body, "").await;
    for (method, headers, status) in [
        ("OPTIONS", "", "200"),
        ("INFO", "", "200"),
        ("INFO", "Content-Type: text/plain\r\n", "200"),
        ("REFER", "Refer-To: <sip:x@y>\r\n", "603"),
        ("MESSAGE", "", "405"),
        ("UPDATE", "", "200"),
    ] {
        let response = peer.ask(method, headers, "").await;
        assert!(response.starts_with(&format!("SIP/2.0 {status}")), "{method}: {response}");
    }
    peer.cseq -= 4;
    let old = peer.ask("OPTIONS", "", "").await;
    assert!(old.starts_with("SIP/2.0 500"), "an older CSeq: {old}");
    peer.cseq += 4;
    let held = peer.ask("INVITE", "", &peer.sdp("sendonly")).await;
    assert!(held.contains("a=recvonly"), "{held}");
    peer.send("ACK", "", "").await;
    peer.board.wait(Input::PhoneHold(leg, true)).await;
    let bye = peer.ask("BYE", "", "").await;
    assert!(bye.starts_with("SIP/2.0 200"), "{bye}");
    assert_eq!(peer.board.gone(leg).await, Gone::HungUp);
    let gone = peer.ask("OPTIONS", "", "").await;
    assert!(gone.starts_with("SIP/2.0 481"), "{gone}");
}

#[tokio::test]
async fn a_hang_up_of_ours_waits_for_the_ack() {
    let mut peer = Peer::new(8).await;
    let body = peer.sdp("sendrecv");
    peer.send("INVITE", "", &body).await;
    let leg = peer.board.new_call().await.leg;
    peer.board.answer(leg);
    let ok = peer.expect("SIP/2.0 200").await;
    peer.board.hang_up(leg, HangUp::Normal);
    // The 200 is repeated, and no BYE comes before the ACK (RFC 3261 §15).
    let next = peer.expect("").await;
    assert!(next.starts_with("SIP/2.0 200"), "{next}");
    peer.to_tag = format!(";tag={}", header(&ok, "To").split(";tag=").nth(1).unwrap());
    peer.send("ACK", "", "").await;
    peer.expect("BYE").await;
}

#[tokio::test]
async fn a_phone_that_answers_without_contact_is_acknowledged_and_ended() {
    let mut peer = Peer::new(9).await;
    let leg = peer.board.dial("13800138000", &[("raw", "+862161230000")]);
    let invite = peer.expect("INVITE").await;
    let ok = format!("200 OK\r\nX-Nothing: {}", "here");
    let body = peer.sdp("sendrecv");
    let without = {
        let lines: Vec<&str> = invite.lines().collect();
        let to = lines.iter().find(|line| line.starts_with("To:")).unwrap();
        invite.replace(to, &format!("{to};tag=peer"))
    };
    // `answer` writes a Contact: take it out of what is sent.
    let me = peer.me();
    let echoed: String = without
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let text = format!(
        "SIP/2.0 {ok}\r\n{echoed}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    peer.socket.send_to(text.as_bytes(), peer.board.address()).await.unwrap();
    peer.expect("ACK").await;
    peer.board.wait(Input::Answered(leg)).await;
    peer.board.hang_up(leg, HangUp::Normal);
    let bye = peer.expect("BYE").await;
    assert!(bye.contains(&me.to_string()), "it goes to where the answer came from: {bye}");
}

#[tokio::test]
async fn a_cancel_that_crosses_our_answer_leaves_no_call_behind() {
    let mut peer = Peer::new(10).await;
    let leg = peer.board.dial("13800138000", &[("raw", "+862161230000")]);
    let invite = peer.expect("INVITE").await;
    let to = invite.lines().find(|line| line.starts_with("To:")).unwrap();
    let tagged = invite.replace(to, &format!("{to};tag=peer"));
    peer.answer(&tagged, "180 Ringing", "").await;
    peer.board.wait(Input::Ringing(leg)).await;
    peer.board.hang_up(leg, HangUp::Normal);
    let cancel = peer.expect("CANCEL").await;
    let body = peer.sdp("sendrecv");
    peer.answer(&tagged, "200 OK", &body).await;
    peer.answer(&cancel, "200 OK", "").await;
    peer.expect("ACK").await;
    peer.expect("BYE").await;
    assert_eq!(peer.board.gone(leg).await, Gone::HungUp);
}

#[tokio::test]
async fn a_phone_behind_nat_is_acknowledged_and_hung_up_where_it_really_is() {
    let mut peer = Peer::new(11).await;
    let leg = peer.board.dial("13800138000", &[("raw", "+862161230000")]);
    let invite = peer.expect("INVITE").await;
    let to = invite.lines().find(|line| line.starts_with("To:")).unwrap();
    let tagged = invite.replace(to, &format!("{to};tag=peer"));
    let body = peer.sdp("sendrecv");
    // A private address, from which nothing comes: `answer` names where the peer really is.
    let (here, private) = (peer.me().to_string(), "10.9.9.9:5060");
    let answer = |text: String| text.replace(&format!("<sip:raw@{here}>"), &format!("<sip:raw@{private}>"));
    let lines: String = tagged
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let ok = answer(format!(
        "SIP/2.0 200 OK\r\n{lines}Contact: <sip:raw@{here}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    peer.socket.send_to(ok.as_bytes(), peer.board.address()).await.unwrap();
    peer.expect("ACK").await;
    peer.board.wait(Input::Answered(leg)).await;
    peer.board.hang_up(leg, HangUp::Normal);
    peer.expect("BYE").await;
}

#[tokio::test]
async fn an_invite_whose_contact_leads_nowhere_is_refused_and_keeps_no_port() {
    let mut peer = Peer::new(12).await;
    let (me, body) = (peer.me(), peer.sdp("sendrecv"));
    for (n, contact) in ["<sip:>", "<>", "sip:", "<sip:a@>", "<sip:a@h:99999>"].into_iter().enumerate() {
        let text = format!(
            "INVITE sip:600@nohold SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bKbad{n};rport\r\nMax-Forwards: 70\r\nFrom: <sip:raw@{me}>;tag=bad{n}\r\nTo: <sip:600@nohold>\r\nCall-ID: bad-{n}\r\nCSeq: 1 INVITE\r\nContact: {contact}\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        peer.socket.send_to(text.as_bytes(), peer.board.address()).await.unwrap();
        let answer = peer.expect("SIP/2.0 4").await;
        assert!(answer.contains(&format!("bad-{n}")), "{answer}");
    }
    peer.board.empty().await;
}

#[tokio::test]
async fn what_comes_on_the_heels_of_the_ack_is_answered() {
    let mut peer = Peer::new(13).await;
    let body = peer.sdp("sendrecv");
    peer.send("INVITE", "", &body).await;
    let leg = peer.board.new_call().await.leg;
    peer.board.answer(leg);
    let ok = peer.expect("SIP/2.0 200").await;
    peer.to_tag = format!(";tag={}", header(&ok, "To").split(";tag=").nth(1).unwrap());
    // Without a pause in between.
    peer.send("ACK", "", "").await;
    let key = "Signal=5\r\nDuration=100\r\n";
    let info = peer.ask("INFO", "Content-Type: application/dtmf-relay\r\n", key).await;
    assert!(info.starts_with("SIP/2.0 200"), "{info}");
    let again = peer.ask("INVITE", "", &body).await;
    assert!(again.starts_with("SIP/2.0 200"), "{again}");
}

#[tokio::test]
async fn an_info_is_not_taken_for_the_ack_that_brings_the_answer() {
    let mut peer = Peer::new(14).await;
    let body = peer.sdp("sendrecv");
    let (leg, _) = peer.call("", &body, "").await;
    let offer = peer.ask("INVITE", "", "").await;
    assert!(offer.contains("m=audio"), "{offer}");
    let info = peer.ask("INFO", "", "").await;
    assert!(info.starts_with("SIP/2.0 200"), "{info}");
    peer.cseq -= 1;
    peer.send("ACK", "", &body).await;
    peer.cseq += 1;
    let alive = peer.ask("OPTIONS", "", "").await;
    assert!(alive.starts_with("SIP/2.0 200"), "{alive}");
    let other = peer.ask("INVITE", "Content-Type: multipart/mixed\r\n", "--x").await;
    assert!(other.starts_with("SIP/2.0 415"), "{other}");
    assert!(peer.board.engine.load().0 == 1, "{leg} is still there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_burst_of_keys_is_taken_in_its_order() {
    let mut peer = Peer::new(15).await;
    let body = peer.sdp("sendrecv");
    peer.send("INVITE", "", &body).await;
    let leg = peer.board.new_call().await.leg;
    peer.board.answer(leg);
    let ok = peer.expect("SIP/2.0 200").await;
    peer.to_tag = format!(";tag={}", header(&ok, "To").split(";tag=").nth(1).unwrap());
    peer.send("ACK", "", "").await;
    let keys: String = "0123456789".repeat(4);
    for key in keys.chars() {
        let body = format!("Signal={key}\r\nDuration=100\r\n");
        peer.send("INFO", "Content-Type: application/dtmf-relay\r\n", &body).await;
    }
    let mut answered = 0;
    while answered < keys.len() {
        let answer = peer.expect("SIP/2.0").await;
        if answer.contains(" INFO") {
            assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
            answered += 1;
        }
    }
    let mut heard = String::new();
    while heard.len() < keys.len() {
        if let Input::Digit(_, digit) = peer.board.on(leg).await {
            heard.push_str(&digit.to_string());
        }
    }
    assert_eq!(heard, keys);
}

#[tokio::test]
async fn the_busy_tone_holds_up_nothing_in_its_dialog() {
    let mut peer = Peer::new(16).await;
    let body = peer.sdp("sendrecv");
    let (leg, _) = peer.call("", &body, "").await;
    peer.board.hang_up(leg, HangUp::Busy);
    let begun = std::time::Instant::now();
    let alive = peer.ask("OPTIONS", "", "").await;
    assert!(alive.starts_with("SIP/2.0 200"), "{alive}");
    let bye = peer.ask("BYE", "", "").await;
    assert!(bye.starts_with("SIP/2.0 200"), "{bye}");
    assert_eq!(peer.board.gone(leg).await, Gone::HungUp);
    assert!(begun.elapsed() < Duration::from_secs(3), "the tone lasts four: {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_refresh_that_meets_one_of_theirs_is_sent_again() {
    let mut peer = Peer::new(17).await;
    let body = peer.sdp("sendrecv");
    peer.call("Supported: timer\r\nSession-Expires: 8;refresher=uas\r\n", &body, "").await;
    let refresh = peer.expect("INVITE").await;
    peer.answer(&refresh, "491 Request Pending", "").await;
    peer.expect("ACK").await;
    let begun = std::time::Instant::now();
    let again = peer.expect("INVITE").await;
    // Without the retry the next one would come after four seconds.
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_ne!(header(&again, "CSeq"), header(&refresh, "CSeq"));
    peer.answer(&again, "200 OK\r\nSession-Expires: 8;refresher=uac", &body).await;
    peer.expect("ACK").await;
}

#[tokio::test]
async fn who_answers_by_a_name_that_nobody_knows_is_acknowledged_and_hung_up_where_the_answer_came_from() {
    let mut peer = Peer::new(18).await;
    let leg = peer.board.dial("13800138000", &[("raw", "+862161230000")]);
    let invite = peer.expect("INVITE").await;
    let to = invite.lines().find(|line| line.starts_with("To:")).unwrap();
    let tagged = invite.replace(to, &format!("{to};tag=peer"));
    let body = peer.sdp("sendrecv");
    let echoed: String = tagged
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let length = body.len();
    let ok = format!(
        "SIP/2.0 200 OK\r\n{echoed}Contact: <sip:raw@nowhere.invalid>\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    peer.socket.send_to(ok.as_bytes(), peer.board.address()).await.unwrap();
    let ack = peer.expect("ACK").await;
    assert!(ack.starts_with("ACK sip:raw@nowhere.invalid"), "{ack}");
    peer.board.wait(Input::Answered(leg)).await;
    peer.board.hang_up(leg, HangUp::Normal);
    peer.expect("BYE").await;
}

#[tokio::test]
async fn who_comes_while_too_much_is_being_done_is_told_so_and_counted() {
    let mut peer = Peer::with(19, |settings| settings.edge.limits.tasks = 0).await;
    let body = peer.sdp("sendrecv");
    for (method, body) in [("OPTIONS", ""), ("INVITE", body.as_str())] {
        let refused = peer.ask(method, "", body).await;
        assert!(refused.starts_with("SIP/2.0 503"), "{refused}");
        assert!(!header(&refused, "Retry-After").is_empty());
    }
    assert!(peer.board.engine.counters().overloaded >= 2);
}

#[tokio::test]
async fn a_trunk_has_no_more_calls_at_once_than_it_may() {
    let mut peer = Peer::with(20, |settings| {
        settings.lines.trunks.values_mut().for_each(|trunk| trunk.most_calls = Some(1));
    })
    .await;
    let body = peer.sdp("sendrecv");
    let (leg, _) = peer.call("", &body, "").await;
    let dialled = peer.board.dial("13800138000", &[("raw", "+862161230000")]);
    assert_eq!(peer.board.gone(dialled).await, Gone::Failed);
    let to_tag = std::mem::take(&mut peer.to_tag);
    let refused = peer.ask("INVITE", "", &body).await;
    assert!(refused.starts_with("SIP/2.0 503"), "{refused}");
    assert_eq!(peer.board.engine.counters().calls_refused, 1);
    peer.to_tag = to_tag;
    peer.board.hang_up(leg, HangUp::Normal);
    let bye = peer.expect("BYE").await;
    peer.answer(&bye, "200 OK", "").await;
    peer.board.gone(leg).await;
    peer.board.dial("13800138000", &[("raw", "+862161230000")]);
    peer.expect("INVITE sip:13800138000").await;
}

#[tokio::test]
async fn calls_that_are_refused_because_there_are_too_many_or_nobody_is_ready_are_counted() {
    let mut peer = Peer::with(24, |settings| settings.lines.most_calls = Some(1)).await;
    let body = peer.sdp("sendrecv");
    peer.send("INVITE", "", &body).await;
    peer.expect("SIP/2.0 100").await;
    let leg = peer.board.new_call().await.leg;
    // Of all trunks together there are enough.
    let refused = peer.ask("INVITE", "", &body).await;
    assert!(refused.starts_with("SIP/2.0 503"), "{refused}");
    assert_eq!(peer.board.engine.counters().calls_refused, 1);
    // Whoever drives the engine is not ready for the one there is.
    peer.board.hang_up(leg, HangUp::Unavailable);
    peer.expect("SIP/2.0 503").await;
    assert_eq!(peer.board.engine.counters().calls_refused, 2);
}

#[tokio::test]
async fn who_comes_while_nothing_is_said_of_many_others_is_asked_to_try_later() {
    let mut peer = Peer::new(23).await;
    let body = peer.sdp("sendrecv");
    for _ in 0..160 {
        peer.send("INVITE", "", &body).await;
        peer.expect("SIP/2.0 100").await;
    }
    let refused = peer.ask("INVITE", "", &body).await;
    assert!(refused.starts_with("SIP/2.0 503"), "{refused}");
    assert_eq!(header(&refused, "Retry-After"), "5");
    // As soon as something is said of one of them there is room for another.
    let first = peer.board.new_call().await.leg;
    peer.board.engine.execute(Command::Ring { leg: first });
    peer.expect("SIP/2.0 180").await;
    peer.send("INVITE", "", &body).await;
    peer.expect("SIP/2.0 100").await;
}

#[tokio::test]
async fn a_trunk_that_is_removed_is_a_stranger_at_once() {
    let mut peer = Peer::new(21).await;
    let known = peer.ask("INVITE", "Require: nothing-that-exists\r\n", "").await;
    assert!(known.starts_with("SIP/2.0 420"), "{known}");
    peer.board.engine.configure(nohold_sip::Lines::default());
    let body = peer.sdp("sendrecv");
    let stranger = peer.ask("INVITE", "", &body).await;
    assert!(stranger.starts_with("SIP/2.0 401"), "{stranger}");
}

#[tokio::test]
async fn audio_is_sent_to_no_group_and_to_none_of_our_own_ports() {
    let mut peer = Peer::new(22).await;
    let here = peer.board.address();
    let good = peer.sdp("sendrecv");
    let ip = peer.me().ip();
    let own = good
        .replace(&format!("c=IN IP4 {ip}"), "c=IN IP4 127.0.0.1")
        .replace("audio 9 ", &format!("audio {} ", here.port()));
    let group = good.replace(&format!("c=IN IP4 {ip}"), "c=IN IP4 239.1.2.3/127");
    for body in [&own, &group] {
        let refused = peer.ask("INVITE", "", body).await;
        assert!(refused.starts_with("SIP/2.0 488"), "{refused}");
    }
    let (leg, _) = peer.call("", &good, "").await;
    let refused = peer.ask("INVITE", "", &group).await;
    assert!(refused.starts_with("SIP/2.0 488"), "{refused}");
    let alive = peer.ask("OPTIONS", "", "").await;
    assert!(alive.starts_with("SIP/2.0 200"), "the call goes on: {alive}");
    peer.board.hang_up(leg, HangUp::Normal);
    peer.expect("BYE").await;
}
