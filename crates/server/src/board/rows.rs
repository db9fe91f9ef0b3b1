//! The board's rows: those that people look at now, and how they changed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use nohold_app::ports::Commit;
use nohold_core::agent::{Agent, AgentState};
use nohold_core::directory::{Directory, Queue};
use nohold_core::entry::Entry;
use nohold_core::note::CallNote;
use nohold_core::routing::{Offer, Waiting, turn};
use nohold_core::tables::Tables;
use nohold_core::transaction::{CallRow, Write};
use nohold_core::viewing::{Reminders, reminders};
use nohold_model::{AgentKey, CallId, EntryId, OfferId, QueueKey, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use super::note::NoteShown;
use super::shown::EntryShown;
use super::work::{AgentShown, CallShown, QueueShown};

/// How many steps can be had again, and how much text they may hold, in bytes: a step of a long queue holds the whole row of
/// it. Whoever is further behind looks at everything anew.
const KEPT_STEPS: usize = 4_096;
const KEPT_TEXT: usize = 4 << 20;

/// A row with its text, which is written once for all who read it.
#[derive(Debug)]
pub(crate) struct Row<T> {
    pub(crate) row: T,
    pub(crate) json: Box<RawValue>,
}

/// An entry, with what it reminds of.
#[derive(Debug)]
pub(crate) struct EntryRow {
    pub(crate) entry: Entry,
    pub(crate) reminders: Reminders,
}

/// A live call, with the agents whom it has in hand.
#[derive(Debug)]
pub(crate) struct LiveRow {
    pub(crate) call: CallRow,
    pub(crate) agents: Vec<AgentKey>,
}

pub(crate) type Shared<T> = Arc<Row<T>>;

/// A row before and after a step.
#[derive(Debug)]
pub(crate) struct Changed<T> {
    pub(crate) before: Option<Shared<T>>,
    pub(crate) after: Option<Shared<T>>,
}

impl<T> Clone for Changed<T> {
    fn clone(&self) -> Self {
        Changed { before: self.before.clone(), after: self.after.clone() }
    }
}

/// What a step changed, each row once.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) entries: BTreeMap<EntryId, Changed<EntryRow>>,
    pub(crate) agents: BTreeMap<AgentKey, Changed<Agent>>,
    pub(crate) queues: BTreeMap<QueueKey, Changed<QueueKey>>,
    pub(crate) calls: BTreeMap<CallId, Changed<LiveRow>>,
    pub(crate) notes: BTreeMap<NoteKey, Changed<CallNote>>,
}

/// A note's call and agent.
pub(crate) type NoteKey = (CallId, AgentKey);

/// What commits have touched, before the rows that follow from it are made.
#[derive(Default)]
struct Touched {
    agents: BTreeSet<AgentKey>,
    calls: BTreeSet<CallId>,
    queues: BTreeSet<QueueKey>,
}

/// All rows that somebody may look at now: open entries, entries that still remind, agents, queues, live calls.
pub(crate) struct Rows {
    pub(crate) directory: Arc<Directory>,
    /// Counts the steps.
    pub(crate) number: u64,
    pub(crate) entries: BTreeMap<EntryId, Shared<EntryRow>>,
    pub(crate) agents: BTreeMap<AgentKey, Shared<Agent>>,
    pub(crate) queues: BTreeMap<QueueKey, Shared<QueueKey>>,
    pub(crate) calls: BTreeMap<CallId, Shared<LiveRow>>,
    /// Notes that are to be done, and of each agent the last one that may be written.
    pub(crate) notes: BTreeMap<NoteKey, Shared<CallNote>>,
    call_rows: BTreeMap<CallId, CallRow>,
    waiting: BTreeMap<CallId, Waiting>,
    /// Offers that ring, by call.
    offers: BTreeMap<CallId, BTreeMap<OfferId, Offer>>,
    /// When reminders change by themselves.
    turns: BTreeSet<(Timestamp, EntryId)>,
    steps: VecDeque<(Arc<Step>, usize)>,
    /// The text of all steps, in bytes.
    steps_text: usize,
}

