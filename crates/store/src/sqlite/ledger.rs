//! What an engine wants to find again.

use nohold_app::ports::{Keeping, Ledger, Reading};
use sqlx::sqlite::SqliteConnection;

use super::SqliteStore;
use super::errand::{Errand, Undone};

impl Ledger for SqliteStore {
    fn write(&self, page: &'static str, name: String, line: String) -> Keeping<()> {
        self.ask(WriteLine { page, name, line })
    }

    fn strike(&self, page: &'static str, name: String) -> Keeping<()> {
        self.ask(Strike { page, name })
    }

    fn page(&self, page: &'static str) -> Reading<Vec<(String, String)>> {
        self.look(move |c| {
            Box::pin(async move {
                let sql = "SELECT name, line FROM ledger WHERE page = ?1 ORDER BY name";
                Ok(sqlx::query_as(sql).bind(page).fetch_all(c).await?)
            })
        })
    }
}

struct WriteLine {
    page: &'static str,
    name: String,
    line: String,
}

impl Errand for WriteLine {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        let sql = "INSERT INTO ledger (page, name, line) VALUES (?1, ?2, ?3) \
            ON CONFLICT DO UPDATE SET line = excluded.line";
        sqlx::query(sql).bind(self.page).bind(&self.name).bind(&self.line).execute(c).await?;
        Ok(())
    }
}

struct Strike {
    page: &'static str,
    name: String,
}

impl Errand for Strike {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        let sql = "DELETE FROM ledger WHERE page = ?1 AND name = ?2";
        sqlx::query(sql).bind(self.page).bind(&self.name).execute(c).await?;
        Ok(())
    }
}
