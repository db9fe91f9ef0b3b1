//! A minimal gatekeeper on raw bytes, in front of the library's parser and transaction layer.
//! It shows the two positions that the library leaves open: a socket of our own under
//! `UdpConnection::from_socket`, and our own framing of streams behind a `ChannelConnection`.

use rsipstack::platform::net::UdpSocket;
use rsipstack::platform::{CancellationToken, mpsc};
use rsipstack::sip::{SipMessage, Transport};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transport::channel::ChannelConnection;
use rsipstack::transport::{SipAddr, SipConnection, TransportEvent};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The library's receive buffer; larger datagrams arrive cut off without notice.
const LIBRARY_BUFFER: usize = 8192;
/// How long a peer on a stream may take to read what we write.
const PATIENCE: Duration = Duration::from_secs(10);
const METHODS: [&str; 14] = [
    "ACK",
    "BYE",
    "CANCEL",
    "INFO",
    "INVITE",
    "MESSAGE",
    "NOTIFY",
    "OPTIONS",
    "PRACK",
    "PUBLISH",
    "REFER",
    "REGISTER",
    "SUBSCRIBE",
    "UPDATE",
];

/// What is to be done with a received message.
pub enum Verdict {
    /// Hand these bytes (header lines unfolded, text made UTF-8) to the library.
    Pass(Vec<u8>),
    /// Send these bytes back; the library never sees the request.
    Answer(Vec<u8>),
    /// Not a request that can be answered.
    Drop,
}

struct Head {
    start: String,
    headers: Vec<(String, String)>,
}

impl Head {
    fn parse(bytes: &[u8]) -> Option<Self> {
        // Latin-1 keeps every byte; what is UTF-8 stays UTF-8 when it is written back.
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
        };
        let unfolded = text.replace("\r\n ", " ").replace("\r\n\t", " ");
        let mut lines = unfolded.split("\r\n");
        let start = lines.next()?.to_owned();
        let headers =
            lines.filter_map(|l| l.split_once(':')).map(|(n, v)| (long_name(n.trim()), v.trim().to_owned())).collect();
        Some(Self { start, headers })
    }

    fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let same = move |n: &str| n.eq_ignore_ascii_case(name);
        self.headers.iter().filter(move |(n, _)| same(n)).map(|(_, v)| v.as_str())
    }

    fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.all(name);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    fn response(&self, status: &str, more: &str) -> Vec<u8> {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            for value in self.all(name) {
                let tag = if name == "To" && !value.contains("tag=") { ";tag=gate" } else { "" };
                text += &format!("{name}: {value}{tag}\r\n");
            }
        }
        (text + more + "Content-Length: 0\r\n\r\n").into_bytes()
    }
}

fn long_name(name: &str) -> String {
    match name {
        "v" | "V" => "Via",
        "f" | "F" => "From",
        "t" | "T" => "To",
        "i" | "I" => "Call-ID",
        "l" | "L" => "Content-Length",
        "m" | "M" => "Contact",
        "c" | "C" => "Content-Type",
        other => other,
    }
    .to_owned()
}

/// Judges one complete message; `stream` says whether a body may be cut by Content-Length.
pub fn judge(bytes: &[u8], stream: bool) -> Verdict {
    let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
        return Verdict::Drop;
    };
    let body = &bytes[end + 4..];
    let Some(mut head) = Head::parse(&bytes[..end]) else {
        return Verdict::Drop;
    };
    if !head.start.starts_with("SIP/")
        && let Err((status, more)) = check(&head, body.len(), stream)
    {
        return match head.start.split(' ').next() {
            Some("ACK") | None => Verdict::Drop,
            _ => Verdict::Answer(head.response(status, &more)),
        };
    }
    if head.one("From").is_some_and(|f| !f.contains("tag=")) {
        // RFC 2543 clients send none; the library needs one to build its key.
        for (name, value) in &mut head.headers {
            if name.eq_ignore_ascii_case("From") {
                value.push_str(";tag=none");
            }
        }
    }
    let mut out = head.start.clone() + "\r\n";
    for (name, value) in &head.headers {
        if !name.eq_ignore_ascii_case("Content-Length") {
            out += &format!("{name}: {value}\r\n");
        }
    }
    let length = content_length(&head).flatten().unwrap_or(body.len());
    let body = &body[..length.min(body.len())];
    out += &format!("Content-Length: {}\r\n\r\n", body.len());
    let mut out = out.into_bytes();
    out.extend_from_slice(body);
    if out.len() > LIBRARY_BUFFER && !stream {
        return Verdict::Answer(head.response("513 Message Too Large", ""));
    }
    Verdict::Pass(out)
}

