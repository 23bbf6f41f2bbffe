//! The values that rules can name: parts of addresses, the existing profile and the request.

use jiff::civil::date;
use registration_hook::{
    lint::Lints,
    pipeline,
    rule::{Facts, Hook},
};
use serde_json::Value;

use crate::support::{Failures, hook as hook_of, lint_rules, rules_folder, text};

const FACTS: Facts = Facts::of_day(date(2026, 11, 21));

/// A hook whose section for progressive profiles has one rule with these keys.
fn with_rule(keys: &str) -> Hook {
    hook_of(&format!(
        "[[progressive_profile.rules]]\nid = 'r'\nmessage = 'm'\nreason = 'R'\nlocation = 'data.userProfile.a'\n{keys}\n"
    ))
}

/// A progressive profile with this form, profile and `data.context.request`.
fn progressive(form: &str, profile: &str, request: &str) -> String {
    format!(
        r#"{{"eventType":"com.okta.user.pre-registration","requestType":"progressive.profile","eventTime":"2026-11-22T00:30:00.000+01:00","data":{{"context":{{"request":{request},"user":{{"id":"00u","profile":{profile}}}}},"userProfileUpdate":{form}}}}}"#
    )
}

fn answer(hook: &Hook, body: &str) -> String {
    text(&pipeline::answer(hook, body.as_bytes(), &FACTS).unwrap().body).to_owned()
}

fn outcome(hook: &Hook, body: &str) -> &'static str {
    pipeline::answer(hook, body.as_bytes(), &FACTS).unwrap().verdicts[0].outcome.as_str()
}

const PROFILE: &str = r#"{"firstName":"Rosario","userType":"employee","level":7,"vip":true,"city":"","timeZone":null}"#;
const REQUEST: &str = r#"{"id":"123dummyId456","ipAddress":"192.0.2.7"}"#;
const FORM: &str =
    r#"{"email":"rosario.jones@Example.COM","employeeNumber":"192.0.2.7","userType":"employee"}"#;

