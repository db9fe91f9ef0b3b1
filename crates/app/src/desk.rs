//! What agents and supervisors do: sign in, choose a state, work on the missed-call list, call back.

use std::future::Future;

use nohold_core::agent;
use nohold_core::call::Input;
use nohold_core::entry::{Actor, Change};
use nohold_core::transaction::{Answer, Noun, Refusal, Transaction};
use nohold_model::{AgentKey, CallId, EntryId, IdSource};
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

impl<P: Ports> Node<P> {
    /// Changes an agent's state, by the agent, a supervisor or a phone.
    ///
    /// # Errors
    /// [`NotDone`], with the reason in words for the person who asked.
    pub async fn change_agent(&self, agent: AgentKey, input: agent::Input, by: Actor) -> Result<(), NotDone> {
        let wish = Transaction::Agent { agent, input, by };
        self.see_through("change agent", |node| async move { node.wish(wish).await.map(drop) }).await
    }

    /// Works on an entry without a call: claim, release, outcome, reassign, reopen.
    ///
    /// # Errors
    /// [`NotDone`], with the reason in words for the person who asked.
    pub async fn change_entry(&self, entry: EntryId, change: Change, by: Actor) -> Result<(), NotDone> {
        let wish = Transaction::Entry { entry, change, by };
        self.see_through("change entry", |node| async move { node.wish(wish).await.map(drop) }).await
    }

    /// Calls an entry back: the agent's phone rings first, then the customer is dialled. `beyond_window` is a
    /// supervisor's word that it may happen outside the dialling window.
    ///
    /// # Errors
    /// [`NotDone`]: somebody else has it, the number is in use, the hour is wrong …
    pub async fn call_back(
        &self,
        entry: EntryId,
        agent: AgentKey,
        beyond_window: bool,
        by: Actor,
    ) -> Result<CallId, NotDone> {
        self.see_through("call back", |node| node.call_back_now(entry, agent, beyond_window, by)).await
    }

    /// Carries a wish out in a task of its own: whoever asked may go away or lose patience, but what is committed must also
    /// begin.
    async fn see_through<T: Send + 'static, F>(
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
        by: Actor,
    ) -> Result<CallId, NotDone> {
        let call = IdSource::new(self.ports().seed()).next(self.now());
        match self.wish(Transaction::CallBack { entry, agent, call, beyond_window, by }).await? {
            Answer::CallBack(order) => {
                self.begin_callback(order);
                Ok(call)
            }
            Answer::Done
            | Answer::Returning
            | Answer::Requested { .. }
            | Answer::AlreadyOpen { .. }
            | Answer::OverLimit
            | Answer::Attempt(_)
            | Answer::Reserved(_)
            | Answer::Begun { .. }
            | Answer::Rung { .. }
            | Answer::Refused(_) => Err(NotDone::Refused(Refusal::NotFound(Noun::Entry))),
        }
    }

    /// Puts the other side of an agent's call on hold, or takes it back.
    ///
    /// # Errors
    /// When there is no such call.
    pub fn hold(&self, call: CallId, hold: bool) -> Result<(), NotDone> {
        self.tell_live(call, Input::Hold(hold))
    }

    /// Ends an agent's call.
    ///
    /// # Errors
    /// When there is no such call.
    pub fn hang_up(&self, call: CallId) -> Result<(), NotDone> {
        self.tell_live(call, Input::HangUp)
    }

    fn tell_live(&self, call: CallId, input: Input) -> Result<(), NotDone> {
        if self.tell(call, input) { Ok(()) } else { Err(Refusal::NotFound(Noun::Call).into()) }
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
            | Answer::OverLimit
            | Answer::Attempt(_)
            | Answer::Reserved(_)
            | Answer::Begun { .. }
            | Answer::Rung { .. }
            | Answer::CallBack(_)) => Ok(answer),
        }
    }
}
