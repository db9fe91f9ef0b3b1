//! The phone in the browser: the page connects its audio, answers, hangs up, dials, tests itself.
//!
//! The page knows no SIP. It sends one offer and gets one answer; who rings and whom it hears is decided by the server and
//! shown by the live protocol. A connection belongs to the sign-in by which it was made, and ends with it; a call does not: it
//! waits for the agent to sign in again, as for every page that is lost, and goes on without one who cannot.

mod shown;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use nohold_app::ports::{HiddenText, NotOnPage, PageConnection, PagePhones, Role, User};
use nohold_core::agent::Input;
use nohold_core::entry::Actor;
use nohold_model::{ExtensionKey, LegId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Need, Scope, guarded};
use crate::body::{Given, Named};
use crate::came::Came;
use crate::desk::{Seat, viewer};
use crate::failure::Failure;
use crate::state::Api;
pub(crate) use shown::PhoneShown;

/// It is looked this often whether the sign-in of a connection still holds, should nobody say that it has changed.
const RIGHTS_EVERY: Duration = Duration::from_secs(5);

/// The longest offer that is read, in bytes.
const LONGEST_OFFER: usize = 32 * 1024;

/// So many offers are worked on at once; further ones wait, as when all pages come back after a restart.
const AT_ONCE: usize = 4;

/// What phones in browsers need.
#[derive(Clone)]
pub struct PhoneParts {
    /// The phones.
    pub phones: Arc<dyn PagePhones>,
    /// Relays for pages that cannot reach us by UDP themselves.
    pub relays: Vec<Relay>,
}

/// Phones in browsers at work.
#[derive(Clone)]
pub(crate) struct Phones {
    pub(crate) parts: PhoneParts,
    connecting: Arc<Semaphore>,
}

impl Phones {
    pub(crate) fn new(parts: PhoneParts) -> Self {
        Phones { parts, connecting: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// A TURN or STUN server (RFC 8656, RFC 8489) that pages are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// Its addresses, such as `turn:turn.example:3478?transport=tcp`.
    pub urls: Vec<String>,
    /// The user name, where it asks for one.
    pub user: Option<String>,
    /// The password. Pages get it, so it must open nothing else.
    pub password: Option<HiddenText>,
}

/// An offer of a page.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offer {
    /// What `createOffer()` has made (SDP), with all candidates in it: one stream of audio that is sent and received, with
    /// PCMU or PCMA among the codecs. At most 32 KiB.
    sdp: String,
}

/// What the page gets for it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Answered {
    /// The connection; another one may take its place later.
    connection: u64,
    /// The answer (SDP). There are no candidates but those in it.
    sdp: String,
    /// Where the page reaches us, each an address and a UDP port. Where it does not within some seconds, UDP is blocked.
    candidates: Vec<String>,
}

/// Where a page may find its way to us.
#[derive(Serialize, ToSchema)]
pub(crate) struct Network {
    /// Where the page reaches us, each an address and a UDP port.
    candidates: Vec<String>,
    /// For `RTCPeerConnection`, as it takes them.
    #[serde(rename = "iceServers")]
    ice_servers: Vec<IceServer>,
}

/// A relay, as `RTCPeerConnection` takes it.
#[derive(Serialize, ToSchema)]
pub(crate) struct IceServer {
    urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

/// What is dialled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dialled {
    /// As by the keys of a telephone: an internal number, a star code, or a number of the public network, 1 to 64
    /// characters.
    dial: String,
}

/// A call that the page has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    /// Its leg.
    #[schema(value_type = String)]
    leg: LegId,
}

