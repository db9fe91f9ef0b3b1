//! A day of one queue, to be held against exact theory.
//!
//! Callers come by chance, talk and give up after exponential times: the world that the formulas of
//! [`nohold_core::wait::theory`] describe. Who is next and which agent gets the call is decided by
//! [`nohold_core::routing::assign`] alone, on a snapshot like the store's; an offer is taken up at once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use anyhow::Context as _;
use fastrand::Rng;
use nohold_core::agent::{self, AfterOffer, Agent, Follows, Input, OfferEnd};
use nohold_core::directory::{AgentProfile, Directory, Group, Queue, Strategy};
use nohold_core::routing::{Assignment, Class, Snapshot, Waiting, assign};
use nohold_core::wait::{Estimate, LineAhead};
use nohold_model::{AgentKey, CallId, ExtensionKey, GroupKey, IdSource, Millis, OfferId, QueueKey, Timestamp};

use crate::scenario::Scenario;

/// The only queue of the day.
const QUEUE: &str = "600";
/// The group that serves it.
const GROUP: &str = "support-a";

/// What a day is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Callers per hour, on average.
    pub per_hour: f64,
    /// Mean handling time.
    pub handling: Millis,
    /// Agents signed in.
    pub agents: u32,
    /// Mean patience; zero means that nobody ever gives up.
    pub patience: Millis,
    /// Whoever is answered within this is answered in time.
    pub threshold: Millis,
    /// Which agent is rung.
    pub strategy: Strategy,
    /// The beginning of the day, which starts with an empty line and does not count.
    pub warm_up: Millis,
    /// What counts of the day. Nobody comes after it, but all who wait are served.
    pub length: Millis,
}

/// The queue and its agents, ready for any number of days.
#[derive(Debug, Clone)]
pub struct Centre {
    plan: Plan,
    directory: Directory,
    queue: QueueKey,
    /// As they sign in, in the order of their keys.
    agents: Vec<Agent>,
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Everybody who called.
    pub callers: u64,
    /// Those who did not get an agent at once.
    pub waited: u64,
    /// Those who gave up.
    pub abandoned: u64,
    /// Those who were answered within the threshold.
    pub in_time: u64,
    /// The time that all callers spent in line together, in seconds.
    pub in_line_s: f64,
    /// The same of those who were answered.
    pub answered_in_line_s: f64,
    /// How long the conversations of these callers were together, in seconds.
    pub handling_s: f64,
    /// How good the predicted wait was for those who waited and were answered.
    pub prediction: Prediction,
    /// The same for all who waited. The wait of who gave up is the one that staying would have cost, as long as the
    /// line is served in the order of arrival.
    pub virtual_prediction: Prediction,
    /// How long each agent talked, in seconds, in the order of their keys.
    pub busy_s: Vec<f64>,
}

/// Predicted waits against those that came.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Prediction {
    /// Predictions.
    pub made: u64,
    /// Those whose interval held the wait.
    pub held: u64,
    /// The means of all predictions together, in seconds.
    pub predicted_s: f64,
    /// The waits together, in seconds.
    pub waited_s: f64,
}

impl Centre {
    /// The centre of a plan.
    ///
    /// # Errors
    /// When nobody calls or works in the plan, when it rings all agents (an offer is taken up at once, so that nobody
    /// could win), or when the scenario that lends its settings does not parse.
    pub fn new(plan: Plan) -> anyhow::Result<Self> {
        anyhow::ensure!(plan.per_hour.is_finite() && plan.per_hour > 0.0, "let somebody call: per_hour is above 0");
        anyhow::ensure!(plan.agents > 0, "let somebody work: agents is above 0");
        anyhow::ensure!(plan.strategy != Strategy::RingAll, "choose a strategy that rings one agent at a time");
        let mut directory = Scenario::draw(&mut Rng::with_seed(0))?.directory;
        let queue = QueueKey::new(QUEUE)?;
        let group = GroupKey::new(GROUP)?;
        let pattern = directory.queues.get(&queue).with_context(|| format!("the scenario has no queue {QUEUE}"))?;
        let only =
            Queue { groups: vec![group.clone()], strategy: plan.strategy, wrap_up: Millis::ZERO, ..pattern.clone() };
        directory.queues = BTreeMap::from([(queue.clone(), only)]);
        directory.agents = (0..plan.agents).map(profile).collect::<anyhow::Result<_>>()?;
        let members: BTreeSet<AgentKey> = directory.agents.keys().cloned().collect();
        let agents = members
            .iter()
            .map(|key| agent::next(&Agent::new(key.clone()), Timestamp::EPOCH, &Input::SignIn))
            .collect::<Option<Vec<_>>>()
            .context("an agent cannot sign in")?;
        directory.groups = BTreeMap::from([(group.clone(), Group { key: group, name: GROUP.into(), agents: members })]);
        Ok(Centre { plan, directory, queue, agents })
    }

