//! Lists and maps in files: `{ file = "roster.txt" }`.

use super::fields::Fields;
use crate::{
    problem::SpanProblem,
    rule::{
        check::kinds::{Argument, CheckKind},
        node::{Content, Entry, Node},
    },
};

/// The name of the file in the argument of a check.
pub(super) fn file_name<'n>(kind: &CheckKind, argument: &'n Node) -> Option<&'n str> {
    match kind.argument {
        Argument::List => named_file(argument),
        Argument::Single => None,
    }
}

/// The name of the file in `{ file = "…" }`.
pub(super) fn named_file(node: &Node) -> Option<&str> {
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

/// The argument of a check, read from this file. Reports a file that cannot be used.
pub(super) fn read_list_file(name: &str, argument: &Node, fields: &Fields<'_>) -> Option<Node> {
    match fields.file.inputs.borrow_mut().read_list(name) {
        Ok(lines) => Some(Node { span: argument.span.clone(), content: Content::Lines(lines) }),
        Err(error) => {
            let message = format!("cannot read `{name}`: {error}");
            fields.report(SpanProblem::of_reading(argument.span.clone(), message, &error));
            None
        }
    }
}
