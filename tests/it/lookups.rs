//! Lookups: how rules and attributes use their results.

use jiff::civil::date;
use registration_hook::{
    okta::Value as OktaValue,
    pipeline,
    rule::{
        Facts, Hook,
        lookup::{LookupFailure, LookupResult},
    },
};
use serde_json::Value;

use crate::support::{Failures, load_rules, registration, rules_folder};

pub const TABLE: &str = "memberNumber,lastName,level\n12,O'Neil,gold\n13,\"Jones, Jr.\",\n";
pub const LOOKUP: &str = r#"
[self_service_registration.lookups.member]
file = "members.csv"
match = { memberNumber = "{memberNumber}" }
returns = ["lastName", "level"]
"#;

/// A hook with a lookup in a table. `keys` are further keys of the lookup, and `sections` follow it.
pub fn hook_with_lookup(keys: &str, sections: &str) -> Hook {
    let rules = format!("{LOOKUP}{keys}\n{sections}");
    let folder = rules_folder(&[("hook.toml", &rules), ("members.csv", TABLE)]);
    let mut rules = load_rules(folder.path()).unwrap_or_else(|problems| panic!("{}", problems[0]));
    rules.hooks.remove("hook").unwrap()
}

pub fn rule(id: &str, keys: &str) -> String {
    format!(
        "[[self_service_registration.rules]]\nid = '{id}'\nmessage = '{id}'\nreason = 'R'\nlocation = 'data.userProfile.{id}'\n{keys}\n"
    )
}

/// Answers a registration, and returns the outcomes of the rules and lookups, the causes and the values to set. `result`, if
/// any, takes the place of the table's.
pub fn effects(hook: &Hook, form: &str, result: Option<LookupResult>) -> Value {
    let body = registration(form);
    let mut facts = Facts::of_day(date(2026, 11, 21));
    let asked = pipeline::questions(hook, &body, &facts).unwrap();
    let mut recorded = Default::default();
    if let Some(result) = result {
        recorded = [("member".to_owned(), result)].into();
    }
    facts.lookups = pipeline::recorded_results(&asked, &recorded);
    let answer = pipeline::answer(hook, &body, &facts).unwrap();
    let rules: Vec<_> = answer.verdicts.iter().map(|verdict| verdict.outcome.as_str()).collect();
    let lookups: Vec<_> = answer.lookups.iter().map(|one| one.outcome.as_str()).collect();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let mut causes = Vec::new();
    for cause in body["error"]["errorCauses"].as_array().into_iter().flatten() {
        causes.push(format!(
            "{} {} {}",
            cause["errorSummary"].as_str().unwrap(),
            cause["reason"].as_str().unwrap(),
            cause["location"].as_str().unwrap()
        ));
    }
    serde_json::json!({
        "rules": rules.join(" "),
        "lookups": lookups.join(" "),
        "causes": causes.join("; "),
        "set": body["commands"][0]["value"],
    })
}

pub const FAILED: Option<LookupResult> = Some(LookupResult::Failed(LookupFailure::Timeout));
const BUSY: Option<LookupResult> = Some(LookupResult::Failed(LookupFailure::Busy));

/// A registration, and the effects of its lookup.
#[derive(Default)]
pub struct Row {
    /// Further keys of the lookup.
    pub keys: String,
    pub sections: String,
    pub form: &'static str,
    /// Takes the place of the result of the table.
    pub result: Option<LookupResult>,
    /// The outcomes of the rules.
    pub rules: &'static str,
    /// The outcome of the lookup.
    pub lookup: &'static str,
    pub causes: String,
    /// The attributes that are set.
    pub set: Value,
}

/// A row with these sections and this form.
pub fn row(sections: &str, form: &'static str) -> Row {
    Row { sections: sections.to_owned(), form, ..Row::default() }
}

