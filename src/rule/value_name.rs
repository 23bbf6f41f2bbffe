//! The names of the values that rules can use: `email`, `email.domain`, `profile.userType`,
//! `request.ip`, `member.lastName`. No other file reads such names.

use std::{cell::Cell, collections::BTreeMap};

use derive_more::Display;

use super::{
    attribute_name::{not_an_attribute, require_attribute_name, without_path},
    node::Node,
};
use crate::{
    nearest::{nearest, unknown},
    okta::{Flow, is_base_attribute},
    problem::{MOST_KEPT, SpanProblem},
};

/// The name of a value that a rule can use. Printed as the rules file writes it.
#[derive(Clone, Display, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueName {
    /// An attribute of the form.
    Form(String),
    /// A part of an attribute of the form that is an email address.
    #[display("{attribute}.{}", part.as_str())]
    Email {
        /// The attribute's name.
        attribute: String,
        /// The part of its value.
        part: EmailPart,
    },
    /// An attribute of the end user's existing profile. In a registration, there is none.
    #[display("profile.{_0}")]
    Profile(String),
    /// The time or the origin of the request.
    #[display("request.{}", _0.as_str())]
    Request(RequestValue),
    /// A column of a lookup's result.
    #[display("{lookup}.{column}")]
    Lookup {
        /// The lookup's name.
        lookup: String,
        /// The column's name.
        column: String,
    },
}

/// A part of an email address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EmailPart {
    /// The part before the `@`.
    Local,
    /// The part after the `@`, in lower case.
    Domain,
}

/// A value of the request that is not on the form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestValue {
    /// The UTC day of `eventTime`, as `2026-11-21`. Today if there is no readable `eventTime`.
    Date,
    /// `eventTime` in UTC, as RFC 3339 writes it.
    Time,
    /// The IP address that the end user's request came from.
    Ip,
}

impl EmailPart {
    const ALL: [Self; 2] = [Self::Local, Self::Domain];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Domain => "domain",
        }
    }
}

impl RequestValue {
    const ALL: [Self; 3] = [Self::Date, Self::Time, Self::Ip];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Time => "time",
            Self::Ip => "ip",
        }
    }
}

/// The values that names in a section may refer to.
#[derive(Default)]
pub(crate) struct Scope {
    /// Whether the flow is of an end user who already has a profile.
    has_profile: bool,
    /// Whether a name that was read in this scope refers to a request's `data.context`. If not, judging skips
    /// `data.context`.
    refers_to_context: Cell<bool>,
    /// The lookups of the section by their names.
    lookups: BTreeMap<String, LookupColumns>,
    /// How many messages have suggested a known name so far.
    suggestions: Cell<usize>,
}

/// The columns of a lookup that names may refer to.
pub(crate) enum LookupColumns {
    /// These columns.
    Known(Vec<String>),
    /// No column, since the name stands in the question of a lookup. All questions are asked at once, so no
    /// question can hold the result of another one.
    UnavailableToLookups,
    /// Any column, since the lookup is invalid, which is already reported.
    Any,
}

impl Scope {
    /// The scope of the section for this flow.
    pub(crate) fn of(flow: Flow) -> Self {
        Self { has_profile: !flow.spec().creates_user, ..Self::default() }
    }

    /// Adds a lookup, or replaces the columns of the one with this name.
    pub(crate) fn add_lookup(&mut self, name: &str, columns: LookupColumns) {
        self.lookups.insert(name.to_owned(), columns);
    }

    /// Counts a message that suggests a known name. Returns false if there are too many already, because the
    /// search for the nearest of many names takes time.
    pub(crate) fn spend_suggestion(&self) -> bool {
        let suggestions = self.suggestions.get();
        self.suggestions.set(suggestions + 1);
        suggestions < MOST_KEPT
    }

    /// The names of the lookups.
    pub(crate) fn lookup_names(&self) -> impl Iterator<Item = &str> {
        self.lookups.keys().map(String::as_str)
    }

    /// Whether a name that was read in this scope refers to a request's `data.context`.
    pub(crate) fn refers_to_context(&self) -> bool {
        self.refers_to_context.get()
    }
}

impl ValueName {
    /// Reads the name of a value.
    pub(crate) fn read_name(node: &Node, scope: &Scope) -> Result<Self, SpanProblem> {
        Self::parse_name(node.text()?, node, scope)
    }

