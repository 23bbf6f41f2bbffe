//! Our own messages on standard error, and what of dependencies' is worth showing.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Write},
    os::fd::AsFd as _,
    panic,
    sync::Arc,
    time::{Duration, Instant},
};

use env_logger::{Builder, Target, WriteStyle};
use log::{Level, LevelFilter, Record};

use crate::{escape, sink::Sink, throttle::Throttle};

/// How long the end of the program waits for the last messages.
const FAREWELL: Duration = Duration::from_millis(200);

/// The target of what the service says when it starts, which shows at any level: it may be the only
/// place where a password stands.
pub(super) const INTRODUCTION: &str = "introduction";

/// The target of our own messages, before their module.
const OURS: &str = "registration_hook";
/// The longest message of a dependency, in characters; some quote what a client sent.
const FOREIGN_LIMIT: usize = 300;

/// The way of messages to their writer; when this is dropped, the last ones have been written.
pub(super) struct Messages(Arc<Sink>);

/// Starts logging: our messages from `level` up and dependencies' warnings, never more of them: at
/// debug some print headers. Of the HTTP codec nothing is shown, since clients make it complain at
/// will.
pub(super) fn start(level: LevelFilter) -> io::Result<Messages> {
    let people = io::stderr().is_terminal();
    let open = || Ok(File::from(io::stderr().as_fd().try_clone_to_owned()?));
    let sink = Sink::start("messages", Duration::ZERO, open)?;
    let throttle = Throttle::default();
    let mut builder = Builder::new();
    builder
        .filter_level(LevelFilter::Warn.min(level))
        .filter_module(OURS, level)
        .filter_module(INTRODUCTION, LevelFilter::Info)
        .filter_module("actix_http", LevelFilter::Off)
        .target(Target::Pipe(Box::new(Messages(sink.clone()))))
        .write_style(if people { WriteStyle::Always } else { WriteStyle::Never })
        .format(move |out, record| {
            let Some(message) = message(record, &throttle) else {
                return Ok(());
            };
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
    let panics = Throttle::default();
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        // A request that leads to one can be sent again and again.
        if let Some(left_out) = panics.admit(&place, Instant::now()) {
            log::error!("a fault of ours at {place}; please report it{}", more(left_out));
        }
    }));
    Ok(Messages(sink))
}

/// The text of a message, in one line. `None` where it is left out: the TLS library warns of each
/// client that breaks the protocol, and any stranger can do that as often as they like.
fn message(record: &Record<'_>, throttle: &Throttle) -> Option<String> {
    let text = record.args().to_string();
    if record.target() == INTRODUCTION || record.target().starts_with(OURS) {
        return Some(escape::line(&text).into_owned());
    }
    let kind = format!("{}:{}", record.target(), record.line().unwrap_or_default());
    let left_out = throttle.admit(&kind, Instant::now())?;
    Some(format!("{}{}", escape::excerpt(&text, FOREIGN_LIMIT), more(left_out)))
}

/// How many messages of the same kind were left out before this one, if any were.
fn more(left_out: u64) -> String {
    if left_out == 0 { String::new() } else { format!(" ({left_out} more before)") }
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
