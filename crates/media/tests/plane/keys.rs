//! Keys as telephone events (RFC 4733), both ways.

use nohold_media::{MediaEvent, Remote};
use nohold_telephony::codec::Codec;
use nohold_telephony::tone::strongest;

use crate::peer::{Peer, run};
use crate::site::{Site, digits};

/// A press as phones send it: three packets, then three times the end.
fn press(peer: &mut Peer, event: u8) {
    let timestamp = peer.timestamp;
    for part in 1..=3 {
        peer.send_event(101, timestamp, event, false, part * 160);
        run(&mut [peer], 20);
    }
    for _ in 0..3 {
        peer.send_event(101, timestamp, event, true, 640);
    }
    peer.timestamp = timestamp.wrapping_add(1_600);
}

#[test]
fn each_press_is_reported_once() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    let leg = site.connect(&mut peer);
    for event in [5, 5, 10, 11, 0] {
        press(&mut peer, event);
    }
    run(&mut [&mut peer], 300);
    let expected: Vec<_> = digits("55*#0").into_iter().map(|digit| MediaEvent::Digit { leg, digit }).collect();
    assert_eq!(site.events(), expected);
}

#[test]
fn lost_packets_of_a_press_do_not_matter() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    site.connect(&mut peer);
    peer.send_event(101, 1_000, 1, true, 800);
    peer.send_event(101, 4_000, 2, false, 160);
    peer.send_event(101, 8_000, 3, false, 160);
    run(&mut [&mut peer], 100);
    assert_eq!(site.keys(), "12");
    run(&mut [&mut peer], 400);
    assert_eq!(site.keys(), "3");
    peer.send_event(101, 8_000, 3, true, 800);
    run(&mut [&mut peer], 100);
    assert_eq!(site.keys(), "");
}

#[test]
fn events_have_the_payload_type_of_the_leg() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    peer.telephone_event = Some(96);
    let leg = site.connect(&mut peer);
    peer.send_event(101, 1_000, 1, true, 800);
    peer.send_event(96, 2_000, 2, true, 800);
    run(&mut [&mut peer], 100);
    assert_eq!(site.keys(), "2");
    site.plane.connect(leg, Remote { telephone_event: None, ..peer.remote() });
    run(&mut [&mut peer], 60);
    peer.send_event(96, 12_000, 3, true, 800);
    run(&mut [&mut peer], 100);
    assert_eq!(site.keys(), "");
}

#[test]
fn a_press_in_a_bridge_reaches_the_other_side_with_its_own_payload_type() {
    let mut site = Site::new();
    let (mut a, mut b) = (Peer::new(Codec::Pcma), Peer::new(Codec::Pcmu));
    b.telephone_event = Some(97);
    let (one, two) = (site.connect(&mut a), site.connect(&mut b));
    let bridge = site.id();
    site.plane.bridge(bridge, one, two);
    run(&mut [&mut a, &mut b], 100);
    press(&mut a, 7);
    run(&mut [&mut a, &mut b], 500);
    assert_eq!(site.keys(), "7");
    let events: Vec<_> = b.received.iter().filter(|packet| packet.payload_type == 97).collect();
    assert_eq!(events.len(), 7);
    assert!(events.iter().all(|packet| packet.payload[0] == 7 && packet.timestamp == events[0].timestamp));
}

#[test]
fn keys_are_pressed_as_events_in_the_same_stream() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    let leg = site.connect(&mut peer);
    run(&mut [&mut peer], 200);
    site.plane.send_digits(leg, digits("1#"));
    run(&mut [&mut peer], 600);
    for pair in peer.received.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
    }
    let events: Vec<_> = peer.received.iter().filter(|packet| packet.payload_type == 101).collect();
    let seen: Vec<_> = events
        .iter()
        .map(|packet| (packet.payload[0], packet.marker, packet.payload[1] & 0x80 != 0, packet.payload[3]))
        .collect();
    let one_press = |event| {
        let duration = |part: u16| part.wrapping_mul(160).to_be_bytes()[1];
        [
            (event, true, false, duration(1)),
            (event, false, false, duration(2)),
            (event, false, false, duration(3)),
            (event, false, false, duration(4)),
            (event, false, true, duration(5)),
            (event, false, true, duration(5)),
            (event, false, true, duration(5)),
        ]
    };
    assert_eq!(seen, [one_press(1), one_press(11)].concat());
    assert_eq!(events[7].timestamp.wrapping_sub(events[0].timestamp), 8 * 160);
    // The audio around the presses keeps step with time.
    let audio = peer.audio();
    let (first, last) = (audio[0], audio[audio.len() - 1]);
    let units = last.timestamp.wrapping_sub(first.timestamp) / 160;
    assert_eq!(units as usize + 1, peer.received.len());
}

#[test]
fn a_far_end_without_events_hears_the_tones() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcmu));
    peer.telephone_event = None;
    let leg = site.connect(&mut peer);
    run(&mut [&mut peer], 100);
    site.plane.send_digits(leg, digits("5"));
    run(&mut [&mut peer], 300);
    let samples = peer.samples();
    let at = samples.iter().position(|sample| sample.unsigned_abs() > 1_000).unwrap();
    let press = &samples[at..at + 780];
    assert_eq!(strongest(press, [697.0, 770.0, 852.0, 941.0]).unwrap().frequency, 770.0);
    assert_eq!(strongest(press, [1_209.0, 1_336.0, 1_477.0]).unwrap().frequency, 1_336.0);
}
