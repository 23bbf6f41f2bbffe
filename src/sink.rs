//! Writes lines to a file in a thread of its own, so that no request waits for a disk.
//!
//! Each line is added to a batch in memory. The first line of a batch wakes the thread. The thread waits a moment for
//! more lines, or until the batch is full, and then writes the batch. If lines arrive faster than the file accepts
//! them, some are dropped and counted.

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
    /// The name in messages.
    name: &'static str,
    /// How long the thread waits for more lines after the first one of a batch.
    pause: Duration,
    queue: Mutex<Queue>,
    /// Notified when the thread, or a call of [`Sink::finish`], has to look at the queue again.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    /// The lines that wait to be written.
    batch: Vec<u8>,
    /// How many lines were dropped since the start.
    dropped: u64,
    /// Whether to open the file again before the next batch is written.
    reopen: bool,
    /// Whether no more lines will come.
    stopping: bool,
    /// Whether the thread has written all lines and ends.
    stopped: bool,
}

impl Queue {
    /// Whether the thread has neither lines to write nor a file to open.
    fn is_idle(&self) -> bool {
        self.batch.is_empty() && !self.reopen
    }

    /// Whether it is worth waiting for more lines.
    fn may_grow(&self) -> bool {
        self.batch.len() < FULL_BATCH && !self.stopping
    }
}

/// The next task of the thread.
enum Task {
    /// Write the batch.
    Write,
    /// Open the file again, then write the batch.
    ReopenAndWrite,
    /// End, since all lines are written.
    Stop,
}

impl Sink {
    /// Opens the file and starts the thread that writes to it. After the first line of a batch, the thread waits
    /// `pause` at most for more lines. `name` is for messages.
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

    /// Adds a line, which ends with a line break. Drops the line if too many bytes wait already.
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
        // The thread sleeps until the first line, and then until the batch is full.
        if is_first || has_become_full {
            self.changed.notify_all();
        }
    }

    /// The number of lines dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.queue.lock().dropped
    }

    /// Makes the thread open the file again, for example after the old file was renamed. If opening fails, the old
    /// file stays in use.
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
                let Written { length, result } = log_file.write_lines(&batch);
                self.count_dropped(batch.get(length..).unwrap_or_default());
                self.report(&result, &mut reports);
            }
        }
    }

    /// Counts lines that were not written, or not completely.
    fn count_dropped(&self, lines: &[u8]) {
        let count = lines.iter().filter(|byte| **byte == b'\n').count();
        self.queue.lock().dropped += count as u64;
    }

    /// Logs the first failure to write, and later the first success. These alternate often for a file that accepts
    /// only some batches, such as a pipe with a slow reader, so a throttle limits them.
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

    /// Waits for lines, or for a call of [`Sink::reopen`] or [`Sink::finish`], and moves the lines to `batch`.
    fn next_task(&self, batch: &mut Vec<u8>) -> Task {
        batch.clear();
        let mut queue = self.queue.lock();
        self.changed.wait_while(&mut queue, |queue| queue.is_idle() && !queue.stopping);
        self.changed.wait_while_for(&mut queue, |queue| queue.may_grow(), self.pause);
        // The first wait ends for an idle queue only if the sink is stopping.
        if queue.is_idle() {
            queue.stopped = true;
            self.changed.notify_all();
            return Task::Stop;
        }
        mem::swap(batch, &mut queue.batch);
        if mem::take(&mut queue.reopen) { Task::ReopenAndWrite } else { Task::Write }
    }
}

/// Which messages about a sink were logged.
#[derive(Default)]
struct Reports {
    /// Whether the last message was that writing fails.
    failing: bool,
    throttle: Throttle,
}

/// The file that a sink writes to.
struct LogFile {
    file: File,
    /// Whether the last line in the file is incomplete. The next line then begins after a line break.
    is_torn: bool,
}

/// How much a file has accepted.
struct Written {
    /// The number of bytes.
    length: usize,
    /// The error, if `length` is less than the number of all bytes.
    result: io::Result<()>,
}

impl LogFile {
    /// Writes as many bytes of these lines as the file accepts.
    fn write_lines(&mut self, lines: &[u8]) -> Written {
        if self.is_torn {
            let line_break = write_accepted(&mut self.file, b"\n");
            if line_break.result.is_err() {
                return Written { length: 0, ..line_break };
            }
            self.is_torn = false;
        }
        let written = write_accepted(&mut self.file, lines);
        // If no byte was accepted, the end of the file has not changed.
        if let Some(last) = lines.get(..written.length).unwrap_or_default().last() {
            self.is_torn = *last != b'\n';
        }
        written
    }
}

/// Writes as many bytes as the file accepts.
fn write_accepted(file: &mut File, bytes: &[u8]) -> Written {
    let mut length = 0;
    while length < bytes.len() {
        match file.write(bytes.get(length..).unwrap_or_default()) {
            Ok(0) => return Written { length, result: Err(io::ErrorKind::WriteZero.into()) },
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Written { length, result: Err(error) },
        }
    }
    Written { length, result: Ok(()) }
}
