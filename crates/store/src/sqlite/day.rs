//! What an agent has done with a day: by the agent's facts and calls in their order, so that it costs as much as the day had.

use nohold_app::ports::AgentDay;
use nohold_core::agent::AgentState;
use nohold_core::fact::{Dated, Fact};
use nohold_core::record::Record;
use nohold_core::workday::Standing;
use nohold_model::{AgentKey, Timestamp};
use sqlx::sqlite::SqliteConnection;

use super::trouble::Trouble;
use super::{body, history};

/// So many facts of an agent are looked at: a thousand make a busy day, and the oldest of more are left out.
const MOST_FACTS: i64 = 20_000;

/// So many calls of an agent are looked at, likewise.
const MOST_CALLS: i64 = 2_000;

/// So many facts are looked at for the state in which the day began. Among these, states change all the time.
const MOST_BEFORE: i64 = 2_000;

/// When the last fact happened that is too many, where there are so many.
const FACTS_TOO_MANY: &str =
    "SELECT at FROM facts WHERE agent = ?1 AND at >= ?2 AND at < ?3 ORDER BY at DESC LIMIT 1 OFFSET ?4";

/// When the last call began that is too many, where there are so many.
const CALLS_TOO_MANY: &str =
    "SELECT began FROM record_keys WHERE key = ?1 AND began >= ?2 AND began < ?3 ORDER BY began DESC LIMIT 1 OFFSET ?4";

const FACTS: &str = "SELECT at, v, body FROM facts WHERE agent = ?1 AND at >= ?2 AND at < ?3 \
    AND kind IN ('agent_changed', 'offer_ended') ORDER BY at, revision, idx";

const CALLS: &str = "SELECT records.v, body FROM record_keys CROSS JOIN records USING (call) \
    WHERE key = ?1 AND record_keys.began >= ?2 AND record_keys.began < ?3 ORDER BY record_keys.began DESC, call DESC";

const BEFORE: &str = "SELECT at, v, body FROM (SELECT at, revision, idx, kind, v, body FROM facts \
    WHERE agent = ?1 AND at < ?2 ORDER BY at DESC, revision DESC, idx DESC LIMIT ?3) \
    WHERE kind = 'agent_changed' ORDER BY at DESC, revision DESC, idx DESC LIMIT 1";

/// The facts and calls of this agent since `from` and before `until`.
pub async fn of(
    c: &mut SqliteConnection,
    agent: &AgentKey,
    from: Timestamp,
    until: Timestamp,
) -> Result<AgentDay, Trouble> {
    let named = format!("a:{agent}");
    let mut since = from.as_millis();
    for (sql, key, most) in [(FACTS_TOO_MANY, agent.as_str(), MOST_FACTS), (CALLS_TOO_MANY, named.as_str(), MOST_CALLS)]
    {
        let too_many = sqlx::query_scalar::<_, i64>(sql).bind(key).bind(since).bind(until.as_millis()).bind(most);
        if let Some(at) = too_many.fetch_optional(&mut *c).await? {
            since = at.saturating_add(1);
        }
    }
    let facts = sqlx::query(FACTS).bind(agent.as_str()).bind(since).bind(until.as_millis()).fetch_all(&mut *c).await?;
    let facts = facts.iter().map(history::dated).collect::<Result<Vec<_>, _>>()?;
    let calls = sqlx::query(CALLS).bind(&named).bind(since).bind(until.as_millis()).fetch_all(&mut *c).await?;
    let calls = calls.iter().map(|row| body::of_row("records", row)).collect::<Result<Vec<Record>, _>>()?;
    let last = sqlx::query(BEFORE).bind(agent.as_str()).bind(since).bind(MOST_BEFORE).fetch_optional(c).await?;
    let last = last.as_ref().map(history::dated).transpose()?;
    let before = before(last.as_ref(), &facts);
    Ok(AgentDay { from: Timestamp::from_millis(since), before, facts, calls })
}

/// How the agent stood after the last change before the day; where none is found, the first one in it says it.
fn before(last: Option<&Dated>, facts: &[Dated]) -> Standing {
    if let Some(Dated { fact: Fact::AgentChanged { to, reason, .. }, .. }) = last {
        return Standing { state: *to, reason: reason.clone() };
    }
    let first = facts.iter().find_map(|dated| match &dated.fact {
        Fact::AgentChanged { from, .. } => Some(*from),
        _ => None,
    });
    Standing { state: first.unwrap_or(AgentState::NotSignedIn), reason: None }
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

    use super::super::migrations::STEPS;
    use super::*;

    async fn empty() -> SqliteConnection {
        let mut c = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for step in STEPS {
            c.execute(*step).await.unwrap();
        }
        c
    }

    #[tokio::test]
    async fn a_day_is_read_by_its_indexes_in_their_order() {
        let mut c = empty().await;
        for (sql, index) in [
            (FACTS_TOO_MANY, "COVERING INDEX facts_of_an_agent (agent=? AND at>? AND at<?)"),
            (CALLS_TOO_MANY, "PRIMARY KEY (key=? AND began>? AND began<?)"),
            (FACTS, "INDEX facts_of_an_agent (agent=? AND at>? AND at<?)"),
            (CALLS, "PRIMARY KEY (key=? AND began>? AND began<?)"),
            (BEFORE, "INDEX facts_of_an_agent (agent=? AND at<?)"),
        ] {
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut c).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
            let whole = |step: &String| step.starts_with("SCAN facts") || step.starts_with("SCAN record");
            assert!(!plan.iter().any(|step| whole(step) || step.contains("TEMP B-TREE")), "{plan:?}");
        }
    }

    #[tokio::test]
    async fn of_more_than_a_day_can_hold_the_newest_is_told() {
        let mut c = empty().await;
        let fact = r#"{"agent_changed":{"agent":"2000","from":"available","to":"not_ready","by":"system"}}"#;
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
            INSERT INTO facts (revision, idx, at, kind, agent, v, body) SELECT i, 0, i, 'agent_changed', '2000', 1, ?2 FROM n";
        sqlx::query(sql).bind(MOST_FACTS + 5).bind(fact).execute(&mut c).await.unwrap();
        let (agent, end) = (AgentKey::new("2000").unwrap(), Timestamp::from_millis(1_000_000));
        let day = of(&mut c, &agent, Timestamp::EPOCH, end).await.unwrap();
        assert_eq!((day.from, day.facts.len()), (Timestamp::from_millis(6), 20_000));
        assert_eq!(day.before, Standing { state: AgentState::NotReady, reason: None });
        let first = of(&mut c, &agent, Timestamp::EPOCH, Timestamp::from_millis(3)).await.unwrap();
        assert_eq!(first.before.state, AgentState::Available, "nothing was before: the first change says it");
        let other = of(&mut c, &AgentKey::new("2001").unwrap(), Timestamp::EPOCH, end).await.unwrap();
        assert_eq!((other.before.state, other.facts.len()), (AgentState::NotSignedIn, 0));
    }
}
