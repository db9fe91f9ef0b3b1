//! What a leg says, kept for those who listen: the jitter buffer.
//!
//! Audio lies in a ring that is addressed by RTP timestamps: in G.711 one byte is one sample and one unit of the
//! timestamp (RFC 3551 §4.5.14). So the order of arrival does not matter, nor how much audio a packet holds. A gap is
//! filled when the packet behind it comes, and filled better if the missing one comes after all.
//!
//! Each [`Listener`] has its own place in the ring and takes 20 ms at each of its ticks. It begins when 40 ms wait (more
//! when packets are longer than 20 ms). When nothing is there it waits and so falls behind by what the network has been
//! late; when more than it needs has been there all the time it skips a frame. So its delay follows the network, and
//! clocks of unlike speed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use nohold_model::Digit;
use nohold_telephony::FRAME_SAMPLES;
use nohold_telephony::codec::Codec;

use crate::plane::lock;

/// One frame of G.711.
pub(crate) type Frame = [u8; FRAME_SAMPLES];

/// The most audio that one packet may bring: 200 ms.
pub(crate) const LONGEST_PAYLOAD: usize = 1_600;

/// Bytes of the ring, 512 ms. A power of two, so that timestamps that wrap stay in step.
const RING: usize = 4_096;

/// A listener wants so much to be there before it begins: 40 ms.
const WANTED: i32 = 2 * FRAME;

/// A listener that is so far behind jumps forward: 240 ms.
const MOST_BEHIND: i32 = 12 * FRAME;

/// A gap up to this length (40 ms) is filled with what was before it; a longer one with silence.
const CONCEALED: i32 = 2 * FRAME;

/// So many packets in a row from far in the past mean that the timestamps have begun anew.
const FROM_THE_PAST: u8 = 5;

/// So many frames (200 ms) without anything mean that the talker pauses.
const PAUSE: u8 = 10;

/// How many frames (2 s) a listener looks back on before it skips one.
const LOOK_BACK: u8 = 100;

/// Keys that may wait for the other side of the bridge.
const MOST_KEYS: usize = 16;

const FRAME: i32 = 160;

/// What one leg says. Its own thread writes, and others listen.
pub(crate) struct Ear {
    state: Mutex<State>,
    /// Whether keys wait, so that asking costs no lock.
    pressed: AtomicBool,
    /// Whether somebody listens, likewise.
    heard: AtomicBool,
}

struct State {
    /// Only while somebody listens.
    ring: Option<Box<Ring>>,
    listeners: usize,
    /// How many of the listeners are bridges, which take the keys too.
    bridges: usize,
    keys: VecDeque<Digit>,
    /// Never the same for two beginnings, so that a listener sees that its place means nothing any more.
    generation: u32,
}

struct Ring {
    bytes: [u8; RING],
    codec: Codec,
    generation: u32,
    /// The timestamps of the first byte and of the one after the last.
    start: u32,
    end: u32,
    /// Where the foremost listener is.
    taken: u32,
    /// The longest packet.
    packet: i32,
    from_the_past: u8,
}

/// Somebody who listens to an ear.
pub(crate) struct Listener {
    ear: Arc<Ear>,
    bridge: bool,
    generation: u32,
    place: Place,
    lowest: i32,
    looked: u8,
    starved: u8,
}

#[derive(Clone, Copy)]
enum Place {
    /// Waits until enough is there beyond this timestamp.
    Waiting(u32),
    /// Takes the audio from this timestamp on.
    At(u32),
}

/// What became of audio that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// It will be heard by those who listen, if any.
    InTime,
    /// Its time has passed.
    Late,
}

impl Ear {
    pub(crate) fn new() -> Self {
        let state = State { ring: None, listeners: 0, bridges: 0, keys: VecDeque::new(), generation: 0 };
        Ear { state: Mutex::new(state), pressed: AtomicBool::new(false), heard: AtomicBool::new(false) }
    }