impl Rows {
    /// The rows as the store has them.
    pub(crate) fn new(tables: &Tables, directory: Arc<Directory>, number: u64, now: Timestamp) -> Self {
        let mut rows = Rows {
            directory,
            number,
            entries: BTreeMap::new(),
            agents: BTreeMap::new(),
            queues: BTreeMap::new(),
            calls: BTreeMap::new(),
            notes: BTreeMap::new(),
            call_rows: tables.calls.clone(),
            waiting: tables.waiting.clone(),
            offers: BTreeMap::new(),
            turns: BTreeSet::new(),
            steps: VecDeque::new(),
            steps_text: 0,
        };
        for offer in tables.all_live_offers() {
            rows.put_offer(offer);
        }
        for entry in tables.entries.values() {
            rows.put_entry(entry, now);
        }
        for note in tables.notes.values() {
            rows.put_note(note, &mut Step::default());
        }
        for key in rows.directory.agents.keys() {
            let agent = tables.agents.get(key).cloned().unwrap_or_else(|| Agent::new(key.clone()));
            if let Some(row) = shown_agent(agent, &rows.directory) {
                rows.agents.insert(key.clone(), row);
            }
        }
        let calls: Vec<CallId> = rows.call_rows.keys().copied().collect();
        for call in calls {
            rows.put_call(call);
        }
        let queues: Vec<QueueKey> = rows.directory.queues.keys().cloned().collect();
        for queue in &queues {
            rows.put_queue(queue);
        }
        rows
    }

