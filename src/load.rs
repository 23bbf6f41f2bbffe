//! The rules folder → a [`RuleSet`], or every problem in it. The only reader of rules files.

use std::{cell::RefCell, collections::BTreeMap, path::Path};

use crate::{
    file,
    org::Org,
    problem::Problem,
    rule::{RuleSet, node::Fault},
};

mod examples;
mod fields;
mod hook;
pub mod probe;
mod rule;
mod set;
mod toml;

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

/// A rules file: which hook it is for, how it is called in problems, and its text or why not.
struct Source {
    hook: String,
    name: String,
    text: Result<String, String>,
}

/// What rules are held against besides themselves.
#[derive(Default)]
pub struct Scrutiny {
    /// The org's own schema and form, as far as they are known.
    pub org: Org,
    /// Whether they are tried on inputs that ought to fail.
    pub probe: bool,
}

/// Reads every `<hook>.toml` of a folder; other files are left alone.
///
/// # Errors
///
/// Every problem of every file, or that there is no such folder or no rules file in it.
pub fn folder(directory: &Path, scrutiny: &Scrutiny) -> Result<RuleSet, Vec<Problem>> {
    let amiss = |why| vec![Problem::named(directory.display().to_string(), why)];
    let way_out = "name it with --rules or `rules.directory`";
    let mut paths = file::entries(directory)
        .map_err(|error| amiss(format!("cannot read the rules folder: {error}; {way_out}")))?;
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        !name.as_encoded_bytes().starts_with(b".")
            && path.extension().is_some_and(|ending| ending == "toml")
    });
    if paths.is_empty() {
        let way_out = "put a file `<hook>.toml` there for each hook";
        return Err(amiss(format!("the rules folder has no rules; {way_out}")));
    }
    compile(paths.iter().map(|path| source(path)), directory, scrutiny)
}

/// The shipped rules. The tests see to it that they have no problem.
pub fn built_in(scrutiny: &Scrutiny) -> Result<RuleSet, Vec<Problem>> {
    let sources = BUILT_IN.into_iter().map(|(hook, text)| {
        let name = format!("built-in {hook}.toml");
        Source { hook: hook.to_owned(), name, text: Ok(text.to_owned()) }
    });
    // They have no lists from files.
    compile(sources, Path::new(""), scrutiny)
}

fn source(path: &Path) -> Source {
    let name = path.display().to_string();
    let hook = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let text = if !hook.bytes().all(allowed) {
        Err("a hook's name, which is its file's, is made of A-Z, a-z, 0-9, `_` and `-`".to_owned())
    } else if TAKEN.contains(&&*hook) {
        Err(format!("`/{hook}` is a path of the service's own; name the file differently"))
    } else {
        file::text(path).map_err(|error| format!("cannot read the file: {error}"))
    };
    Source { hook, name, text }
}

fn compile(
    sources: impl Iterator<Item = Source>,
    folder: &Path,
    scrutiny: &Scrutiny,
) -> Result<RuleSet, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut hooks = BTreeMap::new();
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for Source { hook, name, text } in sources {
        let Ok(text) = text.map_err(|why| problems.push(Problem::named(&name, why))) else {
            continue;
        };
        add(&mut digest, &hook);
        add(&mut digest, &text);
        let faults = RefCell::default();
        let reader = toml::Reader { folder, digest: &mut digest, faults: &faults };
        let document = reader.read(&text);
        hooks.insert(hook, hook::read(&document, scrutiny, &faults));
        let mut faults = faults.into_inner();
        faults.sort_by_key(|fault| fault.span.start);
        for Fault { span, message } in faults {
            problems.push(Problem::in_text(&name, &text, span, message));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let digest = digest.finish();
    let revision = digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Ok(RuleSet { hooks, revision })
}

/// Adds what rules are read from, with its length, to their digest.
fn add(digest: &mut ring::digest::Context, part: &str) {
    digest.update(&(part.len() as u64).to_be_bytes());
    digest.update(part.as_bytes());
}
