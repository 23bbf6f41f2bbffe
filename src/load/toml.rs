//! TOML → a [`Table`], in the file's order, with every fault of syntax and the lists from files.

use std::{
    cell::RefCell,
    fs, io,
    path::{Component, Path},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{FOLLOWED_DEPTH, add};
use crate::{
    file,
    rule::node::{Content, Entry, Fault, Node, Table},
};

/// The keys whose value may be a list from a file.
const LISTS: [&str; 4] = ["domains", "not_domains", "one_of", "not_one_of"];

/// What a rules file is read with.
pub(super) struct Reader<'r> {
    /// Where files with lists are.
    pub(super) folder: &'r Path,
    /// Of all that is read, so of these lists as well: the rules depend on them.
    pub(super) digest: &'r mut ring::digest::Context,
    pub(super) faults: &'r RefCell<Vec<Fault>>,
}

impl Reader<'_> {
    /// The document's top-level table; what can be made of it where the syntax is at fault.
    pub(super) fn read(mut self, text: &str) -> Table {
        let (document, errors) = DeTable::parse_recoverable(text);
        self.faults.borrow_mut().extend(errors.iter().map(|error| {
            let mut message = error.message().replace('\n', ", ");
            // The likeliest slip.
            if message.contains("escape") {
                message += "; in single quotes a backslash is no more than that";
            }
            Fault { span: error.span().unwrap_or(0..0), message }
        }));
        self.table(document.get_ref())
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
                let lines = lines(name, self.folder).unwrap_or_else(|message| {
                    self.faults.borrow_mut().push(Fault { span: span.clone(), message });
                    // What is wrong has been told.
                    String::new()
                });
                add(self.digest, &lines);
                Content::Lines(lines.into())
            }
            DeValue::Table(table) => Content::Table(self.table(table)),
        };
        Node { span, content }
    }
}

/// The name in `{ file = "roster.txt" }`, which stands for a list.
fn file<'t>(table: &'t DeTable<'_>) -> Option<&'t str> {
    match table.get("file")?.get_ref() {
        DeValue::String(name) if table.len() == 1 => Some(name),
        _ => None,
    }
}

/// The text of a file with a list, or what is wrong with it.
fn lines(name: &str, folder: &Path) -> Result<String, String> {
    let hidden = |part: Component<'_>| match part {
        Component::Normal(name) => name.as_encoded_bytes().starts_with(b"."),
        _ => false,
    };
    let mut parts = Path::new(name).components();
    if parts.clone().count() > FOLLOWED_DEPTH || parts.any(hidden) {
        return Err(format!("`{name}` is hidden or too deep for its changes to be followed"));
    }
    let unreadable = |error: io::Error| format!("cannot read `{name}`: {error}");
    let path = fs::canonicalize(folder.join(name)).map_err(unreadable)?;
    let within = fs::canonicalize(folder).map_err(unreadable)?;
    if !path.starts_with(within) {
        return Err(format!("`{name}` is not in the rules folder; put the file there"));
    }
    let lines = file::text(&path).map_err(unreadable)?;
    match lines.trim().is_empty() {
        true => Err(format!("`{name}` has no line; an empty list means nothing")),
        false => Ok(lines),
    }
}