/// The echo test.
#[derive(Serialize, ToSchema)]
pub(crate) struct EchoShown {
    /// Whether it goes on.
    on: bool,
    /// How loud the page was heard a moment ago, in dB below the loudest that can be: -100 to 0.
    level: Option<i8>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let look = Need::look(Role::Agent, Scope::Read);
    // An answer holds a secret of its connection, and whoever repeats an offer wants another: nothing is kept.
    let connect = Need::look(Role::Agent, Scope::Desk);
    let change = Need::change(Role::Agent, Scope::Desk);
    OpenApiRouter::new()
        .routes(guarded(api, look, routes!(phone)))
        .routes(guarded(api, connect, routes!(connect_page)))
        .routes(guarded(api, connect, routes!(disconnect)))
        .routes(guarded(api, connect, routes!(network)))
        .routes(guarded(api, change, routes!(dial)))
        .routes(guarded(api, change, routes!(answer)))
        .routes(guarded(api, change, routes!(decline)))
        .routes(guarded(api, change, routes!(hang_up)))
        .routes(guarded(api, look, routes!(echo)))
        .routes(guarded(api, change, routes!(begin_echo)))
        .routes(guarded(api, change, routes!(end_echo)))
}

/// My phone in the browser, and the calls on it
#[utoipa::path(get, path = "/api/phone", tag = "phone", responses((status = 200, body = PhoneShown)))]
async fn phone(seat: Seat) -> Result<Json<PhoneShown>, Failure> {
    let (_, extension) = seat.own_phone()?;
    seat.phone_shown(&extension).map(Json)
}

/// Connect the page's audio; it takes the place of the page before it, and calls go on here
#[utoipa::path(
    post, path = "/api/phone", tag = "phone", request_body = Offer, responses((status = 200, body = Answered))
)]
async fn connect_page(seat: Seat, came: Came, Given(offer): Given<Offer>) -> Result<Json<Answered>, Failure> {
    let (parts, extension) = seat.own_phone()?;
    if offer.sdp.len() > LONGEST_OFFER {
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "an offer has at most 32 KiB").at("sdp"));
    }
    let turn = seat.api.phones().map(|phones| phones.connecting.clone()).ok_or_else(Failure::internal)?;
    let _turn = turn.acquire().await.map_err(|_| Failure::internal())?;
    let phones = parts.phones.clone();
    let (of, from) = (extension.clone(), came.from.0);
    // Keys are worked out: some milliseconds of a core.
    let connected = tokio::task::spawn_blocking(move || phones.connect(&of, &offer.sdp, from)).await;
    let answer = connected.map_err(|_| Failure::internal())?.map_err(not_on_page)?;
    let (task, connection) = (watch(seat.clone(), parts.clone(), extension, answer.connection), answer.connection.0);
    (seat.api.parts().spawn)("page", Box::pin(task));
    let candidates = texts(&parts.phones.addresses(from));
    Ok(Json(Answered { connection, sdp: answer.sdp, candidates }))
}

/// Put the phone away: its connection ends, and the calls on it
#[utoipa::path(
    delete, path = "/api/phone/{connection}", tag = "phone", params(("connection" = u64, Path)),
    responses((status = 204, description = "it is over"))
)]
async fn disconnect(seat: Seat, Named(connection): Named<u64>) -> Result<Response, Failure> {
    let (parts, extension) = seat.own_phone()?;
    if !parts.phones.disconnect(&extension, PageConnection(connection)) {
        return Err(Failure::not_found("there is no such connection any more, or it is not yours"));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Where my page reaches the server's audio, and by which relays
#[utoipa::path(get, path = "/api/phone/network", tag = "phone", responses((status = 200, body = Network)))]
async fn network(seat: Seat, came: Came) -> Result<Json<Network>, Failure> {
    let (parts, _) = seat.own_phone()?;
    let candidates = texts(&parts.phones.addresses(came.from.0));
    let ice_servers = parts.relays.iter().map(|relay| IceServer {
        urls: relay.urls.clone(),
        username: relay.user.clone(),
        credential: relay.password.as_ref().map(|password| password.0.clone()),
    });
    Ok(Json(Network { candidates, ice_servers: ice_servers.collect() }))
}

/// Dial, as by the keys of a telephone
#[utoipa::path(
    post, path = "/api/phone/calls", tag = "phone", request_body = Dialled, responses((status = 200, body = Begun))
)]
async fn dial(seat: Seat, Given(dialled): Given<Dialled>) -> Result<Json<Begun>, Failure> {
    let (parts, extension) = seat.own_phone()?;
    seat.telling().wish(&json!({ "to": seat.dialled_told(&dialled.dial) }));
    let leg = parts.phones.dial(&extension, &dialled.dial).map_err(not_on_page)?;
    seat.telling().object(&leg);
    Ok(Json(Begun { leg }))
}

