//! `length = { min, max }`, in characters.

use super::{Check, Counts, Mismatch, Node, Read, met};

pub(super) fn read(node: &Node) -> Read {
    let counts = Counts::of(node)?;
    let asks = counts.describe("characters long");
    Ok(Check::new(asks, move |value, _| {
        let text = value.text().ok_or(Mismatch::Type)?;
        met(counts.contains(&text.chars().count()))
    }))
}
