//! A source that is a PostgreSQL database.

use std::path::PathBuf;

/// `[sources.NAME]` with a URL of PostgreSQL.
pub struct PostgresSource {
    /// The server.
    pub host: PostgresHost,
    /// The user, who needs the right to read the tables and views that rules name.
    pub user: String,
    /// The database.
    pub database: String,
    /// The password, if the server asks for one.
    pub password: Option<String>,
    /// Certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The most connections.
    pub connections: usize,
}

/// The place of a PostgreSQL server.
#[derive(Clone)]
pub enum PostgresHost {
    /// A host name or address, and a port.
    Tcp(String, u16),
    /// A Unix socket.
    Socket(PathBuf),
}
