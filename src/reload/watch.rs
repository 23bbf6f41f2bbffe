//! When files are read: after a change has settled, and again while a retry may succeed.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use super::{
    Target, quoted_names,
    rejection::Rejection,
    subject::{Applied, ReadResult, Subject},
};
use crate::{
    file::Fingerprint,
    load::{HeldFiles, LoadedTexts},
    metrics::ReloadResult,
    state::LivePart,
};

/// How many checks in a row may see a change before the files that change are held: the log names
/// them, and the others are read.
pub(super) const CHANGING_LIMIT: usize = 20;

/// A subject, and the state of its files at earlier checks.
pub(super) struct Watch {
    subject: Subject,
    /// The files at the last check.
    seen: Fingerprint,
    /// The files when they were last read. With `None` they are read at the next check, changed or
    /// not.
    read: Option<Fingerprint>,
    /// Whether SIGHUP has asked for a read that is still to come. Its result is logged even if it
    /// is the same as before.
    is_asked: bool,
    /// The texts that were last valid.
    texts: Arc<LoadedTexts>,
    changes: Changes,
    /// Why the present files are not live. `None` if they are.
    rejection: Option<Rejection>,
}

/// Changes that have not settled.
#[derive(Default)]
struct Changes {
    /// How many checks in a row have seen one.
    checks: usize,
    /// How many of them have seen each file change.
    checks_of_files: BTreeMap<PathBuf, usize>,
}

/// The result of a check.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckResult {
    /// The files are still changing.
    Changing,
    /// The content is the same as before.
    Unchanged,
    /// New content is active.
    Active,
    /// The files are invalid, so that the last valid content stays active.
    Rejected,
}

impl Watch {
    /// Watches files, and reads them first.
    pub(super) fn unread(subject: Subject) -> Self {
        Self {
            subject,
            seen: Fingerprint::default(),
            read: None,
            is_asked: false,
            texts: Arc::default(),
            changes: Changes::default(),
            rejection: None,
        }
    }

    /// Watches files that had this fingerprint and these texts when they were read.
    pub(super) fn already_read(subject: Subject, read: Fingerprint, texts: LoadedTexts) -> Self {
        Self { read: Some(read), texts: Arc::new(texts), ..Self::unread(subject) }
    }

