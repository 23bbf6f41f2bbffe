//! The file in place of a list: `{ file = "roster.txt" }`.

use super::fields::Fields;
use crate::{
    problem::SpanProblem,
    rule::node::{Content, Entry, Node},
};

/// The name of the file in `{ file = "roster.txt" }`. Returns `None` for any other node.
pub(super) fn file_name(node: &Node) -> Option<&str> {
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

/// Reads the file of this name. Returns a node with the lines of the file, at the place of `node`, which names the
/// file. Reports a file that cannot be used.
pub(super) fn read_list_file(name: &str, node: &Node, fields: &Fields<'_>) -> Option<Node> {
    match fields.file.inputs.borrow_mut().read_list(name) {
        Ok(text) => Some(Node { span: node.span.clone(), content: Content::Lines(text) }),
        Err(error) => {
            let message = format!("cannot read `{name}`: {error}");
            fields.report(SpanProblem::caused_by_io(node.span.clone(), message, &error));
            None
        }
    }
}

/// Whether a node has the lines of a file, and all of them are blank.
pub(super) fn is_blank_file(node: &Node) -> bool {
    match &node.content {
        Content::Lines(text) => text.trim().is_empty(),
        _ => false,
    }
}
