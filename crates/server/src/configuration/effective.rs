//! What is kept, as the rules and the engine read it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::BoxFuture;
use nohold_app::ports::{AllKept, HiddenText};
use nohold_core::configuration::{Configuration, Problem, Surroundings};
use nohold_core::directory::Directory;
use nohold_flow::Document;
use nohold_model::{FlowKey, Language, PromptKey};
use thiserror::Error;

use super::plan::{error, read};
use super::{Kind, whole};

/// So many earlier versions of a flow are held for calls that run; whoever has changed a flow so often during one call
/// has lost it to the flow's fallback.
const EARLIER_VERSIONS: usize = 50;

/// A configuration that holds.
#[derive(Debug)]
pub struct Effective {
    /// The store's revision of it.
    pub revision: u64,
    /// As it is written; passwords are [`Stored`](nohold_core::configuration::Password::Stored).
    pub configuration: Configuration,
    /// What the rules read.
    pub directory: Arc<Directory>,
    /// The passwords, by account: `extensions.2000`, `trunks.carrier`, `trunks.carrier.inbound`.
    pub secrets: BTreeMap<String, HiddenText>,
}

impl Effective {
    /// Makes it of what is kept. Versions of flows that `before` had stay for calls that run.
    ///
    /// # Errors
    /// All that is wrong with it, where it cannot be used.
    pub fn of(
        kept: &AllKept,
        prompts: Option<&BTreeMap<PromptKey, BTreeSet<Language>>>,
        before: Option<&Directory>,
    ) -> Result<Self, Vec<Problem>> {
        let document = whole::export(kept).map_err(|problem| vec![problem])?;
        let configuration = read(document).map_err(|problem| vec![problem])?;
        let surroundings = Surroundings {
            flows: BTreeMap::new(),
            prompts: prompts.cloned(),
            flow_versions: flow_versions(kept)?,
            earlier_flows: before.map(|before| earlier(&before.flows)).unwrap_or_default(),
        };
        let directory = Arc::new(configuration.directory(&surroundings)?);
        Ok(Effective { revision: kept.revision, configuration, directory, secrets: kept.secrets.clone() })
    }
}

fn flow_versions(kept: &AllKept) -> Result<BTreeMap<FlowKey, u32>, Vec<Problem>> {
    let flows = kept.things.iter().filter(|(place, _)| place.kind == Kind::Flows.word());
    let version = |(place, kept): (&nohold_app::ports::Place, &nohold_app::ports::Kept)| {
        let key = FlowKey::new(&place.key).map_err(|problem| {
            vec![error(&super::plan::path(place), problem.to_string(), "write the flow anew under a key")]
        })?;
        Ok((key, u32::try_from(kept.version).unwrap_or(u32::MAX)))
    };
    flows.map(version).collect()
}

fn earlier(flows: &BTreeMap<FlowKey, BTreeMap<u32, Arc<Document>>>) -> BTreeMap<FlowKey, BTreeMap<u32, Arc<Document>>> {
    let newest = |versions: &BTreeMap<u32, Arc<Document>>| {
        versions.iter().rev().take(EARLIER_VERSIONS).map(|(version, flow)| (*version, flow.clone())).collect()
    };
    flows.iter().map(|(key, versions)| (key.clone(), newest(versions))).collect()
}

/// The running system did not take a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NotApplied(pub String);

/// The running system: node and engine.
pub trait Applied: Send + Sync + 'static {
    /// Takes over a configuration that is kept already. Calls that run go on.
    fn apply(&self, effective: Arc<Effective>) -> BoxFuture<'static, Result<(), NotApplied>>;
}
