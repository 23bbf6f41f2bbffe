//! Files that never stop changing do not hold up the others.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    reload::{HOOK, READY, admits, readiness, replace_file, rules, start, status},
    support::{BASIC, JSON, Service, program, registration, request, rules_folder, wait_until},
};

/// Writes all the time until it is dropped.
struct Writer(Arc<AtomicBool>, Option<thread::JoinHandle<()>>);

impl Writer {
    /// Appends to a file.
    fn append(path: &Path, line: &'static str) -> Self {
        let mut file = File::options().create(true).append(true).open(path).unwrap();
        Self::repeat(move || file.write_all(line.as_bytes()).unwrap())
    }

    fn repeat(mut write: impl FnMut() + Send + 'static) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let stop = done.clone();
        let thread = thread::spawn(move || {
            while !stop.load(Ordering::Acquire) {
                write();
                thread::sleep(Duration::from_millis(5));
            }
        });
        Self(done, Some(thread))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
        self.1.take().unwrap().join().unwrap();
    }
}

/// The file that changes is a decision log in the rules folder.
#[test]
fn files_that_no_rule_names_are_not_watched() {
    let folder = rules_folder(&[("hook.toml", &rules("old.example"))]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);
    let writer = Writer::append(&folder.path().join("decisions.log"), "{}\n");
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
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);
    let admits_city = |city: &str| {
        let form = format!(r#"{{"email":"a@new.example","city":"{city}"}}"#);
        service.post(HOOK, &registration(&form)).text().contains("ALLOW")
    };
    let writer = Writer::append(&folder.path().join("cities.txt"), "Rome\n");
    service.wait_for_log("files keep changing, so their last valid versions stay active: `");
    replace_file(folder.path(), "hook.toml", &text("new.example"));

    wait_until("the rules to be active", || admits(&service, "new.example"));

    assert!(admits_city("Oslo") && !admits_city("Rome"));
    assert_eq!(readiness(&service), READY);

    service.signal("HUP");
    service.wait_for_log("; rules: read again, unchanged (without files that keep changing)");

    assert!(!admits_city("Rome"));

    // SIGHUP has the file named again.
    service.wait_for_log_count("cities.txt`; write a new file", 2);

    drop(writer);
    wait_until("the list to be active", || admits_city("Rome"));

    let log = service.stderr();

    assert_eq!(log.matches("keep changing,").count(), 2, "{log}");
}

#[test]
fn a_list_that_is_rewritten_all_the_time_does_not_block_the_rules() {
    let text = |domain: &str| {
        format!(
            "[[self_service_registration.rules]]\nid = 'a'\nattribute = 'email'\ndomains = ['{domain}']\n\
             message = 'm'\n[[self_service_registration.rules]]\nid = 'b'\nattribute = 'city'\n\
             optional = true\none_of = {{ file = 'cities.txt' }}\nmessage = 'm'\n"
        )
    };
    let folder = rules_folder(&[("hook.toml", &text("old.example")), ("cities.txt", "Oslo\n")]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);
    let list = folder.path().join("cities.txt");
    let mut count = 0;
    let writer = Writer::repeat(move || {
        count += 1;
        fs::write(&list, format!("{count} is the first line\n")).unwrap();
    });
    service.wait_for_log("files keep changing, so their last valid versions stay active: `");
    replace_file(folder.path(), "hook.toml", &text("new.example"));

    wait_until("the rules to be active", || admits(&service, "new.example"));

    drop(writer);
}

/// A known file keeps its last valid text. New ones, such as a decision log in the rules folder, are
/// left out. The log names ten of them.
#[test]
fn rules_files_that_change_all_the_time_do_not_block_the_others() {
    let folder = rules_folder(&[
        ("busy.toml", &rules("kept.example")),
        ("hook.toml", &rules("old.example")),
    ]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);
    let mut paths = vec![folder.path().join("busy.toml")];
    for number in 0..12 {
        paths.push(folder.path().join(format!("new{number}.toml")));
    }
    let writer = Writer::repeat(move || {
        for path in &paths {
            fs::write(path, "[").unwrap();
        }
    });
    service.wait_for_log("stay active: `");
    replace_file(folder.path(), "hook.toml", &rules("new.example"));

    wait_until("the rules to be active", || admits(&service, "new.example"));

    let form = registration(r#"{"email":"a@kept.example"}"#);

    assert!(service.post("/busy", &form).text().contains("ALLOW"));
    assert_eq!(service.post("/new1", &form).status, 404);
    // On a slow machine the writer may pause for so long that a file is read, and rejected.
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
    let folder = rules_folder(&[("hook.toml", &rules("old.example")), ("secret", "A\n")]);
    let secret = folder.path().join("secret");
    let mut command = program();
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").arg("--rules").arg(folder.path());
    command.env(BASIC[0].0, BASIC[0].1).env("HOOK__AUTH__BASIC__PASSWORD_FILE", &secret);
    let service = Service::spawn(command.env("HOOK__RULES__RELOAD", "200ms"));
    let writer = Writer::append(&folder.path().join("hook.toml"), "# more\n");
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

/// Even if nothing else starts a read.
#[test]
fn files_that_change_too_long_for_sighup_are_read_when_they_stop() {
    let folder = rules_folder(&[("registrationHookSSR.toml", &rules("okta.com"))]);
    let settings = folder.path().join("settings");
    let auth = |password| format!("[auth.basic]\nusername = 'admin'\npassword = '{password}'\n");
    fs::write(&settings, auth("A")).unwrap();
    let mut command = program();
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").env("HOOK__RULES__RELOAD", "off");
    command.arg("--rules").arg(folder.path()).arg("--config").arg(&settings);
    let service = Service::spawn(&mut command);
    fs::write(&settings, auth("B")).unwrap();
    let writer = Writer::append(&settings, "# more\n");
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
