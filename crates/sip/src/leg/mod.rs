//! Legs: one party's connection each, from the INVITE to the BYE.
//!
//! A leg has one task, which owns its dialog. Orders come to it in the order in which they were given; what it has to
//! tell goes to the engine. However the task ends, the far end is hung up and the dialog leaves the library's table.

pub(crate) mod conversation;
pub(crate) mod inbound;
mod info;
pub(crate) mod outbound;
mod owner;
pub(crate) mod page;
pub(crate) mod session_timer;
pub(crate) mod status;

use nohold_core::call::{Gone, HangUp};
use nohold_media::Remote;
use nohold_model::Digit;
use rsipstack::sip::prelude::HasHeaders;
use rsipstack::sip::{Header, Response};
use tokio::sync::mpsc;

use crate::sdp::{Description, Local};

pub(crate) use owner::DialogOwner;

/// What the engine wants of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Say that it rings.
    Ring,
    /// Let what is played be heard before the answer.
    Progress,
    /// Answer.
    Answer,
    /// End.
    HangUp(HangUp),
    /// Send a key by INFO.
    Key(Digit),
    /// Nothing has been heard of it for too long: end.
    Lost,
    /// The engine goes away: say goodbye and end. It is our side that fails, whatever the far end does meanwhile.
    Leave,
}

/// The orders of one leg.
pub(crate) type Orders = mpsc::UnboundedReceiver<Order>;

/// How a leg has begun: it was answered, or is over before.
pub(crate) type Begun = Result<Talk, Gone>;

/// A leg that was answered.
pub(crate) enum Talk {
    /// By SIP.
    Sip(Box<conversation::Conversation>),
    /// At a page.
    Page(Box<page::PageTalk>),
}

impl Talk {
    /// Runs until one side ends it; says why it is over.
    pub(crate) async fn run(self, orders: &mut Orders) -> Gone {
        match self {
            Talk::Sip(conversation) => conversation.run(orders).await,
            Talk::Page(talk) => talk.run(orders).await,
        }
    }
}

/// Where the media plane sends and what it expects, by a description of the other side.
pub(crate) fn remote(description: &Description, local: &Local) -> Option<Remote> {
    let (codec, payload_type) = description.codec()?;
    Some(Remote {
        address: description.address,
        codec,
        payload_type,
        telephone_event: description.telephone_event,
        sends: description.sends,
        receives: description.receives,
        symmetric: true,
        signalling: Some(local.peer()),
    })
}

/// The session description in a message, where it has one.
pub(crate) fn description(headers: &impl HasHeaders, body: &[u8]) -> Option<Result<Description, crate::sdp::Unusable>> {
    if body.is_empty() {
        return None;
    }
    let is_sdp = |value: &str| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/sdp")
    };
    let content_type = values(headers, "Content-Type").next();
    content_type.is_none_or(|value| is_sdp(&value)).then(|| Description::parse(body))
}

/// The values of a header field as they were written, by its long name.
pub(crate) fn values<'a>(headers: &'a impl HasHeaders, name: &'a str) -> impl Iterator<Item = String> + 'a {
    headers.headers().iter().filter_map(move |header| {
        let text = header.to_string();
        let (found, value) = text.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// What a message asks about session timers.
pub(crate) fn timers(headers: &impl HasHeaders) -> session_timer::Asked {
    let session_expires = values(headers, "Session-Expires").chain(values(headers, "x")).next();
    let tags: Vec<String> =
        ["Supported", "Require", "k"].into_iter().flat_map(|name| values(headers, name).collect::<Vec<_>>()).collect();
    session_timer::Asked::read(session_expires.as_deref(), tags.iter().map(String::as_str))
}

/// Why the leg is gone, by the final response to our INVITE.
pub(crate) fn why(response: &Response) -> (u16, Gone) {
    let status = u16::from(response.status_code.clone());
    let cause = values(response, "Reason").find_map(|reason| status::q850_cause(&reason));
    (status, status::gone(status, cause))
}

/// `Content-Type: application/sdp`.
pub(crate) fn sdp_type() -> Header {
    Header::ContentType("application/sdp".into())
}
