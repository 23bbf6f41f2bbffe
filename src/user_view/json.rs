//! The view of the end user as JSON, for `eval` and the preview page.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ClientKind, Effect, FormState, Screen, ShownText, TextPlace, UserView};

/// Okta's action, and for each client the possible screens.
#[derive(Serialize)]
pub(crate) struct UserViewJson<'a> {
    effect: &'static str,
    certainty: &'static str,
    #[serde(flatten)]
    clients: BTreeMap<&'static str, Vec<ScreenJson<'a>>>,
}

#[derive(Serialize)]
struct ScreenJson<'a> {
    form: &'static str,
    form_certainty: &'static str,
    shows: Vec<ShownJson<'a>>,
}

#[derive(Serialize)]
struct ShownJson<'a> {
    place: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    text: &'a str,
    certainty: &'static str,
    place_certainty: &'static str,
    row: u8,
}

impl<'a> UserViewJson<'a> {
    pub(crate) fn new(view: &'a UserView) -> Self {
        let mut clients = BTreeMap::new();
        for client in &view.clients {
            let screens = client.screens.iter().map(screen_json).collect();
            clients.insert(client_key(client.client), screens);
        }
        let effect = match view.effect {
            Effect::GoesOn => "goes_on",
            Effect::Updates => "updates",
            Effect::Stops => "stops",
            Effect::Unknown => "unknown",
        };
        Self { effect, certainty: view.certainty.as_str(), clients }
    }
}

fn client_key(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Gen2 => "gen2",
        ClientKind::Gen3 => "gen3",
        ClientKind::App | ClientKind::ClassicApp => "app",
        ClientKind::Classic => "classic",
    }
}

fn screen_json(screen: &Screen) -> ScreenJson<'_> {
    let form = match screen.form {
        FormState::Stays => "stays",
        FormState::MayStay => "may_stay",
        FormState::Replaced => "replaced",
        FormState::NextStep => "next_step",
    };
    let form_certainty = screen.form_certainty.as_str();
    ScreenJson { form, form_certainty, shows: screen.texts.iter().map(shown_json).collect() }
}

fn shown_json(shown: &ShownText) -> ShownJson<'_> {
    let (place, field) = match &shown.place {
        TextPlace::Banner => ("banner", None),
        TextPlace::Field(field) => ("field", Some(field.as_str())),
        TextPlace::Message => ("message", None),
        TextPlace::Input(field) => ("input", Some(field.as_str())),
        TextPlace::Cause => ("cause", None),
    };
    ShownJson {
        place,
        field,
        text: &shown.text,
        certainty: shown.text_certainty.as_str(),
        place_certainty: shown.place_certainty.as_str(),
        row: shown.row,
    }
}
