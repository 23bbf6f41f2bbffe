//! Describes syntax errors of TOML to an administrator who has never read its grammar.
//!
//! A message names the right form and shows nothing of the text, which may hold secrets.

use std::ops::Range;

use toml::de::Error;
use toml_parser::lexer::TokenKind;

use crate::problem::SpanProblem;

const COMMENT: &str = "a comment starts with `#`";
const QUOTES: &str = "write a text in quotes, as in `\"okta.com\"`";
const WRONG_QUOTE: &str = "write straight quotes in place of these, as in `\"okta.com\"`";
const QUOTE_IN_TEXT: &str = "the text ends at this quote; if the text itself has quotes, put the other kind around it, as in `\"it's\"`";
const DUPLICATE_TABLE: &str =
    "duplicate table; put its keys together, or write `[[…]]` above each table of a list";
const LINE: &str = "a line is `key = value`, `[table]`, `[[list of tables]]` or `# comment`";
const BACKSLASH: &str = "in double quotes a backslash starts an escape sequence, such as `\\n`; in single quotes it stands for itself";

/// The beginnings of the parser's messages, each with ours. The first that fits counts.
const MESSAGES: &[(&str, &str)] = &[
    ("duplicate key", "duplicate key; keep one of the two"),
    ("unclosed array table", "a line that starts with `[[` ends with `]]`"),
    ("unclosed table", "a line that starts with `[` ends with `]`"),
    ("invalid basic string", "the quotes are not closed in this line; add `\"`"),
    ("invalid literal string", "the quotes are not closed in this line; add `'`"),
    ("string values must be quoted", QUOTES),
    ("invalid boolean", QUOTES),
    ("invalid float", QUOTES),
    ("invalid multi-line", "the three quotes are not closed; add three at the end of the text"),
    ("unquoted keys cannot be empty", "a name is missing, between the brackets or before the `=`"),
    ("cannot extend", "this key has a value already, so it cannot be a table; keep one of them"),
    ("key with no value", LINE),
    ("invalid key-value pair", LINE),
    ("invalid unquoted key", LINE),
    ("unexpected key or value", "one line holds one key and its value"),
    ("missing comma between key-value pairs", "put a `,` between two keys in braces"),
    ("missing comma between array elements", "put a `,` between two values of a list"),
    (
        "unexpected `=` in array",
        "a list holds values; keys stand in braces, as in `[{ key = \"value\" }]`",
    ),
    (
        "unexpected leading zero",
        "a number has no leading zero; put digits that are a text in quotes",
    ),
    ("extra `=`", "write one `=` between a key and its value"),
];

/// A syntax error and its line.
struct ErrorSite<'t> {
    /// The parser's message, which shows nothing of the text.
    message: &'t str,
    /// The byte of the error in the text.
    at: usize,
    /// The byte where the line of the error begins.
    line_start: usize,
    /// Whether the text before the error is only white space.
    is_at_start_of_text: bool,
    /// The whole line.
    line: &'t str,
    /// The part of the line before the error.
    before: &'t str,
    /// The part of the line from the error on.
    rest: &'t str,
}

/// A `[` or `{` that is still open at an error.
struct Opener {
    kind: TokenKind,
    span: Range<usize>,
}

/// The parser's error as a problem in our words.
pub(super) fn syntax_problem(text: &str, error: &Error) -> SpanProblem {
    let span = error.span().unwrap_or(0..0);
    let site = ErrorSite::find(text, span.start, error.message());
    if let Some(message) = site.known_mistake() {
        return invalid(span, message);
    }
    if let Some(opener) = unclosed_opener(text, &site) {
        let message = match opener.kind {
            TokenKind::LeftSquareBracket => "this list is not closed; add `]` at its end",
            _ => "these braces are not closed; add `}` at their end",
        };
        return invalid(opener.span, message);
    }
    match site.in_our_words() {
        Some(message) => invalid(span, message),
        None => invalid(span, &site.message.replace('\n', ", ")),
    }
}

fn invalid(span: Range<usize>, why: &str) -> SpanProblem {
    SpanProblem::at(span, format!("invalid TOML: {why}"))
}

impl<'t> ErrorSite<'t> {
    /// Finds the line of the error at this byte.
    fn find(text: &'t str, at: usize, message: &'t str) -> Self {
        let (head, tail) = text.split_at_checked(at).unwrap_or((text, ""));
        let before = head.rsplit('\n').next().unwrap_or_default();
        let rest = tail.split('\n').next().unwrap_or_default();
        let line_start = head.len() - before.len();
        let line = text.get(line_start..head.len() + rest.len()).unwrap_or_default();
        let is_at_start_of_text = head.trim().is_empty();
        Self { message, at, line_start, is_at_start_of_text, line, before, rest }
    }
}

