//! What the engine must be told: where it listens, who its phones are, where its trunks lead.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use nohold_app::ports::Ledger;
use nohold_core::configuration::Network;
use nohold_model::{Country, ExtensionKey, TrunkKey};
use nohold_telephony::tone::Plan;

use crate::addresses::Transport;
use crate::digest::{Algorithm, Ha1};
use crate::edge::EdgeSettings;
use crate::pages::PageSettings;

/// Everything the engine is started with.
pub struct Settings {
    /// Addresses, limits and the trace.
    pub edge: EdgeSettings,
    /// Audio.
    pub media: nohold_media::Settings,
    /// The realm of passwords (RFC 3261 §22.1): a name of the installation. A stored [`Ha1`] serves for one realm only.
    pub realm: String,
    /// The accounts of phones and the trunks, which may change while the engine runs.
    pub lines: Lines,
    /// The shortest interval of a session timer that is accepted, in seconds; [`SHORTEST_SESSION`] is RFC 4028's.
    pub shortest_session: u32,
    /// A trunk that has not answered an INVITE in any way within this is passed over for the next.
    pub trunk_silent_after: Duration,
    /// No registration of a phone lasts longer, in seconds; [`LONGEST_REGISTRATION`] is usual.
    pub longest_registration: u32,
    /// So many calls may one phone number of ours have at once; [`CALLS_PER_EXTENSION`] is usual. A call more of its own is
    /// refused with 486, and a call to it finds it busy.
    pub calls_per_extension: usize,
    /// Where phones and dialogs are written down, to be found again after a restart; without one they are not.
    pub ledger: Option<Arc<dyn Ledger>>,
    /// Phones in browsers; without this there are none.
    pub pages: Option<PageSettings>,
}

/// How many calls an extension may usually have at once.
pub const CALLS_PER_EXTENSION: usize = 8;

/// The longest registration that is usually granted, in seconds.
pub const LONGEST_REGISTRATION: u32 = 3_600;

/// The shortest interval of a session timer that RFC 4028 §4 lets us accept, in seconds.
pub const SHORTEST_SESSION: u32 = crate::leg::session_timer::SHORTEST;

/// Phones and trunks as configured.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// The accounts of our phones.
    pub extensions: BTreeMap<ExtensionKey, Account>,
    /// Connections to carriers and other PBXes.
    pub trunks: BTreeMap<TrunkKey, Trunk>,
    /// How the tones of the country sound.
    pub tones: Plan,
    /// Numbers of this country are shown to our phones as they are dialled there, others in the international form.
    pub home: Option<Country>,
    /// With so many calls through all trunks together, no further caller is taken (503); none: as many as come.
    pub most_calls: Option<usize>,
}

/// Who may prove to be somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user name of the digest.
    pub user: String,
    /// What is stored of the password, for each algorithm.
    pub secrets: Vec<Ha1>,
}

/// A connection to a carrier or another PBX.
#[derive(Debug, Clone)]
pub struct Trunk {
    /// Its host, a name or an address.
    pub host: String,
    /// Its port; 5060 where there is none.
    pub port: Option<u16>,
    /// Over which transport we reach it.
    pub transport: Transport,
    /// What we prove to it, where it asks.
    pub credentials: Option<Credentials>,
    /// We register there, for so many seconds, so that it finds us.
    pub register: Option<u32>,
    /// Calls from these addresses are its calls.
    pub from: Vec<Network>,
    /// Calls from where its host is are its calls, too.
    pub from_host: bool,
    /// Calls that prove to be from this account are its calls, from wherever they come.
    pub inbound: Option<Account>,
    /// Its `P-Asserted-Identity` is believed (RFC 3325).
    pub trusted_identity: bool,
    /// The number shown goes into `P-Asserted-Identity` as well, and `From` names our account.
    pub assert_identity: bool,
    /// It is asked by OPTIONS this often whether it is there; one that is not is tried last.
    pub ask_every: Option<Duration>,
    /// So many calls may go through it at once; without a number as many as come. One more that comes in is refused with
    /// 503, one that goes out takes the next trunk.
    pub most_calls: Option<usize>,
}

/// What we prove to others.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password in clear: a digest to a realm that we do not know beforehand needs it.
    pub password: String,
}

impl Account {
    /// The account of a user whose password is known now and may then be forgotten.
    #[must_use]
    pub fn new(user: &str, realm: &str, password: &str) -> Self {
        let secrets = [Algorithm::Sha256, Algorithm::Md5].map(|algorithm| Ha1::new(algorithm, user, realm, password));
        Account { user: user.to_owned(), secrets: secrets.into() }
    }

    /// The same account, which is proven by this algorithm alone.
    #[must_use]
    pub fn only(mut self, algorithm: Algorithm) -> Self {
        self.secrets.retain(|secret| secret.algorithm() == algorithm);
        self
    }

    /// By what it can be proven.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.secrets.iter().map(Ha1::algorithm)
    }

    pub(crate) fn secret(&self, algorithm: Algorithm) -> Option<Ha1> {
        self.secrets.iter().find(|secret| secret.algorithm() == algorithm).cloned()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, …)", self.user)
    }
}
