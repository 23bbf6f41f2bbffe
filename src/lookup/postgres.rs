//! Asks PostgreSQL.
//!
//! All connections of all databases run on one thread of their own. So a connection can outlive the request that
//! opened it, and does not depend on a worker of the service. No log and no message has a value of a question.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tokio_postgres::{Row, error::DbError};

use super::failure::lacks_time_to_ask;
use crate::{
    okta::Value,
    rule::lookup::{Columns, LookupFailure, LookupResult, PostgresQuery, PostgresQuestion},
    settings::PostgresSource,
};

mod connection;
mod error;
mod parameter;
mod pool;
mod thread;

use connection::Connector;
use error::QueryError;
use pool::ConnectionPool;

/// How long a question waits for a free connection.
const CONNECTION_WAIT: Duration = Duration::from_millis(100);

/// Why a database cannot answer a query.
#[derive(Debug)]
pub enum Unanswerable {
    /// The database does not answer now, but may answer later.
    Failed(LookupFailure),
    /// The database refuses the query until the settings, the rules or the database change. The text says why,
    /// without a value of a user.
    Refused(String),
}

/// A PostgreSQL database. Connects at the first question.
#[derive(Clone)]
pub struct Database {
    pool: Arc<ConnectionPool>,
}

impl Database {
    /// A database by its settings. It ends each question after `timeout`. Fails if the URL does not name
    /// one host, `ca_file` cannot be read, or the system has no certificates to trust.
    pub fn new(settings: &PostgresSource, timeout: Duration) -> Result<Self, String> {
        let connector = Connector::new(settings, timeout)?;
        Ok(Self { pool: Arc::new(ConnectionPool::new(connector, settings.connections)) })
    }

    /// Asks the database. Ends by the deadline. If the future is dropped, the question ends by the deadline all
    /// the same, and its connection is busy until then.
    pub async fn ask(&self, question: &PostgresQuestion, deadline: Instant) -> LookupResult {
        let parameters = question.parameters.iter().cloned().map(Some).collect();
        let wait_until = Instant::now() + CONNECTION_WAIT;
        match self.query(&question.query, parameters, wait_until, deadline).await {
            Ok(rows) => result_of(&rows, &question.query.columns),
            Err(QueryError::Failed(failure)) => LookupResult::Failed(failure),
            Err(QueryError::BadValue(error)) => {
                self.result_after_bad_value(question, &error, deadline).await
            }
            Err(QueryError::Refused(error)) => LookupResult::Failed(error::failure(&error)),
        }
    }

    /// The result of a question with a value that the database refuses with `first_error`. Asks once more, with NULL in
    /// place of the request's values. If that works, one of these values does not fit the type of its column, so no row
    /// has it. If that fails as well, a constant or the view is at fault.
    async fn result_after_bad_value(
        &self,
        question: &PostgresQuestion,
        first_error: &DbError,
        deadline: Instant,
    ) -> LookupResult {
        let query = &question.query;
        let wait_until = Instant::now() + CONNECTION_WAIT;
        match self.query(query, query.parameters_without_values(), wait_until, deadline).await {
            Ok(_) => LookupResult::NotFound,
            Err(QueryError::Failed(failure)) => LookupResult::Failed(failure),
            Err(QueryError::BadValue(_) | QueryError::Refused(_)) => {
                LookupResult::Failed(error::failure(first_error))
            }
        }
    }

    /// Checks that the database can answer a query, without a request's values. Waits for a free connection until
    /// the deadline.
    pub async fn verify(
        &self,
        query: &Arc<PostgresQuery>,
        deadline: Instant,
    ) -> Result<(), Unanswerable> {
        match self.query(query, query.parameters_without_values(), deadline, deadline).await {
            Ok(_) => Ok(()),
            Err(QueryError::Failed(failure)) => Err(Unanswerable::Failed(failure)),
            Err(QueryError::BadValue(error)) => Err(Unanswerable::Refused(format!(
                "a constant of `match` does not fit the type of its column, or the view has an invalid value (SQLSTATE {})",
                error.code().code()
            ))),
            Err(QueryError::Refused(error)) => {
                let failure = error::failure(&error);
                // A restart of the database or a lack of connections may pass, unlike a wrong password.
                if failure.is_fault_of_source() && !error::is_lasting(&error) {
                    return Err(Unanswerable::Failed(failure));
                }
                Err(Unanswerable::Refused(error::explain(&error)))
            }
        }
    }

    /// Runs a future on the thread of the databases.
    pub(super) fn run_in_background(&self, future: impl Future<Output = ()> + Send + 'static) {
        // If the thread cannot be started, this does nothing. Then the first question fails as well, and the log says
        // so.
        let _ = thread::spawn(future);
    }

    /// Runs the statement of a query on the thread of the databases. A parameter `None` is SQL's NULL, which
    /// equals no value. Waits for a free connection until `wait_until`, and for the rows until `deadline`.
    async fn query(
        &self,
        query: &Arc<PostgresQuery>,
        parameters: Vec<Option<String>>,
        wait_until: Instant,
        deadline: Instant,
    ) -> Result<Vec<Row>, QueryError> {
        let Some(slot) = self.pool.slot(wait_until.min(deadline)).await else {
            return Err(QueryError::Failed(LookupFailure::Busy));
        };
        if lacks_time_to_ask(deadline) {
            return Err(QueryError::Failed(LookupFailure::TimeoutBeforeAsking));
        }
        let pool = Arc::clone(&self.pool);
        let query = Arc::clone(query);
        let rows = async move { pool.query(&query.statement, &parameters, deadline, slot).await };
        let Some(task) = thread::spawn(rows) else {
            return Err(QueryError::Failed(LookupFailure::Busy));
        };
        wait_for_rows(task, deadline).await
    }
}

async fn wait_for_rows(
    task: JoinHandle<Result<Vec<Row>, QueryError>>,
    deadline: Instant,
) -> Result<Vec<Row>, QueryError> {
    match timeout_at(deadline, task).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(QueryError::Failed(LookupFailure::Panicked)),
        Err(_) => Err(QueryError::Failed(LookupFailure::Timeout)),
    }
}

/// The result of a query with these rows. Leaves out NULL and empty texts.
fn result_of(rows: &[Row], names: &[String]) -> LookupResult {
    let row = match rows {
        [] => return LookupResult::NotFound,
        [row] => row,
        _ => return LookupResult::Failed(LookupFailure::Ambiguous),
    };
    let mut columns = Columns::new();
    let mut size = 0;
    for (index, name) in names.iter().enumerate() {
        match row.try_get::<_, Option<&str>>(index) {
            Ok(None | Some("")) => {}
            Ok(Some(text)) => {
                size += text.len();
                columns.insert(name.clone(), Value::Text(text.to_owned().into()));
            }
            // The text is not UTF-8, since the encoding of the database is SQL_ASCII. `NotScalar` stands for any value
            // that cannot be read as text.
            Err(_) => return LookupResult::Failed(LookupFailure::NotScalar(name.clone())),
        }
    }
    if size > PostgresQuery::RESULT_LIMIT {
        return LookupResult::Failed(LookupFailure::TooLarge);
    }
    LookupResult::Found(columns)
}
