//! Calls that our own phones make: to colleagues, queues and flows, to the public network, and star codes.

use std::pin::pin;

use nohold_core::agent::Input as Wish;
use nohold_core::call::{Call, Command, FEATURE_PROMISE, HangUp, Input, NewCall, Outside, World};
use nohold_core::directory::{InboundTarget, Meaning, StarCode};
use nohold_core::entry::Actor;
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{AgentKey, CallId, ExtensionKey, IdSource, LegId};

use crate::desk::NotDone;
use crate::node::Node;
use crate::patience;
use crate::ports::{Clock, Ports, Telephony};

impl<P: Ports> Node<P> {
    /// A phone of ours has dialled something. Before the node is ready, only the emergency services are called.
    pub(crate) fn own_phone_calls(&self, leg: LegId, extension: &ExtensionKey, to: &str) {
        let directory = self.directory();
        let refuse = |how| self.ports().telephony().execute(Command::HangUp { leg, how });
        let target = match directory.meaning(to) {
            Some(Meaning::Emergency(number)) => {
                self.call_outside(leg, extension.clone(), Outside::Emergency(number));
                return;
            }
            _ if !self.is_ready() => return refuse(HangUp::Unavailable),
            // The account was deleted a moment ago.
            _ if !directory.extensions.contains_key(extension) => return refuse(HangUp::Forbidden),
            None => return refuse(HangUp::Unknown),
            Some(Meaning::Code(code)) => {
                self.star_code(leg, extension, code);
                return;
            }
            Some(Meaning::Outside(number)) => {
                self.call_outside(leg, extension.clone(), Outside::Number(number));
                return;
            }
            Some(Meaning::Extension(extension)) => InboundTarget::Extension(extension),
            Some(Meaning::Queue(queue)) => InboundTarget::Queue(queue),
            Some(Meaning::Flow(flow)) => InboundTarget::Flow(flow),
        };
        let lines = self.lines();
        let world = World { directory: &directory, lines: &lines };
        let (call, effects) = Call::from_colleague(self.own_call(leg), extension.clone(), target, self.now(), world);
        self.drive(call, effects);
    }

    fn own_call(&self, leg: LegId) -> NewCall {
        let id = IdSource::new(self.ports().seed()).next(self.now());
        NewCall { id, leg, number: None, seed: self.ports().seed() }
    }

    fn call_outside(&self, leg: LegId, extension: ExtensionKey, to: Outside) {
        let (directory, lines) = (self.directory(), self.lines());
        let world = World { directory: &directory, lines: &lines };
        let (call, effects) = Call::outside(&self.own_call(leg), extension, to, self.now(), world);
        self.drive(call, effects);
    }

    /// What the code does is committed first; then the caller hears that it is done, or that it is not possible now.
    fn star_code(&self, leg: LegId, extension: &ExtensionKey, code: StarCode) {
        let (directory, lines) = (self.directory(), self.lines());
        let world = World { directory: &directory, lines: &lines };
        let new = self.own_call(leg);
        let (call, effects) = Call::feature(&new, extension, code, self.now(), world);
        let wish = code.wish().zip(directory.agent_of(extension));
        if let Some((_, agent)) = &wish {
            // Before anything of the call can happen, also its end.
            self.is_at_code(new.id, agent.key.clone());
        }
        self.drive(call, effects);
        if let Some((wish, agent)) = wish {
            let (node, agent) = (self.clone(), agent.key.clone());
            self.ports().spawn("star code", Box::pin(async move { node.carry_out(new.id, agent, wish).await }));
        }
    }

    /// Whoever has hung up meanwhile hears nothing; what was wished stands all the same.
    async fn carry_out(self, call: CallId, agent: AgentKey, input: Wish) {
        let promise = FEATURE_PROMISE;
        let by = Actor::Agent(agent.clone());
        let mut done = pin!(self.wish(Transaction::Agent { agent, input, by }));
        let mut word = patience::FIRST_WORD;
        let done = loop {
            let alarm = self.ports().clock().sleep_until(self.now() + word);
            tokio::select! {
                biased;
                done = &mut done => break done,
                () = alarm => drop(self.tell(call, Input::StoreSlow { promise })),
            }
            word = patience::NEXT_WORD;
        };
        self.tell(
            call,
            match done {
                Ok(answer) => Input::Committed { promise, answer },
                Err(NotDone::Refused(refusal)) => Input::Committed { promise, answer: Answer::Refused(refusal) },
                Err(NotDone::Store(_) | NotDone::NotKnownYet) => Input::StoreFailed { promise },
            },
        );
    }
}
