//! `length = { min, max }`, in characters.

use super::{Check, Circumstances, Counts, Kind, Miss, Read, met, text};
use crate::{
    hook::Value,
    rule::node::{Node, Table},
};

pub(super) const LENGTH: Kind = Kind { key: "length", read };

#[derive(Debug)]
struct Length(Counts);

fn read(node: &Node, _: &Table) -> Read {
    Ok(Box::new(Length(Counts::of(node)?)))
}

impl Check for Length {
    fn judge(&self, value: &Value<'_>, _: &Circumstances<'_>) -> Result<(), Miss> {
        met(self.0.contains(text(value)?.chars().count()))
    }

    fn asks(&self) -> String {
        self.0.describe("characters long")
    }
}
