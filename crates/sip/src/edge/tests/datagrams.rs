use super::*;

/// Chance that is the same each time (xorshift64*).
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).expect("31 bits") % below
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.next(256)).expect("a byte")
    }
}

async fn answer_to(world: &World, text: impl AsRef<[u8]>) -> String {
    let mut peer = Datagrams::new(world).await;
    peer.send(text).await;
    peer.receive().await
}

async fn options(world: &World, from: &str, to: &str) -> String {
    let peer = Datagrams::new(world).await;
    let text = request("OPTIONS", "UDP", peer.here(), "one", "", "");
    assert!(text.contains(from), "{from} is in the request");
    answer_to(world, text.replacen(from, to, 1)).await
}

#[tokio::test]
async fn what_is_malformed_is_refused_with_the_code_of_rfc_3261() {
    let world = World::trusting().await;
    for (from, to, expected) in [
        ("Max-Forwards: 70", "Max-Forwards: 256", 400),
        ("CSeq: 1 OPTIONS", "CSeq: 1 INVITE", 400),
        ("CSeq: 1 OPTIONS", "CSeq: 2147483648 OPTIONS", 400),
        ("CSeq: 1 OPTIONS", "CSeq: +1 OPTIONS", 400),
        ("Call-ID: one\r\n", "", 400),
        ("Call-ID: one", "Call-ID: one\r\nCall-ID: two", 400),
        ("Max-Forwards: 70", "this is no header field", 400),
        ("Via: SIP/2.0/UDP", "Via: SIP/2.0", 400),
        ("Content-Length: 0", "Content-Length: 1", 400),
        ("Content-Length: 0", "Content-Length: x", 400),
        (" SIP/2.0\r\n", " SIP/3.0\r\n", 505),
        (" SIP/2.0\r\n", "  SIP/2.0\r\n", 400),
        ("OPTIONS sip:nohold@127.0.0.1", "OPTIONS http://127.0.0.1", 416),
        ("OPTIONS sip:nohold@127.0.0.1", "OPTIONS <sip:nohold@127.0.0.1>", 400),
        ("OPTIONS sip:nohold@127.0.0.1", "OPTIONS sip:nohold@127.0.0.1?a=b", 400),
        ("Max-Forwards: 70", "Require: timer, 100rel", 420),
        ("Max-Forwards: 70", "Max-Forwards: 0", 200),
        ("Max-Forwards: 70", "Require: timer", 200),
    ] {
        let answer = options(&world, from, to).await;
        assert_eq!(status(&answer), expected, "{to}\n{answer}");
    }
    let here = "127.0.0.1:9".parse().expect("an address");
    for (method, more, expected) in
        [("DANCE", "", 405), ("invite", "", 405), ("BYE", "", 481), ("UPDATE", "", 481), ("INVITE", "", 486)]
    {
        let answer = answer_to(&world, request(method, "UDP", here, &format!("m-{method}"), more, "")).await;
        assert_eq!(status(&answer), expected, "{method}\n{answer}");
    }
    let looped = request("INVITE", "UDP", here, "loop", "", "").replace("Max-Forwards: 70", "Max-Forwards: 0");
    assert_eq!(status(&answer_to(&world, looped).await), 483);
    let required = options(&world, "Max-Forwards: 70", "Require: timer, 100rel").await;
    assert_eq!(header(&required, "Unsupported"), Some("100rel"));
}

#[tokio::test]
async fn an_answer_of_the_edge_is_whole() {
    let world = World::trusting().await;
    let mut peer = Datagrams::new(&world).await;
    let text = request("DANCE", "UDP", "192.0.2.1:5060".parse().expect("an address"), "whole", "", "");
    peer.send(&text).await;
    let first = peer.receive().await;
    peer.send(&text).await;
    let second = peer.receive().await;
    assert_eq!(first, second, "a copy of a request is answered in the same way, also its tag");
    assert_eq!(header(&first, "Server"), Some("Nohold"));
    assert!(header(&first, "Allow").is_some_and(|allow| allow.contains("INVITE")), "{first}");
    let via = header(&first, "Via").expect("a Via");
    let here = peer.here();
    assert!(via.ends_with(&format!(";branch=z9hG4bKwholeDANCE;received=127.0.0.1;rport={}", here.port())), "{via}");
    assert!(header(&first, "To").is_some_and(|to| to.contains(";tag=")), "{first}");
    assert_eq!(header(&first, "From"), header(&text, "From"));
}

