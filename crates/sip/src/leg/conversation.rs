//! A leg that was answered, until its end.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::{Duration, Instant};

use nohold_core::call::{Gone, HangUp, Input};
use nohold_model::{Digit, LegId};
use rsipstack::dialog::dialog::{DialogState, TerminatedReason, TransactionHandle};
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Request, Response, StatusCode, StatusCodeKind};
use rsipstack::transaction::key::TransactionRole;

use super::session_timer::{Asked, Refresher, SessionTimer};
use super::{DialogOwner, Order, Orders, info, remote, sdp_type, timers, values};
use crate::engine::Engine;
use crate::sdp::{Description, Local, Unusable};
use crate::seats::Seat;
use crate::sorting::States;

/// A conversation on one leg.
pub(crate) struct Conversation {
    pub(crate) engine: Engine,
    pub(crate) leg: LegId,
    pub(crate) owner: DialogOwner,
    pub(crate) states: States,
    pub(crate) local: Local,
    pub(crate) timer: Option<SessionTimer>,
    /// The ACK of our 2xx has come, or it was the other side that answered.
    pub(crate) confirmed: bool,
    /// We made the offer in the 2xx to the INVITE with this CSeq: the answer comes with its ACK (RFC 3264 §4).
    pub(crate) answer_in_ack: Option<u32>,
    /// Our refresh has met one of theirs, and is sent again then.
    pub(crate) repeat_at: Option<Instant>,
    /// Keys that wait to be sent by INFO, one after the other.
    pub(crate) keys: VecDeque<Digit>,
    /// Of the trunk by which we called.
    pub(crate) _seat: Option<Seat>,
}

/// Keys that may wait to be sent by INFO.
const MOST_KEYS: usize = 64;

/// What follows from an order.
enum Next {
    Stay,
    /// The busy tone, then the end.
    Busy,
    End(Gone),
}

type Refresh = Pin<Box<dyn Future<Output = rsipstack::Result<Option<Response>>> + Send>>;

impl Conversation {
    /// Runs until one side ends it; says why it is over. Thousands wait in here, so what is needed now and then only (a
    /// request inside the dialog, our refresh) takes room only then.
    pub(crate) async fn run(mut self: Box<Self>, orders: &mut Orders) -> Gone {
        let mut refresh: Option<Refresh> = None;
        let mut pressing: Option<Refresh> = None;
        let mut ending: Option<Gone> = None;
        let mut busy_until = None;
        loop {
            // A BYE must not overtake the ACK (RFC 3261 §15).
            if let (Some(why), true) = (ending, self.confirmed) {
                return why;
            }
            if pressing.is_none() && self.confirmed {
                pressing = self.press();
            }
            let due = self.timer.as_ref().filter(|_| refresh.is_none()).map(SessionTimer::due);
            let due = self.repeat_at.filter(|_| refresh.is_none()).or(due);
            tokio::select! {
                biased;
                state = self.states.recv() => match state {
                    Some(state) => if let Some(why) = Box::pin(self.state(state)).await { return ending.unwrap_or(why); },
                    None => return Gone::Lost,
                },
                order = orders.recv(), if ending.is_none() => match self.order(order) {
                    Next::Stay => {}
                    Next::Busy if busy_until.is_some() => {}
                    Next::Busy => busy_until = Some(self.engine.play_busy(self.leg)),
                    Next::End(why) => ending = Some(why),
                },
                () = sleep_until(busy_until), if ending.is_none() => ending = Some(Gone::HungUp),
                // A key that the far end does not take is lost, as one in the audio would be.
                _ = finished(&mut pressing) => pressing = None,
                result = finished(&mut refresh) => {
                    refresh = None;
                    if !self.refreshed(result) {
                        return Gone::Lost;
                    }
                }
                () = sleep_until(due) => match self.timer.as_ref().map(|timer| timer.refresher) {
                    Some(Refresher::Us) => {
                        self.repeat_at = None;
                        refresh = Some(self.refresh());
                    }
                    Some(Refresher::Them) | None => return Gone::Lost,
                },
            }
        }
    }

    fn order(&mut self, order: Option<Order>) -> Next {
        match order {
            Some(Order::Key(digit)) => {
                if self.keys.len() < MOST_KEYS {
                    self.keys.push_back(digit);
                }
                Next::Stay
            }
            Some(Order::HangUp(HangUp::Busy)) => Next::Busy,
            Some(Order::HangUp(_)) => Next::End(Gone::HungUp),
            Some(Order::Lost | Order::Leave) | None => Next::End(Gone::Lost),
            Some(Order::Ring | Order::Progress | Order::Answer) => Next::Stay,
        }
    }

