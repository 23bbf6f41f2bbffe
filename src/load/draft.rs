//! Loaded rules with the files that they are from, which lints look at.

use std::collections::BTreeMap;

use super::{faults::Faults, inputs::Files};
use crate::{
    problem::Problems,
    rule::{RuleSet, node::Node},
};

/// Loaded rules that may have problems.
pub struct Draft {
    /// The rules that have no problem of their own. They are complete if no file has a problem.
    pub(super) rules: RuleSet,
    /// The rules files, sorted by name.
    pub(super) files: Vec<DraftFile>,
    /// Every file that the load has read, lists included.
    pub(super) read: Files,
}

/// A rules file of a draft.
pub(super) enum DraftFile {
    /// The file was read and is kept for the lints.
    Kept(SourceFile),
    /// The problems of files that could not be read, or are not kept.
    Problems(Problems),
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
    /// The rules, and the files that they are from.
    pub(crate) fn parts(&mut self) -> (&RuleSet, impl Iterator<Item = &mut SourceFile>) {
        let files = self.files.iter_mut().filter_map(|file| match file {
            DraftFile::Kept(file) => Some(file),
            DraftFile::Problems(_) => None,
        });
        (&self.rules, files)
    }

    /// The complete rules, or else every problem of every file, in the order of the files.
    pub fn into_rules(self) -> Result<RuleSet, Problems> {
        self.into_rules_and_files().0
    }

    /// Like [`Self::into_rules`], with every file that the load has read.
    pub(crate) fn into_rules_and_files(self) -> (Result<RuleSet, Problems>, Files) {
        let mut problems = Problems::default();
        for file in self.files {
            match file {
                DraftFile::Kept(file) => {
                    problems.append(file.faults.into_problems(&file.name, &file.text));
                }
                DraftFile::Problems(found) => problems.append(found),
            }
        }
        let rules = if problems.is_empty() { Ok(self.rules) } else { Err(problems) };
        (rules, self.read)
    }
}
