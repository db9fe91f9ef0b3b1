//! Legs that hear each other.

use nohold_media::Source;
use nohold_model::BridgeId;
use nohold_telephony::codec::Codec;
use nohold_telephony::tone::Heard;

use crate::peer::{Peer, assert_is, run};
use crate::site::{Site, music};

/// Two phones in a bridge. The legs live on unlike threads, because the second is opened on the one with fewer.
fn bridged(a: &mut Peer, b: &mut Peer) -> (Site, BridgeId) {
    let mut site = Site::new();
    let (one, two) = (site.connect(a), site.connect(b));
    let bridge = site.id();
    site.plane.bridge(bridge, one, two);
    (site, bridge)
}

#[test]
fn unlike_codecs_hear_each_other() {
    let (mut a, mut b) = (Peer::saying(Codec::Pcma, 440.0), Peer::saying(Codec::Pcmu, 1_000.0));
    let (_site, _) = bridged(&mut a, &mut b);
    run(&mut [&mut a, &mut b], 2_000);
    assert_is(&a.heard()[1..], 1_000.0);
    assert_is(&b.heard()[1..], 440.0);
    a.assert_one_stream();
    b.assert_one_stream();
    let begins = |peer: &Peer| peer.received.first().map(|packet| (packet.ssrc, packet.sequence, packet.timestamp));
    assert_ne!(begins(&a), begins(&b), "streams begin at random");
}

#[test]
fn like_codecs_pass_every_byte_as_it_is() {
    let (mut a, mut b) = (Peer::new(Codec::Pcmu), Peer::new(Codec::Pcmu));
    let (_site, _) = bridged(&mut a, &mut b);
    let said: Vec<u8> = (0..20 * 160).map(|n| (n * 7 % 251) as u8).collect();
    run(&mut [&mut a, &mut b], 100);
    for payload in said.chunks(160) {
        a.send_audio(payload);
        run(&mut [&mut a, &mut b], 20);
    }
    run(&mut [&mut a, &mut b], 200);
    let heard: Vec<u8> = b.received.iter().flat_map(|packet| packet.payload.clone()).collect();
    // The machine may be late for a moment; then a frame is heard twice, but what is heard is what was said.
    let whole = said.chunks(160).filter(|frame| heard.windows(160).any(|window| window == *frame)).count();
    assert!(whole >= 17, "{whole} frames of 20");
}

#[test]
fn packets_of_any_length_become_packets_of_20_ms() {
    for packet_ms in [10, 30, 40, 60] {
        let (mut a, mut b) = (Peer::saying(Codec::Pcma, 440.0), Peer::new(Codec::Pcmu));
        a.packet_ms = packet_ms;
        let (_site, _) = bridged(&mut a, &mut b);
        run(&mut [&mut a, &mut b], 1_600);
        assert_is(&b.heard()[1..], 440.0);
        assert!(b.received.iter().all(|packet| packet.payload.len() == 160));
        b.assert_one_stream();
    }
}

#[test]
fn packets_out_of_order_are_put_in_order() {
    let (mut a, mut b) = (Peer::saying(Codec::Pcma, 440.0), Peer::new(Codec::Pcma));
    a.swaps = true;
    let (site, bridge) = bridged(&mut a, &mut b);
    run(&mut [&mut a, &mut b], 2_000);
    assert_is(&b.heard()[1..], 440.0);
    site.plane.unbridge(bridge);
}

#[test]
fn lost_packets_are_counted_and_leave_the_rest_in_its_place() {
    let mut site = Site::new();
    let (mut a, mut b) = (Peer::saying(Codec::Pcma, 500.0), Peer::new(Codec::Pcma));
    a.loses = |number| number % 20 == 10;
    let (one, two) = (site.connect(&mut a), site.connect(&mut b));
    let bridge = site.id();
    site.plane.bridge(bridge, one, two);
    run(&mut [&mut a, &mut b], 2_400);
    // 500 Hz has whole periods in 20 ms, so that a gap filled with the frame before it cannot be heard.
    assert_is(&b.heard()[1..], 500.0);
    let statistics = site.plane.statistics(one).unwrap();
    assert_eq!(statistics.lost, 6, "{statistics:?}");
    assert_eq!(statistics.received, 114, "{statistics:?}");
}

#[test]
fn packets_that_come_too_late_are_counted_and_not_heard() {
    let mut site = Site::new();
    let (mut a, mut b) = (Peer::saying(Codec::Pcma, 500.0), Peer::new(Codec::Pcma));
    let (one, two) = (site.connect(&mut a), site.connect(&mut b));
    let bridge = site.id();
    site.plane.bridge(bridge, one, two);
    let stale = a.packet(8, false, a.timestamp, &[0x12; 160]);
    a.timestamp = a.timestamp.wrapping_add(160);
    run(&mut [&mut a, &mut b], 600);
    for _ in 0..3 {
        a.send_raw(&stale);
    }
    run(&mut [&mut a, &mut b], 400);
    assert_eq!(site.plane.statistics(one).unwrap().late, 3);
    assert!(b.received.iter().all(|packet| !packet.payload.contains(&0x12) || packet.payload != [0x12; 160]));
}