    /// Adds the payload of a packet; at most [`LONGEST_PAYLOAD`] of it.
    pub(crate) fn write(&self, timestamp: u32, payload: &[u8], codec: Codec) -> Written {
        if !self.heard.load(Ordering::Relaxed) {
            return Written::InTime;
        }
        let mut state = self.state();
        let state = &mut *state;
        let Some(ring) = &mut state.ring else {
            return Written::InTime;
        };
        let payload = &payload[..payload.len().min(LONGEST_PAYLOAD)];
        if ring.generation == 0 || ring.codec != codec {
            state.generation = next_generation(state.generation);
            ring.begin(timestamp, codec, state.generation);
        }
        match ring.write(timestamp, payload) {
            Some(written) => written,
            None => {
                state.generation = next_generation(state.generation);
                ring.begin(timestamp, codec, state.generation);
                ring.write(timestamp, payload).unwrap_or(Written::Late)
            }
        }
    }

    /// Forgets the audio: what comes next belongs to another stream.
    pub(crate) fn restart(&self) {
        if let Some(ring) = &mut self.state().ring {
            ring.generation = 0;
        }
    }

    /// A key was pressed; only a bridge wants to know.
    pub(crate) fn press(&self, digit: Digit) {
        let mut state = self.state();
        if state.bridges > 0 && state.keys.len() < MOST_KEYS {
            state.keys.push_back(digit);
            self.pressed.store(true, Ordering::Release);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Zero is no generation.
fn next_generation(generation: u32) -> u32 {
    generation.checked_add(1).unwrap_or(1)
}

/// How far `a` is ahead of `b`, for timestamps that wrap.
#[expect(clippy::cast_possible_wrap, reason = "that is how wrapping numbers are compared (RFC 1982)")]
fn ahead(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b) as i32
}

fn index(timestamp: u32) -> usize {
    timestamp as usize % RING
}

/// `timestamp`, moved by a number of samples that is small.
fn moved(timestamp: u32, by: i32) -> u32 {
    timestamp.wrapping_add_signed(by)
}

impl Ring {
    fn new() -> Box<Ring> {
        Box::new(Ring {
            bytes: [0; RING],
            codec: Codec::Pcma,
            generation: 0,
            start: 0,
            end: 0,
            taken: 0,
            packet: FRAME,
            from_the_past: 0,
        })
    }

    fn begin(&mut self, timestamp: u32, codec: Codec, generation: u32) {
        self.codec = codec;
        self.generation = generation;
        (self.start, self.end, self.taken) = (timestamp, timestamp, timestamp);
        self.packet = FRAME;
        self.from_the_past = 0;
    }

    /// Nothing when the timestamp has no place here and the ring must begin anew.
    fn write(&mut self, timestamp: u32, payload: &[u8]) -> Option<Written> {
        let length = i32::try_from(payload.len()).unwrap_or(0);
        let (ring, gap) = (RING as i32, ahead(timestamp, self.end));
        if gap > ring - 2 * length {
            return None;
        }
        if gap < -ring {
            self.from_the_past += 1;
            return (self.from_the_past < FROM_THE_PAST).then_some(Written::Late);
        }
        self.from_the_past = 0;
        self.packet = self.packet.max(length);
        let after = moved(timestamp, length);
        if gap < 0 && ahead(after, self.taken) <= 0 {
            return Some(Written::Late);
        }
        if gap > 0 {
            self.fill(gap);
        }
        // What the ring does not reach back to is left away.
        let skipped = ahead(self.start, timestamp).max(0);
        for (offset, byte) in (0..length).zip(payload).skip(usize::try_from(skipped).unwrap_or(0)) {
            self.bytes[index(moved(timestamp, offset))] = *byte;
        }
        self.reach(after);
        Some(Written::InTime)
    }

    fn fill(&mut self, gap: i32) {
        let known = ahead(self.end, self.start);
        for offset in 0..gap {
            let at = moved(self.end, offset);
            let byte = if gap <= CONCEALED && gap <= known {
                self.bytes[index(moved(at, -gap))]
            } else {
                self.codec.silence()
            };
            self.bytes[index(at)] = byte;
        }
        self.reach(moved(self.end, gap));
    }

    fn reach(&mut self, end: u32) {
        if ahead(end, self.end) > 0 {
            self.end = end;
        }
        if ahead(self.end, self.start) > RING as i32 {
            self.start = moved(self.end, -(RING as i32));
        }
    }

    fn copy(&self, from: u32, frame: &mut Frame) {
        for (offset, byte) in (0..FRAME).zip(frame.iter_mut()) {
            *byte = self.bytes[index(moved(from, offset))];
        }
    }

    /// How much must be there before a listener begins.
    fn wanted(&self) -> i32 {
        WANTED.max(self.packet + FRAME)
    }
}

impl Listener {
    /// Begins to listen; a `bridge` also takes the keys.
    pub(crate) fn new(ear: Arc<Ear>, bridge: bool) -> Self {
        {
            let mut state = ear.state();
            state.listeners += 1;
            state.ring.get_or_insert_with(Ring::new);
            if bridge {
                state.bridges += 1;
                state.keys.clear();
            }
            ear.heard.store(true, Ordering::Relaxed);
        }
        Listener { ear, bridge, generation: 0, place: Place::Waiting(0), lowest: i32::MAX, looked: 0, starved: 0 }
    }

    /// Takes the next 20 ms, if there are any, and says how they are encoded.
    pub(crate) fn hear(&mut self, frame: &mut Frame) -> Option<Codec> {
        let ear = Arc::clone(&self.ear);
        let mut state = ear.state();
        let ring = state.ring.as_mut().filter(|ring| ring.generation != 0)?;
        if self.generation != ring.generation {
            self.generation = ring.generation;
            self.place = Place::Waiting(ring.start);
        }
        let mut at = match self.place {
            Place::At(at) => at,
            Place::Waiting(since) => {
                if ahead(ring.end, since) < ring.wanted() {
                    return None;
                }
                self.look_anew();
                moved(ring.end, -ring.wanted())
            }
        };
        if ahead(ring.end, at) > MOST_BEHIND.max(ring.wanted() + ring.packet) {
            at = moved(ring.end, -ring.wanted());
            self.look_anew();
        }
        let there = ahead(ring.end, at);
        if there < FRAME {
            return self.starve(ring, at, frame);
        }
        self.starved = 0;
        at = moved(at, self.spare(there, ring.wanted()));
        ring.copy(at, frame);
        at = moved(at, FRAME);
        self.place = Place::At(at);
        if ahead(at, ring.taken) > 0 {
            ring.taken = at;
        }
        Some(ring.codec)
    }

    /// A key that was pressed there, for a bridge.
    pub(crate) fn key(&mut self) -> Option<Digit> {
        if !self.bridge || !self.ear.pressed.load(Ordering::Acquire) {
            return None;
        }
        let mut state = self.ear.state();
        let digit = state.keys.pop_front();
        if state.keys.is_empty() {
            self.ear.pressed.store(false, Ordering::Release);
        }
        digit
    }

    /// Not a whole frame is there: the last one is heard once more, then silence, and after a pause it begins anew.
    fn starve(&mut self, ring: &Ring, at: u32, frame: &mut Frame) -> Option<Codec> {
        self.starved = self.starved.saturating_add(1);
        self.place = if self.starved >= PAUSE { Place::Waiting(ring.end) } else { Place::At(at) };
        let before = moved(at, -FRAME);
        if self.starved > 1 || ahead(before, ring.start) < 0 {
            return None;
        }
        ring.copy(before, frame);
        Some(ring.codec)
    }

    fn look_anew(&mut self) {
        (self.lowest, self.looked, self.starved) = (i32::MAX, 0, 0);
    }

    /// How much to skip: a frame, when more than was needed has been there for a while.
    fn spare(&mut self, there: i32, wanted: i32) -> i32 {
        self.lowest = self.lowest.min(there);
        self.looked += 1;
        if self.looked < LOOK_BACK {
            return 0;
        }
        let skip = if self.lowest >= wanted + FRAME { FRAME } else { 0 };
        self.look_anew();
        skip
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = self.ear.state();
        state.listeners = state.listeners.saturating_sub(1);
        if self.bridge {
            state.bridges = state.bridges.saturating_sub(1);
        }
        if state.listeners == 0 {
            state.ring = None;
            self.ear.heard.store(false, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
