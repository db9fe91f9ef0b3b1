//! Contacts from a file, and into one.

use std::collections::BTreeMap;
use std::io;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, header};
use nohold_app::ports::{Contact, ContactNote, ContactQuery, Duplicates, Known, Permission};
use nohold_core::text::LONGEST_TEXT;
use nohold_model::{ContactId, Language};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{ContactGiven, new_id};
use crate::body::Given;
use crate::desk::Seat;
use crate::failure::Failure;
use crate::masking;
use crate::table::{self, Line};

/// The largest file.
pub(super) const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The most lines of one file: its contacts are written all together, and calls must not wait for it.
const MOST_LINES: usize = 20_000;

/// So many problems are told.
const MOST_PROBLEMS: usize = 100;

/// So many contacts are read at once for a file.
const PAGE: usize = 200;

/// The columns, each with the names that a file may give it.
const COLUMNS: [(&str, &[&str]); 8] = [
    ("name", &["name", "姓名", "联系人", "名称"]),
    ("numbers", &["numbers", "number", "phone", "号码", "电话", "手机"]),
    ("company", &["company", "公司"]),
    ("email", &["email", "e-mail", "邮箱"]),
    ("language", &["language", "语言"]),
    ("zone", &["zone", "time zone", "时区"]),
    ("tags", &["tags", "标签"]),
    ("note", &["note", "notes", "备注"]),
];

/// A file of contacts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileGiven {
    /// The text of the file: a table (RFC 4180) whose first line names the columns `name`, `numbers`, `company`, `email`,
    /// `language`, `zone`, `tags`, `note`. Several numbers or tags in a cell are apart by `|`.
    csv: String,
    /// What becomes of who is known already by a number: `skip` or `merge`.
    #[schema(value_type = String)]
    duplicates: Duplicates,
    /// Say what would happen, and do nothing.
    #[serde(default)]
    preview: bool,
}

/// What has become, or would become, of a file.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct FileShown {
    /// It was done; otherwise nothing has changed.
    done: bool,
    /// Lines that make a new contact.
    made: Vec<usize>,
    /// Lines that are added to a contact that is known.
    merged: Vec<usize>,
    /// Lines that are left out, because the contact is known.
    skipped: Vec<usize>,
    /// Lines that are left out, because their numbers belong to several contacts, or their contact would have too much.
    unclear: Vec<usize>,
    /// What is wrong, the first hundred. Where anything is, nothing is taken over.
    problems: Vec<LineProblem>,
}

/// What is wrong with a line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LineProblem {
    /// The line in the file, from 1.
    line: usize,
    /// The column, where one is meant.
    column: Option<String>,
    /// What, and how to mend it.
    message: String,
}

/// Take contacts over from a file, all together or none; or see before what would happen
#[utoipa::path(
    post, path = "/api/contacts/import", tag = "contacts", request_body = FileGiven,
    responses((status = 200, body = FileShown))
)]
pub(super) async fn bring(seat: Seat, Given(given): Given<FileGiven>) -> Result<Json<FileShown>, Failure> {
    let lines = table::read(&given.csv, MOST_LINES).map_err(|problem| Failure::invalid("csv", problem.to_string()))?;
    let mut lines = lines.into_iter();
    let head = lines.next().ok_or_else(|| Failure::invalid("csv", "the file is empty"))?;
    let columns = columns(&head)?;
    let mut contacts = Vec::new();
    let mut numbers = Vec::new();
    let mut problems = Vec::new();
    for line in lines {
        match contact(&line, &columns, &seat) {
            Ok(known) => {
                contacts.push(Contact { id: new_id(&seat)?, version: 0, known });
                numbers.push(line.number);
            }
            Err(problem) if problems.len() < MOST_PROBLEMS => problems.push(problem),
            Err(_) => {}
        }
    }
    let only_look = given.preview || !problems.is_empty();
    seat.telling().wish(&json!({ "lines": numbers.len(), "duplicates": given.duplicates, "preview": given.preview }));
    let ids: Vec<ContactId> = contacts.iter().map(|contact| contact.id).collect();
    let brought = seat.api.parts().contacts.bring_contacts(contacts, given.duplicates, only_look);
    let brought = seat.written(brought).await?;
    if !only_look {
        let made: Vec<&ContactId> = brought.made.iter().filter_map(|at| ids.get(*at)).collect();
        let (merged, left_out) = (brought.merged.len(), brought.skipped.len() + brought.unclear.len());
        seat.telling().after(&json!({ "made": made, "merged": merged, "left_out": left_out }));
    }
    let of_file = |positions: Vec<usize>| positions.into_iter().filter_map(|at| numbers.get(at).copied()).collect();
    Ok(Json(FileShown {
        done: !only_look,
        made: of_file(brought.made),
        merged: of_file(brought.merged),
        skipped: of_file(brought.skipped),
        unclear: of_file(brought.unclear),
        problems,
    }))
}

