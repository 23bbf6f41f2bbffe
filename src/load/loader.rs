//! A load in progress: takes the texts of rules files, and gives the rules and their problems.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    Purpose, document,
    draft::{Draft, SourceFile},
    fields::FileContext,
    held::HeldFiles,
    inputs::{Inputs, rules_files, unread_entries},
    is_name_byte, section,
};
use crate::{
    file,
    problem::{Problem, Problems, SourceText, SpanProblem},
    rule::{
        Facts, Hook, RuleSet,
        check::{PatternBudget, WorkBudget},
        lookup::SourceKinds,
    },
};

/// Names that a hook may not have: these paths belong to the service itself.
const RESERVED_NAMES: [&str; 3] = ["healthz", "readyz", "metrics"];

/// A load in progress.
pub(super) struct Loader<'f> {
    /// The rules folder. `None` if the rules are built in.
    folder: Option<PathBuf>,
    /// Reads the files. The readers of all TOML tables share these inputs, since any table may name a list file.
    inputs: RefCell<Inputs>,
    facts: &'f Facts,
    sources: &'f SourceKinds,
    /// Whether the rules are inspected. The load then keeps the texts of the rules files, and the rules keep, for
    /// lints, the lists of their checks and of `examples.pass`. Otherwise lists are kept only in the form for judging.
    is_inspection: bool,
    /// The memory that the patterns of all files may still take.
    patterns: PatternBudget,
    /// The work that the examples of all files may still take.
    example_work: WorkBudget,
    hooks: BTreeMap<String, Hook>,
    /// The rules files by the names of their hooks. Empty unless the rules are inspected.
    kept_files: BTreeMap<String, SourceFile>,
    /// The problems of the folder, and of files that are not kept.
    problems: Problems,
}

impl<'f> Loader<'f> {
    /// Starts a load of the rules in a folder, or of built-in rules if there is none.
    pub(super) fn new(
        folder: Option<&Path>,
        facts: &'f Facts,
        sources: &'f SourceKinds,
        purpose: Purpose,
    ) -> Self {
        let is_inspection = matches!(purpose, Purpose::Inspect);
        let held_files = match purpose {
            Purpose::Reload { held_files } => held_files,
            Purpose::Serve | Purpose::Inspect => HeldFiles::default(),
        };
        // The built-in rules name no file.
        let inputs = Inputs::new(folder.unwrap_or(Path::new("")), held_files);
        Self {
            folder: folder.map(Path::to_owned),
            inputs: RefCell::new(inputs),
            facts,
            sources,
            is_inspection,
            patterns: PatternBudget::default(),
            example_work: WorkBudget::default(),
            hooks: BTreeMap::new(),
            kept_files: BTreeMap::new(),
            problems: Problems::default(),
        }
    }

    /// Loads every rules file of a folder. Ignores other files.
    pub(super) fn load_folder(&mut self, folder: &Path) {
        let place = folder.display().to_string();
        let inputs = self.inputs.get_mut();
        let in_folder = match rules_files(folder, &mut inputs.files.seen) {
            Ok(in_folder) => in_folder,
            Err(error) => {
                let hint = "name it with --rules or `rules.directory`";
                let message = format!("cannot read the rules folder: {error}; {hint}");
                self.problems.push(Problem::caused_by_io(place, message, &error));
                return;
            }
        };
        // A held file, which is still being written, is loaded with its last valid text. Without one, it is left out.
        let paths = inputs.held_files.paths_to_load(in_folder);
        if paths.is_empty() {
            let hint = "put a file `<hook>.toml` there for each hook";
            let message = format!("the rules folder has no rules; {hint}");
            self.problems.push(Problem::named(place, message));
        }
        for path in paths {
            self.load_file(&path);
        }
    }

    fn load_file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let hook_name = path.file_stem().unwrap_or_default().to_string_lossy();
        if let Err(message) = require_hook_name(&hook_name) {
            self.problems.push(Problem::named(name, message));
            return;
        }
        let bytes = match self.inputs.get_mut().read_rules(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("cannot read the file: {error}");
                self.problems.push(Problem::caused_by_io(name, message, &error));
                return;
            }
        };
        match file::decode_text(bytes) {
            Ok(text) => self.load_text(&hook_name, name, text),
            Err(error) => {
                let problem = SpanProblem::at(error.at..error.at, error.message());
                // Up to the error, the lossy text equals that of the file, so the place is right.
                let text = String::from_utf8_lossy(&error.bytes);
                self.problems.push(SourceText::new(&name, &text).locate(problem));
            }
        }
    }

    /// Loads the rules of a hook from a text. Problems show `name` as the name of the file.
    pub(super) fn load_text(&mut self, hook_name: &str, name: String, text: String) {
        self.inputs.get_mut().start_rules_file(hook_name, &text);
        let context = FileContext {
            hook: hook_name,
            facts: self.facts,
            sources: self.sources,
            patterns: &self.patterns,
            example_work: &self.example_work,
            inputs: &self.inputs,
            problems: RefCell::default(),
            ids: RefCell::default(),
            part_numbers: RefCell::default(),
            is_inspection: self.is_inspection,
        };
        let hook = match document::read_document(&text) {
            Ok(document) => section::read_hook(&document, &context),
            Err(problem) => {
                // Further problems would only follow from this one.
                context.problems.borrow_mut().push(problem);
                Hook::default()
            }
        };
        let file = SourceFile { name, text, problems: context.problems.into_inner() };
        if self.is_inspection {
            self.kept_files.insert(hook_name.to_owned(), file);
        } else {
            self.problems.append(file.into_problems());
        }
        self.hooks.insert(hook_name.to_owned(), hook);
    }

    /// Ends the load.
    pub(super) fn finish(self) -> Draft {
        let inputs = self.inputs.into_inner();
        let rules = RuleSet { hooks: self.hooks, revision: inputs.revision() };
        let files_read = inputs.files;
        let unread = match &self.folder {
            Some(folder) if self.is_inspection => unread_entries(folder, &files_read.seen),
            _ => Vec::new(),
        };
        Draft { rules, kept_files: self.kept_files, problems: self.problems, files_read, unread }
    }
}

/// Succeeds if a hook may have this name.
fn require_hook_name(name: &str) -> Result<(), String> {
    if !name.bytes().all(is_name_byte) {
        let message =
            "a hook's name is the name of its file, and consists of A-Z, a-z, 0-9, `_` and `-`";
        return Err(message.to_owned());
    }
    if RESERVED_NAMES.contains(&name) {
        return Err(format!("`/{name}` is a path of the service itself; rename the file"));
    }
    Ok(())
}
