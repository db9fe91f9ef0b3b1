//! Tables as text (RFC 4180): what people bring, and what they take away.

use std::io::{self, Read};

use csv::{QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};
use thiserror::Error;

/// A line with its number in the file, counted from 1: that of its first character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) cells: Vec<String>,
}

/// Why a text is no table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum NoTable {
    /// A quoted cell does not end.
    #[error("a quote that begins in line {0} does not end: close it")]
    Open(usize),
    /// It has more lines than are read.
    #[error("a file has {0} lines at most: cut it into several")]
    Long(usize),
    /// A line has more cells than are read.
    #[error("line {0} has more than {MOST_CELLS} cells: take out the columns that are not needed")]
    Wide(usize),
    /// The reader gave up.
    #[error("it is no table: {0}")]
    Unreadable(String),
}

/// The most cells of a line.
const MOST_CELLS: usize = 64;

/// A line of our own behind the last one. Where it does not come back as one, a quoted cell before it is open, which the reader
/// takes for one that ends with the file.
const END: &str = "\u{4}";

/// Reads a table of so many lines at most, the first among them. Cells are apart by commas, or by semicolons or tabs where the first line has those; empty lines are passed
/// over, and so is a byte order mark.
pub(crate) fn read(text: &str, most: usize) -> Result<Vec<Line>, NoTable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().next().unwrap_or_default();
    let separator = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|one| (first.bytes().filter(|letter| letter == one).count(), *one == b','))
        .unwrap_or(b',');
    let whole = text.as_bytes().chain(&b"\n"[..]).chain(END.as_bytes());
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(whole);
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|problem| NoTable::Unreadable(problem.to_string()))?;
        let number = record.position().map_or(0, |position| began(text, position));
        if record.len() > MOST_CELLS {
            return Err(NoTable::Wide(number));
        }
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if cells.last().is_some_and(|last| last.ends_with(END)) {
            return if cells == [END] { Ok(lines) } else { Err(NoTable::Open(number)) };
        }
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        lines.push(Line { number, cells });
        if lines.len() > most {
            return Err(NoTable::Long(most));
        }
    }
    Ok(lines)
}

/// The line in which a record begins: the reader counts empty ones before it to it.
fn began(text: &str, position: &csv::Position) -> usize {
    let line = usize::try_from(position.line()).unwrap_or(usize::MAX);
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    line + rest.iter().take_while(|letter| letter.is_ascii_whitespace()).filter(|letter| **letter == b'\n').count()
}

/// Writes a line. What a spreadsheet would take for a formula gets an apostrophe before it.
///
/// # Errors
/// None that a text in memory could have; the writer does not know that.
pub(crate) fn line<C: AsRef<str>>(cells: impl IntoIterator<Item = C>) -> io::Result<String> {
    let mut writer =
        WriterBuilder::new().terminator(Terminator::CRLF).quote_style(QuoteStyle::Necessary).from_writer(Vec::new());
    writer.write_record(cells.into_iter().map(|cell| harmless(cell.as_ref())))?;
    let written = writer.into_inner().map_err(|problem| problem.into_error())?;
    String::from_utf8(written).map_err(io::Error::other)
}

fn harmless(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

/// A cell as it was meant, without the apostrophe that [`line`] puts before it.
pub(crate) fn meant(cell: &str) -> &str {
    let cell = cell.trim();
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        Some(_) | None => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<(usize, Vec<String>)> {
        read(text, 100).unwrap().into_iter().map(|line| (line.number, line.cells)).collect()
    }

    fn row(number: usize, cells: &[&str]) -> (usize, Vec<String>) {
        (number, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quotes_lines_in_cells_and_the_marks_of_other_programs_are_read() {
        assert_eq!(cells("\u{feff}a,b\r\n1,2\r\n"), [row(1, &["a", "b"]), row(2, &["1", "2"])]);
        assert_eq!(
            cells("a;b\n\"1\n2\";\"x\"\"y\"\n\n3;4"),
            [row(1, &["a", "b"]), row(2, &["1\n2", "x\"y"]), row(5, &["3", "4"]),]
        );
        assert_eq!(cells("a\tb,c\td"), [row(1, &["a", "b,c", "d"])]);
    }

    #[test]
    fn a_table_that_is_none_is_named_with_its_line() {
        assert_eq!(read("a,b\n\"1,2\n3,4", 9), Err(NoTable::Open(2)));
        assert_eq!(read("a,b\n\n1,\"2\n", 9), Err(NoTable::Open(3)));
        assert_eq!(read("a,b\n\"", 9), Err(NoTable::Open(2)));
    }

    #[test]
    fn no_cell_is_a_formula_and_it_comes_back_as_it_was() {
        for text in ["=1+1", "+4930123", "-2", "@SUM(A1)", "plain", "it's", "a,\"b\""] {
            let written = line([text, "next"]).unwrap();
            assert!(!written.starts_with(['=', '+', '-', '@']), "{written}");
            assert_eq!(meant(&cells(&written)[0].1[0]), text);
        }
    }

    #[test]
    fn no_more_is_read_than_may_be() {
        assert_eq!(read("a\n1\n2\n3", 3), Err(NoTable::Long(3)));
        assert_eq!(read("a\n1\n2\n", 3).map(|lines| lines.len()), Ok(3));
        assert_eq!(read(&",".repeat(8_000_000), 3), Err(NoTable::Wide(1)));
    }
}
