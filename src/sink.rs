//! Lines on their way into a file, off the path of whoever writes them.
//!
//! A line is added to a batch in memory. A thread wakes when there is a batch, lets it grow for a
//! moment and writes it out. When the file takes less than comes, lines are dropped and counted:
//! nobody who answers a request waits for whoever reads the lines.

use std::{
    fs::File,
    io::{self, Write as _},
    mem,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};

use crate::throttle::Throttle;

/// The most bytes that wait.
const LIMIT: usize = 4 << 20;

/// Lines that wait for their file, and its writer.
#[derive(Debug)]
pub struct Sink {
    name: &'static str,
    pause: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    batch: Vec<u8>,
    dropped: u64,
    reopen: bool,
    stopping: bool,
    stopped: bool,
}

impl Sink {
    /// Opens the file and starts its writer, which collects lines for as long as `pause` lasts.
    /// `name` is for messages.
    pub fn start(
        name: &'static str,
        pause: Duration,
        open: impl Fn() -> io::Result<File> + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let file = open()?;
        let (state, changed) = (Mutex::default(), Condvar::new());
        let sink = Arc::new(Self { name, pause, state, changed });
        let writer = sink.clone();
        thread::Builder::new().name(name.to_owned()).spawn(move || writer.run(file, open))?;
        Ok(sink)
    }

    /// Adds a line, unless too many wait already.
    pub fn add(&self, line: &[u8]) {
        let mut state = self.state.lock();
        if state.batch.len() >= LIMIT {
            state.dropped += 1;
            return;
        }
        let was_empty = state.batch.is_empty();
        state.batch.extend_from_slice(line);
        drop(state);
        if was_empty {
            self.changed.notify_all();
        }
    }

    /// How many lines were dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.state.lock().dropped
    }

    /// Has the file opened anew, as after it was renamed. Where that fails, the old one stays.
    pub fn reopen(&self) {
        self.state.lock().reopen = true;
        self.changed.notify_all();
    }

    /// Has the last lines written; false if they are not before `patience` ends.
    pub fn finish(&self, patience: Duration) -> bool {
        let mut state = self.state.lock();
        state.stopping = true;
        self.changed.notify_all();
        self.changed.wait_while_for(&mut state, |state| !state.stopped, patience);
        state.stopped
    }

    fn run(&self, mut file: File, open: impl Fn() -> io::Result<File>) {
        let name = self.name;
        let mut batch = Vec::new();
        let mut reports = Reports::default();
        // A line that was begun and not ended: what comes next starts on a line of its own.
        let mut torn = false;
        while let Some(reopen) = self.next(&mut batch) {
            if reopen {
                file = open().unwrap_or_else(|error| {
                    log::error!("{name}: cannot open the file anew, the old one stays: {error}");
                    file
                });
            }
            if batch.is_empty() {
                continue;
            }
            let (mut end, mut rest): (&[u8], _) = (if torn { b"\n" } else { b"" }, &*batch);
            let written = write(&mut file, &mut end).and_then(|()| write(&mut file, &mut rest));
            let done = batch.get(..batch.len() - rest.len()).unwrap_or_default();
            torn = !end.is_empty() || !done.is_empty() && !done.ends_with(b"\n");
            let lost = rest.iter().filter(|byte| **byte == b'\n').count();
            self.state.lock().dropped += lost as u64;
            self.report(&written, &mut reports);
        }
    }

    /// Logs that writing fails, and later that it works again. A file that takes now and then a part,
    /// such as a pipe with a slow reader, may change between the two with every batch.
    fn report(&self, written: &io::Result<()>, reports: &mut Reports) {
        let name = self.name;
        if written.is_err() == reports.failing {
            return;
        }
        match written {
            Err(error) => {
                if reports.throttle.admit("failing", Instant::now()).is_some() {
                    log::error!("{name}: cannot write: {error}");
                    reports.failing = true;
                }
            }
            Ok(()) => {
                let dropped = self.dropped();
                log::warn!("{name}: writing again; {dropped} lines dropped since the start");
                reports.failing = false;
            }
        }
    }

    /// Waits for a batch, or for the wish to open the file anew, and takes both. Nothing when all
    /// is written and no more is to come.
    fn next(&self, batch: &mut Vec<u8>) -> Option<bool> {
        batch.clear();
        let idle = |state: &State| state.batch.is_empty() && !state.reopen;
        let mut state = self.state.lock();
        self.changed.wait_while(&mut state, |state| idle(state) && !state.stopping);
        self.changed.wait_while_for(&mut state, |state| !state.stopping, self.pause);
        if idle(&state) {
            state.stopped = true;
            self.changed.notify_all();
            return None;
        }
        mem::swap(batch, &mut state.batch);
        Some(mem::take(&mut state.reopen))
    }
}

/// What the log says of a sink.
#[derive(Default)]
struct Reports {
    /// Whether it says that writing fails.
    failing: bool,
    throttle: Throttle,
}

/// Writes as much as the file takes, and leaves the rest in `bytes`.
fn write(file: &mut File, bytes: &mut &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => *bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
