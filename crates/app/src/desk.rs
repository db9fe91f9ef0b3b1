//! What agents and supervisors do: sign in, choose a state, work on the missed-call list, call back.

use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use nohold_core::agent;
use nohold_core::call::{Input, Wanted, World, agreed, promise};
use nohold_core::directory::Directory;
use nohold_core::entry::{Actor, Business, Change, Consent, Target, Window};
use nohold_core::fact::RequestMade;
use nohold_core::note;
use nohold_core::transaction::{Answer, Noun, Refusal, Transaction};
use nohold_core::wait::Interval;
use nohold_model::{AgentKey, CallId, EntryId, IdSource, LegId, PhoneNumber, QueueKey, Timestamp};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::node::Node;
use crate::patience::{self, NoAnswer};
use crate::ports::{Ports, Store, StoreFailed};

/// Why something was not done, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotDone {
    /// The rules refuse it. Nothing has changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store could not keep it. Nothing has changed.
    #[error("it could not be saved: try again in a moment")]
    Store(#[from] StoreFailed),
    /// The store has not said for too long whether it has done it. It may still happen; then all that follows from it
    /// happens, too.
    #[error("it is not known yet whether this was done: look at it again before you repeat it")]
    NotKnownYet,
}

/// A callback request that is not made in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackWish {
    /// Whom to call.
    pub number: PhoneNumber,
    /// Who should call.
    pub target: Target,
    /// Not to be called before this.
    pub not_before: Option<Timestamp>,
    /// It is for another person or matter than an open request of this number.
    pub another_matter: bool,
    /// The agent who has agreed to call, where it is one.
    pub assigned: Option<AgentKey>,
    /// Who has handed it in; it stands in the request's path.
    pub source: String,
}

/// What has become of a [`CallbackWish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The entry.
    pub entry: EntryId,
    /// The window that may be told to the customer.
    pub promise: Window,
    /// The request stands anew; otherwise there was an open one already, and nothing was added. A follow-up has moved that one.
    pub new: bool,
}

/// What people do at the desk, for whoever need not know the ports of a node.
pub trait Desk: Send + Sync + 'static {
    /// What is configured now.
    fn directory(&self) -> Arc<Directory>;
    /// The time by the node's clock.
    fn now(&self) -> Timestamp;
    /// See [`Node::change_agent`].
    fn change_agent(&self, agent: AgentKey, input: agent::Input, by: Actor) -> BoxFuture<'static, Result<(), NotDone>>;
    /// See [`Node::change_entry`].
    fn change_entry(
        &self,
        entry: EntryId,
        change: Change,
        seen: Option<u64>,
        by: Actor,
    ) -> BoxFuture<'static, Result<(), NotDone>>;
    /// See [`Node::note`].
    fn note(
        &self,
        call: CallId,
        agent: AgentKey,
        wish: note::Wish,
        by: Actor,
    ) -> BoxFuture<'static, Result<(), NotDone>>;
    /// See [`Node::keep_open`].
    fn keep_open(&self, call: CallId, entry: EntryId, keep: bool, by: Actor)
    -> BoxFuture<'static, Result<(), NotDone>>;
    /// See [`Node::call_back`].
    fn call_back(
        &self,
        entry: EntryId,
        agent: AgentKey,
        beyond_window: bool,
        seen: Option<u64>,
        by: Actor,
    ) -> BoxFuture<'static, Result<CallId, NotDone>>;
    /// See [`Node::request_callback`].
    fn request_callback(&self, wish: CallbackWish) -> BoxFuture<'static, Result<Asked, NotDone>>;
    /// See [`Node::follow_up`].
    fn follow_up(&self, call: CallId, wish: CallbackWish, by: Actor) -> BoxFuture<'static, Result<Asked, NotDone>>;
    /// See [`Node::take_back_follow_up`].
    fn take_back_follow_up(&self, call: CallId, entry: EntryId, by: Actor) -> BoxFuture<'static, Result<(), NotDone>>;
    /// See [`Node::hang_up`].
    ///
    /// # Errors
    /// When there is no such call.
    fn hang_up(&self, call: CallId, agent: AgentKey) -> Result<(), NotDone>;
    /// See [`Node::call_of`].
    fn call_of(&self, leg: LegId) -> Option<CallId>;
    /// See [`Node::wish_of_call`].
    fn wish_of_call(&self, call: CallId, agent: AgentKey, what: Wanted) -> BoxFuture<'static, Result<(), NotDone>>;
    /// See [`Node::dial_out`].
    fn dial_out(
        &self,
        agent: AgentKey,
        number: PhoneNumber,
        business: Option<Business>,
    ) -> BoxFuture<'static, Result<CallId, NotDone>>;
    /// See [`Node::expected_wait`].
    fn expected_wait(&self, queue: &QueueKey) -> Option<Interval>;
}

