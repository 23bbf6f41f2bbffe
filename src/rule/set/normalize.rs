//! The steps of `normalize`.

mod e164;

use e164::e164;

/// A step of a normalization.
pub(crate) type Step = fn(&str) -> String;

/// The steps by their names in rules files.
pub(crate) const STEPS: [(&str, Step); 4] = [
    ("trim", |text| text.trim().to_owned()),
    ("lowercase", str::to_lowercase),
    ("uppercase", str::to_uppercase),
    ("e164", e164),
];

/// Changes a text by each step in turn.
pub(crate) fn apply_steps(steps: &[Step], text: &str) -> String {
    let mut text = text.to_owned();
    for step in steps {
        text = step(&text);
    }
    text
}
