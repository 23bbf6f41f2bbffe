//! Names of types: each has one meaning.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{ImportedName, SourceFile, source_files};
use crate::support::Failures;

/// Structs, enums and traits, each with the places that define it.
fn types(files: &[SourceFile]) -> BTreeMap<String, Vec<String>> {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in files.iter().flat_map(SourceFile::code_lines) {
        let mut words = line.text.split(|letter: char| !letter.is_alphanumeric());
        if words.any(|word| matches!(word, "struct" | "enum" | "trait")) {
            let name = words.next().unwrap_or_default();
            if name.starts_with(|letter: char| letter.is_uppercase()) {
                types.entry(name.to_owned()).or_default().push(line.place);
            }
        }
    }
    assert!(types.len() > 50, "only {} types", types.len());
    types
}

/// Names that several types may have, and why.
const SHARED_NAMES: &[(&str, &str)] = &[("Arguments", "each subcommand parses its own")];

#[test]
fn every_type_has_a_name_of_its_own() {
    let files = source_files();
    let mut failures = Failures::default();

    let types = types(&files);

    for (name, places) in types {
        let is_allowed = SHARED_NAMES.iter().any(|(shared, _)| *shared == name);
        failures.check(format!("{name}: {}", places.join(", ")), places.len() == 1 || is_allowed);
    }
    failures.assert_none();
}

/// Names that every reader takes for those of `std`.
const WELL_KNOWN: &[&str] = &[
    "Any",
    "Arc",
    "AsMut",
    "AsRef",
    "Borrow",
    "Box",
    "BufRead",
    "Cell",
    "Child",
    "Clone",
    "Copy",
    "Cow",
    "Debug",
    "Default",
    "Deref",
    "Display",
    "Drop",
    "Duration",
    "Eq",
    "Err",
    "Error",
    "File",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "FromStr",
    "Future",
    "Hash",
    "Hasher",
    "Instant",
    "Into",
    "IntoIterator",
    "Iterator",
    "Mutex",
    "None",
    "Ok",
    "Option",
    "Ord",
    "Ordering",
    "Path",
    "PathBuf",
    "Pin",
    "Range",
    "Rc",
    "Read",
    "Receiver",
    "RefCell",
    "Result",
    "RwLock",
    "Seek",
    "Send",
    "Sender",
    "Sized",
    "Some",
    "String",
    "Sync",
    "SystemTime",
    "Thread",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Vec",
    "Waker",
    "Write",
];

#[test]
fn no_type_shadows_one_of_std() {
    let files = source_files();
    let mut failures = Failures::default();

    let types = types(&files);

    for (name, places) in types {
        let row = format!("{name}: {}", places.join(", "));
        failures.check(row, !WELL_KNOWN.contains(&name.as_str()));
    }
    failures.assert_none();
}

/// Types of other crates that share a name with ours, and why.
const FOREIGN_NAMES: &[(&str, &str)] = &[
    ("Acceptor", "`server::worker` needs the TLS one by its own name"),
    ("Request", "`server` reads HTTP requests; `okta::Request` is the content of their bodies"),
];

#[test]
fn no_import_gives_a_name_of_ours_another_meaning() {
    let files = source_files();
    let mut failures = Failures::default();

    let types = types(&files);
    let modules: BTreeSet<&str> = files.iter().flat_map(|file| file.module.split("::")).collect();

    for file in &files {
        for ImportedName { name, is_alias, root } in file.imported_names() {
            let is_ours = matches!(root.as_str(), "crate" | "super" | "self")
                || modules.contains(root.as_str());
            let is_allowed = FOREIGN_NAMES.iter().any(|(allowed, _)| *allowed == name);
            let is_clear = !types.contains_key(&name) || (is_ours && !is_alias) || is_allowed;
            failures.check(format!("{} imports `{name}` from `{root}`", file.name), is_clear);
        }
    }
    failures.assert_none();
}