impl ErrorSite<'_> {
    /// The message for a mistake that the text itself shows, whatever the parser's message is.
    fn known_mistake(&self) -> Option<&'static str> {
        let line = self.line.trim_start();
        if self.is_at_start_of_text && line.starts_with('{') {
            return Some("this is JSON; see https://toml.io");
        }
        for mark in ["<<<<<<<", "=======", ">>>>>>>"] {
            if line.starts_with(mark) {
                return Some("a mark of a merge conflict; keep one side and remove the marks");
            }
        }
        // In `rules:` the error is at the `:`, which ends the line. In `id: "x"`, the `:` is probably meant as `=`.
        let is_yaml_key = self.rest.trim() == ":";
        if is_yaml_key || line.starts_with("- ") || line.trim_end() == "---" {
            return Some("this is YAML; see https://toml.io");
        }
        for start in ["//", "--", "/*"] {
            if line.starts_with(start) || self.rest.starts_with(start) {
                return Some(COMMENT);
            }
        }
        if line.starts_with(';') {
            return Some(COMMENT);
        }
        if self.rest.trim_end() == ";" {
            return Some("a line has no `;` at its end");
        }
        // In `key = "text”`, the parser finds no end of the text, so the error is at the end of the line.
        if self.before.ends_with(is_wrong_quote) {
            return Some(WRONG_QUOTE);
        }
        match self.mistake_of_character() {
            Some(message) => Some(message),
            None => self.mistake_of_word(),
        }
    }

    /// The message for a mistake that the first character at the error shows.
    fn mistake_of_character(&self) -> Option<&'static str> {
        match self.rest.chars().next()? {
            ':' => Some("write `=` between a key and its value, not `:`"),
            character if is_wrong_quote(character) => Some(WRONG_QUOTE),
            character if is_invisible(character) => {
                Some("an invisible character, such as a non-breaking space; replace it by a space")
            }
            character if character.is_control() && character != '\r' => {
                Some("a control character; delete it")
            }
            _ => None,
        }
    }

    /// The message for a mistake that the value at the error shows.
    fn mistake_of_word(&self) -> Option<&'static str> {
        let word = self.rest.split([',', ']', '}', '#']).next().unwrap_or_default();
        match word.trim().to_ascii_lowercase().as_str() {
            "true" | "false" | "yes" | "no" | "on" | "off" => {
                Some("write `true` or `false`, in lower case")
            }
            "null" | "nil" | "none" | "undefined" => {
                Some("there is no such value in TOML; leave the key out")
            }
            "" if self.before.trim_end().ends_with('=') => {
                Some("the value is missing after the `=`")
            }
            _ => None,
        }
    }

    /// Our words for the parser's message.
    fn in_our_words(&self) -> Option<&'static str> {
        let is_header = self.line.trim_start().starts_with('[');
        if self.before.ends_with('\\') || self.message.contains("unicode") {
            return Some(BACKSLASH);
        }
        if is_header && self.message.starts_with("duplicate key") {
            return Some(DUPLICATE_TABLE);
        }
        if self.message.starts_with("unexpected key or value") {
            if is_header {
                return Some("a line that starts with `[` ends with one `]`");
            }
            if self.rest.starts_with(',') {
                return Some("several values stand in a list, as in `[\"a\", \"b\"]`");
            }
            if self.before.ends_with(['"', '\'']) {
                return Some(QUOTE_IN_TEXT);
            }
        }
        let (_, ours) = MESSAGES.iter().find(|(start, _)| self.message.starts_with(start))?;
        Some(ours)
    }

    /// Whether the parser says that a list or braces, and not a header such as `[table`, are not closed.
    fn says_unclosed(&self) -> bool {
        let is_about_header = self.message.starts_with("unclosed table")
            || self.message.starts_with("unclosed array table");
        self.message.starts_with("unclosed") && !is_about_header
    }

    /// Whether the error is a `}` after this `[`, or a `]` after this `{`.
    fn closes_other_kind(&self, opener: &Opener) -> bool {
        match opener.kind {
            TokenKind::LeftSquareBracket => self.rest.starts_with('}'),
            _ => self.rest.starts_with(']'),
        }
    }

    /// Whether the line cannot belong to a list of values: it starts a table, sets a key or is empty.
    fn is_outside_of_list(&self) -> bool {
        let line = self.line.trim_start();
        if line.is_empty() || line.starts_with('[') {
            return true;
        }
        match line.split_once('=') {
            Some((key, _)) => key.trim_end().bytes().all(is_key_byte),
            None => false,
        }
    }
}

/// The `[` or `{` that is not closed, if that explains the error.
fn unclosed_opener(text: &str, site: &ErrorSite<'_>) -> Option<Opener> {
    let mut open = openers_before(text, site.at);
    let innermost = open.last()?;
    if site.says_unclosed() || site.closes_other_kind(innermost) {
        return open.pop();
    }
    if !site.is_outside_of_list() {
        return None;
    }
    // A list or braces of an earlier line are still open, so their end is missing before this line.
    open.retain(|opener| opener.span.start < site.line_start);
    let opener = open.pop()?;
    if opener.kind == TokenKind::LeftCurlyBracket {
        let is_header = site.line.trim_start().starts_with('[');
        // If `a = 1` and `b = 2` follow the `{` in lines of their own, only the comma between them is missing.
        if !is_header && spans_several_lines(text, &opener) {
            return None;
        }
    }
    Some(opener)
}

/// Whether braces were probably meant to span several lines: no key with a value follows the `{` in its line,
/// or a comma ends that line.
fn spans_several_lines(text: &str, opener: &Opener) -> bool {
    let after = text.get(opener.span.end..).unwrap_or_default();
    let rest = after.lines().next().unwrap_or_default();
    !rest.contains('=') || rest.trim_end().ends_with(',')
}

/// The brackets and braces that are open before a byte.
fn openers_before(text: &str, at: usize) -> Vec<Opener> {
    let mut open: Vec<Opener> = Vec::new();
    for token in toml_parser::Source::new(text).lex() {
        let span = token.span().start()..token.span().end();
        if span.start >= at {
            break;
        }
        match token.kind() {
            kind @ (TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket) => {
                open.push(Opener { kind, span });
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                open.pop();
            }
            _ => {}
        }
    }
    open
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)
}

/// Whether a character is a quotation mark that TOML does not know.
fn is_wrong_quote(character: char) -> bool {
    matches!(character, '“' | '”' | '„' | '‟' | '‘' | '’' | '‚' | '«' | '»' | '″' | '`' | '´')
}

/// Whether a character is white space that TOML does not know, or has no width.
fn is_invisible(character: char) -> bool {
    let is_space = character.is_whitespace() && !character.is_ascii();
    is_space || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}
