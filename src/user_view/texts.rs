//! The texts of Okta and its widgets, in English. An org can replace those of the widgets.

use super::{Certainty, ShownText, TextPlace};

/// Shown beside texts at fields, and in place of a missing message. The widgets translate it.
pub(super) const FORM_HAS_ERRORS: &str =
    "We found some errors. Please review the form and make corrections.";
/// Shown for an error without causes.
pub(super) const CANNOT_COMPLETE: &str = "Registration cannot be completed at this time.";
/// DENY without an error, in a registration.
pub(super) const REGISTRATION_DENIED: &str = "Registration denied.";
/// DENY without an error, in a progressive profile.
pub(super) const UPDATE_DENIED: &str = "Profile update denied.";
/// A failed call in a registration. The widgets translate it.
pub(super) const REGISTRATION_FAILED: &str =
    "There was an error creating your account. Please try registering again.";
/// A failed call in a progressive profile.
pub(super) const UPDATE_FAILED: &str =
    "There was an error updating your profile. Please try again later.";
/// Like [`UPDATE_FAILED`], in an older page of Okta's documentation, which has been deleted.
pub(super) const UPDATE_FAILED_OLDER: &str =
    "Your profile couldn't be updated at this time. Please try again later.";
/// Gen3 shows it if an error brings neither a message nor the form. The widget translates it.
pub(super) const UNSUPPORTED_RESPONSE: &str = "There was an unsupported response from server.";
/// API error E0000134.
pub(super) const API_UNREACHABLE: &str =
    "Okta could not communicate correctly with an inline hook.";
/// API error E0000137.
pub(super) const API_NO_RESPONSE: &str = "Okta did not receive a response from an inline hook.";

impl ShownText {
    /// A text of unknown certainty.
    pub(super) fn new(place: TextPlace, text: impl Into<String>, row: u8) -> Self {
        Self {
            place,
            text: text.into(),
            text_certainty: Certainty::Unknown,
            place_certainty: Certainty::Unknown,
            row,
        }
    }

    pub(super) fn text_certainty(mut self, certainty: Certainty) -> Self {
        self.text_certainty = certainty;
        self
    }

    pub(super) fn place_certainty(mut self, certainty: Certainty) -> Self {
        self.place_certainty = certainty;
        self
    }

    /// The general text beside texts at fields.
    pub(super) fn form_has_errors(row: u8) -> Self {
        Self::new(TextPlace::Banner, FORM_HAS_ERRORS, row)
            .text_certainty(Certainty::Rendered)
            .place_certainty(Certainty::Rendered)
    }
}

/// The text as a browser shows it: each run of white space becomes one space.
pub(super) fn in_browser(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in text.split_ascii_whitespace() {
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
    }
    shown
}
