//! `digits = 4` or `digits = { min, max }`: ASCII digits and nothing else.

use super::{Bounds, Check, Circumstances, Kind, Miss, Read, count, met, text};
use crate::{
    hook::Value,
    rule::node::{Content, Node, Table},
};

pub(super) const DIGITS: Kind = Kind { key: "digits", read };

#[derive(Debug)]
struct Digits(Bounds);

fn read(node: &Node, _: &Table) -> Read {
    let bounds = match node.content {
        Content::Integer(0) => {
            return Err(vec![node.fault("no digits at all never matches")]);
        }
        Content::Integer(_) => {
            let exactly = count(node).map_err(|fault| vec![fault])?;
            Bounds { min: exactly, max: exactly }
        }
        Content::Table(_) => Bounds::read(node)?,
        _ => {
            return Err(vec![node.expected("a number of digits or { min = …, max = … }")]);
        }
    };
    Ok(Box::new(Digits(bounds)))
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
