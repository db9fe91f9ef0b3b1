//! What went over the wire: the messages of calls, in their order, whatever the phone made of them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use rsipstack::sip::SipMessage;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::transaction::endpoint::{MessageInspector, TransportEventInspector};
use rsipstack::transport::{SipAddr, TransportEvent};
use tokio::time::Instant;

use crate::digest::DigestMender;
use crate::incoming::user_of;
use crate::log::lock;

/// The messages that a phone remembers; the oldest go first.
const MOST_MESSAGES: usize = 20_000;
/// The methods that begin and end calls.
const OF_CALLS: [&str; 4] = ["INVITE", "ACK", "CANCEL", "BYE"];

/// A message of a call that a phone has sent or received: INVITE, ACK, CANCEL, BYE, or an answer to one of them. What
/// came twice stands there twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When.
    pub at: Instant,
    /// Whether it came in; it went out otherwise.
    pub came_in: bool,
    /// The Call-ID of its dialog.
    pub call_id: String,
    /// The method of the request, or of the request that it answers.
    pub method: String,
    /// The status code of an answer; none of a request.
    pub status: Option<u16>,
    /// The user part of the Request-URI; empty in an answer.
    pub user: String,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.came_in { "in " } else { "out" };
        match self.status {
            Some(status) => write!(f, "{way} {status} to {}", self.method)?,
            None => write!(f, "{way} {} {}", self.method, self.user)?,
        }
        write!(f, " ({})", self.call_id)
    }
}

/// All messages of a phone.
#[derive(Clone, Default)]
pub(crate) struct Wire(Arc<Mutex<VecDeque<Message>>>);

impl Wire {
    /// The messages so far.
    pub fn messages(&self) -> Vec<Message> {
        lock(&self.0).iter().cloned().collect()
    }

    fn note(&self, message: &SipMessage, came_in: bool) {
        let (method, status, user) = match message {
            SipMessage::Request(request) => (request.method.to_string(), None, user_of(&request.uri.to_string())),
            SipMessage::Response(response) => {
                let Ok(method) = response.cseq_header().and_then(|cseq| cseq.method()) else { return };
                (method.to_string(), Some(response.status_code.code()), String::new())
            }
        };
        let Ok(call_id) = message.call_id_header() else { return };
        if OF_CALLS.contains(&method.as_str()) {
            let call_id = call_id.value().to_owned();
            let mut messages = lock(&self.0);
            if messages.len() >= MOST_MESSAGES {
                messages.pop_front();
            }
            messages.push_back(Message { at: Instant::now(), came_in, call_id, method, status, user });
        }
    }
}

#[async_trait::async_trait]
impl TransportEventInspector for Wire {
    async fn handle(&self, event: TransportEvent) -> Option<TransportEvent> {
        if let TransportEvent::Incoming(message, ..) = &event {
            self.note(message, true);
        }
        DigestMender.handle(event).await
    }
}

impl MessageInspector for Wire {
    fn before_send(&self, message: SipMessage, to: Option<&SipAddr>) -> SipMessage {
        self.note(&message, false);
        DigestMender.before_send(message, to)
    }

    fn after_received(&self, message: SipMessage, from: Option<&SipAddr>) -> SipMessage {
        DigestMender.after_received(message, from)
    }
}
