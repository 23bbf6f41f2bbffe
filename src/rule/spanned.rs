//! Values that know their place in a rules file.

use std::ops::{Deref, Range};

/// A place in a rules file, in bytes.
pub type Span = Range<usize>;

/// A value and its place in a rules file. Lints read the place. A request does not.
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The place of the value.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at this place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A value that is not from a file.
impl<T> From<T> for Spanned<T> {
    fn from(value: T) -> Self {
        Self { value, span: 0..0 }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