    async fn state(&mut self, state: DialogState) -> Option<Gone> {
        match state {
            DialogState::Confirmed(..) => return self.acknowledged(),
            DialogState::Updated(_, request, handle) => self.updated(&request, &handle).await,
            DialogState::Info(_, request, handle) => self.info(&request, &handle).await,
            DialogState::Options(_, _, handle) => answer(&handle, StatusCode::OK).await,
            // Transfers by the phone itself are not there yet.
            DialogState::Refer(_, _, handle) => answer(&handle, StatusCode::Decline).await,
            DialogState::Message(_, _, handle) | DialogState::Publish(_, _, handle) => {
                answer(&handle, StatusCode::MethodNotAllowed).await;
            }
            DialogState::Notify(_, _, handle) => answer(&handle, StatusCode::from(489)).await,
            DialogState::Terminated(_, TerminatedReason::Timeout) => return Some(Gone::Lost),
            DialogState::Terminated(..) => return Some(Gone::HungUp),
            DialogState::Calling(_) | DialogState::Trying(_) | DialogState::Early(..) | DialogState::WaitAck(..) => {}
        }
        None
    }

    /// An ACK has come; with the answer to our offer, where we made one. The library says the same after other requests,
    /// so the ACK must be the one of that INVITE.
    fn acknowledged(&mut self) -> Option<Gone> {
        self.confirmed = true;
        let awaited = self.answer_in_ack?;
        let ack = self.owner.dialog().last_remote_ack().filter(|ack| cseq(ack) == Some(awaited))?;
        self.answer_in_ack = None;
        match self.engine.described(&ack, &ack.body, self.local.peer()) {
            Some(Ok(answer)) => {
                self.connect(&answer);
                None
            }
            // A conversation that nobody would hear.
            Some(Err(_)) | None => Some(Gone::Failed),
        }
    }

    fn connect(&self, description: &Description) {
        if let Some(remote) = remote(description, &self.local) {
            self.engine.connect(self.leg, remote);
        }
    }

    /// A re-INVITE or UPDATE: a new address, hold, or a sign of life.
    async fn updated(&mut self, request: &Request, handle: &TransactionHandle) {
        let now = Instant::now();
        let asked = timers(request);
        let timer = match SessionTimer::answered(asked, self.engine.shortest_session(), now) {
            Ok(timer) => timer,
            Err(_) => {
                let headers = vec![Header::MinSE(self.engine.shortest_session().to_string().into())];
                let _ = handle.respond(StatusCode::from(422), Some(headers), None).await;
                return;
            }
        };
        let body = match self.engine.described(request, &request.body, self.local.peer()) {
            Some(Ok(offer)) => {
                self.connect(&offer);
                self.engine.tell(self.leg, Input::PhoneHold(self.leg, !offer.receives));
                Some(self.local.answer(&offer))
            }
            Some(Err(problem)) => {
                let status = if problem == Unusable::Malformed { 400 } else { 488 };
                answer(handle, StatusCode::from(status)).await;
                return;
            }
            None if !request.body.is_empty() => {
                answer(handle, StatusCode::UnsupportedMediaType).await;
                return;
            }
            None if request.method == rsipstack::sip::Method::Invite => {
                self.answer_in_ack = cseq(request);
                Some(self.local.offer())
            }
            None => None,
        };
        self.retarget(request);
        self.timer = timer;
        // Theirs has come through, so ours need not be sent again.
        self.repeat_at = None;
        let headers = answer_headers(self.timer, asked, body.is_some());
        // An error means that the request was given up meanwhile.
        let _ = handle.respond(StatusCode::OK, Some(headers), body).await;
    }

    /// A re-INVITE may move the other side (RFC 3261 §12.2.2).
    fn retarget(&self, request: &Request) {
        let contact = values(request, "Contact").next();
        let uri = contact.and_then(|contact| crate::name_addr::uri(&contact));
        if let Some(uri) = uri {
            self.owner.set_target(uri.to_library());
        }
    }

