//! Parses TOML in bounded memory.
//!
//! A table, a list or a syntax error may take only one or two bytes of a text, but the parser takes hundreds
//! of bytes of memory for each. A megabyte of them would fill the memory of a small container, so [`parse`] limits
//! the tables and lists, and how many errors are kept.

use toml::de::DeTable;
use toml_parser::lexer::TokenKind;

use crate::problem::SpanProblem;

mod syntax;

use syntax::syntax_problem;

/// How many tables and lists a text may have at most.
const MOST_TABLES: usize = 65_536;
/// The longest text, in bytes, of which the parser collects all errors, to find the first one. The parser
/// keeps every error in memory, and each byte may be an error.
const LONGEST_WITH_ALL_ERRORS: usize = 384 << 10;

/// A parsed text, or its first syntax error.
pub(crate) struct Parsed<'t> {
    /// Empty if the text has a problem, since the parser misreads what follows an error.
    pub(crate) document: toml::Spanned<DeTable<'t>>,
    /// The message shows nothing of the text, which may hold secrets.
    pub(crate) problem: Option<SpanProblem>,
}

/// Parses a text.
pub(crate) fn parse(text: &str) -> Parsed<'_> {
    match parse_bounded(text) {
        Ok(document) => Parsed { document, problem: None },
        Err(problem) => {
            let empty = toml::Spanned::new(0..0, DeTable::new());
            Parsed { document: empty, problem: Some(problem) }
        }
    }
}

fn parse_bounded(text: &str) -> Result<toml::Spanned<DeTable<'_>>, SpanProblem> {
    require_few_tables(text)?;
    if text.len() > LONGEST_WITH_ALL_ERRORS {
        // The parser stops at one error, which is not always the first in the text.
        return DeTable::parse(text).map_err(|error| syntax_problem(text, &error));
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    // The errors are not in the text's order: the parser finds duplicate keys and invalid values last.
    match errors.iter().min_by_key(|error| error.span().unwrap_or_default().start) {
        None => Ok(document),
        Some(error) => Err(syntax_problem(text, error)),
    }
}

fn require_few_tables(text: &str) -> Result<(), SpanProblem> {
    let mut tables = 0;
    for token in toml_parser::Source::new(text).lex() {
        // Each table and list has one of these tokens. A dot counts, since `a.b` is a table `a` with a key `b`.
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
            return Err(SpanProblem::at(span, message));
        }
    }
    Ok(())
}
