//! A stage for calls: a script says what happens when, the rows of a store answer, and all of it becomes a text that
//! reads like a call.
//!
//! A line of a script is `m:ss` (or nothing: the same moment), then who does what. Deadlines on the way are met by
//! themselves, and agents who are free are reserved for whoever waits.

pub mod house;
mod lines;
mod script;
mod watch;
mod words;

use std::collections::BTreeMap;

use expect_test::Expect;
use nohold_core::agent::Input as AgentInput;
use nohold_core::call::{
    Audio, Call, Command, DialTo, Effects, FEATURE_PROMISE, Input, Lines, NewCall, Outside, Promise, Wanted, Wish,
    World,
};
use nohold_core::directory::{Directory, InboundTarget, Meaning};
use nohold_core::entry::{Actor, Attempt, Business, CameTo, Entry, Target, Tried};
use nohold_core::fact::{Dated, Fact};
use nohold_core::routing::assign;
use nohold_core::tables::Tables;
use nohold_core::transaction::{Answer, Transaction, Write};
use nohold_model::{
    AgentKey, CallResult, ExtensionKey, IdSource, LegId, MessageId, Millis, PhoneNumber, PlaybackId, Timestamp,
};

use house::{MORNING, SUPPORT, key};
use watch::Watch;
use words::Names;

/// The number of the caller.
const CALLER: &str = "+8613800138000";

/// Plays a script in a house and compares the transcript.
pub fn check(house: Directory, script: &str, expected: Expect) {
    let mut stage = Stage::new(house);
    stage.play(script);
    stage.tell_books();
    expected.assert_eq(&stage.text);
}

/// What the store does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Store {
    Works,
    /// It says nothing until it is told to.
    Holds,
    Fails,
}

/// One call, and the world around it.
pub struct Stage {
    house: Directory,
    pub tables: Tables,
    pub call: Option<Call>,
    pub at: Timestamp,
    pub watch: Watch,
    names: Names,
    playing: BTreeMap<LegId, PlaybackId>,
    recording: Option<MessageId>,
    store: Store,
    unsaved: Vec<Dated>,
    /// The promise on its way, and how many records go before it.
    promise: Option<(Promise, usize)>,
    /// What a star code does, until it is committed.
    wish: Option<Transaction>,
    ids: IdSource,
    pub text: String,
    /// All that was recorded or promised.
    pub facts: Vec<Fact>,
    /// The call was taken: it is in the books.
    pub began: bool,
    /// A script made by chance may name who is not there.
    lenient: bool,
    /// Counts the wishes of the desk.
    wishes: u64,
}

impl Stage {
    pub fn new(house: Directory) -> Stage {
        Stage {
            house,
            tables: Tables::default(),
            call: None,
            at: MORNING,
            watch: Watch::default(),
            names: Names::default(),
            playing: BTreeMap::new(),
            recording: None,
            store: Store::Works,
            unsaved: Vec::new(),
            promise: None,
            wish: None,
            ids: IdSource::new(99),
            text: String::new(),
            facts: Vec::new(),
            began: false,
            lenient: false,
            wishes: 0,
        }
    }

    /// A stage for scripts made by chance, which may name who is not there.
    pub fn lenient(house: Directory) -> Stage {
        Stage { lenient: true, ..Stage::new(house) }
    }

    /// A missed call of the caller is on the list, and nobody answered when an agent called back.
    fn we_have_tried_to_reach_the_caller(&mut self) {
        let target = Target::WholeService(key("support"));
        let number: PhoneNumber = CALLER.parse().unwrap();
        let mut entry = Entry::new(self.ids.next(self.at), Some(number.clone()), target, self.at);
        let attempt = self.ids.next(self.at);
        let (business, not_before) = (entry.target.business(&self.house), self.at + Millis::minutes(10));
        let (began, came_to) = (self.at, CameTo::Nothing);
        let of = Some(entry.id);
        self.tables.put(Write::Tried(Tried { attempt, number, entry: of, business, began, not_before, came_to }));
        entry.attempts.push(Attempt {
            id: attempt,
            call: self.ids.next(self.at),
            agent: key("2000"),
            began: self.at,
            ended: Some((self.at, CallResult::NoAnswer)),
            counted: true,
            talked: Millis::ZERO,
        });
        self.tables.put(Write::Entry(Box::new(entry)));
    }

