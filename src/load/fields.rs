//! Reading a table key by key, so that no key goes unread.

use std::{cell::RefCell, ops::Range};

use super::Scrutiny;
use crate::{
    nearest::did_you_mean,
    org::Org,
    rule::node::{Entry, Fault, Node, Table},
};

/// A table being read. Every key asked for is a known one; [`Fields::finish`] complains of others.
pub(super) struct Fields<'n, 'f> {
    table: &'n Table,
    span: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
    faults: &'f RefCell<Vec<Fault>>,
    pub(super) scrutiny: &'f Scrutiny<'f>,
    /// Whether this is of the section for registrations.
    pub(super) registration: bool,
}

impl<'n, 'f> Fields<'n, 'f> {
    /// Starts reading a file.
    pub(super) fn new(
        table: &'n Table,
        scrutiny: &'f Scrutiny<'f>,
        faults: &'f RefCell<Vec<Fault>>,
    ) -> Self {
        let asked = RefCell::default();
        Self { table, span: 0..0, asked, faults, scrutiny, registration: false }
    }

    /// Starts reading a table within this one; `span` is where a missing key is complained of.
    pub(super) fn child(&self, table: &'n Table, span: Range<usize>) -> Self {
        Self { table, span, asked: RefCell::default(), ..*self }
    }

    /// How many faults there are so far.
    pub(super) fn fault_count(&self) -> usize {
        self.faults.borrow().len()
    }

    /// The whole table, for what is read from several keys at once.
    pub(super) fn table(&self) -> &'n Table {
        self.table
    }

    /// The entry of this key, if it is there.
    pub(super) fn entry(&self, key: &'static str) -> Option<&'n Entry> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// The value of this key, read by `read`; nothing where it is absent or at fault.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&'n Node) -> Result<T, Fault>,
    ) -> Option<T> {
        self.keep(read(&self.entry(key)?.value))
    }

    /// The value of this key, read by `read`; a fault where it is absent.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&'n Node) -> Result<T, Fault>,
    ) -> Option<T> {
        if let Some(entry) = self.entry(key) {
            return self.keep(read(&entry.value));
        }
        self.fault(format!("`{key}` is missing"));
        None
    }

    /// The value, or the fault told and nothing.
    pub(super) fn keep<T>(&self, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.faults.borrow_mut().push(fault)).ok()
    }

    /// Tells a fault of the table as a whole.
    pub(super) fn fault(&self, message: impl Into<String>) {
        self.push(self.span.clone(), message);
    }

    /// Tells a fault at a place.
    pub(super) fn push(&self, span: Range<usize>, message: impl Into<String>) {
        self.faults.borrow_mut().push(Fault { span, message: message.into() });
    }

    /// Tells what the org, if one is known, has against this, where somebody is `new` or not.
    pub(super) fn ask(&self, node: &Node, what: impl FnOnce(&Org, bool) -> Option<String>) {
        let why = self.scrutiny.org.and_then(|org| what(org, self.registration));
        self.keep(why.map_or(Ok(()), |why| Err(node.fault(why))));
    }

    /// Tells several.
    pub(super) fn extend(&self, faults: Vec<Fault>) {
        self.faults.borrow_mut().extend(faults);
    }

    /// Complains of every key that was not asked for.
    pub(super) fn finish(&self) {
        let asked = self.asked.borrow();
        for entry in &self.table.0 {
            if !asked.contains(&entry.key.as_str()) {
                let suggestion = did_you_mean(&entry.key, asked.iter().copied());
                let key = &entry.key;
                self.push(entry.key_span.clone(), format!("unknown key `{key}`{suggestion}"));
            }
        }
    }
}
