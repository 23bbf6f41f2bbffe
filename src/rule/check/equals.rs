//! `equals = "other"`: the same value as another attribute of the form.

use super::{Check, Content, Entry, Miss, Node, Read, Table, met};

pub(super) fn read(node: &Node, part: &Table) -> Read {
    let other = node.text()?.to_owned();
    let named = |entry: &Entry| match &entry.value.content {
        Content::Text(name) => *name == other,
        Content::List(names) => names.iter().any(|name| name.text() == Ok(&other)),
        _ => false,
    };
    if ["attribute", "attributes"].into_iter().filter_map(|key| part.get(key)).any(named) {
        return Err(node.fault(format!("`{other}` always equals itself; name another")).into());
    }
    let looks_at = Some(other.clone());
    let check = Check::new(format!("the same as `{other}`"), move |value, around| {
        let value = value.scalar().ok_or(Miss::Type)?;
        let other = around.form.get(&other).ok_or(Miss::Value)?;
        met(other.value.scalar().ok_or(Miss::Type)? == value)
    });
    Ok(Check { other: looks_at, ..check })
}
