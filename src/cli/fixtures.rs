//! Recorded requests: `<hook>/<case>.request.json`, each with its `<case>.response.json`.

use std::path::{Path, PathBuf};

use super::CliError;
use crate::{
    clock,
    file::{self, FileKind, Links},
    pipeline::{self, HookAnswer},
    problem::Problem,
    rule::RuleSet,
};

const REQUEST: &str = ".request.json";
const RESPONSE: &str = ".response.json";

/// A recorded request and the file of its recorded answer.
pub(super) struct Case {
    pub(super) hook: String,
    pub(super) request: PathBuf,
    pub(super) response: PathBuf,
}

impl Case {
    /// The content of the recorded request.
    pub(super) fn read_request(&self) -> Result<Vec<u8>, Problem> {
        read_fixture(&self.request).map_err(|why| problem(&self.request, why))
    }

    /// The content of the recorded answer. An error says why it cannot be read.
    pub(super) fn read_response(&self) -> Result<Vec<u8>, String> {
        read_fixture(&self.response)
    }

    /// Answers this request by these rules.
    pub(super) fn answer<'r, 'b>(
        &self,
        rules: &'r RuleSet,
        request: &'b [u8],
    ) -> Result<HookAnswer<'r, 'b>, Problem> {
        let Some(hook) = rules.hooks.get(&self.hook) else {
            return Err(problem(&self.request, "no rules file is named like its folder"));
        };
        pipeline::answer(hook, request, &clock::facts())
            .map_err(|error| problem(&self.request, error.to_string()))
    }
}

/// The cases of a folder, and the problems of files and folders in it. Hidden ones are ignored.
pub(super) fn read_cases(directory: &Path) -> Result<Vec<Result<Case, Problem>>, CliError> {
    let mut cases = Vec::new();
    let mut has_folder = false;
    for path in entries(directory)? {
        if path.is_dir() {
            has_folder = true;
            add_cases_of_hook(&path, &mut cases)?;
        } else if path.extension() == Some("json".as_ref()) {
            let message = "a recorded request belongs in a folder that is named like its hook";
            cases.push(Err(problem(&path, message)));
        }
    }
    if !has_folder {
        let message = format!("there is no recorded request; put one at <hook>/<case>{REQUEST}");
        return Err(problem(directory, message).into());
    }
    Ok(cases)
}

/// Adds the cases of a folder that is named like a hook.
fn add_cases_of_hook(folder: &Path, cases: &mut Vec<Result<Case, Problem>>) -> Result<(), Problem> {
    if folder.is_symlink() {
        let message = "this is a symbolic link; put the folder itself here";
        cases.push(Err(problem(folder, message)));
        return Ok(());
    }
    let hook = match utf8_name(folder) {
        Ok(hook) => hook,
        Err(problem) => {
            cases.push(Err(problem));
            return Ok(());
        }
    };
    let files = entries(folder)?;
    if files.is_empty() {
        cases.push(Err(problem(folder, "there is no recorded request in this folder")));
    }
    for path in files {
        match read_case(hook, path) {
            Ok(Some(case)) => cases.push(Ok(case)),
            Ok(None) => {}
            Err(problem) => cases.push(Err(problem)),
        }
    }
    Ok(())
}

/// The case of a request's file. Returns `None` for the file of an answer whose request is recorded.
fn read_case(hook: &str, path: PathBuf) -> Result<Option<Case>, Problem> {
    let name = utf8_name(&path)?;
    if let Some(case) = name.strip_suffix(REQUEST) {
        let response = path.with_file_name(format!("{case}{RESPONSE}"));
        return Ok(Some(Case { hook: hook.to_owned(), request: path, response }));
    }
    let Some(case) = name.strip_suffix(RESPONSE) else {
        return Err(problem(&path, format!("expected a name ending in {REQUEST} or {RESPONSE}")));
    };
    let request = path.with_file_name(format!("{case}{REQUEST}"));
    if request.exists() {
        return Ok(None);
    }
    let hint = format!("remove it, or record {}", request.display());
    Err(problem(&path, format!("there is no request to this answer; {hint}")))
}

/// The last part of a path. Hooks and cases have names in UTF-8.
fn utf8_name(path: &Path) -> Result<&str, Problem> {
    match path.file_name().unwrap_or_default().to_str() {
        Some(name) => Ok(name),
        None => Err(problem(path, "the name is not UTF-8; rename it")),
    }
}

/// Refuses symbolic links, since `replay` writes answers.
fn read_fixture(path: &Path) -> Result<Vec<u8>, String> {
    file::read_bytes(path, FileKind::Fixture, Links::Refuse).map_err(|error| error.to_string())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    match file::entries(folder) {
        Ok(mut entries) => {
            entries.retain(|path| !file::is_hidden(path.file_name().unwrap_or_default()));
            Ok(entries)
        }
        Err(error) => Err(problem(folder, format!("cannot read the folder: {error}"))),
    }
}

fn problem(path: &Path, message: impl Into<String>) -> Problem {
    Problem::named(path.display().to_string(), message)
}
