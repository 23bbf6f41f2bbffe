//! Parts that several rules of a section have in common are checked once per request.

use jiff::civil::date;
use registration_hook::{
    okta::DecisionKind,
    pipeline,
    rule::{Facts, Hook, Outcome},
};
use serde_json::{Value, json};

use crate::{
    lookups::{hook_with_lookup, rule},
    support::{Failures, hook, registration},
};

/// A part of each kind of result: absent, empty, unreadable, of another type, found by a lookup.
const PARTS: [&str; 8] = [
    "attribute = 'a', digits = 2",
    "attribute = 'a', domains = ['okta.com']",
    "attribute = 'a.domain', not_one_of = ['okta.com']",
    "attribute = 'b', optional = true, pattern = 'x+'",
    "attributes = ['a', 'b'], length = { max = 3 }",
    "attribute = 'a', equals = 'b'",
    "attribute = 'member.level', one_of = ['gold']",
    "attribute = 'memberNumber', one_of = ['12']",
];

/// A rule in shadow mode, so that it does not keep the lookup from being asked.
fn shadow_rule(id: &str, requirement: &str, condition: &str) -> String {
    let keys = format!("mode = 'shadow'\nwhen = [{{ {condition} }}]\nall = [{{ {requirement} }}]");
    rule(id, &keys)
}

/// The outcome of each rule, with its reason.
fn outcomes(hook: &Hook, form: &Value) -> Vec<String> {
    let body = registration(&form.to_string());
    let mut facts = Facts::of_day(date(2026, 11, 21));
    let asked = pipeline::questions(hook, &body, &facts).unwrap();
    facts.lookups = pipeline::recorded_results(&asked, &Default::default());
    let answer = pipeline::answer(hook, &body, &facts).unwrap();
    let outcomes = answer.verdicts.iter().map(|verdict| match &verdict.outcome {
        Outcome::Pass => "pass".to_owned(),
        Outcome::Fail(unmet) => format!("fail: {unmet}"),
        Outcome::Skip(why) => format!("skip: {why}"),
    });
    outcomes.collect()
}

#[test]
fn rules_with_parts_in_common_have_the_same_outcomes_as_each_alone() {
    let mut rules = Vec::new();
    for requirement in PARTS {
        for condition in PARTS {
            rules.push(shadow_rule(&format!("r{}", rules.len()), requirement, condition));
        }
    }
    let together = hook_with_lookup("", &rules.concat());
    let alone: Vec<_> = rules.iter().map(|rule| hook_with_lookup("", rule)).collect();
    let values = [json!(null), json!(""), json!("12"), json!("a@okta.com"), json!("xx"), json!(12)];
    let mut failures = Failures::default();

    for a in &values {
        for b in &values {
            for member in ["12", "13", "14"] {
                let form = json!({ "a": a, "b": b, "memberNumber": member });
                let expected: Vec<_> =
                    alone.iter().flat_map(|hook| outcomes(hook, &form)).collect();
                for (found, expected) in outcomes(&together, &form).into_iter().zip(expected) {
                    failures.check_eq(format!("{form}"), found, expected);
                }
            }
        }
    }

    failures.assert_none();
}

#[test]
fn parts_that_differ_in_any_key_are_checked_each() {
    let part = "attribute = 'a'\none_of = ['x']";
    let mut failures = Failures::default();

    for (name, form, different) in [
        ("another attribute", json!({ "a": "x", "b": "y" }), "attribute = 'b'\none_of = ['x']"),
        ("another entry", json!({ "a": "x" }), "attribute = 'a'\none_of = ['y']"),
        ("another kind", json!({ "a": "x" }), "attribute = 'a'\nnot_one_of = ['x']"),
        ("a further check", json!({ "a": "x" }), "attribute = 'a'\none_of = ['x']\ndigits = 1"),
        ("optional", json!({}), "attribute = 'a'\none_of = ['x']\noptional = true"),
        ("ignore_case", json!({ "a": "X" }), "attribute = 'a'\none_of = ['x']\nignore_case = true"),
        (
            "compare",
            json!({ "a": "-x" }),
            "attribute = 'a'\none_of = ['x']\ncompare = ['alphanumeric']",
        ),
    ] {
        // Twice each, so that the section remembers results.
        let twice = [("r0", part), ("r1", part), ("r2", different), ("r3", different)];
        let rules: String = twice.iter().map(|(id, keys)| rule(id, keys)).collect();
        let found = outcomes(&hook(&rules), &form);

        let words: Vec<_> = found.iter().map(|outcome| outcome.get(..4).unwrap()).collect();
        failures.check(name, words[0] == words[1] && words[2] == words[3] && words[0] != words[2]);
    }

    failures.assert_none();
}

#[test]
fn a_part_in_common_takes_the_work_of_one() {
    let mut equal = String::new();
    let mut different = String::new();
    for number in 1..=300 {
        let id = format!("r{number}");
        equal += &rule(&id, "attribute = 'a'\nformat = 'person-name'");
        let length =
            format!("attribute = 'a'\nformat = 'person-name'\nlength = {{ min = {number} }}");
        different += &rule(&id, &length);
    }
    let body = registration(&json!({ "a": "a".repeat(250_000) }).to_string());
    let facts = Facts::of_day(date(2026, 11, 21));

    let decision = |rules: &str| pipeline::answer(&hook(rules), &body, &facts).unwrap().decision;

    assert_eq!(decision(&equal), DecisionKind::Allow);
    assert_eq!(decision(&different), DecisionKind::Deny);
}
