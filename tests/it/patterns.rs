//! `pattern` takes bounded time for any pattern and value, and matches as `regex-automata` does.

use std::time::Duration;

use jiff::civil::date;
use proptest::prelude::*;
use regex_automata::meta::Regex;
use registration_hook::{
    okta::DecisionKind,
    pipeline,
    rule::{Facts, Hook, Outcome},
};
use serde_json::json;

use crate::support::{CpuTimer, Failures, hook, load_rules, registration, rules_folder};

/// The time that a match may take. A debug build is at least ten times slower.
const PATIENCE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1000 } else { 10 });

fn rule(pattern: &str) -> String {
    format!(
        "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'a'\npattern = '{pattern}'\n"
    )
}

fn passes(hook: &Hook, value: &str) -> bool {
    let body = registration(&json!({ "a": value }).to_string());
    let answer = pipeline::answer(hook, &body, &Facts::of_day(date(2026, 11, 21))).unwrap();
    answer.decision == DecisionKind::Allow
}

/// Values of up to 1 KiB that keep many repetitions going.
fn hostile_values() -> Vec<String> {
    let units = ["a", "é", "语", "𐐷", "a ", "ab", "x", "aé", "a’", "z", "_", "0", "aaaaaaaaaab"];
    units.map(|unit| unit.repeat(1024 / unit.len())).into()
}

#[test]
fn no_pattern_takes_long_for_any_value() {
    let patterns = [
        r"(\pL{1,64}[ ’-]?){1,20}",
        r"(\pL{1,40}[ ’-]?){1,5}",
        r"(a?){500}a{500}",
        r"(a?){1000}",
        r"[^x]{0,500}y",
        r"(.*a.{10}){20}",
        r"((a?){50}b?){50}",
        r"(.{0,100}a){10}",
        r"(.?.?.?.?){200}z",
        r"(\pL?){90}\d",
        r"(a*){500}",
        r"(a|aa|aaa|aaaa){1,200}",
        r"([a-z]?[b-y]?){400}",
        r"(\b|\B|a?){300}",
        // Small patterns are matched by a table, so their steps are not counted.
        r"(.*a.{10}){3}",
        r"([ab]*a[ab]{300})+",
    ];
    let mut loaded = 0;
    let mut failures = Failures::default();

    for pattern in patterns {
        let folder = rules_folder(&[("hook.toml", &rule(pattern))]);
        let mut rules = match load_rules(folder.path()) {
            Ok(rules) => rules,
            // A load that refuses the pattern bounds the time as well.
            Err(problems) => {
                failures.check(
                    format!("{pattern}: {}", problems[0]),
                    problems[0].message.contains("repeat less"),
                );
                continue;
            }
        };
        loaded += 1;
        let hook = rules.hooks.remove("hook").unwrap();
        for value in hostile_values() {
            let timer = CpuTimer::start();
            passes(&hook, &value);
            let taken = timer.taken();
            failures.check(format!("{pattern} on {value}: {taken:?}"), taken < PATIENCE);
        }
    }

    failures.assert_none();

    assert!(loaded > 10, "{loaded}");
}

#[test]
fn patterns_that_people_write_match_long_values() {
    let email = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,}";
    let address = format!("{}@{}.example", "a".repeat(64), "b".repeat(200));
    let mut failures = Failures::default();

    for (pattern, value) in [
        (r"\pL{1,64}", "é".repeat(64)),
        (r"[\pL\pM ’.-]{1,64}", "O’Neil-Łukasz".repeat(4)),
        (r"[A-Z]{2}\d{6}", "AB123456".to_owned()),
        (email, address),
        (r".{1,1000}", "x".repeat(1000)),
        (r"[^<>]{0,500}", "é".repeat(500)),
        (r"(\w+ ?)+", "word ".repeat(200)),
        (r"\w{20}", "ǅ".repeat(20)),
    ] {
        failures.check(pattern, passes(&hook(&rule(pattern)), &value));
    }

    failures.assert_none();
}

