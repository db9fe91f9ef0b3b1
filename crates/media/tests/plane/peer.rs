//! A far end that writes and reads RTP byte by byte (RFC 3550 §5.1) and shares no code with the plane but the codecs.

use std::f64::consts::TAU;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use nohold_media::Remote;
use nohold_telephony::codec::Codec;
use nohold_telephony::tone::{Heard, listen};

const STEP: Duration = Duration::from_millis(20);

/// A packet that has come in.
#[derive(Debug, Clone)]
pub struct Packet {
    pub at: Instant,
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: Vec<u8>,
}

/// One phone.
pub struct Peer {
    pub socket: UdpSocket,
    pub codec: Codec,
    pub telephone_event: Option<u8>,
    pub received: Vec<Packet>,
    /// The RTCP that has come in.
    pub reports: Vec<Vec<u8>>,
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    /// What it says, in Hz; nothing for a phone that sends nothing.
    pub says: Option<f64>,
    /// Milliseconds of audio in one packet: 10, 20, 30, 40 and so on.
    pub packet_ms: u32,
    /// The numbers of packets that get lost on the way, counted from zero, by whether this says so.
    pub loses: fn(u32) -> bool,
    /// Each packet with an odd number is sent behind the next one.
    pub swaps: bool,
    target: Option<SocketAddr>,
    count: u32,
    said: u64,
    kept_back: Option<Vec<u8>>,
    owed_ms: u32,
}

impl Peer {
    pub fn new(codec: Codec) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        Peer {
            socket,
            codec,
            telephone_event: Some(101),
            received: Vec::new(),
            reports: Vec::new(),
            ssrc: 0x1234_5678,
            sequence: 65_530,
            timestamp: u32::MAX - 500,
            says: None,
            packet_ms: 20,
            loses: |_| false,
            swaps: false,
            target: None,
            count: 0,
            said: 0,
            kept_back: None,
            owed_ms: 0,
        }
    }

    pub fn saying(codec: Codec, frequency: f64) -> Self {
        Peer { says: Some(frequency), ..Peer::new(codec) }
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Sends to this port of the plane.
    pub fn calls(&mut self, port: u16) {
        self.target = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }

    /// What the signalling would have told of it.
    pub fn remote(&self) -> Remote {
        Remote {
            address: Some(self.address()),
            codec: self.codec,
            payload_type: self.codec.payload_type(),
            telephone_event: self.telephone_event,
            sends: true,
            receives: true,
            symmetric: true,
            signalling: None,
        }
    }

    pub fn send_raw(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.target.unwrap()).unwrap();
    }

    /// The next packet of its stream, with any payload.
    pub fn packet(&mut self, payload_type: u8, marker: bool, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x80, payload_type | if marker { 0x80 } else { 0 }];
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend(self.ssrc.to_be_bytes());
        bytes.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        bytes
    }

    /// One packet with this payload, at the present place of its stream.
    pub fn send_audio(&mut self, payload: &[u8]) {
        let packet = self.packet(self.codec.payload_type(), false, self.timestamp, payload);
        self.timestamp = self.timestamp.wrapping_add(payload.len() as u32);
        self.send_raw(&packet);
    }

    /// One packet of a telephone event (RFC 4733 §2.3).
    pub fn send_event(&mut self, payload_type: u8, timestamp: u32, event: u8, ends: bool, duration: u16) {
        let [high, low] = duration.to_be_bytes();
        let packet = self.packet(payload_type, false, timestamp, &[event, if ends { 0x8a } else { 0x0a }, high, low]);
        self.send_raw(&packet);
    }

    fn speak(&mut self) {
        let Some(frequency) = self.says else {
            return;
        };
        self.owed_ms += 20;
        while self.owed_ms >= self.packet_ms {
            self.owed_ms -= self.packet_ms;
            self.speak_packet(frequency);
        }
    }

    fn speak_packet(&mut self, frequency: f64) {
        let length = (self.packet_ms * 8) as usize;
        let samples: Vec<i16> = (0..length as u64)
            .map(|n| (8_000.0 * (TAU * frequency * ((self.said + n) as f64) / 8_000.0).sin()) as i16)
            .collect();
        self.said += length as u64;
        let mut payload = vec![0; length];
        self.codec.encode(&samples, &mut payload);
        let packet = self.packet(self.codec.payload_type(), self.count == 0, self.timestamp, &payload);
        self.timestamp = self.timestamp.wrapping_add(length as u32);
        let number = self.count;
        self.count += 1;
        if (self.loses)(number) {
            return;
        }
        if self.swaps && number % 2 == 1 {
            self.kept_back = Some(packet);
            return;
        }
        self.send_raw(&packet);
        if let Some(late) = self.kept_back.take() {
            self.send_raw(&late);
        }
    }

    fn listen(&mut self) {
        let mut buffer = [0; 2_048];
        loop {
            match self.socket.recv(&mut buffer) {
                Ok(length) if (192..=223).contains(&buffer[1]) => self.reports.push(buffer[..length].to_vec()),
                Ok(length) => self.received.push(parse(&buffer[..length])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("cannot receive: {error}"),
            }
        }
    }

    /// The audio packets that have come in.
    pub fn audio(&self) -> Vec<&Packet> {
        let payload_type = self.codec.payload_type();
        self.received.iter().filter(|packet| packet.payload_type == payload_type).collect()
    }

    /// What it has heard, each sample at the place that the timestamps give it, in windows of 200 ms.
    pub fn heard(&self) -> Vec<Heard> {
        listen(&self.samples())
    }

    pub fn samples(&self) -> Vec<i16> {
        let audio = self.audio();
        let Some(first) = audio.first() else {
            return Vec::new();
        };
        let mut samples = Vec::new();
        for packet in &audio {
            let at = packet.timestamp.wrapping_sub(first.timestamp) as usize;
            let mut decoded = vec![0; packet.payload.len()];
            self.codec.decode(&packet.payload, &mut decoded);
            samples.resize(samples.len().max(at + decoded.len()), 0);
            samples[at..at + decoded.len()].copy_from_slice(&decoded);
        }
        samples
    }

    /// Asserts that it heard this tone nearly all the time, and never another tone.
    pub fn assert_hears(&self, frequency: f64) {
        assert_is(&self.heard(), frequency);
    }

    /// Asserts that all that came is one stream: sequence numbers without a gap, timestamps in step with them, one SSRC,
    /// and the marker on the first packet only.
    pub fn assert_one_stream(&self) {
        for (number, pair) in self.received.windows(2).enumerate() {
            let [before, after] = pair else { unreachable!() };
            assert_eq!(after.ssrc, before.ssrc, "packet {number}");
            assert_eq!(after.sequence, before.sequence.wrapping_add(1), "packet {number}");
            assert_eq!(after.timestamp, before.timestamp.wrapping_add(160), "packet {number}");
            assert!(!after.marker, "packet {number} has the marker");
        }
        assert!(self.received.first().is_some_and(|packet| packet.marker));
    }
}

