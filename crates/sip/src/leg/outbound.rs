//! A leg that we dial: all phones of an extension at once, or trunk after trunk.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use nohold_core::call::{Gone, Input};
use nohold_model::{LegId, TrunkKey};
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver};
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::sip::{Header, Response, StatusCodeKind, Uri};
use tokio::sync::mpsc;

use super::conversation::{Conversation, sleep_until};
use super::page::PageRing;
use super::session_timer::SessionTimer;
use super::{Begun, DialogOwner, Order, Orders, Talk, remote, status, timers, why};
use crate::access::Who;
use crate::book::Kept;
use crate::engine::Engine;
use crate::flow::Flow;
use crate::name_addr;
use crate::sdp::Local;
use crate::seats::Seat;
use crate::settings::Credentials;
use crate::sorting::States;

/// The engine gives up by itself so long after the ring time, should nobody else.
const AFTER_RING_TIME: Duration = Duration::from_secs(5);

/// A phone or a trunk to ring.
pub(crate) struct Target {
    /// The Request-URI.
    pub(crate) callee: Uri,
    /// The way there.
    pub(crate) flow: Flow,
    /// `From`: display name and URI.
    pub(crate) from: (Option<String>, Uri),
    /// Our Contact for this far end.
    pub(crate) contact: Uri,
    pub(crate) headers: Vec<Header>,
    pub(crate) credentials: Option<Credentials>,
    /// Our audio, as this far end sees it.
    pub(crate) local: Local,
    /// It is given up where it has not answered in any way within this.
    pub(crate) silent_after: Option<Duration>,
    /// The trunk that it is reached by.
    pub(crate) trunk: Option<TrunkKey>,
}

/// A leg to dial: the targets of one group ring at once, one group after the other.
pub(crate) struct Outbound {
    pub(crate) engine: Engine,
    pub(crate) leg: LegId,
    pub(crate) groups: Vec<Vec<Target>>,
    /// The agent's page, which rings with the first group.
    pub(crate) page: Option<PageRing>,
    pub(crate) ring_for: Duration,
}

/// A target that answered.
struct Answered {
    owner: DialogOwner,
    states: DialogStateReceiver,
    local: Local,
    response: Response,
    /// Of its trunk.
    seat: Option<Seat>,
}

/// What a group came to.
enum Rung {
    Answered(Box<Answered>),
    /// At the page.
    AtPage(PageRing),
    Failed {
        status: u16,
        gone: Gone,
    },
    /// Nobody wants it any more.
    Ended(Gone),
}

impl Outbound {
    /// Runs until somebody answers, or it is over before; says why.
    pub(crate) async fn run(mut self, orders: &mut Orders) -> Begun {
        let until = Instant::now() + self.ring_for + AFTER_RING_TIME;
        let mut last = Gone::Unreachable;
        let mut page = self.page.take();
        let mut groups = std::mem::take(&mut self.groups);
        if groups.is_empty() {
            groups.push(Vec::new());
        }
        for group in groups {
            match self.ring(group, page.take(), until, orders).await {
                Rung::Answered(answered) => return self.talk(*answered),
                Rung::AtPage(page) => return Ok(page.talk()),
                Rung::Ended(gone) => return Err(gone),
                Rung::Failed { status, gone } => {
                    last = gone;
                    if !status::is_the_trunks_fault(status) {
                        break;
                    }
                }
            }
        }
        Err(last)
    }

    async fn ring(&self, group: Vec<Target>, mut page: Option<PageRing>, until: Instant, orders: &mut Orders) -> Rung {
        let alone = group.len() == 1 && page.is_none();
        let local = group.first().map(|target| target.local.clone());
        if page.is_some() {
            self.engine.tell(self.leg, Input::Ringing(self.leg));
        }
        let (heard, mut provisional) = mpsc::unbounded_channel();
        // Dropping a target that has not answered cancels it.
        let mut ringing: FuturesUnordered<_> =
            group.into_iter().map(|target| self.engine.invite(target, heard.clone())).collect();
        drop(heard);
        let mut worst: Option<(u16, Gone)> = None;
        loop {
            tokio::select! {
                biased;
                Some(response) = provisional.recv() => if let Some(local) = &local {
                    self.progress(&response, local, alone);
                },
                result = PageRing::answered(&mut page) => match (result, page.take()) {
                    (Ok(()), Some(page)) => return Rung::AtPage(page),
                    (Ok(()), None) => {}
                    // The agent has declined, for all phones of the number.
                    (Err((status @ 600.., gone)), _) => return Rung::Failed { status, gone },
                    (Err(failed), _) => worst = Some(worst.map_or(failed, |other| better(other, failed))),
                },
                result = ringing.next(), if page.is_none() || !ringing.is_empty() => match result {
                    Some(Ok(answered)) => return Rung::Answered(answered),
                    // Somebody has declined for the whole extension (RFC 3261 §16.7 step 5).
                    Some(Err((status @ 600.., gone))) => return Rung::Failed { status, gone },
                    Some(Err(failed)) => worst = Some(worst.map_or(failed, |other| better(other, failed))),
                    None => {
                        let (status, gone) = worst.unwrap_or((480, Gone::Unreachable));
                        return Rung::Failed { status, gone };
                    }
                },
                order = orders.recv() => match order {
                    Some(Order::HangUp(_)) => return Rung::Ended(Gone::HungUp),
                    Some(Order::Leave) | None => return Rung::Ended(Gone::Lost),
                    Some(Order::Ring | Order::Progress | Order::Answer | Order::Key(_) | Order::Lost) => {}
                },
                () = sleep_until(Some(until)) => return Rung::Ended(Gone::NoAnswer),
            }
        }
    }

