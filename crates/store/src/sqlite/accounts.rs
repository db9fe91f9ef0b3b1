//! People's accounts and passes.

use std::collections::BTreeSet;

use nohold_app::ports::{Accounts, Ended, Ending, Keeping, NotKept, Pass, PassKind, Permission, Reading, Role, User};
use nohold_model::{AgentKey, GroupKey, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::errand::{Errand, Undone};
use super::trouble::Trouble;
use super::{SqliteStore, body};

/// A user as it is stored, beside name and version.
#[derive(Serialize, Deserialize)]
pub(super) struct UserBody {
    role: Role,
    agent: Option<AgentKey>,
    groups: Option<BTreeSet<GroupKey>>,
    #[serde(default)]
    may: Option<BTreeSet<Permission>>,
    password: Option<String>,
    disabled: bool,
    made: Timestamp,
}

impl Accounts for SqliteStore {
    fn users(&self) -> Reading<Vec<User>> {
        self.look(|c| {
            Box::pin(async move {
                let rows = sqlx::query("SELECT name, version, v, body FROM users ORDER BY name").fetch_all(c).await?;
                rows.iter().map(user_of).collect()
            })
        })
    }

    fn user(&self, name: &str) -> Reading<Option<User>> {
        let name = name.to_owned();
        self.look(|c| Box::pin(async move { user(c, &name).await }))
    }

    fn keep_user(&self, user: User) -> Keeping<()> {
        self.ask(KeepUser { user, first: false })
    }

    fn keep_first_user(&self, user: User) -> Keeping<()> {
        self.ask(KeepUser { user, first: true })
    }

    fn reset_user(&self, user: User, ending: Ending) -> Keeping<Ended> {
        self.ask(ResetUser { keep: KeepUser { user, first: false }, ending })
    }

    fn remove_user(&self, name: &str) -> Keeping<()> {
        self.ask(RemoveUser(name.to_owned()))
    }

    fn keep_pass(&self, pass: Pass) -> Keeping<()> {
        self.ask(KeepPass(pass))
    }

    fn pass(&self, hash: [u8; 32], at: Timestamp) -> Reading<Option<(Pass, User)>> {
        self.look(move |c| {
            Box::pin(async move {
                let sql = "SELECT hash, user, made, expires, v, body FROM passes WHERE hash = ?1 AND expires > ?2";
                let found = sqlx::query(sql).bind(hash.to_vec()).bind(at.as_millis()).fetch_optional(&mut *c).await?;
                let Some(pass) = found.map(|row| pass_of(&row)).transpose()? else { return Ok(None) };
                Ok(user(c, &pass.user).await?.map(|user| (pass, user)))
            })
        })
    }

    fn passes(&self, user: &str, at: Timestamp) -> Reading<Vec<Pass>> {
        let user = user.to_owned();
        self.look(move |c| {
            Box::pin(async move {
                let sql = "SELECT hash, user, made, expires, v, body FROM passes \
                    WHERE user = ?1 AND expires > ?2 ORDER BY made, hash";
                let rows = sqlx::query(sql).bind(user).bind(at.as_millis()).fetch_all(c).await?;
                rows.iter().map(pass_of).collect()
            })
        })
    }

    fn move_pass(&self, hash: [u8; 32], expires: Timestamp) -> Keeping<()> {
        self.ask(MovePass { hash, expires })
    }

    fn end_pass(&self, hash: [u8; 32]) -> Keeping<()> {
        self.ask(EndPass(hash))
    }

    fn end_passes(&self, user: &str, but: Option<[u8; 32]>) -> Keeping<()> {
        self.ask(EndPasses { user: user.to_owned(), but })
    }
}

struct KeepUser {
    user: User,
    first: bool,
}

impl Errand for KeepUser {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        let User { name, version, role, agent, groups, may, password, disabled, made } = &self.user;
        if self.first && administrators(c).await?.next().is_some() {
            return Err(NotKept::Taken.into());
        }
        let sql = "SELECT version FROM users WHERE name = ?1";
        let stored: Option<i64> = sqlx::query_scalar(sql).bind(name).fetch_optional(&mut *c).await?;
        let version = number(*version)?;
        match stored {
            None if version > 0 => return Err(NotKept::Gone.into()),
            Some(_) if version == 0 => return Err(NotKept::Taken.into()),
            Some(stored) if stored.checked_add(1) != Some(version) => return Err(NotKept::Changed.into()),
            None | Some(_) => {}
        }
        if !self.user.can_administer() {
            somebody_administers_but(c, name).await?;
        }
        let body = serde_json::to_string(&UserBody {
            role: *role,
            agent: agent.clone(),
            groups: groups.clone(),
            may: may.clone(),
            password: password.clone(),
            disabled: *disabled,
            made: *made,
        })?;
        let sql = "INSERT INTO users (name, version, v, body) VALUES (?1, ?2, ?3, ?4) \
            ON CONFLICT DO UPDATE SET version = excluded.version, v = excluded.v, body = excluded.body";
        sqlx::query(sql).bind(name).bind(version).bind(body::FORM).bind(body).execute(c).await?;
        Ok(())
    }
}

struct ResetUser {
    keep: KeepUser,
    ending: Ending,
}

impl Errand for ResetUser {
    type Done = Ended;

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<Ended, Undone> {
        self.keep.carry_out(&mut *c).await?;
        let Ending { tokens, but } = self.ending;
        let (user, but) = (&self.keep.user.name, but.map(|hash| hash.to_vec()));
        // A token has a label.
        let sql = "DELETE FROM passes WHERE user = ?1 AND hash IS NOT ?2 AND label IS NULL";
        let sign_ins = sqlx::query(sql).bind(user).bind(&but).execute(&mut *c).await?.rows_affected();
        if !tokens {
            return Ok(Ended { sign_ins, tokens: 0 });
        }
        let sql = "DELETE FROM passes WHERE user = ?1 AND hash IS NOT ?2 AND label IS NOT NULL";
        let tokens = sqlx::query(sql).bind(user).bind(&but).execute(c).await?.rows_affected();
        Ok(Ended { sign_ins, tokens })
    }
}

