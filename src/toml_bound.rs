//! TOML within bounds of memory.
//!
//! A table, a list or a fault costs the parser hundreds of bytes of memory and the writer of a file one
//! or two: a megabyte of them would take all that a small container has.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, Error},
};
use toml_parser::{Source, lexer::TokenKind};

/// Up to how many tables and lists a text may have.
const MOST_TABLES: usize = 65_536;
/// Of a longer text, in bytes, only the first fault of syntax is found. There may be one a byte.
const LONG: usize = 384 << 10;

/// What the parser makes of a text, and its faults.
pub(crate) struct Parsed<'t> {
    /// What can be made of it, where the syntax is at fault.
    pub(crate) document: Spanned<DeTable<'t>>,
    pub(crate) faults: Vec<SyntaxFault>,
}

/// A fault of syntax.
pub(crate) struct SyntaxFault {
    /// Where, in bytes.
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
}

/// Parses a text.
pub(crate) fn parse(text: &str) -> Parsed<'_> {
    let mut tables = 0;
    for token in Source::new(text).lex() {
        // Each makes at most one table or list.
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

/// Parses a text that may have more faults than there is memory for.
fn parse_long(text: &str) -> Parsed<'_> {
    match DeTable::parse(text) {
        Ok(document) => Parsed { document, faults: Vec::new() },
        Err(error) => {
            let mut fault = SyntaxFault::from(error);
            fault.message +=
                "; the file is long, so further faults are found when this one is mended";
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
