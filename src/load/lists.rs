//! Lists in files: the lines of `{ file = "roster.txt" }`, where a check takes a list.

use super::{inputs::Inputs, part::PART_LISTS};
use crate::{
    problem::SpanProblems,
    rule::{
        check::kinds::{Argument, KINDS},
        node::{Content, Entry, Node, Table},
    },
};

/// Puts the text of each list file in the place of the table that names the file.
pub(super) fn resolve(document: &mut Table, inputs: &mut Inputs, problems: &mut SpanProblems) {
    let mut lists = Lists { inputs, problems };
    for section in &mut document.0 {
        if let Content::Table(section) = &mut section.value.content {
            lists.resolve_section(section);
        }
    }
}

/// The reader of list files.
struct Lists<'l> {
    inputs: &'l mut Inputs,
    problems: &'l mut SpanProblems,
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
            entry.value.content = self.read_list(file, &entry.value);
        }
    }

    fn read_list(&mut self, file: &str, node: &Node) -> Content {
        match self.inputs.read_list(file, &node.span) {
            Ok(lines) => Content::Lines(lines),
            Err(problem) => {
                self.problems.push(problem);
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
