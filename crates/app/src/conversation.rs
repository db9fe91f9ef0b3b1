//! What people at the desk wish of conversations: hand over, consult, press keys, dial out.

use nohold_core::call::{Call, Wanted, WishAnswer, World};
use nohold_core::entry::Business;
use nohold_core::transaction::{Answer, DialOutOrder, Noun, Refusal, Transaction};
use nohold_core::wait::Interval;
use nohold_model::{AgentKey, CallId, IdSource, PhoneNumber, QueueKey};

use crate::desk::NotDone;
use crate::node::Node;
use crate::patience::{self, NoAnswer};
use crate::ports::{Ports, StoreFailed};

impl<P: Ports> Node<P> {
    /// Tells a call what is wished of this agent's conversation, and waits for its answer: where the store has to agree,
    /// for the store's.
    ///
    /// # Errors
    /// [`NotDone`], with the reason in words for the person who asked.
    pub async fn wish_of_call(&self, call: CallId, agent: AgentKey, what: Wanted) -> Result<(), NotDone> {
        if !self.is_ready() {
            return Err(NotDone::Store(StoreFailed));
        }
        let Some(answer) = self.ask_call(call, agent, what) else { return Err(Refusal::NotFound(Noun::Call).into()) };
        match patience::in_time(self, answer).await {
            Ok(Ok(WishAnswer::Granted)) => Ok(()),
            Ok(Ok(WishAnswer::Refused(refusal))) => Err(refusal.into()),
            Ok(Ok(WishAnswer::NotSaved)) => Err(NotDone::Store(StoreFailed)),
            // The call has ended.
            Ok(Err(_)) => Err(Refusal::NotFound(Noun::Call).into()),
            Err(NoAnswer) => Err(NotDone::NotKnownYet),
        }
    }

    /// An agent dials a number: the agent's own phone rings first.
    ///
    /// # Errors
    /// [`NotDone`]: the number may not be called, is in use, the agent is engaged …
    pub async fn dial_out(
        &self,
        agent: AgentKey,
        number: PhoneNumber,
        business: Option<Business>,
    ) -> Result<CallId, NotDone> {
        self.see_through("dial out", |node| node.dial_out_now(agent, number, business)).await
    }

    async fn dial_out_now(
        self,
        agent: AgentKey,
        number: PhoneNumber,
        business: Option<Business>,
    ) -> Result<CallId, NotDone> {
        let mut ids = IdSource::new(self.ports().seed());
        let (call, leg) = (ids.next(self.now()), ids.next(self.now()));
        match self.wish(Transaction::DialOut { agent, number, business, call, leg }).await? {
            Answer::DialOut(order) => {
                self.begin_dial_out(*order);
                Ok(call)
            }
            _ => Err(NotDone::Refused(Refusal::NotFound(Noun::Agent))),
        }
    }

    fn begin_dial_out(&self, order: DialOutOrder) {
        let (directory, lines) = (self.directory(), self.lines());
        let world = World { directory: &directory, lines: &lines };
        let (call, effects) = Call::dial_out(order, self.ports().seed(), self.now(), world);
        self.drive(call, effects);
    }

    /// How long somebody would wait who came into this queue now, in seconds; nothing where nobody serves it.
    #[must_use]
    pub fn expected_wait(&self, queue: &QueueKey) -> Option<Interval> {
        let directory = self.directory();
        self.lines().wait_of_newcomer(directory.queue(queue)?)
    }
}