/// `None`: not a number, or given more than once; `Some(None)`: absent.
fn content_length(head: &Head) -> Option<Option<usize>> {
    match head.all("Content-Length").count() {
        0 => Some(None),
        1 => head.one("Content-Length")?.parse().ok().map(Some),
        _ => None,
    }
}

type Refusal = (&'static str, String);

fn check(head: &Head, body: usize, stream: bool) -> Result<(), Refusal> {
    let bad = |status: &'static str| Err((status, String::new()));
    let parts: Vec<&str> = head.start.split(' ').collect();
    let [method, uri, version] = parts[..] else {
        return bad("400 Bad Request-Line");
    };
    if version != "SIP/2.0" {
        return bad(if version.starts_with("SIP/") { "505 Version Not Supported" } else { "400 Bad Request-Line" });
    }
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        if head.all(name).next().is_none() || (name != "Via" && head.one(name).is_none()) {
            return bad("400 Missing or Repeated Header Field");
        }
    }
    let mut cseq = head.one("CSeq").unwrap_or_default().split_whitespace();
    let number = cseq.next().and_then(|n| n.parse::<u32>().ok());
    if number.is_none_or(|n| n >= 1 << 31) || cseq.next() != Some(method) {
        return bad("400 Bad CSeq");
    }
    if !METHODS.contains(&method) {
        return Err(("405 Method Not Allowed", format!("Allow: {}\r\n", METHODS.join(", "))));
    }
    match uri.split_once(':').map(|(scheme, _)| scheme) {
        Some("sip" | "sips" | "tel") => {}
        Some(s) if s.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) => {
            return bad("416 Unsupported URI Scheme");
        }
        _ => return bad("400 Bad Request-URI"),
    }
    if uri.contains('?') {
        return bad("400 Headers in Request-URI");
    }
    match content_length(head) {
        None => return bad("400 Bad Content-Length"),
        Some(Some(length)) if !stream && length > body => {
            return bad("400 Body Shorter Than Content-Length");
        }
        Some(_) => {}
    }
    for name in ["From", "To", "Contact"] {
        for value in head.all(name) {
            if value.matches('"').count() % 2 == 1 && !value.contains("\\\"") {
                return bad("400 Unbalanced Quotes");
            }
        }
    }
    if head.all("Via").any(|v| v.contains(";;") || v.ends_with(',')) {
        return bad("400 Bad Via");
    }
    let required: Vec<&str> = head.all("Require").collect();
    if !required.is_empty() && !matches!(method, "ACK" | "CANCEL") {
        return Err(("420 Bad Extension", format!("Unsupported: {}\r\n", required.join(", "))));
    }
    Ok(())
}

/// Position one: the datagram socket that `UdpConnection::from_socket` takes.
pub struct GateSocket(pub tokio::net::UdpSocket);

#[async_trait::async_trait]
impl UdpSocket for GateSocket {
    async fn recv_from(&self, buf: &mut [u8]) -> rsipstack::Result<(usize, SocketAddr)> {
        let mut raw = vec![0; 65_535];
        loop {
            let (length, from) = self.0.recv_from(&mut raw).await?;
            let raw = &raw[..length];
            let pass = if raw.iter().all(u8::is_ascii_whitespace) {
                raw.to_vec()
            } else {
                match judge(raw, false) {
                    Verdict::Pass(bytes) => bytes,
                    Verdict::Answer(bytes) => {
                        self.0.send_to(&bytes, from).await.ok();
                        continue;
                    }
                    Verdict::Drop => continue,
                }
            };
            buf[..pass.len()].copy_from_slice(&pass);
            return Ok((pass.len(), from));
        }
    }

