//! A note on rules, with its place.

use crate::rule::node::Span;

/// A note on the rules of a section.
pub(crate) struct Note {
    pub(crate) hook: String,
    /// The key of the section.
    pub(crate) section: &'static str,
    /// The place in the hook's file. `None` if the note is about the whole section.
    pub(crate) span: Option<Span>,
    pub(crate) message: String,
}

/// The message of a note, and its place in the file.
pub(super) struct PlacedMessage {
    /// `None` if the message is about the whole section.
    pub(super) span: Option<Span>,
    pub(super) message: String,
}

impl PlacedMessage {
    /// A message about this place.
    pub(super) fn at(span: &Span, message: String) -> Self {
        Self { span: Some(span.clone()), message }
    }

    /// A message about the whole section.
    pub(super) fn of_section(message: impl Into<String>) -> Self {
        Self { span: None, message: message.into() }
    }
}
