//! Where the audio of the callers goes: few sockets for thousands of legs, told apart by the port they come from.
//!
//! The kernel stamps each packet as it arrives, so the sink may read when it has time: what it measures is when the
//! server has sent. What the sink itself loses, the kernel counts, and the report says so.

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::datagrams::{Datagram, MILLISECOND, Nanos, Reader, Stamped, dropped, now};
use crate::figures::{Distribution, Spread, share};

/// Sockets that share the legs.
const SOCKETS: usize = 4;
/// Room in each of them: a third of a second of 4,000 legs.
const ROOM: usize = 64 << 20;
/// The sink reads this often; the stamps are the kernel's.
const PAUSE: Duration = Duration::from_millis(4);
/// By how much the sink is less nice than others.
const PRECEDENCE: i32 = -10;
/// The time between two packets of a leg.
pub const PTIME: Nanos = 20 * MILLISECOND;
/// The bytes of a packet before the audio.
const HEADER: usize = 12;
/// A distance above this is what a listener may hear as a gap.
const GAP: Nanos = 60 * MILLISECOND;

/// The sink, and the voice of the callers.
pub struct Sink {
    sockets: Arc<Vec<Stamped>>,
    // RTCP that a peer sends to the ports above: unread, but nobody is told that they are closed.
    _control: Vec<UdpSocket>,
    heard: Arc<Mutex<Heard>>,
    voices: Arc<Mutex<Voices>>,
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// How often a caller's phone sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Talk {
    /// A packet now and then (5 s), as a phone that suppresses silence: the server knows where the caller is.
    Quiet,
    /// A packet every 20 ms.
    Always,
}

impl Talk {
    /// In how many ticks of 20 ms each leg sends once.
    const fn ticks(self) -> usize {
        match self {
            Talk::Quiet => 250,
            Talk::Always => 1,
        }
    }
}

/// What was heard between two moments.
#[derive(Debug, Clone, Serialize)]
pub struct Window {
    /// The legs that were listened to.
    pub legs: u64,
    /// How long.
    pub seconds: f64,
    /// The packets that a player needs: one every 20 ms for each leg.
    pub needed: u64,
    /// The packets that came.
    pub received: u64,
    /// Received of needed.
    pub share: f64,
    /// The share of the leg that fared worst.
    pub worst_share: f64,
    /// Legs that got less than 99.9 % of what they needed, two packets forgiven for the edges of the window.
    pub short_legs: u64,
    /// Packets whose audio is not silence.
    pub audible: u64,
    /// From packet to packet of a leg.
    pub distance: Spread,
    /// Behind the time that the RTP timestamp of the packet says, counted from the earliest of the leg.
    pub lateness: Spread,
    /// Distances of more than 60 ms.
    pub gaps: u64,
    /// Sequence numbers that were left out.
    pub missing: u64,
    /// Packets from nobody who is known.
    pub strangers: u64,
    /// Packets that the kernel has dropped because the sink did not read in time: lost by the load, not by the server.
    pub dropped_by_sink: u64,
}

/// One leg.
#[derive(Clone, Default)]
struct Leg {
    received: u64,
    last: Option<Last>,
    /// Arrival less RTP time, the least so far in this window.
    earliest: Option<i64>,
}

#[derive(Clone, Copy)]
struct Last {
    at: Nanos,
    sequence: u16,
}

struct Heard {
    /// The leg of each port, by which it sends.
    by_port: Vec<u32>,
    legs: Vec<Leg>,
    recording: Option<(Nanos, Nanos)>,
    distance: Distribution,
    lateness: Distribution,
    audible: u64,
    gaps: u64,
    missing: u64,
    strangers: u64,
    dropped_before: u64,
}

struct Voices {
    talk: Talk,
    legs: Vec<(usize, SocketAddrV4)>,
}

const NOBODY: u32 = u32::MAX;