impl<P: Ports> Desk for Node<P> {
    fn directory(&self) -> Arc<Directory> {
        Node::directory(self)
    }

    fn now(&self) -> Timestamp {
        Node::now(self)
    }

    fn change_agent(&self, agent: AgentKey, input: agent::Input, by: Actor) -> BoxFuture<'static, Result<(), NotDone>> {
        let node = self.clone();
        Box::pin(async move { Node::change_agent(&node, agent, input, by).await })
    }

    fn change_entry(
        &self,
        entry: EntryId,
        change: Change,
        seen: Option<u64>,
        by: Actor,
    ) -> BoxFuture<'static, Result<(), NotDone>> {
        let node = self.clone();
        Box::pin(async move { Node::change_entry(&node, entry, change, seen, by).await })
    }

    fn note(
        &self,
        call: CallId,
        agent: AgentKey,
        wish: note::Wish,
        by: Actor,
    ) -> BoxFuture<'static, Result<(), NotDone>> {
        let node = self.clone();
        Box::pin(async move { Node::note(&node, call, agent, wish, by).await })
    }

    fn keep_open(
        &self,
        call: CallId,
        entry: EntryId,
        keep: bool,
        by: Actor,
    ) -> BoxFuture<'static, Result<(), NotDone>> {
        let node = self.clone();
        Box::pin(async move { Node::keep_open(&node, call, entry, keep, by).await })
    }

    fn call_back(
        &self,
        entry: EntryId,
        agent: AgentKey,
        beyond_window: bool,
        seen: Option<u64>,
        by: Actor,
    ) -> BoxFuture<'static, Result<CallId, NotDone>> {
        let node = self.clone();
        Box::pin(async move { Node::call_back(&node, entry, agent, beyond_window, seen, by).await })
    }

    fn request_callback(&self, wish: CallbackWish) -> BoxFuture<'static, Result<Asked, NotDone>> {
        let node = self.clone();
        Box::pin(async move { Node::request_callback(&node, wish).await })
    }

    fn follow_up(&self, call: CallId, wish: CallbackWish, by: Actor) -> BoxFuture<'static, Result<Asked, NotDone>> {
        let node = self.clone();
        Box::pin(async move { Node::follow_up(&node, call, wish, by).await })
    }

    fn take_back_follow_up(&self, call: CallId, entry: EntryId, by: Actor) -> BoxFuture<'static, Result<(), NotDone>> {
        let node = self.clone();
        Box::pin(async move { Node::take_back_follow_up(&node, call, entry, by).await })
    }

    fn hang_up(&self, call: CallId, agent: AgentKey) -> Result<(), NotDone> {
        Node::hang_up(self, call, agent)
    }

    fn call_of(&self, leg: LegId) -> Option<CallId> {
        Node::call_of(self, leg)
    }

    fn wish_of_call(&self, call: CallId, agent: AgentKey, what: Wanted) -> BoxFuture<'static, Result<(), NotDone>> {
        let node = self.clone();
        Box::pin(async move { Node::wish_of_call(&node, call, agent, what).await })
    }

    fn dial_out(
        &self,
        agent: AgentKey,
        number: PhoneNumber,
        business: Option<Business>,
    ) -> BoxFuture<'static, Result<CallId, NotDone>> {
        let node = self.clone();
        Box::pin(async move { Node::dial_out(&node, agent, number, business).await })
    }

    fn expected_wait(&self, queue: &QueueKey) -> Option<Interval> {
        Node::expected_wait(self, queue)
    }
}

impl<P: Ports> Node<P> {
    /// Changes an agent's state, by the agent, a supervisor or a phone.
    ///
    /// # Errors
    /// [`NotDone`], with the reason in words for the person who asked.
    pub async fn change_agent(&self, agent: AgentKey, input: agent::Input, by: Actor) -> Result<(), NotDone> {
        let wish = Transaction::Agent { agent, input, by };
        self.see_through("change agent", |node| async move { node.wish(wish).await.map(drop) }).await
    }

