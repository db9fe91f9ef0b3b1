//! What a leg is played.

use nohold_media::{MediaEvent, Source};
use nohold_telephony::clip::Clip;
use nohold_telephony::codec::Codec;
use nohold_telephony::tone::Heard;

use crate::peer::{Peer, assert_is, run};
use crate::site::{Site, music, prompt};

#[test]
fn music_prompts_and_silence_are_one_stream() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    let leg = site.connect(&mut peer);
    let (hold, greeting, again) = (site.id(), site.id(), site.id());
    site.plane.play(leg, hold, Source::Loop(music(440.0)));
    run(&mut [&mut peer], 600);
    site.plane.play(leg, greeting, Source::Once(vec![prompt(700.0, 300), prompt(1_000.0, 300)]));
    run(&mut [&mut peer], 800);
    assert_eq!(site.event(), MediaEvent::Played { leg, playback: greeting });
    site.plane.play(leg, again, Source::Loop(music(440.0)));
    run(&mut [&mut peer], 400);
    site.plane.stop(leg, again);
    run(&mut [&mut peer], 400);
    peer.assert_one_stream();
    let heard = peer.heard();
    for frequency in [440.0, 700.0, 1_000.0] {
        assert!(heard.iter().any(|heard| heard.is(frequency)), "no {frequency} Hz: {heard:?}");
    }
    assert!(heard.contains(&Heard::Silence), "no silence: {heard:?}");
    assert!(peer.received.iter().all(|packet| packet.payload.len() == 160 && packet.payload_type == 8));
}

#[test]
fn packets_come_every_20_ms() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcmu));
    let leg = site.connect(&mut peer);
    let hold = site.id();
    site.plane.play(leg, hold, Source::Loop(music(440.0)));
    run(&mut [&mut peer], 3_000);
    let (first, last) = (peer.received.first().unwrap().at, peer.received.last().unwrap().at);
    let distance = (last - first).as_secs_f64() * 1_000.0 / (peer.received.len() - 1) as f64;
    assert!((19.5..20.5).contains(&distance), "{distance} ms from packet to packet");
    peer.assert_hears(440.0);
}

#[test]
fn a_prompt_is_heard_whole_and_reported_once() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    let leg = site.connect(&mut peer);
    let playback = site.id();
    let clip = Clip::new((0..1_600).map(|n| n * 10).collect());
    site.plane.play(leg, playback, Source::Once(vec![clip.clone()]));
    site.plane.play(leg, playback, Source::Once(vec![clip.clone()]));
    run(&mut [&mut peer], 600);
    site.plane.play(leg, playback, Source::Once(vec![clip.clone()]));
    run(&mut [&mut peer], 200);
    assert_eq!(site.events(), [MediaEvent::Played { leg, playback }]);
    let bytes: Vec<u8> = peer.received.iter().flat_map(|packet| packet.payload.clone()).collect();
    let expected: Vec<u8> =
        (0..clip.frames()).flat_map(|frame| clip.frame(Codec::Pcma, frame).unwrap()).copied().collect();
    assert_eq!(bytes.windows(expected.len()).filter(|window| *window == expected).count(), 1);
}

#[test]
fn what_is_replaced_or_stopped_is_not_reported() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    let leg = site.connect(&mut peer);
    let (first, second, other) = (site.id(), site.id(), site.id());
    site.plane.play(leg, first, Source::Once(vec![prompt(700.0, 5_000)]));
    run(&mut [&mut peer], 200);
    site.plane.play(leg, second, Source::Once(vec![prompt(1_000.0, 300)]));
    site.plane.stop(leg, first);
    site.plane.stop(leg, other);
    assert_eq!(site.event(), MediaEvent::Played { leg, playback: second });
    site.plane.play(leg, other, Source::Once(vec![prompt(700.0, 100)]));
    site.plane.stop(leg, other);
    run(&mut [&mut peer], 400);
    assert_eq!(site.events(), []);
}

#[test]
fn what_cannot_be_played_is_reported() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    let (nobody, playback) = (site.id(), site.id());
    site.plane.play(nobody, playback, Source::Once(Vec::new()));
    assert_eq!(site.event(), MediaEvent::PlayFailed { leg: nobody, playback });
    let leg = site.connect(&mut peer);
    site.plane.play(leg, playback, Source::Loop(Clip::new(Vec::new())));
    assert_eq!(site.event(), MediaEvent::PlayFailed { leg, playback });
    let empty = site.id();
    site.plane.play(leg, empty, Source::Once(vec![Clip::new(Vec::new())]));
    assert_eq!(site.event(), MediaEvent::Played { leg, playback: empty });
}

#[test]
fn a_prompt_waits_until_the_leg_is_connected() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcmu));
    let (leg, playback) = (site.id(), site.id());
    peer.calls(site.plane.open(leg).unwrap());
    site.plane.play(leg, playback, Source::Once(vec![prompt(700.0, 400)]));
    run(&mut [&mut peer], 300);
    assert!(peer.received.is_empty());
    site.plane.connect(leg, peer.remote());
    run(&mut [&mut peer], 420);
    assert_eq!(site.event(), MediaEvent::Played { leg, playback });
    assert_is(&peer.heard()[..2], 700.0);
}

#[test]
fn another_codec_does_not_break_the_stream() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    let leg = site.connect(&mut peer);
    let hold = site.id();
    site.plane.play(leg, hold, Source::Loop(music(440.0)));
    run(&mut [&mut peer], 400);
    peer.codec = Codec::Pcmu;
    site.plane.connect(leg, peer.remote());
    run(&mut [&mut peer], 800);
    peer.assert_one_stream();
    peer.assert_hears(440.0);
    assert!(peer.received.iter().any(|packet| packet.payload_type == 8));
}

#[test]
fn an_echo_gives_the_voice_back() {
    for (codec, packet_ms) in [(Codec::Pcma, 20), (Codec::Pcmu, 30)] {
        let (mut site, mut peer) = (Site::new(), Peer::saying(codec, 700.0));
        peer.packet_ms = packet_ms;
        let leg = site.connect(&mut peer);
        let echo = site.id();
        site.plane.play(leg, echo, Source::Echo);
        run(&mut [&mut peer], 1_600);
        assert_is(&peer.heard()[1..], 700.0);
        site.plane.stop(leg, echo);
        peer.received.clear();
        run(&mut [&mut peer], 400);
        assert!(peer.heard()[1..].iter().all(|heard| *heard == Heard::Silence), "{:?}", peer.heard());
    }
}
