//! The connections to a database.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};
use tokio_postgres::Row;

use super::{
    connection::{Connector, DatabaseConnection},
    error::QueryError,
};
use crate::rule::lookup::LookupFailure;

/// Connections that are opened as they are needed, and are kept.
pub(super) struct ConnectionPool {
    connector: Connector,
    /// One permit for each connection that may be in use.
    slots: Arc<Semaphore>,
    /// The connections that are not in use. The end of the list has the one that was used last.
    idle: Mutex<Vec<DatabaseConnection>>,
}

impl ConnectionPool {
    /// A pool of `connections` connections at most. None is open yet.
    pub(super) fn new(connector: Connector, connections: usize) -> Self {
        let slots = Arc::new(Semaphore::new(connections));
        Self { connector, slots, idle: Mutex::default() }
    }

    /// Waits for a slot for `wait` at most, and only until the deadline. Returns `None` if all stay taken, which
    /// is not a failure of the source.
    pub(super) async fn slot(
        &self,
        wait: Duration,
        deadline: Instant,
    ) -> Option<OwnedSemaphorePermit> {
        let slot = timeout(wait, self.slots.clone().acquire_owned());
        match timeout_at(deadline, slot).await {
            Ok(Ok(Ok(slot))) => Some(slot),
            _ => None,
        }
    }

    /// Runs a statement in a slot. At the deadline, gives up and closes the connection: the rest of the
    /// answer must not be taken for the answer to the next question.
    pub(super) async fn query(
        &self,
        statement: &str,
        parameters: &[Option<String>],
        deadline: Instant,
        slot: OwnedSemaphorePermit,
    ) -> Result<Vec<Row>, QueryError> {
        let slot = Arc::new(slot);
        let query = self.query_in_slot(statement, parameters, &slot);
        if let Ok(result) = timeout_at(deadline, query).await {
            return result;
        }
        // The server may have vanished without closing a connection. Then no idle one works, either.
        self.close_idle();
        Err(QueryError::Failed(LookupFailure::Timeout))
    }

    async fn query_in_slot(
        &self,
        statement: &str,
        parameters: &[Option<String>],
        slot: &Arc<OwnedSemaphorePermit>,
    ) -> Result<Vec<Row>, QueryError> {
        if let Some(connection) = self.take_idle() {
            match connection.query(statement, parameters).await {
                Err(error) if error.is_fatal() => self.close_idle(),
                result => return self.finish(connection, result),
            }
        }
        let connection = self.connector.connect(slot).await?;
        let result = connection.query(statement, parameters).await;
        self.finish(connection, result)
    }

    fn take_idle(&self) -> Option<DatabaseConnection> {
        let mut idle = self.idle.lock();
        loop {
            let connection = idle.pop()?;
            if !connection.is_closed() {
                return Some(connection);
            }
        }
    }

    /// Closes the idle connections. A server that has ended one has probably ended all.
    fn close_idle(&self) {
        self.idle.lock().clear();
    }

    /// Keeps the connection, unless it has ended.
    fn finish(
        &self,
        connection: DatabaseConnection,
        result: Result<Vec<Row>, QueryError>,
    ) -> Result<Vec<Row>, QueryError> {
        match &result {
            Err(error) if error.is_fatal() => {}
            _ => self.idle.lock().push(connection),
        }
        result
    }
}
