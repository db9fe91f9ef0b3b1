//! The engine: the telephony port of the app, on SIP and RTP.

mod dialling;
mod heard;
mod held_port;
mod page_phones;
mod said;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use futures::future::BoxFuture;
use nohold_app::ports::{Telephony, TelephonyEvent};
use nohold_core::call::{Command, Gone, HangUp, Input, LegState};
use nohold_media::{Plane, RecordSpec, Remote, Source};
use nohold_model::{Country, ExtensionKey, IdSource, LegId, PlaybackId, Timestamp};
use nohold_telephony::prompts::PromptLibrary;
use rsipstack::dialog::dialog_layer::DialogLayer;
use tokio::sync::mpsc;

use crate::access::Who;
use crate::book::Book;
use crate::complaints::Complaints;
use crate::digest::{Algorithm, Challenger};
use crate::edge::{Counters, Edge};
use crate::leg::{Begun, Order, Orders};
use crate::legs::Legs;
use crate::pages::{Pages, Phone};
use crate::registrar::Registrar;
use crate::sdp::Local;
use crate::seats::{OneUndecided, Seat, Seats, Undecided};
use crate::settings::{Lines, Settings};
use crate::sorting::Sorting;
use crate::tasks::Tasks;
use crate::trunks::Trunks;
use crate::{farewell, incoming, pages, registrar, trunks};

pub(crate) use held_port::HeldPort;

/// A nonce serves this long.
const NONCE_LIFE: Duration = Duration::from_secs(300);
/// The busy tone is heard this long before we hang up.
const BUSY_TONE: Duration = Duration::from_secs(4);
/// Legs have this long to say goodbye when the engine shuts down.
const GOODBYE: Duration = Duration::from_secs(2);

