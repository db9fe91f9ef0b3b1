//! The handle by which the plane is told what to do.

use std::collections::HashMap;
use std::collections::hash_map;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use nohold_model::{BridgeId, Digit, LegId, MessageId, PlaybackId, RecordingId};
use nohold_telephony::recording::Recorder;
use thiserror::Error;

use crate::counters::Counters;
use crate::ear::Ear;
use crate::playing::encode;
use crate::ports::Ports;
use crate::thread::{Command, Surroundings, spawn, tones};
use crate::way::Way;
use crate::words::{Line, MediaEvent, RecordSpec, Remote, Settings, Source, Statistics};

/// More threads than this never help: they would only divide the legs further.
const MOST_THREADS: u32 = 64;

/// What every part of the plane tells its events to.
pub(crate) type Events = Arc<dyn Fn(MediaEvent) + Send + Sync>;

/// The media plane. Clones are the same plane; when the last one goes, its threads end.
///
/// Commands take effect at the next tick, at most 20 ms later, in the order in which they were given. One for a leg that
/// is not open does nothing, but for those that promise an event, which say that they failed. Repeating a command with
/// the same ids does no harm.
#[derive(Clone)]
pub struct Plane {
    inner: Arc<Inner>,
}

/// Why the plane cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// There is no even port in the range.
    #[error("there is no even port in {first} to {last}: give a wider range of RTP ports")]
    NoPorts {
        /// The first port of the range.
        first: u16,
        /// The last one.
        last: u16,
    },
    /// The address cannot be used.
    #[error("cannot open a socket at {address}: use an address of this machine")]
    Bind {
        /// The address.
        address: std::net::IpAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The folder of recordings cannot be made or read.
    #[error("cannot use the folder {} for recordings: make it writable, or name another", .folder.display())]
    Recordings {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start a media thread: raise the limit of threads or descriptors")]
    Thread(#[source] io::Error),
}

/// Why a leg cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// All ports of the range are taken.
    #[error("all RTP ports from {first} to {last} are in use: give a wider range, or take fewer calls")]
    NoPort {
        /// The first port of the range.
        first: u16,
        /// The last one.
        last: u16,
    },
    /// As many legs as are allowed are open.
    #[error("{most} legs are open, which is the limit: raise it, or take fewer calls")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// The system refused a socket.
    #[error("cannot open a socket for a leg: raise the limit of open files (ulimit -n)")]
    Socket(#[source] io::Error),
    /// The leg is open without a port: its packets come by a line.
    #[error("the leg has no port: open another leg")]
    HasNoPort,
    /// The plane was shut down.
    #[error("the media plane is shut down: start another")]
    ShutDown,
}

struct Inner {
    ports: Ports,
    max_legs: usize,
    recordings: PathBuf,
    recorder: Recorder,
    mailboxes: Vec<Sender<Command>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    registry: Mutex<Registry>,
}

#[derive(Default)]
struct Registry {
    legs: HashMap<LegId, Entry>,
    bridges: HashMap<BridgeId, Vec<LegId>>,
    /// How many legs each thread has.
    load: Vec<usize>,
    shut_down: bool,
}

struct Entry {
    thread: usize,
    /// None where the leg has no socket.
    port: Option<u16>,
    ear: Arc<Ear>,
    counters: Arc<Counters>,
    bridge: Option<BridgeId>,
}

impl Plane {
    /// Starts the threads of a plane that tells its events to `events`, which must not wait.
    ///
    /// # Errors
    /// When the address, the ports or the folder of recordings cannot be used, or a thread cannot be started.
    pub fn start(settings: Settings, events: impl Fn(MediaEvent) + Send + Sync + 'static) -> Result<Plane, StartError> {
        let ports = Ports::new(settings.bind, settings.ports)?;
        let recordings = settings.recordings;
        let folder = |source| StartError::Recordings { folder: recordings.clone(), source };
        nohold_telephony::recording::prepare(&recordings).map_err(folder)?;
        let recorder = Recorder::start().map_err(StartError::Thread)?;
        let (beep, keypad) = tones();
        let surroundings = Surroundings {
            events: Arc::new(events),
            recorder: recorder.clone(),
            recordings: recordings.clone(),
            silence_after: settings.silence_after,
            takeover_after: settings.takeover_after,
            unheard_for: settings.unheard_for,
            name: name().into(),
            beep,
            keypad,
        };
        let count = u32::try_from(settings.threads).unwrap_or(MOST_THREADS).clamp(1, MOST_THREADS);
        let (mut mailboxes, mut threads) = (Vec::new(), Vec::new());
        for number in 0..count {
            // Not bounded: what stands in it comes from our own signalling, a few commands for each message that it let
            // through, and a media thread must never wait for another because its mailbox is full.
            let (sender, receiver) = channel();
            threads.push(spawn((number, count), surroundings.clone(), receiver).map_err(StartError::Thread)?);
            mailboxes.push(sender);
        }
        let registry = Registry { load: vec![0; mailboxes.len()], ..Registry::default() };
        Ok(Plane {
            inner: Arc::new(Inner {
                ports,
                max_legs: settings.max_legs,
                recordings,
                recorder,
                mailboxes,
                threads: Mutex::new(threads),
                registry: Mutex::new(registry),
            }),
        })
    }

    /// Opens a leg and says at which port it receives; a leg that is open keeps its port. Nothing is sent before
    /// [`connect`](Plane::connect).
    ///
    /// # Errors
    /// When no port is free, too many legs are open, or the system gives no socket.
    pub fn open(&self, leg: LegId) -> Result<u16, OpenError> {
        let mut registry = self.registry();
        if let Some(entry) = registry.legs.get(&leg) {
            return entry.port.ok_or(OpenError::HasNoPort);
        }
        self.room(&registry)?;
        let (socket, port) = self.inner.ports.bind()?;
        self.add(&mut registry, leg, Some(port), Way::Socket(socket))?;
        Ok(port)
    }

    /// Opens a leg that has no port, and no way for its packets before [`attach`](Plane::attach); one that is open stays as
    /// it is.
    ///
    /// # Errors
    /// When too many legs are open, or the system gives no random numbers.
    pub fn open_without_port(&self, leg: LegId) -> Result<(), OpenError> {
        let mut registry = self.registry();
        if registry.legs.contains_key(&leg) {
            return Ok(());
        }
        self.room(&registry)?;
        self.add(&mut registry, leg, None, Way::None)
    }

    fn room(&self, registry: &Registry) -> Result<(), OpenError> {
        if registry.shut_down {
            return Err(OpenError::ShutDown);
        }
        let most = self.inner.max_legs;
        if registry.legs.len() >= most { Err(OpenError::TooMany { most }) } else { Ok(()) }
    }

    fn add(&self, registry: &mut Registry, leg: LegId, port: Option<u16>, way: Way) -> Result<(), OpenError> {
        let mut chance = [0; 10];
        getrandom::fill(&mut chance).map_err(|error| OpenError::Socket(io::Error::other(error)))?;
        let thread = registry.least_loaded();
        let (ear, counters) = (Arc::new(Ear::new()), Arc::new(Counters::default()));
        let command = Command::Open { leg, way, ear: Arc::clone(&ear), counters: Arc::clone(&counters), chance };
        registry.legs.insert(leg, Entry { thread, port, ear, counters, bridge: None });
        registry.load[thread] += 1;
        self.send(thread, command);
        Ok(())
    }

    /// Lets a line carry the packets of a leg from now on. A port that the leg has is given back. Repeated, another line
    /// takes the place of the one before; our stream goes on without a jump.
    pub fn attach(&self, leg: LegId, line: Box<dyn Line>) {
        let mut registry = self.registry();
        let Some(entry) = registry.legs.get_mut(&leg) else { return };
        entry.port = None;
        let thread = entry.thread;
        self.send(thread, Command::Attach { leg, line });
    }

    /// Connects a leg to its far end, once the SDP says where that is. It may be called again, for a re-INVITE or for an
    /// answer after early media; our stream goes on without a jump.
    pub fn connect(&self, leg: LegId, remote: Remote) {
        self.to_leg(leg, Command::Connect { leg, remote });
    }

    /// Plays to a leg, instead of what is playing there. It begins when the leg is connected. A playing that goes on
    /// already is not begun anew. While a leg hears a playing, it does not hear the bridge.
    pub fn play(&self, leg: LegId, playback: PlaybackId, source: Source) {
        warm(&source);
        if !self.to_leg(leg, Command::Play { leg, playback, source }) {
            self.tell(MediaEvent::PlayFailed { leg, playback });
        }
    }

    /// Stops a playing, if it still goes on.
    pub fn stop(&self, leg: LegId, playback: PlaybackId) {
        self.to_leg(leg, Command::Stop { leg, playback });
    }

    /// Records a message from a leg, until the end key, silence, the greatest length, or the leg is closed. A leg that
    /// is recording already ends that message as if by a hang-up.
    pub fn record(&self, leg: LegId, message: MessageId, spec: RecordSpec) {
        if !self.to_leg(leg, Command::Record { leg, message, spec }) {
            self.tell(MediaEvent::RecordFailed { leg, message });
        }
    }

    /// Throws a message away; one that is being recorded ends without an event.
    pub fn discard(&self, message: MessageId) {
        self.to_all(|| Command::Discard { message });
        self.inner.recorder.discard(self.message_path(message));
    }

    /// Where the recording of a message lies once [`MediaEvent::Recorded`] has told of it: WAV, 8 kHz, mono, 16 bits.
    #[must_use]
    pub fn message_path(&self, message: MessageId) -> PathBuf {
        message_path(&self.inner.recordings, message)
    }

    /// Where a recorded conversation lies while it is recorded and afterwards.
    #[must_use]
    pub fn recording_path(&self, recording: RecordingId) -> PathBuf {
        self.inner.recordings.join(format!("{recording}.wav"))
    }

    /// Records the conversation in a bridge to `path`, as a stereo WAV file: the bridge's first leg on the left, all others
    /// on the right. It ends with the bridge, or when it is stopped. What a leg is played is not recorded.
    pub fn record_call(&self, recording: RecordingId, bridge: BridgeId, path: PathBuf) {
        let registry = self.registry();
        let found = registry.bridges.get(&bridge).and_then(|legs| {
            let entries = legs.iter().map(|leg| registry.legs.get(leg)).collect::<Option<Vec<_>>>()?;
            let ears = entries.iter().map(|entry| Arc::clone(&entry.ear)).collect();
            Some((*legs.first()?, entries.first()?.thread, ears))
        });
        match found {
            Some((leg, thread, ears)) => {
                self.send(thread, Command::RecordCall { leg, recording, bridge, ears, path });
            }
            None => self.tell(MediaEvent::CallRecordFailed { recording }),
        }
    }

    /// Ends the recording of a conversation, which is then kept.
    pub fn stop_recording(&self, recording: RecordingId) {
        self.to_all(|| Command::StopRecording { recording });
    }

    /// Lets two legs hear each other. Bridges in which either of them was are ended.
    pub fn bridge(&self, bridge: BridgeId, a: LegId, b: LegId) {
        self.conference(bridge, &[a, b]);
    }

    /// Lets these legs hear each other, each the sum of all others. Bridges in which one of them was are ended. Keys that
    /// are pressed on a leg are passed on where there are two.
    pub fn conference(&self, bridge: BridgeId, legs: &[LegId]) {
        let mut registry = self.registry();
        let twice = legs.iter().enumerate().any(|(place, leg)| legs[..place].contains(leg));
        if twice || legs.len() < 2 || registry.bridges.get(&bridge).is_some_and(|known| known == legs) {
            return;
        }
        if !legs.iter().all(|leg| registry.legs.contains_key(leg)) {
            tracing::debug!(%bridge, "a leg of the bridge is not open");
            return;
        }
        let before: Vec<BridgeId> =
            legs.iter().filter_map(|leg| registry.legs.get(leg).and_then(|entry| entry.bridge)).collect();
        for old in before.into_iter().chain([bridge]) {
            self.part(&mut registry, old);
        }
        registry.bridges.insert(bridge, legs.to_vec());
        for leg in legs.iter().copied() {
            let others = legs.iter().filter(|other| **other != leg).filter_map(|other| registry.legs.get(other));
            let others = others.map(|entry| Arc::clone(&entry.ear)).collect();
            if let Some(entry) = registry.legs.get_mut(&leg) {
                entry.bridge = Some(bridge);
                self.send(entry.thread, Command::Join { leg, bridge, others });
            }
        }
    }

    /// Ends a bridge: its legs hear each other no more.
    pub fn unbridge(&self, bridge: BridgeId) {
        self.part(&mut self.registry(), bridge);
    }

    /// Presses keys towards the far end of a leg: as telephone events (RFC 4733) of 100 ms with gaps of 60 ms where it
    /// takes those, else as tones in the audio. At most 64 wait; more are dropped.
    pub fn send_digits(&self, leg: LegId, digits: Vec<Digit>) {
        self.to_leg(leg, Command::SendDigits { leg, digits });
    }

    /// Exchanges reports (RTCP) with the far end of a leg, about every 5 s, where both sides take them at the port of the
    /// audio (`a=rtcp-mux`, RFC 5761). Until then, and without it, none are sent: a leg has one port.
    pub fn report(&self, leg: LegId, muxed: bool) {
        self.to_leg(leg, Command::Report { leg, muxed });
    }

    /// Closes a leg and frees its port. A message that is being recorded is kept as after a hang-up. Returns what has
    /// passed through the leg.
    pub fn close(&self, leg: LegId) -> Option<Statistics> {
        let mut registry = self.registry();
        let hash_map::Entry::Occupied(entry) = registry.legs.entry(leg) else {
            return None;
        };
        let Entry { thread, counters, bridge, .. } = entry.remove();
        registry.load[thread] = registry.load[thread].saturating_sub(1);
        if let Some(bridge) = bridge {
            self.part(&mut registry, bridge);
        }
        self.send(thread, Command::Close { leg });
        Some(counters.read())
    }

    /// What has passed through a leg so far; nothing when it is not open.
    #[must_use]
    pub fn statistics(&self, leg: LegId) -> Option<Statistics> {
        self.registry().legs.get(&leg).map(|entry| entry.counters.read())
    }

    /// Whether a leg that is open has this port.
    #[must_use]
    pub fn has_port(&self, port: u16) -> bool {
        self.registry().legs.values().any(|entry| entry.port == Some(port))
    }

    /// How many legs are open.
    #[must_use]
    pub fn legs(&self) -> usize {
        self.registry().legs.len()
    }

    /// Closes all legs, and waits until the threads have ended and all recordings are on the disk. It must not be called
    /// from within an event.
    pub fn shut_down(&self) {
        {
            let mut registry = self.registry();
            registry.shut_down = true;
            registry.legs.clear();
            registry.bridges.clear();
        }
        self.to_all(|| Command::ShutDown);
        let threads = std::mem::take(&mut *lock(&self.inner.threads));
        for thread in threads {
            // A thread that has panicked has said so; there is nothing left to wait for.
            let _ = thread.join();
        }
        self.inner.recorder.shut_down();
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        lock(&self.inner.registry)
    }

    /// Hands a command to the thread of a leg; false when the leg is not open.
    fn to_leg(&self, leg: LegId, command: Command) -> bool {
        let registry = self.registry();
        let thread = registry.legs.get(&leg).map(|entry| entry.thread);
        thread.is_some_and(|thread| self.send(thread, command))
    }

    fn to_all(&self, command: impl Fn() -> Command) {
        for mailbox in &self.inner.mailboxes {
            let _ = mailbox.send(command());
        }
    }

    /// Lets a media thread tell the event, so that events never come from within a call of the plane.
    fn tell(&self, event: MediaEvent) {
        self.send(0, Command::Tell(event));
    }

    /// False when the thread has ended.
    fn send(&self, thread: usize, command: Command) -> bool {
        self.inner.mailboxes.get(thread).is_some_and(|mailbox| mailbox.send(command).is_ok())
    }

    fn part(&self, registry: &mut Registry, bridge: BridgeId) {
        let Some(legs) = registry.bridges.remove(&bridge) else {
            return;
        };
        for leg in legs {
            if let Some(entry) = registry.legs.get_mut(&leg) {
                entry.bridge = None;
                self.send(entry.thread, Command::Part { leg, bridge });
            }
        }
    }
}

impl Registry {
    fn least_loaded(&self) -> usize {
        (0..self.load.len()).min_by_key(|thread| self.load[*thread]).unwrap_or(0)
    }
}

/// A name for the reports of this plane, from chance. Without chance it is a constant, which harms nobody who hears only
/// one of us.
fn name() -> String {
    let mut chance = [0_u8; 12];
    if getrandom::fill(&mut chance).is_err() {
        tracing::debug!("no chance for the name in reports");
    }
    chance.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the recording of a message lies.
pub(crate) fn message_path(folder: &Path, message: MessageId) -> PathBuf {
    folder.join(format!("{message}.wav"))
}

/// A lock that outlives a panic of somebody who held it: what it guards is valid after every single statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Encodes clips here, in the caller's thread: a long one would make a media thread late.
fn warm(source: &Source) {
    let clips = match source {
        Source::Once(clips) => clips.as_slice(),
        Source::Loop(clip) => std::slice::from_ref(clip),
        Source::Echo => &[],
    };
    clips.iter().for_each(encode);
}
