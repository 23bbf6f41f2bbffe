//! The attacks of `src/lint/attacks.toml`, which explains itself.

use std::sync::LazyLock;

use serde::Deserialize;

use super::template::{Alphabets, Input, fill};
use crate::rule::{check::has_format, email};

#[derive(Default, Deserialize)]
struct AttackFile {
    attacks: Vec<Attack>,
    swapped: Alphabets,
}

/// Inputs that ought to fail, made from a value that passes.
#[derive(Deserialize)]
pub(super) struct Attack {
    /// The kind of these inputs.
    pub(super) what: String,
    from: Origin,
    plain: Vec<String>,
    inputs: Vec<toml::Value>,
    /// How to correct a rule that admits them.
    pub(super) hint: String,
}

/// The values that an attack is made from.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Origin {
    Address,
    Digits,
    Digit,
    Word,
    Any,
    /// Values of this format, if every example of the attribute has it.
    Format(String),
}

static ATTACKS: LazyLock<AttackFile> = LazyLock::new(|| {
    // The tests fail if the file cannot be read.
    toml::from_str(include_str!("../attacks.toml")).unwrap_or_default()
});

/// Every attack.
pub(super) fn attacks() -> &'static [Attack] {
    &ATTACKS.attacks
}

impl Attack {
    /// Whether the attack is made from this value, one of those that the examples show.
    pub(super) fn applies_to(&self, value: &str, shown: &[&str]) -> bool {
        match &self.from {
            Origin::Address => is_address(value),
            Origin::Digits => {
                shown.iter().all(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            }
            Origin::Digit => {
                !is_address(value) && value.contains(|letter: char| letter.is_ascii_digit())
            }
            Origin::Word => !is_address(value) && !value.contains(char::is_whitespace),
            Origin::Any => true,
            Origin::Format(name) => shown.iter().all(|text| has_format(name, text)),
        }
    }

    /// The plain inputs that the attack disguises.
    pub(super) fn plain(&self, value: &str) -> impl Iterator<Item = String> {
        self.plain.iter().map(move |template| fill(template, value, &ATTACKS.swapped))
    }

    /// The inputs that are made from this value.
    pub(super) fn inputs(&self, value: &str) -> impl Iterator<Item = Input> {
        self.inputs.iter().map(move |template| Input::new(template, value, &ATTACKS.swapped))
    }
}

/// Whether this is an email address whose domain has a dot.
fn is_address(value: &str) -> bool {
    match email::domain(value) {
        Some(domain) => domain.contains('.'),
        None => false,
    }
}