/// Answer what rings
#[utoipa::path(
    post, path = "/api/phone/calls/{leg}/answer", tag = "phone", params(("leg" = String, Path)),
    responses((status = 200, body = PhoneShown))
)]
async fn answer(seat: Seat, Named(leg): Named<LegId>) -> Result<Json<PhoneShown>, Failure> {
    let (parts, extension) = seat.own_phone()?;
    parts.phones.answer(&extension, leg).map_err(not_on_page)?;
    seat.phone_shown(&extension).map(Json)
}

/// Decline what rings, for all phones of my number
#[utoipa::path(
    post, path = "/api/phone/calls/{leg}/decline", tag = "phone", params(("leg" = String, Path)),
    responses((status = 200, body = PhoneShown))
)]
async fn decline(seat: Seat, Named(leg): Named<LegId>) -> Result<Json<PhoneShown>, Failure> {
    seat.end(leg)
}

/// Hang up
#[utoipa::path(
    post, path = "/api/phone/calls/{leg}/hang-up", tag = "phone", params(("leg" = String, Path)),
    responses((status = 200, body = PhoneShown))
)]
async fn hang_up(seat: Seat, Named(leg): Named<LegId>) -> Result<Json<PhoneShown>, Failure> {
    seat.end(leg)
}

/// The echo test, and how loud the page is heard
#[utoipa::path(get, path = "/api/phone/echo", tag = "phone", responses((status = 200, body = EchoShown)))]
async fn echo(seat: Seat) -> Result<Json<EchoShown>, Failure> {
    let (parts, extension) = seat.own_phone()?;
    Ok(Json(EchoShown { on: parts.phones.phone(&extension).echo, level: parts.phones.level(&extension) }))
}

/// Begin the echo test: the page hears itself
#[utoipa::path(post, path = "/api/phone/echo", tag = "phone", responses((status = 200, body = EchoShown)))]
async fn begin_echo(seat: Seat) -> Result<Json<EchoShown>, Failure> {
    seat.echo(true)
}

/// End the echo test
#[utoipa::path(delete, path = "/api/phone/echo", tag = "phone", responses((status = 200, body = EchoShown)))]
async fn end_echo(seat: Seat) -> Result<Json<EchoShown>, Failure> {
    seat.echo(false)
}

impl Seat {
    /// The phone of whoever asks.
    fn own_phone(&self) -> Result<(PhoneParts, ExtensionKey), Failure> {
        let parts = self.api.phones().map(|phones| phones.parts.clone());
        let parts =
            parts.ok_or_else(|| Failure::unavailable("no_phones", "this server serves no phones in browsers"))?;
        let extension = self.own_extension().ok_or_else(|| {
            let message = "only an agent has a phone: let an administrator say which agent this user is";
            Failure::forbidden("no_agent", message)
        })?;
        Ok((parts, extension))
    }

    /// The extension of whoever asks, where they are an agent.
    pub(crate) fn own_extension(&self) -> Option<ExtensionKey> {
        let directory = self.desk.desk.directory();
        Some(directory.agents.get(self.viewer.agent.as_ref()?)?.extension.clone())
    }

    /// The phone of an extension as its agent is shown it.
    pub(crate) fn phone_shown(&self, extension: &ExtensionKey) -> Result<PhoneShown, Failure> {
        let (parts, _) = self.own_phone()?;
        Ok(PhoneShown::new(extension, &parts.phones.phone(extension), |leg| self.desk.desk.call_of(leg)))
    }

