//! The TOML in `docs/rules.md`, `docs/lookups.md` and `README.md` is valid, and they have an example of every
//! key.

use std::{collections::BTreeSet, fs};

use registration_hook::lint::Lints;
use serde_json::Value;

use crate::support::{Failures, lint_rules, repository, rules_folder};

/// A fenced block of TOML.
struct Block {
    /// The second word of the fence.
    kind: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let page = fs::read_to_string(repository(page)).unwrap();
    let mut blocks = Vec::new();
    for after_fence in page.split("\n```toml").skip(1) {
        let (kind, rest) = after_fence.split_once('\n').unwrap();
        let (text, _) = rest.split_once("\n```").unwrap();
        blocks.push(Block { kind: kind.trim().to_owned(), text: text.to_owned() });
    }
    blocks
}

/// The rules files of a block. A block of `rules` has several rules with empty lines between them,
/// and may leave out `id` and `message`.
fn rules_files(Block { kind, text }: &Block) -> Vec<String> {
    match kind.as_str() {
        "" | "allow-list" => vec![text.clone()],
        "rules" => text.split("\n\n").map(file_with_rule).collect(),
        "lookup" => vec![format!(
            "[self_service_registration]\nallow_all = true\n[self_service_registration.lookups.x]\n{text}"
        )],
        "settings" => Vec::new(),
        other => panic!("unknown kind of block `{other}`"),
    }
}

fn file_with_rule(rule: &str) -> String {
    let mut file = "[[self_service_registration.rules]]\n".to_owned();
    for key in ["id", "message"] {
        if !rule.lines().any(|line| line.starts_with(&format!("{key} = "))) {
            file.push_str(&format!("{key} = \"not shown\"\n"));
        }
    }
    file + rule
}

#[test]
fn every_toml_block_loads_and_passes_the_probe() {
    let mut failures = Failures::default();

    for (page, least) in [("docs/rules.md", 15), ("docs/lookups.md", 4), ("README.md", 1)] {
        let mut files = Vec::new();
        for block in blocks(page) {
            files.extend(rules_files(&block));
        }

        failures.check(format!("{page}: {}", files.len()), files.len() >= least);
        for text in files {
            let folder = rules_folder(&[
                ("hook.toml", &text),
                ("codes.txt", "SPRING-7K2Q\n"),
                ("departments.csv", "domain,department\neng.okta.com,Engineering\n"),
                ("members.csv", "memberNumber,lastName,memberLevel\n100417,O'Neil,gold\n"),
                ("banned.csv", "email,state\neve@example.com,banned\n"),
            ]);
            if let Err(problems) =
                lint_rules(folder.path(), &Lints { probe: true, ..Default::default() })
            {
                panic!("{page}: {}\nin\n{text}", problems[0]);
            }
        }
    }

    failures.assert_none();
}

/// Adds the keys of a value's tables.
fn add_keys(value: &toml::Value, found: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                found.insert(key.clone());
                add_keys(value, found);
            }
        }
        toml::Value::Array(items) => {
            for item in items {
                add_keys(item, found);
            }
        }
        _ => {}
    }
}

/// Adds the names of a schema's properties. Another test compares them with the loader.
fn add_properties(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(named)) = members.get("properties") {
                found.extend(named.keys().cloned());
            }
            for member in members.values() {
                add_properties(member, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                add_properties(item, found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_key_has_an_example() {
    let mut shown = BTreeSet::new();
    let mut blocks_of_pages = blocks("docs/rules.md");
    blocks_of_pages.append(&mut blocks("docs/lookups.md"));
    for Block { kind, text } in &blocks_of_pages {
        // In a block of `rules`, each rule is TOML of its own.
        let fragments = if kind == "rules" { text.split("\n\n").collect() } else { vec![&**text] };
        for fragment in fragments {
            add_keys(&toml::Value::Table(fragment.parse().unwrap()), &mut shown);
        }
    }
    let schema = fs::read(repository("docs/rules.schema.json")).unwrap();
    let mut known = BTreeSet::new();

    add_properties(&serde_json::from_slice(&schema).unwrap(), &mut known);

    assert!(known.len() > 35, "{known:?}");

    let missing: Vec<_> = known.difference(&shown).collect();

    assert!(missing.is_empty(), "the pages have no example of {missing:?}");
}
