//! What people see and do at the desk: the missed-call list, agents, queues and calls.
//!
//! A viewer sees what [`nohold_core::viewing`] says, and what is not seen is not there: it is refused as not found. Whether
//! something may be done is decided by the rules; their refusals are passed on in their own words.

mod agents;
mod audio;
mod calls;
mod closed;
mod conversation;
mod entries;
mod file;
mod history;
mod history_table;
mod known;
mod listing;
mod names;
mod notes;
mod peaks;
mod pop;
mod refusals;
mod requests;
mod targets;
mod today;
mod told;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use nohold_app::desk::Desk;
use nohold_app::ports::User;
use nohold_core::directory::Directory;
use nohold_core::entry::Actor;
use nohold_core::viewing::{Role, Sight, Viewer};
use nohold_model::{AgentKey, Timestamp};
use utoipa_axum::router::OpenApiRouter;

use crate::access::Caller;
use crate::board::Board;
use crate::failure::Failure;
use crate::live::Cursors;
use crate::state::Api;

pub(crate) use refusals::refused;

/// The most live screens of one user.
const MOST_SCREENS_OF_ONE: usize = 20;

/// The most live screens in all.
const MOST_SCREENS: usize = 2_000;

/// The longest key of an agent, in characters.
const LONGEST_KEY: usize = 64;

/// What a desk is made of.
#[derive(Clone)]
pub struct DeskParts {
    /// Carries out what people wish.
    pub desk: Arc<dyn Desk>,
    /// The folder of recordings; none where there is nothing to listen to.
    pub recordings: Option<PathBuf>,
    /// Since when no conversation could be recorded; nothing where the last one was kept.
    pub recordings_failing_since: Arc<dyn Fn() -> Option<Timestamp> + Send + Sync>,
    /// What the telephony has counted at its edge since the start, by name: what was refused, dropped and handed on.
    pub counted: Counted,
}

/// Counts, by name.
pub type Counted = Arc<dyn Fn() -> Vec<(&'static str, u64)> + Send + Sync>;

/// A desk at work.
pub(crate) struct DeskState {
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) board: Arc<Board>,
    pub(crate) recordings: Option<PathBuf>,
    pub(crate) recordings_failing_since: Arc<dyn Fn() -> Option<Timestamp> + Send + Sync>,
    pub(crate) counted: Counted,
    pub(crate) cursors: Cursors,
    /// Turns of those who listen to recordings.
    turns: file::Turns,
    /// How loud recordings are along their way.
    peaks: peaks::Known,
    screens: Mutex<BTreeMap<String, usize>>,
}

impl DeskState {
    pub(crate) fn new(api: &Api, parts: DeskParts) -> Self {
        let DeskParts { desk, recordings, recordings_failing_since, counted } = parts;
        let board = Board::new(&*api.parts().archive, desk.clone(), api.parts().now.clone());
        let cursors = Cursors { run: run() };
        DeskState {
            desk,
            board: Arc::new(board),
            recordings,
            recordings_failing_since,
            counted,
            cursors,
            turns: file::Turns::to_listen(),
            peaks: peaks::Known::default(),
            screens: Mutex::default(),
        }
    }

    /// Room for one more live screen of this user.
    pub(crate) fn screen(self: &Arc<Self>, user: &str) -> Result<ScreenSeat, Failure> {
        let mut screens = self.screens.lock().unwrap_or_else(PoisonError::into_inner);
        if screens.values().sum::<usize>() >= MOST_SCREENS {
            return Err(Failure::unavailable("too_many_screens", "as many screens as the server serves are open"));
        }
        let own = screens.entry(user.to_owned()).or_default();
        if *own >= MOST_SCREENS_OF_ONE {
            let message = format!("this user has {MOST_SCREENS_OF_ONE} live screens open: close one first");
            return Err(Failure::conflict("too_many_screens", message));
        }
        *own += 1;
        Ok(ScreenSeat { desk: self.clone(), user: user.to_owned() })
    }
}

/// Tells runs of the server apart, so that nobody goes on from another run's steps.
fn run() -> u64 {
    getrandom::u64().unwrap_or_else(|_| std::process::id().into())
}

/// The room that a live screen takes; given back when it is dropped.
pub(crate) struct ScreenSeat {
    desk: Arc<DeskState>,
    user: String,
}

impl Drop for ScreenSeat {
    fn drop(&mut self) {
        let mut screens = self.desk.screens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = screens.get_mut(&self.user) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                screens.remove(&self.user);
            }
        }
    }
}

