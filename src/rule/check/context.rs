//! The context of a check, and the reasons why a value fails one.

use std::borrow::Cow;

use derive_more::Display;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::work::{TooCostly, WorkBudget};
use crate::{
    okta::{DataContext, Form, Value},
    rule::{
        email,
        known_parts::KnownParts,
        lookup::{LookupResults, LookupStates},
        value_name::{EmailPart, RequestValue, ValueName},
    },
};

/// The longest text that is read as a time, in bytes. Okta's times have 24.
const LONGEST_TIME: usize = 64;

/// The facts that a decision depends on besides the rules and the request.
///
/// The caller gathers them, so that judging needs no clock, no file and no network. A failed lookup is
/// one of the results, so that judging needs no `Result`.
#[derive(Clone)]
pub struct Facts {
    /// The present UTC day. Requests without a readable `eventTime` are judged on it.
    pub today: Date,
    /// The results of the lookups that were asked.
    pub lookups: LookupResults,
}

impl Facts {
    /// The facts of a day, without a result of a lookup.
    pub const fn of_day(today: Date) -> Self {
        Self { today, lookups: LookupResults::new() }
    }
}

/// Values that a check may consult besides the value that it checks.
pub struct EvalContext<'a> {
    /// The form, with its attributes normalized.
    pub(crate) form: &'a Form<'a>,
    /// Okta's `eventTime`, if the request has one.
    pub(crate) event_time: Option<&'a str>,
    /// The request's `data.context`. Empty if no name in the section refers to `data.context`.
    pub(crate) data_context: &'a DataContext<'a>,
    pub(crate) facts: &'a Facts,
    /// The state of each lookup of the section. Empty before the lookups are asked.
    pub(crate) lookups: &'a LookupStates<'a, 'a>,
    pub(crate) work: &'a WorkBudget,
    /// The parts whose result is known.
    pub(crate) known_parts: KnownParts,
}

/// The value of a name in one request.
pub(crate) enum Found<'v> {
    /// It is absent, null or empty.
    Absent,
    /// The name is that of a part, such as `email.domain`, and the attribute is not a plain email address.
    NotAnAddress,
    /// It is this value.
    Present(Value<'v>),
}

impl EvalContext<'_> {
    /// Finds the value of a name.
    pub(crate) fn find(&self, name: &ValueName) -> Found<'_> {
        let value = match name {
            ValueName::Form(attribute) => value_of(self.form, attribute),
            ValueName::Profile(attribute) => value_of(&self.data_context.profile, attribute),
            ValueName::Request(RequestValue::Ip) => {
                value_of(&self.data_context.request, "ipAddress")
            }
            ValueName::Request(RequestValue::Date) => Some(text_value(self.day().to_string())),
            ValueName::Request(RequestValue::Time) => {
                self.time().map(|time| text_value(time.to_string()))
            }
            ValueName::Email { attribute, part } => match self.form.get(attribute) {
                Some(found) => return email_part(&found.value, *part),
                None => None,
            },
            ValueName::Lookup { lookup, column } => {
                self.lookups.value(lookup, column).map(Value::borrow)
            }
        };
        match value {
            Some(value) => Found::Present(value),
            None => Found::Absent,
        }
    }

    /// The UTC day of the request.
    pub(super) fn day(&self) -> Date {
        match self.time() {
            Some(time) => time.to_zoned(TimeZone::UTC).date(),
            None => self.facts.today,
        }
    }

    /// The time of the request, if the request has a time that can be read.
    fn time(&self) -> Option<Timestamp> {
        let event_time = self.event_time?;
        // Each check of an age parses the time again, so the parser gets no long text.
        if event_time.len() > LONGEST_TIME {
            return None;
        }
        event_time.parse().ok()
    }
}

fn value_of<'v>(form: &'v Form<'_>, attribute: &str) -> Option<Value<'v>> {
    Some(form.get(attribute)?.value.borrow())
}

/// A part of a value, if the value is a plain email address.
fn email_part<'v>(value: &'v Value<'_>, part: EmailPart) -> Found<'v> {
    if let Value::Text(address) = value
        && let Some((local, domain)) = email::parts(address)
    {
        return Found::Present(match part {
            EmailPart::Local => Value::Text(Cow::Borrowed(local)),
            EmailPart::Domain => Value::Text(email::lower_case(domain)),
        });
    }
    Found::NotAnAddress
}

fn text_value(text: String) -> Value<'static> {
    Value::Text(Cow::Owned(text))
}

/// Why a value fails a check. Printed, it follows "expected" and the description of the check, and is empty if
/// that description says enough.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum Mismatch {
    /// No value of this JSON type meets the check.
    #[display(", found another type of value")]
    Type,
    /// The check cannot read the text as an email address, a past date, a number or an IP address, or the
    /// check's `compare` leaves an empty text.
    #[display("")]
    Unreadable,
    /// This value does not meet the check. Others of its type may.
    #[display("")]
    Value,
    /// The value is too long to check, or takes too many steps. It may or may not meet the check.
    #[display(", found a value that is too long or takes too long to check")]
    TooCostly,
}

impl From<TooCostly> for Mismatch {
    fn from(_: TooCostly) -> Self {
        Self::TooCostly
    }
}

/// Succeeds if the value meets the check. Otherwise fails with [`Mismatch::Value`].
pub(super) fn require(is_met: bool) -> Result<(), Mismatch> {
    if is_met { Ok(()) } else { Err(Mismatch::Value) }
}
