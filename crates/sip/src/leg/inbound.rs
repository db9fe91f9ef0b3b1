//! A leg that came in: from its INVITE to the answer, or to the refusal.

use std::collections::VecDeque;
use std::time::Duration;

use nohold_core::call::{Gone, HangUp};
use nohold_media::Remote;
use nohold_model::LegId;
use rsipstack::dialog::dialog::DialogState;

use super::conversation::{Conversation, answer_headers, cseq};
use super::session_timer::{Asked, SessionTimer};
use super::{Begun, DialogOwner, Order, Orders, Talk, remote, sdp_type};
use crate::book::Kept;
use crate::engine::Engine;
use crate::flow::Flow;
use crate::sdp::{Description, Local};
use crate::seats::OneUndecided;
use crate::sorting::States;

/// Nobody rings longer than this (RFC 3261 §16.7 timer C): the network would have given up.
const LONGEST_RINGING: Duration = Duration::from_secs(180);

/// A call that waits for its answer.
pub(crate) struct Inbound {
    pub(crate) engine: Engine,
    pub(crate) leg: LegId,
    pub(crate) owner: DialogOwner,
    pub(crate) states: States,
    pub(crate) local: Local,
    /// Where it came from.
    pub(crate) flow: Flow,
    /// What the caller offers; nothing where the caller waits for our offer.
    pub(crate) offer: Option<Description>,
    pub(crate) timer: Option<SessionTimer>,
    pub(crate) asked: Asked,
    /// The rules have said nothing of it yet; counted where the network sent it.
    pub(crate) undecided: Option<OneUndecided>,
}

impl Inbound {
    /// Runs until it is answered, or over before; says why.
    pub(crate) async fn run(mut self, orders: &mut Orders) -> Begun {
        let given_up = tokio::time::sleep(LONGEST_RINGING);
        tokio::pin!(given_up);
        loop {
            tokio::select! {
                biased;
                state = self.states.recv() => match state {
                    Some(DialogState::Terminated(..)) | None => return Err(Gone::HungUp),
                    Some(_) => {}
                },
                order = orders.recv() => { self.undecided = None; match order {
                    Some(Order::Ring) => { let _ = self.owner.dialog().ringing(None, None); }
                    Some(Order::Progress) => self.progress(),
                    Some(Order::Answer) => return self.answer().await,
                    Some(Order::HangUp(how)) => {
                        if how == HangUp::Unavailable {
                            self.engine.edge().count_refused_call();
                        }
                        self.owner.reject(how);
                        return Err(Gone::HungUp);
                    }
                    // An engine that goes away.
                    Some(Order::Leave) | None => {
                        self.engine.edge().count_refused_call();
                        self.owner.reject(HangUp::Unavailable);
                        return Err(Gone::Lost);
                    }
                    Some(Order::Lost | Order::Key(_)) => {}
                }},
                () = &mut given_up => {
                    self.owner.reject(HangUp::NoAnswer);
                    return Err(Gone::NoAnswer);
                }
            }
        }
    }

    /// 183 with our description: the caller hears what is played before the answer. A caller who waits for our offer
    /// has no way to hear it.
    fn progress(&mut self) {
        let Some(offer) = &self.offer else { return };
        let body = self.local.answer(offer);
        if let Some(remote) = remote(offer, &self.local) {
            // Many phones send nothing before the answer; that is no loss.
            self.engine.connect(self.leg, Remote { sends: false, ..remote });
        }
        let _ = self.owner.dialog().ringing(Some(vec![sdp_type()]), Some(body));
    }

    async fn answer(mut self) -> Begun {
        let body = match &self.offer {
            Some(offer) => {
                if let Some(remote) = remote(offer, &self.local) {
                    self.engine.connect(self.leg, remote);
                }
                self.local.answer(offer)
            }
            None => self.local.offer(),
        };
        let first = self.owner.dialog().initial_request();
        let answer_in_ack = self.offer.is_none().then(|| cseq(&first)).flatten();
        let headers = answer_headers(self.timer, self.asked, true);
        let kept = Kept::answering(self.engine.book(), self.owner.dialog(), self.flow).await;
        if self.states.invite_is_over() || self.owner.dialog().accept(Some(headers), Some(body)).is_err() {
            return Err(Gone::HungUp);
        }
        self.owner.keep(kept);
        Ok(Talk::Sip(Box::new(Conversation {
            engine: self.engine,
            leg: self.leg,
            owner: self.owner,
            states: self.states,
            local: self.local,
            timer: self.timer,
            confirmed: false,
            answer_in_ack,
            keys: VecDeque::new(),
            repeat_at: None,
            _seat: None,
        })))
    }
}
