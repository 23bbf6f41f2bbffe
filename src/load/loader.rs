//! A load in progress: files go in, the rules and their problems come out.

use std::{cell::RefCell, collections::BTreeMap, path::Path};

use super::{
    draft::{Draft, SourceFile},
    extents::Extents,
    inputs::{Files, Inputs},
    lists, section, toml,
};
use crate::{
    file,
    problem::{Problem, Problems, SourceText, SpanProblem, SpanProblems},
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
    pub(super) inputs: Inputs,
    facts: &'f Facts,
    purpose: Purpose,
    /// Shared by the rules of all files.
    patterns: PatternBudget,
    hooks: BTreeMap<String, Hook>,
    /// The problems of files that are not kept.
    pub(super) problems: Problems,
    files: Vec<SourceFile>,
}

impl<'f> Loader<'f> {
    /// A load from this folder that has read no file yet.
    pub(super) fn new(folder: &Path, facts: &'f Facts, held: Extents, purpose: Purpose) -> Self {
        let inputs = Inputs::new(folder, held);
        Self {
            inputs,
            facts,
            purpose,
            patterns: PatternBudget::default(),
            hooks: BTreeMap::new(),
            problems: Problems::default(),
            files: Vec::new(),
        }
    }

    /// Loads the rules file at this path.
    pub(super) fn load_file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let hook = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Err(message) = require_hook_name(&hook) {
            return self.problems.push(Problem::named(name, message));
        }
        let bytes = match self.inputs.read_rules(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("cannot read the file: {error}");
                return self.problems.push(Problem::of_reading(name, message, &error));
            }
        };
        match file::decode_text(bytes) {
            Ok(text) => self.load_text(hook, name, text),
            Err(error) => {
                let problem = SpanProblem::at(error.at..error.at, error.message());
                // The text is as in the file up to the problem.
                let text = String::from_utf8_lossy(&error.bytes);
                self.problems.push(SourceText::new(&name, &text).locate(problem));
            }
        }
    }

    /// Loads the rules of a hook from the text of the file with this name.
    pub(super) fn load_text(&mut self, hook: String, name: String, text: String) {
        self.inputs.start_hook(&hook, &text);
        let mut problems = SpanProblems::default();
        let mut document = toml::read_document(&text, &mut problems);
        lists::resolve(&mut document, &mut self.inputs, &mut problems);
        let problems = RefCell::new(problems);
        let rules = section::read_hook(&document, self.facts, &problems, &self.patterns);
        let problems = problems.into_inner();
        let file = SourceFile { hook: hook.clone(), name, text, document, problems };
        self.hooks.insert(hook, rules);
        match self.purpose {
            Purpose::Serve => self.problems.append(file.into_problems()),
            Purpose::Lint => self.files.push(file),
        }
    }

    /// Ends the load.
    pub(super) fn finish(self) -> (Draft, Files) {
        let (revision, inputs) = self.inputs.finish();
        let rules = RuleSet { hooks: self.hooks, revision };
        (Draft { rules, problems: self.problems, files: self.files }, inputs)
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
