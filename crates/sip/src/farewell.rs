//! Ends what a run of the engine has left behind that had no time to say goodbye: who still talks to it gets BYE, who
//! still rings gets CANCEL.

use std::net::IpAddr;
use std::time::Duration;

use futures::StreamExt as _;
use rsipstack::sip::{Header, Method, Param, Request, SipMessage, Version, typed};

use crate::addresses::Transport;
use crate::book::{DIALOGS, DialogLine, Stands};
use crate::client::NoAnswer;
use crate::edge::{Late, LateAnswers};
use crate::engine::Engine;
use crate::flow::Flow;
use crate::name_addr;
use crate::uri::Uri;

/// Requests of ours since the line was written must have had smaller numbers: a session refresh every 45 s needs this
/// many in five days.
const CSEQ_GAP: u32 = 10_000;
/// So many are said goodbye to at once.
const AT_ONCE: usize = 64;
/// No more than this are said goodbye to; who is beyond notices by itself that nobody is there.
const MOST: usize = 20_000;
/// An INVITE that was cancelled has its final response within this (64 × T1, RFC 3261 §9.1).
const LAST_ANSWER: Duration = Duration::from_secs(32);
/// Copies of a final response are acknowledged for so long, and one that crossed our CANCEL comes within it.
const COPIES: Duration = Duration::from_secs(5);
/// The store is asked again after this, so many times.
const ASK_AGAIN: Duration = Duration::from_secs(5);
const MOST_QUESTIONS: u32 = 12;

/// Says goodbye to everybody who was left behind; new calls are taken meanwhile.
pub(crate) async fn say(engine: Engine) {
    let Some(lines) = read(&engine).await else { return };
    let left: Vec<_> = lines
        .into_iter()
        .map(|(name, text)| (name, DialogLine::read(&text)))
        // What this run has written meanwhile is alive.
        .filter(|(_, line)| line.as_ref().is_none_or(|line| line.run != engine.book().run()))
        .collect();
    if left.is_empty() {
        return;
    }
    tracing::info!(dialogs = left.len(), "ending the calls of the run before this one");
    let numbered = futures::stream::iter(left.into_iter().enumerate());
    numbered
        .for_each_concurrent(AT_ONCE, |(number, (name, line))| {
            let engine = engine.clone();
            async move {
                if let Some(line) = line.filter(|_| number < MOST) {
                    engine.part_from(&line).await;
                }
                engine.book().strike(DIALOGS, &name);
            }
        })
        .await;
}

async fn read(engine: &Engine) -> Option<Vec<(String, String)>> {
    for _ in 0..MOST_QUESTIONS {
        match engine.book().page(DIALOGS).await {
            Ok(lines) => return Some(lines),
            Err(problem) => {
                tracing::warn!(%problem, "the store does not say which calls were left behind");
                tokio::time::sleep(ASK_AGAIN).await;
            }
        }
    }
    None
}

