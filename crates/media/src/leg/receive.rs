//! What comes in on a leg. Any datagram may come, from anybody.

use std::net::SocketAddr;
use std::time::Instant;

use rtcp_types::Compound;
use rtp_types::RtpPacket;

use super::Leg;
use crate::ear::{LONGEST_PAYLOAD, Written};
use crate::latch::Admission;
use crate::thread::Surroundings;

/// The payload of a telephone event is four bytes; redundant ones (RFC 4733 §2.5.1.4) are a few more.
const EVENT_PAYLOAD: std::ops::RangeInclusive<usize> = 4..=64;

enum Kind {
    Audio,
    Event,
}

impl Leg {
    /// Takes a datagram that came to the leg's socket.
    pub(crate) fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Instant, around: &Surroundings) {
        // A socket for both families tells IPv4 addresses in the form of IPv6, and the signalling does not.
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        if is_rtcp(datagram) {
            self.receive_rtcp(datagram, from, now);
            return;
        }
        self.receive_rtp(datagram, Some(from), now, around);
    }

    /// Takes what has come by the leg's line, where it has one.
    pub(crate) fn receive_line(&mut self, buffer: &mut [u8], most: u32, now: Instant, around: &Surroundings) {
        for _ in 0..most {
            let Some(length) = self.way.receive(buffer) else { return };
            self.receive_rtp(buffer.get(..length).unwrap_or_default(), None, now, around);
        }
    }

    /// Takes an RTP packet; by a line it comes from nowhere but the leg's source.
    fn receive_rtp(&mut self, datagram: &[u8], from: Option<SocketAddr>, now: Instant, around: &Surroundings) {
        let (Ok(packet), Some(remote)) = (RtpPacket::parse(datagram), self.remote) else {
            self.counters.dropped.add(1);
            return;
        };
        let payload = packet.payload();
        let kind = match packet.payload_type() {
            audio if audio == remote.payload_type && (1..=LONGEST_PAYLOAD).contains(&payload.len()) => Kind::Audio,
            event if remote.telephone_event == Some(event) && EVENT_PAYLOAD.contains(&payload.len()) => Kind::Event,
            // Comfort noise, for example, of somebody who suppresses silence.
            _ => {
                self.alive_if_known(from, now);
                self.counters.dropped.add(1);
                return;
            }
        };
        match from.map_or(Admission::Known, |from| self.latch.admit(from, now, around.takeover_after)) {
            Admission::Known => {}
            Admission::New => tracing::debug!(leg = %self.id, "the leg's audio comes from a new source"),
            Admission::Stranger => {
                self.counters.strangers.add(1);
                return;
            }
        }
        (self.alive, self.lost, self.unheard) = (now, false, 0);
        if self.reception.note(packet.ssrc(), packet.sequence_number()) {
            self.ear.restart();
            if let Some(digit) = self.keys.restart() {
                self.pressed(digit, around);
            }
        }
        self.counters.received.add(1);
        self.counters.lost.set(self.reception.lost());
        match kind {
            Kind::Audio => {
                self.reception.note_audio(packet.timestamp(), now);
                if self.ear.write(packet.timestamp(), payload, remote.codec) == Written::Late {
                    self.counters.late.add(1);
                }
            }
            Kind::Event => {
                for digit in self.keys.packet(now, packet.timestamp(), payload).into_iter().flatten() {
                    self.pressed(digit, around);
                }
            }
        }
    }

    /// Reports that come in on the same port (RFC 5761) tell that the far end is there; and when it reported, for our own.
    fn receive_rtcp(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        match Compound::parse(datagram) {
            Ok(compound) => {
                self.alive_if_known(Some(from), now);
                if let Some(reports) = self.reports.as_mut().filter(|_| self.latch.source() == Some(from)) {
                    reports.receive(compound, now);
                }
            }
            Err(_) => self.counters.dropped.add(1),
        }
    }

    /// What is no audio is a sign of life when it comes from where the audio comes from.
    fn alive_if_known(&mut self, from: Option<SocketAddr>, now: Instant) {
        if from.is_none() || self.latch.source() == from {
            (self.alive, self.lost) = (now, false);
        }
    }
}

/// RTCP has version 2 and a packet type from 192 to 223 where RTP has marker bit and payload type (RFC 5761 §4).
fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 192..=223, ..] if first >> 6 == 2)
}
