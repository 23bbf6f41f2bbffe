//! Why a value is refused.

use std::io;

use derive_more::Display;

use crate::origin::UntrustedUrl;

/// Why the value of a key is refused. Printed, it never repeats the value.
#[derive(Debug, Display)]
pub(super) enum InvalidValue {
    #[display("this may not be empty")]
    Empty,
    #[display("control characters are not allowed; remove them")]
    ControlCharacter,
    #[display("expected a string, in quotes")]
    NotAString,
    #[display(
        "expected a string or a list of strings (in variables numbered from `__0`), in quotes"
    )]
    NotStrings,
    #[display("expected {least} to {most}")]
    OutOfBounds { least: String, most: String },
    /// A secret is given by value and by file.
    #[display("`{_0}` is set as well; keep one of them")]
    SetTwice(String),
    #[display("cannot read the file: {_0}")]
    Unreadable(io::Error),
    #[display("{_0}")]
    Url(UntrustedUrl),
    /// Any other reason, which says what would be valid.
    #[display("{_0}")]
    Unexpected(&'static str),
}

impl From<UntrustedUrl> for InvalidValue {
    fn from(why: UntrustedUrl) -> Self {
        Self::Url(why)
    }
}
