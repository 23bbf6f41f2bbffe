//! The threads of one source's calls.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

/// Threads for blocking calls, which start at need and are kept for a while. They belong to no worker: one
/// that stops does not wait for them.
pub(super) struct CallThreads(
    /// `None` only while this is dropped.
    Option<Runtime>,
);

impl CallThreads {
    /// At most so many threads.
    pub(super) fn new(most: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .thread_name("lookup")
            .max_blocking_threads(most)
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs a call in a thread. Returns `None` if the system has no thread left.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        let runtime = self.0.as_ref()?;
        // tokio panics if it gets no thread.
        catch_unwind(AssertUnwindSafe(|| runtime.spawn_blocking(call))).ok()
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
