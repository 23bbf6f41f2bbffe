//! Inputs made from the templates of `attacks.toml`.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

use serde::Deserialize;

use crate::okta::Value;

/// The longest input that is shown in full, in characters.
const LONGEST_SHOWN: usize = 60;
/// The least length of `{long}`, in bytes.
const LONG: usize = 400;

/// The letters of a text, and those that replace them, in the same order.
#[derive(Deserialize)]
pub(super) struct Alphabet {
    from: String,
    to: String,
}

/// The alphabets by their placeholders. [`fill`] replaces each placeholder by the name in the value, with
/// the letters swapped by its alphabet.
pub(super) type Alphabets = BTreeMap<String, Alphabet>;

/// An input to try on a rule. Printed, it is in backticks.
pub(super) enum Input {
    Text(String),
    /// A list with an element, as the template writes it.
    List(String),
    /// An object, as the template writes it.
    Object(String),
}

impl Input {
    /// The input of a template, made from this value.
    pub(super) fn new(template: &toml::Value, value: &str, alphabets: &Alphabets) -> Self {
        match template {
            toml::Value::String(text) => Self::Text(fill(text, value, alphabets)),
            toml::Value::Array(_) => Self::List(template.to_string()),
            _ => Self::Object(template.to_string()),
        }
    }

    /// The value of an attribute of a form.
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text.into()),
            Self::List(_) => Value::List { empty: false },
            Self::Object(_) => Value::Object,
        }
    }
}

impl Display for Input {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => out.write_str(&visible(text)),
            Self::List(template) | Self::Object(template) => write!(out, "`{template}`"),
        }
    }
}

/// A template with the parts of a value filled in. `attacks.toml` lists the parts.
pub(super) fn fill(template: &str, value: &str, alphabets: &Alphabets) -> String {
    let (local, domain) = value.split_once('@').unwrap_or((value, ""));
    // A value without a domain is a name as a whole.
    let (name, top_level) = domain.rsplit_once('.').unwrap_or((value, ""));
    let (_, parent) = domain.split_once('.').unwrap_or_default();
    let (_, above) = parent.split_once('.').unwrap_or_default();
    let mut shorter = value.to_owned();
    shorter.pop();
    let (scheme, rest) = value.split_once("://").unwrap_or(("https", value));
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (country, number) = split_country_code(value);
    let (year, _) = value.split_once('-').unwrap_or((value, ""));
    let long = local.repeat(LONG / local.len().max(1) + 1);
    let mut text = template.to_owned();
    for (key, part) in [
        ("{v}", value),
        ("{l}", local),
        ("{d}", domain),
        ("{n}", name),
        ("{t}", top_level),
        ("{parent}", parent),
        ("{above}", above),
        ("{shorter}", &shorter),
        ("{long}", &long),
        ("{scheme}", scheme),
        ("{host}", host),
        ("{path}", path),
        ("{country}", country),
        ("{number}", number),
        ("{year}", year),
    ] {
        text = text.replace(key, part);
    }
    for (key, Alphabet { from, to }) in alphabets {
        text = text.replace(key, &swap(name, from, to));
    }
    text
}

/// A telephone number's country code of two digits with its `+`, and the rest. A short value has no code.
fn split_country_code(value: &str) -> (&str, &str) {
    match value.char_indices().nth(3) {
        Some((end, _)) => value.split_at(end),
        None => ("", value),
    }
}

/// A text with each letter of one alphabet replaced by the letter at the same place of another.
fn swap(text: &str, from: &str, to: &str) -> String {
    let mut swapped = String::new();
    for letter in text.chars() {
        let pair = from.chars().zip(to.chars()).find(|(old, _)| *old == letter);
        match pair {
            Some((_, new)) => swapped.push(new),
            None => swapped.push(letter),
        }
    }
    swapped
}

/// A text in backticks, cut if it is long. Characters that are not ASCII are escaped, so that look-alikes
/// show.
fn visible(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars().take(LONGEST_SHOWN) {
        // In backticks, a quote needs no escape.
        if letter == '"' {
            shown.push(letter);
        } else {
            shown.extend(letter.escape_default());
        }
    }
    let count = text.chars().count();
    if count > LONGEST_SHOWN {
        return format!("`{shown}…` ({count} characters)");
    }
    format!("`{shown}`")
}
