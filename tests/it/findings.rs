//! The faults that are found in the answers of any hook.

use registration_hook::{
    findings,
    okta::{Flow, reply::HookReply},
};
use serde_json::{Value, json};

use crate::support::Failures;

const FIELDS: [&str; 2] = ["email", "employeeNumber"];

/// The findings about a reply: `id place`.
fn found(reply: HookReply<'_>, flow: Flow) -> Vec<String> {
    let found = findings::find(reply, flow, &FIELDS);
    found.iter().map(|finding| format!("{} {}", finding.id, finding.place)).collect()
}

fn cause(location: &str) -> Value {
    json!({"errorSummary": "No.", "reason": "R", "locationType": "body", "location": location, "domain": "end-user"})
}

fn action(registration: &str) -> Value {
    json!({"type": "com.okta.action.update", "value": {"registration": registration}})
}

fn update(value: Value) -> Value {
    json!({"type": "com.okta.user.profile.update", "value": value})
}

#[test]
fn each_fault_of_an_answer_is_found_at_its_place() {
    let mut failures = Failures::default();
    let email = || cause("data.userProfile.email");
    let denial = |cause: Value| json!({"error": {"errorSummary": "No.", "errorCauses": [cause]}});
    let mut with_number = email();
    with_number["location"] = 7.into();
    let progressive =
        json!({"type": "com.okta.user.progressive.profile.update", "value": {"city": "Oslo"}});

    for (answer, expected) in [
        // Good answers.
        (json!({"commands": [action("ALLOW")]}), ""),
        (json!({"commands": [update(json!({"city": "Oslo"})), action("ALLOW")]}), ""),
        (
            json!({"commands": [action("DENY")], "error": {"errorSummary": "No.", "errorCauses": [email()]}}),
            "",
        ),
        (
            json!({"commands": [], "error": {"errorSummary": "No.", "errorCauses": [email()]}, "debugContext": {"x": null}}),
            "",
        ),
        // Commands.
        (
            json!({"commands": [action("DENY"), action("ALLOW"), update(json!({"a": 1}))], "error": {"errorCauses": [email()]}}),
            "ignored-beside-error /commands/1, ignored-beside-error /commands/2",
        ),
        (json!({"commands": [progressive]}), "update-of-other-flow /commands/0/type"),
        (
            json!({"commands": [{"type": "com.action.update", "value": {}}]}),
            "misspelt-action /commands/0/type",
        ),
        (
            json!({"commands": [{"type": "com.okta.assertion.patch", "value": []}]}),
            "unknown-command /commands/0/type",
        ),
        (
            json!({"commands": [{"type": "com.okta.action.update", "value": {"action": "DENY"}}]}),
            "action-for-registration /commands/0/value/action",
        ),
        (json!({"commands": [action("allow")]}), "malformed-command /commands/0/value"),
        (json!({"commands": [update(json!({}))]}), "malformed-command /commands/0/value"),
        (json!({"commands": ["ALLOW"]}), "malformed-command /commands/0"),
        (json!({"commands": {}}), "malformed-commands /commands"),
        (
            json!({"commands": [update(json!({"password": "x"}))]}),
            "password /commands/0/value/password",
        ),
        (
            json!({"commands": [update(json!({"error": {"x": "y"}, "a": [1, "b"]}))]}),
            "unsettable-value /commands/0/value/error",
        ),
        (json!({"commands": [update(json!({"a": [[]]}))]}), "unsettable-value /commands/0/value/a"),
        (json!({"commands": [update(json!({"a/b": null}))]}), "null /commands/0/value/a~1b"),
        // Answers that decide nothing.
        (json!({}), "decides-nothing "),
        (json!({"commands": []}), "decides-nothing "),
        (json!({"commands": [], "error": null}), "decides-nothing , null /error"),
        (json!({"Error": {"errorSummary": "No."}}), "decides-nothing , error-misspelt /Error"),
        (json!({"commands": [action("DENY"), action("ALLOW")]}), "allow-after-deny /commands"),
        (json!({"commands": [action("ALLOW"), action("DENY")]}), ""),
        (json!({"commands": [action("ALLOW")], "statusCode": 500}), "unknown-member /statusCode"),
        // Errors.
        (json!({"error": {}}), "no-cause /error"),
        (json!({"error": "No."}), "malformed-error /error"),
        (json!({"error": {"errorCauses": "No."}}), "malformed-error /error"),
        (
            denial(cause("data.userProfile.login")),
            "location-not-on-form /error/errorCauses/0/location",
        ),
        (
            denial(cause("$.data.userProfile['email']")),
            "location-not-an-attribute /error/errorCauses/0/location",
        ),
        (
            denial(cause("data.userProfile")),
            "location-not-an-attribute /error/errorCauses/0/location",
        ),
        (
            denial(cause("data.userProfileUpdate.email")),
            "location-not-an-attribute /error/errorCauses/0/location",
        ),
        (denial(json!({"errorSummary": "No."})), "missing-cause-key /error/errorCauses/0"),
        (denial(with_number), "malformed-cause /error/errorCauses/0/location"),
        (
            json!({"error": {"errorSummary": "<b>No</b>", "errorCauses": [email()]}}),
            "markup /error/errorSummary",
        ),
        (
            json!({"error": {"errorCauses": [email(), email()]}}),
            "repeated-text /error/errorCauses/1/errorSummary",
        ),
    ] {
        let body = answer.to_string();
        let reply = HookReply::Answered { status: 200, body: body.as_bytes() };

        failures.check_eq(
            body.clone(),
            found(reply, Flow::SelfServiceRegistration).join(", "),
            expected,
        );
    }
    failures.assert_none();
}

