//! Answers already given.

use nohold_app::ports::{Answers, GivenAnswer, Keeping};
use nohold_model::{Millis, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::SqliteStore;
use super::errand::{Errand, Undone};
use super::trouble::Trouble;

/// How long an answer is kept.
const KEPT: Millis = Millis::hours(24);

/// How long a wish may take to be carried out, before somebody else may try.
const CARRIED_OUT_WITHIN: Millis = Millis::minutes(1);

impl Answers for SqliteStore {
    fn take_key(&self, user: &str, key: &str, wish: [u8; 32], at: Timestamp) -> Keeping<Option<GivenAnswer>> {
        self.ask(TakeKey { user: user.to_owned(), key: key.to_owned(), wish, at })
    }

    fn answer_key(&self, user: &str, key: &str, answer: GivenAnswer) -> Keeping<()> {
        self.ask(AnswerKey { user: user.to_owned(), key: key.to_owned(), answer })
    }
}

struct TakeKey {
    user: String,
    key: String,
    wish: [u8; 32],
    at: Timestamp,
}

impl Errand for TakeKey {
    type Done = Option<GivenAnswer>;

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<Option<GivenAnswer>, Undone> {
        let sql = "SELECT wish, status, body, at FROM answers WHERE user = ?1 AND key = ?2";
        let row = sqlx::query(sql).bind(&self.user).bind(&self.key).fetch_optional(&mut *c).await?;
        if let Some(given) = row.map(|row| answer_of(&row)).transpose()? {
            let age = self.at.since(given.at);
            if age <= KEPT && (given.status != 0 || age <= CARRIED_OUT_WITHIN) {
                return Ok(Some(given));
            }
        }
        let sql = "DELETE FROM answers WHERE at < ?1";
        sqlx::query(sql).bind((self.at - KEPT).as_millis()).execute(&mut *c).await?;
        let taken = GivenAnswer { wish: self.wish, status: 0, body: Vec::new(), at: self.at };
        let sql = "INSERT INTO answers (user, key, wish, status, body, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
            ON CONFLICT DO UPDATE SET wish = excluded.wish, status = excluded.status, body = excluded.body, at = excluded.at";
        write(c, sql, &self.user, &self.key, &taken).await?;
        Ok(None)
    }
}

struct AnswerKey {
    user: String,
    key: String,
    answer: GivenAnswer,
}

impl Errand for AnswerKey {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        if self.answer.status == 0 {
            let sql = "DELETE FROM answers WHERE user = ?1 AND key = ?2";
            sqlx::query(sql).bind(&self.user).bind(&self.key).execute(c).await?;
            return Ok(());
        }
        // Where the key has gone with its user, whoever has the name now must not read the answer.
        let sql = "UPDATE answers SET wish = ?3, status = ?4, body = ?5, at = ?6 WHERE user = ?1 AND key = ?2";
        write(c, sql, &self.user, &self.key, &self.answer).await?;
        Ok(())
    }
}

async fn write(
    c: &mut SqliteConnection,
    sql: &'static str,
    user: &str,
    key: &str,
    answer: &GivenAnswer,
) -> Result<(), Trouble> {
    sqlx::query(sql)
        .bind(user)
        .bind(key)
        .bind(answer.wish.to_vec())
        .bind(answer.status)
        .bind(&answer.body)
        .bind(answer.at.as_millis())
        .execute(c)
        .await?;
    Ok(())
}

fn answer_of(row: &SqliteRow) -> Result<GivenAnswer, Trouble> {
    let wish: Vec<u8> = row.try_get("wish")?;
    let unreadable = |_| Trouble::Unreadable { table: "answers", problem: "the wish is not 32 bytes".to_owned() };
    Ok(GivenAnswer {
        wish: wish.try_into().map_err(unreadable)?,
        status: row.try_get("status")?,
        body: row.try_get("body")?,
        at: Timestamp::from_millis(row.try_get("at")?),
    })
}
