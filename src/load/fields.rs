//! Reads a table key by key, so that no key is left unread.

use std::cell::RefCell;

use super::attributes::require_attribute_name;
use crate::{
    nearest::unknown,
    problem::{SpanProblem, SpanProblems},
    rule::{
        check::PatternBudget,
        node::{Entry, Node, Span, Spanned, Table},
    },
};

/// A table that is being read. A key is known once it was asked for.
pub(super) struct Fields<'n, 'f> {
    /// The whole table, to look at a key without making it a known one.
    pub(super) table: &'n Table,
    /// The place of problems of the table as a whole, such as a missing key.
    span: Span,
    asked: RefCell<Vec<&'static str>>,
    problems: &'f RefCell<SpanProblems>,
    pub(super) patterns: &'f PatternBudget,
}

impl<'n, 'f> Fields<'n, 'f> {
    /// The top-level table of a file.
    pub(super) fn new(
        table: &'n Table,
        problems: &'f RefCell<SpanProblems>,
        patterns: &'f PatternBudget,
    ) -> Self {
        Self { table, span: 0..0, asked: RefCell::default(), problems, patterns }
    }

    /// A table in this one. Reports a value that is not a table.
    pub(super) fn table_in(&self, node: &'n Node) -> Option<Self> {
        let table = self.ok_or_report(node.table())?;
        let (span, asked) = (node.span.clone(), RefCell::default());
        Some(Self { table, span, asked, ..*self })
    }

    /// The tables of a list in this table. Reports those that are not tables.
    pub(super) fn tables_in(&self, list: &'n Node) -> Vec<Self> {
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
        self.problems.borrow().count()
    }

    /// The entry of a key, if the table has it.
    pub(super) fn entry(&self, key: &'static str) -> Option<&'n Entry> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Reads the value of a key. Returns `None` if the key is absent or its value has a problem.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&'n Node) -> Result<T, SpanProblem>,
    ) -> Option<T> {
        self.ok_or_report(read(&self.entry(key)?.value))
    }

    /// Reads the value of a key. Reports an absent key.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&'n Node) -> Result<T, SpanProblem>,
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
    pub(super) fn ok_or_report<T>(&self, read: Result<T, impl Into<SpanProblems>>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(problems) => {
                self.problems.borrow_mut().append(problems.into());
                None
            }
        }
    }

    /// A problem of the table as a whole.
    pub(super) fn problem(&self, message: impl Into<String>) -> SpanProblem {
        SpanProblem::at(self.span.clone(), message)
    }

    pub(super) fn report(&self, problem: SpanProblem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Reads the name of an attribute.
    pub(super) fn read_attribute_name(&self, node: &Node) -> Option<Spanned<String>> {
        let name = self.ok_or_report(node.text())?;
        match require_attribute_name(name) {
            Ok(()) => Some(Spanned::new(name.to_owned(), node.span.clone())),
            Err(problem) => {
                self.report(node.problem(problem));
                None
            }
        }
    }

    /// Reports every key that was not asked for.
    pub(super) fn report_unknown_keys(&self) {
        let asked = self.asked.borrow();
        for entry in &self.table.0 {
            if asked.contains(&&*entry.key) {
                continue;
            }
            let mut problems = self.problems.borrow_mut();
            if problems.is_full() {
                // It would take time to look for the nearest name.
                problems.count_one();
            } else {
                problems.push(entry.problem(unknown("key", &entry.key, asked.iter().copied())));
            }
        }
    }
}
