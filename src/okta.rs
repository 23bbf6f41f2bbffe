//! Okta's vocabulary as plain types: what a registration inline hook is asked and what it answers.
//!
//! Nothing here knows of JSON, HTTP or rules. A [`Decision`] is a sum type, so that an ALLOW or an
//! update beside an `error` cannot be built at all.

use std::borrow::Cow;

use language::LanguageTag;

pub mod language;
pub mod request;
pub mod response;

/// Who asks, as Okta's `requestType` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Identity Engine, `self.service.registration`.
    SelfServiceRegistration,
    /// Identity Engine, `progressive.profile`.
    ProgressiveProfile,
    /// Classic Engine's registration, which carries no `requestType`.
    Classic,
}

impl Flow {
    /// The name in logs and metrics; Okta's own where it has one.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SelfServiceRegistration => "self.service.registration",
            Self::ProgressiveProfile => "progressive.profile",
            Self::Classic => "classic",
        }
    }

    /// Whether somebody registers, as opposed to filling in more of a profile.
    pub fn is_registration(self) -> bool {
        !matches!(self, Self::ProgressiveProfile)
    }
}

/// A request of Okta's, borrowed from the bytes it came in.
pub struct Request<'a> {
    /// Which of the two flows, and from which engine.
    pub request_type: Flow,
    /// Okta's `eventId`, where it sends one.
    pub event_id: Option<Cow<'a, str>>,
    /// Okta's `eventTime`, as it was sent.
    pub event_time: Option<Cow<'a, str>>,
    /// The language of an end user who has a profile already.
    pub language: Option<LanguageTag>,
    /// What the end user submitted.
    pub form: Form<'a>,
}

impl Request<'_> {
    /// The language to answer the end user in: the one just submitted, else the profile's. A value
    /// that is no language tag is passed over.
    pub fn language(&self) -> Option<LanguageTag> {
        for name in ["preferredLanguage", "locale"] {
            let submitted = self.form.get(name).and_then(|attribute| attribute.value.text());
            if let Some(tag) = submitted.and_then(LanguageTag::first_of) {
                return Some(tag);
            }
        }
        self.language.clone()
    }
}

/// The submitted form: `data.userProfile` of a registration, `data.userProfileUpdate` of a
/// progressive profile. An absent form is an empty one.
#[derive(Clone, Default)]
pub struct Form<'a>(Vec<Attribute<'a>>);

impl<'a> Form<'a> {
    /// A form of these attributes. Where a name occurs twice, it is not said which one
    /// [`Form::get`] finds; the decoder refuses such requests.
    pub fn new(mut attributes: Vec<Attribute<'a>>) -> Self {
        attributes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Self(attributes)
    }

    /// The attribute of this exact name, unless it is absent, null or empty (`""`, `[]`), which
    /// are all the same to a rule: Okta does not document which of them a skipped field gives.
    pub fn get(&self, name: &str) -> Option<&Attribute<'a>> {
        self.submitted(name).filter(|attribute| !attribute.value.is_empty())
    }

    /// Puts an attribute in the place of the one of its name; nothing happens if there is none.
    pub fn replace(&mut self, attribute: Attribute<'a>) {
        if let Some(place) = self.0.iter_mut().find(|other| other.name == attribute.name) {
            *place = attribute;
        }
    }

    /// The attribute of this exact name, unless it is absent or null. An empty one is what
    /// somebody submits to clear a field.
    pub fn submitted(&self, name: &str) -> Option<&Attribute<'a>> {
        let found = self.0.binary_search_by(|attribute| (*attribute.name).cmp(name));
        self.0.get(found.ok()?).filter(|attribute| !matches!(attribute.value, Value::Null))
    }
}

/// One name and value of the form.
#[derive(Clone)]
pub struct Attribute<'a> {
    /// The attribute's name, case-sensitive.
    pub name: Cow<'a, str>,
    /// The value as it was submitted, in JSON; an update copies it unchanged.
    pub submitted: Cow<'a, str>,
    /// The value as rules look at it.
    pub value: Value<'a>,
}

/// An attribute's value, as far as rules look into it.
#[derive(Clone)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, in the digits it was written with.
    Number(Cow<'a, str>),
    /// A string.
    Text(Cow<'a, str>),
    /// An array; no check looks at its elements.
    List {
        /// Whether it has no element.
        empty: bool,
    },
    /// An object, which no Okta attribute is.
    Object,
}

impl Value<'_> {
    /// The text a check compares: that of a string, or of an integer in decimal.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) if !number.contains(['.', 'e', 'E']) => Some(number),
            _ => None,
        }
    }

    /// Like [`Value::text`], and `true` or `false` for a boolean: Okta's forms submit a choice of
    /// yes and no either way.
    pub fn scalar(&self) -> Option<&str> {
        match self {
            Self::Boolean(true) => Some("true"),
            Self::Boolean(false) => Some("false"),
            other => other.text(),
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

/// What Okta is to do.
pub enum Decision<'a> {
    /// Let it through as submitted.
    Allow,
    /// Let it through and set these attributes, in this order.
    Update(NonEmpty<Assignment<'a>>),
    /// Stop it, and show the end user why.
    Deny(Denial<'a>),
}

impl Decision<'_> {
    /// Which of the three.
    pub fn kind(&self) -> DecisionKind {
        match self {
            Self::Allow => DecisionKind::Allow,
            Self::Update(_) => DecisionKind::Update,
            Self::Deny(_) => DecisionKind::Deny,
        }
    }
}

/// A decision without what it is about.
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

/// An attribute and the value it is to have.
pub struct Assignment<'a> {
    /// The attribute's name in Okta's user schema.
    pub attribute: &'a str,
    /// The value, in JSON.
    pub json: Cow<'a, str>,
}

/// A refusal: Okta's `error`, with or without a DENY command beside it.
pub struct Denial<'a> {
    /// How Okta is told.
    pub style: DenyStyle,
    /// The top-level `errorSummary`.
    pub summary: &'a str,
    /// Why, the most important first: Classic Engine shows no other.
    pub causes: NonEmpty<ErrorCause<'a>>,
}

/// How a denial is written; both deny (the guide's handlers use either).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenyStyle {
    /// A DENY command and `error`.
    Command,
    /// `commands: []` and `error`.
    Error,
}

/// One of Okta's `errorCauses`; its `locationType` is always `body`.
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

/// A list that has a first element.
#[derive(Debug)]
pub struct NonEmpty<T> {
    first: T,
    rest: Vec<T>,
}

impl<T> NonEmpty<T> {
    /// One element.
    pub fn of(first: T) -> Self {
        Self { first, rest: Vec::new() }
    }

    /// All that the iterator gives, or nothing if it gives nothing.
    pub fn collect(items: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut items = items.into_iter();
        Some(Self { first: items.next()?, rest: items.collect() })
    }

    /// The first element.
    pub fn first(&self) -> &T {
        &self.first
    }

    /// The elements in their order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}
