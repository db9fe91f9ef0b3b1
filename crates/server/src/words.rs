//! What parsers say, in words for people who know no parser: what was found, what is expected. Values are not repeated, for
//! a password may be among them; only names of fields and words of a choice are.

/// What serde and its parsers say about what a text means, in plain words. What is not known stays as it is.
#[must_use]
pub fn plain(problem: &str) -> String {
    if let Some(rest) = problem.strip_prefix("invalid type: ") {
        return found_and_expected(rest, false).unwrap_or_else(|| problem.to_owned());
    }
    if let Some(rest) = problem.strip_prefix("invalid value: ") {
        return found_and_expected(rest, true).unwrap_or_else(|| problem.to_owned());
    }
    if let Some(name) = problem.strip_prefix("missing field ") {
        return format!("the field {name} is missing");
    }
    if let Some(name) = problem.strip_prefix("duplicate field ") {
        return format!("the field {name} stands here twice");
    }
    if let Some((name, known)) =
        problem.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", expected "))
    {
        return format!("{name} is not one of the words that may stand here: write {known}");
    }
    if let Some(rest) = problem.strip_prefix("EOF while parsing ") {
        return format!("the text ends in the middle of {rest}");
    }
    // The parser guesses by the first letter what a bare word should have been.
    if ["string values must be quoted", "invalid boolean", "invalid float"].iter().any(|said| problem.starts_with(said))
    {
        return "a word without quotes stands here: put text in quotes, such as \"Asia/Shanghai\"".to_owned();
    }
    // A struct may be written as a list, says serde; nobody means that.
    if problem.starts_with("invalid length ") && problem.contains("expected struct ") {
        return "a list stands here, and a table of fields is expected".to_owned();
    }
    if problem.starts_with("data did not match any variant of untagged enum") {
        return "this has none of the forms that may stand here".to_owned();
    }
    for (said, plainly) in NUMBERS {
        if problem.starts_with(said) {
            return (*plainly).to_owned();
        }
    }
    problem.to_owned()
}

/// What is wrong with a text of JSON: the parser's words in plain ones, and behind them line and column, counted from 1 in
/// characters. The parser itself counts bytes, and from 0 where a line has just begun or the text has ended.
#[must_use]
pub fn of_json(text: &[u8], problem: &serde_json::Error) -> String {
    let (words, place) = json_words_and_place(text, problem);
    format!("{}{place}", plain(&words))
}

/// The parser's own words, and the place.
#[must_use]
pub fn json_words_and_place(text: &[u8], problem: &serde_json::Error) -> (String, String) {
    let said = problem.to_string();
    let words = match said.rsplit_once(" at line ") {
        Some((words, _)) => words.to_owned(),
        None => said,
    };
    let line = text.split(|byte| *byte == b'\n').nth(problem.line().saturating_sub(1)).unwrap_or_default();
    let before = line.get(..problem.column().min(line.len())).unwrap_or_default();
    let read = String::from_utf8_lossy(before).chars().count();
    // A text that has ended ends behind the last character that was read.
    let column = if problem.is_eof() { read + 1 } else { read.max(1) };
    (words, format!(" at line {} column {column}", problem.line().max(1)))
}

/// The field that a problem misses.
#[must_use]
pub(crate) fn missing(problem: &str) -> Option<&str> {
    problem.strip_prefix("missing field `")?.split('`').next()
}

/// The field of a problem with a query and the plain words for it: "limit: invalid digit found in string".
#[must_use]
pub(crate) fn of_query(problem: &str) -> (Option<&str>, String) {
    let problem = problem.strip_prefix("Failed to deserialize query string: ").unwrap_or(problem);
    match problem.split_once(": ") {
        Some((field, words)) if !field.contains(' ') => (Some(field), plain(words)),
        _ => (None, plain(problem)),
    }
}

/// What Rust says of numbers and truth that stand in a text.
const NUMBERS: &[(&str, &str)] = &[
    ("invalid digit found in string", "a whole number is expected here, such as 50"),
    ("cannot parse integer from empty string", "a whole number is expected here, and nothing stands here"),
    ("number too large to fit in target type", "this number is too large"),
    ("number too small to fit in target type", "this number is too small"),
    ("invalid float literal", "a number is expected here, such as 1.5"),
    ("provided string was not `true` or `false`", "write `true` or `false`"),
];

fn found_and_expected(rest: &str, with_number: bool) -> Option<String> {
    // The found value may hold the very words: what is expected comes last.
    let (found, expected) = rest.rsplit_once(", expected ")?;
    Some(format!("{} stands here, and {} is expected", shown(found, with_number), wanted(expected)))
}

