//! Brings waiting callers and free agents together.

use std::collections::BTreeMap;

use nohold_core::agent::{AfterOffer, OfferEnd};
use nohold_core::call::{Input, Line, Lines, Promised};
use nohold_core::directory::{AgentProfile, Directory};
use nohold_core::fact::{Dated, Fact};
use nohold_core::routing::{self, Assignment, Offer, Snapshot, Waiting};
use nohold_core::transaction::{Answer, Refusal, Transaction};
use nohold_model::{AgentKey, CallId, IdSource, Millis, QueueKey, Timestamp};

use crate::node::Node;
use crate::patience;
use crate::ports::{Clock, Ports, Store, StoreFailed, Telephony};

/// A call that has not been heard of its offer after this is told again.
const TELL_AGAIN_AFTER: Millis = Millis::seconds(1);

/// Looks are at least this far apart: what is committed close together is looked at as one. Whoever becomes free in a quiet
/// moment is seen at once.
const LEAST_GAP: Millis = Millis::new(5);

/// Thousands of open requests take a while to look through, so they are looked through the less often the more they are: promises
/// change little by one more of so many. After so many of them a millisecond more.
const REQUESTS_A_MILLISECOND: u64 = 64;

/// What stays from one look to the next.
#[derive(Default)]
pub(crate) struct Looked {
    requests: Promised,
    at: Option<Timestamp>,
}

impl Looked {
    fn requests_are_old(&self, now: Timestamp) -> bool {
        let good_for = Millis::new(u64::try_from(self.requests.count()).unwrap_or(u64::MAX) / REQUESTS_A_MILLISECOND);
        self.at.is_none_or(|at| now.since(at) >= good_for)
    }
}

/// Looks whenever something may have changed, and now and then in case nobody said so.
pub(crate) async fn run<P: Ports>(node: Node<P>) {
    let (mut looked, mut kept) = (None::<Timestamp>, Looked::default());
    loop {
        let poll = node.ports().clock().sleep_until(node.now() + node.settings().routing_poll);
        tokio::select! {
            biased;
            () = node.routing_is_woken() => {}
            () = poll => {}
        }
        let gap_over = looked.map_or_else(|| node.now(), |looked| looked + LEAST_GAP);
        if node.now() < gap_over {
            node.ports().clock().sleep_until(gap_over).await;
        }
        // Wake-ups until now are answered by this look; those that come during it, by the next.
        looked = Some(node.now());
        // What fails now is looked at again after the next pause.
        let _ = look(&node, &mut kept).await;
    }
}

/// One look: the lines as they are, and the offers to make.
pub(crate) async fn look<P: Ports>(node: &Node<P>, kept: &mut Looked) -> Result<(), StoreFailed> {
    let (now, anew) = (node.now(), kept.requests_are_old(node.now()));
    let mut overview = patience::of_store(node, node.ports().store().routing_snapshot(anew)).await?;
    if let Some(requests) = overview.requests.take() {
        *kept = Looked { requests, at: Some(now) };
    }
    let directory = node.directory();
    node.set_lines(lines(&overview.snapshot, &kept.requests, &directory));
    for offer in &overview.snapshot.offers {
        if node.now().since(offer.made) >= TELL_AGAIN_AFTER {
            tell(node, offer.clone()).await;
        }
    }
    overview.snapshot.busy_phones = node.agents_at_codes();
    // Their page is loaded anew, or lost: what would ring there fails, and they would be taken out of rotation for it.
    overview.snapshot.busy_phones.extend(without_a_phone(node, &directory));
    // Callers who did not get their agent, by queue: nobody behind them gets one before the next look.
    let mut first: BTreeMap<QueueKey, CallId> = BTreeMap::new();
    for assignment in routing::assign(&overview.snapshot, &directory, node.now()) {
        let (queue, call) = (assignment.queue.clone(), assignment.call);
        if first.get(&queue).is_some_and(|first| *first != call) {
            continue;
        }
        if !reserve(node, assignment).await {
            first.insert(queue, call);
        }
    }
    Ok(())
}

/// The agents whose only phone is in a page that is not there just now.
fn without_a_phone<P: Ports>(node: &Node<P>, directory: &Directory) -> Vec<AgentKey> {
    let away = node.ports().telephony().pages_away();
    let is_away = |profile: &&AgentProfile| !away.is_empty() && profile.has_no_phone_but(&away);
    directory.agents.values().filter(is_away).map(|profile| profile.key.clone()).collect()
}

/// Whether the caller was served as planned, or needs no agent any more.
async fn reserve<P: Ports>(node: &Node<P>, assignment: Assignment) -> bool {
    let at = node.now();
    let offer = IdSource::new(node.ports().seed()).next(at);
    let reserved = node.ports().store().transact(node.directory(), at, Transaction::Reserve { assignment, offer });
    // An answer that is given up is not lost: the next look finds the offer and tells of it.
    let reserved = patience::of_store(node, reserved).await;
    match reserved {
        Ok(Answer::Reserved(offer)) => {
            tell(node, offer).await;
            true
        }
        // Somebody was quicker with the agent; the next look sees it.
        Ok(Answer::Refused(Refusal::AgentState)) | Err(_) => false,
        Ok(_) => true,
    }
}

/// Tells the call of its offer; where the call is over, the offer is too.
async fn tell<P: Ports>(node: &Node<P>, offer: Offer) {
    let id = offer.id;
    if !node.tell(offer.call, Input::Offered(offer)) {
        let at = node.now();
        let fact = Fact::OfferEnded { offer: id, end: OfferEnd::Withdrawn, after: AfterOffer::default() };
        let records = vec![Dated { at, fact }];
        // Should this fail, the next look finds the offer again.
        let ended = Transaction::Call { records, promise: None };
        let _ = patience::of_store(node, node.ports().store().transact(node.directory(), at, ended)).await;
    }
}

fn lines(snapshot: &Snapshot, requests: &Promised, directory: &Directory) -> Lines {
    let mut lines: BTreeMap<QueueKey, Line> = BTreeMap::new();
    let mut waiting: Vec<&Waiting> = snapshot.waiting.iter().collect();
    waiting.sort_by_key(|waiting| routing::turn(waiting));
    for caller in waiting {
        lines.entry(caller.queue.clone()).or_default().callers.push(caller.call);
    }
    for (target, promised) in requests.iter() {
        if let Some(queue) = directory.queue_for(target) {
            let line = lines.entry(queue.key.clone()).or_default();
            line.requests = line.requests.saturating_add(u32::try_from(promised.len()).unwrap_or(u32::MAX));
        }
    }
    for queue in directory.queues.values() {
        let line = lines.entry(queue.key.clone()).or_default();
        for profile in directory.members(queue) {
            line.usual_agents += 1;
            let here = snapshot.agents.iter().any(|agent| agent.key == profile.key && agent.is_signed_in());
            line.agents += u32::from(here);
        }
    }
    let signed_in = snapshot.agents.iter().filter(|agent| agent.is_signed_in());
    Lines::new(lines).with_work(signed_in.map(|agent| agent.key.clone()).collect(), requests.clone())
}
