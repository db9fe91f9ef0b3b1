//! What is checked line by line: how long files are, and words that must not stay in them.

use super::Problem;
use super::tree::Tree;

const LONGEST_FILE: usize = 500;
const LONGEST_TEST_FILE: usize = 800;

// Put together here, so that this file does not find itself.
const MARKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
const IGNORED: &str = concat!("ig", "nore");
const MACHINE_PATHS: [&str; 3] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// Files that are too long, marks without an issue, tests that never run, paths of somebody's machine.
pub fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (file, text) in tree.texts() {
        let ours = file.starts_with("crates/") || file.starts_with("tests/");
        if ours && file.ends_with(".rs") {
            problems.extend(too_long(file, text));
        }
        for (index, line) in text.lines().enumerate() {
            if ours && file.ends_with(".rs") && ignores_a_test(line) {
                let mend = "make it pass, or delete it: a test that is not run proves nothing";
                problems.push(Problem::new(file, index + 1, "a test that is never run", mend));
            }
            if !file.ends_with(".md")
                && let Some(mark) = mark_without_issue(line)
            {
                let mend = format!("do it now, or open an issue and write `{mark}(#123)`");
                problems.push(Problem::new(file, index + 1, format!("`{mark}` without an issue"), mend));
            }
            if let Some(path) = machine_path(line) {
                let mend = "write a path from the root of the repository, or let the user give it";
                problems.push(Problem::new(file, index + 1, format!("`{path}…` is a path of one machine"), mend));
            }
        }
    }
    problems
}

fn too_long(file: &str, text: &str) -> Option<Problem> {
    let longest = if is_test(file) { LONGEST_TEST_FILE } else { LONGEST_FILE };
    let lines = text.lines().count();
    let what = format!("{lines} lines, and {longest} are the most");
    (lines > longest).then(|| Problem::new(file, longest + 1, what, "split the file by meaning"))
}

/// A file that holds nothing but tests.
fn is_test(file: &str) -> bool {
    file.contains("/tests/") || file.ends_with("/tests.rs")
}

fn mark_without_issue(line: &str) -> Option<&'static str> {
    MARKS.into_iter().find(|mark| {
        words(line, mark).any(|rest| {
            let number = rest.strip_prefix("(#").and_then(|rest| rest.split_once(')')).map(|(number, _)| number);
            number.is_none_or(|number| number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()))
        })
    })
}

/// Every place where `word` stands by itself: what follows it on the line.
fn words<'a>(line: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).filter_map(move |(start, _)| {
        let rest = &line[start + word.len()..];
        (!line[..start].ends_with(is_part) && !rest.starts_with(is_part)).then_some(rest)
    })
}

fn ignores_a_test(line: &str) -> bool {
    let line = line.trim_start();
    let attribute = line.strip_prefix("#[").or_else(|| line.strip_prefix("#!["));
    attribute.is_some_and(|inner| {
        let plain = inner.strip_prefix(IGNORED).is_some_and(|rest| rest.trim_start().starts_with([']', '=']));
        let sometimes = inner.starts_with("cfg_attr") && words(inner, IGNORED).next().is_some();
        plain || sometimes
    })
}

fn machine_path(line: &str) -> Option<&'static str> {
    // Within a longer path or an address these words mean something else.
    let inside = |c: char| c.is_alphanumeric() || "._-~}*".contains(c);
    MACHINE_PATHS.into_iter().find(|path| line.match_indices(path).any(|(start, _)| !line[..start].ends_with(inside)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(file: &str, text: &str) -> Vec<String> {
        check(&Tree::from([(file, text)])).into_iter().map(|it| format!("{}: {}", it.line, it.what)).collect()
    }

    #[test]
    fn a_file_that_is_too_long_is_found() {
        let text = "// line\n".repeat(501);
        assert_eq!(problems("crates/a/src/lib.rs", &text), ["501: 501 lines, and 500 are the most"]);
        assert!(problems("crates/a/src/lib.rs", &"// line\n".repeat(500)).is_empty());
        assert!(problems("crates/a/tests/all.rs", &text).is_empty());
        assert!(problems("crates/a/src/call/tests.rs", &text).is_empty());
        assert!(!problems("crates/a/tests/all.rs", &"// line\n".repeat(801)).is_empty());
    }

    #[test]
    fn a_mark_without_an_issue_is_found() {
        let mark = MARKS[0];
        let bad = format!("// {mark}: later\n// {mark}(#): later\n// {mark}(me): later\n// {}\n", MARKS[1]);
        assert_eq!(problems("crates/a/src/lib.rs", &bad).len(), 4);
        let fine = format!("// {mark}(#12): later\nlet {mark}S = 1; let MY_{mark} = 2;\n");
        assert_eq!(problems("crates/a/src/lib.rs", &fine), Vec::<String>::new());
    }

    #[test]
    fn a_test_that_is_never_run_is_found() {
        for bad in
            [format!("    #[{IGNORED}]"), format!("#[{IGNORED} = \"slow\"]"), format!("#[cfg_attr(unix, {IGNORED})]")]
        {
            assert_eq!(problems("crates/a/src/lib.rs", &bad), ["1: a test that is never run"], "{bad}");
        }
        assert!(problems("crates/a/src/lib.rs", &format!("#[{IGNORED}d_field]\n// #[test]")).is_empty());
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        let [home, root, work] = MACHINE_PATHS;
        for bad in [format!("see {home}me/x"), format!("`{root}x`"), format!("DIR={work}main")] {
            assert_eq!(problems("README.md", &bad).len(), 1, "{bad}");
        }
        for fine in [format!("https://example.org{work}"), format!("a{home}b"), format!("${{dir}}{root}x")] {
            assert_eq!(problems("README.md", &fine), Vec::<String>::new(), "{fine}");
        }
    }
}
