//! `one_of` and `not_one_of`: exact values; with `ignore_case = true` in ASCII case or another.

use std::collections::HashSet;

use super::{Check, Mismatch, Node, Read, Table, ignores_case, met};

pub(super) fn read(node: &Node, part: &Table, wanted: bool) -> Read {
    let ignore_case = ignores_case(part);
    let values = node.each_text(|value, _| {
        Ok(if ignore_case { value.to_ascii_lowercase().into() } else { value.into() })
    })?;
    let values: HashSet<Box<str>> = values.into_iter().collect();
    let asks = match (wanted, values.len()) {
        (true, 1) => "the one value allowed".to_owned(),
        (true, count) => format!("one of the {count} values allowed"),
        (false, 1) => "any value but the one refused".to_owned(),
        (false, count) => format!("any value but the {count} refused"),
    };
    Ok(Check::new(asks, move |value, _| {
        let value = value.scalar().ok_or(Mismatch::Type)?;
        let listed = if ignore_case {
            values.contains(value.to_ascii_lowercase().as_str())
        } else {
            values.contains(value)
        };
        met(listed == wanted)
    }))
}
