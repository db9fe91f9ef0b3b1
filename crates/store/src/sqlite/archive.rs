//! What people are shown.

use nohold_app::ports::{
    AgentDay, Archive, ClosedEntries, ClosedQuery, Condition, HistoryQuery, Image, Page, Reading, Recorded,
    RecordedQuery, Revision, Told,
};
use nohold_core::entry::Entry;
use nohold_core::fact::Dated;
use nohold_core::record::Record;
use nohold_model::{AgentKey, CallId, EntryId, RecordingId, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::trouble::Trouble;
use super::{SqliteStore, body, day, history as calls, load, recordings};

/// The longest page.
pub const LONGEST_PAGE: usize = 200;

/// The longest history of an entry that is told: its newest facts.
const LONGEST_HISTORY: i64 = 5_000;

impl Archive for SqliteStore {
    fn image(&self) -> &Image {
        &self.doors.image
    }

    fn condition(&self) -> Condition {
        self.doors.gauge.read()
    }

    fn entry(&self, id: EntryId) -> Reading<Option<Entry>> {
        let in_memory = self.doors.image.view(|tables, _| tables.entries.get(&id).cloned());
        match in_memory {
            Some(entry) => Box::pin(std::future::ready(Ok(Some(entry)))),
            None => self.look(move |c| Box::pin(load::entry(c, id))),
        }
    }

    fn closed_entries(&self, query: ClosedQuery) -> Reading<ClosedEntries> {
        self.look(move |c| Box::pin(async move { closed(c, &query).await }))
    }

    fn entry_history(&self, id: EntryId) -> Reading<Vec<Told>> {
        self.look(move |c| Box::pin(async move { history(c, id).await }))
    }

    fn call_record(&self, id: CallId) -> Reading<Option<Record>> {
        self.look(move |c| Box::pin(calls::one(c, id)))
    }

    fn call_records_of(&self, ids: Vec<CallId>) -> Reading<Vec<Record>> {
        self.look(move |c| Box::pin(async move { calls::those(c, &ids).await }))
    }

    fn call_records(&self, query: HistoryQuery) -> Reading<Page<Record>> {
        self.look(move |c| Box::pin(async move { calls::page(c, &query).await }))
    }

    fn agent_day(&self, agent: AgentKey, from: Timestamp, until: Timestamp) -> Reading<AgentDay> {
        self.look(move |c| Box::pin(async move { day::of(c, &agent, from, until).await }))
    }

    fn recorded(&self, id: RecordingId) -> Reading<Option<Recorded>> {
        self.look(move |c| Box::pin(async move { recordings::one(c, id).await }))
    }

    fn recordings(&self, query: RecordedQuery) -> Reading<Page<Recorded>> {
        self.look(move |c| Box::pin(async move { recordings::page(c, &query).await }))
    }
}

async fn closed(c: &mut SqliteConnection, query: &ClosedQuery) -> Result<ClosedEntries, Trouble> {
    let limit = query.limit.clamp(1, LONGEST_PAGE);
    let (closed, id) = match &query.after {
        None => (i64::MAX, String::new()),
        Some(place) => (place.closed.as_millis(), place.entry.to_string()),
    };
    let reason = query.reason.map(serde_json::to_value).transpose()?;
    let reason = reason.as_ref().and_then(|reason| reason.as_str());
    // The index is chosen by what is asked for, so each has its own statement.
    let sql = match (&query.number, reason) {
        (None, None) => {
            "SELECT v, body FROM entries WHERE closed IS NOT NULL AND (closed, id) < (?1, ?2) \
             ORDER BY closed DESC, id DESC LIMIT ?3"
        }
        (None, Some(_)) => {
            "SELECT v, body FROM entries WHERE closed IS NOT NULL AND reason = ?4 AND (closed, id) < (?1, ?2) \
             ORDER BY closed DESC, id DESC LIMIT ?3"
        }
        (Some(_), _) => {
            "SELECT v, body FROM entries WHERE closed IS NOT NULL AND number = ?5 AND (?4 IS NULL OR reason = ?4) \
             AND (closed, id) < (?1, ?2) ORDER BY closed DESC, id DESC LIMIT ?3"
        }
    };
    // One more than the page, to know whether there is another.
    let one_more = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let mut rows = sqlx::query(sql).bind(closed).bind(id).bind(one_more);
    if query.number.is_some() || reason.is_some() {
        rows = rows.bind(reason);
    }
    if let Some(number) = &query.number {
        rows = rows.bind(number);
    }
    let rows = rows.fetch_all(c).await?;
    let more = rows.len() > limit;
    let items: Vec<Entry> =
        rows.iter().take(limit).map(|row| body::of_row("entries", row)).collect::<Result<_, _>>()?;
    Ok(ClosedEntries { items, more })
}

async fn history(c: &mut SqliteConnection, id: EntryId) -> Result<Vec<Told>, Trouble> {
    let sql = "SELECT revision, idx, at, v, body FROM facts WHERE entry = ?1 \
        OR call IN (SELECT call FROM facts WHERE entry = ?1 AND kind = 'entry_gathered') \
        ORDER BY revision DESC, idx DESC LIMIT ?2";
    let rows = sqlx::query(sql).bind(id.to_string()).bind(LONGEST_HISTORY).fetch_all(c).await?;
    rows.iter().rev().map(told).collect()
}

pub(super) fn told(row: &SqliteRow) -> Result<Told, Trouble> {
    let unreadable = |_| Trouble::Unreadable { table: "facts", problem: "a negative number".to_owned() };
    Ok(Told {
        revision: Revision(u64::try_from(row.try_get::<i64, _>("revision")?).map_err(unreadable)?),
        index: row.try_get("idx")?,
        dated: Dated { at: Timestamp::from_millis(row.try_get("at")?), fact: body::of_row("facts", row)? },
    })
}
