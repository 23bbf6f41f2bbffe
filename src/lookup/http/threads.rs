//! The threads of one source's calls.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::{
    runtime::{Builder, Runtime},
    sync::OwnedSemaphorePermit,
    task::JoinHandle,
};

/// Threads for blocking calls. They start when they are needed, and are kept for a while. A worker that stops
/// does not wait for them.
pub(super) struct CallThreads(
    /// `None` only while this is dropped.
    Option<Runtime>,
);

impl CallThreads {
    /// Allows `most` threads at a time. Starts none yet.
    pub(super) fn new(most: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .thread_name("lookup")
            .max_blocking_threads(most)
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs a call in a thread. The slot is free again when the call has ended. Returns `None` if the system
    /// has no thread left: the slot is then free at once, and the call never runs.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        slot: OwnedSemaphorePermit,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Option<JoinHandle<Option<T>>> {
        let runtime = self.0.as_ref()?;
        let slot = Arc::new(Mutex::new(Some(slot)));
        let slot_of_task = Arc::clone(&slot);
        let task = move || {
            // Without a slot, `spawn` has failed. tokio may run this task all the same.
            let slot = slot_of_task.lock().take()?;
            let result = call();
            drop(slot);
            Some(result)
        };
        // tokio panics if it gets no thread.
        let spawned = catch_unwind(AssertUnwindSafe(|| runtime.spawn_blocking(task)));
        if spawned.is_err() {
            slot.lock().take();
        }
        spawned.ok()
    }
}

impl Drop for CallThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Calls end by themselves. A worker that drops this must not wait for them.
            runtime.shutdown_background();
        }
    }
}
