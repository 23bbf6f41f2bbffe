//! The table of the kinds of check. A row says everything about its kind, and no other file
//! recognises a kind by its key.

use super::{
    Check,
    comparison::Comparison,
    date::Age,
    domains::Domains,
    equals::Equals,
    format::NamedFormat,
    lengths::{Digits, Length},
    list::ListRole,
    networks::Networks,
    one_of::OneOf,
    pattern::{Pattern, PatternBudget},
    range::Between,
};
use crate::{
    okta::NonEmpty,
    problem::SpanProblems,
    rule::{
        node::{Node, Spanned},
        value_name::{Scope, ValueName},
    },
};

/// The key of a part whose checks ignore the case of ASCII letters.
pub(crate) const IGNORE_CASE: &str = "ignore_case";

/// The key of a part that lists the conversions of texts before they are compared.
pub(crate) const COMPARE: &str = "compare";

/// The context that the argument of a check is read in.
#[derive(Clone, Copy)]
pub(crate) struct ArgumentContext<'b> {
    /// The values of [`IGNORE_CASE`] and [`COMPARE`].
    pub(crate) comparison: &'b Comparison,
    /// The memory that patterns may still take.
    pub(crate) patterns: &'b PatternBudget,
    /// The values that names may refer to.
    pub(crate) scope: &'b Scope,
    /// The values that the check judges, if their names are valid.
    pub(crate) attributes: Option<&'b NonEmpty<Spanned<ValueName>>>,
}

/// Reads the argument of a check. Returns every problem of it.
type ReadCheck = fn(&Node, &ArgumentContext<'_>) -> Result<Check, SpanProblems>;

/// A kind of check, as rules files know it.
pub(crate) struct CheckKind {
    /// The key in a rules file.
    pub(crate) key: &'static str,
    pub(crate) read: ReadCheck,
    /// How the value of the key is written.
    pub(crate) argument: Argument,
    /// Whether [`IGNORE_CASE`] and [`COMPARE`] change what the check compares.
    pub(crate) takes_comparison: bool,
    pub(crate) admits: Admits,
}

/// How the value of a check's key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// A single value, or a table of bounds. Not a list.
    Single,
    /// A list of strings, here or in a file: `["a", "b"]` or `{ file = "roster.txt" }`.
    List,
}

/// The values that a check can ever admit, as far as its kind alone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admits {
    /// The kind does not say. Only a check of a value shows whether it is admitted.
    Unknown,
    /// The values of its list and no others.
    Listed,
    /// Texts of certain lengths. If some text of a length passes, so many zeros pass, too.
    Lengths,
}

/// Every kind of check, in the order in which a part's checks are tried.
pub(crate) const KINDS: &[CheckKind] = &[
    list("domains", |node, _| Ok(Check::Domains(Domains::read_domains(node, ListRole::Allowed)?))),
    list("not_domains", |node, _| {
        Ok(Check::Domains(Domains::read_domains(node, ListRole::Refused)?))
    }),
    CheckKind {
        admits: Admits::Lengths,
        ..single("digits", |node, _| Ok(Check::Digits(Digits::read_digits(node)?)))
    },
    CheckKind {
        admits: Admits::Lengths,
        ..single("length", |node, _| Ok(Check::Length(Length::read_length(node)?)))
    },
    single("pattern", |node, context| {
        Ok(Check::Pattern(Pattern::read_pattern(node, context.patterns)?))
    }),
    CheckKind {
        takes_comparison: true,
        admits: Admits::Listed,
        ..list("one_of", |node, context| {
            Ok(Check::OneOf(OneOf::read_one_of(node, context.comparison, ListRole::Allowed)?))
        })
    },
    CheckKind {
        takes_comparison: true,
        ..list("not_one_of", |node, context| {
            Ok(Check::OneOf(OneOf::read_one_of(node, context.comparison, ListRole::Refused)?))
        })
    },
    list("networks", |node, _| {
        Ok(Check::Networks(Networks::read_networks(node, ListRole::Allowed)?))
    }),
    list("not_networks", |node, _| {
        Ok(Check::Networks(Networks::read_networks(node, ListRole::Refused)?))
    }),
    single("format", |node, _| Ok(Check::Format(NamedFormat::read_format(node)?))),
    single("range", |node, _| Ok(Check::Range(Between::read_range(node)?))),
    single("age", |node, _| Ok(Check::Age(Age::read_age(node)?))),
    CheckKind {
        takes_comparison: true,
        ..single("equals", |node, context| {
            let (comparison, scope) = (context.comparison, context.scope);
            Ok(Check::Equals(Equals::read_equals(node, comparison, scope)?))
        })
    },
];

/// The row of a kind whose argument is not a list.
const fn single(key: &'static str, read: ReadCheck) -> CheckKind {
    CheckKind {
        key,
        read,
        argument: Argument::Single,
        takes_comparison: false,
        admits: Admits::Unknown,
    }
}

/// The row of a kind whose argument is a list.
const fn list(key: &'static str, read: ReadCheck) -> CheckKind {
    CheckKind { argument: Argument::List, ..single(key, read) }
}
