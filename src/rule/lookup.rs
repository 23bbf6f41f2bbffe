//! Lookups: questions about a request that a source answers.
//!
//! The values of a request fill in the question of a lookup. The module `lookup` asks it, and hands the
//! result to the judging as one of the [`Facts`](super::Facts). A table is part of the rules, so this module
//! answers questions to tables itself.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    check::EvalContext,
    holds,
    node::{Span, Spanned},
    requirement::Part,
    text::Text,
    value_name::ValueName,
};
use crate::okta::{ErrorCause, language::LanguageTag};

mod encode;
mod failure;
mod fill;
mod http;
mod outcome;
mod postgres;
mod result;
mod source;
pub(super) mod state;
mod table;

pub(crate) use encode::{escape_json, has_dot_segment};
pub use failure::{CertificateFault, LookupFailure, SqlState};
pub use http::HttpQuestion;
pub(crate) use http::{HttpQuery, ResponseHint, ResponseMapping, ReturnedValue, SourceAnswer};
pub use outcome::{LookupOutcome, WhyNotAsked};
pub use postgres::{PostgresQuery, PostgresQuestion};
pub use result::{Columns, LookupResult, LookupResults};
pub use source::{SourceKind, SourceKinds};
pub use state::WhyNotCounted;
pub(crate) use state::{LookupState, LookupStates, Readiness};
pub use table::TableQuestion;
pub(crate) use table::{RepeatedRow, RowTable, TableQuery};

/// A lookup of a section.
pub struct Lookup {
    /// The name in rules, logs and metrics. Unique in its section.
    pub name: Spanned<String>,
    /// The lookup is asked only if all of these hold.
    pub(crate) when: Vec<Part>,
    pub(crate) query: Query,
    /// The names of the columns that rules may use.
    pub(crate) columns: Vec<String>,
    /// How long a result is kept. `None` if no result is kept.
    pub cache: Option<Duration>,
    pub(crate) on_failure: OnFailure,
    pub(crate) failure_message: Text,
    /// The `location` of the cause if the lookup fails: the first attribute of the form in the question, or else
    /// the form. If a rule denies because of the failure, the cause has the rule's location instead.
    pub(crate) location: String,
    /// The places of the values in the question, for messages.
    pub(crate) places: BTreeMap<ValueName, Span>,
    /// Notes for authors of rules. Judging does not read them.
    pub(crate) notes: Vec<String>,
}

/// The question of a lookup before it is filled in, by the kind of source.
pub(crate) enum Query {
    /// A table of the rules folder.
    Table(TableQuery),
    /// A table or view of PostgreSQL.
    Postgres(Arc<PostgresQuery>),
    /// An HTTP API.
    Http(Arc<HttpQuery>),
}

/// The effect of a failed lookup.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// The rules that need the lookup deny.
    Deny,
    /// The rules that need the lookup do not count if the source itself failed. After any other failure
    /// they deny.
    Skip,
}

/// A question that is filled in with the values of one request.
pub enum Question<'r> {
    /// A question to a table.
    Table(TableQuestion<'r>),
    /// A question to PostgreSQL.
    Postgres(PostgresQuestion),
    /// A question to an HTTP API.
    Http(HttpQuestion),
}

/// A lookup to ask in one request, and its question.
pub struct AskedLookup<'r> {
    /// The lookup.
    pub lookup: &'r Lookup,
    /// The question.
    pub question: Question<'r>,
}

impl Lookup {
    /// The question in one request, or the reason why the lookup is not asked.
    pub(super) fn question(
        &self,
        context: &EvalContext<'_>,
    ) -> Result<Question<'_>, WhyNotAsked<'_>> {
        if !self.conditions_hold(context) {
            return Err(WhyNotAsked::Conditions);
        }
        match &self.query {
            Query::Table(query) => Ok(Question::Table(query.question(context)?)),
            Query::Postgres(query) => Ok(Question::Postgres(query.question(context)?)),
            Query::Http(query) => Ok(Question::Http(query.question(context)?)),
        }
    }

