//! A media thread: a clock that ticks every 20 ms for each leg of the thread, for one part of them after the other.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nohold_model::{BridgeId, Digit, LegId, MessageId, PlaybackId, RecordingId};
use nohold_telephony::clip::Clip;
use nohold_telephony::recording::Recorder;
use nohold_telephony::{FRAME_MS, tone};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;

use crate::counters::Counters;
use crate::ear::Ear;
use crate::leg::Leg;
use crate::plane::{Events, message_path};
use crate::playing::encode;
use crate::sequencer::Packet;
use crate::turns::{Place, TURN, TURNS, Turns};
use crate::way::Way;
use crate::words::{Line, MediaEvent, RecordSpec, Remote, Source};

/// The time from tick to tick.
const TICK: Duration = Duration::from_millis(FRAME_MS as u64);

/// Ticks that a thread makes up for when it was late; more (200 ms) would only fill the far end's jitter buffer.
const MOST_OWED: u32 = 10;

/// By how much a media thread is less nice than others.
const PRECEDENCE: i32 = -10;

/// Sockets that are asked about at once.
const BATCH: usize = 1_024;

/// Datagrams that are read of a leg in one turn, whosever that is; what is more waits in the system's buffer, which is bounded.
const MOST_AT_ONCE: u32 = 16;

/// Longer than any datagram that we take, and than an Ethernet frame.
const LONGEST_DATAGRAM: usize = 2_048;

/// What a plane tells one of its threads.
pub(crate) enum Command {
    Open { leg: LegId, way: Way, ear: Arc<Ear>, counters: Arc<Counters>, chance: [u8; 10] },
    Connect { leg: LegId, remote: Remote },
    Attach { leg: LegId, line: Box<dyn Line> },
    Play { leg: LegId, playback: PlaybackId, source: Source },
    Stop { leg: LegId, playback: PlaybackId },
    Record { leg: LegId, message: MessageId, spec: RecordSpec },
    Discard { message: MessageId },
    RecordCall { leg: LegId, recording: RecordingId, bridge: BridgeId, ears: Vec<Arc<Ear>>, path: PathBuf },
    StopRecording { recording: RecordingId },
    Join { leg: LegId, bridge: BridgeId, others: Vec<Arc<Ear>> },
    Part { leg: LegId, bridge: BridgeId },
    SendDigits { leg: LegId, digits: Vec<Digit> },
    Report { leg: LegId, muxed: bool },
    Close { leg: LegId },
    Tell(MediaEvent),
    ShutDown,
}

/// What all threads share.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) events: Events,
    pub(crate) recorder: Recorder,
    pub(crate) recordings: PathBuf,
    pub(crate) silence_after: Duration,
    pub(crate) takeover_after: Duration,
    pub(crate) unheard_for: Duration,
    /// Our name in reports (RFC 7022), which tells nothing of the machine.
    pub(crate) name: Arc<str>,
    /// What warns before the end of a message.
    pub(crate) beep: Clip,
    /// The tones of the keys, for legs that take no events.
    pub(crate) keypad: Arc<[(Digit, Clip)]>,
}

/// The tone before a message, and those of all keys, encoded for all codecs.
pub(crate) fn tones() -> (Clip, Arc<[(Digit, Clip)]>) {
    let beep = tone::record_beep();
    let keypad: Arc<[_]> =
        "0123456789*#".chars().filter_map(|key| Digit::new(key).ok()).map(|key| (key, tone::keypad(key))).collect();
    keypad.iter().map(|(_, clip)| clip).chain([&beep]).for_each(encode);
    (beep, keypad)
}

impl Surroundings {
    pub(crate) fn tell(&self, event: MediaEvent) {
        (self.events)(event);
    }

    pub(crate) fn message_path(&self, message: MessageId) -> PathBuf {
        message_path(&self.recordings, message)
    }

