//! One leg: its way, what comes in, what goes out.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nohold_model::{BridgeId, Digit, LegId, MessageId, PlaybackId, RecordingId};
use nohold_telephony::FRAME_SAMPLES;
use nohold_telephony::recording::RecordingEnd;

use crate::conversation::Conversation;
use crate::counters::Counters;
use crate::ear::{Ear, Frame};
use crate::keys::Keys;
use crate::latch::Latch;
use crate::message::{Message, Progress};
use crate::mix::Mix;
use crate::playing::{Played, Playing, copy};
use crate::presses::{Presses, Pressing};
use crate::reception::Reception;
use crate::reports::{Report, Reports};
use crate::sequencer::{Packet, Sequencer};
use crate::thread::Surroundings;
use crate::way::{Target, Way};
use crate::words::{Line, MediaEvent, RecordSpec, Remote, Source};

mod receive;

/// One tick.
const FRAME: Duration = Duration::from_millis(20);

/// Recordings of one bridge that may go on at once.
const MOST_RECORDINGS: usize = 4;

/// One party's connection.
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) way: Way,
    ear: Arc<Ear>,
    counters: Arc<Counters>,
    remote: Option<Remote>,
    latch: Latch,
    /// Ticks in which something was sent since something was heard.
    unheard: u32,
    reception: Reception,
    keys: Keys,
    sequencer: Sequencer,
    presses: Presses,
    /// While the far end takes reports.
    reports: Option<Reports>,
    playing: Option<Playing>,
    /// The last playing that was begun here: it is not begun again when the command is repeated.
    last_playback: Option<PlaybackId>,
    bridge: Option<(BridgeId, Mix)>,
    message: Option<Box<Message>>,
    conversations: Vec<Conversation>,
    /// When something has come last, or could first have come.
    alive: Instant,
    lost: bool,
}

impl Leg {
    pub(crate) fn new(
        id: LegId,
        way: Way,
        ear: Arc<Ear>,
        counters: Arc<Counters>,
        chance: [u8; 10],
        now: Instant,
    ) -> Self {
        Leg {
            id,
            way,
            ear,
            counters,
            remote: None,
            latch: Latch::default(),
            unheard: 0,
            reception: Reception::default(),
            keys: Keys::default(),
            sequencer: Sequencer::new(chance),
            presses: Presses::default(),
            reports: None,
            playing: None,
            last_playback: None,
            bridge: None,
            message: None,
            conversations: Vec::new(),
            alive: now,
            lost: false,
        }
    }

    pub(crate) fn connect(&mut self, remote: Remote, now: Instant) {
        let might_send = self.remote.is_some_and(|before| before.sends);
        if remote.sends && !might_send {
            (self.alive, self.lost) = (now, false);
        }
        self.latch.expect(remote.address, remote.signalling);
        self.remote = Some(remote);
    }

    /// Takes a line for its packets, instead of the way that it had. The stream goes on.
    pub(crate) fn attach(&mut self, line: Box<dyn Line>, now: Instant) {
        (self.way, self.alive, self.lost) = (Way::Line(line), now, false);
    }

    pub(crate) fn play(&mut self, playback: PlaybackId, source: Source, around: &Surroundings) {
        if self.last_playback == Some(playback) {
            return;
        }
        self.last_playback = Some(playback);
        self.playing = Playing::new(playback, source, &self.ear);
        if self.playing.is_none() {
            around.tell(MediaEvent::PlayFailed { leg: self.id, playback });
        }
    }

    pub(crate) fn stop(&mut self, playback: PlaybackId) {
        self.playing.take_if(|playing| playing.playback == playback);
    }

    pub(crate) fn record(&mut self, message: MessageId, spec: RecordSpec, around: &Surroundings) {
        if self.message.as_ref().is_some_and(|going| going.id == message) {
            return;
        }
        self.end_message(RecordingEnd::HungUp, around);
        self.message = Some(Box::new(Message::begin(self.id, message, spec, &self.ear, around)));
    }

