//! Legs of pages: one that rings there, one that was dialled there, and the conversation that follows.

use std::time::{Duration, Instant};

use nohold_app::ports::PageCallState;
use nohold_core::call::{Gone, HangUp, Input};
use nohold_media::Remote;
use nohold_model::{ExtensionKey, LegId};

use super::conversation::sleep_until;
use super::{Begun, Order, Orders, Talk};
use crate::engine::Engine;
use crate::pages::{PageLeg, Standing, Word};

/// Nobody rings longer than this (RFC 3261 §16.7 timer C): the network would have given up.
const LONGEST_RINGING: Duration = Duration::from_secs(180);

/// How a page did not answer: as a SIP phone would say it, and what it means.
type Failed = (u16, Gone);

/// A leg that rings at a page. It stops when this is dropped.
pub(crate) struct PageRing {
    page: PageLeg,
    answers_by_itself: bool,
    lost: Lost,
}

/// A leg that was dialled at a page and is not answered.
pub(crate) struct PageDial {
    page: PageLeg,
    lost: Lost,
}

/// A leg of a page that was answered.
pub(crate) struct PageTalk {
    page: PageLeg,
    lost: Lost,
}

/// Since when the page is not heard, as the time at which it is given up.
struct Lost {
    waits_for: Duration,
    until: Option<Instant>,
    /// That it is away was told.
    is_away: bool,
}

impl Lost {
    fn new(engine: &Engine) -> Self {
        Lost { waits_for: engine.pages().waits_for(), until: None, is_away: false }
    }

    /// When it is told that a page is away whose connection is lost or closed, unless it was: after a fifteenth of the time. One
    /// that is loaded anew is usually back before that, and whoever hangs up meanwhile has said what there was to say.
    fn away_from(&self) -> Option<Instant> {
        self.until.filter(|_| !self.is_away)?.checked_sub(self.waits_for * 14 / 15)
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Lost | Word::Moved => {
                self.until.get_or_insert_with(|| Instant::now() + self.waits_for);
            }
            Word::Heard => self.until = None,
            // It comes back, or is lost in a moment.
            Word::Quiet | Word::Answer | Word::HangUp | Word::Over => {}
        }
    }
}

impl Engine {
    /// Lets the page of an extension ring; none where none is there, and why not where it is in a call.
    pub(crate) fn ring_page(
        &self,
        leg: LegId,
        extension: &ExtensionKey,
        answers_by_itself: bool,
    ) -> Option<Result<PageRing, Gone>> {
        self.pages().reachable(extension)?;
        let standing = Standing { state: PageCallState::Ringing, speaks: false };
        let words = self.pages().change(extension, |phone| (!phone.is_in_call()).then(|| phone.add(leg, standing)));
        let Some(words) = words else { return Some(Err(Gone::Busy)) };
        let page = PageLeg { engine: self.clone(), extension: extension.clone(), leg, words };
        if answers_by_itself {
            // Refused where another call was quicker; then it rings.
            let _ = self.pages().change(extension, |phone| phone.answer(leg));
        }
        Some(Ok(PageRing { page, answers_by_itself, lost: Lost::new(self) }))
    }
}

impl PageLeg {
    /// Gives the leg the audio of the page that is connected now.
    fn speak(&self) {
        let (engine, leg) = (&self.engine, self.leg);
        let connection = engine.pages().look(&self.extension, |phone| phone.connection()).flatten();
        let (Some((connection, agreed, _)), Some(exchange)) = (connection, engine.pages().exchange()) else { return };
        if let Err(error) = engine.plane().open_without_port(leg) {
            tracing::warn!(%error, "a leg gets no audio");
            return;
        }
        engine.plane().attach(leg, exchange.attach(connection));
        engine.connect(
            leg,
            Remote {
                address: None,
                codec: agreed.codec,
                payload_type: agreed.payload_type,
                telephone_event: agreed.telephone_event,
                // A page without a microphone is silent and there all the same: its connection says whether it lives.
                sends: false,
                receives: true,
                symmetric: false,
                signalling: None,
            },
        );
    }

    fn note(&self, state: PageCallState) {
        self.engine.pages().change(&self.extension, |phone| phone.note(self.leg, state));
    }

    fn ended(&self, why: Gone) {
        self.engine.pages().change(&self.extension, |phone| phone.ended(self.leg, why));
    }
}

impl PageRing {
    /// Waits until the page answers; for ever where there is none.
    ///
    /// # Errors
    /// That it will not, and why.
    pub(crate) async fn answered(ring: &mut Option<PageRing>) -> Result<(), Failed> {
        match ring {
            Some(ring) => ring.wait().await,
            None => std::future::pending().await,
        }
    }

