//! Parses TOML within bounds of memory.
//!
//! A table, a list or a syntax error has one or two bytes in a file, and takes the parser hundreds of
//! bytes. A megabyte of them would fill the memory of a small container.

use toml::de::{DeTable, Error};
use toml_parser::lexer::TokenKind;

use crate::problem::{SpanProblem, SpanProblems};

/// How many tables and lists a text may have at most.
const MOST_TABLES: usize = 65_536;
/// The longest text, in bytes, in which every syntax error is found. There may be one per byte.
const LONG: usize = 384 << 10;

/// A parsed text and its syntax errors.
pub(crate) struct Parsed<'t> {
    /// The part of the text that can be read if the syntax has an error.
    pub(crate) document: toml::Spanned<DeTable<'t>>,
    pub(crate) problems: SpanProblems,
}

/// Parses a text.
pub(crate) fn parse(text: &str) -> Parsed<'_> {
    let mut tables = 0;
    for token in toml_parser::Source::new(text).lex() {
        // Each of these tokens makes at most one table or list.
        if let TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket | TokenKind::Dot =
            token.kind()
        {
            tables += 1;
        }
        if tables > MOST_TABLES {
            let span = token.span().start()..token.span().end();
            let message = format!(
                "the file has more than {MOST_TABLES} tables, lists and dots up to here; move rules to other hooks, or long lists into files of their own"
            );
            return Parsed { document: empty(), problems: SpanProblem::at(span, message).into() };
        }
    }
    if text.len() > LONG {
        return parse_long(text);
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut problems = SpanProblems::default();
    for error in &errors {
        problems.push(syntax_problem(text, error));
    }
    Parsed { document, problems }
}

/// Parses a text that may have more syntax errors than fit into memory.
fn parse_long(text: &str) -> Parsed<'_> {
    match DeTable::parse(text) {
        Ok(document) => Parsed { document, problems: SpanProblems::default() },
        Err(error) => {
            let mut problem = syntax_problem(text, &error);
            problem.message +=
                "; the file is long, so further problems are found when this one is solved";
            Parsed { document: empty(), problems: problem.into() }
        }
    }
}

/// A document without a key.
fn empty<'t>() -> toml::Spanned<DeTable<'t>> {
    toml::Spanned::new(0..0, DeTable::new())
}

fn syntax_problem(text: &str, error: &Error) -> SpanProblem {
    let span = error.span().unwrap_or(0..0);
    let mut message = error.message().replace('\n', ", ");
    // The most frequent mistake: after the backslash comes no escape sequence.
    if let Some(before) = text.get(..span.start)
        && before.ends_with('\\')
    {
        message += "; in single quotes a backslash stands for itself";
    }
    SpanProblem::at(span, message)
}
