//! What an agent does with the own conversation besides holding and ending it, and calls that agents dial.

use axum::Json;
use axum::http::StatusCode;
use nohold_app::ports::Role;
use nohold_core::call::{Party, Wanted};
use nohold_core::directory::{Directory, Meaning};
use nohold_core::entry::Business;
use nohold_core::fact::Destination;
use nohold_model::{AgentKey, CallId, CampaignKey, Digit, ExtensionKey, FlowKey, QueueKey, ServiceKey};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::PassedOn;
use super::{Seat, refused, told};
use crate::access::{Need, Scope, guarded};
use crate::body::{Given, Named};
use crate::failure::Failure;
use crate::state::Api;

/// The most keys that are pressed at once.
const MOST_DIGITS: usize = 32;

/// The longest number that is read, in characters.
const LONGEST_NUMBER: usize = 64;

/// Where a customer shall go, or who shall be consulted: one of these.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoesTo {
    /// A colleague, at the own phone.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// A phone of ours.
    #[schema(value_type = Option<String>)]
    extension: Option<ExtensionKey>,
    /// A queue; to be consulted: whoever of it is free.
    #[schema(value_type = Option<String>)]
    queue: Option<QueueKey>,
    /// A main flow; it cannot be consulted.
    #[schema(value_type = Option<String>)]
    flow: Option<FlowKey>,
    /// A number as it would be dialled at a phone of ours: of a phone, a queue or a flow, or of the public network.
    number: Option<String>,
}

/// Where a conversation shall go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandingGiven {
    /// Where to.
    to: GoesTo,
    /// Whose conversation it is; one's own where nobody is named.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
}

/// Whose conversation is meant.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    /// The agent; oneself where nobody is named.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
}

/// Keys to be pressed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DigitsGiven {
    /// `0` to `9`, `*`, `#`: up to 32.
    #[schema(example = "1#")]
    digits: String,
    /// Whose conversation it is; one's own where nobody is named.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
}

/// Whether the recording pauses.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordingGiven {
    /// What is said from now on is in no file.
    paused: bool,
    /// Whose conversation it is; one's own where nobody is named.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
}

/// One of a conference, on hold or not.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldOneGiven {
    /// Who.
    who: WhoGiven,
    /// On hold, or taken back.
    hold: bool,
    /// Whose conversation it is; one's own where nobody is named.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
}

/// Somebody of a conference besides the agent.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhoGiven {
    /// The customer.
    Customer,
    /// Whoever was called.
    Target,
}

/// A call that an agent wants to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DialGiven {
    /// Whom: as E.164, or as people dial at a phone of ours.
    #[schema(example = "+8613800138001")]
    number: String,
    /// The service whose number is shown.
    #[schema(value_type = Option<String>)]
    service: Option<ServiceKey>,
    /// Or the campaign. Without either, the number of the own phone is.
    #[schema(value_type = Option<String>)]
    campaign: Option<CampaignKey>,
    /// Who calls; oneself where nobody is named.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let change = Need::change(Role::Agent, Scope::Desk);
    OpenApiRouter::new()
        .routes(guarded(api, change, routes!(dial)))
        .routes(guarded(api, change, routes!(press)))
        .routes(guarded(api, change, routes!(recording)))
        .routes(guarded(api, change, routes!(transfer)))
        .routes(guarded(api, change, routes!(consult)))
        .routes(guarded(api, change, routes!(complete)))
        .routes(guarded(api, change, routes!(cancel)))
        .routes(guarded(api, change, routes!(swap)))
        .routes(guarded(api, change, routes!(conference)))
        .routes(guarded(api, change, routes!(hold_one)))
}

/// Dial a number
///
/// The agent's own phone rings first; when it is answered, the number is dialled. The rules are those of a call from the
/// phone itself. In the name of a service or campaign they are also those of an entry: the dialling window at the
/// customer's place (`outside_window`), the gap and the limit after attempts of others (`too_soon`, `too_often`), each
/// with `until`.
#[utoipa::path(
    post, path = "/api/calls", tag = "desk", request_body = DialGiven, responses((status = 201, body = PassedOn))
)]
async fn dial(seat: Seat, Given(given): Given<DialGiven>) -> Result<(StatusCode, Json<PassedOn>), Failure> {
    let directory = seat.desk.desk.directory();
    if given.number.chars().count() > LONGEST_NUMBER {
        return Err(Failure::invalid("number", format!("a number has up to {LONGEST_NUMBER} characters")));
    }
    let (to, as_of) = (seat.dialled_told(&given.number), (&given.service, &given.campaign));
    seat.telling().wish(&json!({ "to": to, "agent": given.agent, "service": as_of.0, "campaign": as_of.1 }));
    let agent = seat.agent(given.agent)?;
    let number = match directory.meaning(&given.number) {
        Some(Meaning::Outside(number)) => number,
        Some(Meaning::Emergency(_)) => {
            let message = "call the emergency services from a phone: that asks nobody and loses no time";
            return Err(Failure::invalid("number", message));
        }
        Some(Meaning::Code(_) | Meaning::Extension(_) | Meaning::Queue(_) | Meaning::Flow(_)) | None => {
            return Err(Failure::invalid("number", "this is no number of the public network: check it"));
        }
    };
    let business = match (given.service, given.campaign) {
        (Some(service), None) => Some(Business::Service(service)),
        (None, Some(campaign)) => Some(Business::Campaign(campaign)),
        (None, None) => None,
        (Some(_), Some(_)) => {
            return Err(Failure::invalid("campaign", "choose a service or a campaign, not both"));
        }
    };
    let call = seat.desk.desk.dial_out(agent, number, business).await.map_err(refused)?;
    seat.telling().object(&call);
    Ok((StatusCode::CREATED, Json(PassedOn { call })))
}

