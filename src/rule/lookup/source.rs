//! The sources that lookups may name.

use std::collections::BTreeMap;

use derive_more::Display;

/// A kind of source. Printed, it follows "is".
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum SourceKind {
    /// An HTTP API.
    #[display("an HTTP API")]
    Http,
    /// A PostgreSQL database.
    #[display("a PostgreSQL database")]
    Postgres,
    /// The settings of the source have a problem.
    #[display("invalid")]
    Invalid,
}

/// The kinds of the sources of the settings, by their names.
pub type SourceKinds = BTreeMap<String, SourceKind>;