    /// Abandons the message if it is being recorded here.
    pub(crate) fn discard(&mut self, message: MessageId) {
        self.message.take_if(|going| going.id == message);
    }

    pub(crate) fn join(&mut self, bridge: BridgeId, others: Vec<Arc<Ear>>) {
        self.bridge = Some((bridge, Mix::new(others)));
    }

    pub(crate) fn part(&mut self, bridge: BridgeId, around: &Surroundings) {
        self.bridge.take_if(|(joined, _)| *joined == bridge);
        self.end_conversations(|going| going.bridge == bridge, around);
    }

    pub(crate) fn record_call(
        &mut self,
        recording: RecordingId,
        bridge: BridgeId,
        ears: Vec<Arc<Ear>>,
        path: PathBuf,
        around: &Surroundings,
    ) {
        if self.conversations.iter().any(|going| going.recording == recording) {
            return;
        }
        if self.conversations.len() >= MOST_RECORDINGS {
            around.tell(MediaEvent::CallRecordFailed { recording });
            return;
        }
        self.conversations.push(Conversation::begin(recording, bridge, ears, path, around));
    }

    pub(crate) fn stop_recording(&mut self, recording: RecordingId, around: &Surroundings) {
        self.end_conversations(|going| going.recording == recording, around);
    }

    pub(crate) fn send_digits(&mut self, digits: Vec<Digit>) {
        self.presses.push(digits);
    }

    pub(crate) fn report(&mut self, muxed: bool, now: Instant) {
        if !muxed {
            self.reports = None;
        } else if self.reports.is_none() {
            self.reports = Some(Reports::new(now, self.sequencer.sent().ssrc));
        }
    }

    /// Ends what is being recorded, before the leg goes.
    pub(crate) fn close(mut self, around: &Surroundings) {
        self.end_message(RecordingEnd::HungUp, around);
        self.end_conversations(|_| true, around);
    }

    /// What is to be done every 20 ms, after what has arrived was read.
    pub(crate) fn tick(&mut self, now: Instant, around: &Surroundings, packet: &mut Packet) {
        if let Some(digit) = self.keys.released(now) {
            self.pressed(digit, around);
        }
        self.watch(now, around);
        self.record_tick(around);
        if let Some(remote) = self.remote {
            self.send_tick(&remote, around, packet);
            self.report_tick(&remote, now, around);
        }
        self.sequencer.pass(1);
    }

    /// So many ticks were missed and will not be made up for: a pause for whoever listens.
    pub(crate) fn skip(&mut self, ticks: u32) {
        self.sequencer.pause();
        self.sequencer.pass(ticks);
    }

    fn send_tick(&mut self, remote: &Remote, around: &Surroundings, packet: &mut Packet) {
        let mut frame: Frame = [remote.codec.silence(); FRAME_SAMPLES];
        self.fill(remote, around, &mut frame);
        let pressing = self.presses.next(self.sequencer.timestamp(), remote.telephone_event.is_some());
        let Some(target) = self.target(remote, around) else {
            self.sequencer.pause();
            return;
        };
        self.unheard = self.unheard.saturating_add(1);
        let written = match (pressing, remote.telephone_event) {
            (Some(Pressing::Event(event)), Some(payload_type)) => self.sequencer.event(payload_type, &event, packet),
            (pressing, _) => {
                match pressing {
                    Some(Pressing::Tone(digit, index)) => {
                        if let Some(tone) = around.keypad(digit) {
                            copy(tone, remote.codec, index, &mut frame);
                        }
                    }
                    Some(Pressing::Gap | Pressing::Event(_)) => frame.fill(remote.codec.silence()),
                    None => {}
                }
                self.sequencer.audio(remote.payload_type, &frame, packet)
            }
        };
        let packet = written.and_then(|length| packet.get(..length));
        let sent = packet.is_some_and(|packet| self.way.send(packet, target));
        if sent { self.counters.sent.add(1) } else { self.counters.unsent.add(1) }
    }