    pub(crate) fn keypad(&self, digit: Digit) -> Option<&Clip> {
        self.keypad.iter().find(|(key, _)| *key == digit).map(|(_, clip)| clip)
    }
}

/// Starts one thread of several, which ends when its mailbox is closed.
pub(crate) fn spawn(
    (number, count): (u32, u32),
    around: Surroundings,
    mailbox: Receiver<Command>,
) -> io::Result<JoinHandle<()>> {
    let mut thread = Thread {
        around,
        mailbox,
        epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
        turns: Turns::default(),
        datagram: Box::new([0; LONGEST_DATAGRAM]),
        packet: [0; size_of::<Packet>()],
    };
    // Apart from each other, so that not all of them want a processor at the same moment.
    let first = Instant::now() + TICK + TURN * number / count.max(1);
    std::thread::Builder::new().name(format!("media-{number}")).spawn(move || thread.run(first))
}

/// Asks the system to let this thread run before others, as audio that is late is lost: on Linux a nice value belongs to
/// one thread. It takes root or `CAP_SYS_NICE`, and goes without.
fn take_precedence() {
    if let Err(error) = rustix::process::nice(PRECEDENCE) {
        tracing::debug!(%error, "a media thread runs without precedence");
    }
}

struct Thread {
    around: Surroundings,
    mailbox: Receiver<Command>,
    epoll: OwnedFd,
    turns: Turns,
    datagram: Box<[u8; LONGEST_DATAGRAM]>,
    packet: Packet,
}

/// Whether the thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    On,
    Over,
}

impl Thread {
    fn run(&mut self, first: Instant) {
        take_precedence();
        let (mut due, mut turn) = (first, 0);
        let mut ready = Vec::with_capacity(BATCH);
        loop {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let now = Instant::now();
            self.catch_up(&mut due, now);
            // Nothing in here is meant to panic. If something does, one call may suffer, but not all of the thread.
            match catch_unwind(AssertUnwindSafe(|| self.tick(turn, now, &mut ready))) {
                Ok(Life::On) => {}
                Ok(Life::Over) => return,
                Err(_) => tracing::error!("a tick of a media thread has failed; the thread goes on"),
            }
            // Turns that nobody has are slept through, but never more than a tick: there may be commands.
            for _ in 0..TURNS {
                (due, turn) = (due + TURN, (turn + 1) % TURNS);
                if !self.turns.is_idle(turn) {
                    break;
                }
            }
        }
    }

    /// Gives up ticks that are too far in the past; the others follow each other without a rest.
    fn catch_up(&mut self, due: &mut Instant, now: Instant) {
        let owed = now.saturating_duration_since(*due).as_millis() / TICK.as_millis();
        let owed = u32::try_from(owed).unwrap_or(u32::MAX);
        if owed <= MOST_OWED {
            return;
        }
        tracing::warn!(ticks = owed, "a media thread was late and skips what nobody waits for any more");
        *due += TICK * owed;
        self.turns.iter_mut().for_each(|leg| leg.skip(owed));
    }

    /// One tick of those who have this turn; commands and what has arrived are for all.
    fn tick(&mut self, turn: usize, now: Instant, ready: &mut Vec<epoll::Event>) -> Life {
        loop {
            match self.mailbox.try_recv() {
                Ok(Command::ShutDown) | Err(TryRecvError::Disconnected) => {
                    self.close_all();
                    return Life::Over;
                }
                Ok(command) => self.obey(command, now),
                Err(TryRecvError::Empty) => break,
            }
        }
        self.read(now, ready);
        for leg in self.turns.of_mut(turn) {
            leg.receive_line(&mut *self.datagram, MOST_AT_ONCE, now, &self.around);
            leg.tick(now, &self.around, &mut self.packet);
        }
        Life::On
    }

