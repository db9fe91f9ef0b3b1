use super::*;

fn tight() -> Limits {
    Limits {
        outside_dialogs: Rate { per_second: 1, burst: 5 },
        within_dialogs: Rate { per_second: 1, burst: 12 },
        failures_per_user: 3,
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_source_over_its_rate_is_told_so_cheaply_and_others_are_served() {
    let mut world = World::start(tight()).await;
    let mut peer = Datagrams::new(&world).await;
    for n in 0..20 {
        peer.send(request("INVITE", "UDP", peer.here(), &format!("call{n}"), "", "")).await;
    }
    let busy = peer.expect("SIP/2.0 503").await;
    assert_eq!(header(&busy, "Retry-After"), Some("5"));
    peer.send(request("OPTIONS", "UDP", peer.here(), "dropped", "", "")).await;
    let mut other = Datagrams::from(&world.udp.to_string(), "127.0.0.2").await;
    other.send(request("OPTIONS", "UDP", other.here(), "other", "", "")).await;
    other.expect("SIP/2.0 200").await;
    let mut seen = Vec::new();
    while let Ok((_, call_id)) = world.seen.try_recv() {
        seen.push(call_id);
    }
    assert_eq!(seen, ["call0", "call1", "call2", "call3", "call4", "other"]);
    let counters = world.edge.counters();
    assert!(counters.over_rate >= 16, "{counters:?}");
    world.edge.set_trusted(vec!["127.0.0.1".parse().expect("a network")]);
    peer.send(request("OPTIONS", "UDP", peer.here(), "trusted", "", "")).await;
    while !peer.expect("SIP/2.0 200").await.contains("Call-ID: trusted\r\n") {}
}

#[tokio::test]
async fn requests_that_only_claim_a_dialog_are_limited_too() {
    let mut world = World::start(tight()).await;
    let peer = Datagrams::new(&world).await;
    for n in 0..30 {
        let text = request("INFO", "UDP", peer.here(), &format!("claim{n}"), "", "");
        peer.send(text.replace("To: <sip:100@127.0.0.1>", "To: <sip:100@127.0.0.1>;tag=x")).await;
    }
    let mut other = Datagrams::from(&world.udp.to_string(), "127.0.0.2").await;
    other.send(request("OPTIONS", "UDP", other.here(), "other", "", "")).await;
    other.expect("SIP/2.0 200").await;
    let mut reached = 0;
    while world.seen.try_recv().is_ok() {
        reached += 1;
    }
    assert!((13..=15).contains(&reached), "twelve, and the other's: {reached}");
}

#[tokio::test]
async fn while_we_take_no_calls_new_ones_are_refused_and_known_ones_go_on() {
    let mut world = World::trusting().await;
    let mut peer = Datagrams::new(&world).await;
    let known = request("INVITE", "UDP", peer.here(), "known", "", "");
    peer.send(&known).await;
    peer.expect("SIP/2.0 486").await;
    world.edge.set_accepting(false);
    peer.send(request("INVITE", "UDP", peer.here(), "new", "", "")).await;
    let refused = peer.expect("SIP/2.0 503").await;
    assert_eq!(header(&refused, "Call-ID"), Some("new"));
    assert_eq!(header(&refused, "Retry-After"), Some("5"));
    peer.send(&known).await;
    let again = peer.expect("SIP/2.0").await;
    assert_eq!((status(&again), header(&again, "Call-ID")), (486, Some("known")), "a retransmission");
    peer.send(request("OPTIONS", "UDP", peer.here(), "options", "", "")).await;
    peer.expect("SIP/2.0 200").await;
    assert_eq!(world.edge.counters().not_accepting, 1);
    world.edge.set_accepting(true);
    peer.send(request("INVITE", "UDP", peer.here(), "later", "", "")).await;
    loop {
        let answer = peer.expect("SIP/2.0 486").await;
        if header(&answer, "Call-ID") == Some("later") {
            break;
        }
    }
    let calls = std::iter::from_fn(|| world.seen.try_recv().ok()).filter(|(method, _)| method == "INVITE");
    assert_eq!(calls.map(|(_, call)| call).collect::<Vec<_>>(), ["known", "later"]);
}

#[tokio::test]
async fn a_guesser_is_dropped_and_the_phone_beside_it_registers() {
    let world = World::start(tight()).await;
    let mut phone = Datagrams::new(&world).await;
    let guesser = Datagrams::new(&world).await;
    world.edge.authentication_succeeded(phone.here(), "100");
    for _ in 0..3 {
        world.edge.authentication_failed(guesser.here(), "100");
    }
    guesser.send(request("REGISTER", "UDP", guesser.here(), "guess", "", "")).await;
    let credentials = "Authorization: Digest username=\"100\", realm=\"x\"\r\n";
    guesser.send(request("INVITE", "UDP", guesser.here(), "guess2", credentials, "")).await;
    let decoy = format!("Authorization: Digest username=\"x\", realm=\"x\"\r\n{credentials}");
    guesser.send(request("REGISTER", "UDP", guesser.here(), "decoy", &decoy, "")).await;
    phone.send(request("REGISTER", "UDP", phone.here(), "phone", "", "")).await;
    phone.expect("SIP/2.0 200").await;
    let neighbour = "Authorization: Digest username=\"200\", realm=\"x\"\r\n";
    phone.send(request("REGISTER", "UDP", phone.here(), "neighbour", neighbour, "")).await;
    phone.expect("SIP/2.0 200").await;
    assert_eq!(world.edge.counters().locked_out, 3);
}
