//! The result of `eval --format json`.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    explained::{Explained, ExplainedRule},
    user_view::{UserView, json::UserViewJson},
};

#[derive(Serialize)]
struct EvalJson<'a> {
    response: &'a RawValue,
    decision: &'static str,
    rules: &'a [ExplainedRule<'a>],
    lookups: Vec<LookupJson<'a>>,
    user_sees: UserViewJson<'a>,
}

#[derive(Serialize)]
struct LookupJson<'a> {
    name: &'a str,
    outcome: &'static str,
}

/// Writes the result, in one line.
pub(super) fn write(
    body: &[u8],
    explained: &Explained<'_>,
    view: &UserView,
) -> serde_json::Result<Vec<u8>> {
    let mut lookups = Vec::new();
    for lookup in &explained.lookups {
        lookups.push(LookupJson { name: lookup.name, outcome: lookup.outcome });
    }
    let result = EvalJson {
        response: serde_json::from_slice(body)?,
        decision: explained.decision,
        rules: &explained.rules,
        lookups,
        user_sees: UserViewJson::new(view),
    };
    let mut json = serde_json::to_vec(&result)?;
    json.push(b'\n');
    Ok(json)
}
