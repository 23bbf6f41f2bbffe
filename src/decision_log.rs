//! One line per request, on standard output or in a file.
//!
//! A worker formats the line in a buffer of its own and adds it to the `Sink`. The worker never waits for
//! the file. The lines are in the order of the answers.

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

use rustix::{
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    io::Errno,
};

use crate::{
    settings::{LogFormat, LogSettings, LogTarget, is_colour_allowed},
    sink::Sink,
};

mod human;
mod json;
mod line;

pub use json::debug_context;
pub use line::{DecisionId, Line, LookupLine, Retrieval};

/// How long lines are collected, at most, before they are written together.
const PAUSE: Duration = Duration::from_millis(100);
/// How long the program waits at its end for the last lines to be written.
const EXIT_WAIT: Duration = Duration::from_secs(1);

/// How a line is formatted.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// For people.
    Human { colour: bool },
    /// A JSON object.
    Json,
}

impl Style {
    fn of(settings: &LogSettings) -> Self {
        let is_terminal = settings.decisions == LogTarget::Stdout && io::stdout().is_terminal();
        match settings.format {
            LogFormat::Auto if is_terminal => Self::Human { colour: is_colour_allowed() },
            LogFormat::Human => Self::Human { colour: is_terminal && is_colour_allowed() },
            LogFormat::Auto | LogFormat::Json => Self::Json,
        }
    }
}

thread_local! {
    /// The buffer in which a worker formats its line.
    static LINE: RefCell<Vec<u8>> = RefCell::default();
}

/// The log and its writer thread.
#[derive(Debug)]
pub struct DecisionLog {
    /// The writer of the lines.
    pub sink: Arc<Sink>,
    style: Style,
}

impl DecisionLog {
    /// Opens the file and starts its writer. Returns `None` if the log is off.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or no thread can be started.
    pub fn start(settings: &LogSettings) -> io::Result<Option<Arc<Self>>> {
        let name = "decision log";
        let sink = match &settings.decisions {
            LogTarget::Off => return Ok(None),
            LogTarget::Stdout => Sink::start(name, PAUSE, open_stdout)?,
            LogTarget::File(path) => {
                let path = path.clone();
                Sink::start(name, PAUSE, move || open_file(&path))?
            }
        };
        Ok(Some(Arc::new(Self { sink, style: Style::of(settings) })))
    }

    /// Adds a line. Drops it if too many bytes wait already.
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

    /// Writes the last lines and ends the writer. Waits a second at most.
    pub fn finish(&self) {
        if !self.sink.finish(EXIT_WAIT) {
            log::warn!("decision log: the last lines cannot be written and are lost");
        }
        let dropped = self.sink.dropped();
        if dropped > 0 {
            log::warn!("decision log: {dropped} lines dropped since the start");
        }
    }
}

/// Duplicates standard output. [`io::stdout`] has a buffer, which would hide how much of a line is written.
fn open_stdout() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Opens a file to append to. For a pipe without a reader, returns an error instead of waiting for one.
fn open_file(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = match OpenOptions::new().create(true).append(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if is_unread_pipe(&error, path) => {
            let why = "it is a pipe without a reader; start the reader first";
            return Err(io::Error::new(error.kind(), why));
        }
        Err(error) => return Err(error),
    };
    // Only opening must not wait, so clear the flag. Writing waits for a slow reader, as it does on standard output.
    let flags = fcntl_getfl(&file)?;
    fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
    Ok(file)
}

/// Whether opening failed because the file is a pipe without a reader.
fn is_unread_pipe(error: &io::Error, path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(file) if file.file_type().is_fifo() => {
            error.raw_os_error() == Some(Errno::NXIO.raw_os_error())
        }
        _ => false,
    }
}
