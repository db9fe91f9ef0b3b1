//! A browser's page as far as its audio goes: an offer, an answer, and one stream both ways over WebRTC.
//!
//! It stands on the same library as the engine's side of it, as the phone does with SIP; for what real browsers make of it
//! there is a test with one.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rtp_types::{RtpPacket, RtpPacketBuilder};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::crypto::from_feature_flags;
use str0m::format::{Codec as Format, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::ear::{Ear, Heard, WINDOW};
use crate::error::PhoneError;
use crate::log::lock;
use crate::mouth::{Agreed, Mouth, Source, key_code};
use crate::settings::Codec;
use crate::tasks::Tasks;

/// The payload type under which the page offers telephone events.
const EVENTS: u8 = 126;

/// A page that has made its offer.
pub struct PageOffer {
    rtc: Rtc,
    pending: SdpPendingOffer,
    mid: Mid,
    socket: UdpSocket,
    address: SocketAddr,
    sdp: String,
}

/// A page with its audio. Dropping it is a browser that is gone without a word.
pub struct Page {
    shared: Arc<Shared>,
    wishes: mpsc::UnboundedSender<Wish>,
    state: watch::Receiver<State>,
    _tasks: Tasks,
}

struct Shared {
    mouth: Mutex<Mouth>,
    ear: Mutex<Ear>,
}

/// How far a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Connecting,
    Connected,
    Closed,
}

enum Wish {
    /// Nothing comes through in either direction, or everything again.
    Cut(bool),
    /// Say goodbye.
    Close,
}

impl PageOffer {
    /// A page on this address that speaks these codecs, the first one best.
    ///
    /// # Errors
    /// When no socket can be had there.
    pub async fn new(ip: IpAddr, codecs: &[Codec]) -> Result<PageOffer, PhoneError> {
        let failed = |source| PhoneError::Socket { address: format!("{ip} (page)"), source };
        let socket = UdpSocket::bind((ip, 0)).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let mut config =
            RtcConfig::new().set_crypto_provider(Arc::new(from_feature_flags())).set_rtp_mode(true).clear_codecs();
        for codec in codecs {
            config = match codec {
                Codec::Pcmu => config.enable_pcmu(true, false),
                Codec::Pcma => config.enable_pcma(true, false),
            };
        }
        let events = FormatParams::default();
        config.codec_config().add_config(EVENTS.into(), None, Format::Tele, Frequency::EIGHT_KHZ, None, events);
        let mut rtc = config.build(std::time::Instant::now());
        let candidate = Candidate::host(address, "udp").map_err(|error| PhoneError::Usage(error.to_string()))?;
        rtc.add_local_candidate(candidate);
        let mut changes = rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().ok_or_else(|| PhoneError::Usage("the offer is empty".into()))?;
        Ok(PageOffer { rtc, pending, mid, socket, address, sdp: offer.to_sdp_string() })
    }

    /// The offer, for whoever it is sent to.
    pub fn sdp(&self) -> &str {
        &self.sdp
    }

    /// The page with the answer that has come.
    ///
    /// # Errors
    /// When the answer does not fit.
    pub fn answered(mut self, answer: &str) -> Result<Page, PhoneError> {
        let refused = |error: &dyn std::fmt::Display| PhoneError::Usage(format!("the answer does not fit: {error}"));
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|error| refused(&error))?;
        self.rtc.sdp_api().accept_answer(self.pending, answer).map_err(|error| refused(&error))?;
        let types: Vec<u8> = self
            .rtc
            .media(self.mid)
            .map_or(Vec::new(), |media| media.remote_pts().iter().map(|type_of| **type_of).collect());
        let codec = types.iter().find_map(|type_of| Codec::of(*type_of)).ok_or_else(|| refused(&"no codec"))?;
        let event_type = types.contains(&EVENTS).then_some(EVENTS);
        let shared = Arc::new(Shared { mouth: Mutex::new(Mouth::new()), ear: Mutex::new(Ear::new(Duration::ZERO)) });
        lock(&shared.mouth).agree(Agreed { remote: self.address, codec, event_type, sending: true });
        lock(&shared.ear).expect_events(event_type);
        let (told, state) = watch::channel(State::Connecting);
        let (wishes, heard) = mpsc::unbounded_channel();
        let tasks = Tasks::new();
        let line = Line {
            rtc: self.rtc,
            mid: self.mid,
            socket: self.socket,
            address: self.address,
            shared: Arc::clone(&shared),
            wishes: heard,
            told,
            cut: false,
            sequence: 0,
        };
        tasks.spawn(line.run());
        Ok(Page { shared, wishes, state, _tasks: tasks })
    }
}

impl Page {
    /// Waits until audio can flow.
    ///
    /// # Errors
    /// When it cannot in time.
    pub async fn wait_connected(&self, limit: Duration) -> Result<(), PhoneError> {
        self.wait_for(State::Connected, "the connection", limit).await
    }

