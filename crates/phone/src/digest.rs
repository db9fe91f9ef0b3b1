//! Digest challenges (RFC 7616) in the form that the SIP library reads, and its credentials in the form of the RFC.
//!
//! The library computes SHA-256, but spells it `SHA256`, and reads one challenge with one `qop` only.

use rsipstack::sip::prelude::HasHeaders;
use rsipstack::sip::{Header, SipMessage};
use rsipstack::transaction::endpoint::{MessageInspector, TransportEventInspector};
use rsipstack::transport::{SipAddr, TransportEvent};

/// Mends challenges on their way in and credentials on their way out.
pub(crate) struct DigestMender;

#[async_trait::async_trait]
impl TransportEventInspector for DigestMender {
    async fn handle(&self, event: TransportEvent) -> Option<TransportEvent> {
        Some(match event {
            TransportEvent::Incoming(SipMessage::Response(mut response), connection, from) => {
                keep_one_challenge(&mut response);
                TransportEvent::Incoming(response.into(), connection, from)
            }
            other => other,
        })
    }
}

impl MessageInspector for DigestMender {
    fn before_send(&self, mut message: SipMessage, _: Option<&SipAddr>) -> SipMessage {
        for header in message.headers_mut().iter_mut() {
            match header {
                Header::Authorization(value) => value.replace(as_the_rfc_says(value.value())),
                Header::ProxyAuthorization(value) => value.replace(as_the_rfc_says(value.value())),
                _ => {}
            }
        }
        message
    }

    fn after_received(&self, message: SipMessage, _: Option<&SipAddr>) -> SipMessage {
        message
    }
}

fn as_the_rfc_says(credentials: &str) -> String {
    credentials.replace("=SHA256,", "=SHA-256,").replace("qop=\"auth\"", "qop=auth")
}

/// Of several challenges the first that we can answer stays: servers put the one they like best first.
fn keep_one_challenge(response: &mut rsipstack::sip::Response) {
    let answerable = response.headers().iter().find_map(|header| match header {
        Header::WwwAuthenticate(value) => Some(Header::WwwAuthenticate(readable(value.value())?.into())),
        Header::ProxyAuthenticate(value) => Some(Header::ProxyAuthenticate(readable(value.value())?.into())),
        _ => None,
    });
    if let Some(header) = answerable {
        let headers = response.headers_mut();
        headers.retain(|other| !matches!(other, Header::WwwAuthenticate(_) | Header::ProxyAuthenticate(_)));
        headers.push(header);
    }
}

/// The challenge as the library reads it; nothing where it asks for what we cannot do.
fn readable(challenge: &str) -> Option<String> {
    let mut parts = Vec::new();
    for (name, value) in parameters(challenge)? {
        let value = match (name.as_str(), value.to_ascii_uppercase().as_str()) {
            ("algorithm", "SHA-256") => "SHA256".to_owned(),
            ("algorithm", "MD5") => "MD5".to_owned(),
            ("algorithm", _) => return None,
            ("qop", list) if list.split(',').any(|way| way.trim() == "AUTH") => "auth".to_owned(),
            ("qop", _) => return None,
            _ => value,
        };
        let bare = matches!(name.as_str(), "algorithm" | "stale");
        parts.push(if bare { format!("{name}={value}") } else { format!("{name}=\"{value}\"") });
    }
    Some(format!("Digest {}", parts.join(", ")))
}

/// The parameters of a `Digest` header value, without quotes; nothing where it is another scheme or malformed.
fn parameters(value: &str) -> Option<Vec<(String, String)>> {
    let (scheme, mut rest) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("digest") {
        return None;
    }
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(found);
        }
        let (name, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        found.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_put_into_the_words_of_the_library() {
        let asked = r#"Digest realm="a, b",nonce="n/1=",opaque="o",algorithm=SHA-256,qop="auth-int,auth",stale=TRUE"#;
        let read = r#"Digest realm="a, b", nonce="n/1=", opaque="o", algorithm=SHA256, qop="auth", stale=TRUE"#;
        assert_eq!(readable(asked).as_deref(), Some(read));
    }

    #[test]
    fn what_we_cannot_answer_is_passed_over() {
        assert_eq!(readable("Basic realm=\"x\""), None);
        assert_eq!(readable("Digest realm=\"x\", nonce=\"n\", algorithm=SHA-512-256"), None);
        assert_eq!(readable("Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\""), None);
        assert_eq!(readable("Digest realm=\"x"), None);
    }

    #[test]
    fn credentials_leave_as_the_rfc_spells_them() {
        let sent = as_the_rfc_says("Digest algorithm=SHA256, qop=\"auth\", nc=00000001");
        assert_eq!(sent, "Digest algorithm=SHA-256, qop=auth, nc=00000001");
    }
}
