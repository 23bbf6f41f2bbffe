//! The attacks of `src/lint/attacks.toml`, whose comment describes them.

use std::sync::LazyLock;

use serde::Deserialize;

use super::template::{Alphabets, Input, fill};
use crate::rule::{check::has_format, email};

#[derive(Default, Deserialize)]
struct AttackFile {
    attacks: Vec<Attack>,
    swapped: Alphabets,
}

/// Inputs that should fail, made from a value that passes.
#[derive(Deserialize)]
pub(super) struct Attack {
    /// The kind of these inputs, for messages.
    pub(super) kind: String,
    from: BaseValue,
    /// The templates of the plain inputs. The attack is tried only on a rule that refuses all of them.
    plain: Vec<String>,
    /// The templates of the inputs that should fail.
    inputs: Vec<toml::Value>,
    /// How to correct a rule that admits them.
    pub(super) hint: String,
}

/// Which values of an attribute an attack is made from. Shown values are those in `examples.pass`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum BaseValue {
    Address,
    /// A value of ASCII digits, if all shown values are.
    AllShownAreDigits,
    /// A value that is not an address and has an ASCII digit.
    HasDigit,
    /// A value that is not an address and has no white space.
    Word,
    Any,
    /// A value of this format, if all shown values have it.
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
    /// Whether the attack is made from `value`, one of the shown values.
    pub(super) fn applies_to(&self, value: &str, shown: &[&str]) -> bool {
        match &self.from {
            BaseValue::Address => is_address(value),
            BaseValue::AllShownAreDigits => shown.iter().all(|text| is_digits(text)),
            BaseValue::HasDigit => {
                !is_address(value) && value.bytes().any(|byte| byte.is_ascii_digit())
            }
            BaseValue::Word => !is_address(value) && !value.contains(char::is_whitespace),
            BaseValue::Any => true,
            BaseValue::Format(name) => shown.iter().all(|text| has_format(name, text)),
        }
    }

    /// The plain inputs for this value.
    pub(super) fn plain(&self, value: &str) -> impl Iterator<Item = String> {
        self.plain.iter().map(move |template| fill(template, value, &ATTACKS.swapped))
    }

    /// The inputs that are made from this value.
    pub(super) fn inputs(&self, value: &str) -> impl Iterator<Item = Input> {
        self.inputs.iter().map(move |template| Input::new(template, value, &ATTACKS.swapped))
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether this is an email address whose domain has a dot.
fn is_address(value: &str) -> bool {
    match email::domain(value) {
        Some(domain) => domain.contains('.'),
        None => false,
    }
}
