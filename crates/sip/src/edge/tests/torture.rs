//! The messages of RFC 4475, over datagrams and streams.

use super::*;
use Fate::{Ignored, Reaches, Refused};
use std::path::Path;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The application is asked so many times.
    Reaches(usize),
    /// The edge refuses it with this status.
    Refused(u16),
    /// Nothing happens.
    Ignored,
}

/// Section, file, what must become of it; in a stream the same unless there is another word.
const MESSAGES: [(&str, &str, Fate, Option<Fate>); 49] = [
    ("3.1.1.1", "wsinv", Reaches(1), None),
    ("3.1.1.2", "intmeth", Refused(405), None),
    ("3.1.1.3", "esc01", Reaches(1), None),
    ("3.1.1.4", "escnull", Reaches(1), None),
    ("3.1.1.5", "esc02", Refused(405), None),
    ("3.1.1.6", "lwsdisp", Reaches(1), None),
    ("3.1.1.7", "longreq", Reaches(1), None),
    // Two requests: a datagram ends with the first, a stream has both.
    ("3.1.1.8", "dblreq", Reaches(1), Some(Reaches(2))),
    ("3.1.1.9", "semiuri", Reaches(1), None),
    ("3.1.1.10", "transports", Reaches(1), None),
    ("3.1.1.11", "mpart01", Reaches(1), None),
    ("3.1.1.12", "unreason", Ignored, None),
    ("3.1.1.13", "noreason", Ignored, None),
    ("3.1.2.1", "badinv01", Refused(400), None),
    // Its body is shorter than it says, which only a datagram shows; in a stream what comes next is its body.
    ("3.1.2.2", "clerr", Refused(400), Some(Reaches(1))),
    ("3.1.2.3", "ncl", Refused(400), None),
    ("3.1.2.4", "scalar02", Refused(400), None),
    ("3.1.2.5", "scalarlg", Ignored, None),
    ("3.1.2.6", "quotbal", Refused(400), None),
    ("3.1.2.7", "ltgtruri", Refused(400), None),
    ("3.1.2.8", "lwsruri", Refused(400), None),
    ("3.1.2.9", "lwsstart", Refused(400), None),
    ("3.1.2.10", "trws", Refused(400), None),
    ("3.1.2.11", "escruri", Refused(400), None),
    // Served leniently, as the RFC allows: a date, an address, a name that nobody needs.
    ("3.1.2.12", "baddate", Reaches(1), None),
    // A bracket is missing around its Contact: 400 is for the registrar to say, which reads Contacts.
    ("3.1.2.13", "regbadct", Reaches(1), None),
    ("3.1.2.14", "badaspec", Reaches(1), None),
    ("3.1.2.15", "baddn", Reaches(1), None),
    ("3.1.2.16", "badvers", Refused(505), None),
    ("3.1.2.17", "mismatch01", Refused(400), None),
    ("3.1.2.18", "mismatch02", Refused(400), None),
    ("3.1.2.19", "bigcode", Ignored, None),
    ("3.2.1", "badbranch", Reaches(1), None),
    ("3.3.1", "insuf", Refused(400), None),
    ("3.3.2", "unkscm", Refused(416), None),
    ("3.3.3", "novelsc", Refused(416), None),
    // For the leg and the registrar: 416 for To, 415, 401, 406.
    ("3.3.4", "unksm2", Reaches(1), None),
    ("3.3.5", "bext01", Refused(420), None),
    ("3.3.6", "invut", Reaches(1), None),
    ("3.3.7", "regaut01", Reaches(1), None),
    ("3.3.8", "multi01", Refused(400), None),
    ("3.3.9", "mcl01", Refused(400), None),
    ("3.3.10", "bcast", Ignored, None),
    ("3.3.11", "zeromf", Reaches(1), None),
    ("3.3.12", "cparam01", Reaches(1), None),
    ("3.3.13", "cparam02", Reaches(1), None),
    ("3.3.14", "regescrt", Reaches(1), None),
    ("3.3.15", "sdp01", Reaches(1), None),
    ("3.4.1", "inv2543", Reaches(1), None),
];

fn message(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    std::fs::read(folder.join(format!("{name}.dat"))).expect(name)
}

/// What the application was asked before the marker, and what was answered before the marker's answer by the edge.
async fn fate(world: &mut World, marker: &str, answers: &[String]) -> Fate {
    let mut reached = 0;
    loop {
        let (_, call_id) = tokio::time::timeout(SOON, world.seen.recv()).await.expect("in time").expect("it lives");
        if call_id == marker {
            break;
        }
        reached += 1;
    }
    if reached > 0 {
        return Reaches(reached);
    }
    answers.first().map_or(Ignored, |first| Refused(status(first)))
}

#[tokio::test]
async fn each_message_of_rfc_4475_over_udp_has_its_fate() {
    let mut world = World::trusting().await;
    let mut wrong = Vec::new();
    for (section, name, expected, _) in MESSAGES {
        let mut peer = Datagrams::new(&world).await;
        peer.send(message(name)).await;
        let marker = format!("marker-{name}");
        peer.send(request("OPTIONS", "UDP", peer.here(), &marker, "", "")).await;
        let mut answers = Vec::new();
        loop {
            let text = peer.receive().await;
            if text.contains(&marker) {
                break;
            }
            answers.push(text);
        }
        let found = fate(&mut world, &marker, &answers).await;
        if found != expected {
            wrong.push(format!("{section} {name}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(world.edge.counters().not_accepting, 0);
}

#[tokio::test]
async fn each_message_of_rfc_4475_over_tcp_has_its_fate_and_the_stream_stays() {
    let mut world = World::trusting().await;
    let mut wrong = Vec::new();
    let mut peer = Stream::new(&world).await;
    for (section, name, datagram, stream) in MESSAGES {
        let expected = stream.unwrap_or(datagram);
        peer.send(message(name)).await;
        if name == "clerr" {
            peer.send("\r\n".repeat(5_000)).await;
        }
        let marker = format!("marker-{name}");
        peer.send(request("OPTIONS", "TCP", peer.here(), &marker, "", "")).await;
        let mut answers = Vec::new();
        loop {
            let text = peer.receive().await.unwrap_or_else(|| panic!("{name} closed the stream"));
            if text.contains(&marker) {
                break;
            }
            answers.push(text);
        }
        let found = fate(&mut world, &marker, &answers).await;
        if found != expected {
            wrong.push(format!("{section} {name}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(world.edge.counters().connections_accepted, 1);
}
