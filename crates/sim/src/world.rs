//! One history: people call, agents work, things fail, and every step is looked at.

mod conversations;
mod list;

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use fastrand::Rng;
use futures::future::BoxFuture;
use nohold_app::desk::NotDone;
use nohold_app::ports::{Clock as _, Ports};
use nohold_app::{Node, Settings};
use nohold_core::agent::{Input as AgentInput, Mode};
use nohold_core::call::Wanted;
use nohold_core::entry::Actor;
use nohold_core::fact::Dated;
use nohold_model::{AgentKey, ExtensionKey, IdSource, Millis, PhoneNumber, Timestamp, TrunkKey};

use crate::clock::VirtualClock;
use crate::executor::{Executor, Nursery};
use crate::faults::Fault;
use crate::invariants::{FarEnd, Sight, Steps, Violation};
use crate::phones::{EMERGENCY, Phones};
use crate::reach::Reach;
use crate::scenario::{CARRIER, Scenario};
use crate::store::{MemoryStore, Weather};

/// Histories begin around here: Monday, 2026-03-02, 08:00 in Shanghai.
const FIRST_MONDAY: Timestamp = Timestamp::from_millis(1_772_409_600_000);
/// After the last step everybody goes home within this.
const EVENING: Millis = Millis::hours(2);

/// What a run is made of.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The seed of all chance.
    pub seed: u64,
    /// How many steps.
    pub steps: u32,
    /// A fault that is planted.
    pub fault: Option<Fault>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// What did not hold, with the step in which it was seen.
    pub violation: Option<(u32, Violation)>,
    /// What was seen.
    pub reach: Reach,
    /// When the history ended.
    pub ended: Timestamp,
    /// The facts before the violation, the last one last.
    pub history: Vec<Dated>,
}

/// How many facts a report shows.
const HISTORY: usize = 60;

/// The ports of a simulated node.
#[derive(Clone)]
struct FakePorts {
    clock: VirtualClock,
    store: MemoryStore,
    phones: Phones,
    nursery: Nursery,
    seeds: Arc<Mutex<Rng>>,
}

impl Ports for FakePorts {
    type Telephony = Phones;
    type Store = MemoryStore;
    type Clock = VirtualClock;

    fn telephony(&self) -> &Phones {
        &self.phones
    }

    fn store(&self) -> &MemoryStore {
        &self.store
    }

    fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    fn spawn(&self, _name: &'static str, task: BoxFuture<'static, ()>) {
        self.nursery.spawn(task);
    }

    fn seed(&self) -> u64 {
        self.seeds.lock().unwrap_or_else(PoisonError::into_inner).u64(..)
    }
}

/// The world of one history.
struct World {
    rng: Rng,
    scenario: Scenario,
    clock: VirtualClock,
    store: MemoryStore,
    phones: Phones,
    seeds: Arc<Mutex<Rng>>,
    executor: Executor,
    node: Option<Node<FakePorts>>,
    /// When a dead process is started again.
    up_again: Option<Timestamp>,
    steps: Steps,
    reach: Arc<Mutex<Reach>>,
    next_caller: Timestamp,
}

/// Runs one history.
///
/// # Errors
/// When the scenario itself cannot be set up.
pub fn run(plan: Plan) -> anyhow::Result<Report> {
    let mut world = World::new(plan).context("setting the scenario up")?;
    let violation = world.live(plan.steps);
    let mut reach = world.reach.lock().unwrap_or_else(PoisonError::into_inner).clone();
    reach.add(&world.phones.state().reach);
    let inner = world.store.inner();
    reach.add(&inner.reach);
    crate::reach::facts(&inner.tables, &mut reach);
    let facts = &inner.tables.facts;
    let history = facts.get(facts.len().saturating_sub(HISTORY)..).unwrap_or_default().to_vec();
    drop(inner);
    Ok(Report { seed: plan.seed, violation, reach, ended: world.clock.now(), history })
}

