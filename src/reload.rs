//! Keeps what files say in force while they change: rules with their lists, credentials, the TLS
//! pair.
//!
//! A thread looks at the files from time to time and on SIGHUP. A change is read when two looks
//! agree, and is put in force when a third look, after reading, agrees as well: nothing half-written
//! is ever in force. Files at fault change nothing: the fault is logged once, and the last good ones
//! stay in force. The thread never ends: a panic is a rejected reload.

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

use crate::{load::Files, server::State, settings::Sources};

mod subject;
mod watch;

use subject::Subject;
use watch::{Look, PATIENCE, Reason, Watch};

/// Between two looks when somebody waits for them, after SIGHUP.
const SETTLE: Duration = Duration::from_millis(100);

/// A rules folder, and its files as they were before they were read at the start. To read large lists
/// twice would cost memory.
pub(crate) struct RulesFolder {
    pub(crate) directory: PathBuf,
    pub(crate) files: Files,
}

/// Starts to follow the files of settings, of TLS, and of rules, where these are in a folder. A change
/// is in force within `rules.reload`, or only when asked for by a message to `asked`, which has all
/// files read again.
pub(crate) fn keep(
    state: Arc<State>,
    sources: Sources,
    folder: Option<RulesFolder>,
    asked: Receiver<()>,
) -> io::Result<()> {
    let mut watches = Vec::new();
    let files = state.settings.files.clone();
    watches.push(Watch::new(Subject::Credentials { sources, files }));
    if let Some(RulesFolder { directory, files: Files { seen, lists } }) = folder {
        watches.push(Watch::resumed(Subject::Rules { directory, lists }, seen));
    }
    if let Some(files) = state.settings.server.tls.clone() {
        watches.push(Watch::new(Subject::Certificate { files }));
    }
    let pause = state.settings.rules.reload.map_or(Duration::MAX, |within| within / 2);
    let reloader = Reloader { state, watches, pause };
    thread::Builder::new().name("reload".to_owned()).spawn(move || reloader.run(&asked))?;
    Ok(())
}

/// The thread's own.
struct Reloader {
    state: Arc<State>,
    watches: Vec<Watch>,
    /// Between two looks when nobody waits for them.
    pause: Duration,
}

impl Reloader {
    /// Looks until the service ends.
    fn run(mut self, asked: &Receiver<()>) {
        loop {
            match asked.recv_timeout(self.pause) {
                Ok(()) => self.read_all_again(),
                Err(RecvTimeoutError::Timeout) => self.look_at_all(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look_at_all(&mut self) {
        for watch in &mut self.watches {
            look_without_panic(watch, &self.state, Reason::Time);
        }
    }

    /// Reads everything again, waits for what is changing while patience lasts, and answers SIGHUP
    /// with what was read.
    fn read_all_again(&mut self) {
        for watch in &mut self.watches {
            watch.ask();
        }
        let mut waiting: Vec<&mut Watch> = self.watches.iter_mut().collect();
        let mut read = Vec::new();
        for _ in 0..PATIENCE {
            let mut still_waiting = Vec::new();
            for watch in waiting {
                match look_without_panic(watch, &self.state, Reason::Asked) {
                    Look::Settled => read.push(watch.name()),
                    Look::Changing => still_waiting.push(watch),
                }
            }
            waiting = still_waiting;
            if waiting.is_empty() {
                break;
            }
            thread::sleep(SETTLE);
        }
        let read = if read.is_empty() { "nothing".to_owned() } else { read.join(", ") };
        if waiting.is_empty() {
            log::info!("SIGHUP: read again: {read}");
            return;
        }
        let names: Vec<_> = waiting.iter().map(|watch| watch.name()).collect();
        let names = names.join(", ");
        log::warn!("SIGHUP: read again: {read}; not yet, since files are changing: {names}");
    }
}

/// Looks once. A panic is a rejected reload.
fn look_without_panic(watch: &mut Watch, state: &State, reason: Reason) -> Look {
    match catch_unwind(AssertUnwindSafe(|| watch.look(state, reason))) {
        Ok(look) => look,
        Err(_) => {
            watch.reject_panic(state, reason);
            Look::Settled
        }
    }
}
