//! A running Nohold: its calls, and what it shares between them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use nohold_core::call::{
    Call, Command, Effects, HangUp, Heard, Input, Lines, NewCall, Wanted, Wish, WishAnswer, World,
};
use nohold_core::directory::Directory;
use nohold_core::numbers::callback_number;
use nohold_core::transaction::CallbackOrder;
use nohold_model::{AgentKey, CallId, IdSource, LegId, Millis, Timestamp, TrunkKey};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::ports::{CallerHeaders, Clock, Ports, Source, Telephony, TelephonyEvent};
use crate::{call_task, housekeeping, recovery, router};

/// How a node paces itself.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Routing looks again after this, should a wake-up be lost.
    pub routing_poll: Millis,
    /// What comes due by time is looked for this often.
    pub housekeeping_poll: Millis,
    /// A call compares itself with the engine this often, should an event be lost.
    pub reconcile_every: Millis,
    /// After a restart pages that are telephones have this long to come back, as they have in the middle of the day.
    pub pages_come_back_within: Millis,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            routing_poll: Millis::new(500),
            housekeeping_poll: Millis::seconds(1),
            reconcile_every: Millis::seconds(5),
            pages_come_back_within: Millis::seconds(30),
        }
    }
}

/// One running Nohold. Cheap to clone: all clones are the same node.
pub struct Node<P> {
    shared: Arc<Shared<P>>,
}

impl<P> Clone for Node<P> {
    fn clone(&self) -> Self {
        Node { shared: Arc::clone(&self.shared) }
    }
}

struct Shared<P> {
    ports: P,
    settings: Settings,
    directory: RwLock<Arc<Directory>>,
    lines: RwLock<Arc<Lines>>,
    calls: Mutex<Calls>,
    routing: Notify,
    /// What died before this node is accounted for: calls and wishes may come.
    ready: AtomicBool,
}

/// The live calls and whose each leg is.
#[derive(Default)]
struct Calls {
    by_id: BTreeMap<CallId, LiveCall>,
    by_leg: BTreeMap<LegId, CallId>,
    /// The other way round: the end of one call does not look at the legs of all.
    legs: BTreeMap<CallId, Vec<LegId>>,
    /// Agents whose own phone is in the call of a star code.
    at_codes: BTreeMap<CallId, AgentKey>,
    /// Wishes of the desk that wait for their call's answer. They are counted, so that a call hears each once.
    wishes: BTreeMap<(CallId, u64), oneshot::Sender<WishAnswer>>,
    wished: u64,
}

/// A call that is being driven.
#[derive(Clone)]
pub struct LiveCall {
    call: Arc<Mutex<Call>>,
    /// Boxed, because a channel keeps room for many: thousands of calls wait with an empty one.
    mailbox: mpsc::UnboundedSender<Box<Input>>,
}

impl LiveCall {
    /// The call as it is now.
    #[must_use]
    pub fn call(&self) -> Call {
        lock(&self.call).clone()
    }

    /// The agents whom the call has in hand.
    #[must_use]
    pub fn agents(&self) -> std::collections::BTreeSet<nohold_model::AgentKey> {
        lock(&self.call).agents()
    }

    /// Works on the call while nobody else does.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Call) -> T) -> T {
        work(&mut lock(&self.call))
    }
}

impl<P: Ports> Node<P> {
    /// Starts a node: accounts for what died before it, then takes calls. Events of the engine come in by `events`.
    pub fn start(
        ports: P,
        directory: Directory,
        settings: Settings,
        events: mpsc::UnboundedReceiver<TelephonyEvent>,
    ) -> Node<P> {
        let node = Node {
            shared: Arc::new(Shared {
                ports,
                settings,
                directory: RwLock::new(Arc::new(directory.with_queues_of_groups())),
                lines: RwLock::default(),
                calls: Mutex::default(),
                routing: Notify::new(),
                ready: AtomicBool::new(false),
            }),
        };
        let (starting, listening) = (node.clone(), node.clone());
        node.ports().spawn("start", Box::pin(async move { starting.run_up().await }));
        node.ports().spawn("events", Box::pin(async move { listening.listen(events).await }));
        node
    }

