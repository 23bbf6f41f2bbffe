//! When files are read: after a change, once it has settled; and again while reading may succeed.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::subject::{Reading, Subject};
use crate::{
    file::Fingerprint,
    problem::Problems,
    server::{RULES, State},
};

/// After how many looks that saw a change the log says that a file does not come to rest.
pub(super) const PATIENCE: usize = 20;
/// How many problems are logged at a time.
const LOGGED: usize = 10;
/// A reading that may succeed later is tried again after this many times the time it took, so that it
/// takes little of the processor.
const RETRY_FACTOR: u32 = 10;
/// The time after which a reading that has panicked is tried again: at first, and at most.
const PANIC_RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// A subject, and what the looks at its files have seen.
pub(super) struct Watch {
    subject: Subject,
    /// What the last look saw.
    seen: Fingerprint,
    /// What was there when the files were read last. `None` has them read whatever is there.
    read: Option<Fingerprint>,
    /// How many looks in a row saw a change.
    changing: usize,
    /// What was wrong with the files when they were read last.
    failure: Option<Failure>,
}

/// Why the files that are there are not in force.
struct Failure {
    /// What the log said.
    logged: Vec<String>,
    /// When to read the files again though they have not changed.
    retry: Option<Retry>,
}

struct Retry {
    at: Instant,
    /// How long the wait is.
    pause: Duration,
}

/// Why there is a look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// It is time for one.
    Time,
    /// Somebody has asked for it, and is answered.
    Asked,
}

/// What came of a look.
pub(super) enum Look {
    /// The files are those that were read last.
    Settled,
    /// A file has changed since the last look.
    Changing,
}

impl Watch {
    /// Watches files that are to be read once more.
    pub(super) fn new(subject: Subject) -> Self {
        let seen = Fingerprint::default();
        Self { subject, seen, read: None, changing: 0, failure: None }
    }

    /// Watches files that were read when they were like this.
    pub(super) fn resumed(subject: Subject, read: Fingerprint) -> Self {
        Self { read: Some(read), ..Self::new(subject) }
    }

    /// The subject's name.
    pub(super) fn name(&self) -> &'static str {
        self.subject.name()
    }

    /// Has the files read at the next looks, whether or not they have changed.
    pub(super) fn ask(&mut self) {
        self.read = None;
    }

    /// Looks once, and reads the files if there is a change that has settled.
    pub(super) fn look(&mut self, state: &State, reason: Reason) -> Look {
        let last = self.read.as_ref().unwrap_or(&self.seen);
        let now = self.subject.look(last);
        let changing = now.differences(&self.seen);
        self.seen = now;
        if self.read.as_ref() == Some(&self.seen) && !self.retry_is_due() {
            self.changing = 0;
            return Look::Settled;
        }
        if changing.is_empty() {
            return self.read_files(state, reason, &[]);
        }
        self.note_changing(&changing);
        if self.changing >= PATIENCE && self.others_wait(&changing) {
            return self.read_files(state, reason, &changing);
        }
        Look::Changing
    }

    /// Whether other files have settled changes, and can be read without those that are changing.
    fn others_wait(&self, changing: &[PathBuf]) -> bool {
        let have_changed = match &self.read {
            None => true,
            Some(read) => self.seen.differences(read).iter().any(|file| !changing.contains(file)),
        };
        have_changed && self.subject.can_hold(changing)
    }

    /// Whether the same files are to be read again now.
    fn retry_is_due(&self) -> bool {
        let retry = self.failure.as_ref().and_then(|failure| failure.retry.as_ref());
        retry.is_some_and(|retry| Instant::now() >= retry.at)
    }

    /// Counts a look that saw files change. Says so once when patience ends.
    fn note_changing(&mut self, changing: &[PathBuf]) {
        self.changing += 1;
        if self.changing == PATIENCE {
            let name = self.name();
            let files = quoted(changing);
            log::warn!(
                "{name}: {files} changes all the time, so its changes are not read until it rests; write a new file beside it and rename it"
            );
        }
    }

    /// Reads the files, and puts them in force unless they changed meanwhile. Files that are being
    /// written all the time are taken as they were when they were good last.
    fn read_files(&mut self, state: &State, reason: Reason, writing: &[PathBuf]) -> Look {
        let start = Instant::now();
        let Reading { mut files, result } = self.subject.read(state, writing);
        for file in writing {
            files.forget(file);
        }
        self.seen = self.subject.look(&files);
        let mut changed = self.seen.differences(&files);
        changed.retain(|file| !writing.contains(file));
        if !changed.is_empty() {
            self.note_changing(&changed);
            return Look::Changing;
        }
        self.read = Some(files);
        if writing.is_empty() {
            self.changing = 0;
        }
        match result {
            Ok(replacement) => {
                let news = replacement.put_in_force(state);
                self.accept(state, reason, news);
            }
            Err(problems) => self.reject(state, reason, &problems, start.elapsed()),
        }
        Look::Settled
    }

    /// Notes and logs that the files are good.
    fn accept(&mut self, state: &State, reason: Reason, news: Option<String>) {
        let name = self.name();
        let was_stale = state.metrics.is_stale(name);
        state.metrics.set_stale(name, false);
        self.failure = None;
        match news {
            Some(news) => log::info!("{name}: reloaded; {news}"),
            None if was_stale || reason == Reason::Asked => {
                log::info!("{name}: as they were, and good");
            }
            None => {}
        }
    }

    /// Notes and logs what is wrong with the files.
    fn reject(&mut self, state: &State, reason: Reason, problems: &Problems, took: Duration) {
        let pause = took * RETRY_FACTOR;
        let retry = problems.may_pass().then(|| Retry { at: Instant::now() + pause, pause });
        let mut lines = Vec::new();
        for problem in problems.iter().take(LOGGED) {
            // The excerpt is left to `check`.
            let problem = problem.to_string();
            lines.push(problem.lines().next().unwrap_or_default().to_owned());
        }
        if let Some(rest) = problems.rest(lines.len()) {
            lines.push(format!("{rest}; `registration-hook check` lists them"));
        }
        self.fail(state, reason, lines, retry);
    }

    /// Notes and logs that reading or putting in force has panicked. The panic's place is logged by
    /// its hook.
    pub(super) fn reject_panic(&mut self, state: &State, reason: Reason) {
        let [first, longest] = PANIC_RETRY;
        let last = self.failure.as_ref().and_then(|failure| failure.retry.as_ref());
        let pause = last.map_or(first, |retry| (retry.pause * 2).clamp(first, longest));
        // These files, until then.
        self.read = Some(self.seen.clone());
        self.changing = 0;
        let why = "a fault of ours; it is tried again".to_owned();
        self.fail(state, reason, vec![why], Some(Retry { at: Instant::now() + pause, pause }));
    }

    /// Notes a rejected reload. Logs and counts it unless it is the same as before.
    fn fail(&mut self, state: &State, reason: Reason, lines: Vec<String>, retry: Option<Retry>) {
        let name = self.name();
        state.metrics.set_stale(name, true);
        let is_known = self.failure.as_ref().is_some_and(|last| last.logged == lines);
        let is_retry = self.failure.as_ref().is_some_and(|last| last.retry.is_some());
        if !(is_known && is_retry) || reason == Reason::Asked {
            for line in &lines {
                log::error!("{name}: not reloaded, what was in force stays so: {line}");
            }
            if name == RULES {
                state.metrics.rules_reloaded("rejected");
            }
        }
        self.failure = Some(Failure { logged: lines, retry });
    }
}

/// The names of some files, in backticks.
fn quoted(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| format!("`{}`", Path::display(file))).collect();
    names.join(", ")
}
