//! Mends messages where the library and the world do not fit: before it sees them, and before they leave.

use super::gate::{Gate, Verdict, readable};
use super::head::Head;
use super::judge::{self, ALLOW, PRODUCT, SUPPORTED};
use crate::addresses::Transport;
use crate::digest;
use crate::uri::escaped_once;
use rsipstack::sip::prelude::{HasHeaders, HeadersExt, ToTypedHeader};
use rsipstack::sip::{Header, Method, Request, Response, SipMessage, StatusCodeKind};
use rsipstack::transaction::endpoint::{MessageInspector, TransportEventInspector};
use rsipstack::transport::{SipAddr, SipConnection, TransportEvent};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// Header fields whose parameters the library cannot read with space around their signs.
const SPACED: [&str; 6] = ["Via", "From", "To", "Contact", "Route", "Record-Route"];

/// Mends a message that came.
///
/// - Space around the signs of addresses and Vias goes, which RFC 3261 §25.1 allows and the library does not read.
/// - A From without tag (RFC 2543) gets one, because the library builds its keys of it.
/// - An INVITE, or a 2xx to one, without Contact gets its sender's address, so that there can be a dialog and a BYE.
/// - Any 2xx to an INVITE becomes a 200: the library knows no other success.
/// - Of several challenges the strongest that can be answered stays, spelled as the library reads it.
pub(super) fn mend_incoming(head: &mut Head, source: SocketAddr, transport: Transport) {
    let stream = transport == Transport::Tcp;
    for (name, value) in &mut head.fields {
        if SPACED.iter().any(|spaced| name.eq_ignore_ascii_case(spaced)) {
            *value = tightened(value, name.eq_ignore_ascii_case("Via"));
        }
    }
    if !head.is_response() {
        if let Some(from) = head.first_mut("From").filter(|from| !super::head::has_tag(from)) {
            from.push_str(";tag=none");
        }
        if head.method() == "INVITE" && head.first("Contact").is_none() {
            head.fields.push(("Contact".to_owned(), judge::contact_of(source, stream)));
        }
        return;
    }
    let success = head.start.starts_with("SIP/2.0 2");
    if success && head.cseq_method().is_some_and(|method| method == "INVITE") {
        if !head.start.starts_with("SIP/2.0 200") {
            head.start = "SIP/2.0 200 OK".to_owned();
        }
        if head.first("Contact").is_none() {
            head.fields.push(("Contact".to_owned(), judge::contact_of(source, stream)));
        }
    }
    mend_challenges(head);
}

/// Without space around `;`, `=` and `,` (in a Via also `/`) outside of quotes and brackets.
fn tightened(value: &str, via: bool) -> String {
    let mut out = String::with_capacity(value.len());
    let (mut quoted, mut escaped, mut inside, mut after_sign) = (false, false, false, true);
    for c in value.chars() {
        let bare = !quoted && !inside;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if !inside => quoted = !quoted,
            '<' if !quoted => inside = true,
            '>' if !quoted => inside = false,
            _ => {}
        }
        let sign = bare && (";=,".contains(c) || via && c == '/');
        if sign {
            out.truncate(out.trim_end().len());
        }
        let space = bare && c.is_ascii_whitespace();
        if !(space && after_sign) {
            out.push(c);
        }
        after_sign = sign || space && after_sign;
    }
    out.truncate(out.trim_end().len());
    out
}

fn mend_challenges(head: &mut Head) {
    for name in ["WWW-Authenticate", "Proxy-Authenticate"] {
        let challenges: Vec<&str> = head.all(name).collect();
        let Some(chosen) = digest::strongest(&challenges) else { continue };
        if chosen.qop == Some("auth-int") {
            continue; // Beyond the library: `digest::answer` can do it from the value as it came.
        }
        let value = chosen.for_library();
        head.fields.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        head.fields.push((name.to_owned(), value));
    }
}

/// The library's inspector: mends what leaves, and guards the one way that does not lead through our sockets.
#[derive(Clone)]
pub(super) struct Mender(pub(super) Arc<Gate>);

impl MessageInspector for Mender {
    fn before_send(&self, message: SipMessage, to: Option<&SipAddr>) -> SipMessage {
        match message {
            SipMessage::Request(mut request) => {
                self.address(&mut request, to);
                mend_credentials(&mut request);
                SipMessage::Request(request)
            }
            SipMessage::Response(mut response) => {
                name_ourselves(&mut response);
                SipMessage::Response(response)
            }
        }
    }

    fn after_received(&self, message: SipMessage, _: Option<&SipAddr>) -> SipMessage {
        message
    }
}

