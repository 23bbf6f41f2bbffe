//! Rules that the source must keep: directions of imports, names and words. Each test reports every place
//! that breaks its rule.

mod absences;
mod imports;
mod names;
pub mod source;
mod words;

use crate::support::Failures;
use source::{SourceFile, source_files};

#[test]
fn no_source_file_is_longer_than_300_lines() {
    let files = source_files();
    let mut failures = Failures::default();

    for file in &files {
        let count = file.lines().count();
        failures.check(format!("{} has {count} lines; split it by idea", file.name), count <= 300);
    }

    failures.assert_none();
}

/// Users asked for these packages, so they must stay dependencies that the source uses.
#[test]
fn the_packages_that_users_asked_for_are_used() {
    let files = source_files();
    let manifest = include_str!("../../Cargo.toml");
    let mut failures = Failures::default();

    for package in ["actix-web", "serde", "serde_json", "base64", "env_logger", "config"] {
        let listed = manifest.lines().any(|line| line.starts_with(&format!("{package} = ")));
        let path = format!("{}::", package.replace('-', "_"));
        let used = files.iter().flat_map(SourceFile::code_lines).any(|line| {
            let text = line.text.trim_start();
            text.starts_with(&format!("use {path}")) || text.contains(&format!(" {path}"))
        });
        failures.check(format!("{package} is not listed"), listed);
        failures.check(format!("{package} is not used"), used);
    }

    failures.assert_none();
}
