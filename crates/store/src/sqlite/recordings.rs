//! Recorded conversations, as the history tells of them.

use nohold_app::ports::{Page, Recorded, RecordedQuery};
use nohold_core::fact::Fact;
use nohold_model::{RecordingId, Timestamp};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::archive::LONGEST_PAGE;
use super::body;
use super::trouble::Trouble;

/// What is read of a recording; the number is that of its call.
const SELECT: &str = "SELECT revision, idx, at, v, body, \
    (SELECT other.number FROM facts AS other WHERE other.call = facts.call AND other.number IS NOT NULL LIMIT 1) \
    AS customer FROM facts WHERE kind = 'recording_began'";

/// Finds one.
pub async fn one(c: &mut SqliteConnection, id: RecordingId) -> Result<Option<Recorded>, Trouble> {
    let row = sqlx::query(AssertSqlSafe(by_id())).bind(id.to_string()).fetch_optional(c).await?;
    Ok(row.as_ref().map(recorded).transpose()?.map(|(recorded, _)| recorded))
}

/// A page of them, newest first.
pub async fn page(c: &mut SqliteConnection, query: &RecordedQuery) -> Result<Page<Recorded>, Trouble> {
    let limit = query.limit.clamp(1, LONGEST_PAGE);
    let cursor = match query.after.as_deref().map(Cursor::read) {
        None => Cursor { at: i64::MAX, revision: i64::MAX, idx: i64::MAX },
        Some(Some(cursor)) => cursor,
        // A cursor that was not ours has nothing after it.
        Some(None) => return Ok(Page { items: Vec::new(), next: None }),
    };
    // One more than the page, to know whether there is another.
    let one_more = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let sql = a_page(query.agent.is_some());
    let mut rows =
        sqlx::query(AssertSqlSafe(sql)).bind(cursor.at).bind(cursor.revision).bind(cursor.idx).bind(one_more);
    if let Some(agent) = &query.agent {
        rows = rows.bind(agent.as_str());
    }
    let rows = rows.fetch_all(c).await?;
    let more = rows.len() > limit;
    let found: Vec<(Recorded, Cursor)> = rows.iter().take(limit).map(recorded).collect::<Result<_, _>>()?;
    let next = found.last().filter(|_| more).map(|(_, cursor)| cursor.write());
    Ok(Page { items: found.into_iter().map(|(recorded, _)| recorded).collect(), next })
}

fn by_id() -> String {
    format!("{SELECT} AND json_extract(body, '$.recording_began.recording') = ?1")
}

fn a_page(of_one_agent: bool) -> String {
    let of = if of_one_agent { "AND agent = ?5" } else { "" };
    format!("{SELECT} {of} AND (at, revision, idx) < (?1, ?2, ?3) ORDER BY at DESC, revision DESC, idx DESC LIMIT ?4")
}

/// Where a page begins: after this one.
struct Cursor {
    at: i64,
    revision: i64,
    idx: i64,
}

impl Cursor {
    fn read(text: &str) -> Option<Cursor> {
        let mut parts = text.split('.').map(|part| part.parse().ok());
        let (at, revision, idx) = (parts.next()??, parts.next()??, parts.next()??);
        parts.next().is_none().then_some(Cursor { at, revision, idx })
    }

    fn write(&self) -> String {
        format!("{}.{}.{}", self.at, self.revision, self.idx)
    }
}

fn recorded(row: &SqliteRow) -> Result<(Recorded, Cursor), Trouble> {
    let cursor = Cursor { at: row.try_get("at")?, revision: row.try_get("revision")?, idx: row.try_get("idx")? };
    let fact: Fact = body::of_row("facts", row)?;
    let Fact::RecordingBegan { call, entry, agent, recording } = fact else {
        return Err(Trouble::Unreadable { table: "facts", problem: "it is of another kind than it says".to_owned() });
    };
    let (at, number) = (Timestamp::from_millis(cursor.at), row.try_get("customer")?);
    Ok((Recorded { recording, at, call, entry, agent, number }, cursor))
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;
    use sqlx::Executor as _;

    use super::super::migrations::STEPS;
    use super::*;

    #[tokio::test]
    async fn no_look_reads_the_whole_history() {
        let mut c = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for step in STEPS {
            c.execute(*step).await.unwrap();
        }
        for (sql, index) in [
            (by_id(), "facts_of_a_recording"),
            (a_page(false), "facts_of_recordings"),
            (a_page(true), "facts_of_an_agents_recordings"),
        ] {
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut c).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
            assert!(plan[0].contains(&format!("INDEX {index} ")), "{plan:?}");
            assert!(
                plan.iter().all(|step| !step.contains("TEMP B-TREE") && !step.starts_with("SCAN facts")),
                "{plan:?}"
            );
            assert!(plan.iter().any(|step| step.contains("SEARCH other USING INDEX facts_of_a_call")), "{plan:?}");
        }
    }
}
