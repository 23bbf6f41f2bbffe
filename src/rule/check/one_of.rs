//! `one_of` and `not_one_of`: exact values; with `ignore_case = true` in ASCII case or another.

use std::collections::HashSet;

use super::{Check, Circumstances, Kind, Miss, Read, met};
use crate::{
    hook::Value,
    rule::node::{Node, Table},
};

pub(super) const IGNORE_CASE: &str = "ignore_case";

pub(super) const ONE_OF: Kind =
    Kind { key: "one_of", read: |node, part| OneOf::read(node, part, true) };

pub(super) const NOT_ONE_OF: Kind =
    Kind { key: "not_one_of", read: |node, part| OneOf::read(node, part, false) };

#[derive(Debug)]
struct OneOf {
    values: HashSet<Box<str>>,
    ignore_case: bool,
    wanted: bool,
}

impl OneOf {
    fn read(node: &Node, part: &Table, wanted: bool) -> Read {
        // That it is a boolean is the loader's to say: both checks may stand beside it.
        let ignore_case =
            part.get(IGNORE_CASE).is_some_and(|entry| entry.value.boolean() == Ok(true));
        let values = node.each_text(|value, _| {
            Ok(if ignore_case { value.to_ascii_lowercase().into() } else { value.into() })
        })?;
        let values = values.into_iter().collect();
        Ok(Box::new(Self { values, ignore_case, wanted }))
    }
}

impl Check for OneOf {
    fn judge(&self, value: &Value<'_>, _: &Circumstances<'_>) -> Result<(), Miss> {
        let value = value.scalar().ok_or(Miss::Type)?;
        let listed = if self.ignore_case {
            self.values.contains(value.to_ascii_lowercase().as_str())
        } else {
            self.values.contains(value)
        };
        met(listed == self.wanted)
    }

    fn asks(&self) -> String {
        let count = self.values.len();
        match (self.wanted, count) {
            (true, 1) => "the one value allowed".to_owned(),
            (true, _) => format!("one of the {count} values allowed"),
            (false, 1) => "any value but the one refused".to_owned(),
            (false, _) => format!("any value but the {count} refused"),
        }
    }
}