#[tokio::test]
async fn responses_say_who_we_are_and_what_we_can_do() {
    let world = World::trusting().await;
    let answer = options(&world, "one", "one").await;
    assert_eq!(status(&answer), 200);
    assert_eq!(header(&answer, "Server"), Some("Nohold"));
    assert_eq!(header(&answer, "User-Agent"), None);
    assert_eq!(header(&answer, "Allow"), Some(judge::ALLOW));
    assert_eq!(header(&answer, "Supported"), Some("timer"));
}

#[tokio::test]
async fn a_datagram_that_the_library_would_cut_is_refused() {
    let world = World::trusting().await;
    let here = "127.0.0.1:9".parse().expect("an address");
    let frame = request("OPTIONS", "UDP", here, "large", "", "").len() + 3; // The length has three digits more.
    let of = |size: usize| request("OPTIONS", "UDP", here, "large", "", &"x".repeat(size - frame));
    let (fits, over) = (of(udp::LARGEST), of(udp::LARGEST + 1));
    assert_eq!((fits.len(), over.len()), (8_192, 8_193));
    assert_eq!(status(&answer_to(&world, over).await), 513);
    assert_eq!(status(&answer_to(&world, fits).await), 200);
}

#[tokio::test]
async fn names_in_latin_1_and_folded_lines_are_served() {
    let mut world = World::trusting().await;
    let peer = Datagrams::new(&world).await;
    let text = request("OPTIONS", "UDP", peer.here(), "latin", "", "");
    let mut bytes = text.replace("From: <", "From: \"J@rgen\"\r\n  <").into_bytes();
    let at = bytes.iter().position(|&b| b == b'@').expect("the request");
    let at = at + 1 + bytes[at + 1..].iter().position(|&b| b == b'J').expect("the name") + 1;
    bytes[at] = 0xfc;
    let answer = answer_to(&world, &bytes).await;
    assert_eq!(status(&answer), 200);
    assert!(answer.contains("J\u{fc}rgen") && header(&answer, "Call-ID") == Some("latin"), "{answer}");
    assert_eq!(world.seen.recv().await.expect("seen").1, "latin");
}

#[tokio::test]
async fn keep_alives_on_datagrams_are_counted_and_not_answered() {
    let world = World::trusting().await;
    let mut peer = Datagrams::new(&world).await;
    peer.send("\r\n\r\n").await;
    peer.send("\r\n").await;
    peer.send(request("OPTIONS", "UDP", peer.here(), "after", "", "")).await;
    assert_eq!(status(&peer.receive().await), 200, "the first thing that comes");
    assert_eq!(world.edge.counters().keep_alives, 2);
}

#[tokio::test]
async fn noise_and_damaged_messages_do_no_harm() {
    let world = World::trusting().await;
    let mut peer = Datagrams::new(&world).await;
    let mut chance = Chance(4_711);
    for _ in 0..2_000 {
        let noise: Vec<u8> = (0..chance.next(300) + 1).map(|_| chance.byte()).collect();
        peer.send(&noise).await;
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let mut originals: Vec<Vec<u8>> = std::fs::read_dir(folder)
        .expect("the messages")
        .map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a message"))
        .collect();
    originals
        .push(request("INVITE", "UDP", peer.here(), "damaged", "Content-Type: application/sdp\r\n", "v=0\r\n").into());
    originals.sort();
    for n in 0..4_000 {
        let mut damaged = originals[n % originals.len()].clone();
        for _ in 0..=chance.next(4) {
            let at = chance.next(damaged.len().max(1));
            if at >= damaged.len() {
                break;
            }
            match chance.next(4) {
                0 => damaged[at] = chance.byte(),
                1 => {
                    damaged.remove(at);
                }
                2 => damaged.insert(at, b"\r\n:;,<>\"@\0"[chance.next(10)]),
                _ => damaged.truncate(at.max(1)),
            }
        }
        peer.send(&damaged).await;
        if n % 50 == 0 {
            // Waiting for an answer now and then keeps the socket's buffer from running over.
            peer.send(request("OPTIONS", "UDP", peer.here(), &format!("still{n}"), "", "")).await;
            while !peer.receive().await.contains(&format!("Call-ID: still{n}\r\n")) {}
        }
    }
    world.is_alive().await;
    let counters = world.edge.counters();
    assert!(counters.ignored > 100 && counters.refused > 100 && counters.passed > 100, "{counters:?}");
}
