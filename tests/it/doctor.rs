//! `doctor`: a healthy hook has no problem, and each fault of a hook has a line of its own.

use std::{
    fs,
    io::Write as _,
    net::{TcpListener, TcpStream},
    process::Output,
    sync::Arc,
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use serde_json::Value;

use crate::{
    api::{Api, Asked, Then, Wire, wait_for_end, write_response},
    okta_sample::okta_sample,
    support::{BASIC, Failures, Service, Stopwatch, program, repository, run, text},
    tls::mutual_tls,
};

const ALLOW: &str =
    r#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"ALLOW"}}]}"#;

fn doctor(arguments: &[&str]) -> Output {
    run(program().arg("doctor").args(arguments).env_remove("HOOK_PASSWORD"), b"")
}

/// Checks the exit code and the lines that begin with `problem`. Each line is given by a part of it.
fn check_problems(failures: &mut Failures, row: &str, output: &Output, expected: &[&str]) {
    let printed = text(&output.stdout);
    let problems: Vec<&str> = printed.lines().filter(|line| line.starts_with("problem ")).collect();
    let row = format!("{row}:\n{printed}{}", text(&output.stderr));
    failures.check_eq(&row, output.status.code(), Some(i32::from(!expected.is_empty())));
    failures.check_eq(&row, problems.len(), expected.len());
    for part in expected {
        let found = problems.iter().any(|line| line.contains(part));
        failures.check(format!("no problem with `{part}` in {row}"), found);
    }
}

#[test]
fn our_own_service_is_healthy() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for hook in ["registrationHookSSR", "registrationHookPP", "registrationHookSSRandPP"] {
        let url = format!("http://{}/{hook}", service.address);

        let output = doctor(&[&url, "--user", "admin:supersecret"]);

        check_problems(&mut failures, hook, &output, &[]);
        for part in [
            "ok       credentials: accepted",
            "ok       no credentials: refused\n",
            "ok       wrong credentials: refused\n",
            "ok       progressive.profile: status 200",
            "ok       latency: 20 calls",
        ] {
            failures.check_contains(hook, text(&output.stdout), part);
        }
        let unhandled = "registration: the hook does not handle this request type";
        let is_unhandled = text(&output.stdout).contains(unhandled);
        failures.check_eq(hook, is_unhandled, hook == "registrationHookPP");
        failures.check(hook, !text(&output.stdout).contains("does not name an attribute"));
    }

    failures.assert_none();
}

#[test]
fn our_own_service_is_healthy_in_tls() {
    let file = |name: &str| repository(&format!("tests/tls/{name}")).display().to_string();
    let (certificate, key) = (file("rsa.crt"), file("rsa.key"));
    let tls = [
        ("HOOK__SERVER__TLS__CERTIFICATE", certificate.as_str()),
        ("HOOK__SERVER__TLS__KEY", key.as_str()),
    ];
    let service = Service::start(&[BASIC.as_slice(), &tls].concat());
    let url = format!("https://{}/registrationHookSSR", service.address);
    let mut failures = Failures::default();

    let trusted = doctor(&[&url, "--user", "admin:supersecret", "--ca-file", &certificate]);
    let untrusted = doctor(&[&url, "--user", "admin:supersecret"]);
    let other_authority =
        doctor(&[&url, "--user", "admin:supersecret", "--ca-file", &file("p256.crt")]);
    let plain = doctor(&[&url.replace("https", "http"), "--user", "admin:supersecret"]);

    check_problems(&mut failures, "trusted", &trusted, &[]);
    for part in ["TLS 1.2 and 1.3 are accepted", "valid by the authority of --ca-file"] {
        failures.check_contains("trusted", text(&trusted.stdout), part);
    }
    check_problems(&mut failures, "plain", &plain, &["url: this port speaks TLS"]);
    for (row, output) in [("untrusted", untrusted), ("other authority", other_authority)] {
        check_problems(&mut failures, row, &output, &["certificate: the authority is unknown"]);
    }
    failures.assert_none();
}

