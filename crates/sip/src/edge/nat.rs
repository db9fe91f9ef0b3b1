//! Peers that cannot be reached where they say they are: phones behind NAT, and phones that only open streams.
//!
//! Within a dialog the library sends to the Contact of the other side (RFC 3261 §12.2.1.1). Where that leads nowhere,
//! the address in it is replaced by the one that the message came from, before the library sees it; the user part and the
//! parameters, by which a phone knows itself, stay to the letter.

use super::head::Head;
use crate::addresses::Transport;
use crate::name_addr;
use crate::uri::Uri;
use std::net::{IpAddr, SocketAddr};

/// Mends the Contact of a message that makes or moves a dialog, where its sender cannot be reached by it. A proxy in
/// between (Record-Route) knows the way itself.
pub(super) fn mend_contact(head: &mut Head, source: SocketAddr, transport: Transport, trusted: bool) {
    let method = if head.is_response() { head.cseq_method() } else { Some(head.method()) };
    let agrees = !head.is_response() || ["SIP/2.0 1", "SIP/2.0 2"].iter().any(|start| head.start.starts_with(start));
    if !matches!(method, Some("INVITE" | "UPDATE")) || !agrees || head.first("Record-Route").is_some() {
        return;
    }
    let Some(contact) = head.first_mut("Contact") else { return };
    let Some(uri) = name_addr::uri(contact) else { return };
    if leads_nowhere(&uri, source, transport, trusted) {
        let uri = uri.at(source);
        let stays_on_stream = transport == Transport::Tcp && uri.parameter("transport").is_none();
        let uri = if stays_on_stream { uri.with("transport", Some("tcp")) } else { uri };
        *contact = format!("<{uri}>");
    }
}

/// Over UDP: an address that the message did not come from; of a trunk, which may well answer from one machine and talk
/// from another, only a private one. Over TCP: any other than that of the stream, since phones seldom listen; a trunk
/// does.
fn leads_nowhere(uri: &Uri, source: SocketAddr, transport: Transport, trusted: bool) -> bool {
    let Ok(address) = uri.host().parse::<IpAddr>() else { return false };
    let source_ip = source.ip().to_canonical();
    match transport {
        Transport::Udp => address != source_ip && (!trusted || is_private(address)),
        Transport::Tcp => !trusted && (address != source_ip || uri.port() != Some(source.port())),
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        // Shared address space of carriers (RFC 6598) as well.
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_private() || v4.is_link_local() || v4.is_loopback() || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(contact: &str, more: &str, source: &str, transport: Transport, trusted: bool) -> String {
        let text = format!("SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContact: {contact}\r\n{more}");
        let mut head = Head::parse(text.as_bytes()).expect("a message");
        mend_contact(&mut head, source.parse().expect("an address"), transport, trusted);
        head.first("Contact").expect("a Contact").to_owned()
    }

    #[test]
    fn a_private_address_behind_a_public_one_becomes_that() {
        let udp = |contact: &str| mended(contact, "", "203.0.113.9:41000", Transport::Udp, true);
        assert_eq!(udp("\"Li\" <sip:a%40b@192.168.1.5:5060;x=y>;q=1"), "<sip:a%40b@203.0.113.9:41000;x=y>");
        assert_eq!(udp("<sip:1@100.64.0.1>"), "<sip:1@203.0.113.9:41000>");
        let phone = mended("<sip:1@198.51.100.1>", "", "203.0.113.9:41000", Transport::Udp, false);
        assert_eq!(phone, "<sip:1@203.0.113.9:41000>");
        for kept in ["<sip:1@198.51.100.1:5060>", "<sip:1@203.0.113.9:5060>", "<sip:1@phone.example>"] {
            assert_eq!(udp(kept), kept);
        }
    }

    #[test]
    fn a_phone_on_a_stream_is_reached_by_that_stream_and_a_trunk_where_it_listens() {
        let tcp = |trusted| mended("<sip:1@192.0.2.5:5060>", "", "192.0.2.5:41000", Transport::Tcp, trusted);
        assert_eq!(tcp(false), "<sip:1@192.0.2.5:41000;transport=tcp>");
        assert_eq!(tcp(true), "<sip:1@192.0.2.5:5060>");
    }

    #[test]
    fn only_what_makes_or_moves_a_dialog_is_changed() {
        for (start, method) in
            [("SIP/2.0 302 Moved", "INVITE"), ("SIP/2.0 200 OK", "OPTIONS"), ("REGISTER sip:n SIP/2.0", "REGISTER")]
        {
            let text = format!("{start}\r\nCSeq: 1 {method}\r\nContact: <sip:a@192.168.1.7>");
            let mut head = Head::parse(text.as_bytes()).expect("a message");
            mend_contact(&mut head, "203.0.113.9:1".parse().expect("an address"), Transport::Udp, false);
            assert_eq!(head.first("Contact"), Some("<sip:a@192.168.1.7>"), "{start}");
        }
    }

    #[test]
    fn behind_a_proxy_nothing_is_changed() {
        let contact = "<sip:1@192.168.1.5:5060>";
        let more = "Record-Route: <sip:203.0.113.9;lr>\r\n";
        assert_eq!(mended(contact, more, "203.0.113.9:5060", Transport::Udp, false), contact);
    }
}
