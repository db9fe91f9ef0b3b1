//! The edge as peers meet it: raw sockets and text, nothing shared with the library.

mod datagrams;
mod limits;
mod outgoing;
mod streams;
mod torture;

use super::*;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;

/// How long a test waits for what must come.
const SOON: Duration = Duration::from_secs(10);

/// An edge with an application that notes each request by method and Call-ID, and answers it.
struct World {
    edge: Edge,
    udp: SocketAddr,
    tcp: SocketAddr,
    seen: mpsc::UnboundedReceiver<(String, String)>,
}

impl World {
    /// On free loopback ports. Loopback is not trusted.
    async fn start(limits: Limits) -> Self {
        Self::with(EdgeSettings { limits, ..EdgeSettings::default() }).await
    }

    async fn trusting() -> Self {
        let trusted = vec!["127.0.0.0/8".parse().expect("a network")];
        Self::with(EdgeSettings { trusted, ..EdgeSettings::default() }).await
    }

    async fn with(mut settings: EdgeSettings) -> Self {
        let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
        settings.addresses.udp = vec![any];
        settings.addresses.tcp = vec![any];
        let (edge, mut incoming) = Edge::start(settings, Tasks::default()).await.expect("started");
        let (note, seen) = mpsc::unbounded_channel();
        let gate = Arc::clone(&edge.gate);
        edge.tasks.spawn("application", async move {
            while let Some(mut transaction) = incoming.recv().await {
                let request = &transaction.original;
                let call_id = request.call_id_header().map(|c| c.value().to_owned()).unwrap_or_default();
                gate.pace.taken(Instant::now(), &call_id);
                note.send((request.method.to_string(), call_id)).ok();
                let status = match request.method {
                    Method::Options | Method::Register => StatusCode::OK,
                    Method::Invite => StatusCode::BusyHere,
                    _ => StatusCode::MethodNotAllowed,
                };
                transaction.reply(status).await.ok();
            }
        });
        let (udp, tcp) = (edge.addresses().udp[0], edge.addresses().tcp[0]);
        Self { edge, udp, tcp, seen }
    }

    /// Fails unless an OPTIONS over UDP from a new peer is answered.
    async fn is_alive(&self) {
        let mut peer = Datagrams::from(&self.udp.to_string(), "127.0.0.1").await;
        let request = request("OPTIONS", "UDP", peer.here(), "alive", "", "");
        peer.send(&request).await;
        peer.expect("SIP/2.0 200").await;
    }
}

/// A peer with a UDP socket.
struct Datagrams {
    socket: UdpSocket,
    target: SocketAddr,
}

impl Datagrams {
    async fn new(world: &World) -> Self {
        Self::from(&world.udp.to_string(), "127.0.0.1").await
    }

    /// Another address of loopback is another source.
    async fn from(target: &str, source: &str) -> Self {
        let socket = UdpSocket::bind((source, 0)).await.expect("bound");
        Self { socket, target: target.parse().expect("an address") }
    }

    fn here(&self) -> SocketAddr {
        self.socket.local_addr().expect("bound")
    }

    async fn send(&self, bytes: impl AsRef<[u8]>) {
        self.socket.send_to(bytes.as_ref(), self.target).await.expect("sent");
    }

    /// The next message; fails if none comes.
    async fn receive(&mut self) -> String {
        let mut buffer = vec![0; 65_535];
        let received = tokio::time::timeout(SOON, self.socket.recv_from(&mut buffer)).await;
        let (length, from) = received.expect("something comes in time").expect("received");
        self.target = from;
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// Skips to the first message whose first line has this in it.
    async fn expect(&mut self, mark: &str) -> String {
        loop {
            let text = self.receive().await;
            if text.lines().next().is_some_and(|line| line.contains(mark)) {
                return text;
            }
        }
    }
}

/// A peer with a TCP stream.
struct Stream {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Stream {
    async fn new(world: &World) -> Self {
        Self::over(TcpStream::connect(world.tcp).await.expect("connected"))
    }

    fn over(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    fn here(&self) -> SocketAddr {
        self.stream.local_addr().expect("connected")
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("written");
    }

    /// The next message, without its body; `None` at the end of the stream. Skips keep-alives.
    async fn receive(&mut self) -> Option<String> {
        loop {
            let blank = self.buffer.iter().take_while(|b| b.is_ascii_whitespace()).count();
            self.buffer.drain(..blank);
            if let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end + 4]).into_owned();
                let length = header(&head, "Content-Length").and_then(|l| l.parse().ok()).unwrap_or(0);
                if self.buffer.len() >= end + 4 + length {
                    self.buffer.drain(..end + 4 + length);
                    return Some(head);
                }
            }
            let read = tokio::time::timeout(SOON, self.stream.read_buf(&mut self.buffer)).await;
            if !matches!(read.expect("something comes in time"), Ok(1..)) {
                return None;
            }
        }
    }

    /// Skips to the first message whose first line has this in it; fails at the end of the stream.
    async fn expect(&mut self, mark: &str) -> String {
        loop {
            let text = self.receive().await.expect("the stream goes on");
            if text.lines().next().is_some_and(|line| line.contains(mark)) {
                return text;
            }
        }
    }

    /// Reads until the stream ends; fails if it does not.
    async fn expect_end(&mut self) {
        while self.receive().await.is_some() {}
    }
}

/// A request from a peer; `more` are whole header lines.
fn request(method: &str, via: &str, here: SocketAddr, call_id: &str, more: &str, body: &str) -> String {
    format!(
        "{method} sip:nohold@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{via} {here};rport;branch=z9hG4bK{call_id}{method}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:100@{here}>;tag=p1\r\nTo: <sip:100@127.0.0.1>\r\nCall-ID: {call_id}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:100@{here}>\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A response of a peer to a request; `more` are whole header lines.
fn reply(request: &str, status: &str, more: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for line in request.lines().take_while(|line| !line.is_empty()) {
        match line.split(':').next().unwrap_or_default() {
            "Via" | "From" | "Call-ID" | "CSeq" | "Record-Route" => text += &format!("{line}\r\n"),
            "To" if line.contains("tag=") => text += &format!("{line}\r\n"),
            "To" => text += &format!("{line};tag=peer\r\n"),
            _ => {}
        }
    }
    text + more + "Content-Length: 0\r\n\r\n"
}

/// The first value of a header field.
fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (n, value) = line.split_once(':')?;
        n.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn status(text: &str) -> u16 {
    text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok()).unwrap_or(0)
}
