//! The HTTP interface of the running service: statuses and headers.

use std::io::Write as _;

use crate::support::{
    AUTHORIZATION, Answer, BASIC, Failures, JSON, Service, registration, request, rules_folder,
    text,
};

const HOOK: &str = "/registrationHookSSR";

fn good() -> Vec<u8> {
    registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#)
}

fn assert_refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    let error: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(error["error"]["errorSummary"].is_string(), "{answer:?}");
    assert_headers(answer);
}

fn assert_headers(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("server"), None);
}

#[test]
fn an_accepted_registration_is_answered_with_allow() {
    let service = Service::with_basic();

    let answer = service.post(HOOK, &good());

    assert_eq!(answer.status, 200);
    assert_headers(&answer);

    let expected =
        r#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"ALLOW"}}]}"#;

    assert_eq!(answer.text(), expected);
    assert_eq!(
        service.post("/registrationHookSSR?requestType=progressive.profile", &good()).text(),
        expected
    );
}

#[test]
fn unknown_paths_get_404_and_other_methods_405() {
    let service = Service::with_basic();
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
        assert_refused(&service.post(path, &good()), 404);
    }
    let mut failures = Failures::default();

    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
        // The method is checked before the credentials.
        let answer = service.send(&request(method, HOOK, &[], b""));
        assert_refused(&answer, 405);

        failures.check_eq(method, answer.header("allow"), Some("POST"));
    }

    failures.assert_none();

    let answer = service.send(&request("POST", "/healthz", &[], b""));

    assert_refused(&answer, 405);
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
}

#[test]
fn health_and_readiness_need_no_credentials() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for path in ["/healthz", "/readyz"] {
        let answer = service.send(&request("GET", path, &[], b""));

        failures.check_eq(path, answer.status, 200);
        assert_headers(&answer);
    }

    failures.assert_none();

    let answer = service.send(&request("GET", "/readyz", &[], b""));

    assert_eq!(answer.text(), r#"{"ready":true,"rules":"ok","keys":"none","draining":false}"#);

    let mut stream = service.connect();
    stream.write_all(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut all = String::new();
    std::io::Read::read_to_string(&mut stream, &mut all).unwrap();

    assert!(all.starts_with("HTTP/1.1 200") && all.ends_with("\r\n\r\n"), "{all}");
}

#[test]
fn credentials_are_checked_before_the_body_is_read() {
    let service = Service::with_basic();
    let mut bodies = Vec::new();
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
        assert_refused(&answer, 401);
        let challenge = answer.header("www-authenticate").unwrap();

        failures.check_eq(
            format!("{headers:?}"),
            challenge,
            r#"Basic realm="registration-hook", charset="UTF-8""#,
        );
        bodies.push(answer.body);
    }

    failures.assert_none();

    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "one generic body");

    // The body is announced and never sent. The answer comes at once and closes.
    let mut stream = service.connect();
    let head =
        format!("POST {HOOK} HTTP/1.1\r\nHost: x\r\n{JSON}\r\nContent-Length: 1073741824\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let answer = Answer::read(&mut stream);

    assert_refused(&answer, 401);
    assert!(Answer::try_read(&mut stream).is_none());
}

