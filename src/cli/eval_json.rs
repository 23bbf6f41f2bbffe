//! The result of `eval --format json`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::explain::why_of_rule;
use crate::{
    pipeline::HookAnswer,
    user_view::{ClientKind, Effect, FormState, Screen, ShownText, TextPlace, UserView},
};

#[derive(Serialize)]
struct EvalJson<'a> {
    response: &'a RawValue,
    decision: &'static str,
    rules: Vec<RuleJson<'a>>,
    lookups: Vec<LookupJson<'a>>,
    user_sees: UserViewJson<'a>,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    id: &'a str,
    mode: &'static str,
    outcome: &'static str,
    why: Option<String>,
}

#[derive(Serialize)]
struct LookupJson<'a> {
    name: &'a str,
    outcome: &'static str,
}

/// Okta's action, and for each client the possible screens.
#[derive(Serialize)]
struct UserViewJson<'a> {
    effect: &'static str,
    certainty: &'static str,
    #[serde(flatten)]
    clients: BTreeMap<&'static str, Vec<ScreenJson<'a>>>,
}

#[derive(Serialize)]
struct ScreenJson<'a> {
    form: &'static str,
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

/// Writes the result, in one line.
pub(super) fn write(answer: &HookAnswer<'_, '_>, view: &UserView) -> serde_json::Result<Vec<u8>> {
    let mut rules = Vec::new();
    for verdict in &answer.verdicts {
        rules.push(RuleJson {
            id: &verdict.rule.id,
            mode: verdict.rule.mode(),
            outcome: verdict.outcome.as_str(),
            why: why_of_rule(&verdict.outcome),
        });
    }
    let mut lookups = Vec::new();
    for verdict in &answer.lookups {
        let name = verdict.lookup.name.value.as_str();
        lookups.push(LookupJson { name, outcome: verdict.outcome.as_str() });
    }
    let result = EvalJson {
        response: serde_json::from_slice(&answer.body)?,
        decision: answer.decision.as_str(),
        rules,
        lookups,
        user_sees: user_view_json(view),
    };
    let mut json = serde_json::to_vec(&result)?;
    json.push(b'\n');
    Ok(json)
}

fn user_view_json(view: &UserView) -> UserViewJson<'_> {
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
    UserViewJson { effect, certainty: view.certainty.as_str(), clients }
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
        FormState::NextStep => "next_step",
    };
    ScreenJson { form, shows: screen.shows.iter().map(shown_json).collect() }
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
