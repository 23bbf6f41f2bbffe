//! The view on Identity Engine: rows 1 to 17 of the table.

use super::{
    Certainty, ClientKind, ClientView, FormState, Screen, ShownText, TextPlace,
    case::{FailedCall, ReplyCase},
    fields::{FieldTexts, SortedCauses},
    texts::{self, in_browser},
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
        ReplyCase::GoesOn(..) => vec![Screen::next_step()],
        ReplyCase::Error { has_deny, causes } if causes.is_empty() => {
            vec![without_causes(*has_deny, flow, client)]
        }
        ReplyCase::Error { causes, .. } => with_causes(causes, flow, fields, client),
        ReplyCase::Deny => vec![denied(flow, client)],
        ReplyCase::Failed(failure) => failed(*failure, flow, client),
        ReplyCase::UnknownCommand { has_deny, is_update_of_other_flow } => {
            let is_update_of_registration =
                flow == Flow::ProgressiveProfile && *is_update_of_other_flow;
            let row = if is_update_of_registration { 17 } else { 11 };
            let if_ignored = if *has_deny {
                denied(flow, client).one_of_several(row)
            } else {
                Screen::next_step()
            };
            let mut screens = Vec::new();
            for screen in failed(FailedCall::BadAnswer, flow, client) {
                screens.push(screen.one_of_several(row));
            }
            screens.push(if_ignored);
            screens
        }
    }
}

/// An error without causes.
fn without_causes(has_deny: bool, flow: Flow, client: ClientKind) -> Screen {
    if flow == Flow::ProgressiveProfile {
        // The text is the widget's own. An app receives an error without a message.
        let certainty = if client == ClientKind::App { Unknown } else { Documented };
        return Screen::with_box(general(texts::FORM_HAS_ERRORS, certainty, 14, client));
    }
    // Okta documents the text for a DENY with an error.
    let certainty = if has_deny { Documented } else { Inferred };
    Screen::with_box(general(texts::CANNOT_COMPLETE, certainty, 5, client))
}

/// DENY without an error.
fn denied(flow: Flow, client: ClientKind) -> Screen {
    if flow == Flow::ProgressiveProfile {
        return Screen::with_box(general(texts::UPDATE_DENIED, Documented, 15, client));
    }
    Screen::with_box(general(texts::REGISTRATION_DENIED, Documented, 6, client))
}

/// A failed call.
fn failed(failure: FailedCall, flow: Flow, client: ClientKind) -> Vec<Screen> {
    let certainty = failure.certainty();
    if flow != Flow::ProgressiveProfile {
        let row = if certainty == Documented { 9 } else { 10 };
        return vec![Screen::with_box(general(texts::CALL_FAILED, certainty, row, client))];
    }
    // Two pages of Okta's contradict each other. The one with the second text has been deleted.
    let mut screens = Vec::new();
    for text in [texts::UPDATE_FAILED, texts::UPDATE_FAILED_OLDER] {
        screens.push(Screen::with_box(general(text, certainty, 16, client)));
    }
    screens
}

/// A text of Okta's for the whole form.
fn general(text: &str, certainty: Certainty, row: u8, client: ClientKind) -> ShownText {
    match client {
        // Okta does not say that an app receives the documented text: that is inferred.
        ClientKind::App => {
            let certainty = if certainty == Unknown { Unknown } else { Inferred };
            ShownText::new(TextPlace::Message, text, row).certainty(certainty, certainty)
        }
        _ => ShownText::new(TextPlace::Banner, text, row).certainty(certainty, Rendered),
    }
}