    /// What must be done before the first call is taken.
    async fn run_up(self) {
        recovery::account_for_the_dead(&self).await;
        // Before the lines are known every queue would look empty of agents.
        while router::look(&self, &mut router::Looked::default()).await.is_err() {
            recovery::pause(&self).await;
        }
        self.shared.ready.store(true, Ordering::Release);
        let (routing, keeping) = (self.clone(), self.clone());
        self.ports().spawn("router", Box::pin(async move { router::run(routing).await }));
        self.ports().spawn("housekeeping", Box::pin(async move { housekeeping::run(keeping).await }));
    }

    /// Whether the node takes calls and wishes: what died before it is accounted for.
    pub(crate) fn is_ready(&self) -> bool {
        self.shared.ready.load(Ordering::Acquire)
    }

    fn knows(&self, leg: LegId) -> bool {
        self.call_of(leg).is_some()
    }

    /// The live call that a leg is of.
    #[must_use]
    pub fn call_of(&self, leg: LegId) -> Option<CallId> {
        lock(&self.shared.calls).by_leg.get(&leg).copied()
    }

    async fn listen(self, mut events: mpsc::UnboundedReceiver<TelephonyEvent>) {
        while let Some(event) = events.recv().await {
            match event {
                // A leg that has a call already: the engine has said it twice.
                TelephonyEvent::NewCall { leg, .. } if self.knows(leg) => {}
                TelephonyEvent::NewCall { leg, source: Source::Extension(extension), to, .. } => {
                    self.own_phone_calls(leg, &extension, &to);
                }
                TelephonyEvent::NewCall { leg, .. } if !self.is_ready() => {
                    self.ports().telephony().execute(Command::HangUp { leg, how: HangUp::Unavailable });
                }
                TelephonyEvent::NewCall { leg, source: Source::Trunk(trunk), caller, to } => {
                    self.new_call(leg, &trunk, &caller, &to);
                }
                TelephonyEvent::OnLeg(leg, input) => self.pass_on(leg, input),
            }
        }
    }

    fn new_call(&self, leg: LegId, trunk: &TrunkKey, caller: &CallerHeaders, to: &str) {
        let directory = self.directory();
        let number = directory.trunks.get(trunk).and_then(|trunk| {
            let dialled = trunk.numbering.normalise(to).ok()?;
            let (from, asserted) = (caller.from.as_deref(), caller.asserted.as_deref());
            let from = callback_number(&trunk.numbering, from, asserted, caller.privacy);
            Some((directory.numbers.get(&dialled)?, from.ok()))
        });
        match number {
            Some((number, from)) => self.take(leg, from, number),
            // A number that is not ours: the trunk has sent it to the wrong place.
            None => self.ports().telephony().execute(Command::HangUp { leg, how: HangUp::Unknown }),
        }
    }

    fn take(
        &self,
        leg: LegId,
        from: Option<nohold_model::PhoneNumber>,
        number: &nohold_core::directory::InboundNumber,
    ) {
        let at = self.now();
        let mut ids = IdSource::new(self.ports().seed());
        let new = NewCall { id: ids.next(at), leg, number: from, seed: self.ports().seed() };
        let (directory, lines) = (self.directory(), self.lines());
        let world = World { directory: &directory, lines: &lines };
        let (call, effects) = Call::arrive(new, number, at, world);
        self.drive(call, effects);
    }

    pub(crate) fn begin_callback(&self, order: CallbackOrder) {
        let (directory, lines) = (self.directory(), self.lines());
        let world = World { directory: &directory, lines: &lines };
        let (call, effects) = Call::call_back(order, self.ports().seed(), self.now(), world);
        self.drive(call, effects);
    }

    pub(crate) fn drive(&self, call: Call, effects: Effects) {
        let (mailbox, inputs) = mpsc::unbounded_channel();
        let (id, legs) = (call.id(), call.legs());
        let live = LiveCall { call: Arc::new(Mutex::new(call)), mailbox };
        lock(&self.shared.calls).by_id.insert(id, live.clone());
        // Before the task first runs: a hang-up may follow the call at once.
        self.remember_legs(id, legs);
        let node = self.clone();
        let task = async move { call_task::run(node, id, live, effects, inputs).await };
        self.ports().spawn("call", Box::pin(task));
    }

    fn pass_on(&self, leg: LegId, input: Input) {
        let call = lock(&self.shared.calls).by_leg.get(&leg).copied();
        let known = call.is_some_and(|call| self.tell(call, input.clone()));
        if !known && matches!(input, Input::Ringing(_) | Input::EarlyMedia(_) | Input::Answered(_)) {
            // Somebody's phone rings for a call that is over.
            self.ports().telephony().execute(Command::HangUp { leg, how: HangUp::Normal });
        }
    }

