//! Our own messages on standard error, and what of dependencies' is worth showing.

use std::{
    io::{self, IsTerminal as _, Write as _},
    panic,
};

use env_logger::Builder;
use log::{Level, LevelFilter};

/// Starts logging: our messages from `level` up and dependencies' warnings, never more of them: at
/// debug some print headers. Of the HTTP codec nothing is shown, since clients make it complain at
/// will.
pub(super) fn start(level: LevelFilter) {
    let people = io::stderr().is_terminal();
    let mut builder = Builder::new();
    builder
        .filter_level(LevelFilter::Warn.min(level))
        .filter_module("registration_hook", level)
        .filter_module("actix_http", LevelFilter::Off)
        .format(move |out, record| {
            if !people {
                let now = jiff::Timestamp::now();
                return writeln!(out, "{now:.3} {:<5} {}", record.level(), record.args());
            }
            let style = out.default_level_style(record.level());
            match record.level() {
                Level::Error => writeln!(out, "{style}error:{style:#} {}", record.args()),
                Level::Warn => writeln!(out, "{style}warning:{style:#} {}", record.args()),
                _ => writeln!(out, "{}", record.args()),
            }
        });
    // A second start, as in a test, finds the first still standing.
    let _ = builder.try_init();
    // The default hook prints the panic's message, which may quote what it stumbled over.
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        log::error!("a fault of ours at {place}; please report it");
    }));
}
