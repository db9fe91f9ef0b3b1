//! Calls that are over: a row for each, which follows from its facts, and the pages that people look through.

use nohold_app::ports::{HistoryQuery, Page};
use nohold_core::directory::Directory;
use nohold_core::entry::{Change, Outcome, Window};
use nohold_core::fact::{Dated, Fact};
use nohold_core::note::Written;
use nohold_core::record::{Record, tell};
use nohold_core::transaction;
use nohold_model::{AgentKey, CallId, EntryId, ExtensionKey, PhoneNumber, Timestamp};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection as _, QueryBuilder, Row as _, Sqlite};

use super::archive::LONGEST_PAGE;
use super::cursor::Cursor;
use super::trouble::Trouble;
use super::{body, load};

/// Of so many keys the calls are put together. Whoever sees more finds a page soon enough among all calls.
const MOST_MERGED: usize = 8;

/// So many calls of before are written down in one transaction.
const AT_ONCE: i64 = 500;

/// What a commit says about calls that are over.
#[derive(Debug)]
pub enum News {
    /// A call is over. Who has the phones in it is known, and the service that its row named.
    Ended {
        /// The call.
        call: CallId,
        /// The agents whose phones the facts name.
        owners: Vec<(ExtensionKey, AgentKey)>,
        /// The call's row as it was last.
        service: Option<nohold_model::ServiceKey>,
    },
    /// Something was said of the last call of an entry.
    Said(EntryId, Outcome),
    /// An agent has written down what came of a call.
    Noted(CallId, Written),
}

impl News {
    /// What these facts say.
    pub fn of(
        facts: &[Dated],
        directory: &Directory,
        row: impl Fn(CallId) -> Option<transaction::CallRow>,
    ) -> Vec<News> {
        let news = |dated: &Dated| match &dated.fact {
            Fact::CallEnded { call, .. } => {
                let agents = directory.agents.values();
                Some(News::Ended {
                    call: *call,
                    owners: agents.map(|agent| (agent.extension.clone(), agent.key.clone())).collect(),
                    service: row(*call).and_then(|row| row.service),
                })
            }
            Fact::EntryChanged { entry, change: Change::Outcome(outcome), .. } => {
                Some(News::Said(*entry, outcome.clone()))
            }
            Fact::NoteSaved { kept, .. } => Some(News::Noted(kept.call, kept.written.clone())),
            _ => None,
        };
        facts.iter().filter_map(news).collect()
    }
}

/// Writes what is new, after the facts and rows of the same group.
pub async fn write(c: &mut SqliteConnection, news: &[News]) -> Result<(), Trouble> {
    for said in news {
        match said {
            News::Ended { call, owners, service } => {
                let owner = |phone: &ExtensionKey| {
                    owners.iter().find(|(extension, _)| extension == phone).map(|(_, agent)| agent.clone())
                };
                if let Some(mut record) = told(c, *call, owner).await? {
                    record.service = record.service.or_else(|| service.clone());
                    put(c, &record).await?;
                }
            }
            News::Said(entry, outcome) => say(c, *entry, outcome).await?,
            News::Noted(call, written) => {
                // A call that goes on is told when it is over.
                if let Some(mut record) = one(&mut *c, *call).await? {
                    record.note_down(written);
                    put(c, &record).await?;
                }
            }
        }
    }
    Ok(())
}

/// Writes down calls of before, which have no row yet.
pub async fn fill(c: &mut SqliteConnection) -> Result<(), Trouble> {
    loop {
        let mut step = c.begin().await?;
        let sql = "SELECT call FROM unrecorded LIMIT ?1";
        let calls: Vec<String> = sqlx::query_scalar(sql).bind(AT_ONCE).fetch_all(&mut *step).await?;
        if calls.is_empty() {
            return Ok(());
        }
        for call in calls {
            let found = match call.parse::<CallId>() {
                Ok(id) => told(&mut step, id, |_| None).await?,
                Err(_) => None,
            };
            if let Some(record) = found {
                put(&mut step, &record).await?;
            }
            sqlx::query("DELETE FROM unrecorded WHERE call = ?1").bind(call).execute(&mut *step).await?;
        }
        step.commit().await?;
    }
}

