//! Writes the rows and facts of a group: one statement for each kind, however many rows there are.

use nohold_app::ports::Commit;
use nohold_core::entry::{CloseReason, Entry, State};
use nohold_core::note::CallNote;
use nohold_core::routing::Offer;
use nohold_core::transaction::Hold;
use nohold_model::{AgentKey, CallId, EntryId, OfferId, PhoneNumber, Timestamp};
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;

use super::load::Progress;
use super::named::Named;
use super::overlay::Overlay;
use super::trouble::Trouble;

/// Writes all rows of an overlay.
pub async fn rows(c: &mut SqliteConnection, overlay: &Overlay) -> Result<(), Trouble> {
    let agents: Vec<_> = overlay.agents.iter().collect();
    put(c, AGENTS, &agents).await?;
    let gone: Vec<_> = overlay.calls.iter().filter(|(_, row)| row.is_none()).map(|(id, _)| id).collect();
    put(c, CALLS_GONE, &gone).await?;
    let calls: Vec<_> = overlay.calls.iter().filter(|(_, row)| row.is_some()).collect();
    put(c, CALLS, &calls).await?;
    let gone: Vec<_> = overlay.waiting.iter().filter(|(_, row)| row.is_none()).map(|(id, _)| id).collect();
    put(c, WAITING_GONE, &gone).await?;
    let waiting: Vec<_> = overlay.waiting.iter().filter(|(_, row)| row.is_some()).collect();
    put(c, WAITING, &waiting).await?;
    put(c, OFFERS, &offers(overlay)).await?;
    put(c, ENTRIES, &entries(overlay)?).await?;
    put(c, NOTES, &notes(overlay)).await?;
    let gone: Vec<_> = overlay.holds.iter().filter(|(_, row)| row.is_none()).map(|(key, _)| key).collect();
    put(c, HOLDS_GONE, &gone).await?;
    put(c, HOLDS, &holds(overlay)).await?;
    let memory: Vec<_> = overlay.memory.iter().collect();
    put(c, MEMORY, &memory).await?;
    put(c, REQUESTS, &overlay.counted).await?;
    let gone: Vec<_> = overlay.tries.iter().filter(|(_, row)| row.is_none()).map(|(key, _)| key).collect();
    put(c, TRIES_GONE, &gone).await?;
    let tries: Vec<_> =
        overlay.tries.values().flatten().map(|row| (&row.number, row.attempt, row.began, row)).collect();
    put(c, TRIES, &tries).await
}

/// A fact as it is stored, with what it names.
#[derive(Debug, Serialize)]
pub struct FactRow {
    revision: u64,
    idx: usize,
    at: Timestamp,
    kind: String,
    entry: Option<String>,
    call: Option<String>,
    agent: Option<String>,
    number: Option<String>,
    body: String,
}

impl FactRow {
    /// The rows of a commit's facts.
    pub fn of(commit: &Commit, named: impl Fn(&nohold_core::fact::Fact) -> Named) -> Result<Vec<FactRow>, Trouble> {
        let row = |(idx, dated): (usize, &nohold_core::fact::Dated)| {
            let names = named(&dated.fact);
            let body = serde_json::to_string(&dated.fact)?;
            // A fact is written as `{"kind":{…}}`.
            let kind = body.split('"').nth(1).unwrap_or_default().to_owned();
            Ok(FactRow {
                revision: commit.revision.0,
                idx,
                at: dated.at,
                kind,
                entry: names.entry.map(|id| id.to_string()),
                call: names.call.map(|id| id.to_string()),
                agent: names.agent.map(|key| key.as_str().to_owned()),
                number: names.number.map(|number| number.as_str().to_owned()),
                body,
            })
        };
        commit.outcome.facts.iter().enumerate().map(row).collect()
    }
}

/// Appends facts to the history.
pub async fn facts(c: &mut SqliteConnection, facts: &[FactRow]) -> Result<(), Trouble> {
    put(c, FACTS, facts).await
}

/// Writes how far the store has come.
pub async fn progress(c: &mut SqliteConnection, progress: Progress) -> Result<(), Trouble> {
    let revision = i64::try_from(progress.revision.0).unwrap_or(i64::MAX);
    sqlx::query("UPDATE progress SET revision = ?1, groups = ?2, latest = ?3")
        .bind(revision)
        .bind(progress.groups)
        .bind(progress.latest.as_millis())
        .execute(c)
        .await?;
    Ok(())
}

/// Writes that somebody has looked how far the store has come.
pub async fn look(c: &mut SqliteConnection) -> Result<(), Trouble> {
    sqlx::query("UPDATE progress SET looks = looks + 1").execute(c).await?;
    Ok(())
}

/// Offers that have ended come first, so that their agents are free when the next offer is written.
fn offers(overlay: &Overlay) -> Vec<(OfferId, CallId, &AgentKey, Option<Timestamp>, &Offer)> {
    let mut offers: Vec<&Offer> = overlay.offers.values().collect();
    offers.sort_by_key(|offer| offer.ended.is_none());
    let ended = |offer: &Offer| offer.ended.map(|(at, _)| at);
    offers.into_iter().map(|offer| (offer.id, offer.call, &offer.agent, ended(offer), offer)).collect()
}

/// The columns of an entry: id, number, target, matter, requested, closed, reason, body.
type EntryRow<'a> =
    (EntryId, Option<&'a PhoneNumber>, String, u8, u8, Option<Timestamp>, Option<CloseReason>, &'a Entry);

