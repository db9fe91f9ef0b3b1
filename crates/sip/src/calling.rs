//! Whom a leg that we dial reaches, and what it is told of us.

use std::time::Duration;

use nohold_core::call::{Route, Shown};
use nohold_model::{ExtensionKey, LegId};
use rsipstack::sip::Header;
use rsipstack::sip::headers::untyped::PAssertedIdentity;

use crate::engine::Engine;
use crate::leg::outbound::Target;
use crate::uri::Uri;

/// A phone that has not answered an INVITE in any way within this is not there.
const PHONE_SILENT_AFTER: Duration = Duration::from_secs(4);
/// What is shown of a caller who is not known (RFC 3323 §4.1.1.3).
const ANONYMOUS: &str = "anonymous";

impl Engine {
    /// The phones of an extension, to be rung at once; nothing when none is registered.
    pub(crate) fn phones(
        &self,
        leg: LegId,
        extension: &ExtensionKey,
        shows: &Shown,
        auto_answer: bool,
    ) -> Option<Vec<Target>> {
        let phones = self.registrar().phones(extension).into_iter().filter_map(|phone| {
            let callee: Uri = phone.contact.parse().ok()?;
            let peer = phone.flow.peer.ip();
            let us = self.edge().addresses().for_peer(peer).to_string();
            let (name, user) = shown(shows);
            let mut headers = vec![supported()];
            if auto_answer {
                headers.extend(answer_by_itself(&us));
            }
            Some(Target {
                callee: callee.to_library(),
                flow: phone.flow,
                from: (name, Uri::sip(Some(&user), &us, None).to_library()),
                contact: self.edge().local_contact(None, phone.flow.peer, phone.flow.transport).to_library(),
                headers,
                credentials: None,
                local: self.local(leg, peer)?,
                // A binding that nobody answers for any more holds up neither agents nor callers.
                silent_after: Some(PHONE_SILENT_AFTER),
            })
        });
        let phones: Vec<Target> = phones.collect();
        (!phones.is_empty()).then_some(phones)
    }

    /// The ways to a number of the public network, one after the other; trunks that do not seem to be there come last.
    pub(crate) fn ways(&self, leg: LegId, routes: &[Route]) -> Vec<Vec<Target>> {
        let mut ways: Vec<(bool, Target)> = Vec::new();
        for route in routes {
            let Some((trunk, flows, up)) = self.trunks().way(&route.trunk) else { continue };
            for flow in flows {
                let peer = flow.peer.ip();
                let us = self.edge().addresses().for_peer(peer).to_string();
                let account = trunk.credentials.as_ref().map(|credentials| credentials.user.as_str());
                let shown = route.shows.as_deref();
                let domain = if trunk.register.is_some() { trunk.host.as_str() } else { us.as_str() };
                let (from, asserted) = match (shown, account, trunk.assert_identity) {
                    (Some(shown), Some(account), true) => (account, Some(shown)),
                    (Some(shown), None, true) => (shown, Some(shown)),
                    (Some(shown), _, false) => (shown, None),
                    (None, account, _) => (account.unwrap_or("nohold"), None),
                };
                let mut headers = vec![supported()];
                headers.extend(asserted.map(|number| asserted_identity(number, domain)));
                let Some(local) = self.local(leg, peer) else { continue };
                let target = Target {
                    callee: trunk.uri(Some(&route.dial)).to_library(),
                    flow,
                    from: (None, Uri::sip(Some(from), domain, None).to_library()),
                    contact: self.edge().local_contact(account, flow.peer, flow.transport).to_library(),
                    headers,
                    credentials: trunk.credentials.clone(),
                    local,
                    silent_after: Some(self.trunk_silent_after()),
                };
                ways.push((!up, target));
            }
        }
        ways.sort_by_key(|(last, _)| *last);
        ways.into_iter().map(|(_, target)| vec![target]).collect()
    }
}

/// Display name and user part.
fn shown(shows: &Shown) -> (Option<String>, String) {
    match shows {
        Shown::Nothing => (Some("Anonymous".into()), ANONYMOUS.into()),
        Shown::Number(number) => (None, number.as_str().to_owned()),
        Shown::Colleague { number, name } => (Some(name.clone()), number.clone()),
    }
}

fn supported() -> Header {
    Header::Supported("timer".into())
}

fn asserted_identity(number: &str, domain: &str) -> Header {
    let uri = Uri::sip(Some(number), domain, None);
    Header::PAssertedIdentity(PAssertedIdentity::from(format!("<{uri}>")))
}

/// What makes phones answer by themselves; there is no one standard, so the two that most of them know.
fn answer_by_itself(us: &str) -> [Header; 2] {
    [
        Header::CallInfo(format!("<sip:{us}>;answer-after=0").into()),
        Header::AlertInfo(format!("<http://{us}>;info=alert-autoanswer;delay=0").into()),
    ]
}
