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
};

/// After this many checks with a change, changing files are held and logged. The others are read.
pub(super) const CHANGING_LIMIT: usize = 20;

/// A subject, and the state of its files at earlier checks.
pub(super) struct Watch {
    subject: Subject,
    /// The files at the last check.
    last_seen: Fingerprint,
    /// The files when they were last read. `None` forces a read at the next check.
    last_read: Option<Fingerprint>,
    /// Whether SIGHUP has asked for a read that has not happened yet. Its result is logged even if it
    /// is the same as before.
    is_read_requested: bool,
    /// Whether the next read is a retry of rejected files because others have changed.
    is_retry: bool,
    /// The texts that were last valid.
    texts: Arc<LoadedTexts>,
    changes: Changes,
    /// Why the present files are not live. `None` if they are.
    rejection: Option<Rejection>,
}

/// Changes since the files were last settled.
#[derive(Default)]
struct Changes {
    /// How many checks have seen a change.
    checks: usize,
    files: BTreeMap<PathBuf, FileChanges>,
}

/// Changes of one file.
#[derive(Default)]
struct FileChanges {
    /// How many checks have seen the file change.
    checks: usize,
    /// Whether the log names the file as one that keeps changing.
    is_logged: bool,
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
    /// Watches files that have not been read. The first check without a change reads them.
    pub(super) fn unread(subject: Subject) -> Self {
        Self {
            subject,
            last_seen: Fingerprint::default(),
            last_read: None,
            is_read_requested: false,
            is_retry: false,
            texts: Arc::default(),
            changes: Changes::default(),
            rejection: None,
        }
    }

    /// Watches files that had this fingerprint and these texts when they were read.
    pub(super) fn already_read(subject: Subject, seen: Fingerprint, texts: LoadedTexts) -> Self {
        Self { last_read: Some(seen), texts: Arc::new(texts), ..Self::unread(subject) }
    }

