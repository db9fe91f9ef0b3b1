//! Messages and conversations on the disk.

use std::path::Path;

use nohold_media::{MediaEvent, RecordSpec, RecordingEnd, Settings};
use nohold_model::{Digit, LegId, MessageId, Millis};
use nohold_telephony::codec::Codec;
use nohold_telephony::tone::{Heard, listen};

use crate::peer::{Peer, assert_is, run};
use crate::site::{Site, settings};

fn spec() -> RecordSpec {
    RecordSpec { longest: Millis::seconds(30), silence: Millis::new(800), end_key: Digit::HASH, warn_before: None }
}

/// A message that is being recorded from a phone that says 700 Hz.
fn recording(spec: RecordSpec) -> (Site, Peer, LegId, MessageId) {
    let (mut site, mut peer) = (Site::new(), Peer::saying(Codec::Pcma, 700.0));
    let leg = site.connect(&mut peer);
    let message = site.id();
    site.plane.record(leg, message, spec);
    (site, peer, leg, message)
}

fn assert_recorded(event: &MediaEvent, wanted: MessageId, how: RecordingEnd, least: u64, most: u64) {
    let MediaEvent::Recorded { message, speech, ended, .. } = event else {
        panic!("not recorded: {event:?}");
    };
    assert_eq!((*message, *ended), (wanted, how));
    assert!((least..=most).contains(&speech.as_millis()), "{speech:?} of speech");
}

fn samples(path: &Path) -> Vec<i16> {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.sample_rate, spec.bits_per_sample), (8_000, 16));
    reader.samples().map(Result::unwrap).collect()
}

