//! What the desk has to know of what is configured: what things are called, and by which rules the list is read.

use axum::Json;
use nohold_app::ports::Role;
use nohold_core::directory::{Directory, WrapUpMode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Seat;
use super::entries::DispositionShown;
use crate::access::{Need, Scope, guarded};
use crate::state::Api;

/// What is configured, as far as everybody at the desk has to know it. A live screen gets a snapshot when it changes; ask
/// for this again then.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeskShown {
    /// What holds for the whole installation.
    site: SiteShown,
    /// The inbound services, by their keys.
    services: Vec<BusinessShown>,
    /// The outbound campaigns, by their keys.
    campaigns: Vec<BusinessShown>,
    /// The agent groups, by their keys.
    groups: Vec<GroupShown>,
    /// The queues, by their keys.
    queues: Vec<LineShown>,
    /// All dispositions, by their keys: what stands in the history has its name here.
    dispositions: Vec<DispositionShown>,
    /// All agents, also of groups that one does not see, by their keys: what the transfer list tells of them besides states.
    colleagues: Vec<ColleagueShown>,
    /// The phones that are no agent's, by their keys.
    phones: Vec<TelephoneShown>,
}

/// An agent, as everybody knows them.
#[derive(Debug, Serialize, ToSchema)]
struct ColleagueShown {
    /// The agent's key.
    key: String,
    /// The name people see.
    name: String,
    /// The key of their phone.
    extension: String,
    /// The number by which phones of ours call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
}

/// A phone of the house.
#[derive(Debug, Serialize, ToSchema)]
struct TelephoneShown {
    /// Its key.
    key: String,
    /// The name people see.
    name: String,
    /// The number by which phones of ours call it.
    number: String,
}

/// What holds for the whole installation.
#[derive(Debug, Serialize, ToSchema)]
struct SiteShown {
    /// The country in which numbers are written without a country code, by its two letters (ISO 3166-1).
    country: String,
    /// The time zone, by its name in the IANA list.
    zone: String,
    /// After so many counted attempts a customer is *unreachable*.
    attempts: u32,
    /// The reasons of breaks that agents choose from; any words, where there are none.
    break_reasons: Vec<String>,
}

/// A line of business.
#[derive(Debug, Serialize, ToSchema)]
struct BusinessShown {
    /// Its key.
    key: String,
    /// The name people see.
    name: String,
    /// The groups that work for it.
    groups: Vec<String>,
    /// The number that its customers see, as E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_id: Option<String>,
}

/// An agent group.
#[derive(Debug, Serialize, ToSchema)]
struct GroupShown {
    /// Its key.
    key: String,
    /// The name people see.
    name: String,
}

/// A queue.
#[derive(Debug, Serialize, ToSchema)]
struct LineShown {
    /// Its key.
    key: String,
    /// The name people see.
    name: String,
    /// The internal number by which it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// The service it belongs to.
    service: String,
    /// The groups whose agents serve it.
    groups: Vec<String>,
    /// Whether its agents have a wrap-up, and how it ends: `none`, `optional`, `timed` or `mandatory`.
    #[schema(value_type = String)]
    wrap_up: WrapUpMode,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(names)))
}

/// What things are called here, and by which rules the list is read
#[utoipa::path(get, path = "/api/desk", tag = "desk", responses((status = 200, body = DeskShown)))]
async fn names(seat: Seat) -> Json<DeskShown> {
    Json(DeskShown::new(&seat.desk.desk.directory()))
}

impl DeskShown {
    fn new(directory: &Directory) -> Self {
        let keys = |groups: &[nohold_model::GroupKey]| groups.iter().map(ToString::to_string).collect();
        let services = directory.services.values().map(|service| BusinessShown {
            key: service.key.to_string(),
            name: service.name.clone(),
            groups: keys(&service.groups),
            caller_id: service.caller_id.as_ref().map(|number| number.as_str().to_owned()),
        });
        let campaigns = directory.campaigns.values().map(|campaign| BusinessShown {
            key: campaign.key.to_string(),
            name: campaign.name.clone(),
            groups: keys(&campaign.groups),
            caller_id: campaign.caller_id.as_ref().map(|number| number.as_str().to_owned()),
        });
        let groups = directory.groups.values();
        let queues = directory.queues.values().map(|queue| LineShown {
            key: queue.key.to_string(),
            name: queue.name.clone(),
            number: queue.number.clone(),
            service: queue.service.to_string(),
            groups: keys(&queue.groups),
            wrap_up: queue.wrap_up_mode,
        });
        let colleagues = directory.agents.values().map(|agent| ColleagueShown {
            key: agent.key.to_string(),
            name: agent.name.clone(),
            extension: agent.extension.to_string(),
            number: directory.extensions.get(&agent.extension).map(|phone| phone.number.clone()),
        });
        let phones = directory.extensions.values().filter(|phone| directory.agent_of(&phone.key).is_none());
        let phones = phones.map(|phone| TelephoneShown {
            key: phone.key.to_string(),
            name: phone.name.clone(),
            number: phone.number.clone(),
        });
        let dispositions = directory.dispositions.names.keys().map(|key| DispositionShown::new(directory, key));
        DeskShown {
            site: SiteShown {
                country: directory.site.numbers.country.to_string(),
                zone: directory.site.zone.to_string(),
                attempts: directory.site.retry_plan.max_attempts,
                break_reasons: directory.site.break_reasons.clone(),
            },
            services: services.collect(),
            campaigns: campaigns.collect(),
            groups: groups.map(|group| GroupShown { key: group.key.to_string(), name: group.name.clone() }).collect(),
            queues: queues.collect(),
            dispositions: dispositions.collect(),
            colleagues: colleagues.collect(),
            phones: phones.collect(),
        }
    }
}
