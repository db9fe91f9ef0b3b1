//! RTCP at the port of the audio.

use nohold_telephony::codec::Codec;

use crate::peer::{Peer, run};
use crate::site::Site;

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[test]
fn reports_go_only_to_who_takes_them_at_the_same_port() {
    let mut site = Site::new();
    let (mut takes, mut does_not) = (Peer::saying(Codec::Pcma, 440.0), Peer::saying(Codec::Pcma, 700.0));
    takes.loses = |number| number == 5;
    let legs = [site.connect(&mut takes), site.connect(&mut does_not)];
    site.plane.report(legs[0], true);
    for _ in 0..40 {
        if !takes.reports.is_empty() {
            break;
        }
        run(&mut [&mut takes, &mut does_not], 200);
    }
    let report = takes.reports.first().expect("a report in the first seconds");
    // A sender report with one block (RFC 3550 §6.4.1), about our stream and theirs.
    assert_eq!(report[..2], [0x81, 200]);
    let first = &takes.received[0];
    assert_eq!((word(report, 4), word(report, 28)), (first.ssrc, takes.ssrc));
    let told = word(report, 20);
    assert!(told > 50 && told <= takes.received.len() as u32, "{told} packets told");
    assert_eq!(word(report, 24), told * 160);
    let age = word(report, 16).wrapping_sub(first.timestamp);
    assert!(age.is_multiple_of(160) && age / 160 <= takes.received.len() as u32, "the clock of our stream: {age}");
    assert_eq!(word(report, 32) & 0x00ff_ffff, 1, "one packet is lost");
    assert_eq!(does_not.reports, Vec::<Vec<u8>>::new());
    takes.assert_one_stream();
    site.plane.report(legs[0], false);
}
