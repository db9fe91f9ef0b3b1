//! Reads a configuration and the flows that it names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nohold_core::configuration::{Configuration, Flow, Problem, Surroundings, check_forms, check_texts};
use nohold_flow::{Document, Severity};
use nohold_model::FlowKey;
use nohold_server::{json_words_and_place, of_json, plain};
use nohold_telephony::prompts::PromptLibrary;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

/// No configuration of a sensible size is larger.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// A configuration, read.
#[derive(Debug)]
pub struct Read {
    /// What stands in it.
    pub configuration: Configuration,
    /// What it refers to.
    pub surroundings: Surroundings,
    /// The same as one JSON document, with the flows in it.
    pub whole: Value,
    /// What was wrong with files that it names.
    problems: Vec<Problem>,
    /// The folder that its file names are relative to.
    pub folder: PathBuf,
}

/// Why a configuration could not be read.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// The file.
    #[error("cannot read {}: {problem}: see that the file is there and may be read", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        problem: std::io::Error,
    },
    /// Its size.
    #[error("{} is larger than {} MB: this is hardly a configuration", path.display(), MOST_BYTES / 1024 / 1024)]
    TooLarge {
        /// Which.
        path: PathBuf,
    },
    /// Its text.
    #[error("{} is not a configuration: {problem}", path.display())]
    Text {
        /// Which.
        path: PathBuf,
        /// What is wrong, with line and column.
        problem: String,
    },
}

impl Read {
    /// All that is wrong, with the configuration and with files that it names; errors first.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        // What is wrong with a file says more than that the flow is missing.
        let told = |problem: &Problem| self.problems.iter().any(|known| known.path == problem.path);
        let found = self.configuration.check(&self.surroundings).into_iter().filter(|problem| !told(problem));
        let written = check_forms(&self.whole).into_iter().chain(check_texts(&self.whole));
        let mut problems: Vec<Problem> = self.problems.iter().cloned().chain(written).chain(found).collect();
        problems.sort_by(|a, b| (a.severity, &a.path).cmp(&(b.severity, &b.path)));
        problems
    }
}

/// Reads a configuration with the flows that stand in files; `prompts` is what can be played.
///
/// # Errors
/// When the file is not there, or its text is no configuration.
pub fn read(path: &Path, prompts: &PromptLibrary) -> Result<Read, Unreadable> {
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let text = text(path)?;
    // What `export` has written is JSON, whatever the file is called; no TOML begins like this.
    let is_json = text.trim_start().starts_with('{')
        || path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let unreadable = |problem| Unreadable::Text { path: path.to_owned(), problem };
    let (configuration, whole) = if is_json { from_json(&text) } else { from_toml(&text) }.map_err(unreadable)?;
    let beside = folder.clone();
    Ok(complete(configuration, whole, prompts, folder, |file| {
        self::text(&beside.join(file)).map_err(|problem| problem.to_string())
    }))
}

/// The configuration that the program is shipped with.
///
/// # Errors
/// Never, unless the program was built from a broken one; a test sees to that.
pub fn shipped(prompts: &PromptLibrary) -> Result<Read, Unreadable> {
    let unreadable = |problem| Unreadable::Text { path: PathBuf::from("the shipped configuration"), problem };
    let (configuration, whole) = from_toml(SHIPPED).map_err(unreadable)?;
    Ok(complete(configuration, whole, prompts, PathBuf::new(), |file| {
        let found = SHIPPED_FLOWS.iter().find(|(name, _)| *name == file);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| format!("{file} is not shipped"))
    }))
}

const SHIPPED: &str = include_str!("../../../scenario/support.toml");

/// The flows that it names, by their file names.
const SHIPPED_FLOWS: &[(&str, &str)] = &[
    ("flows/queue-overflow.json", include_str!("../../../scenario/flows/queue-overflow.json")),
    ("flows/after-hours.json", include_str!("../../../scenario/flows/after-hours.json")),
];

fn from_json(text: &str) -> Result<(Configuration, Value), String> {
    let of_text = |problem: serde_json::Error| of_json(text.as_bytes(), &problem);
    let mut reader = serde_json::Deserializer::from_str(text);
    let configuration = serde_path_to_error::deserialize(&mut reader).map_err(|problem| {
        let field = problem.path().to_string();
        let problem = problem.into_inner();
        match problem.classify() {
            serde_json::error::Category::Data => {
                let (words, place) = json_words_and_place(text.as_bytes(), &problem);
                with_meant(&words, &field, &format!(",{place}"))
            }
            _ => of_text(problem),
        }
    })?;
    reader.end().map_err(of_text)?;
    Ok((configuration, serde_json::from_str(text).map_err(of_text)?))
}

fn from_toml(text: &str) -> Result<(Configuration, Value), String> {
    Ok((toml_of(text)?, toml_of(text)?))
}

/// Adds the flows that stand in files, which `file` reads by their names.
fn complete(
    configuration: Configuration,
    mut whole: Value,
    prompts: &PromptLibrary,
    folder: PathBuf,
    file: impl Fn(&str) -> Result<String, String>,
) -> Read {
    let (flows, problems) = flows(&configuration, file);
    for (key, document) in &flows {
        let document = serde_json::to_value(document).unwrap_or_default();
        if let Some(flow) = whole.pointer_mut(&format!("/flows/{key}")) {
            *flow = serde_json::json!({ "document": document });
        }
    }
    let surroundings = Surroundings { flows, prompts: Some(prompts.catalogue()), ..Surroundings::default() };
    Read { configuration, surroundings, whole, problems, folder }
}