    /// Adds entries that the rows do not have. Whether anything is shown now that was not.
    pub(crate) fn add_missing<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>, now: Timestamp) -> bool {
        let before = self.entries.len();
        for entry in entries {
            if !self.entries.contains_key(&entry.id) {
                self.put_entry(entry, now);
            }
        }
        self.entries.len() != before
    }

    /// Takes over commits, and ends what has come to its end by now. Whether anything that is shown has changed.
    pub(crate) fn advance(&mut self, commits: &[Arc<Commit>], now: Timestamp) -> bool {
        let mut touched = Touched::default();
        let mut step = Step::default();
        for write in commits.iter().flat_map(|commit| &commit.outcome.writes) {
            self.take(write, now, &mut touched, &mut step);
        }
        self.turn_reminders(now, &mut step);
        self.derive(&touched, &mut step);
        if step.is_empty() {
            return false;
        }
        self.number += 1;
        let text = step.text();
        self.steps_text += text;
        self.steps.push_back((Arc::new(step), text));
        while self.steps.len() > KEPT_STEPS || (self.steps_text > KEPT_TEXT && self.steps.len() > 1) {
            let Some((_, forgotten)) = self.steps.pop_front() else { break };
            self.steps_text -= forgotten;
        }
        true
    }

    /// What has changed after a step, each row once with what it was then; nothing when that is too long ago.
    pub(crate) fn since(&self, number: u64) -> Option<Step> {
        let behind = usize::try_from(self.number.checked_sub(number)?).ok()?;
        let skipped = self.steps.len().checked_sub(behind)?;
        let mut all = Step::default();
        for (step, _) in self.steps.iter().skip(skipped) {
            merge(&mut all.entries, &step.entries);
            merge(&mut all.agents, &step.agents);
            merge(&mut all.queues, &step.queues);
            merge(&mut all.calls, &step.calls);
            merge(&mut all.notes, &step.notes);
        }
        Some(all)
    }

    fn take(&mut self, write: &Write, now: Timestamp, touched: &mut Touched, step: &mut Step) {
        match write {
            Write::Entry(entry) => {
                let before = self.entries.get(&entry.id).cloned();
                self.put_entry(entry, now);
                let after = self.entries.get(&entry.id).cloned();
                note(&mut step.entries, entry.id, before, after);
            }
            Write::Note(note) => self.put_note(note, step),
            Write::Agent(agent) => {
                touched.agents.insert(agent.key.clone());
                let before = self.agents.get(&agent.key).cloned();
                let held = |agent: &Agent| agent.call();
                touched
                    .calls
                    .extend(before.as_ref().and_then(|before| held(&before.row)).into_iter().chain(held(agent)));
                let Some(after) = shown_agent(agent.clone(), &self.directory) else { return };
                self.agents.insert(agent.key.clone(), after.clone());
                note(&mut step.agents, agent.key.clone(), before, Some(after));
            }
            Write::Call(row) => {
                touched.calls.insert(row.id);
                touched.queues.extend(self.waiting.get(&row.id).map(|waiting| waiting.queue.clone()));
                self.call_rows.insert(row.id, (**row).clone());
            }
            Write::CallGone(id) => {
                touched.calls.insert(*id);
                self.call_rows.remove(id);
            }
            Write::Waiting(waiting) => {
                touched.queues.insert(waiting.queue.clone());
                let before = self.waiting.insert(waiting.call, waiting.clone());
                touched.queues.extend(before.map(|before| before.queue));
            }
            Write::WaitingGone(id) => touched.queues.extend(self.waiting.remove(id).map(|before| before.queue)),
            Write::Offer(offer) => {
                touched.calls.insert(offer.call);
                self.put_offer(offer);
            }
            Write::Hold(_)
            | Write::HoldGone(..)
            | Write::Memory(..)
            | Write::RequestCounted(..)
            | Write::Tried(_)
            | Write::TriedGone(..) => {}
        }
    }

    /// A note that is to be done, or that may be written because no other call has come since.
    fn put_note(&mut self, note: &CallNote, step: &mut Step) {
        let key = (note.call, note.agent.clone());
        let untouched = |row: &Shared<CallNote>| !row.row.is_open();
        let of_agent = |(_, row): &(&NoteKey, &Shared<CallNote>)| row.row.agent == note.agent && untouched(row);
        let others: Vec<_> =
            self.notes.iter().filter(of_agent).map(|(other, row)| (other.clone(), row.row.began)).collect();
        let newest = others.iter().all(|(other, began)| *other == key || *began <= note.began);
        let before = self.notes.get(&key).cloned();
        let after = if note.done.is_none() && (note.is_open() || newest) {
            with_text(note.clone(), &NoteShown::from(note))
        } else {
            None
        };
        match &after {
            Some(row) => drop(self.notes.insert(key.clone(), row.clone())),
            None => drop(self.notes.remove(&key)),
        }
        note_of_step(step, key.clone(), before, after);
        for (other, _) in others.into_iter().filter(|(other, _)| *other != key && newest) {
            let gone = self.notes.remove(&other);
            note_of_step(step, other, gone, None);
        }
    }

    /// Rows that follow from others.
    fn derive(&mut self, touched: &Touched, step: &mut Step) {
        let mut queues = touched.queues.clone();
        for queue in self.directory.queues.values() {
            let serves = |group| {
                let group = self.directory.groups.get(group);
                group.is_some_and(|group| touched.agents.iter().any(|agent| group.agents.contains(agent)))
            };
            if queue.groups.iter().any(serves) {
                queues.insert(queue.key.clone());
            }
        }
        for call in &touched.calls {
            let before = self.calls.get(call).cloned();
            self.put_call(*call);
            note(&mut step.calls, *call, before, self.calls.get(call).cloned());
        }
        for queue in queues {
            let before = self.queues.get(&queue).cloned();
            self.put_queue(&queue);
            let after = self.queues.get(&queue).cloned();
            if before.as_ref().map(|row| row.json.get()) != after.as_ref().map(|row| row.json.get()) {
                note(&mut step.queues, queue, before, after);
            }
        }
    }

    /// Reminders end, or become others, because time passes.
    fn turn_reminders(&mut self, now: Timestamp, step: &mut Step) {
        while let Some((due, id)) = self.turns.first().copied().filter(|(due, _)| *due <= now) {
            self.turns.remove(&(due, id));
            let Some(before) = self.entries.get(&id).cloned() else { continue };
            if before.row.reminders.changes == Some(due) {
                self.put_entry(&before.row.entry, now);
                note(&mut step.entries, id, Some(before), self.entries.get(&id).cloned());
            }
        }
    }

    fn put_entry(&mut self, entry: &Entry, now: Timestamp) {
        let reminders = reminders(entry, &self.directory.site, now);
        if !entry.is_open() && reminders.group.is_none() {
            self.entries.remove(&entry.id);
            return;
        }
        if let Some(changes) = reminders.changes {
            self.turns.insert((changes, entry.id));
        }
        if let Some(row) =
            with_text(EntryRow { entry: entry.clone(), reminders }, &EntryShown::new(entry, &self.directory))
        {
            self.entries.insert(entry.id, row);
        }
    }

    fn put_offer(&mut self, offer: &Offer) {
        let of_call = self.offers.entry(offer.call).or_default();
        if offer.ended.is_none() {
            of_call.insert(offer.id, offer.clone());
        } else {
            of_call.remove(&offer.id);
        }
        if of_call.is_empty() {
            self.offers.remove(&offer.call);
        }
    }

    /// How many wait in a queue, and how many of its agents are available.
    pub(crate) fn line(&self, queue: &Queue) -> (usize, usize) {
        let waiting = self.waiting.values().filter(|waiting| waiting.queue == queue.key).count();
        let members = self.directory.members(queue).filter_map(|profile| self.agents.get(&profile.key));
        (waiting, members.filter(|agent| agent.row.state() == AgentState::Available).count())
    }

    fn put_call(&mut self, id: CallId) {
        let Some(call) = self.call_rows.get(&id).cloned() else {
            self.calls.remove(&id);
            return;
        };
        let caller = call.caller.as_ref().and_then(|caller| caller.agent.clone());
        let mut agents: BTreeSet<AgentKey> = call.agent.iter().cloned().chain(caller).collect();
        agents.extend(self.agents.values().filter(|agent| agent.row.call() == Some(id)).map(|row| row.row.key.clone()));
        let agents: Vec<AgentKey> = agents.into_iter().collect();
        let offers = self.offers.get(&id).into_iter().flat_map(BTreeMap::values);
        let shown = CallShown::new(&call, agents.clone(), offers, &self.directory);
        if let Some(row) = with_text(LiveRow { call, agents }, &shown) {
            self.calls.insert(id, row);
        }
    }

    fn put_queue(&mut self, key: &QueueKey) {
        let Some(queue) = self.directory.queue(key) else { return };
        let mut line: Vec<&Waiting> = self.waiting.values().filter(|waiting| waiting.queue == *key).collect();
        line.sort_by_key(|waiting| turn(waiting));
        let number = |call| self.call_rows.get(call).and_then(|row: &CallRow| row.number.as_ref());
        let line: Vec<_> = line.into_iter().map(|waiting| (waiting, number(&waiting.call))).collect();
        let members = self.directory.members(queue);
        let agents: Vec<_> = members.map(|profile| self.agents.get(&profile.key).map(|row| &row.row)).collect();
        if let Some(row) = with_text(key.clone(), &QueueShown::new(queue, &line, &agents)) {
            self.queues.insert(key.clone(), row);
        }
    }
}