#[test]
fn a_request_that_will_be_refused_gets_no_100_continue() {
    let service = Service::with_basic();

    let expecting = |headers: &str, length: usize| {
        let mut stream = service.connect();
        let head = format!(
            "POST {HOOK} HTTP/1.1\r\nHost: x\r\n{headers}\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let first = Answer::read(&mut stream);
        (first, stream)
    };

    assert_refused(&expecting(JSON, 10).0, 401);
    assert_refused(&expecting(AUTHORIZATION, 10).0, 415);
    assert_refused(&expecting(&format!("{AUTHORIZATION}\r\n{JSON}"), 1 << 20).0, 413);

    let body = good();
    let mut stream = service.connect();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n").unwrap();

    assert_eq!(Answer::read(&mut stream).status, 200, "there is no body to ask for");

    let (first, mut stream) = expecting(&format!("{AUTHORIZATION}\r\n{JSON}"), body.len());

    assert_eq!(first.status, 100);

    stream.write_all(&body).unwrap();

    assert_eq!(Answer::read(&mut stream).status, 200);
}

#[test]
fn only_json_without_a_content_coding_is_accepted() {
    let service = Service::with_basic();
    let status = |header: &str| {
        let answer = service.send(&request("POST", HOOK, &[AUTHORIZATION, header], &good()));
        answer.status
    };
    let mut failures = Failures::default();

    for good in [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json;",
        "application/json ; charset=utf-8",
    ] {
        failures.check_eq(good, status(&format!("Content-Type: {good}")), 200);
    }
    for bad in [
        "",
        "text/plain",
        "application/jsonp",
        "application/json, text/plain",
        "application/json; charset=iso-8859-1",
        "application/vnd.okta+json",
        "application/x-www-form-urlencoded",
        "json",
        "application/json; x=y",
    ] {
        failures.check_eq(bad, status(&format!("Content-Type: {bad}")), 415);
    }

    assert_eq!(status("X-None: x"), 415);
    assert_eq!(status("Content-Type: application/json\r\nContent-Type: application/json"), 415);
    assert_eq!(status("Content-Type: application/json\r\nContent-Encoding: identity"), 200);

    for coding in [
        "gzip",
        "br",
        "deflate",
        "x-gzip",
        "gzip, identity",
        "identity\r\nContent-Encoding: gzip",
        "",
    ] {
        let header = format!("{JSON}\r\nContent-Encoding: {coding}");

        failures.check_eq(coding, status(&header), 415);
    }

    failures.assert_none();

    let answer =
        service.send(&request("POST", HOOK, &[AUTHORIZATION, "Content-Type: text/plain"], &good()));

    assert!(answer.text().contains("Content-Type: application/json"), "{answer:?}");
}

#[test]
fn bodies_heads_and_targets_over_their_limit_are_refused() {
    let service = Service::with_basic();
    let padded = |length: usize| {
        let body = good();
        let padding = length - body.len();
        [body, vec![b' '; padding]].concat()
    };

    let limit = 256 << 10;

    assert_eq!(service.post(HOOK, &padded(limit)).status, 200);
    assert_refused(&service.post(HOOK, &padded(limit + 1)), 413);

    // The size is not announced, so the body is refused while it arrives.
    let mut stream = service.connect();
    let head = format!(
        "POST {HOOK} HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b"8000\r\n".as_slice(), &[b' '; 0x8000], b"\r\n"].concat();
    for _ in 0..9 {
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    let answer = Answer::read(&mut stream);

    assert_refused(&answer, 413);
    assert_eq!(answer.header("connection"), Some("close"));

    let long = format!("X-A: {}", "a".repeat(17 << 10));

    assert_refused(&service.send(&request("POST", HOOK, &[&long], b"")), 431);

    let long = format!("{HOOK}?{}", "a".repeat(9 << 10));

    assert_refused(&service.send(&request("POST", &long, &[], b"")), 414);
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
        assert_refused(&answer, 400);

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

    let status =
        |header: &str| service.send(&request("POST", HOOK, &[JSON, header], &good())).status;

    assert_eq!(status("x-hook-secret: s3cr3t"), 200);
    assert_eq!(status(AUTHORIZATION), 200);
    assert_eq!(status("x-hook-secret: S3cr3t"), 401);
    assert_eq!(status("x-hook-secret: s3cr3t\r\nX-Hook-Secret: s3cr3t"), 401);

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
fn each_request_writes_one_decision_line_without_profile_values() {
    let service = Service::with_basic();
    let mut body = text(&good()).replace('{', "{ ");
    body = body.replacen(
        "\"eventType\"",
        "\"eventId\":\"x\\r\\n{\\\"decision\\\":\\\"forged\\\"}\",\"eventType\"",
        1,
    );
    service.post(HOOK, body.as_bytes());
    service.post(HOOK, &registration(r#"{"login":"Rosario@example.com"}"#));
    service.post(HOOK, b"Rosario");
    service.post("/Rosario", b"");
    service.send(&request("POST", HOOK, &[JSON], b""));
    service.send(&request("GET", "/healthz", &[], b""));

    let lines = crate::support::wait_for("five lines", || {
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
                && !line.contains("YWRtaW46"),
        );
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for key in ["time", "decision_id", "event_id", "rules_revision", "duration_us"] {
            failures.check(format!("{key} in {line}"), line.get(key).is_some());
        }
        seen.push(
            format!(
                "{} {} {} {} {} {}",
                line["hook"],
                line["request_type"],
                line["decision"],
                line["status"],
                line["rules"],
                line["caller"]
            )
            .replace('"', ""),
        );
    }

    failures.assert_none();

    seen.sort();

    assert_eq!(
        seen,
        [
            "none none none 404 [] none",
            "registrationHookSSR none none 400 [] basic",
            "registrationHookSSR none none 401 [] none",
            "registrationHookSSR self.service.registration allow 200 [{id:okta-email,outcome:pass}] basic",
            "registrationHookSSR self.service.registration deny 200 [{id:okta-email,outcome:fail}] basic",
        ]
    );
}
