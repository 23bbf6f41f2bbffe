//! `length = { min, max }`, in characters.

use super::{Check, Counts, Node, Read, met, text};

pub(super) fn read(node: &Node) -> Read {
    let counts = Counts::of(node)?;
    let asks = counts.describe("characters long");
    Ok(Check::new(asks, move |value, _| met(counts.contains(text(value)?.chars().count()))))
}
