//! A plane for one test, with a folder of its own, and what it has told.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nohold_media::{MediaEvent, Plane, Settings};
use nohold_model::{Digit, IdSource, LegId, Timestamp};
use nohold_telephony::clip::Clip;
use nohold_telephony::tone::tone;

use crate::peer::Peer;

/// How long a test waits for what should come at once.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Site {
    pub plane: Plane,
    pub folder: PathBuf,
    events: Receiver<MediaEvent>,
    ids: IdSource,
}

/// Settings with short times, two threads and ports that the system chooses.
pub fn settings() -> Settings {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!("nohold-media-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    Settings {
        bind: Ipv4Addr::LOCALHOST.into(),
        ports: 0..=0,
        threads: 2,
        silence_after: Duration::from_secs(60),
        takeover_after: Duration::from_millis(400),
        max_legs: 100,
        ..Settings::new(std::env::temp_dir().join(name))
    }
}

impl Site {
    pub fn new() -> Self {
        Self::with(settings())
    }

    pub fn with(settings: Settings) -> Self {
        let (sender, events) = channel();
        let folder = settings.recordings.clone();
        let plane = Plane::start(settings, move |event| {
            let _ = sender.send(event);
        })
        .unwrap();
        Site { plane, folder, events, ids: IdSource::new(7) }
    }

    /// A new id of any kind.
    pub fn id<T: From<ulid::Ulid>>(&mut self) -> T {
        self.ids.next(Timestamp::from_millis(1_700_000_000_000))
    }

    /// Opens a leg for this phone, and connects both.
    pub fn connect(&mut self, peer: &mut Peer) -> LegId {
        let leg = self.id();
        peer.calls(self.plane.open(leg).unwrap());
        self.plane.connect(leg, peer.remote());
        leg
    }

    /// Waits for the next event.
    pub fn event(&self) -> MediaEvent {
        self.events.recv_timeout(PATIENCE).expect("an event should have come")
    }

    /// All events that have come so far.
    pub fn events(&self) -> Vec<MediaEvent> {
        self.events.try_iter().collect()
    }

    /// The keys among the events that have come so far.
    pub fn keys(&self) -> String {
        let digit = |event| match event {
            MediaEvent::Digit { digit, .. } => Some(digit.as_char()),
            _ => None,
        };
        self.events().into_iter().filter_map(digit).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.plane.shut_down();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Music that can be recognised: a tone that goes on without a seam.
pub fn music(frequency: f64) -> Clip {
    let samples: Vec<i16> = (0..8_000)
        .map(|n| (8_000.0 * (std::f64::consts::TAU * frequency * f64::from(n) / 8_000.0).sin()) as i16)
        .collect();
    Clip::new(samples)
}

/// A prompt that can be recognised.
pub fn prompt(frequency: f64, millis: u32) -> Clip {
    tone(&[frequency], millis)
}

pub fn digits(text: &str) -> Vec<Digit> {
    text.chars().map(|c| Digit::new(c).unwrap()).collect()
}
