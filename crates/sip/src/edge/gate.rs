//! The gatekeeper: every message, datagram or out of a stream, passes it before the library sees it.

use super::counters::Tally;
use super::departures::Departures;
use super::guard::{Class, Guard};
use super::head::Head;
use super::judge::{self, Refusal};
use super::pace::Pace;
use super::{Limits, mender, nat};
use crate::addresses::{Addresses, Transport};
use crate::flow::Flow;
use crate::trace::{Direction, TraceSink};
use nohold_core::configuration::Network;
use rsipstack::sip::SipMessage;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transport::SipConnection;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

/// What is to be done with a message.
pub(super) enum Verdict {
    /// Hand these bytes to the library.
    Pass(Vec<u8>),
    /// Send these bytes back where the request came from.
    Answer(Vec<u8>),
    /// Nothing.
    Drop,
}

/// All that the sockets and streams share.
pub(super) struct Gate {
    pub(super) addresses: Addresses,
    pub(super) limits: Limits,
    pub(super) guard: Guard,
    pub(super) pace: Pace,
    pub(super) tally: Tally,
    pub(super) trace: Option<TraceSink>,
    pub(super) departures: Arc<Departures>,
    accepting: AtomicBool,
    this_machine_only: AtomicBool,
    trusted: RwLock<Vec<Network>>,
    hash: RandomState,
}

impl Gate {
    pub(super) fn new(addresses: Addresses, limits: Limits, trusted: Vec<Network>, trace: Option<TraceSink>) -> Self {
        let guard = Guard::new(limits.rules());
        Self {
            addresses,
            limits,
            guard,
            pace: Pace::default(),
            tally: Tally::default(),
            trace,
            departures: Arc::default(),
            accepting: AtomicBool::new(true),
            this_machine_only: AtomicBool::new(false),
            trusted: RwLock::new(trusted),
            hash: RandomState::new(),
        }
    }

    pub(super) fn set_accepting(&self, accepting: bool) {
        self.accepting.store(accepting, Ordering::Relaxed);
    }

    pub(super) fn set_this_machine_only(&self, only: bool) {
        self.this_machine_only.store(only, Ordering::Relaxed);
    }

    pub(super) fn set_trusted(&self, networks: Vec<Network>) {
        *self.trusted.write().unwrap_or_else(PoisonError::into_inner) = networks;
    }

    pub(super) fn is_trusted(&self, source: IpAddr) -> bool {
        self.trusted.read().unwrap_or_else(PoisonError::into_inner).iter().any(|network| network.contains(source))
    }

    pub(super) fn note(&self, direction: Direction, transport: Transport, peer: SocketAddr, raw: &[u8]) {
        if let Some(sink) = &self.trace
            && !sink.note(direction, transport, peer, raw)
        {
            self.tally.untraced.up();
        }
    }

