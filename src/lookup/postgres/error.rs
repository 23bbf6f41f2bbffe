//! The meaning of PostgreSQL's errors.

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

/// Why a question has no rows.
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
            Some(refusal) => Self::Refused(Box::new(refusal.clone())),
            None => Self::Failed(LookupFailure::Connection),
        }
    }
}

impl QueryError {
    /// The error of a connection that is being made.
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
            Some(refusal) if class(refusal) == "22" => Self::BadValue(Box::new(refusal.clone())),
            _ => error.into(),
        }
    }

    /// Whether the connection has ended with this error.
    pub(super) fn is_fatal(&self) -> bool {
        match self {
            Self::Failed(_) => true,
            Self::BadValue(_) => false,
            Self::Refused(refusal) => {
                matches!(refusal.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
            }
        }
    }
}

/// The class of an error: the start of its SQLSTATE.
fn class(error: &DbError) -> &str {
    error.code().code().get(..2).unwrap_or_default()
}

/// Whether the error of a connection lasts until the settings or the database are changed: one of the user, the
/// password or the database's name.
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
        // Connections, sign-in, the database's name, conflicts, resources, locks, shutdown, the system, bugs.
        "08" | "28" | "3D" | "40" | "53" | "55" | "57" | "58" | "F0" | "XX" => {
            LookupFailure::Database(state)
        }
        _ => LookupFailure::Question(state),
    }
}

/// Says what the database lacks, in the server's words. They name tables, columns, types and the source's
/// user. The statement that is tried has no value of an end user.
pub(super) fn explain(error: &DbError) -> String {
    let hint = match error.code().code() {
        UNDEFINED_COLUMN => error.hint().unwrap_or_default(),
        UNDEFINED_TABLE => "write `schema.table` if the table is in a schema of its own",
        INSUFFICIENT_PRIVILEGE => {
            "let the user of the source read it (GRANT SELECT, and USAGE on the schema)"
        }
        UNDEFINED_FUNCTION => {
            "a column of `ignore_case` must be text, and one of `match` must have an `=`"
        }
        _ => match class(error) {
            "28" => "check the user and the password of the source",
            "3D" => "check the name of the database in the `url` of the source",
            "42" => "",
            // The words of other errors may hold values of the table.
            _ => return failure(error).to_string(),
        },
    };
    let end = if hint.is_empty() { String::new() } else { format!("; {hint}") };
    escape::line(&format!("the database says: {}{end}", error.message())).into_owned()
}
