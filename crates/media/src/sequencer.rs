//! What goes out on a leg: one stream, whatever it carries.

use nohold_telephony::FRAME_SAMPLES;
use rtp_types::RtpPacketBuilder;

use crate::ear::Frame;
use crate::reports::Sent;

/// An RTP header without extensions and one frame.
pub(crate) type Packet = [u8; 12 + FRAME_SAMPLES];

/// The length of a frame in units of the timestamp.
pub(crate) const FRAME_UNITS: u32 = 160;

/// The numbers of a leg's stream (RFC 3550 §5.1). There is one for the whole life of a leg, so that they go on without a
/// jump over music, prompts, bridges and pauses: a jump silences some phones and all browsers.
#[derive(Debug)]
pub(crate) struct Sequencer {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    pausing: bool,
    packets: u32,
    octets: u32,
}

impl Sequencer {
    /// A stream whose numbers begin at random.
    pub(crate) fn new(chance: [u8; 10]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j] = chance;
        Sequencer {
            ssrc: u32::from_be_bytes([a, b, c, d]),
            sequence: u16::from_be_bytes([e, f]),
            timestamp: u32::from_be_bytes([g, h, i, j]),
            pausing: true,
            packets: 0,
            octets: 0,
        }
    }

    /// What a report tells of the stream.
    pub(crate) fn sent(&self) -> Sent {
        Sent { ssrc: self.ssrc, timestamp: self.timestamp, packets: self.packets, octets: self.octets }
    }

    /// The timestamp of this tick.
    pub(crate) fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Writes the packet of one frame and returns its length; nothing when there is no such payload type. The first one after a pause has the marker bit
    /// (RFC 3551 §4.1).
    pub(crate) fn audio(&mut self, payload_type: u8, frame: &Frame, packet: &mut Packet) -> Option<usize> {
        let marker = std::mem::take(&mut self.pausing);
        self.write(payload_type, marker, self.timestamp, frame, packet)
    }

    /// Writes the packet of a telephone event that began at `timestamp`. Audio that comes after it comes after a pause.
    pub(crate) fn event(&mut self, payload_type: u8, event: &Event, packet: &mut Packet) -> Option<usize> {
        self.pausing = true;
        self.write(payload_type, event.marker, event.timestamp, &event.payload, packet)
    }

    /// Nothing is sent in this tick.
    pub(crate) fn pause(&mut self) {
        self.pausing = true;
    }

    /// So many ticks have passed, with packets or without.
    pub(crate) fn pass(&mut self, ticks: u32) {
        self.timestamp = self.timestamp.wrapping_add(FRAME_UNITS.wrapping_mul(ticks));
    }

    fn write(&mut self, payload_type: u8, marker: bool, at: u32, payload: &[u8], packet: &mut Packet) -> Option<usize> {
        let builder = RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(payload_type)
            .marker_bit(marker)
            .sequence_number(self.sequence)
            .timestamp(at)
            .ssrc(self.ssrc)
            .payload(payload);
        let length = builder.write_into(packet).ok()?;
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u32::try_from(payload.len()).unwrap_or(0));
        Some(length)
    }
}

/// A packet of a telephone event (RFC 4733 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    /// When the key went down.
    pub(crate) timestamp: u32,
    /// It is the first packet of its event.
    pub(crate) marker: bool,
    /// Event, end bit and volume, duration.
    pub(crate) payload: [u8; 4],
}

#[cfg(test)]
mod tests {
    use rtp_types::RtpPacket;

    use super::*;

    fn sequencer() -> Sequencer {
        Sequencer::new([1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80])
    }

    #[test]
    fn numbers_wrap_and_go_on() {
        let (mut sequencer, mut packet) = (sequencer(), [0; 172]);
        for (sequence, timestamp, marker) in [(0xffff, 0xffff_ff80, true), (0, 0x20, false), (1, 0xc0, false)] {
            let length = sequencer.audio(8, &[7; 160], &mut packet).unwrap();
            sequencer.pass(1);
            let packet = RtpPacket::parse(&packet[..length]).unwrap();
            assert_eq!((packet.ssrc(), packet.payload_type(), packet.payload().len()), (0x0102_0304, 8, 160));
            assert_eq!((packet.sequence_number(), packet.timestamp()), (sequence, timestamp));
            assert_eq!(packet.marker_bit(), marker);
        }
    }

    #[test]
    fn a_payload_type_that_does_not_exist_takes_no_number() {
        let (mut sequencer, mut packet) = (sequencer(), [0; 172]);
        assert_eq!(sequencer.audio(200, &[0; 160], &mut packet), None);
        assert_eq!(sequencer.sequence, 0xffff);
    }

    #[test]
    fn over_a_pause_time_goes_on_and_the_sequence_does_not() {
        let (mut sequencer, mut packet) = (sequencer(), [0; 172]);
        assert_eq!(sequencer.audio(0, &[0; 160], &mut packet), Some(172));
        sequencer.pass(1);
        sequencer.pause();
        sequencer.pass(9);
        assert_eq!(sequencer.audio(0, &[0; 160], &mut packet), Some(172));
        let packet = RtpPacket::parse(&packet).unwrap();
        assert_eq!((packet.sequence_number(), packet.timestamp()), (0, 0xffff_ff80_u32.wrapping_add(1_600)));
        assert!(packet.marker_bit());
    }
}