    fn report_tick(&mut self, remote: &Remote, now: Instant, around: &Surroundings) {
        let Some(reports) = &mut self.reports else {
            return;
        };
        if !reports.is_due(now) {
            return;
        }
        let (received, mut bytes) = (self.reception.report(), [0; size_of::<Report>()]);
        let written = reports.write(self.sequencer.sent(), received.as_ref(), &around.name, now, &mut bytes);
        let report = written.and_then(|length| bytes.get(..length));
        if let (Some(report), Some(target)) = (report, self.address(remote, around)) {
            // One that is lost is followed by another.
            let _ = self.way.send(report, Target::Address(target));
        }
    }

    /// What the leg hears in this tick: what it is played, else a warning, else the other side of its bridge. With none
    /// of them the frame stays silent, and is sent all the same: it keeps NAT and the far end's jitter buffer alive.
    fn fill(&mut self, remote: &Remote, around: &Surroundings, frame: &mut Frame) {
        if let Some((_, others)) = &mut self.bridge {
            // Also while something else is heard: what was said meanwhile is not heard late.
            others.hear(remote.codec, frame);
            while let Some(digit) = others.key() {
                self.presses.push([digit]);
            }
        }
        if let Some(message) = &mut self.message {
            message.warning(remote.codec, around, frame);
        }
        let Some(playing) = &mut self.playing else {
            return;
        };
        match playing.next(remote.codec, frame, &self.counters.echo) {
            Played::Frame => {}
            Played::Silence => frame.fill(remote.codec.silence()),
            Played::End => {
                let playback = playing.playback;
                self.playing = None;
                around.tell(MediaEvent::Played { leg: self.id, playback });
            }
        }
    }

    /// Where audio goes in this tick.
    fn target(&self, remote: &Remote, around: &Surroundings) -> Option<Target> {
        match self.way {
            Way::Socket(_) => self.address(remote, around).map(Target::Address),
            Way::Line(_) => Some(Target::Line),
            Way::None => None,
        }
        .filter(|_| remote.receives)
    }

    /// Where the far end is, also while it does not want to hear us: reports go on (RFC 3264 §5.1).
    fn address(&self, remote: &Remote, around: &Surroundings) -> Option<SocketAddr> {
        let source = self.latch.source();
        if remote.symmetric && source.is_some() {
            return source;
        }
        let named = remote.address.filter(|address| !address.ip().is_unspecified() && address.port() != 0)?;
        let host = named.ip().to_canonical();
        let vouched = remote.signalling.is_none_or(|signalling| signalling.to_canonical() == host);
        // A start for everybody: most far ends are heard within it.
        let started = FRAME * self.unheard < around.unheard_for;
        (vouched || source.is_some() || started).then_some(named)
    }

    fn watch(&mut self, now: Instant, around: &Surroundings) {
        let may_send = self.remote.is_some_and(|remote| remote.sends);
        if may_send && !self.lost && now.saturating_duration_since(self.alive) >= around.silence_after {
            self.lost = true;
            around.tell(MediaEvent::Lost { leg: self.id });
        }
    }

    fn record_tick(&mut self, around: &Surroundings) {
        match self.message.as_mut().map(|message| message.tick()) {
            Some(Progress::Ended(ended)) => self.end_message(ended, around),
            Some(Progress::Failed) => self.message = None,
            Some(Progress::Going) | None => {}
        }
        self.conversations.retain_mut(Conversation::tick);
    }

    fn end_message(&mut self, ended: RecordingEnd, around: &Surroundings) {
        if let Some(message) = self.message.take() {
            message.end(ended, around);
        }
    }

    fn end_conversations(&mut self, which: impl Fn(&Conversation) -> bool, around: &Surroundings) {
        for ended in self.conversations.extract_if(.., |going| which(going)) {
            ended.end(around);
        }
    }

    /// A key came in.
    fn pressed(&mut self, digit: Digit, around: &Surroundings) {
        if self.message.as_ref().is_some_and(|message| message.is_ended_by(digit)) {
            self.end_message(RecordingEnd::Key, around);
            return;
        }
        self.ear.press(digit);
        around.tell(MediaEvent::Digit { leg: self.id, digit });
    }
}

#[cfg(test)]
mod tests;