impl Heard {
    fn new() -> Self {
        Heard {
            by_port: vec![NOBODY; 1 << 16],
            legs: Vec::new(),
            recording: None,
            distance: Distribution::default(),
            lateness: Distribution::default(),
            audible: 0,
            gaps: 0,
            missing: 0,
            strangers: 0,
            dropped_before: 0,
        }
    }

    fn hear(&mut self, packet: &Datagram<'_>) {
        if self.recording.is_none_or(|(from, to)| !(from..to).contains(&packet.at)) {
            return;
        }
        let Some(leg) = self.legs.get_mut(self.by_port[usize::from(packet.from.port())] as usize) else {
            self.strangers += 1;
            return;
        };
        let Some((head, audio)) = packet.bytes.split_at_checked(HEADER).filter(|(head, _)| head[0] >> 6 == 2) else {
            self.strangers += 1;
            return;
        };
        let sequence = u16::from_be_bytes([head[2], head[3]]);
        let timestamp = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        leg.received += 1;
        // Some places are enough to tell music from a constant.
        let silent = audio.first().is_none_or(|first| audio.iter().step_by(17).all(|byte| byte == first));
        self.audible += u64::from(!silent);
        if let Some(last) = leg.last {
            let distance = packet.at.saturating_sub(last.at);
            self.distance.add(distance);
            self.gaps += u64::from(distance > GAP);
            let step = sequence.wrapping_sub(last.sequence);
            // What is repeated or overtaken leaves nothing out.
            self.missing += if step < 1 << 15 { u64::from(step.saturating_sub(1)) } else { 0 };
        }
        leg.last = Some(Last { at: packet.at, sequence });
        // Over a window of a minute the timestamp does not come round; 125 µs to a sample.
        let behind = i64::try_from(packet.at).unwrap_or(0) - i64::from(timestamp) * 125_000;
        let earliest = leg.earliest.map_or(behind, |earliest| earliest.min(behind));
        leg.earliest = Some(earliest);
        self.lateness.add(u64::try_from(behind - earliest).unwrap_or(0));
    }
}

impl Sink {
    /// Opens the sink at this address and begins to read.
    ///
    /// # Errors
    /// When the system refuses sockets or threads.
    pub fn open(address: Ipv4Addr) -> Result<Self> {
        let (mut sockets, mut control) = (Vec::new(), Vec::new());
        while sockets.len() < SOCKETS {
            let socket = Stamped::bind(address, 0, ROOM)?;
            let port = socket.address()?.port();
            // An even port with a free one above it, as RTP wants it (RFC 3550 §11); the system gives another next time.
            if port % 2 == 0
                && let Ok(above) = UdpSocket::bind((address, port + 1))
            {
                sockets.push(socket);
                control.push(above);
            }
        }
        let mut sink = Sink {
            sockets: Arc::new(sockets),
            _control: control,
            heard: Arc::new(Mutex::new(Heard::new())),
            voices: Arc::new(Mutex::new(Voices { talk: Talk::Quiet, legs: Vec::new() })),
            over: Arc::new(AtomicBool::new(false)),
            threads: Vec::new(),
        };
        sink.spawn("sink", |sockets, heard, _, over| listen(sockets, heard, over))?;
        sink.spawn("voices", |sockets, _, voices, over| speak(sockets, voices, over))?;
        Ok(sink)
    }

