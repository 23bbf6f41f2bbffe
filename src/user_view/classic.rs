//! The view on Classic Engine: rows 18 to 25 of the table.
//!
//! Okta's server answers the widget with status 400, a text of its own, and the causes unchanged. The
//! widget does not know that `data.userProfile.email` is the field `email`.

use super::{
    Certainty, ClientKind, ClientView, FormState, Screen, ShownText, TextPlace,
    case::{FailedCall, ReplyCase},
    cause_text,
    texts::{self, in_browser},
    uncertain_screens,
};
use crate::okta::{ATTRIBUTE_LOCATION, reply::ReceivedCause};
use Certainty::{Documented, Inferred, Rendered, Unknown};

pub(super) fn views(case: &ReplyCase<'_>, fields: &[&str]) -> Vec<ClientView> {
    let mut views = Vec::new();
    for client in [ClientKind::Classic, ClientKind::ClassicApp] {
        views.push(ClientView { client, screens: screens(case, fields, client) });
    }
    views
}

fn screens(case: &ReplyCase<'_>, fields: &[&str], client: ClientKind) -> Vec<Screen> {
    match case {
        ReplyCase::GoesOn(certainty) | ReplyCase::Updates(certainty) => {
            vec![Screen::next_step(*certainty)]
        }
        ReplyCase::Error { causes, .. } => vec![screen_of_error(causes, fields, client)],
        ReplyCase::Deny(no_error) => {
            vec![form_with_text(texts::REGISTRATION_DENIED, no_error.certainty(), 24, client)]
        }
        ReplyCase::AllowAfterDeny => vec![
            form_with_text(texts::REGISTRATION_DENIED, Unknown, 25, client),
            Screen::next_step(Unknown),
        ],
        ReplyCase::Failed(failure) => screens_of_failed_call(*failure, client),
        ReplyCase::Undocumented { if_ignored, .. } => {
            // Okta treats the call as failed, or ignores the part.
            let mut possible = screens_of_failed_call(FailedCall::UnusableAnswer, client);
            possible.append(&mut screens(if_ignored, fields, client));
            uncertain_screens(possible, 25)
        }
        ReplyCase::DuplicateName { if_last } => {
            // Okta treats the call as failed, or the last value counts, or the first one. The reader has dropped the
            // first one, so it may be a denial or let the request through.
            let mut possible = screens_of_failed_call(FailedCall::UnusableAnswer, client);
            possible.append(&mut screens(if_last, fields, client));
            possible.push(form_with_text(texts::REGISTRATION_DENIED, Unknown, 25, client));
            possible.push(Screen::next_step(Unknown));
            uncertain_screens(possible, 25)
        }
    }
}

