//! The view on Identity Engine: rows 1 to 17 of the table.

use std::collections::HashSet;

use super::{
    Certainty, ClientKind, ClientView, FormState, Screen, ShownText, TextPlace,
    case::{FailedCall, NoError, ReplyCase, UndocumentedPart},
    fields::{FieldTexts, SortedCauses},
    texts::{self, in_browser},
    uncertain_screens,
};
use crate::okta::{Flow, reply::ReceivedCause};
use Certainty::{Documented, Inferred, Rendered, Unknown};

pub(super) fn views(case: &ReplyCase<'_>, flow: Flow, fields: &[&str]) -> Vec<ClientView> {
    let mut views = Vec::new();
    for client in [ClientKind::Gen2, ClientKind::Gen3, ClientKind::App] {
        views.push(ClientView { client, screens: screens(case, flow, fields, client) });
    }
    views
}

fn screens(case: &ReplyCase<'_>, flow: Flow, fields: &[&str], client: ClientKind) -> Vec<Screen> {
    match case {
        ReplyCase::GoesOn(certainty) | ReplyCase::Updates(certainty) => {
            vec![Screen::next_step(*certainty)]
        }
        ReplyCase::Error { has_deny, causes } if causes.is_empty() => {
            screens_without_causes(*has_deny, flow, client)
        }
        ReplyCase::Error { causes, .. } => screens_with_causes(causes, flow, fields, client),
        ReplyCase::Deny(no_error) => vec![screen_of_denial(*no_error, flow, client)],
        ReplyCase::AllowAfterDeny => {
            let denial = screen_of_denial(NoError::Absent, flow, client);
            uncertain_screens(vec![denial, Screen::next_step(Unknown)], 11)
        }
        ReplyCase::Failed(failure) => screens_of_failed_call(*failure, flow, client),
        ReplyCase::Undocumented { if_ignored, part } => {
            let row = match (flow, part) {
                (Flow::ProgressiveProfile, UndocumentedPart::UpdateOfOtherFlow) => 17,
                _ => 11,
            };
            // Okta treats the call as failed, or ignores the part.
            let mut possible = screens_of_failed_call(FailedCall::UnusableAnswer, flow, client);
            possible.append(&mut screens(if_ignored, flow, fields, client));
            uncertain_screens(possible, row)
        }
        ReplyCase::DuplicateName { if_last } => {
            // Okta treats the call as failed, or the last value counts, or the first one. The reader has dropped the
            // first one, so it may be a denial or let the request through.
            let mut possible = screens_of_failed_call(FailedCall::UnusableAnswer, flow, client);
            possible.append(&mut screens(if_last, flow, fields, client));
            possible.push(screen_of_denial(NoError::Absent, flow, client));
            possible.push(Screen::next_step(Unknown));
            uncertain_screens(possible, 11)
        }
    }
}

/// The possible screens for an error without causes.
fn screens_without_causes(has_deny: bool, flow: Flow, client: ClientKind) -> Vec<Screen> {
    if flow == Flow::ProgressiveProfile {
        return screens_without_causes_in_profile(client);
    }
    // Okta documents the text for a DENY with an error.
    let certainty = if has_deny { Documented } else { Inferred };
    vec![Screen::with_message(general_text(texts::CANNOT_COMPLETE, certainty, 5, client))]
}

/// The possible screens for an error without causes in a progressive profile. Okta documents a text that the widget
/// itself has. So the server presumably sends no message, and may not send the form either.
fn screens_without_causes_in_profile(client: ClientKind) -> Vec<Screen> {
    let certainty = if client == ClientKind::Gen2 { Documented } else { Unknown };
    let with_text =
        Screen::with_message(general_text(texts::FORM_HAS_ERRORS, certainty, 14, client));
    match client {
        ClientKind::Gen3 => {
            // Gen3 shows the text with the form, and another one if it receives no form.
            let shown = general_text(texts::UNSUPPORTED_RESPONSE, Unknown, 14, client);
            let without_form = Screen { form: FormState::Replaced, ..Screen::with_message(shown) };
            vec![Screen { form: FormState::Stays, ..with_text }, without_form]
        }
        ClientKind::App => {
            // The app receives the text only if the server sends it.
            let without_message = Screen { texts: Vec::new(), ..with_text.clone() };
            vec![with_text, without_message]
        }
        _ => vec![with_text],
    }
}

