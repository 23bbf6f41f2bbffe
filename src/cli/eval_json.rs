//! The result of `eval --format json`.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    pipeline::HookAnswer,
    user_view::{UserView, json::UserViewJson},
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

/// Writes the result, in one line.
pub(super) fn write(answer: &HookAnswer<'_, '_>, view: &UserView) -> serde_json::Result<Vec<u8>> {
    let mut rules = Vec::new();
    for verdict in &answer.verdicts {
        rules.push(RuleJson {
            id: &verdict.rule.id,
            mode: verdict.rule.mode(),
            outcome: verdict.outcome.as_str(),
            why: verdict.outcome.why(),
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
        user_sees: UserViewJson::new(view),
    };
    let mut json = serde_json::to_vec(&result)?;
    json.push(b'\n');
    Ok(json)
}
