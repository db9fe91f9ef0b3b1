//! `--sip-trace`: calls as text, for whoever looks for a fault. Numbers are masked and credentials cut, because such a
//! text is sent to others.

use crate::addresses::Transport;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To us.
    In,
    /// From us.
    Out,
}

/// Where the text of each message goes. It is called on the tasks that receive and send, so it must not wait.
#[derive(Clone)]
pub struct TraceSink(Arc<dyn Fn(String) + Send + Sync>);

impl TraceSink {
    /// Each message that comes or goes becomes one text, which ends with an empty line.
    pub fn new(write: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    pub(crate) fn note(&self, direction: Direction, transport: Transport, peer: SocketAddr, raw: &[u8]) {
        (self.0)(entry(SystemTime::now(), direction, transport, peer, raw));
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
/// first two and the last two. Digits may have single hyphens, spaces or brackets between them.
fn mask_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..begin]);
        let run = &rest[begin..];
        let mut end = 0;
        let mut digits = String::new();
        let mut gap = false;
        for (at, c) in run.char_indices() {
            if c.is_ascii_digit() {
                digits.push(c);
                end = at + 1;
                gap = false;
            } else if "-() ".contains(c) && !gap {
                gap = true;
            } else {
                break;
            }
        }
        match digits.len() {
            0..=6 => out.push_str(&run[..end]),
            7..=10 => out.push_str(&format!("{}****{}", &digits[..2], &digits[digits.len() - 2..])),
            _ => out.push_str(&format!("{}****{}", &digits[..3], &digits[digits.len() - 4..])),
        }
        rest = &run[end..];
    }
    out + rest
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
}
