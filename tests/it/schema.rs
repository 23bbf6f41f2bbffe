//! The JSON schema of rules files, for editors, agrees with the loader: it knows the same keys and
//! names, and accepts the same files.

use std::{collections::BTreeSet, fs, path::Path};

use boon::{Compiler, SchemaIndex, Schemas};
use registration_hook::problem::Problems;
use serde_json::{Value, json};

use crate::support::{Failures, load_rules, repository, rules_folder};

fn schema() -> Value {
    serde_json::from_slice(&fs::read(repository("docs/rules.schema.json")).unwrap()).unwrap()
}

struct Validator(Schemas, SchemaIndex);

impl Validator {
    fn new() -> Self {
        let mut schemas = Schemas::new();
        let path = repository("docs/rules.schema.json");
        let index = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
        Self(schemas, index)
    }

    fn accepts(&self, text: &str) -> Result<(), String> {
        let document = in_json(toml::from_str(text).unwrap());
        self.0.validate(&document, self.1).map_err(|error| format!("{error:#}"))
    }
}

/// TOML as editors give it to a schema: dates are texts.
fn in_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(boolean) => json!(boolean),
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(in_json).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, value)| (key, in_json(value))).collect())
        }
    }
}

fn load(text: &str) -> Result<(), Problems> {
    let folder = rules_folder(&[("h.toml", text), ("list.txt", "okta.com\n")]);
    load_rules(folder.path()).map(|_| ())
}

/// The texts of all files below a folder whose names have this ending.
fn files(directory: &Path, ending: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
    texts
}

/// Every string literal of the loader that could be a key or a name in a rules file.
fn vocabulary() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for directory in ["src/load", "src/rule"] {
        for source in files(&repository(directory), ".rs") {
            words.extend(source.split('"').map(str::to_owned).filter(|word| {
                let name = |byte: u8| byte.is_ascii_lowercase() || b"_-0123456789".contains(&byte);
                !word.is_empty() && word.bytes().all(name)
            }));
        }
    }
    assert!(words.contains("domains") && words.contains("person-name"), "{words:?}");
    words
}

const RULE: &str = "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\n";
const LOOKUP: &str =
    "[self_service_registration]\nallow_all = true\n[self_service_registration.lookups.x]\n";

#[test]
fn the_schema_accepts_the_shipped_rules_and_examples() {
    let validator = Validator::new();
    let mut texts = files(&repository("tests/guide/rules"), ".toml");

    // The other TOML files in the folders of examples are settings.
    for example in fs::read_dir(repository("examples")).unwrap() {
        let rules = example.unwrap().path().join("rules");
        if rules.is_dir() {
            texts.extend(files(&rules, ".toml"));
        }
    }

    assert!(texts.len() > 10);

    for text in texts {
        validator.accepts(&text).unwrap();
    }
}

#[test]
fn schema_and_loader_know_the_same_keys_in_every_table() {
    let schema = schema();
    let vocabulary = vocabulary();
    // The place of a table's keys in the schema, and the texts of a file before and after a key of this table.
    let part = "attribute = 'email', format = 'email'";
    let tables = [
        ("/properties", "", ""),
        (
            "/properties/self_service_registration/properties",
            "[self_service_registration]\nallow_all = true\n",
            "",
        ),
        (
            "/properties/progressive_profile/properties",
            "[progressive_profile]\nallow_all = true\n",
            "",
        ),
        ("/$defs/rule/properties", &format!("{RULE}attribute = 'email'\n"), ""),
        (
            "/$defs/part/properties",
            &format!("{RULE}{}\nwhen = [{{ {part}, ", part.replace(", ", "\n")),
            " }]",
        ),
        ("/$defs/part/properties", &format!("{RULE}all = [{{ {part}, "), " }]"),
        ("/$defs/part/properties", &format!("{RULE}any = [{{ {part}, "), " }]"),
        ("/$defs/lookup/properties", LOOKUP, ""),
        (
            "/$defs/rule/properties/examples/properties",
            &format!(
                "{RULE}attribute = 'email'\nformat = 'email'\n[self_service_registration.rules.examples]\n"
            ),
            "",
        ),
        ("/$defs/bounds/properties", &format!("{RULE}attribute = 'a'\nlength = {{ "), " }"),
        ("/$defs/bounds/properties", &format!("{RULE}attribute = 'a'\ndigits = {{ "), " }"),
        ("/$defs/bounds/properties", &format!("{RULE}attribute = 'a'\nage = {{ "), " }"),
        (
            "/$defs/rule/properties/range/properties",
            &format!("{RULE}attribute = 'a'\nrange = {{ "),
            " }",
        ),
        (
            "/$defs/list/anyOf/1/properties",
            &format!("{RULE}attribute = 'email'\ndomains = {{ "),
            " }",
        ),
        (
            "/$defs/set/anyOf/1/properties",
            "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\nx = { ",
            " }",
        ),
        (
            "/$defs/set/anyOf/2/items/properties",
            "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\nx = [{ value = 'a', ",
            " }]",
        ),
    ];
    let mut failures = Failures::default();

    for (place, before, after) in tables {
        let keys = schema.pointer(place).unwrap().as_object().unwrap();

        failures.check(place, !keys.is_empty());
        for word in vocabulary.iter().chain(keys.keys()) {
            // The value is often invalid. Only problems of the key count.
            let text = format!("{before}{word} = 'list.txt'{after}\n");
            let unknown = match load(&text) {
                Ok(()) => false,
                // The text before the key has the same key.
                Err(problems)
                    if problems.iter().any(|one| one.message.contains("duplicate key")) =>
                {
                    continue;
                }
                // The last message is about a table of a list, whose only key is `file`.
                Err(problems) => problems.iter().any(|one| {
                    one.message.contains(&format!("unknown key `{word}`"))
                        || one.message.contains(&format!("`{word}` belong"))
                        || one.message.ends_with("`{ file = \"roster.txt\" }`, found a table")
                }),
            };
            // The schema has `false` for a key of another flow's section.
            let known = keys.get(word).is_some_and(|schema| *schema != Value::Bool(false));
            // Only a row that fails is described, since that loads the file again.
            if known == unknown {
                failures.check_eq(format!("{place} {word}: {:?}", load(&text)), known, !unknown);
            }
        }
    }

    failures.assert_none();
}

