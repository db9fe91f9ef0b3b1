//! What all calls share, whoever began them: state, audio, and what is answered inside a call.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver, TerminatedReason, TransactionHandle};
use rsipstack::dialog::invitation::InviteAsyncResult;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::platform::JoinHandle;
use rsipstack::sip::{Header, Request, StatusCode};
use rsipstack::transaction::key::TransactionRole;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::error::PhoneError;
use crate::log::{Log, lock};
use crate::media::Media;
use crate::mouth::Agreed;
use crate::sdp::{self, Direction, OWN_EVENT_TYPE};
use crate::stack::Stack;
use crate::tasks::Tasks;

/// How far a call has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallState {
    /// Begun; nothing is known yet, or 100 Trying.
    Trying,
    /// The other phone rings (180), or this one does.
    Ringing,
    /// There is audio before the answer.
    EarlyMedia,
    /// Both are connected.
    Answered,
    /// It is over.
    Ended(End),
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Who ended it.
    pub by: Party,
    /// The final status code, where the call was not answered.
    pub status: Option<u16>,
    /// What is said about it: the reason phrase, or what happened.
    pub reason: String,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// This phone.
    Us,
    /// The other side.
    Them,
    /// Neither: a time-out, a failure.
    Nobody,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            Party::Us => "by us",
            Party::Them => "by the other side",
            Party::Nobody => "by itself",
        };
        match self.status {
            Some(status) => write!(f, "{by}, {status} {}", self.reason),
            None => write!(f, "{by}, {}", self.reason),
        }
    }
}

/// Whether our description of the call is the offer or the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Offer,
    Answer,
}

/// One call.
pub(crate) struct Line {
    pub stack: Arc<Stack>,
    pub log: Arc<Log>,
    pub media: Media,
    pub state: watch::Sender<CallState>,
    /// Whether the other side does not want our audio.
    pub held: watch::Sender<bool>,
    /// The status with which we declined, or an end that we asked for.
    pub declined: Mutex<Option<u16>>,
    pub ended_by_us: AtomicBool,
    /// Whether the INVITE that we got had no offer, so that ours is in the 200.
    pub offer_is_ours: AtomicBool,
    wish: Mutex<Direction>,
    version: AtomicU32,
}

impl Line {
    /// Opens the audio of a call.
    pub async fn open(stack: Arc<Stack>, tasks: &Tasks) -> Result<Arc<Self>, PhoneError> {
        let log = Arc::new(Log::new());
        let limit = stack.settings.recording_limit;
        let media = Media::open(stack.address.ip(), limit, log.clone(), tasks).await?;
        Ok(Arc::new(Line {
            stack,
            log,
            media,
            state: watch::channel(CallState::Trying).0,
            held: watch::channel(false).0,
            declined: Mutex::new(None),
            ended_by_us: AtomicBool::new(false),
            offer_is_ours: AtomicBool::new(false),
            wish: Mutex::new(Direction::SendRecv),
            version: AtomicU32::new(0),
        }))
    }

    /// Which way we would like the audio to go, from the next offer or answer on.
    pub fn wish(&self, direction: Direction) {
        *lock(&self.wish) = direction;
    }

    /// Our description as an offer.
    pub fn offer(&self) -> Vec<u8> {
        self.describe(&self.stack.settings.codecs, Some(OWN_EVENT_TYPE), *lock(&self.wish))
    }

    /// Takes what the other side described; `ours` says which part we have in it. Returns our answer to an offer.
    ///
    /// # Errors
    /// A sentence, where it cannot be used.
    pub fn agree(&self, body: &[u8], ours: Part) -> Result<Vec<u8>, String> {
        let theirs = sdp::read(body)?;
        let known = &self.stack.settings.codecs;
        let Some(codec) = theirs.codecs.iter().copied().find(|codec| known.contains(codec)) else {
            return Err(format!("no codec in common: {:?} and {known:?}", theirs.codecs));
        };
        let wish = *lock(&self.wish);
        let sending = wish.sends() && theirs.direction.receives();
        let agreed = Agreed { remote: theirs.address, codec, event_type: theirs.event_type, sending };
        lock(&self.media.mouth).agree(agreed);
        // What we described ourselves is sent to us under our number, else under theirs.
        let event_type = if ours == Part::Offer { Some(OWN_EVENT_TYPE) } else { theirs.event_type };
        lock(&self.media.ear).expect_events(event_type);
        self.held.send_replace(!theirs.direction.receives());
        self.log.note(format!("audio {} to {}, they say {}", codec.name(), theirs.address, theirs.direction.word()));
        Ok(self.describe(&[codec], theirs.event_type, theirs.direction.answer(wish)))
    }

