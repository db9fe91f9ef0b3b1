//! Trunks: where they are, whether they are there, and our registration with them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nohold_core::configuration::Network;
use nohold_model::TrunkKey;
use rsipstack::sip::{Header, Method, Response, StatusCodeKind};

use crate::addresses::Transport;
use crate::client::Question;
use crate::engine::Engine;
use crate::flow::Flow;
use crate::leg::values;
use crate::settings::Trunk;
use crate::uri::Uri;

/// The port of SIP over UDP and TCP (RFC 3261 §19.1.2).
const SIP_PORT: u16 = 5_060;
/// The trunks are looked after this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A host name is looked up anew after this.
const RESOLVE_EVERY: Duration = Duration::from_secs(60);
/// A look-up, a question or a registration that failed is repeated after this, then after twice that, and so on.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// Numbers each configuration of each trunk.
static GENERATIONS: AtomicU64 = AtomicU64::new(0);

/// How the trunks stand.
#[derive(Default)]
pub(crate) struct Trunks {
    state: Mutex<BTreeMap<TrunkKey, State>>,
}

/// How one trunk stands.
#[derive(Debug)]
struct State {
    trunk: Trunk,
    /// Where its host is, as last looked up.
    addresses: Vec<SocketAddr>,
    /// It has not answered, or our registration does not stand.
    down: bool,
    /// When its host is to be looked up; never, where that is an address.
    resolve_at: Option<Instant>,
    ask_at: Option<Instant>,
    register_at: Option<Instant>,
    resolving: Pause,
    asking: Pause,
    registering: Pause,
    /// Which of all that were ever configured it is: what was begun for another is not for this one.
    generation: u64,
    /// The series of our registrations (RFC 3261 §10.2.4).
    call_id: String,
    cseq: u32,
    /// Something is being done for it.
    busy: bool,
}

/// The pause before the next try of something that failed, twice as long each time.
#[derive(Debug)]
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Pause(FIRST_PAUSE)
    }
}

impl Pause {
    fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        pause
    }
}

/// A trunk as it was when something was begun for it.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    key: TrunkKey,
    generation: u64,
}

/// What is to be done for a trunk now.
enum Due {
    Resolve,
    Ask,
    Register,
}

impl Trunks {
    /// Replaces the trunks; those that stay as they were keep what is known of them.
    pub(crate) fn configure(&self, trunks: &BTreeMap<TrunkKey, Trunk>) {
        let mut old = std::mem::take(&mut *self.lock());
        let now = Instant::now();
        let new = trunks.iter().map(|(key, trunk)| {
            let kept = old.remove(key).filter(|state| is_same(&state.trunk, trunk));
            let state = match kept {
                Some(state) => State { trunk: trunk.clone(), ..state },
                None => State::new(trunk.clone(), now),
            };
            (key.clone(), state)
        });
        *self.lock() = new.collect();
    }

    /// The trunk whose calls come from this address.
    pub(crate) fn by_address(&self, address: IpAddr) -> Option<TrunkKey> {
        let address = address.to_canonical();
        let trunks = self.lock();
        let named = trunks.iter().find(|(_, state)| state.trunk.from.iter().any(|network| network.contains(address)));
        let found = named.or_else(|| {
            trunks
                .iter()
                .find(|(_, state)| state.trunk.from_host && state.addresses.iter().any(|at| at.ip() == address))
        });
        found.map(|(key, _)| key.clone())
    }

