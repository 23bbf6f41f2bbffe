//! Directions of imports: which module may import which.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{SourceFile, files_of, source_files};
use crate::support::Failures;

/// The modules that a module may import. `cli` and `server` see everything and have no row.
const DIRECTIONS: &[(&str, &[&str])] = &[
    // Leaves.
    ("byte_set", &[]),
    ("escape", &["byte_set"]),
    ("duration", &[]),
    ("file", &[]),
    ("metrics", &[]),
    ("nearest", &[]),
    ("trusted_url", &[]),
    ("problem", &["escape"]),
    ("proxies", &["trusted_url"]),
    ("authorities", &["file"]),
    ("bounded_toml", &["problem"]),
    ("http_client", &["authorities", "proxies"]),
    ("throttle", &[]),
    // The core.
    ("okta", &["nearest"]),
    ("rule", &["byte_set", "escape", "nearest", "okta", "problem"]),
    ("pipeline", &["okta", "rule"]),
    ("findings", &["okta"]),
    ("explained", &["okta", "pipeline", "rule"]),
    ("form_fields", &["okta", "rule"]),
    ("user_view", &["okta"]),
    // Rules from files.
    ("org", &["file", "nearest", "okta", "problem"]),
    ("load", &["bounded_toml", "file", "nearest", "okta", "problem", "rule"]),
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
    ("clock", &["pipeline", "rule"]),
    ("auth", &["escape", "http_client", "proxies", "trusted_url"]),
    ("settings", &["bounded_toml", "file", "nearest", "problem", "proxies", "trusted_url"]),
    ("credentials", &["auth", "file", "problem", "proxies", "settings"]),
    ("certificate", &["file", "problem", "settings"]),
    ("state", &["credentials", "lookup", "rule"]),
    (
        "preview",
        &[
            "clock",
            "duration",
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
    ("decision_log", &["duration", "escape", "okta", "rule", "settings", "sink"]),
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
