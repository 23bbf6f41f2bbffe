//! Okta's vocabulary as plain types: the requests of a registration inline hook and its decisions.
//!
//! This module imports neither HTTP nor rules. A [`Decision`] is a sum type, so that an ALLOW or an
//! update beside an `error` cannot be built at all.

use std::borrow::Cow;

mod flow;
pub(crate) mod json;
pub mod language;
mod non_empty;
pub mod reply;
pub mod request;
pub mod response;

pub use flow::{ACTION_COMMAND, ATTRIBUTE_LOCATION, Flow, FlowSpec, FormMember, PolicySwitch};
use language::LanguageTag;
pub use non_empty::NonEmpty;
pub use request::DataContext;

/// The attributes that every org has. None of them can be removed.
const BASE_ATTRIBUTES: &str = "login email secondEmail firstName lastName middleName honorificPrefix \
    honorificSuffix title displayName nickName profileUrl primaryPhone mobilePhone streetAddress \
    city state zipCode countryCode postalAddress preferredLanguage locale timezone userType \
    employeeNumber costCenter organization division department managerId manager";

/// The names of the attributes that every org has.
pub(crate) fn base_attributes() -> impl Iterator<Item = &'static str> {
    BASE_ATTRIBUTES.split(' ')
}

/// Whether every org has an attribute of this name.
pub(crate) fn is_base_attribute(name: &str) -> bool {
    base_attributes().any(|base| base == name)
}

/// A request of Okta's, borrowed from the bytes of its body.
pub struct Request<'a> {
    /// The flow that the request is part of.
    pub flow: Flow,
    /// Okta's `eventId`, if the request has one.
    pub event_id: Option<Cow<'a, str>>,
    /// Okta's `eventTime`, if the request has one. It may be any text.
    pub event_time: Option<Cow<'a, str>>,
    /// The language of an end user who already has a profile.
    pub profile_language: Option<LanguageTag>,
    /// The form that the end user submitted.
    pub form: Form<'a>,
    /// The text of the body, for [`Request::read_context`].
    body: &'a str,
}

impl Request<'_> {
    /// The language in which to answer the end user: the form's, or else the profile's. Ignores a value
    /// that is not a language tag.
    pub fn language(&self) -> Option<LanguageTag> {
        for name in ["preferredLanguage", "locale"] {
            if let Some(attribute) = self.form.get(name)
                && let Some(text) = attribute.value.text()
                && let Some(tag) = LanguageTag::first_of(text)
            {
                return Some(tag);
            }
        }
        self.profile_language.clone()
    }
}

/// Up to this number of attributes, comparing each name takes less time than a binary search.
const FEW_ATTRIBUTES: usize = 16;

/// The submitted form: `data.userProfile` of a registration, `data.userProfileUpdate` of a
/// progressive profile. An absent form is an empty one.
#[derive(Clone, Default)]
pub struct Form<'a>(Vec<Attribute<'a>>);

impl<'a> Form<'a> {
    /// A form of these attributes, whose names differ: the decoder refuses a form that has a name twice.
    pub fn new(mut attributes: Vec<Attribute<'a>>) -> Self {
        // `index_of` needs them in the order of their names.
        attributes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Self(attributes)
    }

    /// The attribute of this exact name. Returns `None` if it is absent, null or empty (`""`, `[]`).
    /// Okta does not document which of these a skipped field sends, so all of them count as absent.
    pub fn get(&self, name: &str) -> Option<&Attribute<'a>> {
        self.get_even_if_empty(name).filter(|attribute| !attribute.value.is_empty())
    }

    /// The attribute of this exact name. It may be empty, for example because the end user has cleared the
    /// field. Returns `None` if it is absent or null.
    pub fn get_even_if_empty(&self, name: &str) -> Option<&Attribute<'a>> {
        let attribute = self.0.get(self.index_of(name)?)?;
        match attribute.value {
            Value::Null => None,
            _ => Some(attribute),
        }
    }

    /// The names of the attributes, in the order of the request.
    pub(crate) fn names_in_order(&self) -> Vec<&str> {
        let mut attributes: Vec<_> = self.0.iter().collect();
        // The JSON of each attribute is a part of the body, so a later one has a higher address.
        attributes.sort_by_key(|attribute| attribute.json.as_ptr());
        attributes.iter().map(|attribute| &*attribute.name).collect()
    }

    /// The number of attributes.
    pub(crate) fn attribute_count(&self) -> usize {
        self.0.len()
    }

    /// Replaces the value of the attribute of this name. Does nothing if the form does not have it.
    pub fn replace(&mut self, name: &str, value: Value<'a>) {
        if let Some(index) = self.index_of(name)
            && let Some(attribute) = self.0.get_mut(index)
        {
            attribute.value = value;
        }
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        if self.0.len() <= FEW_ATTRIBUTES {
            return self.0.iter().position(|attribute| attribute.name == name);
        }
        self.0.binary_search_by(|attribute| (*attribute.name).cmp(name)).ok()
    }
}