    /// Judges one message: a whole datagram, or what a stream's framing cut out.
    pub(super) fn judge(&self, now: Instant, raw: &[u8], source: SocketAddr, transport: Transport) -> Verdict {
        let outside = !source.ip().to_canonical().is_loopback();
        if outside && self.this_machine_only.load(Ordering::Relaxed) {
            self.tally.not_open.up();
            return Verdict::Drop;
        }
        self.note(Direction::In, transport, source, raw);
        let (end, body) = match raw.windows(4).position(|w| w == b"\r\n\r\n") {
            Some(end) => (end, &raw[end + 4..]),
            None => (raw.len(), &[] as &[u8]),
        };
        let Some(mut head) = Head::parse(&raw[..end]).filter(|head| looks_like_sip(&head.start)) else {
            // Noise takes from the larger bucket, so that it does not crowd out its source's calls.
            self.guard.admit(now, source.ip(), Class::Within);
            self.tally.ignored.up();
            return Verdict::Drop;
        };
        let invite = self.initial_invite(&head, source);
        let known = invite.is_some_and(|invite| self.guard.was_admitted(now, invite));
        if !known && let Some(verdict) = self.limited(now, &head, source, invite.is_some()) {
            return verdict;
        }
        if head.is_response() {
            if !judge::check_response(&head) {
                self.tally.ignored.up();
                return Verdict::Drop;
            }
            self.departures.note_answer(&head, Flow { peer: source, transport });
            if self.departures.take(&head, Flow { peer: source, transport }) {
                return Verdict::Drop;
            }
        } else if let Err(refusal) = judge::check(&head, body.len()) {
            return self.refuse(&head, &refusal, source);
        }
        if let Some(invite) = invite.filter(|_| !known) {
            if !self.accepting.load(Ordering::Relaxed) {
                self.tally.not_accepting.up();
                return self.answer(&head, &Refusal::busy(self.limits.retry_after_s), source);
            }
            // Calls of the network alone: a phone of ours may be calling for help.
            let call_id = head.first("Call-ID").unwrap_or_default();
            if self.is_trusted(source.ip()) && !self.pace.may_pass(now, call_id) {
                self.tally.overloaded.up();
                return self.answer(&head, &Refusal::busy(self.limits.retry_after_s), source);
            }
            self.guard.note_admitted(now, invite);
        }
        mender::mend_incoming(&mut head, source, transport);
        nat::mend_contact(&mut head, source, transport, self.is_trusted(source.ip()));
        let length = head.content_length().ok().flatten().unwrap_or(body.len());
        let bytes = head.write(&body[..length.min(body.len())]);
        if transport == Transport::Udp && bytes.len() > super::udp::LARGEST {
            return self.refuse(&head, &Refusal::new("513 Message Too Large"), source);
        }
        if readable(&bytes, source, transport).is_none() {
            return self.refuse(&head, &Refusal::new("400 Bad Request"), source);
        }
        self.tally.passed.up();
        Verdict::Pass(bytes)
    }

    /// An answer to a request of which only the head came, because the rest is too large.
    pub(super) fn too_large(&self, head: &[u8], source: SocketAddr) -> Option<Vec<u8>> {
        let head = Head::parse(head).filter(|head| looks_like_sip(&head.start) && !head.is_response())?;
        match self.refuse(&head, &Refusal::new("413 Request Entity Too Large"), source) {
            Verdict::Answer(bytes) => Some(bytes),
            Verdict::Pass(_) | Verdict::Drop => None,
        }
    }

    /// A local 503 to a request of ours that found no way out (RFC 3261 §8.1.3.1), as if the peer had sent it.
    pub(super) fn no_way(&self, request: &[u8], peer: SocketAddr) -> Option<Vec<u8>> {
        let end = request.windows(4).position(|w| w == b"\r\n\r\n")?;
        let head = Head::parse(&request[..end])?;
        if head.is_response() || head.method() == "ACK" {
            return None;
        }
        Some(judge::response(&head, &Refusal::new("503 Service Unavailable"), peer, self.tag(&head)))
    }

    /// Over a limit, or locked out: what becomes of it.
    fn limited(&self, now: Instant, head: &Head, source: SocketAddr, is_new_call: bool) -> Option<Verdict> {
        let trusted = self.is_trusted(source.ip());
        let within = head.is_response() || head.has_to_tag() || matches!(head.method(), "ACK" | "CANCEL");
        let class = if within { Class::Within } else { Class::Outside };
        if !trusted && !self.guard.admit(now, source.ip(), class) {
            self.tally.over_rate.up();
            // Even a refusal costs: it takes from the larger bucket, and when that is empty nothing is said at all.
            let tell = is_new_call && self.guard.admit(now, source.ip(), Class::Within);
            let refusal = Refusal::busy(self.limits.retry_after_s);
            return Some(if tell { self.answer(head, &refusal, source) } else { Verdict::Drop });
        }
        let asks_for_proof =
            !head.is_response() && matches!(head.method(), "REGISTER" | "INVITE") && !head.has_to_tag();
        // Whoever presents a password is no trunk by its address: there are no free guesses at a trunk's address either.
        let asks_for_proof = asks_for_proof && (!trusted || head.first("Authorization").is_some());
        let locked = |user: &String| self.guard.is_locked(now, source, user);
        if asks_for_proof && judge::claimed_users(head).iter().any(locked) {
            self.tally.locked_out.up();
            return Some(Verdict::Drop);
        }
        None
    }

