//! How soon an agent who has become free is rung for the next caller, and whether that is the right one.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Result, bail};
use serde::Serialize;

use crate::datagrams::{MILLISECOND, Nanos, SECOND, now};
use crate::figures::{Distribution, Spread};
use crate::load::{Cpu, Load, Tally};
use crate::phones::{Event, Number};
use crate::report::Row;
use crate::system::{Kind, caller_shown};

/// Half of the waits must not be longer.
const P50_MS: f64 = 5.0;
/// 99 of 100 waits must not be longer.
const P99_MS: f64 = 25.0;
/// Without any agent being rung for so long, something is wrong.
const STUCK: Nanos = 60 * SECOND;

/// Callers come so far apart that who was first is beyond doubt.
const APART: Nanos = 10 * MILLISECOND;

/// INVITEs that are sent for two agents who became free at once may come in either order.
const AT_ONCE: Nanos = 20 * MILLISECOND;

/// How it is measured.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Agents.
    pub agents: u32,
    /// Callers who wait at each moment.
    pub waiting: u64,
    /// Offers that are measured.
    pub offers: u64,
    /// The shortest and the longest talk, in milliseconds; in between all are as likely. A server that looks at its
    /// queue in a beat is not to be met in step.
    pub talk_ms: (u64, u64),
    /// Draws the talk times.
    pub seed: u64,
}

impl Plan {
    /// As the goal says it.
    pub const fn usual() -> Self {
        Plan { agents: 10, waiting: 200, offers: 500, talk_ms: (400, 2_400), seed: 19 }
    }

    /// A few callers for a moment, and one agent: two who become free at once may be rung in either order.
    pub const fn smoke() -> Self {
        Plan { agents: 1, waiting: 6, offers: 10, talk_ms: (50, 150), seed: 19 }
    }
}

/// What one server has shown.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Which.
    pub kind: Kind,
    /// From the agent's hang-up to the next INVITE at that agent's phone.
    pub wait: Spread,
    /// Offers that were measured.
    pub offers: u64,
    /// Callers who were offered after somebody who had come after them.
    pub out_of_order: u64,
    /// Of these, those who were offered more than 20 ms after: not two agents who became free at once, whose INVITEs
    /// have overtaken each other.
    pub far_out_of_order: u64,
    /// Callers for whom more than one INVITE was sent.
    pub offered_twice: u64,
    /// INVITEs that showed nobody who had called.
    pub unknown: u64,
    /// What has become of the callers' calls.
    pub calls: Tally,
    /// What it cost.
    pub cpu: Cpu,
}

/// A caller was offered.
struct Offer {
    who: u64,
    at: Nanos,
}

struct Room {
    load: Load,
    plan: Plan,
    chance: fastrand::Rng,
    /// The caller's own call, and whoever it is.
    callers: HashMap<u64, Number>,
    /// Calls at agents' phones that end by themselves, by when.
    ends: BTreeMap<(Nanos, Number), String>,
    /// Since when each agent is free.
    free: HashMap<String, Nanos>,
    offers: Vec<Offer>,
    unknown: u64,
    waits: Distribution,
    /// Callers who are still to take the places of those who were served.
    owed: u64,
    /// Nobody calls before this.
    next_arrival: Nanos,
}

/// Measures one server.
///
/// # Errors
/// When it cannot be started, ends, or rings nobody any more.
pub fn measure(kind: Kind, plan: &Plan) -> Result<Figures> {
    let mut room = Room {
        load: Load::on(kind, plan.agents)?,
        plan: plan.clone(),
        chance: fastrand::Rng::with_seed(plan.seed),
        callers: HashMap::new(),
        ends: BTreeMap::new(),
        free: HashMap::new(),
        offers: Vec::new(),
        unknown: 0,
        waits: Distribution::default(),
        owed: 0,
        next_arrival: 0,
    };
    room.fill()?;
    let stretch = room.load.begin()?;
    let mut last = now();
    while room.waits.spread().count < plan.offers {
        let before = room.offers.len();
        room.turn()?;
        if room.offers.len() > before {
            last = now();
        } else if now() > last + STUCK {
            let (words, count) = (room.load.system.process.last_words(), room.offers.len());
            bail!("nobody was rung for a minute, after {count} offers; the server's last words:\n{words}");
        }
    }
    let cpu = room.load.since(&stretch)?;
    let figures = room.figures(kind, cpu);
    eprintln!(
        "  {}: {} offers, p50 {:.1} ms, p99 {:.1} ms, {} out of order, {} twice",
        kind.name(),
        figures.offers,
        figures.wait.p50_ms,
        figures.wait.p99_ms,
        figures.out_of_order,
        figures.offered_twice
    );
    Ok(figures)
}

impl Room {
    /// Brings the line to its length before anything is measured; callers come one after the other, so that who was
    /// first is beyond doubt.
    fn fill(&mut self) -> Result<()> {
        let wanted = self.plan.waiting + u64::from(self.plan.agents);
        let queue = self.load.system.queue();
        for _ in 0..wanted {
            let (call, who) = self.load.arrive(queue)?;
            self.callers.insert(who, call);
            let end = now() + 10 * SECOND;
            loop {
                match self.load.next(end)? {
                    Some(Event::Answered { call: answered, .. }) if answered == call => break,
                    Some(event) => self.take(event)?,
                    None => {
                        bail!("a caller was not answered; the last words:\n{}", self.load.system.process.last_words())
                    }
                }
            }
            let pause = now() + APART;
            while now() < pause {
                if let Some(event) = self.load.next(pause)? {
                    self.take(event)?;
                }
            }
        }
        Ok(())
    }

