//! `--sip-trace`: calls as text, for whoever looks for a fault. Numbers are masked and credentials cut, because such a
//! text is sent to others.

use crate::addresses::Transport;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{SystemTime, UNIX_EPOCH};

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To us.
    In,
    /// From us.
    Out,
}

/// So many messages may wait to be written; more are left out.
const MOST_WAITING: usize = 512;

/// Where the text of each message goes: it is written by a thread of its own, so that a slow terminal or a full pipe holds
/// up no call.
#[derive(Clone)]
pub struct TraceSink {
    queue: SyncSender<Told>,
    left_out: Arc<AtomicU64>,
}

/// A message as it came or went.
struct Told {
    at: SystemTime,
    direction: Direction,
    transport: Transport,
    peer: SocketAddr,
    raw: Vec<u8>,
}

impl TraceSink {
    /// Each message that comes or goes becomes one text, which ends with an empty line. `write` may wait; what comes
    /// meanwhile and finds no room is left out, and the next text says how much that was.
    pub fn new(write: impl FnMut(String) + Send + 'static) -> Self {
        let (queue, waiting) = sync_channel(MOST_WAITING);
        let sink = TraceSink { queue, left_out: Arc::default() };
        let left_out = Arc::clone(&sink.left_out);
        let thread = std::thread::Builder::new().name("sip trace".into());
        // Without the thread all is left out, and counted.
        if let Err(error) = thread.spawn(move || write_all(&waiting, &left_out, write)) {
            tracing::warn!(%error, "SIP messages cannot be shown: raise the limit of threads");
        }
        sink
    }

    /// Whether it will be written.
    pub(crate) fn note(&self, direction: Direction, transport: Transport, peer: SocketAddr, raw: &[u8]) -> bool {
        let told = Told { at: SystemTime::now(), direction, transport, peer, raw: raw.to_vec() };
        let taken = self.queue.try_send(told).is_ok();
        if !taken {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }
}

fn write_all(waiting: &Receiver<Told>, left_out: &AtomicU64, mut write: impl FnMut(String)) {
    while let Ok(told) = waiting.recv() {
        let left_out = left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 {
            write(format!("[{left_out} messages are left out: they came faster than they can be written]\n\n"));
        }
        write(entry(told.at, told.direction, told.transport, told.peer, &told.raw));
    }
}

impl fmt::Debug for TraceSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TraceSink")
    }
}

/// Header fields whose digits are no telephone numbers. In all others, also those that nobody knows, numbers are masked.
const PLAIN: [&str; 30] = [
    "via",
    "v",
    "call-id",
    "i",
    "cseq",
    "max-forwards",
    "content-length",
    "l",
    "content-type",
    "c",
    "expires",
    "min-expires",
    "session-expires",
    "x",
    "min-se",
    "rseq",
    "rack",
    "allow",
    "supported",
    "k",
    "require",
    "proxy-require",
    "unsupported",
    "accept",
    "date",
    "timestamp",
    "retry-after",
    "www-authenticate",
    "proxy-authenticate",
    "server",
];

/// Header fields with credentials.
const SECRET: [&str; 2] = ["authorization", "proxy-authorization"];

fn entry(at: SystemTime, direction: Direction, transport: Transport, peer: SocketAddr, raw: &[u8]) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, thousandths) = (since.as_secs() % 86_400, since.subsec_millis());
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let way = match direction {
        Direction::In => "<-",
        Direction::Out => "->",
    };
    let text = masked(&String::from_utf8_lossy(raw));
    format!("{hour:02}:{minute:02}:{second:02}.{thousandths:03}Z {way} {transport} {peer}\n{}\n\n", text.trim_end())
}

