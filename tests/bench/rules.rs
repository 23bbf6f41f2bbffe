//! Rules for the benchmarks.

use std::{fs, path::Path};

use registration_hook::{
    clock,
    load::{self, Purpose, RulesSource},
    rule::{RuleSet, lookup::SourceKinds},
};
use tempfile::TempDir;

/// A registration that passes every rule of [`repeated`].
pub const REGISTRATION: &[u8] = br#"{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{"userProfile":{"firstName":"Rosario","lastName":"Jones","login":"rosario.jones@okta.com","email":"rosario.jones@okta.com","employeeNumber":"1234"}}}"#;

/// The kinds of rules that are measured.
pub const KINDS: [&str; 4] = ["domains", "length", "pattern", "skipped"];

/// The rules of Okta's guide.
pub fn guide() -> RuleSet {
    load_source(&RulesSource::BuiltIn)
}

/// A folder with one file of rules, `bench.toml`.
pub fn folder_with(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bench.toml"), text).unwrap();
    folder
}

/// Loads a folder as the service does at its start.
pub fn load_folder(folder: &Path) -> RuleSet {
    load_source(&RulesSource::Folder(folder.to_owned()))
}

fn load_source(source: &RulesSource) -> RuleSet {
    let draft = load::load_rules(source, &clock::facts(), &SourceKinds::new(), Purpose::Serve);
    draft.into_rules().unwrap()
}

/// So many rules of a kind, all different. No rule at all admits everyone.
pub fn repeated(kind: &str, count: usize) -> String {
    if count == 0 {
        return "[self_service_registration]\nallow_all = true\n".to_owned();
    }
    let mut text = String::new();
    for number in 0..count {
        text += &rule(number, kind);
    }
    text
}

/// So many rules, of all kinds in turn, all different.
pub fn mixed(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        text += &rule(number, KINDS[number % KINDS.len()]);
    }
    text
}

/// A rule of a kind. Its number makes its check different from those of other rules: equal ones are checked once.
fn rule(number: usize, kind: &str) -> String {
    let check = match kind {
        "domains" => {
            format!("attribute = \"email\"\ndomains = [\"okta.com\", \"*.ok{number}.example\"]")
        }
        "length" => format!("attribute = \"firstName\"\nlength = {{ max = 50{number} }}"),
        "pattern" => format!("attribute = \"login\"\npattern = \"[a-z.]+@(okta|o{number})[.]com\""),
        // `skipped`: the registration has no `userType`, so the condition does not hold.
        _ => format!(
            "attribute = \"email\"\ndomains = [\"ok{number}.com\"]\nwhen = [{{ attribute = \"userType\", one_of = [\"contractor{number}\"] }}]"
        ),
    };
    format!("[[self_service_registration.rules]]\nid = \"r{number}\"\n{check}\nmessage = \"m\"\n")
}