    /// Works on an entry without a call: claim, release, outcome, reassign, reopen. Where `seen` names a version, it is
    /// refused when the entry is another by then: of two who have seen the same, one is heard.
    ///
    /// # Errors
    /// [`NotDone`], with the reason in words for the person who asked.
    pub async fn change_entry(
        &self,
        entry: EntryId,
        change: Change,
        seen: Option<u64>,
        by: Actor,
    ) -> Result<(), NotDone> {
        let wish = Transaction::Entry { entry, change, seen, by };
        self.see_through("change entry", |node| async move { node.wish(wish).await.map(drop) }).await
    }

    /// Types, saves or throws away the note of an agent on a call.
    ///
    /// # Errors
    /// [`NotDone`], with the reason in words for the person who asked.
    pub async fn note(&self, call: CallId, agent: AgentKey, wish: note::Wish, by: Actor) -> Result<(), NotDone> {
        let wish = Transaction::Note { call, agent, wish: Box::new(wish), by };
        self.see_through("note", |node| async move { node.wish(wish).await.map(drop) }).await
    }

    /// Has an entry stay open that a call would settle, or lets it be settled.
    ///
    /// # Errors
    /// [`NotDone`], with the reason in words for the person who asked.
    pub async fn keep_open(&self, call: CallId, entry: EntryId, keep: bool, by: Actor) -> Result<(), NotDone> {
        let wish = Transaction::KeepOpen { call, entry, keep, by };
        self.see_through("keep open", |node| async move { node.wish(wish).await.map(drop) }).await
    }

    /// Calls an entry back: the agent's phone rings first, then the customer is dialled. `beyond_window` is a
    /// supervisor's word that it may happen outside the dialling window; `seen` is as in [`Node::change_entry`].
    ///
    /// # Errors
    /// [`NotDone`]: somebody else has it, the number is in use, the hour is wrong …
    pub async fn call_back(
        &self,
        entry: EntryId,
        agent: AgentKey,
        beyond_window: bool,
        seen: Option<u64>,
        by: Actor,
    ) -> Result<CallId, NotDone> {
        self.see_through("call back", |node| node.call_back_now(entry, agent, beyond_window, seen, by)).await
    }

