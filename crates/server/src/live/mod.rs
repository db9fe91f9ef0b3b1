//! The live protocol: what a viewer may see, and every change of it, over a WebSocket (RFC 6455). It only shows; what people
//! do goes by HTTP. `docs/live-protocol.md` says it to whoever writes a client.
//!
//! A connection has no queue of its own. It remembers the step of the board that it has told last; what has happened since
//! is put together when the socket takes it. Whoever is slow gets fewer and larger messages, and a snapshot in the end.

mod message;
mod screen;

use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use nohold_app::ports::{Permission, Role};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Need, Scope, guarded};
use crate::board::{Position, Rows};
use crate::body::Asked;
use crate::desk::{ScreenSeat, Seat, viewer};
use crate::failure::Failure;
use crate::masking;
use crate::phone::PhoneShown;
use crate::state::Api;
pub(crate) use message::Cursors;
use message::Head;
use screen::{Item, Screen, Snapshot};

/// A message says that the connection lives, at least this often.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// It is looked this often whether the viewer still may look, should nobody say that it has changed.
const RIGHTS_EVERY: Duration = Duration::from_secs(5);

/// A message that the other side does not take for so long ends the connection.
const SENT_WITHIN: Duration = Duration::from_secs(20);

/// Messages are at least so far apart: under load they grow instead of becoming more.
const APART: Duration = Duration::from_millis(20);

/// The largest message that is read. Nothing that a client says has a meaning.
const LARGEST_READ: usize = 4 * 1024;

/// More messages than this in a minute are no heartbeats of a client.
const MOST_READ: u32 = 120;

/// A snapshot has the first so many entries; the rest is had by HTTP.
const MOST_ENTRIES: usize = 500;

/// The longest cursor that is read.
const LONGEST_CURSOR: usize = 128;

/// Codes with which a connection is closed (RFC 6455 §7.4: 4000 and above are ours).
mod code {
    /// Something was said that is too much.
    pub(super) const POLICY: u16 = 1008;
    /// The server has failed.
    pub(super) const INTERNAL: u16 = 1011;
    /// The sign-in has ended.
    pub(super) const SIGNED_OUT: u16 = 4401;
    /// The user is disabled or removed: nobody can sign in as this person.
    pub(super) const BARRED: u16 = 4403;
}

/// Where to go on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct From {
    /// The cursor of the last message that was understood.
    cursor: Option<String>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(live)))
}

/// What I may see, and every change of it, over a WebSocket
#[utoipa::path(
    get, path = "/api/live", tag = "desk", params(From),
    responses((status = 101, description = "messages as docs/live-protocol.md describes them"))
)]
async fn live(
    seat: Seat,
    Asked(from): Asked<From>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let upgrade = upgrade.map_err(|_| {
        Failure::new(StatusCode::UPGRADE_REQUIRED, "websocket_needed", "open this address as a WebSocket")
    })?;
    let room = seat.desk.screen(&seat.caller.user.name)?;
    let cursor = from.cursor.filter(|cursor| cursor.len() <= LONGEST_CURSOR);
    let upgrade = upgrade.max_message_size(LARGEST_READ).max_frame_size(LARGEST_READ);
    Ok(upgrade.on_upgrade(move |socket| Connection::run(socket, seat, room, cursor)))
}

/// One live connection.
struct Connection {
    socket: WebSocket,
    seat: Seat,
    screen: Screen,
    position: Position,
    seq: u64,
    /// The viewer's phone as it was told last.
    phone: Option<PhoneShown>,
    _room: ScreenSeat,
}

