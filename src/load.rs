//! The rules folder → a [`RuleSet`], or every problem in it. The only reader of rules files.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{org::Org, problem::Problem, rule::RuleSet};

mod attribute;
mod examples;
mod fields;
mod hook;
mod lists;
pub mod probe;
mod rule;
mod set;
mod text;
mod toml;

/// The shipped rules, so that the binary alone serves the guide's three hooks.
const BUILT_IN: [(&str, &str); 3] = [
    ("registrationHookPP", include_str!("../rules/registrationHookPP.toml")),
    ("registrationHookSSR", include_str!("../rules/registrationHookSSR.toml")),
    ("registrationHookSSRandPP", include_str!("../rules/registrationHookSSRandPP.toml")),
];

/// Names that are paths of the service's own.
const TAKEN: [&str; 3] = ["healthz", "readyz", "metrics"];

/// A rules file: which hook it is for, how it is called in problems, and its text.
struct Source {
    hook: String,
    name: String,
    text: String,
}

/// What rules are held against besides themselves.
#[derive(Default)]
pub struct Scrutiny<'s> {
    /// The org's own schema and form.
    pub org: Option<&'s Org>,
    /// Whether they are tried on inputs that ought to fail.
    pub probe: bool,
}

/// Reads every `<hook>.toml` of a folder; other files are left alone.
///
/// # Errors
///
/// Every problem of every file, or that there is no such folder or no rules file in it.
pub fn folder(directory: &Path, scrutiny: &Scrutiny<'_>) -> Result<RuleSet, Vec<Problem>> {
    let place = directory.display().to_string();
    let mut paths = files(directory).map_err(|error| {
        vec![Problem::named(
            &place,
            format!(
                "cannot read the rules folder: {error}; name it with --rules or `rules.directory`"
            ),
        )]
    })?;
    paths.sort();
    let mut problems = Vec::new();
    let mut sources = Vec::new();
    for path in paths {
        match source(&path) {
            Ok(source) => sources.push(source),
            Err(problem) => problems.push(problem),
        }
    }
    if sources.is_empty() && problems.is_empty() {
        problems.push(Problem::named(
            &place,
            "the rules folder has no rules; put a file `<hook>.toml` there for each hook",
        ));
    }
    compile(sources, Some(directory), scrutiny, problems)
}

/// The shipped rules.
///
/// # Errors
///
/// Their problems; the tests see to it that they have none.
pub fn built_in(scrutiny: &Scrutiny<'_>) -> Result<RuleSet, Vec<Problem>> {
    let sources = BUILT_IN.map(|(hook, text)| Source {
        hook: hook.to_owned(),
        name: format!("built-in {hook}.toml"),
        text: text.to_owned(),
    });
    compile(sources.into(), None, scrutiny, Vec::new())
}

fn files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|ending| ending == "toml") {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn source(path: &Path) -> Result<Source, Problem> {
    let name = path.display().to_string();
    let hook = path.file_stem().and_then(|stem| stem.to_str());
    let named_well = |hook: &&str| {
        hook.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    let Some(hook) = hook.filter(named_well) else {
        return Err(Problem::named(
            name,
            "a hook's name, which is its file's, is made of A-Z, a-z, 0-9, `_` and `-`",
        ));
    };
    if TAKEN.contains(&hook) {
        return Err(Problem::named(
            name,
            format!("`/{hook}` is a path of the service's own; name the file differently"),
        ));
    }
    match fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => Ok(Source { hook: hook.to_owned(), name, text }),
        Ok(Err(_)) => Err(Problem::named(name, "the file is not UTF-8")),
        Err(error) => Err(Problem::named(name, format!("cannot read the file: {error}"))),
    }
}

fn compile(
    sources: Vec<Source>,
    folder: Option<&Path>,
    scrutiny: &Scrutiny<'_>,
    mut problems: Vec<Problem>,
) -> Result<RuleSet, Vec<Problem>> {
    let mut hooks = BTreeMap::new();
    // Of all names, texts and lists, each with its length.
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for source in sources {
        for part in [&source.hook, &source.text] {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let mut faults = Vec::new();
        let mut document = toml::read(&source.text, &mut faults);
        lists::resolve(&mut document, folder, &mut faults, &mut digest);
        let hook = hook::read(&document, scrutiny, &mut faults);
        faults.sort_by_key(|fault| fault.span.start);
        problems.extend(
            faults.into_iter().map(|fault| {
                Problem::in_text(&source.name, &source.text, fault.span, fault.message)
            }),
        );
        hooks.insert(source.hook, hook);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let digest = digest.finish();
    let revision = digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Ok(RuleSet { hooks, revision })
}
