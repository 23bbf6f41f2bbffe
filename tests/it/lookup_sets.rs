//! Attributes that are set by lookups, and the causes of lookups that fail.

use jiff::civil::date;
use registration_hook::{pipeline, rule::Facts};
use serde_json::Value;

use crate::{
    lookups::{FAILED, LOOKUP, Row, check_rows, hook_with_lookup, row, rule},
    support::{Failures, registration},
};

const SECTIONS: &str = "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\nlevel = '{member.level}'\n";

#[test]
fn attributes_to_set_use_the_results_of_lookups() {
    let on_form = r#"{"memberNumber":"12","lastName":"O'Neil"}"#;

    check_rows([
        Row {
            lookup: "found",
            set: serde_json::json!({"level": "gold"}),
            ..row(SECTIONS, on_form)
        },
        Row { lookup: "found", ..row(SECTIONS, r#"{"memberNumber":"13"}"#) },
        Row { sections: SECTIONS.to_owned(), form: "{}", lookup: "not_asked", ..Row::default() },
        Row {
            keys: "failure_message = 'try later'".to_owned(),
            result: FAILED,
            lookup: "failed",
            causes: "try later LOOKUP_FAILED data.userProfile.memberNumber".to_owned(),
            ..row(SECTIONS, on_form)
        },
        Row {
            keys: "on_failure = 'skip'".to_owned(),
            result: FAILED,
            lookup: "failed",
            ..row(SECTIONS, on_form)
        },
        Row {
            keys: "when = [{ attribute = 'userType', one_of = ['member'] }]".to_owned(),
            lookup: "not_asked",
            ..row(SECTIONS, r#"{"memberNumber":"12","userType":"guest"}"#)
        },
    ]);
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
        (
            both.clone(),
            "first LOOKUP_FAILED data.userProfile.both; second LOOKUP_FAILED data.userProfile.both"
                .to_owned(),
        ),
        (format!("{allow_all}{set}"), format!("first {place}; second {place}")),
        (
            both + set,
            "first LOOKUP_FAILED data.userProfile.both; second LOOKUP_FAILED data.userProfile.both"
                .to_owned(),
        ),
    ] {
        let hook = hook_with_lookup("", &format!("{other}{sections}"));
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