#[test]
fn a_value_that_takes_too_long_is_denied_and_the_explanation_says_so() {
    let hook = hook(&rule("(a?){1000}"));

    assert!(passes(&hook, "aaa"));
    let mut failures = Failures::default();

    for length in [1000, 1025] {
        let body = registration(&json!({ "a": "a".repeat(length) }).to_string());
        let answer = pipeline::answer(&hook, &body, &Facts::of_day(date(2026, 11, 21))).unwrap();

        failures.check_eq(length, answer.decision, DecisionKind::Deny);
        let Outcome::Fail(why) = &answer.verdicts[0].outcome else {
            panic!("the rule does not fail");
        };
        failures.check(why, why.to_string().ends_with("too long to check"));
    }

    failures.assert_none();
}

/// The parser takes memory in proportion to the length, before the size of the result is known. So the length has a
/// limit of its own.
#[test]
fn a_pattern_over_4_kib_is_a_problem() {
    let too_long = rules_folder(&[("hook.toml", &rule(&"a".repeat(4097)))]);
    let longest = rules_folder(&[("hook.toml", &rule(&"a".repeat(4096)))]);

    let problems = format!("{:?}", load_rules(too_long.path()).err().unwrap());

    assert!(problems.contains("the pattern has 4097 bytes, and at most 4096"), "{problems}");
    assert!(load_rules(longest.path()).is_ok());
}

/// Otherwise a caller could skip a rule by sending a long value.
#[test]
fn a_condition_holds_for_a_value_that_takes_too_long_to_match() {
    let hook = hook(
        "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'b'\ndigits = 1\n\
         when = [{ attribute = 'a', pattern = 'x(a?){1000}' }]\n",
    );

    assert!(!passes(&hook, "xaa"), "the condition holds, and `b` is missing");
    assert!(passes(&hook, "aaa"), "the condition does not hold");
    assert!(!passes(&hook, &format!("x{}", "a".repeat(1000))), "too many steps");
    assert!(!passes(&hook, &format!("x{}", "a".repeat(5000))), "too long");
}

/// To fold the case of classes takes long, also where the compiled pattern is small.
#[test]
fn patterns_that_ignore_case_have_a_limit_together() {
    let slow = format!("(?i)(?:{}){{0}}a", r"\pL".repeat(1300));
    let mut rules = String::new();
    for number in 0..20 {
        rules += &rule(&slow).replace("'r'", &format!("'r{number}'"));
    }
    let folder = rules_folder(&[("hook.toml", &rules)]);

    let problems = format!("{:?}", load_rules(folder.path()).err());

    assert!(problems.contains("too large together"), "{problems}");
}

/// Judging a request has a limit of its own, since the rules may have many slow checks, and the end user
/// chooses the value.
#[test]
fn a_request_that_takes_too_long_to_judge_is_denied() {
    let slow_pattern = rule("(a{0,30}){0,30}");
    let many_attributes: Vec<String> = (0..100).map(|number| format!("a{number}")).collect();
    let mut form = serde_json::Map::new();
    for name in &many_attributes {
        form.insert(name.clone(), "a".repeat(220).into());
    }
    let slow_patterns =
        slow_pattern.replace("attribute = 'a'", &format!("attributes = {many_attributes:?}"));
    let mut many_rules = String::new();
    for number in 0..300 {
        // No two rules are equal. The service would check equal ones once.
        let different = format!("pattern = 'x'\nlength = {{ min = {} }}", number + 1);
        many_rules +=
            &rule("x").replace("'r'", &format!("'r{number}'")).replace("pattern = 'x'", &different);
    }
    let many_urls = many_rules.replace("pattern = 'x'", "format = 'url'");
    let many_names = many_rules.replace("pattern = 'x'", "format = 'person-name'");
    let mut failures = Failures::default();

    for (name, rules, form) in [
        ("slow patterns", &slow_patterns, form.into()),
        ("many rules on a long value", &many_names, json!({ "a": "a".repeat(250_000) })),
        ("many URLs", &many_urls, json!({ "a": format!("https://{}", "é.".repeat(80_000)) })),
    ] {
        let hook = hook(rules);
        let body = registration(&form.to_string());
        let answer = pipeline::answer(&hook, &body, &Facts::of_day(date(2026, 11, 21))).unwrap();
        let last = &answer.verdicts.last().unwrap().outcome;

        failures.check_eq(name, answer.decision, DecisionKind::Deny);
        failures.check(
            name,
            matches!(last, Outcome::Fail(why) if why.to_string().ends_with("too long to check")),
        );
    }

    failures.assert_none();
}