    fn obey(&mut self, command: Command, now: Instant) {
        match command {
            Command::Open { leg, way, ear, counters, chance } => {
                self.open(Leg::new(leg, way, ear, counters, chance, now));
            }
            Command::Connect { leg, remote } => self.on(leg, |leg, _| leg.connect(remote, now)),
            // Closing its socket takes it off the list of those that are waited for.
            Command::Attach { leg, line } => self.on(leg, |leg, _| leg.attach(line, now)),
            Command::Play { leg, playback, source } => {
                self.on(leg, |leg, around| leg.play(playback, source, around));
            }
            Command::Stop { leg, playback } => self.on(leg, |leg, _| leg.stop(playback)),
            Command::Record { leg, message, spec } => {
                self.on(leg, |leg, around| leg.record(message, spec, around));
            }
            Command::Discard { message } => self.on_all(|leg, _| leg.discard(message)),
            Command::RecordCall { leg, recording, bridge, ears, path } => {
                self.on(leg, |leg, around| leg.record_call(recording, bridge, ears, path, around));
            }
            Command::StopRecording { recording } => {
                self.on_all(|leg, around| leg.stop_recording(recording, around));
            }
            Command::Join { leg, bridge, others } => self.on(leg, |leg, _| leg.join(bridge, others)),
            Command::Part { leg, bridge } => self.on(leg, |leg, around| leg.part(bridge, around)),
            Command::SendDigits { leg, digits } => self.on(leg, |leg, _| leg.send_digits(digits)),
            Command::Report { leg, muxed } => self.on(leg, |leg, _| leg.report(muxed, now)),
            Command::Close { leg } => self.close(leg),
            Command::Tell(event) => self.around.tell(event),
            // The caller has seen to it.
            Command::ShutDown => {}
        }
    }

    fn on(&mut self, leg: LegId, what: impl FnOnce(&mut Leg, &Surroundings)) {
        if let Some(leg) = self.turns.get_mut(leg) {
            what(leg, &self.around);
        }
    }

    fn on_all(&mut self, what: impl Fn(&mut Leg, &Surroundings)) {
        for leg in self.turns.iter_mut() {
            what(leg, &self.around);
        }
    }

    fn open(&mut self, leg: Leg) {
        let id = leg.id;
        let Some(place) = self.turns.add(leg) else {
            return;
        };
        let data = epoll::EventData::new_u64(place.to_u64());
        if let Some(Way::Socket(socket)) = self.turns.at_mut(place).map(|leg| &leg.way)
            && let Err(error) = epoll::add(&self.epoll, socket, data, epoll::EventFlags::IN)
        {
            // It can still be heard from us; that nothing comes in will be reported in time.
            tracing::error!(leg = %id, %error, "cannot wait for the packets of a leg");
        }
    }

    fn close(&mut self, leg: LegId) {
        // Closing the socket takes it off the list of those that are waited for.
        if let Some(leg) = self.turns.remove(leg) {
            leg.close(&self.around);
        }
    }

    fn close_all(&mut self) {
        for leg in self.turns.ids() {
            self.close(leg);
        }
    }

    /// Reads what has arrived, one datagram of each socket in turn.
    fn read(&mut self, now: Instant, ready: &mut Vec<epoll::Event>) {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let rounds = MOST_AT_ONCE * (1 + u32::try_from(self.turns.len() / BATCH).unwrap_or(0));
        for _ in 0..rounds {
            ready.clear();
            match epoll::wait(&self.epoll, spare_capacity(ready), Some(&at_once)) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            for event in ready.iter() {
                let Some(leg) = self.turns.at_mut(Place::from_u64(event.data.u64())) else {
                    continue;
                };
                // A failed read (nothing there after all, an error that a router has sent) is followed by the next one.
                if let Way::Socket(socket) = &leg.way
                    && let Ok((length, from)) = socket.recv_from(&mut *self.datagram)
                {
                    let datagram = self.datagram.get(..length).unwrap_or_default();
                    leg.receive(datagram, from, now, &self.around);
                }
            }
        }
    }
}