    /// One day. The same seed always gives the same one; the callers of a seed, with what they need and bear, are the
    /// same under every strategy.
    ///
    /// # Errors
    /// When the routing rules offer a call that is not there or to an agent who is not free.
    pub fn day(&self, seed: u64) -> anyhow::Result<Figures> {
        let mut day = Day::new(self, seed);
        day.next_arrival(Timestamp::EPOCH);
        while let Some(Reverse((now, _, event))) = day.events.pop() {
            match event {
                Event::Arrival => day.arrive(now)?,
                Event::GivesUp(number) => day.give_up(now, number),
                Event::Free(position) => day.free(now, position)?,
            }
        }
        Ok(day.figures)
    }
}

impl Figures {
    /// The share of callers who did not get an agent at once.
    #[must_use]
    pub fn p_wait(&self) -> f64 {
        share(self.waited, self.callers)
    }

    /// The share of callers who gave up.
    #[must_use]
    pub fn p_abandon(&self) -> f64 {
        share(self.abandoned, self.callers)
    }

    /// The share of callers who were answered within the threshold.
    #[must_use]
    pub fn service_level(&self) -> f64 {
        share(self.in_time, self.callers)
    }

    /// The mean time in line of all callers (ASA where nobody gives up), in seconds.
    #[must_use]
    pub fn asa(&self) -> f64 {
        self.in_line_s / to_f64(self.callers)
    }

    /// The mean wait of those who were answered, in seconds.
    #[must_use]
    pub fn asa_answered(&self) -> f64 {
        self.answered_in_line_s / to_f64(self.callers - self.abandoned)
    }

    /// Adds the figures of another day of the same centre.
    pub fn add(&mut self, other: &Figures) {
        self.callers += other.callers;
        self.waited += other.waited;
        self.abandoned += other.abandoned;
        self.in_time += other.in_time;
        self.in_line_s += other.in_line_s;
        self.answered_in_line_s += other.answered_in_line_s;
        self.handling_s += other.handling_s;
        self.prediction.add(other.prediction);
        self.virtual_prediction.add(other.virtual_prediction);
        self.busy_s.resize(self.busy_s.len().max(other.busy_s.len()), 0.0);
        for (mine, other) in self.busy_s.iter_mut().zip(&other.busy_s) {
            *mine += other;
        }
    }
}

impl Prediction {
    /// The share of predictions whose interval held the wait.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        share(self.held, self.made)
    }

    /// Actual over predicted: above one where waits were longer than predicted.
    #[must_use]
    pub fn factor(&self) -> f64 {
        self.waited_s / self.predicted_s
    }

    fn count(&mut self, predicted: Estimate, wait: Millis) {
        let (interval, wait_s) = (predicted.interval(), wait.as_secs_f64());
        self.made += 1;
        self.held += u64::from((interval.low..=interval.high).contains(&wait_s));
        self.predicted_s += predicted.mean_s();
        self.waited_s += wait_s;
    }

    fn add(&mut self, other: Prediction) {
        self.made += other.made;
        self.held += other.held;
        self.predicted_s += other.predicted_s;
        self.waited_s += other.waited_s;
    }
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// Somebody calls.
    Arrival,
    /// The caller of this number is out of patience.
    GivesUp(u64),
    /// The agent at this position ends a conversation.
    Free(usize),
}

/// What the day knows of a caller and the rules do not.
struct Caller {
    /// Counts the arrivals.
    number: u64,
    arrived: Timestamp,
    /// How long the conversation will be.
    handling: Millis,
    /// Came after the warm-up.
    counts: bool,
    /// The wait that was predicted on arrival, for who did not get an agent at once.
    predicted: Option<Estimate>,
}