#[test]
fn schema_and_loader_know_the_same_names() {
    let validator = Validator::new();
    let templates = [
        format!("{RULE}attribute = 'a'\nformat = '?'\n"),
        format!("{RULE}attribute = 'a'\nformat = 'email'\nmode = '?'\n"),
        "[progressive_profile]\nallow_all = true\ndeny = '?'\n".to_owned(),
        "[progressive_profile]\nallow_all = true\nset.a = { normalize = ['?'] }\n".to_owned(),
    ];
    let mut failures = Failures::default();

    for template in templates {
        let mut known = 0;
        for word in vocabulary() {
            let text = template.replace('?', &word);
            let loads = load(&text).is_ok();
            known += usize::from(loads);

            failures.check_eq(
                format!("{template}: {text}"),
                validator.accepts(&text).is_ok(),
                loads,
            );
        }
        failures.check(&template, known > 1);
    }

    failures.assert_none();
}

#[test]
fn schema_and_loader_accept_the_same_values() {
    let validator = Validator::new();
    let checks = [
        ("domains = ['okta.com', '*.okta.com']", true),
        ("domains = 'okta.com'", false),
        ("domains = []", false),
        ("domains = ['']", false),
        ("domains = { file = 'list.txt' }", true),
        ("domains = { file = 'list.txt', more = 1 }", false),
        ("not_domains = { file = 1 }", false),
        ("digits = 4", true),
        ("digits = 0", false),
        ("digits = -1", false),
        ("digits = 4.5", false),
        ("digits = '4'", false),
        ("digits = { min = 1 }", true),
        ("digits = {}", false),
        ("length = { min = 1, max = 2 }", true),
        ("length = { max = 0 }", false),
        ("length = { min = -1 }", false),
        ("length = 4", false),
        ("pattern = '[a-z]+'", true),
        ("pattern = ''", false),
        ("pattern = 1", false),
        ("one_of = ['a']\nignore_case = true", true),
        ("one_of = ['a']\nignore_case = 1", false),
        ("format = 'email'\nignore_case = true", false),
        ("one_of = [1]", false),
        ("range = { min = 1.5, max = 9 }", true),
        ("range = { min = 2020-01-01 }", true),
        ("range = { max = '2020-01-01' }", true),
        ("range = { max = 'soon' }", false),
        ("range = {}", false),
        ("age = { min = 18 }", true),
        ("age = { min = 18.5 }", false),
        ("equals = 'b'", true),
        ("equals = ['b']", false),
        ("optional = true", false),
        ("format = 'email'\noptional = true", true),
        ("format = 'email'\noptional = 'yes'", false),
        ("format = 'email'\nexamples.pass = ['a@okta.com']", true),
        ("format = 'email'\nexamples.pass = 'a@okta.com'", false),
        ("format = 'email'\nexamples.fail = []", false),
        ("format = 'email'\nattributes = ['b']", false),
        ("format = 'email'\nwhen = [{ attribute = 'b', digits = 4 }]", true),
        ("format = 'email'\nwhen = []", false),
        ("format = 'email'\nwhen = { attribute = 'b', digits = 4 }", false),
        ("format = 'email'\nwhen = [{ attribute = 'b' }]", false),
        ("all = [{ attribute = 'b', digits = 4 }]", false),
    ];
    let rules = [
        ("id = 'r'\nmessage = 'm'\nattributes = ['a', 'b']\ndigits = 4", true),
        ("id = 'r'\nmessage = 'm'\nattributes = 'a'\ndigits = 4", false),
        ("id = 'r'\nmessage = 'm'\nattributes = []\ndigits = 4", false),
        ("id = 'r'\nmessage = 'm'\ndigits = 4", false),
        ("id = 'r'\nattribute = 'a'\ndigits = 4", false),
        ("message = 'm'\nattribute = 'a'\ndigits = 4", false),
        ("id = 1\nmessage = 'm'\nattribute = 'a'\ndigits = 4", false),
        ("id = 'r'\nmessage = ' '\nattribute = 'a'\ndigits = 4", false),
        ("id = 'r'\nmessage = { default = 'm', pt-BR = 'n' }\nattribute = 'a'\ndigits = 4", true),
        ("id = 'r'\nmessage = { fr = 'm' }\nattribute = 'a'\ndigits = 4", false),
        ("id = 'r'\nmessage = { default = 'm', '!' = 'n' }\nattribute = 'a'\ndigits = 4", false),
        ("id = 'r'\nmessage = { default = 1 }\nattribute = 'a'\ndigits = 4", false),
        ("id = 'r'\nmessage = 'm'\nall = [{ attribute = 'a', digits = 4 }]", true),
        ("id = 'r'\nmessage = 'm'\nany = [{ attribute = 'a', digits = 4, optional = true }]", true),
        (
            "id = 'r'\nmessage = 'm'\nany = [{ attribute = 'a', digits = 4 }]\noptional = true",
            false,
        ),
        ("id = 'r'\nmessage = 'm'\nany = [{ attribute = 'a', digits = 4 }]\ndigits = 4", false),
        ("id = 'r'\nmessage = 'm'\nany = [{ digits = 4 }]", false),
        ("id = 'r'\nmessage = 'm'\nany = []", false),
        (
            "id = 'r'\nmessage = 'm'\nall = [{ attribute = 'a', digits = 4 }]\nany = [{ attribute = 'a', digits = 4 }]",
            false,
        ),
        (
            "id = 'r'\nmessage = 'm'\nattribute = 'a'\ndigits = 4\nreason = 'R'\nlocation = 'data.userProfile.a'\ncause_domain = 'd'",
            true,
        ),
        ("id = 'r'\nmessage = 'm'\nattribute = 'a'\ndigits = 4\nlocation = 'email'", true),
        ("id = 'r'\nmessage = 'm'\nattribute = 'a'\ndigits = 4\nreason = ''", false),
    ];
    let lookups = [
        ("get = '/v1/{email}?a={email.domain}'\nsource = 'members'", true),
        ("get = '/'", false),
        ("get = 'v1'\nsource = 'members'", false),
        ("get = '//host/'\nsource = 'members'", false),
        ("get = '/a b'\nsource = 'members'", false),
        ("get = '/a#b'\nsource = 'members'", false),
        ("get = '/'\nsource = 'members'\nbody = {}", false),
        ("get = '/'\nsource = 'members'\nmatch = { a = 'b' }", false),
        ("get = '/'\nsource = 'members'\nreturns = { a = '/b/0/~0~1', c = '' }", true),
        ("get = '/'\nsource = 'members'\nreturns = { a = 'b' }", false),
        ("get = '/'\nsource = 'members'\nreturns = { a = '/~2' }", false),
        ("get = '/'\nsource = 'members'\nreturns = {}", false),
        ("get = '/'\nsource = 'members'\nreturns = ['a']", false),
        ("get = '/'\nsource = 'members'\nfound = '/a'\nnot_found = [404, 410]", true),
        ("get = '/'\nsource = 'members'\nfound = true", false),
        ("get = '/'\nsource = 'members'\nnot_found = []", true),
        ("get = '/'\nsource = 'members'\nnot_found = [200]", false),
        ("get = '/'\nsource = 'members'\nnot_found = [600]", false),
        ("get = '/'\nsource = 'members'\nnot_found = [404, 404]", false),
        ("post = '/'\nsource = 'members'\nbody = { a = ['{email}', { b = 1.5 }], c = true }", true),
        ("post = '/'\nsource = 'members'", false),
        ("post = '/'\nsource = 'members'\nbody = '{email}'", false),
        ("get = '/'\npost = '/'\nsource = 'members'\nbody = {}", false),
        ("get = '/'\nfile = 'list.txt'\nsource = 'members'", false),
        ("source = 'members'", false),
    ];
    let sections = [
        ("", false),
        ("[progressive_profile]", false),
        ("[progressive_profile]\nallow_all = true", true),
        ("[progressive_profile]\nallow_all = false", false),
        ("[progressive_profile]\nallow_all = 'true'", false),
        ("[progressive_profile]\nrules = []", false),
        ("[progressive_profile]\nallow_all = true\nsummary = { default = 's', fr = 't' }", true),
        ("[progressive_profile]\nallow_all = true\nupdate = ['a', 'b']", true),
        ("[progressive_profile]\nallow_all = true\nupdate = ['a', 'a']", false),
        ("[progressive_profile]\nallow_all = true\nupdate = []", false),
        ("[self_service_registration]\nallow_all = true\nupdate = ['a']", false),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = 'b', b = [1, 'c'], c = true, d = 1.5 }",
            true,
        ),
        ("[progressive_profile]\nallow_all = true\nset = {}", false),
        ("[progressive_profile]\nallow_all = true\nset = { a = { b = 1 } }", false),
        ("[progressive_profile]\nallow_all = true\nset = { a = { normalize = [] } }", false),
        ("[progressive_profile]\nallow_all = true\nset = { a = { normalize = 'trim' } }", false),
        ("[progressive_profile]\nallow_all = true\nset = { a = {} }", false),
        ("[progressive_profile]\nallow_all = true\nset = { a = { generate = 'uuid' } }", true),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { generate = 'digits', length = 8 } }",
            true,
        ),
        ("[progressive_profile]\nallow_all = true\nset = { a = { generate = 'digits' } }", false),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { generate = 'digits', length = 3 } }",
            false,
        ),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { generate = 'digits', length = 31 } }",
            false,
        ),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { generate = 'uuid', length = 8 } }",
            false,
        ),
        ("[progressive_profile]\nallow_all = true\nset = { a = { generate = 'id' } }", false),
        ("[progressive_profile]\nallow_all = true\nset = { a = { length = 8 } }", false),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { from = 'b', pattern = '(?<c>.*)', value = '{c}' } }",
            true,
        ),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { from = 'b', pattern = '(?<c>.*)' } }",
            false,
        ),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { pattern = '(?<c>.*)', value = '{c}' } }",
            false,
        ),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { from = 'b', pattern = '(?<c>.*)', value = '{c}', else = 'd' } }",
            false,
        ),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { from = 'b', map = { c = 'd' }, value = 'e' } }",
            false,
        ),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { from = 'b', map = { x = 'y', z = 7 }, else = true } }",
            true,
        ),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { from = 'b', map = { file = 7 } } }",
            true,
        ),
        ("[progressive_profile]\nallow_all = true\nset = { a = { from = 'b', map = {} } }", false),
        ("[progressive_profile]\nallow_all = true\nset = { a = { from = 'b', map = 'y' } }", false),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { from = 'b', else = 'y' } }",
            false,
        ),
        ("[progressive_profile]\nallow_all = true\nset = { a = { map = { x = 'y' } } }", false),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { default = 'b', else = 'c' } }",
            false,
        ),
        ("[progressive_profile]\nallow_all = true\nset = { a = { default = ['b'] } }", true),
        ("[progressive_profile]\nallow_all = true\nset = { a = { default = {} } }", false),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = { default = 'b', normalize = ['trim'] } }",
            false,
        ),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = [{ when = [{ attribute = 'b', digits = 1 }], value = '{c}' }, { value = 7 }] }",
            true,
        ),
        ("[progressive_profile]\nallow_all = true\nset = { a = [{ value = 7 }, 'b'] }", false),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = [{ when = [], value = 7 }] }",
            false,
        ),
        ("[progressive_profile]\nallow_all = true\nset = { a = [{ value = {} }] }", false),
        (
            "[progressive_profile]\nallow_all = true\nset = { a = [{ when = [{ attribute = 'b', digits = 1 }] }] }",
            false,
        ),
        (
            "[progressive_profile]\nallow_all = true\n[[progressive_profile.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'a'\ndigits = 4",
            false,
        ),
        (
            "[progressive_profile]\nallow_all = false\n[[progressive_profile.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'a'\ndigits = 4",
            true,
        ),
        ("[other]\nallow_all = true", false),
    ];
    let checks = checks.map(|(text, valid)| (format!("{RULE}attribute = 'a'\n{text}\n"), valid));
    let rules = rules
        .map(|(text, valid)| (format!("[[self_service_registration.rules]]\n{text}\n"), valid));
    let lookups = lookups.map(|(text, valid)| (format!("{LOOKUP}{text}\n"), valid));
    let sections = sections.map(|(text, valid)| (format!("{text}\n"), valid));
    let mut failures = Failures::default();

    for (text, valid) in checks.into_iter().chain(rules).chain(lookups).chain(sections) {
        let loaded = load(&text);

        failures.check_eq(format!("loader: {text}{loaded:?}"), loaded.is_ok(), valid);
        let accepted = validator.accepts(&text);
        failures.check_eq(format!("schema: {text}{accepted:?}"), accepted.is_ok(), valid);
    }

    failures.assert_none();
}