/// The text of a SIP message as others may see it: numbers in names and URIs masked (`138****5678`), credentials and keys
/// cut, bodies other than SDP left out, because keys that a caller presses may be in them. Lines end with a line feed.
pub fn masked(message: &str) -> String {
    // A peer may end its lines with a line feed alone, and must not gain anything by it.
    let size = message.split_once("\r\n\r\n").or_else(|| message.split_once("\n\n")).map_or(0, |(_, body)| body.len());
    let message = message.replace("\r\n", "\n");
    let (head, body) = message.split_once("\n\n").unwrap_or((&message, ""));
    let mut out = String::with_capacity(message.len());
    let mut lines = head.split('\n');
    out.push_str(&mask_start(lines.next().unwrap_or_default()));
    let (mut naming, mut secret, mut sdp) = (false, false, false);
    for line in lines {
        if !line.starts_with([' ', '\t']) {
            let name = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
            naming = !PLAIN.contains(&name.as_str());
            secret = SECRET.contains(&name.as_str());
            if ["content-type", "c"].contains(&name.as_str()) {
                sdp = line.to_ascii_lowercase().contains("application/sdp");
            }
            if secret {
                let scheme = line.split_once(':').map_or("", |(_, v)| v.trim().split(' ').next().unwrap_or_default());
                let name = line.split(':').next().unwrap_or_default();
                out.push_str(&format!("\n{name}: {scheme} [cut]"));
                continue;
            }
        } else if secret {
            continue;
        }
        out.push('\n');
        out.push_str(&if naming { mask_naming(line) } else { line.to_owned() });
    }
    out.push('\n');
    if !body.is_empty() {
        out.push('\n');
        out.push_str(&if sdp { mask_sdp(body) } else { format!("[a body of {size} bytes]\n") });
    }
    out
}

fn mask_start(line: &str) -> String {
    if line.starts_with("SIP/") { line.to_owned() } else { mask_numbers(line) }
}

/// Masks names and URIs; what follows a `>`, such as a tag, stays.
fn mask_naming(line: &str) -> String {
    if !line.contains('<') {
        let end = line.to_ascii_lowercase().find(";tag=").unwrap_or(line.len());
        return mask_numbers(&line[..end]) + &line[end..];
    }
    let mut out = String::with_capacity(line.len());
    for part in line.split_inclusive('>') {
        // A part is what follows a `>` up to the next: parameters, then perhaps a comma and the next name and URI.
        match (part.starts_with(';'), part.find(',')) {
            (true, None) => out.push_str(part),
            (true, Some(comma)) => {
                out.push_str(&part[..comma]);
                out.push_str(&mask_numbers(&part[comma..]));
            }
            (false, _) => out.push_str(&mask_numbers(part)),
        }
    }
    out
}