    /// Whether all conditions of the lookup hold.
    pub(super) fn conditions_hold(&self, context: &EvalContext<'_>) -> bool {
        self.when.iter().all(|condition| holds(condition, context))
    }

    /// The state of the lookup in one request. `result` is `None` if the lookup was not asked.
    pub(super) fn state<'f>(
        &self,
        result: Option<&'f LookupResult>,
        context: &EvalContext<'_>,
    ) -> LookupState<'_, 'f> {
        match result {
            Some(LookupResult::Found(columns)) => LookupState::Found(columns),
            Some(LookupResult::NotFound) => LookupState::NotFound,
            Some(LookupResult::Failed(failure))
                if self.on_failure == OnFailure::Skip && failure.is_fault_of_source() =>
            {
                LookupState::FailedAndSkipped
            }
            Some(LookupResult::Failed(_)) => LookupState::Failed,
            None => match self.question(context) {
                Err(why) => LookupState::NotAsked(why),
                // The module `lookup` asks each question, so a missing result is a bug of ours. It denies.
                Ok(_) => LookupState::Failed,
            },
        }
    }

    /// The cause of a denial by a failed lookup.
    pub(super) fn failure_cause<'l>(
        &'l self,
        location: &'l str,
        language: Option<&LanguageTag>,
    ) -> ErrorCause<'l> {
        ErrorCause {
            message: self.failure_message.in_language(language),
            reason: "LOOKUP_FAILED",
            location,
            domain: "end-user",
        }
    }

    /// Whether the rules that need the lookup do not count after a failure of its source.
    pub(crate) fn is_skipped_on_failure(&self) -> bool {
        self.on_failure == OnFailure::Skip
    }

    /// The question, if it goes to a database.
    pub(crate) fn postgres_query(&self) -> Option<&Arc<PostgresQuery>> {
        match &self.query {
            Query::Postgres(query) => Some(query),
            Query::Table(_) | Query::Http(_) => None,
        }
    }

    /// The name of the source, if it is an HTTP API.
    pub(crate) fn http_source(&self) -> Option<&str> {
        match &self.query {
            Query::Http(query) => Some(&query.source),
            Query::Table(_) | Query::Postgres(_) => None,
        }
    }

    /// Whether the lookup has a source that may fail. A table is part of the rules.
    pub(crate) fn can_fail(&self) -> bool {
        match self.query {
            Query::Table(_) => false,
            Query::Http(_) | Query::Postgres(_) => true,
        }
    }

    /// The names of the values that fill in the question.
    pub(crate) fn placeholders(&self) -> Vec<&ValueName> {
        match &self.query {
            Query::Table(query) => query.value_names(),
            Query::Postgres(query) => query.value_names(),
            Query::Http(query) => query.value_names(),
        }
    }

    /// The first attribute of the form in the question.
    pub(crate) fn first_form_attribute(&self) -> Option<&str> {
        self.placeholders().into_iter().find_map(ValueName::form_attribute)
    }

    /// The names of all values that the lookup looks at.
    pub(crate) fn value_names(&self) -> Vec<&ValueName> {
        let mut names = self.placeholders();
        for condition in &self.when {
            names.extend(condition.value_names());
        }
        names
    }
}

impl Question<'_> {
    /// A key for caches: questions with equal keys have equal results. Returns `None` for a question to a
    /// table, which is not cached.
    pub(crate) fn cache_key(&self) -> Option<String> {
        match self {
            Self::Table(_) => None,
            Self::Postgres(question) => Some(question.cache_key()),
            Self::Http(question) => Some(question.cache_key()),
        }
    }

    /// The result, if the question is to a table.
    pub fn result_of_table(&self) -> Option<LookupResult> {
        match self {
            Self::Table(question) => Some(question.result()),
            Self::Postgres(_) | Self::Http(_) => None,
        }
    }
}
