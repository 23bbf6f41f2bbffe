//! `equals = "other"`: the same value as another attribute of the form.

use super::{Check, Mismatch, Node, Read, met};

pub(super) fn read(node: &Node) -> Read {
    let other = node.text()?.to_owned();
    let looks_at = Some(other.clone());
    let check = Check::new(format!("the same as `{other}`"), move |value, around| {
        let value = value.scalar().ok_or(Mismatch::Type)?;
        let other = around.form.get(&other).ok_or(Mismatch::Value)?;
        met(other.value.scalar().ok_or(Mismatch::Type)? == value)
    });
    Ok(Check { other: looks_at, ..check })
}
