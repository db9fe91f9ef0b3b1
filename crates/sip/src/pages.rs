//! Phones in browsers: which page is whose phone, and what goes on there.
//!
//! A page has one stream of audio, so one of its legs speaks at a time; any number may ring. A leg of a page has a task like
//! every other leg; what happens at the page comes to it as a [`Word`].

mod phone;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nohold_app::ports::{PageAnswer, PageConnection, PagePhone, PageState};
use nohold_browser::{Agreed, ConnectError, ConnectionId, End, Event, Exchange, StartError};
use nohold_model::{ExtensionKey, LegId};
use tokio::sync::{mpsc, watch};

use crate::engine::Engine;

pub(crate) use phone::{Echo, Phone, Standing, Word};

/// How browsers are served.
#[derive(Debug, Clone)]
pub struct PageSettings {
    /// Their socket, and when a connection is lost.
    pub exchange: nohold_browser::Settings,
    /// A call whose page is lost waits so long for it to come back.
    pub waits_for: Duration,
}

/// A call whose page is lost usually waits so long for it to come back.
pub const PAGE_WAITS_FOR: Duration = Duration::from_secs(30);

/// The phones in browsers.
pub(crate) struct Pages {
    /// None where browsers are not served.
    exchange: Option<Exchange>,
    waits_for: Duration,
    phones: Mutex<BTreeMap<ExtensionKey, Phone>>,
    changes: watch::Sender<u64>,
}

/// What happens to connections.
pub(crate) type PageEvents = mpsc::UnboundedReceiver<Event>;

impl Pages {
    pub(crate) fn start(settings: Option<PageSettings>) -> Result<(Self, PageEvents), StartError> {
        let (sender, events) = mpsc::unbounded_channel();
        let waits_for = settings.as_ref().map_or(PAGE_WAITS_FOR, |settings| settings.waits_for);
        let start = |settings: PageSettings| {
            Exchange::start(settings.exchange, move |event| {
                // Nobody listens while the engine goes down.
                let _ = sender.send(event);
            })
        };
        let exchange = settings.map(start).transpose()?;
        let pages = Pages { exchange, waits_for, phones: Mutex::default(), changes: watch::Sender::new(0) };
        Ok((pages, events))
    }

    /// So long a call waits for its page.
    pub(crate) fn waits_for(&self) -> Duration {
        self.waits_for
    }