/// The screen for DENY without an error.
fn screen_of_denial(no_error: NoError, flow: Flow, client: ClientKind) -> Screen {
    let (text, row) = match (flow, no_error) {
        (Flow::ProgressiveProfile, _) => (texts::UPDATE_DENIED, 15),
        (_, NoError::Absent) => (texts::REGISTRATION_DENIED, 6),
        (_, NoError::Null) => (texts::REGISTRATION_DENIED, 8),
    };
    Screen::with_message(general_text(text, no_error.certainty(), row, client))
}

/// The possible screens after a failed call.
fn screens_of_failed_call(failure: FailedCall, flow: Flow, client: ClientKind) -> Vec<Screen> {
    let certainty = failure.certainty();
    if flow != Flow::ProgressiveProfile {
        let row = match failure {
            FailedCall::TimedOut | FailedCall::Unsuccessful => 9,
            FailedCall::UnusableAnswer => 10,
        };
        return vec![Screen::with_message(general_text(
            texts::REGISTRATION_FAILED,
            certainty,
            row,
            client,
        ))];
    }
    // Two of Okta's pages contradict each other. The page with the second text has been deleted.
    let mut screens = Vec::new();
    for text in [texts::UPDATE_FAILED, texts::UPDATE_FAILED_OLDER] {
        screens.push(Screen::with_message(general_text(text, certainty, 16, client)));
    }
    screens
}

/// A text of Okta's for the whole form.
fn general_text(text: &str, certainty: Certainty, row: u8, client: ClientKind) -> ShownText {
    match client {
        ClientKind::App => {
            // Okta does not say that an app receives the documented text, too: that is inferred.
            let certainty = certainty.without_documentation();
            ShownText::new(TextPlace::Message, text, row)
                .text_certainty(certainty)
                .place_certainty(certainty)
        }
        _ => ShownText::new(TextPlace::Banner, text, row)
            .text_certainty(certainty)
            .place_certainty(Rendered),
    }
}

