//! The subcommands as data: `tests/cli` has one `<case>.command` per case, and what it prints.
//!
//! `<case>.stdin` is its input, `.stdout` and `.stderr` its output, and `.code` its exit code. Without the
//! file, the input or output is empty and the code is 0. In an expected line, `[..]` stands for any text. Each
//! command runs in a copy of `tests/cli/files`.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::support::{
    AUTHORIZATION, BASIC, Failures, Service, isolated, program, repository, run, text,
};

/// The extension of the file that makes a case.
const COMMAND: &str = "command";
/// The extensions of the other files of a case.
const INPUT_AND_OUTPUT: [&str; 4] = ["stdin", "stdout", "stderr", "code"];

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}

/// A folder with a copy of the files of `tests/cli`.
fn work_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&repository("tests/cli/files"), folder.path());
    folder
}

/// A shell that finds the program, and whose exit code is that of the first command that fails.
fn shell(command: &str, folder: &Path) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_registration-hook"));
    let mut folders = vec![program.parent().unwrap().to_owned()];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let mut shell = isolated("bash");
    shell
        .args(["-o", "pipefail", "-c", command])
        .env("PATH", std::env::join_paths(folders).unwrap())
        .env_remove("HOOK_PASSWORD")
        .current_dir(folder);
    shell
}

/// Whether each line is the expected one, with `[..]` for any text.
fn matches(expected: &str, actual: &str) -> bool {
    let expected: Vec<_> = expected.split('\n').collect();
    let actual: Vec<_> = actual.split('\n').collect();
    expected.len() == actual.len()
        && expected.iter().zip(&actual).all(|(expected, actual)| line_matches(expected, actual))
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let Some((start, after_start)) = expected.split_once("[..]") else {
        return expected == actual;
    };
    let Some(mut rest) = actual.strip_prefix(start) else {
        return false;
    };
    let parts: Vec<_> = after_start.split("[..]").collect();
    let (end, middle) = parts.split_last().unwrap();
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(end)
}

/// A file of a case. Empty if there is none.
fn read_if_present(case: &Path, extension: &str) -> String {
    fs::read_to_string(case.with_extension(extension)).unwrap_or_default()
}

fn check_output(failures: &mut Failures, case: &Path, output: &Output) {
    let name = case.file_stem().unwrap().to_str().unwrap();
    for (extension, actual) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let expected = read_if_present(case, extension);
        let actual = text(actual);
        failures.check(
            format!("{name}.{extension}:\n{actual}\nexpected:\n{expected}"),
            matches(&expected, actual),
        );
    }
    let code = read_if_present(case, "code");
    let code = if code.is_empty() { 0 } else { code.trim().parse().unwrap() };
    failures.check_eq(format!("{name}.code"), output.status.code(), Some(code));
}

#[test]
fn each_command_prints_what_is_recorded() {
    let mut commands: Vec<PathBuf> = Vec::new();
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(repository("tests/cli")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension() == Some(COMMAND.as_ref()) {
            commands.push(path);
        } else if path.is_file() {
            files.insert(path);
        }
    }
    let mut failures = Failures::default();

    assert!(commands.len() > 30, "only {} cases", commands.len());

    for case in &commands {
        let folder = work_folder();
        let command = fs::read_to_string(case).unwrap();
        let input = read_if_present(case, "stdin");

        let output = run(&mut shell(&command, folder.path()), input.as_bytes());

        check_output(&mut failures, case, &output);
        for extension in INPUT_AND_OUTPUT {
            files.remove(&case.with_extension(extension));
        }
    }

    for file in files {
        failures.add(format!("{}: there is no command to this file", file.display()));
    }
    failures.assert_none();
}

#[test]
fn an_expected_line_may_leave_out_text() {
    for (expected, actual) in
        [("a", "a"), ("a[..]c", "abc"), ("[..]", ""), ("[..]b[..]", "abc"), ("[..]b", "abab")]
    {
        assert!(line_matches(expected, actual), "{expected}");
    }
    for (expected, actual) in [("a", "ab"), ("a[..]c", "ab"), ("a[..]c", "acd"), ("", "a")] {
        assert!(!line_matches(expected, actual), "{expected}");
    }
    assert!(!matches("a", "a\n"));
    assert!(!matches("a\n", "a"));
}

