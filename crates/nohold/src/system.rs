//! The edge: the clock, chance and tasks of a running server, and the bundle of all ports.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use nohold_app::ports::{Clock, Ports, Store, Telephony};
use nohold_model::Timestamp;

/// How often the clock is compared with the wall's.
const COMPARE_EVERY: Duration = Duration::from_secs(1);
/// A difference beyond this is a step of the wall's clock, not a drift.
const STEP_MS: i64 = 1_000;
/// By so much a drift is followed at each comparison, so that no deadline jumps.
const FOLLOW_MS: i64 = 5;
/// The longest sleep that is asked of the timer at once.
const LONGEST_SLEEP: Duration = Duration::from_secs(3_600);

/// All ports of a server. Clones are the same ports.
#[derive(Debug)]
pub struct Parts<T, S> {
    shared: Arc<Shared<T, S>>,
}

#[derive(Debug)]
struct Shared<T, S> {
    telephony: T,
    store: S,
    system: System,
}

/// Clock and chance of this process.
#[derive(Debug)]
pub struct System {
    clock: SystemClock,
    seeds: Seeds,
}

/// The clock: monotonic since the start, plus what the wall's clock showed then.
///
/// A slow drift of the wall's clock (NTP holds it right) is followed a few milliseconds at a time. A step is logged and
/// not followed: all deadlines would jump with it. Time never goes back.
#[derive(Debug, Clone)]
pub struct SystemClock {
    inner: Arc<Ticking>,
}

#[derive(Debug)]
struct Ticking {
    started: Instant,
    /// Milliseconds of the epoch at the start, corrected by the drift since.
    offset: AtomicI64,
    /// The latest time that was told.
    told: AtomicI64,
}

/// Numbers that nobody can foresee.
#[derive(Debug)]
struct Seeds {
    /// For the case that the system has no more random numbers: drawn at the start, when it had.
    base: u64,
    drawn: AtomicU64,
}

/// What a difference between the clocks means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Difference {
    Drift(i64),
    Step(i64),
}

impl<T, S> Clone for Parts<T, S> {
    fn clone(&self) -> Self {
        Parts { shared: Arc::clone(&self.shared) }
    }
}

impl<T: Telephony, S: Store> Parts<T, S> {
    /// The bundle of these.
    #[must_use]
    pub fn new(telephony: T, store: S, system: System) -> Self {
        Parts { shared: Arc::new(Shared { telephony, store, system }) }
    }

    /// Compares the clock with the wall's from now on.
    pub fn watch_clock(&self) {
        let clock = self.clock().clone();
        self.spawn("clock", Box::pin(async move { clock.watch().await }));
    }
}

impl<T: Telephony, S: Store> Ports for Parts<T, S> {
    type Telephony = T;
    type Store = S;
    type Clock = SystemClock;

    fn telephony(&self) -> &T {
        &self.shared.telephony
    }

    fn store(&self) -> &S {
        &self.shared.store
    }

    fn clock(&self) -> &SystemClock {
        &self.shared.system.clock
    }

    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>) {
        spawn(name, task);
    }

    fn seed(&self) -> u64 {
        self.shared.system.seeds.next()
    }
}

/// Runs a task beside the others; one that dies is named in the log. What follows from its death is the matter of
/// whoever needed it.
#[expect(clippy::disallowed_methods, reason = "this is the supervised spawner that everybody else uses")]
pub fn spawn(name: &'static str, task: BoxFuture<'static, ()>) {
    drop(tokio::spawn(async move {
        if AssertUnwindSafe(task).catch_unwind().await.is_err() {
            tracing::error!(task = name, "a task has died by a mistake of the program: please report it");
        }
    }));
}

impl System {
    /// The clock begins now.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new() -> Result<Self, getrandom::Error> {
        let seeds = Seeds { base: getrandom::u64()?, drawn: AtomicU64::new(0) };
        Ok(System { clock: SystemClock::starting_at(wall_ms()), seeds })
    }
}

impl System {
    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &SystemClock {
        &self.clock
    }
}

