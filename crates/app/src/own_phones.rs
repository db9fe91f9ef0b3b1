//! Calls that our own phones make: to colleagues, queues and flows, to the public network, and star codes.

use nohold_core::agent::{Input as Wish, Mode};
use nohold_core::call::{Call, Command, HangUp, NewCall, Outside, World};
use nohold_core::directory::{InboundTarget, Meaning, StarCode};
use nohold_core::entry::Actor;
use nohold_model::{ExtensionKey, IdSource, LegId};

use crate::node::Node;
use crate::ports::{Ports, Telephony};

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
        let Some(wish) = wish(code) else {
            self.confirm(leg, code, code == StarCode::EchoTest);
            return;
        };
        let Some(agent) = self.directory().agent_of(extension).map(|agent| agent.key.clone()) else {
            self.confirm(leg, code, false);
            return;
        };
        self.expect_leg(leg);
        let node = self.clone();
        self.ports().spawn(
            "star code",
            Box::pin(async move {
                let done = node.change_agent(agent.clone(), wish, Actor::Agent(agent)).await.is_ok();
                // Whoever has hung up meanwhile hears nothing; what was wished stands all the same.
                if node.is_expected(leg) {
                    node.confirm(leg, code, done);
                }
            }),
        );
    }

    fn confirm(&self, leg: LegId, code: StarCode, done: bool) {
        let (directory, lines) = (self.directory(), self.lines());
        let world = World { directory: &directory, lines: &lines };
        let (call, effects) = Call::feature(&self.own_call(leg), code, done, self.now(), world);
        self.drive(call, effects);
    }
}

/// What an agent wishes by a star code; nothing for codes that are no wish of an agent.
fn wish(code: StarCode) -> Option<Wish> {
    Some(match code {
        StarCode::SignIn => Wish::SignIn,
        StarCode::SignOut => Wish::SignOut,
        StarCode::Break => Wish::Choose(Mode::Break(String::new())),
        StarCode::NotReady => Wish::Choose(Mode::NotReady),
        StarCode::Available => Wish::Choose(Mode::Available),
        StarCode::Clear => Wish::Clear,
        StarCode::EndWrapUp => Wish::EndWrapUp,
        StarCode::EchoTest | StarCode::TestFlow => return None,
    })
}
