//! Decisions of rules, and the answers that follow from them.

use jiff::civil::date;
use proptest::prelude::*;
use registration_hook::{
    okta::{DecisionKind, Flow, NonEmpty},
    pipeline,
    rule::{
        Facts, Hook, OutcomeJson, Part, PartCheck, Requirement, Rule, RuleOrigin, Rules, Spanned,
        check::Check, text::Text, value_name::ValueName,
    },
};
use serde_json::{Value, json};

use crate::support::{
    CpuTimer, Failures, hook as hook_of, load_rules, registration, repository, rules_folder, text,
};

const FACTS: Facts = Facts::of_day(date(2026, 11, 21));

/// A hook with one rule that has these keys.
fn with_rule(keys: &str) -> Hook {
    hook_of(&format!("[[self_service_registration.rules]]\nid = \"r\"\nmessage = \"m\"\n{keys}\n"))
}

fn passes(hook: &Hook, form: &str) -> bool {
    let body = registration(form);
    let answer =
        pipeline::answer(hook, &body, &FACTS).unwrap_or_else(|error| panic!("{error}: {form}"));
    answer.decision == DecisionKind::Allow
}

/// Keys of a rule, values of `a` that pass, and values that fail.
const CHECKS: &[(&str, &[&str], &[&str])] = &[
    (
        "digits = 4",
        &[r#""1234""#, r#""0000""#, "1234"],
        &[
            r#""123""#,
            r#""12345""#,
            r#""abcd""#,
            r#"" 123""#,
            r#""1234\n""#,
            r#""１２３４""#,
            r#""٠١٢٣""#,
            r#""éé""#,
            r#""+123""#,
            r#""-123""#,
            "-123",
            "12.4",
            "1e3",
            "12345",
            "true",
            "null",
            r#""""#,
            r#"["1","2","3","4"]"#,
            "{}",
        ],
    ),
    ("digits = { min = 2, max = 3 }", &[r#""12""#, "123"], &[r#""1""#, r#""1234""#]),
    (
        "length = { min = 2, max = 3 }",
        &[r#""ab""#, r#""éàü""#, r#""日本語""#],
        &[r#""a""#, r#""abcd""#, "true", "null", r#"["a","b"]"#, "{}", "1.5"],
    ),
    ("length = { min = 4, max = 5 }", &["true", "false", "1234"], &["7", "12.5"]),
    ("length = { max = 2 }", &[r#""a""#], &[r#""abc""#, r#""""#]),
    (
        "pattern = '[a-z]+'",
        &[r#""abc""#, "true"],
        &[r#""Abc""#, r#""abc\n""#, r#""abc1""#, r#"" abc""#, "7", "null"],
    ),
    ("pattern = 'a|ab'", &[r#""a""#, r#""ab""#], &[r#""abb""#]),
    ("pattern = '(?m)^a$'", &[r#""a""#], &[r#""b\na""#, r#""a\nb""#]),
    ("pattern = '(?x) a b # c'", &[r#""ab""#], &[r#""a b""#, r#""abc""#]),
    ("pattern = '(?i)\\w{3}'", &[r#""Äbc""#], &[r#""ab""#]),
    (
        "one_of = ['red', 'green']",
        &[r#""red""#],
        &[r#""Red""#, r#""blue""#, r#""red ""#, "null", "[]", r#"["red"]"#],
    ),
    ("one_of = ['red']\nignore_case = true", &[r#""RED""#], &[r#""blue""#]),
    ("one_of = ['7', 'true']", &["7", r#""7""#, "true"], &["7.0", "false", "8"]),
    (
        "not_one_of = ['root', 'admin']",
        &[r#""rosario""#, r#""Root""#],
        &[r#""root""#, "null", r#"["x"]"#, "{}"],
    ),
    (
        "one_of = ['B-12 34', 'Zoë']\ncompare = ['alphanumeric', 'lowercase']",
        &[r#""b1234""#, r#""B 12/34""#, r#""ZOË""#],
        &[r#""b123""#, r#""Zoe""#, r#""--""#, "12.5", "null"],
    ),
    (
        "not_one_of = ['0123']\ncompare = ['digits']",
        &[r#""0124""#, "123"],
        &[r#""01-23""#, r#""a 0.1.2.3""#, r#""no digits""#, r#""１""#, "true"],
    ),
    (
        "networks = ['192.0.2.0/24', '198.51.100.7', '2001:db8::/32', '10.0.0.0/8', '10.1.0.0/16']",
        &[
            r#""192.0.2.0""#,
            r#""192.0.2.255""#,
            r#""::ffff:192.0.2.9""#,
            r#""::ffff:c000:209""#,
            r#""198.51.100.7""#,
            r#""2001:DB8::1""#,
            r#""2001:db8:ffff:ffff:ffff:ffff:ffff:ffff""#,
            r#""10.255.0.1""#,
            r#""10.1.0.1""#,
        ],
        &[
            r#""192.0.3.0""#,
            r#""192.0.1.255""#,
            r#""198.51.100.8""#,
            r#""2001:db9::""#,
            r#""::192.0.2.9""#,
            r#""192.0.2.1/24""#,
            r#""192.0.2.01""#,
            r#""192.0.2""#,
            r#""3221225985""#,
            "3221225985",
            r#"" 192.0.2.1""#,
            r#""192.0.2.1\n""#,
            r#""fe80::1%eth0""#,
            r#""[2001:db8::1]""#,
            r#""１９２.0.2.1""#,
            "null",
            r#"["192.0.2.1"]"#,
        ],
    ),
    ("networks = ['::ffff:192.0.2.0/120']", &[r#""192.0.2.1""#], &[r#""192.0.3.1""#]),
    ("networks = ['::/0']", &[r#""::1""#], &[r#""192.0.2.1""#, r#""::ffff:192.0.2.1""#]),
    ("networks = ['0.0.0.0/0']", &[r#""0.0.0.0""#, r#""255.255.255.255""#], &[r#""::1""#]),
    ("networks = ['::1/128', '192.0.2.1/32']", &[r#""::1""#, r#""192.0.2.1""#], &[r#""::2""#]),
    (
        "not_networks = ['192.0.2.0/24']",
        &[r#""192.0.3.1""#, r#""2001:db8::1""#],
        &[r#""192.0.2.1""#, r#""::ffff:192.0.2.1""#, r#""no address""#, "7", "null"],
    ),
    ("not_one_of = ['root']\nignore_case = true", &[r#""rosario""#], &[r#""ROOT""#]),
    (
        "format = 'email'",
        &[r#""a@b.example""#],
        &[r#""a""#, r#""a@""#, r#""Bob <a@b.example>""#, "7"],
    ),
    (
        "domains = ['okta.com']",
        &[r#""a@okta.com""#, r#""a@OKTA.com""#],
        &[
            r#""a@sub.okta.com""#,
            r#""a@okta.com.evil.example""#,
            r#""a@notokta.com""#,
            "7",
            r#"["a@okta.com"]"#,
        ],
    ),
    (
        "domains = ['*.okta.com']",
        &[r#""a@sub.okta.com""#, r#""a@x.Y.okta.COM""#],
        &[r#""a@okta.com""#, r#""a@notokta.com""#],
    ),
    (
        "domains = ['okta.com', '*.okta.com']",
        &[r#""a@okta.com""#, r#""a@b.okta.com""#],
        &[r#""a@ta.com""#],
    ),
    (
        "not_domains = ['trash.example', '*.trash.example']",
        &[r#""a@okta.com""#],
        &[r#""a@trash.example""#, r#""a@x.trash.example""#, r#""no address""#, "null"],
    ),
    (
        "domains = ['*.okta.com']\nnot_domains = ['bad.okta.com']",
        &[r#""a@good.okta.com""#],
        &[r#""a@bad.okta.com""#],
    ),
    (
        "format = 'phone'",
        &[
            r#""+14155550100""#,
            r#""+4930123""#,
            r#""+390612345678""#,
            r#""+2290112345678""#,
            r#""+78121234567""#,
            r#""+3584012345678""#,
        ],
        &[
            r#""+440207946000""#,
            r#""+4402079460000""#,
            r#""+784951234567""#,
            r#""+114155550100""#,
            r#""+3580401234567""#,
            r#""+375801712345678""#,
            r#""14155550100""#,
            r#""+0123456""#,
            r#""+1 415 555 0100""#,
            r#""+1234567890123456""#,
            r#""+1""#,
            r#""+１４１５""#,
            "14155550100",
        ],
    ),
    (
        "format = 'date'",
        &[r#""2024-02-29""#, r#""1990-01-31""#],
        &[
            r#""2023-02-29""#,
            r#""1990-1-31""#,
            r#""19900131""#,
            r#""1990-01-31T00:00""#,
            r#""31.01.1990""#,
            "19900131",
        ],
    ),
    ("format = 'country'", &[r#""US""#, r#""DE""#], &[r#""us""#, r#""USA""#, r#""XX""#, r#""UK""#]),
    (
        "format = 'locale'",
        &[r#""en_US""#, r#""en""#, r#""pt_BR""#],
        &[r#""en-US""#, r#""en_us""#, r#""EN""#, r#""en_XX""#, r#""english""#],
    ),
    (
        "format = 'language'",
        &[r#""en""#, r#""en-US""#, r#""zh-Hant-TW""#, r#""de-CH-1996""#],
        &[r#""e""#, r#""en_US""#, r#""en-""#, r#""-en""#, r#""en-x""#, r#""123""#],
    ),
    (
        "format = 'timezone'",
        &[r#""Europe/Paris""#, r#""UTC""#, r#""America/Argentina/Ushuaia""#],
        &[r#""europe/paris""#, r#""Paris""#, r#""+01:00""#, r#""Europe/Berlin ""#],
    ),
    (
        "format = 'url'",
        &[r#""https://example.com/x?y#z""#, r#""http://localhost:8080""#],
        &[
            r#""example.com""#,
            r#""ftp://example.com""#,
            r#""https:///x""#,
            r#""javascript:alert(1)""#,
            r#"" https://example.com""#,
            r#""https://exa mple.com""#,
            r#""https:example.com""#,
        ],
    ),
    (
        "format = 'integer'",
        &["7", "-7", "0", r#""7""#, r#""-12""#],
        &["7.0", "1e3", r#""07""#, r#""+7""#, r#""-0""#, r#""""#, r#""7 ""#, "true", r#""７""#],
    ),
    (
        "format = 'number'",
        &["7", "-7.5", "1e3", r#""7.5""#, r#""1e3""#],
        &[r#""07""#, r#"".5""#, r#""inf""#, r#""NaN""#, r#""1e400""#, r#""7 ""#, "true"],
    ),
    (
        "format = 'boolean'",
        &["true", "false", r#""true""#, r#""false""#],
        &[r#""TRUE""#, r#""yes""#, "1", "0"],
    ),
    (
        "format = 'person-name'",
        &[
            r#""Rosario""#,
            r#""Jean-Luc O’Neil Jr.""#,
            r#""Søren""#,
            r#""張偉""#,
            r#""José""#,
            r#""Jose\u0301""#,
            r#""Col·lell""#,
            r#""レオナルド・ディカプリオ""#,
            r#""Davis, Jr.""#,
            r#""O'Neil-Smith""#,
            r#""van der Berg""#,
            r#""J. R. R. Tolkien""#,
            r#""T.J. Smith""#,
            r#""J.R.R. Tolkien""#,
            r#""Anne‑Marie""#,
            r#""Castro–Leal""#,
            r#""d'""#,
            r#""'t Hooft""#,
            r#""Nuñez ""#,
            r#""عبد الله""#,
            r#""Владимир""#,
            r#""के. राहुल""#,
            r#""Ng""#,
            r#""X""#,
        ],
        &[
            r#""<b>x</b>""#,
            r#""R2D2""#,
            r#""a@b""#,
            r#""-""#,
            r#"" ""#,
            r#""x\n""#,
            "7",
            r#""win.example""#,
            r#""Click win.example now""#,
            r#""http://win.example""#,
            r#""http://…""#,
            r#""Ana\nwin""#,
            r#""Ana\r\nBcc: x""#,
            r#""Ana\twin""#,
            r#""Ana\u2028win""#,
            r#""Ana - win""#,
            r#""Ana -- win""#,
            r#""-,-""#,
            r#""t.co""#,
            r#""www.x.y""#,
            r#""bit.ly/x""#,
            r#""Ana..Jones""#,
            r#""Ana 💰""#,
            r#""Ana & Bob""#,
            r#""Ana (Bob)""#,
            r#""Ana\u200bJones""#,
            r#""Ana\u202eJones""#,
            r#""Ana\u00a0Jones""#,
            r#""{firstName}""#,
            r#""1""#,
            r#""٣""#,
            r#""a．b""#,
            r#""win。example""#,
            r#""\u0301""#,
        ],
    ),
    (
        "range = { min = 1, max = 9.5 }",
        &["1", "9.5", "2e0", r#""3""#],
        &["0", "9.51", "-1", r#""x""#, r#""inf""#, r#""NaN""#, r#"" 3""#, "true", "[2]"],
    ),
    ("range = { min = 10 }", &["10", "1e300"], &["9.99"]),
    (
        "range = { min = 2020-01-01, max = '2020-12-31' }",
        &[r#""2020-01-01""#, r#""2020-12-31""#],
        &[r#""2019-12-31""#, r#""2021-01-01""#, r#""2020-1-1""#, "2020"],
    ),
    (
        "age = { min = 18 }",
        &[r#""2008-11-21""#, r#""1900-01-01""#],
        &[r#""2008-11-22""#, r#""2026-11-21""#, r#""2999-01-01""#, r#""x""#, "20081121"],
    ),
    (
        "age = { min = 13, max = 17 }",
        &[r#""2013-11-21""#, r#""2008-11-22""#],
        &[r#""2013-11-22""#, r#""2008-11-21""#],
    ),
    ("digits = 4\noptional = true", &[r#""1234""#, "null", r#""""#, "[]"], &[r#""abc""#, "true"]),
];

#[test]
fn each_check_passes_and_fails_the_values_of_the_table() {
    let mut failures = Failures::default();

    for (keys, good, bad) in CHECKS {
        let hook = with_rule(&format!("attribute = \"a\"\n{keys}"));

        for value in *good {
            let passes = passes(&hook, &format!(r#"{{"a":{value}}}"#));
            failures.check(format!("{keys}: {value} should pass"), passes);
        }
        for value in *bad {
            let passes = passes(&hook, &format!(r#"{{"a":{value}}}"#));
            failures.check(format!("{keys}: {value} should fail"), !passes);
        }
        let is_optional = keys.contains("optional");
        failures.check_eq(format!("{keys}: absent"), passes(&hook, "{}"), is_optional);
    }

    failures.assert_none();
}

#[test]
fn equals_requires_two_equal_texts() {
    let hook = with_rule("attribute = 'email'\nequals = 'login'");

    assert!(passes(&hook, r#"{"email":"a","login":"a"}"#));
    let mut failures = Failures::default();

    for form in [
        r#"{"email":"a","login":"b"}"#,
        r#"{"email":"a"}"#,
        r#"{"login":"a"}"#,
        r#"{"email":"","login":""}"#,
        r#"{"email":["a"],"login":["a"]}"#,
        r#"{"email":"A","login":"a"}"#,
    ] {
        failures.check(form, !passes(&hook, form));
    }

    failures.assert_none();
}

#[test]
fn equals_compares_what_both_sides_are_reduced_to() {
    let mut failures = Failures::default();

    for (keys, a, b, passed) in [
        ("ignore_case = true", "O'Neil", "o'NEIL", true),
        ("ignore_case = true", "É", "é", false),
        ("ignore_case = true", "O'Neil", "ONeil", false),
        ("compare = ['lowercase']", "É", "é", true),
        ("compare = ['lowercase', 'alphanumeric']", "O'Neil", "ONEIL", true),
        ("compare = ['lowercase', 'alphanumeric']", "O'Neil", "O'Neill", false),
        ("compare = ['digits']", "+1 (415) 555-0100", "1-415-555-0100", true),
        ("compare = ['digits']", "-", "/", false),
        ("compare = ['alphanumeric']\nignore_case = true", "a-B", "Ab", true),
    ] {
        let hook = with_rule(&format!("attribute = 'a'\nequals = 'b'\n{keys}"));
        let form = json!({ "a": a, "b": b }).to_string();
        failures.check_eq(format!("{keys}: {form}"), passes(&hook, &form), passed);
    }

    failures.assert_none();
}

#[test]
fn every_attribute_must_hold() {
    let hook = with_rule("attributes = ['a', 'b']\ndigits = 1");

    assert!(passes(&hook, r#"{"a":"1","b":"2"}"#));
    let mut failures = Failures::default();

    for form in [r#"{"a":"1"}"#, r#"{"b":"1"}"#, r#"{"a":"1","b":"x"}"#, r#"{"a":"x","b":"1"}"#] {
        failures.check(form, !passes(&hook, form));
    }

    failures.assert_none();
}

#[test]
fn all_needs_every_part_and_any_needs_one() {
    let all = with_rule(
        "all = [{ attribute = 'a', digits = 1 }, { attribute = 'b', digits = 2, optional = true }]",
    );

    assert!(passes(&all, r#"{"a":"1"}"#));
    assert!(passes(&all, r#"{"a":"1","b":"12"}"#));
    assert!(!passes(&all, r#"{"a":"1","b":"1"}"#));
    assert!(!passes(&all, r#"{"b":"12"}"#));

    let any = with_rule("any = [{ attribute = 'a', digits = 1 }, { attribute = 'b', digits = 2 }]");

    assert!(passes(&any, r#"{"a":"1"}"#));
    assert!(passes(&any, r#"{"b":"12"}"#));
    assert!(passes(&any, r#"{"a":"x","b":"12"}"#));
    assert!(!passes(&any, r#"{"a":"x","b":"x"}"#));
    assert!(!passes(&any, "{}"));
}

fn answer(hook: &Hook, body: &str) -> String {
    String::from_utf8(pipeline::answer(hook, body.as_bytes(), &FACTS).unwrap().body).unwrap()
}

fn progressive(form: &str) -> String {
    format!(
        r#"{{"eventType":"com.okta.user.pre-registration","requestType":"progressive.profile","data":{{"userProfileUpdate":{form}}}}}"#
    )
}

#[test]
fn every_failing_rule_gives_a_cause_in_order() {
    let hook = hook_of(
        r#"
[[self_service_registration.rules]]
id = "second-name"
attribute = "zipCode"
digits = 5
message = "Five digits, \"please\"."
[[self_service_registration.rules]]
id = "passing"
attribute = "b"
digits = 1
message = "not shown"
[[self_service_registration.rules]]
id = "other"
attributes = ["employeeNumber2nd", "c"]
digits = 1
message = "Other."
reason = "OTHER"
location = "data.userProfile.c"
cause_domain = "external-service"
"#,
    );

    let answer = answer(&hook, text(&registration(r#"{"b":"1"}"#)));

    assert_eq!(
        serde_json::from_str::<Value>(&answer).unwrap(),
        json!({
            "commands": [{"type": "com.okta.action.update", "value": {"registration": "DENY"}}],
            "error": {
                "errorSummary": "This request was denied. Please contact your admin.",
                "errorCauses": [
                    {"errorSummary": "Five digits, \"please\".", "reason": "INVALID_ZIP_CODE", "locationType": "body",
                     "location": "data.userProfile.zipCode", "domain": "end-user"},
                    {"errorSummary": "Other.", "reason": "OTHER", "locationType": "body",
                     "location": "data.userProfile.c", "domain": "external-service"},
                ],
            },
        })
    );
}

#[test]
fn allow_all_copies_the_updated_attributes_or_allows() {
    let hook = hook_of("[progressive_profile]\nallow_all = true\nupdate = ['b', 'a']\n");

    let update = answer(&hook, &progressive(r#"{"a":[1],"b":"x","c":"not copied"}"#));

    assert_eq!(
        update,
        r#"{"commands":[{"type":"com.okta.user.progressive.profile.update","value":{"b":"x","a":[1]}}]}"#
    );

    let nothing = answer(&hook, &progressive(r#"{"c":1,"a":null}"#));

    assert_eq!(
        nothing,
        r#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"ALLOW"}}]}"#
    );
}

#[test]
fn an_update_too_large_for_okta_becomes_a_denial() {
    let hook = hook_of("[progressive_profile]\nallow_all = true\nupdate = ['a']\ndeny = 'error'\n");
    let form = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length));
    let around = answer(&hook, &progressive(&form(1))).len() - 1;
    let largest = progressive(&form(255_999 - around));

    let fits = pipeline::answer(&hook, largest.as_bytes(), &FACTS).unwrap();

    assert_eq!((fits.decision, fits.too_large), (DecisionKind::Update, false));

    let body = progressive(&form(256_000 - around));
    let answer = pipeline::answer(&hook, body.as_bytes(), &FACTS).unwrap();

    assert_eq!((answer.decision, answer.too_large), (DecisionKind::Deny, true));

    let text = "This request cannot be processed here. Please contact your admin.";

    assert_eq!(
        serde_json::from_slice::<Value>(&answer.body).unwrap(),
        json!({
            "commands": [],
            "error": {
                "errorSummary": text,
                "errorCauses": [
                    {"errorSummary": text, "reason": "ANSWER_TOO_LARGE", "locationType": "body",
                     "location": "data.userProfileUpdate", "domain": "external-service"},
                ],
            },
        })
    );
    assert_valid(&answer.body);
}

#[test]
fn too_many_causes_for_okta_become_one() {
    let mut rules = "[self_service_registration]\n".to_owned();
    for number in 0..300 {
        let message = "m".repeat(1000);
        rules += &format!(
            "[[self_service_registration.rules]]\nid = 'r{number}'\nattribute = 'a'\ndigits = 1\nmessage = '{message}'\n"
        );
    }
    let hook = hook_of(&rules);
    let body = registration("{}");

    let answer = pipeline::answer(&hook, &body, &FACTS).unwrap();

    assert_eq!((answer.decision, answer.too_large), (DecisionKind::Deny, true));
    assert_eq!(answer.verdicts.len(), 300, "all verdicts are counted and logged");

    let messages: Value = serde_json::from_slice(&answer.body).unwrap();

    assert_eq!(messages["commands"][0]["value"]["registration"], "DENY");
    assert_eq!(messages["error"]["errorCauses"].as_array().unwrap().len(), 1);
    assert_eq!(messages["error"]["errorCauses"][0]["reason"], "ANSWER_TOO_LARGE");
    assert_eq!(messages["error"]["errorCauses"][0]["location"], "data.userProfile");
    assert_valid(&answer.body);
}

/// Fails if an answer does not fit the schema of Okta's responses.
fn assert_valid(answer: &[u8]) {
    let mut schemas = boon::Schemas::new();
    let path = repository("tests/response.schema.json");
    let schema = boon::Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let answer: Value = serde_json::from_slice(answer).unwrap();
    let valid = schemas.validate(&answer, schema).is_ok();
    assert!(valid, "{answer}");
}

proptest! {
    #[test]
    fn digits_are_ascii_digits(text in "[0-9]{4}|\\PC{0,6}|[0-9\u{660}-\u{669}\u{ff10}-\u{ff19}]{3,5}") {
        let hook = with_rule("attribute = 'a'\ndigits = 4");
        let form = json!({ "a": text }).to_string();
        let expected = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        prop_assert_eq!(passes(&hook, &form), expected, "{}", form);
    }

    #[test]
    fn whole_numbers_are_their_digits(number in any::<u64>(), digits in 1_usize..=20) {
        let hook = with_rule(&format!("attribute = 'a'\ndigits = {digits}"));
        prop_assert_eq!(passes(&hook, &format!(r#"{{"a":{number}}}"#)), number.to_string().len() == digits);
    }
}

#[test]
fn a_very_long_value_is_not_matched_against_patterns() {
    let hook = with_rule("attribute = 'a'\npattern = '[01]*1[01]{4000}'");
    let timer = CpuTimer::start();

    let value = "1".repeat(250_000);

    assert!(!passes(&hook, &format!(r#"{{"a":"{value}"}}"#)));
    // Generous: without the limit it took a minute in a debug build.
    assert!(timer.taken().as_secs() < 10, "{:?}", timer.taken());
    // A pattern that the value would match.
    assert!(!passes(
        &with_rule("attribute = 'a'\npattern = '1+'"),
        &format!(r#"{{"a":"{value}"}}"#)
    ));
}

#[test]
fn names_in_any_script_can_be_a_pattern() {
    let hook = with_rule(
        r"attribute = 'a'
pattern = '[\p{L}\p{M} .-]{1,64}'",
    );
    let mut failures = Failures::default();

    for name in ["Rosario Jones", "Søren", "張偉", "O.-Ж"] {
        failures.check(name, passes(&hook, &json!({ "a": name }).to_string()));
    }

    failures.assert_none();
}

#[test]
fn a_panic_in_a_check_fails_only_its_request() {
    let mut hook = with_rule("attribute = 'a'\ndigits = 1");
    let part = Part {
        attributes: NonEmpty::of(Spanned::new(ValueName::Form("a".to_owned()), 0..0)),
        checks: NonEmpty::of(PartCheck::from(Check::Custom {
            expected: String::new(),
            check_value: Box::new(|_| panic!("a panic for the test")),
        })),
        optional: false,
        number: None,
    };
    let rule = Rule {
        id: "broken".to_owned(),
        outcome_json: OutcomeJson::new("broken", false),
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
    let section = hook.sections.get_mut(&Flow::SelfServiceRegistration).unwrap();
    section.rules = Rules::All(NonEmpty::of(rule));

    let body = registration(r#"{"a":"1"}"#);

    assert_eq!(pipeline::answer(&hook, &body, &FACTS).err(), Some(pipeline::NoAnswer::Panicked));
}

#[test]
fn age_is_measured_on_the_day_of_the_request_in_utc() {
    let hook = with_rule("attribute = 'a'\nage = { min = 18 }");

    let at = |time: &str| {
        let body = text(&registration(r#"{"a":"2008-11-22"}"#)).replacen(
            '{',
            &format!(r#"{{"eventTime":{time},"#),
            1,
        );
        pipeline::answer(&hook, body.as_bytes(), &FACTS).unwrap().decision
    };

    assert_eq!(at(r#""2026-11-22T00:00:00.000Z""#), DecisionKind::Allow);
    assert_eq!(at(r#""2026-11-21T23:59:59.999Z""#), DecisionKind::Deny);
    assert_eq!(at(r#""2026-11-22T00:30:00+01:00""#), DecisionKind::Deny, "a day of UTC");
    // An invalid time is ignored: the day is today.
    assert_eq!(at("7"), DecisionKind::Deny);
    assert_eq!(at(r#""tomorrow""#), DecisionKind::Deny);
}

#[test]
fn a_person_born_on_a_leap_day_is_a_year_older_on_the_first_of_march() {
    let hook = with_rule("attribute = 'a'\nage = { min = 18 }");
    let on = |day| {
        pipeline::answer(&hook, &registration(r#"{"a":"2008-02-29"}"#), &Facts::of_day(day))
            .unwrap()
            .decision
    };

    assert_eq!(on(date(2026, 2, 28)), DecisionKind::Deny);
    assert_eq!(on(date(2026, 3, 1)), DecisionKind::Allow);
}

#[test]
fn a_rule_counts_only_where_all_its_conditions_hold() {
    let hook = with_rule(
        "attribute = 'badge'\ndigits = 4\nwhen = [{ attribute = 'userType', one_of = ['contractor'] }, { attribute = 'country', one_of = ['US'], optional = true }]",
    );
    let mut failures = Failures::default();

    for (form, passed) in [
        (r#"{"userType":"employee"}"#, true),
        ("{}", true),
        (r#"{"userType":"contractor"}"#, false),
        (r#"{"userType":"contractor","badge":"1234"}"#, true),
        (r#"{"userType":"contractor","country":"US"}"#, false),
        (r#"{"userType":"contractor","country":"DE"}"#, true),
        // A value of another type counts as a match, so that nobody can skip the rule by changing the type.
        (r#"{"userType":["contractor"]}"#, false),
        (r#"{"userType":{}}"#, false),
    ] {
        failures.check_eq(form, passes(&hook, form), passed);
    }

    failures.assert_none();

    let body = registration("{}");
    let answer = pipeline::answer(&hook, &body, &FACTS).unwrap();

    assert_eq!(answer.verdicts[0].outcome.as_str(), "skip");
}

#[test]
fn shadow_rules_are_judged_and_do_not_decide() {
    let hook = with_rule("attribute = 'a'\ndigits = 4\nmode = 'shadow'");
    let body = registration(r#"{"a":"x"}"#);

    let answer = pipeline::answer(&hook, &body, &FACTS).unwrap();

    assert_eq!(
        (answer.decision, answer.verdicts[0].outcome.as_str()),
        (DecisionKind::Allow, "fail")
    );
    assert!(!passes(&with_rule("attribute = 'a'\ndigits = 4\nmode = 'enforce'"), r#"{"a":"x"}"#));
}

#[test]
fn messages_follow_the_language_of_the_form_or_profile() {
    let hook = hook_of(
        r#"
[self_service_registration]
summary = { default = "No.", fr = "Non." }
[[self_service_registration.rules]]
id = "r"
attribute = "a"
digits = 1
message = { default = "A digit.", fr = "Un chiffre.", pt-BR = "Um dígito.", "zh_Hant" = "數字" }
[progressive_profile]
[[progressive_profile.rules]]
id = "p"
attribute = "a"
digits = 1
message = { default = "A digit.", fr = "Un chiffre." }
"#,
    );
    let messages = |body: &str| {
        let answer: Value = serde_json::from_str(&answer(&hook, body)).unwrap();
        let error = &answer["error"];
        format!(
            "{} {}",
            error["errorSummary"].as_str().unwrap(),
            error["errorCauses"][0]["errorSummary"].as_str().unwrap()
        )
    };
    let mut failures = Failures::default();

    for (form, expected) in [
        ("{}", "No. A digit."),
        (r#"{"locale":"fr_CA"}"#, "Non. Un chiffre."),
        (r#"{"locale":"fr","preferredLanguage":"pt-br"}"#, "No. Um dígito."),
        (r#"{"preferredLanguage":"pt"}"#, "No. A digit."),
        (r#"{"preferredLanguage":"fr-CA, en;q=0.8"}"#, "Non. Un chiffre."),
        (r#"{"preferredLanguage":"zh-Hant"}"#, "No. 數字"),
        (r#"{"preferredLanguage":" fr ; q=1"}"#, "Non. Un chiffre."),
        // A tag of 35 bytes is read, and a longer one is not.
        (r#"{"preferredLanguage":"fr-a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-pp"}"#, "Non. Un chiffre."),
        (r#"{"preferredLanguage":"fr-a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-ppp"}"#, "No. A digit."),
        (r#"{"preferredLanguage":"?","locale":"fr"}"#, "Non. Un chiffre."),
        (r#"{"locale":7}"#, "No. A digit."),
        (r#"{"locale":""}"#, "No. A digit."),
    ] {
        failures.check_eq(form, messages(text(&registration(form))), expected);
    }

    failures.assert_none();

    let of_profile = |profile: &str| {
        format!(
            r#"{{"eventType":"com.okta.user.pre-registration","requestType":"progressive.profile","data":{{"context":{{"user":{{"profile":{profile}}}}},"userProfileUpdate":{{}}}}}}"#
        )
    };

    assert!(messages(&of_profile(r#"{"locale":"fr_FR"}"#)).ends_with("Un chiffre."));
    assert!(
        messages(&of_profile(r#"{"locale":"en_US","preferredLanguage":"fr"}"#))
            .ends_with("Un chiffre.")
    );
    assert!(messages(&of_profile("[]")).ends_with("A digit."));

    // The tag is too long to be read, so `locale` counts.
    let long = "x-".repeat(100_000);
    let profile = format!(r#"{{"locale":"fr_FR","preferredLanguage":"{long}"}}"#);

    assert!(messages(&of_profile(&profile)).ends_with("Un chiffre."));
}

#[test]
fn a_language_as_long_as_the_body_is_read_quickly() {
    let mut rules = "[self_service_registration]\n".to_owned();
    for number in 0..200 {
        rules += &format!(
            "[[self_service_registration.rules]]\nid = 'r{number}'\nattribute = 'a'\ndigits = 1\nmessage = {{ default = 'No.', fr = 'Non.', de = 'Nein.' }}\n"
        );
    }
    let hook = hook_of(&rules);
    let mut failures = Failures::default();

    for (unit, expected) in [
        ("a", "No."),
        ("a-", "No."),
        ("-", "No."),
        (" ", "No."),
        ("fr,en;q=0.8,", "Non."),
        ("fr;q=0.8,", "Non."),
        ("fr-", "No."),
        ("é", "No."),
    ] {
        let value = unit.repeat(250_000 / unit.len());
        for name in ["preferredLanguage", "locale"] {
            let body = registration(&format!(r#"{{"{name}":"{value}"}}"#));
            let timer = CpuTimer::start();
            let answer = pipeline::answer(&hook, &body, &FACTS).unwrap();
            let taken = timer.taken();
            // Generous: parsed again for each rule, it took seconds in a debug build.
            failures.check(format!("{name} of `{unit}`: {taken:?}"), taken.as_millis() < 500);
            let messages: Value = serde_json::from_slice(&answer.body).unwrap();
            failures.check_eq(
                format!("`{unit}`"),
                &messages["error"]["errorCauses"][199]["errorSummary"],
                expected,
            );
        }
    }

    failures.assert_none();
}

#[test]
fn set_writes_constants_templates_and_normalized_attributes() {
    let hook = hook_of(
        r#"
[self_service_registration]
[[self_service_registration.rules]]
id = "r"
attribute = "email"
domains = ["okta.com"]
message = "m"
[self_service_registration.set]
organization = "Okta"
displayName = "{firstName} {lastName}"
email = { normalize = ["trim", "lowercase"] }
badge = 7
vip = true
tags = ["a", 1]
nickName = "{absent}"
mobilePhone = { normalize = ["e164"] }
[progressive_profile]
allow_all = true
update = ["employeeNumber"]
[progressive_profile.set]
department = "No {employeeNumber}"
"#,
    );

    let set = answer(
        &hook,
        text(&registration(
            r#"{"firstName":"Ros\"ario","lastName":"Jones","email":" Rosario@OKTA.com","mobilePhone":"0033 (6) 12-34.56 78"}"#,
        )),
    );

    assert_eq!(
        set,
        r##"{"commands":[{"type":"com.okta.user.profile.update","value":{"organization":"Okta","displayName":"Ros\"ario Jones","email":"rosario@okta.com","badge":7,"vip":true,"tags":["a",1],"mobilePhone":"+33612345678"}},{"type":"com.okta.action.update","value":{"registration":"ALLOW"}}]}"##
    );
    // The normalized value is judged, and a denial sets no attribute.
    assert!(answer(&hook, text(&registration(r#"{"email":"a@example.com"}"#))).contains("DENY"));
    assert!(!answer(&hook, text(&registration(r#"{"email":"a@example.com"}"#))).contains("Okta\""));

    // A template needs texts, and an absent attribute is not normalized.
    let set = answer(
        &hook,
        text(&registration(r#"{"firstName":["x"],"lastName":"Jones","email":"a@okta.com"}"#)),
    );

    assert!(!set.contains("displayName") && !set.contains("mobilePhone"), "{set}");

    let update = answer(&hook, &progressive(r#"{"employeeNumber":1234}"#));

    assert_eq!(
        update,
        r##"{"commands":[{"type":"com.okta.user.progressive.profile.update","value":{"employeeNumber":1234,"department":"No 1234"}}]}"##
    );
}

#[test]
fn lists_are_read_from_files_in_the_rules_folder() {
    let rules = "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'a'\none_of = { file = 'lists/codes.txt' }\n[[self_service_registration.rules]]\nid = 'd'\nmessage = 'm'\nattribute = 'email'\nnot_domains = { file = 'trash.txt' }\n";
    let folder = rules_folder(&[
        ("hook.toml", rules),
        ("trash.txt", "\u{feff}trash.example\r\n\n  *.trash.example  \n"),
    ]);
    std::fs::create_dir(folder.path().join("lists")).unwrap();
    std::fs::write(folder.path().join("lists/codes.txt"), "\u{feff}one\ntwo words\n").unwrap();
    let set = load_rules(folder.path()).unwrap();
    let hook = &set.hooks["hook"];
    let mut failures = Failures::default();

    for (code, email, passed) in [
        ("one", "a@okta.com", true),
        ("two words", "a@okta.com", true),
        ("two", "a@okta.com", false),
        ("", "a@okta.com", false),
        ("one", "a@trash.example", false),
        ("one", "a@x.trash.example", false),
    ] {
        failures.check_eq(
            format!("{code} {email}"),
            passes(hook, &json!({"a": code, "email": email}).to_string()),
            passed,
        );
    }

    failures.assert_none();
}

/// A rules file with a list in a file.
const LISTED: &str = "[[self_service_registration.rules]]\nid = 'd'\nmessage = 'm'\nattribute = 'email'\nnot_domains = { file = 'trash.txt' }\n";

#[test]
fn a_changed_list_changes_the_revision() {
    let folder = rules_folder(&[("hook.toml", LISTED), ("trash.txt", "trash.example\n")]);
    let before = load_rules(folder.path()).unwrap().revision;

    std::fs::write(folder.path().join("trash.txt"), "other.example\n").unwrap();

    assert_ne!(load_rules(folder.path()).unwrap().revision, before);
}

#[test]
fn a_list_that_is_invalid_missing_or_outside_the_folder_is_a_problem() {
    let folder = rules_folder(&[("hook.toml", LISTED)]);
    let load = || load_rules(folder.path());
    let mut failures = Failures::default();

    for (list, why) in [
        ("", "has no entry"),
        ("\n \n", "has no entry"),
        (&"\0".repeat(4096), "line 1 has a control character, U+0000"),
        ("a.example\nb.example\n\0\0\0", "line 3 has a control character, U+0000"),
        ("a.example\rb.example\r", "in line 1 of the file: it has more than 64 KiB, or a carriage"),
        (&"a.example ".repeat(200_000), "in line 1 of the file: it has more than 64 KiB, or"),
        ("a.example\n\n@b.example\n", "in line 3 of the file: `@b.example` can never match"),
    ] {
        std::fs::write(folder.path().join("trash.txt"), list).unwrap();
        let problems = load().err().unwrap();

        failures.check(format!("{problems:?}"), problems[0].message.contains(why));
    }

    failures.assert_none();

    std::fs::remove_file(folder.path().join("trash.txt")).unwrap();

    assert!(load().err().unwrap()[0].message.contains("cannot read `trash.txt`"));

    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("trash.txt")).unwrap();
        assert!(load().err().unwrap()[0].message.contains("is not in the rules folder"));
    }
}
