//! What the routes work on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::BoxFuture;
use nohold_app::ports::{Accounts, Answers, Archive, Audit, Configured, Contacts};
use nohold_core::configuration::Network;
use nohold_model::{Language, PromptKey, Timestamp};
use tokio::sync::{Mutex, MutexGuard, Semaphore, oneshot, watch};

use crate::audit::{Openings, TurnedAway};
use crate::board::follow;
use crate::configuration::{Applied, Configuring, Effective, OwnSip, Seal};
use crate::desk::{DeskParts, DeskState};
use crate::failure::Failure;
use crate::identity::{Limiter, Passwords};
use crate::patience::{Unanswered, Watched};
use crate::phone::{PhoneParts, Phones};
use crate::repeat::Repeated;
use crate::request::Requests;
use crate::sealed::Cursors;
use crate::tls::Tls;

/// So many changes may be under way at once; they wait where the store stands still.
const MOST_AT_WORK: usize = 256;

/// Reads the clock.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Runs a future beside the others, under a name.
pub type Spawn = Arc<dyn Fn(&'static str, BoxFuture<'static, ()>) + Send + Sync>;

/// What a password costs to check, for us and for whoever has stolen the hashes (argon2id, RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for PasswordCost {
    /// 19 MiB and two passes, one of the settings that OWASP's password storage page gives.
    fn default() -> Self {
        PasswordCost { memory_kib: 19 * 1024, passes: 2 }
    }
}

/// What an [`Api`] is made of.
#[derive(Clone)]
pub struct Parts {
    /// Users and passes.
    pub accounts: Arc<dyn Accounts>,
    /// What is configured.
    pub configured: Arc<dyn Configured>,
    /// Answers already given.
    pub answers: Arc<dyn Answers>,
    /// The rows that people look at.
    pub archive: Arc<dyn Archive>,
    /// Contacts.
    pub contacts: Arc<dyn Contacts>,
    /// Who has asked for what.
    pub audit: Arc<dyn Audit>,
    /// What runs, which takes over what is configured.
    pub applied: Arc<dyn Applied>,
    /// What holds at the start; none where nothing is configured.
    pub effective: Option<Arc<Effective>>,
    /// In what form passwords of SIP accounts are kept.
    pub seal: Seal,
    /// The clock.
    pub now: Now,
    /// Runs what must come to its end although nobody waits for it any more.
    pub spawn: Spawn,
    /// The prompts that can be played, each with its languages; where nothing is said, prompts are not checked.
    pub prompts: Option<BTreeMap<PromptKey, BTreeSet<Language>>>,
    /// SHA-256 of the token by which the first administrator is made.
    pub setup_token: Option<[u8; 32]>,
    /// Cookies are for TLS alone.
    pub secure_cookies: bool,
    /// Proxies: who connects from there is believed about whom they speak for.
    pub proxies: Vec<Network>,
    /// What new passwords cost.
    pub password_cost: PasswordCost,
    /// The version of the program.
    pub version: &'static str,
}

/// What the routes work on. Clones are the same.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
    desk: Option<Arc<DeskState>>,
    phones: Option<Phones>,
    operator: Option<[u8; 32]>,
    tls: Option<Tls>,
    sip: Option<OwnSip>,
}

struct Inner {
    parts: Parts,
    since: Timestamp,
    passwords: Passwords,
    limiter: Limiter,
    accounts: Mutex<()>,
    account_changes: watch::Sender<()>,
    configuring: Configuring,
    unanswered: Unanswered,
    at_work: Arc<Semaphore>,
    in_progress: Repeated,
    requests: Requests,
    openings: Openings,
    turned_away: TurnedAway,
    cursors: Cursors,
}

impl Api {
    /// Puts it together.
    #[must_use]
    pub fn new(mut parts: Parts) -> Self {
        let unanswered = Unanswered::default();
        parts.accounts = Arc::new(Watched::new(parts.accounts, &unanswered));
        parts.configured = Arc::new(Watched::new(parts.configured, &unanswered));
        parts.answers = Arc::new(Watched::new(parts.answers, &unanswered));
        parts.contacts = Arc::new(Watched::new(parts.contacts, &unanswered));
        let inner = Inner {
            since: (parts.now)(),
            passwords: Passwords::new(parts.password_cost),
            limiter: Limiter::default(),
            accounts: Mutex::new(()),
            account_changes: watch::Sender::new(()),
            configuring: Configuring::new(parts.applied.clone(), parts.effective.clone()),
            unanswered,
            at_work: Arc::new(Semaphore::new(MOST_AT_WORK)),
            in_progress: Repeated::default(),
            requests: Requests::default(),
            openings: Openings::default(),
            turned_away: TurnedAway::default(),
            cursors: Cursors::default(),
            parts,
        };
        Api { inner: Arc::new(inner), desk: None, phones: None, operator: None, tls: None, sip: None }
    }

