//! Durations as text.

use std::time::Duration;

/// A duration for people: `36.6 µs`, `1.2 ms` or `1.5 s`.
pub(crate) fn text(duration: Duration) -> String {
    let microseconds = duration.as_secs_f64() * 1e6;
    if microseconds < 1e3 {
        format!("{microseconds:.1} µs")
    } else if microseconds < 1e6 {
        format!("{:.1} ms", microseconds / 1e3)
    } else {
        format!("{:.1} s", microseconds / 1e6)
    }
}
