//! What rules decide: a table of rules and forms, and what answers look like.

use proptest::prelude::*;
use registration_hook::{
    hook::{self, DecisionKind, NonEmpty},
    pipeline,
    rule::{
        Hook, Part, Policy, Requirement, Rule,
        check::{Check, Miss},
    },
};
use serde_json::{Value, json};

use crate::support::{hook as hook_of, registration};

/// A hook with one rule of these keys.
fn with_rule(keys: &str) -> Hook {
    hook_of(&format!("[[self_service_registration.rules]]\nid = \"r\"\nmessage = \"m\"\n{keys}\n"))
}

fn passes(hook: &Hook, form: &str) -> bool {
    let body = registration(form);
    let answer = pipeline::answer(hook, &body).unwrap_or_else(|error| panic!("{error}: {form}"));
    answer.decision == DecisionKind::Allow
}

/// The keys of a rule, values of `a` that pass, and values that fail.
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
        &[r#""a""#, r#""abcd""#, "true", "null", r#"["a","b"]"#, "{}"],
    ),
    ("length = { max = 2 }", &[r#""a""#], &[r#""abc""#, r#""""#]),
    (
        "pattern = '[a-z]+'",
        &[r#""abc""#],
        &[r#""Abc""#, r#""abc\n""#, r#""abc1""#, r#"" abc""#, "true", "null"],
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
    ("digits = 4\noptional = true", &[r#""1234""#, "null", r#""""#, "[]"], &[r#""abc""#, "true"]),
];

#[test]
fn checks() {
    for (keys, good, bad) in CHECKS {
        let hook = with_rule(&format!("attribute = \"a\"\n{keys}"));
        for value in *good {
            assert!(passes(&hook, &format!(r#"{{"a":{value}}}"#)), "{keys}: {value} should pass");
        }
        for value in *bad {
            assert!(!passes(&hook, &format!(r#"{{"a":{value}}}"#)), "{keys}: {value} should fail");
        }
        let optional = keys.contains("optional");
        assert_eq!(passes(&hook, "{}"), optional, "{keys}: absent");
    }
}

#[test]
fn equals() {
    let hook = with_rule("attribute = 'email'\nequals = 'login'");
    assert!(passes(&hook, r#"{"email":"a","login":"a"}"#));
    for form in [
        r#"{"email":"a","login":"b"}"#,
        r#"{"email":"a"}"#,
        r#"{"login":"a"}"#,
        r#"{"email":"","login":""}"#,
        r#"{"email":["a"],"login":["a"]}"#,
        r#"{"email":"A","login":"a"}"#,
    ] {
        assert!(!passes(&hook, form), "{form}");
    }
}

#[test]
fn every_attribute_must_hold() {
    let hook = with_rule("attributes = ['a', 'b']\ndigits = 1");
    assert!(passes(&hook, r#"{"a":"1","b":"2"}"#));
    for form in [r#"{"a":"1"}"#, r#"{"b":"1"}"#, r#"{"a":"1","b":"x"}"#, r#"{"a":"x","b":"1"}"#] {
        assert!(!passes(&hook, form), "{form}");
    }
}

#[test]
fn all_and_any() {
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
    String::from_utf8(pipeline::answer(hook, body.as_bytes()).unwrap().body).unwrap()
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

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn allow_all_and_update() {
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
fn an_answer_that_okta_would_not_take_is_none() {
    let hook = hook_of("[progressive_profile]\nallow_all = true\nupdate = ['a']\n");
    let body = progressive(&format!(r#"{{"a":"{}"}}"#, "x".repeat(256_000)));
    let error = pipeline::answer(&hook, body.as_bytes()).err().unwrap();
    assert_eq!(error, pipeline::NoAnswer::TooLarge);
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
fn a_value_that_no_attribute_has_is_not_matched_at_length() {
    let hook = with_rule("attribute = 'a'\npattern = '[01]*1[01]{4000}'");
    let start = std::time::Instant::now();
    let value = "1".repeat(250_000);
    assert!(!passes(&hook, &format!(r#"{{"a":"{value}"}}"#)));
    // An order of magnitude: without the bound it took a minute in a debug build.
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
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
    for name in ["Rosario Jones", "Søren", "張偉", "O.-Ж"] {
        assert!(passes(&hook, &json!({ "a": name }).to_string()), "{name}");
    }
}

#[test]
fn a_panic_costs_its_request_an_answer() {
    #[derive(Debug)]
    struct Broken;
    impl Check for Broken {
        fn judge(&self, _: &hook::Value<'_>, _: &hook::Form<'_>) -> Result<(), Miss> {
            panic!("told by a test")
        }

        fn asks(&self) -> String {
            String::new()
        }
    }
    let mut hook = with_rule("attribute = 'a'\ndigits = 1");
    let part = Part {
        attributes: NonEmpty::of("a".to_owned()),
        checks: NonEmpty::of(Box::new(Broken)),
        optional: false,
    };
    let rule = Rule {
        id: "broken".to_owned(),
        requirement: Requirement::All(NonEmpty::of(part)),
        message: "m".to_owned(),
        reason: "r".to_owned(),
        location: "l".to_owned(),
        cause_domain: "d".to_owned(),
    };
    hook.registration.as_mut().unwrap().policy = Policy::Rules(NonEmpty::of(rule));
    let body = registration(r#"{"a":"1"}"#);
    assert_eq!(pipeline::answer(&hook, &body).err(), Some(pipeline::NoAnswer::Panicked));
}
