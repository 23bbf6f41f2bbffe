//! Recorded requests: `<hook>/<case>.request.json`, each with its `<case>.response.json`.

use std::{
    io,
    path::{Path, PathBuf},
};

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
    /// Answers the request by these rules, and returns the result of `use_answer`.
    pub(super) fn answer<T>(
        &self,
        rules: &RuleSet,
        use_answer: impl FnOnce(&HookAnswer<'_, '_>) -> T,
    ) -> Result<T, Problem> {
        let Some(hook) = rules.hooks.get(&self.hook) else {
            return Err(problem(&self.request, "no rules file is named like its folder"));
        };
        let request = match read_file(&self.request) {
            Ok(request) => request,
            Err(error) => return Err(problem(&self.request, error.to_string())),
        };
        match pipeline::answer(hook, &request, &clock::facts()) {
            Ok(answer) => Ok(use_answer(&answer)),
            Err(error) => Err(problem(&self.request, error.to_string())),
        }
    }
}

/// The cases of a folder, and the problems of files and folders in it.
pub(super) fn read(directory: &Path) -> Result<Vec<Result<Case, Problem>>, CliError> {
    let (folders, files): (Vec<_>, Vec<_>) =
        entries(directory)?.into_iter().partition(|path| path.is_dir());
    if folders.is_empty() {
        let hint = format!("put one at <hook>/<case>{REQUEST}");
        let message = format!("there is no recorded request; {hint}");
        return Err(problem(directory, message).into());
    }
    let mut cases = Vec::new();
    let (links, folders): (Vec<_>, Vec<_>) =
        folders.into_iter().partition(|path| path.is_symlink());
    for link in links {
        let message = "this is a symbolic link; put the folder itself here";
        cases.push(Err(problem(&link, message)));
    }
    for file in files {
        if file.extension() == Some("json".as_ref()) {
            let message = "a recorded request belongs in a folder that is named like its hook";
            cases.push(Err(problem(&file, message)));
        }
    }
    for folder in folders {
        add_cases(&folder, &mut cases)?;
    }
    Ok(cases)
}

/// Adds the cases of one hook.
fn add_cases(folder: &Path, cases: &mut Vec<Result<Case, Problem>>) -> Result<(), Problem> {
    let files = entries(folder)?;
    if files.is_empty() {
        cases.push(Err(problem(folder, "there is no recorded request in this folder")));
    }
    let hook = folder.file_name().unwrap_or_default().to_string_lossy();
    for path in files {
        match read_case(&hook, path) {
            Ok(Some(case)) => cases.push(Ok(case)),
            Ok(None) => {}
            Err(problem) => cases.push(Err(problem)),
        }
    }
    Ok(())
}

/// The content of a recorded request or answer. Refuses symbolic links, since `replay` writes answers.
pub(super) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    file::read_bytes(path, FileKind::Fixture, Links::Refuse)
}

/// The case of a file with a request. Returns `None` for the answer to a recorded request.
fn read_case(hook: &str, path: PathBuf) -> Result<Option<Case>, Problem> {
    let name = path.display().to_string();
    if let Some(case) = name.strip_suffix(REQUEST) {
        let response = format!("{case}{RESPONSE}").into();
        return Ok(Some(Case { hook: hook.to_owned(), request: path, response }));
    }
    let Some(case) = name.strip_suffix(RESPONSE) else {
        return Err(problem(&path, format!("expected a name ending in {REQUEST} or {RESPONSE}")));
    };
    let request = format!("{case}{REQUEST}");
    if Path::new(&request).exists() {
        return Ok(None);
    }
    let hint = format!("remove it, or record {request}");
    Err(problem(&path, format!("there is no request to this answer; {hint}")))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    match file::entries(folder) {
        Ok(entries) => Ok(entries),
        Err(error) => Err(problem(folder, format!("cannot read the folder: {error}"))),
    }
}

fn problem(path: &Path, message: impl Into<String>) -> Problem {
    Problem::named(path.display().to_string(), message)
}
