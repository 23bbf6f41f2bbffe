//! The rules folder → a [`RuleSet`], or every problem in it. The only reader of rules files.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use crate::{
    file::{self, Fingerprint},
    org::Org,
    problem::{Problem, Problems},
    rule::{Hook, RuleSet},
};

mod examples;
mod extents;
mod faults;
mod fields;
mod inputs;
pub mod probe;
mod rule;
mod section;
mod set;
mod toml;

pub(crate) use extents::Extents;
pub(crate) use inputs::Files;
use inputs::Inputs;

/// The shipped rules, so that the binary alone serves the guide's three hooks.
const BUILT_IN: [(&str, &str); 3] = [
    ("registrationHookPP", include_str!("../rules/registrationHookPP.toml")),
    ("registrationHookSSR", include_str!("../rules/registrationHookSSR.toml")),
    ("registrationHookSSRandPP", include_str!("../rules/registrationHookSSRandPP.toml")),
];

/// Names that are paths of the service's own.
const TAKEN: [&str; 3] = ["healthz", "readyz", "metrics"];

/// How deep below the rules folder what the rules are made of may lie, since no deeper is it followed.
pub const FOLLOWED_DEPTH: usize = 8;

/// What rules are held against besides themselves.
#[derive(Default)]
pub struct Lints {
    /// The org's own schema and form, as far as they are known.
    pub org: Org,
    /// Whether they are tried on inputs that ought to fail.
    pub probe: bool,
}

/// What came of one load.
pub(crate) struct Loaded {
    pub(crate) rules: Result<RuleSet, Problems>,
    pub(crate) files: Files,
}

/// Reads every `<hook>.toml` of a folder; other files are left alone.
///
/// # Errors
///
/// Every problem of every file, or that there is no such folder or no rules file in it.
pub fn folder(directory: &Path, lints: &Lints) -> Result<RuleSet, Problems> {
    load_folder(directory, lints, Extents::default()).rules
}

/// The same, with the files that were read. Of the lists in `held` no more is read than it says.
pub(crate) fn load_folder(directory: &Path, lints: &Lints, held: Extents) -> Loaded {
    let place = directory.display().to_string();
    let paths = match rules_files(directory) {
        Ok(paths) => paths,
        Err(error) => {
            let hint = "name it with --rules or `rules.directory`";
            let why = format!("cannot read the rules folder: {error}; {hint}");
            let problem = Problem::of_reading(place, why, &error);
            let mut files = Files::default();
            files.seen.add_unlisted(directory, error.to_string());
            return Loaded { rules: Err(problem.into()), files };
        }
    };
    if paths.is_empty() {
        let hint = "put a file `<hook>.toml` there for each hook";
        let problem = Problem::named(place, format!("the rules folder has no rules; {hint}"));
        return Loaded { rules: Err(problem.into()), files: Files::default() };
    }
    let mut load = Load::new(directory, lints, held);
    load.inputs.note(&paths);
    for path in &paths {
        load.add_file(path);
    }
    load.finish()
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

/// The rules files of a folder, by name: `*.toml`, and not hidden.
fn rules_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = file::entries(directory)?;
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        let is_toml = path.extension().is_some_and(|ending| ending == "toml");
        is_toml && !name.as_encoded_bytes().starts_with(b".")
    });
    Ok(paths)
}

/// The shipped rules. The tests see to it that they have no problem.
pub fn built_in(lints: &Lints) -> Result<RuleSet, Problems> {
    // They have no lists from files.
    let mut load = Load::new(Path::new(""), lints, Extents::default());
    for (hook, text) in BUILT_IN {
        load.add_text(hook.to_owned(), &format!("built-in {hook}.toml"), text);
    }
    load.finish().rules
}

/// A load that goes on.
struct Load<'s> {
    inputs: Inputs,
    lints: &'s Lints,
    hooks: BTreeMap<String, Hook>,
    problems: Problems,
}

impl<'s> Load<'s> {
    fn new(folder: &Path, lints: &'s Lints, held: Extents) -> Self {
        let (hooks, problems) = (BTreeMap::new(), Problems::default());
        Self { inputs: Inputs::new(folder, held), lints, hooks, problems }
    }

    fn add_file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let hook = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(why) = why_no_hook(&hook) {
            self.problems.push(Problem::named(name, why));
            return;
        }
        match self.inputs.read_rules(path) {
            Ok(text) => self.add_text(hook, &name, &text),
            Err(error) => {
                let why = format!("cannot read the file: {error}");
                self.problems.push(Problem::of_reading(name, why, &error));
            }
        }
    }

    fn add_text(&mut self, hook: String, name: &str, text: &str) {
        self.inputs.start_hook(&hook, text);
        let faults = RefCell::default();
        let reader = toml::Reader { inputs: &mut self.inputs, faults: &faults };
        let document = reader.read(text);
        self.hooks.insert(hook, section::read(&document, self.lints, &faults));
        self.problems.append(faults.into_inner().into_problems(name, text));
    }

    fn finish(self) -> Loaded {
        let (revision, files) = self.inputs.finish();
        let rules = match self.problems.is_empty() {
            true => Ok(RuleSet { hooks: self.hooks, revision }),
            false => Err(self.problems),
        };
        Loaded { rules, files }
    }
}

/// Why a file of this name is for no hook.
fn why_no_hook(hook: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !hook.bytes().all(allowed) {
        let why = "a hook's name, which is its file's, is made of A-Z, a-z, 0-9, `_` and `-`";
        return Some(why.to_owned());
    }
    let taken = TAKEN.contains(&hook);
    taken.then(|| format!("`/{hook}` is a path of the service's own; name the file differently"))
}
