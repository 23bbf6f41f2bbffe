//! The results of lookups.

use std::collections::BTreeMap;

use super::failure::LookupFailure;
use crate::okta::Value;

/// The results of a request's lookups by their names.
pub type LookupResults = BTreeMap<String, LookupResult>;

/// The values that a lookup found, by their columns. Each value is a text, a number or a boolean. If a column is
/// not in the map, its value is absent.
pub type Columns = BTreeMap<String, Value<'static>>;

/// The result of a lookup that was asked. It holds values of people, and is never logged.
#[derive(Clone)]
pub enum LookupResult {
    /// The source found something.
    Found(Columns),
    /// The source found nothing.
    NotFound,
    /// The source did not respond, or not as it should.
    Failed(LookupFailure),
}
