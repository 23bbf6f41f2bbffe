//! One line a request on standard output, off the request's path.
//!
//! Each worker writes into a buffer of its own, which only the writer thread shares. The writer
//! wakes when a buffer is no longer empty, lets it fill for [`BATCH`] and writes it out. When the
//! sink is slower than the requests, lines are dropped and counted; no answer ever waits.

use std::{
    fs::OpenOptions,
    io::{self, IsTerminal as _, Write},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, Thread},
    time::Duration,
};

mod line;

pub use line::Line;

/// How long lines are collected before they are written.
const BATCH: Duration = Duration::from_millis(100);
/// The most bytes that wait in one worker's buffer.
const BUFFER_LIMIT: usize = 1 << 20;
/// How long the end of the program waits for a sink that takes nothing.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Standard output.
    Stdout,
    /// A file, appended to.
    File(std::path::PathBuf),
}

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human {
        /// Whether decisions are coloured.
        colour: bool,
    },
    /// A JSON object.
    Json,
}

impl Format {
    /// For people on a terminal, else JSON.
    pub fn for_sink(sink: &Sink) -> Self {
        if *sink == Sink::Stdout && io::stdout().is_terminal() {
            Self::Human { colour: true }
        } else {
            Self::Json
        }
    }
}

/// The log and its writer thread.
#[derive(Debug)]
pub struct DecisionLog {
    shared: Arc<Shared>,
    writer: Thread,
    finished: Mutex<mpsc::Receiver<()>>,
    format: Format,
}

/// One worker's end of the log.
#[derive(Debug)]
pub struct WorkerLog {
    buffer: Arc<Mutex<Vec<u8>>>,
    shared: Arc<Shared>,
    writer: Thread,
    format: Format,
}

#[derive(Debug, Default)]
struct Shared {
    buffers: Mutex<Vec<Arc<Mutex<Vec<u8>>>>>,
    stopping: AtomicBool,
    dropped: AtomicU64,
}

impl DecisionLog {
    /// Opens the sink and starts the writer.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or no thread can be started.
    pub fn start(sink: &Sink, format: Format) -> io::Result<Self> {
        let out: Box<dyn Write + Send> = match sink {
            Sink::Stdout => Box::new(io::stdout()),
            Sink::File(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
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
        Ok(Self { shared, writer: writer.thread().clone(), finished: Mutex::new(finished), format })
    }

    /// An end for one more worker.
    pub fn worker(&self) -> WorkerLog {
        let buffer = Arc::new(Mutex::new(Vec::new()));
        lock(&self.shared.buffers).push(buffer.clone());
        WorkerLog {
            buffer,
            shared: self.shared.clone(),
            writer: self.writer.clone(),
            format: self.format,
        }
    }

    /// Writes what is left and ends the writer; waits a second at most for a sink that is stuck.
    pub fn finish(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.writer.unpark();
        if lock(&self.finished).recv_timeout(FAREWELL).is_err() {
            log::warn!("decision log: the sink takes nothing, the last lines are lost");
        }
    }
}

impl WorkerLog {
    /// Adds a line, unless too many wait already.
    pub fn write(&self, line: &Line<'_>) {
        let mut buffer = lock(&self.buffer);
        if buffer.len() >= BUFFER_LIMIT {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_empty = buffer.is_empty();
        line.write(self.format, &mut buffer);
        drop(buffer);
        if was_empty {
            self.writer.unpark();
        }
    }
}

impl Shared {
    fn write_to(&self, mut out: Box<dyn Write + Send>) {
        let mut batch = Vec::new();
        let mut failing = false;
        let mut told = 0;
        loop {
            let stopping = self.stopping.load(Ordering::Acquire);
            // Buffers are few: one a worker.
            for buffer in lock(&self.buffers).iter() {
                batch.append(&mut lock(buffer));
            }
            if batch.is_empty() && stopping {
                return;
            }
            if batch.is_empty() {
                thread::park();
                self.collect();
                continue;
            }
            match out.write_all(&batch).and_then(|()| out.flush()) {
                Ok(()) => {
                    if failing {
                        log::info!("decision log: writing again");
                    }
                    failing = false;
                }
                Err(error) => {
                    let lines = batch.iter().filter(|byte| **byte == b'\n').count();
                    self.dropped.fetch_add(lines as u64, Ordering::Relaxed);
                    if !failing {
                        log::error!("decision log: cannot write: {error}");
                    }
                    failing = true;
                }
            }
            batch.clear();
            let dropped = self.dropped.load(Ordering::Relaxed);
            if dropped > told && !failing {
                log::warn!("decision log: {dropped} lines dropped since the start");
                told = dropped;
            }
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

/// Nothing that is locked here is ever left half-made by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
