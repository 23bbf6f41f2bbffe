//! A load in progress: files go in, the rules and their problems come out.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use super::{
    draft::{Draft, DraftFile, SourceFile},
    faults::Faults,
    held::HeldFiles,
    inputs::{Files, Inputs},
    lists, section, toml,
};
use crate::{
    problem::{Problem, Problems},
    rule::{Facts, Hook, RuleSet, check::PatternBudget},
};

/// Names that are paths of the service itself.
const TAKEN: [&str; 3] = ["healthz", "readyz", "metrics"];

/// The purpose of a load.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// To serve the rules. Each file is dropped as soon as it is read, since lists may be large.
    Serve,
    /// To lint the rules. The files are kept.
    Lint,
}

/// A load in progress.
pub(super) struct Loader<'f> {
    inputs: Inputs,
    facts: &'f Facts,
    purpose: Purpose,
    /// Shared by the rules of all files.
    patterns: PatternBudget,
    hooks: BTreeMap<String, Hook>,
    files: Vec<DraftFile>,
}

impl<'f> Loader<'f> {
    /// A load from this folder that has read no file yet.
    pub(super) fn new(folder: &Path, facts: &'f Facts, held: HeldFiles, purpose: Purpose) -> Self {
        let inputs = Inputs::new(folder, held);
        let (hooks, files) = (BTreeMap::new(), Vec::new());
        Self { inputs, facts, purpose, patterns: PatternBudget::default(), hooks, files }
    }

    /// The rules files to load, given those in the folder. Notes the latter as they are now.
    pub(super) fn rules_to_load(&mut self, in_folder: &[PathBuf]) -> BTreeSet<PathBuf> {
        self.inputs.rules_to_load(in_folder)
    }

    /// Notes that the files of a folder cannot be listed.
    pub(super) fn note_unlisted(&mut self, folder: &Path, error: &io::Error) {
        self.inputs.note_unlisted(folder, error);
    }

    /// Adds a problem that belongs to the next file, or to none.
    pub(super) fn report(&mut self, problem: Problem) {
        self.report_all(problem.into());
    }

    fn report_all(&mut self, problems: Problems) {
        match self.files.last_mut() {
            Some(DraftFile::Problems(all)) => all.append(problems),
            _ => self.files.push(DraftFile::Problems(problems)),
        }
    }

    /// Loads the rules file at this path.
    pub(super) fn load_file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let hook = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Err(message) = require_hook_name(&hook) {
            self.report(Problem::named(name, message));
            return;
        }
        match self.inputs.read_rules(path) {
            Ok(text) => self.load_text(hook, name, text),
            Err(error) => {
                let message = format!("cannot read the file: {error}");
                self.report(Problem::of_reading(name, message, &error));
            }
        }
    }

    /// Loads the rules of a hook from the text of the file with this name.
    pub(super) fn load_text(&mut self, hook: String, name: String, text: String) {
        self.inputs.start_hook(&hook, &text);
        let mut faults = Faults::default();
        let mut document = toml::read_document(&text, &mut faults);
        lists::resolve(&mut document, &mut self.inputs, &mut faults);
        let faults = RefCell::new(faults);
        let rules = section::read_hook(&document, self.facts, &faults, &self.patterns);
        let faults = faults.into_inner();
        let file = SourceFile { hook: hook.clone(), name, text, document, faults };
        self.hooks.insert(hook, rules);
        match self.purpose {
            Purpose::Serve => self.report_all(file.into_problems()),
            Purpose::Lint => self.files.push(DraftFile::Read(file)),
        }
    }

    /// Ends the load.
    pub(super) fn finish(self) -> (Draft, Files) {
        let (revision, inputs) = self.inputs.finish();
        let rules = RuleSet { hooks: self.hooks, revision };
        (Draft { rules, files: self.files }, inputs)
    }
}

/// Succeeds if a hook may have this name.
fn require_hook_name(hook: &str) -> Result<(), String> {
    if !hook.bytes().all(is_name_byte) {
        let rule =
            "a hook's name is the name of its file, and consists of A-Z, a-z, 0-9, `_` and `-`";
        return Err(rule.to_owned());
    }
    if TAKEN.contains(&hook) {
        return Err(format!("`/{hook}` is a path of the service itself; rename the file"));
    }
    Ok(())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}
