//! The load: callers, agents' phones and the sink, at one server.

use std::collections::HashMap;
use std::net::SocketAddrV4;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::datagrams::{Nanos, SECOND, now};
use crate::nohold;
use crate::phones::{Event, Number, Phones, Side};
use crate::process::{Memory, own_cpu};
use crate::sink::Sink;
use crate::system::{AGENTS, CALLERS, Kind, SetUp, System, agents, caller, password};

/// How long anything may take that is not measured.
const LIMIT: Nanos = 60 * SECOND;

/// The load with the server that it is put on.
pub struct Load {
    /// The phones.
    pub phones: Phones,
    /// Where their audio goes.
    pub sink: Sink,
    /// The server.
    pub system: System,
    /// What has become of the calls.
    pub tally: Tally,
    arrivals: u64,
}

/// What became of the calls so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Calls that were begun.
    pub begun: u64,
    /// Calls that were answered.
    pub answered: u64,
    /// Calls that were refused, by status.
    pub refused: HashMap<u16, u64>,
    /// Refusals that said when to try again.
    pub with_retry_after: u64,
    /// Calls that the server has ended.
    pub ended_by_server: u64,
    /// Calls in which the server left a request without an answer for 32 s.
    pub unanswered: u64,
}

impl Tally {
    /// What became of those since an earlier look.
    pub fn since(&self, before: &Tally) -> Tally {
        let refused = |status: &u16| before.refused.get(status).copied().unwrap_or(0);
        Tally {
            begun: self.begun - before.begun,
            answered: self.answered - before.answered,
            refused: self.refused.iter().map(|(status, count)| (*status, count - refused(status))).collect(),
            with_retry_after: self.with_retry_after - before.with_retry_after,
            ended_by_server: self.ended_by_server - before.ended_by_server,
            unanswered: self.unanswered - before.unanswered,
        }
    }
}

/// What the processors did in a stretch of time.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cpu {
    /// The server, in hundredths of one core.
    pub server_percent: f64,
    /// The load, in hundredths of one core.
    pub load_percent: f64,
    /// The processor time of the server, in seconds.
    pub server_seconds: f64,
}

/// A stretch of time that is being measured.
pub struct Stretch {
    begun: Nanos,
    server: Duration,
    load: Duration,
}

impl Load {
    /// Starts a server, with agents whose phones are registered and who are ready.
    ///
    /// # Errors
    /// When it does not start, or a phone cannot register.
    pub fn on(kind: Kind, agent_count: u32) -> Result<Self> {
        let sink = Sink::open(CALLERS)?;
        let mut phones = Phones::open(CALLERS, AGENTS, sink.places()?)?;
        let (callers, desks) = (phones.address(Side::Callers)?, phones.address(Side::Agents)?);
        let system = System::start(kind, &SetUp { agents: agent_count, callers, phones: desks })?;
        phones.serve_by(system.sip);
        let mut load = Load { phones, sink, system, tally: Tally::default(), arrivals: 0 };
        if kind == Kind::Nohold {
            for agent in agents(agent_count) {
                load.phones.register(&agent, &password(&agent))?;
                load.wait_until("a phone is registered", |event| matches!(event, Event::Registered))?;
            }
            nohold::sign_in(&load.system, agent_count)?;
        }
        Ok(load)
    }

    /// The next caller calls; says which call and which caller that is.
    ///
    /// # Errors
    /// When the socket is of no use any more.
    pub fn arrive(&mut self, number: &str) -> Result<(Number, u64)> {
        let who = self.arrivals;
        self.arrivals += 1;
        self.tally.begun += 1;
        Ok((self.phones.dial(&caller(who), number)?, who))
    }

    /// The next thing that happens until then. Its audio is heard from here on, and it is counted.
    ///
    /// # Errors
    /// When a socket is of no use any more.
    pub fn next(&mut self, until: Nanos) -> Result<Option<Event>> {
        let event = self.phones.next(until)?;
        match &event {
            Some(Event::Answered { call, audio, .. }) => {
                self.tally.answered += 1;
                self.hear(*call, *audio);
            }
            Some(Event::Refused { status, retry_after, .. }) => {
                *self.tally.refused.entry(*status).or_default() += 1;
                self.tally.with_retry_after += u64::from(retry_after.is_some());
            }
            Some(Event::HungUp { .. }) => self.tally.ended_by_server += 1,
            Some(Event::Unanswered { .. }) => self.tally.unanswered += 1,
            Some(Event::Offered { .. } | Event::Registered) | None => {}
        }
        Ok(event)
    }

