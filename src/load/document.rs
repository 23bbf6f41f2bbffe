//! Reads TOML into a [`Table`] that keeps the file's order.

use toml::de::{DeInteger, DeTable, DeValue};

use crate::{
    bounded_toml::parse,
    problem::SpanProblem,
    rule::node::{Content, Entry, Node, Table},
};

/// Reads a document. Fails with its first syntax error.
pub(super) fn read_document(text: &str) -> Result<Table, SpanProblem> {
    let parsed = parse(text);
    match parsed.problem {
        None => Ok(to_table(parsed.document.get_ref())),
        Some(problem) => Err(problem),
    }
}

fn to_table(table: &DeTable<'_>) -> Table {
    let mut entries = Vec::new();
    for (key, value) in table {
        let (key, key_span) = (key.get_ref().to_string(), key.span());
        entries.push(Entry { key, key_span, value: to_node(value) });
    }
    // The parser has sorted the entries by their keys. Restore the order of the file.
    entries.sort_by_key(|entry| entry.key_span.start);
    Table(entries)
}

fn to_node(value: &toml::Spanned<DeValue<'_>>) -> Node {
    let content = match value.get_ref() {
        DeValue::String(text) => Content::Text(text.to_string()),
        DeValue::Integer(integer) => to_integer(integer),
        // A float may be written to JSON, which allows neither a plus sign nor underscores. The parser has
        // removed the underscores.
        DeValue::Float(float) => Content::Float(float.as_str().trim_start_matches('+').to_owned()),
        DeValue::Boolean(boolean) => Content::Boolean(*boolean),
        DeValue::Datetime(date) => Content::Date(date.to_string()),
        DeValue::Array(items) => Content::List(items.iter().map(to_node).collect()),
        DeValue::Table(table) => Content::Table(to_table(table)),
    };
    Node { span: value.span(), content }
}

fn to_integer(integer: &DeInteger<'_>) -> Content {
    match i64::from_str_radix(integer.as_str(), integer.radix()) {
        Ok(integer) => Content::Integer(integer),
        Err(_) => Content::Other("an integer beyond 64 bits"),
    }
}
