//! Reads rows of the rules: those that live, at the start, and single ones that are asked for.

use nohold_app::ports::{Image, Revision};
use nohold_core::entry::Tried;
use nohold_core::tables::Tables;
use nohold_core::transaction::{NotLoaded, Write};
use nohold_model::{AgentKey, Millis, PhoneNumber, QueueKey, Timestamp};
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::body;
use super::overlay::{Horizon, Loaded};
use super::trouble::Trouble;

/// How long memory keeps counted requests, at least: the rule looks back 24 hours from the time of a record, which may come
/// late.
pub const COUNTED_KEPT: Millis = Millis::hours(25);

/// How long memory keeps what is over: ended offers and closed entries. They are read from the database after that.
pub const OVER_KEPT: Millis = Millis::hours(1);

/// How far the store has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The number of the last commit.
    pub revision: Revision,
    /// Counts what was written together.
    pub groups: i64,
    /// The latest time of any transaction.
    pub latest: Timestamp,
}

/// Reads how far the store has come.
pub async fn progress(connection: &mut SqliteConnection) -> Result<Progress, Trouble> {
    let row = sqlx::query("SELECT revision, groups, latest FROM progress").fetch_one(connection).await?;
    let revision: i64 = row.try_get("revision")?;
    let revision = u64::try_from(revision)
        .map_err(|_| Trouble::Unreadable { table: "progress", problem: "the revision is negative".to_owned() })?;
    let latest = Timestamp::from_millis(row.try_get("latest")?);
    Ok(Progress { revision: Revision(revision), groups: row.try_get("groups")?, latest })
}

/// All rows that live, and what was over a short while before the last transaction.
pub async fn image(connection: &mut SqliteConnection, progress: Progress) -> Result<(Image, Horizon), Trouble> {
    let mut tables = Tables::default();
    let counted = progress.latest - COUNTED_KEPT;
    let over = progress.latest - OVER_KEPT;
    let c = connection;
    for row in rows(c, "agents", "SELECT v, body FROM agents", None).await? {
        tables.put(Write::Agent(row));
    }
    for row in rows(c, "calls", "SELECT v, body FROM calls", None).await? {
        tables.put(Write::Call(Box::new(row)));
    }
    for row in rows(c, "waiting", "SELECT v, body FROM waiting", None).await? {
        tables.put(Write::Waiting(row));
    }
    for row in rows(c, "offers", "SELECT v, body FROM offers WHERE ended IS NULL", None).await? {
        tables.put(Write::Offer(row));
    }
    for row in rows(c, "entries", "SELECT v, body FROM entries WHERE closed IS NULL", None).await? {
        tables.put(Write::Entry(Box::new(row)));
    }
    for row in rows(c, "entries", "SELECT v, body FROM entries WHERE closed >= ?1", Some(over)).await? {
        tables.put(Write::Entry(Box::new(row)));
    }
    for row in rows(c, "notes", "SELECT v, body FROM notes WHERE open = 1 OR changed >= ?1", Some(over)).await? {
        tables.put(Write::Note(Box::new(row)));
    }
    for row in rows(c, "holds", "SELECT v, body FROM holds", None).await? {
        tables.put(Write::Hold(row));
    }
    for row in rows::<Tried>(c, "tries", "SELECT v, body FROM tries WHERE began >= ?1", Some(counted)).await? {
        tables.put(Write::Tried(row));
    }
    let memory = sqlx::query_as::<_, (String, String)>("SELECT queue, agent FROM memory").fetch_all(&mut *c).await?;
    for (queue, agent) in memory {
        let queue = QueueKey::new(&queue).map_err(|_| unreadable("memory"))?;
        tables.put(Write::Memory(queue, AgentKey::new(&agent).map_err(|_| unreadable("memory"))?));
    }
    let requests = sqlx::query_as::<_, (String, i64)>("SELECT number, at FROM requests WHERE at >= ?1")
        .bind(counted.as_millis())
        .fetch_all(&mut *c)
        .await?;
    for (number, at) in requests {
        let number: PhoneNumber = number.parse().map_err(|_| unreadable("requests"))?;
        tables.put(Write::RequestCounted(number, Timestamp::from_millis(at)));
    }
    Ok((Image::new(tables, progress.revision), Horizon { requests: counted, tries: counted }))
}

async fn rows<T: DeserializeOwned>(
    connection: &mut SqliteConnection,
    table: &'static str,
    sql: &'static str,
    since: Option<Timestamp>,
) -> Result<Vec<T>, Trouble> {
    let query = match since {
        Some(since) => sqlx::query(sql).bind(since.as_millis()),
        None => sqlx::query(sql),
    };
    query.fetch_all(connection).await?.iter().map(|row| body::of_row(table, row)).collect()
}

async fn one<T: DeserializeOwned>(
    connection: &mut SqliteConnection,
    table: &'static str,
    sql: &'static str,
    id: String,
) -> Result<Option<T>, Trouble> {
    let row = sqlx::query(sql).bind(id).fetch_optional(connection).await?;
    row.map(|row| body::of_row(table, &row)).transpose()
}

/// An entry, open or closed.
pub async fn entry(
    connection: &mut SqliteConnection,
    id: nohold_model::EntryId,
) -> Result<Option<nohold_core::entry::Entry>, Trouble> {
    one(connection, "entries", "SELECT v, body FROM entries WHERE id = ?1", id.to_string()).await
}

/// Loads what a transaction has asked for.
pub async fn missing(connection: &mut SqliteConnection, wanted: NotLoaded, loaded: &mut Loaded) -> Result<(), Trouble> {
    match wanted {
        NotLoaded::Offer(id) => {
            let sql = "SELECT v, body FROM offers WHERE id = ?1";
            loaded.offers.insert(id, one(connection, "offers", sql, id.to_string()).await?);
        }
        NotLoaded::Entry(id) => {
            loaded.entries.insert(id, entry(connection, id).await?);
        }
        NotLoaded::Note(call, agent) => {
            let sql = "SELECT v, body FROM notes WHERE call = ?1 AND agent = ?2";
            let row = sqlx::query(sql).bind(call.to_string()).bind(agent.as_str()).fetch_optional(connection).await?;
            let note = row.map(|row| body::of_row("notes", &row)).transpose()?;
            loaded.notes.insert((call, agent), note);
        }
        NotLoaded::Requests(number, since) => {
            let sql = "SELECT count(*) FROM requests WHERE number = ?1 AND at >= ?2";
            let count: i64 =
                sqlx::query_scalar(sql).bind(number.as_str()).bind(since.as_millis()).fetch_one(connection).await?;
            loaded.requests.insert((number, since), u32::try_from(count).unwrap_or(u32::MAX));
        }
        NotLoaded::Tries(number, since) => {
            let sql = "SELECT v, body FROM tries WHERE number = ?1 AND began >= ?2";
            let rows = sqlx::query(sql).bind(number.as_str()).bind(since.as_millis()).fetch_all(connection).await?;
            let tries = rows.iter().map(|row| body::of_row("tries", row)).collect::<Result<_, _>>()?;
            loaded.tries.insert((number, since), tries);
        }
        // These are always in memory, so nobody asks.
        NotLoaded::Agent(_)
        | NotLoaded::Call(_)
        | NotLoaded::Waiting(_)
        | NotLoaded::OffersOf(_)
        | NotLoaded::OpenEntries(_)
        | NotLoaded::Holds(_) => return Err(Trouble::Endless),
    }
    Ok(())
}

fn unreadable(table: &'static str) -> Trouble {
    Trouble::Unreadable { table, problem: "not a key or number".to_owned() }
}
