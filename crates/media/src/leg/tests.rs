use std::sync::Mutex;
use std::time::Duration;

use nohold_model::Millis;
use nohold_model::{IdSource, Timestamp};
use nohold_telephony::codec::Codec;
use nohold_telephony::recording::Recorder;

use super::*;
use crate::plane::lock;
use crate::thread::tones;

/// A connected leg outside of any thread, and what is around it.
fn leg(events: &Arc<Mutex<Vec<MediaEvent>>>) -> (Leg, Surroundings) {
    let (beep, keypad) = tones();
    let told = Arc::clone(events);
    let around = Surroundings {
        events: Arc::new(move |event| lock(&told).push(event)),
        recorder: Recorder::start().unwrap(),
        recordings: std::env::temp_dir().join(format!("nohold-leg-{}", std::process::id())),
        silence_after: Duration::from_secs(30),
        takeover_after: Duration::from_secs(3),
        unheard_for: Duration::from_secs(5),
        name: "name".into(),
        beep,
        keypad,
    };
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let id = IdSource::new(1).next(Timestamp::EPOCH);
    let mut leg = Leg::new(id, Way::Socket(socket), Arc::new(Ear::new()), Arc::default(), [7; 10], Instant::now());
    leg.connect(
        Remote {
            address: None,
            codec: Codec::Pcma,
            payload_type: 8,
            telephone_event: Some(101),
            sends: true,
            receives: true,
            symmetric: false,
            signalling: None,
        },
        Instant::now(),
    );
    (leg, around)
}

/// Chance that is the same in every run.
fn chance(state: &mut u64) -> u8 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as u8
}

#[test]
fn no_datagram_makes_a_leg_panic() {
    let events = Arc::default();
    let (mut leg, around) = leg(&events);
    nohold_telephony::recording::prepare(&around.recordings).unwrap();
    let ids = &mut IdSource::new(2);
    leg.play(ids.next(Timestamp::EPOCH), Source::Echo, &around);
    let spec =
        RecordSpec { longest: Millis::hours(1), silence: Millis::hours(1), end_key: Digit::STAR, warn_before: None };
    let message = ids.next(Timestamp::EPOCH);
    leg.record(message, spec, &around);
    leg.report(true, Instant::now());
    leg.join(ids.next(Timestamp::EPOCH), vec![Arc::new(Ear::new())]);
    let (mut state, mut packet, mut now) = (3, [0; 172], Instant::now());
    for round in 0..100_000_u32 {
        let length = if round % 50 == 0 { 1_900 } else { usize::from(chance(&mut state)) };
        let mut datagram: Vec<u8> = (0..length).map(|_| chance(&mut state)).collect();
        if let [first, second, ..] = datagram.as_mut_slice() {
            match round % 6 {
                0 => {}
                1 => (*first, *second) = (0x80 | *first & 0x3f, 192 + *second % 32),
                2 => (*first, *second) = (0x80, 101),
                3 => (*first, *second) = (0x80 | *first & 0x3f, 8),
                _ => (*first, *second) = (0x80, 8),
            }
        }
        leg.receive(&datagram, SocketAddr::from(([127, 0, 0, 1], 4_000)), now, &around);
        if round % 3 == 0 {
            now += Duration::from_millis(20);
            leg.tick(now, &around, &mut packet);
        }
    }
    let passed = leg.counters.read();
    assert!(passed.received > 30_000 && passed.dropped > 1_000, "{passed:?}");
    assert!(lock(&events).iter().any(|event| matches!(event, MediaEvent::Digit { .. })));
    assert!(lock(&events).iter().all(|event| !matches!(event, MediaEvent::RecordFailed { .. })));
    leg.discard(message);
    around.recorder.shut_down();
    std::fs::remove_dir_all(&around.recordings).unwrap();
}

#[test]
fn a_leg_is_small() {
    let size = size_of::<Leg>();
    assert!(size <= 1_024, "{size} bytes, and thousands of callers wait");
}
