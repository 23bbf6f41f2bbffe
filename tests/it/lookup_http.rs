//! Lookups in an HTTP API, by the running service.

use std::{
    fs,
    io::Write as _,
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    api::{Api, Asked, Then, Wire, wait_for_end, write_response},
    support::{
        AUTHORIZATION, Answer, BASIC, Failures, JSON, Service, program, registration, repository,
        request, rules_folder, run, text, wait_until,
    },
};

const REGISTRATION: &[u8] = br#"{"email":"ann@example.com","login":"ann"}"#;

/// A service with one source and these rules files.
fn service(url: &str, files: &[(&str, &str)], more: &[(&str, &str)]) -> Service {
    let folder = rules_folder(files);
    let mut command = program();
    command
        .envs(BASIC)
        .env("HOOK__SERVER__BIND", "127.0.0.1:0")
        .env("HOOK__LOG__FORMAT", "json")
        .env("HOOK__SOURCES__MEMBERS__URL", url)
        .env("HOOK__RULES__RELOAD", "off")
        .envs(more.iter().copied())
        .arg("--rules")
        .arg(folder.path());
    let service = Service::spawn(&mut command);
    // The rules are read by now.
    drop(folder);
    service
}

fn service_of(api: &Api, files: &[(&str, &str)], more: &[(&str, &str)]) -> Service {
    service(&format!("http://{}", api.address), files, more)
}

/// A hook with a lookup that has these keys. It sets `level` to what the lookup finds.
fn hook(keys: &str) -> String {
    format!(
        "[self_service_registration.lookups.account]\nsource = 'members'\nreturns.level = '/level'\n{keys}\n\
         [[self_service_registration.rules]]\nid = 'account'\nlookup = 'account'\n\
         location = 'data.userProfile.email'\nreason = 'NO_ACCOUNT'\nmessage = 'no account'\n\
         [self_service_registration.set]\nlevel = '{{account.level}}'\n"
    )
}

/// The decision in an answer: the level that is set, `allow`, or the reason of the denial.
fn decision(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    if let Some(cause) = body.pointer("/error/errorCauses/0") {
        return cause["reason"].as_str().unwrap().to_owned();
    }
    match body.pointer("/commands/0/value/level") {
        Some(level) => format!("level {}", level.as_str().unwrap()),
        None => "allow".to_owned(),
    }
}

fn ask(service: &Service, hook: &str, form: &[u8]) -> String {
    let body = registration(str::from_utf8(form).unwrap());
    let answer = service.post(&format!("/{hook}"), &body);
    assert_eq!(answer.status, 200, "{hook}: {answer:?}");
    decision(&answer)
}