    /// Carries a wish out in a task of its own: whoever asked may go away or lose patience, but what is committed must also
    /// begin.
    pub(crate) async fn see_through<T: Send + 'static, F>(
        &self,
        name: &'static str,
        wish: impl FnOnce(Self) -> F,
    ) -> Result<T, NotDone>
    where
        F: Future<Output = Result<T, NotDone>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let work = wish(self.clone());
        self.ports().spawn(
            name,
            Box::pin(async move {
                // Nobody may be left to hear it.
                let _ = answer.send(work.await);
            }),
        );
        match patience::in_time(self, answered).await {
            Ok(Ok(answer)) => answer,
            // The task has died: what it has done is for a look to find out.
            Ok(Err(_)) | Err(NoAnswer) => Err(NotDone::NotKnownYet),
        }
    }

    async fn call_back_now(
        self,
        entry: EntryId,
        agent: AgentKey,
        beyond_window: bool,
        seen: Option<u64>,
        by: Actor,
    ) -> Result<CallId, NotDone> {
        let call = IdSource::new(self.ports().seed()).next(self.now());
        match self.wish(Transaction::CallBack { entry, agent, call, beyond_window, seen, by }).await? {
            Answer::CallBack(order) => {
                self.begin_callback(order);
                Ok(call)
            }
            Answer::Done
            | Answer::Returning
            | Answer::Requested { .. }
            | Answer::AlreadyOpen { .. }
            | Answer::LineFull(_)
            | Answer::OverLimit
            | Answer::Attempt(_)
            | Answer::Reserved(_)
            | Answer::Begun { .. }
            | Answer::Rung { .. }
            | Answer::DialOut(_)
            | Answer::Refused(_) => Err(NotDone::Refused(Refusal::NotFound(Noun::Entry))),
        }
    }

    /// Makes a callback request for somebody who has asked in another way than by a call, under the rules of every
    /// request: the number may be called, it has not asked too often, and there is none open yet.
    ///
    /// # Errors
    /// [`NotDone`], with the reason in words for the person who asked.
    pub async fn request_callback(&self, wish: CallbackWish) -> Result<Asked, NotDone> {
        let directory = self.directory();
        let world = World { directory: &directory, lines: &self.lines() };
        let promise = promise(&wish.target, &wish.number, None, self.earliest(&wish), world);
        self.ask(Transaction::Request(Box::new(self.request_of(wish, promise)))).await
    }

    /// Has the customer of a call called again at the time that an agent has agreed upon with them, under the rules of every
    /// request. One that is open already is moved to that time, and the end of the call does not settle it.
    ///
    /// # Errors
    /// [`NotDone`], with the reason in words for the person who asked.
    pub async fn follow_up(&self, call: CallId, wish: CallbackWish, by: Actor) -> Result<Asked, NotDone> {
        let promise = agreed(&wish.target, &wish.number, self.earliest(&wish), &self.directory());
        let made = Box::new(self.request_of(wish, promise));
        self.ask(Transaction::FollowUp { call, made, by }).await
    }

    /// Takes back what an agent and the customer have agreed upon in a call: the entry is as it was before.
    ///
    /// # Errors
    /// [`NotDone`], with the reason in words for the person who asked.
    pub async fn take_back_follow_up(&self, call: CallId, entry: EntryId, by: Actor) -> Result<(), NotDone> {
        let wish = Transaction::TakeBackFollowUp { call, entry, by };
        self.see_through("take back follow-up", |node| async move { node.wish(wish).await.map(drop) }).await
    }

    /// From when on the customer may be called.
    fn earliest(&self, wish: &CallbackWish) -> Timestamp {
        let now = self.now();
        wish.not_before.map_or(now, |not_before| not_before.max(now))
    }

    /// The request that a wish makes now.
    fn request_of(&self, wish: CallbackWish, promise: Window) -> RequestMade {
        let at = self.now();
        RequestMade {
            entry: IdSource::new(self.ports().seed()).next(at),
            call: None,
            number: wish.number.clone(),
            target: wish.target,
            assigned: wish.assigned,
            another_matter: wish.another_matter,
            place: at,
            promise,
            // Asked in another way: nothing was heard and no key was pressed.
            consent: Consent { at, number: wish.number, prompts: Vec::new(), key: None },
            called: None,
            queue: None,
            path: vec![wish.source],
            language: self.directory().site.language,
        }
    }

    async fn ask(&self, wish: Transaction) -> Result<Asked, NotDone> {
        match self.see_through("request callback", |node| async move { node.wish(wish).await }).await? {
            Answer::Requested { entry, promise } => Ok(Asked { entry, promise, new: true }),
            Answer::AlreadyOpen { entry, promise } => Ok(Asked { entry, promise, new: false }),
            Answer::Done
            | Answer::Returning
            | Answer::LineFull(_)
            | Answer::OverLimit
            | Answer::Attempt(_)
            | Answer::Reserved(_)
            | Answer::Begun { .. }
            | Answer::Rung { .. }
            | Answer::CallBack(_)
            | Answer::DialOut(_)
            | Answer::Refused(_) => Err(NotDone::Refused(Refusal::NotFound(Noun::Target))),
        }
    }

    /// Ends a call for this agent, as far as it is theirs.
    ///
    /// # Errors
    /// When there is no such call.
    pub fn hang_up(&self, call: CallId, agent: AgentKey) -> Result<(), NotDone> {
        if self.tell(call, Input::HangUp(agent)) { Ok(()) } else { Err(Refusal::NotFound(Noun::Call).into()) }
    }

    /// Waits for the store's word, however long it takes.
    pub(crate) async fn wish(&self, transaction: Transaction) -> Result<Answer, NotDone> {
        if !self.is_ready() {
            return Err(NotDone::Store(StoreFailed));
        }
        let answer = self.ports().store().transact(self.directory(), self.now(), transaction).await?;
        self.wake_routing();
        match answer {
            Answer::Refused(refusal) => Err(refusal.into()),
            answer @ (Answer::Done
            | Answer::Returning
            | Answer::Requested { .. }
            | Answer::AlreadyOpen { .. }
            | Answer::LineFull(_)
            | Answer::OverLimit
            | Answer::Attempt(_)
            | Answer::Reserved(_)
            | Answer::Begun { .. }
            | Answer::Rung { .. }
            | Answer::CallBack(_)
            | Answer::DialOut(_)) => Ok(answer),
        }
    }
}
