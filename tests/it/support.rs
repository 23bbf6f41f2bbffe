//! Helpers of many tests: they run the program, and wait for its effects.

use std::{
    ffi::OsStr,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

mod failures;
mod http;
mod rules;
mod service;
mod time;

pub use failures::Failures;
pub use http::{AUTHORIZATION, Answer, JSON, request};
pub use rules::{hook, lint_rules, load_rules, registration, rules_folder};
pub use service::{BASIC, Service};
pub use time::{CpuTimer, Stopwatch};

/// The longest run of a command. One that takes longer is stuck.
const LONGEST_RUN: Duration = Duration::from_secs(300);

/// The variables that the program reads besides those that begin with `HOOK__`.
const OTHER_VARIABLES: [&str; 7] =
    ["PORT", "RUST_LOG", "http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"];

/// The path of a file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The program, in a folder with the guide's rules and no settings file, and without the settings of this
/// process. The user may change `rules` and `tests/fixtures`, so the tests have copies.
pub fn program() -> Command {
    let mut command = isolated(env!("CARGO_BIN_EXE_registration-hook"));
    command.current_dir(repository("tests/guide"));
    command
}

/// A program without the settings in this process's environment.
pub fn isolated(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in OTHER_VARIABLES {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_uppercase().starts_with("HOOK__") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end with these bytes on standard input.
///
/// # Panics
///
/// If the command takes more than [`LONGEST_RUN`]. The command is then left running: even after a kill, its
/// children may hold its output open.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The write fails if the program ends without reading its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(LONGEST_RUN) else {
        panic!("still running after {LONGEST_RUN:?}: {command:?}");
    };
    output.unwrap()
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A command that the kernel kills after so many seconds of processor time, which other work of this machine
/// does not use up.
pub fn with_processor_limit(command: &Command, seconds: u64) -> Command {
    let mut limited = isolated("sh");
    limited.args(["-c", &format!("ulimit -c 0; ulimit -t {seconds}; exec \"$0\" \"$@\"")]);
    limited.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited
}

/// The longest wait for a condition, even on a busy machine.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// Calls `look` until it finds something, and returns that. Fails after [`LONGEST_WAIT`].
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < LONGEST_WAIT, "timed out waiting for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until the condition holds. Fails after [`LONGEST_WAIT`].
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    wait_for(what, || if holds() { Some(()) } else { None });
}

/// JSON without the white space between its tokens, in the same order.
pub fn compact(json: &str) -> String {
    let mut out = String::new();
    let mut in_string = false;
    let mut after_backslash = false;
    for letter in json.chars() {
        if in_string || !letter.is_whitespace() {
            out.push(letter);
        }
        match letter {
            _ if after_backslash => after_backslash = false,
            '\\' => after_backslash = true,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    out
}
