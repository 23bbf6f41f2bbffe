//! Opens rules files and recorded requests for the page.

use std::{io, path::Path};

use serde::Serialize;

use super::{FixtureFiles, Page, rules};
use crate::{
    file::{self, FileKind},
    load::{self, RulesSource},
};

/// A rules file that the page opens.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum OpenedRulesFile {
    Text(String),
    /// Why the file cannot be read.
    Problem(String),
}

/// A recorded request that the page opens.
#[derive(Serialize)]
struct OpenedFixture {
    request: String,
    /// The recorded results of lookups, as JSON. `None` without a file.
    lookups: Option<String>,
}

/// Reads a rules file. Returns its text as JSON, or why it cannot be read. Returns `None` if the rules folder has no
/// such file.
pub(super) fn open_rules_file(page: &Page, path: &str) -> Option<String> {
    let RulesSource::Folder(directory) = &page.rules_source else {
        return None;
    };
    // Only listed files are read, so that the name cannot be another path.
    let files = rules::rules_files(page);
    let listed = files.iter().find(|listed| listed.display().to_string() == path)?;
    let opened = match read_rules_file(directory, listed) {
        Ok(text) => OpenedRulesFile::Text(text),
        Err(error) => OpenedRulesFile::Problem(error.to_string()),
    };
    serde_json::to_string(&opened).ok()
}

/// Reads a rules file. Fails if a symbolic link leads out of the rules folder: other files may hold secrets.
fn read_rules_file(directory: &Path, path: &Path) -> io::Result<String> {
    file::read_text(&load::target_in_folder(directory, path)?, FileKind::Rules)
}

/// Reads a recorded request. Returns it as JSON, or `None` if there is none of this name.
pub(super) fn open_fixture(page: &Page, hook: &str, case: &str) -> Option<String> {
    let FixtureFiles { request, lookups } =
        (page.fixtures.find)(&page.fixtures.directory, hook, case)?;
    let opened =
        OpenedFixture { request: read_fixture(&request)?, lookups: read_fixture(&lookups) };
    serde_json::to_string(&opened).ok()
}

fn read_fixture(path: &Path) -> Option<String> {
    file::read_text(path, FileKind::Fixture).ok()
}
