//! The history as a table for spreadsheets (RFC 4180).

use std::io;

use axum::body::Body;
use axum::http::header;
use axum::response::Response;
use futures::{Stream, stream};
use nohold_app::ports::{HistoryQuery, Permission};
use nohold_core::record::Record;
use nohold_model::{Millis, PhoneNumber, Timestamp};

use super::Seat;
use super::file::Turn;
use super::history::WantedCalls;
use crate::body::Asked;
use crate::failure::Failure;
use crate::masking;
use crate::table;

/// A table has so many calls at most: the newest of those that were asked for.
const MOST_LINES: usize = 100_000;

/// So many calls are read at a time.
const PAGE: usize = 200;

/// Begins with the mark by which spreadsheets know UTF-8.
const HEAD: &str = "\u{feff}call,began,ended,direction,end,result,number,called,service,queue,agents,waited_s,talked_s,\
    held_s,path,promised_until,dialled,promise_kept,disposition,note,entry,recordings,messages\r\n";

/// The calls of the history that fit, newest first, as a table for spreadsheets: at most 100,000
///
/// Times are those of the site's zone. Numbers are whole for those whom an administrator has allowed to take them away. A
/// table has no pages: `after` and `limit` are refused.
#[utoipa::path(
    get, path = "/api/history/export.csv", tag = "desk", params(WantedCalls),
    responses((status = 200, content_type = "text/csv", body = String))
)]
pub(super) async fn table(seat: Seat, Asked(wanted): Asked<WantedCalls>) -> Result<Response, Failure> {
    let pages = [("after", wanted.after.is_some()), ("limit", wanted.limit.is_some())];
    if let Some((field, _)) = pages.into_iter().find(|(_, given)| *given) {
        return Err(Failure::invalid(field, "a table has no pages: leave it out"));
    }
    let query = HistoryQuery { limit: PAGE, ..seat.history_query(wanted)? };
    let turn = seat.desk.turns.take(&seat.caller.user.name).await?;
    let day = seat.on_clocks(seat.api.now());
    let name = format!("attachment; filename=\"calls-{}.csv\"", day.get(..10).unwrap_or_default());
    Response::builder()
        .header(header::CONTENT_TYPE, "text/csv; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, name)
        .body(Body::from_stream(parts(seat, query, turn)))
        .map_err(|_| Failure::internal())
}

/// What is written next.
enum Next {
    Head(HistoryQuery),
    /// The calls of this page, after so many lines.
    Page(HistoryQuery, usize),
    Nothing,
}

/// The table, page by page, each read when the connection has room for it. A page that cannot be read breaks the answer off:
/// nobody is to take a part for the whole.
fn parts(seat: Seat, query: HistoryQuery, turn: Turn) -> impl Stream<Item = io::Result<String>> + Send {
    stream::try_unfold((Next::Head(query), seat, turn), |(next, seat, turn)| async move {
        let (query, lines) = match next {
            Next::Head(query) => return Ok(Some((HEAD.to_owned(), (Next::Page(query, 0), seat, turn)))),
            Next::Page(query, lines) if lines < MOST_LINES => (query, lines),
            Next::Page(..) | Next::Nothing => return Ok(None),
        };
        let page = seat.api.parts().archive.call_records(query.clone()).await.map_err(io::Error::other)?;
        let lines = lines + page.items.len();
        let lines_of_page: io::Result<Vec<String>> =
            page.items.into_iter().map(|record| seat.line(&seat.as_heard(record))).collect();
        let text = lines_of_page?.concat();
        let next = match page.next {
            Some(after) => Next::Page(HistoryQuery { after: Some(after), ..query }, lines),
            None => Next::Nothing,
        };
        Ok(Some((text, (next, seat, turn))))
    })
}

impl Seat {
    fn on_clocks(&self, at: Timestamp) -> String {
        self.desk.desk.directory().site.zone.written(at)
    }

    /// One call, in the columns of [`HEAD`].
    fn line(&self, record: &Record) -> io::Result<String> {
        let at = |at: Option<Timestamp>| at.map(|at| self.on_clocks(at)).unwrap_or_default();
        let number =
            |number: &Option<PhoneNumber>| number.as_ref().map(|one| one.as_str().to_owned()).unwrap_or_default();
        let seconds = |length: Millis| (length.as_millis() / 1_000).to_string();
        let kept = record.kept_promise().map_or("", |kept| if kept { "yes" } else { "no" });
        let cells = [
            record.call.to_string(),
            self.on_clocks(record.began),
            self.on_clocks(record.ended),
            word(&record.direction),
            word(&record.end),
            record.result.as_ref().map(word).unwrap_or_default(),
            number(&record.number),
            number(&record.called),
            joined(record.service.iter()),
            joined(record.queue.iter()),
            joined(record.agents.iter()),
            seconds(record.waited),
            seconds(record.talked),
            seconds(record.held),
            record.path.join(" > "),
            at(record.promise.map(|window| window.to)),
            at(record.dialled),
            kept.to_owned(),
            joined(record.disposition.iter()),
            record.note.clone(),
            joined(record.entry.iter()),
            joined(record.recordings.iter().map(|one| one.recording)),
            joined(record.messages.iter()),
        ];
        let whole = self.may(Permission::ExportNumbers);
        let directory = self.desk.desk.directory();
        if whole {
            return table::line(cells);
        }
        table::line(masking::hidden_in_all(cells, record.number.iter(), Some(&directory)))
    }
}

fn joined(all: impl Iterator<Item = impl ToString>) -> String {
    all.map(|one| one.to_string()).collect::<Vec<_>>().join(" ")
}

/// The word that JSON has for it.
fn word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}
