//! How often a message of one kind is logged.

use std::time::{Duration, Instant};

use registration_hook::throttle::{Omitted, Throttle};

use crate::support::Failures;

#[test]
fn a_throttle_admits_one_message_of_a_kind_in_ten_seconds_and_counts_the_others() {
    let throttle = Throttle::default();
    let start = Instant::now();
    let mut failures = Failures::default();

    // Each row follows the one before it.
    for (row, kind, seconds, expected) in [
        ("the first of a kind", "a", 0, Some(0)),
        ("nine seconds later", "a", 9, None),
        ("another kind", "b", 9, Some(0)),
        ("again at nine seconds", "a", 9, None),
        ("ten seconds later", "a", 10, Some(2)),
        ("a second after that", "a", 11, None),
        ("a clock that goes back", "a", 0, None),
    ] {
        let omitted = throttle.admit(kind, start + Duration::from_secs(seconds));

        failures.check_eq(row, omitted, expected.map(Omitted));
    }

    failures.assert_none();
}
