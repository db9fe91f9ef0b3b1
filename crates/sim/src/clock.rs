//! Time that stands still until somebody moves it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use nohold_app::ports::Clock;
use nohold_model::{Millis, Timestamp};

/// A clock whose hands are moved by the world. Clones are the same clock.
#[derive(Clone, Default)]
pub struct VirtualClock {
    face: Arc<Mutex<Face>>,
}

#[derive(Default)]
struct Face {
    now: Timestamp,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
    slept: u64,
}

impl VirtualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn showing(now: Timestamp) -> Self {
        VirtualClock { face: Arc::new(Mutex::new(Face { now, ..Face::default() })) }
    }

    /// When the next sleeper wants to be woken.
    #[must_use]
    pub fn next_alarm(&self) -> Option<Timestamp> {
        self.with(|face| face.sleepers.keys().next().map(|(at, _)| *at))
    }

    /// Moves the hands to `at`, never back, and wakes who has slept until then.
    pub fn advance_to(&self, at: Timestamp) {
        let woken = self.with(|face| {
            face.now = face.now.max(at);
            let later = face.sleepers.split_off(&(face.now + Millis::new(1), 0));
            std::mem::replace(&mut face.sleepers, later)
        });
        for waker in woken.into_values() {
            waker.wake();
        }
    }

    /// Nobody sleeps any more: those who did are dead.
    pub fn forget_sleepers(&self) {
        self.with(|face| face.sleepers.clear());
    }

    /// Waits for a length of time.
    pub fn sleep(&self, length: Millis) -> Sleep {
        self.sleep_until_then(self.now() + length)
    }

    fn sleep_until_then(&self, until: Timestamp) -> Sleep {
        Sleep { clock: self.clone(), until, place: None }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Face) -> T) -> T {
        work(&mut self.face.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.with(|face| face.now)
    }

    fn sleep_until(&self, at: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        self.sleep_until_then(at)
    }
}

/// A sleep on a [`VirtualClock`]. Dropping it leaves no sleeper behind.
pub struct Sleep {
    clock: VirtualClock,
    until: Timestamp,
    place: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let (until, place) = (this.until, this.place);
        let place = this.clock.with(|face| {
            if face.now >= until {
                return None;
            }
            let place = place.unwrap_or_else(|| {
                face.slept += 1;
                face.slept
            });
            face.sleepers.insert((until, place), context.waker().clone());
            Some(place)
        });
        this.place = place;
        if place.is_some() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let until = self.until;
            self.clock.with(|face| face.sleepers.remove(&(until, place)));
        }
    }
}
