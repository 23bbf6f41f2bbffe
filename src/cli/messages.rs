//! Our own messages on standard error, and what of dependencies' is worth showing.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Write},
    os::fd::AsFd as _,
    panic,
    sync::Arc,
    time::Duration,
};

use env_logger::{Builder, Target, WriteStyle};
use log::{Level, LevelFilter};

use crate::{escape, sink::Sink};

/// How long the end of the program waits for the last messages.
const FAREWELL: Duration = Duration::from_millis(200);

/// The target of what the service says when it starts, which shows at any level: it may be the only
/// place where a password stands.
pub(super) const INTRODUCTION: &str = "introduction";

/// The way of messages to their writer; when this is dropped, the last ones have been written.
pub(super) struct Messages(Arc<Sink>);

/// Starts logging: our messages from `level` up and dependencies' warnings, never more of them: at
/// debug some print headers. Of the HTTP codec nothing is shown, since clients make it complain at
/// will.
pub(super) fn start(level: LevelFilter) -> io::Result<Messages> {
    let people = io::stderr().is_terminal();
    let open = || Ok(File::from(io::stderr().as_fd().try_clone_to_owned()?));
    let sink = Sink::start("messages", Duration::ZERO, open)?;
    let mut builder = Builder::new();
    builder
        .filter_level(LevelFilter::Warn.min(level))
        .filter_module("registration_hook", level)
        .filter_module(INTRODUCTION, LevelFilter::Info)
        .filter_module("actix_http", LevelFilter::Off)
        .target(Target::Pipe(Box::new(Messages(sink.clone()))))
        .write_style(if people { WriteStyle::Always } else { WriteStyle::Never })
        .format(move |out, record| {
            let message = record.args().to_string();
            let message = escape::line(&message);
            if !people {
                let now = jiff::Timestamp::now();
                return writeln!(out, "{now:.3} {:<5} {message}", record.level());
            }
            let style = out.default_level_style(record.level());
            match record.level() {
                Level::Error => writeln!(out, "{style}error:{style:#} {message}"),
                Level::Warn => writeln!(out, "{style}warning:{style:#} {message}"),
                _ => writeln!(out, "{message}"),
            }
        });
    // A second start, as in a test, finds the first still standing.
    let _ = builder.try_init();
    // The default hook prints the panic's message, which may quote what it stumbled over.
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        log::error!("a fault of ours at {place}; please report it");
    }));
    Ok(Messages(sink))
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.0.finish(FAREWELL);
    }
}

/// env_logger writes one message at a time.
impl Write for Messages {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        self.0.add(message);
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
