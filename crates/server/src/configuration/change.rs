//! Carries plans out: keeps what they say, then hands it to what runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as Slot, PoisonError};

use axum::http::StatusCode;
use nohold_app::ports::{AllKept, Kept, Place, Reconfiguration, User};
use nohold_core::configuration::Problem;
use nohold_core::directory::Directory;
use nohold_core::entry::Target;
use nohold_flow::Severity;
use nohold_model::Timestamp;
use tokio::sync::Mutex;

use super::effective::{Applied, Effective};
use super::loopback;
use super::plan::{Around, Plan, Refused, Standing};
use super::secrets::no_references;
use crate::failure::{Failure, ProblemBody};
use crate::state::Api;

/// The place where the configuration changes, one change at a time.
pub(crate) struct Configuring {
    order: Mutex<()>,
    effective: Slot<Option<Arc<Effective>>>,
    applied: Arc<dyn Applied>,
}

/// A change that was carried out, or would be.
pub(super) struct Done<T> {
    /// What whoever planned it wanted to know besides.
    pub(super) about: T,
    /// The plan.
    pub(super) plan: Plan,
    /// The store as it is after it.
    pub(super) kept: AllKept,
    /// What runs has taken it over.
    pub(super) in_force: bool,
}

/// How a change is made.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// Who makes it.
    pub(super) by: String,
    /// A password that is to be generated is drawn anew also where there is one.
    pub(super) redraw: bool,
    /// A password that should be stored and is not is drawn.
    pub(super) generate_missing: bool,
    /// It is only planned.
    pub(super) dry_run: bool,
}

impl Configuring {
    pub(crate) fn new(applied: Arc<dyn Applied>, effective: Option<Arc<Effective>>) -> Self {
        Configuring { order: Mutex::new(()), effective: Slot::new(effective), applied }
    }