    fn caller_rings(&mut self, on: &str, number: Option<PhoneNumber>) {
        let (leg, id) = (self.ids.next(self.at), self.ids.next(self.at));
        self.begin();
        self.names.give(leg, "caller");
        let new = NewCall { id, leg, number, seed: 7 };
        let inbound = self.house.numbers[&on.parse::<PhoneNumber>().unwrap()].clone();
        let lines = self.lines();
        let world = World { directory: &self.house, lines: &lines };
        let (call, effects) = Call::arrive(new, &inbound, self.at, world);
        self.call = Some(call);
        self.take(effects);
    }

    /// A phone of ours calls: what was dialled means the same here as in a node.
    fn phone_calls(&mut self, extension: &str, dialled: &str) {
        let (leg, id) = (self.ids.next(self.at), self.ids.next(self.at));
        self.begin();
        self.names.give(leg, "caller");
        let new = NewCall { id, leg, number: None, seed: 9 };
        let extension: ExtensionKey = key(extension);
        let meaning = self.house.meaning(dialled);
        let wish = match &meaning {
            Some(Meaning::Code(code)) => code.wish(),
            _ => None,
        };
        let lines = self.lines();
        let world = World { directory: &self.house, lines: &lines };
        let to = |target| Call::from_colleague(new.clone(), extension.clone(), target, self.at, world);
        let outside = |to| Call::outside(&new, extension.clone(), to, self.at, world);
        let (call, effects) = match meaning {
            Some(Meaning::Emergency(number)) => outside(Outside::Emergency(number)),
            Some(Meaning::Outside(number)) => outside(Outside::Number(number)),
            Some(Meaning::Code(code)) => Call::feature(&new, &extension, code, self.at, world),
            Some(Meaning::Extension(extension)) => to(InboundTarget::Extension(extension)),
            Some(Meaning::Queue(queue)) => to(InboundTarget::Queue(queue)),
            Some(Meaning::Flow(flow)) => to(InboundTarget::Flow(flow)),
            None => {
                self.tell("  404");
                return;
            }
        };
        self.call = Some(call);
        self.take(effects);
        if let Some((wish, agent)) = wish.zip(self.house.agent_of(&extension)) {
            let agent = agent.key.clone();
            self.wish = Some(Transaction::Agent { agent: agent.clone(), input: wish, by: Actor::Agent(agent) });
            self.take(Effects::default());
        }
    }

    /// A missed call of the caller is on the list, and this agent calls it back.
    fn agent_calls_back(&mut self, agent: &str) {
        if self.tables.entries.is_empty() {
            let target = Target::WholeService(key("support"));
            let entry = Entry::new(self.ids.next(self.at), Some(CALLER.parse().unwrap()), target, self.at);
            self.tables.put(Write::Entry(Box::new(entry)));
        }
        let entry = *self.tables.entries.keys().next().unwrap();
        let agent: AgentKey = key(agent);
        let by = Actor::Agent(agent.clone());
        let call = self.ids.next(self.at);
        let order = Transaction::CallBack { entry, agent, call, beyond_window: false, seen: None, by };
        let answer = self.tables.commit(&self.house, self.at, &order);
        let Answer::CallBack(order) = answer else {
            self.tell(&format!("  {}", words::answer(&answer)));
            return;
        };
        self.begin();
        self.began = true;
        let lines = self.lines();
        let world = World { directory: &self.house, lines: &lines };
        let (call, effects) = Call::call_back(order, 8, self.at, world);
        self.call = Some(call);
        self.take(effects);
    }

    fn begin(&mut self) {
        self.watch = Watch::default();
        self.names = Names::default();
        self.playing.clear();
    }

    fn agent_is_free(&mut self, agent: &str) {
        self.agent_input(agent, AgentInput::SignIn);
        self.agent_input(agent, AgentInput::Choose(nohold_core::agent::Mode::Available));
    }

