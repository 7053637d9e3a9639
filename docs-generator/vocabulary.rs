//! Checks for words that the project does not use: the table in CONTRIBUTING.md.
//!
//! Only prose is checked: pages outside of code blocks and code spans; in Rust files comments, string literals with a space,
//! and the names of definitions. Words match whole and case-insensitively.

use std::path::Path;

/// A word or phrase, and its replacement.
const TABLE: &[(&str, &str)] = &[
    ("a text", "a string"),
    ("anew", "again, recreated"),
    ("answer", "response"),
    ("answered", "responded"),
    ("answers", "responses, responds"),
    ("exclude each other", "are mutually exclusive"),
    ("first look", "initial poll"),
    ("for ever", "indefinitely, never expires"),
    ("for so many seconds", "for the given number of seconds"),
    ("gather", "batch, collect"),
    ("goes on by itself", "continues in the background"),
    ("has its say", "can modify"),
    ("held against", "checked with, asserted"),
    ("holds against", "checks, asserts"),
    ("in doubt", "outcome unknown"),
    ("in service", "registered"),
    ("is gone", "no longer exists"),
    ("is no", "is not a"),
    ("is there", "exists"),
    ("judge", "name the decision"),
    ("judges", "name the decision"),
    ("law", "property"),
    ("laws", "properties"),
    ("life", "lifecycle, lifetime"),
    ("lives", "name what it does"),
    ("mend", "fix, correct"),
    ("mended", "fixed"),
    ("mends", "fixes"),
    ("names itself otherwise", "is spelled differently"),
    ("namesake", "existing cache with that name"),
    ("namesakes", "existing caches with that name"),
    ("nobody", "the passive, or the component"),
    ("otherwise than", "different from"),
    ("outranked", "overridden"),
    ("outranks", "takes precedence over"),
    ("personalities", "behavior variants"),
    ("personality", "behavior variant"),
    ("settle", "wait and save"),
    ("settled", "name the state"),
    ("settles", "waits and saves"),
    ("sighting", "observation, poll"),
    ("sightings", "observations, polls"),
    ("somebody", "the passive, or the component"),
    ("takes over", "adopts, moves"),
    ("tells", "reports, returns"),
    ("told", "reported, returned"),
    ("took over", "adopted, moved"),
    ("untold", "not returned"),
    ("what is too much", "the extra ..."),
    ("when absent", "if omitted, defaults to"),
    ("whoever", "the passive, or the component"),
    ("behaviour", "behavior"),
    ("cancelled", "canceled"),
    ("recognised", "recognized"),
];

/// Phrases that contain one of [`TABLE`] and are ordinary English.
const EXCEPTIONS: &[&str] = &["is no longer", "is no more than", "there is no"];

/// The words of [`TABLE`] in a file, as `path:line: "word": write ...`.
pub fn found(root: &Path, path: &Path, text: &str) -> Vec<String> {
    let place = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    let prose = if is_rust { rust(text) } else { markdown(text) };
    let mut found = Vec::new();
    for (line, sentence) in prose {
        let words = words(&sentence);
        let padded =
            EXCEPTIONS.iter().fold(format!(" {} ", words.join(" ")), |text, exception| text.replace(exception, ""));
        for (word, instead) in TABLE {
            if padded.contains(&format!(" {word} ")) {
                found.push(format!("{place}:{line}: {word:?}: write {instead}"));
            }
        }
    }
    found
}

fn words(sentence: &str) -> Vec<String> {
    let words = sentence.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Lines of a page that are prose, with code spans left out.
fn markdown(text: &str) -> Vec<(usize, String)> {
    let mut in_code = false;
    let mut prose = Vec::new();
    for (n, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code && !line.starts_with("    ") {
            prose.push((n + 1, without_code(line)));
        }
    }
    prose
}

/// Comments, sentences in string literals and defined names.
fn rust(text: &str) -> Vec<(usize, String)> {
    let mut prose = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if let Some(comment) = line.strip_prefix("//") {
            prose.push((n + 1, without_code(comment)));
            continue;
        }
        for literal in line.replace("\\\"", "'").split('"').skip(1).step_by(2).filter(|literal| literal.contains(' ')) {
            prose.push((n + 1, without_code(literal)));
        }
        if let Some(name) = defined(line) {
            prose.push((n + 1, in_words(name)));
        }
    }
    prose
}

/// The name that a line defines.
fn defined(line: &str) -> Option<&str> {
    let kinds = ["fn ", "struct ", "enum ", "trait ", "mod ", "type ", "let mut ", "let ", "const ", "static "];
    let line = kinds.iter().find_map(|kind| {
        let (before, name) = line.split_once(kind)?;
        before
            .split(' ')
            .all(|word| ["", "pub", "pub(super)", "pub(crate)", "const", "async"].contains(&word))
            .then_some(name)
    })?;
    line.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// `read_answer`, `ReadAnswer` and `READ_ANSWER` as `read answer`.
fn in_words(name: &str) -> String {
    if name == name.to_uppercase() {
        return name.replace('_', " ");
    }
    name.chars()
        .flat_map(|c| if c.is_uppercase() { vec![' ', c] } else { vec![if c == '_' { ' ' } else { c }] })
        .collect()
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" code ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_prose_and_not_in_code() {
        let page = |text: &str| found(Path::new("/p"), Path::new("/p/a.md"), text).len();
        let source = |text: &str| found(Path::new("/p"), Path::new("/p/a.rs"), text).len();
        for (found, expected) in [
            (page("The API tells nothing."), 1),
            (page("The `tells` of `answers`."), 0),
            (page("```\nanswers\n```\nNobody answers"), 2),
            (page("an answerable question"), 0),
            (source("/// What the API answers.\nlet answer = 1;"), 2),
            (source("let mut answer = 1;\nconst LAW: u8 = 1;\nlet (told, b) = c;"), 2),
            (source("error(\"The answer is broken.\"); get(\"answer\");"), 1),
            (source("fn read_tells_a_law() {}"), 2),
            (source("pub struct ReadAnswer;"), 1),
            (page("There is no region, and it is no longer needed."), 0),
        ] {
            assert_eq!(found, expected);
        }
    }
}
