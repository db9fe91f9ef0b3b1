//! As much of SIP (RFC 3261) and SDP (RFC 8866) as the phones of the load speak.

use std::fmt::Write as _;
use std::net::SocketAddrV4;

/// A message as it came.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    first: &'a str,
    head: &'a str,
    body: &'a str,
}

impl<'a> Message<'a> {
    /// Reads a datagram; nothing where it is no message.
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let (first, head) = head.split_once("\r\n")?;
        first.contains("SIP/2.0").then_some(Message { first, head, body })
    }

    /// The status of a response; nothing of a request.
    pub fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request.
    pub fn method(&self) -> &'a str {
        self.first.split(' ').next().unwrap_or_default()
    }

    /// The user part of the Request-URI.
    pub fn wanted_user(&self) -> &'a str {
        user(self.first.split(' ').nth(1).unwrap_or_default())
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers(name).next()
    }

    /// All headers of this name, in order.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let short = short_form(name);
        self.head.split("\r\n").filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            let key = key.trim();
            (key.eq_ignore_ascii_case(name) || short.is_some_and(|short| key.eq_ignore_ascii_case(short)))
                .then(|| value.trim())
        })
    }

    /// Number and method of its CSeq.
    pub fn cseq(&self) -> Option<(u32, &'a str)> {
        let (number, method) = self.header("CSeq")?.split_once(' ')?;
        Some((number.parse().ok()?, method.trim()))
    }

    /// Where its session description wants audio.
    pub fn audio(&self) -> Option<SocketAddrV4> {
        let line = |prefix: &str| self.body.lines().find_map(|line| line.strip_prefix(prefix));
        let host = line("c=IN IP4 ")?.trim().parse().ok()?;
        let port = line("m=audio ")?.split(' ').next()?.parse().ok()?;
        Some(SocketAddrV4::new(host, port))
    }
}

fn short_form(name: &str) -> Option<&'static str> {
    Some(match name {
        "Via" => "v",
        "From" => "f",
        "To" => "t",
        "Call-ID" => "i",
        "Contact" => "m",
        _ => return None,
    })
}

/// The URI of a header such as Contact or From.
pub fn uri(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default().trim(),
    }
}

/// The user part of a URI, or of a header that has one.
pub fn user(value: &str) -> &str {
    let uri = uri(value);
    let rest = uri.strip_prefix("sip:").unwrap_or(uri);
    rest.split_once('@').map_or("", |(user, _)| user)
}

/// The tag of a From or To header.
pub fn tag(value: &str) -> Option<&str> {
    value.rsplit('>').next()?.split(';').find_map(|parameter| parameter.trim().strip_prefix("tag="))
}

/// An offer or answer of G.711 A-law and keys, with audio wanted here.
pub fn description(audio: SocketAddrV4) -> String {
    let (host, port) = (audio.ip(), audio.port());
    format!(
        "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

/// A request or a response being written.
pub struct Writer(String);

impl Writer {
    /// A request.
    pub fn request(method: &str, uri: &str) -> Self {
        Writer(format!("{method} {uri} SIP/2.0\r\nMax-Forwards: 70\r\n"))
    }

    /// A response to this request: it goes back the way that the request came (RFC 3261 §8.2.6.2).
    pub fn response(status: &str, request: &Message<'_>, to: &str) -> Self {
        let mut text = format!("SIP/2.0 {status}\r\n");
        request.headers("Via").for_each(|via| text.extend(["Via: ", via, "\r\n"]));
        request.headers("Record-Route").for_each(|route| text.extend(["Record-Route: ", route, "\r\n"]));
        let mut writer = Writer(text).header("To", to);
        for name in ["From", "Call-ID", "CSeq"] {
            writer = writer.header(name, request.header(name).unwrap_or_default());
        }
        writer
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        // Writing into a text does not fail.
        let _ = write!(self.0, "{name}: {value}\r\n");
        self
    }

    /// The message without a body.
    pub fn end(self) -> String {
        self.header("Content-Length", "0").0 + "\r\n"
    }

    /// The message with a session description.
    pub fn with_description(self, text: &str) -> String {
        let writer = self.header("Content-Type", "application/sdp").header("Content-Length", &text.len().to_string());
        writer.0 + "\r\n" + text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "INVITE sip:2000@127.0.0.3:5070 SIP/2.0\r\nv: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n\
        f: \"A\" <sip:+86138@h;x=1>;tag=abc\r\nTo: <sip:2000@h>\r\ni: one\r\nCSeq: 7 INVITE\r\n\r\n\
        v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 20000 RTP/AVP 8\r\n";

    #[test]
    fn a_request_is_read() {
        let message = Message::parse(OFFER.as_bytes()).unwrap();
        assert_eq!((message.status(), message.method(), message.wanted_user()), (None, "INVITE", "2000"));
        assert_eq!((message.header("Call-ID"), message.cseq()), (Some("one"), Some((7, "INVITE"))));
        let from = message.header("From").unwrap();
        assert_eq!((user(from), tag(from)), ("+86138", Some("abc")));
        assert_eq!(tag(message.header("To").unwrap()), None);
        assert_eq!(message.audio(), Some("127.0.0.1:20000".parse().unwrap()));
    }

    #[test]
    fn a_response_goes_back_as_the_request_came() {
        let request = Message::parse(OFFER.as_bytes()).unwrap();
        let text = Writer::response("200 OK", &request, "<sip:2000@h>;tag=x").with_description("v=0\r\n");
        let response = Message::parse(text.as_bytes()).unwrap();
        assert_eq!(response.status(), Some(200));
        assert_eq!(response.header("Via"), request.header("Via"));
        assert_eq!((response.header("To"), response.body), (Some("<sip:2000@h>;tag=x"), "v=0\r\n"));
    }

    #[test]
    fn what_is_no_message_is_left_alone() {
        assert!(Message::parse(b"\r\n\r\n").is_none());
        assert!(Message::parse(&[0x80, 8, 0xff]).is_none());
    }
}