/// A day in progress.
struct Day<'a> {
    centre: &'a Centre,
    rng: Rng,
    ids: IdSource,
    /// What is still to come; at the same moment in the order in which it was foreseen.
    events: BinaryHeap<Reverse<(Timestamp, u64, Event)>>,
    foreseen: u64,
    arrivals: u64,
    snapshot: Snapshot,
    /// The callers of `snapshot.waiting`, at the same positions: in the order of arrival.
    line: Vec<Caller>,
    /// Callers who gave up and would still wait.
    gone: Vec<Caller>,
    idle: usize,
    opens: Timestamp,
    closes: Timestamp,
    figures: Figures,
}

impl<'a> Day<'a> {
    fn new(centre: &'a Centre, seed: u64) -> Self {
        let opens = Timestamp::EPOCH + centre.plan.warm_up;
        Day {
            centre,
            // The generator's first numbers are alike for seeds that are neighbours, as those of days are.
            rng: Rng::with_seed(Rng::with_seed(seed).u64(..)),
            ids: IdSource::new(seed),
            events: BinaryHeap::new(),
            foreseen: 0,
            arrivals: 0,
            snapshot: Snapshot { agents: centre.agents.clone(), ..Snapshot::default() },
            line: Vec::new(),
            gone: Vec::new(),
            idle: centre.agents.len(),
            opens,
            closes: opens + centre.plan.length,
            figures: Figures { busy_s: vec![0.0; centre.agents.len()], ..Figures::default() },
        }
    }

    fn arrive(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let plan = self.centre.plan;
        let handling = self.drawn(plan.handling.as_secs_f64());
        let patience = self.drawn(plan.patience.as_secs_f64());
        let number = self.arrivals;
        self.arrivals += 1;
        let counts = now >= self.opens;
        self.figures.callers += u64::from(counts);
        self.snapshot.waiting.push(Waiting {
            call: self.ids.next(now),
            queue: self.centre.queue.clone(),
            stay: 1,
            class: Class::Ordinary,
            priority: 0,
            place: now,
            entered: now,
            connectable: true,
            caller: None,
            declined: BTreeSet::new(),
        });
        self.line.push(Caller { number, arrived: now, handling, counts, predicted: None });
        self.next_arrival(now);
        self.route(now)?;
        if self.line.last().is_none_or(|last| last.number != number) {
            return Ok(());
        }
        if plan.patience > Millis::ZERO {
            self.foresee(now + patience, Event::GivesUp(number));
        }
        self.figures.waited += u64::from(counts);
        self.predict()
    }

    fn give_up(&mut self, now: Timestamp, number: u64) {
        // Who was answered meanwhile no longer stands in line.
        let Ok(position) = self.line.binary_search_by_key(&number, |caller| caller.number) else { return };
        self.snapshot.waiting.remove(position);
        let caller = self.line.remove(position);
        if caller.counts {
            self.figures.abandoned += 1;
            self.figures.in_line_s += now.since(caller.arrived).as_secs_f64();
            self.gone.push(caller);
        }
    }

    fn free(&mut self, now: Timestamp, position: usize) -> anyhow::Result<()> {
        let call = self.snapshot.agents.get(position).and_then(Agent::call).context("an agent who talks has a call")?;
        self.change(now, position, &Input::Free(call, Follows::NOTHING))?;
        self.idle += 1;
        self.route(now)?;
        if self.idle > 0 {
            self.would_be_next(now, u64::MAX);
        }
        Ok(())
    }

    /// Asks the rules who is next, unless there is nobody to be paired.
    fn route(&mut self, now: Timestamp) -> anyhow::Result<()> {
        if self.idle == 0 || self.line.is_empty() {
            return Ok(());
        }
        let centre = self.centre;
        assign(&self.snapshot, &centre.directory, now).iter().try_for_each(|pair| self.connect(now, pair))
    }

