//! A bound on what the TOML parser makes of a text.
//!
//! A table or list costs the parser hundreds of bytes of memory and the writer of a file two: a
//! megabyte of them would take most of what a small container has.

use std::ops::Range;

use toml_parser::{Source, lexer::TokenKind};

/// Up to how many tables and lists a text may have.
const MOST: usize = 65_536;

/// What is wrong with a text that has too many tables and lists, and where.
pub(crate) struct TooManyTables {
    /// The first one that is too many, in bytes.
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
}

/// Refuses a text with too many tables and lists. Every bracket, brace and dot makes at most one.
pub(crate) fn require_few_tables(text: &str) -> Result<(), TooManyTables> {
    let mut count = 0;
    for token in Source::new(text).lex() {
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket | TokenKind::Dot => {
                count += 1
            }
            _ => {}
        }
        if count > MOST {
            let span = token.span().start()..token.span().end();
            let message = format!(
                "the file has more than {MOST} tables, lists and dots up to here; move rules to other hooks, or long lists into files of their own"
            );
            return Err(TooManyTables { span, message });
        }
    }
    Ok(())
}