fn files(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn silence_ends_a_message() {
    let (site, mut peer, _, message) = recording(spec());
    run(&mut [&mut peer], 1_200);
    peer.says = None;
    let event = site.event();
    assert_recorded(&event, message, RecordingEnd::Silence, 1_000, 1_300);
    let said = samples(&site.plane.message_path(message));
    assert_is(&listen(&said)[1..5], 700.0);
    assert_eq!(files(&site.folder), [format!("{message}.wav")]);
}

#[test]
fn a_caller_who_says_nothing_has_left_no_speech() {
    let (site, mut peer, _, message) = recording(spec());
    peer.says = None;
    assert_recorded(&site.event(), message, RecordingEnd::Silence, 0, 0);
    run(&mut [&mut peer], 20);
}

#[test]
fn the_limit_ends_a_message_and_a_tone_warns_before() {
    let spec = RecordSpec { longest: Millis::new(1_600), warn_before: Some(Millis::new(1_000)), ..spec() };
    let (site, mut peer, _, message) = recording(spec);
    run(&mut [&mut peer], 1_900);
    assert_recorded(&site.event(), message, RecordingEnd::Limit, 1_200, 1_600);
    assert_eq!(samples(&site.plane.message_path(message)).len(), 1_600 * 8);
    // 300 ms of 1,000 Hz, of which one sample in four is a passage through zero.
    let loud = peer.samples().iter().filter(|sample| sample.unsigned_abs() > 500).count();
    assert!((1_700..=1_800).contains(&loud), "{loud} samples of the warning");
    assert!(peer.heard().iter().any(|heard| heard.is(1_000.0) || matches!(heard, Heard::Mixture(_))));
}

#[test]
fn the_end_key_ends_a_message_and_is_no_digit() {
    let (site, mut peer, leg, message) = recording(spec());
    run(&mut [&mut peer], 600);
    peer.send_event(101, peer.timestamp, 5, true, 800);
    run(&mut [&mut peer], 200);
    assert_eq!(site.event(), MediaEvent::Digit { leg, digit: Digit::new('5').unwrap() });
    peer.send_event(101, peer.timestamp, 11, true, 800);
    assert_recorded(&site.event(), message, RecordingEnd::Key, 400, 1_000);
    peer.send_event(101, peer.timestamp.wrapping_add(8_000), 11, true, 800);
    assert_eq!(site.event(), MediaEvent::Digit { leg, digit: Digit::HASH });
}

#[test]
fn a_hang_up_ends_a_message() {
    let (site, mut peer, leg, message) = recording(spec());
    run(&mut [&mut peer], 1_000);
    site.plane.close(leg);
    assert_recorded(&site.event(), message, RecordingEnd::HungUp, 700, 1_000);
    assert!(samples(&site.plane.message_path(message)).len() >= 700 * 8);
}

#[test]
fn a_message_that_is_thrown_away_leaves_nothing() {
    let (mut site, mut peer, leg, message) = recording(spec());
    run(&mut [&mut peer], 600);
    site.plane.discard(message);
    let kept: MessageId = site.id();
    site.plane.record(leg, kept, spec());
    run(&mut [&mut peer], 600);
    site.plane.close(leg);
    assert_recorded(&site.event(), kept, RecordingEnd::HungUp, 300, 700);
    assert_eq!(files(&site.folder), [format!("{kept}.wav")]);
    site.plane.discard(kept);
    site.plane.shut_down();
    assert_eq!(files(&site.folder), Vec::<String>::new());
    assert_eq!(site.events(), []);
}

#[test]
fn a_message_that_cannot_be_written_fails_and_the_audio_goes_on() {
    let (mut site, mut peer) = (Site::new(), Peer::saying(Codec::Pcma, 700.0));
    let leg = site.connect(&mut peer);
    // A file stands where the folder was.
    std::fs::remove_dir(&site.folder).unwrap();
    std::fs::write(&site.folder, b"").unwrap();
    let message = site.id();
    site.plane.record(leg, message, spec());
    assert_eq!(site.event(), MediaEvent::RecordFailed { leg, message });
    run(&mut [&mut peer], 400);
    assert!(peer.received.len() > 10);
    let (nobody, message) = (site.id(), site.id());
    site.plane.record(nobody, message, spec());
    assert_eq!(site.event(), MediaEvent::RecordFailed { leg: nobody, message });
    std::fs::remove_file(&site.folder).unwrap();
}

#[test]
fn what_a_crash_has_left_is_removed_at_the_start_and_messages_stay() {
    let settings: Settings = settings();
    std::fs::create_dir_all(&settings.recordings).unwrap();
    for name in ["msg_1.wav.part", "msg_2.wav"] {
        std::fs::write(settings.recordings.join(name), b"RIFF").unwrap();
    }
    let site = Site::with(settings);
    assert_eq!(files(&site.folder), ["msg_2.wav"]);
}

#[test]
fn a_conversation_is_recorded_with_a_side_for_each() {
    let mut site = Site::new();
    let (mut a, mut b) = (Peer::saying(Codec::Pcma, 440.0), Peer::saying(Codec::Pcmu, 1_000.0));
    let (one, two) = (site.connect(&mut a), site.connect(&mut b));
    let (bridge, stopped, ended) = (site.id(), site.id(), site.id());
    site.plane.bridge(bridge, one, two);
    run(&mut [&mut a, &mut b], 200);
    let folder = site.folder.clone();
    let path = |name: &str| folder.join(name);
    site.plane.record_call(stopped, bridge, path("stopped.wav"));
    site.plane.record_call(ended, bridge, path("ended.wav"));
    run(&mut [&mut a, &mut b], 1_000);
    site.plane.stop_recording(stopped);
    let MediaEvent::CallRecorded { recording, length } = site.event() else { panic!("not recorded") };
    assert_eq!(recording, stopped);
    assert!((900..=1_200).contains(&length.as_millis()), "{length:?}");
    run(&mut [&mut a, &mut b], 1_000);
    site.plane.close(two);
    assert!(matches!(site.event(), MediaEvent::CallRecorded { recording, .. } if recording == ended));
    for (name, least) in [("stopped.wav", 900), ("ended.wav", 1_800)] {
        let both = samples(&path(name));
        let side = |which: usize| both.iter().copied().skip(which).step_by(2).collect::<Vec<i16>>();
        assert!(both.len() >= least * 16);
        assert_is(&listen(&side(0))[1..], 440.0);
        assert_is(&listen(&side(1))[1..], 1_000.0);
    }
    let (late, gone) = (site.id(), path("late.wav"));
    site.plane.record_call(late, bridge, gone);
    assert_eq!(site.event(), MediaEvent::CallRecordFailed { recording: late });
}
