//! One line a request on standard output, off the request's path.
//!
//! A worker makes its line in a buffer of its own and adds it to the batch, in the order of the
//! answers. The writer thread wakes when there is a batch, lets it grow for a moment and writes it
//! out. When the sink is slower than the requests, lines are dropped and counted; no answer waits.

use std::{
    cell::RefCell,
    fs::{File, OpenOptions},
    io::{self, IsTerminal as _, Write},
    os::fd::AsFd as _,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, Thread},
    time::Duration,
};

use crate::settings::{Decisions, Format, Log};

mod line;

pub use line::Line;

/// How long lines are collected before they are written.
const BATCH: Duration = Duration::from_millis(100);
/// The most bytes that wait.
const BATCH_LIMIT: usize = 4 << 20;
/// How long the end of the program waits for a sink that takes nothing.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a line is written.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// For people.
    Human { colour: bool },
    /// A JSON object.
    Json,
}

/// The log and its writer thread.
#[derive(Debug)]
pub struct DecisionLog {
    shared: Arc<Shared>,
    writer: Thread,
    finished: Mutex<mpsc::Receiver<()>>,
    style: Style,
}

/// One worker's end of the log.
#[derive(Debug)]
pub struct WorkerLog {
    line: RefCell<Vec<u8>>,
    shared: Arc<Shared>,
    writer: Thread,
    style: Style,
}

#[derive(Debug, Default)]
struct Shared {
    batch: Mutex<Vec<u8>>,
    stopping: AtomicBool,
    dropped: AtomicU64,
}

impl DecisionLog {
    /// Opens the sink and starts the writer; nothing if the log is off.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or no thread can be started.
    pub fn start(settings: &Log) -> io::Result<Option<Arc<Self>>> {
        let terminal = settings.decisions == Decisions::Stdout && io::stdout().is_terminal();
        let style = match settings.format {
            Format::Auto if terminal => Style::Human { colour: true },
            Format::Human => Style::Human { colour: terminal },
            Format::Auto | Format::Json => Style::Json,
        };
        let out: Box<dyn Write + Send> = match &settings.decisions {
            Decisions::Off => return Ok(None),
            // Without the buffer of `io::stdout`, which would hide how much was written.
            Decisions::Stdout => Box::new(File::from(io::stdout().as_fd().try_clone_to_owned()?)),
            Decisions::File(path) => {
                Box::new(OpenOptions::new().create(true).append(true).open(path)?)
            }
        };
        let shared = Arc::new(Shared::default());
        let (done, finished) = mpsc::channel();
        let writer = thread::Builder::new().name("decision-log".to_owned()).spawn({
            let shared = shared.clone();
            move || {
                shared.write_to(out);
                // Nobody may be waiting any more.
                let _ = done.send(());
            }
        })?;
        let (writer, finished) = (writer.thread().clone(), Mutex::new(finished));
        Ok(Some(Arc::new(Self { shared, writer, finished, style })))
    }

    /// An end for one more worker.
    pub fn worker(&self) -> WorkerLog {
        let (shared, writer) = (self.shared.clone(), self.writer.clone());
        WorkerLog { line: RefCell::default(), shared, writer, style: self.style }
    }

    /// Writes what is left and ends the writer; waits a second at most for a sink that is stuck.
    pub fn finish(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.writer.unpark();
        if lock(&self.finished).recv_timeout(FAREWELL).is_err() {
            log::warn!("decision log: the sink takes nothing, the last lines are lost");
        }
        let dropped = self.shared.dropped.load(Ordering::Relaxed);
        if dropped > 0 {
            log::warn!("decision log: {dropped} lines dropped since the start");
        }
    }
}

impl WorkerLog {
    /// Adds a line, unless too many wait already.
    pub fn write(&self, line: &Line<'_>) {
        let mut buffer = self.line.borrow_mut();
        buffer.clear();
        line.write(self.style, &mut buffer);
        let mut batch = lock(&self.shared.batch);
        let was_empty = batch.is_empty();
        if batch.len() >= BATCH_LIMIT {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        batch.extend_from_slice(&buffer);
        drop(batch);
        if was_empty {
            self.writer.unpark();
        }
    }
}

impl Shared {
    fn write_to(&self, mut out: Box<dyn Write + Send>) {
        let mut batch = Vec::new();
        let mut failing = false;
        let mut torn = false;
        loop {
            let stopping = self.stopping.load(Ordering::Acquire);
            batch.append(&mut lock(&self.batch));
            if torn && !batch.is_empty() {
                batch.insert(0, b'\n');
            }
            if batch.is_empty() && stopping {
                return;
            }
            if batch.is_empty() {
                thread::park();
                self.collect();
                continue;
            }
            let (written, error) = write(&mut out, &batch);
            let rest = batch.get(written..).unwrap_or_default();
            let owed = u64::from(torn && written == 0);
            let lost = rest.iter().filter(|byte| **byte == b'\n').count() as u64 - owed;
            // A line that was begun and not ended: what comes next starts on a line of its own.
            torn = match written {
                0 => torn,
                _ => batch.get(written - 1) != Some(&b'\n'),
            };
            batch.clear();
            self.dropped.fetch_add(lost, Ordering::Relaxed);
            match &error {
                Some(error) if !failing => log::error!("decision log: cannot write: {error}"),
                None if failing => {
                    let dropped = self.dropped.load(Ordering::Relaxed);
                    log::warn!(
                        "decision log: writing again; {dropped} lines dropped since the start"
                    );
                }
                _ => {}
            }
            failing = error.is_some();
            self.collect();
        }
    }

    /// Lets lines come together, unless these are the last ones.
    fn collect(&self) {
        if !self.stopping.load(Ordering::Acquire) {
            thread::sleep(BATCH);
        }
    }
}

/// Writes as much as the sink takes: how many bytes, and what ended it early.
fn write(out: &mut impl Write, bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match out.write(rest) {
            Ok(0) => return (written, Some(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Some(error)),
        }
    }
    (written, out.flush().err())
}

/// Nothing that is locked here is ever left half-made by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