/// The last decision line of a hook.
fn lookup_line(service: &Service, hook: &str) -> Value {
    let mut found = None;
    wait_until("the decision line", || {
        let lines = service.stdout();
        let line = lines.lines().rfind(|line| line.contains(&format!(r#""hook":"{hook}""#)));
        found = line.map(|line| serde_json::from_str::<Value>(line).unwrap());
        found.is_some()
    });
    found.unwrap()["lookups"][0].clone()
}

fn found(wire: &mut dyn Wire) -> Then {
    write_response(wire, "200 OK", br#"{"level":"gold"}"#)
}

/// A JSON document of this length.
fn document(length: usize) -> Vec<u8> {
    let mut json = br#"{"level":"gold","#.to_vec();
    json.extend(br#""rest":""#);
    json.resize(length - 2, b'x');
    json.extend(br#""}"#);
    json
}

fn write(wire: &mut dyn Wire, text: &str, then: Then) -> Then {
    let _ = wire.write_all(text.as_bytes());
    then
}

/// Writes a byte every 20 ms until the other side has had enough.
fn drip(wire: &mut dyn Wire, start: &str, part: &str) -> Then {
    let mut next = start.to_owned();
    while wire.write_all(next.as_bytes()).is_ok() {
        thread::sleep(Duration::from_millis(20));
        part.clone_into(&mut next);
    }
    Then::Close
}

const HEAD_OF_20: &str = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Responds as the first segment of the path says.
fn misbehave(asked: &Asked, wire: &mut dyn Wire) -> Then {
    match asked.target.split('/').nth(1).unwrap() {
        "good" => found(wire),
        "stall-before-head" => wait_for_end(wire),
        "stall-in-head" => {
            write(wire, "HTTP/1.1 200 OK\r\nContent-Ty", Then::KeepOpen);
            wait_for_end(wire)
        }
        "stall-before-body" => {
            write(wire, HEAD_OF_20, Then::KeepOpen);
            wait_for_end(wire)
        }
        "stall-in-body" => {
            write(wire, &format!("{HEAD_OF_20}{{\"lev"), Then::KeepOpen);
            wait_for_end(wire)
        }
        "drip-head" => drip(wire, "HTTP/1.1 200 OK\r\nX-Slow: ", "x"),
        "drip-body" => drip(wire, CHUNKED, "1\r\n \r\n"),
        "close-before-head" => Then::Close,
        "close-in-head" => write(wire, "HTTP/1.1 200 OK\r\nContent-Ty", Then::Close),
        "close-in-body" => write(wire, &format!("{HEAD_OF_20}{{\"lev"), Then::Close),
        "close-in-chunk" => write(wire, &format!("{CHUNKED}20\r\n{{\"lev"), Then::Close),
        "reset-before-head" => Then::Reset,
        "reset-in-body" => {
            write(wire, &format!("{HEAD_OF_20}{{\"lev"), Then::KeepOpen);
            // So that the bytes arrive before the reset.
            thread::sleep(Duration::from_millis(50));
            Then::Reset
        }
        "64-kib" => write_response(wire, "200 OK", &document(65_536)),
        "64-kib-and-1" => write_response(wire, "200 OK", &document(65_537)),
        "64-kib-chunked" => {
            let body = String::from_utf8(document(65_536)).unwrap();
            write(wire, &format!("{CHUNKED}10000\r\n{body}\r\n0\r\n\r\n"), Then::KeepOpen)
        }
        "64-kib-and-1-chunked" => {
            let body = String::from_utf8(document(65_537)).unwrap();
            write(wire, &format!("{CHUNKED}10001\r\n{body}\r\n0\r\n\r\n"), Then::KeepOpen)
        }
        "endless" => {
            write(wire, CHUNKED, Then::KeepOpen);
            let chunk = format!("1000\r\n{}\r\n", " ".repeat(4096));
            while wire.write_all(chunk.as_bytes()).is_ok() {}
            Then::Close
        }
        "large-head" => {
            let head = format!("HTTP/1.1 200 OK\r\nX-Large: {}\r\n\r\n", "x".repeat(100_000));
            write(wire, &head, Then::Close)
        }
        "redirect" => {
            let location = "Location: /good/ann%40example.com\r\nContent-Length: 0\r\n\r\n";
            write(wire, &format!("HTTP/1.1 302 Found\r\n{location}"), Then::KeepOpen)
        }
        "redirect-post" => {
            let location = "Location: /good/ann%40example.com\r\nContent-Length: 0\r\n\r\n";
            write(wire, &format!("HTTP/1.1 307 Temporary Redirect\r\n{location}"), Then::KeepOpen)
        }
        "early-hints" => {
            write(wire, "HTTP/1.1 103 Early Hints\r\n\r\n", Then::KeepOpen);
            found(wire)
        }
        "no-content" => write(wire, "HTTP/1.1 204 No Content\r\n\r\n", Then::KeepOpen),
        "created" => write_response(wire, "201 Created", br#"{"level":"gold"}"#),
        "server-error" => write_response(wire, "500 Internal Server Error", b"{}"),
        "unauthorized" => write_response(wire, "401 Unauthorized", b"{}"),
        "not-found" => write_response(wire, "404 Not Found", b"no such account"),
        "not-http" => write(wire, "SSH-2.0-OpenSSH_9.2\r\n", Then::Close),
        "html" => write_response(wire, "200 OK", b"<html>{\"level\":\"gold\"}</html>"),
        "empty" => write_response(wire, "200 OK", b""),
        "duplicate" => write_response(wire, "200 OK", br#"{"level":"gold","level":"gold"}"#),
        "duplicate-inside" => {
            write_response(wire, "200 OK", br#"{"level":"gold","x":[{"a":1,"\u0061":2}]}"#)
        }
        "byte-order-mark" => write_response(wire, "200 OK", b"\xef\xbb\xbf{\"level\":\"gold\"}"),
        "latin-1" => write_response(wire, "200 OK", b"{\"level\":\"gold\",\"x\":\"\xe9\"}"),
        "lone-surrogate" => write_response(wire, "200 OK", br#"{"level":"gold","x":"\ud800"}"#),
        "trailing" => write_response(wire, "200 OK", br#"{"level":"gold"}{}"#),
        "huge-number" => write_response(wire, "200 OK", br#"{"level":"gold","x":1e999}"#),
        "deep" => {
            let body =
                format!("{{\"level\":\"gold\",\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
            write_response(wire, "200 OK", body.as_bytes())
        }
        "list" => write_response(wire, "200 OK", br#"{"level":["gold"]}"#),
        "object" => write_response(wire, "200 OK", br#"{"level":{}}"#),
        other => panic!("no behaviour `{other}`"),
    }
}

const LATE: &str = "it did not respond in time";
const CONNECTION: &str = "there is no connection to it";
const LARGE: &str = "the response is larger than 64 KiB";
const NOT_JSON: &str = "the response is not strict JSON";
const NOT_SCALAR: &str = "a result is not a text, a number or a boolean";

/// Each behaviour, and why the lookup fails.
const FAULTS: [(&str, &str); 36] = [
    ("stall-before-head", LATE),
    ("stall-in-head", LATE),
    ("stall-before-body", LATE),
    ("stall-in-body", LATE),
    ("drip-head", LATE),
    ("drip-body", LATE),
    ("close-before-head", CONNECTION),
    ("close-in-head", CONNECTION),
    ("close-in-body", CONNECTION),
    ("close-in-chunk", CONNECTION),
    ("reset-before-head", CONNECTION),
    ("reset-in-body", CONNECTION),
    ("64-kib-and-1", LARGE),
    ("64-kib-and-1-chunked", LARGE),
    ("endless", LARGE),
    ("large-head", LARGE),
    ("redirect", "it responded with status 302"),
    ("redirect-post", "it responded with status 307"),
    ("no-content", "it responded with status 204"),
    ("created", "it responded with status 201"),
    ("server-error", "it responded with status 500"),
    ("unauthorized", "it responded with status 401"),
    ("not-http", NOT_JSON),
    ("html", NOT_JSON),
    ("empty", NOT_JSON),
    ("duplicate", NOT_JSON),
    ("duplicate-inside", NOT_JSON),
    ("byte-order-mark", NOT_JSON),
    ("latin-1", NOT_JSON),
    ("lone-surrogate", NOT_JSON),
    ("trailing", NOT_JSON),
    ("huge-number", NOT_JSON),
    ("deep", NOT_JSON),
    ("list", NOT_SCALAR),
    ("object", NOT_SCALAR),
    ("skipped", "it responded with status 500"),
];

#[test]
fn every_fault_of_an_api_fails_the_lookup_in_time_and_says_why() {
    let api = Api::start(misbehave);
    let mut files = Vec::new();
    for (fault, _) in FAULTS {
        let keys = match fault {
            "redirect-post" => format!("post = '/{fault}/{{email}}'\nbody = {{ a = '{{email}}' }}"),
            "skipped" => "get = '/server-error/{email}'\non_failure = 'skip'".to_owned(),
            _ => format!("get = '/{fault}/{{email}}'"),
        };
        files.push((format!("{fault}.toml"), hook(&keys)));
    }
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let service = service_of(&api, &files, &[("HOOK__LOOKUPS__TIMEOUT", "500ms")]);
    let mut failures = Failures::default();

    for fault in FAULTS.chunks(8) {
        let answers: Vec<_> = thread::scope(|scope| {
            let ask_one = |fault: &'static str| {
                let service = &service;
                scope.spawn(move || {
                    let start = Instant::now();
                    (ask(service, fault, REGISTRATION), start.elapsed())
                })
            };
            let asking: Vec<_> = fault.iter().map(|(fault, _)| ask_one(fault)).collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        for ((fault, why), (decision, time)) in fault.iter().zip(answers) {
            let expected = if *fault == "skipped" { "allow" } else { "LOOKUP_FAILED" };
            failures.check_eq(fault, decision, expected);
            failures.check(format!("{fault}: {time:?}"), time < Duration::from_millis(900));
            failures.check_eq(fault, lookup_line(&service, fault)["outcome"].clone(), "failed");
            let line = format!("`{fault}`: the lookup `account` failed: {why}");
            let has_line = service.wait_for_log(&format!("`{fault}`: the lookup")).contains(&line);
            failures.check(line, has_line);
        }
    }

    let followed = api.asked().iter().any(|asked| asked.target.starts_with("/good"));
    failures.check("a redirect was followed", !followed);
    failures.assert_none();
}

#[test]
fn responses_that_are_large_or_come_with_others_are_read() {
    let api = Api::start(misbehave);
    let rows = ["good", "64-kib", "64-kib-chunked", "early-hints"];
    let files = rows.map(|row| (format!("{row}.toml"), hook(&format!("get = '/{row}/x'"))));
    let missing = hook("get = '/not-found/x'");
    let mut files: Vec<_> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(("not-found.toml", &missing));
    let service = service_of(&api, &files, &[]);

    for row in rows {
        assert_eq!(ask(&service, row, REGISTRATION), "level gold", "{row}");
    }
    assert_eq!(ask(&service, "not-found", REGISTRATION), "NO_ACCOUNT");
    assert_eq!(lookup_line(&service, "not-found")["outcome"], "not_found");
    // Every body was read to its end.
    assert_eq!(api.connections(), 1);
}

/// Responds with the status and body that the question holds.
fn echo(asked: &Asked, wire: &mut dyn Wire) -> Then {
    let question: Value = serde_json::from_slice(&asked.body).unwrap();
    let text = |name: &str| question[name].as_str().unwrap().to_owned();
    write_response(wire, &format!("{} Status", text("status")), text("body").as_bytes())
}

#[test]
fn the_keys_of_a_lookup_decide_what_a_response_means() {
    let rows = [
        ("", "200", r#"{"level":"gold"}"#, "level gold"),
        // A template has no text for a decimal number.
        ("", "200", r#"{"level":1.50}"#, "allow"),
        (
            "",
            "200",
            r#"{"level":123456789012345678901234567890}"#,
            "level 123456789012345678901234567890",
        ),
        ("", "200", r#"{"level":false}"#, "level false"),
        ("", "200", r#"{"level":"g\u00f6ld\n"}"#, "level göld\n"),
        ("", "200", r#"{"level":null}"#, "allow"),
        ("", "200", r#"{"level":""}"#, "allow"),
        ("", "200", r#"{}"#, "allow"),
        ("", "200", r#"[]"#, "allow"),
        ("", "200", r#""gold""#, "allow"),
        ("", "404", "anything", "NO_ACCOUNT"),
        ("", "410", "{}", "LOOKUP_FAILED"),
        ("not_found = [404, 410]", "410", "{}", "NO_ACCOUNT"),
        ("not_found = []", "404", "{}", "LOOKUP_FAILED"),
        ("found = '/results/0'", "200", r#"{"results":[]}"#, "NO_ACCOUNT"),
        ("found = '/results/0'", "200", r#"{"results":[null]}"#, "NO_ACCOUNT"),
        ("found = '/results/0'", "200", r#"{"results":[false]}"#, "NO_ACCOUNT"),
        ("found = '/results/0'", "200", r#"{"results":[{}],"level":"x"}"#, "level x"),
        ("found = '/results/0'", "200", r#"{"results":[0],"level":"x"}"#, "level x"),
        ("found = '/results/0'", "200", r#"{"results":{"0":""},"level":"x"}"#, "level x"),
        ("found = '/results/0'", "200", r#"{"results":"0"}"#, "NO_ACCOUNT"),
        ("found = '/results/00'", "200", r#"{"results":[1]}"#, "NO_ACCOUNT"),
        ("found = '/results/+0'", "200", r#"{"results":[1]}"#, "NO_ACCOUNT"),
        ("found = '/results/-'", "200", r#"{"results":[1]}"#, "NO_ACCOUNT"),
        ("found = '/results/1'", "200", r#"{"results":[1]}"#, "NO_ACCOUNT"),
        ("found = ''", "200", "false", "NO_ACCOUNT"),
        ("found = ''", "200", " null ", "NO_ACCOUNT"),
        ("found = ''", "200", "true", "allow"),
        ("found = '/a~1b/~0/~01'", "200", r#"{"a/b":{"~":{"~1":1}},"level":"x"}"#, "level x"),
        ("found = '/'", "200", r#"{"":1,"level":"x"}"#, "level x"),
        ("found = '/ä'", "200", r#"{"\u00e4":1,"level":"x"}"#, "level x"),
    ];
    let keys = "post = '/'\nbody = { status = '{status1}', body = '{body1}' }\n";
    let mut files = Vec::new();
    for (index, (more, ..)) in rows.iter().enumerate() {
        files.push((format!("h{index}.toml"), hook(&format!("{keys}{more}"))));
    }
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let api = Api::start(echo);
    let service = service_of(&api, &files, &[]);
    let mut failures = Failures::default();

    for (index, (more, status, body, expected)) in rows.into_iter().enumerate() {
        let form = json!({"status1": status, "body1": body}).to_string();
        let decision = ask(&service, &format!("h{index}"), form.as_bytes());
        failures.check_eq(format!("{more} {status} {body}"), decision, expected);
    }

    failures.assert_none();
}

#[test]
fn questions_carry_the_secret_and_no_cookie_on_one_connection() {
    let api = Api::start(|_, wire| {
        write(
            wire,
            "HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Length: 2\r\n\r\n{}",
            Then::KeepOpen,
        )
    });
    let get = hook("get = '/accounts/{email}?org=a%20b&login={login}'");
    let post = hook(
        "post = '/search'\nbody = { email = 'is {email}', list = [1, -2.50, true, {}], 'a\"b' = '\\' }",
    );
    let service = service(
        &format!("http://{}/v1/", api.address),
        &[("get.toml", &get), ("post.toml", &post)],
        &[
            ("HOOK__SOURCES__MEMBERS__HEADER", "x-api-key"),
            ("HOOK__SOURCES__MEMBERS__SECRET", "planted-secret-Yq7"),
            ("RUST_LOG", "trace"),
        ],
    );
    let form = br#"{"email":"planted+Kp4 \"@example.com","login":"a/b?c&d=e"}"#;

    assert_eq!(ask(&service, "get", form), "allow");
    assert_eq!(ask(&service, "post", form), "allow");

    let asked = api.asked();
    let targets: Vec<_> =
        asked.iter().map(|one| (one.method.as_str(), one.target.as_str())).collect();
    assert_eq!(
        targets,
        [
            (
                "GET",
                "/v1/accounts/planted%2BKp4%20%22%40example.com?org=a%20b&login=a%2Fb%3Fc%26d%3De"
            ),
            ("POST", "/v1/search"),
        ]
    );
    assert_eq!(asked[0].body, b"");
    assert_eq!(
        String::from_utf8(asked[1].body.clone()).unwrap(),
        r#"{"email":"is planted+Kp4 \"@example.com","list":[1,-2.50,true,{}],"a\"b":"\\"}"#
    );
    for one in &asked {
        assert_eq!(one.header("x-api-key"), Some("planted-secret-Yq7"));
        assert_eq!(one.header("accept"), Some("application/json"));
        assert_eq!(one.header("cookie"), None);
        assert_eq!(one.header("accept-encoding"), None);
        assert_eq!(one.header("host"), Some(&*api.address.to_string()));
    }
    assert_eq!(asked[1].header("content-type"), Some("application/json"));
    assert_eq!(asked[1].connection, 1);
    let logs = format!("{}{}", service.stdout(), service.stderr());
    assert!(!logs.contains("Yq7") && !logs.contains("Kp4"), "{logs}");
}

#[test]
fn questions_without_an_askable_value_are_not_asked() {
    let api = Api::start(|_, wire| found(wire));
    let rows = [
        ("get = '/a/{login}'", r#"{"email":"a@okta.com"}"#),
        ("get = '/a/{login}'", r#"{"login":""}"#),
        ("get = '/a/{login}'", r#"{"login":null}"#),
        ("get = '/a/{login}'", r#"{"login":["a"]}"#),
        ("get = '/a/{login}'", r#"{"login":1.5}"#),
        ("get = '/a/{login}'", r#"{"login":"."}"#),
        ("get = '/a/{login}'", r#"{"login":".."}"#),
        ("get = '/a/{login}/b'", r#"{"login":".."}"#),
        ("get = '/a/.{login}'", r#"{"login":"."}"#),
        ("get = '/a/%2e{login}?x'", r#"{"login":"."}"#),
        ("get = '/a/{login};v=1'", r#"{"login":".."}"#),
        ("get = '/a/{login}'", r#"{"login":"../admin"}"#),
        ("get = '/a/{login}?x'", r#"{"login":"x/../../admin"}"#),
        ("get = '/a/x-{login}'", r#"{"login":"/..\\admin"}"#),
        ("get = '/a/{login}{email}'", r#"{"login":".","email":"."}"#),
        ("get = '/a?x={email.domain}'", r#"{"email":"a"}"#),
        ("post = '/a'\nbody = { a = { b = ['{login}'] } }", r#"{"login":""}"#),
        (
            "get = '/a/{login}'\nwhen = [{ attribute = 'email', one_of = ['a'] }]",
            r#"{"login":"a","email":"b"}"#,
        ),
    ];
    let mut files = Vec::new();
    for (index, (keys, _)) in rows.iter().enumerate() {
        files.push((format!("h{index}.toml"), hook(keys)));
    }
    files.push(("asked.toml".to_owned(), hook("get = '/{login}?{x}=..'").replace("{x}", "x")));
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let service = service_of(&api, &files, &[]);
    let mut failures = Failures::default();

    for (index, (keys, form)) in rows.into_iter().enumerate() {
        let hook = format!("h{index}");
        let expected = if keys.contains("when") { "allow" } else { "NO_ACCOUNT" };
        failures.check_eq(
            format!("{keys} {form}"),
            ask(&service, &hook, form.as_bytes()),
            expected,
        );
        failures.check_eq(keys, lookup_line(&service, &hook)["outcome"].clone(), "not_asked");
    }
    let long = json!({"login": "ä".repeat(1000)}).to_string();
    failures.check_eq("too long", ask(&service, "h0", long.as_bytes()), "NO_ACCOUNT");
    failures.check("asked", api.asked().is_empty());
    for login in ["...", ".a", "%2e%2e", "%2F..%2F", "a/..b", "a", " "] {
        let form = json!({"login": login}).to_string();
        failures.check_eq(login, ask(&service, "asked", form.as_bytes()), "level gold");
    }

    failures.assert_none();
}

/// Decodes what is percent-encoded.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn every_value_reaches_the_api_exactly_in_path_query_and_body() {
    let api = Api::start(|_, wire| found(wire));
    let rules = hook("post = '/a-{login}/b?c={login}&d={login}'\nbody = { e = ['<{login}>'] }");
    let service = service_of(&api, &[("hook.toml", &rules)], &[]);
    let connection = service.connect();
    let letters = prop_oneof![
        any::<char>(),
        prop::sample::select(
            "/\\?#&=%;:@+\"'<>{}[].~ \r\n\t\0\u{7f}\u{2028}\u{202e}éß".chars().collect::<Vec<_>>()
        ),
    ];
    let values = prop::collection::vec(letters, 1..40);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) };
    let mut runner = proptest::test_runner::TestRunner::new(config);

    let result = runner.run(&values, |letters| {
        let value: String = letters.into_iter().collect();
        // Not asked: see above.
        let path = format!("a-{value}");
        prop_assume!(!path.split(['/', '\\']).any(|part| [".", ".."].contains(&part)));
        let body = registration(&json!({"login": value}).to_string());
        let mut connection = connection.try_clone().unwrap();
        connection.write_all(&request("POST", "/hook", &[AUTHORIZATION, JSON], &body)).unwrap();
        prop_assert_eq!(decision(&Answer::read(&mut connection)), "level gold");
        let asked = api.asked().pop().unwrap();
        let (path, query) = asked.target.split_once('?').unwrap();
        let segments: Vec<_> = path.split('/').map(percent_decoded).collect();
        prop_assert_eq!(segments, ["".to_owned(), format!("a-{value}"), "b".to_owned()]);
        let pairs: Vec<_> = query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        let pairs: Vec<_> = pairs.iter().map(|(key, text)| (*key, percent_decoded(text))).collect();
        prop_assert_eq!(pairs, [("c", value.clone()), ("d", value.clone())]);
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        prop_assert_eq!(body, json!({"e": [format!("<{value}>")]}));
        Ok(())
    });

    result.unwrap();
}

#[test]
fn a_question_is_asked_again_if_idle_connections_turn_out_to_be_closed() {
    // Each connection carries one question, and is closed when the next one comes.
    let api = Api::start(|asked, wire| {
        if asked.target.contains("first") {
            // So that questions at the same time have connections of their own.
            thread::sleep(Duration::from_millis(100));
            return found(wire);
        }
        if asked.target.contains("second") && asked.connection <= 4 {
            return Then::Close;
        }
        found(wire)
    });
    let first = hook("get = '/first'");
    let second = hook("post = '/second'\nbody = {}");
    let service = service_of(&api, &[("first.toml", &first), ("second.toml", &second)], &[]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(ask(&service, "first", REGISTRATION), "level gold"));
        }
    });
    assert_eq!(api.connections(), 4);

    assert_eq!(ask(&service, "second", REGISTRATION), "level gold");

    assert_eq!(api.connections(), 5);
    let count = api.asked().iter().filter(|one| one.target == "/second").count();
    assert_eq!(count, 5);
}

#[test]
fn a_question_is_asked_once_if_a_new_connection_ends() {
    let api = Api::start(|_, _| Then::Close);
    let service = service_of(&api, &[("hook.toml", &hook("get = '/'"))], &[]);

    assert_eq!(ask(&service, "hook", REGISTRATION), "LOOKUP_FAILED");

    assert_eq!((api.connections(), api.asked().len()), (1, 1));
}

/// A server that takes TLS for an invalid request.
fn refusing_listener() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            wait_for_end(&mut stream);
        }
    });
    address
}

#[test]
fn only_trusted_certificates_of_the_host_are_accepted() {
    let good = Api::with_tls("p256", |_, wire| found(wire));
    let of_other_host = Api::with_tls("issuer", |_, wire| found(wire));
    let plain = refusing_listener();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let ca_file = |name: &str| repository(&format!("tests/tls/{name}.crt")).display().to_string();
    let tls = "no TLS connection can be made; see `ca_file` of the source";
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rows = [
        (good.address, "p256", "127.0.0.1", "level gold", ""),
        (good.address, "p256", "localhost", "level gold", ""),
        (good.address, "issuer", "127.0.0.1", "LOOKUP_FAILED", tls),
        (good.address, "", "127.0.0.1", "LOOKUP_FAILED", tls),
        (of_other_host.address, "issuer", "127.0.0.1", "LOOKUP_FAILED", tls),
        (plain, "p256", "127.0.0.1", "LOOKUP_FAILED", tls),
        (silent.local_addr().unwrap(), "p256", "127.0.0.1", "LOOKUP_FAILED", LATE),
        (refused, "p256", "127.0.0.1", "LOOKUP_FAILED", CONNECTION),
        (refused, "p256", "no-such-host.invalid", "LOOKUP_FAILED", ""),
    ];
    let mut failures = Failures::default();

    for (address, authority, host, expected, why) in rows {
        let file = ca_file(authority);
        let mut more = vec![("HOOK__LOOKUPS__TIMEOUT", "500ms")];
        if !authority.is_empty() {
            more.push(("HOOK__SOURCES__MEMBERS__CA_FILE", file.as_str()));
        }
        let url = format!("https://{host}:{}", address.port());
        let service = service(&url, &[("hook.toml", &hook("get = '/'"))], &more);
        let row = format!("{url} {authority}");
        failures.check_eq(&row, ask(&service, "hook", REGISTRATION), expected);
        if expected == "LOOKUP_FAILED" {
            let log = service.wait_for_log("the lookup `account` failed");
            failures.check_contains(row, &log, &format!("failed: {why}"));
        }
    }

    failures.check_eq("good", good.asked().len(), 2);
    failures.check_eq("others", of_other_host.asked().len(), 0);
    failures.assert_none();
}

#[test]
fn tls_connections_are_used_again() {
    let api = Api::with_tls("p256", |_, wire| found(wire));
    let file = repository("tests/tls/p256.crt");
    let more = [("HOOK__SOURCES__MEMBERS__CA_FILE", file.to_str().unwrap())];
    let url = format!("https://{}", api.address);
    let service = service(&url, &[("hook.toml", &hook("get = '/'"))], &more);

    for _ in 0..3 {
        assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");
    }

    assert_eq!(api.connections(), 1);
}

/// Starts questions of `hung` that are not answered, and returns their connections.
fn hang(service: &Service, api: &Api, count: usize) -> Vec<TcpStream> {
    let body = registration(str::from_utf8(REGISTRATION).unwrap());
    let mut connections = Vec::new();
    for _ in 0..count {
        let mut connection = service.connect();
        let bytes = request("POST", "/hung", &[AUTHORIZATION, JSON], &body);
        connection.write_all(&bytes).unwrap();
        connections.push(connection);
    }
    wait_until("the questions", || api.asked().len() == count);
    connections
}

#[test]
fn questions_beyond_the_concurrency_wait_shortly_and_fail() {
    let api = Api::start(|asked, wire| match asked.target.as_str() {
        "/hung" => wait_for_end(wire),
        _ => found(wire),
    });
    let hung = hook("get = '/hung'");
    // `skip` is for failures of the source, which this is not.
    let next = hook("get = '/next'\non_failure = 'skip'");
    let free = "[self_service_registration]\nallow_all = true\n";
    let files = [("hung.toml", &*hung), ("next.toml", &next), ("free.toml", free)];
    let service = service_of(&api, &files, &[("HOOK__LOOKUPS__TIMEOUT", "1s")]);
    let mut hanging = hang(&service, &api, 32);

    let start = Instant::now();
    assert_eq!(ask(&service, "next", REGISTRATION), "LOOKUP_FAILED");
    let wait = start.elapsed();
    let start = Instant::now();
    assert_eq!(ask(&service, "free", REGISTRATION), "allow");
    let undelayed = start.elapsed();

    assert!(wait >= Duration::from_millis(95) && wait < Duration::from_millis(400), "{wait:?}");
    assert!(undelayed < Duration::from_millis(90), "{undelayed:?}");
    service.wait_for_log("`next`: the lookup `account` failed: all its connections are busy");
    for connection in &mut hanging {
        assert_eq!(decision(&Answer::read(connection)), "LOOKUP_FAILED");
    }
    // The slots are free again.
    assert_eq!(ask(&service, "next", REGISTRATION), "level gold");
    assert_eq!(api.asked().len(), 33);
}

#[test]
fn live_results_are_recorded_as_the_source_gave_them() {
    let api = Api::start(|_, wire| {
        write_response(
            wire,
            "200 OK",
            br#"{"level":12345678901234567890123,"plan":"","paid":true}"#,
        )
    });
    let rules = hook("get = '/a'\nreturns.plan = '/plan'\nreturns.paid = '/paid'");
    let folder = rules_folder(&[("hook.toml", &rules)]);
    let cases = folder.path().join("cases");
    fs::create_dir_all(cases.join("hook")).unwrap();
    let body = registration(str::from_utf8(REGISTRATION).unwrap());
    fs::write(cases.join("hook/a.request.json"), body).unwrap();
    let replay = |more: &[&str]| {
        let mut command = program();
        command.env("HOOK__SOURCES__MEMBERS__URL", format!("http://{}", api.address));
        command.arg("--rules").arg(folder.path()).arg("replay").arg(&cases).args(more);
        run(&mut command, b"")
    };
    let recorded = || fs::read_to_string(cases.join("hook/a.lookups.json")).unwrap();

    let updated = replay(&["--update", "--live"]);
    assert_eq!(text(&updated.stdout), "1 passed, 0 failed\n", "{}", text(&updated.stderr));
    assert_eq!(
        recorded(),
        "{\n  \"account\": {\n    \"level\": 12345678901234567890123,\n    \"paid\": true\n  }\n}\n"
    );
    // An empty text is absent, as it is from a source.
    fs::write(cases.join("hook/a.lookups.json"), r#"{"account": {"level": ""}}"#).unwrap();
    replay(&["--update"]);

    let answer = fs::read_to_string(cases.join("hook/a.response.json")).unwrap();
    assert!(!answer.contains("level"), "{answer}");
}

#[test]
fn a_source_that_the_settings_no_longer_have_is_not_skipped() {
    let api = Api::start(|_, wire| found(wire));
    let rules = hook("get = '/a'\non_failure = 'skip'");
    let folder = rules_folder(&[("hook.toml", &rules)]);
    let config = folder.path().join("settings");
    fs::write(&config, format!("[sources.members]\nurl = 'http://{}'\n", api.address)).unwrap();
    let mut command = program();
    command.envs(BASIC).env("HOOK__SERVER__BIND", "127.0.0.1:0").env("HOOK__RULES__RELOAD", "off");
    command.arg("--config").arg(&config).arg("--rules").arg(folder.path());
    let service = Service::spawn(&mut command);
    assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");

    fs::write(&config, "").unwrap();
    service.signal("HUP");
    service.wait_for_log("the new settings of [sources] are active");

    assert_eq!(ask(&service, "hook", REGISTRATION), "LOOKUP_FAILED");
    service.wait_for_log("the settings have no such source any more");
}

#[test]
fn a_slot_stays_taken_until_its_call_has_ended_even_if_the_caller_has_left() {
    let api = Api::start(|_, wire| wait_for_end(wire));
    let more = [("HOOK__LOOKUPS__TIMEOUT", "1s"), ("HOOK__SOURCES__MEMBERS__CONCURRENCY", "1")];
    let service = service_of(&api, &[("hung.toml", &hook("get = '/hung'"))], &more);
    drop(hang(&service, &api, 1));

    assert_eq!(ask(&service, "hung", REGISTRATION), "LOOKUP_FAILED");

    service.wait_for_log("all its connections are busy");
    assert_eq!(api.asked().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_stop_waits_for_hung_questions_only_until_their_deadline() {
    let api = Api::start(|_, wire| wait_for_end(wire));
    let files = [("hung.toml", &*hook("get = '/hung'"))];
    let mut service = service_of(&api, &files, &[("HOOK__LOOKUPS__TIMEOUT", "600ms")]);
    let mut hanging = hang(&service, &api, 32);

    let start = Instant::now();
    service.signal("TERM");
    let status = service.child.wait().unwrap();

    assert!(status.success(), "{status}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    for connection in &mut hanging {
        assert_eq!(decision(&Answer::read(connection)), "LOOKUP_FAILED");
    }
}
