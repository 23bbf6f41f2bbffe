//! Reads a table key by key, so that no key is left unread.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::inputs::Inputs;
use crate::{
    nearest::unknown,
    problem::{SpanProblem, SpanProblems},
    rule::{
        Facts,
        check::PatternBudget,
        node::{Entry, Node, Span, Spanned, Table},
    },
};

/// Names that Okta keeps for itself, in lower case. Source: Okta's "User profile types". `password`
/// is one of them: a hook neither gets nor sets it.
const RESERVED: &str = "id profile status transitioningtostatus created activated statuschanged \
    lastlogin lastupdated passwordchanged type realm realmid password credentials _links _embedded \
    class classloader";

/// The state that all tables of a rules file share while they are read.
pub(super) struct FileContext<'l> {
    /// The facts with which examples are judged.
    pub(super) facts: &'l Facts,
    pub(super) patterns: &'l PatternBudget,
    pub(super) inputs: &'l RefCell<Inputs>,
    pub(super) problems: RefCell<SpanProblems>,
    /// The ids of the rules so far.
    pub(super) ids: RefCell<BTreeSet<String>>,
    /// Whether lists are kept for the lints.
    pub(super) keeps_lists: bool,
    /// The lists that lints look at, by their first byte.
    pub(super) kept_lists: RefCell<BTreeMap<usize, Node>>,
}

impl FileContext<'_> {
    /// Keeps a list, if the rules are to be linted.
    pub(super) fn keep_list(&self, list: &Node) {
        if self.keeps_lists {
            self.kept_lists.borrow_mut().insert(list.span.start, list.clone());
        }
    }
}

/// A table that is being read. A key is known once it was asked for.
pub(super) struct Fields<'f> {
    /// The whole table, to look at a key without making it a known one.
    pub(super) table: &'f Table,
    /// The place of problems of the table as a whole, such as a missing key.
    span: Span,
    asked: RefCell<Vec<&'static str>>,
    pub(super) file: &'f FileContext<'f>,
}

impl<'f> Fields<'f> {
    /// The top-level table of a file.
    pub(super) fn new(table: &'f Table, file: &'f FileContext<'f>) -> Self {
        Self { table, span: 0..0, asked: RefCell::default(), file }
    }

    /// A table in this one. Reports a value that is not a table.
    pub(super) fn table_in(&self, node: &'f Node) -> Option<Self> {
        let table = self.ok_or_report(node.table())?;
        let (span, asked) = (node.span.clone(), RefCell::default());
        Some(Self { table, span, asked, ..*self })
    }

    /// The tables of a list in this table. Reports those that are not tables.
    pub(super) fn tables_in(&self, list: &'f Node) -> Vec<Self> {
        let mut tables = Vec::new();
        for item in self.ok_or_report(list.list()).unwrap_or_default() {
            if let Some(table) = self.table_in(item) {
                tables.push(table);
            }
        }
        tables
    }

    /// How many problems the whole file has so far.
    pub(super) fn problem_count(&self) -> usize {
        self.file.problems.borrow().total()
    }

    /// The entry of a key, if the table has it.
    pub(super) fn entry(&self, key: &'static str) -> Option<&'f Entry> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Reads the value of a key. Returns `None` if the key is absent or its value has a problem.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&'f Node) -> Result<T, SpanProblem>,
    ) -> Option<T> {
        self.ok_or_report(read(&self.entry(key)?.value))
    }

    /// Reads the value of a key. Reports an absent key.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&'f Node) -> Result<T, SpanProblem>,
    ) -> Option<T> {
        match self.entry(key) {
            Some(entry) => self.ok_or_report(read(&entry.value)),
            None => {
                self.report(self.problem(format!("`{key}` is missing")));
                None
            }
        }
    }

    /// Unwraps `Ok`. Reports the problems and returns `None` otherwise.
    pub(super) fn ok_or_report<T>(&self, result: Result<T, impl Into<SpanProblems>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problems) => {
                self.file.problems.borrow_mut().append(problems.into());
                None
            }
        }
    }

    /// A problem of the table as a whole.
    pub(super) fn problem(&self, message: impl Into<String>) -> SpanProblem {
        SpanProblem::at(self.span.clone(), message)
    }

    pub(super) fn report(&self, problem: SpanProblem) {
        self.file.problems.borrow_mut().push(problem);
    }

    /// Reads the name of an attribute.
    pub(super) fn read_attribute_name(&self, node: &Node) -> Option<Spanned<String>> {
        let name = self.ok_or_report(node.text())?;
        self.ok_or_report(require_attribute_name(name, node))?;
        Some(Spanned::new(name.to_owned(), node.span.clone()))
    }

    /// Reports every key that was not asked for.
    pub(super) fn report_unknown_keys(&self) {
        let asked = self.asked.borrow();
        for entry in &self.table.0 {
            if asked.contains(&&*entry.key) {
                continue;
            }
            let mut problems = self.file.problems.borrow_mut();
            if problems.is_full() {
                // It would take time to look for the nearest name.
                problems.count_one();
            } else {
                problems.push(entry.problem(unknown("key", &entry.key, asked.iter().copied())));
            }
        }
    }
}

/// Succeeds if an attribute may have this name, which the file gives at the node.
pub(super) fn require_attribute_name(name: &str, node: &Node) -> Result<(), SpanProblem> {
    if RESERVED.split(' ').any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        let message = format!("Okta keeps the name `{name}` for itself; no attribute has it");
        return Err(node.problem(message));
    }
    if !name.chars().all(is_name_letter) {
        return Err(node.problem(format!(
            "`{name}` is not a name of an attribute; write one as in `data.userProfile`, such as `email`"
        )));
    }
    Ok(())
}

fn is_name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '-'
}