impl World {
    fn new(plan: Plan) -> anyhow::Result<World> {
        let mut rng = Rng::with_seed(plan.seed);
        let scenario = Scenario::draw(&mut rng)?;
        // Some histories begin in the morning, some before closing, some at night.
        let start = FIRST_MONDAY + Millis::minutes(*rng.choice(&[0, 60, 240, 690, 710, 900]).unwrap_or(&60));
        let clock = VirtualClock::showing(start);
        let store = MemoryStore::new(clock.clone(), rng.u64(..), plan.fault);
        let phones = Phones::new(clock.clone(), rng.u64(..));
        let mut world = World {
            seeds: Arc::new(Mutex::new(Rng::with_seed(rng.u64(..)))),
            rng,
            scenario,
            clock,
            store,
            phones,
            executor: Executor::default(),
            node: None,
            up_again: None,
            steps: Steps::default(),
            reach: Arc::default(),
            next_caller: start,
        };
        world.start();
        for agent in world.scenario.agents.clone() {
            if world.rng.u8(0..4) > 0 {
                world.agent_does(&agent, AgentInput::SignIn);
            }
        }
        Ok(world)
    }

    /// The process starts.
    fn start(&mut self) {
        let ports = FakePorts {
            clock: self.clock.clone(),
            store: self.store.clone(),
            phones: self.phones.clone(),
            nursery: self.executor.nursery(),
            seeds: Arc::clone(&self.seeds),
        };
        let events = self.phones.listen();
        self.node = Some(Node::start(ports, self.scenario.directory.clone(), Settings::default(), events));
    }

    /// The process dies between two instructions.
    fn die(&mut self) {
        self.count("process killed");
        // First of all the engine: nothing that ends with the process says a last word to anybody.
        self.phones.die();
        self.executor = Executor::default();
        self.clock.forget_sleepers();
        self.node = None;
        let pause = Millis::new(self.rng.u64(100..20_000));
        self.up_again = Some(self.clock.now() + pause);
    }

    fn live(&mut self, steps: u32) -> Option<(u32, Violation)> {
        for step in 0..steps {
            if let Some(violation) = self.step() {
                return Some((step, violation));
            }
        }
        self.go_home(steps)
    }

    /// The evening: nobody calls any more, everybody hangs up, and all accounts must balance.
    fn go_home(&mut self, step: u32) -> Option<(u32, Violation)> {
        {
            let mut inner = self.store.inner();
            (inner.weather, inner.clears, inner.may_break) = (Weather::Fine, None, false);
        }
        if self.node.is_none() {
            self.up_again = None;
            self.start();
        }
        self.phones.everybody_leaves();
        self.next_caller = Timestamp::NEVER;
        let end = self.clock.now() + EVENING;
        let mut left = self.clock.now() + Millis::minutes(2);
        while self.clock.now() < end {
            let _ = self.pass_time();
            if self.clock.now() >= left {
                // Callbacks and retries of the last minutes have rung new phones.
                left += Millis::minutes(2);
                self.phones.everybody_leaves();
            }
            if let Some(violation) = self.look() {
                return Some((step, violation));
            }
            let nobody_is_here = self.store.inner().tables.calls.is_empty();
            if nobody_is_here && self.node.as_ref().is_some_and(|node| node.calls().is_empty()) {
                break;
            }
        }
        self.balance().map(|violation| (step, violation))
    }

    /// I-9, I-6 and I-8 at the end of the day.
    fn balance(&self) -> Option<Violation> {
        let inner = self.store.inner();
        let broken = |invariant, what| Some(Violation { invariant, what });
        if let Some(call) = inner.tables.calls.keys().next() {
            return broken("I-3", format!("{call} is still alive when everybody has gone home"));
        }
        if let Some(offer) = inner.tables.all_live_offers().next() {
            return broken("I-6", format!("{} has never ended", offer.id));
        }
        let commits = &inner.commits;
        if let Some(call) = commits.arrived.iter().find(|call| !commits.ended.contains_key(call)) {
            return broken("I-9", format!("{call} was taken and never accounted for"));
        }
        for (call, entry) in &commits.requests {
            if inner.tables.entries.get(entry).is_none_or(|entry| entry.request.is_none()) {
                return broken("I-8", format!("{call} was promised a callback, and {entry} does not know of it"));
            }
        }
        None
    }

