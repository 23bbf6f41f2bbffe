//! The content of logs: reasons and decisions, but no profile value and no credential.

use std::{collections::BTreeSet, io::Write as _, time::Duration};

use serde_json::{Value, json};

use crate::{
    issuer::{self, Behaviour, Issuer},
    support::{
        AUTHORIZATION, Answer, BASIC, Failures, JSON, Service, program, registration, repository,
        request, rules_folder, run, text, wait_for,
    },
};

const SSR: &str = "/registrationHookSSR";

/// A service that logs at the most verbose level.
fn service_with_trace_log(more: &[(&str, &str)]) -> Service {
    Service::start(&[&BASIC[..], &[("RUST_LOG", "trace")], more].concat())
}

/// Waits for this many decision lines, and returns them.
fn lines(service: &Service, count: usize) -> Vec<Value> {
    let text = wait_for("the lines", || {
        let text = service.stdout();
        (text.lines().count() >= count).then_some(text)
    });
    let lines: Vec<_> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), count, "{text}");
    lines
}

/// Adds every text of a form that can be searched for in a log. A short text, or one of hexadecimal digits only, could be
/// a part of a time, a duration or an identifier.
fn add_texts(form: &Value, found: &mut BTreeSet<String>) {
    match form {
        Value::Object(members) => {
            for value in members.values() {
                add_texts(value, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                add_texts(item, found);
            }
        }
        Value::String(text) => {
            let is_number = text.trim().bytes().all(|byte| byte.is_ascii_hexdigit());
            if text.len() > 3 && !is_number {
                found.insert(text.clone());
            }
        }
        _ => {}
    }
}

#[test]
fn profile_values_are_in_no_log() {
    let service = service_with_trace_log(&[]);
    let mut count = 0;
    let mut private = BTreeSet::new();
    for hook in std::fs::read_dir(repository("tests/guide/fixtures")).unwrap() {
        let hook = hook.unwrap();
        let path = format!("/{}", hook.file_name().to_str().unwrap());
        for file in std::fs::read_dir(hook.path()).unwrap() {
            let file = file.unwrap().path();
            if !file.to_str().unwrap().ends_with(".request.json") {
                continue;
            }
            let body = std::fs::read(&file).unwrap();
            assert_eq!(service.post(&path, &body).status, 200, "{file:?}");
            count += 1;
            let body: Value = serde_json::from_slice(&body).unwrap();
            for form in ["/data/userProfile", "/data/userProfileUpdate", "/data/context/user"] {
                if let Some(form) = body.pointer(form) {
                    add_texts(form, &mut private);
                }
            }
        }
    }

    let written = lines(&service, count).len();

    assert!(written > 50 && private.len() > 20, "{written} {}", private.len());

    // The startup banner shows a made-up request.
    let messages = service.stderr();
    let (_, messages) = messages.split_once(" curl ").unwrap();
    let (_, messages) = messages.split_once('\n').unwrap();
    let logs = service.stdout() + messages;

    for value in private {
        assert!(!logs.contains(&value), "`{value}` in {logs}");
    }
}

#[test]
fn credentials_are_in_no_log_and_refusals_name_their_reason() {
    let issuer = Issuer::start(Behaviour::default());
    let settings = issuer::settings(issuer.address);
    let mut settings: Vec<_> =
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    settings.push(("HOOK__AUTH__HEADER__NAME", "x-hook-secret"));
    settings.push(("HOOK__AUTH__HEADER__SECRET", "s3cr3t-value-0123456789abcdef"));
    let service = service_with_trace_log(&settings);
    let token = issuer.token(&json!({}));
    let old = issuer.token(&json!({"exp": 1}));
    let other = issuer.token(&json!({"aud": "other"}));
    let bearer = |token: &str| format!("Authorization: Bearer {token}");
    let presented = [
        (AUTHORIZATION.to_owned(), 200, None),
        ("X-Hook-Secret: s3cr3t-value-0123456789abcdef".to_owned(), 200, None),
        (bearer(&token), 200, None),
        ("Authorization: Basic YWRtaW46d3Jvbmc=".to_owned(), 401, Some("credentials_wrong")),
        ("X-Hook-Secret: s3cr3t-value-wrong".to_owned(), 401, Some("credentials_wrong")),
        (bearer(&old), 401, Some("expired")),
        (bearer(&other), 401, Some("wrong_aud")),
        (bearer(&token[..token.len() - 9]), 401, Some("malformed_token")),
    ];
    let body = registration(r#"{"email":"a@okta.com","login":"a@okta.com"}"#);
    let mut failures = Failures::default();

    for (header, status, reason) in &presented {
        let answer = service.send(&request("POST", SSR, &[header, JSON], &body));

        failures.check_eq(header, answer.status, *status);
        if let Some(reason) = reason {
            let generic = r#"{"error":{"errorSummary":"The credentials are missing or wrong."}}"#;
            failures.check_eq(format!("{header:?}"), answer.text(), generic);
            let reported = format!("refused with {status} {reason}: ");
            service.wait_for_log(&reported);
        }
    }
    lines(&service, presented.len());
    let logs = service.stdout() + &service.stderr();

    for secret in ["supersecret", "YWRtaW46", "s3cr3t", "eyJ", "wrong="] {
        failures.check(format!("`{secret}` in {logs}"), !logs.contains(secret));
    }

    failures.assert_none();
}

#[test]
fn request_content_cannot_forge_a_log_line() {
    const FORGED: &str = "x\\r\\n{\\\"level\\\":\\\"INFO\\\",\\\"msg\\\":\\\"forged\\\"}";
    let service = service_with_trace_log(&[]);
    let good = registration(&format!(r#"{{"firstName":"{FORGED}"}}"#));
    let with_forged = |member: &str| {
        let text = String::from_utf8(good.clone()).unwrap();
        text.replacen('{', &format!(r#"{{"{member}":"{FORGED}","#), 1).into_bytes()
    };
    let forged_type = String::from_utf8(good.clone()).unwrap();
    let forged_type = forged_type.replace("self.service.registration", FORGED).into_bytes();
    let agent = "User-Agent: x\t{\"msg\":\"forged\"}";
    let requests = [
        request("POST", SSR, &[AUTHORIZATION, JSON, agent], &good),
        request("POST", SSR, &[AUTHORIZATION, JSON], &with_forged("eventId")),
        request("POST", SSR, &[AUTHORIZATION, JSON], &with_forged("unknown")),
        request("POST", SSR, &[AUTHORIZATION, JSON], &forged_type),
        request("POST", "/x%0d%0a%7B%22msg%22:%22forged%22%7D", &[AUTHORIZATION, JSON], &good),
        request("POST", SSR, &["Authorization: Bearer forged", JSON], &good),
    ];
    for request in &requests {
        service.send(request);
    }

    let lines = lines(&service, requests.len());

    assert!(lines.iter().all(|line| line.get("msg").is_none() && line["time"].is_string()));
    assert_eq!(service.stdout().matches("forged").count(), 1, "only in `event_id`, quoted");
    let shown = "no hook has the path `/x%0d%0a%7B%22msg%22:%22forged%22%7D`";
    let log = service.wait_for_log(shown);
    let request_type = r#"`requestType` is `x\r\n{"level":"INFO","msg":"forged"}`"#;
    assert!(log.contains(request_type), "escaped: {log}");
    assert_eq!(log.matches("forged").count(), 2, "also in the path, as it was sent: {log}");
}

#[test]
fn answers_too_large_for_okta_become_denials_and_one_log_line() {
    let rules = "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\nb = '{a}{a}'\n";
    let folder = rules_folder(&[("hook.toml", rules)]);
    let folder = folder.path().to_str().unwrap();
    let service = service_with_trace_log(&[("HOOK__RULES__DIRECTORY", folder)]);
    let body = registration(&format!(r#"{{"a":"{}"}}"#, "x".repeat(130_000)));
    for _ in 0..5 {
        let answer = service.post("/hook", &body);
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("ANSWER_TOO_LARGE") && !answer.text().contains("ALLOW"));
        assert!(answer.body.len() < 1000, "{}", answer.text());
    }

    let lines = lines(&service, 5);

    assert!(lines.iter().all(|line| line["decision"] == "deny" && line["status"] == 200));

    let log = service.wait_for_log("which Okta refuses");

    assert_eq!(log.matches("which Okta refuses").count(), 1, "{log}");

    let mut eval = program();
    let printed = run(eval.args(["eval", "hook", "--rules", folder]), &body);

    assert_eq!(printed.status.code(), Some(1));
    assert!(text(&printed.stdout).contains("ANSWER_TOO_LARGE"));
}

#[test]
fn a_request_that_is_too_costly_to_judge_is_logged_and_explained() {
    let mut rules =
        "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\n"
            .to_owned();
    for number in 0..1000 {
        rules += &format!("x{number} = '{{a}}{{missing}}'\n");
    }
    let folder = rules_folder(&[("join.toml", &rules)]);
    let body = registration(&format!(r#"{{"a":"{}"}}"#, "a".repeat(200_000)));
    let rules = ("HOOK__RULES__DIRECTORY", folder.path().to_str().unwrap());

    let service = Service::start(&[&BASIC[..], &[rules]].concat());
    assert_eq!(service.post("/join", &body).status, 200);
    let log = service.wait_for_log("takes more work to judge than is allowed");
    assert!(log.contains("`join` denied a self.service.registration request"), "{log}");

    let output = run(program().args(["eval", "join", "--explain"]).envs([rules]), &body);
    let explanation = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(explanation.contains("\n  the request takes more work to judge"), "{explanation}");
}

#[test]
fn requests_without_an_event_id_are_logged_once_if_one_is_needed() {
    let rules = "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\nkey = { generate = 'uuid' }\n";
    let folder = rules_folder(&[("hook.toml", rules)]);
    let folder = folder.path().to_str().unwrap();
    let service = service_with_trace_log(&[("HOOK__RULES__DIRECTORY", folder)]);
    for _ in 0..3 {
        let answer = service.post("/hook", &registration("{}"));
        assert!(answer.text().contains("MISSING_EVENT_ID") && !answer.text().contains("ALLOW"));
    }

    let log = service.wait_for_log("without `eventId`");

    assert_eq!(log.matches("without `eventId`").count(), 1, "{log}");
}

#[test]
fn every_request_writes_one_decision_line_whatever_its_status() {
    let service = service_with_trace_log(&[
        ("HOOK__SERVER__BODY_LIMIT", "1000"),
        ("HOOK__SERVER__REQUEST_TIMEOUT", "300ms"),
    ]);
    let good = registration("{}");
    let post = |headers: &[&str], body: &[u8]| request("POST", SSR, headers, body);
    service.send(&post(&[AUTHORIZATION, JSON], &good));
    service.send(&post(&[JSON], &good));
    service.send(&post(&[AUTHORIZATION, JSON], b"{"));
    service.send(&request("GET", SSR, &[AUTHORIZATION], b""));
    service.send(&request("POST", "/nothing", &[AUTHORIZATION, JSON], &good));
    service.send(&post(&[AUTHORIZATION], &good));
    service.send(&post(&[AUTHORIZATION, JSON], &[b' '; 1001]));
    let whole = post(&[AUTHORIZATION, JSON], &good);
    let (cut, _) = whole.split_at(whole.len() - 5);
    let mut slow = service.connect();

    slow.write_all(cut).unwrap();

    assert_eq!(Answer::read(&mut slow).status, 408);

    let mut aborted = service.connect();
    aborted.write_all(cut).unwrap();
    drop(aborted);
    let mut statuses: Vec<_> =
        lines(&service, 9).iter().map(|line| line["status"].as_u64().unwrap()).collect();
    statuses.sort_unstable();

    assert_eq!(statuses, [200, 400, 400, 401, 404, 405, 408, 413, 415]);

    // No request gets a second line later.
    std::thread::sleep(Duration::from_millis(300));
    lines(&service, 9);
}