    /// Where a trunk is, and whether it seems to be there.
    pub(crate) fn way(&self, key: &TrunkKey) -> Option<(Trunk, Vec<Flow>, bool)> {
        let trunks = self.lock();
        let state = trunks.get(key)?;
        let flow = |peer: &SocketAddr| Flow { peer: *peer, transport: state.trunk.transport };
        Some((state.trunk.clone(), state.addresses.iter().map(flow).collect(), !state.down))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TrunkKey, State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what came of an errand; nothing where the trunk is another by now.
    fn note(&self, errand: &Errand, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.lock().get_mut(&errand.key).filter(|state| state.generation == errand.generation) {
            change(state);
        }
    }

    /// The same as `way`, for an errand.
    fn way_of(&self, errand: &Errand) -> Option<(Trunk, Vec<Flow>, bool)> {
        let current = self.lock().get(&errand.key).is_some_and(|state| state.generation == errand.generation);
        self.way(&errand.key).filter(|_| current)
    }

    /// What is due, each marked as being done.
    fn due(&self, now: Instant) -> Vec<(Errand, Due)> {
        let mut trunks = self.lock();
        let idle = trunks.iter_mut().filter(|(_, state)| !state.busy);
        let due = idle.filter_map(|(key, state)| {
            let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
            let due = if is_due(state.resolve_at) {
                Due::Resolve
            } else if state.addresses.is_empty() {
                return None;
            } else if is_due(state.register_at) {
                Due::Register
            } else if is_due(state.ask_at) {
                Due::Ask
            } else {
                return None;
            };
            state.busy = true;
            Some((Errand { key: key.clone(), generation: state.generation }, due))
        });
        due.collect()
    }
}

/// The same connection: only what concerns calls may differ.
fn is_same(one: &Trunk, other: &Trunk) -> bool {
    let connection = |trunk: &Trunk| {
        (trunk.host.clone(), trunk.port, trunk.transport, trunk.credentials.clone(), trunk.register, trunk.ask_every)
    };
    connection(one) == connection(other)
}

impl State {
    fn new(trunk: Trunk, now: Instant) -> Self {
        // An address needs no look-up: its calls are known from the first moment.
        let address = trunk.host.parse::<IpAddr>().ok();
        let address = address.map(|address| SocketAddr::new(address, trunk.port.unwrap_or(SIP_PORT)));
        State {
            addresses: address.into_iter().collect(),
            // Before the first registration the other side would refuse us.
            down: trunk.register.is_some(),
            resolve_at: address.is_none().then_some(now),
            ask_at: trunk.ask_every.map(|_| now),
            register_at: trunk.register.map(|_| now),
            resolving: Pause::default(),
            asking: Pause::default(),
            registering: Pause::default(),
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
            call_id: format!("nohold-{:016x}", getrandom::u64().unwrap_or_default()),
            cseq: 0,
            busy: false,
            trunk,
        }
    }

