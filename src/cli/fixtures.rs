//! Recorded requests: `<hook>/<case>.request.json`, each with its `<case>.response.json`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::value::{RawValue, to_raw_value};

use super::{
    CliError,
    live::{LiveFacts, LiveSources},
};
use crate::{
    clock,
    file::{self, FileKind, Links},
    lookup,
    pipeline::{self, HookAnswer},
    problem::Problem,
    rule::{
        Hook, RuleSet,
        lookup::{LookupResult, LookupResults},
    },
};

mod missing_hooks;

pub(super) use missing_hooks::with_missing_hooks_as_problems;

const REQUEST: &str = ".request.json";
const RESPONSE: &str = ".response.json";
const LOOKUPS: &str = ".lookups.json";

/// The files of a recorded request.
pub(super) struct Case {
    pub(super) hook: String,
    pub(super) request: PathBuf,
    pub(super) response: PathBuf,
    /// The recorded results of lookups. The file may be missing.
    pub(super) lookups: PathBuf,
}

impl Case {
    /// `<hook>/<case>`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.hook, self.case_name())
    }

    /// The name without the hook.
    pub(super) fn case_name(&self) -> String {
        let file = self.request.file_name().unwrap_or_default().to_string_lossy();
        file.strip_suffix(REQUEST).unwrap_or(&file).to_owned()
    }

    /// The content of the recorded request.
    pub(super) fn read_request(&self) -> Result<Vec<u8>, Problem> {
        read_fixture(&self.request).map_err(|why| problem_at(&self.request, why))
    }

    /// The content of the recorded answer. An error says why it cannot be read.
    pub(super) fn read_response(&self) -> Result<Vec<u8>, String> {
        read_fixture(&self.response)
    }

    /// Answers this request by these rules, with its recorded lookups.
    pub(super) fn answer<'r, 'b>(
        &self,
        rules: &'r RuleSet,
        request: &'b [u8],
    ) -> Result<HookAnswer<'r, 'b>, Problem> {
        let recorded = self.recorded_lookups(rules)?;
        self.answer_with(self.find_hook(rules)?, request, &recorded)
    }

    /// The recorded results of this request's lookups.
    pub(super) fn recorded_lookups(&self, rules: &RuleSet) -> Result<LookupResults, Problem> {
        read_lookups_file(&self.lookups, self.find_hook(rules)?)
    }

    /// Answers this request by a hook of other rules, such as those of `--against`. The recorded lookups belong to
    /// the present rules, so those that this hook lacks are ignored.
    pub(super) fn answer_by_other_rules<'r, 'b>(
        &self,
        hook: &'r Hook,
        request: &'b [u8],
    ) -> Result<HookAnswer<'r, 'b>, Problem> {
        let mut recorded = LookupResults::new();
        if is_present(&self.lookups) {
            let json = read_fixture(&self.lookups).map_err(|why| problem_at(&self.lookups, why))?;
            recorded = lookup::read_recorded(&without_unknown_lookups(&json, hook), hook)
                .map_err(|why| problem_at(&self.lookups, why))?;
        }
        self.answer_with(hook, request, &recorded)
    }

    fn answer_with<'r, 'b>(
        &self,
        hook: &'r Hook,
        request: &'b [u8],
        recorded: &LookupResults,
    ) -> Result<HookAnswer<'r, 'b>, Problem> {
        clock::recorded_facts(hook, request, recorded)
            .and_then(|facts| pipeline::answer(hook, request, &facts))
            .map_err(|error| problem_at(&self.request, error.to_string()))
    }

    /// Asks the lookups of this request, and records their results. Removes the file if there are no results.
    /// A lookup that fails is an error, and is never recorded. So a failure in the file was written by hand: such a
    /// file is kept as it is.
    pub(super) fn record_lookups(
        &self,
        rules: &RuleSet,
        sources: &LiveSources,
    ) -> Result<(), Problem> {
        let hook = self.find_hook(rules)?;
        if read_lookups_file(&self.lookups, hook)?.values().any(is_failure) {
            return Ok(());
        }
        let LiveFacts { to_record, .. } = sources
            .ask(hook, &self.read_request()?)
            .map_err(|error| problem_at(&self.request, error.to_string()))?;
        for (name, result) in &to_record {
            if let LookupResult::Failed(why) = result {
                let message = format!("not recorded, since the lookup `{name}` failed: {why}");
                return Err(problem_at(&self.request, message));
            }
        }
        let written = if !to_record.is_empty() {
            file::replace(&self.lookups, lookup::write_recorded(&to_record).as_bytes())
        } else if is_present(&self.lookups) {
            fs::remove_file(&self.lookups)
        } else {
            Ok(())
        };
        written.map_err(|error| problem_at(&self.lookups, error.to_string()))
    }

    fn find_hook<'r>(&self, rules: &'r RuleSet) -> Result<&'r Hook, Problem> {
        match rules.hooks.get(&self.hook) {
            Some(hook) => Ok(hook),
            None => Err(problem_at(&self.request, "no rules file is named like its folder")),
        }
    }
}

