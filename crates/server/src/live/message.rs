//! The messages of a live screen, as text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use nohold_core::viewing::{Permission, Viewer};
use nohold_model::{AgentKey, GroupKey, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::screen::{Item, Snapshot};
use crate::access::role_word;
use crate::board::{Position, ReminderShown, Shared};
use crate::phone::PhoneShown;

/// What stands in every message.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Head {
    /// What kind it is.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// Counts the messages of this connection from 0, without a gap.
    pub(crate) seq: u64,
    /// Where to go on after a break.
    pub(crate) cursor: String,
    /// When it was written.
    pub(crate) at: Timestamp,
}

/// Everything that the viewer may see.
#[derive(Serialize)]
struct SnapshotText<'a> {
    #[serde(flatten)]
    head: &'a Head,
    me: Me<'a>,
    entries: Part<'a>,
    agents: Vec<&'a RawValue>,
    queues: Vec<&'a RawValue>,
    calls: Vec<&'a RawValue>,
    reminders: &'a [ReminderShown],
    /// The viewer's own notes of calls.
    notes: Vec<&'a RawValue>,
    /// The viewer's own phone in the browser; null for who has none.
    phone: Option<&'a PhoneShown>,
}

#[derive(Serialize)]
struct Part<'a> {
    items: Vec<&'a RawValue>,
    total: usize,
}

/// Who looks.
#[derive(Serialize)]
struct Me<'a> {
    user: &'a str,
    role: &'static str,
    agent: Option<&'a AgentKey>,
    /// For supervisors: the groups they look after; null means all.
    groups: Option<Vec<&'a GroupKey>>,
    /// What they may besides.
    may: &'a BTreeSet<Permission>,
}

/// What has changed.
#[derive(Serialize)]
struct ChangesText<'a> {
    #[serde(flatten)]
    head: &'a Head,
    /// How many open entries the viewer may see.
    total: usize,
    changes: &'a [Item],
}

pub(crate) fn snapshot(
    head: &Head,
    user: &str,
    viewer: &Viewer,
    all: &Snapshot,
    phone: Option<&PhoneShown>,
) -> serde_json::Result<String> {
    let text = SnapshotText {
        head,
        me: Me {
            user,
            role: role_word(viewer.role),
            agent: viewer.agent.as_ref(),
            groups: viewer.groups.as_ref().map(|groups| groups.iter().collect()),
            may: &viewer.may,
        },
        entries: Part { items: texts(&all.entries), total: all.total },
        agents: texts(&all.agents),
        queues: texts(&all.queues),
        calls: texts(&all.calls),
        reminders: &all.reminders,
        notes: texts(&all.notes),
        phone,
    };
    serde_json::to_string(&text)
}

pub(crate) fn changes(head: &Head, total: usize, changes: &[Item]) -> serde_json::Result<String> {
    serde_json::to_string(&ChangesText { head, total, changes })
}

pub(crate) fn heartbeat(head: &Head) -> serde_json::Result<String> {
    serde_json::to_string(head)
}

fn texts<T>(rows: &[Shared<T>]) -> Vec<&RawValue> {
    rows.iter().map(|row| &*row.json).collect()
}

/// Writes and reads cursors. One is good for the viewer whom it was given to, as long as neither what they may see nor the
/// configuration has changed and the server has not been started anew.
pub(crate) struct Cursors {
    /// Which run of the server this is.
    pub(crate) run: u64,
}

impl Cursors {
    pub(crate) fn write(&self, position: Position, user: &str, viewer: &Viewer) -> String {
        let Position { generation, step, revision } = position;
        format!("{}-{generation}-{step}-{}", revision.0, self.mark(user, viewer))
    }

    /// The step that a cursor names, where it may still be gone on from.
    pub(crate) fn read(&self, cursor: &str, now: Position, user: &str, viewer: &Viewer) -> Option<u64> {
        let mut parts = cursor.split('-');
        let mut number = || parts.next()?.parse::<u64>().ok();
        let (_, generation, step) = (number()?, number()?, number()?);
        let mark = parts.next()?;
        let good = generation == now.generation && mark == self.mark(user, viewer) && parts.next().is_none();
        good.then_some(step)
    }

    fn mark(&self, user: &str, viewer: &Viewer) -> String {
        let text = format!("{} {user} {viewer:?}", self.run);
        Sha256::digest(text.as_bytes()).iter().take(8).fold(String::new(), |mut mark, byte| {
            // Writing to a text does not fail.
            let _ = write!(mark, "{byte:02x}");
            mark
        })
    }
}