/// The tags of DER elements.
mod tag {
    pub const BIT_STRING: u8 = 0x03;
    pub const OCTET_STRING: u8 = 0x04;
    pub const UTF8_STRING: u8 = 0x0c;
    pub const UTC_TIME: u8 = 0x17;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;
    /// The field `extensions` of a certificate.
    pub const EXTENSIONS: u8 = 0xa3;
}

/// An element of DER.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match u16::try_from(content.len()).unwrap().to_be_bytes() {
        [0, short @ ..=127] => vec![short],
        [0, long] => vec![0x81, long],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], length.as_slice(), &content].concat()
}

/// A server with a certificate for 127.0.0.1 that ends after these days, and the certificate in PEM.
fn server_with_certificate(days: i64) -> (Arc<ServerConfig>, String) {
    use tag::{BIT_STRING, EXTENSIONS, OCTET_STRING, SEQUENCE, SET, UTC_TIME, UTF8_STRING};
    const VERSION_3_AND_SERIAL_1: &[u8] = b"\xa0\x03\x02\x01\x02\x02\x01\x01";
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap();
    let time = |days: i64| {
        let time = Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        der(UTC_TIME, &[time.strftime("%y%m%d%H%M%SZ").to_string().as_bytes()])
    };
    let ecdsa_with_sha256 = der(SEQUENCE, &[b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"]);
    let common_name = der(SEQUENCE, &[b"\x06\x03\x55\x04\x03", &der(UTF8_STRING, &[b"test"])]);
    let name = der(SEQUENCE, &[&der(SET, &[&common_name])]);
    let p256 = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    let public_key = der(BIT_STRING, &[b"\0", pair.public_key().as_ref()]);
    let alternative_name = der(SEQUENCE, &[b"\x87\x04\x7f\0\0\x01"]);
    let extension =
        der(SEQUENCE, &[b"\x06\x03\x55\x1d\x11", &der(OCTET_STRING, &[&alternative_name])]);
    let signed = der(
        SEQUENCE,
        &[
            VERSION_3_AND_SERIAL_1,
            &ecdsa_with_sha256,
            &name,
            &der(SEQUENCE, &[&time(-1), &time(days)]),
            &name,
            &der(SEQUENCE, &[&der(SEQUENCE, &[p256]), &public_key]),
            &der(EXTENSIONS, &[&der(SEQUENCE, &[&extension])]),
        ],
    );
    let signature = pair.sign(&random, &signed).unwrap();
    let signature = der(BIT_STRING, &[b"\0", signature.as_ref()]);
    let certificate = der(SEQUENCE, &[&signed, &ecdsa_with_sha256, &signature]);
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(&certificate)
    );
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.into()],
            PrivatePkcs8KeyDer::from(key.as_ref().to_vec()).into(),
        )
        .unwrap();
    (Arc::new(config), pem)
}

#[test]
fn a_server_of_one_tls_version_gets_a_note_in_plain_words() {
    let certificate = repository("tests/tls/rsa.crt").display().to_string();
    let file = |name: &str| repository(&format!("tests/tls/{name}"));
    let chain = vec![CertificateDer::from_pem_file(file("rsa.crt")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("rsa.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let api = Api::with_tls_config(Arc::new(config), |_, wire| {
        write_response(wire, "200 OK", ALLOW.as_bytes())
    });

    let output = doctor(&[&format!("https://{}/", api.address), "--ca-file", &certificate]);

    let note =
        "only TLS 1.2 is accepted: TLS 1.3: the server does not support this TLS version; accept";
    assert!(text(&output.stdout).contains(note), "{}", text(&output.stdout));
}

#[test]
fn a_certificate_that_ends_soon_gets_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    let mut failures = Failures::default();

    for (days, has_note) in [(2, true), (30, false)] {
        let (config, pem) = server_with_certificate(days);
        fs::write(&file, pem).unwrap();
        let api = Api::with_tls_config(config, |_, wire| {
            write_response(wire, "200 OK", ALLOW.as_bytes())
        });
        let url = format!("https://127.0.0.1:{}/", api.address.port());

        let output = doctor(&[&url, "--ca-file", file.to_str().unwrap()]);

        let printed = text(&output.stdout);
        failures.check_contains(days, printed, "certificate: valid by the authority of --ca-file");
        failures.check_eq(printed, printed.contains("it ends within 14 days"), has_note);
    }

    failures.assert_none();
}

