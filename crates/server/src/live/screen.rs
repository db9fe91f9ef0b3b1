//! What one viewer is told: everything they may see, then what changes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use nohold_core::agent::Agent;
use nohold_core::directory::Directory;
use nohold_core::entry::{Entry, order};
use nohold_core::note::CallNote;
use nohold_core::viewing::{Reminder, ReminderId, Sight, Viewer, sounds};
use nohold_model::{AgentKey, CallId, EntryId, QueueKey};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::board::{Changed, EntryRow, LiveRow, ReminderShown, Rows, Shared, Step};
use crate::phone::PhoneShown;

/// One viewer's screen.
pub(crate) struct Screen {
    viewer: Viewer,
    sight: Sight,
    directory: Arc<Directory>,
    /// How many open entries the viewer may see.
    total: usize,
    /// A snapshot has the first so many of them.
    most_entries: usize,
}

/// Everything that a viewer may see.
pub(crate) struct Snapshot {
    pub(crate) entries: Vec<Shared<EntryRow>>,
    pub(crate) total: usize,
    pub(crate) agents: Vec<Shared<Agent>>,
    pub(crate) queues: Vec<Shared<QueueKey>>,
    pub(crate) calls: Vec<Shared<LiveRow>>,
    pub(crate) reminders: Vec<ReminderShown>,
    pub(crate) notes: Vec<Shared<CallNote>>,
}

/// One change of a screen.
#[derive(Debug)]
pub(crate) enum Item {
    Entry(Shared<EntryRow>),
    EntryGone(EntryId),
    Agent(Shared<Agent>),
    Queue(Shared<QueueKey>),
    Call(Shared<LiveRow>),
    CallGone(CallId),
    Reminder(ReminderShown),
    ReminderWithdrawn(ReminderId),
    Note(Shared<CallNote>),
    NoteGone(CallId),
    Phone(PhoneShown),
}

impl Screen {
    /// A screen on which nothing is shown yet.
    pub(crate) fn new(viewer: Viewer, rows: &Rows, most_entries: usize) -> Self {
        let directory = rows.directory.clone();
        let sight = Sight::new(&viewer, &directory);
        let mut screen = Screen { viewer, sight, directory, total: 0, most_entries };
        screen.total = screen.open_entries(rows).count();
        screen
    }

    /// Who looks.
    pub(crate) fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// How many open entries the viewer may see.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Everything that the viewer may see now.
    pub(crate) fn snapshot(&self, rows: &Rows) -> Snapshot {
        let mut entries: Vec<_> = self.open_entries(rows).collect();
        let total = entries.len();
        entries.sort_by_cached_key(|row| order(&row.row.entry));
        entries.truncate(self.most_entries);
        let me = self.me(rows);
        let me = me.as_ref().map(|row| &row.row);
        let reminders = rows.entries.values().filter_map(|row| self.reminder(row, me));
        Snapshot {
            total,
            entries: entries.into_iter().cloned().collect(),
            agents: self.seen(rows.agents.iter(), |key| self.sight.sees_agent(key)),
            queues: self.seen(rows.queues.iter(), |key| self.sees_queue(key)),
            calls: rows.calls.values().filter(|row| self.sees_call(row)).cloned().collect(),
            notes: rows.notes.values().filter(|row| self.writes(&row.row.agent)).cloned().collect(),
            reminders: reminders.map(|reminder| ReminderShown::new(reminder, sounds(me))).collect(),
        }
    }

    /// What a step changes for the viewer; `rows` are as after it.
    pub(crate) fn changes(&mut self, rows: &Rows, step: &Step) -> Vec<Item> {
        let mut items = Vec::new();
        self.reminders(rows, step, &mut items);
        for (id, changed) in &step.entries {
            let sees = |row: &Option<Shared<EntryRow>>| row.as_ref().is_some_and(|row| self.sees_entry(&row.row.entry));
            match (sees(&changed.before), &changed.after) {
                (before, Some(after)) if sees(&changed.after) => {
                    self.total += usize::from(!before);
                    items.push(Item::Entry(after.clone()));
                }
                (true, _) => {
                    self.total = self.total.saturating_sub(1);
                    items.push(Item::EntryGone(*id));
                }
                (false, _) => {}
            }
        }
        for (key, changed) in &step.agents {
            items.extend(changed.after.iter().filter(|_| self.sight.sees_agent(key)).cloned().map(Item::Agent));
        }
        for (key, changed) in &step.queues {
            items.extend(changed.after.iter().filter(|_| self.sees_queue(key)).cloned().map(Item::Queue));
        }
        for (id, Changed { before, after }) in &step.calls {
            let sees = |row: &&Shared<LiveRow>| self.sees_call(row);
            match after.as_ref().filter(sees) {
                Some(after) => items.push(Item::Call(after.clone())),
                None => items.extend(before.as_ref().filter(sees).map(|_| Item::CallGone(*id))),
            }
        }
        for ((call, agent), Changed { after, .. }) in &step.notes {
            if self.writes(agent) {
                items.push(after.clone().map_or(Item::NoteGone(*call), Item::Note));
            }
        }
        items
    }

