//! Lists in files: the lines of `{ file = "roster.txt" }`, where a check takes a list.

use super::{
    faults::Faults,
    inputs::{Inputs, Unusable},
    part::PART_LISTS,
};
use crate::rule::{
    check::kinds::{Argument, KINDS},
    node::{Content, Entry, Fault, Node, Table},
};

/// Puts the text of each list file in the place of the table that names the file.
pub(super) fn resolve(document: &mut Table, inputs: &mut Inputs, faults: &mut Faults) {
    let mut lists = Lists { inputs, faults };
    for section in &mut document.0 {
        if let Content::Table(section) = &mut section.value.content {
            lists.resolve_section(section);
        }
    }
}

/// The reader of list files.
struct Lists<'l> {
    inputs: &'l mut Inputs,
    faults: &'l mut Faults,
}

impl Lists<'_> {
    fn resolve_section(&mut self, section: &mut Table) {
        for entry in &mut section.0 {
            if entry.key == "rules" {
                for rule in tables(&mut entry.value) {
                    self.resolve_rule(rule);
                }
            }
        }
    }

    /// The checks are in the rule itself or in its parts.
    fn resolve_rule(&mut self, rule: &mut Table) {
        for entry in &mut rule.0 {
            if PART_LISTS.contains(&&*entry.key) {
                for part in tables(&mut entry.value) {
                    self.resolve_part(part);
                }
            } else {
                self.resolve_check(entry);
            }
        }
    }

    fn resolve_part(&mut self, part: &mut Table) {
        for entry in &mut part.0 {
            self.resolve_check(entry);
        }
    }

    fn resolve_check(&mut self, entry: &mut Entry) {
        if takes_list(&entry.key)
            && let Some(file) = file_name(&entry.value)
        {
            entry.value.content = self.read(file, &entry.value);
        }
    }

    fn read(&mut self, file: &str, node: &Node) -> Content {
        match self.inputs.read_list(file) {
            Ok(lines) => Content::Lines(lines),
            Err(Unusable { message, may_pass }) => {
                self.faults.push(Fault { span: node.span.clone(), message });
                if may_pass {
                    self.faults.set_may_pass();
                }
                Content::UnusableFile
            }
        }
    }
}

/// The tables of a list.
fn tables(list: &mut Node) -> Vec<&mut Table> {
    let mut tables = Vec::new();
    if let Content::List(items) = &mut list.content {
        for item in items {
            if let Content::Table(table) = &mut item.content {
                tables.push(table);
            }
        }
    }
    tables
}

/// Whether a check of this key takes a list.
fn takes_list(key: &str) -> bool {
    KINDS.iter().any(|kind| kind.key == key && kind.argument == Argument::List)
}

/// The name in `{ file = "roster.txt" }`.
fn file_name(node: &Node) -> Option<&str> {
    let Content::Table(table) = &node.content else {
        return None;
    };
    match table.0.as_slice() {
        [Entry { key, value: Node { content: Content::Text(name), .. }, .. }] if key == "file" => {
            Some(name)
        }
        _ => None,
    }
}
