//! Cuts a stream of bytes into messages (RFC 3261 §18.3, RFC 5626 §4.4.1).

use super::head::Head;

/// The largest head of a message in a stream, in bytes.
const MAX_HEAD: usize = 16_384;
/// How many bytes that are no SIP are skipped in search of the next message.
const MAX_JUNK: usize = 65_536;
/// How many of the first bytes of a line tell whether it begins a message.
const MAX_LINE: usize = 8_192;

/// What stands at the front of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Not all of it has come.
    Partial,
    /// A keep-alive, to be answered with CRLF.
    KeepAlive,
    /// One message, head and body.
    Message(Vec<u8>),
    /// A message whose body is larger than allowed: its head. The stream is of no further use.
    TooLarge(Vec<u8>),
    /// No SIP, for too long. The stream is of no further use.
    Unreadable,
}

/// What has come of a stream and is not cut yet. Empty it holds no memory.
#[derive(Default)]
pub(super) struct Framing {
    buffer: Vec<u8>,
    /// No end of a head begins before this place.
    searched: usize,
    junk: usize,
}

impl Framing {
    /// Where to put what is read.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        self.buffer.reserve(4_096);
        &mut self.buffer
    }

    /// Whether a message has begun and is not whole.
    pub(super) fn is_amid(&self) -> bool {
        self.buffer.iter().any(|b| !b.is_ascii_whitespace())
    }

    /// The next thing in the stream; bodies may have at most `max_body` bytes.
    pub(super) fn next(&mut self, max_body: usize) -> Frame {
        let frame = self.cut(max_body);
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
        }
        frame
    }

    fn cut(&mut self, max_body: usize) -> Frame {
        loop {
            if self.buffer.starts_with(b"\r\n\r\n") {
                self.drop_front(4);
                return Frame::KeepAlive;
            }
            if b"\r\n\r\n".starts_with(&self.buffer) {
                return Frame::Partial;
            }
            if self.buffer.starts_with(b"\r\n") {
                self.drop_front(2);
                continue;
            }
            // Bytes that begin no message are what is left of one whose length was wrong: the next is looked for.
            let line = self.buffer.windows(2).position(|w| w == b"\r\n");
            match line {
                None if self.buffer.len() > MAX_LINE => return Frame::Unreadable,
                None => return Frame::Partial,
                Some(end) if begins_message(&self.buffer[..end]) => break,
                Some(end) => {
                    self.junk += end + 2;
                    if self.junk > MAX_JUNK {
                        return Frame::Unreadable;
                    }
                    self.drop_front(end + 2);
                }
            }
        }
        let Some(end) = self.end_of_head() else {
            return if self.buffer.len() > MAX_HEAD { Frame::Unreadable } else { Frame::Partial };
        };
        // What says no length that can be read is taken to end with its head; the gatekeeper refuses it.
        let length = Head::parse(&self.buffer[..end - 4]).and_then(|h| h.content_length().ok().flatten()).unwrap_or(0);
        if length > max_body || end > MAX_HEAD {
            return Frame::TooLarge(self.buffer[..end].to_vec());
        }
        let total = end + length;
        if self.buffer.len() < total {
            return Frame::Partial;
        }
        let message = self.buffer[..total].to_vec();
        self.drop_front(total);
        self.junk = 0;
        Frame::Message(message)
    }

    fn end_of_head(&mut self) -> Option<usize> {
        let from = self.searched;
        let found = self.buffer[from..].windows(4).position(|w| w == b"\r\n\r\n");
        if found.is_none() {
            self.searched = self.buffer.len().saturating_sub(3);
        }
        found.map(|at| from + at + 4)
    }

    fn drop_front(&mut self, count: usize) {
        self.buffer.drain(..count);
        self.searched = 0;
    }
}

/// Whether a line can be the first of a message. Anything that names a version of SIP counts, also an unknown one.
fn begins_message(line: &[u8]) -> bool {
    let sip = |w: &[u8]| w.eq_ignore_ascii_case(b"SIP/");
    line.get(..4).is_some_and(sip) || line.split(|b| b.is_ascii_whitespace()).any(|word| word.get(..4).is_some_and(sip))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = b"OPTIONS sip:h SIP/2.0\r\nl: 4\r\n\r\nbody";
    const TWO: &[u8] = b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";

    fn frames(framing: &mut Framing, bytes: &[u8]) -> Vec<Frame> {
        framing.buffer().extend_from_slice(bytes);
        let mut found = Vec::new();
        loop {
            match framing.next(1_000) {
                Frame::Partial => return found,
                last @ (Frame::TooLarge(_) | Frame::Unreadable) => {
                    found.push(last);
                    return found;
                }
                frame => found.push(frame),
            }
        }
    }

    #[test]
    fn however_the_bytes_come_the_messages_are_the_same() {
        let stream = [b"\r\n\r\n", ONE, TWO, b"\r\n", ONE, b"\r\n\r\n\r\n", TWO].concat();
        let expected = [
            Frame::KeepAlive,
            Frame::Message(ONE.to_vec()),
            Frame::Message(TWO.to_vec()),
            Frame::Message(ONE.to_vec()),
            Frame::KeepAlive,
            Frame::Message(TWO.to_vec()),
        ];
        for size in [1, 2, 3, 7, 50, 1_000] {
            let mut framing = Framing::default();
            let found: Vec<Frame> = stream.chunks(size).flat_map(|chunk| frames(&mut framing, chunk)).collect();
            assert_eq!(found, expected, "in pieces of {size}");
            assert_eq!(framing.buffer.capacity(), 0, "nothing is held");
        }
    }

    #[test]
    fn after_a_message_with_a_wrong_length_the_next_is_found() {
        let bad = b"INVITE sip:h SIP/2.0\r\nContent-Length: -1\r\n\r\n";
        let stream = [bad as &[u8], b"v=0\r\no=x\r\n", ONE].concat();
        let found = frames(&mut Framing::default(), &stream);
        assert_eq!(found, [Frame::Message(bad.to_vec()), Frame::Message(ONE.to_vec())]);
    }

    #[test]
    fn what_is_too_large_or_no_sip_ends_the_stream() {
        for length in ["1001", "18446744073709551615", "18446744073709551616", "99999999999999999999999"] {
            let head = format!("INVITE sip:h SIP/2.0\r\nContent-Length: {length}\r\n\r\n");
            let found = frames(&mut Framing::default(), head.as_bytes());
            assert_eq!(found, [Frame::TooLarge(head.clone().into_bytes())], "{length}");
        }
        assert_eq!(frames(&mut Framing::default(), &[b'x'; 10_000]), [Frame::Unreadable]);
        assert_eq!(frames(&mut Framing::default(), &b"GET / HTTP/1.1\r\n".repeat(5_000)), [Frame::Unreadable]);
        let endless = [b"OPTIONS sip:h SIP/2.0\r\n" as &[u8], &b"X: y\r\n".repeat(4_000)].concat();
        assert_eq!(frames(&mut Framing::default(), &endless), [Frame::Unreadable]);
    }
}
