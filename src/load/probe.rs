//! The adversarial trial: inputs that ought to fail a rule, made from the values it shows to pass.
//!
//! What a rule is meant to refuse stands nowhere, so the rule itself is asked: an attack counts only
//! where it refuses the plain inputs that the attack disguises. One that admits `x@evil.example` is
//! not about domains, and one that admits words of other lengths is not about digits.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use jiff::civil::Date;
use serde::Deserialize;

use super::examples::attribute;
use crate::{
    okta::{Form, Value},
    rule::{Outcome, Rule, check::EvalContext, email},
};

/// `src/lint/attacks.toml`, which explains itself.
#[derive(Default, Deserialize)]
struct Table {
    attacks: Vec<Attack>,
    swapped: BTreeMap<String, (String, String)>,
}

#[derive(Deserialize)]
struct Attack {
    what: String,
    from: From,
    plain: Vec<String>,
    inputs: Vec<::toml::Value>,
    hint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum From {
    Address,
    Digits,
    Digit,
    Word,
    Any,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // The tests would miss it.
    ::toml::from_str(include_str!("../lint/attacks.toml")).unwrap_or_default()
});

/// How many of a rule's examples are disguised: each is compared with all others.
const MOST_TRIED: usize = 100;

/// Tells, once a kind, of an input that passes and ought to fail. `shown` are forms that pass.
pub fn findings(rule: &Rule, shown: &[Form<'_>], today: Date) -> Vec<String> {
    if shown.is_empty() {
        return vec!["nothing to try: show in `examples.pass` what passes this rule".to_owned()];
    }
    let mut found: Vec<String> = Vec::new();
    let shown = shown.get(..MOST_TRIED).unwrap_or(shown);
    for attribute in rule.requirement.parts().iter().flat_map(|part| part.attributes.iter()) {
        let starts: Vec<_> =
            shown.iter().flat_map(|form| Start::of(rule, form, attribute, today)).collect();
        let passing = |attack: &'static Attack| Some((attack, attack.passing(&starts)?));
        let mut taken = None;
        for (Attack { what, hint, .. }, input) in TABLE.attacks.iter().filter_map(passing) {
            // Going one way out often mends what would be found further on.
            let first = *taken.get_or_insert(hint) == hint;
            if first && !found.iter().any(|told| told.contains(what)) {
                found.push(format!("`{attribute}` may be {input}, {what}; {hint}"));
            }
        }
    }
    found
}

impl Attack {
    /// An input that passes, as it is to be shown.
    fn passing(&self, starts: &[Start<'_>]) -> Option<String> {
        let shown: Vec<_> = starts.iter().map(|start| start.value).collect();
        let counts = |start: &&Start<'_>| {
            let mut plain = self.plain.iter().map(|plain| fill(plain, start.value));
            self.from.includes(start.value, &shown) && plain.all(|plain| start.refuses(plain))
        };
        let inputs = |start| self.inputs.iter().map(move |input| (start, input));
        let mut passing = None;
        for (start, template) in starts.iter().filter(counts).flat_map(inputs) {
            let input = match template {
                ::toml::Value::String(template) => Value::Text(fill(template, start.value).into()),
                ::toml::Value::Boolean(boolean) => Value::Boolean(*boolean),
                ::toml::Value::Array(_) => Value::List { empty: false },
                _ => Value::Object,
            };
            match input.text() {
                // Where there is nothing to swap, the value is as it was.
                Some(text) if text == start.value => {}
                // What is shown to pass is meant to.
                Some(text) if shown.contains(&text) => return None,
                text if passing.is_none() && matches!(start.outcome(&input), Outcome::Pass) => {
                    passing = Some(text.map_or_else(|| format!("`{template}`"), visible));
                }
                _ => {}
            }
        }
        passing
    }
}

impl From {
    fn includes(&self, value: &str, all: &[&str]) -> bool {
        let address = email::domain(value).is_some_and(|domain| domain.contains('.'));
        match self {
            Self::Address => address,
            Self::Digits => all.iter().all(|value| value.bytes().all(|byte| byte.is_ascii_digit())),
            Self::Digit => !address && value.contains(|letter: char| letter.is_ascii_digit()),
            Self::Word => !address && !value.contains(char::is_whitespace),
            Self::Any => !["true", "false"].contains(&value),
        }
    }
}

/// A form that passes, and the attributes in it that are to have other values.
struct Start<'a> {
    rule: &'a Rule,
    form: &'a Form<'a>,
    names: BTreeSet<&'a str>,
    value: &'a str,
    today: Date,
}

impl<'a> Start<'a> {
    /// One attribute by itself; and, since two may have to be equal, with all of the same value.
    fn of(rule: &'a Rule, form: &'a Form<'a>, name: &'a str, today: Date) -> Vec<Self> {
        let text = |name: &str| form.get(name).and_then(|attribute| attribute.value.text());
        let Some(value) = text(name) else {
            return Vec::new();
        };
        let mut same = rule.attributes();
        same.retain(|other| text(other) == Some(value));
        [[name].into(), same].map(|names| Self { rule, form, names, value, today }).into()
    }

    /// Whether it does. From an empty text nothing can be told.
    fn refuses(&self, text: String) -> bool {
        !text.is_empty() && matches!(self.outcome(&Value::Text(text.into())), Outcome::Fail(_))
    }

    fn outcome(&self, value: &Value<'_>) -> Outcome<'a> {
        let mut form = self.form.clone();
        for name in &self.names {
            form.replace(attribute(name, value.clone()));
        }
        self.rule.outcome(&EvalContext { form: &form, event_time: None, today: self.today })
    }
}

/// The template with the parts of this value in it.
fn fill(template: &str, value: &str) -> String {
    let (local, domain) = value.split_once('@').unwrap_or((value, ""));
    let (name, last) = domain.rsplit_once('.').unwrap_or((value, ""));
    let (_, parent) = domain.split_once('.').unwrap_or_default();
    let (_, above) = parent.split_once('.').unwrap_or_default();
    let shorter: String = value.chars().take(value.chars().count().saturating_sub(1)).collect();
    let parts = [
        ("{v}", value),
        ("{l}", local),
        ("{d}", domain),
        ("{n}", name),
        ("{t}", last),
        ("{parent}", parent),
        ("{above}", above),
        ("{shorter}", &shorter),
        ("{long}", &local.repeat(400 / local.len().max(1) + 1)),
    ];
    let filled =
        parts.into_iter().fold(template.to_owned(), |text, (key, part)| text.replace(key, part));
    TABLE.swapped.iter().fold(filled, |text, (key, (from, to))| {
        let pair = |letter| from.chars().zip(to.chars()).find(|(from, _)| *from == letter);
        let swapped = name.chars().map(|letter| pair(letter).map_or(letter, |(_, to)| to));
        text.replace(key, &swapped.collect::<String>())
    })
}

/// The input in backticks, with what nobody would see written out, and not too long.
fn visible(input: &str) -> String {
    const LIMIT: usize = 60;
    let letters = input.chars().take(LIMIT).flat_map(char::escape_default);
    let shown = letters.collect::<String>().replace("\\\"", "\"");
    match input.chars().count() {
        count if count > LIMIT => format!("`{shown}…` ({count} characters)"),
        _ => format!("`{shown}`"),
    }
}
