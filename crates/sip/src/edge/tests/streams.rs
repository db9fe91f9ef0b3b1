use super::*;

#[tokio::test]
async fn however_messages_come_over_tcp_they_are_answered() {
    let world = World::trusting().await;
    let mut peer = Stream::new(&world).await;
    for byte in request("OPTIONS", "TCP", peer.here(), "slow", "", "body").into_bytes() {
        peer.send([byte]).await;
    }
    assert_eq!(header(&peer.expect("SIP/2.0 200").await, "Call-ID"), Some("slow"));
    let five: String = (0..5).map(|n| request("OPTIONS", "TCP", peer.here(), &format!("five{n}"), "", "x")).collect();
    peer.send(five).await;
    let mut answered = Vec::new();
    for _ in 0..5 {
        answered.push(header(&peer.expect("SIP/2.0 200").await, "Call-ID").expect("a Call-ID").to_owned());
    }
    answered.sort();
    assert_eq!(answered, ["five0", "five1", "five2", "five3", "five4"]);
}

#[tokio::test]
async fn a_ping_on_a_stream_gets_its_pong() {
    let world = World::trusting().await;
    let mut peer = Stream::new(&world).await;
    for part in ["\r", "\n\r", "\n"] {
        peer.send(part).await;
    }
    let mut pong = [0; 2];
    tokio::time::timeout(SOON, peer.stream.read_exact(&mut pong)).await.expect("in time").expect("read");
    assert_eq!(&pong, b"\r\n");
    assert_eq!(world.edge.counters().keep_alives, 1);
}

#[tokio::test]
async fn a_bad_message_is_answered_and_the_stream_stays() {
    let world = World::trusting().await;
    let mut peer = Stream::new(&world).await;
    for (n, (from, to, expected)) in [
        ("OPTIONS", "DANCE", 405),
        ("Content-Length: 0", "Content-Length: -5", 400),
        ("CSeq: 1", "CSeq: x", 400),
        ("SIP/2.0\r\n", "SIP/7.0\r\n", 505),
    ]
    .into_iter()
    .enumerate()
    {
        let bad = request("OPTIONS", "TCP", peer.here(), &format!("bad{n}"), "", "");
        let bad = if from == "OPTIONS" { bad.replace(from, to) } else { bad.replacen(from, to, 1) };
        peer.send(bad).await;
        let answer = peer.receive().await.expect("the stream stays");
        assert_eq!(status(&answer), expected, "{to}");
    }
    peer.send(request("OPTIONS", "TCP", peer.here(), "good", "", "")).await;
    peer.expect("SIP/2.0 200").await;
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_and_ends_the_stream_at_once() {
    let world = World::trusting().await;
    for length in ["65537", "18446744073709551615", "18446744073709551616"] {
        let mut peer = Stream::new(&world).await;
        let text = request("INVITE", "TCP", peer.here(), "large", "", "");
        peer.send(text.replace("Content-Length: 0", &format!("Content-Length: {length}"))).await;
        peer.expect("SIP/2.0 413").await;
        peer.expect_end().await;
    }
    assert_eq!(world.edge.counters().closed_unreadable, 3);
    world.is_alive().await;
}

#[tokio::test]
async fn a_peer_that_never_reads_stops_nobody_and_is_cut_off() {
    let limits = Limits { write_time: Duration::from_millis(500), queue_bytes: 65_536, ..Limits::default() };
    let trusted = vec!["127.0.0.0/8".parse().expect("a network")];
    let world = World::with(EdgeSettings { limits, trusted, ..EdgeSettings::default() }).await;
    let mut staller = Stream::new(&world).await;
    let here = staller.here();
    // Each CANCEL without an INVITE is answered by the library, each OPTIONS by the application.
    let stall = async {
        for n in 0.. {
            let method = if n % 2 == 0 { "CANCEL" } else { "OPTIONS" };
            let text = request(method, "TCP", here, &format!("stall{n}"), "", "");
            if staller.stream.write_all(text.as_bytes()).await.is_err() {
                return n;
            }
        }
        0
    };
    let others = async {
        loop {
            world.is_alive().await;
            if world.edge.counters().closed_stalled > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (sent, ()) = tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(stall, others) })
        .await
        .expect("cut off in time");
    assert!(sent > 100, "it could send {sent} before");
    assert_eq!(world.edge.connections(), 0);
    world.is_alive().await;
}

#[tokio::test]
async fn silent_and_slow_streams_are_closed_and_a_known_phone_keeps_its_own() {
    let limits = Limits {
        idle_time_unproven: Duration::from_millis(400),
        message_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let world = World::start(limits).await;
    let mut phone = Stream::new(&world).await;
    world.edge.authentication_succeeded(phone.here(), "100");
    let mut silent = Stream::new(&world).await;
    let mut slow = Stream::new(&world).await;
    slow.send("OPTIONS sip:h SIP/2.0\r\n").await;
    slow.expect_end().await;
    silent.expect_end().await;
    assert_eq!(world.edge.counters().closed_idle, 2);
    phone.send(request("OPTIONS", "TCP", phone.here(), "still", "", "")).await;
    phone.expect("SIP/2.0 200").await;
}

#[tokio::test]
async fn there_are_only_so_many_streams_in_all_and_for_each_source() {
    let world = World::start(Limits { connections: 3, connections_per_source: 2, ..Limits::default() }).await;
    let mut first = Stream::new(&world).await;
    let _second = Stream::new(&world).await;
    Stream::new(&world).await.expect_end().await;
    let from = |source: &str| {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(format!("{source}:0").parse().expect("an address")).expect("bound");
        socket.connect(world.tcp)
    };
    let mut third = Stream::over(from("127.0.0.2").await.expect("connected"));
    third.send(request("OPTIONS", "TCP", third.here(), "third", "", "")).await;
    third.expect("SIP/2.0 200").await;
    Stream::over(from("127.0.0.3").await.expect("connected")).expect_end().await;
    let counters = world.edge.counters();
    assert_eq!((counters.connections_accepted, counters.connections_refused), (3, 2));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let trunk = listener.local_addr().expect("bound");
    world.edge.reach(trunk, Transport::Tcp).await.expect("strangers do not keep us from our trunks");
    first.send(request("OPTIONS", "TCP", first.here(), "first", "", "")).await;
    first.expect("SIP/2.0 200").await;
    drop((first, third));
    while world.edge.connections() > 2 {
        tokio::task::yield_now().await;
    }
    let mut next = Stream::new(&world).await;
    next.send(request("OPTIONS", "TCP", next.here(), "next", "", "")).await;
    next.expect("SIP/2.0 200").await;
}
