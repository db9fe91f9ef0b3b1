//! What is configured: every version of every thing, and the passwords of SIP accounts.

use std::collections::BTreeMap;

use nohold_app::ports::{AllKept, Configured, HiddenText, Keeping, Kept, NotKept, Place, Reading, Reconfiguration};
use nohold_model::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::SqliteStore;
use super::accounts::number;
use super::errand::{Errand, Undone};
use super::trouble::Trouble;

impl Configured for SqliteStore {
    fn configured(&self) -> Reading<AllKept> {
        self.look(|c| {
            Box::pin(async move {
                // All of it from one moment.
                sqlx::query("BEGIN").execute(&mut *c).await?;
                let all = all(c).await;
                sqlx::query("COMMIT").execute(c).await?;
                all
            })
        })
    }

    fn reconfigure(&self, change: Reconfiguration) -> Keeping<u64> {
        self.ask(Reconfigure(change))
    }

    fn versions(&self, place: Place) -> Reading<Vec<Kept>> {
        self.look(move |c| {
            Box::pin(async move {
                let sql = "SELECT version, at, changed_by, body FROM things \
                    WHERE kind = ?1 AND key = ?2 ORDER BY version DESC";
                let rows = sqlx::query(sql).bind(place.kind).bind(place.key).fetch_all(c).await?;
                rows.iter().map(kept_of).collect()
            })
        })
    }
}

struct Reconfigure(Reconfiguration);

impl Errand for Reconfigure {
    type Done = u64;

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<u64, Undone> {
        let Reconfiguration { revision, things, secrets, at, by } = &self.0;
        let stored = revision_of(c).await?;
        if stored != *revision {
            return Err(NotKept::Changed.into());
        }
        let mut before = BTreeMap::new();
        for (place, body) in things {
            let last = last_version(c, place).await?;
            if body.is_none() && last.as_ref().is_none_or(|last| last.body.is_none()) {
                return Err(NotKept::Gone.into());
            }
            before.insert(place, last);
        }
        let changed = |(place, body): &(&Place, &Option<String>)| {
            let last = before.get(place).and_then(Option::as_ref);
            last.is_none_or(|last| last.body != **body)
        };
        let next = stored.saturating_add(1);
        for (place, body) in things.iter().filter(changed) {
            let last = before.get(place).and_then(Option::as_ref).map_or(0, |last| last.version);
            let sql = "INSERT INTO things (kind, key, version, at, changed_by, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            sqlx::query(sql)
                .bind(&place.kind)
                .bind(&place.key)
                .bind(number(last.saturating_add(1))?)
                .bind(at.as_millis())
                .bind(by)
                .bind(body)
                .execute(&mut *c)
                .await?;
        }
        for (account, secret) in secrets {
            put_secret(c, account, secret.as_ref()).await?;
        }
        sqlx::query("UPDATE progress SET configuration = ?1").bind(number(next)?).execute(c).await?;
        Ok(next)
    }
}

async fn put_secret(c: &mut SqliteConnection, account: &str, secret: Option<&HiddenText>) -> Result<(), Trouble> {
    match secret {
        Some(HiddenText(secret)) => {
            let sql = "INSERT INTO secrets (account, secret) VALUES (?1, ?2) \
                ON CONFLICT DO UPDATE SET secret = excluded.secret";
            sqlx::query(sql).bind(account).bind(secret).execute(c).await?;
        }
        None => {
            sqlx::query("DELETE FROM secrets WHERE account = ?1").bind(account).execute(c).await?;
        }
    }
    Ok(())
}

async fn all(c: &mut SqliteConnection) -> Result<AllKept, Trouble> {
    let revision = revision_of(c).await?;
    let sql = "SELECT kind, key, version, at, changed_by, body FROM things AS thing WHERE body IS NOT NULL AND version = \
        (SELECT max(version) FROM things WHERE kind = thing.kind AND key = thing.key)";
    let mut things = BTreeMap::new();
    for row in sqlx::query(sql).fetch_all(&mut *c).await? {
        things.insert(Place { kind: row.try_get("kind")?, key: row.try_get("key")? }, kept_of(&row)?);
    }
    let secrets: Vec<(String, String)> = sqlx::query_as("SELECT account, secret FROM secrets").fetch_all(c).await?;
    let secrets = secrets.into_iter().map(|(account, secret)| (account, HiddenText(secret))).collect();
    Ok(AllKept { revision, things, secrets })
}

async fn revision_of(c: &mut SqliteConnection) -> Result<u64, Trouble> {
    let revision: i64 = sqlx::query_scalar("SELECT configuration FROM progress").fetch_one(c).await?;
    Ok(u64::try_from(revision).unwrap_or_default())
}

async fn last_version(c: &mut SqliteConnection, place: &Place) -> Result<Option<Kept>, Trouble> {
    let sql = "SELECT version, at, changed_by, body FROM things \
        WHERE kind = ?1 AND key = ?2 ORDER BY version DESC LIMIT 1";
    let row = sqlx::query(sql).bind(&place.kind).bind(&place.key).fetch_optional(c).await?;
    row.map(|row| kept_of(&row)).transpose()
}

fn kept_of(row: &SqliteRow) -> Result<Kept, Trouble> {
    Ok(Kept {
        version: u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or_default(),
        at: Timestamp::from_millis(row.try_get("at")?),
        by: row.try_get("changed_by")?,
        body: row.try_get("body")?,
    })
}
