//! Rules that the source must keep: directions of imports, names and words. Each test reports every place
//! that breaks its rule.

pub mod source;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use crate::support::Failures;
use source::{ImportedName, SourceFile, files_of, source_files};

const CLOCK: &[&str] = &["SystemTime", "Instant::now", "Timestamp::now", "Zoned::now"];

/// Records every line of code of these modules that has one of the words.
fn check_absent(failures: &mut Failures, files: &[SourceFile], modules: &[&str], words: &[&str]) {
    for file in files_of(files, modules) {
        for line in file.code_lines() {
            for word in words.iter().filter(|word| line.text.contains(**word)) {
                failures.add(format!("{} has `{word}`: {}", line.place, line.text.trim()));
            }
        }
    }
}

#[test]
fn core_does_not_mention_http_files_environment_clocks_sockets_or_logs() {
    let files = source_files();
    let outside = [
        "actix",
        "std::fs",
        "fs::",
        "std::env",
        "env::",
        "std::io",
        "std::net",
        "tokio",
        "log::",
        "println",
        "SystemTime",
        "Instant",
        "Timestamp::now",
        "Zoned::now",
    ];
    let mut failures = Failures::default();

    check_absent(&mut failures, &files, &["okta", "rule"], &outside);

    failures.assert_none();
}

#[test]
fn loader_and_lints_do_not_read_the_clock() {
    let files = source_files();
    let mut failures = Failures::default();

    check_absent(&mut failures, &files, &["load", "lint"], CLOCK);

    failures.assert_none();
}

#[test]
fn authentication_does_not_mention_the_http_library() {
    let files = source_files();
    let mut failures = Failures::default();

    check_absent(&mut failures, &files, &["auth"], &["actix"]);

    failures.assert_none();
}

#[test]
fn authentication_reads_the_clock_only_where_it_fetches_keys() {
    let fetching = ["auth::issuer", "auth::refresh"];
    let files = source_files();
    let mut failures = Failures::default();

    for file in files_of(&files, &["auth"]) {
        for line in file.code_lines() {
            let reads_clock = line.text.contains("::now()") || line.text.contains(".elapsed()");
            let is_allowed = !reads_clock || fetching.contains(&file.module.as_str());
            failures.check(format!("{}: {}", line.place, line.text.trim()), is_allowed);
        }
    }

    failures.assert_none();
}

/// The modules that a module may import. `cli` and `server` see everything and have no row.
const DIRECTIONS: &[(&str, &[&str])] = &[
    // Leaves.
    ("escape", &[]),
    ("file", &[]),
    ("metrics", &[]),
    ("nearest", &[]),
    ("origin", &[]),
    ("problem", &["escape"]),
    ("proxies", &["origin"]),
    ("authorities", &["file"]),
    ("http_client", &["authorities", "proxies"]),
    ("throttle", &[]),
    ("toml_bound", &["problem"]),
    // The core.
    ("okta", &["nearest"]),
    ("rule", &["nearest", "okta", "problem"]),
    ("pipeline", &["okta", "rule"]),
    ("findings", &["okta"]),
    ("explained", &["okta", "pipeline", "rule"]),
    ("form_fields", &["okta", "rule"]),
    ("user_view", &["okta"]),
    // Rules from files.
    ("org", &["file", "nearest", "okta", "problem"]),
    ("load", &["file", "nearest", "okta", "problem", "rule", "toml_bound"]),
    ("lint", &["load", "okta", "org", "pipeline", "problem", "rule"]),
    (
        "lookup",
        &[
            "authorities",
            "escape",
            "file",
            "http_client",
            "nearest",
            "okta",
            "problem",
            "proxies",
            "rule",
            "settings",
        ],
    ),
    // Operation.
    ("clock", &["rule"]),
    ("auth", &["escape", "http_client", "origin", "proxies"]),
    ("settings", &["file", "nearest", "origin", "problem", "proxies", "toml_bound"]),
    ("credentials", &["auth", "file", "problem", "proxies", "settings"]),
    ("certificate", &["file", "problem", "settings"]),
    ("state", &["credentials", "lookup", "rule"]),
    (
        "preview",
        &[
            "clock",
            "escape",
            "file",
            "explained",
            "findings",
            "form_fields",
            "load",
            "lookup",
            "okta",
            "pipeline",
            "problem",
            "rule",
            "state",
            "user_view",
        ],
    ),
    ("sink", &["throttle"]),
    ("decision_log", &["escape", "okta", "rule", "settings", "sink"]),
    (
        "reload",
        &[
            "certificate",
            "clock",
            "credentials",
            "file",
            "load",
            "lookup",
            "metrics",
            "problem",
            "rule",
            "settings",
            "state",
        ],
    ),
];
const SEES_EVERYTHING: &[&str] = &["", "cli", "server"];

/// The modules that each file imports.
fn imports_of_files(files: &[SourceFile]) -> BTreeMap<&str, BTreeSet<String>> {
    let modules: BTreeSet<String> = files.iter().map(|file| file.module.clone()).collect();
    files.iter().map(|file| (file.name.as_str(), file.imports(&modules))).collect()
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap()
}

