//! `eval --format json` and `eval --explain`: the answer, its reasons, and the end user's view.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use crate::support::{Failures, program, registration, repository, rules_folder, run, text};

const RULES: &str = r#"
[self_service_registration.lookups.member]
file = "members.csv"
match = { number = "{number}" }
returns = ["name"]

[[self_service_registration.rules]]
id = "email"
attribute = "email"
domains = ["okta.com"]
message = "Only okta.com."
examples.fail = ["a@evil.example"]

[[self_service_registration.rules]]
id = "phone"
attribute = "phone"
digits = 3
mode = "shadow"
message = "Three digits."

[[self_service_registration.rules]]
id = "member"
lookup = "member"
location = "data.userProfile.number"
reason = "NO_MEMBER"
message = "Not a member."
"#;

fn eval(form: &str) -> Value {
    let folder = rules_folder(&[("hook.toml", RULES), ("members.csv", "number,name\n1,Rosario\n")]);
    let mut eval = program();
    eval.args(["eval", "hook", "--format", "json", "--rules"]).arg(folder.path());
    let output = run(&mut eval, &registration(form));
    assert!(output.stdout.ends_with(b"}\n"), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn eval_as_json_has_the_answer_the_reasons_and_the_users_view() {
    let result = eval(r#"{"email":"a@evil.example","number":"1"}"#);

    let members: Vec<&String> = result.as_object().unwrap().keys().collect();
    assert_eq!(members, ["decision", "lookups", "response", "rules", "user_sees"]);
    assert_eq!(result["decision"], "deny");
    assert_eq!(result["response"]["error"]["errorCauses"][0]["reason"], "INVALID_EMAIL");
    assert_eq!(
        result["rules"],
        json!([
            {"id": "email", "mode": "enforce", "outcome": "fail", "why": "`email`: expected an address at okta.com"},
            {"id": "phone", "mode": "shadow", "outcome": "fail", "why": "`phone` is missing or empty"},
            {"id": "member", "mode": "enforce", "outcome": "skip", "why": "a rule that needs no lookup denies"},
        ])
    );
    assert_eq!(result["lookups"], json!([{"name": "member", "outcome": "not_asked"}]));
    let view = &result["user_sees"];
    assert_eq!(view["effect"], "stops");
    assert_eq!(
        view["gen2"],
        json!([{
            "form": "stays",
            "shows": [
                {
                    "place": "banner",
                    "text": "We found some errors. Please review the form and make corrections.",
                    "certainty": "rendered",
                    "place_certainty": "rendered",
                    "row": 2,
                },
                {
                    "place": "field",
                    "field": "email",
                    "text": "Only okta.com.",
                    "certainty": "documented",
                    "place_certainty": "inferred",
                    "row": 2,
                },
            ],
        }])
    );
}

#[test]
fn eval_as_json_tells_each_outcome_and_decision() {
    let mut failures = Failures::default();

    for (form, decision, effect, rules, lookup) in [
        (
            r#"{"email":"a@okta.com","number":"1","phone":"123"}"#,
            "allow",
            "goes_on",
            "pass pass pass",
            "found",
        ),
        (r#"{"email":"a@okta.com","number":"2"}"#, "deny", "stops", "pass fail fail", "not_found"),
    ] {
        let result = eval(form);

        let outcomes: Vec<&str> = result["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| rule["outcome"].as_str().unwrap())
            .collect();
        failures.check_eq(form, result["decision"].as_str(), Some(decision));
        failures.check_eq(form, result["user_sees"]["effect"].as_str(), Some(effect));
        failures.check_eq(form, outcomes.join(" "), rules);
        failures.check_eq(form, result["lookups"][0]["outcome"].as_str(), Some(lookup));
    }
    failures.assert_none();
}

#[test]
fn eval_explains_the_texts_that_the_end_user_sees_and_the_faults() {
    let file = repository("tests/guide/fixtures/registrationHookSSR/guide-deny.request.json");
    let output = run(program().args(["eval", "registrationHookSSR", "--explain"]).arg(file), b"");

    let explanation = text(&output.stderr);
    let expected = "\
deny: Okta stops the registration (documented)
the sign-in widget, Gen2 and Gen3, shows
  box at the top: \"We found some errors. Please review the form and make corrections.\" (rendered; row 2)
  below the field `email`: \"Only okta.com emails can register.\" (documented, place inferred; row 2)
  the form, still filled in
an app without the widget receives
  message: \"Only okta.com emails can register.\" (inferred; row 2)
  message of the input `email`: \"Only okta.com emails can register.\" (inferred; row 2)
  the form again: status PENDING
";
    assert!(explanation.ends_with(expected), "{explanation}");

    // The form has no field `phone`, so the place of the text is not known.
    let output = run(
        program().args(["eval", "registrationHookSSR", "--explain"]),
        &registration(r#"{"lastName":"Jones"}"#),
    );

    let explanation = text(&output.stderr);
    for part in [
        "the sign-in widget, Gen2 and Gen3, shows one of these\n",
        "  box at the top: \"Registration cannot be completed at this time.\" (unknown; row 4)\n",
        "finding location-not-on-form at /error/errorCauses/0/location: the form presumably has no field `email`\n",
    ] {
        assert!(explanation.contains(part), "{explanation}");
    }
}

/// The rows that the code names: a number at the end of a call or alone in a `match`.
#[test]
fn the_page_about_the_users_view_has_each_row_of_the_code() {
    let page = fs::read_to_string(repository("docs/user-view.md")).unwrap();
    let mut rows = BTreeSet::new();
    for line in page.lines() {
        if let Some(number) = line.split('|').nth(1).and_then(|cell| cell.trim().parse::<u8>().ok())
        {
            rows.insert(number);
        }
    }
    let mut named = BTreeSet::new();
    for file in ["src/user_view/identity_engine.rs", "src/user_view/classic.rs"] {
        let code = fs::read_to_string(repository(file)).unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for word in line.split(|letter: char| !letter.is_ascii_alphanumeric()) {
                named.extend(word.parse::<u8>());
            }
        }
    }
    // The next step shows no text, and so has no row in the code.
    named.insert(1);

    assert_eq!(named, rows);
}