    fn agent_input(&mut self, agent: &str, input: AgentInput) {
        let agent: AgentKey = key(agent);
        let by = Actor::Agent(agent.clone());
        self.tables.commit(&self.house, self.at, &Transaction::Agent { agent, input, by });
    }

    /// Reserves agents who are free for whoever waits.
    fn route(&mut self) {
        if self.store != Store::Works {
            return;
        }
        for assignment in assign(&self.tables.snapshot(), &self.house, self.at) {
            let offer = self.ids.next(self.at);
            let agent = assignment.agent.clone();
            let answer = self.tables.commit(&self.house, self.at, &Transaction::Reserve { assignment, offer });
            if let Answer::Reserved(offer) = answer {
                self.tell(&format!("{} agent {agent} is reserved", words::clock(self.at)));
                self.input(&Input::Offered(offer));
            }
        }
    }

    /// Time passes, and deadlines are met on the way.
    pub fn pass_to(&mut self, at: Timestamp) {
        for _ in 0..1_000 {
            let Some(deadline) = self.deadline().filter(|deadline| *deadline <= at) else {
                self.at = self.at.max(at);
                return;
            };
            self.at = self.at.max(deadline);
            self.tell(&format!("{} time", words::clock(self.at)));
            let before = self.call.clone();
            self.input(&Input::Tick);
            let stands_still = self.deadline().is_some_and(|next| next <= self.at) && self.call == before;
            assert!(!stands_still, "the deadline {deadline:?} stands still");
            self.route();
        }
        panic!("time does not pass: the call is busy with itself\n{}", self.text);
    }

    fn deadline(&self) -> Option<Timestamp> {
        let lines = self.lines();
        self.call.as_ref()?.next_deadline(World { directory: &self.house, lines: &lines })
    }

    fn lines(&self) -> Lines {
        lines::lines(&self.tables, &self.house)
    }

    pub fn input(&mut self, input: &Input) {
        if let Input::Gone(leg, _) = input {
            self.watch.gone(*leg);
        }
        let lines = self.lines();
        let world = World { directory: &self.house, lines: &lines };
        let Some(call) = &mut self.call else { return };
        let effects = call.handle(self.at, input, world);
        if !matches!(input, Input::Digit(..) | Input::Tick) {
            let before = call.clone();
            let again = call.handle(self.at, input, world);
            assert_eq!((again, &*call), (Effects::default(), &before), "{input:?} repeated changes something");
        }
        self.take(effects);
    }

    /// Somebody at the desk wishes something of this agent's conversation.
    fn wish(&mut self, agent: &str, what: Wanted) {
        self.wishes += 1;
        if self.call.is_some() {
            self.watch.wished.insert(self.wishes);
        }
        self.input(&Input::Wish(Wish { number: self.wishes, agent: key(agent), what }));
    }

    /// An agent dials from the desk.
    fn agent_dials(&mut self, agent: &str, number: &str, business: Option<Business>) {
        let (agent, number) = (key(agent), number.parse().unwrap());
        let (call, leg) = (self.ids.next(self.at), self.ids.next(self.at));
        let wish = Transaction::DialOut { agent, number, business, call, leg };
        let answer = self.tables.commit(&self.house, self.at, &wish);
        self.tell(&format!("  {}", words::answer(&answer)));
        let Answer::DialOut(order) = answer else { return };
        self.begin();
        self.began = true;
        let lines = self.lines();
        let world = World { directory: &self.house, lines: &lines };
        let (call, effects) = Call::dial_out(*order, 8, self.at, world);
        self.call = Some(call);
        self.take(effects);
    }

    /// The engine has restarted, and has none of our legs any more.
    fn engine_restarts(&mut self) {
        let lost = self.call.as_ref().map(|call| call.reconcile(&BTreeMap::new()));
        for input in lost.unwrap_or_default() {
            self.input(&input);
        }
    }

    /// What the rows say in the end: who is in which state, and what stands on the missed-call list.
    fn tell_books(&mut self) {
        let agents = self.tables.agents.values().map(|agent| format!("{} is {:?}", agent.key, agent.state()));
        let entries = self.tables.entries.values().map(words::entry);
        for line in agents.chain(entries).collect::<Vec<_>>() {
            self.tell(&format!("= {line}"));
        }
    }

