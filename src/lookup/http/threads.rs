//! The threads of one source's calls.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::{
    runtime::{Builder, Runtime},
    sync::{
        OwnedSemaphorePermit,
        oneshot::{self, Receiver},
    },
};

/// Threads for blocking calls. They start when they are needed, and are kept for a while.
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

    /// Runs a call in a thread, and returns the receiver of its result. The receiver fails if the call panics.
    /// The slot is free again when the call has ended. Returns `None` if the system has no thread left: the slot
    /// is then free at once, and the call never runs.
    pub(super) fn run<T: Send + 'static>(
        &self,
        slot: OwnedSemaphorePermit,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Option<Receiver<T>> {
        let runtime = self.0.as_ref()?;
        let (sender, receiver) = oneshot::channel();
        let slot = Arc::new(Mutex::new(Some(slot)));
        let slot_of_task = Arc::clone(&slot);
        let task = move || {
            // If no thread can be started, the slot is taken back below. tokio keeps the task all the same, and another
            // thread may run it later. It then does nothing.
            let Some(slot) = slot_of_task.lock().take() else {
                return;
            };
            let result = call();
            drop(slot);
            // This fails if the request does not wait any more.
            let _ = sender.send(result);
        };
        // tokio panics if the system starts no thread.
        if catch_unwind(AssertUnwindSafe(|| runtime.spawn_blocking(task))).is_err() {
            slot.lock().take();
            return None;
        }
        Some(receiver)
    }
}

impl Drop for CallThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Calls end by themselves. A worker of the service that drops this must not wait for them.
            runtime.shutdown_background();
        }
    }
}
