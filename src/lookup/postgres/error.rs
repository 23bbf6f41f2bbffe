//! Turns PostgreSQL's errors into failures of lookups and into messages.

use std::{error::Error as _, io};

use tokio_postgres::error::{DbError, Severity};

use crate::{
    escape,
    rule::lookup::{LookupFailure, SqlState},
};

/// The error of a statement that ran into its time limit.
const QUERY_CANCELED: &str = "57014";
const UNDEFINED_COLUMN: &str = "42703";
const UNDEFINED_TABLE: &str = "42P01";
const INSUFFICIENT_PRIVILEGE: &str = "42501";
const UNDEFINED_FUNCTION: &str = "42883";

/// Why the database has returned no result.
pub(super) enum QueryError {
    /// The database does not answer.
    Failed(LookupFailure),
    /// The database refuses a value before it runs the statement. The value may be a parameter that does not
    /// fit the type of its column, or a constant in a view.
    BadValue(Box<DbError>),
    /// The database refuses the connection or the statement.
    Refused(Box<DbError>),
}

impl From<tokio_postgres::Error> for QueryError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(error) => Self::Refused(Box::new(error.clone())),
            None => Self::Failed(LookupFailure::Connection),
        }
    }
}

impl QueryError {
    /// The error of a sign-in.
    pub(super) fn of_sign_in(error: tokio_postgres::Error) -> Self {
        let has_ended =
            error.is_closed() || error.source().is_some_and(|cause| cause.is::<io::Error>());
        match error.as_db_error() {
            Some(_) => error.into(),
            None if has_ended => Self::Failed(LookupFailure::Connection),
            None => Self::Failed(LookupFailure::SignIn),
        }
    }

    /// The error of a statement that the database has not begun to run.
    pub(super) fn before_execution(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            // Class 22 has the errors of data, such as a text that is not a number.
            Some(data_error) if class(data_error) == "22" => {
                Self::BadValue(Box::new(data_error.clone()))
            }
            _ => error.into(),
        }
    }

    /// Whether this error ends the connection.
    pub(super) fn ends_connection(&self) -> bool {
        match self {
            Self::Failed(_) => true,
            Self::BadValue(_) => false,
            Self::Refused(error) => {
                matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
            }
        }
    }
}

/// The class of an error: the start of its SQLSTATE.
fn class(error: &DbError) -> &str {
    error.code().code().get(..2).unwrap_or_default()
}

/// Whether an error lasts until the settings or the database are changed, since it is about the user, the password
/// or the database's name.
pub(super) fn is_lasting(error: &DbError) -> bool {
    matches!(class(error), "28" | "3D")
}

/// The failure of a question that the database refuses.
pub(super) fn failure(error: &DbError) -> LookupFailure {
    let code = error.code().code();
    if code == QUERY_CANCELED {
        return LookupFailure::Timeout;
    }
    let state = SqlState(code.as_bytes().try_into().unwrap_or(*b"?????"));
    match class(error) {
        // In this order: connections, sign-in, the database's name, conflicts, resources, locks, shutdown, the
        // system, the database's settings, bugs.
        "08" | "28" | "3D" | "40" | "53" | "55" | "57" | "58" | "F0" | "XX" => {
            LookupFailure::Database(state)
        }
        _ => LookupFailure::Question(state),
    }
}

/// Explains why the database refuses a statement, in its own words. These words name tables, columns, types and
/// the user of the source. The statement must not have values of a request, since the words could repeat them.
pub(super) fn explain(error: &DbError) -> String {
    let hint = match error.code().code() {
        UNDEFINED_COLUMN => error.hint(),
        UNDEFINED_TABLE => Some("write `schema.table` if the table is in a schema of its own"),
        INSUFFICIENT_PRIVILEGE => {
            Some("let the user of the source read it (GRANT SELECT, and USAGE on the schema)")
        }
        UNDEFINED_FUNCTION => {
            Some("a column of `ignore_case` must be text, and one of `match` must have an `=`")
        }
        _ => match class(error) {
            "28" => Some("check the user and the password of the source"),
            "3D" => Some("check the name of the database in the `url` of the source"),
            "42" => None,
            // The words of other errors may hold values of the table.
            _ => return failure(error).to_string(),
        },
    };
    let mut text = format!("the database says: {}", error.message());
    if let Some(hint) = hint {
        text += &format!("; {hint}");
    }
    escape::line(&text).into_owned()
}
