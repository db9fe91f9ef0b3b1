//! A raw peer: a socket and text, nothing shared with the library under test.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

/// One UDP socket that speaks SIP by hand.
pub struct Peer {
    /// Its socket.
    pub socket: UdpSocket,
    /// Where it sends to.
    pub target: SocketAddr,
}

impl Peer {
    /// A peer on a free loopback port that talks to `target`.
    pub async fn new(target: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
        Self { socket, target }
    }

    /// Its own address.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("bound")
    }

    /// Sends one datagram.
    pub async fn send(&self, bytes: impl AsRef<[u8]>) {
        self.socket.send_to(bytes.as_ref(), self.target).await.ok();
    }

    /// The next datagram within so many milliseconds; sends later go to its sender.
    pub async fn receive(&mut self, milliseconds: u64) -> Option<String> {
        let mut buffer = vec![0; 65_535];
        let wait = Duration::from_millis(milliseconds);
        let received = tokio::time::timeout(wait, self.socket.recv_from(&mut buffer)).await;
        let (length, from) = received.ok()?.ok()?;
        self.target = from;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    /// All datagrams that come within so many milliseconds.
    pub async fn collect(&mut self, milliseconds: u64) -> Vec<String> {
        let end = Instant::now() + Duration::from_millis(milliseconds);
        let mut found = Vec::new();
        while let Ok(Some(text)) = timeout_at(end, self.receive(milliseconds)).await {
            found.push(text);
        }
        found
    }

    /// Skips to the first message whose first line contains `mark`.
    pub async fn expect(&mut self, mark: &str, milliseconds: u64) -> Option<String> {
        let end = Instant::now() + Duration::from_millis(milliseconds);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
            let text = self.receive(left).await?;
            if first_line(&text).contains(mark) {
                return Some(text);
            }
        }
    }

    /// A request from this peer; `more` are whole header lines.
    pub fn request(&self, method: &str, call_id: &str, cseq: u32, more: &str, body: &str) -> String {
        let me = self.address();
        let branch = format!("z9hG4bK{call_id}{cseq}{method}");
        let to_tag = if more.starts_with(";tag=") { "" } else { "\r\n" };
        let length = body.len();
        format!(
            "{method} sip:spike@{} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch={branch}\r\nMax-Forwards: 70\r\nFrom: <sip:peer@{me}>;tag=p1\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:peer@{me}>\r\nTo: <sip:spike@{}>{to_tag}{more}Content-Length: {length}\r\n\r\n{body}",
            self.target, self.target
        )
    }

    /// An INVITE with an offer.
    pub fn invite(&self, call_id: &str, more: &str) -> String {
        let sdp = String::from_utf8(crate::stack::sdp(self.address())).expect("text");
        let more = format!("{more}Content-Type: application/sdp\r\n");
        self.request("INVITE", call_id, 1, &more, &sdp)
    }
}

/// The first line of a message.
pub fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The status code of a response, 0 for a request.
pub fn status(text: &str) -> u16 {
    let code = text.strip_prefix("SIP/2.0 ").and_then(|t| t.get(..3));
    code.and_then(|c| c.parse().ok()).unwrap_or(0)
}

/// The value of a header field, by its long name.
pub fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (n, v) = line.split_once(':')?;
        n.eq_ignore_ascii_case(name).then(|| v.trim())
    })
}

/// `;tag=...` of the To header field, with the end of line, for use in `Peer::request`.
pub fn to_tag(text: &str) -> String {
    let to = header(text, "To").unwrap_or_default();
    let tag = to.split(";tag=").nth(1).unwrap_or_default();
    format!(";tag={tag}\r\n")
}

/// A response to a request; `more` are whole header lines.
pub fn reply(request: &str, status: &str, more: &str, body: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for line in request.lines().take_while(|l| !l.is_empty()) {
        let name = line.split(':').next().unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "via" | "from" | "call-id" | "cseq" | "record-route" => {
                text += &format!("{line}\r\n");
            }
            "to" if line.contains("tag=") => text += &format!("{line}\r\n"),
            "to" => text += &format!("{line};tag=peer\r\n"),
            _ => {}
        }
    }
    text + more + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
}
