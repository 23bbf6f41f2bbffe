//! The report of `check`, for people and as JSON.

use serde::Serialize;

use super::counted;
use crate::{
    escape,
    problem::{Problem, Problems},
};

/// How many notes are kept. The others are only counted.
const MOST_NOTES: usize = 100;

/// The result of `check`.
pub(super) struct CheckReport {
    /// `None` if there is a problem.
    pub(super) valid: Option<ValidRules>,
    pub(super) problems: Problems,
    /// A line for each of `--probe` and `--coverage`.
    pub(super) option_results: Vec<String>,
    pub(super) notes: Notes,
}

/// Valid rules and settings: a summary of the rules, and the warnings of the settings.
pub(super) struct ValidRules {
    /// The rules folder, or the built-in rules, as the start of a sentence.
    pub(super) rules_source: String,
    pub(super) hook_count: usize,
    pub(super) rule_count: usize,
    pub(super) revision: String,
    pub(super) warnings: Vec<String>,
}

/// The first notes, and a count of all.
#[derive(Default)]
pub(super) struct Notes {
    kept: Vec<CheckNote>,
    total: usize,
}

/// A note with its place.
pub(super) struct CheckNote {
    /// The hook and the key of the section. `None` if the note is about a file.
    pub(super) section: Option<(String, &'static str)>,
    /// The place and the message, as a problem has them.
    pub(super) content: Problem,
}

#[derive(Serialize)]
struct ReportJson<'r> {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hooks: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'r str>,
    /// How many problems there are. Only the first ones are listed.
    problem_count: usize,
    problems: Vec<EntryJson<'r>>,
    warnings: &'r [String],
    note_count: usize,
    notes: Vec<EntryJson<'r>>,
    checked: &'r [String],
}

/// A problem or a note.
#[derive(Serialize)]
struct EntryJson<'r> {
    /// A file with its line and column; or a file, a folder, an environment variable, a flag or a setting.
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hook: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'r str>,
    message: String,
    /// The line of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'r str>,
}

impl CheckReport {
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        match &self.valid {
            Some(ValidRules { rules_source, hook_count, rule_count, revision, .. }) => {
                let (hooks, rules) = (counted(*hook_count, "hook"), counted(*rule_count, "rule"));
                text += &format!(
                    "{rules_source}: {hooks}, {rules}, no problems (revision {revision})\n"
                );
            }
            None => {
                for line in self.problems.lines() {
                    text += &format!("{line}\n\n");
                }
            }
        }
        for line in &self.option_results {
            text += &format!("{line}\n");
        }
        for warning in self.warnings() {
            text += &format!("warning: {warning}\n");
        }
        text += &self.notes.to_text();
        if self.valid.is_none() {
            text += &format!("{}\n", counted(self.problems.total(), "problem"));
        }
        escape::lines(&text).into_owned()
    }

    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        let valid = self.valid.as_ref();
        let report = ReportJson {
            valid: valid.is_some(),
            hooks: valid.map(|rules| rules.hook_count),
            rules: valid.map(|rules| rules.rule_count),
            revision: valid.map(|rules| rules.revision.as_str()),
            problem_count: self.problems.total(),
            problems: self.problems.iter().map(EntryJson::of).collect(),
            warnings: self.warnings(),
            note_count: self.notes.total,
            notes: self.notes.kept.iter().map(EntryJson::of_note).collect(),
            checked: &self.option_results,
        };
        Ok(serde_json::to_string_pretty(&report)? + "\n")
    }

    fn warnings(&self) -> &[String] {
        match &self.valid {
            Some(rules) => &rules.warnings,
            None => &[],
        }
    }
}

impl Notes {
    /// Adds a note. After [`MOST_NOTES`] of them, only counts it, without the work of making it.
    pub(super) fn push(&mut self, make_note: impl FnOnce() -> CheckNote) {
        self.total += 1;
        if self.kept.len() < MOST_NOTES {
            self.kept.push(make_note());
        }
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        for CheckNote { section, content } in &self.kept {
            let subject = match section {
                Some((hook, section)) => format!("`{hook}`, `{section}`"),
                None => format!("`{}`", content.place),
            };
            text += &format!("note: {subject}: {}\n", content.message);
        }
        match self.total - self.kept.len() {
            0 => text,
            more => text + "and " + &counted(more, "more note") + "\n",
        }
    }
}

impl<'r> EntryJson<'r> {
    fn of(problem: &'r Problem) -> Self {
        let mut entry = Self {
            place: escape::line(&problem.place).into_owned(),
            file: None,
            line: None,
            column: None,
            hook: None,
            section: None,
            message: escape::line(&problem.message).into_owned(),
            source: problem.source_line(),
        };
        if let Some((file, line, column)) = problem.position() {
            entry.file = Some(escape::line(file).into_owned());
            (entry.line, entry.column) = (Some(line), Some(column));
        }
        entry
    }

    fn of_note(note: &'r CheckNote) -> Self {
        let mut entry = Self::of(&note.content);
        if let Some((hook, section)) = &note.section {
            (entry.hook, entry.section) = (Some(hook.as_str()), Some(*section));
        }
        // A note without a line is about a whole file.
        if entry.file.is_none() {
            entry.file = Some(entry.place.clone());
        }
        entry
    }
}
