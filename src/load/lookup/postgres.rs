//! A lookup in a table or view of PostgreSQL. The statement is made once, when the rules are loaded. It
//! consists of quoted names and parameters, so no value of a request is ever part of it.

use std::sync::Arc;

use super::{KindParts, columns::NamedColumns, source::read_source};
use crate::{
    load::fields::Fields,
    problem::SpanProblem,
    rule::{
        lookup::{PostgresQuery, Query, SourceKind},
        node::Node,
    },
};

/// The longest name in PostgreSQL, in bytes. PostgreSQL cuts off the end of a longer one, which may
/// then be the name of another table or column.
const LONGEST_NAME: usize = 63;

/// The statement cuts each result to this many characters. Since a character takes at least one byte, a result
/// that was cut exceeds the limit, and the lookup fails.
const SELECTED_LENGTH: usize = PostgresQuery::RESULT_LIMIT + 1;

pub(super) fn read_postgres(fields: &Fields<'_>) -> Option<KindParts> {
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
    let (columns, notes) = (named.returned_names(), named.placeholder_hints());
    let query = PostgresQuery {
        source: source?,
        statement: statement(&table?, &named),
        parameters: named.keys.into_iter().map(|key| key.template).collect(),
        columns: columns.clone(),
    };
    Some(KindParts { query: Query::Postgres(Arc::new(query)), columns, notes })
}

/// Reads the name of a table or view, with a schema or without. Returns the name quoted.
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

/// Succeeds if PostgreSQL allows this name.
fn require_postgres_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        Err("a name may not be empty".to_owned())
    } else if name.contains('\0') {
        Err("a name may not contain a NUL character".to_owned())
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

/// The statement, such as `SELECT left("level"::text, 65537) FROM "members" WHERE "number" = $1 LIMIT 2`. It
/// selects at most two rows, since a second row makes the result ambiguous. All results are texts. If the lookup
/// returns no column, an empty text shows that there is a row.
fn statement(table: &str, named: &NamedColumns) -> String {
    let mut results = Vec::new();
    for column in &named.returned {
        results.push(format!("left({}::text, {SELECTED_LENGTH})", quote(column)));
    }
    if results.is_empty() {
        results.push("''".to_owned());
    }
    let mut conditions = Vec::new();
    for (key, number) in named.keys.iter().zip(1..) {
        let column = quote(&key.name);
        if key.ignores_case {
            // This condition can use an index. But it ignores the case of letters beyond ASCII, too: the Kelvin sign
            // equals `k`, and would find the row of another person.
            conditions.push(format!("lower({column}) = lower(${number})"));
            // This condition ignores the case of ASCII letters only, so it excludes that row.
            conditions
                .push(format!("lower({column} COLLATE \"C\") = lower(${number} COLLATE \"C\")"));
        } else {
            conditions.push(format!("{column} = ${number}"));
        }
    }
    let (results, conditions) = (results.join(", "), conditions.join(" AND "));
    format!("SELECT {results} FROM {table} WHERE {conditions} LIMIT 2")
}