    async fn wait(&mut self) -> Result<(), Failed> {
        loop {
            tokio::select! {
                biased;
                word = self.page.words.recv() => match word {
                    Some(Word::Answer) => return Ok(()),
                    Some(Word::HangUp) => return Err((603, Gone::Refused)),
                    Some(Word::Over) => return Err((480, Gone::Unreachable)),
                    Some(word) => self.lost.hear(word),
                    None => return Err((480, Gone::Unreachable)),
                },
                () = sleep_until(self.lost.until) => return Err((480, Gone::Unreachable)),
            }
        }
    }

    /// The conversation that follows the answer.
    pub(crate) fn talk(self) -> Talk {
        tracing::debug!(leg = %self.page.leg, by_itself = self.answers_by_itself, "answered at a page");
        self.page.speak();
        self.page.note(PageCallState::Talking);
        self.page.engine.answered(self.page.leg);
        Talk::Page(Box::new(PageTalk { page: self.page, lost: self.lost }))
    }
}

impl PageDial {
    pub(crate) fn new(page: PageLeg) -> Self {
        let lost = Lost::new(&page.engine);
        PageDial { page, lost }
    }

    /// Runs until it is answered, or over before; says why.
    pub(crate) async fn run(mut self, orders: &mut Orders) -> Begun {
        // Also before the answer something may be heard.
        self.page.speak();
        let given_up = Some(Instant::now() + LONGEST_RINGING);
        let why = loop {
            tokio::select! {
                biased;
                word = self.page.words.recv() => match word {
                    Some(Word::HangUp) | None => break Gone::HungUp,
                    Some(Word::Over) => break Gone::PhoneLost,
                    Some(word) => {
                        self.lost.hear(word);
                        if word == Word::Moved {
                            self.page.speak();
                        }
                    }
                },
                order = orders.recv() => match order {
                    Some(Order::Ring) => self.page.note(PageCallState::RingingThere),
                    Some(Order::Answer) => {
                        self.page.note(PageCallState::Talking);
                        return Ok(Talk::Page(Box::new(PageTalk { page: self.page, lost: self.lost })));
                    }
                    Some(Order::HangUp(how)) => {
                        self.refused(how);
                        break Gone::HungUp;
                    }
                    // A page has no INFO: keys reach it in the audio.
                    Some(Order::Progress | Order::Lost | Order::Key(_)) => {}
                    Some(Order::Leave) | None => break Gone::Lost,
                },
                () = sleep_until(self.lost.until) => break Gone::PhoneLost,
                () = sleep_until(given_up) => break Gone::NoAnswer,
            }
        };
        self.page.ended(why);
        Err(why)
    }

    fn refused(&self, how: HangUp) {
        self.page.engine.pages().change(&self.page.extension, |phone| phone.refused(self.page.leg, how));
    }
}

impl PageTalk {
    /// Runs until one side ends it; says why it is over.
    pub(crate) async fn run(mut self: Box<Self>, orders: &mut Orders) -> Gone {
        let mut busy_until = None;
        let why = loop {
            tokio::select! {
                biased;
                word = self.page.words.recv() => match word {
                    Some(Word::HangUp) | None => break Gone::HungUp,
                    Some(Word::Over) => break Gone::PhoneLost,
                    Some(word) => {
                        self.lost.hear(word);
                        match word {
                            Word::Quiet => self.tell_away(true),
                            Word::Heard => self.tell_away(false),
                            Word::Moved => self.page.speak(),
                            Word::Lost | Word::Over | Word::Answer | Word::HangUp => {}
                        }
                    }
                },
                order = orders.recv() => match order {
                    Some(Order::HangUp(HangUp::Busy)) if busy_until.is_none() => {
                        busy_until = Some(self.page.engine.play_busy(self.page.leg));
                        self.page.note(PageCallState::Busy);
                    }
                    Some(Order::HangUp(HangUp::Busy)) => {}
                    Some(Order::HangUp(_)) => break Gone::HungUp,
                    Some(Order::Leave) | None => break Gone::Lost,
                    Some(Order::Ring | Order::Progress | Order::Answer | Order::Lost | Order::Key(_)) => {}
                },
                () = sleep_until(busy_until) => break Gone::HungUp,
                () = sleep_until(self.lost.until) => break Gone::PhoneLost,
                () = sleep_until(self.lost.away_from()) => self.tell_away(true),
            }
        };
        self.page.ended(why);
        why
    }

    /// Tells that the page is away, or back, where that is news.
    fn tell_away(&mut self, away: bool) {
        if std::mem::replace(&mut self.lost.is_away, away) != away {
            self.page.engine.tell(self.page.leg, Input::PhoneAway(self.page.leg, away));
        }
    }
}
