//! The HTTP interface of the running service: statuses and headers.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use crate::support::{
    AUTHORIZATION, Answer, BASIC, Failures, JSON, Service, registration, request, rules_folder,
    text, wait_for,
};

const HOOK: &str = "/registrationHookSSR";

fn good() -> Vec<u8> {
    registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#)
}

/// Checks that an answer is a refusal with this status, a summary and the usual headers.
fn check_refused(failures: &mut Failures, row: &str, answer: &Answer, status: u16) {
    failures.check_eq(row, answer.status, status);
    failures.check_contains(row, answer.text(), r#"{"error":{"errorSummary":""#);
    check_headers(failures, row, answer);
}

fn assert_refused(answer: &Answer, status: u16) {
    let mut failures = Failures::default();
    check_refused(&mut failures, "", answer, status);
    failures.assert_none();
}

/// Checks the headers that every answer has.
fn check_headers(failures: &mut Failures, row: &str, answer: &Answer) {
    for (name, value) in [
        ("cache-control", Some("no-store")),
        ("x-content-type-options", Some("nosniff")),
        ("content-type", Some("application/json")),
        ("server", None),
    ] {
        failures.check_eq(format!("{row}: {name}"), answer.header(name), value);
    }
}

#[test]
fn an_accepted_registration_is_answered_with_allow() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for path in [HOOK, "/registrationHookSSR?requestType=progressive.profile"] {
        let answer = service.post(path, &good());

        let allow =
            r#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"ALLOW"}}]}"#;
        failures.check_eq(path, answer.status, 200);
        failures.check_eq(path, answer.text(), allow);
        check_headers(&mut failures, path, &answer);
    }

    failures.assert_none();
}

#[test]
fn unknown_paths_get_404() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for path in [
        "/",
        "/nope",
        "/registrationHookSSR/",
        "//registrationHookSSR",
        "/registrationhookssr",
        "/registrationHookSSR;x=1",
        "/registrationHookSSR%20",
        "/registrationHook%53SR",
        "/x/../registrationHookSSR",
        "/metrics",
        "/.env",
    ] {
        let answer = service.post(path, &good());

        check_refused(&mut failures, path, &answer, 404);
    }

    failures.assert_none();
}

/// The method is checked before the credentials.
#[test]
fn other_methods_get_405_and_the_allowed_ones() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for (method, path, allowed) in [
        ("GET", HOOK, "POST"),
        ("PUT", HOOK, "POST"),
        ("PATCH", HOOK, "POST"),
        ("DELETE", HOOK, "POST"),
        ("OPTIONS", HOOK, "POST"),
        ("TRACE", HOOK, "POST"),
        ("POST", "/healthz", "GET, HEAD"),
    ] {
        let answer = service.send(&request(method, path, &[], b""));

        check_refused(&mut failures, method, &answer, 405);
        failures.check_eq(method, answer.header("allow"), Some(allowed));
    }

    failures.assert_none();
}

#[test]
fn health_and_readiness_need_no_credentials() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for (path, body) in [
        ("/healthz", ""),
        ("/readyz", r#"{"ready":true,"rules":"ok","keys":"none","draining":false}"#),
    ] {
        let answer = service.send(&request("GET", path, &[], b""));

        failures.check_eq(path, answer.status, 200);
        failures.check_contains(path, answer.text(), body);
        check_headers(&mut failures, path, &answer);
    }

    failures.assert_none();
}

