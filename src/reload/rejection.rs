//! Rejected reloads: why, and when to retry. A retry reads the same files again.

use std::time::{Duration, Instant};

use crate::problem::Problems;

/// How many problems are logged at a time.
const PROBLEMS_LOGGED: usize = 10;
/// A retry waits this many times as long as the failed read took, so that retries take little processor time.
const RETRY_FACTOR: u32 = 10;
/// The pause before the first retry after a panic.
const SHORTEST_PANIC_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause before a retry after a panic.
const LONGEST_PANIC_PAUSE: Duration = Duration::from_secs(60);

/// A rejected reload.
pub(super) struct Rejection {
    reason: RejectionReason,
    /// `None` if a retry would have the same result.
    retry: Option<Retry>,
}

#[derive(PartialEq, Eq)]
enum RejectionReason {
    Problems(Problems),
    /// Reading or applying has panicked. The panic hook has logged the place.
    Panic,
}

/// When to retry.
struct Retry {
    at: Instant,
    /// The time between the rejection and the retry.
    pause: Duration,
}

impl Retry {
    fn after(pause: Duration) -> Self {
        Self { at: Instant::now() + pause, pause }
    }
}

impl Rejection {
    /// A rejection for these problems. `took` is the duration of the read that found them. There is a retry if a
    /// problem may be gone without a change of a file, such as a lack of memory.
    pub(super) fn of_problems(problems: Problems, took: Duration) -> Self {
        let mut retry = None;
        if problems.is_transient() {
            retry = Some(Retry::after(took * RETRY_FACTOR));
        }
        Self { reason: RejectionReason::Problems(problems), retry }
    }

    /// A rejection for a panic. The pause before the retry doubles with each panic in a row.
    pub(super) fn of_panic(last: Option<&Self>) -> Self {
        let mut pause = SHORTEST_PANIC_PAUSE;
        if let Some(Self { reason: RejectionReason::Panic, retry: Some(retry) }) = last {
            pause = (retry.pause * 2).min(LONGEST_PANIC_PAUSE);
        }
        Self { reason: RejectionReason::Panic, retry: Some(Retry::after(pause)) }
    }

    /// Whether there will be a retry.
    pub(super) fn awaits_retry(&self) -> bool {
        self.retry.is_some()
    }

    /// Whether it is time for the retry.
    pub(super) fn is_retry_due(&self) -> bool {
        match &self.retry {
            Some(retry) => Instant::now() >= retry.at,
            None => false,
        }
    }

    /// Whether both have the same reason.
    pub(super) fn has_same_reason(&self, other: &Self) -> bool {
        self.reason == other.reason
    }

    /// One line per problem, for the log: the first problems, and a count of the others.
    pub(super) fn log_lines(&self) -> Vec<String> {
        let problems = match &self.reason {
            RejectionReason::Panic => return vec!["internal error; it will be retried".to_owned()],
            RejectionReason::Problems(problems) => problems,
        };
        let mut lines = Vec::new();
        for problem in problems.iter().take(PROBLEMS_LOGGED) {
            // Leave out the excerpt below the first line. `check` prints it.
            let problem = problem.to_string();
            lines.push(problem.lines().next().unwrap_or_default().to_owned());
        }
        // `rest` is a text, such as `and 5 more problems`.
        if let Some(rest) = problems.rest(lines.len()) {
            let kept = problems.kept_count();
            let shown = if kept == problems.total() {
                "all".to_owned()
            } else {
                format!("the first {kept}")
            };
            lines.push(format!("{rest}; `registration-hook check` shows {shown}"));
        }
        lines
    }
}