    /// Parses a name. The node gives the place of a problem: the node is the name, or a template that holds the name.
    pub(crate) fn parse_name(name: &str, node: &Node, scope: &Scope) -> Result<Self, SpanProblem> {
        let Some((owner, property)) = name.split_once('.') else {
            require_attribute_name(name, node)?;
            return Ok(Self::Form(name.to_owned()));
        };
        let part = EmailPart::ALL.into_iter().find(|part| part.as_str() == property);
        // `email.domain` is a part of the base attribute even if a lookup is called `email`. The loader reports
        // a lookup of that name.
        let is_part_of_base_attribute = part.is_some() && is_base_attribute(owner);
        if let Some(columns) = scope.lookups.get(owner)
            && !is_part_of_base_attribute
        {
            return parse_column(owner, property, columns, node, scope);
        }
        if property.contains('.') {
            return Err(node.problem(not_an_attribute(name)));
        }
        match (owner, part) {
            ("profile", _) => parse_profile_attribute(property, node, scope),
            ("request", _) => parse_request_value(property, node, scope),
            (_, Some(part)) => {
                require_attribute_name(owner, node)?;
                Ok(Self::Email { attribute: owner.to_owned(), part })
            }
            (_, None) => Err(node.problem(no_such_value(owner, property, scope))),
        }
    }

    /// The attribute of the form that has the value: `email` for `email` and for `email.domain`.
    pub fn form_attribute(&self) -> Option<&str> {
        match self {
            Self::Form(attribute) | Self::Email { attribute, .. } => Some(attribute),
            Self::Profile(_) | Self::Request(_) | Self::Lookup { .. } => None,
        }
    }

    /// The name of the lookup that finds the value.
    pub fn lookup(&self) -> Option<&str> {
        match self {
            Self::Lookup { lookup, .. } => Some(lookup),
            _ => None,
        }
    }
}

/// Parses the name of a column, which must be one of the lookup's `columns`.
fn parse_column(
    lookup: &str,
    column: &str,
    columns: &LookupColumns,
    node: &Node,
    scope: &Scope,
) -> Result<ValueName, SpanProblem> {
    let name = ValueName::Lookup { lookup: lookup.to_owned(), column: column.to_owned() };
    let columns = match columns {
        LookupColumns::Known(columns) => columns,
        LookupColumns::UnavailableToLookups => {
            let message = format!(
                "all lookups are asked at once, so none can use `{name}`, which a lookup finds"
            );
            return Err(node.problem(message));
        }
        LookupColumns::Any => return Ok(name),
    };
    if columns.iter().any(|known| known == column) {
        return Ok(name);
    }
    if columns.is_empty() {
        let message =
            format!("the lookup `{lookup}` finds no value; add `{column}` to its `returns`");
        return Err(node.problem(message));
    }
    let mut known_names = Vec::new();
    if scope.spend_suggestion() {
        known_names.extend(columns.iter().map(|known| format!("{lookup}.{known}")));
    }
    let known_names = known_names.iter().map(String::as_str);
    Err(node.problem(unknown("value", &name.to_string(), known_names)))
}

/// Parses the name of an attribute of the profile that exists already.
fn parse_profile_attribute(
    attribute: &str,
    node: &Node,
    scope: &Scope,
) -> Result<ValueName, SpanProblem> {
    if !scope.has_profile {
        let message = format!(
            "`profile.{attribute}` is of an existing profile, which a registration does not have; name an attribute of the form"
        );
        return Err(node.problem(message));
    }
    require_attribute_name(attribute, node)?;
    scope.refers_to_context.set(true);
    Ok(ValueName::Profile(attribute.to_owned()))
}

/// Parses the name of a value of the request.
fn parse_request_value(
    property: &str,
    node: &Node,
    scope: &Scope,
) -> Result<ValueName, SpanProblem> {
    for value in RequestValue::ALL {
        if value.as_str() == property {
            if value == RequestValue::Ip {
                scope.refers_to_context.set(true);
            }
            return Ok(ValueName::Request(value));
        }
    }
    let names = ["request.date", "request.time", "request.ip"];
    Err(node.problem(unknown("value", &format!("request.{property}"), names)))
}

/// The message that no value has this name, with the nearest one that exists.
fn no_such_value(owner: &str, property: &str, scope: &Scope) -> String {
    let name = format!("{owner}.{property}");
    let mut owners = Vec::new();
    if scope.spend_suggestion() {
        owners.extend(scope.lookup_names());
    }
    // A name such as `user.email` begins with a path of Okta's, unless `user` is a misspelt lookup.
    if nearest(owner, &owners).is_none() && without_path(&name).is_some() {
        return not_an_attribute(&name);
    }
    owners.extend(["profile", "request"]);
    if let Some(known_owner) = nearest(owner, &owners) {
        return format!("unknown value `{name}`; did you mean `{known_owner}.{property}`?");
    }
    if let Some(part) = nearest(property, &EmailPart::ALL.map(EmailPart::as_str)) {
        return format!("unknown value `{name}`; did you mean `{owner}.{part}`?");
    }
    format!(
        "unknown value `{name}`: there is no lookup `{owner}`, and the parts of an attribute are `{owner}.local` and `{owner}.domain`"
    )
}