    /// Waits until the server has ended the connection.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn wait_closed(&self, limit: Duration) -> Result<(), PhoneError> {
        self.wait_for(State::Closed, "the end of the connection", limit).await
    }

    async fn wait_for(&self, wanted: State, what: &str, after: Duration) -> Result<(), PhoneError> {
        let mut state = self.state.clone();
        let waited = timeout(after, state.wait_for(|state| *state == wanted)).await;
        let late = || PhoneError::Timeout {
            waited_for: what.into(),
            after,
            seen: format!("the page is {:?}", *self.state.borrow()),
        };
        waited.map_err(|_| late())?.map_err(|_| late())?;
        Ok(())
    }

    /// Says a tone from now on.
    pub fn play_tone(&self, hz: f64) {
        lock(&self.shared.mouth).play(Source::Tone { hz, position: 0.0 });
    }

    /// Presses keys, which are sent as telephone events (RFC 4733).
    ///
    /// # Errors
    /// When there is no such key.
    pub fn press(&self, keys: &str) -> Result<(), PhoneError> {
        for key in keys.chars() {
            let code = key_code(key).ok_or_else(|| PhoneError::Usage(format!("there is no key {key}")))?;
            lock(&self.shared.mouth).press(code, None);
        }
        Ok(())
    }

    /// What is heard now.
    pub fn heard(&self) -> Heard {
        lock(&self.shared.ear).heard(WINDOW)
    }

    /// Waits until a tone of this frequency is heard, ± 2 Hz.
    ///
    /// # Errors
    /// When it is not in time; says what was.
    pub async fn wait_tone(&self, frequency: f64, limit: Duration) -> Result<Heard, PhoneError> {
        self.wait_heard(&format!("a tone of {frequency} Hz"), limit, |heard| heard.is_tone(frequency)).await
    }

    /// Waits until what is heard is as wished.
    ///
    /// # Errors
    /// When it is not in time; says what was heard.
    pub async fn wait_heard(
        &self,
        what: &str,
        after: Duration,
        wanted: impl Fn(&Heard) -> bool,
    ) -> Result<Heard, PhoneError> {
        let end = Instant::now() + after;
        loop {
            let heard = self.heard();
            if wanted(&heard) {
                return Ok(heard);
            }
            if Instant::now() >= end {
                return Err(PhoneError::Timeout { waited_for: what.into(), after, seen: heard.to_string() });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Cuts the network, or lets it through again.
    pub fn cut(&self, cut: bool) {
        // The task ends with the connection.
        let _ = self.wishes.send(Wish::Cut(cut));
    }

    /// Closes the connection, as a page does that is left or loaded anew.
    pub fn close(&self) {
        let _ = self.wishes.send(Wish::Close);
    }
}

/// What drives a page's connection.
struct Line {
    rtc: Rtc,
    mid: Mid,
    socket: UdpSocket,
    address: SocketAddr,
    shared: Arc<Shared>,
    wishes: mpsc::UnboundedReceiver<Wish>,
    told: watch::Sender<State>,
    cut: bool,
    sequence: u64,
}

impl Line {
    async fn run(mut self) {
        let mut tick = interval(Duration::from_millis(20));
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut buffer = [0; 2_048];
        loop {
            let Some(due) = self.work().await else { break };
            tokio::select! {
                _ = tick.tick() => self.speak(),
                received = self.socket.recv_from(&mut buffer) => {
                    if let Ok((length, from)) = received {
                        self.receive(&buffer[..length], from);
                    }
                }
                wish = self.wishes.recv() => match wish {
                    Some(Wish::Cut(cut)) => self.cut = cut,
                    Some(Wish::Close) => {
                        // It tells the other side, and ends when that is said.
                        let _ = self.rtc.close();
                    }
                    None => return,
                },
                () = tokio::time::sleep_until(due.into()) => {}
            }
            let _ = self.rtc.handle_input(Input::Timeout(std::time::Instant::now()));
        }
        self.told.send_replace(State::Closed);
    }

    fn speak(&mut self) {
        let Some((packet, _)) = lock(&self.shared.mouth).next() else { return };
        let Ok(packet) = RtpPacket::parse(&packet) else { return };
        if !self.rtc.is_connected() {
            return;
        }
        self.sequence += 1;
        let payload: Arc<[u8]> = packet.payload().into();
        let now = std::time::Instant::now();
        let write = RtpWrite::new(packet.payload_type().into(), self.sequence.into(), packet.timestamp(), now, payload);
        if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(self.mid, None) {
            stream.write_rtp(write.marker(packet.marker_bit()));
        }
    }

    fn receive(&mut self, datagram: &[u8], from: SocketAddr) {
        if self.cut {
            return;
        }
        let Ok(contents) = datagram.try_into() else { return };
        let packet = Receive { proto: Protocol::Udp, source: from, destination: self.address, contents };
        let _ = self.rtc.handle_input(Input::Receive(std::time::Instant::now(), packet));
    }

    /// Carries out what the library wants; when it wants to be asked again, while it lives.
    async fn work(&mut self) -> Option<std::time::Instant> {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(due)) => return self.rtc.is_alive().then_some(due),
                Ok(Output::Transmit(transmit)) => {
                    if !self.cut {
                        let _ = self.socket.send_to(&transmit.contents, transmit.destination).await;
                    }
                }
                Ok(Output::Event(Event::Connected)) => {
                    self.told.send_replace(State::Connected);
                }
                Ok(Output::Event(Event::RtpPacket(packet))) => {
                    let header = &packet.header;
                    let bytes = RtpPacketBuilder::<&[u8], &[u8]>::new()
                        .payload_type(*header.payload_type)
                        .marker_bit(header.marker)
                        .sequence_number(header.sequence_number)
                        .timestamp(header.timestamp)
                        .ssrc(*header.ssrc)
                        .payload(&packet.payload)
                        .write_vec();
                    if let Ok(bytes) = bytes {
                        lock(&self.shared.ear).hear(&bytes, Instant::now());
                    }
                }
                Ok(Output::Event(_)) => {}
                Err(_) => return None,
            }
        }
    }
}