struct RemoveUser(String);

impl Errand for RemoveUser {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        somebody_administers_but(c, &self.0).await?;
        let gone = sqlx::query("DELETE FROM users WHERE name = ?1").bind(&self.0).execute(&mut *c).await?;
        if gone.rows_affected() == 0 {
            return Err(NotKept::Gone.into());
        }
        // Whoever gets the name later is somebody else, who must not read what this one was answered.
        sqlx::query("DELETE FROM answers WHERE user = ?1").bind(&self.0).execute(c).await?;
        Ok(())
    }
}

struct KeepPass(Pass);

impl Errand for KeepPass {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        let Pass { hash, kind, user, made, expires } = &self.0;
        let hash = hash.to_vec();
        let label = match kind {
            PassKind::Token { label, .. } => Some(label),
            PassKind::Session => None,
        };
        let sql = "SELECT 1 FROM users WHERE name = ?1";
        if sqlx::query(sql).bind(user).fetch_optional(&mut *c).await?.is_none() {
            return Err(NotKept::Gone.into());
        }
        // One that has expired is in nobody's way.
        let sql = "SELECT 1 FROM passes WHERE user = ?1 AND label = ?2 AND hash <> ?3 AND expires > ?4";
        let taken = sqlx::query(sql).bind(user).bind(label).bind(&hash).bind(made.as_millis());
        if taken.fetch_optional(&mut *c).await?.is_some() {
            return Err(NotKept::Taken.into());
        }
        let sql = "DELETE FROM passes WHERE expires <= ?1 AND hash <> ?2";
        sqlx::query(sql).bind(made.as_millis()).bind(&hash).execute(&mut *c).await?;
        let sql = "INSERT INTO passes (hash, user, label, made, expires, v, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
            ON CONFLICT (hash) DO UPDATE SET expires = excluded.expires";
        sqlx::query(sql)
            .bind(hash)
            .bind(user)
            .bind(label)
            .bind(made.as_millis())
            .bind(expires.as_millis())
            .bind(body::FORM)
            .bind(serde_json::to_string(kind)?)
            .execute(c)
            .await?;
        Ok(())
    }
}

struct MovePass {
    hash: [u8; 32],
    expires: Timestamp,
}

impl Errand for MovePass {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        let sql = "UPDATE passes SET expires = ?2 WHERE hash = ?1";
        sqlx::query(sql).bind(self.hash.to_vec()).bind(self.expires.as_millis()).execute(c).await?;
        Ok(())
    }
}

struct EndPass([u8; 32]);

impl Errand for EndPass {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        sqlx::query("DELETE FROM passes WHERE hash = ?1").bind(self.0.to_vec()).execute(c).await?;
        Ok(())
    }
}

struct EndPasses {
    user: String,
    but: Option<[u8; 32]>,
}

impl Errand for EndPasses {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        let but = self.but.map(|hash| hash.to_vec());
        let sql = "DELETE FROM passes WHERE user = ?1 AND hash IS NOT ?2";
        sqlx::query(sql).bind(&self.user).bind(but).execute(c).await?;
        Ok(())
    }
}

/// The names of those who can sign in and administer.
async fn administrators(c: &mut SqliteConnection) -> Result<impl Iterator<Item = String>, Trouble> {
    let rows = sqlx::query("SELECT name, version, v, body FROM users").fetch_all(c).await?;
    let users = rows.iter().map(user_of).collect::<Result<Vec<User>, _>>()?;
    Ok(users.into_iter().filter(User::can_administer).map(|user| user.name))
}

/// Refuses to take away the last of them. Errands are done one after another, so of two who go at once one comes too late.
async fn somebody_administers_but(c: &mut SqliteConnection, name: &str) -> Result<(), Undone> {
    let mut there = administrators(c).await?.peekable();
    let some = there.peek().is_some();
    if some && there.all(|other| other == name) { Err(NotKept::LastAdministrator.into()) } else { Ok(()) }
}

async fn user(c: &mut SqliteConnection, name: &str) -> Result<Option<User>, Trouble> {
    let sql = "SELECT name, version, v, body FROM users WHERE name = ?1";
    let row = sqlx::query(sql).bind(name).fetch_optional(c).await?;
    row.map(|row| user_of(&row)).transpose()
}

fn user_of(row: &SqliteRow) -> Result<User, Trouble> {
    let UserBody { role, agent, groups, may, password, disabled, made } = body::of_row("users", row)?;
    let version = u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or_default();
    Ok(User { name: row.try_get("name")?, version, role, agent, groups, may, password, disabled, made })
}

fn pass_of(row: &SqliteRow) -> Result<Pass, Trouble> {
    let hash: Vec<u8> = row.try_get("hash")?;
    let unreadable = |_| Trouble::Unreadable { table: "passes", problem: "the hash is not 32 bytes".to_owned() };
    Ok(Pass {
        hash: hash.try_into().map_err(unreadable)?,
        kind: body::of_row("passes", row)?,
        user: row.try_get("user")?,
        made: Timestamp::from_millis(row.try_get("made")?),
        expires: Timestamp::from_millis(row.try_get("expires")?),
    })
}

/// A count as SQLite keeps it. No count of ours comes near the end.
pub(super) fn number(count: u64) -> Result<i64, NotKept> {
    i64::try_from(count).map_err(|_| NotKept::Changed)
}