    pub(crate) fn exchange(&self) -> Option<&Exchange> {
        self.exchange.as_ref()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn phones(&self) -> MutexGuard<'_, BTreeMap<ExtensionKey, Phone>> {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a phone, where there is anything of it.
    pub(crate) fn look<T>(&self, extension: &ExtensionKey, look: impl FnOnce(&Phone) -> T) -> Option<T> {
        self.phones().get(extension).map(look)
    }

    /// Works on a phone, and tells that it has changed.
    pub(crate) fn change<T>(&self, extension: &ExtensionKey, work: impl FnOnce(&mut Phone) -> T) -> T {
        let mut phones = self.phones();
        let phone = phones.entry(extension.clone()).or_default();
        let done = work(phone);
        if phone.is_nothing() {
            phones.remove(extension);
        }
        drop(phones);
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        done
    }

    /// Takes an offer; the page takes the place of the one before it, and its calls go on there.
    pub(crate) fn connect(
        &self,
        extension: &ExtensionKey,
        offer: &str,
        ours: &[IpAddr],
    ) -> Result<PageAnswer, ConnectError> {
        let Some(exchange) = &self.exchange else { return Err(ConnectError::ShutDown) };
        let answer = exchange.connect(offer, ours)?;
        let before = self.change(extension, |phone| phone.connected(answer.connection, answer.agreed));
        if let Some(before) = before {
            exchange.close(before);
        }
        Ok(PageAnswer { connection: PageConnection(answer.connection.0), sdp: answer.sdp })
    }

    /// Ends a connection on purpose.
    pub(crate) fn disconnect(&self, extension: &ExtensionKey, connection: PageConnection) -> bool {
        self.close(extension, connection, Phone::left)
    }

    /// Ends a connection whose sign-in has ended; calls wait for the next, where there may be one.
    pub(crate) fn let_go(&self, extension: &ExtensionKey, connection: PageConnection, may_return: bool) -> bool {
        self.close(extension, connection, |phone| phone.signed_out(may_return))
    }

    fn close(&self, extension: &ExtensionKey, connection: PageConnection, how: impl FnOnce(&mut Phone)) -> bool {
        let connection = ConnectionId(connection.0);
        let is_its = |phone: &Phone| phone.connection().is_some_and(|(id, ..)| id == connection);
        if !self.look(extension, is_its).unwrap_or(false) {
            return false;
        }
        self.change(extension, how);
        if let Some(exchange) = &self.exchange {
            exchange.close(connection);
        }
        true
    }

    /// The connection by which a page can be heard and rung.
    pub(crate) fn reachable(&self, extension: &ExtensionKey) -> Option<(ConnectionId, Agreed)> {
        self.look(extension, Phone::reachable).flatten()
    }

    /// The phones whose page was there and has not been for as long as a call waits for one.
    pub(crate) fn away(&self) -> Vec<ExtensionKey> {
        let phones = self.phones();
        let away = phones.iter().filter(|(_, phone)| phone.is_away(self.waits_for));
        away.map(|(extension, _)| extension.clone()).collect()
    }

    /// The phones whose page was there, or is about to be, and cannot be rung now.
    pub(crate) fn out(&self) -> Vec<ExtensionKey> {
        let phones = self.phones();
        phones.iter().filter(|(_, phone)| phone.is_out()).map(|(extension, _)| extension.clone()).collect()
    }

    /// The phones that a page can be rung at now.
    pub(crate) fn here(&self) -> Vec<ExtensionKey> {
        let phones = self.phones();
        let here = phones.iter().filter(|(_, phone)| phone.reachable().is_some());
        here.map(|(extension, _)| extension.clone()).collect()
    }

    /// The phone as people are shown it.
    pub(crate) fn shown(&self, extension: &ExtensionKey) -> PagePhone {
        self.look(extension, Phone::shown).unwrap_or_default()
    }

    /// Our addresses with the port of browsers.
    pub(crate) fn at(&self, ours: &[IpAddr]) -> Vec<SocketAddr> {
        let Some(exchange) = &self.exchange else { return Vec::new() };
        ours.iter().map(|address| SocketAddr::new(*address, exchange.port())).collect()
    }

    pub(crate) fn shut_down(&self) {
        if let Some(exchange) = &self.exchange {
            exchange.shut_down();
        }
    }

    fn whose(&self, connection: ConnectionId) -> Option<ExtensionKey> {
        let is_its = |phone: &Phone| phone.connection().is_some_and(|(id, ..)| id == connection);
        self.phones().iter().find(|(_, phone)| is_its(phone)).map(|(extension, _)| extension.clone())
    }

    fn hear(&self, event: Event) {
        let (Event::Up(connection)
        | Event::Quiet(connection)
        | Event::Lost(connection)
        | Event::Back(connection)
        | Event::Gone(connection, _)) = event;
        if let Event::Gone(_, end) = event {
            tracing::debug!(connection = connection.0, ?end, "a page is gone");
        }
        // One that was replaced has said its last word.
        let Some(extension) = self.whose(connection) else { return };
        self.change(&extension, |phone| match event {
            Event::Up(_) | Event::Back(_) => phone.stands(PageState::Up),
            Event::Quiet(_) => phone.quiet(),
            Event::Lost(_) => phone.stands(PageState::Lost),
            Event::Gone(_, End::Ours | End::Theirs | End::NeverCame | End::Lost | End::Failed) => phone.gone(),
        });
    }
}

/// Follows what happens to connections, for as long as the engine runs.
pub(crate) async fn follow(engine: Engine, mut events: PageEvents) {
    while let Some(event) = events.recv().await {
        engine.pages().hear(event);
    }
}

/// The leg of a page; with it the page's part in the call ends.
pub(crate) struct PageLeg {
    pub(crate) engine: Engine,
    pub(crate) extension: ExtensionKey,
    pub(crate) leg: LegId,
    pub(crate) words: mpsc::UnboundedReceiver<Word>,
}

impl Drop for PageLeg {
    fn drop(&mut self) {
        let spoke = self.engine.pages().change(&self.extension, |phone| phone.remove(self.leg));
        if let (Some(connection), Some(exchange)) = (spoke, self.engine.pages().exchange()) {
            exchange.detach(connection);
        }
    }
}