    fn registration_failed(&mut self, now: Instant) {
        self.down = true;
        self.register_at = Some(now + self.registering.next());
    }
}

/// Looks after the trunks for as long as the engine runs.
pub(crate) async fn watch(engine: Engine) {
    loop {
        for (errand, due) in engine.trunks().due(Instant::now()) {
            let engine = engine.clone();
            engine.tasks().spawn("trunk", async move {
                match due {
                    Due::Resolve => engine.resolve(&errand).await,
                    Due::Ask => engine.ask_trunk(&errand).await,
                    Due::Register => engine.register_with(&errand).await,
                }
                engine.trunks().note(&errand, |state| state.busy = false);
            });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

impl Engine {
    async fn resolve(&self, errand: &Errand) {
        let Some((trunk, ..)) = self.trunks().way_of(errand) else { return };
        let found = tokio::net::lookup_host((trunk.host.as_str(), trunk.port.unwrap_or(SIP_PORT))).await;
        let now = Instant::now();
        match found {
            Ok(found) => {
                let addresses: Vec<SocketAddr> = found.collect();
                self.trunks().note(errand, |state| {
                    state.resolve_at = Some(now + RESOLVE_EVERY);
                    state.resolving = Pause::default();
                    state.addresses = addresses;
                });
            }
            Err(error) => {
                tracing::warn!(trunk = %errand.key, %error, "the host of a trunk is not found");
                // The addresses that are known may well serve on.
                self.trunks().note(errand, |state| state.resolve_at = Some(now + state.resolving.next()));
            }
        }
        self.trust_trunks();
    }

    /// Trunks are not limited like strangers.
    pub(crate) fn trust_trunks(&self) {
        let trunks = self.trunks().lock();
        let own = trunks.values().flat_map(|state| state.trunk.from.iter().copied());
        let found = trunks.values().flat_map(|state| state.addresses.iter().map(|at| Network::single(at.ip())));
        let all = own.chain(found).collect();
        drop(trunks);
        self.edge().set_trusted(all);
    }

    async fn ask_trunk(&self, errand: &Errand) {
        let Some((trunk, flows, was_up)) = self.trunks().way_of(errand) else { return };
        let Some(flow) = flows.first().copied() else { return };
        // Any answer is a sign of life.
        let answer = self.ask(Question::options(&trunk.uri(None), flow)).await;
        let now = Instant::now();
        match answer {
            Ok(_) => {
                if !was_up && trunk.register.is_none() {
                    tracing::info!(trunk = %errand.key, "the trunk answers");
                }
                self.trunks().note(errand, |state| {
                    state.ask_at = trunk.ask_every.map(|every| now + every);
                    state.asking = Pause::default();
                    if state.trunk.register.is_none() {
                        state.down = false;
                    }
                });
            }
            Err(error) => {
                if was_up {
                    tracing::warn!(trunk = %errand.key, %error, "the trunk does not answer");
                }
                self.trunks().note(errand, |state| {
                    // Where we register, the registration says whether the trunk is there.
                    state.down |= trunk.register.is_none();
                    state.ask_at = Some(now + state.asking.next());
                });
            }
        }
    }

    async fn register_with(&self, errand: &Errand) {
        let Some((trunk, flows, was_up)) = self.trunks().way_of(errand) else { return };
        let (Some(flow), Some(wanted)) = (flows.first().copied(), trunk.register) else { return };
        let mut series = None;
        self.trunks().note(errand, |state| {
            state.cseq += 3;
            series = Some((state.call_id.clone(), state.cseq));
        });
        let user = trunk.credentials.as_ref().map(|credentials| credentials.user.as_str());
        let contact = self.edge().local_contact(user, flow.peer, flow.transport);
        let question = Question {
            method: Method::Register,
            uri: trunk.uri(None),
            about: Some(trunk.uri(user)),
            flow,
            headers: vec![Header::Contact(format!("<{contact}>").into()), Header::Expires(wanted.to_string().into())],
            credentials: trunk.credentials.as_ref(),
            series,
        };
        let answer = self.ask(question).await;
        let now = Instant::now();
        match answer {
            Ok(response) if response.status_code.kind() == StatusCodeKind::Successful => {
                if !was_up {
                    tracing::info!(trunk = %errand.key, "registered with the trunk");
                }
                let granted = granted(&response, &contact.to_string()).unwrap_or(wanted);
                self.trunks().note(errand, |state| {
                    state.registering = Pause::default();
                    state.down = false;
                    state.register_at = Some(now + renew_after(granted));
                });
            }
            Ok(response) if u16::from(response.status_code.clone()) == 423 => {
                let least = values(&response, "Min-Expires").next().and_then(|value| value.trim().parse().ok());
                self.trunks().note(errand, |state| {
                    state.trunk.register = Some(least.unwrap_or(wanted).clamp(wanted, 86_400));
                    state.registration_failed(now);
                });
            }
            Ok(response) => {
                let status = u16::from(response.status_code.clone());
                tracing::warn!(trunk = %errand.key, status, "the trunk refuses our registration: check user and password");
                self.trunks().note(errand, |state| state.registration_failed(now));
            }
            Err(error) => {
                tracing::warn!(trunk = %errand.key, %error, "the trunk does not answer our registration");
                self.trunks().note(errand, |state| state.registration_failed(now));
            }
        }
    }
}

impl Trunk {
    /// The URI of somebody there, or of the trunk itself.
    pub(crate) fn uri(&self, user: Option<&str>) -> Uri {
        let uri = Uri::sip(user, &self.host, self.port);
        match self.transport {
            Transport::Udp => uri,
            Transport::Tcp => uri.with("transport", Some("tcp")),
        }
    }
}

/// How long the registration was granted: our own Contact's `expires`, else that of the response (RFC 3261 §10.2.4).
fn granted(response: &Response, contact: &str) -> Option<u32> {
    let own = values(response, "Contact").find(|value| value.contains(contact)).and_then(|value| {
        let (_, rest) = value.split_once(contact)?;
        let (_, value) = rest.split_once("expires=")?;
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    own.or_else(|| values(response, "Expires").next()?.trim().parse().ok())
}

/// Well before its end, and with time for a second try.
fn renew_after(granted: u32) -> Duration {
    let granted = Duration::from_secs(granted.max(7).into());
    (granted * 3 / 4).min(granted.saturating_sub(Duration::from_secs(5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunk(host: &str) -> Trunk {
        Trunk {
            host: host.into(),
            port: None,
            transport: Transport::Udp,
            credentials: None,
            register: None,
            from: vec!["198.51.100.0/24".parse().unwrap()],
            from_host: true,
            inbound: None,
            trusted_identity: true,
            assert_identity: false,
            ask_every: None,
            most_calls: None,
        }
    }

    fn found(trunks: &Trunks, key: &TrunkKey) {
        let state_addresses = vec!["192.0.2.9:5060".parse().unwrap()];
        trunks.lock().get_mut(key).unwrap().addresses = state_addresses;
    }

    #[test]
    fn a_trunk_is_known_by_its_networks_and_by_where_its_host_is() {
        let trunks = Trunks::default();
        let key = TrunkKey::new("carrier").unwrap();
        trunks.configure(&BTreeMap::from([(key.clone(), trunk("carrier.example"))]));
        found(&trunks, &key);
        for (address, known) in
            [("198.51.100.7", true), ("192.0.2.9", true), ("::ffff:192.0.2.9", true), ("192.0.2.8", false)]
        {
            assert_eq!(trunks.by_address(address.parse().unwrap()).is_some(), known, "{address}");
        }
    }

    #[test]
    fn a_trunk_that_stays_keeps_what_is_known_of_it() {
        let trunks = Trunks::default();
        let key = TrunkKey::new("carrier").unwrap();
        trunks.configure(&BTreeMap::from([(key.clone(), trunk("a.example"))]));
        found(&trunks, &key);
        let changed = Trunk { assert_identity: true, ..trunk("a.example") };
        trunks.configure(&BTreeMap::from([(key.clone(), changed)]));
        assert_eq!(trunks.way(&key).unwrap().1.len(), 1);
        trunks.configure(&BTreeMap::from([(key.clone(), trunk("b.example"))]));
        assert_eq!(trunks.way(&key).unwrap().1.len(), 0);
    }

    #[test]
    fn a_registration_is_renewed_well_before_its_end() {
        assert_eq!(renew_after(3_600), Duration::from_secs(2_700));
        assert_eq!(renew_after(60), Duration::from_secs(45));
        assert_eq!(renew_after(12), Duration::from_secs(7));
        assert_eq!(renew_after(0), Duration::from_secs(2));
    }

    #[test]
    fn pauses_grow_and_each_errand_has_its_own() {
        let mut state = State::new(trunk("a.example"), Instant::now());
        let pauses: Vec<u64> = (0..8).map(|_| state.registering.next().as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 120, 120]);
        assert_eq!(state.asking.next().as_secs(), 2);
        state.registration_failed(Instant::now());
        assert!(state.down);
    }

    #[test]
    fn what_comes_of_an_errand_for_a_trunk_that_is_another_by_now_is_ignored() {
        let trunks = Trunks::default();
        let key = TrunkKey::new("carrier").unwrap();
        trunks.configure(&BTreeMap::from([(key.clone(), trunk("a.example"))]));
        let (errand, _) = trunks.due(Instant::now()).pop().unwrap();
        trunks.configure(&BTreeMap::from([(key.clone(), trunk("b.example"))]));
        trunks.note(&errand, |state| state.addresses = vec!["192.0.2.9:5060".parse().unwrap()]);
        assert!(trunks.by_address("192.0.2.9".parse().unwrap()).is_none());
        assert!(trunks.way_of(&errand).is_none());
        // Away and back again is another one, too.
        let (errand, _) = trunks.due(Instant::now()).pop().unwrap();
        trunks.configure(&BTreeMap::new());
        trunks.configure(&BTreeMap::from([(key, trunk("b.example"))]));
        assert!(trunks.way_of(&errand).is_none());
    }
}