    fn refuse(&self, head: &Head, refusal: &Refusal, source: SocketAddr) -> Verdict {
        if head.is_response() || head.method() == "ACK" {
            self.tally.ignored.up();
            return Verdict::Drop;
        }
        self.tally.refused.up();
        self.answer(head, refusal, source)
    }

    fn answer(&self, head: &Head, refusal: &Refusal, source: SocketAddr) -> Verdict {
        if head.first("Via").is_none() {
            return Verdict::Drop;
        }
        Verdict::Answer(judge::response(head, refusal, source, self.tag(head)))
    }

    /// The same for each copy of a request, and not to be guessed.
    fn tag(&self, head: &Head) -> u64 {
        self.hash.hash_one((head.first("Via"), head.first("Call-ID"), head.first("CSeq")))
    }

    /// Names an INVITE that begins a call.
    fn initial_invite(&self, head: &Head, source: SocketAddr) -> Option<u64> {
        let begins = !head.is_response() && head.method() == "INVITE" && !head.has_to_tag();
        begins.then(|| self.hash.hash_one((source, self.tag(head))))
    }
}

/// What the library makes of the bytes; `None` if it would drop them in silence, or panic.
pub(super) fn readable(bytes: &[u8], source: SocketAddr, transport: Transport) -> Option<SipMessage> {
    let read = || {
        let message = SipMessage::try_from(bytes).ok()?;
        let transport = match transport {
            Transport::Udp => rsipstack::sip::Transport::Udp,
            Transport::Tcp => rsipstack::sip::Transport::Tcp,
        };
        let message = SipConnection::update_msg_received(message, source, transport).ok()?;
        match &message {
            SipMessage::Request(request) => {
                request.from_header().ok()?.tag().ok()?;
                request.to_header().ok()?.tag().ok()?;
                TransactionKey::from_request(request, TransactionRole::Server).ok()?;
                SipConnection::parse_target_from_via(request.via_header().ok()?).ok()?;
            }
            SipMessage::Response(response) => {
                response.to_header().ok()?.tag().ok()?;
                TransactionKey::from_response(response, TransactionRole::Client).ok()?;
            }
        }
        Some(message)
    };
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

/// Whether the first line could be one of SIP, so that an answer makes sense.
fn looks_like_sip(start: &str) -> bool {
    start.starts_with("SIP/")
        || start.split_ascii_whitespace().any(|w| w.get(..4).is_some_and(|w| w.eq_ignore_ascii_case("SIP/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(gate: &Gate, source: &str) -> Verdict {
        let options = "OPTIONS sip:here SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1\r\n\
                       From: <sip:a@b>;tag=1\r\nTo: <sip:here>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\
                       Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
        gate.judge(Instant::now(), options.as_bytes(), source.parse().unwrap(), Transport::Udp)
    }

    #[test]
    fn others_get_no_answer_while_only_this_machine_is_listened_to() {
        let gate = Gate::new(Addresses::default(), Limits::default(), Vec::new(), None);
        gate.set_this_machine_only(true);
        assert!(matches!(judged(&gate, "192.0.2.7:5060"), Verdict::Drop));
        assert!(matches!(judged(&gate, "127.0.0.1:5070"), Verdict::Pass(_)));
        assert!(matches!(judged(&gate, "[::ffff:127.0.0.1]:5070"), Verdict::Pass(_)));
        assert_eq!(gate.tally.read().not_open, 1);
        gate.set_this_machine_only(false);
        assert!(matches!(judged(&gate, "192.0.2.7:5060"), Verdict::Pass(_)));
    }
}
