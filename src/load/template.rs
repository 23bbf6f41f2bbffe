//! Reads templates such as `"{firstName} {lastName}"`.

use crate::{
    problem::SpanProblem,
    rule::{
        node::Node,
        template::{Piece, Template},
    },
};

/// Whether a text is meant as a template.
pub(super) fn is_template(text: &str) -> bool {
    text.contains(['{', '}'])
}

/// Reads a text with names in braces. `read_name` reads a name. Problems are at the node.
pub(super) fn read_template<N>(
    node: &Node,
    text: &str,
    read_name: impl Fn(&str) -> Result<N, SpanProblem>,
) -> Result<Template<N>, SpanProblem> {
    let mut segments = text.split('{');
    let before = segments.next().unwrap_or_default();
    require_no_brace(node, before)?;
    let mut pieces = Vec::new();
    push_text(before, &mut pieces);
    for segment in segments {
        let Some((name, after)) = segment.split_once('}') else {
            return Err(unmatched_brace(node, '{'));
        };
        if name.is_empty() {
            return Err(node.problem("`{}` names no attribute; write one as in `{firstName}`"));
        }
        pieces.push(Piece::Name(read_name(name)?));
        require_no_brace(node, after)?;
        push_text(after, &mut pieces);
    }
    Ok(Template { pieces })
}

fn push_text<N>(text: &str, pieces: &mut Vec<Piece<N>>) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

/// Succeeds if this text between the names of a template has no brace.
fn require_no_brace(node: &Node, text: &str) -> Result<(), SpanProblem> {
    if text.contains('}') { Err(unmatched_brace(node, '}')) } else { Ok(()) }
}

fn unmatched_brace(node: &Node, brace: char) -> SpanProblem {
    node.problem(format!("unmatched `{brace}`; write an attribute as in `{{firstName}}`"))
}
