//! Phones in browsers: a page of an agent is a phone of the agent's extension.

use std::fmt;
use std::net::IpAddr;

use nohold_core::call::{Gone, HangUp};
use nohold_model::{ExtensionKey, LegId};
use serde::Serialize;
use thiserror::Error;
use tokio::sync::watch;

/// The connection of one page. Numbers are never used again while the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PageConnection(pub u64);

/// What a page gets for its offer.
#[derive(Clone, PartialEq, Eq)]
pub struct PageAnswer {
    /// The connection.
    pub connection: PageConnection,
    /// The answer (SDP, RFC 8829). A password for its checks stands in it: keep it out of logs.
    pub sdp: String,
}

impl fmt::Debug for PageAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageAnswer").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// The phone of an extension as far as it is in a browser.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PagePhone {
    /// The connection, where there is one.
    pub connection: Option<(PageConnection, PageState)>,
    /// The calls on it, in the order in which they began.
    pub calls: Vec<PageCall>,
    /// How the last call ended.
    pub ended: Option<PageCallEnd>,
    /// The echo test goes on.
    pub echo: bool,
}

/// How a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageState {
    /// The page has the answer, and no audio has come through yet.
    Connecting,
    /// Audio can flow.
    Up,
    /// Nothing has been heard for a while.
    Lost,
}

/// A call on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageCall {
    /// Its leg.
    pub leg: LegId,
    /// How it stands.
    pub state: PageCallState,
}

/// How a call on a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageCallState {
    /// It rings here.
    Ringing,
    /// It was dialled here, and nothing is known yet.
    Dialling,
    /// It was dialled here, and it rings there: the page makes the tone.
    RingingThere,
    /// It was answered.
    Talking,
    /// Whoever was called is busy. The call is over, and its tone is heard until another call comes, or for some seconds.
    Busy,
}

/// How a call on a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageCallEnd {
    /// Its leg.
    pub leg: LegId,
    /// Why it is gone.
    pub why: Gone,
    /// How it was refused, where it was dialled here and not answered.
    pub refused: Option<HangUp>,
}

/// Why a page is not connected, or a wish of it not done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotOnPage {
    /// There are no phones in browsers here.
    #[error("this server serves no phones in browsers")]
    NotServed,
    /// There is no such extension.
    #[error("there is no such extension any more: sign in again")]
    NoExtension,
    /// The offer cannot be used; why.
    #[error("{0}")]
    Offer(String),
    /// There is no room.
    #[error("{0}")]
    NoRoom(String),
    /// No page is connected for this phone.
    #[error("no page is connected for this phone: connect it first")]
    NotConnected,
    /// There is no such call on this page, or not any more.
    #[error("there is no such call on this phone any more")]
    NoCall,
    /// The page has a call already.
    #[error("this phone is in a call: end that one first")]
    InCall,
    /// What was dialled cannot be.
    #[error("dial 1 to {0} characters, and nothing that cannot be seen")]
    Dialled(usize),
}

/// Phones in browsers, for whoever serves the pages. What rings, and whom it connects, is decided by the node: the engine
/// dials an extension, and its page is one of the phones that ring.
pub trait PagePhones: Send + Sync + 'static {
    /// Connects a page to the phone of an extension by its offer (SDP). A page that was connected for it before is closed,
    /// and calls that are on go on here. `from` is where the page is, as far as that is known.
    ///
    /// # Errors
    /// When the offer cannot be used, or there is no room.
    fn connect(&self, extension: &ExtensionKey, offer: &str, from: IpAddr) -> Result<PageAnswer, NotOnPage>;

    /// Ends a connection on purpose, and with it the calls on it; one that was replaced or is gone stays that. Whether it
    /// was there.
    fn disconnect(&self, extension: &ExtensionKey, connection: PageConnection) -> bool;

    /// Lets go of a page whose sign-in has ended: nothing is heard there any more and nothing rings. Nobody is hung up on: where the
    /// agent may sign in again (`may_return`) what is talked there waits for them, as for a page that is lost, and goes on at the next
    /// one; otherwise the agent is lost at once. Whether it was there.
    fn let_go(&self, extension: &ExtensionKey, connection: PageConnection, may_return: bool) -> bool;

    /// The phone as it is now.
    fn phone(&self, extension: &ExtensionKey) -> PagePhone;

    /// Answers what rings.
    ///
    /// # Errors
    /// When it rings no more, the page is not connected, or it is in another call.
    fn answer(&self, extension: &ExtensionKey, leg: LegId) -> Result<(), NotOnPage>;

    /// Declines what rings, and ends what does not ring any more.
    ///
    /// # Errors
    /// When there is no such call.
    fn hang_up(&self, extension: &ExtensionKey, leg: LegId) -> Result<(), NotOnPage>;

    /// Dials, as by the keys of a telephone: an internal number, a star code, a number of the public network.
    ///
    /// # Errors
    /// When the page is not connected, is in a call, or the text is none to dial.
    fn dial(&self, extension: &ExtensionKey, text: &str) -> Result<LegId, NotOnPage>;

    /// Begins or ends the echo test: the page hears itself.
    ///
    /// # Errors
    /// When the page is not connected, or is in a call.
    fn echo(&self, extension: &ExtensionKey, on: bool) -> Result<(), NotOnPage>;

    /// How loud the page was heard in the echo test a moment ago, in dB below the loudest that can be (dBFS, 0 or less);
    /// nothing without an echo test.
    fn level(&self, extension: &ExtensionKey) -> Option<i8>;

    /// The addresses of ours that a page which is there is told.
    fn addresses(&self, from: IpAddr) -> Vec<std::net::SocketAddr>;

    /// Tells that some phone has changed.
    fn changes(&self) -> watch::Receiver<u64>;
}
