//! Secrets that are easy to guess are named where other machines can try them.

use std::process::Command;

use crate::support::{BASIC, Failures, Service, program, rules_folder, run, text};

const OPEN: (&str, &str) = ("HOOK__SERVER__BIND", "0.0.0.0:0");
const STRONG: &str = "0123456789abcdef";
const COMMAND: &str = "openssl rand -hex 24";

/// The output of `check` with these settings.
fn checked(settings: &[(&str, &str)]) -> String {
    let mut check = program();
    check.arg("check").envs(settings.iter().copied());
    let output = run(&mut check, b"");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    text(&output.stdout).to_owned()
}

fn password(value: &str) -> [(&str, &str); 3] {
    [OPEN, BASIC[0], ("HOOK__AUTH__BASIC__PASSWORD", value)]
}

#[test]
fn check_warns_of_weak_secrets_unless_the_address_is_loopback() {
    let published = "everybody knows this secret";
    let short = "fewer than 16 characters";
    let header = |value| {
        let name = ("HOOK__AUTH__HEADER__NAME", "x-hook-secret");
        [OPEN, name, ("HOOK__AUTH__HEADER__SECRET", value)]
    };
    let rotated = [
        OPEN,
        BASIC[0],
        ("HOOK__AUTH__BASIC__PASSWORD__0", STRONG),
        ("HOOK__AUTH__BASIC__PASSWORD__1", "supersecret"),
    ];
    let mut failures = Failures::default();

    for (settings, warning) in [
        (&password("supersecret")[..], Some(format!("auth.basic.password: {published}"))),
        (&password("0123456789abcde")[..], Some(format!("auth.basic.password: this has {short}"))),
        (&password("ééééééééé")[..], Some(format!("auth.basic.password: this has {short}"))),
        (&password(STRONG)[..], None),
        (&header("abc")[..], Some(format!("auth.header.secret: this has {short}"))),
        (&header(STRONG)[..], None),
        // The guide's value as a whole, and its user name and password.
        (
            &header("Basic YWRtaW46c3VwZXJzZWNyZXQ=")[..],
            Some(format!("auth.header.secret: {published}")),
        ),
        (&header("admin:supersecret")[..], Some(format!("auth.header.secret: {published}"))),
        (&password("admin:supersecret")[..], Some(format!("auth.basic.password: {published}"))),
        // `okta:0123456789` and `okta:0123456789abcdef`: the length is that of the password in the value.
        (
            &header("basic b2t0YTowMTIzNDU2Nzg5")[..],
            Some(format!("auth.header.secret: this has {short}")),
        ),
        (&header("Basic b2t0YTowMTIzNDU2Nzg5YWJjZGVm")[..], None),
        (&rotated[..], Some(format!("auth.basic.password: {published}"))),
        (&BASIC[..], None),
    ] {
        let printed = checked(settings);

        match warning {
            Some(warning) => {
                let warning = format!("warning: {warning}");
                failures.check_contains(&warning, &printed, &warning);
            }
            None => failures.check(&printed, !printed.contains("warning:")),
        }
        for (name, secret) in settings {
            let is_secret = name.contains("PASSWORD") || name.contains("SECRET");
            failures.check(&printed, !is_secret || !printed.contains(secret));
        }
    }

    failures.assert_none();
}

#[test]
fn check_warns_of_a_comment_that_counts_as_a_secret() {
    let file = rules_folder(&[("password", "# my password\n0123456789abcdef\n")]);
    let path = file.path().join("password");
    let settings = [BASIC[0], ("HOOK__AUTH__BASIC__PASSWORD_FILE", path.to_str().unwrap())];

    let printed = checked(&settings);

    assert!(
        printed.contains("warning: auth.basic.password: a line that begins with `#`"),
        "{printed}"
    );
    assert!(!printed.contains("my password"), "{printed}");
}

#[test]
fn the_service_warns_at_start_with_a_command_that_makes_a_strong_secret() {
    let service = Service::start(&password("supersecret"));
    let log = service.wait_for_log("everybody knows this secret");

    assert!(log.contains(&format!("make a better one with `{COMMAND}`")), "{log}");

    let made = Command::new("sh").args(["-c", COMMAND]).output().unwrap();
    let made = text(&made.stdout).trim_end();

    assert_eq!(made.len(), 48, "{made}");
    assert!(!checked(&password(made)).contains("warning:"));
}
