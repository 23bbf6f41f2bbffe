//! Reads a table key by key. Reports the keys that no reader claims.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{inputs::Inputs, part_numbers::PartNumbers};
use crate::{
    nearest::{nearest, unknown},
    problem::{SpanProblem, SpanProblems},
    rule::{
        Facts,
        attribute_name::require_attribute_name,
        check::{PatternBudget, WorkBudget},
        lookup::{Lookup, SourceKinds},
        node::{Entry, Node, Span, Spanned, Table},
        set::{Step, steps_of_normalize},
        value_name::{Scope, ValueName},
    },
};

/// The state that all tables of a rules file share while they are read.
pub(super) struct FileContext<'l> {
    /// The name of the hook.
    pub(super) hook: &'l str,
    /// The facts with which examples are judged.
    pub(super) facts: &'l Facts,
    /// The sources that lookups may name.
    pub(super) sources: &'l SourceKinds,
    /// The work that the examples of all files may still take.
    pub(super) example_work: &'l WorkBudget,
    /// The memory that the patterns of all files may still take.
    pub(super) patterns: &'l PatternBudget,
    /// The reader of list files.
    pub(super) inputs: &'l RefCell<Inputs>,
    pub(super) problems: RefCell<SpanProblems>,
    /// The ids of the rules so far.
    pub(super) ids: RefCell<BTreeSet<String>>,
    /// The numbers of the parts of the section that is being read.
    pub(super) part_numbers: RefCell<PartNumbers>,
    /// Whether the rules are inspected. The rules then keep their lists, for lints.
    pub(super) is_inspection: bool,
}

impl FileContext<'_> {
    /// A copy of a list, if the rules are inspected.
    pub(super) fn copy_of_list(&self, list: &Node) -> Option<Node> {
        if self.is_inspection { Some(list.clone()) } else { None }
    }
}

/// A table that is being read. A reader claims each key that it knows. The other keys are reported as unknown.
pub(super) struct Fields<'f> {
    /// The whole table. A reader may look at a key here without claiming it.
    pub(super) table: &'f Table,
    /// The place of problems of the table as a whole, such as a missing key.
    span: Span,
    /// The keys that a reader has claimed, whether the table has them or not.
    known_keys: RefCell<Vec<&'static str>>,
    /// The missing keys, which are reported after the unknown ones.
    missing: RefCell<Vec<MissingKey>>,
    /// The keys that are not reported as missing, since the misspelt or misplaced key is already reported.
    not_missing: RefCell<Vec<&'static str>>,
    pub(super) file: &'f FileContext<'f>,
    /// The values that names in the table may refer to.
    pub(super) scope: &'f Scope,
    /// The lookups of the section.
    pub(super) lookups: &'f [Lookup],
    /// The attributes that the section normalizes.
    pub(super) normalized: Rc<BTreeMap<String, Vec<Step>>>,
}

/// A key that is missing.
struct MissingKey {
    /// One of these keys is needed.
    keys: Vec<&'static str>,
    problem: SpanProblem,
}

/// Keys that belong to another table than the one that has them.
pub(super) struct Misplaced<'m> {
    pub(super) keys: &'static [&'static str],
    /// Completes "the key …".
    pub(super) hint: &'m str,
}

impl<'f> Fields<'f> {
    /// The top-level table of a file. Problems of the table as a whole are at the beginning of the file.
    pub(super) fn new(table: &'f Table, file: &'f FileContext<'f>, scope: &'f Scope) -> Self {
        Self {
            table,
            span: 0..0,
            known_keys: RefCell::default(),
            missing: RefCell::default(),
            not_missing: RefCell::default(),
            file,
            scope,
            lookups: &[],
            normalized: Rc::default(),
        }
    }

    /// The same table, read as a section: names in it refer to this scope and these lookups, and its `set`
    /// determines which attributes are normalized.
    pub(super) fn in_scope<'s>(self, scope: &'s Scope, lookups: &'s [Lookup]) -> Fields<'s>
    where
        'f: 's,
    {
        let normalized = Rc::new(steps_of_normalize(self.table));
        Fields { scope, lookups, normalized, ..self }
    }

    /// A table in this one. Reports a value that is not a table, with an example of one.
    pub(super) fn table_in(&self, node: &'f Node, example: &str) -> Option<Self> {
        let table = self.ok_or_report(node.table(example))?;
        let fields = Self::new(table, self.file, self.scope);
        Some(Self {
            span: node.span.clone(),
            lookups: self.lookups,
            normalized: self.normalized.clone(),
            ..fields
        })
    }

    /// The tables of a list in this table. Reports those that are not tables, with an example of one.
    pub(super) fn tables_in(&self, list: &'f Node, example: &str) -> Vec<Self> {
        let mut tables = Vec::new();
        let items = list.list(&format!("[{example}]"));
        for item in self.ok_or_report(items).unwrap_or_default() {
            if let Some(table) = self.table_in(item, example) {
                tables.push(table);
            }
        }
        tables
    }