    async fn send_to(&self, buf: &[u8], addr: SocketAddr) -> rsipstack::Result<usize> {
        Ok(self.0.send_to(buf, addr).await?)
    }

    fn local_addr(&self) -> rsipstack::Result<SocketAddr> {
        Ok(self.0.local_addr()?)
    }
}

/// Position two: our own accept loop, framing and writer; to the library each peer is a channel.
/// What it sends never waits for a slow peer, and the bytes may as well come out of TLS.
pub async fn serve_tcp(listener: tokio::net::TcpListener, endpoint: EndpointInnerRef) {
    while let Ok((stream, peer)) = listener.accept().await {
        let endpoint = endpoint.clone();
        tokio::spawn(async move {
            if let Err(error) = serve_stream(stream, peer, &endpoint).await {
                tracing::info!(%error, %peer, "stream");
            }
        });
    }
}

async fn serve_stream(stream: TcpStream, peer: SocketAddr, endpoint: &EndpointInnerRef) -> anyhow::Result<()> {
    let from = SipAddr { r#type: Some(Transport::Tcp), addr: peer.into() };
    let (to_library, incoming) = mpsc::unbounded_channel();
    let (outgoing, mut from_library) = mpsc::unbounded_channel();
    let token = CancellationToken::new();
    let channel = ChannelConnection::create_connection(incoming, outgoing, from.clone(), Some(token)).await?;
    let connection = SipConnection::Channel(channel);
    // Known to the library under the peer's address, so that requests to it take this flow.
    endpoint.transport_layer.add_connection(connection.clone());
    let (mut reader, mut writer) = stream.into_split();
    let (raw, mut raws) = mpsc::unbounded_channel::<Vec<u8>>();
    let write = tokio::spawn(async move {
        loop {
            let bytes = tokio::select! {
                Some(event) = from_library.recv() => match event {
                    TransportEvent::Incoming(message, ..) => message.to_bytes(),
                    _ => continue,
                },
                Some(bytes) = raws.recv() => bytes,
                else => return,
            };
            let wrote = tokio::time::timeout(PATIENCE, writer.write_all(&bytes)).await;
            if !matches!(wrote, Ok(Ok(()))) {
                return;
            }
        }
    });
    let mut buffer = Vec::new();
    while !write.is_finished() {
        if buffer.starts_with(b"\r\n\r\n") {
            raw.send(b"\r\n".to_vec())?;
        }
        while let Some(message) = frame(&mut buffer) {
            match judge(&message, true) {
                Verdict::Pass(bytes) => {
                    let Ok(message) = SipMessage::try_from(&bytes[..]) else { continue };
                    let message = SipConnection::update_msg_received(message, peer, Transport::Tcp)?;
                    to_library.send(TransportEvent::Incoming(message, connection.clone(), from.clone()))?;
                }
                Verdict::Answer(bytes) => raw.send(bytes)?,
                Verdict::Drop => {}
            }
        }
        if buffer.len() > 65_535 || !matches!(reader.read_buf(&mut buffer).await, Ok(1..)) {
            break;
        }
    }
    endpoint.transport_layer.remove_connection(&connection);
    write.abort();
    Ok(())
}

/// Takes the next complete message off the front of a stream's buffer.
fn frame(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let start = buffer.iter().position(|b| !b.is_ascii_whitespace())?;
    buffer.drain(..start);
    let end = buffer.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = Head::parse(&buffer[..end - 4])?;
    let length = content_length(&head).flatten().unwrap_or(0);
    let total = end.checked_add(length)?;
    (buffer.len() >= total).then(|| buffer.drain(..total).collect())
}
