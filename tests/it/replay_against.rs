//! `replay --against`: the requests whose decision a change of rules turns.

use std::{fs, path::Path};

use crate::support::{program, registration, run, text};

/// Rules that admit these domains.
fn rules(domains: &str) -> String {
    format!(
        "[[self_service_registration.rules]]\nid = \"okta-email\"\nattribute = \"email\"\n\
         domains = [{domains}]\nmessage = \"No.\"\n"
    )
}

/// Old rules, new rules and recorded requests of the hook `members`.
struct Folders {
    all: tempfile::TempDir,
}

impl Folders {
    fn new(old: &str, new: &str) -> Self {
        let folders = Self { all: tempfile::tempdir().unwrap() };
        for folder in ["old", "new", "recorded/members"] {
            fs::create_dir_all(folders.all.path().join(folder)).unwrap();
        }
        folders.write("old/members.toml", old);
        folders.write("new/members.toml", new);
        folders
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.all.path().join(name), content).unwrap();
    }

    /// Records a registration with this address. Writes no answer, which a comparison of rules does not need.
    fn record(&self, case: &str, email: &str) {
        let request = registration(&format!(r#"{{"email":"{email}"}}"#));
        self.write(&format!("recorded/members/{case}.request.json"), request);
    }

    fn compare(&self) -> (Option<i32>, String) {
        let path = |name: &str| self.all.path().join(name);
        compare(&path("recorded"), &path("new"), &path("old"))
    }
}

fn compare(recorded: &Path, new: &Path, old: &Path) -> (Option<i32>, String) {
    let mut command = program();
    command.arg("--rules").arg(new).arg("replay").arg(recorded).arg("--against").arg(old);
    let output = run(&mut command, b"");
    (output.status.code(), text(&output.stdout).to_owned() + text(&output.stderr))
}

#[test]
fn turned_decisions_are_counted_and_named_among_many() {
    let folders = Folders::new(&rules(r#""okta.com", "example.com""#), &rules(r#""okta.com""#));
    for number in 0..1237 {
        folders.record(&format!("same-{number}"), "a@okta.com");
    }
    for number in 0..3 {
        folders.record(&format!("turned-{number}"), "a@example.com");
    }

    let (code, printed) = folders.compare();

    assert_eq!(code, Some(1));
    assert_eq!(
        printed,
        "1,240 requests: 3 from allow to deny by `okta-email`, 0 from deny to allow\n  \
         members/turned-0: allow → deny by `okta-email`\n  \
         members/turned-1: allow → deny by `okta-email`\n  \
         members/turned-2: allow → deny by `okta-email`\n\n\
         1237 passed, 3 failed\n"
    );
}

#[test]
fn other_words_of_a_denial_are_counted_and_change_no_decision() {
    let new = rules(r#""okta.com""#);
    let folders = Folders::new(&new.replace("No.", "Sorry."), &new);
    folders.record("denied", "a@example.com");

    let (code, printed) = folders.compare();

    assert_eq!(code, Some(0));
    assert!(
        printed.contains(", 1 with the same decision and other texts or causes\n"),
        "{printed}"
    );
}

#[test]
fn updates_are_compared_by_their_values() {
    let set = |pairs: &str| {
        format!("[self_service_registration]\nallow_all = true\nset = {{ {pairs} }}\n")
    };
    let folders = Folders::new(&set(r#"a = "x", b = "y""#), &set(r#"b = "y", a = "x""#));
    folders.record("updated", "a@okta.com");

    assert_eq!(folders.compare().0, Some(0));

    folders.write("new/members.toml", set(r#"a = "x", b = "z""#));
    let (code, printed) = folders.compare();

    assert_eq!(code, Some(1));
    assert!(printed.contains("members/updated: updated with other values"), "{printed}");
    assert!(printed.contains("-        \"b\": \"y\"\n"), "{printed}");
}

#[test]
fn requests_to_a_new_hook_turn_nothing() {
    let folders = Folders::new(&rules(r#""okta.com""#), &rules(r#""okta.com""#));
    folders.record("allowed", "a@okta.com");
    fs::rename(
        folders.all.path().join("old/members.toml"),
        folders.all.path().join("old/others.toml"),
    )
    .unwrap();

    let (code, printed) = folders.compare();

    assert_eq!(code, Some(0));
    assert!(printed.contains(", 1 to hooks that the rules of --against lack\n"), "{printed}");
}

#[test]
fn recorded_results_that_the_other_rules_do_not_use_are_ignored() {
    let with_lookup = |returns: &str| {
        format!(
            "[self_service_registration.lookups.member]\nfile = \"members.csv\"\n\
             match = {{ email = \"{{email}}\" }}\nreturns = [{returns}]\n\n\
             [[self_service_registration.rules]]\nid = \"member\"\nlookup = \"member\"\n\
             message = \"No.\"\nreason = \"X\"\nlocation = \"data.userProfile.email\"\n"
        )
    };
    let folders = Folders::new(&with_lookup(r#""level""#), &with_lookup(r#""level", "name""#));
    for folder in ["old", "new"] {
        folders.write(&format!("{folder}/members.csv"), "email,level,name\na@okta.com,gold,Ann\n");
    }
    folders.record("found", "a@okta.com");
    let results = r#"{"member":{"level":"gold","name":"Ann"}}"#;
    folders.write("recorded/members/found.lookups.json", results);

    let (code, printed) = folders.compare();

    assert_eq!(code, Some(0), "{printed}");

    folders.write("old/members.toml", rules(r#""okta.com""#));
    let (code, printed) = folders.compare();

    assert_eq!(code, Some(0), "{printed}");
}
