//! What is told in the end: a table for people, and all figures for programs.

use std::fmt::Write as _;

use serde::Serialize;

/// One goal, and how far it was reached.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What was measured.
    pub measure: String,
    /// What Nohold is to reach.
    pub goal: String,
    /// What it has reached.
    pub nohold: String,
    /// What the peer has reached.
    pub peer: Option<String>,
    /// Ours as a part of the peer's.
    pub ratio: Option<f64>,
    /// Whether the goal is reached; nothing where that cannot be told without a peer.
    pub reached: Option<bool>,
}

impl Row {
    /// A row of which nothing is known but ours.
    pub fn new(measure: &str, goal: String, nohold: String) -> Self {
        Row { measure: measure.to_owned(), goal, nohold, peer: None, ratio: None, reached: None }
    }

    /// Sets the peer's beside it, with the value of both for the ratio; no ratio to nothing.
    #[must_use]
    pub fn beside(mut self, peer: Option<(String, f64)>, ours: f64) -> Self {
        if let Some((text, theirs)) = peer {
            self.peer = Some(text);
            self.ratio = (theirs > 0.0).then(|| ours / theirs);
        }
        self
    }

    /// Says whether the goal is reached.
    #[must_use]
    pub fn reached(mut self, reached: bool) -> Self {
        self.reached = Some(reached);
        self
    }

    fn cells(&self, peer: bool) -> Vec<String> {
        let reached = match self.reached {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "no peer",
        };
        let mut cells = vec![self.measure.clone(), self.nohold.clone()];
        if peer {
            cells.push(self.peer.clone().unwrap_or_else(|| "–".into()));
            cells.push(self.ratio.map_or_else(|| "–".into(), |ratio| format!("{ratio:.2}")));
        }
        cells.extend([self.goal.clone(), reached.to_owned()]);
        cells
    }
}

/// The table as text, which is Markdown too.
pub fn table(rows: &[Row], peer: Option<&str>) -> String {
    let mut head = vec!["measure".to_owned(), "Nohold".to_owned()];
    head.extend(peer.map(|name| [name.to_owned(), "ratio".to_owned()]).into_iter().flatten());
    head.extend(["goal".to_owned(), "reached".to_owned()]);
    let lines: Vec<Vec<String>> =
        std::iter::once(head).chain(rows.iter().map(|row| row.cells(peer.is_some()))).collect();
    let columns = lines.first().map_or(0, Vec::len);
    let width = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or(0)).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            // Writing into a text does not fail.
            let _ = write!(text, "| {cell:width$} ");
        }
        text += "|\n";
        if number == 0 {
            widths.iter().for_each(|width| text.extend(["| ", &"-".repeat(*width), " "]));
            text += "|\n";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_row_and_tells_a_missed_goal() {
        let rows = [
            Row::new("speed", "≤ 5 ms".into(), "7 ms".into()).beside(Some(("70 ms".into(), 70.0)), 7.0).reached(false),
            Row::new("share", "of the peer".into(), "1".into()),
        ];
        let text = table(&rows, Some("Asterisk"));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "| measure | Nohold | Asterisk | ratio | goal        | reached |");
        assert_eq!(lines[2], "| speed   | 7 ms   | 70 ms    | 0.10  | ≤ 5 ms      | NO      |");
        assert_eq!(lines[3], "| share   | 1      | –        | –     | of the peer | no peer |");
        assert!(!table(&rows, None).contains("Asterisk"));
    }
}
