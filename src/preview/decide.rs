//! Decides a request of the page by the live rules, as production does.

use std::{borrow::Cow, collections::HashMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Page,
    failures::{self, Failures, FixtureFailures},
    finding::{self, FindingJson},
};
use crate::{
    clock,
    explained::Explained,
    form_fields::form_fields,
    lookup::{read_recorded, recorded_json},
    okta::{reply::HookReply, request::DecodeError},
    pipeline::{self, NoAnswer, decode},
    rule::{Facts, Hook},
    user_view::{json::UserViewJson, user_view},
};

/// The question of the page: how do the rules of this hook decide this request?
#[derive(Deserialize)]
struct DecideQuestion<'a> {
    hook: String,
    /// The body of the request, as typed.
    request: String,
    /// The results of lookups, in the form of a `.lookups.json` file.
    #[serde(borrow)]
    lookups: &'a RawValue,
    /// The failures of lookups: those of an opened request, or those that the page assumes.
    failures: Failures,
    /// The attributes that the user has added to the form, or whose fields the user has emptied.
    #[serde(borrow)]
    added: Vec<Cow<'a, str>>,
    /// The attributes in the order of the form on the page. Empty if the order of the request counts.
    #[serde(borrow)]
    order: Vec<Cow<'a, str>>,
}

/// The reply to the page.
#[derive(Serialize)]
struct Decided<'a> {
    explained: Explained<'a>,
    /// The results of the lookups, also of those that a table answers, in the form of a `.lookups.json` file.
    results: Box<RawValue>,
    #[serde(flatten)]
    fixture_failures: FixtureFailures,
    /// The exact body of the answer.
    response: Cow<'a, str>,
    /// The attributes on the form.
    fields: &'a [&'a str],
    screens: UserViewJson<'a>,
    findings: Vec<FindingJson>,
    curl: String,
}

/// Why there is no decision, and the place of the problem in the request.
#[derive(Serialize)]
struct Undecided {
    problem: String,
    /// Whether the service would refuse the request with status 400.
    is_bad_request: bool,
    /// Counts from 1. `None` if the problem has no place.
    line: Option<usize>,
    column: Option<usize>,
}

/// Answers the page's question. Both are JSON.
pub(super) fn decide(page: &Page, question: &[u8]) -> serde_json::Result<String> {
    let question: DecideQuestion<'_> = serde_json::from_slice(question)?;
    match decide_request(page, question) {
        Ok(decided) => Ok(decided),
        Err(undecided) => serde_json::to_string(&undecided),
    }
}

/// Decides the request. Returns a [`Decided`] as JSON.
fn decide_request(page: &Page, question: DecideQuestion<'_>) -> Result<String, Undecided> {
    let DecideQuestion { hook: name, request, lookups, failures, added, order } = question;
    let rules = page.live.rules.load_full();
    let Some(hook) = rules.hooks.get(&name) else {
        return Err(Undecided::without_place("the rules no longer have this hook"));
    };
    if request.len() > page.body_limit {
        return Err(Undecided::without_place("the request is larger than the service accepts"));
    }
    let body = request.as_bytes();
    let facts = facts_with(lookups, failures, hook, body)?;
    let answer = pipeline::answer(hook, body, &facts)?;
    // Decodes once more: the answer does not keep the form, whose attributes are fields on the page.
    let decoded = decode(body).map_err(NoAnswer::InvalidRequest)?;
    let mut fields = form_fields(&decoded, hook.section(answer.flow));
    for name in &added {
        let name = name.as_ref();
        if !fields.contains(&name) {
            fields.push(name);
        }
    }
    sort_as_on_page(&mut fields, &order);
    let reply = HookReply::Answered { status: 200, body: &answer.body };
    let view = user_view(reply, answer.flow, &fields);
    let Page { hooks_url, curl_arguments, .. } = page;
    let curl_body = in_single_quotes(&without_white_space(&request));
    let decided = Decided {
        explained: Explained::new(hook, &answer, &facts.lookups),
        results: recorded_json(&facts.lookups),
        fixture_failures: failures::fixture_failures(hook, body, &facts, &answer),
        response: String::from_utf8_lossy(&answer.body),
        fields: &fields,
        screens: UserViewJson::new(&view),
        findings: finding::findings_json(reply, answer.flow, &fields),
        curl: format!("curl {curl_arguments} --json {curl_body} {hooks_url}/{name}"),
    };
    serde_json::to_string(&decided).map_err(|error| Undecided::without_place(error.to_string()))
}

/// Sorts the fields in the order of the page. Fields that the page does not have come last.
fn sort_as_on_page(fields: &mut [&str], order: &[Cow<'_, str>]) {
    let mut places = HashMap::new();
    for (place, name) in order.iter().enumerate() {
        places.insert(name.as_ref(), place);
    }
    fields.sort_by_key(|name| places.get(name).copied().unwrap_or(usize::MAX));
}

/// Today's date, and these results of lookups with these failures.
fn facts_with(
    lookups: &RawValue,
    failures: Failures,
    hook: &Hook,
    request: &[u8],
) -> Result<Facts, Undecided> {
    let mut recorded = match read_recorded(lookups.get().as_bytes(), hook) {
        Ok(recorded) => recorded,
        Err(why) => return Err(Undecided::without_place(format!("the results of lookups: {why}"))),
    };
    failures::put_in(&mut recorded, failures);
    Ok(clock::recorded_facts(hook, request, &recorded)?)
}

impl Undecided {
    fn without_place(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), is_bad_request: false, line: None, column: None }
    }
}

impl From<NoAnswer> for Undecided {
    fn from(error: NoAnswer) -> Self {
        let is_bad_request = matches!(error, NoAnswer::InvalidRequest(_));
        let (line, column) = match error {
            NoAnswer::InvalidRequest(
                DecodeError::Syntax { line, column, .. }
                | DecodeError::Encoding { line, column, .. },
            ) => (Some(line), Some(column)),
            NoAnswer::InvalidRequest(DecodeError::NotHookRequest { .. }) | NoAnswer::Panicked => {
                (None, None)
            }
        };
        Self { problem: error.to_string(), is_bad_request, line, column }
    }
}

/// Removes the white space between the tokens of valid JSON.
fn without_white_space(json: &str) -> String {
    let mut out = String::new();
    let mut in_string = false;
    let mut is_escaped = false;
    for letter in json.chars() {
        if in_string || !letter.is_ascii_whitespace() {
            out.push(letter);
        }
        if is_escaped {
            is_escaped = false;
            continue;
        }
        match letter {
            '"' => in_string = !in_string,
            '\\' => is_escaped = true,
            _ => {}
        }
    }
    out
}

/// Quotes a text for a shell.
fn in_single_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