/// Somebody at the desk. A handler behind a guard takes it as an argument.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) api: Api,
    pub(crate) desk: Arc<DeskState>,
    pub(crate) caller: Caller,
    pub(crate) viewer: Viewer,
}

impl FromRequestParts<Api> for Seat {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let desk = api.desk().cloned();
        let desk = desk.ok_or_else(|| Failure::unavailable("no_desk", "nobody works at this server's desk"))?;
        let viewer = viewer(&caller.user);
        Ok(Seat { api: api.clone(), desk, caller, viewer })
    }
}

/// Who a user is at the desk.
pub(crate) fn viewer(user: &User) -> Viewer {
    let may = user.permissions();
    Viewer { role: user.role, agent: user.agent.clone(), groups: user.groups.clone(), may }
}

impl Seat {
    /// What this person may see.
    pub(crate) fn sight(&self, directory: &Directory) -> Sight {
        Sight::new(&self.viewer, directory)
    }

    /// In whose name the rules hear the wish.
    pub(crate) fn actor(&self) -> Result<Actor, Failure> {
        match (self.viewer.role, &self.viewer.agent) {
            (Role::Agent, Some(agent)) => Ok(Actor::Agent(agent.clone())),
            (Role::Agent, None) => {
                let message = "this user is no agent: let an administrator say which agent it is";
                Err(Failure::forbidden("no_agent", message))
            }
            (Role::Supervisor | Role::Administrator, Some(agent)) => Ok(Actor::Supervisor(agent.clone())),
            (Role::Supervisor | Role::Administrator, None) => {
                Ok(Actor::Supervisor(named_as_key(&self.caller.user.name)?))
            }
        }
    }

    /// The agent for whom something is done: the one who was named, where this person may act for them, else the person.
    pub(crate) fn agent(&self, named: Option<AgentKey>) -> Result<AgentKey, Failure> {
        let directory = self.desk.desk.directory();
        let Some(agent) = named.or_else(|| self.viewer.agent.clone()) else {
            return Err(Failure::invalid("agent", "this user is no agent: name the agent who shall do it"));
        };
        let sight = self.sight(&directory);
        if !sight.acts_for(&agent) {
            let message = "only a supervisor of their group may act for other agents";
            return Err(Failure::forbidden("other_agent", message).at("agent"));
        }
        if !directory.agents.contains_key(&agent) {
            return Err(Failure::not_found("there is no such agent").at("agent"));
        }
        Ok(agent)
    }
}

/// With this the history names users who are no agents: `user-sue`. No agent can be configured with such a key.
pub(crate) const USER_PREFIX: &str = "user-";

/// The history names people by keys of agents. A user's name has the same form, but for `@`; the end of a name that is too
/// long with the prefix is left out.
fn named_as_key(name: &str) -> Result<AgentKey, Failure> {
    let fits = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '-' | '_');
    let room = LONGEST_KEY - USER_PREFIX.len();
    let text: String = name.chars().map(|c| if c == '@' { '.' } else { c }).filter(|c| fits(*c)).take(room).collect();
    AgentKey::new(&format!("{USER_PREFIX}{text}")).map_err(|_| Failure::internal())
}

/// The routes of the desk.
pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    listing::routes(api)
        .merge(closed::routes(api))
        .merge(entries::routes(api))
        .merge(agents::routes(api))
        .merge(calls::routes(api))
        .merge(conversation::routes(api))
        .merge(targets::routes(api))
        .merge(requests::routes(api))
        .merge(audio::routes(api))
        .merge(peaks::routes(api))
        .merge(history::routes(api))
        .merge(known::routes(api))
        .merge(names::routes(api))
        .merge(notes::routes(api))
        .merge(pop::routes(api))
        .merge(today::routes(api))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Kind;

    #[test]
    fn a_user_who_is_no_agent_is_named_as_no_agent_can_be() {
        let long = "x".repeat(64);
        for (name, expected) in [
            ("2000", "user-2000".to_owned()),
            ("a.b@c_d", "user-a.b.c_d".to_owned()),
            ("-.sue", "user--.sue".to_owned()),
            ("(operator)", "user-operator".to_owned()),
            (&*long, format!("user-{}", "x".repeat(59))),
        ] {
            let key = named_as_key(name).unwrap();
            assert_eq!(key.as_str(), expected);
            assert!(Kind::Agents.place(key.as_str()).is_err(), "{key}");
        }
        assert!(Kind::Agents.place("users").is_ok());
    }
}
