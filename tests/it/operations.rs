//! Metrics, HTTPS and `debugContext`.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde_json::{Value, json};

use crate::issuer::{self, Behaviour, Issuer};
use crate::support::{
    AUTHORIZATION, Answer, BASIC, Failures, JSON, Service, Stopwatch, program, registration,
    repository, request, run, wait_for, wait_until,
};

const GOOD: &str = r#"{"email":"rosario@okta.com","login":"rosario@okta.com"}"#;
const SSR: &str = "/registrationHookSSR";

/// A service with a listener for metrics, and the address of that listener. The system chooses the port;
/// the startup banner says which one.
fn with_metrics(more: &[(&str, &str)]) -> (Service, SocketAddr) {
    let settings = [&BASIC[..], &[("HOOK__METRICS__BIND", "127.0.0.1:0")], more].concat();
    let service = Service::start(&settings);
    let address = metrics_address(&service);
    (service, address)
}

pub fn metrics_address(service: &Service) -> SocketAddr {
    wait_for("the address of the metrics", || {
        let log = service.stderr();
        let (_, rest) = log.split_once("metrics: http://")?;
        let (address, _) = rest.split_once("/metrics")?;
        address.parse().ok()
    })
}

fn get(address: SocketAddr, path: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&request("GET", path, &[], b"")).unwrap();
    Answer::read(&mut stream)
}