    /// Whatever comes next: a talk that ends, or something at a phone.
    fn turn(&mut self) -> Result<()> {
        while let Some(((due, call), agent)) = self.ends.first_key_value().map(|(key, agent)| (*key, agent.clone())) {
            if due > now() {
                break;
            }
            self.ends.remove(&(due, call));
            // It may have been ended from the other side.
            if let Ok(at) = self.load.phones.hang_up(call) {
                self.free.insert(agent, at);
            }
        }
        if self.owed > 0 && now() >= self.next_arrival {
            self.owed -= 1;
            self.next_arrival = now() + APART;
            let queue = self.load.system.queue();
            let (call, who) = self.load.arrive(queue)?;
            self.callers.insert(who, call);
        }
        let due = self.ends.first_key_value().map_or(now() + SECOND / 10, |((due, _), _)| *due);
        let until = if self.owed > 0 { due.min(self.next_arrival) } else { due };
        if let Some(event) = self.load.next(until)? {
            self.take(event)?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Offered { call, agent, from, at, .. } => {
                if let Some(since) = self.free.remove(&agent) {
                    self.waits.add(at.saturating_sub(since));
                }
                match caller_shown(&from) {
                    Some(who) if self.callers.contains_key(&who) => self.offers.push(Offer { who, at }),
                    _ => self.unknown += 1,
                }
                let (least, most) = self.plan.talk_ms;
                let talk = self.chance.u64(least * 1_000..=most * 1_000) * 1_000;
                self.ends.insert((now() + talk, call), agent);
                // Somebody takes the place in the line.
                self.owed += 1;
            }
            Event::Answered { .. } | Event::HungUp { .. } | Event::Registered => {}
            Event::Refused { status, .. } => bail!("a caller was refused with {status}"),
            Event::Unanswered { call } => bail!("a request of call {call} was not answered"),
        }
        Ok(())
    }

    fn figures(self, kind: Kind, cpu: Cpu) -> Figures {
        let mut seen: HashMap<u64, u64> = HashMap::new();
        self.offers.iter().for_each(|offer| *seen.entry(offer.who).or_default() += 1);
        let (out_of_order, far_out_of_order) = disorder(&self.offers);
        Figures {
            kind,
            wait: self.waits.spread(),
            offers: self.waits.spread().count,
            out_of_order,
            far_out_of_order,
            offered_twice: seen.values().filter(|count| **count > 1).count() as u64,
            unknown: self.unknown,
            calls: self.load.tally.clone(),
            cpu,
        }
    }
}

/// How many were offered after somebody who had come later, and how many long after.
fn disorder(offers: &[Offer]) -> (u64, u64) {
    let (mut all, mut far) = (0, 0);
    let mut latest: Option<&Offer> = None;
    for offer in offers {
        match latest {
            Some(last) if offer.who < last.who => {
                all += 1;
                far += u64::from(offer.at > last.at + AT_ONCE);
            }
            _ => latest = Some(offer),
        }
    }
    (all, far)
}

/// The rows of the table.
pub fn rows(ours: &Figures, peer: Option<&Figures>) -> Vec<Row> {
    let text = |ms: f64| format!("{ms:.1} ms");
    let times = [("p50", ours.wait.p50_ms, P50_MS), ("p99", ours.wait.p99_ms, P99_MS)];
    let theirs = [peer.map(|it| it.wait.p50_ms), peer.map(|it| it.wait.p99_ms)];
    let mut rows: Vec<Row> = times
        .into_iter()
        .zip(theirs)
        .map(|((name, ms, goal), theirs)| {
            Row::new(&format!("route: agent free → INVITE, {name}"), format!("≤ {goal} ms"), text(ms))
                .beside(theirs.map(|ms| (text(ms), ms)), ms)
                .reached(ms <= goal)
        })
        .collect();
    let order = |it: &Figures| {
        format!("{} of {} astray, {} at once", it.far_out_of_order, it.offers, it.out_of_order - it.far_out_of_order)
    };
    rows.push(
        Row::new("route: in order of arrival", "all".into(), order(ours))
            .beside(peer.map(|it| (order(it), 0.0)), 0.0)
            .reached(ours.far_out_of_order == 0),
    );
    let twice = |it: &Figures| format!("{} twice", it.offered_twice);
    rows.push(
        Row::new("route: one INVITE a caller", "all".into(), twice(ours))
            .beside(peer.map(|it| (twice(it), 0.0)), 0.0)
            .reached(ours.offered_twice == 0 && ours.unknown == 0),
    );
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disorder_is_counted_against_the_latest_who_was_served() {
        let offers = |all: &[(u64, u64)]| -> Vec<Offer> {
            all.iter().map(|(who, at)| Offer { who: *who, at: at * MILLISECOND }).collect()
        };
        assert_eq!(disorder(&offers(&[(0, 0), (1, 1), (2, 2), (4, 3)])), (0, 0));
        assert_eq!(disorder(&offers(&[(0, 0), (2, 1), (1, 2), (3, 3)])), (1, 0));
        assert_eq!(disorder(&offers(&[(9, 0), (1, 200), (2, 300)])), (2, 2));
    }
}
