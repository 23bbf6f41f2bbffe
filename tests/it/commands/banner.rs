//! The curl line of the startup banner works when it is pasted into a shell.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::HARD_PASSWORDS;
use crate::{
    issuer::{self, Behaviour, Issuer},
    support::{Failures, Service, isolated, repository, request, run, text, wait_until},
};

/// Runs the printed line with these variables. Returns all that it prints.
fn paste(service: &Service, variables: &[(&str, &str)]) -> String {
    let log = service.wait_for_log("  curl ");
    let (_, line) = log.split_once("  curl ").unwrap();
    let line = line.lines().next().unwrap();
    let mut shell = isolated("bash");
    shell.args(["-uc", &format!("curl -sS {line}")]).envs(variables.iter().copied());
    let output = run(&mut shell, b"");
    text(&output.stdout).to_owned() + text(&output.stderr)
}

#[test]
fn the_printed_curl_line_works_with_a_generated_password() {
    let service = Service::start(&[]);

    let printed = paste(&service, &[]);

    assert!(printed.contains("ALLOW"), "{printed}");
}

#[test]
fn the_printed_curl_line_works_with_every_password_and_header_secret() {
    let mut failures = Failures::default();

    for secret in HARD_PASSWORDS {
        for user in ["okta", r#"a"$(x)`\ b"#] {
            let service = Service::start(&[
                ("HOOK__AUTH__BASIC__USERNAME", user),
                ("HOOK__AUTH__BASIC__PASSWORD", secret),
            ]);
            let printed = paste(&service, &[("HOOK_PASSWORD", secret)]);
            failures.check_contains(format!("{user}:{secret}"), &printed, "ALLOW");
        }
        let service = Service::start(&[
            ("HOOK__AUTH__HEADER__NAME", "x-hook-secret"),
            ("HOOK__AUTH__HEADER__SECRET", secret),
        ]);
        let printed = paste(&service, &[("HOOK_PASSWORD", secret)]);
        failures.check_contains(format!("header {secret}"), &printed, "ALLOW");
    }

    failures.assert_none();
}

#[test]
fn the_printed_curl_line_works_with_a_token() {
    let issuer = Issuer::start(Behaviour::default());
    let settings = issuer::settings(issuer.address);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let service = Service::start(&settings);
    wait_until("the keys", || service.send(&request("GET", "/readyz", &[], b"")).status == 200);

    let printed = paste(&service, &[("HOOK_TOKEN", &issuer.token(&json!({})))]);

    assert!(printed.contains("ALLOW"), "{printed}");
}

#[test]
fn the_printed_curl_line_works_with_a_certificate_for_another_name() {
    let file = |name: &str| repository("tests/tls").join(name).display().to_string();
    let (certificate, key) = (file("rsa.crt"), file("rsa.key"));
    let service = Service::start(&[
        ("HOOK__AUTH__BASIC__USERNAME", "okta"),
        ("HOOK__AUTH__BASIC__PASSWORD", HARD_PASSWORDS[0]),
        ("HOOK__SERVER__TLS__CERTIFICATE", &certificate),
        ("HOOK__SERVER__TLS__KEY", &key),
    ]);

    let printed = paste(&service, &[("HOOK_PASSWORD", HARD_PASSWORDS[0])]);

    assert!(printed.contains("ALLOW"), "{printed}");
}

#[test]
fn the_banner_says_where_the_variable_and_the_secret_come_from() {
    let password = HARD_PASSWORDS[3];
    let service = Service::start(&[
        ("HOOK__AUTH__BASIC__USERNAME", "okta"),
        ("HOOK__AUTH__BASIC__PASSWORD", password),
    ]);
    let log = service.wait_for_log("  curl ");
    let (_, command) = log.split_once("the secret is the output of: ").unwrap();
    let mut shell = isolated("bash");
    shell.args(["-uc", command.lines().next().unwrap()]).env("HOOK_PASSWORD", password);

    let output = run(&mut shell, b"");

    let pair = STANDARD.encode(format!("okta:{password}"));
    assert_eq!(text(&output.stdout), format!("Basic {pair}\n"));
    assert!(log.contains("try it, with the password of `auth.basic` in $HOOK_PASSWORD:"), "{log}");
}

#[test]
fn the_banner_shows_a_token_url_only_for_an_authorization_server_of_okta() {
    let mut failures = Failures::default();

    for (path, expected) in [
        ("/oauth2/default", "/oauth2/default/v1/token\n"),
        ("/realms/staff", "  Token URL              see docs/oauth.md\n"),
        (
            "/realms/staff",
            "  Scope                  registration.hook.invoke, or with Entra ID see docs/oauth.md\n",
        ),
    ] {
        let issuer = format!("http://127.0.0.1:9{path}");
        let service = Service::start(&[
            ("HOOK__AUTH__OAUTH__ISSUER", &issuer),
            ("HOOK__AUTH__OAUTH__AUDIENCE", "api://registration-hook"),
            ("HOOK__AUTH__OAUTH__CLIENT_IDS", "0oahookclient"),
            ("HOOK__AUTH__OAUTH__SCOPE", "registration.hook.invoke"),
        ]);
        failures.check_contains(path, &service.wait_for_log("  curl "), expected);
    }

    failures.assert_none();
}