/// The possible screens for an error with causes.
fn screens_with_causes(
    causes: &[ReceivedCause<'_>],
    flow: Flow,
    fields: &[&str],
    client: ClientKind,
) -> Vec<Screen> {
    let sorted = SortedCauses::new(causes, flow, fields);
    let Some(at_fields_or_update) = &sorted.at_fields_or_update else {
        return screens_with_texts(&sorted.at_fields, &sorted.elsewhere, flow, client);
    };
    // A text whose location is in `data.userProfileUpdate` is shown at its field, or nowhere.
    let mut possible = Vec::new();
    for at_fields in [at_fields_or_update, &sorted.at_fields] {
        possible.append(&mut screens_with_texts(at_fields, &sorted.elsewhere, flow, client));
    }
    uncertain_screens(possible, 13)
}

/// The possible screens for texts at fields, and for texts that have no field on the form.
fn screens_with_texts(
    at_fields: &[FieldTexts<'_>],
    elsewhere: &[&str],
    flow: Flow,
    client: ClientKind,
) -> Vec<Screen> {
    let field_texts = texts_at_fields(at_fields, flow, client);
    // For texts at fields, Okta presumably answers with a status of 400 or more. The widgets then keep the form.
    let (form, form_certainty) = match at_fields {
        [] => (FormState::MayStay, Unknown),
        _ => (FormState::Stays, Inferred),
    };
    let mut screens: Vec<Screen> = Vec::new();
    for mut shown_texts in possible_form_texts(at_fields, elsewhere, flow, client) {
        shown_texts.extend_from_slice(&field_texts);
        let screen = Screen { form, form_certainty, texts: shown_texts };
        if !screens.contains(&screen) {
            screens.push(screen);
        }
    }
    screens
}

/// The texts for the whole form: one list per possible screen.
fn possible_form_texts(
    at_fields: &[FieldTexts<'_>],
    elsewhere: &[&str],
    flow: Flow,
    client: ClientKind,
) -> Vec<Vec<ShownText>> {
    // Beside a text at a field, Gen2 shows only its own text for the whole form.
    let is_gen2_with_field = client == ClientKind::Gen2 && !at_fields.is_empty();
    if elsewhere.is_empty() || is_gen2_with_field {
        let texts = match client {
            // An app receives no text for the whole form.
            ClientKind::App => Vec::new(),
            _ => vec![ShownText::form_has_errors(row_at_field(flow))],
        };
        return vec![texts];
    }
    // Okta does not document a place for these texts. The server may drop them, send its own text instead,
    // or send them for the whole form.
    let if_dropped = match client {
        ClientKind::App => Vec::new(),
        _ => vec![general_text(texts::FORM_HAS_ERRORS, Unknown, 4, client)],
    };
    let mut possible = vec![if_dropped];
    if flow != Flow::ProgressiveProfile {
        possible.push(vec![general_text(texts::CANNOT_COMPLETE, Unknown, 4, client)]);
    }
    possible.push(texts_sent_for_form(elsewhere, client));
    possible
}

/// The texts on the screen if Okta's server sends those without a field for the whole form.
fn texts_sent_for_form(elsewhere: &[&str], client: ClientKind) -> Vec<ShownText> {
    if client == ClientKind::Gen2 {
        return vec![general_text(&in_browser(&elsewhere.join(". ")), Unknown, 4, client)];
    }
    let mut shown_texts = Vec::new();
    let mut seen = HashSet::new();
    for text in elsewhere {
        let text = if client == ClientKind::App { (*text).to_owned() } else { in_browser(text) };
        // okta-auth-js drops equal messages.
        if seen.insert(text.clone()) {
            shown_texts.push(general_text(&text, Unknown, 4, client));
        }
    }
    shown_texts
}

/// The texts at fields.
fn texts_at_fields(at_fields: &[FieldTexts<'_>], flow: Flow, client: ClientKind) -> Vec<ShownText> {
    if client == ClientKind::App {
        return texts_in_app(at_fields, flow);
    }
    let row = row_at_field(flow);
    let mut shown_texts = Vec::new();
    for FieldTexts { field, texts } in at_fields {
        for text in texts {
            // Gen3 does not mark a field for an empty text.
            if client == ClientKind::Gen3 && text.is_empty() {
                continue;
            }
            // Okta does not document whether its server passes on an empty text.
            let certainty = if text.is_empty() { Unknown } else { Documented };
            let place = TextPlace::Field((*field).to_owned());
            let shown = ShownText::new(place, in_browser(text), row);
            // Okta does not say that a location names this field: that is inferred.
            shown_texts.push(shown.text_certainty(certainty).place_certainty(Inferred));
        }
    }
    shown_texts
}

/// The texts at fields as an app receives them: first in `messages`, then again at the inputs.
fn texts_in_app(at_fields: &[FieldTexts<'_>], flow: Flow) -> Vec<ShownText> {
    let row = row_at_field(flow);
    let mut messages = Vec::new();
    let mut inputs = Vec::new();
    let mut seen = HashSet::new();
    for FieldTexts { field, texts } in at_fields {
        for text in texts {
            let certainty = if text.is_empty() { Unknown } else { Inferred };
            // okta-auth-js drops equal messages.
            if seen.insert(*text) {
                let message = ShownText::new(TextPlace::Message, *text, row);
                messages.push(message.text_certainty(certainty).place_certainty(Inferred));
            }
            let place = TextPlace::Input((*field).to_owned());
            let input = ShownText::new(place, *text, row);
            inputs.push(input.text_certainty(certainty).place_certainty(Inferred));
        }
    }
    messages.append(&mut inputs);
    messages
}

/// The row of the table that lists texts at fields.
fn row_at_field(flow: Flow) -> u8 {
    if flow == Flow::ProgressiveProfile { 12 } else { 2 }
}
