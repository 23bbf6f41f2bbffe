//! Starting and stopping the service.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    io::Write as _,
    net::TcpStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::support::{
    AUTHORIZATION, Answer, BASIC, Failures, JSON, Service, Stopwatch, program, registration,
    request, rules_folder, run, text, wait_for, wait_until,
};

#[test]
fn a_password_is_generated_if_no_authentication_is_configured() {
    let service = Service::start(&[]);
    let log = service.wait_for_log("curl ");

    let authorization = log.split_once("Basic ").unwrap().1.split_whitespace().next().unwrap();

    assert!(log.contains("Authentication field   authorization"), "{log}");
    assert!(log.contains("https://YOUR-PUBLIC-HOST/registrationHookSSR"), "{log}");

    let header = format!("Authorization: Basic {authorization}");
    // The body of the curl line, between the quotes.
    let body = log.split_once("-d '").unwrap().1.split_once('\'').unwrap().0;
    let answer =
        service.send(&request("POST", "/registrationHookSSR", &[&header, JSON], body.as_bytes()));

    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("ALLOW"), "{answer:?}");
    assert_eq!(
        service.post("/registrationHookSSR", body.as_bytes()).status,
        401,
        "the guide's credentials are not built in"
    );

    let pair = STANDARD.decode(authorization).unwrap();
    let password = text(&pair).strip_prefix("admin:").unwrap();

    // 128 bits.
    assert_eq!(password.len(), 32);
    assert!(password.bytes().all(|byte| byte.is_ascii_hexdigit()), "{password}");

    let other = Service::start(&[("RUST_LOG", "error")]);
    let log = other.wait_for_log("curl ");

    assert!(!log.contains(password), "each start generates another password");
}

