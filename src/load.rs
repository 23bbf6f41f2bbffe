//! The rules folder → a [`RuleSet`], or every problem in it. The only reader of rules files.
//!
//! A load reads the rules, resolves the lists that are in files, and runs the examples of each rule.
//! What else can be said about loaded rules is left to `lint`.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    file::{self, Fingerprint},
    problem::{Problem, Problems},
    rule::{Facts, RuleSet},
};

mod attributes;
mod draft;
mod examples;
mod extents;
mod fields;
mod inputs;
mod lists;
mod loader;
mod part;
mod rule;
mod section;
mod set;
mod toml;

pub use draft::Draft;
pub(crate) use draft::{ListIndex, SourceFile};
pub(crate) use examples::passing_forms;
pub(crate) use extents::Extents;
pub use inputs::FOLLOWED_DEPTH;
pub(crate) use inputs::Files;
use loader::{Loader, Purpose};

/// The shipped rules. With them the binary alone serves the three hooks of Okta's guide.
const BUILT_IN: [(&str, &str); 3] = [
    ("registrationHookPP", include_str!("../rules/registrationHookPP.toml")),
    ("registrationHookSSR", include_str!("../rules/registrationHookSSR.toml")),
    ("registrationHookSSRandPP", include_str!("../rules/registrationHookSSRandPP.toml")),
];

/// The result of a load for the service.
pub(crate) struct Loaded {
    pub(crate) rules: Result<RuleSet, Problems>,
    pub(crate) files: Files,
}

/// Reads every `<hook>.toml` of a folder. Ignores other files. The examples of the rules are judged
/// with these facts.
///
/// # Errors
///
/// Every problem of every file; or that the folder is missing or has no rules file.
pub fn folder(directory: &Path, facts: &Facts) -> Result<RuleSet, Problems> {
    load_folder(directory, facts, Extents::default()).rules
}

/// Like [`folder`], and returns the files that were read. Reads of each list in `held` no more than
/// the recorded extent.
pub(crate) fn load_folder(directory: &Path, facts: &Facts, held: Extents) -> Loaded {
    let (draft, files) =
        read_folder(directory, Loader::new(directory, facts, held, Purpose::Serve));
    Loaded { rules: draft.into_rules(), files }
}

/// Reads the rules files of a folder for `lint`.
pub fn draft_of_folder(directory: &Path, facts: &Facts) -> Draft {
    let loader = Loader::new(directory, facts, Extents::default(), Purpose::Lint);
    read_folder(directory, loader).0
}

fn read_folder(directory: &Path, mut loader: Loader<'_>) -> (Draft, Files) {
    let place = directory.display().to_string();
    match rules_files(directory) {
        Ok(paths) if paths.is_empty() => {
            let hint = "put a file `<hook>.toml` there for each hook";
            loader
                .problems
                .push(Problem::named(place, format!("the rules folder has no rules; {hint}")));
        }
        Ok(paths) => {
            loader.inputs.note(&paths);
            for path in &paths {
                loader.load_file(path);
            }
        }
        Err(error) => {
            let hint = "name it with --rules or `rules.directory`";
            let message = format!("cannot read the rules folder: {error}; {hint}");
            loader.problems.push(Problem::of_reading(place, message, &error));
            loader.inputs.note_unlisted(directory, &error);
        }
    }
    loader.finish()
}

/// The shipped rules. The tests make sure that they have no problem.
///
/// # Errors
///
/// Every problem of the shipped rules.
pub fn built_in(facts: &Facts) -> Result<RuleSet, Problems> {
    read_built_in(facts, Purpose::Serve).into_rules()
}

/// Reads the shipped rules for `lint`.
pub fn draft_of_built_in(facts: &Facts) -> Draft {
    read_built_in(facts, Purpose::Lint)
}

fn read_built_in(facts: &Facts, purpose: Purpose) -> Draft {
    // No list of theirs is in a file.
    let mut loader = Loader::new(Path::new(""), facts, Extents::default(), purpose);
    for (hook, text) in BUILT_IN {
        loader.load_text(hook.to_owned(), format!("built-in {hook}.toml"), text.to_owned());
    }
    loader.finish().0
}

/// Looks at the rules files of a folder, and at the files that the last load read.
pub(crate) fn fingerprint(directory: &Path, last: &Fingerprint) -> Fingerprint {
    let mut now = Fingerprint::default();
    match rules_files(directory) {
        Ok(paths) => {
            for path in paths {
                now.add(&path);
            }
        }
        Err(error) => now.add_unlisted(directory, error.to_string()),
    }
    for path in last.paths() {
        now.add(path);
    }
    now
}

/// The rules files of a folder, sorted by name: `*.toml`, and not hidden.
fn rules_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = file::entries(directory)?;
    paths.retain(|path| is_rules_file(path));
    Ok(paths)
}

fn is_rules_file(path: &Path) -> bool {
    let Some(name) = path.file_name() else {
        return false;
    };
    !file::is_hidden(name) && path.extension() == Some("toml".as_ref())
}
