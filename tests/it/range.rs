//! The check `range` compares numbers exactly, as an independent reading of decimals confirms.

use std::cmp::Ordering;

use jiff::civil::date;
use proptest::prelude::*;
use registration_hook::{
    okta::DecisionKind,
    pipeline,
    rule::{Facts, Hook},
};

use crate::support::{CpuTimer, Failures, hook, registration};

fn with_range(range: &str) -> Hook {
    hook(&format!(
        "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'a'\nrange = {range}\n"
    ))
}

fn passes(hook: &Hook, value: &str) -> bool {
    let body = registration(&format!(r#"{{"a":{value}}}"#));
    let answer = pipeline::answer(hook, &body, &Facts::of_day(date(2026, 11, 21))).unwrap();
    answer.decision == DecisionKind::Allow
}

#[test]
fn numbers_that_are_equal_as_doubles_are_compared_exactly() {
    let tenth_as_a_double = "0.1000000000000000055511151231257827021181583404541015625";
    let mut failures = Failures::default();

    for (range, inside, outside) in [
        ("{ max = 9 }", "9.0000000000000000000", "9.0000000000000000001"),
        ("{ max = 9.0 }", "90e-1", "900000000000000000001e-20"),
        ("{ min = 9 }", "9", "8.9999999999999999999"),
        ("{ max = 9007199254740992 }", "9007199254740992", "9007199254740993"),
        ("{ min = 9007199254740993 }", "9007199254740993", "9007199254740992"),
        ("{ max = 9223372036854775807 }", "9223372036854775807", "9223372036854775808"),
        ("{ min = -9223372036854775808 }", "-9223372036854775808", "-9223372036854775809"),
        ("{ max = 0x20_0000_0000_0001 }", "9007199254740993", "9007199254740994"),
        ("{ max = 0.1 }", "0.1", tenth_as_a_double),
        ("{ max = 0.10000000000000000001 }", "0.10000000000000000001", "0.10000000000000000002"),
        ("{ max = 0 }", "-1e-400", "1e-400"),
        ("{ min = 0 }", "-0.0e9", "-1e-999999999999999999999999999999"),
        ("{ max = 0 }", "0e999999999999999999999999999", "1e-999999999999999999999999999"),
        ("{ max = 1_000.5 }", "1000.50", "1000.5000000000000000000001"),
        ("{ max = +1.5e+2 }", "150", "150.00000000000000000001"),
        ("{ min = -1.5 }", "-1.5", "-1.50000000000000000001"),
        (
            "{ min = 1e300, max = 1.00000000000000000001e300 }",
            "1e300",
            "1.00000000000000000002e300",
        ),
    ] {
        let hook = with_range(range);
        for (number, expected) in [(inside, true), (outside, false)] {
            failures.check_eq(format!("{range} {number}"), passes(&hook, number), expected);
            let text = format!("\"{number}\"");
            failures.check_eq(format!("{range} {text}"), passes(&hook, &text), expected);
        }
    }

    failures.assert_none();
}

#[test]
fn text_that_is_not_a_json_number_is_in_no_range() {
    let hook = with_range("{ min = -9 }");
    let mut failures = Failures::default();

    for text in
        ["1e400", "-0x1", "1_0", "+1", "01", ".5", "5.", "1e", "inf", "NaN", " 1", "1\\n", "١"]
    {
        failures.check(text, !passes(&hook, &format!("\"{text}\"")));
    }

    failures.assert_none();
}

#[test]
fn numbers_as_long_as_the_body_are_compared_quickly() {
    let hook = with_range("{ min = -9, max = 9 }");
    let zeros = "0".repeat(250_000);

    let timer = CpuTimer::start();

    assert!(passes(&hook, &format!("9.{zeros}")));
    assert!(!passes(&hook, &format!("9.{zeros}1")));
    assert!(passes(&hook, &format!("-0.{zeros}1")));
    assert!(timer.taken().as_secs() < 5, "{:?}", timer.taken());
}

#[test]
fn examples_keep_the_digits_of_the_file() {
    // Rounded to 9, the example of `fail` would pass, and the rules would not load.
    with_range("{ max = 9 }\nexamples.pass = [9.0]\nexamples.fail = [9.0000000000000000001]");
}

/// The number times 10^60: whether it is negative, and its digits without leading zeros.
fn scaled(text: &str) -> (bool, String) {
    let (negative, number) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let zeros = 60 + exponent.parse::<i32>().unwrap() - i32::try_from(fraction.len()).unwrap();
    let zeros = "0".repeat(usize::try_from(zeros).unwrap());
    let digits = format!("{whole}{fraction}{zeros}").trim_start_matches('0').to_owned();
    (negative && !digits.is_empty(), digits)
}

fn compare(a: &str, b: &str) -> Ordering {
    let magnitude = |a: &String, b: &String| a.len().cmp(&b.len()).then_with(|| a.cmp(b));
    match (scaled(a), scaled(b)) {
        ((true, a), (true, b)) => magnitude(&b, &a),
        ((false, a), (false, b)) => magnitude(&a, &b),
        ((true, _), (false, _)) => Ordering::Less,
        ((false, _), (true, _)) => Ordering::Greater,
    }
}

proptest! {
    #[test]
    fn ranges_agree_with_scaled_integers(
        bound in "-?(0|[1-9][0-9]{0,4})\\.[0-9]{1,22}(e[+-]?[0-9])?",
        value in "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,22})?([eE][+-]?[0-9]{1,2})?",
        nearby in any::<bool>(),
        digits in "[0-9]{0,3}",
    ) {
        // `scaled` has no room for smaller exponents.
        prop_assume!(value.split_once(['e', 'E']).is_none_or(|(_, exponent)| exponent.parse::<i32>().unwrap() > -30));
        // Numbers that differ only in their last digits are the difficult ones.
        let value = match bound.split_once('e') {
            None if nearby => format!("{bound}{digits}"),
            _ => value,
        };
        let order = compare(&value, &bound);
        let below = with_range(&format!("{{ max = {bound} }}"));
        prop_assert_eq!(passes(&below, &value), order.is_le(), "{} {}", value, bound);
        let above = with_range(&format!("{{ min = {bound} }}"));
        prop_assert_eq!(passes(&above, &value), order.is_ge(), "{} {}", value, bound);
    }
}