#[test]
fn examples_that_take_too_long_are_a_problem() {
    let names: Vec<String> = (0..100).map(|number| format!("a{number}")).collect();
    let examples = vec!["a".repeat(220); 200];
    let rules = rule("(a{0,30}){0,30}")
        .replace("attribute = 'a'", &format!("attributes = {names:?}"))
        + &format!("examples.pass = {examples:?}\n");
    let folder = rules_folder(&[("hook.toml", &rules)]);

    let problems = format!("{:?}", load_rules(folder.path()).err().unwrap());

    assert!(problems.contains("the examples take too long: show fewer"), "{problems}");
}

/// Small patterns of every kind of node.
fn pattern() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[abé1 ]",
        prop::sample::select(vec![
            ".",
            "[a-b]",
            "[^b]",
            r"\w",
            r"\d",
            r"\b",
            r"\B",
            "^",
            "$",
            "(?m:^)",
            "(?m:$)",
            "(?i:É)",
            r"(?-u:\b)",
            "",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), "[*+?]\\??").prop_map(|(inner, times)| format!("(?:{inner}){times}")),
            (inner.clone(), 0..4_u32, 0..4_u32)
                .prop_map(|(inner, min, more)| format!("({inner}){{{min},{}}}", min + more)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}{b}")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("(?:{a}|{b})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn matches_are_those_of_regex_automata(pattern in pattern(), value in "[abéÉ1 \n]{1,6}") {
        let small = format!("(?:{pattern})");
        // The second branch makes the pattern too large for a table, so that its steps are counted.
        let large = format!(r"(?:{pattern}|~\w{{4}})");
        for pattern in [small, large] {
            let expected = Regex::new(&format!(r"\A(?:{pattern})\z")).unwrap().is_match(&value);
            let found = passes(&hook(&rule(&pattern)), &value);
            prop_assert_eq!(found, expected, "{} {:?}", pattern, value);
        }
    }
}

/// Each check of an `age` parses `eventTime` again: here 5,000 times.
#[test]
fn a_long_event_time_is_not_read() {
    let names = vec!["a"; 100];
    let mut rules = String::new();
    for number in 0..50 {
        rules += &rule("x")
            .replace("'r'", &format!("'r{number}'"))
            .replace("attribute = 'a'", &format!("attributes = {names:?}"))
            .replace("pattern = 'x'", "age = { min = 18 }");
    }
    let hook = hook(&rules);
    let time = format!("2020-01-01T00:00:00Z[u-ca={}]", "a".repeat(200_000));
    let mut body: serde_json::Value =
        serde_json::from_slice(&registration(r#"{"a":"2008-05-05"}"#)).unwrap();
    body["eventTime"] = time.into();
    let body = body.to_string();
    let timer = CpuTimer::start();

    let answer =
        pipeline::answer(&hook, body.as_bytes(), &Facts::of_day(date(2026, 11, 21))).unwrap();

    assert_eq!(answer.decision, DecisionKind::Allow, "the age is that of today");
    assert!(timer.taken() < Duration::from_secs(2), "{:?}", timer.taken());
}
