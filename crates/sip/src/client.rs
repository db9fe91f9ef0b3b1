//! Requests of ours outside dialogs: OPTIONS and REGISTER, with the answer to a challenge.

use std::time::Duration;

use rsipstack::sip::{Header, Method, Request, Response, SipMessage, StatusCodeKind, typed};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipAddr;
use thiserror::Error;

use crate::digest;
use crate::engine::Engine;
use crate::flow::Flow;
use crate::leg::values;
use crate::settings::Credentials;
use crate::uri::Uri;

/// Nobody is waited for longer (RFC 3261 timer F).
const LONGEST: Duration = Duration::from_secs(33);
/// A challenge is answered, and once more where the nonce was stale.
const MOST_CHALLENGES: u32 = 2;

/// A request to ask.
pub(crate) struct Question<'a> {
    pub(crate) method: Method,
    /// The Request-URI.
    pub(crate) uri: Uri,
    /// `From`, and `To` where the request is about an address of record.
    pub(crate) about: Option<Uri>,
    pub(crate) flow: Flow,
    pub(crate) headers: Vec<Header>,
    pub(crate) credentials: Option<&'a Credentials>,
    /// The Call-ID and CSeq of a request that is one of a series.
    pub(crate) series: Option<(String, u32)>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum NoAnswer {
    /// It could not be sent.
    #[error("it could not be sent: {0}")]
    NotSent(#[from] rsipstack::Error),
    /// There is no way there.
    #[error(transparent)]
    NotReached(#[from] crate::edge::ReachError),
    /// Nothing came back.
    #[error("there was no answer")]
    Silence,
}

impl Question<'_> {
    /// Whether somebody is there.
    pub(crate) fn options(uri: &Uri, flow: Flow) -> Self {
        Question {
            method: Method::Options,
            uri: uri.clone(),
            about: None,
            flow,
            headers: Vec::new(),
            credentials: None,
            series: None,
        }
    }
}

impl Engine {
    /// Sends a request and waits for its final response; challenges are answered on the way.
    pub(crate) async fn ask(&self, question: Question<'_>) -> Result<Response, NoAnswer> {
        let mut authorization: Option<Header> = None;
        let mut challenges = 0;
        loop {
            let response = self.ask_once(&question, challenges, authorization.take()).await?;
            let status = u16::from(response.status_code.clone());
            let answer = question.credentials.filter(|_| matches!(status, 401 | 407) && challenges < MOST_CHALLENGES);
            let Some(header) = answer.and_then(|credentials| answer_to(&response, status, &question, credentials))
            else {
                return Ok(response);
            };
            authorization = Some(header);
            challenges += 1;
        }
    }

    async fn ask_once(
        &self,
        question: &Question<'_>,
        round: u32,
        authorization: Option<Header>,
    ) -> Result<Response, NoAnswer> {
        let edge = self.edge();
        let us = Uri::sip(None, &edge.addresses().for_peer(question.flow.peer.ip()).to_string(), None);
        let from = question.about.as_ref().unwrap_or(&us).to_library();
        let to = question.about.as_ref().unwrap_or(&question.uri).to_library();
        let from = typed::From { display_name: None, uri: from, params: Vec::new() };
        let from = from.with_tag(rsipstack::transaction::make_tag());
        let to = typed::To { display_name: None, uri: to, params: Vec::new() };
        let (call_id, cseq) = match &question.series {
            Some((call_id, cseq)) => (Some(call_id.clone().into()), *cseq),
            None => (None, 1),
        };
        let destination = edge.reach(question.flow.peer, question.flow.transport).await?;
        let via = edge.endpoint.inner.get_via(Some(destination.clone()), None)?;
        let endpoint = &edge.endpoint.inner;
        let uri = question.uri.to_library();
        let mut request = endpoint.make_request(question.method, uri, via, from, to, cseq + round, call_id);
        for header in question.headers.iter().cloned().chain(authorization) {
            request.headers.push(header);
        }
        self.exchange(request, destination).await
    }

    /// Sends a request that begins no dialog and waits for its final response.
    pub(crate) async fn exchange(&self, request: Request, destination: SipAddr) -> Result<Response, NoAnswer> {
        let endpoint = &self.edge().endpoint.inner;
        let key = TransactionKey::from_request(&request, TransactionRole::Client)?;
        let mut transaction = Transaction::new_client(key, request, endpoint.clone(), None);
        transaction.destination = Some(destination);
        transaction.send().await?;
        let answer = async {
            while let Some(message) = transaction.receive().await {
                match message {
                    SipMessage::Response(response) if response.status_code.kind() != StatusCodeKind::Provisional => {
                        return Some(response);
                    }
                    SipMessage::Response(_) | SipMessage::Request(_) => {}
                }
            }
            None
        };
        tokio::time::timeout(LONGEST, answer).await.ok().flatten().ok_or(NoAnswer::Silence)
    }
}

fn answer_to(response: &Response, status: u16, question: &Question<'_>, credentials: &Credentials) -> Option<Header> {
    let name = if status == 401 { "WWW-Authenticate" } else { "Proxy-Authenticate" };
    let challenges: Vec<String> = values(response, name).collect();
    let challenges: Vec<&str> = challenges.iter().map(String::as_str).collect();
    let (method, uri) = (question.method.to_string(), question.uri.to_string());
    let answered = digest::answer(&challenges, &credentials.user, &credentials.password, &method, &uri, &[])?;
    Some(if status == 401 {
        Header::Authorization(answered.value.into())
    } else {
        Header::ProxyAuthorization(answered.value.into())
    })
}