    /// Gives a call an input; whether there is such a call.
    pub(crate) fn tell(&self, call: CallId, input: Input) -> bool {
        let calls = lock(&self.shared.calls);
        calls.by_id.get(&call).is_some_and(|live| live.mailbox.send(Box::new(input)).is_ok())
    }

    /// Gives a call a wish of the desk; the answer comes later, or never where the call ends. Nothing, where there is no
    /// such call.
    pub(crate) fn ask_call(
        &self,
        call: CallId,
        agent: AgentKey,
        what: Wanted,
    ) -> Option<oneshot::Receiver<WishAnswer>> {
        let mut calls = lock(&self.shared.calls);
        calls.wished += 1;
        let number = calls.wished;
        // Under the lock, so that a call hears its wishes in the order of their numbers.
        let wish = Box::new(Input::Wish(Wish { number, agent, what }));
        calls.by_id.get(&call)?.mailbox.send(wish).ok()?;
        let (answer, answered) = oneshot::channel();
        calls.wishes.insert((call, number), answer);
        Some(answered)
    }

    /// A call has answered a wish.
    pub(crate) fn answer_wish(&self, call: CallId, heard: Heard) {
        let asked = lock(&self.shared.calls).wishes.remove(&(call, heard.wish));
        if let Some(asked) = asked {
            // Nobody may be left to hear it.
            let _ = asked.send(heard.answer);
        }
    }

    pub(crate) fn remember_legs(&self, call: CallId, legs: impl IntoIterator<Item = LegId>) {
        let mut calls = lock(&self.shared.calls);
        for leg in legs {
            if calls.by_leg.insert(leg, call) != Some(call) {
                calls.legs.entry(call).or_default().push(leg);
            }
        }
    }

    pub(crate) fn forget(&self, call: CallId) {
        let mut calls = lock(&self.shared.calls);
        calls.by_id.remove(&call);
        let unanswered: Vec<_> = calls.wishes.range((call, 0)..=(call, u64::MAX)).map(|(key, _)| *key).collect();
        for wish in unanswered {
            calls.wishes.remove(&wish);
        }
        for leg in calls.legs.remove(&call).unwrap_or_default() {
            // A leg may have gone over to another call.
            if calls.by_leg.get(&leg) == Some(&call) {
                calls.by_leg.remove(&leg);
            }
        }
        let may_be_rung_again = calls.at_codes.remove(&call).is_some();
        drop(calls);
        if may_be_rung_again {
            self.wake_routing();
        }
    }

    /// The call of a star code begins at this agent's phone: before it is over, the agent is offered nothing.
    pub(crate) fn is_at_code(&self, call: CallId, agent: AgentKey) {
        lock(&self.shared.calls).at_codes.insert(call, agent);
    }

    /// Agents who have dialled a star code and are still on the phone with it.
    #[must_use]
    pub fn agents_at_codes(&self) -> BTreeSet<AgentKey> {
        lock(&self.shared.calls).at_codes.values().cloned().collect()
    }

    /// The live calls.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<CallId, LiveCall> {
        lock(&self.shared.calls).by_id.clone()
    }

    /// The ports.
    #[must_use]
    pub fn ports(&self) -> &P {
        &self.shared.ports
    }

    /// What is configured now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.shared.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces what is configured; running calls go on with the versions of flows that they have.
    pub fn configure(&self, directory: Directory) {
        let directory = Arc::new(directory.with_queues_of_groups());
        *self.shared.directory.write().unwrap_or_else(PoisonError::into_inner) = directory;
        self.wake_routing();
    }

    pub(crate) fn lines(&self) -> Arc<Lines> {
        Arc::clone(&self.shared.lines.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_lines(&self, lines: Lines) {
        *self.shared.lines.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(lines);
    }

    pub(crate) fn settings(&self) -> Settings {
        self.shared.settings
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports().clock().now()
    }

    pub(crate) fn wake_routing(&self) {
        self.shared.routing.notify_one();
    }

    pub(crate) async fn routing_is_woken(&self) {
        self.shared.routing.notified().await;
    }
}

/// A lock that a panic elsewhere does not close for everybody: a call that panicked is taken down by its task's end.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
