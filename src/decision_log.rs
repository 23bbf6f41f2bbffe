//! One line per request on standard output, off the request's path.
//!
//! A worker makes its line in a buffer of its own and adds it to the `Sink`, in the order of the
//! answers.

use std::{
    cell::RefCell,
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal as _},
    os::{
        fd::AsFd as _,
        unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    },
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::{
    settings::{Decisions, Format, Log},
    sink::Sink,
};

mod human;
mod json;
mod line;

pub use json::debug_context;
pub use line::{DecisionId, Line};

/// How long lines are collected before they are written.
const PAUSE: Duration = Duration::from_millis(100);
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

thread_local! {
    /// Where a worker makes its line.
    static LINE: RefCell<Vec<u8>> = RefCell::default();
}

/// The log and its writer thread.
#[derive(Debug)]
pub struct DecisionLog {
    /// Where the lines go.
    pub sink: Arc<Sink>,
    style: Style,
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
        let path = match &settings.decisions {
            Decisions::Off => return Ok(None),
            Decisions::Stdout => None,
            Decisions::File(path) => Some(path.clone()),
        };
        let open = move || match &path {
            // Without the buffer of `io::stdout`, which would hide how much was written.
            None => Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?)),
            Some(path) => open_log(path),
        };
        let sink = Sink::start("decision log", PAUSE, open)?;
        Ok(Some(Arc::new(Self { sink, style })))
    }

    /// Adds a line, unless too many wait already.
    pub fn write(&self, line: &Line<'_>) {
        LINE.with_borrow_mut(|buffer| {
            buffer.clear();
            match self.style {
                Style::Human { colour } => human::write_line(line, colour, buffer),
                Style::Json => json::write_line(line, buffer),
            }
            buffer.push(b'\n');
            self.sink.add(buffer);
        });
    }

    /// Writes what is left and ends the writer; waits a second at most for a sink that is stuck.
    pub fn finish(&self) {
        if !self.sink.finish(FAREWELL) {
            log::warn!("decision log: the sink takes nothing, the last lines are lost");
        }
        let dropped = self.sink.dropped();
        if dropped > 0 {
            log::warn!("decision log: {dropped} lines dropped since the start");
        }
    }
}

/// Opens a log's file to append to it. Does not wait for the reader of a pipe: one without a reader is
/// an error.
fn open_log(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = match OpenOptions::new().create(true).append(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if is_unread_pipe(&error, path) => {
            let why = "it is a pipe that nobody reads; start its reader first";
            return Err(io::Error::new(error.kind(), why));
        }
        Err(error) => return Err(error),
    };
    // From here on the writer's thread waits for a reader that is slow, as it does on standard output.
    let flags = fcntl_getfl(&file)?;
    fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
    Ok(file)
}

/// Whether this is why opening failed.
fn is_unread_pipe(error: &io::Error, path: &Path) -> bool {
    let is_pipe = fs::metadata(path).is_ok_and(|file| file.file_type().is_fifo());
    is_pipe && error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error())
}
