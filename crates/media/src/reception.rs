//! What comes in on a leg, counted by sequence numbers.

/// More than so many packets missing at once are a stream that begins anew (RFC 3550 appendix A.1, `MAX_DROPOUT`).
const MOST_MISSING: i32 = 3_000;

/// A packet may come so many places late (`MAX_MISORDER`).
const MOST_MISORDERED: i32 = 100;

/// Counts what should have come and what came (RFC 3550 appendix A.3).
#[derive(Debug, Default)]
pub(crate) struct Reception {
    stream: Option<Stream>,
    /// Of streams before this one.
    lost: u64,
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    highest: u16,
    expected: u64,
    received: u64,
}

impl Reception {
    /// Notes a packet; true when another sender has begun to speak.
    pub(crate) fn note(&mut self, ssrc: u32, sequence: u16) -> bool {
        let Some(stream) = &mut self.stream else {
            self.begin(ssrc, sequence);
            return false;
        };
        if stream.ssrc != ssrc {
            self.begin(ssrc, sequence);
            return true;
        }
        let ahead = i32::from(sequence.wrapping_sub(stream.highest).cast_signed());
        if !(-MOST_MISORDERED..=MOST_MISSING).contains(&ahead) {
            self.begin(ssrc, sequence);
            return false;
        }
        stream.received += 1;
        if ahead > 0 {
            stream.highest = sequence;
            stream.expected += u64::from(ahead.unsigned_abs());
        }
        false
    }

    /// How many packets never came. A packet that comes twice hides one that is lost.
    pub(crate) fn lost(&self) -> u64 {
        self.lost + self.stream.as_ref().map_or(0, Stream::lost)
    }

    fn begin(&mut self, ssrc: u32, sequence: u16) {
        self.lost = self.lost();
        self.stream = Some(Stream { ssrc, highest: sequence, expected: 1, received: 1 });
    }
}

impl Stream {
    fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(sequences: impl IntoIterator<Item = u16>) -> u64 {
        let mut reception = Reception::default();
        for sequence in sequences {
            reception.note(1, sequence);
        }
        reception.lost()
    }

    #[test]
    fn gaps_are_losses_until_the_packet_comes() {
        assert_eq!(lost(65_530..=65_535), 0);
        assert_eq!(lost((65_530..=65_535).chain(0..3)), 0);
        assert_eq!(lost([10, 11, 14]), 2);
        assert_eq!(lost([10, 12, 11, 13]), 0);
    }

    #[test]
    fn a_jump_begins_anew_and_keeps_what_was_lost() {
        assert_eq!(lost([10, 12, 40_000, 40_001, 40_003]), 2);
    }

    #[test]
    fn another_sender_is_noticed() {
        let mut reception = Reception::default();
        assert!(!reception.note(1, 5));
        assert!(!reception.note(1, 7));
        assert!(reception.note(2, 900));
        assert_eq!(reception.lost(), 1);
    }
}
