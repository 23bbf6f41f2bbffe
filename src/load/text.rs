//! A text for the end user: a string, or one a language.

use crate::rule::{
    node::{Content, Fault, Node},
    text::Text,
};

/// Reads `"…"` or `{ default = "…", fr = "…" }`.
pub(super) fn read(node: &Node) -> Result<Text, Fault> {
    let Content::Table(table) = &node.content else {
        return Ok(Text::new(node.text()?.to_owned(), []));
    };
    let mut default = Err(node.fault("`default` is missing, for all other languages"));
    let mut translations = Vec::new();
    for entry in &table.0 {
        let text = entry.value.text()?.to_owned();
        match entry.key.as_str() {
            "default" => default = Ok(text),
            tag if is_tag(tag) => translations.push((tag.to_owned(), text)),
            other => {
                let way_out = "write `fr` or `pt-BR`, or `default`";
                return Err(entry.fault(format!("`{other}` is no language; {way_out}")));
            }
        }
    }
    Ok(Text::new(default?, translations))
}

fn is_tag(tag: &str) -> bool {
    tag.split(['-', '_']).all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