fn mask_sdp(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    for line in body.lines() {
        let secret = ["a=crypto:", "a=ice-pwd:", "k="].into_iter().find(|s| line.starts_with(s));
        match secret {
            Some(start) => out.push_str(&format!("{start}[cut]")),
            // Who the session is of, and what it is called, may be a number.
            None if ["o=", "s=", "i=", "u=", "e=", "p="].iter().any(|start| line.starts_with(start)) => {
                out.push_str(&mask_numbers(line));
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// Masks each number of seven digits or more: of eleven and more the first three and the last four stay, of fewer the
/// first two and the last two. Between the digits may stand what makes them easier to read, and all of it may be written
/// by `%` escapes. An IPv4 address is no number.
/// The text with each run of digits in it that may be a telephone number masked.
pub(crate) fn mask_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = match piece(rest) {
            (Piece::Digit(_), _) => match address(rest) {
                Some(length) => length,
                None => {
                    let (digits, end) = run(rest);
                    match digits.len() {
                        0..=6 => out.push_str(&rest[..end]),
                        7..=10 => out.push_str(&format!("{}****{}", &digits[..2], &digits[digits.len() - 2..])),
                        _ => out.push_str(&format!("{}****{}", &digits[..3], &digits[digits.len() - 4..])),
                    }
                    rest = &rest[end..];
                    continue;
                }
            },
            (Piece::Separator | Piece::Other, length) => length,
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// One character, or one escape.
enum Piece {
    Digit(char),
    Separator,
    Other,
}

/// More separators than this in a row are none.
const MOST_SEPARATORS: usize = 3;

/// The digits of the number at the beginning of a text, and where it ends.
fn run(text: &str) -> (String, usize) {
    let (mut digits, mut end, mut at, mut gap) = (String::new(), 0, 0, 0);
    while at < text.len() {
        let (piece, length) = piece(&text[at..]);
        at += length;
        match piece {
            Piece::Digit(digit) => {
                digits.push(digit);
                (end, gap) = (at, 0);
            }
            Piece::Separator if gap < MOST_SEPARATORS => gap += 1,
            Piece::Separator | Piece::Other => break,
        }
    }
    (digits, end)
}

/// What a text begins with, and its length.
fn piece(text: &str) -> (Piece, usize) {
    let kind = |c: char| match c {
        '0'..='9' => Piece::Digit(c),
        // As East Asian keyboards write them.
        '０'..='９' => Piece::Digit(ascii(c)),
        // RFC 3966 §5.1.1 and what people write.
        '-' | '.' | '(' | ')' | ' ' | '/' => Piece::Separator,
        _ => Piece::Other,
    };
    let escape = text.strip_prefix('%').and_then(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok());
    if let Some(digit) = escaped_wide_digit(text) {
        return (Piece::Digit(digit), WIDE_ESCAPE);
    }
    // In a quoted string each character may stand behind a backslash (RFC 3261 §25.1).
    if let Some(c) = text.strip_prefix('\\').and_then(|rest| rest.chars().next()) {
        return (kind(c), 1 + c.len_utf8());
    }
    match (escape, text.chars().next()) {
        (Some(byte), _) => (kind(char::from(byte)), 3),
        (None, Some(c)) => (kind(c), c.len_utf8()),
        (None, None) => (Piece::Other, 0),
    }
}

/// The length of a full-width digit that is written by `%` escapes.
const WIDE_ESCAPE: usize = 9;

/// The full-width digit at the beginning of a text that is written by the `%` escapes of its three bytes.
fn escaped_wide_digit(text: &str) -> Option<char> {
    let byte = |at: usize| {
        let escape = text.get(at..at + 3)?.strip_prefix('%')?;
        u8::from_str_radix(escape, 16).ok()
    };
    let bytes = [byte(0)?, byte(3)?, byte(6)?];
    let c = std::str::from_utf8(&bytes).ok()?.chars().next()?;
    ('０'..='９').contains(&c).then(|| ascii(c))
}

/// A full-width digit as others write it.
fn ascii(wide: char) -> char {
    char::from_u32(u32::from(wide) - u32::from('０') + u32::from('0')).unwrap_or('0')
}

/// The length of an IPv4 address at the beginning of a text.
fn address(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let written = text[..end].trim_end_matches('.');
    written.parse::<Ipv4Addr>().ok().map(|_| written.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const INVITE: &str = "INVITE sip:13800138000@192.168.100.200:5060 SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.168.100.201:5060;branch=z9hG4bK1234567890\r\n\
        f: \"Zhang San 138-0013-8001\" <sip:+8613800138001@192.168.100.201>;tag=123456789012\r\n\
        To: sip:13800138000@192.168.100.200\r\n\
        Contact: <sip:1000@192.168.100.201:5060>;expires=3600, <sip:01012345678@192.168.100.201>\r\n\
        P-Asserted-Identity: <tel:4001234>\r\n\
        Call-ID: 12345678901234567890\r\n\
        CSeq: 1 INVITE\r\n\
        Authorization: Digest username=\"13800138001\",\r\n \
        response=\"abc\"\r\n\
        Content-Type: application/sdp\r\n\r\n\
        v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret\r\nm=audio 40000 RTP/AVP 0\r\n";

    #[test]
    fn a_call_is_told_without_its_numbers() {
        let at = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        let peer = "192.168.100.201:5060".parse().expect("an address");
        let text = entry(at, Direction::In, Transport::Udp, peer, INVITE.as_bytes());
        assert_eq!(
            text,
            "22:13:20.123Z <- UDP 192.168.100.201:5060\n\
             INVITE sip:138****8000@192.168.100.200:5060 SIP/2.0\n\
             Via: SIP/2.0/UDP 192.168.100.201:5060;branch=z9hG4bK1234567890\n\
             f: \"Zhang San 138****8001\" <sip:+861****8001@192.168.100.201>;tag=123456789012\n\
             To: sip:138****8000@192.168.100.200\n\
             Contact: <sip:1000@192.168.100.201:5060>;expires=3600, <sip:010****5678@192.168.100.201>\n\
             P-Asserted-Identity: <tel:40****34>\n\
             Call-ID: 12345678901234567890\n\
             CSeq: 1 INVITE\n\
             Authorization: Digest [cut]\n\
             Content-Type: application/sdp\n\n\
             v=0\n\
             a=crypto:[cut]\n\
             m=audio 40000 RTP/AVP 0\n\n"
        );
    }

    #[test]
    fn keys_that_a_caller_presses_are_left_out() {
        let info = "INFO sip:1@h SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=5\r\nDuration=160\r\n";
        let text = masked(info);
        assert!(!text.contains("Signal") && text.ends_with("[a body of 24 bytes]\n"), "{text}");
    }

    #[test]
    fn any_text_can_be_masked() {
        for text in ["", "\r\n\r\n", "\u{fc}1234567\u{fc}", "To: <", "To", "A b\r\n c\r\nFrom: ü<1234567890>ü,;>"] {
            masked(text);
        }
        assert_eq!(mask_numbers("1234567é89"), "12****67é89");
    }

    #[test]
    fn numbers_are_found_however_they_are_written() {
        for (text, masked) in [
            ("138.0013.8000", "138****8000"),
            ("+1 (800) 555-0199", "+180****0199"),
            ("1.800.555.0199", "180****0199"),
            ("%31%33%38%30%30%31%33%38%30%30%30", "138****8000"),
            ("%2B86%2D138-0013%208000", "%2B861****8000"),
            ("sip:1380013%38000@192.168.100.200:5060", "sip:138****8000@192.168.100.200:5060"),
            ("021/6123-0000", "021****0000"),
            ("10.20.30.40", "10.20.30.40"),
            ("%zz1234567%", "%zz12****67%"),
            ("123456", "123456"),
            ("１３８００１３８０００", "138****8000"),
            ("%EF%BC%91%ef%bc%93%EF%BC%98%EF%BC%90%EF%BC%90%EF%BC%91%EF%BC%93%EF%BC%98000", "138****8000"),
            (r#""\1\3\8\0\0\1\3\8\0\0\0""#, r#""138****8000""#),
            (r"\", r"\"),
            ("%EF%BC", "%EF%BC"),
        ] {
            assert_eq!(mask_numbers(text), masked, "{text}");
        }
    }

    #[test]
    fn a_writer_that_hangs_holds_up_nobody_and_what_is_left_out_is_told() {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let (written, texts) = std::sync::mpsc::channel();
        let mut first = true;
        let sink = TraceSink::new(move |text| {
            if std::mem::take(&mut first) {
                held.recv().ok();
            }
            written.send(text).ok();
        });
        let peer = "192.0.2.1:5060".parse().unwrap();
        let taken =
            (0..MOST_WAITING + 10).filter(|_| sink.note(Direction::In, Transport::Udp, peer, b"OPTIONS")).count();
        // One may be with the writer already.
        assert!((MOST_WAITING..=MOST_WAITING + 1).contains(&taken), "{taken}");
        release.send(()).unwrap();
        drop(sink);
        // In one line, or in two where the writer took its first when some were left out already.
        let left_out = |text: String| text.strip_prefix('[')?.split_once(" messages")?.0.parse::<usize>().ok();
        assert_eq!(texts.iter().filter_map(left_out).sum::<usize>(), MOST_WAITING + 10 - taken);
    }
}