    fn describe(&self, codecs: &[crate::Codec], events: Option<u8>, direction: Direction) -> Vec<u8> {
        let version = self.version.fetch_add(1, Ordering::Relaxed);
        sdp::write(self.media.address, version, codecs, events, direction).into_bytes()
    }

    /// Moves on; an ended call stays as it is.
    pub fn move_to(&self, next: CallState) {
        self.state.send_if_modified(|state| {
            let changes = !matches!(state, CallState::Ended(_)) && *state != next;
            if changes {
                self.log.note(match &next {
                    CallState::Ended(end) => format!("ended {end}"),
                    other => format!("{other:?}"),
                });
                *state = next;
            }
            changes
        });
    }

    /// Ends the call in our books.
    pub fn end(&self, by: Party, status: Option<u16>, reason: impl Into<String>) {
        self.move_to(CallState::Ended(End { by, status, reason: reason.into() }));
        self.media.close();
    }

    /// Waits until the state is as wished; a call that ends is an error unless that is what is wished.
    pub async fn wait(
        &self,
        waited_for: &str,
        limit: Duration,
        ready: impl Fn(&CallState) -> bool,
    ) -> Result<CallState, PhoneError> {
        let mut states = self.state.subscribe();
        let found = states.wait_for(|state| ready(state) || matches!(state, CallState::Ended(_)));
        let state = match timeout(limit, found).await {
            Ok(Ok(state)) => state.clone(),
            Ok(Err(_)) | Err(_) => return Err(self.late(waited_for, limit)),
        };
        match state {
            CallState::Ended(end) if !ready(&CallState::Ended(end.clone())) => {
                Err(PhoneError::Ended { waited_for: waited_for.into(), end, seen: self.log.to_string() })
            }
            state => Ok(state),
        }
    }

    /// The error for what has not come in time.
    pub fn late(&self, waited_for: &str, after: Duration) -> PhoneError {
        let heard = lock(&self.media.ear).heard(crate::ear::WINDOW);
        let seen = format!("{}; heard: {heard}", self.log);
        PhoneError::Timeout { waited_for: waited_for.into(), after, seen }
    }

    /// Follows a dialog to its end and answers what comes inside it. `outcome` is the INVITE that we sent.
    pub async fn follow(
        self: Arc<Self>,
        dialog: InviteDialog,
        mut states: DialogStateReceiver,
        mut outcome: Option<JoinHandle<InviteAsyncResult>>,
    ) {
        while !matches!(*self.state.borrow(), CallState::Ended(_)) {
            tokio::select! {
                biased;
                state = states.recv() => match state {
                    Some(state) => self.dialog_state(&dialog, state).await,
                    None => self.end(Party::Nobody, None, "the dialog is gone"),
                },
                result = async { match outcome.as_mut() { Some(outcome) => outcome.await, None => std::future::pending().await } } => {
                    outcome = None;
                    match result {
                        // The dialog has told, or is about to tell, what became of it.
                        Ok(Ok((_, Some(_)))) => {}
                        Ok(Ok((_, None))) => self.end(Party::Nobody, Some(408), "no final response"),
                        Ok(Err(error)) => self.end(Party::Nobody, None, format!("the call could not be made: {error}")),
                        Err(_) => self.end(Party::Nobody, None, "the call was given up"),
                    }
                }
            }
        }
        self.stack.dialogs.remove_dialog(&dialog.id());
    }

