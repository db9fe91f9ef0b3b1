//! What somebody at a phone of ours means by what they have dialled.

use nohold_flow::Kind;
use nohold_model::{ExtensionKey, FlowKey, PhoneNumber, QueueKey};

use super::{Directory, StarCode};
use crate::numbers::{Dialled, EmergencyNumber, user_part};

/// What was dialled at a phone of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// The emergency services.
    Emergency(EmergencyNumber),
    /// A code that begins with `*`; a flow to be tested is a [`Meaning::Flow`].
    Code(StarCode),
    /// A colleague's phone, or one on nobody's desk.
    Extension(ExtensionKey),
    /// A queue.
    Queue(QueueKey),
    /// A main flow.
    Flow(FlowKey),
    /// A number of the public network.
    Outside(PhoneNumber),
}

impl Directory {
    /// What the text means, as a phone of ours has dialled it: the user part of a Request-URI, or the whole of it.
    /// Emergency numbers come before everything else, then star codes, then internal numbers, then the public network;
    /// nothing, where there is no such number.
    #[must_use]
    pub fn meaning(&self, dialled: &str) -> Option<Meaning> {
        let as_number = self.site.numbers.dialled(dialled);
        if let Ok(Dialled::Emergency(number)) = as_number {
            return Some(Meaning::Emergency(number));
        }
        let user = user_part(dialled);
        if user.starts_with('*') {
            return self.code(&user);
        }
        let internal = self.site.numbers.inside(dialled).and_then(|digits| self.internal(&digits));
        internal.or(match as_number {
            Ok(Dialled::Number(number)) => Some(Meaning::Outside(number)),
            Ok(Dialled::Emergency(_) | Dialled::Internal(_)) | Err(_) => None,
        })
    }

    /// The longest code that fits. Only the code that tests a flow is followed by something.
    fn code(&self, text: &str) -> Option<Meaning> {
        let fits = self.star_codes.iter().filter_map(|(code, does)| {
            let rest = text.strip_prefix(code.as_str())?;
            let meaning = match does {
                StarCode::TestFlow => Meaning::Flow(self.flow_by_number(rest)?),
                StarCode::SignIn
                | StarCode::SignOut
                | StarCode::Break
                | StarCode::NotReady
                | StarCode::Available
                | StarCode::Clear
                | StarCode::EndWrapUp
                | StarCode::EchoTest => rest.is_empty().then_some(Meaning::Code(*does))?,
            };
            Some((code.len(), meaning))
        });
        fits.max_by_key(|(length, _)| *length).map(|(_, meaning)| meaning)
    }

    fn internal(&self, digits: &str) -> Option<Meaning> {
        let extension = self.extensions.values().find(|extension| extension.number == digits);
        let queue = || self.queues.values().find(|queue| queue.number.as_deref() == Some(digits));
        extension
            .map(|extension| Meaning::Extension(extension.key.clone()))
            .or_else(|| queue().map(|queue| Meaning::Queue(queue.key.clone())))
            .or_else(|| self.flow_by_number(digits).map(Meaning::Flow))
    }

    /// The main flow whose newest version has this internal number.
    fn flow_by_number(&self, digits: &str) -> Option<FlowKey> {
        let has_it = |key: &&FlowKey| {
            self.latest_flow(key).is_some_and(|(_, document)| match &document.kind {
                Kind::Main { internal_number } => internal_number == digits,
                Kind::Sub {} => false,
            })
        };
        self.flows.keys().find(has_it).cloned()
    }
}
