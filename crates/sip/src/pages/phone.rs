//! One phone in a browser: its connection and its calls.

use std::collections::BTreeMap;
use std::time::Duration;

use nohold_app::ports::{NotOnPage, PageCall, PageCallEnd, PageCallState, PageConnection, PagePhone, PageState};
use nohold_browser::{Agreed, ConnectionId};
use nohold_core::call::{Gone, HangUp};
use nohold_media::Plane;
use nohold_model::LegId;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What has happened at the page, for the task of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// The agent has answered.
    Answer,
    /// The agent has declined, or hung up.
    HangUp,
    /// Another connection has taken the place of the one before; it has still to come about.
    Moved,
    /// The page is heard, for the first time or again.
    Heard,
    /// Its audio has broken off, and nothing else is heard of it. It is not lost yet, and seldom comes back.
    Quiet,
    /// The page is not heard any more.
    Lost,
    /// The page is gone, and nobody may come back to it.
    Over,
}

/// How a leg stands at the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) state: PageCallState,
    /// It has the page's audio, or is about to.
    pub(crate) speaks: bool,
}

/// The phone of an extension, as far as it is in a browser.
#[derive(Default)]
pub(crate) struct Phone {
    connection: Option<Connected>,
    legs: BTreeMap<LegId, Held>,
    ended: Option<PageCallEnd>,
    /// Since when there is no page any more, where there was one.
    away_since: Option<Instant>,
}

struct Connected {
    id: ConnectionId,
    agreed: Agreed,
    state: PageState,
    /// A page of this phone was connected before: this one is loaded anew, and will be there in a moment.
    known: bool,
    echo: Option<Echo>,
}

/// The leg of an echo test, which is nobody's call; it ends with this.
pub(crate) struct Echo {
    pub(crate) plane: Plane,
    pub(crate) leg: LegId,
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.plane.close(self.leg);
    }
}

struct Held {
    standing: Standing,
    refused: Option<HangUp>,
    words: mpsc::UnboundedSender<Word>,
}

impl Phone {
    /// Whether nothing is to be remembered of it.
    pub(crate) fn is_nothing(&self) -> bool {
        self.connection.is_none() && self.legs.is_empty() && self.away_since.is_none()
    }

    /// Another phone is there: nobody waits for a page any more.
    pub(crate) fn is_not_missed(&mut self) {
        self.away_since = None;
    }

    /// Whether there was a page here that has been away for so long.
    pub(crate) fn is_away(&self, for_so_long: Duration) -> bool {
        self.away_since.is_some_and(|since| since.elapsed() >= for_so_long)
    }

    pub(crate) fn connection(&self) -> Option<(ConnectionId, Agreed, PageState)> {
        self.connection.as_ref().map(|it| (it.id, it.agreed, it.state))
    }

    /// Another connection takes the place of the one that was; returns that.
    pub(crate) fn connected(&mut self, id: ConnectionId, agreed: Agreed) -> Option<ConnectionId> {
        let known = !self.legs.is_empty() || self.connection.as_ref().is_some_and(|it| it.known || it.is_up());
        // Whether it comes about is told soon.
        self.away_since = None;
        let before = self.connection.replace(Connected { id, agreed, state: PageState::Connecting, known, echo: None });
        self.tell(Word::Moved);
        before.map(|before| before.id)
    }

    /// The connection is heard, or is not heard any more.
    pub(crate) fn stands(&mut self, state: PageState) {
        if let Some(connection) = &mut self.connection {
            connection.state = state;
        }
        if state == PageState::Up {
            self.away_since = None;
        } else {
            self.is_missing();
        }
        self.tell(if state == PageState::Up { Word::Heard } else { Word::Lost });
    }

    /// Its audio has broken off. For whoever looks at the phone it stands until it is lost.
    pub(crate) fn quiet(&self) {
        self.tell(Word::Quiet);
    }

    /// The connection is gone by itself; calls wait for the next.
    pub(crate) fn gone(&mut self) {
        self.connection = None;
        self.is_missing();
        self.tell(Word::Lost);
    }

    /// The agent has put the phone away: its calls end.
    pub(crate) fn left(&mut self) {
        self.connection = None;
        self.is_missing();
        self.tell(Word::HangUp);
    }

    /// The sign-in of the page has ended: a call waits for whoever may come back, and what rings goes to somebody else.
    pub(crate) fn signed_out(&mut self, may_return: bool) {
        self.connection = None;
        self.is_missing();
        let rings = |held: &Held| held.standing.state == PageCallState::Ringing && !held.standing.speaks;
        self.tell_each(|held| if may_return && !rings(held) { Word::Lost } else { Word::Over });
    }

    fn is_missing(&mut self) {
        self.away_since.get_or_insert_with(Instant::now);
    }