#[test]
fn a_configured_secret_is_never_printed() {
    let service = Service::with_basic();
    let body = registration("{}");
    service.post("/registrationHookSSR", &body);

    let log = service.wait_for_log("curl ");

    assert!(log.contains(r#"curl -u "admin:$HOOK_PASSWORD" -H "#), "{log}");
    assert!(!log.contains("supersecret") && !log.contains("YWRtaW46"), "{log}");
}

/// The line is pasted into a shell, which must not read a user name as a command.
#[test]
fn user_names_in_the_curl_line_are_quoted_for_the_shell() {
    let name = ("HOOK__AUTH__BASIC__USERNAME", r#"a"$(x)`\"#);
    let service = Service::start(&[name, BASIC[1]]);
    let expected = r#"curl -u "a\"\$(x)\`\\:$HOOK_PASSWORD" -H "#;
    service.wait_for_log(expected);
}

#[test]
fn without_a_rules_folder_the_built_in_rules_are_served() {
    let empty = tempfile::tempdir().unwrap();
    let service =
        Service::spawn(program().current_dir(&empty).env("HOOK__SERVER__BIND", "127.0.0.1:0"));

    let log = service.wait_for_log("hooks: ");

    assert!(log.contains("the built-in rules"), "{log}");
    assert!(
        log.contains("/registrationHookPP /registrationHookSSR /registrationHookSSRandPP"),
        "{log}"
    );
}

/// The standard error of a program that must exit with 2.
fn error_of(command: &mut std::process::Command) -> String {
    let output = run(command, b"");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty());
    text(&output.stderr).to_owned()
}

#[test]
fn invalid_settings_rules_or_address_exit_with_2_and_the_reason() {
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    let invalid = rules_folder(&[("a.toml", "[self_service_registration]\n")]);
    let invalid = invalid.path().to_str().unwrap();
    let running = Service::with_basic();
    let address = running.address.to_string();
    let mut failures = Failures::default();

    for (arguments, variables, reason) in [
        (&[][..], &[("HOOK__SERVER__BIND", "0.0.0.0:0")][..], "auth.basic.username"),
        (&[], &[("PORT", "0")], "auth.basic.username"),
        (&[], &[BASIC[0], ("HOOK__AUTH__BASIC__PASSWORD", "")], "may not be empty"),
        (&[], &[BASIC[0], BASIC[1], ("HOOK__SERVER__BIND", &address)], "cannot listen"),
        (&["--rules", "nonexistent"], &[], "nonexistent: cannot read the rules folder"),
        (&["--rules", empty], &[], "has no rules"),
        (&["--rules", invalid], &[], "a.toml:1:1: a section needs rules"),
        (
            &["serve", "--config", "nonexistent.toml"],
            &[],
            "--config: cannot read `nonexistent.toml`",
        ),
        (&["--foo"], &[], "Usage"),
    ] {
        let output = run(program().args(arguments).envs(variables.iter().copied()), b"");

        let row = format!("{arguments:?} {variables:?}");
        failures.check_eq(&row, output.status.code(), Some(2));
        failures.check(format!("{row}: standard output"), output.stdout.is_empty());
        failures.check_contains(&row, text(&output.stderr), reason);
    }

    failures.assert_none();
}

#[test]
fn configured_credentials_need_a_rules_folder() {
    let empty = tempfile::tempdir().unwrap();

    let printed = error_of(program().current_dir(&empty).envs(BASIC));

    assert!(printed.contains("cannot read the rules folder"), "{printed}");
}

#[cfg(unix)]
fn wait_for_exit(service: &mut Service) -> Option<i32> {
    wait_for("the end", || service.child.try_wait().unwrap()).code()
}

#[test]
#[cfg(unix)]
fn a_signal_closes_the_listener_and_finishes_requests_in_progress() {
    for signal in ["TERM", "INT"] {
        // A busy machine needs time to stop listening before the body must be whole.
        let more = ("HOOK__SERVER__REQUEST_TIMEOUT", "5s");
        let mut service = Service::start(&[BASIC[0], BASIC[1], more]);
        let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
        let whole = request("POST", "/registrationHookSSR", &[AUTHORIZATION, JSON], &body);
        let (first, rest) = whole.split_at(whole.len() - 10);
        let mut in_flight = service.connect();
        in_flight.write_all(first).unwrap();
        // A client that never sends the rest delays shutdown by the body's timeout at most.
        let mut stuck = service.connect();
        stuck.write_all(first).unwrap();
        let idle = service.connect();
        assert_eq!(service.post("/registrationHookSSR", &body).status, 200);
        service.signal(signal);
        wait_until("the listener to close", || TcpStream::connect(service.address).is_err());
        in_flight.write_all(rest).unwrap();
        let answer = Answer::read(&mut in_flight);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(wait_for_exit(&mut service), Some(0));
        let lines = wait_for("the last lines", || {
            let lines = service.stdout();
            (lines.lines().count() >= 2).then_some(lines)
        });
        assert!(lines.contains("allow"), "{lines}");
        drop(idle);
    }
}

#[test]
fn shutdown_ends_after_its_timeout_despite_a_stuck_client() {
    let mut service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__SERVER__REQUEST_TIMEOUT", "60s"),
        ("HOOK__SERVER__SHUTDOWN_TIMEOUT", "1s"),
    ]);
    let mut stuck = service.connect();
    let whole = request("POST", "/registrationHookSSR", &[AUTHORIZATION, JSON], b"{ }");

    stuck.write_all(&whole[..whole.len() - 1]).unwrap();

    // Its answer shows that the stuck connection before it has been accepted.
    assert_eq!(service.post("/registrationHookSSR", &registration("{}")).status, 200);

    let clock = Stopwatch::start();
    service.signal("TERM");

    assert_eq!(wait_for_exit(&mut service), Some(0));
    // The stuck request itself has 60 s.
    assert!(clock.taken() < Duration::from_secs(15), "{:?}", clock.passed());
}

