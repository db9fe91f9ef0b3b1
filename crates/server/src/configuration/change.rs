//! Carries plans out: keeps what they say, then hands it to what runs.

use std::sync::{Arc, Mutex as Slot, PoisonError};

use axum::http::StatusCode;
use nohold_app::ports::{AllKept, Place, User};
use nohold_core::configuration::Problem;
use nohold_flow::Severity;
use nohold_model::Timestamp;
use tokio::sync::Mutex;

use super::effective::{Applied, Effective};
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
    let (plan, about) = planned(&kept, &around(api, &way, api.now()))?;
    nobody_is(&plan, &api.parts().accounts.users().await?)?;
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
