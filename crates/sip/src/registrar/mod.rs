//! The registrar (RFC 3261 §10): our phones say where they are.

pub(crate) mod bindings;
mod contacts;
mod kept;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use nohold_model::ExtensionKey;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, StatusCode};
use rsipstack::transaction::transaction::Transaction;

use crate::access::{Access, Who};
use crate::book::{BINDINGS, Book};
use crate::client::Question;
use crate::engine::Engine;
use crate::flow::Flow;
use crate::leg::values;
use crate::name_addr;
use crate::uri::Uri;
use bindings::{Binding, Bindings, Change, Refused, SHORTEST};

pub(crate) use kept::restore;

/// Phones behind NAT are reached only while something passes: routers forget a UDP flow after half a minute.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(25);

/// Where our phones are.
pub(crate) struct Registrar {
    bindings: Mutex<Bindings<Flow>>,
    /// The extensions that had a phone when the engine ended: one behind a stream comes back when it has to register anew.
    before: OnceLock<BTreeSet<ExtensionKey>>,
    book: Book,
}

impl Registrar {
    /// Nobody is registered yet; nobody will be for longer than this, in seconds.
    pub(crate) fn new(longest: u32, book: Book) -> Self {
        Registrar { bindings: Mutex::new(Bindings::new(longest)), before: OnceLock::new(), book }
    }

    /// The phones of an extension that are registered now.
    pub(crate) fn phones(&self, extension: &ExtensionKey) -> Vec<Binding<Flow>> {
        self.lock().live(extension, Instant::now())
    }

    /// Whether a phone is registered that is reached by this way.
    pub(crate) fn is_phone(&self, flow: Flow) -> bool {
        self.lock().has(&flow, Instant::now())
    }

    /// The extensions that have a phone now.
    pub(crate) fn registered(&self, now: Instant) -> BTreeSet<ExtensionKey> {
        self.lock().all(now).into_iter().map(|(extension, _)| extension).collect()
    }

    /// The extensions that have a phone now, or had one before the engine was started.
    pub(crate) fn have_phones(&self, now: Instant) -> BTreeSet<ExtensionKey> {
        let mut all = self.registered(now);
        all.extend(self.before.get().into_iter().flatten().cloned());
        all
    }

    /// Notes who had a phone when the engine ended.
    pub(super) fn had_phones(&self, extensions: BTreeSet<ExtensionKey>) {
        // The book is read once.
        let _ = self.before.set(extensions);
    }

    /// Forgets the phones of extensions that are not known any more, and those that have not come back.
    pub(crate) fn retain(&self, known: impl Fn(&ExtensionKey) -> bool) {
        let mut bindings = self.lock();
        for (extension, contact) in bindings.retain(Instant::now(), known) {
            self.book.strike(BINDINGS, &kept::name(&extension, &contact));
        }
    }

    /// Carries out a REGISTER; what has changed is written down.
    fn register(
        &self,
        extension: &ExtensionKey,
        change: &Change,
        of: (&str, u32),
        flow: Flow,
        now: Instant,
    ) -> Result<Vec<Binding<Flow>>, Refused> {
        let mut bindings = self.lock();
        let before = bindings.kept(extension);
        let after = bindings.register(extension, change, of, &flow, now)?;
        for gone in before.iter().filter(|old| after.iter().all(|new| new.contact != old.contact)) {
            self.book.strike(BINDINGS, &kept::name(extension, &gone.contact));
        }
        for new in after.iter().filter(|new| !before.contains(new)) {
            self.book.put(BINDINGS, &kept::name(extension, &new.contact), kept::line(extension, new));
        }
        Ok(after)
    }

    fn put_back(&self, extension: ExtensionKey, binding: Binding<Flow>) -> bool {
        self.lock().put_back(extension, binding)
    }

    fn lock(&self) -> MutexGuard<'_, Bindings<Flow>> {
        self.bindings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a REGISTER.
pub(crate) async fn register(engine: &Engine, mut transaction: Transaction, flow: Flow) -> rsipstack::Result<()> {
    let extension = match engine.access(&transaction.original, flow) {
        Access::Granted(Who::Extension(extension)) => extension,
        // A trunk that registers with us would be a phone.
        Access::Granted(Who::Trunk(_)) | Access::Refused => return transaction.reply(StatusCode::Forbidden).await,
        Access::Challenge { stale } => {
            let headers = engine.challenge(&transaction.original, flow, stale);
            return transaction.reply_with(StatusCode::Unauthorized, headers, None).await;
        }
    };
    if !names(&transaction, engine, &extension) {
        // RFC 3261 §10.3 step 4: nobody registers for somebody else.
        return transaction.reply(StatusCode::Forbidden).await;
    }
    let contacts: Vec<String> = values(&transaction.original, "Contact").collect();
    let expires = values(&transaction.original, "Expires").next();
    let Some(change) = contacts::change(contacts.iter().map(String::as_str), expires.as_deref()) else {
        return transaction.reply(StatusCode::BadRequest).await;
    };
    let call_id = transaction.original.call_id_header()?.value().to_owned();
    let cseq = transaction.original.cseq_header()?.seq()?;
    let now = Instant::now();
    let result = engine.registrar().register(&extension, &change, (&call_id, cseq), flow, now);
    match result {
        Ok(bindings) => {
            let contacts = bindings.iter().map(|binding| contact(binding, now)).collect();
            transaction.reply_with(StatusCode::OK, contacts, None).await
        }
        Err(Refused::TooBrief) => {
            let headers = vec![Header::MinExpires(SHORTEST.to_string().into())];
            transaction.reply_with(StatusCode::IntervalTooBrief, headers, None).await
        }
        Err(Refused::OutOfOrder) => transaction.reply(StatusCode::ServerInternalError).await,
        Err(Refused::TooMany) => transaction.reply(StatusCode::Forbidden).await,
    }
}

/// Whether the address of record is that of the account that has proven itself.
fn names(transaction: &Transaction, engine: &Engine, extension: &ExtensionKey) -> bool {
    let user = values(&transaction.original, "To").next().and_then(|to| name_addr::uri(&to)).and_then(|uri| uri.user());
    let lines = engine.lines();
    let account = lines.extensions.get(extension);
    account.is_some_and(|account| user.as_deref() == Some(account.user.as_str()))
}

fn contact(binding: &Binding<Flow>, now: Instant) -> Header {
    let seconds = binding.until.saturating_duration_since(now).as_secs_f64().ceil();
    Header::Contact(format!("<{}>;expires={seconds:.0}", binding.contact).into())
}

/// Keeps the way to phones behind NAT open, for as long as the engine runs.
pub(crate) async fn keep_alive(engine: Engine) {
    loop {
        tokio::time::sleep(KEEP_ALIVE_EVERY).await;
        engine.registrar().retain(|_| true);
        let phones = engine.registrar().lock().all(Instant::now());
        for (_, binding) in phones.into_iter().filter(|(_, binding)| is_behind_nat(binding)) {
            let Ok(uri) = binding.contact.parse::<Uri>() else { continue };
            let engine = engine.clone();
            engine.tasks().spawn("keep alive", async move {
                // Whatever it answers, the packet has passed.
                let _ = engine.ask(Question::options(&uri, binding.flow)).await;
            });
        }
    }
}

/// A phone that names another address than the one its request came from.
fn is_behind_nat(binding: &Binding<Flow>) -> bool {
    let host = binding.contact.parse::<Uri>().ok().and_then(|uri| uri.host().parse::<IpAddr>().ok());
    host != Some(binding.flow.peer.ip()) && binding.flow.transport == crate::addresses::Transport::Udp
}
