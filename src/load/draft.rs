//! Loaded rules with the files that they are from, which lints look at.

use std::collections::BTreeMap;

use super::{faults::Faults, inputs::Files};
use crate::{
    problem::Problems,
    rule::{RuleSet, node::Node},
};

/// Loaded rules that may have problems.
pub struct Draft {
    /// The rules that have no problem of their own. They are complete if there is no problem.
    pub(crate) rules: RuleSet,
    /// The rules files, if they are kept for the lints.
    pub(crate) files: Vec<SourceFile>,
    /// The problems of files that are not kept, or could not be read.
    pub(super) problems: Problems,
    /// Every file that the load has read, lists included.
    pub(super) read: Files,
}

/// A rules file that was read.
pub(crate) struct SourceFile {
    pub(crate) hook: String,
    /// The name of the file in problems.
    pub(super) name: String,
    pub(super) text: String,
    /// The lists that lints look at, by their first byte.
    pub(crate) lists: BTreeMap<usize, Node>,
    pub(crate) faults: Faults,
}

impl Draft {
    /// The complete rules, or else every problem of every file.
    pub fn into_rules(self) -> Result<RuleSet, Problems> {
        self.into_rules_and_files().0
    }

    /// Like [`Self::into_rules`], with every file that the load has read.
    pub(crate) fn into_rules_and_files(self) -> (Result<RuleSet, Problems>, Files) {
        let mut problems = self.problems;
        for SourceFile { name, text, faults, .. } in self.files {
            problems.append(faults.into_problems(&name, &text));
        }
        let rules = if problems.is_empty() { Ok(self.rules) } else { Err(problems) };
        (rules, self.read)
    }
}
