//! `from` and `map`: sets an attribute to the entry of a map whose key is the value of `from`.

use std::collections::BTreeMap;

use super::{
    Attempt,
    outcome::{Alternative, WhyNotSet},
    text_map::TextMap,
    value::{SetValue, find_required},
};
use crate::{
    okta::NewValue,
    rule::{
        check::EvalContext,
        node::{Span, Spanned},
        value_name::ValueName,
    },
};

/// The value to set is the entry of a map for the exact value of a name.
pub(crate) struct Mapped {
    pub(crate) from: Spanned<ValueName>,
    pub(crate) map: ValueMap,
    /// The value of the key `else`. It is set if the map does not have the value of `from`.
    pub(crate) otherwise: Option<Spanned<SetValue>>,
}

/// The keys and values of a map.
pub(crate) enum ValueMap {
    /// In the rules file.
    Inline(BTreeMap<String, Spanned<SetValue>>),
    /// In a file of its own.
    File {
        /// The place that names the file.
        place: Span,
        /// Whether the first line, which must name the columns and is skipped, looks like an entry. A lint warns of it.
        title_looks_like_entry: bool,
        map: TextMap,
    },
}

impl Mapped {
    /// The value to set, or the reason why none is. [`Attempt`] explains the two lifetimes.
    pub(super) fn attempt<'r: 'q, 'q>(&'r self, context: &EvalContext<'_>) -> Attempt<'r, 'q> {
        let found = match find_required(&self.from, context) {
            Ok(found) => found,
            Err(why) => return Attempt::without_alternative(Err(why)),
        };
        // A list or an object has no text, and so is not in the map.
        if let Some(key) = found.text()
            && let Some(value) = self.map.value_of(key, context)
        {
            return Attempt { alternative: Alternative::Map, value };
        }
        match &self.otherwise {
            Some(value) => Attempt { alternative: Alternative::Else, value: value.fill(context) },
            None => Attempt::without_alternative(Err(WhyNotSet::NotInMap(&self.from))),
        }
    }
}

impl ValueMap {
    /// The value of a key, filled in. Returns `None` if the map does not have the key.
    fn value_of<'r: 'q, 'q>(
        &'r self,
        key: &str,
        context: &EvalContext<'_>,
    ) -> Option<Result<NewValue<'q>, WhyNotSet<'r>>> {
        match self {
            Self::Inline(values) => Some(values.get(key)?.fill(context)),
            Self::File { map, .. } => Some(Ok(NewValue::Text(map.get(key)?.into()))),
        }
    }
}