#[test]
#[cfg(unix)]
fn readiness_fails_during_the_drain_delay_while_requests_are_served() {
    let mut service = Service::start(&[BASIC[0], BASIC[1], ("HOOK__SERVER__DRAIN_DELAY", "4s")]);
    let start = Instant::now();
    service.signal("TERM");
    let ready = request("GET", "/readyz", &[], b"");

    let answer = wait_for("readiness to end", || {
        let answer = service.send(&ready);
        (answer.status == 503).then_some(answer)
    });

    assert_eq!(answer.text(), r#"{"ready":false,"rules":"ok","keys":"none","draining":true}"#);
    assert_eq!(service.send(&request("GET", "/healthz", &[], b"")).status, 200);

    let last = service.post("/registrationHookSSR", &registration("{}"));

    assert_eq!((last.status, last.header("connection")), (200, Some("close")));
    assert_eq!(wait_for_exit(&mut service), Some(0));
    assert!(start.elapsed() >= Duration::from_secs(4));
}

#[test]
#[cfg(unix)]
fn a_second_signal_exits_with_130_at_once() {
    let mut service = Service::start(&[BASIC[0], BASIC[1], ("HOOK__SERVER__DRAIN_DELAY", "60s")]);
    service.signal("TERM");
    service.wait_for_log("stopping");

    service.signal("TERM");

    assert_eq!(wait_for_exit(&mut service), Some(130));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_logged_and_fails_no_request() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = program();
    command.envs(BASIC).env("HOOK__SERVER__BIND", "127.0.0.1:0");

    let service = Service::spawn_with_stdout(&mut command, full.into());

    for _ in 0..100 {
        assert_eq!(service.post("/registrationHookSSR", &registration("{}")).status, 200);
    }

    service.wait_for_log("decision log: cannot write");

    assert_eq!(service.post("/registrationHookSSR", &registration("{}")).status, 200);
}

#[test]
fn decisions_are_written_to_the_configured_file_and_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decisions");
    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__LOG__DECISIONS", path.to_str().unwrap()),
        ("HOOK__LOG__FORMAT", "human"),
    ]);
    service.post("/registrationHookSSR", &registration("{}"));
    service.post("/registrationHookSSR", b"{");
    let lines = wait_for("two lines", || {
        let lines = std::fs::read_to_string(&path).unwrap_or_default();
        (lines.lines().count() == 2).then_some(lines)
    });

    let (first, second) = lines.split_once('\n').unwrap();

    assert!(
        first.contains(" deny        registrationHookSSR self.service.registration ✗ okta-email ("),
        "{first}"
    );
    assert!(second.contains(" refused 400 json_syntax registrationHookSSR ("), "{second}");
    assert_eq!(service.stdout(), "");
}

#[test]
fn a_file_of_decisions_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/decisions");
    let mut serve = program();
    serve.envs(BASIC).env("HOOK__SERVER__BIND", "127.0.0.1:0").env("HOOK__LOG__DECISIONS", &path);

    let output = run(&mut serve, b"");

    let expected = format!("log.decisions: cannot open `{}`: ", path.display());
    let printed = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(printed.contains(&expected), "{printed}");
}

/// Standard output is a full pipe, so that a write stops within a line.
#[test]
#[cfg(unix)]
fn no_line_is_appended_to_a_partly_written_one() {
    let (mut pipe, out) = std::io::pipe().unwrap();
    // `Socket` is the only safe way to make any descriptor non-blocking.
    let out = socket2::Socket::from(std::os::fd::OwnedFd::from(out));
    out.set_nonblocking(true).unwrap();
    let mut command = program();
    command.envs(BASIC).env("HOOK__SERVER__BIND", "127.0.0.1:0");
    let mut service =
        Service::spawn_with_stdout(&mut command, std::os::fd::OwnedFd::from(out).into());
    // The command holds the other end of the pipe.
    drop(command);
    let whole =
        request("POST", "/registrationHookSSR", &[AUTHORIZATION, JSON], &registration("{}"));
    let mut stream = service.connect();
    wait_until("the pipe to be full", || {
        for _ in 0..50 {
            stream.write_all(&whole).unwrap();
            assert_eq!(Answer::read(&mut stream).status, 200);
        }
        service.stderr().contains("decision log: cannot write")
    });
    let reader = std::thread::spawn(move || {
        let mut lines = String::new();
        std::io::Read::read_to_string(&mut pipe, &mut lines).map(|_| lines)
    });
    wait_until("the log to be written again", || {
        assert_eq!(service.post("/registrationHookSSR", &registration("{}")).status, 200);
        service.stderr().contains("decision log: writing again")
    });

    service.signal("TERM");

    assert_eq!(wait_for_exit(&mut service), Some(0));

    let lines = reader.join().unwrap().unwrap();
    let starts = |line: &str| line.matches("{\"time\":").count();

    assert!(lines.lines().all(|line| starts(line) < 2) && lines.ends_with("}\n"), "{lines}");
}

