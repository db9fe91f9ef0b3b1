//! From whom a leg takes packets, and where it sends.

use std::time::Duration;

use nohold_media::{Remote, Settings, Source};
use nohold_telephony::codec::Codec;

use crate::peer::{Peer, run};
use crate::site::{Site, music, settings};

#[test]
fn what_we_send_goes_to_where_the_packets_come_from() {
    let mut site = Site::new();
    let (mut named, mut real) = (Peer::new(Codec::Pcma), Peer::saying(Codec::Pcma, 440.0));
    let leg = site.connect(&mut named);
    let hold = site.id();
    site.plane.play(leg, hold, Source::Loop(music(440.0)));
    run(&mut [&mut named], 200);
    assert!(named.received.len() > 5);
    real.calls(named_port(&site, leg));
    run(&mut [&mut named, &mut real], 400);
    named.received.clear();
    run(&mut [&mut named, &mut real], 200);
    assert_eq!(named.received.len(), 0);
    assert!(real.received.len() > 10);
}

#[test]
fn where_it_is_not_symmetric_we_send_to_the_address_that_was_named() {
    let mut site = Site::new();
    let (mut named, mut real) = (Peer::new(Codec::Pcma), Peer::saying(Codec::Pcma, 440.0));
    let leg = site.connect(&mut named);
    site.plane.connect(leg, Remote { symmetric: false, ..named.remote() });
    real.calls(named_port(&site, leg));
    run(&mut [&mut named, &mut real], 400);
    assert!(named.received.len() > 10 && real.received.is_empty());
    assert!(site.plane.statistics(leg).unwrap().received > 10);
}

#[test]
fn a_stranger_does_not_take_a_stream_over() {
    let mut site = Site::new();
    let mut phone = Peer::saying(Codec::Pcma, 440.0);
    let mut stranger = Peer::saying(Codec::Pcma, 1_000.0);
    let leg = site.connect(&mut phone);
    stranger.calls(named_port(&site, leg));
    let echo = site.id();
    site.plane.play(leg, echo, Source::Echo);
    run(&mut [&mut phone], 400);
    run(&mut [&mut phone, &mut stranger], 1_000);
    // The plane reads every tick: what was sent last has its tick too before it is counted.
    run(&mut [&mut phone], 100);
    assert_eq!(stranger.received.len(), 0);
    assert_eq!(site.plane.statistics(leg).unwrap().strangers, 50);
    assert!(phone.heard().iter().all(|heard| !heard.is(1_000.0)), "{:?}", phone.heard());
}

#[test]
fn another_source_takes_over_when_the_old_one_is_silent() {
    let mut site = Site::new();
    let (mut old, mut new) = (Peer::saying(Codec::Pcma, 440.0), Peer::saying(Codec::Pcma, 700.0));
    let leg = site.connect(&mut old);
    new.calls(named_port(&site, leg));
    run(&mut [&mut old], 200);
    run(&mut [&mut new], 200);
    assert_eq!(new.received.len(), 0);
    run(&mut [&mut new], 800);
    assert!(new.received.len() > 10, "{} packets", new.received.len());
}

#[test]
fn the_address_that_was_named_takes_over_at_once() {
    let mut site = Site::new();
    let (mut named, mut first) = (Peer::new(Codec::Pcma), Peer::saying(Codec::Pcma, 440.0));
    let leg = site.connect(&mut named);
    first.calls(named_port(&site, leg));
    run(&mut [&mut named, &mut first], 400);
    assert!(!first.received.is_empty());
    named.says = Some(700.0);
    run(&mut [&mut named, &mut first], 100);
    first.received.clear();
    named.received.clear();
    run(&mut [&mut named, &mut first], 300);
    assert_eq!(first.received.len(), 0);
    assert!(named.received.len() > 10);
}

#[test]
fn a_new_address_in_the_signalling_lets_the_next_packet_decide() {
    let mut site = Site::new();
    let (mut old, mut new) = (Peer::saying(Codec::Pcma, 440.0), Peer::new(Codec::Pcma));
    let leg = site.connect(&mut old);
    run(&mut [&mut old], 200);
    old.says = None;
    // What the old one has sent is read before the new one is named; else it would be the next packet.
    run(&mut [&mut old], 100);
    site.plane.connect(leg, new.remote());
    run(&mut [&mut old, &mut new], 100);
    old.received.clear();
    run(&mut [&mut old, &mut new], 200);
    assert_eq!(old.received.len(), 0);
    assert!(new.received.len() > 5);
}

#[test]
fn other_payload_types_and_garbage_latch_nothing() {
    let mut site = Site::new();
    let (mut named, mut stranger) = (Peer::new(Codec::Pcma), Peer::new(Codec::Pcma));
    let leg = site.connect(&mut named);
    stranger.calls(named_port(&site, leg));
    let wrong = [
        Vec::new(),
        vec![0x80],
        vec![0x40; 172],
        stranger.packet(0, false, 0, &[0xff; 160]),
        stranger.packet(8, false, 0, &[]),
        stranger.packet(8, false, 0, &[0xd5; 1_601]),
        stranger.packet(101, false, 0, &[5, 0x8a, 3]),
        vec![0x80, 201, 0, 9, 1, 2, 3, 4],
    ];
    for datagram in &wrong {
        stranger.send_raw(datagram);
    }
    run(&mut [&mut named, &mut stranger], 300);
    let statistics = site.plane.statistics(leg).unwrap();
    assert_eq!((statistics.dropped, statistics.received), (wrong.len() as u64, 0), "{statistics:?}");
    assert!(stranger.received.is_empty() && !named.received.is_empty());
}

#[test]
fn an_address_that_only_the_signalling_names_gets_a_short_start_until_it_is_heard() {
    let mut site = Site::with(Settings { unheard_for: Duration::from_millis(300), ..settings() });
    let mut named = Peer::new(Codec::Pcma);
    let leg = site.connect(&mut named);
    // In the place of a victim: the signalling comes from another host.
    site.plane.connect(leg, Remote { signalling: Some("127.0.0.2".parse().unwrap()), ..named.remote() });
    run(&mut [&mut named], 800);
    let start = named.received.len();
    assert!((1..=16).contains(&start), "{start} packets");
    named.received.clear();
    // Another address does not begin it anew.
    let mut other = Peer::new(Codec::Pcma);
    site.plane.connect(leg, Remote { signalling: Some("127.0.0.2".parse().unwrap()), ..other.remote() });
    run(&mut [&mut named, &mut other], 400);
    assert_eq!((named.received.len(), other.received.len()), (0, 0));
    // Somebody is there.
    other.calls(named_port(&site, leg));
    other.says = Some(440.0);
    run(&mut [&mut named, &mut other], 600);
    assert!(other.received.len() > 10, "{} packets", other.received.len());
}

#[test]
fn the_host_of_the_signalling_may_listen_and_say_nothing() {
    let mut site = Site::with(Settings { unheard_for: Duration::from_millis(300), ..settings() });
    let mut named = Peer::new(Codec::Pcma);
    let leg = site.connect(&mut named);
    site.plane.connect(leg, Remote { signalling: Some("127.0.0.1".parse().unwrap()), ..named.remote() });
    run(&mut [&mut named], 1_000);
    assert!(named.received.len() > 35, "{} packets", named.received.len());
}

fn named_port(site: &Site, leg: nohold_model::LegId) -> u16 {
    // Opening is idempotent, so it tells the port.
    site.plane.open(leg).unwrap()
}
