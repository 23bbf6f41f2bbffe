//! `compare = ["lowercase", "alphanumeric"]` and `ignore_case = true`: the conversions of both texts before a
//! check compares them.

use std::borrow::Cow;

use crate::{
    problem::SpanProblem,
    rule::{list_entry::ListEntry, node::Node},
};

/// One of the conversions that a rule lists in `compare`.
type Conversion = fn(&str) -> String;

/// The conversions by their names in rules files.
const CONVERSIONS: [(&str, Conversion); 3] =
    [("lowercase", str::to_lowercase), ("digits", digits), ("alphanumeric", alphanumeric)];

/// The steps of work per byte that a conversion takes. Letters beyond ASCII take the most.
const STEPS_PER_BYTE: usize = 8;

/// How a check compares texts: it compares their [`Self::comparable_form`]s.
#[derive(Clone, Default)]
pub(crate) struct Comparison {
    /// The conversions of both texts, in this order.
    pub(crate) conversions: Vec<Conversion>,
    /// Whether the case of ASCII letters is ignored.
    pub(crate) ignore_case: bool,
}

impl Comparison {
    /// Reads the list of `compare`.
    pub(crate) fn read_conversions(node: &Node) -> Result<Vec<Conversion>, SpanProblem> {
        let items = node.list(r#"["lowercase", "alphanumeric"]"#)?;
        // A longer list repeats a conversion. A very long one would take seconds per value.
        if items.len() > CONVERSIONS.len() {
            return Err(node.problem(format!("there are only {} conversions", CONVERSIONS.len())));
        }
        items.iter().map(|item| item.choice("comparison", &CONVERSIONS)).collect()
    }

    /// The steps of work to make the [`Self::comparable_form`] of a text.
    pub(super) fn work_on(&self, text: &str) -> usize {
        STEPS_PER_BYTE * self.conversions.len() * text.len()
    }

    /// The form of a text that is compared with that of another text. Returns `None` if the form would be empty.
    pub(crate) fn comparable_form<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let mut comparable = Cow::Borrowed(text);
        for convert in &self.conversions {
            comparable = Cow::Owned(convert(&comparable));
        }
        if self.ignore_case {
            comparable = Cow::Owned(comparable.to_ascii_lowercase());
        }
        if comparable.is_empty() { None } else { Some(comparable) }
    }

    /// Reads an entry of a list, and returns its comparable form.
    pub(super) fn read_entry(&self, entry: &ListEntry<'_>) -> Result<String, SpanProblem> {
        let text = entry.text()?;
        let Some(comparable) = self.comparable_form(text) else {
            let message = format!("`{text}` equals no value: `compare` leaves nothing of it");
            return Err(entry.problem(message));
        };
        Ok(comparable.into_owned())
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