    fn connect(&mut self, now: Timestamp, pair: &Assignment) -> anyhow::Result<()> {
        let stands = |waiting: &Waiting| waiting.call == pair.call;
        let position = self.snapshot.waiting.iter().position(stands).context("the call that is offered waits")?;
        self.snapshot.waiting.remove(position);
        let caller = self.line.remove(position);
        let agents = &self.snapshot.agents;
        let agent = agents.binary_search_by(|agent| agent.key.cmp(&pair.agent)).ok().context("the agent is known")?;
        let offer: OfferId = self.ids.next(now);
        self.accept(now, agent, offer, pair.call)?;
        self.snapshot.memory.insert(pair.queue.clone(), pair.agent.clone());
        self.idle -= 1;
        let ends = now + caller.handling;
        self.foresee(ends, Event::Free(agent));
        if let Some(busy) = self.figures.busy_s.get_mut(agent) {
            *busy += ends.min(self.closes).since(now.max(self.opens)).as_secs_f64();
        }
        self.would_be_next(now, caller.number);
        self.answered(now, &caller);
        Ok(())
    }

    /// The agent's phone rings and is answered in the same moment.
    fn accept(&mut self, now: Timestamp, agent: usize, offer: OfferId, call: CallId) -> anyhow::Result<()> {
        self.change(now, agent, &Input::Offer(offer, call))?;
        self.change(now, agent, &Input::OfferEnded(offer, OfferEnd::Accepted, AfterOffer::default()))
    }

    fn change(&mut self, now: Timestamp, position: usize, input: &Input) -> anyhow::Result<()> {
        let agent = self.snapshot.agents.get_mut(position).context("agents do not leave")?;
        *agent = agent::next(agent, now, input).with_context(|| format!("{} refuses {input:?}", agent.key))?;
        Ok(())
    }

    fn answered(&mut self, now: Timestamp, caller: &Caller) {
        if !caller.counts {
            return;
        }
        let wait = now.since(caller.arrived);
        self.figures.in_line_s += wait.as_secs_f64();
        self.figures.answered_in_line_s += wait.as_secs_f64();
        self.figures.handling_s += caller.handling.as_secs_f64();
        self.figures.in_time += u64::from(wait <= self.centre.plan.threshold);
        if let Some(predicted) = caller.predicted {
            self.figures.prediction.count(predicted, wait);
            self.figures.virtual_prediction.count(predicted, wait);
        }
    }

    /// Those who gave up and came before the caller of this number: now it would have been their turn.
    fn would_be_next(&mut self, now: Timestamp, number: u64) {
        let prediction = &mut self.figures.virtual_prediction;
        self.gone.retain(|caller| {
            let waits_on = caller.number > number;
            if let (false, Some(predicted)) = (waits_on, caller.predicted) {
                prediction.count(predicted, now.since(caller.arrived));
            }
            waits_on
        });
    }

    /// Predicts the wait of the last in line.
    fn predict(&mut self) -> anyhow::Result<()> {
        let Some((last, ahead)) = self.line.split_last_mut() else { return Ok(()) };
        let line = LineAhead {
            agents: self.centre.plan.agents,
            aht: self.centre.plan.handling,
            patience: self.centre.plan.patience,
            live_ahead: u32::try_from(ahead.len())?,
            requests_ahead: 0,
        };
        last.predicted = line.estimate();
        Ok(())
    }

    fn next_arrival(&mut self, now: Timestamp) {
        let at = now + self.drawn(3_600.0 / self.centre.plan.per_hour);
        if at < self.closes {
            self.foresee(at, Event::Arrival);
        }
    }

    fn foresee(&mut self, at: Timestamp, event: Event) {
        self.events.push(Reverse((at, self.foreseen, event)));
        self.foreseen += 1;
    }

    /// An exponential time with this mean in seconds.
    fn drawn(&mut self, mean_s: f64) -> Millis {
        Millis::from_secs_f64(-(1.0 - self.rng.f64()).ln() * mean_s)
    }
}

fn profile(n: u32) -> anyhow::Result<(AgentKey, AgentProfile)> {
    let number = (2_000 + n).to_string();
    let key = AgentKey::new(&number)?;
    let extension = ExtensionKey::new(&number)?;
    Ok((
        key.clone(),
        AgentProfile {
            key,
            name: number.clone(),
            number,
            extension,
            ringing: None,
            priorities: BTreeMap::new(),
            language: None,
            outside: None,
        },
    ))
}

fn share(part: u64, whole: u64) -> f64 {
    to_f64(part) / to_f64(whole)
}

fn to_f64(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of callers stay far below 2^52")]
    let count = count as f64;
    count
}