    /// How many problems the whole file has so far. Readers compare the counts before and after a
    /// step, to learn whether the step reported a problem.
    pub(super) fn problem_count(&self) -> usize {
        self.file.problems.borrow().total()
    }

    /// Claims a key, so that it is not reported as unknown. Returns its entry, if the table has it.
    pub(super) fn claim(&self, key: &'static str) -> Option<&'f Entry> {
        let mut known = self.known_keys.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        self.table.get(key)
    }

    /// Claims a key and reads its value. Returns `None` if the key is absent, or if its value has a problem, which
    /// is reported.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&'f Node) -> Result<T, SpanProblem>,
    ) -> Option<T> {
        self.ok_or_report(read(&self.claim(key)?.value))
    }

    /// Claims a key and reads its value. Reports an absent key, and a problem of the value.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&'f Node) -> Result<T, SpanProblem>,
    ) -> Option<T> {
        match self.claim(key) {
            Some(entry) => self.ok_or_report(read(&entry.value)),
            None => {
                self.report_missing(&[key], format!("`{key}` is missing"));
                None
            }
        }
    }

    /// Claims a key and returns its value, which may be of any type. Reports an absent key.
    pub(super) fn required_node(&self, key: &'static str) -> Option<&'f Node> {
        self.required(key, Ok)
    }

    /// Unwraps `Ok`. Reports the problems and returns `None` otherwise.
    pub(super) fn ok_or_report<T>(&self, result: Result<T, impl Into<SpanProblems>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problems) => {
                self.report_all(problems.into());
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

    pub(super) fn report_all(&self, problems: SpanProblems) {
        self.file.problems.borrow_mut().append(problems);
    }

    /// Reads the name of an attribute.
    pub(super) fn read_attribute_name(&self, node: &Node) -> Option<Spanned<String>> {
        let name = self.ok_or_report(node.text())?;
        self.ok_or_report(require_attribute_name(name, node))?;
        Some(Spanned::new(name.to_owned(), node.span.clone()))
    }

    /// Reads the name of a value.
    pub(super) fn read_value_name(&self, node: &Node) -> Option<Spanned<ValueName>> {
        let name = self.ok_or_report(ValueName::read_name(node, self.scope))?;
        Some(Spanned::new(name, node.span.clone()))
    }

    /// Reports, after the unknown keys, that one of `keys` is needed. If one of `keys` turns out to be misspelt or
    /// misplaced, only the misspelt or misplaced key is reported.
    pub(super) fn report_missing(&self, keys: &[&'static str], message: impl Into<String>) {
        let (keys, problem) = (keys.to_vec(), self.problem(message));
        self.missing.borrow_mut().push(MissingKey { keys, problem });
    }

    /// Does not report this key as missing from this table, because it, or what stands for it, is elsewhere and
    /// reported there.
    pub(super) fn suppress_missing(&self, key: &'static str) {
        self.not_missing.borrow_mut().push(key);
    }

    /// Reports every key that no reader has claimed, then the keys that are missing.
    pub(super) fn report_unknown_keys(&self) {
        self.report_unknown_and_misplaced_keys(&[]);
    }

    /// Like [`Self::report_unknown_keys`], with a hint for keys that belong to another table.
    pub(super) fn report_unknown_and_misplaced_keys(&self, misplaced: &[Misplaced<'_>]) {
        for entry in &self.table.0 {
            if !self.known_keys.borrow().contains(&entry.key.as_str()) {
                self.report_unknown_key(entry, misplaced);
            }
        }
        let not_missing = self.not_missing.take();
        for MissingKey { keys, problem } in self.missing.take() {
            if !keys.iter().any(|key| not_missing.contains(key)) {
                self.report(problem);
            }
        }
    }

    fn report_unknown_key(&self, entry: &Entry, misplaced: &[Misplaced<'_>]) {
        let mut problems = self.file.problems.borrow_mut();
        if problems.is_full() {
            // The message would not be kept, and the search for the nearest name takes time.
            problems.count_one();
            return;
        }
        let known = self.known_keys.borrow();
        let message = match hint_for(&entry.key, misplaced) {
            Some(hint) => format!("`{}` {hint}", entry.key),
            None => {
                if let Some(meant) = nearest(&entry.key, &known) {
                    self.not_missing.borrow_mut().push(meant);
                }
                unknown("key", &entry.key, known.iter().copied())
            }
        };
        // A misspelt key may be the reason for other problems of the table, so its problem is shown before those.
        problems.push(entry.problem(message).explaining_from(self.span.start));
    }
}

fn hint_for<'m>(key: &str, misplaced: &[Misplaced<'m>]) -> Option<&'m str> {
    let found = misplaced.iter().find(|misplaced| misplaced.keys.contains(&key))?;
    Some(found.hint)
}