    /// The connection, where the page can be rung.
    pub(crate) fn reachable(&self) -> Option<(ConnectionId, Agreed)> {
        let there = |it: &&Connected| it.is_up() || (it.known && it.state == PageState::Connecting);
        self.connection.as_ref().filter(there).map(|it| (it.id, it.agreed))
    }

    /// Whether there was a page here, or is about to be one, and none can be rung now.
    pub(crate) fn is_out(&self) -> bool {
        self.reachable().is_none() && (self.connection.is_some() || self.away_since.is_some())
    }

    /// Whether some leg has the audio. The tone of a busy line keeps no other call away.
    pub(crate) fn is_in_call(&self) -> bool {
        self.legs.values().any(|held| held.standing.speaks && !held.is_tone())
    }

    /// Who hears the tone of a busy line has heard enough. The audio is somebody else's from now on.
    fn end_tones(&mut self) {
        for held in self.legs.values_mut().filter(|held| held.is_tone()) {
            held.standing.speaks = false;
            // A leg that has just ended listens no more.
            let _ = held.words.send(Word::HangUp);
        }
    }

    /// Takes a leg to the page; a tone that is heard there ends.
    pub(crate) fn add(&mut self, leg: LegId, standing: Standing) -> mpsc::UnboundedReceiver<Word> {
        self.end_tones();
        let (words, heard) = mpsc::unbounded_channel();
        self.legs.insert(leg, Held { standing, refused: None, words });
        heard
    }

    /// Notes how a leg stands.
    pub(crate) fn note(&mut self, leg: LegId, state: PageCallState) {
        if let Some(held) = self.legs.get_mut(&leg) {
            held.standing.state = state;
        }
    }

    /// Notes how a call that was dialled here is refused.
    pub(crate) fn refused(&mut self, leg: LegId, how: HangUp) {
        if let Some(held) = self.legs.get_mut(&leg) {
            held.refused = Some(how);
        }
    }

    /// Why a leg is over, for whoever looks at the page.
    pub(crate) fn ended(&mut self, leg: LegId, why: Gone) {
        let refused = self.legs.get(&leg).and_then(|held| held.refused);
        self.ended = Some(PageCallEnd { leg, why, refused });
    }

    /// The agent answers what rings.
    pub(crate) fn answer(&mut self, leg: LegId) -> Result<(), NotOnPage> {
        if self.connection.is_none() {
            return Err(NotOnPage::NotConnected);
        }
        let in_call = self.is_in_call();
        let ringing = |held: &&mut Held| held.standing.state == PageCallState::Ringing;
        let held = self.legs.get_mut(&leg).filter(ringing).ok_or(NotOnPage::NoCall)?;
        if held.standing.speaks {
            // A second click.
            return Ok(());
        }
        if in_call {
            return Err(NotOnPage::InCall);
        }
        held.standing.speaks = true;
        self.set_echo(None);
        let held = self.legs.get(&leg).ok_or(NotOnPage::NoCall)?;
        held.words.send(Word::Answer).map_err(|_| NotOnPage::NoCall)
    }

    /// The agent declines or hangs up.
    pub(crate) fn hang_up(&self, leg: LegId) -> Result<(), NotOnPage> {
        let held = self.legs.get(&leg).ok_or(NotOnPage::NoCall)?;
        held.words.send(Word::HangUp).map_err(|_| NotOnPage::NoCall)
    }

    /// A leg's part is over; the connection on which it spoke.
    pub(crate) fn remove(&mut self, leg: LegId) -> Option<ConnectionId> {
        let held = self.legs.remove(&leg)?;
        self.connection.as_ref().filter(|_| held.standing.speaks).map(|it| it.id)
    }

    pub(crate) fn echo(&self) -> Option<LegId> {
        self.connection.as_ref()?.echo.as_ref().map(|echo| echo.leg)
    }

    /// Begins or ends the echo test.
    pub(crate) fn set_echo(&mut self, echo: Option<Echo>) {
        if echo.is_some() {
            self.end_tones();
        }
        if let Some(connection) = &mut self.connection {
            connection.echo = echo;
        }
    }

    pub(crate) fn shown(&self) -> PagePhone {
        PagePhone {
            connection: self.connection.as_ref().map(|it| (PageConnection(it.id.0), it.state)),
            calls: self.legs.iter().map(|(leg, held)| PageCall { leg: *leg, state: held.standing.state }).collect(),
            ended: self.ended,
            echo: self.echo().is_some(),
        }
    }

    fn tell(&self, word: Word) {
        self.tell_each(|_| word);
    }

    fn tell_each(&self, word: impl Fn(&Held) -> Word) {
        for held in self.legs.values() {
            // A leg that has just ended listens no more.
            let _ = held.words.send(word(held));
        }
    }
}

impl Held {
    fn is_tone(&self) -> bool {
        self.standing.state == PageCallState::Busy
    }
}

impl Connected {
    fn is_up(&self) -> bool {
        self.state == PageState::Up
    }
}
