//! Recorded requests: `<hook>/<case>.request.json`, each with its `<case>.response.json`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Failure;
use crate::{
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
        let request = fs::read(&self.request).map_err(|error| amiss(error.to_string()))?;
        let answer = pipeline::answer(hook, &request, pipeline::today());
        answer.map(|answer| read(&answer)).map_err(|error| amiss(error.to_string()))
    }
}

/// The cases of a folder, and what is amiss in it.
pub(super) fn read(directory: &Path) -> Result<Vec<Result<Case, Problem>>, Failure> {
    let (hooks, strays): (Vec<_>, Vec<_>) =
        entries(directory)?.into_iter().partition(|path| path.is_dir());
    if hooks.is_empty() {
        let way_out = format!("put one at <hook>/<case>{REQUEST}");
        let why = format!("{}: there is no recorded request; {way_out}", directory.display());
        return Err(Failure::new(why));
    }
    let is_json = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "json");
    let why = "a recorded request stands in a folder that is named like its hook";
    let mut cases: Vec<_> =
        strays.iter().filter(is_json).map(|stray| Err(amiss(stray, why))).collect();
    for hook in hooks {
        cases.extend(of_hook(&hook)?);
    }
    Ok(cases)
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed =
        |error| Failure::new(format!("{}: cannot read the folder: {error}", directory.display()));
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn of_hook(folder: &Path) -> Result<Vec<Result<Case, Problem>>, Failure> {
    let hook = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut cases = Vec::new();
    for path in entries(folder)? {
        let name = path.display().to_string();
        if let Some(case) = name.strip_suffix(REQUEST) {
            let response = format!("{case}{RESPONSE}").into();
            cases.push(Ok(Case { hook: hook.to_string(), request: path, response }));
        } else if let Some(case) = name.strip_suffix(RESPONSE) {
            if !Path::new(&format!("{case}{REQUEST}")).exists() {
                let way_out = format!("remove it, or record {case}{REQUEST}");
                let why = format!("there is no request to this answer; {way_out}");
                cases.push(Err(amiss(&path, why)));
            }
        } else {
            let why = format!("expected a name ending in {REQUEST} or {RESPONSE}");
            cases.push(Err(amiss(&path, why)));
        }
    }
    if cases.is_empty() {
        cases.push(Err(amiss(folder, "there is no recorded request in this folder")));
    }
    Ok(cases)
}

fn amiss(path: &Path, why: impl Into<String>) -> Problem {
    Problem::named(path.display().to_string(), why)
}
