//! The results of lookups.

use std::collections::BTreeMap;

use super::failure::LookupFailure;
use crate::okta::Value;

/// The results of a request's lookups by their names.
pub type LookupResults = BTreeMap<String, LookupResult>;

/// The values that a lookup has found, by their columns. Each is a text, a number or a boolean. An absent
/// column has no value.
pub type Columns = BTreeMap<String, Value<'static>>;

/// The result of a lookup that was asked. It holds values of people, and is never logged.
#[derive(Clone)]
pub enum LookupResult {
    /// The source has an answer.
    Found(Columns),
    /// The source has no answer.
    NotFound,
    /// The source has not answered, or not as it should.
    Failed(LookupFailure),
}
