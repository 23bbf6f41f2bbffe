//! Words that no comment, message, document or script has, since a reader would stop at them.

use std::{fs, path::Path};

use regex_automata::meta::Regex;

use super::source::files_below;
use crate::support::{Failures, repository};

/// Words to avoid.
struct Word {
    pattern: &'static str,
    /// Uses of it that are good English.
    good: &'static [&'static str],
    instead: &'static str,
    /// The folder in which it is to be avoided: `""` is everywhere.
    folder: &'static str,
}

const fn word(pattern: &'static str, instead: &'static str) -> Word {
    Word { pattern, good: &[], instead, folder: "" }
}

const WORDS: &[Word] = &[
    word(r"\bamiss\b", "problem"),
    Word {
        pattern: r"\bways? in\b",
        good: &["way in which", "ways in which"],
        instead: "authentication method",
        folder: "",
    },
    word(r"\bways? out\b", "hint"),
    word(r"\bin force\b", "active"),
    word(r"\btold\b", "reported, logged"),
    word(r"\b(line|file|log|once) an? (request|kind|line|hook)\b", "per request"),
    word(r"\bcomplain(s|ts?|ed)?\b", "problem, report"),
    Word {
        pattern: r"\b(is|are) no\b",
        good: &["there is no", "there are no", "is no longer", "are no longer", "are no problem"],
        instead: "is not a",
        folder: "",
    },
    Word {
        pattern: r"\bverbs?\b",
        good: &["subject, verb, object"],
        instead: "subcommand",
        folder: "",
    },
    Word {
        pattern: r"\bnobody\b",
        good: &["so that nobody can"],
        instead: "`None`, no caller, no user",
        folder: "src/",
    },
];

/// A noun clause at the start of a sentence.
const NOUN_CLAUSE: &str = r"(^|[.:;!?]\** )(What|Who|Where|Of)\b";

const READ: &[&str] =
    &["rs", "md", "toml", "py", "mjs", "sh", "yml", "yaml", "service", "json", ""];
/// Data, and texts that are not ours.
const SKIPPED: &[&str] = &[
    ".git",
    "target",
    "node_modules",
    "corpus",
    "fixtures",
    "proptest-regressions",
    "Cargo.lock",
    "package-lock.json",
    "LICENSE",
    // Has the words themselves.
    "words.rs",
];

/// The user's files are not ours to check.
fn is_users(path: &Path) -> bool {
    path == repository("rules") || path == repository("registration-hook.toml")
}

fn is_wanted(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    let extension = path.extension().unwrap_or_default().to_str().unwrap();
    !is_users(path) && !SKIPPED.contains(&name) && (path.is_dir() || READ.contains(&extension))
}

/// A word to avoid, where it is, and what to write instead.
fn findings(name: &str, text: &str, words: &[(Regex, &Word)]) -> Vec<String> {
    let noun_clause = Regex::new(NOUN_CLAUSE).unwrap();
    let mut found = Vec::new();
    let mut previous = "";
    let mut lines = text.lines().peekable();
    let mut number = 0;
    while let Some(line) = lines.next() {
        number += 1;
        let mut report = |problem: &str| {
            found.push(format!("{name}:{number}: write \"{problem}\": {}", line.trim()));
        };
        for (pattern, word) in words {
            let next = lines.peek().unwrap_or(&"");
            let is_here = name.starts_with(word.folder);
            if is_here && has_word(word, pattern, previous, line, next) {
                report(word.instead);
            }
        }
        if let Some(prose) = prose_of(name, line) {
            let before = prose_of(name, previous).unwrap_or_default();
            let starts_sentence = before.is_empty() || before.ends_with(['.', ':', '|', '?']);
            let start = noun_clause.find(prose).map(|found| found.start());
            if start.is_some_and(|start| start > 0 || starts_sentence) {
                report("the subject first");
            }
        }
        previous = line;
    }
    found
}

/// The sentence or sentences in a line of a comment or a document, without the mark before them.
fn prose_of<'l>(name: &str, line: &'l str) -> Option<&'l str> {
    let line = line.trim();
    let is_prose = match name.rsplit_once('.') {
        Some((_, "md")) => true,
        Some((_, "rs" | "mjs")) => line.starts_with("//"),
        _ => line.starts_with('#'),
    };
    if is_prose { Some(line.trim_start_matches(['/', '!', '#', '-', '*', '|', ' '])) } else { None }
}

/// Whether such words begin in this line. They may end in the next one.
fn has_word(word: &Word, pattern: &Regex, previous: &str, line: &str, next: &str) -> bool {
    let (previous, line) = (without_mark(previous), without_mark(line));
    let mut text = format!("{previous} {line} {}", without_mark(next)).to_ascii_lowercase();
    for good in word.good {
        text = text.replace(good, &"_".repeat(good.len()));
    }
    let start = previous.len() + 1;
    pattern.find_iter(&text).any(|found| (start..start + line.len()).contains(&found.start()))
}

/// The line without the indentation and the mark of a comment.
fn without_mark(line: &str) -> &str {
    line.trim_start_matches([' ', '/', '!', '#'])
}

fn compiled(words: &[Word]) -> Vec<(Regex, &Word)> {
    words.iter().map(|word| (Regex::new(word.pattern).unwrap(), word)).collect()
}

#[test]
fn words_that_stop_a_reader_are_in_no_file() {
    let words = compiled(WORDS);
    let mut failures = Failures::default();

    let paths = files_below(&repository(""), &is_wanted);

    assert!(paths.len() > 150, "only {} files", paths.len());
    for path in paths {
        let name = path.strip_prefix(repository("")).unwrap().display().to_string();
        let text = fs::read(&path).unwrap();
        for finding in findings(&name, &String::from_utf8_lossy(&text), &words) {
            failures.add(finding);
        }
    }
    failures.assert_none();
}

#[test]
fn words_are_found_across_lines_and_good_uses_are_not() {
    let text = "/// What is told.\n/// The pattern is\n/// no text; there is no hook. There\n/// is no rule.\nWhat();\n// We know. Who is\n// Who.";
    let words = [
        word(r"\btold\b", "reported"),
        Word { good: &["there is no"], ..word(r"\bis no\b", "is not a") },
    ];

    let found = findings("a.rs", text, &compiled(&words));

    assert_eq!(
        found,
        [
            "a.rs:1: write \"reported\": /// What is told.",
            "a.rs:1: write \"the subject first\": /// What is told.",
            "a.rs:2: write \"is not a\": /// The pattern is",
            "a.rs:6: write \"the subject first\": // We know. Who is",
        ]
    );
}