/// The embedded telephony engine. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    edge: Edge,
    plane: Plane,
    prompts: PromptLibrary,
    events: mpsc::UnboundedSender<TelephonyEvent>,
    legs: Mutex<Legs>,
    ids: Mutex<IdSource>,
    lines: RwLock<Arc<Lines>>,
    registrar: Registrar,
    trunks: Trunks,
    challenger: Challenger,
    tasks: Tasks,
    sorting: Sorting,
    book: Book,
    trunk_silent_after: Duration,
    shortest_session: u32,
    seats: Seats,
    undecided: Undecided,
    calls_per_extension: usize,
    complaints: Complaints,
    recordings: heard::Recordings,
    pages: Pages,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A signalling address cannot be used.
    #[error(transparent)]
    Edge(#[from] crate::edge::StartError),
    /// The media plane cannot be used.
    #[error(transparent)]
    Media(#[from] nohold_media::StartError),
    /// Browsers cannot be served.
    #[error(transparent)]
    Pages(#[from] nohold_browser::StartError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl Engine {
    /// Starts the engine: from now on phones register and calls come in, which are told to `events`.
    ///
    /// # Errors
    /// [`StartError`] says which address, port or folder cannot be used.
    pub async fn start(
        settings: Settings,
        prompts: PromptLibrary,
        events: mpsc::UnboundedSender<TelephonyEvent>,
    ) -> Result<Engine, StartError> {
        let tasks = Tasks::default();
        let book = Book::open(settings.ledger, random()?, &tasks);
        let (heard, media_events) = mpsc::unbounded_channel();
        let plane = Plane::start(settings.media, move |event| {
            // Nobody listens while the engine goes down.
            let _ = heard.send(event);
        })?;
        let (pages, page_events) = Pages::start(settings.pages)?;
        let (edge, requests) = Edge::start(settings.edge, tasks.clone()).await?;
        let challenger = Challenger::new(&settings.realm, &[Algorithm::Sha256, Algorithm::Md5], NONCE_LIFE)?;
        let inner = Inner {
            edge,
            plane,
            prompts,
            events,
            legs: Mutex::default(),
            ids: Mutex::new(IdSource::new(random()?)),
            lines: RwLock::default(),
            registrar: Registrar::new(settings.longest_registration, book.clone()),
            trunks: Trunks::default(),
            challenger,
            tasks: tasks.clone(),
            sorting: Sorting::start(&tasks),
            book,
            trunk_silent_after: settings.trunk_silent_after,
            shortest_session: settings.shortest_session,
            seats: Seats::default(),
            undecided: Undecided::default(),
            calls_per_extension: settings.calls_per_extension,
            complaints: Complaints::default(),
            recordings: heard::Recordings::default(),
            pages,
        };
        let engine = Engine { inner: Arc::new(inner) };
        engine.configure(settings.lines);
        registrar::restore(&engine).await;
        tasks.spawn("farewell", farewell::say(engine.clone()));
        tasks.spawn("media events", engine.clone().hear(media_events));
        tasks.spawn("requests", incoming::serve(engine.clone(), requests));
        tasks.spawn("keep alive", registrar::keep_alive(engine.clone()));
        tasks.spawn("trunks", trunks::watch(engine.clone()));
        tasks.spawn("pages", pages::follow(engine.clone(), page_events));
        Ok(engine)
    }

    /// Replaces phones and trunks, and what the tones sound like; calls that are up go on.
    pub fn configure(&self, lines: Lines) {
        let lines = Arc::new(lines);
        *self.inner.lines.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&lines);
        self.inner.registrar.retain(|extension| lines.extensions.contains_key(extension));
        self.inner.trunks.configure(&lines.trunks);
        self.trust_trunks();
    }

    /// Whether only this machine is listened to: until somebody has set the installation up, others get no answer.
    pub fn set_this_machine_only(&self, only: bool) {
        self.inner.edge.set_this_machine_only(only);
    }

    /// Says goodbye to everybody, dials nobody any more, and ends. Each leg is told to be lost: nobody at the far end wanted it over.
    pub async fn shut_down(&self) {
        self.inner.edge.set_accepting(false);
        self.legs().leave();
        let end = Instant::now() + GOODBYE;
        while self.legs().count() > 0 && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The BYEs themselves.
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.inner.book.settle(GOODBYE).await;
        self.inner.tasks.shutdown().await;
        self.inner.edge.shutdown().await;
        self.inner.pages.shut_down();
        self.inner.plane.shut_down();
    }

    /// What the edge has counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.inner.edge.counters()
    }

    /// How many legs are up, how many dialogs the SIP library holds, and how many ports are in use; all are zero where
    /// nobody calls.
    #[must_use]
    pub fn load(&self) -> (usize, usize, usize) {
        (self.legs().count(), self.inner.edge.dialogs.len(), self.inner.plane.legs())
    }

    /// Since when no conversation could be recorded; nothing where the last one was kept.
    #[must_use]
    pub fn recordings_failing_since(&self) -> Option<Timestamp> {
        self.inner.recordings.failing_since()
    }

    /// Where we really listen: what the system chose stands in place of port 0.
    #[must_use]
    pub fn addresses(&self) -> &crate::addresses::Addresses {
        self.inner.edge.addresses()
    }

    /// The phones of ours that are registered now.
    #[must_use]
    pub fn registered(&self) -> BTreeSet<nohold_model::ExtensionKey> {
        self.inner.registrar.registered(Instant::now())
    }

    pub(crate) fn edge(&self) -> &Edge {
        &self.inner.edge
    }

    pub(crate) fn dialogs(&self) -> Arc<DialogLayer> {
        Arc::clone(&self.inner.edge.dialogs)
    }

    pub(crate) fn sorting(&self) -> &Sorting {
        &self.inner.sorting
    }

    pub(crate) fn tasks(&self) -> Tasks {
        self.inner.tasks.clone()
    }

    pub(crate) fn lines(&self) -> Arc<Lines> {
        Arc::clone(&self.inner.lines.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn book(&self) -> &Book {
        &self.inner.book
    }

    pub(crate) fn registrar(&self) -> &Registrar {
        &self.inner.registrar
    }

    pub(crate) fn trunks(&self) -> &Trunks {
        &self.inner.trunks
    }

    /// Phones in browsers.
    pub(crate) fn pages(&self) -> &Pages {
        &self.inner.pages
    }

    pub(crate) fn plane(&self) -> &Plane {
        &self.inner.plane
    }

    /// An id for something that is played.
    pub(crate) fn new_playback(&self) -> PlaybackId {
        self.inner.ids.lock().unwrap_or_else(PoisonError::into_inner).next(now())
    }

    pub(crate) fn challenger(&self) -> &Challenger {
        &self.inner.challenger
    }

    pub(crate) fn trunk_silent_after(&self) -> Duration {
        self.inner.trunk_silent_after
    }

    pub(crate) fn shortest_session(&self) -> u32 {
        self.inner.shortest_session
    }

    /// Whose numbers our phones show as they are dialled at home.
    pub(crate) fn home(&self) -> Option<Country> {
        self.lines().home
    }

    /// Who has failed to prove a password.
    pub(crate) fn complaints(&self) -> &Complaints {
        &self.inner.complaints
    }

    /// Room for one more call that comes in, where there is any. Callers of all trunks together have limits besides; a phone of
    /// ours, which may call for help, has not.
    pub(crate) fn seat_for_caller(&self, who: &Who) -> Option<(Seat, Option<OneUndecided>)> {
        let Who::Trunk(_) = who else { return Some((self.seat(who)?, None)) };
        if self.lines().most_calls.is_some_and(|most| self.inner.seats.of_trunks() >= most) {
            self.edge().count_refused_call();
            return None;
        }
        let undecided = self.inner.undecided.one_more();
        if undecided.is_none() {
            self.edge().count_overload();
        }
        let undecided = undecided?;
        let seat = self.seat(who);
        if seat.is_none() {
            self.edge().count_refused_call();
        }
        Some((seat?, Some(undecided)))
    }

    /// Room for one more call of a phone or a trunk, where there is any.
    pub(crate) fn seat(&self, who: &Who) -> Option<Seat> {
        let most = match who {
            Who::Extension(_) => self.inner.calls_per_extension,
            Who::Trunk(key) => self.lines().trunks.get(key).and_then(|trunk| trunk.most_calls).unwrap_or(usize::MAX),
        };
        self.inner.seats.take(who, most)
    }

    pub(crate) fn legs(&self) -> MutexGuard<'_, Legs> {
        self.inner.legs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A leg of its own for a call that comes in.
    pub(crate) fn new_leg(&self) -> LegId {
        self.inner.ids.lock().unwrap_or_else(PoisonError::into_inner).next(now())
    }

    /// Our side of the audio of a leg for this far end; nothing where no port is free.
    pub(crate) fn local(&self, leg: LegId, peer: IpAddr) -> Option<Local> {
        let port =
            self.inner.plane.open(leg).inspect_err(|error| tracing::warn!(%error, "a leg gets no audio")).ok()?;
        let address = SocketAddr::new(self.inner.edge.addresses().for_peer(peer), port);
        Some(Local::new(address, random().unwrap_or_default(), peer))
    }

    /// Whether audio of a leg of ours arrives at this port.
    pub(crate) fn has_audio_at(&self, port: u16) -> bool {
        self.inner.plane.has_port(port)
    }

    /// The port of a leg that has no task yet, which goes back when nobody keeps it.
    pub(crate) fn hold_port(&self, leg: LegId) -> HeldPort {
        HeldPort { engine: Some(self.clone()), leg }
    }

    pub(crate) fn send(&self, event: TelephonyEvent) {
        // Nobody listens while the process goes down.
        let _ = self.inner.events.send(event);
    }

    pub(crate) fn tell(&self, leg: LegId, input: Input) {
        self.send(TelephonyEvent::OnLeg(leg, input));
    }

    /// What a leg sends and hears from now on.
    pub(crate) fn connect(&self, leg: LegId, remote: Remote) {
        let events = remote.telephone_event.is_some();
        self.legs().note(leg, |state| (state.connected, state.events) = (true, events));
        self.inner.plane.connect(leg, remote);
    }

    pub(crate) fn is_connected(&self, leg: LegId) -> bool {
        self.legs().is(leg, |state| state.connected)
    }

    /// A leg that we dialled was answered.
    pub(crate) fn answered(&self, leg: LegId) {
        self.legs().note(leg, |state| state.answered = true);
        self.tell(leg, Input::Answered(leg));
    }

    /// Begins the task of a leg, which runs until the leg is over. It holds a seat until then.
    ///
    /// What leads to an answer needs much more room than a conversation does, and gives it back at the answer.
    pub(crate) fn begin<B>(&self, leg: LegId, mut orders: Orders, seat: Option<Seat>, begin: B)
    where
        B: for<'a> FnOnce(&'a mut Orders) -> BoxFuture<'a, Begun> + Send + 'static,
    {
        let end = LegEnd { engine: self.clone(), leg, why: Gone::Lost };
        self.inner.tasks.spawn("leg", async move {
            // All of it, so that an end without a word counts as well.
            let (_seat, mut end) = (seat, end);
            let begun = begin(&mut orders).await;
            end.why = match begun {
                Ok(conversation) => conversation.run(&mut orders).await,
                Err(gone) => gone,
            };
        });
    }

    /// Begins the busy tone; says until when somebody would listen to it.
    pub(crate) fn play_busy(&self, leg: LegId) -> Instant {
        self.inner.plane.play(leg, self.new_playback(), Source::Loop(self.lines().tones.busy()));
        Instant::now() + BUSY_TONE
    }

    fn hang_up(&self, leg: LegId, how: HangUp) {
        self.legs().order(leg, Order::HangUp(how));
    }
}

impl Telephony for Engine {
    fn execute(&self, command: Command) {
        match command {
            Command::Ring { leg } => self.legs().order(leg, Order::Ring),
            Command::Answer { leg } => {
                self.legs().note(leg, |state| state.answered = true);
                self.legs().order(leg, Order::Answer);
            }
            Command::Dial { leg, to, ring_for } => self.dial(leg, &to, ring_for),
            Command::HangUp { leg, how } => self.hang_up(leg, how),
            Command::Play { leg, playback, audio } => self.play(leg, playback, &audio),
            Command::Stop { leg, playback } => {
                self.legs().played(leg, playback);
                self.inner.plane.stop(leg, playback);
            }
            Command::Record { leg, message, longest, silence, end_key } => {
                self.legs().note(leg, |state| state.recording = Some(message));
                // The rules let the warning tone be played themselves.
                self.inner.plane.record(leg, message, RecordSpec { longest, silence, end_key, warn_before: None });
            }
            Command::Discard { message } => self.inner.plane.discard(message),
            Command::Bridge { bridge, a, b } => {
                self.before_answer(a);
                self.before_answer(b);
                self.inner.plane.bridge(bridge, a, b);
            }
            Command::RecordCall { bridge, recording } => {
                let plane = &self.inner.plane;
                plane.record_call(recording, bridge, plane.recording_path(recording));
            }
            Command::Unbridge { bridge } => self.inner.plane.unbridge(bridge),
            Command::Conference { bridge, legs } => {
                for leg in &legs {
                    self.before_answer(*leg);
                }
                self.inner.plane.conference(bridge, &legs);
            }
            Command::StopRecording { recording } => self.inner.plane.stop_recording(recording),
            Command::Press { leg, digits } => self.press(leg, digits),
        }
    }

    fn inventory(&self, legs: &BTreeSet<LegId>) -> impl Future<Output = BTreeMap<LegId, LegState>> + Send + 'static {
        std::future::ready(self.legs().states(legs))
    }

    fn without_a_page(&self) -> BTreeSet<ExtensionKey> {
        let away = self.pages().away();
        if away.is_empty() {
            return BTreeSet::new();
        }
        let registered = self.registrar().registered(Instant::now());
        let (elsewhere, without) = away.into_iter().partition::<Vec<_>, _>(|away| registered.contains(away));
        for extension in elsewhere {
            // Who works by another phone is not signed out the moment that one has to register anew.
            self.pages().change(&extension, Phone::is_not_missed);
        }
        without.into_iter().collect()
    }

    fn pages_away(&self) -> BTreeSet<ExtensionKey> {
        let out = self.pages().out();
        if out.is_empty() {
            return BTreeSet::new();
        }
        let registered = self.registrar().registered(Instant::now());
        out.into_iter().filter(|extension| !registered.contains(extension)).collect()
    }

    fn reachable(&self) -> Option<BTreeSet<ExtensionKey>> {
        let mut there = self.registrar().have_phones(Instant::now());
        there.extend(self.pages().here());
        Some(there)
    }
}

/// The end of a leg's task, however it came.
struct LegEnd {
    engine: Engine,
    leg: LegId,
    why: Gone,
}

impl Drop for LegEnd {
    fn drop(&mut self) {
        self.engine.inner.plane.close(self.leg);
        self.engine.legs().gone(self.leg, self.why);
        self.engine.tell(self.leg, Input::Gone(self.leg, self.why));
    }
}

/// The time, for ids and for what is said relative to it.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn random() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}