    /// Something happens outside; what we do by ourselves until then is looked at too.
    fn step(&mut self) -> Option<Violation> {
        // A process dies most instructively while it dials somebody.
        let deadly = if self.store.inner().is_dialling() { 14 } else { 1 };
        match self.rng.u16(0..1_000) {
            roll if roll >= 1_000 - deadly && self.node.is_some() => self.die(),
            0..2 => self.change_weather(),
            2..215 => self.somebody_acts(),
            215..245 => self.somebody_dials(),
            _ => {
                while !self.pass_time() {
                    if let Some(violation) = self.look() {
                        return Some(violation);
                    }
                }
            }
        }
        self.executor.run_until_stalled();
        self.look()
    }

    /// To the next thing that happens; whether it came from outside.
    fn pass_time(&mut self) -> bool {
        let clears = self.store.inner().clears;
        let alarms = [self.clock.next_alarm(), self.phones.next_plan(), Some(self.next_caller), self.up_again, clears];
        let next = alarms.into_iter().flatten().min().unwrap_or(self.next_caller).min(self.clock.now() + EVENING);
        self.clock.advance_to(next);
        let now = self.clock.now();
        let up = self.up_again.take_if(|at| *at <= now).is_some();
        if up {
            self.start();
        }
        let cleared = self.store.inner().clears.take_if(|at| *at <= now).is_some();
        if cleared {
            self.store.inner().weather = Weather::Fine;
        }
        let called = now >= self.next_caller;
        if called {
            self.somebody_calls();
        }
        let happened = self.phones.happen();
        self.executor.run_until_stalled();
        up || cleared || called || happened
    }

    fn somebody_calls(&mut self) {
        let now = self.clock.now();
        self.next_caller = now + Millis::from_secs_f64(-self.rng.f64().max(1e-9).ln() * 14.0);
        let leg = IdSource::new(self.rng.u64(..)).next(now);
        let withheld = self.rng.u8(0..8) == 0;
        let from = match self.customer_to_call_again() {
            Some(customer) => Some(customer),
            None => self.rng.choice(&self.scenario.customers).filter(|_| !withheld).cloned(),
        };
        // Most callers want a queue; the last number rings a phone.
        let most = if self.rng.u8(0..6) == 0 { 3 } else { 2 };
        let numbers = self.scenario.numbers.get(..most).unwrap_or(&self.scenario.numbers);
        let carrier = TrunkKey::new(CARRIER);
        if let (Some(to), Ok(carrier)) = (self.rng.choice(numbers), carrier) {
            self.phones.call_in(leg, from, to, carrier);
        }
    }

    /// Now and then a customer rings in whom we have tried to reach, whatever has become of the entry.
    fn customer_to_call_again(&mut self) -> Option<PhoneNumber> {
        if self.rng.u8(0..8) > 0 {
            return None;
        }
        let inner = self.store.inner();
        let tried = inner.tables.entries.values().filter(|entry| !entry.attempts.is_empty());
        let numbers: Vec<PhoneNumber> = tried.filter_map(|entry| entry.number.clone()).collect();
        self.rng.choice(&numbers).cloned()
    }

    /// A phone of ours dials something.
    fn somebody_dials(&mut self) {
        let leg = IdSource::new(self.rng.u64(..)).next(self.clock.now());
        let extensions: Vec<ExtensionKey> = self.scenario.directory.extensions.keys().cloned().collect();
        let Some(from) = self.rng.choice(&extensions).cloned() else { return };
        let to = match self.rng.u8(0..24) {
            0..7 => self.rng.choice(&extensions).map(ToString::to_string),
            7..13 => self.rng.choice(&self.scenario.customers).map(|number| number.as_dialled_at_home()),
            13..16 => self.rng.choice(&["8600", "8700", "8800"]).map(ToString::to_string),
            16 => self.rng.choice(&["700", "701", "*77700", "*77999", "9999"]).map(ToString::to_string),
            17..20 => self.rng.choice(&["*10", "*11", "*12", "*13", "*14", "*15", "*16"]).map(ToString::to_string),
            20 | 21 => Some("*43".to_owned()),
            _ => Some(EMERGENCY.to_owned()),
        };
        if let Some(to) = to {
            self.phones.call_from(leg, &from, &to);
        }
    }