async fn told(
    c: &mut SqliteConnection,
    call: CallId,
    owner: impl Fn(&ExtensionKey) -> Option<AgentKey>,
) -> Result<Option<Record>, Trouble> {
    let sql = "SELECT at, v, body FROM facts WHERE call = ?1 ORDER BY revision, idx";
    let rows = sqlx::query(sql).bind(call.to_string()).fetch_all(&mut *c).await?;
    let facts = rows.iter().map(dated).collect::<Result<Vec<_>, _>>()?;
    let Some(mut record) = tell(call, &facts, owner) else { return Ok(None) };
    if let Some(id) = record.entry
        && let Some(entry) = load::entry(&mut *c, id).await?
    {
        let promises = promises(c, id, entry.number.as_ref()).await?;
        record.complete(&entry, &promises);
    }
    Ok(Some(record))
}

/// What was promised for an entry, each with the time of it.
async fn promises(
    c: &mut SqliteConnection,
    entry: EntryId,
    number: Option<&PhoneNumber>,
) -> Result<Vec<(Timestamp, Window)>, Trouble> {
    let sql = "SELECT at, v, body FROM facts WHERE kind = 'entry_changed' AND entry = ?1 UNION ALL \
        SELECT at, v, body FROM facts WHERE kind = 'request_made' AND number = ?2 \
        AND revision IN (SELECT revision FROM facts WHERE entry = ?1 AND kind = 'entry_gathered')";
    let rows = sqlx::query(sql).bind(entry.to_string()).bind(number.map(PhoneNumber::as_str)).fetch_all(c).await?;
    let (mut promises, mut taken_back) = (Vec::new(), Vec::new());
    for row in &rows {
        let Dated { at, fact } = dated(row)?;
        match fact {
            Fact::RequestMade(made) => promises.push((at, made.promise)),
            Fact::EntryChanged { change: Change::Outcome(Outcome::Postpone { window, .. }), .. } => {
                promises.push((at, window));
            }
            Fact::EntryChanged { change: Change::FollowUp(agreed), .. } => promises.push((at, agreed.window)),
            Fact::EntryChanged { change: Change::FollowUpTakenBack { since, .. }, .. } => taken_back.push((since, at)),
            _ => {}
        }
    }
    promises.retain(|(made, _)| !taken_back.iter().any(|(since, until)| since <= made && made <= until));
    Ok(promises)
}

pub(super) fn dated(row: &SqliteRow) -> Result<Dated, Trouble> {
    Ok(Dated { at: Timestamp::from_millis(row.try_get("at")?), fact: body::of_row("facts", row)? })
}

async fn say(c: &mut SqliteConnection, entry: EntryId, outcome: &Outcome) -> Result<(), Trouble> {
    let sql = "SELECT records.v, body FROM record_keys JOIN records USING (call) WHERE key = ?1 AND direction = 'callback' \
        ORDER BY record_keys.began DESC, call DESC LIMIT 1";
    let Some(row) = sqlx::query(sql).bind(format!("e:{entry}")).fetch_optional(&mut *c).await? else { return Ok(()) };
    let mut record: Record = body::of_row("records", &row)?;
    record.say(outcome);
    put(c, &record).await
}

/// The word that a value is written as.
fn word(value: &impl serde::Serialize) -> Result<String, Trouble> {
    Ok(serde_json::to_value(value)?.as_str().unwrap_or_default().to_owned())
}