    /// The subject's name in the log.
    pub(super) fn name(&self) -> &'static str {
        self.subject.name()
    }

    /// Has the files read again even if none of them changes.
    pub(super) fn request_read(&mut self) {
        self.last_read = None;
        self.is_read_requested = true;
        self.changes = Changes::default();
    }

    /// Has rejected files read at the next check, since other files have changed.
    pub(super) fn request_retry(&mut self) {
        self.last_read = None;
        self.is_retry = true;
    }

    /// Whether the present files are rejected.
    pub(super) fn is_rejected(&self) -> bool {
        self.rejection.is_some()
    }

    /// Whether the files will be read even if none of them changes.
    pub(super) fn awaits_read(&self) -> bool {
        self.is_read_requested || self.rejection.as_ref().is_some_and(Rejection::awaits_retry)
    }

    /// Whether some files keep changing, so that only the others are read.
    pub(super) fn holds_files(&self) -> bool {
        self.changes.checks >= CHANGING_LIMIT && self.subject.is_rules()
    }

    /// Checks the files, and reads them if a change has settled.
    pub(super) fn check(&mut self, target: &Target) -> CheckResult {
        let last = self.last_read.as_ref().unwrap_or(&self.last_seen);
        let now = self.subject.fingerprint(last);
        let changing = now.differences(&self.last_seen);
        self.last_seen = now;
        // Files that have not changed since they were read are read again for a retry only.
        let is_retry_due = self.rejection.as_ref().is_some_and(Rejection::is_retry_due);
        if self.last_read.as_ref() == Some(&self.last_seen) && !is_retry_due {
            self.changes = Changes::default();
            return CheckResult::Unchanged;
        }
        // No file has changed since the last check, so all of them can be read.
        if changing.is_empty() {
            return self.read_files(target, BTreeSet::new());
        }
        // Some files are changing. After many checks, the others are read without them.
        self.count_changes(&changing);
        if self.holds_files() && self.others_have_changed(&changing) {
            return self.read_files(target, changing);
        }
        CheckResult::Changing
    }

    /// Whether files other than these have settled changes that are not read yet.
    fn others_have_changed(&self, changing: &BTreeSet<PathBuf>) -> bool {
        match &self.last_read {
            None => true,
            Some(read) => !self.last_seen.differences(read).is_subset(changing),
        }
    }

    /// Counts a check that saw these files change, and logs the names of those that keep changing.
    fn count_changes(&mut self, changing: &BTreeSet<PathBuf>) {
        self.changes.checks += 1;
        // Files that change by turns keep the others from being read, even if each of them changes rarely.
        let limit_reached = self.changes.checks == CHANGING_LIMIT;
        let mut names = Vec::new();
        for path in changing {
            let file = self.changes.files.entry(path.clone()).or_default();
            file.checks += 1;
            let keeps_changing = limit_reached || file.checks >= CHANGING_LIMIT;
            if keeps_changing && !file.is_logged {
                file.is_logged = true;
                names.push(path.display());
            }
        }
        if !names.is_empty() {
            let (name, files) = (self.name(), quoted_names(&names));
            log::warn!(
                "{name}: files keep changing, so their last valid versions stay active: {files}; write a new file and rename it over the old one"
            );
        }
    }

    /// Reads the files, and applies the content unless they change during the read. Takes the last
    /// valid texts of `held` files.
    fn read_files(&mut self, target: &Target, held: BTreeSet<PathBuf>) -> CheckResult {
        let start = Instant::now();
        let held_files = HeldFiles { paths: held.clone(), texts: self.texts.clone() };
        let ReadResult { mut before, replacement } = self.subject.read(&target.live, held_files);
        // Held files count as changed, so that they are read once they settle.
        for file in &held {
            before.forget(file);
        }
        let changed = self.changed_during_read(&before, &held);
        if !changed.is_empty() {
            self.count_changes(&changed);
            return CheckResult::Changing;
        }
        self.last_read = Some(before);
        if held.is_empty() {
            // All files were read, so start counting again.
            self.changes = Changes::default();
        }
        match replacement {
            Ok(replacement) => {
                let applied = replacement.apply(target, &mut self.texts);
                self.accept(target, applied)
            }
            Err(problems) => self.reject(target, Rejection::of_problems(problems, start.elapsed())),
        }
    }

    /// The files that have changed since `before`, the fingerprint from before the read. Leaves out
    /// held files.
    fn changed_during_read(
        &mut self,
        before: &Fingerprint,
        held: &BTreeSet<PathBuf>,
    ) -> BTreeSet<PathBuf> {
        self.last_seen = self.subject.fingerprint(before);
        let mut changed = self.last_seen.differences(before);
        changed.retain(|path| !held.contains(path));
        changed
    }

    /// Notes and logs that the files are valid.
    fn accept(&mut self, target: &Target, applied: Applied) -> CheckResult {
        let name = self.name();
        let was_rejected = self.rejection.take().is_some();
        let was_requested = mem::take(&mut self.is_read_requested);
        self.is_retry = false;
        self.subject.set_stale(&target.live, false);
        match applied {
            Applied::Changed { description } => {
                log::info!("{name}: reloaded; {description}");
                CheckResult::Active
            }
            Applied::Unchanged => {
                if was_rejected || was_requested {
                    log::info!("{name}: valid and unchanged");
                }
                CheckResult::Unchanged
            }
        }
    }

    /// Notes and logs that reading or applying has panicked.
    pub(super) fn reject_panic(&mut self, target: &Target) -> CheckResult {
        // Do not read these files again before the retry.
        self.last_read = Some(self.last_seen.clone());
        self.changes = Changes::default();
        self.reject(target, Rejection::of_panic(self.rejection.as_ref()))
    }

    /// Notes a rejected reload. Logs and counts it, unless it is a retry with the same result that
    /// SIGHUP has not asked for.
    fn reject(&mut self, target: &Target, rejection: Rejection) -> CheckResult {
        let name = self.name();
        self.subject.set_stale(&target.live, true);
        let was_requested = mem::take(&mut self.is_read_requested);
        let is_retry = mem::take(&mut self.is_retry);
        let is_repeated = match &self.rejection {
            Some(last) => rejection.repeats(last, is_retry),
            None => false,
        };
        if was_requested || !is_repeated {
            for line in rejection.log_lines() {
                log::error!("{name}: not reloaded, the last valid version stays active: {line}");
            }
            if self.subject.is_rules() {
                target.metrics.count_rules_reload(ReloadResult::Rejected);
            }
        }
        self.rejection = Some(rejection);
        CheckResult::Rejected
    }
}