impl Step {
    /// The text of what it made, in bytes; what was before is that of the step before.
    fn text(&self) -> usize {
        fn of<K, T>(changes: &BTreeMap<K, Changed<T>>) -> usize {
            changes.values().filter_map(|changed| changed.after.as_ref()).map(|row| row.json.get().len()).sum()
        }
        of(&self.entries) + of(&self.agents) + of(&self.queues) + of(&self.calls) + of(&self.notes)
    }

    fn is_empty(&self) -> bool {
        let rows = self.entries.is_empty() && self.agents.is_empty() && self.queues.is_empty() && self.calls.is_empty();
        rows && self.notes.is_empty()
    }
}

/// An agent's row; nothing for one whom the configuration does not know.
fn shown_agent(agent: Agent, directory: &Directory) -> Option<Shared<Agent>> {
    let shown = AgentShown::new(directory.agents.get(&agent.key)?, &agent, directory);
    with_text(agent, &shown)
}

fn with_text<T>(row: T, shown: &impl Serialize) -> Option<Shared<T>> {
    match serde_json::value::to_raw_value(shown) {
        Ok(json) => Some(Arc::new(Row { row, json })),
        Err(problem) => {
            tracing::error!(%problem, "a row cannot be written as JSON");
            None
        }
    }
}

fn note<K: Ord, T>(changes: &mut BTreeMap<K, Changed<T>>, key: K, before: Option<Shared<T>>, after: Option<Shared<T>>) {
    match changes.entry(key) {
        std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().after = after,
        std::collections::btree_map::Entry::Vacant(new) if before.is_some() || after.is_some() => {
            new.insert(Changed { before, after });
        }
        std::collections::btree_map::Entry::Vacant(_) => {}
    }
}

fn note_of_step(step: &mut Step, key: NoteKey, before: Option<Shared<CallNote>>, after: Option<Shared<CallNote>>) {
    note(&mut step.notes, key, before, after);
}

fn merge<K: Ord + Clone, T>(all: &mut BTreeMap<K, Changed<T>>, step: &BTreeMap<K, Changed<T>>) {
    for (key, changed) in step {
        note(all, key.clone(), changed.before.clone(), changed.after.clone());
    }
}