/// The values of the metrics, by name and labels.
pub fn samples(address: SocketAddr) -> BTreeMap<String, f64> {
    let answer = get(address, "/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let lines = answer.text().lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            (sample.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[test]
fn requests_rules_refusals_and_connections_are_counted() {
    let (service, metrics) = with_metrics(&[]);

    let before = samples(metrics);

    assert_eq!(before[r#"registration_hook_auth_failures_total{reason="expired"}"#], 0.0);
    assert_eq!(before[r#"registration_hook_rules_reloads_total{result="rejected"}"#], 0.0);
    assert_eq!(before["registration_hook_decision_lines_dropped_total"], 0.0);
    assert!(before["process_resident_memory_bytes"] > 1e6);

    for form in [GOOD, GOOD, "{}"] {
        service.post(SSR, &registration(form));
    }
    service.post(SSR, b"{");
    service.post("/x\"y{}", b"{}");
    service.send(&request("POST", SSR, &[JSON], b"{}"));
    service.send(&request("POST", SSR, &["Authorization: Basic eA==", JSON], b"{}"));
    let after = samples(metrics);
    let ssr = r#"hook="registrationHookSSR""#;
    let requests = |decision: &str, request_type: &str, status: &str, hook: &str| {
        let labels = format!(
            r#"{{decision="{decision}",{hook},request_type="{request_type}",status="{status}"}}"#
        );
        after[&format!("registration_hook_requests_total{labels}")]
    };

    assert_eq!(requests("allow", "self.service.registration", "200", ssr), 2.0);
    assert_eq!(requests("deny", "self.service.registration", "200", ssr), 1.0);
    assert_eq!(requests("none", "none", "400", ssr), 1.0);
    assert_eq!(requests("none", "none", "401", ssr), 2.0);
    assert_eq!(requests("none", "none", "404", r#"hook="none""#), 1.0);
    let mut failures = Failures::default();

    for (outcome, count) in [("pass", 2.0), ("fail", 1.0)] {
        let labels = format!(r#"{{{ssr},mode="enforce",outcome="{outcome}",rule="okta-email"}}"#);

        failures.check_eq(
            outcome,
            after[&format!("registration_hook_rule_outcomes_total{labels}")],
            count,
        );
    }
    for reason in ["credentials_missing", "credentials_wrong"] {
        let name = format!(r#"registration_hook_auth_failures_total{{reason="{reason}"}}"#);

        failures.check_eq(reason, after[&name], 1.0);
    }

    failures.assert_none();

    let open = service.connect();
    wait_until("the connection to be counted", || {
        samples(metrics)["registration_hook_connections"] == 1.0
    });
    drop(open);
    wait_until("its end to be counted", || {
        samples(metrics)["registration_hook_connections"] == 0.0
    });
    let durations = format!("registration_hook_request_duration_seconds_count{{{ssr}}}");

    assert_eq!(after[&durations], 6.0);

    let line = wait_for("a line", || service.stdout().lines().next().map(str::to_owned));
    let line: Value = serde_json::from_str(&line).unwrap();
    let revision = line["rules_revision"].as_str().unwrap();

    assert_eq!(after[&format!(r#"registration_hook_rules_info{{revision="{revision}"}}"#)], 1.0);
    // Labels come from the loaded rules or from fixed sets, so the unknown path `/x…` is in none.
    assert!(after.keys().all(|sample| !sample.contains("/x")), "{after:?}");
}

#[test]
fn the_metrics_listener_serves_probes_and_metrics_only() {
    let (service, metrics) = with_metrics(&[]);

    assert_eq!(get(metrics, "/healthz").status, 200);
    assert!(get(metrics, "/readyz").text().starts_with(r#"{"ready":true"#));
    assert_eq!(get(metrics, SSR).status, 404);
    assert_eq!(
        get(service.address, "/metrics").status,
        404,
        "the listener of the hooks has no metrics"
    );
}

#[test]
fn the_metrics_listener_answers_while_the_hooks_are_overloaded() {
    let (service, metrics) =
        with_metrics(&[("HOOK__SERVER__WORKERS", "1"), ("HOOK__SERVER__MAX_CONNECTIONS", "1")]);
    let whole = request("POST", SSR, &[AUTHORIZATION, JSON], b"{ }");
    let mut only = Vec::new();

    let refused = wait_for("a refusal", || {
        only.push(service.connect());
        only.last_mut().unwrap().write_all(&whole[..whole.len() - 1]).unwrap();
        // Until its head is read, a new connection may replace it. On a busy machine that may take longer.
        std::thread::sleep(Duration::from_millis(200));
        let answer = service.send(&request("GET", "/healthz", &[], b""));
        (answer.status != 200).then_some(answer)
    });

    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("2")));
    let log = service.wait_for_log("503 connection_limit: `server.max_connections` is reached");
    assert!(!log.contains("overloaded") && !log.contains("each further connection"), "{log}");
    assert_eq!(get(metrics, "/readyz").status, 200);
    assert!(samples(metrics).len() > 10);
}

#[test]
fn dropped_lines_and_reloads_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hook.toml"), "progressive_profile.allow_all = true\n").unwrap();
    let (service, metrics) = with_metrics(&[
        ("HOOK__RULES__DIRECTORY", folder.path().to_str().unwrap()),
        ("HOOK__RULES__RELOAD", "200ms"),
        ("HOOK__LOG__DECISIONS", "/dev/full"),
    ]);
    service.post("/hook", &registration("{}"));
    wait_until("the loss to be counted", || {
        samples(metrics)["registration_hook_decision_lines_dropped_total"] == 1.0
    });
    let reloads = |result: &str| {
        samples(metrics)[&format!(r#"registration_hook_rules_reloads_total{{result="{result}"}}"#)]
    };
    fs::write(folder.path().join("hook.toml"), "x").unwrap();
    wait_until("the rejection", || reloads("rejected") == 1.0);
    fs::write(folder.path().join("hook.toml"), "self_service_registration.allow_all = true\n")
        .unwrap();
    wait_until("the new rules", || reloads("applied") == 1.0);

    let infos = samples(metrics).into_keys().filter(|name| name.contains("rules_info")).count();

    assert_eq!(infos, 1, "one revision is active");
}

/// Otherwise each reload with new names adds series that stay.
#[test]
fn removed_hooks_and_rules_leave_the_metrics() {
    let rules = |id: &str| {
        format!(
            "[[self_service_registration.rules]]\nid = '{id}'\nattribute = 'a'\ndigits = 1\nmessage = 'm'\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kept.toml"), rules("old")).unwrap();
    fs::write(folder.path().join("removed.toml"), rules("old")).unwrap();
    let (service, metrics) = with_metrics(&[
        ("HOOK__RULES__DIRECTORY", folder.path().to_str().unwrap()),
        ("HOOK__RULES__RELOAD", "200ms"),
    ]);
    for hook in ["/kept", "/removed"] {
        assert_eq!(service.post(hook, &registration("{}")).status, 200);
    }
    let series = |part: &str| samples(metrics).into_keys().any(|name| name.contains(part));

    assert!(series(r#"hook="removed""#) && series(r#"rule="old""#));

    fs::remove_file(folder.path().join("removed.toml")).unwrap();
    fs::write(folder.path().join("kept.toml"), rules("new")).unwrap();
    wait_until("the new rules", || !series(r#"hook="removed""#));

    assert!(!series(r#"rule="old""#));
    assert!(series(r#"requests_total{decision="deny",hook="kept""#));

    // A rule that comes back is counted anew.
    fs::write(folder.path().join("kept.toml"), rules("old")).unwrap();
    let outcomes = r#"rule_outcomes_total{hook="kept",mode="enforce",outcome="fail",rule="old"}"#;
    wait_until("the old rule again", || {
        assert_eq!(service.post("/kept", &registration("{}")).status, 200);
        series(outcomes)
    });
}

#[test]
fn clock_skew_within_the_leeway_is_accepted_and_refused_tokens_are_counted() {
    let issuer = Issuer::start(Behaviour::default());
    let settings = issuer::settings(issuer.address);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, &**value)).collect();
    let (service, metrics) = with_metrics(&settings);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    // Calls with a token for five minutes, issued `age` seconds ago by a clock that is `off` seconds ahead.
    let call = |off: i64, age: i64| {
        let issued = now.cast_signed() - age + off;
        let token = issuer.token(&json!({"iat": issued, "exp": issued + 300}));
        let header = format!("Authorization: Bearer {token}");
        service.send(&request("POST", SSR, &[&header, JSON], &registration(GOOD))).status
    };

    wait_until("keys", || call(0, 1) == 200);

    assert_eq!((call(30, 0), call(-30, 300)), (200, 200));
    assert_eq!((call(90, 0), call(-90, 300)), (401, 401));

    let samples = samples(metrics);
    let failures = |reason: &str| {
        samples[&format!(r#"registration_hook_auth_failures_total{{reason="{reason}"}}"#)]
    };

    assert_eq!((failures("not_yet_valid"), failures("expired")), (1.0, 1.0));
    assert_eq!(samples[r#"registration_hook_jwks_fetches_total{result="ok"}"#], 1.0);
    assert_eq!(samples[r#"registration_hook_jwks_fetches_total{result="error"}"#], 0.0);
}

/// Okta's System Log shows `debugContext` to admins, so it lists shadow rules as well, but has no profile value.
#[test]
fn debug_context_lists_the_outcome_of_each_rule_when_enabled() {
    let folder = tempfile::tempdir().unwrap();
    let rule = |id: &str, more: &str| {
        format!(
            "[[self_service_registration.rules]]\nid = '{id}'\nattribute = 'email'\ndomains = ['okta.com']\nmessage = 'No.'\n{more}\n"
        )
    };
    let text = rule("enforced", "") + &rule("tried", "mode = 'shadow'");
    fs::write(folder.path().join("hook.toml"), text).unwrap();
    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__RULES__DIRECTORY", folder.path().to_str().unwrap()),
        ("HOOK__RESPONSE__DEBUG_CONTEXT", "true"),
    ]);
    let mut failures = Failures::default();

    for (form, outcome) in [(GOOD, "pass"), (r#"{"email":"rosario@example.com"}"#, "fail")] {
        let answer = service.post("/hook", &registration(form));

        failures.check(format!("{form}: {}", answer.text()), !answer.text().contains("rosario"));
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        failures.check_eq(form, body["error"].is_null(), outcome == "pass");
        let context = &body["debugContext"];
        let rules = json!([
            {"id": "enforced", "mode": "enforce", "outcome": outcome},
            {"id": "tried", "mode": "shadow", "outcome": outcome},
        ]);
        failures.check_eq(form, &context["rules"], &rules);
        failures.check(form, context["duration_us"].is_u64());
        let line = wait_for("its line", || {
            let id = context["decision_id"].as_str().unwrap();
            service.stdout().lines().find(|line| line.contains(id)).map(str::to_owned)
        });
        let line: Value = serde_json::from_str(&line).unwrap();
        for member in ["rules", "rules_revision"] {
            failures.check_eq(form, &context[member], &line[member]);
        }
    }

    failures.assert_none();

    // A body that is not JSON: refusals have no `debugContext`.
    let none = service.post("/hook", &registration("{}").repeat(2));

    assert_eq!((none.status, none.text().contains("debugContext")), (400, false));
}

/// The path of a certificate or key of the tests.
fn pem(name: &str) -> std::path::PathBuf {
    repository("tests/tls").join(name)
}

/// Connects as a client that trusts only this certificate.
fn connect(
    address: SocketAddr,
    trusted: &Path,
    version: &'static rustls::SupportedProtocolVersion,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = "localhost".try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

fn post(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> String {
    let body = registration(GOOD);
    stream.write_all(&request("POST", SSR, &[AUTHORIZATION, JSON], &body)).unwrap();
    let mut text = String::new();
    while !text.contains("ALLOW") {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "{text}");
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    text
}

/// A service with a copy of this certificate and key.
fn with_tls(pair: &str) -> (Service, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    copy_pair(folder.path(), pair);
    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__SERVER__TLS__CERTIFICATE", folder.path().join("cert.pem").to_str().unwrap()),
        ("HOOK__SERVER__TLS__KEY", folder.path().join("key.pem").to_str().unwrap()),
        ("HOOK__RULES__RELOAD", "200ms"),
    ]);
    (service, folder)
}

fn copy_pair(folder: &Path, pair: &str) {
    fs::copy(pem(&format!("{pair}.crt")), folder.join("cert.pem")).unwrap();
    fs::copy(pem(&format!("{pair}.key")), folder.join("key.pem")).unwrap();
}

/// The TLS library warns about every client that breaks the protocol. The log throttles these warnings.
#[test]
fn broken_tls_handshakes_do_not_fill_the_log() {
    let (service, _folder) = with_tls("p256");
    // A handshake message that no client sends first: HelloRequest.
    let unexpected = [0x16, 3, 1, 0, 4, 0, 0, 0, 0];
    for _ in 0..50 {
        let mut stream = service.connect();
        stream.write_all(&unexpected).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }

    let log = service.wait_for_log("handshake message");

    assert!(log.matches("WARN").count() < 5, "{log}");
}

#[test]
fn plain_http_where_tls_is_expected_is_named_in_the_log_once() {
    let (service, _folder) = with_tls("p256");
    for _ in 0..3 {
        let mut stream = service.connect();
        stream.write_all(&request("GET", "/healthz", &[], b"")).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }

    let cause = "a TLS handshake failed: the client does not speak TLS";
    let log = service.wait_for_log(cause);

    assert_eq!(log.matches(cause).count(), 1, "{log}");
}

#[test]
fn a_client_that_does_not_trust_the_certificate_is_named_in_the_log() {
    let (service, _folder) = with_tls("p256");

    let untrusted = connect(service.address, &pem("rsa.crt"), &rustls::version::TLS13);

    assert!(untrusted.is_err());
    service.wait_for_log("a TLS handshake failed: the client does not trust the certificate");
}

#[test]
fn https_works_with_tls_1_2_and_1_3_and_with_p256_and_rsa_keys() {
    let mut failures = Failures::default();

    for pair in ["p256", "rsa"] {
        let (service, _folder) = with_tls(pair);
        failures.check(pair, service.stderr().contains("listens on https://"));
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let mut stream =
                connect(service.address, &pem(&format!("{pair}.crt")), version).unwrap();
            failures.check_eq(pair, stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
            // The connection is kept for the second request.
            for _ in 0..2 {
                failures.check(pair, post(&mut stream).starts_with("HTTP/1.1 200 OK"));
            }
        }
        let mut plain = service.connect();
        plain.write_all(&request("GET", "/healthz", &[], b"")).unwrap();
        failures.check("plain HTTP is not answered", Answer::try_read(&mut plain).is_none());
    }

    failures.assert_none();
}

#[test]
fn a_valid_new_certificate_is_served_and_an_invalid_one_is_not() {
    let (service, folder) = with_tls("p256");
    let version = &rustls::version::TLS13;
    let serves = |name: &str| connect(service.address, &pem(name), version).is_ok();
    let mut kept = connect(service.address, &pem("p256.crt"), version).unwrap();
    post(&mut kept);
    // The certificate of another key, and text that is not a certificate.
    for bad in [fs::read(pem("rsa.crt")).unwrap(), b"nothing".to_vec()] {
        let reported = service.stderr().matches("certificate: not reloaded").count();
        fs::write(folder.path().join("cert.pem"), bad).unwrap();
        wait_until("the problem to be reported", || {
            let now = service.stderr().matches("certificate: not reloaded").count();
            now > reported
        });
        assert!(serves("p256.crt"));
    }
    service.signal("HUP");
    service.wait_for_log("SIGHUP: credentials: read again, unchanged; rules: read again, unchanged; certificate: rejected");
    copy_pair(folder.path(), "rsa");

    wait_until("the new one to be served", || serves("rsa.crt"));

    assert!(!serves("p256.crt"));
    assert!(post(&mut kept).contains("200 OK"), "a connection goes on with the old one");
}

#[test]
fn silent_tls_clients_are_closed_before_and_after_the_handshake() {
    let (service, _folder) = with_tls("p256");
    let mut silent = service.connect();
    let mut idle = connect(service.address, &pem("p256.crt"), &rustls::version::TLS13).unwrap();
    idle.write_all(b"POST /reg").unwrap();

    let clock = Stopwatch::start();

    // Without a limit of its own, the read would end after a minute.
    assert_eq!(silent.read(&mut [0; 16]).unwrap_or(0), 0);
    assert!(clock.taken() < Duration::from_secs(15), "{:?}", clock.passed());

    let mut answer = Vec::new();
    let _ = idle.read_to_end(&mut answer);

    // And this one after 20 s.
    assert!(clock.taken() < Duration::from_secs(15), "{:?}", clock.passed());
}

#[test]
fn an_unusable_certificate_or_key_prevents_the_start() {
    let missing = pem("missing.pem");
    let mut failures = Failures::default();

    for (certificate, key, why) in [
        (
            pem("p256.crt"),
            pem("rsa.key"),
            "server.tls.key: this is not the key of the first certificate",
        ),
        (missing.clone(), pem("rsa.key"), "server.tls.certificate: cannot read"),
        (pem("rsa.key"), pem("rsa.key"), "server.tls.certificate: the file has no PEM certificate"),
        (
            pem("rsa.crt"),
            pem("rsa.crt"),
            "server.tls.key: the file has no unencrypted PEM private key",
        ),
        (pem("rsa.crt"), "".into(), "`server.tls.key`: this may not be empty"),
    ] {
        for (subcommand, code) in [("serve", 2), ("check", 1)] {
            let mut command = program();
            command
                .arg(subcommand)
                .envs(BASIC)
                .env("HOOK__SERVER__BIND", "127.0.0.1:0")
                .env("HOOK__SERVER__TLS__CERTIFICATE", &certificate)
                .env("HOOK__SERVER__TLS__KEY", &key);
            let output = run(&mut command, b"");
            let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();

            failures.check_eq(format!("{subcommand}: {text}"), output.status.code(), Some(code));
            failures.check_contains(subcommand, &text, why);
        }
    }

    failures.assert_none();
}
