//! Messages that come often are logged once in a while.

use std::time::{Duration, Instant};

use registration_hook::throttle::Throttle;

#[test]
fn a_throttle_admits_one_of_a_kind_in_ten_seconds() {
    let throttle = Throttle::default();
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(throttle.admit("a", start), Some(0));
    assert_eq!(throttle.admit("a", after(9)), None);
    assert_eq!(throttle.admit("b", after(9)), Some(0), "of another kind");
    assert_eq!(throttle.admit("a", after(9)), None);
    assert_eq!(throttle.admit("a", after(10)), Some(2));
    assert_eq!(throttle.admit("a", after(11)), None);
    assert_eq!(throttle.admit("a", start), None, "a clock that goes back admits nothing");
}