    fn spawn(
        &mut self,
        name: &str,
        run: impl FnOnce(&[Stamped], &Mutex<Heard>, &Mutex<Voices>, &AtomicBool) + Send + 'static,
    ) -> Result<()> {
        let (sockets, heard) = (Arc::clone(&self.sockets), Arc::clone(&self.heard));
        let (voices, over) = (Arc::clone(&self.voices), Arc::clone(&self.over));
        let thread = std::thread::Builder::new().name(name.to_owned());
        let thread = thread.spawn(move || run(&sockets, &heard, &voices, &over)).context("cannot start a thread")?;
        self.threads.push(thread);
        Ok(())
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn places(&self) -> Result<Vec<SocketAddrV4>> {
        self.sockets.iter().map(Stamped::address).collect()
    }

    /// From now on a leg is known: the server's audio comes from there to this place of ours, and the caller is heard.
    pub fn add(&self, server: SocketAddrV4, place: SocketAddrV4) {
        let at = self.sockets.iter().position(|it| it.address().is_ok_and(|own| own == place));
        let mut heard = lock(&self.heard);
        let number = u32::try_from(heard.legs.len()).unwrap_or(NOBODY);
        heard.legs.push(Leg::default());
        heard.by_port[usize::from(server.port())] = number;
        drop(heard);
        lock(&self.voices).legs.push((at.unwrap_or(0), server));
    }

    /// How often the callers send from now on.
    pub fn talk(&self, talk: Talk) {
        lock(&self.voices).talk = talk;
    }

    /// Forgets all legs.
    pub fn forget_all(&self) {
        lock(&self.voices).legs.clear();
        let mut heard = lock(&self.heard);
        heard.legs.clear();
        heard.by_port.fill(NOBODY);
        heard.recording = None;
    }

    /// Begins to measure.
    ///
    /// # Errors
    /// When the system does not say what it drops.
    pub fn begin(&self) -> Result<()> {
        let before = dropped(&self.sockets)?;
        let mut heard = lock(&self.heard);
        heard.legs.fill(Leg::default());
        heard.distance.clear();
        heard.lateness.clear();
        (heard.audible, heard.gaps, heard.missing, heard.strangers) = (0, 0, 0, 0);
        heard.dropped_before = before;
        heard.recording = Some((now(), Nanos::MAX));
        Ok(())
    }

    /// Ends to measure, and says what was heard.
    ///
    /// # Errors
    /// When the system does not say what it has dropped.
    #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
    pub fn end(&self) -> Result<Window> {
        let end = now();
        let mut heard = lock(&self.heard);
        let from = heard.recording.map_or(end, |(from, _)| from);
        heard.recording = Some((from, end));
        drop(heard);
        // What the kernel had before the end is read still.
        std::thread::sleep(PAUSE * 20);
        let after = dropped(&self.sockets)?;
        let mut heard = lock(&self.heard);
        heard.recording = None;
        let each = (end - from) / PTIME;
        let legs = heard.legs.len() as u64;
        let received = heard.legs.iter().map(|leg| leg.received).sum();
        let fewest = heard.legs.iter().map(|leg| leg.received).min().unwrap_or(0);
        let is_short = |leg: &&Leg| ((leg.received + 2) as f64) < each as f64 * 0.999;
        Ok(Window {
            legs,
            seconds: (end - from) as f64 / 1e9,
            needed: each * legs,
            received,
            share: share(received, each * legs),
            worst_share: share(fewest, each),
            short_legs: heard.legs.iter().filter(is_short).count() as u64,
            audible: heard.audible,
            distance: heard.distance.spread(),
            lateness: heard.lateness.spread(),
            gaps: heard.gaps,
            missing: heard.missing,
            strangers: heard.strangers,
            dropped_by_sink: after.saturating_sub(heard.dropped_before),
        })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // One that has panicked has said so.
            let _ = thread.join();
        }
    }
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(sockets: &[Stamped], heard: &Mutex<Heard>, over: &AtomicBool) {
    // As the media threads of the servers do: a sink that is kept from reading measures itself. It takes root.
    let _ = rustix::process::nice(PRECEDENCE);
    let mut reader = Reader::new(256);
    while !over.load(Ordering::Relaxed) {
        for socket in sockets {
            loop {
                let mut heard = lock(heard);
                match reader.read(socket, |packet| heard.hear(&packet)) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        eprintln!("the sink cannot read: {error:#}");
                        return;
                    }
                }
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// What the callers send: silence in A-law.
fn speak(sockets: &[Stamped], voices: &Mutex<Voices>, over: &AtomicBool) {
    let mut packet = [0xd5; HEADER + 160];
    packet[..2].copy_from_slice(&[0x80, 8]);
    let mut due = now();
    for tick in 0_u32.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let (ticks, legs) = {
            let voices = lock(voices);
            let ticks = voices.talk.ticks();
            let now = tick as usize % ticks;
            let legs: Vec<_> = voices.legs.iter().copied().enumerate().skip(now).step_by(ticks).collect();
            (ticks, legs)
        };
        let sequence = tick / u32::try_from(ticks).unwrap_or(1);
        packet[2..4].copy_from_slice(&sequence.to_be_bytes()[2..]);
        packet[4..8].copy_from_slice(&tick.wrapping_mul(160).to_be_bytes());
        for (leg, (socket, server)) in legs {
            packet[8..12].copy_from_slice(&u32::try_from(leg).unwrap_or(0).to_be_bytes());
            // One that is lost is followed by another.
            let _ = sockets[socket].socket().send_to(&packet, server);
        }
        due += PTIME;
        std::thread::sleep(Duration::from_nanos(due.saturating_sub(now())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, timestamp: u32, audio: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x80, 8];
        bytes.extend(sequence.to_be_bytes());
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(audio);
        bytes
    }

    fn music() -> Vec<u8> {
        (0..160).map(|n: u8| n.wrapping_mul(7)).collect()
    }

    fn heard_one_leg() -> Heard {
        let mut heard = Heard::new();
        heard.legs.push(Leg::default());
        heard.by_port[4_000] = 0;
        heard.recording = Some((0, Nanos::MAX));
        heard
    }

    #[test]
    fn a_packet_that_is_late_shows_in_distance_and_lateness() {
        let mut heard = heard_one_leg();
        let from = "127.0.0.1:4000".parse().unwrap();
        let arrivals = [0, 20, 40, 75, 80].map(|ms| ms * MILLISECOND + 1);
        for (n, at) in (0_u16..).zip(arrivals) {
            heard.hear(&Datagram { at, from, bytes: &packet(n, u32::from(n) * 160, &music()) });
        }
        assert_eq!((heard.legs[0].received, heard.missing, heard.audible), (5, 0, 5));
        assert!((heard.distance.spread().max_ms - 35.0).abs() < 1e-9);
        assert!((heard.lateness.spread().max_ms - 15.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_left_out_silent_or_strange_is_told_apart() {
        let mut heard = heard_one_leg();
        let from = "127.0.0.1:4000".parse().unwrap();
        heard.hear(&Datagram { at: 1, from, bytes: &packet(65_535, 0, &[0xd5; 160]) });
        heard.hear(&Datagram { at: 2, from, bytes: &packet(2, 480, &music()) });
        heard.hear(&Datagram { at: 3, from: "127.0.0.1:4002".parse().unwrap(), bytes: &packet(3, 640, &music()) });
        assert_eq!((heard.missing, heard.audible, heard.strangers), (2, 1, 1));
    }

    #[test]
    fn legs_are_heard_and_callers_speak() {
        let sink = Sink::open(Ipv4Addr::LOCALHOST).unwrap();
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let std::net::SocketAddr::V4(address) = server.local_addr().unwrap() else { unreachable!() };
        let place = sink.places().unwrap()[1];
        sink.talk(Talk::Always);
        sink.begin().unwrap();
        sink.add(address, place);
        for n in 0..10 {
            server.send_to(&packet(n, u32::from(n) * 160, &music()), place).unwrap();
        }
        let mut voice = [0; 200];
        let (length, from) = server.recv_from(&mut voice).unwrap();
        assert_eq!((length, from), (172, place.into()));
        let window = sink.end().unwrap();
        assert_eq!((window.legs, window.received, window.audible, window.dropped_by_sink), (1, 10, 10, 0));
    }
}
