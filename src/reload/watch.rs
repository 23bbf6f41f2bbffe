//! When files are read: after a change has settled, and again while a retry may succeed.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    Target,
    subject::{Applied, ReadResult, Subject},
};
use crate::{file::Fingerprint, metrics::ReloadResult, problem::Problems, state::LivePart};

/// How many checks in a row may see a change before the log warns and the other files are read.
pub(super) const CHANGING_LIMIT: usize = 20;
/// How many problems are logged at a time.
const PROBLEMS_LOGGED: usize = 10;
/// A read that may succeed later is retried after this many times its own duration, so that retries
/// take little processor time.
const RETRY_FACTOR: u32 = 10;
/// The shortest and the longest time before a retry after a panic.
const SHORTEST_PANIC_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PANIC_PAUSE: Duration = Duration::from_secs(60);

/// A subject, and the state of its files at earlier checks.
pub(super) struct Watch {
    subject: Subject,
    /// The files at the last check.
    seen: Fingerprint,
    /// The files when they were last read. With `None` they are read at the next check, changed or
    /// not.
    read: Option<Fingerprint>,
    /// How many checks in a row have seen a change.
    changing: usize,
    /// Why the present files are not live. `None` if they are.
    rejection: Option<Rejection>,
}

/// A rejected reload.
struct Rejection {
    cause: Cause,
    /// When to read the same files again.
    retry: Option<Retry>,
}

/// The cause of a rejected reload.
#[derive(PartialEq, Eq)]
enum Cause {
    Problems(Problems),
    /// Reading or applying has panicked. The panic hook has logged where.
    Panic,
}

struct Retry {
    at: Instant,
    /// How long the wait is.
    pause: Duration,
}

/// Why files are checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// The interval has passed.
    Interval,
    /// SIGHUP, after which the result is logged even if nothing has changed.
    Hangup,
}

/// The result of a check.
pub(super) enum FileState {
    /// The files have been read as they are.
    Settled,
    /// The files have changed since the last check.
    Changing,
}

impl Watch {
    /// Watches files, and reads them first.
    pub(super) fn unread(subject: Subject) -> Self {
        Self { subject, seen: Fingerprint::default(), read: None, changing: 0, rejection: None }
    }

    /// Watches files that had this fingerprint when they were read.
    pub(super) fn already_read(subject: Subject, read: Fingerprint) -> Self {
        Self { read: Some(read), ..Self::unread(subject) }
    }

