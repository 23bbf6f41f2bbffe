//! Asks PostgreSQL.
//!
//! All connections belong to one thread, so that a worker never waits for them, and a connection outlives
//! the request that opened it. No value of a question is in a log or a message.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tokio_postgres::{Row, error::DbError};

use super::failure::is_too_late;
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

/// Why a database cannot answer a query. Holds no value of a user.
#[derive(Debug)]
pub enum Unanswerable {
    /// The database gives no answer at present.
    Failed(LookupFailure),
    /// The database lacks something that the query needs. The text says which.
    Refused(String),
}

/// A PostgreSQL database. Connects at the first question.
#[derive(Clone)]
pub struct Database {
    pool: Arc<ConnectionPool>,
}

impl Database {
    /// A database by its settings. The server ends each question after `timeout`. Fails if `ca_file` cannot be
    /// read, or the system has no certificates to trust.
    pub fn new(settings: &PostgresSource, timeout: Duration) -> Result<Self, String> {
        let connector = Connector::new(settings, timeout)?;
        Ok(Self { pool: Arc::new(ConnectionPool::new(connector, settings.connections)) })
    }

    /// Asks the database. Ends by the deadline. If the future is dropped, the question ends by the deadline all
    /// the same, and its connection is busy until then.
    pub async fn ask(&self, question: &PostgresQuestion, deadline: Instant) -> LookupResult {
        let parameters = question.parameters.iter().cloned().map(Some).collect();
        match self.query(&question.query, parameters, CONNECTION_WAIT, deadline).await {
            Ok(rows) => result_of(&rows, &question.query.columns),
            Err(QueryError::Failed(failure)) => LookupResult::Failed(failure),
            Err(QueryError::BadValue(error)) => {
                self.result_after_bad_value(question, &error, deadline).await
            }
            Err(QueryError::Refused(error)) => LookupResult::Failed(error::failure(&error)),
        }
    }

    /// The result of a question with a value that the database refuses. Asks once more without the request's
    /// values. If that works, one of them does not fit the type of its column, and so is not found. If that
    /// fails as well, a constant or the view is at fault.
    async fn result_after_bad_value(
        &self,
        question: &PostgresQuestion,
        refusal: &DbError,
        deadline: Instant,
    ) -> LookupResult {
        let query = &question.query;
        match self.query(query, query.constants(), CONNECTION_WAIT, deadline).await {
            Ok(_) => LookupResult::NotFound,
            Err(QueryError::Failed(failure)) => LookupResult::Failed(failure),
            Err(QueryError::BadValue(_) | QueryError::Refused(_)) => {
                LookupResult::Failed(error::failure(refusal))
            }
        }
    }

    /// Tries whether the database can answer a query at all.
    pub async fn verify(
        &self,
        query: &Arc<PostgresQuery>,
        deadline: Instant,
    ) -> Result<(), Unanswerable> {
        match self.query(query, query.constants(), Duration::MAX, deadline).await {
            Ok(_) => Ok(()),
            Err(QueryError::Failed(failure)) => Err(Unanswerable::Failed(failure)),
            Err(QueryError::BadValue(error)) => Err(Unanswerable::Refused(format!(
                "a constant of `match` does not fit the type of its column, or the view has an invalid value (SQLSTATE {})",
                error.code().code()
            ))),
            Err(QueryError::Refused(error)) => {
                let failure = error::failure(&error);
                // A restart, too many connections and the like may pass. A wrong password does not.
                if failure.is_of_source() && !error::is_lasting(&error) {
                    return Err(Unanswerable::Failed(failure));
                }
                Err(Unanswerable::Refused(error::explain(&error)))
            }
        }
    }

    /// Runs a future on the thread of the databases.
    pub(super) fn run_in_background(&self, future: impl Future<Output = ()> + Send + 'static) {
        // Without a thread, the first question fails, and the log says so.
        let _ = thread::spawn(future);
    }

    /// Runs the statement of a query on the thread of the databases. A parameter `None` is SQL's NULL, which
    /// equals no value. Waits for a free connection for `wait` at most.
    async fn query(
        &self,
        query: &Arc<PostgresQuery>,
        parameters: Vec<Option<String>>,
        wait: Duration,
        deadline: Instant,
    ) -> Result<Vec<Row>, QueryError> {
        let Some(slot) = self.pool.slot(wait, deadline).await else {
            return Err(QueryError::Failed(LookupFailure::Busy));
        };
        if is_too_late(deadline) {
            return Err(QueryError::Failed(LookupFailure::TooLate));
        }
        let pool = Arc::clone(&self.pool);
        let query = Arc::clone(query);
        let rows = async move { pool.query(&query.statement, &parameters, deadline, slot).await };
        let Some(task) = thread::spawn(rows) else {
            return Err(QueryError::Failed(LookupFailure::Busy));
        };
        wait_for(task, deadline).await
    }
}

async fn wait_for(
    task: JoinHandle<Result<Vec<Row>, QueryError>>,
    deadline: Instant,
) -> Result<Vec<Row>, QueryError> {
    match timeout_at(deadline, task).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(QueryError::Failed(LookupFailure::Panicked)),
        Err(_) => Err(QueryError::Failed(LookupFailure::Timeout)),
    }
}

/// The result that rows stand for. NULL and empty texts are absent.
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
            // The text is not UTF-8: the encoding of the database is SQL_ASCII.
            Err(_) => return LookupResult::Failed(LookupFailure::NotScalar(name.clone())),
        }
    }
    if size > PostgresQuery::RESULT_LIMIT {
        return LookupResult::Failed(LookupFailure::TooLarge);
    }
    LookupResult::Found(columns)
}