#[test]
fn an_answer_to_head_has_no_body() {
    let service = Service::with_basic();
    let mut stream = service.connect();
    let mut answer = String::new();

    stream.write_all(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_string(&mut answer).unwrap();

    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn every_refusal_of_credentials_has_the_same_challenge_and_body() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for headers in [
        &[JSON][..],
        &[JSON, "Authorization: Basic AAAA"],
        &[JSON, "Authorization: Basic cm9vdDpzdXBlcnNlY3JldA=="],
        &[JSON, AUTHORIZATION, AUTHORIZATION],
        &["Content-Type: text/plain"],
        &[JSON, "Content-Encoding: gzip"],
    ] {
        let answer = service.send(&request("POST", HOOK, headers, b"{"));

        let row = format!("{headers:?}");
        let challenge = Some(r#"Basic realm="registration-hook", charset="UTF-8""#);
        let body = r#"{"error":{"errorSummary":"The credentials are missing or wrong."}}"#;
        check_refused(&mut failures, &row, &answer, 401);
        failures.check_eq(&row, answer.header("www-authenticate"), challenge);
        failures.check_eq(&row, answer.text(), body);
    }

    failures.assert_none();
}

/// The body is announced and never sent.
#[test]
fn credentials_are_checked_before_the_body_is_read() {
    let service = Service::with_basic();
    let mut stream = service.connect();
    let head =
        format!("POST {HOOK} HTTP/1.1\r\nHost: x\r\n{JSON}\r\nContent-Length: 1073741824\r\n\r\n");

    stream.write_all(head.as_bytes()).unwrap();
    let answer = Answer::read(&mut stream);
    let next = Answer::try_read(&mut stream);

    assert_refused(&answer, 401);
    assert!(next.is_none(), "the connection is closed");
}

/// Sends a head that announces a body and expects `100 Continue`. Returns the first answer and the connection.
fn expect_continue(service: &Service, headers: &[&str], length: usize) -> (Answer, TcpStream) {
    let mut stream = service.connect();
    let headers = headers.join("\r\n");
    let head = format!(
        "POST {HOOK} HTTP/1.1\r\nHost: x\r\n{headers}\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    (Answer::read(&mut stream), stream)
}

#[test]
fn a_request_that_will_be_refused_gets_no_100_continue() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for (row, headers, length, status) in [
        ("no credentials", &[JSON][..], 10, 401),
        ("no media type", &[AUTHORIZATION], 10, 415),
        ("too large", &[AUTHORIZATION, JSON], 1 << 20, 413),
    ] {
        let (answer, _) = expect_continue(&service, headers, length);

        check_refused(&mut failures, row, &answer, status);
    }

    failures.assert_none();
}

#[test]
fn an_expected_body_gets_100_continue_and_then_its_answer() {
    let service = Service::with_basic();
    let body = good();

    let (first, mut stream) = expect_continue(&service, &[AUTHORIZATION, JSON], body.len());
    stream.write_all(&body).unwrap();
    let second = Answer::read(&mut stream);

    assert_eq!((first.status, second.status), (100, 200));
}

#[test]
fn a_request_without_a_body_gets_no_100_continue() {
    let service = Service::with_basic();
    let get = b"GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n";

    let answer = service.send(get);

    assert_eq!(answer.status, 200);
}

#[test]
fn only_json_without_a_content_coding_is_accepted() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for (headers, status) in [
        ("Content-Type: application/json", 200),
        ("Content-Type: APPLICATION/JSON", 200),
        ("Content-Type: application/json; charset=utf-8", 200),
        ("Content-Type: application/json;charset=\"UTF-8\"", 200),
        ("Content-Type: application/json;", 200),
        ("Content-Type: application/json ; charset=utf-8", 200),
        ("Content-Type: ", 415),
        ("Content-Type: text/plain", 415),
        ("Content-Type: application/jsonp", 415),
        ("Content-Type: application/json, text/plain", 415),
        ("Content-Type: application/json; charset=iso-8859-1", 415),
        ("Content-Type: application/vnd.okta+json", 415),
        ("Content-Type: application/x-www-form-urlencoded", 415),
        ("Content-Type: json", 415),
        ("Content-Type: application/json; x=y", 415),
        ("Content-Type: application/json\r\nContent-Type: application/json", 415),
        // No content type.
        ("X-Other: x", 415),
        ("Content-Type: application/json\r\nContent-Encoding: identity", 200),
        ("Content-Type: application/json\r\nContent-Encoding: gzip", 415),
        ("Content-Type: application/json\r\nContent-Encoding: br", 415),
        ("Content-Type: application/json\r\nContent-Encoding: deflate", 415),
        ("Content-Type: application/json\r\nContent-Encoding: x-gzip", 415),
        ("Content-Type: application/json\r\nContent-Encoding: gzip, identity", 415),
        (
            "Content-Type: application/json\r\nContent-Encoding: identity\r\nContent-Encoding: gzip",
            415,
        ),
        ("Content-Type: application/json\r\nContent-Encoding: ", 415),
    ] {
        let answer = service.send(&request("POST", HOOK, &[AUTHORIZATION, headers], &good()));

        failures.check_eq(headers, answer.status, status);
    }

    failures.assert_none();
}

#[test]
fn a_refused_media_type_is_answered_with_the_right_one() {
    let service = Service::with_basic();
    let headers = [AUTHORIZATION, "Content-Type: text/plain"];

    let answer = service.send(&request("POST", HOOK, &headers, &good()));

    assert!(answer.text().contains("Content-Type: application/json"), "{answer:?}");
}

#[test]
fn bodies_up_to_the_limit_are_accepted_and_larger_ones_get_413() {
    let service = Service::with_basic();
    let limit = 256 << 10;
    let body_of_length = |length: usize| {
        let mut body = good();
        body.resize(length, b' ');
        body
    };

    let largest = service.post(HOOK, &body_of_length(limit));
    let larger = service.post(HOOK, &body_of_length(limit + 1));

    assert_eq!(largest.status, 200);
    assert_refused(&larger, 413);
}

/// The size is not announced, so the body is refused while it arrives.
#[test]
fn a_chunked_body_over_the_limit_gets_413_and_the_connection_closes() {
    let service = Service::with_basic();
    let mut stream = service.connect();
    let head = format!(
        "POST {HOOK} HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let chunk = [b"8000\r\n".as_slice(), &[b' '; 0x8000], b"\r\n"].concat();

    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..9 {
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    let answer = Answer::read(&mut stream);

    assert_refused(&answer, 413);
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn a_head_or_target_over_its_limit_is_refused() {
    let service = Service::with_basic();
    let long_header = format!("X-A: {}", "a".repeat(17 << 10));
    let long_target = format!("{HOOK}?{}", "a".repeat(9 << 10));

    let header = service.send(&request("POST", HOOK, &[&long_header], b""));
    let target = service.send(&request("POST", &long_target, &[], b""));

    assert_refused(&header, 431);
    assert_refused(&target, 414);
}

#[test]
fn a_chunked_body_is_accepted() {
    let service = Service::with_basic();
    let body = good();
    let mut bytes = format!("POST {HOOK} HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
    for piece in body.chunks(7) {
        bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        bytes.extend(piece);
        bytes.extend(b"\r\n");
    }

    bytes.extend(b"0\r\n\r\n");

    assert_eq!(service.send(&bytes).status, 200);
}

#[test]
fn an_invalid_body_is_refused_without_repeating_it() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for body in
        ["", "{", "[]", "null", r#"{"eventType":"Rosario"}"#, r#"{"Rosario":1,"Rosario":2}"#]
    {
        let answer = service.post(HOOK, body.as_bytes());

        check_refused(&mut failures, body, &answer, 400);
        failures.check(format!("{body}: {answer:?}"), !answer.text().contains("Rosario"));
    }

    failures.assert_none();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let service = Service::with_basic();
    let one = request("POST", HOOK, &[AUTHORIZATION, JSON], &good());
    let bad = request("POST", HOOK, &[AUTHORIZATION, JSON], b"{");
    let health = request("GET", "/healthz", &[], b"");
    let mut stream = service.connect();
    stream.write_all(&[one.clone(), bad, health, one].concat()).unwrap();

    let statuses: Vec<_> = (0..4).map(|_| Answer::read(&mut stream).status).collect();

    assert_eq!(statuses, [200, 400, 200, 200]);
}

#[test]
fn a_request_type_without_a_section_is_denied_and_logged() {
    let service = Service::with_basic();

    let answer = service.post("/registrationHookPP", &good());

    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("UNHANDLED_REQUEST_TYPE"), "{answer:?}");

    let warned = service.wait_for_log("Run this hook");

    assert!(
        warned.contains("`registrationHookPP` denied a self.service.registration request, for which it has no section"),
        "{warned}"
    );
}

#[test]
fn header_secret_and_basic_can_be_configured_together() {
    let service = Service::start(&[
        ("HOOK__AUTH__HEADER__NAME", "X-Hook-Secret"),
        ("HOOK__AUTH__HEADER__SECRET", "s3cr3t"),
        BASIC[0],
        BASIC[1],
    ]);
    let mut failures = Failures::default();

    for (header, status) in [
        ("x-hook-secret: s3cr3t", 200),
        (AUTHORIZATION, 200),
        ("x-hook-secret: S3cr3t", 401),
        ("x-hook-secret: s3cr3t\r\nX-Hook-Secret: s3cr3t", 401),
    ] {
        let answer = service.send(&request("POST", HOOK, &[JSON, header], &good()));

        failures.check_eq(header, answer.status, status);
    }

    failures.assert_none();

    let answer = service.send(&request("POST", HOOK, &[JSON], b""));
    let challenges =
        answer.head.lines().filter(|line| line.starts_with("www-authenticate")).count();

    assert_eq!(challenges, 2, "{}", answer.head);
}

#[test]
fn each_file_of_the_rules_folder_is_served_under_its_name() {
    let folder =
        rules_folder(&[("my_hook-2.toml", "[self_service_registration]\nallow_all = true\n")]);

    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__RULES__DIRECTORY", folder.path().to_str().unwrap()),
    ]);

    assert_eq!(service.post("/my_hook-2", &good()).status, 200);
    assert_eq!(service.post(HOOK, &good()).status, 404);
}

#[test]
fn each_request_except_probes_writes_one_decision_line_without_values_or_secrets() {
    let service = Service::with_basic();
    // The id tries to forge a line.
    let event_id = r#"{"eventId":"x\r\n{\"decision\":\"forged\"}","#;
    let body = text(&good()).replacen('{', event_id, 1);
    service.post(HOOK, body.as_bytes());
    service.post(HOOK, &registration(r#"{"login":"Rosario@example.com"}"#));
    service.post(HOOK, b"Rosario");
    service.post("/Rosario", b"");
    service.send(&request("POST", HOOK, &[JSON], b""));
    // A probe writes no line.
    service.send(&request("GET", "/healthz", &[], b""));

    let lines = wait_for("five lines", || {
        let lines: Vec<_> = service.stdout().lines().map(str::to_owned).collect();
        (lines.len() >= 5).then_some(lines)
    });

    assert_eq!(lines.len(), 5, "{lines:#?}");

    let mut seen = Vec::new();
    let mut failures = Failures::default();

    for line in &lines {
        failures.check(
            line,
            !line.contains("Rosario")
                && !line.contains("supersecret")
                // `admin:` in Base64.
                && !line.contains("YWRtaW46"),
        );
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for key in ["time", "decision_id", "event_id", "rules_revision", "duration_us"] {
            failures.check(format!("{key} in {line}"), line.get(key).is_some());
        }
        let mut values = Vec::new();
        for key in ["hook", "request_type", "decision", "status", "rules", "caller"] {
            values.push(line[key].to_string().replace('"', ""));
        }
        seen.push(values.join(" "));
    }

    failures.assert_none();

    seen.sort();

    assert_eq!(
        seen,
        [
            "none none none 404 [] none",
            "registrationHookSSR none none 400 [] basic",
            "registrationHookSSR none none 401 [] none",
            "registrationHookSSR self.service.registration allow 200 [{id:okta-email,mode:enforce,outcome:pass}] basic",
            "registrationHookSSR self.service.registration deny 200 [{id:okta-email,mode:enforce,outcome:fail}] basic",
        ]
    );
}
