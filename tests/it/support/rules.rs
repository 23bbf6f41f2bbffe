//! Rules for tests, and requests to judge by them.

use std::path::Path;

use registration_hook::{
    clock,
    lint::{self, Lints},
    load::{self, Purpose, RulesSource},
    problem::Problems,
    rule::{
        Hook, RuleSet,
        lookup::{SourceKind, SourceKinds},
    },
};

/// A folder with files of these names and texts.
pub fn rules_folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The sources that rules of the tests may name.
fn sources() -> SourceKinds {
    SourceKinds::from([
        ("members".to_owned(), SourceKind::Http),
        ("people".to_owned(), SourceKind::Postgres),
    ])
}

/// Loads the rules of a folder. Judges their examples today.
pub fn load_rules(folder: &Path) -> Result<RuleSet, Problems> {
    let source = RulesSource::Folder(folder.to_owned());
    load::load_rules(&source, &clock::facts(), &sources(), Purpose::Serve).into_rules()
}

/// Loads the rules of a folder and lints them.
pub fn lint_rules(folder: &Path, lints: &Lints) -> Result<RuleSet, Problems> {
    let facts = clock::facts();
    let source = RulesSource::Folder(folder.to_owned());
    let mut draft = load::load_rules(&source, &facts, &sources(), Purpose::Inspect);
    lint::run(&mut draft, lints, &facts);
    draft.into_rules()
}

/// The hook of a rules file with this text.
pub fn hook(text: &str) -> Hook {
    let folder = rules_folder(&[("hook.toml", text)]);
    let mut rules = load_rules(folder.path()).unwrap_or_else(|problems| panic!("{}", problems[0]));
    rules.hooks.remove("hook").unwrap()
}

/// The body of a registration with this form.
pub fn registration(form: &str) -> Vec<u8> {
    format!(
        r#"{{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{{"userProfile":{form}}}}}"#
    )
    .into_bytes()
}