#[test]
fn a_certificate_for_another_name_or_with_a_refused_signature_is_a_problem() {
    let mut failures = Failures::default();

    for (server, authority, problem) in [
        ("issuer", "issuer", "certificate: it is for another name; have an authority"),
        (
            "p256",
            "p256-other-key",
            "certificate: it fails a signature check: the authority that it names was renewed, or a key is RSA below 2048 bits",
        ),
        (
            "by-rsa1024",
            "rsa1024-authority",
            "a key is RSA below 2048 bits, which is not supported; send the intermediate that signed it",
        ),
        (
            "by-p521",
            "p521-authority",
            "certificate: it depends on a key or an algorithm that is not supported, such as P-521 or SHA-1; use RSA",
        ),
    ] {
        let api = Api::with_tls(server, |_, wire| write_response(wire, "200 OK", ALLOW.as_bytes()));
        let url = format!("https://{}/", api.address);
        let certificate = repository(&format!("tests/tls/{authority}.crt"));

        let output = doctor(&[&url, "--ca-file", certificate.to_str().unwrap()]);

        check_problems(&mut failures, authority, &output, &[problem]);
        failures.check_eq(authority, api.asked().len(), 0);
    }

    failures.assert_none();
}

#[test]
fn a_server_that_asks_for_a_certificate_of_the_client_is_a_problem() {
    let certificate = repository("tests/tls/rsa.crt").display().to_string();
    let mut failures = Failures::default();
    let expected = "certificate: the server asks for a certificate of the client";

    for (row, versions) in
        [("1.2 and 1.3", &[&TLS12, &TLS13][..]), ("1.3", &[&TLS13]), ("1.2", &[&TLS12])]
    {
        let api = Api::with_tls_config(mutual_tls(versions), |_, wire| {
            write_response(wire, "200 OK", ALLOW.as_bytes())
        });
        let url = format!("https://{}/", api.address);

        let output = doctor(&[&url, "--ca-file", &certificate]);

        check_problems(&mut failures, row, &output, &[expected]);
    }

    failures.assert_none();
}

#[test]
fn the_holes_of_oktas_sample_are_problems() {
    let sample = okta_sample();
    let mut failures = Failures::default();
    let open = [
        "no credentials: status 200: anybody can call the hook",
        "wrong credentials: status 200: anybody can call the hook",
    ];
    let hole = "neither a command nor `error`: ALLOW is Okta's default";

    for (hook, flows) in [
        ("registrationHookSSR", &["progressive.profile", "classic"][..]),
        ("registrationHookPP", &["self.service.registration", "classic"][..]),
        ("registrationHookSSRandPP", &[][..]),
    ] {
        let url = format!("http://{}/{hook}", sample.address);
        let mut expected = open.map(str::to_owned).to_vec();
        for flow in flows {
            expected.push(format!("{flow}: {hole}"));
        }
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();

        let output = doctor(&[&url, "--user", "admin:supersecret"]);

        check_problems(&mut failures, hook, &output, &expected);
        let note = "note     classic: `Content-Type` is `text/html; charset=utf-8`";
        failures.check_contains(hook, text(&output.stdout), note);
    }

    failures.assert_none();
}

