//! Durations as text.

use std::time::Duration;

/// A duration for people: `36.6 µs`, `1.2 ms` or `1.5 s`.
pub(crate) fn text(duration: Duration) -> String {
    let microseconds = duration.as_secs_f64() * 1e6;
    for (unit, size) in [("µs", 1.0), ("ms", 1e3)] {
        // Compares the printed number, so that none is `1000.0`.
        let rounded = (microseconds / size * 10.0).round() / 10.0;
        if rounded < 1e3 {
            return format!("{rounded:.1} {unit}");
        }
    }
    format!("{:.1} s", microseconds / 1e6)
}
