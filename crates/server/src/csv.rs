//! Tables as text (RFC 4180), read and written.

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
    /// Something stands behind the end of a quoted cell.
    #[error("in line {0} something stands behind a closing quote: write a quote inside a cell twice")]
    Behind(usize),
}

/// The most cells of a line.
const MOST_CELLS: usize = 64;

/// Reads a table of so many lines at most, the first among them. Cells are apart by commas, or by semicolons or tabs where the first line has those; empty lines are passed
/// over, and so is a byte order mark.
pub(crate) fn read(text: &str, most: usize) -> Result<Vec<Line>, NoTable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().next().unwrap_or_default();
    let separator =
        [',', ';', '\t'].into_iter().max_by_key(|one| (first.matches(*one).count(), *one == ',')).unwrap_or(',');
    let mut lines = Vec::new();
    let mut cells: Vec<String> = Vec::new();
    let mut cell = String::new();
    let (mut number, mut began) = (1, 1);
    let mut state = State::Start;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let line_end = letter == '\n' || (letter == '\r' && letters.peek() != Some(&'\n'));
        match state {
            State::Quoted if letter == '"' && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            State::Quoted if letter == '"' => state = State::Closed,
            State::Quoted => cell.push(letter),
            State::Start if letter == '"' => state = State::Quoted,
            State::Start | State::Bare | State::Closed if letter == separator || line_end => {
                cells.push(std::mem::take(&mut cell));
                if cells.len() > MOST_CELLS {
                    return Err(NoTable::Wide(began));
                }
                state = State::Start;
                if line_end {
                    put(&mut lines, &mut cells, began);
                }
                if lines.len() > most {
                    return Err(NoTable::Long(most));
                }
            }
            State::Start | State::Bare | State::Closed if letter == '\r' => {}
            State::Closed => return Err(NoTable::Behind(number)),
            State::Start | State::Bare => {
                cell.push(letter);
                state = State::Bare;
            }
        }
        if line_end {
            number += 1;
            if matches!(state, State::Start) && cells.is_empty() {
                began = number;
            }
        }
    }
    if matches!(state, State::Quoted) {
        return Err(NoTable::Open(began));
    }
    cells.push(cell);
    put(&mut lines, &mut cells, began);
    if lines.len() > most { Err(NoTable::Long(most)) } else { Ok(lines) }
}

fn put(lines: &mut Vec<Line>, cells: &mut Vec<String>, number: usize) {
    let cells = std::mem::take(cells);
    if cells.iter().any(|cell| !cell.trim().is_empty()) {
        lines.push(Line { number, cells });
    }
}

enum State {
    Start,
    Bare,
    Quoted,
    Closed,
}

/// Writes a cell. What a spreadsheet would take for a formula gets an apostrophe before it.
pub(crate) fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', ';', '\n', '\r', '\t']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// A cell as it was meant, without the apostrophe that [`cell`] puts before it.
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

    fn line(number: usize, cells: &[&str]) -> (usize, Vec<String>) {
        (number, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quotes_lines_in_cells_and_the_marks_of_other_programs_are_read() {
        assert_eq!(cells("\u{feff}a,b\r\n1,2\r\n"), [line(1, &["a", "b"]), line(2, &["1", "2"])]);
        assert_eq!(
            cells("a;b\n\"1\n2\";\"x\"\"y\"\n\n3;4"),
            [line(1, &["a", "b"]), line(2, &["1\n2", "x\"y"]), line(5, &["3", "4"]),]
        );
        assert_eq!(cells("a\tb,c\td"), [line(1, &["a", "b,c", "d"])]);
    }

    #[test]
    fn a_table_that_is_none_is_named_with_its_line() {
        assert_eq!(read("a,b\n\"1,2\n3,4", 9), Err(NoTable::Open(2)));
        assert_eq!(read("a,b\n\"1\"2,3", 9), Err(NoTable::Behind(2)));
    }

    #[test]
    fn no_cell_is_a_formula_and_it_comes_back_as_it_was() {
        for text in ["=1+1", "+4930123", "-2", "@SUM(A1)", "plain", "it's", "a,\"b\""] {
            let written = cell(text);
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