/// Closed entries come first, so that what they stood in the way of can be written.
fn entries(overlay: &Overlay) -> Result<Vec<EntryRow<'_>>, Trouble> {
    let mut entries: Vec<&Entry> = overlay.entries.values().collect();
    entries.sort_by_key(|entry| entry.is_open());
    entries
        .into_iter()
        .map(|entry| {
            let (closed, reason) = match entry.state {
                State::Closed { reason, at } => (Some(at), Some(reason)),
                State::Waiting
                | State::Claimed { .. }
                | State::Attempting { .. }
                | State::Talking { .. }
                | State::Noting { .. } => (None, None),
            };
            let target = serde_json::to_string(&entry.target)?;
            let requested = u8::from(entry.request.is_some());
            Ok((entry.id, entry.number.as_ref(), target, entry.matter, requested, closed, reason, entry))
        })
        .collect()
}

/// The columns of a note: call, agent, 1 while it is to be done, when it changed last, body.
fn notes(overlay: &Overlay) -> Vec<(CallId, &AgentKey, u8, Timestamp, &CallNote)> {
    let changed = |note: &CallNote| {
        let times = [Some(note.began), note.ended, note.typed, note.done];
        times.into_iter().flatten().max().unwrap_or(note.began)
    };
    // One of a call that goes on is open, too: its agent may go on writing.
    let open = |note: &CallNote| u8::from(note.is_open() || note.ended.is_none());
    overlay.notes.values().map(|note| (note.call, &note.agent, open(note), changed(note), note)).collect()
}

/// Numbers that are no longer dialled come first.
fn holds(overlay: &Overlay) -> Vec<(&PhoneNumber, CallId, u8, Option<Timestamp>, &Hold)> {
    let mut holds: Vec<&Hold> = overlay.holds.values().flatten().collect();
    holds.sort_by_key(|hold| hold.until.is_none());
    holds.into_iter().map(|hold| (&hold.number, hold.call, u8::from(hold.dialled), hold.until, hold)).collect()
}

async fn put<T: Serialize>(c: &mut SqliteConnection, sql: &'static str, rows: &[T]) -> Result<(), Trouble> {
    if !rows.is_empty() {
        sqlx::query(sql).bind(serde_json::to_string(rows)?).execute(c).await?;
    }
    Ok(())
}

const AGENTS: &str = "INSERT INTO agents (key, v, body) \
    SELECT value ->> 0, 1, value -> 1 FROM json_each(?1) WHERE true \
    ON CONFLICT DO UPDATE SET v = excluded.v, body = excluded.body";

const CALLS: &str = "INSERT INTO calls (id, v, body) \
    SELECT value ->> 0, 1, value -> 1 FROM json_each(?1) WHERE true \
    ON CONFLICT DO UPDATE SET v = excluded.v, body = excluded.body";

const CALLS_GONE: &str = "DELETE FROM calls WHERE id IN (SELECT value FROM json_each(?1))";

const WAITING: &str = "INSERT INTO waiting (call, v, body) \
    SELECT value ->> 0, 1, value -> 1 FROM json_each(?1) WHERE true \
    ON CONFLICT DO UPDATE SET v = excluded.v, body = excluded.body";

const WAITING_GONE: &str = "DELETE FROM waiting WHERE call IN (SELECT value FROM json_each(?1))";

// Of these tables a row may also stand in the way of another one, which is an error; so the conflict is named.
const OFFERS: &str = "INSERT INTO offers (id, call, agent, ended, v, body) \
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, 1, value -> 4 FROM json_each(?1) WHERE true \
    ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, v = excluded.v, body = excluded.body";

const ENTRIES: &str = "INSERT INTO entries (id, number, target, matter, requested, closed, reason, v, body) \
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, 1, value -> 7 \
    FROM json_each(?1) WHERE true \
    ON CONFLICT (id) DO UPDATE SET number = excluded.number, target = excluded.target, matter = excluded.matter, \
    requested = excluded.requested, closed = excluded.closed, reason = excluded.reason, v = excluded.v, \
    body = excluded.body";

const NOTES: &str = "INSERT INTO notes (call, agent, open, changed, v, body) \
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, 1, value -> 4 FROM json_each(?1) WHERE true \
    ON CONFLICT (call, agent) DO UPDATE SET open = excluded.open, changed = excluded.changed, v = excluded.v, \
    body = excluded.body";

const HOLDS: &str = "INSERT INTO holds (number, call, dialled, until, v, body) \
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, 1, value -> 4 FROM json_each(?1) WHERE true \
    ON CONFLICT (number, call) DO UPDATE SET dialled = excluded.dialled, until = excluded.until, v = excluded.v, \
    body = excluded.body";

const HOLDS_GONE: &str = "DELETE FROM holds \
    WHERE (number, call) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))";

const MEMORY: &str = "INSERT INTO memory (queue, agent) \
    SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true \
    ON CONFLICT DO UPDATE SET agent = excluded.agent";

const REQUESTS: &str = "INSERT INTO requests (number, at) SELECT value ->> 0, value ->> 1 FROM json_each(?1)";

const TRIES: &str = "INSERT INTO tries (number, attempt, began, v, body) \
    SELECT value ->> 0, value ->> 1, value ->> 2, 1, value -> 3 FROM json_each(?1) WHERE true \
    ON CONFLICT DO UPDATE SET began = excluded.began, v = excluded.v, body = excluded.body";

const TRIES_GONE: &str = "DELETE FROM tries \
    WHERE (number, attempt) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))";

const FACTS: &str = "INSERT INTO facts (revision, idx, at, kind, entry, call, agent, number, v, body) \
    SELECT value ->> 'revision', value ->> 'idx', value ->> 'at', value ->> 'kind', value ->> 'entry', \
    value ->> 'call', value ->> 'agent', value ->> 'number', 1, value ->> 'body' FROM json_each(?1)";
