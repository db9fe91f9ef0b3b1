//! Phones in browsers, as whoever serves the pages sees them.

use std::net::IpAddr;

use nohold_app::ports::{
    CallerHeaders, NotOnPage, PageAnswer, PageCallState, PageConnection, PagePhone, PagePhones, Source, TelephonyEvent,
};
use nohold_browser::ConnectError;
use nohold_media::{Remote, Source as Heard};
use nohold_model::{ExtensionKey, LegId};
use tokio::sync::watch;

use super::Engine;
use crate::access::Who;
use crate::leg::page::PageDial;
use crate::pages::{Echo, PageLeg, Standing};

/// The longest text that is dialled, in characters.
const LONGEST_DIALLED: usize = 64;

impl Engine {
    /// The addresses of ours that a page there is told: the one that it reaches us by, and the public one besides, should
    /// it come through a proxy that stands elsewhere.
    fn ours_for(&self, from: IpAddr) -> Vec<IpAddr> {
        let addresses = self.addresses();
        let mut ours = vec![addresses.for_peer(from)];
        ours.extend(addresses.public);
        ours.dedup();
        ours
    }

    fn may_speak(&self, extension: &ExtensionKey) -> Result<(), NotOnPage> {
        let in_call = self.pages().look(extension, |phone| phone.is_in_call()).unwrap_or_default();
        self.pages().reachable(extension).ok_or(NotOnPage::NotConnected)?;
        if in_call { Err(NotOnPage::InCall) } else { Ok(()) }
    }

    fn begin_echo(&self, extension: &ExtensionKey) -> Result<(), NotOnPage> {
        self.may_speak(extension)?;
        let (Some((connection, agreed)), Some(exchange)) = (self.pages().reachable(extension), self.pages().exchange())
        else {
            return Err(NotOnPage::NotConnected);
        };
        let (leg, plane) = (self.new_leg(), self.plane());
        plane.open_without_port(leg).map_err(|error| NotOnPage::NoRoom(error.to_string()))?;
        let echo = Echo { plane: plane.clone(), leg };
        plane.attach(leg, exchange.attach(connection));
        plane.connect(
            leg,
            Remote {
                address: None,
                codec: agreed.codec,
                payload_type: agreed.payload_type,
                telephone_event: agreed.telephone_event,
                sends: false,
                receives: true,
                symmetric: false,
                signalling: None,
            },
        );
        plane.play(leg, self.new_playback(), Heard::Echo);
        self.pages().change(extension, |phone| phone.set_echo(Some(echo)));
        Ok(())
    }
}

impl PagePhones for Engine {
    fn connect(&self, extension: &ExtensionKey, offer: &str, from: IpAddr) -> Result<PageAnswer, NotOnPage> {
        if self.pages().exchange().is_none() {
            return Err(NotOnPage::NotServed);
        }
        self.pages().connect(extension, offer, &self.ours_for(from)).map_err(|error| match error {
            ConnectError::Offer(unusable) => NotOnPage::Offer(unusable.to_string()),
            ConnectError::TooMany { .. } | ConnectError::NoAddress(_) | ConnectError::ShutDown => {
                NotOnPage::NoRoom(error.to_string())
            }
        })
    }

    fn disconnect(&self, extension: &ExtensionKey, connection: PageConnection) -> bool {
        self.pages().disconnect(extension, connection)
    }

    fn let_go(&self, extension: &ExtensionKey, connection: PageConnection, may_return: bool) -> bool {
        self.pages().let_go(extension, connection, may_return)
    }

    fn phone(&self, extension: &ExtensionKey) -> PagePhone {
        self.pages().shown(extension)
    }

    fn answer(&self, extension: &ExtensionKey, leg: LegId) -> Result<(), NotOnPage> {
        self.pages().change(extension, |phone| phone.answer(leg))
    }

    fn hang_up(&self, extension: &ExtensionKey, leg: LegId) -> Result<(), NotOnPage> {
        self.pages().look(extension, |phone| phone.hang_up(leg)).unwrap_or(Err(NotOnPage::NoCall))
    }

    fn dial(&self, extension: &ExtensionKey, text: &str) -> Result<LegId, NotOnPage> {
        let to = text.trim();
        if to.is_empty() || to.chars().count() > LONGEST_DIALLED || to.chars().any(char::is_control) {
            return Err(NotOnPage::Dialled(LONGEST_DIALLED));
        }
        self.may_speak(extension)?;
        let seat = self.seat(&Who::Extension(extension.clone())).ok_or(NotOnPage::InCall)?;
        let leg = self.new_leg();
        let standing = Standing { state: PageCallState::Dialling, speaks: true };
        let begun = self.pages().change(extension, |phone| {
            let free = !phone.is_in_call();
            free.then(|| {
                phone.set_echo(None);
                phone.add(leg, standing)
            })
        });
        let words = begun.ok_or(NotOnPage::InCall)?;
        let page = PageLeg { engine: self.clone(), extension: extension.clone(), leg, words };
        let added = self.legs().add_incoming(leg);
        let orders = added.map_err(|_| NotOnPage::NoRoom("the server stops".into()))?;
        let dial = PageDial::new(page);
        self.begin(leg, orders, Some(seat), move |orders| Box::pin(dial.run(orders)));
        let (source, caller) = (Source::Extension(extension.clone()), CallerHeaders::default());
        self.send(TelephonyEvent::NewCall { leg, source, caller, to: to.to_owned() });
        Ok(leg)
    }

    fn echo(&self, extension: &ExtensionKey, on: bool) -> Result<(), NotOnPage> {
        if on {
            return self.begin_echo(extension);
        }
        if self.pages().look(extension, |phone| phone.echo()).flatten().is_some() {
            self.pages().change(extension, |phone| phone.set_echo(None));
        }
        Ok(())
    }

    fn level(&self, extension: &ExtensionKey) -> Option<i8> {
        let leg = self.pages().look(extension, |phone| phone.echo()).flatten()?;
        self.plane().statistics(leg)?.echo_level
    }

    fn addresses(&self, from: IpAddr) -> Vec<std::net::SocketAddr> {
        self.pages().at(&self.ours_for(from))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.pages().changes()
    }
}
