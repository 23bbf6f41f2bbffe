//! `replay --url`: a running service is called as Okta calls it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::Value;

use crate::{
    cli::on_terminal,
    support::{Failures, program, repository, run, text},
};

/// How a stand-in for a service treats a request.
#[derive(Clone, Copy)]
enum Reply {
    /// Answers with this status and body.
    Answer(u16, &'static str),
    /// Answers with 200 and this body after half a second.
    Slow(&'static str),
    /// Closes the connection.
    Close,
    /// Keeps the connection open, and answers nothing.
    Hang,
}

const ALLOW: &str =
    r#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"ALLOW"}}]}"#;

/// Okta's own examples misname the command.
const MISNAMED: &str =
    r#"{"commands":[{"type":"com.action.update","value":{"registration":"ALLOW"}}]}"#;

/// A stand-in for a service, which takes one request per connection.
struct StandIn {
    url: String,
    /// The requests that came, head and body.
    requests: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    /// Gives these replies in turn, and the last one to every further request.
    fn start(replies: &'static [Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = requests.clone();
        thread::spawn(move || {
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                let mut kept = kept.lock().unwrap();
                let reply = replies.get(kept.len()).or(replies.last()).unwrap();
                kept.push(request);
                match reply {
                    Reply::Answer(status, body) => answer(&mut stream, *status, body),
                    Reply::Slow(body) => {
                        thread::sleep(Duration::from_millis(500));
                        answer(&mut stream, 200, body);
                    }
                    Reply::Close => {}
                    Reply::Hang => hanging.push(stream),
                }
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let length = body.len();
    // The client may have gone.
    let _ = write!(
        stream,
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
}

/// Reads a head, and a body of its `Content-Length`.
fn read_request(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut bytes = Vec::new();
    let mut byte = [0; 1];
    loop {
        let seen = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = seen.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap_or("0");
            if body.len() >= length.lines().next().unwrap().parse::<usize>().unwrap() {
                return seen;
            }
        }
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return seen;
        }
        bytes.push(byte[0]);
    }
}

/// A folder with this many recorded requests that are allowed.
fn recorded(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let hook = folder.path().join("members");
    fs::create_dir(&hook).unwrap();
    for number in 0..count {
        let request = repository("tests/cli/files/fixtures/members/allow.request.json");
        fs::copy(request, hook.join(format!("{number}.request.json"))).unwrap();
        fs::write(hook.join(format!("{number}.response.json")), ALLOW).unwrap();
    }
    folder
}

/// Replays this many requests. Returns the exit code and the output.
fn replay(count: usize, url: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = recorded(count);
    let mut command = program();
    command.arg("replay").arg(folder.path()).args(["--url", url]).args(arguments);
    let output = run(command.env("HOOK_PASSWORD", "from-variable"), b"");
    (output.status.code(), text(&output.stdout).to_owned() + text(&output.stderr))
}

#[test]
fn a_call_has_the_headers_of_okta_and_the_credentials() {
    let service = StandIn::start(&[Reply::Answer(200, ALLOW)]);
    let url = format!("{}/below/", service.url);

    let (code, printed) = replay(1, &url, &["--user", "admin:a:b", "--header", "x-custom: custom"]);

    assert_eq!(code, Some(0), "{printed}");
    let request = service.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    let mut failures = Failures::default();
    for line in [
        "post /below/members http/1.1",
        "accept: application/json",
        "content-type: application/json",
        "user-agent: okta-integrations",
        "cache-control: no-cache",
        "pragma: no-cache",
        "connection: keep-alive",
        "x-okta-request-id: 123dummyid456",
        &format!("authorization: basic {}", STANDARD.encode("admin:a:b")).to_ascii_lowercase(),
        "x-custom: custom",
    ] {
        failures.check(line, head.lines().any(|found| found == line));
    }
    failures.check_eq("lines", head.lines().count(), 12);
    failures.check(&head, head.contains("content-length: ") && head.contains("host: "));
    failures.check(body, body.contains("rosario.jones@okta.com"));
    let median = printed.split_once("time: p50 ").unwrap().1.split(',').next().unwrap();
    let (number, unit) = median.split_once(' ').unwrap();
    failures.check(median, number != "0.0" && ["µs", "ms", "s"].contains(&unit));
    failures.check(&printed, printed.contains(" p99 "));
    failures.assert_none();
}

#[test]
fn only_a_missing_or_5xx_answer_is_retried_and_only_once() {
    let mut failures = Failures::default();

    for (name, replies, code, calls, part) in [
        (
            "500",
            &[Reply::Answer(500, "{}"), Reply::Answer(200, ALLOW)][..],
            0,
            2,
            "1 answered only",
        ),
        ("close", &[Reply::Close, Reply::Answer(200, ALLOW)], 0, 2, "1 answered only"),
        ("hang", &[Reply::Hang, Reply::Answer(200, ALLOW)], 0, 2, "1 answered only"),
        ("503 503", &[Reply::Answer(503, "{}")], 1, 2, ", 0 answered only"),
        ("503", &[Reply::Answer(503, "{}")], 1, 2, "status 503"),
        ("201", &[Reply::Answer(201, ALLOW)], 1, 1, "201; Okta documents 200 and 204 only\n"),
        // A service that answers no call at all is an error, with the exit code 2, and not a difference.
        ("hang hang", &[Reply::Hang], 2, 2, "does not answer: no answer within 3 s"),
        ("401", &[Reply::Answer(401, "{}")], 1, 1, "status 401"),
        ("204", &[Reply::Answer(204, "")], 1, 1, "status 204, which decides nothing"),
        ("302", &[Reply::Answer(302, "{}")], 1, 1, "status 302"),
        ("text", &[Reply::Answer(200, "allow")], 1, 1, "not JSON"),
        ("command", &[Reply::Answer(200, MISNAMED)], 1, 1, "\nfinding "),
    ] {
        let service = StandIn::start(replies);

        let (actual, printed) = replay(1, &service.url, &[]);

        failures.check_eq(format!("{name}: {printed}"), actual, Some(code));
        failures.check_eq(format!("{name}: calls"), service.requests().len(), calls);
        failures.check_contains(name, &printed, part);
    }

    failures.assert_none();
}

/// The counts, the decision and the explanation of an answer agree.
#[test]
fn an_answer_that_okta_does_not_take_for_a_decision_is_not_counted_as_one() {
    let mut failures = Failures::default();
    let allow = r#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"ALLOW"}},{"type":"com.action.update","value":{}}]}"#;
    let action = r#"{"commands":[{"type":"com.okta.action.update","value":{"action":"DENY"}}]}"#;
    let password =
        r#"{"commands":[{"type":"com.okta.user.profile.update","value":{"password":"x"}}]}"#;

    for (body, decision, explained) in [
        (MISNAMED, None, "Okta stops the registration or goes on with the registration (unknown)"),
        (allow, None, "(unknown)"),
        (action, Some("failed"), "Okta stops the registration (inferred)"),
        (password, Some("failed"), "Okta stops the registration (inferred)"),
        (r#"{"error":""}"#, Some("failed"), "Okta stops the registration (inferred)"),
        (r#"{"error":{}}"#, Some("deny"), "Okta stops the registration (documented)"),
    ] {
        let service = StandIn::start(Box::leak(Box::new([Reply::Answer(200, body)])));

        let (_, printed) = replay(1, &service.url, &["--format", "json"]);

        let report: Value = serde_json::from_str(&printed).unwrap_or_default();
        let request = &report["requests"][0];
        let name = match decision {
            Some("failed") => "a failed call",
            Some(decision) => decision,
            None => "no clear decision",
        };
        let summary = format!("1 from allow to {name}");
        failures.check_eq(body, request["before"].as_str(), Some("allow"));
        failures.check_eq(body, request["after"].as_str(), decision);
        failures.check_contains(body, report["summary"].as_str().unwrap_or(&printed), &summary);
        failures.check_contains(body, request["explanation"].as_str().unwrap_or(""), explained);
    }
    failures.assert_none();
}

/// A line that begins with `::` is a command to GitHub Actions.
#[test]
fn no_text_of_an_answer_begins_a_line_of_the_report() {
    let mut failures = Failures::default();
    for body in [
        r#"{"error":{"errorCauses":[{"errorSummary":"One.\n::warning::two","location":"data.userProfile.email"}]}}"#,
        r#"{"error":{"errorCauses":[{"errorSummary":"No.","location":"a\n::warning::two"}]}}"#,
        r#"{"a\n::warning::two":1}"#,
        r#"{"commands":[{"type":"a\n::warning::two","value":{"a\n::warning::two":null}}]}"#,
    ] {
        for format in ["human", "junit"] {
            let service = StandIn::start(Box::leak(Box::new([Reply::Answer(200, body)])));

            let (_, printed) = replay(1, &service.url, &["--format", format]);

            failures.check_contains(body, &printed, "::warning::");
            let begins_line = printed.lines().any(|line| line.trim_start().starts_with("::"));
            failures.check(format!("{format} {body}: {printed}"), !begins_line);
        }
    }
    failures.assert_none();
}

#[test]
fn an_answer_that_is_too_large_does_not_count_as_missing() {
    let large: &'static str = "x".repeat((1 << 20) + 1).leak();
    let service = StandIn::start(Box::leak(Box::new([Reply::Answer(200, large)])));

    let (code, printed) = replay(6, &service.url, &[]);

    assert_eq!(code, Some(1), "{printed}");
    assert_eq!(service.requests().len(), 6);
    assert!(printed.contains("the answer of the service has 256000 bytes or more"), "{printed}");
    assert!(!printed.contains("unreachable"), "{printed}");
}

#[test]
fn a_service_that_never_answers_is_given_up() {
    let service = StandIn::start(&[Reply::Close]);

    let (code, printed) = replay(20, &format!("{}/?code=s3cr3t", service.url), &[]);

    assert_eq!(code, Some(2), "{printed}");
    assert!(!printed.contains("s3cr3t"), "{printed}");
    assert_eq!(service.requests().len(), 10, "five requests, each with a retry");
    assert!(printed.contains("does not answer"), "{printed}");
}

/// The times in the report include those of the calls without an answer.
#[test]
fn a_hook_that_hangs_gets_no_further_requests() {
    let service = StandIn::start(&[Reply::Answer(200, ALLOW), Reply::Hang]);

    let (code, printed) = replay(6, &service.url, &["--format", "json"]);

    let report: Value = serde_json::from_str(&printed).unwrap();
    let mut failures = Failures::default();
    failures.check_eq("code", code, Some(1));
    // One request with an answer, and three without one, each with a retry.
    failures.check_eq("calls", service.requests().len(), 1 + 2 * 3);
    failures.check_eq("unanswered", &report["unanswered"], &Value::from(3));
    failures.check_eq("answered_on_retry", &report["answered_on_retry"], &Value::from(0));
    let max = report["milliseconds"][3]["time"].as_f64().unwrap();
    failures.check(format!("max {max}"), max >= 2900.0);
    for number in [4, 5] {
        let message = report["requests"][number]["message"].as_str().unwrap_or_default();
        failures.check_contains(number, message, "not sent: the hook has not answered 3 requests");
    }
    failures.assert_none();
}

#[test]
fn a_url_with_credentials_is_refused_and_not_printed() {
    let (code, printed) = replay(1, "http://admin:s3cr3t@127.0.0.1:1/", &[]);

    assert_eq!(code, Some(2), "{printed}");
    assert!(printed.contains("--url: pass credentials by --user"), "{printed}");
    assert!(!printed.contains("s3cr3t"), "{printed}");
}

#[test]
fn a_secret_comes_from_a_file_or_a_variable_and_is_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, "from-file\n").unwrap();
    let file = file.to_str().unwrap();
    let mut failures = Failures::default();

    for (arguments, expected) in [
        (&["--header", "x-hook-secret"][..], "x-hook-secret: from-variable"),
        (&["--header", "x-hook-secret", "--secret-file", file], "x-hook-secret: from-file"),
        (&["--user", "admin"], &format!("Basic {}", STANDARD.encode("admin:from-variable"))),
    ] {
        let service = StandIn::start(&[Reply::Answer(401, "{}")]);

        let (_, printed) = replay(1, &service.url, arguments);

        failures.check_contains(expected, &service.requests()[0], expected);
        failures.check(format!("{expected} is printed: {printed}"), !printed.contains("from-"));
    }

    for (arguments, message) in [
        (&["--header", "x hook:secret-value"][..], "expected NAME:VALUE"),
        (&["--user", "admin", "--secret-file", "missing"], "--secret-file: missing: No such file"),
        (&["--oauth", "client:secret-value"], "--token-url"),
        (&["--oauth", "a:secret-value", "--token-url", "http://example.com/"], "expected `https`"),
    ] {
        let (code, printed) = replay(1, "http://127.0.0.1:1", arguments);

        failures.check_eq(message, code, Some(2));
        failures.check_contains(message, &printed, message);
        failures.check(format!("printed: {printed}"), !printed.contains("secret-value"));
    }

    failures.assert_none();
}

#[test]
fn a_terminal_shows_progress_that_takes_long() {
    let service = StandIn::start(&[Reply::Slow(ALLOW)]);
    let folder = recorded(4);
    let command = format!("registration-hook replay . --url {}", service.url);

    // Without the program `script` there is no terminal.
    let Some(printed) = on_terminal(&command, folder.path(), &[]) else {
        return;
    };

    assert!(printed.contains("] 3/4"), "{printed}");
    assert!(printed.contains("4 passed, 0 failed"), "{printed}");

    let (_, printed) = replay(4, &service.url, &[]);

    assert!(!printed.contains("3/4") && printed.starts_with("time: p50 "), "{printed}");
}

const TOKEN: &str = r#"{"access_token":"a.b.c","token_type":"Bearer","expires_in":3600}"#;

#[test]
fn a_client_with_a_secret_fetches_one_token() {
    let issuer = StandIn::start(&[Reply::Answer(200, TOKEN)]);
    let service = StandIn::start(&[Reply::Answer(200, ALLOW)]);
    let token_url = format!("{}/v1/token", issuer.url);

    let (code, printed) = replay(
        3,
        &service.url,
        &["--oauth", "0oaclient:s&cret", "--token-url", &token_url, "--scope", "hook.invoke"],
    );

    assert_eq!(code, Some(0), "{printed}");
    let requests = issuer.requests();
    assert_eq!(requests.len(), 1);
    let (_, form) = requests[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(
        form,
        "grant_type=client_credentials&scope=hook.invoke&client_id=0oaclient&client_secret=s%26cret"
    );
    for request in service.requests() {
        assert!(request.contains("authorization: Bearer a.b.c\r\n"), "{request}");
    }
}

#[test]
fn a_client_with_a_key_signs_an_assertion() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.pem");
    let der = fs::read(repository("tests/keys/k1.pk8")).unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(&der)
    );
    fs::write(&file, pem).unwrap();
    let issuer = StandIn::start(&[Reply::Answer(200, TOKEN)]);
    let service = StandIn::start(&[Reply::Answer(200, ALLOW)]);
    let token_url = format!("{}/v1/token", issuer.url);
    let file = file.to_str().unwrap();

    let (code, printed) = replay(
        1,
        &service.url,
        &[
            "--oauth",
            "0oaclient",
            "--token-url",
            &token_url,
            "--private-key",
            file,
            "--key-id",
            "k1",
        ],
    );

    assert_eq!(code, Some(0), "{printed}");
    let requests = issuer.requests();
    let (_, assertion) = requests[0].split_once("client_assertion=").unwrap();
    assert!(requests[0].contains("client-assertion-type%3Ajwt-bearer"), "{}", requests[0]);
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let pair = RsaKeyPair::from_pkcs8(&der).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public())
        .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(header, serde_json::json!({ "alg": "RS256", "kid": "k1" }));
    assert_eq!(claims["iss"], "0oaclient");
    assert_eq!(claims["sub"], "0oaclient");
    assert_eq!(claims["aud"], token_url);
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=3600).contains(&lifetime), "{claims}");
}