/// A name and a value of the form.
#[derive(Clone)]
pub struct Attribute<'a> {
    /// The attribute's name, case-sensitive.
    pub name: Cow<'a, str>,
    /// The value's JSON as it was submitted. The key `update` of a rules file copies it into the answer.
    pub json: &'a str,
    /// The value for rules.
    pub value: Value<'a>,
}

/// The value of an attribute, with as much detail as rules need.
#[derive(Clone)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, as it is written in the request.
    Number(Cow<'a, str>),
    /// A string.
    Text(Cow<'a, str>),
    /// An array. No check looks at its elements.
    List {
        /// Whether it has no element.
        empty: bool,
    },
    /// An object. No attribute of Okta's is one.
    Object,
}

impl Value<'_> {
    /// The same value, borrowed from this one.
    pub fn borrow(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(boolean) => Value::Boolean(*boolean),
            Self::Number(number) => Value::Number(Cow::Borrowed(number)),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::List { empty } => Value::List { empty: *empty },
            Self::Object => Value::Object,
        }
    }

    /// The text that a check compares: a string, an integer in decimal, or a boolean as `true` or
    /// `false`. Okta's forms submit a yes-or-no field as a boolean or as its text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) if is_integer(number) => Some(number),
            Self::Boolean(true) => Some("true"),
            Self::Boolean(false) => Some("false"),
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Null | Self::List { empty: true } => true,
            Self::Text(text) => text.is_empty(),
            _ => false,
        }
    }
}

/// Whether a JSON number has neither a fraction nor an exponent.
fn is_integer(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}

/// The decision about a request.
pub enum Decision<'a> {
    /// Lets the request through as submitted.
    Allow,
    /// Lets the request through, and sets these attributes in this order.
    Update(NonEmpty<Assignment<'a>>),
    /// Stops the request, and shows the end user why.
    Deny(Denial<'a>),
}

impl Decision<'_> {
    /// The kind of the decision.
    pub fn kind(&self) -> DecisionKind {
        match self {
            Self::Allow => DecisionKind::Allow,
            Self::Update(_) => DecisionKind::Update,
            Self::Deny(_) => DecisionKind::Deny,
        }
    }
}

/// A decision without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DecisionKind {
    /// [`Decision::Allow`]
    Allow,
    /// [`Decision::Update`]
    Update,
    /// [`Decision::Deny`]
    Deny,
}

impl DecisionKind {
    /// The name in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Update => "update",
            Self::Deny => "deny",
        }
    }
}

/// An attribute and its new value.
pub struct Assignment<'a> {
    /// The attribute's name in Okta's user schema.
    pub attribute: &'a str,
    /// The value that Okta stores.
    pub value: NewValue<'a>,
}

/// The new value of an attribute.
pub enum NewValue<'a> {
    /// A value in JSON: a constant of the rules, or a copy of the submitted value.
    Json(&'a str),
    /// A text.
    Text(Cow<'a, str>),
}

/// A denial: Okta's `error`, with or without a DENY command.
pub struct Denial<'a> {
    /// How the denial is written.
    pub style: DenyStyle,
    /// The top-level `errorSummary`.
    pub summary: &'a str,
    /// The causes, the most important one first. Classic Engine shows only the first.
    pub causes: NonEmpty<ErrorCause<'a>>,
}

/// How a denial is written. Okta denies either way, and Okta's guide uses both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenyStyle {
    /// A DENY command and `error`.
    Command,
    /// `commands: []` and `error`.
    Error,
}

/// One of Okta's `errorCauses`. Its `locationType` is always `body`.
#[derive(Clone, Copy)]
pub struct ErrorCause<'a> {
    /// `errorSummary`, the text shown to the end user.
    pub message: &'a str,
    /// `reason`, a constant for programs.
    pub reason: &'a str,
    /// `location`, the path of the attribute: `data.userProfile.email`.
    pub location: &'a str,
    /// `domain`, `end-user` or `external-service`.
    pub domain: &'a str,
}