    /// With a desk at which people work. Its board begins to follow the store.
    #[must_use]
    pub fn at_desk(mut self, parts: DeskParts) -> Self {
        let desk = Arc::new(DeskState::new(&self, parts));
        (self.inner.parts.spawn)(
            "board",
            Box::pin(follow(Arc::downgrade(&desk.board), self.inner.parts.archive.clone())),
        );
        self.desk = Some(desk);
        self
    }

    /// The same, for whoever runs this installation, too: SHA-256 of a token that may do everything, for as long as this
    /// runs. It belongs to no user.
    #[must_use]
    pub fn with_operator(mut self, token: [u8; 32]) -> Self {
        self.operator = Some(token);
        self
    }

    /// Whether this is the fingerprint of the operator's token.
    pub(crate) fn is_operator(&self, token: [u8; 32]) -> bool {
        self.operator.is_some_and(|operator| constant_time_eq::constant_time_eq(&operator, &token))
    }

    /// With phones in browsers.
    #[must_use]
    pub fn with_phones(mut self, parts: PhoneParts) -> Self {
        self.phones = Some(Phones::new(parts));
        self
    }

    /// With phones and trunks at these addresses of ours, so that a trunk is told from ourselves.
    #[must_use]
    pub fn with_sip_at(mut self, own: OwnSip) -> Self {
        self.sip = Some(own);
        self
    }

    pub(crate) fn takes_sip_at(&self) -> Option<OwnSip> {
        self.sip
    }

    /// With HTTPS by the server itself, of which the status tells.
    #[must_use]
    pub fn by_tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    pub(crate) fn phones(&self) -> Option<&Phones> {
        self.phones.as_ref()
    }

    /// The desk.
    pub(crate) fn desk(&self) -> Option<&Arc<DeskState>> {
        self.desk.as_ref()
    }

    /// The ports and settings.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.inner.parts.now)()
    }

    /// Tells that users, sign-ins or tokens have changed: whoever keeps a connection looks again who it belongs to.
    #[must_use]
    pub fn account_changes(&self) -> watch::Receiver<()> {
        self.inner.account_changes.subscribe()
    }

    pub(crate) fn accounts_changed(&self) {
        self.inner.account_changes.send_replace(());
    }

    /// Accounts are changed by one at a time: what is allowed depends on the other accounts.
    pub(crate) async fn change_accounts(&self) -> MutexGuard<'_, ()> {
        self.inner.accounts.lock().await
    }

    /// The configuration that holds now; none before anything is configured.
    #[must_use]
    pub fn effective(&self) -> Option<Arc<Effective>> {
        self.inner.configuring.effective()
    }

    pub(crate) fn configuring(&self) -> &Configuring {
        &self.inner.configuring
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.inner.limiter
    }

    /// Carries something out to its end, also when whoever asked goes away meanwhile.
    ///
    /// # Errors
    /// That of the work, or [`Failure::internal`] when its task has died.
    pub async fn to_its_end<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let (answer, answered) = oneshot::channel();
        let task = async move {
            // Nobody may be left to hear it.
            let _ = answer.send(work.await);
        };
        (self.inner.parts.spawn)(name, Box::pin(task));
        answered.await.unwrap_or_else(|_| Err(Failure::internal()))
    }

    /// The same, for as long as the store answers: when it says nothing for too long, whoever asked is told that it is not
    /// known yet, and the work goes on.
    ///
    /// # Errors
    /// As [`Api::to_its_end`]; 504 `not_known_yet`; 503 when too much is under way already.
    pub(crate) async fn patiently<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = |_| Failure::unavailable("busy", "too much is being changed at this moment: try again");
        let place = Arc::clone(&self.inner.at_work).try_acquire_owned().map_err(busy)?;
        let in_place = async move {
            let _place = place;
            work.await
        };
        tokio::select! {
            biased;
            answer = self.to_its_end(name, in_place) => answer,
            () = self.inner.unanswered.too_long() => Err(Failure::not_known_yet()),
        }
    }

    /// Wishes with a key that are being carried out.
    pub(crate) fn in_progress(&self) -> &Repeated {
        &self.inner.in_progress
    }

    /// Names for requests.
    pub(crate) fn requests(&self) -> &Requests {
        &self.inner.requests
    }

    /// Who was refused at the door.
    pub(crate) fn turned_away(&self) -> &TurnedAway {
        &self.inner.turned_away
    }

    /// What was opened a moment ago.
    pub(crate) fn openings(&self) -> &Openings {
        &self.inner.openings
    }

    /// Seals cursors.
    pub(crate) fn cursors(&self) -> &Cursors {
        &self.inner.cursors
    }

    /// Since when it answers.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.inner.since
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("since", &self.inner.since).finish_non_exhaustive()
    }
}
