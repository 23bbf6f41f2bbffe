//! Loads the rules folder into a [`RuleSet`](crate::rule::RuleSet), or reports every problem in it. The
//! only reader of rules files.
//!
//! A load reads the rules files and the list files that they name, and runs the examples of each rule.
//! `lint` makes all further checks of loaded rules.

use std::path::PathBuf;

use derive_more::Display;

use crate::rule::{Facts, lookup::SourceKinds};

mod csv;
mod document;
mod draft;
mod example;
mod examples;
mod fields;
mod held;
mod inputs;
mod list_file;
mod loader;
mod lookup;
mod part;
mod part_numbers;
mod rule;
mod section;
mod set;
mod template;
mod unmatched;

pub use draft::Draft;
pub(crate) use draft::Loaded;
pub(crate) use examples::passing_examples;
pub use held::HeldFiles;
pub(crate) use held::LoadedTexts;
pub(crate) use inputs::{Files, UnreadEntry, fingerprint, rules_files, target_in_folder};
use loader::Loader;

/// The name and the rules of each built-in hook. These rules name no list files. Their files are below `tests/`
/// because the tests use them, too. The tests cannot use the files in `rules/`, which users edit.
const BUILT_IN: [(&str, &str); 3] = [
    ("registrationHookPP", include_str!("../tests/guide/rules/registrationHookPP.toml")),
    ("registrationHookSSR", include_str!("../tests/guide/rules/registrationHookSSR.toml")),
    (
        "registrationHookSSRandPP",
        include_str!("../tests/guide/rules/registrationHookSSRandPP.toml"),
    ),
];

/// The purpose of a load.
pub enum Purpose {
    /// To serve the rules. Keeps the text of no file, since lists may be large.
    Serve,
    /// To serve the rules while some of their files are being written.
    Reload {
        /// The files that are being written. The load uses their last valid texts in place of the present ones.
        held_files: HeldFiles,
    },
    /// To inspect the rules. The draft keeps the text of each rules file, and the rules keep their lists.
    Inspect,
}

/// The source of rules. Printed, it completes "the service listens with …".
#[derive(Clone, Debug, Display)]
pub enum RulesSource {
    /// Every `<hook>.toml` of this folder.
    #[display("the rules in `{}`", _0.display())]
    Folder(PathBuf),
    /// The rules in the binary, for the three hooks of Okta's guide.
    #[display("the built-in rules")]
    BuiltIn,
}

/// Loads all rules of a source. Judges the examples of the rules with `facts`. Lookups may name these
/// `sources` of the settings.
pub fn load_rules(
    source: &RulesSource,
    facts: &Facts,
    sources: &SourceKinds,
    purpose: Purpose,
) -> Draft {
    match source {
        RulesSource::Folder(folder) => {
            let mut loader = Loader::new(Some(folder), facts, sources, purpose);
            loader.load_folder(folder);
            loader.finish()
        }
        RulesSource::BuiltIn => {
            let mut loader = Loader::new(None, facts, sources, purpose);
            for (hook, text) in BUILT_IN {
                loader.load_text(hook, format!("built-in {hook}.toml"), text.to_owned());
            }
            loader.finish()
        }
    }
}

/// Whether a byte may stand in the name of a hook or a lookup.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}
