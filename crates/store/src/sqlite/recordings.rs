//! Recorded conversations, as the history tells of them.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use nohold_app::ports::{Page, Recorded, RecordedQuery};
use nohold_core::fact::Fact;
use nohold_model::{AgentKey, RecordingId, Timestamp};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::archive::LONGEST_PAGE;
use super::body;
use super::cursor::Cursor;
use super::trouble::Trouble;

/// What is read of a recording; the number is that of its call.
const SELECT: &str = "SELECT revision, idx, at, v, body, \
    (SELECT other.number FROM facts AS other WHERE other.call = facts.call AND other.number IS NOT NULL LIMIT 1) \
    AS customer FROM facts WHERE kind = 'recording_began'";

/// Finds one.
pub async fn one(c: &mut SqliteConnection, id: RecordingId) -> Result<Option<Recorded>, Trouble> {
    let row = sqlx::query(AssertSqlSafe(by_id())).bind(id.to_string()).fetch_optional(c).await?;
    row.as_ref().map(recorded).transpose()
}

/// A page of them, newest first.
pub async fn page(c: &mut SqliteConnection, query: &RecordedQuery) -> Result<Page<Recorded>, Trouble> {
    let limit = query.limit.clamp(1, LONGEST_PAGE);
    let after = match query.after.as_deref().map(Cursor::read) {
        None => Cursor { at: i64::MAX, key: Which { revision: i64::MAX, idx: i64::MAX } },
        Some(Some(cursor)) => cursor,
        // A cursor that was not ours has nothing after it.
        Some(None) => return Ok(Page { items: Vec::new(), next: None }),
    };
    // One more than the page, to know whether there is another.
    let one_more = limit.saturating_add(1);
    let mut rows: Vec<(Cursor<Which>, SqliteRow)> = Vec::new();
    // The index has each agent's in order, so those of several are put together here.
    let each: Vec<Option<&AgentKey>> = match &query.agents {
        None => vec![None],
        Some(agents) => agents.iter().map(Some).collect(),
    };
    for agent in each {
        let sql = a_page(agent.is_some());
        let mut found = sqlx::query(AssertSqlSafe(sql)).bind(after.at).bind(after.key.revision).bind(after.key.idx);
        found = found.bind(i64::try_from(one_more).unwrap_or(i64::MAX));
        if let Some(agent) = agent {
            found = found.bind(agent.as_str());
        }
        for row in found.fetch_all(&mut *c).await? {
            rows.push((place(&row)?, row));
        }
        rows.sort_by(|(one, _), (other, _)| other.cmp(one));
        rows.truncate(one_more);
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(place, _)| place.write());
    Ok(Page { items: rows.iter().map(|(_, row)| recorded(row)).collect::<Result<_, _>>()?, next })
}

fn by_id() -> String {
    format!("{SELECT} AND json_extract(body, '$.recording_began.recording') = ?1")
}

fn a_page(of_one_agent: bool) -> String {
    let of = if of_one_agent { "AND agent = ?5" } else { "" };
    format!("{SELECT} {of} AND (at, revision, idx) < (?1, ?2, ?3) ORDER BY at DESC, revision DESC, idx DESC LIMIT ?4")
}

/// Which fact it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Which {
    revision: i64,
    idx: i64,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.revision, self.idx)
    }
}

impl FromStr for Which {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let (revision, idx) = text.split_once('.').unwrap_or((text, ""));
        Ok(Which { revision: revision.parse()?, idx: idx.parse()? })
    }
}

fn place(row: &SqliteRow) -> Result<Cursor<Which>, Trouble> {
    let key = Which { revision: row.try_get("revision")?, idx: row.try_get("idx")? };
    Ok(Cursor { at: row.try_get("at")?, key })
}

fn recorded(row: &SqliteRow) -> Result<Recorded, Trouble> {
    let at = Timestamp::from_millis(row.try_get("at")?);
    let fact: Fact = body::of_row("facts", row)?;
    let Fact::RecordingBegan { call, entry, agent, recording } = fact else {
        return Err(Trouble::Unreadable { table: "facts", problem: "it is of another kind than it says".to_owned() });
    };
    Ok(Recorded { recording, at, call, entry, agent, number: row.try_get("customer")? })
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
