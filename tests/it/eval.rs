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
            {"id": "email", "mode": "enforce", "outcome": "fail", "why": "`email`: expected a plain email address at okta.com"},
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
            "form_certainty": "inferred",
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
fn eval_as_json_names_the_decision_and_the_outcome_of_each_rule_and_lookup() {
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

        let mut outcomes = Vec::new();
        for rule in result["rules"].as_array().unwrap() {
            outcomes.push(rule["outcome"].as_str().unwrap());
        }
        failures.check_eq(form, result["decision"].as_str(), Some(decision));
        failures.check_eq(form, result["user_sees"]["effect"].as_str(), Some(effect));
        failures.check_eq(form, outcomes.join(" "), rules);
        failures.check_eq(form, result["lookups"][0]["outcome"].as_str(), Some(lookup));
    }
    failures.assert_none();
}

#[test]
fn eval_explains_the_texts_that_the_end_user_sees() {
    let file = repository("tests/guide/fixtures/registrationHookSSR/guide-deny.request.json");
    let output = run(program().args(["eval", "registrationHookSSR", "--explain"]).arg(file), b"");

    let explanation = text(&output.stderr);
    let expected = "\
deny: Okta stops the registration (documented)
the sign-in widget, Gen2 and Gen3, shows
  box at the top: \"We found some errors. Please review the form and make corrections.\" (rendered; row 2)
  below the field `email`: \"Only okta.com emails can register.\" (documented, place inferred; row 2)
  the form, still filled in (inferred)
an app without the widget receives
  message: \"Only okta.com emails can register.\" (inferred; row 2)
  message of the input `email`: \"Only okta.com emails can register.\" (inferred; row 2)
  the form again: status PENDING (inferred)
";
    assert!(explanation.ends_with(expected), "{explanation}");
}

#[test]
fn eval_explains_a_text_whose_place_is_unknown_since_the_form_lacks_the_field() {
    let rules = RULES.replace("data.userProfile.number", "data.userProfile.nickName");
    let folder =
        rules_folder(&[("hook.toml", &rules), ("members.csv", "number,name\n2,Rosario\n")]);
    let output = run(
        program().args(["eval", "hook", "--explain", "--rules"]).arg(folder.path()),
        &registration(r#"{"lastName":"Jones","email":"rosario@okta.com","number":"1"}"#),
    );

    let explanation = text(&output.stderr);
    for part in [
        "the sign-in widget, Gen2 and Gen3, shows one of these\n",
        "  box at the top: \"Registration cannot be completed at this time.\" (unknown; row 4)\n",
        "finding location-not-on-form at /error/errorCauses/0/location: the form presumably has no field `nickName`\n",
    ] {
        assert!(explanation.contains(part), "{explanation}");
    }
}

#[test]
fn eval_explains_a_decision_that_no_rule_makes_and_reports_no_finding() {
    let rules = r#"
        [self_service_registration]
        allow_all = true
        [self_service_registration.set]
        organization = "{department}"
        title = "{department}"
        number = { generate = "uuid" }
        "#;
    let folder = rules_folder(&[("hook.toml", rules)]);
    let with_id = |form: &str| {
        let request = String::from_utf8(registration(form)).unwrap();
        request.replacen('{', r#"{"eventId":"1","#, 1).into_bytes()
    };
    let mut failures = Failures::default();

    for (request, expected) in [
        (
            with_id(&json!({ "department": "x".repeat(130_000) }).to_string()),
            "\n  the answer would be too large for Okta, so the request is denied\n",
        ),
        (
            registration("{}"),
            "\n  an identifier is made from `eventId`, which is missing, so the request is denied\n",
        ),
        (with_id("{}"), "\n  the section has no rules: it says `allow_all`\n"),
    ] {
        let mut eval = program();
        eval.args(["eval", "hook", "--explain", "--rules"]).arg(folder.path());

        let output = run(&mut eval, &request);

        failures.check_contains(expected, text(&output.stderr), expected);
        failures.check(expected, !text(&output.stderr).contains("finding "));
    }
    failures.assert_none();
}

#[test]
fn eval_places_texts_in_the_order_of_the_form_and_at_fields_that_were_left_empty() {
    let rules = r#"
        [[self_service_registration.rules]]
        id = "email"
        attribute = "email"
        domains = ["okta.com"]
        message = "No."

        [[self_service_registration.rules]]
        id = "name"
        attribute = "lastName"
        length = { min = 9 }
        message = "No."
        "#;
    let folder = rules_folder(&[("hook.toml", rules)]);
    let mut failures = Failures::default();

    for (form, expected) in [
        (r#"{"lastName":"J","firstName":"R","email":"a@b.example"}"#, ["lastName", "email"]),
        (r#"{"email":"a@b.example","lastName":"J"}"#, ["email", "lastName"]),
        (r#"{"firstName":"R","lastName":"J"}"#, ["lastName", "email"]),
    ] {
        let mut eval = program();
        eval.args(["eval", "hook", "--format", "json", "--rules"]).arg(folder.path());
        let output = run(&mut eval, &registration(form));

        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        let screens = result["user_sees"]["gen2"].as_array().unwrap();
        let mut fields = Vec::new();
        for shown in screens[0]["shows"].as_array().unwrap() {
            fields.extend(shown["field"].as_str());
        }
        failures.check_eq(form, screens.len(), 1);
        failures.check_eq(form, fields, expected.to_vec());
    }
    failures.assert_none();
}

/// The code of these files has no other numbers than rows.
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
    // Row 1 is the next step. It shows no text, so the code does not name it.
    named.insert(1);

    assert_eq!(named, rows);
}
