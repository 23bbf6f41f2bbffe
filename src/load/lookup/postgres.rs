//! A lookup in a table or view of PostgreSQL. The statement is made here, once, of quoted names and
//! parameters, so that no value of a request is ever part of it.

use std::sync::Arc;

use super::{QueryAndColumns, columns::NamedColumns, read_source};
use crate::{
    load::fields::Fields,
    problem::SpanProblem,
    rule::{
        lookup::{PostgresQuery, Query, SourceKind},
        node::Node,
    },
};

/// The longest name in PostgreSQL, in bytes. It cuts off the end of longer ones.
const LONGEST_NAME: usize = 63;

/// The most characters of a result. One more than a result may have in bytes, so that a longer one is
/// noticed.
const LONGEST_RESULT: usize = PostgresQuery::RESULT_LIMIT + 1;

pub(super) fn read_postgres(fields: &Fields<'_>) -> Option<QueryAndColumns> {
    let table = fields.required("table", read_table_name);
    let source = read_source(fields, SourceKind::Postgres);
    let named = NamedColumns::read(fields)?;
    let before = fields.problem_count();
    for column in named.all() {
        if let Err(why) = require_postgres_name(column) {
            fields.report(SpanProblem::at(column.span.clone(), why));
        }
    }
    if fields.problem_count() > before {
        return None;
    }
    let (columns, notes) = (named.returned_names(), named.likely_placeholders());
    let query = PostgresQuery {
        source: source?,
        statement: statement(&table?, &named),
        parameters: named.keys.into_iter().map(|key| key.template).collect(),
        columns: columns.clone(),
    };
    Some(QueryAndColumns { query: Query::Postgres(Arc::new(query)), columns, notes })
}

/// Reads the name of a table or view, with a schema or without. Returns it quoted.
fn read_table_name(node: &Node) -> Result<String, SpanProblem> {
    let parts: Vec<&str> = node.text()?.split('.').collect();
    if parts.len() > 2 {
        return Err(node.problem("expected `table` or `schema.table`"));
    }
    let mut quoted = Vec::new();
    for part in parts {
        require_postgres_name(part).map_err(|why| node.problem(why))?;
        quoted.push(quote(part));
    }
    Ok(quoted.join("."))
}

/// Succeeds if something in PostgreSQL can have this name.
fn require_postgres_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        Err("a name may not be empty".to_owned())
    } else if name.contains('\0') {
        Err("no name has a NUL character".to_owned())
    } else if name.len() > LONGEST_NAME {
        let length = name.len();
        Err(format!("names have at most {LONGEST_NAME} bytes, and this one has {length}"))
    } else {
        Ok(())
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The statement that finds at most two rows: a second one makes the result ambiguous. All results are
/// texts. If no column is returned, it selects an empty text, which shows that there is a row.
fn statement(table: &str, named: &NamedColumns) -> String {
    let mut results = Vec::new();
    for column in &named.returned {
        results.push(format!("left({}::text, {LONGEST_RESULT})", quote(column)));
    }
    if results.is_empty() {
        results.push("''".to_owned());
    }
    let mut conditions = Vec::new();
    for (key, number) in named.keys.iter().zip(1..) {
        let column = quote(&key.name);
        if key.ignores_case {
            conditions.push(format!("lower({column}) = lower(${number})"));
            // The condition above can use an index. This one ignores the case of ASCII letters only.
            // Otherwise the Kelvin sign would equal `k` and find the row of another person.
            conditions
                .push(format!("lower({column} COLLATE \"C\") = lower(${number} COLLATE \"C\")"));
        } else {
            conditions.push(format!("{column} = ${number}"));
        }
    }
    let (results, conditions) = (results.join(", "), conditions.join(" AND "));
    format!("SELECT {results} FROM {table} WHERE {conditions} LIMIT 2")
}
