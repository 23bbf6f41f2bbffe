//! The examples of a rule, which are run when the rule is loaded.

use super::{
    example::{KnownValues, read_example},
    fields::Fields,
    part::PART_LISTS,
};
use crate::{
    problem::SpanProblem,
    rule::{
        ExampleContext, Outcome, Rule, RuleExample, WhySkipped,
        lookup::{Lookup, WhyNotCounted},
        node::{Node, Table},
        value_name::ValueName,
    },
};

/// The outcome that an example should have.
#[derive(Clone, Copy)]
enum ExampleOutcome {
    Pass,
    Fail,
}

/// A rule whose examples are run.
struct ExamplesOfRule<'r> {
    rule: &'r Rule,
    /// The values that an example may give.
    known: KnownValues<'r>,
    /// Whether each example must be a whole form, and not a single value.
    needs_whole_form: bool,
}

/// Runs the examples of a rule. Reports each example that is invalid, or has another outcome than it should
/// have. Returns a copy of the list `pass`, if there is one and the rules keep their lists for lints.
pub(super) fn run_examples<'n>(
    rule: &Rule,
    node: &'n Node,
    rule_fields: &Fields<'n>,
) -> Option<Node> {
    let fields =
        rule_fields.table_in(node, r#"{ pass = ["a@okta.com"], fail = ["a@example.com"] }"#)?;
    let examples = ExamplesOfRule {
        rule,
        known: KnownValues::of(rule, rule_fields.lookups),
        needs_whole_form: needs_whole_form(rule, rule_fields.table),
    };
    let mut pass_list = None;
    if let Some(entry) = fields.claim("pass") {
        pass_list = fields.file.copy_of_list(&entry.value);
        examples.run_list(&entry.value, ExampleOutcome::Pass, &fields);
    }
    if let Some(entry) = fields.claim("fail") {
        examples.run_list(&entry.value, ExampleOutcome::Fail, &fields);
    }
    fields.report_unknown_keys();
    pass_list
}

/// Whether each example of a rule must be a whole form: attributes have different checks, or the rule looks
/// at other values than attributes.
fn needs_whole_form(rule: &Rule, table: &Table) -> bool {
    let has_parts = PART_LISTS.iter().any(|key| table.get(key).is_some());
    let reads_beyond_form =
        rule.value_names().iter().any(|name| !matches!(name, ValueName::Form(_)));
    let mut checks = rule.requirement.parts().flat_map(|part| part.checks.iter());
    let compares_values = checks.any(|part_check| part_check.check.compared_with().is_some());
    has_parts || reads_beyond_form || compares_values || rule.needs_lookups()
}

impl ExamplesOfRule<'_> {
    /// Runs the examples of a list, which should all have this outcome.
    fn run_list(&self, list: &Node, expected: ExampleOutcome, fields: &Fields<'_>) {
        let work = fields.file.example_work;
        let examples = fields.ok_or_report(list.list(r#"["a@okta.com"]"#));
        for example in examples.unwrap_or_default() {
            if work.is_exhausted() {
                fields.report(example.problem(
                    "the examples take too long: show fewer examples, or shorter ones, and simplify slow patterns",
                ));
                return;
            }
            if self.needs_whole_form && !example.is_table() {
                fields.report(example.problem(
                    "a single value is not enough, since the rule has parts or looks at other values; show the whole form, as in `{ attribute = value, … }`",
                ));
            } else if let Err(problem) = self.run(example, expected, fields) {
                work.spend_problem();
                fields.report(problem);
            }
        }
    }

    /// Runs one example. Fails if the example is invalid, or has another outcome than `expected`.
    fn run(
        &self,
        node: &Node,
        expected: ExampleOutcome,
        fields: &Fields<'_>,
    ) -> Result<(), SpanProblem> {
        let lookups = fields.lookups;
        let context =
            ExampleContext { lookups, facts: fields.file.facts, work: fields.file.example_work };
        context.work.spend_example(self.known.keys.len() + lookups.len());
        let example = read_example(&self.known, node)?;
        let message = match (example.outcome(self.rule, &example.form, context), expected) {
            (Outcome::Pass, ExampleOutcome::Pass) | (Outcome::Fail(_), ExampleOutcome::Fail) => {
                return Ok(());
            }
            (Outcome::Fail(unmet), ExampleOutcome::Pass) => {
                format!("this example should pass and fails: {unmet}")
            }
            (Outcome::Pass, ExampleOutcome::Fail) => {
                "this example should fail and passes: the rule admits more than it is meant to".to_owned()
            }
            (Outcome::Skip(WhySkipped::Conditions), _) => {
                "the rule's conditions (`when`) do not hold for this example; add the attributes that they look at".to_owned()
            }
            (Outcome::Skip(WhySkipped::Lookup(lookup, WhyNotCounted::Conditions)), _) => format!(
                "the conditions (`when`) of the lookup `{lookup}` do not hold for this example; add the attributes that they look at"
            ),
            (Outcome::Skip(why), _) => format!("the rule does not count for this example: {why}"),
        };
        let notes = self.rule.list_notes();
        if notes.is_empty() {
            return Err(node.problem(message));
        }
        Err(node.problem(format!("{message}; perhaps because {}", notes.join(", and "))))
    }
}

/// Reads the examples of a list `pass`. Skips invalid ones, which are already reported by [`run_examples`].
pub(crate) fn passing_examples<'n>(
    rule: &'n Rule,
    lookups: &'n [Lookup],
    list: &'n Node,
) -> Vec<RuleExample<'n>> {
    let known = KnownValues::of(rule, lookups);
    let mut examples = Vec::new();
    for node in list.list("[…]").unwrap_or_default() {
        if let Ok(example) = read_example(&known, node) {
            examples.push(example);
        }
    }
    examples
}
