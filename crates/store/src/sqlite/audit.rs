//! Who has asked for what.

use nohold_app::ports::{Audit, AuditLine, AuditQuery, AuditTold, Keeping, Reading};
use nohold_model::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::errand::{Errand, Undone};
use super::trouble::Trouble;
use super::{SqliteStore, body};

/// The longest page, and one more.
const LONGEST: usize = 201;

impl Audit for SqliteStore {
    fn write_line(&self, line: AuditLine) -> Keeping<()> {
        self.ask_at_once(WriteLine(line))
    }

    fn lines(&self, query: AuditQuery) -> Reading<Vec<AuditLine>> {
        self.look(move |c| Box::pin(async move { lines(c, query).await }))
    }
}

struct WriteLine(AuditLine);

impl Errand for WriteLine {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        let AuditLine { at, request, who, object, told } = &self.0;
        let sql = "INSERT INTO audit (at, request, who, area, object, v, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
            ON CONFLICT DO UPDATE SET who = excluded.who, area = excluded.area, object = excluded.object, \
            v = excluded.v, body = excluded.body";
        sqlx::query(sql)
            .bind(at.as_millis())
            .bind(request)
            .bind(who)
            .bind(told.area())
            .bind(object)
            .bind(body::FORM)
            .bind(serde_json::to_string(told)?)
            .execute(c)
            .await?;
        Ok(())
    }
}

async fn lines(c: &mut SqliteConnection, query: AuditQuery) -> Result<Vec<AuditLine>, Trouble> {
    let AuditQuery { who, area, object, since, until, after, limit } = query;
    // The index is chosen by what is asked for: the object names the fewest, then the user, then the area.
    let sql = match (&object, &who, &area) {
        (Some(_), _, _) => {
            "SELECT at, request, who, object, v, body FROM audit INDEXED BY audit_by_object \
             WHERE object = ?1 AND object <> '' AND (?2 IS NULL OR who = ?2) AND (?3 IS NULL OR area = ?3) \
             AND at >= ?4 AND at < ?5 AND (at, request) < (?6, ?7) ORDER BY at DESC, request DESC LIMIT ?8"
        }
        (None, Some(_), _) => {
            "SELECT at, request, who, object, v, body FROM audit INDEXED BY audit_by_who \
             WHERE ?1 IS NULL AND who = ?2 AND (?3 IS NULL OR area = ?3) \
             AND at >= ?4 AND at < ?5 AND (at, request) < (?6, ?7) ORDER BY at DESC, request DESC LIMIT ?8"
        }
        (None, None, Some(_)) => {
            "SELECT at, request, who, object, v, body FROM audit INDEXED BY audit_by_area \
             WHERE ?1 IS NULL AND ?2 IS NULL AND area = ?3 \
             AND at >= ?4 AND at < ?5 AND (at, request) < (?6, ?7) ORDER BY at DESC, request DESC LIMIT ?8"
        }
        (None, None, None) => {
            "SELECT at, request, who, object, v, body FROM audit \
             WHERE ?1 IS NULL AND ?2 IS NULL AND ?3 IS NULL \
             AND at >= ?4 AND at < ?5 AND (at, request) < (?6, ?7) ORDER BY at DESC, request DESC LIMIT ?8"
        }
    };
    let (last_at, last_request) = after.map_or((i64::MAX, String::new()), |last| (last.at.as_millis(), last.request));
    let rows = sqlx::query(sql)
        .bind(object)
        .bind(who)
        .bind(area)
        .bind(since.map_or(i64::MIN, Timestamp::as_millis))
        .bind(until.map_or(i64::MAX, Timestamp::as_millis))
        .bind(last_at)
        .bind(last_request)
        .bind(i64::try_from(limit.clamp(1, LONGEST)).unwrap_or(i64::MAX))
        .fetch_all(c)
        .await?;
    rows.iter().map(line).collect()
}

fn line(row: &SqliteRow) -> Result<AuditLine, Trouble> {
    let told: AuditTold = body::of_row("audit", row)?;
    Ok(AuditLine {
        at: Timestamp::from_millis(row.try_get("at")?),
        request: row.try_get("request")?,
        who: row.try_get("who")?,
        object: row.try_get("object")?,
        told,
    })
}
