//! Writes lines to a file in a thread of its own, so that callers never wait.
//!
//! Each line is added to a batch in memory. The thread wakes up when there is a batch. It lets the batch grow
//! for a moment, but no longer than until it is full, and then writes it. If lines arrive faster than the file
//! accepts them, some are dropped and counted.

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

/// While this many bytes wait to be written, further lines are dropped.
const WAITING_LIMIT: usize = 4 << 20;
/// A batch of this many bytes is written at once.
const FULL_BATCH: usize = 64 << 10;

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

    /// Whether the writer should wait a moment for more lines.
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
        if queue.batch.len() >= WAITING_LIMIT {
            queue.dropped += 1;
            return;
        }
        let length_before = queue.batch.len();
        queue.batch.extend_from_slice(line);
        let length = queue.batch.len();
        drop(queue);
        let is_first = length_before == 0;
        let has_become_full = length_before < FULL_BATCH && length >= FULL_BATCH;
        // The writer waits only for these two changes.
        if is_first || has_become_full {
            self.changed.notify_all();
        }
    }

    /// The number of lines dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.queue.lock().dropped
    }

    /// Has the writer open the file again, for example after it was renamed. If that fails, the old file stays
    /// in use.
    pub fn reopen(&self) {
        self.queue.lock().reopen = true;
        self.changed.notify_all();
    }

    /// Waits until the last lines are written. Returns false if that takes longer than `timeout`.
    pub fn finish(&self, timeout: Duration) -> bool {
        let mut queue = self.queue.lock();
        queue.stopping = true;
        self.changed.notify_all();
        self.changed.wait_while_for(&mut queue, |queue| !queue.stopped, timeout);
        queue.stopped
    }

    /// Writes batches until the sink is finished.
    fn run(&self, file: File, open: impl Fn() -> io::Result<File>) {
        let mut batch = Vec::new();
        let mut reports = Reports::default();
        let mut log_file = LogFile { file, is_torn: false };
        loop {
            match self.next_task(&mut batch) {
                Task::Write => {}
                Task::ReopenAndWrite => match open() {
                    Ok(reopened) => log_file.file = reopened,
                    Err(error) => log::error!(
                        "{}: cannot reopen the file, the old one stays in use: {error}",
                        self.name
                    ),
                },
                Task::Stop => return,
            }
            if !batch.is_empty() {
                let mut rest = batch.as_slice();
                let result = log_file.write_lines(&mut rest);
                self.count_dropped(rest);
                self.report(&result, &mut reports);
            }
        }
    }

    /// Counts lines that were not written.
    fn count_dropped(&self, lines: &[u8]) {
        let count = lines.iter().filter(|byte| **byte == b'\n').count();
        self.queue.lock().dropped += count as u64;
    }

    /// Logs the first failure to write, and later the first success. The throttle bounds these messages for a
    /// file that accepts only some batches, such as a pipe with a slow reader.
    fn report(&self, result: &io::Result<()>, reports: &mut Reports) {
        let name = self.name;
        match result {
            Err(error) if !reports.failing => {
                if reports.throttle.admit("failing", Instant::now()).is_some() {
                    log::error!("{name}: cannot write: {error}");
                    reports.failing = true;
                }
            }
            Ok(()) if reports.failing => {
                let dropped = self.dropped();
                log::warn!("{name}: writing again; {dropped} lines dropped since the start");
                reports.failing = false;
            }
            Err(_) | Ok(()) => {}
        }
    }

    /// Waits for a batch or a request to open the file again, and moves the batch to `batch`.
    fn next_task(&self, batch: &mut Vec<u8>) -> Task {
        batch.clear();
        let mut queue = self.queue.lock();
        self.changed.wait_while(&mut queue, |queue| queue.is_idle() && !queue.stopping);
        // Give the batch time to grow.
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

/// The file that a sink writes to.
struct LogFile {
    file: File,
    /// Whether the last line in the file is incomplete. The next one then starts on a new line.
    is_torn: bool,
}

impl LogFile {
    /// Writes as many bytes of these lines as the file accepts, and leaves the rest in `lines`.
    fn write_lines(&mut self, lines: &mut &[u8]) -> io::Result<()> {
        if self.is_torn {
            let mut line_break: &[u8] = b"\n";
            write_accepted(&mut self.file, &mut line_break)?;
            self.is_torn = false;
        }
        let all = *lines;
        let result = write_accepted(&mut self.file, lines);
        if let Some(written) = all.strip_suffix(*lines)
            && !written.is_empty()
        {
            self.is_torn = !written.ends_with(b"\n");
        }
        result
    }
}

/// Writes as many bytes as the file accepts, and leaves the rest in `bytes`.
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
