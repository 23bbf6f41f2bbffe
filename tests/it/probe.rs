//! The flag `check --probe`. The files of `tests/probe` list their findings in lines that start with
//! `#~`, as those of `tests/problems` list their problems.

use std::{collections::BTreeSet, fs, path::Path};

use registration_hook::{
    lint::{
        Lints,
        probe::{self, Probed},
    },
    okta::{Attribute, Form, NonEmpty, Value},
    rule::{
        ExampleContext, Facts, OutcomeJson, Part, Requirement, Rule, RuleExample, RuleOrigin,
        Spanned,
        check::{Check, Mismatch, WorkBudget},
        text::Text,
        value_name::ValueName,
    },
};

use crate::{
    problems::check_listed_problems,
    support::{Failures, hook, program, repository, rules_folder, run, text},
};

fn facts() -> Facts {
    Facts::of_day(jiff::civil::date(2026, 11, 21))
}

fn check(rules: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(program().arg("check").args(arguments).arg("--rules").arg(rules), b"");
    (output.status.code(), text(&output.stdout).to_owned() + text(&output.stderr))
}

/// The findings about a rule that accepts these texts and every value of another type. Its examples are `shown`.
fn findings(texts: &'static [&'static str], shown: &[&'static str]) -> Vec<String> {
    let only = Check::Custom {
        expected: "one of a few texts".to_owned(),
        check_value: Box::new(|value| match value.text() {
            Some(text) if !texts.contains(&text) => Err(Mismatch::Value),
            _ => Ok(()),
        }),
    };
    let part = Part {
        attributes: NonEmpty::of(Spanned::new(ValueName::Form("a".to_owned()), 0..0)),
        checks: NonEmpty::of(only.into()),
        optional: false,
        number: None,
    };
    let rule = Rule {
        id: "r".to_owned(),
        outcome_json: OutcomeJson::new("r", false),
        requirement: Requirement::All(NonEmpty::of(part)),
        message: Text::new("m"),
        when: Vec::new(),
        shadow: false,
        reason: "r".to_owned(),
        location: "l".to_owned(),
        cause_domain: "d".to_owned(),
        lookups: Vec::new(),
        origin: RuleOrigin::default(),
    };
    let example = |text: &&'static str| {
        let value = Value::Text((*text).into());
        let form = Form::new(vec![Attribute { name: "a".into(), json: "null", value }]);
        RuleExample { form, ..RuleExample::default() }
    };
    let shown: Vec<_> = shown.iter().map(example).collect();
    let facts = facts();
    let context = ExampleContext { lookups: &[], facts: &facts, work: &WorkBudget::of_probe() };
    probe::probe_rule(&rule, &shown, context, &mut Probed::default())
}