/// Why a connection ends; none where the other side is gone.
struct End(Option<(u16, &'static str)>);

const GONE: End = End(None);
const FAILED: End = End(Some((code::INTERNAL, "the server has made a mistake")));
const BARRED: End = End(Some((code::BARRED, "this user is disabled or removed: ask an administrator")));
const SIGNED_OUT: End = End(Some((code::SIGNED_OUT, "signed out: sign in again")));

/// What is to be told.
enum News {
    All(Snapshot),
    Some(Vec<Item>),
}

impl Connection {
    async fn run(socket: WebSocket, seat: Seat, room: ScreenSeat, cursor: Option<String>) {
        let board = seat.desk.board.clone();
        let (screen, position) =
            board.look(|rows, position| (Screen::new(seat.viewer.clone(), rows, MOST_ENTRIES), position));
        let mut connection = Connection { socket, seat, screen, position, seq: 0, phone: None, _room: room };
        let ended = match connection.begin(cursor).await {
            Ok(()) => connection.go_on().await,
            Err(end) => end,
        };
        if let End(Some((code, reason))) = ended {
            let frame = CloseFrame { code, reason: reason.into() };
            // Whoever is closed may be gone already.
            let _ = timeout(SENT_WITHIN, connection.socket.send(Message::Close(Some(frame)))).await;
        }
    }

    /// The first message: what has changed since the cursor, or everything.
    async fn begin(&mut self, cursor: Option<String>) -> Result<(), End> {
        let (cursors, user) = (&self.seat.desk.cursors, &self.seat.caller.user.name);
        let (news, position) = self.seat.desk.board.look(|rows, position| {
            // Between the first look and this one the rows may have changed.
            self.screen = Screen::new(self.seat.viewer.clone(), rows, MOST_ENTRIES);
            let step = cursor.and_then(|cursor| cursors.read(&cursor, position, user, &self.seat.viewer));
            let changes = step.and_then(|step| rows.since(step)).map(|step| {
                let items = self.screen.changes(rows, &step);
                // The total was counted on the rows as they are now.
                self.screen = Screen::new(self.seat.viewer.clone(), rows, MOST_ENTRIES);
                items
            });
            (changes.map_or_else(|| News::All(self.screen.snapshot(rows)), News::Some), position)
        });
        self.position = position;
        self.tell(news).await
    }

    async fn go_on(&mut self) -> End {
        let mut moves = self.seat.desk.board.moves();
        let mut rights = self.seat.api.account_changes();
        // What has changed since the connection was let in.
        rights.mark_changed();
        let mut phones = self.seat.api.phones().map(|phones| phones.parts.phones.changes());
        // As is what has rung while the first message was put together.
        if let Some(phones) = &mut phones {
            phones.mark_changed();
        }
        let mut heartbeat = interval(HEARTBEAT);
        let mut looking = interval(RIGHTS_EVERY);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.reset();
        looking.reset();
        let mut next = Instant::now();
        let mut read = 0;
        // What moved while the first message was put together.
        moves.mark_changed();
        loop {
            let done = tokio::select! {
                said = self.socket.recv() => self.heard(said, &mut read),
                moved = async { sleep_until(next).await; moves.changed().await } => match moved {
                    Ok(()) => {
                        moves.borrow_and_update();
                        next = Instant::now() + APART;
                        self.catch_up().await
                    }
                    Err(_) => Err(FAILED),
                },
                changed = rights.changed() => match changed {
                    Ok(()) => self.look_at_rights().await,
                    Err(_) => Err(FAILED),
                },
                changed = changed(&mut phones) => match changed {
                    Ok(()) => self.look_at_phone().await,
                    Err(_) => Err(FAILED),
                },
                _ = looking.tick() => self.look_at_rights().await,
                _ = heartbeat.tick() => {
                    read = 0;
                    self.beat().await
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// Nothing that a client says has a meaning; too much of it ends the connection.
    fn heard(&self, said: Option<Result<Message, axum::Error>>, read: &mut u32) -> Result<(), End> {
        match said {
            None | Some(Ok(Message::Close(_))) => Err(GONE),
            Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {
                *read += 1;
                if *read > MOST_READ {
                    return Err(End(Some((code::POLICY, "this only shows: say nothing"))));
                }
                Ok(())
            }
            // What cannot be read: too large, or no WebSocket any more.
            Some(Err(_)) => Err(End(Some((code::POLICY, "this cannot be read, or is too large")))),
        }
    }

    /// Tells what has happened since the last message.
    async fn catch_up(&mut self) -> Result<(), End> {
        let (at, most) = (self.position, MOST_ENTRIES);
        let (screen, viewer) = (&mut self.screen, &self.seat.viewer);
        let (news, position) = self.seat.desk.board.look(|rows: &Rows, position| {
            if position.generation == at.generation {
                if position.step == at.step {
                    return (News::Some(Vec::new()), position);
                }
                if let Some(step) = rows.since(at.step) {
                    return (News::Some(screen.changes(rows, &step)), position);
                }
            }
            *screen = Screen::new(viewer.clone(), rows, most);
            (News::All(screen.snapshot(rows)), position)
        });
        self.position = position;
        match news {
            // What is new of the phone must not count as told.
            News::Some(items) if items.is_empty() => Ok(()),
            news => self.tell(news).await,
        }
    }

    /// Ends the connection of who may not look any more, and shows everything anew to who may see something else.
    async fn look_at_rights(&mut self) -> Result<(), End> {
        let api = &self.seat.api;
        // While the store does not answer nobody's rights have changed.
        let Ok(found) = api.parts().accounts.pass(self.seat.caller.pass, api.now()).await else { return Ok(()) };
        let Some((_, user)) = found.filter(|(_, user)| !user.disabled) else { return Err(self.signed_out().await) };
        let viewer = viewer(&user);
        if viewer == *self.screen.viewer() {
            return Ok(());
        }
        self.seat.viewer = viewer;
        let (screen, viewer) = (&mut self.screen, &self.seat.viewer);
        let (news, position) = self.seat.desk.board.look(|rows, position| {
            *screen = Screen::new(viewer.clone(), rows, MOST_ENTRIES);
            (News::All(screen.snapshot(rows)), position)
        });
        self.position = position;
        self.tell(news).await
    }

    /// Why the sign-in holds no longer.
    async fn signed_out(&mut self) -> End {
        match self.seat.api.parts().accounts.user(&self.seat.caller.user.name).await {
            Ok(user) if user.as_ref().is_none_or(|user| user.disabled) => BARRED,
            Ok(_) | Err(_) => SIGNED_OUT,
        }
    }

    /// Tells how the viewer's own phone is, where that has changed.
    async fn look_at_phone(&mut self) -> Result<(), End> {
        if self.own_phone() == self.phone { Ok(()) } else { self.tell(News::Some(Vec::new())).await }
    }

    fn own_phone(&self) -> Option<PhoneShown> {
        self.seat.phone_shown(&self.seat.own_extension()?).ok()
    }

    async fn beat(&mut self) -> Result<(), End> {
        let head = self.head("heartbeat");
        let text = message::heartbeat(&head).map_err(|_| FAILED)?;
        self.send(text).await
    }

    async fn tell(&mut self, news: News) -> Result<(), End> {
        let phone = self.own_phone();
        let changed = phone.clone().filter(|_| phone != self.phone).map(Item::Phone);
        self.phone = phone;
        let text = match news {
            News::All(all) => {
                let head = self.head("snapshot");
                message::snapshot(&head, &self.seat.caller.user.name, self.screen.viewer(), &all, self.phone.as_ref())
            }
            News::Some(mut items) => {
                items.extend(changed);
                message::changes(&self.head("changes"), self.screen.total(), &items)
            }
        };
        match text {
            Ok(text) => {
                let text = self.as_seen(text);
                self.send(text).await
            }
            Err(problem) => {
                tracing::error!(%problem, "a live message cannot be written");
                Err(FAILED)
            }
        }
    }

    /// The text with the middle of numbers hidden, for who may not see them.
    fn as_seen(&self, text: String) -> String {
        if self.seat.viewer.may.contains(&Permission::SeeNumbers) {
            return text;
        }
        let directory = self.seat.desk.desk.directory();
        masking::hidden_in_json(&text, Some(&directory), self.seat.viewer.agent.as_ref()).into_owned()
    }

    fn head(&self, kind: &'static str) -> Head {
        let cursor = self.seat.desk.cursors.write(self.position, &self.seat.caller.user.name, &self.seat.viewer);
        Head { kind, seq: self.seq, cursor, at: self.seat.api.now() }
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        self.seq += 1;
        match timeout(SENT_WITHIN, self.socket.send(Message::Text(text.into()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(GONE),
        }
    }
}

/// Waits for a change of some phone; for ever where there are none.
async fn changed(phones: &mut Option<watch::Receiver<u64>>) -> Result<(), watch::error::RecvError> {
    match phones {
        Some(phones) => phones.changed().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
