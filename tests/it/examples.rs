//! The policies in `examples`: their rules are valid, and their answers are those recorded beside.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{Failures, program, repository, run, text};

/// The folder of each policy.
fn policies() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository("examples")).unwrap();
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("rules").is_dir());
    folders.sort();
    folders
}

/// The command with the rules of a policy, and its settings if it has any.
fn with_files_of(folder: &Path, mut command: Command) -> Command {
    let settings = folder.join("registration-hook.toml");
    if settings.exists() {
        command.arg("--config").arg(settings);
    }
    command.arg("--rules").arg(folder.join("rules"));
    command
}

#[test]
fn the_table_names_each_example() {
    let folders = policies();

    assert_eq!(folders.len(), 12, "{folders:?}");

    let table = fs::read_to_string(repository("examples/README.md")).unwrap();
    let mut failures = Failures::default();

    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap();

        failures.check(name, table.contains(&format!("\n| [{name}]({name}/rules) |")));
    }

    failures.assert_none();
}

#[test]
fn example_rules_are_valid_probed_and_covered() {
    let mut failures = Failures::default();

    for folder in policies() {
        let output = run(
            with_files_of(&folder, program())
                .args(["check", "--probe", "--coverage"])
                .arg(folder.join("fixtures")),
            b"",
        );
        let printed = text(&output.stdout).to_owned() + text(&output.stderr);

        failures.check_eq(
            format!("{}: {printed}", folder.display()),
            output.status.code(),
            Some(0),
        );
    }

    failures.assert_none();
}

#[test]
fn example_rules_answer_as_recorded() {
    let mut failures = Failures::default();

    for folder in policies() {
        let output =
            run(with_files_of(&folder, program()).arg("replay").arg(folder.join("fixtures")), b"");
        let printed = text(&output.stdout).to_owned() + text(&output.stderr);

        failures.check_eq(
            format!("{}: {printed}", folder.display()),
            output.status.code(),
            Some(0),
        );
        let last = text(&output.stdout).lines().last().unwrap();
        let passed: usize = last.strip_suffix(" passed, 0 failed").unwrap().parse().unwrap();
        failures.check(format!("{}: {last}", folder.display()), passed >= 3);
    }

    failures.assert_none();
}