    fn hear(&self, call: Number, audio: Option<SocketAddrV4>) {
        if let Some(audio) = audio {
            self.sink.add(audio, self.phones.place(call));
        }
    }

    /// Lets so many callers call, so many a second, and waits until each call is up or refused.
    ///
    /// # Errors
    /// When a socket is of no use any more, or the server has ended.
    pub fn bring_up(&mut self, count: u64, per_second: u64) -> Result<Vec<Number>> {
        let (begun, before) = (now(), self.tally.clone());
        let number = self.system.queue();
        let mut up = Vec::new();
        let settled = |tally: &Tally| {
            let since = tally.since(&before);
            since.answered + since.refused.values().sum::<u64>() + since.unanswered
        };
        let mut dialled = 0;
        let limit = begun + count * SECOND / per_second + LIMIT;
        while settled(&self.tally) < count {
            let here = now();
            if here > limit {
                break;
            }
            let due = begun + dialled * SECOND / per_second;
            if dialled < count && here >= due {
                self.arrive(number)?;
                dialled += 1;
            }
            let until = if dialled < count { begun + dialled * SECOND / per_second } else { here + SECOND / 10 };
            if let Some(Event::Answered { call, .. }) = self.next(until)? {
                up.push(call);
            }
        }
        if !self.system.process.is_alive()? {
            bail!("the server has ended:\n{}", self.system.process.last_words());
        }
        Ok(up)
    }

    /// Lets time pass; what happens meanwhile is counted.
    ///
    /// # Errors
    /// When a socket is of no use any more.
    pub fn pass(&mut self, length: Nanos) -> Result<()> {
        let end = now() + length;
        while now() < end {
            self.next(end)?;
        }
        Ok(())
    }

    /// Hangs up calls, and waits until the server has said that it knows.
    ///
    /// # Errors
    /// When a socket is of no use any more.
    pub fn hang_up_all(&mut self, calls: &[Number], per_second: u64) -> Result<()> {
        let begun = now();
        for (n, call) in (0..).zip(calls) {
            // One that the server has ended is gone.
            let _ = self.phones.hang_up(*call);
            let due = begun + n * SECOND / per_second;
            while now() < due {
                self.next(due)?;
            }
        }
        let end = now() + LIMIT;
        while self.phones.open_calls() > 0 && now() < end {
            self.next(now() + SECOND / 10)?;
        }
        self.sink.forget_all();
        Ok(())
    }

    /// Waits until something happens.
    ///
    /// # Errors
    /// When it does not within a minute.
    pub fn wait_until(&mut self, what: &str, is_it: impl Fn(&Event) -> bool) -> Result<()> {
        let end = now() + LIMIT;
        while now() < end {
            if self.next(end)?.is_some_and(|event| is_it(&event)) {
                return Ok(());
            }
        }
        bail!("waited a minute until {what}; the server's last words:\n{}", self.system.process.last_words())
    }

    /// Begins to measure the processors.
    ///
    /// # Errors
    /// When the server has ended.
    pub fn begin(&self) -> Result<Stretch> {
        Ok(Stretch { begun: now(), server: self.system.process.cpu()?, load: own_cpu()? })
    }

    /// What the processors did since.
    ///
    /// # Errors
    /// When the server has ended.
    #[expect(clippy::cast_precision_loss, reason = "minutes in nanoseconds")]
    pub fn since(&self, stretch: &Stretch) -> Result<Cpu> {
        let seconds = (now() - stretch.begun) as f64 / 1e9;
        let server = (self.system.process.cpu()? - stretch.server).as_secs_f64();
        let load = (own_cpu()? - stretch.load).as_secs_f64();
        Ok(Cpu {
            server_percent: server / seconds * 100.0,
            load_percent: load / seconds * 100.0,
            server_seconds: server,
        })
    }

    /// What the server has in memory.
    ///
    /// # Errors
    /// When it has ended.
    pub fn memory(&self) -> Result<Memory> {
        self.system.process.memory()
    }
}
