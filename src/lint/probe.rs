//! Tries adversarial inputs on rules. The inputs are made from the examples that pass a rule, and should fail it.
//!
//! A rule does not declare its purpose, so it may be right that an input passes. Each attack therefore has plain
//! inputs, and is tried only on a rule that refuses them. A rule that admits the plain input `x@evil.example` is
//! not about domains. A rule that admits the plain input `a` is not about digits.

use std::collections::BTreeSet;

use super::SectionLint;
use crate::{
    load::passing_examples,
    okta::{Form, Value},
    problem::SpanProblem,
    rule::{ExampleContext, Outcome, Rule, RuleExample},
};

mod attack;
mod template;

use attack::{Attack, attacks};
use template::Input;

/// How many examples of a rule are attacked. Each takes time: its inputs are compared with all examples.
const MOST_ATTACKED: usize = 100;

/// The message about a probe that ends early.
const TOO_LONG: &str = "not all inputs were tried, since that takes too long; show fewer examples, or simplify slow patterns";

/// How much the probe has tried.
#[derive(Clone, Copy, Default)]
pub struct Probed {
    /// The number of rules.
    pub rules: usize,
    /// The number of inputs.
    pub inputs: usize,
    /// The number of lookups. They are not probed: their results are those of the examples.
    pub lookups: usize,
}

impl SectionLint<'_> {
    /// Reports the inputs that pass a rule of the section and should fail.
    pub(super) fn probe(&mut self, probed: &mut Probed) {
        probed.lookups += self.section.lookups.len();
        for rule in self.section.rules.iter() {
            let shown = match &rule.origin.passing_examples {
                Some(examples) => passing_examples(rule, &self.section.lookups, examples),
                None => Vec::new(),
            };
            let lookups = &self.section.lookups;
            let context = ExampleContext { lookups, facts: self.facts, work: self.work };
            for message in probe_rule(rule, &shown, context, probed) {
                self.problems.push(SpanProblem::at(rule.origin.id_span.clone(), message));
            }
        }
    }
}

/// The messages about inputs that pass a rule and should fail it, at most one for each kind of attack.
/// `shown` are the rule's examples that pass.
pub fn probe_rule(
    rule: &Rule,
    shown: &[RuleExample<'_>],
    context: ExampleContext<'_>,
    probed: &mut Probed,
) -> Vec<String> {
    if shown.is_empty() {
        return vec!["no example to try; show in `examples.pass` what passes this rule".to_owned()];
    }
    if context.work.is_exhausted() {
        return vec![TOO_LONG.to_owned()];
    }
    probed.rules += 1;
    let shown = shown.get(..MOST_ATTACKED).unwrap_or(shown);
    let mut findings = Findings::default();
    for part in rule.requirement.parts() {
        for name in part.attributes.iter() {
            // An end user controls only the attributes of the form.
            let Some(attribute) = name.form_attribute() else {
                continue;
            };
            let mut trials = Vec::new();
            for example in shown {
                trials.extend(Trial::of_attribute(rule, example, attribute, context));
            }
            findings.try_attacks(attribute, &trials, probed);
            if context.work.is_exhausted() {
                findings.messages.push(TOO_LONG.to_owned());
                return findings.messages;
            }
        }
    }
    findings.messages
}

#[derive(Default)]
struct Findings {
    messages: Vec<String>,
    /// The kinds of attack that are reported already.
    kinds: BTreeSet<&'static str>,
}

impl Findings {
    /// Tries each attack on one attribute.
    fn try_attacks(&mut self, attribute: &str, trials: &[Trial<'_>], probed: &mut Probed) {
        let mut first_hint = None;
        for attack in attacks() {
            let Some(input) = passing_input(attack, trials, probed) else {
                continue;
            };
            let Attack { kind, hint, .. } = attack;
            // Reports only attacks with the same hint as the first one that passes. A rule that is corrected by this
            // hint often withstands the others as well.
            if first_hint.is_none() {
                first_hint = Some(hint);
            }
            if first_hint == Some(hint) && self.kinds.insert(kind) {
                self.messages.push(format!("`{attribute}` may be {input}, {kind}; {hint}"));
            }
        }
    }
}

/// The first input of an attack that passes, as text to show. Returns `None` if no input passes, or if an example
/// equals one of the inputs: such inputs are then meant to pass.
fn passing_input(attack: &Attack, trials: &[Trial<'_>], probed: &mut Probed) -> Option<String> {
    let shown: Vec<&str> = trials.iter().map(|trial| trial.value).collect();
    let mut passing = None;
    for trial in trials {
        if !attack.applies_to(trial.value, &shown) {
            continue;
        }
        if !trial.refuses_all(attack.plain(trial.value)) {
            continue;
        }
        for input in attack.inputs(trial.value) {
            match &input {
                // The input is the value itself, which may pass.
                Input::Text(text) if text == trial.value => continue,
                Input::Text(text) if shown.contains(&text.as_str()) => return None,
                _ => {}
            }
            // After the first input that passes, the others are only compared with the examples.
            if passing.is_none() {
                probed.inputs += 1;
                if trial.passes(input.value()) {
                    passing = Some(input.to_string());
                }
            }
        }
    }
    passing
}

/// An example that passes, in which the inputs of an attack replace the values of some attributes.
struct Trial<'a> {
    rule: &'a Rule,
    example: &'a RuleExample<'a>,
    /// The attributes whose values are replaced.
    names: BTreeSet<&'a str>,
    /// The value that all of these attributes have in the example.
    value: &'a str,
    context: ExampleContext<'a>,
}

impl<'a> Trial<'a> {
    /// Two trials of one attribute, or none if the attribute has no text in the example. The first replaces only the
    /// value of this attribute. The second replaces all equal values, since the rule may require them to be equal.
    fn of_attribute(
        rule: &'a Rule,
        example: &'a RuleExample<'a>,
        name: &'a str,
        context: ExampleContext<'a>,
    ) -> Vec<Self> {
        let form = &example.form;
        let Some(value) = text_of(form, name) else {
            return Vec::new();
        };
        let mut all_equal = rule.form_attributes();
        all_equal.retain(|other| text_of(form, other) == Some(value));
        let alone = Self { rule, example, names: BTreeSet::from([name]), value, context };
        let together = Self { rule, example, names: all_equal, value, context };
        vec![alone, together]
    }

    /// Whether the rule refuses each of these texts. Returns false if one is empty: every rule refuses an empty
    /// text, so this shows nothing about its purpose.
    fn refuses_all(&self, texts: impl Iterator<Item = String>) -> bool {
        for text in texts {
            if text.is_empty() || !self.refuses(Value::Text(text.into())) {
                return false;
            }
        }
        true
    }

    fn refuses(&self, value: Value<'_>) -> bool {
        matches!(self.outcome(value), Outcome::Fail(_))
    }

    fn passes(&self, value: Value<'_>) -> bool {
        matches!(self.outcome(value), Outcome::Pass)
    }

    /// The outcome of the rule if the attributes have this value.
    fn outcome(&self, value: Value<'_>) -> Outcome<'a> {
        let mut form = self.example.form.clone();
        self.context.work.spend_form(form.attribute_count());
        for name in &self.names {
            form.replace(name, value.clone());
        }
        self.example.outcome(self.rule, &form, self.context)
    }
}

/// The text or number of an attribute.
fn text_of<'a>(form: &'a Form<'_>, name: &str) -> Option<&'a str> {
    match &form.get(name)?.value {
        Value::Number(number) => Some(number),
        value => value.text(),
    }
}
