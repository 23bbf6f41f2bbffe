//! Loaded rules with the files that they are from, which lints look at.

use std::collections::BTreeMap;

use crate::{
    problem::{Problems, SourceText, SpanProblems},
    rule::{
        RuleSet,
        node::{Content, Node, Table},
    },
};

/// Loaded rules that may have problems.
pub struct Draft {
    /// The rules that have no problem of their own. They are complete if no file has a problem.
    pub(crate) rules: RuleSet,
    /// The problems of the files that could not be read, or are not kept.
    pub(super) problems: Problems,
    /// The rules files that are kept, sorted by name.
    pub(crate) files: Vec<SourceFile>,
}

/// A rules file that was read.
pub(crate) struct SourceFile {
    pub(crate) hook: String,
    /// The name of the file in problems.
    pub(super) name: String,
    pub(super) text: String,
    pub(crate) document: Table,
    pub(crate) problems: SpanProblems,
}

impl Draft {
    /// The complete rules.
    ///
    /// # Errors
    ///
    /// Every problem of every file, if there is one.
    pub fn into_rules(self) -> Result<RuleSet, Problems> {
        let mut problems = self.problems;
        for file in self.files {
            problems.append(file.into_problems());
        }
        if problems.is_empty() { Ok(self.rules) } else { Err(problems) }
    }
}

impl SourceFile {
    /// The problems of the file in its order.
    pub(super) fn into_problems(self) -> Problems {
        let mut source = SourceText::new(&self.name, &self.text);
        self.problems.located(|problem| source.locate(problem))
    }
}

/// The lists of a document by their first byte. No other value starts where a list does.
pub(crate) struct ListIndex<'n>(BTreeMap<usize, &'n Node>);

impl<'n> ListIndex<'n> {
    /// The lists of this document.
    pub(crate) fn new(document: &'n Table) -> Self {
        let mut index = Self(BTreeMap::new());
        index.add_table(document);
        index
    }

    /// The list that starts at this byte.
    pub(crate) fn starting_at(&self, byte: usize) -> Option<&'n Node> {
        self.0.get(&byte).copied()
    }

    fn add_table(&mut self, table: &'n Table) {
        for entry in &table.0 {
            self.add(&entry.value);
        }
    }

    fn add(&mut self, node: &'n Node) {
        match &node.content {
            Content::List(items) => {
                self.0.insert(node.span.start, node);
                for item in items {
                    self.add(item);
                }
            }
            Content::Lines(_) => {
                self.0.insert(node.span.start, node);
            }
            Content::Table(table) => self.add_table(table),
            _ => {}
        }
    }
}