    /// Whether the notes of this agent are the viewer's own.
    fn writes(&self, agent: &AgentKey) -> bool {
        self.sight.agent() == Some(agent)
    }

    /// What changes of the reminders: by the entries, and all of them when the viewer signs in or out.
    fn reminders(&self, rows: &Rows, step: &Step, items: &mut Vec<Item>) {
        let now = self.me(rows);
        let changed = self.sight.agent().and_then(|key| step.agents.get(key));
        let then = changed.map_or_else(|| now.clone(), |changed| changed.before.clone());
        let (then, now) = (then.as_ref().map(|row| &row.row), now.as_ref().map(|row| &row.row));
        let signed_in = |agent: Option<&Agent>| agent.is_some_and(Agent::is_signed_in);
        let mut withdrawn = BTreeSet::new();
        let mut shown = Vec::new();
        let mut compare = |before: Option<&Shared<EntryRow>>, after: Option<&Shared<EntryRow>>| {
            let before = before.and_then(|row| self.reminder(row, then));
            let after = after.and_then(|row| self.reminder(row, now));
            if before == after {
                return;
            }
            withdrawn.extend(before.map(|one| one.id).filter(|id| after.is_none_or(|after| after.id != *id)));
            shown.extend(after.map(|one| ReminderShown::new(one, sounds(now))));
        };
        for Changed { before, after } in step.entries.values() {
            compare(before.as_ref(), after.as_ref());
        }
        if signed_in(then) != signed_in(now) {
            for (_, row) in rows.entries.iter().filter(|(id, _)| !step.entries.contains_key(id)) {
                compare(Some(row), Some(row));
            }
        }
        items.extend(withdrawn.into_iter().map(Item::ReminderWithdrawn));
        items.extend(shown.into_iter().map(Item::Reminder));
    }

    fn reminder<'a>(&self, row: &'a Shared<EntryRow>, me: Option<&Agent>) -> Option<&'a Reminder> {
        let reminder = self.sight.told(&row.row.reminders)?;
        self.sight.is_reminded(&row.row.entry, me, &self.directory).then_some(reminder)
    }

    fn me(&self, rows: &Rows) -> Option<Shared<Agent>> {
        rows.agents.get(self.sight.agent()?).cloned()
    }

    fn open_entries<'a>(&'a self, rows: &'a Rows) -> impl Iterator<Item = &'a Shared<EntryRow>> {
        rows.entries.values().filter(|row| self.sees_entry(&row.row.entry))
    }

    fn sees_entry(&self, entry: &Entry) -> bool {
        entry.is_open() && self.sight.sees_entry(entry, &self.directory)
    }

    fn sees_queue(&self, key: &QueueKey) -> bool {
        self.directory.queue(key).is_some_and(|queue| self.sight.sees_queue(queue))
    }

    fn sees_call(&self, row: &Shared<LiveRow>) -> bool {
        self.sight.sees_call(&row.row.call, row.row.agents.iter(), &self.directory)
    }

    fn seen<'a, K: 'a, T: 'a>(
        &self,
        rows: impl Iterator<Item = (&'a K, &'a Shared<T>)>,
        sees: impl Fn(&K) -> bool,
    ) -> Vec<Shared<T>> {
        rows.filter(|(key, _)| sees(key)).map(|(_, row)| row.clone()).collect()
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self {
            Item::Entry(row) => {
                map.serialize_entry("type", "entry")?;
                map.serialize_entry("entry", &row.json)?;
            }
            Item::EntryGone(id) => {
                map.serialize_entry("type", "entry_gone")?;
                map.serialize_entry("id", id)?;
            }
            Item::Agent(row) => {
                map.serialize_entry("type", "agent")?;
                map.serialize_entry("agent", &row.json)?;
            }
            Item::Queue(row) => {
                map.serialize_entry("type", "queue")?;
                map.serialize_entry("queue", &row.json)?;
            }
            Item::Call(row) => {
                map.serialize_entry("type", "call")?;
                map.serialize_entry("call", &row.json)?;
            }
            Item::CallGone(id) => {
                map.serialize_entry("type", "call_gone")?;
                map.serialize_entry("id", id)?;
            }
            Item::Reminder(reminder) => {
                map.serialize_entry("type", "reminder")?;
                map.serialize_entry("reminder", reminder)?;
            }
            Item::ReminderWithdrawn(id) => {
                map.serialize_entry("type", "reminder_withdrawn")?;
                map.serialize_entry("id", id)?;
            }
            Item::Note(row) => {
                map.serialize_entry("type", "note")?;
                map.serialize_entry("note", &row.json)?;
            }
            Item::NoteGone(call) => {
                map.serialize_entry("type", "note_gone")?;
                map.serialize_entry("call", call)?;
            }
            Item::Phone(phone) => {
                map.serialize_entry("type", "phone")?;
                map.serialize_entry("phone", phone)?;
            }
        }
        map.end()
    }
}