    /// The subject's name in the log.
    pub(super) fn name(&self) -> &'static str {
        self.subject.part().as_str()
    }

    /// Has the files read at the next check, changed or not.
    pub(super) fn ask(&mut self) {
        self.read = None;
        self.is_asked = true;
        self.changes = Changes::default();
    }

    /// Whether the files will be read even if none of them changes.
    pub(super) fn awaits_read(&self) -> bool {
        self.is_asked || self.rejection.as_ref().is_some_and(Rejection::awaits_retry)
    }

    /// Whether some files keep changing, so that only the others are read.
    pub(super) fn holds_files(&self) -> bool {
        self.changes.checks >= CHANGING_LIMIT && self.subject.can_hold_files()
    }

    /// Checks the files, and reads them if a change has settled.
    pub(super) fn check(&mut self, target: &Target) -> CheckResult {
        let last = self.read.as_ref().unwrap_or(&self.seen);
        let now = self.subject.fingerprint(last);
        let changing = now.differences(&self.seen);
        self.seen = now;
        let is_retry_due = self.rejection.as_ref().is_some_and(Rejection::is_retry_due);
        if self.read.as_ref() == Some(&self.seen) && !is_retry_due {
            self.changes = Changes::default();
            return CheckResult::Unchanged;
        }
        if changing.is_empty() {
            return self.read_files(target, changing);
        }
        self.count_changes(&changing);
        if self.holds_files() && self.others_have_changed(&changing) {
            return self.read_files(target, changing);
        }
        CheckResult::Changing
    }

    /// Whether files other than these have settled changes that are not read yet.
    fn others_have_changed(&self, changing: &BTreeSet<PathBuf>) -> bool {
        match &self.read {
            None => true,
            Some(read) => !self.seen.differences(read).is_subset(changing),
        }
    }

    /// Counts a check that saw these files change, and logs the names of those that keep changing.
    fn count_changes(&mut self, changing: &BTreeSet<PathBuf>) {
        self.changes.checks += 1;
        let mut named = Vec::new();
        for path in changing {
            let checks = self.changes.checks_of_files.entry(path.clone()).or_default();
            *checks += 1;
            if self.changes.checks == CHANGING_LIMIT {
                // It counts as one that keeps changing, even if others took turns with it.
                *checks = CHANGING_LIMIT;
            }
            if *checks == CHANGING_LIMIT {
                named.push(path.display());
            }
        }
        if !named.is_empty() {
            let (name, files) = (self.name(), quoted_names(&named));
            log::warn!(
                "{name}: files keep changing, so their last valid versions stay active: {files}; write a new file and rename it over the old one"
            );
        }
    }

    /// Reads the files, and applies the content unless they changed meanwhile. Takes the last valid
    /// texts of those that are `changing`.
    fn read_files(&mut self, target: &Target, changing: BTreeSet<PathBuf>) -> CheckResult {
        let start = Instant::now();
        let held = HeldFiles { paths: changing.clone(), texts: self.texts.clone() };
        let ReadResult { mut files, texts, replacement } = self.subject.read(&target.live, held);
        for file in &changing {
            files.forget(file);
        }
        self.seen = self.subject.fingerprint(&files);
        let changed = &self.seen.differences(&files) - &changing;
        if !changed.is_empty() {
            self.count_changes(&changed);
            return CheckResult::Changing;
        }
        self.read = Some(files);
        if changing.is_empty() {
            self.changes = Changes::default();
        }
        match replacement {
            Ok(replacement) => {
                let applied = replacement.apply(target);
                self.texts = Arc::new(texts);
                self.accept(target, applied)
            }
            Err(problems) => self.reject(target, Rejection::of_problems(problems, start.elapsed())),
        }
    }

    /// Notes and logs that the files are valid.
    fn accept(&mut self, target: &Target, applied: Applied) -> CheckResult {
        let part = self.subject.part();
        let name = part.as_str();
        let was_stale = target.live.is_stale(part);
        let was_asked = mem::take(&mut self.is_asked);
        target.live.set_stale(part, false);
        self.rejection = None;
        match applied {
            Applied::Changed(news) => {
                log::info!("{name}: reloaded; {news}");
                CheckResult::Active
            }
            Applied::Unchanged => {
                if was_stale || was_asked {
                    log::info!("{name}: valid and unchanged");
                }
                CheckResult::Unchanged
            }
        }
    }

    /// Notes and logs that reading or applying has panicked.
    pub(super) fn reject_panic(&mut self, target: &Target) -> CheckResult {
        // Until the retry, these files count as read.
        self.read = Some(self.seen.clone());
        self.changes = Changes::default();
        self.reject(target, Rejection::of_panic(self.rejection.as_ref()))
    }

    /// Notes a rejected reload. Logs and counts it, unless it is a retry with the same result that
    /// SIGHUP has not asked for.
    fn reject(&mut self, target: &Target, rejection: Rejection) -> CheckResult {
        let part = self.subject.part();
        let name = part.as_str();
        target.live.set_stale(part, true);
        let was_asked = mem::take(&mut self.is_asked);
        let is_news = match &self.rejection {
            Some(last) => was_asked || !rejection.repeats(last),
            None => true,
        };
        if is_news {
            for line in rejection.log_lines() {
                log::error!("{name}: not reloaded, the last valid version stays active: {line}");
            }
            if part == LivePart::Rules {
                target.metrics.rules_reloaded(ReloadResult::Rejected);
            }
        }
        self.rejection = Some(rejection);
        CheckResult::Rejected
    }
}
