//! What leaves us, and what comes back.

use super::*;
use crate::digest::{Algorithm, Asked, Challenger, Ha1, Proof};
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::Response;
use std::sync::Mutex;
use tokio::net::TcpListener;

/// A call of ours to a peer.
async fn invite(world: &World, peer: SocketAddr, transport: Transport) -> InviteOption {
    let uri = |text: String| text.parse::<Uri>().expect("a URI").to_library();
    let tcp = if transport == Transport::Tcp { ";transport=tcp" } else { "" };
    InviteOption {
        caller: uri("sip:100@nohold.example".to_owned()),
        callee: uri(format!("sip:200@{peer}{tcp}")),
        contact: world.edge.local_contact(None, peer, transport).to_library(),
        destination: Some(world.edge.reach(peer, transport).await.expect("a way")),
        ..InviteOption::default()
    }
}

type Called = tokio::task::JoinHandle<rsipstack::Result<(InviteDialog, Option<Response>)>>;

#[expect(clippy::disallowed_methods, reason = "a test wants the result of its task")]
fn call(world: &World, option: InviteOption) -> Called {
    let dialogs = world.edge.dialogs.clone();
    tokio::spawn(async move {
        let (states, _) = dialogs.new_dialog_state_channel();
        dialogs.do_invite(option, states).await
    })
}

async fn outcome(called: Called) -> rsipstack::Result<(InviteDialog, Option<Response>)> {
    tokio::time::timeout(SOON, called).await.expect("in time").expect("no panic")
}

async fn refused_with(called: Called) -> u16 {
    let (_, response) = outcome(called).await.expect("an outcome");
    response.map_or(0, |response| response.status_code.code())
}

#[tokio::test]
async fn a_phone_is_called_over_the_stream_it_opened() {
    let world = World::trusting().await;
    let mut phone = Stream::new(&world).await;
    phone.send(request("REGISTER", "TCP", phone.here(), "reg", "", "")).await;
    phone.expect("SIP/2.0 200").await;
    let called = call(&world, invite(&world, phone.here(), Transport::Tcp).await);
    let invite = phone.expect("INVITE ").await;
    let via = header(&invite, "Via").expect("a Via");
    assert!(via.starts_with(&format!("SIP/2.0/TCP {};", world.tcp)), "{via}");
    assert_eq!(
        header(&invite, "Contact").map(|c| c.to_ascii_lowercase()),
        Some(format!("<sip:{};transport=tcp>", world.tcp))
    );
    assert_eq!(header(&invite, "User-Agent"), Some("Nohold"));
    assert!(header(&invite, "Call-ID").is_some_and(|id| id.ends_with("@nohold")), "{invite}");
    phone.send(reply(&invite, "486 Busy Here", "")).await;
    phone.expect("ACK ").await;
    assert_eq!(refused_with(called).await, 486);
    assert_eq!(world.edge.counters().connections_opened, 0);
}

#[tokio::test]
async fn a_stream_that_a_peer_closed_is_opened_again_when_we_must_send() {
    let world = World::trusting().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let peer = listener.local_addr().expect("bound");
    for round in 1..=3 {
        let called = call(&world, invite(&world, peer, Transport::Tcp).await);
        let (stream, _) = tokio::time::timeout(SOON, listener.accept()).await.expect("in time").expect("accepted");
        let mut stream = Stream::over(stream);
        let invite = stream.expect("INVITE ").await;
        stream.send(reply(&invite, "486 Busy Here", "")).await;
        stream.expect("ACK ").await;
        assert_eq!(refused_with(called).await, 486, "round {round}");
        drop(stream);
    }
    assert_eq!(world.edge.counters().connections_opened, 3);
    assert_eq!(world.edge.connections(), 1, "the flow is kept while its stream is not");
}

#[tokio::test]
async fn a_peer_that_is_gone_is_told_at_once() {
    let world = World::trusting().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let peer = listener.local_addr().expect("bound");
    let option = invite(&world, peer, Transport::Tcp).await;
    let (stream, _) = listener.accept().await.expect("accepted");
    drop(listener);
    drop(stream);
    // The flow exists, its stream is lost, and no other can be opened.
    assert_eq!(refused_with(call(&world, option)).await, 503);
    assert_eq!(world.edge.connections(), 0);
    assert!(world.edge.reach(peer, Transport::Tcp).await.is_err());
    assert!(world.edge.counters().connections_failed >= 2);
    world.is_alive().await;
}

#[tokio::test]
async fn any_success_begins_a_session_that_can_be_ended() {
    let world = World::trusting().await;
    for status in ["200 OK", "202 Accepted"] {
        let mut peer = Datagrams::new(&world).await;
        let called = call(&world, invite(&world, peer.here(), Transport::Udp).await);
        let invite = peer.expect("INVITE ").await;
        let via = header(&invite, "Via").expect("a Via");
        assert!(via.starts_with(&format!("SIP/2.0/UDP {};", world.udp)), "{via}");
        peer.send(reply(&invite, status, "")).await; // Without Contact.
        peer.expect("ACK ").await;
        let (dialog, response) = outcome(called).await.expect("answered");
        assert_eq!(response.map(|r| r.status_code.code()), Some(200));
        let bye = async {
            let bye = peer.expect("BYE ").await;
            peer.send(reply(&bye, "200 OK", "")).await;
        };
        let (hung_up, ()) = tokio::join!(dialog.hangup(), bye);
        hung_up.expect("the BYE was answered");
        world.edge.dialogs.remove_dialog(&dialog.id());
    }
    assert_eq!(world.edge.dialogs.len(), 0);
}