/// What a text of TOML means.
///
/// # Errors
/// In plain words: which field, what was found and what is expected, with line and column, and the name that was meant
/// where one is near.
pub fn toml_of<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let unreadable = |problem: toml::de::Error| with_meant(problem.message(), "", &place(text, &problem));
    let reader = toml::Deserializer::parse(text).map_err(unreadable)?;
    serde_path_to_error::deserialize(reader).map_err(|problem| {
        let field = problem.path().to_string();
        let problem = problem.into_inner();
        with_meant(problem.message(), &field, &place(text, &problem))
    })
}

/// Plain words for what a parser says of a field at a place, and the name that was meant where one is near.
fn with_meant(problem: &str, field: &str, place: &str) -> String {
    let meant = nearest(problem).map(|meant| format!("\ndid you mean `{meant}`?")).unwrap_or_default();
    let words = plain(problem);
    match field {
        "" | "." => format!("{words}{place}{meant}"),
        field => format!("{field}: {words}{place}{meant}"),
    }
}

/// Line and column. The parser's own words would show the line too, and a password may stand there.
fn place(text: &str, problem: &toml::de::Error) -> String {
    let Some(before) = problem.span().and_then(|span| text.get(..span.start)) else { return String::new() };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!(", at line {line} column {column}")
}

/// The text of a file of a sensible size.
fn text(path: &Path) -> Result<String, Unreadable> {
    let unreadable = |problem| Unreadable::File { path: path.to_owned(), problem };
    if fs::metadata(path).map_err(unreadable)?.len() > MOST_BYTES {
        return Err(Unreadable::TooLarge { path: path.to_owned() });
    }
    fs::read_to_string(path).map_err(unreadable)
}

/// The flows that stand in files, and what is wrong with those files.
fn flows(
    configuration: &Configuration,
    read: impl Fn(&str) -> Result<String, String>,
) -> (BTreeMap<FlowKey, Document>, Vec<Problem>) {
    let (mut flows, mut problems) = (BTreeMap::new(), Vec::new());
    for (key, flow) in &configuration.flows {
        let Flow::File(file) = flow else { continue };
        let mut refuse = |message: String, mend: &str| {
            problems.push(Problem {
                severity: Severity::Error,
                path: format!("flows.{key}"),
                message,
                mend: mend.to_owned(),
            });
        };
        match read(file) {
            Err(problem) => refuse(problem, "file names are relative to the configuration"),
            Ok(text) => match Document::parse(&text) {
                Ok(document) => drop(flows.insert(key.clone(), document)),
                Err(problem) => refuse(format!("{file}: {problem}"), "correct it at that place"),
            },
        }
    }
    (flows, problems)
}

/// The known name that is nearest to the one that serde does not know, where one is near.
///
/// serde names all of them: "unknown field `a`, expected one of `b`, `c`".
fn nearest(problem: &str) -> Option<&str> {
    let (_, names) = problem.split_once("unknown field ").or_else(|| problem.split_once("unknown variant "))?;
    let mut names = names.lines().next()?.split('`').skip(1).step_by(2);
    let written = names.next()?;
    let (_, name) = names.map(|name| (distance(written, name), name)).min()?;
    is_near(written, name).then_some(name)
}

/// Whether somebody who wrote the one may have meant the other: two slips of the finger, but not half of a short word. Two
/// letters that have changed places are one slip.
pub fn is_near(written: &str, name: &str) -> bool {
    let distance = distance(written, name);
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    distance <= 2 && (distance * 2 < written.chars().count() || letters(written) == letters(name))
}

/// How many letters must be added, removed or exchanged to make one word of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, against) in other.iter().enumerate() {
            let change = diagonal + usize::from(letter != *against);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_placed_and_its_line_is_not_shown() {
        let text = "[site]\nzone = \"Asia/Shanghai\"\ncountry = \"CN\"\n[extensions.2000]\npassword = 4711.5\n";
        let problem = toml_of::<Configuration>(text).unwrap_err();
        assert!(problem.ends_with("at line 5 column 12") && !problem.contains("4711"), "{problem}");
    }

    #[test]
    fn the_shipped_configuration_is_sound_and_whole() {
        let read = shipped(&PromptLibrary::shipped()).unwrap();
        assert_eq!(read.problems(), []);
        assert!(read.whole.pointer("/flows/after-hours/document/nodes").is_some(), "{}", read.whole["flows"]);
        let again: Configuration = serde_json::from_value(read.whole).unwrap();
        assert!(again.directory(&Surroundings::default()).is_ok());
    }

    #[test]
    fn words_are_as_far_apart_as_letters_must_change() {
        for (one, other, apart) in [("", "", 0), ("a", "", 1), ("wait", "wayt", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(one, other), apart, "{one} {other}");
            assert_eq!(distance(other, one), apart, "{other} {one}");
        }
    }

    #[test]
    fn the_nearest_name_is_offered_where_one_is_near() {
        let problem =
            |written| format!("unknown field `{written}`, expected one of `service`, `longest_wait`, `music`");
        assert_eq!(nearest(&problem("longest_wayt")), Some("longest_wait"));
        assert_eq!(nearest(&problem("servce")), Some("service"));
        assert_eq!(nearest(&problem("colour")), None);
        assert_eq!(nearest("missing field `zone`"), None);
    }
}