    async fn info(&self, request: &Request, handle: &TransactionHandle) {
        let content_type = values(request, "Content-Type").next().unwrap_or_default();
        match info::digit(&content_type, &request.body) {
            Some(digit) => {
                self.engine.legs().note(self.leg, |state| state.keys_by_info = true);
                self.engine.tell(self.leg, Input::Digit(self.leg, digit));
                answer(handle, StatusCode::OK).await;
            }
            // An INFO without a body is a question whether we are still there.
            None if request.body.is_empty() => answer(handle, StatusCode::OK).await,
            None => answer(handle, StatusCode::UnsupportedMediaType).await,
        }
    }

    /// Sends the next key that waits by INFO (RFC 6086).
    fn press(&mut self) -> Option<Refresh> {
        let digit = self.keys.pop_front()?;
        let dialog = self.owner.dialog().clone();
        Some(Box::pin(async move {
            let headers = vec![Header::ContentType("application/dtmf-relay".into())];
            dialog.info(Some(headers), Some(info::body(digit).into_bytes())).await
        }))
    }

    fn refresh(&mut self) -> Refresh {
        let (dialog, body) = (self.owner.dialog().clone(), self.local.repeat());
        let interval = self.timer.map_or(self.engine.shortest_session(), |timer| timer.interval);
        Box::pin(async move {
            let headers = vec![
                sdp_type(),
                Header::Supported("timer".into()),
                Header::SessionExpires(format!("{interval};refresher=uac").into()),
            ];
            dialog.reinvite(Some(headers), Some(body)).await
        })
    }

    /// Whether the session goes on after our refresh was answered like this.
    fn refreshed(&mut self, result: rsipstack::Result<Option<Response>>) -> bool {
        let now = Instant::now();
        let Ok(Some(response)) = result else { return false };
        let status = u16::from(response.status_code.clone());
        if response.status_code.kind() == StatusCodeKind::Successful {
            if let Some(Ok(answer)) = self.engine.described(&response, &response.body, self.local.peer()) {
                self.connect(&answer);
            }
            // Whoever does not answer in kind has nothing that could expire.
            self.timer = SessionTimer::agreed(timers(&response), self.engine.shortest_session(), now);
            return true;
        }
        if status == 491 {
            let ours = self.owner.dialog().role() == TransactionRole::Client;
            self.repeat_at = Some(now + glare_pause(ours, getrandom::u32().unwrap_or_default()));
            return true;
        }
        if let Some(timer) = &mut self.timer {
            timer.refresh(now);
        }
        // RFC 4028 §10, RFC 3261 §12.2.1.2: only these say that the other side has nothing of the session any more.
        !matches!(status, 408 | 481)
    }
}

/// How long to wait after a 491 (RFC 3261 §14.1), in steps of 10 ms: 2.1 to 4 s where the Call-ID is ours, else up to 2 s.
fn glare_pause(ours: bool, chance: u32) -> Duration {
    let (least, steps) = if ours { (2_100, 191) } else { (0, 201) };
    Duration::from_millis(least + u64::from(chance % steps) * 10)
}

pub(super) fn cseq(request: &Request) -> Option<u32> {
    request.cseq_header().ok()?.seq().ok()
}

/// What a 2xx of ours says besides.
pub(crate) fn answer_headers(timer: Option<SessionTimer>, asked: Asked, with_body: bool) -> Vec<Header> {
    let mut headers = Vec::new();
    if with_body {
        headers.push(sdp_type());
    }
    if let Some(timer) = timer {
        headers.push(Header::SessionExpires(timer.header().into()));
        if asked.supported {
            headers.push(Header::Require("timer".into()));
        }
    }
    headers
}

async fn answer(handle: &TransactionHandle, status: StatusCode) {
    // An error means that the request was given up meanwhile.
    let _ = handle.respond(status, None, None).await;
}

async fn finished(refresh: &mut Option<Refresh>) -> rsipstack::Result<Option<Response>> {
    match refresh {
        Some(refresh) => refresh.as_mut().await,
        None => std::future::pending().await,
    }
}

pub(super) async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_after_a_glare_is_longer_for_whom_the_call_id_is_of() {
        for chance in [0, 1, 190, 191, 200, 12_345, u32::MAX] {
            let (ours, theirs) = (glare_pause(true, chance).as_millis(), glare_pause(false, chance).as_millis());
            assert!((2_100..=4_000).contains(&ours) && (0..=2_000).contains(&theirs), "{chance}: {ours} {theirs}");
        }
    }
}
