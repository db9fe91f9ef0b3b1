//! One connection: the library's state, and what passes through it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rtp_types::{RtpPacket, RtpPacketBuilder};
use str0m::media::Mid;
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Event as Said, Input, Output, Rtc};

use crate::line::WireEnd;
use crate::offer::Begun;
use crate::stream::Stream;
use crate::stun;
use crate::thread::Counted;
use crate::words::End;

/// Packets of the leg that are sent at once; a leg sends one every 20 ms.
const MOST_SENT: usize = 8;

/// What is asked of the library before others have their turn.
const MOST_OUTPUTS: usize = 64;

/// Audio came up to the end where no more than this lies between it and the last that was heard.
const BETWEEN_PACKETS: Duration = Duration::from_millis(200);

/// A connection of a browser.
pub(crate) struct Connection {
    rtc: Box<Rtc>,
    mid: Mid,
    ufrag: String,
    /// The address of ours to which its packets come, for the library.
    ours: SocketAddr,
    line: Option<WireEnd>,
    stream: Stream,
    began: Instant,
    /// When it came about.
    up: bool,
    /// When something was heard last of which the browser is certainly the author.
    heard: Instant,
    /// When audio was heard last.
    audio: Option<Instant>,
    silence: Silence,
    /// When it wants to be asked again.
    due: Instant,
}

/// What has become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    Up,
    Quiet,
    Lost,
    Back,
    Over(End),
}

/// How long nothing may be heard of a connection; the meaning stands at [`Settings`](crate::Settings).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) quiet_after: Duration,
    pub(crate) silent_after: Duration,
    pub(crate) forgotten_after: Duration,
}

impl Patience {
    /// What it means that nothing has been heard for so long, where the last audio lay so long before the last that was heard.
    fn silence(self, silent: Duration, since_audio: Option<Duration>) -> Silence {
        match since_audio {
            _ if silent >= self.silent_after => Silence::Lost,
            // A page without a microphone sends checks alone, which are seconds apart.
            Some(since) if silent >= self.quiet_after && since <= BETWEEN_PACKETS => Silence::Quiet,
            _ => Silence::No,
        }
    }
}

/// Whether nothing is heard any more, as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    No,
    Quiet,
    Lost,
}

/// What a connection has for the socket.
pub(crate) trait Out {
    /// Sends a datagram.
    fn send(&mut self, datagram: &[u8], to: SocketAddr);
}

impl Connection {
    pub(crate) fn new(begun: Begun, ours: SocketAddr, sequence: u16, now: Instant) -> Self {
        Connection {
            rtc: Box::new(begun.rtc),
            mid: begun.mid,
            ufrag: begun.ufrag,
            ours,
            line: None,
            stream: Stream::new(sequence),
            began: now,
            up: false,
            heard: now,
            audio: None,
            silence: Silence::No,
            due: now,
        }
    }

    /// The name by which the browser calls us.
    pub(crate) fn ufrag(&self) -> &str {
        &self.ufrag
    }

    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// A leg's packets come and go by this line from now on, or nobody's.
    pub(crate) fn attach(&mut self, line: Option<WireEnd>) {
        self.stream.change();
        self.line = line;
    }

