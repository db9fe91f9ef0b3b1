//! The two inspectors that the library offers, used to mend messages on their way to and from it.

use crate::digest;
use rsipstack::sip::prelude::{HasHeaders, HeadersExt};
use rsipstack::sip::{Header, Method, Response, SipMessage, StatusCode, StatusCodeKind, Uri};
use rsipstack::transaction::endpoint::{MessageInspector, TransportEventInspector};
use rsipstack::transport::{SipAddr, TransportEvent};

/// Mends responses before the transaction layer sees them, and credentials before they leave.
pub struct Shim;

#[async_trait::async_trait]
impl TransportEventInspector for Shim {
    async fn handle(&self, event: TransportEvent) -> Option<TransportEvent> {
        Some(match event {
            TransportEvent::Incoming(SipMessage::Response(mut response), connection, from) => {
                mend(&mut response, &from);
                TransportEvent::Incoming(response.into(), connection, from)
            }
            other => other,
        })
    }
}

impl MessageInspector for Shim {
    fn before_send(&self, mut message: SipMessage, _: Option<&SipAddr>) -> SipMessage {
        let right = |value: &str| value.replace("=SHA256,", "=SHA-256,").replace("qop=\"auth\"", "qop=auth");
        for header in message.headers_mut().iter_mut() {
            match header {
                Header::Authorization(h) => h.replace(right(h.value())),
                Header::ProxyAuthorization(h) => h.replace(right(h.value())),
                _ => {}
            }
        }
        message
    }

    fn after_received(&self, message: SipMessage, _: Option<&SipAddr>) -> SipMessage {
        message
    }
}

/// A 2xx to an INVITE becomes a 200 with a Contact; of several challenges the first that we
/// understand stays, spelled as the library reads it.
fn mend(response: &mut Response, from: &SipAddr) {
    let invite = response.cseq_header().is_ok_and(|c| c.method().is_ok_and(|m| m == Method::Invite));
    if invite && response.status_code.kind() == StatusCodeKind::Successful {
        response.status_code = StatusCode::OK;
        if response.contact_header().is_err() {
            let value = format!("<{}>", Uri::from(from.clone()));
            response.headers_mut().push(Header::Contact(value.into()));
        }
    }
    let challenge =
        response.headers().iter().find_map(|h| readable(h).map(|v| (matches!(h, Header::ProxyAuthenticate(_)), v)));
    if let Some((proxy, value)) = challenge {
        let headers = response.headers_mut();
        headers.retain(|h| !matches!(h, Header::WwwAuthenticate(_) | Header::ProxyAuthenticate(_)));
        headers.push(if proxy {
            Header::ProxyAuthenticate(value.into())
        } else {
            Header::WwwAuthenticate(value.into())
        });
    }
}

fn readable(header: &Header) -> Option<String> {
    let value = match header {
        Header::WwwAuthenticate(h) => h.value(),
        Header::ProxyAuthenticate(h) => h.value(),
        _ => return None,
    };
    let mut text = "Digest ".to_owned();
    for (name, value) in digest::parameters(value)? {
        let value = match (name.as_str(), value.to_ascii_uppercase().as_str()) {
            ("algorithm", "SHA-256") => "SHA256".to_owned(),
            ("algorithm", "MD5") => "MD5".to_owned(),
            ("algorithm", _) => return None,
            ("qop", list) if list.split(',').any(|q| q.trim() == "AUTH") => "auth".to_owned(),
            ("qop", _) => return None,
            _ => value,
        };
        let bare = matches!(name.as_str(), "algorithm" | "stale");
        let quote = if bare { "" } else { "\"" };
        text += &format!("{name}={quote}{value}{quote}, ");
    }
    Some(text.trim_end_matches(", ").to_owned())
}
