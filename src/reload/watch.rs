//! Decides when files are read: once a change has settled, and again for a retry.

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

/// After this many checks that saw a change, changing files are held and logged, and the others are read.
pub(super) const CHANGING_LIMIT: usize = 20;

/// A subject, and the state of its files at earlier checks.
pub(super) struct Watch {
    subject: Subject,
    /// The fingerprint of the files at the last check.
    last_seen: Fingerprint,
    /// The fingerprint of the files when they were last read. `None` forces a read once the files have settled.
    last_read: Option<Fingerprint>,
    /// Whether SIGHUP has asked for a read that has not happened yet. The result of that read is logged even if it is
    /// the same as before.
    is_read_requested: bool,
    /// Whether a retry of rejected files is requested because files of another subject have been read.
    is_retry_requested: bool,
    /// The texts that were last valid, for files that are held.
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
    /// Watches files that have not been read. The first check that sees no change reads them.
    pub(super) fn unread(subject: Subject) -> Self {
        Self {
            subject,
            last_seen: Fingerprint::default(),
            last_read: None,
            is_read_requested: false,
            is_retry_requested: false,
            texts: Arc::default(),
            changes: Changes::default(),
            rejection: None,
        }
    }

    /// Watches files that have been read, and had this fingerprint and these texts.
    pub(super) fn already_read(subject: Subject, seen: Fingerprint, texts: LoadedTexts) -> Self {
        Self { last_read: Some(seen), texts: Arc::new(texts), ..Self::unread(subject) }
    }

    /// The subject's name in the log.
    pub(super) fn name(&self) -> &'static str {
        self.subject.name()
    }

    /// Asks for a read of the files even if none of them changes.
    pub(super) fn request_read(&mut self) {
        self.last_read = None;
        self.is_read_requested = true;
        self.changes = Changes::default();
    }

    /// Makes the next check read rejected files again, since other files have been read.
    pub(super) fn request_retry(&mut self) {
        self.last_read = None;
        self.is_retry_requested = true;
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
        // Files that have not changed since they were read are only read again for a retry.
        let is_retry_due = self.rejection.as_ref().is_some_and(Rejection::is_retry_due);
        if self.last_read.as_ref() == Some(&self.last_seen) && !is_retry_due {
            self.changes = Changes::default();
            return CheckResult::Unchanged;
        }
        // If no file has changed since the last check, all of them can be read.
        if changing.is_empty() {
            return self.read_files(target, BTreeSet::new());
        }
        // Otherwise, wait for the next check. After many such checks, read only the files that are not changing.
        self.count_changes(&changing);
        if self.holds_files() && self.others_have_changed(&changing) {
            return self.read_files(target, changing);
        }
        CheckResult::Changing
    }

    /// Whether files other than these have changes that are not read yet.
    fn others_have_changed(&self, changing: &BTreeSet<PathBuf>) -> bool {
        match &self.last_read {
            None => true,
            Some(read) => !self.last_seen.differences(read).is_subset(changing),
        }
    }

    /// Counts a check that saw these files change, and logs the names of those that keep changing.
    fn count_changes(&mut self, changing: &BTreeSet<PathBuf>) {
        self.changes.checks += 1;
        // At the limit, log all that are changing: files that change by turns also keep the others from being read,
        // although no single one of them changes often.
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

    /// Reads the files, and applies the content unless they change during the read. Uses the last valid texts of
    /// `held` files.
    fn read_files(&mut self, target: &Target, held: BTreeSet<PathBuf>) -> CheckResult {
        let start = Instant::now();
        let held_files = HeldFiles { paths: held.clone(), texts: self.texts.clone() };
        let ReadResult { mut before, replacement } = self.subject.read(&target.live, held_files);
        // This makes the next checks find held files changed, so that they are read once they settle.
        for file in &held {
            before.mark_as_being_written(file);
        }
        let changed = self.look_for_changes(&before, &held);
        if !changed.is_empty() {
            self.count_changes(&changed);
            return CheckResult::Changing;
        }
        self.last_read = Some(before);
        if held.is_empty() {
            // All files were read, so count from zero again.
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

    /// Takes a new fingerprint. Returns the files that have changed since `before`, without held ones.
    fn look_for_changes(
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
        self.is_retry_requested = false;
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
        // These files count as read, so that they are read again only after a change or for the retry.
        self.last_read = Some(self.last_seen.clone());
        self.changes = Changes::default();
        self.reject(target, Rejection::of_panic(self.rejection.as_ref()))
    }

    /// Notes a rejected reload. Logs and counts it, unless it is a retry with the same reason. If SIGHUP has asked for
    /// the read, logs and counts it in any case.
    fn reject(&mut self, target: &Target, rejection: Rejection) -> CheckResult {
        let name = self.name();
        self.subject.set_stale(&target.live, true);
        let was_requested = mem::take(&mut self.is_read_requested);
        let is_retry_requested = mem::take(&mut self.is_retry_requested);
        let is_repeated = match &self.rejection {
            Some(last) => {
                // While a retry is due or awaited, each read counts as a retry.
                let is_retry = is_retry_requested || last.awaits_retry();
                is_retry && rejection.has_same_reason(last)
            }
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
