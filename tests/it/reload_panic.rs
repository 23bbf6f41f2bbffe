//! A panic during a reload is a rejected reload, which is retried.

use std::{
    env, fs,
    io::{self, Write as _},
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use log::{LevelFilter, Log, Metadata, Record};

use registration_hook::cli;

use crate::{
    operations::{metrics_address, samples},
    reload::{READY, STALE, admits, readiness, replace_file, rules, status},
    support::{BASIC, Service, isolated, rules_folder, wait_until},
};

/// The variable with a part of a message. Logging a message with this part panics, the first two times.
const PANICS_AT: &str = "TEST_PANICS_AT";

/// Prints messages, or panics.
struct PanickingLog {
    panics_at: String,
    panics_left: AtomicUsize,
}

impl Log for PanickingLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let message = record.args().to_string();
        if message.contains(&self.panics_at) {
            let left = self.panics_left.load(Ordering::Acquire);
            self.panics_left.store(left.saturating_sub(1), Ordering::Release);
            assert_eq!(left, 0, "a panic for the test");
        }
        let _ = writeln!(io::stderr(), "{message}");
    }

    fn flush(&self) {}
}

/// Not a test, but the service of the tests below: it needs a process of its own.
#[test]
#[ignore = "runs until it is killed"]
fn service_whose_log_panics() {
    let Ok(panics_at) = env::var(PANICS_AT) else {
        return;
    };
    let log = PanickingLog { panics_at, panics_left: AtomicUsize::new(2) };
    log::set_boxed_logger(Box::new(log)).unwrap();
    log::set_max_level(LevelFilter::Info);
    cli::run(["registration-hook".into()]);
}

fn command(panics_at: &str, folder: &Path) -> Command {
    let mut command = isolated(env::current_exe().unwrap());
    command.args(["reload_panic::service_whose_log_panics", "--exact"]);
    command.args(["--ignored", "--nocapture"]).current_dir(folder);
    command.env(PANICS_AT, panics_at).env("HOOK__SERVER__BIND", "127.0.0.1:0");
    command
}

#[test]
fn a_panic_while_rules_are_read_is_a_rejected_reload_and_is_retried() {
    let folder = rules_folder(&[("hook.toml", &rules("old.example"))]);
    let mut command = command("hook.toml:5:12", folder.path());
    command.envs(BASIC).env("HOOK__RULES__RELOAD", "200ms").env("HOOK__RULES__DIRECTORY", ".");
    let service = Service::spawn(command.env("HOOK__METRICS__BIND", "127.0.0.1:0"));
    let metrics = metrics_address(&service);
    let rejected =
        || samples(metrics)[r#"registration_hook_rules_reloads_total{result="rejected"}"#];

    // Logging the problem of these rules panics.
    replace_file(folder.path(), "hook.toml", &rules(""));
    service
        .wait_for_log("rules: not reloaded, the last valid version stays active: internal error");

    assert_eq!(readiness(&service), STALE);
    assert!(admits(&service, "old.example"));
    assert_eq!(rejected(), 1.0);

    let log = service.wait_for_log("hook.toml:5:12");

    assert_eq!(log.matches("internal error; it will be retried").count(), 1, "{log}");
    assert_eq!(log.matches("internal error at ").count(), 1, "the panic hook throttles: {log}");
    wait_until("the third try to be counted", || rejected() == 2.0);

    replace_file(folder.path(), "hook.toml", &rules("new.example"));
    wait_until("the rules to be active", || admits(&service, "new.example"));

    assert_eq!(readiness(&service), READY);
}

#[test]
fn a_panic_while_credentials_are_applied_keeps_the_old_ones_until_a_retry() {
    let folder = tempfile::tempdir().unwrap();
    let write = |password: &str, more: &str| {
        let auth = format!("[auth.basic]\nusername = 'admin'\npassword = '{password}'\n");
        let text = format!("rules.reload = '200ms'\n{auth}{more}");
        fs::write(folder.path().join("registration-hook.toml"), text).unwrap();
    };
    write("A", "");
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("rules/registrationHookSSR.toml"), rules("okta.com")).unwrap();
    let service = Service::spawn(&mut command("changes outside of [auth]", folder.path()));

    write("B", "[server]\nbody_limit = 1000\n");
    service
        .wait_for_log("credentials: not reloaded, the last valid version stays active: internal");

    assert_eq!((status(&service, "A"), status(&service, "B")), (200, 401));

    wait_until("the new password", || status(&service, "B") == 200);

    assert_eq!(status(&service, "A"), 401);
}
