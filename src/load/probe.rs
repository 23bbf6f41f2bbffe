//! The adversarial trial: inputs that ought to fail a rule, made from the values it shows to pass.
//!
//! What a rule is meant to refuse stands nowhere, so the rule itself is asked: an attack counts only
//! where it refuses the plain inputs that the attack disguises. One that admits `x@evil.example` is
//! not about domains, and one that admits words of other lengths is not about digits.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    hook::{Attribute, Form, Value},
    rule::{Outcome, Rule, check::Circumstances, email},
};

/// `attacks.toml`, which explains itself.
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
    way_out: String,
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
    ::toml::from_str(include_str!("../../attacks.toml")).unwrap_or_default()
});

/// Tells, once a kind, of an input that passes and ought to fail. `shown` are forms that pass.
pub fn findings(rule: &Rule, shown: &[Form<'_>], today: Date) -> Vec<String> {
    if shown.is_empty() {
        return vec!["nothing to try: show in `examples.pass` what passes this rule".to_owned()];
    }
    let mut found: Vec<String> = Vec::new();
    for attribute in rule.requirement.parts().iter().flat_map(|part| part.attributes.iter()) {
        let starts: Vec<_> =
            shown.iter().flat_map(|form| Start::of(rule, form, attribute, today)).collect();
        // Going one way out often mends what would be found further on.
        let mut taken = None;
        for attack in &TABLE.attacks {
            let Attack { what, way_out, .. } = attack;
            if taken.is_none_or(|taken| taken == way_out)
                && let Some(input) = attack.passing(&starts)
            {
                taken = Some(way_out);
                if !found.iter().any(|told| told.contains(what)) {
                    found.push(format!("`{attribute}` may be {input}, {what}; {way_out}"));
                }
            }
        }
    }
    found
}

impl Attack {
    /// An input that passes, as it is to be shown.
    fn passing(&self, starts: &[Start<'_>]) -> Option<String> {
        let all: Vec<_> = starts.iter().map(|start| start.value).collect();
        let counts = |start: &&Start<'_>| {
            self.from.includes(start.value, &all)
                && self.plain.iter().map(|plain| fill(plain, start.value)).all(|plain| {
                    // From an empty one nothing can be told.
                    let outcome = start.outcome(Value::Text(Cow::Borrowed(&plain)));
                    !plain.is_empty() && matches!(outcome, Outcome::Fail(_))
                })
        };
        let mut passing = None;
        for start in starts.iter().filter(counts) {
            for template in &self.inputs {
                let input = match template {
                    ::toml::Value::String(text) => Value::Text(fill(text, start.value).into()),
                    ::toml::Value::Boolean(boolean) => Value::Boolean(*boolean),
                    ::toml::Value::Array(_) => Value::List { empty: false },
                    _ => Value::Object,
                };
                let text = input.text();
                // Where there is nothing to swap, the value is as it was.
                if text == Some(start.value) {
                    continue;
                }
                // What is shown to pass is meant to.
                if text.is_some_and(|text| all.contains(&text)) {
                    return None;
                }
                if passing.is_none() && matches!(start.outcome(input.clone()), Outcome::Pass) {
                    passing = Some(text.map_or_else(|| format!("`{template}`"), visible));
                }
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
    names: Vec<&'a str>,
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
        [vec![name], same].map(|names| Self { rule, form, names, value, today }).into()
    }

    fn outcome(&self, value: Value<'_>) -> Outcome<'a> {
        let mut form = self.form.clone();
        for name in &self.names {
            let (name, submitted) = (Cow::Borrowed(*name), Cow::Borrowed("null"));
            form.replace(Attribute { name, submitted, value: value.clone() });
        }
        self.rule.outcome(&Circumstances { form: &form, event_time: None, today: self.today })
    }
}

fn above(domain: &str) -> &str {
    domain.split_once('.').map_or("", |(_, parent)| parent)
}

/// The template with the parts of this value in it.
fn fill(template: &str, value: &str) -> String {
    let (local, domain) = value.split_once('@').unwrap_or((value, ""));
    let (name, last) = domain.rsplit_once('.').unwrap_or((value, ""));
    let shorter: String = value.chars().take(value.chars().count().saturating_sub(1)).collect();
    let parts = [
        ("{v}", value),
        ("{l}", local),
        ("{d}", domain),
        ("{n}", name),
        ("{t}", last),
        ("{parent}", above(domain)),
        ("{above}", above(above(domain))),
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