#[test]
fn a_location_in_the_update_of_a_progressive_profile_is_found() {
    let causes = [cause("data.userProfileUpdate.employeeNumber")];
    let body = json!({"error": {"errorSummary": "No.", "errorCauses": causes}}).to_string();
    let reply = HookReply::Answered { status: 200, body: body.as_bytes() };

    let found = found(reply, Flow::ProgressiveProfile);

    assert_eq!(found, ["location-in-update /error/errorCauses/0/location"]);
}

/// A location as the fix advises has no fault.
#[test]
fn the_advice_about_a_location_leads_to_no_further_finding() {
    let mut failures = Failures::default();

    for (flow, location) in [
        (Flow::SelfServiceRegistration, "data.userProfile"),
        (Flow::SelfServiceRegistration, "data.userProfile.login"),
        (Flow::ProgressiveProfile, "data.userProfileUpdate.employeeNumber"),
    ] {
        let find = |location: &str| {
            let causes = [cause(location)];
            let body = json!({"error": {"errorSummary": "No.", "errorCauses": causes}}).to_string();
            let reply = HookReply::Answered { status: 200, body: body.as_bytes() };
            findings::find(reply, flow, &FIELDS)
        };

        let found = find(location);
        let advised = found[0].fix.split('`').nth(1).unwrap();

        failures.check_eq(location, find(&advised.replace("<attribute>", "email")).len(), 0);
    }
    failures.assert_none();
}

#[test]
fn markup_is_found_and_plain_text_is_not() {
    let mut failures = Failures::default();

    for (text, is_markup) in [
        ("Use <b>okta.com</b>.", true),
        ("See <a href='https://okta.com'>", true),
        ("<img src=x onerror=alert(1)>", true),
        ("<!-- x -->", true),
        ("R&amp;D", true),
        ("it&#39;s", true),
        ("R&D; more", true),
        ("Age < 18 or > 99", false),
        ("1 <2", false),
        ("R & D; more", false),
        ("R&D", false),
    ] {
        let mut one = cause("data.userProfile.email");
        one["errorSummary"] = text.into();
        let body = json!({"error": {"errorSummary": "No.", "errorCauses": [one]}}).to_string();
        let reply = HookReply::Answered { status: 200, body: body.as_bytes() };

        let found = found(reply, Flow::SelfServiceRegistration);

        failures.check_eq(text, found.len(), usize::from(is_markup));
    }
    failures.assert_none();
}