    /// What holds now; none before anything is configured.
    pub(crate) fn effective(&self) -> Option<Arc<Effective>> {
        self.effective.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Plans a change and carries it out, to its end also when whoever asked goes away.
pub(super) async fn carry_out<T: Send + 'static>(
    api: &Api,
    way: Way,
    planned: impl FnOnce(&AllKept, &Around<'_>) -> Result<(Plan, T), Failure> + Send + 'static,
) -> Result<Done<T>, Failure> {
    let this = api.clone();
    api.to_its_end("configure", async move { in_order(&this, way, planned).await }).await
}

async fn in_order<T>(
    api: &Api,
    way: Way,
    planned: impl FnOnce(&AllKept, &Around<'_>) -> Result<(Plan, T), Failure>,
) -> Result<Done<T>, Failure> {
    let configuring = api.configuring();
    let _one_at_a_time = configuring.order.lock().await;
    let _no_new_users = api.change_accounts().await;
    let kept = api.parts().configured.configured().await?;
    let (mut plan, about) = planned(&kept, &around(api, &way, api.now()))?;
    if let Some(own) = api.takes_sip_at() {
        plan.warnings.extend(loopback::warnings(&plan, own).await);
    }
    nobody_is(&plan, &api.parts().accounts.users().await?)?;
    nothing_is_lost(api, &kept, &plan)?;
    if way.dry_run || plan.is_idle() {
        let in_force = configuring.effective().is_some_and(|effective| effective.revision == kept.revision);
        return Ok(Done { about, plan, kept, in_force });
    }
    api.parts().configured.reconfigure(plan.reconfiguration.clone()).await?;
    let kept = api.parts().configured.configured().await?;
    let in_force = put_in_force(api, &kept).await;
    Ok(Done { about, plan, kept, in_force })
}

fn around<'a>(api: &'a Api, way: &'a Way, at: Timestamp) -> Around<'a> {
    Around {
        prompts: api.parts().prompts.as_ref(),
        resolve: &no_references,
        seal: api.parts().seal,
        redraw: way.redraw,
        generate_missing: way.generate_missing,
        at,
        by: &way.by,
    }
}

/// Hands what is kept to what runs. When that fails it is kept all the same, and holds from the next start on.
async fn put_in_force(api: &Api, kept: &AllKept) -> bool {
    let configuring = api.configuring();
    let before = configuring.effective();
    let before = before.as_ref().map(|effective| effective.directory.as_ref());
    let effective = match Effective::of(kept, api.parts().prompts.as_ref(), before) {
        Ok(effective) => Arc::new(effective),
        Err(problems) => {
            tracing::error!(problems = problems.len(), "what was kept cannot be used: check the configuration");
            return false;
        }
    };
    if let Err(problem) = configuring.applied.apply(effective.clone()).await {
        tracing::error!(%problem, "a configuration was kept and does not hold yet: start the server again");
        return false;
    }
    *configuring.effective.lock().unwrap_or_else(PoisonError::into_inner) = Some(effective);
    true
}

/// No user is an agent who goes, or looks after a group that goes.
fn nobody_is(plan: &Plan, users: &[User]) -> Result<(), Failure> {
    let goes = |kind: &str, key: &str| {
        let place = Place { kind: kind.to_owned(), key: key.to_owned() };
        plan.standings.get(&place) == Some(&Standing::Removed)
    };
    for user in users {
        let agent = user.agent.as_ref().filter(|agent| goes("agents", agent.as_str()));
        let group = user.groups.iter().flatten().find(|group| goes("groups", group.as_str()));
        let field = agent.map(|key| format!("agents.{key}")).or(group.map(|key| format!("groups.{key}")));
        if let Some(field) = field {
            let message = format!("the user `{}` refers to it: change that first", user.name);
            return Err(Failure::conflict("in_use", message).at(field));
        }
    }
    Ok(())
}

/// No open entry loses those who should work on it: nobody but an administrator would see it any more.
fn nothing_is_lost(api: &Api, kept: &AllKept, plan: &Plan) -> Result<(), Failure> {
    let Some(before) = api.configuring().effective().filter(|_| !plan.is_idle()) else { return Ok(()) };
    let mut open: BTreeMap<Target, usize> = BTreeMap::new();
    api.parts().archive.image().view(|tables, _| {
        for entry in tables.entries.values().filter(|entry| entry.is_open()) {
            match open.get_mut(&entry.target) {
                Some(count) => *count += 1,
                None => drop(open.insert(entry.target.clone(), 1)),
            }
        }
    });
    if open.is_empty() {
        return Ok(());
    }
    // What cannot be put in force is told when that is tried.
    let Ok(after) = Effective::of(&planned_of(kept, plan), api.parts().prompts.as_ref(), None) else { return Ok(()) };
    let (before, after) = (before.directory.as_ref(), after.directory.as_ref());
    for (target, count) in open {
        let goes = target.is_known(before) && !target.is_known(after);
        let emptied = !target.agents(before).is_empty() && target.agents(after).is_empty();
        if goes || emptied {
            let what = if goes { "go" } else { "have no agents" };
            let message = format!("it would {what}, and open entries need it ({count}): settle or reassign them first");
            return Err(Failure::conflict("in_use", message).at(place_of(&target, before, after)));
        }
    }
    Ok(())
}

/// What would be kept after the plan.
fn planned_of(kept: &AllKept, plan: &Plan) -> AllKept {
    let mut planned = kept.clone();
    let Reconfiguration { at, by, things, .. } = &plan.reconfiguration;
    for (place, body) in things {
        let version = planned.things.get(place).map_or(1, |thing| thing.version.saturating_add(1));
        match body {
            Some(_) => {
                let thing = Kept { version, at: *at, by: by.clone(), body: body.clone() };
                planned.things.insert(place.clone(), thing);
            }
            None => drop(planned.things.remove(place)),
        }
    }
    planned
}

/// The thing for which a target stands.
fn place_of(target: &Target, before: &Directory, after: &Directory) -> String {
    match target {
        Target::Campaign(key) => format!("campaigns.{key}"),
        Target::Queue(key) => format!("queues.{key}"),
        Target::WholeService(key) => format!("services.{key}"),
        // The service goes, or the group goes from it.
        Target::Service(key, _) if before.services.contains_key(key) && !after.services.contains_key(key) => {
            format!("services.{key}")
        }
        Target::Service(_, group) => format!("groups.{group}"),
    }
}

/// A problem as it is told.
pub(super) fn told(problem: &Problem) -> ProblemBody {
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    ProblemBody {
        severity: severity.to_owned(),
        field: problem.path.clone(),
        message: problem.message.clone(),
        mend: problem.mend.clone(),
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let (status, code, problems) = match refused {
            Refused::Failed(failure) => return failure,
            Refused::Invalid(problems) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_configuration", problems),
            Refused::InUse(problems) => (StatusCode::CONFLICT, "in_use", problems),
        };
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
        let message = match errors.clone().next() {
            Some(first) if code == "in_use" => format!("something refers to it: at {}: {}", first.path, first.message),
            Some(first) => format!("{}: {}", first.message, first.mend),
            None => "it may not be".to_owned(),
        };
        Failure::new(status, code, message).with_problems(problems.iter().map(told).collect())
    }
}
