//! Inputs made from the templates of `attacks.toml`.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

use serde::Deserialize;

use crate::{
    okta::Value,
    rule::phone::{split_country_code, trunk_prefix},
};

/// The longest input that is shown in full, in characters.
const LONGEST_SHOWN: usize = 60;
/// The least length of `{long}`, in bytes.
const LEAST_LONG: usize = 400;

/// Characters and their replacements. In `attacks.toml`, `["ks", "xy"]` replaces `k` by `x`, and `s` by `y`.
#[derive(Deserialize)]
pub(super) struct Alphabet {
    from: String,
    /// The replacements, in the order of `from`.
    to: String,
}

/// The alphabets by their placeholders. Such a placeholder stands for [`AddressParts::name`] with its characters
/// replaced.
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

/// Replaces the placeholders of a template by the parts of a value. `attacks.toml` lists the placeholders.
pub(super) fn fill(template: &str, value: &str, alphabets: &Alphabets) -> String {
    let AddressParts { local, domain, name, top_level, parent, above } = AddressParts::of(value);
    let UrlParts { scheme, host, path } = UrlParts::of(value);
    let PhoneParts { country, number, trunk } = PhoneParts::of(value);
    // The value may be a date, such as `2024-01-31`.
    let (year, _) = value.split_once('-').unwrap_or((value, ""));
    let mut shorter = value.to_owned();
    shorter.pop();
    let long = local.repeat(LEAST_LONG / local.len().max(1) + 1);
    let mut text = template.to_owned();
    for (placeholder, part) in [
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
        ("{trunk}", trunk),
        ("{year}", year),
    ] {
        text = text.replace(placeholder, part);
    }
    for (placeholder, alphabet) in alphabets {
        text = text.replace(placeholder, &alphabet.replace_characters(name));
    }
    text
}

/// The parts of `ana@uk.okta.com`.
struct AddressParts<'v> {
    /// `ana`
    local: &'v str,
    /// `uk.okta.com`
    domain: &'v str,
    /// `uk.okta`
    name: &'v str,
    /// `com`
    top_level: &'v str,
    /// `okta.com`
    parent: &'v str,
    /// `com`, the domain above the parent
    above: &'v str,
}

impl<'v> AddressParts<'v> {
    /// The parts of a value. If it is not an address, `local` and `name` are the whole value.
    fn of(value: &'v str) -> Self {
        let (local, domain) = value.split_once('@').unwrap_or((value, ""));
        let (name, top_level) = domain.rsplit_once('.').unwrap_or((value, ""));
        let (_, parent) = domain.split_once('.').unwrap_or_default();
        let (_, above) = parent.split_once('.').unwrap_or_default();
        Self { local, domain, name, top_level, parent, above }
    }
}

/// The parts of `https://okta.com/path?query`.
struct UrlParts<'v> {
    scheme: &'v str,
    host: &'v str,
    /// The path with all that follows it.
    path: &'v str,
}

impl<'v> UrlParts<'v> {
    fn of(value: &'v str) -> Self {
        let (scheme, rest) = value.split_once("://").unwrap_or(("https", value));
        let end_of_host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end_of_host);
        Self { scheme, host, path }
    }
}

/// The parts of `+442071234567`.
struct PhoneParts<'v> {
    /// `+44`. Empty if the value has no country code.
    country: &'v str,
    /// The rest.
    number: &'v str,
    /// `0`, which is dialled within the country only. `(0)` if the country is not known, or if its numbers may begin
    /// with 0: a 0 without brackets may then be part of the number.
    trunk: &'static str,
}

impl<'v> PhoneParts<'v> {
    fn of(value: &'v str) -> Self {
        let (country, number) = split_country_code(value);
        let trunk = trunk_prefix(value).unwrap_or("(0)");
        Self { country, number, trunk }
    }
}

impl Alphabet {
    /// A text with its characters replaced.
    fn replace_characters(&self, text: &str) -> String {
        let mut replaced = String::new();
        for character in text.chars() {
            let mut pairs = self.from.chars().zip(self.to.chars());
            match pairs.find(|(from, _)| *from == character) {
                Some((_, to)) => replaced.push(to),
                None => replaced.push(character),
            }
        }
        replaced
    }
}

/// A text in backticks, cut if it is long. Escapes characters that are not printable ASCII, so that look-alikes show.
fn visible(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(LONGEST_SHOWN) {
        if matches!(character, ' '..='~') {
            shown.push(character);
        } else {
            shown.extend(character.escape_default());
        }
    }
    let count = text.chars().count();
    if count > LONGEST_SHOWN {
        return format!("`{shown}…` ({count} characters)");
    }
    format!("`{shown}`")
}
