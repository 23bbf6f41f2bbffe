//! Writes lines to a file in a thread of its own, so that callers never wait.
//!
//! Each line is added to a batch in memory. The thread wakes up when there is a batch, lets it grow
//! for a moment, or until it is full, and writes it. If the file accepts less than arrives, lines are dropped and counted.

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

/// The most bytes that wait to be written.
const LIMIT: usize = 4 << 20;
/// A batch of this many bytes is written at once.
const FULL_BATCH: usize = 256 << 10;

/// Lines that wait for their file.
#[derive(Debug)]
pub struct Sink {
    name: &'static str,
    pause: Duration,
    queue: Mutex<Queue>,
    /// Notified after each change of the queue.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    batch: Vec<u8>,
    /// How many lines were dropped since the start.
    dropped: u64,
    /// Whether to open the file again before the next batch.
    reopen: bool,
    /// Whether no more lines will come.
    stopping: bool,
    /// Whether the thread has written everything and ended.
    stopped: bool,
}

impl Queue {
    fn is_idle(&self) -> bool {
        self.batch.is_empty() && !self.reopen
    }

    fn may_grow(&self) -> bool {
        self.batch.len() < FULL_BATCH && !self.stopping
    }
}

/// The next task of the writer thread.
enum Task {
    /// Write the batch.
    Write,
    /// Open the file again, then write the batch.
    ReopenAndWrite,
    /// End: everything is written.
    Stop,
}

impl Sink {
    /// Opens the file and starts its writer thread, which collects lines for the length of `pause`.
    /// `name` is for messages.
    pub fn start(
        name: &'static str,
        pause: Duration,
        open: impl Fn() -> io::Result<File> + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let file = open()?;
        let sink = Arc::new(Self { name, pause, queue: Mutex::default(), changed: Condvar::new() });
        let writer = sink.clone();
        thread::Builder::new().name(name.to_owned()).spawn(move || writer.run(file, open))?;
        Ok(sink)
    }

    /// Adds a line. Drops it if too many bytes wait already.
    pub fn add(&self, line: &[u8]) {
        let mut queue = self.queue.lock();
        if queue.batch.len() >= LIMIT {
            queue.dropped += 1;
            return;
        }
        let length_before = queue.batch.len();
        queue.batch.extend_from_slice(line);
        let length = queue.batch.len();
        drop(queue);
        if length_before == 0 || (length_before < FULL_BATCH && length >= FULL_BATCH) {
            self.changed.notify_all();
        }
    }

    /// The number of lines dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.queue.lock().dropped
    }

    /// Has the file opened again, as is needed after it was renamed. If that fails, the old one stays
    /// in use.
    pub fn reopen(&self) {
        self.queue.lock().reopen = true;
        self.changed.notify_all();
    }

    /// Has the last lines written. Returns false if they are not written within this time.
    pub fn finish(&self, timeout: Duration) -> bool {
        let mut queue = self.queue.lock();
        queue.stopping = true;
        self.changed.notify_all();
        self.changed.wait_while_for(&mut queue, |queue| !queue.stopped, timeout);
        queue.stopped
    }

    /// Writes batches until the sink is finished.
    fn run(&self, mut file: File, open: impl Fn() -> io::Result<File>) {
        let mut batch = Vec::new();
        let mut reports = Reports::default();
        // Whether the last line in the file is incomplete. The next one then starts on a new line.
        let mut is_torn = false;
        loop {
            match self.next_task(&mut batch) {
                Task::Write => {}
                Task::ReopenAndWrite => match open() {
                    Ok(reopened) => file = reopened,
                    Err(error) => log::error!(
                        "{}: cannot reopen the file, the old one stays in use: {error}",
                        self.name
                    ),
                },
                Task::Stop => return,
            }
            if !batch.is_empty() {
                let result = self.write_batch(&mut file, &batch, &mut is_torn);
                self.report(&result, &mut reports);
            }
        }
    }

    /// Writes a batch, and counts the lines of it that were not written as dropped.
    fn write_batch(&self, file: &mut File, batch: &[u8], is_torn: &mut bool) -> io::Result<()> {
        if *is_torn {
            let mut line_break: &[u8] = b"\n";
            if let Err(error) = write_accepted(file, &mut line_break) {
                self.drop_lines(batch);
                return Err(error);
            }
            *is_torn = false;
        }
        let mut rest = batch;
        let result = write_accepted(file, &mut rest);
        if let Some(written) = batch.strip_suffix(rest)
            && !written.is_empty()
        {
            *is_torn = !written.ends_with(b"\n");
        }
        self.drop_lines(rest);
        result
    }

    fn drop_lines(&self, lines: &[u8]) {
        let count = lines.iter().filter(|byte| **byte == b'\n').count();
        self.queue.lock().dropped += count as u64;
    }

    /// Logs that writing fails, and later that it works again. The throttle bounds these messages for a file
    /// that accepts some batches only, such as a pipe with a slow reader.
    fn report(&self, result: &io::Result<()>, reports: &mut Reports) {
        let name = self.name;
        if result.is_err() == reports.failing {
            return;
        }
        match result {
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

    /// Waits for a batch or a request to open the file again, and moves the batch to `batch`.
    fn next_task(&self, batch: &mut Vec<u8>) -> Task {
        batch.clear();
        let mut queue = self.queue.lock();
        self.changed.wait_while(&mut queue, |queue| queue.is_idle() && !queue.stopping);
        self.changed.wait_while_for(&mut queue, |queue| queue.may_grow(), self.pause);
        if queue.is_idle() {
            queue.stopped = true;
            self.changed.notify_all();
            return Task::Stop;
        }
        mem::swap(batch, &mut queue.batch);
        if mem::take(&mut queue.reopen) { Task::ReopenAndWrite } else { Task::Write }
    }
}

/// The messages about a sink so far.
#[derive(Default)]
struct Reports {
    /// Whether the last message was that writing fails.
    failing: bool,
    throttle: Throttle,
}

/// Writes as much as the file accepts, and leaves the rest in `bytes`.
fn write_accepted(file: &mut File, bytes: &mut &[u8]) -> io::Result<()> {
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