    fn take(&mut self, effects: Effects) {
        self.watch.look(&effects);
        for command in &effects.media {
            self.see(command);
            self.tell(&format!("       → {}", self.names.command(command)));
        }
        for record in &effects.records {
            self.facts.push(record.fact.clone());
            self.tell(&format!("       · {}", words::fact(&record.fact)));
        }
        for heard in &effects.heard {
            self.tell(&format!("       ! {}", words::heard(heard)));
        }
        self.unsaved.extend(effects.records);
        if let Some(promise) = effects.promise {
            self.tell(&format!("       ? {}", words::fact(&promise.fact.fact)));
            self.promise = Some((promise, self.unsaved.len()));
        }
        match self.store {
            Store::Works => self.commit(),
            Store::Fails => self.fail(),
            Store::Holds => {}
        }
    }

    fn see(&mut self, command: &Command) {
        match command {
            Command::Dial { leg, to, .. } => {
                let agent = match to {
                    DialTo::Extension { extension, .. } => self.house.agent_of(extension),
                    DialTo::AgentOutside { number, .. } => self
                        .house
                        .agents
                        .values()
                        .find(|agent| agent.outside.as_ref().is_some_and(|outside| outside.number == *number)),
                    DialTo::Outside { .. } => None,
                };
                let is_callback = self.names.leg("caller").is_none();
                self.names.give(*leg, &words::dialled(to, agent.map(|agent| &agent.extension), is_callback));
            }
            Command::Play { leg, playback, audio: Audio::Spoken { .. } } => {
                self.playing.insert(*leg, *playback);
            }
            Command::Play { leg, .. } | Command::Stop { leg, .. } => drop(self.playing.remove(leg)),
            Command::Record { message, .. } => self.recording = Some(*message),
            _ => {}
        }
    }

    /// The store commits what it has been given.
    fn commit(&mut self) {
        if let Some(wish) = self.wish.take() {
            let answer = self.tables.commit(&self.house, self.at, &wish);
            self.input(&Input::Committed { promise: FEATURE_PROMISE, answer });
        }
        let records = self.promise.as_ref().map_or(self.unsaved.len(), |(_, before)| *before);
        let records: Vec<Dated> = self.unsaved.drain(..records).collect();
        let promise = self.promise.take().map(|(promise, _)| promise);
        if records.is_empty() && promise.is_none() {
            return;
        }
        let fact = promise.as_ref().map(|promise| promise.fact.clone());
        let answer = self.tables.commit(&self.house, self.at, &Transaction::Call { records, promise: fact });
        if let Some(promise) = promise {
            self.tell(&format!("{} store: {}", words::clock(self.at), words::answer(&answer)));
            self.watch.promised = false;
            let begins = matches!(promise.fact.fact, Fact::CallArrived(_) | Fact::DirectBegan { .. });
            self.began |= begins && !matches!(answer, Answer::Refused(_));
            self.input(&Input::Committed { promise: promise.number, answer });
        }
    }

    fn fail(&mut self) {
        if self.wish.take().is_some() {
            self.input(&Input::StoreFailed { promise: FEATURE_PROMISE });
        }
        if let Some((promise, _)) = self.promise.take() {
            self.tell(&format!("{} store: failed", words::clock(self.at)));
            self.watch.promised = false;
            self.input(&Input::StoreFailed { promise: promise.number });
        }
    }

    /// Everybody hangs up, the store works again, and what was promised to be told is told.
    pub fn everybody_leaves(&mut self) {
        self.store = Store::Works;
        for _ in 0..3 {
            self.commit();
            for leg in self.names.legs().collect::<Vec<_>>() {
                if !self.watch.is_gone(leg) {
                    self.input(&Input::Gone(leg, nohold_core::call::Gone::HungUp));
                }
            }
            self.commit();
            self.pass_to(self.at + Millis::minutes(1));
        }
    }

    fn tell(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// The number that callers dial unless the script says otherwise.
const DIALLED: &str = SUPPORT;