#[test]
fn a_hook_that_cannot_be_called_has_one_problem_and_gets_few_calls() {
    let service = Service::with_basic();
    let api = Api::start(|asked, wire| match asked.target.as_str() {
        "/moved" => write_response(wire, "302 Found", b""),
        _ => write_response(wire, "404 Not Found", b""),
    });
    let long = format!("http://{}/{}", api.address, "x".repeat(1024));
    let mut failures = Failures::default();

    for (url, flags, expected) in [
        (format!("http://{}/moved", api.address), vec![], "redirect: status 302"),
        (format!("http://{}/nope", api.address), vec![], "url: status 404"),
        (long, vec![], "url: it is longer than 1024 characters"),
        ("http://hooks.example.com/x".to_owned(), vec![], "url: plain http"),
        ("http://127.0.0.1:1/x".to_owned(), vec![], "connection: no connection"),
        (
            format!("http://{}/registrationHookSSR", service.address),
            vec![],
            "credentials: status 401: the hook asks for credentials",
        ),
        (
            format!("http://{}/registrationHookSSR", service.address),
            vec!["--user", "admin:other"],
            "credentials: status 401: the hook refuses them",
        ),
        (
            format!("https://{}/registrationHookSSR", service.address),
            vec![],
            "tls: this port does not speak TLS",
        ),
    ] {
        let output = doctor(&[&[url.as_str()], flags.as_slice()].concat());

        check_problems(&mut failures, &url, &output, &[expected]);
    }

    failures.check("calls", api.asked().len() <= 2);
    failures.assert_none();
}

#[test]
fn a_server_that_drips_its_handshake_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/x", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || drip_handshake(stream.unwrap()));
        }
    });
    let certificate = repository("tests/tls/rsa.crt").display().to_string();
    let clock = Stopwatch::start();

    let output = doctor(&[&url, "--ca-file", &certificate]);

    let mut failures = Failures::default();
    check_problems(&mut failures, "", &output, &["tls: no connection: "]);
    failures.check("it waits for two handshakes", clock.taken() < Duration::from_secs(20));
    failures.assert_none();
}

/// Writes a record of the handshake, one byte at a time, for a minute or until the client has gone.
fn drip_handshake(mut stream: TcpStream) {
    if stream.write_all(&[22, 3, 3, 64, 0]).is_err() {
        return;
    }
    for _ in 0..120 {
        thread::sleep(Duration::from_millis(500));
        if stream.write_all(&[0]).is_err() {
            return;
        }
    }
}

#[test]
fn a_text_that_is_not_the_url_of_a_hook_cannot_be_checked() {
    let mut failures = Failures::default();

    for (url, message) in [
        ("hooks.example.com/x", "it has no `https://`"),
        ("127.0.0.1:8080/x", "it has no `https://`"),
        ("https://hooks.example.com/x ", "white space"),
        ("https://hooks.example.com/a b", "white space"),
        ("ftp://hooks.example.com/x", "expected `https://HOST/PATH`"),
        ("https://admin:s3cr3t@hooks.example.com/x", "pass credentials by --user"),
        ("hooks.example.com/x?code=s3cr3t", "it has no `https://`"),
    ] {
        let output = doctor(&[url]);

        failures.check_eq(url, output.status.code(), Some(2));
        failures.check_contains(url, text(&output.stderr), message);
        failures.check(url, !text(&output.stderr).contains("s3cr3t"));
    }

    failures.assert_none();
}