/// Asserts that this tone was heard nearly all the time, and never another tone.
pub fn assert_is(heard: &[Heard], frequency: f64) {
    let right = heard.iter().filter(|heard| heard.is(frequency)).count();
    let wrong = heard.iter().any(|heard| matches!(heard, Heard::Tone(_)) && !heard.is(frequency));
    assert!(!wrong && right * 10 >= heard.len() * 7 && right > 0, "not {frequency} Hz: {heard:?}");
}

fn parse(datagram: &[u8]) -> Packet {
    assert!(datagram.len() > 12 && datagram[0] == 0x80, "no plain RTP packet: {datagram:?}");
    let word = |at: usize| u32::from_be_bytes(datagram[at..at + 4].try_into().unwrap());
    Packet {
        at: Instant::now(),
        marker: datagram[1] & 0x80 != 0,
        payload_type: datagram[1] & 0x7f,
        sequence: u16::from_be_bytes([datagram[2], datagram[3]]),
        timestamp: word(4),
        ssrc: word(8),
        payload: datagram[12..].to_vec(),
    }
}

/// Lets all peers speak and listen for so long.
pub fn run(peers: &mut [&mut Peer], millis: u64) {
    let mut due = Instant::now();
    for _ in 0..millis / 20 {
        for peer in peers.iter_mut() {
            peer.speak();
        }
        due += STEP;
        loop {
            for peer in peers.iter_mut() {
                peer.listen();
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            std::thread::sleep(left.min(Duration::from_millis(4)));
        }
    }
}
