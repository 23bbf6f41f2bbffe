//! `pattern`: a regular expression that must match the whole value, in bounded time.

use regex_syntax::ParserBuilder;

use super::{Check, Mismatch, Node, Read, met};

mod matcher;

use matcher::{Matcher, TooCostly, TooLarge};

/// How deep groups may be nested.
const NEST_LIMIT: u32 = 50;

pub(super) fn read(node: &Node) -> Read {
    let source = node.text()?;
    let mut parser = ParserBuilder::new().nest_limit(NEST_LIMIT).build();
    let pattern = parser.parse(source).map_err(|error| node.fault(syntax(&error)))?;
    let matcher = Matcher::new(pattern).map_err(|TooLarge| {
        node.fault("the pattern is too large; repeat less, or shorter character classes")
    })?;
    Ok(Check::new(format!("a match of the pattern `{source}`"), move |value, _| {
        let text = value.text().ok_or(Mismatch::Type)?;
        met(matcher.matches(text).map_err(|TooCostly| Mismatch::TooCostly)?)
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