    async fn dialog_state(&self, dialog: &InviteDialog, state: DialogState) {
        match state {
            DialogState::Early(_, response) if dialog.role() == TransactionRole::Client => {
                self.log.note(format!("{}", response.status_code));
                let early = !response.body.is_empty() && self.agreed(&response.body, Part::Offer);
                if early {
                    self.move_to(CallState::EarlyMedia);
                } else if *self.state.borrow() != CallState::EarlyMedia {
                    self.move_to(CallState::Ringing);
                }
            }
            DialogState::Confirmed(_, response) if *self.state.borrow() != CallState::Answered => {
                let body = match dialog.role() {
                    TransactionRole::Client => response.body,
                    TransactionRole::Server => self
                        .offer_is_ours
                        .load(Ordering::Relaxed)
                        .then(|| dialog.last_remote_ack().map(|ack| ack.body))
                        .flatten()
                        .unwrap_or_default(),
                };
                if !body.is_empty() {
                    self.agreed(&body, Part::Offer);
                }
                self.move_to(CallState::Answered);
            }
            DialogState::Updated(_, request, handle) => self.offered(&request, &handle).await,
            DialogState::Info(_, request, handle) => {
                self.info(&request);
                respond(&handle, StatusCode::OK).await;
            }
            DialogState::Options(_, _, handle) | DialogState::Notify(_, _, handle) => {
                respond(&handle, StatusCode::OK).await;
            }
            DialogState::Refer(_, _, handle)
            | DialogState::Message(_, _, handle)
            | DialogState::Publish(_, _, handle) => respond(&handle, StatusCode::MethodNotAllowed).await,
            DialogState::Terminated(_, reason) => self.terminated(dialog.role(), &reason),
            DialogState::Calling(_)
            | DialogState::Trying(_)
            | DialogState::Early(..)
            | DialogState::WaitAck(..)
            | DialogState::Confirmed(..) => {}
        }
    }

    fn agreed(&self, body: &[u8], ours: Part) -> bool {
        match self.agree(body, ours) {
            Ok(_) => true,
            Err(problem) => {
                self.log.note(format!("their SDP cannot be used: {problem}"));
                false
            }
        }
    }

    /// A re-INVITE or UPDATE.
    async fn offered(&self, request: &Request, handle: &TransactionHandle) {
        self.log.note(format!("{} inside the call", request.method));
        let answer = if request.body.is_empty() {
            (request.method == rsipstack::sip::Method::Invite).then(|| self.offer())
        } else {
            match self.agree(&request.body, Part::Answer) {
                Ok(answer) => Some(answer),
                Err(problem) => {
                    self.log.note(format!("their SDP cannot be used: {problem}"));
                    return respond(handle, StatusCode::NotAcceptableHere).await;
                }
            }
        };
        let headers = answer.is_some().then(|| vec![sdp_type()]);
        // Who asked may have gone.
        let _ = handle.respond(StatusCode::OK, headers, answer).await;
    }

    fn info(&self, request: &Request) {
        let body = String::from_utf8_lossy(&request.body);
        let signal = body.lines().find_map(|line| line.trim().strip_prefix("Signal="));
        if let Some(key) = signal.and_then(|signal| signal.trim().chars().next()) {
            lock(&self.media.ear).push_digit(key);
            self.log.note(format!("key {key} (INFO)"));
        } else {
            self.log.note("INFO without a key");
        }
    }

    fn terminated(&self, role: TransactionRole, reason: &TerminatedReason) {
        let whose = |sender| if sender == role { Party::Us } else { Party::Them };
        let by_us = self.ended_by_us.load(Ordering::Relaxed);
        let declined = *lock(&self.declined);
        match reason {
            TerminatedReason::UacBye => self.end(whose(TransactionRole::Client), None, "hung up (BYE)"),
            TerminatedReason::UasBye => self.end(whose(TransactionRole::Server), None, "hung up (BYE)"),
            TerminatedReason::UacCancel => self.end(Party::Them, Some(487), "cancelled"),
            TerminatedReason::UasDecline => self.end(Party::Us, declined, "declined"),
            TerminatedReason::UasOther(code)
            | TerminatedReason::UacOther(code)
            | TerminatedReason::ProxyError(code) => {
                let by = if by_us { Party::Us } else { Party::Them };
                self.end(by, Some(code.code()), code.text());
            }
            TerminatedReason::ProxyAuthRequired => self.end(Party::Them, Some(401), "the password is not accepted"),
            TerminatedReason::Timeout => self.end(Party::Nobody, None, "no ACK or no response in time"),
            other => self.end(Party::Nobody, None, format!("{other:?}")),
        }
    }
}

async fn respond(handle: &TransactionHandle, status: StatusCode) {
    // Who asked may have gone.
    let _ = handle.reply(status).await;
}

/// `Content-Type: application/sdp`.
pub(crate) fn sdp_type() -> Header {
    Header::ContentType("application/sdp".into())
}