    /// The subject's name in the log.
    pub(super) fn name(&self) -> &'static str {
        self.subject.part().as_str()
    }

    /// Has the files read at the next check, changed or not.
    pub(super) fn force_read(&mut self) {
        self.read = None;
    }

    /// Checks the files, and reads them if a change has settled.
    pub(super) fn check(&mut self, target: &Target, trigger: Trigger) -> FileState {
        let last = self.read.as_ref().unwrap_or(&self.seen);
        let now = self.subject.fingerprint(last);
        let changing = now.differences(&self.seen);
        self.seen = now;
        if self.read.as_ref() == Some(&self.seen) && !self.is_retry_due() {
            self.changing = 0;
            return FileState::Settled;
        }
        if changing.is_empty() {
            return self.read_files(target, trigger, &[]);
        }
        self.count_changing(&changing);
        if self.changing >= CHANGING_LIMIT && self.others_can_be_read(&changing) {
            return self.read_files(target, trigger, &changing);
        }
        FileState::Changing
    }

    /// Whether files other than these have settled changes, and can be read without these.
    fn others_can_be_read(&self, changing: &[PathBuf]) -> bool {
        if !self.subject.can_read_without(changing) {
            return false;
        }
        match &self.read {
            None => true,
            Some(read) => self.seen.differences(read).iter().any(|file| !changing.contains(file)),
        }
    }

    /// Whether the same files will be read again, since their problem may pass.
    pub(super) fn awaits_retry(&self) -> bool {
        matches!(&self.rejection, Some(Rejection { retry: Some(_), .. }))
    }

    /// Whether it is time to read the same files again.
    fn is_retry_due(&self) -> bool {
        match &self.rejection {
            Some(Rejection { retry: Some(retry), .. }) => Instant::now() >= retry.at,
            _ => false,
        }
    }

    /// Counts a check that saw these files change, and warns when the limit is reached.
    fn count_changing(&mut self, changing: &[PathBuf]) {
        self.changing += 1;
        if self.changing == CHANGING_LIMIT {
            let name = self.name();
            let files = in_backticks(changing);
            log::warn!(
                "{name}: {files} keeps changing, so its changes are not read until it stops; write a new file and rename it over the old one"
            );
        }
    }

    /// Reads the files, and applies the content unless they changed meanwhile. Of the files in
    /// `writing`, takes the content that was last valid.
    fn read_files(&mut self, target: &Target, trigger: Trigger, writing: &[PathBuf]) -> FileState {
        let start = Instant::now();
        let ReadResult { mut files, replacement } = self.subject.read(&target.live, writing);
        for file in writing {
            files.forget(file);
        }
        self.seen = self.subject.fingerprint(&files);
        let mut changed = self.seen.differences(&files);
        changed.retain(|file| !writing.contains(file));
        if !changed.is_empty() {
            self.count_changing(&changed);
            return FileState::Changing;
        }
        self.read = Some(files);
        if writing.is_empty() {
            self.changing = 0;
        }
        match replacement {
            Ok(replacement) => {
                let applied = replacement.apply(target);
                self.accept(target, trigger, applied);
            }
            Err(problems) => self.reject(target, trigger, problems, start.elapsed()),
        }
        FileState::Settled
    }

    /// Notes and logs that the files are valid.
    fn accept(&mut self, target: &Target, trigger: Trigger, applied: Applied) {
        let part = self.subject.part();
        let name = part.as_str();
        let was_stale = target.live.is_stale(part);
        target.live.set_stale(part, false);
        self.rejection = None;
        match applied {
            Applied::Changed(news) => log::info!("{name}: reloaded; {news}"),
            Applied::Unchanged if was_stale || trigger == Trigger::Hangup => {
                log::info!("{name}: valid and unchanged");
            }
            Applied::Unchanged => {}
        }
    }

    /// Notes and logs the problems of the files. `took` is how long it took to find them.
    fn reject(&mut self, target: &Target, trigger: Trigger, problems: Problems, took: Duration) {
        let pause = took * RETRY_FACTOR;
        let mut retry = None;
        if problems.may_pass() {
            retry = Some(Retry { at: Instant::now() + pause, pause });
        }
        self.note_rejection(target, trigger, Rejection { cause: Cause::Problems(problems), retry });
    }

    /// Notes and logs that reading or applying has panicked. The pause before a retry doubles with each
    /// panic in a row.
    pub(super) fn reject_panic(&mut self, target: &Target, trigger: Trigger) {
        let mut pause = SHORTEST_PANIC_PAUSE;
        if let Some(Rejection { retry: Some(last), .. }) = &self.rejection {
            pause = (last.pause * 2).clamp(SHORTEST_PANIC_PAUSE, LONGEST_PANIC_PAUSE);
        }
        // Until the retry, these files count as read.
        self.read = Some(self.seen.clone());
        self.changing = 0;
        let retry = Some(Retry { at: Instant::now() + pause, pause });
        self.note_rejection(target, trigger, Rejection { cause: Cause::Panic, retry });
    }

    /// Notes a rejected reload. Logs and counts it, unless it is a retry with the same result.
    fn note_rejection(&mut self, target: &Target, trigger: Trigger, rejection: Rejection) {
        let part = self.subject.part();
        target.live.set_stale(part, true);
        let is_failed_retry = match &self.rejection {
            Some(last) => last.retry.is_some() && last.cause == rejection.cause,
            None => false,
        };
        if !is_failed_retry || trigger == Trigger::Hangup {
            for line in rejection.cause.log_lines() {
                let name = part.as_str();
                log::error!("{name}: not reloaded, the last valid version stays active: {line}");
            }
            if part == LivePart::Rules {
                target.metrics.rules_reloaded(ReloadResult::Rejected);
            }
        }
        self.rejection = Some(rejection);
    }
}

impl Cause {
    /// One line per problem, for the log: the first problems, and a count of the others.
    fn log_lines(&self) -> Vec<String> {
        let problems = match self {
            Self::Panic => return vec!["internal error; it will be retried".to_owned()],
            Self::Problems(problems) => problems,
        };
        let mut lines = Vec::new();
        for problem in problems.iter().take(PROBLEMS_LOGGED) {
            // The lines of the excerpt are left to `check`.
            let problem = problem.to_string();
            lines.push(problem.lines().next().unwrap_or_default().to_owned());
        }
        if let Some(rest) = problems.rest(lines.len()) {
            lines.push(format!("{rest}; `registration-hook check` lists them"));
        }
        lines
    }
}

/// The names of some files, each in backticks.
fn in_backticks(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| format!("`{}`", Path::display(file))).collect();
    names.join(", ")
}