    fn end(&self, leg: LegId) -> Result<Json<PhoneShown>, Failure> {
        let (parts, extension) = self.own_phone()?;
        parts.phones.hang_up(&extension, leg).map_err(not_on_page)?;
        self.phone_shown(&extension).map(Json)
    }

    fn echo(&self, on: bool) -> Result<Json<EchoShown>, Failure> {
        let (parts, extension) = self.own_phone()?;
        parts.phones.echo(&extension, on).map_err(not_on_page)?;
        Ok(Json(EchoShown { on, level: parts.phones.level(&extension) }))
    }

    /// What the pass by which somebody came is worth now for that phone.
    async fn standing(&self, extension: &ExtensionKey) -> Standing {
        let accounts = &self.api.parts().accounts;
        // While the store does not answer nobody's rights have changed.
        let Ok(found) = accounts.pass(self.caller.pass, self.api.now()).await else { return Standing::Holds };
        let (holds, user) = match found {
            Some((_, user)) => (true, Some(user)),
            None => match accounts.user(&self.caller.user.name).await {
                Ok(user) => (false, user),
                Err(_) => return Standing::Ended,
            },
        };
        let user = user.filter(|user| !user.disabled);
        let has_it = |user: User| {
            let seat = Seat { viewer: viewer(&user), ..self.clone() };
            seat.own_extension().as_ref() == Some(extension)
        };
        match user.map(has_it) {
            Some(true) if holds => Standing::Holds,
            Some(true) => Standing::Ended,
            Some(false) => Standing::Over,
            None => Standing::Gone,
        }
    }

    /// Nobody can sign in as this person any more: no call is offered to the agent, also not the one that they are about to lose.
    async fn agent_is_gone(&self) {
        let Some(agent) = self.viewer.agent.clone() else { return };
        if let Err(problem) = self.desk.desk.change_agent(agent.clone(), Input::SignOut, Actor::System).await {
            tracing::warn!(%agent, %problem, "an agent whose user is gone could not be signed out");
        }
    }
}

/// What a sign-in is worth for the phone that was connected by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Holds,
    /// It has ended, and the same person may sign in again.
    Ended,
    /// This person has the phone no longer: the agent is another, or has another phone.
    Over,
    /// The user is removed or disabled.
    Gone,
}

/// Lets go of a connection when the sign-in ends by which it was made, or the agent has another phone.
async fn watch(seat: Seat, parts: PhoneParts, extension: ExtensionKey, connection: PageConnection) {
    let mut changes = parts.phones.changes();
    let mut rights = seat.api.account_changes();
    // What has changed since the offer came.
    rights.mark_changed();
    let mut looking = interval(RIGHTS_EVERY);
    looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let is_there = || parts.phones.phone(&extension).connection.is_some_and(|(id, _)| id == connection);
    while is_there() {
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
                continue;
            }
            changed = rights.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            _ = looking.tick() => {}
        }
        let standing = seat.standing(&extension).await;
        if standing != Standing::Holds {
            tracing::info!(%extension, ?standing, "a page is let go of: its sign-in has ended, or the agent has another phone");
            if standing == Standing::Gone {
                seat.agent_is_gone().await;
            }
            parts.phones.let_go(&extension, connection, standing == Standing::Ended);
        }
    }
}

fn texts(addresses: &[SocketAddr]) -> Vec<String> {
    addresses.iter().map(SocketAddr::to_string).collect()
}

fn not_on_page(problem: NotOnPage) -> Failure {
    let words = problem.to_string();
    match problem {
        NotOnPage::NotServed => Failure::unavailable("no_phones", words),
        NotOnPage::NoExtension => Failure::not_found(words),
        NotOnPage::Offer(_) => Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_offer", words).at("sdp"),
        NotOnPage::NoRoom(_) => Failure::unavailable("no_room", words),
        NotOnPage::NotConnected => Failure::conflict("not_connected", words),
        NotOnPage::NoCall => Failure::not_found(words),
        NotOnPage::InCall => Failure::conflict("in_call", words),
        NotOnPage::Dialled(_) => Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "not_to_dial", words).at("dial"),
    }
}
