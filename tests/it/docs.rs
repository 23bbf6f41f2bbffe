//! The TOML in `docs/rules.md`, `docs/lookups.md` and `README.md` is valid, and they have an example of every
//! key.

use std::{collections::BTreeSet, fs};

use registration_hook::lint::Lints;
use serde_json::Value;

use crate::support::{Failures, lint_rules, repository, rules_folder};

/// The fenced TOML blocks of a page: the second word of the fence, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let page = fs::read_to_string(repository(page)).unwrap();
    let fenced = page.split("\n```toml").skip(1);
    fenced
        .map(|rest| {
            let (info, rest) = rest.split_once('\n').unwrap();
            (info.trim().to_owned(), rest.split_once("\n```").unwrap().0.to_owned())
        })
        .collect()
}

/// The rules files of a block. A block of `rules` has several rules with empty lines between them,
/// and may leave out `id` and `message`.
fn files(info: &str, text: &str) -> Vec<String> {
    match info {
        "" | "allow-list" => vec![text.to_owned()],
        "rules" => text.split("\n\n").map(file).collect(),
        "lookup" => vec![format!(
            "[self_service_registration]\nallow_all = true\n[self_service_registration.lookups.x]\n{text}"
        )],
        "settings" => Vec::new(),
        other => panic!("unknown kind of block `{other}`"),
    }
}

fn file(rule: &str) -> String {
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
        let files: Vec<_> =
            blocks(page).iter().flat_map(|(info, text)| files(info, text)).collect();

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
fn keys(value: &toml::Value, found: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                found.insert(key.clone());
                keys(value, found);
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

/// Adds the names of a schema's properties. Another test compares them with the loader.
fn properties(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(named)) = members.get("properties") {
                found.extend(named.keys().cloned());
            }
            members.values().for_each(|member| properties(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, found)),
        _ => {}
    }
}

#[test]
fn every_key_has_an_example() {
    let mut shown = BTreeSet::new();
    for (info, text) in [blocks("docs/rules.md"), blocks("docs/lookups.md")].concat() {
        let fragments = if info == "rules" { text.split("\n\n").collect() } else { vec![&*text] };
        for fragment in fragments {
            keys(&toml::Value::Table(fragment.parse().unwrap()), &mut shown);
        }
    }
    let schema = fs::read(repository("docs/rules.schema.json")).unwrap();
    let mut known = BTreeSet::new();

    properties(&serde_json::from_slice(&schema).unwrap(), &mut known);

    assert!(known.len() > 35, "{known:?}");

    let missing: Vec<_> = known.difference(&shown).collect();

    assert!(missing.is_empty(), "the pages have no example of {missing:?}");
}
