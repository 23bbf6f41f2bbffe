//! Reading a table key by key, so that no key goes unread.

use std::{cell::RefCell, ops::Range};

use super::{Lints, faults::Faults};
use crate::{
    nearest::unknown,
    okta::Flow,
    org::Org,
    rule::node::{Entry, Fault, Node, Table},
};

/// Names that no attribute has, in lower case: Okta keeps them for itself. Source: its "User profile
/// types". `password` is among them; a hook neither gets nor sets it.
const RESERVED: &str = "id profile status transitioningtostatus created activated statuschanged \
    lastlogin lastupdated passwordchanged type realm realmid password credentials _links _embedded \
    class classloader";

/// A table being read. Every key asked for is a known one; [`Fields::finish`] complains of others.
pub(super) struct Fields<'n, 'f> {
    /// The whole table, for what is read from several keys at once.
    pub(super) table: &'n Table,
    /// Where a missing key is complained of.
    span: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
    faults: &'f RefCell<Faults>,
    pub(super) lints: &'f Lints,
    /// The flow of the section that this is part of.
    pub(super) flow: Flow,
}

impl<'n, 'f> Fields<'n, 'f> {
    /// Starts reading a file.
    pub(super) fn new(table: &'n Table, lints: &'f Lints, faults: &'f RefCell<Faults>) -> Self {
        let asked = RefCell::default();
        Self { table, span: 0..0, asked, faults, lints, flow: Flow::SelfServiceRegistration }
    }

    /// Starts reading a table within this one.
    pub(super) fn child(&self, node: &'n Node) -> Option<Self> {
        let (table, span) = (self.keep(node.table())?, node.span.clone());
        Some(Self { table, span, asked: RefCell::default(), ..*self })
    }

    /// What `read` makes of each table in a list; nothing if any of them is at fault.
    pub(super) fn each<T>(
        &self,
        list: &'n Node,
        mut read: impl FnMut(Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let tables = self.keep(list.list())?.iter().map(|item| read(self.child(item)?));
        tables.collect::<Vec<_>>().into_iter().collect()
    }

    pub(super) fn fault_count(&self) -> usize {
        self.faults.borrow().count()
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
        let missing = || self.fault(format!("`{key}` is missing"));
        self.keep(self.entry(key).ok_or_else(missing).and_then(|entry| read(&entry.value)))
    }

    /// The value, or the faults told and nothing.
    pub(super) fn keep<T>(&self, read: Result<T, impl Into<Vec<Fault>>>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(faults) => {
                for fault in faults.into() {
                    self.tell(fault);
                }
                None
            }
        }
    }

    /// A fault of the table as a whole.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { span: self.span.clone(), message: message.into() }
    }

    pub(super) fn tell(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    /// The name of an attribute, which the org may have something `against`.
    pub(super) fn name<'a>(
        &self,
        node: &'a Node,
        against: impl FnOnce(&Org, &'a str, Flow) -> Option<String>,
    ) -> Option<&'a str> {
        let name = self.keep(node.text())?;
        if let Some(why) = misnamed(name) {
            return self.keep(Err(node.fault(why)));
        }
        self.ask(node, |org, flow| against(org, name, flow));
        Some(name)
    }

    /// Reports what the org has against this in the section's flow.
    pub(super) fn ask(&self, node: &Node, what: impl FnOnce(&Org, Flow) -> Option<String>) {
        let why = what(&self.lints.org, self.flow);
        if let Some(why) = why {
            self.tell(node.fault(why));
        }
    }

    /// Complains of every key that was not asked for.
    pub(super) fn finish(&self) {
        let asked = self.asked.borrow();
        let strays = self.table.0.iter().filter(|entry| !asked.contains(&entry.key.as_str()));
        for entry in strays {
            // To look for the nearest name costs time, and may be for nothing.
            if self.faults.borrow().is_full() {
                self.faults.borrow_mut().add_count(1);
            } else {
                self.tell(entry.fault(unknown("key", &entry.key, asked.iter().copied())));
            }
        }
    }
}

/// Why no attribute has this name.
pub(super) fn misnamed(name: &str) -> Option<String> {
    let fits = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    if RESERVED.split(' ').any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        return Some(format!("Okta keeps the name `{name}` for itself; no attribute has it"));
    }
    let why = || {
        format!(
            "`{name}` is no attribute's name; write one as in `data.userProfile`, such as `email`"
        )
    };
    (!name.chars().all(fits)).then(why)
}
