//! Reports to the far end (RTCP, RFC 3550 §6), at the port of the audio (RFC 5761).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rtcp_types::{
    Compound, Packet, ReceiverReport, ReportBlock, ReportBlockBuilder, RtcpPacketWriterExt, Sdes, SdesChunk, SdesItem,
    SenderReport,
};

use crate::reception::Received;

/// From one report to the next, on the average (RFC 3550 §6.2).
const INTERVAL: Duration = Duration::from_secs(5);

/// Room for a report: 28 bytes of sender, 24 of a block, 12 and a name.
pub(crate) type Report = [u8; 128];

/// From 1900, where NTP begins, to 1970, in seconds.
const NTP_EPOCH: u64 = 2_208_988_800;

/// When the next report is due, and what is to be told in it of those that came.
#[derive(Debug)]
pub(crate) struct Reports {
    due: Instant,
    chance: u32,
    /// The middle of the NTP time of the far end's last report, and when it came.
    last: Option<(u32, Instant)>,
}

/// What we have sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) ssrc: u32,
    /// The timestamp of this moment.
    pub(crate) timestamp: u32,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

impl Reports {
    /// Begins to report; `chance` spreads the reports of many legs.
    pub(crate) fn new(now: Instant, chance: u32) -> Self {
        let mut reports = Reports { due: now, chance, last: None };
        reports.plan(now);
        // The first comes after half the time (RFC 3550 §6.2).
        reports.due = now + reports.due.saturating_duration_since(now) / 2;
        reports
    }

    /// Takes what the far end reports.
    pub(crate) fn receive(&mut self, compound: Compound<'_>, now: Instant) {
        for packet in compound.flatten() {
            if let Packet::Sr(report) = packet {
                let [_, _, a, b, c, d, _, _] = report.ntp_timestamp().to_be_bytes();
                self.last = Some((u32::from_be_bytes([a, b, c, d]), now));
            }
        }
    }

    /// Whether a report is due, which is then planned anew.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let due = now >= self.due;
        if due {
            self.plan(now);
        }
        due
    }

    /// Writes a report and returns its length.
    pub(crate) fn write(
        &self,
        sent: Sent,
        received: Option<&Received>,
        name: &str,
        now: Instant,
        into: &mut Report,
    ) -> Option<usize> {
        let block = received.map(|received| self.block(received, now));
        let names =
            Sdes::builder().add_chunk(SdesChunk::builder(sent.ssrc).add_item(SdesItem::builder(SdesItem::CNAME, name)));
        let compound = if sent.packets > 0 {
            let mut report = SenderReport::builder(sent.ssrc)
                .ntp_timestamp(ntp_now())
                .rtp_timestamp(sent.timestamp)
                .packet_count(sent.packets)
                .octet_count(sent.octets);
            if let Some(block) = block {
                report = report.add_report_block(block);
            }
            Compound::builder().add_packet(report)
        } else {
            let mut report = ReceiverReport::builder(sent.ssrc);
            if let Some(block) = block {
                report = report.add_report_block(block);
            }
            Compound::builder().add_packet(report)
        };
        compound.add_packet(names).write_into(into).ok()
    }

    fn block(&self, received: &Received, now: Instant) -> ReportBlockBuilder {
        let (last, delay) = self.last.map_or((0, 0), |(last, came)| {
            // In units of 1/65,536 s.
            let delay = now.saturating_duration_since(came).as_micros() * 65_536 / 1_000_000;
            (last, u32::try_from(delay).unwrap_or(u32::MAX))
        });
        ReportBlock::builder(received.ssrc)
            .fraction_lost(received.fraction_lost)
            .cumulative_lost(received.lost)
            .extended_sequence_number(received.highest)
            .interarrival_jitter(received.jitter)
            .last_sender_report_timestamp(last)
            .delay_since_last_sender_report_timestamp(delay)
    }

    /// Half to one and a half of the interval from now.
    fn plan(&mut self, now: Instant) {
        self.chance = self.chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.due = now + INTERVAL / 2 + INTERVAL * (self.chance >> 16) / 65_536;
    }
}

/// The time of the machine as NTP counts it: seconds since 1900 and, in the lower half, parts of a second.
fn ntp_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let parts = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    (now.as_secs() + NTP_EPOCH) << 32 | parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Sent = Sent { ssrc: 7, timestamp: 4_000, packets: 25, octets: 4_000 };

    fn received() -> Received {
        Received { ssrc: 9, highest: 70_000, lost: 3, fraction_lost: 25, jitter: 12 }
    }

    #[test]
    fn a_report_tells_what_was_sent_and_what_came() {
        let now = Instant::now();
        let (mut reports, mut bytes) = (Reports::new(now, 1), [0; 128]);
        let length = reports.write(SENT, Some(&received()), "name", now, &mut bytes).unwrap();
        // Packet type 200, one block, 13 words (RFC 3550 §6.4.1).
        assert_eq!(bytes[..8], [0x81, 200, 0, 12, 0, 0, 0, 7]);
        let seconds = u64::from(u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]));
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + NTP_EPOCH;
        assert!(clock.abs_diff(seconds) <= 2, "{seconds} and not {clock}");
        assert_eq!(bytes[16..28], [0, 0, 0x0f, 0xa0, 0, 0, 0, 25, 0, 0, 0x0f, 0xa0]);
        assert_eq!(bytes[28..44], [0, 0, 0, 9, 25, 0, 0, 3, 0, 1, 0x11, 0x70, 0, 0, 0, 12]);
        // The name, in a packet of type 202.
        assert_eq!(bytes[52..66], [0x81, 202, 0, 3, 0, 0, 0, 7, 1, 4, b'n', b'a', b'm', b'e']);
        assert!(length > 66 && length.is_multiple_of(4));

        reports.receive(Compound::parse(&bytes[..length]).unwrap(), now);
        let later = now + Duration::from_millis(1_500);
        reports.write(SENT, Some(&received()), "name", later, &mut bytes).unwrap();
        assert_ne!(bytes[44..48], [0; 4]);
        assert_eq!(bytes[48..52], [0, 1, 0x80, 0], "1.5 s since the last report");
    }

    #[test]
    fn who_has_sent_nothing_only_tells_what_came() {
        let (now, mut bytes) = (Instant::now(), [0; 128]);
        let reports = Reports::new(now, 1);
        let silent = Sent { packets: 0, ..SENT };
        assert!(reports.write(silent, None, "name", now, &mut bytes).is_some());
        assert_eq!(bytes[..4], [0x80, 201, 0, 1]);
    }

    #[test]
    fn reports_come_every_five_seconds_more_or_less() {
        let start = Instant::now();
        let mut reports = Reports::new(start, 42);
        let due: Vec<u64> = (0..100_000).filter(|at| reports.is_due(start + Duration::from_millis(*at))).collect();
        assert!((17..=24).contains(&due.len()), "{due:?}");
        assert!(due.windows(2).all(|pair| (2_500..=7_501).contains(&(pair[1] - pair[0]))), "{due:?}");
    }
}
