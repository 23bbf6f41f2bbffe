//! The curl line of the startup banner works when it is pasted into a shell.

use serde_json::json;

use super::HARD_VALUES;
use crate::{
    issuer::{self, Behaviour, Issuer},
    support::{Failures, Service, isolated, request, run, text, wait_until},
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

    for secret in HARD_VALUES {
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
