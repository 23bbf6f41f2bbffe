//! Our own messages on standard error, and those of dependencies that are worth showing.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Write},
    os::fd::AsFd as _,
    panic::{self, PanicHookInfo},
    sync::Arc,
    time::{Duration, Instant},
};

use env_logger::{Builder, WriteStyle, fmt::Formatter};
use log::{Level, LevelFilter, Record};

use crate::{escape, settings::is_colour_allowed, sink::Sink, throttle::Throttle};

/// How long the end of the program waits until the last messages are written.
const EXIT_WAIT: Duration = Duration::from_millis(200);

/// The target of the startup banner. It is shown at every log level, since a generated password appears nowhere
/// else.
pub(super) const BANNER: &str = "banner";

/// The target of our other messages starts with this.
const OURS: &str = "registration_hook";
/// The longest message of a dependency, in characters. Some messages quote input of clients.
const DEPENDENCY_LIMIT: usize = 300;
/// How long the writer collects messages before it writes them: not at all.
const PAUSE: Duration = Duration::ZERO;

/// Passes messages to their writer. Dropping it waits until the last ones are written.
pub(super) struct Messages(Arc<Sink>);

/// How a message is formatted.
#[derive(Clone, Copy)]
enum MessageStyle {
    /// For people: coloured, without time.
    Terminal,
    /// For files and log collectors: with time and level.
    Plain,
}

/// Starts logging. Shows our messages of `level` and above. Shows no message of a dependency below a warning,
/// since some print headers in debug messages. The HTTP codec is silent, since clients can make it log at will.
pub(super) fn start(level: LevelFilter) -> io::Result<Messages> {
    let (style, colour) = if io::stderr().is_terminal() {
        let colour = if is_colour_allowed() { WriteStyle::Always } else { WriteStyle::Never };
        (MessageStyle::Terminal, colour)
    } else {
        (MessageStyle::Plain, WriteStyle::Never)
    };
    let sink = Sink::start("messages", PAUSE, open_stderr)?;
    let dependency_throttle = Throttle::default();
    let mut builder = Builder::new();
    builder
        .filter_level(LevelFilter::Warn.min(level))
        .filter_module(OURS, level)
        .filter_module(BANNER, LevelFilter::Info)
        .filter_module("actix_http", LevelFilter::Off)
        .target(env_logger::Target::Pipe(Box::new(Messages(sink.clone()))))
        .write_style(colour)
        .format(move |out, record| write_message(out, record, style, &dependency_throttle));
    // Fails if logging has been started before, as in a test.
    let _ = builder.try_init();
    let panic_throttle = Throttle::default();
    panic::set_hook(Box::new(move |info| log_panic(info, &panic_throttle)));
    Ok(Messages(sink))
}

fn open_stderr() -> io::Result<File> {
    Ok(File::from(io::stderr().as_fd().try_clone_to_owned()?))
}

fn write_message(
    out: &mut Formatter,
    record: &Record<'_>,
    style: MessageStyle,
    dependency_throttle: &Throttle,
) -> io::Result<()> {
    let Some(message) = message_text(record, dependency_throttle) else {
        return Ok(());
    };
    let level = record.level();
    match style {
        MessageStyle::Plain => {
            let now = jiff::Timestamp::now();
            writeln!(out, "{now:.3} {level:<5} {message}")
        }
        MessageStyle::Terminal => {
            let colour = out.default_level_style(level);
            match level {
                Level::Error => writeln!(out, "{colour}error:{colour:#} {message}"),
                Level::Warn => writeln!(out, "{colour}warning:{colour:#} {message}"),
                _ => writeln!(out, "{message}"),
            }
        }
    }
}

/// Logs the place of a panic. The default hook would also print the panic's message, which may quote user input.
fn log_panic(info: &PanicHookInfo<'_>, throttle: &Throttle) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    // A request that causes a panic can be sent again and again, so this line is throttled.
    if let Some(omitted) = throttle.admit(&place, Instant::now()) {
        log::error!("internal error at {place}; please report it{omitted}");
    }
}

/// Returns the text of a message in one line, or `None` to omit it. Messages of dependencies are
/// throttled: the TLS library warns of each client that breaks the protocol.
fn message_text(record: &Record<'_>, dependency_throttle: &Throttle) -> Option<String> {
    let text = record.args().to_string();
    if record.target() == BANNER || record.target().starts_with(OURS) {
        return Some(escape::line(&text).into_owned());
    }
    let line_of_code = format!("{}:{}", record.target(), record.line().unwrap_or_default());
    let omitted = dependency_throttle.admit(&line_of_code, Instant::now())?;
    Some(format!("{}{omitted}", escape::excerpt(&text, DEPENDENCY_LIMIT)))
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.0.finish(EXIT_WAIT);
    }
}

/// env_logger calls `write` once for each message.
impl Write for Messages {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        self.0.add(message);
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