async fn put(c: &mut SqliteConnection, record: &Record) -> Result<(), Trouble> {
    let call = record.call.to_string();
    let reversed = record.number.as_ref().map(|number| number.as_str().chars().rev().collect::<String>());
    let reversed = reversed.map(|digits| digits.trim_end_matches('+').to_owned());
    let sql = "INSERT INTO records (call, began, direction, result, reversed, v, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
        ON CONFLICT DO UPDATE SET direction = excluded.direction, result = excluded.result, \
        reversed = excluded.reversed, v = excluded.v, body = excluded.body";
    sqlx::query(sql)
        .bind(&call)
        .bind(record.began.as_millis())
        .bind(word(&record.direction)?)
        .bind(word(&record.end)?)
        .bind(reversed)
        .bind(body::FORM)
        .bind(serde_json::to_string(record)?)
        .execute(&mut *c)
        .await?;
    let mut keys: Vec<String> = record.owners().map(|agent| format!("a:{agent}")).collect();
    keys.extend(record.stays.iter().map(|stay| format!("q:{}", stay.queue)));
    keys.extend(record.service.iter().filter(|_| record.queue.is_none()).map(|service| format!("s:{service}")));
    keys.extend(record.entry.iter().map(|entry| format!("e:{entry}")));
    for key in keys {
        let sql = "INSERT OR IGNORE INTO record_keys (key, began, call) VALUES (?1, ?2, ?3)";
        sqlx::query(sql).bind(key).bind(record.began.as_millis()).bind(&call).execute(&mut *c).await?;
    }
    Ok(())
}

/// One call.
pub async fn one(c: &mut SqliteConnection, call: CallId) -> Result<Option<Record>, Trouble> {
    let sql = "SELECT v, body FROM records WHERE call = ?1";
    let row = sqlx::query(sql).bind(call.to_string()).fetch_optional(c).await?;
    row.as_ref().map(|row| body::of_row("records", row)).transpose()
}

/// Those of these calls that are over.
pub async fn those(c: &mut SqliteConnection, calls: &[CallId]) -> Result<Vec<Record>, Trouble> {
    let sql = "SELECT v, body FROM records WHERE call IN (SELECT value FROM json_each(?1))";
    let rows = sqlx::query(sql).bind(serde_json::to_string(calls)?).fetch_all(c).await?;
    rows.iter().map(|row| body::of_row("records", row)).collect()
}

/// A page of calls, newest first.
pub async fn page(c: &mut SqliteConnection, query: &HistoryQuery) -> Result<Page<Record>, Trouble> {
    let limit = query.limit.clamp(1, LONGEST_PAGE);
    let after = match query.after.as_deref().map(Cursor::<CallId>::read) {
        None => (i64::MAX, String::new()),
        Some(Some(cursor)) => (cursor.at, cursor.key.to_string()),
        // A cursor that was not ours has nothing after it.
        Some(None) => return Ok(Page { items: Vec::new(), next: None }),
    };
    // One more than the page, to know whether there is another.
    let mut sql = asked(query, &after, i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX))?;
    let rows = sql.build().fetch_all(c).await?;
    let more = rows.len() > limit;
    let items: Vec<Record> =
        rows.iter().take(limit).map(|row| body::of_row("records", row)).collect::<Result<_, _>>()?;
    let place = |record: &Record| Cursor { at: record.began.as_millis(), key: record.call }.write();
    let next = items.last().filter(|_| more).map(place);
    Ok(Page { items, next })
}

