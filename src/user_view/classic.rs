//! The view on Classic Engine: rows 18 to 25 of the table.
//!
//! Okta's server answers the widget with status 400, a text of its own, and the causes as they are. The
//! widget does not know that `data.userProfile.email` is the field `email`.

use super::{
    Certainty, ClientKind, ClientView, FormState, Screen, ShownText, TextPlace,
    case::{FailedCall, ReplyCase},
    message,
    texts::{self, in_browser},
};
use crate::okta::{ATTRIBUTE_LOCATION, reply::ReceivedCause};
use Certainty::{Documented, Inferred, Rendered, Unknown};

pub(super) fn views(case: &ReplyCase<'_>, fields: &[&str]) -> Vec<ClientView> {
    vec![
        ClientView {
            client: ClientKind::Classic,
            screens: screens(case, fields, ClientKind::Classic),
        },
        ClientView {
            client: ClientKind::ClassicApp,
            screens: screens(case, fields, ClientKind::ClassicApp),
        },
    ]
}

fn screens(case: &ReplyCase<'_>, fields: &[&str], client: ClientKind) -> Vec<Screen> {
    match case {
        ReplyCase::GoesOn(..) => vec![Screen::next_step()],
        ReplyCase::Error { causes, .. } => vec![screen_of_error(causes, fields, client)],
        ReplyCase::Deny => {
            vec![form_with(general(texts::REGISTRATION_DENIED, Documented, 24, client))]
        }
        ReplyCase::Failed(failure) => failed(*failure, client),
        ReplyCase::UnknownCommand { has_deny, .. } => {
            let if_ignored = if *has_deny {
                form_with(general(texts::REGISTRATION_DENIED, Unknown, 25, client))
            } else {
                Screen::next_step()
            };
            let mut screens = failed(FailedCall::BadAnswer, client);
            screens.push(if_ignored);
            screens
        }
    }
}

fn screen_of_error(causes: &[ReceivedCause<'_>], fields: &[&str], client: ClientKind) -> Screen {
    let Some(first) = causes.first() else {
        return form_with(general(texts::CANNOT_COMPLETE, Documented, 23, client));
    };
    match client {
        ClientKind::ClassicApp => answer_of_api(causes),
        _ => form_with_causes(first, causes, fields),
    }
}

fn form_with(shown: ShownText) -> Screen {
    Screen { form: FormState::Stays, shows: vec![shown] }
}

/// A text of Okta's for the whole form.
fn general(text: &str, certainty: Certainty, row: u8, client: ClientKind) -> ShownText {
    match client {
        ClientKind::ClassicApp => {
            ShownText::new(TextPlace::Message, text, row).certainty(certainty, Inferred)
        }
        _ => ShownText::new(TextPlace::Banner, text, row).certainty(certainty, Rendered),
    }
}

/// A failed call. Okta's pages name several texts, and the widget shows the one that it receives.
fn failed(failure: FailedCall, client: ClientKind) -> Vec<Screen> {
    let of_api = match failure {
        FailedCall::NoResponse => texts::API_NO_RESPONSE,
        FailedCall::NotReached | FailedCall::BadAnswer => texts::API_UNREACHABLE,
    };
    let mut screens = Vec::new();
    for text in [texts::CALL_FAILED, of_api] {
        screens.push(form_with(general(text, Unknown, 25, client)));
    }
    screens
}

/// The answer of the registration API to an error with causes.
fn answer_of_api(causes: &[ReceivedCause<'_>]) -> Screen {
    let mut shows = vec![general(texts::CANNOT_COMPLETE, Inferred, 18, ClientKind::ClassicApp)];
    for cause in causes {
        let shown = ShownText::new(TextPlace::Cause, message(cause), 18);
        shows.push(shown.certainty(Inferred, Inferred));
    }
    Screen { form: FormState::Stays, shows }
}

/// The form after an error with causes.
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
    let mut shows = vec![banner(first, !errors.is_empty())];
    for field in fields {
        let mut texts = Vec::new();
        for error in errors.iter().filter(|error| error.field == *field) {
            texts.push(error.text);
        }
        if !texts.is_empty() {
            let place = TextPlace::Field((*field).to_owned());
            let shown = ShownText::new(place, in_browser(&texts.join(", ")), 19);
            shows.push(shown.certainty(Rendered, Rendered));
        }
    }
    Screen { form: FormState::Stays, shows }
}

/// The banner. It depends on the first cause, and on whether any cause names a field, on the form or not.
fn banner(first: &ReceivedCause<'_>, has_field_error: bool) -> ShownText {
    let is_in_profile =
        first.location.is_some_and(|location| location.starts_with(ATTRIBUTE_LOCATION));
    let (text, row) = match first.message {
        Some(text) if is_in_profile => (text, 18),
        Some(text) if !has_field_error && !text.is_empty() => (text, 21),
        _ if is_in_profile => (texts::FORM_HAS_ERRORS, 18),
        _ if first.location.is_some() => (texts::FORM_HAS_ERRORS, 20),
        _ => (texts::FORM_HAS_ERRORS, 21),
    };
    ShownText::new(TextPlace::Banner, in_browser(text), row).certainty(Rendered, Rendered)
}

/// A text that the widget assigns to a field.
struct FieldError<'a> {
    field: &'a str,
    text: &'a str,
}

/// The field that a cause names by its location, or by a text like `email: is not valid`.
fn field_error<'a>(cause: &ReceivedCause<'a>) -> Option<FieldError<'a>> {
    let text = message(cause);
    match cause.location {
        Some(field) if !field.is_empty() && !text.is_empty() => Some(FieldError { field, text }),
        _ => {
            let (field, rest) = split_at_colon(text)?;
            Some(FieldError { field, text: rest })
        }
    }
}

/// Splits `email: is not valid` as the widget does: by `^(\S+): (.+)$`.
fn split_at_colon(text: &str) -> Option<(&str, &str)> {
    let word_end = text.find(char::is_whitespace)?;
    let (word, rest) = text.split_at(word_end);
    let (field, rest) = (word.strip_suffix(':')?, rest.strip_prefix(' ')?);
    let is_one_line = !rest.is_empty() && !rest.contains(['\n', '\r', '\u{2028}', '\u{2029}']);
    if is_one_line && !field.is_empty() { Some((field, rest)) } else { None }
}