#[test]
fn each_failure_of_a_call_is_found() {
    let mut failures = Failures::default();
    let answered = |status, body| HookReply::Answered { status, body };
    let allow = json!({"commands": [action("ALLOW")]}).to_string();

    let repeated = allow.replacen('{', r#"{"debugContext":{},"debugContext":{},"#, 1);

    for (reply, expected) in [
        (HookReply::TimedOut, "no-answer-in-time "),
        (HookReply::Unreachable, "unreachable "),
        (answered(302, b""), "redirect "),
        (answered(400, b"{}"), "failure-status "),
        (answered(500, b"{}"), "failure-status "),
        (answered(200, b""), "not-json "),
        (answered(200, b"null"), "not-json "),
        (answered(200, b"\x1f\x8b\x08\x00"), "compressed "),
        (answered(200, repeated.as_bytes()), "duplicate-name "),
        (answered(200, &[b' '; 256_000]), "too-large "),
        (answered(201, allow.as_bytes()), "undocumented-status "),
        (answered(204, b""), ""),
    ] {
        let found = found(reply, Flow::SelfServiceRegistration).join(", ");

        failures.check_eq(expected, found, expected);
    }
    failures.assert_none();
}

/// Classic Engine shows the text of the first location in the profile in the box, whatever the attribute.
#[test]
fn a_finding_about_a_location_agrees_with_the_prediction_for_classic_engine() {
    let mut failures = Failures::default();
    for (location, expected) in [
        ("data.userProfile.nickName", None),
        ("data.userProfile", None),
        ("email", Some("only below a field whose name is the location")),
        ("body", Some("in the box, it shows a general text")),
    ] {
        let body = json!({"error": {"errorCauses": [cause(location)]}}).to_string();
        let reply = HookReply::Answered { status: 200, body: body.as_bytes() };

        let found = findings::find(reply, Flow::Classic, &FIELDS);

        failures.check_eq(location, found.len(), usize::from(expected.is_some()));
        for finding in found {
            failures.check_contains(location, finding.effect, expected.unwrap_or_default());
        }
    }
    failures.assert_none();
}

/// Okta's API description misspells `error`, so users of its SDK send this.
#[test]
fn a_misspelt_error_beside_deny_is_not_called_harmless() {
    let mut failures = Failures::default();

    for (registration, part) in [("DENY", "ignores these texts"), ("ALLOW", "whether it ignores")] {
        let answer = json!({"commands": [action(registration)], "Error": {"errorSummary": "No."}});
        let body = answer.to_string();
        let reply = HookReply::Answered { status: 200, body: body.as_bytes() };

        let found = findings::find(reply, Flow::SelfServiceRegistration, &FIELDS);

        failures.check_eq(registration, found.len(), 1);
        failures.check_contains(registration, found[0].effect, part);
    }
    failures.assert_none();
}

#[test]
fn every_finding_says_how_okta_reacts_and_how_to_correct_it() {
    let mut failures = Failures::default();
    let body = json!({
        "commands": [action("ALLOW"), {"type": "x"}, "x", update(json!({"password": null}))],
        "Commands": [],
        "error": {"errorSummary": "<b>", "errorCauses": [{}, cause("x")]},
    })
    .to_string();
    let reply = HookReply::Answered { status: 200, body: body.as_bytes() };

    let found = findings::find(reply, Flow::SelfServiceRegistration, &FIELDS);

    assert!(found.len() > 6, "{found:#?}");
    for finding in found {
        for text in [finding.problem.as_str(), finding.effect, &finding.fix] {
            failures
                .check(format!("{}: {text}", finding.id), !text.is_empty() && !text.ends_with('.'));
        }
    }
    failures.assert_none();
}

#[test]
fn an_answer_with_many_faults_has_a_short_list_of_findings_in_a_short_time() {
    let mut failures = Failures::default();
    let name = "n".repeat(100_000);
    let nulls = json!({ "commands": [action("ALLOW")], name.as_str(): vec![Value::Null; 25_000] });
    let mut causes = Vec::new();
    for number in 0..900 {
        causes.push(cause(&format!("data.userProfile.{number}")));
        causes.push(cause("data.userProfile.email"));
    }
    let causes = json!({"error": {"errorSummary": "No.", "errorCauses": causes}});

    for (answer, kind, omitted) in [
        (nulls, "null", "24990 more like it"),
        (causes.clone(), "location-not-on-form", "890 more like it"),
        (causes, "repeated-text", "889 more like it"),
    ] {
        let body = answer.to_string();
        let reply = HookReply::Answered { status: 200, body: body.as_bytes() };

        let found = findings::find(reply, Flow::SelfServiceRegistration, &FIELDS);

        let of_kind: Vec<_> = found.iter().filter(|finding| finding.id == kind).collect();
        failures.check_eq(kind, of_kind.len(), 11);
        failures.check_eq(kind, of_kind.last().unwrap().problem.as_str(), omitted);
        failures.check_eq(kind, &of_kind.last().unwrap().effect, &of_kind.first().unwrap().effect);
        for finding in found {
            failures.check(kind, finding.place.len() < 200);
        }
    }
    failures.assert_none();
}
