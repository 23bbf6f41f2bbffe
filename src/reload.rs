//! Reloads changed files while the service runs: rules with their lists, credentials, and the TLS
//! certificate.
//!
//! A thread checks the files at intervals and on SIGHUP.
//!
//! - It never applies half-written files. It reads changed files only when two checks in a row see them the same, and
//!   applies the content only if they did not change during the read.
//! - Invalid files change nothing. The problems are logged once, and the last valid content stays active.
//! - Rules files and lists that never stop changing are *held*: a read takes the last valid texts of held files, and
//!   the present texts of all others.
//! - A panic counts as an invalid file, so that the thread never ends.

use std::{
    fmt::Display,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use crate::{
    load::{Files, RulesSource},
    metrics::Metrics,
    settings::{Layers, Settings},
    state::LiveState,
};

mod hidden_messages;
mod rejection;
mod sources;
mod subject;
mod watch;

pub(crate) use hidden_messages::warn_of_hidden_messages;
use subject::Subject;
use watch::{CHANGING_LIMIT, CheckResult, Watch};

/// The time between two checks after SIGHUP, while files are changing.
const SIGHUP_INTERVAL: Duration = Duration::from_millis(100);
/// The longest time between two checks while files wait for a retry, or for a read that SIGHUP has asked for.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// The most names that a message lists.
const NAMES_LOGGED: usize = 10;

/// Everything that a reload changes.
pub(crate) struct Target {
    pub(crate) live: Arc<LiveState>,
    pub(crate) metrics: Arc<Metrics>,
}

/// Starts to watch the files of `settings`, of TLS, and of the rules if they are in a folder. A change
/// is applied within `rules.reload`. `files_read` are the rules files as the start has read them, so that the first
/// check does not read them again. A message in `sighups` makes the thread read all files again.
pub(crate) fn start(
    target: Target,
    settings: &Arc<Settings>,
    layers: Layers,
    source: RulesSource,
    files_read: Files,
    sighups: Receiver<()>,
) -> io::Result<()> {
    let settings_subject = Subject::Settings {
        layers,
        files: settings.files.clone(),
        rules: source.clone(),
        settings_at_start: settings.clone(),
    };
    // The settings come first; see `retry_rejected`.
    let mut watches = vec![Watch::unread(settings_subject)];
    if let RulesSource::Folder(directory) = source {
        let Files { seen, texts } = files_read;
        watches.push(Watch::already_read(Subject::Rules { directory }, seen, texts));
    }
    if let Some(files) = settings.server.tls.clone() {
        watches.push(Watch::unread(Subject::Certificate { files }));
    }
    // The second check after a change reads the files, so both must fit into `rules.reload`.
    let interval = settings.rules.reload.map(|within| within / 2);
    let reloader = Reloader { target, watches, interval };
    thread::Builder::new().name("reload".to_owned()).spawn(move || reloader.run(&sighups))?;
    Ok(())
}

/// The data of the thread.
struct Reloader {
    target: Target,
    /// The watch of the settings, then those of the other subjects.
    watches: Vec<Watch>,
    /// The interval of the checks. `None` if `rules.reload` is off: files are then read only after SIGHUP and for
    /// retries.
    interval: Option<Duration>,
}

impl Reloader {
    /// Checks files until the service ends.
    fn run(mut self, sighups: &Receiver<()>) {
        loop {
            let sighup = match self.pause() {
                Some(pause) => sighups.recv_timeout(pause),
                None => sighups.recv().map_err(RecvTimeoutError::from),
            };
            match sighup {
                Ok(()) => self.read_all_again(),
                Err(RecvTimeoutError::Timeout) => self.check_all(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// The time until the next check. `None` to wait for SIGHUP.
    fn pause(&self) -> Option<Duration> {
        if !self.watches.iter().any(Watch::awaits_read) {
            return self.interval;
        }
        match self.interval {
            Some(interval) => Some(interval.min(RETRY_INTERVAL)),
            None => Some(RETRY_INTERVAL),
        }
    }

    /// Checks all files after an interval. With `rules.reload` off, checks only those that wait for a read.
    fn check_all(&mut self) {
        let mut checked = Vec::new();
        for watch in &mut self.watches {
            let mut result = CheckResult::Unchanged;
            if self.interval.is_some() || watch.awaits_read() {
                result = check_without_panic(watch, &self.target);
            }
            checked.push(CheckedWatch { watch, result });
        }
        retry_rejected(&mut checked, &self.target);
    }

    /// Reads all files again after SIGHUP, and logs the result. Waits for files that are changing, up
    /// to a limit.
    fn read_all_again(&mut self) {
        let mut checked = Vec::new();
        for watch in &mut self.watches {
            watch.request_read();
            // `Changing` makes the first round below check this watch.
            checked.push(CheckedWatch { watch, result: CheckResult::Changing });
        }
        for _ in 0..CHANGING_LIMIT {
            for checked_watch in &mut checked {
                if checked_watch.result == CheckResult::Changing {
                    checked_watch.check_again(&self.target);
                }
            }
            if checked.iter().all(|one| one.result != CheckResult::Changing) {
                break;
            }
            thread::sleep(SIGHUP_INTERVAL);
        }
        retry_rejected(&mut checked, &self.target);
        log_sighup_results(&checked);
    }
}

/// A watch, and the result of its last check.
struct CheckedWatch<'w> {
    watch: &'w mut Watch,
    result: CheckResult,
}

impl CheckedWatch<'_> {
    fn check_again(&mut self, target: &Target) {
        self.result = check_without_panic(self.watch, target);
    }

    /// Whether the check has read changed files.
    fn was_read(&self) -> bool {
        matches!(self.result, CheckResult::Active | CheckResult::Rejected)
    }

    /// Reads the files again if they are rejected, since other files have been read.
    fn retry_if_rejected(&mut self, target: &Target) {
        if self.watch.is_rejected() {
            self.watch.request_retry();
            self.check_again(target);
        }
    }
}

/// Reads rejected settings again after a read of other files, and other rejected files again after new settings.
/// Rules name sources of lookups, which the settings define, so a change of either can make the other valid. The
/// settings are the first of the watches.
fn retry_rejected(checked: &mut [CheckedWatch<'_>], target: &Target) {
    let Some((settings, others)) = checked.split_first_mut() else {
        return;
    };
    // Rejected rules count as read, too. They may name a source that only the rejected settings define. The retry
    // accepts these settings if the rules in the files are valid with them; see `verify_source_names`.
    if others.iter().any(CheckedWatch::was_read) {
        settings.retry_if_rejected(target);
    }
    if settings.result == CheckResult::Active {
        for other in others {
            other.retry_if_rejected(target);
        }
    }
}

/// Logs the results of the reads that SIGHUP has asked for.
fn log_sighup_results(checked: &[CheckedWatch<'_>]) {
    let mut parts = Vec::new();
    for CheckedWatch { watch, result } in checked {
        let result = match result {
            CheckResult::Active => "read again and active",
            CheckResult::Unchanged => "read again, unchanged",
            CheckResult::Rejected => "rejected",
            CheckResult::Changing => "not yet read, since files are changing",
        };
        let held = if watch.holds_files() { " (without files that keep changing)" } else { "" };
        parts.push(format!("{}: {result}{held}", watch.name()));
    }
    log::info!("SIGHUP: {}", parts.join("; "));
}

/// Checks the files of a watch. A panic counts as a rejected reload.
fn check_without_panic(watch: &mut Watch, target: &Target) -> CheckResult {
    match catch_unwind(AssertUnwindSafe(|| watch.check(target))) {
        Ok(result) => result,
        Err(_) => watch.reject_panic(target),
    }
}

/// The first names, and the number of the others: `` `a`, `b` and 3 more ``.
fn quoted_names(names: &[impl Display]) -> String {
    let quoted: Vec<_> = names.iter().take(NAMES_LOGGED).map(|name| format!("`{name}`")).collect();
    let list = quoted.join(", ");
    match names.len().saturating_sub(NAMES_LOGGED) {
        0 => list,
        more => format!("{list} and {more} more"),
    }
}
