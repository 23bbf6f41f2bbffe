//! The meaning of PostgreSQL's errors, by their SQLSTATE.

use tokio_postgres::error::DbError;

use crate::rule::lookup::{LookupFailure, LookupResult};

/// The result of a question that the database refuses.
pub(super) fn result_of(error: &DbError) -> LookupResult {
    todo!()
}