/// The statement for these calls. Where few keys say whose calls they are, the newest of each are taken from the index and put
/// together, so that somebody with few calls does not look through those of everybody.
fn asked(query: &HistoryQuery, after: &(i64, String), most: i64) -> Result<QueryBuilder<Sqlite>, Trouble> {
    const COLUMNS: &str = "SELECT records.v, records.body FROM";
    let seen: Option<Vec<String>> = query.seen.as_ref().map(|seen| {
        let keys = seen.agents.iter().map(|key| format!("a:{key}"));
        let keys = keys.chain(seen.queues.iter().map(|key| format!("q:{key}")));
        keys.chain(seen.services.iter().map(|key| format!("s:{key}"))).collect()
    });
    let agent = query.agent.as_ref().map(|key| format!("a:{key}"));
    let queue = query.queue.as_ref().map(|key| format!("q:{key}"));
    let led_by = match (&query.number, agent.as_ref().or(queue.as_ref()), &seen) {
        (None, Some(key), _) => std::slice::from_ref(key),
        (None, None, Some(keys)) if keys.len() <= MOST_MERGED => keys.as_slice(),
        // A number has an index of its own, which leaves little to look through.
        (Some(_), ..) | (None, None, _) => {
            let mut sql = QueryBuilder::new(format!("{COLUMNS} records WHERE (records.began, records.call) < ("));
            sql.push_bind(after.0).push(", ").push_bind(after.1.clone()).push(")");
            fits(&mut sql, query)?;
            for named in [&agent, &queue].into_iter().flatten() {
                among(&mut sql, Some(std::slice::from_ref(named)))?;
            }
            among(&mut sql, seen.as_deref())?;
            sql.push(" ORDER BY records.began DESC, records.call DESC LIMIT ").push_bind(most);
            return Ok(sql);
        }
    };
    let mut sql = QueryBuilder::new(format!("{COLUMNS} (SELECT DISTINCT call FROM (SELECT NULL AS call WHERE FALSE"));
    for key in led_by {
        // The order of the tables is that of the words: by the key's index first.
        sql.push(
            " UNION ALL SELECT call FROM (SELECT led.call FROM record_keys AS led CROSS JOIN records \
             ON records.call = led.call WHERE led.key = ",
        );
        sql.push_bind(key.clone()).push(" AND (led.began, led.call) < (");
        sql.push_bind(after.0).push(", ").push_bind(after.1.clone()).push(")");
        fits(&mut sql, query)?;
        if agent.is_some() || queue.is_some() {
            let other = queue.as_ref().filter(|_| agent.is_some());
            among(&mut sql, other.map(std::slice::from_ref))?;
            among(&mut sql, seen.as_deref())?;
        }
        sql.push(" ORDER BY led.began DESC, led.call DESC LIMIT ").push_bind(most).push(")");
    }
    sql.push(")) AS found CROSS JOIN records ON records.call = found.call");
    sql.push(" ORDER BY records.began DESC, records.call DESC LIMIT ").push_bind(most);
    Ok(sql)
}

/// What is asked of the call itself.
fn fits(sql: &mut QueryBuilder<Sqlite>, query: &HistoryQuery) -> Result<(), Trouble> {
    if let Some(since) = query.since {
        sql.push(" AND records.began >= ").push_bind(since.as_millis());
    }
    if let Some(until) = query.until {
        sql.push(" AND records.began < ").push_bind(until.as_millis());
    }
    if let Some(direction) = query.direction {
        sql.push(" AND records.direction = ").push_bind(word(&direction)?);
    }
    if let Some(end) = query.end {
        sql.push(" AND records.result = ").push_bind(word(&end)?);
    }
    if let Some(digits) = &query.number {
        let reversed: String = digits.chars().rev().collect();
        // What sorts after all digits ends the range of what begins so.
        sql.push(" AND records.reversed >= ").push_bind(reversed.clone());
        sql.push(" AND records.reversed < ").push_bind(format!("{reversed}:"));
    }
    Ok(())
}

/// That the call has one of these keys.
fn among(sql: &mut QueryBuilder<Sqlite>, keys: Option<&[String]>) -> Result<(), Trouble> {
    if let Some(keys) = keys {
        sql.push(" AND EXISTS (SELECT 1 FROM record_keys AS own WHERE own.key IN (SELECT value FROM json_each(");
        sql.push_bind(serde_json::to_string(keys)?);
        sql.push(")) AND own.began = records.began AND own.call = records.call)");
    }
    Ok(())
}