/// Press keys towards whoever hears the agent
#[utoipa::path(
    post, path = "/api/calls/{id}/dtmf", tag = "desk", params(("id" = String, Path)), request_body = DigitsGiven,
    responses((status = 200, body = PassedOn))
)]
async fn press(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<DigitsGiven>,
) -> Result<Json<PassedOn>, Failure> {
    let digits = given.digits.chars().map(Digit::new).collect::<Result<Vec<_>, _>>();
    let digits = digits.map_err(|_| Failure::invalid("digits", "keys are 0 to 9, * and #"))?;
    if !(1..=MOST_DIGITS).contains(&digits.len()) {
        return Err(Failure::invalid("digits", format!("press 1 to {MOST_DIGITS} keys at once")));
    }
    seat.wish_of(call, given.agent, Wanted::Press(digits)).await
}

/// Pause the recording, or let it go on
///
/// What is said while it pauses is in no file.
#[utoipa::path(
    post, path = "/api/calls/{id}/recording", tag = "desk", params(("id" = String, Path)),
    request_body = RecordingGiven, responses((status = 200, body = PassedOn))
)]
async fn recording(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<RecordingGiven>,
) -> Result<Json<PassedOn>, Failure> {
    seat.wish_of(call, given.agent, Wanted::PauseRecording(given.paused)).await
}

/// Hand the customer over at once
///
/// The agent is free as soon as this is answered. Where nobody answers there, the customer comes back: to the agent, else to
/// the queue, else to where the phone says.
#[utoipa::path(
    post, path = "/api/calls/{id}/transfer", tag = "desk", params(("id" = String, Path)), request_body = HandingGiven,
    responses((status = 200, body = PassedOn))
)]
async fn transfer(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<HandingGiven>,
) -> Result<Json<PassedOn>, Failure> {
    let to = given.to.meant(&seat.desk.desk.directory())?;
    seat.wish_of(call, given.agent, Wanted::Transfer(to)).await
}

/// Call somebody while the customer waits
#[utoipa::path(
    post, path = "/api/calls/{id}/consult", tag = "desk", params(("id" = String, Path)), request_body = HandingGiven,
    responses((status = 200, body = PassedOn))
)]
async fn consult(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<HandingGiven>,
) -> Result<Json<PassedOn>, Failure> {
    let to = given.to.meant(&seat.desk.desk.directory())?;
    seat.wish_of(call, given.agent, Wanted::Consult(to)).await
}

/// Leave the customer with whoever was called
///
/// Out of a consultation, while it still rings there, or out of a conference.
#[utoipa::path(
    post, path = "/api/calls/{id}/consult/complete", tag = "desk", params(("id" = String, Path)), request_body = Whose,
    responses((status = 200, body = PassedOn))
)]
async fn complete(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<Whose>,
) -> Result<Json<PassedOn>, Failure> {
    seat.wish_of(call, given.agent, Wanted::Complete).await
}

/// End the consultation, or take whoever was called out of the conference: back to the customer
#[utoipa::path(
    post, path = "/api/calls/{id}/consult/cancel", tag = "desk", params(("id" = String, Path)), request_body = Whose,
    responses((status = 200, body = PassedOn))
)]
async fn cancel(seat: Seat, Named(call): Named<CallId>, Given(given): Given<Whose>) -> Result<Json<PassedOn>, Failure> {
    seat.wish_of(call, given.agent, Wanted::Cancel).await
}

/// Talk with the other one of the two: the one who was heard hears music
#[utoipa::path(
    post, path = "/api/calls/{id}/consult/swap", tag = "desk", params(("id" = String, Path)), request_body = Whose,
    responses((status = 200, body = PassedOn))
)]
async fn swap(seat: Seat, Named(call): Named<CallId>, Given(given): Given<Whose>) -> Result<Json<PassedOn>, Failure> {
    seat.wish_of(call, given.agent, Wanted::Swap).await
}

