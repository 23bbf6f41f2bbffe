//! Reloads changed files while the service runs: rules with their lists, credentials, and the TLS
//! certificate.
//!
//! A thread checks the files at intervals and on SIGHUP. It reads a changed file when two checks in a
//! row see the same, and applies the content when a third check, after reading, sees the same as
//! well. So half-written files are never applied. Invalid files change nothing: the problems are
//! logged once, and the last valid content stays active. A panic is treated like an invalid file, so
//! the thread never ends.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use crate::{
    load::Files,
    metrics::Metrics,
    settings::{Layers, Settings},
    state::LiveState,
};

mod subject;
mod watch;

use subject::Subject;
use watch::{CHANGING_LIMIT, FileState, Trigger, Watch};

/// The interval of the checks after SIGHUP.
const SIGHUP_INTERVAL: Duration = Duration::from_millis(100);

/// A rules folder, with the fingerprint of its files from just before they were read at the start.
/// With it, large lists are not read a second time.
pub(crate) struct RulesFolder {
    pub(crate) directory: PathBuf,
    pub(crate) files: Files,
}

/// Everything that a reload changes.
pub(crate) struct Target {
    pub(crate) live: Arc<LiveState>,
    pub(crate) metrics: Arc<Metrics>,
}

/// Starts to watch the files of `settings`, of TLS, and of the rules if they are in a folder. A change
/// is applied within `rules.reload`. A message in `hangups` has all files read again.
pub(crate) fn start(
    target: Target,
    settings: &Arc<Settings>,
    layers: Layers,
    folder: Option<RulesFolder>,
    hangups: Receiver<()>,
) -> io::Result<()> {
    let credentials = Subject::Credentials {
        layers,
        files: settings.files.clone(),
        settings_at_start: settings.clone(),
    };
    let mut watches = vec![Watch::unread(credentials)];
    if let Some(RulesFolder { directory, files: Files { seen, lists } }) = folder {
        watches.push(Watch::already_read(Subject::Rules { directory, lists }, seen));
    }
    if let Some(files) = settings.server.tls.clone() {
        watches.push(Watch::unread(Subject::Certificate { files }));
    }
    let interval = match settings.rules.reload {
        // A change is applied after two checks.
        Some(within) => within / 2,
        None => Duration::MAX,
    };
    let reloader = Reloader { target, watches, interval };
    thread::Builder::new().name("reload".to_owned()).spawn(move || reloader.run(&hangups))?;
    Ok(())
}

/// The longest time between two checks while a retry is due.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The data of the thread.
struct Reloader {
    target: Target,
    watches: Vec<Watch>,
    /// The interval of the checks, but for those after SIGHUP.
    interval: Duration,
}

impl Reloader {
    /// Checks files until the service ends.
    fn run(mut self, hangups: &Receiver<()>) {
        loop {
            match hangups.recv_timeout(self.pause()) {
                Ok(()) => self.read_all_again(),
                Err(RecvTimeoutError::Timeout) => self.check_all(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// The time until the next check. A retry does not wait for a long interval, nor for SIGHUP.
    fn pause(&self) -> Duration {
        match self.watches.iter().any(Watch::awaits_retry) {
            true => self.interval.min(RETRY_INTERVAL),
            false => self.interval,
        }
    }

    fn check_all(&mut self) {
        for watch in &mut self.watches {
            // Without an interval, only SIGHUP and retries have files read.
            if self.interval == Duration::MAX && !watch.awaits_retry() {
                continue;
            }
            check_without_panic(watch, &self.target, Trigger::Interval);
        }
    }

    /// Reads all files again after SIGHUP. Waits for files that are changing, up to a limit, and logs
    /// what was read.
    fn read_all_again(&mut self) {
        for watch in &mut self.watches {
            watch.force_read();
        }
        let mut waiting: Vec<&mut Watch> = self.watches.iter_mut().collect();
        let mut read = Vec::new();
        for _ in 0..CHANGING_LIMIT {
            let mut still_waiting = Vec::new();
            for watch in waiting {
                match check_without_panic(watch, &self.target, Trigger::Hangup) {
                    FileState::Settled => read.push(watch.name()),
                    FileState::Changing => still_waiting.push(watch),
                }
            }
            waiting = still_waiting;
            if waiting.is_empty() {
                break;
            }
            thread::sleep(SIGHUP_INTERVAL);
        }
        let read = if read.is_empty() { "none".to_owned() } else { read.join(", ") };
        if waiting.is_empty() {
            log::info!("SIGHUP: read again: {read}");
            return;
        }
        let names: Vec<_> = waiting.iter().map(|watch| watch.name()).collect();
        let names = names.join(", ");
        log::warn!("SIGHUP: read again: {read}; not yet, since files are changing: {names}");
    }
}

/// Checks the files of a watch. A panic counts as a rejected reload.
fn check_without_panic(watch: &mut Watch, target: &Target, trigger: Trigger) -> FileState {
    match catch_unwind(AssertUnwindSafe(|| watch.check(target, trigger))) {
        Ok(state) => state,
        Err(_) => {
            watch.reject_panic(target, trigger);
            FileState::Settled
        }
    }
}