/// Removes from recorded results the lookups and columns that this hook lacks.
fn without_unknown_lookups(json: &[u8], hook: &Hook) -> Vec<u8> {
    type Members = BTreeMap<String, Box<RawValue>>;
    // `read_recorded` reports JSON that is not an object.
    let Ok(mut results) = serde_json::from_slice::<Members>(json) else {
        return json.to_vec();
    };
    let names = hook.lookup_names();
    results.retain(|name, _| names.contains(name.as_str()));
    for (name, result) in &mut results {
        // Only the result of a lookup that found something has columns.
        let Ok(mut columns) = serde_json::from_str::<Members>(result.get()) else {
            continue;
        };
        columns.retain(|column, _| {
            hook.lookups_named(name).any(|lookup| lookup.columns.contains(column))
        });
        if let Ok(known) = to_raw_value(&columns) {
            *result = known;
        }
    }
    serde_json::to_vec(&results).unwrap_or_default()
}

fn is_failure(result: &LookupResult) -> bool {
    matches!(result, LookupResult::Failed(_))
}

/// The file of the lookups that belong to a recorded request: `a.lookups.json` of `a.request.json`.
pub(super) fn lookups_beside(request: &Path) -> Option<PathBuf> {
    let case = request.file_name()?.to_str()?.strip_suffix(REQUEST)?;
    Some(request.with_file_name(format!("{case}{LOOKUPS}")))
}

/// The recorded results of lookups in a file. Without the file, there are none.
pub(super) fn read_lookups_file(path: &Path, hook: &Hook) -> Result<LookupResults, Problem> {
    if !is_present(path) {
        return Ok(LookupResults::new());
    }
    match read_fixture(path) {
        Ok(json) => lookup::read_recorded(&json, hook).map_err(|why| problem_at(path, why)),
        Err(why) => Err(problem_at(path, why)),
    }
}

/// The cases of a folder, and the problems of files and folders in it. Ignores hidden files and folders.
pub(super) fn read_cases(directory: &Path) -> Result<Vec<Result<Case, Problem>>, CliError> {
    let mut cases = Vec::new();
    let mut has_folder = false;
    for path in entries(directory)? {
        if path.is_dir() {
            has_folder = true;
            add_cases_of_hook(&path, &mut cases)?;
        } else if path.extension() == Some("json".as_ref()) {
            let message = "a recorded request belongs in a folder that is named like its hook";
            cases.push(Err(problem_at(&path, message)));
        }
    }
    if !has_folder {
        let message = format!("there is no recorded request; put one at <hook>/<case>{REQUEST}");
        return Err(problem_at(directory, message).into());
    }
    Ok(cases)
}

/// Adds the cases of a folder that is named like a hook.
fn add_cases_of_hook(folder: &Path, cases: &mut Vec<Result<Case, Problem>>) -> Result<(), Problem> {
    if folder.is_symlink() {
        let message = "this is a symbolic link; put the folder itself here";
        cases.push(Err(problem_at(folder, message)));
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
        cases.push(Err(problem_at(folder, "there is no recorded request in this folder")));
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

/// Returns the case of a request's file. Returns `None` for a file with the answer or the lookups of such a request.
fn read_case(hook: &str, path: PathBuf) -> Result<Option<Case>, Problem> {
    let name = utf8_name(&path)?;
    if let Some(case) = name.strip_suffix(REQUEST) {
        let response = path.with_file_name(format!("{case}{RESPONSE}"));
        let lookups = path.with_file_name(format!("{case}{LOOKUPS}"));
        return Ok(Some(Case { hook: hook.to_owned(), request: path, response, lookups }));
    }
    let Some(case) = name.strip_suffix(RESPONSE).or(name.strip_suffix(LOOKUPS)) else {
        let message = format!("expected a name ending in {REQUEST}, {RESPONSE} or {LOOKUPS}");
        return Err(problem_at(&path, message));
    };
    let request = path.with_file_name(format!("{case}{REQUEST}"));
    if request.exists() {
        return Ok(None);
    }
    let hint = format!("remove it, or record {}", request.display());
    Err(problem_at(&path, format!("no request belongs to this file; {hint}")))
}

/// Whether there is a file of this name. A broken symbolic link counts, so that reading it is an error.
fn is_present(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// The last part of a path. Hooks and cases have names in UTF-8.
fn utf8_name(path: &Path) -> Result<&str, Problem> {
    match path.file_name().unwrap_or_default().to_str() {
        Some(name) => Ok(name),
        None => Err(problem_at(path, "the name is not UTF-8; rename it")),
    }
}

/// Refuses symbolic links: `replay --update` would replace the link instead of its target.
fn read_fixture(path: &Path) -> Result<Vec<u8>, String> {
    file::read_bytes(path, FileKind::Fixture, Links::Refuse).map_err(|error| error.to_string())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    match file::entries(folder) {
        Ok(mut entries) => {
            entries.retain(|path| !file::is_hidden(path.file_name().unwrap_or_default()));
            Ok(entries)
        }
        Err(error) => Err(problem_at(folder, format!("cannot read the folder: {error}"))),
    }
}

fn problem_at(path: &Path, message: impl Into<String>) -> Problem {
    Problem::named(path.display().to_string(), message)
}
