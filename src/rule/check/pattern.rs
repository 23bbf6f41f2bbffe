//! `pattern`: a regular expression that must match the whole value, in time linear in its length.

use regex_automata::meta;
use regex_syntax::{
    ParserBuilder,
    hir::{Hir, Look},
};

use super::{Check, Miss, Node, Read, met};

/// The most memory that a compiled pattern may take, in bytes. A name in any script, up to 64
/// letters long, takes less.
const SIZE_LIMIT: usize = 4 << 20;
/// The longest value that is looked at, in bytes; a longer one fails. Time is linear in it, but by a
/// factor that may be as large as the pattern.
const VALUE_LIMIT: usize = 1 << 10;
/// How deep groups may be nested.
const NEST_LIMIT: u32 = 50;

pub(super) fn read(node: &Node) -> Read {
    let source = node.text()?;
    let mut parser = ParserBuilder::new().nest_limit(NEST_LIMIT).build();
    let hir = parser.parse(source).map_err(|error| node.fault(syntax(&error)))?;
    // Anchored here and not by wrapping the text, which a comment of `(?x)` would break out of.
    let whole = Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]);
    let regex = meta::Regex::builder()
        .configure(
            meta::Config::new()
                .nfa_size_limit(Some(SIZE_LIMIT))
                .onepass_size_limit(Some(SIZE_LIMIT))
                .dfa_size_limit(Some(SIZE_LIMIT))
                .hybrid_cache_capacity(SIZE_LIMIT),
        )
        .build_from_hir(&whole)
        .map_err(|_| {
            node.fault("the pattern is too large; repeat less, or shorter character classes")
        })?;
    Ok(Check::new(format!("a match of the pattern `{source}`"), move |value, _| {
        let text = value.text().ok_or(Miss::Type)?;
        met(text.len() <= VALUE_LIMIT && regex.is_match(text))
    }))
}

fn syntax(error: &regex_syntax::Error) -> String {
    let (what, span) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span()),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span()),
        _ => return "the pattern is no regular expression".to_owned(),
    };
    let at = span.start;
    format!(
        "the pattern is no regular expression: {what}, at its line {}, column {}",
        at.line, at.column
    )
}