impl Seeds {
    fn next(&self) -> u64 {
        let count = self.drawn.fetch_add(1, Ordering::Relaxed);
        getrandom::u64().unwrap_or_else(|_| self.base.wrapping_add(count.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

impl SystemClock {
    fn starting_at(ms: i64) -> Self {
        let inner = Ticking { started: Instant::now(), offset: AtomicI64::new(ms), told: AtomicI64::new(ms) };
        SystemClock { inner: Arc::new(inner) }
    }

    async fn watch(self) {
        let mut steps = 0i64;
        loop {
            tokio::time::sleep(COMPARE_EVERY).await;
            steps = self.compare(wall_ms(), steps);
        }
    }

    /// Follows a drift and logs a step. `known` is how far the wall's clock is known to have stepped; the new figure
    /// comes back.
    fn compare(&self, wall: i64, known: i64) -> i64 {
        let difference = wall.saturating_sub(self.now().as_millis()).saturating_sub(known);
        match judge(difference) {
            Difference::Drift(by) => {
                self.inner.offset.fetch_add(by, Ordering::Relaxed);
                known
            }
            Difference::Step(by) => {
                tracing::warn!(
                    step_ms = by,
                    "the system's clock was put forward or back; calls go on by the time before: restart to take it over"
                );
                known.saturating_add(by)
            }
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.inner.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let now = self.inner.offset.load(Ordering::Relaxed).saturating_add(elapsed);
        let told = self.inner.told.fetch_max(now, Ordering::Relaxed);
        Timestamp::from_millis(told.max(now))
    }

    fn sleep_until(&self, at: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        let clock = self.clone();
        async move {
            loop {
                let left = at.since(clock.now()).as_millis();
                if left == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(left).min(LONGEST_SLEEP)).await;
            }
        }
    }
}

fn judge(difference: i64) -> Difference {
    if difference.saturating_abs() > STEP_MS {
        Difference::Step(difference)
    } else {
        Difference::Drift(difference.clamp(-FOLLOW_MS, FOLLOW_MS))
    }
}

/// Milliseconds since the epoch by the wall's clock; zero where it stands before.
fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use nohold_model::Millis;

    use super::*;

    #[test]
    fn a_drift_is_followed_slowly_and_a_step_is_not() {
        assert_eq!(judge(3), Difference::Drift(3));
        assert_eq!(judge(-400), Difference::Drift(-5));
        assert_eq!(judge(60_000), Difference::Step(60_000));
        let clock = SystemClock::starting_at(1_000_000);
        let known = clock.compare(clock.now().as_millis() + 3_600_000, 0);
        assert!((3_599_000..=3_600_000).contains(&known), "{known}");
        assert!(clock.now().as_millis() < 1_100_000, "an hour was not taken over");
        let still = clock.compare(clock.now().as_millis() + known + 3, known);
        assert_eq!(still, known, "the same step is told once");
    }

    #[test]
    fn time_never_goes_back() {
        let clock = SystemClock::starting_at(1_000_000);
        let before = clock.now();
        clock.inner.offset.fetch_sub(500, Ordering::Relaxed);
        assert!(clock.now() >= before);
    }

    #[tokio::test]
    async fn a_sleep_ends_at_its_time_and_at_once_when_that_is_over() {
        let clock = SystemClock::starting_at(wall_ms());
        clock.sleep_until(Timestamp::EPOCH).await;
        let at = clock.now() + Millis::new(20);
        clock.sleep_until(at).await;
        assert!(clock.now() >= at);
    }

    #[tokio::test]
    async fn a_task_that_dies_takes_nobody_with_it() {
        let (done, heard) = tokio::sync::oneshot::channel();
        spawn("dies", Box::pin(async { panic!("planted") }));
        spawn("lives", Box::pin(async move { done.send(7).unwrap() }));
        assert_eq!(heard.await, Ok(7));
    }

    #[test]
    fn seeds_differ() {
        let seeds = Seeds { base: 1, drawn: AtomicU64::new(0) };
        assert_ne!(seeds.next(), seeds.next());
    }
}
