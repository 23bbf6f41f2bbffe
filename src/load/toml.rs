//! TOML → a [`Table`], in the file's order, with every fault of syntax and the lists from files.

use std::{cell::RefCell, ops::Range, rc::Rc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    faults::Faults,
    inputs::{Inputs, Unusable},
};
use crate::{
    rule::node::{Content, Entry, Fault, Node, Table},
    toml_bound::{Parsed, SyntaxFault, parse},
};

/// The keys whose value may be a list from a file.
const LISTS: [&str; 4] = ["domains", "not_domains", "one_of", "not_one_of"];

/// What a rules file is read with.
pub(super) struct Reader<'r> {
    /// The folder's files, those with lists among them.
    pub(super) inputs: &'r mut Inputs,
    pub(super) faults: &'r RefCell<Faults>,
}

impl Reader<'_> {
    /// The document's top-level table; what can be made of it where the syntax is at fault.
    pub(super) fn read(mut self, text: &str) -> Table {
        let Parsed { document, faults } = parse(text);
        for SyntaxFault { span, mut message } in faults {
            // The likeliest slip.
            if message.contains("escape") {
                message += "; in single quotes a backslash is no more than that";
            }
            self.tell(Fault { span, message });
        }
        self.table(document.get_ref())
    }

    fn tell(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    fn table(&mut self, table: &DeTable<'_>) -> Table {
        let mut entries: Vec<_> = table.iter().collect();
        // The parser sorts by name.
        entries.sort_by_key(|(key, _)| key.span().start);
        let entries = entries.into_iter().map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            value: self.node(value, LISTS.contains(&&**key.get_ref())),
        });
        Table(entries.collect())
    }

    fn node(&mut self, value: &Spanned<DeValue<'_>>, may_be_file: bool) -> Node {
        let span = value.span();
        let content = match value.get_ref() {
            DeValue::String(text) => Content::Text(text.to_string()),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or(Content::Other("an integer beyond 64 bits"), Content::Integer),
            // Without the underscores already, and without the plus sign that JSON does not have.
            DeValue::Float(decimal) => {
                Content::Decimal(decimal.as_str().trim_start_matches('+').to_owned())
            }
            DeValue::Boolean(boolean) => Content::Boolean(*boolean),
            DeValue::Datetime(date) => Content::Date(date.to_string()),
            DeValue::Array(items) => {
                Content::List(items.iter().map(|item| self.node(item, false)).collect())
            }
            DeValue::Table(table) if may_be_file && let Some(name) = file(table) => {
                Content::Lines(self.lines(name, &span))
            }
            DeValue::Table(table) => Content::Table(self.table(table)),
        };
        Node { span, content }
    }

    /// The text of a list; empty where it cannot be used, which is told.
    fn lines(&mut self, name: &str, span: &Range<usize>) -> Rc<str> {
        match self.inputs.read_list(name) {
            Ok(lines) => lines,
            Err(Unusable { message, may_pass }) => {
                self.tell(Fault { span: span.clone(), message });
                if may_pass {
                    self.faults.borrow_mut().set_may_pass();
                }
                Rc::from("")
            }
        }
    }
}

/// The name in `{ file = "roster.txt" }`, which stands for a list.
fn file<'t>(table: &'t DeTable<'_>) -> Option<&'t str> {
    match table.get("file")?.get_ref() {
        DeValue::String(name) if table.len() == 1 => Some(name),
        _ => None,
    }
}