/// Let all three hear each other
#[utoipa::path(
    post, path = "/api/calls/{id}/conference", tag = "desk", params(("id" = String, Path)), request_body = Whose,
    responses((status = 200, body = PassedOn))
)]
async fn conference(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<Whose>,
) -> Result<Json<PassedOn>, Failure> {
    seat.wish_of(call, given.agent, Wanted::Conference).await
}

/// Hold one of a conference, or take them back
#[utoipa::path(
    post, path = "/api/calls/{id}/conference/hold", tag = "desk", params(("id" = String, Path)),
    request_body = HoldOneGiven, responses((status = 200, body = PassedOn))
)]
async fn hold_one(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<HoldOneGiven>,
) -> Result<Json<PassedOn>, Failure> {
    let who = match given.who {
        WhoGiven::Customer => Party::Customer,
        WhoGiven::Target => Party::Target,
    };
    seat.wish_of(call, given.agent, Wanted::HoldOne { who, hold: given.hold }).await
}

impl GoesTo {
    /// What is meant. Whether it is there, and may be called, the rules say.
    fn meant(self, directory: &Directory) -> Result<Destination, Failure> {
        match self {
            GoesTo { agent: Some(agent), extension: None, queue: None, flow: None, number: None } => {
                let profile = directory.agents.get(&agent);
                let profile = profile.ok_or_else(|| Failure::not_found("there is no such agent").at("to.agent"))?;
                Ok(Destination::Extension(profile.extension.clone()))
            }
            GoesTo { agent: None, extension: Some(extension), queue: None, flow: None, number: None } => {
                Ok(Destination::Extension(extension))
            }
            GoesTo { agent: None, extension: None, queue: Some(queue), flow: None, number: None } => {
                Ok(Destination::Queue(queue))
            }
            GoesTo { agent: None, extension: None, queue: None, flow: Some(flow), number: None } => {
                Ok(Destination::Flow(flow))
            }
            GoesTo { agent: None, extension: None, queue: None, flow: None, number: Some(number) } => {
                dialled(&number, directory)
            }
            _ => Err(Failure::invalid("to", "name one: an agent, an extension, a queue, a flow or a number")),
        }
    }
}

fn dialled(number: &str, directory: &Directory) -> Result<Destination, Failure> {
    let wrong = |message| Err(Failure::invalid("to.number", message));
    if number.chars().count() > LONGEST_NUMBER {
        return wrong("this is too long for a number");
    }
    match directory.meaning(number) {
        Some(Meaning::Extension(extension)) => Ok(Destination::Extension(extension)),
        Some(Meaning::Queue(queue)) => Ok(Destination::Queue(queue)),
        Some(Meaning::Flow(flow)) => Ok(Destination::Flow(flow)),
        Some(Meaning::Outside(number)) => Ok(Destination::Number(number)),
        Some(Meaning::Emergency(_)) => wrong("nobody is handed over to the emergency services: let the customer dial"),
        Some(Meaning::Code(_)) => wrong("this is a code, not a number"),
        None => wrong("there is no such number: check it"),
    }
}

impl Seat {
    /// Tells a call what is wished of an agent's conversation in it.
    pub(super) async fn wish_of(
        &self,
        call: CallId,
        named: Option<AgentKey>,
        what: Wanted,
    ) -> Result<Json<PassedOn>, Failure> {
        self.telling().wish(&told::wanted(named.as_ref(), &what));
        self.in_hand(call)?;
        let agent = self.whose(call, named)?;
        self.telling().wish(&told::wanted(Some(&agent), &what));
        self.desk.desk.wish_of_call(call, agent, what).await.map_err(refused)?;
        Ok(Json(PassedOn { call }))
    }

    /// Whose conversation in this call is meant: of the one who is named, else one's own, else, for supervisors, of the agent
    /// who has the customer.
    pub(super) fn whose(&self, call: CallId, named: Option<AgentKey>) -> Result<AgentKey, Failure> {
        if named.is_some() {
            return self.agent(named);
        }
        let found = self.desk.board.look(|rows, _| {
            let live = &rows.calls.get(&call)?.row;
            let own = self.viewer.agent.as_ref().filter(|own| live.agents.contains(own));
            let caller = live.call.caller.as_ref().and_then(|caller| caller.agent.as_ref());
            own.or(live.call.agent.as_ref()).or(caller).cloned()
        });
        match found {
            Some(agent) => self.agent(Some(agent)),
            None => Err(Failure::conflict("no_conversation", "no agent is in conversation in this call")),
        }
    }
}
