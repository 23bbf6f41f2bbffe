//! Timers for tests of time limits. Other work of this machine does not make these tests fail.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

/// The processor time of this thread since a start. For work that a test does itself.
pub struct CpuTimer(Duration);

impl CpuTimer {
    pub fn start() -> Self {
        Self(thread_time())
    }

    pub fn taken(&self) -> Duration {
        thread_time() - self.0
    }
}

fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

/// The time since a start, without the stalls of this machine. For the answers of another process.
///
/// A thread sleeps for [`PAUSE`] again and again. It wakes late if the machine stalls or is busy, and so do the
/// processes of the test.
pub struct Stopwatch {
    start: Instant,
    stalled: Duration,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self { start: Instant::now(), stalled: stalled() }
    }

    /// The time that has passed, stalls included.
    pub fn passed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The time without stalls.
    pub fn taken(&self) -> Duration {
        let passed = self.passed();
        // The thread adds a stall when it ends.
        thread::sleep(2 * PAUSE);
        passed.saturating_sub(stalled() - self.stalled)
    }
}

/// How long the thread sleeps.
const PAUSE: Duration = Duration::from_millis(10);

/// How long this machine has stalled so far, by all the sleeps of the thread.
fn stalled() -> Duration {
    static NANOSECONDS: AtomicU64 = AtomicU64::new(0);
    static THREAD: OnceLock<thread::JoinHandle<()>> = OnceLock::new();
    THREAD.get_or_init(|| thread::spawn(|| add_stalls(&NANOSECONDS)));
    Duration::from_nanos(NANOSECONDS.load(Ordering::Acquire))
}

fn add_stalls(nanoseconds: &AtomicU64) {
    loop {
        let start = Instant::now();
        thread::sleep(PAUSE);
        let late = start.elapsed().saturating_sub(PAUSE);
        nanoseconds.fetch_add(late.as_nanos() as u64, Ordering::AcqRel);
    }
}
