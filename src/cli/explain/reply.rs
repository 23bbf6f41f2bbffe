//! Explains any hook's reply: Okta's action, the texts that the end user sees, and the faults found.

use std::fmt::Write as _;

use crate::{
    escape,
    findings::{self, Finding},
    okta::{Flow, FlowSpec, reply::HookReply},
    user_view::{
        Certainty, ClientKind, ClientView, Effect, FormState, Screen, ShownText, TextPlace,
        UserView, user_view,
    },
};

/// Explains a reply to a request of this flow, whose form has these fields. Ends without a line break.
pub(crate) fn reply(reply: HookReply<'_>, flow: Flow, fields: &[&str]) -> String {
    let view = user_view(reply, flow, fields);
    let mut text = okta_action(&view, flow.spec());
    let generations_agree = do_generations_agree(&view.clients);
    for client in &view.clients {
        let heading = match client.client {
            ClientKind::Gen2 if generations_agree => "the sign-in widget, Gen2 and Gen3, shows",
            // The explanation of Gen2 stands for both.
            ClientKind::Gen3 if generations_agree => continue,
            kind => heading_of(kind),
        };
        explain_client(heading, client, &mut text);
    }
    for finding in findings::find(reply, flow, fields) {
        let Finding { id, place, problem, effect, fix } = finding;
        // Someone else's hook chooses the names of members, which may contain line breaks.
        let (place, problem) = (escape::line(&place), escape::line(&problem));
        let place = if place.is_empty() { String::new() } else { format!(" at {place}") };
        // Writing to memory cannot fail.
        let _ = writeln!(text, "finding {id}{place}: {problem}\n  {effect}\n  {fix}");
    }
    text.trim_end().to_owned()
}

/// Whether both generations of the widget show the same screens, as in most cases.
fn do_generations_agree(views: &[ClientView]) -> bool {
    let (mut gen2, mut gen3) = (None, None);
    for ClientView { client, screens } in views {
        match client {
            ClientKind::Gen2 => gen2 = Some(screens),
            ClientKind::Gen3 => gen3 = Some(screens),
            ClientKind::App | ClientKind::Classic | ClientKind::ClassicApp => {}
        }
    }
    gen2 == gen3
}

/// A line about Okta's action, and how certain it is.
fn okta_action(view: &UserView, flow: &FlowSpec) -> String {
    let certainty = view.certainty.as_str();
    match view.effect {
        Effect::GoesOn => format!("Okta {} ({certainty})\n", flow.after_allow),
        Effect::Updates => {
            format!("Okta sets the attributes of the answer and goes on ({certainty})\n")
        }
        Effect::Stops => format!("Okta {} ({certainty})\n", flow.after_deny),
        Effect::Unknown => format!("Okta {} or {} (unknown)\n", flow.after_deny, flow.after_allow),
    }
}

fn heading_of(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Gen2 => "the sign-in widget, Gen2, shows",
        ClientKind::Gen3 => "the sign-in widget, Gen3, shows",
        ClientKind::Classic => "Classic Engine's sign-in widget shows",
        ClientKind::App | ClientKind::ClassicApp => "an app without the widget receives",
    }
}

fn explain_client(heading: &str, view: &ClientView, text: &mut String) {
    match view.screens.as_slice() {
        [screen] => {
            let _ = writeln!(text, "{heading}");
            explain_screen(screen, view.client, text);
        }
        screens => {
            let _ = writeln!(text, "{heading} one of these");
            for (index, screen) in screens.iter().enumerate() {
                if index > 0 {
                    text.push_str("  or\n");
                }
                explain_screen(screen, view.client, text);
            }
        }
    }
}

fn explain_screen(screen: &Screen, client: ClientKind, text: &mut String) {
    for shown in &screen.texts {
        let _ = writeln!(text, "  {}: {}", place_name(&shown.place), describe_text(shown));
    }
    let form = describe_form(screen.form, client);
    if screen.form == FormState::NextStep {
        // The line about Okta's action already says how certain the next step is.
        let _ = writeln!(text, "  {form}");
    } else {
        let _ = writeln!(text, "  {form} ({})", screen.form_certainty.as_str());
    }
}

/// The state of the form in this client.
fn describe_form(form: FormState, client: ClientKind) -> &'static str {
    match (client, form) {
        (_, FormState::NextStep) => "no message, and the next step",
        (ClientKind::App, FormState::Stays) => "the form again: status PENDING",
        (ClientKind::App, FormState::MayStay) => {
            "the form again, or only messages: status PENDING or TERMINAL"
        }
        (ClientKind::ClassicApp, _) => "an HTTP status of 400 or more",
        (_, FormState::Stays) => "the form, still filled in",
        (_, FormState::Replaced) => "a page with only the message",
        (_, FormState::MayStay) => "the form, or a page with only the message",
    }
}

fn place_name(place: &TextPlace) -> String {
    match place {
        TextPlace::Banner => "box at the top".to_owned(),
        TextPlace::Field(field) => format!("below the field `{}`", escape::line(field)),
        TextPlace::Message => "message".to_owned(),
        TextPlace::Input(field) => format!("message of the input `{}`", escape::line(field)),
        TextPlace::Cause => "cause".to_owned(),
    }
}

/// A text, how certain it is, and the row of `docs/user-view.md` that predicts it.
fn describe_text(shown: &ShownText) -> String {
    let ShownText { text, text_certainty, place_certainty, row, .. } = shown;
    let text =
        if text.is_empty() { "no words".to_owned() } else { format!("\"{}\"", escape::line(text)) };
    let certainty = text_certainty.as_str();
    // If the text itself is uncertain, so is its place.
    if place_certainty == text_certainty || *text_certainty == Certainty::Unknown {
        return format!("{text} ({certainty}; row {row})");
    }
    let place_certainty = place_certainty.as_str();
    format!("{text} ({certainty}, place {place_certainty}; row {row})")
}