#[test]
fn a_refused_client_is_named_without_its_secret() {
    let error = r#"{"error":"invalid_client","error_description":"Wrong secret."}"#;
    let issuer = StandIn::start(Box::leak(Box::new([Reply::Answer(401, error)])));
    let token_url = format!("{}/v1/token", issuer.url);

    let (code, printed) = replay(
        1,
        "http://127.0.0.1:1",
        &["--oauth", "0oaclient:s3cret-value", "--token-url", &token_url],
    );

    assert_eq!(code, Some(2), "{printed}");
    assert!(printed.contains("status 401: invalid_client Wrong secret."), "{printed}");
    assert!(!printed.contains("s3cret-value"), "{printed}");
}

#[test]
fn an_error_that_repeats_the_secret_is_left_out() {
    let mut failures = Failures::default();
    for error in [
        r#"{"error":"invalid_client","error_description":"`s3cret value` is wrong."}"#,
        r#"{"error":"client_secret=s3cret+value"}"#,
    ] {
        let issuer = StandIn::start(Box::leak(Box::new([Reply::Answer(401, error)])));
        let token_url = format!("{}/v1/token", issuer.url);
        let arguments = ["--oauth", "0oaclient:s3cret value", "--token-url", &token_url];

        let (code, printed) = replay(1, "http://127.0.0.1:1", &arguments);

        failures.check_eq(error, code, Some(2));
        failures.check_contains(error, &printed, "status 401; its error repeats our secret");
        failures.check(format!("printed: {printed}"), !printed.contains("s3cret"));
    }
    failures.assert_none();
}
