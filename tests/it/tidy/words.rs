//! Words that no comment, message, document or script has, since a reader would stop at them.

use std::{fs, path::Path};

use regex_automata::meta::Regex;

use super::source::files_below;
use crate::support::{Failures, repository};

/// Words to avoid.
struct Word {
    pattern: &'static str,
    /// Uses of these words that are good English.
    good: &'static [&'static str],
    instead: &'static str,
    /// The folder in which to avoid it. `""` means everywhere.
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

/// The extensions of files with prose.
const PROSE_EXTENSIONS: &[&str] =
    &["rs", "md", "toml", "py", "mjs", "sh", "yml", "yaml", "service", "json", ""];
/// Data, and texts that others wrote.
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
    // It lists the words themselves.
    "words.rs",
];

/// Whether this path is the user's, so that its words are not ours to check.
fn is_of_user(path: &Path) -> bool {
    path == repository("rules") || path == repository("registration-hook.toml")
}

fn is_wanted(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    let extension = path.extension().unwrap_or_default().to_str().unwrap();
    !is_of_user(path)
        && !SKIPPED.contains(&name)
        && (path.is_dir() || PROSE_EXTENSIONS.contains(&extension))
}

/// The words to avoid in a text, each with its place and the words to write instead.
fn findings(name: &str, text: &str, words: &[(Regex, &Word)]) -> Vec<String> {
    let noun_clause = Regex::new(NOUN_CLAUSE).unwrap();
    let mut found = Vec::new();
    let mut previous = "";
    let mut lines = text.lines().peekable();
    let mut number = 0;
    while let Some(line) = lines.next() {
        number += 1;
        let mut instead = Vec::new();
        for (pattern, word) in words {
            let next = lines.peek().unwrap_or(&"");
            let is_in_folder = name.starts_with(word.folder);
            if is_in_folder && has_word(word, pattern, previous, line, next) {
                instead.push(word.instead);
            }
        }
        if has_noun_clause(&noun_clause, name, previous, line) {
            instead.push("the subject first");
        }
        for words in instead {
            found.push(format!("{name}:{number}: write \"{words}\": {}", line.trim()));
        }
        previous = line;
    }
    found
}

/// Whether a sentence begins in this line, and with a noun clause.
fn has_noun_clause(pattern: &Regex, name: &str, previous: &str, line: &str) -> bool {
    let Some(prose) = prose_of(name, line) else {
        return false;
    };
    let Some(clause) = pattern.find(prose) else {
        return false;
    };
    let before = prose_of(name, previous).unwrap_or_default();
    let starts_with_sentence = before.is_empty() || before.ends_with(['.', ':', '|', '?']);
    clause.start() > 0 || starts_with_sentence
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

/// Whether the words of the pattern begin in `line`. They may end in `next`.
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
