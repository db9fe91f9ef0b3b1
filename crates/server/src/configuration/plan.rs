//! What a change of the configuration would do, or why it may not be.

use std::collections::{BTreeMap, BTreeSet};

use nohold_app::ports::{AllKept, HiddenText, Place, Reconfiguration};
use nohold_core::configuration::{Configuration, Problem, Surroundings, check_forms, check_texts};
use nohold_flow::Severity;
use nohold_model::{Language, PromptKey, Timestamp};
use serde_json::Value;

use super::secrets::{self, Reference, Seal};
use super::whole;
use crate::failure::Failure;
use crate::words::plain;

/// An installation has at most so many things.
const MOST_THINGS: usize = 20_000;

/// What stands around a change.
pub struct Around<'a> {
    /// The prompts that can be played; where nothing is said, prompts are not checked.
    pub prompts: Option<&'a BTreeMap<PromptKey, BTreeSet<Language>>>,
    /// Finds passwords that stand elsewhere.
    pub resolve: &'a dyn Fn(Reference<'_>) -> Result<String, String>,
    /// In what form passwords are kept by which others prove themselves.
    pub seal: Seal,
    /// A password that is to be generated is drawn anew also where there is one.
    pub redraw: bool,
    /// A password that should be stored and is not is drawn.
    pub generate_missing: bool,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: &'a str,
}

/// What would become of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was not there.
    Added,
    /// It is another one then.
    Changed,
    /// It is as it was.
    Unchanged,
    /// It goes.
    Removed,
}

/// A change that may be.
#[derive(Debug)]
pub struct Plan {
    /// What becomes of each thing that was named.
    pub standings: BTreeMap<Place, Standing>,
    /// What is to be written.
    pub reconfiguration: Reconfiguration,
    /// Passwords that were drawn, by account.
    pub generated: BTreeMap<String, HiddenText>,
    /// What is not wrong, but should be looked at.
    pub warnings: Vec<Problem>,
}

impl Plan {
    /// Nothing would be written.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.reconfiguration.things.is_empty() && self.reconfiguration.secrets.is_empty()
    }
}

/// Why a change may not be.
#[derive(Debug)]
pub enum Refused {
    /// All that is wrong with it, errors first.
    Invalid(Vec<Problem>),
    /// Other things refer to what should go: the places where they do.
    InUse(Vec<Problem>),
    /// The server has failed.
    Failed(Failure),
}

/// Looks at a change: new bodies, or none for what is to go.
///
/// # Errors
/// [`Refused`], with all that stands against it.
pub fn plan(kept: &AllKept, changes: BTreeMap<Place, Option<Value>>, around: &Around<'_>) -> Result<Plan, Refused> {
    let known = whole::bodies(kept).map_err(|problem| Refused::Invalid(vec![problem]))?;
    let mut reconfiguration = Reconfiguration {
        revision: kept.revision,
        at: around.at,
        by: around.by.to_owned(),
        ..Reconfiguration::default()
    };
    let mut draft = Draft { known, problems: Vec::new(), standings: BTreeMap::new(), generated: BTreeMap::new() };
    let only_removes = changes.values().all(Option::is_none);
    let mut written = draft.known.clone();
    for (place, change) in changes {
        match change {
            Some(body) => {
                // Checked as it was sent: a password that is too short is not seen any more when it is stored.
                written.insert(place.clone(), body.clone());
                draft.put(place, body, kept, around, &mut reconfiguration)?;
            }
            None => {
                written.remove(&place);
                draft.remove(place, kept, &mut reconfiguration);
            }
        }
    }
    if written.len() > MOST_THINGS {
        draft.problem(String::new(), format!("there would be {} things", written.len()), "remove what is not used");
    }
    let document = whole::document(&written);
    let forms = of_what_changes(check_forms(&document), &draft.standings);
    draft.problems.extend(of_what_changes(check_texts(&document), &draft.standings));
    // What such a document would mean is not what it says.
    draft.problems.extend(if forms.is_empty() { check(document, around) } else { forms });
    draft.problems.sort_by(|a, b| (a.severity, &a.path).cmp(&(b.severity, &b.path)));
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    if draft.problems.iter().any(is_error) {
        return Err(if only_removes { Refused::InUse(draft.problems) } else { Refused::Invalid(draft.problems) });
    }
    let Draft { problems: warnings, standings, generated, .. } = draft;
    Ok(Plan { standings, reconfiguration, generated, warnings })
}

