//! `compare = ["lowercase", "alphanumeric"]` and `ignore_case = true`: the steps that reduce two texts
//! before a check compares them.

use std::borrow::Cow;

use crate::{
    problem::SpanProblem,
    rule::node::{ListEntry, Node},
};

/// A step of a reduction.
type ReductionStep = fn(&str) -> String;

/// The steps by their names in rules files.
const STEPS: [(&str, ReductionStep); 3] =
    [("lowercase", str::to_lowercase), ("digits", digits), ("alphanumeric", alphanumeric)];

/// The steps that reduce texts before they are compared.
#[derive(Clone, Default)]
pub(crate) struct Reduction {
    pub(crate) steps: Vec<ReductionStep>,
    /// Whether ASCII letters are compared in lower case.
    pub(crate) ignore_case: bool,
}

impl Reduction {
    /// Reads the list of steps.
    pub(crate) fn read_steps(node: &Node) -> Result<Vec<ReductionStep>, SpanProblem> {
        let items = node.list(r#"["lowercase", "alphanumeric"]"#)?;
        // A long list of steps would take seconds per value.
        if items.len() > STEPS.len() {
            return Err(node.problem(format!("there are only {} steps", STEPS.len())));
        }
        items.iter().map(|item| item.choice("comparison", &STEPS)).collect()
    }

    /// The steps of work that [`Self::reduce`] takes.
    pub(super) fn work_on(&self, text: &str) -> usize {
        // Letters beyond ASCII take longer.
        8 * self.steps.len() * text.len()
    }

    /// The text to compare. Returns `None` if the steps leave nothing of it.
    pub(super) fn reduce<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let mut reduced = Cow::Borrowed(text);
        for step in &self.steps {
            reduced = Cow::Owned(step(&reduced));
        }
        if self.ignore_case {
            reduced = Cow::Owned(reduced.to_ascii_lowercase());
        }
        if reduced.is_empty() { None } else { Some(reduced) }
    }

    /// Reads the entry of a list. Returns the text to compare.
    pub(super) fn read_entry(&self, entry: &ListEntry<'_>) -> Result<String, SpanProblem> {
        let text = entry.text()?;
        match self.reduce(text) {
            Some(reduced) => Ok(reduced.into_owned()),
            None => {
                Err(entry
                    .problem(format!("`{text}` equals no value: `compare` leaves nothing of it")))
            }
        }
    }
}

/// The ASCII digits of a text.
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The letters and digits of a text, of any script.
fn alphanumeric(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).collect()
}
