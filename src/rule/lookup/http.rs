//! A question to an HTTP API, and the meaning of the response.

use std::sync::Arc;

use derive_more::Display;

use super::{
    encode::{escape_json, has_dot_segment, percent_encode},
    failure::LookupFailure,
    fill::fill,
    outcome::WhyNotAsked,
    result::{Columns, LookupResult},
};
use crate::{
    okta::{
        Value,
        json::{JsonDocument, JsonPointer, MissingValue},
    },
    rule::{check::EvalContext, template::Template, value_name::ValueName},
};

/// The only status that may mean "found".
const OK: u16 = 200;

/// The question of a lookup to an HTTP API, before it is filled in.
pub(crate) struct HttpQuery {
    /// The name of the source in the settings.
    pub(crate) source: String,
    /// The path and query, relative to the URL of the source. Names stand within path segments and query
    /// values.
    pub(crate) target: Template<ValueName>,
    /// The JSON to post. Names stand within strings. `None` for a GET.
    pub(crate) body: Option<Template<ValueName>>,
    pub(crate) response: ResponseMapping,
}

/// How a response is read.
#[derive(Debug)]
pub(crate) struct ResponseMapping {
    /// The place of a value in the response. If the value is missing, null or false, the response means "not found".
    pub(crate) found: Option<JsonPointer>,
    /// The statuses that mean "not found".
    pub(crate) not_found: Vec<u16>,
    pub(crate) returns: Vec<ReturnedValue>,
}

/// A column, and the place of its value in a response.
#[derive(Debug)]
pub(crate) struct ReturnedValue {
    pub(crate) column: String,
    pub(crate) pointer: JsonPointer,
}

/// The answer of a source, with hints if the source is an HTTP API.
pub(crate) struct SourceAnswer {
    pub(crate) result: LookupResult,
    /// Hints for the author of the pointers. Empty unless [`HttpQuestion::wants_hints`] is set.
    pub(crate) hints: Vec<ResponseHint>,
}

/// A hint for the author of the pointers of a lookup.
#[derive(Clone, Debug, Display)]
pub(crate) enum ResponseHint {
    /// A pointer finds no value in the response, not even null.
    #[display("{_0}")]
    Missing(MissingValue),
    /// The pointer `found` finds an empty list. Its author probably means the first element.
    #[display(
        "`found = \"{found}\"` is an empty list, which counts as found; write `{}`",
        found.first_element()
    )]
    EmptyList { found: JsonPointer },
}

/// A question to an HTTP API in one request. It holds values of people, and is never logged.
#[derive(Clone)]
pub struct HttpQuestion {
    query: Arc<HttpQuery>,
    pub(crate) target: String,
    pub(crate) body: Option<String>,
    /// Whether to look for hints in the response. That takes long, so the service does not do it.
    pub(crate) wants_hints: bool,
}

impl HttpQuery {
    /// The question in one request.
    pub(super) fn question(
        self: &Arc<Self>,
        context: &EvalContext<'_>,
    ) -> Result<HttpQuestion, WhyNotAsked<'_>> {
        let target = fill(&self.target, context, percent_encode)?;
        let path = target.split('?').next().unwrap_or_default();
        if has_dot_segment(path) {
            return Err(WhyNotAsked::DotSegment);
        }
        let body = match &self.body {
            Some(body) => Some(fill(body, context, escape_json)?),
            None => None,
        };
        Ok(HttpQuestion { query: self.clone(), target, body, wants_hints: false })
    }

    pub(super) fn value_names(&self) -> Vec<&ValueName> {
        let mut names = self.target.names();
        if let Some(body) = &self.body {
            names.extend(body.names());
        }
        names
    }
}

impl HttpQuestion {
    /// The name of the source.
    pub(crate) fn source(&self) -> &str {
        &self.query.source
    }

    /// A key for caches: questions with equal keys have equal results.
    pub(crate) fn cache_key(&self) -> String {
        let HttpQuery { source, response, .. } = &*self.query;
        // `Debug` escapes quotes, so different questions have different keys.
        format!("{source:?} {:?} {:?} {response:?}", self.target, self.body)
    }

    /// Whether a response with this status means "found" or "not found". Other responses are failures.
    pub(crate) fn expects(&self, status: u16) -> bool {
        status == OK || self.query.response.not_found.contains(&status)
    }

    /// Reads the answer from a response.
    pub(crate) fn answer(&self, status: u16, body: &[u8]) -> SourceAnswer {
        if !self.expects(status) {
            return SourceAnswer::failed(LookupFailure::Status(status));
        }
        if status != OK {
            return LookupResult::NotFound.into();
        }
        let Some(document) = JsonDocument::read(body) else {
            return SourceAnswer::failed(LookupFailure::NotJson);
        };
        let response = &self.query.response;
        let result = response.result(&document);
        let mut hints = Vec::new();
        if self.wants_hints {
            hints = response.hints(&document, &result);
        }
        SourceAnswer { result, hints }
    }
}

impl From<LookupResult> for SourceAnswer {
    fn from(result: LookupResult) -> Self {
        Self { result, hints: Vec::new() }
    }
}

impl SourceAnswer {
    pub(crate) fn failed(failure: LookupFailure) -> Self {
        LookupResult::Failed(failure).into()
    }
}

impl ResponseMapping {
    /// Reads the result from the JSON of a response with status 200.
    fn result(&self, document: &JsonDocument<'_>) -> LookupResult {
        if let Some(found) = &self.found
            && matches!(document.find(found), None | Some(Value::Null | Value::Boolean(false)))
        {
            return LookupResult::NotFound;
        }
        let mut columns = Columns::new();
        for ReturnedValue { column, pointer } in &self.returns {
            let value = match document.find(pointer) {
                None | Some(Value::Null) => continue,
                Some(Value::Text(text)) if text.is_empty() => continue,
                Some(Value::Text(text)) => Value::Text(text.into_owned().into()),
                Some(Value::Number(number)) => Value::Number(number.into_owned().into()),
                Some(Value::Boolean(boolean)) => Value::Boolean(boolean),
                Some(Value::List { .. } | Value::Object) => {
                    return LookupResult::Failed(LookupFailure::NotScalar(column.clone()));
                }
            };
            columns.insert(column.clone(), value);
        }
        LookupResult::Found(columns)
    }

    /// The hints about a response with this result.
    fn hints(&self, document: &JsonDocument<'_>, result: &LookupResult) -> Vec<ResponseHint> {
        let mut hints = Vec::new();
        // The pointers that should have found a value.
        let mut pointers = Vec::new();
        match (result, &self.found) {
            (LookupResult::Found(_), found) => {
                if let Some(found) = found
                    && matches!(document.find(found), Some(Value::List { empty: true }))
                {
                    hints.push(ResponseHint::EmptyList { found: found.clone() });
                }
                pointers.extend(self.returns.iter().map(|returned| &returned.pointer));
            }
            (LookupResult::NotFound, Some(found)) => pointers.push(found),
            (LookupResult::NotFound, None) | (LookupResult::Failed(_), _) => {}
        }
        for pointer in pointers {
            if let Some(missing) = document.missing_value(pointer) {
                hints.push(ResponseHint::Missing(missing));
            }
        }
        hints
    }
}
