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

/// A hook with a table, a lookup in it that has these further keys, and further sections.
fn members(keys: &str, sections: &str) -> Hook {
    let rules = format!("{LOOKUP}{keys}\n{sections}");
    let folder = rules_folder(&[("hook.toml", &rules), ("members.csv", TABLE)]);
    let mut rules = load_rules(folder.path()).unwrap_or_else(|problems| panic!("{}", problems[0]));
    rules.hooks.remove("hook").unwrap()
}

pub fn rule(id: &str, keys: &str) -> String {
    format!(
        "[[self_service_registration.rules]]\nid = '{id}'\nmessage = '{id}'\nreason = 'R'\nlocation = 'l.{id}'\n{keys}\n"
    )
}

/// Answers a registration. A result in `results` takes the place of that of the table.
pub fn answer(hook: &Hook, form: &str, result: Option<LookupResult>) -> Value {
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

const FAILED: Option<LookupResult> = Some(LookupResult::Failed(LookupFailure::Timeout));
const BUSY: Option<LookupResult> = Some(LookupResult::Failed(LookupFailure::Busy));

/// A registration, and the effects of its lookup.
#[derive(Default)]
struct Row {
    /// Further keys of the lookup.
    keys: String,
    sections: String,
    form: &'static str,
    /// Takes the place of the result of the table.
    result: Option<LookupResult>,
    /// The outcomes of the rules.
    rules: &'static str,
    /// The outcome of the lookup.
    lookup: &'static str,
    causes: String,
    /// The attributes that are set.
    set: Value,
}

#[test]
fn rules_and_attributes_use_the_results_of_lookups() {
    let name = rule("name", "attribute = 'lastName'\nequals = 'member.lastName'");
    let known = rule("known", "lookup = 'member'");
    let unknown = rule("unknown", "lookup = 'member'\nfound = false");
    let gold = rule(
        "gold",
        "attribute = 'email'\nformat = 'email'\nwhen = [{ attribute = 'member.level', one_of = ['gold'] }]",
    );
    let form_only = rule("number", "attribute = 'memberNumber'\ndigits = 2");
    let set = "[self_service_registration.set]\nlevel = '{member.level}'\n";
    let skip = "on_failure = 'skip'";
    let condition = "when = [{ attribute = 'userType', one_of = ['member'] }]";
    let location = "try later LOOKUP_FAILED l.";
    let message = "failure_message = 'try later'";
    let allow_all = "[self_service_registration]\nallow_all = true\n";
    let on_form = r#"{"memberNumber":"12","lastName":"O'Neil"}"#;
    let rows = [
        Row {
            sections: name.clone(),
            form: on_form,
            rules: "pass",
            lookup: "found",
            ..Row::default()
        },
        Row {
            sections: name.clone(),
            form: r#"{"memberNumber":"12","lastName":"X"}"#,
            rules: "fail",
            lookup: "found",
            causes: "name R l.name".to_owned(),
            ..Row::default()
        },
        Row {
            sections: name.clone(),
            form: r#"{"memberNumber":12,"lastName":"O'Neil"}"#,
            rules: "pass",
            lookup: "found",
            ..Row::default()
        },
        Row {
            sections: name.clone(),
            form: r#"{"memberNumber":"99","lastName":"X"}"#,
            rules: "fail",
            lookup: "not_found",
            causes: "name R l.name".to_owned(),
            ..Row::default()
        },
        Row {
            sections: name.clone(),
            form: r#"{"memberNumber":"","lastName":"X"}"#,
            rules: "fail",
            lookup: "not_asked",
            causes: "name R l.name".to_owned(),
            ..Row::default()
        },
        Row {
            sections: name.clone(),
            form: r#"{"memberNumber":["12"],"lastName":"O'Neil"}"#,
            rules: "fail",
            lookup: "not_asked",
            causes: "name R l.name".to_owned(),
            ..Row::default()
        },
        Row {
            sections: known.clone(),
            form: on_form,
            rules: "pass",
            lookup: "found",
            ..Row::default()
        },
        Row {
            sections: known.clone(),
            form: r#"{"memberNumber":"99"}"#,
            rules: "fail",
            lookup: "not_found",
            causes: "known R l.known".to_owned(),
            ..Row::default()
        },
        Row {
            sections: unknown.clone(),
            form: on_form,
            rules: "fail",
            lookup: "found",
            causes: "unknown R l.unknown".to_owned(),
            ..Row::default()
        },
        Row {
            sections: unknown.clone(),
            form: r#"{"memberNumber":"99"}"#,
            rules: "pass",
            lookup: "not_found",
            ..Row::default()
        },
        // A missing value fails every rule that needs the lookup.
        Row {
            sections: unknown.clone(),
            form: "{}",
            rules: "fail",
            lookup: "not_asked",
            causes: "unknown R l.unknown".to_owned(),
            ..Row::default()
        },
        // The rules that need no lookup come first, wherever they stand.
        Row {
            sections: format!("{name}{form_only}"),
            form: r#"{"memberNumber":"1","lastName":"X"}"#,
            rules: "skip fail",
            lookup: "not_asked",
            causes: "number R l.number".to_owned(),
            ..Row::default()
        },
        // A failure denies, with one cause in the place of the first rule.
        Row {
            keys: message.to_owned(),
            sections: format!("{form_only}{known}{name}"),
            form: on_form,
            result: FAILED,
            rules: "pass fail fail",
            lookup: "failed",
            causes: format!("{location}known"),
            ..Row::default()
        },
        Row {
            keys: message.to_owned(),
            sections: format!(
                "{known}{}",
                rule("other", "attribute = 'lastName'\none_of = ['X']\nmode = 'shadow'")
            ),
            form: on_form,
            result: FAILED,
            rules: "fail fail",
            lookup: "failed",
            causes: format!("{location}known"),
            ..Row::default()
        },
        // A shadow rule never denies.
        Row {
            keys: message.to_owned(),
            sections: rule("shadow", "lookup = 'member'\nmode = 'shadow'"),
            form: on_form,
            result: FAILED,
            rules: "fail",
            lookup: "failed",
            ..Row::default()
        },
        // Skipping is for failures of the source alone.
        Row {
            keys: skip.to_owned(),
            sections: name.clone(),
            form: on_form,
            result: FAILED,
            rules: "skip",
            lookup: "failed",
            ..Row::default()
        },
        Row {
            keys: format!("{skip}\n{message}"),
            sections: name.clone(),
            form: on_form,
            result: BUSY,
            rules: "fail",
            lookup: "failed",
            causes: format!("{location}name"),
            ..Row::default()
        },
        // Elsewhere than in its conditions, a lookup and its rules do not count.
        Row {
            keys: condition.to_owned(),
            sections: known.clone(),
            form: r#"{"memberNumber":"99","userType":"guest"}"#,
            rules: "skip",
            lookup: "not_asked",
            ..Row::default()
        },
        Row {
            keys: condition.to_owned(),
            sections: known.clone(),
            form: r#"{"memberNumber":"99","userType":"member"}"#,
            rules: "fail",
            lookup: "not_found",
            causes: "known R l.known".to_owned(),
            ..Row::default()
        },
        // A malformed value counts as a match, so that nobody skips the lookup by malforming it.
        Row {
            keys: condition.to_owned(),
            sections: known.clone(),
            form: r#"{"memberNumber":"99","userType":["guest"]}"#,
            rules: "fail",
            lookup: "not_found",
            causes: "known R l.known".to_owned(),
            ..Row::default()
        },
        // Conditions of a rule on a result.
        Row {
            sections: gold.clone(),
            form: r#"{"memberNumber":"12","email":"x"}"#,
            rules: "fail",
            lookup: "found",
            causes: "gold R l.gold".to_owned(),
            ..Row::default()
        },
        Row {
            sections: gold.clone(),
            form: r#"{"memberNumber":"13","email":"x"}"#,
            rules: "skip",
            lookup: "found",
            ..Row::default()
        },
        // A condition on the form that does not hold makes a failure irrelevant.
        Row {
            keys: message.to_owned(),
            sections: rule(
                "if",
                "lookup = 'member'\nwhen = [{ attribute = 'userType', one_of = ['a'] }]",
            ),
            form: on_form,
            result: FAILED,
            rules: "skip",
            lookup: "failed",
            ..Row::default()
        },
        // Attributes to set.
        Row {
            sections: format!("{allow_all}{set}"),
            form: on_form,
            rules: "",
            lookup: "found",
            set: serde_json::json!({"level": "gold"}),
            ..Row::default()
        },
        Row {
            sections: format!("{allow_all}{set}"),
            form: r#"{"memberNumber":"13"}"#,
            rules: "",
            lookup: "found",
            ..Row::default()
        },
        Row {
            sections: format!("{allow_all}{set}"),
            form: "{}",
            rules: "",
            lookup: "not_asked",
            ..Row::default()
        },
        Row {
            keys: message.to_owned(),
            sections: format!("{allow_all}{set}"),
            form: on_form,
            result: FAILED,
            rules: "",
            lookup: "failed",
            causes: "try later LOOKUP_FAILED data.userProfile.memberNumber".to_owned(),
            ..Row::default()
        },
        Row {
            keys: skip.to_owned(),
            sections: format!("{allow_all}{set}"),
            form: on_form,
            result: FAILED,
            rules: "",
            lookup: "failed",
            ..Row::default()
        },
        Row {
            keys: condition.to_owned(),
            sections: format!("{allow_all}{set}"),
            form: r#"{"memberNumber":"12","userType":"guest"}"#,
            rules: "",
            lookup: "not_asked",
            ..Row::default()
        },
    ];
    let mut failures = Failures::default();

    for Row { keys, sections, form, result, rules, lookup, causes, set } in rows {
        let answer = answer(&members(&keys, &sections), form, result);
        let row = format!("{keys}\n{sections}{form}");

        failures.check_eq(format!("{row}: rules"), answer["rules"].as_str().unwrap(), rules);
        failures.check_eq(format!("{row}: lookups"), answer["lookups"].as_str().unwrap(), lookup);
        failures.check_eq(format!("{row}: causes"), answer["causes"].as_str().unwrap(), causes);
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
fn results_of_other_types_than_text_are_compared_by_their_text() {
    let hook = members("", &rule("level", "attribute = 'member.level'\nrange = { min = 2 }"));
    let mut failures = Failures::default();

    for (value, outcome) in [
        (OktaValue::Number("3".into()), "pass"),
        (OktaValue::Number("1.5".into()), "fail"),
        (OktaValue::Text("2".into()), "pass"),
        (OktaValue::Boolean(true), "fail"),
    ] {
        let found = LookupResult::Found([("level".to_owned(), value)].into());
        let answer = answer(&hook, r#"{"memberNumber":"12"}"#, Some(found));

        failures.check_eq(outcome, answer["rules"].as_str().unwrap(), outcome);
    }

    failures.assert_none();
}

#[test]
fn each_failed_lookup_gives_one_cause() {
    let other = LOOKUP.replace(".member]", ".other]");
    let other = format!("failure_message = 'first'\n{other}failure_message = 'second'\n");
    let both = rule(
        "both",
        "attribute = 'lastName'\nequals = 'member.lastName'\nwhen = [{ attribute = 'other.level', one_of = ['gold'] }]",
    );
    let set = "[self_service_registration.set]\nlevel = '{other.level}{member.level}'\n";
    let allow_all = "[self_service_registration]\nallow_all = true\n";
    let place = "LOOKUP_FAILED data.userProfile.memberNumber";
    let mut failures = Failures::default();

    for (sections, expected) in [
        (both.clone(), "first LOOKUP_FAILED l.both; second LOOKUP_FAILED l.both".to_owned()),
        (format!("{allow_all}{set}"), format!("first {place}; second {place}")),
        (both + set, "first LOOKUP_FAILED l.both; second LOOKUP_FAILED l.both".to_owned()),
    ] {
        let hook = members("", &format!("{other}{sections}"));
        let body = registration(r#"{"memberNumber":"12","lastName":"O'Neil"}"#);
        let mut facts = Facts::of_day(date(2026, 11, 21));
        for name in ["member", "other"] {
            facts.lookups.insert(name.to_owned(), FAILED.unwrap());
        }
        let answer = pipeline::answer(&hook, &body, &facts).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let mut causes = Vec::new();
        for cause in body["error"]["errorCauses"].as_array().into_iter().flatten() {
            let texts =
                ["errorSummary", "reason", "location"].map(|key| cause[key].as_str().unwrap());
            causes.push(texts.join(" "));
        }
        failures.check_eq(sections, causes.join("; "), expected);
    }

    failures.assert_none();
}
