//! Faults of an HTTP API: each fails the lookup in time, and says why.

use std::{thread, time::Duration};

use crate::{
    api::{Api, Asked, Then, Wire, wait_for_end, write_response},
    lookup_service::{REGISTRATION, ask, found, hook, lookup_line, service_of, write},
    support::{Failures, Service, Stopwatch},
};

/// A JSON document of this length.
fn document(length: usize) -> Vec<u8> {
    let mut json = br#"{"level":"gold","#.to_vec();
    json.extend(br#""rest":""#);
    json.resize(length - 2, b'x');
    json.extend(br#""}"#);
    json
}

/// Writes the start, and then the part again every 20 ms until the other side closes the connection.
fn drip(wire: &mut dyn Wire, start: &str, part: &str) -> Then {
    let mut written = wire.write_all(start.as_bytes());
    while written.is_ok() {
        thread::sleep(Duration::from_millis(20));
        written = wire.write_all(part.as_bytes());
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
            // The bytes arrive before the reset.
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

pub const TIMED_OUT: &str = "it did not respond in time";
const CONNECTION: &str = "the connection to it has failed";
const NOT_HTTP: &str = "the response is not valid HTTP";
const LARGE: &str = "the response is larger than 64 KiB";
const NOT_JSON: &str = "the response is not strict JSON";
const NOT_SCALAR: &str = "the result for `level` is not a text, a number or a boolean";

/// Each behaviour, and why the lookup fails.
const FAULTS: [(&str, &str); 36] = [
    ("stall-before-head", TIMED_OUT),
    ("stall-in-head", TIMED_OUT),
    ("stall-before-body", TIMED_OUT),
    ("stall-in-body", TIMED_OUT),
    ("drip-head", TIMED_OUT),
    ("drip-body", TIMED_OUT),
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
    ("not-http", NOT_HTTP),
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

/// The decision about a request, and the time until it.
struct TimedDecision {
    decision: String,
    time: Duration,
}

/// Two services with the same hooks.
struct Services {
    /// Its lookups end after 500 ms.
    hasty: Service,
    /// Its lookups end after 40 s, so that a busy machine has time for faults that are not late.
    patient: Service,
}

impl Services {
    fn of(&self, why: &str) -> &Service {
        if why == TIMED_OUT { &self.hasty } else { &self.patient }
    }
}

/// Asks the hooks of these faults at the same time. Returns their decisions in the same order.
fn ask_at_once(services: &Services, faults: &[(&str, &str)]) -> Vec<TimedDecision> {
    thread::scope(|scope| {
        let mut asking = Vec::new();
        for (hook, why) in faults {
            asking.push(scope.spawn(move || {
                let clock = Stopwatch::start();
                let decision = ask(services.of(why), hook, REGISTRATION);
                TimedDecision { decision, time: clock.taken() }
            }));
        }
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

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
    let mut failures = Failures::default();
    let patient = ("HOOK__SERVER__REQUEST_TIMEOUT", "60s");
    let services = Services {
        hasty: service_of(&api, &files, &[patient, ("HOOK__LOOKUPS__TIMEOUT", "500ms")]),
        patient: service_of(&api, &files, &[patient, ("HOOK__LOOKUPS__TIMEOUT", "40s")]),
    };

    for batch in FAULTS.chunks(8) {
        let answers = ask_at_once(&services, batch);
        for ((fault, why), TimedDecision { decision, time }) in batch.iter().zip(answers) {
            let expected = if *fault == "skipped" { "allow" } else { "LOOKUP_FAILED" };
            failures.check_eq(fault, decision, expected);
            // None waits for the next limit, which is 40 s or 60 s.
            failures.check(format!("{fault}: {time:?}"), time < Duration::from_secs(10));
            let service = services.of(why);
            failures.check_eq(fault, lookup_line(service, fault)["outcome"].clone(), "failed");
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
fn responses_of_up_to_64_kib_are_read_also_after_early_hints() {
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