/// What was found, without its value; a number that is out of range is shown.
fn shown(found: &str, with_number: bool) -> String {
    let kind = found.split(" `").next().unwrap_or(found);
    let kind = kind.split(" \"").next().unwrap_or(kind);
    let word = match kind {
        "integer" | "floating point" if with_number => return format!("the number {}", value(found)),
        "integer" => "a number without quotes",
        "floating point" => "a number with a decimal point",
        "string" | "character" => "a text",
        "boolean" => "`true` or `false`",
        "null" | "unit value" | "Option value" => "nothing (null)",
        "map" => "a table of fields",
        "sequence" => "a list",
        "struct variant" | "newtype variant" | "unit variant" | "tuple variant" => "another form",
        other => other,
    };
    word.to_owned()
}

fn value(found: &str) -> &str {
    found.split('`').nth(1).unwrap_or_default()
}

fn wanted(expected: &str) -> String {
    let word = match expected {
        "a string" | "a borrowed string" => "a text in quotes",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list in brackets",
        "a map" => "a table of fields",
        "path string" => "a path in quotes",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" | "u128" | "nonzero u32" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "socket address" | "socket address syntax" => "an address and a port in quotes, such as \"127.0.0.1:5060\",",
        "IP address" | "IP address syntax" => "an address in quotes, such as \"192.0.2.1\",",
        other if other.starts_with("struct ") || other.starts_with("internally tagged enum") => "a table of fields",
        other if other.starts_with("enum ") || other.starts_with("variant ") => {
            "one of the words or forms that may stand here"
        }
        other if other.starts_with("tuple ") || other.starts_with("an array ") => "a list in brackets",
        other => other,
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_and_what_is_expected_is_told_without_the_value() {
        for (said, plainly) in [
            (
                "invalid type: integer `5060`, expected socket address",
                "a number without quotes stands here, and an address and a port in quotes, such as \"127.0.0.1:5060\", is expected",
            ),
            (
                "invalid type: string \"a, expected b\", expected u16",
                "a text stands here, and a whole number from 0 to 65535 is expected",
            ),
            (
                "invalid type: integer `4711`, expected a string",
                "a number without quotes stands here, and a text in quotes is expected",
            ),
            (
                "invalid value: integer `-1`, expected u32",
                "the number -1 stands here, and a whole number from 0 on is expected",
            ),
            ("invalid type: sequence, expected struct Site", "a list stands here, and a table of fields is expected"),
            ("invalid type: null, expected a map", "nothing (null) stands here, and a table of fields is expected"),
            (
                "invalid type: boolean `true`, expected a sequence",
                "`true` or `false` stands here, and a list in brackets is expected",
            ),
            (
                "invalid length 0, expected struct SignIn with 2 elements",
                "a list stands here, and a table of fields is expected",
            ),
            (
                "EOF while parsing an object at line 1 column 10",
                "the text ends in the middle of an object at line 1 column 10",
            ),
            ("missing field `zone`", "the field `zone` is missing"),
            ("duplicate field `zone`", "the field `zone` stands here twice"),
            (
                "unknown variant `rnadom`, expected one of `longest_idle`, `ring_all`",
                "`rnadom` is not one of the words that may stand here: write one of `longest_idle`, `ring_all`",
            ),
            (
                "unknown variant `a`, expected `b` or `c`",
                "`a` is not one of the words that may stand here: write `b` or `c`",
            ),
            (
                "data did not match any variant of untagged enum Target",
                "this has none of the forms that may stand here",
            ),
            ("`x` is not a length of time: write `5m`", "`x` is not a length of time: write `5m`"),
        ] {
            assert_eq!(plain(said), plainly);
        }
    }

    #[test]
    fn a_place_in_json_is_counted_in_characters_from_1() {
        for (text, place) in [
            ("", " at line 1 column 1"),
            ("{\"a\": x}", " at line 1 column 7"),
            ("{\"ä\": x}", " at line 1 column 7"),
            ("{\n  \"a\": 1,\n  b\n}", " at line 3 column 3"),
            ("{\"a\":", " at line 1 column 6"),
            ("{\"a\":\n", " at line 2 column 1"),
        ] {
            let problem = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
            assert_eq!(json_words_and_place(text.as_bytes(), &problem).1, place, "{text}: {problem}");
        }
    }

    #[test]
    fn a_query_names_its_field() {
        let of = |problem| of_query(problem);
        assert_eq!(
            of("limit: invalid digit found in string"),
            (Some("limit"), "a whole number is expected here, such as 50".into())
        );
        assert_eq!(
            of("Failed to deserialize query string: mine: provided string was not `true` or `false`"),
            (Some("mine"), "write `true` or `false`".into())
        );
        assert_eq!(
            of("Failed to deserialize query string: missing field `id`"),
            (None, "the field `id` is missing".into())
        );
    }
}
