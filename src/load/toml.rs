//! TOML → [`Node`]s, in the file's order and with every fault of syntax.

use toml::de::{DeTable, DeValue};

use crate::rule::node::{Content, Entry, Fault, Node, Table};

/// The document's top-level table; what can be made of it where the syntax is at fault.
pub(super) fn read(text: &str, faults: &mut Vec<Fault>) -> Table {
    let (document, errors) = DeTable::parse_recoverable(text);
    faults.extend(errors.iter().map(|error| Fault {
        span: error.span().unwrap_or(0..0),
        message: explain(error.message()),
    }));
    table(document.get_ref())
}

/// The parser's message on a line, with a hint at the likeliest slip.
fn explain(message: &str) -> String {
    let message = message.replace('\n', ", ");
    match message.contains("escape") {
        true => format!("{message}; in single quotes a backslash is no more than that"),
        false => message,
    }
}

fn table(table: &DeTable<'_>) -> Table {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            value: node(value.get_ref(), value.span()),
        })
        .collect();
    // The parser sorts by name.
    entries.sort_by_key(|entry| entry.key_span.start);
    Table(entries)
}

fn node(value: &DeValue<'_>, span: std::ops::Range<usize>) -> Node {
    let content = match value {
        DeValue::String(text) => Content::Text(text.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Content::Integer(integer),
            Err(_) => Content::Other("an integer beyond 64 bits"),
        },
        DeValue::Boolean(boolean) => Content::Boolean(*boolean),
        DeValue::Array(items) => {
            Content::List(items.iter().map(|item| node(item.get_ref(), item.span())).collect())
        }
        DeValue::Table(inner) => Content::Table(table(inner)),
        DeValue::Float(decimal) => match decimal.as_str().parse() {
            Ok(decimal) => Content::Decimal(decimal),
            Err(_) => Content::Other("a number beyond a double"),
        },
        DeValue::Datetime(date) => Content::Date(date.to_string()),
    };
    Node { span, content }
}
