//! The table of the kinds of check. A row says everything about its kind, and no other file
//! recognises a kind by its key.

use super::{
    Check,
    age::Age,
    digits::Digits,
    domains::Domains,
    equals::Equals,
    format::NamedFormat,
    length::Length,
    list::{ListRole, Options},
    one_of::OneOf,
    pattern::Pattern,
    range::Between,
};
use crate::{problem::SpanProblems, rule::node::Node};

/// A kind of check, as rules files know it.
pub(crate) struct CheckKind {
    /// The key in a rules file.
    pub(crate) key: &'static str,
    /// Reads the value of the key. Returns every problem of it.
    pub(crate) read: fn(&Node, &Options<'_>) -> Result<Check, SpanProblems>,
    /// How the value of the key is written.
    pub(crate) argument: Argument,
    /// Whether `ignore_case` changes what the check compares.
    pub(crate) ignore_case: bool,
    /// Which values the check can ever admit, as far as its kind alone says.
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

/// Which values a check can ever admit, as far as its kind alone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admits {
    /// The kind says nothing. Only judging a value shows whether the check admits it.
    Unknown,
    /// The values of its list and no others.
    Listed,
    /// Texts of some lengths: if it admits any text of a length, it admits that many zeros.
    Lengths,
}

/// Every kind of check, in the order in which a part's checks are tried.
pub(crate) const KINDS: &[CheckKind] = &[
    CheckKind {
        key: "domains",
        read: |node, _| Ok(Check::Domains(Domains::read(node, ListRole::Allowed)?)),
        argument: Argument::List,
        ignore_case: false,
        admits: Admits::Unknown,
    },
    CheckKind {
        key: "not_domains",
        read: |node, _| Ok(Check::Domains(Domains::read(node, ListRole::Refused)?)),
        argument: Argument::List,
        ignore_case: false,
        admits: Admits::Unknown,
    },
    CheckKind {
        key: "digits",
        read: |node, _| Ok(Check::Digits(Digits::read(node)?)),
        argument: Argument::Single,
        ignore_case: false,
        admits: Admits::Lengths,
    },
    CheckKind {
        key: "length",
        read: |node, _| Ok(Check::Length(Length::read(node)?)),
        argument: Argument::Single,
        ignore_case: false,
        admits: Admits::Lengths,
    },
    CheckKind {
        key: "pattern",
        read: |node, options| Ok(Check::Pattern(Pattern::read(node, options.patterns)?)),
        argument: Argument::Single,
        ignore_case: false,
        admits: Admits::Unknown,
    },
    CheckKind {
        key: "one_of",
        read: |node, options| Ok(Check::OneOf(OneOf::read(node, options, ListRole::Allowed)?)),
        argument: Argument::List,
        ignore_case: true,
        admits: Admits::Listed,
    },
    CheckKind {
        key: "not_one_of",
        read: |node, options| Ok(Check::OneOf(OneOf::read(node, options, ListRole::Refused)?)),
        argument: Argument::List,
        ignore_case: true,
        admits: Admits::Unknown,
    },
    CheckKind {
        key: "format",
        read: |node, _| Ok(Check::Format(NamedFormat::read(node)?)),
        argument: Argument::Single,
        ignore_case: false,
        admits: Admits::Unknown,
    },
    CheckKind {
        key: "range",
        read: |node, _| Ok(Check::Range(Between::read(node)?)),
        argument: Argument::Single,
        ignore_case: false,
        admits: Admits::Unknown,
    },
    CheckKind {
        key: "age",
        read: |node, _| Ok(Check::Age(Age::read(node)?)),
        argument: Argument::Single,
        ignore_case: false,
        admits: Admits::Unknown,
    },
    CheckKind {
        key: "equals",
        read: |node, _| Ok(Check::Equals(Equals::read(node)?)),
        argument: Argument::Single,
        ignore_case: false,
        admits: Admits::Unknown,
    },
];