#[test]
fn a_talker_who_pauses_or_begins_a_new_stream_is_heard_again() {
    let (mut a, mut b) = (Peer::saying(Codec::Pcma, 440.0), Peer::new(Codec::Pcma));
    let (_site, _) = bridged(&mut a, &mut b);
    run(&mut [&mut a, &mut b], 600);
    a.says = None;
    run(&mut [&mut a, &mut b], 600);
    a.timestamp = a.timestamp.wrapping_add(4_800);
    a.says = Some(440.0);
    b.received.clear();
    run(&mut [&mut a, &mut b], 1_000);
    assert_is(&b.heard()[1..], 440.0);
    (a.ssrc, a.sequence, a.timestamp) = (99, 7, 3);
    b.received.clear();
    run(&mut [&mut a, &mut b], 1_000);
    assert_is(&b.heard()[1..], 440.0);
}

#[test]
fn music_is_heard_instead_of_the_bridge_and_the_bridge_again_after_it() {
    let mut site = Site::new();
    let (mut a, mut b) = (Peer::saying(Codec::Pcma, 440.0), Peer::new(Codec::Pcmu));
    let (one, two) = (site.connect(&mut a), site.connect(&mut b));
    let (bridge, hold): (BridgeId, _) = (site.id(), site.id());
    site.plane.play(two, hold, Source::Loop(music(700.0)));
    site.plane.bridge(bridge, one, two);
    run(&mut [&mut a, &mut b], 800);
    assert_is(&b.heard(), 700.0);
    let before = b.received.len();
    site.plane.stop(two, hold);
    run(&mut [&mut a, &mut b], 800);
    b.assert_one_stream();
    b.received.drain(..before + 2);
    b.assert_hears(440.0);
}

#[test]
fn a_bridge_that_is_ended_is_silent_and_a_leg_may_go_to_another() {
    let mut site = Site::new();
    let mut a = Peer::saying(Codec::Pcma, 440.0);
    let (mut b, mut c) = (Peer::new(Codec::Pcmu), Peer::saying(Codec::Pcmu, 1_000.0));
    let legs = [site.connect(&mut a), site.connect(&mut b), site.connect(&mut c)];
    let (first, second) = (site.id(), site.id());
    site.plane.bridge(first, legs[0], legs[1]);
    run(&mut [&mut a, &mut b, &mut c], 600);
    site.plane.bridge(second, legs[0], legs[2]);
    run(&mut [&mut a, &mut b, &mut c], 100);
    for peer in [&mut a, &mut b, &mut c] {
        peer.received.clear();
    }
    run(&mut [&mut a, &mut b, &mut c], 800);
    a.assert_hears(1_000.0);
    c.assert_hears(440.0);
    assert!(b.heard().iter().all(|heard| *heard == Heard::Silence), "{:?}", b.heard());
    site.plane.unbridge(first);
    site.plane.unbridge(second);
    run(&mut [&mut a, &mut b, &mut c], 100);
    c.received.clear();
    run(&mut [&mut a, &mut b, &mut c], 400);
    assert!(c.heard().iter().all(|heard| *heard == Heard::Silence), "{:?}", c.heard());
}

#[test]
fn three_hear_each_other_each_the_two_others_and_keys_go_nowhere() {
    let mut site = Site::new();
    let mut a = Peer::saying(Codec::Pcma, 440.0);
    let (mut b, mut c) = (Peer::saying(Codec::Pcmu, 1_000.0), Peer::saying(Codec::Pcma, 1_800.0));
    let legs = [site.connect(&mut a), site.connect(&mut b), site.connect(&mut c)];
    let (conference, recording): (BridgeId, _) = (site.id(), site.id());
    site.plane.conference(conference, &legs);
    let path = site.folder.join("three.wav");
    site.plane.record_call(recording, conference, path.clone());
    run(&mut [&mut a, &mut b, &mut c], 1_600);
    for (peer, heard, not) in
        [(&a, [1_000.0, 1_800.0], 440.0), (&b, [440.0, 1_800.0], 1_000.0), (&c, [440.0, 1_000.0], 1_800.0)]
    {
        let samples = peer.samples();
        let samples = &samples[4_000..];
        for frequency in heard {
            assert!(power(samples, frequency) > 0.1, "{frequency} Hz is not heard");
        }
        assert!(power(samples, not) < 0.01, "the own {not} Hz is heard");
        peer.assert_one_stream();
    }
    // What the first says stands on the left, what the others say on the right.
    site.plane.stop_recording(recording);
    let _ = site.event();
    let mut reader = hound::WavReader::open(path).unwrap();
    let both: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    let side = |which: usize| both.iter().copied().skip(which).step_by(2).skip(4_000).collect::<Vec<i16>>();
    let (left, right) = (side(0), side(1));
    assert!(power(&left, 440.0) > 0.1 && power(&left, 1_000.0) < 0.01);
    assert!(power(&right, 1_000.0) > 0.1 && power(&right, 1_800.0) > 0.1 && power(&right, 440.0) < 0.01);
    // One leaves, and the two others go on.
    let pair: BridgeId = site.id();
    site.plane.bridge(pair, legs[1], legs[2]);
    run(&mut [&mut a, &mut b, &mut c], 200);
    for peer in [&mut a, &mut b, &mut c] {
        peer.received.clear();
    }
    run(&mut [&mut a, &mut b, &mut c], 600);
    b.assert_hears(1_800.0);
    c.assert_hears(1_000.0);
    assert!(a.heard().iter().all(|heard| *heard == Heard::Silence), "{:?}", a.heard());
}

/// How much of what was heard is this tone (Goertzel), as the share of a full tone of the phones that speak here.
fn power(samples: &[i16], frequency: f64) -> f64 {
    let step = std::f64::consts::TAU * frequency / 8_000.0;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = step * n as f64;
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    let amplitude = 2.0 * re.hypot(im) / samples.len() as f64;
    (amplitude / 8_000.0).powi(2)
}
