//! Files that never stop changing do not hold up the others.

use std::{
    fs::{self, File},
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    reload::{HOOK, READY, admits, readiness, replace_file, rules, start, status},
    support::{BASIC, JSON, Service, program, registration, request, rules_folder, wait_until},
};

/// One try of a scenario.
struct Try {
    /// The interval at which the service checks files.
    reload: &'static str,
    /// The longest pause of the scenario's writer so far.
    longest_pause: Arc<Mutex<Duration>>,
}

impl Try {
    /// Whether the writer has paused for almost as long as the shortest interval of checks: 100 ms after SIGHUP. If
    /// so, a check may have seen no change.
    fn has_paused(&self) -> bool {
        *self.longest_pause.lock().unwrap() > Duration::from_millis(80)
    }
}

/// Runs a scenario. Repeats it with longer intervals if it fails after a pause of its writer, which proves nothing.
/// Without a pause, a failure counts at once.
fn repeat_after_pauses(scenario: fn(&Try)) {
    for reload in ["200ms", "400ms", "1s", "2s", "3s"] {
        let one = Try { reload, longest_pause: Arc::default() };
        let result = catch_unwind(AssertUnwindSafe(|| scenario(&one)));
        match result {
            Ok(()) => return,
            Err(_) if one.has_paused() && reload != "3s" => {}
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Writes to files all the time until it is dropped.
struct Writer {
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    /// Appends a line to a file again and again.
    fn append(one: &Try, path: &Path, line: &'static str) -> Self {
        let mut file = append_to(path);
        Self::repeat(one, move || file.write_all(line.as_bytes()).unwrap())
    }

    fn repeat(one: &Try, mut write: impl FnMut() + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let is_stopped = stop.clone();
        let longest_pause = one.longest_pause.clone();
        let thread = thread::spawn(move || {
            let mut last = Instant::now();
            while !is_stopped.load(Ordering::Acquire) {
                write();
                let pause = last.elapsed();
                let mut longest = longest_pause.lock().unwrap();
                *longest = pause.max(*longest);
                drop(longest);
                last = Instant::now();
                thread::sleep(Duration::from_millis(5));
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn append_to(path: &Path) -> File {
    File::options().create(true).append(true).open(path).unwrap()
}

/// The file that changes is a decision log in the rules folder.
#[test]
fn files_that_no_rule_names_are_not_watched() {
    repeat_after_pauses(log_beside_rules);
}

fn log_beside_rules(one: &Try) {
    let folder = rules_folder(&[("hook.toml", &rules("old.example"))]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", one.reload)]);
    let writer = Writer::append(one, &folder.path().join("decisions.log"), "{}\n");
    replace_file(folder.path(), "hook.toml", &rules("new.example"));
    wait_until("the rules to be active", || admits(&service, "new.example"));
    service.signal("HUP");
    service
        .wait_for_log("SIGHUP: credentials: read again, unchanged; rules: read again, unchanged\n");

    drop(writer);

    assert!(!service.stderr().contains("keep changing"), "{}", service.stderr());
}

/// The list keeps its last stable content, and the rules beside it are reloaded.
#[test]
fn a_list_that_changes_all_the_time_does_not_block_the_rules() {
    repeat_after_pauses(list_that_changes);
}

fn list_that_changes(one: &Try) {
    let text = |domain: &str| {
        rules(domain)
            + r#"[[self_service_registration.rules]]
id = "listed"
attribute = "city"
optional = true
one_of = { file = "cities.txt" }
message = "Not this city."
"#
    };
    let folder = rules_folder(&[("hook.toml", &text("old.example")), ("cities.txt", "Oslo\n")]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", one.reload)]);
    let admits_city = |city: &str| {
        let form = format!(r#"{{"email":"a@new.example","city":"{city}"}}"#);
        service.post(HOOK, &registration(&form)).text().contains("ALLOW")
    };
    let writer = Writer::append(one, &folder.path().join("cities.txt"), "Rome\n");
    service.wait_for_log("files keep changing, so their last valid versions stay active: `");
    replace_file(folder.path(), "hook.toml", &text("new.example"));

    wait_until("the rules to be active", || admits(&service, "new.example"));

    assert!(admits_city("Oslo") && !admits_city("Rome"));
    assert_eq!(readiness(&service), READY);

    service.signal("HUP");
    service.wait_for_log("; rules: read again, unchanged (without files that keep changing)");

    assert!(!admits_city("Rome"));

    // After SIGHUP, the log names the file once more.
    service.wait_for_log_count("cities.txt`; write a new file", 2);

    drop(writer);
    wait_until("the list to be active", || admits_city("Rome"));

    let log = service.stderr();

    assert_eq!(log.matches("keep changing,").count(), 2, "{log}");
}

/// Unlike a list with lines added at its end, this one never begins with the last valid text.
#[test]
fn a_list_that_is_rewritten_all_the_time_does_not_block_the_rules() {
    repeat_after_pauses(list_that_is_rewritten);
}

fn list_that_is_rewritten(one: &Try) {
    let text = |domain: &str| {
        format!(
            "[[self_service_registration.rules]]\nid = 'a'\nattribute = 'email'\ndomains = ['{domain}']\n\
             message = 'm'\n[[self_service_registration.rules]]\nid = 'b'\nattribute = 'city'\n\
             optional = true\none_of = {{ file = 'cities.txt' }}\nmessage = 'm'\n"
        )
    };
    let folder = rules_folder(&[("hook.toml", &text("old.example")), ("cities.txt", "Oslo\n")]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", one.reload)]);
    let list = folder.path().join("cities.txt");
    let mut count = 0;
    let writer = Writer::repeat(one, move || {
        count += 1;
        fs::write(&list, format!("{count} is the first line\n")).unwrap();
    });
    service.wait_for_log("files keep changing, so their last valid versions stay active: `");
    replace_file(folder.path(), "hook.toml", &text("new.example"));

    wait_until("the rules to be active", || admits(&service, "new.example"));

    drop(writer);
}

/// A file that was valid keeps its last valid text, and new files are left out. The log names up to ten of the
/// changing files.
#[test]
fn rules_files_that_change_all_the_time_do_not_block_the_others() {
    repeat_after_pauses(rules_files_that_change);
}

fn rules_files_that_change(one: &Try) {
    let folder = rules_folder(&[
        ("busy.toml", &rules("kept.example")),
        ("hook.toml", &rules("old.example")),
    ]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", one.reload)]);
    let mut paths = vec![folder.path().join("busy.toml")];
    for number in 0..12 {
        paths.push(folder.path().join(format!("new{number}.toml")));
    }
    let mut files = Vec::new();
    for path in &paths {
        fs::write(path, "[\n").unwrap();
        files.push(append_to(path));
    }
    // The writer only appends: to truncate files again and again, it would wait for the disk.
    let writer = Writer::repeat(one, move || {
        for file in &mut files {
            file.write_all(b"\n").unwrap();
        }
    });
    service.wait_for_log("stay active: `");
    replace_file(folder.path(), "hook.toml", &rules("new.example"));

    wait_until("the rules to be active", || admits(&service, "new.example"));

    let form = registration(r#"{"email":"a@kept.example"}"#);

    assert!(service.post("/busy", &form).text().contains("ALLOW"));
    assert_eq!(service.post("/new1", &form).status, 404);
    // On a slow machine the writer may pause for so long that a file is read, and rejected: `[` is not valid.
    wait_until("the rules not to be stale", || readiness(&service) == READY);

    drop(writer);

    let log = service.wait_for_log("new1.toml:1:2: ");

    assert!(log.contains("busy.toml`, `") && log.contains(" more; write a new file"), "{log}");
    for line in log.lines().filter(|line| line.contains("keep changing")) {
        assert!(line.matches("`, `").count() < 10, "{line}");
    }
    assert!(service.post("/busy", &form).text().contains("ALLOW"));
}

/// SIGHUP is answered, and secrets are reloaded.
#[test]
fn rules_that_change_all_the_time_do_not_block_credentials() {
    repeat_after_pauses(rules_beside_credentials);
}

fn rules_beside_credentials(one: &Try) {
    let folder = rules_folder(&[("hook.toml", &rules("old.example")), ("secret", "A\n")]);
    let secret = folder.path().join("secret");
    let mut command = program();
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").arg("--rules").arg(folder.path());
    command.env(BASIC[0].0, BASIC[0].1).env("HOOK__AUTH__BASIC__PASSWORD_FILE", &secret);
    let service = Service::spawn(command.env("HOOK__RULES__RELOAD", one.reload));
    let writer = Writer::append(one, &folder.path().join("hook.toml"), "# more\n");
    fs::write(&secret, "B\n").unwrap();
    let admitted = |password: &str| {
        let pair = STANDARD.encode(format!("admin:{password}"));
        let header = format!("Authorization: Basic {pair}");
        let request = request("POST", HOOK, &[&header, JSON], &registration("{}"));
        service.send(&request).status == 200
    };
    wait_until("the new password", || admitted("B"));
    // On a slow machine the writer may pause for so long that the rules are read.
    wait_until("SIGHUP to be answered while the rules change", || {
        service.signal("HUP");
        thread::sleep(Duration::from_millis(500));
        let answer = "rules: read again, unchanged (without files that keep changing)\n";
        service.stderr().contains(answer)
    });
    drop(writer);
}

/// The service does not check files at intervals, and gets no second SIGHUP, so nothing else starts a read.
#[test]
fn files_that_change_too_long_for_sighup_are_read_when_they_stop() {
    repeat_after_pauses(settings_that_change);
}

fn settings_that_change(one: &Try) {
    let folder = rules_folder(&[("registrationHookSSR.toml", &rules("okta.com"))]);
    let settings = folder.path().join("settings");
    let auth = |password| format!("[auth.basic]\nusername = 'admin'\npassword = '{password}'\n");
    fs::write(&settings, auth("A")).unwrap();
    let mut command = program();
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").env("HOOK__RULES__RELOAD", "off");
    command.arg("--rules").arg(folder.path()).arg("--config").arg(&settings);
    let service = Service::spawn(&mut command);
    fs::write(&settings, auth("B")).unwrap();
    let writer = Writer::append(one, &settings, "# more\n");
    service.signal("HUP");
    let log = service.wait_for_log("SIGHUP: ");

    assert!(
        log.contains(
            "SIGHUP: credentials: not yet read, since files are changing; rules: read again"
        ),
        "{log}"
    );
    assert_eq!(status(&service, "B"), 401);

    drop(writer);
    wait_until("the new password", || status(&service, "B") == 200);
}
