//! A lookup in an HTTP API: `get`, or `post` with `body`.

use std::sync::Arc;

use super::{KindParts, http_body::read_body, http_target::read_target, source::read_source};
use crate::{
    load::fields::Fields,
    okta::json::JsonPointer,
    problem::SpanProblem,
    rule::{
        lookup::{HttpQuery, Query, ResponseMapping, ReturnedValue, SourceKind},
        node::{Content, Node},
    },
};

/// The statuses that mean "not found" by default.
const DEFAULT_NOT_FOUND: [u16; 1] = [404];

/// The keys that `get` and `post` share.
struct SharedKeys {
    source: String,
    response: ResponseMapping,
}

/// Reads a lookup that sends a GET request.
pub(super) fn read_get(fields: &Fields<'_>) -> Option<KindParts> {
    if let Some(entry) = fields.claim("body") {
        let message = "`body` belongs to `post`; a GET has no body, so write `post` or remove it";
        fields.report(entry.problem(message));
    }
    let target = fields.required("get", |node| read_target(node, fields.scope));
    let SharedKeys { source, response } = read_shared_keys(fields)?;
    Some(kind_parts(HttpQuery { source, target: target?, body: None, response }))
}

/// Reads a lookup that sends a POST request with JSON.
pub(super) fn read_post(fields: &Fields<'_>) -> Option<KindParts> {
    let target = fields.required("post", |node| read_target(node, fields.scope));
    let body = match fields.claim("body") {
        Some(entry) => fields.ok_or_report(read_body(&entry.value, fields.scope)),
        None => {
            let hint = "add the JSON to post, as in `body = { email = \"{email}\" }`";
            fields.report(fields.problem(format!("`body` is missing; {hint}")));
            None
        }
    };
    let SharedKeys { source, response } = read_shared_keys(fields)?;
    Some(kind_parts(HttpQuery { source, target: target?, body: Some(body?), response }))
}

fn kind_parts(query: HttpQuery) -> KindParts {
    let returns = &query.response.returns;
    let columns = returns.iter().map(|returned| returned.column.clone()).collect();
    KindParts { query: Query::Http(Arc::new(query)), columns, notes: Vec::new() }
}

/// Reads the keys that `get` and `post` share. Returns `None` if one of them has a problem.
fn read_shared_keys(fields: &Fields<'_>) -> Option<SharedKeys> {
    let before = fields.problem_count();
    let source = read_source(fields, SourceKind::Http);
    let found = fields.optional("found", read_pointer);
    let not_found = match fields.claim("not_found") {
        Some(entry) => read_statuses(&entry.value, fields),
        None => DEFAULT_NOT_FOUND.to_vec(),
    };
    let returns = read_returns(fields);
    if fields.problem_count() > before {
        return None;
    }
    let response = ResponseMapping { found, not_found, returns };
    Some(SharedKeys { source: source?, response })
}

/// Reads `not_found`. The list may be empty: then no status means "not found".
fn read_statuses(node: &Node, fields: &Fields<'_>) -> Vec<u16> {
    let mut statuses = Vec::new();
    let Content::List(items) = &node.content else {
        fields.report(node.expected("a list of statuses, such as `[404]`"));
        return statuses;
    };
    for item in items {
        if let Some(status) = fields.ok_or_report(read_status(item, &statuses)) {
            statuses.push(status);
        }
    }
    statuses
}

fn read_status(node: &Node, earlier: &[u16]) -> Result<u16, SpanProblem> {
    let Content::Integer(number) = node.content else {
        return Err(node.expected("a status, such as `404`"));
    };
    match u16::try_from(number) {
        Ok(200) => Err(node.problem(
            "status 200 does not mean \"not found\"; if such a response can also mean that nothing was found, name in `found` a value that is there only when something was found",
        )),
        Ok(status) if earlier.contains(&status) => {
            Err(node.problem(format!("`{status}` is listed twice; leave one out")))
        }
        Ok(status @ 201..=599) => Ok(status),
        _ => Err(node.problem(format!(
            "`{number}` is not the status of a final response; write one from 201 to 599, such as `404`"
        ))),
    }
}

/// Reads `returns`: columns, and the places of their values in the response. Returns an empty list if the
/// key is absent.
fn read_returns(fields: &Fields<'_>) -> Vec<ReturnedValue> {
    let mut returns = Vec::new();
    let Some(entry) = fields.claim("returns") else {
        return returns;
    };
    let node = &entry.value;
    let Content::Table(table) = &node.content else {
        let expected =
            "a table of columns and JSON pointers, such as `{ status = \"/results/0/status\" }`";
        fields.report(node.expected(expected));
        return returns;
    };
    if table.0.is_empty() {
        fields.report(node.problem("an empty table has no effect; add at least one column"));
    }
    for entry in &table.0 {
        if let Some(pointer) = fields.ok_or_report(read_pointer(&entry.value)) {
            returns.push(ReturnedValue { column: entry.key.clone(), pointer });
        }
    }
    returns
}

/// Reads a JSON pointer. An empty one is the whole document.
fn read_pointer(node: &Node) -> Result<JsonPointer, SpanProblem> {
    match &node.content {
        Content::Text(text) => JsonPointer::parse(text).map_err(|why| node.problem(why)),
        _ => Err(node.expected("a JSON pointer, such as `/results/0/status`")),
    }
}