/// The subcommands that `--help` lists.
fn subcommands() -> Vec<String> {
    let output = run(isolated(env!("CARGO_BIN_EXE_registration-hook")).arg("--help"), b"");
    let help = text(&output.stdout).to_owned();
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let mut names = Vec::new();
    for line in list.lines() {
        let name = line.trim_start().split(' ').next().unwrap();
        // A description may go on in a line of its own, which is indented further.
        if line.starts_with("  ") && !line.starts_with("   ") && name != "help" {
            names.push(name.to_owned());
        }
    }
    assert!(names.len() >= 5, "{names:?}");
    names
}

/// The arguments before `--help`: none for the program itself, and each subcommand.
fn program_and_subcommands() -> Vec<String> {
    let mut names = vec![String::new()];
    names.append(&mut subcommands());
    names
}

/// The commands below `Examples:`, without the explanations beside them.
fn examples(help: &str) -> Vec<String> {
    let Some((_, examples)) = help.split_once("Examples:\n") else {
        return Vec::new();
    };
    let mut commands = Vec::new();
    for line in examples.lines().take_while(|line| line.starts_with("  ")) {
        let command = line.trim_start().split("  ").next().unwrap();
        if line.starts_with("  registration-hook") {
            commands.push(command.to_owned());
        } else if let Some(last) = commands.last_mut() {
            // A command goes on after a pipe or a backslash.
            if let Some(start) = last.strip_suffix('\\') {
                *last = format!("{start}{command}");
            } else if last.ends_with('|') {
                *last += &format!(" {command}");
            }
        }
    }
    commands
}

/// The help of a subcommand on a terminal of this width.
fn help_at_width(subcommand: &str, width: &str) -> String {
    let mut command = isolated(env!("CARGO_BIN_EXE_registration-hook"));
    command.args(subcommand.split_whitespace()).arg("--help").env("COLUMNS", width);
    text(&run(&mut command, b"").stdout).to_owned()
}

#[test]
fn the_examples_of_each_help_keep_their_lines_at_any_width() {
    let mut failures = Failures::default();

    for name in program_and_subcommands() {
        let wide = help_at_width(&name, "200");
        let (_, examples) = wide.split_once("Examples:\n").unwrap();
        for line in help_at_width(&name, "80").lines() {
            failures.check(format!("{name} has a long line: {line}"), line.chars().count() <= 80);
        }
        failures.check(&name, help_at_width(&name, "40").ends_with(examples));
    }

    failures.assert_none();
}

#[test]
fn an_unexpected_argument_that_may_hold_a_secret_is_not_shown() {
    let mut failures = Failures::default();

    for (arguments, is_shown) in [
        ("https://admin:s3cr3t@hooks.example.com", false),
        ("doctor https://hooks.example.com https://admin:s3cr3t@hooks.example.com", false),
        ("doctor https://hooks.example.com --user admin s3cr3t", false),
        ("replay --url --user:s3cr3t", false),
        ("serv", true),
        ("doctor --usr", true),
    ] {
        let mut command = isolated(env!("CARGO_BIN_EXE_registration-hook"));
        let output = run(command.args(arguments.split(' ')), b"");

        let printed = text(&output.stderr);
        failures.check_eq(arguments, output.status.code(), Some(2));
        failures.check(printed, !printed.contains("s3cr3t"));
        failures.check_eq(printed, printed.contains("it may hold a secret"), !is_shown);
    }

    failures.assert_none();
}

#[test]
fn the_examples_of_each_help_run() {
    let folder = work_folder();
    let path = |name: &str| folder.path().join(name);
    for hook in ["registrationHookSSR", "registrationHookPP"] {
        fs::copy(path("rules/members.toml"), path(&format!("rules/{hook}.toml"))).unwrap();
    }
    copy_folder(&path("fixtures"), &path("tests/fixtures"));
    copy_folder(&path("fixtures"), &path("recorded"));
    fs::copy(path("fixtures/members/allow.request.json"), path("request.json")).unwrap();
    fs::write(path("results.json"), "{}").unwrap();
    let mut serve = program();
    serve.current_dir(folder.path()).envs(BASIC).env("HOOK__SERVER__BIND", "127.0.0.1:0");
    serve.env("HOOK__AUTH__BASIC__USERNAME", "okta");
    let service = Service::spawn(&mut serve);
    let mut failures = Failures::default();

    for name in program_and_subcommands() {
        let help = run(&mut shell(&format!("registration-hook {name} --help"), folder.path()), b"");
        let commands = examples(text(&help.stdout));
        failures.check(format!("`{name} --help` has no example"), !commands.is_empty());
        for command in commands {
            let lacks_curl = command.contains("curl") && !is_installed("curl");
            let asks_elsewhere = command.contains("https://");
            if serves_until_stopped(&command) || lacks_curl || asks_elsewhere {
                continue;
            }
            let here = command.replace("127.0.0.1:8080", &service.address.to_string());
            let output = run(shell(&here, folder.path()).env("HOOK_PASSWORD", "supersecret"), b"");
            let printed = text(&output.stdout).to_owned() + text(&output.stderr);
            let is_answered = matches!(output.status.code(), Some(0 | 1));
            // A port or a duration may contain the number 401 alone.
            let is_refused = printed.contains("status 401")
                || printed.contains("credentials are missing or wrong");
            failures.check(format!("{command}: {printed}"), is_answered && !is_refused);
        }
    }

    failures.assert_none();
}