/// Standard output and standard error are pipes without a reader that takes from them.
#[test]
fn unread_output_pipes_delay_no_request() {
    let (unread, writer) = std::io::pipe().unwrap();
    let mut command = program();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let child = command
        .envs(BASIC)
        .env("HOOK__SERVER__BIND", address.to_string())
        .stdin(std::process::Stdio::null())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .spawn()
        .unwrap();
    let mut service = Service::from_child(child, address);
    wait_for("the service to listen", || TcpStream::connect(address).ok());
    let wrong = registration("{}");
    let mut stream = service.connect();
    // More lines and warnings than a pipe holds.
    for _ in 0..2000 {
        stream
            .write_all(&request("POST", "/registrationHookPP", &[AUTHORIZATION, JSON], &wrong))
            .unwrap();
        assert_eq!(Answer::read(&mut stream).status, 200);
    }

    service.signal("TERM");

    assert_eq!(wait_for_exit(&mut service), Some(0));

    drop(unread);
}

#[test]
fn requests_whose_body_is_arriving_at_the_signal_are_answered() {
    let mut service = Service::with_basic();
    let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    let whole = request("POST", "/registrationHookSSR", &[AUTHORIZATION, JSON], &body);
    let (first, rest) = whole.split_at(whole.len() - 10);
    let mut held: Vec<_> = (0..100).map(|_| service.connect()).collect();
    for stream in &mut held {
        stream.write_all(first).unwrap();
    }

    assert_eq!(service.post("/registrationHookSSR", &body).status, 200);

    service.signal("TERM");
    wait_until("the listener to close", || TcpStream::connect(service.address).is_err());
    for stream in &mut held {
        stream.write_all(rest).unwrap();
        assert_eq!(Answer::read(stream).status, 200);
    }

    assert_eq!(wait_for_exit(&mut service), Some(0));
}

#[test]
fn a_killed_service_can_start_again_at_the_same_address() {
    let mut service = Service::with_basic();
    let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    let mut open: Vec<_> = (0..20).map(|_| service.connect()).collect();
    for stream in &mut open {
        stream
            .write_all(&request("POST", "/registrationHookSSR", &[AUTHORIZATION, JSON], &body))
            .unwrap();
    }
    service.child.kill().unwrap();
    service.child.wait().unwrap();
    let address = service.address.to_string();

    let next = Service::start(&[BASIC[0], BASIC[1], ("HOOK__SERVER__BIND", &address)]);

    assert_eq!(next.post("/registrationHookSSR", &body).status, 200);
}

#[test]
fn a_closed_standard_output_fails_no_request() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program();
    command.envs(BASIC).env("HOOK__SERVER__BIND", "127.0.0.1:0");

    let mut service = Service::spawn_with_stdout(&mut command, writer.into());

    for _ in 0..100 {
        assert_eq!(service.post("/registrationHookSSR", &registration("{}")).status, 200);
    }

    service.signal("TERM");

    assert_eq!(wait_for_exit(&mut service), Some(0));
}

/// Makes a named pipe in this folder.
fn make_pipe(folder: &Path) -> PathBuf {
    let pipe = folder.join("decisions");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    pipe
}

/// Opening a pipe for writing blocks until it has a reader.
#[test]
fn a_decision_log_pipe_without_a_reader_prevents_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = make_pipe(folder.path());
    let log = ("HOOK__LOG__DECISIONS", pipe.to_str().unwrap());
    let mut command = program();

    let printed = error_of(command.env("HOOK__SERVER__BIND", "127.0.0.1:0").envs([log]));

    assert!(
        printed.contains("log.decisions: ") && printed.contains("a pipe without a reader"),
        "{printed}"
    );
}

#[test]
fn a_decision_log_pipe_with_a_slow_reader_gets_every_line() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = make_pipe(folder.path());
    let log = ("HOOK__LOG__DECISIONS", pipe.to_str().unwrap());
    // Opened for writing as well, so that this does not wait for the service.
    let reader = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let mut service = Service::start(&[BASIC[0], BASIC[1], log]);
    let whole =
        request("POST", "/registrationHookSSR", &[AUTHORIZATION, JSON], &registration("{}"));
    let mut stream = service.connect();
    // More than the pipe holds, so that the writer has to wait.
    for _ in 0..500 {
        stream.write_all(&whole).unwrap();
        assert_eq!(Answer::read(&mut stream).status, 200);
    }
    let lines = std::io::BufRead::lines(std::io::BufReader::new(reader));

    assert_eq!(lines.take(500).filter(|line| line.as_ref().unwrap().ends_with('}')).count(), 500);
    assert!(!service.stderr().contains("cannot write"), "{}", service.stderr());

    service.signal("TERM");

    assert_eq!(wait_for_exit(&mut service), Some(0));
}
