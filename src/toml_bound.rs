//! Parses TOML within bounds of memory.
//!
//! A table, a list or a syntax error takes the parser hundreds of bytes, and one or two bytes in a
//! file. A megabyte of them would fill the memory of a small container.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, Error},
};
use toml_parser::{Source, lexer::TokenKind};

/// How many tables and lists a text may have at most.
const MOST_TABLES: usize = 65_536;
/// The longest text, in bytes, in which every syntax error is found. There may be one per byte.
const LONG: usize = 384 << 10;

/// A parsed text and its syntax errors.
pub(crate) struct Parsed<'t> {
    /// The part of the text that can be read if the syntax has an error.
    pub(crate) document: Spanned<DeTable<'t>>,
    pub(crate) faults: Vec<SyntaxFault>,
}

/// A syntax error.
pub(crate) struct SyntaxFault {
    /// The place in the text, in bytes.
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
}

/// Parses a text.
pub(crate) fn parse(text: &str) -> Parsed<'_> {
    let mut tables = 0;
    for token in Source::new(text).lex() {
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
            return Parsed { document: empty(), faults: vec![SyntaxFault { span, message }] };
        }
    }
    if text.len() > LONG {
        return parse_long(text);
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    Parsed { document, faults: errors.into_iter().map(SyntaxFault::from).collect() }
}

/// Parses a text that may have more syntax errors than fit into memory.
fn parse_long(text: &str) -> Parsed<'_> {
    match DeTable::parse(text) {
        Ok(document) => Parsed { document, faults: Vec::new() },
        Err(error) => {
            let mut fault = SyntaxFault::from(error);
            fault.message +=
                "; the file is long, so further problems are found when this one is solved";
            Parsed { document: empty(), faults: vec![fault] }
        }
    }
}

/// A document without a key.
fn empty<'t>() -> Spanned<DeTable<'t>> {
    Spanned::new(0..0, DeTable::new())
}

impl From<Error> for SyntaxFault {
    fn from(error: Error) -> Self {
        Self { span: error.span().unwrap_or(0..0), message: error.message().replace('\n', ", ") }
    }
}
