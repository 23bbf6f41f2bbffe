//! The connections to a database.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
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
    /// One permit for each connection that may be in use. Such a permit is called a slot.
    slots: Arc<Semaphore>,
    /// The connections that are not in use. The last one was in use most recently.
    idle: Mutex<Vec<DatabaseConnection>>,
}

impl ConnectionPool {
    /// A pool of `connections` connections at most. None is open yet.
    pub(super) fn new(connector: Connector, connections: usize) -> Self {
        let slots = Arc::new(Semaphore::new(connections));
        Self { connector, slots, idle: Mutex::default() }
    }

    /// Waits for a slot until `wait_until`. Returns `None` if all stay taken until then, which is not a failure of the
    /// database.
    pub(super) async fn slot(&self, wait_until: Instant) -> Option<OwnedSemaphorePermit> {
        match timeout_at(wait_until, self.slots.clone().acquire_owned()).await {
            Ok(Ok(slot)) => Some(slot),
            _ => None,
        }
    }

    /// Runs a statement in a slot. At the deadline, gives up and closes the connection: if it stayed open, the next
    /// statement could receive the rest of this answer.
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
        // The database may have gone without closing its connections. Then the idle ones do not work, either.
        self.close_idle();
        Err(QueryError::Failed(LookupFailure::Timeout))
    }

    /// Runs a statement on an idle connection. If there is none, or if it has ended, runs the statement on a new one.
    async fn query_in_slot(
        &self,
        statement: &str,
        parameters: &[Option<String>],
        slot: &Arc<OwnedSemaphorePermit>,
    ) -> Result<Vec<Row>, QueryError> {
        if let Some(connection) = self.take_idle() {
            match connection.query(statement, parameters).await {
                Err(error) if error.ends_connection() => self.close_idle(),
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

    /// Closes the idle connections after one connection has failed: the others have probably failed as well.
    fn close_idle(&self) {
        self.idle.lock().clear();
    }

    /// Keeps a connection for later, unless it has ended with this result. Returns the result.
    fn finish(
        &self,
        connection: DatabaseConnection,
        result: Result<Vec<Row>, QueryError>,
    ) -> Result<Vec<Row>, QueryError> {
        match &result {
            Err(error) if error.ends_connection() => {}
            _ => self.idle.lock().push(connection),
        }
        result
    }
}