    /// Takes a datagram that is for it.
    pub(crate) fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Instant, counted: &Counted) {
        let Ok(contents) = datagram.try_into() else {
            counted.unusable.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let packet = Receive { proto: Protocol::Udp, source: from, destination: self.ours, contents };
        if let Err(error) = self.rtc.handle_input(Input::Receive(now, packet)) {
            // Anybody may have sent it under the address of the browser; what is really broken falls silent.
            tracing::debug!(%error, "a datagram of a browser could not be used");
            counted.unusable.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Hands on what the leg has said since the last time.
    pub(crate) fn speak(&mut self, now: Instant) -> bool {
        let Some(line) = &self.line else { return false };
        let mut said = false;
        for packet in std::iter::from_fn(|| line.next()).take(MOST_SENT) {
            said = true;
            // Before it has come about there is nobody to hear it.
            let Some(packet) = RtpPacket::parse(&packet).ok().filter(|_| self.up) else { continue };
            let numbers = self.stream.number(packet.timestamp(), now);
            let payload: Arc<[u8]> = packet.payload().into();
            let write =
                RtpWrite::new(packet.payload_type().into(), numbers.sequence.into(), numbers.timestamp, now, payload)
                    .marker(packet.marker_bit());
            if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(self.mid, None) {
                stream.write_rtp(write);
            }
        }
        said
    }

    /// Lets the library work, and carries out what it wants. Returns what has become of the connection meanwhile.
    pub(crate) fn work(&mut self, now: Instant, out: &mut impl Out, counted: &Counted, news: &mut Vec<News>) {
        if let Err(error) = self.rtc.handle_input(Input::Timeout(now)) {
            tracing::debug!(%error, "a connection of a browser has failed");
            news.push(News::Over(End::Failed));
            return;
        }
        for _ in 0..MOST_OUTPUTS {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(due)) => {
                    if !self.rtc.is_alive() {
                        news.push(News::Over(End::Failed));
                    }
                    self.due = due;
                    return;
                }
                Ok(Output::Transmit(transmit)) => {
                    if stun::is_success(&transmit.contents) {
                        self.heard = now;
                    }
                    out.send(&transmit.contents, transmit.destination);
                }
                Ok(Output::Event(said)) => self.hear(said, now, counted, news),
                Err(error) => {
                    tracing::debug!(%error, "a connection of a browser has failed");
                    news.push(News::Over(End::Failed));
                    return;
                }
            }
        }
        self.due = now;
    }

    fn hear(&mut self, said: Said, now: Instant, counted: &Counted, news: &mut Vec<News>) {
        match said {
            Said::Connected if !self.up => {
                self.up = true;
                self.heard = now;
                news.push(News::Up);
            }
            Said::RtpPacket(packet) => {
                self.heard = now;
                self.audio = Some(now);
                let header = &packet.header;
                let written = RtpPacketBuilder::<&[u8], &[u8]>::new()
                    .payload_type(*header.payload_type)
                    .marker_bit(header.marker)
                    .sequence_number(header.sequence_number)
                    .timestamp(header.timestamp)
                    .ssrc(*header.ssrc)
                    .payload(&packet.payload)
                    .write_vec();
                if let (Some(line), Ok(bytes)) = (&self.line, written) {
                    line.hear(bytes.into(), &counted.overrun);
                }
            }
            Said::Closed => news.push(News::Over(End::Theirs)),
            // The library's own view of the path: it lets go of one after a while, which we have noticed by then.
            _ => {}
        }
    }

    /// Whether it is still there.
    pub(crate) fn watch(&mut self, now: Instant, patience: Patience) -> Option<News> {
        if !self.up {
            let late = now.saturating_duration_since(self.began) >= patience.forgotten_after;
            return late.then_some(News::Over(End::NeverCame));
        }
        let silent = now.saturating_duration_since(self.heard);
        if silent >= patience.silent_after + patience.forgotten_after {
            return Some(News::Over(End::Lost));
        }
        let silence = patience.silence(silent, self.audio.map(|audio| self.heard.saturating_duration_since(audio)));
        if silence == std::mem::replace(&mut self.silence, silence) {
            return None;
        }
        Some(match silence {
            Silence::No => News::Back,
            Silence::Quiet => News::Quiet,
            Silence::Lost => News::Lost,
        })
    }

    /// Says goodbye to the browser.
    pub(crate) fn close(&mut self, now: Instant, out: &mut impl Out) {
        if self.rtc.close().is_err() {
            return;
        }
        // It tells the browser that it is over, and waits for nothing.
        for _ in 0..MOST_OUTPUTS {
            let _ = self.rtc.handle_input(Input::Timeout(now));
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => out.send(&transmit.contents, transmit.destination),
                Ok(Output::Event(_)) => {}
                Ok(Output::Timeout(_)) | Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_that_breaks_off_is_missed_sooner_than_checks() {
        let seconds = Duration::from_secs;
        let patience = Patience { quiet_after: seconds(2), silent_after: seconds(5), forgotten_after: seconds(30) };
        let (speaks, speaks_no_more) = (Some(Duration::from_millis(20)), Some(seconds(1)));
        assert_eq!(patience.silence(Duration::from_millis(1_999), speaks), Silence::No);
        assert_eq!(patience.silence(seconds(2), speaks), Silence::Quiet);
        assert_eq!(patience.silence(seconds(4), speaks_no_more), Silence::No, "a check came after the audio");
        assert_eq!(patience.silence(seconds(4), None), Silence::No);
        for since_audio in [speaks, speaks_no_more, None] {
            assert_eq!(patience.silence(seconds(5), since_audio), Silence::Lost);
        }
    }
}
