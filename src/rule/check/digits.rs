//! `digits = 4` or `digits = { min, max }`: ASCII digits and nothing else.

use super::{Check, Circumstances, Counts, Kind, Miss, Read, count, met, text};
use crate::{
    hook::Value,
    rule::node::{Content, Node, Table},
};

pub(super) const DIGITS: Kind = Kind { key: "digits", read };

#[derive(Debug)]
struct Digits(Counts);

fn read(node: &Node, _: &Table) -> Read {
    let counts = match node.content {
        Content::Integer(0) => return Err(node.fault("no digits at all never matches").into()),
        Content::Integer(_) => {
            let exactly = Some(count(node)?);
            Counts { min: exactly, max: exactly }
        }
        Content::Table(_) => Counts::of(node)?,
        _ => return Err(node.expected("a number of digits or { min = …, max = … }").into()),
    };
    Ok(Box::new(Digits(counts)))
}

impl Check for Digits {
    fn judge(&self, value: &Value<'_>, _: &Circumstances<'_>) -> Result<(), Miss> {
        let text = text(value)?;
        met(self.0.contains(text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn asks(&self) -> String {
        self.0.describe("ASCII digits")
    }
}