#[tokio::test]
async fn a_bye_names_the_contact_as_the_peer_wrote_it() {
    let world = World::trusting().await;
    for user in ["a%40b", "+49301;tgrp=x", "%3bx%3F", "j%c3%bcrgen", "a?b"] {
        let mut peer = Datagrams::new(&world).await;
        let called = call(&world, invite(&world, peer.here(), Transport::Udp).await);
        let invite = peer.expect("INVITE ").await;
        let target = format!("sip:{user}@{};x=y", peer.here());
        peer.send(reply(&invite, "200 OK", &format!("Contact: <{target}>\r\n"))).await;
        peer.expect("ACK ").await;
        let (dialog, _) = outcome(called).await.expect("answered");
        let any = world.edge.dialogs.get_dialog(&dialog.id()).expect("it is in the table");
        any.set_remote_target(target.parse::<Uri>().expect("a URI").to_library(), None);
        let bye = async {
            let bye = peer.expect("BYE ").await;
            peer.send(reply(&bye, "200 OK", "")).await;
            bye
        };
        let (hung_up, bye) = tokio::join!(dialog.hangup(), bye);
        hung_up.expect("the BYE was answered");
        assert_eq!(bye.lines().next(), Some(format!("BYE {target} SIP/2.0").as_str()));
    }
}

#[tokio::test]
async fn a_route_over_tcp_is_taken_by_a_stream_of_our_own() {
    let world = World::trusting().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let proxy = listener.local_addr().expect("bound");
    let mut peer = Datagrams::new(&world).await;
    let called = call(&world, invite(&world, peer.here(), Transport::Udp).await);
    let invite = peer.expect("INVITE ").await;
    let route = format!("Record-Route: <sip:{proxy};transport=tcp;lr>\r\nContact: <sip:200@{}>\r\n", peer.here());
    peer.send(reply(&invite, "200 OK", &route)).await;
    let far = async {
        let (stream, _) = listener.accept().await.expect("accepted");
        let mut stream = Stream::over(stream);
        let bye = stream.expect("BYE ").await;
        stream.send(reply(&bye, "200 OK", "")).await;
        bye
    };
    let call = async {
        let (dialog, _) = outcome(called).await.expect("answered");
        dialog.hangup().await.expect("the BYE was answered");
    };
    let ((), bye) = tokio::time::timeout(SOON, async { tokio::join!(call, far) }).await.expect("in time");
    assert!(header(&bye, "Via").is_some_and(|via| via.starts_with(&format!("SIP/2.0/TCP {};", world.tcp))), "{bye}");
    assert_eq!(world.edge.counters().connections_opened, 1);
}

#[tokio::test]
async fn over_a_stream_that_the_library_opened_come_answers_and_no_requests() {
    let mut world = World::trusting().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let mut way = SipAddr::from(listener.local_addr().expect("bound"));
    way.r#type = Some(rsipstack::sip::Transport::Tcp);
    let layer = &world.edge.endpoint.inner.transport_layer;
    let (opened, _) = layer.lookup(&way, None).await.expect("connected");
    let (stream, _) = listener.accept().await.expect("accepted");
    let mut stream = Stream::over(stream);
    let unasked = request("OPTIONS", "TCP", stream.here(), "unasked", "", "");
    stream.send(&unasked).await;
    stream.send(reply(&unasked, "200 OK", "")).await;
    let passed = async {
        while world.edge.counters().passed == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, passed).await.expect("the response came through");
    world.is_alive().await;
    let seen: Vec<_> = std::iter::from_fn(|| world.seen.try_recv().ok()).collect();
    assert_eq!(seen, [("OPTIONS".to_owned(), "alive".to_owned())]);
    assert_eq!(world.edge.counters().ignored, 1);
    drop(opened);
}

/// How a peer challenges, and which algorithm must come back.
const CHALLENGES: [(&str, bool, bool, Algorithm); 6] = [
    ("401", true, false, Algorithm::Md5),
    ("407", true, false, Algorithm::Md5),
    ("401", false, true, Algorithm::Sha256),
    ("401", true, true, Algorithm::Sha256),
    ("407", true, true, Algorithm::Sha256),
    ("407", false, true, Algorithm::Sha256),
];

