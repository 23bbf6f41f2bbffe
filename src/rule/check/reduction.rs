//! `compare = ["lowercase", "alphanumeric"]` and `ignore_case = true`: both sides of a comparison are
//! reduced before a check compares them.

use std::borrow::Cow;

use crate::{
    problem::SpanProblem,
    rule::node::{ListEntry, Node},
};

/// One of the conversions that a rule lists in `compare`.
type Conversion = fn(&str) -> String;

/// The conversions by their names in rules files.
const CONVERSIONS: [(&str, Conversion); 3] =
    [("lowercase", str::to_lowercase), ("digits", digits), ("alphanumeric", alphanumeric)];

/// The steps of work per byte that a conversion takes. Letters beyond ASCII take the most.
const STEPS_PER_BYTE: usize = 8;

/// How texts are reduced before they are compared.
#[derive(Clone, Default)]
pub(crate) struct Reduction {
    /// Applied in this order.
    pub(crate) conversions: Vec<Conversion>,
    /// Whether ASCII letters are compared in lower case.
    pub(crate) ignore_case: bool,
}

impl Reduction {
    /// Reads the list of `compare`.
    pub(crate) fn read_conversions(node: &Node) -> Result<Vec<Conversion>, SpanProblem> {
        let items = node.list(r#"["lowercase", "alphanumeric"]"#)?;
        // A long list would take seconds per value.
        if items.len() > CONVERSIONS.len() {
            return Err(node.problem(format!("there are only {} steps", CONVERSIONS.len())));
        }
        items.iter().map(|item| item.choice("comparison", &CONVERSIONS)).collect()
    }

    /// The steps of work to [`Self::reduce`] a text.
    pub(super) fn work_on(&self, text: &str) -> usize {
        STEPS_PER_BYTE * self.conversions.len() * text.len()
    }

    /// The text to compare. Returns `None` if an empty text remains.
    pub(crate) fn reduce<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let mut reduced = Cow::Borrowed(text);
        for convert in &self.conversions {
            reduced = Cow::Owned(convert(&reduced));
        }
        if self.ignore_case {
            reduced = Cow::Owned(reduced.to_ascii_lowercase());
        }
        if reduced.is_empty() { None } else { Some(reduced) }
    }

    /// Reads an entry of a list, and returns the text to compare.
    pub(super) fn read_entry(&self, entry: &ListEntry<'_>) -> Result<String, SpanProblem> {
        let text = entry.text()?;
        let Some(reduced) = self.reduce(text) else {
            let message = format!("`{text}` equals no value: `compare` leaves nothing of it");
            return Err(entry.problem(message));
        };
        Ok(reduced.into_owned())
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