/// Whether this is `serve`, `preview`, or the program without a subcommand. Other tests run these.
fn serves_until_stopped(command: &str) -> bool {
    match command.split(' ').nth(1) {
        None | Some("serve" | "preview") => true,
        Some(word) => word.starts_with("--"),
    }
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// Runs a command on a terminal, in the system's shell rather than in the user's. Returns what it prints there.
pub fn on_terminal(command: &str, folder: &Path, environment: &[(&str, &str)]) -> Option<String> {
    if !is_installed("script") {
        return None;
    }
    let mut shell = shell(&format!("script -qec '{command}' /dev/null"), folder);
    shell.env_remove("NO_COLOR").envs([("TERM", "xterm"), ("SHELL", "/bin/sh")]);
    shell.envs(environment.iter().copied());
    let output = run(&mut shell, b"");
    Some(text(&output.stdout).to_owned())
}

/// A free port. Its number is below those of outgoing connections, so that none of these takes it.
fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = std::process::id().wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
        let port = 20_000 + u16::try_from(number % 10_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

#[test]
fn colour_needs_a_terminal_and_obeys_no_color() {
    let folder = work_folder();
    let escape = "\x1b[";
    let mut failures = Failures::default();

    // A message of clap, and a warning: every user can read the secret.
    let serve = "echo a-secret-of-some-length > secret; chmod 644 secret; \
                 HOOK__AUTH__BASIC__USERNAME=admin HOOK__AUTH__BASIC__PASSWORD_FILE=secret \
                 HOOK__SERVER__BIND=127.0.0.1:PORT registration-hook & \
                 until curl -s http://127.0.0.1:PORT/healthz >healthz; do sleep 0.1; done; \
                 kill -INT $!; wait";
    let serve = &serve.replace("PORT", &free_port().to_string());
    for command in ["registration-hook --help", serve] {
        let plain = run(&mut shell(&format!("({command}) 2>&1"), folder.path()), b"");
        failures.check(format!("{command} in a pipe"), !text(&plain.stdout).contains(escape));
        let Some(coloured) = on_terminal(command, folder.path(), &[]) else {
            continue;
        };
        let plain = on_terminal(command, folder.path(), &[("NO_COLOR", "1")]).unwrap();
        failures.check(format!("{command} on a terminal: {coloured}"), coloured.contains(escape));
        failures.check(format!("{command} with NO_COLOR: {plain}"), !plain.contains(escape));
    }

    failures.assert_none();
}

#[test]
fn a_decision_on_a_terminal_has_no_colour_with_no_color() {
    let folder = work_folder();
    let serve = "registration-hook & until curl -s http://127.0.0.1:$PORT/healthz >healthz; do sleep 0.1; done; \
                 registration-hook sample ssr \
                 | curl -s --json @- -H \"$HEADER\" http://127.0.0.1:$PORT/members; kill $!; wait";
    let port = free_port().to_string();
    let environment = [
        ("HEADER", AUTHORIZATION),
        ("PORT", &port),
        ("HOOK__SERVER__BIND", &format!("127.0.0.1:{port}")),
        ("HOOK__AUTH__BASIC__USERNAME", "admin"),
        ("HOOK__AUTH__BASIC__PASSWORD", "supersecret"),
        ("NO_COLOR", "1"),
    ];

    if let Some(printed) = on_terminal(serve, folder.path(), &environment) {
        assert!(printed.contains("members"), "{printed}");
        assert!(!printed.contains("\x1b["), "{printed}");
    }
}
