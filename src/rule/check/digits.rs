//! `digits = 4` or `digits = { min, max }`: ASCII digits and nothing else.

use super::{Check, Content, Counts, Mismatch, Node, Read, count, met};

pub(super) fn read(node: &Node) -> Read {
    let counts = match node.content {
        Content::Integer(0) => return Err(node.fault("no digits at all never matches").into()),
        Content::Integer(_) => {
            let exactly = Some(count(node)?);
            Counts { min: exactly, max: exactly }
        }
        Content::Table(_) => Counts::of(node)?,
        _ => return Err(node.expected("a number of digits or { min = …, max = … }").into()),
    };
    Ok(Check::new(counts.describe("ASCII digits"), move |value, _| {
        let text = value.text().ok_or(Mismatch::Type)?;
        met(counts.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()))
    }))
}