#[test]
fn each_name_has_the_value_of_the_table() {
    let body = progressive(FORM, PROFILE, REQUEST);
    let mut failures = Failures::default();

    for (name, value) in [
        ("email", "rosario.jones@Example.COM"),
        ("email.local", "rosario.jones"),
        ("email.domain", "example.com"),
        ("profile.firstName", "Rosario"),
        ("profile.level", "7"),
        ("profile.vip", "true"),
        ("request.date", "2026-11-21"),
        ("request.time", "2026-11-21T23:30:00Z"),
        ("request.ip", "192.0.2.7"),
    ] {
        let judged = with_rule(&format!("attribute = '{name}'\none_of = ['{value}']"));
        let condition = with_rule(&format!(
            "attribute = 'absent'\ndigits = 1\nwhen = [{{ attribute = '{name}', one_of = ['{value}'] }}]"
        ));
        let compared = with_rule(&format!("attribute = 'a'\nequals = '{name}'"));
        let equal = body.replacen(FORM, &format!(r#"{{"a":"{value}",{}"#, &FORM[1..]), 1);
        let set = hook_of(&format!(
            "[progressive_profile]\nallow_all = true\n[progressive_profile.set]\na = '<{{{name}}}>'\n"
        ));

        failures.check_eq(format!("{name} judged"), outcome(&judged, &body), "pass");
        failures.check_eq(format!("{name} in `when`"), outcome(&condition, &body), "fail");
        failures.check_eq(format!("{name} in `equals`"), outcome(&compared, &equal), "pass");
        failures.check_contains(
            format!("{name} in a template"),
            &answer(&set, &body),
            &format!(r#""a":"<{value}>""#),
        );
    }

    failures.assert_none();
}

#[test]
fn absent_values_fail_and_are_not_written() {
    let body = progressive(FORM, PROFILE, "{}").replace("eventTime", "time");
    let mut failures = Failures::default();

    for name in [
        "absent.domain",
        "employeeNumber.local",
        "profile.absent",
        "profile.city",
        "profile.timeZone",
        "request.ip",
        "request.time",
    ] {
        let hook = with_rule(&format!("attribute = '{name}'\nlength = {{ min = 1 }}"));
        let set = hook_of(&format!(
            "[progressive_profile]\nallow_all = true\n[progressive_profile.set]\na = '<{{{name}}}>'\n"
        ));

        failures.check_eq(name, outcome(&hook, &body), "fail");
        failures.check_contains(name, &answer(&set, &body), "ALLOW");
    }
    // Without a time, the day is today.
    let today = with_rule("attribute = 'request.date'\none_of = ['2026-11-21']");

    failures.check_eq("request.date", outcome(&today, &body), "pass");
    failures.assert_none();
}

#[test]
fn a_context_of_another_shape_has_no_values() {
    let hook = with_rule(
        "any = [{ attribute = 'profile.a', length = { min = 1 } }, { attribute = 'request.ip', length = { min = 1 } }]",
    );
    let mut failures = Failures::default();

    for (profile, request) in [("[]", "7"), ("null", "null"), (r#""a""#, r#"["ipAddress"]"#)] {
        let body = progressive("{}", profile, request);
        failures.check_eq(&body, outcome(&hook, &body), "fail");
    }
    // A name with an escape is the same name. The replacement also changes the `requestType`, which is restored below.
    let escaped =
        progressive("{}", r#"{"\u0061":"x"}"#, "{}").replace("profile\"", "pro\\u0066ile\"");

    failures.check_eq(
        &escaped,
        outcome(&hook, &escaped.replace("sive.pro\\u0066ile", "sive.profile")),
        "pass",
    );
    failures.assert_none();
}

#[test]
fn a_value_that_cannot_be_read_does_not_avoid_a_rule() {
    let mut failures = Failures::default();

    for (condition, form, expected) in [
        ("attribute = 'email.domain', one_of = ['okta.com']", r#"{"email":"a@okta.com"}"#, "fail"),
        ("attribute = 'email.domain', one_of = ['okta.com']", r#"{"email":"a@b.example"}"#, "skip"),
        ("attribute = 'email.domain', one_of = ['okta.com']", r#"{"email":"a@okta.com "}"#, "fail"),
        ("attribute = 'email.domain', one_of = ['okta.com']", r#"{"email":["a"]}"#, "fail"),
        ("attribute = 'email.domain', one_of = ['okta.com']", r#"{"email":""}"#, "skip"),
        ("attribute = 'email.domain', one_of = ['okta.com']", "{}", "skip"),
        ("attribute = 'email', domains = ['okta.com']", r#"{"email":"a@b.example"}"#, "skip"),
        ("attribute = 'email', domains = ['okta.com']", r#"{"email":"a@okta.com "}"#, "fail"),
        ("attribute = 'born', age = { max = 17 }", r#"{"born":"1980-01-31"}"#, "skip"),
        ("attribute = 'born', age = { max = 17 }", r#"{"born":"31.01.1980"}"#, "fail"),
        ("attribute = 'seats', range = { min = 5 }", r#"{"seats":"4"}"#, "skip"),
        ("attribute = 'seats', range = { min = 5 }", r#"{"seats":"four"}"#, "fail"),
        ("attribute = 'a', equals = 'email.domain'", r#"{"a":"x","email":"x"}"#, "fail"),
        ("attribute = 'a', equals = 'email.domain'", r#"{"a":"x"}"#, "skip"),
    ] {
        let hook =
            with_rule(&format!("attribute = 'code'\ndigits = 4\nwhen = [{{ {condition} }}]"));
        let body = progressive(form, "{}", "{}");
        failures.check_eq(format!("{condition}: {form}"), outcome(&hook, &body), expected);
    }

    failures.assert_none();
}

#[test]
fn optional_asks_whether_the_whole_attribute_is_absent() {
    let hook = with_rule("attribute = 'email.domain'\none_of = ['okta.com']\noptional = true");

    assert_eq!(outcome(&hook, &progressive("{}", "{}", "{}")), "pass");
    assert_eq!(outcome(&hook, &progressive(r#"{"email":""}"#, "{}", "{}")), "pass");
    assert_eq!(outcome(&hook, &progressive(r#"{"email":"okta.com"}"#, "{}", "{}")), "fail");
}

#[test]
fn reason_and_location_are_those_of_the_first_attribute_of_the_form() {
    let mut failures = Failures::default();

    for (keys, reason, place) in [
        ("attribute = 'email.domain'\ndigits = 1", "INVALID_EMAIL", "email"),
        ("attributes = ['request.ip', 'zipCode']\ndigits = 1", "INVALID_ZIP_CODE", "zipCode"),
        ("attribute = 'profile.userType'\nequals = 'userType'", "INVALID_USER_TYPE", "userType"),
    ] {
        let hook =
            hook_of(&format!("[[progressive_profile.rules]]\nid = 'r'\nmessage = 'm'\n{keys}\n"));
        let answer: Value =
            serde_json::from_str(&answer(&hook, &progressive("{}", "{}", "{}"))).unwrap();
        let cause = &answer["error"]["errorCauses"][0];

        failures.check_eq(keys, &cause["reason"], reason);
        failures.check_eq(
            keys,
            cause["location"].as_str().unwrap(),
            format!("data.userProfile.{place}"),
        );
    }

    failures.assert_none();
}

#[test]
fn examples_show_the_profile_and_the_request() {
    let rules = r#"
[[progressive_profile.rules]]
id = "office"
attributes = ["email.domain", "profile.domain"]
one_of = ["okta.com"]
message = "m"
when = [{ attribute = "request.ip", one_of = ["192.0.2.7"] }, { attribute = "request.time", pattern = "2026-.*" }]
examples.pass = [{ email = "a@okta.com", profile = { domain = "okta.com" }, request = { ip = "192.0.2.7", time = "2026-11-21T10:00:00.000Z" } }]
examples.fail = [
  { email = "a@okta.com", request = { ip = "192.0.2.7", time = "2026-11-21T10:00:00.000Z" } },
  { email = "okta.com", profile = { domain = "okta.com" }, request = { ip = "192.0.2.7", time = "2026-11-21T10:00:00.000Z" } },
]
"#;
    let folder = rules_folder(&[("hook.toml", rules)]);

    let problems = lint_rules(folder.path(), &Lints { probe: true, ..Lints::default() }).err();

    assert!(problems.is_none(), "{}", problems.unwrap()[0]);
}