/// Where the first route of a dialog names an address and TCP, the library opens a stream of its own to it. Over such a
/// one only responses come in, and through the gatekeeper; requests have no business there, and answers to them, which
/// the library would write in its one loop, could be held up by a peer that does not read.
#[async_trait::async_trait]
impl TransportEventInspector for Mender {
    async fn handle(&self, event: TransportEvent) -> Option<TransportEvent> {
        let TransportEvent::Incoming(message, connection @ SipConnection::Tcp(_), from) = event else {
            return Some(event);
        };
        let source = from.get_socketaddr().ok()?;
        if matches!(message, SipMessage::Request(_)) {
            self.0.tally.ignored.up();
            return None;
        }
        match self.0.judge(Instant::now(), &message.to_bytes(), source, Transport::Tcp) {
            Verdict::Pass(bytes) => {
                let message = readable(&bytes, source, Transport::Tcp)?;
                Some(TransportEvent::Incoming(message, connection, from))
            }
            Verdict::Answer(_) | Verdict::Drop => None,
        }
    }
}

impl Mender {
    /// Puts the address that this peer must answer to into the topmost Via. The library knows only where it listens.
    fn address(&self, request: &mut Request, to: Option<&SipAddr>) {
        let Some(to) = to else { return };
        let Ok(peer) = to.get_socketaddr() else { return };
        let (transport, token) = match to.r#type {
            Some(rsipstack::sip::Transport::Tcp) => (Transport::Tcp, rsipstack::sip::Transport::Tcp),
            Some(rsipstack::sip::Transport::Udp) | None => (Transport::Udp, rsipstack::sip::Transport::Udp),
            Some(_) => return,
        };
        let sent_by = self.0.addresses.sent_by(peer.ip(), transport);
        let Ok(via) = request.via_header_mut() else { return };
        let rewritten = via.update_first_value(|first| {
            let mut typed = first.typed()?;
            typed.uri.host_with_port = sent_by.into();
            typed.transport = token;
            Ok(typed.into())
        });
        if rewritten.is_err() {
            tracing::warn!("a Via of our own could not be read, it names the first socket");
        }
    }
}

/// The library spells SHA-256 without its hyphen and puts `qop` of an answer into quotes (RFC 7616 §3.4 has none).
fn mend_credentials(request: &mut Request) {
    let right = |value: &str| value.replace("=SHA256", "=SHA-256").replace("qop=\"auth\"", "qop=auth");
    for header in request.headers_mut().iter_mut() {
        match header {
            Header::Authorization(h) => h.replace(right(h.value())),
            Header::ProxyAuthorization(h) => h.replace(right(h.value())),
            _ => {}
        }
    }
}

/// `Server` in place of `User-Agent`, and what we can do where RFC 3261 §20.5 and §20.37 want it said.
fn name_ourselves(response: &mut Response) {
    let method = response.cseq_header().and_then(|cseq| cseq.method()).ok();
    let code = response.status_code.code();
    let kind = response.status_code.kind();
    let headers = response.headers_mut();
    headers.retain(|header| !matches!(header, Header::UserAgent(_)));
    headers.unique_push(Header::Server(PRODUCT.into()));
    for header in headers.iter_mut() {
        // As the request had it (RFC 3261 §8.2.6.2).
        if let Header::To(to) = header
            && let Some(mended) = escaped_once(to.value())
        {
            to.replace(mended);
        }
    }
    let early_or_success = matches!(kind, StatusCodeKind::Provisional | StatusCodeKind::Successful) && code > 100;
    let tells = early_or_success && matches!(method, Some(Method::Invite | Method::Options));
    if tells || code == 405 {
        headers.unique_push(Header::Allow(ALLOW.into()));
    }
    let has_supported = headers.iter().any(|header| matches!(header, Header::Supported(_)));
    if tells && !has_supported {
        headers.push(Header::Supported(SUPPORTED.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_goes_around_signs_and_nowhere_else() {
        for (value, via, expected) in [
            (
                "SIP  / 2.0  / TCP     a.example   ;  branch  =   z , SIP/2.0/UDP b",
                true,
                "SIP/2.0/TCP     a.example;branch=z,SIP/2.0/UDP b",
            ),
            (" \"A ; = , \\\" / \"  <sip:a@h ; x>  ;  tag = 1", false, "\"A ; = , \\\" / \"  <sip:a@h ; x>;tag=1"),
            ("sip:a@h ;tag=1 ", false, "sip:a@h;tag=1"),
        ] {
            assert_eq!(tightened(value, via), expected);
        }
    }
}
