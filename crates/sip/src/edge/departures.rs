//! INVITEs of ours and what confirms their answers on their way out, and answers to those of a run before this one.

use super::head::{Head, first_of};
use crate::flow::Flow;
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Answers to one INVITE of the past that wait to be looked at; copies beyond are dropped, and come again.
const MOST_ANSWERS: usize = 16;

/// Names of hosts that are remembered.
const MOST_NAMES: usize = 1_024;
/// For so long: copies of an answer come for 64 × T1.
const REMEMBERED: Duration = Duration::from_secs(40);

/// An INVITE that begins a call, or the ACK to its answer, which is about to leave.
#[derive(Debug, Clone)]
pub(crate) struct Departing {
    /// It is an ACK: until it has left, whoever has answered says so again (RFC 3261 §13.3.1.4).
    pub(crate) confirms: bool,
    pub(crate) branch: String,
    pub(crate) flow: Flow,
    pub(crate) uri: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    pub(crate) routes: Vec<String>,
}

/// A response to an INVITE that another run of the engine has sent.
#[derive(Debug, Clone)]
pub(crate) struct Late {
    pub(crate) status: u16,
    /// With the tag of whoever answers.
    pub(crate) to: String,
    /// The URI of its Contact.
    pub(crate) contact: Option<String>,
    /// The route set that it makes, in our order (RFC 3261 §12.1.2).
    pub(crate) routes: Vec<String>,
    pub(crate) flow: Flow,
}

type Hold = Arc<dyn Fn(&Departing) -> BoxFuture<'static, ()> + Send + Sync>;

/// Who wants to know of which.
#[derive(Default)]
pub(super) struct Departures {
    /// By Call-ID, with the branch that went last.
    leaving: Mutex<HashMap<String, (String, Hold)>>,
    /// By branch.
    late: Mutex<HashMap<String, mpsc::Sender<Late>>>,
    /// Hosts that answers to our INVITEs named in their Contact, and where those came from.
    answered: Mutex<HashMap<String, (Flow, Instant)>>,
}

/// Ends the interest in one INVITE.
pub(crate) struct Watched {
    departures: Arc<Departures>,
    call_id: String,
}

/// The answers to one INVITE of the past, for as long as this is kept.
pub(crate) struct LateAnswers {
    departures: Arc<Departures>,
    branch: String,
    answers: mpsc::Receiver<Late>,
}

impl Departures {
    pub(super) fn watch(self: &Arc<Self>, call_id: &str, hold: Hold) -> Watched {
        self.leaving().insert(call_id.to_owned(), (String::new(), hold));
        Watched { departures: Arc::clone(self), call_id: call_id.to_owned() }
    }

    pub(super) fn expect(self: &Arc<Self>, branch: &str) -> LateAnswers {
        let (sender, answers) = mpsc::channel(MOST_ANSWERS);
        self.late().insert(branch.to_owned(), sender);
        LateAnswers { departures: Arc::clone(self), branch: branch.to_owned(), answers }
    }

    /// Whether an INVITE with this Call-ID is watched.
    pub(super) fn watches(&self, call_id: &str) -> bool {
        self.leaving().contains_key(call_id)
    }

    /// What is to be awaited before these bytes leave; nothing for all but a watched INVITE, or an ACK to its answer, that
    /// has not left before.
    pub(super) fn hold(&self, bytes: &[u8], flow: Flow) -> Option<BoxFuture<'static, ()>> {
        let confirms = bytes.starts_with(b"ACK ");
        if !(confirms || bytes.starts_with(b"INVITE ")) || self.leaving().is_empty() {
            return None;
        }
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
        let head = Head::parse(&bytes[..end]).filter(|head| head.has_to_tag() == confirms)?;
        let branch = branch(&head)?;
        let hold = {
            let mut leaving = self.leaving();
            let (last, hold) = leaving.get_mut(head.first("Call-ID")?)?;
            // An ACK to a refusal has the branch of its INVITE (RFC 3261 §17.1.1.3).
            if *last == branch {
                return None;
            }
            branch.clone_into(last);
            Arc::clone(hold)
        };
        let owned = |name: &str| head.first(name).map(str::to_owned);
        let departing = Departing {
            confirms,
            branch: branch.to_owned(),
            flow,
            uri: head.start.split(' ').nth(1)?.to_owned(),
            from: owned("From")?,
            to: owned("To")?,
            call_id: owned("Call-ID")?,
            cseq: head.first("CSeq")?.split_ascii_whitespace().next()?.parse().ok()?,
            routes: head.all("Route").map(str::to_owned).collect(),
        };
        Some(hold(&departing))
    }

    /// Takes a response that somebody here expects; whether it did.
    pub(super) fn take(&self, head: &Head, flow: Flow) -> bool {
        if self.late().is_empty() || head.cseq_method() != Some("INVITE") {
            return false;
        }
        let Some(sender) = branch(head).and_then(|branch| self.late().get(branch).cloned()) else { return false };
        let status = head.start.split(' ').nth(1).and_then(|code| code.parse().ok());
        let (Some(status), Some(to)) = (status, head.first("To")) else { return false };
        let contact = head.first("Contact").and_then(crate::name_addr::address).map(|(uri, _)| uri.to_owned());
        let routes = head.all("Record-Route").flat_map(|value| crate::name_addr::split(value, ','));
        let mut routes: Vec<String> = routes.map(|route| route.trim().to_owned()).collect();
        routes.reverse();
        // What finds no room is repeated.
        let _ = sender.try_send(Late { status, to: to.to_owned(), contact, routes, flow });
        true
    }

    /// Notes where a success comes from whose Contact names a host: its ACK must arrive, even if nobody knows that name.
    pub(super) fn note_answer(&self, head: &Head, flow: Flow) {
        let success = head.start.starts_with("SIP/2.0 2") && head.cseq_method() == Some("INVITE");
        if !success || head.first("Record-Route").is_some() {
            return;
        }
        let uri = head.first("Contact").and_then(crate::name_addr::uri);
        let Some(uri) = uri.filter(|uri| uri.host().parse::<std::net::IpAddr>().is_err()) else { return };
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if answered.len() >= MOST_NAMES {
            answered.retain(|_, (_, at)| at.elapsed() < REMEMBERED);
        }
        if answered.len() < MOST_NAMES {
            // Who comes first, stays: nobody takes away another's ACK.
            let name = uri.host().to_ascii_lowercase();
            let entry = answered.entry(name).or_insert((flow, Instant::now()));
            if entry.0 == flow || entry.1.elapsed() >= REMEMBERED {
                *entry = (flow, Instant::now());
            }
        }
    }

    /// Where the last success came from that named this host.
    pub(super) fn answered_from(&self, host: &str) -> Option<Flow> {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let found = answered.get(&host.to_ascii_lowercase())?;
        (found.1.elapsed() < REMEMBERED).then_some(found.0)
    }

    fn leaving(&self) -> MutexGuard<'_, HashMap<String, (String, Hold)>> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn late(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Late>>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LateAnswers {
    /// The next one.
    pub(crate) async fn next(&mut self) -> Option<Late> {
        self.answers.recv().await
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.departures.leaving().remove(&self.call_id);
    }
}

impl Drop for LateAnswers {
    fn drop(&mut self) {
        self.departures.late().remove(&self.branch);
    }
}

/// The branch of the topmost Via.
fn branch(head: &Head) -> Option<&str> {
    first_of(head.first("Via")?).split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("branch").then(|| value.trim())
    })
}