/// An error with causes.
fn with_causes(
    causes: &[ReceivedCause<'_>],
    flow: Flow,
    fields: &[&str],
    client: ClientKind,
) -> Vec<Screen> {
    let sorted = SortedCauses::new(causes, flow, fields);
    let Some(at_update_fields) = &sorted.at_update_fields else {
        return with_texts(&sorted.at_fields, &sorted.elsewhere, flow, client);
    };
    let mut screens = Vec::new();
    for at_fields in [at_update_fields, &sorted.at_fields] {
        for screen in with_texts(at_fields, &sorted.elsewhere, flow, client) {
            screens.push(screen.one_of_several(13));
        }
    }
    screens
}

/// The screens for texts at fields and texts that have no field on the form.
fn with_texts(
    at_fields: &[FieldTexts<'_>],
    elsewhere: &[&str],
    flow: Flow,
    client: ClientKind,
) -> Vec<Screen> {
    let below = texts_at_fields(at_fields, flow, client);
    let form = if at_fields.is_empty() { FormState::MayStay } else { FormState::Stays };
    let mut screens: Vec<Screen> = Vec::new();
    for mut shows in possible_form_texts(at_fields, elsewhere, flow, client) {
        shows.extend_from_slice(&below);
        let screen = Screen { form, shows };
        if !screens.contains(&screen) {
            screens.push(screen);
        }
    }
    screens
}

/// The texts for the whole form, once per possible screen.
fn possible_form_texts(
    at_fields: &[FieldTexts<'_>],
    elsewhere: &[&str],
    flow: Flow,
    client: ClientKind,
) -> Vec<Vec<ShownText>> {
    // Gen2 shows no other text for the whole form if a field has one.
    let only_general =
        elsewhere.is_empty() || (client == ClientKind::Gen2 && !at_fields.is_empty());
    if only_general {
        return match client {
            ClientKind::App => vec![Vec::new()],
            _ => vec![vec![ShownText::form_has_errors(row_at_field(flow))]],
        };
    }
    // Okta promises no place for these texts. The server may drop them, put its own text in their place,
    // or send them for the whole form.
    let if_dropped = match client {
        ClientKind::App => Vec::new(),
        _ => vec![general(texts::FORM_HAS_ERRORS, Unknown, 4, client)],
    };
    let mut possible = vec![if_dropped];
    if flow != Flow::ProgressiveProfile {
        possible.push(vec![general(texts::CANNOT_COMPLETE, Unknown, 4, client)]);
    }
    possible.push(texts_for_form(elsewhere, client));
    possible
}

/// The texts for the whole form, if Okta's server sends them so.
fn texts_for_form(elsewhere: &[&str], client: ClientKind) -> Vec<ShownText> {
    if client == ClientKind::Gen2 {
        return vec![general(&in_browser(&elsewhere.join(". ")), Unknown, 4, client)];
    }
    let mut shows = Vec::new();
    for text in elsewhere {
        let text = if client == ClientKind::App { (*text).to_owned() } else { in_browser(text) };
        let shown = general(&text, Unknown, 4, client);
        // okta-auth-js drops equal messages.
        if !shows.contains(&shown) {
            shows.push(shown);
        }
    }
    shows
}

/// The texts at fields.
fn texts_at_fields(at_fields: &[FieldTexts<'_>], flow: Flow, client: ClientKind) -> Vec<ShownText> {
    if client == ClientKind::App {
        return texts_in_app(at_fields, flow);
    }
    let row = row_at_field(flow);
    let mut shows = Vec::new();
    for FieldTexts { field, texts } in at_fields {
        for text in texts {
            // Gen3 does not mark a field for an empty text.
            if client == ClientKind::Gen3 && text.is_empty() {
                continue;
            }
            // Okta does not document whether its server passes on an empty text.
            let certainty = if text.is_empty() { Unknown } else { Documented };
            let place = TextPlace::Field((*field).to_owned());
            // Okta does not say that a location names this field: that is inferred.
            shows.push(ShownText::new(place, in_browser(text), row).certainty(certainty, Inferred));
        }
    }
    shows
}

/// The texts at fields as an app receives them: first in `messages`, then again at the inputs.
fn texts_in_app(at_fields: &[FieldTexts<'_>], flow: Flow) -> Vec<ShownText> {
    let row = row_at_field(flow);
    let mut messages = Vec::new();
    let mut inputs = Vec::new();
    for FieldTexts { field, texts } in at_fields {
        for text in texts {
            let certainty = if text.is_empty() { Unknown } else { Inferred };
            let message =
                ShownText::new(TextPlace::Message, *text, row).certainty(certainty, Inferred);
            // okta-auth-js drops equal messages.
            if !messages.contains(&message) {
                messages.push(message);
            }
            let place = TextPlace::Input((*field).to_owned());
            inputs.push(ShownText::new(place, *text, row).certainty(certainty, Inferred));
        }
    }
    messages.append(&mut inputs);
    messages
}

/// The row of a text at a field.
fn row_at_field(flow: Flow) -> u8 {
    if flow == Flow::ProgressiveProfile { 12 } else { 2 }
}
