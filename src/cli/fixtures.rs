//! Recorded requests: `<hook>/<case>.request.json`, each with its `<case>.response.json`.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::CliError;
use crate::{
    file::{self, Kind, Links},
    pipeline::{self, Answer},
    problem::Problem,
    rule::RuleSet,
};

const REQUEST: &str = ".request.json";
const RESPONSE: &str = ".response.json";

/// A recorded request and where its answer is recorded.
pub(super) struct Case {
    pub(super) hook: String,
    pub(super) request: PathBuf,
    pub(super) response: PathBuf,
}

impl Case {
    /// What `read` makes of the answer of the rules.
    pub(super) fn answer<T>(
        &self,
        rules: &RuleSet,
        read: impl FnOnce(&Answer<'_, '_>) -> T,
    ) -> Result<T, Problem> {
        let amiss = |why: String| amiss(&self.request, why);
        let unknown = || amiss("no rules file is named like its folder".to_owned());
        let hook = rules.hooks.get(&self.hook).ok_or_else(unknown)?;
        let request = read_file(&self.request).map_err(|error| amiss(error.to_string()))?;
        let answer = pipeline::answer(hook, &request, pipeline::today());
        answer.map(|answer| read(&answer)).map_err(|error| amiss(error.to_string()))
    }
}

/// The cases of a folder, and what is amiss in it.
pub(super) fn read(directory: &Path) -> Result<Vec<Result<Case, Problem>>, CliError> {
    let (mut hooks, strays): (Vec<_>, Vec<_>) =
        entries(directory)?.into_iter().partition(|path| path.is_dir());
    let mut cases = Vec::new();
    for link in hooks.extract_if(.., |path| path.is_symlink()) {
        let why = "this is a symbolic link; put the folder itself here";
        cases.push(Err(amiss(&link, why)));
    }
    if hooks.is_empty() && cases.is_empty() {
        let way_out = format!("put one at <hook>/<case>{REQUEST}");
        return Err(amiss(directory, format!("there is no recorded request; {way_out}")).into());
    }
    let is_json = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "json");
    let why = "a recorded request stands in a folder that is named like its hook";
    for stray in strays.iter().filter(is_json) {
        cases.push(Err(amiss(stray, why)));
    }
    for folder in hooks {
        let files = entries(&folder)?;
        if files.is_empty() {
            cases.push(Err(amiss(&folder, "there is no recorded request in this folder")));
        }
        let hook = folder.file_name().unwrap_or_default().to_string_lossy();
        cases.extend(files.into_iter().filter_map(|path| case(&hook, path).transpose()));
    }
    Ok(cases)
}

/// The content of a recorded request or answer. It is no symbolic link: `replay` writes answers.
pub(super) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    file::read_bytes(path, Kind::Fixture, Links::Refuse)
}

/// The case that a file is the request of; nothing for its answer.
fn case(hook: &str, path: PathBuf) -> Result<Option<Case>, Problem> {
    let name = path.display().to_string();
    if let Some(case) = name.strip_suffix(REQUEST) {
        let response = format!("{case}{RESPONSE}").into();
        return Ok(Some(Case { hook: hook.to_owned(), request: path, response }));
    }
    match name.strip_suffix(RESPONSE).map(|case| format!("{case}{REQUEST}")) {
        Some(request) if Path::new(&request).exists() => Ok(None),
        Some(request) => {
            let way_out = format!("remove it, or record {request}");
            Err(amiss(&path, format!("there is no request to this answer; {way_out}")))
        }
        None => Err(amiss(&path, format!("expected a name ending in {REQUEST} or {RESPONSE}"))),
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    file::entries(folder).map_err(|error| amiss(folder, format!("cannot read the folder: {error}")))
}

fn amiss(path: &Path, why: impl Into<String>) -> Problem {
    Problem::named(path.display().to_string(), why)
}
