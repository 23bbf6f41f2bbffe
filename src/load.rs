//! The rules folder → a [`RuleSet`](crate::rule::RuleSet), or every problem in it. The only reader of
//! rules files.
//!
//! A load reads the rules with the lists that are in files, and runs the examples of each rule.
//! What else can be said about loaded rules is left to `lint`.

use std::path::Path;

use crate::rule::Facts;

mod draft;
mod examples;
mod fields;
mod held;
mod inputs;
mod lists;
mod loader;
mod part;
mod rule;
mod section;
mod set;
mod toml;

pub use draft::Draft;
pub(crate) use draft::SourceFile;
pub(crate) use examples::passing_examples;
pub use held::HeldFiles;
pub(crate) use held::LoadedTexts;
pub(crate) use inputs::{Files, fingerprint};
use loader::Loader;

/// The shipped rules. With them the binary alone serves the three hooks of Okta's guide. No list of
/// theirs is in a file.
const SHIPPED: [(&str, &str); 3] = [
    ("registrationHookPP", include_str!("../rules/registrationHookPP.toml")),
    ("registrationHookSSR", include_str!("../rules/registrationHookSSR.toml")),
    ("registrationHookSSRandPP", include_str!("../rules/registrationHookSSRandPP.toml")),
];

/// The purpose of a load.
pub enum Purpose {
    /// To serve the rules. Each file is dropped as soon as it is read, since lists may be large.
    Serve,
    /// To serve the rules while some files are being written.
    Reload {
        /// The files that are being written. Their last valid texts are read instead.
        held: HeldFiles,
    },
    /// To lint the rules. The text and the lists of each file are kept.
    Lint,
}

/// Loads every `<hook>.toml` of a folder, or the shipped rules if no folder is given. The examples of
/// the rules are judged with these facts.
pub fn load_rules(folder: Option<&Path>, facts: &Facts, purpose: Purpose) -> Draft {
    let mut loader = Loader::new(folder.unwrap_or(Path::new("")), facts, purpose);
    match folder {
        Some(folder) => loader.load_folder(folder),
        None => {
            for (hook, text) in SHIPPED {
                loader.load_text(hook, format!("built-in {hook}.toml"), text.to_owned());
            }
        }
    }
    loader.finish()
}
