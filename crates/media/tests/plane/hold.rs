//! Legs that are on hold, and legs from which nothing comes.

use std::time::Duration;

use nohold_media::{MediaEvent, Remote, Settings, Source};
use nohold_telephony::codec::Codec;

use crate::peer::{Peer, run};
use crate::site::{Site, music, settings};

/// A site at which a leg is lost soon.
fn impatient() -> Site {
    Site::with(Settings { silence_after: Duration::from_millis(600), ..settings() })
}

fn lost(site: &Site) -> usize {
    site.events().into_iter().filter(|event| matches!(event, MediaEvent::Lost { .. })).count()
}

#[test]
fn nothing_is_sent_to_who_does_not_want_to_hear() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    let leg = site.connect(&mut peer);
    let hold = site.id();
    site.plane.play(leg, hold, Source::Loop(music(440.0)));
    run(&mut [&mut peer], 400);
    site.plane.connect(leg, Remote { receives: false, ..peer.remote() });
    run(&mut [&mut peer], 100);
    let before = peer.received.pop().unwrap();
    peer.received.clear();
    run(&mut [&mut peer], 500);
    assert_eq!(peer.received.len(), 0);
    site.plane.connect(leg, peer.remote());
    run(&mut [&mut peer], 400);
    peer.assert_one_stream();
    let after = &peer.received[0];
    assert_eq!((after.ssrc, after.sequence), (before.ssrc, before.sequence.wrapping_add(1)));
    // The clock of the stream has gone on with time.
    let (units, millis) = (after.timestamp.wrapping_sub(before.timestamp), (after.at - before.at).as_millis());
    let distance = i64::from(units / 8) - i64::try_from(millis).unwrap();
    assert!(distance.abs() <= 60, "{units} units for {millis} ms");
}

#[test]
fn a_leg_without_an_address_is_sent_nothing_until_it_speaks() {
    let (mut site, mut peer) = (Site::new(), Peer::new(Codec::Pcma));
    let leg = site.id();
    peer.calls(site.plane.open(leg).unwrap());
    site.plane.connect(leg, Remote { address: Some("0.0.0.0:4000".parse().unwrap()), ..peer.remote() });
    run(&mut [&mut peer], 200);
    assert!(peer.received.is_empty());
    peer.says = Some(440.0);
    run(&mut [&mut peer], 400);
    assert!(!peer.received.is_empty());
}

#[test]
fn a_leg_from_which_nothing_comes_is_lost_once_and_again_after_it_spoke() {
    let (mut site, mut peer) = (impatient(), Peer::new(Codec::Pcma));
    let leg = site.connect(&mut peer);
    assert_eq!(site.event(), MediaEvent::Lost { leg });
    run(&mut [&mut peer], 1_000);
    assert_eq!(lost(&site), 0);
    peer.says = Some(440.0);
    run(&mut [&mut peer], 1_000);
    assert_eq!(lost(&site), 0);
    peer.says = None;
    assert_eq!(site.event(), MediaEvent::Lost { leg });
}

#[test]
fn a_leg_on_hold_is_not_lost_and_its_time_begins_after_the_hold() {
    let (mut site, mut peer) = (impatient(), Peer::new(Codec::Pcma));
    let leg = site.id();
    peer.calls(site.plane.open(leg).unwrap());
    site.plane.connect(leg, Remote { sends: false, ..peer.remote() });
    run(&mut [&mut peer], 900);
    site.plane.connect(leg, peer.remote());
    run(&mut [&mut peer], 300);
    assert_eq!(lost(&site), 0);
    assert_eq!(site.event(), MediaEvent::Lost { leg });
}

#[test]
fn reports_and_comfort_noise_are_signs_of_life() {
    let (mut site, mut peer) = (impatient(), Peer::saying(Codec::Pcma, 440.0));
    let leg = site.connect(&mut peer);
    run(&mut [&mut peer], 200);
    peer.says = None;
    let noise = peer.packet(13, false, 0, &[60]);
    // A receiver report without blocks (RFC 3550 §6.4.2).
    let report = [0x80, 201, 0, 1, 1, 2, 3, 4];
    for sign in [report.as_slice(), noise.as_slice(), report.as_slice(), noise.as_slice()] {
        run(&mut [&mut peer], 360);
        peer.send_raw(sign);
    }
    assert_eq!(lost(&site), 0);
    assert_eq!(site.event(), MediaEvent::Lost { leg });
}