/// The problems of what changes; what is kept from before there were such rules keeps nobody from changing other things.
fn of_what_changes(problems: Vec<Problem>, standings: &BTreeMap<Place, Standing>) -> Vec<Problem> {
    let changes = |problem: &Problem| {
        let stands =
            |at: &str| problem.path.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let changed = |standing: &Standing| matches!(standing, Standing::Added | Standing::Changed);
        standings.iter().any(|(place, standing)| changed(standing) && stands(&path(place)))
    };
    problems.into_iter().filter(changes).collect()
}

/// All that is wrong with a document.
fn check(document: Value, around: &Around<'_>) -> Vec<Problem> {
    if document.get("site").is_none() {
        return vec![error("site", "the site is not configured yet", "begin with `site`: its zone and country")];
    }
    match read(document) {
        Ok(configuration) => {
            configuration.check(&Surroundings { prompts: around.prompts.cloned(), ..Surroundings::default() })
        }
        Err(problem) => vec![problem],
    }
}

/// The configuration that a document means.
pub(super) fn read(document: Value) -> Result<Configuration, Problem> {
    serde_path_to_error::deserialize(document).map_err(|problem| {
        let path = problem.path().to_string();
        error(if path == "." { "" } else { &path }, plain(&problem.into_inner().to_string()), "correct it")
    })
}

pub(super) fn error(path: &str, message: impl Into<String>, mend: impl Into<String>) -> Problem {
    Problem { severity: Severity::Error, path: path.to_owned(), message: message.into(), mend: mend.into() }
}

/// The path of a thing in the document.
pub(super) fn path(place: &Place) -> String {
    if place.key.is_empty() { place.kind.clone() } else { format!("{}.{}", place.kind, place.key) }
}

struct Draft {
    known: BTreeMap<Place, Value>,
    problems: Vec<Problem>,
    standings: BTreeMap<Place, Standing>,
    generated: BTreeMap<String, HiddenText>,
}

impl Draft {
    fn problem(&mut self, path: String, message: String, mend: &str) {
        self.problems.push(error(&path, message, mend));
    }

    fn put(
        &mut self,
        place: Place,
        mut body: Value,
        kept: &AllKept,
        around: &Around<'_>,
        into: &mut Reconfiguration,
    ) -> Result<(), Refused> {
        let at = path(&place);
        if place.kind == "flows" && body.get("file").is_some() {
            let mend = "put the flow itself here: `{ \"document\": { … } }`";
            self.problem(at.clone(), "a flow in a file is for files of configuration".to_owned(), mend);
        }
        let taken = secrets::take(&place, &mut body, kept, around).map_err(Refused::Failed)?;
        for (field, message) in taken.problems {
            self.problem(format!("{at}.{field}"), message, "correct it");
        }
        for field in taken.foreign {
            self.problems.push(Problem {
                severity: Severity::Warning,
                path: format!("{at}.{field}"),
                message: "this password was drawn, and the peer knows another one".to_owned(),
                mend: "set the one that the carrier has given you".to_owned(),
            });
        }
        let standing = match self.known.get(&place) {
            None => Standing::Added,
            Some(before) if *before == body && taken.secrets.is_empty() => Standing::Unchanged,
            Some(_) => Standing::Changed,
        };
        if standing != Standing::Unchanged {
            into.things.insert(place.clone(), Some(body.to_string()));
            into.secrets.extend(taken.secrets);
            self.generated.extend(taken.generated);
        }
        self.standings.insert(place, standing);
        Ok(())
    }

    fn remove(&mut self, place: Place, kept: &AllKept, into: &mut Reconfiguration) {
        if !self.known.contains_key(&place) {
            return;
        }
        let accounts = secrets::accounts(&place).into_iter().map(|account| account.name);
        into.secrets
            .extend(accounts.filter(|account| kept.secrets.contains_key(account)).map(|account| (account, None)));
        into.things.insert(place.clone(), None);
        self.standings.insert(place, Standing::Removed);
    }
}
