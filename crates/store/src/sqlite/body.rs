//! Bodies of rows: JSON in a form that has a version.

use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::trouble::Trouble;

/// The form in which bodies are written. Raise it when an old program would read a new body wrongly, and then let
/// [`read`] bring older forms up to date; a field that may be missing needs no new form.
pub const FORM: i64 = 1;

/// The row that stands in a body of this form.
///
/// # Errors
/// [`Trouble::Unreadable`] when it is damaged, or of a form that this program does not know.
pub fn read<T: DeserializeOwned>(table: &'static str, form: i64, body: &str) -> Result<T, Trouble> {
    if form != FORM {
        return Err(Trouble::Unreadable { table, problem: format!("its form {form} is not known") });
    }
    serde_json::from_str(body).map_err(|problem| {
        // The text of the error may quote the row, and a row may hold a customer's number.
        Trouble::Unreadable { table, problem: format!("{:?} at column {}", problem.classify(), problem.column()) }
    })
}

/// The same for a row with the columns `v` and `body`.
///
/// # Errors
/// As [`read`].
pub fn of_row<T: DeserializeOwned>(table: &'static str, row: &SqliteRow) -> Result<T, Trouble> {
    read(table, row.try_get("v")?, row.try_get("body")?)
}