#[test]
fn faults_of_an_answer_are_problems_of_its_request_type() {
    let mut failures = Failures::default();

    for (answer, expected) in [
        (r#"{"Error":{"errorSummary":"no"}}"#, "write `error`"),
        (r#"{"commands":[{"type":"com.action.update","value":{}}]}"#, "`com.action.update`"),
        ("<html>", "the body is not a JSON object"),
        ("{\"commands\":[],\"commands\":[]}", "a name occurs twice"),
    ] {
        let api = Api::start(move |asked, wire| match asked.header("x-hook-secret") {
            Some("s3cr3t") => write_response(wire, "200 OK", answer.as_bytes()),
            _ => write_response(wire, "401 Unauthorized", b""),
        });
        let url = format!("http://{}/", api.address);

        let output = doctor(&[&url, "--header", "x-hook-secret:s3cr3t"]);

        let printed = text(&output.stdout);
        for flow in ["self.service.registration", "progressive.profile", "classic"] {
            let has_line = printed.lines().any(|line| {
                line.starts_with(&format!("problem  {flow}: ")) && line.contains(expected)
            });
            failures.check(format!("{flow}: {expected} in {printed}"), has_line);
            let is_ok = printed.contains(&format!("ok       {flow}: "));
            failures.check(format!("{flow} is both ok and a problem: {printed}"), !is_ok);
        }
        failures.check_eq(printed, output.status.code(), Some(1));
        failures.check(printed, !printed.contains("s3cr3t"));
    }

    failures.assert_none();
}

#[test]
fn credentials_count_as_accepted_only_with_a_success() {
    let api = Api::start(|_, wire| write_response(wire, "500 Internal Server Error", b""));
    let url = format!("http://{}/", api.address);

    let output = doctor(&[&url, "--header", "x-hook-secret:s3cr3t"]);

    let printed = text(&output.stdout);
    assert!(printed.contains("note     credentials: status 500: it is not known"), "{printed}");
    assert!(!printed.contains("second attempt"), "{printed}");
}

/// An authorization server at `/token`, and elsewhere a hook whose clock is wrong and that does not verify
/// signatures.
fn hook_with_tokens(asked: &Asked, wire: &mut dyn Wire) -> Then {
    if asked.target == "/token" {
        return write_response(wire, "200 OK", br#"{"access_token":"head.claims.signature"}"#);
    }
    match asked.header("authorization") {
        Some(value) if value.starts_with("Bearer head.claims.") => {
            let head = "200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT";
            write_response(wire, head, ALLOW.as_bytes())
        }
        _ => write_response(wire, "401 Unauthorized", b""),
    }
}

#[test]
fn with_tokens_a_wrong_clock_and_an_unverified_signature_are_problems() {
    let api = Api::start(hook_with_tokens);
    let url = format!("http://{}/hook", api.address);
    let token_url = format!("http://{}/token", api.address);
    let mut failures = Failures::default();

    let output = doctor(&[&url, "--oauth", "client:s3cr3t", "--token-url", &token_url]);

    let expected = ["wrong credentials: status 200", "clock: it differs from this machine's by"];
    check_problems(&mut failures, "", &output, &expected);
    failures.check_contains("", text(&output.stdout), "ok       no credentials: refused\n");
    failures.assert_none();
}

#[test]
fn a_token_url_that_does_not_answer_is_not_reported_as_a_wrong_secret() {
    let api = Api::start(|_, wire| wait_for_end(wire));
    let service = Service::with_basic();
    let url = format!("http://{}/hook", api.address);
    let mut failures = Failures::default();

    for (token_url, expected) in [
        (
            format!("https://{}/token", service.address),
            "the port does not speak TLS, but perhaps plain http",
        ),
        (format!("http://{}/token", api.address), "the token URL does not answer within 3 s; make"),
        ("http://127.0.0.1:1/token".to_owned(), "; correct --token-url, and let Okta connect"),
    ] {
        let output = doctor(&[&url, "--oauth", "client:s3cr3t", "--token-url", &token_url]);

        check_problems(&mut failures, &token_url, &output, &[expected]);
    }

    failures.assert_none();
}

#[test]
fn an_answer_without_a_media_type_gets_a_note() {
    let api = Api::start(|_, wire| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", ALLOW.len());
        wire.write_all((head + ALLOW).as_bytes()).unwrap();
        Then::Close
    });

    let output = doctor(&[&format!("http://{}/hook", api.address)]);

    let note = "note     classic: the answer has no `Content-Type`; send application/json";
    assert!(text(&output.stdout).contains(note), "{}", text(&output.stdout));
}

#[test]
fn json_has_each_check_with_its_result() {
    let service = Service::with_basic();
    let url = format!("http://{}/registrationHookSSR", service.address);
    // A query is sent, and not printed: it may have a key.
    let with_key = format!("{url}?code=s3cr3t");

    let output = doctor(&[&with_key, "--user", "admin:supersecret", "--format", "json"]);

    assert!(!text(&output.stdout).contains("s3cr3t"), "{}", text(&output.stdout));

    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["url"], url);
    assert_eq!(found["healthy"], true);
    let checks = found["checks"].as_array().unwrap();
    let refused = checks.iter().find(|check| check["check"] == "no credentials").unwrap();
    assert_eq!(refused["result"], "ok");
    assert_eq!(refused["message"], "refused");
    assert!(checks.iter().any(|check| check["result"] == "note" && check["fix"].is_string()));
}