fn screen_of_error(causes: &[ReceivedCause<'_>], fields: &[&str], client: ClientKind) -> Screen {
    let Some(first) = causes.first() else {
        return form_with_text(texts::CANNOT_COMPLETE, Documented, 23, client);
    };
    match client {
        ClientKind::ClassicApp => api_answer(causes),
        _ => form_with_causes(first, causes, fields),
    }
}

/// The form, with a text of Okta's for the whole form.
fn form_with_text(text: &str, certainty: Certainty, row: u8, client: ClientKind) -> Screen {
    filled_form(vec![general_text(text, certainty, row, client)], client)
}

/// A form with these texts. On Classic Engine, each message leaves the form filled in. For an app, that is inferred:
/// it presumably receives the same status as the widget.
fn filled_form(texts: Vec<ShownText>, client: ClientKind) -> Screen {
    let form_certainty = if client == ClientKind::ClassicApp { Inferred } else { Rendered };
    Screen { form: FormState::Stays, form_certainty, texts }
}

/// A text of Okta's for the whole form.
fn general_text(text: &str, certainty: Certainty, row: u8, client: ClientKind) -> ShownText {
    match client {
        ClientKind::ClassicApp => ShownText::new(TextPlace::Message, text, row)
            .text_certainty(certainty.without_documentation())
            .place_certainty(Inferred),
        _ => ShownText::new(TextPlace::Banner, text, row)
            .text_certainty(certainty)
            .place_certainty(Rendered),
    }
}

/// The possible screens after a failed call. Okta's pages name two texts, and the widget shows the one that
/// it receives.
fn screens_of_failed_call(failure: FailedCall, client: ClientKind) -> Vec<Screen> {
    let api_text = match failure {
        FailedCall::TimedOut => texts::API_NO_RESPONSE,
        FailedCall::Unsuccessful | FailedCall::UnusableAnswer => texts::API_UNREACHABLE,
    };
    let mut screens = Vec::new();
    for text in [texts::REGISTRATION_FAILED, api_text] {
        screens.push(form_with_text(text, Unknown, 25, client));
    }
    screens
}

/// The answer that an app receives from the registration API for an error with causes.
fn api_answer(causes: &[ReceivedCause<'_>]) -> Screen {
    let mut shown_texts =
        vec![general_text(texts::CANNOT_COMPLETE, Inferred, 18, ClientKind::ClassicApp)];
    for cause in causes {
        let shown = ShownText::new(TextPlace::Cause, cause_text(cause), 18);
        shown_texts.push(shown.text_certainty(Inferred).place_certainty(Inferred));
    }
    filled_form(shown_texts, ClientKind::ClassicApp)
}

/// The widget's form after an error with causes.
fn form_with_causes(
    first: &ReceivedCause<'_>,
    causes: &[ReceivedCause<'_>],
    fields: &[&str],
) -> Screen {
    let mut errors = Vec::new();
    for cause in causes {
        if let Some(error) = field_error(cause) {
            errors.push(error);
        }
    }
    let mut shown_texts = vec![banner(first, &errors, fields)];
    for field in fields {
        let mut texts = Vec::new();
        for error in errors.iter().filter(|error| error.field == *field) {
            texts.push(error.text);
        }
        if !texts.is_empty() {
            let place = TextPlace::Field((*field).to_owned());
            let shown = ShownText::new(place, in_browser(&texts.join(", ")), 19);
            shown_texts.push(shown.text_certainty(Rendered).place_certainty(Rendered));
        }
    }
    filled_form(shown_texts, ClientKind::Classic)
}

/// The banner shows the text of the first cause in two cases: if its location is in the profile, and if no cause
/// names a field. In all other cases, and if that cause has no text, it shows the general text.
fn banner(first: &ReceivedCause<'_>, errors: &[FieldError<'_>], fields: &[&str]) -> ShownText {
    let is_in_profile =
        first.location.is_some_and(|location| location.starts_with(ATTRIBUTE_LOCATION));
    if is_in_profile {
        return rendered_banner(first.message.unwrap_or(texts::FORM_HAS_ERRORS), 18);
    }
    let text = cause_text(first);
    if errors.is_empty() && !text.is_empty() {
        return rendered_banner(text, 21);
    }
    let row = match first.location {
        Some(field) if fields.contains(&field) => 19,
        Some(_) => 20,
        None => 21,
    };
    rendered_banner(texts::FORM_HAS_ERRORS, row)
}

fn rendered_banner(text: &str, row: u8) -> ShownText {
    ShownText::new(TextPlace::Banner, in_browser(text), row)
        .text_certainty(Rendered)
        .place_certainty(Rendered)
}

/// A text that the widget assigns to a field.
struct FieldError<'a> {
    field: &'a str,
    text: &'a str,
}

/// The field that a cause names by its location, or by a text like `email: is not valid`.
fn field_error<'a>(cause: &ReceivedCause<'a>) -> Option<FieldError<'a>> {
    let text = cause_text(cause);
    match cause.location {
        Some(field) if !field.is_empty() && !text.is_empty() => Some(FieldError { field, text }),
        _ => split_field_error(text),
    }
}

/// Splits `email: is not valid` as the widget does: by `^(\S+): (.+)$`.
fn split_field_error(message: &str) -> Option<FieldError<'_>> {
    let word_end = message.find(char::is_whitespace)?;
    let (word, rest) = message.split_at(word_end);
    let field = word.strip_suffix(':')?;
    let text = rest.strip_prefix(' ')?;
    let is_one_line = !text.contains(['\n', '\r', '\u{2028}', '\u{2029}']);
    if field.is_empty() || text.is_empty() || !is_one_line {
        return None;
    }
    Some(FieldError { field, text })
}
