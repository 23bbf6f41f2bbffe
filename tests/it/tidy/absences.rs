//! Code that parts of the source must not have.

use super::source::{SourceFile, files_of, source_files};
use crate::support::Failures;

const CLOCK: &[&str] = &["SystemTime", "Instant::now", "Timestamp::now", "Zoned::now"];

/// Records every line of code of these modules that has one of the words.
fn check_absent(failures: &mut Failures, files: &[SourceFile], modules: &[&str], words: &[&str]) {
    for file in files_of(files, modules) {
        for line in file.code_lines() {
            for word in words.iter().filter(|word| line.text.contains(**word)) {
                failures.add(format!("{} has `{word}`: {}", line.place, line.text.trim()));
            }
        }
    }
}

#[test]
fn core_does_not_mention_http_files_environment_clocks_sockets_or_logs() {
    let files = source_files();
    let outside = [
        "actix",
        "std::fs",
        "fs::",
        "std::env",
        "env::",
        "std::io",
        "std::net",
        "tokio",
        "log::",
        "println",
        "SystemTime",
        "Instant",
        "Timestamp::now",
        "Zoned::now",
    ];
    let mut failures = Failures::default();

    check_absent(&mut failures, &files, &["okta", "rule"], &outside);

    failures.assert_none();
}

#[test]
fn loader_and_lints_do_not_read_the_clock() {
    let files = source_files();
    let mut failures = Failures::default();

    check_absent(&mut failures, &files, &["load", "lint"], CLOCK);

    failures.assert_none();
}

#[test]
fn authentication_does_not_mention_the_http_library() {
    let files = source_files();
    let mut failures = Failures::default();

    check_absent(&mut failures, &files, &["auth"], &["actix"]);

    failures.assert_none();
}

#[test]
fn authentication_reads_the_clock_only_where_it_fetches_keys() {
    let fetching = ["auth::issuer", "auth::refresh"];
    let files = source_files();
    let mut failures = Failures::default();

    for file in files_of(&files, &["auth"]) {
        for line in file.code_lines() {
            let reads_clock = line.text.contains("::now()") || line.text.contains(".elapsed()");
            let is_allowed = !reads_clock || fetching.contains(&file.module.as_str());
            failures.check(format!("{}: {}", line.place, line.text.trim()), is_allowed);
        }
    }

    failures.assert_none();
}

#[test]
fn only_the_flow_table_and_the_encoder_name_commands() {
    let files = source_files();
    let has_commands = ["okta::flow", "okta::response"];
    let mut failures = Failures::default();

    for file in files.iter().filter(|file| !has_commands.contains(&file.module.as_str())) {
        for line in file.lines() {
            let has_command = line.text.contains("com.okta.")
                && !line.text.contains("com.okta.user.pre-registration");
            failures.check(format!("{}: {}", line.place, line.text.trim()), !has_command);
        }
    }

    failures.assert_none();
}

#[test]
fn only_the_settings_read_the_environment() {
    let files = source_files();
    let mut failures = Failures::default();

    for file in files.iter().filter(|file| file.module != "settings") {
        for line in file.code_lines() {
            let row = format!("{}: {}", line.place, line.text.trim());
            failures.check(row, !line.text.contains("env::var"));
        }
    }

    failures.assert_none();
}

/// The types that hold an end user's values or the service's secrets.
const UNPRINTABLE: &[&str] = &[
    "Secrets",
    "Authenticator",
    "Value",
    "Attribute",
    "Form",
    "Request",
    "Assignment",
    "LanguageTag",
];

#[test]
fn types_with_secrets_or_profile_values_cannot_be_printed() {
    let files = source_files();
    let mut failures = Failures::default();

    for name in UNPRINTABLE {
        let mut is_defined = false;
        for file in files_of(&files, &["auth", "okta"]) {
            for attributes in definitions(file, name) {
                is_defined = true;
                for printing in ["Debug", "Display"] {
                    let row = format!("{}: `{name}` derives {printing}", file.name);
                    failures.check(row, !attributes.contains(printing));
                }
            }
            for printing in ["Debug", "Display"] {
                let row = format!("{}: `{name}` implements {printing}", file.name);
                failures.check(row, !file.text.contains(&format!("{printing} for {name}")));
            }
        }
        failures.check(format!("`{name}` is not defined in `auth` or `okta`"), is_defined);
    }

    failures.assert_none();
}

/// The comments and attributes above each definition of a type of this name.
fn definitions<'a>(file: &'a SourceFile, name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for keyword in ["struct", "enum"] {
        let start = format!("{keyword} {name}");
        for (at, _) in file.text.match_indices(&start) {
            let (before, after) = file.text.split_at(at);
            let is_whole = !after[start.len()..].starts_with(char::is_alphanumeric);
            if is_whole {
                found.push(before.rsplit("\n\n").next().unwrap());
            }
        }
    }
    found
}