/// Answers the registration of each row, and compares the effects.
pub fn check_rows(rows: impl IntoIterator<Item = Row>) {
    let mut failures = Failures::default();

    for Row { keys, sections, form, result, rules, lookup, causes, set } in rows {
        let answer = effects(&hook_with_lookup(&keys, &sections), form, result);
        let row = format!("{keys}\n{sections}{form}");

        failures.check_eq(format!("{row}: rules"), answer["rules"].as_str().unwrap(), rules);
        failures.check_eq(format!("{row}: lookups"), answer["lookups"].as_str().unwrap(), lookup);
        failures.check_eq(format!("{row}: causes"), answer["causes"].as_str().unwrap(), causes);
        // A denial is a command, too, but sets no attribute.
        let written = if answer["set"].get("registration").is_some() {
            Value::Null
        } else {
            answer["set"].clone()
        };
        failures.check_eq(format!("{row}: set"), written, set);
    }

    failures.assert_none();
}

#[test]
fn rules_use_the_results_of_lookups() {
    let name = rule("name", "attribute = 'lastName'\nequals = 'member.lastName'");
    let known = rule("known", "lookup = 'member'");
    let unknown = rule("unknown", "lookup = 'member'\nfound = false");
    let gold = rule(
        "gold",
        "attribute = 'email'\nformat = 'email'\nwhen = [{ attribute = 'member.level', one_of = ['gold'] }]",
    );
    let form_only = rule("number", "attribute = 'memberNumber'\ndigits = 2");
    let skip = "on_failure = 'skip'";
    let condition = "when = [{ attribute = 'userType', one_of = ['member'] }]";
    let location = "try later LOOKUP_FAILED data.userProfile.";
    let message = "failure_message = 'try later'";
    let on_form = r#"{"memberNumber":"12","lastName":"O'Neil"}"#;
    let rows = [
        Row { rules: "pass", lookup: "found", ..row(&name, on_form) },
        Row {
            rules: "fail",
            lookup: "found",
            causes: "name R data.userProfile.name".to_owned(),
            ..row(&name, r#"{"memberNumber":"12","lastName":"X"}"#)
        },
        Row {
            rules: "pass",
            lookup: "found",
            ..row(&name, r#"{"memberNumber":12,"lastName":"O'Neil"}"#)
        },
        Row {
            rules: "fail",
            lookup: "not_found",
            causes: "name R data.userProfile.name".to_owned(),
            ..row(&name, r#"{"memberNumber":"99","lastName":"X"}"#)
        },
        Row {
            rules: "fail",
            lookup: "not_asked",
            causes: "name R data.userProfile.name".to_owned(),
            ..row(&name, r#"{"memberNumber":"","lastName":"X"}"#)
        },
        Row {
            rules: "fail",
            lookup: "not_asked",
            causes: "name R data.userProfile.name".to_owned(),
            ..row(&name, r#"{"memberNumber":["12"],"lastName":"O'Neil"}"#)
        },
        Row { rules: "pass", lookup: "found", ..row(&known, on_form) },
        Row {
            rules: "fail",
            lookup: "not_found",
            causes: "known R data.userProfile.known".to_owned(),
            ..row(&known, r#"{"memberNumber":"99"}"#)
        },
        Row {
            rules: "fail",
            lookup: "found",
            causes: "unknown R data.userProfile.unknown".to_owned(),
            ..row(&unknown, on_form)
        },
        Row { rules: "pass", lookup: "not_found", ..row(&unknown, r#"{"memberNumber":"99"}"#) },
        // A missing value fails every rule that needs the lookup.
        Row {
            rules: "fail",
            lookup: "not_asked",
            causes: "unknown R data.userProfile.unknown".to_owned(),
            ..row(&unknown, "{}")
        },
        // Rules that need no lookup are judged first, wherever they stand. If one fails, the others are skipped.
        Row {
            rules: "skip fail",
            lookup: "not_asked",
            causes: "number R data.userProfile.number".to_owned(),
            ..row(&format!("{name}{form_only}"), r#"{"memberNumber":"1","lastName":"X"}"#)
        },
        // A failed lookup denies, with one cause in the place of the first rule that needs it.
        Row {
            keys: message.to_owned(),
            result: FAILED,
            rules: "pass fail fail",
            lookup: "failed",
            causes: format!("{location}known"),
            ..row(&format!("{form_only}{known}{name}"), on_form)
        },
        // A shadow rule that fails does not skip the rules that need the lookup.
        Row {
            keys: message.to_owned(),
            result: FAILED,
            rules: "fail fail",
            lookup: "failed",
            causes: format!("{location}known"),
            ..row(
                &format!(
                    "{known}{}",
                    rule("other", "attribute = 'lastName'\none_of = ['X']\nmode = 'shadow'")
                ),
                on_form,
            )
        },
        // A shadow rule never denies.
        Row {
            keys: message.to_owned(),
            result: FAILED,
            rules: "fail",
            lookup: "failed",
            ..row(&rule("shadow", "lookup = 'member'\nmode = 'shadow'"), on_form)
        },
        // `on_failure = 'skip'` is for failures of the source. A busy source has not failed: this service asks it too
        // much at a time.
        Row {
            keys: skip.to_owned(),
            result: FAILED,
            rules: "skip",
            lookup: "failed",
            ..row(&name, on_form)
        },
        Row {
            keys: format!("{skip}\n{message}"),
            result: BUSY,
            rules: "fail",
            lookup: "failed",
            causes: format!("{location}name"),
            ..row(&name, on_form)
        },
        // If the conditions of a lookup do not hold, the lookup and its rules do not count.
        Row {
            keys: condition.to_owned(),
            rules: "skip",
            lookup: "not_asked",
            ..row(&known, r#"{"memberNumber":"99","userType":"guest"}"#)
        },
        Row {
            keys: condition.to_owned(),
            rules: "fail",
            lookup: "not_found",
            causes: "known R data.userProfile.known".to_owned(),
            ..row(&known, r#"{"memberNumber":"99","userType":"member"}"#)
        },
        // A malformed value counts as a match, so that nobody skips the lookup by malforming it.
        Row {
            keys: condition.to_owned(),
            rules: "fail",
            lookup: "not_found",
            causes: "known R data.userProfile.known".to_owned(),
            ..row(&known, r#"{"memberNumber":"99","userType":["guest"]}"#)
        },
        // Conditions of a rule on a result.
        Row {
            rules: "fail",
            lookup: "found",
            causes: "gold R data.userProfile.gold".to_owned(),
            ..row(&gold, r#"{"memberNumber":"12","email":"x"}"#)
        },
        Row {
            rules: "skip",
            lookup: "found",
            ..row(&gold, r#"{"memberNumber":"13","email":"x"}"#)
        },
        // A condition on the form that does not hold makes a failure irrelevant.
        Row {
            keys: message.to_owned(),
            result: FAILED,
            rules: "skip",
            lookup: "failed",
            ..row(
                &rule(
                    "if",
                    "lookup = 'member'\nwhen = [{ attribute = 'userType', one_of = ['a'] }]",
                ),
                on_form,
            )
        },
    ];

    check_rows(rows);
}

#[test]
fn results_of_other_types_than_text_are_compared_by_their_text() {
    let hook =
        hook_with_lookup("", &rule("level", "attribute = 'member.level'\nrange = { min = 2 }"));
    let mut failures = Failures::default();

    for (value, outcome) in [
        (OktaValue::Number("3".into()), "pass"),
        (OktaValue::Number("1.5".into()), "fail"),
        (OktaValue::Text("2".into()), "pass"),
        (OktaValue::Boolean(true), "fail"),
    ] {
        let found = LookupResult::Found([("level".to_owned(), value)].into());
        let answer = effects(&hook, r#"{"memberNumber":"12"}"#, Some(found));

        failures.check_eq(outcome, answer["rules"].as_str().unwrap(), outcome);
    }

    failures.assert_none();
}