    fn progress(&self, response: &Response, local: &Local, alone: bool) {
        match self.engine.described(response, &response.body, local.peer()) {
            // With several phones nobody knows whose audio it would be.
            Some(Ok(early)) if alone => {
                if let Some(remote) = remote(&early, local) {
                    self.engine.connect(self.leg, remote);
                }
                self.engine.tell(self.leg, Input::EarlyMedia(self.leg));
            }
            Some(_) | None if u16::from(response.status_code.clone()) == 180 => {
                self.engine.tell(self.leg, Input::Ringing(self.leg));
            }
            Some(_) | None => {}
        }
    }

    fn talk(self, answered: Answered) -> Begun {
        let Answered { owner, states, local, response, seat } = answered;
        let described = self.engine.described(&response, &response.body, local.peer()).and_then(Result::ok);
        match described.and_then(|described| remote(&described, &local)) {
            Some(remote) => self.engine.connect(self.leg, remote),
            // Early media that was described in a reliable way may stand for the answer; without it nobody would hear
            // anything.
            None if self.engine.is_connected(self.leg) => {}
            None => return Err(Gone::Failed),
        }
        self.engine.answered(self.leg);
        let timer = SessionTimer::agreed(timers(&response), self.engine.shortest_session(), Instant::now());
        Ok(Talk::Sip(Box::new(Conversation {
            engine: self.engine,
            leg: self.leg,
            owner,
            states: States::Own(states),
            local,
            timer,
            confirmed: true,
            answer_in_ack: None,
            keys: VecDeque::new(),
            repeat_at: None,
            _seat: seat,
        })))
    }
}

/// Of two phones of one extension that failed, the one that says more: somebody refused, somebody is busy.
fn better(one: (u16, Gone), other: (u16, Gone)) -> (u16, Gone) {
    let rank = |gone: Gone| match gone {
        Gone::Refused => 0,
        Gone::Busy => 1,
        Gone::NoAnswer => 2,
        Gone::HungUp
        | Gone::SwitchedOff
        | Gone::Unallocated
        | Gone::Failed
        | Gone::Lost
        | Gone::PhoneLost
        | Gone::Unreachable => 3,
    };
    if rank(other.1) < rank(one.1) { other } else { one }
}

impl Engine {
    /// Invites one target; the status and its meaning where it does not answer.
    async fn invite(
        &self,
        mut target: Target,
        heard: mpsc::UnboundedSender<Response>,
    ) -> Result<Box<Answered>, (u16, Gone)> {
        let seat = match target.trunk.take().map(|trunk| self.seat(&Who::Trunk(trunk))) {
            Some(None) => return Err((503, Gone::Failed)),
            Some(seat) => seat,
            None => None,
        };
        let silent_at = target.silent_after.map(|length| Instant::now() + length);
        let dialogs = self.dialogs();
        let destination = match self.edge().reach(target.flow.peer, target.flow.transport).await {
            Ok(destination) => destination,
            Err(error) => {
                tracing::debug!(%error, "no way to a phone or trunk");
                return Err((503, Gone::Unreachable));
            }
        };
        let (sender, mut states) = dialogs.new_dialog_state_channel();
        let call_id = self.edge().call_id();
        let kept = Kept::pending(self.book(), self.edge(), &call_id, target.flow);
        let option = InviteOption {
            call_id: Some(call_id),
            caller_display_name: target.from.0.take().as_deref().and_then(name_addr::shown_name),
            caller: target.from.1.clone(),
            callee: target.callee.clone(),
            destination: Some(destination),
            contact: target.contact.clone(),
            offer: Some(target.local.offer()),
            headers: Some(std::mem::take(&mut target.headers)),
            credential: target.credentials.take().map(|credentials| Credential {
                username: credentials.user,
                password: credentials.password,
                ..Credential::default()
            }),
            ..InviteOption::default()
        };
        let invite = dialogs.do_invite(option, sender);
        tokio::pin!(invite);
        let mut silent = true;
        let result = loop {
            tokio::select! {
                biased;
                Some(state) = states.recv() => match state {
                    DialogState::Trying(_) => silent = false,
                    DialogState::Early(_, response) => {
                        silent = false;
                        // Nobody listens to a leg that has ended meanwhile.
                        let _ = heard.send(response);
                    }
                    _ => {}
                },
                result = &mut invite => break result,
                () = sleep_until(silent_at), if silent => return Err((408, Gone::Failed)),
            }
        };
        match result {
            Ok((dialog, Some(response))) if response.status_code.kind() == StatusCodeKind::Successful => {
                let mut owner = DialogOwner::new(self.dialogs(), self.tasks(), dialog);
                owner.keep(kept);
                let (engine, dialog, flow) = (self.clone(), owner.dialog().clone(), target.flow);
                self.tasks().spawn("target", async move { engine.edge().mend_target(dialog, flow).await });
                Ok(Box::new(Answered { owner, states, local: target.local, response, seat }))
            }
            Ok((_, Some(response))) => Err(why(&response)),
            Ok((_, None)) => Err((408, Gone::Failed)),
            Err(error) => {
                tracing::debug!(%error, "an INVITE could not be sent or answered");
                Err((503, Gone::Failed))
            }
        }
    }
}