/// All contacts as a table
///
/// Cells that a spreadsheet would take for formulas have an apostrophe before them; the import takes it away again.
#[utoipa::path(
    get, path = "/api/contacts/export.csv", tag = "contacts",
    responses((status = 200, content_type = "text/csv", body = String))
)]
pub(super) async fn take(seat: Seat) -> Result<([(HeaderName, HeaderValue); 2], String), Failure> {
    let mut text = String::from("\u{feff}name,numbers,company,email,language,zone,tags,note\r\n");
    let mut query = ContactQuery { limit: PAGE, ..ContactQuery::default() };
    loop {
        let page = seat.api.parts().contacts.contacts(query.clone()).await?;
        for contact in &page.items {
            text.push_str(&row(&contact.known, &seat).map_err(|_| Failure::internal())?);
        }
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let name = HeaderValue::from_static("attachment; filename=\"contacts.csv\"");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text))
}

fn row(known: &Known, seat: &Seat) -> io::Result<String> {
    let numbers: Vec<String> = known.numbers.iter().map(|number| seat.exported_number(number)).collect();
    let notes: Vec<&str> = known.notes.iter().map(|note| note.text.as_str()).collect();
    let language = known.language.map_or("", Language::code).to_owned();
    let cells = [
        known.name.clone(),
        numbers.join("|"),
        known.company.clone(),
        known.email.clone(),
        language,
        known.zone.clone().unwrap_or_default(),
        known.tags.join("|"),
        notes.join("\n"),
    ];
    if seat.may(Permission::ExportNumbers) {
        return table::line(cells);
    }
    // People write numbers into names and notes as well.
    table::line(masking::hidden_in_all(cells, &known.numbers, Some(&seat.desk.desk.directory())))
}

/// Which column stands where.
fn columns(head: &Line) -> Result<BTreeMap<&'static str, usize>, Failure> {
    let mut columns = BTreeMap::new();
    for (position, written) in head.cells.iter().enumerate() {
        let written = written.trim().to_lowercase();
        if written.is_empty() {
            continue;
        }
        let known = COLUMNS.iter().find(|(_, names)| names.contains(&written.as_str()));
        let Some((name, _)) = known else {
            let short: String = written.chars().take(40).collect();
            let message = format!(
                "nobody knows the column `{short}`: name them name, numbers, company, email, language, \
                zone, tags, note, or take it out"
            );
            return Err(Failure::invalid("csv", message));
        };
        if columns.insert(*name, position).is_some() {
            return Err(Failure::invalid("csv", format!("the column `{name}` stands there twice")));
        }
    }
    if columns.contains_key("name") { Ok(columns) } else { Err(Failure::invalid("csv", "a column `name` is missing")) }
}

fn contact(line: &Line, columns: &BTreeMap<&'static str, usize>, seat: &Seat) -> Result<Known, LineProblem> {
    let cell = |name: &str| {
        let text = columns.get(name).and_then(|at| line.cells.get(*at)).map_or("", |cell| table::meant(cell));
        text.to_owned()
    };
    let several = |name: &str| -> Vec<String> {
        let cell = cell(name);
        cell.split('|').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let problem = |column: Option<String>, message: String| LineProblem { line: line.number, column, message };
    let language = match cell("language").as_str() {
        "" => None,
        word => match serde_json::from_value(serde_json::Value::String(word.to_owned())) {
            Ok(language) => Some(language),
            Err(_) => return Err(problem(Some("language".to_owned()), "write `en` or `zh`".to_owned())),
        },
    };
    let given = ContactGiven {
        name: cell("name"),
        numbers: several("numbers"),
        company: cell("company"),
        email: cell("email"),
        language,
        zone: Some(cell("zone")).filter(|zone| !zone.is_empty()),
        tags: several("tags"),
    };
    let now = seat.api.now();
    let notes = notes(&cell("note"));
    if let Some(unfit) = notes.iter().find_map(|note| nohold_core::text::note(note).err()) {
        return Err(problem(Some("note".to_owned()), unfit.to_string()));
    }
    let known =
        given.meant(seat, None).map_err(|failure| problem(failure.body.field.clone(), failure.body.message.clone()))?;
    let by = seat.caller.user.name.clone();
    let notes = notes.into_iter().map(|text| ContactNote { at: now, by: by.clone(), text }).collect();
    Ok(Known { notes, made: now, changed: now, ..known })
}

/// The notes that a cell holds: one, or as many as it takes where several were written into it line after line.
fn notes(cell: &str) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let mut length = 0;
    for line in cell.lines() {
        let more = line.chars().count();
        match notes.last_mut() {
            Some(note) if length + 1 + more <= LONGEST_TEXT => {
                note.push('\n');
                note.push_str(line);
                length += 1 + more;
            }
            Some(_) | None => {
                notes.push(line.to_owned());
                length = more;
            }
        }
    }
    notes.retain(|note| !note.trim().is_empty());
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_as_one_cell_comes_back_as_notes_that_fit() {
        assert_eq!(notes("one\r\n\r\ntwo"), ["one\n\ntwo"]);
        assert_eq!(notes(" \n"), [""; 0]);
        let long = ["a".repeat(1_500), "b".repeat(400), "c".repeat(1_999)];
        assert_eq!(notes(&long.join("\n")), [long[..2].join("\n"), long[2].clone()]);
    }
}
