//! Loaded rules with the files that they are from.

use std::collections::BTreeMap;

use super::inputs::{Files, UnreadEntry};
use crate::{
    problem::{Problem, Problems, SourceText, SpanProblem, SpanProblems},
    rule::{RuleSet, node::Span},
};

/// Loaded rules that may have problems.
pub struct Draft {
    /// The rules that have no problem. The set is complete only if the draft has no problem.
    pub(crate) rules: RuleSet,
    /// The rules files by the names of their hooks. Empty unless the load is for
    /// [`Purpose::Inspect`](super::Purpose::Inspect).
    pub(super) kept_files: BTreeMap<String, SourceFile>,
    /// The problems of the folder, and of files that are not kept.
    pub(super) problems: Problems,
    /// Every file that the load has read, lists included.
    pub(super) files_read: Files,
    /// The entries of the rules folder that were not read. Empty unless the load is for
    /// [`Purpose::Inspect`](super::Purpose::Inspect).
    pub(crate) unread: Vec<UnreadEntry>,
}

/// The outcome of a load.
pub(crate) struct Loaded {
    /// The complete rules, or else every problem of every file.
    pub(crate) rules: Result<RuleSet, Problems>,
    /// Every file that the load has read, lists included.
    pub(crate) files: Files,
}

/// A rules file that was read.
pub(super) struct SourceFile {
    /// The name of the file in problems.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) problems: SpanProblems,
}

impl Draft {
    /// Adds problems that lints found in the rules of a hook. Drops the problems if the load has kept no files:
    /// without the text of the file, they would have no line.
    pub(crate) fn add_problems(&mut self, hook: &str, problems: SpanProblems) {
        if let Some(file) = self.kept_files.get_mut(hook) {
            file.problems.append(problems);
        }
    }

    /// Whether the rules are complete: no file has a problem.
    pub(crate) fn is_valid(&self) -> bool {
        self.problems.is_empty() && self.kept_files.values().all(|file| file.problems.is_empty())
    }

    /// Makes a problem of a message about a hook. Its place is this span of the hook's file, or else the file
    /// as a whole.
    pub(crate) fn locate(&self, hook: &str, span: Option<Span>, message: String) -> Problem {
        match (self.kept_files.get(hook), span) {
            (Some(SourceFile { name, text, .. }), Some(span)) => {
                SourceText::new(name, text).locate(SpanProblem::at(span, message))
            }
            (Some(SourceFile { name, .. }), None) => Problem::named(name, message),
            (None, _) => Problem::named(hook, message),
        }
    }

    /// The complete rules, or else every problem of every file.
    pub fn into_rules(self) -> Result<RuleSet, Problems> {
        self.into_loaded().rules
    }

    /// Like [`Self::into_rules`], with every file that the load has read.
    pub(crate) fn into_loaded(self) -> Loaded {
        let mut problems = self.problems;
        for file in self.kept_files.into_values() {
            problems.append(file.into_problems());
        }
        let rules = if problems.is_empty() { Ok(self.rules) } else { Err(problems) };
        Loaded { rules, files: self.files_read }
    }
}

impl SourceFile {
    /// The problems of the file, in the order of its text.
    pub(super) fn into_problems(self) -> Problems {
        let mut source = SourceText::new(&self.name, &self.text);
        self.problems.located(|problem| source.locate(problem))
    }
}