    fn change_weather(&mut self) {
        let now = self.clock.now();
        let mut inner = self.store.inner();
        if self.rng.bool() {
            inner.stand_still(now);
        } else {
            inner.weather = Weather::Failing;
            inner.clears = Some(now + Millis::new(self.rng.u64(50..8_000)));
            inner.reach.count("store failed");
        }
    }

    fn somebody_acts(&mut self) {
        match self.rng.u8(0..15) {
            0..4 => self.an_agent_chooses(),
            4..10 => self.somebody_works_on_the_list(),
            _ => self.an_agent_works_with_a_call(),
        }
    }

    fn an_agent_chooses(&mut self) {
        if let Some(agent) = self.an_agent_who_must_write().filter(|_| self.rng.bool()) {
            self.an_agent_writes(&agent);
            return;
        }
        let Some(agent) = self.rng.choice(&self.scenario.agents).cloned() else { return };
        let input = match self.rng.u8(0..20) {
            0..6 => AgentInput::SignIn,
            6..9 => AgentInput::Clear,
            9..13 => AgentInput::Choose(Mode::Available),
            13 => AgentInput::Choose(Mode::NotReady),
            14 => AgentInput::Choose(Mode::Break("lunch".to_owned())),
            15 => AgentInput::EndWrapUp,
            16 if self.rng.bool() => AgentInput::StayInWrapUp,
            16 => AgentInput::TakeWrapUp,
            17 => {
                self.an_agent_writes(&agent);
                return;
            }
            18 => AgentInput::SignOut,
            _ => {
                self.hold_or_hang_up(&agent);
                return;
            }
        };
        self.agent_does(&agent, input);
    }

    fn hold_or_hang_up(&mut self, agent: &AgentKey) {
        let call = self.store.inner().tables.agents.get(agent).and_then(nohold_core::agent::Agent::call);
        if let (Some(node), Some(call)) = (self.node.clone(), call) {
            let hold = match self.rng.u8(0..3) {
                0 => true,
                1 => false,
                _ => {
                    // A call that has just ended is no error of anybody's.
                    let _ = node.hang_up(call, agent.clone());
                    return;
                }
            };
            self.is_wished_of(node, agent.clone(), call, Wanted::Hold(hold));
        }
    }

    fn agent_does(&mut self, agent: &AgentKey, input: AgentInput) {
        let Some(node) = self.node.clone() else { return };
        let (agent, reach) = (agent.clone(), Arc::clone(&self.reach));
        let by = Actor::Agent(agent.clone());
        self.executor.nursery().spawn(Box::pin(async move {
            note(&reach, &node.change_agent(agent, input, by).await, "agent state changed by hand");
        }));
    }

    /// Looks at everything there is to see.
    fn look(&mut self) -> Option<Violation> {
        let now = self.clock.now();
        let calls = self.node.as_ref().map(Node::calls);
        let at_codes = self.node.as_ref().map(Node::agents_at_codes).unwrap_or_default();
        let mut phones = self.phones.state();
        let mut inner = self.store.inner();
        let far_end = FarEnd { now, directory: &self.scenario.directory, calls: calls.as_ref() };
        if let Some(violation) = far_end.look(&mut phones, &mut inner) {
            return Some(violation);
        }
        if !inner.commits.violations.is_empty() {
            return Some(inner.commits.violations.remove(0));
        }
        let sight = Sight {
            now,
            tables: &inner.tables,
            commits: &inner.commits,
            dialled: &phones.dialled,
            directory: &self.scenario.directory,
            calls: calls.as_ref(),
            at_codes: &at_codes,
            store_is_fine: inner.weather == Weather::Fine,
        };
        self.steps.look(&sight).into_iter().next()
    }

    fn count(&self, what: &'static str) {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).count(what);
    }
}

fn note<T>(reach: &Mutex<Reach>, result: &Result<T, NotDone>, done: &'static str) {
    let what = match result {
        Ok(_) => done,
        Err(NotDone::Refused(_)) => "wishes refused",
        Err(NotDone::Store(_)) => "wishes the store could not keep",
        Err(NotDone::NotKnownYet) => "wishes not known yet",
    };
    reach.lock().unwrap_or_else(PoisonError::into_inner).count(what);
}
