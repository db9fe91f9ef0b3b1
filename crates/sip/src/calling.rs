//! Whom a leg that we dial reaches, and what it is told of us.

use std::time::Duration;

use nohold_core::call::{Route, Shown};
use nohold_model::{Country, ExtensionKey, LegId};
use rsipstack::sip::Header;
use rsipstack::sip::headers::untyped::PAssertedIdentity;

use crate::engine::Engine;
use crate::flow::Flow;
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
            let (name, user) = shown(shows, self.home());
            let mut headers = vec![supported()];
            if auto_answer {
                headers.extend(answer_by_itself(&us));
            }
            Some(Target {
                callee: callee.to_library(),
                flow: phone.flow,
                from: (name, Uri::sip(Some(&user), &us, self.own_port(phone.flow)).to_library()),
                contact: self.edge().local_contact(None, phone.flow.peer, phone.flow.transport).to_library(),
                headers,
                credentials: None,
                local: self.local(leg, peer)?,
                // A binding that nobody answers for any more holds up neither agents nor callers.
                silent_after: Some(PHONE_SILENT_AFTER),
                trunk: None,
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
                let port = if trunk.register.is_some() { None } else { self.own_port(flow) };
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
                    from: (None, Uri::sip(Some(from), domain, port).to_library()),
                    contact: self.edge().local_contact(account, flow.peer, flow.transport).to_library(),
                    headers,
                    credentials: trunk.credentials.clone(),
                    local,
                    silent_after: Some(self.trunk_silent_after()),
                    trunk: Some(route.trunk.clone()),
                };
                ways.push((!up, target));
            }
        }
        ways.sort_by_key(|(last, _)| *last);
        ways.into_iter().map(|(_, target)| vec![target]).collect()
    }

    /// The port by which this peer knows us, where it is not the one that is meant without (RFC 3261 §19.1.2).
    fn own_port(&self, flow: Flow) -> Option<u16> {
        let port = self.edge().addresses().sent_by(flow.peer.ip(), flow.transport).port();
        (port != 5_060).then_some(port)
    }
}

/// Display name and user part. A number of the own country is shown as everybody there writes it and would dial it.
fn shown(shows: &Shown, home: Option<Country>) -> (Option<String>, String) {
    match shows {
        Shown::Nothing => (Some("Anonymous".into()), ANONYMOUS.into()),
        Shown::Number(number) if home.is_some() && number.country() == home => (None, number.as_dialled_at_home()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_the_own_country_is_shown_as_it_is_dialled_there() {
        let user = |number: &str| shown(&Shown::Number(number.parse().unwrap()), Country::new("CN").ok()).1;
        assert_eq!(user("+8613800138000"), "13800138000");
        assert_eq!(user("+862161230000"), "02161230000");
        assert_eq!(user("+4930123456"), "+4930123456");
        assert_eq!(shown(&Shown::Number("+8613800138000".parse().unwrap()), None).1, "+8613800138000");
    }
}
