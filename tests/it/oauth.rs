//! The running service with an issuer that fails or is slow, and how often the service asks it for keys.

use std::{
    io::Write as _,
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use registration_hook::{
    auth::{self, Keys, keys::Leaks},
    proxies::Proxies,
};
use serde_json::json;

use crate::{
    issuer::{Behaviour, CLIENT, Issuer, claims, jwk, key_set, name, settings, sign},
    support::{
        Answer, BASIC, Failures, JSON, Service, Stopwatch, program, registration, repository,
        request, run, text, wait_for, wait_until,
    },
};

const HOOK: &str = "/registrationHookSSR";

/// Without the deadline of fetches, callers would wait for this long.
const PATIENT: (&str, &str) = ("HOOK__SERVER__REQUEST_TIMEOUT", "60s");

fn service_with_issuer(issuer: std::net::SocketAddr, more: &[(&str, &str)]) -> Service {
    let settings = settings(issuer);
    let mut all: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    all.extend(more);
    Service::start(&all)
}

/// A service that has fetched the issuer's keys.
fn service_with_keys(issuer: &Issuer) -> Service {
    let service = service_with_issuer(issuer.address, &[]);
    wait_for_keys(&service);
    service
}

fn wait_for_keys(service: &Service) {
    wait_until("the keys", || readiness(service).status == 200);
}

fn readiness(service: &Service) -> Answer {
    service.send(&request("GET", "/readyz", &[], b""))
}

fn call(service: &Service, token: &str) -> Answer {
    let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    let authorization = format!("Authorization: Bearer {token}");
    service.send(&request("POST", HOOK, &[&authorization, JSON], &body))
}

fn token_of_unknown_key(issuer: &Issuer, kid: &str) -> String {
    sign("k2", &json!({"alg": "RS256", "kid": kid}), &claims(&name(issuer.address)))
}

#[test]
fn refused_tokens_get_their_status_challenge_and_log_line() {
    let issuer = Issuer::start(Behaviour::default());
    let service = service_with_keys(&issuer);
    let good = issuer.token(&json!({}));

    let answer = call(&service, &good);

    assert_eq!((answer.status, answer.text().contains("ALLOW")), (200, true), "{answer:?}");

    let challenge = |token: &str| {
        let answer = call(&service, token);
        (answer.status, answer.header("www-authenticate").unwrap_or_default().to_owned())
    };
    let realm = r#"Bearer realm="registration-hook""#;
    let mut failures = Failures::default();

    for (changes, status, error) in [
        (json!({"exp": 1}), 401, r#", error="invalid_token""#),
        (json!({"aud": "x"}), 401, r#", error="invalid_token""#),
        (json!({"cid": "x"}), 403, r#", error="insufficient_scope""#),
        (
            json!({"scp": []}),
            403,
            r#", error="insufficient_scope", scope="registration.hook.invoke""#,
        ),
    ] {
        failures.check_eq(
            &changes,
            challenge(&issuer.token(&changes)),
            (status, format!("{realm}{error}")),
        );
    }
    let none = service.send(&request("POST", HOOK, &[JSON], b""));

    assert_eq!((none.status, none.header("www-authenticate")), (401, Some(realm)));

    let basic = ["Authorization: Basic YWRtaW46c3VwZXJzZWNyZXQ=", JSON];
    let basic = service.send(&request("POST", HOOK, &basic, b""));

    assert_eq!((basic.status, basic.header("www-authenticate")), (401, Some(realm)));

    for reason in [
        "401 expired",
        "401 wrong_aud",
        "403 insufficient_scope",
        "403 wrong_client",
        "401 credentials_missing",
    ] {
        service.wait_for_log(&format!("refused with {reason}: "));
    }

    failures.assert_none();

    // The decision line of the accepted request names the client. No line and no message has a token, `eyJ…`.
    let lines = wait_for("the lines", || {
        let lines = service.stdout();
        lines.contains(&format!("oauth:{CLIENT}")).then_some(lines)
    });

    assert!(!lines.contains("eyJ") && !service.stderr().contains("eyJ"));
    assert_eq!(issuer.fetches(), 1, "a known key is not asked for again");
}

#[test]
fn metadata_is_found_at_both_paths_and_its_issuer_must_match() {
    let issuer = Issuer::start(Behaviour { rfc8414: true, ..Behaviour::default() });

    assert_eq!(call(&service_with_keys(&issuer), &issuer.token(&json!({}))).status, 200);

    let liar = Issuer::start(Behaviour {
        name: Some("http://localhost/x".to_owned()),
        ..Behaviour::default()
    });
    let service = service_with_issuer(liar.address, &[]);
    service.wait_for_log("must be exactly equal");

    assert_eq!(call(&service, &liar.token(&json!({}))).status, 503);
}

/// The metadata of this issuer would be refused.
#[test]
fn metadata_is_not_fetched_if_jwks_uri_is_set() {
    let liar = Issuer::start(Behaviour {
        name: Some("http://localhost/x".to_owned()),
        ..Behaviour::default()
    });
    let keys = format!("{}/v1/keys", name(liar.address));

    let service = service_with_issuer(liar.address, &[("HOOK__AUTH__OAUTH__JWKS_URI", &keys)]);
    wait_for_keys(&service);

    assert_eq!(call(&service, &liar.token(&json!({}))).status, 200);
}

#[test]
fn an_issuer_that_starts_later_makes_the_service_ready() {
    let (address, start) = Issuer::later();

    let service = service_with_issuer(address, &[]);

    assert_eq!(service.send(&request("GET", "/healthz", &[], b"")).status, 200);

    let answer = wait_for("the first failure", || {
        let answer = readiness(&service);
        service.stderr().contains("cannot fetch").then_some(answer)
    });

    assert_eq!(answer.status, 503);
    assert_eq!(answer.text(), r#"{"ready":false,"rules":"ok","keys":"none","draining":false}"#);

    let token = sign("k1", &json!({"alg": "RS256", "kid": "k1"}), &claims(&name(address)));
    let answer = call(&service, &token);

    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some(), "{answer:?}");

    let _issuer = start(Behaviour::default());
    let clock = Stopwatch::start();
    wait_for_keys(&service);

    // The next try is after a second. With keys, it would be after 30 s.
    assert!(clock.taken() < Duration::from_secs(15), "{:?}", clock.passed());
    assert_eq!(call(&service, &token).status, 200);
}

#[test]
fn an_issuer_that_closes_each_connection_soon_after_its_answer_is_read_each_time() {
    let close_after = Some(Duration::from_millis(3));
    let issuer = Issuer::start(Behaviour { close_after, ..Behaviour::default() });
    // The service fetches the keys again after half of this time.
    let more = [("HOOK__AUTH__OAUTH__MAX_STALE", "1s")];
    let service = service_with_issuer(issuer.address, &more);

    wait_for_keys(&service);
    wait_until("two refreshes", || issuer.fetches() >= 3);

    assert_eq!(call(&service, &issuer.token(&json!({}))).status, 200);
    assert!(!service.stderr().contains("cannot fetch"), "{}", service.stderr());
}

#[test]
fn key_fetches_are_counted_by_result() {
    let (address, start) = Issuer::later();
    let issuer = auth::Issuer::new(name(address), None, None, Proxies::default()).unwrap();
    let keys = Keys::start(issuer, Duration::from_secs(3600), Leaks::default(), None).unwrap();

    let failed = wait_for("a failure", || Some(keys.fetches()).filter(|counts| counts.failed > 0));

    assert_eq!(failed.succeeded, 0);

    let _issuer = start(Behaviour::default());
    wait_until("the keys", || keys.fetches().succeeded == 1);
}

#[test]
fn two_hundred_callers_at_a_cold_start_cause_one_fetch() {
    let issuer =
        Issuer::start(Behaviour { delay: Duration::from_millis(300), ..Behaviour::default() });
    let service = service_with_issuer(issuer.address, &[]);
    let token = issuer.token(&json!({}));

    thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(|| assert_eq!(call(&service, &token).status, 200));
        }
    });

    assert_eq!(issuer.fetches(), 1);
}

#[test]
fn a_rotated_key_is_fetched_and_unknown_keys_cause_no_further_fetch() {
    let issuer = Issuer::start(Behaviour::default());
    let service = service_with_keys(&issuer);
    issuer.change(|behaviour| behaviour.keys = key_set(&["k1", "k2"]));

    let rotated = sign("k2", &json!({"alg": "RS256", "kid": "k2"}), &claims(&name(issuer.address)));

    assert_eq!(call(&service, &rotated).status, 200);
    assert_eq!(issuer.fetches(), 2);

    let good = issuer.token(&json!({}));
    thread::scope(|scope| {
        for worker in 0..4 {
            let (service, issuer, good) = (&service, &issuer, &good);
            scope.spawn(move || {
                for count in 0..50 {
                    let token = token_of_unknown_key(issuer, &format!("{worker}-{count}"));
                    assert_eq!(call(service, &token).status, 401);
                    assert_eq!(call(service, good).status, 200);
                }
            });
        }
    });

    assert_eq!(issuer.fetches(), 2);
}

#[test]
fn a_silent_issuer_delays_callers_by_about_two_seconds() {
    let issuer = Issuer::start(Behaviour::default());
    let service = service_with_issuer(issuer.address, &[PATIENT]);
    wait_for_keys(&service);
    issuer.change(|behaviour| behaviour.silent = true);

    let clock = Stopwatch::start();

    assert_eq!(call(&service, &token_of_unknown_key(&issuer, "x")).status, 401);
    assert!(clock.taken() < Duration::from_millis(2500), "{:?}", clock.passed());
    assert_eq!(call(&service, &issuer.token(&json!({}))).status, 200);

    let silent = Issuer::start(Behaviour { silent: true, ..Behaviour::default() });
    let cold = service_with_issuer(silent.address, &[PATIENT]);
    let clock = Stopwatch::start();

    assert_eq!(call(&cold, &silent.token(&json!({}))).status, 503);
    assert!(clock.taken() < Duration::from_millis(2500), "{:?}", clock.passed());
}

#[test]
fn an_invalid_key_set_keeps_the_last_valid_keys() {
    // The last change makes a valid key set too large, by 3 MiB of white space.
    let bad: [fn(&mut Behaviour); 7] = [
        |it| it.status = 500,
        |it| it.status = 404,
        |it| it.keys = b"<html>".to_vec(),
        |it| it.keys = b"{\"keys\":[".to_vec(),
        |it| it.keys = Vec::new(),
        |it| it.keys = br#"{"keys":[]}"#.to_vec(),
        |it| it.keys = [key_set(&["k1", "k2"]), vec![b' '; 3 << 20]].concat(),
    ];
    thread::scope(|scope| {
        for spoil in bad {
            scope.spawn(move || {
                let issuer = Issuer::start(Behaviour::default());
                let service = service_with_keys(&issuer);
                issuer.change(spoil);
                // An unknown key makes the service fetch the keys again.
                assert_eq!(call(&service, &token_of_unknown_key(&issuer, "k2")).status, 401);
                assert_eq!(issuer.fetches(), 2);
                assert_eq!(call(&service, &issuer.token(&json!({"jti": "new"}))).status, 200);
                let answer = readiness(&service);
                assert_eq!(answer.status, 200);
                assert!(answer.text().contains(r#""keys":"stale""#), "{answer:?}");
                let reported = "; the last ones stay in use";
                let log = service.wait_for_log(reported);
                assert_eq!(log.matches(reported).count(), 1);
            });
        }
    });
}

#[test]
fn removing_a_key_invalidates_remembered_tokens() {
    let issuer = Issuer::start(Behaviour { keys: key_set(&["k1", "k2"]), ..Behaviour::default() });
    let service = service_with_keys(&issuer);

    let good = issuer.token(&json!({}));

    assert_eq!(call(&service, &good).status, 200);

    issuer.change(|behaviour| behaviour.keys = key_set(&["k2"]));

    assert_eq!(call(&service, &token_of_unknown_key(&issuer, "x")).status, 401);
    assert_eq!(call(&service, &good).status, 401, "the remembered token is forgotten with its key");
}

/// A key with a member of its private half.
fn leaked(name: &str) -> serde_json::Value {
    let mut key = jwk(name);
    key["d"] = json!("AQAB");
    key
}

fn keys(keys: &[serde_json::Value]) -> Vec<u8> {
    json!({ "keys": keys }).to_string().into_bytes()
}

fn signed(issuer: &Issuer, with: &str, kid: &str, id: &str) -> String {
    let mut claims = claims(&name(issuer.address));
    claims["jti"] = json!(id);
    sign(with, &json!({"alg": "RS256", "kid": kid}), &claims)
}

#[test]
fn a_key_published_with_its_private_half_is_refused_even_if_it_is_the_only_one() {
    let issuer = Issuer::start(Behaviour::default());
    let service = service_with_keys(&issuer);

    let known = issuer.token(&json!({}));

    assert_eq!(call(&service, &known).status, 200);

    issuer.change(|behaviour| behaviour.keys = keys(&[leaked("k1")]));

    // An unknown key makes the service fetch the keys again.
    assert_eq!(call(&service, &token_of_unknown_key(&issuer, "x")).status, 503);
    assert_eq!(call(&service, &known).status, 503, "a token that was verified before");
    assert_eq!(call(&service, &signed(&issuer, "k1", "k1", "new")).status, 503);
    assert_eq!(readiness(&service).status, 503);

    // The key stays refused when it is published again without its private half, or by another name.
    let mut renamed = jwk("k1");
    renamed["kid"] = json!("k3");
    issuer.change(|behaviour| behaviour.keys = keys(&[jwk("k1"), renamed, jwk("k2")]));
    wait_for_keys(&service);

    assert_eq!(call(&service, &signed(&issuer, "k2", "k2", "good")).status, 200);
    assert_eq!(call(&service, &known).status, 401);
    assert_eq!(call(&service, &signed(&issuer, "k1", "k3", "renamed")).status, 401);

    let log = service.wait_for_log("publishes the private key");
    let reported: Vec<_> =
        log.lines().filter(|line| line.contains("publishes the private key")).collect();

    assert_eq!(reported.len(), 1, "{log}");
    assert!(reported[0].contains(" ERROR ") && reported[0].contains("`k1`"), "{}", reported[0]);

    let modulus = jwk("k1")["n"].as_str().unwrap().to_owned();

    assert!(!log.contains("AQAB") && !log.contains(&modulus[..20]), "{log}");
}

#[test]
fn a_leaked_key_is_removed_and_the_other_valid_keys_stay() {
    let issuer = Issuer::start(Behaviour { keys: key_set(&["k1", "k2"]), ..Behaviour::default() });
    let service = service_with_keys(&issuer);

    let known = issuer.token(&json!({}));

    assert_eq!(call(&service, &known).status, 200);

    // No key of the new set is usable, so the last valid keys stay, but not `k1`. One name tries to forge a log line.
    let mut hostile = leaked("k1");
    hostile["kid"] = json!(format!("\n\u{202e}{}", "x".repeat(500)));
    issuer.change(|behaviour| behaviour.keys = keys(&[leaked("k1"), hostile]));

    assert_eq!(call(&service, &token_of_unknown_key(&issuer, "x")).status, 401);
    assert_eq!(call(&service, &known).status, 401);
    assert_eq!(call(&service, &signed(&issuer, "k2", "k2", "good")).status, 200);
    assert!(readiness(&service).text().contains(r#""keys":"stale""#));
    assert!(service.stderr().lines().all(|line| line.len() < 500 && !line.starts_with("xxx")));
}

#[test]
fn a_leaked_key_stays_refused_whatever_a_reload_changes() {
    let issuer =
        Issuer::start(Behaviour { keys: keys(&[leaked("k1"), jwk("k2")]), ..Behaviour::default() });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    let ca_file = folder.path().join("ca.crt");
    let copy_certificate = |certificate: &str| {
        std::fs::copy(repository(&format!("tests/tls/{certificate}.crt")), &ca_file).unwrap();
    };
    copy_certificate("issuer");
    let mut oauth = format!("[auth.oauth]\nca_file = '{}'\n", ca_file.display());
    for (name, value) in settings(issuer.address) {
        let key = name.rsplit("__").next().unwrap().to_lowercase();
        oauth += &format!("{key} = '{value}'\n");
    }
    let write = |oauth: &str| {
        let basic = "[auth.basic]\nusername = 'admin'\npassword = 'supersecret'\n";
        std::fs::write(&file, format!("rules.reload = '100ms'\n{basic}{oauth}")).unwrap();
    };
    write(&oauth);
    let mut command = program();
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").arg("--config").arg(&file);
    let service = Service::spawn(&mut command);
    let call_with = |kid: &str, id: &str| call(&service, &signed(&issuer, kid, kid, id)).status;

    assert_eq!((call_with("k2", "a"), call_with("k1", "a")), (200, 401));

    issuer.change(|behaviour| behaviour.keys = key_set(&["k1", "k2"]));
    let jwks_uri = format!("{oauth}jwks_uri = '{}/v1/keys'\n", name(issuer.address));
    // Makes a change, waits for its reload, and returns the status for a token of the good key, `k2`.
    let reload = |count: usize, change: &dyn Fn()| {
        change();
        service.wait_for_log_count("the new settings of [auth] are active", count);
        call_with("k2", &count.to_string())
    };

    assert_eq!(reload(1, &|| write(&jwks_uri)), 200);
    assert_eq!(call_with("k1", "b"), 401, "the keys have another URL");

    assert_eq!(reload(2, &|| copy_certificate("p256")), 200);
    assert_eq!(call_with("k1", "c"), 401, "other authorities are trusted");

    assert_eq!(reload(3, &|| write("")), 401);
    assert_eq!(reload(4, &|| write(&jwks_uri)), 200);
    assert_eq!(call_with("k1", "d"), 401, "tokens were not accepted for a while");
}

#[test]
fn invalid_oauth_settings_are_refused_with_the_reason() {
    let issuer = Issuer::start(Behaviour::default());
    let mut failures = Failures::default();

    for (key, value, reason) in [
        ("ISSUER", "http://example.test", "`auth.oauth.issuer`: expected `https`"),
        ("ISSUER", "https://user:x@example.test", "is not allowed here"),
        ("ISSUER", "example.okta.com", "expected an absolute URL"),
        ("ISSUER", " https://example.test", "expected an absolute URL"),
        ("ISSUER", "https:example.test", "expected an absolute URL"),
        ("ISSUER", "https://example.test?x", "has no query"),
        ("ISSUER", "https://example.okta.com", "`https://example.okta.com/oauth2/default`"),
        (
            "ISSUER",
            "https://example.oktapreview.com/",
            "only Okta can verify tokens of an org authorization server",
        ),
        ("JWKS_URI", "http://example.test/keys", "`auth.oauth.jwks_uri`: expected `https`"),
        ("CLIENT_IDS", "", "this may not be empty"),
        ("SCOPE", "a b", "without spaces"),
        ("SCOPE", "a\"b", "quotes"),
        ("AUDIENCE", "api://x ", "white space"),
        ("CA_FILE", "/nonexistent", "auth.oauth.ca_file: cannot read `/nonexistent`: "),
        ("LEEWAY", "1h", "expected 0s to 600s"),
        ("ISUER", "x", "did you mean `HOOK__AUTH__OAUTH__ISSUER`?"),
    ] {
        let mut command = program();
        command.arg("check").envs(settings(issuer.address));
        let output = run(command.env(format!("HOOK__AUTH__OAUTH__{key}"), value), b"");

        failures.check_eq(key, output.status.code(), Some(1));
        failures.check_contains(key, text(&output.stdout), reason);
    }

    failures.assert_none();
}

#[test]
fn missing_oauth_settings_are_reported() {
    let issuer = Issuer::start(Behaviour::default());
    let mut failures = Failures::default();

    for key in ["ISSUER", "AUDIENCE", "CLIENT_IDS", "SCOPE"] {
        let mut command = program();
        command.arg("check").envs(settings(issuer.address));
        let output = run(command.env_remove(format!("HOOK__AUTH__OAUTH__{key}")), b"");

        let reason = format!("auth.oauth.{}: this is missing", key.to_lowercase());
        failures.check_contains(key, text(&output.stdout), &reason);
    }

    failures.assert_none();
}

#[test]
fn an_empty_oauth_section_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.toml");
    std::fs::write(&path, "[auth.oauth]\n").unwrap();
    let output = run(program().args(["check", "--config"]).arg(&path), b"");

    let printed = text(&output.stdout);

    assert!(printed.contains("`auth.oauth` is a section; set the keys in it"), "{printed}");
}

#[test]
fn keys_are_refreshed_before_max_stale_and_expire_after_it() {
    let issuer = Issuer::start(Behaviour::default());
    let service = service_with_issuer(issuer.address, &[("HOOK__AUTH__OAUTH__MAX_STALE", "4s")]);
    wait_for_keys(&service);
    let token = issuer.token(&json!({}));
    let start = Instant::now();
    // Longer than `MAX_STALE`, so the first keys would have expired. The keys are fetched every two seconds. A busy
    // machine may be late by two.
    while start.elapsed() < Duration::from_secs(5) || issuer.fetches() < 3 {
        assert_eq!(call(&service, &token).status, 200);
        thread::sleep(Duration::from_millis(100));
    }
    issuer.change(|behaviour| behaviour.status = 500);

    let gone = wait_for("the keys to be too old", || {
        let answer = call(&service, &token);
        (answer.status != 200).then_some(answer)
    });

    assert_eq!((gone.status, readiness(&service).status), (503, 503));

    service.wait_for_log("no token is accepted");
    issuer.change(|behaviour| behaviour.status = 200);
    let clock = Stopwatch::start();
    wait_until("the keys to come back", || call(&service, &token).status == 200);

    // The next try is after a second. With keys, it would be after 30 s.
    assert!(clock.taken() < Duration::from_secs(15), "{:?}", clock.passed());
}

#[test]
fn a_caller_waits_for_all_requests_to_the_issuer_together_within_one_deadline() {
    let issuer =
        Issuer::start(Behaviour { delay: Duration::from_millis(900), ..Behaviour::default() });
    let service = service_with_issuer(issuer.address, &[PATIENT]);

    let clock = Stopwatch::start();

    // Each request to the issuer is within the deadline of 1.5 s. Metadata and keys together are not.
    assert_eq!(call(&service, &token_of_unknown_key(&issuer, "x")).status, 503);
    assert!(clock.taken() < Duration::from_millis(2500), "{:?}", clock.passed());
}

#[test]
fn with_another_authentication_method_the_service_is_ready_without_keys() {
    let (address, _) = Issuer::later();

    let service = service_with_issuer(address, &BASIC);

    assert_eq!(readiness(&service).status, 200);

    let body = registration("{}");

    assert_eq!(service.post(HOOK, &body).status, 200);
}

#[test]
fn a_redirect_of_the_issuer_is_not_followed() {
    let elsewhere =
        Issuer::start(Behaviour { keys: key_set(&["k1", "k2"]), ..Behaviour::default() });
    let issuer = Issuer::start(Behaviour::default());
    let service = service_with_keys(&issuer);

    issuer.change(|behaviour| {
        behaviour.status = 302;
        behaviour.headers = format!("Location: {}/v1/keys\r\n", name(elsewhere.address));
    });

    assert_eq!(call(&service, &token_of_unknown_key(&issuer, "k2")).status, 401);
    assert_eq!((issuer.fetches(), elsewhere.fetches()), (2, 0));
}

#[test]
fn no_store_keys_are_not_fetched_for_each_request() {
    let headers = "Cache-Control: no-store\r\n".to_owned();
    let issuer = Issuer::start(Behaviour { headers, ..Behaviour::default() });

    let service = service_with_keys(&issuer);

    for count in 0..100 {
        assert_eq!(call(&service, &issuer.token(&json!({ "jti": count }))).status, 200);
    }
    assert_eq!(issuer.fetches(), 1);
}

#[test]
fn a_remembered_token_expires() {
    let issuer = Issuer::start(Behaviour::default());
    let service = service_with_issuer(issuer.address, &[("HOOK__AUTH__OAUTH__LEEWAY", "0s")]);
    wait_for_keys(&service);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();

    let token = issuer.token(&json!({ "exp": now.as_secs() + 5 }));

    assert_eq!(call(&service, &token).status, 200);
    assert_eq!(call(&service, &token).status, 200);

    wait_until("the token to expire", || call(&service, &token).status == 401);
}

#[test]
fn a_remembered_token_is_invalid_once_another_key_has_its_name() {
    let issuer = Issuer::start(Behaviour::default());
    let service = service_with_keys(&issuer);

    let token = issuer.token(&json!({}));

    assert_eq!(call(&service, &token).status, 200);

    let mut other = jwk("k2");
    other["kid"] = json!("k1");
    issuer.change(|behaviour| behaviour.keys = json!({ "keys": [other] }).to_string().into_bytes());

    assert_eq!(call(&service, &token_of_unknown_key(&issuer, "x")).status, 401);
    assert_eq!(call(&service, &token).status, 401);
}

#[test]
fn tokens_beyond_the_capacity_of_the_cache_are_accepted() {
    let issuer = Issuer::start(Behaviour::default());
    let service = service_with_keys(&issuer);
    let mut stream = service.connect();
    let body = registration("{}");
    for count in 0..1100 {
        let token = issuer.token(&json!({ "jti": count }));
        let authorization = format!("Authorization: Bearer {token}");
        let request = request("POST", HOOK, &[&authorization, JSON], &body);

        let status = status_unless_overloaded(&mut stream, &request);

        assert_eq!(status, 200, "token {count}");
    }
}

/// Repeats a request that the service refuses because the machine is busy.
fn status_unless_overloaded(stream: &mut TcpStream, request: &[u8]) -> u16 {
    loop {
        stream.write_all(request).unwrap();
        let answer = Answer::read(stream);
        if !answer.text().contains("overloaded") {
            return answer.status;
        }
    }
}

#[test]
fn many_wrong_credentials_do_not_lock_out_valid_callers() {
    let service = Service::with_basic();
    let bad = request("POST", HOOK, &["Authorization: Basic AAAA", JSON], b"{}");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    assert_eq!(service.send(&bad).status, 401);
                }
            });
        }
        for _ in 0..50 {
            assert_eq!(service.post(HOOK, &registration("{}")).status, 200);
        }
    });

    // The refusals are logged, but not two thousand times.
    let reported =
        service.wait_for_log("401 credentials_wrong").matches("401 credentials_wrong").count();

    assert!((1..5).contains(&reported), "{reported}");
}

#[test]
fn the_same_event_twice_gets_the_same_answer() {
    let service = Service::with_basic();
    let path = repository("tests/guide/fixtures/registrationHookSSR/guide-deny.request.json");

    let body = std::fs::read(path).unwrap();

    assert_eq!(service.post(HOOK, &body).body, service.post(HOOK, &body).body);
}