#[test]
fn the_probe_reports_every_kind_of_attack_that_passes() {
    let mut finding =
        check_listed_problems("tests/probe", &Lints { probe: true, ..Default::default() });
    // No real check accepts values of any type, so this kind of attack needs a rule of its own.
    finding.extend(findings(&["red"], &["red"]));
    let attacks: toml::Table =
        fs::read_to_string(repository("src/lint/attacks.toml")).unwrap().parse().unwrap();

    let kinds: BTreeSet<_> = attacks["attacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attack| attack["kind"].as_str().unwrap())
        .collect();

    assert!(kinds.len() > 15, "{kinds:?}");
    let mut failures = Failures::default();

    for kind in kinds {
        failures
            .check(kind, finding.iter().any(|finding| finding.contains(&format!(", {kind}; "))));
    }

    failures.assert_none();
}

#[test]
fn each_format_has_attacks_of_its_own() {
    let attacks = fs::read_to_string(repository("src/lint/attacks.toml")).unwrap();
    let schema = fs::read_to_string(repository("docs/rules.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let formats = schema["$defs"]["part"]["properties"]["format"]["enum"].as_array().unwrap();
    let mut failures = Failures::default();

    for format in formats {
        let from = match format.as_str().unwrap() {
            "email" => "from = \"address\"".to_owned(),
            // Each text of this format is a number, so the attacks on numbers are tried on it.
            "integer" => "from = { format = \"number\" }".to_owned(),
            name => format!("from = {{ format = \"{name}\" }}"),
        };
        failures.check(&from, attacks.contains(&from));
    }

    failures.assert_none();
}

/// Uses a check of its own, since none of the real ones accepts values of any type. In each row, one
/// input of an attack passes.
#[test]
fn every_input_of_each_attack_is_tried() {
    assert_eq!(
        findings(&["red"], &["red"]),
        [
            "`a` may be `[\"x\"]`, a value of another type; add a check of its text, such as `length`"
        ]
    );
    let mut failures = Failures::default();

    for (shown, passes, printed) in [
        (
            "ana@uk.okta.com",
            "ana@uk.okta.com\0.evil.example",
            "`ana@uk.okta.com\\u{0}.evil.example`, a longer domain that only begins",
        ),
        ("ana@uk.okta.com", "ana@uk.okta.com?evil.example", "a longer domain that only begins"),
        ("ana@uk.okta.com", "ana@eviluk.okta.com", "a longer domain that only ends"),
        ("ana@uk.okta.com", "ana@evil-okta.com", "a longer domain that only ends"),
        ("ana@okta.com", "ana@okta.com@evil.example", "only names an allowed domain"),
        ("ana@okta.com", "okta.com@evil.example", "only names an allowed domain"),
        ("ana@okta.com", "ana@okta.com <x@evil.example>", "only names an allowed domain"),
        ("ana@okta.com", "\"x@evil.example\"@okta.com", "`\"x@evil.example\"@okta.com`, a route"),
        ("ana@okta.com", "x@evil.example:@okta.com", "a route"),
        ("ana@okta.com", "x(@evil.example)@okta.com", "a route"),
        ("ana@okta.com", "evil.example!x@okta.com", "a route"),
        ("ana@okta.com", "=?x?q?x=40evil.example=3e=00?=@okta.com", "a route"),
        ("ana@okta.com", "ana@okta.com\r\nBcc: x@evil.example", "two addresses"),
        ("ana@okta.com", "ana@\u{43e}kt\u{430}.com", "only looks like"),
        ("ana@okta.com", "ana@ｏｋｔａ.com", "only looks like"),
        ("ana@okta.com", "ana@okta.com ", "white space"),
        ("ana@okta.com", "ana@okta.com\n", "`ana@okta.com\\n`, an address with white space"),
        ("ana@okta.com", "ana\u{200b}@okta.com", "an invisible character"),
        ("ana@okta.com", "x(y)@okta.com", "quotes, a comment"),
        ("ana@okta.com", "x <ana@okta.com>", "quotes, a comment"),
        ("1234", "+123", "a sign"),
        ("1234", "１２３４", "digits of another script"),
        ("red", " red", "white space"),
        ("+14155550100", "+04155550100", "a zero after"),
        ("+14155550100", "+1(0)4155550100", "a zero after"),
        ("+442079460000", "+4402079460000", "a trunk prefix after"),
        ("+74951234567", "+784951234567", "a trunk prefix after"),
        ("+390612345678", "+39(0)0612345678", "a trunk prefix after"),
        ("+14155550100", "+14155550100x99", "an extension"),
        ("https://okta.com/a", "https://okta.com@evil.example/a", "only names an allowed host"),
        ("https://okta.com/a", "https://okta.com.evil.example/a", "only names an allowed host"),
        ("https://okta.com", "https://evil.example#okta.com", "only names an allowed host"),
        ("https://okta.com/a", "javascript://okta.com/a", "not http"),
        ("Ana Jones", "Ana Jones.evil", "a web address"),
        ("Ana Jones", "Ana Jones win.example", "a web address"),
        ("Ana O'Neil", "Ana O'Neil win.example", "`Ana O'Neil win.example`, a web address"),
        (
            "https://okta.com/a",
            r"https://evil.example\okta.com/a",
            r"`https://evil.example\okta.com/a`, a",
        ),
        ("1990-01-31", "1990-13-01", "a day that does not exist"),
        ("US", "ZZ", "a country that"),
        ("en_US", "en_XX", "a locale of"),
        ("en-US", "en-US-", "an empty part"),
        ("Europe/Paris", "../Europe/Paris", "a time zone"),
        ("2.5", "2.5e999", "not a number"),
        ("true", "yes", "a word for yes"),
        ("red", "red\u{200b}", "an invisible character"),
    ] {
        let texts: &'static [&'static str] = Box::leak(Box::new([shown, passes]));
        let found = findings(texts, &[shown]);

        failures.check(format!("{passes:?}: {found:?}"), found[0].contains(printed));
        // An input that an example shows is meant to pass.
        failures.check(
            passes,
            !findings(texts, &[shown, passes]).iter().any(|finding| finding.contains(printed)),
        );
    }

    failures.assert_none();
}

#[test]
fn only_check_with_the_probe_flag_probes() {
    let rules = fs::read_to_string(repository("tests/probe/okta-sample.toml")).unwrap();

    let folder = rules_folder(&[("hook.toml", &rules)]);

    assert_eq!(check(folder.path(), &[]).0, Some(0));

    let (code, printed) = check(folder.path(), &["--probe"]);

    assert_eq!(code, Some(1));
    let mut failures = Failures::default();

    for part in [
        "hook.toml:3:6: `login` may be `rosario.jones@okta.com.evil.example`, a longer domain",
        "\n3 | id = \"contains\"\n",
        "hook.toml:19:6: `employeeNumber` may be `abcd`, letters",
        "\n20 problems\n",
    ] {
        failures.check_contains(part, &printed, part);
    }

    failures.assert_none();

    let output = run(program().args(["eval", "hook", "--rules"]).arg(folder.path()), b"{}");

    assert!(text(&output.stderr).starts_with("standard input: the body is not a registration"));
}

#[test]
fn a_rule_with_a_problem_is_not_probed() {
    let rules = "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'a'\ndigits = 4\nexamples.pass = ['abcd']\n";
    let folder = rules_folder(&[("hook.toml", rules)]);

    let (_, printed) = check(folder.path(), &["--probe"]);

    assert!(
        printed.contains("this example should pass") && printed.ends_with("\n1 problem\n"),
        "{printed}"
    );
}

/// All rules share the work.
#[test]
fn a_probe_that_takes_too_long_ends_and_says_so() {
    let names: Vec<String> = (0..100).map(|number| format!("a{number}")).collect();
    let rules = format!(
        "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattributes = {names:?}\ndigits = 4\n"
    );
    let hook = hook(&rules);
    let rule = hook.sections.values().next().unwrap().rules.iter().next().unwrap();
    let mut examples = Vec::new();
    for number in 1000..1040 {
        let mut attributes = Vec::new();
        for name in &names {
            let value = Value::Text(number.to_string().into());
            attributes.push(Attribute { name: name.into(), json: "null", value });
        }
        examples.push(RuleExample { form: Form::new(attributes), ..RuleExample::default() });
    }
    let (facts, work) = (facts(), WorkBudget::default());
    let context = ExampleContext { lookups: &[], facts: &facts, work: &work };
    let mut probed = Probed::default();

    for _ in 0..2 {
        let found = probe::probe_rule(rule, &examples, context, &mut probed);

        assert!(found[0].contains("not all inputs were tried"), "{found:?}");
        assert_eq!(probed.rules, 1, "beyond the limit no rule is tried");
    }
}

/// Formats of numbers also hold for JSON numbers.
#[test]
fn a_decimal_in_an_example_is_attacked_as_its_text_is() {
    let rule = "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'a'\nformat = 'number'\n";
    let mut tried = Vec::new();

    for example in ["1.5", "'1.5'"] {
        let rules = format!("{rule}examples.pass = [{example}]\n");
        let folder = rules_folder(&[("hook.toml", &rules)]);
        let (code, printed) = check(folder.path(), &["--probe"]);

        assert_eq!(code, Some(0), "{printed}");
        tried.push(printed.lines().last().unwrap().to_owned());
    }

    assert_eq!(tried[0], tried[1]);
    assert!(!tried[0].contains("tried 0 inputs"), "{tried:?}");
}
