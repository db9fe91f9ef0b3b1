//! What must not bring the plane down, and what it does at its limits.

use std::net::{Ipv4Addr, UdpSocket};

use nohold_media::{MediaEvent, OpenError, Settings, Source};
use nohold_model::LegId;
use nohold_telephony::codec::Codec;

use crate::peer::{Peer, run};
use crate::site::{Site, music, settings};

/// Chance that is the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as u8
    }
}

/// A datagram that is more or less like a packet of the leg.
fn datagram(chance: &mut Chance) -> Vec<u8> {
    let length = match chance.next() % 8 {
        0 => usize::from(chance.next()) % 16,
        1 => 1_400 + usize::from(chance.next()),
        _ => 12 + usize::from(chance.next()),
    };
    let mut bytes: Vec<u8> = (0..length).map(|_| chance.next()).collect();
    let kind = chance.next();
    if let [first, second, ..] = bytes.as_mut_slice() {
        match kind % 8 {
            0 => {}
            1 => (*first, *second) = (0x80 | *first & 0x3f, 192 + *second % 32),
            2 | 3 => (*first, *second) = (0x80, 101),
            4 => (*first, *second) = (0x80 | *first & 0x3f, 8),
            _ => (*first, *second) = (0x80, 8),
        }
    }
    bytes
}

#[test]
fn no_datagram_brings_a_thread_down() {
    let mut site = Site::new();
    let (mut a, mut b) = (Peer::new(Codec::Pcma), Peer::new(Codec::Pcmu));
    let (one, two) = (site.connect(&mut a), site.connect(&mut b));
    let (bridge, recording, echo) = (site.id(), site.id(), site.id());
    site.plane.bridge(bridge, one, two);
    site.plane.record_call(recording, bridge, site.folder.join("call.wav"));
    site.plane.play(one, echo, Source::Echo);
    let (mut chance, mut reports) = (Chance(42), 0);
    for _ in 0..40 {
        for _ in 0..15 {
            let datagram = datagram(&mut chance);
            // What may be RTCP is neither received nor dropped when it is valid.
            reports += u64::from(matches!(datagram[..], [0x80..=0xbf, 192..=223, ..]));
            a.send_raw(&datagram);
        }
        run(&mut [&mut a, &mut b], 20);
    }
    run(&mut [&mut a, &mut b], 400);
    let statistics = site.plane.statistics(one).unwrap();
    assert!(statistics.received > 100 && statistics.dropped > 100, "{statistics:?}");
    let counted = statistics.received + statistics.dropped;
    assert!((600 - reports..=600).contains(&counted), "{statistics:?}, {reports} reports");
    a.received.clear();
    run(&mut [&mut a, &mut b], 400);
    a.received[0].marker = true;
    a.assert_one_stream();
    assert!(a.received.len() > 10);
}

#[test]
fn a_closed_leg_frees_its_port_and_tells_what_passed() {
    let port = free_even_port();
    let mut site = Site::with(Settings { ports: port..=port, ..settings() });
    let mut peer = Peer::saying(Codec::Pcma, 440.0);
    let leg = site.connect(&mut peer);
    run(&mut [&mut peer], 200);
    let statistics = site.plane.close(leg).unwrap();
    assert!(statistics.sent > 4 && statistics.received > 4, "{statistics:?}");
    assert_eq!(site.plane.close(leg), None);
    assert_eq!(site.plane.statistics(leg), None);
    run(&mut [&mut peer], 100);
    peer.received.clear();
    let next: LegId = site.id();
    assert_eq!(site.plane.open(next).unwrap(), port);
    run(&mut [&mut peer], 200);
    assert_eq!(peer.received.len(), 0);
}

#[test]
fn without_a_free_port_a_leg_is_not_opened() {
    let port = free_even_port();
    let mut site = Site::with(Settings { ports: port..=port, ..settings() });
    let (first, second) = (site.id(), site.id());
    assert_eq!(site.plane.open(first).unwrap(), port);
    assert_eq!(site.plane.open(first).unwrap(), port, "opening again does no harm");
    assert!(matches!(site.plane.open(second), Err(OpenError::NoPort { .. })));
    assert_eq!(site.plane.legs(), 1);
}

#[test]
fn not_more_legs_are_opened_than_are_allowed() {
    let mut site = Site::with(Settings { max_legs: 2, ..settings() });
    let legs: [LegId; 3] = [site.id(), site.id(), site.id()];
    assert!(site.plane.open(legs[0]).is_ok() && site.plane.open(legs[1]).is_ok());
    assert!(matches!(site.plane.open(legs[2]), Err(OpenError::TooMany { most: 2 })));
    site.plane.close(legs[0]);
    assert!(site.plane.open(legs[2]).is_ok());
}

#[test]
fn commands_for_a_leg_that_is_not_there_do_nothing() {
    let mut site = Site::new();
    let peer = Peer::new(Codec::Pcma);
    let (leg, other, bridge, playback, message) = (site.id(), site.id(), site.id(), site.id(), site.id());
    site.plane.connect(leg, peer.remote());
    site.plane.stop(leg, playback);
    site.plane.bridge(bridge, leg, other);
    site.plane.unbridge(bridge);
    site.plane.send_digits(leg, Vec::new());
    site.plane.discard(message);
    assert_eq!(site.plane.close(leg), None);
    site.plane.play(leg, playback, Source::Echo);
    assert_eq!(site.event(), MediaEvent::PlayFailed { leg, playback });
}

#[test]
fn a_plane_that_is_shut_down_opens_nothing() {
    let mut site = Site::new();
    let mut peer = Peer::new(Codec::Pcma);
    let leg = site.connect(&mut peer);
    let hold = site.id();
    site.plane.play(leg, hold, Source::Loop(music(440.0)));
    site.plane.shut_down();
    let next: LegId = site.id();
    assert!(matches!(site.plane.open(next), Err(OpenError::ShutDown)));
    run(&mut [&mut peer], 40);
    peer.received.clear();
    run(&mut [&mut peer], 200);
    assert_eq!(peer.received.len(), 0);
}

/// An even port that was free a moment ago.
fn free_even_port() -> u16 {
    loop {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        if port.is_multiple_of(2) {
            return port;
        }
    }
}