#[test]
fn modules_import_only_what_their_direction_allows() {
    let files = source_files();
    let directions: BTreeMap<_, _> = DIRECTIONS.iter().copied().collect();
    let mut failures = Failures::default();

    let imports = imports_of_files(&files);

    for file in files.iter().filter(|file| !SEES_EVERYTHING.contains(&file.top_module())) {
        let Some(allowed) = directions.get(file.top_module()) else {
            failures.add(format!("{}: its module has no row in `DIRECTIONS`", file.name));
            continue;
        };
        for module in &imports[file.name.as_str()] {
            let module = top(module);
            if module != file.top_module() && !allowed.contains(&module) {
                failures.add(format!("{} imports `{module}`", file.name));
            }
        }
    }
    for (module, allowed) in DIRECTIONS {
        for import in *allowed {
            let is_used = files_of(&files, &[*module])
                .iter()
                .any(|file| imports[file.name.as_str()].iter().any(|found| top(found) == *import));
            failures.check(format!("`{module}` no longer imports `{import}`"), is_used);
        }
    }
    failures.assert_none();
}

#[test]
fn no_two_files_import_each_other() {
    let files = source_files();
    let mut failures = Failures::default();

    let imports = imports_of_files(&files);

    for a in &files {
        for b in files.iter().filter(|b| a.module < b.module) {
            // A module may import its own submodules, and they may import it.
            let is_parent = b.module.starts_with(&format!("{}::", a.module));
            let both = imports[a.name.as_str()].contains(&b.module)
                && imports[b.name.as_str()].contains(&a.module);
            failures.check(format!("{} and {}", a.name, b.name), is_parent || !both);
        }
    }
    failures.assert_none();
}

#[test]
fn modules_import_each_other_in_no_cycle() {
    let files = source_files();
    let imports = imports_of_files(&files);
    let mut remaining: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.module.is_empty()) {
        let found = remaining.entry(file.top_module()).or_default();
        found.extend(imports[file.name.as_str()].iter().map(|module| top(module)));
        found.remove(file.top_module());
    }

    // Removes the modules that import no other remaining module, until none can be removed. Each module that
    // still remains leads into a cycle.
    loop {
        let names: BTreeSet<&str> = remaining.keys().copied().collect();
        remaining.retain(|_, imports| !imports.is_disjoint(&names));
        if remaining.len() == names.len() {
            break;
        }
    }

    assert!(remaining.is_empty(), "these modules form a cycle: {remaining:#?}");
}

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

/// Names of `std`, which every reader takes for those of `std`.
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

/// The types that hold an end user's values or the service's secrets.
const UNPRINTABLE: &[&str] = &[
    "Secrets",
    "Authenticator",
    "Value",
    "Attribute",
    "Form",
    "Request",
    "Assignment",
    "LanguageTag",
];

#[test]
fn types_with_secrets_or_profile_values_cannot_be_printed() {
    let files = source_files();
    let mut failures = Failures::default();

    for name in UNPRINTABLE {
        let mut is_defined = false;
        for file in files_of(&files, &["auth", "okta"]) {
            for attributes in definitions(file, name) {
                is_defined = true;
                for printing in ["Debug", "Display"] {
                    let row = format!("{}: `{name}` derives {printing}", file.name);
                    failures.check(row, !attributes.contains(printing));
                }
            }
            for printing in ["Debug", "Display"] {
                let row = format!("{}: `{name}` implements {printing}", file.name);
                failures.check(row, !file.text.contains(&format!("{printing} for {name}")));
            }
        }
        failures.check(format!("`{name}` is not defined in `auth` or `okta`"), is_defined);
    }

    failures.assert_none();
}

/// The comments and attributes above each definition of a type of this name.
fn definitions<'a>(file: &'a SourceFile, name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for keyword in ["struct", "enum"] {
        let start = format!("{keyword} {name}");
        for (at, _) in file.text.match_indices(&start) {
            let (before, after) = file.text.split_at(at);
            let is_whole = !after[start.len()..].starts_with(char::is_alphanumeric);
            if is_whole {
                found.push(before.rsplit("\n\n").next().unwrap());
            }
        }
    }
    found
}

#[test]
fn only_the_flow_table_and_the_encoder_name_commands() {
    let files = source_files();
    let has_commands = ["okta::flow", "okta::response"];
    let mut failures = Failures::default();

    for file in files.iter().filter(|file| !has_commands.contains(&file.module.as_str())) {
        for line in file.lines() {
            let has_command = line.text.contains("com.okta.")
                && !line.text.contains("com.okta.user.pre-registration");
            failures.check(format!("{}: {}", line.place, line.text.trim()), !has_command);
        }
    }

    failures.assert_none();
}

#[test]
fn only_the_settings_read_the_environment() {
    let files = source_files();
    let mut failures = Failures::default();

    for file in files.iter().filter(|file| file.module != "settings") {
        for line in file.code_lines() {
            let row = format!("{}: {}", line.place, line.text.trim());
            failures.check(row, !line.text.contains("env::var"));
        }
    }

    failures.assert_none();
}

#[test]
fn no_source_file_is_longer_than_300_lines() {
    let files = source_files();
    let mut failures = Failures::default();

    for file in &files {
        let count = file.lines().count();
        failures.check(format!("{} has {count} lines; split it by idea", file.name), count <= 300);
    }

    failures.assert_none();
}

/// Users asked for these packages, so they must stay dependencies that the source uses.
#[test]
fn the_packages_that_users_asked_for_are_used() {
    let files = source_files();
    let manifest = include_str!("../../Cargo.toml");
    let mut failures = Failures::default();

    for package in ["actix-web", "serde", "serde_json", "base64", "env_logger", "config"] {
        let listed = manifest.lines().any(|line| line.starts_with(&format!("{package} = ")));
        let path = format!("{}::", package.replace('-', "_"));
        let used = files.iter().flat_map(SourceFile::code_lines).any(|line| {
            let text = line.text.trim_start();
            text.starts_with(&format!("use {path}")) || text.contains(&format!(" {path}"))
        });
        failures.check(format!("{package} is not listed"), listed);
        failures.check(format!("{package} is not used"), used);
    }

    failures.assert_none();
}
