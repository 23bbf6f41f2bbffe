//! The thread of all databases.

use std::{future, io, thread};

use parking_lot::Mutex;
use tokio::{
    runtime::{Builder, Handle},
    task::JoinHandle,
};

/// Runs a future on the thread. The first call starts the thread. Returns `None` if the system has no thread left.
pub(super) fn spawn<F>(future: F) -> Option<JoinHandle<F::Output>>
where
    F: Future<Output: Send> + Send + 'static,
{
    static HANDLE: Mutex<Option<Handle>> = Mutex::new(None);

    let mut handle = HANDLE.lock();
    if handle.is_none() {
        *handle = start().ok();
    }
    Some(handle.as_ref()?.spawn(future))
}

/// Starts the thread. It lasts as long as the process.
fn start() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("postgres".to_owned())
        .spawn(move || runtime.block_on(future::pending::<()>()))?;
    Ok(handle)
}
