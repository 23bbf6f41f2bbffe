//! Questions to a table or view of PostgreSQL.

use std::sync::Arc;

use super::{fill::fill, outcome::WhyNotAsked};
use crate::rule::{check::EvalContext, template::Template, value_name::ValueName};

/// The question of a lookup to PostgreSQL, before it is filled in.
pub struct PostgresQuery {
    /// The name of the source in the settings.
    pub(crate) source: String,
    /// The statement, with a parameter for each value.
    pub(crate) statement: String,
    /// The values of the parameters.
    pub(crate) parameters: Vec<Template<ValueName>>,
    /// The names of the results, in the statement's order.
    pub(crate) columns: Vec<String>,
}

/// A question to PostgreSQL in one request. It holds values of people, and is never logged.
#[derive(Clone)]
pub struct PostgresQuestion {
    /// The question without the values of the request.
    pub query: Arc<PostgresQuery>,
    pub(crate) parameters: Vec<String>,
}

impl PostgresQuery {
    /// The most bytes that the results of a row may have together.
    pub(crate) const RESULT_LIMIT: usize = 64 << 10;

    /// The question in one request.
    pub(super) fn question(
        self: &Arc<Self>,
        context: &EvalContext<'_>,
    ) -> Result<PostgresQuestion, WhyNotAsked<'_>> {
        let mut parameters = Vec::new();
        for template in &self.parameters {
            parameters.push(fill(template, context, str::to_owned)?);
        }
        Ok(PostgresQuestion { query: Arc::clone(self), parameters })
    }

    /// The value of each parameter, or `None` if it depends on the request.
    pub(crate) fn parameters_without_values(&self) -> Vec<Option<String>> {
        self.parameters.iter().map(Template::constant).collect()
    }

    pub(super) fn value_names(&self) -> Vec<&ValueName> {
        self.parameters.iter().flat_map(Template::names).collect()
    }
}

impl PostgresQuestion {
    /// A key for caches: questions with equal keys have equal results.
    pub(crate) fn cache_key(&self) -> String {
        let PostgresQuery { source, statement, .. } = &*self.query;
        // `Debug` escapes quotes, so different questions have different keys.
        format!("{source:?} {statement:?} {:?}", self.parameters)
    }
}
