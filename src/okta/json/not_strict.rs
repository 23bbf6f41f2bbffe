//! Why a text is not strict JSON, and where.

use super::syntax::syntax_problem;

/// The text is not strict JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotStrict {
    pub(super) fault: JsonFault,
    /// The offset, in bytes, of the repeated name, bracket, number or escape that is at fault. For
    /// [`JsonFault::Syntax`], the byte at which the reader stopped.
    pub(super) at: usize,
}

/// A kind of fault for which a text is not strict JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonFault {
    /// The text does not follow the grammar of JSON.
    Syntax,
    /// A name occurs twice in an object.
    DuplicateName,
    /// Arrays and objects are nested beyond [`DEPTH`](super::DEPTH).
    Nesting,
    /// A number is beyond the range of a double.
    NumberRange,
    /// An escape such as `\ud800` is half of a pair, and the other half does not follow.
    LoneSurrogate,
}

impl NotStrict {
    /// Describes the fault of this text, and quotes no part of it. Stands between "the body" and the place, as in
    /// "the body is not strict JSON, since it is empty, at line 1".
    pub(crate) fn problem(self, text: &str) -> &'static str {
        match self.fault {
            JsonFault::Syntax if text.trim_ascii().is_empty() => {
                "is not strict JSON, since it is empty,"
            }
            JsonFault::Syntax if self.at == text.len() => {
                "is not strict JSON, since it ends too early,"
            }
            JsonFault::Syntax => syntax_problem(text, self.at),
            JsonFault::DuplicateName => {
                "is not strict JSON, since a name occurs twice in an object,"
            }
            JsonFault::Nesting => {
                "is not strict JSON, since arrays and objects are nested more than 127 deep,"
            }
            JsonFault::NumberRange => {
                "is not strict JSON, since a number is beyond the range of a double,"
            }
            JsonFault::LoneSurrogate => "is not strict JSON, since it has a lone surrogate,",
        }
    }

    /// Whether a name occurs twice in an object.
    pub(crate) fn is_duplicate_name(self) -> bool {
        self.fault == JsonFault::DuplicateName
    }

    /// The line and column of the fault in this text.
    pub(crate) fn line_and_column(self, text: &str) -> (usize, usize) {
        line_and_column(text.as_bytes(), self.at)
    }
}

/// The line and column of the byte at an offset, both from 1. The column is in bytes.
pub(in crate::okta) fn line_and_column(text: &[u8], offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.split(|byte| *byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    (line, column)
}