impl Engine {
    async fn part_from(&self, line: &DialogLine) {
        let ended = match &line.stands {
            Stands::Pending { branch } => self.cancel(line, branch).await,
            Stands::Answered => self.bye(line).await,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "somebody who was left behind is not reached");
        }
    }

    async fn bye(&self, line: &DialogLine) -> Result<(), NoAnswer> {
        let flow = next_hop(line);
        let destination = match self.edge().reach(flow.peer, flow.transport).await {
            Ok(destination) => destination,
            Err(_) if flow != line.flow => self.edge().reach(line.flow.peer, line.flow.transport).await?,
            Err(error) => return Err(error.into()),
        };
        let via = self.edge().endpoint.inner.get_via(Some(destination.clone()), None)?;
        let request = request(Method::Bye, line, via, line.cseq.saturating_add(CSEQ_GAP).min((1 << 31) - 1));
        // Whatever it answers, it knows.
        self.exchange(request, destination).await.map(|_| ())
    }

    /// Cancels, and acknowledges what comes back; a call that was answered all the same is ended by BYE.
    async fn cancel(&self, line: &DialogLine, branch: &str) -> Result<(), NoAnswer> {
        let mut answers = self.edge().late_answers(branch);
        let destination = self.edge().reach(line.flow.peer, line.flow.transport).await?;
        let branch = Param::Branch(branch.to_owned().into());
        let via = self.edge().endpoint.inner.get_via(Some(destination.clone()), Some(branch))?;
        let cancel = request(Method::Cancel, line, via, line.cseq);
        let cancelled = self.exchange(cancel, destination);
        tokio::pin!(cancelled);
        let mut ended = false;
        let heard = loop {
            tokio::select! {
                biased;
                Some(late) = answers.next() => ended |= self.acknowledge(line, &late, ended).await,
                answer = &mut cancelled => break answer,
            }
        };
        let known = heard.is_ok_and(|response| u16::from(response.status_code) == 200);
        let longest = if known && !ended { LAST_ANSWER } else { COPIES };
        let rest = self.last_answers(line, &mut answers, ended);
        let _ = tokio::time::timeout(longest, rest).await;
        Ok(())
    }

    async fn last_answers(&self, line: &DialogLine, answers: &mut LateAnswers, mut ended: bool) {
        while let Some(late) = answers.next().await {
            let first = self.acknowledge(line, &late, ended).await && !ended;
            ended |= first;
            if first {
                // Then only copies come, for whom we did not acknowledge in time.
                let copies = async {
                    while let Some(late) = answers.next().await {
                        self.acknowledge(line, &late, true).await;
                    }
                };
                let _ = tokio::time::timeout(COPIES, copies).await;
                return;
            }
        }
    }

    /// Acknowledges a final response to an INVITE that nobody remembers; the first success is followed by BYE. Whether it
    /// was a final one.
    async fn acknowledge(&self, line: &DialogLine, late: &Late, again: bool) -> bool {
        if late.status < 200 {
            return false;
        }
        let mut dialog = DialogLine { remote: late.to.clone(), ..line.clone() };
        let success = late.status < 300;
        if success {
            // RFC 3261 §13.2.2.4: within the dialog that the answer has made, and a transaction of its own.
            dialog.stands = Stands::Answered;
            dialog.uri = late.contact.clone().unwrap_or_else(|| line.uri.clone());
            dialog.routes.clone_from(&late.routes);
            dialog.flow = late.flow;
        }
        if let Err(error) = self.ack(&dialog).await {
            tracing::debug!(%error, "an answer of the past could not be acknowledged");
        }
        if success && !again {
            let engine = self.clone();
            self.tasks().spawn("hang up", async move {
                if let Err(error) = engine.bye(&dialog).await {
                    tracing::debug!(%error, "somebody who answered too late is not reached");
                }
            });
        }
        true
    }

    /// An ACK has no transaction that would send it.
    async fn ack(&self, line: &DialogLine) -> Result<(), NoAnswer> {
        let (flow, branch) = match &line.stands {
            Stands::Pending { branch } => (line.flow, Some(Param::Branch(branch.clone().into()))),
            Stands::Answered => (next_hop(line), None),
        };
        let destination = self.edge().reach(flow.peer, flow.transport).await?;
        let endpoint = &self.edge().endpoint.inner;
        let via = endpoint.get_via(Some(destination.clone()), branch)?;
        let message = SipMessage::Request(request(Method::Ack, line, via, line.cseq));
        let (connection, at) = endpoint.transport_layer.lookup(&destination, None).await?;
        Ok(connection.send(self.edge().mended(message, &at), Some(&at)).await?)
    }
}

/// Where a request in this dialog goes (RFC 3261 §12.2.1.1): to its first route or its target, where that is an address;
/// else to where its messages came from.
fn next_hop(line: &DialogLine) -> Flow {
    let first = line.routes.first().and_then(|route| name_addr::uri(route));
    let Some(uri) = first.or_else(|| line.uri.parse::<Uri>().ok()) else { return line.flow };
    // A stream is one that stands, or stood.
    let tcp = uri.parameter("transport").is_some_and(|name| name.eq_ignore_ascii_case("tcp"));
    match uri.host().parse::<IpAddr>() {
        Ok(host) if line.flow.transport == Transport::Udp && !tcp => {
            Flow { peer: (host, uri.port().unwrap_or(5_060)).into(), transport: Transport::Udp }
        }
        Ok(_) | Err(_) => line.flow,
    }
}

fn request(method: Method, line: &DialogLine, via: typed::Via, cseq: u32) -> Request {
    let mut headers = vec![
        Header::Via(via.into()),
        Header::From(line.local.clone().into()),
        Header::To(line.remote.clone().into()),
        Header::CallId(line.call_id.clone().into()),
        Header::CSeq(typed::CSeq { seq: cseq, method }.into()),
        Header::MaxForwards(70.into()),
    ];
    headers.extend(line.routes.iter().map(|route| Header::Route(route.clone().into())));
    headers.push(Header::ContentLength(0.into()));
    let uri = line.uri.parse::<Uri>().map(|uri| uri.to_library()).unwrap_or_default();
    Request { method, uri, headers: headers.into(), body: Vec::new(), version: Version::V2 }
}