#[tokio::test]
async fn each_challenge_is_answered_with_the_strongest_it_offers() {
    let world = World::trusting().await;
    for (code, md5, sha256, expected) in CHALLENGES {
        for qop in ["qop=\"auth\"", "qop=\"auth,auth-int\"", "qop=auth", ""] {
            let mut peer = Datagrams::new(&world).await;
            let mut option = invite(&world, peer.here(), Transport::Udp).await;
            let (username, password) = ("200".to_owned(), "secret".to_owned());
            option.credential = Some(Credential { username, password, ..Credential::default() });
            let called = call(&world, option);
            let first = peer.expect("INVITE ").await;
            let algorithms = [(Algorithm::Md5, md5), (Algorithm::Sha256, sha256)];
            let algorithms: Vec<Algorithm> = algorithms.into_iter().filter(|(_, on)| *on).map(|(a, _)| a).collect();
            let challenger = Challenger::new("far", &algorithms, Duration::from_secs(60)).expect("random numbers");
            let (ask, answer) = match code {
                "401" => ("WWW-Authenticate", "Authorization"),
                _ => ("Proxy-Authenticate", "Proxy-Authorization"),
            };
            let challenges = challenger.challenge(Instant::now(), false, &algorithms, "here");
            let with_qop = |c: &String| format!("{ask}: {}\r\n", c.replace("qop=\"auth\"", qop).replace(", ,", ","));
            let more: String = challenges.iter().map(with_qop).collect();
            peer.send(reply(&first, &format!("{code} Prove It"), &more)).await;
            let second = loop {
                let text = peer.expect("INVITE ").await;
                if header(&text, "CSeq") != header(&first, "CSeq") {
                    break text;
                }
            };
            let value = header(&second, answer).unwrap_or_else(|| panic!("{code} {more}: {second}"));
            assert!(value.contains(&format!("algorithm={}", expected.token())), "{value}");
            assert!(!value.contains("qop=\""), "{value}");
            let stored = |user: &str, algorithm| Some(Ha1::new(algorithm, user, "far", "secret"));
            let proof = challenger.verify(
                Instant::now(),
                value,
                &Asked { method: "INVITE", uri: second.split(' ').nth(1).expect("a URI"), body: b"", source: "here" },
                stored,
            );
            assert_eq!(proof, Proof::Proven { user: "200".to_owned() }, "{code} {more}: {value}");
            peer.send(reply(&second, "486 Busy Here", "")).await;
            assert_eq!(refused_with(called).await, 486);
        }
    }
}

#[tokio::test]
async fn the_trace_tells_both_ways_without_numbers_or_secrets() {
    let told = Arc::new(Mutex::new(String::new()));
    let sink = told.clone();
    let trace = Some(TraceSink::new(move |text| sink.lock().expect("not poisoned").push_str(&text)));
    let world = World::with(EdgeSettings { trace, ..EdgeSettings::default() }).await;
    let mut peer = Datagrams::new(&world).await;
    let mut stream = Stream::new(&world).await;
    let secret = "Authorization: Digest username=\"13800138000\", response=\"abcdef\"\r\n";
    let numbers = |text: String| text.replace("sip:100@", "sip:13800138000@");
    peer.send(numbers(request("OPTIONS", "UDP", peer.here(), "udp", secret, ""))).await;
    peer.expect("SIP/2.0 200").await;
    stream.send(numbers(request("DANCE", "TCP", stream.here(), "tcp", secret, ""))).await;
    stream.expect("SIP/2.0 405").await;
    // It is written by a thread of its own, the last message last.
    let written = async {
        while !told.lock().expect("not poisoned").contains("SIP/2.0 405 ") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, written).await.expect("written");
    let text = told.lock().expect("not poisoned").clone();
    for expected in [
        format!("<- UDP {}\nOPTIONS ", peer.here()),
        format!("-> UDP {}\nSIP/2.0 200 ", peer.here()),
        format!("<- TCP {}\nDANCE ", stream.here()),
        format!("-> TCP {}\nSIP/2.0 405 ", stream.here()),
        "From: <sip:138****8000@".to_owned(),
        "Authorization: Digest [cut]".to_owned(),
    ] {
        assert!(text.contains(&expected), "{expected} is not in\n{text}");
    }
    assert!(!text.contains("13800138000") && !text.contains("abcdef"), "{text}");
}

#[tokio::test]
async fn after_the_shutdown_nothing_is_held() {
    let world = World::trusting().await;
    let mut stream = Stream::new(&world).await;
    stream.send(request("OPTIONS", "TCP", stream.here(), "one", "", "")).await;
    stream.expect("SIP/2.0 200").await;
    let (udp, tcp, tasks) = (world.udp, world.tcp, world.edge.tasks.clone());
    tokio::time::timeout(SOON, world.edge.shutdown()).await.expect("in time");
    assert_eq!(tasks.running(), 0);
    stream.expect_end().await;
    // The library's own task lets go of the socket when it next runs.
    let bound = async {
        while UdpSocket::bind(udp).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, bound).await.expect("the UDP socket is closed");
    assert!(TcpStream::connect(tcp).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let address = taken.local_addr().expect("bound");
    let addresses = Addresses { udp: vec![address], ..Addresses::default() };
    let result = Edge::start(EdgeSettings { addresses, ..EdgeSettings::default() }, Tasks::default()).await;
    let error = result.err().expect("not started").to_string();
    assert!(error.contains(&address.to_string()), "{error}");
    let nothing = Edge::start(EdgeSettings::default(), Tasks::default()).await;
    assert!(matches!(nothing.err(), Some(StartError::NoSocket)));
}
